/** Normalizing an algorithm: https://w3c.github.io/webcrypto/#algorithm-normalization-normalize-an-algorithm. */
import { domException } from "../dom-exception.ts";
import { DOMString, requiredMember } from "../webidl.ts";
import { Algorithm, type AlgorithmIdentifier, HashAlgorithmIdentifier } from "./algorithm.ts";
import { type Normalized, type Operation, type Registered, registry } from "./registry.ts";

/**
 * @throws TypeError for an identifier that does not convert; DOMException NotSupportedError for an algorithm that
 *   does not have the operation; what getters of the identifier throw.
 */
export function normalize(operation: Operation<never>, identifier: AlgorithmIdentifier, where: string): never;
export function normalize<P>(
  operation: Operation<P>,
  identifier: AlgorithmIdentifier,
  where: string,
): Normalized<P>;
export function normalize<P>(
  operation: Operation<P>,
  identifier: AlgorithmIdentifier,
  where: string,
): Normalized<P> {
  if (typeof identifier === "string") {
    const registered = find(operation, identifier, where);
    if (registered.parameters === Algorithm) return registered;
    // Its other members are missing, which is for their conversion to say.
    return withParameters(registered, { __proto__: null }, where);
  }
  return withParameters(find(operation, nameOf(identifier, where), where), identifier, where);
}

/** Dictionary Algorithm's only member. */
function nameOf(identifier: object, where: string): string {
  return requiredMember((identifier as Partial<Algorithm>).name, DOMString, "name", "Algorithm", where);
}

function find<P>(operation: Operation<P>, name: string, where: string): Registered<P> {
  const registered = operation.find(name);
  if (registered) return registered;
  const message = `${where}: no algorithm named ${JSON.stringify(name)} supports ${operation.name}`;
  throw domException("NotSupportedError", message);
}

/**
 * The name, which was read to find the algorithm, is not read again as one of its dictionary's members: so do engines, and
 * the Web Platform Tests count on it, though the standard's letter is another.
 */
function withParameters<P>(registered: Registered<P>, identifier: object, where: string): Normalized<P> {
  const { name, parameters, perform, check } = registered;
  if (parameters === Algorithm) return registered;
  const algorithm = parameters(identifier, where, name) as unknown as Record<string, unknown>;
  for (const { name: key, type } of parameters.members) {
    if (type !== HashAlgorithmIdentifier) continue;
    const hash = algorithm[key] as AlgorithmIdentifier;
    algorithm[key] = normalize(registry.digest, hash, `${where}.${key}`).algorithm;
  }
  return { perform, check, algorithm: algorithm as never, name };
}
