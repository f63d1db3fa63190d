/** AES-GCM: https://w3c.github.io/webcrypto/#aes-gcm. */
import { AES_GCM_TEXT_BYTES_MAX, AesGcmSlot } from "../../core/aes.ts";
import { domException } from "../dom-exception.ts";
import {
  type Dictionary,
  DOMString,
  dictionaryObject,
  heldBytes,
  type Member,
  octet,
  optionalMember,
  requiredMember,
  stillHeld,
  type Where,
} from "../webidl.ts";
import { aesKeys, CIPHER_USAGES, orList } from "./aes-keys.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices, throughSlices } from "./slices.ts";

export interface AesGcmParams extends Algorithm {
  readonly iv: Uint8Array;
  readonly additionalData?: Uint8Array | undefined;
  /** In bits. */
  readonly tagLength?: number | undefined;
}
/** Written out, because `dictionary` takes as long for this as a message of 64 bytes takes to encrypt. */
export const AesGcmParams: Dictionary<AesGcmParams> = Object.assign(
  (value: unknown, where: Where, known?: string) => {
    const type = "AesGcmParams";
    const given = dictionaryObject(value, type, where);
    const name = known ?? requiredMember(given.name, DOMString, "name", type, where);
    const aad = optionalMember(given.additionalData, heldBytes, "additionalData", where);
    const iv = requiredMember(given.iv, heldBytes, "iv", type, where);
    const tagLength = optionalMember(given.tagLength, octet, "tagLength", where);
    return { name, additionalData: aad, iv, tagLength };
  },
  {
    members: [
      ...ALGORITHM_MEMBERS,
      { name: "additionalData", type: heldBytes },
      { name: "iv", type: heldBytes, required: true },
      { name: "tagLength", type: octet },
    ] as Member[],
  },
);

const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];

/** A slice of text, and the little that comes with it. */
const AT_ONCE_BYTES = SLICE_BYTES + 4096;

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
  const { iv, aad, tagBits } = requireInputs(params);
  if (iv.length + aad.length + plaintext.length <= AT_ONCE_BYTES)
    return slot.seal(iv, aad, plaintext, tagBits);
  const kept = keep(plaintext);
  return new Sliced(sealInSlices(slot, keep(iv), keep(aad), kept, kept !== plaintext, tagBits));
}

/** Whatever of the ciphertext is wrong, the error is the same. */
export function decrypt(
  { keep }: Context,
  params: AesGcmParams,
  key: KeySlots,
  ciphertext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as AesGcmSlot;
  const { iv, aad, tagBits } = requireInputs(params);
  if (iv.length + aad.length + ciphertext.length <= AT_ONCE_BYTES) {
    return slot.open(iv, aad, ciphertext, tagBits) ?? inauthentic();
  }
  if (ciphertext.length < tagBits / 8) inauthentic();
  return new Sliced(openInSlices(slot, keep(iv), keep(aad), keep(ciphertext), tagBits));
}

export const { generateKey, importKey, exportKey } = aesKeys({
  name: "AES-GCM",
  usages: CIPHER_USAGES,
  jwkMode: "GCM",
  Slot: AesGcmSlot,
});

/** The parameters, checked: the standard's limits, which no buffer exceeds, and an IV's of SP 800-38D, 1 bit at least. */
export function requireInputs({ iv, additionalData, tagLength = 128 }: AesGcmParams) {
  if (!TAG_BITS.includes(tagLength)) {
    const message = `AES-GCM: algorithm.tagLength is ${tagLength}, not ${orList(TAG_BITS)}`;
    throw domException("OperationError", message);
  }
  const ivBytes = stillHeld(iv);
  if (ivBytes.length === 0) throw domException("OperationError", "AES-GCM: algorithm.iv is empty");
  const aad = additionalData ? stillHeld(additionalData) : NONE;
  return { iv: ivBytes, aad, tagBits: tagLength };
}

const NONE = new Uint8Array(0);

function inauthentic(): never {
  throw domException("OperationError", "decrypt: data is not authentic, or not for this key and algorithm");
}

/** @param isCopy whether the plaintext is a copy of our own, to be wiped as it is used. */
function* sealInSlices(
  slot: AesGcmSlot,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  isCopy: boolean,
  tagBits: number,
): Slices<ArrayBuffer> {
  let wiped = 0;
  try {
    const sealer = slot.beginSeal();
    try {
      const result = new Uint8Array(plaintext.length + tagBits / 8);
      const seal = (piece: Uint8Array, at: number) => {
        sealer.update(piece, result.subarray(at));
        if (!isCopy) return;
        piece.fill(0);
        wiped = at + piece.length;
      };
      yield* throughSlices(
        [iv, (piece) => sealer.updateIv(piece)],
        [aad, (piece) => sealer.updateAad(piece)],
        [plaintext, seal],
      );
      sealer.final(result.subarray(plaintext.length));
      return result.buffer;
    } finally {
      sealer.close();
    }
  } finally {
    if (isCopy) plaintext.fill(0, wiped);
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
  let unfinished: Uint8Array | undefined;
  const opener = slot.beginOpen();
  try {
    yield* throughSlices(
      [iv, (piece) => opener.updateIv(piece)],
      [aad, (piece) => opener.updateAad(piece)],
      [ciphertext, (piece) => opener.verify(piece)],
    );
    if (!opener.final(sealed.subarray(length))) inauthentic();
    const result = new Uint8Array(length);
    unfinished = result;
    yield* throughSlices([ciphertext, (piece, at) => opener.open(piece, result.subarray(at))]);
    unfinished = undefined;
    return result.buffer;
  } finally {
    unfinished?.fill(0);
    opener.close();
  }
}
