/** What breaks in at the worst moment: aborts by whoever is told of a state, bodies that fail or change while they are sent. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { State } from "../../../ts/web/fetch/operation.ts";
import { answer, eventually, OK, type Rig, rejection, rigged, settled } from "./support.ts";

/** A fetch that is aborted as soon as it says that it is in `state`; the states it went through. */
async function abortedIn(rig: Rig, state: State, url: string, init: RequestInit = {}): Promise<State[]> {
  const controller = new AbortController();
  const reason = new Error("enough");
  const states: State[] = [];
  const onState = (now: State) => {
    states.push(now);
    if (now === state) controller.abort(reason);
  };
  const { signal } = controller;
  const failure = rejection(rig.fetcher.fetch(url, { ...(init as object), signal, onState }));
  assert.is(await failure, reason);
  await settled();
  assert.equal(states.slice(-2), [state, "failed"]);
  return states;
}

for (const state of ["queue", "resolve", "connect", "tls"] as const) {
  test(`aborted by whoever is told of state ${state}: no request is sent, and nothing is left`, () =>
    rigged(async (rig) => {
      await rig.listen(443);
      await abortedIn(rig, state, "https://a/");
      for (const peer of rig.peers) assert.equal([peer.received, peer.closed], ["", true]);
      assert.is(rig.peers.length, state === "tls" ? 1 : 0);
    }));
}

test("aborted by whoever is told that it is sent: neither head nor body is", () =>
  rigged(async (rig) => {
    for (const body of [undefined, "text", new Blob(["x".repeat(100_000)])]) {
      await abortedIn(rig, "send", "http://a/", { method: "POST", ...(body && { body }) });
      assert.equal([rig.peers.at(-1)!.received, rig.peers.at(-1)!.closed], ["", true]);
    }
  }));

test("aborted by whoever is told that the head is awaited, or there", () =>
  rigged(async (rig) => {
    await abortedIn(rig, "head", "http://a/");
    const aborted = abortedIn(rig, "body", "http://a/");
    await (await rig.peer(1)).request();
    rig.peers[1]!.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab");
    await aborted;
    assert.ok(rig.peers[1]!.closed);
  }));

test("aborted by whoever is told of a redirect, or that it is done, which changes nothing any more", () =>
  rigged(async (rig) => {
    const controller = new AbortController();
    let queued = 0;
    const onState = (state: State) => {
      if (state === "queue" && ++queued === 2) controller.abort(new Error("enough"));
    };
    const { signal } = controller;
    const moved = rejection(rig.fetcher.fetch("http://a/", { signal, onState }));
    (await rig.peer()).send(answer("", "location: /b\r\n", "302 Found"));
    assert.is((await moved).message, "enough");
    assert.is(rig.peers[0]!.requests().length, 1);

    const late = new AbortController();
    const done = rig.fetcher.fetch("http://a/", {
      signal: late.signal,
      onState: (state) => state === "done" && late.abort(),
    });
    await rig.peers[0]!.request(2);
    rig.peers[0]!.send(OK);
    assert.is(await (await done).text(), "ok");
  }));

test("a body that is never sent is given up, with the reason", () =>
  rigged(async (rig) => {
    const given: unknown[] = [];
    const stream = () => new ReadableStream({ cancel: (reason) => void given.push(reason) });
    const init = () => ({ method: "POST", body: stream(), duplex: "half" as const });
    const refused = await rejection(rig.fetch("http://a:8080/", init()));
    assert.equal(given, [refused]);
    const controller = new AbortController();
    const aborted = rejection(rig.fetch("http://a/", { ...init(), signal: controller.signal }));
    controller.abort(new Error("enough"));
    assert.is(await aborted, given[1]);
    let returned = false;
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true as const, value: undefined }),
        return: async () => {
          returned = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    await rejection(rig.fetch("http://a:8080/", { method: "POST", body: iterable, duplex: "half" }));
    assert.ok(returned);
  }));

test("one stream for two fetches is sent by one of them", () =>
  rigged(async (rig) => {
    const body = new Blob(["once"]).stream();
    const init = { method: "POST", body, duplex: "half" as const };
    const outcomes = Promise.allSettled([rig.fetch("http://a/1", init), rig.fetch("http://a/2", init)]);
    await eventually(() => rig.peers.some((peer) => peer.requests().length > 0));
    rig.peers.find((peer) => peer.requests().length > 0)!.send(OK);
    const statuses = (await outcomes).map(({ status }) => status);
    assert.equal(statuses.sort(), ["fulfilled", "rejected"]);
  }));

test("the body of a Request that breaks while the connection takes no more is told when it does", () =>
  rigged(async (rig) => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled++;
        if (pulled === 3) throw new Error("broken");
        controller.enqueue(new Uint8Array(pulled === 1 ? 1 : 100_000));
      },
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const failure = rejection(rig.fetch(new Request("http://a/", init)));
    const peer = await rig.peer();
    peer.socket.pause();
    await eventually(() => pulled === 3);
    // Long enough for Node to see a rejection that nobody has looked at.
    await settled();
    peer.socket.resume();
    assert.is((await failure).message, "fetch: the body of the request failed: broken");
  }));

test("a piece whose buffer is taken away while it is sent is sent as it was", () =>
  rigged(async (rig) => {
    const piece = new Uint8Array(200_000).fill(0x61);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(piece);
        controller.close();
      },
    });
    const response = rig.fetch("http://a/", { method: "POST", body, duplex: "half" });
    const peer = await rig.peer();
    peer.socket.pause();
    await settled();
    structuredClone(piece, { transfer: [piece.buffer] });
    assert.is(piece.length, 0);
    peer.socket.resume();
    const request = await peer.request();
    assert.ok(request.endsWith(`\r\n30d40\r\n${"a".repeat(200_000)}\r\n0\r\n\r\n`));
    peer.send(OK);
    await response;
  }));

test("a piece that lies about its length is as long as it is", () =>
  rigged(async (rig) => {
    class Liar extends Uint8Array {
      override get length() {
        return 1;
      }
    }
    const body = (async function* () {
      yield new Liar(new TextEncoder().encode("GET /evil HTTP/1.1\r\n\r\n").buffer);
    })();
    const response = rig.fetch("http://a/", { method: "POST", body, duplex: "half" });
    const peer = await rig.peer();
    assert.match(await peer.request(), /\r\n16\r\nGET \/evil HTTP\/1\.1\r\n\r\n\r\n0\r\n\r\n$/);
    peer.send(OK);
    await response;
  }));

test("what looks like a Request has a method that can be sent, or is refused", () =>
  rigged(async (rig) => {
    const like = (method: string) =>
      ({ [Symbol.toStringTag]: "Request", url: "http://a/", method }) as unknown as Request;
    for (const method of ["GET / HTTP/1.1\r\nx: y\r\n\r\nGET", "CONNECT", ""]) {
      assert.instance(await rejection(rig.fetch(like(method))), TypeError, method);
    }
    assert.is(rig.peers.length, 0);
  }));

test("a Blob whose type is two lines is refused before anything is sent", () =>
  rigged(async (rig) => {
    const body = Object.defineProperty(new Blob(["x"]), "type", { value: "a/b\r\nx-evil: 1" });
    const error = await rejection(rig.fetch("http://a/", { method: "POST", body }));
    assert.instance(error, TypeError);
    await settled();
    assert.is(rig.peers[0]!.received, "");
  }));

test("whoever is told of a state may fail, and whoever is told of that, too: the fetch ends as it would", () =>
  rigged(async (rig) => {
    for (const [at, url] of [
      ["failed", "http://a:81/"],
      ["done", "http://a/"],
    ] as const) {
      // The rig's `onError` throws what it is told.
      const told = new Promise((resolve) => process.once("unhandledRejection", resolve));
      const failing = new Error(`told of ${at}`);
      const onState = (state: State) => {
        if (state === at) throw failing;
      };
      const outcome = rig.fetcher.fetch(url, { onState }).then(
        (response) => response.text(),
        (error) => error,
      );
      if (at === "done") (await rig.asked(1)).send(OK);
      if (at === "done") assert.type(await outcome, "string");
      else assert.instance(await outcome, TypeError);
      assert.is(await told, failing);
    }
  }));

test.run();
