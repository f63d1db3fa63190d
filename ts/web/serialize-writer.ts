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
import type { Introspection } from "../host/host.ts";
import {
  ERROR_TAG,
  HOST_NUMBER_APPLICATION_MIN,
  HOST_NUMBER_BUFFER,
  HOST_NUMBER_MAX,
  REGEXP_FLAGS,
  TAG,
  VERSION,
  VIEW_FLAG,
  VIEW_KINDS,
  type ViewKind,
} from "./serialize-format.ts";
import { type BuiltInKind, builtInKind } from "./serialize-kind.ts";
import { isTwoByte, writeOneByte, writeTwoByte } from "./serialize-text.ts";

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

/** The first chunk, which most values fit in; and what chunks grow to, those to be put together and those to be taken. */
const CHUNK_BYTES_MIN = 16 * 1024;
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const TAKEN_CHUNK_BYTES_MAX = 64 * 1024;
const SPARE_BYTES_MAX = 256 * 1024;

/** A tag and the longest number behind it. */
const TOKEN_BYTES_MAX = 16;

/** Text up to here is written unit by unit, right after a length that takes one byte. */
const SHORT_TEXT_UNITS = 24;

/** A chunk, between one writer and the next. */
let spare: Uint8Array<ArrayBuffer> | undefined;

const hasOwn = Object.prototype.hasOwnProperty;
const { keys: keysOf } = Object;

const kindsOfViews = new Map(VIEW_KINDS.map((kind) => [kind.name, kind]));

export class Writer {
  readonly #hostObject: WriteOptions["hostObject"];
  readonly #sharedViews: boolean;
  readonly #introspection: Introspection | undefined;
  readonly #isProxy: ((object: object) => boolean) | undefined;
  /** The objects so far, in the order of their numbers; and their numbers, from the first one on that is met again. */
  readonly #met = new Set<object>();
  #numbers: Map<object, number> | undefined;
  #chunk: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #at = 0;
  /** Chunks before this one, and their bytes. */
  #full: Uint8Array[] = [];
  #fullBytes = 0;
  #depth = 0;
  #chunkBytesMax = CHUNK_BYTES_MAX;
  readonly #keepsChunks: boolean;

  /**
   * @param introspection the host's, if it has it: without it, proxies pass for what they stand for.
   * @param keepsChunks false to count only.
   */
  constructor(options: WriteOptions, introspection: Introspection | undefined, keepsChunks = true) {
    this.#introspection = introspection;
    this.#isProxy = introspection?.isProxy;
    this.#hostObject = options.hostObject;
    this.#sharedViews = options.views === "shared";
    this.#keepsChunks = keepsChunks;
    this.#chunk = spare ?? new Uint8Array(CHUNK_BYTES_MIN);
    spare = undefined;
    this.#view = new DataView(this.#chunk.buffer);
    this.#chunk[this.#at++] = TAG.VERSION;
    this.#chunk[this.#at++] = VERSION;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#fullBytes + this.#at;
  }

  /** @throws Uncloneable, and whatever getters throw. */
  write(value: unknown): void {
    try {
      this.#value(value);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** As `write`, but pauses whenever there are chunks to be taken. */
  *writeChunks(value: unknown): Generator<Uint8Array, void> {
    this.#chunkBytesMax = TAKEN_CHUNK_BYTES_MAX;
    // The spare chunk may be longer.
    if (this.#chunk.length > TAKEN_CHUNK_BYTES_MAX) {
      this.#chunk = this.#chunk.subarray(0, TAKEN_CHUNK_BYTES_MAX);
    }
    try {
      const frame = isObject(value) ? this.#begin(value) : undefined;
      if (!isObject(value)) this.#value(value);
      if (frame) {
        for (const _ of this.#drive(frame)) while (this.#full.length > 0) yield this.#full.shift()!;
      }
      yield* this.#full;
      yield this.#chunk.slice(0, this.#at);
    } finally {
      this.close();
    }
  }

  /** What was written, in memory of its own; the writer is of no more use. */
  finish(): Uint8Array<ArrayBuffer> {
    let bytes: Uint8Array<ArrayBuffer>;
    if (this.#fullBytes === 0) {
      bytes = this.#chunk.slice(0, this.#at);
    } else {
      // Where memory is short, what numbered the objects can go before the bytes are there a second time.
      this.#met.clear();
      this.#numbers = undefined;
      bytes = new Uint8Array(this.length);
      let at = 0;
      for (const full of this.#full) {
        bytes.set(full, at);
        at += full.length;
      }
      bytes.set(this.#chunk.subarray(0, this.#at), at);
    }
    this.close();
    return bytes;
  }

  /** Keeps the last chunk for the next writer, wiped, unless it is very large or another one is kept already. */
  close(): void {
    this.#full = [];
    const { length } = this.#chunk;
    if (length <= SPARE_BYTES_MAX && length > (spare?.length ?? 0)) {
      this.#chunk.fill(0, 0, this.#fullBytes > 0 ? length : this.#at);
      spare = this.#chunk;
    }
    this.#chunk = new Uint8Array(0);
    this.#at = 0;
  }

  // ---- bytes ----

  /** Makes room for a number of bytes in a row. */
  #room(bytes: number): void {
    if (this.#at + bytes > this.#chunk.length) this.#nextChunk(bytes);
  }

  #nextChunk(bytes: number): void {
    const old = this.#chunk;
    this.#fullBytes += this.#at;
    if (!this.#keepsChunks && bytes <= old.length) {
      this.#at = 0;
      return;
    }
    if (this.#keepsChunks && this.#at > 0) this.#full.push(old.subarray(0, this.#at));
    const next = Math.max(bytes + TOKEN_BYTES_MAX, Math.min(2 * old.length, this.#chunkBytesMax));
    this.#chunk = new Uint8Array(next);
    this.#view = new DataView(this.#chunk.buffer);
    this.#at = 0;
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#chunk[this.#at++] = byte;
  }

  /** A varint of 32 bits; there is room. */
  #varint(number: number): void {
    const chunk = this.#chunk;
    let at = this.#at;
    let rest = number >>> 0;
    while (rest > 0x7f) {
      chunk[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    chunk[at++] = rest;
    this.#at = at;
  }

  #tagged(tag: number, number: number): void {
    this.#room(TOKEN_BYTES_MAX);
    this.#chunk[this.#at++] = tag;
    this.#varint(number);
  }

  #taggedTwice(tag: number, number: number, other: number): void {
    this.#tagged(tag, number);
    this.#varint(other);
  }

  #taggedDouble(tag: number, number: number): void {
    this.#room(TOKEN_BYTES_MAX);
    this.#chunk[this.#at] = tag;
    this.#view.setFloat64(this.#at + 1, number, true);
    this.#at += 9;
  }

  #bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#room(length);
    this.#chunk.set(bytes, this.#at);
    this.#at += length;
  }

  // ---- primitive values ----

  #number(number: number): void {
    const integer = number | 0;
    // -0 is no integer here: it would lose its sign.
    if (integer === number && (integer !== 0 || 1 / number > 0)) {
      this.#tagged(TAG.INT32, (integer << 1) ^ (integer >> 31));
    } else {
      this.#taggedDouble(TAG.DOUBLE, number);
    }
  }

  #string(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT_UNITS) {
      this.#longString(text);
      return;
    }
    this.#room(2 + SHORT_TEXT_UNITS);
    const chunk = this.#chunk;
    const at = this.#at;
    chunk[at] = TAG.ONE_BYTE_STRING;
    chunk[at + 1] = length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 255) {
        this.#twoByteString(text);
        return;
      }
      chunk[at + 2 + i] = unit;
    }
    this.#at = at + 2 + length;
  }

  #longString(text: string): void {
    if (isTwoByte(text)) {
      this.#twoByteString(text);
      return;
    }
    const { length } = text;
    this.#tagged(TAG.ONE_BYTE_STRING, length);
    this.#room(length);
    writeOneByte(text, this.#chunk, this.#at);
    this.#at += length;
  }

  #twoByteString(text: string): void {
    const bytes = 2 * text.length;
    const lengthBytes =
      bytes < 1 << 7 ? 1 : bytes < 1 << 14 ? 2 : bytes < 1 << 21 ? 3 : bytes < 1 << 28 ? 4 : 5;
    if ((this.length + 1 + lengthBytes) % 2 === 1) this.#byte(TAG.PADDING);
    this.#tagged(TAG.TWO_BYTE_STRING, bytes);
    this.#room(bytes);
    writeTwoByte(text, this.#chunk, this.#at);
    this.#at += bytes;
  }

  #bigint(tag: number, bigint: bigint): void {
    const sign = bigint < 0n ? 1 : 0;
    const magnitude = sign ? -bigint : bigint;
    if (magnitude === BigInt.asUintN(64, magnitude)) {
      const length = magnitude === 0n ? 0 : 8;
      this.#tagged(tag, (length << 1) | sign);
      this.#room(8);
      this.#view.setBigUint64(this.#at, magnitude, true);
      this.#at += length;
      return;
    }
    // Hexadecimal digits are the one form of a long BigInt that is had in linear time.
    const hex = magnitude.toString(16);
    const length = Math.ceil(hex.length / 16) * 8;
    this.#tagged(tag, length * 2 + sign);
    this.#room(length);
    const digits = hex.padStart(2 * length, "0");
    for (let at = digits.length; at > 0; at -= 8) {
      this.#view.setUint32(this.#at, Number.parseInt(digits.slice(at - 8, at), 16), true);
      this.#at += 4;
    }
  }

  // ---- values ----

  /** What most properties are, a short name and a short string or integer, is written here; others by `#key`, `#value`. */
  #property(key: string, value: unknown): void {
    const { length } = key;
    const first = key.charCodeAt(0);
    if (length > SHORT_TEXT_UNITS || length === 0 || (first <= NINE && first >= ZERO)) {
      this.#key(key);
      this.#value(value);
      return;
    }
    this.#room(2 * (2 + SHORT_TEXT_UNITS));
    const chunk = this.#chunk;
    let at = this.#at;
    chunk[at] = TAG.ONE_BYTE_STRING;
    chunk[at + 1] = length;
    at += 2;
    for (let i = 0; i < length; i++) {
      const unit = key.charCodeAt(i);
      if (unit > 255) {
        this.#twoByteString(key);
        this.#value(value);
        return;
      }
      chunk[at++] = unit;
    }
    this.#at = at;
    if (typeof value === "string" && value.length <= SHORT_TEXT_UNITS) {
      chunk[at] = TAG.ONE_BYTE_STRING;
      chunk[at + 1] = value.length;
      at += 2;
      for (let i = 0; i < value.length; i++) {
        const unit = value.charCodeAt(i);
        if (unit > 255) {
          this.#twoByteString(value);
          return;
        }
        chunk[at++] = unit;
      }
      this.#at = at;
    } else if (typeof value === "number") {
      this.#number(value);
    } else {
      this.#value(value);
    }
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.#string(value);
        break;
      case "number":
        this.#number(value);
        break;
      case "object":
        if (value === null) this.#byte(TAG.NULL);
        else this.#object(value);
        break;
      case "boolean":
        this.#byte(value ? TAG.TRUE : TAG.FALSE);
        break;
      case "undefined":
        this.#byte(TAG.UNDEFINED);
        break;
      case "bigint":
        this.#bigint(TAG.BIGINT, value);
        break;
      default:
        throw new Uncloneable(value);
    }
  }

  /** Writes a reference to an object that was met before, or else gives it the next number. */
  #referred(object: object): boolean {
    if (this.#numbers === undefined) {
      // A set tells at less cost than a map whether an object is new; its order is that of the numbers.
      const { size } = this.#met;
      this.#met.add(object);
      if (this.#met.size > size) return false;
      this.#numbers = new Map();
      for (const met of this.#met) this.#numbers.set(met, this.#numbers.size);
      this.#met.clear();
    }
    const number = this.#numbers.get(object);
    if (number === undefined) {
      this.#numbers.set(object, this.#numbers.size);
      return false;
    }
    this.#tagged(TAG.REFERENCE, number);
    return true;
  }

  #hasMet(object: object): boolean {
    return this.#numbers?.has(object) ?? this.#met.has(object);
  }

  #object(object: object): void {
    if (this.#depth >= RECURSION_MAX) {
      const deep = this.#begin(object);
      if (deep) for (const _ of this.#drive(deep));
      return;
    }
    this.#depth++;
    if (this.#isProxy?.(object)) throw new Uncloneable(object, "Proxy");
    if (Array.isArray(object)) {
      if (!this.#referred(object)) this.#array(object);
    } else if (ArrayBuffer.isView(object)) {
      this.#bufferView(object);
    } else if (!this.#referred(object)) {
      const kind = builtInKind(object);
      if (kind === undefined && !this.#hostObject) this.#plainObject(object as Record<string, unknown>);
      else if (kind === "Map") this.#collection(TAG.MAP, entriesOf(object), TAG.END_MAP);
      else if (kind === "Set") this.#collection(TAG.SET, valuesOf(object), TAG.END_SET);
      else this.#recur(this.#contents(object, kind));
    }
    this.#depth--;
  }

  #plainObject(object: Record<string, unknown>): void {
    this.#byte(TAG.OBJECT);
    let count = 0;
    let key = "";
    try {
      // Engines enumerate the keys of objects of one shape once, and know then what a key finds there.
      for (key in object) {
        if (!hasOwn.call(object, key)) continue;
        this.#property(key, object[key]);
        count++;
      }
    } catch (error) {
      throw located(error, key);
    }
    this.#tagged(TAG.END_OBJECT, count);
  }

  #array(array: unknown[]): void {
    const { length } = array;
    const elements = elementsOf(array);
    if (elements === "sparse") {
      this.#recur(this.#sparseArray(array));
      return;
    }
    this.#tagged(TAG.DENSE_ARRAY, length);
    let i = 0;
    try {
      if (elements === "doubles") {
        for (; i < length; i++) {
          const value = array[i];
          if (typeof value === "number") this.#taggedDouble(TAG.DOUBLE, value);
          else this.#value(value); // An element that is a getter has had a second thought.
        }
      } else {
        for (; i < length; i++) {
          const value = array[i];
          if (value === undefined && !hasOwn.call(array, i)) this.#byte(TAG.HOLE);
          else this.#value(value);
        }
      }
    } catch (error) {
      throw located(error, i);
    }
    const named = namedKeys(array, this.#introspection);
    if (named.length > 0) this.#recur(this.#properties(array, named, TAG.END_DENSE_ARRAY, length));
    else this.#taggedTwice(TAG.END_DENSE_ARRAY, 0, length);
  }

  #collection(begin: number, values: readonly unknown[], end: number): void {
    this.#byte(begin);
    let i = 0;
    try {
      for (; i < values.length; i++) this.#value(values[i]);
    } catch (error) {
      throw located(error, i);
    }
    this.#tagged(end, values.length);
  }

  // ---- objects of any kind: what is in them is written by frames, which yield the objects that come next ----

  /** By recursion. */
  #recur(frame: Frame | undefined): void {
    if (frame === undefined) return;
    for (const child of frame) {
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
        } else {
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
    if (this.#isProxy?.(object)) throw new Uncloneable(object, "Proxy");
    if (ArrayBuffer.isView(object)) {
      this.#bufferView(object);
      return undefined;
    }
    if (this.#referred(object)) return undefined;
    if (Array.isArray(object)) {
      return elementsOf(object) === "sparse" ? this.#sparseArray(object) : this.#denseArray(object);
    }
    return this.#contents(object, builtInKind(object));
  }

  #contents(object: object, kind: BuiltInKind | undefined): Frame | undefined {
    switch (kind) {
      case "Map":
        return this.#collectionFrame(TAG.MAP, entriesOf(object), TAG.END_MAP);
      case "Set":
        return this.#collectionFrame(TAG.SET, valuesOf(object), TAG.END_SET);
      case "Error":
        return this.#error(object as Error);
      case "Date":
        this.#taggedDouble(TAG.DATE, Date.prototype.getTime.call(object));
        return undefined;
      case "RegExp":
        this.#regexp(object as RegExp);
        return undefined;
      case "ArrayBuffer":
        this.#arrayBuffer(object as ArrayBuffer);
        return undefined;
      case "Boolean":
        this.#byte(Boolean.prototype.valueOf.call(object) ? TAG.TRUE_OBJECT : TAG.FALSE_OBJECT);
        return undefined;
      case "Number":
        this.#taggedDouble(TAG.NUMBER_OBJECT, Number.prototype.valueOf.call(object));
        return undefined;
      case "BigInt":
        this.#bigint(TAG.BIGINT_OBJECT, BigInt.prototype.valueOf.call(object));
        return undefined;
      case "String":
        this.#byte(TAG.STRING_OBJECT);
        this.#string(String.prototype.valueOf.call(object));
        return undefined;
      case "uncloneable":
        throw new Uncloneable(object);
    }
    const host = this.#hostObject?.(object);
    if (!host) return this.#properties(object, keysOf(object), TAG.END_OBJECT);
    this.#host(host);
    return undefined;
  }

  /** An object's properties, as long as they are there: getters may take away those that follow. */
  *#properties(object: object, keys: readonly string[], end: number, length?: number): Frame {
    if (end === TAG.END_OBJECT) this.#byte(TAG.OBJECT);
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
      count++;
    }
    this.#tagged(end, count);
    if (length !== undefined) this.#varint(length);
  }

  *#sparseArray(array: unknown[]): Frame {
    const { length } = array;
    this.#tagged(TAG.SPARSE_ARRAY, length);
    yield* this.#properties(array, keysOf(array), TAG.END_SPARSE_ARRAY, length);
  }

  *#denseArray(array: unknown[]): Frame {
    const { length } = array;
    const elements = elementsOf(array);
    this.#tagged(TAG.DENSE_ARRAY, length);
    for (let i = 0; i < length; i++) {
      try {
        const value = array[i];
        if (isObject(value)) yield value;
        else if (elements === "doubles" && typeof value === "number") this.#taggedDouble(TAG.DOUBLE, value);
        else if (value === undefined && !hasOwn.call(array, i)) this.#byte(TAG.HOLE);
        else this.#value(value);
      } catch (error) {
        throw located(error, i);
      }
    }
    yield* this.#properties(array, namedKeys(array, this.#introspection), TAG.END_DENSE_ARRAY, length);
  }

  *#collectionFrame(begin: number, values: readonly unknown[], end: number): Frame {
    this.#byte(begin);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      try {
        if (isObject(value)) yield value;
        else this.#value(value);
      } catch (error) {
        throw located(error, i);
      }
    }
    this.#tagged(end, values.length);
  }

  /** Own properties of an error other than message and cause are left out, as in V8. */
  *#error(error: Error): Frame {
    const message = Object.getOwnPropertyDescriptor(error, "message");
    const cause = Object.getOwnPropertyDescriptor(error, "cause");
    this.#byte(TAG.ERROR);
    const type = ERROR_TYPES.get(`${error.name}`);
    if (type !== undefined) this.#byte(type);
    if (message && "value" in message) {
      const text = `${message.value}`;
      this.#byte(ERROR_TAG.MESSAGE);
      this.#string(text);
    }
    const { stack } = error;
    if (typeof stack === "string") {
      this.#byte(ERROR_TAG.STACK);
      this.#string(stack);
    }
    // Node 20 writes the cause before the stack, where later ones cannot read it; this order all can.
    if (cause && "value" in cause) {
      this.#byte(ERROR_TAG.CAUSE);
      try {
        if (isObject(cause.value)) yield cause.value;
        else this.#value(cause.value);
      } catch (thrown) {
        throw located(thrown, "cause");
      }
    }
    this.#byte(ERROR_TAG.END);
  }

  // ---- objects without others in them ----

  #regexp(regexp: RegExp): void {
    this.#byte(TAG.REGEXP);
    this.#string(regexpSource.call(regexp));
    let flags = 0;
    for (const flag of regexpFlags.call(regexp)) flags |= FLAG_BITS.get(flag) ?? 0;
    this.#room(TOKEN_BYTES_MAX);
    this.#varint(flags);
  }

  #arrayBuffer(buffer: ArrayBufferLike): void {
    if (!isArrayBuffer(buffer) || isDetached(buffer)) throw new Uncloneable(buffer);
    const byteLength = byteLengthOf.call(buffer);
    const { resizable, maxByteLength } = buffer as ArrayBuffer & Partial<ResizableBuffer>;
    if (resizable && maxByteLength! > LENGTH_MAX) throw new Uncloneable(buffer);
    if (byteLength > LENGTH_MAX) throw new Uncloneable(buffer);
    if (resizable) this.#taggedTwice(TAG.RESIZABLE_ARRAY_BUFFER, byteLength, maxByteLength!);
    else this.#tagged(TAG.ARRAY_BUFFER, byteLength);
    this.#bytes(new Uint8Array(buffer, 0, byteLength));
  }

  #bufferView(view: ArrayBufferView): void {
    const kind = kindsOfViews.get(viewName(view));
    if (!kind || isOutOfBounds(view)) throw new Uncloneable(view);
    if (this.#sharedViews) {
      this.#sharedView(view, kind);
      return;
    }
    if (this.#referred(view)) return;
    const isNodeBuffer = NodeBuffer !== undefined && view.constructor === NodeBuffer;
    const number = isNodeBuffer ? HOST_NUMBER_BUFFER : kind.hostNumber;
    if (number === undefined) throw new Uncloneable(view);
    // Asked for once: classes and pages may answer otherwise the next time.
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#taggedTwice(TAG.HOST_OBJECT, number, bytes.length);
    this.#bytes(bytes);
  }

  #sharedView(view: ArrayBufferView, kind: ViewKind): void {
    const { buffer } = view;
    // The buffer stands before its view, and is numbered before it.
    if (!this.#hasMet(view) && !this.#referred(buffer)) this.#arrayBuffer(buffer);
    if (this.#referred(view)) return;
    const { resizable } = buffer as Partial<ResizableBuffer>;
    const tracking = resizable === true && isLengthTracking(view, kind.elementBytes);
    this.#taggedTwice(TAG.VIEW, kind.tag, view.byteOffset);
    this.#room(TOKEN_BYTES_MAX);
    // V8 keeps no length for those whose length follows that of their buffer.
    this.#varint(tracking ? 0 : view.byteLength);
    this.#varint((tracking ? VIEW_FLAG.LENGTH_TRACKING : 0) | (resizable ? VIEW_FLAG.RESIZABLE : 0));
  }

  #host({ kind, bytes }: HostObject): void {
    if (!(Number.isInteger(kind) && kind >= HOST_NUMBER_APPLICATION_MIN && kind <= HOST_NUMBER_MAX)) {
      const range = `${HOST_NUMBER_APPLICATION_MIN} to ${HOST_NUMBER_MAX}`;
      throw new RangeError(`hostObject: kind is ${kind}, outside the range ${range}`);
    }
    this.#taggedTwice(TAG.HOST_OBJECT, kind, bytes.length);
    this.#bytes(bytes);
  }

  /** A property's name; array indices are numbers. */
  #key(key: string): void {
    const first = key.charCodeAt(0);
    if (first <= NINE && first >= ZERO && key.length <= INDEX_DIGITS_MAX) {
      if (isIndex(key)) {
        this.#number(Number(key));
        return;
      }
    }
    this.#string(key);
  }
}

/** The rest of an object: writes what it can, and yields each object in it when that one's turn has come. */
type Frame = Generator<object, void, unknown>;

/** What cannot be written, and the way to it. */
export class Uncloneable extends Error {
  readonly value: unknown;
  /** From the inside outwards: property names, indices, and words for what has neither. */
  readonly path: (string | number)[] = [];

  /** What it is, if that cannot be seen. */
  readonly kind: string | undefined;

  constructor(value: unknown, kind?: string) {
    super("uncloneable");
    this.value = value;
    this.kind = kind;
  }
}

function located(error: unknown, key: string | number): unknown {
  if (error instanceof Uncloneable) error.path.push(key);
  return error;
}

interface ResizableBuffer {
  resizable: boolean;
  maxByteLength: number;
  resize(byteLength: number): void;
}

const LENGTH_MAX = 0xffff_ffff;
const ZERO = 0x30;
const NINE = 0x39;
/** Array indices end below 2^32 - 1, which has ten digits. */
const INDEX_END = 0xffff_ffff;
const INDEX_DIGITS_MAX = 10;

/** From here on it is cheaper to see how many values an array has than to list its keys. */
const LISTED_KEYS_MAX = 256;

const NodeBuffer = (globalThis as { Buffer?: unknown }).Buffer;

const getterOf = (prototype: object, name: string) =>
  Object.getOwnPropertyDescriptor(prototype, name)!.get as (this: unknown) => never;
const regexpSource = getterOf(RegExp.prototype, "source") as (this: RegExp) => string;
const regexpFlags = getterOf(RegExp.prototype, "flags") as (this: RegExp) => string;
const forEachEntry = Map.prototype.forEach;
const forEachValue = Set.prototype.forEach;
const typedArrayKeys = Object.getPrototypeOf(Uint8Array.prototype).keys as (this: unknown) => unknown;
const typedArrayName = getterOf(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag as never) as (
  this: unknown,
) => string | undefined;
const byteLengthOf = getterOf(ArrayBuffer.prototype, "byteLength") as (this: unknown) => number;
const detached = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "detached")?.get;

const FLAG_BITS = new Map(REGEXP_FLAGS);

const ERROR_TYPES: ReadonlyMap<string, number> = new Map([
  ["EvalError", ERROR_TAG.EVAL_ERROR],
  ["RangeError", ERROR_TAG.RANGE_ERROR],
  ["ReferenceError", ERROR_TAG.REFERENCE_ERROR],
  ["SyntaxError", ERROR_TAG.SYNTAX_ERROR],
  ["TypeError", ERROR_TAG.TYPE_ERROR],
  ["URIError", ERROR_TAG.URI_ERROR],
]);

/** A Map's keys and values, each key before its value: taken before any is written, since getters could change them. */
function entriesOf(map: object): unknown[] {
  const entries: unknown[] = [];
  forEachEntry.call(map as Map<unknown, unknown>, (value, key) => entries.push(key, value));
  return entries;
}

function valuesOf(set: object): unknown[] {
  const values: unknown[] = [];
  forEachValue.call(set as Set<unknown>, (value) => values.push(value));
  return values;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** How V8 would most likely have stored an array's elements. */
function elementsOf(array: unknown[]): "sparse" | "dense" | "doubles" {
  const { length } = array;
  let i = 0;
  let doubles = false;
  if (length > 0 && typeof array[0] === "number") {
    for (; i < length; i++) {
      const value = array[i];
      if (typeof value !== "number") break;
      if ((value | 0) !== value || Object.is(value, -0)) doubles = true;
    }
    if (i === length) return doubles ? "doubles" : "dense";
  }
  return hasHoles(array, i) ? "sparse" : "dense";
}

function hasHoles(array: unknown[], from: number): boolean {
  const { length } = array;
  for (let i = from; i < length; i++) if (!(i in array)) return true;
  return false;
}

/** The keys of an array that are no indices, which come behind all that are. */
function namedKeys(array: unknown[], introspection: Introspection | undefined): string[] {
  const { length } = array;
  // It was dense, but getters may have taken elements away meanwhile.
  const isDense = !hasHoles(array, 0);
  if (isDense && length > LISTED_KEYS_MAX) {
    const none = introspection?.hasElementsOnly(array) ?? Object.values(array).length === length;
    if (none) return [];
  }
  const keys = keysOf(array);
  if (!isDense) return keys.filter((key) => !isIndex(key));
  return keys.length === length ? [] : keys.slice(length);
}

function isIndex(key: string): boolean {
  const index = Number(key);
  return index >>> 0 === index && index < INDEX_END && String(index) === key;
}

function viewName(view: ArrayBufferView): string {
  return typedArrayName.call(view) ?? "DataView";
}

/** Of any realm, and not shared. */
function isArrayBuffer(buffer: unknown): buffer is ArrayBuffer {
  try {
    byteLengthOf.call(buffer);
    return true;
  } catch {
    return false;
  }
}

function isDetached(buffer: ArrayBuffer): boolean {
  if (detached) return detached.call(buffer) as boolean;
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** A view of a part that its buffer, having been resized, no longer has: then every method refuses to work on it. */
function isOutOfBounds(view: ArrayBufferView): boolean {
  try {
    if (viewName(view) === "DataView") return view.byteLength < 0;
    typedArrayKeys.call(view);
    return false;
  } catch {
    return true;
  }
}

/**
 * Whether a view's length follows that of its buffer. It cannot be asked, only seen: the buffer is resized by one
 * element, and back, before anyone could notice.
 */
function isLengthTracking(view: ArrayBufferView, elementBytes: number): boolean {
  const buffer = view.buffer as ArrayBuffer & ResizableBuffer;
  const { byteLength, maxByteLength } = buffer;
  const before = view.byteLength;
  if (byteLength - view.byteOffset - before >= elementBytes) return false;
  if (byteLength + elementBytes <= maxByteLength) {
    buffer.resize(byteLength + elementBytes);
    const follows = view.byteLength !== before;
    buffer.resize(byteLength);
    return follows;
  }
  if (before < elementBytes) return false;
  const last = new Uint8Array(buffer, byteLength - elementBytes, elementBytes).slice();
  buffer.resize(byteLength - elementBytes);
  // One of a fixed length is out of bounds now.
  const follows = !isOutOfBounds(view);
  buffer.resize(byteLength);
  new Uint8Array(buffer).set(last, byteLength - elementBytes);
  return follows;
}
