import { webcrypto } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Method, nano, pattern, refusal } from "../support.ts";

const HMAC = { name: "HMAC", hash: "SHA-256" };
const own = nano.subtleSync.importKey("raw", pattern(16), HMAC, true, ["sign", "verify"]);
const hosts = await webcrypto.subtle.importKey("raw", pattern(16), HMAC, true, ["sign", "verify"]);
const data = pattern(4);
const shared = new Uint8Array(new SharedArrayBuffer(4));
const oct = { kty: "oct", k: "AAEC" };
const throwing = {
  get name(): string {
    throw new RangeError("of the getter");
  },
};

/** Calls that fail; `key` stands for an HMAC key of whoever is called. The last entry names what Node 20 says instead. */
type Call = [method: Method, args: (key: unknown) => unknown[], expected: string, deviation?: string];

const CALLS: Call[] = [
  ["digest", () => [], "TypeError"],
  ["digest", () => ["SHA-256"], "TypeError"],
  ["digest", () => ["SHA-256", undefined], "TypeError"],
  ["digest", () => ["SHA-256", "text"], "TypeError"],
  ["digest", () => ["SHA-256", shared], "TypeError"],
  ["digest", () => ["SHA-256", shared.buffer], "TypeError"],
  ["digest", () => ["SHA-256", {}], "TypeError"],
  ["digest", () => ["MD5", data], "NotSupportedError"],
  ["digest", () => ["", data], "NotSupportedError"],
  ["digest", () => [undefined, data], "NotSupportedError"],
  ["digest", () => [null, data], "NotSupportedError"],
  ["digest", () => [256, data], "NotSupportedError"],
  ["digest", () => ["HMAC", data], "NotSupportedError"],
  ["digest", () => [{}, data], "TypeError"],
  ["digest", () => [[], data], "TypeError"],
  ["digest", () => [{ name: undefined }, data], "TypeError"],
  ["digest", () => [{ name: "SHA-3" }, data], "NotSupportedError"],
  ["digest", () => [Symbol("SHA-256"), data], "TypeError"],
  ["digest", () => [{ name: Symbol("SHA-256") }, data], "TypeError"],
  ["digest", () => [throwing, data], "RangeError"],
  // The message is converted first, though the algorithm is the first argument.
  ["digest", () => [throwing, 5], "TypeError"],

  ["generateKey", () => [], "TypeError"],
  ["generateKey", () => [HMAC, true], "TypeError"],
  ["generateKey", () => ["HMAC", true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ name: "HMAC" }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ name: "HMAC", hash: "MD5" }, true, ["sign"]], "NotSupportedError"],
  ["generateKey", () => [{ name: "HMAC", hash: {} }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ name: "HMAC", hash: throwing }, true, ["sign"]], "RangeError"],
  ["generateKey", () => [{ ...HMAC, length: -1 }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: 2 ** 32 }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: Number.NaN }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: Infinity }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: 8n }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: 0 }, true, ["sign"]], "OperationError"],
  ["generateKey", () => [{ ...HMAC, length: null }, true, ["sign"]], "OperationError"],
  ["generateKey", () => [HMAC, true, "sign"], "TypeError"],
  ["generateKey", () => [HMAC, true, { length: 0 }], "TypeError"],
  ["generateKey", () => [HMAC, true, ["Sign"]], "TypeError"],
  ["generateKey", () => [HMAC, true, []], "SyntaxError"],
  ["generateKey", () => [HMAC, true, ["deriveBits"]], "SyntaxError"],
  ["generateKey", () => ["SHA-256", true, ["sign"]], "NotSupportedError"],
  ["generateKey", () => ["AES", true, ["encrypt"]], "NotSupportedError"],

  ["importKey", () => ["raw", data, HMAC, true], "TypeError"],
  ["importKey", () => ["der", data, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["RAW", data, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", oct, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["jwk", data, HMAC, true, ["sign"]], "TypeError", "DataError"],
  ["importKey", () => ["raw", "key", HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["jwk", 5, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", null, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", shared, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["jwk", { ...oct, key_ops: "sign" }, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["jwk", null, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["jwk", {}, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["raw", data, "HMAC", true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", data, "SHA-256", true, ["sign"]], "NotSupportedError"],
  ["importKey", () => ["raw", data, HMAC, true, ["encrypt"]], "SyntaxError"],
  ["importKey", () => ["raw", data, HMAC, true, []], "SyntaxError"],
  ["importKey", () => ["raw", new Uint8Array(0), HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["raw", data, { ...HMAC, length: 33 }, true, ["sign"]], "DataError"],
  ["importKey", () => ["spki", data, HMAC, true, ["sign"]], "NotSupportedError", "Error"],
  ["importKey", () => ["pkcs8", data, HMAC, true, ["sign"]], "NotSupportedError", "Error"],

  ["exportKey", () => ["raw"], "TypeError"],
  ["exportKey", (key) => ["der", key], "TypeError"],
  ["exportKey", () => ["raw", {}], "TypeError"],
  ["exportKey", () => ["raw", Object.create(Object.getPrototypeOf(own))], "TypeError"],
  ["exportKey", (key) => ["spki", key], "NotSupportedError", "InvalidAccessError"],

  ["sign", (key) => ["HMAC", key], "TypeError"],
  ["sign", () => ["HMAC", {}, data], "TypeError"],
  ["sign", (key) => ["HMAC", key, "text"], "TypeError"],
  ["sign", (key) => ["HMAC", key, shared], "TypeError"],
  ["sign", (key) => ["SHA-256", key, data], "NotSupportedError"],
  ["sign", (key) => [{}, key, data], "TypeError"],
  ["verify", (key) => ["HMAC", key, data], "TypeError"],
  ["verify", (key) => ["HMAC", key, "mac", data], "TypeError"],
  ["verify", (key) => ["HMAC", key, data, null], "TypeError"],
  ["verify", (key) => ["none", key, data, data], "NotSupportedError"],

  // Neither HMAC nor SHA has these operations.
  ["encrypt", (key) => ["HMAC", key, data], "NotSupportedError"],
  ["encrypt", (key) => ["HMAC", key], "TypeError"],
  ["encrypt", (key) => [{}, key, data], "TypeError"],
  ["encrypt", (key) => ["HMAC", key, "text"], "TypeError"],
  ["decrypt", (key) => [{ name: "HMAC" }, key, data], "NotSupportedError"],
  ["decrypt", () => ["HMAC", {}, data], "TypeError"],
  ["deriveBits", (key) => ["HMAC", key, 128], "NotSupportedError"],
  ["deriveBits", (key) => ["HMAC", key], "NotSupportedError"],
  ["deriveBits", (key) => ["HMAC", key, null], "NotSupportedError"],
  ["deriveBits", (key) => ["HMAC", key, -1], "NotSupportedError"],
  ["deriveBits", (key) => ["HMAC", key, 1n], "TypeError", "NotSupportedError"],
  ["deriveBits", () => ["HMAC"], "TypeError"],
  ["deriveKey", (key) => ["HMAC", key, HMAC, true, ["sign"]], "NotSupportedError"],
  ["deriveKey", (key) => ["HMAC", key, HMAC, true], "TypeError"],
  ["deriveKey", (key) => ["HMAC", key, HMAC, true, ["fly"]], "TypeError"],
  ["wrapKey", (key) => ["raw", key, key, "HMAC"], "NotSupportedError"],
  ["wrapKey", (key) => ["raw", key, key], "TypeError"],
  ["wrapKey", (key) => ["raw", key, {}, "HMAC"], "TypeError"],
  ["wrapKey", (key) => ["raw", key, key, {}], "TypeError"],
  ["unwrapKey", (key) => ["raw", data, key, "HMAC", HMAC, true, ["sign"]], "NotSupportedError"],
  ["unwrapKey", (key) => ["raw", data, key, "HMAC", HMAC, true], "TypeError"],
  ["unwrapKey", (key) => ["der", data, key, "HMAC", HMAC, true, ["sign"]], "TypeError"],
];

for (const method of new Set(CALLS.map(([name]) => name))) {
  const calls = CALLS.filter(([name]) => name === method);

  test(`${method}: ${calls.length} wrong calls fail alike in both forms, and as the host's fail`, async () => {
    for (const [, args, expected, deviation] of calls) {
      const text = String(args).replace(/\s+/g, " ");
      const error = await refusal(method, () => args(own));
      assert.is(error.name, expected, `${method}(${text}): ${error.message}`);
      assert.ok(
        [method, "keyUsages", "of the getter"].some((start) => error.message.startsWith(start)),
        error.message,
      );
      const host = webcrypto.subtle[method as keyof SubtleCrypto] as (...args: unknown[]) => Promise<unknown>;
      const hostError = await host.apply(webcrypto.subtle, args(hosts)).then(
        () => ({ name: "no error" }),
        (reason: Error) => reason,
      );
      assert.ok(
        [expected, deviation].includes(hostError.name),
        `the host's ${method}(${text}): ${hostError.name}`,
      );
    }
  });
}

test("errors are DOMExceptions, or TypeErrors, of this realm", async () => {
  const unsupported = await refusal("digest", () => ["MD5", data]);
  assert.is(unsupported.constructor, DOMException);
  assert.is((unsupported as DOMException).code, DOMException.NOT_SUPPORTED_ERR);
  assert.is((await refusal("digest", () => ["SHA-1", 1])).constructor, TypeError);
});

test("messages name the operation, the argument, the member and the range", async () => {
  const message = async (method: Method, ...args: unknown[]) => (await refusal(method, () => args)).message;
  assert.is(await message("digest", "SHA-1"), "digest: 2 arguments required, but only 1 given");
  assert.is(
    await message("generateKey", { ...HMAC, length: -3 }, true, ["sign"]),
    "generateKey: algorithm.length is -3, outside the range 0 to 4294967295",
  );
  assert.is(
    await message("generateKey", { name: "HMAC" }, true, ["sign"]),
    "generateKey: algorithm.hash is missing (HmacKeyGenParams requires it)",
  );
  assert.match(
    await message("importKey", "jwk", { key_ops: [Symbol()] }, HMAC, true, []),
    /keyData\.key_ops\[0\] is a symbol/,
  );
  assert.match(
    await message("generateKey", HMAC, true, ["sign", "fly"]),
    /keyUsages\[1\]: "fly" is no KeyUsage/,
  );
});

test("a key's bytes are in no message", async () => {
  const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
  for (const jwk of [
    { kty: "oct", k: `${secret}!` },
    { kty: "RSA", k: secret },
    { kty: "oct", k: secret, alg: "HS1" },
  ]) {
    const { message } = await refusal("importKey", () => ["jwk", jwk, HMAC, true, ["sign"]]);
    assert.not.ok(message.includes("c2Vj"), message);
  }
});

test.run();
