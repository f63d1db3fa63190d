/**
 * What algorithms that agree on a secret have in common, ECDH, X25519 and X448: the other's public key as their parameter,
 * and the steps with which "Derive Bits" begins and ends. https://w3c.github.io/webcrypto/#ecdh-operations,
 * https://w3c.github.io/webcrypto/#x25519-operations.
 */
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm } from "./algorithm.ts";
import { type KeySlots, keySlots } from "./key.ts";

export interface EcdhKeyDeriveParams extends Algorithm {
  /** The other's. */
  readonly public: KeySlots;
}
export const EcdhKeyDeriveParams: Dictionary<EcdhKeyDeriveParams> = dictionary(
  "EcdhKeyDeriveParams",
  ALGORITHM_MEMBERS,
  [{ name: "public", type: keySlots, required: true }],
);

/**
 * The other's key, which is a public one for this algorithm.
 *
 * @throws DOMException InvalidAccessError
 */
export function requirePublicKey({ name, public: key }: EcdhKeyDeriveParams): KeySlots {
  const where = `${name}: algorithm.public is a`;
  if (key.type !== "public") {
    throw domException("InvalidAccessError", `${where} ${key.type} key, not a public one`);
  }
  if (key.algorithm.name !== name) {
    throw domException("InvalidAccessError", `${where} key for ${key.algorithm.name}`);
  }
  return key;
}

/**
 * Of a secret of so many bytes.
 *
 * @param length in bits; null is all of them.
 * @throws DOMException OperationError for a length beyond the secret's.
 */
export function requireLength(name: string, secretBytes: number, length: number | null): void {
  if (length === null || length <= 8 * secretBytes) return;
  throw domException(
    "OperationError",
    `${name}: length is ${length}; it gives ${8 * secretBytes} bits at most`,
  );
}

/**
 * The first `length` bits of a secret, which is wiped unless it is all of it; the bits that the last byte has to spare
 * are zero. https://w3c.github.io/webcrypto/#dfn-byte-sequence-containing
 */
export function firstBits(secret: Uint8Array<ArrayBuffer>, length: number | null): ArrayBuffer {
  const bytes = length === null ? secret.length : Math.ceil(length / 8);
  if (bytes === secret.length && (length ?? 0) % 8 === 0) return secret.buffer;
  const bits = secret.slice(0, bytes);
  secret.fill(0);
  if (bytes > 0) bits[bytes - 1]! &= 0xff << (-length! & 7);
  return bits.buffer;
}
