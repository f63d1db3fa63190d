import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as hostSign,
  verify as hostVerify,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../ts/cli/command.ts";
import { ALGORITHMS, encodeKey, readKey } from "../../ts/cli/key-file.ts";
import { folderWith } from "./nanort.ts";

type Usage = Parameters<typeof readKey>[2];

const { subtle } = createRuntimeSync().crypto;
const folder = folderWith({});
const at = (name: string) => join(folder, name);
const message = new Uint8Array(randomBytes(1000));

const NAMES = Object.keys(ALGORITHMS);
const PAIRS = NAMES.filter((name) => /^[EP]S/.test(name));
const bitsOf = (algorithm: string) => Number(/\d+/.exec(algorithm)![0]);
const hashOf = (algorithm: string) => `sha${bitsOf(algorithm)}`;

/** What JWS asks of node:crypto: r and s for ECDSA, a salt as long as the digest for RSA-PSS. */
function asJws(algorithm: string, key: KeyObject) {
  return { key, dsaEncoding: "ieee-p1363" as const, padding: 6, saltLength: bitsOf(algorithm) / 8 };
}

function generate(algorithm: string) {
  const parameters = {
    ...ALGORITHMS[algorithm]!,
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  };
  return subtle.generateKey(parameters, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

function parse(text: string, isPublic: boolean): KeyObject {
  const create = isPublic ? createPublicKey : createPrivateKey;
  return text.startsWith("{") ? create({ key: JSON.parse(text), format: "jwk" }) : create(text);
}

for (const algorithm of PAIRS) {
  test(`${algorithm}: key pairs go through files, as JWK and as PEM, and the host reads the same`, async () => {
    const pair = await generate(algorithm);
    for (const format of ["jwk", "pem"] as const) {
      const texts = [
        await encodeKey(subtle, pair.privateKey, algorithm, format),
        await encodeKey(subtle, pair.publicKey, algorithm, format),
      ] as const;
      for (const [i, name] of ["private", "public"].entries()) writeFileSync(at(name), texts[i]!);
      const [own, open] = [parse(texts[0], false), parse(texts[1], true)];
      assert.ok(createPublicKey(own).equals(open));

      // An RSA key in PEM does not say for which hash it is.
      const hint = format === "pem" ? algorithm : undefined;
      const signer = await readKey(subtle, at("private"), "sign", hint);
      assert.is(signer.algorithm, algorithm);
      const signature = Buffer.from(await subtle.sign(signer.parameters, signer.key, message));
      assert.ok(hostVerify(hashOf(algorithm), message, asJws(algorithm, open), signature));

      const byHost = new Uint8Array(hostSign(hashOf(algorithm), message, asJws(algorithm, own)));
      for (const name of ["private", "public"]) {
        const { parameters, key } = await readKey(subtle, at(name), "verify", hint);
        assert.is(await subtle.verify(parameters, key, byHost, message), true);
        assert.is(await subtle.verify(parameters, key, byHost, message.subarray(1)), false);
      }
    }
  });
}

for (const [type, curve] of [
  ["ed25519", "Ed25519"],
  ["ed448", "Ed448"],
] as const) {
  test(`${curve}: the host's keys and ours go through files, by the curve's name or as EdDSA`, async () => {
    const host = generateKeyPairSync(type as "ed25519");
    const own = await generate(curve);
    for (const name of [curve, "EdDSA"]) {
      const jwk = { ...host.privateKey.export({ format: "jwk" }), alg: name };
      for (const text of [
        JSON.stringify(jwk),
        JSON.stringify({ ...jwk, alg: undefined }),
        String(host.privateKey.export({ type: "pkcs8", format: "pem" })),
      ]) {
        writeFileSync(at("private"), text);
        const signer = await readKey(subtle, at("private"), "sign", name);
        assert.is(signer.algorithm, curve);
        const signature = Buffer.from(await subtle.sign(signer.parameters, signer.key, message));
        assert.ok(hostVerify(null, message, host.publicKey, signature));
        const { parameters, key } = await readKey(subtle, at("private"), "verify");
        assert.is(await subtle.verify(parameters, key, signature, message), true);
      }
      for (const format of ["jwk", "pem"] as const) {
        writeFileSync(at("public"), await encodeKey(subtle, own.publicKey, name, format));
        const { parameters, key } = await readKey(subtle, at("public"), "verify");
        const signature = await subtle.sign(parameters, own.privateKey, message);
        assert.is(await subtle.verify(parameters, key, signature, message), true);
        const text = await encodeKey(subtle, own.privateKey, name, format);
        assert.is(hostSign(null, message, parse(text, false)).compare(Buffer.from(signature)), 0);
      }
    }
  });
}

test("a JWK says what the key is for, and a public one holds nothing of the private", async () => {
  for (const algorithm of ["ES384", "PS512"]) {
    const { privateKey, publicKey } = await generate(algorithm);
    const { alg, key_ops, d } = JSON.parse(await encodeKey(subtle, privateKey, algorithm, "jwk"));
    assert.equal([alg, key_ops, typeof d], [algorithm, ["sign"], "string"]);
    const open = JSON.parse(await encodeKey(subtle, publicKey, algorithm, "jwk"));
    assert.equal([open.alg, open.key_ops], [algorithm, ["verify"]]);
    const members = algorithm.startsWith("ES") ? ["crv", "x", "y"] : ["n", "e"];
    assert.equal(Object.keys(open).sort(), ["alg", "key_ops", "kty", ...members].sort());
  }
});

test("the host's keys are read, whatever stands around them", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" })).replaceAll("\n", "\r\n");
  writeFileSync(at("foreign.pem"), `Bag Attributes\r\n    friendlyName: é\r\n${pem}`);
  const { kty, crv, x, y } = publicKey.export({ format: "jwk" });
  writeFileSync(at("foreign.jwk"), JSON.stringify({ kty, crv, x, y, kid: "one", use: "sig" }));
  const signer = await readKey(subtle, at("foreign.pem"), "sign");
  const verifier = await readKey(subtle, at("foreign.jwk"), "verify");
  assert.equal([signer.algorithm, verifier.algorithm], ["ES384", "ES384"]);
  const signature = await subtle.sign(signer.parameters, signer.key, message);
  assert.ok(await subtle.verify(verifier.parameters, verifier.key, signature, message));
});

test("a secret is read for its use, and without alg for the one that is asked for", async () => {
  const secret = randomBytes(32);
  const jwk = { kty: "oct", k: secret.toString("base64url") };
  writeFileSync(at("secret"), JSON.stringify(jwk));
  const { parameters, key } = await readKey(subtle, at("secret"), "sign", "HS512");
  const mac = Buffer.from(await subtle.sign(parameters, key, message));
  assert.ok(mac.equals(createHmac("sha512", secret).update(message).digest()));
  writeFileSync(at("secret"), JSON.stringify({ ...jwk, alg: "A256GCM", key_ops: ["encrypt"] }));
  const cipher = await readKey(subtle, at("secret"), "encrypt");
  assert.ok(secret.equals(new Uint8Array(await subtle.exportKey("raw", cipher.key))));
});

test("what is no key for the task is told in a line, without any of its secrets", async () => {
  const pair = await generate("ES256");
  const pem = await encodeKey(subtle, pair.privateKey, "ES256", "pem");
  const jwk = JSON.parse(await encodeKey(subtle, pair.privateKey, "ES256", "jwk"));
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const x25519 = generateKeyPairSync("x25519").privateKey;
  const pkcs8 = (key: KeyObject) => String(key.export({ type: "pkcs8", format: "pem" }));
  const { d: _, key_ops: _keyOps, ...open } = jwk;

  const mistakes: [content: string | object, usage: Usage, complaint: RegExp, algorithm?: string][] = [
    ["", "sign", /^key is no key: neither a JSON Web Key nor PEM$/],
    [`{"d":"${jwk.d}"`, "sign", /^key is no key/],
    ["5", "sign", /^key is no key/],
    ["[]", "sign", /^key does not say what it is for; add --algorithm, such as PS256$/],
    [{ ...jwk, alg: "none" }, "sign", /^key is for "none", which is none of ES256, /],
    [{ ...jwk, alg: ["ES256"] }, "sign", /^key is for \["ES256"\], which is none of/],
    [{ ...rsa.export({ format: "jwk" }), alg: "RS256" }, "sign", /^key is for "RS256", which is none of/],
    [rsa.export({ format: "jwk" }), "sign", /^key does not say what it is for/],
    [pkcs8(rsa), "sign", /^key does not say what it is for/],
    [pkcs8(rsa), "sign", /^no algorithm named PS257; did you mean PS256\?$/, "PS257"],
    [pkcs8(rsa), "sign", /^key: kty is "RSA", not "EC"$/, "ES256"],
    [pem, "sign", /^key is for ES256, not for ES384$/, "ES384"],
    [{ ...jwk, alg: "ES384" }, "sign", /^key: /],
    [{ ...jwk, x: jwk.y }, "sign", /^key: /],
    [{ ...jwk, key_ops: ["verify"] }, "sign", /^key: key_ops lacks "sign"/],
    [{ ...open, key_ops: ["sign"] }, "verify", /^key: key_ops lacks "verify"/],
    [open, "sign", /^key is a public key; what signs is the private one$/],
    [jwk, "encrypt", /^key is for ES256, which does not encrypt$/],
    [
      { kty: "oct", alg: "A256GCM", k: "A".repeat(43) },
      "verify",
      /^key is for A256GCM, which does not verify$/,
    ],
    [{ kty: "oct", alg: "A256GCM", k: "A".repeat(22) }, "encrypt", /^key: /],
    [
      String(rsa.export({ type: "pkcs1", format: "pem" })),
      "sign",
      /^key holds no PRIVATE KEY.*, but RSA PRIVATE KEY$/,
    ],
    [pem.slice(0, 100), "sign", /^key holds no PRIVATE KEY or PUBLIC KEY/],
    [
      pem.replace("MI", "MJ"),
      "sign",
      /^key holds no RSA key, and none for P-256, P-384, P-521, Ed25519 or Ed448$/,
    ],
    [pkcs8(x25519), "sign", /^key holds no RSA key/],
    [" ".repeat(64 * 1024 + 1), "sign", /^key has more than 65536 bytes$/],
  ];
  for (const [content, usage, complaint, algorithm] of mistakes) {
    writeFileSync(at("key"), typeof content === "string" ? content : JSON.stringify(content));
    const error: Error = await readKey(subtle, at("key"), usage, algorithm).then(
      () => new Error("it was read"),
      (error) => error,
    );
    assert.instance(error, UsageError, `${complaint}, but: ${error.message}`);
    assert.match(error.message.replace(at("key"), "key"), complaint);
    assert.not.match(error.message, /\n/);
    assert.not.match(error.message, jwk.d);
  }
});

test.run();
