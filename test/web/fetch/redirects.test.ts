/** Redirects, as https://fetch.spec.whatwg.org/#http-redirect-fetch has them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { FetchInit } from "../../../ts/web/fetch/request.ts";
import { answer, OK, type Rig, rejection, rigged } from "./support.ts";

/** Answers the first request with a redirect; what is asked next, as method, target, host, and what is left of the rest. */
async function follow(rig: Rig, status: number, location: string, init: FetchInit): Promise<string[]> {
  const response = rig.fetch("http://a/here?q#part", init);
  const first = await rig.peer();
  await first.request();
  const head = init.method === "HEAD";
  first.send(answer(head ? "" : "moved", `location: ${location}\r\n`, `${status} Moved`));
  const same = location.startsWith("/") || location.startsWith("http://a/");
  const second = same ? first : await rig.peer(1);
  const request = (await second.request(same ? 2 : 1))!;
  second.send(head ? answer("") : OK);
  assert.is(await (await response).text(), head ? "" : "ok");
  assert.is((await response).redirected, true);
  const [start = "", body = ""] = request.split("\r\n\r\n");
  const [line = "", ...fields] = start.split("\r\n");
  const ours = /^(accept|accept-encoding|user-agent|content-length): /;
  return [line.replace(" HTTP/1.1", ""), ...fields.filter((field) => !ours.test(field)), body];
}

const BODY = { body: "sent", headers: { "content-type": "text/x", "x-own": "1" } };

for (const status of [301, 302, 303, 307, 308]) {
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE"]) {
    const bodied = method !== "GET" && method !== "HEAD";
    const becomesGet = (status < 303 && method === "POST") || (status === 303 && bodied);
    test(`${status} of ${method} is followed by ${becomesGet ? "GET without a body" : `the same, ${bodied ? "body and all" : "again"}`}`, () =>
      rigged(async (rig) => {
        const next = await follow(rig, status, "/there", { method, ...(bodied ? BODY : {}) });
        const kept = bodied && !becomesGet;
        assert.equal(next, [
          `${becomesGet ? "GET" : method} /there`,
          "host: a",
          ...(kept ? ["content-type: text/x"] : []),
          ...(bodied ? ["x-own: 1"] : []),
          kept ? "sent" : "",
        ]);
      }));
  }
}

test("what is meant for one origin is not told to another: credentials, cookies, a Host", () =>
  rigged(async (rig) => {
    const headers = {
      authorization: "a",
      cookie: "c",
      "proxy-authorization": "p",
      host: "virtual",
      "x-own": "1",
    };
    const next = await follow(rig, 302, "http://b/there", { headers });
    assert.equal(next, ["GET /there", "host: b", "x-own: 1", ""]);
  }));

test("another port and another scheme are other origins", () =>
  rigged(async (rig) => {
    await rig.listen(8080);
    await rig.listen(443);
    for (const location of ["http://a:8080/", "https://a/"]) {
      const response = rig.fetch("http://a/", { headers: { authorization: "a" } });
      const before = rig.peers.length;
      const first = rig.peers.findIndex(({ closed }) => !closed);
      const peer = await rig.peer(first < 0 ? before : first);
      const count = peer.requests().length + 1;
      assert.match(await peer.request(count), /authorization/);
      peer.send(answer("", `location: ${location}\r\n`, "307 Moved"));
      const next = await rig.peer(before === 0 ? 1 : before);
      assert.not.match(await next.request(), /authorization/);
      next.send(OK);
      await response;
    }
  }));

test("the same origin is told the same", () =>
  rigged(async (rig) => {
    const next = await follow(rig, 308, "http://a/there", {
      headers: { authorization: "a", cookie: "c", host: "v" },
    });
    assert.equal(next, ["GET /there", "host: v", "authorization: a", "cookie: c", ""]);
  }));

test("the URL of the response is the last one; its fragment comes from the first, unless there is another", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/#first");
    const peer = await rig.peer();
    await peer.request();
    peer.send(answer("", "location: b/../c?d\r\n", "301 Moved"));
    assert.match(await peer.request(2), /^GET \/c\?d /);
    peer.send(OK);
    assert.is((await response).url, "http://a/c?d");
  }));

test("a Location in UTF-8 is taken as such", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/");
    const peer = await rig.peer();
    await peer.request();
    peer.send(Buffer.from(answer("", "location: /gr\u00fc\u00dfe\r\n", "301 Moved"), "utf8"));
    assert.match(await peer.request(2), /^GET \/gr%C3%BC%C3%9Fe /);
    peer.send(OK);
    await response;
  }));

test("without Location, and with redirect: manual, the redirect is the response", () =>
  rigged(async (rig) => {
    for (const [init, location] of [
      [{}, ""],
      [{ redirect: "manual" }, "location: /b\r\n"],
    ] as [FetchInit, string][]) {
      const response = rig.fetch("http://a/", init);
      const peer = await rig.peer();
      await peer.request(peer.requests().length + 1);
      peer.send(answer("body", location, "302 Found"));
      const { status, redirected, headers } = await response;
      assert.equal([status, redirected, headers.get("location")], [302, false, location ? "/b" : null]);
      assert.is(await (await response).text(), "body");
    }
  }));

const REFUSED: [title: string, init: FetchInit, status: number, location: string, message: RegExp][] = [
  [
    "redirect: error",
    { redirect: "error" },
    302,
    "/b",
    /^fetch: the response is a redirect \(302\), and init.redirect is "error"$/,
  ],
  ["no URL", {}, 302, "http://[", /^fetch: the redirect's Location is no URL$/],
  ["another scheme", {}, 302, "ftp://a/", /^fetch: ftp: is no scheme that can be fetched$/],
  ["a local file", {}, 302, "file:///etc/passwd", /^fetch: file: is no scheme/],
  ["data", {}, 302, "data:,x", /^fetch: data: is no scheme/],
  ["a blocked port", {}, 302, "http://a:25/", /^fetch: port 25 is blocked/],
  [
    "credentials for another origin",
    {},
    302,
    "http://u:p@b/",
    /^fetch: the redirect's Location holds credentials$/,
  ],
  [
    "a stream, which was sent",
    { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" },
    307,
    "/b",
    /^fetch: a redirect with status 307 asks for the body again, which was a stream$/,
  ],
];

for (const [title, init, status, location, message] of REFUSED) {
  test(`not followed: ${title}`, () =>
    rigged(async (rig) => {
      const failure = rejection(rig.fetch("http://a/", init));
      const peer = await rig.peer();
      await peer.request();
      peer.send(answer("", `location: ${location}\r\n`, `${status} Moved`));
      const error = await failure;
      assert.instance(error, TypeError);
      assert.match(error.message, message);
    }));
}

for (const [maxRedirects, options] of [
  [20, {}],
  [0, { fetch: { maxRedirects: 0 } }],
  [3, { fetch: { maxRedirects: 3 } }],
] as const) {
  test(`a loop ends after ${maxRedirects} redirects`, () =>
    rigged(async (rig) => {
      const failure = rejection(rig.fetch("http://a/"));
      const peer = await rig.peer();
      for (let count = 1; count <= maxRedirects + 1; count++) {
        await peer.request(count);
        peer.send(answer("", "location: /\r\n", "302 Found"));
      }
      const error = await failure;
      assert.instance(error, TypeError);
      assert.is(error.message, `fetch: more than ${maxRedirects} redirects; the last is 302`);
      assert.is(peer.requests().length, maxRedirects + 1);
    }, options));
}

test("a body that comes with the redirect later ends its connection", () =>
  rigged(async (rig) => {
    const response = rig.fetch("http://a/");
    const peer = await rig.peer();
    await peer.request();
    peer.send("HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 1000000\r\n\r\nmore");
    const next = await rig.peer(1);
    await next.request();
    next.send(OK);
    assert.is(await (await response).text(), "ok");
    assert.ok(peer.closed);
  }));

for (const status of [301, 302, 303, 307, 308]) {
  test(`redirect: error refuses ${status}, with and without Location`, () =>
    rigged(async (rig) => {
      for (const location of ["", "location: /b\r\n"]) {
        const failure = rejection(rig.fetch("http://a/", { redirect: "error" }));
        const peer = await rig.peer(rig.peers.length);
        await peer.request();
        peer.send(answer("", location, `${status} Moved`));
        const error = await failure;
        assert.instance(error, TypeError);
        assert.is(
          error.message,
          `fetch: the response is a redirect (${status}), and init.redirect is "error"`,
        );
      }
    }));
}

test("redirect: error is for redirects alone", () =>
  rigged(async (rig) => {
    for (const status of [300, 304, 305, 306]) {
      const response = rig.fetch("http://a/", { redirect: "error" });
      const peer = await rig.peer();
      await peer.request(peer.requests().length + 1);
      peer.send(`HTTP/1.1 ${status} x\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n`);
      assert.is((await response).status, status);
    }
  }));

test.run();
