/**
 * HTTP/1.1 as the core reads it, from the bytes of a socket as they come: request heads (RFC 9112 sections 2 to 6),
 * and bodies in the chunked transfer coding (section 7.1).
 *
 * A reader holds core memory only while it is in the middle of something: from the first byte of a head to its last,
 * from the start of a body to its end. `close` gives it back early, when the client has left.
 */
import type { Arena, Core } from "./core.ts";
import { check, Status } from "./status.ts";

export interface RequestHead {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** `/path?query`; `http://host/path?query`; `host:port`, with CONNECT; `*`, with OPTIONS. */
  readonly targetForm: TargetForm;
  /** Host and port that the request is for: the target's own, or else Host's; null if there are neither (HTTP/1.0). */
  readonly authority: string | null;
  readonly minorVersion: 0 | 1;
  /** Names and values in their order, the names as they were written; one code unit a byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes; null without Content-Length. Never set together with `chunked`. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** The connection may carry another request after this one. */
  readonly keepAlive: boolean;
  /** The client waits for 100 (Continue). */
  readonly expectContinue: boolean;
  /** The client expects something else, for which the answer is 417. */
  readonly expectUnknown: boolean;
  /** The client offers another protocol, by Upgrade and Connection. */
  readonly upgrade: boolean;
}

const TARGET_FORMS = ["origin", "absolute", "authority", "asterisk"] as const;

export type TargetForm = (typeof TARGET_FORMS)[number];

export interface HeadLimits {
  /** From the first byte to the empty line that ends the head: 431 beyond it. */
  headBytes: number;
  /** Field lines: 431 beyond it. */
  headerCount: number;
  /** 414 beyond it. */
  targetBytes: number;
}

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

/** Input that is no HTTP/1.1 message, or one beyond a limit. Nothing more can be read from its connection. */
export class HttpParseError extends Error {
  /** Of the response that RFC 9112 and 9110 ask for. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "HttpParseError";
    this.status = status;
  }
}

const ANSWERS: Record<number, readonly [status: number, message: string]> = {
  [Status.INVALID_REQUEST_LINE]: [
    400,
    "the request line is not method, target and HTTP version between single spaces",
  ],
  [Status.INVALID_TARGET]: [
    400,
    "the request target is malformed, or of a form that its method does not take",
  ],
  [Status.INVALID_FIELD_LINE]: [400, "a header line is not a name, a colon and a value, ended by CRLF"],
  [Status.INVALID_HOST]: [400, "Host is not given once, as a host with or without a port from 0 to 65535"],
  [Status.INVALID_CONTENT_LENGTH]: [
    400,
    "Content-Length is not given once, without Transfer-Encoding, as a number from 0 to 9007199254740991",
  ],
  [Status.INVALID_TRANSFER_ENCODING]: [
    400,
    "Transfer-Encoding is not chunked, given once, without Content-Length, in HTTP/1.1",
  ],
  [Status.TARGET_TOO_LONG]: [414, "the request target is too long"],
  [Status.HEAD_TOO_LARGE]: [431, "the request head is too large"],
  [Status.TOO_MANY_FIELDS]: [431, "the request has too many header lines"],
  [Status.METHOD_TOO_LONG]: [501, "the method is longer than any that exists"],
  [Status.UNKNOWN_TRANSFER_CODING]: [501, "Transfer-Encoding names a coding other than chunked"],
  [Status.UNSUPPORTED_VERSION]: [505, "the HTTP version is not 1.0 or 1.1"],
  [Status.INVALID_CHUNK_SIZE]: [400, "a chunk size is not 1 to 16 hexadecimal digits up to 1fffffffffffff"],
  [Status.INVALID_CHUNK_EXTENSION]: [400, "a chunk extension is malformed"],
  [Status.INVALID_CHUNK_END]: [400, "a chunk's data is not followed by CRLF"],
  [Status.INVALID_TRAILER]: [400, "a trailer line is not a name, a colon and a value, ended by CRLF"],
  [Status.CHUNK_EXTENSIONS_TOO_LARGE]: [413, "the chunk extensions are too large"],
  [Status.TRAILERS_TOO_LARGE]: [431, "the trailer section is too large"],
};

/** A length or count as it is; what the input did wrong thrown as HttpParseError. */
function checkInput(result: number): number {
  const answer = ANSWERS[result];
  if (answer) throw new HttpParseError(...answer);
  return check(result);
}

// What zig/http/head.zig calls Head and Field, as words of 32 bits.
const HEAD_BYTES = 64;
const FIELD_BYTES = 16;
const CONTENT_LENGTH = 0;
const FLAGS = 2;
const MINOR_VERSION = 3;
const METHOD = 4;
const TARGET = 6;
const TARGET_FORM = 8;
const AUTHORITY = 9;
const FIELD_COUNT = 11;
const FIELDS = 16;

const CHUNKED = 1 << 0;
const HAS_CONTENT_LENGTH = 1 << 1;
const KEEP_ALIVE = 1 << 2;
const EXPECT_CONTINUE = 1 << 3;
const EXPECT_UNKNOWN = 1 << 4;
const UPGRADE = 1 << 5;
const HAS_HOST = 1 << 6;
const ASCII = 1 << 7;

/** Room for most heads; the others make more. */
const FIRST_ROOM_BYTES = 2048;

/** Reads the heads of one connection's requests, one after the other. */
export class RequestHeadReader {
  readonly #core: Core;
  readonly #limits: Readonly<HeadLimits>;
  #arena: Arena | null = null;
  #head = 0;
  #input = 0;
  #inputBytes = 0;
  #roomBytes = 0;
  #consumed = 0;

  constructor(core: Core, limits: Readonly<HeadLimits>) {
    this.#core = core;
    this.#limits = limits;
  }

  /** How many of the bytes read last belong to the head. What follows is the body, or the next request. */
  get consumed(): number {
    return this.#consumed;
  }

  /**
   * Reads on.
   *
   * @returns the head, or null if it is not whole yet: then all bytes were consumed.
   * @throws HttpParseError for input that is refused; RangeError when memory has run out.
   */
  read(bytes: Uint8Array): RequestHead | null {
    const { headBytes, headerCount, targetBytes } = this.#limits;
    try {
      if (this.#arena === null) this.#open();
      let taken = 0;
      do {
        taken += this.#take(bytes, taken);
        const length = checkInput(
          this.#core.raw["http.parse_request_head"](
            this.#input,
            this.#inputBytes,
            this.#head,
            headerCount,
            headBytes,
            targetBytes,
          ),
        );
        if (length > 0) {
          this.#consumed = taken - (this.#inputBytes - length);
          const head = this.#decode(length);
          this.close();
          return head;
        }
      } while (taken < bytes.length);
      this.#consumed = taken;
      return null;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Forgets what was read of a head that is not whole. */
  close(): void {
    this.#arena?.close();
    this.#arena = null;
  }

  #open(): void {
    const headBytes = HEAD_BYTES + this.#limits.headerCount * FIELD_BYTES;
    this.#arena = this.#core.openArena();
    this.#inputBytes = 0;
    this.#roomBytes = Math.min(FIRST_ROOM_BYTES, this.#limits.headBytes);
    this.#head = this.#arena.alloc(headBytes + this.#roomBytes);
    this.#input = this.#head + headBytes;
    this.#core.memory.bytes.fill(0, this.#head, this.#head + HEAD_BYTES);
  }

  /** Copies what there is room for, and tells how much that was. The parser never asks for more than its limit. */
  #take(bytes: Uint8Array, from: number): number {
    if (this.#inputBytes === this.#roomBytes) {
      const roomBytes = Math.min(2 * this.#roomBytes, this.#limits.headBytes);
      const input = this.#arena!.alloc(roomBytes);
      this.#core.memory.bytes.copyWithin(input, this.#input, this.#input + this.#inputBytes);
      this.#input = input;
      this.#roomBytes = roomBytes;
    }
    const end = from + this.#roomBytes - this.#inputBytes;
    const piece = from === 0 && end >= bytes.length ? bytes : bytes.subarray(from, end);
    this.#core.memory.bytes.set(piece, this.#input + this.#inputBytes);
    this.#inputBytes += piece.length;
    return piece.length;
  }

  /** From offsets to strings: the head is decoded once, and cut. */
  #decode(length: number): RequestHead {
    const { bytes, words } = this.#core.memory;
    const head = this.#head >>> 2;
    const flags = words[head + FLAGS]!;
    const input = bytes.subarray(this.#input, this.#input + length);
    const text = (flags & ASCII) !== 0 ? ascii.decode(input) : isomorphicDecode(input);
    const cut = (span: number) => text.substring(words[span]!, words[span]! + words[span + 1]!);

    const headers: [string, string][] = [];
    const end = head + FIELDS + (words[head + FIELD_COUNT]! * FIELD_BYTES) / 4;
    for (let field = head + FIELDS; field < end; field += FIELD_BYTES / 4) {
      headers.push([cut(field), cut(field + 2)]);
    }
    const hasAuthority = (flags & HAS_HOST) !== 0 || words[head + AUTHORITY + 1] !== 0;
    const hasContentLength = (flags & HAS_CONTENT_LENGTH) !== 0;
    return {
      method: cut(head + METHOD),
      target: cut(head + TARGET),
      targetForm: TARGET_FORMS[words[head + TARGET_FORM]!]!,
      authority: hasAuthority ? cut(head + AUTHORITY) : null,
      minorVersion: words[head + MINOR_VERSION] === 0 ? 0 : 1,
      headers,
      contentLength: hasContentLength
        ? words[head + CONTENT_LENGTH]! + words[head + CONTENT_LENGTH + 1]! * 2 ** 32
        : null,
      chunked: (flags & CHUNKED) !== 0,
      keepAlive: (flags & KEEP_ALIVE) !== 0,
      expectContinue: (flags & EXPECT_CONTINUE) !== 0,
      expectUnknown: (flags & EXPECT_UNKNOWN) !== 0,
      upgrade: (flags & UPGRADE) !== 0,
    };
  }
}

/** UTF-8, which for ASCII is the same and in most engines the fastest. */
const ascii = new TextDecoder();

/** Bytes to the code units of the same numbers (Infra standard); TextDecoder's "latin1" is windows-1252. */
function isomorphicDecode(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}

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
