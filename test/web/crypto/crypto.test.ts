import { Crypto, createRuntimeSync, memoryHost, SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nano } from "../support.ts";

const { crypto } = nano;
const fails = (call: () => unknown): DOMException => {
  try {
    call();
  } catch (error) {
    return error as DOMException;
  }
  throw new Error("it returned");
};

test("getRandomValues fills every view of integers, its own bytes only, and returns it", () => {
  const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
  for (const View of [...views, BigInt64Array, BigUint64Array]) {
    const buffer = new ArrayBuffer(64);
    const view = new View(buffer, 16, 32 / View.BYTES_PER_ELEMENT);
    assert.is(crypto.getRandomValues(view), view);
    assert.equal([...new Uint8Array(buffer, 0, 16), ...new Uint8Array(buffer, 48)], new Array(32).fill(0));
    assert.ok(new Set(new Uint8Array(buffer, 16, 32)).size > 8, View.name);
  }
  class Derived extends Uint8Array {}
  assert.ok(new Set(crypto.getRandomValues(new Derived(64))).size > 8);
  assert.ok(new Set(crypto.getRandomValues(Buffer.alloc(64))).size > 8);
  assert.is(crypto.getRandomValues(new Uint8Array(0)).length, 0);
});

test("getRandomValues fills 65,536 bytes, to the last", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  // 256 expected of each; 16 standard deviations of 16 either side.
  assert.ok(counts.every((count) => count > 0 && count < 512));
  assert.ok(bytes.subarray(-64).some((byte) => byte !== 0));
});

test("getRandomValues refuses floats and DataViews, then what is too long", () => {
  for (const view of [
    new Float32Array(1),
    new Float64Array(1),
    new DataView(new ArrayBuffer(8)),
    new Float32Array(20_000),
  ]) {
    const error = fails(() => crypto.getRandomValues(view));
    assert.is(error.name, "TypeMismatchError");
    assert.is(error.code, 17);
  }
  const error = fails(() => crypto.getRandomValues(new Uint32Array(16_385))) as DOMException & {
    quota: null;
    requested: null;
  };
  assert.instance(error, DOMException);
  assert.is(error.name, "QuotaExceededError");
  assert.is(error.constructor.name, "QuotaExceededError");
  assert.is(error.code, 22);
  assert.is(error.quota, null);
  assert.is(error.requested, null);
  assert.match(error.message, /65540 bytes/);
});

test("QuotaExceededError is the interface of Web IDL, be it the engine's or not", () => {
  const error = fails(() => crypto.getRandomValues(new Uint8Array(65_537)));
  const QuotaExceededError = error.constructor as new (...args: unknown[]) => DOMException & Quota;
  interface Quota {
    quota: number | null;
    requested: number | null;
  }
  const isOf = (type: ErrorConstructor) => (thrown: Error) => thrown instanceof type;
  assert.is(QuotaExceededError.length, 0);
  assert.is(Object.prototype.toString.call(error), "[object QuotaExceededError]");
  for (const member of ["quota", "requested"]) {
    const property = Object.getOwnPropertyDescriptor(QuotaExceededError.prototype, member)!;
    assert.ok(property.enumerable && property.configurable && !property.set, member);
    assert.throws(() => Reflect.get(QuotaExceededError.prototype, member), isOf(TypeError));
  }
  for (const [options, quota, requested] of [
    [undefined, null, null],
    [null, null, null],
    [{}, null, null],
    [{ quota: 0 }, 0, null],
    [{ requested: "1.5" }, null, 1.5],
    [{ quota: 2, requested: 2 }, 2, 2],
  ] as const) {
    const made = new QuotaExceededError("full", options);
    assert.instance(made, DOMException);
    assert.equal(
      [made.name, made.code, made.message, made.quota, made.requested],
      ["QuotaExceededError", 22, "full", quota, requested],
    );
  }
  for (const options of [{ quota: -1 }, { requested: -1 }, { quota: 2, requested: 1 }]) {
    assert.throws(() => new QuotaExceededError("", options), isOf(RangeError));
  }
  for (const options of [1, "full", { quota: Number.NaN }, { requested: Infinity }, { quota: Symbol() }]) {
    assert.throws(() => new QuotaExceededError("", options), isOf(TypeError));
  }
});

test("getRandomValues refuses what WebIDL does not take as an ArrayBufferView", () => {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
  const resizable = new Uint8Array(new Resizable(8, { maxByteLength: 16 }));
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  for (const value of [undefined, null, 8, "text", {}, [1], new ArrayBuffer(8), shared, resizable]) {
    const error = fails(() => crypto.getRandomValues(value as never));
    assert.instance(error, TypeError);
    assert.match(error.message, /^getRandomValues: array is/);
  }
  assert.equal([...shared, ...resizable], new Array(16).fill(0));
});

test("randomUUID gives version 4, variant 10, and never one twice", () => {
  const uuids = Array.from({ length: 1000 }, () => crypto.randomUUID());
  assert.ok(
    uuids.every((uuid) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid)),
  );
  assert.is(new Set(uuids).size, 1000);
  // Each of the 122 bits is seen as 0 and as 1.
  const bits = uuids.map((uuid) => BigInt(`0x${uuid.replaceAll("-", "")}`));
  const fixed = (0xfn << 76n) | (3n << 62n);
  assert.is(bits.reduce((all, each) => all | each) & ~fixed, (2n ** 128n - 1n) & ~fixed);
  assert.is(bits.reduce((all, each) => all & each) & ~fixed, 0n);
});

test("entropy is the host's: a deterministic host gives the same values again", () => {
  const [one, two] = [1, 2].map(() => createRuntimeSync({ host: memoryHost() }).crypto);
  assert.is(one!.randomUUID(), two!.randomUUID());
  assert.equal(one!.getRandomValues(new Uint8Array(9)), two!.getRandomValues(new Uint8Array(9)));
});

test("crypto.subtle is one object, and belongs to Crypto alone", () => {
  assert.is(crypto.subtle, crypto.subtle);
  assert.instance(crypto.subtle, SubtleCrypto);
  const { get } = Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle")!;
  assert.throws(
    () => get!.call({}),
    (error: Error) => error instanceof TypeError,
  );
  assert.throws(
    () => Crypto.prototype.randomUUID.call({} as Crypto),
    (error: Error) => error instanceof TypeError,
  );
  assert.throws(() => new Crypto(), /Illegal constructor/);
  assert.throws(() => new SubtleCrypto(), /Illegal constructor/);
});

test("a closed runtime gives no more random values", async () => {
  const runtime = createRuntimeSync();
  await runtime.close();
  assert.is(fails(() => runtime.crypto.getRandomValues(new Uint8Array(1))).name, "InvalidStateError");
  assert.is(fails(() => runtime.crypto.randomUUID()).name, "InvalidStateError");
});

const SHAPES = {
  Crypto: { getRandomValues: 1, randomUUID: 0, subtle: "get" },
  SubtleCrypto: {
    ...{ encrypt: 3, decrypt: 3, sign: 3, verify: 4, digest: 2, generateKey: 3, deriveKey: 5 },
    ...{ deriveBits: 2, importKey: 5, exportKey: 2, wrapKey: 4, unwrapKey: 7 },
    getPublicKey: 2,
  },
};

test("the interfaces have the shape that WebIDL prescribes", () => {
  for (const [Interface, members] of [
    [Crypto, SHAPES.Crypto],
    [SubtleCrypto, SHAPES.SubtleCrypto],
  ] as const) {
    const { name, prototype } = Interface;
    assert.is(Interface.length, 0);
    assert.equal(Object.keys(prototype).sort(), Object.keys(members).sort());
    for (const [member, length] of Object.entries(members)) {
      const property = Object.getOwnPropertyDescriptor(prototype, member)!;
      if (length === "get") assert.is(property.set, undefined);
      else assert.is((property.value as () => void).length, length, member);
      assert.ok(property.configurable && property.enumerable);
    }
    assert.equal(Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag), {
      ...{ value: name, writable: false, enumerable: false, configurable: true },
    });
    assert.is(Object.getOwnPropertyDescriptor(Interface, "prototype")!.writable, false);
  }
  assert.is(String(nano.crypto), "[object Crypto]");
});

test("the synchronous twin has the same methods, and the promising one never throws", async () => {
  const sync = Object.getPrototypeOf(nano.subtleSync) as object;
  assert.equal(Object.keys(sync).sort(), Object.keys(SubtleCrypto.prototype).sort());
  for (const [name, length] of Object.entries(SHAPES.SubtleCrypto)) {
    const method = nano.crypto.subtle[name as "digest"] as () => Promise<never>;
    assert.is((Reflect.get(sync, name) as () => void).length, length);
    for (const receiver of [nano.crypto.subtle, {}, undefined]) {
      const error = await method.call(receiver).then(
        () => undefined,
        (reason: Error) => reason,
      );
      assert.instance(error, TypeError, name);
    }
  }
});

test("an algorithm's name is read once, before its other members, and so is a hash's in it", async () => {
  const reads: string[] = [];
  const logging = <Members extends object>(members: Members): Members =>
    new Proxy(members, {
      get(from, key, receiver) {
        reads.push(String(key));
        return Reflect.get(from, key, receiver);
      },
    });
  const { subtle } = nano.crypto;
  const hash = logging({ name: "sha-256" });
  const key = await subtle.importKey("raw", new Uint8Array(16), logging({ name: "hmac", hash }), false, [
    "sign",
  ]);
  assert.equal(reads.splice(0), ["name", "hash", "length", "name"]);
  assert.equal(key.algorithm, { name: "HMAC", hash: { name: "SHA-256" }, length: 128 });
  await subtle.sign(logging({ name: "HMAC" }), key, new Uint8Array(1));
  assert.equal(reads.splice(0), ["name"]);
  const aes = await subtle.generateKey(logging({ name: "AES-GCM", length: 128 }), false, ["encrypt"]);
  assert.equal(reads.splice(0), ["name", "length"]);
  await subtle.encrypt(logging({ name: "AES-GCM", iv: new Uint8Array(12) }), aes, new Uint8Array(1));
  assert.equal(reads.splice(0), ["name", "additionalData", "iv", "tagLength"]);
});

test.run();
