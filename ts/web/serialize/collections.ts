/**
 * What a Map or Set holds, as lists that are taken before any of it is written: getters that run then could change it.
 * Engines spread the built-in iterators at once, in a third of the time that `forEach` takes; which is done only as long
 * as nobody has put anything in the place of what that would call.
 */

const { getPrototypeOf } = Object;
const { keys: keysOf, values: valuesOf, forEach: forEachEntry } = Map.prototype;
const { values: valuesOfSet, forEach: forEachValue } = Set.prototype;

const mapIterator = getPrototypeOf(new Map().keys()) as IterableIterator<unknown>;
const setIterator = getPrototypeOf(new Set().values()) as IterableIterator<unknown>;
const { next: nextOfMap, [Symbol.iterator]: iterate } = mapIterator;
const { next: nextOfSet } = setIterator;

/** A Map's keys, and their values in the same order. */
export interface Entries {
  keys: unknown[];
  values: unknown[];
}

export function entriesOf(map: object): Entries {
  if (mapIterator.next === nextOfMap && mapIterator[Symbol.iterator] === iterate) {
    return {
      keys: [...keysOf.call(map as Map<unknown, unknown>)],
      values: [...valuesOf.call(map as Map<unknown, unknown>)],
    };
  }
  const keys: unknown[] = [];
  const values: unknown[] = [];
  forEachEntry.call(map as Map<unknown, unknown>, (value, key) => {
    values[keys.length] = value;
    keys[keys.length] = key;
  });
  return { keys, values };
}

export function valuesIn(set: object): unknown[] {
  if (setIterator.next === nextOfSet && setIterator[Symbol.iterator] === iterate) {
    return [...valuesOfSet.call(set as Set<unknown>)];
  }
  const values: unknown[] = [];
  forEachValue.call(set as Set<unknown>, (value) => {
    values[values.length] = value;
  });
  return values;
}

/** Each key before its value. */
export function inTurn({ keys, values }: Entries): unknown[] {
  const list: unknown[] = [];
  for (let i = 0; i < keys.length; i++) list.push(keys[i], values[i]);
  return list;
}
