/** AES-CTR: https://w3c.github.io/webcrypto/#aes-ctr. */
import { AES_BLOCK_BYTES, AesSlot } from "../../core/aes-modes.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, heldBytes, octet, stillHeld } from "../webidl.ts";
import { aesKeys, CIPHER_USAGES } from "./aes-keys.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

export interface AesCtrParams extends Algorithm {
  /** The first block to be encrypted to the keystream. */
  readonly counter: Uint8Array;
  /** How many of its last bits are counted. */
  readonly length: number;
}
export const AesCtrParams: Dictionary<AesCtrParams> = dictionary("AesCtrParams", ALGORITHM_MEMBERS, [
  { name: "counter", type: heldBytes, required: true },
  { name: "length", type: octet, required: true },
]);

export function encrypt(
  { keep }: Context,
  params: AesCtrParams,
  key: KeySlots,
  text: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as AesSlot;
  const counter = requireCounter(params);
  const { length } = params;
  // SP 800-38A, appendix B.1: after as many blocks as the counter has values, the keystream would come again.
  const bytesMax = AES_BLOCK_BYTES * 2 ** length;
  if (text.length > bytesMax) {
    const message = `AES-CTR: data has ${text.length} bytes; a counter of ${length} bits is for ${bytesMax} at most`;
    throw domException("OperationError", message);
  }
  if (text.length <= SLICE_BYTES)
    return new Sliced(cryptInSlices(slot, counter, length, text, false)).finish();
  const kept = keep(text);
  return new Sliced(cryptInSlices(slot, keep(counter), length, kept, kept !== text));
}

/** The same. */
export const decrypt = encrypt;

export const { generateKey, importKey, exportKey } = aesKeys({
  name: "AES-CTR",
  usages: CIPHER_USAGES,
  jwkMode: "CTR",
  Slot: AesSlot,
});

/** @throws DOMException OperationError for a counter that is no block, or whose length is out of range. */
export function requireCounter({ counter, length }: AesCtrParams): Uint8Array {
  const bytes = stillHeld(counter);
  if (bytes.length !== AES_BLOCK_BYTES) {
    const message = `AES-CTR: algorithm.counter has ${bytes.length} bytes, not ${AES_BLOCK_BYTES}`;
    throw domException("OperationError", message);
  }
  if (length >= 1 && length <= 128) return bytes;
  throw domException("OperationError", `AES-CTR: algorithm.length is ${length}, outside the range 1 to 128`);
}

/** @param isCopy whether the text is a copy of our own, to be wiped. */
function* cryptInSlices(
  slot: AesSlot,
  counter: Uint8Array,
  counterBits: number,
  text: Uint8Array,
  isCopy: boolean,
): Slices<ArrayBuffer> {
  const message = slot.beginCtr(counter, counterBits, text.length);
  let unfinished: Uint8Array | undefined;
  try {
    const result = new Uint8Array(text.length);
    unfinished = result;
    for (let at = 0; at < text.length; at += SLICE_BYTES) {
      if (at > 0) yield;
      message.crypt(text.subarray(at, at + SLICE_BYTES), result.subarray(at));
    }
    unfinished = undefined;
    return result.buffer;
  } finally {
    unfinished?.fill(0);
    if (isCopy) text.fill(0);
    message.close();
  }
}
