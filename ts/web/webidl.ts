/**
 * WebIDL's conversions from JavaScript values (https://webidl.spec.whatwg.org/#js-type-mapping), and the shape it
 * prescribes for interfaces. Each conversion takes the value and `where` it stands, such as "digest: data", which
 * begins the message of the TypeError it throws. Only what the standard lets run of the caller's code runs, in
 * the standard's order; what code outside has done to built-in prototypes is not seen.
 */

export type Conversion<T> = (value: unknown, where: Where) => T;

/** Where a value stands. Nearly all are as they should be, so the words are put together only when a message needs them. */
export type Where = string | PartOf;

/** A member of a dictionary, by its name; or an item of a sequence, by its index. */
class PartOf {
  readonly #whole: Where;
  readonly #key: string | number;

  constructor(whole: Where, key: string | number) {
    this.#whole = whole;
    this.#key = key;
  }

  toString(): string {
    return typeof this.#key === "number" ? `${this.#whole}[${this.#key}]` : `${this.#whole}.${this.#key}`;
  }
}

/** An ArrayBuffer or a view of one: neither shared nor resizable, as WebIDL has it where nothing else is said. */
export type BufferSource = ArrayBufferView | ArrayBuffer;

// ---- arguments ----

/** @throws TypeError unless a call was given as many arguments as the operation requires. */
export function requireArguments(given: number, required: number, operation: string): void {
  if (given >= required) return;
  const plural = required === 1 ? "argument" : "arguments";
  throw new TypeError(`${operation}: ${required} ${plural} required, but only ${given} given`);
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** What a value is, for messages; never its contents. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (typeof value === "object") return "an object of another kind";
  return typeof value === "bigint" ? "a BigInt" : `a ${typeof value}`;
}

// ---- primitive types ----

/** https://webidl.spec.whatwg.org/#js-boolean */
export const boolean: Conversion<boolean> = (value) => Boolean(value);

/** https://webidl.spec.whatwg.org/#js-DOMString */
export const DOMString: Conversion<string> = (value, where) => {
  if (typeof value === "symbol") throw new TypeError(`${where} is a symbol, and cannot become a string`);
  return typeof value === "string" ? value : String(value);
};

/** https://webidl.spec.whatwg.org/#js-octet with [EnforceRange]. */
export const octet: Conversion<number> = (value, where) => enforceRange(value, 2 ** 8 - 1, where);

/** https://webidl.spec.whatwg.org/#js-unsigned-short with [EnforceRange]. */
export const unsignedShort: Conversion<number> = (value, where) => enforceRange(value, 2 ** 16 - 1, where);

/** https://webidl.spec.whatwg.org/#js-unsigned-long with [EnforceRange]. */
export const unsignedLong: Conversion<number> = (value, where) => enforceRange(value, 2 ** 32 - 1, where);

/** The same without [EnforceRange]: modulo 2^32. */
export const unsignedLongModulo: Conversion<number> = (value, where) => toNumber(value, where) >>> 0;

/** https://webidl.spec.whatwg.org/#js-double */
export const double: Conversion<number> = (value, where) => {
  const number = toNumber(value, where);
  if (Number.isFinite(number)) return number;
  throw new TypeError(`${where} is ${number}, not a finite number`);
};

function enforceRange(value: unknown, max: number, where: Where): number {
  const number = toNumber(value, where);
  const integer = Math.trunc(number);
  // Not a number fails this comparison too.
  if (!(integer >= 0 && integer <= max)) {
    throw new TypeError(`${where} is ${number}, outside the range 0 to ${max}`);
  }
  return integer + 0; // -0 is 0
}

function toNumber(value: unknown, where: Where): number {
  if (typeof value === "symbol" || typeof value === "bigint") {
    throw new TypeError(`${where} is ${kindOf(value)}, not a number`);
  }
  return +(value as number);
}

/** https://webidl.spec.whatwg.org/#js-enumeration */
export function enumeration<Value extends string>(type: string, values: readonly Value[]): Conversion<Value> {
  const known = new Set<string>(values);
  return (value, where) => {
    const string = DOMString(value, where);
    if (known.has(string)) return string as Value;
    throw new TypeError(`${where}: ${JSON.stringify(string)} is no ${type}; one of ${values.join(", ")} is`);
  };
}

// ---- sequences ----

/** What goes through an array, in most of them. */
const valuesOfArray: unknown = Array.prototype[Symbol.iterator];

/** https://webidl.spec.whatwg.org/#js-sequence */
export function sequence<Item>(item: Conversion<Item>): Conversion<Item[]> {
  return (value, where) => {
    const method = isObject(value) ? methodOf(value, Symbol.iterator, where) : undefined;
    if (!method) throw new TypeError(`${where} is ${kindOf(value)}, not an iterable object`);
    const items: Item[] = [];
    if (method === valuesOfArray && Array.isArray(value)) {
      // What that iterator does, in much less time. The length may be a proxy's, and change on the way.
      for (let i = 0; i < Math.trunc(value.length); i++) items.push(item(value[i], new PartOf(where, i)));
      return items;
    }
    const iterator = Reflect.apply(method, value, []) as Iterator<unknown>;
    const opened: Iterable<unknown> = { [Symbol.iterator]: () => iterator };
    for (const each of opened) items.push(item(each, new PartOf(where, items.length)));
    return items;
  };
}

/**
 * https://webidl.spec.whatwg.org/#js-async-iterable: anything with `Symbol.asyncIterator`, a ReadableStream for one,
 * or else with `Symbol.iterator`. The method is looked up now, and called by `open`, once. Undefined for objects
 * that have neither.
 */
export function asyncSequence(value: object, where: Where): AsyncSequence | undefined {
  const method = methodOf(value, Symbol.asyncIterator, where);
  if (!method) return syncSequence(value, where);
  return {
    open() {
      const iterator = Reflect.apply(method, value, []) as AsyncIterator<unknown>;
      return { [Symbol.asyncIterator]: () => iterator };
    },
  };
}

/** The same for anything with `Symbol.iterator` alone. */
export function syncSequence(value: object, where: Where): SyncSequence | undefined {
  const method = methodOf(value, Symbol.iterator, where);
  return (
    method && {
      open() {
        const iterator = Reflect.apply(method, value, []) as Iterator<unknown>;
        return { [Symbol.iterator]: () => iterator };
      },
    }
  );
}

/** What opens has its iterator already; `for await` or `for` goes through it, and ends it when leaving early. */
export interface AsyncSequence {
  open(): AsyncIterable<unknown> | Iterable<unknown>;
}

export interface SyncSequence {
  open(): Iterable<unknown>;
}

type Method = (...args: unknown[]) => unknown;

/** ECMAScript's GetMethod. */
function methodOf(value: object, name: symbol, where: Where): Method | undefined {
  const method: unknown = Reflect.get(value, name);
  if (method === undefined || method === null) return undefined;
  if (typeof method !== "function") throw new TypeError(`${where}: ${String(name)} is no function`);
  return method as Method;
}

// ---- dictionaries ----

/** A member of a dictionary: its name, its type, and whether it must be there. */
export interface Member {
  readonly name: string;
  readonly type: Conversion<unknown>;
  readonly required?: true;
}

/** A dictionary's conversion, and its members in the order in which it reads them. */
export interface Dictionary<T> {
  /** @param name what the member of that name is, for a dictionary whose caller has read it already. */
  (value: unknown, where: Where, name?: string): T;
  readonly members: readonly Member[];
}

/**
 * https://webidl.spec.whatwg.org/#js-dictionary: null and undefined are empty dictionaries, other values that are no
 * objects are refused, and members are read one by one in lexicographical order, a parent's before its children's.
 *
 * @param levels the members that each dictionary declares, from the least derived on, in any order.
 */
export function dictionary<T>(type: string, ...levels: readonly (readonly Member[])[]): Dictionary<T> {
  const members = levels.flatMap((level) => [...level].sort((a, b) => (a.name < b.name ? -1 : 1)));
  const convert = (value: unknown, where: Where, known?: string) => {
    const object = dictionaryObject(value, type, where);
    const result = new Members();
    for (const { name, type: convert, required } of members) {
      const given = known !== undefined && name === "name" ? known : object[name];
      if (required) result[name] = requiredMember(given, convert, name, type, where);
      else if (given !== undefined) result[name] = optionalMember(given, convert, name, where);
    }
    return result as T;
  };
  return Object.assign(convert, { members });
}

/**
 * What a dictionary becomes. It inherits nothing: what scripts have put on Object.prototype adds no members to it, and
 * no setter there sees those that it has, such as the parts of a key that was unwrapped.
 */
class Members {
  [name: string]: unknown;
}
Object.setPrototypeOf(Members.prototype, null);

// The steps of that, for a dictionary whose conversion is worth writing out: engines read members faster by names that
// stand in the code.

/** What the members of a dictionary are read from. */
export function dictionaryObject(value: unknown, type: string, where: Where): Record<string, unknown> {
  if (value === undefined || value === null) return NO_MEMBERS;
  if (isObject(value)) return value as Record<string, unknown>;
  throw new TypeError(`${where} is ${kindOf(value)}, not an object (${type})`);
}

const NO_MEMBERS: Record<string, unknown> = Object.freeze(Object.create(null));

/** A member as it was given, converted. */
export function requiredMember<T>(
  given: unknown,
  convert: Conversion<T>,
  name: string,
  type: string,
  where: Where,
): T {
  if (given !== undefined) return convert(given, new PartOf(where, name));
  throw new TypeError(`${where}.${name} is missing (${type} requires it)`);
}

/** The same where a member may be missing. */
export function optionalMember<T>(
  given: unknown,
  convert: Conversion<T>,
  name: string,
  where: Where,
): T | undefined {
  return given === undefined ? undefined : convert(given, new PartOf(where, name));
}

// ---- buffers ----

// The built-in getters, captured: own properties and subclasses may shadow them on a view.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayNameOf = getter<string | undefined>(typedArray, Symbol.toStringTag);
const typedArrayBufferOf = getter<ArrayBufferLike>(typedArray, "buffer");
const typedArrayOffsetOf = getter<number>(typedArray, "byteOffset");
const typedArrayLengthOf = getter<number>(typedArray, "byteLength");
const dataViewBufferOf = getter<ArrayBufferLike>(DataView.prototype, "buffer");
const dataViewOffsetOf = getter<number>(DataView.prototype, "byteOffset");
const dataViewLengthOf = getter<number>(DataView.prototype, "byteLength");
const bufferLengthOf = getter<number>(ArrayBuffer.prototype, "byteLength");
/** Throws for a SharedArrayBuffer, as every getter of an ArrayBuffer does. */
const isResizable: (buffer: ArrayBufferLike) => boolean =
  "resizable" in ArrayBuffer.prototype
    ? getter<boolean>(ArrayBuffer.prototype, "resizable")
    : (buffer) => bufferLengthOf(buffer) < 0; // Older engines have no such buffers.

function getter<T>(prototype: object, name: PropertyKey): (receiver: unknown) => T {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name)!;
  return Function.prototype.call.bind(get!) as (receiver: unknown) => T;
}

/** "Uint8Array" and so on; undefined for whatever is no typed array, a DataView too. */
export const typedArrayName: (value: unknown) => string | undefined = typedArrayNameOf;

/** https://webidl.spec.whatwg.org/#js-buffer-source-types, without [AllowShared] and [AllowResizable]. */
export const bufferSource: Conversion<BufferSource> = (value, where) => {
  if (!isBufferSource(value)) {
    throw new TypeError(`${where} is ${kindOf(value)}, not an ArrayBuffer or a view of one`);
  }
  const buffer = ArrayBuffer.isView(value) ? bufferOf(value) : value;
  requireFixedLength(buffer, where);
  return value;
};

/**
 * The same, and already a view of its bytes: for what is used at each call. The caller's code may still detach the
 * buffer; `stillHeld` says what is there when the bytes are used.
 */
export const heldBytes: Conversion<Uint8Array> = (value, where) => {
  if (typedArrayNameOf(value) === undefined) return bytesOf(bufferSource(value, where));
  const buffer = typedArrayBufferOf(value);
  requireFixedLength(buffer, where);
  const length = typedArrayLengthOf(value);
  return length === 0 ? new Uint8Array(0) : new Uint8Array(buffer, typedArrayOffsetOf(value), length);
};

/** The bytes of a view that `heldBytes` made; none when the buffer was detached since. */
export function stillHeld(bytes: Uint8Array): Uint8Array {
  // A detached view cannot be read, not even as an empty one.
  return bytes.length > 0 ? bytes : new Uint8Array(0);
}

/** `bufferSource` for views alone: WebIDL's ArrayBufferView. */
export const arrayBufferView: Conversion<ArrayBufferView> = (value, where) => {
  if (!ArrayBuffer.isView(value))
    throw new TypeError(`${where} is ${kindOf(value)}, not a view of an ArrayBuffer`);
  requireFixedLength(bufferOf(value), where);
  return value;
};

/** The same for a Uint8Array, such as a BigInteger. */
export const uint8Array: Conversion<Uint8Array> = (value, where) => {
  if (typedArrayNameOf(value) !== "Uint8Array")
    throw new TypeError(`${where} is ${kindOf(value)}, not a Uint8Array`);
  return bytesOf(arrayBufferView(value, where));
};

/** Whether a union with BufferSource in it takes this value as one. */
export function isBufferSource(value: unknown): value is BufferSource {
  return typedArrayNameOf(value) !== undefined || ArrayBuffer.isView(value) || isArrayBuffer(value);
}

/**
 * The bytes that a buffer source holds now, without copying them; none when it is detached. Whoever uses them after
 * the caller's code could run again takes a copy.
 */
export function bytesOf(source: BufferSource): Uint8Array {
  if (typedArrayNameOf(source) !== undefined) {
    const length = typedArrayLengthOf(source);
    // A detached buffer takes no view, not even an empty one.
    if (length === 0) return new Uint8Array(0);
    return new Uint8Array(typedArrayBufferOf(source), typedArrayOffsetOf(source), length);
  }
  if (!ArrayBuffer.isView(source)) {
    return bufferLengthOf(source) === 0 ? new Uint8Array(0) : new Uint8Array(source);
  }
  try {
    return new Uint8Array(dataViewBufferOf(source), dataViewOffsetOf(source), dataViewLengthOf(source));
  } catch {
    return new Uint8Array(0); // The getters of a DataView throw when its buffer is detached.
  }
}

function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  return typedArrayNameOf(view) !== undefined ? typedArrayBufferOf(view) : dataViewBufferOf(view);
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  if (typeof value !== "object" || value === null) return false;
  try {
    bufferLengthOf(value); // It throws for all but an ArrayBuffer, of whatever realm.
    return true;
  } catch {
    return false;
  }
}

function requireFixedLength(buffer: ArrayBufferLike, where: Where): void {
  let resizable: boolean;
  try {
    resizable = isResizable(buffer);
  } catch {
    throw new TypeError(`${where} is a view of a SharedArrayBuffer: copy what shall be used`);
  }
  if (resizable) {
    throw new TypeError(`${where} is or views a resizable ArrayBuffer: copy what shall be used`);
  }
}

// ---- interfaces ----

/**
 * Gives a class the shape of a WebIDL interface (https://webidl.spec.whatwg.org/#interface-prototype-object): what it
 * and its prototype have is enumerable, and the class string is the interface's name.
 */
export function shapeInterface(Interface: { readonly prototype: object }, name: string): void {
  const { prototype } = Interface;
  for (const [holder, own] of [
    [prototype, ["constructor"]],
    [Interface, ["length", "name", "prototype"]],
  ] as const) {
    for (const key of Reflect.ownKeys(holder)) {
      if (!(own as readonly PropertyKey[]).includes(key))
        Object.defineProperty(holder, key, { enumerable: true });
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  // Bundlers may rename a class.
  Object.defineProperty(Interface, "name", { value: name, configurable: true });
}
