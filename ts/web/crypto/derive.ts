/**
 * What the algorithms that keys are derived with have in common: their own keys, which are "raw" (by its newer name
 * "raw-secret") alone and are never exported, and the lengths that they give.
 * https://w3c.github.io/webcrypto/#hkdf-operations, https://w3c.github.io/webcrypto/#pbkdf2-operations.
 */
import { SecretSlot } from "../../core/secret-slot.ts";
import { domException } from "../dom-exception.ts";
import type { Algorithm, Context } from "./algorithm.ts";
import type { JsonWebKey } from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyFormat,
  type KeyUsage,
  normalizeUsages,
  requireUsage,
  requireUsages,
} from "./key.ts";

/** "Import key" of an algorithm, whose name is all that its keys say of it. */
export function importKey(
  { core }: Context,
  { name }: Algorithm,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  if (format !== "raw" && format !== "raw-secret") {
    const message = `importKey: format is ${JSON.stringify(format)}; ${name} keys have "raw" and "raw-secret"`;
    throw domException("NotSupportedError", message);
  }
  requireUsages(usages, ["deriveKey", "deriveBits"], name);
  if (extractable) {
    throw domException("SyntaxError", `importKey: extractable is true; ${name} keys are never exported`);
  }
  requireUsage("secret", usages); // Before there is a slot that no key has.
  const handle = new SecretSlot(core, keyData as Uint8Array);
  return createKey({
    type: "secret",
    extractable,
    algorithm: { name },
    usages: normalizeUsages(usages),
    handle,
  });
}

/** "Get key length": as many bits as the other algorithm gives when it is not told, which these two are not. */
export function getKeyLength(): null {
  return null;
}

/**
 * A length that was asked for, in bytes.
 *
 * @throws DOMException OperationError for none, and for what is no multiple of 8 bits.
 */
export function requireBytes(length: number | null, algorithmName: string): number {
  if (length !== null && length % 8 === 0) return length / 8;
  throw domException("OperationError", `${algorithmName}: length is ${length}, not a multiple of 8 bits`);
}
