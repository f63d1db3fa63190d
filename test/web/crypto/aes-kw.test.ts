import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const wrapping: ["wrapKey", "unwrapKey"] = ["wrapKey", "unwrapKey"];
const importKek = (bytes: Uint8Array) => subtleSync.importKey("raw", bytes, "AES-KW", true, wrapping);
const HMAC = { name: "HMAC", hash: "SHA-256" };
/** A key of any length. */
const importMac = (bytes: Uint8Array) => subtleSync.importKey("raw", bytes, HMAC, true, ["sign"]);

interface Vector {
  source: string;
  key: string;
  keyData: string;
  wrapped: string;
}
const vectors = (JSON.parse(readFileSync("test/vectors/aes_modes.json", "utf8")) as { kw: Vector[] }).kw;

test("every published vector is met, in both forms", async () => {
  for (const { source, key, keyData, wrapped } of vectors) {
    const kek = importKek(fromHex(key));
    const inner = importMac(fromHex(keyData));
    assert.is(hex(subtleSync.wrapKey("raw", inner, kek, "AES-KW")), wrapped, source);
    assert.is(hex(await subtle.wrapKey("raw", inner, kek, "AES-KW")), wrapped, source);
    const args = ["raw", fromHex(wrapped), kek, "AES-KW", HMAC, true, ["sign"]] as const;
    assert.is(hex(subtleSync.exportKey("raw", subtleSync.unwrapKey(...args))), keyData, source);
    assert.is(hex(subtleSync.exportKey("raw", await subtle.unwrapKey(...args))), keyData, source);
  }
});

test("keys of every length that AES-KW takes are wrapped as the host wraps them", async () => {
  for (const kekBytes of [16, 24, 32]) {
    const kek = importKek(pattern(kekBytes));
    const hostKek = await webcrypto.subtle.importKey("raw", pattern(kekBytes), "AES-KW", false, wrapping);
    for (const length of [16, 24, 32, 40, 128, 1000, 8192]) {
      const bytes = pattern(length);
      const hostKey = await webcrypto.subtle.importKey("raw", bytes, HMAC, true, ["sign"]);
      const expected = await webcrypto.subtle.wrapKey("raw", hostKey, hostKek, "AES-KW");
      assert.is(hex(subtleSync.wrapKey("raw", importMac(bytes), kek, "AES-KW")), hex(expected), `${length}`);
      const back = subtleSync.unwrapKey("raw", expected, kek, "AES-KW", HMAC, true, ["sign"]);
      assert.is(hex(subtleSync.exportKey("raw", back)), hex(bytes));
    }
  }
});

test("a key that takes long is wrapped and unwrapped in slices, with other work between", async () => {
  const kek = importKek(pattern(32));
  const bytes = pattern(200_000);
  const expected = subtleSync.wrapKey("raw", importMac(bytes), kek, "AES-KW");
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const wrapped = new Uint8Array(await subtle.wrapKey("raw", importMac(bytes), kek, "AES-KW"));
  assert.ok(turns > 0);
  assert.ok(Buffer.from(expected).equals(wrapped));
  turns = 0;
  const promise = subtle.unwrapKey("raw", wrapped, kek, "AES-KW", HMAC, true, ["sign"]);
  wrapped.fill(0); // It was copied at the call.
  const back = await promise;
  clearInterval(timer);
  assert.ok(turns > 0);
  assert.ok(Buffer.from(bytes).equals(Buffer.from(subtleSync.exportKey("raw", back))));
});

test("whatever is wrong with a wrapped key, the error is the same", async () => {
  const kek = importKek(pattern(16));
  const wrapped = new Uint8Array(subtleSync.wrapKey("raw", importMac(pattern(16)), kek, "AES-KW"));
  const seen = new Set<string>();
  const refused = async (bytes: Uint8Array, key = kek) => {
    const error = await refusal("unwrapKey", () => ["raw", bytes, key, "AES-KW", HMAC, true, ["sign"]]);
    assert.is(error.name, "OperationError");
    seen.add(error.message);
  };
  for (let bit = 0; bit < 8 * wrapped.length; bit++) {
    const changed = wrapped.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await refused(changed);
  }
  for (const length of [0, 1, 8, 16, 23]) await refused(wrapped.subarray(0, length));
  await refused(pattern(25));
  await refused(pattern(32));
  await refused(wrapped, importKek(pattern(24)));
  assert.is(seen.size, 1, [...seen].join("; "));
});

test("what has no whole number of eight bytes, or fewer than sixteen, is not wrapped", async () => {
  const kek = importKek(pattern(16));
  for (const length of [1, 8, 15, 17, 20]) {
    const error = await refusal("wrapKey", () => ["raw", importMac(pattern(length)), kek, "AES-KW"]);
    assert.is(error.name, "OperationError");
    assert.match(
      error.message,
      `the exported key has ${length} bytes; AES-KW wraps a multiple of 8, 16 at least`,
    );
  }
});

test("AES-KW keys wrap and unwrap, and nothing else", async () => {
  const usages = await refusal("importKey", () => ["raw", pattern(16), "AES-KW", true, ["encrypt"]]);
  assert.is(usages.name, "SyntaxError");
  const kek = importKek(pattern(16));
  const operation = await refusal("encrypt", () => ["AES-KW", kek, pattern(16)]);
  assert.is(operation.name, "NotSupportedError");
  const lacking = subtleSync.importKey("raw", pattern(16), "AES-KW", true, ["unwrapKey"]);
  const usage = await refusal("wrapKey", () => ["raw", kek, lacking, "AES-KW"]);
  assert.is(usage.name, "InvalidAccessError");
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
