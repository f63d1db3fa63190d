/**
 * Strings to bytes and back, in the two forms that V8's format has: a byte a code unit (ISO 8859-1), and UTF-16,
 * little-endian, where lone surrogates are units like any others. `TextDecoder` can do neither exactly: its "latin1" is
 * windows-1252, and its UTF-16 refuses or replaces lone surrogates. So it serves where it is exact, and the rest goes
 * unit by unit; engines with Node's `Buffer` do both at the speed of a copy, by methods that take any Uint8Array.
 */

import { functionOfText } from "../functions-of-text.ts";
import { hasPositions } from "../structured-clone/errors.ts";

/** Shorter strings gain nothing from a call into the engine. */
export const SHORT_UNITS = 24;

/** The same of encodeInto, which takes a view of the place, and gives an object. */
const SHORT_ENCODED_UNITS = 128;

const DIGITS_BLOCK_BYTES = 4096;

/** How many arguments a call may safely have, on any engine. */
const UNITS_A_CALL = 4096;

type Slice = (this: Uint8Array, start: number, end: number) => string;
type Write = (this: Uint8Array, text: string, offset: number, length: number) => number;

interface BufferMethods {
  hexSlice: Slice;
  latin1Slice: Slice;
  ucs2Slice: Slice;
  latin1Write: Write;
  ucs2Write: Write;
}

interface BufferClass {
  readonly prototype: Partial<BufferMethods>;
  byteLength(text: string): number;
}

const { Buffer: NodeBuffer } = globalThis as { Buffer?: BufferClass };
const methods = NodeBuffer?.prototype;
const native: BufferMethods | undefined =
  methods?.hexSlice && methods.latin1Slice && methods.ucs2Slice && methods.latin1Write && methods.ucs2Write
    ? (methods as BufferMethods)
    : undefined;

/** Deno's Buffer reads by the engine's own means, but writes unit by unit. */
const nativeWrites =
  native && Function.prototype.toString.call(native.latin1Write).includes("[native code]")
    ? native
    : undefined;

/** Bun's engine looks at all of a string to find what is not there, but tells at once how long it is in UTF-8. */
const utf8Length = "Bun" in globalThis ? NodeBuffer?.byteLength : undefined;

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Made when they are first needed: engines with a Buffer need none of them, and making them takes its time. */
let coders: { ascii: TextDecoder; utf16: TextDecoder; encoder: TextEncoder } | undefined;

function textCoders(): NonNullable<typeof coders> {
  coders ??= {
    ascii: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }),
    utf16: new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true }),
    encoder: new TextEncoder(),
  };
  return coders;
}

/** On a string of one byte a unit inside the engine, this is known to fail without looking at it. */
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** Whether a string has code units above 255, and so takes two bytes for each. */
export function isTwoByte(text: string): boolean {
  const { length } = text;
  if (length > SHORT_UNITS) return utf8Length?.(text) !== length && BEYOND_LATIN1.test(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 255) return true;
  return false;
}

/** Writes a string without units above 255. There is room for it. */
export function writeOneByte(text: string, bytes: Uint8Array, at: number): void {
  const { length } = text;
  if (nativeWrites && length > SHORT_UNITS) {
    nativeWrites.latin1Write.call(bytes, text, at, length);
    return;
  }
  if (length > SHORT_ENCODED_UNITS) {
    // Without a byte to spare, a unit above 127, which UTF-8 writes as two, ends it early.
    const { read } = textCoders().encoder.encodeInto(text, bytes.subarray(at, at + length));
    if (read === length) return;
  }
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
}

/** Writes any string, two bytes a unit. There is room for it. */
export function writeTwoByte(text: string, bytes: Uint8Array, at: number): void {
  const { length } = text;
  if (nativeWrites && length > SHORT_UNITS) {
    nativeWrites.ucs2Write.call(bytes, text, at, 2 * length);
    return;
  }
  const start = bytes.byteOffset + at;
  if (IS_LITTLE_ENDIAN && start % 2 === 0 && length > SHORT_UNITS) {
    const units = new Uint16Array(bytes.buffer, start, length);
    for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
    return;
  }
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    bytes[at + 2 * i] = unit;
    bytes[at + 2 * i + 1] = unit >> 8;
  }
}

/** @throws RangeError for a string longer than the engine's can be. */
export function readOneByte(bytes: Uint8Array, at: number, end: number): string {
  const length = end - at;
  if (native || length <= SHORT_UNITS) return readBlock(bytes, at, end);
  try {
    // Bytes that are all ASCII, and no others, are UTF-8 of as many units.
    const text = textCoders().ascii.decode(bytes.subarray(at, end));
    if (text.length === length) return text;
  } catch {
    // What is no UTF-8 goes the other way.
  }
  return fromUnits(bytes.subarray(at, end));
}

type ReadShort = (bytes: Uint8Array, at: number) => string;

/** For each length, a function that makes a string of so many arguments, which engines do at once. */
const readersOfShort: (ReadShort | undefined)[] = [];
const { fromCharCode } = String;

/** JavaScriptCore's own method takes less time than a call of so many arguments. */
const hasFastSlice = native !== undefined && hasPositions;

/** A string of one byte a unit, and of SHORT_UNITS at most. */
export function readShort(bytes: Uint8Array, at: number, length: number): string {
  if (hasFastSlice) return readBlock(bytes, at, at + length);
  const read = readersOfShort[length];
  return read !== undefined ? read(bytes, at) : newReaderOfShort(length)(bytes, at);
}

function newReaderOfShort(length: number): ReadShort {
  const units = Array.from({ length }, (_, i) => `bytes[at + ${i}]`);
  const body = `return (bytes, at) => fromCharCode(${units.join(", ")});`;
  const make = functionOfText<(of: typeof fromCharCode) => ReadShort>(["fromCharCode"], body);
  const read = make
    ? make(fromCharCode)
    : (bytes: Uint8Array, at: number) => readBlock(bytes, at, at + length);
  readersOfShort[length] = read;
  return read;
}

/** @throws RangeError for a string longer than the engine's can be. */
export function readTwoByte(bytes: Uint8Array, at: number, end: number): string {
  if (native) return native.ucs2Slice.call(bytes, at, end);
  const source = bytes.subarray(at, end);
  if (source.length > SHORT_UNITS) {
    try {
      return textCoders().utf16.decode(source);
    } catch {
      // A lone surrogate.
    }
  }
  const units = new Uint16Array(source.length / 2);
  for (let i = 0; i < units.length; i++) units[i] = source[2 * i]! | (source[2 * i + 1]! << 8);
  return fromUnits(units);
}

/** The same of a few hundred bytes, whatever they are. */
export function readBlock(bytes: Uint8Array, at: number, end: number): string {
  return native ? native.latin1Slice.call(bytes, at, end) : fromUnits(bytes.subarray(at, end));
}

/** UTF-8, which older writers used; anything malformed becomes U+FFFD, as in V8. */
export function readUtf8(bytes: Uint8Array, at: number, end: number): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at, end));
}

let digitsOfByte: string[] | undefined;

/** Bytes, the last first, in hexadecimal digits. */
export function readHexBackwards(bytes: Uint8Array, at: number, end: number): string {
  if (native) {
    const reversed = new Uint8Array(bytes.subarray(at, end)).reverse();
    return native.hexSlice.call(reversed, 0, reversed.length);
  }
  digitsOfByte ??= Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  let hex = "";
  // A block at a time, since a list of all digits is much longer than they are.
  for (let blockEnd = end; blockEnd > at; blockEnd -= DIGITS_BLOCK_BYTES) {
    const digits: string[] = [];
    for (let i = blockEnd - 1; i >= at && i >= blockEnd - DIGITS_BLOCK_BYTES; i--) {
      digits.push(digitsOfByte[bytes[i]!]!);
    }
    hex += digits.join("");
  }
  return hex;
}

function fromUnits(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += UNITS_A_CALL) {
    // Typed arrays are array-like, which is all that apply asks for.
    const some = units.subarray(at, at + UNITS_A_CALL) as unknown as number[];
    text += String.fromCharCode.apply(null, some);
  }
  return text;
}
