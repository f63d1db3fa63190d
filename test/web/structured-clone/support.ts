/** What the tests of structuredClone share: the function with and without what the host tells, and a deep comparison. */
import { createRuntimeSync, defaultHost, type StructuredClone } from "nanort";
import * as assert from "uvu/assert";

/** As Node, Deno and Bun have it. */
export const clone: StructuredClone = createRuntimeSync().structuredClone;

const { introspection: _, ...bareHost } = defaultHost;

/** As browsers and workerd have it, whose hosts tell nothing of objects. */
export const cloneBare: StructuredClone = createRuntimeSync({ host: bareHost }).structuredClone;

export const BOTH: [name: string, clone: StructuredClone][] = [
  ["with introspection", clone],
  ["without introspection", cloneBare],
];

export function refusal(action: () => unknown): DOMException {
  try {
    action();
  } catch (error) {
    return error as DOMException;
  }
  throw new Error("it was cloned");
}

export type Outcome = { value: unknown } | { error: unknown };

export function outcome(clone: (value: unknown) => unknown, graph: unknown): Outcome {
  try {
    return { value: clone(graph) };
  } catch (error) {
    return { error };
  }
}

/** Fails unless two graphs are the same, references among their objects included. */
export function assertSame(actual: unknown, expected: unknown, path = "it"): void {
  compare(actual, expected, path, new Map(), new Set());
}

function compare(
  actual: unknown,
  expected: unknown,
  path: string,
  pairs: Map<object, object>,
  partners: Set<object>,
): void {
  if (typeof expected !== "object" || expected === null) {
    assert.ok(Object.is(actual, expected), `${path}: ${String(actual)} and not ${String(expected)}`);
    return;
  }
  assert.type(actual, "object", path);
  const object = actual as object;
  const known = pairs.get(expected);
  if (known) {
    assert.ok(known === object, `${path}: another object than before`);
    return;
  }
  assert.not.ok(partners.has(object), `${path}: an object that stands for another`);
  pairs.set(expected, object);
  partners.add(object);
  assert.is(Object.getPrototypeOf(object), Object.getPrototypeOf(expected), `${path}: prototype`);
  for (const [index, [a, b]] of zip(contentsOf(object), contentsOf(expected)).entries()) {
    compare(a, b, `${path}<${index}>`, pairs, partners);
  }
  const keys = Reflect.ownKeys(expected).filter((key) => isComparable(expected, key));
  assert.equal(
    Reflect.ownKeys(object).filter((key) => isComparable(object, key)),
    keys,
    `${path}: keys`,
  );
  for (const key of keys) {
    const [a, b] = [object, expected].map((each) => Object.getOwnPropertyDescriptor(each, key)!);
    assert.equal([a!.writable, a!.enumerable], [b!.writable, b!.enumerable], `${path}.${String(key)}`);
    compare(a!.value, b!.value, `${path}.${String(key)}`, pairs, partners);
  }
}

function zip(a: unknown[], b: unknown[]): [unknown, unknown][] {
  assert.is(a.length, b.length, "contents");
  return a.map((each, index) => [each, b[index]]);
}

/** A view's elements show in its buffer. */
function isComparable(object: object, key: PropertyKey): boolean {
  return typeof key === "string" && !(ArrayBuffer.isView(object) && /^\d+$/.test(key));
}

/** What an object holds beside properties. */
function contentsOf(object: object): unknown[] {
  if (object instanceof Map) return [...object].flat();
  if (object instanceof Set) return [...object];
  if (object instanceof Date) return [object.getTime()];
  if (object instanceof RegExp) return [object.source, object.flags, object.lastIndex];
  if (object instanceof Error) return [object.name, object.stack];
  if (object instanceof ArrayBuffer) {
    const { resizable, maxByteLength } = object as ArrayBuffer & Record<string, unknown>;
    return [Buffer.from(object).toString("hex"), resizable, maxByteLength];
  }
  if (ArrayBuffer.isView(object)) return [object.byteOffset, object.byteLength, object.buffer];
  if (/^\[object (Boolean|Number|String|BigInt)\]$/.test(Object.prototype.toString.call(object))) {
    return [object.valueOf()];
  }
  return [];
}
