import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import util from "node:util";
import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { introspection } from "../../ts/host/introspection.ts";
import { createSerializer, type SerializeOptions } from "../../ts/web/serialize.ts";
import { VALUES } from "../suites/serializable.ts";
import { random } from "../support/core.ts";
import { parseGolden } from "./serialize-golden.ts";

const { serialize, serializeChunks, serializedSize, deserialize, deserializeChunks } = createSerializer(
  introspection(() => util),
);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const golden = (version: number) =>
  parseGolden(readFileSync(`test/vectors/serialize/version-${version}.txt`, "utf8"));

/** Each way of writing a value must give the same bytes. */
function bytesOf(value: () => unknown, options: SerializeOptions = {}): string {
  const bytes = hex(serialize(value(), options));
  const chunks = [...serializeChunks(value(), options)];
  assert.is(hex(Buffer.concat(chunks)), bytes, "in chunks");
  assert.is(serializedSize(value(), options), bytes.length / 2, "its size");
  return bytes;
}

test("every kind of value becomes the bytes of the golden file, and of this Node, and itself again", () => {
  const expected = golden(15);
  assert.equal([...expected.keys()], Object.keys(VALUES));
  for (const [name, value] of Object.entries(VALUES)) {
    const bytes = bytesOf(value);
    assert.is(bytes, hex(expected.get(name)!), name);
    assert.is(bytes, hex(v8.serialize(value())), `${name}: v8.serialize`);
    deepStrictEqual(deserialize(expected.get(name)!), v8.deserialize(Buffer.from(bytes, "hex")), name);
  }
});

test("forms of older versions are read as this Node reads them", () => {
  for (const version of [13, 14]) {
    for (const [name, bytes] of golden(version)) {
      const ours = deserialize(bytes);
      const theirs = readByV8(bytes);
      if (theirs) deepStrictEqual(ours, theirs.value, `${name}, version ${version}`);
      else assert.match(name, "cause");
    }
  }
});

/** Undefined where V8 refuses: from version 12 on, it reads no stack behind a cause, where it wrote it itself before. */
function readByV8(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: v8.deserialize(bytes) };
  } catch {
    return undefined;
  }
}

test("version 13 with the flags that some of its writers gave views already", () => {
  const bytes = Uint8Array.from([
    0xff, 0x0d, 0x41, 0x01, 0x42, 0x01, 0x07, 0x56, 0x42, 0x00, 0x01, 0x00, 0x24, 0x00, 0x01,
  ]);
  deepStrictEqual(deserialize(bytes), [new Uint8Array([7])]);
});

test("in version 13, too, an application makes each of its objects once", () => {
  // A host object, and a view of a resizable buffer with the flag that says so.
  const bytes = Uint8Array.from([
    ...[0xff, 0x0d, 0x41, 0x02, 0x5c, 0x10, 0x01, 0x2a],
    ...[0x7e, 0x01, 0x02, 0x07, 0x56, 0x42, 0x00, 0x01, 0x02, 0x24, 0x00, 0x02],
  ]);
  const made: number[] = [];
  const hostObject = (kind: number, [first]: Uint8Array) => {
    made.push(kind);
    return { first };
  };
  const [host, view] = deserialize(bytes, { hostObject }) as [object, Uint8Array];
  deepStrictEqual(host, { first: 0x2a });
  deepStrictEqual(view, new Uint8Array([7]));
  deepStrictEqual(made, [16]);
  assert.throws(
    () => deserialize(bytes.subarray(0, -1), { hostObject }),
    named("DataCloneError", /^byte 12: expected a view/),
  );
  deepStrictEqual(made, [16]);
});

// ---- generated graphs ----

/**
 * A graph whose bytes V8 has no choice about: by their names, properties hold integers, doubles, or neither, since
 * objects of one shape share how V8 stores their numbers.
 */
function graph(next: () => number): unknown {
  const below = (n: number) => Math.floor(next() * n);
  const made: object[] = [];
  const integer = () => Math.floor((next() - 0.5) * 2 ** below(33));
  // Never an integer of 32 bits, which V8 stores in either way.
  const double = () => (below(2 ** 20) + 0.5) * [1, -1, 1e-10, 1e300][below(4)]!;
  const text = () => {
    const units = Array.from({ length: below(10) ** 2 }, () => 32 + below([96, 224, 60_000][below(3)]!));
    return String.fromCharCode(...units);
  };
  const simple: (() => unknown)[] = [
    integer,
    text,
    () => null,
    () => undefined,
    () => next() < 0.5,
    () => BigInt(integer()) ** BigInt(below(12)),
  ];
  const any = (depth: number): unknown => {
    const choice = below(depth > 4 ? 7 : 18);
    if (choice < 6) return simple[choice]!();
    if (choice === 6 && made.length > 0) return made[below(made.length)];
    const keep = <T extends object>(object: T): T => {
      made.push(object);
      return object;
    };
    const count = below(6);
    switch (choice) {
      case 7: {
        // What is made where arrays are made takes over what compiled code has made of earlier ones, such as holes.
        const array = keep<unknown[]>(JSON.parse("[]"));
        for (let i = 0; i < count; i++) array.push(any(depth + 1));
        return array;
      }
      case 8:
        return keep(Array.from({ length: count }, double));
      case 9: {
        const map = keep(new Map());
        for (let i = 0; i < count; i++) map.set(any(depth + 1), any(depth + 1));
        return map;
      }
      case 10: {
        const set = keep(new Set());
        for (let i = 0; i < count; i++) set.add(any(depth + 1));
        return set;
      }
      case 11:
        return keep(new Date(integer()));
      case 12:
        return keep(new RegExp("a+".repeat(count), ["", "g", "imsu"][below(3)]));
      case 13:
        return keep(new Uint8Array(Array.from({ length: count }, integer)));
      case 14: {
        const error = keep(new RangeError(text()));
        error.stack = text();
        return error;
      }
      default: {
        const object = keep<Record<string, unknown>>({});
        for (let i = 0; i < count; i++) {
          const letter = "abcde日"[below(6)]!;
          const holds = below(6);
          if (holds === 0) object[`d${letter}`] = double();
          else if (holds === 1) object[below(5)] = text();
          else object[`p${letter}`] = any(depth + 1);
        }
        return object;
      }
    }
  };
  return any(0);
}

test("thousands of generated graphs become the bytes of v8.serialize, and are read alike by either", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  for (let i = 0; i < 4000; i++) {
    const where = `graph ${i} of seed ${seed}`;
    const value = graph(random(seed + i));
    const expected = v8.serialize(value);
    assert.is(hex(serialize(value)), expected.toString("hex"), where);
    assert.is(
      hex(Buffer.concat([...serializeChunks(value)])),
      expected.toString("hex"),
      `${where}, in chunks`,
    );
    assert.is(serializedSize(value), expected.length, where);
    const read = deserialize(expected);
    deepStrictEqual(read, v8.deserialize(expected), where);
    // References too are as they were: writing it again gives the same.
    const again = v8.deserialize(v8.serialize(read));
    deepStrictEqual(again, v8.deserialize(expected), where);
  }
});

test("what comes in chunks, however small, is read as what comes whole", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const next = random(seed);
  for (let i = 0; i < 300; i++) {
    const bytes = v8.serialize(graph(next));
    const chunks: Uint8Array[] = [];
    const longest = 1 + Math.floor(next() ** 3 * 200);
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + Math.floor(next() * longest);
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    deepStrictEqual(await deserializeChunks(chunks), v8.deserialize(bytes), `graph ${i} of seed ${seed}`);
  }
  async function* pieces() {
    yield new Uint8Array([0xff]);
    yield new Uint8Array(0);
    yield new Uint8Array([0x0f, 0x49]);
    yield new Uint8Array([0x54]);
  }
  assert.is(await deserializeChunks(pieces()), 42);
});

test("chunks are made as they are asked for, 64 KiB at most", () => {
  // Leaves a longer chunk for the next writer.
  serialize(new Array(100_000).fill(1));
  let wasRead = false;
  const value = [
    Array.from({ length: 100_000 }, (_, i) => i),
    {
      get last() {
        wasRead = true;
        return 1;
      },
    },
  ];
  const chunks = serializeChunks(value);
  const first = chunks.next().value!;
  assert.not(wasRead);
  const rest = [...chunks];
  assert.ok(wasRead);
  assert.ok([first, ...rest].every(({ length }) => length <= 64 * 1024));
  assert.is(Buffer.compare(Buffer.concat([first, ...rest]), serialize(value)), 0);
});

test("what is flat is written in chunks, too, as they are asked for", () => {
  const names = Array.from({ length: 50_000 }, (_, i) => `name ${i}`);
  const flat: [string, () => object][] = [
    ["an array", () => [...names]],
    ["a sparse array", () => Object.assign([], { 999999: 0 }, names)],
    ["an object", () => Object.fromEntries(names.map((name) => [name, name]))],
  ];
  for (const [what, make] of flat) {
    const value = make();
    let wasRead = false;
    const last = Object.keys(value).at(-1)!;
    Object.defineProperty(value, last, { enumerable: true, get: () => (wasRead = true) });
    const chunks = serializeChunks(value);
    assert.ok(chunks.next().value!.length <= 64 * 1024, what);
    assert.not(wasRead, what);
    assert.ok(
      [...chunks].every(({ length }) => length <= 64 * 1024),
      what,
    );
    assert.ok(wasRead, what);
  }
});

test("a long string or buffer that comes in chunks costs no more than its size", async () => {
  const value = { text: "x".repeat(3_000_000), bytes: new Uint8Array(3_000_000).fill(9), after: true };
  const chunks = [...serializeChunks(value)];
  const bytes = Buffer.concat(chunks);
  assert.is(Buffer.compare(bytes, v8.serialize(value)), 0);
  const small: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 1000) small.push(bytes.subarray(at, at + 1000));
  deepStrictEqual(await deserializeChunks(small), value);
});

// ---- what only order, depth or identity shows ----

test("a million arrays inside each other are written and read", () => {
  const depth = 1_000_000;
  let value: unknown[] = [];
  for (let i = 1; i < depth; i++) value = [value];
  const bytes = serialize(value);
  assert.is(bytes.length, 2 + 5 * depth);
  let read = deserialize(bytes) as unknown[];
  let found = 1;
  for (; read.length > 0; found++) read = read[0] as unknown[];
  assert.is(found, depth);
});

test("objects, Maps, Sets and causes may be as deep", () => {
  let value: unknown = null;
  for (let i = 0; i < 3000; i++) {
    const error = new Error("e", { cause: value });
    error.stack = "";
    value = { o: new Map([[new Set([error]), i]]), after: i };
  }
  assert.is(hex(serialize(deserialize(serialize(value)))), hex(serialize(value)));
});

test("getters run once, in order, and may change what follows", () => {
  const make = (log: string[]) => {
    const object = {
      get a() {
        log.push("a");
        return {
          get inner() {
            log.push("a.inner");
            return 1;
          },
        };
      },
      get b() {
        log.push("b");
        delete (object as { c?: unknown }).c;
        return 2;
      },
      c: 3,
      get d() {
        log.push("d");
        return undefined;
      },
    };
    return object;
  };
  const [ours, theirs]: [string[], string[]] = [[], []];
  assert.is(hex(serialize(make(ours))), v8.serialize(make(theirs)).toString("hex"));
  assert.equal(ours, ["a", "a.inner", "b", "d"]);
  assert.equal(ours, theirs);
});

test("an array that a getter shortens has holes; a Map is written as it was before", () => {
  const make = () => {
    const array: unknown[] = [1, 2, 3];
    array[0] = {
      get x() {
        array.length = 2;
        return 1;
      },
    };
    const map = new Map<unknown, unknown>([
      [
        "first",
        {
          get x() {
            map.clear();
            return 1;
          },
        },
      ],
      ["second", 2],
    ]);
    return [array, map];
  };
  assert.is(hex(serialize(make())), v8.serialize(make()).toString("hex"));
});

test("an array whose elements a getter takes away keeps its other properties", () => {
  const make = (length: number) => {
    const array: unknown[] = Array.from({ length }, (_, i) => i);
    array[0] = {
      get x() {
        delete array[2];
        return 1;
      },
    };
    return Object.assign(array, { first: 1, last: 2 });
  };
  const plain = createSerializer();
  for (const length of [3, 4, 300]) {
    const expected = v8.serialize(make(length)).toString("hex");
    assert.is(
      bytesOf(() => make(length)),
      expected,
    );
    assert.is(hex(plain.serialize(make(length))), expected);
  }
});

const VERSION = hex(v8.serialize(0)).slice(0, 4);

/**
 * What stands for an array behind the version, written out by the rule: V8 itself goes by how it happens to store one, and
 * may store integers as doubles, and doubles as anything.
 */
function written(array: readonly unknown[]): string {
  const out = new v8.Serializer();
  const tag = (letter: string) => out.writeRawBytes(Buffer.from(letter));
  const isInteger = (value: unknown) => Object.is((value as number) | 0, value);
  const areDoubles = array.every((value) => typeof value === "number") && !array.every(isInteger);
  tag("A");
  out.writeUint32(array.length);
  for (const value of array) {
    if (typeof value !== "number") {
      out.writeValue(value);
    } else if (areDoubles || !isInteger(value)) {
      tag("N");
      out.writeDouble(value);
    } else {
      tag("I");
      out.writeUint32(((value << 1) ^ (value >> 31)) >>> 0);
    }
  }
  const named = Object.entries(array).slice(array.length).flat();
  for (const each of named) out.writeValue(each);
  tag("$");
  out.writeUint32(named.length / 2);
  out.writeUint32(array.length);
  return out.releaseBuffer().toString("hex");
}

test("arrays that begin with numbers are doubles if they are numbers, and not all integers, wherever they become others", () => {
  const integer = (i: number) => (i % 3 === 0 ? ~i : i * 9973);
  const double = (i: number) => i + 0.5;
  const around = hex(v8.serialize({ before: "text", it: "array", after: 1 }));
  const [before, after] = around.split(hex(v8.serialize("array")).slice(VERSION.length)) as [string, string];
  // Below and above what is read at once, and what is kept for the next writer.
  for (const length of [1, 2, 5, 1024, 1025, 4096, 4097, 30_000]) {
    for (const at of new Set([0, length >> 1, Math.min(4096, length - 1), length - 1])) {
      const make = (others: (i: number) => unknown, one: unknown) =>
        Array.from({ length }, (_, i) => (i === at ? one : others(i)));
      const arrays: Record<string, unknown[]> = {
        integers: make(integer, 0),
        doubles: make(double, 0.25),
        "doubles, and an integer": make(double, 7),
        "integers, and a double": make(integer, 0.5),
        "integers, and -0": make(integer, -0),
        "integers, and NaN": make(integer, Number.NaN),
        "integers, and 2^31": make(integer, 2 ** 31),
        "integers, and a text": make(integer, "text"),
        "doubles, and an object": make(double, {}),
        "both, and null": make((i) => (i % 2 ? double(i) : integer(i)), null),
        "doubles, with a property": Object.assign(make(double, 1.5), { other: at }),
      };
      for (const [name, array] of Object.entries(arrays)) {
        const expected = written(array);
        const bytes = serialize(array);
        assert.ok(hex(bytes) === VERSION + expected, `${length} ${name} at ${at}`);
        assert.is(bytes.buffer.byteLength, bytes.length);
        deepStrictEqual(v8.deserialize(bytes), array);
        const inside = bytesOf(() => ({ before: "text", it: array, after: 1 }));
        assert.ok(inside === before + expected + after, `${length} ${name} at ${at}, inside`);
      }
    }
  }
});

test("getters among numbers run once, and may change the array", () => {
  for (const length of [10, 5000, 30_000]) {
    for (const at of [0, 3, Math.min(4095, length - 1), Math.min(4096, length - 1), length - 1]) {
      for (const first of [1, 1.5]) {
        for (const value of [2, 2.5, "text"]) {
          let times = 0;
          const array: unknown[] = Array.from({ length }, (_, i) => i + first);
          const get = () => {
            times++;
            array.length = Math.min(at + 2, length);
            return value;
          };
          Object.defineProperty(array, at, { get, enumerable: true, configurable: true });
          const read = deserialize(serialize(array)) as unknown[];
          assert.is(times, 1);
          assert.is(read.length, length);
          assert.is(read[at], value);
          if (at > 0) assert.is(read[at - 1], at - 1 + first);
          if (at + 1 < length) assert.is(read[at + 1], at + 1 + first);
          assert.is(at + 2 in read, false);
        }
      }
    }
  }
});

test("what throws among numbers leaves nothing to the next value", () => {
  for (const first of [1, 1.5]) {
    const array = Array.from({ length: 3000 }, (_, i) => i + first);
    const get = () => {
      throw new RangeError("mine");
    };
    Object.defineProperty(array, 2999, { get, enumerable: true });
    assert.throws(() => serialize(array), named("RangeError", /mine/));
    const fresh = [1, 2.5, "x"];
    assert.is(hex(serialize(fresh)), VERSION + written(fresh));
  }
});

test("a kind is what an object is, whatever it says, and whatever it inherits from", () => {
  const tagged = (object: object, tag: string) =>
    Object.defineProperty(object, Symbol.toStringTag, { value: tag });
  const makers: (() => object)[] = [
    ...["Date", "RegExp", "Error", "Number", "Map", "Object", "x"].flatMap((tag) => [
      () => tagged({ a: 1 }, tag),
      () => tagged(new Date(5), tag),
      () => tagged(/a/g, tag),
      () => tagged(Object(5) as object, tag),
      () => tagged(new Map([[1, 2]]), tag),
    ]),
    () => Object.setPrototypeOf(new Date(5), null) as object,
    () => Object.setPrototypeOf(/a/, Date.prototype) as object,
    () => Object.create(Date.prototype) as object,
    () => Object.create(RegExp.prototype, { own: { value: 1, enumerable: true } }) as object,
    () => Object.create(Number.prototype) as object,
    // A tag that is gone once it has been asked for.
    ...["Date", "RegExp", "Error", "Boolean", "Number", "String"].map((tag) => () => {
      const get = () => Reflect.deleteProperty(object, Symbol.toStringTag) && tag;
      const object = Object.defineProperty({ a: 1 }, Symbol.toStringTag, { get, configurable: true });
      return object;
    }),
  ];
  for (const [at, make] of makers.entries()) {
    assert.is(bytesOf(make), v8.serialize(make()).toString("hex"), `maker ${at}`);
  }
});

test("objects of other realms are as those of this one", () => {
  for (const code of [
    "new ArrayBuffer(3)",
    "new DataView(new ArrayBuffer(3))",
    "new Uint8Array(3)",
    "new Map",
  ]) {
    const make = () => runInNewContext(code) as unknown;
    assert.is(bytesOf(make), v8.serialize(make()).toString("hex"), code);
  }
  assert.is(
    bytesOf(() => runInNewContext("new ArrayBuffer(1)"), { views: "shared" }),
    "ff0f420100",
  );
});

test("a view is as long as its bytes, whatever its class says from one time to the next", () => {
  let times = 0;
  const unsteady = Object.defineProperty(new Uint8Array(8), "byteLength", {
    get: () => (++times % 2 === 0 ? 5 : 3),
  });
  const read = deserialize(serialize(unsteady));
  assert.instance(read, Uint8Array);
});

test("an error whose message or name is a symbol is refused, as by V8", () => {
  for (const property of ["message", "name"]) {
    const error = Object.defineProperty(new Error(), property, { value: Symbol("s") });
    error.stack = "";
    assert.throws(() => v8.serialize(error), named("TypeError", /Symbol/));
    assert.throws(() => serialize(error), named("TypeError", /ymbol/));
  }
});

test("errors are read where stacks may not be limited", () => {
  const bytes = serialize(new RangeError("e"));
  const before = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")!;
  Object.defineProperty(Error, "stackTraceLimit", { ...before, writable: false });
  try {
    deepStrictEqual(deserialize(bytes), v8.deserialize(bytes));
  } finally {
    Object.defineProperty(Error, "stackTraceLimit", before);
  }
});

test("what a getter throws is thrown, and the next value is written as ever", () => {
  const thrown = new Error("mine");
  const value = {
    get x() {
      throw thrown;
    },
  };
  for (const write of [serialize, serializedSize, (v: unknown) => [...serializeChunks(v)]]) {
    try {
      write([value]);
      assert.unreachable();
    } catch (error) {
      assert.is(error, thrown);
    }
  }
  assert.is(hex(serialize([1])), "ff0f410149022400" + "01");
});

test("names that prototypes have become own properties, and prototypes stay as they are", () => {
  const value = JSON.parse('{"a": {"__proto__": {"polluted": 1}, "constructor": 2, "hasOwnProperty": 3}}');
  const read = deserialize(v8.serialize(value)) as { a: object };
  assert.equal(Object.keys(read.a), ["__proto__", "constructor", "hasOwnProperty"]);
  assert.is(Object.getPrototypeOf(read.a), Object.prototype);
  assert.is(({} as { polluted?: unknown }).polluted, undefined);
});

test("names that prototypes are given later, of shapes that are known, become own properties too", () => {
  const inItself = { later: 1, self: undefined as unknown };
  inItself.self = inItself;
  const values = [inItself, { later: 1, ["long".repeat(20)]: 2 }, { later: 1, other: { later: 2 } }];
  const bytes = values.map((value) => v8.serialize(value));
  const read = () => bytes.map((bytes) => deserialize(bytes));
  read();
  let result: unknown[] = [];
  const descriptors: PropertyDescriptor[] = [{ set: assert.unreachable }, { value: 5, writable: false }];
  for (const descriptor of descriptors) {
    Object.defineProperty(Object.prototype, "later", { ...descriptor, configurable: true });
    try {
      result = read();
    } finally {
      Reflect.deleteProperty(Object.prototype, "later");
    }
    deepStrictEqual(result, values);
  }
});

test("objects of a shape that is frequent are as those that are rare", () => {
  const value = Array.from({ length: 300 }, (_, i) => ({
    id: i,
    "a b": `${i}`,
    "é'\"\\\u2028": null,
    list: [i],
  }));
  deepStrictEqual(deserialize(serialize(value)), value);
});

test("a property is the same wherever in a chunk it stands, whatever its name's length and its value's", () => {
  const short = "x".repeat(23);
  const shorts = [
    "",
    short,
    `${short}\xff`,
    `${short}\u0100`,
    `\u0100${short}`,
    `${short}xy`,
    `${short}\u4e2d\u6587`,
  ];
  for (const length of [1, 2, 3, 4, 5, 6, 63, 64, 65]) {
    const name = "n".repeat(length);
    for (const value of [...shorts, 0, -1, 2 ** 30, 0.5, null, true, 7n, [], { [name]: 1 }, undefined]) {
      const object = { [name]: value, after: value, [length]: value };
      assert.is(Buffer.compare(serialize(object), v8.serialize(object)), 0, `${length}, ${String(value)}`);
    }
  }
  // The first chunk is of 16 KiB.
  for (let before = 16_384 - 140; before <= 16_384; before++) {
    const value = {
      before: "b".repeat(before),
      ["n".repeat(64)]: `${short}\xff`,
      next: `\u0100${short}`,
      last: 0.5,
    };
    const expected = v8.serialize(value);
    assert.is(Buffer.compare(serialize(value), expected), 0, `${before}`);
    assert.is(Buffer.compare(Buffer.concat([...serializeChunks(value)]), expected), 0, `${before}`);
    assert.is(serializedSize(value), expected.length, `${before}`);
  }
});

test("long arrays have their other properties too, with the engine's help and without", () => {
  const plain = createSerializer();
  for (const element of [1, 1.5, "s", {}]) {
    const make = () => Array.from({ length: 1000 }, () => element);
    for (const value of [make(), Object.assign(make(), { x: 1, y: 2 })]) {
      const expected = v8.serialize(value);
      assert.is(Buffer.compare(serialize(value), expected), 0);
      assert.is(Buffer.compare(plain.serialize(value), expected), 0);
      deepStrictEqual(deserialize(expected), v8.deserialize(expected));
    }
  }
});

// ---- options ----

test("with shared views, the bytes are those of V8's own Serializer, and buffers stay shared", () => {
  const resizable = new (ArrayBuffer as unknown as ResizableConstructor)(8, { maxByteLength: 16 });
  const value = [
    new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
    resizable,
    new Uint8Array(resizable, 2, 2),
    new Uint16Array(resizable),
    new DataView(resizable, 1),
    new Float64Array(0),
  ];
  const serializer = new v8.Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  const bytes = bytesOf(() => value, { views: "shared" });
  assert.is(bytes, serializer.releaseBuffer().toString("hex"));
  const [part, buffer, fixed, tracking, view] = deserialize(Buffer.from(bytes, "hex")) as [
    Uint8Array,
    typeof resizable,
    Uint8Array,
    Uint16Array,
    DataView,
  ];
  assert.equal([...part], [2, 3]);
  assert.is(part.buffer.byteLength, 4);
  assert.ok([fixed, tracking, view].every((view) => view.buffer === buffer));
  buffer.resize(12);
  assert.equal([fixed.length, tracking.length, view.byteLength], [2, 6, 11]);
  assert.is(resizable.byteLength, 8);
});

type Resizable = ArrayBuffer & { resize(length: number): void };
type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => Resizable;

test("an application's own objects are what hostObject makes of them, both ways", () => {
  class Point {
    readonly x: number;
    constructor(x: number) {
      this.x = x;
    }
  }
  const point = new Point(7);
  const options: SerializeOptions = {
    hostObject: (object) => (object instanceof Point ? { kind: 20, bytes: serialize(object.x) } : undefined),
  };
  const bytes = Buffer.from(
    bytesOf(() => [point, { point }, new Map([[point, 1]])], options),
    "hex",
  );
  const read = deserialize(bytes, {
    hostObject: (kind, bytes) => {
      assert.is(kind, 20);
      return new Point(deserialize(bytes) as number);
    },
  }) as [Point, { point: Point }, Map<Point, number>];
  assert.instance(read[0], Point);
  assert.is(read[0].x, 7);
  assert.is(read[1].point, read[0]);
  assert.ok(read[2].has(read[0]));
  assert.throws(() => deserialize(bytes), named("DataCloneError", /hostObject, found kind 20/));
  assert.throws(() => deserialize(bytes, { hostObject: () => 1 as never }), /became no object/);
  assert.throws(
    () => serialize({}, { hostObject: () => ({ kind: 3, bytes: new Uint8Array() }) }),
    named("RangeError", /kind is 3/),
  );
});

test("a view of more bytes than the format has numbers for is refused", () => {
  let view: Uint8Array;
  try {
    view = new Uint8Array(2 ** 32); // Which takes no memory until something is written into it.
  } catch {
    return; // It would take more than there is.
  }
  assert.throws(() => serializedSize([view]), named("DataCloneError", /\[0\]/));
});

test("what hostObject gives is as long as its bytes, whatever it says; it is called as the options' own", () => {
  const kind = 16;
  const given = (bytes: unknown) => ({ hostObject: () => ({ kind, bytes: bytes as Uint8Array }) });
  class Lying extends Uint8Array {
    override get length(): number {
      return 2_000_000;
    }
  }
  for (const bytes of [
    new Lying(4),
    Object.defineProperty(new Uint8Array(4), "length", { value: 300_000 }),
  ]) {
    assert.is(
      bytesOf(() => ({}), given(bytes)),
      bytesOf(() => ({}), given(new Uint8Array(4))),
    );
  }
  const none = [undefined, "abc", 5, [1, 2], { length: 300_000 }, new ArrayBuffer(4), new Uint16Array(4)];
  for (const bytes of none) {
    assert.throws(() => serialize({}, given(bytes)), named("TypeError", /bytes is not a Uint8Array/));
  }
  const options = {
    seen: [] as boolean[],
    hostObject(this: unknown) {
      options.seen.push(this === options);
      return undefined;
    },
  };
  bytesOf(() => [{}, new Map([[{}, 1]])], options);
  assert.ok(options.seen.length > 0);
  for (const seen of options.seen) assert.is(seen, true);
});

// ---- refusals ----

const named = (name: string, message: RegExp) => (error: Error) => {
  assert.is(error.name, name);
  assert.match(error.message, message);
  return true;
};

test("what cannot be carried is a DataCloneError that says what it is, and where", () => {
  const detached = new ArrayBuffer(4);
  structuredClone(detached, { transfer: [detached] });
  const cases: [unknown, RegExp][] = [
    [() => 1, /^a function cannot be serialized$/],
    [{ users: [1, { onClick() {} }] }, /^a function cannot be serialized at \.users\[1\]\.onClick$/],
    [{ "a b": Symbol("s") }, /^a symbol cannot be serialized at \["a b"\]$/],
    [new Map([[1, new WeakMap()]]), /^a WeakMap cannot be serialized at \[1\]$/],
    [new Set([Promise.resolve()]), /^a Promise cannot be serialized at \[0\]$/],
    [new Error("e", { cause: [new WeakRef({})] }), /^a WeakRef cannot be serialized at \.cause\[0\]$/],
    [{ p: new Proxy([], {}) }, /^a Proxy cannot be serialized at \.p$/],
    [Object(Symbol("s")), /Symbol/],
    [new WeakSet(), /WeakSet/],
    [[].values(), /Array Iterator/],
    [(function* () {})(), /Generator/],
    [new SharedArrayBuffer(1), /SharedArrayBuffer/],
    [detached, /detached/],
  ];
  for (const [value, message] of cases) {
    for (const write of [serialize, serializedSize, (v: unknown) => [...serializeChunks(v)]]) {
      assert.throws(() => write(value), named("DataCloneError", message));
    }
  }
  let deep: unknown = () => {};
  for (let i = 0; i < 1000; i++) deep = [deep];
  assert.throws(() => serialize(deep), named("DataCloneError", /at (\[0\]){16}\.\.\.$/));
});

test("objects that only look built in are plain, as in V8", () => {
  for (const value of [
    Object.create(Map.prototype),
    Object.create(Date.prototype),
    Object.create(Error.prototype),
    { [Symbol.toStringTag]: "Map", a: 1 },
    { [Symbol.toStringTag]: "Module", a: 1 },
    { [Symbol.toStringTag]: "Array Iterator", a: 1 },
    new (class Point {
      x = 1;
    })(),
  ]) {
    assert.is(hex(serialize(value)), v8.serialize(value).toString("hex"));
  }
  const tagged = Object.defineProperty(new Map([[1, 2]]), Symbol.toStringTag, { value: "Point" });
  assert.is(hex(serialize(tagged)), v8.serialize(tagged).toString("hex"));
});

test.run();
