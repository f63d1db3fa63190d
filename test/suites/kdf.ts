/** HKDF and PBKDF2: RFC 5869, RFC 8018; what is derived, keys of every kind, and `SubtleCrypto.supports`. */
import { createRuntime, SubtleCrypto } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/kdf.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, runtime } from "./support.ts";

const BOTH: ["deriveBits", "deriveKey"] = ["deriveBits", "deriveKey"];

export const keyDerivation: Suite = {
  name: "HKDF and PBKDF2",
  tests: {
    "published vectors are met, by promise and at once": async () => {
      const { crypto, subtleSync } = await runtime();
      for (const { source, hash, ikm, salt, info, okm } of vectors.hkdf) {
        const key = subtleSync.importKey("raw", fromHex(ikm), "HKDF", false, BOTH);
        const algorithm = { name: "HKDF", hash, salt: fromHex(salt), info: fromHex(info) };
        assert.is(hex(await crypto.subtle.deriveBits(algorithm, key, 4 * okm.length)), okm, source);
        assert.is(hex(subtleSync.deriveBits(algorithm, key, 4 * okm.length)), okm, source);
      }
      for (const { source, hash, password, salt, iterations, key } of vectors.pbkdf2) {
        const imported = subtleSync.importKey("raw", fromHex(password), "PBKDF2", false, BOTH);
        const algorithm = { name: "PBKDF2", hash, salt: fromHex(salt), iterations };
        assert.is(hex(await crypto.subtle.deriveBits(algorithm, imported, 4 * key.length)), key, source);
        if (iterations > 5000) continue;
        assert.is(hex(subtleSync.deriveBits(algorithm, imported, 4 * key.length)), key, source);
      }
    },

    "derived keys encrypt as those of the engine's own crypto.subtle do": async (engine) => {
      const { subtleSync } = await runtime();
      for (const source of engine.nativeSubtle
        ? [
            { name: "HKDF", hash: "SHA-512", salt: pattern(3), info: pattern(5) },
            { name: "PBKDF2", hash: "SHA-384", salt: pattern(16), iterations: 100 },
          ]
        : []) {
        const own = await crypto.subtle.importKey("raw", pattern(9), source.name, false, BOTH);
        const key = subtleSync.importKey("raw", pattern(9), source.name, false, BOTH);
        const target = { name: "AES-GCM", length: 256 };
        const gcm = { name: "AES-GCM", iv: pattern(12) };
        const ownDerived = await crypto.subtle.deriveKey(source, own, target, false, ["encrypt"]);
        const derived = subtleSync.deriveKey(source, key, target, false, ["encrypt"]);
        const expected = await crypto.subtle.encrypt(gcm, ownDerived, pattern(20));
        assert.is(hex(subtleSync.encrypt(gcm, derived, pattern(20))), hex(expected), source.name);
        const hmac = { name: "HMAC", hash: "SHA-256" };
        const mac = subtleSync.deriveKey(source, key, hmac, true, ["sign"]);
        assert.is(subtleSync.exportKey("raw", mac).byteLength, 64);
      }
    },

    "many iterations leave the event loop its turns, and closing the runtime ends them": async () => {
      const { crypto, close } = await createRuntime().then((nano) => ({
        crypto: nano.crypto,
        close: () => nano.close(),
      }));
      const key = await crypto.subtle.importKey("raw", pattern(8), "PBKDF2", false, BOTH);
      const derive = (iterations: number) =>
        crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: pattern(8), iterations }, key, 256);
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      await derive(100_000);
      clearInterval(timer);
      assert.ok(turns > 0);
      const endless = errorOf(() => derive(2 ** 32 - 1));
      await close();
      return String(await endless);
    },

    "lengths and parameters that give nothing are refused, and supports says so beforehand": async () => {
      const { subtleSync } = await runtime();
      const hkdf = { name: "HKDF", hash: "SHA-256", salt: pattern(1), info: pattern(1) };
      const key = subtleSync.importKey("raw", pattern(8), "HKDF", false, BOTH);
      const seen: string[] = [];
      for (const length of [null, 7, 8, 65_280, 65_288]) {
        const isSupported = SubtleCrypto.supports("deriveBits", hkdf, length);
        const error = isSupported ? undefined : await errorOf(() => subtleSync.deriveBits(hkdf, key, length));
        seen.push(`${length}: ${isSupported}; ${error}`);
      }
      assert.is(SubtleCrypto.supports("deriveKey", hkdf, { name: "AES-KW", length: 192 }), true);
      assert.is(SubtleCrypto.supports("deriveKey", hkdf, "PBKDF2"), false);
      return seen;
    },
  },
};
