/** https://html.spec.whatwg.org/multipage/structured-data.html#structured-cloning */
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf, pattern, runtime } from "./support.ts";

type Any = Record<string, unknown>;
const cloner = async () => (await runtime()).structuredClone;

export const structuredCloning: Suite = {
  name: "structured clone",
  tests: {
    "values of every kind are cloned": async () => {
      const clone = await cloner();
      const holes: unknown[] & { x?: number } = [1];
      holes[2] = 3;
      holes.x = 1;
      const source = {
        ...{ text: "\ud800é", big: -(2n ** 90n), zero: -0, nothing: undefined, none: null },
        ...{
          date: new Date(1e12),
          expression: /a(?<b>c)/giu,
          boxed: [Object("s"), Object(1n), Object(false)],
        },
        ...{
          map: new Map<unknown, unknown>([[{ key: 1 }, new Set([[1]])]]),
          holes,
        },
        ...{
          bytes: pattern(1000),
          view: new DataView(new ArrayBuffer(8), 2, 4),
          floats: Float32Array.of(0.5),
        },
      };
      const copy = clone(source);
      assert.equal(copy, source);
      assert.is.not(copy.map, source.map);
      assert.ok(Object.is(copy.zero, -0));
      assert.equal(Object.keys(copy.holes), ["0", "2", "x"]);
      assert.equal([copy.view.byteOffset, copy.view.buffer.byteLength], [2, 8]);
      return [Object.keys(copy).join(), String(copy.expression), `${copy.holes.length}`];
    },

    "shared and circular references stay so": async () => {
      const clone = await cloner();
      const buffer = new ArrayBuffer(8);
      const source: Any = { list: [new Uint8Array(buffer), new Uint16Array(buffer, 2)], buffer };
      source.self = source;
      source.map = new Map([[source, source.list]]);
      const copy = clone(source) as Any & { list: Uint8Array[]; map: Map<unknown, unknown> };
      assert.is(copy.self, copy);
      assert.is(copy.map.get(copy), copy.list);
      assert.ok(copy.list.every((view) => view.buffer === copy.buffer));
    },

    "errors keep name, message, cause, stack, and errors of their own": async () => {
      const clone = await cloner();
      const seen: string[] = [];
      for (const Kind of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
        const error = new Kind("message", { cause: [new Date(1)] });
        const copy = clone(error);
        assert.is(Object.getPrototypeOf(copy), Kind.prototype);
        assert.is(copy.stack, error.stack);
        assert.equal(copy.cause, [new Date(1)]);
        assert.is(Object.keys(copy).join(), "");
        seen.push(`${copy}`);
      }
      const all = clone(new AggregateError([new RangeError("one")], "all"));
      assert.instance(all, AggregateError);
      assert.instance(all.errors[0], RangeError);
      return [...seen, `${all}: ${all.errors}`];
    },

    "platform objects are cloned or refused": async () => {
      const nano = await runtime();
      const clone = nano.structuredClone;
      const exception = clone([new DOMException("message", "DataError")])[0]!;
      assert.instance(exception, DOMException);
      assert.equal([exception.name, exception.message], ["DataError", "message"]);
      const file = clone({ file: new File(["text"], "name", { type: "a/b", lastModified: 7 }) }).file;
      assert.instance(file, File);
      assert.equal([file.name, file.type, file.lastModified, await file.text()], ["name", "a/b", 7, "text"]);
      const key = await nano.crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
      const copy = clone({ key }).key;
      assert.is.not(copy, key);
      assert.equal(
        new Uint8Array(await nano.crypto.subtle.sign("HMAC", copy, pattern(10))),
        new Uint8Array(await nano.crypto.subtle.sign("HMAC", key, pattern(10))),
      );
      const refused = [
        new URL("http://localhost"),
        new Headers(),
        new AbortController().signal,
        new EventTarget(),
      ];
      const errors = await Promise.all(refused.map((value) => errorOf(() => clone([value]))));
      return errors.map(({ name, message }) => `${name}: ${message}`);
    },

    "what cannot be cloned is named, and where it is": async () => {
      const clone = await cloner();
      const values: unknown[] = [
        ...[{ users: [1, { onClick: () => 1 }] }, Symbol("s"), { w: new WeakMap() }, [Promise.resolve()]],
        ...[
          new Map([["k", new WeakRef({})]]),
          new Set([(function* () {})()]),
          new Error("m", { cause: () => 1 }),
        ],
      ];
      const seen: string[] = [];
      for (const value of values) {
        const error = await errorOf(() => clone(value));
        assert.instance(error, DOMException);
        seen.push(`${error.name}: ${error.message}`);
      }
      return seen;
    },

    "getters run once, in order": async () => {
      const clone = await cloner();
      const log: string[] = [];
      const logged = (name: string, value: unknown) => ({
        enumerable: true,
        get: () => {
          log.push(name);
          return value;
        },
      });
      const inner = Object.defineProperties({}, { x: logged("x", 1), y: logged("y", 2) });
      clone(Object.defineProperties({}, { b: logged("b", inner), 1: logged("1", 0), a: logged("a", inner) }));
      assert.equal(log, ["1", "b", "x", "y", "a"]);
    },

    "getters that change what is being cloned see it as the standard has it": async () => {
      const clone = await cloner();
      const enumerable = { enumerable: true, configurable: true };
      const inner: Any = {
        get first() {
          return delete inner.third;
        },
        second: 2,
        third: 3,
      };
      const outer: Any = {
        get a() {
          delete outer.b;
          outer.late = 1;
          return inner;
        },
        b: 2,
        inner,
      };
      const list: unknown[] = Array.from({ length: 200 }, (_, i) => i);
      let reads = 0;
      Object.defineProperty(list, 150, {
        ...enumerable,
        get: () => ++reads && delete list[151] && { reads },
      });
      const [object, elements] = clone([outer, list] as const);
      assert.equal(object, { a: { first: true, second: 2 }, inner: { first: true, second: 2 } });
      assert.is(object.a, object.inner);
      assert.equal([elements[150], 151 in elements, 152 in elements], [{ reads: 1 }, false, true]);
      assert.is(reads, 1);
    },

    "views of resizable memory go on to follow it": async () => {
      const clone = await cloner();
      type Growing = { resize?(length: number): void; maxByteLength?: number };
      const Buffer = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer & Growing;
      const buffer = new Buffer(8, { maxByteLength: 16 });
      if (!buffer.resize) return;
      const copy = clone({ follows: new Uint16Array(buffer, 2), fixed: new Uint8Array(buffer, 0, 8) });
      const copied = copy.follows.buffer as ArrayBuffer & Growing;
      copied.resize!(16);
      assert.equal([copy.follows.length, copy.fixed.length, copied.maxByteLength], [7, 8, 16]);
      // It grows by whole pages, and never shrinks.
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 }) as WebAssembly.Memory & {
        toResizableBuffer?(): ArrayBuffer;
      };
      const pages = memory.toResizableBuffer?.();
      if (pages) assert.is(clone(new Uint8Array(pages)).length, 65536);
    },

    "an error without a stack gets none, and one that is copied shows none among its keys": async () => {
      const clone = await cloner();
      const error = new Error("m");
      delete error.stack;
      const copy = clone(error);
      assert.is(copy.stack, error.stack);
      assert.is(Object.keys(copy).join(), "");
    },

    "buffers are transferred, or nothing is": async () => {
      const clone = await cloner();
      const buffer = pattern(16).buffer;
      const other = new ArrayBuffer(4);
      const twice = await errorOf(() => clone(0, { transfer: [buffer, buffer] }));
      const failing = await errorOf(() => clone([buffer, () => 1], { transfer: [buffer, other] }));
      assert.equal([buffer.byteLength, other.byteLength], [16, 4]);
      const copy = clone({ bytes: new Uint8Array(buffer, 4), buffer }, { transfer: [buffer, other] });
      assert.equal([buffer.byteLength, other.byteLength], [0, 0]);
      assert.is(copy.bytes.buffer, copy.buffer);
      assert.equal(new Uint8Array(copy.buffer), pattern(16));
      const detached = await errorOf(() => clone(0, { transfer: [other] }));
      const stream = new ReadableStream();
      stream.getReader();
      const locked = await errorOf(() => clone(0, { transfer: [copy.buffer, stream] }));
      assert.is(copy.buffer.byteLength, 16);
      return [twice, failing, detached, locked].map(({ name, message }) => `${name}: ${message}`);
    },

    "depth has no limit": async () => {
      const clone = await cloner();
      let value: unknown = "bottom";
      for (let i = 0; i < 1_000_000; i++) value = [value];
      let copy = clone(value);
      for (let i = 0; i < 1_000_000; i++) copy = (copy as unknown[])[0];
      assert.is(copy, "bottom");
    },
  },
};
