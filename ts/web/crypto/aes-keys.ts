/**
 * AES keys, which all modes of AES have alike: generated, and read and written as "raw" (by its newer name "raw-secret") and
 * "jwk". https://w3c.github.io/webcrypto/#aes-ctr-operations, from "Generate Key" on.
 */
import type { Core } from "../../core/core.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, unsignedShort } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import { type JsonWebKey, jwkOfSecret, requireJwk, requireJwkAlgorithm, secretOf } from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyAlgorithm,
  type KeyFormat,
  type KeySlots,
  type KeyUsage,
  normalizeUsages,
  requireUsage,
  requireUsages,
} from "./key.ts";

/** AesKeyGenParams and AesDerivedKeyParams: the same member. */
export interface AesKeyParams extends Algorithm {
  /** In bits. */
  readonly length: number;
}
const MEMBERS = [{ name: "length", type: unsignedShort, required: true }] as const;
export const AesKeyGenParams: Dictionary<AesKeyParams> = dictionary(
  "AesKeyGenParams",
  ALGORITHM_MEMBERS,
  MEMBERS,
);
export const AesDerivedKeyParams: Dictionary<AesKeyParams> = dictionary(
  "AesDerivedKeyParams",
  ALGORITHM_MEMBERS,
  MEMBERS,
);

export interface AesKeyAlgorithm extends KeyAlgorithm {
  /** In bits. */
  readonly length: number;
}

/** What a mode does with its keys. */
interface AesKeyUse {
  readonly name: string;
  readonly usages: readonly KeyUsage[];
  /** What `alg` of a JSON Web Key ends in, after A128 and so on (RFC 7518, sections 4.4 and 5.3). */
  readonly jwkMode: string;
  /** Holds a key, of 16, 24 or 32 bytes, and its bits if they shall be exported. */
  readonly Slot: new (
    core: Core,
    key: Uint8Array,
    bits?: Uint8Array<ArrayBuffer>,
  ) => AesKeySlot;
}

interface AesKeySlot {
  exportBits(): Uint8Array<ArrayBuffer>;
}

/** Of the modes that encrypt. */
export const CIPHER_USAGES: readonly KeyUsage[] = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

const KEY_BITS = [128, 192, 256];

/** The operations of a mode that are about its keys. */
export function aesKeys(use: AesKeyUse) {
  return {
    generateKey(
      context: Context,
      params: AesKeyParams,
      extractable: boolean,
      usages: readonly KeyUsage[],
    ): CryptoKey {
      requireUsages(usages, use.usages, use.name);
      requireLength(params);
      const bits = new Uint8Array(params.length / 8);
      context.fillRandom(bits);
      return makeKey(context, use, bits, extractable, usages);
    },

    importKey(
      context: Context,
      _algorithm: Algorithm,
      format: KeyFormat,
      keyData: Uint8Array | JsonWebKey,
      extractable: boolean,
      usages: readonly KeyUsage[],
    ): CryptoKey {
      requireUsages(usages, use.usages, use.name);
      if (format === "raw" || format === "raw-secret") {
        const given = keyData as Uint8Array;
        requireKeyBits(given);
        return makeKey(context, use, new Uint8Array(given), extractable, usages);
      }
      if (format !== "jwk") throw unsupportedFormat("importKey", use, format);
      const jwk = keyData as JsonWebKey;
      requireJwk(jwk, { kty: "oct", use: "enc", usages, extractable });
      const bits = secretOf(context.core, jwk);
      try {
        requireKeyBits(bits);
        requireJwkAlgorithm(jwk, jwkAlgorithm(use, bits));
      } catch (error) {
        bits.fill(0);
        throw error;
      }
      return makeKey(context, use, bits, extractable, usages);
    },

    exportKey({ core }: Context, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
      const slot = key.handle as AesKeySlot;
      if (format === "raw" || format === "raw-secret") return slot.exportBits().buffer;
      if (format !== "jwk") throw unsupportedFormat("exportKey", use, format);
      const bits = slot.exportBits();
      try {
        return jwkOfSecret(core, bits, jwkAlgorithm(use, bits), key);
      } finally {
        bits.fill(0);
      }
    },
  };
}

/** @throws DOMException OperationError for what is no length of a key. */
export function requireLength({ length }: AesKeyParams): void {
  if (!KEY_BITS.includes(length)) throw wrongLength("generateKey: algorithm.length", length);
}

/** "Get key length". */
export function getKeyLength({ length }: AesKeyParams): number {
  if (KEY_BITS.includes(length)) return length;
  throw wrongLength("deriveKey: derivedKeyType.length", length);
}

function wrongLength(where: string, length: number): DOMException {
  return domException("OperationError", `${where} is ${length}, not ${orList(KEY_BITS)}`);
}

export function orList(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(", ")} or ${numbers.at(-1)}`;
}

function jwkAlgorithm({ jwkMode }: AesKeyUse, bits: Uint8Array): string {
  return `A${bits.length * 8}${jwkMode}`;
}

function unsupportedFormat(method: string, { name }: AesKeyUse, format: KeyFormat): DOMException {
  const message = `${method}: format is ${JSON.stringify(format)}; ${name} keys have "raw", "raw-secret" and "jwk"`;
  return domException("NotSupportedError", message);
}

function requireKeyBits({ length }: Uint8Array): void {
  if (KEY_BITS.includes(length * 8)) return;
  const message = `importKey: keyData holds ${length * 8} bits; AES keys have ${orList(KEY_BITS)}`;
  throw domException("DataError", message);
}

/** A key of bits that are the slot's, or wiped, from here on. */
function makeKey(
  { core }: Context,
  { name, Slot }: AesKeyUse,
  bits: Uint8Array<ArrayBuffer>,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  let kept = false;
  try {
    requireUsage("secret", usages); // Before there is a slot that no key has.
    const handle = new Slot(core, bits, extractable ? bits : undefined);
    kept = extractable;
    const algorithm: AesKeyAlgorithm = { name, length: bits.length * 8 };
    return createKey({ type: "secret", extractable, algorithm, usages: normalizeUsages(usages), handle });
  } finally {
    if (!kept) bits.fill(0);
  }
}
