/** The content of a response: collected in one piece, streamed, left alone, broken off. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Response as OurResponse } from "../../../ts/web/messages/response.ts";
import { pattern } from "../../suites/support.ts";
import { isA } from "../../support/tools.ts";
import { answer, type Rig, rejection, rigged, settled } from "./support.ts";

const CHUNK_BYTES = 40_000;

/** How a body of so many bytes is framed: its header, and what it is sent as. */
const FRAMINGS: Record<string, (body: Uint8Array) => { header: string; pieces: (string | Uint8Array)[] }> = {
  length: (body) => ({ header: `content-length: ${body.length}\r\n`, pieces: cut(body) }),
  chunked: (body) => ({
    header: "transfer-encoding: chunked\r\n",
    pieces: [
      ...cut(body).flatMap((piece) => [`${piece.length.toString(16)}\r\n`, piece, "\r\n"]),
      "0\r\n\r\n",
    ],
  }),
  close: (body) => ({ header: "", pieces: cut(body) }),
};

function cut(body: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) pieces.push(body.slice(at, at + CHUNK_BYTES));
  return pieces;
}

/** A response whose head is there, and how to send its body. */
async function begun(rig: Rig, headers: string, asked = 1) {
  const fetched = rig.fetch("http://a/");
  const peer = await rig.asked(asked);
  peer.send(`HTTP/1.1 200 OK\r\n${headers}\r\n`);
  return { response: await fetched, peer };
}

for (const [framing, frame] of Object.entries(FRAMINGS)) {
  for (const bytes of [1, 65_536, 300_001]) {
    test(`${bytes} bytes, framed by ${framing}: all of it, in a buffer of its own`, () =>
      rigged(async (rig) => {
        const body = pattern(bytes);
        const { header, pieces } = frame(body);
        const { response, peer } = await begun(rig, header);
        const collected = response.arrayBuffer();
        for (const piece of pieces) {
          peer.send(piece);
          await settled();
        }
        if (framing === "close") peer.socket.end();
        assert.equal(new Uint8Array(await collected), body);
        assert.ok(response.bodyUsed);
      }));
  }
}

test("what came before anybody asked is part of it", () =>
  rigged(async (rig) => {
    const { response, peer } = await begun(rig, "content-length: 6\r\n");
    peer.send("abc");
    await settled();
    const text = response.text();
    peer.send("def");
    assert.is(await text, "abcdef");
    const whole = await begun(rig, "content-length: 6\r\n", 2);
    whole.peer.send("abcdef");
    await settled();
    assert.is(await whole.response.text(), "abcdef");
  }));

test("it is read once, in one way", () =>
  rigged(async (rig) => {
    const { response, peer } = await begun(rig, "content-length: 2\r\n");
    assert.not.ok(response.bodyUsed);
    const text = response.text();
    assert.ok(response.bodyUsed);
    assert.instance(await rejection(response.json()), TypeError);
    peer.send("ok");
    assert.is(await text, "ok");
    assert.throws(() => response.clone(), isA(TypeError));
    const { response: streamed } = await begun(rig, "content-length: 2\r\n", 2);
    const reader = streamed.body!.getReader();
    assert.instance(await rejection(streamed.text()), TypeError);
    peer.send("ok");
    assert.equal((await reader.read()).value, new TextEncoder().encode("ok"));
    assert.ok((await reader.read()).done);
  }));

test("its class clones it as it does itself", () =>
  rigged(async (rig) => {
    const fetched = rig.fetch("http://a/");
    (await rig.asked(1)).send(answer("ok", "x-test: 1\r\n"));
    const response = await fetched;
    const clone = OurResponse.prototype.clone.call(response);
    assert.is(clone.headers.get("x-test"), "1");
    assert.equal([await clone.text(), await response.text()], ["ok", "ok"]);
  }));

test("a body that nobody reads stops the server, until somebody does", () =>
  rigged(async (rig) => {
    const body = pattern(600_000);
    const { response, peer } = await begun(rig, `content-length: ${body.length}\r\n`);
    const pieces = cut(body);
    const last = pieces.pop()!;
    for (const piece of pieces) peer.send(piece);
    await settled();
    // There is no room for more: most of it has not left.
    assert.not.ok(peer.socket.write(last));
    assert.equal(new Uint8Array(await response.arrayBuffer()), body);
  }));

test("a length that is announced takes no memory before it comes", () =>
  rigged(async (rig) => {
    const { response, peer } = await begun(rig, `content-length: ${Number.MAX_SAFE_INTEGER}\r\n`);
    const failure = rejection(response.arrayBuffer());
    peer.send("abc");
    await settled();
    peer.socket.end();
    assert.match((await failure).message, /the connection ended after 3 bytes of the body/);
  }));

/** A response that broke off before anybody read. */
async function broken(rig: Rig): Promise<Response> {
  const fetched = rig.fetch("http://a/");
  const peer = await rig.peer(rig.peers.length);
  await peer.request();
  peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
  const response = await fetched;
  peer.socket.destroy();
  await settled();
  return response;
}

test("what breaks it before anybody reads is told to who reads then, in whatever way", () =>
  rigged(async (rig) => {
    for (const read of ["text", "arrayBuffer", "blob"] as const) {
      const response = await broken(rig);
      assert.match((await rejection(response[read]())).message, /^read ECONNRESET a:80/);
    }
    const reader = (await broken(rig)).body!.getReader();
    assert.match((await rejection(reader.read())).message, /^read ECONNRESET a:80/);
  }));

test("while it is collected, the deadline bodyIdle begins again with each byte", () =>
  rigged(
    async (rig) => {
      const { response, peer } = await begun(rig, "content-length: 3\r\n");
      const failure = rejection(response.text());
      for (const byte of "ab") {
        await rig.host.clock.advance(999);
        peer.send(byte);
        await settled();
      }
      await rig.host.clock.advance(999);
      await rig.host.clock.advance(1);
      assert.match((await failure).message, /^fetch: the deadline bodyIdle of 1000 ms passed in state body/);
    },
    { fetch: { timeout: { bodyIdle: 1000 } } },
  ));

test.run();
