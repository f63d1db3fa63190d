/** HMAC: https://w3c.github.io/webcrypto/#hmac. The formats "raw" and, by its newer name, "raw-secret", and "jwk". */
import { type HmacSigner, HmacSlot } from "../../core/hmac.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, unsignedLong } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context, HashAlgorithmIdentifier } from "./algorithm.ts";
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
import { digestInSlices, hashOf } from "./sha.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

/** §31.3 HmacImportParams, §31.5 HmacKeyGenParams: the same members. */
export interface HmacParams extends Algorithm {
  readonly hash: Algorithm;
  /** In bits. */
  readonly length?: number;
}
const MEMBERS = [
  { name: "hash", type: HashAlgorithmIdentifier, required: true },
  { name: "length", type: unsignedLong },
] as const;
export const HmacImportParams: Dictionary<HmacParams> = dictionary(
  "HmacImportParams",
  ALGORITHM_MEMBERS,
  MEMBERS,
);
export const HmacKeyGenParams: Dictionary<HmacParams> = dictionary(
  "HmacKeyGenParams",
  ALGORITHM_MEMBERS,
  MEMBERS,
);

export interface HmacKeyAlgorithm extends KeyAlgorithm {
  readonly hash: KeyAlgorithm;
  /** In bits. */
  readonly length: number;
}

const USAGES: readonly KeyUsage[] = ["sign", "verify"];

/** RFC 7518, section 3.2; HS1 is the standard's own. */
const JWK_ALGORITHMS: Record<string, string> = {
  "SHA-1": "HS1",
  "SHA-256": "HS256",
  "SHA-384": "HS384",
  "SHA-512": "HS512",
};

export function sign(
  { keep }: Context,
  _algorithm: Algorithm,
  key: KeySlots,
  message: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as HmacSlot;
  if (message.length <= SLICE_BYTES) return slot.sign(message);
  return new Sliced(macInSlices(slot, keep(message), (signer) => signer.final()));
}

export function verify(
  { keep }: Context,
  _algorithm: Algorithm,
  key: KeySlots,
  signature: Uint8Array,
  message: Uint8Array,
): Result<boolean> {
  const slot = key.handle as HmacSlot;
  if (message.length <= SLICE_BYTES) return slot.verify(message, signature);
  const mac = keep(signature);
  return new Sliced(macInSlices(slot, keep(message), (signer) => signer.verify(mac)));
}

export function generateKey(
  context: Context,
  params: HmacParams,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Result<CryptoKey> {
  const { hash, length } = params;
  requireUsages(usages, USAGES, "HMAC");
  requireLength(params);
  const bitLength = length ?? hashOf(hash).blockBytes * 8;
  const bits = new Uint8Array(Math.ceil(bitLength / 8));
  return atOnceOrSliced(bits.length, function* () {
    for (let at = 0; at < bits.length; at += SLICE_BYTES) {
      if (at > 0) yield;
      context.fillRandom(bits.subarray(at, at + SLICE_BYTES));
    }
    return yield* makeKey(context, hash, bits, bitLength, extractable, usages);
  });
}

export function importKey(
  context: Context,
  { hash, length }: HmacParams,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Result<CryptoKey> {
  requireUsages(usages, USAGES, "HMAC");
  let bits: Uint8Array<ArrayBuffer>;
  if (format === "raw" || format === "raw-secret") {
    bits = new Uint8Array(keyData as Uint8Array);
  } else if (format === "jwk") {
    const jwk = keyData as JsonWebKey;
    requireJwk(jwk, { kty: "oct", use: "sig", usages, extractable });
    requireJwkAlgorithm(jwk, JWK_ALGORITHMS[hash.name]!);
    bits = secretOf(context.core, jwk);
  } else {
    throw unsupportedFormat("importKey", format);
  }
  const given = bits.length * 8;
  if (given === 0)
    throw domException("DataError", "importKey: keyData holds no bits; an HMAC key has 1 at least");
  if (length !== undefined && (length > given || length <= given - 8)) {
    bits.fill(0);
    const range = `${given - 7} to ${given}`;
    throw domException("DataError", `importKey: algorithm.length is ${length}; keyData allows ${range} bits`);
  }
  return atOnceOrSliced(bits.length, () =>
    makeKey(context, hash, bits, length ?? given, extractable, usages),
  );
}

export function exportKey({ core }: Context, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
  const slot = key.handle as HmacSlot;
  if (format === "raw" || format === "raw-secret") return slot.exportBits().buffer;
  if (format !== "jwk") throw unsupportedFormat("exportKey", format);
  const bits = slot.exportBits();
  try {
    return jwkOfSecret(core, bits, JWK_ALGORITHMS[slot.hash.name]!, key);
  } finally {
    bits.fill(0);
  }
}

/** @throws DOMException OperationError for a key of no bits. */
export function requireLength({ length }: HmacParams): void {
  if (length !== 0) return;
  throw domException("OperationError", "generateKey: algorithm.length is 0; a key has 1 bit at least");
}

/** "Get key length". */
export function getKeyLength({ hash, length }: HmacParams): number {
  if (length === 0) throw new TypeError("deriveKey: derivedKeyType.length is 0; a key has 1 bit at least");
  return length ?? hashOf(hash).blockBytes * 8;
}

function unsupportedFormat(method: string, format: KeyFormat): DOMException {
  const message = `${method}: format is ${JSON.stringify(format)}; HMAC keys have "raw", "raw-secret" and "jwk"`;
  return domException("NotSupportedError", message);
}

/** Work on so many bytes: done at the call when they are few. */
function atOnceOrSliced<T>(bytes: number, slices: () => Slices<T>): Result<T> {
  const work = new Sliced(slices());
  return bytes <= SLICE_BYTES ? work.finish() : work;
}

/** A key of the first so many of the bits, which are the slot's, or wiped, from here on. */
function* makeKey(
  { core }: Context,
  { name }: Algorithm,
  bits: Uint8Array<ArrayBuffer>,
  bitLength: number,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Slices<CryptoKey> {
  let kept = false;
  try {
    requireUsage("secret", usages); // Before there is a slot that no key has.
    bits[bits.length - 1]! &= 0xff << (-bitLength & 7);
    const hash = hashOf({ name });
    // A key longer than a block stands for its digest (FIPS 198-1, section 4, step 2), which can take long.
    const key = bits.length > SLICE_BYTES ? new Uint8Array(yield* digestInSlices(core, hash, bits)) : bits;
    let handle: HmacSlot;
    try {
      handle = new HmacSlot(core, hash, key, extractable ? bits : undefined);
    } finally {
      if (key !== bits) key.fill(0);
    }
    kept = extractable;
    const algorithm: HmacKeyAlgorithm = { name: "HMAC", hash: { name }, length: bitLength };
    return createKey({ type: "secret", extractable, algorithm, usages: normalizeUsages(usages), handle });
  } finally {
    if (!kept) bits.fill(0);
  }
}

/** A MAC over a message that takes long. */
function* macInSlices<T>(slot: HmacSlot, message: Uint8Array, finish: (signer: HmacSigner) => T): Slices<T> {
  const signer = slot.begin();
  try {
    for (let at = 0; at < message.length; at += SLICE_BYTES) {
      if (at > 0) yield;
      signer.update(message.subarray(at, at + SLICE_BYTES));
    }
    return finish(signer);
  } finally {
    signer.close();
  }
}
