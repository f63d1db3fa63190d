/** deriveKey, over both algorithms that derive: which keys come of it, in which order errors come, and what is refused. */
import { webcrypto } from "node:crypto";
import { createRuntimeSync, SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["deriveBits", "deriveKey"] = ["deriveBits", "deriveKey"];

const SOURCES = [
  { name: "HKDF", hash: "SHA-384", salt: pattern(7), info: pattern(9) },
  { name: "PBKDF2", hash: "SHA-512", salt: pattern(9), iterations: 5 },
];
const aes = (name: string) => [128, 192, 256].map((length) => ({ name, length }));
const TARGETS: [
  algorithm: { name: string; length?: number; hash?: string },
  usages: KeyUsage[],
  bits: number,
][] = [
  ...["AES-CBC", "AES-CTR", "AES-GCM"].flatMap(aes).map((algorithm) => {
    return [algorithm, ["encrypt", "decrypt"], algorithm.length] as [typeof algorithm, KeyUsage[], number];
  }),
  ...aes("AES-KW").map((algorithm) => {
    return [algorithm, ["wrapKey"], algorithm.length] as [typeof algorithm, KeyUsage[], number];
  }),
  [{ name: "HMAC", hash: "SHA-1" }, ["sign"], 512],
  [{ name: "HMAC", hash: "SHA-256" }, ["sign"], 512],
  [{ name: "HMAC", hash: "SHA-512" }, ["verify"], 1024],
  [{ name: "HMAC", hash: "SHA-256", length: 160 }, ["sign"], 160],
];

for (const source of SOURCES) {
  const { name } = source;
  const key = subtleSync.importKey("raw", pattern(20), name, false, both);

  test(`${name}: keys for every algorithm are those that the host derives`, async () => {
    const host = await webcrypto.subtle.importKey("raw", pattern(20), name, false, both);
    for (const [target, usages, bits] of TARGETS) {
      const theirs = await webcrypto.subtle.deriveKey(source, host, target as never, true, usages);
      const expected = hex(await webcrypto.subtle.exportKey("raw", theirs));
      assert.is(expected.length, bits / 4);
      const ours = subtleSync.deriveKey(source, key, target, true, usages);
      assert.is(hex(subtleSync.exportKey("raw", ours)), expected, JSON.stringify(target));
      assert.equal(ours.usages, usages);
      assert.is(ours.extractable, true);
      const promised = await subtle.deriveKey(source, key, target, true, usages);
      assert.is(hex(await subtle.exportKey("raw", promised)), expected);
      assert.is(hex(subtleSync.deriveBits(source, key, bits)), expected);
      assert.is(SubtleCrypto.supports("deriveKey", source, target), true);
    }
  });

  test(`${name}: what makes no key is refused, by supports where it can tell`, async () => {
    const deriving = async (target: unknown, usages: KeyUsage[] = ["sign"], extractable = true) =>
      (await refusal("deriveKey", () => [source, key, target, extractable, usages])).name;
    for (const [target, expected] of [
      [{ name: "AES-GCM", length: 129 }, "OperationError"],
      [{ name: "AES-GCM" }, "TypeError"],
      [{ name: "HMAC", hash: "SHA-256", length: 0 }, "TypeError"],
      [{ name: "HMAC", hash: "SHA-256", length: 9 }, "OperationError"],
      [{ name: "HMAC", hash: "SHA-3" }, "NotSupportedError"],
      // These have no length of their own, and neither source gives one.
      ["HKDF", "OperationError"],
      ["PBKDF2", "OperationError"],
      ["SHA-256", "NotSupportedError"],
      [{ name: "ECDSA", namedCurve: "P-256" }, "NotSupportedError"],
    ] as const) {
      assert.is(await deriving(target), expected, JSON.stringify(target));
      assert.is(SubtleCrypto.supports("deriveKey", source, target), false, JSON.stringify(target));
    }
    const target = { name: "AES-CBC", length: 128 };
    assert.is(await deriving(target, []), "SyntaxError");
    assert.is(await deriving(target, ["sign"]), "SyntaxError");
    const bitsOnly = subtleSync.importKey("raw", pattern(20), name, false, ["deriveBits"]);
    const usage = await refusal("deriveKey", () => [source, bitsOnly, target, true, ["encrypt"]]);
    assert.is(usage.name, "InvalidAccessError");
    const keyOnly = subtleSync.importKey("raw", pattern(20), name, false, ["deriveKey"]);
    const other = await refusal("deriveBits", () => [source, keyOnly, 128]);
    assert.is(other.name, "InvalidAccessError");
    const alien = SOURCES.find((another) => another !== source)!;
    const mismatch = await refusal("deriveBits", () => [alien, key, 128]);
    assert.is(mismatch.name, "InvalidAccessError");
  });

  test(`${name}: keys are raw bytes of any number, and are never exported`, async () => {
    for (const format of ["raw", "raw-secret"] as const) {
      for (const length of [0, 1, 100]) {
        const made = subtleSync.importKey(format as "raw", pattern(length), { name }, false, both);
        assert.is(made.type, "secret");
        assert.is(made.extractable, false);
        assert.equal({ ...made.algorithm }, { name });
        assert.equal(made.usages, ["deriveKey", "deriveBits"]);
        assert.is((await refusal("exportKey", () => [format, made])).name, "NotSupportedError");
      }
    }
    const importing = async (format: string, data: unknown, extractable: boolean, usages: string[]) =>
      (await refusal("importKey", () => [format, data, name, extractable, usages])).name;
    assert.is(await importing("raw", pattern(5), true, both), "SyntaxError");
    assert.is(await importing("raw", pattern(5), false, []), "SyntaxError");
    assert.is(await importing("raw", pattern(5), false, ["deriveBits", "sign"]), "SyntaxError");
    assert.is(await importing("jwk", { kty: "oct", k: "AAAA" }, false, both), "NotSupportedError");
    assert.is(await importing("pkcs8", pattern(5), true, both), "NotSupportedError");
    assert.is((await refusal("generateKey", () => [name, false, both])).name, "NotSupportedError");
  });

  test(`${name}: the bytes that a key was imported from are the caller's again`, () => {
    const bytes = pattern(30);
    const made = subtleSync.importKey("raw", bytes, name, false, both);
    bytes.fill(0);
    const again = subtleSync.importKey("raw", pattern(30), name, false, both);
    const bits = hex(subtleSync.deriveBits(source, made, 256));
    assert.is(bits, hex(subtleSync.deriveBits(source, again, 256)));
  });
}

test("a closed runtime takes no more keys, which nobody would wipe", async () => {
  const runtime = createRuntimeSync();
  await runtime.close();
  for (const { name } of SOURCES) {
    const error = await refusal("importKey", () => ["raw", pattern(8), name, false, both], runtime);
    assert.is(error.name, "InvalidStateError");
  }
});

test("a length is taken modulo 2^32, as WebIDL has it where nothing else is said", () => {
  const key = subtleSync.importKey("raw", pattern(20), "HKDF", false, both);
  const bits = (length: number) => hex(subtleSync.deriveBits(SOURCES[0]!, key, length));
  assert.is(bits(2 ** 32 + 128), bits(128));
  assert.is(bits(128.9), bits(128));
});

test("what getters change while arguments are read is not seen, and the last word is the first", async () => {
  const salt = pattern(7);
  const info = pattern(9);
  const key = subtleSync.importKey("raw", pattern(20), "HKDF", false, both);
  const read: string[] = [];
  const algorithm = new Proxy(
    { name: "HKDF", hash: "SHA-384", salt, info },
    {
      get(target, name) {
        read.push(String(name));
        return Reflect.get(target, name) as unknown;
      },
    },
  );
  const target = {
    name: "AES-CBC",
    get length() {
      read.push("length of the key");
      salt.fill(1); // Before any bytes are read.
      return 256;
    },
  };
  const derived = subtleSync.deriveKey(algorithm, key, target, true, ["encrypt"]);
  const expected = { name: "HKDF", hash: "SHA-384", salt: pattern(7).fill(1), info };
  assert.is(hex(subtleSync.exportKey("raw", derived)), hex(subtleSync.deriveBits(expected, key, 256)));
  assert.equal(read, ["name", "hash", "info", "salt", "length of the key"]);
});

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
