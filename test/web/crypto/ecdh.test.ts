import { createECDH, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync, SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const host = webcrypto.subtle;
const CURVES = ["P-256", "P-384", "P-521"] as const;
type Curve = (typeof CURVES)[number];
const BYTES = { "P-256": 32, "P-384": 48, "P-521": 66 };
const NODE_CURVES = { "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" };
const both: ["deriveKey", "deriveBits"] = ["deriveKey", "deriveBits"];
const ec = (namedCurve: string) => ({ name: "ECDH", namedCurve });
const ecdh = (key: CryptoKey) => ({ name: "ECDH", public: key });
const generate = (curve: Curve) => subtleSync.generateKey(ec(curve), true, both);
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

interface Vector {
  source: string;
  curve: Curve;
  privateKey: string;
  publicKey: string;
  /** Absent where the public key is none. */
  secret?: string;
}
const vectors = JSON.parse(readFileSync("test/vectors/ecdh.json", "utf8")) as Vector[];

/** A private key as a JSON Web Key, which the host completes. */
function jwkOf(curve: Curve, scalar: Uint8Array): JsonWebKey {
  const dh = createECDH(NODE_CURVES[curve]);
  dh.setPrivateKey(scalar);
  const point = dh.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + BYTES[curve]), point.subarray(1 + BYTES[curve])];
  return { kty: "EC", crv: curve, x: base64url(x), y: base64url(y), d: base64url(scalar) };
}

test("published secrets are derived, and published keys that are none refused", async () => {
  for (const { source, curve, privateKey, publicKey, secret } of vectors) {
    const raw = ["raw", fromHex(publicKey), ec(curve), false, []] as const;
    if (secret === undefined) {
      assert.is((await refusal("importKey", () => [...raw])).name, "DataError", source);
      continue;
    }
    const jwk = jwkOf(curve, fromHex(privateKey));
    const key = subtleSync.importKey("jwk", jwk, ec(curve), false, ["deriveBits"]);
    const other = subtleSync.importKey(...raw);
    assert.is(hex(subtleSync.deriveBits(ecdh(other), key, null)), secret, source);
    assert.is(hex(await subtle.deriveBits(ecdh(other), key, null)), secret, source);
  }
});

for (const curve of CURVES) {
  test(`${curve}: both sides find the same secret, whichever of them is the host's, with keys travelling in every format`, async () => {
    const own = await subtle.generateKey(ec(curve), true, both);
    assert.equal(own.privateKey.algorithm, ec(curve));
    assert.equal([own.privateKey.type, own.publicKey.type], ["private", "public"]);
    assert.equal([own.privateKey.usages, own.publicKey.usages], [both, []]);
    const theirs = await host.generateKey(ec(curve), true, both);
    for (const format of ["raw", "spki", "jwk"] as const) {
      const exported = (await subtle.exportKey(format, own.publicKey)) as ArrayBuffer;
      const there = await host.importKey(format as "raw", exported, ec(curve), true, []);
      const given = (await host.exportKey(format as "raw", theirs.publicKey)) as ArrayBuffer;
      const here = subtleSync.importKey(format as "raw", given, ec(curve), true, []);
      assert.equal(subtleSync.exportKey(format, here), given);
      const bits = 8 * BYTES[curve];
      const expected = hex(await host.deriveBits(ecdh(there as CryptoKey), theirs.privateKey, bits));
      assert.is(expected.length, 2 * BYTES[curve]);
      assert.is(hex(await subtle.deriveBits(ecdh(here), own.privateKey, bits)), expected);
      assert.is(hex(subtleSync.deriveBits(ecdh(here), own.privateKey, null)), expected);
      for (const secret of ["pkcs8", "jwk"] as const) {
        const file = subtleSync.exportKey(secret as "pkcs8", own.privateKey);
        const key = await host.importKey(secret as "pkcs8", file, ec(curve), true, both);
        assert.is(hex(await host.deriveBits(ecdh(theirs.publicKey as CryptoKey), key, bits)), expected);
        const back = (await host.exportKey(secret as "pkcs8", key)) as ArrayBuffer;
        const again = subtleSync.importKey(secret as "pkcs8", back, ec(curve), false, ["deriveBits"]);
        assert.is(hex(subtleSync.deriveBits(ecdh(here), again, bits)), expected);
      }
    }
  });

  test(`${curve}: every length to that of a coordinate, in bits, is the beginning of the secret, and zeros`, async () => {
    const [a, b] = [generate(curve), generate(curve)];
    const whole = new Uint8Array(subtleSync.deriveBits(ecdh(b.publicKey), a.privateKey));
    assert.is(whole.length, BYTES[curve]);
    for (let bits = 0; bits <= 8 * whole.length; bits++) {
      const expected = whole.slice(0, Math.ceil(bits / 8));
      if (bits % 8 > 0) expected[expected.length - 1]! &= 0xff << (8 - (bits % 8));
      const found = subtleSync.deriveBits(ecdh(a.publicKey), b.privateKey, bits);
      assert.is(hex(found), hex(expected), `${bits} bits`);
      const isSupported = SubtleCrypto.supports("deriveBits", ecdh(a.publicKey), bits);
      assert.is(isSupported, true);
    }
    const longer = 8 * whole.length + 1;
    const error = await refusal("deriveBits", () => [ecdh(a.publicKey), b.privateKey, longer]);
    assert.is(error.name, "OperationError");
    assert.is(SubtleCrypto.supports("deriveBits", ecdh(a.publicKey), longer), false);
  });
}

test("keys are derived for everything that has a length, and, of the whole secret, for HKDF", async () => {
  const [a, b] = [generate("P-384"), generate("P-384")];
  const secret = new Uint8Array(subtleSync.deriveBits(ecdh(b.publicKey), a.privateKey));
  const derive = (target: object, usages: KeyUsage[], extractable = true) =>
    subtleSync.deriveKey(ecdh(a.publicKey), b.privateKey, target as AesKeyGenParams, extractable, usages);
  const raw = (key: CryptoKey) => hex(subtleSync.exportKey("raw", key));
  const beginning = (bytes: number) => hex(secret.subarray(0, bytes));
  assert.is(raw(derive({ name: "AES-GCM", length: 256 }, ["encrypt"])), beginning(32));
  assert.is(raw(derive({ name: "AES-KW", length: 128 }, ["wrapKey"])), beginning(16));
  assert.is(raw(derive({ name: "HMAC", hash: "SHA-256", length: 100 + 4 }, ["sign"])), beginning(13));

  const hkdf = { name: "HKDF", hash: "SHA-256", salt: pattern(5), info: pattern(3) };
  const base = derive({ name: "HKDF" }, ["deriveBits"], false);
  const theirs = await host.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const expected = hex(await host.deriveBits(hkdf, theirs, 512));
  assert.is(hex(subtleSync.deriveBits(hkdf, base, 512)), expected);

  const tooLong = () => [
    ecdh(a.publicKey),
    b.privateKey,
    { name: "HMAC", hash: "SHA-512" }, // 1024 bits
    true,
    ["sign"],
  ];
  assert.is((await refusal("deriveKey", tooLong)).name, "OperationError");
});

test("a key that is not the other's public one, on the same curve, is refused", async () => {
  const own = generate("P-256");
  const alien = generate("P-384");
  const signing = subtleSync.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const derive = async (key: unknown, length: number | null = null) =>
    (await refusal("deriveBits", () => [{ name: "ECDH", public: key }, own.privateKey, length])).name;
  assert.is(await derive(own.privateKey), "InvalidAccessError");
  assert.is(await derive(alien.publicKey), "InvalidAccessError");
  assert.is(await derive(alien.publicKey, 9999), "InvalidAccessError");
  assert.is(await derive(signing.publicKey), "InvalidAccessError");
  const theirs = await host.generateKey(ec("P-256"), true, both);
  for (const none of [undefined, null, {}, "key", theirs.publicKey])
    assert.is(await derive(none), "TypeError");
  const base = ["deriveBits", () => [ecdh(own.publicKey), own.publicKey, null]] as const;
  assert.is((await refusal(...base)).name, "InvalidAccessError");
  const only = subtleSync.importKey(
    "pkcs8",
    subtleSync.exportKey("pkcs8", own.privateKey),
    ec("P-256"),
    false,
    ["deriveKey"],
  );
  const bits = ["deriveBits", () => [ecdh(own.publicKey), only, null]] as const;
  assert.is((await refusal(...bits)).name, "InvalidAccessError");
  assert.is(SubtleCrypto.supports("deriveBits", ecdh(own.publicKey), null), true);
  assert.is(SubtleCrypto.supports("deriveBits", ecdh(own.privateKey), null), false);
});

test("public keys have no usages, private ones these two; JSON Web Keys are for enc, whatever alg they name", async () => {
  const { privateKey, publicKey } = generate("P-256");
  const jwk = subtleSync.exportKey("jwk", publicKey);
  assert.equal(Object.keys(jwk), ["crv", "ext", "key_ops", "kty", "x", "y"]);
  const importing = async (changes: object, usages: string[]) =>
    (await refusal("importKey", () => ["jwk", { ...jwk, ...changes }, ec("P-256"), true, usages])).name;
  assert.is(await importing({}, ["deriveBits"]), "SyntaxError");
  const secret = subtleSync.exportKey("jwk", privateKey);
  assert.is(await importing(secret, ["sign"]), "SyntaxError");
  assert.is(await importing(secret, []), "SyntaxError");
  assert.is(await importing({ ...secret, use: "sig", key_ops: undefined }, ["deriveKey"]), "DataError");
  assert.is(await importing({ ...secret, key_ops: ["deriveKey"] }, both), "DataError");
  assert.is(await importing({ ...secret, crv: "P-384" }, both), "DataError");
  for (const alg of ["ECDH-ES", "ES256", "ECDH-ES+A128KW", "none"]) {
    const key = subtleSync.importKey("jwk", { ...secret, alg, use: "enc" }, ec("P-256"), true, both);
    assert.equal(subtleSync.exportKey("jwk", key), secret);
  }
  assert.is((await refusal("getPublicKey", () => [privateKey, ["deriveBits"]])).name, "SyntaxError");
  assert.equal(subtleSync.exportKey("jwk", subtleSync.getPublicKey(privateKey, [])), jwk);
  assert.is((await refusal("generateKey", () => [ec("P-256"), true, []])).name, "SyntaxError");
  assert.is((await refusal("generateKey", () => [ec("P-256"), true, ["sign"]])).name, "SyntaxError");
  assert.is((await refusal("generateKey", () => [ec("P-224"), true, both])).name, "NotSupportedError");
});

test("after the runtime was closed nothing is derived", async () => {
  const other = createRuntimeSync();
  const { privateKey, publicKey } = other.subtleSync.generateKey(ec("P-256"), true, both);
  await other.close();
  const args = () => [ecdh(publicKey), privateKey, null];
  assert.is((await refusal("deriveBits", args, other)).name, "InvalidStateError");
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
