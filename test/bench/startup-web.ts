/**
 * Start-up where no process runs a program to its end: workerd, from spawn to the first answer, which holds a digest;
 * browsers, from navigation to a page's first digest. Alone is a worker, or a page, that computes nothing.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { type Browser, executableOf, type KINDS, withBrowser } from "../engines/browsers.ts";
import { BINARIES } from "../engines/engines.ts";
import { answerFiles, start } from "../engines/started.ts";

/** What a module does once it is imported, by the library's name; `peers` is a path. */
const DIGESTS = (peers: string): Record<string, string> => ({
  "engine alone": "export const digest = () => 0;",
  "nano, first digest": `
    import { createRuntime } from "nanort";
    export const digest = async () => (await createRuntime()).subtleSync.digest("SHA-256", new Uint8Array(64));`,
  "@noble/hashes": `
    import { sha256 } from "${peers}/@noble/hashes/sha2.js";
    export const digest = () => sha256(new Uint8Array(64));`,
  "hash-wasm": `
    import { sha256 } from "${peers}/hash-wasm/dist/index.esm.js";
    export const digest = () => sha256(new Uint8Array(64));`,
  "native subtle": `
    export const digest = () => crypto.subtle.digest("SHA-256", new Uint8Array(64));`,
});

const PEERS = resolve("test/bench/node_modules");
const FOLDER = "wasm-out/engines/startup-web";

/** A program, and how long a run of it takes. */
export interface Timed {
  name: string;
  /** In milliseconds. */
  run(): Promise<number>;
}

/** Writes a bundle of one of the modules above, called by `around`. */
async function bundleDigest(
  file: string,
  digest: string,
  around: string,
  options: BuildOptions,
): Promise<void> {
  await build({
    stdin: { contents: around, resolveDir: FOLDER },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    outfile: join(FOLDER, file),
    logLevel: "error",
    plugins: [
      {
        name: "digest",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^digest$/ }, () => ({ path: "digest", namespace: "digest" }));
          onLoad({ filter: /^digest$/, namespace: "digest" }, () => ({
            contents: digest,
            resolveDir: FOLDER,
          }));
        },
      },
    ],
    ...options,
  });
}

/** workerd compiles no WebAssembly at run time, so hash-wasm is not among these. */
export async function workerdPrograms(): Promise<Timed[]> {
  const command = BINARIES.workerd();
  mkdirSync(FOLDER, { recursive: true });
  const around =
    'import { digest } from "digest"; export default { fetch: async () => new Response(String(await digest())) };';
  const programs: Timed[] = [];
  for (const [at, [name, digest]] of Object.entries(DIGESTS(PEERS)).entries()) {
    if (name === "hash-wasm") continue;
    await bundleDigest(`worker-${at}.js`, digest, around, { external: ["nanort"] });
    const config = `worker-${at}.capnp`;
    writeFileSync(join(FOLDER, config), workerdConfig(`worker-${at}.js`));
    const run = async () => {
      const started = performance.now();
      const { url, stop } = await start(command, ["serve", config, "--control-fd=3"], { cwd: FOLDER });
      const response = await fetch(url);
      const elapsed = performance.now() - started;
      if (!response.ok) throw new Error(`workerd, ${name}: ${await response.text()}`);
      await stop();
      return elapsed;
    };
    programs.push({ name, run });
  }
  return programs;
}

function workerdConfig(file: string): string {
  const nanort = "../node_modules/nanort/wasm-out";
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .main) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);
const main :Workerd.Worker = (
  compatibilityDate = "2025-05-05",
  modules = [
    (name = "main.js", esModule = embed "${file}"),
    (name = "nanort", esModule = embed "${nanort}/workerd.js"),
    (name = "nano.wasm", wasm = embed "${nanort}/nano.wasm"),
  ],
);
`;
}

/** Calls `use` with the programs of each browser that is here. */
export async function withBrowserPrograms(
  kind: (typeof KINDS)[number],
  use: (programs: Timed[]) => Promise<void>,
): Promise<void> {
  executableOf(kind);
  rmSync(join(FOLDER, "page"), { recursive: true, force: true });
  mkdirSync(join(FOLDER, "page"), { recursive: true });
  const around = 'import { digest } from "digest"; await digest(); globalThis.digested = performance.now();';
  const names: string[] = [];
  for (const [at, [name, digest]] of Object.entries(DIGESTS(PEERS)).entries()) {
    const options = { alias: { nanort: "/nanort/browser.js" }, external: ["/nanort/*"] };
    await bundleDigest(`page/${at}.js`, digest, around, options);
    writeFileSync(
      join(FOLDER, `page/${at}.html`),
      `<!doctype html><script type="module" src="/${at}.js"></script>`,
    );
    names.push(name);
  }
  const answerPage = answerFiles(join(FOLDER, "page"));
  const answerPackage = answerFiles("wasm-out");
  const server = createServer((request, response) => {
    if (!request.url!.startsWith("/nanort/")) return answerPage(request, response);
    request.url = request.url!.slice("/nanort".length);
    answerPackage(request, response);
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  try {
    await withBrowser(kind, (browser: Browser) =>
      use(names.map((name, at) => ({ name, run: () => digestInPage(browser, `${origin}/${at}.html`) }))),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function digestInPage(browser: Browser, url: string): Promise<number> {
  const page = await browser.newPage();
  await page.goto(url);
  const elapsed = await page.evaluate<number>(`new Promise((resolve) => {
    const look = () => globalThis.digested ? resolve(globalThis.digested) : setTimeout(look, 5);
    look();
  })`);
  await page.close();
  return elapsed;
}
