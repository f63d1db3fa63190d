/** The contract of Network, Socket and SocketHandler (host/host.ts), on real sockets and in memory alike. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Network, Socket, SocketHandler } from "../../ts/host/host.ts";
import { memoryNetwork } from "../../ts/host/memory-network.ts";
import { defaultHost } from "../../ts/host/node.ts";
import { eventually, pattern, turn } from "./support.ts";

const nodeNetwork = defaultHost.network!;
const taskPoster = { postTask: (task: () => void) => void setImmediate(task) };

const NETWORKS: [string, () => Network][] = [
  ["node", () => nodeNetwork],
  ["memory", () => memoryNetwork(taskPoster)],
  ["memory, byte by byte", () => memoryNetwork(taskPoster, { pieceBytes: 1 })],
];

/** Writes down what a socket tells. */
class Recorder implements SocketHandler {
  socket!: Socket;
  readonly events: string[] = [];
  readonly #chunks: Uint8Array[] = [];

  readonly handle = (socket: Socket): SocketHandler => {
    this.socket = socket;
    return this;
  };
  data(bytes: Uint8Array): void {
    this.#chunks.push(new Uint8Array(bytes));
  }
  end(): void {
    this.events.push("end");
  }
  drain(): void {
    this.events.push("drain");
  }
  close(error?: Error): void {
    this.events.push(error ? `close ${(error as NodeJS.ErrnoException).code}` : "close");
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
  get isClosed(): boolean {
    return this.events.some((event) => event.startsWith("close"));
  }
}

async function pair(network: Network) {
  const server = new Recorder();
  const client = new Recorder();
  const listener = await network.listen({ port: 0, hostname: "127.0.0.1" }, server.handle);
  await network.connect({ port: listener.port, hostname: "127.0.0.1" }, client.handle);
  await eventually(() => server.socket !== undefined);
  return { server, client, listener };
}

for (const [name, make] of NETWORKS) {
  test(`${name}: bytes and text arrive in order, both ways, and each side ends by itself`, async () => {
    const { server, client, listener } = await pair(make());
    client.socket.write(new Uint8Array([0, 1, 255]));
    client.socket.write("gr\xfc\xdfe\x80\xff");
    client.socket.end();
    await eventually(() => server.events.includes("end"));
    assert.is(server.bytes.toString("latin1"), "\x00\x01\xffgr\xfc\xdfe\x80\xff");
    assert.not(client.isClosed);
    assert.not(server.isClosed);

    server.socket.write("an answer after the end");
    server.socket.end();
    await eventually(() => server.isClosed && client.isClosed);
    assert.is(client.bytes.toString(), "an answer after the end");
    assert.equal(client.events, ["drain", "end", "close"]);
    assert.equal(server.events, ["end", "drain", "close"]);
    await listener.close();
  });

  test(`${name}: destroy is seen by both, once, and nothing throws afterwards`, async () => {
    const { server, client, listener } = await pair(make());
    server.socket.destroy();
    await eventually(() => server.isClosed);
    server.socket.destroy();
    assert.is(server.socket.write("x"), true);
    server.socket.end();
    server.socket.pause();
    server.socket.resume();
    // On real sockets the peer sees an end, and that the rest is gone when it writes.
    await eventually(() => client.events.length > 0);
    client.socket.destroy();
    await eventually(() => client.isClosed);
    for (let turns = 0; turns < 5; turns++) await turn();
    for (const { events } of [server, client]) {
      assert.is(events.filter((event) => event.startsWith("close")).length, 1);
      assert.ok(events.at(-1)!.startsWith("close"));
    }
    await listener.close();
  });

  test(`${name}: write says when to wait, and drain when to go on`, async () => {
    const { server, client, listener } = await pair(make());
    server.socket.pause();
    const piece = pattern(name.includes("byte") ? 10_000 : 1_000_000);
    let written = 0;
    while (client.socket.write(piece.slice())) written += piece.length;
    written += piece.length;
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.not(client.events.includes("drain"));
    server.socket.resume();
    await eventually(() => client.events.includes("drain"));
    client.socket.end();
    server.socket.end();
    await eventually(() => server.isClosed && client.isClosed);
    assert.is(server.bytes.length, written);
    assert.ok(server.bytes.subarray(0, piece.length).equals(piece));
    await listener.close();
  });

  test(`${name}: drain comes after the end when the peer has taken all of it, however late`, async () => {
    const { server, client, listener } = await pair(make());
    client.socket.pause();
    server.socket.write(pattern(name.includes("byte") ? 10_000 : 20_000_000));
    server.socket.end();
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(server.events, []);
    client.socket.resume();
    await eventually(() => server.events.includes("drain"));
    assert.not(server.isClosed);
    client.socket.end();
    await eventually(() => server.isClosed && client.isClosed);
    assert.is(server.events.filter((event) => event === "drain").length, 1);
    await listener.close();
  });

  test(`${name}: a port is one listener's; closing it frees it and leaves connections open`, async () => {
    const network = make();
    const { server, client, listener } = await pair(network);
    const address = { port: listener.port, hostname: "127.0.0.1" };
    const taken = await network.listen(address, () => server).catch((error) => error);
    assert.is(taken.code, "EADDRINUSE");
    assert.is(taken.message, `port ${address.port} on 127.0.0.1 is already in use`);

    await listener.close();
    const refused = await network.connect(address, client.handle).catch((error) => error);
    assert.is(refused.code, "ECONNREFUSED");
    assert.is(refused.message, `nobody listens on port ${address.port} of 127.0.0.1`);

    const again = await network.listen(address, () => server);
    await again.close();
    await listener.close();
    client.socket.write("still here");
    await eventually(() => server.bytes.length === 10);
    for (const { socket } of [server, client]) socket.end();
    await eventually(() => server.isClosed && client.isClosed);
  });

  test(`${name}: the peer has an address`, async () => {
    const { server, client, listener } = await pair(make());
    assert.is(server.socket.remoteAddress, "127.0.0.1");
    for (const { socket } of [server, client]) socket.destroy();
    await eventually(() => server.isClosed && client.isClosed);
    await listener.close();
  });
}

test("node: addresses that cannot be had are explained", async () => {
  const failure = (hostname: string, port = 0) =>
    nodeNetwork
      .listen({ port, hostname }, () => new Recorder())
      .catch((error) => [error.code, error.message]);
  assert.equal(await failure("192.0.2.1"), ["EADDRNOTAVAIL", "192.0.2.1 is not an address of this machine"]);
  assert.equal(await failure("host.invalid"), ["ENOTFOUND", "no address is known for host.invalid"]);
});

test("memory: a code unit above U+00FF is refused, not cut down to another byte", async () => {
  const { client, listener } = await pair(memoryNetwork(taskPoster));
  assert.throws(() => client.socket.write("\u010d"), /code unit 269 at 0 is not a byte/);
  client.socket.destroy();
  await listener.close();
});

test.run();
