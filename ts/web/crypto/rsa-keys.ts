/**
 * RSA keys that are for one hash, which all algorithms of RSA have alike: generated, and read and written as "spki",
 * "pkcs8" and "jwk".
 * https://w3c.github.io/webcrypto/#rsa-pss-operations, from "Generate Key" on. Keys have two primes.
 */
import { encodeBase64url } from "../../core/base64url.ts";
import type { Core } from "../../core/core.ts";
import { writePkcs8, writeSpki } from "../../core/der.ts";
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
import { type Dictionary, dictionary, stillHeld, uint8Array, unsignedLong } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context, HashAlgorithmIdentifier } from "./algorithm.ts";
import { type JsonWebKey, jwkNumbers, requireJwkAlgorithm } from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyAlgorithm,
  type KeyFormat,
  type KeySlots,
  type KeyUsage,
  normalizeUsages,
  requireType,
  requireUsage,
  requireUsages,
} from "./key.ts";
import {
  closingUnlessMade,
  divideUsages,
  type KeyPairUse,
  type KeyRequest,
  readJwkKind,
  readPkcs8,
  readSpki,
  unsupportedFormat,
  wipeParts,
} from "./key-pair.ts";
import { Sliced, type Slices } from "./slices.ts";

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

/** What an algorithm does with its keys. */
interface RsaKeyUse extends KeyPairUse {
  /** What `alg` of a JSON Web Key is, by hash. */
  readonly jwkAlgorithms: Record<string, string>;
}

/** The operations of an algorithm that are about its keys. */
export function rsaKeys(use: RsaKeyUse) {
  return {
    /** Takes some tenths of a second for 2048 bits, more for more, and now and then some times as long. */
    generateKey(
      context: Context,
      params: RsaHashedKeyGenParams,
      extractable: boolean,
      usages: readonly KeyUsage[],
    ): Sliced<{ privateKey: CryptoKey; publicKey: CryptoKey }> {
      return new Sliced(generatePair(context, use, params, extractable, usages));
    },

    importKey(
      { core }: Context,
      { hash }: RsaHashedImportParams,
      format: KeyFormat,
      keyData: Uint8Array | JsonWebKey,
      extractable: boolean,
      usages: readonly KeyUsage[],
    ): CryptoKey {
      return importAs(core, use, hash, format, keyData, { extractable, usages });
    },

    exportKey({ core }: Context, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
      return exportAs(core, use, key, format);
    },

    getPublicKey({ core }: Context, { algorithm, handle }: KeySlots, usages: readonly KeyUsage[]): CryptoKey {
      requireUsages(usages, use.publicUsages, `public keys for ${use.name}`);
      const { hash } = algorithm as RsaHashedKeyAlgorithm;
      const parts = (handle as RsaPrivateSlot).publicParts();
      return publicKeyOf(core, use, hash, parts, { extractable: true, usages });
    },
  };
}

function* generatePair(
  { core, fillRandom }: Context,
  use: RsaKeyUse,
  params: RsaHashedKeyGenParams,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Slices<{ privateKey: CryptoKey; publicKey: CryptoKey }> {
  const { privateUsages, publicUsages } = divideUsages(use, usages);
  const exponent = requireGenerated(params);
  const { modulusLength, hash } = params;
  requireUsage("private", privateUsages); // Before the work, not after it.
  const parts = yield* generateRsaKey(core, modulusLength, exponent, fillRandom);
  try {
    return {
      privateKey: privateKeyOf(core, use, hash, parts, { extractable, usages: privateUsages }),
      publicKey: publicKeyOf(core, use, hash, parts, { extractable: true, usages: publicUsages }),
    };
  } finally {
    wipeParts(parts);
  }
}

function importAs(
  core: Core,
  use: RsaKeyUse,
  hash: Algorithm,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  request: KeyRequest,
): CryptoKey {
  const { usages } = request;
  switch (format) {
    case "spki": {
      const parts = readSpki(core, use, "RSA", keyData as Uint8Array, usages);
      return validKey(() => publicKeyOf(core, use, hash, parts, request));
    }
    case "pkcs8": {
      const parts = readPkcs8(core, use, "RSA", keyData as Uint8Array, usages);
      return validKey(() => privateKeyOf(core, use, hash, parts, request));
    }
    case "jwk":
      return importJwk(core, use, hash, keyData as JsonWebKey, request);
    default:
      throw unsupportedFormat("importKey", use, FORMATS, format);
  }
}

/** RFC 7518, section 6.3. */
function importJwk(
  core: Core,
  use: RsaKeyUse,
  hash: Algorithm,
  jwk: JsonWebKey,
  request: KeyRequest,
): CryptoKey {
  const isPrivate = readJwkKind(jwk, use, "RSA", request);
  requireJwkAlgorithm(jwk, use.jwkAlgorithms[hash.name]!);
  if (!isPrivate) {
    const [n, e] = jwkNumbers(core, jwk, ["n", "e"]);
    return validKey(() => publicKeyOf(core, use, hash, { n, e }, request));
  }
  if (jwk.oth) {
    const message = "importKey: keyData.oth is present; keys of more than two primes have no use";
    throw domException("DataError", message);
  }
  const [n, e, d, p, q, dp, dq, qi] = jwkNumbers(core, jwk, ["n", "e", "d", "p", "q", "dp", "dq", "qi"]);
  const parts = { n, e, d, p, q, dp, dq, qi };
  try {
    return validKey(() => privateKeyOf(core, use, hash, parts, request));
  } finally {
    wipeParts(parts);
  }
}

function exportAs(core: Core, use: RsaKeyUse, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
  switch (format) {
    case "spki": {
      requireType(key, "public", format);
      const { n, e } = (key.handle as RsaPublicSlot).exportParts();
      return writeSpki(core, { algorithm: "RSA", n: shortest(n), e: shortest(e) });
    }
    case "pkcs8":
      requireType(key, "private", format);
      return withParts(key.handle as RsaPrivateSlot, shortest, (parts) =>
        writePkcs8(core, { algorithm: "RSA", ...parts }),
      );
    case "jwk":
      return exportJwk(core, use, key);
    default:
      throw unsupportedFormat("exportKey", use, FORMATS, format);
  }
}

/** Members in the order that WebIDL gives them. */
function exportJwk(
  core: Core,
  use: RsaKeyUse,
  { algorithm, extractable, handle, usages }: KeySlots,
): JsonWebKey {
  const alg = use.jwkAlgorithms[(algorithm as RsaHashedKeyAlgorithm).hash.name]!;
  const common = { ext: extractable, key_ops: [...usages], kty: "RSA" };
  const text = (number: Uint8Array) => encodeBase64url(core, shortest(number));
  if (handle instanceof RsaPublicSlot) {
    const { n, e } = handle.exportParts();
    return { alg, e: text(e), ...common, n: text(n) };
  }
  return withParts(handle as RsaPrivateSlot, text, ({ n, e, d, p, q, dp, dq, qi }) => {
    return { alg, d, dp, dq, e, ...common, n, p, q, qi };
  });
}

/** What is made of a private key's numbers, each as `map` has it, of which copies are lent. */
function withParts<Part, T>(
  slot: RsaPrivateSlot,
  map: (number: Uint8Array) => Part,
  make: (parts: Record<keyof RsaPrivateParts, Part>) => T,
): T {
  const parts = slot.exportParts();
  try {
    const { n, e, d, p, q, dp, dq, qi } = parts;
    return make({
      ...{ n: map(n), e: map(e), d: map(d), p: map(p) },
      ...{ q: map(q), dp: map(dp), dq: map(dq), qi: map(qi) },
    });
  } finally {
    wipeParts(parts);
  }
}

function publicKeyOf(
  core: Core,
  use: RsaKeyUse,
  hash: Algorithm,
  parts: RsaPublicParts,
  request: KeyRequest,
): CryptoKey {
  return keyOf(use, hash, new RsaPublicSlot(core, parts), parts, request);
}

function privateKeyOf(
  core: Core,
  use: RsaKeyUse,
  hash: Algorithm,
  parts: RsaPrivateParts,
  request: KeyRequest,
): CryptoKey {
  return closingUnlessMade(new RsaPrivateSlot(core, parts, request.extractable), (slot) =>
    keyOf(use, hash, slot, parts, request),
  );
}

function keyOf(
  { name }: RsaKeyUse,
  hash: Algorithm,
  handle: RsaPublicSlot | RsaPrivateSlot,
  { e }: RsaPublicParts,
  { extractable, usages }: KeyRequest,
): CryptoKey {
  const type = handle instanceof RsaPrivateSlot ? "private" : "public";
  const algorithm: RsaHashedKeyAlgorithm = {
    name,
    modulusLength: handle.modulusBits,
    publicExponent: shortest(e).slice(),
    hash: { name: hash.name },
  };
  return createKey({ type, extractable, algorithm, usages: normalizeUsages(usages), handle });
}

const FORMATS = `"spki", "pkcs8" and "jwk"`;

/** A copy of the exponent. @throws DOMException OperationError for what `generateRsaKey` does not make. */
export function requireGenerated({ modulusLength, publicExponent }: RsaHashedKeyGenParams): Uint8Array {
  const exponent = stillHeld(publicExponent).slice();
  if (modulusLength < RSA_MODULUS_BITS_MIN || modulusLength > RSA_GENERATED_BITS_MAX) {
    const range = `${RSA_MODULUS_BITS_MIN} to ${RSA_GENERATED_BITS_MAX}`;
    const message = `generateKey: algorithm.modulusLength is ${modulusLength}, outside the range ${range}`;
    throw domException("OperationError", message);
  }
  const e = shortest(exponent);
  const bits = e.length === 0 ? 0 : 8 * e.length - (Math.clz32(e[0]!) - 24);
  const bitsMax = Math.min(256, modulusLength >>> 1);
  if (bits >= 2 && bits <= bitsMax && e.at(-1)! & 1) return exponent;
  const due = `odd, 3 at least, and of ${bitsMax} bits at most for this modulusLength`;
  throw domException("OperationError", `generateKey: algorithm.publicExponent must be ${due}`);
}

/** @throws DOMException DataError for numbers that are no key. */
function validKey(make: () => CryptoKey): CryptoKey {
  try {
    return make();
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
