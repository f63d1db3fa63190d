/**
 * A network in memory: the contract's own example, and what tests and playgrounds run on.
 *
 * Deterministic: each event (bytes, end, drain, close) is a task of its own, posted when its cause happened, and
 * takes none of the clock's time. So a conversation goes on by itself while a virtual clock stands still, and
 * deadlines pass only when somebody advances it.
 *
 * Differences from a real network: listeners are found by port alone, whatever the hostname, and every name has the
 * address 127.0.0.1, but those of `.invalid` (RFC 6761 section 6.4), which have none; `destroy` is always a reset, which the
 * peer sees even before what was sent ahead of it. TLS changes nothing: what travels in memory needs no secrecy, and
 * certificates are not looked at.
 */
import type {
  Address,
  ClientTls,
  Clock,
  ConnectOptions,
  Listener,
  ListenOptions,
  Network,
  Socket,
  SocketHandler,
} from "./host.ts";
import { isomorphicEncode } from "./isomorphic.ts";

export interface MemoryNetworkOptions {
  /** The most bytes that arrive at a time; 1 delivers byte by byte. By default, writes arrive as they were written. */
  pieceBytes?: number;
  /** How many undelivered bytes make `write` answer false: 64 KiB by default. */
  queueBytes?: number;
}

/** The dynamic ports of RFC 6335 section 6, which `port: 0` is served from. */
const FIRST_FREE_PORT = 49152;
const LAST_PORT = 65535;

/** Makes a network of its own: nothing on it reaches another one. */
export function memoryNetwork(clock: Pick<Clock, "postTask">, options: MemoryNetworkOptions = {}): Network {
  const listeners = new Map<number, (socket: Socket) => SocketHandler>();

  const freePort = (hostname: string): number => {
    for (let port = FIRST_FREE_PORT; port <= LAST_PORT; port++) if (!listeners.has(port)) return port;
    throw networkError("EADDRINUSE", `no port on ${hostname} is free`);
  };

  return {
    async listen({ port: wanted, hostname }: ListenOptions, accept): Promise<Listener> {
      const port = wanted === 0 ? freePort(hostname) : wanted;
      if (listeners.has(port))
        throw networkError("EADDRINUSE", `port ${port} on ${hostname} is already in use`);
      listeners.set(port, accept);
      const close = async () => {
        if (listeners.get(port) === accept) listeners.delete(port);
      };
      return { port, hostname, close };
    },

    async connect({ port, hostname, signal }: ConnectOptions, handler): Promise<Socket> {
      signal?.throwIfAborted();
      resolve(hostname);
      const accept = listeners.get(port);
      if (!accept) throw networkError("ECONNREFUSED", `nobody listens on port ${port} of ${hostname}`);
      const here = new MemorySocket(clock, options);
      const there = new MemorySocket(clock, options);
      here.join(there, handler);
      there.join(here, accept);
      return here;
    },

    resolve: async (hostname) => resolve(hostname),
  };
}

function resolve(hostname: string): Address[] {
  if (hostname.includes(":")) return [{ address: hostname, family: 6 }];
  if (/^[\d.]+$/.test(hostname)) return [{ address: hostname, family: 4 }];
  if (/(^|\.)invalid\.?$/i.test(hostname))
    throw networkError("ENOTFOUND", `no address is known for ${hostname}`);
  return [{ address: "127.0.0.1", family: 4 }];
}

/** One end of a connection. What it writes waits in `#queue` until a task hands it to the peer. */
class MemorySocket implements Socket {
  readonly remoteAddress = "127.0.0.1";

  readonly #clock: Pick<Clock, "postTask">;
  readonly #pieceBytes: number;
  readonly #queueBytes: number;
  #peer!: MemorySocket;
  #handler!: SocketHandler;

  #queue: Uint8Array[] = [];
  #queued = 0;
  #needDrain = false;
  /** `end` was called; `#endDelivered` once the peer knows. */
  #ended = false;
  #endDelivered = false;
  #paused = false;
  #closed = false;
  #scheduled = false;

  constructor(clock: Pick<Clock, "postTask">, { pieceBytes, queueBytes }: MemoryNetworkOptions) {
    this.#clock = clock;
    this.#pieceBytes = pieceBytes ?? Number.MAX_SAFE_INTEGER;
    this.#queueBytes = queueBytes ?? 64 * 1024;
  }

  join(peer: MemorySocket, handler: (socket: Socket) => SocketHandler): void {
    this.#peer = peer;
    this.#handler = handler(this);
  }

  write(data: Uint8Array | string): boolean {
    const bytes = typeof data === "string" ? isomorphicEncode(data) : data;
    if (this.#closed || this.#ended || bytes.length === 0) return true;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#schedule();
    const room = this.#queued < this.#queueBytes;
    this.#needDrain ||= !room;
    return room;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#peer.#schedule();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#needDrain = true;
    this.#schedule();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#close();
    this.#peer.#close(networkError("ECONNRESET", "the peer dropped the connection"));
  }

  /** Another handler takes over; what has arrived before went to the first. */
  async startTls({ signal }: ClientTls, handler: (socket: Socket) => SocketHandler): Promise<Socket> {
    if (signal?.aborted) this.destroy();
    signal?.throwIfAborted();
    this.#handler = handler(this);
    return this;
  }

  /** Posts the delivery of the next event, if there is one and the peer takes it. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.postTask(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const first = this.#queue[0];
    if (this.#closed) return;
    if (!first && this.#needDrain) {
      this.#needDrain = false;
      this.#schedule();
      this.#handler.drain();
      return;
    }
    if (this.#peer.#paused) return;
    if (first) {
      const piece = first.subarray(0, this.#pieceBytes);
      if (piece.length === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(piece.length);
      this.#queued -= piece.length;
      this.#schedule();
      this.#peer.#handler.data(piece);
    } else if (this.#ended && !this.#endDelivered) {
      this.#endDelivered = true;
      this.#peer.#handler.end();
      if (this.#peer.#endDelivered) {
        this.#close();
        this.#peer.#close();
      }
    }
  }

  #close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#clock.postTask(() => this.#handler.close(error));
  }
}

function networkError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
