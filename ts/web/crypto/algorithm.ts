/**
 * What a caller names an algorithm by, and what an algorithm's own file is given to work with:
 * https://w3c.github.io/webcrypto/#algorithm-dictionary.
 */
import type { Core } from "../../core/core.ts";
import { type Conversion, type Dictionary, DOMString, dictionary, isObject, type Member } from "../webidl.ts";

/** typedef (object or DOMString) AlgorithmIdentifier; */
export type AlgorithmIdentifier = object | string;
export const AlgorithmIdentifier: Conversion<AlgorithmIdentifier> = (value, where) =>
  isObject(value) ? value : DOMString(value, where);

/** A member of this type becomes an `Algorithm` of a digest when the dictionary that holds it is normalized. */
export const HashAlgorithmIdentifier: Conversion<AlgorithmIdentifier> = (value, where) =>
  AlgorithmIdentifier(value, where);

/** An algorithm by its registered name, and, in dictionaries derived from this one, its parameters. */
export interface Algorithm {
  readonly name: string;
}
/** What the dictionaries of parameters begin with. */
export const ALGORITHM_MEMBERS: readonly Member[] = [{ name: "name", type: DOMString, required: true }];
export const Algorithm: Dictionary<Algorithm> = dictionary("Algorithm", ALGORITHM_MEMBERS);

/** What an operation of an algorithm works with. */
export interface Context {
  readonly core: Core;
  /** Fills all of `bytes` with cryptographically secure random bytes. */
  fillRandom(bytes: Uint8Array): void;
  /**
   * Bytes that stay as they are while slices of work follow (slices.ts): a copy where the caller's code runs in
   * between. An operation that gives its result at once needs none.
   */
  keep(bytes: Uint8Array): Uint8Array;
}
