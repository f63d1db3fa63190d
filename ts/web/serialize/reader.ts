/**
 * The reader of V8's format, versions 13 to 15. Nothing in its input is trusted: every length is checked against what
 * remains before memory is taken, every count against what was read, and every reference against the objects so far. A
 * value takes memory in proportion to its bytes: at most 200 for each of them, where they are empty ArrayBuffers, and most
 * less than 30. That holds while it is read, too: what has begun must end, and where fewer bytes are left than that takes,
 * reading ends. Of input in chunks nobody knows how much is left: Maps that begin inside each other take 320 a byte, until
 * `limits.depth`.
 *
 * Reading is a machine with a stack of its own, so that depth costs memory only. It stops at any token for which bytes
 * are missing, and goes on from there when there are more: input may come whole or in chunks. A token is read
 * completely before anything is changed.
 *
 * Stricter than V8: numbers longer than 32 bits, bytes behind the value, and indices beyond an array's length are
 * errors. What V8 writes has none of them.
 */
import { define, followed, type Layout, make, namesOf, rootLayout } from "../layouts.ts";
import { type Constructor, newError, setStack } from "../structured-clone/errors.ts";
import {
  ERROR_TAG,
  HOST_NUMBER_APPLICATION_MIN,
  HOST_NUMBER_BUFFER,
  PROCESS_TAGS,
  REGEXP_FLAGS,
  TAG,
  VERSION,
  VERSION_MIN,
  VERSION_WITH_VIEW_FLAGS,
  VIEW_FLAG,
  VIEW_KINDS,
} from "./format.ts";
import { Input, limitOf, MORE } from "./input.ts";
import { GAVE_UP, newObjectReader, OBJECTS_BEFORE_READER } from "./object-reader.ts";
import { Objects } from "./objects.ts";
import { readTwoByte } from "./text.ts";

/** Beyond these, reading ends with a RangeError. Each is without limit unless it is given. */
export interface ReadLimits {
  /** Bytes of input. */
  bytes?: number;
  /** Objects of every kind, arrays included. */
  objects?: number;
  /** Objects inside each other. */
  depth?: number;
}

export interface ReadOptions {
  limits?: ReadLimits;
  /** Makes an application's own object of its kind and bytes, which are a copy. */
  hostObject?: (kind: number, bytes: Uint8Array<ArrayBuffer>) => object;
}

/** What an object has that is being read. Frames are used again for the next object at their depth. */
class Frame {
  /** The tag that will end it; for an error, that of its cause. */
  end = 0;
  /** Among all objects. */
  number = 0;
  /** The object; null while it is known by its layout only. */
  target: unknown = null;
  /** Of an object without target: the names so far, and where their values begin on the stack of values. */
  layout: Layout = rootLayout();
  from = 0;
  /** The property that it is the value of, or in it; the root for what is in none. */
  around: Layout = rootLayout();
  /** Of an array: the elements it says it has, and those read. Of a Map or Set: the values read. */
  length = 0;
  index = 0;
  /** Properties of an object with target, or of an array. */
  count = 0;
  /** Whose value comes next: a property's name, or a Map's key. */
  key: unknown = undefined;
}

/** In place of a value: an object has begun. No value is a symbol, which takes less to see than which of them it is. */
const BEGUN = Symbol("begun");
/** In place of an object that is known by its layout only. */
const UNMADE = Symbol("unmade");
/** Engines set addresses aside, though no memory, for all that a buffer may grow to. One may be as long as can be. */
const RESERVED_BYTES_MAX = 0xffff_ffff;

/** Longer sparse arrays must not cost memory by their length alone. */
const SPARSE_LENGTH_MAX = 32;
const LENGTH_BEYOND_FAST = 0xffff_ffff;

/** How deep objects go that are read at once: by the call stack. */
const QUICK_DEPTH_MAX = 16;
/** Longer strings and BigInts are for those who know what to do where the engine has none of their length. */
const QUICK_STRING_BYTES_MAX = 1 << 24;
const QUICK_DIGITS_BYTES_MAX = 1024;
/**
 * Whether it is worth a try to read an object at once shows in the bytes that were read so, and in those that were read in
 * vain: after a failure, some objects are read in the other way.
 */
const CREDIT_MAX = 4096;
const CREDIT_A_REFUSAL = 16;
const OTHERS_BEFORE_CHANGE = 8;

/** Frames between one reader and the next. They hold layouts, and go with them: all are below one root. */
let spareFrames: Frame[] | undefined;
let spareRoot: Layout | undefined;
const SPARE_FRAMES_MAX = 64;

export class Reader extends Input {
  /** @throws DOMException DataCloneError; RangeError; what `hostObject` throws. */
  static read(bytes: Uint8Array, options: ReadOptions): unknown {
    if (bytes[1] !== VERSION_MIN) return new Reader(options).#read(bytes);
    // Some writers of version 13 gave views flags already (https://crbug.com/1284506), as V8 allows for, too. Which form
    // it is shows in reading it, before anything of the application's own is made.
    const parsing = options.hostObject ? { ...options, hostObject: () => ({}) } : options;
    let hasViewFlags = false;
    let value: unknown;
    const reader = new Reader(parsing);
    try {
      value = reader.#read(bytes);
    } catch (error) {
      if (!reader.#sawViewWithoutFlags) throw error;
      hasViewFlags = true;
      try {
        value = new Reader(parsing, hasViewFlags).#read(bytes);
      } catch {
        throw error;
      }
    }
    return options.hostObject ? new Reader(options, hasViewFlags).#read(bytes) : value;
  }

  readonly #options: ReadOptions;
  readonly #objectsMax: number;
  readonly #depthMax: number;
  #begun = false;
  #done = false;
  #result: unknown;
  /** Between a value and what decides whether another one follows. */
  #betweenValues = false;
  /** Of an object that has begun, the first name is read already. */
  #hasName = false;
  #hasViewFlags: boolean;
  #sawViewWithoutFlags = false;
  readonly #objects = new Objects();
  /** What resizable buffers may grow to, all together. */
  #reservedBytes = 0;
  /** What arrays have room for. */
  #elements = 0;
  readonly #frames: Frame[];
  readonly #rootAtFirst: Layout;
  #depth = 0;
  /** Of those that are open, the errors, which end with one byte; others with two at least. */
  #openErrors = 0;
  readonly #values: unknown[] = [];
  #valuesCount = 0;
  /** What is read at once: how deep that has gone, how deep it may begin, and up to where there is no use in it. */
  #quickDepth = 0;
  #quickFromDepthMax: number;
  #slowUntil = 0;

  constructor(options: ReadOptions, hasViewFlags = false) {
    const { limits = {} } = options;
    super(limitOf("bytes", limits.bytes));
    this.#options = options;
    this.#hasViewFlags = hasViewFlags;
    this.#rootAtFirst = rootLayout();
    this.#frames = (spareRoot === this.#rootAtFirst ? spareFrames : undefined) ?? [];
    spareFrames = undefined;
    spareRoot = undefined;
    this.#objectsMax = limitOf("objects", limits.objects);
    this.#depthMax = limitOf("depth", limits.depth);
    this.#quickFromDepthMax = this.#depthMax - QUICK_DEPTH_MAX - 1;
  }

  /** Reads on, with more of the input. The chunk is the caller's again after the call. */
  push(chunk: Uint8Array): void {
    this.append(chunk);
    if (this.end - this.at >= this.neededBytes) this.#run();
  }

  /** The value, when all input has come. */
  finish(): unknown {
    this.complete = true;
    this.#run();
    // All are closed, and hold nothing any more but layouts.
    if (this.#frames.length <= SPARE_FRAMES_MAX && this.#rootAtFirst === rootLayout()) {
      spareFrames = this.#frames;
      spareRoot = this.#rootAtFirst;
    }
    return this.#result;
  }

  #read(bytes: Uint8Array): unknown {
    this.use(bytes);
    return this.finish();
  }

  #run(): void {
    try {
      if (!this.#begun) this.#header();
      if (!this.#done) this.#root();
      if (this.at < this.end) throw this.unexpected(this.at, "the end");
    } catch (error) {
      if (error !== MORE) throw error;
      this.at = this.tokenAt;
    }
  }

  #header(): void {
    this.tokenAt = this.at;
    if (this.byte("the version") !== TAG.VERSION) throw this.unexpected(0, "the version's tag, 0xff");
    const at = this.at;
    const version = this.varint();
    if (version < VERSION_MIN || version > VERSION) {
      throw this.malformed(at, `expected a version from ${VERSION_MIN} to ${VERSION}, found ${version}`);
    }
    this.#hasViewFlags ||= version >= VERSION_WITH_VIEW_FLAGS;
    this.#begun = true;
  }

  #root(): void {
    for (;;) {
      if (!this.#betweenValues) {
        this.tokenAt = this.at;
        const value = this.#value();
        if (typeof value === "symbol") {
          this.#betweenValues = !this.#hasName;
          this.#hasName = false;
          if (!this.#betweenValues) continue;
        } else {
          if (this.#depth === 0) {
            this.#finishWith(value);
            return;
          }
          this.#deliver(this.#frames[this.#depth - 1]!, value);
        }
        this.#betweenValues = true;
      }
      for (;;) {
        this.tokenAt = this.at;
        const frame = this.#frames[this.#depth - 1]!;
        if (this.#wantsValue(frame)) break;
        const value = this.#close(frame);
        if (this.#depth === 0) {
          this.#finishWith(value);
          return;
        }
        this.#deliver(this.#frames[this.#depth - 1]!, value);
      }
      this.#betweenValues = false;
    }
  }

  #finishWith(value: unknown): void {
    this.#result = value;
    this.#done = true;
  }

  // ---- values ----

  /** A value; or the beginning of an object that holds others. */
  #value(): unknown {
    let tag = this.tag("a value");
    while (tag === TAG.VERIFY_OBJECT_COUNT) {
      this.varint();
      tag = this.tag("a value");
    }
    switch (tag) {
      case TAG.INT32:
        return this.zigzag();
      case TAG.ONE_BYTE_STRING:
      case TAG.TWO_BYTE_STRING:
      case TAG.UTF8_STRING:
        return this.stringOf(tag);
      case TAG.OBJECT:
        return this.#object();
      case TAG.DENSE_ARRAY: {
        const length = this.varint();
        // Each element takes a byte at least.
        if (this.complete && length > this.end - this.at) this.require(length, "the elements of an array");
        const array = this.#takesRoomFor(length) ? new Array(length) : [];
        this.#open(array, TAG.END_DENSE_ARRAY).length = length;
        return BEGUN;
      }
      case TAG.DOUBLE:
        return this.double();
      case TAG.NULL:
        return null;
      case TAG.TRUE:
        return true;
      case TAG.FALSE:
        return false;
      case TAG.UNDEFINED:
        return undefined;
      case TAG.UINT32:
        return this.varint();
      case TAG.BIGINT:
        return this.bigint();
      case TAG.REFERENCE:
        return this.#viewOf(this.#reference(), false);
      case TAG.MAP:
        this.#open(new Map(), TAG.END_MAP);
        return BEGUN;
      case TAG.SET:
        this.#open(new Set(), TAG.END_SET);
        return BEGUN;
      case TAG.SPARSE_ARRAY:
        return this.#sparseArray();
      case TAG.DATE:
        return this.#made(new Date(this.double()));
      case TAG.TRUE_OBJECT:
        return this.#made(Object(true));
      case TAG.FALSE_OBJECT:
        return this.#made(Object(false));
      case TAG.NUMBER_OBJECT:
        return this.#made(Object(this.double()));
      case TAG.BIGINT_OBJECT:
        return this.#made(Object(this.bigint()));
      case TAG.STRING_OBJECT:
        return this.#made(Object(this.string("a string")));
      case TAG.REGEXP:
        return this.#made(this.#regexp());
      case TAG.ERROR:
        return this.#error();
      case TAG.ARRAY_BUFFER:
        return this.#viewOf(this.#arrayBuffer(false), true);
      case TAG.RESIZABLE_ARRAY_BUFFER:
        return this.#viewOf(this.#arrayBuffer(true), true);
      case TAG.HOST_OBJECT:
        return this.#made(this.#hostObject());
      default: {
        const at = this.at - 1;
        const what = PROCESS_TAGS.get(tag);
        if (what) throw this.malformed(at, `${what} means something only to the process that wrote it`);
        throw this.unexpected(at, "a value");
      }
    }
  }

  /** An object: a whole one at once, if all of it is there, and it has a known layout. */
  #object(): unknown {
    if (this.complete) {
      const object = this.#quickObject(this.#aroundNext());
      if (object !== GAVE_UP) return object;
    }
    const frame = this.#open(UNMADE, TAG.END_OBJECT);
    frame.target = null;
    frame.layout = rootLayout();
    frame.from = this.#valuesCount;
    if (!this.complete || this.#wantsNextOfLayout(frame)) {
      this.#hasName = this.complete;
      return BEGUN;
    }
    return this.#close(frame);
  }

  /** One of the values that are most frequent, and hold no others; or else, without reading on, BEGUN. */
  #simpleValue(): unknown {
    const { at, bytes } = this;
    const rest = this.end - at;
    if (rest < 1) return BEGUN;
    switch (bytes[at]) {
      case TAG.INT32:
        this.at = at + 1;
        return this.zigzag();
      case TAG.ONE_BYTE_STRING: {
        if (rest > 1 && bytes[at + 1]! <= Math.min(rest - 2, 0x7f)) {
          this.at = at + 2 + bytes[at + 1]!;
          return this.oneByte(at + 2, bytes[at + 1]!);
        }
        this.at = at + 1;
        const length = this.varint();
        if (this.end - this.at < length) this.require(length, "a string");
        const from = this.at;
        this.at = from + length;
        return this.oneByte(from, length);
      }
      case TAG.DOUBLE:
        this.at = at + 1;
        return this.double();
      case TAG.NULL:
        this.at = at + 1;
        return null;
      case TAG.TRUE:
        this.at = at + 1;
        return true;
      case TAG.FALSE:
        this.at = at + 1;
        return false;
      case TAG.UNDEFINED:
        this.at = at + 1;
        return undefined;
      default:
        return BEGUN;
    }
  }

  /** Gives an object that is complete its number. */
  #made(object: object): object {
    this.#objects.add(object);
    if (this.#objects.count > this.#objectsMax) this.tooMany(this.#objectsMax, "objects");
    return object;
  }

  /** Gives an object that others will go into its number, and a frame. */
  #open(target: unknown, end: number): Frame {
    const number = this.#objects.count;
    this.#objects.add(target);
    if (number >= this.#objectsMax) this.tooMany(this.#objectsMax, "objects");
    const around = this.#aroundNext();
    const depth = this.#depth++;
    if (depth >= this.#depthMax) this.tooMany(this.#depthMax, "objects inside each other");
    if (this.complete && this.end - this.at < 2 * depth - this.#openErrors) {
      this.require(2 * depth - this.#openErrors, "the ends of what has begun");
    }
    let frame = this.#frames[depth];
    if (!frame) {
      frame = new Frame();
      this.#frames.push(frame);
    }
    frame.around = around;
    frame.end = end;
    frame.number = number;
    frame.target = target;
    frame.index = 0;
    frame.count = 0;
    frame.key = undefined;
    return frame;
  }

  /** The property that what begins next is the value of, or in it. */
  #aroundNext(): Layout {
    if (this.#depth === 0) return rootLayout();
    const outer = this.#frames[this.#depth - 1]!;
    return outer.end === TAG.END_OBJECT ? outer.layout : outer.around;
  }

  #reference(): unknown {
    const at = this.at;
    const number = this.varint();
    if (number >= this.#objects.count) {
      throw this.malformed(at, `expected an object's number below ${this.#objects.count}, found ${number}`);
    }
    const object = this.#objects.get(number);
    return typeof object === "symbol" ? this.#makeOpen(number) : object;
  }

  /** An object refers to one that it is in, which has to be made before all of it is known. */
  #makeOpen(number: number): object {
    let [at, end] = [0, this.#depth];
    // Frames are in the order of their objects' numbers.
    while (end - at > 1) {
      const middle = (at + end) >>> 1;
      if (this.#frames[middle]!.number <= number) at = middle;
      else end = middle;
    }
    const frame = this.#frames[at]!;
    // The last name's value is the one that is being read.
    const target = this.#giveTarget(frame, frame.layout.count - 1);
    frame.key = frame.layout.name;
    return target;
  }

  /** Makes an object of its first properties; the others are defined on it as they come. */
  #giveTarget(frame: Frame, count: number): Record<string, unknown> {
    const target: Record<string, unknown> = {};
    const names = namesOf(frame.layout);
    for (let i = 0; i < count; i++) define(target, names[i]!, this.#values[frame.from + i]);
    frame.target = target;
    frame.count = frame.layout.count;
    this.#objects.set(frame.number, target);
    return target;
  }

  /** Puts a value where the object that it belongs to wants it. */
  #deliver(frame: Frame, value: unknown): void {
    switch (frame.end) {
      case TAG.END_OBJECT:
        if (frame.target === null) this.#values[this.#valuesCount++] = value;
        else define(frame.target as object, frame.key as string, value);
        break;
      case TAG.END_DENSE_ARRAY:
        if (frame.index < frame.length) (frame.target as unknown[])[frame.index++] = value;
        else define(frame.target as object, frame.key as string, value);
        break;
      case TAG.END_SPARSE_ARRAY:
        define(frame.target as object, frame.key as string, value);
        break;
      case TAG.END_MAP:
        if (frame.index++ % 2 === 0) frame.key = value;
        else mapSet.call(frame.target as Map<unknown, unknown>, frame.key, value);
        break;
      case TAG.END_SET:
        frame.index++;
        setAdd.call(frame.target as Set<unknown>, value);
        break;
      default:
        frame.index++;
        Object.defineProperty(frame.target, "cause", hidden(value));
    }
  }

  /** Reads what stands before the next value of an object; false if it has no more. */
  #wantsValue(frame: Frame): boolean {
    switch (frame.end) {
      case TAG.END_OBJECT:
        return frame.target === null ? this.#wantsNextOfLayout(frame) : this.#wantsProperty(frame);
      case TAG.END_DENSE_ARRAY:
        return frame.index < frame.length ? this.#wantsElement(frame) : this.#wantsProperty(frame);
      case TAG.END_SPARSE_ARRAY:
        return this.#wantsProperty(frame);
      case TAG.END_MAP:
      case TAG.END_SET:
        return this.#wantsEntry(frame);
      default:
        return frame.index === 0 ? true : this.#wantsRestOfError(frame);
    }
  }

  /** Properties that follow a known path, and have simple values, are read in one go. */
  #wantsNextOfLayout(frame: Frame): boolean {
    let { layout } = frame;
    let expected = layout.count === 0 ? frame.around.inner : layout.next;
    for (;;) {
      if (expected === undefined || !this.#skips(expected)) {
        expected = layout.count === 0 ? layout.next : layout.other;
        if (expected === undefined || !this.#skips(expected)) break;
      }
      if (layout.count === 0) frame.around.inner = expected;
      const value = this.#simpleValue();
      layout = expected;
      frame.layout = layout;
      if (typeof value === "symbol") return true;
      this.#values[this.#valuesCount++] = value;
      this.tokenAt = this.at;
      expected = layout.next;
    }
    const tag = this.tag(PROPERTY_OR_END);
    if (tag === TAG.END_OBJECT) {
      this.#expectCount(layout.count, "properties");
      return false;
    }
    const at = this.at - 1;
    const name = this.#nameOf(tag);
    const next = followed(layout, name);
    if (next) {
      if (layout.count === 0) frame.around.inner = next;
      frame.layout = next;
      return true;
    }
    this.#wantsNamed(frame, this.#giveTarget(frame, layout.count), name, at);
    return true;
  }

  /** Reads over a name, if it comes next. Within a word of the input's end it is not looked for, but read. */
  #skips({ words, bytes, mask }: Layout): boolean {
    const at = this.at;
    const last = words.length - 1;
    if (at + WORD_BYTES * words.length > this.end) return false;
    const view = this.view;
    for (let i = 0; i < last; i++) if (view.getInt32(at + WORD_BYTES * i, true) !== words[i]) return false;
    if ((view.getInt32(at + WORD_BYTES * last, true) & mask) !== words[last]) return false;
    this.at = at + bytes;
    return true;
  }

  #wantsProperty(frame: Frame): boolean {
    const tag = this.tag(PROPERTY_OR_END);
    if (tag !== frame.end) {
      const at = this.at - 1;
      this.#wantsNamed(frame, frame.target as object, this.#nameOf(tag), at);
      return true;
    }
    this.#expectCount(frame.count, "properties");
    if (frame.end === TAG.END_OBJECT) return false;
    this.#expectCount(frame.length, "elements");
    if ((frame.target as unknown[]).length !== frame.length) {
      throw this.malformed(this.at, `expected indices below ${frame.length}, the array's length`);
    }
    return false;
  }

  #wantsNamed(frame: Frame, target: object, name: string, at: number): void {
    if (Object.hasOwn(target, name)) {
      throw this.malformed(at, "expected a property's name that is not taken");
    }
    frame.key = name;
    frame.count++;
  }

  /** A property's name behind its tag: a string, or a number that becomes one. */
  #nameOf(tag: number): string {
    const at = this.at - 1;
    switch (tag) {
      case TAG.INT32:
        return String(this.zigzag());
      case TAG.UINT32:
        return String(this.varint());
      case TAG.DOUBLE:
        return String(this.double());
    }
    const name = this.stringOf(tag);
    if (name === undefined) throw this.unexpected(at, PROPERTY_OR_END);
    return name;
  }

  /** Elements that are simple values or holes are read in one go. */
  #wantsElement(frame: Frame): boolean {
    const array = frame.target as unknown[];
    const bytes = this.bytes;
    while (frame.index < frame.length) {
      const tag = this.at < this.end ? bytes[this.at] : undefined;
      if (tag === TAG.INT32) {
        this.#readIntegers(frame, array as number[]);
      } else if (tag === TAG.DOUBLE) {
        this.#readDoubles(frame, array as number[]);
      } else if (tag === TAG.HOLE) {
        frame.index++;
        if (array.length < frame.index) array.length = frame.index;
        this.at++;
      } else if (tag === TAG.PADDING) {
        this.at++;
      } else {
        const value = this.#valueAtOnce(frame);
        if (typeof value === "symbol") return true;
        array[frame.index++] = value;
      }
      this.tokenAt = this.at;
    }
    return this.#wantsProperty(frame);
  }

  #readIntegers(frame: Frame, array: number[]): void {
    const bytes = this.bytes;
    let at = this.at;
    let { index } = frame;
    while (index < frame.length && this.end - at >= INTEGER_BYTES_MAX && bytes[at] === TAG.INT32) {
      let number = 0;
      let shift = 0;
      let byte = 0x80;
      while (byte >= 0x80 && shift < 28) {
        byte = bytes[++at]!;
        number |= (byte & 0x7f) << shift;
        shift += 7;
      }
      if (byte >= 0x80) {
        // The fifth byte, if it is one, is for those who look more closely.
        at -= 4;
        break;
      }
      array[index++] = (number >>> 1) ^ -(number & 1);
      at++;
    }
    this.at = at;
    if (index === frame.index) array[index++] = this.#simpleValue() as number;
    frame.index = index;
  }

  /** As many doubles as there are. Their numbers go right into the array: an engine need not make objects of them. */
  #readDoubles(frame: Frame, array: number[]): void {
    const bytes = this.bytes;
    const view = this.view;
    let at = this.at;
    let { index } = frame;
    while (index < frame.length && this.end - at >= DOUBLE_BYTES && bytes[at] === TAG.DOUBLE) {
      array[index++] = view.getFloat64(at + 1, true);
      at += DOUBLE_BYTES;
    }
    if (index === frame.index) this.require(DOUBLE_BYTES, "a double and its tag");
    frame.index = index;
    this.at = at;
  }

  /** Keys and values that are simple values, or objects that are read at once, are read in one go. */
  #wantsEntry(frame: Frame): boolean {
    if (frame.end === TAG.END_MAP) this.#readEntries(frame, frame.target as Map<unknown, unknown>);
    else this.#readMembers(frame, frame.target as Set<unknown>);
    const expected = "a value, or the end of the collection";
    const tag = this.tag(expected);
    if (tag !== frame.end) {
      this.at--;
      return true;
    }
    if (frame.end === TAG.END_MAP && frame.index % 2 === 1)
      throw this.unexpected(this.at - 1, "the value of a key");
    this.#expectCount(frame.index, "values");
    return false;
  }

  #readEntries(frame: Frame, map: Map<unknown, unknown>): void {
    for (;;) {
      const value = this.#valueAtOnce(frame);
      if (typeof value === "symbol") return;
      if (frame.index++ % 2 === 0) frame.key = value;
      else mapSet.call(map, frame.key, value);
      this.tokenAt = this.at;
    }
  }

  #readMembers(frame: Frame, set: Set<unknown>): void {
    for (;;) {
      const value = this.#valueAtOnce(frame);
      if (typeof value === "symbol") return;
      setAdd.call(set, value);
      frame.index++;
      this.tokenAt = this.at;
    }
  }

  /** A value that holds no others, or an object that is read at once; or else, without reading on, a symbol. */
  #valueAtOnce(frame: Frame): unknown {
    const value = this.#simpleValue();
    if (value !== BEGUN || this.at >= this.end) return value;
    switch (this.bytes[this.at]) {
      case TAG.OBJECT: {
        if (!this.complete) return BEGUN;
        this.at++;
        const object = this.#quickObject(frame.around);
        if (object === GAVE_UP) this.at--;
        return object;
      }
      case TAG.DATE:
      case TAG.REGEXP:
      case TAG.BIGINT:
      case TAG.UINT32:
      case TAG.TWO_BYTE_STRING:
        return this.#value();
      default:
        return BEGUN;
    }
  }

  #expectCount(count: number, what: string): void {
    const at = this.at;
    const found = this.varint();
    if (found !== count) throw this.malformed(at, `expected ${count}, the count of ${what}, found ${found}`);
  }

  /** What an object has become, now that it is complete. */
  #close(frame: Frame): unknown {
    this.#depth--;
    const { target } = frame;
    frame.target = null;
    frame.key = undefined;
    if (frame.end !== TAG.END_OBJECT) {
      if (frame.end === ERROR_TAG.CAUSE) this.#openErrors--;
      return target;
    }
    this.#valuesCount = frame.from;
    if (target !== null) return target;
    const { layout } = frame;
    const object = make(layout, this.#values, frame.from);
    this.#objects.set(frame.number, object);
    this.#hasRead(frame.around, layout, this.#values, frame.from);
    return object;
  }

  // ---- objects that are read at once ----

  /** An object behind its tag; or, without reading on, GAVE_UP. */
  #quickObject(around: Layout): unknown {
    if (around.whole === undefined || this.at < this.#slowUntil || this.#depth > this.#quickFromDepthMax)
      return GAVE_UP;
    if (around.credit < 0) {
      around.credit += CREDIT_A_REFUSAL;
      return GAVE_UP;
    }
    const from = this.at;
    const objects = this.#objects.count;
    const elements = this.#elements;
    this.#quickDepth = 0;
    const object = this.#quickProperties(around);
    // What is left must suffice for the ends of all that has begun.
    if (object !== GAVE_UP && this.end - this.at >= 2 * this.#depth - this.#openErrors) {
      around.credit = Math.min(around.credit + this.at - from, CREDIT_MAX);
      return object;
    }
    around.credit = Math.max(around.credit - 2 * (this.at - from), -CREDIT_MAX);
    this.#slowUntil = this.at + 1;
    this.at = from;
    this.#objects.cut(objects);
    this.#elements = elements;
    return GAVE_UP;
  }

  #quickProperties(around: Layout): unknown {
    const read = around.whole?.reader;
    if (read !== undefined) return read(this, around);
    const number = this.begin();
    return number < 0 ? GAVE_UP : this.goOn(around, number, this.at, undefined, []);
  }

  /** The rest of an object, of which there are a layout and values so far. */
  goOn(around: Layout, number: number, at: number, begun: Layout | undefined, values: unknown[]): unknown {
    let layout = begun ?? rootLayout();
    this.at = at;
    for (;;) {
      let next = layout.count === 0 ? around.inner : layout.next;
      if (next === undefined || !this.#skips(next)) {
        next = layout.count === 0 ? layout.next : layout.other;
        if (next === undefined || !this.#skips(next)) break;
      }
      const value = this.quick(next);
      if (value === GAVE_UP) return GAVE_UP;
      values.push(value);
      layout = next;
    }
    const { bytes, end } = this;
    at = this.at;
    if (end - at < 2 || bytes[at] !== TAG.END_OBJECT || bytes[at + 1] !== layout.count) return GAVE_UP;
    this.at = at + 2;
    this.#hasRead(around, layout, values, 0);
    return this.made(number, make(layout, values, 0));
  }

  /** Notes the layout of an object. What is expected changes only when there were some of other layouts. */
  #hasRead(around: Layout, layout: Layout, values: readonly unknown[], from: number): void {
    if (around.whole !== layout && around.others++ % OTHERS_BEFORE_CHANGE === 0) around.whole = layout;
    if (++layout.reads === OBJECTS_BEFORE_READER) layout.reader = newObjectReader(layout, values, from);
  }

  /** Gives an object its number, before what is in it; less than 0 if there may be no more. */
  begin(): number {
    const number = this.#objects.count;
    if (number >= this.#objectsMax) return -1;
    this.#objects.add(UNMADE);
    return number;
  }

  made(number: number, object: object): object {
    this.#objects.set(number, object);
    return object;
  }

  /** Any value of which this knows the form; or GAVE_UP. */
  quick(around: Layout): unknown {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && bytes[at] === TAG.PADDING) at++;
    if (at >= end) return GAVE_UP;
    const tag = bytes[at]!;
    if (tag === TAG.ONE_BYTE_STRING && end - at > 1) {
      const length = bytes[at + 1]!;
      const from = at + 2;
      if (length < 0x80 && end - from >= length) {
        this.at = from + length;
        return this.oneByte(from, length);
      }
    }
    this.at = at + 1;
    switch (tag) {
      case TAG.OBJECT: {
        if (this.#quickDepth >= QUICK_DEPTH_MAX) return GAVE_UP;
        this.#quickDepth++;
        const object = this.#quickProperties(around);
        this.#quickDepth--;
        return object;
      }
      case TAG.ONE_BYTE_STRING:
      case TAG.TWO_BYTE_STRING:
        return this.#quickString(tag);
      case TAG.INT32: {
        const number = this.#quickVarint();
        return number < 0 ? GAVE_UP : (number >>> 1) ^ -(number & 1);
      }
      case TAG.DOUBLE:
        return end - this.at < 8 ? GAVE_UP : this.double();
      case TAG.NULL:
        return null;
      case TAG.TRUE:
        return true;
      case TAG.FALSE:
        return false;
      case TAG.UNDEFINED:
        return undefined;
      case TAG.DENSE_ARRAY:
        return this.#quickArray(around);
      case TAG.DATE: {
        const number = end - this.at < 8 ? -1 : this.begin();
        return number < 0 ? GAVE_UP : this.made(number, new Date(this.double()));
      }
      case TAG.BIGINT: {
        const bits = this.#quickVarint();
        if (bits < 0 || bits >>> 1 > Math.min(end - this.at, QUICK_DIGITS_BYTES_MAX)) return GAVE_UP;
        this.at = at + 1;
        return this.bigint();
      }
      case TAG.REFERENCE: {
        const number = this.#quickVarint();
        if (number < 0 || number >= this.#objects.count) return GAVE_UP;
        const object = this.#objects.get(number);
        // What is not made yet, or may be followed by a view of it, is for those who look more closely.
        return typeof object === "symbol" || object instanceof ArrayBuffer ? GAVE_UP : object;
      }
      default:
        return GAVE_UP;
    }
  }

  /** A number; less than 0 for what is none, or not all there. */
  #quickVarint(): number {
    const { bytes, end } = this;
    let at = this.at;
    let number = 0;
    for (let shift = 0; shift < 35 && at < end; shift += 7) {
      const byte = bytes[at++]!;
      if (shift === 28 && byte > 0x0f) break;
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return number >>> 0;
      }
    }
    return -1;
  }

  #quickString(tag: number): unknown {
    const length = this.#quickVarint();
    const { at } = this;
    if (length < 0 || length > this.end - at || length > QUICK_STRING_BYTES_MAX) return GAVE_UP;
    if (tag === TAG.TWO_BYTE_STRING) {
      if (length % 2 === 1) return GAVE_UP;
      this.at = at + length;
      return readTwoByte(this.bytes, at, at + length);
    }
    this.at = at + length;
    return this.oneByte(at, length);
  }

  #quickArray(around: Layout): unknown {
    const length = this.#quickVarint();
    if (length < 0 || this.#quickDepth >= QUICK_DEPTH_MAX || !this.#takesRoomFor(length)) return GAVE_UP;
    if (length > this.end - this.at) return GAVE_UP;
    const number = this.begin();
    if (number < 0) return GAVE_UP;
    const array = new Array(length);
    this.#quickDepth++;
    for (let i = 0; i < length; i++) {
      const value = this.quick(around);
      if (value === GAVE_UP) return GAVE_UP;
      array[i] = value;
    }
    this.#quickDepth--;
    const { at, bytes } = this;
    if (this.end - at < 3 || bytes[at] !== TAG.END_DENSE_ARRAY || bytes[at + 1] !== 0) return GAVE_UP;
    this.at = at + 2;
    return this.#quickVarint() === length ? this.made(number, array) : GAVE_UP;
  }

  // ---- objects that begin and end at once ----

  /**
   * Whether an array may have room for its elements before they come. All arrays together have room for as many as the
   * input has bytes, which is enough unless there are holes, or arrays inside each other that promise more than there is.
   */
  #takesRoomFor(length: number): boolean {
    if (!this.complete || this.#elements + length > this.end) return false;
    this.#elements += length;
    return true;
  }

  #sparseArray(): unknown {
    const length = this.varint();
    const array: unknown[] = [];
    // Engines take memory for all elements of an array that is not very long, those included that are holes. One that
    // was much longer before has its elements in a dictionary.
    if (length > SPARSE_LENGTH_MAX && !this.#takesRoomFor(length)) array.length = LENGTH_BEYOND_FAST;
    array.length = length;
    this.#open(array, TAG.END_SPARSE_ARRAY).length = length;
    return BEGUN;
  }

  #regexp(): RegExp {
    const at = this.at;
    const source = this.string("a pattern");
    const bits = this.varint();
    try {
      return new RegExp(source, flagsOf(bits));
    } catch {
      throw this.malformed(at, "expected a pattern and flags that this engine knows");
    }
  }

  #arrayBuffer(resizable: boolean): object {
    const at = this.at;
    const length = this.varint();
    if (!resizable) return this.#made(this.copy(length, "the bytes of an ArrayBuffer").buffer);
    const maxByteLength = this.varint();
    if (maxByteLength < length) {
      throw this.malformed(
        at,
        `expected ${length} bytes to be at most ${maxByteLength}, the greatest length`,
      );
    }
    if (this.#reservedBytes + maxByteLength > Math.min(this.bytesMax, RESERVED_BYTES_MAX)) {
      this.tooMany(Math.min(this.bytesMax, RESERVED_BYTES_MAX), "bytes that buffers may grow to");
    }
    const bytes = this.copy(length, "the bytes of an ArrayBuffer");
    let buffer: ArrayBuffer;
    try {
      buffer = new (ArrayBuffer as ResizableConstructor)(length, { maxByteLength });
    } catch {
      throw this.malformed(at, `expected a greatest length that this engine has, found ${maxByteLength}`);
    }
    new Uint8Array(buffer).set(bytes);
    this.#reservedBytes += maxByteLength;
    return this.#made(buffer);
  }

  /** A view stands behind its buffer, and takes its place as the value. */
  #viewOf(object: unknown, isNew: boolean): unknown {
    if (!(object instanceof ArrayBuffer)) return object;
    let at = this.at;
    while (at < this.end && this.bytes[at] === TAG.PADDING) at++;
    if (this.end - at < VIEW_BYTES_MAX && !this.complete) {
      if (isNew) {
        this.#objects.cut(this.#objects.count - 1);
        this.#reservedBytes -= reservedBytesOf(object);
      }
      this.needMore(at, VIEW_BYTES_MAX);
    }
    if (at === this.end || this.bytes[at] !== TAG.VIEW) return object;
    this.at = at + 1;
    const tag = this.byte("the kind of a view");
    const kind = VIEW_KINDS.find((kind) => kind.tag === tag);
    if (!kind) throw this.unexpected(at + 1, "the kind of a view");
    const offset = this.varint();
    const length = this.varint();
    const { byteLength } = object;
    if (offset > byteLength || length > byteLength - offset) {
      throw this.malformed(
        at,
        `expected a view within ${byteLength} bytes, found ${length} from ${offset} on`,
      );
    }
    if (offset % kind.elementBytes || length % kind.elementBytes) {
      throw this.malformed(
        at,
        `expected an offset and length of whole elements of ${kind.elementBytes} bytes`,
      );
    }
    let flags = 0;
    if (this.#hasViewFlags) flags = this.varint();
    else this.#sawViewWithoutFlags = true;
    const resizable = (object as { resizable?: boolean }).resizable ?? false;
    const tracking = (flags & VIEW_FLAG.LENGTH_TRACKING) !== 0;
    if (((flags & VIEW_FLAG.RESIZABLE) !== 0) !== resizable || (tracking && !resizable)) {
      throw this.malformed(at, "expected a view's flags to be those of its buffer");
    }
    const make = this.#viewConstructor(kind.name, at);
    const count = tracking ? undefined : length / kind.elementBytes;
    return this.#made(new make(object, offset, count));
  }

  #viewConstructor(name: string, at: number): ViewConstructor {
    const found = (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name];
    if (!found) throw this.malformed(at, `expected an engine with ${name}`);
    return found;
  }

  /** Node's views, and what an application made of its own objects. */
  #hostObject(): object {
    const at = this.at;
    const number = this.varint();
    const length = this.varint();
    if (number >= HOST_NUMBER_APPLICATION_MIN) {
      if (!this.#options.hostObject) {
        throw this.malformed(
          at,
          `expected no host object without the option hostObject, found kind ${number}`,
        );
      }
      const object: unknown = this.#options.hostObject(
        number,
        this.copy(length, "the bytes of a host object"),
      );
      if ((typeof object === "object" && object !== null) || typeof object === "function") return object;
      throw new TypeError(`hostObject: kind ${number} became no object`);
    }
    if (number === HOST_NUMBER_BUFFER) {
      const bytes = this.copy(length, "the bytes of a view");
      return NodeBuffer ? NodeBuffer.from(bytes.buffer) : bytes;
    }
    const kind = VIEW_KINDS.find(({ hostNumber }) => hostNumber === number);
    if (!kind) throw this.malformed(at, `expected the number of a kind of view, found ${number}`);
    if (length % kind.elementBytes) {
      throw this.malformed(
        at,
        `expected whole elements of ${kind.elementBytes} bytes, found ${length} bytes`,
      );
    }
    const { buffer } = this.copy(length, "the bytes of a view");
    return new (this.#viewConstructor(kind.name, at))(buffer);
  }

  // ---- errors as values ----

  #error(): unknown {
    let at = this.at;
    let tag = this.byte("a part of an error");
    const type = ERROR_CONSTRUCTORS.get(tag);
    if (type) {
      at = this.at;
      tag = this.byte("a part of an error");
    }
    let message: string | undefined;
    let stack: string | undefined;
    for (;;) {
      if (tag === ERROR_TAG.MESSAGE && message === undefined) message = this.string("a message");
      else if (tag === ERROR_TAG.STACK && stack === undefined) stack = this.string("a stack");
      else break;
      at = this.at;
      tag = this.byte("a part of an error");
    }
    if (tag !== ERROR_TAG.END && tag !== ERROR_TAG.CAUSE) throw this.unexpected(at, "a part of an error");
    const error = newError(type ?? Error, message, stack);
    if (tag === ERROR_TAG.END) return this.#made(error);
    this.#open(error, ERROR_TAG.CAUSE).count = stack === undefined ? 0 : 1;
    this.#openErrors++;
    return BEGUN;
  }

  /** Node 20 and older write the stack behind the cause. */
  #wantsRestOfError(frame: Frame): boolean {
    const at = this.at;
    let tag = this.byte("a part of an error");
    if (tag === ERROR_TAG.STACK && frame.count === 0) {
      const stack = this.string("a stack");
      tag = this.byte("the end of an error");
      if (tag === ERROR_TAG.END) setStack(frame.target as Error, stack);
    }
    if (tag !== ERROR_TAG.END) throw this.unexpected(at, "the end of an error");
    return false;
  }
}

type ViewConstructor = new (buffer: ArrayBuffer, offset?: number, length?: number) => ArrayBufferView;
type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

const PROPERTY_OR_END = "a property's name, or the end of the object";

/** With their tags. */
const DOUBLE_BYTES = 9;
const INTEGER_BYTES_MAX = 6;

const WORD_BYTES = 4;

/** A view's tag and kind, and three numbers. */
const VIEW_BYTES_MAX = 17;

const NodeBuffer = (globalThis as { Buffer?: { from(buffer: ArrayBuffer): Uint8Array } }).Buffer;

const FLAGS_KNOWN = REGEXP_FLAGS.reduce((known, [, bit]) => known | bit, 0);
const flagsOfBits = new Map<number, string>();

/** @throws SyntaxError for bits of no flag. */
function flagsOf(bits: number): string {
  const flags = flagsOfBits.get(bits);
  if (flags !== undefined) return flags;
  if (bits & ~FLAGS_KNOWN) throw new SyntaxError();
  const letters = REGEXP_FLAGS.filter(([, bit]) => bits & bit).map(([letter]) => letter);
  flagsOfBits.set(bits, letters.join(""));
  return letters.join("");
}

const mapSet = Map.prototype.set;
const setAdd = Set.prototype.add;

const ERROR_CONSTRUCTORS: ReadonlyMap<number, Constructor> = new Map([
  [ERROR_TAG.EVAL_ERROR, EvalError],
  [ERROR_TAG.RANGE_ERROR, RangeError],
  [ERROR_TAG.REFERENCE_ERROR, ReferenceError],
  [ERROR_TAG.SYNTAX_ERROR, SyntaxError],
  [ERROR_TAG.TYPE_ERROR, TypeError],
  [ERROR_TAG.URI_ERROR, URIError],
]);

/** What a buffer may grow to, if it may. */
function reservedBytesOf(buffer: ArrayBuffer & { resizable?: boolean; maxByteLength?: number }): number {
  return buffer.resizable ? buffer.maxByteLength! : 0;
}

/** A property as errors have them: not enumerable. */
function hidden(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: false, configurable: true };
}
