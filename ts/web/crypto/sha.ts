/** SHA-1, SHA-256, SHA-384 and SHA-512: https://w3c.github.io/webcrypto/#sha. */
import type { Core } from "../../core/core.ts";
import { digest as digestAtOnce, HASHES, type HashAlgorithm, Hasher } from "../../core/hash.ts";
import type { Algorithm, Context } from "./algorithm.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

export function digest(
  { core, keep }: Context,
  algorithm: Algorithm,
  message: Uint8Array,
): Result<ArrayBuffer> {
  const hash = hashOf(algorithm);
  if (message.length <= SLICE_BYTES) return digestAtOnce(core, hash, message);
  return new Sliced(digestInSlices(core, hash, keep(message)));
}

/** Begins the digest of a message that comes in pieces. */
export function begin({ core }: Context, algorithm: Algorithm): Hasher {
  return new Hasher(core, hashOf(algorithm));
}

/** The core's algorithm by this one's name, which is one of the four. */
export function hashOf({ name }: Algorithm): HashAlgorithm {
  return HASHES[name as keyof typeof HASHES];
}

export function* digestInSlices(core: Core, hash: HashAlgorithm, message: Uint8Array): Slices<ArrayBuffer> {
  const hasher = new Hasher(core, hash);
  try {
    for (let at = 0; at < message.length; at += SLICE_BYTES) {
      if (at > 0) yield;
      hasher.update(message.subarray(at, at + SLICE_BYTES));
    }
    return hasher.final();
  } finally {
    hasher.close();
  }
}
