/**
 * The numbers that an array begins with. V8 writes an array that has nothing but numbers, not all of them integers, as
 * doubles, and any other number that can be one as an integer; which of both it is shows at the end. So numbers are written
 * as what the first of them is while they are read, and written again if that was wrong. Each element is read once, since it
 * may be a getter.
 */
import { elementOf } from "./elements.ts";
import { TAG } from "./format.ts";

const { prototype: arrayPrototype } = Array;

/** With their tags: a double, and the longest integer of 32 bits. */
export const DOUBLE_BYTES = 9;
export const INTEGER_BYTES_MAX = 6;

/** Numbers for which there is room that is used again and again. */
const SPARE_NUMBERS = 1024;

/** As far as they have been read. */
export interface LeadingNumbers {
  count: number;
  /** All of them so far. */
  areIntegers: boolean;
  /** What has been read behind them, unless that is the array's end. */
  next: unknown;
}

/** One of 32 bits. -0 is none: it would lose its sign. */
export function isInteger(number: number): boolean {
  return (number | 0) === number && (number !== 0 || 1 / number > 0);
}

/** Whether there is nothing else, and not only integers. */
export function areDoubles({ count, areIntegers }: LeadingNumbers, length: number): boolean {
  return count === length && !areIntegers;
}

/** Writes an integer of 32 bits and its tag; returns where they end. */
export function putInteger(bytes: Uint8Array, start: number, integer: number): number {
  let rest = ((integer << 1) ^ (integer >> 31)) >>> 0;
  bytes[start] = TAG.INT32;
  if (rest < 0x80) {
    bytes[start + 1] = rest;
    return start + 2;
  }
  let at = start + 1;
  do {
    bytes[at++] = rest | 0x80;
    rest >>>= 7;
  } while (rest > 0x7f);
  bytes[at++] = rest;
  return at;
}

/** The same of a double. */
export function putDouble(view: DataView, start: number, number: number): number {
  view.setUint8(start, TAG.DOUBLE);
  view.setFloat64(start + 1, number, true);
  return start + DOUBLE_BYTES;
}

/** @param first the array's first element. */
export function leadingNumbers(first: number): LeadingNumbers {
  return { count: 0, areIntegers: true, next: first };
}

/**
 * Reads on as long as there are integers, and writes them.
 *
 * @param at where they begin; there is room for an array full of them. Returns where they end.
 */
export function readIntegers(
  leading: LeadingNumbers,
  array: unknown[],
  length: number,
  bytes: Uint8Array,
  at: number,
): number {
  let { count, next: value } = leading;
  let to = at;
  while (typeof value === "number" && isInteger(value)) {
    to = putInteger(bytes, to, value);
    if (++count === length) break;
    value = count in array && !(count in arrayPrototype) ? array[count] : elementOf(array, count);
  }
  leading.count = count;
  leading.next = value;
  return to;
}

/** Integers that were written, as doubles. */
export function doublesOf(bytes: Uint8Array, start: number, end: number, doubles: DataView): void {
  let to = 0;
  for (let at = start; at < end; at++) {
    let number = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      byte = bytes[++at]!;
      number |= (byte & 0x7f) << shift;
    }
    to = putDouble(doubles, to, (number >>> 1) ^ -(number & 1));
  }
}

/**
 * Reads on until an index, and writes the numbers as doubles.
 *
 * @param length what it was before the first element was read: its getter may have made the array shorter.
 * @param at where the first number of all is, or is to be. There is room for those until the index.
 */
export function readNumbers(
  leading: LeadingNumbers,
  array: unknown[],
  length: number,
  end: number,
  view: DataView,
  at: number,
): void {
  let { count, areIntegers, next } = leading;
  let to = at + count * DOUBLE_BYTES;
  while (typeof next === "number" && count < end) {
    to = putDouble(view, to, next);
    if (areIntegers && !isInteger(next)) areIntegers = false;
    count++;
    // What is a number all the way through this loop, engines need not make an object of.
    for (; count < end && count in array && !(count in arrayPrototype); count++) {
      const value = array[count];
      if (typeof value !== "number") {
        next = value;
        break;
      }
      to = putDouble(view, to, value);
      if (areIntegers && !isInteger(value)) areIntegers = false;
    }
    if (typeof next !== "number" || count === length) break;
    next = elementOf(array, count);
  }
  leading.count = count;
  leading.areIntegers = areIntegers;
  leading.next = next;
}

/** Room for doubles, between one array and the next. */
let spareDoubles: DataView | undefined;

export function takeDoubles(count: number): DataView {
  const doubles = count <= SPARE_NUMBERS ? spareDoubles : undefined;
  if (doubles === undefined) {
    return new DataView(new ArrayBuffer(Math.max(count, SPARE_NUMBERS) * DOUBLE_BYTES));
  }
  spareDoubles = undefined;
  return doubles;
}

/** Wiped as far as they were used. */
export function giveDoublesBack(doubles: DataView, count: number): void {
  if (doubles.byteLength > SPARE_NUMBERS * DOUBLE_BYTES) return;
  new Uint8Array(doubles.buffer, 0, count * DOUBLE_BYTES).fill(0);
  spareDoubles = doubles;
}
