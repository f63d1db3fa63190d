/**
 * The host's WebCrypto as a second opinion, on random keys, messages and parameters, in both directions: what one makes
 * the other takes, and keys travel in every format both ways. A seed makes the messages and parameters, and the keys as
 * far as a scalar or bits are one; what a failure prints repeats it.
 *
 * FUZZ_SEED repeats a run, FUZZ_ROUNDS multiplies its cases.
 */
import { webcrypto } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { type Test, testIf } from "../../support/tools.ts";
import { hex, nano } from "../support.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
const rounds = Number(process.env.FUZZ_ROUNDS ?? 1);
const { subtleSync } = nano;
const host = webcrypto.subtle;

const next = random(seed);
const below = (limit: number) => Math.floor(next() * limit);
const oneOf = <T>(items: readonly T[]): T => items[below(items.length)]!;
const bytes = (length: number) => Uint8Array.from({ length }, () => below(256));
/** Mostly short, and a long one at times. */
const someBytes = (limit: number) => bytes(below(next() < 0.1 ? limit : Math.min(limit, 100)));

const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"] as const;

/** Cases one after the other here, and together at the host, whose calls wait for one another otherwise. */
async function inBatches(count: number, one: (log: (what: string) => void) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 32) {
    await Promise.all(
      Array.from({ length: Math.min(32, count - from) }, async (_, i) => {
        let last = "";
        try {
          await one((what) => {
            last = what;
          });
        } catch (error) {
          console.log(`FUZZ_SEED=${seed}, case ${from + i}: ${last}`);
          throw error;
        }
      }),
    );
  }
}

const format = (value: unknown) => value as "raw"; // The overloads have no unions.
type Exported = ArrayBuffer & JsonWebKey;

/** What a key exports here, the host takes, and exports the same; and the reverse. The host's key. */
async function travel(
  key: CryptoKey,
  formats: readonly string[],
  algorithm: { name: string },
  usages: KeyUsage[],
): Promise<webcrypto.CryptoKey> {
  let there: webcrypto.CryptoKey | undefined;
  for (const name of formats) {
    const ours = subtleSync.exportKey(format(name), key) as Exported;
    there = await host.importKey(format(name), ours, algorithm, true, usages);
    const theirs = (await host.exportKey(format(name), there)) as Exported;
    const back = subtleSync.importKey(format(name), theirs, algorithm, true, usages);
    const again = subtleSync.exportKey(format(name), back) as Exported;
    if (name === "jwk") {
      assert.equal({ ...theirs }, { ...ours });
      assert.equal(again, ours);
    } else {
      assert.is(hex(theirs), hex(ours), name);
      assert.is(hex(again), hex(ours), name);
    }
  }
  return there!;
}

test("AES-GCM: ciphertexts are the host's, and each decrypts the other's", async () => {
  await inBatches(1500 * rounds, async (log) => {
    const length = oneOf([128, 192, 256]);
    const algorithm = { name: "AES-GCM", length };
    const usages: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
    const bits = bytes(length / 8);
    const key = subtleSync.importKey("raw", bits, algorithm, true, usages);
    const iv = bytes(next() < 0.5 ? 12 : 12 + below(117)); // Node 20 takes 12 to 128 bytes.
    const additionalData = next() < 0.3 ? undefined : someBytes(20_000);
    const tagLength = oneOf([undefined, 32, 64, 96, 104, 112, 120, 128]);
    const params = {
      name: "AES-GCM",
      iv,
      ...(additionalData && { additionalData }),
      ...(tagLength && { tagLength }),
    };
    const plaintext = someBytes(40_000);
    log(
      `key ${hex(bits)}, iv ${hex(iv)}, ${additionalData?.length} and ${plaintext.length} bytes, tag ${tagLength}`,
    );
    const ours = subtleSync.encrypt(params, key, plaintext);
    const there = await travel(key, ["raw", "jwk"], algorithm, usages);
    const theirs = await host.encrypt(params, there, plaintext);
    assert.is(hex(ours), hex(theirs));
    assert.is(hex(await host.decrypt(params, there, ours)), hex(plaintext));
    assert.is(hex(subtleSync.decrypt(params, key, theirs)), hex(plaintext));

    const wrong = new Uint8Array(theirs);
    // Of changed ciphertexts, one in 2^32 has the same short tag; a changed tag is never right.
    const from = (tagLength ?? 128) < 96 ? plaintext.length : 0;
    wrong[from + below(wrong.length - from)]! ^= 1 << below(8);
    assert.throws(
      () => subtleSync.decrypt(params, key, wrong),
      (error: Error) => error.name === "OperationError",
    );
  });
});

for (const [namedCurve, scalarBytes, cases] of [
  ["P-256", 32, 400],
  ["P-384", 48, 60],
  ["P-521", 66, 40],
] as const) {
  test(`ECDSA on ${namedCurve}: each verifies the other's signatures, and keys travel in every format`, async () => {
    const algorithm = { name: "ECDSA", namedCurve };
    await inBatches(cases * rounds, async (log) => {
      const hash = oneOf(HASHES);
      const params = { name: "ECDSA", hash };
      const pair = subtleSync.generateKey(algorithm, true, ["sign", "verify"]);
      const message = someBytes(3000);
      log(`${hash}, ${message.length} bytes, d ${subtleSync.exportKey("jwk", pair.privateKey).d}`);
      const privateKey = await travel(pair.privateKey, ["pkcs8", "jwk"], algorithm, ["sign"]);
      const publicKey = await travel(pair.publicKey, ["spki", "raw", "jwk"], algorithm, ["verify"]);

      const ours = subtleSync.sign(params, pair.privateKey, message);
      assert.is(ours.byteLength, 2 * scalarBytes);
      assert.is(await host.verify(params, publicKey, ours, message), true);
      const theirs = new Uint8Array(await host.sign(params, privateKey, message));
      assert.is(subtleSync.verify(params, pair.publicKey, theirs, message), true);
      theirs[below(theirs.length)]! ^= 1 << below(8);
      assert.is(subtleSync.verify(params, pair.publicKey, theirs, message), false);
      assert.is(
        subtleSync.verify(
          { ...params, hash: oneOf(HASHES.filter((other) => other !== hash)) },
          pair.publicKey,
          ours,
          message,
        ),
        false,
      );
    });
  });
}

for (const [namedCurve, bits, cases] of [
  ["P-256", 256, 100],
  ["P-384", 384, 20],
  ["P-521", 528, 15],
] as const) {
  test(`ECDH on ${namedCurve}: both find the same secret, and keys travel in every format`, async () => {
    const algorithm = { name: "ECDH", namedCurve };
    const usages: ["deriveBits"] = ["deriveBits"];
    await inBatches(cases * rounds, async (log) => {
      const own = subtleSync.generateKey(algorithm, true, usages);
      const theirs = await host.generateKey(algorithm, true, usages);
      log(`d ${subtleSync.exportKey("jwk", own.privateKey).d}`);
      const privateKey = await travel(own.privateKey, ["pkcs8", "jwk"], algorithm, usages);
      await travel(own.publicKey, ["spki", "raw", "jwk"], algorithm, []);
      const name = oneOf(["spki", "raw", "jwk"]);
      const exported = (await host.exportKey(format(name), theirs.publicKey)) as Exported;
      const publicKey = subtleSync.importKey(format(name), exported, algorithm, true, []);
      const length = 8 * below(bits / 8 + 1);
      const ours = subtleSync.deriveBits({ name: "ECDH", public: publicKey }, own.privateKey, length);
      const whole = await host.deriveBits({ name: "ECDH", public: theirs.publicKey }, privateKey, bits);
      assert.is(hex(ours), hex(whole).slice(0, length / 4));
    });
  });
}

/** `test`, where the host has an algorithm of RFC 8410's keys. */
async function testOnHost(name: string, usages: KeyUsage[]): Promise<Test> {
  const pair = host.generateKey({ name } as { name: "Ed25519" }, true, usages);
  const isThere = await pair.then(
    () => true,
    () => false,
  );
  return testIf(isThere, `the host has no ${name}`);
}

for (const [name, cases] of [
  ["Ed25519", 200],
  ["Ed448", 50],
] as const) {
  const test = await testOnHost(name, ["sign", "verify"]);
  test(`${name}: signatures are the host's, and keys travel in every format`, async () => {
    await inBatches(cases * rounds, async (log) => {
      const { privateKey, publicKey } = subtleSync.generateKey(name, true, [
        "sign",
        "verify",
      ]) as CryptoKeyPair;
      const message = someBytes(200_000);
      log(`${message.length} bytes, d ${subtleSync.exportKey("jwk", privateKey).d}`);
      const there = await travel(privateKey, ["pkcs8", "jwk"], { name }, ["sign"]);
      const open = await travel(publicKey, ["spki", "raw", "jwk"], { name }, ["verify"]);
      const ours = new Uint8Array(subtleSync.sign(name, privateKey, message));
      assert.is(hex(ours), hex(await host.sign(name, there, message)));
      assert.is(subtleSync.verify(name, publicKey, ours, message), true);
      ours[below(ours.length)]! ^= 1 << below(8);
      assert.is(subtleSync.verify(name, publicKey, ours, message), false);
      assert.is(await host.verify(name, open, ours, message), false);
    });
  });
}

for (const [name, keyBytes, cases] of [
  ["X25519", 32, 200],
  ["X448", 56, 50],
] as const) {
  const test = await testOnHost(name, ["deriveBits"]);
  test(`${name}: secrets are the host's, of any public key, and keys travel in every format`, async () => {
    await inBatches(cases * rounds, async (log) => {
      const usages: ["deriveBits"] = ["deriveBits"];
      const { privateKey, publicKey } = subtleSync.generateKey(name, true, usages) as CryptoKeyPair;
      const theirPrivate = await travel(privateKey, ["pkcs8", "jwk"], { name }, usages);
      await travel(publicKey, ["spki", "raw", "jwk"], { name }, []);
      const u = bytes(keyBytes); // Half of them are on the twist.
      log(`u ${hex(u)}, d ${subtleSync.exportKey("jwk", privateKey).d}`);
      const here = subtleSync.importKey("raw", u, name, true, []);
      const there = await host.importKey("raw", u, name, true, []);
      const theirs = await host.deriveBits({ name, public: there }, theirPrivate, 8 * keyBytes);
      assert.is(hex(subtleSync.deriveBits({ name, public: here }, privateKey, null)), hex(theirs));
    });
  });
}

/** Keys of the host's, of several sizes, for several hashes, and the same here. */
function rsaPairs(name: string, sizes: readonly number[], [forPrivate, forPublic]: [KeyUsage, KeyUsage]) {
  return Promise.all(
    sizes.map(async (modulusLength) => {
      const hash = oneOf(HASHES);
      const publicExponent = oneOf([Uint8Array.of(3), Uint8Array.of(1, 0, 1), Uint8Array.of(1, 0, 0, 15)]);
      const algorithm = { name, hash, modulusLength, publicExponent };
      const pair = await host.generateKey(algorithm, true, [forPrivate, forPublic]);
      const pkcs8 = await host.exportKey("pkcs8", pair.privateKey);
      const spki = await host.exportKey("spki", pair.publicKey);
      const privateKey = subtleSync.importKey("pkcs8", pkcs8, algorithm, true, [forPrivate]);
      const publicKey = subtleSync.importKey("spki", spki, algorithm, true, [forPublic]);
      await travel(privateKey, ["pkcs8", "jwk"], algorithm, [forPrivate]);
      await travel(publicKey, ["spki", "jwk"], algorithm, [forPublic]);
      return { algorithm, pair, privateKey, publicKey };
    }),
  );
}

const DIGEST_BYTES = { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

test("RSASSA-PKCS1-v1_5: signatures are the host's, and keys travel in every format", async () => {
  const name = "RSASSA-PKCS1-v1_5";
  const pairs = await rsaPairs(name, [768, 1000, 1024, 1025, 2048], ["sign", "verify"]);
  await inBatches(100 * rounds, async (log) => {
    const { algorithm, pair, privateKey, publicKey } = oneOf(pairs);
    const message = someBytes(3000);
    log(`${algorithm.modulusLength} bits, ${algorithm.hash}, ${message.length} bytes`);
    const theirs = new Uint8Array(await host.sign(name, pair.privateKey, message));
    assert.is(hex(subtleSync.sign(name, privateKey, message)), hex(theirs));
    assert.is(subtleSync.verify(name, publicKey, theirs, message), true);
    theirs[below(theirs.length)]! ^= 1 << below(8);
    assert.is(subtleSync.verify(name, publicKey, theirs, message), false);
  });
});

test("RSA-OAEP: each decrypts the other's ciphertexts, with labels, and keys travel in every format", async () => {
  const pairs = await rsaPairs("RSA-OAEP", [1041, 1200, 1536, 2048], ["decrypt", "encrypt"]);
  await inBatches(100 * rounds, async (log) => {
    const { algorithm, pair, privateKey, publicKey } = oneOf(pairs);
    const most = Math.ceil(algorithm.modulusLength / 8) - 2 * DIGEST_BYTES[algorithm.hash] - 2;
    const message = bytes(next() < 0.2 ? most : below(most + 1));
    const params = { name: "RSA-OAEP", ...(next() < 0.5 && { label: someBytes(1000) }) };
    log(`${algorithm.modulusLength} bits, ${algorithm.hash}, ${message.length} bytes`);
    const ours = subtleSync.encrypt(params, publicKey, message);
    assert.is(hex(await host.decrypt(params, pair.privateKey, ours)), hex(message));
    const theirs = new Uint8Array(await host.encrypt(params, pair.publicKey, message));
    assert.is(hex(subtleSync.decrypt(params, privateKey, theirs)), hex(message));
    theirs[below(theirs.length)]! ^= 1 << below(8);
    assert.throws(
      () => subtleSync.decrypt(params, privateKey, theirs),
      (error: Error) => error.name === "OperationError",
    );
  });
});

test("RSA-PSS: each verifies the other's signatures, with salts of every length, and keys travel in every format", async () => {
  const pairs = await rsaPairs("RSA-PSS", [512, 768, 1000, 1024, 1025, 2048], ["sign", "verify"]);
  await inBatches(300 * rounds, async (log) => {
    const { algorithm, pair, privateKey, publicKey } = oneOf(pairs);
    const { hash, modulusLength } = algorithm;
    const saltMax = Math.ceil((modulusLength - 1) / 8) - DIGEST_BYTES[hash] - 2;
    if (saltMax < 0) return;
    const saltLength = next() < 0.2 ? saltMax : below(saltMax + 1);
    const params = { name: "RSA-PSS", saltLength };
    const message = someBytes(3000);
    log(`${modulusLength} bits, ${hash}, a salt of ${saltLength} of ${saltMax}, ${message.length} bytes`);
    const ours = subtleSync.sign(params, privateKey, message);
    assert.is(await host.verify(params, pair.publicKey, ours, message), true);
    const theirs = new Uint8Array(await host.sign(params, pair.privateKey, message));
    assert.is(subtleSync.verify(params, publicKey, theirs, message), true);
    theirs[below(theirs.length)]! ^= 1 << below(8);
    assert.is(subtleSync.verify(params, publicKey, theirs, message), false);
  });
});

test("HMAC: MACs are the host's, under keys of any length that travel in every format", async () => {
  await inBatches(500 * rounds, async (log) => {
    const algorithm = { name: "HMAC", hash: oneOf(HASHES) };
    const bits = bytes(1 + below(next() < 0.1 ? 1000 : 140));
    const message = someBytes(20_000);
    log(`${algorithm.hash}, key ${hex(bits)}, ${message.length} bytes`);
    const key = subtleSync.importKey("raw", bits, algorithm, true, ["sign", "verify"]);
    const there = await travel(key, ["raw", "jwk"], algorithm, ["sign", "verify"]);
    const ours = subtleSync.sign("HMAC", key, message);
    assert.is(hex(await host.sign("HMAC", there, message)), hex(ours));
    assert.is(await host.verify("HMAC", there, ours, message), true);
    assert.is(subtleSync.verify("HMAC", key, ours, message), true);
  });
});

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
  console.log(`FUZZ_SEED=${seed}`);
});

test.run();
