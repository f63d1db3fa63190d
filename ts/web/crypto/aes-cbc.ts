/**
 * AES-CBC: https://w3c.github.io/webcrypto/#aes-cbc. Its messages are not authenticated: whoever can have changed ones
 * decrypted, and learns whether that failed, learns what they say. AES-GCM is for whoever may choose.
 */
import { AES_BLOCK_BYTES, AesSlot } from "../../core/aes-modes.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, heldBytes, stillHeld } from "../webidl.ts";
import { aesKeys, CIPHER_USAGES } from "./aes-keys.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

export interface AesCbcParams extends Algorithm {
  readonly iv: Uint8Array;
}
export const AesCbcParams: Dictionary<AesCbcParams> = dictionary("AesCbcParams", ALGORITHM_MEMBERS, [
  { name: "iv", type: heldBytes, required: true },
]);

/** Encryption takes four times as long as decryption. */
const ENCRYPTED_SLICE_BYTES = SLICE_BYTES / 4;

export function encrypt(
  { keep }: Context,
  params: AesCbcParams,
  key: KeySlots,
  plaintext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as AesSlot;
  const iv = requireIv(params);
  if (plaintext.length <= ENCRYPTED_SLICE_BYTES)
    return new Sliced(encryptInSlices(slot, iv, plaintext, false)).finish();
  const kept = keep(plaintext);
  return new Sliced(encryptInSlices(slot, keep(iv), kept, kept !== plaintext));
}

/** Whatever of the ciphertext or its padding is wrong, the error is the same. */
export function decrypt(
  { keep }: Context,
  params: AesCbcParams,
  key: KeySlots,
  ciphertext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as AesSlot;
  const iv = requireIv(params);
  if (ciphertext.length <= SLICE_BYTES) return new Sliced(decryptInSlices(slot, iv, ciphertext)).finish();
  return new Sliced(decryptInSlices(slot, keep(iv), keep(ciphertext)));
}

export const { generateKey, importKey, exportKey } = aesKeys({
  name: "AES-CBC",
  usages: CIPHER_USAGES,
  jwkMode: "CBC",
  Slot: AesSlot,
});

/** @throws DOMException OperationError for an IV that is no block. */
export function requireIv({ iv }: AesCbcParams): Uint8Array {
  const bytes = stillHeld(iv);
  if (bytes.length === AES_BLOCK_BYTES) return bytes;
  const message = `AES-CBC: algorithm.iv has ${bytes.length} bytes, not ${AES_BLOCK_BYTES}`;
  throw domException("OperationError", message);
}

/** @param isCopy whether the plaintext is a copy of our own, to be wiped. */
function* encryptInSlices(
  slot: AesSlot,
  iv: Uint8Array,
  plaintext: Uint8Array,
  isCopy: boolean,
): Slices<ArrayBuffer> {
  const { length } = plaintext;
  const message = slot.beginCbc(iv, length);
  try {
    const result = new Uint8Array(length - (length % AES_BLOCK_BYTES) + AES_BLOCK_BYTES);
    let at = 0;
    for (; length - at > ENCRYPTED_SLICE_BYTES; at += ENCRYPTED_SLICE_BYTES) {
      message.encrypt(plaintext.subarray(at, at + ENCRYPTED_SLICE_BYTES), result.subarray(at));
      yield;
    }
    message.encryptLast(at > 0 ? plaintext.subarray(at) : plaintext, at > 0 ? result.subarray(at) : result);
    return result.buffer;
  } finally {
    if (isCopy) plaintext.fill(0);
    message.close();
  }
}

/** The padding first: there is no plaintext unless it is right. */
function* decryptInSlices(slot: AesSlot, iv: Uint8Array, ciphertext: Uint8Array): Slices<ArrayBuffer> {
  const { length } = ciphertext;
  if (length === 0 || length % AES_BLOCK_BYTES !== 0) throw undecryptable();
  const message = slot.beginCbc(iv, length);
  let unfinished: Uint8Array | undefined;
  try {
    const padding = message.paddingBytes(ciphertext, iv);
    if (padding === null) throw undecryptable();
    const result = new Uint8Array(length - padding);
    unfinished = result;
    for (let at = 0; at < length; at += SLICE_BYTES) {
      if (at > 0) yield;
      message.decrypt(ciphertext.subarray(at, at + SLICE_BYTES), result.subarray(at));
    }
    unfinished = undefined;
    return result.buffer;
  } finally {
    unfinished?.fill(0);
    message.close();
  }
}

function undecryptable(): DOMException {
  const message = "decrypt: data is no ciphertext of this key and iv, or its padding is wrong";
  return domException("OperationError", message);
}
