import { CryptoKey, createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HASHES } from "../../../ts/core/hash.ts";
import { HmacSlot } from "../../../ts/core/hmac.ts";
import { wipeSecrets } from "../../../ts/core/secrets.ts";
import { makeCore } from "../../support/core.ts";
import { nano, pattern } from "../support.ts";

const HMAC = { name: "HMAC", hash: "SHA-256" };
const make = () => nano.subtleSync.importKey("raw", pattern(16), HMAC, false, ["sign"]);

test("a key shows the same objects each time, and changing them changes no key", () => {
  const key = make();
  assert.is(key.algorithm, key.algorithm);
  assert.is(key.usages, key.usages);
  const before = nano.subtleSync.sign("HMAC", key, pattern(1));
  const algorithm = key.algorithm as { name: string; hash: { name: string }; length: number };
  algorithm.name = "AES-GCM";
  algorithm.hash.name = "SHA-1";
  key.usages.length = 0;
  key.usages.push("encrypt");
  assert.equal(nano.subtleSync.sign("HMAC", key, pattern(1)), before);
  assert.throws(() => nano.subtleSync.sign("AES-GCM", key, pattern(1)));
  assert.throws(() => nano.subtleSync.verify("HMAC", key, before, pattern(1)), /lacks the usage "verify"/);
  assert.is((make().algorithm as typeof algorithm).hash.name, "SHA-256");
});

test("nothing of a key is reachable but what the interface shows", () => {
  const key = make();
  assert.equal(Reflect.ownKeys(key), []);
  assert.is(JSON.stringify(key), "{}");
  assert.ok(Object.isExtensible(key));
  Object.assign(key, { extractable2: true });
  assert.throws(() => {
    (key as { extractable: boolean }).extractable = true;
  }, TypeError);
  assert.is(key.extractable, false);
});

test("the getters take keys only, and only a runtime makes keys", () => {
  const key = make();
  for (const name of ["type", "extractable", "algorithm", "usages"]) {
    const { get } = Object.getOwnPropertyDescriptor(CryptoKey.prototype, name)!;
    for (const receiver of [{}, CryptoKey.prototype, Object.create(key), new Proxy(key, {}), undefined]) {
      assert.throws(
        () => get!.call(receiver),
        (error: Error) => error instanceof TypeError,
      );
    }
  }
  assert.throws(() => new CryptoKey(), /Illegal constructor/);
  assert.throws(() => new (class extends CryptoKey {})(), /Illegal constructor/);
  assert.throws(() => Reflect.construct(CryptoKey, [Symbol("CryptoKey"), {}]), /Illegal constructor/);
  assert.throws(() => nano.subtleSync.sign("HMAC", Object.create(key), pattern(1)), /not a CryptoKey/);
});

test("keys satisfy lib.dom's type, and another runtime's constructor is the same", () => {
  const key: globalThis.CryptoKey = make();
  assert.instance(key, CryptoKey);
  const other = createRuntimeSync();
  assert.instance(other.subtleSync.generateKey(HMAC, false, ["sign"]), CryptoKey);
  return other.close();
});

test("a key's secrets are wiped when it is collected, or its core closed", async () => {
  const core = makeCore();
  const slots: (HmacSlot | undefined)[] = [1, 2].map(
    () => new HmacSlot(core, HASHES["SHA-256"], pattern(9), pattern(9)),
  );
  const bits = [pattern(9), pattern(9)];
  slots.push(...bits.map((kept) => new HmacSlot(core, HASHES["SHA-512"], kept, kept)));
  slots[2] = undefined;
  const wiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
  for (let i = 0; i < 100 && !wiped(bits[0]!); i++) {
    globalThis.gc!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(wiped(bits[0]!), "the collected one");
  assert.not.ok(wiped(bits[1]!), "the one in use");
  assert.is(slots[3]!.exportBits().length, 9);
  wipeSecrets(core);
  assert.ok(wiped(bits[1]!), "the one in use when the core is closed");
  assert.throws(() => slots[3]!.sign(pattern(1)), /never begun/);
});

test.run();
