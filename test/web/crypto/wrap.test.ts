/** wrapKey and unwrapKey: every key, in every format it has, by every algorithm that wraps, and to the host and back. */
import { webcrypto } from "node:crypto";
import { SubtleCrypto } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hex, nano, pattern, refusal } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;

const WRAPPING = [
  { name: "AES-KW" },
  { name: "AES-CBC", iv: pattern(16) },
  { name: "AES-CTR", counter: pattern(16), length: 64 },
  { name: "AES-GCM", iv: pattern(12), additionalData: pattern(3) },
];

interface Wrapped {
  readonly key: CryptoKey;
  readonly algorithm: { name: string };
  readonly formats: readonly string[];
  readonly usages: KeyUsage[];
}

function keys(): Wrapped[] {
  const secret = (algorithm: { name: string }, usages: KeyUsage[]): Wrapped => {
    const key = subtleSync.generateKey(algorithm, true, usages) as CryptoKey;
    return { key, algorithm, usages, formats: ["raw", "raw-secret", "jwk"] };
  };
  const pair = (
    algorithm: { name: string },
    publicFormats: string[],
    usages: KeyUsage[] = ["sign", "verify"],
  ): Wrapped[] => {
    const { publicKey, privateKey } = subtleSync.generateKey(algorithm, true, usages) as CryptoKeyPair;
    return [
      { key: publicKey, algorithm, usages: publicKey.usages, formats: publicFormats },
      { key: privateKey, algorithm, usages: privateKey.usages, formats: ["pkcs8", "jwk"] },
    ];
  };
  const okp = (name: string, usages?: KeyUsage[]) =>
    pair({ name }, ["spki", "raw", "raw-public", "jwk"], usages);
  const rsa = {
    name: "RSA-PSS",
    hash: "SHA-256",
    modulusLength: 1024,
    publicExponent: Uint8Array.of(1, 0, 1),
  };
  const aes = (name: string, length: number) => ({ name, length });
  return [
    secret({ name: "HMAC", hash: "SHA-256" } as { name: string }, ["sign", "verify"]),
    secret(aes("AES-CBC", 256), ["encrypt", "decrypt"]),
    secret(aes("AES-CTR", 192), ["encrypt"]),
    secret(aes("AES-GCM", 128), ["encrypt", "decrypt"]),
    secret(aes("AES-KW", 256), ["wrapKey", "unwrapKey"]),
    ...["P-256", "P-384", "P-521"].flatMap((namedCurve) =>
      pair({ name: "ECDSA", namedCurve } as { name: string }, ["spki", "raw", "raw-public", "jwk"]),
    ),
    ...["Ed25519", "Ed448"].flatMap((name) => okp(name)),
    ...["X25519", "X448"].flatMap((name) => okp(name, ["deriveKey", "deriveBits"])),
    ...pair(rsa, ["spki", "jwk"]),
  ];
}

/** A key by its only format that is bytes, which all of its kind have. */
function bytesOf({ key, formats }: Wrapped): string {
  return hex(subtleSync.exportKey(formats[0] as "raw", key));
}

for (const wrapping of WRAPPING) {
  const { name } = wrapping;

  test(`${name}: every key comes back in every format, and goes to the host`, async () => {
    const bits = pattern(32);
    const usages: KeyUsage[] = ["wrapKey", "unwrapKey"];
    const ours = subtleSync.importKey("raw", bits, name, false, usages);
    const theirs = await webcrypto.subtle.importKey("raw", bits, name, false, usages);
    let refused = 0;
    for (const wrapped of keys()) {
      const { key, algorithm, formats, usages } = wrapped;
      for (const format of formats as "raw"[]) {
        const what = `${format} of ${algorithm.name}`;
        let sealed: ArrayBuffer;
        try {
          sealed = subtleSync.wrapKey(format, key, ours, wrapping);
        } catch (error) {
          // AES-KW takes whole numbers of eight bytes alone, which spaces make of JSON.
          assert.is(name, "AES-KW", what);
          assert.is.not(format, "jwk", what);
          assert.is((error as Error).name, "OperationError");
          const promised = await refusal("wrapKey", () => [format, key, ours, wrapping]);
          assert.is(promised.message, (error as Error).message);
          refused++;
          continue;
        }
        assert.is(hex(await subtle.wrapKey(format, key, ours, wrapping)), hex(sealed), what);
        const back = subtleSync.unwrapKey(format, sealed, ours, wrapping, algorithm, true, usages);
        assert.is(bytesOf({ ...wrapped, key: back }), bytesOf(wrapped), what);
        const promised = await subtle.unwrapKey(format, sealed, ours, wrapping, algorithm, true, usages);
        assert.is(bytesOf({ ...wrapped, key: promised }), bytesOf(wrapped), what);
        if (format.startsWith("raw-")) continue; // A name that this host does not know.
        const there = await webcrypto.subtle.unwrapKey(
          format,
          sealed,
          theirs,
          wrapping,
          algorithm,
          true,
          usages,
        );
        const again = await webcrypto.subtle.wrapKey(format, there, theirs, wrapping);
        const returned = subtleSync.unwrapKey(format, again, ours, wrapping, algorithm, true, usages);
        assert.is(bytesOf({ ...wrapped, key: returned }), bytesOf(wrapped), what);
      }
    }
    assert.is(refused > 0, name === "AES-KW");
    assert.is(SubtleCrypto.supports("wrapKey", wrapping), true);
    assert.is(SubtleCrypto.supports("unwrapKey", wrapping, { name: "HMAC", hash: "SHA-256" }), true);
    assert.is(SubtleCrypto.supports("wrapKey", wrapping, "HKDF"), false, "its keys are never exported");
  });
}

test("a JSON Web Key is wrapped as JSON in UTF-8, members and all", () => {
  const kek = subtleSync.importKey("raw", pattern(16), "AES-CTR", false, ["wrapKey", "decrypt"]);
  const key = subtleSync.importKey("raw", pattern(32), "AES-KW", true, ["unwrapKey", "wrapKey"]);
  const ctr = WRAPPING[2]!;
  const bytes = subtleSync.decrypt(ctr, kek, subtleSync.wrapKey("jwk", key, kek, ctr));
  assert.is(new TextDecoder().decode(bytes), JSON.stringify(subtleSync.exportKey("jwk", key)));
});

test("what was not made by wrapping is refused, whatever it decrypts to", async () => {
  const kek = subtleSync.importKey("raw", pattern(16), "AES-CTR", false, ["unwrapKey", "encrypt"]);
  const ctr = WRAPPING[2]!;
  const unwrapping = async (format: string, plaintext: Uint8Array, more: unknown[] = []) => {
    const sealed = subtleSync.encrypt(ctr, kek, plaintext);
    const [algorithm = "AES-GCM", extractable = true, usages = ["encrypt"]] = more;
    const args = () => [format, sealed, kek, ctr, algorithm, extractable, usages];
    return (await refusal("unwrapKey", args)).name;
  };
  const utf8 = (text: string) => new TextEncoder().encode(text);
  assert.is(await unwrapping("raw", pattern(15)), "DataError");
  for (const text of [
    "",
    "{",
    "null",
    "5",
    "[]",
    "{}",
    '{"kty":7}',
    '{"kty":"oct"}',
    '{"kty":"oct","k":"A"}',
  ]) {
    assert.is(await unwrapping("jwk", utf8(text)), "DataError", text);
  }
  assert.is(
    await unwrapping("jwk", utf8('{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw","ext":false}')),
    "DataError",
  );
  assert.is(await unwrapping("jwk", pattern(99)), "DataError");
  const notUtf8 = utf8('{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw","kid":"?"}');
  notUtf8[notUtf8.length - 3] = 0xff;
  assert.is(await unwrapping("jwk", notUtf8), "DataError");
  assert.is(
    await unwrapping("spki", pattern(99), [{ name: "ECDSA", namedCurve: "P-256" }, true, []]),
    "DataError",
  );
  assert.is(await unwrapping("raw", pattern(16), ["AES-GCM", true, []]), "SyntaxError");
  assert.is(await unwrapping("raw", pattern(16), ["SHA-1"]), "NotSupportedError");
});

test("keys that may not be exported, or wrap, are refused; which comes first is the standard's", async () => {
  const kek = subtleSync.importKey("raw", pattern(16), "AES-KW", false, ["unwrapKey"]);
  const wrapper = subtleSync.importKey("raw", pattern(16), "AES-KW", false, ["wrapKey"]);
  const kept = subtleSync.importKey("raw", pattern(16), "AES-GCM", false, ["encrypt"]);
  const derived = subtleSync.importKey("raw", pattern(16), "HKDF", false, ["deriveBits"]);
  const wrapping = async (...args: unknown[]) => (await refusal("wrapKey", () => args)).name;
  assert.is(await wrapping("raw", kept, kek, "AES-KW"), "InvalidAccessError");
  assert.is(await wrapping("raw", kept, wrapper, "AES-KW"), "InvalidAccessError");
  assert.is(await wrapping("raw", derived, wrapper, "AES-KW"), "NotSupportedError");
  assert.is(await wrapping("raw", derived, kek, "AES-KW"), "InvalidAccessError");
  assert.is(await wrapping("raw", kept, wrapper, "AES-GCM"), "TypeError");
  assert.is(await wrapping("raw", kept, wrapper, { name: "AES-GCM", iv: pattern(12) }), "InvalidAccessError");
  assert.is(await wrapping("raw", kept, wrapper, "HKDF"), "NotSupportedError");
  assert.is(await wrapping("spki", wrapper, wrapper, "AES-KW"), "InvalidAccessError");
});

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
