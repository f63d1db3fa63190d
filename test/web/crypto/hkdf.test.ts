import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync, SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["deriveBits", "deriveKey"] = ["deriveBits", "deriveKey"];
const importRaw = (bytes: Uint8Array, runtime = nano) =>
  runtime.subtleSync.importKey("raw", bytes, "HKDF", false, both);
const hkdf = (hash = "SHA-256", salt = pattern(16), info = pattern(5)) => ({
  name: "HKDF",
  hash,
  salt,
  info,
});
const HASHES = { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

interface Vector {
  source: string;
  hash: string;
  ikm: string;
  salt: string;
  info: string;
  okm: string;
}
const vectors = (JSON.parse(readFileSync("test/vectors/kdf.json", "utf8")) as { hkdf: Vector[] }).hkdf;

const expected = (hash: string, ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number) =>
  hex(hkdfSync(hash.replace("-", ""), ikm, salt, info, bytes));

test("every published vector is met, in both forms", async () => {
  for (const { source, hash, ikm, salt, info, okm } of vectors) {
    const key = importRaw(fromHex(ikm));
    const algorithm = hkdf(hash, fromHex(salt), fromHex(info));
    assert.is(hex(subtleSync.deriveBits(algorithm, key, 4 * okm.length)), okm, source);
    assert.is(hex(await subtle.deriveBits(algorithm, key, 4 * okm.length)), okm, source);
  }
});

test("random inputs give what node:crypto gives, up to 255 digests", async () => {
  const next = random(5869);
  const some = (max: number) => pattern(Math.floor(next() * (max + 1))).map(() => next() * 256);
  for (const [hash, digestBytes] of Object.entries(HASHES)) {
    for (let round = 0; round < 60; round++) {
      const [ikm, salt, info] = [some(200), some(200), some(round < 2 ? 990 : 200)];
      const bytes = round === 0 ? 255 * digestBytes : Math.floor(next() * 300);
      const bits = subtleSync.deriveBits(hkdf(hash, salt, info), importRaw(ikm), 8 * bytes);
      assert.is(hex(bits), expected(hash, ikm, salt, info, bytes), `${hash}, ${bytes} bytes`);
    }
  }
});

test("inputs that take long are derived from in slices, with other work between, and copied at the call", async () => {
  for (const [ikmBytes, saltBytes, bytes, hash] of [
    [3 * MIB, 5, 100, "SHA-256"],
    [5, 3 * MIB, 33, "SHA-384"],
    [MIB, 2 * MIB, 0, "SHA-512"],
  ] as const) {
    const salt = pattern(saltBytes);
    const info = pattern(MIB / 4);
    const key = importRaw(pattern(ikmBytes));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const promise = subtle.deriveBits(hkdf(hash, salt, info), key, 8 * bytes);
    salt.fill(0);
    info.fill(0);
    const bits = hex(await promise);
    clearInterval(timer);
    assert.ok(turns > 0);
    // node:crypto takes no such info: the definition does.
    const again = hex(
      subtleSync.deriveBits(hkdf(hash, pattern(saltBytes), pattern(MIB / 4)), key, 8 * bytes),
    );
    assert.is(bits, again);
  }
  const short = pattern(1000);
  const key = importRaw(pattern(2 * MIB));
  const bits = await subtle.deriveBits(hkdf("SHA-512", pattern(2 * MIB), short), key, 8 * 300);
  assert.is(hex(bits), expected("SHA-512", pattern(2 * MIB), pattern(2 * MIB), short, 300));
});

test("lengths that HKDF does not give are refused, by supports too", async () => {
  const key = importRaw(pattern(10));
  for (const [hash, digestBytes] of Object.entries(HASHES)) {
    for (const length of [null, undefined, 1, 7, 9, 255 * digestBytes * 8 + 8, 2 ** 32 - 8]) {
      const error = await refusal("deriveBits", () => [hkdf(hash), key, length]);
      assert.is(error.name, "OperationError", `${length}`);
      assert.match(error.message, `HKDF: length is ${length ?? null}`);
      assert.is(SubtleCrypto.supports("deriveBits", hkdf(hash), length as number), false);
    }
    assert.is(subtleSync.deriveBits(hkdf(hash), key, 0).byteLength, 0);
    assert.is(SubtleCrypto.supports("deriveBits", hkdf(hash), 255 * digestBytes * 8), true);
  }
});

test("a closed runtime ends what is under way", async () => {
  const runtime = createRuntimeSync();
  const key = importRaw(pattern(3 * MIB), runtime);
  const rejected = assertRejects(runtime.crypto.subtle.deriveBits(hkdf(), key, 256));
  await runtime.close();
  assert.is((await rejected).name, "InvalidStateError");
  assert.is((await refusal("deriveBits", () => [hkdf(), key, 256], runtime)).name, "InvalidStateError");
  assert.is(nano.memory().liveArenas, 0);
});

async function assertRejects(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => assert.unreachable() as never,
    (error: Error) => error,
  );
}

test.run();
