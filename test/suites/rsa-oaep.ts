/** RSA-OAEP: RFC 8017, with the keys of WebCrypto. */
import * as assert from "uvu/assert";
import published from "../vectors/rsa_oaep.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, type RsaNumbers, rsaJwkOf, runtime } from "./support.ts";

const NAME = "RSA-OAEP";
const keys: Record<string, RsaNumbers> = published.keys;
const pairOf = (name: string) => [rsaJwkOf(keys[name]!), rsaJwkOf({ n: keys[name]!.n!, e: keys[name]!.e! })];
const LONG = "Wycheproof a2b451a0, 2048 bits";

export const rsaOaep: Suite = {
  name: NAME,
  tests: {
    "published ciphertexts are decrypted, and those that are none refused, all in the same words":
      async () => {
        const { crypto, subtleSync } = await runtime();
        const seen = new Set<string>();
        for (const { source, key, hash, label, ciphertext, message } of published.vectors) {
          const [secret] = pairOf(key);
          const imported = subtleSync.importKey("jwk", secret!, { name: NAME, hash }, false, ["decrypt"]);
          const algorithm = { name: NAME, label: fromHex(label) };
          const decrypt = () => crypto.subtle.decrypt(algorithm, imported, fromHex(ciphertext));
          if (message !== undefined) {
            assert.is(hex(await decrypt()), message, source);
            continue;
          }
          const error = await errorOf(decrypt);
          seen.add(`${error.name}: ${error.message}`);
        }
        assert.is(seen.size, 1);
        return [...seen];
      },

    "each decrypts what the other, or the engine's own crypto.subtle, encrypted": async (engine) => {
      const { crypto: ours, subtleSync } = await runtime();
      const [secret, open] = pairOf(LONG);
      for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
        const params = { name: NAME, hash };
        const privateKey = subtleSync.importKey("jwk", secret!, params, true, ["decrypt"]);
        const publicKey = subtleSync.importKey("jwk", open!, params, true, ["encrypt"]);
        const algorithm = { name: NAME, label: pattern(9) };
        const sealed = await ours.subtle.encrypt(algorithm, publicKey, pattern(60));
        assert.is(hex(subtleSync.decrypt(algorithm, privateKey, sealed)), hex(pattern(60)), hash);
        const error = await errorOf(() => subtleSync.decrypt(NAME, privateKey, sealed));
        assert.is(error.name, "OperationError", "without the label");
        if (!engine.nativeSubtle) continue;
        const pkcs8 = subtleSync.exportKey("pkcs8", privateKey) as ArrayBuffer;
        const spki = subtleSync.exportKey("spki", publicKey) as ArrayBuffer;
        const theirs = await crypto.subtle.importKey("pkcs8", pkcs8, params, true, ["decrypt"]);
        assert.is(hex(await crypto.subtle.decrypt(algorithm, theirs, sealed)), hex(pattern(60)), hash);
        const theirOpen = await crypto.subtle.importKey("spki", spki, params, true, ["encrypt"]);
        const foreign = await crypto.subtle.encrypt(algorithm, theirOpen, pattern(61));
        assert.is(hex(subtleSync.decrypt(algorithm, privateKey, foreign)), hex(pattern(61)), hash);
      }
    },

    "a key is wrapped for whoever has the private one": async () => {
      const { crypto, subtleSync } = await runtime();
      const [secret, open] = pairOf(LONG);
      const params = { name: NAME, hash: "SHA-256" };
      const unwrapping = subtleSync.importKey("jwk", secret!, params, false, ["unwrapKey"]);
      const wrapping = subtleSync.importKey("jwk", open!, params, false, ["wrapKey"]);
      const key = subtleSync.importKey("raw", pattern(32), "AES-GCM", true, ["encrypt"]);
      for (const format of ["raw", "jwk"] as const) {
        const wrapped = await crypto.subtle.wrapKey(format, key, wrapping, NAME);
        const again = await crypto.subtle.unwrapKey(format, wrapped, unwrapping, NAME, "AES-GCM", true, [
          "encrypt",
        ]);
        assert.is(hex(subtleSync.exportKey("raw", again) as ArrayBuffer), hex(pattern(32)), format);
      }
    },

    "a message that does not fit is refused": async () => {
      const { subtleSync } = await runtime();
      const [, open] = pairOf(LONG);
      const key = subtleSync.importKey("jwk", open!, { name: NAME, hash: "SHA-512" }, false, ["encrypt"]);
      assert.is(subtleSync.encrypt(NAME, key, pattern(126)).byteLength, 256);
      const error = await errorOf(() => subtleSync.encrypt(NAME, key, pattern(127)));
      return [`${error.name}: ${error.message}`];
    },
  },
};
