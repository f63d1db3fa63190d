/** Servers that are not ours: node:http, Deno's, Bun's, and nginx with node:http behind it. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime, type Runtime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BINARIES } from "../../engines/engines.ts";
import { engineOrSkip, type Started, start } from "../../engines/started.ts";
import { pattern } from "../../suites/support.ts";
import { testIf } from "../../support/tools.ts";

const BODY_BYTES = 1_000_000;

/** What each server does, by the standard's Request and Response. */
const APP = `
  import { gzipSync } from "node:zlib";
  const text = (length) => "x".repeat(length);
  const app = async (request) => {
    const { pathname } = new URL(request.url);
    const [, what, given] = pathname.split("/");
    const length = Number(given);
    if (what === "text") return new Response(text(length));
    if (what === "chunks") {
      let left = length;
      return new Response(new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (left-- > 0) controller.enqueue(new TextEncoder().encode(text(1000)));
          else controller.close();
        },
      }));
    }
    if (what === "gzip") {
      return new Response(gzipSync(text(length)), { headers: { "content-encoding": "gzip" } });
    }
    if (what === "moved") return new Response(null, { status: 307, headers: { location: "/echo" } });
    if (what === "none") return new Response(null, { status: 204 });
    const headers = { "x-asked": request.method + " " + pathname };
    const body = request.method === "GET" ? "nothing" : new Uint8Array(await request.arrayBuffer());
    return new Response(body, { headers });
  };`;

/** The same by node:http, of which a Response is written piece by piece. */
const BY_NODE = `${APP}
  import { createServer } from "node:http";
  createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = ["GET", "HEAD"].includes(request.method) ? undefined : Buffer.concat(pieces);
    const answer = await app(new Request("http://localhost" + request.url, { method: request.method, body }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body) for await (const piece of answer.body) response.write(piece);
    response.end();
  }).listen(0, "127.0.0.1", function () { console.log("http://127.0.0.1:" + this.address().port + "/"); });`;

const BY_DENO = `${APP} Deno.serve({ port: 0, hostname: "127.0.0.1" }, app);`;
const BY_BUN = `${APP}
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app });
  console.log("http://127.0.0.1:" + server.port + "/");`;

/** Everything a client does with a server. */
async function converse(nano: Runtime, url: string): Promise<void> {
  const text = async (path: string, init?: Parameters<Runtime["fetch"]>[1]) =>
    (await nano.fetch(url + path, init)).text();
  for (const length of [0, 5, 70_000, BODY_BYTES]) {
    assert.is(await text(`/text/${length}`), "x".repeat(length));
  }
  assert.is((await text("/chunks/20")).length, 20_000);
  assert.is(await text("/gzip/50000"), "x".repeat(50_000));

  const head = await nano.fetch(`${url}/text/70000`, { method: "HEAD" });
  assert.equal([head.status, head.body], [200, null]);
  const none = await nano.fetch(`${url}/none`);
  assert.equal([none.status, await none.text()], [204, ""]);

  const body = pattern(BODY_BYTES);
  for (const source of [body, new Blob([body]).stream()]) {
    const echoed = await nano.fetch(`${url}/moved`, { method: "POST", body, duplex: "half" });
    assert.ok(echoed.redirected);
    assert.equal(new Uint8Array(await echoed.arrayBuffer()), body);
    const direct = await nano.fetch(`${url}/echo`, { method: "PUT", body: source, duplex: "half" });
    assert.is(direct.headers.get("x-asked"), "PUT /echo");
    const pieces: Uint8Array[] = [];
    for await (const piece of direct.body!) pieces.push(piece as Uint8Array);
    assert.equal(new Uint8Array(Buffer.concat(pieces)), body);
  }

  // One after the other on each connection, and many at once; some given up in the middle.
  const each = async (n: number) => {
    for (let at = 0; at < 5; at++) {
      assert.is(await text("/echo", { method: "POST", body: `${n} ${at}` }), `${n} ${at}`);
      const begun = await nano.fetch(`${url}/chunks/5`);
      if (n % 10 === 0) await begun.body!.cancel();
      else assert.is((await begun.text()).length, 5000);
    }
  };
  await Promise.all(Array.from({ length: 40 }, (_, n) => each(n)));
}

async function withServer(starting: Promise<Started>, use: (nano: Runtime, url: string) => Promise<void>) {
  const server = await starting;
  const nano = await createRuntime();
  try {
    await use(nano, server.url);
    await nano.idle();
    assert.is(nano.memory().liveArenas, 0);
  } finally {
    await nano.close();
    await server.stop();
  }
}

const startNode = () => start(process.execPath, ["--input-type=module", "-e", BY_NODE]);

test("node:http", () => withServer(startNode(), converse));

const folder = mkdtempSync(join(tmpdir(), "nanort-pairings-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

for (const [name, flags, source] of [
  ["deno", ["run", "--allow-net"], BY_DENO],
  ["bun", [], BY_BUN],
] as const) {
  const engine = engineOrSkip(name, BINARIES[name]);
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  (engine ? test : test.skip)(name, () => withServer(start(engine!, [...flags, file]), converse));
}

/** nginx, with its own files and, for all else, another server behind it; it hangs up after every few requests. */
async function startNginx(behind: string): Promise<Started> {
  const port = await freePort();
  for (const name of ["files", "temporary"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "files", "file.txt"), "from nginx\n".repeat(10_000));
  // Its workers would be nobody otherwise, who may not enter the folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    join(folder, "nginx.conf"),
    `${user} daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
    events { worker_connections 512; }
    http {
      access_log off; keepalive_requests 7; client_max_body_size 0; chunked_transfer_encoding on;
      ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path temporary/${of};`).join(" ")}
      server {
        listen 127.0.0.1:${port};
        location /file.txt { root files; gzip on; gzip_types text/plain; gzip_min_length 1; }
        location / { proxy_pass ${behind}; proxy_http_version 1.1; proxy_set_header Host $host; }
      }
    }`,
  );
  const nginx = spawn("nginx", ["-p", folder, "-c", "nginx.conf"], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  nginx.stderr.on("data", (text: Buffer) => {
    output += text;
  });
  const url = `http://127.0.0.1:${port}`;
  const ended = once(nginx, "exit");
  for (let tries = 0; nginx.exitCode === null && !(await answers(url)); tries++) {
    if (tries > 500) nginx.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.is(nginx.exitCode, null, output);
  const stop = async () => {
    nginx.kill("SIGTERM");
    return (await ended)[0] as number | null;
  };
  return { url, process: nginx, output: () => output, stop };
}

const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const isThere = spawnSync("nginx", ["-v"]).error === undefined;

testIf(isThere, "nginx is not on this machine")("nginx, its files and what is behind it", () =>
  withServer(startNode(), async (nano, behind) =>
    withServer(startNginx(behind), async (_, url) => {
      await converse(nano, url);
      const file = await nano.fetch(`${url}/file.txt`);
      assert.is(file.headers.get("content-encoding"), "gzip");
      assert.is(await file.text(), "from nginx\n".repeat(10_000));
      const headers = { "if-none-match": file.headers.get("etag")! };
      assert.is((await nano.fetch(`${url}/file.txt`, { headers })).status, 304);
      const part = await nano.fetch(`${url}/file.txt`, { headers: { range: "bytes=5-9" } });
      assert.equal([part.status, await part.text()], [206, "nginx"]);
    }),
  ),
);

test.run();
