/** AES-KW: https://w3c.github.io/webcrypto/#aes-kw. */
import { AesSlot, KEY_WRAP_BYTES, type KeyWrap } from "../../core/aes-modes.ts";
import { domException } from "../dom-exception.ts";
import { aesKeys } from "./aes-keys.ts";
import type { Algorithm, Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type Result, Sliced, type Slices } from "./slices.ts";

/** RFC 3394, section 2: two halves of a block or more. */
const KEY_BYTES_MIN = 16;

/** 3 ms where this was measured. */
const STEPS_A_SLICE = 16_384;

export function wrapKey(
  _context: Context,
  _algorithm: Algorithm,
  key: KeySlots,
  plaintext: Uint8Array,
): Result<ArrayBuffer> {
  const { length } = plaintext;
  if (length % KEY_WRAP_BYTES !== 0 || length < KEY_BYTES_MIN) {
    const due = `a multiple of ${KEY_WRAP_BYTES}, ${KEY_BYTES_MIN} at least`;
    throw domException(
      "OperationError",
      `wrapKey: the exported key has ${length} bytes; AES-KW wraps ${due}`,
    );
  }
  const slot = key.handle as AesSlot;
  return atOnceOrSliced(length, () => slot.beginWrap(plaintext));
}

/** Whatever of the wrapped key is wrong, the error is the same. */
export function unwrapKey(
  _context: Context,
  _algorithm: Algorithm,
  key: KeySlots,
  ciphertext: Uint8Array,
): Result<ArrayBuffer> {
  const { length } = ciphertext;
  if (length % KEY_WRAP_BYTES !== 0 || length < KEY_BYTES_MIN + KEY_WRAP_BYTES) throw inauthentic();
  const slot = key.handle as AesSlot;
  return atOnceOrSliced(length, () => slot.beginUnwrap(ciphertext));
}

export const { generateKey, importKey, exportKey } = aesKeys({
  name: "AES-KW",
  usages: ["wrapKey", "unwrapKey"],
  jwkMode: "KW",
  Slot: AesSlot,
});

function atOnceOrSliced(bytes: number, begin: () => KeyWrap): Result<ArrayBuffer> {
  const work = new Sliced(inSlices(begin));
  return (6 * bytes) / KEY_WRAP_BYTES <= STEPS_A_SLICE ? work.finish() : work;
}

/** From the first slice on, which is at the call, the core has the data: no other copy is needed. */
function* inSlices(begin: () => KeyWrap): Slices<ArrayBuffer> {
  const keyWrap = begin();
  try {
    for (;;) {
      const isMore = keyWrap.step(STEPS_A_SLICE);
      if (isMore === null) throw inauthentic();
      if (!isMore) return keyWrap.result();
      yield;
    }
  } finally {
    keyWrap.close();
  }
}

function inauthentic(): DOMException {
  return domException("OperationError", "unwrapKey: wrappedKey was not wrapped with this key");
}
