import { webcrypto } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const HMAC = { name: "HMAC", hash: "SHA-256" };
const k = Buffer.from(pattern(32)).toString("base64url");

test("a key comes out as a JSON Web Key with its members in WebIDL's order, and goes in again", async () => {
  for (const [hash, alg] of [
    ["SHA-1", "HS1"],
    ["SHA-256", "HS256"],
    ["SHA-384", "HS384"],
    ["SHA-512", "HS512"],
  ]) {
    const key = subtleSync.importKey("raw", pattern(32), { name: "HMAC", hash }, true, ["verify", "sign"]);
    const jwk = await subtle.exportKey("jwk", key);
    assert.is(
      JSON.stringify(jwk),
      `{"alg":"${alg}","ext":true,"k":"${k}","key_ops":["sign","verify"],"kty":"oct"}`,
    );
    assert.equal(subtleSync.exportKey("jwk", key), jwk);
    assert.is(Object.getPrototypeOf(jwk), Object.prototype);
    const again = await subtle.importKey("jwk", jwk, { name: "HMAC", hash }, true, ["sign"]);
    assert.is(hex(subtleSync.exportKey("raw", again)), hex(pattern(32)));
    const host = await webcrypto.subtle.importKey("jwk", jwk, { name: "HMAC", hash: hash! }, true, ["sign"]);
    assert.is(hex(await webcrypto.subtle.exportKey("raw", host)), hex(pattern(32)));
  }
});

test("members that contradict the import are DataErrors that name them", async () => {
  const wrong: [object, RegExp][] = [
    [{ k }, /kty is missing/],
    [{ kty: "RSA", k }, /kty is "RSA", not "oct"/],
    [{ kty: "OCT", k }, /kty/],
    [{ kty: "oct" }, /keyData\.k is missing/],
    [{ kty: "oct", k: "" }, /no bits/],
    [{ kty: "oct", k: `${k}=` }, /base64url/],
    [{ kty: "oct", k: "ab+c" }, /base64url/],
    [{ kty: "oct", k: "ab c" }, /base64url/],
    [{ kty: "oct", k: "A" }, /base64url/],
    [{ kty: "oct", k: "AB" }, /base64url/],
    [{ kty: "oct", k: "\u0141A" }, /base64url/],
    [{ kty: "oct", k, alg: "HS512" }, /alg is "HS512", not "HS256"/],
    [{ kty: "oct", k, use: "enc" }, /use is "enc", not "sig"/],
    [{ kty: "oct", k, key_ops: ["sign", "sign"] }, /"sign" twice/],
    [{ kty: "oct", k, key_ops: ["sign", "x", "x"] }, /"x" twice/],
    [{ kty: "oct", k, key_ops: [] }, /lacks "sign"/],
    [{ kty: "oct", k, key_ops: ["verify"] }, /lacks "sign"/],
    [{ kty: "oct", k, use: "sig", key_ops: ["sign", "encrypt"] }, /"encrypt"/],
    [{ kty: "oct", k, ext: false }, /ext/],
  ];
  for (const [jwk, message] of wrong) {
    const error = await refusal("importKey", () => ["jwk", jwk, HMAC, true, ["sign"]]);
    assert.is(error.name, "DataError", JSON.stringify(jwk));
    assert.match(error.message, message);
  }
});

test("members that say nothing against it are accepted", async () => {
  const right: object[] = [
    { kty: "oct", k },
    { kty: "oct", k, alg: "HS256", use: "sig", key_ops: ["sign", "verify"], ext: true },
    { kty: "oct", k, key_ops: ["sign", "of another standard"] },
    { kty: "oct", k, kid: "7", x5t: 5, n: "not looked at", d: "neither" },
    { kty: "oct", k, alg: undefined, ext: undefined, key_ops: undefined },
    Object.create({ kty: "oct", k }),
  ];
  for (const jwk of right) {
    const key = await subtle.importKey("jwk", jwk, HMAC, true, ["sign"]);
    assert.is(hex(subtleSync.exportKey("raw", key)), hex(pattern(32)));
  }
  const kept = subtleSync.importKey("jwk", { kty: "oct", k, ext: false }, HMAC, false, ["sign"]);
  assert.is(kept.extractable, false);
});

test("unwrapping: scripts see nothing of a key by Object.prototype, and add nothing to it", () => {
  const params = { name: "AES-GCM", iv: pattern(12) };
  const wrapping = subtleSync.generateKey({ name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]);
  const EC = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey } = subtleSync.generateKey(EC, true, ["sign", "verify"]);
  const secret = subtleSync.importKey("jwk", { kty: "oct", k }, HMAC, true, ["sign"]);
  const wrapped = [secret, publicKey].map((key) => subtleSync.wrapKey("jwk", key, wrapping, params));
  const seen: unknown[] = [];
  Object.defineProperties(Object.prototype, {
    k: { configurable: true, set: (value) => seen.push(value) },
    d: { configurable: true, value: k },
  });
  try {
    const mac = subtleSync.unwrapKey("jwk", wrapped[0]!, wrapping, params, HMAC, false, ["sign"]);
    assert.is(
      hex(subtleSync.sign("HMAC", mac, pattern(9))),
      hex(subtleSync.sign("HMAC", secret, pattern(9))),
    );
    const open = subtleSync.unwrapKey("jwk", wrapped[1]!, wrapping, params, EC, true, ["verify"]);
    assert.is(open.type, "public");
  } finally {
    Reflect.deleteProperty(Object.prototype, "k");
    Reflect.deleteProperty(Object.prototype, "d");
  }
  assert.equal(seen, []);
});

test("operations by the hundred thousand are read as one is", () => {
  const key_ops = Array.from({ length: 300_000 }, (_, i) => `operation ${i}`);
  const imported = (last: string) =>
    subtleSync.importKey("jwk", { kty: "oct", k, key_ops: [...key_ops, last] }, HMAC, true, ["sign"]);
  assert.equal(imported("sign").usages, ["sign"]);
  assert.throws(() => imported("operation 5"), /key_ops has "operation 5" twice/);
});

test("members are read once each, in lexicographical order, and converted", async () => {
  const log: string[] = [];
  const jwk = new Proxy(
    { kty: { toString: () => "oct" }, k, key_ops: new Set(["sign"]), ext: 1 },
    {
      get(target, name, receiver) {
        log.push(String(name));
        return Reflect.get(target, name, receiver);
      },
    },
  );
  await subtle.importKey("jwk", jwk as never, HMAC, true, ["sign"]);
  assert.equal(log, "alg crv d dp dq e ext k key_ops kty n oth p priv pub q qi use x y".split(" "));
});

test.run();
