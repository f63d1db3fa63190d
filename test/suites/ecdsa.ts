/** ECDSA on the curves of FIPS 186-5, with the keys of WebCrypto. */
import type { CryptoKey, CryptoKeyPair } from "nanort";
import * as assert from "uvu/assert";
import vectors from "../vectors/ecdsa.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { fromHex, hex, pattern, runtime } from "./support.ts";

const CURVES = ["P-256", "P-384", "P-521"] as const;
type Curve = (typeof CURVES)[number];
const SCALAR_BYTES: Record<Curve, number> = { "P-256": 32, "P-384": 48, "P-521": 66 };
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const ec = (namedCurve: string) => ({ name: "ECDSA", namedCurve });

/** RFC 5480 section 2.1.1.1. */
const OIDS: Record<Curve, string> = {
  "P-256": "06082a8648ce3d030107",
  "P-384": "06052b81040022",
  "P-521": "06052b81040023",
};

/** A DER element: the contents are short here. */
function element(tag: string, contents: string): string {
  const length = contents.length / 2;
  const digits = length.toString(16).padStart(2, "0");
  return `${tag}${length < 128 ? digits : `81${digits}`}${contents}`;
}

/** RFC 5208 around RFC 5915: a private key that comes without its public half. */
function pkcs8Of(curve: Curve, scalar: string): Uint8Array<ArrayBuffer> {
  const algorithm = element("30", `06072a8648ce3d0201${OIDS[curve]}`);
  const key = element("30", `020101${element("04", scalar.padStart(2 * SCALAR_BYTES[curve], "0"))}`);
  return fromHex(element("30", `020100${algorithm}${element("04", key)}`));
}

export const ecdsa: Suite = {
  name: "ECDSA",
  tests: {
    "published signatures verify, with the key that their scalar completes; over other messages none does":
      async () => {
        const { crypto, subtleSync } = await runtime();
        for (const { curve, hash, source, privateKey, message, signature } of vectors) {
          const pkcs8 = pkcs8Of(curve as Curve, privateKey);
          const secret = subtleSync.importKey("pkcs8", pkcs8, ec(curve), true, ["sign"]);
          const { d: _, key_ops: __, ...jwk } = subtleSync.exportKey("jwk", secret) as JsonWebKey;
          const key = await crypto.subtle.importKey("jwk", jwk, ec(curve), true, ["verify"]);
          const algorithm = { name: "ECDSA", hash };
          const bytes = fromHex(signature);
          assert.is(await crypto.subtle.verify(algorithm, key, bytes, fromHex(message)), true, source);
          assert.is(subtleSync.verify(algorithm, key, bytes, fromHex(`${message}00`)), false, source);
          const own = subtleSync.sign(algorithm, secret, fromHex(message));
          assert.is(own.byteLength, 2 * SCALAR_BYTES[curve as Curve]);
          assert.is(subtleSync.verify(algorithm, key, own, fromHex(message)), true, source);
        }
      },

    "what one signs the engine's own crypto.subtle verifies, and the other way round, in every format":
      async (engine) => {
        const { subtleSync } = await runtime();
        const foreign = await foreignCurves(engine.nativeSubtle);
        for (const curve of foreign) {
          const own = subtleSync.generateKey(ec(curve), true, ["sign", "verify"]) as CryptoKeyPair;
          const host = await crypto.subtle.generateKey(ec(curve), true, ["sign", "verify"]);
          for (const [at, format] of (["spki", "jwk", "raw"] as const).entries()) {
            const algorithm = { name: "ECDSA", hash: HASHES[1 + at]! };
            const message = pattern(100 + at);
            const exported = subtleSync.exportKey(format, own.publicKey) as ArrayBuffer;
            const theirs = await crypto.subtle.importKey(format as "raw", exported, ec(curve), true, [
              "verify",
            ]);
            const signature = subtleSync.sign(algorithm, own.privateKey, message);
            assert.is(await crypto.subtle.verify(algorithm, theirs, signature, message), true, curve);
            const given = (await crypto.subtle.exportKey(format, host.publicKey)) as ArrayBuffer;
            const ours = subtleSync.importKey(format as "raw", given, ec(curve), true, ["verify"]);
            const foreignSignature = await crypto.subtle.sign(algorithm, host.privateKey, message);
            assert.is(subtleSync.verify(algorithm, ours, foreignSignature, message), true, curve);
          }
        }
      },

    "a private key travels as pkcs8 and as JWK": async () => {
      const { subtleSync } = await runtime();
      for (const curve of CURVES) {
        const pair = subtleSync.generateKey(ec(curve), true, ["sign", "verify"]) as CryptoKeyPair;
        const pkcs8 = subtleSync.exportKey("pkcs8", pair.privateKey) as ArrayBuffer;
        const jwk = subtleSync.exportKey("jwk", pair.privateKey) as JsonWebKey;
        assert.equal([jwk.kty, jwk.crv, jwk.ext, jwk.key_ops], ["EC", curve, true, ["sign"]]);
        const algorithm = { name: "ECDSA", hash: "SHA-256" };
        for (const [format, data] of [
          ["pkcs8", pkcs8],
          ["jwk", jwk],
        ] as const) {
          const again = subtleSync.importKey(format as "pkcs8", data as ArrayBuffer, ec(curve), true, [
            "sign",
          ]);
          const signature = subtleSync.sign(algorithm, again, pattern(9));
          assert.is(subtleSync.verify(algorithm, pair.publicKey, signature, pattern(9)), true);
          assert.is(hex(subtleSync.exportKey("pkcs8", again) as ArrayBuffer), hex(pkcs8));
        }
      }
    },

    "points off the curve, and of no key, are refused in the same words": async () => {
      const { crypto, subtleSync } = await runtime();
      const seen: string[] = [];
      for (const curve of CURVES) {
        const bytes = SCALAR_BYTES[curve];
        const { publicKey } = subtleSync.generateKey(ec(curve), true, ["sign", "verify"]) as CryptoKeyPair;
        const point = new Uint8Array(subtleSync.exportKey("raw", publicKey) as ArrayBuffer);
        const off = point.slice();
        off[bytes]! ^= 1;
        const wrong: [string, Uint8Array<ArrayBuffer>][] = [
          ["off the curve", off],
          ["infinity", new Uint8Array(1)],
          ["cut short", point.slice(0, -1)],
          ["with a byte too many", new Uint8Array([...point, 0])],
          ["all ones", new Uint8Array(point.length).fill(0xff).fill(4, 0, 1)],
        ];
        for (const [what, data] of wrong) {
          const outcome = await outcomeOf(() =>
            crypto.subtle.importKey("raw", data, ec(curve), true, ["verify"]),
          );
          seen.push(`${curve} ${what}: ${outcome}`);
          assert.match(outcome, /^DataError/, what);
        }
        for (const scalar of ["00", "ff".repeat(bytes)]) {
          const pkcs8 = pkcs8Of(curve, scalar);
          const outcome = await outcomeOf(() =>
            subtleSync.importKey("pkcs8", pkcs8, ec(curve), true, ["sign"]),
          );
          seen.push(`${curve} scalar ${scalar.slice(0, 2)}: ${outcome}`);
          assert.match(outcome, /^DataError/, scalar);
        }
      }
      return seen;
    },
  },
};

async function outcomeOf(action: () => CryptoKey | Promise<CryptoKey>): Promise<string> {
  try {
    return `a key: ${(await action()).type}`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** The curves that the engine's own crypto.subtle can do: not all have P-521. */
async function foreignCurves(nativeSubtle: boolean): Promise<Curve[]> {
  if (!nativeSubtle) return [];
  const found: Curve[] = [];
  for (const curve of CURVES) {
    await crypto.subtle.generateKey(ec(curve), true, ["sign", "verify"]).then(
      () => found.push(curve),
      () => undefined,
    );
  }
  return found;
}
