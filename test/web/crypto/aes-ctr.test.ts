import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
const ctr = (counter: Uint8Array = pattern(16), length = 64) => ({ name: "AES-CTR", counter, length });
const importRaw = (bytes: Uint8Array) => subtleSync.importKey("raw", bytes, "AES-CTR", true, both);

interface Vector {
  source: string;
  key: string;
  counter: string;
  plaintext: string;
  ciphertext: string;
}
const vectors = (JSON.parse(readFileSync("test/vectors/aes_modes.json", "utf8")) as { ctr: Vector[] }).ctr;

test("every published vector is met, in both forms", async () => {
  for (const { source, key, counter, plaintext, ciphertext } of vectors) {
    const slot = importRaw(fromHex(key));
    const algorithm = ctr(fromHex(counter), 128);
    assert.is(hex(subtleSync.encrypt(algorithm, slot, fromHex(plaintext))), ciphertext, source);
    assert.is(hex(await subtle.encrypt(algorithm, slot, fromHex(plaintext))), ciphertext, source);
    assert.is(hex(subtleSync.decrypt(algorithm, slot, fromHex(ciphertext))), plaintext, source);
    assert.is(hex(await subtle.decrypt(algorithm, slot, fromHex(ciphertext))), plaintext, source);
  }
});

test("ciphertexts equal the host's at every length to 300, and about each boundary", async () => {
  const boundaries = [65_536, MIB, 3 * MIB].flatMap((at) => [-17, -1, 0, 1, 16].map((by) => at + by));
  const lengths = [...Array.from({ length: 301 }, (_, i) => i), ...boundaries];
  for (const [round, length] of lengths.entries()) {
    const raw = pattern([16, 24, 32][round % 3]!).map((byte, i) => byte ^ (round + i));
    const algorithm = ctr(pattern(16).map((byte) => byte ^ round));
    const host = await webcrypto.subtle.importKey("raw", raw, "AES-CTR", false, both);
    const own = importRaw(raw);
    const expected = Buffer.from(await webcrypto.subtle.encrypt(algorithm, host, pattern(length)));
    assert.ok(expected.equals(Buffer.from(subtleSync.encrypt(algorithm, own, pattern(length)))), `${length}`);
    assert.ok(expected.equals(Buffer.from(await subtle.encrypt(algorithm, own, pattern(length)))));
    assert.ok(Buffer.from(pattern(length)).equals(Buffer.from(subtleSync.decrypt(algorithm, own, expected))));
  }
});

test("counters of every length wrap where the host's do, and beyond their values nothing is encrypted", async () => {
  const next = random(65);
  const host = await webcrypto.subtle.importKey("raw", pattern(32), "AES-CTR", false, both);
  const own = importRaw(pattern(32));
  for (let bits = 1; bits <= 128; bits++) {
    for (const before of [1, 3, 9]) {
      // The counter wraps after so many blocks, and so do its lower halves.
      const counter = pattern(16).map(() => Math.floor(next() * 256));
      let value = BigInt(`0x${hex(counter)}`);
      const mask = (1n << BigInt(bits)) - 1n;
      value = (value & ~mask) | ((mask + 1n - BigInt(before)) & mask);
      counter.set(fromHex(value.toString(16).padStart(32, "0")));
      const blocks = Math.min(20, 2 ** bits);
      const plaintext = pattern(16 * blocks - (bits > 5 ? 5 : 0));
      const algorithm = ctr(counter, bits);
      const expected = await webcrypto.subtle.encrypt(algorithm, host, plaintext);
      assert.is(hex(subtleSync.encrypt(algorithm, own, plaintext)), hex(expected), `${bits} bits, ${before}`);
    }
    if (bits > 16) continue;
    const error = await refusal("encrypt", () => [ctr(pattern(16), bits), own, pattern(16 * 2 ** bits + 1)]);
    assert.is(error.name, "OperationError");
    assert.match(error.message, `a counter of ${bits} bits is for ${16 * 2 ** bits} at most`);
  }
});

test("long messages wrap in the middle of a slice as short ones do", async () => {
  const own = importRaw(pattern(16));
  const host = await webcrypto.subtle.importKey("raw", pattern(16), "AES-CTR", false, both);
  const counter = new Uint8Array(16).fill(0xff);
  counter.set([0xff, 0xff, 0x00, 0x00], 12);
  for (const bits of [20, 32, 33, 128]) {
    const algorithm = ctr(counter, bits);
    const expected = Buffer.from(await webcrypto.subtle.encrypt(algorithm, host, pattern(2 * MIB + 7)));
    assert.ok(
      expected.equals(Buffer.from(await subtle.encrypt(algorithm, own, pattern(2 * MIB + 7)))),
      `${bits}`,
    );
  }
});

test("other counters are refused, by supports too", async () => {
  const key = importRaw(pattern(16));
  for (const [algorithm, message] of [
    [ctr(pattern(15)), "AES-CTR: algorithm.counter has 15 bytes, not 16"],
    [ctr(pattern(17)), "AES-CTR: algorithm.counter has 17 bytes, not 16"],
    [ctr(pattern(16), 0), "AES-CTR: algorithm.length is 0, outside the range 1 to 128"],
    [ctr(pattern(16), 129), "AES-CTR: algorithm.length is 129, outside the range 1 to 128"],
  ] as const) {
    for (const method of ["encrypt", "decrypt"] as const) {
      const error = await refusal(method, () => [algorithm, key, pattern(3)]);
      assert.is(error.name, "OperationError");
      assert.is(error.message, message);
      assert.is(SubtleCrypto.supports(method, algorithm), false);
    }
  }
  assert.is((await refusal("encrypt", () => [ctr(pattern(16), 256), key, pattern(3)])).name, "TypeError");
  assert.is(SubtleCrypto.supports("encrypt", ctr(pattern(16), 128)), true);
});

test("what the caller changes after the call is not seen, in one slice and in several", async () => {
  const key = importRaw(pattern(32));
  for (const length of [100, 3 * MIB]) {
    const counter = pattern(16);
    const text = pattern(length);
    const promise = subtle.encrypt(ctr(counter), key, text);
    counter.fill(0);
    text.fill(0);
    const expected = subtleSync.encrypt(ctr(), key, pattern(length));
    assert.ok(Buffer.from(expected).equals(Buffer.from(await promise)));
  }
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
