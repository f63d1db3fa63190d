/**
 * Shapes: the sequences of property names that objects were seen to have, as a tree. An object whose names follow a
 * known path is recognized by comparing bytes, without making a string of any name, and made at the end, all its
 * properties at once. Only speed depends on them: an object that follows no path becomes the same, one property at a
 * time.
 */

/** Makes an object of the values on a stack, from an index on. */
type Maker = (values: readonly unknown[], from: number) => object;

/** Longer objects are dictionaries more often than not, and are made a property at a time. */
const PROPERTIES_MAX = 64;

/** Names whose length, like every number below 128, is a varint of one byte. */
const NAME_BYTES_MAX = 64;

/** When there are more shapes than this, all are forgotten: input of ever new ones costs time, but no memory. */
const SHAPES_MAX = 4096;

/** How many objects of a shape are worth a function that makes them. */
const OBJECTS_BEFORE_MAKER = 64;

const ONE_BYTE_STRING = 0x22;

let shapes = 0;

/** Where engines or pages forbid to make code from text, objects are made without. */
let makesFunctions = true;

export class Shape {
  /** The last property's name; empty in the root, which has none. */
  readonly name: string;
  readonly count: number;
  /** The name as it stands in the input. */
  readonly encoded: Uint8Array;
  /** The shape that came next the last time. */
  next: Shape | undefined;
  /** The one that did before that: lists of objects that hold others come back to it. */
  other: Shape | undefined;
  readonly #parent: Shape | undefined;
  #children: Map<string, Shape> | undefined;
  #names: string[] | undefined;
  #maker: Maker | undefined;
  #objects = 0;

  constructor(parent?: Shape, name = "") {
    this.#parent = parent;
    this.name = name;
    this.count = parent ? parent.count + 1 : 0;
    this.encoded = new Uint8Array(2 + name.length);
    this.encoded[0] = ONE_BYTE_STRING;
    this.encoded[1] = name.length;
    for (let i = 0; i < name.length; i++) this.encoded[2 + i] = name.charCodeAt(i);
  }

  /** The shape with one property more; undefined where that is no shape's: for a name that is taken, too. */
  child(name: string): Shape | undefined {
    const known = this.#children?.get(name);
    if (known) {
      this.other = this.next;
      this.next = known;
      return known;
    }
    if (this.count === PROPERTIES_MAX || name.length > NAME_BYTES_MAX || shapes === SHAPES_MAX)
      return undefined;
    // What prototypes have is defined with more care. In a literal, __proto__ sets the prototype, even where engines
    // were told to have no such property, as Deno is by default.
    if (name === "__proto__" || name in Object.prototype) return undefined;
    for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 255) return undefined;
    if (this.names.includes(name)) return undefined;
    const shape = new Shape(this, name);
    shapes++;
    this.#children ??= new Map();
    this.#children.set(name, shape);
    this.other = this.next;
    this.next = shape;
    return shape;
  }

  /** All names, in order. */
  get names(): readonly string[] {
    this.#names ??= this.#parent ? [...this.#parent.names, this.name] : [];
    return this.#names;
  }

  make(values: readonly unknown[], from: number): object {
    if (this.#maker) return this.#maker(values, from);
    const object: Record<string, unknown> = {};
    const { names } = this;
    for (let i = 0; i < names.length; i++) object[names[i]!] = values[from + i];
    if (++this.#objects === OBJECTS_BEFORE_MAKER && makesFunctions) this.#maker = this.#newMaker();
    return object;
  }

  #newMaker(): Maker | undefined {
    const properties = this.names.map((name, i) => `${JSON.stringify(name)}: values[from + ${i}]`);
    try {
      return new Function("values", "from", `return { ${properties.join(", ")} };`) as Maker;
    } catch {
      makesFunctions = false;
      return undefined;
    }
  }
}

let root = new Shape();

/** The shape of an object without properties, where reading one begins. */
export function rootShape(): Shape {
  if (shapes === SHAPES_MAX) {
    root = new Shape();
    shapes = 0;
  }
  return root;
}
