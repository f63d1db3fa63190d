/** Ed25519 and Ed448: published signatures, the host's, and what is none. */
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testIf } from "../../support/tools.ts";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["sign", "verify"] = ["sign", "verify"];
const BYTES = { Ed25519: 32, Ed448: 57 };
type Name = keyof typeof BYTES;
const NAMES = Object.keys(BYTES) as Name[];
/** PrivateKeyInfo and SubjectPublicKeyInfo as far as the key. */
const PKCS8 = { Ed25519: "302e020100300506032b657004220420", Ed448: "3047020100300506032b6571043b0439" };

interface Vector {
  curve: Name;
  source: string;
  privateKey?: string;
  publicKey: string;
  context?: string;
  message: string;
  signature: string;
  valid: boolean;
}
const { signatures } = JSON.parse(readFileSync("test/vectors/okp.json", "utf8")) as { signatures: Vector[] };

test("published signatures are those of their private keys, and verify; wrong ones do not", async () => {
  for (const {
    curve: name,
    source,
    privateKey,
    publicKey,
    context,
    message,
    signature,
    valid,
  } of signatures) {
    const algorithm = context === undefined ? name : { name, context: fromHex(context) };
    const data = fromHex(message);
    const key = subtleSync.importKey("raw", fromHex(publicKey), name, true, ["verify"]);
    assert.is(subtleSync.verify(algorithm, key, fromHex(signature), data), valid, source);
    assert.is(await subtle.verify(algorithm, key, fromHex(signature), data), valid, source);
    assert.is(subtleSync.verify(algorithm, key, fromHex(signature), fromHex(`${message}00`)), false, source);
    if (privateKey === undefined) continue;
    const secret = subtleSync.importKey("pkcs8", fromHex(PKCS8[name] + privateKey), name, true, ["sign"]);
    assert.is(hex(subtleSync.sign(algorithm, secret, data)), signature, source);
    assert.is(hex(await subtle.sign(algorithm, secret, data)), signature, source);
    assert.is(hex(subtleSync.exportKey("raw", subtleSync.getPublicKey(secret, []))), publicKey, source);
  }
});

/** Node has them all; other engines that run these tests may lack one. */
async function hostHas(name: Name): Promise<boolean> {
  return webcrypto.subtle.generateKey(name, true, both).then(
    () => true,
    () => false,
  );
}

for (const name of NAMES) {
  testIf(await hostHas(name), `the host has no ${name}`)(
    `${name}: both sign alike, and verify each other's, with keys travelling in every format both ways`,
    async () => {
      const own = subtleSync.generateKey(name, true, both);
      const host = (await webcrypto.subtle.generateKey(name, true, both)) as webcrypto.CryptoKeyPair;
      assert.equal(own.privateKey.algorithm, { name });
      assert.equal([own.privateKey.type, own.publicKey.type], ["private", "public"]);
      assert.equal([own.privateKey.usages, own.publicKey.usages], [["sign"], ["verify"]]);
      for (const format of ["pkcs8", "jwk"] as const) {
        const exported = subtleSync.exportKey(format, own.privateKey) as ArrayBuffer;
        const there = await webcrypto.subtle.importKey(format as "raw", exported, name, true, ["sign"]);
        const given = (await webcrypto.subtle.exportKey(format as "raw", host.privateKey)) as ArrayBuffer;
        const here = subtleSync.importKey(format as "raw", given, name, true, ["sign"]);
        for (const length of [0, 1, 63, 64, 127, 128, 129, 135, 136, 137, 4097]) {
          const message = pattern(length);
          const ours = subtleSync.sign(name, own.privateKey, message);
          assert.is(ours.byteLength, 2 * BYTES[name]);
          assert.is(hex(await webcrypto.subtle.sign(name, there, message)), hex(ours));
          const theirs = await webcrypto.subtle.sign(name, host.privateKey, message);
          assert.is(hex(subtleSync.sign(name, here, message)), hex(theirs));
        }
        if (format === "pkcs8") assert.is(hex(subtleSync.exportKey(format, here)), hex(given));
      }
      for (const format of ["raw", "spki", "jwk"] as const) {
        const exported = subtleSync.exportKey(format, own.publicKey) as ArrayBuffer;
        const there = await webcrypto.subtle.importKey(format as "raw", exported, name, true, ["verify"]);
        const ours = subtleSync.sign(name, own.privateKey, pattern(99));
        assert.is(await webcrypto.subtle.verify(name, there, ours, pattern(99)), true);
        const given = (await webcrypto.subtle.exportKey(format as "raw", host.publicKey)) as ArrayBuffer;
        const here = await subtle.importKey(format as "raw", given, name, true, ["verify"]);
        const theirs = await webcrypto.subtle.sign(name, host.privateKey, pattern(99));
        assert.is(await subtle.verify(name, here, theirs, pattern(99)), true);
        assert.is(subtleSync.verify(name, here, theirs, pattern(98)), false);
        if (format !== "jwk") assert.is(hex(subtleSync.exportKey(format, here)), hex(given));
      }
    },
  );

  testIf(await hostHas(name), `the host has no ${name}`)(
    `${name}: messages of any length are signed as the host signs them, in one go or in slices`,
    async () => {
      const { privateKey, publicKey } = subtleSync.generateKey(name, true, both);
      const pkcs8 = subtleSync.exportKey("pkcs8", privateKey);
      const there = await webcrypto.subtle.importKey("pkcs8", pkcs8, name, true, ["sign"]);
      for (const length of [64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 2 * MIB + 65]) {
        const message = pattern(length);
        const expected = hex(await webcrypto.subtle.sign(name, there, message));
        assert.is(hex(subtleSync.sign(name, privateKey, message)), expected, `${length} bytes`);
        const promised = await subtle.sign(name, privateKey, message);
        assert.is(hex(promised), expected, `${length} bytes`);
        assert.is(await subtle.verify(name, publicKey, promised, message), true);
        assert.is(subtleSync.verify(name, publicKey, promised, message), true);
        message[length - 1]! ^= 1;
        assert.is(await subtle.verify(name, publicKey, promised, message), false);
      }
    },
  );

  test(`${name}: a JSON Web Key has the standard's members, and no others; RFC 8037's alg is taken, too`, () => {
    const { privateKey, publicKey } = subtleSync.generateKey(name, true, both);
    const jwk = subtleSync.exportKey("jwk", privateKey);
    const { d, key_ops: _, ...rest } = jwk;
    assert.equal(Object.keys(jwk), ["alg", "crv", "d", "ext", "key_ops", "kty", "x"]);
    assert.equal([jwk.alg, jwk.crv, jwk.kty, jwk.key_ops], [name, name, "OKP", ["sign"]]);
    assert.is(Buffer.from(d!, "base64url").length, BYTES[name]);
    assert.equal(subtleSync.exportKey("jwk", publicKey), { ...rest, key_ops: ["verify"] });
    for (const alg of [undefined, name, "EdDSA"]) {
      const again = subtleSync.importKey("jwk", { ...jwk, alg } as JsonWebKey, name, true, ["sign"]);
      assert.equal(subtleSync.exportKey("jwk", again), jwk);
    }
  });

  test(`${name}: a JSON Web Key that is not one of this curve, whole and exact, is refused`, async () => {
    const { privateKey } = subtleSync.generateKey(name, true, both);
    const other = subtleSync.exportKey("jwk", subtleSync.generateKey(name, true, both).privateKey);
    const jwk = { ...subtleSync.exportKey("jwk", privateKey), use: "sig" };
    subtleSync.importKey("jwk", jwk, name, true, ["sign"]);
    const otherName = NAMES.find((each) => each !== name)!;
    for (const wrong of [
      ...[{ kty: "EC" }, { kty: undefined }, { crv: otherName }, { crv: "X25519" }, { crv: undefined }],
      ...[
        { alg: otherName },
        { alg: "ES256" },
        { alg: "eddsa" },
        { alg: "" },
        { use: "enc" },
        { ext: false },
      ],
      ...[{ key_ops: ["verify"] }, { key_ops: ["sign", "sign"] }, { key_ops: [] }],
      ...[
        { x: undefined },
        { x: "" },
        { x: `${jwk.x}AA` },
        { x: jwk.x!.slice(0, -2) },
        { x: "!" },
        { x: other.x },
      ],
      ...[{ d: "" }, { d: `${jwk.d}AA` }, { d: jwk.d!.slice(0, -2) }, { d: `${jwk.d}=` }, { d: other.d }],
    ]) {
      const error = await refusal("importKey", () => ["jwk", { ...jwk, ...wrong }, name, true, ["sign"]]);
      assert.is(error.name, "DataError", JSON.stringify(wrong));
      assert.not.ok(error.message.includes(jwk.d!.slice(0, 6)));
    }
  });

  test(`${name}: bits flipped, parts that are zero or out of range, and other lengths are no signatures`, async () => {
    const { privateKey, publicKey } = subtleSync.generateKey(name, true, both);
    const size = BYTES[name];
    for (const length of [50, 2 * MIB]) {
      const message = pattern(length);
      const signature = new Uint8Array(subtleSync.sign(name, privateKey, message));
      const wrong = [new Uint8Array(0), signature.subarray(1), Uint8Array.of(...signature, 0)];
      wrong.push(new Uint8Array(2 * size), new Uint8Array(2 * size).fill(255));
      for (let bit = length === 50 ? 0 : 7; bit < 16 * size; bit += length === 50 ? 41 : 500) {
        const flipped = signature.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        wrong.push(flipped);
      }
      wrong.push(Uint8Array.of(...new Uint8Array(size), ...signature.subarray(size)));
      wrong.push(Uint8Array.of(...signature.subarray(0, size), ...new Uint8Array(size)));
      for (const bytes of wrong) {
        assert.is(subtleSync.verify(name, publicKey, bytes, message), false);
        assert.is(await subtle.verify(name, publicKey, bytes, message), false);
      }
    }
  });

  test(`${name}: key files that are cut, for another curve, or of mismatched halves, are refused`, async () => {
    const pair = subtleSync.generateKey(name, true, both);
    const error = async (...args: unknown[]) => (await refusal("importKey", () => args)).name;
    const spki = new Uint8Array(subtleSync.exportKey("spki", pair.publicKey));
    const pkcs8 = new Uint8Array(subtleSync.exportKey("pkcs8", pair.privateKey));
    for (let length = 0; length < spki.length; length++) {
      assert.is(await error("spki", spki.subarray(0, length), name, true, []), "DataError");
    }
    for (let length = 0; length < pkcs8.length; length++) {
      assert.is(await error("pkcs8", pkcs8.subarray(0, length), name, true, ["sign"]), "DataError");
    }
    assert.is(await error("raw", spki.subarray(-BYTES[name] + 1), name, true, []), "DataError");
    assert.is(await error("raw", spki.subarray(-BYTES[name] - 1), name, true, []), "DataError");
    assert.is(await error("spki", pkcs8, name, true, []), "DataError");
    for (const other of [...NAMES, "X25519", "X448"].filter((each) => each !== name)) {
      const usages = other.startsWith("X") ? ["deriveBits"] : ["sign"];
      assert.is(await error("spki", spki, other, true, []), "DataError");
      assert.is(await error("pkcs8", pkcs8, other, true, usages), "DataError");
    }
    assert.is(await error("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, true, []), "DataError");

    // OneAsymmetricKey, version 2: with the public key beside the private one (RFC 5958, RFC 8410 section 10.3).
    const publicKey = spki.subarray(-BYTES[name]);
    const pair2 = withPublicKey(pkcs8, publicKey);
    const again = subtleSync.importKey("pkcs8", pair2, name, true, ["sign"]);
    assert.is(hex(subtleSync.exportKey("pkcs8", again)), hex(pkcs8));
    pair2[pair2.length - 1]! ^= 1;
    assert.is(await error("pkcs8", pair2, name, true, ["sign"]), "DataError");
  });

  test(`${name}: what is wrong is refused, each thing with its own error, in the standard's order`, async () => {
    const { privateKey, publicKey } = subtleSync.generateKey(name, false, both);
    const open = subtleSync.generateKey(name, true, both);
    const data = pattern(64);
    const calls: [Parameters<typeof refusal>[0], unknown[], string][] = [
      ["sign", [name, publicKey, data], "InvalidAccessError"],
      ["sign", ["X25519", privateKey, data], "NotSupportedError"],
      ["sign", [NAMES.find((each) => each !== name), privateKey, data], "InvalidAccessError"],
      ["verify", [name, privateKey, data, data], "InvalidAccessError"],
      ["encrypt", [name, privateKey, data], "NotSupportedError"],
      ["deriveBits", [name, privateKey, 8], "NotSupportedError"],
      ["generateKey", [name, true, ["encrypt"]], "SyntaxError"],
      ["generateKey", [name, true, []], "SyntaxError"],
      ["generateKey", [name, true, ["verify"]], "SyntaxError"],
      ["importKey", ["raw", data, name, true, ["sign"]], "SyntaxError"],
      ["importKey", ["spki", data, name, true, ["sign"]], "SyntaxError"],
      ["importKey", ["pkcs8", data, name, true, ["verify"]], "SyntaxError"],
      ["importKey", ["jwk", { kty: "oct" }, name, true, ["sign"]], "SyntaxError"],
      ["importKey", ["jwk", { kty: "oct", d: "" }, name, true, ["verify"]], "SyntaxError"],
      ["importKey", ["raw-private", data, name, true, ["sign"]], "NotSupportedError"],
      ["importKey", ["raw-seed", data, name, true, ["sign"]], "NotSupportedError"],
      ["importKey", ["pkcs8", subtleSync.exportKey("pkcs8", open.privateKey), name, true, []], "SyntaxError"],
      ["exportKey", ["raw", open.privateKey], "InvalidAccessError"],
      ["exportKey", ["spki", open.privateKey], "InvalidAccessError"],
      ["exportKey", ["pkcs8", publicKey], "InvalidAccessError"],
      ["exportKey", ["pkcs8", privateKey], "InvalidAccessError"],
      ["exportKey", ["jwk", privateKey], "InvalidAccessError"],
      ["exportKey", ["raw-secret", publicKey], "NotSupportedError"],
      ["getPublicKey", [publicKey, []], "InvalidAccessError"],
      ["getPublicKey", [privateKey, ["sign"]], "SyntaxError"],
    ];
    for (const [method, args, error] of calls) {
      const refused = await refusal(method, () => args);
      assert.is(refused.name, error, `${method}: ${refused.message}`);
    }
  });

  test(`${name}: message, signature and context are what they were at the call`, async () => {
    const { privateKey, publicKey } = subtleSync.generateKey(name, false, both);
    for (const length of [100, 100 * KIB, 3 * MIB]) {
      const context = name === "Ed448" ? { context: pattern(9) } : {};
      const algorithm = { name, ...context };
      const message = pattern(length);
      const signature = new Uint8Array(subtleSync.sign(algorithm, privateKey, message));
      const expected = hex(signature);
      const signing = subtle.sign(algorithm, privateKey, message);
      const verifying = subtle.verify(algorithm, publicKey, signature, message);
      message.fill(1);
      signature.fill(1);
      context.context?.fill(1);
      assert.is(await verifying, true);
      assert.is(hex(await signing), expected);
    }
  });

  test(`${name}: a runtime that is closed while a long message is signed or verified ends that`, async () => {
    const other = createRuntimeSync();
    const { privateKey, publicKey } = other.subtleSync.generateKey(name, true, both);
    const message = pattern(5 * MIB);
    const working = [
      other.crypto.subtle.sign(name, privateKey, message),
      other.crypto.subtle.verify(name, publicKey, new Uint8Array(2 * BYTES[name]), message),
    ];
    const ended = Promise.allSettled(working);
    await other.close();
    for (const outcome of await ended) {
      assert.is(outcome.status === "rejected" && outcome.reason.name, "InvalidStateError");
    }
    const error = async (...[method, args]: Parameters<typeof refusal>) => (await refusal(method, args)).name;
    assert.is(await error("sign", () => [name, privateKey, pattern(1)]), "InvalidStateError");
    const signature = new Uint8Array(2 * BYTES[name]);
    assert.is(await error("verify", () => [name, publicKey, signature, pattern(1)]), "InvalidStateError");
    const short = await refusal("verify", () => [name, publicKey, pattern(3), pattern(1)], other);
    assert.is(short.name, "InvalidStateError");
    assert.is(await error("exportKey", () => ["pkcs8", privateKey]), "InvalidStateError");
    assert.is(await error("getPublicKey", () => [privateKey, []]), "InvalidStateError");
    for (const format of ["raw", "spki", "jwk"]) {
      assert.is(await error("exportKey", () => [format, publicKey]), "InvalidStateError");
    }
  });

  test(`${name}: a key that structuredClone copied is the same key`, () => {
    const pair = subtleSync.generateKey(name, false, both);
    const { privateKey, publicKey } = nano.structuredClone(pair);
    assert.is.not(privateKey, pair.privateKey);
    assert.equal(
      [privateKey.algorithm, privateKey.extractable, privateKey.usages],
      [{ name }, false, ["sign"]],
    );
    const signature = subtleSync.sign(name, privateKey, pattern(9));
    assert.is(subtleSync.verify(name, publicKey, signature, pattern(9)), true);
    assert.is(subtleSync.verify(name, pair.publicKey, signature, pattern(9)), true);
  });
}

/** The points of order 1, 2, 4 and 8, as RFC 8032 encodes them, and those encodings that it forbids. */
const SMALL_ORDER: Record<Name, string[]> = {
  Ed25519: [
    `01${"00".repeat(31)}`,
    `ec${"ff".repeat(30)}7f`,
    "00".repeat(32),
    `${"00".repeat(31)}80`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    // x is zero and said to be odd; y is p, p + 1.
    `01${"00".repeat(30)}80`,
    `ec${"ff".repeat(31)}`,
    `ed${"ff".repeat(30)}7f`,
    `ed${"ff".repeat(31)}`,
    `ee${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(31)}`,
  ],
  Ed448: [
    `01${"00".repeat(56)}`,
    `fe${"ff".repeat(27)}fe${"ff".repeat(27)}00`,
    "00".repeat(57),
    `${"00".repeat(56)}80`,
    `01${"00".repeat(55)}80`,
    `fe${"ff".repeat(27)}fe${"ff".repeat(27)}80`,
    `${"ff".repeat(28)}fe${"ff".repeat(27)}00`,
    `${"ff".repeat(28)}fe${"ff".repeat(27)}80`,
    `${"00".repeat(28)}${"ff".repeat(28)}00`,
  ],
};

for (const name of NAMES) {
  test(`${name}: points of small order, and what is no point, are public keys that verify nothing`, async () => {
    const { privateKey, publicKey } = subtleSync.generateKey(name, true, both);
    const zero = "00".repeat(BYTES[name]);
    for (const small of SMALL_ORDER[name]) {
      const key = subtleSync.importKey("raw", fromHex(small), name, true, ["verify"]);
      assert.is(hex(subtleSync.exportKey("raw", key)), small);
      for (let at = 0; at < 8; at++) {
        // With A of small order, S = 0 and R a multiple of A, one in a few messages would be signed.
        const message = pattern(at + 1);
        for (const r of SMALL_ORDER[name]) {
          assert.is(subtleSync.verify(name, key, fromHex(r + zero), message), false);
        }
      }
      const r = fromHex(small + zero);
      assert.is(await subtle.verify(name, publicKey, r, pattern(1)), false);
      assert.is(await subtle.verify(name, key, r, pattern(2 * MIB)), false);
      const signature = subtleSync.sign(name, privateKey, pattern(1));
      assert.is(await subtle.verify(name, key, signature, pattern(1)), false);
    }
  });
}

test("Ed448 signs in a context of 0 to 255 bytes, which Ed25519 does not look at", async () => {
  const { privateKey, publicKey } = subtleSync.generateKey("Ed448", true, both);
  const message = pattern(40);
  const seen = new Set<string>();
  for (const length of [undefined, 1, 2, 100, 254, 255]) {
    const algorithm = { name: "Ed448", ...(length !== undefined && { context: pattern(length) }) };
    const signature = subtleSync.sign(algorithm, privateKey, message);
    seen.add(hex(signature));
    assert.is(await subtle.verify(algorithm, publicKey, signature, message), true);
    assert.is(subtleSync.verify("Ed448", publicKey, signature, message), length === undefined);
    const long = await subtle.sign(algorithm, privateKey, pattern(2 * MIB));
    assert.is(subtleSync.verify(algorithm, publicKey, long, pattern(2 * MIB)), true);
    assert.is(subtleSync.verify("Ed448", publicKey, long, pattern(2 * MIB)), length === undefined);
  }
  assert.is(seen.size, 6);
  const empty = { name: "Ed448", context: new ArrayBuffer(0) };
  assert.is(
    hex(subtleSync.sign(empty, privateKey, message)),
    hex(subtleSync.sign("Ed448", privateKey, message)),
  );
  for (const method of ["sign", "verify"] as const) {
    const key = method === "sign" ? privateKey : publicKey;
    const rest = method === "sign" ? [message] : [message, message];
    const refused = async (context: unknown) =>
      (await refusal(method, () => [{ name: "Ed448", context }, key, ...rest])).name;
    assert.is(await refused(pattern(256)), "OperationError");
    assert.is(await refused(pattern(MIB)), "OperationError");
    assert.is(await refused("context"), "TypeError");
  }
  const pair = subtleSync.generateKey("Ed25519", true, both);
  const ignored = { name: "Ed25519", context: pattern(300) };
  const signature = subtleSync.sign(ignored, pair.privateKey, message);
  assert.is(subtleSync.verify("Ed25519", pair.publicKey, signature, message), true);
});

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
