/**
 * Layouts: the sequences of property names that objects were seen to have, as a tree, known to the whole process. An
 * object whose names follow a known path is recognized name by name, without hashing or reading any, and made at the
 * end, all its properties at once. Only speed depends on them: an object that follows no path becomes the same, one
 * property at a time.
 *
 * What they take is bounded: LAYOUTS_MAX names, of NAME_LENGTH_MAX characters at most, and MAKERS_MAX functions, for the
 * layouts that are met most often, are some 7 MB if all of them are there. They hold names, and no values.
 */
import { functionOfText } from "./functions-of-text.ts";

/** Makes an object of the values in a list, from an index on. */
type Maker = (values: readonly unknown[], from: number) => object;

/** Longer objects are dictionaries more often than not, and are made a property at a time. */
const PROPERTIES_MAX = 64;

/** Names whose length, like every number below 128, is a varint of one byte. */
export const NAME_LENGTH_MAX = 64;

/** When there are more layouts or functions than this, all are forgotten: ever new ones cost time, but no memory. */
const LAYOUTS_MAX = 4096;
const MAKERS_MAX = 512;

/** A layout that more others begin with is a dictionary's, whose names do not come again. */
const CHILDREN_MAX = 64;

/** After so many names that were refused for that, those that are known are forgotten: they may have gone out of use. */
const REFUSALS_MAX = 1024;

/** How many objects of a layout are worth a function that makes them. */
const OBJECTS_BEFORE_MAKER = 64;

/** V8's tag of a string of one byte a unit, which is what a name is in its serialized format. */
const ONE_BYTE_STRING = 0x22;

const WORD_BYTES = 4;

const { defineProperty, getOwnPropertyDescriptor, keys: keysOf, prototype: ObjectPrototype } = Object;
const { stringify: quoted } = JSON;

/** A Map that has the built-in methods as they were at first. */
class Children extends Map<string, Layout> {}
defineProperty(Children.prototype, "get", { value: Map.prototype.get });
defineProperty(Children.prototype, "set", { value: Map.prototype.set });
defineProperty(Children.prototype, "size", getOwnPropertyDescriptor(Map.prototype, "size")!);

let layouts = 0;
let makers = 0;

export class Layout {
  readonly parent: Layout | undefined;
  /** The last property's name; empty in the root, which has none. */
  readonly name: string;
  /** How many properties there are. */
  readonly count: number;
  /** The name as it is serialized: how many bytes, and the bytes in words of 32 bits, of which the last has zeros at its end. */
  readonly bytes: number;
  readonly words: Int32Array;
  /** What of the last word are bytes of the name. */
  readonly mask: number;
  /** It may be an array index, which is serialized as a number. */
  readonly isDigits: boolean;
  /** The layout that came next the last time. */
  next: Layout | undefined = undefined;
  /** The one that did before that. */
  other: Layout | undefined = undefined;
  /** What an object began with that was the last property's value, or an element of it, the last time. */
  inner: Layout | undefined = undefined;
  /** All that ever came next. */
  children: Children | undefined = undefined;
  refusals = 0;
  allNames: readonly string[] | undefined = undefined;
  maker: Maker | undefined = undefined;
  objects = 0;
  /**
   * Of serialized objects that the last property has as its value, or in it: the layout that is expected, how many others there
   * were, and what it is worth to expect any.
   */
  whole: Layout | undefined = undefined;
  others = 0;
  credit = 0;
  /** Of serialized objects that have this layout: how many were read, and what reads them at once. */
  reads = 0;
  reader: ((reader: object, around: Layout) => unknown) | undefined = undefined;

  constructor(parent: Layout | undefined, name: string) {
    this.parent = parent;
    this.name = name;
    this.count = parent ? parent.count + 1 : 0;
    this.bytes = 2 + name.length;
    const bytes = new Uint8Array(Math.ceil(this.bytes / WORD_BYTES) * WORD_BYTES);
    bytes[0] = ONE_BYTE_STRING;
    bytes[1] = name.length;
    for (let i = 0; i < name.length; i++) bytes[2 + i] = name.charCodeAt(i);
    const view = new DataView(bytes.buffer);
    this.words = new Int32Array(bytes.length / WORD_BYTES);
    for (let i = 0; i < this.words.length; i++) this.words[i] = view.getInt32(i * WORD_BYTES, true);
    this.isDigits = name.charCodeAt(0) >= 0x30 && name.charCodeAt(0) <= 0x39;
    this.mask = -1 >>> (8 * (bytes.length - this.bytes));
  }
}

let root = new Layout(undefined, "");

/** The layout of an object without properties. */
export function rootLayout(): Layout {
  if (layouts >= LAYOUTS_MAX || makers >= MAKERS_MAX) {
    root = new Layout(undefined, "");
    layouts = 0;
    makers = 0;
  }
  return root;
}

/** The layout with one property more; undefined where that is no layout's: for a name that is taken, too. */
export function followed(layout: Layout, name: string): Layout | undefined {
  const { next, other } = layout;
  if (next !== undefined && next.name === name) return next;
  if (other !== undefined && other.name === name) return other;
  const child = layout.children?.get(name) ?? newChild(layout, name);
  if (child !== undefined) {
    layout.other = next;
    layout.next = child;
  }
  return child;
}

function newChild(layout: Layout, name: string): Layout | undefined {
  if (layout.children !== undefined && layout.children.size >= CHILDREN_MAX) {
    if (++layout.refusals < REFUSALS_MAX) return undefined;
    layout.refusals = 0;
    layout.children = undefined;
  }
  if (layout.count === PROPERTIES_MAX || name.length > NAME_LENGTH_MAX || layouts >= LAYOUTS_MAX)
    return undefined;
  // What prototypes have is defined with more care. In a literal, __proto__ sets the prototype, even where engines
  // were told to have no such property, as Deno is by default.
  if (name === "__proto__" || name in ObjectPrototype) return undefined;
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 255) return undefined;
  for (let above: Layout | undefined = layout; above; above = above.parent) {
    if (above.parent && above.name === name) return undefined;
  }
  // As a key an engine has it once, so that it is compared by its address.
  const child = new Layout(layout, keysOf({ [name]: undefined })[0]!);
  layouts++;
  layout.children ??= new Children();
  layout.children.set(child.name, child);
  return child;
}

/** All names, in order. */
export function namesOf(layout: Layout): readonly string[] {
  if (layout.allNames) return layout.allNames;
  const names: string[] = [];
  for (let at: Layout | undefined = layout; at?.parent; at = at.parent) define(names, at.count - 1, at.name);
  layout.allNames = names;
  return names;
}

/** An object of a layout, with the values in a list, from an index on. */
export function make(layout: Layout, values: readonly unknown[], from: number): object {
  const { maker } = layout;
  if (maker !== undefined) return maker(values, from);
  if (++layout.objects === OBJECTS_BEFORE_MAKER) layout.maker = newMaker(layout);
  const object = {};
  const names = namesOf(layout);
  for (let i = 0; i < names.length; i++) define(object, names[i]!, values[from + i]);
  return object;
}

function newMaker(layout: Layout): Maker | undefined {
  const names = namesOf(layout);
  let properties = "";
  for (let i = 0; i < names.length; i++) properties += `${quoted(names[i]!)}: values[from + ${i}], `;
  const maker = functionOfText<Maker>(["values", "from"], `return { ${properties}};`);
  if (maker !== undefined) makers++;
  return maker;
}

/** ECMAScript's CreateDataProperty: an own property, whatever prototypes say of its name. */
export function define(object: object, name: string | number, value: unknown): void {
  if (name in object)
    defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else (object as Record<string | number, unknown>)[name] = value;
}
