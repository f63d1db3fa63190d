import { deepStrictEqual } from "node:assert";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import v8 from "node:v8";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SerializedError, scanSerialized } from "../../ts/core/clone.ts";
import { TAG } from "../../ts/web/serialize/format.ts";
import { createSerializer } from "../../ts/web/serialize.ts";
import { makeCore, random } from "../support/core.ts";
import { parseGolden } from "./serialize-golden.ts";

const { serialize, deserialize, deserializeChunks } = createSerializer();

const inputs = [13, 14, 15].flatMap((version) => [
  ...parseGolden(readFileSync(`test/vectors/serialize/version-${version}.txt`, "utf8")),
]);

// Most of the time of an error goes into its stack, at which nobody looks here.
Error.stackTraceLimit = 0;

type Outcome = { value: unknown } | { error: Error };

/** What comes of an input; anything but a value or one of the two errors that are promised fails the test. */
function outcomeOf(bytes: Uint8Array, where: () => string): Outcome {
  try {
    return { value: deserialize(bytes) };
  } catch (error) {
    const { name, message } = error as Error;
    const isPromised = name === "DataCloneError" || (name === "RangeError" && /may grow to/.test(message));
    if (!isPromised || !/^byte \d+: /.test(message)) {
      throw new Error(`${where()}: ${name}: ${message}`);
    }
    return { error: error as Error };
  }
}

test("no golden input that is cut is a value, nor one that goes on", () => {
  for (const [name, bytes] of inputs) {
    for (let length = 0; length < bytes.length; length++) {
      const outcome = outcomeOf(bytes.subarray(0, length), () => `${name}, ${length} bytes`);
      // A buffer without the view behind it is a value too.
      const whole = "value" in outcome && !(outcome.value instanceof ArrayBuffer);
      assert.not(whole, `${name}, ${length} bytes`);
    }
    const longer = new Uint8Array([...bytes, 0x7f]);
    assert.throws(() => deserialize(longer), new RegExp(`^byte ${bytes.length}: expected the end`));
  }
});

test("any byte of a golden input may be any other: what V8 reads is read alike, unless one of our rules forbids it", () => {
  let [read, refused] = [0, 0];
  for (const [name, bytes] of inputs) {
    const copy = Uint8Array.from(bytes);
    for (let at = 0; at < bytes.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        copy[at] = byte;
        const where = () => `${name}, byte ${at} is ${byte}: ${Buffer.from(copy).toString("hex")}`;
        const outcome = outcomeOf(copy, where);
        if ("value" in outcome) read++;
        else refused++;
        if (!("value" in outcome)) continue;
        let theirs: unknown;
        try {
          theirs = v8.deserialize(copy);
        } catch {
          continue; // Engines read less the older they are: no RegExp flag v, no cause before a stack.
        }
        if (!hasInvalidDate(theirs)) deepStrictEqual(outcome.value, theirs, where());
      }
      copy[at] = bytes[at]!;
    }
  }
  assert.ok(read > 1000 && refused > 1000, `${read} read, ${refused} refused`);
});

/** Two of them are never equal. */
function hasInvalidDate(value: unknown): boolean {
  return value instanceof Date && Number.isNaN(value.getTime());
}

test("the core's scanner takes what the reader takes, and refuses what it refuses unless only values show it", () => {
  const core = makeCore();
  const seed = Math.floor(Math.random() * 2 ** 32);
  const next = random(seed);
  const below = (n: number) => Math.floor(next() * n);
  for (let i = 0; i < 6000; i++) {
    const [name, bytes] = inputs[below(inputs.length)]!;
    const copy = Uint8Array.from(bytes);
    for (let n = below(4); n > 0; n--)
      copy[below(copy.length)] = next() < 0.5 ? below(256) : bytes[below(bytes.length)]!;
    const where = () => `${name}, input ${i} of seed ${seed}: ${Buffer.from(copy).toString("hex")}`;
    const outcome = outcomeOf(copy, where);
    let end = 0;
    let failure: SerializedError | undefined;
    try {
      for (const record of scanSerialized(core, copy)) {
        assert.ok(record.offset >= end && record.end > record.offset, where());
        end = record.end;
      }
    } catch (error) {
      if (!(error instanceof SerializedError)) throw error;
      failure = error;
    }
    // For the reader alone, a view of version 13 may have flags.
    if (failure && "value" in outcome && copy[1] !== 13) {
      throw new Error(`${where()}: read, though ${failure.message}`);
    }
    if (!failure && "error" in outcome) {
      // What only one who makes values can know.
      assert.match(
        outcome.error.message,
        /not taken|indices below|pattern|engine|hostObject|within|flags|found 0x56|found 0x00|may grow to/,
        where(),
      );
    }
  }
  assert.is(core.statistics().liveArenas, 0);
});

/** How many; as many millions as a fuzzer has time for, by INPUTS. */
const INPUTS = Number(process.env.INPUTS ?? 20_000);

test("tens of thousands of mutated inputs: bytes replaced, taken away, put in from another", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const next = random(seed);
  const below = (n: number) => Math.floor(next() * n);
  for (let i = 0; i < INPUTS; i++) {
    const [, first] = inputs[below(inputs.length)]!;
    const [, second] = inputs[below(inputs.length)]!;
    const at = below(first.length);
    const from = below(second.length);
    const bytes = new Uint8Array([
      ...first.subarray(0, at),
      ...second.subarray(from, from + below(second.length)),
      ...first.subarray(at + below(3)),
    ]);
    if (next() < 0.5) bytes[below(bytes.length)] = below(256);
    outcomeOf(bytes, () => `input ${i} of seed ${seed}: ${Buffer.from(bytes).toString("hex")}`);
  }
});

test("in chunks, what is malformed is refused at the same byte", async () => {
  for (const [name, bytes] of inputs) {
    const copy = Uint8Array.from(bytes);
    for (let at = 0; at < bytes.length; at += 3) {
      copy[at] = bytes[at]! ^ 0x15;
      const whole = outcomeOf(copy, () => name);
      const chunks = Array.from(copy, (_, i) => copy.subarray(i, i + 1));
      const messages: string[] = [];
      await deserializeChunks(chunks).catch((error: Error) => messages.push(error.message));
      // A length beyond what is there is told when the last chunk has come.
      assert.equal(messages.length, "error" in whole ? 1 : 0, `${name}, byte ${at}`);
      copy[at] = bytes[at]!;
    }
  }
});

const refuses = (hex: string, message: RegExp, name = "DataCloneError") => {
  try {
    deserialize(Buffer.from(hex.replace(/\s/g, ""), "hex"));
  } catch (error) {
    assert.is((error as Error).name, name, hex);
    assert.match((error as Error).message, message, hex);
    return;
  }
  assert.unreachable(hex);
};

test("errors name the byte, and what was expected there", () => {
  refuses("", /^byte 0: expected the version, 1 bytes, found 0 until the end of the input$/);
  refuses("49 02", /^byte 0: expected the version's tag, 0xff, found 0x49 "I"$/);
  refuses("ff 10 49 02", /^byte 1: expected a version from 13 to 15, found 16$/);
  refuses("ff 0f 7a", /^byte 3: /);
  refuses("ff 0f 21", /^byte 2: expected a value, found 0x21 "!"$/);
  refuses("ff 0f 22 05 61", /^byte 4: expected a string, 5 bytes, found 1 until/);
  refuses("ff 0f 63 03 61 61 61", /^byte 3: expected an even number of bytes, found 3$/);
  refuses("ff 0f 6f 6f 7b 00", /^byte 3: expected a property's name/);
  refuses("ff 0f 6f 22 01 61 30 7b 02", /^byte 8: expected 1, the count of properties, found 2$/);
  refuses("ff 0f 6f 22 01 61 30 22 01 61 30 7b 02", /^byte 7: expected a property's name that is not taken$/);
  refuses("ff 0f 5e 00", /^byte 3: expected an object's number below 0, found 0$/);
  refuses(
    "ff 0f 41 01 74 00 24 00 01",
    /^byte 4: a transferred ArrayBuffer means something only to the process/,
  );
  refuses("ff 0f 49 ff ff ff ff 1f", /^byte 3: expected a number of 32 bits/);
  refuses("ff 0f 52 22 01 28 00", /^byte 3: expected a pattern and flags/);
  refuses("ff 0f 7e 02 01 00 00", /^byte 3: expected 2 bytes to be at most 1/);
  refuses("ff 0f 42 02 00 00 56 57 01 01 00", /^byte 6: expected an offset and length of whole elements/);
  refuses("ff 0f 5c 08 07 00 00 00 00 00 00 00", /^byte 3: expected whole elements of 8 bytes/);
  refuses("ff 0f 61 02 49 06 30 40 01 02", /expected indices below 2/);
});

test("lengths far beyond the input take no memory", () => {
  const before = process.memoryUsage();
  for (const hex of [
    "ff0f22ffffffff0f61",
    "ff0f42ffffffff0f61",
    "ff0f41ffffff7f30",
    "ff0f5afeffffff0f00",
    "ff0f5c01ffffffff0f00",
    "ff0f63feffffff0f00",
  ]) {
    refuses(hex, /^byte \d+: expected/);
  }
  // A sparse array may be as long as it says, without taking memory for it.
  const sparse: unknown[] = [];
  for (let i = 0; i < 200; i++) sparse.push(deserialize(Buffer.from("ff0f61ffffff0f4000ffffff0f", "hex")));
  assert.is((sparse[0] as unknown[]).length, 0x1ff_ffff);
  // Nor are many of them long together.
  const many = `ff0f41${varint(20_000)}${"61802040008020".repeat(20_000)}2400${varint(20_000)}`;
  const held = deserialize(Buffer.from(many, "hex")) as unknown[][];
  assert.ok(held.every(({ length }) => length === 4096));
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  assert.ok(grown < 64 * 1024 * 1024, `${grown} bytes`);
});

test("memory stays below 200 bytes for each byte of input, whatever it is", () => {
  const inputBytes = 250_000;
  const inputs: Record<string, [item: string, ends?: string]> = {
    ...{ "Maps in each other, never ended": ["3b"], "Sets in each other, never ended": ["27"] },
    ...{ "Sets in each other": ["27", "2c01"], "Maps in each other": ["3b30", "3a02"] },
    ...{ "errors in each other": ["7263", "2e"], "objects in each other": ["6f220161", "7b01"] },
    ...{ "arrays in each other": ["4101", "240001"], "arrays of arrays that are not there": ["418080 10"] },
    ...{ "empty Maps": ["3b3a00"], "empty ArrayBuffers": ["4200"], "empty views": ["5c0100"] },
    ...{ "sparse arrays": ["6120400020"], "boxed values": ["79"], "empty errors": ["722e"] },
  };
  const read = `
    import { createRuntimeSync } from "nanort";
    process.stdin.on("data", (hex) => (text += hex)).on("end", () => {
      const bytes = Buffer.from(text, "hex");
      const before = process.memoryUsage().rss;
      let value;
      try {
        value = createRuntimeSync().deserialize(bytes);
      } catch (error) {
        if (error.name !== "DataCloneError") throw error;
      }
      console.log((process.memoryUsage().rss - before) / bytes.length, typeof value);
    });
    let text = "";
  `;
  for (const [name, [item, ends]] of Object.entries(inputs)) {
    const [one, end] = [item.replace(" ", ""), ends ?? ""];
    const count = Math.floor((2 * inputBytes) / (one.length + end.length));
    const isNested = ends !== undefined || name.includes("never ended") || name.includes("not there");
    const hex = isNested
      ? `ff0f${one.repeat(count)}30${end.repeat(count)}`
      : `ff0f41${varint(count)}${one.repeat(count)}2400${varint(count)}`;
    // The heap has to do with what 200 bytes a byte are; Node itself takes a few megabytes of it.
    const args = [`--max-old-space-size=${(200 * inputBytes) / 1e6 + 10}`, "--input-type=module", "-e", read];
    const [multiple] = execFileSync(process.execPath, args, { input: hex, encoding: "utf8" }).split(" ");
    // Pages of young objects and of the code are not the value's.
    assert.ok(Number(multiple) < 300, `${name}: ${multiple}`);
  }
});

test("limits: bytes, objects, depth", () => {
  const value = [[[{}]], {}];
  const bytes = serialize(value);
  deepStrictEqual(deserialize(bytes, { limits: { bytes: bytes.length, objects: 5, depth: 4 } }), value);
  const past = (limits: object, message: RegExp) => {
    try {
      deserialize(bytes, { limits });
    } catch (error) {
      assert.is((error as Error).name, "RangeError");
      assert.match((error as Error).message, message);
      return;
    }
    assert.unreachable(message.source);
  };
  past({ bytes: bytes.length - 1 }, /more than \d+ bytes, the limit/);
  past({ objects: 4 }, /^byte \d+: more than 4 objects, the limit$/);
  past({ depth: 3 }, /^byte \d+: more than 3 objects inside each other, the limit$/);
  past({ depth: NaN }, /limits\.depth is NaN/);
});

test("many objects that refer to ever outer ones cost time in proportion", () => {
  // Each of the inner ones makes one of the outer ones be made before all of it is known.
  const depth = 100_000;
  let hex = `ff0f${"6f220161".repeat(depth)}41${varint(depth)}`;
  for (let i = 0; i < depth; i++) hex += `5e${varint(depth - 1 - i)}`;
  hex += `2400${varint(depth)}${"7b01".repeat(depth)}`;
  let inner = deserialize(Buffer.from(hex, "hex")) as { a: never };
  const outermost = inner;
  while (!Array.isArray(inner)) inner = inner.a;
  assert.is((inner as unknown[])[depth - 1], outermost);
});

function varint(number: number): string {
  let text = "";
  for (; number > 0x7f; number >>>= 7) text += ((number & 0x7f) | 0x80).toString(16);
  return text + number.toString(16).padStart(2, "0");
}

test("a token that goes on and on, in small chunks, costs time in proportion", async () => {
  // Each would take minutes or hours if every chunk made the token be read again.
  const padding = new Uint8Array(2_000_000);
  padding.set([0xff, 0x0f]);
  const buffer = new Uint8Array(3_000_000);
  buffer.set(Buffer.from(`ff0f42${varint(2_000_000)}`, "hex"));
  for (const bytes of [padding, buffer]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 20) chunks.push(bytes.subarray(at, at + 20));
    try {
      await deserializeChunks(chunks);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, /^byte \d+: expected (a value|the end), /);
    }
  }
});

test("in chunks, a resizable buffer counts once against what buffers may grow to", async () => {
  const bytes = Buffer.from(`ff0f4102${`7e05${varint(700)}0102030405`.repeat(2)}240002`, "hex");
  const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
  const read = (await deserializeChunks(chunks, { limits: { bytes: 1400 } })) as ArrayBuffer[];
  assert.equal(
    read.map(({ byteLength }) => byteLength),
    [5, 5],
  );
  await deserializeChunks(chunks, { limits: { bytes: 1399 } }).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, /more than 1399 bytes that buffers may grow to/),
  );
});

test("long BigInts take memory in proportion", () => {
  const value = (1n << 20_000_000n) + 0x123456789abcdefn;
  assert.ok(deserialize(serialize(value)) === value);
  assert.ok(deserialize(serialize(-value)) === -value);
  // Lengths that end within a block, and within a word.
  for (const length of [65, 4095, 4096, 4097, 8191]) {
    const digits = Buffer.from(Array.from({ length }, (_, i) => 255 - (i % 251)));
    const bytes = Buffer.from(`ff0f5a${varint(2 * length)}${digits.toString("hex")}`, "hex");
    assert.ok(
      deserialize(bytes) === BigInt(`0x${Buffer.from(digits).reverse().toString("hex")}`),
      `${length}`,
    );
  }
});

test("what is neither a buffer nor a view of one is a TypeError", async () => {
  for (const input of [undefined, null, "text", 5, {}, [0xff, 0x0f, 0x30]]) {
    assert.throws(() => deserialize(input as never), /bytes is not an ArrayBuffer/);
  }
  for (const chunk of ["text", 5, new ArrayBuffer(2), new Uint16Array(2)]) {
    await deserializeChunks([chunk as never]).then(
      () => assert.unreachable(),
      (error) => assert.match(error.message, /a chunk is not a Uint8Array/),
    );
  }
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set([0xff, 0x0f, 0x30]);
  assert.is(deserialize(shared.buffer), null);
});

test("objects named __proto__ by a frequent shape have their prototype, in engines without the accessor too", () => {
  const accessor = Object.getOwnPropertyDescriptor(Object.prototype, "__proto__")!;
  const object = `6f2209${Buffer.from("__proto__").toString("hex")}6f22016149027b017b01`;
  const bytes = Buffer.from(`ff0f41${varint(200)}${object.repeat(200)}2400${varint(200)}`, "hex");
  let read: object[];
  Reflect.deleteProperty(Object.prototype, "__proto__");
  try {
    read = deserialize(bytes) as object[];
  } finally {
    Object.defineProperty(Object.prototype, "__proto__", accessor);
  }
  for (const object of read) {
    assert.is(Object.getPrototypeOf(object), Object.prototype);
    assert.ok(Object.hasOwn(object, "__proto__"));
  }
});

test("what ever new names ask for is forgotten again", () => {
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5000; i++) {
      const value = { [`name${round}x${i}`]: 1, [`other${i}`]: 2 };
      deepStrictEqual(deserialize(serialize(value)), value);
    }
  }
});

test("names that were forgotten take no memory, however deep they were met", () => {
  const program = `
    import { createRuntimeSync } from "nanort";
    const { serialize, deserialize } = createRuntimeSync();
    let names = 0;
    const used = () => {
      gc();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const round = (depth) => {
      // As many names as are kept at once, so that all are forgotten: after that, this depth is not met again.
      deserialize(serialize(Array.from({ length: depth }).reduce((inner) => ({ inner }), 1)));
      for (let i = 0; i < 70; i++) {
        const object = { ["first" + (i % 50) + "of" + depth]: 1 };
        for (let k = 0; k < 60; k++) object["name" + names++] = 1;
        deserialize(serialize([object]));
      }
    };
    round(64);
    const before = used();
    for (let depth = 62; depth > 2; depth -= 4) round(depth);
    console.log(used() - before);
  `;
  const args = ["--expose-gc", "--input-type=module", "-e", program];
  const grown = Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
  assert.ok(grown < 5, `${grown} MB`);
});

test("objects of a shape that is read at once are read alike, and refused alike, whatever becomes of their bytes", () => {
  const shared = { x: 1 };
  const make = (id: number, text: string) => ({
    id,
    "": text,
    at: new Date(id * 1e9),
    big: -(2 ** 30) + id,
    half: id / 8,
    is: id % 2 === 0,
    long: -(2n ** 70n) * BigInt(id),
    none: null,
    twice: [shared, { again: shared }],
    place: {
      x: [id, 0.5, "long enough for a reader of its own", { deep: [undefined, "\u4e2d"] }],
      of: { a: 1, ab: "ä" },
    },
  });
  for (let i = 0; i < 1100; i++) deserialize(serialize(make(i % 5, "text")));
  // So little depth leaves no room to read anything at once.
  const slowly = (bytes: Uint8Array) => deserialize(bytes, { limits: { depth: 16 } });
  const result = (read: () => unknown) => {
    try {
      return v8.serialize(read()).toString("latin1");
    } catch (error) {
      return `${error}`;
    }
  };
  const compare = (bytes: Uint8Array, where: string) =>
    assert.is(
      result(() => deserialize(bytes)),
      result(() => slowly(bytes)),
      where,
    );
  const bytes = serialize(make(3, "text"));
  for (let length = 0; length <= bytes.length; length++)
    compare(bytes.subarray(0, length), `${length} bytes`);
  for (let at = 0; at < bytes.length; at++) {
    const copy = Uint8Array.from(bytes);
    for (const byte of [...Object.values(TAG), 1, 2, 8, 0x7f, 0x80]) {
      copy[at] = byte;
      compare(copy, `byte ${at} is ${byte}`);
    }
  }
  const list = [
    make(1, "one"),
    { id: 1 },
    make(200, "x".repeat(200)),
    { ...make(2, "two"), more: 1 },
    [make(3, "ö")],
  ];
  const others = new Map<unknown, unknown>([
    ["key", make(-1, "")],
    [make(70_000, "\u4e2d"), list],
  ]);
  for (const value of [list, others, new Set(list), [list[0], { list }, list[0]]]) {
    deepStrictEqual(deserialize(serialize(value)), value);
  }
});

test("limits hold for what is read at once", () => {
  const bytes = serialize(Array.from({ length: 1100 }, () => ({ a: { b: { c: [1, { d: 1 }] } } })));
  deserialize(bytes, { limits: { depth: 6, objects: 5501 } });
  assert.throws(() => deserialize(bytes, { limits: { objects: 5500 } }), /more than 5500 objects/);
  const deep = serialize(Array.from({ length: 30 }).reduce((inner) => ({ inner }), 1));
  for (let i = 0; i < 1100; i++) deserialize(deep);
  for (const depth of [16, 17, 18, 29]) {
    assert.throws(
      () => deserialize(deep, { limits: { depth } }),
      new RegExp(`more than ${depth} objects inside`),
    );
  }
  deserialize(deep, { limits: { depth: 30 } });
});

test.run();
