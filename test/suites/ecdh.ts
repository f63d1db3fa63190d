/** ECDH on the curves of FIPS 186-5, with the keys of WebCrypto. */
import type { CryptoKey, CryptoKeyPair } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/ecdh.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { errorOf, fromHex, hex, pattern, runtime } from "./support.ts";

const CURVES = ["P-256", "P-384", "P-521"] as const;
const SECRET_BYTES: Record<string, number> = { "P-256": 32, "P-384": 48, "P-521": 66 };
const ec = (namedCurve: string) => ({ name: "ECDH", namedCurve });
const withKey = <Key>(key: Key) => ({ name: "ECDH", public: key });
const BOTH: ["deriveBits", "deriveKey"] = ["deriveBits", "deriveKey"];

/** The identifiers of the algorithm in a key file: RFC 5480 section 2.1.1. */
const IDENTIFIERS: Record<string, string> = {
  "P-256": "301306072a8648ce3d020106082a8648ce3d030107",
  "P-384": "301006072a8648ce3d020106052b81040022",
  "P-521": "301006072a8648ce3d020106052b81040023",
};

/** RFC 5208 around RFC 5915: a private key that comes without its public half. */
function pkcs8Of(curve: string, scalar: string): Uint8Array<ArrayBuffer> {
  const element = (tag: string, contents: string) =>
    `${tag}${(contents.length / 2).toString(16).padStart(2, "0")}${contents}`;
  const key = element("30", `020101${element("04", scalar)}`);
  return fromHex(element("30", `020100${IDENTIFIERS[curve]}${element("04", key)}`));
}

export const ecdh: Suite = {
  name: "ECDH",
  tests: {
    "published secrets are derived, and published keys that are none refused": async () => {
      const { crypto, subtleSync } = await runtime();
      const seen = new Set<string>();
      for (const { source, curve, privateKey, publicKey, secret } of vectors) {
        const point = fromHex(publicKey);
        if (secret === undefined) {
          const error = await errorOf(() => subtleSync.importKey("raw", point, ec(curve), false, []));
          assert.is(error.name, "DataError", source);
          seen.add(`${curve}: ${error.message}`);
          continue;
        }
        const own = subtleSync.importKey("pkcs8", pkcs8Of(curve, privateKey), ec(curve), false, BOTH);
        const other = await crypto.subtle.importKey("raw", point, ec(curve), false, []);
        assert.is(hex(subtleSync.deriveBits(withKey(other), own)), secret, source);
        assert.is(hex(await crypto.subtle.deriveBits(withKey(other), own, null)), secret, source);
      }
      return [...seen];
    },

    "the secret is that of the engine's own crypto.subtle, with keys in every format": async (engine) => {
      const { subtleSync } = await runtime();
      if (!engine.nativeSubtle) return;
      for (const curve of CURVES) {
        const host = await crypto.subtle.generateKey(ec(curve), true, BOTH).catch(() => undefined);
        if (host === undefined) continue; // Not all engines have P-521.
        const own = subtleSync.generateKey(ec(curve), true, BOTH) as CryptoKeyPair;
        const secrets = new Set<string>();
        for (const format of ["raw", "spki", "jwk"] as const) {
          const given = (await crypto.subtle.exportKey(format, host.publicKey)) as ArrayBuffer;
          const theirs = subtleSync.importKey(format as "raw", given, ec(curve), true, []);
          secrets.add(hex(subtleSync.deriveBits(withKey(theirs), own.privateKey)));
          const exported = subtleSync.exportKey(format, own.publicKey) as ArrayBuffer;
          const ours = await crypto.subtle.importKey(format as "raw", exported, ec(curve), true, []);
          const bits = 8 * SECRET_BYTES[curve]!;
          secrets.add(hex(await crypto.subtle.deriveBits(withKey(ours), host.privateKey, bits)));
        }
        assert.is(secrets.size, 1, curve);
      }
    },

    "two who agree on a key read each other's messages": async () => {
      const { crypto } = await runtime();
      for (const curve of CURVES) {
        const [a, b] = [0, 1].map(() => crypto.subtle.generateKey(ec(curve), false, BOTH));
        const [ours, theirs] = [(await a) as CryptoKeyPair, (await b) as CryptoKeyPair];
        const keyOf = (own: CryptoKey, other: CryptoKey) =>
          crypto.subtle.deriveKey(withKey(other), own, { name: "AES-GCM", length: 256 }, false, [
            "encrypt",
            "decrypt",
          ]);
        const gcm = { name: "AES-GCM", iv: pattern(12) };
        const sealed = await crypto.subtle.encrypt(
          gcm,
          await keyOf(ours.privateKey, theirs.publicKey),
          pattern(100),
        );
        const opened = await crypto.subtle.decrypt(
          gcm,
          await keyOf(theirs.privateKey, ours.publicKey),
          sealed,
        );
        assert.is(hex(opened), hex(pattern(100)), curve);
      }
    },

    "what is no public key on the same curve, and what is longer than the secret, is refused in the same words":
      async () => {
        const { crypto, subtleSync } = await runtime();
        const generate = (curve: string) => subtleSync.generateKey(ec(curve), false, BOTH) as CryptoKeyPair;
        const [own, other] = [generate("P-256"), generate("P-384")];
        const seen: string[] = [];
        for (const [key, length] of [
          [own.publicKey, 257],
          [own.privateKey, 256],
          [other.publicKey, 256],
          [undefined, 256],
        ] as const) {
          const algorithm = { name: "ECDH", public: key };
          const error = await errorOf(() => crypto.subtle.deriveBits(algorithm, own.privateKey, length));
          seen.push(`${error.name}: ${error.message}`);
        }
        return seen;
      },
  },
};
