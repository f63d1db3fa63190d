/** X25519 and X448: https://w3c.github.io/webcrypto/#x25519, https://wicg.github.io/webcrypto-secure-curves/#x448. */
import type { OkpPrivateSlot, OkpPublicKey } from "../../core/okp.ts";
import { domException } from "../dom-exception.ts";
import type { Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type EcdhKeyDeriveParams, firstBits, requireLength, requirePublicKey } from "./key-agreement.ts";

/** @param length in bits; null is all of the secret. */
export function deriveBits(
  _: Context,
  params: EcdhKeyDeriveParams,
  key: KeySlots,
  length: number | null,
): ArrayBuffer {
  const slot = key.handle as OkpPrivateSlot; // Only private keys have the usage.
  const secret = slot.derive(requireInputs(params, length));
  if (secret) return firstBits(secret, length);
  const reason = "algorithm.public is of small order, and the secret would be zero whatever the key";
  throw domException("OperationError", `${params.name}: ${reason}`);
}

/** The other's public key. @throws DOMException as `requirePublicKey` and `requireLength`. */
export function requireInputs(params: EcdhKeyDeriveParams, length: number | null): OkpPublicKey {
  const publicKey = requirePublicKey(params).handle as OkpPublicKey;
  requireLength(params.name, publicKey.curve.keyBytes, length);
  return publicKey;
}
