/** The chunked transfer coding: RFC 9112 section 7.1, decoded as zig/http/chunked.zig does; and its framing, for senders. */
import type { Arena, Core } from "../core.ts";
import { check, Status } from "../status.ts";
import { checkInput, type ParseErrors } from "./parse-error.ts";

export interface ChunkedLimits {
  /** Extensions of one chunk: 413 beyond it. */
  extensionBytes: number;
  /** Extensions of all chunks together: 413 beyond it. */
  extensionBytesTotal: number;
  /** Trailer fields: 431 beyond it. */
  trailerBytes: number;
}

const DEFAULT_CHUNKED_LIMITS: Readonly<ChunkedLimits> = {
  extensionBytes: 4 * 1024,
  extensionBytesTotal: 16 * 1024,
  trailerBytes: 16 * 1024,
};

const ERRORS: ParseErrors = {
  [Status.INVALID_CHUNK_SIZE]: [400, "a chunk size is not 1 to 16 hexadecimal digits up to 1fffffffffffff"],
  [Status.INVALID_CHUNK_EXTENSION]: [400, "a chunk extension is malformed"],
  [Status.INVALID_CHUNK_END]: [400, "a chunk's data is not followed by CRLF"],
  [Status.INVALID_TRAILER]: [400, "a trailer line is not a name, a colon and a value, ended by CRLF"],
  [Status.CHUNK_EXTENSIONS_TOO_LARGE]: [413, "the chunk extensions are too large"],
  [Status.TRAILERS_TOO_LARGE]: [431, "the trailer section is too large"],
};

// What zig/http/chunked.zig calls Decoder and Segment, as words of 32 bits.
const DECODER_BYTES = 56;
const SEGMENT_BYTES = 8;
const CONSUMED = 3;
const DONE = 4;

/** How much of a piece the core is shown at a time. Data it need not see: a chunk's framing is a few bytes long. */
const WINDOW_BYTES = 1024;
const SEGMENTS_MAX = 64;

export interface ChunkedPiece<Backing extends ArrayBufferLike> {
  /** The data, as views of the bytes that were fed. */
  segments: Uint8Array<Backing>[];
  /** Less than was fed only when the body is done: the rest is the next request. */
  consumed: number;
  /** The last chunk and the trailer section have been read. */
  done: boolean;
}

/** Decodes one chunked body. Extensions and trailer fields are checked and dropped. */
export class ChunkedReader {
  readonly #core: Core;
  readonly #decoder: number;
  readonly #segments: number;
  readonly #window: number;
  #arena: Arena | null;

  constructor(core: Core, limits: Readonly<ChunkedLimits> = DEFAULT_CHUNKED_LIMITS) {
    this.#core = core;
    const arena = core.openArena();
    try {
      this.#decoder = arena.alloc(DECODER_BYTES + SEGMENTS_MAX * SEGMENT_BYTES + WINDOW_BYTES);
      this.#segments = this.#decoder + DECODER_BYTES;
      this.#window = this.#segments + SEGMENTS_MAX * SEGMENT_BYTES;
      const { extensionBytes, extensionBytesTotal, trailerBytes } = limits;
      check(core.raw["http.init_chunked"](this.#decoder, extensionBytes, extensionBytesTotal, trailerBytes));
    } catch (error) {
      arena.close();
      throw error;
    }
    this.#arena = arena;
  }

  /**
   * Reads on. After `done`, an error or `close` there is nothing more to feed.
   *
   * @throws HttpParseError for input that is refused; DOMException InvalidStateError after the end.
   */
  feed<Backing extends ArrayBufferLike>(bytes: Uint8Array<Backing>): ChunkedPiece<Backing> {
    if (this.#arena === null) throw new DOMException("this body has ended", "InvalidStateError");
    try {
      const piece: ChunkedPiece<Backing> = { segments: [], consumed: 0, done: false };
      while (piece.consumed < bytes.length && !piece.done) this.#feedWindow(bytes, piece);
      if (piece.done) this.close();
      return piece;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Gives the memory back; a body that is done, or was refused, has done so already. */
  close(): void {
    this.#arena?.close();
    this.#arena = null;
  }

  #feedWindow<Backing extends ArrayBufferLike>(
    bytes: Uint8Array<Backing>,
    piece: ChunkedPiece<Backing>,
  ): void {
    const { raw, memory } = this.#core;
    const start = piece.consumed;
    const left = bytes.length - start;
    const shown = Math.min(left, WINDOW_BYTES);
    memory.bytes.set(bytes.subarray(start, start + shown), this.#window);
    const count = checkInput(
      raw["http.feed_chunked"](this.#decoder, this.#window, shown, left, this.#segments, SEGMENTS_MAX),
      ERRORS,
    );
    const { words } = memory;
    for (let segment = this.#segments >>> 2, i = 0; i < count; i++, segment += SEGMENT_BYTES / 4) {
      const offset = start + words[segment]!;
      piece.segments.push(bytes.subarray(offset, offset + words[segment + 1]!));
    }
    piece.consumed += words[(this.#decoder >>> 2) + CONSUMED]!;
    piece.done = words[(this.#decoder >>> 2) + DONE] === 1;
  }
}

/** What precedes a chunk of so many bytes, more than 0; behind its data comes "\r\n". */
export const chunkSizeLine = (bytes: number): string => `${bytes.toString(16)}\r\n`;

/** What ends a body, without trailers. */
export const LAST_CHUNK = "0\r\n\r\n";
