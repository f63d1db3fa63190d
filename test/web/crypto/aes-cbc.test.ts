import { createCipheriv, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
const cbc = (iv: Uint8Array = pattern(16)) => ({ name: "AES-CBC", iv });
const importRaw = (bytes: Uint8Array) => subtleSync.importKey("raw", bytes, "AES-CBC", true, both);

interface Vector {
  source: string;
  key: string;
  iv: string;
  plaintext: string;
  ciphertext: string;
}
const vectors = (JSON.parse(readFileSync("test/vectors/aes_modes.json", "utf8")) as { cbc: Vector[] }).cbc;

/** Blocks that decrypt to these, unpadded. */
function sealed(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, iv).setAutoPadding(false);
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
}

test("every published vector is met, in both forms, with a block of padding behind it", async () => {
  for (const { source, key, iv, plaintext, ciphertext } of vectors) {
    const slot = importRaw(fromHex(key));
    const ours = subtleSync.encrypt(cbc(fromHex(iv)), slot, fromHex(plaintext));
    assert.is(hex(ours).slice(0, -32), ciphertext, source);
    assert.is(ours.byteLength, ciphertext.length / 2 + 16);
    assert.is(hex(await subtle.encrypt(cbc(fromHex(iv)), slot, fromHex(plaintext))), hex(ours), source);
    assert.is(hex(subtleSync.decrypt(cbc(fromHex(iv)), slot, ours)), plaintext, source);
    assert.is(hex(await subtle.decrypt(cbc(fromHex(iv)), slot, ours)), plaintext, source);
  }
});

test("ciphertexts equal the host's, and come back, at every length to 300, and about each boundary", async () => {
  const boundaries = [65_536, MIB / 4, MIB, 3 * MIB].flatMap((at) =>
    [-17, -16, -1, 0, 1, 16].map((by) => at + by),
  );
  const lengths = [...Array.from({ length: 301 }, (_, i) => i), ...boundaries];
  for (const [round, length] of lengths.entries()) {
    const raw = pattern([16, 24, 32][round % 3]!).map((byte, i) => byte ^ (round + i));
    const iv = pattern(16).map((byte) => byte ^ round);
    const plaintext = pattern(length);
    const host = await webcrypto.subtle.importKey("raw", raw, "AES-CBC", false, both);
    const own = importRaw(raw);
    const expected = Buffer.from(await webcrypto.subtle.encrypt(cbc(iv), host, plaintext));
    const ours = subtleSync.encrypt(cbc(iv), own, plaintext);
    assert.ok(expected.equals(Buffer.from(ours)), `${length} bytes`);
    assert.ok(expected.equals(Buffer.from(await subtle.encrypt(cbc(iv), own, plaintext))), `${length} bytes`);
    assert.ok(Buffer.from(plaintext).equals(Buffer.from(subtleSync.decrypt(cbc(iv), own, expected))));
    assert.ok(Buffer.from(plaintext).equals(Buffer.from(await subtle.decrypt(cbc(iv), own, expected))));
  }
});

test("every wrong padding, and every wrong length, is one and the same error", async () => {
  const raw = pattern(32);
  const iv = pattern(16);
  const key = importRaw(raw);
  const seen = new Set<string>();
  const refused = async (bytes: Uint8Array) => {
    const error = await refusal("decrypt", () => [cbc(iv), key, bytes]);
    assert.is(error.name, "OperationError");
    seen.add(error.message);
  };
  for (let length = 0; length < 50; length++)
    if (length % 16 !== 0 || length === 0) await refused(pattern(length));
  for (let last = 0; last < 256; last++) {
    const plaintext = pattern(32).fill(last, 31 - ((last + 15) & 15));
    plaintext[31] = last;
    if (last >= 1 && last <= 16) {
      assert.is(subtleSync.decrypt(cbc(iv), key, sealed(raw, iv, plaintext)).byteLength, 32 - last);
      // One byte of the padding is another.
      for (let wrong = 32 - last; wrong < 31; wrong++) {
        const changed = plaintext.slice();
        changed[wrong]! ^= 0x80 >>> (wrong & 7);
        await refused(sealed(raw, iv, changed));
      }
    } else {
      await refused(sealed(raw, iv, plaintext));
    }
  }
  // A long message, decrypted in slices.
  await refused(sealed(raw, iv, new Uint8Array(2 * MIB)));
  assert.is(seen.size, 1, [...seen].join("; "));
});

test("an IV has 16 bytes, and other lengths are refused, by supports too", async () => {
  const key = importRaw(pattern(16));
  const { SubtleCrypto } = await import("nanort");
  for (const length of [0, 1, 12, 15, 17, 32]) {
    for (const method of ["encrypt", "decrypt"] as const) {
      const error = await refusal(method, () => [cbc(pattern(length)), key, pattern(16)]);
      assert.is(error.name, "OperationError");
      assert.is(error.message, `AES-CBC: algorithm.iv has ${length} bytes, not 16`);
      assert.is(SubtleCrypto.supports(method, cbc(pattern(length))), false);
    }
  }
  assert.is(SubtleCrypto.supports("encrypt", cbc()), true);
  const missing = await refusal("encrypt", () => ["AES-CBC", key, pattern(1)]);
  assert.is(missing.message, "encrypt: algorithm.iv is missing (AesCbcParams requires it)");
});

test("what the caller changes after the call is not seen, in one slice and in several", async () => {
  const key = importRaw(pattern(32));
  for (const length of [100, 3 * MIB]) {
    const iv = pattern(16);
    const plaintext = pattern(length);
    const promise = subtle.encrypt(cbc(iv), key, plaintext);
    iv.fill(0);
    plaintext.fill(0);
    const ciphertext = new Uint8Array(await promise);
    const expected = subtleSync.encrypt(cbc(), key, pattern(length));
    assert.ok(Buffer.from(expected).equals(ciphertext));
    const opened = subtle.decrypt(cbc(), key, ciphertext);
    ciphertext.fill(0);
    assert.ok(Buffer.from(pattern(length)).equals(Buffer.from(await opened)));
  }
});

test("a runtime that is closed meanwhile ends long work, and a closed one takes none; nothing stays", async () => {
  const runtime = createRuntimeSync();
  const key = runtime.subtleSync.importKey("raw", pattern(32), "AES-CBC", true, both);
  const ciphertext = runtime.subtleSync.encrypt(cbc(), key, new Uint8Array(4 * MIB));
  const { subtle } = runtime.crypto;
  const running = [subtle.encrypt(cbc(), key, ciphertext), subtle.decrypt(cbc(), key, ciphertext)];
  const endings = Promise.allSettled(running);
  assert.is(runtime.memory().liveArenas, 2);
  await runtime.close();
  for (const ending of await endings) {
    assert.is(ending.status === "rejected" && (ending.reason as Error).name, "InvalidStateError");
  }
  const late = await refusal("decrypt", () => [cbc(), key, new Uint8Array(16)], runtime);
  assert.is(late.name, "InvalidStateError");
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
