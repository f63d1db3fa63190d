/** Connections: kept, shared out, queued for, and accounted for. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Network, Socket } from "../../../ts/host/host.ts";
import { random } from "../../support/core.ts";
import {
  answer,
  eventually,
  OK,
  type Peer,
  type Rig,
  type RigOptions,
  rejection,
  rigged,
  settled,
} from "./support.ts";

const text = async (response: Promise<Response>) => (await response).text();

/** Answers every request of a peer, as it comes. */
async function serve(peer: Peer, count: number, response = OK): Promise<void> {
  for (let at = 1; at <= count; at++) {
    await peer.request(at);
    peer.send(response);
  }
}

test("one connection after the other is one connection", () =>
  rigged(async (rig) => {
    const served = rig.peer().then((peer) => serve(peer, 20));
    for (let count = 0; count < 20; count++) assert.is(await text(rig.fetch("http://a/")), "ok");
    await served;
    assert.is(rig.peers.length, 1);
    assert.equal(rig.fetcher.statistics(), { fetches: 0, active: 0, idle: 1 });
  }));

test("origins do not share: another name, port or scheme is another connection", () =>
  rigged(async (rig) => {
    await rig.listen(8080);
    await rig.listen(443);
    for (const [index, url] of ["http://a/", "http://b/", "http://a:8080/", "https://a/"].entries()) {
      const response = rig.fetch(url);
      (await rig.peer(index)).send(OK);
      await response;
    }
    assert.is(rig.fetcher.statistics().idle, 4);
    for (const [index, url] of ["http://a:80/", "http://B/", "http://a:8080/x", "https://a:443/"].entries()) {
      const response = rig.fetch(url);
      await rig.peers[index]!.request(2);
      rig.peers[index]!.send(OK);
      await response;
    }
    assert.is(rig.peers.length, 4);
  }));

test("at the limit, fetches wait and are served in the order of their coming", () =>
  rigged(
    async (rig) => {
      const paths = Array.from({ length: 12 }, (_, at) => `/${at}`);
      const bodies = paths.map((path) => text(rig.fetch(`http://a${path}`)));
      await settled();
      assert.is(rig.peers.length, 3);
      assert.equal(rig.fetcher.statistics(), { fetches: 12, active: 3, idle: 0 });
      const order: string[] = [];
      for (let served = 0; served < 12; served++) {
        const peer = rig.peers[served % 3]!;
        const request = await peer.request(Math.floor(served / 3) + 1);
        const path = / (\S+) /.exec(request)![1]!;
        order.push(path);
        peer.send(answer(path));
        await settled();
      }
      assert.equal(order, paths);
      assert.equal(await Promise.all(bodies), paths);
      assert.is(rig.peers.length, 3);
    },
    { fetch: { maxConnectionsPerOrigin: 3 } },
  ));

test("who leaves the queue leaves no gap, and a connection that goes makes room for the next", () =>
  rigged(
    async (rig) => {
      const controller = new AbortController();
      const first = rig.fetch("http://a/1");
      const second = rejection(rig.fetch("http://a/2", { signal: controller.signal }));
      const third = text(rig.fetch("http://a/3"));
      const fourth = text(rig.fetch("http://a/4"));
      controller.abort();
      assert.is((await second).name, "AbortError");
      const peer = await rig.peer();
      await peer.request();
      peer.send(answer("ok", "connection: close\r\n"));
      await first;
      const next = await rig.peer(1);
      assert.match(await next.request(), /^GET \/3 /);
      next.socket.destroy();
      assert.instance(await rejection(third), TypeError);
      (await rig.peer(2)).send(OK);
      assert.is(await fourth, "ok");
    },
    { fetch: { maxConnectionsPerOrigin: 1 } },
  ));

test("a connection that cannot be made lets the next one try", () =>
  rigged(
    async (rig) => {
      const failures = ["/1", "/2", "/3"].map((path) => rejection(rig.fetch(`http://a:81${path}`)));
      for (const error of await Promise.all(failures)) assert.match(error.message, /^connect ECONNREFUSED/);
    },
    { fetch: { maxConnectionsPerOrigin: 1 } },
  ));

test("a connection without work ends after the idle timeout, which is not work of the runtime's", () =>
  rigged(
    async (rig) => {
      const response = rig.fetch("http://a/");
      const peer = (await rig.peer()).send(OK);
      await response;
      await rig.loop.idle();
      await rig.host.clock.advance(4999);
      assert.is(rig.fetcher.statistics().idle, 1);
      await rig.host.clock.advance(1);
      assert.is(rig.fetcher.statistics().idle, 0);
      assert.ok(peer.closed);
      assert.is(rig.host.clock.pendingTasks, 0);
    },
    { fetch: { idleTimeout: 5000 } },
  ));

test("a server that says how long it waits is believed, less a second", () =>
  rigged(async (rig) => {
    const ROWS = [
      [3, 1],
      [1, 0],
      [0, 0],
    ] as const;
    for (const [index, [seconds, idle]] of ROWS.entries()) {
      const response = rig.fetch(`http://a${seconds}/`);
      (await rig.peer(index)).send(answer("ok", `keep-alive: timeout=${seconds}\r\n`));
      await response;
      await settled();
      assert.is(rig.fetcher.statistics().idle, idle, `${seconds}`);
      await rig.host.clock.advance(2000);
      assert.is(rig.fetcher.statistics().idle, 0);
    }
  }));

test("a connection is not kept when either side says close, after HTTP/1.0, or an end that frames the body", () =>
  rigged(async (rig) => {
    const ROWS = [
      answer("ok", "connection: close\r\n"),
      "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\n\r\nok",
    ];
    for (const [index, response] of ROWS.entries()) {
      const body = text(rig.fetch("http://a/"));
      const peer = (await rig.peer(index)).send(response);
      if (index === 2) peer.socket.end();
      assert.is(await body, "ok");
      await eventually(() => peer.closed);
      assert.is(rig.fetcher.statistics().idle, 0);
    }
  }));

const RETRIED: [method: string, body: BodyInit | null, again: boolean][] = [
  ["GET", null, true],
  ["HEAD", null, true],
  ["PUT", "text", true],
  ["DELETE", new Blob(["x"]), true],
  ["OPTIONS", null, true],
  ["POST", "text", false],
  ["PATCH", "text", false],
  ["PUT", new Blob(["x"]).stream() as unknown as BodyInit, false],
];

for (const [method, body, again] of RETRIED) {
  const kind = body instanceof ReadableStream ? " of a stream" : "";
  test(`${method}${kind} on a connection that was closed meanwhile is ${again ? "sent once more" : "an error"}`, () =>
    rigged(async (rig) => {
      const first = rig.fetch("http://a/");
      const peer = (await rig.peer()).send(OK);
      await first;
      const response = rig.fetch("http://a/", { method, body, duplex: "half" });
      await peer.request(2);
      peer.socket.destroy();
      if (!again) {
        const error = (await rejection(response)) as Error & { cause: { code: string } };
        assert.equal([error.name, error.cause.code], ["TypeError", "ECONNRESET"]);
        assert.is(rig.peers.length, 1);
        return;
      }
      const next = await rig.peer(1);
      assert.is(await next.request(), peer.requests()[1]);
      next.send(method === "HEAD" ? answer("") : OK);
      assert.is((await response).status, 200);
    }));
}

test("once more is once: a new connection that is closed as well is an error; so is an answer that had begun", () =>
  rigged(async (rig) => {
    for (const begun of [false, true]) {
      const count = rig.peers.length;
      const first = rig.fetch("http://a/");
      const peer = (await rig.peer(count)).send(OK);
      await first;
      const failure = rejection(rig.fetch("http://a/"));
      await peer.request(2);
      if (begun) peer.send("HTTP/1.1 100 Continue\r\n\r\n");
      await settled();
      peer.socket.destroy();
      if (!begun) (await rig.peer(count + 1)).socket.destroy();
      assert.instance(await failure, TypeError);
      assert.is(rig.peers.length, count + (begun ? 1 : 2));
    }
  }));

/** A network whose addresses take their time: none, or never, or so many milliseconds of the clock. */
function slow(
  delays: Record<string, number | "refused">,
  attempts: string[],
  rig: () => Rig,
): RigOptions["network"] & object {
  return (network): Network => ({
    ...network,
    resolve: async () =>
      Object.keys(delays).map((address) => ({
        address,
        family: address.includes(":") ? (6 as const) : (4 as const),
      })),
    connect: async (options, handler) => {
      const { hostname, signal } = options;
      attempts.push(`${hostname} at ${rig().host.clock.now()}`);
      const delay = delays[hostname]!;
      if (delay === "refused") throw Object.assign(new Error("nobody is there"), { code: "ECONNREFUSED" });
      await new Promise<void>((resolve, reject) => {
        signal!.addEventListener("abort", () => {
          attempts.push(`${hostname} given up`);
          reject(signal!.reason);
        });
        rig().host.clock.schedule(resolve, delay);
      });
      return network.connect({ port: options.port, hostname: "127.0.0.1" }, handler) as Promise<Socket>;
    },
  });
}

const RACES: [title: string, delays: Record<string, number | "refused">, expected: string[]][] = [
  ["the first that answers at once is the only one", { "::1": 10, "1.1.1.1": 10 }, ["::1 at 0"]],
  [
    "families take turns, 250 ms apart, and the first to be there wins",
    { "::1": 9999, "::2": 9999, "1.1.1.1": 100, "2.2.2.2": 1 },
    ["::1 at 0", "1.1.1.1 at 250", "::1 given up"],
  ],
  [
    "the next begins at once when one is refused",
    { "1.1.1.1": "refused", "2.2.2.2": "refused", "::1": 100 },
    ["1.1.1.1 at 0", "::1 at 0"],
  ],
  [
    "one that is slow may still win",
    { "::1": 400, "1.1.1.1": 9999 },
    ["::1 at 0", "1.1.1.1 at 250", "1.1.1.1 given up"],
  ],
];

for (const [title, delays, expected] of RACES) {
  test(`racing addresses: ${title}`, async () => {
    const attempts: string[] = [];
    let current!: Rig;
    await rigged(
      async (rig) => {
        current = rig;
        const response = rig.fetch("http://a/");
        await settled();
        for (let ms = 0; ms < 600 && rig.peers.length === 0; ms += 50) await rig.host.clock.advance(50);
        (await rig.peer()).send(OK);
        await response;
        await rig.host.clock.runAll();
        assert.equal(attempts, expected);
      },
      { network: slow(delays, attempts, () => current) },
    );
  });
}

test("when all addresses fail, the error names each", async () => {
  const attempts: string[] = [];
  let current!: Rig;
  await rigged(
    async (rig) => {
      current = rig;
      const error = (await rejection(rig.fetch("http://a/"))) as Error & { cause: Record<string, unknown> };
      assert.is(error.message, "connect ECONNREFUSED 2.2.2.2:80: nobody is there (3 addresses were tried)");
      const { code, host, port, attempts } = error.cause;
      assert.equal([code, host, port], ["ECONNREFUSED", "a", 80]);
      assert.equal(
        (attempts as { address: string }[]).map(({ address }) => address),
        ["1.1.1.1", "::1", "2.2.2.2"],
      );
    },
    {
      network: slow(
        { "1.1.1.1": "refused", "2.2.2.2": "refused", "::1": "refused" },
        attempts,
        () => current,
      ),
    },
  );
});

test("churn: random answers, ends, aborts and timeouts leave no connection uncounted", async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  console.log(`SEED=${seed}`);
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  await rigged(
    async (rig) => {
      let playing = true;
      const handled = new Set<Peer>();
      /** Answers each request of a peer in one of many ways. */
      const play = async (peer: Peer) => {
        for (let count = 1; playing && !peer.closed; count++) {
          await eventually(() => peer.requests().length >= count || peer.closed || !playing);
          if (peer.closed || !playing) return;
          const how = below(8);
          if (how === 0) return peer.socket.destroy();
          if (how === 1) return peer.socket.end();
          if (how === 2) return; // Never answered: a timeout or an abort.
          if (how === 3) peer.send(answer("x".repeat(below(200_000)), "connection: close\r\n"));
          else if (how === 4) peer.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
          else peer.send(answer("x".repeat(below(100))));
        }
      };
      const clients = Array.from({ length: 20 }, async () => {
        for (let count = 0; count < 15; count++) {
          const controller = new AbortController();
          if (below(5) === 0) rig.loop.setTimeout(() => controller.abort(), below(40));
          const init = { signal: controller.signal, timeout: 50, method: below(2) ? "GET" : "POST" };
          const use = (response: Response) => (below(4) ? response.text() : response.body?.cancel());
          await rig
            .fetch(`http://a/${count}`, init)
            .then<unknown>(use)
            .catch(() => {});
        }
      });
      const done = Promise.all(clients).then(() => {
        playing = false;
      });
      while (playing) {
        for (const peer of rig.peers) {
          if (handled.has(peer)) continue;
          handled.add(peer);
          play(peer);
        }
        await rig.host.clock.advance(5);
        const { active, idle } = rig.fetcher.statistics();
        assert.ok(active + idle <= 6, `${active} + ${idle} connections`);
      }
      await done;
      await rig.host.clock.advance(10_000);
      assert.equal(rig.fetcher.statistics(), { fetches: 0, active: 0, idle: 0 });
      await eventually(() => rig.peers.every(({ closed }) => closed));
    },
    { fetch: { maxConnectionsPerOrigin: 6 } },
  );
});

test("a connection that should have ended by now, and has not, leaves the count as it is", () =>
  rigged(
    async (rig) => {
      const { clock } = rig.host;
      const now = clock.now.bind(clock);
      const first = rig.fetch("http://a/");
      (await rig.peer()).send(OK);
      await first;
      // The timer is late: its time has come, and it has not fired.
      Object.assign(clock, { now: () => now() + 5000 });
      const second = rig.fetch("http://a/");
      const third = rig.fetch("http://a/");
      await rig.peer(1);
      await settled();
      assert.ok(rig.peers[0]!.closed);
      assert.equal(rig.fetcher.statistics(), { fetches: 2, active: 1, idle: 0 });
      assert.is(rig.peers.length, 2);
      await serve(rig.peers[1]!, 2);
      assert.equal([await text(second), await text(third)], ["ok", "ok"]);
      assert.equal(rig.fetcher.statistics(), { fetches: 0, active: 0, idle: 1 });
    },
    { fetch: { maxConnectionsPerOrigin: 1 } },
  ));

test("a server that keeps its connections for less time than others has its own ended first", () =>
  rigged(async (rig) => {
    for (const [index, headers] of ["", "keep-alive: timeout=2\r\n"].entries()) {
      const response = rig.fetch(`http://${index}.example/`);
      (await rig.peer(index)).send(answer("", headers));
      await response;
    }
    assert.is(rig.fetcher.statistics().idle, 2);
    await rig.host.clock.advance(1000);
    await settled();
    assert.equal([rig.fetcher.statistics().idle, rig.peers[1]!.closed], [1, true]);
    await rig.host.clock.advance(3000);
    assert.is(rig.fetcher.statistics().idle, 0);
  }));

test("what a server says behind its response, and be it later, answers no other request", () =>
  rigged(async (rig) => {
    const first = rig.fetch("http://a/");
    const peer = await rig.peer();
    await peer.request();
    const second = first.then(() => rig.fetch("http://a/"));
    peer.send(OK).send(answer("junk"));
    const other = await rig.peer(1);
    await other.request();
    other.send(answer("mine"));
    assert.is(await (await second).text(), "mine");
    assert.ok(peer.closed);
    assert.is(peer.requests().length, 1);
  }));

test("a connection whose time passes before it is used again makes no room for who gets another one", () =>
  rigged(
    async (rig) => {
      const paths = ["/1", "/2"];
      const first = paths.map((path) => rig.fetch(`http://a${path}`));
      (await rig.peer(0)).send(OK);
      (await rig.peer(1)).send(answer("ok", "keep-alive: timeout=2\r\n"));
      await Promise.all(first);
      const third = rig.fetch("http://a/3");
      assert.equal(rig.path(2), ["queue"]);
      // As if the process had been busy for that long.
      const { clock } = rig.host;
      const now = clock.now.bind(clock);
      clock.now = () => now() + 1500;
      await rig.asked(2);
      await settled();
      assert.equal(rig.path(2), ["queue", "send", "head"]);
      rig.peers[0]!.send(OK);
      await third;
      assert.is(rig.peers.length, 2);
      await settled();
      await rig.host.clock.advance(0);
    },
    { fetch: { maxConnectionsPerOrigin: 2 } },
  ));

test.run();
