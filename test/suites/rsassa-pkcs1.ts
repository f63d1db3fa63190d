/** RSASSA-PKCS1-v1_5: RFC 8017, with the keys of WebCrypto. */
import * as assert from "uvu/assert";
import published from "../vectors/rsassa_pkcs1.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { fromHex, hex, pattern, type RsaNumbers, rsaJwkOf, runtime } from "./support.ts";

const NAME = "RSASSA-PKCS1-v1_5";
const keys: Record<string, RsaNumbers> = published.keys;
const open = ({ n, e }: RsaNumbers) => rsaJwkOf({ n: n!, e: e! });

export const rsassaPkcs1: Suite = {
  name: NAME,
  tests: {
    "published signatures verify or do not, as their sources say, and are made where the private key is":
      async () => {
        const { crypto, subtleSync } = await runtime();
        for (const { source, key, hash, message, signature, valid } of published.vectors) {
          const algorithm = { name: NAME, hash };
          const numbers = keys[key]!;
          const publicKey = subtleSync.importKey("jwk", open(numbers), algorithm, false, ["verify"]);
          const [bytes, data] = [fromHex(signature), fromHex(message)];
          assert.is(await crypto.subtle.verify(NAME, publicKey, bytes, data), valid, source);
          if (numbers.d === undefined) continue;
          const privateKey = subtleSync.importKey("jwk", rsaJwkOf(numbers), algorithm, false, ["sign"]);
          assert.is(hex(subtleSync.sign(NAME, privateKey, data)), signature, source);
          assert.is(hex(await crypto.subtle.sign(NAME, privateKey, data)), signature, source);
        }
      },

    "signatures are those of the engine's own crypto.subtle, byte for byte, with keys in every format":
      async (engine) => {
        if (!engine.nativeSubtle) return;
        const { subtleSync } = await runtime();
        const numbers = Object.values(keys).find(({ d }) => d !== undefined)!;
        for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
          const algorithm = { name: NAME, hash };
          const privateKey = subtleSync.importKey("jwk", rsaJwkOf(numbers), algorithm, true, ["sign"]);
          const publicKey = subtleSync.importKey("jwk", open(numbers), algorithm, true, ["verify"]);
          const signature = subtleSync.sign(NAME, privateKey, pattern(77));
          for (const format of ["pkcs8", "jwk"] as const) {
            const exported = subtleSync.exportKey(format, privateKey) as ArrayBuffer;
            const theirs = await crypto.subtle.importKey(format as "pkcs8", exported, algorithm, true, [
              "sign",
            ]);
            assert.is(hex(await crypto.subtle.sign(NAME, theirs, pattern(77))), hex(signature), hash);
            const back = (await crypto.subtle.exportKey(format, theirs)) as ArrayBuffer;
            subtleSync.importKey(format as "pkcs8", back, algorithm, false, ["sign"]);
          }
          for (const format of ["spki", "jwk"] as const) {
            const exported = subtleSync.exportKey(format, publicKey) as ArrayBuffer;
            const theirs = await crypto.subtle.importKey(format as "spki", exported, algorithm, true, [
              "verify",
            ]);
            assert.is(await crypto.subtle.verify(NAME, theirs, signature, pattern(77)), true, hash);
          }
        }
      },
  },
};
