/**
 * WebIDL's conversions from JavaScript values (https://webidl.spec.whatwg.org/#js-type-mapping), and the shape it
 * prescribes for interfaces. Each conversion takes the value and `where` it stands, such as "digest: data", which
 * begins the message of the TypeError it throws. Only what the standard lets run of the caller's code runs, in
 * the standard's order; what code outside has done to built-in prototypes is not seen.
 */

export type Conversion<T> = (value: unknown, where: string) => T;

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

function enforceRange(value: unknown, max: number, where: string): number {
  if (typeof value === "symbol" || typeof value === "bigint") {
    throw new TypeError(`${where} is ${kindOf(value)}, not a number`);
  }
  const number = +(value as number);
  const integer = Math.trunc(number);
  // Not a number fails this comparison too.
  if (!(integer >= 0 && integer <= max)) {
    throw new TypeError(`${where} is ${number}, outside the range 0 to ${max}`);
  }
  return integer + 0; // -0 is 0
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

/** https://webidl.spec.whatwg.org/#js-sequence */
export function sequence<Item>(item: Conversion<Item>): Conversion<Item[]> {
  return (value, where) => {
    const given = isObject(value) ? syncSequence(value, where) : undefined;
    if (!given) throw new TypeError(`${where} is ${kindOf(value)}, not an iterable object`);
    const items: Item[] = [];
    for (const each of given.open()) items.push(item(each, `${where}[${items.length}]`));
    return items;
  };
}

/**
 * https://webidl.spec.whatwg.org/#js-async-iterable: anything with `Symbol.asyncIterator`, a ReadableStream for one,
 * or else with `Symbol.iterator`. The method is looked up now, and called by `open`, once. Undefined for objects
 * that have neither.
 */
export function asyncSequence(value: object, where: string): AsyncSequence | undefined {
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
export function syncSequence(value: object, where: string): SyncSequence | undefined {
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
function methodOf(value: object, name: symbol, where: string): Method | undefined {
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
export interface Dictionary<T> extends Conversion<T> {
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
  const convert: Conversion<T> = (value, where) => {
    const object = value === undefined || value === null ? undefined : value;
    if (object !== undefined && !isObject(object)) {
      throw new TypeError(`${where} is ${kindOf(value)}, not an object (${type})`);
    }
    const result: Record<string, unknown> = {};
    for (const { name, type: convert, required } of members) {
      const given: unknown = object && Reflect.get(object, name);
      if (given !== undefined) result[name] = convert(given, `${where}.${name}`);
      else if (required) throw new TypeError(`${where}.${name} is missing (${type} requires it)`);
    }
    return result as T;
  };
  return Object.assign(convert, { members });
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
/** Absent on engines older than resizable buffers. */
const isResizable =
  "resizable" in ArrayBuffer.prototype ? getter<boolean>(ArrayBuffer.prototype, "resizable") : undefined;

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

/** The same for views alone: WebIDL's ArrayBufferView. */
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

function requireFixedLength(buffer: ArrayBufferLike, where: string): void {
  if (!isArrayBuffer(buffer)) {
    throw new TypeError(`${where} is a view of a SharedArrayBuffer: copy what shall be used`);
  }
  if (isResizable?.(buffer)) {
    throw new TypeError(`${where} is or views a resizable ArrayBuffer: copy what shall be used`);
  }
}

// ---- interfaces ----

/**
 * Gives a class the shape of a WebIDL interface (https://webidl.spec.whatwg.org/#interface-prototype-object): what
 * its prototype has is enumerable, and the class string is the interface's name.
 */
export function shapeInterface(Interface: { readonly prototype: object }, name: string): void {
  const { prototype } = Interface;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key !== "constructor") Object.defineProperty(prototype, key, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  // Bundlers may rename a class.
  Object.defineProperty(Interface, "name", { value: name, configurable: true });
}
