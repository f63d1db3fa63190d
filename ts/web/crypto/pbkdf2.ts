/**
 * PBKDF2: https://w3c.github.io/webcrypto/#pbkdf2. As many iterations as are asked for, in slices, so that the event loop
 * goes on; `close` of the runtime ends them.
 */
import type { Core } from "../../core/core.ts";
import type { HashAlgorithm } from "../../core/hash.ts";
import { Pbkdf2 } from "../../core/kdf.ts";
import type { SecretSlot } from "../../core/secret-slot.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, heldBytes, stillHeld, unsignedLong } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context, HashAlgorithmIdentifier } from "./algorithm.ts";
import { requireBytes } from "./derive.ts";
import type { KeySlots } from "./key.ts";
import { digestInSlices, hashOf } from "./sha.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices, throughSlices } from "./slices.ts";

export interface Pbkdf2Params extends Algorithm {
  readonly hash: Algorithm;
  readonly iterations: number;
  readonly salt: Uint8Array;
}
export const Pbkdf2Params: Dictionary<Pbkdf2Params> = dictionary("Pbkdf2Params", ALGORITHM_MEMBERS, [
  { name: "salt", type: heldBytes, required: true },
  { name: "iterations", type: unsignedLong, required: true },
  { name: "hash", type: HashAlgorithmIdentifier, required: true },
]);

/** Of one block: 2 ms of SHA-512 where this was measured, and four times that in the code that an engine begins with. */
const ITERATIONS_A_SLICE = 4096;

/** @param length in bits. */
export function deriveBits(
  { core, keep }: Context,
  params: Pbkdf2Params,
  key: KeySlots,
  length: number | null,
): Result<ArrayBuffer> {
  const bytes = requireLength(params, length);
  const { iterations } = params;
  const hash = hashOf(params.hash);
  const password = (key.handle as SecretSlot).bytes;
  const salt = stillHeld(params.salt);
  const blocks = Math.ceil(bytes / hash.digestBytes);
  const isShort = blocks * iterations <= ITERATIONS_A_SLICE && salt.length + password.length <= SLICE_BYTES;
  if (isShort) return new Sliced(deriveInSlices(core, hash, password, salt, iterations, bytes)).finish();
  return new Sliced(deriveInSlices(core, hash, password, keep(salt), iterations, bytes));
}

/** In bytes. @throws DOMException OperationError as `requireBytes`, and for no iterations. */
export function requireLength({ iterations }: Pbkdf2Params, length: number | null): number {
  const bytes = requireBytes(length, "PBKDF2");
  if (iterations > 0) return bytes;
  throw domException("OperationError", "PBKDF2: algorithm.iterations is 0, and 1 is the least");
}

function* deriveInSlices(
  core: Core,
  hash: HashAlgorithm,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  bytes: number,
): Slices<ArrayBuffer> {
  const result = new Uint8Array(bytes);
  let unfinished: Uint8Array | undefined = result;
  const blocks = Math.ceil(bytes / hash.digestBytes);
  const pbkdf2 = yield* begin(core, hash, password, salt.length, blocks);
  try {
    yield* throughSlices([salt, (piece) => pbkdf2.updateSalt(piece)]);
    let left = ITERATIONS_A_SLICE;
    for (let block = 0; block < blocks; ) {
      const group = pbkdf2.begin(block, blocks - block);
      left -= group;
      for (let done = 1; done < iterations; ) {
        if (left <= 0) {
          yield;
          left = ITERATIONS_A_SLICE;
        }
        const count = Math.min(iterations - done, Math.ceil(left / group));
        pbkdf2.iterate(count);
        done += count;
        left -= count * group;
      }
      pbkdf2.take(result.subarray(block * hash.digestBytes));
      block += group;
      if (left > 0 || block === blocks) continue;
      yield;
      left = ITERATIONS_A_SLICE;
    }
    unfinished = undefined;
    return result.buffer;
  } finally {
    unfinished?.fill(0);
    pbkdf2.close();
  }
}

/** A long password is a key of HMAC that stands for its digest (FIPS 198-1, section 4, step 2). */
function* begin(
  core: Core,
  hash: HashAlgorithm,
  password: Uint8Array,
  saltBytes: number,
  blocks: number,
): Slices<Pbkdf2> {
  if (password.length <= SLICE_BYTES) return new Pbkdf2(core, hash, password, saltBytes, blocks);
  // The key's own bytes may be wiped meanwhile, should it be collected.
  const copy = password.slice();
  let digest: Uint8Array = copy;
  try {
    digest = new Uint8Array(yield* digestInSlices(core, hash, copy));
    return new Pbkdf2(core, hash, digest, saltBytes, blocks);
  } finally {
    copy.fill(0);
    digest.fill(0);
  }
}
