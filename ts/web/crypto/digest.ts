/**
 * SubtleCrypto's `digest`, step by step: https://w3c.github.io/webcrypto/#SubtleCrypto-method-digest. It alone of the
 * methods is there from the start; it goes as methods.ts says.
 */
import { heldBytes, stillHeld } from "../webidl.ts";
import { AlgorithmIdentifier, type Context } from "./algorithm.ts";
import { normalize } from "./normalize.ts";
import { registry } from "./registry.ts";
import type { Result } from "./slices.ts";

export function digest(context: Context, algorithm: unknown, data: unknown): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "digest: algorithm");
  const message = heldBytes(data, "digest: data");
  const normalized = normalize(registry.digest, identifier, "digest: algorithm");
  return normalized.perform(context, normalized.algorithm, stillHeld(message));
}
