/** The keys of all modes of AES, which are alike but for the usages and the names in JSON Web Keys. */
import { webcrypto } from "node:crypto";
import { SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hex, nano, pattern, refusal } from "../support.ts";

const { subtleSync } = nano;
const encryption: KeyUsage[] = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

for (const [name, mode, usages] of [
  ["AES-CBC", "CBC", encryption],
  ["AES-CTR", "CTR", encryption],
  ["AES-GCM", "GCM", encryption],
  ["AES-KW", "KW", encryption.slice(2)],
] as const) {
  test(`${name}: keys of 128, 192 and 256 bits are generated, and travel in every format, to the host and back`, async () => {
    for (const length of [128, 192, 256]) {
      const key = subtleSync.generateKey({ name, length }, true, usages) as CryptoKey;
      assert.is(key.type, "secret");
      assert.equal({ ...key.algorithm }, { name, length });
      assert.equal(key.usages, usages);
      const raw = subtleSync.exportKey("raw", key);
      assert.is(raw.byteLength, length / 8);
      assert.is(hex(subtleSync.exportKey("raw-secret", key)), hex(raw));
      const jwk = subtleSync.exportKey("jwk", key);
      assert.is(jwk.alg, `A${length}${mode}`);
      const there = await webcrypto.subtle.importKey("jwk", jwk, name, true, usages);
      assert.equal({ ...(await webcrypto.subtle.exportKey("jwk", there)) }, { ...jwk });
      for (const [format, data] of [
        ["raw", raw],
        ["raw-secret", raw],
        ["jwk", jwk],
      ] as const) {
        const back = subtleSync.importKey(format as "raw", data as ArrayBuffer, name, true, usages);
        assert.is(hex(subtleSync.exportKey("raw", back)), hex(raw));
      }
    }
  });

  test(`${name}: other lengths, formats, usages and members are refused`, async () => {
    const generate = (length: number, usages: KeyUsage[]) =>
      refusal("generateKey", () => [{ name, length }, true, usages]);
    assert.is((await generate(128, ["sign"])).name, "SyntaxError");
    assert.is((await generate(128, [])).name, "SyntaxError");
    for (const length of [0, 64, 129, 512]) {
      const error = await generate(length, ["wrapKey"]);
      assert.is(error.name, "OperationError");
      assert.is(error.message, `generateKey: algorithm.length is ${length}, not 128, 192 or 256`);
      assert.is(SubtleCrypto.supports("generateKey", { name, length }), false);
    }
    const importing = async (format: string, data: unknown, extractable = true) =>
      (await refusal("importKey", () => [format, data, name, extractable, ["wrapKey"]])).name;
    for (const length of [0, 15, 17, 33]) assert.is(await importing("raw", pattern(length)), "DataError");
    for (const format of ["spki", "pkcs8", "raw-public"]) {
      assert.is(await importing(format, pattern(16)), "NotSupportedError");
    }
    const jwk = { kty: "oct", k: "AAECAwQFBgcICQoLDA0ODw" };
    for (const wrong of [
      { kty: "RSA" },
      { k: "AA" },
      { k: `${jwk.k}==` },
      { alg: `A256${mode}` },
      { alg: "A128XYZ" },
      { use: "sig" },
      { key_ops: ["unwrapKey"] },
      { ext: false },
    ]) {
      assert.is(await importing("jwk", { ...jwk, ...wrong }), "DataError", JSON.stringify(wrong));
    }
    const kept = subtleSync.importKey("jwk", { ...jwk, ext: false, alg: `A128${mode}` }, name, false, [
      "wrapKey",
    ]);
    assert.is(kept.extractable, false);
    assert.is((await refusal("exportKey", () => ["raw", kept])).name, "InvalidAccessError");
    const key = subtleSync.importKey("jwk", jwk, name, true, ["wrapKey"]);
    assert.is((await refusal("exportKey", () => ["spki", key])).name, "NotSupportedError");
  });
}

test.run();
