// The milestone's crypto criteria: AES-GCM round trip; ECDSA signs and verifies on every curve; RSA-PSS signs and
// verifies at 2048 and 4096 bits; all three pass the published vectors.
import { readFileSync } from "node:fs";
import { createRuntime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const nano = await createRuntime();
const { subtle } = nano.crypto;
const message = new TextEncoder().encode("far over 8 KiB".repeat(1000));
const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex");
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const base64url = (text: string) => Buffer.from(text, "hex").toString("base64url");
const vectors = (name: string) => JSON.parse(readFileSync(`test/vectors/${name}.json`, "utf8"));

type Hex<Names extends string> = Record<Names, string>;

test("AES-GCM: what is encrypted is decrypted, and nothing else", async () => {
  for (const length of [128, 192, 256]) {
    const key = await subtle.generateKey({ name: "AES-GCM", length }, false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-GCM", iv: nano.crypto.getRandomValues(new Uint8Array(12)) };
    const sealed = await subtle.encrypt(algorithm, key, message);
    assert.is(sealed.byteLength, message.length + 16);
    assert.equal(new Uint8Array(await subtle.decrypt(algorithm, key, sealed)), message);
    new Uint8Array(sealed)[message.length - 1]! ^= 1;
    const error = await subtle.decrypt(algorithm, key, sealed).catch((reason: Error) => reason);
    assert.is((error as Error).name, "OperationError");
  }
});

test("ECDSA signs and verifies on every curve", async () => {
  for (const namedCurve of ["P-256", "P-384", "P-521"]) {
    const pair = await subtle.generateKey({ name: "ECDSA", namedCurve }, false, ["sign", "verify"]);
    await signAndVerify({ name: "ECDSA", hash: "SHA-384" }, pair);
  }
});

test("RSA-PSS signs and verifies at 2048 bits, with a key generated", async () => {
  const publicExponent = Uint8Array.of(1, 0, 1);
  const algorithm = { name: "RSA-PSS", modulusLength: 2048, publicExponent, hash: "SHA-256" };
  const pair = await subtle.generateKey(algorithm, false, ["sign", "verify"]);
  await signAndVerify({ name: "RSA-PSS", saltLength: 32 }, pair);
});

test("RSA-PSS signs and verifies at 4096 bits, with a key imported", async () => {
  const members: Hex<"n" | "e"> = vectors("rsa_pss").keys["Computed for this project, 4096 bits"];
  const jwk = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, base64url(value)]));
  const { n, e } = jwk;
  const algorithm = { name: "RSA-PSS", hash: "SHA-512" };
  const privateKey = await subtle.importKey("jwk", { ...jwk, kty: "RSA" }, algorithm, false, ["sign"]);
  const publicKey = await subtle.importKey("jwk", { kty: "RSA", n: n!, e: e! }, algorithm, false, ["verify"]);
  await signAndVerify({ name: "RSA-PSS", saltLength: 64 }, { privateKey, publicKey });
});

test("AES-GCM passes the published vectors", async () => {
  type Vector = Hex<"source" | "key" | "iv" | "aad" | "plaintext" | "ciphertext" | "tag">;
  for (const { source, key, iv, aad, plaintext, ciphertext, tag } of vectors("aes_gcm") as Vector[]) {
    const usages: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
    const imported = await subtle.importKey("raw", fromHex(key), "AES-GCM", false, usages);
    const algorithm = { name: "AES-GCM", iv: fromHex(iv), additionalData: fromHex(aad) };
    const sealed = ciphertext + tag;
    assert.is(hex(await subtle.encrypt(algorithm, imported, fromHex(plaintext))), sealed, source);
    assert.is(hex(await subtle.decrypt(algorithm, imported, fromHex(sealed))), plaintext, source);
  }
});

test("ECDSA passes the published vectors", async () => {
  type Vector = Hex<"source" | "curve" | "hash" | "message" | "signature"> & { publicKey?: string };
  for (const vector of vectors("ecdsa") as Vector[]) {
    if (!vector.publicKey) continue; // RFC 6979 is about signing: test/web/crypto/ecdsa.test.ts.
    const algorithm = { name: "ECDSA", namedCurve: vector.curve };
    const key = await subtle.importKey("raw", fromHex(vector.publicKey), algorithm, false, ["verify"]);
    const { hash, signature, source } = vector;
    const data = fromHex(vector.message);
    assert.is(await subtle.verify({ name: "ECDSA", hash }, key, fromHex(signature), data), true, source);
  }
});

test("RSA-PSS passes the published vectors", async () => {
  const file = vectors("rsa_pss");
  for (const vector of file.vectors) {
    const { n, e } = file.keys[vector.key] as Hex<"n" | "e">;
    const jwk = { kty: "RSA", n: base64url(n), e: base64url(e) };
    const key = await subtle.importKey("jwk", jwk, { name: "RSA-PSS", hash: vector.hash }, false, ["verify"]);
    const algorithm = { name: "RSA-PSS", saltLength: vector.saltBytes as number };
    const isValid = await subtle.verify(algorithm, key, fromHex(vector.signature), fromHex(vector.message));
    assert.is(isValid, vector.valid, vector.source);
  }
});

async function signAndVerify(algorithm: RsaPssParams | EcdsaParams, pair: CryptoKeyPair): Promise<void> {
  const signature = await subtle.sign(algorithm, pair.privateKey, message);
  assert.is(await subtle.verify(algorithm, pair.publicKey, signature, message), true);
  assert.is(await subtle.verify(algorithm, pair.publicKey, signature, message.subarray(1)), false);
  new Uint8Array(signature)[20]! ^= 1;
  assert.is(await subtle.verify(algorithm, pair.publicKey, signature, message), false);
}

test.run();
