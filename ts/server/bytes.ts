/** Copies of bytes that the host lends for a moment only. */

/** As `copyOf`, of several pieces as one. */
export { joined } from "../core/joined.ts";

/**
 * A copy in an ArrayBuffer of its own, which a stream may take away. (`slice` is no copy where an engine hands over
 * Node's Buffer.)
 */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Small copies share buffers of this size: making one of its own takes longer than a small request. */
const SHARED_BYTES = 16 * 1024;
const SMALL_BYTES = SHARED_BYTES / 8;
let shared = new ArrayBuffer(SHARED_BYTES);
let sharedUsed = 0;

/** A copy for who reads it and gives away nothing but copies: its buffer may hold what others sent. */
export function sharedCopyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = bytes;
  if (length > SMALL_BYTES) return copyOf(bytes);
  if (length > SHARED_BYTES - sharedUsed) {
    shared = new ArrayBuffer(SHARED_BYTES);
    sharedUsed = 0;
  }
  const copy = new Uint8Array(shared, sharedUsed, length);
  copy.set(bytes);
  sharedUsed += length;
  return copy;
}

export function lengthOf(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const { length } of pieces) sum += length;
  return sum;
}
