/** HMAC: RFC 2104, with the keys of WebCrypto. */
import { type CryptoKey, createRuntime } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/hmac.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { fromHex, hex, pattern, runtime, utf8 } from "./support.ts";

export const hmac: Suite = {
  name: "HMAC",
  tests: {
    "the RFCs' vectors sign and verify, by promise and at once": async () => {
      const { crypto, subtleSync } = await runtime();
      for (const vector of vectors) {
        const algorithm = { name: "HMAC", hash: vector.algorithm };
        const [key, message] = [fromHex(vector.key), fromHex(vector.message)];
        const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign", "verify"]);
        const mac = await crypto.subtle.sign("HMAC", imported, message);
        // RFC 4231's fifth case is cut short.
        assert.is(hex(mac).slice(0, vector.mac.length), vector.mac);
        assert.is(hex(subtleSync.sign("HMAC", imported, message)), hex(mac));
        assert.is(await crypto.subtle.verify("HMAC", imported, mac, message), true);
        new Uint8Array(mac)[3]! ^= 1;
        assert.is(subtleSync.verify("HMAC", imported, mac, message), false);
      }
    },

    "the engine's own crypto.subtle, where there is one, agrees at every awkward length": async (engine) => {
      const { subtleSync } = await runtime();
      const algorithm = { name: "HMAC", hash: "SHA-384" };
      for (const length of engine.nativeSubtle ? [1, 127, 128, 129, 8193, 70_000] : []) {
        const raw = pattern(length);
        const own = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
        const key = subtleSync.importKey("raw", raw, algorithm, false, ["sign"]);
        const mac = subtleSync.sign("HMAC", key, raw);
        assert.is(hex(mac), hex(await crypto.subtle.sign("HMAC", own, raw)));
      }
    },

    "a generated key travels as JWK, and as raw bytes": async () => {
      const { subtleSync } = await runtime();
      const algorithm = { name: "HMAC", hash: "SHA-512" };
      const key = subtleSync.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKey;
      const jwk = subtleSync.exportKey("jwk", key) as JsonWebKey;
      assert.equal(
        { ...jwk, k: jwk.k!.length },
        {
          alg: "HS512",
          ext: true,
          k: 171,
          key_ops: ["sign", "verify"],
          kty: "oct",
        },
      );
      const raw = subtleSync.exportKey("raw", key) as ArrayBuffer;
      const mac = subtleSync.sign("HMAC", key, utf8("message"));
      for (const [format, data] of [
        ["jwk", jwk],
        ["raw", raw],
      ] as const) {
        const again = subtleSync.importKey(format as "raw", data as ArrayBuffer, algorithm, false, [
          "verify",
        ]);
        assert.is(subtleSync.verify("HMAC", again, mac, utf8("message")), true);
      }
    },

    "keys of a closed runtime are wiped": async () => {
      const nano = await createRuntime();
      const key = nano.subtleSync.importKey("raw", pattern(9), { name: "HMAC", hash: "SHA-1" }, true, [
        "sign",
      ]);
      await nano.close();
      assert.throws(() => nano.subtleSync.exportKey("raw", key), /closed/);
    },
  },
};
