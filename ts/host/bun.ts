/** Bun: https://bun.com/docs/runtime/networking/tcp and https://bun.com/reference/bun */
import { readFileSync } from "node:fs";
import coreFile from "../nano.wasm" with { type: "file" };
import { untilAborted } from "./giving-up.ts";
import type { Host, Listener, Network, Socket, SocketHandler } from "./host.ts";
import { introspection, type Util } from "./introspection.ts";
import { isomorphicEncode } from "./isomorphic.ts";
import { networkError } from "./network-error.ts";
import { nodeCodings } from "./node-codings.ts";
import { nodeFiles } from "./node-files.ts";
import { networkModules, nodeNetwork } from "./node-network.ts";
import { fillRandom, reportError, webClock } from "./web.ts";

/** What of Bun's namespace is used here. */
declare const Bun: {
  listen(options: BunAddress & BunSocketOptions & BunListenOptions): BunListener;
  connect(options: BunAddress & BunSocketOptions): Promise<BunSocket>;
};

interface BunAddress {
  hostname: string;
  port: number;
}

interface BunListenOptions {
  tls?: { cert: string; key: string };
  reusePort?: boolean;
}

interface BunSocketOptions {
  allowHalfOpen: true;
  socket: {
    binaryType: "uint8array";
    open(socket: BunSocket): void;
    handshake(socket: BunSocket): void;
    data(socket: BunSocket, bytes: Uint8Array): void;
    drain(socket: BunSocket): void;
    end(socket: BunSocket): void;
    error(socket: BunSocket, error: Error): void;
    close(socket: BunSocket, error?: Error): void;
  };
}

interface BunListener {
  readonly port: number;
  readonly hostname: string;
  stop(): void;
}

interface BunSocket {
  data: BoundSocket;
  readonly remoteAddress: string;
  /** How many bytes were taken; what is left is the caller's to write again after `drain`. */
  write(bytes: Uint8Array): number;
  write(text: string, encoding: "latin1"): number;
  pause(): void;
  resume(): void;
  /** Half-closes. */
  shutdown(): void;
  /** Closes both sides; what was written is still delivered. */
  end(): void;
  terminate(): void;
  setNoDelay(enable: boolean): void;
  unref(): void;
  ref(): void;
}

const { setImmediate } = globalThis;

const builtin = (name: string) => process.getBuiltinModule(name);
const { resolve, connect: connectByNode } = nodeNetwork(networkModules(builtin));

const network: Network = {
  async listen(options, accept): Promise<Listener> {
    const socket = handlersFor((bunSocket) => new BoundSocket(bunSocket, accept));
    const { hostname, port, tls, reusePort = false } = options;
    const secret = tls && { tls: { cert: tls.certificate, key: tls.key } };
    try {
      const listener = Bun.listen({ hostname, port, reusePort, ...secret, allowHalfOpen: true, socket });
      return {
        port: listener.port,
        hostname: options.hostname || listener.hostname,
        close: async () => listener.stop(),
      };
    } catch (error) {
      throw networkError(error as Error, (error as { code?: string }).code, options, "listen");
    }
  },

  async connect(options, handler) {
    // Bun's own begins TLS without a look at whose certificate it is.
    if (options.startTls) return connectByNode(options, handler);
    const { hostname, port, signal } = options;
    signal?.throwIfAborted();
    const socket = handlersFor((bunSocket) => {
      const bound = new BoundSocket(bunSocket, signal?.aborted ? () => NOBODY : handler);
      if (signal?.aborted) bound.destroy();
      return bound;
    });
    const opening = Bun.connect({ hostname, port, allowHalfOpen: true, socket }).catch((error) => {
      throw networkError(error, error.code, options, "connect");
    });
    return (await untilAborted(signal, opening, () => {})).data;
  },

  resolve,
};

/** Whoever asked for the connection has given it up. */
const NOBODY: SocketHandler = { data() {}, end() {}, drain() {}, close() {} };

/** Bun has one set of handlers for all sockets of a listener, and a place on each socket for what is the program's. */
function handlersFor(bind: (socket: BunSocket) => BoundSocket): BunSocketOptions["socket"] {
  return {
    // By default a Buffer, whose parts take longer to make.
    binaryType: "uint8array",
    open(socket) {
      socket.setNoDelay(true);
      socket.data = bind(socket);
    },
    // With TLS, and without this, `open` would come after the handshake only: nobody would count who never makes one.
    handshake() {},
    data: (socket, bytes) => socket.data.received(bytes),
    drain: (socket) => socket.data.flush(),
    end: (socket) => socket.data.peerEnded(),
    error: (socket, error) => socket.data?.failed(error),
    // A connection that was refused closes without having been opened.
    close: (socket, error) => socket.data?.closed(error),
  };
}

/** With this much queued, beside what the system holds, `write` answers false until all of it is sent. */
const QUEUE_BYTES = 64 * 1024;

/** Binds a socket and its handler to each other. What the system does not take at once is queued here. */
class BoundSocket implements Socket {
  readonly remoteAddress: string;
  readonly #socket: BunSocket;
  readonly #handler: SocketHandler;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #needDrain = false;
  #ending = false;
  #peerEnded = false;
  #destroyed = false;
  #closed = false;
  #error: Error | undefined;

  constructor(socket: BunSocket, accept: (socket: Socket) => SocketHandler) {
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress;
    this.#handler = accept(this);
  }

  write(data: Uint8Array | string): boolean {
    if (this.#closed || this.#ending) return true;
    if (typeof data === "string") this.#writeText(data);
    else this.#writeBytes(data);
    const room = this.#queued < QUEUE_BYTES;
    this.#needDrain ||= !room;
    return room;
  }

  /** What Bun takes of text at once has not been bytes here. */
  #writeText(text: string): void {
    let written = 0;
    if (this.#queue.length === 0) {
      written = Math.max(0, this.#socket.write(text, "latin1"));
      if (written === text.length) return;
    }
    this.#writeBytes(isomorphicEncode(text.slice(written)));
  }

  #writeBytes(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queue.length === 1) this.flush();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#needDrain = true;
    // The handler is told in a microtask: it may be in the middle of the call that led here.
    if (this.#queue.length === 0) Promise.resolve().then(() => this.flush());
  }

  destroy(): void {
    if (this.#closed) return;
    this.#destroyed = true;
    this.#queue = [];
    // To terminate is a reset, which takes from a slow reader what the system holds for it.
    if (this.#ending && !this.#needDrain) this.#socket.end();
    else this.#socket.terminate();
  }

  unref(): void {
    this.#socket.unref();
  }

  ref(): void {
    this.#socket.ref();
  }

  /** Writes until the system takes no more. */
  flush(): void {
    if (this.#closed || this.#destroyed) return;
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      const written = Math.max(0, this.#socket.write(first));
      this.#queued -= written;
      if (written < first.length) {
        this.#queue[0] = first.subarray(written);
        return;
      }
      this.#queue.shift();
    }
    if (!this.#needDrain) return;
    this.#needDrain = false;
    if (this.#ending) this.#socket.shutdown();
    this.#handler.drain();
  }

  received(bytes: Uint8Array): void {
    this.#handler.data(bytes);
  }

  peerEnded(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#handler.end();
  }

  failed(error: Error): void {
    this.#error = error;
  }

  closed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const broken = error ?? this.#error;
    // Where this side had ended before, Bun tells of the peer's end by closing.
    if (!broken && !this.#destroyed) this.peerEnded();
    this.#handler.close(broken);
  }
}

export const defaultHost: Host = {
  name: "bun",
  clock: webClock(
    (task) => void setImmediate(task),
    (timer) => (timer as Partial<NodeJS.Timeout>).unref?.(),
  ),
  network,
  /** The path is absolute; or, in what `bun build` made of this, relative to that. */
  loadCore: () => new WebAssembly.Module(readFileSync(new URL(coreFile as string, import.meta.url))),
  fillRandom,
  reportError,
  timersAreObjects: true,
  codings: nodeCodings(builtin),
  files: nodeFiles(builtin),
  introspection: introspection(() => process.getBuiltinModule("node:util") as Util),
};
