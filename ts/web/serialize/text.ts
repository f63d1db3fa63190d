/**
 * Strings to bytes and back, in the two forms that V8's format has: a byte a code unit (ISO 8859-1), and UTF-16,
 * little-endian, where lone surrogates are units like any others. `TextDecoder` can do neither exactly: its "latin1" is
 * windows-1252, and its UTF-16 refuses or replaces lone surrogates. So it serves where it is exact, and the rest goes
 * unit by unit; engines with Node's `Buffer` do both at the speed of a copy, by methods that take any Uint8Array.
 */

/** Shorter strings gain nothing from a call into the engine. */
const SHORT_UNITS = 24;

/** How many arguments a call may safely have, on any engine. */
const UNITS_A_CALL = 4096;

type Slice = (this: Uint8Array, start: number, end: number) => string;
type Write = (this: Uint8Array, text: string, offset: number, length: number) => number;

interface BufferMethods {
  latin1Slice: Slice;
  ucs2Slice: Slice;
  latin1Write: Write;
  ucs2Write: Write;
}

const methods = (globalThis as { Buffer?: { prototype: Partial<BufferMethods> } }).Buffer?.prototype;
const native: BufferMethods | undefined =
  methods?.latin1Slice && methods.ucs2Slice && methods.latin1Write && methods.ucs2Write
    ? (methods as BufferMethods)
    : undefined;

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
  if (length > SHORT_UNITS) return BEYOND_LATIN1.test(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 255) return true;
  return false;
}

/** Writes a string without units above 255. There is room for it. */
export function writeOneByte(text: string, bytes: Uint8Array, at: number): void {
  const { length } = text;
  if (length > SHORT_UNITS) {
    if (native) {
      native.latin1Write.call(bytes, text, at, length);
      return;
    }
    // Without a byte to spare, a unit above 127, which UTF-8 writes as two, ends it early.
    const { read } = textCoders().encoder.encodeInto(text, bytes.subarray(at, at + length));
    if (read === length) return;
  }
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
}

/** Writes any string, two bytes a unit. There is room for it. */
export function writeTwoByte(text: string, bytes: Uint8Array, at: number): void {
  const { length } = text;
  if (native && length > SHORT_UNITS) {
    native.ucs2Write.call(bytes, text, at, 2 * length);
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

function fromUnits(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += UNITS_A_CALL) {
    // Typed arrays are array-like, which is all that apply asks for.
    const some = units.subarray(at, at + UNITS_A_CALL) as unknown as number[];
    text += String.fromCharCode.apply(null, some);
  }
  return text;
}
