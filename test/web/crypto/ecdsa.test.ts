import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const CURVES = ["P-256", "P-384", "P-521"] as const;
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const BYTES = { "P-256": 32, "P-384": 48, "P-521": 66 };
const JWK_ALG = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };
const both: ["sign", "verify"] = ["sign", "verify"];
const ec = (namedCurve: string) => ({ name: "ECDSA", namedCurve });
const ecdsa = (hash = "SHA-256") => ({ name: "ECDSA", hash });
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

interface Vector {
  curve: (typeof CURVES)[number];
  hash: string;
  source: string;
  privateKey: string;
  publicKey?: string;
  message: string;
  signature: string;
}
const vectors = JSON.parse(readFileSync("test/vectors/ecdsa.json", "utf8")) as Vector[];

/** A JSON Web Key of a scalar: the host completes it. */
async function jwkOf(curve: (typeof CURVES)[number], scalar: Uint8Array) {
  const { createECDH } = await import("node:crypto");
  const dh = createECDH({ "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" }[curve]);
  dh.setPrivateKey(scalar);
  const point = dh.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + BYTES[curve]), point.subarray(1 + BYTES[curve])];
  return { kty: "EC", crv: curve, x: base64url(x), y: base64url(y), d: base64url(scalar) };
}

test("every published signature verifies, in both forms, and none over another message", async () => {
  for (const { curve, hash, source, privateKey, message, signature } of vectors) {
    const { d: _, ...jwk } = await jwkOf(curve, fromHex(privateKey.padStart(2 * BYTES[curve], "0")));
    const key = subtleSync.importKey("jwk", jwk, ec(curve), true, ["verify"]);
    const bytes = fromHex(signature);
    assert.is(subtleSync.verify(ecdsa(hash), key, bytes, fromHex(message)), true, source);
    assert.is(await subtle.verify(ecdsa(hash), key, bytes, fromHex(message)), true, source);
    assert.is(subtleSync.verify(ecdsa(hash), key, bytes, fromHex(`${message}00`)), false, source);
  }
});

for (const curve of CURVES) {
  test(`${curve}: what one signs the other verifies, with keys travelling in every format both ways`, async () => {
    const own = await subtle.generateKey(ec(curve), true, both);
    const host = await webcrypto.subtle.generateKey(ec(curve), true, both);
    assert.equal(own.privateKey.algorithm, ec(curve));
    assert.equal([own.privateKey.type, own.publicKey.type], ["private", "public"]);
    assert.equal([own.privateKey.usages, own.publicKey.usages], [["sign"], ["verify"]]);
    for (const hash of HASHES) {
      const message = pattern(hash.length * 31);
      const signatures = [
        await subtle.sign(ecdsa(hash), own.privateKey, message),
        subtleSync.sign(ecdsa(hash), own.privateKey, message),
      ];
      assert.is(signatures[0]!.byteLength, 2 * BYTES[curve]);
      assert.is.not(hex(signatures[0]!), hex(signatures[1]!)); // The nonces are hedged.
      const theirs = await webcrypto.subtle.sign(ecdsa(hash), host.privateKey, message);
      for (const format of ["raw", "spki", "jwk"] as const) {
        const exported = (await subtle.exportKey(format, own.publicKey)) as ArrayBuffer;
        const there = await webcrypto.subtle.importKey(format as "raw", exported, ec(curve), true, [
          "verify",
        ]);
        for (const signature of signatures) {
          assert.is(await webcrypto.subtle.verify(ecdsa(hash), there, signature, message), true);
        }
        const given = (await webcrypto.subtle.exportKey(format as "raw", host.publicKey)) as ArrayBuffer;
        const here = await subtle.importKey(format, given, ec(curve), true, ["verify"]);
        assert.is(await subtle.verify(ecdsa(hash), here, theirs, message), true);
        assert.is(subtleSync.verify(ecdsa(hash), here, theirs, message), true);
        const again = subtleSync.exportKey(format, here);
        if (format === "jwk") assert.equal((again as JsonWebKey).x, (given as JsonWebKey).x);
        else assert.is(hex(again as ArrayBuffer), hex(given));
      }
      for (const format of ["pkcs8", "jwk"] as const) {
        const exported = (await subtle.exportKey(format, own.privateKey)) as ArrayBuffer;
        const there = await webcrypto.subtle.importKey(format as "raw", exported, ec(curve), true, ["sign"]);
        const signed = await webcrypto.subtle.sign(ecdsa(hash), there, message);
        assert.is(subtleSync.verify(ecdsa(hash), own.publicKey, signed, message), true);
        const given = (await webcrypto.subtle.exportKey(format as "pkcs8", host.privateKey)) as ArrayBuffer;
        const here = await subtle.importKey(format, given, ec(curve), true, ["sign"]);
        const signature = subtleSync.sign(ecdsa(hash), here, message);
        assert.is(await webcrypto.subtle.verify(ecdsa(hash), host.publicKey, signature, message), true);
        if (format === "pkcs8") assert.is(hex(subtleSync.exportKey(format, here)), hex(given));
      }
    }
  });

  test(`${curve}: a JSON Web Key exported has the standard's members, and no others`, () => {
    const { privateKey, publicKey } = subtleSync.generateKey(ec(curve), true, both);
    const jwk = subtleSync.exportKey("jwk", privateKey);
    const { d, key_ops: _, ...rest } = jwk;
    assert.equal(Object.keys(jwk), ["crv", "d", "ext", "key_ops", "kty", "x", "y"]);
    assert.equal(jwk.key_ops, ["sign"]);
    assert.is(Buffer.from(d!, "base64url").length, BYTES[curve]);
    assert.equal(subtleSync.exportKey("jwk", publicKey), { ...rest, key_ops: ["verify"] });
  });

  test(`${curve}: bits flipped, halves of zero or of n, and other lengths are no signatures`, async () => {
    const { privateKey, publicKey } = subtleSync.generateKey(ec(curve), true, both);
    const message = pattern(50);
    const signature = new Uint8Array(subtleSync.sign(ecdsa(), privateKey, message));
    const size = BYTES[curve];
    const wrong = [new Uint8Array(0), signature.subarray(1), Uint8Array.of(...signature, 0)];
    wrong.push(new Uint8Array(2 * size), new Uint8Array(2 * size).fill(255), new Uint8Array(3 * MIB));
    for (let bit = 0; bit < 16 * size; bit += 41) {
      const flipped = signature.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      wrong.push(flipped);
    }
    wrong.push(Uint8Array.of(...new Uint8Array(size), ...signature.subarray(size)));
    wrong.push(Uint8Array.of(...signature.subarray(0, size), ...new Uint8Array(size)));
    for (const bytes of wrong) {
      assert.is(subtleSync.verify(ecdsa(), publicKey, bytes, message), false);
      assert.is(await subtle.verify(ecdsa(), publicKey, bytes, message), false);
    }
  });

  test(`${curve}: compressed points are points; what is off the curve, infinity or misshapen is not`, async () => {
    const { publicKey } = subtleSync.generateKey(ec(curve), true, both);
    const point = new Uint8Array(subtleSync.exportKey("raw", publicKey));
    const size = BYTES[curve];
    const compressed = Uint8Array.of(2 + (point.at(-1)! & 1), ...point.subarray(1, 1 + size));
    const same = subtleSync.importKey("raw-public", compressed, ec(curve), true, ["verify"]);
    assert.is(hex(subtleSync.exportKey("raw-public", same)), hex(point));
    const off = point.slice();
    off[off.length - 1]! ^= 1;
    const large = new Uint8Array(point.length).fill(255);
    large[0] = 4;
    const misshapen = [new Uint8Array(0), Uint8Array.of(0), new Uint8Array(point.length), off, large];
    misshapen.push(point.subarray(1), point.subarray(0, -1), Uint8Array.of(...point, 0));
    for (const bytes of misshapen) {
      const error = await refusal("importKey", () => ["raw", bytes, ec(curve), true, ["verify"]]);
      assert.is(error.name, "DataError");
    }
  });

  test(`${curve}: a JSON Web Key that is not one of this curve, whole and exact, is refused`, async () => {
    const { privateKey } = subtleSync.generateKey(ec(curve), true, both);
    const other = subtleSync.exportKey("jwk", subtleSync.generateKey(ec(curve), true, both).privateKey);
    const jwk = { ...subtleSync.exportKey("jwk", privateKey), alg: JWK_ALG[curve], use: "sig" };
    subtleSync.importKey("jwk", jwk, ec(curve), true, ["sign"]);
    const zero = base64url(new Uint8Array(BYTES[curve]));
    const full = base64url(new Uint8Array(BYTES[curve]).fill(255));
    for (const wrong of [
      ...[{ kty: "oct" }, { crv: "P-192" }, { crv: undefined }, { alg: "ES256K" }, { use: "enc" }],
      ...[{ key_ops: ["verify"] }, { key_ops: ["sign", "sign"] }, { ext: false }],
      ...[{ x: undefined }, { y: undefined }, { x: `${jwk.x}AA` }, { y: "!" }, { x: zero, y: zero }],
      ...[
        { d: zero },
        { d: full },
        { d: "" },
        { d: `${jwk.d}AA` },
        { d: other.d },
        { x: other.x, y: other.y },
      ],
    ]) {
      const error = await refusal("importKey", () => [
        "jwk",
        { ...jwk, ...wrong },
        ec(curve),
        true,
        ["sign"],
      ]);
      assert.is(error.name, "DataError", JSON.stringify(wrong));
      assert.not.ok(error.message.includes(jwk.d!.slice(0, 6)));
    }
  });
}

test("key files that are cut, for another curve or algorithm, or of mismatched halves, are refused", async () => {
  const pair = subtleSync.generateKey(ec("P-256"), true, both);
  const name = async (...args: unknown[]) => {
    const error = await refusal("importKey", () => args);
    assert.ok(error.message.startsWith("importKey: ") || error.name === "SyntaxError", error.message);
    return error.name;
  };
  const spki = new Uint8Array(subtleSync.exportKey("spki", pair.publicKey));
  const pkcs8 = new Uint8Array(subtleSync.exportKey("pkcs8", pair.privateKey));
  for (let length = 0; length < spki.length; length += 7) {
    assert.is(await name("spki", spki.subarray(0, length), ec("P-256"), true, []), "DataError");
  }
  for (let length = 0; length < pkcs8.length; length += 7) {
    assert.is(await name("pkcs8", pkcs8.subarray(0, length), ec("P-256"), true, ["sign"]), "DataError");
  }
  assert.is(await name("spki", spki, ec("P-384"), true, []), "DataError");
  assert.is(await name("pkcs8", pkcs8, ec("P-521"), true, ["sign"]), "DataError");
  assert.is(await name("spki", pkcs8, ec("P-256"), true, []), "DataError");
  const wrong = pkcs8.slice();
  wrong[wrong.length - 1]! ^= 1;
  assert.is(await name("pkcs8", wrong, ec("P-256"), true, ["sign"]), "DataError");
  const rsa = await webcrypto.subtle.generateKey(
    { name: "RSA-PSS", modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-1" },
    true,
    both,
  );
  const files = [
    await webcrypto.subtle.exportKey("spki", rsa.publicKey),
    await webcrypto.subtle.exportKey("pkcs8", rsa.privateKey),
  ];
  assert.is(await name("spki", files[0], ec("P-256"), true, []), "DataError");
  assert.is(await name("pkcs8", files[1], ec("P-256"), true, ["sign"]), "DataError");
});

test("what is wrong is refused, each thing with its own error, in the standard's order", async () => {
  const { privateKey, publicKey } = subtleSync.generateKey(ec("P-256"), false, both);
  const open = subtleSync.generateKey(ec("P-256"), true, both);
  const data = pattern(64);
  const calls: [Parameters<typeof refusal>[0], unknown[], string][] = [
    ["sign", ["ECDSA", privateKey, data], "TypeError"],
    ["sign", [ecdsa("MD5"), privateKey, data], "NotSupportedError"],
    ["sign", [ecdsa(), publicKey, data], "InvalidAccessError"],
    ["verify", [ecdsa(), privateKey, data, data], "InvalidAccessError"],
    ["generateKey", ["ECDSA", true, both], "TypeError"],
    ["generateKey", [ec("P-255"), true, both], "NotSupportedError"],
    ["generateKey", [ec("p-256"), true, both], "NotSupportedError"],
    ["generateKey", [ec("toString"), true, both], "NotSupportedError"],
    ["generateKey", [ec("P-255"), true, ["encrypt"]], "SyntaxError"],
    ["generateKey", [ec("P-256"), true, []], "SyntaxError"],
    ["generateKey", [ec("P-256"), true, ["verify"]], "SyntaxError"],
    ["importKey", ["raw", data, ec("P-255"), true, ["sign"]], "DataError"],
    ["importKey", ["raw", data, ec("P-256"), true, ["sign"]], "SyntaxError"],
    ["importKey", ["spki", data, ec("P-256"), true, ["sign"]], "SyntaxError"],
    ["importKey", ["pkcs8", data, ec("P-256"), true, ["verify"]], "SyntaxError"],
    ["importKey", ["jwk", { kty: "oct" }, ec("P-256"), true, ["sign"]], "SyntaxError"],
    ["importKey", ["jwk", { kty: "oct", d: "" }, ec("P-256"), true, ["verify"]], "SyntaxError"],
    ["importKey", ["jwk", { kty: "EC", crv: "P-255" }, ec("P-255"), true, []], "DataError"],
    ["importKey", ["raw-private", data, ec("P-256"), true, ["sign"]], "NotSupportedError"],
    [
      "importKey",
      ["pkcs8", subtleSync.exportKey("pkcs8", open.privateKey), ec("P-256"), true, []],
      "SyntaxError",
    ],
    ["exportKey", ["raw", open.privateKey], "InvalidAccessError"],
    ["exportKey", ["spki", open.privateKey], "InvalidAccessError"],
    ["exportKey", ["pkcs8", publicKey], "InvalidAccessError"],
    ["exportKey", ["pkcs8", privateKey], "InvalidAccessError"],
    ["exportKey", ["raw-secret", publicKey], "NotSupportedError"],
  ];
  for (const [method, args, name] of calls) {
    const error = await refusal(method, () => args);
    assert.is(error.name, name, `${method}: ${error.message}`);
  }
  // Public keys need no usages, and can always leave.
  const unused = subtleSync.importKey("raw", subtleSync.exportKey("raw", publicKey), ec("P-256"), false, []);
  assert.equal(unused.usages, []);
});

test("message and signature are what they were at the call", async () => {
  const { privateKey, publicKey } = subtleSync.generateKey(ec("P-256"), false, both);
  for (const length of [100, 3 * MIB]) {
    const message = pattern(length);
    const signature = new Uint8Array(subtleSync.sign(ecdsa(), privateKey, message));
    const signing = subtle.sign(ecdsa(), privateKey, message);
    const verifying = subtle.verify(ecdsa(), publicKey, signature, message);
    message.fill(1);
    signature.fill(1);
    assert.is(await verifying, true);
    assert.is(subtleSync.verify(ecdsa(), publicKey, await signing, pattern(length)), true);
  }
});

test("a private key is wrapped and unwrapped in each of its formats", async () => {
  const { privateKey, publicKey } = await subtle.generateKey(ec("P-384"), true, both);
  const usages: ["wrapKey", "unwrapKey"] = ["wrapKey", "unwrapKey"];
  const wrapping = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, usages);
  const gcm = { name: "AES-GCM", iv: pattern(12) };
  for (const format of ["pkcs8", "jwk"] as const) {
    const wrapped = await subtle.wrapKey(format, privateKey, wrapping, gcm);
    const back = await subtle.unwrapKey(format, wrapped, wrapping, gcm, ec("P-384"), true, ["sign"]);
    const signature = subtleSync.sign(ecdsa(), back, pattern(9));
    assert.is(subtleSync.verify(ecdsa(), publicKey, signature, pattern(9)), true);
  }
});

test("a key is of no more use when its runtime is closed", async () => {
  const other = createRuntimeSync();
  const { privateKey, publicKey } = other.subtleSync.generateKey(ec("P-256"), true, both);
  const signature = subtleSync.sign(ecdsa(), privateKey, pattern(1));
  await other.close();
  const name = async (...[method, args]: Parameters<typeof refusal>) => (await refusal(method, args)).name;
  assert.is(await name("sign", () => [ecdsa(), privateKey, pattern(1)]), "InvalidStateError");
  assert.is(await name("verify", () => [ecdsa(), publicKey, signature, pattern(1)]), "InvalidStateError");
  assert.is(await name("exportKey", () => ["pkcs8", privateKey]), "InvalidStateError");
  for (const format of ["raw", "spki", "jwk"]) {
    assert.is(await name("exportKey", () => [format, publicKey]), "InvalidStateError");
  }
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
