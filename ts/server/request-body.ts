/**
 * The content of a request, from socket bytes to a stream, or to all of them at once: RFC 9112 section 6, framed by
 * Content-Length or by the chunked coding.
 *
 * Backpressure: the stream asks for bytes only when somebody reads and nothing is kept; what arrives unasked is kept
 * up to `BUFFER_BYTES` in `BUFFER_PIECES`, then the socket is paused until the reader has caught up. Who collects it all
 * waits for every byte.
 *
 * The stream is made when it is asked for: that takes some engines longer than a small request.
 */
import type { ChunkedReader } from "../core/http.ts";
import type { ArrivingContent } from "../web/messages/content.ts";
import { joined, lengthOf } from "./bytes.ts";
import { HttpError } from "./http-error.ts";

/** Bytes that wait to be read before the socket is paused. */
const BUFFER_BYTES = 64 * 1024;

/** The same in pieces: a client may send single bytes, and a piece costs a few hundred. */
const BUFFER_PIECES = 1024;

/** What a body needs of its connection. */
export interface BodySource {
  /** A reader waits for bytes. */
  wanted(): void;
  /** The reader has got some, and does not wait any more. */
  served(): void;
  /** Nobody will read the rest. */
  dropped(): void;
  /** The reader is too far behind, or (false) has caught up. */
  pause(paused: boolean): void;
}

export class RequestBody implements ArrivingContent {
  readonly #source: BodySource;
  readonly #limitBytes: number;
  readonly #framing: ChunkedReader | null;
  /** Still to come; with the chunked coding unknown. */
  #remainingBytes: number;
  #receivedBytes = 0;
  #droppedBytes = 0;
  /** What arrived, while there is no stream to keep it. */
  #kept: Uint8Array<ArrayBuffer>[] = [];
  #keptLength = 0;
  /** Pieces that arrived since the stream was last empty. */
  #keptPieces = 0;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #controller: ReadableByteStreamController | undefined;
  #collector: { resolve(bytes: Uint8Array<ArrayBuffer>): void; reject(reason: unknown): void } | undefined;
  #complete = false;
  #failure: { readonly reason: unknown } | undefined;
  #wanted = false;
  #dropping = false;
  #paused = false;

  /** @param framing the Content-Length, or the reader of the chunked coding. */
  constructor(framing: number | ChunkedReader, limitBytes: number, source: BodySource) {
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#framing = typeof framing === "number" ? null : framing;
    this.#remainingBytes = typeof framing === "number" ? framing : Number.POSITIVE_INFINITY;
  }

  /** Made at the first call, with what has arrived until then. */
  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#stream ??= new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        type: "bytes",
        start: (controller) => this.#start(controller as ReadableByteStreamController),
        pull: () => this.#pull(),
        cancel: () => this.drop(),
      },
      // Nothing is asked for ahead: the first pull is the app's first read, which 100 (Continue) waits for.
      { highWaterMark: 0 },
    );
    return this.#stream;
  }

  collect(): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.reason);
      if (this.#complete) return resolve(asOne(this.#takeKept()));
      this.#collector = { resolve, reject };
      this.#pull();
    });
  }

  /** Somebody reads it, or has begun to. */
  get locked(): boolean {
    return this.#collector !== undefined || this.#stream?.locked === true;
  }

  /** All of it has arrived, read or not. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Bytes that nobody read: those dropped so far, and those still to come if their number is known. */
  get unreadBytes(): number {
    return this.#droppedBytes + (this.#framing ? 0 : this.#remainingBytes);
  }

  /** Bytes that a reader has taken. */
  get readBytes(): number {
    return this.#receivedBytes - this.#droppedBytes - this.#keptBytes;
  }

  /** A reader waits for more. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Nobody will read what is still to come. */
  get dropping(): boolean {
    return this.#dropping;
  }

  /**
   * Takes what belongs to this body off `bytes`, copying what it keeps.
   *
   * @returns how many bytes it took: less than all when the body is complete, and the rest is the next request.
   * @throws HttpError for broken framing, or a body over its limit.
   */
  feed(bytes: Uint8Array): number {
    if (this.#framing) {
      const { segments, consumed, done } = this.#framing.feed(bytes);
      this.#take(segments);
      if (done) this.#end();
      return consumed;
    }
    const content = bytes.subarray(0, this.#remainingBytes);
    this.#remainingBytes -= content.length;
    this.#take([content]);
    if (this.#remainingBytes === 0) this.#end();
    return content.length;
  }

  /** What is unread or still to come is of no use to anybody. */
  drop(): void {
    this.#dropping = true;
    this.#takeKept();
    if (this.#complete) return;
    this.#wanted = false;
    this.#setPaused(false);
    this.#source.dropped();
  }

  /** As `drop`, for a body that nobody has begun to read; who does so now is told that it is too late. */
  abandon(): void {
    this.drop();
    this.#break(new TypeError("the response was sent before the body of the request was read"));
  }

  /** The rest will never come. Whoever reads gets `reason`. */
  fail(reason: unknown): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#wanted = false;
    this.#framing?.close();
    if (!this.#dropping) this.#break(reason);
  }

  #start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
    if (this.#failure) {
      controller.error(this.#failure.reason);
      return;
    }
    // What is enqueued is the stream's: its buffer is taken away.
    for (const piece of this.#takeKept()) controller.enqueue(piece);
    if (this.#complete) controller.close();
  }

  #pull(): void {
    this.#keptPieces = 0;
    this.#setPaused(false);
    if (this.#complete) return;
    this.#wanted = true;
    this.#source.wanted();
  }

  /** Arrived, and not read yet. */
  get #keptBytes(): number {
    if (this.#collector) return 0;
    return this.#controller ? -this.#controller.desiredSize! : this.#keptLength;
  }

  /** Many small chunks that came together are one piece of the stream. */
  #take(content: Uint8Array[]): void {
    const length = lengthOf(content);
    if (length === 0) return;
    this.#receivedBytes += length;
    if (this.#receivedBytes > this.#limitBytes) {
      throw new HttpError(413, `the body is longer than ${this.#limitBytes} bytes`);
    }
    if (this.#dropping) {
      this.#droppedBytes += length;
      return;
    }
    if (this.#controller) this.#serve(this.#controller, joined(content));
    else this.#keep(joined(content));
    if (this.#collector) {
      this.#source.wanted();
      return;
    }
    this.#keptPieces++;
    if (this.#keptBytes >= BUFFER_BYTES || this.#keptPieces >= BUFFER_PIECES) this.#setPaused(true);
  }

  #serve(controller: ReadableByteStreamController, piece: Uint8Array<ArrayBuffer>): void {
    const wanted = this.#wanted;
    this.#wanted = false;
    // A reader that waits for more than this asks for it at once.
    controller.enqueue(piece);
    if (wanted && !this.#wanted) this.#source.served();
  }

  /** Small pieces that were collected become one, and rarely enough: each byte is copied a few times at the most. */
  #keep(piece: Uint8Array<ArrayBuffer>): void {
    this.#kept.push(piece);
    this.#keptLength += piece.length;
    const { length } = this.#kept;
    if (length > BUFFER_PIECES && this.#keptLength < length * BUFFER_PIECES)
      this.#kept = [joined(this.#kept)];
  }

  #takeKept(): Uint8Array<ArrayBuffer>[] {
    const kept = this.#kept;
    this.#kept = [];
    this.#keptLength = 0;
    return kept;
  }

  #end(): void {
    this.#complete = true;
    this.#setPaused(false);
    if (this.#dropping) return;
    if (this.#wanted) this.#source.served();
    this.#wanted = false;
    this.#collector?.resolve(asOne(this.#takeKept()));
    this.#controller?.close();
    // A reader that brought its own buffer gets it back, empty: closing alone leaves it waiting.
    this.#controller?.byobRequest?.respond(0);
  }

  /** Whoever reads, now or later, gets `reason`. */
  #break(reason: unknown): void {
    this.#failure = { reason };
    this.#takeKept();
    this.#collector?.reject(reason);
    this.#controller?.error(reason);
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#source.pause(paused);
  }
}

const asOne = (pieces: Uint8Array<ArrayBuffer>[]) => (pieces.length === 1 ? pieces[0]! : joined(pieces));
