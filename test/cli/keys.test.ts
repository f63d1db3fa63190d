import { spawnSync } from "node:child_process";
import { createHmac, createPublicKey, verify as hostVerify, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testWith } from "../support/tools.ts";
import { folderWith, nanort, type Outcome } from "./nanort.ts";

const folder = folderWith({ "no signature": "not base64url!" });
const at = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(at(name), "utf8");
const run = (...args: string[]) => nanort(args, { cwd: folder });
const QUIET: Outcome = { code: 0, stdout: "", stderr: "" };

const message = new Uint8Array(randomBytes(100_000));
writeFileSync(at("message"), message);
writeFileSync(at("another"), message.subarray(1));

async function verifies(key: string, ...rest: string[]): Promise<void> {
  const verify = (file: string) => run("verify", "--key", key, "--signature", "signature", ...rest, file);
  const [right, wrong] = await Promise.all([verify("message"), verify("another")]);
  assert.equal(right, { code: 0, stdout: "the signature is right\n", stderr: "" });
  const stderr = "nanort: signature is no signature of another by this key\n";
  assert.equal(wrong, { code: 1, stdout: "", stderr });
}

test("ECDSA, keys as JWK: keygen makes both halves, sign signs, verify tells right from wrong", async () => {
  assert.equal(await run("keygen", "-a", "ES256", "--out", "es.jwk", "--public", "es.public.jwk"), QUIET);
  const signed = await run("sign", "--key", "es.jwk", "message");
  assert.match(signed.stdout, /^[\w-]{86}\n$/);
  writeFileSync(at("signature"), signed.stdout);
  const key = createPublicKey({ key: JSON.parse(text("es.public.jwk")), format: "jwk" });
  const bytes = Buffer.from(signed.stdout.trim(), "base64url");
  assert.ok(hostVerify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, bytes));
  await verifies("es.public.jwk");
  await verifies("es.jwk");
});

test("EdDSA: the same, with a key that says EdDSA, as other libraries know it", async () => {
  assert.equal(await run("keygen", "-a", "EdDSA", "--out", "ed.jwk", "--public", "ed.public.jwk"), QUIET);
  const open = JSON.parse(text("ed.public.jwk"));
  assert.equal([open.kty, open.crv, open.alg], ["OKP", "Ed25519", "EdDSA"]);
  const signed = await run("sign", "--key", "ed.jwk", "message");
  assert.match(signed.stdout, /^[\w-]{86}\n$/);
  writeFileSync(at("signature"), signed.stdout);
  const bytes = Buffer.from(signed.stdout.trim(), "base64url");
  assert.ok(hostVerify(null, message, createPublicKey({ key: open, format: "jwk" }), bytes));
  await verifies("ed.public.jwk");
  await verifies("ed.jwk", "--algorithm", "Ed25519");
});

test("RSA-PSS, keys as PEM: the same, with 3072 bits unless others are asked for", async () => {
  const pair = ["--algorithm", "PS384", "--format", "pem", "--out", "ps.pem", "--public", "ps.public.pem"];
  assert.equal(await run("keygen", ...pair), QUIET);
  assert.is(createPublicKey(text("ps.public.pem")).asymmetricKeyDetails!.modulusLength, 3072);
  const { stdout } = await run("keygen", "-a", "PS256", "-f", "pem", "--bits", "2056");
  assert.is(createPublicKey(stdout).asymmetricKeyDetails!.modulusLength, 2056);
  const signed = await run("sign", "--key", "ps.pem", "--algorithm", "PS384", "message");
  writeFileSync(at("signature"), signed.stdout);
  await verifies("ps.public.pem", "--algorithm", "PS384");
});

testWith("openssl", "version")("openssl verifies the same signature, decoded", () => {
  writeFileSync(at("raw"), Buffer.from(text("signature").trim(), "base64url"));
  const options = [
    "-sha384",
    "-verify",
    "ps.public.pem",
    "-sigopt",
    "rsa_padding_mode:pss",
    "-signature",
    "raw",
  ];
  const verified = spawnSync("openssl", ["dgst", ...options, "message"], { cwd: folder, encoding: "utf8" });
  assert.is(verified.stdout, "Verified OK\n");
});

test("a signature has one text: whatever else would decode to its bytes is none", async () => {
  for (const [algorithm, key] of [
    ["ES384", "es384"],
    ["ES256", "es256"],
  ] as const) {
    assert.equal(await run("keygen", "-a", algorithm, "--out", key), QUIET);
    const { stdout } = await run("sign", "-k", key, "message");
    const signature = stdout.trim();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet[alphabet.indexOf(signature.at(-1)!) ^ 1]!;
    // 96 bytes fill their characters, and a character more is none; of 64 the last leaves four bits over.
    const other = algorithm === "ES384" ? `${signature}A` : signature.slice(0, -1) + last;
    assert.equal(Buffer.from(other, "base64url"), Buffer.from(signature, "base64url"));
    writeFileSync(at("other signature"), other);
    const outcome = await run("verify", "-k", key, "-s", "other signature", "message");
    const stderr = "nanort: other signature is no signature: it does not end as base64url does\n";
    assert.equal(outcome, { code: 1, stdout: "", stderr });
  }
});

test("standard input is read for one thing only", async () => {
  const input = readFileSync(at("es.jwk"));
  const withInput = (...args: string[]) => nanort(args, { cwd: folder, input });
  const stderr = "nanort: standard input cannot be read for two things at once\n";
  assert.equal(await withInput("sign", "-k", "-"), { code: 2, stdout: "", stderr });
  assert.equal(await withInput("verify", "-k", "-", "-s", "-", "message"), { code: 2, stdout: "", stderr });
  assert.match((await withInput("sign", "-k", "-", "message")).stdout, /^[\w-]{86}\n$/);
});

test("HMAC: sign prints the MAC that the host computes, of standard input too, and verify takes it alone", async () => {
  assert.equal(await run("keygen", "--algorithm", "HS384", "--out", "mac.key"), QUIET);
  const secret = Buffer.from(JSON.parse(text("mac.key")).k, "base64url");
  const mac = createHmac("sha384", secret).update(message).digest("base64url");
  const ofInput = await nanort(["sign", "--key", "mac.key"], { cwd: folder, input: message });
  assert.equal(ofInput, { ...QUIET, stdout: `${mac}\n` });
  writeFileSync(at("mac"), mac);
  writeFileSync(at("cut mac"), mac.slice(0, -2));
  const verify = (signature: string, input: Uint8Array) =>
    nanort(["verify", "-k", "mac.key", "-s", signature, "-"], { cwd: folder, input });
  const [right, wrong, cut] = await Promise.all([
    verify("mac", message),
    verify("mac", message.subarray(1)),
    verify("cut mac", message),
  ]);
  assert.equal([right.code, wrong.code, cut.code], [0, 1, 1]);
  assert.is(wrong.stderr, "nanort: mac is no signature of standard input by this key\n");
});

test("secrets are printed as JWK, with the lengths of their algorithms, never twice the same", async () => {
  const bytes: Record<string, number> = { HS256: 64, HS512: 128, A128GCM: 16, A192GCM: 24, A256GCM: 32 };
  const names = [...Object.keys(bytes), "A256GCM"];
  const outcomes = await Promise.all(names.map((name) => run("keygen", "-a", name)));
  const keys = outcomes.map(({ stdout }) => JSON.parse(stdout));
  for (const [i, { kty, alg, k, key_ops }] of keys.entries()) {
    const keyOps = alg.startsWith("HS") ? ["sign", "verify"] : ["encrypt", "decrypt"];
    assert.equal([kty, alg, key_ops], ["oct", names[i], keyOps]);
    assert.is(Buffer.from(k, "base64url").length, bytes[alg]);
  }
  assert.is.not(keys.at(-1).k, keys.at(-2).k);
});

test("only the owner may read a private key; anyone may read a public one", () => {
  if (process.platform === "win32") return;
  const others = (name: string) => statSync(at(name)).mode & 0o077;
  for (const name of ["es.jwk", "ps.pem", "mac.key"]) assert.is(others(name), 0, name);
  assert.is(others("es.public.jwk"), 0o044 & ~process.umask());
});

test("keygen leaves files alone that exist, and makes none of two if it cannot make both", async () => {
  const before = [text("es.jwk"), readdirSync(folder)];
  const outcomes = await Promise.all([
    run("keygen", "-a", "ES256", "--out", "es.jwk"),
    run("keygen", "-a", "ES256", "--out", "new", "--public", "es.jwk"),
  ]);
  for (const outcome of outcomes) {
    const stderr = "nanort: es.jwk exists already, and is left as it is\n";
    assert.equal(outcome, { code: 2, stdout: "", stderr });
  }
  for (const [name, complaint] of [
    ["no/folder", "no/folder: no such file or directory"],
    ["./new", "./new: file already exists"],
  ] as const) {
    const outcome = await run("keygen", "-a", "ES256", "--out", "new", "--public", name);
    assert.equal(outcome, { code: 2, stdout: "", stderr: `nanort: ${complaint}\n` });
  }
  assert.equal([text("es.jwk"), readdirSync(folder)], before);
});

test("a mistake gives one line on standard error and exit code 2", async () => {
  writeFileSync(at("too long"), "");
  truncateSync(at("too long"), 1024 ** 3 + 1);
  const mistakes: [args: string[], complaint: RegExp][] = [
    [["sign", "message"], /sign needs a --key FILE/],
    [["sign", "-k", "missing", "message"], /missing: no such file or directory/],
    [["sign", "-k", ".", "message"], /\.: illegal operation on a directory/],
    [["sign", "-k", "es.public.jwk", "message"], /is a public key; what signs is the private one/],
    [["sign", "-k", "es.jwk", "missing"], /missing: no such file/],
    [["sign", "-k", "es.jwk", "too long"], /too long has more than 1073741824 bytes/],
    [["sign", "-k", "es.jwk", "one", "message"], /sign takes one FILE, not also message/],
    [["verify", "-k", "es.jwk", "message"], /verify needs a --signature FILE/],
    [["verify", "-s", "mac", "message"], /verify needs a --key FILE/],
    [["verify", "-k", "es.jwk", "-s", "no signature", "message"], /no signature holds no signature/],
    [["verify", "-k", "es.jwk", "-s", "missing", "message"], /missing: no such file/],
    [["keygen"], /keygen needs an --algorithm: ES256, /],
    [["keygen", "ES256"], /keygen takes options only, not ES256/],
    [["keygen", "-a", "ES257"], /no algorithm named ES257; did you mean ES256\?/],
    [["keygen", "-a", "constructor"], /no algorithm named constructor/],
    [["keygen", "-a", "ES256", "-f", "der"], /--format must be jwk or pem, not "der"/],
    [["keygen", "-a", "HS256", "-f", "pem"], /PEM is for key pairs; HS256 has a secret/],
    [["keygen", "-a", "A128GCM", "--public", "p"], /A128GCM has a secret, and no public half/],
    [["keygen", "-a", "ES256", "--bits", "256"], /--bits is for RSA; keys for ES256 have one length/],
    [
      ["keygen", "-a", "PS256", "--bits", "1024"],
      /--bits must be a whole number from 2048 to 8192, not "1024"/,
    ],
    [["keygen", "-a", "ES256", "--out", "k", "--public", "k"], /--out and --public name the same file/],
    [["keygen", "-a", "ES256", "--out", "no/folder"], /no\/folder: no such file or directory/],
  ];
  const outcomes = await Promise.all(mistakes.map(([args]) => run(...args)));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    const [args, complaint] = mistakes[i]!;
    assert.match(stderr, /^nanort: [^\n]+\n$/, args.join(" "));
    assert.match(stderr, complaint);
    assert.equal({ code, stdout }, { code: 2, stdout: "" }, args.join(" "));
  }
});

test.run();
