/** `nanort fetch`, against a server of node:http. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort } from "./nanort.ts";

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    if (request.url === "/moved") return response.writeHead(302, { location: "/there" }).end("moved");
    if (request.url === "/never") return;
    if (request.url === "/controls")
      return response.writeHead(200, "\x9b31m", { "x-title": "\x9d0;title\x9c\tend" }).end();
    const asked = `${request.method} ${request.url} ${request.headers["x-own"] ?? ""}`.trimEnd();
    response.writeHead(200, { "x-asked": asked, date: "never" });
    response.end(`${asked}: ${Buffer.concat(pieces)}\n`);
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
/** Of the machine that runs the tests. */
const env = { HTTP_PROXY: "", http_proxy: "", ALL_PROXY: "", all_proxy: "" };

test("the body on standard output; head and timing on standard error", async () => {
  const { code, stdout, stderr } = await nanort(["fetch", `${url}/x`], { env });
  assert.equal([code, stdout], [0, "GET /x: \n"]);
  const lines = stderr.split("\n");
  assert.equal([lines[0], lines[1]], ["200 OK", "connection: keep-alive"]);
  assert.ok(lines.includes("x-asked: GET /x"));
  assert.match(
    lines.at(-2)!,
    /^queue [\d.]+ ms, resolve [\d.]+ ms, connect [\d.]+ ms, send [\d.]+ ms, head [\d.]+ ms/,
  );
});

test("method, headers and a body, as text or of a file; a host without a scheme", async () => {
  const folder = folderWith({ body: "of a file" });
  const posted = await nanort(
    ["fetch", url.replace("http://", ""), "-d", "some text", "-H", "X-Own: 1", "-q"],
    { env },
  );
  assert.equal(posted, { code: 0, stdout: "POST / 1: some text\n", stderr: "" });
  const put = await nanort(
    ["fetch", `${url}/p`, "-X", "put", "--data", `@${folder}/body`, "-q", "-o", `${folder}/out`],
    { env },
  );
  assert.equal(put, { code: 0, stdout: "", stderr: "" });
  assert.is(readFileSync(`${folder}/out`, "utf8"), "PUT /p: of a file\n");
});

test("--json is all of it", async () => {
  const { code, stdout, stderr } = await nanort(["fetch", `${url}/moved`, "--json"], { env });
  assert.equal([code, stderr], [0, ""]);
  const { headers, milliseconds, ...rest } = JSON.parse(stdout);
  assert.equal(rest, {
    url: `${url}/there`,
    redirected: true,
    status: 200,
    statusText: "OK",
    body: "GET /there: \n",
  });
  assert.ok(headers.some(([name]: [string]) => name === "x-asked"));
  assert.equal(Object.keys(milliseconds).slice(0, 5), ["queue", "resolve", "connect", "send", "head"]);
});

test("redirects are followed, unless they are to be seen", async () => {
  const { stdout, stderr } = await nanort(["fetch", `${url}/moved`, "--no-follow"], { env });
  assert.is(stdout, "moved");
  assert.match(stderr, /^302 Found\n/);
  assert.match(
    (await nanort(["fetch", `${url}/moved`], { env })).stderr,
    new RegExp(`^200 OK from ${url}/there\n`),
  );
});

test("what cannot be had is one line, and exit code 1", async () => {
  const refused = await nanort(["fetch", "http://127.0.0.1:2/"], { env });
  assert.equal([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^nanort: connect ECONNREFUSED 127\.0\.0\.1:2: .*\n$/);
  const late = await nanort(["fetch", `${url}/never`, "--timeout", "0.05"], { env });
  assert.equal(late.code, 1);
  assert.match(late.stderr, /^nanort: fetch: the deadline \w+ of 50 ms passed in state \w+, after 0 bytes/);
});

test("what a terminal would obey is shown instead", async () => {
  const { stderr } = await nanort(["fetch", `${url}/controls`], { env });
  assert.match(stderr, /^200 \\x9b31m\n/);
  assert.match(stderr, /^x-title: \\x9d0;title\\x9c\\x09end$/m);
});

test("a file that cannot be written is one line, and exit code 1", async () => {
  const path = `${folderWith({})}/none/out`;
  const { code, stderr } = await nanort(["fetch", url, "-q", "-o", path], { env });
  assert.is(code, 1);
  assert.match(stderr, /^.*ENOENT.*\n$/);
});

test("proxies come from the environment or an option", async () => {
  const byEnvironment = await nanort(["fetch", "http://elsewhere.invalid/e", "-q"], {
    env: { ...env, http_proxy: url },
  });
  assert.is(byEnvironment.stdout, "GET http://elsewhere.invalid/e: \n");
  const byOption = await nanort(["fetch", "http://elsewhere.invalid/o", "-q", "--proxy", url], { env });
  assert.is(byOption.stdout, "GET http://elsewhere.invalid/o: \n");
  const direct = await nanort(["fetch", `${url}/d`, "-q"], {
    env: { ...env, http_proxy: "http://127.0.0.1:2", no_proxy: "127.0.0.1" },
  });
  assert.is(direct.stdout, "GET /d: \n");
});

const MISTAKES: [args: string[], message: RegExp][] = [
  [[], /fetch needs a URL; see nanort fetch --help/],
  [["a", "b"], /fetch takes one URL, not also b/],
  [["a", "-H", "nonsense"], /--header takes "NAME: VALUE", not "nonsense"/],
  [["a", "--timeout", "soon"], /--timeout takes seconds, more than 0, not soon/],
  [["a", "-d", "@nowhere"], /no such file: nowhere/],
  [["a", "--proxy", "ftp://x"], /fetch\.proxy: ftp: is no scheme of a proxy/],
  [["a", "--nonsense"], /unknown option '--nonsense'; see nanort fetch --help/],
];

for (const [args, message] of MISTAKES) {
  test(`a mistake: nanort fetch ${args.join(" ")}`, async () => {
    const { code, stderr } = await nanort(["fetch", ...args], { env });
    assert.is(code, 2);
    assert.match(stderr, message);
  });
}

test.after(() => {
  server.closeAllConnections();
  server.close();
});
test.run();
