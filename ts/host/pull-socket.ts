/**
 * From pull to push: where an engine has streams that are read and written by promises (Deno, workerd), this makes of
 * one the contract's `Socket`, which is told to write and tells its handler what came.
 */
import { joined } from "../core/joined.ts";
import { untilAborted } from "./giving-up.ts";
import type { ClientTls, Socket, SocketHandler } from "./host.ts";
import { isomorphicEncode, isomorphicEncodeInto } from "./isomorphic.ts";

/**
 * What an engine's stream can do. Promises of small requests take longer than the rest of them: what is done for each is
 * told by callbacks, of which one is called, once, and never within the call.
 */
export interface PullStream {
  /** The peer's address; empty where there is none. */
  readonly remoteAddress: string;
  /** Reads once: the next bytes, lent until `came` returns; null when the peer will send nothing more. */
  read(came: (bytes: Uint8Array | null) => void, broken: Broken): void;
  /** Calls `sent` when all of `bytes`, of which there are some, is on its way. */
  write(bytes: Uint8Array, sent: () => void, broken: Broken): void;
  /** Says that nothing more will be written. Rejects when the connection is broken. */
  closeWrite(): Promise<void>;
  /** Lets go of the connection, both ways. What is pending ends, in one way or another. */
  close(): void;
  unref?(): void;
  ref?(): void;
  /** Begins TLS, as its client, while nothing is being read or written; this stream is done with then. */
  startTls?(tls: ClientTls): Promise<PullStream>;
}

/** The connection is broken. */
type Broken = (error: Error) => void;

const { setTimeout } = globalThis;

/** With this much queued, `write` answers false until all of it is sent. */
const QUEUE_BYTES = 64 * 1024;

/** What is written goes through rooms of this size, each lent to one write at a time: to make one takes engines long. */
const ROOM_BYTES = 4 * 1024;
const ROOMS_MAX = 64;
const rooms: Uint8Array<ArrayBuffer>[] = [];

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

  /** What waits to be written; the next write takes all of it. */
  #queue: Uint8Array[] = [];
  /** Bytes in the queue, and in what is being written. */
  #queued = 0;
  /** Bytes that are being written, in the room if there is one. */
  #writing = 0;
  #room: Uint8Array<ArrayBuffer> | undefined;
  #needDrain = false;
  /** `end` was called; `#writeEnded` once the peer is told. */
  #ending = false;
  #writeEnded = false;
  #readEnded = false;
  #closed = false;
  /** A read is under way, or will be. */
  #reading = true;
  #paused = false;

  constructor(stream: PullStream) {
    this.#stream = stream;
    this.remoteAddress = stream.remoteAddress;
    if (stream.startTls) this.startTls = (tls, handler) => this.#startTls(tls, handler);
  }

  start(handler: SocketHandler): void {
    this.#handler = handler;
    // What is to be followed by TLS at once must not be read from.
    if (this.startTls) setTimeout(() => this.#read(), 0);
    else this.#read();
  }

  write(data: Uint8Array | string): boolean {
    if (this.#closed || this.#ending || data.length === 0) return true;
    if (this.#writing > 0) this.#queue.push(typeof data === "string" ? isomorphicEncode(data) : data);
    else if (typeof data === "string") this.#send(this.#encoded(data));
    else this.#send(data);
    this.#queued += data.length;
    const room = this.#queued < QUEUE_BYTES;
    this.#needDrain ||= !room;
    return room;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (!this.#reading) this.#read();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    // The handler is told in a microtask: it may be in the middle of the call that led here.
    if (this.#writing === 0) this.#closeWrite();
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

  #read(): void {
    this.#reading = false;
    if (this.#paused || this.#closed || this.#readEnded) return;
    this.#reading = true;
    this.#stream.read(this.#came, this.#broken);
  }

  readonly #came = (bytes: Uint8Array | null): void => {
    if (this.#closed) return;
    try {
      if (bytes !== null) {
        this.#handler.data(bytes);
        this.#read();
      } else {
        this.#readEnded = true;
        this.#handler.end();
        this.#closeWhenEnded();
      }
    } catch (error) {
      this.#close(error as Error);
    }
  };

  readonly #broken = (error: Error): void => this.#close(error);

  #encoded(text: string): Uint8Array {
    if (text.length > ROOM_BYTES) return isomorphicEncode(text);
    this.#room = rooms.pop() ?? new Uint8Array(ROOM_BYTES);
    const bytes = this.#room.subarray(0, text.length);
    isomorphicEncodeInto(text, bytes);
    return bytes;
  }

  #send(bytes: Uint8Array): void {
    this.#writing = bytes.length;
    this.#stream.write(bytes, this.#sent, this.#broken);
  }

  readonly #sent = (): void => {
    try {
      this.#writeOn();
    } catch (error) {
      this.#close(error as Error);
    }
  };

  #writeOn(): void {
    this.#queued -= this.#writing;
    this.#writing = 0;
    if (this.#room && rooms.length < ROOMS_MAX) rooms.push(this.#room);
    this.#room = undefined;
    if (this.#closed) return;
    if (this.#queue.length > 0) {
      // All of it together: what one task writes in several calls mostly belongs together.
      const queue = this.#queue;
      this.#queue = [];
      this.#send(queue.length === 1 ? queue[0]! : joined(queue));
    } else if (this.#ending) {
      this.#closeWrite();
    } else if (this.#needDrain) {
      this.#needDrain = false;
      this.#handler.drain();
    }
  }

  async #closeWrite(): Promise<void> {
    try {
      await this.#stream.closeWrite();
      if (this.#closed) return;
      this.#writeEnded = true;
      this.#handler.drain();
      this.#closeWhenEnded();
    } catch (error) {
      this.#close(error as Error);
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
    this.#stream.close();
    Promise.resolve().then(() => this.#handler.close(error));
  }
}
