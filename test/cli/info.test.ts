import { statSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nanort } from "./nanort.ts";

test("info says what this is, and that every known answer is right", async () => {
  const { code, stdout, stderr } = await nanort(["info"]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^nanort \d+\.\d+\.\d+\n/);
  assert.match(stdout, `Node.js ${process.versions.node}`);
  for (const name of [
    "SHA-1",
    "SHA-256",
    "SHA-384",
    "SHA-512",
    "HMAC SHA-256",
    "AES-CBC",
    "AES-CTR",
    "AES-GCM",
    "AES-KW",
    "HKDF",
    "PBKDF2",
    "ECDSA P-256",
    "ECDSA P-384",
    "ECDSA P-521",
    "ECDH P-256",
    "ECDH P-384",
    "ECDH P-521",
    "Ed25519",
    "Ed448",
    "X25519",
    "X448",
    "RSA-PSS",
    "RSASSA-PKCS1-v1_5",
    "RSA-OAEP",
    "Base64",
    "memory",
    "HTTP/1.1",
  ]) {
    assert.match(stdout, new RegExp(`^  ${name} +ok `, "m"));
  }
  assert.not.match(stdout, "FAILED");
});

test("--json gives the same as data", async () => {
  const { stdout } = await nanort(["info", "--json"]);
  const { core, checks, features } = JSON.parse(stdout);
  assert.is(core.bytes, statSync("wasm-out/nano.wasm").size);
  assert.ok(checks.length >= 29);
  assert.ok(checks.every(({ ok }: { ok: boolean }) => ok));
  assert.ok(features.includes("subtleSync"));
});

test.run();
