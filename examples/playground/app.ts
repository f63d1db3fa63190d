import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

const OWN = fileURLToPath(new URL("./", import.meta.url));
/** Where the package has its core and, beside it, the library as one file for browsers. */
const PACKAGE = dirname(createRequire(import.meta.url).resolve("nanort/nano.wasm"));

/** All files that there are, by path. No request leads to another. */
const FILES = new Map([
  ["/", join(OWN, "index.html")],
  ["/nanort/browser.js", join(PACKAGE, "browser.js")],
  ["/nanort/nano.wasm", join(PACKAGE, "nano.wasm")],
]);
for (const path of readdirSync(OWN, { recursive: true, encoding: "utf8" })) {
  if (extname(path) in TYPES) FILES.set(`/${path.replaceAll("\\", "/")}`, join(OWN, path));
}

export default {
  async fetch(request: Request): Promise<Response> {
    const file = FILES.get(new URL(request.url).pathname);
    if (file === undefined) return new Response("not found\n", { status: 404 });
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("only GET and HEAD\n", { status: 405, headers: { Allow: "GET, HEAD" } });
    }
    return new Response(new Uint8Array(await readFile(file)), {
      headers: {
        "Content-Type": TYPES[extname(file)]!,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
      },
    });
  },
};
