import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Core } from "../../ts/core/core.ts";
import { ChunkedReader, HttpParseError, type RequestHead, RequestHeadReader } from "../../ts/core/http.ts";
import { Status } from "../../ts/core/status.ts";
import { makeCore, random } from "../support/core.ts";
import {
  assertLikewise,
  bytesOf,
  lowerNames,
  readChunked,
  readSized,
  spoiledInputs,
  spoiledMessages,
  textOf,
} from "../support/http.ts";

const LIMITS = { headBytes: 16 * 1024, headerCount: 100, targetBytes: 8 * 1024 };
const core = makeCore();

function read(input: string, limits = LIMITS, on: Core = core): RequestHead | null {
  const reader = new RequestHeadReader(on, limits);
  try {
    return reader.read(bytesOf(input));
  } finally {
    reader.close();
  }
}

/** The status of the answer; 200 for a head that is accepted, 100 for one that is not whole. */
function statusOf(act: () => unknown): number {
  try {
    return act() === null ? 100 : 200;
  } catch (error) {
    assert.instance(error, HttpParseError);
    assert.match((error as Error).message, /^[ -~]+$/, "one line, fit for a response");
    return (error as HttpParseError).status;
  }
}

/** All that a head says. */
function partsOf(head: RequestHead | null) {
  if (head === null) return null;
  const { method, target, targetForm, authority, minorVersion, headers } = head;
  const { contentLength, chunked, keepAlive, expectContinue, expectUnknown, upgrade } = head;
  return {
    ...{ method, target, targetForm, authority, minorVersion, headers },
    ...{ contentLength, chunked, keepAlive, expectContinue, expectUnknown, upgrade },
  };
}

/** Feeds a whole chunked body; its data, or null if it is not whole. */
function decode(input: string): string | null {
  const reader = new ChunkedReader(core);
  try {
    const { segments, done } = reader.feed(bytesOf(input));
    return done ? segments.map(textOf).join("") : null;
  } finally {
    reader.close();
  }
}

const BROWSER = [
  "GET /assets/app/index.html?v=1&lang=en HTTP/1.1",
  "Host: www.example.org:8080",
  "Connection: keep-alive",
  'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Cookie: session=0123456789abcdef; name=caf\u00e9",
  "\r\n",
].join("\r\n");

test("a head becomes strings and numbers", () => {
  const head = read(
    "POST /a%20b?c=d HTTP/1.1\r\nHost: example.org\r\nCONTENT-Length: 4294967301\r\nX-Empty: \t\r\n\r\nhello",
  );
  assert.equal(partsOf(head), {
    method: "POST",
    target: "/a%20b?c=d",
    targetForm: "origin",
    authority: "example.org",
    minorVersion: 1,
    headers: [
      ["host", "example.org"],
      ["content-length", "4294967301"],
      ["x-empty", ""],
    ],
    contentLength: 2 ** 32 + 5,
    chunked: false,
    keepAlive: true,
    expectContinue: false,
    expectUnknown: false,
    upgrade: false,
  });
});

test("a field is found by its name, the first of several, without its likes", () => {
  const head = read(
    "GET /x-a:1 HTTP/1.1\r\nHost: a\r\nX-A: \t one \t\r\nX-a: two\r\nX-AB: three\r\nNX-B: 4\r\nX-Empty:\r\n\r\n",
  )!;
  const found = (name: string) => head.get(name);
  assert.equal(["x-a", "x-ab", "nx-b", "x-empty", "host"].map(found), ["one", "three", "4", "", "a"]);
  assert.equal(["x", "a", "x-b", "get", "two", "x-a:", ""].map(found), Array(7).fill(null));
  assert.is(read("GET / HTTP/1.0\r\n\r\n")!.get("host"), null);
  assert.equal(read("GET / HTTP/1.0\r\n\r\n")!.headers, []);
  assert.is(head.headers, head.headers, "cut once");
});

test("the authority is the target's where it has one, else Host's, else nobody's", () => {
  const authority = (line: string, host: string) => {
    const head = read(`${line}\r\n${host}\r\n`);
    return [head?.targetForm, head?.authority];
  };
  assert.equal(authority("GET / HTTP/1.1", "Host: a:80\r\n"), ["origin", "a:80"]);
  assert.equal(authority("GET / HTTP/1.1", "Host:\r\n"), ["origin", ""]);
  assert.equal(authority("GET / HTTP/1.0", ""), ["origin", null]);
  assert.equal(authority("GET http://b/ HTTP/1.1", "Host: a\r\n"), ["absolute", "b"]);
  assert.equal(authority("OPTIONS * HTTP/1.1", "Host: a\r\n"), ["asterisk", "a"]);
  assert.equal(authority("CONNECT [::1]:443 HTTP/1.0", ""), ["authority", "[::1]:443"]);
});

test("what steers the connection is told: version, Connection, Expect, Upgrade", () => {
  const told = (version: string, lines: string) => {
    const { minorVersion, keepAlive, expectContinue, expectUnknown, upgrade } = read(
      `GET / HTTP/${version}\r\nHost: a\r\n${lines}\r\n`,
    )!;
    return { minorVersion, keepAlive, expectContinue, expectUnknown, upgrade };
  };
  const plain = {
    minorVersion: 1,
    keepAlive: true,
    expectContinue: false,
    expectUnknown: false,
    upgrade: false,
  };
  assert.equal(told("1.1", ""), plain);
  assert.equal(told("1.0", ""), { ...plain, minorVersion: 0, keepAlive: false });
  assert.equal(told("1.0", "Connection: keep-alive\r\n"), { ...plain, minorVersion: 0 });
  assert.equal(told("1.1", "Connection: x, Close\r\n"), { ...plain, keepAlive: false });
  assert.equal(told("1.1", "Expect: 100-continue\r\n"), { ...plain, expectContinue: true });
  assert.equal(told("1.1", "Expect: more\r\n"), { ...plain, expectUnknown: true });
  assert.equal(told("1.1", "Connection: upgrade\r\nUpgrade: h2c\r\n"), { ...plain, upgrade: true });
});

test("values are decoded one byte a code unit, above 0x7f too", () => {
  const value = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join("");
  const long = value.repeat(50);
  assert.equal(read(`GET / HTTP/1.1\r\nHost: a\r\nX: ${value}\r\nY: ${long}\r\n\r\n`)?.headers.slice(1), [
    ["x", value],
    ["y", long],
  ]);
});

test("every byte is accepted at its place exactly where the grammar has it, in blocks and in tails", () => {
  const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;
  const places: [before: string, after: string, allowed: RegExp][] = [
    ["M", " / HTTP/1.1\r\nHost: a\r\n\r\n", token],
    ["GET /", " HTTP/1.1\r\nHost: a\r\n\r\n", /^[!"$-~]$/],
    ["GET / HTTP/1.1\r\nHost: a\r\nN", ": v\r\n\r\n", /^[!#$%&'*+\-.^_`|~0-9A-Za-z:]$/],
    ["GET / HTTP/1.1\r\nHost: a\r\nN: v", "\r\n\r\n", /^[\t -~\x80-\xff]$/],
    ["GET / HTTP/1.1\r\nHost: a", "\r\n\r\n", /^[\t !$&'()*+,\-.0-9:;=A-Z_a-z~]$/],
  ];
  for (const [before, after, allowed] of places) {
    for (let padding = 0; padding < 17; padding++) {
      for (let byte = 0; byte < 256; byte++) {
        const char = String.fromCharCode(byte);
        const accepted = statusOf(() => read(`${before}${char}${after}${"p".repeat(padding)}`)) === 200;
        if (accepted !== allowed.test(char)) {
          assert.unreachable(`byte ${byte} after ${JSON.stringify(before)}, padding ${padding}: ${accepted}`);
        }
      }
    }
  }
});

test("a head cut at any byte is read as the whole is, and its end is found in the right piece", () => {
  const whole = partsOf(read(BROWSER));
  const bytes = bytesOf(`${BROWSER}the body`);
  for (let cut = 0; cut < bytes.length; cut++) {
    const reader = new RequestHeadReader(core, LIMITS);
    const first = reader.read(bytes.subarray(0, cut));
    if (cut < BROWSER.length) {
      assert.is(first, null);
      assert.is(reader.consumed, cut);
      assert.equal(partsOf(reader.read(bytes.subarray(cut))), whole);
      assert.is(reader.consumed, BROWSER.length - cut);
    } else {
      assert.equal(partsOf(first), whole);
      assert.is(reader.consumed, BROWSER.length);
    }
  }
});

test("a head far larger than the first room is read in one piece, in several, and byte by byte", () => {
  const limits = { headBytes: 256 * 1024, headerCount: 3000, targetBytes: 100_000 };
  const lines = Array.from({ length: 2000 }, (_, i) => `X-${i}: ${"v".repeat(i % 100)}\r\n`).join("");
  const text = `GET /${"t".repeat(50_000)} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
  const bytes = bytesOf(text);
  for (const pieceBytes of [1, 1000, 2048, 65_536, bytes.length]) {
    const reader = new RequestHeadReader(core, limits);
    let head: RequestHead | null = null;
    for (let at = 0; head === null; at += pieceBytes) {
      assert.ok(at < bytes.length);
      head = reader.read(bytes.subarray(at, at + pieceBytes));
    }
    assert.is(head.target.length, 50_001);
    assert.is(head.headers.length, 2001);
    assert.equal(head.headers[2000], ["x-1999", "v".repeat(99)]);
  }
});

test("requests that follow each other in one piece are read one after the other", () => {
  const bytes = bytesOf(`${BROWSER}GET /2 HTTP/1.1\r\nHost: a\r\n\r\n${BROWSER}GET /4`);
  const reader = new RequestHeadReader(core, LIMITS);
  const targets: string[] = [];
  for (let rest = bytes, head = reader.read(rest); head; head = reader.read(rest)) {
    targets.push(head.target);
    rest = rest.subarray(reader.consumed);
  }
  assert.equal(targets, ["/assets/app/index.html?v=1&lang=en", "/2", "/assets/app/index.html?v=1&lang=en"]);
  reader.close();
});

/** Requests on which servers are known to differ, and the answer that RFC 9112 or its stricter reading demands. */
const EDGE_CASES: [title: string, status: number, lines: string][] = [
  ["Content-Length with Transfer-Encoding", 400, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"],
  ["Transfer-Encoding with Content-Length", 400, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"],
  ["Transfer-Encoding twice", 400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"],
  ["Transfer-Encoding: xchunked", 400, "Transfer-Encoding: xchunked\r\n"],
  ["Transfer-Encoding: chunked, gzip", 400, "Transfer-Encoding: chunked, gzip\r\n"],
  ["Transfer-Encoding: gzip, chunked", 501, "Transfer-Encoding: gzip, chunked\r\n"],
  ["Content-Length repeated, the same", 400, "Content-Length: 3\r\nContent-Length: 3\r\n"],
  ["Content-Length repeated, differing", 400, "Content-Length: 3\r\nContent-Length: 4\r\n"],
  ["Content-Length repeated in another case", 400, "Content-Length: 3\r\ncontent-length: 3\r\n"],
  ["Content-Length as a list", 400, "Content-Length: 5, 5\r\n"],
  ["Content-Length: +3", 400, "Content-Length: +3\r\n"],
  ["Content-Length: 0x3", 400, "Content-Length: 0x3\r\n"],
  ["Content-Length empty", 400, "Content-Length:\r\n"],
  ["Content-Length of 2^53", 400, "Content-Length: 9007199254740992\r\n"],
  ["Content-Length of 2^64 + 3", 400, "Content-Length: 18446744073709551619\r\n"],
  ["a line ended by LF alone", 400, "A: b\n"],
  ["the head ended by LF alone", 400, "A: b\r\n\n"],
  ["a carriage return within a line", 400, "A: b\rc\r\n"],
  ["CRLF, CR and another byte", 400, "A: b\r\n\rX"],
  ["NUL in a value", 400, "A: b\0c\r\n"],
  ["a control character in a value", 400, "A: b\x0bc\r\n"],
  ["space before the colon", 400, "A : b\r\n"],
  ["an empty name", 400, ": b\r\n"],
  ["a name that is no token", 400, "A@B: c\r\n"],
  ["a line without a colon", 400, "A\r\n"],
  ["obs-fold", 400, "A: b\r\n c\r\n"],
  ["two Hosts", 400, "Host: a\r\n"],
  ["an Expect nobody knows", 200, "Expect: more\r\n"],
  ["nothing special", 200, "A: b\r\n"],
];

for (const [title, status, lines] of EDGE_CASES) {
  test(`${title}: ${status}, whole and byte by byte`, () => {
    const input = `POST / HTTP/1.1\r\nHost: x\r\n${lines}\r\n`;
    assert.is(
      statusOf(() => read(input)),
      status,
    );
    const reader = new RequestHeadReader(core, LIMITS);
    assert.is(
      statusOf(() => {
        let head: RequestHead | null = null;
        for (const byte of bytesOf(input)) head ??= reader.read(Uint8Array.of(byte));
        return head;
      }),
      status,
    );
    reader.close();
  });
}

/** The same, for what must be the whole head. */
const EDGE_HEADS: [title: string, status: number, head: string][] = [
  ["no Host in HTTP/1.1", 400, "GET / HTTP/1.1\r\n\r\n"],
  ["no Host in HTTP/1.0", 200, "GET / HTTP/1.0\r\n\r\n"],
  ["a Host that is none", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
  ["Transfer-Encoding in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["two spaces in the request line", 400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["white space before the first header", 400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n"],
  ["a request line ended by LF alone", 400, "GET / HTTP/1.1\nHost: x\r\n\r\n"],
  ["a method that is no token", 400, "G{T / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a fragment in the target", 400, "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["an asterisk with GET", 400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["HTTP/2.0's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["HTTP/0.9's request", 400, "GET /\r\n\r\n"],
  ["a TLS handshake", 400, "\x16\x03\x01\x02\x00\x01\x00"],
  ["an empty line before the request", 200, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["empty lines without end", 400, "\r\n".repeat(1000)],
  ["a method of 33 letters", 501, `${"M".repeat(33)} / HTTP/1.1\r\n`],
  ["a method without end", 501, "M".repeat(10_000)],
  ["a target over its limit", 414, `GET /${"a".repeat(8192)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["a target without end", 414, `GET /${"a".repeat(100_000)}`],
  ["a header of 200 KB", 431, `GET / HTTP/1.1\r\nHost: x\r\nA: ${"b".repeat(200_000)}\r\n\r\n`],
  ["3,000 headers", 431, `GET / HTTP/1.1\r\nHost: x\r\n${"A:\r\n".repeat(3000)}\r\n`],
];

for (const [title, status, head] of EDGE_HEADS) {
  test(`${title}: ${status}`, () => {
    assert.is(
      statusOf(() => read(head)),
      status,
    );
  });
}

test("limits are met exactly", () => {
  const input = "GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
  const exact = { headBytes: input.length, headerCount: 2, targetBytes: 4 };
  assert.is(
    statusOf(() => read(input, exact)),
    200,
  );
  for (const [name, status] of [
    ["headBytes", 431],
    ["headerCount", 431],
    ["targetBytes", 414],
  ] as const) {
    assert.is(
      statusOf(() => read(input, { ...exact, [name]: exact[name] - 1 })),
      status,
      name,
    );
  }
});

/** What node:http makes of the same bytes. */
function readByNode(input: string): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const server = createServer(done).on("clientError", fail);
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, next) => next() });
    server.emit("connection", socket);
    socket.push(Buffer.from(input, "latin1"));
  });
}

test("heads made at random are read as node:http reads them", async () => {
  const next = random(7);
  const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)]!;
  const string = (alphabet: string, most: number) =>
    Array.from({ length: Math.floor(next() * most) }, () => pick([...alphabet])).join("");
  for (let round = 0; round < 200; round++) {
    const method = pick(["GET", "POST", "OPTIONS", "M-SEARCH"]);
    const target = `/${string("abc/%41?&=+~|", 60)}`;
    const lines = Array.from({ length: Math.floor(next() * 20) }, () => [
      `X-${string("azAZ09-_.!", 30)}`,
      `v${string("ab \t,;\"'=/\u00e9\u0080\u00ff", 80)}v`,
    ]);
    const text = lines.map(([name, value]) => `${name}:${string(" \t", 4)}${value}${string(" \t", 4)}\r\n`);
    const input = `${method} ${target} HTTP/1.1\r\nHost: a\r\n${text.join("")}\r\n`;
    const [ours, theirs] = [read(input), await readByNode(input)];
    assert.is(ours?.method, theirs.method);
    assert.is(ours?.target, theirs.url);
    assert.equal(ours?.headers.flat(), lowerNames(theirs.rawHeaders));
  }
});

/** What node:http's server makes of a request behind which the client says no more; null if it is refused. */
function requestByNode(input: string) {
  return new Promise<{ method: string; target: string; headers: string[]; body: string | null } | null>(
    (done) => {
      let begun = false;
      const server = createServer((request) => {
        begun = true;
        const { method, url, rawHeaders } = request;
        const head = { method: method!, target: url!, headers: rawHeaders };
        let body = "";
        request.setEncoding("latin1").on("data", (text) => {
          body += text;
        });
        request.on("end", () => done({ ...head, body }));
        request.on("error", () => done({ ...head, body: null }));
        request.on("close", () => done({ ...head, body: null }));
      });
      for (const event of ["clientError", "upgrade", "connect", "dropRequest"])
        server.on(event, () => done(null));
      const socket = new Duplex({ read() {}, write: (_chunk, _encoding, next) => next() });
      socket.on("end", () => setImmediate(() => begun || done(null)));
      server.emit("connection", socket);
      socket.push(Buffer.from(input, "latin1"));
      socket.push(null);
    },
  );
}

/** The same by the core; `body` is null if it is not whole, or malformed. */
function requestByCore(input: string) {
  const reader = new RequestHeadReader(core, LIMITS);
  try {
    const head = reader.read(bytesOf(input));
    if (head === null) return null;
    const rest = bytesOf(input).subarray(reader.consumed);
    return { head, ...(head.chunked ? readChunked(core, rest) : readSized(head.contentLength ?? 0, rest)) };
  } catch (error) {
    assert.instance(error, HttpParseError);
    return null;
  } finally {
    reader.close();
  }
}

/** What RFC 9112 lets a server accept, or demands it, and node:http does not. */
const onlyCore = [
  /^[\r\n]*(?!(GET|POST|OPTIONS) )/, // Methods that it does not know: section 3.
  /HTTP\/1\.[2-9]/, // Minor versions to come: RFC 9110 section 2.5.
  /(content-length|transfer-encoding):[^\r]*\t/i, // HTAB behind a value: section 5.
  /^[0-9a-f]+(;[^\r]*)?[ \t]/im, // White space in chunk extensions: section 7.1.1.
  /\r\n0\r\n[\s\S]*content-length/i, // Trailers, which are dropped, whatever they say: section 6.5.1.
];

/** What it accepts, and no grammar has. */
const onlyNode = [
  /^(\r\n)*(?![A-Z]+ (\/[!-"$-~]*|http:\/\/a\/?|\*) HTTP\/1\.\d\r\n)/, // Request lines that are none, HTTP/0.9 among them.
  /^(\r\n){5}/,
  /host:(?![ \t]*(a(:80?)?|\[::1\])[ \t]*\r\n)/i, // Hosts that are none.
  /host:[\s\S]*host:/i, // More than one.
  /^[0-9a-f]+;[^\r]*=[^\r]*$/im, // Some values of chunk extensions.
];

test("requests, whole or spoiled, say the same to node:http's server, or are refused by both", async () => {
  const seed = Number(process.env.SEED ?? 5);
  const next = random(seed);
  const golden = [
    "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-A: caf\xe9\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
    "GET http://a/ HTTP/1.0\r\nAccept: */*\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
  ];
  for (const { input, spoiled } of spoiledMessages(golden, next)) {
    const theirs = await requestByNode(input);
    const ours = requestByCore(input);
    const label = `seed ${seed}: ${JSON.stringify(input)}`;
    if (!spoiled) assert.ok(ours && theirs, label);
    const whole = assertLikewise(input, ours, theirs, { onlyCore, onlyNode }, label);
    if (ours === null || theirs === null) continue;
    assert.is(ours.head.method, theirs.method, label);
    assert.is(ours.head.target, theirs.target, label);
    assert.equal(ours.head.headers.flat(), lowerNames(theirs.headers), label);
    if (whole) assert.is(ours.body, theirs.body, label);
  }
});

test("no byte is read beyond the input, at the very end of memory", () => {
  const own = makeCore();
  const arena = own.openArena();
  const head = arena.alloc(64);
  const state = arena.alloc(56 + 8 * 20);
  own.raw.memory.grow(1);
  const parse = (input: number, length: number) => {
    own.memory.bytes.fill(0, head, head + 64);
    return own.raw["http.parse_request_head"](input, length, head, 16_384, 20, 8192);
  };
  const heads = bytesOf(BROWSER);
  for (let length = 0; length <= heads.length; length++) {
    const input = own.memory.bytes.length - length;
    own.memory.bytes.set(heads.subarray(0, length), input);
    assert.is(parse(input, length), length === heads.length ? length : 0);
  }
  const body = bytesOf("5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n");
  for (let length = 0; length <= body.length; length++) {
    const input = own.memory.bytes.length - length;
    own.memory.bytes.set(body.subarray(0, length), input);
    own.raw["http.init_chunked"](state, 100, 100, 100);
    assert.ok(own.raw["http.feed_chunked"](state, input, length, length, state + 56, 20) >= 0);
  }
  arena.close();
});

test("random bytes and random edits neither trap nor hang, in single pieces and in many", () => {
  const messages = [BROWSER, "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"];
  for (const pieces of spoiledInputs(messages, random(11))) {
    const heads = new RequestHeadReader(core, LIMITS);
    statusOf(() => pieces.some((piece) => heads.read(piece) !== null));
    heads.close();
    const chunks = new ChunkedReader(core);
    statusOf(() => pieces.some((piece) => chunks.feed(piece).done));
    chunks.close();
  }
});

test("chunks of any size, in pieces of any size, give the body as views of what was fed", () => {
  const next = random(3);
  for (let round = 0; round < 300; round++) {
    const most = [1, 10, 1000, 100_000][round % 4]!;
    const chunks = Array.from({ length: 1 + Math.floor(next() * 20) }, () =>
      new Uint8Array(1 + next() * most).map(() => next() * 256),
    );
    const extension = round % 3 === 0 ? ';name="value"' : "";
    const framed = chunks.flatMap((chunk) => [
      bytesOf(`${chunk.length.toString(16)}${extension}\r\n`),
      chunk,
      bytesOf("\r\n"),
    ]);
    const body = Buffer.concat([...framed, bytesOf("0\r\nX-Trailer: t\r\n\r\n")]);
    const input = Buffer.concat([body, bytesOf("GET /")]);

    const reader = new ChunkedReader(core);
    const segments: Uint8Array[] = [];
    let at = 0;
    for (let done = false; !done; ) {
      const pieceBytes = 1 + Math.floor(next() ** 2 * (round % 2 === 0 ? 100 : input.length));
      const piece = reader.feed(input.subarray(at, at + pieceBytes));
      done = piece.done;
      at += piece.consumed;
      assert.ok(piece.segments.every((segment) => segment.buffer === input.buffer && segment.length > 0));
      segments.push(...piece.segments);
    }
    assert.is(at, body.length);
    assert.ok(Buffer.concat(segments).equals(Buffer.concat(chunks)));
  }
});

/** Bodies on which decoders are known to differ. */
const EDGE_BODIES: [title: string, status: number, body: string][] = [
  ["a chunk size of 17 digits", 400, "00000000000000005\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size over 2^53 - 1", 400, "20000000000000\r\n"],
  ["a chunk size of 64 bits", 400, "ffffffffffffffff\r\n"],
  ["a chunk size of +3", 400, "+3\r\nabc\r\n0\r\n\r\n"],
  ["a chunk size of 0x3", 400, "0x3\r\nabc\r\n0\r\n\r\n"],
  ["no chunk size", 400, "\r\nabc\r\n0\r\n\r\n"],
  ["a chunk size ended by LF alone", 400, "3\nabc\r\n0\r\n\r\n"],
  ["a chunk extension ended by LF alone", 400, "3;a\nabc\r\n0\r\n\r\n"],
  ["a chunk extension with a bare CR", 400, "3;a\rb\r\nabc\r\n0\r\n\r\n"],
  ["data longer than its chunk", 400, "3\r\nabcd\r\n0\r\n\r\n"],
  ["data ended by LF alone", 400, "3\r\nabc\n0\r\n\r\n"],
  ["a folded trailer", 400, "0\r\nA: b\r\n c\r\n\r\n"],
  ["extensions of 5 KiB", 413, `3;a=${"b".repeat(5000)}`],
  ["extensions of 20 KiB over many chunks", 413, `1;${"a".repeat(99)}\r\nx\r\n`.repeat(200)],
  ["trailers of 20 KiB", 431, `0\r\n${"A: b\r\n".repeat(4000)}\r\n`],
  ["extensions and trailers", 200, '3 ; a="\\"" ;b\r\nabc\r\n0;c=d\r\nA: b\r\n\r\n'],
  ["a body that is not whole", 100, "3\r\nabc\r\n0\r\n\r"],
];

for (const [title, status, body] of EDGE_BODIES) {
  test(`chunked, ${title}: ${status}`, () => {
    assert.is(
      statusOf(() => decode(body)),
      status,
    );
  });
}

test("a body that is done, refused or closed takes nothing more", () => {
  const done = new ChunkedReader(core);
  done.feed(bytesOf("0\r\n\r\n"));
  const refused = new ChunkedReader(core);
  assert.throws(
    () => refused.feed(bytesOf("x")),
    (error: unknown) => error instanceof HttpParseError,
  );
  const closed = new ChunkedReader(core);
  closed.close();
  for (const reader of [done, refused, closed]) {
    assert.throws(
      () => reader.feed(bytesOf("0")),
      (error: DOMException) => error.name === "InvalidStateError",
    );
    reader.close();
  }
});

test("memory that the parsers were not given is refused", () => {
  const own = makeCore();
  const { raw } = own;
  const arena = own.openArena();
  const head = arena.alloc(1024);
  own.memory.bytes.fill(0, head, head + 1024);
  const end = own.memory.bytes.length;
  for (const address of [0, end, 0xfffffff0, 0xffffffff, head + 4]) {
    assert.is(raw["http.parse_request_head"](head, 1, address, 100, 1, 100), Status.OUT_OF_BOUNDS);
    assert.is(raw["http.init_chunked"](address, 1, 1, 1), Status.OUT_OF_BOUNDS);
    assert.is(raw["http.feed_chunked"](address, head, 1, 1, head, 1), Status.OUT_OF_BOUNDS);
  }
  assert.is(raw["http.parse_request_head"](end, 1, head, 100, 1, 100), Status.OUT_OF_BOUNDS);
  assert.is(raw["http.feed_chunked"](head, head + 512, 1, 1, head + 64, 8), Status.INVALID_STATE);
  own.memory.bytes.fill(0xa5, head, head + 512);
  assert.is(raw["http.parse_request_head"](head + 512, 1, head, 100, 20, 100), Status.INVALID_STATE);
  arena.close();
});

test("no reader leaves memory behind, however it ended", () => {
  assert.is(core.statistics().liveArenas, 0);
  const reader = new RequestHeadReader(core, LIMITS);
  reader.read(bytesOf("GET /"));
  assert.is(core.statistics().liveArenas, 1);
  reader.close();
  reader.close();
  assert.is(core.statistics().liveArenas, 0);
  core.close();
  assert.throws(
    () => reader.read(bytesOf("GET /")),
    (error: Error) => error.name === "InvalidStateError",
  );
});

test.run();
