// biome-ignore-all lint/suspicious/noSparseArray: holes are what is cloned.
// Objects that do something while they are cloned, or are not what they look like.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertSame, BOTH, clone, refusal } from "./support.ts";

type Resizable = ArrayBuffer & { resize(length: number): void };

const resizable = (length: number, maxByteLength: number) =>
  new (ArrayBuffer as unknown as new (length: number, options: object) => Resizable)(length, {
    maxByteLength,
  });

/** A property whose getter logs, and gives what `act` does. */
const logged = (log: string[], name: string, act: () => unknown): PropertyDescriptor => ({
  get: () => {
    log.push(name);
    return act();
  },
  enumerable: true,
  configurable: true,
});

test("a getter among the elements of a long array runs once, whatever it gives", () => {
  for (const [, clone] of BOTH) {
    for (const value of [7, "text", undefined, null, { deep: [1] }]) {
      for (const first of [0, "strings"]) {
        const log: string[] = [];
        const array: unknown[] = Array.from({ length: 300 }, () => first);
        Object.defineProperty(
          array,
          200,
          logged(log, "200", () => value),
        );
        const copy = clone(array);
        assert.equal(log, ["200"]);
        assert.equal(copy[200], value);
        assert.is(copy.length, 300);
      }
    }
  }
});

test("an element whose getter takes it away was there; one that another took away was not", () => {
  for (const [, clone] of BOTH) {
    for (const length of [3, 300]) {
      const make = () => {
        const array: unknown[] = Array.from({ length }, (_, i) => i);
        Object.defineProperty(
          array,
          1,
          logged([], "1", () => {
            delete array[1];
            delete array[2];
          }),
        );
        return array;
      };
      assertSame(clone(make()), structuredClone(make()));
      const copy = clone(make());
      assert.equal([1 in copy, 2 in copy], [true, false]);
    }
  }
});

test("what an array inherits is not taken for its own when a getter has taken an element away", () => {
  class Inheriting extends Array<unknown> {}
  Object.defineProperty(Inheriting.prototype, 2, { get: () => "inherited" });
  for (const [, clone] of BOTH) {
    const array: unknown[] = Inheriting.from([0, 1, 2]);
    Object.defineProperty(array, 2, { value: 2, enumerable: true, configurable: true });
    Object.defineProperty(
      array,
      0,
      logged([], "0", () => void delete array[2]),
    );
    Object.defineProperty(Array.prototype, 2, { get: () => "inherited", configurable: true });
    let copy: unknown[];
    try {
      copy = clone(array);
    } finally {
      Reflect.deleteProperty(Array.prototype, 2);
    }
    assert.not.ok(Object.hasOwn(copy, 2));
  }
});

test("a proxy that an object inherits from is asked what the engine asks it, and no more", () => {
  const proxied = (log: string[], target: object) =>
    new Proxy(
      target,
      new Proxy(
        {},
        {
          get: (_, trap) => {
            log.push(String(trap));
            return undefined;
          },
        },
      ),
    );
  class Instance {
    x = { y: 1 };
  }
  const makers: ((log: string[]) => object)[] = [
    (log) => Object.assign(Object.create(proxied(log, {})) as object, { a: [1] }),
    (log) => Object.setPrototypeOf([1, , { a: 2 }], proxied(log, [])) as object,
    (log) => Object.setPrototypeOf(new Map([[1, {}]]), proxied(log, {})) as object,
    (log) => Object.setPrototypeOf(new Date(5), proxied(log, Date.prototype)) as object,
    (log) => Object.setPrototypeOf(new RangeError("m"), proxied(log, RangeError.prototype)) as object,
    (log) => ({ promise: Object.setPrototypeOf(Promise.resolve(), proxied(log, {})) as object }),
    (log) => {
      const instance = new Instance();
      Object.setPrototypeOf(Object.getPrototypeOf(instance) as object, proxied(log, {}));
      return [instance, instance];
    },
  ];
  for (const make of makers) {
    const [ours, theirs] = [clone, structuredClone].map((operation) => {
      const log: string[] = [];
      const value = make(log);
      log.length = 0;
      try {
        return { log, value: operation(value) };
      } catch (error) {
        return { log, name: (error as Error).name };
      }
    });
    assert.equal(ours!.log, theirs!.log);
    assertSame(ours, theirs);
  }
});

test("what only inherits from a class with slots is an ordinary object, whose getters run once", () => {
  const classes = [
    Map,
    Set,
    Date,
    RegExp,
    ArrayBuffer,
    WeakMap,
    WeakRef,
    Intl.DateTimeFormat,
    Intl.PluralRules,
  ];
  for (const [name, clone] of BOTH) {
    for (const { prototype } of [...classes, ...(name === "with introspection" ? [Promise] : [])]) {
      const log: string[] = [];
      const inherits = Object.create(prototype as object, {
        a: logged(log, "a", () => 1),
        b: logged(log, "b", () => 2),
      }) as object;
      assertSame(clone(inherits), { a: 1, b: 2 });
      assert.equal(log, ["a", "b"]);
    }
    for (const made of [new WeakMap(), new WeakRef({}), new Intl.NumberFormat(), new Intl.PluralRules()]) {
      assert.is(refusal(() => clone(Object.assign(made, { own: 1 }))).name, "DataCloneError");
    }
  }
});

test("a class that extends Blob or File is not asked for what the slots hold", () => {
  class Liar extends File {
    override get type(): string {
      throw new Error("asked");
    }
    override get name(): string {
      throw new Error("asked");
    }
  }
  class BlobLiar extends Blob {
    override get type(): string {
      throw new Error("asked");
    }
  }
  for (const [, clone] of BOTH) {
    const file = clone(new Liar(["a"], "name", { type: "a/b" }));
    assert.equal([file.name, file.type], ["name", "a/b"]);
    assert.is(clone(new BlobLiar(["a"], { type: "a/b" })).type, "a/b");
  }
});

test("a module's namespace is refused though its exports could be cloned, and what a bundler makes of one is cloned", async () => {
  const url = "data:text/javascript,export const a = 1; export let b = [2];";
  const namespace = (await import(url)) as object;
  const bundled = Object.freeze(
    Object.defineProperty({ __proto__: null, a: 1 }, Symbol.toStringTag, { value: "Module" }),
  );
  for (const [, clone] of BOTH) {
    assert.is(refusal(() => clone({ namespace })).name, "DataCloneError");
    assertSame(clone(bundled), structuredClone(bundled));
  }
});

test("views of a buffer that a getter has resized are as long as they were", () => {
  for (const [, clone] of BOTH) {
    const growing = resizable(8, 16);
    const { buffer, view } = clone({
      buffer: growing,
      get view() {
        growing.resize(16);
        return new Uint8Array(growing, 4, 12);
      },
    });
    // Its buffer was copied when it was shorter: the view is out of bounds until it is longer again.
    assert.equal([buffer.byteLength, view.byteLength], [8, 0]);
    buffer.resize(16);
    assert.equal([view.byteOffset, view.byteLength], [4, 12]);

    const shrinking = resizable(16, 16);
    const moved = clone(
      {
        view: new Uint8Array(shrinking, 0, 16),
        get after() {
          return shrinking.resize(8);
        },
      },
      { transfer: [shrinking] },
    );
    const movedBuffer = moved.view.buffer as Resizable;
    assert.equal([movedBuffer.byteLength, moved.view.byteLength], [8, 0]);
    movedBuffer.resize(16);
    assert.is(moved.view.byteLength, 16);
  }
});

test("a buffer that a getter detaches is copied as it was, and refused from then on", () => {
  for (const [, clone] of BOTH) {
    const make = (again: (buffer: ArrayBuffer, view: Uint8Array) => unknown) => {
      const buffer = new ArrayBuffer(4);
      const view = new Uint8Array(buffer);
      return {
        view,
        get detach() {
          structuredClone(buffer, { transfer: [buffer] });
          return 1;
        },
        again: again(buffer, view),
      };
    };
    assert.is(clone(make((_, view) => view)).view.byteLength, 4);
    assert.is(clone(make((buffer) => buffer)).view.byteLength, 4);
    const fresh = make((buffer) => ({
      get late() {
        return new Uint8Array(buffer);
      },
    }));
    assert.is(refusal(() => clone(fresh)).name, "TypeError");
    const other = make((buffer) => new Uint16Array(buffer));
    assert.match(refusal(() => clone(other)).message, /detached, .* at \.again/);
  }
});

test("an error without a stack of its own gets none", () => {
  const error = new RangeError("m");
  delete error.stack;
  for (const [, clone] of BOTH) assert.is(clone(error).stack, undefined);
});

test("a transfer list with something that the engine will not move leaves buffers where they are", () => {
  const locked = new ReadableStream();
  locked.getReader();
  const halfLocked = new TransformStream();
  halfLocked.writable.getWriter();
  const gone = new MessageChannel();
  structuredClone(gone.port1, { transfer: [gone.port1] });
  const lists: [object, RegExp][] = [
    [locked, /transfer\[1\] is locked/],
    [halfLocked, /transfer\[1\] is locked/],
    [gone.port1, /options\.transfer: /],
    [Object.create(MessagePort.prototype) as object, /options\.transfer: /],
    [Object.create(ReadableStream.prototype) as object, /options\.transfer: /],
  ];
  for (const [, clone] of BOTH) {
    for (const [object, message] of lists) {
      const buffer = new ArrayBuffer(8);
      const error = refusal(() => clone(0, { transfer: [buffer, object] }));
      assert.is(error.name, "DataCloneError");
      assert.match(error.message, message);
      assert.is(buffer.byteLength, 8);
    }
  }
  gone.port2.close();
});

test("memory is what it was when clones have failed", () => {
  const failing = () => {
    let value: unknown = { f: () => 1, bytes: new Uint8Array(1000) };
    for (let i = 0; i < 100; i++) value = { list: [new Map([[i, new Array(100).fill(i)]])], value };
    return value;
  };
  const heap = () => {
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  for (const [, clone] of BOTH) {
    refusal(() => clone(failing()));
    const before = heap();
    for (let i = 0; i < 200; i++) refusal(() => clone(failing()));
    assert.ok(heap() - before < 20_000_000, `${heap() - before} bytes`);
  }
});

test.run();
