/**
 * What the tests of fetch share: a fetcher in memory on a clock that stands still, peers that say what a test tells them
 * to, and the states that every operation went through.
 */
import * as assert from "uvu/assert";
import type { Core } from "../../../ts/core/core.ts";
import type { Codings, Host, Network, Socket, SocketHandler } from "../../../ts/host/host.ts";
import { type MemoryHost, memoryHost } from "../../../ts/host/memory.ts";
import { EventLoop } from "../../../ts/runtime/loop.ts";
import { createCrypto } from "../../../ts/web/crypto/crypto.ts";
import { createFetcher, type Fetch, type Fetcher } from "../../../ts/web/fetch/fetch.ts";
import { type State, TRANSITIONS } from "../../../ts/web/fetch/operation.ts";
import type { FetchOptions } from "../../../ts/web/fetch/options.ts";
import { makeCore } from "../../support/core.ts";

/** One accepted connection, played by the test. */
export class Peer implements SocketHandler {
  readonly socket: Socket;
  /** What came, each byte a code unit. */
  received = "";
  ended = false;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  data(bytes: Uint8Array): void {
    this.received += Buffer.from(bytes).toString("latin1");
  }
  end(): void {
    this.ended = true;
  }
  drain(): void {}
  close(): void {
    this.closed = true;
  }

  send(data: string | Uint8Array): this {
    this.socket.write(data);
    return this;
  }

  /** The last request, as soon as its head is there, and its body is as long as it says. */
  async request(count = 1): Promise<string> {
    await eventually(() => this.requests().length >= count || this.closed);
    return this.requests()[count - 1]!;
  }

  /** Whole requests. */
  requests(): string[] {
    const requests: string[] = [];
    for (let rest = this.received; ; ) {
      const headEnd = rest.indexOf("\r\n\r\n") + 4;
      if (headEnd < 4) return requests;
      const head = rest.slice(0, headEnd).toLowerCase();
      let end = headEnd + Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
      if (head.includes("\r\ntransfer-encoding: chunked")) {
        const last = rest.startsWith("0\r\n\r\n", headEnd)
          ? headEnd
          : rest.indexOf("\r\n0\r\n\r\n", headEnd) + 2;
        if (last < headEnd) return requests;
        end = last + 5;
      }
      if (rest.length < end) return requests;
      requests.push(rest.slice(0, end));
      rest = rest.slice(end);
    }
  }
}

export interface RigOptions {
  fetch?: FetchOptions;
  /** At most so many bytes arrive at a time. */
  pieceBytes?: number;
  /** What the fetcher sees of the network in memory. */
  network?: (network: Network) => Network;
  /** Instead of the engine's. */
  codings?: Codings;
  tasksEndWithRequests?: boolean;
}

export class Rig {
  readonly host: MemoryHost;
  readonly core: Core;
  readonly loop: EventLoop;
  readonly fetcher: Fetcher;
  readonly fetch: Fetch;
  readonly peers: Peer[] = [];
  /** The states of each fetch, in the order of the calls. */
  readonly paths: State[][] = [];

  constructor({ fetch, pieceBytes, network, codings, tasksEndWithRequests = false }: RigOptions = {}) {
    this.host = memoryHost(pieceBytes === undefined ? {} : { pieceBytes });
    this.core = makeCore();
    this.loop = new EventLoop(this.host.clock, (error) => {
      throw error;
    });
    const seen: Host = {
      ...this.host,
      tasksEndWithRequests,
      ...(network && { network: network(this.host.network) }),
      ...(codings && { codings }),
    };
    const { subtleSync } = createCrypto(this.core, this.loop, this.host.fillRandom);
    this.fetcher = createFetcher(
      {
        ...{ core: this.core, loop: this.loop, host: seen, clock: this.host.clock },
        digest: (algorithm, data) => subtleSync.digest(algorithm, data),
      },
      fetch,
    );
    this.fetch = (input, init) => {
      const path: State[] = [];
      this.paths.push(path);
      return this.fetcher.fetch(input, { ...init, onState: (state) => path.push(state) });
    };
  }

  /** Accepts connections for the test to play. */
  async listen(port = 80): Promise<void> {
    await this.host.network.listen({ port, hostname: "127.0.0.1" }, (socket) => {
      const peer = new Peer(socket);
      this.peers.push(peer);
      return peer;
    });
  }

  /** The connection of that number, when it is there. */
  async peer(index = 0): Promise<Peer> {
    await eventually(() => this.peers.length > index);
    return this.peers[index]!;
  }

  /** The first connection, when it has been asked so many times. */
  async asked(count: number): Promise<Peer> {
    const peer = await this.peer();
    await peer.request(count);
    return peer;
  }

  /** The states that the operation of that number went through. */
  path(index = 0): State[] {
    return this.paths[index] ?? [];
  }

  /** That nothing is left behind; and that no operation went where the table leads it not. */
  async finish(): Promise<void> {
    await settled();
    for (const path of this.paths) {
      for (const [at, state] of path.entries()) {
        const previous = path[at - 1];
        if (previous)
          assert.ok(TRANSITIONS[previous].includes(state), `${previous} to ${state}: ${path.join(" ")}`);
      }
    }
    const { fetches, active } = this.fetcher.statistics();
    const { liveArenas, bytesInUse } = this.core.statistics();
    assert.equal(
      { fetches, active, liveArenas, bytesInUse },
      { fetches: 0, active: 0, liveArenas: 0, bytesInUse: 0 },
    );
    await this.loop.idle();
    this.fetcher.close();
    assert.equal(this.fetcher.statistics(), { fetches: 0, active: 0, idle: 0 });
    assert.is(this.core.statistics().liveArenas, 0);
    await settled();
    assert.is(this.host.clock.pendingTasks, 0);
    this.loop.close();
  }
}

/** Runs `use` on a rig that listens on port 80, and sees to it that nothing is left behind. */
export async function rigged(use: (rig: Rig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const rig = new Rig(options);
  await rig.listen();
  await use(rig);
  await rig.finish();
}

/** Turns of the engine's loop, in which everything in memory happens that is about to. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 12; turns++) await turn();
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function eventually(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 20_000) throw new Error(`still not so: ${condition}`);
    await turn();
  }
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** Never settles, but when it is given up. */
export function never(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A response with what is wanted in it. */
export function answer(body: string, headers = "", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}
