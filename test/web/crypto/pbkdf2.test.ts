import { pbkdf2Sync } from "node:crypto";
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
  runtime.subtleSync.importKey("raw", bytes, "PBKDF2", false, both);
const pbkdf2 = (iterations: number, hash = "SHA-256", salt = pattern(16)) => {
  return { name: "PBKDF2", hash, salt, iterations };
};
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

interface Vector {
  source: string;
  hash: string;
  password: string;
  salt: string;
  iterations: number;
  key: string;
}
const vectors = (JSON.parse(readFileSync("test/vectors/kdf.json", "utf8")) as { pbkdf2: Vector[] }).pbkdf2;

test("every published vector is met, in both forms", async () => {
  for (const { source, hash, password, salt, iterations, key } of vectors) {
    const slot = importRaw(fromHex(password));
    const algorithm = pbkdf2(iterations, hash, fromHex(salt));
    assert.is(hex(subtleSync.deriveBits(algorithm, slot, 4 * key.length)), key, source);
    assert.is(hex(await subtle.deriveBits(algorithm, slot, 4 * key.length)), key, source);
  }
});

test("random inputs give what node:crypto gives, whatever the iterations, and lengths over a group of blocks", async () => {
  const next = random(8018);
  const some = (max: number) => pattern(Math.floor(next() * (max + 1))).map(() => next() * 256);
  for (const hash of HASHES) {
    for (let round = 0; round < 40; round++) {
      const [password, salt] = [some(200), some(200)];
      const iterations = [1, 2, 4095, 4096, 4097, 9000][round] ?? 1 + Math.floor(next() * 60);
      const bytes = round === 6 ? 9000 : Math.floor(next() * 300);
      const expected = bytes && hex(pbkdf2Sync(password, salt, iterations, bytes, hash.replace("-", "")));
      const algorithm = pbkdf2(iterations, hash, salt);
      const what = `${hash}, ${iterations} iterations, ${bytes} bytes`;
      const key = importRaw(password);
      assert.is(hex(subtleSync.deriveBits(algorithm, key, 8 * bytes)), expected || "", what);
      assert.is(hex(await subtle.deriveBits(algorithm, key, 8 * bytes)), expected || "", what);
    }
  }
});

test("many iterations go by slices, with other work between, and what was copied at the call", async () => {
  const salt = pattern(20);
  const key = importRaw(pattern(20));
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const promise = subtle.deriveBits(pbkdf2(50_000, "SHA-512", salt), key, 512);
  salt.fill(0);
  const bits = hex(await promise);
  clearInterval(timer);
  assert.ok(turns > 3, `${turns} turns`);
  assert.is(bits, hex(pbkdf2Sync(pattern(20), pattern(20), 50_000, 64, "sha512")));
});

test("a password and a salt of megabytes, which HMAC hashes first", async () => {
  for (const hash of ["SHA-1", "SHA-384"]) {
    const [password, salt] = [pattern(2 * MIB + 5), pattern(3 * MIB + 7)];
    const expected = hex(pbkdf2Sync(password, salt, 3, 130, hash.replace("-", "")));
    const key = importRaw(password);
    assert.is(hex(await subtle.deriveBits(pbkdf2(3, hash, salt), key, 8 * 130)), expected);
    assert.is(hex(subtleSync.deriveBits(pbkdf2(3, hash, salt), key, 8 * 130)), expected);
  }
});

test("closing the runtime ends a derivation that would take hours, and leaves nothing", async () => {
  const runtime = createRuntimeSync();
  const key = importRaw(pattern(8), runtime);
  const promise = runtime.crypto.subtle.deriveBits(pbkdf2(2 ** 32 - 1), key, 256);
  const ending = promise.then(
    () => assert.unreachable(),
    (error: Error) => error.name,
  );
  assert.is(runtime.memory().liveArenas, 1);
  await runtime.close();
  assert.is(await ending, "InvalidStateError");
  const late = await refusal("deriveBits", () => [pbkdf2(1), key, 8], runtime);
  assert.is(late.name, "InvalidStateError");
});

test("many under way at the same time take little memory each", async () => {
  const runtime = createRuntimeSync();
  const key = importRaw(pattern(8), runtime);
  const count = 100;
  const promises = Array.from({ length: count }, () =>
    runtime.crypto.subtle.deriveBits(pbkdf2(5000), key, 256),
  );
  const { liveArenas, bytesInUse } = runtime.memory();
  assert.is(liveArenas, count);
  assert.ok(bytesInUse <= 4096 * count, `${bytesInUse} bytes`);
  const expected = hex(pbkdf2Sync(pattern(8), pattern(16), 5000, 32, "sha256"));
  for (const bits of await Promise.all(promises)) assert.is(hex(bits), expected);
  await runtime.close();
});

test("lengths that are no whole number of bytes, and no iterations, are refused, by supports too", async () => {
  const key = importRaw(pattern(8));
  for (const [algorithm, length] of [
    [pbkdf2(1), null],
    [pbkdf2(1), undefined],
    [pbkdf2(1), 12],
    [pbkdf2(0), 128],
    [pbkdf2(0), 0],
  ] as const) {
    const error = await refusal("deriveBits", () => [algorithm, key, length]);
    assert.is(error.name, "OperationError");
    assert.match(error.message, /^PBKDF2: /);
    assert.is(SubtleCrypto.supports("deriveBits", algorithm, length as number), false);
  }
  assert.is(subtleSync.deriveBits(pbkdf2(2 ** 32 - 1), key, 0).byteLength, 0);
  assert.is((await refusal("deriveBits", () => [pbkdf2(2 ** 32), key, 8])).name, "TypeError");
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
