/**
 * The content of a request, from socket bytes to a stream: RFC 9112 section 6, framed by Content-Length or by the
 * chunked coding.
 *
 * Backpressure: the stream asks for bytes only when somebody reads and nothing is kept; what arrives unasked is kept
 * up to `BUFFER_BYTES` in `BUFFER_PIECES`, then the socket is paused until the reader has caught up.
 */
import type { ChunkedReader } from "../core/http.ts";
import { joined, lengthOf } from "./bytes.ts";
import { HttpError } from "./http-error.ts";

/** Bytes that wait in the stream before the socket is paused. */
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

export class RequestBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  readonly #source: BodySource;
  readonly #limitBytes: number;
  readonly #framing: ChunkedReader | null;
  /** Still to come; with the chunked coding unknown. */
  #remainingBytes: number;
  #receivedBytes = 0;
  #droppedBytes = 0;
  /** Pieces that arrived since the stream was last empty. */
  #keptPieces = 0;
  #controller!: ReadableByteStreamController;
  #complete = false;
  #wanted = false;
  #dropping = false;
  #paused = false;

  /** @param framing the Content-Length, or the reader of the chunked coding. */
  constructor(framing: number | ChunkedReader, limitBytes: number, source: BodySource) {
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#framing = typeof framing === "number" ? null : framing;
    this.#remainingBytes = typeof framing === "number" ? framing : Number.POSITIVE_INFINITY;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        type: "bytes",
        start: (controller) => {
          this.#controller = controller as ReadableByteStreamController;
        },
        pull: () => this.#pull(),
        cancel: () => this.drop(),
      },
      // Nothing is asked for ahead: the first pull is the app's first read, which 100 (Continue) waits for.
      { highWaterMark: 0 },
    );
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
    if (this.#complete) return;
    this.#wanted = false;
    this.#setPaused(false);
    this.#source.dropped();
  }

  /** As `drop`, for a body that nobody has begun to read; who does so now is told that it is too late. */
  abandon(): void {
    this.drop();
    this.#controller.error(new TypeError("the response was sent before the body of the request was read"));
  }

  /** The rest will never come. Whoever reads gets `reason`. */
  fail(reason: unknown): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#wanted = false;
    this.#framing?.close();
    if (!this.#dropping) this.#controller.error(reason);
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
    return -this.#controller.desiredSize!;
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
    const wanted = this.#wanted;
    this.#wanted = false;
    // A reader that waits for more than this asks for it at once.
    this.#controller.enqueue(joined(content));
    if (wanted && !this.#wanted) this.#source.served();
    this.#keptPieces++;
    if (this.#keptBytes >= BUFFER_BYTES || this.#keptPieces >= BUFFER_PIECES) this.#setPaused(true);
  }

  #end(): void {
    this.#complete = true;
    this.#setPaused(false);
    if (this.#dropping) return;
    if (this.#wanted) this.#source.served();
    this.#wanted = false;
    this.#controller.close();
    // A reader that brought its own buffer gets it back, empty: closing alone leaves it waiting.
    this.#controller.byobRequest?.respond(0);
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#source.pause(paused);
  }
}
