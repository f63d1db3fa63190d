// biome-ignore-all lint/suspicious/noSparseArray: holes are what is cloned.
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { isA } from "../../support/tools.ts";
import { assertSame, BOTH, clone, refusal } from "./support.ts";

type Any = Record<string, unknown>;

test("primitives are what they were", () => {
  const values = [undefined, null, true, 0, -0, Number.NaN, 2n ** 200n, "", "\ud800", "\udc00\0"];
  for (const value of values) assert.ok(Object.is(clone(value), value), String(value));
});

test("lone values of every kind are cloned as the engine does", () => {
  const values = [
    ...[Object(true), Object(-0), Object("\ud800"), Object(1n), new Date(0), new Date(Number.NaN)],
    ...[/a\/\n/dgimsuy, /(?:)/, new Map([[{}, new Set([1])]]), new Set([new Map()])],
    ...[
      new ArrayBuffer(0),
      Uint8Array.of(1, 2, 3),
      new Uint16Array(4),
      new DataView(new ArrayBuffer(8), 2, 4),
    ],
    ...[Float64Array.of(0.5), BigInt64Array.of(-1n), Buffer.from("pooled"), new Uint8Array(8).subarray(2, 5)],
    ...[
      [],
      [1, , 3],
      Object.assign([1, 2], { extra: { deep: [] } }),
      new Array(4_294_967_295),
      {},
      { a: { b: [] } },
    ],
  ];
  for (const [, clone] of BOTH) for (const value of values) assertSame(clone(value), structuredClone(value));
});

test("a regular expression starts over, and loses properties of its own", () => {
  const copy = clone(Object.assign(/a/g, { lastIndex: 5, extra: 1 }));
  assert.is(copy.lastIndex, 0);
  assert.not.ok("extra" in copy);
});

test("prototypes are the built-in ones, and symbols and hidden properties are left", () => {
  class Point {
    x = 1;
    readonly #secret = 2;
    get secret() {
      return this.#secret;
    }
  }
  const source = Object.assign(new Point(), { [Symbol("s")]: 1 });
  Object.defineProperty(source, "hidden", { value: 1, enumerable: false });
  for (const [, clone] of BOTH) {
    const copy = clone(source);
    assert.is(Object.getPrototypeOf(copy), Object.prototype);
    assert.equal(Reflect.ownKeys(copy), ["x"]);
    assert.is(Object.getPrototypeOf(clone(Object.create(null))), Object.prototype);
    assert.is(Object.getPrototypeOf(clone(new (class extends Map {})())), Map.prototype);
    assert.is(Object.getPrototypeOf(clone(new (class extends Array {})())), Array.prototype);
    assert.ok(Object.isExtensible(clone(Object.freeze({ a: 1 }))));
  }
});

test("keys called __proto__ become properties, and prototypes are never touched", () => {
  const source = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": [2]}') as Any;
  const copy = clone(source) as Any;
  assert.equal(Object.keys(copy), ["__proto__", "constructor", "toString"]);
  assert.is(Object.getPrototypeOf(copy), Object.prototype);
  assert.not.ok("polluted" in {});
});

test("what somebody adds to built-in prototypes is neither used nor copied", () => {
  const polluted: [object, PropertyKey, PropertyDescriptor][] = [];
  const pollute = (prototype: object, key: PropertyKey, descriptor: PropertyDescriptor) => {
    polluted.push([prototype, key, Object.getOwnPropertyDescriptor(prototype, key) ?? {}]);
    Object.defineProperty(prototype, key, { configurable: true, ...descriptor });
  };
  const fail = () => {
    throw new Error("called");
  };
  const source = {
    a: [1, , { b: 1 }],
    m: new Map([[1, 2]]),
    s: new Set([3]),
    d: new Date(4),
    r: /x/g,
    e: new Error("m"),
  };
  const expected = structuredClone(source);
  pollute(Object.prototype, "a", { get: fail, set: fail });
  pollute(Object.prototype, "b", { value: 0, writable: false });
  pollute(Array.prototype, "1", { get: fail, set: fail });
  for (const [prototype, names] of [
    [Map.prototype, ["get", "set", "has", "forEach", "entries", "size", Symbol.iterator]],
    [Set.prototype, ["add", "has", "forEach", "values", "size", Symbol.iterator]],
    [Date.prototype, ["getTime", "valueOf", Symbol.toPrimitive]],
    [RegExp.prototype, ["flags", "source", "global"]],
  ] as const) {
    for (const name of names) pollute(prototype, name, { get: fail });
  }
  let copies: unknown[];
  try {
    copies = BOTH.map(([, clone]) => clone(source));
  } finally {
    for (const [prototype, key, before] of polluted) {
      Reflect.deleteProperty(prototype, key);
      if ("value" in before || "get" in before) Object.defineProperty(prototype, key, before);
    }
  }
  for (const copy of copies) assertSame(copy, expected);
});

test("kinds are told by internal slots, not by what objects say of themselves", () => {
  const says = (tag: string) => ({ [Symbol.toStringTag]: tag, a: 1 });
  for (const [, clone] of BOTH) {
    for (const tag of [
      "Map",
      "Set",
      "Date",
      "Error",
      "ArrayBuffer",
      "Promise",
      "Uint8Array",
      "DOMException",
    ]) {
      assertSame(clone(says(tag)), { a: 1 });
      assertSame(clone(Object.create((globalThis as Any)[tag] as object)), {});
    }
    for (const { prototype } of [Map, Set, Date, Error, Promise, RegExp, ArrayBuffer, Uint8Array, WeakMap]) {
      assertSame(clone(Object.create(prototype)), {});
      assertSame(clone(Object.assign(Object.create(prototype) as object, { a: 1 })), { a: 1 });
    }
    for (const value of [
      new Map([[1, 2]]),
      new Set([1]),
      new Date(7),
      /a/g,
      new RangeError("m"),
      Object(7),
      new ArrayBuffer(2),
    ]) {
      for (const prototype of [null, Object.prototype, Array.prototype, { [Symbol.toStringTag]: "Other" }]) {
        Object.setPrototypeOf(value, prototype);
        assertSame(clone(value), structuredClone(value));
      }
    }
    const tagged = Object.defineProperty(new Map([[1, 2]]), Symbol.toStringTag, {
      get() {
        throw new Error("read");
      },
    });
    assertSame(clone(tagged), new Map([[1, 2]]));
  }
});

test("objects of another realm are cloned into this one", async () => {
  const { runInNewContext } = await import("node:vm");
  const source = runInNewContext(
    "({ o: {}, a: [1], m: new Map([[1, {}]]), s: new Set([1]), d: new Date(3), r: /a/g, e: new TypeError('m'), u: new Uint8Array(3), b: Object(1n) })",
  ) as Any;
  for (const [, clone] of BOTH) assertSame(clone(source), structuredClone(source));
});

test("errors keep name, message, cause and stack, and lose the rest", () => {
  const cause = { code: 1 };
  for (const Kind of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = Object.assign(new Kind("message", { cause }), { extra: 1 });
    const copy = clone(error);
    assert.instance(copy, Kind);
    assert.is(copy.stack, error.stack);
    assert.equal(Object.getOwnPropertyDescriptor(copy, "message"), {
      ...{ value: "message", writable: true, enumerable: false, configurable: true },
    });
    assert.equal(copy.cause, cause);
    assert.is.not(copy.cause, cause);
    assert.not.ok(Object.keys(copy).length > 0 || "extra" in copy);
  }
  const renamed = clone(Object.assign(new Error("m"), { name: "RangeError" }));
  assert.instance(renamed, RangeError);
  class Mine extends TypeError {
    override name = "Mine";
  }
  assert.is(Object.getPrototypeOf(clone(new Mine("m"))), Error.prototype);
  for (const name of [
    "toString",
    "__proto__",
    "Error",
    5,
    null,
    Symbol("s"),
    { toString: () => "RangeError" },
  ]) {
    const copy = clone(Object.assign(new RangeError("m"), { name }));
    assert.is(Object.getPrototypeOf(copy), Error.prototype);
  }
  assert.not.ok(Object.hasOwn(clone(new Error()), "message"));
  assert.is(clone(Object.assign(new Error("m"), { message: 7 })).message, "7");
  assert.throws(() => clone(Object.assign(new Error("m"), { message: Symbol("s") })), isA(TypeError));
  const loop = new Error("m");
  loop.cause = [loop];
  const copy = clone(loop) as Error & { cause: Error[] };
  assert.is(copy.cause[0], copy);
});

test("the errors of an AggregateError are cloned", () => {
  const shared = new RangeError("one");
  const copy = clone(new AggregateError([shared, { shared }], "all", { cause: shared }));
  assert.instance(copy, AggregateError);
  assert.is(copy.message, "all");
  assert.instance(copy.errors[0], RangeError);
  assert.is(copy.errors[1].shared, copy.errors[0]);
  assert.is(copy.cause, copy.errors[0]);
  assert.not.ok(Object.keys(copy).includes("errors"));
});

test("making copies of errors leaves Error.stackTraceLimit alone", () => {
  const limit = Error.stackTraceLimit;
  clone(new Error("m"));
  assert.is(Error.stackTraceLimit, limit);
  Object.defineProperty(Error, "stackTraceLimit", { get: () => limit, configurable: true });
  try {
    assert.is(clone(new Error("m")).message, "m");
  } finally {
    Object.defineProperty(Error, "stackTraceLimit", { value: limit, writable: true, configurable: true });
  }
});

test("views that share a buffer go on sharing it", () => {
  const buffer = new ArrayBuffer(16);
  const source = {
    bytes: new Uint8Array(buffer, 4, 8),
    floats: new Float32Array(buffer),
    view: new DataView(buffer, 2),
    buffer,
  };
  for (const [, clone] of BOTH) {
    const copy = clone(source);
    assert.is(copy.bytes.buffer, copy.buffer);
    assert.is(copy.floats.buffer, copy.buffer);
    assert.is(copy.view.buffer, copy.buffer);
    assertSame(copy, source);
    copy.floats[1] = 1.5;
    assert.is(new Float32Array(buffer)[1], 0);
  }
});

test("resizable buffers stay so, and views that follow their length go on to", () => {
  for (const max of [16, 8]) {
    const buffer = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(8, {
      maxByteLength: max,
    }) as ArrayBuffer & { resize(length: number): void; maxByteLength: number; resizable: boolean };
    new Uint8Array(buffer).set([1, 2, 3, 4, 5, 6, 7, 8]);
    const source = {
      ...{ follows: new Uint8Array(buffer), rest: new Uint16Array(buffer, 2), view: new DataView(buffer, 1) },
      ...{
        fixed: new Uint8Array(buffer, 0, 8),
        fixedRest: new Uint16Array(buffer, 2, 3),
        fixedView: new DataView(buffer, 1, 7),
      },
    };
    const copy = clone(source);
    const copied = copy.follows.buffer as typeof buffer;
    assertSame(copy, source);
    assert.equal([copied.resizable, copied.maxByteLength, buffer.byteLength], [true, max, 8]);
    assert.equal([...source.follows], [1, 2, 3, 4, 5, 6, 7, 8]);
    copied.resize(6);
    assert.equal(
      [copy.follows.length, copy.rest.length, copy.view.byteLength, copy.fixed.length],
      [6, 2, 5, 0],
    );
    copied.resize(max);
    assert.equal(
      [copy.follows.length, copy.rest.length, copy.view.byteLength],
      [max, (max - 2) / 2, max - 1],
    );
    assert.equal([copy.fixed.length, copy.fixedRest.length, copy.fixedView.byteLength], [8, 3, 7]);
    buffer.resize(4);
    assert.is(refusal(() => clone(source.fixed)).name, "DataCloneError");
    assert.is(refusal(() => clone(source.fixedView)).name, "DataCloneError");
    assert.is(clone(source.follows).length, 4);
  }
});

test("shared memory stays shared", () => {
  const buffer = new SharedArrayBuffer(4);
  const copy = clone({ buffer, bytes: new Uint8Array(buffer), words: new Uint16Array(buffer, 2, 1) });
  assert.is(copy.bytes.buffer, copy.buffer);
  assert.is.not(copy.buffer, buffer);
  new Uint8Array(buffer)[2] = 7;
  assert.equal([copy.bytes[2], copy.words[0]], [7, 7]);
});

test("detached buffers and their views are refused", () => {
  const buffer = new ArrayBuffer(4);
  const [bytes, view] = [new Uint8Array(buffer), new DataView(buffer)];
  structuredClone(buffer, { transfer: [buffer] });
  for (const value of [buffer, bytes, view])
    assert.is(refusal(() => clone({ value })).name, "DataCloneError");
});

test("Blob, File and DOMException are cloned", async () => {
  const blob = new Blob(["text"], { type: "text/plain" });
  const file = new File(["a", blob], "name.txt", { type: "a/b", lastModified: 42 });
  const exception = new DOMException("message", "DataError");
  for (const [, clone] of BOTH) {
    const copy = clone({ blob, file, exception, again: exception });
    assert.instance(copy.blob, Blob);
    assert.equal([copy.blob.type, await copy.blob.text()], ["text/plain", "text"]);
    assert.instance(copy.file, File);
    assert.equal([copy.file.name, copy.file.type, copy.file.lastModified], ["name.txt", "a/b", 42]);
    assert.is(await copy.file.text(), "atext");
    assert.instance(copy.exception, DOMException);
    assert.equal(
      [copy.exception.name, copy.exception.message, copy.exception.code],
      ["DataError", "message", 0],
    );
    assert.is(copy.exception.stack, exception.stack);
    assert.is(copy.again, copy.exception);
  }
});

test("a CryptoKey of NANO is another object for the same key", async () => {
  const nano = createRuntimeSync();
  const { subtle } = nano.crypto;
  const key = await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const copy = clone({ key }).key;
  assert.is.not(copy, key);
  assert.is(copy.constructor, key.constructor);
  assert.equal([copy.type, copy.extractable, copy.usages], [key.type, key.extractable, key.usages]);
  assert.equal(copy.algorithm, key.algorithm);
  const data = Uint8Array.of(1, 2, 3);
  assert.ok(await subtle.verify("HMAC", key, await subtle.sign("HMAC", copy, data), data));
  await nano.close();
});

test("the engine's own objects are the engine's to clone", async () => {
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  for (const [, clone] of BOTH) {
    assert.equal(clone(key).algorithm, key.algorithm);
    const module = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    assert.instance(clone([module])[0], WebAssembly.Module);
  }
});

test("what cannot be cloned is named, and where it is", () => {
  const refused: [unknown, string][] = [
    [() => 1, "a function cannot be cloned"],
    [Symbol("s"), "a symbol cannot be cloned"],
    [{ users: [0, 1, 2, { onClick() {} }] }, "a function cannot be cloned, at .users[3].onClick"],
    [{ "a b": [new WeakMap()] }, 'a WeakMap cannot be cloned, at ["a b"][0]'],
    [new Map([["key", Promise.resolve()]]), 'a Promise cannot be cloned, at .get("key")'],
    [new Map([[new WeakSet(), 1]]), "a WeakSet cannot be cloned, at .keys()[0]"],
    [new Set([1, new WeakRef({})]), "a WeakRef cannot be cloned, at .values()[1]"],
    [new Error("m", { cause: { f() {} } }), "a function cannot be cloned, at .cause.f"],
    [new AggregateError([Symbol("s")]), "a symbol cannot be cloned, at .errors[0]"],
    [{ url: new URL("http://localhost") }, "a URL cannot be cloned, at .url"],
    [[new EventTarget(), 1], "an EventTarget cannot be cloned, at [0]"],
    [[new AbortController().signal], "an AbortSignal cannot be cloned, at [0]"],
    [{ port: new MessageChannel().port1 }, "a MessagePort cannot be cloned, at .port"],
    [{ stream: new ReadableStream() }, "a ReadableStream cannot be cloned, at .stream"],
    [Object(Symbol("s")), "a Symbol cannot be cloned"],
    [[(function* () {})()], "a Generator cannot be cloned, at [0]"],
    [{ i: new Map().keys() }, "a Map Iterator cannot be cloned, at .i"],
    [{ n: new Intl.NumberFormat() }, "an Intl.NumberFormat cannot be cloned, at .n"],
    [new FinalizationRegistry(() => {}), "a FinalizationRegistry cannot be cloned"],
    [Object.assign([1, , 3], { extra: () => 1 }), "a function cannot be cloned, at .extra"],
    [Object.assign(Promise.resolve(), { own: 1 }), "a Promise cannot be cloned"],
  ];
  for (const [, clone] of BOTH) {
    for (const [value, message] of refused) {
      const error = refusal(() => clone(value));
      assert.instance(error, DOMException);
      assert.equal(
        [error.name, error.code, error.message],
        ["DataCloneError", 25, `structuredClone: ${message}`],
      );
    }
    (function () {
      // biome-ignore lint/complexity/noArguments: it is the arguments object that is tested.
      const message = refusal(() => clone(arguments)).message;
      assert.is(message, "structuredClone: an arguments object cannot be cloned");
    })();
  }
  let deep: unknown = () => 1;
  for (let i = 0; i < 1000; i++) deep = [deep];
  assert.is(
    refusal(() => clone(deep)).message,
    `structuredClone: a function cannot be cloned, at …${"[0]".repeat(16)}`,
  );
});

test("a module's namespace is refused", async () => {
  const namespace = await import("./support.ts");
  for (const [, clone] of BOTH) assert.is(refusal(() => clone({ namespace })).name, "DataCloneError");
});

test("proxies are refused, and none of their traps is called", () => {
  const log: string[] = [];
  const handler = new Proxy(
    {},
    {
      get: (_, trap) => {
        log.push(String(trap));
        return undefined;
      },
    },
  );
  for (const target of [{}, { a: 1 }, [], [1, 2], new Map(), () => 1, new Date()]) {
    const error = refusal(() => clone({ a: [new Proxy(target, handler)] }));
    assert.is(error.name, "DataCloneError");
    assert.match(
      error.message,
      typeof target === "function" ? /a function/ : /a Proxy cannot be cloned, at \.a\[0\]/,
    );
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.is(refusal(() => clone([proxy])).name, "DataCloneError");
  assert.equal(log, []);
});

test("getters run once, in order, and what they throw is thrown", () => {
  const log: string[] = [];
  const getter = (name: string, value: unknown = name) => ({
    get: () => {
      log.push(name);
      return value;
    },
    enumerable: true,
    configurable: true,
  });
  const inner = Object.defineProperties({}, { "b.x": getter("b.x"), "b.y": getter("b.y") });
  const source = Object.defineProperties(
    {},
    { a: getter("a"), b: getter("b", inner), 1: getter("1"), c: getter("c", inner) },
  );
  const list = Object.defineProperty([source, 0], 1, getter("[1]"));
  const expected = ["1", "a", "b", "b.x", "b.y", "c", "[1]"];
  for (const [, clone] of BOTH) {
    log.length = 0;
    const copy = clone(list) as unknown as [Any, unknown];
    assert.equal(log, expected);
    assert.is(copy[0].b, copy[0].c);
    const failure = new Error("mine");
    const throwing = {
      get a() {
        throw failure;
      },
    };
    assert.is(refusal(() => clone([throwing])) as unknown, failure);
  }
});

test("depth has no limit", () => {
  const nest = (depth: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = "bottom";
    for (let i = 0; i < depth; i++) value = wrap(value);
    return value;
  };
  for (const [, clone] of BOTH) {
    let array = clone(nest(1_000_000, (inner) => [inner]));
    for (let i = 0; i < 1_000_000; i++) array = (array as unknown[])[0];
    assert.is(array, "bottom");
  }
  let object = clone(nest(100_000, (inner) => ({ before: 1, inner, after: 2 })));
  for (let i = 0; i < 100_000; i++) {
    if ((object as Any).after !== 2) throw new Error(`after is missing ${i} deep`);
    object = (object as Any).inner;
  }
  assert.is(object, "bottom");
  let map = clone(nest(100_000, (inner) => new Map([["a", inner]])));
  for (let i = 1; i < 100_000; i++) map = (map as Map<string, unknown>).get("a");
  assert.instance(map, Map);
});

test("deep graphs with shared and circular references keep them", () => {
  const chain: Any[] = Array.from({ length: 5000 }, (_, id) => ({ id }));
  for (const [id, node] of chain.entries()) {
    node.next = chain[id + 1];
    node.list = [chain[(id * 7) % 5000], { up: node }, new Set([node])];
  }
  const copies: Any[] = [];
  for (let node: Any | undefined = clone(chain[0]!); node; node = node.next as Any | undefined)
    copies.push(node);
  assert.is(copies.length, 5000);
  for (const [id, node] of copies.entries()) {
    const [other, inner, set] = node.list as [Any, Any, Set<Any>];
    assert.is(other, copies[(id * 7) % 5000]);
    assert.is(inner.up, node);
    assert.ok(set.has(node));
  }
});

test("long arrays are cloned with all that they have", () => {
  const next = random(5);
  const numbers = Array.from({ length: 5000 }, next);
  const mixed = numbers.map((number, index) =>
    index < 200 ? number : index % 3 ? { number } : String(number),
  );
  const holes = numbers.slice();
  delete holes[4000];
  const extra = Object.assign(numbers.slice(), { extra: { a: 1 } });
  const strings = numbers.map(String);
  for (const [, clone] of BOTH) {
    for (const value of [numbers, mixed, holes, extra, strings, [extra, extra.extra]]) {
      assertSame(clone(value), structuredClone(value));
    }
  }
});

test("ArrayBuffers are transferred, and views of them come along", () => {
  const buffer = Uint8Array.of(1, 2, 3, 4).buffer;
  const bytes = new Uint8Array(buffer, 1, 2);
  const source = {
    buffer,
    bytes,
    list: [buffer],
    map: new Map<unknown, unknown>([[buffer, bytes]]),
    set: new Set([buffer]),
  };
  const error = new Error("m", { cause: buffer });
  const copy = clone({ ...source, error }, { transfer: [buffer] });
  assert.is(buffer.byteLength, 0);
  assert.equal([...new Uint8Array(copy.buffer)], [1, 2, 3, 4]);
  assert.equal([...copy.bytes], [2, 3]);
  assert.is(copy.bytes.buffer, copy.buffer);
  assert.is(copy.list[0], copy.buffer);
  assert.equal([...copy.map], [[copy.buffer, copy.bytes]]);
  assert.is(copy.map.get(copy.buffer), copy.bytes);
  assert.ok(copy.set.has(copy.buffer));
  assert.is(copy.error.cause, copy.buffer);
  const alone = new ArrayBuffer(8);
  assert.is(clone(alone, { transfer: [alone] }).byteLength, 8);
  const unused = new ArrayBuffer(8);
  assert.is(clone(1, { transfer: new Set([unused]) }), 1);
  assert.ok(refusal(() => clone(unused)));
});

test("transferring goes by the list even far down", () => {
  const buffer = new ArrayBuffer(3);
  let value: unknown = buffer;
  for (let i = 0; i < 1000; i++) value = i % 2 ? [value] : { value };
  let copy = clone(value, { transfer: [buffer] });
  for (let i = 999; i >= 0; i--) copy = i % 2 ? (copy as unknown[])[0] : (copy as Any).value;
  assert.is((copy as ArrayBuffer).byteLength, 3);
  assert.is(buffer.byteLength, 0);
});

test("ports and streams are transferred by the engine", async () => {
  const { port1, port2 } = new MessageChannel();
  const copy = clone({ port: port2 }, { transfer: [port2] });
  const received = new Promise((resolve) => port1.addEventListener("message", ({ data }) => resolve(data)));
  port1.start();
  copy.port.postMessage("hello");
  assert.is(await received, "hello");
  port1.close();
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue("chunk");
      controller.close();
    },
  });
  const moved = clone(stream, { transfer: [stream] });
  assert.ok(stream.locked);
  assert.equal((await moved.getReader().read()).value, "chunk");
});

test("a transfer list that cannot be met is refused, and nothing is detached", () => {
  const whole = new ArrayBuffer(8);
  const gone = new ArrayBuffer(8);
  structuredClone(gone, { transfer: [gone] });
  const lists: [unknown[], RegExp][] = [
    [[whole, whole], /transfer\[1\] is in the list twice/],
    [[whole, gone], /transfer\[1\] is detached/],
    [[whole, {}], /transfer\[1\] cannot be transferred/],
    [[whole, new Uint8Array(1)], /transfer\[1\] cannot be transferred/],
    [[whole, new SharedArrayBuffer(1)], /transfer\[1\] cannot be transferred/],
    [[whole, new Map()], /transfer\[1\] cannot be transferred/],
  ];
  for (const [transfer, message] of lists) {
    const error = refusal(() => clone({ whole }, { transfer: transfer as object[] }));
    assert.is(error.name, "DataCloneError");
    assert.match(error.message, message);
    assert.is(whole.byteLength, 8);
  }
  assert.is(refusal(() => clone([whole, () => 1], { transfer: [whole] })).name, "DataCloneError");
  const failing = {
    whole,
    get a() {
      throw new RangeError("mine");
    },
  };
  assert.is(refusal(() => clone(failing, { transfer: [whole] })).name, "RangeError");
  assert.is(whole.byteLength, 8);
  const detaches = {
    get a() {
      structuredClone(whole, { transfer: [whole] });
      return 1;
    },
  };
  assert.match(refusal(() => clone(detaches, { transfer: [whole] })).message, /transfer\[0\] is detached/);
});

test("arguments are converted as WebIDL has it", () => {
  const call = clone as (...args: unknown[]) => unknown;
  assert.is(clone.length, 1);
  assert.is((clone as unknown as { name: string }).name, "structuredClone");
  assert.throws(() => new (clone as unknown as new (value: unknown) => unknown)(1), isA(TypeError));
  for (const args of [
    [],
    [1, 5],
    [1, "a"],
    [1, { transfer: null }],
    [1, { transfer: 5 }],
    [1, { transfer: [1] }],
  ]) {
    assert.throws(() => call(...args), TypeError, JSON.stringify(args));
  }
  for (const options of [undefined, null, {}, { transfer: undefined }, { transfer: [] }, () => 1]) {
    assert.is(call(1, options), 1);
  }
});

test("what is met again has one copy, however many there are between", () => {
  for (const count of [11, 12, 13, 1022, 1023, 1024, 1025, 3000, 4093, 4094, 4095, 8189, 8190, 8191]) {
    const list: object[] = Array.from({ length: count }, (_, at) => ({ at }));
    const [first, last] = [list[0], list[count - 1]];
    const copy = clone({ list, again: [first, last, list], afterwards: [{ first }, { first, last }] });
    assert.equal(copy.list, list);
    assert.is(new Set(copy.list).size, count);
    const [firstCopy, lastCopy] = [copy.list[0], copy.list[count - 1]];
    assert.is(copy.again[0], firstCopy);
    assert.is(copy.again[1], lastCopy);
    assert.is(copy.again[2], copy.list);
    const [one, both] = copy.afterwards as [{ first: object }, { first: object; last: object }];
    assert.is(one.first, firstCopy);
    assert.is(both.first, firstCopy);
    assert.is(both.last, lastCopy);
    assert.is.not(firstCopy, first);
  }
});

test("each of many objects refers to itself, and to others, in its copy as it does", () => {
  interface Linked {
    self: Linked;
    previous: Linked | undefined;
    at: number;
  }
  const list: Linked[] = [];
  for (let at = 0; at < 9000; at++) {
    const linked = { self: undefined as unknown as Linked, previous: list[at - 1], at };
    linked.self = linked;
    list.push(linked);
  }
  for (const [, clone] of BOTH) {
    const copy = clone({ list, again: [...list].reverse() });
    for (const [at, linked] of copy.list.entries()) {
      if (
        linked === list[at] ||
        linked.at !== at ||
        linked.self !== linked ||
        linked.previous !== copy.list[at - 1] ||
        copy.again[list.length - 1 - at] !== linked
      ) {
        assert.unreachable(`object ${at}`);
      }
    }
    // From the last one on, each is in the one behind it.
    let linked: Linked | undefined = clone(list[list.length - 1]);
    for (let at = list.length - 1; at >= 0; at--) {
      if (linked?.at !== at || linked.self !== linked) assert.unreachable(`object ${at} from the last one`);
      linked = linked!.previous;
    }
  }
});

test("a clone in a getter is one of its own", () => {
  const shared = { s: 1 };
  const source = {
    shared,
    get inner() {
      return clone({ shared, list: [shared] });
    },
    again: shared,
  };
  const copy = clone(source);
  assert.is(copy.again, copy.shared);
  assert.is(copy.inner.list[0], copy.inner.shared);
  assert.is.not(copy.inner.shared, copy.shared);
});

test.run();
