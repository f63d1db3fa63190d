/** SubtleCrypto.supports, and getPublicKey: https://wicg.github.io/webcrypto-modern-algos/. */
import { createRuntimeSync, SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const { supports } = SubtleCrypto;
type Arguments = [operation: string, algorithm: string | object, more?: number | null | string | object];

test("what every algorithm has, and has not", () => {
  const rsa = { name: "RSA-PSS", hash: "SHA-1", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
  const hkdf = { name: "HKDF", hash: "SHA-1", salt: pattern(0), info: pattern(0) };
  const cases: [Arguments, boolean][] = [
    [["digest", "SHA-512"], true],
    [["digest", "sha-512"], true],
    [["digest", "SHA-3"], false],
    [["sign", "HMAC"], true],
    [["encrypt", "HMAC"], false],
    [["generateKey", { name: "HMAC", hash: "SHA-1" }], true],
    [["generateKey", { name: "HMAC", hash: "SHA-1", length: 0 }], false],
    [["generateKey", { name: "HMAC", hash: "MD5" }], false],
    [["generateKey", "HMAC"], false],
    [["generateKey", rsa], true],
    [["generateKey", { ...rsa, modulusLength: 7 }], false],
    [["generateKey", { ...rsa, publicExponent: Uint8Array.of(2) }], false],
    [["generateKey", { name: "ECDSA", namedCurve: "P-521" }], true],
    [["generateKey", { name: "ECDSA", namedCurve: "P-192" }], false],
    [["generateKey", { name: "AES-KW", length: 192 }], true],
    [["generateKey", { name: "AES-KW", length: 160 }], false],
    [["generateKey", "HKDF"], false],
    [["importKey", "HKDF"], true],
    [["exportKey", "HKDF"], false],
    [["exportKey", "AES-KW"], true],
    [["sign", { name: "ECDSA", hash: "SHA-256" }], true],
    [["sign", "ECDSA"], false],
    [["encrypt", { name: "AES-GCM", iv: pattern(12), tagLength: 96 }], true],
    [["encrypt", { name: "AES-GCM", iv: pattern(12), tagLength: 90 }], false],
    [["encrypt", { name: "AES-GCM", iv: pattern(0) }], false],
    [["deriveBits", hkdf, 8], true],
    [["deriveBits", hkdf, null], false],
    [["deriveBits", hkdf], false],
    [["deriveKey", hkdf, { name: "AES-GCM", length: 256 }], true],
    [["deriveKey", hkdf, { name: "AES-GCM", length: 250 }], false],
    [["deriveKey", hkdf, "HKDF"], false],
    [["deriveKey", hkdf], false],
    [["deriveKey", { ...hkdf, hash: "MD5" }, { name: "AES-GCM", length: 256 }], false],
    [["wrapKey", "AES-KW"], true],
    [["wrapKey", "AES-KW", "AES-GCM"], true],
    [["wrapKey", "AES-KW", "SHA-1"], false],
    [["wrapKey", { name: "AES-CBC", iv: pattern(16) }, "HMAC"], true],
    [["unwrapKey", { name: "AES-CBC", iv: pattern(15) }, "AES-CBC"], false],
    [["unwrapKey", "AES-KW", "HMAC"], false],
    [["unwrapKey", "AES-KW", { name: "HMAC", hash: "SHA-256" }], true],
    [["getPublicKey", "RSA-PSS"], true],
    [["getPublicKey", "ECDSA"], true],
    [["getPublicKey", "AES-GCM"], false],
    [["encapsulateBits", "ML-KEM-768"], false],
    [["ENCRYPT", "AES-GCM"], false],
    [["toString", "AES-GCM"], false],
    [["", ""], false],
  ];
  for (const [args, expected] of cases) assert.is(supports(...args), expected, JSON.stringify(args));
});

test("it answers false to what getters throw, and throws for arguments that do not convert", () => {
  const thrower = {
    get name(): string {
      throw new Error("of the getter");
    },
  };
  assert.is(supports("digest", thrower), false);
  for (const [args, message] of [
    [[], "supports: 2 arguments required, but only 0 given"],
    [["digest"], "supports: 2 arguments required, but only 1 given"],
    [[Symbol(), "SHA-1"], "supports: operation is a symbol, and cannot become a string"],
    [["digest", Symbol()], "supports: algorithm is a symbol, and cannot become a string"],
  ] as const) {
    try {
      (supports as (...args: unknown[]) => boolean)(...args);
      assert.unreachable(message);
    } catch (error) {
      assert.instance(error, TypeError);
      assert.is((error as Error).message, message);
    }
  }
});

test("it belongs to the interface, enumerable, with the length that WebIDL gives it", () => {
  const { enumerable, configurable, writable, value } = Object.getOwnPropertyDescriptor(
    SubtleCrypto,
    "supports",
  )!;
  assert.equal([enumerable, configurable, writable, value.length], [true, true, true, 2]);
  assert.not("supports" in SubtleCrypto.prototype);
});

test("who agrees on a secret needs the other's public key, and no more bits than there are", () => {
  for (const [name, bits] of [
    ["X25519", 256],
    ["X448", 448],
  ] as const) {
    const { privateKey, publicKey } = subtleSync.generateKey(name, false, ["deriveBits"]) as CryptoKeyPair;
    const ed = subtleSync.generateKey("Ed25519", false, ["sign"]) as CryptoKeyPair;
    const params = { name, public: publicKey };
    const cases: [Arguments, boolean][] = [
      [["deriveBits", params, bits], true],
      [["deriveBits", params, bits - 3], true],
      [["deriveBits", params, null], true],
      [["deriveBits", params, bits + 1], false],
      [["deriveBits", { name, public: privateKey }, 8], false],
      [["deriveBits", { name, public: ed.publicKey }, 8], false],
      [["deriveBits", name, 8], false],
      [["deriveKey", params, { name: "AES-GCM", length: 256 }], true],
      [["deriveKey", params, { name: "HMAC", hash: "SHA-256" }], bits >= 512],
      [["deriveKey", params, "HKDF"], true],
      [["generateKey", name], true],
      [["importKey", name], true],
      [["exportKey", name], true],
      [["getPublicKey", name], true],
      [["sign", name], false],
    ];
    for (const [args, expected] of cases) assert.is(supports(...args), expected, JSON.stringify(args));
  }
  for (const operation of ["sign", "verify", "generateKey", "importKey", "exportKey", "getPublicKey"]) {
    assert.is(supports(operation, "Ed25519"), true, operation);
    assert.is(supports(operation, "ed448"), true, operation);
  }
  assert.is(supports("sign", { name: "Ed448", context: pattern(255) }), true);
  assert.is(supports("sign", { name: "Ed448", context: pattern(256) }), false);
  assert.is(supports("deriveBits", "Ed25519", 8), false);
});

const PAIRS = [
  ...["P-256", "P-384", "P-521"].map((namedCurve) => ({ name: "ECDSA", namedCurve })),
  { name: "Ed25519" },
  { name: "Ed448" },
  { name: "RSA-PSS", hash: "SHA-256", modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1) },
];

for (const algorithm of PAIRS) {
  const { name } = algorithm;
  const title = "namedCurve" in algorithm ? `${name} on ${algorithm.namedCurve}` : name;

  test(`${title}: the public key of a private one, be that extractable or not, generated or imported`, async () => {
    const pair = subtleSync.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
    const pkcs8 = subtleSync.exportKey("pkcs8", pair.privateKey);
    const kept = subtleSync.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
    const expected = hex(subtleSync.exportKey("spki", pair.publicKey));
    for (const privateKey of [pair.privateKey, kept]) {
      for (const publicKey of [
        subtleSync.getPublicKey(privateKey, ["verify"]),
        await subtle.getPublicKey(privateKey, ["verify", "verify"]),
      ]) {
        assert.is(publicKey.type, "public");
        assert.is(publicKey.extractable, true);
        assert.equal(publicKey.usages, ["verify"]);
        assert.equal(JSON.stringify(publicKey.algorithm), JSON.stringify(pair.publicKey.algorithm));
        assert.is(hex(subtleSync.exportKey("spki", publicKey)), expected);
        const params = { name, hash: "SHA-256", saltLength: 8 };
        const signature = subtleSync.sign(params, privateKey, pattern(9));
        assert.is(subtleSync.verify(params, publicKey, signature, pattern(9)), true);
      }
    }
    assert.equal(subtleSync.getPublicKey(kept, []).usages, []);
    const error = async (key: CryptoKey, usages: string[]) => {
      return (await refusal("getPublicKey", () => [key, usages])).name;
    };
    assert.is(await error(pair.publicKey, ["verify"]), "InvalidAccessError");
    assert.is(await error(kept, ["sign"]), "SyntaxError");
    assert.is(await error(kept, ["verify", "encrypt"]), "SyntaxError");
    assert.is(await error(kept, ["fly"]), "TypeError");
  });
}

test("keys that have no public half are refused, and so are keys of a closed runtime", async () => {
  const aes = subtleSync.importKey("raw", pattern(16), "AES-CBC", false, ["encrypt"]);
  const hmac = subtleSync.importKey("raw", fromHex("00"), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  for (const key of [aes, hmac]) {
    assert.is((await refusal("getPublicKey", () => [key, []])).name, "NotSupportedError");
  }
  assert.is((await refusal("getPublicKey", () => [{}, []])).name, "TypeError");
  assert.is((await refusal("getPublicKey", () => [aes])).name, "TypeError");
  const runtime = createRuntimeSync();
  const rsa = PAIRS.at(-1)!;
  const pair = runtime.subtleSync.generateKey(rsa, false, ["sign"]) as CryptoKeyPair;
  await runtime.close();
  const error = await refusal("getPublicKey", () => [pair.privateKey, ["verify"]], runtime);
  assert.is(error.name, "InvalidStateError");
});

test.run();
