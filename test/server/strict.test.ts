/**
 * Requests that other runtimes answer in different ways, each answered here as RFC 9112 demands: with its status, one
 * line that says why, and the end of the connection. The parser's own tests are in zig/http; these see that what it
 * says reaches the client, and that nothing behind the bad request is taken for another one.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "../../ts/host/node.ts";
import { TestServer } from "./support.ts";

const GET = "GET / HTTP/1.1\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

const ROWS: [title: string, status: number, request: string][] = [
  [
    "Content-Length and Transfer-Encoding",
    400,
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "Transfer-Encoding and Content-Length",
    400,
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ],
  [
    "Transfer-Encoding twice",
    400,
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "Transfer-Encoding as a list of two chunked",
    400,
    `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["Transfer-Encoding: gzip, chunked", 501, `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["Transfer-Encoding: xchunked", 400, `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["Transfer-Encoding in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["Content-Length repeated, the same", 400, `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ["Content-Length repeated, differing", 400, `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
  ["Content-Length as a list", 400, `${POST}Content-Length: 5, 5\r\n\r\nhello`],
  ["Content-Length with a sign", 400, `${POST}Content-Length: +3\r\n\r\nabc`],
  ["Content-Length in hexadecimal", 400, `${POST}Content-Length: 0x3\r\n\r\nabc`],
  ["Content-Length over 2^53", 400, `${POST}Content-Length: 9007199254740992\r\n\r\n`],
  ["bare LF line ends", 400, `GET / HTTP/1.1\nHost: a\n\n`],
  ["one bare LF among CRLFs", 400, `${GET}Host: a\nX: b\r\n\r\n`],
  ["bare CR in a field", 400, `${GET}Host: a\r\nX: b\rc\r\n\r\n`],
  ["CR LF CR and something else", 400, `${GET}Host: a\r\n\rX: y\r\n\r\n`],
  ["NUL in a field", 400, `${GET}Host: a\r\nX: b\0c\r\n\r\n`],
  ["a control character in a field", 400, `${GET}Host: a\r\nX: b\x01c\r\n\r\n`],
  ["space before the colon", 400, `${GET}Host: a\r\nX : b\r\n\r\n`],
  ["a folded line", 400, `${GET}Host: a\r\nX: b\r\n c\r\n\r\n`],
  ["white space before the first field", 400, `${GET} Host: a\r\n\r\n`],
  ["a field without a name", 400, `${GET}Host: a\r\n: b\r\n\r\n`],
  ["a field without a colon", 400, `${GET}Host: a\r\nX\r\n\r\n`],
  ["a name that is no token", 400, `${GET}Host: a\r\nX(y): b\r\n\r\n`],
  ["a method that is no token", 400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["two spaces in the request line", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["space at the end of the request line", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"],
  ["no version", 400, "GET /\r\nHost: a\r\n\r\n"],
  ["HTTP/2's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["HTTP/3.0", 505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"],
  ["TLS on a port without it", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["no Host", 400, `${GET}\r\n`],
  ["two Hosts", 400, `${GET}Host: a\r\nHost: b\r\n\r\n`],
  ["two Hosts, the same", 400, `${GET}Host: a\r\nHost: a\r\n\r\n`],
  ["an empty Host", 400, `${GET}Host:\r\n\r\n`],
  ["a Host that is only a port", 400, `${GET}Host: :80\r\n\r\n`],
  ["a Host with a path", 400, `${GET}Host: a/b\r\n\r\n`],
  ["a Host with user information", 400, `${GET}Host: user@a\r\n\r\n`],
  ["a Host that no URL can have", 400, `${GET}Host: a%2fb\r\n\r\n`],
  ["a Host with a port over 65535", 400, `${GET}Host: a:65536\r\n\r\n`],
  ["a fragment in the target", 400, "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target above ASCII", 400, "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target that is neither path nor URL", 400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["* with a method other than OPTIONS", 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["an absolute target without a host", 400, "GET http:///path HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["an https target on a plain connection", 421, "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["CONNECT", 501, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"],
  ["TRACE", 501, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a method that differs from a known one by case", 501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a method longer than any", 501, `${"M".repeat(33)} / HTTP/1.1\r\nHost: a\r\n\r\n`],
  [
    "an expectation other than 100-continue",
    417,
    `${POST}Expect: the-unexpected\r\nContent-Length: 1\r\n\r\na`,
  ],
  ["a target over its limit", 414, `GET /${"a".repeat(8 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["a 200 KB header", 431, `${GET}Host: a\r\nX: ${"a".repeat(200_000)}\r\n\r\n`],
  ["3,000 headers", 431, `${GET}Host: a\r\n${"X: a\r\n".repeat(3000)}\r\n`],
  ["300 short headers", 431, `${GET}Host: a\r\n${"X: a\r\n".repeat(300)}\r\n`],
];

/** What parsers of others once let through, under the number that it was published by. */
const PUBLISHED_ROWS: [number: string, title: string, request: string][] = [
  ["CVE-2021-22959", "space before a colon", `${POST}Content-Length : 5\r\n\r\nhello`],
  ["CVE-2021-22960", "a chunk extension ended by LF", `${POST}${CHUNKED}2;a\n4\r\nxx\r\n0\r\n\r\n`],
  ["CVE-2022-32213", "Transfer-Encoding: chunkedchunked", `${POST}Transfer-Encoding: chunkedchunked\r\n\r\n`],
  ["CVE-2022-32214", "a line ended by LF", `${POST}Dummy: x\nContent-Length: 23\r\n\r\n`],
  ["CVE-2022-32215", "Transfer-Encoding over two lines", `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n`],
  ["CVE-2022-35256", "a line that goes on behind an empty value", `${POST}X-Abc:\r\n x\r\n\r\n`],
  ["CVE-2023-30589", "a line ended by CR", `${POST}X-Abc:\rContent-Length: 5\r\n\r\nhello`],
  ["CVE-2025-23167", "a head ended by CR LF CR", `${GET}Host: a\r\n\r\rX`],
  [
    "CVE-2026-1525",
    "Content-Length in two cases",
    `${POST}Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello`,
  ],
  ["CVE-2026-1528", "a length of 64 bits", `${POST}Content-Length: 18446744073709551615\r\n\r\n`],
  ["CVE-2026-1528", "a chunk size of 64 bits", `${POST}${CHUNKED}ffffffffffffffff\r\nhello`],
];

/** Bad framing shows only when the body is read, so these reach the app, which reads it. */
const CHUNKED_ROWS: [title: string, chunks: string][] = [
  ["a chunk extension ended by LF", "5;a\nhello\r\n0\r\n\r\n"],
  ["a chunk size ended by LF", "5\nhello\r\n0\r\n\r\n"],
  ["a 17-digit chunk size", "00000000000000005\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size over 2^53", "20000000000000\r\nhello"],
  ["a chunk size with a sign", "+5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk without CRLF behind it", "5\r\nhelloX0\r\n\r\n"],
  ["a folded trailer", "0\r\nX: a\r\n b\r\n\r\n"],
  ["a bad last chunk", "5\r\nhello\r\n0\r\nX\r\n\r\n"],
];

const paths: string[] = [];
let server: TestServer;

test.before(async () => {
  const app = async (request: Request) => {
    paths.push(new URL(request.url).pathname);
    return new Response(await request.text());
  };
  server = await TestServer.start(defaultHost, { app });
});

for (const [title, status, request] of ROWS) {
  test(`${title}: ${status}`, async () => {
    paths.length = 0;
    const answers = await server.ask(request + SMUGGLED);
    assert.is(answers.length, 1);
    const [answer] = answers;
    assert.is(answer!.status, status, answer!.body);
    assert.is(answer!.headers.get("connection"), "close");
    assert.match(answer!.headers.get("content-type")!, /^text\/plain/);
    assert.match(answer!.body, /^[^\n]+\n$/);
    assert.equal(paths, []);
  });
}

async function assertBadRequest(request: string): Promise<void> {
  paths.length = 0;
  const answers = await server.ask(request + SMUGGLED);
  assert.is(answers.length, 1);
  assert.is(answers[0]!.status, 400, answers[0]!.body);
  assert.is(answers[0]!.headers.get("connection"), "close");
  assert.ok(!paths.includes("/smuggled"));
}

for (const [title, chunks] of CHUNKED_ROWS) {
  test(`${title}: 400`, () => assertBadRequest(`${POST}${CHUNKED}${chunks}`));
}

for (const [number, title, request] of PUBLISHED_ROWS) {
  test(`${number}, ${title}: 400`, () => assertBadRequest(request));
}

test("the app has been asked for nothing that was refused, and has not failed", async () => {
  assert.equal(server.errors, []);
  await server.stop();
});

test.run();
