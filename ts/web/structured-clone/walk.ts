/**
 * StructuredSerializeInternal and StructuredDeserialize in one walk over the graph:
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal
 *
 * The copy is made while its original is read, in the standard's order: depth first, an object's enumerable own keys
 * listed when it is entered, each value read when its turn comes, a Map's entries taken before the first of them is
 * cloned. Nobody sees a copy before the walk has ended, so this cannot be told from reading all first and making
 * copies then. Properties of copies are defined, as CreateDataProperty does, so that what somebody has added to
 * `Object.prototype` does not matter.
 *
 * Depth is not that of the call stack: what is entered and not yet left is a chain of frames. An object or array
 * that has no other in it, the commonest kind, needs none.
 */
import type { Introspection } from "../../host/host.ts";
import { Identities, NEW } from "../identities.ts";
import { define, followed, type Layout, make, rootLayout } from "../layouts.ts";
import { copyArrayBuffer, isArrayBuffer, isDetached, makeView, shapeOf } from "./buffers.ts";
import { accompany, copyError } from "./errors.ts";
import { getterIfAny, getterOf } from "./intrinsics.ts";
import { type Kind, kindOf, kindOfEmpty } from "./kinds.ts";
import { uncloneable } from "./path.ts";
import { copyPlatformObject } from "./platform.ts";

const { keys: keysOf } = Object;
const { getPrototypeOf, setPrototypeOf, prototype: ObjectPrototype } = Object;
/** Called as a method, it costs engines nothing while they go through the keys of an object. */
const hasOwn = ObjectPrototype.hasOwnProperty;
const { isArray, prototype: ArrayPrototype } = Array;
const { isView } = ArrayBuffer;
const { apply, ownKeys } = Reflect;
const mapForEach = Map.prototype.forEach;
const setForEach = Set.prototype.forEach;
const mapSet = Map.prototype.set;
const { add: setAdd } = Set.prototype;
const timeOf = Date.prototype.getTime;
const VALUES = {
  Boolean: Boolean.prototype.valueOf,
  Number: Number.prototype.valueOf,
  BigInt: BigInt.prototype.valueOf,
  String: String.prototype.valueOf,
};

const sourceOf = getterOf<string>(RegExp.prototype, "source");
const hasIndicesOf = getterOf<boolean>(RegExp.prototype, "hasIndices");
const globalOf = getterOf<boolean>(RegExp.prototype, "global");
const ignoreCaseOf = getterOf<boolean>(RegExp.prototype, "ignoreCase");
const multilineOf = getterOf<boolean>(RegExp.prototype, "multiline");
const dotAllOf = getterOf<boolean>(RegExp.prototype, "dotAll");
const unicodeOf = getterOf<boolean>(RegExp.prototype, "unicode");
const unicodeSetsOf = getterIfAny<boolean>(RegExp.prototype, "unicodeSets");
const stickyOf = getterOf<boolean>(RegExp.prototype, "sticky");

/** Up to this length, listing an array's keys takes less time than other ways to know that it has nothing but elements. */
const LISTED_LENGTH_MAX = 128;

/** How deep the call stack goes into a graph. Beyond, frames stand in for it. */
const CALL_DEPTH_MAX = 32;

/** Engines keep the elements of a longer array in a table if it is made with its length. */
const DENSE_LENGTH_MAX = 2 ** 25;

type Keyed = Record<PropertyKey, unknown>;
/** What is copied property by property, element by element, or taken out first. */
export type Shape = "object" | "elements" | Contents;
type Contents = "map" | "set" | "error";

const NOTHING: unknown[] = [];

type Held = [holder: object, key: string | number, placeholder: Placeholder];

/** What stands for a transferred object, and for a view of one, until it is transferred. */
export class Placeholder {
  /** Gives the object, once those that are transferred have been. */
  readonly resolve: () => object;

  constructor(resolve: () => object) {
    this.resolve = resolve;
  }
}

/** Something that is entered and not yet left. */
export class Frame {
  up: Frame | undefined = undefined;
  readonly shape: Shape;
  readonly source: object;
  readonly copy: object;
  /** An object's keys; a map's, a set's or an error's contents, of which each is replaced by its copy. */
  readonly list: unknown[];
  readonly length: number;
  /** It waits for what is in this place of the list, or this element. */
  readonly at: number;

  constructor(shape: Shape, source: object, copy: object, list: unknown[], length: number, at: number) {
    this.shape = shape;
    this.source = source;
    this.copy = copy;
    this.list = list;
    this.length = length;
    this.at = at;
  }
}

/** A level of the call stack, and where in the graph it is. They are a chain: elements of arrays may have setters. */
export class Level {
  readonly up: Level | undefined;
  down: Level | undefined = undefined;
  shape: Shape = "object";
  list: readonly unknown[] = NOTHING;
  place: string | number = 0;
  /** Of an object that is copied here: its number, and what was copied of it so far; its copy, once it is made. */
  number = -1;
  layout: Layout = rootLayout();
  from = 0;
  copy: Keyed | undefined = undefined;

  constructor(up: Level | undefined) {
    this.up = up;
  }
}

/** One walk. */
export class Walk {
  readonly introspection: Introspection | undefined;
  readonly isProxy: ((object: object) => boolean) | undefined;
  /** The standard's memory: the numbers of what was met, and its copies in that order. */
  readonly identities = new Identities(MAPPED_MAX);
  readonly copies: unknown[];
  /** Values of the properties so far, of all objects that are not made yet. */
  readonly values: unknown[];
  valuesCount = 0;

  /** How far the call stack is into the graph, and its last level; the first is above what is cloned. */
  depth = 0;
  level = new Level(undefined);
  /** The frames around that. */
  frame: Frame | undefined = undefined;

  /** What is to be entered once the call stack is empty, and put into the innermost frame; and its number. */
  value: unknown = undefined;
  number = 0;
  innermost: Frame | undefined = undefined;
  /** The last frame that was made of the call stack's levels, from the innermost on. */
  outermost: Frame | undefined = undefined;

  /** Where something is transferred: properties that hold a placeholder, and contents that are not yet filled in. */
  held: Held[] | undefined = undefined;
  unfilled: { shape: Contents; copy: object; list: unknown[] }[] | undefined = undefined;

  constructor(introspection: Introspection | undefined) {
    this.introspection = introspection;
    this.isProxy = introspection?.isProxy;
    this.copies = takeList();
    this.values = takeList();
  }

  /** Has a placeholder stand for an object; false if one does already. */
  transfer(object: object, placeholder: Placeholder): boolean {
    if (met(this, object) !== undefined) return false;
    this.held ??= [];
    this.unfilled ??= [];
    this.copies[this.copies.length - 1] = placeholder;
    return true;
  }

  /**
   * The copy of a value; with placeholders in it, if something is transferred, until `settle`.
   *
   * @throws DOMException DataCloneError, and whatever getters throw.
   */
  clone(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    const copy = met(this, value) ?? enter(this, value);
    while (this.innermost) {
      let frame: Frame | undefined = this.innermost;
      this.innermost = undefined;
      this.outermost = undefined;
      this.frame = frame;
      put(this, frame, enter(this, this.value, this.number));
      if (this.innermost) {
        surround(this, frame);
        continue;
      }
      for (; frame && !this.innermost; frame = frame.up) {
        this.frame = frame.up;
        goOn(this, frame);
        if (this.innermost) surround(this, frame.up);
      }
    }
    giveList(this.copies);
    giveList(this.values);
    return copy;
  }

  /** Puts what was transferred in the place of placeholders. */
  settle(copy: unknown): unknown {
    for (const [holder, key, placeholder] of this.held ?? []) (holder as Keyed)[key] = placeholder.resolve();
    for (const { shape, copy, list } of this.unfilled ?? []) fill(shape, copy, list.map(settled));
    return settled(copy);
  }
}

function settled(copy: unknown): unknown {
  return copy instanceof Placeholder ? copy.resolve() : copy;
}

/** A function or symbol is none, so that it comes to `enter`, which refuses it. */
export function isPrimitive(value: unknown): boolean {
  if (typeof value === "object") return value === null;
  return typeof value !== "function" && typeof value !== "symbol";
}

// ---- memory ----

/** Of more objects than these, none of which was met twice, most are met once. */
const MAPPED_MAX = 1024;

/** In the place of a copy that is not made yet. */
const UNMADE: object = { __proto__: null };

/** The copy of what was met before. Anything else gets the next number, under which its copy is to be put. */
function met(walk: Walk, value: unknown): object | undefined {
  const { copies } = walk;
  const number = walk.identities.meet(value);
  if (number === NEW) {
    copies[copies.length] = UNMADE;
    return undefined;
  }
  const copy = copies[number] as object;
  return copy === UNMADE ? makeOpen(walk, number) : copy;
}

/** An object refers to one that it is in, and whose properties are not all known yet: it is made of those that are. */
function makeOpen(walk: Walk, number: number): object {
  let { level } = walk;
  while (level.number !== number) level = level.up!;
  return makeSoFar(walk, level);
}

function makeSoFar(walk: Walk, level: Level): Keyed {
  level.copy = make(level.layout, walk.values, level.from) as Keyed;
  walk.copies[level.number] = level.copy;
  return level.copy;
}

/** Lists that inherit nothing, so that what somebody has made of `Array.prototype` does not matter, between walks. */
const spareLists: unknown[][] = [];
const SPARE_LISTS_MAX = 12;

function takeList(): unknown[] {
  return spareLists.pop() ?? (setPrototypeOf([], null) as unknown[]);
}

function giveList(list: unknown[]): void {
  list.length = 0;
  if (spareLists.length < SPARE_LISTS_MAX) append(spareLists, list);
}

// ---- the call stack, and frames ----

/**
 * The copy of something inside of what is being copied, from which the call stack goes one deeper. Where it has got too
 * deep, undefined: then, as after a copy that came back unfinished, there is `walk.innermost`, and the caller leaves
 * a frame with `wait`.
 */
function enterInner(
  walk: Walk,
  value: unknown,
  shape: Shape,
  list: unknown[],
  place: string | number,
): object | undefined {
  const { depth } = walk;
  if (depth === CALL_DEPTH_MAX) {
    walk.value = value;
    walk.number = walk.copies.length - 1;
    return undefined;
  }
  const outer = walk.level;
  outer.down ??= new Level(outer);
  const level = outer.down;
  level.shape = shape;
  level.list = list;
  level.place = place;
  walk.level = level;
  walk.depth = depth + 1;
  const copy = enter(walk, value);
  walk.depth = depth;
  walk.level = outer;
  return copy;
}

/** Leaves a frame for a level of the call stack, around those that were left by the levels inside of it. */
function wait(
  walk: Walk,
  shape: Shape,
  source: object,
  copy: object,
  list: unknown[],
  length: number,
  at: number,
): void {
  const frame = new Frame(shape, source, copy, list, length, at);
  if (walk.outermost) walk.outermost.up = frame;
  else walk.innermost = frame;
  walk.outermost = frame;
}

/** Has `frame` be around those that were left last. */
function surround(walk: Walk, frame: Frame | undefined): void {
  walk.outermost!.up = frame;
}

/** Puts the copy that a frame waited for where it belongs. */
function put(walk: Walk, { shape, copy: holder, list, at }: Frame, copy: object): void {
  if (shape === "object") putProperty(walk, holder, list[at] as string, copy);
  else if (shape === "elements") putProperty(walk, holder, at, copy);
  else list[at] = copy;
}

function putProperty(walk: Walk, holder: object, key: string | number, value: unknown): void {
  if (walk.held) hold(walk.held, holder, key, value);
  define(holder, key, value);
}

/** Notes a property that holds a placeholder. */
function hold(held: Held[], holder: object, key: string | number, value: unknown): void {
  if (value instanceof Placeholder) held.push([holder, key, value]);
}

/** Copies the rest of what a frame waited with. What has to wait again leaves another frame. */
function goOn(walk: Walk, { shape, source, copy, list, length, at }: Frame): void {
  if (shape === "object") copyListed(walk, source as Keyed, copy as Keyed, list as string[], at + 1);
  else if (shape === "elements") {
    copyElements(walk, source as unknown[], copy as unknown[], length, at + 1);
  } else copyContents(walk, shape, source, copy, list, at + 1);
}

/** Adds to an array, past what somebody may have made of `Array.prototype`'s elements. */
function append(list: unknown[], value: unknown): void {
  if (ArrayPrototype.length === 0) list.push(value);
  else define(list, list.length, value);
}

// ---- copying what is in an object ----

/**
 * Copies the properties of an object that is being entered. The keys that `for` goes through are those that there were at
 * first; what a getter deletes it leaves out, and what one adds. The copy is made at the end, unless it is needed before:
 * where something inside refers to it, has to wait, or is transferred, or its names follow no layout.
 */
function copyProperties(walk: Walk, source: Keyed, number: number): Keyed {
  const { level, values } = walk;
  const from = walk.valuesCount;
  let layout = rootLayout();
  let copy: Keyed | undefined = walk.held && copyMade(walk, number, {});
  let rest: string[] | undefined;
  for (const key in source) {
    if (!hasOwn.call(source, key)) continue;
    if (rest !== undefined) {
      append(rest, key);
      continue;
    }
    let value = source[key];
    let next: Layout | undefined;
    if (copy === undefined) {
      next = followed(layout, key);
      if (next === undefined) copy = copyMade(walk, number, make(layout, values, from) as Keyed);
    }
    if (!isPrimitive(value)) {
      if (copy === undefined) {
        level.number = number;
        level.layout = layout;
        level.from = from;
        level.copy = undefined;
      }
      const inner = met(walk, value) ?? enterInner(walk, value, "object", NOTHING, key);
      if (copy === undefined) copy = level.copy;
      if (inner === undefined || walk.innermost !== undefined) {
        copy ??= makeSoFar(walk, level);
        rest = [key];
        if (inner === undefined) continue;
      }
      if (walk.held !== undefined) hold(walk.held, copy!, key, inner);
      value = inner;
    }
    if (copy !== undefined) {
      if (key in ObjectPrototype) define(copy, key, value);
      else copy[key] = value;
    } else {
      values[walk.valuesCount++] = value;
      layout = next!;
    }
  }
  walk.valuesCount = from;
  copy ??= copyMade(walk, number, make(layout, values, from) as Keyed);
  if (rest) wait(walk, "object", source, copy, rest, rest.length, 0);
  return copy;
}

/** Notes the copy of what was met. */
function copyMade<Copy extends object>(walk: Walk, number: number, copy: Copy): Copy {
  walk.copies[number] = copy;
  return copy;
}

/** The same for properties that were listed before, from one on. */
function copyListed(walk: Walk, source: Keyed, copy: Keyed, keys: string[], from: number): void {
  const { length } = keys;
  for (let i = from; i < length; i++) {
    const key = keys[i]!;
    if (!hasOwn.call(source, key)) continue;
    const value = source[key];
    if (isPrimitive(value)) {
      putProperty(walk, copy, key, value);
      continue;
    }
    const inner = met(walk, value) ?? enterInner(walk, value, "object", keys, key);
    if (inner) putProperty(walk, copy, key, inner);
    if (!inner || walk.innermost) {
      wait(walk, "object", source, copy, keys, length, i);
      return;
    }
  }
}

/** The same for an array that had an element at each index, and no other property, when it was entered. */
function copyElements(walk: Walk, source: unknown[], copy: unknown[], length: number, from: number): void {
  for (let i = from; i < length; i++) {
    // A getter may have taken it away, and then what is inherited does not count.
    if (!(i in source) || (i in ArrayPrototype && !hasOwn.call(source, i))) continue;
    if (!copyElement(walk, source, copy, length, i, source[i])) return;
  }
  if (copy.length !== length) copy.length = length;
}

/** Copies an element that has been read; false if it has to wait. */
function copyElement(
  walk: Walk,
  source: unknown[],
  copy: unknown[],
  length: number,
  at: number,
  element: unknown,
): boolean {
  let value = element;
  if (!isPrimitive(value)) {
    const inner = met(walk, value) ?? enterInner(walk, value, "elements", NOTHING, at);
    if (inner === undefined || walk.innermost !== undefined) {
      if (inner !== undefined) putProperty(walk, copy, at, inner);
      wait(walk, "elements", source, copy, NOTHING, length, at);
      return false;
    }
    if (walk.held !== undefined) hold(walk.held, copy, at, inner);
    value = inner;
  }
  if (at in ArrayPrototype) define(copy, at, value);
  else copy[at] = value;
  return true;
}

/** The same for contents that were taken out before; at the end, they are filled in. */
function copyContents(
  walk: Walk,
  shape: Contents,
  source: object,
  copy: object,
  list: unknown[],
  from: number,
): void {
  const { length } = list;
  for (let i = from; i < length; i++) {
    const value = list[i];
    if (isPrimitive(value)) continue;
    const inner = met(walk, value) ?? enterInner(walk, value, shape, list, i);
    if (inner) list[i] = inner;
    if (!inner || walk.innermost) {
      wait(walk, shape, source, copy, list, length, i);
      return;
    }
  }
  if (walk.unfilled) walk.unfilled.push({ shape, copy, list });
  else fill(shape, copy, list);
}

function fill(shape: Contents, copy: object, list: unknown[]): void {
  const { length } = list;
  if (shape === "map") {
    for (let i = 0; i < length; i += 2) apply(mapSet, copy, [list[i], list[i + 1]]);
  } else if (shape === "set") {
    for (let i = 0; i < length; i++) apply(setAdd, copy, [list[i]]);
  } else {
    for (let i = 0; i < length; i += 2) accompany(copy, list[i] as string, list[i + 1]);
  }
}

// ---- entering ----

/** The copy of what was just met for the first time. Where it waits for others, there is `walk.innermost`. */
function enter(walk: Walk, value: unknown, number = walk.copies.length - 1): object {
  if (typeof value !== "object" || value === null) throw uncloneable(value, walk);
  const { introspection } = walk;
  if (walk.isProxy?.(value)) throw uncloneable(value, walk, "Proxy");
  if (isArray(value)) return enterArray(walk, value, number);
  if (isView(value)) return enterView(walk, value, number);
  const kind = kindOf(value, introspection);
  return kind === "Object" ? enterObject(walk, value, number) : enterKind(walk, value, kind, number);
}

function enterObject(walk: Walk, source: object, number: number): object {
  const copy = copyProperties(walk, source as Keyed, number);
  if (isEmpty(copy) && !walk.innermost && source !== ObjectPrototype) {
    const kind = kindOfEmpty(source, walk.introspection);
    if (kind !== "Object") return enterKind(walk, source, kind, number);
  }
  return copy;
}

function isEmpty(object: object): boolean {
  for (const key in object) if (hasOwn.call(object, key)) return false;
  return true;
}

/** The same where `for` would ask a proxy that the object inherits from. */
function enterHeir(walk: Walk, source: object, number: number): object {
  const copy = copyMade(walk, number, {});
  copyListed(walk, source as Keyed, copy, keysOf(source), 0);
  return copy;
}

function enterArray(walk: Walk, source: unknown[], number: number): object {
  const { length } = source;
  const listed = length <= LISTED_LENGTH_MAX || !hasElementsOnly(walk, source) ? keysOf(source) : undefined;
  const copy: unknown[] = length <= DENSE_LENGTH_MAX ? new Array(length) : [];
  walk.copies[number] = copy;
  if (!listed) {
    const next = copyNumbers(walk, source, copy, length);
    if (next !== undefined) copyElements(walk, source, copy, length, next);
  } else if (listed.length === length && (length === 0 || listed[length - 1] === String(length - 1))) {
    copyElements(walk, source, copy, length, 0);
  } else {
    copy.length = length;
    copyListed(walk, source as unknown as Keyed, copy as unknown as Keyed, listed, 0);
  }
  return copy;
}

function enterView(walk: Walk, view: ArrayBufferView, number: number): object {
  const shape = shapeOf(view);
  if (!shape) throw uncloneable(view, walk, "view of a buffer that is detached, or too short for it");
  const buffer = met(walk, shape.buffer) ?? enterBuffer(walk, shape.buffer);
  const copy =
    buffer instanceof Placeholder
      ? new Placeholder(once(() => makeView(shape, buffer.resolve() as ArrayBufferLike)))
      : makeView(shape, buffer as ArrayBufferLike);
  walk.copies[number] = copy;
  return copy;
}

function enterKind(walk: Walk, value: object, kind: Kind, number: number): object {
  let copy: object;
  switch (kind) {
    case "Map":
      return enterMap(walk, value as Map<unknown, unknown>, number);
    case "Set":
      return enterSet(walk, value as Set<unknown>, number);
    case "Error":
      return enterError(walk, value as Error, number);
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return enterBuffer(walk, value as ArrayBufferLike, number);
    case "Date":
      copy = new Date(apply(timeOf, value, []));
      break;
    case "RegExp":
      copy = copyRegExp(value);
      break;
    case "Boolean":
    case "Number":
    case "BigInt":
    case "String":
      copy = Object(apply(VALUES[kind], value, []));
      break;
    case "platform object":
      copy = copyOfPlatform(walk, value);
      break;
    case "heir of a proxy":
      return enterHeir(walk, value, number);
    default:
      throw uncloneable(value, walk);
  }
  walk.copies[number] = copy;
  return copy;
}

function enterMap(walk: Walk, source: Map<unknown, unknown>, number: number): object {
  const copy = new Map();
  walk.copies[number] = copy;
  let isDeep = false;
  const look = (value: unknown, key: unknown) => {
    if (!isPrimitive(value) || !isPrimitive(key)) isDeep = true;
  };
  apply(mapForEach, source, [look]);
  if (!isDeep) {
    const add = (value: unknown, key: unknown) => void apply(mapSet, copy, [key, value]);
    apply(mapForEach, source, [add]);
    return copy;
  }
  const list: unknown[] = [];
  const take = (value: unknown, key: unknown) => {
    append(list, key);
    append(list, value);
  };
  apply(mapForEach, source, [take]);
  copyContents(walk, "map", source, copy, list, 0);
  return copy;
}

function enterSet(walk: Walk, source: Set<unknown>, number: number): object {
  const copy = new Set();
  walk.copies[number] = copy;
  let isDeep = false;
  const look = (value: unknown) => {
    if (!isPrimitive(value)) isDeep = true;
  };
  apply(setForEach, source, [look]);
  if (!isDeep) {
    const add = (value: unknown) => void apply(setAdd, copy, [value]);
    apply(setForEach, source, [add]);
    return copy;
  }
  const list: unknown[] = [];
  const take = (value: unknown) => append(list, value);
  apply(setForEach, source, [take]);
  copyContents(walk, "set", source, copy, list, 0);
  return copy;
}

function enterError(walk: Walk, source: Error, number: number): object {
  const { copy, accompanying } = copyError(source);
  walk.copies[number] = copy;
  copyContents(walk, "error", source, copy, accompanying, 0);
  return copy;
}

function enterBuffer(walk: Walk, buffer: ArrayBufferLike, number = walk.copies.length - 1): object {
  let copy: object;
  if (isArrayBuffer(buffer)) {
    if (isDetached(buffer)) throw uncloneable(buffer, walk, "detached ArrayBuffer");
    copy = copyArrayBuffer(buffer);
  } else {
    copy = copyOfPlatform(walk, buffer);
  }
  walk.copies[number] = copy;
  return copy;
}

/** A copy that the engine may have to make, and may refuse. */
function copyOfPlatform(walk: Walk, object: object): object {
  try {
    return copyPlatformObject(object);
  } catch {
    throw uncloneable(object, walk);
  }
}

/** Each flag is asked for by itself: the getter of all of them would look for properties of the object's own. */
function copyRegExp(source: object): RegExp {
  let flags = "";
  if (apply(hasIndicesOf, source, [])) flags += "d";
  if (apply(globalOf, source, [])) flags += "g";
  if (apply(ignoreCaseOf, source, [])) flags += "i";
  if (apply(multilineOf, source, [])) flags += "m";
  if (apply(dotAllOf, source, [])) flags += "s";
  if (apply(unicodeOf, source, [])) flags += "u";
  if (unicodeSetsOf && apply(unicodeSetsOf, source, [])) flags += "v";
  if (apply(stickyOf, source, [])) flags += "y";
  return new RegExp(apply(sourceOf, source, []), flags);
}

// ---- long arrays ----

/** Whether an array has an element at each index, and no other enumerable property; found without listing its keys. */
function hasElementsOnly(walk: Walk, array: unknown[]): boolean {
  if (!walk.introspection || !arePrototypesWithoutElements()) return false;
  // Nothing is inherited, so `in` says what is the array's own.
  for (let i = 0; i < array.length; i++) if (!(i in array)) return false;
  return getPrototypeOf(array) === ArrayPrototype && walk.introspection.hasElementsOnly(array);
}

/** An array's indices come first among the keys of an object, and its length is above them. */
function arePrototypesWithoutElements(): boolean {
  return ArrayPrototype.length === 0 && !/^\d/.test(String(ownKeys(ObjectPrototype)[0]));
}

/**
 * Copies numbers from the beginning, in a loop that engines compile for nothing else, and what stands behind them, since
 * a getter must not run again. Returns where to go on; undefined if the element there has to wait.
 */
function copyNumbers(walk: Walk, source: unknown[], copy: unknown[], length: number): number | undefined {
  for (let i = 0; i < length; i++) {
    if (!(i in source)) return i;
    const value = source[i];
    if (typeof value !== "number") {
      return copyElement(walk, source, copy, length, i, value) ? i + 1 : undefined;
    }
    copy[i] = value;
  }
  return length;
}

function once(make: () => object): () => object {
  let made: object | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
