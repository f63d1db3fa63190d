/** Calls that fail: the same error, by name and by message, on every engine and in both forms of the interface. */
import type { CryptoKey, Runtime } from "nanort";
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf, pattern, runtime } from "./support.ts";

const HMAC = { name: "HMAC", hash: "SHA-256" };
const data = pattern(4);
const oct = { kty: "oct", k: "AAEC" };

/** `key` is an HMAC key that can sign and verify. The last entry is the name of the error. */
type Call = [method: string, args: (key: CryptoKey) => unknown[], expected: string];

const CALLS: Call[] = [
  ["digest", () => [], "TypeError"],
  ["digest", () => ["SHA-256"], "TypeError"],
  ["digest", () => ["SHA-256", undefined], "TypeError"],
  ["digest", () => ["SHA-256", "text"], "TypeError"],
  ["digest", () => ["SHA-256", {}], "TypeError"],
  ["digest", () => ["MD5", data], "NotSupportedError"],
  ["digest", () => [null, data], "NotSupportedError"],
  ["digest", () => ["HMAC", data], "NotSupportedError"],
  ["digest", () => [{}, data], "TypeError"],
  ["digest", () => [{ name: "SHA-0" }, data], "NotSupportedError"],
  ["generateKey", () => [], "TypeError"],
  ["generateKey", () => [HMAC, true], "TypeError"],
  ["generateKey", () => ["HMAC", true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ name: "HMAC", hash: "MD5" }, true, ["sign"]], "NotSupportedError"],
  ["generateKey", () => [{ ...HMAC, length: -1 }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: 2 ** 32 }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: Number.NaN }, true, ["sign"]], "TypeError"],
  ["generateKey", () => [{ ...HMAC, length: 0 }, true, ["sign"]], "OperationError"],
  ["generateKey", () => [HMAC, true, "sign"], "TypeError"],
  ["generateKey", () => [HMAC, true, ["Sign"]], "TypeError"],
  ["generateKey", () => [HMAC, true, []], "SyntaxError"],
  ["generateKey", () => [HMAC, true, ["deriveBits"]], "SyntaxError"],
  ["generateKey", () => ["SHA-256", true, ["sign"]], "NotSupportedError"],
  ["importKey", () => ["raw", data, HMAC, true], "TypeError"],
  ["importKey", () => ["der", data, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", oct, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", null, HMAC, true, ["sign"]], "TypeError"],
  ["importKey", () => ["raw", new Uint8Array(0), HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["raw", data, { ...HMAC, length: 33 }, true, ["sign"]], "DataError"],
  ["importKey", () => ["raw", data, HMAC, true, ["encrypt"]], "SyntaxError"],
  ["importKey", () => ["raw", data, HMAC, true, []], "SyntaxError"],
  ["importKey", () => ["jwk", {}, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["jwk", { ...oct, kty: "RSA" }, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["jwk", { ...oct, k: "A?" }, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["jwk", { ...oct, alg: "HS1" }, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["jwk", { ...oct, ext: false }, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["jwk", { ...oct, key_ops: ["verify"] }, HMAC, true, ["sign"]], "DataError"],
  ["importKey", () => ["spki", data, HMAC, true, ["sign"]], "NotSupportedError"],
  ["exportKey", () => ["raw", {}], "TypeError"],
  ["exportKey", (key) => ["der", key], "TypeError"],
  ["exportKey", (key) => ["spki", key], "NotSupportedError"],
  ["sign", (key) => ["HMAC", key], "TypeError"],
  ["sign", () => ["HMAC", {}, data], "TypeError"],
  ["sign", (key) => ["HMAC", key, "text"], "TypeError"],
  ["sign", (key) => ["SHA-256", key, data], "NotSupportedError"],
  ["verify", (key) => ["HMAC", key, data], "TypeError"],
  ["verify", (key) => ["HMAC", key, "mac", data], "TypeError"],
  ["encrypt", (key) => ["HMAC", key, data], "NotSupportedError"],
  ["deriveBits", (key) => ["HMAC", key, 128], "NotSupportedError"],
  ["wrapKey", (key) => ["raw", key, key, "HMAC"], "NotSupportedError"],
];

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Makes a call in both forms; the error that both give. */
async function refusal(nano: Runtime, [method, args, expected]: Call): Promise<string> {
  const key = nano.subtleSync.importKey("raw", data, HMAC, true, ["sign", "verify"]) as CryptoKey;
  const [subtle, subtleSync] = [nano.crypto.subtle, nano.subtleSync] as unknown as [Methods, Methods];
  const promise = subtle[method]!(...args(key));
  assert.instance(promise, Promise, "the promise's form never throws");
  const rejected = await errorOf(() => promise);
  const thrown = await errorOf(() => subtleSync[method]!(...args(key)));
  const call = `${method}(${JSON.stringify(args(key))})`;
  assert.is(rejected.name, expected, `${call}: ${rejected.message}`);
  assert.is(`${thrown.name}: ${thrown.message}`, `${rejected.name}: ${rejected.message}`, call);
  assert.instance(rejected, expected === "TypeError" ? TypeError : DOMException, call);
  return `${call} ${rejected.name}: ${rejected.message}`;
}

/** Refused at the call, where an operation would go by slices, and of a message that comes in pieces. */
const LONG_CALLS: [method: "generateKey" | "digest", args: unknown[]][] = [
  [
    "generateKey",
    [
      { name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      true,
      [],
    ],
  ],
  ["digest", ["MD5", [data]]],
];

export const badCalls: Suite = {
  name: "bad calls",
  tests: {
    ...Object.fromEntries(
      [...new Set(CALLS.map(([method]) => method))].map((method) => [
        `${method} refuses what is wrong by the same name and message`,
        async () => {
          const nano = await runtime();
          const seen: string[] = [];
          for (const call of CALLS) if (call[0] === method) seen.push(await refusal(nano, call));
          return seen;
        },
      ]),
    ),
    "a refusal that the caller handles is nowhere reported as unhandled": async () => {
      const nano = await runtime();
      const subtle = nano.crypto.subtle as unknown as Methods;
      const unhandled: string[] = [];
      // Engines without such events end the process, or the test.
      const listener = (event: PromiseRejectionEvent) => void unhandled.push(String(event.reason));
      globalThis.addEventListener?.("unhandledrejection", listener);
      try {
        for (const [method, args] of LONG_CALLS) await errorOf(() => subtle[method]!(...args));
        await new Promise<void>((resolve) => nano.setTimeout(resolve, 1));
      } finally {
        globalThis.removeEventListener?.("unhandledrejection", listener);
      }
      assert.equal(unhandled, []);
    },
  },
};
