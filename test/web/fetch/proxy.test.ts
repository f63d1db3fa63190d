/** Proxies: who goes through which, what it is told, and what becomes of its refusals. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { publicAddressesOnly } from "../../../ts/web/fetch/addresses.ts";
import { Proxies, proxiesFromEnvironment } from "../../../ts/web/fetch/proxy.ts";
import { answer, eventually, OK, type Rig, rejection, rigged } from "./support.ts";

const at = (given: ConstructorParameters<typeof Proxies>[0], url: string): string | null => {
  const proxy = new Proxies(given).for(new URL(url));
  return proxy && `${proxy.secure ? "https" : "http"}://${proxy.hostname}:${proxy.port}`;
};

test("one proxy for all, or one a scheme, or none", () => {
  assert.is(at(undefined, "http://a/"), null);
  assert.is(at("http://p:3128", "http://a/"), "http://p:3128");
  assert.is(at(new URL("https://p"), "https://a/"), "https://p:443");
  assert.is(at("p:8080", "https://a/"), "http://p:8080");
  assert.is(at("http://[::1]", "http://a/"), "http://::1:80");
  assert.is(at({ http: "http://p" }, "https://a/"), null);
  assert.is(at({ https: "http://p" }, "https://a/"), "http://p:80");
});

test("NO_PROXY: hosts with all below them, ports, addresses, everybody", () => {
  const ROWS: [no: string, url: string, direct: boolean][] = [
    ["a.example", "http://a.example/", true],
    ["a.example", "http://x.a.example/", true],
    ["a.example", "http://xa.example/", false],
    [".a.example", "http://a.example/", true],
    ["*.a.example", "http://x.a.example/", true],
    ["A.Example , b", "http://a.example/", true],
    ["x, b", "http://b/", true],
    ["a:8080", "http://a:8080/", true],
    ["a:8080", "http://a/", false],
    ["a:80", "http://a/", true],
    ["a:443", "https://a/", true],
    ["*", "http://anything/", true],
    ["127.0.0.1", "http://127.0.0.1/", true],
    ["0.0.1", "http://127.0.0.1/", false],
    ["::1", "http://[::1]/", true],
    ["[::1]:8080", "http://[::1]:8080/", true],
    ["[::1]:8080", "http://[::1]/", false],
    ["", "http://a/", false],
  ];
  for (const [no, url, direct] of ROWS) {
    const options = { http: "http://p", https: "http://p", no };
    assert.is(at(options, url) === null, direct, `${no} and ${url}`);
  }
  assert.is(at({ http: "http://p", no: ["a", "b"] }, "http://b/"), null);
});

test("the environment's variables, in small letters or capitals, as curl has them", () => {
  const env = { http_proxy: "http://a", HTTPS_PROXY: "http://b", NO_PROXY: "c" };
  assert.equal(proxiesFromEnvironment(env), { http: "http://a", https: "http://b", no: "c" });
  assert.equal(proxiesFromEnvironment({ ALL_PROXY: "http://p", https_proxy: "http://q" }), {
    ...{ http: "http://p", https: "http://q", no: undefined },
  });
  // What a CGI program finds there came with the request: "httpoxy".
  assert.is(proxiesFromEnvironment({ HTTP_PROXY: "http://evil", REQUEST_METHOD: "GET" }).http, undefined);
  assert.is(at(proxiesFromEnvironment({}), "http://a/"), null);
});

test("what is no proxy is refused, without its password in the message", () => {
  for (const [proxy, message] of [
    ["socks5://p", /^fetch.proxy: socks5: is no scheme of a proxy; http: and https: are$/],
    ["http://user:secret@[", /^fetch.proxy is not a URL$/],
  ] as const) {
    assert.throws(() => new Proxies(proxy), message);
  }
});

const PROXY = { fetch: { proxy: "http://us%20er:p%C3%A4ss@proxy:3128" } };
const CREDENTIALS = `proxy-authorization: Basic ${Buffer.from("us er:p\u00e4ss").toString("base64")}`;

async function proxied(use: (rig: Rig) => Promise<void>, options = PROXY): Promise<void> {
  await rigged(async (rig) => {
    await rig.listen(3128);
    await use(rig);
  }, options);
}

test("http: the proxy is told the whole URL, and who asks; nobody else is", () =>
  proxied(async (rig) => {
    const response = rig.fetch("http://a:8080/path?query#x", { headers: { "x-own": "1" } });
    const peer = await rig.peer();
    const lines = (await peer.request()).split("\r\n");
    assert.equal(lines.slice(0, 2), ["GET http://a:8080/path?query HTTP/1.1", "host: a:8080"]);
    assert.ok(lines.includes(CREDENTIALS));
    peer.send(OK);
    assert.is(await (await response).text(), "ok");
  }));

test("https: a tunnel, in which the proxy's credentials do not travel", () =>
  proxied(async (rig) => {
    const response = rig.fetch("https://a/path");
    const peer = await rig.peer();
    assert.is(await peer.request(), `CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n${CREDENTIALS}\r\n\r\n`);
    peer.send("HTTP/1.1 200 Connection established\r\nvia: x\r\n\r\n");
    const request = await peer.request(2);
    assert.match(request, /^GET \/path HTTP\/1\.1\r\nhost: a\r\n/);
    assert.not.match(request, /proxy-authorization/);
    peer.send(OK);
    assert.is(await (await response).text(), "ok");
    const again = rig.fetch("https://a/again");
    assert.match(await peer.request(3), /^GET \/again /);
    peer.send(OK);
    await again;
    assert.is(rig.peers.length, 1);
  }));

const REFUSALS: [title: string, answer: string | null, message: RegExp][] = [
  [
    "refuses",
    "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
    /: it answered CONNECT a:443 with 407 Proxy Authentication Required$/,
  ],
  ["talks nonsense", "SSH-2.0\r\n\r\n", /: the status line is not/],
  ["says more than it should", "HTTP/1.1 200 OK\r\n\r\nmore", /: it spoke before the tunnel was used$/],
  ["hangs up", null, /: it closed the connection instead of answering CONNECT$/],
];

for (const [title, given, message] of REFUSALS) {
  test(`a proxy that ${title}`, () =>
    proxied(async (rig) => {
      const failure = rejection(rig.fetch("https://a/"));
      const peer = await rig.peer();
      await peer.request();
      if (given === null) peer.socket.end();
      else peer.send(given);
      const error = (await failure) as Error & { cause: { host: string; port: number } };
      assert.instance(error, TypeError);
      assert.match(error.message, /^proxy proxy:3128: /);
      assert.match(error.message, message);
      assert.equal([error.cause.host, error.cause.port], ["proxy", 3128]);
      await eventually(() => peer.closed);
    }));
}

test("an abort and a deadline while the proxy makes the tunnel", () =>
  proxied(async (rig) => {
    const controller = new AbortController();
    const aborted = rejection(rig.fetch("https://a/", { signal: controller.signal }));
    await (await rig.peer()).request();
    controller.abort("no");
    assert.is(await aborted, "no" as unknown as Error);
    const late = rejection(rig.fetch("https://a/", { timeout: { connect: 500 } }));
    await (await rig.peer(1)).request();
    await rig.host.clock.advance(500);
    assert.match((await late).message, /^fetch: the deadline connect of 500 ms passed in state connect,/);
    await eventually(() => rig.peers.every(({ closed }) => closed));
  }));

test("a redirect from one scheme to the other changes the way", () =>
  rigged(
    async (rig) => {
      await rig.listen(3128);
      const response = rig.fetch("http://a/");
      const first = await rig.peer();
      assert.match(await first.request(), /^GET http:\/\/a\/ /);
      first.send(answer("", "location: http://direct/\r\n", "302 Found"));
      const second = await rig.peer(1);
      assert.match(await second.request(), /^GET \/ /);
      second.send(OK);
      await response;
    },
    { fetch: { proxy: { http: "http://proxy:3128", no: "direct" } } },
  ));

test("allow sees the name that the proxy will resolve, and publicAddressesOnly trusts no name", () =>
  rigged(
    async (rig) => {
      await rig.listen(3128);
      for (const url of ["http://a/", "https://a/", "http://10.0.0.1/"]) {
        assert.match(
          (await rejection(rig.fetch(url))).message,
          /may not be connected to: fetch.allow refused$/,
        );
      }
      const response = rig.fetch("http://8.8.8.8/");
      (await rig.peer()).send(OK);
      await response;
      assert.is(rig.peers.length, 1);
    },
    { fetch: { proxy: "http://proxy:3128", allow: publicAddressesOnly } },
  ));

test("allow sees the same name of a URL with an IPv6 address on every connection through a proxy", async () => {
  const shown: string[] = [];
  const allow = (address: string) => shown.push(address) > 0;
  await rigged(
    async (rig) => {
      await rig.listen(3128);
      for (let count = 1; count <= 2; count++) {
        const response = rig.fetch("http://[2606:4700::1111]/");
        const peer = await rig.peer();
        await peer.request(count);
        peer.send(OK);
        await response;
      }
      assert.equal(shown, ["2606:4700::1111", "2606:4700::1111"]);
    },
    { fetch: { proxy: "http://p:3128", allow } },
  );
});

test("credentials with a percent sign that stands for itself are taken as they are", () => {
  const proxy = new Proxies("http://us%C3%A9r:100%@p").for(new URL("http://a/"));
  assert.is(proxy!.authorization, `Basic ${Buffer.from("us\u00e9r:100%", "utf8").toString("base64")}`);
});

test.run();
