/**
 * The writer of V8's format: the bytes that `v8.serialize` of Node gives for the same value.
 *
 * Where V8 goes by how a value happens to be stored, which JavaScript cannot see, this writer goes by the value: an
 * integer of 32 bits is an INT32, unless it stands in an array of numbers that are not all such, where all are doubles;
 * a string is of one byte a unit if it can be; an array without holes is dense.
 *
 * Objects are written by recursion, down to a depth at which the stack is in no danger, and below that by generators,
 * whose frames are on the heap. Both write the same, by the same steps in the same order, in which getters run too.
 */
import type { Introspection } from "../../host/host.ts";
import { Identities, NEW } from "../identities.ts";
import { followed, type Layout, NAME_LENGTH_MAX, rootLayout } from "../layouts.ts";
import { isArrayBuffer, isDetached, shapeOf, type ViewShape } from "../structured-clone/buffers.ts";
import { getterOf } from "../structured-clone/intrinsics.ts";
import { bytesOf, typedArrayName } from "../webidl.ts";
import { type Entries, entriesOf, inTurn, valuesIn } from "./collections.ts";
import { elementOf, HOLE, isIndex, namedKeys } from "./elements.ts";
import {
  ERROR_TAG,
  HOST_NUMBER_APPLICATION_MIN,
  HOST_NUMBER_BUFFER,
  HOST_NUMBER_MAX,
  REGEXP_FLAGS,
  TAG,
  VIEW_FLAG,
  VIEW_KINDS,
  type ViewKind,
} from "./format.ts";
import { type BuiltInKind, builtInKind } from "./kind.ts";
import {
  areDoubles,
  DOUBLE_BYTES,
  doublesOf,
  giveDoublesBack,
  INTEGER_BYTES_MAX,
  isInteger,
  type LeadingNumbers,
  leadingNumbers,
  putDouble,
  putInteger,
  readIntegers,
  readNumbers,
  takeDoubles,
} from "./numbers.ts";
import { Output, SHORT_TEXT_UNITS, TOKEN_BYTES_MAX } from "./output.ts";
import { located, Uncloneable } from "./uncloneable.ts";

/** What an application's own object becomes: a number of its kind, and bytes. */
export interface HostObject {
  /** Which kind it is, 16 to 4294967295: smaller numbers are Node's. */
  kind: number;
  bytes: Uint8Array;
}

export interface WriteOptions {
  /**
   * How ArrayBuffer views are written. "copied", the default, as `v8.serialize` does: each has its own bytes, and no
   * more. "shared": the whole buffer, once, so that views of one buffer are views of one buffer again.
   */
  views?: "copied" | "shared";
  /** Asked of each object that is no array, and not built in: what it becomes, or undefined for a plain object. */
  hostObject?: (object: object) => HostObject | undefined;
}

/** Below this depth values are written without recursion. */
const RECURSION_MAX = 200;

/** Of more objects than these, none of which was met twice, most are met once. */
const MAPPED_MAX = 256;

/** The longest name in whole words, and the longest value that is written along with it. */
const WORD_BYTES = 4;
const NAMED_BYTES_MAX = 2 + NAME_LENGTH_MAX + WORD_BYTES + 2 + SHORT_TEXT_UNITS;

/** As many are written between one pause and the next. */
const NUMBERS_A_STEP = 4096;

const hasOwn = Object.prototype.hasOwnProperty;
const { keys: keysOf, getOwnPropertyDescriptor } = Object;

const kindsOfViews = new Map(VIEW_KINDS.map((kind) => [kind.name, kind]));

export class Writer extends Output {
  readonly #options: WriteOptions;
  readonly #hostObject: WriteOptions["hostObject"];
  readonly #sharedViews: boolean;
  readonly #introspection: Introspection | undefined;
  readonly #isProxy: ((object: object) => boolean) | undefined;
  readonly #identities = new Identities(MAPPED_MAX);
  #depth = 0;

  /**
   * @param introspection the host's, if it has it: without it, proxies pass for what they stand for.
   * @param keepsChunks false to count only.
   */
  constructor(options: WriteOptions, introspection: Introspection | undefined, keepsChunks = true) {
    super(keepsChunks);
    this.#introspection = introspection;
    this.#isProxy = introspection?.isProxy;
    this.#options = options;
    this.#hostObject = options.hostObject;
    this.#sharedViews = options.views === "shared";
  }

  /** Where memory is short, what numbered the objects can go before the bytes are there a second time. */
  override finish(): Uint8Array<ArrayBuffer> {
    this.#identities.forget();
    return super.finish();
  }

  /** @throws Uncloneable, and whatever getters throw. */
  write(value: unknown): void {
    try {
      this.#value(value);
    } catch (error) {
      // An array's numbers may stand behind what is written.
      this.at = this.chunk.length;
      this.close();
      throw error;
    }
  }

  /** As `write`, but pauses whenever there are chunks to be taken. */
  *writeChunks(value: unknown): Generator<Uint8Array, void> {
    this.beTaken();
    try {
      const frame = isObject(value) ? this.#begin(value) : undefined;
      if (!isObject(value)) this.#value(value);
      if (frame) {
        for (const _ of this.#drive(frame)) while (this.full.length > 0) yield this.full.shift()!;
      }
      yield* this.full;
      yield this.chunk.slice(0, this.at);
    } finally {
      this.close();
    }
  }

  // ---- values ----

  #value(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.string(value);
        break;
      case "number":
        this.number(value);
        break;
      case "object":
        if (value === null) this.byte(TAG.NULL);
        else this.#object(value);
        break;
      case "boolean":
        this.byte(value ? TAG.TRUE : TAG.FALSE);
        break;
      case "undefined":
        this.byte(TAG.UNDEFINED);
        break;
      case "bigint":
        this.bigint(TAG.BIGINT, value);
        break;
      default:
        throw new Uncloneable(value);
    }
  }

  /** Writes a reference to an object that was met before, or else gives it the next number. */
  #referred(object: object): boolean {
    const number = this.#identities.meet(object);
    if (number === NEW) return false;
    this.tagged(TAG.REFERENCE, number);
    return true;
  }

  #object(object: object): void {
    if (this.#depth >= RECURSION_MAX) {
      this.#deepObject(object);
      return;
    }
    this.#depth++;
    if (ArrayBuffer.isView(object)) {
      this.#bufferView(object);
    } else if (!this.#referred(object)) {
      if (this.#isProxy?.(object)) throw new Uncloneable(object, "Proxy");
      if (Array.isArray(object)) {
        this.#array(object);
      } else {
        const kind = builtInKind(object);
        if (kind === undefined && !this.#hostObject) this.#plainObject(object as Record<string, unknown>);
        else this.#specialObject(object, kind);
      }
    }
    this.#depth--;
  }

  #deepObject(object: object): void {
    const frame = this.#begin(object);
    if (frame) for (const _ of this.#drive(frame));
  }

  /** One that engines have no inner loop for: kept apart, so that they make one of the others. */
  #specialObject(object: object, kind: BuiltInKind | undefined): void {
    if (kind === "Map") this.#map(entriesOf(object));
    else if (kind === "Set") this.#set(valuesIn(object));
    else if (kind === "Error") this.#error(object as Error);
    else this.#recur(this.#contents(object, kind));
  }

  #plainObject(object: Record<string, unknown>): void {
    this.byte(TAG.OBJECT);
    let count = 0;
    let key = "";
    let layout: Layout | undefined = rootLayout();
    try {
      // Engines enumerate the keys of objects of one shape once, and know then what a key finds there.
      for (key in object) {
        if (!hasOwn.call(object, key)) continue;
        const value = object[key];
        if (layout !== undefined) layout = followed(layout, key);
        count++;
        if (layout === undefined || layout.isDigits) {
          this.#key(key);
          this.#value(value);
          continue;
        }
        // A name and what is short go together: room is made once, and so is what is written counted.
        this.room(NAMED_BYTES_MAX);
        const { chunk, view } = this;
        const { words, bytes } = layout;
        const { length } = words;
        let at = this.at;
        // In whole words: what goes beyond the name is overwritten by what follows.
        for (let i = 0, to = at; i < length; i++, to += WORD_BYTES) view.setInt32(to, words[i]!, true);
        at += bytes;
        if (typeof value === "number") {
          this.at = isInteger(value) ? putInteger(chunk, at, value) : putDouble(view, at, value);
        } else if (typeof value === "string" && value.length <= SHORT_TEXT_UNITS) {
          const units = value.length;
          chunk[at] = TAG.ONE_BYTE_STRING;
          chunk[at + 1] = units;
          at += 2;
          let all = 0;
          for (let i = 0; i < units; i++) {
            const unit = value.charCodeAt(i);
            chunk[at + i] = unit;
            all |= unit;
          }
          if (all <= 255) {
            this.at = at + units;
          } else {
            this.at = at - 2;
            this.twoByteString(value);
          }
        } else {
          this.at = at;
          this.#value(value);
        }
      }
    } catch (error) {
      throw located(error, key);
    }
    this.tagged(TAG.END_OBJECT, count);
  }

  #array(array: unknown[]): void {
    const { length } = array;
    const named = namedKeys(array, this.#introspection);
    if (named === undefined) {
      this.#recur(this.#sparseArray(array));
      return;
    }
    this.tagged(TAG.DENSE_ARRAY, length);
    let i = 0;
    try {
      let value = length > 0 ? elementOf(array, 0) : undefined;
      if (typeof value === "number") {
        const leading = leadingNumbers(value);
        if (isInteger(value)) this.#leadingIntegers(leading, array, length);
        else this.#leadingDoubles(leading, array, length);
        i = leading.count;
        value = leading.next;
      }
      while (i < length) {
        // Engines see what is no symbol at less cost than that it is not this one.
        if (typeof value === "symbol" && value === HOLE) this.byte(TAG.HOLE);
        else this.#value(value);
        if (++i < length) value = elementOf(array, i);
      }
    } catch (error) {
      throw located(error, i);
    }
    if (named.length > 0) this.#recur(this.#properties(array, named, TAG.END_DENSE_ARRAY, length));
    else this.endElements(length);
  }

  /** The numbers that an array begins with, written right as they are read. */
  #leadingIntegers(leading: LeadingNumbers, array: unknown[], length: number): void {
    this.room(length * INTEGER_BYTES_MAX);
    const end = readIntegers(leading, array, length, this.chunk, this.at);
    if (leading.count === length || typeof leading.next !== "number") {
      this.at = end;
      return;
    }
    const doubles = takeDoubles(length);
    doublesOf(this.chunk, this.at, end, doubles);
    readNumbers(leading, array, length, length, doubles, 0);
    this.writeNumbers(doubles, 0, leading.count, areDoubles(leading, length));
    giveDoublesBack(doubles, leading.count);
  }

  /** The same where the first one is none. Room for all of a long array is made when there are many. */
  #leadingDoubles(leading: LeadingNumbers, array: unknown[], length: number): void {
    const some = Math.min(length, NUMBERS_A_STEP);
    this.room(some * DOUBLE_BYTES);
    readNumbers(leading, array, length, some, this.view, this.at);
    if (some < length && leading.count === some && typeof leading.next === "number") {
      this.roomForNumbers(length, some);
      readNumbers(leading, array, length, length, this.view, this.at);
    }
    this.keepNumbers(leading.count, areDoubles(leading, length));
  }

  /** Keys and values are counted together, each key before its value. */
  #map({ keys, values }: Entries): void {
    this.byte(TAG.MAP);
    let count = 0;
    try {
      for (let i = 0; i < keys.length; i++) {
        this.#item(keys[i]);
        count++;
        this.#item(values[i]);
        count++;
      }
    } catch (error) {
      throw located(error, count);
    }
    this.tagged(TAG.END_MAP, count);
  }

  #set(values: readonly unknown[]): void {
    this.byte(TAG.SET);
    let i = 0;
    try {
      for (; i < values.length; i++) this.#item(values[i]);
    } catch (error) {
      throw located(error, i);
    }
    this.tagged(TAG.END_SET, values.length);
  }

  #item(value: unknown): void {
    if (typeof value === "string") this.string(value);
    else if (typeof value === "number") this.number(value);
    else this.#value(value);
  }

  // ---- objects of any kind: what is in them is written by frames, which yield the objects that come next ----

  /** By recursion. */
  #recur(frame: Frame | undefined): void {
    if (frame === undefined) return;
    for (const child of frame) {
      if (child === PAUSE) continue;
      try {
        this.#object(child);
      } catch (error) {
        frame.throw(error); // It adds where it is.
      }
    }
  }

  /** Without recursion; pauses after every step. */
  *#drive(frame: Frame): Generator<void, void> {
    const frames = [frame];
    try {
      while (frames.length > 0) {
        const { done, value: child } = frames[frames.length - 1]!.next();
        if (done) {
          frames.pop();
        } else if (child !== PAUSE) {
          const next = this.#begin(child);
          if (next) frames.push(next);
        }
        yield;
      }
    } catch (error) {
      // The frame that threw has ended; those around it add where they are.
      let thrown = error;
      for (const around of frames.reverse()) {
        try {
          around.throw(thrown);
        } catch (again) {
          thrown = again;
        }
      }
      throw thrown;
    }
  }

  /** Writes an object, or gives the frame that will. */
  #begin(object: object): Frame | undefined {
    if (ArrayBuffer.isView(object)) {
      this.#bufferView(object);
      return undefined;
    }
    if (this.#referred(object)) return undefined;
    if (this.#isProxy?.(object)) throw new Uncloneable(object, "Proxy");
    if (Array.isArray(object)) {
      const named = namedKeys(object, this.#introspection);
      return named ? this.#denseArray(object, named) : this.#sparseArray(object);
    }
    return this.#contents(object, builtInKind(object));
  }

  #contents(object: object, kind: BuiltInKind | undefined): Frame | undefined {
    switch (kind) {
      case "Map":
        return this.#collectionFrame(TAG.MAP, inTurn(entriesOf(object)), TAG.END_MAP);
      case "Set":
        return this.#collectionFrame(TAG.SET, valuesIn(object), TAG.END_SET);
      case "Error":
        return this.#errorFrame(object as Error);
      case "Date":
        this.taggedDouble(TAG.DATE, Date.prototype.getTime.call(object));
        return undefined;
      case "RegExp":
        this.#regexp(object as RegExp);
        return undefined;
      case "ArrayBuffer":
        this.#arrayBuffer(object as ArrayBuffer);
        return undefined;
      case "Boolean":
        this.byte(Boolean.prototype.valueOf.call(object) ? TAG.TRUE_OBJECT : TAG.FALSE_OBJECT);
        return undefined;
      case "Number":
        this.taggedDouble(TAG.NUMBER_OBJECT, Number.prototype.valueOf.call(object));
        return undefined;
      case "BigInt":
        this.bigint(TAG.BIGINT_OBJECT, BigInt.prototype.valueOf.call(object));
        return undefined;
      case "String":
        this.byte(TAG.STRING_OBJECT);
        this.string(String.prototype.valueOf.call(object));
        return undefined;
      case "uncloneable":
        throw new Uncloneable(object);
    }
    const host = this.#hostObject?.call(this.#options, object);
    if (!host) return this.#properties(object, keysOf(object), TAG.END_OBJECT);
    this.#host(host);
    return undefined;
  }

  /** An object's properties, as long as they are there: getters may take away those that follow. */
  *#properties(object: object, keys: readonly string[], end: number, length?: number): Frame {
    if (end === TAG.END_OBJECT) this.byte(TAG.OBJECT);
    let count = 0;
    for (const key of keys) {
      if (!hasOwn.call(object, key)) continue;
      try {
        const value = (object as Record<string, unknown>)[key];
        this.#key(key);
        if (isObject(value)) yield value;
        else this.#value(value);
      } catch (error) {
        throw located(error, key);
      }
      if (this.hasTakable) yield PAUSE;
      count++;
    }
    this.tagged(end, count);
    if (length !== undefined) this.varint(length);
  }

  *#sparseArray(array: unknown[]): Frame {
    const { length } = array;
    this.tagged(TAG.SPARSE_ARRAY, length);
    yield* this.#properties(array, keysOf(array), TAG.END_SPARSE_ARRAY, length);
  }

  *#denseArray(array: unknown[], named: readonly string[]): Frame {
    const { length } = array;
    this.tagged(TAG.DENSE_ARRAY, length);
    let i = 0;
    try {
      let value = length > 0 ? elementOf(array, 0) : undefined;
      if (typeof value === "number") {
        const doubles = takeDoubles(length);
        const leading = leadingNumbers(value);
        readNumbers(leading, array, length, length, doubles, 0);
        while (i < leading.count) {
          const end = Math.min(i + NUMBERS_A_STEP, leading.count);
          this.writeNumbers(doubles, i, end, areDoubles(leading, length));
          i = end;
          if (this.hasTakable) yield PAUSE;
        }
        value = leading.next;
        giveDoublesBack(doubles, leading.count);
      }
      while (i < length) {
        if (isObject(value)) yield value;
        else if (value === HOLE) this.byte(TAG.HOLE);
        else this.#value(value);
        if (this.hasTakable) yield PAUSE;
        if (++i < length) value = elementOf(array, i);
      }
    } catch (error) {
      throw located(error, i);
    }
    yield* this.#properties(array, named, TAG.END_DENSE_ARRAY, length);
  }

  *#collectionFrame(begin: number, values: readonly unknown[], end: number): Frame {
    this.byte(begin);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      try {
        if (isObject(value)) yield value;
        else this.#value(value);
      } catch (error) {
        throw located(error, i);
      }
      if (this.hasTakable) yield PAUSE;
    }
    this.tagged(end, values.length);
  }

  /** Own properties of an error other than message and cause are left out, as in V8. */
  *#errorFrame(error: Error): Frame {
    const cause = this.#messageAndStack(error);
    if (cause !== undefined) {
      this.byte(ERROR_TAG.CAUSE);
      try {
        if (isObject(cause.value)) yield cause.value;
        else this.#value(cause.value);
      } catch (thrown) {
        throw located(thrown, "cause");
      }
    }
    this.byte(ERROR_TAG.END);
  }

  /** The same by recursion. */
  #error(error: Error): void {
    const cause = this.#messageAndStack(error);
    if (cause !== undefined) {
      this.byte(ERROR_TAG.CAUSE);
      try {
        this.#value(cause.value);
      } catch (thrown) {
        throw located(thrown, "cause");
      }
    }
    this.byte(ERROR_TAG.END);
  }

  /** Writes what comes before an error's cause: Node 20 writes the stack behind it, where later ones cannot read it. */
  #messageAndStack(error: Error): PropertyDescriptor | undefined {
    const message = dataOf(error, "message");
    const cause = dataOf(error, "cause");
    this.byte(TAG.ERROR);
    const type = ERROR_TYPES.get(`${error.name}`);
    if (type !== undefined) this.byte(type);
    if (message !== undefined) {
      const text = `${message.value}`;
      this.byte(ERROR_TAG.MESSAGE);
      this.string(text);
    }
    const { stack } = error;
    if (typeof stack === "string") {
      this.byte(ERROR_TAG.STACK);
      this.string(stack);
    }
    return cause;
  }

  // ---- objects without others in them ----

  #regexp(regexp: RegExp): void {
    this.byte(TAG.REGEXP);
    this.string(regexpSource.call(regexp));
    let flags = 0;
    const letters = regexpFlags.call(regexp);
    for (let i = 0; i < letters.length; i++) flags |= FLAG_BITS.get(letters[i]!) ?? 0;
    this.room(TOKEN_BYTES_MAX);
    this.varint(flags);
  }

  #arrayBuffer(buffer: ArrayBufferLike): void {
    if (!isArrayBuffer(buffer) || isDetached(buffer)) throw new Uncloneable(buffer);
    const byteLength = byteLengthOf.call(buffer);
    const { resizable, maxByteLength } = buffer as ArrayBuffer & Partial<ResizableBuffer>;
    if (resizable && maxByteLength! > LENGTH_MAX) throw new Uncloneable(buffer);
    if (byteLength > LENGTH_MAX) throw new Uncloneable(buffer);
    if (resizable) this.taggedTwice(TAG.RESIZABLE_ARRAY_BUFFER, byteLength, maxByteLength!);
    else this.tagged(TAG.ARRAY_BUFFER, byteLength);
    this.bytes(new Uint8Array(buffer, 0, byteLength));
  }

  #bufferView(view: ArrayBufferView): void {
    const kind = kindsOfViews.get(typedArrayName(view) ?? "DataView");
    const shape = shapeOf(view);
    if (!kind || !shape) throw new Uncloneable(view);
    if (this.#sharedViews) {
      this.#sharedView(view, kind, shape);
      return;
    }
    if (this.#referred(view)) return;
    const isNodeBuffer = NodeBuffer !== undefined && view.constructor === NodeBuffer;
    const number = isNodeBuffer ? HOST_NUMBER_BUFFER : kind.hostNumber;
    if (number === undefined) throw new Uncloneable(view);
    // Asked for once: classes and pages may answer otherwise the next time.
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    if (bytes.length > LENGTH_MAX) throw new Uncloneable(view);
    this.taggedTwice(TAG.HOST_OBJECT, number, bytes.length);
    this.bytes(bytes);
  }

  #sharedView(view: ArrayBufferView, kind: ViewKind, { buffer, byteOffset, length }: ViewShape): void {
    // The buffer stands before its view, and is numbered before it.
    if (!this.#identities.has(view) && !this.#referred(buffer)) this.#arrayBuffer(buffer);
    if (this.#referred(view)) return;
    const { resizable } = buffer as Partial<ResizableBuffer>;
    const tracking = resizable === true && length === undefined;
    this.taggedTwice(TAG.VIEW, kind.tag, byteOffset);
    this.room(TOKEN_BYTES_MAX);
    // V8 keeps no length for those whose length follows that of their buffer.
    this.varint(tracking ? 0 : view.byteLength);
    this.varint((tracking ? VIEW_FLAG.LENGTH_TRACKING : 0) | (resizable ? VIEW_FLAG.RESIZABLE : 0));
  }

  #host({ kind, bytes: given }: HostObject): void {
    if (!(Number.isInteger(kind) && kind >= HOST_NUMBER_APPLICATION_MIN && kind <= HOST_NUMBER_MAX)) {
      const range = `${HOST_NUMBER_APPLICATION_MIN} to ${HOST_NUMBER_MAX}`;
      throw new RangeError(`hostObject: kind is ${kind}, outside the range ${range}`);
    }
    if (typedArrayName(given) !== "Uint8Array") throw new TypeError("hostObject: bytes is not a Uint8Array");
    // Classes may answer otherwise when they are asked how long they are.
    const bytes = bytesOf(given);
    if (bytes.length > LENGTH_MAX)
      throw new RangeError(`hostObject: bytes has more than ${LENGTH_MAX} of them`);
    this.taggedTwice(TAG.HOST_OBJECT, kind, bytes.length);
    this.bytes(bytes);
  }

  /** A property's name; array indices are numbers. */
  #key(key: string): void {
    const first = key.charCodeAt(0);
    if (first <= NINE && first >= ZERO && key.length <= INDEX_DIGITS_MAX) {
      if (isIndex(key)) {
        this.number(Number(key));
        return;
      }
    }
    this.string(key);
  }
}

/**
 * The rest of an object: writes what it can, and yields each object in it when that one's turn has come; and PAUSE when a
 * chunk is full.
 */
type Frame = Generator<object, void, unknown>;

const PAUSE: object = {};

interface ResizableBuffer {
  readonly resizable: boolean;
  readonly maxByteLength: number;
}

const LENGTH_MAX = 0xffff_ffff;
const ZERO = 0x30;
const NINE = 0x39;
const INDEX_DIGITS_MAX = 10;

const NodeBuffer = (globalThis as { Buffer?: unknown }).Buffer;

const regexpSource = getterOf<string>(RegExp.prototype, "source");
const regexpFlags = getterOf<string>(RegExp.prototype, "flags");
const byteLengthOf = getterOf<number>(ArrayBuffer.prototype, "byteLength");

const FLAG_BITS = new Map(REGEXP_FLAGS);

const ERROR_TYPES: ReadonlyMap<string, number> = new Map([
  ["EvalError", ERROR_TAG.EVAL_ERROR],
  ["RangeError", ERROR_TAG.RANGE_ERROR],
  ["ReferenceError", ERROR_TAG.REFERENCE_ERROR],
  ["SyntaxError", ERROR_TAG.SYNTAX_ERROR],
  ["TypeError", ERROR_TAG.TYPE_ERROR],
  ["URIError", ERROR_TAG.URI_ERROR],
]);

/** An own property that is no accessor. */
function dataOf(object: object, key: string): PropertyDescriptor | undefined {
  if (!hasOwn.call(object, key)) return undefined;
  const descriptor = getOwnPropertyDescriptor(object, key)!;
  return "value" in descriptor ? descriptor : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
