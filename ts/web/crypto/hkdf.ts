/** HKDF: https://w3c.github.io/webcrypto/#hkdf. */
import type { Core } from "../../core/core.ts";
import type { HashAlgorithm } from "../../core/hash.ts";
import { HmacSlot } from "../../core/hmac.ts";
import { hkdf } from "../../core/kdf.ts";
import type { SecretSlot } from "../../core/secret-slot.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, heldBytes, stillHeld } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context, HashAlgorithmIdentifier } from "./algorithm.ts";
import { requireBytes } from "./derive.ts";
import type { KeySlots } from "./key.ts";
import { digestInSlices, hashOf } from "./sha.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices, throughSlices } from "./slices.ts";

export interface HkdfParams extends Algorithm {
  readonly hash: Algorithm;
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
}
export const HkdfParams: Dictionary<HkdfParams> = dictionary("HkdfParams", ALGORITHM_MEMBERS, [
  { name: "hash", type: HashAlgorithmIdentifier, required: true },
  { name: "salt", type: heldBytes, required: true },
  { name: "info", type: heldBytes, required: true },
]);

/** RFC 5869, section 2.3: blocks are counted in a byte. */
const BLOCKS_MAX = 255;

/** @param length in bits. */
export function deriveBits(
  { core, keep }: Context,
  params: HkdfParams,
  key: KeySlots,
  length: number | null,
): Result<ArrayBuffer> {
  const bytes = requireLength(params, length);
  const hash = hashOf(params.hash);
  const salt = stillHeld(params.salt);
  const info = stillHeld(params.info);
  const ikm = (key.handle as SecretSlot).bytes;
  const blocks = Math.ceil(bytes / hash.digestBytes);
  if (ikm.length + salt.length + blocks * info.length <= SLICE_BYTES) {
    return hkdf(core, hash, ikm, salt, info, bytes);
  }
  return new Sliced(deriveInSlices(core, hash, ikm.slice(), keep(salt), keep(info), bytes));
}

/** In bytes. @throws DOMException OperationError as `requireBytes`, and for more than HKDF gives. */
export function requireLength({ hash }: HkdfParams, length: number | null): number {
  const bytes = requireBytes(length, "HKDF");
  const most = BLOCKS_MAX * hashOf(hash).digestBytes;
  if (bytes <= most) return bytes;
  const message = `HKDF: length is ${length}; with ${hash.name} it gives ${8 * most} bits at most`;
  throw domException("OperationError", message);
}

/**
 * RFC 5869, section 2, step by step, for inputs that take long.
 *
 * @param ikm a copy of our own, which is wiped: those of the key may be meanwhile, should it be collected.
 */
function* deriveInSlices(
  core: Core,
  hash: HashAlgorithm,
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Slices<ArrayBuffer> {
  const result = new Uint8Array(bytes);
  let unfinished: Uint8Array = result;
  let prk: Uint8Array = NONE;
  let block: Uint8Array = NONE;
  try {
    prk = yield* mac(core, hash, yield* shortened(core, hash, salt), ikm);
    for (let at = 0, number = 1; at < bytes; at += hash.digestBytes, number++) {
      if (at > 0) yield;
      const previous = block;
      block = yield* mac(core, hash, prk, previous, info, Uint8Array.of(number));
      previous.fill(0);
      result.set(block.subarray(0, bytes - at), at);
    }
    unfinished = NONE;
    return result.buffer;
  } finally {
    for (const secret of [ikm, prk, block, unfinished]) secret.fill(0);
  }
}

const NONE = new Uint8Array(0);

/** For a long key of HMAC its digest (FIPS 198-1, section 4, step 2). */
function* shortened(core: Core, hash: HashAlgorithm, salt: Uint8Array): Slices<Uint8Array> {
  return salt.length > SLICE_BYTES ? new Uint8Array(yield* digestInSlices(core, hash, salt)) : salt;
}

/** HMAC of parts, one after the other. */
function* mac(
  core: Core,
  hash: HashAlgorithm,
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
): Slices<Uint8Array> {
  const signer = new HmacSlot(core, hash, key).begin();
  try {
    yield* throughSlices(
      ...parts.map((part) => [part, (piece: Uint8Array) => signer.update(piece)] as const),
    );
    return new Uint8Array(signer.final());
  } finally {
    signer.close();
  }
}
