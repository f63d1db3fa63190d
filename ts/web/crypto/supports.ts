/**
 * `SubtleCrypto.supports`: https://wicg.github.io/webcrypto-modern-algos/#dfn-check-support-for-an-algorithm. The registry
 * says whether there is an operation, its dictionary whether the parameters convert, and `check` whether they would do.
 */
import { DOMString, unsignedLongModulo } from "../webidl.ts";
import { AlgorithmIdentifier } from "./algorithm.ts";
import { normalize } from "./normalize.ts";
import { type Normalized, type Operation, registry } from "./registry.ts";

const OPERATIONS: Record<string, Operation<unknown>> = {
  encrypt: registry.encrypt,
  decrypt: registry.decrypt,
  sign: registry.sign,
  verify: registry.verify,
  digest: registry.digest,
  generateKey: registry.generateKey,
  deriveBits: registry.deriveBits,
  importKey: registry.importKey,
  exportKey: registry.exportKey,
  wrapKey: registry.wrapKey,
  unwrapKey: registry.unwrapKey,
  getPublicKey: registry.getPublicKey,
};

/** An algorithm that does not have the first wraps, or unwraps, by the second. */
const INSTEAD: Record<string, Operation<unknown>> = {
  wrapKey: registry.encrypt,
  unwrapKey: registry.decrypt,
};

export function supports(operation: unknown, algorithm: unknown, more: unknown): boolean {
  const name = DOMString(operation, "supports: operation");
  const identifier = AlgorithmIdentifier(algorithm, "supports: algorithm");
  // WebIDL's choice between the overloads.
  if (more === undefined || more === null || typeof more === "number") {
    const length = typeof more === "number" ? unsignedLongModulo(more, "supports: length") : null;
    return isSupported(name, identifier, length);
  }
  const other = AlgorithmIdentifier(more, "supports: additionalAlgorithm");
  if (name === "wrapKey" && !isSupported("exportKey", other)) return false;
  if (name === "unwrapKey" && !isSupported("importKey", other)) return false;
  if (name !== "deriveKey") return isSupported(name, identifier);
  if (!isSupported("importKey", other)) return false;
  const forLength = supported(registry.getKeyLength, other, null);
  if (!forLength) return false;
  const length = forLength.perform(forLength.algorithm);
  return isSupported("deriveBits", identifier, length);
}

function isSupported(name: string, identifier: AlgorithmIdentifier, length: number | null = null): boolean {
  const operations = [OPERATIONS, INSTEAD].flatMap((some) =>
    Object.hasOwn(some, name) ? [some[name]!] : [],
  );
  return operations.some((operation) => supported(operation, identifier, length) !== undefined);
}

/** The algorithm, normalized, where nothing is wrong with its parameters. */
function supported<P>(
  operation: Operation<P>,
  identifier: AlgorithmIdentifier,
  length: number | null,
): Normalized<P> | undefined {
  try {
    const normalized = normalize(operation, identifier, "supports: algorithm");
    normalized.check?.(normalized.algorithm, length);
    return normalized;
  } catch {
    return undefined; // What getters of the caller's throw, too.
  }
}
