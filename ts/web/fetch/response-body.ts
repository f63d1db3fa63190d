/**
 * The content of a response, from socket bytes to what a Response is made of: RFC 9112 section 6, framed by
 * Content-Length, by the chunked coding, or by the end of the connection.
 *
 * A body that came together with its head is handed over as bytes. Any other is had in one of two ways: collected in one
 * piece, of which every byte is copied once from the socket's to where it stays; or as a stream. Backpressure: until
 * somebody reads, and while the stream's reader is slow, what arrives is kept up to `BUFFER_BYTES` in `BUFFER_PIECES`, then
 * the socket is paused until the reader has caught up.
 *
 * Core memory: only a chunked body has any, until it is complete, or given up by `close`.
 */
import type { Core } from "../../core/core.ts";
import { ChunkedReader, type ResponseHead } from "../../core/http.ts";
import { joined } from "../../core/joined.ts";
import type { ArrivingContent } from "../messages/content.ts";
import { Collected } from "./collected.ts";

/** Bytes that wait to be read before the socket is paused. */
const BUFFER_BYTES = 64 * 1024;

/** The same in pieces: a server may send single bytes, and a piece costs a few hundred. */
const BUFFER_PIECES = 1024;

/** Whoever owns the body, as its reader sees it. */
export interface BodyOwner {
  /** A reader waits for bytes, or (false) has got some. */
  bodyWanted(wanted: boolean): void;
  /** The reader is too far behind, or (false) has caught up. */
  bodyFull(full: boolean): void;
  /** Nobody will read the rest. */
  bodyCancelled(): void;
}

/** Who collects the body. */
interface Collector {
  readonly bytes: Collected;
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(reason: unknown): void;
}

export class ResponseBody implements ArrivingContent {
  readonly #owner: BodyOwner;
  readonly #chunked: ChunkedReader | null;
  /** Until the connection ends. */
  readonly #untilClose: boolean;
  /** Still to come; Infinity where that is unknown. */
  #remainingBytes: number;
  #receivedBytes = 0;
  #complete: boolean;
  /** Why the rest will never come. */
  #failure: { readonly reason: unknown } | null = null;
  /** What came before anybody read. */
  #early: Uint8Array<ArrayBuffer>[] = [];
  #collector: Collector | null = null;
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

  /** How long it is, or will be if all of it comes; Infinity where that is unknown. */
  get lengthMax(): number {
    return this.#complete ? this.#receivedBytes : this.#receivedBytes + this.#remainingBytes;
  }

  /**
   * Takes what belongs to this body off `bytes`, copying what it keeps.
   *
   * @returns how many bytes it took: less than all when the body is complete, and the rest is nobody's.
   * @throws HttpParseError for broken framing; RangeError when memory has run out.
   */
  feed(bytes: Uint8Array): number {
    if (this.#chunked) {
      const { segments, consumed, done } = this.#chunked.feed(bytes);
      this.#take(segments);
      if (done) this.#end();
      return consumed;
    }
    const content = bytes.length <= this.#remainingBytes ? bytes : bytes.subarray(0, this.#remainingBytes);
    this.#remainingBytes -= content.length;
    this.#take([content]);
    if (this.#remainingBytes === 0) this.#end();
    return content.length;
  }

  /** The server has said its last. Returns whether that is where this body ends. */
  ended(): boolean {
    if (!this.#untilClose) return false;
    this.#end();
    return true;
  }

  /** A complete body that nobody has begun to read. */
  whole(): Uint8Array<ArrayBuffer> {
    const [first] = this.#early;
    return first !== undefined && this.#early.length === 1 ? first : joined(this.#early);
  }

  collect(): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.reason);
      if (this.#complete) return resolve(this.whole());
      const bytes = new Collected(this.lengthMax);
      for (const piece of this.#early) bytes.add(piece);
      this.#early = [];
      this.#collector = { bytes, resolve, reject };
      this.#setFull(false);
      this.#owner.bodyWanted(true);
    });
  }

  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#streaming = true;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        type: "bytes",
        start: (controller) => {
          if (this.#failure) return controller.error(this.#failure.reason);
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
    this.#failure = { reason };
    this.#early = [];
    this.close();
    this.#collector?.reject(reason);
    this.#collector = null;
    this.#controller?.error(reason);
    this.#controller = null;
  }

  /** Gives back the core's memory; a body that is complete, or was refused, has done so already. */
  close(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#chunked?.close();
  }

  #take(pieces: readonly Uint8Array[]): void {
    const before = this.#receivedBytes;
    for (const { length } of pieces) this.#receivedBytes += length;
    if (this.#receivedBytes === before) return;
    if (this.#collector) {
      for (const piece of pieces) this.#collector.bytes.add(piece);
      // For the next.
      this.#owner.bodyWanted(true);
    } else if (this.#streaming) {
      this.#enqueue(joined(pieces));
    } else {
      this.#early.push(joined(pieces));
      const much = this.#receivedBytes >= BUFFER_BYTES || this.#early.length >= BUFFER_PIECES;
      if (much && this.#remainingBytes > 0) this.#setFull(true);
    }
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
    this.#collector?.resolve(this.#collector.bytes.whole());
    this.#collector = null;
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
