/** Values as bytes, in the format of V8: docs/serialize.md. */
import * as assert from "uvu/assert";
import { VALUES } from "./serializable.ts";
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, runtime } from "./support.ts";

/** `v8.serialize` of Node 20 to 26 gives these. */
const WRITTEN: [hex: string, value: unknown][] = [
  [
    "ff0f6f2201614902220162440000000000000840220163410349024e00000000000004402201e92400032201643b22016b275a1001000000000000002c013a027b04",
    { a: 1, b: new Date(3), c: [1, 2.5, "é"], d: new Map([["k", new Set([1n])]]) },
  ],
  [
    "ff0f41055c010201025222016103305f4e0000000000000080240005",
    [Uint8Array.of(1, 2), /a/gi, null, undefined, -0],
  ],
  ["ff0f6f220474657874006304e5652c6722046c6f6e6722037878787b02", { text: "日本", long: "xxx" }],
];

/** The forms that older versions had. */
const OLDER: [hex: string, value: unknown][] = [
  ["ff0d5305e697a5c3a9", "日é"],
  ["ff0d41014202070856420002240001", [Uint8Array.of(7, 8)]],
  ["ff0e4101420207085642000200240001", [Uint8Array.of(7, 8)]],
];

/** What `deserialize` says of bytes that hold no value. */
const REFUSED = [
  ...["", "4902", "ff104902", "ff0f21", "ff0f220561", "ff0f6303616161", "ff0f6f22016130", "ff0f5e00"],
  ...["ff0f49ffffffff1f", "ff0f3b", "ff0f3b49023a01", "ff0f3030", "ff0f5cffffffff0f00", "ff0f42ffffffff0f"],
  ...["ff0f41ffffffff0f24", "ff0f7400", "ff0f56", "ff0f6f22016130220161307b02"],
];

/** A value that holds many of all kinds, with references in circles. */
function graph(): Record<string, unknown> {
  const made = Object.fromEntries(Object.entries(VALUES).map(([name, make]) => [name, make()]));
  const records = Array.from({ length: 500 }, (_, id) => ({ id, name: `record ${id}`, half: id / 2, made }));
  return { made, records, bytes: pattern(100_000), text: "日本語 ".repeat(5000) };
}

export const serialization: Suite = {
  name: "serialize",
  tests: {
    "values of every kind become the same bytes on every engine, and are read back": async () => {
      const { serialize, deserialize } = await runtime();
      return Object.entries(VALUES).map(([name, make]) => {
        const bytes = serialize(make());
        assert.is(hex(serialize(deserialize(bytes))), hex(bytes), name);
        return `${name}: ${hex(bytes)}`;
      });
    },

    "what V8 wrote is read, of versions 13 to 15, and written alike": async () => {
      const { serialize, deserialize } = await runtime();
      for (const [bytes, value] of WRITTEN) {
        assert.equal(deserialize(fromHex(bytes)), value);
        assert.is(hex(serialize(value)), bytes);
      }
      for (const [bytes, value] of OLDER) assert.equal(deserialize(fromHex(bytes)), value);
    },

    "references stay what they are, and so do views of one buffer where they are asked to": async () => {
      const { serialize, deserialize } = await runtime();
      const value = graph();
      value.self = [value, new Map([[value, value.records]])];
      const copy = deserialize(serialize(value)) as typeof value & { self: [unknown, Map<unknown, unknown>] };
      assert.is(copy.self[0], copy);
      assert.is(copy.self[1].get(copy), copy.records);
      const buffer = pattern(16).buffer;
      const views = [new Uint8Array(buffer, 1, 2), new Float64Array(buffer), buffer] as const;
      const [bytes, doubles, whole] = deserialize(serialize(views, { views: "shared" })) as typeof views;
      assert.ok(bytes.buffer === whole && doubles.buffer === whole);
      assert.equal(bytes, views[0]);
    },

    "it comes in chunks, too, and its size is known before": async () => {
      const { serialize, serializeChunks, serializedSize, deserializeChunks } = await runtime();
      const value = graph();
      const bytes = serialize(value);
      assert.is(serializedSize(value), bytes.length);
      const chunks = [...serializeChunks(value)];
      assert.ok(chunks.length > 1);
      assert.equal(await new Blob(chunks as BlobPart[]).arrayBuffer(), bytes.slice().buffer);
      for (const size of [1, 1000]) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
        assert.is(hex(serialize(await deserializeChunks(pieces))), hex(bytes));
      }
    },

    "text is its code units, a byte or two for each, wherever it stands": async () => {
      const { serialize, deserialize } = await runtime();
      for (const unit of ["a", "\x7f", "\x80", "\xff", "\u0100", "\ud800", "\udfff", "\uffff"]) {
        for (const length of [0, 1, 23, 24, 25, 63, 64, 127, 128, 129, 300, 5000, 70_001]) {
          for (const text of [
            unit.repeat(length),
            `${"b".repeat(length)}${unit}`,
            `${unit}${"c".repeat(length)}`,
          ]) {
            const wide = /[\u0100-\uffff]/.test(text);
            for (const before of ["", "x"]) {
              const bytes = serialize([before, text]);
              assert.ok((deserialize(bytes) as string[])[1] === text);
              // Behind it are the array's end, and two counts.
              const units = bytes.subarray(bytes.length - 3 - text.length * (wide ? 2 : 1), bytes.length - 3);
              for (let i = 0; i < text.length; i++) {
                const written = wide ? units[2 * i]! | (units[2 * i + 1]! << 8) : units[i];
                if (written !== text.charCodeAt(i)) assert.is(written, text.charCodeAt(i), `unit ${i}`);
              }
            }
          }
        }
      }
    },

    "megabytes are in memory of their own, and come back": async () => {
      const { serialize, serializeChunks, serializedSize, deserialize } = await runtime();
      const records = Array.from({ length: 60_000 }, (_, id) => ({ id, name: `record ${id}`, half: id / 2 }));
      const large = { bytes: pattern(3_000_000), text: "日".repeat(500_000), map: new Map([[1, "one"]]) };
      for (const value of [pattern(300_000), "é".repeat(100_000), [large, records], [records, large]]) {
        const bytes = serialize(value);
        assert.is(bytes.buffer.byteLength, bytes.length);
        assert.is(serializedSize(value), bytes.length);
        assert.equal(
          await new Blob([...serializeChunks(value)] as BlobPart[]).arrayBuffer(),
          bytes.slice().buffer,
        );
        const copy = serialize(deserialize(bytes));
        assert.ok(copy.length === bytes.length && copy.every((byte, at) => byte === bytes[at]));
      }
    },

    "bytes that hold no value are refused, and told where": async () => {
      const { deserialize } = await runtime();
      const seen: string[] = [];
      for (const bytes of REFUSED) {
        const error = await errorOf(() => deserialize(fromHex(bytes)));
        assert.instance(error, DOMException);
        seen.push(`${bytes}: ${error.name}: ${error.message}`);
      }
      return seen;
    },

    "every byte of what is written may be another": async () => {
      const { serialize, deserialize } = await runtime();
      const bytes = serialize({ a: [1, 2.5, "text"], m: new Map([["k", new Set([1n])]]), d: new Date(1) });
      let refused = 0;
      for (let at = 0; at < bytes.length; at++) {
        for (let byte = 0; byte < 256; byte += 3) {
          const changed = Uint8Array.from(bytes);
          changed[at] = byte;
          try {
            deserialize(changed);
          } catch (error) {
            assert.match((error as Error).message, /^byte \d+: /);
            refused++;
          }
        }
      }
      return [`${refused} refused`];
    },

    "limits are kept": async () => {
      const { serialize, deserialize } = await runtime();
      const bytes = serialize([[{}]]);
      const seen: string[] = [];
      for (const limits of [{ bytes: 5 }, { objects: 2 }, { depth: 2 }]) {
        const error = await errorOf(() => deserialize(bytes, { limits }));
        assert.instance(error, RangeError);
        seen.push(error.message);
      }
      assert.equal(deserialize(bytes, { limits: { bytes: bytes.length, objects: 3, depth: 3 } }), [[{}]]);
      return seen;
    },

    "what cannot be carried is named, and where it is": async () => {
      const { serialize } = await runtime();
      const values: unknown[] = [
        ...[{ users: [1, { onClick: () => 1 }] }, Symbol("s"), { w: new WeakMap() }, [Promise.resolve()]],
        ...[new Map([["k", new WeakRef({})]]), new Error("m", { cause: () => 1 })],
      ];
      const seen: string[] = [];
      for (const value of values) {
        const error = await errorOf(() => serialize(value));
        assert.instance(error, DOMException);
        seen.push(`${error.name}: ${error.message}`);
      }
      return seen;
    },

    "an application's own objects go through hostObject": async () => {
      const { serialize, deserialize } = await runtime();
      class Point {
        readonly x: number;
        constructor(x: number) {
          this.x = x;
        }
      }
      const bytes = serialize([new Point(7), { x: 1 }], {
        hostObject: (object) =>
          object instanceof Point ? { kind: 16, bytes: Uint8Array.of(object.x) } : undefined,
      });
      const [point, plain] = deserialize(bytes, {
        hostObject: (kind, bytes) => new Point(kind + bytes[0]!),
      }) as [Point, object];
      assert.instance(point, Point);
      assert.is(point.x, 23);
      assert.equal(plain, { x: 1 });
      return [hex(bytes), (await errorOf(() => deserialize(bytes))).message];
    },

    "getters run once, in order, among elements too": async () => {
      const { serialize, deserialize } = await runtime();
      const log: string[] = [];
      const logged = (name: string, value: unknown) => ({
        enumerable: true,
        get: () => {
          log.push(name);
          return value;
        },
      });
      const list = Object.defineProperty([0, 1, 2], 1, logged("[1]", 0.5));
      const source = Object.defineProperties(
        {},
        { b: logged("b", list), 1: logged("1", 0), a: logged("a", list) },
      );
      const copy = deserialize(serialize(source)) as { a: unknown; b: unknown };
      assert.equal(log, ["1", "b", "[1]", "a"]);
      assert.equal(copy.b, [0, 0.5, 2]);
      assert.is(copy.a, copy.b);
    },

    "names such as __proto__ become properties, and prototypes are never touched": async () => {
      const { deserialize } = await runtime();
      const bytes = fromHex("ff0f6f22095f5f70726f746f5f5f6f220178547b017b01");
      const copy = deserialize(bytes) as object;
      assert.equal(Object.keys(copy), ["__proto__"]);
      assert.is(Object.getPrototypeOf(copy), Object.prototype);
      assert.not.ok("x" in {});
    },

    "depth has no limit": async () => {
      const { serialize, deserialize } = await runtime();
      let value: unknown = "bottom";
      for (let i = 0; i < 1_000_000; i++) value = [value];
      let copy = deserialize(serialize(value));
      for (let i = 0; i < 1_000_000; i++) copy = (copy as unknown[])[0];
      assert.is(copy, "bottom");
    },
  },
};
