/**
 * From pull to push: where an engine has streams that are read and written by promises (Deno, workerd), this makes of
 * one the contract's `Socket`, which is told to write and tells its handler what came.
 */
import { untilAborted } from "./giving-up.ts";
import type { ClientTls, Socket, SocketHandler } from "./host.ts";
import { isomorphicEncode } from "./isomorphic.ts";

/** What an engine's stream can do. A call that rejects says that the connection is broken. */
export interface PullStream {
  /** The peer's address; empty where there is none. */
  readonly remoteAddress: string;
  /** The next bytes; null when the peer will send nothing more. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when all of `bytes` is on its way. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing more will be written. */
  closeWrite(): Promise<void>;
  /** Lets go of the connection, both ways. What is pending rejects or ends. */
  close(): void;
  unref?(): void;
  ref?(): void;
  /** Begins TLS, as its client, while nothing is being read or written; this stream is done with then. */
  startTls?(tls: ClientTls): Promise<PullStream>;
}

const { setTimeout } = globalThis;

/** With this much queued, `write` answers false until all of it is sent. */
const QUEUE_BYTES = 64 * 1024;

/** Binds a stream and its handler to each other. */
export function pullSocket(stream: PullStream, accept: (socket: Socket) => SocketHandler): Socket {
  const socket = new PullSocket(stream);
  socket.start(accept(socket));
  return socket;
}

class PullSocket implements Socket {
  readonly remoteAddress: string;
  readonly startTls?: NonNullable<Socket["startTls"]>;
  readonly #stream: PullStream;
  #handler!: SocketHandler;

  /** What waits to be written; the writer takes all of it at once. */
  #queue: Uint8Array[] = [];
  #queued = 0;
  #writing = false;
  #needDrain = false;
  /** `end` was called; `#writeEnded` once the peer is told. */
  #ending = false;
  #writeEnded = false;
  #readEnded = false;
  #closed = false;
  /** While paused: what starts the reader again. */
  #resume: (() => void) | undefined;
  #paused = false;

  constructor(stream: PullStream) {
    this.#stream = stream;
    this.remoteAddress = stream.remoteAddress;
    if (stream.startTls) this.startTls = (tls, handler) => this.#startTls(tls, handler);
  }

  start(handler: SocketHandler): void {
    this.#handler = handler;
    this.#read().catch((error: Error) => this.#close(error));
  }

  write(data: Uint8Array | string): boolean {
    if (this.#closed || this.#ending) return true;
    const bytes = typeof data === "string" ? isomorphicEncode(data) : data;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#startWriter();
    const room = this.#queued < QUEUE_BYTES;
    this.#needDrain ||= !room;
    return room;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#resume?.();
    this.#resume = undefined;
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#startWriter();
  }

  destroy(): void {
    this.#close();
  }

  unref(): void {
    this.#stream.unref?.();
  }

  ref(): void {
    this.#stream.ref?.();
  }

  async #startTls(tls: ClientTls, accept: (socket: Socket) => SocketHandler): Promise<Socket> {
    this.#closed = true; // As far as the handler goes.
    if (tls.signal?.aborted) this.#stream.close();
    tls.signal?.throwIfAborted();
    const opening = this.#stream.startTls!(tls);
    return pullSocket(await untilAborted(tls.signal, opening, (stream) => stream.close()), accept);
  }

  async #read(): Promise<void> {
    // What is to be followed by TLS at once must not be read from.
    if (this.startTls) await new Promise<void>((resolve) => setTimeout(resolve, 0));
    for (;;) {
      if (this.#paused) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
      }
      const bytes = this.#closed ? null : await this.#stream.read();
      if (this.#closed) return;
      if (bytes === null) break;
      this.#handler.data(bytes);
    }
    this.#readEnded = true;
    this.#handler.end();
    this.#closeWhenEnded();
  }

  #startWriter(): void {
    if (this.#writing) return;
    this.#writing = true;
    this.#write().catch((error: Error) => this.#close(error));
  }

  async #write(): Promise<void> {
    // What one task writes in several calls, a head and its body, goes out together.
    await undefined;
    while (this.#queue.length > 0 && !this.#closed) {
      const bytes = this.#queue.length === 1 ? this.#queue[0]! : concatenate(this.#queue, this.#queued);
      this.#queue = [];
      await this.#stream.write(bytes);
      this.#queued -= bytes.length;
    }
    this.#writing = false;
    if (this.#closed) return;
    if (this.#ending) {
      await this.#stream.closeWrite();
      if (this.#closed) return;
      this.#writeEnded = true;
      this.#handler.drain();
      this.#closeWhenEnded();
    } else if (this.#needDrain) {
      this.#needDrain = false;
      this.#handler.drain();
    }
  }

  #closeWhenEnded(): void {
    if (this.#readEnded && this.#writeEnded) this.#close();
  }

  /** The handler is told in a microtask: it may be in the middle of the call that led here. */
  #close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.resume();
    this.#stream.close();
    Promise.resolve().then(() => this.#handler.close(error));
  }
}

function concatenate(pieces: Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
