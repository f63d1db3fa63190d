/** What an array has: elements, holes, and other properties. Elements are read once, since they may be getters. */
import type { Introspection } from "../../host/host.ts";

const { keys: keysOf, prototype: objectPrototype } = Object;
const { prototype: arrayPrototype } = Array;
const hasOwn = objectPrototype.hasOwnProperty;

/** Array indices end below 2^32 - 1, which has ten digits. */
const INDEX_END = 0xffff_ffff;

/** From here on it is cheaper to have the engine see what keys an array has than to list them. */
const LISTED_KEYS_MAX = 256;

/** Numbers for which there is room that is used again and again. */
const SPARE_NUMBERS = 1024;

function hasHoles(array: unknown[]): boolean {
  const { length } = array;
  for (let i = 0; i < length; i++) if (!(i in array)) return true;
  return false;
}

/** One of 32 bits. -0 is none: it would lose its sign. */
export function isInteger(number: number): boolean {
  return (number | 0) === number && (number !== 0 || 1 / number > 0);
}

/** What stands for an element that a getter has taken away. */
export const HOLE = Symbol("hole");

/** An array's own element. */
export function elementOf(array: unknown[], index: number): unknown {
  if (!(index in array) || (index in arrayPrototype && !hasOwn.call(array, index))) return HOLE;
  return array[index];
}

/** The numbers that an array begins with, and what comes behind them. */
export interface LeadingNumbers {
  readonly numbers: Float64Array;
  readonly count: number;
  /** There is nothing else, and they are not all integers: V8 has such arrays as doubles. */
  readonly areDoubles: boolean;
  readonly next: unknown;
}

/**
 * Each element is read once, since it may be a getter.
 *
 * @param length what it was before the first element was read: its getter may have made the array shorter.
 */
export function leadingNumbers(array: unknown[], length: number, first: number): LeadingNumbers {
  const numbers = takeNumbers(length);
  numbers[0] = first;
  let areIntegers = isInteger(first);
  let next: unknown;
  let count = 1;
  for (; count < length; count++) {
    if (!(count in array)) {
      next = HOLE;
      break;
    }
    const value = count in arrayPrototype ? elementOf(array, count) : array[count];
    if (typeof value !== "number") {
      next = value;
      break;
    }
    numbers[count] = value;
    if (areIntegers && !isInteger(value)) areIntegers = false;
  }
  return { numbers, count, areDoubles: count === length && !areIntegers, next };
}

/** Room for numbers, between one array and the next. */
let spareNumbers: Float64Array | undefined;

function takeNumbers(length: number): Float64Array {
  const numbers = length <= SPARE_NUMBERS ? spareNumbers : undefined;
  if (numbers === undefined) return new Float64Array(Math.max(length, SPARE_NUMBERS));
  spareNumbers = undefined;
  return numbers;
}

/** Wiped as far as they were used. */
export function giveNumbersBack({ numbers, count }: LeadingNumbers): void {
  if (numbers.length > SPARE_NUMBERS) return;
  numbers.fill(0, 0, count);
  spareNumbers = numbers;
}

/**
 * The keys of a dense array that are no indices, which come behind all that are; undefined where an element is missing, or
 * is not enumerable.
 */
export function namedKeys(
  array: unknown[],
  introspection: Introspection | undefined,
): readonly string[] | undefined {
  const { length } = array;
  if (hasHoles(array)) return undefined;
  if (length > LISTED_KEYS_MAX && introspection?.hasElementsOnly(array)) return NO_KEYS;
  const keys = keysOf(array);
  if (length > 0 && keys[length - 1] !== String(length - 1)) return undefined;
  return keys.length === length ? NO_KEYS : keys.slice(length);
}

const NO_KEYS: readonly string[] = [];

export function isIndex(key: string): boolean {
  const index = Number(key);
  return index >>> 0 === index && index < INDEX_END && String(index) === key;
}
