/** Ed25519, Ed448, X25519 and X448, with the keys of WebCrypto. */
import type { CryptoKey, CryptoKeyPair } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/okp.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, runtime } from "./support.ts";

/** PrivateKeyInfo as far as the key (RFC 8410, section 7). */
const PKCS8: Record<string, string> = {
  Ed25519: "302e020100300506032b657004220420",
  Ed448: "3047020100300506032b6571043b0439",
  X25519: "302e020100300506032b656e04220420",
  X448: "3046020100300506032b656f043a0438",
};
const SIGNING = ["Ed25519", "Ed448"];
const AGREEING = ["X25519", "X448"];
const sign: ["sign", "verify"] = ["sign", "verify"];
const derive: ["deriveBits"] = ["deriveBits"];

export const eddsa: Suite = {
  name: "Ed25519, Ed448",
  tests: {
    "published signatures are those of their keys, and verify; wrong ones do not": async () => {
      const { crypto, subtleSync } = await runtime();
      for (const vector of vectors.signatures) {
        const { curve: name, source, message, valid } = vector;
        const params = vector.context === undefined ? { name } : { name, context: fromHex(vector.context) };
        const key = subtleSync.importKey("raw", fromHex(vector.publicKey), name, true, ["verify"]);
        const signature = fromHex(vector.signature);
        assert.is(subtleSync.verify(params, key, signature, fromHex(message)), valid, source);
        assert.is(await crypto.subtle.verify(params, key, signature, fromHex(`${message}00`)), false, source);
        if (vector.privateKey === undefined) continue;
        const pkcs8 = fromHex(PKCS8[name] + vector.privateKey);
        const secret = await crypto.subtle.importKey("pkcs8", pkcs8, name, true, ["sign"]);
        assert.is(hex(subtleSync.sign(params, secret, fromHex(message))), vector.signature, source);
      }
    },

    "signatures are those of the engine's own crypto.subtle, with keys in every format": async (engine) => {
      const { subtleSync } = await runtime();
      for (const name of await foreign(engine.nativeSubtle, SIGNING, sign)) {
        const own = subtleSync.generateKey(name, true, sign) as CryptoKeyPair;
        const pkcs8 = subtleSync.exportKey("pkcs8", own.privateKey);
        const there = await crypto.subtle.importKey("pkcs8", pkcs8, name, true, ["sign"]);
        for (const format of ["raw", "spki", "jwk"] as const) {
          const message = pattern(100_000);
          const ours = subtleSync.sign(name, own.privateKey, message);
          const theirs = await crypto.subtle.sign(name, there, message);
          const key = subtleSync.exportKey(format, own.publicKey);
          // Some engines know no `alg` but RFC 8037's.
          const exported = (key instanceof ArrayBuffer ? key : { ...key, alg: undefined }) as ArrayBuffer;
          const open = await crypto.subtle.importKey(format as "raw", exported, name, true, ["verify"]);
          assert.is(await crypto.subtle.verify(name, open, ours, message), true, name);
          assert.is(subtleSync.verify(name, own.publicKey, theirs, message), true, name);
          const given = (await crypto.subtle.exportKey(format, open)) as ArrayBuffer;
          const back = subtleSync.importKey(format as "raw", given, name, true, ["verify"]);
          assert.is(hex(subtleSync.exportKey("raw", back)), hex(subtleSync.exportKey("raw", own.publicKey)));
        }
      }
    },

    "a long message is signed in slices as in one go, and what changes it meanwhile is not seen":
      async () => {
        const { crypto, subtleSync } = await runtime();
        for (const name of SIGNING) {
          const { privateKey, publicKey } = subtleSync.generateKey(name, true, sign) as CryptoKeyPair;
          const message = pattern(2_500_000);
          const expected = subtleSync.sign(name, privateKey, message);
          const signing = crypto.subtle.sign(name, privateKey, message);
          const verifying = crypto.subtle.verify(name, publicKey, expected, message);
          message.fill(1);
          assert.is(hex(await signing), hex(expected));
          assert.is(await verifying, true);
          assert.is(subtleSync.verify(name, publicKey, expected, message), false);
        }
      },

    "keys that are not whole, or not a pair, are refused in the same words": async () => {
      const { subtleSync } = await runtime();
      const seen: string[] = [];
      for (const name of [...SIGNING, ...AGREEING]) {
        const usages: KeyUsage[] = SIGNING.includes(name) ? ["sign"] : ["deriveBits"];
        const pair = () => subtleSync.generateKey(name, true, usages) as CryptoKeyPair;
        const jwk = subtleSync.exportKey("jwk", pair().privateKey) as JsonWebKey;
        const { x } = subtleSync.exportKey("jwk", pair().privateKey) as JsonWebKey;
        const pkcs8 = new Uint8Array(subtleSync.exportKey("pkcs8", pair().privateKey));
        const wrong: [what: string, format: string, keyData: unknown, usages: KeyUsage[]][] = [
          ["raw, without bytes", "raw", new Uint8Array(0), []],
          ["raw, a byte too long", "raw", new Uint8Array(pkcs8.length - 15), []],
          ["cut short", "pkcs8", pkcs8.slice(0, -1), usages],
          ["another's public key", "jwk", { ...jwk, x }, usages],
          ["without its public key", "jwk", { ...jwk, x: undefined }, usages],
          ["another curve", "jwk", { ...jwk, crv: "P-256" }, usages],
          ["another family", "jwk", { ...jwk, kty: "EC" }, usages],
          ["a public key that derives", "raw", new Uint8Array(32), ["deriveBits"]],
        ];
        for (const [what, format, keyData, usages] of wrong) {
          const error = await errorOf(() =>
            subtleSync.importKey(format as "raw", keyData as ArrayBuffer, name, true, usages),
          );
          seen.push(`${name}, ${what}: ${error.name}: ${error.message}`);
        }
      }
      return seen;
    },
  },
};

export const xdh: Suite = {
  name: "X25519, X448",
  tests: {
    "published secrets are derived; public keys of small order give none": async () => {
      const { crypto, subtleSync } = await runtime();
      for (const { curve: name, source, privateKey, publicKey, secret } of vectors.agreements) {
        const key = subtleSync.importKey("pkcs8", fromHex(PKCS8[name] + privateKey), name, true, derive);
        const params = { name, public: subtleSync.importKey("raw", fromHex(publicKey), name, true, []) };
        if (secret === null) {
          const error = await errorOf(() => crypto.subtle.deriveBits(params, key, null));
          assert.is(error.name, "OperationError", source);
        } else {
          assert.is(hex(subtleSync.deriveBits(params, key, null)), secret, source);
        }
      }
    },

    "secrets are those of the engine's own crypto.subtle, with keys in every format": async (engine) => {
      const { subtleSync } = await runtime();
      for (const name of await foreign(engine.nativeSubtle, AGREEING, derive)) {
        const own = subtleSync.generateKey(name, true, derive) as CryptoKeyPair;
        const host = (await crypto.subtle.generateKey(name, true, derive)) as globalThis.CryptoKeyPair;
        for (const format of ["raw", "spki", "jwk"] as const) {
          const exported = subtleSync.exportKey(format, own.publicKey) as ArrayBuffer;
          const there = await crypto.subtle.importKey(format as "raw", exported, name, true, []);
          const given = (await crypto.subtle.exportKey(format, host.publicKey)) as ArrayBuffer;
          const here = subtleSync.importKey(format as "raw", given, name, true, []);
          const ours = subtleSync.deriveBits({ name, public: here }, own.privateKey, 256);
          const theirs = await crypto.subtle.deriveBits({ name, public: there }, host.privateKey, 256);
          assert.is(hex(ours), hex(theirs), name);
        }
      }
    },

    "two agree on a key by which one opens what the other sealed": async () => {
      const { crypto } = await runtime();
      const { subtle } = crypto;
      for (const name of AGREEING) {
        const pairs = [
          (await subtle.generateKey(name, false, ["deriveKey"])) as CryptoKeyPair,
          (await subtle.generateKey(name, false, ["deriveKey"])) as CryptoKeyPair,
        ] as const;
        const keyOf = async (own: CryptoKeyPair, other: CryptoKeyPair): Promise<CryptoKey> => {
          const params = { name, public: other.publicKey };
          const secret = await subtle.deriveKey(params, own.privateKey, "HKDF", false, ["deriveKey"]);
          const hkdf = { name: "HKDF", hash: "SHA-256", salt: pattern(16), info: pattern(3) };
          const aes = { name: "AES-GCM", length: 256 };
          return subtle.deriveKey(hkdf, secret, aes, false, ["encrypt", "decrypt"]);
        };
        const gcm = { name: "AES-GCM", iv: pattern(12) };
        const sealed = await subtle.encrypt(gcm, await keyOf(...pairs), pattern(99));
        const opened = await subtle.decrypt(gcm, await keyOf(pairs[1], pairs[0]), sealed);
        assert.is(hex(opened), hex(pattern(99)));
      }
    },

    "lengths beyond the secret's, and keys of other kinds, are refused in the same words": async () => {
      const { subtleSync } = await runtime();
      const seen: string[] = [];
      for (const name of AGREEING) {
        const { privateKey, publicKey } = subtleSync.generateKey(name, true, derive) as CryptoKeyPair;
        const alien = subtleSync.generateKey("Ed25519", true, ["sign"]) as CryptoKeyPair;
        const small = subtleSync.importKey("raw", new Uint8Array(name === "X448" ? 56 : 32), name, true, []);
        const wrong: [what: string, other: CryptoKey, key: CryptoKey, length: number | null][] = [
          ["too long", publicKey, privateKey, 449],
          ["a private key", privateKey, privateKey, 8],
          ["a key that signs", alien.publicKey, privateKey, 8],
          ["zero", small, privateKey, null],
          ["public keys alone", publicKey, publicKey, 8],
        ];
        for (const [what, other, key, length] of wrong) {
          const error = await errorOf(() => subtleSync.deriveBits({ name, public: other }, key, length));
          seen.push(`${name}, ${what}: ${error.name}: ${error.message}`);
        }
      }
      return seen;
    },
  },
};

/** Those of the algorithms that the engine's own crypto.subtle can do. */
async function foreign(nativeSubtle: boolean, names: string[], usages: KeyUsage[]): Promise<string[]> {
  if (!nativeSubtle) return [];
  const found: string[] = [];
  for (const name of names) {
    await crypto.subtle.generateKey({ name }, true, usages).then(
      () => found.push(name),
      () => undefined,
    );
  }
  return found;
}
