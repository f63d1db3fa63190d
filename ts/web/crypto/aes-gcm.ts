/** AES-GCM: https://w3c.github.io/webcrypto/#aes-gcm. The formats "raw" and, by its newer name, "raw-secret", and "jwk". */
import { AES_GCM_TEXT_BYTES_MAX, AesGcmSlot } from "../../core/aes.ts";
import { domException } from "../dom-exception.ts";
import {
  type BufferSource,
  bufferSource,
  bytesOf,
  type Dictionary,
  dictionary,
  octet,
  unsignedShort,
} from "../webidl.ts";
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
  requireUsages,
} from "./key.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

export interface AesGcmParams extends Algorithm {
  readonly iv: BufferSource;
  readonly additionalData?: BufferSource;
  /** In bits. */
  readonly tagLength?: number;
}
export const AesGcmParams: Dictionary<AesGcmParams> = dictionary("AesGcmParams", ALGORITHM_MEMBERS, [
  { name: "iv", type: bufferSource, required: true },
  { name: "additionalData", type: bufferSource },
  { name: "tagLength", type: octet },
]);

export interface AesKeyGenParams extends Algorithm {
  /** In bits. */
  readonly length: number;
}
export const AesKeyGenParams: Dictionary<AesKeyGenParams> = dictionary("AesKeyGenParams", ALGORITHM_MEMBERS, [
  { name: "length", type: unsignedShort, required: true },
]);

export interface AesKeyAlgorithm extends KeyAlgorithm {
  /** In bits. */
  readonly length: number;
}

const USAGES: readonly KeyUsage[] = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
const KEY_BITS = [128, 192, 256];
const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];

export function encrypt(
  { keep }: Context,
  params: AesGcmParams,
  key: KeySlots,
  plaintext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as AesGcmSlot;
  if (plaintext.length > AES_GCM_TEXT_BYTES_MAX) {
    const message = `encrypt: data has ${plaintext.length} bytes, and ${AES_GCM_TEXT_BYTES_MAX} is the most`;
    throw domException("OperationError", message);
  }
  const { iv, aad, tagBits } = inputsOf(params, "encrypt");
  if (iv.length + aad.length + plaintext.length <= SLICE_BYTES) return slot.seal(iv, aad, plaintext, tagBits);
  return new Sliced(sealInSlices(slot, keep(iv), keep(aad), keep(plaintext), tagBits));
}

/** Whatever of the ciphertext is wrong, the error is the same. */
export function decrypt(
  { keep }: Context,
  params: AesGcmParams,
  key: KeySlots,
  ciphertext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as AesGcmSlot;
  const { iv, aad, tagBits } = inputsOf(params, "decrypt");
  if (iv.length + aad.length + ciphertext.length <= SLICE_BYTES) {
    return slot.open(iv, aad, ciphertext, tagBits) ?? inauthentic();
  }
  if (ciphertext.length < tagBits / 8) return inauthentic();
  return new Sliced(openInSlices(slot, keep(iv), keep(aad), keep(ciphertext), tagBits));
}

export function generateKey(
  context: Context,
  { length }: AesKeyGenParams,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  requireUsages(usages, USAGES, "AES-GCM");
  if (!KEY_BITS.includes(length)) {
    const message = `generateKey: algorithm.length is ${length}, not ${orList(KEY_BITS)}`;
    throw domException("OperationError", message);
  }
  const bits = new Uint8Array(length / 8);
  context.fillRandom(bits);
  return makeKey(context, bits, extractable, usages);
}

export function importKey(
  context: Context,
  _algorithm: Algorithm,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  requireUsages(usages, USAGES, "AES-GCM");
  if (format === "raw" || format === "raw-secret") {
    const given = keyData as Uint8Array;
    requireKeyBits(given);
    return makeKey(context, new Uint8Array(given), extractable, usages);
  }
  if (format !== "jwk") throw unsupportedFormat("importKey", format);
  const jwk = keyData as JsonWebKey;
  requireJwk(jwk, { kty: "oct", use: "enc", usages, extractable });
  const bits = secretOf(jwk);
  try {
    requireKeyBits(bits);
    requireJwkAlgorithm(jwk, jwkAlgorithm(bits));
  } catch (error) {
    bits.fill(0);
    throw error;
  }
  return makeKey(context, bits, extractable, usages);
}

export function exportKey(_: Context, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
  const slot = key.handle as AesGcmSlot;
  if (format === "raw" || format === "raw-secret") return slot.exportBits().buffer;
  if (format !== "jwk") throw unsupportedFormat("exportKey", format);
  const bits = slot.exportBits();
  const jwk = jwkOfSecret(bits, jwkAlgorithm(bits), key);
  bits.fill(0);
  return jwk;
}

/** RFC 7518, section 5.3: A128GCM and so on. */
function jwkAlgorithm(bits: Uint8Array): string {
  return `A${bits.length * 8}GCM`;
}

function unsupportedFormat(method: string, format: KeyFormat): DOMException {
  const message = `${method}: format is ${JSON.stringify(format)}; AES-GCM keys have "raw", "raw-secret" and "jwk"`;
  return domException("NotSupportedError", message);
}

function requireKeyBits({ length }: Uint8Array): void {
  if (KEY_BITS.includes(length * 8)) return;
  const message = `importKey: keyData holds ${length * 8} bits; AES keys have ${orList(KEY_BITS)}`;
  throw domException("DataError", message);
}

/** The parameters, checked: the standard's limits, which no buffer exceeds, and an IV's of SP 800-38D, 1 bit at least. */
function inputsOf({ iv, additionalData, tagLength = 128 }: AesGcmParams, method: string) {
  if (!TAG_BITS.includes(tagLength)) {
    const message = `${method}: algorithm.tagLength is ${tagLength}, not ${orList(TAG_BITS)}`;
    throw domException("OperationError", message);
  }
  const ivBytes = bytesOf(iv);
  if (ivBytes.length === 0) throw domException("OperationError", `${method}: algorithm.iv is empty`);
  const aad = additionalData ? bytesOf(additionalData) : NONE;
  return { iv: ivBytes, aad, tagBits: tagLength };
}

const NONE = new Uint8Array(0);

function orList(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(", ")} or ${numbers.at(-1)}`;
}

function inauthentic(): never {
  throw domException("OperationError", "decrypt: data is not authentic, or not for this key and algorithm");
}

/** A key of bits that are the slot's, or wiped, from here on. */
function makeKey(
  { core }: Context,
  bits: Uint8Array<ArrayBuffer>,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  let kept = false;
  try {
    const handle = new AesGcmSlot(core, bits, extractable ? bits : undefined);
    kept = extractable;
    const algorithm: AesKeyAlgorithm = { name: "AES-GCM", length: bits.length * 8 };
    return createKey({ type: "secret", extractable, algorithm, usages: normalizeUsages(usages), handle });
  } finally {
    if (!kept) bits.fill(0);
  }
}

function* sealInSlices(
  slot: AesGcmSlot,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  tagBits: number,
): Slices<ArrayBuffer> {
  const sealer = slot.beginSeal(iv, aad);
  try {
    const result = new Uint8Array(plaintext.length + tagBits / 8);
    for (let at = 0; at < plaintext.length; at += SLICE_BYTES) {
      if (at > 0) yield;
      sealer.update(plaintext.subarray(at, at + SLICE_BYTES), result.subarray(at));
    }
    sealer.final(result.subarray(plaintext.length));
    return result.buffer;
  } finally {
    sealer.close();
  }
}

/** Twice through the ciphertext: nothing is decrypted before all of it is known to be authentic. */
function* openInSlices(
  slot: AesGcmSlot,
  iv: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
  tagBits: number,
): Slices<ArrayBuffer> {
  const length = sealed.length - tagBits / 8;
  const ciphertext = sealed.subarray(0, length);
  const opener = slot.beginOpen(iv, aad);
  try {
    for (let at = 0; at < length; at += SLICE_BYTES) {
      opener.verify(ciphertext.subarray(at, at + SLICE_BYTES));
      yield;
    }
    if (!opener.final(sealed.subarray(length))) inauthentic();
    const result = new Uint8Array(length);
    for (let at = 0; at < length; at += SLICE_BYTES) {
      if (at > 0) yield;
      opener.open(ciphertext.subarray(at, at + SLICE_BYTES), result.subarray(at));
    }
    return result.buffer;
  } finally {
    opener.close();
  }
}
