/** Clients that are not ours: fetch of Node, Deno, Bun and Chromium, node:http, and curl; wrk is in hostile.test.ts. */
import { execFile } from "node:child_process";
import { Agent, request as httpRequest } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "../../ts/host/node.ts";
import { executableOf, KINDS, withBrowser } from "../engines/browsers.ts";
import { BINARIES } from "../engines/engines.ts";
import { engineOrSkip } from "../engines/started.ts";
import { testWith } from "../support/tools.ts";
import { onSockets, pattern, TestServer } from "./support.ts";

const echo = async (request: Request): Promise<Response> => {
  const { pathname, search } = new URL(request.url);
  const headers = { "x-method": request.method, "x-path": pathname + search };
  if (request.method === "GET" || request.method === "HEAD") return new Response("hello", { headers });
  return new Response(request.body, { headers });
};

test("fetch: methods, bodies as bytes and as streams, many at once", () =>
  onSockets({ app: echo }, async ({ server }) => {
    const plain = await fetch(`${server.url}/a?b=c`);
    assert.is(plain.headers.get("x-path"), "/a?b=c");
    assert.is(await plain.text(), "hello");
    assert.is((await fetch(server.url, { method: "HEAD" })).headers.get("x-method"), "HEAD");

    const body = pattern(1_000_000);
    const posted = await fetch(server.url, { method: "POST", body });
    assert.equal(new Uint8Array(await posted.arrayBuffer()), body);

    const streamed = await fetch(server.url, {
      method: "PUT",
      body: new Blob([body]).stream(),
      duplex: "half",
    } as RequestInit);
    assert.equal(new Uint8Array(await streamed.arrayBuffer()), body);

    const many = await Promise.all(
      Array.from({ length: 100 }, async (_, n) =>
        (await fetch(server.url, { method: "POST", body: `${n}` })).text(),
      ),
    );
    assert.equal(
      many,
      Array.from({ length: 100 }, (_, n) => `${n}`),
    );
  }));

/**
 * What clients that have fetch do with `echo`, told by what they found in the end: a GET and its fields, a HEAD, bytes and a
 * stream sent back, more requests at once than browsers have connections, and one that is given up. Not all can send
 * streams: browsers want HTTP/2 for that.
 */
const CONVERSATION = async (url: string, streams: boolean) => {
  const plain = await fetch(`${url}/a?b=c`);
  const found: unknown[] = [plain.status, plain.headers.get("x-path"), await plain.text()];
  const head = await fetch(url, { method: "HEAD" });
  found.push([head.headers.get("x-method"), await head.text()]);

  const body = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * at) >> 3);
  const same = (bytes: Uint8Array) =>
    bytes.length === body.length && bytes.every((byte, at) => byte === body[at]);
  const posted = await fetch(url, { method: "POST", body });
  found.push(same(new Uint8Array(await posted.arrayBuffer())));
  const stream = streams ? new Blob([body]).stream() : body;
  const streamed = await fetch(url, { method: "PUT", body: stream, duplex: "half" } as RequestInit);
  const pieces: BlobPart[] = [];
  for (const reader = streamed.body!.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value as BlobPart);
  }
  found.push(same(new Uint8Array(await new Blob(pieces).arrayBuffer())));

  const many = Array.from({ length: 50 }, async (_, n) =>
    (await fetch(url, { method: "POST", body: `${n}` })).text(),
  );
  found.push((await Promise.all(many)).every((text, n) => text === `${n}`));
  const abort = new AbortController();
  const never = fetch(`${url}/never`, { signal: abort.signal }).catch(({ name }) => name);
  await (await fetch(url)).text();
  abort.abort();
  found.push(await never);
  return found;
};

const FOUND = [200, "/a?b=c", "hello", ["HEAD", ""], true, true, true, "AbortError"];

/** `echo`, but for what nobody waits for any more. */
const patient = (request: Request): Response | Promise<Response> => {
  if (!request.url.endsWith("/never")) return echo(request);
  const { signal } = request;
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
};

for (const [name, flags] of [
  ["deno", ["eval"]],
  ["bun", ["-e"]],
] as const) {
  const engine = engineOrSkip(name, BINARIES[name]);
  (engine ? test : test.skip)(`${name}: fetch`, () =>
    onSockets({ app: patient }, async ({ server }) => {
      const program = `console.log(JSON.stringify(await (${CONVERSATION})(${JSON.stringify(server.url)}, true)));`;
      assert.equal(JSON.parse(await run(engine!, [...flags, program])), FOUND);
    }),
  );
}

const [chromium] = KINDS;
const hasChromium = engineOrSkip("chromium", () => executableOf(chromium!)) !== undefined;
const inBrowser = hasChromium ? test : test.skip;

inBrowser(
  "chromium: fetch; and EventSource, which goes on where it was when its server makes room for another",
  () =>
    withBrowser(chromium!, async (browser) => {
      const first = await TestServer.start(defaultHost, { app: page });
      const { url, port } = first.server;
      const tab = await browser.newPage();
      await tab.goto(`${url}/page`);
      const found = await tab.evaluate(`(${CONVERSATION})(${JSON.stringify(url)}, false)`);
      assert.equal(found, FOUND);

      await tab.evaluate(`new Promise((heard) => {
      globalThis.events = [];
      const source = new EventSource("/events");
      source.onmessage = ({ data }) => heard(events.push(data));
    })`);
      await first.stop();
      const second = await TestServer.start(defaultHost, { app: page, port });
      let events: string[] = [];
      for (let looks = 0; events.length < 2 && looks < 1000; looks++) {
        events = await tab.evaluate("new Promise((resolve) => setTimeout(() => resolve(events), 10))");
      }
      assert.equal(events.slice(0, 2), ["after nothing", "after 1"]);
      assert.equal([first.errors, second.errors], [[], []]);
      await tab.close();
      await second.stop();
    }),
);

/** A page, and events, each with a number; who comes back is told after which. */
function page(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/page")
    return new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  if (pathname !== "/events") return patient(request);
  const last = request.headers.get("last-event-id");
  const event = `retry: 10\nid: ${Number(last) + 1}\ndata: after ${last ?? "nothing"}\n\n`;
  const start = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(new TextEncoder().encode(event));
  return new Response(new ReadableStream({ start }), { headers: { "content-type": "text/event-stream" } });
}

test("node:http: one connection for many requests, and 100-continue", () =>
  onSockets({ app: echo }, async ({ server }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (body: string, expect: boolean) =>
      new Promise<{ text: string; continued: boolean; reused: boolean }>((resolve, reject) => {
        let continued = false;
        const request = httpRequest(`${server.url}/`, {
          agent,
          method: "POST",
          headers: { "content-length": body.length, ...(expect ? { expect: "100-continue" } : {}) },
        });
        request.on("error", reject);
        request.on("response", (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (piece) => {
            text += piece;
          });
          response.on("end", () => resolve({ text, continued, reused: request.reusedSocket }));
        });
        if (!expect) return request.end(body);
        request.on("continue", () => {
          continued = true;
          request.end(body);
        });
      });
    assert.equal(await ask("one", false), { text: "one", continued: false, reused: false });
    assert.equal(await ask("two", true), { text: "two", continued: true, reused: true });
    assert.equal(await ask("three", false), { text: "three", continued: false, reused: true });
    agent.destroy();
  }));

/** What a program prints. */
function run(program: string, args: string[], input: string | Uint8Array = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 1 << 24, encoding: "latin1", timeout: 60_000 } as const;
    const child = execFile(program, args, options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin!.on("error", () => {}).end(input);
  });
}

const curl = (args: string[], input?: string | Uint8Array) =>
  run("curl", ["-sS", "--max-time", "20", ...args], input);

testWith("curl")("curl: HTTP/1.0 and 1.1, HEAD, uploads by length, by chunks and with an expectation", () =>
  onSockets({ app: echo }, async ({ server }) => {
    const url = `${server.url}/`;
    assert.is(await curl([url]), "hello");
    assert.is(await curl(["--http1.0", url]), "hello");
    assert.match(await curl(["-I", url]), /^HTTP\/1\.1 200 OK\r\n/);
    assert.is(await curl([`${url}1`, `${url}2`]), "hellohello");

    const body = pattern(2_000_000);
    const text = Buffer.from(body).toString("latin1");
    for (const fields of [
      ["-H", "Expect:"],
      ["-H", "Expect: 100-continue"],
      ["-H", "Transfer-Encoding: chunked"],
    ]) {
      assert.ok((await curl([...fields, "--data-binary", "@-", url], body)) === text, fields.join(" "));
    }
    assert.ok((await curl(["--http1.0", "--data-binary", "@-", url], body)) === text, "HTTP/1.0");
  }),
);

test.run();
