import util from "node:util";
import v8 from "node:v8";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { introspection } from "../../../ts/host/introspection.ts";
import { Writer } from "../../../ts/web/serialize/writer.ts";
import { createSerializer } from "../../../ts/web/serialize.ts";

const { serialize, serializeChunks, serializedSize } = createSerializer(introspection(() => util));

/** What `v8.serialize` gives, in a buffer that holds nothing else; in chunks as well. */
function written(value: unknown, what: string): void {
  const bytes = serialize(value);
  const expected = v8.serialize(value);
  assert.is(Buffer.compare(bytes, expected), 0, what);
  assert.is(bytes.constructor, Uint8Array, what);
  assert.is(bytes.buffer.byteLength, bytes.length, what);
  assert.is(Buffer.compare(Buffer.concat([...serializeChunks(value)]), expected), 0, `${what}, in chunks`);
  assert.is(serializedSize(value), expected.length, `${what}, its size`);
}

// The first, since a chunk that is kept for the next value would stay if it was as long.
test("no chunk has anything in its buffer but the value's bytes", () => {
  const secret = "secret ".repeat(1000);
  const { port1 } = new MessageChannel();
  port1.close();
  const throwing = [
    0.5,
    secret,
    {
      get property(): string {
        throw new Error("no");
      },
    },
  ];
  // Doubles, for which room is made without filling it, and which then come to an end.
  const numbers: unknown[] = Array.from({ length: 20_000 }, (_, i) => (i < 5000 ? 0.5 : null));
  for (let i = 0; i < 20; i++) {
    // Sent nowhere, its memory is free at once, and what asks for as much has good chances to get it.
    const freed = Buffer.allocUnsafeSlow(9 * numbers.length + 100).fill(secret);
    port1.postMessage(undefined, [freed.buffer]);
    serialize([secret, secret]);
    assert.throws(() => serialize(throwing), /no/);
    serialize(numbers);
    for (const chunk of serializeChunks([i, ...numbers, ...numbers, ...numbers])) {
      assert.not.ok(Buffer.from(chunk.buffer).includes("secret"));
    }
  }
});

/** Around those of chunks. */
const LENGTHS = [
  ...[4096, 16_384, 65_536].flatMap((end) => Array.from({ length: 21 }, (_, i) => end - 18 + i)),
  ...[262_144, 1_048_576].flatMap((end) => [end - 20, end - 9, end, end + 1]),
];

test("bytes of every length around those of chunks: alone, behind little, behind much, before more", () => {
  for (const length of LENGTHS) {
    const bytes = new Uint8Array(length).fill(length);
    const { buffer } = bytes;
    const around = { name: "a name of some length", bytes, buffer, last: [1.5, 2.5, "more"] };
    for (const value of [bytes, buffer, [bytes, "more"], around]) written(value, `${length} bytes`);
  }
});

test("text of every length around those of chunks, of one byte a unit and of two", () => {
  for (const length of LENGTHS) {
    for (const unit of ["\xe9", "\u65e5", "\ud800"]) {
      const text = unit.repeat(unit === "\xe9" ? length : length >>> 1);
      for (const value of [text, ["", text, text], { "a name of some length": text, last: true }]) {
        written(value, `${length} bytes of ${escape(unit)}`);
      }
    }
  }
});

test("numbers of every count around those that fill a chunk, behind little and behind much", () => {
  for (const bytes of LENGTHS) {
    const count = Math.floor(bytes / 9);
    const doubles = Array.from({ length: count }, (_, i) => i + 0.5);
    const mixed = doubles.map((number, i) => (i === count - 1 ? "end" : i % 3 ? number : i));
    for (const value of [doubles, mixed, [mixed, doubles], ["x".repeat(count), doubles, mixed, doubles]]) {
      written(value, `${count} numbers`);
    }
  }
});

test("megabytes of small things, with large ones among them", () => {
  const records = Array.from({ length: 60_000 }, (_, id) => ({ id, name: `record ${id}`, half: id + 0.5 }));
  const large = {
    bytes: new Uint8Array(3_000_000).fill(7),
    text: "\u65e5".repeat(700_000),
    numbers: records.map(({ half }) => half),
  };
  written(records, "records");
  written([records, large, [...records]], "large ones between");
  written([large, records], "large ones first");
  written([new Uint8Array(1_048_576 - 30).fill(1), records], "as long as a chunk");
});

test("what was set aside of a value that cannot be written, or finds no memory, is given back", () => {
  class Watched extends Writer {
    size: number | undefined;
    override get length(): number {
      return this.size ?? super.length;
    }
    get chunks(): Uint8Array<ArrayBuffer>[] {
      return [...this.full];
    }
  }
  const isAside = ({ buffer }: Uint8Array) => (buffer as { resizable?: boolean }).resizable === true;
  const texts = Array.from({ length: 100 }, () => "text ".repeat(20_000));
  const givenBack = (aside: Uint8Array[]) => {
    assert.ok(aside.length > 0);
    for (const { buffer } of aside) assert.is(buffer.byteLength, 0);
  };

  const writer = new Watched({}, undefined);
  let aside: Uint8Array[] = [];
  const throwing = {
    get last(): never {
      aside = writer.chunks.filter(isAside);
      throw new Error("no");
    },
  };
  assert.throws(() => writer.write([...texts, throwing]), /no/);
  givenBack(aside);

  const large = new Watched({}, undefined);
  large.write(texts);
  aside = large.chunks.filter(isAside);
  large.size = 2 ** 53;
  assert.throws(
    () => large.finish(),
    (error: Error) => error instanceof RangeError,
  );
  givenBack(aside);
});

test("a Map's entries and a Set's values are their own, whatever becomes of iterators", () => {
  const map = new Map<unknown, unknown>([
    ["a", 1],
    [{ deep: [1] }, new Map([[1n, undefined]])],
  ]);
  const set = new Set<unknown>(["a", 2.5, map, null, new Set()]);
  const values = [map, set, new Map(), new Set(), [map, set]];
  const expected = values.map((value) => v8.serialize(value));
  const check = () => {
    for (const [i, value] of values.entries()) {
      assert.is(Buffer.compare(serialize(value), expected[i]!), 0);
      assert.is(Buffer.compare(Buffer.concat([...serializeChunks(value)]), expected[i]!), 0);
    }
  };
  check();
  const iterators = [new Map().keys(), new Set().values()].map((iterator) => Object.getPrototypeOf(iterator));
  const places: [object, PropertyKey][] = [
    ...iterators.flatMap((prototype): [object, PropertyKey][] => [
      [prototype, "next"],
      [prototype, Symbol.iterator],
    ]),
    [Object.getPrototypeOf(iterators[0]), Symbol.iterator],
    [Map.prototype, Symbol.iterator],
    [Map.prototype, "keys"],
    [Set.prototype, Symbol.iterator],
    [Set.prototype, "values"],
  ];
  let calls = 0;
  for (const [object, key] of places) {
    const before = Object.getOwnPropertyDescriptor(object, key);
    const value = () => {
      calls++;
      return { done: true, next: () => ({ done: true }) };
    };
    let thrown: unknown;
    Object.defineProperty(object, key, { value, configurable: true, writable: true });
    try {
      for (const value of values) serialize(value);
    } catch (error) {
      thrown = error;
    } finally {
      if (before) Object.defineProperty(object, key, before);
      else Reflect.deleteProperty(object, key);
    }
    assert.is(thrown, undefined);
    assert.is(calls, 0, String(key));
    check();
  }
});

test("a Map or Set is written as it was before its getters changed it; errors say which entry", () => {
  const map = new Map<unknown, unknown>();
  const set = new Set<unknown>();
  const changing = {
    get x() {
      map.clear();
      set.clear();
      map.set("new", 1);
      return 1;
    },
  };
  const fill = () => {
    map.clear();
    for (const key of ["a", "b"]) map.set(key, changing).set(changing, key);
    for (const value of [changing, 1, "two"]) set.add(value);
  };
  for (const value of [map, set]) {
    fill();
    const bytes = serialize(value);
    fill();
    assert.is(Buffer.compare(bytes, v8.serialize(value)), 0);
  }
  assert.throws(
    () =>
      serialize(
        new Map<unknown, unknown>([
          [1, 2],
          [3, () => 4],
        ]),
      ),
    /\[3\]/,
  );
  assert.throws(() => serialize(new Set<unknown>([1, () => 4])), /\[1\]/);
});

test.run();
