/**
 * RSA keys that are for one hash, as RSA-PSS has them: generated, and read and written as "spki", "pkcs8" and "jwk".
 * https://w3c.github.io/webcrypto/#rsa-pss-operations, from "Generate Key" on. Keys have two primes.
 */
import { parsePkcs8, parseSpki, writePkcs8, writeSpki } from "../../core/der.ts";
import {
  generateRsaKey,
  RSA_GENERATED_BITS_MAX,
  RSA_MODULUS_BITS_MIN,
  type RsaPrivateParts,
  RsaPrivateSlot,
  type RsaPublicParts,
  RsaPublicSlot,
} from "../../core/rsa.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, uint8Array, unsignedLong } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context, HashAlgorithmIdentifier } from "./algorithm.ts";
import { encodeBase64url } from "./base64url.ts";
import { type JsonWebKey, type JwkBytesMember, jwkBytes, requireJwk, requireJwkAlgorithm } from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyAlgorithm,
  type KeyFormat,
  type KeySlots,
  type KeyUsage,
  normalizeUsages,
  readKeyFile,
  requireType,
  requireUsage,
  requireUsages,
} from "./key.ts";
import type { Slices } from "./slices.ts";

export interface RsaHashedImportParams extends Algorithm {
  readonly hash: Algorithm;
}
const HASH = [{ name: "hash", type: HashAlgorithmIdentifier, required: true }] as const;
export const RsaHashedImportParams: Dictionary<RsaHashedImportParams> = dictionary(
  "RsaHashedImportParams",
  ALGORITHM_MEMBERS,
  HASH,
);

export interface RsaHashedKeyGenParams extends RsaHashedImportParams {
  /** In bits. */
  readonly modulusLength: number;
  /** A BigInteger: big-endian. */
  readonly publicExponent: Uint8Array;
}
export const RsaHashedKeyGenParams: Dictionary<RsaHashedKeyGenParams> = dictionary(
  "RsaHashedKeyGenParams",
  ALGORITHM_MEMBERS,
  [
    { name: "modulusLength", type: unsignedLong, required: true },
    { name: "publicExponent", type: uint8Array, required: true },
  ],
  HASH,
);

export interface RsaHashedKeyAlgorithm extends KeyAlgorithm {
  /** In bits. */
  readonly modulusLength: number;
  /** Big-endian, as short as can be. */
  readonly publicExponent: Uint8Array;
  readonly hash: KeyAlgorithm;
}

/** What an algorithm with such keys does with them. */
export interface RsaKeyUse {
  readonly name: string;
  readonly publicUsages: readonly KeyUsage[];
  readonly privateUsages: readonly KeyUsage[];
  readonly jwkUse: "sig" | "enc";
  /** What `alg` of a JSON Web Key may be, by hash. */
  readonly jwkAlgorithms: Record<string, string>;
}

export function* generateRsaKeyPair(
  { core, fillRandom }: Context,
  use: RsaKeyUse,
  { modulusLength, publicExponent, hash }: RsaHashedKeyGenParams,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Slices<{ privateKey: CryptoKey; publicKey: CryptoKey }> {
  requireUsages(usages, [...use.privateUsages, ...use.publicUsages], use.name);
  const exponent = publicExponent.slice();
  requireGenerated(modulusLength, exponent);
  const privateUsages = usages.filter((usage) => use.privateUsages.includes(usage));
  const publicUsages = usages.filter((usage) => use.publicUsages.includes(usage));
  requireUsage("private", privateUsages); // Before the work, not after it.
  const parts = yield* generateRsaKey(core, modulusLength, exponent, fillRandom);
  try {
    const { name } = hash;
    return {
      privateKey: keyOf(
        use,
        name,
        new RsaPrivateSlot(core, parts, extractable),
        parts,
        extractable,
        privateUsages,
      ),
      publicKey: keyOf(use, name, new RsaPublicSlot(core, parts), parts, true, publicUsages),
    };
  } finally {
    wipe(parts);
  }
}

export function importRsaKey(
  { core }: Context,
  use: RsaKeyUse,
  { hash }: RsaHashedImportParams,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  if (format === "spki") {
    requireUsages(usages, use.publicUsages, `${use.name} in "spki"`);
    const parts = readKeyFile(() => parseSpki(core, keyData as Uint8Array));
    if (parts.algorithm !== "RSA") throw otherAlgorithm();
    return publicKey(parts);
  }
  if (format === "pkcs8") {
    requireUsages(usages, use.privateUsages, `${use.name} in "pkcs8"`);
    const parts = readKeyFile(() => parsePkcs8(core, keyData as Uint8Array));
    try {
      if (parts.algorithm !== "RSA") throw otherAlgorithm();
      return privateKey(parts);
    } finally {
      wipe(parts);
    }
  }
  if (format !== "jwk") throw unsupportedFormat("importKey", use, format);
  const jwk = keyData as JsonWebKey;
  const isPrivate = jwk.d !== undefined;
  requireUsages(
    usages,
    isPrivate ? use.privateUsages : use.publicUsages,
    `${use.name} in "jwk" ${isPrivate ? "with" : "without"} d`,
  );
  requireJwk(jwk, { kty: "RSA", use: use.jwkUse, usages, extractable });
  requireJwkAlgorithm(jwk, use.jwkAlgorithms[hash.name]!);
  if (!isPrivate) return publicKey({ n: jwkBytes(jwk, "n"), e: jwkBytes(jwk, "e") });
  if (jwk.oth) {
    throw domException(
      "DataError",
      "importKey: keyData.oth is present; keys of more than two primes have no use",
    );
  }
  const parts: Partial<Record<JwkBytesMember, Uint8Array>> = {};
  try {
    for (const member of PRIVATE_MEMBERS) parts[member] = jwkBytes(jwk, member);
    return privateKey(parts as unknown as RsaPrivateParts);
  } finally {
    wipe(parts);
  }

  function publicKey(parts: RsaPublicParts): CryptoKey {
    const slot = validKey(() => new RsaPublicSlot(core, parts));
    return keyOf(use, hash.name, slot, parts, extractable, usages);
  }

  function privateKey(parts: RsaPrivateParts): CryptoKey {
    const slot = validKey(() => new RsaPrivateSlot(core, parts, extractable));
    return keyOf(use, hash.name, slot, parts, extractable, usages);
  }
}

export function exportRsaKey(
  { core }: Context,
  use: RsaKeyUse,
  key: KeySlots,
  format: KeyFormat,
): ArrayBuffer | JsonWebKey {
  if (format === "spki") {
    requireType(key, "public", format);
    const { n, e } = (key.handle as RsaPublicSlot).exportParts();
    return writeSpki(core, { algorithm: "RSA", n: shortest(n), e: shortest(e) });
  }
  if (format === "pkcs8") {
    requireType(key, "private", format);
    const parts = (key.handle as RsaPrivateSlot).exportParts();
    const { n, e, d, p, q, dp, dq, qi } = mapParts(parts, shortest);
    const file = writePkcs8(core, { algorithm: "RSA", n, e, d, p, q, dp, dq, qi });
    wipe(parts);
    return file;
  }
  if (format === "jwk") return jwkOf(use, key);
  throw unsupportedFormat("exportKey", use, format);
}

/** RFC 7518, section 6.3, in the order in which they are read. */
const PRIVATE_MEMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"] as const;

/** Members in the order that WebIDL gives them. */
function jwkOf(use: RsaKeyUse, { algorithm, extractable, handle, usages }: KeySlots): JsonWebKey {
  const alg = use.jwkAlgorithms[(algorithm as RsaHashedKeyAlgorithm).hash.name]!;
  const common = { ext: extractable, key_ops: [...usages], kty: "RSA" };
  const text = (number: Uint8Array) => encodeBase64url(shortest(number));
  if (handle instanceof RsaPublicSlot) {
    const { n, e } = handle.exportParts();
    const { ext, key_ops, kty } = common;
    return { alg, e: text(e), ext, key_ops, kty, n: text(n) };
  }
  const parts = (handle as RsaPrivateSlot).exportParts();
  const { n, e, d, p, q, dp, dq, qi } = mapParts(parts, text);
  wipe(parts);
  const { ext, key_ops, kty } = common;
  return { alg, d, dp, dq, e, ext, key_ops, kty, n, p, q, qi };
}

function mapParts<T>(
  parts: RsaPrivateParts,
  map: (number: Uint8Array) => T,
): Record<keyof RsaPrivateParts, T> {
  const { n, e, d, p, q, dp, dq, qi } = parts;
  return { n: map(n), e: map(e), d: map(d), p: map(p), q: map(q), dp: map(dp), dq: map(dq), qi: map(qi) };
}

function keyOf(
  { name }: RsaKeyUse,
  hashName: string,
  handle: RsaPublicSlot | RsaPrivateSlot,
  { e }: RsaPublicParts,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  const type = handle instanceof RsaPrivateSlot ? "private" : "public";
  const algorithm: RsaHashedKeyAlgorithm = {
    name,
    modulusLength: handle.modulusBits,
    publicExponent: shortest(e).slice(),
    hash: { name: hashName },
  };
  return createKey({ type, extractable, algorithm, usages: normalizeUsages(usages), handle });
}

/** @throws DOMException OperationError for what `generateRsaKey` does not make. */
function requireGenerated(modulusLength: number, publicExponent: Uint8Array): void {
  if (modulusLength < RSA_MODULUS_BITS_MIN || modulusLength > RSA_GENERATED_BITS_MAX) {
    const range = `${RSA_MODULUS_BITS_MIN} to ${RSA_GENERATED_BITS_MAX}`;
    const message = `generateKey: algorithm.modulusLength is ${modulusLength}, outside the range ${range}`;
    throw domException("OperationError", message);
  }
  const e = shortest(publicExponent);
  const bits = e.length === 0 ? 0 : 8 * e.length - (Math.clz32(e[0]!) - 24);
  const bitsMax = Math.min(256, modulusLength >>> 1);
  if (bits >= 2 && bits <= bitsMax && e.at(-1)! & 1) return;
  const due = `odd, 3 at least, and of ${bitsMax} bits at most for this modulusLength`;
  throw domException("OperationError", `generateKey: algorithm.publicExponent must be ${due}`);
}

/** @throws DOMException DataError for numbers that are no key. */
function validKey<Slot>(prepare: () => Slot): Slot {
  try {
    return prepare();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "DataError")) throw error;
    throw domException("DataError", `importKey: keyData has ${error.message}`);
  }
}

/** Without zeros before it, as JSON Web Keys, key files and BigIntegers have numbers. */
function shortest(number: Uint8Array): Uint8Array<ArrayBuffer> {
  let zeros = 0;
  while (number[zeros] === 0) zeros++;
  return number.subarray(zeros) as Uint8Array<ArrayBuffer>; // No number here is in shared memory.
}

function wipe(parts: object): void {
  for (const part of Object.values(parts)) if (part instanceof Uint8Array) part.fill(0);
}

function otherAlgorithm(): DOMException {
  return domException("DataError", "importKey: keyData is a key on an elliptic curve, not an RSA key");
}

function unsupportedFormat(method: string, { name }: RsaKeyUse, format: KeyFormat): DOMException {
  const message = `${method}: format is ${JSON.stringify(format)}; ${name} keys have "spki", "pkcs8" and "jwk"`;
  return domException("NotSupportedError", message);
}
