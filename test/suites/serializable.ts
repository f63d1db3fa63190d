/** One value of every kind that the serialized format carries, by the names that the golden files of test/vectors/serialize know. */

function error(type: ErrorConstructor, message: string, stack: string): Error {
  const made = new type(message);
  made.stack = stack;
  return made;
}

function circular(): unknown {
  const node: Record<string, unknown> = { id: 1 };
  node.self = node;
  node.list = [node, { parent: node }];
  return node;
}

function selfHolding(): unknown {
  const map = new Map<unknown, unknown>();
  const set = new Set<unknown>([map]);
  map.set(map, set).set("set", set);
  set.add(set);
  return map;
}

function shared(): unknown {
  const one = { a: 1 };
  const bytes = new Uint8Array([7]);
  return [one, one, bytes, bytes];
}

export const VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  "integer 0": () => 0,
  "integer -1": () => -1,
  "integer 2^31 - 1": () => 2 ** 31 - 1,
  "integer -2^31": () => -(2 ** 31),
  "double 2^31": () => 2 ** 31,
  "double -0": () => -0,
  "double 1.5": () => 1.5,
  NaN: () => NaN,
  Infinity: () => Infinity,
  "BigInt 0": () => 0n,
  "BigInt 10": () => 10n,
  "BigInt -(2^64)": () => -(2n ** 64n),
  "BigInt 3^200": () => 3n ** 200n,
  "empty string": () => "",
  "string of ASCII": () => "hello",
  "string of ISO 8859-1": () => "\u00e9\u00ff",
  "string in UTF-16": () => "日本",
  "string with lone surrogates": () => "\udc00x\ud800",
  "string of 128 units": () => "x".repeat(128),
  "string in UTF-16, at an odd offset": () => ["a", "日"],
  "empty object": () => ({}),
  "object with indices": () => ({ b: 1, 2: 3, a: null, 2147483648: 5, 4294967294: 6, 4294967295: 7 }),
  "object with other numbers as names": () => ({ "01": 1, "-1": 2, "": 3, 日: 4, é: 5 }),
  "object with __proto__": () => JSON.parse('{"__proto__": {"x": 1}, "toString": 2}'),
  "object without prototype": () => Object.assign(Object.create(null), { a: 1 }),
  "array of integers": () => [1, 2, 300],
  "array of doubles": () => [1, 2.5, -0],
  "array of anything": () => [1, "a", null, undefined, [true, false], 1.5],
  "array with holes": () => {
    const array: unknown[] = [1];
    array[2] = 3;
    array[4] = 4.5;
    array.length = 7;
    return array;
  },
  "array with properties": () => Object.assign([1, 2], { x: 1, "-1": "y" }),
  Map: () =>
    new Map<unknown, unknown>([
      [1, "one"],
      ["two", { n: 2 }],
    ]),
  Set: () => new Set([1, "two", null]),
  Date: () => new Date(86_400_000.5),
  "boxed values": () => [Object(true), Object(false), Object(1.5), Object(2n), Object("s"), Object("日")],
  RegExp: () => /a\/b+/giu,
  "RegExp with all flags": () => /./dgimsuy,
  ArrayBuffer: () => new Uint8Array([1, 2, 3]).buffer,
  "resizable ArrayBuffer": () => new (ArrayBuffer as ResizableConstructor)(2, { maxByteLength: 8 }),
  Uint8Array: () => new Uint8Array([1, 2]),
  "views of every kind": () => [
    new Int8Array([-1]),
    new Uint8ClampedArray([1]),
    new Int16Array([-2]),
    new Uint16Array([2]),
    new Int32Array([-3]),
    new Uint32Array([3]),
    new Float32Array([0.5]),
    new Float64Array([-0.5]),
    new BigInt64Array([-4n]),
    new BigUint64Array([4n]),
    new DataView(new ArrayBuffer(3), 1),
  ],
  Error: () => error(Error, "m", "S"),
  "errors of every kind": () =>
    [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) =>
      error(type, "", ""),
    ),
  "object met twice": shared,
  "object in itself": circular,
  "Map and Set in themselves": selfHolding,
};

type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
