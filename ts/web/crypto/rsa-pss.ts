/** RSA-PSS: https://w3c.github.io/webcrypto/#rsa-pss. The hash is the key's, for the message and for MGF1. */
import type { RsaPrivateSlot, RsaPublicSlot } from "../../core/rsa.ts";
import { type Dictionary, dictionary, unsignedLong } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type RsaHashedKeyAlgorithm, rsaKeys } from "./rsa-keys.ts";
import { digest, hashOf } from "./sha.ts";
import { after, type Result, SLICE_BYTES, Sliced } from "./slices.ts";

export interface RsaPssParams extends Algorithm {
  /** In bytes. */
  readonly saltLength: number;
}
export const RsaPssParams: Dictionary<RsaPssParams> = dictionary("RsaPssParams", ALGORITHM_MEMBERS, [
  { name: "saltLength", type: unsignedLong, required: true },
]);

export function sign(
  context: Context,
  { saltLength }: RsaPssParams,
  key: KeySlots,
  message: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as RsaPrivateSlot; // Only private keys have the usage.
  const { hash } = key.algorithm as RsaHashedKeyAlgorithm;
  return after(digest(context, hash, message), (hashed) => {
    const digested = new Uint8Array(hashed);
    return new Sliced(slot.signPss(hashOf(hash), digested, saltLength, context.fillRandom));
  });
}

export function verify(
  context: Context,
  { saltLength }: RsaPssParams,
  key: KeySlots,
  signature: Uint8Array,
  message: Uint8Array,
): Result<boolean> {
  const slot = key.handle as RsaPublicSlot; // Only public keys have the usage.
  const { hash } = key.algorithm as RsaHashedKeyAlgorithm;
  const given = message.length > SLICE_BYTES ? context.keep(signature) : signature;
  return after(digest(context, hash, message), (hashed) => {
    return new Sliced(slot.verifyPss(hashOf(hash), new Uint8Array(hashed), saltLength, given));
  });
}

export const { generateKey, importKey, exportKey, getPublicKey } = rsaKeys({
  name: "RSA-PSS",
  publicUsages: ["verify"],
  privateUsages: ["sign"],
  jwkUse: "sig",
  // RFC 7518, section 3.5; PS1 is the standard's own.
  jwkAlgorithms: { "SHA-1": "PS1", "SHA-256": "PS256", "SHA-384": "PS384", "SHA-512": "PS512" },
});
