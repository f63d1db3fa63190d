// The milestone's structuredClone criteria: deep clones nested objects; keeps Map, Set and typed-array types; handles
// circular references.
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const { structuredClone } = createRuntimeSync();

test("nested objects are cloned deeply", () => {
  const source = { name: "a", list: [{ deep: { deeper: [1, 2, { deepest: true }] } }], date: new Date(5) };
  const copy = structuredClone(source);
  assert.equal(copy, source);
  assert.is.not(copy.list[0]!.deep.deeper, source.list[0]!.deep.deeper);
  (copy.list[0]!.deep.deeper as unknown[]).push("changed");
  assert.is(source.list[0]!.deep.deeper.length, 3);
});

test("Map, Set and typed arrays keep their types", () => {
  const copy = structuredClone({
    map: new Map<unknown, unknown>([["set", new Set([1, "two"])]]),
    bytes: Uint8Array.of(1, 2, 3),
    floats: Float64Array.of(0.5),
    wide: BigInt64Array.of(-1n),
  });
  assert.instance(copy.map, Map);
  assert.equal(copy.map.get("set"), new Set([1, "two"]));
  assert.equal(copy.bytes, Uint8Array.of(1, 2, 3));
  assert.equal(copy.floats, Float64Array.of(0.5));
  assert.equal(copy.wide, BigInt64Array.of(-1n));
});

test("circular references are kept", () => {
  const source: Record<string, unknown> = { list: [] };
  source.self = source;
  (source.list as unknown[]).push(source, new Map([[source, source]]));
  const copy = structuredClone(source) as { self: unknown; list: [unknown, Map<unknown, unknown>] };
  assert.is(copy.self, copy);
  assert.is(copy.list[0], copy);
  assert.is(copy.list[1].get(copy), copy);
});

test.run();
