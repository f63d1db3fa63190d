/** The contract of Network, Socket and SocketHandler (ts/host/host.ts), on the engine's sockets and in memory. */
import { defaultHost, memoryHost, type Network, type Socket, type SocketHandler } from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Engine, type Suite, type Test } from "./suite.ts";
import { errorOf, pattern } from "./support.ts";

/** Writes down what a socket tells. */
class Recorder implements SocketHandler {
  socket!: Socket;
  readonly events: string[] = [];
  readonly received: number[] = [];
  count = 0;
  /** All that came, if there is to be such a list. */
  whole: Uint8Array[] | undefined;

  readonly handle = (socket: Socket): SocketHandler => {
    this.socket = socket;
    return this;
  };
  data(bytes: Uint8Array): void {
    this.count += bytes.length;
    this.whole?.push(new Uint8Array(bytes));
    if (this.received.length < 100) this.received.push(...bytes.subarray(0, 100));
  }
  end(): void {
    this.events.push("end");
  }
  drain(): void {
    this.events.push("drain");
  }
  close(error?: Error): void {
    this.events.push(error ? "broken" : "close");
  }
  get isClosed(): boolean {
    return this.events.includes("close") || this.events.includes("broken");
  }
}

/** Waits for something that the network does; the runner's limit ends what never comes. */
async function eventually(happened: () => boolean): Promise<void> {
  while (!happened()) await turns(1);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setTimeout(resolve, 1));
}

/** A code unit a byte. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

interface Pair {
  server: Recorder;
  client: Recorder;
  network: Network;
  port: number;
}

/** Runs `use` with two ends of a connection, and sees to it that both are told of its end, once and last. */
async function connected(network: Network, use: (pair: Pair) => Promise<void>): Promise<void> {
  const [server, client] = [new Recorder(), new Recorder()];
  const listener = await network.listen({ port: 0, hostname: "127.0.0.1" }, server.handle);
  await network.connect({ port: listener.port, hostname: "127.0.0.1" }, client.handle);
  await eventually(() => server.socket !== undefined);
  await use({ server, client, network, port: listener.port });
  await listener.close();
  for (const { socket } of [server, client]) socket.destroy();
  await eventually(() => server.isClosed && client.isClosed);
  for (const { events } of [server, client]) {
    assert.is(events.filter((event) => event === "close" || event === "broken").length, 1, "closed once");
    assert.match(events.at(-1)!, /^close|broken$/, "and then nothing");
  }
}

const CONTRACT: Record<string, (pair: Pair) => Promise<void>> = {
  "bytes and text arrive in order, and each side ends by itself": async ({ server, client }) => {
    client.socket.write(Uint8Array.of(0, 1, 255));
    client.socket.write("gr\xfc\xdfe\x80");
    client.socket.end();
    await eventually(() => server.events.includes("end"));
    assert.equal(server.received, [0, 1, 255, 0x67, 0x72, 0xfc, 0xdf, 0x65, 0x80]);
    await turns(3);
    assert.equal([server.isClosed, client.isClosed], [false, false]);
    server.socket.write("late");
    server.socket.end();
    await eventually(() => server.isClosed && client.isClosed);
    assert.equal(client.received, [0x6c, 0x61, 0x74, 0x65]);
    assert.equal(client.events, ["drain", "end", "close"]);
    assert.equal(server.events, ["end", "drain", "close"]);
  },

  "text and bytes of any length arrive in order, whatever is taken of them at once": async ({
    server,
    client,
  }) => {
    server.socket.pause();
    server.whole = [];
    const written: Uint8Array[] = [];
    for (const length of [1, 100, 4096, 4097, 3, 70_000, 10, 3_000_000, 2]) {
      for (const mask of [0x7f, 0xff]) {
        const bytes = pattern(length).map((byte) => byte & mask);
        written.push(bytes, bytes);
        client.socket.write(textOf(bytes));
        client.socket.write(bytes.slice());
      }
    }
    client.socket.end();
    server.socket.resume();
    await eventually(() => server.events.includes("end"));
    const [came, sent] = [joined(server.whole), joined(written)];
    assert.is(came.length, sent.length);
    assert.ok(came.every((byte, at) => byte === sent[at]));
  },

  "write says when to wait, and drain when to go on": async ({ server, client }) => {
    server.socket.pause();
    const piece = pattern(20_000_000); // More than the system takes on its way.
    let written = piece.length;
    while (client.socket.write(piece.slice())) written += piece.length;
    await turns(5);
    assert.not(client.events.includes("drain"));
    server.socket.resume();
    await eventually(() => client.events.includes("drain") && server.count === written);
  },

  "drain comes after the end when the peer has taken all of it, however late": async ({ server, client }) => {
    client.socket.pause();
    server.socket.write(pattern(20_000_000));
    server.socket.end();
    await turns(10);
    assert.equal(server.events, []);
    client.socket.resume();
    await eventually(() => server.events.includes("drain") && client.events.includes("end"));
    assert.is(client.count, 20_000_000);
    assert.equal(server.events, ["drain"]);
  },

  "destroying is seen by both, and nothing throws afterwards": async ({ server, client }) => {
    server.socket.destroy();
    await eventually(() => server.isClosed);
    server.socket.destroy();
    assert.is(server.socket.write("x"), true);
    server.socket.end();
    server.socket.pause();
    server.socket.resume();
    await eventually(() => client.events.length > 0);
  },

  "a port is one listener's; what cannot be had is told by a code and a sentence": async ({
    network,
    port,
    server,
  }) => {
    const address = { port, hostname: "127.0.0.1" };
    const taken = (await errorOf(() => network.listen(address, server.handle))) as Error & {
      code: string;
    };
    assert.equal([taken.code, taken.message], ["EADDRINUSE", `port ${port} on 127.0.0.1 is already in use`]);
  },

  "a closed listener refuses, and leaves its connections open": async ({ network, client, server }) => {
    const other = await network.listen({ port: 0, hostname: "127.0.0.1" }, new Recorder().handle);
    await other.close();
    await other.close();
    const address = { port: other.port, hostname: "127.0.0.1" };
    const refused = (await errorOf(() => network.connect(address, client.handle))) as Error & {
      code: string;
    };
    assert.equal(
      [refused.code, refused.message],
      ["ECONNREFUSED", `nobody listens on port ${other.port} of 127.0.0.1`],
    );
    client.socket.write("still here");
    await eventually(() => server.count === 10);
  },

  "the peer has an address": async ({ server }) => {
    assert.is(server.socket.remoteAddress, "127.0.0.1");
  },
};

/** The contract's tests, on a network, or where there is none. */
function onNetwork(find: (engine: Engine) => Network | undefined): Record<string, Test> {
  const tests = Object.entries(CONTRACT).map(([title, use]): [string, Test] => [
    title,
    (engine) => {
      const network = find(engine);
      return network ? connected(network, use) : NOWHERE_TO_LISTEN;
    },
  ]);
  return Object.fromEntries(tests);
}

const NOWHERE_TO_LISTEN = new Absent("no listening: memoryHost().network keeps the same contract in memory");

export const networkInMemory: Suite = {
  name: "network in memory",
  tests: onNetwork(() => memoryHost().network),
};

/** What is sent over TLS, to a listener on this machine. */
async function withTls(
  { capabilities, certificates }: Engine,
  use: (pair: {
    server: Recorder;
    client: Recorder;
    certificates: Certificates;
    connect(): Promise<Socket>;
  }) => Promise<unknown>,
  expired = false,
): Promise<unknown> {
  if (!capabilities.includes("sockets")) return NOWHERE_TO_LISTEN;
  if (!certificates) return new Absent("no openssl to make certificates with");
  const { key } = certificates;
  const certificate = expired ? certificates.expired : certificates.certificate;
  const [server, client] = [new Recorder(), new Recorder()];
  const { network } = defaultHost;
  const address = { port: 0, hostname: "127.0.0.1", tls: { certificate, key } };
  const listener = await network!.listen(address, server.handle);
  const { port, hostname } = listener;
  const before = new Recorder();
  const connect = () => network!.connect({ port, hostname, startTls: true }, before.handle);
  const result = await use({ server, client, certificates, connect });
  await listener.close();
  client.socket?.destroy();
  server.socket?.destroy();
  await eventually(() => !server.socket || server.isClosed);
  assert.equal(before.events, [], "the socket before TLS is told nothing");
  return result;
}

type Certificates = NonNullable<Engine["certificates"]>;

const TLS: Record<string, Test> = {
  "TLS: bytes go both ways, and each side ends by itself": (engine) =>
    withTls(engine, async ({ server, client, certificates: { ca }, connect }) => {
      const socket = await (await connect()).startTls!({ serverName: "localhost", ca }, client.handle);
      socket.write("text first");
      socket.write(pattern(1_000_000));
      await eventually(() => server.count === 1_000_010);
      assert.is(String.fromCharCode(...server.received.slice(0, 10)), "text first");
      server.socket.write(pattern(2_000_000));
      await eventually(() => client.count === 2_000_000);
      socket.end();
      await eventually(() => server.events.includes("end"));
      server.socket.write("late");
      server.socket.end();
      await eventually(() => server.isClosed && client.isClosed);
      assert.is(client.count, 2_000_004);
      assert.is(client.events.at(-1), "close");
    }),

  "TLS: a server is refused whose certificate is for others, expired, or signed by nobody who is trusted":
    async (engine) => {
      const attempts: [boolean, string, boolean][] = [
        [false, "elsewhere", true],
        [false, "127.0.0.2", true],
        [true, "localhost", true],
        [false, "localhost", false],
      ];
      const seen: unknown[] = [];
      for (const [expired, serverName, trusted] of attempts) {
        const result = await withTls(
          engine,
          async ({ client, certificates: { ca }, connect }) => {
            const plain = await connect();
            const tls = { serverName, ...(trusted && { ca }) };
            const { code, message } = (await errorOf(() => plain.startTls!(tls, client.handle))) as Error & {
              code: string;
            };
            assert.is(client.socket, undefined);
            return `${code} ${message}`;
          },
          expired,
        );
        if (result instanceof Absent) return result;
        seen.push(result);
      }
      assert.match(String(seen[0]), "is for other names");
      return seen;
    },

  "TLS: an address is as good as a name": (engine) =>
    withTls(engine, async ({ server, client, certificates: { ca }, connect }) => {
      const plain = await connect();
      (await plain.startTls!({ serverName: "127.0.0.1", ca }, client.handle)).write("x");
      await eventually(() => server.count === 1);
    }),

  "TLS: a connection is told of when it is open, though nobody shakes hands on it": (engine) =>
    withTls(engine, async ({ server, client, connect }) => {
      const plain = await connect();
      await eventually(() => server.socket !== undefined);
      const reason = new Error("given up");
      const tls = { serverName: "localhost", signal: AbortSignal.abort(reason) };
      assert.is(await errorOf(() => plain.startTls!(tls, client.handle)), reason);
      // It has ended, or is gone: half-open connections are not TLS's.
      await eventually(() => server.events.length > 0);
    }),

  "TLS: a handshake can be given up": async ({ capabilities }) => {
    if (!capabilities.includes("sockets")) return NOWHERE_TO_LISTEN;
    const { network } = defaultHost;
    const silent = new Recorder();
    const { port, hostname, close } = await network!.listen(
      { port: 0, hostname: "127.0.0.1" },
      silent.handle,
    );
    for (const early of [true, false]) {
      const given = new AbortController();
      const plain = await network!.connect({ port, hostname, startTls: true }, new Recorder().handle);
      const reason = new Error("given up");
      if (early) given.abort(reason);
      else setTimeout(() => given.abort(reason), 5);
      const client = new Recorder();
      const tls = { serverName: "localhost", signal: given.signal };
      assert.is(await errorOf(() => plain.startTls!(tls, client.handle)), reason);
      assert.is(client.socket, undefined);
      await eventually(() => silent.events.length > 0);
      silent.socket.destroy();
      await eventually(() => silent.isClosed);
      silent.events.length = 0;
    }
    await close();
  },

  "a connection that was given up is none": async () => {
    const { network } = defaultHost;
    if (!network) return new Absent("no sockets at all");
    const reason = new Error("given up");
    const address = { port: 1, hostname: "127.0.0.1", signal: AbortSignal.abort(reason) };
    const nobody = new Recorder();
    assert.is(await errorOf(() => network.connect(address, nobody.handle)), reason);
    assert.is(nobody.socket, undefined);
  },
};

export const network: Suite = {
  name: "network",
  tests: {
    ...onNetwork(({ capabilities }) => (capabilities.includes("sockets") ? defaultHost.network : undefined)),

    "a program connects to who listens elsewhere": async ({ echoPort }) => {
      if (echoPort === undefined) {
        assert.is(defaultHost.network, undefined);
        return new Absent(
          "no sockets at all: a host with a network of your own, { ...defaultHost, network }, connects",
        );
      }
      const client = new Recorder();
      const address = { port: echoPort, hostname: "127.0.0.1" };
      const socket = await defaultHost.network!.connect(address, client.handle);
      socket.write("text first");
      socket.write(pattern(1_000_000));
      socket.end();
      await eventually(() => client.isClosed);
      assert.is(client.count, 1_000_010);
      assert.equal(client.events.at(-1), "close");
      assert.is(String.fromCharCode(...client.received.slice(0, 10)), "text first");
    },

    ...TLS,

    "names have addresses, and an address is its own": async () => {
      const { network } = defaultHost;
      if (!network?.resolve)
        return new Absent("no look-up of names: `connect` finds the addresses by itself");
      assert.equal(await network.resolve("192.0.2.7"), [{ address: "192.0.2.7", family: 4 }]);
      assert.equal(await network.resolve("::1"), [{ address: "::1", family: 6 }]);
      const local = await network.resolve("localhost");
      assert.ok(local.some(({ address }) => address === "127.0.0.1" || address === "::1"));
      const { code, message } = (await errorOf(() => network.resolve!("host.invalid"))) as Error & {
        code: string;
      };
      return [`${code} ${message}`];
    },

    "addresses that cannot be had are explained alike": async ({ capabilities }) => {
      if (!capabilities.includes("sockets")) return NOWHERE_TO_LISTEN;
      const { network } = defaultHost;
      const seen: string[] = [];
      for (const attempt of [
        () => network!.listen({ port: 0, hostname: "192.0.2.1" }, new Recorder().handle),
        () => network!.connect({ port: 1, hostname: "127.0.0.1" }, new Recorder().handle),
        () => network!.connect({ port: 1, hostname: "host.invalid" }, new Recorder().handle),
      ]) {
        const { code, message } = (await errorOf(attempt)) as Error & { code: string };
        seen.push(`${code} ${message}`);
      }
      return seen;
    },
  },
};
