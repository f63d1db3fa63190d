/** X25519 and X448: published secrets, the host's, and public keys that give none. */
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testIf } from "../../support/tools.ts";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const usages: ["deriveKey", "deriveBits"] = ["deriveKey", "deriveBits"];
const BYTES = { X25519: 32, X448: 56 };
type Name = keyof typeof BYTES;
const NAMES = Object.keys(BYTES) as Name[];
/** PrivateKeyInfo as far as the key. */
const PKCS8 = { X25519: "302e020100300506032b656e04220420", X448: "3046020100300506032b656f043a0438" };

interface Vector {
  curve: Name;
  source: string;
  privateKey: string;
  publicKey: string;
  /** Null where it would be zero. */
  secret: string | null;
}
const { agreements } = JSON.parse(readFileSync("test/vectors/okp.json", "utf8")) as { agreements: Vector[] };
const pairOf = (name: Name) => subtleSync.generateKey(name, true, usages);

test("published secrets are derived; public keys of small order, in any encoding, give none", async () => {
  for (const { curve: name, source, privateKey, publicKey, secret } of agreements) {
    const key = subtleSync.importKey("pkcs8", fromHex(PKCS8[name] + privateKey), name, true, usages);
    const other = subtleSync.importKey("raw", fromHex(publicKey), name, true, []);
    assert.is(hex(subtleSync.exportKey("raw", other)), publicKey, source);
    assert.is(hex(subtleSync.exportKey("pkcs8", key)), PKCS8[name] + privateKey, source);
    const algorithm = { name, public: other };
    if (secret === null) {
      for (const length of [null, 0, 8, 8 * BYTES[name]]) {
        const error = await refusal("deriveBits", () => [algorithm, key, length]);
        assert.is(error.name, "OperationError", source);
      }
    } else {
      assert.is(hex(subtleSync.deriveBits(algorithm, key, null)), secret, source);
      assert.is(hex(await subtle.deriveBits(algorithm, key, 8 * BYTES[name])), secret, source);
    }
  }
});

for (const name of NAMES) {
  const bits = 8 * BYTES[name];
  const hostHas = await webcrypto.subtle.generateKey(name, true, usages).then(
    () => true,
    () => false,
  );

  testIf(hostHas, `the host has no ${name}`)(
    `${name}: both derive the same, with keys travelling in every format both ways`,
    async () => {
      const own = pairOf(name);
      const host = (await webcrypto.subtle.generateKey(name, true, usages)) as webcrypto.CryptoKeyPair;
      assert.equal(own.privateKey.algorithm, { name });
      assert.equal([own.privateKey.type, own.publicKey.type], ["private", "public"]);
      assert.equal([own.privateKey.usages, own.publicKey.usages], [["deriveKey", "deriveBits"], []]);
      for (const privateFormat of ["pkcs8", "jwk"] as const) {
        for (const format of ["raw", "spki", "jwk"] as const) {
          const exported = subtleSync.exportKey(format, own.publicKey) as ArrayBuffer;
          const theirPublic = await webcrypto.subtle.importKey(format as "raw", exported, name, true, []);
          const secretKey = subtleSync.exportKey(privateFormat, own.privateKey) as ArrayBuffer;
          const there = await webcrypto.subtle.importKey(
            privateFormat as "raw",
            secretKey,
            name,
            true,
            usages,
          );
          const given = (await webcrypto.subtle.exportKey(format as "raw", host.publicKey)) as ArrayBuffer;
          const ourPublic = subtleSync.importKey(format as "raw", given, name, true, []);
          const givenSecret = (await webcrypto.subtle.exportKey(
            privateFormat as "raw",
            host.privateKey,
          )) as ArrayBuffer;
          const here = await subtle.importKey(privateFormat as "raw", givenSecret, name, true, usages);

          const ours = hex(subtleSync.deriveBits({ name, public: ourPublic }, own.privateKey, null));
          assert.is(ours.length, 2 * BYTES[name]);
          assert.is(hex(subtleSync.deriveBits({ name, public: own.publicKey }, here, bits)), ours);
          const theirs = await webcrypto.subtle.deriveBits(
            { name, public: theirPublic },
            host.privateKey,
            bits,
          );
          assert.is(hex(theirs), ours);
          const back = await webcrypto.subtle.deriveBits({ name, public: host.publicKey }, there, bits);
          assert.is(hex(back), ours);
          if (format !== "jwk") assert.is(hex(subtleSync.exportKey(format, ourPublic)), hex(given));
          if (privateFormat !== "jwk")
            assert.is(hex(subtleSync.exportKey(privateFormat, here)), hex(givenSecret));
        }
      }
    },
  );

  test(`${name}: of a secret comes as much as is asked for, its last byte filled up with zeros; never more`, async () => {
    const own = pairOf(name);
    const other = pairOf(name);
    const algorithm = { name, public: other.publicKey };
    const secret = new Uint8Array(subtleSync.deriveBits(algorithm, own.privateKey, null));
    for (const length of [0, 1, 7, 8, 9, 100, 128, 230, bits - 9, bits - 8, bits - 1, bits]) {
      const expected = secret.slice(0, Math.ceil(length / 8));
      if (length % 8 > 0) expected[expected.length - 1]! &= 0xff00 >> (length % 8);
      assert.is(hex(subtleSync.deriveBits(algorithm, own.privateKey, length)), hex(expected), `${length}`);
      assert.is(hex(await subtle.deriveBits(algorithm, own.privateKey, length)), hex(expected), `${length}`);
    }
    for (const args of [[], [undefined], [null]] as [null?][]) {
      assert.is(hex(subtleSync.deriveBits(algorithm, own.privateKey, ...args)), hex(secret));
      assert.is(hex(await subtle.deriveBits(algorithm, own.privateKey, ...args)), hex(secret));
    }
    for (const length of [bits + 1, bits + 8, 2 * bits, 2 ** 32 - 8]) {
      const error = await refusal("deriveBits", () => [algorithm, own.privateKey, length]);
      assert.is(error.name, "OperationError", `${length}`);
    }
  });

  test(`${name}: keys for other algorithms are made of the first bits of the secret`, async () => {
    const own = pairOf(name);
    const other = pairOf(name);
    const algorithm = { name, public: other.publicKey };
    const secret = hex(subtleSync.deriveBits(algorithm, own.privateKey, null));
    for (const [target, keyUsages, length] of [
      [{ name: "AES-GCM", length: 128 }, ["encrypt"], 128],
      [{ name: "AES-KW", length: 256 }, ["wrapKey"], 256],
      [{ name: "HMAC", hash: "SHA-256", length: 160 }, ["sign"], 160],
    ] as [AesDerivedKeyParams, KeyUsage[], number][]) {
      const here = subtleSync.deriveKey(algorithm, own.privateKey, target, true, keyUsages);
      assert.is(hex(subtleSync.exportKey("raw", here)), secret.slice(0, length / 4));
      const there = { name, public: own.publicKey };
      const promised = await subtle.deriveKey(there, other.privateKey, target, true, keyUsages);
      assert.is(hex(await subtle.exportKey("raw", promised)), secret.slice(0, length / 4));
    }
    // All of the secret, for an algorithm that derives in turn.
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: pattern(5), info: pattern(6) };
    const base = await subtle.deriveKey(algorithm, own.privateKey, "HKDF", false, ["deriveBits"]);
    const same = subtleSync.importKey("raw", fromHex(secret), "HKDF", false, ["deriveBits"]);
    assert.is(hex(await subtle.deriveBits(hkdf, base, 256)), hex(subtleSync.deriveBits(hkdf, same, 256)));
    const tooLong = { name: "HMAC", hash: "SHA-512" };
    const error = await refusal("deriveKey", () => [algorithm, own.privateKey, tooLong, true, ["sign"]]);
    assert.is(error.name, "OperationError");
  });

  test(`${name}: a JSON Web Key has the standard's members, and no others; whatever its alg, it goes in again`, () => {
    const { privateKey, publicKey } = pairOf(name);
    const jwk = subtleSync.exportKey("jwk", privateKey);
    const { d, key_ops: _, ...rest } = jwk;
    assert.equal(Object.keys(jwk), ["crv", "d", "ext", "key_ops", "kty", "x"]);
    assert.equal([jwk.crv, jwk.kty, jwk.key_ops], [name, "OKP", ["deriveKey", "deriveBits"]]);
    assert.is(Buffer.from(d!, "base64url").length, BYTES[name]);
    assert.equal(subtleSync.exportKey("jwk", publicKey), { ...rest, key_ops: [] });
    const again = subtleSync.importKey("jwk", { ...jwk, alg: "ECDH-ES", use: "enc" }, name, true, usages);
    assert.equal(subtleSync.exportKey("jwk", again), jwk);
  });

  test(`${name}: keys that are not of this curve, whole and exact, are refused`, async () => {
    const pair = pairOf(name);
    const other = subtleSync.exportKey("jwk", pairOf(name).privateKey);
    const jwk = subtleSync.exportKey("jwk", pair.privateKey);
    const error = async (...args: unknown[]) => (await refusal("importKey", () => args)).name;
    for (const wrong of [
      ...[{ kty: "EC" }, { crv: name === "X448" ? "X25519" : "X448" }, { crv: "Ed25519" }, { use: "sig" }],
      ...[{ key_ops: ["deriveKey"] }, { ext: false }, { x: undefined }, { x: other.x }, { x: `${jwk.x}AA` }],
      ...[{ d: "" }, { d: other.d }, { d: `${jwk.d}AA` }, { d: jwk.d!.slice(0, -2) }, { d: "=" }],
    ]) {
      assert.is(
        await error("jwk", { ...jwk, ...wrong }, name, true, usages),
        "DataError",
        JSON.stringify(wrong),
      );
    }
    const spki = new Uint8Array(subtleSync.exportKey("spki", pair.publicKey));
    const pkcs8 = new Uint8Array(subtleSync.exportKey("pkcs8", pair.privateKey));
    for (let length = 0; length < pkcs8.length; length++) {
      assert.is(await error("pkcs8", pkcs8.subarray(0, length), name, true, usages), "DataError");
      if (length < spki.length) {
        assert.is(await error("spki", spki.subarray(0, length), name, true, []), "DataError");
      }
      if (length !== BYTES[name])
        assert.is(await error("raw", spki.slice(0, length), name, true, []), "DataError");
    }
    for (const alien of ["Ed25519", "Ed448", ...NAMES].filter((each) => each !== name)) {
      const alienUsages = alien.startsWith("Ed") ? ["sign"] : usages;
      assert.is(await error("spki", spki, alien, true, []), "DataError");
      assert.is(await error("pkcs8", pkcs8, alien, true, alienUsages), "DataError");
    }
    const pair2 = withPublicKey(pkcs8, spki.subarray(-BYTES[name]));
    const again = subtleSync.importKey("pkcs8", pair2, name, true, usages);
    assert.is(hex(subtleSync.exportKey("pkcs8", again)), hex(pkcs8));
    pair2[pair2.length - 1]! ^= 1;
    assert.is(await error("pkcs8", pair2, name, true, usages), "DataError");
  });

  test(`${name}: what is wrong is refused, each thing with its own error, in the standard's order`, async () => {
    const { privateKey, publicKey } = subtleSync.generateKey(name, false, ["deriveBits"]);
    const forKeys = subtleSync.generateKey(name, false, ["deriveKey"]);
    const alien = pairOf(name === "X448" ? "X25519" : "X448");
    const aes = { name: "AES-GCM", length: 128 };
    const params = { name, public: publicKey };
    const data = pattern(64);
    const calls: [Parameters<typeof refusal>[0], unknown[], string][] = [
      ["deriveBits", [name, privateKey, 8], "TypeError"],
      ["deriveBits", [{ name, public: data }, privateKey, 8], "TypeError"],
      ["deriveBits", [{ name, public: null }, privateKey, 8], "TypeError"],
      ["deriveBits", [params, publicKey, 8], "InvalidAccessError"],
      ["deriveBits", [params, forKeys.privateKey, 8], "InvalidAccessError"],
      ["deriveBits", [params, alien.privateKey, 8], "InvalidAccessError"],
      ["deriveBits", [{ name, public: privateKey }, privateKey, 8], "InvalidAccessError"],
      ["deriveBits", [{ name, public: alien.publicKey }, privateKey, 8], "InvalidAccessError"],
      ["deriveBits", [{ name, public: privateKey }, privateKey, 9999], "InvalidAccessError"],
      ["deriveKey", [params, privateKey, aes, true, ["encrypt"]], "InvalidAccessError"],
      ["deriveKey", [params, forKeys.privateKey, aes, true, ["sign"]], "SyntaxError"],
      ["deriveKey", [params, forKeys.privateKey, aes, true, []], "SyntaxError"],
      ["deriveKey", [params, forKeys.privateKey, name, true, ["deriveBits"]], "NotSupportedError"],
      ["sign", [name, privateKey, data], "NotSupportedError"],
      ["generateKey", [name, true, ["sign"]], "SyntaxError"],
      ["generateKey", [name, true, []], "SyntaxError"],
      ["importKey", ["raw", data, name, true, ["deriveBits"]], "SyntaxError"],
      ["importKey", ["raw", data, name, true, []], "DataError"],
      ["importKey", ["spki", data, name, true, ["deriveKey"]], "SyntaxError"],
      ["importKey", ["pkcs8", data, name, true, ["sign"]], "SyntaxError"],
      ["importKey", ["jwk", { kty: "oct" }, name, true, ["deriveKey"]], "SyntaxError"],
      ["importKey", ["raw-secret", data, name, true, []], "NotSupportedError"],
      ["exportKey", ["raw", pairOf(name).privateKey], "InvalidAccessError"],
      ["exportKey", ["pkcs8", publicKey], "InvalidAccessError"],
      ["exportKey", ["pkcs8", privateKey], "InvalidAccessError"],
      ["exportKey", ["raw-private", publicKey], "NotSupportedError"],
      ["getPublicKey", [privateKey, ["deriveBits"]], "SyntaxError"],
    ];
    for (const [method, args, error] of calls) {
      const refused = await refusal(method, () => args);
      assert.is(refused.name, error, `${method}: ${refused.message}`);
    }
    const again = subtleSync.getPublicKey(privateKey, []);
    assert.equal([again.type, again.extractable, again.usages], ["public", true, []]);
    assert.is(hex(subtleSync.exportKey("raw-public", again)), hex(subtleSync.exportKey("raw", publicKey)));
  });

  test(`${name}: a clone of a key is the same key; one of a closed runtime is of no more use`, async () => {
    const other = createRuntimeSync();
    const pair = other.subtleSync.generateKey(name, false, usages);
    const { privateKey, publicKey } = other.structuredClone(pair);
    const own = pairOf(name);
    const ours = subtleSync.deriveBits({ name, public: publicKey }, own.privateKey, null);
    const theirs = other.subtleSync.deriveBits({ name, public: own.publicKey }, privateKey, null);
    assert.is(hex(theirs), hex(ours));
    await other.close();
    const error = async (...[method, args]: Parameters<typeof refusal>) => (await refusal(method, args)).name;
    const [given, gone] = [
      { name, public: own.publicKey },
      { name, public: publicKey },
    ];
    assert.is(await error("deriveBits", () => [given, privateKey, 8]), "InvalidStateError");
    assert.is(await error("deriveBits", () => [gone, own.privateKey, 8]), "InvalidStateError");
    assert.is(await error("getPublicKey", () => [privateKey, []]), "InvalidStateError");
    assert.is(await error("exportKey", () => ["raw", publicKey]), "InvalidStateError");
  });
}

/** The same file in version 2, with the public key behind the private one. */
function withPublicKey(pkcs8: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const contents = Uint8Array.of(...pkcs8.subarray(2), 0x81, publicKey.length + 1, 0, ...publicKey);
  contents[2] = 1;
  const { length } = contents;
  return Uint8Array.of(0x30, ...(length < 128 ? [length] : [0x81, length]), ...contents);
}

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
