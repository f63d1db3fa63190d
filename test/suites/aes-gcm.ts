/** AES-GCM: NIST SP 800-38D, with the keys of WebCrypto. */
import type { CryptoKey } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/aes_gcm.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, runtime } from "./support.ts";

const BOTH: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];

export const aesGcm: Suite = {
  name: "AES-GCM",
  tests: {
    "published vectors encrypt and decrypt, by promise and at once": async () => {
      const { crypto, subtleSync } = await runtime();
      for (const { source, key, iv, aad, plaintext, ciphertext, tag } of vectors) {
        const algorithm = { name: "AES-GCM", iv: fromHex(iv), additionalData: fromHex(aad) };
        const imported = subtleSync.importKey("raw", fromHex(key), "AES-GCM", false, BOTH);
        const sealed = subtleSync.encrypt(algorithm, imported, fromHex(plaintext));
        assert.is(hex(sealed), ciphertext + tag, source);
        assert.is(hex(await crypto.subtle.encrypt(algorithm, imported, fromHex(plaintext))), hex(sealed));
        assert.is(hex(subtleSync.decrypt(algorithm, imported, sealed)), plaintext, source);
        assert.is(hex(await crypto.subtle.decrypt(algorithm, imported, sealed)), plaintext, source);
      }
    },

    "a changed bit anywhere is refused, always in the same words": async () => {
      const { crypto, subtleSync } = await runtime();
      const key = subtleSync.importKey("raw", pattern(32), "AES-GCM", false, BOTH);
      const algorithm = { name: "AES-GCM", iv: pattern(12), additionalData: pattern(3) };
      const sealed = new Uint8Array(subtleSync.encrypt(algorithm, key, pattern(5)));
      const messages = new Set<string>();
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const changed = sealed.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const thrown = await errorOf(() => subtleSync.decrypt(algorithm, key, changed));
        const rejected = await errorOf(() => crypto.subtle.decrypt(algorithm, key, changed));
        messages.add(`${thrown.name}: ${thrown.message}`).add(`${rejected.name}: ${rejected.message}`);
      }
      const other = { ...algorithm, additionalData: pattern(4) };
      messages.add(String(await errorOf(() => subtleSync.decrypt(other, key, sealed))));
      assert.is(messages.size, 1, [...messages].join("; "));
      return [...messages];
    },

    "every length of tag, and messages of awkward lengths, as the engine's own crypto.subtle has them":
      async (engine) => {
        const { subtleSync } = await runtime();
        for (const keyBytes of engine.nativeSubtle ? [16, 32] : []) {
          const own = await crypto.subtle.importKey("raw", pattern(keyBytes), "AES-GCM", false, BOTH);
          const key = subtleSync.importKey("raw", pattern(keyBytes), "AES-GCM", false, BOTH);
          const lengths = [0, 1, 15, 16, 17, 127, 128, 129, 8191, 8193, 70_000];
          for (const [at, length] of lengths.entries()) {
            const tagLength = TAG_BITS[at % TAG_BITS.length]!;
            const iv = pattern(at % 2 ? 12 : 16);
            const algorithm = { name: "AES-GCM", iv, additionalData: pattern(at * 7), tagLength };
            const expected = await crypto.subtle.encrypt(algorithm, own, pattern(length));
            const sealed = subtleSync.encrypt(algorithm, key, pattern(length));
            assert.is(hex(sealed), hex(expected), `${length} bytes`);
            assert.is(hex(subtleSync.decrypt(algorithm, key, expected)), hex(pattern(length)));
          }
        }
      },

    "a message of megabytes goes by slices, with other work between": async () => {
      const { crypto, subtleSync } = await runtime();
      const key = subtleSync.generateKey({ name: "AES-GCM", length: 256 }, true, BOTH) as CryptoKey;
      const algorithm = { name: "AES-GCM", iv: pattern(12) };
      const message = pattern(6_000_001);
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      const sealed = await crypto.subtle.encrypt(algorithm, key, message);
      clearInterval(timer);
      assert.ok(turns > 0);
      const opened = new Uint8Array(subtleSync.decrypt(algorithm, key, sealed));
      assert.is(opened.length, message.length);
      assert.ok(opened.every((byte, at) => byte === message[at]));
    },

    "a generated key travels as JWK, and as raw bytes": async () => {
      const { subtleSync } = await runtime();
      for (const length of [128, 192, 256]) {
        const key = subtleSync.generateKey({ name: "AES-GCM", length }, true, BOTH) as CryptoKey;
        const jwk = subtleSync.exportKey("jwk", key) as JsonWebKey;
        assert.equal(
          { ...jwk, k: jwk.k!.length },
          { alg: `A${length}GCM`, ext: true, k: Math.ceil(length / 6), key_ops: BOTH, kty: "oct" },
        );
        const again = subtleSync.importKey("jwk", jwk, "AES-GCM", true, BOTH);
        assert.is(
          hex(subtleSync.exportKey("raw", again) as ArrayBuffer),
          hex(subtleSync.exportKey("raw", key) as ArrayBuffer),
        );
      }
    },
  },
};
