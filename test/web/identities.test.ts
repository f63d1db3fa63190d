import { test } from "uvu";
import * as assert from "uvu/assert";
import { Identities, NEW } from "../../ts/web/identities.ts";
import { random } from "../support/core.ts";

/** Below, at and above where one way of telling objects gives place to another. */
const COUNTS = [1, 11, 12, 13, 14, 99, 100, 101, 300];

test("objects have numbers in the order in which they are first met", () => {
  for (const mappedMax of [0, 12, 13, 100]) {
    for (const count of COUNTS) {
      const objects = Array.from({ length: count }, () => ({}));
      const identities = new Identities(mappedMax);
      for (const object of objects) {
        assert.not(identities.has(object));
        assert.is(identities.meet(object), NEW);
        assert.ok(identities.has(object));
      }
      assert.is(identities.count, count);
      assert.not(identities.has({}));
      for (const [number, object] of objects.entries()) assert.is(identities.meet(object), number);
      assert.is(identities.meet({}), NEW);
      assert.is(identities.count, count + 1);
      assert.is(identities.meet(objects[0]), 0);
      for (const object of objects) assert.ok(identities.has(object));
    }
  }
});

test("one that is met again is known, whenever that is", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const next = random(seed);
  for (let round = 0; round < 200; round++) {
    const identities = new Identities(Math.floor(next() * 120));
    const known = new Map<object, number>();
    const objects = Array.from({ length: 1 + Math.floor(next() * 250) }, () => ({}));
    // From hardly ever to nearly always.
    const repeats = next() ** 3;
    for (const fresh of objects) {
      const object = next() < repeats ? objects[Math.floor(next() * objects.length)]! : fresh;
      assert.is(identities.meet(object), known.get(object) ?? NEW, `seed ${seed}`);
      if (!known.has(object)) known.set(object, known.size);
      assert.is(identities.count, known.size, `seed ${seed}`);
    }
  }
});

test("what code outside makes of Map, Set and Array does not matter", () => {
  const objects = Array.from({ length: 300 }, () => ({}));
  const methods = [Map.prototype, Set.prototype].flatMap((prototype) =>
    ["get", "set", "add", "has", "size", "forEach"].map((name) => {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      return { prototype, name, descriptor };
    }),
  );
  const numbers = [NEW, NEW, NEW];
  const refuse = () => assert.unreachable();
  try {
    for (const { prototype, name, descriptor } of methods) {
      if (descriptor) Object.defineProperty(prototype, name, { get: refuse, configurable: true });
    }
    Object.defineProperty(Array.prototype, 0, { set: refuse, configurable: true });
    for (let at = 0; at < numbers.length; at++) {
      const identities = new Identities(at * 100);
      for (const object of objects) identities.meet(object);
      assert.ok(identities.has(objects[0]));
      numbers[at] = identities.meet(objects[299]);
      assert.ok(identities.has(objects[0]));
    }
  } finally {
    for (const { prototype, name, descriptor } of methods) {
      if (descriptor) Object.defineProperty(prototype, name, descriptor);
    }
    Reflect.deleteProperty(Array.prototype, 0);
  }
  assert.equal(numbers, [299, 299, 299]);
});

test.run();
