/**
 * Identities: the numbers of objects in the order in which they are first met, from 0. To tell them takes much of the time
 * of going through a large graph, and is done in the way that takes least for as many as there are:
 *
 *   a few       a list to look through
 *   some more   a Map of their numbers
 *   many        a Set, in which nothing is looked up before it is added, as long as every object is a new one; its order
 *               is that of the numbers
 *
 * A graph in which something is met again has a Map from then on. All of it works with the built-in methods as they were at
 * first, whatever code outside does to them later.
 */

/** To find one of so few objects takes less time than hashing it. */
const FEW_MAX = 12; // The length of `few`.

/** Of an object that is met for the first time. */
export const NEW = -1;

const { defineProperty, getOwnPropertyDescriptor } = Object;
const { apply } = Reflect;
const setForEach = Set.prototype.forEach;
const mapForEach = Map.prototype.forEach;

class Numbers extends Map<unknown, number> {}
for (const name of ["get", "set", "has"]) copyProperty(Map.prototype, Numbers.prototype, name);

class Distinct extends Set<unknown> {}
for (const name of ["add", "size", "has"]) copyProperty(Set.prototype, Distinct.prototype, name);

function copyProperty(from: object, to: object, name: string): void {
  defineProperty(to, name, getOwnPropertyDescriptor(from, name)!);
}

export class Identities {
  /** How many objects there are. */
  count = 0;
  private readonly mappedMax: number;
  /** Places that are there from the beginning: no setter of `Array.prototype` is asked. */
  private readonly few: unknown[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  private numbers: Numbers | undefined = undefined;
  private distinct: Distinct | undefined = undefined;
  private hasRepeats = false;

  /**
   * @param mappedMax how many objects without one that was met again let expect that there are none. Up to there a Map is
   *   made, which need not be made then for the first that is met again.
   */
  constructor(mappedMax: number) {
    this.mappedMax = Math.max(mappedMax, FEW_MAX);
  }

  /** The number of an object that was met before; NEW for any other, which has the next number from now on. */
  meet(object: unknown): number {
    const { count } = this;
    if (count >= FEW_MAX) return this.meetMany(object);
    const few = this.few;
    for (let i = 0; i < count; i++) if (few[i] === object) return i;
    few[count] = object;
    this.count = count + 1;
    return NEW;
  }

  /** Whether an object was met before. */
  has(object: unknown): boolean {
    if (this.numbers !== undefined) return this.numbers.has(object);
    if (this.distinct !== undefined) return this.distinct.has(object);
    for (let i = 0; i < this.count; i++) if (this.few[i] === object) return true;
    return false;
  }

  /** Lets go of what takes much memory; of no more use from then on. */
  forget(): void {
    this.numbers = undefined;
    this.distinct = undefined;
  }

  private meetMany(object: unknown): number {
    if (this.count === this.mappedMax && !this.hasRepeats) this.expectDistinct();
    const distinct = this.distinct;
    if (distinct !== undefined) {
      distinct.add(object);
      if (distinct.size === this.count) return this.numberAll(distinct).get(object)!;
      this.count++;
      return NEW;
    }
    this.numbers ??= this.numberFew();
    const number = this.numbers.get(object);
    if (number !== undefined) {
      this.hasRepeats = true;
      return number;
    }
    this.numbers.set(object, this.count++);
    return NEW;
  }

  private numberFew(): Numbers {
    const numbers = new Numbers();
    for (let i = 0; i < this.count; i++) numbers.set(this.few[i], i);
    return numbers;
  }

  private expectDistinct(): void {
    const distinct = new Distinct();
    if (this.numbers === undefined) for (let i = 0; i < this.count; i++) distinct.add(this.few[i]);
    else apply(mapForEach, this.numbers, [(_: number, object: unknown) => void distinct.add(object)]);
    this.numbers = undefined;
    this.distinct = distinct;
  }

  private numberAll(distinct: Distinct): Numbers {
    const numbers = new Numbers();
    let number = 0;
    apply(setForEach, distinct, [(object: unknown) => void numbers.set(object, number++)]);
    this.hasRepeats = true;
    this.distinct = undefined;
    this.numbers = numbers;
    return numbers;
  }
}
