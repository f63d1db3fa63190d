/**
 * What request and response heads have in common, as zig/http/head.zig reads them: the room in core memory where the
 * bytes of a head are collected, and the field lines of one that is whole.
 */
import type { Arena, Core } from "../core.ts";

/** Name and value. */
export type Field = readonly [name: string, value: string];

/** What zig/http/head.zig calls Head begins every head: these are its words of 32 bits. */
const CONTENT_LENGTH = 0;
const FLAGS = 2;
const MINOR_VERSION = 3;
const FIELDS_START = 4;

const CHUNKED = 1 << 0;
const HAS_CONTENT_LENGTH = 1 << 1;
const KEEP_ALIVE = 1 << 2;
const ASCII = 1 << 3;

/** A head that is whole: its text, and what its fields say of framing and connection. */
export class Head {
  readonly minorVersion: 0 | 1;
  /** Bytes; null without Content-Length. Never set together with `chunked`. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** The connection may be used again after this message. */
  readonly keepAlive: boolean;
  readonly #text: string;
  readonly #fieldsStart: number;
  #headers: readonly Field[] | undefined;

  /** @param at of the head in `words`. */
  constructor(text: string, words: Uint32Array, at: number) {
    const flags = words[at + FLAGS]!;
    this.#text = text;
    this.#fieldsStart = words[at + FIELDS_START]!;
    this.minorVersion = words[at + MINOR_VERSION] === 0 ? 0 : 1;
    this.contentLength =
      (flags & HAS_CONTENT_LENGTH) !== 0
        ? words[at + CONTENT_LENGTH]! + words[at + CONTENT_LENGTH + 1]! * 2 ** 32
        : null;
    this.chunked = (flags & CHUNKED) !== 0;
    this.keepAlive = (flags & KEEP_ALIVE) !== 0;
  }

  /** All fields in their order, names in lower case; one code unit a byte. They are cut when first asked for. */
  get headers(): readonly Field[] {
    this.#headers ??= cutFields(this.#text, this.#fieldsStart);
    return this.#headers;
  }

  /**
   * The value of the first field of that name, or null, without cutting the others.
   *
   * @param name in lower case.
   */
  get(name: string): string | null {
    // No value holds a line end, so this finds nothing but the beginning of a field line.
    const found = this.#text.indexOf(`\r\n${name}:`, this.#fieldsStart - 2);
    if (found === -1) return null;
    const start = found + name.length + 3;
    return cutValue(this.#text, start, this.#text.indexOf("\r", start));
  }
}

/** The core has checked the lines: each is a name, a colon and a value, and an empty one is the last. */
function cutFields(text: string, start: number): Field[] {
  const fields: Field[] = [];
  // Engines find one character faster than two, and no line holds a carriage return.
  for (let end = text.indexOf("\r", start); end !== start; end = text.indexOf("\r", start)) {
    const colon = text.indexOf(":", start);
    fields.push([intern(text.substring(start, colon)), cutValue(text, colon + 1, end)]);
    start = end + 2;
  }
  return fields;
}

/** Without the white space around it. */
function cutValue(text: string, start: number, end: number): string {
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.substring(start, end);
}

const isWhitespace = (unit: number) => unit === 0x20 || unit === 0x09;

/** Names that come often. */
const COMMON_NAMES = [
  "accept accept-encoding accept-language accept-ranges access-control-allow-origin age authorization",
  "cache-control connection content-encoding content-length content-type cookie date etag expires host",
  "if-modified-since if-none-match keep-alive last-modified link location origin range referer sec-ch-ua",
  "sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user server",
  "set-cookie transfer-encoding upgrade-insecure-requests user-agent vary via x-forwarded-for x-forwarded-proto",
  "x-powered-by x-real-ip x-request-id",
].flatMap((line) => line.split(" "));

/** No two of them have the same place, but for sec-fetch-mode and sec-fetch-site, of which the latter keeps it. */
const NAME_TABLE: string[] = Array(128).fill("");
for (const name of COMMON_NAMES) NAME_TABLE[placeOf(name)] = name;

function placeOf(name: string): number {
  return (name.length + 18 * name.charCodeAt(0) + 6 * name.charCodeAt(name.length - 1)) & 127;
}

/**
 * The same name, as the same string each time if it is a common one: engines then know its hash, and compare it at one
 * look. (A Map would first have to hash what it is asked for: five times as slow.)
 */
function intern(name: string): string {
  const common = NAME_TABLE[placeOf(name)]!;
  return common === name ? common : name;
}

/** Room for most heads; the others make more. */
const FIRST_ROOM_BYTES = 2048;

/** Collects the bytes of one head after another, and holds core memory only while one has begun and is not whole. */
export abstract class HeadReader<H extends Head> {
  readonly #core: Core;
  readonly #stateBytes: number;
  readonly #headBytes: number;
  #arena: Arena | null = null;
  #state = 0;
  #input = 0;
  #inputBytes = 0;
  #roomBytes = 0;
  #consumed = 0;

  /**
   * @param stateBytes of what the core keeps of a head: a multiple of 8.
   * @param headBytes from the first byte of a head to its last.
   */
  constructor(core: Core, stateBytes: number, headBytes: number) {
    this.#core = core;
    this.#stateBytes = stateBytes;
    this.#headBytes = headBytes;
  }

  /** How many of the bytes read last belong to the head. What follows is the body, or the next message. */
  get consumed(): number {
    return this.#consumed;
  }

  /** Something has been read of a head, and not all. */
  get begun(): boolean {
    return this.#inputBytes > 0;
  }

  /** Forgets what was read of a head that is not whole. */
  close(): void {
    this.#arena?.close();
    this.#arena = null;
    this.#inputBytes = 0;
  }

  /** What the core says of the bytes so far: the length of the head, or 0. @throws HttpParseError */
  protected abstract parse(core: Core, input: number, inputBytes: number, state: number): number;

  /** The head that is now whole. @param at of the state in `words`. */
  protected abstract head(text: string, words: Uint32Array, at: number): H;

  /** Reads on; null if the head is not whole yet. */
  protected readOn(bytes: Uint8Array): H | null {
    this.#consumed = 0;
    if (bytes.length === 0) return null;
    try {
      if (this.#arena === null) this.#open();
      let taken = 0;
      do {
        taken += this.#take(bytes, taken);
        const length = this.parse(this.#core, this.#input, this.#inputBytes, this.#state);
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

  #open(): void {
    this.#arena = this.#core.openArena();
    this.#roomBytes = Math.min(FIRST_ROOM_BYTES, this.#headBytes);
    this.#state = this.#arena.alloc(this.#stateBytes + this.#roomBytes);
    this.#input = this.#state + this.#stateBytes;
    const { words } = this.#core.memory;
    // Engines take longer over a `fill` of so few.
    for (let at = this.#state >>> 2; at < this.#input >>> 2; at++) words[at] = 0;
  }

  /** Copies what there is room for, and tells how much that was. The parser never asks for more than its limit. */
  #take(bytes: Uint8Array, from: number): number {
    if (this.#inputBytes === this.#roomBytes) {
      const roomBytes = Math.min(2 * this.#roomBytes, this.#headBytes);
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

  /** The text is decoded once; whatever is cut out of it later is a view of it, or very short. */
  #decode(length: number): H {
    const { bytes, words } = this.#core.memory;
    const at = this.#state >>> 2;
    const input = bytes.subarray(this.#input, this.#input + length);
    const isAscii = (words[at + FLAGS]! & ASCII) !== 0;
    return this.head(isAscii ? ascii.decode(input) : isomorphicDecode(input), words, at);
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
