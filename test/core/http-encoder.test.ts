import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  ChunkedReader,
  chunkSizeLine,
  encodeRequestHead,
  LAST_CHUNK,
  type RequestHeadParts,
  RequestHeadReader,
} from "../../ts/core/http.ts";
import { makeCore, random } from "../support/core.ts";
import { bytesOf, textOf } from "../support/http.ts";

const core = makeCore();
const LIMITS = { headBytes: 2 ** 22, headerCount: 100, targetBytes: 8 * 1024 };

const GET: RequestHeadParts = { method: "GET", target: "/", host: "a", headers: [], framing: null };

const request = (parts: Partial<RequestHeadParts>, body?: Uint8Array) =>
  textOf(encodeRequestHead(core, { ...GET, ...parts }, body));

/** Refused, with one line that says what, and nothing left behind. */
function assertRefused(act: () => unknown, message: RegExp | string, label?: string): void {
  assert.throws(
    act,
    (error: Error) => {
      assert.instance(error, TypeError, label);
      assert.match(error.message, /^[ -~]+$/, label);
      return typeof message === "string" ? error.message === message : message.test(error.message);
    },
    label,
  );
  assert.is(core.statistics().liveArenas, 0, label);
}

test("a request's head is its line, Host, framing, Connection and fields in their order", () => {
  assert.is(request({}), "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  assert.is(
    request({
      method: "POST",
      target: "/a?b=%20",
      host: "example.org:8080",
      headers: new Headers({ "X-B": "1", Accept: "*/*" }),
      framing: 5,
      connection: "close",
    }),
    "POST /a?b=%20 HTTP/1.1\r\nhost: example.org:8080\r\ncontent-length: 5\r\nconnection: close\r\n" +
      "accept: */*\r\nx-b: 1\r\n\r\n",
  );
  assert.is(
    request({
      method: "PUT",
      target: "*",
      headers: [
        ["Set-Cookie", "a"],
        ["set-cookie", ""],
      ],
      framing: "chunked",
    }),
    "PUT * HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nSet-Cookie: a\r\nset-cookie: \r\n\r\n",
  );
});

test("a body follows its head in the same bytes, which are the caller's own", () => {
  const body = Uint8Array.of(0, 1, 255);
  const message = encodeRequestHead(core, { ...GET, framing: 3 }, body);
  assert.is(textOf(message), "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n\0\x01\xff");
  assert.is(message.buffer.byteLength, message.length);
  assert.is(encodeRequestHead(core, GET).buffer.byteLength, 27);
});

test("values are bytes, one a code unit", () => {
  const units = Array.from({ length: 256 }, (_, unit) => unit);
  const sendable = units.filter((unit) => unit === 0x09 || (unit >= 0x20 && unit !== 0x7f));
  const value = String.fromCharCode(...sendable);
  assert.is(request({ headers: [["x", value]] }), `GET / HTTP/1.1\r\nhost: a\r\nx: ${value}\r\n\r\n`);
});

/** What would be a line end or a terminator to somebody, or becomes one when cut down to a byte. */
const POISON = [
  ...["\n", "\r", "\r\n", "\0", "\x0b", "\x1f", "\x7f", "\r\nX-Evil: 1", "\nX-Evil: 1", "\r\n\r\nGET /evil"],
  ...["\u0100", "\u010a", "\u010d", "\u0d0a", "\u2028", "\ud800", "\udc0a", "\u{1f600}", "\ufeff"],
];

for (const poison of POISON) {
  test(`${JSON.stringify(poison)} is refused in every part, and the part is named`, () => {
    const lineFeed = poison.includes("\n");
    const name = lineFeed ? /line feed/ : undefined;
    for (const spoilt of [poison, `a${poison}`, `${poison}b`, `a${poison}b`, `${"x".repeat(40)}${poison}`]) {
      assertRefused(() => request({ method: spoilt }), name ?? /^the method/);
      assertRefused(() => request({ target: `/${spoilt}` }), name ?? /^the request target/);
      assertRefused(() => request({ host: spoilt }), name ?? /^header "host": its value/);
      assertRefused(() => request({ headers: [[spoilt, "v"]] }), name ?? /^header ".*": it is no name/);
      assertRefused(() => request({ headers: [["n", spoilt]] }), name ?? /^header "n": its value/);
      assertRefused(() => request({ connection: spoilt as "close" }), name ?? /^header "connection"/);
    }
  });
}

test("line feeds that keep the number of parts right are refused too", () => {
  // One part too many, and one too few: parts are counted by their ends, and there is no part without one.
  assertRefused(() => request({ headers: [["a", "b\nc"]] }), /line feed/);
  assertRefused(() => request({ headers: [["a\nb\nc", "d"]] }), /line feed/);
  assertRefused(() => request({ method: "GET\n/\nhost\na\nx" }), /line feed/);
});

test("names and first lines are what their grammar says", () => {
  for (const method of ["", "G T", "G/T", "G:T", "G\tT"]) {
    assertRefused(() => request({ method }), `the method ${JSON.stringify(method)} cannot be sent`);
  }
  for (const target of ["", "/a b", "/#a", "/\t", " /"]) {
    assertRefused(() => request({ target }), `the request target ${JSON.stringify(target)} cannot be sent`);
  }
  for (const name of ["", " a", "a ", "a b", "a:", "a\t", "(a)", '"']) {
    const message = `header ${JSON.stringify(name)}: it is no name, or one that only the sender may give`;
    assertRefused(() => request({ headers: [[name, "v"]] }), message);
  }
});

test("names by which a sender frames a message or speaks of its connection are the sender's, in any case", () => {
  const own = [
    ...["content-length", "Transfer-Encoding", "CONNECTION", "Keep-Alive", "proxy-connection"],
    ...["Host", "expect", "UPGRADE", "te", "Trailer", "http2-settings"],
  ];
  for (const name of own) assertRefused(() => request({ headers: [[name, "5"]] }), /only the sender/);
});

test("Content-Length is a number of bytes", () => {
  assert.match(request({ framing: Number.MAX_SAFE_INTEGER }), /content-length: 9007199254740991\r\n/);
  for (const framing of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assertRefused(() => request({ framing }), `Content-Length ${framing} is not a number of bytes`);
  }
});

test("CVE-2026-1525: Content-Length cannot be given twice, not even in two cases", () => {
  assertRefused(() => request({ framing: 5, headers: [["Content-Length", "0"]] }), /only the sender/);
  assertRefused(
    () =>
      request({
        headers: [
          ["Content-Length", "5"],
          ["content-length", "0"],
        ],
      }),
    /only the sender/,
  );
});

test("CVE-2026-1527: no option takes a line end, and Upgrade is none of the caller's", () => {
  assertRefused(() => request({ headers: [["upgrade", "websocket\r\nX: y"]] }), /line feed/);
  assertRefused(() => request({ headers: [["upgrade", "websocket"]] }), /only the sender/);
});

/** What node:http's server makes of the same bytes. */
function readByNode(bytes: Uint8Array): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const server = createServer(done).on("clientError", fail);
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, next) => next() });
    server.emit("connection", socket);
    socket.push(bytes);
  });
}

test("what is sent reads back as it was given, here and in node:http", async () => {
  const next = random(17);
  const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)]!;
  const string = (alphabet: string, most: number) =>
    Array.from({ length: Math.floor(next() * most) }, () => pick([...alphabet])).join("");
  for (let round = 0; round < 200; round++) {
    const headers = Array.from({ length: Math.floor(next() * 20) }, (): [string, string] => [
      `x-${string("az09-_.!", 30)}`,
      `v${string("ab \t,;\"'=/\u00e9\u0080\u00ff", 80)}v`,
    ]);
    const parts = {
      ...GET,
      method: pick(["GET", "POST", "M-SEARCH"]),
      target: `/${string("abc/%41?&=", 60)}`,
      headers,
    };
    const bytes = encodeRequestHead(core, parts);
    const ours = new RequestHeadReader(core, LIMITS).read(bytes)!;
    const theirs = await readByNode(bytes);
    const sent = [["host", "a"], ...headers];
    assert.equal([ours.method, ours.target, ours.headers], [parts.method, parts.target, sent]);
    assert.equal([theirs.method, theirs.url, theirs.rawHeaders], [parts.method, parts.target, sent.flat()]);
  }
});

test("a head of a megabyte is sent whole", () => {
  for (const value of ["a".repeat(1_000_000), "\u00e9".repeat(1_000_000)]) {
    const head = new RequestHeadReader(core, LIMITS).read(
      encodeRequestHead(core, { ...GET, headers: [["x", value]] }),
    );
    assert.ok(head!.get("x") === value);
  }
});

test("chunks are framed as the decoder takes them", () => {
  const chunks = [1, 9, 10, 15, 16, 255, 256, 70_000].map((bytes) => "x".repeat(bytes));
  const text = `${chunks.map((chunk) => `${chunkSizeLine(chunk.length)}${chunk}\r\n`).join("")}${LAST_CHUNK}`;
  const { segments, consumed, done } = new ChunkedReader(core).feed(bytesOf(text));
  assert.equal(segments.map(textOf), chunks);
  assert.is(consumed, text.length);
  assert.ok(done);
});

test("random bytes as parts neither trap nor become a head of another shape", () => {
  const next = random(19);
  const arena = core.openArena();
  const input = arena.alloc(256);
  const output = arena.alloc(512);
  const seed = bytesOf("GET\n/\nhost\na\nx-name\na value of some length, caf\xc3\xa9\n");
  for (let round = 0; round < 20_000; round++) {
    const { bytes } = core.memory;
    bytes.set(seed, input);
    for (let edit = Math.floor(next() * 3); edit >= 0; edit--) {
      bytes[input + Math.floor(next() * seed.length)] = next() * 256;
    }
    const fieldCount = Math.floor(next() * 4);
    const encodeHead = core.raw["http.encode_request_head"];
    const length = encodeHead(input, seed.length, 1, fieldCount, output, 512);
    if (length < 0) continue;
    const lines = textOf(bytes.subarray(output, output + length)).split("\r\n");
    assert.is(lines.length, 3 + fieldCount, `round ${round}`);
    assert.not.match(lines.join(""), /[\r\n]/);
  }
  arena.close();
});

test("a closed core sends nothing", () => {
  const own = makeCore();
  own.close();
  assert.throws(
    () => encodeRequestHead(own, GET),
    (error: Error) => error.name === "InvalidStateError",
  );
});

test.run();
