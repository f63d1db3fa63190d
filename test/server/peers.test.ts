/** Clients that are not ours: fetch, node:http and curl. */
import { execFile } from "node:child_process";
import { Agent, request as httpRequest } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testWith } from "../support/tools.ts";
import { onSockets, pattern } from "./support.ts";

const echo = async (request: Request) => {
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

/** Runs curl, with `input` on its standard input. */
function curl(args: string[], input: string | Uint8Array = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 1 << 24, encoding: "latin1" } as const;
    const child = execFile("curl", ["-sS", "--max-time", "20", ...args], options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin!.on("error", () => {}).end(input);
  });
}

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
