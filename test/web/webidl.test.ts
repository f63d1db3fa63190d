import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  arrayBufferView,
  asyncSequence,
  boolean,
  bufferSource,
  bytesOf,
  type Conversion,
  DOMString,
  dictionary,
  enumeration,
  heldBytes,
  requireArguments,
  sequence,
  stillHeld,
  syncSequence,
  unsignedLong,
} from "../../ts/web/webidl.ts";

const refuses = (conversion: Conversion<unknown>, value: unknown, message: RegExp) =>
  assert.throws(
    () => conversion(value, "operation: argument"),
    (error: Error) =>
      error instanceof TypeError &&
      error.message.startsWith("operation: argument") &&
      message.test(error.message),
  );
const ResizableBuffer = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;

test("unsigned long with [EnforceRange]: truncated, never wrapped", () => {
  const values: [unknown, number][] = [
    [0, 0],
    [-0, 0],
    [0.9, 0],
    [-0.9, 0],
    [1.5, 1],
    [2 ** 32 - 1, 2 ** 32 - 1],
    [2 ** 32 - 0.5, 2 ** 32 - 1],
    ["7", 7],
    [" 0x10 ", 16],
    ["", 0],
    [null, 0],
    [true, 1],
    [[], 0],
    [[5], 5],
    [{ valueOf: () => 8 }, 8],
  ];
  for (const [value, expected] of values) {
    assert.ok(Object.is(unsignedLong(value, "x"), expected), String(value));
  }
  for (const value of [-1, 2 ** 32, Number.NaN, Infinity, -Infinity, undefined, "seven", {}]) {
    refuses(unsignedLong, value, /outside the range 0 to 4294967295/);
  }
  refuses(unsignedLong, 5n, /a BigInt/);
  refuses(unsignedLong, Symbol("5"), /a symbol/);
});

test("DOMString and boolean convert as the language does; symbols are no strings", () => {
  assert.is(DOMString(undefined, "x"), "undefined");
  assert.is(DOMString(null, "x"), "null");
  assert.is(DOMString(1n, "x"), "1");
  assert.is(DOMString({ toString: () => "a" }, "x"), "a");
  assert.is(DOMString("\ud800", "x"), "\ud800");
  refuses(DOMString, Symbol("a"), /symbol/);
  for (const value of [0, "", null, undefined, Number.NaN, 0n]) assert.is(boolean(value, "x"), false);
  for (const value of [1, "false", {}, [], Symbol("a"), 1n]) assert.is(boolean(value, "x"), true);
});

test("an enumeration takes its values alone, as strings", () => {
  const colour = enumeration("Colour", ["red", "green"]);
  assert.is(colour("red", "x"), "red");
  assert.is(colour({ toString: () => "green" }, "x"), "green");
  refuses(colour, "Red", /"Red" is no Colour; one of red, green is/);
  refuses(colour, "", /""/);
  refuses(colour, undefined, /"undefined"/);
  refuses(colour, "toString", /toString/);
});

test("a sequence is any iterable object, opened once, its items converted in turn", () => {
  const numbers = sequence(unsignedLong);
  assert.equal(numbers([1, "2"], "x"), [1, 2]);
  assert.equal(numbers(new Set([3]), "x"), [3]);
  assert.equal(
    numbers(
      Object.assign(() => 0, {
        *[Symbol.iterator]() {
          yield 4;
        },
      }),
      "x",
    ),
    [4],
  );
  for (const value of ["12", 5, null, undefined, {}, { length: 1, 0: 1 }, { [Symbol.iterator]: null }]) {
    refuses(numbers, value, /not an iterable object/);
  }
  refuses(numbers, { [Symbol.iterator]: 5 }, /is no function/);
  let lookups = 0;
  const counted = {
    get [Symbol.iterator]() {
      lookups++;
      return [6][Symbol.iterator].bind([6]);
    },
  };
  assert.equal(numbers(counted, "x"), [6]);
  assert.is(lookups, 1);
  assert.throws(() => numbers([1, -1], "op: list"), /^op: list\[1\] is -1/);
});

test("a sequence that is an array is read step by step as its iterator reads it", () => {
  const texts = sequence(DOMString);
  for (const length of [undefined, 0, 2, 2.5, 4, -1, "2", null, Number.NaN]) {
    const logOf = (read: (list: string[]) => string[]) => {
      const log: unknown[] = [];
      const list = new Proxy(["a", "b", "c"], {
        get: (target, name) => {
          log.push(name);
          return name === "length" && length !== undefined ? length : Reflect.get(target, name);
        },
      });
      log.push(read(list));
      return log;
    };
    assert.equal(
      logOf((list) => texts(list, "x")),
      logOf((list) => Array.from({ [Symbol.iterator]: list[Symbol.iterator].bind(list) }, String)),
      String(length),
    );
  }
  for (const [length, message] of [
    [2n, /BigInt/],
    [Symbol("a"), /Symbol/],
  ] as const) {
    const list = new Proxy([], { get: (_, name) => (name === "length" ? length : Reflect.get([], name)) });
    assert.throws(() => texts(list, "x"), message);
  }
  const growing: unknown[] = [];
  const last = { toString: () => "last" };
  const first = () => {
    growing.push(last);
    return "first";
  };
  growing.push({ toString: first });
  assert.equal(texts(growing, "x"), ["first", "last"]);
  assert.equal(texts(new Array(2), "x"), ["undefined", "undefined"]);
  const odd = Object.assign(["a"], { [Symbol.iterator]: () => ["z"].values() });
  assert.equal(texts(odd, "x"), ["z"]);
});

test("a dictionary reads a parent's members first, then its own, in lexicographical order, and no others", () => {
  const log: string[] = [];
  const Point = dictionary<{ b?: string; y: number; x?: number }>(
    "Point",
    [{ name: "b", type: DOMString }],
    [
      { name: "y", type: unsignedLong, required: true },
      { name: "x", type: unsignedLong },
    ],
  );
  const given = new Proxy(
    { a: 1, b: "B", x: 2, y: 3, z: 4 },
    {
      get: (target, name) => {
        log.push(String(name));
        return Reflect.get(target, name);
      },
    },
  );
  assert.equal({ ...Point(given, "x") }, { b: "B", x: 2, y: 3 });
  assert.equal(log, ["b", "x", "y"]);
  assert.equal({ ...Point(Object.create({ y: 1 }), "x") }, { y: 1 });
  const callable = Object.assign(() => 0, { y: 2, x: undefined });
  assert.equal({ ...Point(callable, "x") }, { y: 2 });
  refuses(Point, {}, /argument\.y is missing \(Point requires it\)/);
  refuses(Point, null, /argument\.y is missing/);
  refuses(Point, undefined, /argument\.y is missing/);
  refuses(Point, { y: -1 }, /argument\.y is -1/);
  for (const value of [5, "text", true, 1n, Symbol("a")]) refuses(Point, value, /not an object/);
});

test("what scripts put on Object.prototype adds no members to a dictionary, and sees none", () => {
  const Point = dictionary<{ x?: number; y?: number }>("Point", [
    { name: "x", type: unsignedLong },
    { name: "y", type: unsignedLong },
  ]);
  const seen: unknown[] = [];
  Object.defineProperties(Object.prototype, {
    x: { configurable: true, set: (value) => seen.push(value) },
    y: { configurable: true, value: 2 },
  });
  try {
    const { x, y } = Point({ __proto__: null, x: 1 }, "x");
    assert.equal([x, y, seen], [1, undefined, []]);
  } finally {
    Reflect.deleteProperty(Object.prototype, "x");
    Reflect.deleteProperty(Object.prototype, "y");
  }
});

test("a buffer source is an ArrayBuffer or a view, of any realm, neither shared nor resizable", () => {
  const foreign = runInNewContext("new ArrayBuffer(4)") as ArrayBuffer;
  const foreignView = runInNewContext("new Uint8Array(4)") as Uint8Array;
  for (const value of [
    new ArrayBuffer(2),
    foreign,
    foreignView,
    new DataView(foreign),
    new Float64Array(2),
    Buffer.from("a"),
  ]) {
    assert.is(bufferSource(value, "x"), value);
  }
  const resizable = new ResizableBuffer(4, { maxByteLength: 8 });
  for (const value of [resizable, new Uint8Array(resizable), new DataView(resizable)])
    refuses(bufferSource, value, /resizable/);
  const shared = new SharedArrayBuffer(4);
  for (const value of [new Uint8Array(shared), new DataView(shared)])
    refuses(bufferSource, value, /SharedArrayBuffer/);
  for (const value of [
    shared,
    {},
    [],
    "text",
    5,
    null,
    undefined,
    Object.create(Uint8Array.prototype),
    new Proxy(new Uint8Array(1), {}),
  ]) {
    refuses(bufferSource, value, /not an ArrayBuffer or a view of one/);
  }
  refuses(arrayBufferView, new ArrayBuffer(2), /not a view/);
});

test("bytesOf sees the bytes of the view, in place; none of a detached one", () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.equal([...bytesOf(new Uint16Array(buffer, 2, 2))], [3, 4, 5, 6]);
  assert.equal([...bytesOf(new DataView(buffer, 5))], [6, 7, 8]);
  assert.equal([...bytesOf(new DataView(buffer, 8))], []);
  assert.equal([...bytesOf(buffer)], [1, 2, 3, 4, 5, 6, 7, 8]);
  const view = new Uint8Array(buffer, 1, 2);
  bytesOf(view)[0] = 9;
  assert.is(view[0], 9);
  const views = [view, new DataView(buffer, 1), buffer];
  structuredClone(buffer, { transfer: [buffer] });
  for (const each of views) {
    assert.is(bufferSource(each, "x"), each);
    assert.is(bytesOf(each).length, 0);
  }
});

test("bytes held since the conversion are those of the view, in place; none once its buffer is detached", () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const other = Uint8Array.of(9).buffer;
  const views = [
    buffer,
    new Uint16Array(buffer, 2, 2),
    new DataView(buffer, 5),
    new Float64Array(buffer),
    Buffer.from(other),
  ];
  const held = views.map((view) => heldBytes(view, "x"));
  assert.equal(
    held.map((bytes) => stillHeld(bytes).length),
    [8, 4, 3, 8, 1],
  );
  assert.equal([...held[1]!], [3, 4, 5, 6]);
  new Uint8Array(buffer)[2] = 7;
  assert.is(held[1]![0], 7);
  structuredClone(buffer, { transfer: [buffer] });
  assert.equal(
    held.map((bytes) => stillHeld(bytes).length),
    [0, 0, 0, 0, 1],
  );
  for (const view of [new Uint8Array(0), ...views.slice(0, 4)]) assert.is(heldBytes(view, "x").length, 0);
  const resizable = new ResizableBuffer(4, { maxByteLength: 8 });
  for (const value of [resizable, new Uint8Array(resizable), new DataView(resizable)])
    refuses(heldBytes, value, /resizable/);
  refuses(heldBytes, new Uint8Array(new SharedArrayBuffer(4)), /SharedArrayBuffer/);
  for (const value of [{}, "text", null, undefined, Object.create(Uint8Array.prototype)])
    refuses(heldBytes, value, /not an ArrayBuffer or a view of one/);
  const shadowed = Object.defineProperty(Uint8Array.of(1, 2), "length", { value: 1 });
  assert.is(heldBytes(shadowed, "x").length, 2);
});

test("an async sequence prefers the async iterator, and ends an iterator that is left early", async () => {
  const log: string[] = [];
  const source = (name: string) => ({
    next: () => ({ done: false, value: name }),
    return: () => {
      log.push(`${name} ended`);
      return { done: true, value: undefined };
    },
  });
  const both = { [Symbol.asyncIterator]: () => source("async"), [Symbol.iterator]: () => source("sync") };
  for await (const value of asyncSequence(both, "x")!.open()) {
    log.push(String(value));
    break;
  }
  for (const value of syncSequence(both, "x")!.open()) {
    log.push(String(value));
    break;
  }
  for await (const value of asyncSequence({ ...both, [Symbol.asyncIterator]: null }, "x")!.open()) {
    log.push(String(value));
    break;
  }
  assert.equal(log, ["async", "async ended", "sync", "sync ended", "sync", "sync ended"]);
  assert.is(asyncSequence({}, "x"), undefined);
  assert.throws(
    () => asyncSequence({ [Symbol.asyncIterator]: 5 }, "op: data"),
    /^op: data: .*is no function/,
  );
});

test("too few arguments are counted in words", () => {
  assert.throws(() => requireArguments(0, 1, "op"), "op: 1 argument required, but only 0 given");
  assert.throws(() => requireArguments(2, 3, "op"), "op: 3 arguments required, but only 2 given");
  requireArguments(3, 3, "op");
  requireArguments(4, 3, "op");
});

test.run();
