import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const both: ["sign", "verify"] = ["sign", "verify"];
const F4 = Uint8Array.of(1, 0, 1);
const rsa = (hash = "SHA-256") => ({ name: "RSA-PSS", hash });
const pss = (saltLength = 32) => ({ name: "RSA-PSS", saltLength });
const generation = (modulusLength: number, publicExponent = F4, hash = "SHA-256") => ({
  ...rsa(hash),
  modulusLength,
  publicExponent,
});
const base64url = (text: string) =>
  Buffer.from(text.padStart(text.length + (text.length & 1), "0"), "hex").toString("base64url");

type Members = Record<string, string> & { d?: string };
interface Vectors {
  keys: Record<string, Members>;
  vectors: {
    source: string;
    key: string;
    hash: string;
    message: string;
    saltBytes: number;
    signature: string;
    valid: boolean;
  }[];
}
const { keys, vectors } = JSON.parse(readFileSync("test/vectors/rsa_pss.json", "utf8")) as Vectors;

/** A JSON Web Key, of the members named or of all there are. */
const jwkOf = (members: Members, names = Object.keys(members)): JsonWebKey => ({
  kty: "RSA",
  ...Object.fromEntries(names.map((name) => [name, base64url(members[name]!)])),
});

test("every published signature is judged as published, in both forms", async () => {
  for (const { source, key, hash, message, saltBytes, signature, valid } of vectors) {
    const imported = subtleSync.importKey("jwk", jwkOf(keys[key]!, ["n", "e"]), rsa(hash), true, ["verify"]);
    const args = [pss(saltBytes), imported, fromHex(signature), fromHex(message)] as const;
    assert.is(subtleSync.verify(...args), valid, source);
    assert.is(await subtle.verify(...args), valid, source);
  }
});

test("the published private keys sign what the host verifies, and export as they came", async () => {
  for (const { source, key, hash, message, saltBytes, valid } of vectors) {
    const members = keys[key]!;
    if (!members.d || !valid) continue;
    const own = subtleSync.importKey("jwk", jwkOf(members), rsa(hash), true, ["sign"]);
    const { n, e } = jwkOf(members);
    const there = await webcrypto.subtle.importKey("jwk", { kty: "RSA", n: n!, e: e! }, rsa(hash), true, [
      "verify",
    ]);
    const ours = await subtle.sign(pss(saltBytes), own, fromHex(message));
    assert.is(await webcrypto.subtle.verify(pss(saltBytes), there, ours, fromHex(message)), true, source);
  }
  for (const members of Object.values(keys)) {
    if (!members.d) continue;
    const key = subtleSync.importKey("jwk", jwkOf(members), rsa(), true, ["sign"]);
    const exported = subtleSync.exportKey("jwk", key) as JsonWebKey;
    for (const [name, value] of Object.entries(jwkOf(members))) {
      assert.is(Reflect.get(exported, name), name === "kty" ? value : shortest(value as string), name);
    }
  }
});

/** The same integer without zeros before it. */
function shortest(text: string): string {
  const bytes = Buffer.from(text, "base64url");
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString("base64url");
}

test("the host's signatures verify here, and ours there, with keys travelling in every format both ways", async () => {
  for (const [i, hash] of HASHES.entries()) {
    const modulusLength = [1024, 2048, 1031, 3072][i]!;
    const exponent = [F4, Uint8Array.of(3), F4, F4][i]!;
    const host = await webcrypto.subtle.generateKey(generation(modulusLength, exponent, hash), true, both);
    const message = pattern(1000 * i);
    for (const saltLength of [0, 20, 61]) {
      if (saltLength === 61 && modulusLength < 2048) continue;
      const theirs = await webcrypto.subtle.sign(pss(saltLength), host.privateKey, message);
      for (const format of ["spki", "jwk"] as const) {
        const given = (await webcrypto.subtle.exportKey(format as "spki", host.publicKey)) as ArrayBuffer;
        const here = await subtle.importKey(format, given, rsa(hash), true, ["verify"]);
        assert.equal(here.algorithm, { ...generation(modulusLength, exponent), hash: { name: hash } });
        assert.is(await subtle.verify(pss(saltLength), here, theirs, message), true);
        assert.is(subtleSync.verify(pss(saltLength), here, theirs, message), true);
        assert.is(subtleSync.verify(pss(saltLength + 1), here, theirs, message), false);
        const again = subtleSync.exportKey(format, here);
        if (format === "spki") assert.is(hex(again as ArrayBuffer), hex(given));
        else assert.equal(again, { ...(given as JsonWebKey) });
      }
      for (const format of ["pkcs8", "jwk"] as const) {
        const given = (await webcrypto.subtle.exportKey(format as "pkcs8", host.privateKey)) as ArrayBuffer;
        const here = await subtle.importKey(format, given, rsa(hash), true, ["sign"]);
        const ours = subtleSync.sign(pss(saltLength), here, message);
        assert.is(await webcrypto.subtle.verify(pss(saltLength), host.publicKey, ours, message), true);
        const again = subtleSync.exportKey(format, here);
        if (format === "pkcs8") assert.is(hex(again as ArrayBuffer), hex(given));
        else assert.equal(again, { ...(given as JsonWebKey) });
      }
    }
  }
});

test("keys are generated in both forms, and the host takes them in every format", async () => {
  for (const { privateKey, publicKey } of [
    await subtle.generateKey(generation(1024), true, both),
    subtleSync.generateKey(generation(1032, Uint8Array.of(0, 3)), true, both),
  ]) {
    assert.equal([privateKey.usages, publicKey.usages], [["sign"], ["verify"]]);
    const message = pattern(77);
    const signature = await subtle.sign(pss(), privateKey, message);
    for (const format of ["spki", "jwk"] as const) {
      const exported = (await subtle.exportKey(format, publicKey)) as ArrayBuffer;
      const there = await webcrypto.subtle.importKey(format as "spki", exported, rsa(), true, ["verify"]);
      assert.is(await webcrypto.subtle.verify(pss(), there, signature, message), true);
    }
    for (const format of ["pkcs8", "jwk"] as const) {
      const exported = (await subtle.exportKey(format, privateKey)) as ArrayBuffer;
      const there = await webcrypto.subtle.importKey(format as "pkcs8", exported, rsa(), true, ["sign"]);
      const theirs = await webcrypto.subtle.sign(pss(), there, message);
      assert.is(subtleSync.verify(pss(), publicKey, theirs, message), true);
    }
  }
});

test("a key's public exponent is a copy, as short as can be", async () => {
  const { publicKey } = subtleSync.generateKey(
    generation(512, Uint8Array.of(0, 0, 1, 0, 1), "SHA-1"),
    true,
    both,
  );
  const algorithm = publicKey.algorithm as RsaHashedKeyAlgorithm;
  assert.equal(algorithm.publicExponent, F4);
  algorithm.publicExponent.fill(0);
  assert.is((subtleSync.exportKey("jwk", publicKey) as JsonWebKey).e, "AQAB");
});

test("signatures are randomized, and changed ones or of other lengths are none", async () => {
  const { privateKey, publicKey } = subtleSync.generateKey(generation(1024), false, both);
  const message = pattern(10);
  const signature = new Uint8Array(subtleSync.sign(pss(), privateKey, message));
  assert.is.not(hex(subtleSync.sign(pss(), privateKey, message)), hex(signature));
  assert.is(
    hex(subtleSync.sign(pss(0), privateKey, message)),
    hex(await subtle.sign(pss(0), privateKey, message)),
  );
  const wrong = [
    new Uint8Array(0),
    signature.subarray(1),
    Uint8Array.of(...signature, 0),
    new Uint8Array(128),
  ];
  wrong.push(new Uint8Array(128).fill(255), Uint8Array.of(0, ...signature));
  for (let bit = 0; bit < 1024; bit += 61) {
    const flipped = signature.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    wrong.push(flipped);
  }
  for (const bytes of wrong) {
    assert.is(subtleSync.verify(pss(), publicKey, bytes, message), false);
    assert.is(await subtle.verify(pss(), publicKey, bytes, message), false);
  }
  assert.is(subtleSync.verify(pss(2 ** 32 - 1), publicKey, signature, message), false);
});

test("message and signature are what they were at the call", async () => {
  const { privateKey, publicKey } = subtleSync.generateKey(generation(1024), false, both);
  for (const length of [100, 3 * MIB]) {
    const message = pattern(length);
    const signature = new Uint8Array(subtleSync.sign(pss(), privateKey, message));
    const signing = subtle.sign(pss(), privateKey, message);
    const verifying = subtle.verify(pss(), publicKey, signature, message);
    message.fill(1);
    signature.fill(1);
    assert.is(await verifying, true);
    assert.is(subtleSync.verify(pss(), publicKey, await signing, pattern(length)), true);
  }
});

test("what is wrong is refused, each thing with its own error, in the standard's order", async () => {
  const { privateKey, publicKey } = subtleSync.generateKey(generation(1024), true, both);
  const shut = subtleSync.generateKey(generation(512, F4, "SHA-1"), false, both);
  const data = pattern(64);
  const { d: _, ...jwk } = subtleSync.exportKey("jwk", publicKey) as JsonWebKey;
  const exponent = (...bytes: number[]) => generation(2048, Uint8Array.from(bytes));
  const calls: [Parameters<typeof refusal>[0], unknown[], string, RegExp?][] = [
    ["sign", ["RSA-PSS", privateKey, data], "TypeError", /saltLength is missing/],
    ["sign", [pss(-1), privateKey, data], "TypeError"],
    ["sign", [pss(95), privateKey, data], "OperationError"],
    ["sign", [pss(2 ** 32 - 1), privateKey, data], "OperationError"],
    ["sign", [pss(), publicKey, data], "InvalidAccessError"],
    ["verify", [pss(), privateKey, data, data], "InvalidAccessError"],
    ["generateKey", ["RSA-PSS", true, both], "TypeError"],
    [
      "generateKey",
      [{ ...generation(2048), publicExponent: [1, 0, 1] }, true, both],
      "TypeError",
      /publicExponent/,
    ],
    ["generateKey", [{ ...generation(2048), hash: "MD5" }, true, both], "NotSupportedError"],
    ["generateKey", [generation(0), true, both], "OperationError", /256 to 8192/],
    ["generateKey", [generation(16_384), true, both], "OperationError", /256 to 8192/],
    ["generateKey", [generation(0), true, ["encrypt"]], "SyntaxError"],
    ["generateKey", [generation(0), true, []], "OperationError"],
    ["generateKey", [generation(2048), true, []], "SyntaxError"],
    ["generateKey", [generation(2048), true, ["verify"]], "SyntaxError"],
    ...[[], [0], [1], [2], [1, 0, 0], [1, ...new Uint8Array(32), 1]].map((bytes): (typeof calls)[0] => [
      "generateKey",
      [exponent(...bytes), true, both],
      "OperationError",
      /publicExponent must be odd/,
    ]),
    ["importKey", ["raw", data, rsa(), true, ["verify"]], "NotSupportedError"],
    ["importKey", ["spki", data, "RSA-PSS", true, ["verify"]], "TypeError"],
    ["importKey", ["spki", data, rsa(), true, ["sign"]], "SyntaxError"],
    ["importKey", ["spki", data, rsa(), true, ["verify"]], "DataError"],
    ["importKey", ["pkcs8", data, rsa(), true, ["verify"]], "SyntaxError"],
    ["importKey", ["pkcs8", data, rsa(), true, ["sign"]], "DataError"],
    ["importKey", ["jwk", jwk, rsa("SHA-1"), true, ["verify"]], "DataError", /alg/],
    ["importKey", ["jwk", { ...jwk, n: undefined }, rsa(), true, ["verify"]], "DataError", /\.n is missing/],
    ["importKey", ["jwk", { ...jwk, n: "AA" }, rsa(), true, ["verify"]], "DataError"],
    ["importKey", ["jwk", { ...jwk, e: "Ag" }, rsa(), true, ["verify"]], "DataError"],
    ["importKey", ["jwk", { ...jwk, use: "enc" }, rsa(), true, ["verify"]], "DataError", /use/],
    ["exportKey", ["spki", privateKey], "InvalidAccessError"],
    ["exportKey", ["pkcs8", publicKey], "InvalidAccessError"],
    ["exportKey", ["pkcs8", shut.privateKey], "InvalidAccessError"],
    ["exportKey", ["raw", publicKey], "NotSupportedError"],
  ];
  for (const [method, args, name, message] of calls) {
    const error = await refusal(method, () => args);
    assert.is(error.name, name, `${method}: ${error.message}`);
    if (message) assert.match(error.message, message);
  }
});

test("an exponent that is detached while the algorithm is read is an empty one", async () => {
  const error = await refusal("generateKey", () => {
    const { buffer } = new Uint8Array(F4);
    const detaching = {
      ...generation(2048, new Uint8Array(buffer)),
      get hash() {
        structuredClone(buffer, { transfer: [buffer] });
        return "SHA-256";
      },
    };
    return [detaching, true, both];
  });
  assert.is(error.name, "OperationError");
  assert.match(error.message, /publicExponent must be odd/);
});

test("a private key whose numbers do not belong together, or of more than two primes, is refused", async () => {
  const { privateKey } = subtleSync.generateKey(generation(1024), true, both);
  const jwk = subtleSync.exportKey("jwk", privateKey) as JsonWebKey;
  assert.equal(Object.keys(jwk), ["alg", "d", "dp", "dq", "e", "ext", "key_ops", "kty", "n", "p", "q", "qi"]);
  for (const member of ["d", "p", "q", "dp", "dq", "qi", "n"] as const) {
    const bytes = Buffer.from(jwk[member]!, "base64url");
    bytes[bytes.length >> 1]! ^= 16;
    for (const value of [bytes.toString("base64url"), undefined, "", "AA"]) {
      if (member === "d" && value === undefined) continue; // It is a public key then.
      const error = await refusal("importKey", () => [
        "jwk",
        { ...jwk, [member]: value },
        rsa(),
        true,
        ["sign"],
      ]);
      assert.is(error.name, "DataError", member);
    }
  }
  const oth = [{ r: "AQ", d: "AQ", t: "AQ" }];
  const error = await refusal("importKey", () => ["jwk", { ...jwk, oth }, rsa(), true, ["sign"]]);
  assert.is(error.name, "DataError");
  assert.match(error.message, /more than two primes/);
});

test("the event loop turns while a key is generated, and closing the runtime ends it", async () => {
  const other = createRuntimeSync();
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await other.crypto.subtle.generateKey(generation(2048), true, both);
  clearInterval(timer);
  assert.ok(turns > 0, "even the luckiest search for primes has slices of some milliseconds");
  const generating = other.crypto.subtle.generateKey(generation(8192), true, both).then(
    () => "done",
    (error: Error) => error.name,
  );
  await other.close();
  assert.is(await generating, "InvalidStateError");
  assert.is(other.memory().liveArenas, 0);
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
