/**
 * Which algorithm has which operation, the dictionary that its parameters are converted to, and what performs it:
 * the `supportedAlgorithms` of https://w3c.github.io/webcrypto/#algorithm-normalization-internal. What is not in the
 * table is a NotSupportedError.
 */
import type { Hasher } from "../../core/hash.ts";
import type { Dictionary } from "../webidl.ts";
import * as aesGcm from "./aes-gcm.ts";
import { Algorithm, type Context } from "./algorithm.ts";
import { EcKeyGenParams, EcKeyImportParams } from "./ec-keys.ts";
import * as ecdsa from "./ecdsa.ts";
import * as hmac from "./hmac.ts";
import type { JsonWebKey } from "./jwk.ts";
import type { CryptoKey, KeyFormat, KeySlots, KeyUsage } from "./key.ts";
import { RsaHashedImportParams, RsaHashedKeyGenParams } from "./rsa-keys.ts";
import * as rsaPss from "./rsa-pss.ts";
import * as sha from "./sha.ts";
import type { Result } from "./slices.ts";

/** The standard's "None" in the column of parameters: nothing but the name. */
const none = Algorithm;

export const registry = {
  encrypt: operation<Cipher>("encrypt", {
    "AES-GCM": [aesGcm.AesGcmParams, aesGcm.encrypt],
  }),
  decrypt: operation<Cipher>("decrypt", {
    "AES-GCM": [aesGcm.AesGcmParams, aesGcm.decrypt],
  }),
  sign: operation<Sign>("sign", {
    ECDSA: [ecdsa.EcdsaParams, ecdsa.sign],
    HMAC: [none, hmac.sign],
    "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.sign],
  }),
  verify: operation<Verify>("verify", {
    ECDSA: [ecdsa.EcdsaParams, ecdsa.verify],
    HMAC: [none, hmac.verify],
    "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.verify],
  }),
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
  generateKey: operation<GenerateKey>("generateKey", {
    "AES-GCM": [aesGcm.AesKeyGenParams, aesGcm.generateKey],
    ECDSA: [EcKeyGenParams, ecdsa.generateKey],
    HMAC: [hmac.HmacKeyGenParams, hmac.generateKey],
    "RSA-PSS": [RsaHashedKeyGenParams, rsaPss.generateKey],
  }),
  deriveBits: operation<never>("deriveBits", {}),
  importKey: operation<ImportKey>("importKey", {
    "AES-GCM": [none, aesGcm.importKey],
    ECDSA: [EcKeyImportParams, ecdsa.importKey],
    HMAC: [hmac.HmacImportParams, hmac.importKey],
    "RSA-PSS": [RsaHashedImportParams, rsaPss.importKey],
  }),
  /** Looked up by a key's own algorithm; there is nothing to normalize. */
  exportKey: operation<ExportKey>("exportKey", {
    "AES-GCM": [none, aesGcm.exportKey],
    ECDSA: [none, ecdsa.exportKey],
    HMAC: [none, hmac.exportKey],
    "RSA-PSS": [none, rsaPss.exportKey],
  }),
  /** An algorithm that is not here wraps by its `encrypt`, and unwraps by its `decrypt`. */
  wrapKey: operation<Cipher>("wrapKey", {}),
  unwrapKey: operation<Cipher>("unwrapKey", {}),
};

/** What an operation is given, its algorithm's parameters first, as their own dictionary has them; and what it gives. */
type Performs<Args extends unknown[], T> = (context: Context, algorithm: never, ...args: Args) => Result<T>;

type Cipher = Performs<[key: KeySlots, text: Uint8Array], ArrayBuffer>;
type Sign = Performs<[key: KeySlots, message: Uint8Array], ArrayBuffer>;
type Verify = Performs<[key: KeySlots, signature: Uint8Array, message: Uint8Array], boolean>;
type Digest = Performs<[message: Uint8Array], ArrayBuffer>;
type DigestSequence = (context: Context, algorithm: Algorithm) => Hasher;
type GenerateKey = Performs<[extractable: boolean, usages: KeyUsage[]], CryptoKey | CryptoKeyPair>;
type ImportKey = Performs<
  [KeyFormat, keyData: Uint8Array | JsonWebKey, extractable: boolean, usages: KeyUsage[]],
  CryptoKey
>;
type ExportKey = (context: Context, key: KeySlots, format: KeyFormat) => ArrayBuffer | JsonWebKey;

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

function operation<P>(name: string, algorithms: Record<string, [Dictionary<Algorithm>, P]>): Operation<P> {
  const byName = new Map<string, Registered<P>>();
  for (const [algorithmName, [parameters, perform]] of Object.entries(algorithms)) {
    const algorithm = Object.freeze({ name: algorithmName }) as never;
    const registered = { name: algorithmName, algorithm, parameters, perform };
    byName.set(algorithmName, registered);
    byName.set(upperCase(algorithmName), registered);
  }
  return { name, find: (given) => byName.get(given) ?? byName.get(upperCase(given)) };
}

function upperCase(name: string): string {
  return name.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
