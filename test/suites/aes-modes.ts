/** AES-CBC, AES-CTR and AES-KW: NIST SP 800-38A, RFC 3394, with the keys of WebCrypto; and keys that are wrapped. */
import type { CryptoKey } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/aes_modes.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, runtime } from "./support.ts";

const BOTH: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
const WRAPPING: ["wrapKey", "unwrapKey"] = ["wrapKey", "unwrapKey"];

export const aesModes: Suite = {
  name: "AES-CBC, AES-CTR and AES-KW",
  tests: {
    "published vectors encrypt and decrypt, by promise and at once": async () => {
      const { crypto, subtleSync } = await runtime();
      const { subtle } = crypto;
      const bytes = (text: string) => fromHex(text);
      for (const { source, key, iv, plaintext, ciphertext } of vectors.cbc) {
        const algorithm = { name: "AES-CBC", iv: bytes(iv) };
        const imported = subtleSync.importKey("raw", bytes(key), "AES-CBC", false, BOTH);
        const sealed = await subtle.encrypt(algorithm, imported, bytes(plaintext));
        assert.is(hex(sealed).slice(0, -32), ciphertext, source); // The vectors have no padding.
        assert.is(hex(subtleSync.decrypt(algorithm, imported, sealed)), plaintext, source);
      }
      for (const { source, key, counter, plaintext, ciphertext } of vectors.ctr) {
        const algorithm = { name: "AES-CTR", counter: bytes(counter), length: 128 };
        const imported = subtleSync.importKey("raw", bytes(key), "AES-CTR", false, BOTH);
        assert.is(hex(await subtle.encrypt(algorithm, imported, bytes(plaintext))), ciphertext, source);
        assert.is(hex(subtleSync.decrypt(algorithm, imported, bytes(ciphertext))), plaintext, source);
      }
      const hmac = [{ name: "HMAC", hash: "SHA-1" }, true, ["sign"] as ["sign"]] as const;
      for (const { source, key, keyData, wrapped } of vectors.kw) {
        const kek = subtleSync.importKey("raw", bytes(key), "AES-KW", false, WRAPPING);
        const inner = subtleSync.importKey("raw", bytes(keyData), ...hmac);
        assert.is(hex(await subtle.wrapKey("raw", inner, kek, "AES-KW")), wrapped, source);
        const back = subtleSync.unwrapKey("raw", bytes(wrapped), kek, "AES-KW", ...hmac);
        assert.is(hex(subtleSync.exportKey("raw", back)), keyData, source);
      }
    },

    "awkward lengths are as the engine's own crypto.subtle has them": async (engine) => {
      const { subtleSync } = await runtime();
      const algorithms = [
        { name: "AES-CBC", iv: pattern(16) },
        { name: "AES-CTR", counter: pattern(16).fill(255, 13), length: 32 },
      ];
      for (const algorithm of engine.nativeSubtle ? algorithms : []) {
        const { name } = algorithm;
        for (const keyBytes of [16, 32]) {
          const own = await crypto.subtle.importKey("raw", pattern(keyBytes), name, false, BOTH);
          const key = subtleSync.importKey("raw", pattern(keyBytes), name, false, BOTH);
          for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 70_000]) {
            const expected = await crypto.subtle.encrypt(algorithm, own, pattern(length));
            assert.is(
              hex(subtleSync.encrypt(algorithm, key, pattern(length))),
              hex(expected),
              `${name}, ${length}`,
            );
            assert.is(hex(subtleSync.decrypt(algorithm, key, expected)), hex(pattern(length)));
          }
        }
      }
    },

    "wrong padding, a wrong wrapped key and wrong parameters are refused, always in the same words":
      async () => {
        const { crypto, subtleSync } = await runtime();
        const { subtle } = crypto;
        const cbc = { name: "AES-CBC", iv: pattern(16) };
        const key = subtleSync.importKey("raw", pattern(32), "AES-CBC", false, BOTH);
        const sealed = new Uint8Array(subtleSync.encrypt(cbc, key, pattern(20)));
        const messages = new Set<string>();
        for (let bit = 0; bit < 8; bit++) {
          // In the block before, it changes the last byte of the padding.
          const changed = sealed.slice();
          changed[15]! ^= 1 << bit;
          messages.add(String(await errorOf(() => subtle.decrypt(cbc, key, changed))));
          messages.add(String(await errorOf(() => subtleSync.decrypt(cbc, key, sealed.subarray(0, bit)))));
        }
        assert.is(messages.size, 1, [...messages].join("; "));
        const kek = subtleSync.importKey("raw", pattern(16), "AES-KW", false, WRAPPING);
        const unwrap = ["raw", pattern(24), kek, "AES-KW", "AES-CBC", true, BOTH] as const;
        messages.add(String(await errorOf(() => subtle.unwrapKey(...unwrap))));
        for (const algorithm of [
          { ...cbc, iv: pattern(12) },
          { name: "AES-CBC" },
          { name: "AES-CTR", length: 8 },
        ]) {
          messages.add(String(await errorOf(() => subtleSync.encrypt(algorithm, key, pattern(1)))));
        }
        return [...messages];
      },

    "keys are wrapped in every format by every mode, and come back": async () => {
      const { subtleSync } = await runtime();
      const pair = subtleSync.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
        "sign",
      ]) as CryptoKeyPair;
      const pkcs8 = hex(subtleSync.exportKey("pkcs8", pair.privateKey));
      for (const algorithm of [
        { name: "AES-CBC", iv: pattern(16) },
        { name: "AES-CTR", counter: pattern(16), length: 64 },
        { name: "AES-GCM", iv: pattern(12) },
      ]) {
        const kek = subtleSync.generateKey(
          { name: algorithm.name, length: 256 },
          false,
          WRAPPING,
        ) as CryptoKey;
        for (const format of ["pkcs8", "jwk"] as const) {
          const wrapped = subtleSync.wrapKey(format, pair.privateKey, kek, algorithm);
          const ec = { name: "ECDSA", namedCurve: "P-256" };
          const back = subtleSync.unwrapKey(format, wrapped, kek, algorithm, ec, true, ["sign"]);
          assert.is(hex(subtleSync.exportKey("pkcs8", back)), pkcs8);
        }
      }
    },
  },
};
