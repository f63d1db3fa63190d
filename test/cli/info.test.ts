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
    "AES-GCM",
    "ECDSA P-256",
    "ECDSA P-384",
    "ECDSA P-521",
    "RSA-PSS",
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
  assert.ok(checks.length >= 15);
  assert.ok(checks.every(({ ok }: { ok: boolean }) => ok));
  assert.ok(features.includes("subtleSync"));
});

test.run();
