/**
 * The content of a response, from socket bytes to what a Response is made of: RFC 9112 section 6, framed by
 * Content-Length, by the chunked coding, or by the end of the connection.
 *
 * A body that came together with its head is handed over as bytes; for any other there is a stream. Backpressure: the
 * stream asks for bytes only when somebody reads and nothing is kept; what arrives unasked is kept up to `BUFFER_BYTES` in
 * `BUFFER_PIECES`, then the socket is paused until the reader has caught up.
 *
 * Core memory: only a chunked body has any, until it is complete, or given up by `close`.
 */
import type { Core } from "../../core/core.ts";
import { ChunkedReader, type ResponseHead } from "../../core/http.ts";

/** Bytes that wait in the stream before the socket is paused. */
const BUFFER_BYTES = 64 * 1024;

/** The same in pieces: a server may send single bytes, and a piece costs a few hundred. */
const BUFFER_PIECES = 1024;

/** Whoever owns the body, as its stream sees it. */
export interface BodyOwner {
  /** A reader waits for bytes, or (false) has got some. */
  bodyWanted(wanted: boolean): void;
  /** The reader is too far behind, or (false) has caught up. */
  bodyFull(full: boolean): void;
  /** Nobody will read the rest. */
  bodyCancelled(): void;
}

export class ResponseBody {
  readonly #owner: BodyOwner;
  readonly #chunked: ChunkedReader | null;
  /** Until the connection ends. */
  readonly #untilClose: boolean;
  /** Still to come; Infinity where that is unknown. */
  #remainingBytes: number;
  #receivedBytes = 0;
  #complete: boolean;
  /** What came before there was a stream. */
  #early: Uint8Array<ArrayBuffer>[] = [];
  #controller: ReadableByteStreamController | null = null;
  #streaming = false;
  #wanted = false;
  #full = false;
  /** Pieces that arrived since the stream was last empty. */
  #keptPieces = 0;

  constructor(core: Core, { framing, contentLength }: ResponseHead, owner: BodyOwner) {
    this.#owner = owner;
    this.#chunked = framing === "chunked" ? new ChunkedReader(core) : null;
    this.#untilClose = framing === "close";
    this.#remainingBytes =
      framing === "length" ? contentLength! : framing === "none" ? 0 : Number.POSITIVE_INFINITY;
    this.#complete = this.#remainingBytes === 0;
  }

  /** All of it has arrived, read or not. */
  get complete(): boolean {
    return this.#complete;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /**
   * Takes what belongs to this body off `bytes`, copying what it keeps.
   *
   * @returns how many bytes it took: less than all when the body is complete, and the rest is nobody's.
   * @throws HttpParseError for broken framing.
   */
  feed(bytes: Uint8Array): number {
    if (this.#chunked) {
      const { segments, consumed, done } = this.#chunked.feed(bytes);
      this.#take(joined(segments));
      if (done) this.#end();
      return consumed;
    }
    const content = bytes.length <= this.#remainingBytes ? bytes : bytes.subarray(0, this.#remainingBytes);
    this.#remainingBytes -= content.length;
    this.#take(new Uint8Array(content));
    if (this.#remainingBytes === 0) this.#end();
    return content.length;
  }

  /** The server has said its last. Returns whether that is where this body ends. */
  ended(): boolean {
    if (!this.#untilClose) return false;
    this.#end();
    return true;
  }

  /** A complete body of which no stream was made. */
  whole(): Uint8Array<ArrayBuffer> {
    return this.#early.length === 1 ? this.#early[0]! : joined(this.#early);
  }

  /** What came so far and what is to come, to be read once. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#streaming = true;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        type: "bytes",
        start: (controller) => {
          this.#controller = controller as ReadableByteStreamController;
          const early = this.#early;
          this.#early = [];
          for (const piece of early) this.#enqueue(piece);
          if (this.#complete) this.#closeStream();
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#controller = null;
          if (!this.#complete) this.#owner.bodyCancelled();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** The rest will never come. Whoever reads gets `reason`. */
  fail(reason: unknown): void {
    this.close();
    this.#controller?.error(reason);
    this.#controller = null;
  }

  /** Gives back the core's memory; a body that is complete, or was refused, has done so already. */
  close(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#chunked?.close();
  }

  #take(piece: Uint8Array<ArrayBuffer>): void {
    if (piece.length === 0) return;
    this.#receivedBytes += piece.length;
    if (this.#streaming) this.#enqueue(piece);
    else this.#early.push(piece);
  }

  #enqueue(piece: Uint8Array<ArrayBuffer>): void {
    if (!this.#controller) return;
    const wanted = this.#wanted;
    this.#wanted = false;
    // A reader that waits for more than this asks for it at once.
    this.#controller.enqueue(piece);
    if (wanted && !this.#wanted) this.#owner.bodyWanted(false);
    this.#keptPieces++;
    const keptBytes = -this.#controller.desiredSize!;
    if (keptBytes >= BUFFER_BYTES || (keptBytes > 0 && this.#keptPieces >= BUFFER_PIECES))
      this.#setFull(true);
  }

  #pull(): void {
    this.#keptPieces = 0;
    this.#setFull(false);
    if (this.#complete) return;
    this.#wanted = true;
    this.#owner.bodyWanted(true);
  }

  #end(): void {
    this.#complete = true;
    if (this.#streaming) this.#closeStream();
  }

  #closeStream(): void {
    const controller = this.#controller;
    this.#controller = null;
    if (!controller) return;
    controller.close();
    // A reader that brought its own buffer gets it back, empty: closing alone leaves it waiting.
    controller.byobRequest?.respond(0);
  }

  #setFull(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#owner.bodyFull(full);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return new Uint8Array(pieces[0]!);
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
