/**
 * Which algorithm has which operation, the dictionary that its parameters are converted to, and what performs it:
 * the `supportedAlgorithms` of https://w3c.github.io/webcrypto/#algorithm-normalization-internal. Digests are
 * here, the rest of the table in key-algorithms.ts. What is in neither is a NotSupportedError.
 */
import { loadAlgorithms } from "#parts";
import type { Hasher } from "../../core/hash.ts";
import type { Dictionary } from "../webidl.ts";
import { Algorithm, type Context } from "./algorithm.ts";
import type { JsonWebKey } from "./jwk.ts";
import type { CryptoKey, KeyFormat, KeySlots, KeyUsage } from "./key.ts";
import * as sha from "./sha.ts";
import type { Result } from "./slices.ts";

/** The standard's "None" in the column of parameters: nothing but the name. */
const none = Algorithm;

export const registry = {
  encrypt: operation<Cipher>("encrypt", {}, "encrypt"),
  decrypt: operation<Cipher>("decrypt", {}, "decrypt"),
  sign: operation<Sign>("sign", {}, "sign"),
  verify: operation<Verify>("verify", {}, "verify"),
  digest: operation<Digest>("digest", {
    "SHA-1": [none, sha.digest],
    "SHA-256": [none, sha.digest],
    "SHA-384": [none, sha.digest],
    "SHA-512": [none, sha.digest],
  }),
  /** Of a message that comes in pieces: see digest-sequence.ts. */
  digestSequence: operation<DigestSequence>("digest", {
    "SHA-1": [none, sha.begin],
    "SHA-256": [none, sha.begin],
    "SHA-384": [none, sha.begin],
    "SHA-512": [none, sha.begin],
  }),
  generateKey: operation<GenerateKey>("generateKey", {}, "generateKey"),
  deriveBits: operation<DeriveBits>("deriveBits", {}, "deriveBits"),
  importKey: operation<ImportKey>("importKey", {}, "importKey"),
  /** Looked up by a key's own algorithm; there is nothing to normalize. */
  exportKey: operation<ExportKey>("exportKey", {}, "exportKey"),
  /** An algorithm that is not here wraps by its `encrypt`, and unwraps by its `decrypt`. */
  wrapKey: operation<Cipher>("wrapKey", {}, "wrapKey"),
  unwrapKey: operation<Cipher>("unwrapKey", {}, "unwrapKey"),
  /** The standard's "get key length", in bits, for `deriveKey`. */
  getKeyLength: operation<GetKeyLength>("deriveKey", {}, "getKeyLength"),
  /** Looked up by a private key's own algorithm. */
  getPublicKey: operation<GetPublicKey>("getPublicKey", {}, "getPublicKey"),
};

/**
 * What has an operation: the dictionary of its parameters, what performs it, and, for `SubtleCrypto.supports`, what throws
 * as that does when the parameters alone are wrong.
 */
export type Algorithms<P> = Record<string, [Dictionary<Algorithm>, P, Check?]>;

/** @param length in bits, that would be derived. */
export type Check = (algorithm: never, length: number | null) => void;

/** What an operation is given, its algorithm's parameters first, as their own dictionary has them; and what it gives. */
type Performs<Args extends unknown[], T> = (context: Context, algorithm: never, ...args: Args) => Result<T>;

export type Cipher = Performs<[key: KeySlots, text: Uint8Array], ArrayBuffer>;
export type Sign = Performs<[key: KeySlots, message: Uint8Array], ArrayBuffer>;
export type Verify = Performs<[key: KeySlots, signature: Uint8Array, message: Uint8Array], boolean>;
export type DeriveBits = Performs<[key: KeySlots, length: number | null], ArrayBuffer>;
export type GetKeyLength = (algorithm: never) => number | null;
export type GetPublicKey = (context: Context, key: KeySlots, usages: readonly KeyUsage[]) => CryptoKey;
type Digest = Performs<[message: Uint8Array], ArrayBuffer>;
type DigestSequence = (context: Context, algorithm: Algorithm) => Hasher;
export type GenerateKey = Performs<[extractable: boolean, usages: KeyUsage[]], CryptoKey | CryptoKeyPair>;
export type ImportKey = Performs<
  [KeyFormat, keyData: Uint8Array | JsonWebKey, extractable: boolean, usages: KeyUsage[]],
  CryptoKey
>;
export type ExportKey = (context: Context, key: KeySlots, format: KeyFormat) => ArrayBuffer | JsonWebKey;

export interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** What performs an operation, and the algorithm with its parameters, as its own file takes them. */
export interface Normalized<P> {
  /** As the standard spells it. */
  readonly name: string;
  readonly algorithm: never;
  readonly perform: P;
  readonly check: Check | undefined;
}

/** One cell of the table: normalized already, but for parameters where there are any. */
export interface Registered<P> extends Normalized<P> {
  readonly parameters: Dictionary<Algorithm>;
}

export interface Operation<P> {
  readonly name: string;
  /** Case-insensitively in ASCII, and only there. */
  find(algorithmName: string): Registered<P> | undefined;
}

/** @param more what key-algorithms.ts calls the operation, where it has algorithms for it. */
function operation<P>(
  name: string,
  algorithms: Algorithms<P>,
  more?: keyof ReturnType<typeof loadAlgorithms>,
): Operation<P> {
  const byName = new Map<string, Registered<P>>();
  // Read when somebody asks: most programs ask for few operations, and know their algorithms' names.
  const unread = [() => algorithms];
  if (more) unread.push(() => loadAlgorithms()[more] as unknown as Algorithms<P>);
  const find = (given: string): Registered<P> | undefined => {
    const found = byName.get(given) ?? byName.get(upperCase(given));
    const next = found ? undefined : unread.shift();
    if (!next) return found;
    for (const [algorithmName, [parameters, perform, check]] of Object.entries(next())) {
      const algorithm = Object.freeze({ name: algorithmName }) as never;
      const registered = { name: algorithmName, algorithm, parameters, perform, check };
      byName.set(algorithmName, registered);
      byName.set(upperCase(algorithmName), registered);
    }
    return find(given);
  };
  return { name, find };
}

function upperCase(name: string): string {
  return name.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
