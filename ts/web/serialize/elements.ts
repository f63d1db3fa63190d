/** What an array has: elements, holes, and other properties. Elements are read once, since they may be getters. */
import type { Introspection } from "../../host/host.ts";

const { keys: keysOf, prototype: objectPrototype } = Object;
const { prototype: arrayPrototype } = Array;
const hasOwn = objectPrototype.hasOwnProperty;

/** Array indices end below 2^32 - 1, which has ten digits. */
const INDEX_END = 0xffff_ffff;

/** From here on it is cheaper to have the engine see what keys an array has than to list them. */
const LISTED_KEYS_MAX = 256;

function hasHoles(array: unknown[]): boolean {
  const { length } = array;
  for (let i = 0; i < length; i++) if (!(i in array)) return true;
  return false;
}

/** What stands for an element that a getter has taken away. */
export const HOLE = Symbol("hole");

/** An array's own element. */
export function elementOf(array: unknown[], index: number): unknown {
  if (!(index in array) || (index in arrayPrototype && !hasOwn.call(array, index))) return HOLE;
  return array[index];
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
