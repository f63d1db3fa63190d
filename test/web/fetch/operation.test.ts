/** The state machine of a fetch, walked: every transition of its table, and every deadline and abort in every state. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Network } from "../../../ts/host/host.ts";
import { type State, TRANSITIONS } from "../../../ts/web/fetch/operation.ts";
import {
  answer,
  eventually,
  never,
  OK,
  type Peer,
  type Rig,
  type RigOptions,
  rejection,
  rigged,
  settled,
} from "./support.ts";

const seen = new Set<string>();

/** As `rigged`, noting the transitions that were made. */
function walked(use: (rig: Rig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  return rigged(async (rig) => {
    await use(rig);
    await settled();
    for (const path of rig.paths) {
      path.forEach((state, at) => {
        if (at > 0) seen.add(`${path[at - 1]} ${state}`);
      });
    }
  }, options);
}

const text = async (response: Promise<Response>) => (await response).text();

test("a response that comes at once", () =>
  walked(async (rig) => {
    const response = rig.fetch("http://a/");
    (await rig.peer()).send(OK);
    assert.is(await text(response), "ok");
    assert.equal(rig.path(), ["queue", "resolve", "connect", "send", "head", "done"]);
  }));

test("a response whose body comes later, on a connection that was there", () =>
  walked(async (rig) => {
    const first = rig.fetch("http://a/");
    const peer = await rig.peer();
    peer.send(OK);
    await first;
    const second = rig.fetch("http://a/2");
    await peer.request(2);
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
    const response = await second;
    peer.send("late");
    assert.is(await response.text(), "late");
    assert.equal(rig.path(1), ["queue", "send", "head", "body", "done"]);
    assert.is(rig.peers.length, 1);
  }));

test("https: TLS follows the connection", () =>
  walked(async (rig) => {
    await rig.listen(443);
    const response = rig.fetch("https://a/");
    (await rig.peer()).send(OK);
    assert.is(await text(response), "ok");
    assert.equal(rig.path(), ["queue", "resolve", "connect", "tls", "send", "head", "done"]);
  }));

test("https by a proxy that is talked to by https: TLS twice", () =>
  walked(
    async (rig) => {
      await rig.listen(8443);
      const response = rig.fetch("https://a/");
      const peer = await rig.peer();
      assert.match(await peer.request(), /^CONNECT a:443 HTTP\/1\.1\r\nhost: a:443\r\n\r\n$/);
      peer.send("HTTP/1.1 200 OK\r\n\r\n");
      assert.match(await peer.request(2), /^GET \/ HTTP/);
      peer.send(OK);
      assert.is(await text(response), "ok");
      assert.equal(rig.path(), ["queue", "resolve", "connect", "tls", "tls", "send", "head", "done"]);
    },
    { fetch: { proxy: "https://proxy:8443" } },
  ));

test("an answer before the request is sent: whole, in part, and a redirect", async () => {
  const stalled = () => new ReadableStream({ pull: () => never() });
  const post = (rig: Rig, url: string) => rig.fetch(url, { method: "POST", body: stalled(), duplex: "half" });
  await walked(async (rig) => {
    const whole = post(rig, "http://a/");
    (await rig.peer()).send(answer("no", "", "413 Content Too Large"));
    assert.is((await whole).status, 413);
    assert.equal(rig.path().slice(-2), ["send", "done"]);
    await eventually(() => rig.peers[0]!.closed);

    const part = post(rig, "http://a/");
    const peer = (await rig.peer(1)).send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
    const response = await part;
    peer.send("rest");
    assert.is(await response.text(), "rest");
    assert.equal(rig.path(1).slice(-3), ["send", "body", "done"]);

    const moved = post(rig, "http://a/");
    (await rig.peer(2)).send(answer("", "location: /b\r\n", "303 See Other"));
    (await rig.peer(3)).send(OK);
    assert.is(await text(moved), "ok");
    assert.equal(rig.path(2).slice(3), ["send", "queue", "resolve", "connect", "send", "head", "done"]);
  });
});

test("a redirect, on the same connection", () =>
  walked(async (rig) => {
    const response = rig.fetch("http://a/");
    const peer = (await rig.peer()).send(answer("moved", "location: /b\r\n", "302 Found"));
    await peer.request(2);
    peer.send(OK);
    assert.is(await text(response), "ok");
    assert.equal(rig.path().slice(3), ["send", "head", "queue", "send", "head", "done"]);
    assert.is(rig.peers.length, 1);
  }));

test("a body that nobody wants is over, and so is its connection", () =>
  walked(async (rig) => {
    const response = rig.fetch("http://a/");
    const peer = (await rig.peer()).send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
    await (await response).body!.cancel();
    assert.equal(rig.path().slice(-2), ["body", "done"]);
    await eventually(() => peer.closed);
  }));

/** Brings a fetch into each state, and keeps it there. */
const HELD: Record<
  Exclude<State, "done" | "failed">,
  { options?: RigOptions; begin: (rig: Rig) => Promise<Peer | null> }
> = {
  queue: {
    options: { fetch: { maxConnectionsPerOrigin: 1 } },
    begin: async (rig) => {
      // Another one has the only connection; it is given up when the test is done.
      const timeout = { total: FOREVER, head: FOREVER };
      rig.fetch("http://a/", { signal: holder.signal, timeout }).catch(() => {});
      return rig.peer();
    },
  },
  resolve: {
    options: { network: (network) => ({ ...network, resolve: () => never() }) },
    begin: async () => null,
  },
  connect: {
    options: { network: (network) => ({ ...network, connect: ({ signal }) => never(signal) }) },
    begin: async () => null,
  },
  tls: {
    options: {
      network: (network): Network => ({
        ...network,
        connect: async (options, handler) => {
          const socket = await network.connect(options, handler);
          socket.startTls = ({ signal }) => never(signal);
          return socket;
        },
      }),
    },
    begin: (rig) => rig.peer(),
  },
  send: { begin: (rig) => rig.peer() },
  head: { begin: (rig) => rig.peer() },
  body: { begin: async (rig) => (await rig.peer()).send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab") },
};
let holder = new AbortController();

type Held = keyof typeof HELD;

/** Starts a fetch that comes to rest in `state`; what its promise, or in `body` its body, is rejected with. */
async function hold(
  rig: Rig,
  state: Held,
  init: Parameters<Rig["fetch"]>[1],
): Promise<{ failure: Promise<Error> }> {
  const { begin } = HELD[state];
  if (state === "tls") await rig.listen(443);
  const queued = state === "queue" ? await begin(rig) : null;
  const stalled = new ReadableStream({ pull: () => never() });
  const sending = state === "send" ? { method: "POST", body: stalled, duplex: "half" as const } : {};
  const response = rig.fetch(state === "tls" ? "https://a/" : "http://a/", { ...init, ...sending });
  if (!queued) await begin(rig);
  const failure = rejection(state === "body" ? response.then((given) => given.text()) : response);
  failure.catch(() => {}); // Looked at when the test is done with it.
  await eventually(() => rig.path(state === "queue" ? 1 : 0).at(-1) === state);
  await settled();
  return { failure };
}

const MILLISECONDS = { connect: 1000, head: 2000, bodyIdle: 3000 };

/** The deadline of its own that each state has, and how many bytes of the response have come by then. */
const DEADLINES: Record<Held, { name: keyof typeof MILLISECONDS | null; bytes: number }> = {
  queue: { name: null, bytes: 0 },
  resolve: { name: "connect", bytes: 0 },
  connect: { name: "connect", bytes: 0 },
  tls: { name: "connect", bytes: 0 },
  send: { name: "bodyIdle", bytes: 0 },
  head: { name: "head", bytes: 0 },
  body: { name: "bodyIdle", bytes: 40 },
};
const FOREVER = Number.POSITIVE_INFINITY;

for (const state of Object.keys(HELD) as Held[]) {
  const { options } = HELD[state];
  const index = state === "queue" ? 1 : 0;

  test(`an abort in state ${state} rejects with the signal's reason, and leaves nothing`, () =>
    walked(async (rig) => {
      holder = new AbortController();
      const controller = new AbortController();
      const { failure } = await hold(rig, state, { signal: controller.signal });
      const reason = new Error("enough");
      controller.abort(reason);
      assert.is(await failure, reason);
      assert.is(rig.path(index).at(-1), "failed");
      holder.abort();
      await settled();
      for (const peer of rig.peers) assert.ok(peer.closed);
    }, options));

  test(`30 seconds in state ${state} are the total deadline, which says where it passed`, () =>
    walked(async (rig) => {
      holder = new AbortController();
      const timeout = { connect: FOREVER, head: FOREVER, bodyIdle: FOREVER };
      const { failure } = await hold(rig, state, { timeout });
      await rig.host.clock.advance(29_999);
      assert.is(rig.path(index).at(-1), state);
      await rig.host.clock.advance(1);
      const error = await failure;
      const { bytes } = DEADLINES[state];
      assert.instance(error, DOMException);
      assert.equal(
        [error.name, error.message],
        [
          "TimeoutError",
          `fetch: the deadline total of 30000 ms passed in state ${state}, after ${bytes} bytes of the response`,
        ],
      );
      holder.abort();
    }, options));

  test(`the deadline that state ${state} has of its own`, () =>
    walked(async (rig) => {
      holder = new AbortController();
      const { failure } = await hold(rig, state, { timeout: { total: FOREVER, ...MILLISECONDS } });
      const { name, bytes } = DEADLINES[state];
      if (name === null) {
        await rig.host.clock.advance(3_600_000);
        assert.is(rig.path(index).at(-1), state);
        holder.abort();
        (await rig.peer(1)).send(OK);
        await settled();
        assert.is(rig.path(index).at(-1), "done");
        assert.is((await rejection(failure)).message, "nothing was thrown");
        return;
      }
      await rig.host.clock.advance(MILLISECONDS[name] - 1);
      assert.is(rig.path().at(-1), state);
      await rig.host.clock.advance(1);
      const message = `fetch: the deadline ${name} of ${MILLISECONDS[name]} ms passed in state ${state}, after ${bytes} bytes of the response`;
      assert.is((await failure).message, message);
    }, options));

  test(`closing the runtime in state ${state} aborts`, () =>
    walked(async (rig) => {
      holder = new AbortController();
      const { failure } = await hold(rig, state, {});
      rig.fetcher.close();
      const { name, message } = await failure;
      assert.equal([name, message], ["AbortError", "fetch: the runtime was closed"]);
    }, options));
}

test("a connection that the server closed meanwhile: once more, on a new one", () =>
  walked(async (rig) => {
    const first = rig.fetch("http://a/");
    const peer = (await rig.peer()).send(OK);
    await first;
    await settled();
    const second = rig.fetch("http://a/");
    assert.equal(rig.path(1), ["queue", "send", "head"]);
    peer.socket.destroy();
    (await rig.peer(1)).send(OK);
    assert.is(await text(second), "ok");
    assert.equal(rig.path(1).slice(2), ["head", "queue", "resolve", "connect", "send", "head", "done"]);
  }));

test("the table holds no transition that these tests have not made", () => {
  const missing = Object.entries(TRANSITIONS).flatMap(([from, targets]) =>
    targets.map((to) => `${from} ${to}`).filter((transition) => !seen.has(transition)),
  );
  assert.equal(missing, []);
});

test.run();
