import {
  constants,
  existsSync,
  mkdirSync,
  promises,
  readdirSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, win32 } from "node:path";
import { pathToFileURL } from "node:url";
import { createRuntime, type FetchHandler, memoryHost, type StaticFilesOptions } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "../../ts/host/node.ts";
import { nodeFiles } from "../../ts/host/node-files.ts";
import { folderWith } from "../cli/nanort.ts";
import { testIf } from "../support/tools.ts";
import { eventually, pattern, TestServer } from "./support.ts";

const nano = await createRuntime();
const LARGE = pattern(300_000);
const folder = folderWith({
  "index.html": "<h1>home</h1>",
  "page.html": "<h1>page</h1>",
  "grüße wörld.txt": "grüße",
  "100%.txt": "percent",
  ".secret": "hidden",
  empty: "",
  UPPER: "no type",
  "style.CSS": "a{}",
});
for (const name of ["docs", "bare", ".well-known", ".git"]) mkdirSync(join(folder, name));
writeFileSync(join(folder, "large.bin"), LARGE);
writeFileSync(join(folder, "docs/index.html"), "<h1>docs</h1>");
writeFileSync(join(folder, "docs/a.json"), "{}");
writeFileSync(join(folder, ".well-known/security.txt"), "contact");
writeFileSync(join(folder, ".git/config"), "secret");
const elsewhere = folderWith({ "outside.txt": "outside" });
symlinkSync(join(elsewhere, "outside.txt"), join(folder, "link.txt"));
symlinkSync(elsewhere, join(folder, "linked"));
symlinkSync("page.html", join(folder, "alias.html"));
symlinkSync("round", join(folder, "round"));
utimesSync(join(folder, "page.html"), new Date(), new Date("1994-11-15T12:45:26.500Z"));

const files = await nano.staticFiles(folder);

const CTX = { waitUntil() {}, remoteAddress: "", closing: new AbortController().signal };

async function get(
  path: string,
  headers: Record<string, string> = {},
  { handler = files, method = "GET" }: { handler?: FetchHandler; method?: string } = {},
) {
  const request = new Request(`http://localhost${path}`, { headers, method });
  const response = await handler(request, {}, CTX);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
}

for (const [path, text, type] of [
  ["/", "<h1>home</h1>", "text/html;charset=utf-8"],
  ["/index.html", "<h1>home</h1>", "text/html;charset=utf-8"],
  ["/page.html?query=1", "<h1>page</h1>", "text/html;charset=utf-8"],
  ["/alias.html", "<h1>page</h1>", "text/html;charset=utf-8"],
  ["/gr%C3%BC%C3%9Fe%20w%c3%b6rld.txt", "grüße", "text/plain;charset=utf-8"],
  ["/100%25.txt", "percent", "text/plain;charset=utf-8"],
  ["/docs/", "<h1>docs</h1>", "text/html;charset=utf-8"],
  ["/docs/a.json", "{}", "application/json"],
  ["/empty", "", "application/octet-stream"],
  ["/UPPER", "no type", "application/octet-stream"],
  ["/style.CSS", "a{}", "text/css;charset=utf-8"],
  ["/.well-known/security.txt", "contact", "text/plain;charset=utf-8"],
] as const) {
  test(`${path} is served`, async () => {
    const response = await get(path);
    assert.equal([response.status, response.text], [200, text]);
    assert.is(response.headers.get("content-type"), type);
    assert.is(response.headers.get("content-length"), String(response.bytes.length));
    assert.is(response.headers.get("x-content-type-options"), "nosniff");
    assert.is(response.headers.get("accept-ranges"), "bytes");
    assert.is(response.headers.get("cache-control"), "no-cache");
    assert.match(response.headers.get("etag")!, /^"[0-9a-z-]+"$/);
    assert.ok(!Number.isNaN(Date.parse(response.headers.get("last-modified")!)));
  });
}

// The URL parser has taken "." and ".." out of a path, however they are encoded, before anybody sees it.
for (const path of [
  ...["/missing", "/page.html/", "/page.html/more", "//page.html", "/docs//a.json", "/bare/", "/bare"],
  ...["/.secret", "/.git/config", "/%2esecret", "/linked/outside.txt", "/link.txt", "/linked/", "/round"],
  ...["/docs%2fa.json", "/docs%5ca.json", "/..%2f..%2fetc%2fpasswd", "/%00", "/page.html%00", "/page.html:x"],
  ...["/%", "/%zz", "/%ff", "/docs/%0a", `/${"x".repeat(5000)}`],
  `/${"../".repeat(20)}etc/passwd`,
  `/${"%2e%2e/".repeat(20)}etc/passwd`,
]) {
  test(`${path.slice(0, 60)} is not`, async () => {
    const { status, text } = await get(path);
    assert.equal([status, text], [404, "Not Found\n"]);
  });
}

test("on Windows, a second name that the system made up opens nothing", async () => {
  const root = folderWith({ "draft~.txt": "draft" });
  mkdirSync(join(root, ".git"));
  writeFileSync(join(root, ".git/config"), "secret");
  // As that system sees it.
  symlinkSync(".git", join(root, "GIT~1"));
  const { realpath, stat, open } = promises;
  const here = (name: unknown) => String(name).replaceAll("\\", "/");
  const modules: Record<string, unknown> = {
    "node:path": win32,
    "node:fs": {
      constants,
      promises: {
        realpath: async (name: unknown) => (await realpath(here(name))).replaceAll("/", "\\"),
        stat: (name: unknown) => stat(here(name)),
        open: (name: unknown, flags: number) => open(here(name), flags),
      },
    },
  };
  const windows = nodeFiles((name) => modules[name]);
  for (const names of [["GIT~1", "config"], ["GIT~1"], ["git~10", "x"]]) {
    assert.is(await windows.open(root, names), null);
  }
  const draft = await windows.open(root, ["draft~.txt"]);
  assert.is(draft!.bytes, 5);
  await draft!.close();
});

test("a folder is asked for with a slash at its end", async () => {
  const { status, headers } = await get("/docs?x=1");
  assert.equal([status, headers.get("location")], [308, "/docs/?x=1"]);
});

test("HEAD tells of the file; other methods are refused, where there is a file", async () => {
  const { status, headers, text } = await get("/large.bin", { range: "bytes=0-1" }, { method: "HEAD" });
  assert.equal([status, headers.get("content-length"), text], [200, "300000", ""]);
  for (const method of ["POST", "DELETE", "OPTIONS"]) {
    const refused = await get("/page.html", {}, { method });
    assert.equal([refused.status, refused.headers.get("allow")], [405, "GET, HEAD"]);
  }
  assert.is((await get("/missing", {}, { method: "POST" })).status, 404);
});

test("conditions: what a client has is not sent again, until it changes", async () => {
  const etag = (await get("/page.html")).headers.get("etag")!;
  const unchanged = await get("/page.html", { "if-none-match": `W/${etag}` });
  assert.equal([unchanged.status, unchanged.text], [304, ""]);
  assert.equal([unchanged.headers.get("etag"), unchanged.headers.get("cache-control")], [etag, "no-cache"]);
  assert.equal(
    [unchanged.headers.has("content-type"), unchanged.headers.has("content-length")],
    [false, false],
  );
  const since = "Tue, 15 Nov 1994 12:45:26 GMT";
  assert.is((await get("/page.html", { "if-modified-since": since })).status, 304);
  assert.is((await get("/page.html")).headers.get("last-modified"), since);
  assert.is((await get("/page.html", { "if-match": '"other"' })).status, 412);
  const changing = folderWith({ a: "one" });
  const handler = await nano.staticFiles(changing);
  const before = (await get("/a", {}, { handler })).headers.get("etag")!;
  writeFileSync(join(changing, "a"), "two");
  const after = await get("/a", { "if-none-match": before }, { handler });
  assert.equal([after.status, after.text], [200, "two"]);
});

test("ranges: one part, many parts, and none", async () => {
  const one = await get("/large.bin", { range: "bytes=100-199" });
  assert.equal([one.status, one.headers.get("content-range")], [206, "bytes 100-199/300000"]);
  assert.equal(one.bytes, LARGE.slice(100, 200));
  const last = await get("/large.bin", { range: "bytes=-100000" });
  assert.equal([last.status, last.headers.get("content-length")], [206, "100000"]);
  assert.ok(Buffer.from(last.bytes).equals(LARGE.slice(200_000)));
  const none = await get("/large.bin", { range: "bytes=300000-" });
  assert.equal([none.status, none.headers.get("content-range"), none.text], [416, "bytes */300000", ""]);
  for (const ignored of ["bytes=5-1", "lines=1-2", "bytes=0-299999,0-299999"]) {
    assert.is((await get("/large.bin", { range: ignored })).status, 200, ignored);
  }
  const stale = await get("/large.bin", { range: "bytes=0-9", "if-range": '"other"' });
  assert.equal([stale.status, stale.bytes.length], [200, 300_000]);
  const fresh = await get("/large.bin", { range: "bytes=0-9", "if-range": stale.headers.get("etag")! });
  assert.is(fresh.status, 206);

  const many = await get("/large.bin", { range: "bytes=0-9, 200000-299999, 5-5" });
  assert.is(many.status, 206);
  const [, boundary] = /^multipart\/byteranges; boundary=(\S+)$/.exec(many.headers.get("content-type")!)!;
  assert.is(many.headers.get("content-length"), String(many.bytes.length));
  const parts = Buffer.from(many.bytes).toString("latin1").split(`\r\n--${boundary}`);
  assert.equal([parts.length, parts[0], parts.at(-1)], [5, "", "--\r\n"]);
  for (const [index, [first, end]] of [
    [0, 10],
    [200_000, 300_000],
    [5, 6],
  ].entries()) {
    const part = parts[index + 1]!;
    const headEnd = part.indexOf("\r\n\r\n");
    const [head, content] = [part.slice(0, headEnd), part.slice(headEnd + 4)];
    assert.is(
      head,
      `\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes ${first}-${end! - 1}/300000`,
    );
    assert.ok(content === Buffer.from(LARGE.slice(first, end)).toString("latin1"));
  }
});

test("options: prefix, index, hidden, types, caching, and who answers for what is missing", async () => {
  const serve = async (options: StaticFilesOptions, path: string) =>
    get(path, {}, { handler: await nano.staticFiles(pathToFileURL(folder), options) });
  assert.is((await serve({ prefix: "/assets" }, "/assets/docs/a.json")).text, "{}");
  assert.is((await serve({ prefix: "/assets" }, "/assets/docs")).headers.get("location"), "/assets/docs/");
  for (const path of ["/docs/a.json", "/assetsdocs/a.json", "/assets"]) {
    assert.is((await serve({ prefix: "/assets" }, path)).status, 404, path);
  }
  assert.is((await serve({ index: "page.html" }, "/")).text, "<h1>page</h1>");
  assert.is((await serve({ index: null }, "/")).status, 404);
  assert.is((await serve({ index: null }, "/docs")).status, 404);
  assert.is((await serve({ hidden: true }, "/.secret")).text, "hidden");
  assert.is(
    (await serve({ types: { json: "text/x-mine" } }, "/docs/a.json")).headers.get("content-type"),
    "text/x-mine",
  );
  assert.is((await serve({ cacheControl: null }, "/")).headers.has("cache-control"), false);
  const cacheControl = (path: string) => (path === "docs/a.json" ? "max-age=60" : null);
  assert.is((await serve({ cacheControl }, "/docs/a.json")).headers.get("cache-control"), "max-age=60");
  const fallback = () => new Response("mine", { status: 404 });
  assert.is((await serve({ fallback }, "/missing")).text, "mine");
  for (const prefix of ["assets", "/assets/", "/"]) {
    const refused = await nano.staticFiles(folder, { prefix }).catch((error) => error);
    assert.match(String(refused), `TypeError: prefix "${prefix}" must begin with a slash`);
  }
});

test("precompressed: what lies beside a file is sent to who accepts its coding", async () => {
  const folder = folderWith({
    "a.js": "plain",
    "a.js.gz": "by gzip",
    "a.js.br": "by br",
    "b.js": "newer",
    "b.js.br": "old",
  });
  const past = new Date("1994-11-15T12:45:26.500Z");
  for (const name of ["a.js", "a.js.gz", "a.js.br", "b.js.br"]) utimesSync(join(folder, name), past, past);
  const handler = await nano.staticFiles(folder, { precompressed: true });
  const ask = (path: string, headers: Record<string, string> = {}) => get(path, headers, { handler });
  for (const [accepted, coding, text] of [
    ["gzip, br", "br", "by br"],
    ["gzip", "gzip", "by gzip"],
    ["br;q=0.5, gzip", "gzip", "by gzip"],
    ["zstd, gzip;q=0.1", "gzip", "by gzip"],
    ["zstd", null, "plain"],
    ["identity, br;q=0.5", null, "plain"],
  ] as const) {
    const { headers, text: sent } = await ask("/a.js", { "accept-encoding": accepted });
    assert.equal([headers.get("content-encoding"), sent], [coding, text], accepted);
    assert.is(headers.get("content-type"), "text/javascript;charset=utf-8");
    assert.equal(
      [headers.get("vary"), headers.get("content-length")],
      ["Accept-Encoding", String(text.length)],
    );
  }
  assert.is((await ask("/b.js", { "accept-encoding": "br" })).text, "newer");
  assert.is((await ask("/missing.js", { "accept-encoding": "br" })).status, 404);
  assert.is(
    (await get("/a.js", { "accept-encoding": "br" }, { handler: await nano.staticFiles(folder) })).text,
    "plain",
  );

  const brotli = { "accept-encoding": "br" };
  const { headers } = await ask("/a.js", brotli);
  const etag = headers.get("etag")!;
  assert.is.not(etag, (await ask("/a.js")).headers.get("etag"));
  const unchanged = await ask("/a.js", { ...brotli, "if-none-match": etag });
  assert.equal([unchanged.status, unchanged.headers.get("vary")], [304, "Accept-Encoding"]);
  const part = await ask("/a.js", { ...brotli, range: "bytes=3-4", "if-range": etag });
  assert.equal([part.status, part.text, part.headers.get("content-encoding")], [206, "br", "br"]);
  // A multipart body is not encoded, only what its parts are of.
  const parts = await ask("/a.js", { ...brotli, range: "bytes=0-1,3-4" });
  assert.equal([parts.status, parts.text, parts.headers.get("content-encoding")], [200, "by br", "br"]);
  // Both files have it.
  const byDate = { ...brotli, range: "bytes=3-4", "if-range": headers.get("last-modified")! };
  assert.is((await ask("/a.js", byDate)).status, 200);
  assert.is((await get("/a.js", byDate, { handler: await nano.staticFiles(folder) })).status, 206);
});

test("a folder that is not there is the app's error; a host without files says so", async () => {
  const handler = await nano.staticFiles(join(folder, "missing"));
  assert.is(
    ((await get("/", {}, { handler }).catch((error) => error)) as NodeJS.ErrnoException).code,
    "ENOENT",
  );
  const memory = await createRuntime({ host: memoryHost() });
  assert.match(
    String(await memory.staticFiles(folder).catch((error) => error)),
    'TypeError: host "memory" reads no files',
  );
});

/** File descriptors of this process that are open on a file below `folder`. */
const openFiles = () =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

testIf(existsSync("/proc/self/fd"), "this system does not list open files in /proc")(
  "files are closed: after they were sent, after HEAD, and when the client leaves",
  async () => {
    const server = await TestServer.start(defaultHost, { app: files });
    const ask = (text: string) =>
      server.ask(text.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"));
    const [whole] = await ask("GET /large.bin HTTP/1.1\r\n\r\n");
    assert.ok(Buffer.from(whole!.bytes).equals(LARGE));
    for (const request of [
      "HEAD /large.bin",
      "POST /large.bin",
      "GET /page.html",
      "GET /docs",
      "GET /bare",
    ]) {
      await ask(`${request} HTTP/1.1\r\n\r\n`);
    }
    const leaving = await server.connect();
    leaving.socket.pause();
    leaving.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n".repeat(30));
    await eventually(() => openFiles() > 0);
    leaving.socket.destroy();
    await server.stop();
    await eventually(() => openFiles() === 0);
  },
);

test("a file that becomes shorter while it is sent breaks the response off", async () => {
  const shrinking = folderWith({ a: "" });
  writeFileSync(join(shrinking, "a"), new Uint8Array(50_000_000));
  const files = await nano.staticFiles(shrinking);
  const app: typeof files = async (...request) => {
    const response = await files(...request);
    truncateSync(join(shrinking, "a"), 1);
    return response;
  };
  const server = await TestServer.start(defaultHost, { app });
  const client = await server.connect();
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.closed();
  assert.is(client.answers()[0]!.truncated, true);
  assert.match(String(server.errors[0]), "the file has become shorter");
  await server.stop();
});

test.run();
