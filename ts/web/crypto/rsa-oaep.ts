/** RSA-OAEP: https://w3c.github.io/webcrypto/#rsa-oaep. The hash is the key's, for the label and for MGF1. */
import type { RsaPrivateSlot, RsaPublicSlot } from "../../core/rsa.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, heldBytes, stillHeld } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type RsaHashedKeyAlgorithm, rsaKeys } from "./rsa-keys.ts";
import { digest, hashOf } from "./sha.ts";
import { after, type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

export interface RsaOaepParams extends Algorithm {
  readonly label?: Uint8Array;
}
export const RsaOaepParams: Dictionary<RsaOaepParams> = dictionary("RsaOaepParams", ALGORITHM_MEMBERS, [
  { name: "label", type: heldBytes },
]);

export function encrypt(
  context: Context,
  { label = NONE }: RsaOaepParams,
  key: KeySlots,
  plaintext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as RsaPublicSlot; // Only public keys have the usage.
  const { hash } = key.algorithm as RsaHashedKeyAlgorithm;
  const given = label.length > SLICE_BYTES ? context.keep(plaintext) : plaintext;
  return after(digest(context, hash, stillHeld(label)), (hashed) => {
    const labelDigest = new Uint8Array(hashed);
    const slices = slot.encryptOaep(hashOf(hash), labelDigest, given, context.fillRandom);
    const reason = `data has ${given.length} bytes; for ${hash.name} a modulus of ${slot.modulusBits} bits is too short`;
    return new Sliced(succeeding(slices, `encrypt: ${reason}`));
  });
}

/** Whatever of the ciphertext is wrong, the error is the same. */
export function decrypt(
  context: Context,
  { label = NONE }: RsaOaepParams,
  key: KeySlots,
  ciphertext: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as RsaPrivateSlot; // Only private keys have the usage.
  const { hash } = key.algorithm as RsaHashedKeyAlgorithm;
  const given = label.length > SLICE_BYTES ? context.keep(ciphertext) : ciphertext;
  return after(digest(context, hash, stillHeld(label)), (hashed) => {
    const slices = slot.decryptOaep(hashOf(hash), new Uint8Array(hashed), given, context.fillRandom);
    return new Sliced(succeeding(slices, "decrypt: data was not encrypted for this key and label"));
  });
}

export const { generateKey, importKey, exportKey, getPublicKey } = rsaKeys({
  name: "RSA-OAEP",
  publicUsages: ["encrypt", "wrapKey"],
  privateUsages: ["decrypt", "unwrapKey"],
  jwkUse: "enc",
  // RFC 7518, section 4.3; those of the longer hashes are the standard's own.
  jwkAlgorithms: {
    "SHA-1": "RSA-OAEP",
    "SHA-256": "RSA-OAEP-256",
    "SHA-384": "RSA-OAEP-384",
    "SHA-512": "RSA-OAEP-512",
  },
});

const NONE = new Uint8Array(0);

/** @throws DOMException OperationError where the slices give nothing. */
function* succeeding(slices: Slices<ArrayBuffer | null | undefined>, message: string): Slices<ArrayBuffer> {
  const result = yield* slices;
  if (result) return result;
  throw domException("OperationError", message);
}
