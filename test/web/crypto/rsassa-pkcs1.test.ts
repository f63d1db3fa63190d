import { constants, createPrivateKey, privateEncrypt, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const NAME = "RSASSA-PKCS1-v1_5";
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["sign", "verify"] = ["sign", "verify"];
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"] as const;
const params = (hash: string, modulusLength = 1024) => {
  return { name: NAME, hash, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
};
const generate = (hash: string, modulusLength?: number) =>
  subtleSync.generateKey(params(hash, modulusLength), true, both) as CryptoKeyPair;

interface Vectors {
  /** By name: the members of a JSON Web Key, in hexadecimal. */
  keys: Record<string, Record<string, string>>;
  vectors: {
    source: string;
    key: string;
    hash: string;
    message: string;
    signature: string;
    valid: boolean;
  }[];
}
const published = JSON.parse(readFileSync("test/vectors/rsassa_pkcs1.json", "utf8")) as Vectors;

test("published signatures are judged as published, and made where the private key is", async () => {
  for (const { source, key, hash, message, signature, valid } of published.vectors) {
    const jwk: JsonWebKey = { kty: "RSA" };
    for (const [member, digits] of Object.entries(published.keys[key]!)) {
      jwk[member as "n"] = Buffer.from(digits, "hex").toString("base64url");
    }
    const algorithm = { name: NAME, hash };
    const publicKey = subtleSync.importKey("jwk", { kty: "RSA", n: jwk.n!, e: jwk.e! }, algorithm, false, [
      "verify",
    ]);
    const isValid = await subtle.verify(NAME, publicKey, fromHex(signature), fromHex(message));
    assert.is(isValid, valid, source);
    if (!jwk.d) continue;
    const privateKey = subtleSync.importKey("jwk", jwk, algorithm, false, ["sign"]);
    assert.is(hex(subtleSync.sign(NAME, privateKey, fromHex(message))), signature, source);
  }
});

for (const hash of HASHES) {
  test(`${hash}: signatures are the host's, byte for byte, and keys travel in every format`, async () => {
    for (const modulusLength of [768, 1031, 2048]) {
      const pair = generate(hash, modulusLength);
      const algorithm = { name: NAME, hash };
      const jwk = subtleSync.exportKey("jwk", pair.privateKey);
      assert.is(jwk.alg, hash === "SHA-1" ? "RS1" : `RS${hash.slice(4)}`);
      const theirs = await webcrypto.subtle.importKey("jwk", jwk, algorithm, true, ["sign"]);
      const spki = subtleSync.exportKey("spki", pair.publicKey);
      const theirPublic = await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]);
      const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", theirs);
      const back = subtleSync.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
      for (const length of modulusLength === 768 ? [0, 1, 2 * MIB] : [1000]) {
        const message = pattern(length);
        const expected = hex(await webcrypto.subtle.sign(NAME, theirs, message));
        assert.is(
          hex(subtleSync.sign(NAME, pair.privateKey, message)),
          expected,
          `${modulusLength}, ${length}`,
        );
        const signature = new Uint8Array(await subtle.sign(NAME, back, message));
        assert.is(hex(signature), expected);
        assert.is(await webcrypto.subtle.verify(NAME, theirPublic, signature, message), true);
        assert.is(subtleSync.verify(NAME, pair.publicKey, signature, message), true);
        assert.is(await subtle.verify(NAME, pair.publicKey, signature, message), true);
        signature[length % signature.length]! ^= 1;
        assert.is(subtleSync.verify(NAME, pair.publicKey, signature, message), false);
        assert.is(await subtle.verify(NAME, pair.publicKey, signature, message), false);
      }
    }
  });
}

test("only the one encoding is accepted: no other padding, parameters, digest, or bytes behind it", async () => {
  const pair = generate("SHA-256");
  const pem = createPrivateKey({
    key: Buffer.from(subtleSync.exportKey("pkcs8", pair.privateKey)),
    format: "der",
    type: "pkcs8",
  });
  const message = pattern(10);
  const digest = Buffer.from(subtleSync.digest("SHA-256", message));
  const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const withoutNull = Buffer.from("302f300b0609608648016503040201", "hex");
  const verdict = (encoded: Buffer) => {
    const signature = privateEncrypt({ key: pem, padding: constants.RSA_NO_PADDING }, encoded);
    return subtleSync.verify(NAME, pair.publicKey, signature, message);
  };
  const encoding = (content: Buffer, bytes = 128, type = 1, filler = 0xff) =>
    Buffer.concat([
      Buffer.from([0, type]),
      Buffer.alloc(bytes - 3 - content.length, filler),
      Buffer.from([0]),
      content,
    ]);
  const good = encoding(Buffer.concat([info, digest]));
  assert.is(verdict(good), true);
  const trailing = Buffer.concat([encoding(Buffer.concat([info, digest]), 100), Buffer.alloc(28)]);
  const wrong = [
    encoding(Buffer.concat([info, digest]), 128, 2),
    encoding(Buffer.concat([info, digest]), 128, 1, 0xfe),
    encoding(Buffer.concat([withoutNull, Buffer.from([4, 32]), digest])),
    encoding(digest),
    encoding(Buffer.concat([info, digest.subarray(1), Buffer.from([0])])),
    trailing,
  ];
  for (const encoded of wrong) assert.is(verdict(encoded), false, hex(encoded));
  for (let at = 0; at < good.length; at++) {
    const changed = Buffer.from(good);
    changed[at]! ^= 0x10; // The first byte still is below the modulus's.
    assert.is(verdict(changed), false, `byte ${at}`);
  }
});

test("signatures of other lengths, or not below the modulus, are wrong, and not errors", async () => {
  const { privateKey, publicKey } = generate("SHA-1", 1020);
  const signature = new Uint8Array(subtleSync.sign(NAME, privateKey, pattern(3)));
  // The same number modulo n, in as many bytes, as four bits more would fit.
  const n = BigInt(
    `0x${Buffer.from(subtleSync.exportKey("jwk", publicKey).n!, "base64url").toString("hex")}`,
  );
  const above = BigInt(`0x${hex(signature)}`) + n;
  for (const wrong of [
    Uint8Array.from(Buffer.from(above.toString(16).padStart(256, "0"), "hex")),
    new Uint8Array(0),
    signature.subarray(1),
    Uint8Array.of(0, ...signature),
    Uint8Array.of(...signature, 0),
    new Uint8Array(128),
    new Uint8Array(128).fill(0xff),
  ]) {
    assert.is(subtleSync.verify(NAME, publicKey, wrong, pattern(3)), false);
    assert.is(await subtle.verify(NAME, publicKey, wrong, pattern(3)), false);
  }
});

test("a modulus too short for the hash signs nothing, and verifies nothing", async () => {
  const { privateKey, publicKey } = generate("SHA-512", 744);
  const error = await refusal("sign", () => [NAME, privateKey, pattern(1)]);
  assert.is(error.name, "OperationError");
  assert.is(error.message, "sign: a modulus of 744 bits has no room for a signature with SHA-512");
  assert.is(subtleSync.verify(NAME, publicKey, new Uint8Array(93), pattern(1)), false);
  const longer = generate("SHA-512", 752);
  const signature = subtleSync.sign(NAME, longer.privateKey, pattern(1));
  assert.is(subtleSync.verify(NAME, longer.publicKey, signature, pattern(1)), true);
});

test("keys are for this algorithm alone, and JSON Web Keys say which hash", async () => {
  const { privateKey, publicKey } = generate("SHA-256");
  const pss = await refusal("sign", () => [{ name: "RSA-PSS", saltLength: 8 }, privateKey, pattern(1)]);
  assert.is(pss.name, "InvalidAccessError");
  assert.is((await refusal("sign", () => [NAME, publicKey, pattern(1)])).name, "InvalidAccessError");
  const jwk = subtleSync.exportKey("jwk", publicKey);
  for (const alg of ["RS384", "PS256"]) {
    const args = ["jwk", { ...jwk, alg }, { name: NAME, hash: "SHA-256" }, true, ["verify"]];
    assert.is((await refusal("importKey", () => args)).name, "DataError", alg);
  }
  const spki = hex(subtleSync.exportKey("spki", publicKey));
  assert.is(hex(subtleSync.exportKey("spki", subtleSync.getPublicKey(privateKey, ["verify"]))), spki);
  assert.is(SubtleCrypto.supports("generateKey", params("SHA-256", 2048)), true);
  assert.is(SubtleCrypto.supports("generateKey", params("SHA-256", 8)), false);
  assert.is(SubtleCrypto.supports("sign", NAME), true);
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
