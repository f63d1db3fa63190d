/** URLs that are kept, as they were parsed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ParsedURLs } from "../../../ts/web/fetch/url.ts";
import { answer, OK, rigged } from "./support.ts";

test("the same text is the same URL, as long as there are few", () => {
  const urls = new ParsedURLs();
  const first = urls.parse("http://a/?1#x")!;
  assert.is(first.href, "http://a/?1#x");
  assert.is(urls.parse("http://a/?1#x"), first);
  assert.is.not(urls.parse("http://a/?1#y"), first);
  for (let at = 0; at < 1000; at++) assert.is(urls.parse(`http://a/${at}`)!.pathname, `/${at}`);
  assert.is.not(urls.parse("http://a/?1#x"), first);
  const long = `http://a/${"x".repeat(2000)}`;
  assert.is.not(urls.parse(long), urls.parse(long));
  for (const text of ["", "/path", "http://", "http://a:b"])
    assert.equal([urls.parse(text), urls.parse(text)], [null, null]);
});

test("fetches of one URL have nothing else in common", () =>
  rigged(async (rig) => {
    const inits: [RequestInit | undefined, string][] = [
      [undefined, "GET"],
      [{ method: "DELETE", headers: { "x-own": "1" } }, "DELETE"],
      [undefined, "GET"],
      [{}, "GET"],
      [{ headers: { "x-own": "1" } }, "GET"],
      [{ headers: { connection: "keep-alive", host: "b" } }, "GET"],
      [undefined, "GET"],
    ];
    const heads: string[] = [];
    for (const [at, [init, method]] of inits.entries()) {
      const fetched = rig.fetcher.fetch("http://a/path?q", init);
      const peer = await rig.asked(at + 1);
      const request = await peer.request(at + 1);
      assert.ok(request.startsWith(`${method} /path?q HTTP/1.1\r\n`));
      assert.is(request.includes("x-own: 1"), JSON.stringify(init ?? {}).includes("x-own"));
      heads.push(request);
      peer.send(OK);
      assert.is(await (await fetched).text(), "ok");
    }
    assert.is(heads[0], heads[2]);
    assert.is(heads[0], heads[6]);
    assert.ok(heads[5]!.includes("host: b\r\n"));
  }));

test("a redirect that leads to a URL which was fetched before is asked in its own way", () =>
  rigged(async (rig) => {
    const first = rig.fetcher.fetch("http://a/to");
    (await rig.peer()).send(OK);
    await (await first).text();
    const moved = rig.fetcher.fetch("http://a/from", { headers: { "x-own": "1" } });
    const peer = await rig.asked(2);
    peer.send(answer("", "location: /to\r\n", "307 Temporary Redirect"));
    assert.match(await peer.request(3), /^GET \/to HTTP\/1\.1\r\n[\s\S]*x-own: 1\r\n/);
    peer.send(OK);
    await (await moved).text();
  }));

test("what allow does to the URL that it is shown, it does to that one alone", () => {
  const seen: string[] = [];
  const allow = (_: string, url: URL) => {
    seen.push(url.href);
    url.pathname = "/elsewhere";
    url.host = "elsewhere";
    return true;
  };
  return rigged(
    async (rig) => {
      for (let at = 1; at <= 2; at++) {
        const fetched = rig.fetcher.fetch("http://a/here");
        const peer = await rig.asked(at);
        assert.match(await peer.request(at), /^GET \/here HTTP\/1\.1\r\nhost: a\r\n/);
        peer.send(OK);
        const response = await fetched;
        assert.is(response.url, "http://a/here");
        await response.text();
      }
      assert.equal(seen, ["http://a/here", "http://a/here"]);
    },
    { fetch: { allow } },
  );
});

test.run();
