/** ECDSA on P-256, P-384 and P-521: https://w3c.github.io/webcrypto/#ecdsa. Signatures are r and s, each as long as n. */
import type { EcPrivateSlot, EcPublicKey } from "../../core/ec.ts";
import { WINDOW_BYTES } from "../../core/hash.ts";
import { type Dictionary, dictionary } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context, HashAlgorithmIdentifier } from "./algorithm.ts";
import { ecKeys } from "./ec-keys.ts";
import { takeEntropy } from "./entropy.ts";
import type { KeySlots } from "./key.ts";
import { digest, hashOf } from "./sha.ts";
import { after, type Result, SLICE_BYTES } from "./slices.ts";

export interface EcdsaParams extends Algorithm {
  readonly hash: Algorithm;
}
export const EcdsaParams: Dictionary<EcdsaParams> = dictionary("EcdsaParams", ALGORITHM_MEMBERS, [
  { name: "hash", type: HashAlgorithmIdentifier, required: true },
]);

/** Random bytes that hedge a nonce: whoever can make faults cannot guess them. */
const ENTROPY_BYTES = 16;

export function sign(
  context: Context,
  { hash }: EcdsaParams,
  key: KeySlots,
  message: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as EcPrivateSlot; // Only private keys have the usage.
  if (message.length <= WINDOW_BYTES) {
    return withEntropy(context, (entropy) => slot.signMessage(hashOf(hash), message, entropy));
  }
  return after(digest(context, hash, message), (hashed) =>
    withEntropy(context, (entropy) => slot.sign(hashOf(hash), new Uint8Array(hashed), entropy)),
  );
}

export function verify(
  context: Context,
  { hash }: EcdsaParams,
  key: KeySlots,
  signature: Uint8Array,
  message: Uint8Array,
): Result<boolean> {
  const publicKey = key.handle as EcPublicKey; // Only public keys have the usage.
  if (signature.length !== 2 * publicKey.curve.scalarBytes) {
    context.core.requireOpen();
    return false;
  }
  if (message.length <= WINDOW_BYTES) return publicKey.verifyMessage(hashOf(hash), message, signature);
  const given = message.length > SLICE_BYTES ? context.keep(signature) : signature;
  return after(digest(context, hash, message), (hashed) => publicKey.verify(new Uint8Array(hashed), given));
}

export const { generateKey, importKey, exportKey, getPublicKey } = ecKeys({
  name: "ECDSA",
  publicUsages: ["verify"],
  privateUsages: ["sign"],
  jwkUse: "sig",
  jwkAlgorithms: { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" },
});

/** What is made with random bytes, which are wiped afterwards. */
function withEntropy<T>(context: Context, use: (entropy: Uint8Array) => T): T {
  context.core.requireOpen();
  const entropy = takeEntropy(context, ENTROPY_BYTES);
  try {
    return use(entropy);
  } finally {
    entropy.fill(0);
  }
}
