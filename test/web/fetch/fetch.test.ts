/** What a call of fetch sends and what it resolves with: https://fetch.spec.whatwg.org/. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { FetchInit } from "../../../ts/web/fetch/request.ts";
import { answer, eventually, OK, Rig, rejection, rigged, settled } from "./support.ts";

/** What is sent for a call: the head's lines but those that are always there, and the body. */
async function sent(rig: Rig, input: string | URL | Request, init?: FetchInit): Promise<string[]> {
  const index = rig.peers.length;
  const response = rig.fetch(input, init);
  const peer = await rig.peer(index);
  const request = await peer.request();
  peer.send(answer("", "connection: close\r\n"));
  await response;
  const [head = "", body = ""] = request.split(/\r\n\r\n([\s\S]*)/);
  const usual = /^(host: a|accept: \*\/\*|accept-encoding: .*|user-agent: nanort\/.*)$/;
  return [...head.split("\r\n").filter((line) => !usual.test(line)), body];
}

test("the promise is there at once, before anything is connected to", () =>
  rigged(async (rig) => {
    let settledYet = false;
    const promise = rig.fetch("http://a/");
    promise.then(() => {
      settledYet = true;
    });
    assert.instance(promise, Promise);
    assert.is(rig.peers.length, 0);
    const peer = await rig.peer();
    await peer.request();
    await settled();
    assert.is(settledYet, false);
    peer.send(OK);
    await promise;
  }));

test("a GET says what it wants, and no more", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/path?query#fragment");
    const peer = await rig.peer();
    const lines = (await peer.request()).split("\r\n");
    assert.equal(lines.slice(0, 3), ["GET /path?query HTTP/1.1", "host: a", "accept: */*"]);
    assert.match(lines[3]!, /^user-agent: nanort\/\d/);
    assert.match(lines[4]!, /^accept-encoding: gzip, deflate/);
    assert.equal(lines.slice(5), ["", ""]);
    peer.send(OK);
    await response;
  }));

test("the Response says what the server said, and where it came from", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/path?query#fragment");
    (await rig.peer()).send(
      answer(
        "body",
        "X-Name: \t some value \r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-name: more\r\n",
        "201 As You Like It",
      ),
    );
    const given = await response;
    assert.instance(given, Response);
    assert.is(given.constructor, Response);
    assert.is(Object.prototype.toString.call(given), "[object Response]");
    const { status, statusText, ok, url, redirected, type, bodyUsed } = given;
    assert.equal(
      { status, statusText, ok, url, redirected, type, bodyUsed },
      {
        status: 201,
        statusText: "As You Like It",
        ok: true,
        url: "http://a/path?query",
        redirected: false,
        type: "basic",
        bodyUsed: false,
      },
    );
    assert.is(given.headers.get("x-name"), "some value, more");
    assert.equal(given.headers.getSetCookie(), ["a=1", "b=2"]);
    const copy = given.clone();
    assert.equal([copy.url, copy.type, await copy.text()], ["http://a/path?query", "basic", "body"]);
    assert.is(given.bodyUsed, false);
    assert.equal(new Uint8Array(await given.arrayBuffer()), Uint8Array.from(Buffer.from("body")));
    assert.is(given.bodyUsed, true);
    assert.instance(await rejection(given.text()), TypeError);
  }));

const text = new TextEncoder();
const form = new FormData();
form.append('na"me\n', "line\nline");
form.append("file", new File(["content"], 'na"me.txt', { type: "text/x" }));

const BODIES: [title: string, init: FetchInit, expected: (string | RegExp)[]][] = [
  [
    "text",
    { body: "gr\u00fc\u00df" },
    ["content-length: 6", "content-type: text/plain;charset=UTF-8", "gr\xc3\xbc\xc3\x9f"],
  ],
  ["an empty text", { body: "" }, ["content-length: 0", "content-type: text/plain;charset=UTF-8", ""]],
  ["no body", {}, ["content-length: 0", ""]],
  ["null", { body: null }, ["content-length: 0", ""]],
  ["bytes", { body: text.encode("bytes") }, ["content-length: 5", "bytes"]],
  ["an ArrayBuffer", { body: text.encode("bytes").buffer }, ["content-length: 5", "bytes"]],
  ["a DataView", { body: new DataView(text.encode("bytes").buffer, 1, 2) }, ["content-length: 2", "yt"]],
  [
    "a Blob",
    { body: new Blob(["bl", "ob"], { type: "x/y" }) },
    ["content-length: 4", "content-type: x/y", "blob"],
  ],
  ["a Blob without a type", { body: new Blob(["blob"]) }, ["content-length: 4", "blob"]],
  [
    "URLSearchParams",
    { body: new URLSearchParams({ a: "1 2", b: "&" }) },
    ["content-length: 11", "content-type: application/x-www-form-urlencoded;charset=UTF-8", "a=1+2&b=%26"],
  ],
  [
    "FormData",
    { body: form },
    [
      /^content-length: \d+$/,
      /^content-type: multipart\/form-data; boundary=----formdata-nanort-\d+$/,
      /^(------formdata-nanort-\d+)\r\nContent-Disposition: form-data; name="na%22me%0D%0A"\r\n\r\nline\r\nline\r\n\1\r\nContent-Disposition: form-data; name="file"; filename="na%22me.txt"\r\nContent-Type: text\/x\r\n\r\ncontent\r\n\1--\r\n$/,
    ],
  ],
  [
    "a stream",
    { body: new Blob(["stream"]).stream(), duplex: "half" },
    ["transfer-encoding: chunked", "6\r\nstream\r\n0\r\n\r\n"],
  ],
  [
    "a stream whose length is said",
    { body: new Blob(["stream"]).stream(), duplex: "half", headers: { "content-length": "6" } },
    ["content-length: 6", "stream"],
  ],
  [
    "an async iterable",
    {
      duplex: "half",
      body: (async function* () {
        yield text.encode("one");
        yield new Uint8Array(0);
        yield text.encode("two");
      })(),
    },
    ["transfer-encoding: chunked", "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"],
  ],
  [
    "something else, as text",
    { body: 12 as unknown as string },
    ["content-length: 2", "content-type: text/plain;charset=UTF-8", "12"],
  ],
  [
    "a type of the caller's own",
    { body: "x", headers: { "Content-Type": "a/b" } },
    ["content-length: 1", "content-type: a/b", "x"],
  ],
];

for (const [title, init, expected] of BODIES) {
  test(`a body: ${title}`, () =>
    rigged(async (rig) => {
      const lines = await sent(rig, "http://a/", { method: "POST", ...init });
      assert.is(lines[0], "POST / HTTP/1.1");
      assert.is(lines.length - 1, expected.length, lines.join("\n"));
      for (const [at, line] of expected.entries()) {
        if (typeof line === "string") assert.is(lines[at + 1], line);
        else assert.match(lines[at + 1]!, line);
      }
    }));
}

test("bodies are copied at the call", () =>
  rigged(async (rig) => {
    const bytes = text.encode("before");
    const lines = sent(rig, "http://a/", { method: "POST", body: bytes });
    bytes.fill(0);
    assert.is((await lines).at(-1), "before");
  }));

test("large bodies of every kind arrive whole, as fast as the server reads", () =>
  rigged(async (rig) => {
    const bytes = new Uint8Array(1_000_000).map((_, at) => (at * 7) ^ (at >> 8));
    const expected = Buffer.from(bytes).toString("latin1");
    for (const init of [
      { body: bytes },
      { body: new Blob([bytes]) },
      { body: new Blob([bytes]).stream(), duplex: "half" as const, headers: { "content-length": "1000000" } },
    ]) {
      assert.ok((await sent(rig, "http://a/", { method: "PUT", ...init })).at(-1) === expected);
    }
  }));

const METHODS: [given: string, sent: string][] = [
  ...[
    ["get", "GET"],
    ["Post", "POST"],
    ["delete", "DELETE"],
    ["options", "OPTIONS"],
    ["put", "PUT"],
  ],
  ...[
    ["patch", "patch"],
    ["PATCH", "PATCH"],
    ["chicken", "chicken"],
    ["M-SEARCH", "M-SEARCH"],
  ],
] as [string, string][];

test("methods are normalized as the standard says, and no further", () =>
  rigged(async (rig) => {
    for (const [method, expected] of METHODS) {
      const [line] = await sent(rig, "http://a/", { method });
      assert.is(line, `${expected} / HTTP/1.1`);
    }
  }));

test("headers come from an object, pairs, Headers; the connection's own are left out", () =>
  rigged(async (rig) => {
    const own = {
      connection: "upgrade",
      upgrade: "x",
      te: "x",
      "transfer-encoding": "chunked",
      expect: "100-continue",
      "Keep-Alive": "1",
    };
    for (const headers of [
      { "X-One": "1", "x-two": " 2\t", ...own },
      Object.entries({ "X-One": "1", "x-two": "2", ...own }),
      new Headers({ "X-One": "1", "x-two": "2", ...own }),
      new Map(Object.entries({ "X-One": "1", "x-two": "2", ...own })),
    ]) {
      const lines = await sent(rig, "http://a/", { headers: headers as HeadersInit });
      assert.equal(lines.slice(1, -1), ["x-one: 1", "x-two: 2"]);
    }
  }));

test("a connection that the caller wants closed is not kept, and the server is told", () =>
  rigged(async (rig) => {
    for (const [at, headers] of [
      { Connection: "close" },
      new Headers({ connection: "x, CLOSE" }),
      [["connection", "keep-alive"] as const, ["connection", "close ,x"] as const] as [string, string][],
    ].entries()) {
      const response = rig.fetch("http://a/", { headers });
      const peer = await rig.peer(at);
      assert.ok((await peer.request()).includes("\r\nconnection: close\r\n"));
      peer.send(OK);
      assert.is(await (await response).text(), "ok");
      assert.equal(rig.fetcher.statistics(), { fetches: 0, active: 0, idle: 0 });
    }
    for (const headers of [{ connection: "keep-alive, closed" }, {}]) {
      const response = rig.fetch("http://a/", { headers });
      const peer = await rig.peer(3);
      const request = await peer.request(peer.requests().length + 1);
      assert.not.ok(request.includes("\r\nconnection:"));
      peer.send(OK);
      await (await response).text();
    }
  }));

test("where tasks end with requests, no connection is kept, and each deadline is a fetch's own", () =>
  rigged(
    async (rig) => {
      for (let at = 0; at < 3; at++) {
        const response = rig.fetch("http://a/");
        (await rig.peer(at)).send(OK);
        assert.is(await (await response).text(), "ok");
        assert.equal(rig.fetcher.statistics(), { fetches: 0, active: 0, idle: 0 });
      }
      assert.is(rig.host.clock.pendingTasks, 0);
    },
    { tasksEndWithRequests: true },
  ));

test("a redirect is followed on another connection, where the caller wants each closed", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/", { headers: { connection: "close" } });
    (await rig.peer()).send(answer("", "location: /there\r\n", "302 Found"));
    const peer = await rig.peer(1);
    assert.match(await peer.request(), /^GET \/there HTTP\/1\.1\r\n[\s\S]*\r\nconnection: close\r\n/);
    peer.send(OK);
    assert.is(await (await response).text(), "ok");
  }));

test("what a Request that came in says of its own connection is not handed on", () =>
  rigged(async (rig) => {
    const incoming = { url: "http://a/", method: "GET", headers: new Headers({ connection: "close" }) };
    const request = Object.assign(Object.create({ [Symbol.toStringTag]: "Request" }), incoming);
    request.body = null;
    const response = rig.fetch(request);
    const peer = await rig.peer();
    assert.not.ok((await peer.request()).includes("\r\nconnection:"));
    peer.send(OK);
    await (await response).text();
    assert.is(rig.fetcher.statistics().idle, 1);
  }));

test("accept, user-agent, accept-encoding and host are the caller's when given", () =>
  rigged(async (rig) => {
    const headers = { accept: "a/b", "user-agent": "u", "accept-encoding": "identity", host: "virtual:8" };
    const response = rig.fetch("http://a/", { headers });
    const peer = await rig.peer();
    const lines = (await peer.request()).split("\r\n");
    assert.equal(lines.slice(1, -2), [
      "host: virtual:8",
      "accept: a/b",
      "user-agent: u",
      "accept-encoding: identity",
    ]);
    peer.send(OK);
    await response;
  }));

test("a part of a body is asked for without encoding", () =>
  rigged(async (rig) => {
    assert.equal((await sent(rig, "http://a/", { headers: { range: "bytes=0-1" } })).slice(1), [
      "range: bytes=0-1",
      "",
    ]);
    assert.ok(rig.peers[0]!.received.includes("\r\naccept-encoding: identity\r\n"));
  }));

test("a Request says everything, and init says it over", () =>
  rigged(async (rig) => {
    const request = () =>
      new Request("http://a/r", { method: "PUT", body: "body", headers: { "x-own": "1", host: "other" } });
    assert.equal(await sent(rig, request()), [
      ...[
        "PUT /r HTTP/1.1",
        "content-length: 4",
        "content-type: text/plain;charset=UTF-8",
        "x-own: 1",
        "body",
      ],
    ]);
    assert.equal(await sent(rig, request(), { method: "POST", body: "other", headers: { "x-new": "2" } }), [
      ...[
        "POST /r HTTP/1.1",
        "content-length: 5",
        "x-new: 2",
        "content-type: text/plain;charset=UTF-8",
        "other",
      ],
    ]);
    assert.is((await sent(rig, request(), { body: null }))[1], "content-length: 0");
    const used = request();
    await sent(rig, used);
    assert.is(used.bodyUsed, true);
    assert.match(
      (await rejection(rig.fetch(used))).message,
      /^fetch: the body of the Request has been used already$/,
    );
  }));

test("a Request's body that comes slowly is sent as it comes", () =>
  rigged(async (rig) => {
    let send!: (text: string | null) => void;
    const body = new ReadableStream({
      start(controller) {
        send = (piece) => (piece === null ? controller.close() : controller.enqueue(text.encode(piece)));
      },
    });
    const request = new Request("http://a/", { method: "POST", body, duplex: "half" } as RequestInit);
    const response = rig.fetch(request);
    const peer = await rig.peer();
    await eventually(() => peer.received.endsWith("\r\n\r\n"));
    send("one");
    await eventually(() => peer.received.endsWith("3\r\none\r\n"));
    send("two");
    send(null);
    await peer.request();
    assert.ok(peer.received.endsWith("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
    peer.send(OK);
    await response;
  }));

test("HEAD, 204, 205 and 304 have no body, whatever they say of one", () =>
  rigged(async (rig) => {
    const rows: [method: string, status: string][] = [
      ...[
        ["HEAD", "200 OK"],
        ["GET", "204 No Content"],
        ["GET", "304 Not Modified"],
      ],
    ] as [string, string][];
    for (const [method, status] of rows) {
      const response = rig.fetch("http://a/", { method });
      const peer = rig.peers[0] ?? (await rig.peer());
      await peer.request(peer.requests().length + 1);
      const length = status.startsWith("204") ? "" : "content-length: 5\r\n";
      peer.send(`HTTP/1.1 ${status}\r\n${length}etag: "x"\r\n\r\n`);
      const given = await response;
      assert.equal([given.body, given.headers.get("etag")], [null, '"x"']);
    }
    const reset = rig.fetch("http://a/");
    const peer = rig.peers.at(-1)!;
    await peer.request(peer.requests().length + 1);
    peer.send("HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n");
    assert.is((await reset).body, null);
    assert.is(rig.peers.length, 1);
  }));

test("interim responses are skipped, in whatever pieces they come", () =>
  rigged(
    async (rig) => {
      const response = rig.fetch("http://a/", { method: "POST", body: "x" });
      (await rig.peer()).send(
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
      );
      assert.is(await (await response).text(), "ok");
      assert.is((await response).headers.get("link"), null);
    },
    { pieceBytes: 1 },
  ));

test("bodies framed by length, by chunks, and by the end of the connection", () =>
  rigged(async (rig) => {
    const bodies = [
      ["content-length: 6\r\n", "abcdef"],
      ["transfer-encoding: chunked\r\n", "3\r\nabc\r\n1;x=y\r\nd\r\n2\r\nef\r\n0\r\ntrailer: t\r\n\r\n"],
      ["", "abcdef"],
    ];
    for (const [index, [framing, body]] of bodies.entries()) {
      const response = rig.fetch("http://a/");
      const peer = index === 2 ? rig.peers[0]! : await rig.peer(0);
      await peer.request(index + 1);
      peer.send(`HTTP/1.1 200 OK\r\n${framing}\r\n${body}`);
      if (index === 2) peer.socket.end();
      assert.is(await (await response).text(), "abcdef");
    }
  }));

test("a body waits for its reader, and the server with it", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/");
    const peer = await rig.peer();
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n");
    let taken = 0;
    const piece = 10_000;
    const given = await response;
    while (peer.socket.write(new Uint8Array(piece)) && taken < 10_000_000) {
      taken += piece;
      await settled();
    }
    assert.ok(taken < 1_000_000, `${taken} bytes were taken, though nobody reads`);
    const all = given.arrayBuffer();
    for (let written = taken + piece; written < 10_000_000; written += piece) {
      peer.socket.write(new Uint8Array(piece));
    }
    assert.is((await all).byteLength, 10_000_000);
  }));

test("an abort while the body is read: the reader gets the reason, and the connection goes", () =>
  rigged(async (rig) => {
    const controller = new AbortController();
    const response = rig.fetch("http://a/", { signal: controller.signal });
    const peer = await rig.peer();
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    const reader = (await response).body!.getReader();
    assert.is((await reader.read()).value!.length, 3);
    const failure = rejection(reader.read());
    controller.abort("why not");
    assert.is(await failure, "why not" as unknown as Error);
    await eventually(() => peer.closed);
  }));

test("a signal that is aborted already: nothing is sent", () =>
  rigged(async (rig) => {
    const reason = new Error("before");
    let cancelled: unknown;
    const body = new ReadableStream({
      cancel(given) {
        cancelled = given;
      },
    });
    const init = { method: "POST", body, duplex: "half" as const, signal: AbortSignal.abort(reason) };
    assert.is(await rejection(rig.fetch("http://a/", init)), reason);
    await settled();
    assert.is(cancelled, reason);
    assert.is(rig.peers.length, 0);
  }));

test("a signal outlives its fetches without holding on to them", () =>
  rigged(async (rig) => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove.apply(signal, args);
    };
    const response = rig.fetch("http://a/", { signal });
    (await rig.peer()).send(OK);
    await response;
    assert.is(listeners, 0);
  }));

test("data: and blob: URLs need no network", () =>
  rigged(async (rig) => {
    const ROWS: [url: string, type: string, body: string][] = [
      ["data:,hello%20there", "text/plain;charset=US-ASCII", "hello there"],
      ["data:text/html;charset=utf-8,<p>%C3%BC</p>#frag", "text/html;charset=utf-8", "<p>\u00fc</p>"],
      ["data:;base64,aGVsbG8=", "text/plain;charset=US-ASCII", "hello"],
      ["data:;charset=x,y", "text/plain;charset=x", "y"],
      ["data:IMAGE/gif;base64,%61GVs bG8", "image/gif", "hello"],
      ["data:nonsense,x", "text/plain;charset=US-ASCII", "x"],
      ["data:text/plain,a?b=c", "text/plain", "a?b=c"],
    ];
    for (const [url, type, body] of ROWS) {
      const response = await rig.fetch(url);
      assert.equal(
        [response.status, response.headers.get("content-type"), await response.text()],
        [200, type, body],
        url,
      );
    }
    assert.match(
      (await rejection(rig.fetch("data:text/plain"))).message,
      /^fetch: the data: URL has no comma$/,
    );
    assert.match(
      (await rejection(rig.fetch("data:;base64,a"))).message,
      /^fetch: the data: URL is not base64/,
    );
    const url = URL.createObjectURL(new Blob(["blob"]));
    assert.is(await (await rig.fetch(url)).text(), "blob");
    URL.revokeObjectURL(url);
    assert.instance(await rejection(rig.fetch(url)), TypeError);
  }));

test("integrity: the body is the one that was meant, or the fetch fails", () =>
  rigged(async (rig) => {
    const good = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="; // "hello"
    let requests = 0;
    const get = async (integrity: string) => {
      const response = rig.fetch("http://a/", { integrity });
      const peer = await rig.peer();
      await peer.request(++requests);
      peer.send(answer("hello"));
      return (await response).text();
    };
    assert.is(await get(`md5-x sha256-AAAA ${good}`), "hello");
    assert.is(await get("md5-unknown"), "hello");
    const error = await rejection(get("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    assert.match(
      error.message,
      /^fetch: the body is not the one that integrity asks for: it is sha256-LPJNul/,
    );
    assert.instance(await rejection(get(`${good} sha512-AAAA`)), TypeError);
  }));

const BAD_CALLS: [title: string, input: unknown, init: unknown, error: string, message: RegExp][] = [
  ["no URL", "nowhere", undefined, "TypeError", /^fetch: "nowhere" is no absolute URL$/],
  ["undefined", undefined, undefined, "TypeError", /^fetch: "undefined" is no absolute URL$/],
  [
    "credentials in the URL",
    "http://u:p@a/",
    undefined,
    "TypeError",
    /^fetch: the URL holds credentials; send them in/,
  ],
  ["another scheme", "ftp://a/", undefined, "TypeError", /^fetch: ftp: is no scheme that can be fetched$/],
  ["about:blank", "about:blank", undefined, "TypeError", /^fetch: about: is no scheme/],
  ["file", "file:///etc/passwd", undefined, "TypeError", /^fetch: file: is no scheme/],
  [
    "a blocked port",
    "http://a:6000/",
    undefined,
    "TypeError",
    /^fetch: port 6000 is blocked: another protocol/,
  ],
  [
    "a method that is no token",
    "http://a/",
    { method: "GET / HTTP/1.1\r\n" },
    "TypeError",
    /^fetch: init.method is no token$/,
  ],
  [
    "CONNECT",
    "http://a/",
    { method: "connect" },
    "TypeError",
    /^fetch: CONNECT is a method that cannot be fetched with$/,
  ],
  ["TRACE", "http://a/", { method: "TRACE" }, "TypeError", /^fetch: TRACE is a method/],
  ["a GET with a body", "http://a/", { body: "x" }, "TypeError", /^fetch: GET has no body$/],
  [
    "a HEAD with a body",
    "http://a/",
    { method: "HEAD", body: "x" },
    "TypeError",
    /^fetch: HEAD has no body$/,
  ],
  [
    "a stream without duplex",
    "http://a/",
    { method: "POST", body: new ReadableStream() },
    "TypeError",
    /^fetch: a body that is a stream needs init.duplex: "half"$/,
  ],
  [
    "a redirect mode that is none",
    "http://a/",
    { redirect: "x" },
    "TypeError",
    /^fetch: init.redirect: x is no mode$/,
  ],
  [
    "a signal that is none",
    "http://a/",
    { signal: {} },
    "TypeError",
    /^fetch: init.signal is no AbortSignal$/,
  ],
  ["init that is no object", "http://a/", 1, "TypeError", /^fetch: argument 2 \(init\) is not an object$/],
  [
    "headers that are no object",
    "http://a/",
    { headers: "x" },
    "TypeError",
    /^fetch: init.headers is not an object$/,
  ],
  [
    "headers that are no pairs",
    "http://a/",
    { headers: [["a", "b", "c"]] },
    "TypeError",
    /^fetch: init.headers holds something that is no pair/,
  ],
  [
    "a header that is no token",
    "http://a/",
    { headers: { "a b": "c" } },
    "TypeError",
    /^fetch: "a b" is no header name$/,
  ],
  [
    "an empty header name",
    "http://a/",
    { headers: { "": "c" } },
    "TypeError",
    /^fetch: "" is no header name$/,
  ],
  [
    "a Content-Length that is none",
    "http://a/",
    { headers: { "content-length": "-1" } },
    "TypeError",
    /^fetch: Content-Length "-1" is no number of bytes$/,
  ],
  [
    "a deadline that is none",
    "http://a/",
    { timeout: 0 },
    "RangeError",
    /^fetch: init.timeout.total: 0 is not an integer from 1 to 2147483647, or Infinity$/,
  ],
  [
    "a deadline nobody knows",
    "http://a/",
    { timeout: { heads: 1 } },
    "TypeError",
    /^fetch: init.timeout.heads: no such option; there are connect/,
  ],
];

for (const [title, input, init, name, message] of BAD_CALLS) {
  test(`refused before anything is sent: ${title}`, () =>
    rigged(async (rig) => {
      const error = await rejection(rig.fetcher.fetch(input as string, init as FetchInit));
      assert.is(error.name, name);
      assert.match(error.message, message);
      assert.is(rig.peers.length, 0);
    }));
}

test("nothing smuggles CR, LF or NUL, or a character that would become one", () =>
  rigged(async (rig) => {
    const bad = ["\r", "\n", "\0", "\r\nx: y", "\u010d", "\u010a", "\x7f", "\x01", "\u2028"];
    for (const evil of bad) {
      const value = `a${evil}b`;
      for (const init of [
        { headers: { x: value } },
        { headers: { [value]: "x" } },
        { headers: { host: value } },
        { method: value },
        { method: "POST", body: new Blob(["x"]), headers: { "content-type": value } },
      ]) {
        assert.instance(await rejection(rig.fetch("http://a/", init)), TypeError, JSON.stringify(init));
      }
      // The URL parser takes these out, or encodes them.
      const [line] = await sent(rig, `http://a/${evil}?${evil}`);
      assert.match(line!, /^GET \/[^\s]*\?[^\s]* HTTP\/1\.1$/);
    }
    const typed = new Blob(["x"], { type: "a/b\r\nx: y" });
    assert.not.match((await sent(rig, "http://a/", { method: "POST", body: typed })).join("\n"), /^x: y$/m);
  }));

const BROKEN_BODIES: [title: string, init: FetchInit, message: RegExp][] = [
  [
    "fails",
    { body: new ReadableStream({ pull: () => Promise.reject(new Error("no more")) }) },
    /failed: no more$/,
  ],
  [
    "holds text",
    { body: new ReadableStream({ start: (c) => c.enqueue("text") }) },
    /failed: it holds a piece that is no Uint8Array$/,
  ],
  [
    "is too long",
    { body: new Blob(["12345"]).stream(), headers: { "content-length": "4" } },
    /failed: it is longer than its Content-Length, 4$/,
  ],
  [
    "is too short",
    { body: new Blob(["123"]).stream(), headers: { "content-length": "4" } },
    /failed: it has 3 bytes, and its Content-Length says 4$/,
  ],
];

for (const [title, init, message] of BROKEN_BODIES) {
  test(`a body that ${title} breaks the connection off: a wrong end does not look like a right one`, () =>
    rigged(async (rig) => {
      const failure = rejection(rig.fetch("http://a/", { method: "POST", duplex: "half", ...init }));
      const peer = await rig.peer();
      const error = await failure;
      assert.instance(error, TypeError);
      assert.match(error.message, message);
      await eventually(() => peer.closed);
      assert.not.ok(peer.received.endsWith("0\r\n\r\n"));
    }));
}

test("once the runtime is closed, fetch rejects with InvalidStateError", async () => {
  const rig = new Rig();
  await rig.listen();
  rig.fetcher.close();
  rig.loop.close();
  rig.core.close();
  assert.is((await rejection(rig.fetch("http://a/"))).name, "InvalidStateError");
  await settled();
  assert.is(rig.peers.length, 0);
});

test("white space is taken off the ends of values in a time that grows with its length alone", () =>
  rigged(async (rig) => {
    const long = " ".repeat(2 ** 20);
    const response = rig.fetch("http://a/", { headers: { "x-long": ` \t\n\r a${long}b \r\n` } });
    const peer = await rig.peer();
    assert.ok((await peer.request()).includes(`\r\nx-long: a${long}b\r\n`));
    peer.send(OK);
    await response;
    for (const type of [`${long}x`, `a/b${long}c`, `a/b${long};${long}x`]) await rig.fetch(`data:${type},x`);
  }));

test.run();
