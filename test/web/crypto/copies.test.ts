/**
 * What is copied of a private or secret key on its way in or out is wiped when the call ends. Every array that a call
 * makes is caught, and searched afterwards: when an import is refused, none holds a piece of the key, and when a key is
 * exported, the result alone does. Strings, which JSON Web Keys have, nobody can wipe.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nano, pattern } from "../support.ts";

const { subtleSync } = nano;
const Real = Uint8Array;

/** Every Uint8Array that is made while `work` runs, but for views that `subarray` makes of others. */
function arraysDuring(work: () => void): Uint8Array[] {
  const made: Uint8Array[] = [];
  const { slice } = Real.prototype;
  Real.prototype.slice = function (...range: [number?, number?]) {
    const copy = slice.apply(this, range) as Uint8Array<ArrayBuffer>;
    made.push(copy);
    return copy;
  };
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args) {
      const array = Reflect.construct(target, args) as Uint8Array;
      made.push(array);
      return array;
    },
  });
  try {
    work();
  } finally {
    globalThis.Uint8Array = Real;
    Reflect.deleteProperty(Real.prototype, "slice"); // It is inherited.
  }
  return made;
}

/** Whether eight bytes of a secret, wherever they begin, are in an array. */
function holds(array: Uint8Array, secrets: Buffer[]): boolean {
  const found = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return secrets.some((secret) => {
    for (let at = 0; at + 8 <= secret.length; at++)
      if (found.includes(secret.subarray(at, at + 8))) return true;
    return false;
  });
}

type AnyAlgorithm = { name: string; namedCurve?: string; hash?: string; length?: number };

interface Case {
  readonly algorithm: AnyAlgorithm;
  readonly key: CryptoKey;
  readonly format: "pkcs8" | "raw";
  /** An algorithm for which the key is not. */
  readonly other: AnyAlgorithm;
  /** A JSON Web Key that is refused for what it is not. */
  readonly contradiction: JsonWebKey;
  readonly usages: KeyUsage[];
}

const SECRETS = ["k", "d", "p", "q", "dp", "dq", "qi"] as const;

function cases(): Case[] {
  const pair = (algorithm: { name: string }) =>
    subtleSync.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const rsa = { name: "RSA-PSS", hash: "SHA-1", modulusLength: 512, publicExponent: Uint8Array.of(1, 0, 1) };
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const aes = { name: "AES-GCM", length: 256 };
  return [
    ...["P-256", "P-384", "P-521"].map((namedCurve): Case => {
      const algorithm = { name: "ECDSA", namedCurve };
      const { x, y } = subtleSync.exportKey("jwk", pair(algorithm).publicKey) as Required<JsonWebKey>;
      const other = { ...algorithm, namedCurve: namedCurve === "P-256" ? "P-384" : "P-256" };
      const key = pair(algorithm).privateKey;
      return { algorithm, key, format: "pkcs8", other, contradiction: { x, y }, usages: ["sign"] };
    }),
    ...["Ed25519", "Ed448"].map((name): Case => {
      const { x } = subtleSync.exportKey("jwk", pair({ name }).publicKey) as Required<JsonWebKey>;
      const other = { name: name === "Ed448" ? "Ed25519" : "Ed448" };
      const key = pair({ name }).privateKey;
      return { algorithm: { name }, key, format: "pkcs8", other, contradiction: { x }, usages: ["sign"] };
    }),
    ...["X25519", "X448"].map((name): Case => {
      const agreeing = () => subtleSync.generateKey(name, true, ["deriveBits"]) as CryptoKeyPair;
      const { x } = subtleSync.exportKey("jwk", agreeing().publicKey) as Required<JsonWebKey>;
      const other = { name: "Ed25519" };
      const key = agreeing().privateKey;
      return {
        algorithm: { name },
        key,
        format: "pkcs8",
        other,
        contradiction: { x },
        usages: ["deriveBits"],
      };
    }),
    {
      ...{ algorithm: rsa, key: pair(rsa).privateKey, format: "pkcs8", usages: ["sign"] },
      ...{ other: { name: "ECDSA", namedCurve: "P-256" }, contradiction: { n: "AQAB" } },
    },
    {
      ...{ algorithm: hmac, key: subtleSync.generateKey(hmac, true, ["sign"]) as CryptoKey, format: "raw" },
      ...{ usages: ["sign"], other: { ...hmac, length: 8 }, contradiction: { key_ops: [] } },
    },
    {
      ...{ algorithm: aes, key: subtleSync.generateKey(aes, true, ["encrypt"]), format: "raw" },
      ...{ usages: ["encrypt"], other: { name: "AES-KW" }, contradiction: { alg: "A128GCM" } },
    },
  ];
}

for (const { algorithm, key, format, other, contradiction, usages } of cases()) {
  const title = algorithm.namedCurve ? `${algorithm.name} on ${algorithm.namedCurve}` : algorithm.name;
  const jwk = subtleSync.exportKey("jwk", key) as JsonWebKey;
  const secrets = SECRETS.flatMap((name) => (jwk[name] ? [Buffer.from(jwk[name], "base64url")] : []));
  const file = subtleSync.exportKey(format, key);

  test(`${title}: what is exported is the only copy`, () => {
    for (const to of [format, "jwk"] as const) {
      let result: ArrayBuffer | JsonWebKey | undefined;
      const made = arraysDuring(() => {
        result = subtleSync.exportKey(to as "raw", key);
      });
      assert.ok(made.length > 0);
      assert.not(
        made.some((array) => array.buffer !== result && holds(array, secrets)),
        to,
      );
      if (to !== "jwk")
        assert.ok(holds(new Uint8Array(result as ArrayBuffer), secrets), "what is there is found");
    }
  });

  test(`${title}: nothing stays of a key that is not imported`, () => {
    const refused: [string, unknown, AnyAlgorithm, boolean, KeyUsage[]][] = [];
    for (const extractable of [true, false]) {
      refused.push([format, file, algorithm, extractable, []]);
      refused.push(["jwk", { ...jwk, key_ops: [] }, algorithm, extractable, []]);
      refused.push([format, file, other, extractable, usages]);
      refused.push(["jwk", { ...jwk, ...contradiction }, algorithm, extractable, usages]);
      // Of RFC 8410's keys another last byte makes another key.
      if (format === "pkcs8" && jwk.kty !== "OKP")
        refused.push(["pkcs8", spoilt(file), algorithm, extractable, usages]);
    }
    const kept = arraysDuring(() => subtleSync.importKey(format, file, algorithm, true, usages));
    assert.ok(
      kept.some((array) => array.buffer !== file && holds(array, secrets)),
      "what is there is found",
    );
    for (const args of refused) {
      let error: Error | undefined;
      const made = arraysDuring(() => {
        try {
          subtleSync.importKey(...(args as unknown as Parameters<typeof subtleSync.importKey>));
        } catch (thrown) {
          error = thrown as Error;
        }
      });
      assert.ok(error, `${args[0]} was imported`);
      // The caller's own is the caller's.
      const copies = made.filter((array) => array.buffer !== args[1]);
      assert.not(
        copies.some((array) => holds(array, secrets)),
        `${args[0]}, ${error.name}: ${error.message}`,
      );
    }
  });
}

/** A key file with another last byte: of a point, or of a number. */
function spoilt(file: ArrayBuffer): ArrayBuffer {
  const copy = Real.from(new Real(file));
  copy[copy.length - 1]! ^= 1;
  return copy.buffer;
}

test("an import that fails within is wiped up after, too", async () => {
  const { createRuntimeSync } = await import("nanort");
  const other = createRuntimeSync();
  const hmac = { name: "HMAC", hash: "SHA-256" };
  await other.close();
  const bits = Buffer.from(pattern(64));
  const made = arraysDuring(() => {
    assert.throws(() => other.subtleSync.importKey("raw", bits, hmac, true, ["sign"]), /closed/);
  });
  assert.not(made.some((array) => array.buffer !== bits.buffer && holds(array, [bits])));
});

test.run();
