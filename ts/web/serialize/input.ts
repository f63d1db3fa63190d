/**
 * The bytes of a value that is being read, whole or as far as they have come: numbers, strings and BigInts out of them, and
 * what is said where they are not as expected.
 */
import { TAG } from "./format.ts";
import {
  readBlock,
  readHexBackwards,
  readOneByte,
  readShort,
  readTwoByte,
  readUtf8,
  SHORT_UNITS,
} from "./text.ts";

/** Thrown when a token is not all there, and more may come. */
export const MORE = Symbol("more");

const NOTHING: Uint8Array = new Uint8Array(0);
const NOTHING_VIEW = new DataView(NOTHING.buffer);

/** Longer strings are made by themselves: cut from a block, they would keep all of it in some engines, V8 among them. */
const CUT_UNITS = 12;
/** Those may be cut that are as long as this, and so keep eight times as much at most. */
const CUT_LONG_UNITS = 128;
/** Blocks are twice as long as the last one where they are read one after the other. */
const BLOCK_BYTES_MIN = 128;
const BLOCK_BYTES_MAX = 1024;

/** Every engine has strings of as many bytes. */
const STRING_BYTES_SAFE = 1 << 28;

/** Longer BigInts are made of hexadecimal digits, in linear time. */
const SHORT_DIGITS_BYTES = 192;

export class Input {
  protected readonly bytesMax: number;
  protected bytes: Uint8Array = NOTHING;
  protected view: DataView = NOTHING_VIEW;
  protected at = 0;
  protected end = 0;
  /** Where in the input `bytes` begins. */
  protected offset = 0;
  /** No more will come. */
  protected complete = false;
  /** Where the token begins that is being read. */
  protected tokenAt = 0;
  /** Without as many bytes, there is no use in trying again. */
  protected neededBytes = 0;

  /** Text of a part of the input, that short strings are cut from, and where it begins. */
  protected text = "";
  protected textAt = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Is given all bytes at once. */
  protected use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
    if (bytes.length > this.bytesMax) this.tooMany(this.bytesMax, "bytes");
  }

  /** Is given some more of them. */
  protected append(chunk: Uint8Array): void {
    const rest = this.end - this.at;
    if (this.at + rest + chunk.length > this.bytes.length) {
      // What is left moves to the front, of memory twice as large as it takes: each byte moves a few times at most.
      const bytes = new Uint8Array(2 * (rest + chunk.length));
      bytes.set(this.bytes.subarray(this.at, this.end));
      this.offset += this.at;
      this.at = 0;
      this.end = rest;
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer);
    }
    this.text = "";
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
    if (this.offset + this.end > this.bytesMax) this.tooMany(this.bytesMax, "bytes");
  }

  // ---- errors ----

  protected malformed(at: number, message: string): DOMException {
    return new DOMException(`byte ${this.offset + at}: ${message}`, "DataCloneError");
  }

  protected unexpected(at: number, expected: string): DOMException {
    return this.malformed(at, `expected ${expected}, found ${this.found(at)}`);
  }

  protected found(at: number): string {
    if (at >= this.end) return "the end of the input";
    const byte = this.bytes[at]!;
    const text = byte > 0x20 && byte < 0x7f ? ` "${String.fromCharCode(byte)}"` : "";
    return `0x${byte.toString(16).padStart(2, "0")}${text}`;
  }

  protected tooMany(max: number, what: string): never {
    throw new RangeError(`byte ${this.offset + this.at}: more than ${max} ${what}, the limit`);
  }

  /** That there are not as many bytes. */
  protected require(bytes: number, expected: string): void {
    if (this.end - this.at >= bytes) return;
    if (this.complete) {
      const rest = this.end - this.at;
      throw this.malformed(
        this.at,
        `expected ${expected}, ${bytes} bytes, found ${rest} until the end of the input`,
      );
    }
    this.needMore(this.at, bytes);
  }

  /**
   * Ends the try at a token that lacks bytes from an offset on. Its part that was read is read again: if it is long, the
   * next try waits until it is longer by a quarter, so that all tries together take time in proportion to the token.
   */
  protected needMore(at: number, bytes: number): never {
    const read = at - this.tokenAt;
    this.neededBytes = read + Math.max(bytes, read >>> 2);
    throw MORE;
  }

  // ---- numbers and strings ----

  protected byte(expected: string): number {
    if (this.at >= this.end) this.require(1, expected);
    return this.bytes[this.at++]!;
  }

  protected tag(expected: string): number {
    let tag = this.byte(expected);
    while (tag === TAG.PADDING) tag = this.byte(expected);
    return tag;
  }

  protected varint(): number {
    const at = this.at;
    const first = this.byte("a number");
    return first < 0x80 ? first : this.longVarint(first, at);
  }

  protected longVarint(first: number, at: number): number {
    let number = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.byte("the rest of a number");
      if (shift === 28 && byte > 0x0f) break;
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) return number >>> 0;
    }
    throw this.malformed(at, "expected a number of 32 bits, found a longer one");
  }

  protected zigzag(): number {
    const number = this.varint();
    return (number >>> 1) ^ -(number & 1);
  }

  protected double(): number {
    this.require(8, "a double");
    const number = this.view.getFloat64(this.at, true);
    this.at += 8;
    return number;
  }

  protected copy(length: number, expected: string): Uint8Array<ArrayBuffer> {
    this.require(length, expected);
    const { at } = this;
    this.at = at + length;
    // Engines do not fill with zeros what they copy into at once.
    return new Uint8Array(this.bytes.subarray(at, at + length));
  }

  /** A string of one byte a unit. There are as many bytes. */
  protected oneByte(at: number, length: number): string {
    const from = at - this.textAt;
    const isCut = from >= 0 && from + length <= this.text.length;
    if (length <= CUT_UNITS) return isCut ? this.text.slice(from, from + length) : this.cutNext(at, length);
    if (length <= SHORT_UNITS) return readShort(this.bytes, at, length);
    if (isCut && length >= CUT_LONG_UNITS) return this.text.slice(from, from + length);
    return readOneByte(this.bytes, at, at + length);
  }

  protected cutNext(at: number, length: number): string {
    const read = this.text.length;
    const isNear = at >= this.textAt && at < this.textAt + 2 * read;
    const bytes = isNear && read >= BLOCK_BYTES_MIN ? Math.min(2 * read, BLOCK_BYTES_MAX) : BLOCK_BYTES_MIN;
    this.text = readBlock(this.bytes, at, Math.min(at + bytes, this.end));
    this.textAt = at;
    return this.text.slice(0, length);
  }

  /** What stands behind a string's tag; undefined for any other tag. */
  protected stringOf(tag: number): string | undefined {
    if (tag !== TAG.ONE_BYTE_STRING && tag !== TAG.TWO_BYTE_STRING && tag !== TAG.UTF8_STRING)
      return undefined;
    const lengthAt = this.at;
    const length = this.varint();
    if (this.end - this.at < length) this.require(length, "a string");
    const at = this.at;
    this.at = at + length;
    if (length > STRING_BYTES_SAFE) return this.longestString(tag, at, length, lengthAt);
    if (tag === TAG.ONE_BYTE_STRING) return this.oneByte(at, length);
    if (tag === TAG.UTF8_STRING) return readUtf8(this.bytes, at, at + length);
    if (length % 2 === 1) throw this.malformed(lengthAt, `expected an even number of bytes, found ${length}`);
    return readTwoByte(this.bytes, at, at + length);
  }

  /** Of a length that the engine may not have; what it throws then is of its own choosing. */
  protected longestString(tag: number, at: number, length: number, lengthAt: number): string {
    if (tag === TAG.TWO_BYTE_STRING && length % 2 === 1)
      throw this.malformed(lengthAt, `expected an even number of bytes, found ${length}`);
    const read = { [TAG.ONE_BYTE_STRING]: readOneByte, [TAG.UTF8_STRING]: readUtf8 }[tag] ?? readTwoByte;
    try {
      return read(this.bytes, at, at + length);
    } catch {
      throw this.malformed(
        lengthAt,
        `expected a string of a size that this engine has, found ${length} bytes`,
      );
    }
  }

  protected string(expected: string): string {
    const tag = this.tag(expected);
    const at = this.at - 1;
    const string = this.stringOf(tag);
    if (string === undefined) throw this.unexpected(at, expected);
    return string;
  }

  protected bigint(): bigint {
    const bits = this.varint();
    const length = bits >>> 1;
    this.require(length, "the digits of a BigInt");
    const at = this.at;
    this.at = at + length;
    let magnitude = 0n;
    if (length <= SHORT_DIGITS_BYTES && length % 8 === 0) {
      for (let i = length - 8; i >= 0; i -= 8) {
        magnitude = (magnitude << 64n) | this.view.getBigUint64(at + i, true);
      }
    } else {
      try {
        magnitude = BigInt(`0x0${readHexBackwards(this.bytes, at, at + length)}`);
      } catch {
        throw this.malformed(at, "expected a BigInt of a size that this engine has");
      }
    }
    return bits & 1 ? -magnitude : magnitude;
  }
}

export function limitOf(name: string, limit = Number.POSITIVE_INFINITY): number {
  if (limit >= 0) return limit;
  throw new RangeError(`limits.${name} is ${limit}, not a number from 0 on`);
}
