import { constants, createPublicKey, publicEncrypt, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const NAME = "RSA-OAEP";
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const usages: KeyUsage[] = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
const HASHES = { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };
const generate = (hash: string, modulusLength = 1024) => {
  const publicExponent = Uint8Array.of(1, 0, 1);
  return subtleSync.generateKey(
    { name: NAME, hash, modulusLength, publicExponent },
    true,
    usages,
  ) as CryptoKeyPair;
};
const oaep = (label?: Uint8Array) => (label ? { name: NAME, label } : { name: NAME });

interface Vectors {
  /** By name: the members of a JSON Web Key, in hexadecimal. */
  keys: Record<string, Record<string, string>>;
  vectors: {
    source: string;
    key: string;
    hash: string;
    label: string;
    ciphertext: string;
    /** Absent where the ciphertext is none. */
    message?: string;
  }[];
}
const published = JSON.parse(readFileSync("test/vectors/rsa_oaep.json", "utf8")) as Vectors;

test("published ciphertexts are decrypted, and those that are none refused", async () => {
  for (const { source, key, hash, label, ciphertext, message } of published.vectors) {
    const jwk: JsonWebKey = { kty: "RSA" };
    for (const [member, digits] of Object.entries(published.keys[key]!)) {
      jwk[member as "n"] = Buffer.from(digits, "hex").toString("base64url");
    }
    const imported = subtleSync.importKey("jwk", jwk, { name: NAME, hash }, false, ["decrypt"]);
    const args = () => [oaep(fromHex(label)), imported, fromHex(ciphertext)] as const;
    if (message === undefined) {
      assert.is((await refusal("decrypt", () => [...args()])).name, "OperationError", source);
    } else {
      assert.is(hex(subtleSync.decrypt(...args())), message, source);
    }
  }
});

for (const [hash, digestBytes] of Object.entries(HASHES)) {
  test(`${hash}: each decrypts what the other encrypted, with labels and without, at every length that fits`, async () => {
    for (const modulusLength of [1103, 1536]) {
      const pair = generate(hash, modulusLength);
      const algorithm = { name: NAME, hash };
      const jwk = subtleSync.exportKey("jwk", pair.privateKey);
      assert.is(jwk.alg, hash === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${hash.slice(4)}`);
      assert.equal(jwk.key_ops, ["decrypt", "unwrapKey"]);
      const theirs = await webcrypto.subtle.importKey("jwk", jwk, algorithm, true, ["decrypt", "unwrapKey"]);
      const spki = subtleSync.exportKey("spki", pair.publicKey);
      const theirPublic = await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["encrypt"]);
      const most = Math.ceil(modulusLength / 8) - 2 * digestBytes - 2;
      for (const [round, length] of [0, 1, most >> 1, most - 1, most].entries()) {
        const label = [undefined, pattern(0), pattern(3), pattern(1000)][round % 4];
        const message = pattern(length);
        const what = `${modulusLength}, ${length} bytes, label of ${label?.length}`;
        const ours = await subtle.encrypt(oaep(label), pair.publicKey, message);
        assert.is(ours.byteLength, Math.ceil(modulusLength / 8));
        assert.is(hex(await webcrypto.subtle.decrypt(oaep(label), theirs, ours)), hex(message), what);
        const sealed = await webcrypto.subtle.encrypt(oaep(label), theirPublic, message);
        assert.is(hex(subtleSync.decrypt(oaep(label), pair.privateKey, sealed)), hex(message), what);
        assert.is(hex(await subtle.decrypt(oaep(label), pair.privateKey, ours)), hex(message), what);
        assert.is.not(
          hex(subtleSync.encrypt(oaep(label), pair.publicKey, message)),
          hex(ours),
          "it is random",
        );
      }
      const error = await refusal("encrypt", () => [NAME, pair.publicKey, pattern(most + 1)]);
      assert.is(error.name, "OperationError");
      assert.match(error.message, `data has ${most + 1} bytes`);
    }
  });
}

test("whatever is wrong with a ciphertext, the error is the same", async () => {
  const { privateKey, publicKey } = generate("SHA-256");
  const sealed = new Uint8Array(subtleSync.encrypt(oaep(pattern(3)), publicKey, pattern(9)));
  const seen = new Set<string>();
  const refused = async (bytes: Uint8Array, label = pattern(3), key = privateKey) => {
    const error = await refusal("decrypt", () => [oaep(label), key, bytes]);
    assert.is(error.name, "OperationError");
    seen.add(error.message);
  };
  for (let at = 0; at < sealed.length; at += 5) {
    const changed = sealed.slice();
    changed[at]! ^= 1 << (at & 7);
    await refused(changed);
  }
  for (const wrong of [
    new Uint8Array(0),
    sealed.subarray(1),
    Uint8Array.of(0, ...sealed),
    pattern(128).fill(255),
    Buffer.from(subtleSync.exportKey("jwk", publicKey).n!, "base64url"),
  ]) {
    await refused(wrong);
  }
  await refused(new Uint8Array(128));
  await refused(sealed, pattern(4));
  await refused(sealed, pattern(0));
  await refused(sealed, pattern(3), generate("SHA-256").privateKey);
  // Encodings that are none: as long as n, and beginning with a zero or not; PKCS #1 v1.5's for one.
  const pem = createPublicKey({
    key: Buffer.from(subtleSync.exportKey("spki", publicKey)),
    format: "der",
    type: "spki",
  });
  for (const encoded of [new Uint8Array(128), pattern(128).fill(0, 0, 1), pattern(128).fill(1, 0, 1)]) {
    await refused(publicEncrypt({ key: pem, padding: constants.RSA_NO_PADDING }, encoded));
  }
  await refused(publicEncrypt({ key: pem, padding: constants.RSA_PKCS1_PADDING }, pattern(9)));
  assert.is(seen.size, 1, [...seen].join("; "));
});

test("a modulus too short for the hash encrypts nothing, not even nothing", async () => {
  const { privateKey, publicKey } = generate("SHA-512", 1032);
  assert.is((await refusal("encrypt", () => [NAME, publicKey, pattern(0)])).name, "OperationError");
  assert.is(
    (await refusal("decrypt", () => [NAME, privateKey, pattern(129).fill(0, 0, 1)])).name,
    "OperationError",
  );
});

test("label and message are copied at the call, the label of megabytes too", async () => {
  const { privateKey, publicKey } = generate("SHA-1");
  for (const length of [5, 2 * MIB]) {
    const label = pattern(length);
    const message = pattern(20);
    const promise = subtle.encrypt(oaep(label), publicKey, message);
    label.fill(0);
    message.fill(0);
    const sealed = new Uint8Array(await promise);
    const opened = subtle.decrypt(oaep(pattern(length)), privateKey, sealed);
    sealed.fill(0);
    assert.is(hex(await opened), hex(pattern(20)));
  }
});

test("keys are wrapped by it, and by the host's", async () => {
  const { privateKey, publicKey } = generate("SHA-256", 2048);
  const gcm = [{ name: "AES-GCM" }, true, ["encrypt"] as KeyUsage[]] as const;
  const key = subtleSync.importKey("raw", pattern(32), ...gcm);
  const wrapped = await subtle.wrapKey("raw", key, publicKey, NAME);
  const pkcs8 = subtleSync.exportKey("pkcs8", privateKey);
  const theirs = await webcrypto.subtle.importKey("pkcs8", pkcs8, { name: NAME, hash: "SHA-256" }, true, [
    "unwrapKey",
  ]);
  const there = await webcrypto.subtle.unwrapKey("raw", wrapped, theirs, NAME, "AES-GCM", true, ["encrypt"]);
  assert.is(hex(await webcrypto.subtle.exportKey("raw", there)), hex(pattern(32)));
  const back = subtleSync.unwrapKey("raw", wrapped, privateKey, NAME, ...gcm);
  assert.is(hex(subtleSync.exportKey("raw", back)), hex(pattern(32)));
  const jwk = subtleSync.unwrapKey(
    "jwk",
    subtleSync.wrapKey("jwk", key, publicKey, NAME),
    privateKey,
    NAME,
    ...gcm,
  );
  assert.is(hex(subtleSync.exportKey("raw", jwk)), hex(pattern(32)));
});

test("which usages its keys have, what else is refused, and the public half", async () => {
  const { privateKey, publicKey } = generate("SHA-1");
  assert.equal(publicKey.usages, ["encrypt", "wrapKey"]);
  assert.equal(privateKey.usages, ["decrypt", "unwrapKey"]);
  assert.is((await refusal("encrypt", () => [NAME, privateKey, pattern(1)])).name, "InvalidAccessError");
  assert.is((await refusal("decrypt", () => [NAME, publicKey, pattern(128)])).name, "InvalidAccessError");
  const spki = hex(subtleSync.exportKey("spki", publicKey));
  assert.is(hex(subtleSync.exportKey("spki", subtleSync.getPublicKey(privateKey, ["encrypt"]))), spki);
  assert.is((await refusal("getPublicKey", () => [privateKey, ["decrypt"]])).name, "SyntaxError");
  const jwk = subtleSync.exportKey("jwk", publicKey);
  for (const alg of ["RSA-OAEP-256", "RSA-OAEP-1", "RS1"]) {
    const args = ["jwk", { ...jwk, alg }, { name: NAME, hash: "SHA-1" }, true, ["encrypt"]];
    assert.is((await refusal("importKey", () => args)).name, "DataError", alg);
  }
  const signing = [
    "jwk",
    { ...jwk, use: "sig", key_ops: undefined },
    { name: NAME, hash: "SHA-1" },
    true,
    ["encrypt"],
  ];
  assert.is((await refusal("importKey", () => signing)).name, "DataError");
  assert.is(SubtleCrypto.supports("encrypt", NAME), true);
  assert.is(SubtleCrypto.supports("wrapKey", NAME, "AES-GCM"), true);
  assert.is(SubtleCrypto.supports("sign", NAME), false);
  assert.is(
    (await refusal("encrypt", () => [{ name: NAME, label: 5 }, publicKey, pattern(1)])).name,
    "TypeError",
  );
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
