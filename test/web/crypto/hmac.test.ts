import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const BLOCK_BITS: Record<string, number> = { "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["sign", "verify"] = ["sign", "verify"];
const importRaw = (bytes: Uint8Array, hash = "SHA-256", extractable = true) =>
  subtleSync.importKey("raw", bytes, { name: "HMAC", hash }, extractable, both);

interface Vector {
  algorithm: string;
  source: string;
  key: string;
  message: string;
  mac: string;
}
const vectors = JSON.parse(readFileSync("test/vectors/hmac.json", "utf8")) as Vector[];

test("every published vector is met, in both forms", async () => {
  for (const { algorithm, source, key, message, mac } of vectors) {
    const slot = importRaw(fromHex(key), algorithm);
    const data = fromHex(message);
    const computed = subtleSync.sign("HMAC", slot, data);
    assert.ok(hex(computed).startsWith(mac), source);
    assert.is(hex(await subtle.sign({ name: "hmac" }, slot, data)), hex(computed));
    assert.is(subtleSync.verify("HMAC", slot, computed, data), true);
    assert.is(await subtle.verify("HMAC", slot, computed, data), true);
  }
});

test("MACs equal the host's for keys and messages of any length", async () => {
  const next = random(2104);
  const lengths = [
    0, 1, 55, 56, 57, 63, 64, 65, 111, 112, 113, 127, 128, 129, 8191, 8192, 8193, 65_535, 65_536, 65_537,
  ];
  const data = pattern(5 * MIB);
  for (const hash of HASHES) {
    for (const length of hash === "SHA-512" ? [...lengths, MIB, MIB + 1, 5 * MIB] : lengths) {
      const key = pattern(1 + Math.floor(next() * 300));
      const algorithm = { name: "HMAC", hash };
      const host = await webcrypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
      const message = data.subarray(0, length);
      const expected = hex(await webcrypto.subtle.sign("HMAC", host, message));
      const own = importRaw(key, hash);
      assert.is(hex(subtleSync.sign("HMAC", own, message)), expected, `${hash}, ${length} bytes`);
      assert.is(hex(await subtle.sign("HMAC", own, message)), expected);
      assert.is(await subtle.verify("HMAC", own, fromHex(expected), message), true);
    }
  }
});

test("a MAC with any bit flipped, cut or lengthened is not valid", async () => {
  const key = importRaw(pattern(32));
  for (const length of [64, 70_000, 2 * MIB]) {
    const message = pattern(length);
    const mac = new Uint8Array(subtleSync.sign("HMAC", key, message));
    for (let bit = 0; bit < 256; bit += length > 1000 ? 97 : 1) {
      const wrong = mac.slice();
      wrong[bit >> 3]! ^= 1 << (bit & 7);
      assert.is(subtleSync.verify("HMAC", key, wrong, message), false);
    }
    for (const wrong of [mac.subarray(1), mac.subarray(0, 31), Uint8Array.of(...mac, 0), new Uint8Array(0)]) {
      assert.is(subtleSync.verify("HMAC", key, wrong, message), false);
      assert.is(await subtle.verify("HMAC", key, wrong, message), false);
    }
  }
});

test("message and MAC are what they were at the call", async () => {
  const key = importRaw(pattern(20));
  for (const length of [100, 3 * MIB]) {
    const message = pattern(length);
    const mac = new Uint8Array(subtleSync.sign("HMAC", key, message));
    const expected = hex(mac);
    const signing = subtle.sign("HMAC", key, message);
    const verifying = subtle.verify("HMAC", key, mac, message);
    message.fill(1);
    mac.fill(1);
    structuredClone(message.buffer, { transfer: [message.buffer] });
    assert.is(hex(await signing), expected);
    assert.is(await verifying, true);
  }
});

test("generateKey makes a key of a block's length, or of the bits asked for, at random", async () => {
  for (const hash of HASHES) {
    const key = await subtle.generateKey({ name: "HMAC", hash }, true, both);
    assert.equal(key.algorithm, { name: "HMAC", hash: { name: hash }, length: BLOCK_BITS[hash] });
    assert.is(key.type, "secret");
    assert.is(subtleSync.exportKey("raw", key).byteLength * 8, BLOCK_BITS[hash]);
  }
  for (const length of [1, 7, 8, 9, 160, 256, 1025, 16 * MIB + 3]) {
    const key = await subtle.generateKey({ name: "HMAC", hash: "SHA-256", length }, true, both);
    assert.is((key.algorithm as HmacKeyAlgorithm).length, length);
    const bits = new Uint8Array(await subtle.exportKey("raw", key));
    assert.is(bits.length, Math.ceil(length / 8));
    // What is left of the last byte is zero.
    assert.is(bits.at(-1)! & ((1 << (-length & 7)) - 1), 0);
    if (length > 100) assert.ok(new Set(bits).size > 1);
    const host = await webcrypto.subtle.importKey("raw", bits, { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]);
    const message = pattern(99);
    const mac = hex(subtleSync.sign("HMAC", key, message));
    assert.is(mac, hex(await webcrypto.subtle.sign("HMAC", host, message)), `${length} bits`);
  }
  const keys = [1, 2, 3].map(() => subtleSync.generateKey({ name: "HMAC", hash: "SHA-1" }, true, ["sign"]));
  assert.is(new Set(keys.map((key) => hex(subtleSync.exportKey("raw", key)))).size, 3);
});

test("raw and raw-secret import and export the same bytes", async () => {
  for (const length of [1, 20, 64, 65, 200, 2 * MIB]) {
    const bytes = pattern(length);
    bytes[0] = 1;
    for (const format of ["raw", "raw-secret"] as const) {
      const key = await subtle.importKey(format, bytes, { name: "HMAC", hash: "SHA-384" }, true, ["sign"]);
      assert.is(hex(await subtle.exportKey("raw", key)), hex(bytes));
      assert.is(hex(subtleSync.exportKey("raw-secret", key)), hex(bytes));
      assert.is((key.algorithm as HmacKeyAlgorithm).length, length * 8);
    }
  }
});

test("a key exported is a copy, and imported is one", async () => {
  for (const length of [32, 3 * MIB]) {
    const bytes = pattern(length);
    const expected = hex(bytes);
    const importing = subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, true, both);
    bytes.fill(0);
    const key = await importing;
    const exported = subtleSync.exportKey("raw", key);
    assert.is(hex(exported), expected);
    new Uint8Array(exported).fill(0);
    assert.is(hex(subtleSync.exportKey("raw", key)), expected);
  }
});

test("length cuts the last byte's bits, and no more than those", async () => {
  const bytes = Uint8Array.of(0xff, 0xff);
  for (const [length, expected] of [
    [16, "ffff"],
    [13, "fff8"],
    [9, "ff80"],
  ] as const) {
    const key = subtleSync.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1", length }, true, both);
    assert.is((key.algorithm as HmacKeyAlgorithm).length, length);
    assert.is(hex(subtleSync.exportKey("raw", key)), expected);
    const whole = importRaw(fromHex(expected), "SHA-1");
    assert.is(hex(subtleSync.sign("HMAC", key, bytes)), hex(subtleSync.sign("HMAC", whole, bytes)));
  }
  for (const length of [0, 1, 8, 17, 24, 2 ** 32 - 1]) {
    const error = await refusal("importKey", () => [
      "raw",
      bytes,
      { name: "HMAC", hash: "SHA-1", length },
      true,
      both,
    ]);
    assert.is(error.name, "DataError");
    assert.match(error.message, /9 to 16/);
  }
});

test("usages are kept once each, in the standard's order", async () => {
  const usages = ["verify", "sign", "verify"] as const;
  const generated = await subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, true, usages);
  const imported = subtleSync.importKey(
    "raw",
    pattern(3),
    { name: "HMAC", hash: "SHA-1" },
    true,
    new Set(usages),
  );
  assert.equal(generated.usages, both);
  assert.equal(imported.usages, both);
});

test("what a key may not be used for is refused, each thing with its own error", async () => {
  const generate = (length: number | undefined, usages: string[]) =>
    refusal("generateKey", () => [
      { name: "HMAC", hash: "SHA-256", ...(length !== undefined && { length }) },
      true,
      usages,
    ]);
  assert.is((await generate(undefined, [])).name, "SyntaxError");
  assert.is((await generate(undefined, ["sign", "encrypt"])).name, "SyntaxError");
  assert.is((await generate(undefined, ["encapsulateKey"])).name, "SyntaxError");
  assert.is((await generate(0, ["sign"])).name, "OperationError");
  assert.is((await generate(0, ["encrypt"])).name, "SyntaxError");
  assert.is((await generate(undefined, ["fly"])).name, "TypeError");

  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const signing = subtleSync.importKey("raw", pattern(9), algorithm, false, ["sign"]);
  const verifying = subtleSync.importKey("raw", pattern(9), algorithm, false, ["verify"]);
  assert.is((await refusal("sign", () => ["HMAC", verifying, pattern(1)])).name, "InvalidAccessError");
  assert.is(
    (await refusal("verify", () => ["HMAC", signing, pattern(1), pattern(1)])).name,
    "InvalidAccessError",
  );
  for (const format of ["raw", "raw-secret", "jwk", "spki"]) {
    assert.is((await refusal("exportKey", () => [format, signing])).name, "InvalidAccessError");
  }
  const open = importRaw(pattern(9));
  for (const format of ["spki", "pkcs8", "raw-public", "raw-private", "raw-seed"]) {
    assert.is((await refusal("exportKey", () => [format, open])).name, "NotSupportedError");
    const args = [format, pattern(9), algorithm, true, both];
    assert.is((await refusal("importKey", () => args)).name, "NotSupportedError");
  }
  assert.is((await refusal("importKey", () => ["raw", pattern(0), algorithm, true, both])).name, "DataError");
  // The data is looked at before it is seen that there are no usages.
  assert.is((await refusal("importKey", () => ["raw", pattern(0), algorithm, true, []])).name, "DataError");
  assert.is((await refusal("importKey", () => ["raw", pattern(1), algorithm, true, []])).name, "SyntaxError");
});

test("a key serves other runtimes too, until its own is closed", async () => {
  const other = createRuntimeSync();
  const key = other.subtleSync.generateKey({ name: "HMAC", hash: "SHA-256" }, true, both);
  const mac = subtleSync.sign("HMAC", key, pattern(10));
  assert.is(await other.crypto.subtle.verify("HMAC", key, mac, pattern(10)), true);
  await other.close();
  assert.is((await refusal("sign", () => ["HMAC", key, pattern(10)])).name, "InvalidStateError");
  assert.is((await refusal("verify", () => ["HMAC", key, mac, pattern(10)])).name, "InvalidStateError");
  assert.is(
    (await refusal("verify", () => ["HMAC", key, pattern(1), pattern(10)])).name,
    "InvalidStateError",
  );
  assert.is((await refusal("exportKey", () => ["raw", key])).name, "InvalidStateError");
});

test("a hundred thousand keys can be made in one task", async () => {
  const message = pattern(8);
  const last = new Set<string>();
  for (let i = 0; i < 100_000; i++) {
    const bytes = Uint8Array.of(i, i >> 8, i >> 16, 1);
    const key = subtleSync.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false, both);
    if (i % 10_000 === 0) last.add(hex(await subtle.sign("HMAC", key, message)));
  }
  assert.is(last.size, 10);
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
