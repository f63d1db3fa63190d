/** ECDH on P-256, P-384 and P-521: https://w3c.github.io/webcrypto/#ecdh. The secret is x of the point that both find. */
import type { EcPrivateSlot, EcPublicKey } from "../../core/ec.ts";
import { domException } from "../dom-exception.ts";
import type { Context } from "./algorithm.ts";
import { ecKeys } from "./ec-keys.ts";
import type { KeySlots } from "./key.ts";
import {
  type EcdhKeyDeriveParams,
  firstBits,
  requireLength as requireAtMost,
  requirePublicKey,
} from "./key-agreement.ts";

/** @param length in bits; null is all of them. */
export function deriveBits(
  _: Context,
  params: EcdhKeyDeriveParams,
  key: KeySlots,
  length: number | null,
): ArrayBuffer {
  const slot = key.handle as EcPrivateSlot; // Only private keys have the usage.
  const publicKey = requirePublicKey(params).handle as EcPublicKey;
  if (publicKey.curve !== slot.curve) {
    const curves = `on ${publicKey.curve.name}, and the private key on ${slot.curve.name}`;
    throw domException("InvalidAccessError", `ECDH: algorithm.public is a key ${curves}`);
  }
  requireLength(params, length);
  return firstBits(slot.deriveSecret(publicKey), length);
}

/** @throws DOMException OperationError for more bits than the secret has, which is as long as a coordinate. */
export function requireLength(params: EcdhKeyDeriveParams, length: number | null): void {
  const { curve } = requirePublicKey(params).handle as EcPublicKey;
  requireAtMost("ECDH", curve.scalarBytes, length);
}

export const { generateKey, importKey, exportKey, getPublicKey } = ecKeys({
  name: "ECDH",
  publicUsages: [],
  privateUsages: ["deriveKey", "deriveBits"],
  jwkUse: "enc",
});
