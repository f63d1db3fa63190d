// biome-ignore-all lint/complexity/noArguments: as in subtle.ts, so that both refuse the same calls.
/**
 * The synchronous twin of SubtleCrypto: the same methods with the same conversions (methods.ts), which return what the
 * others promise and throw what they reject with. What takes long takes the thread: for scripts and workers.
 */
import { loadAlgorithms } from "#parts";
import {
  type BufferSource,
  isBufferSource,
  isObject,
  requireArguments,
  shapeInterface,
  syncSequence,
} from "../webidl.ts";
import { AlgorithmIdentifier, type Context } from "./algorithm.ts";
import { digest } from "./digest.ts";
import { digestSequence } from "./digest-sequence.ts";
import type { JsonWebKey } from "./jwk.ts";
import type { CryptoKey, KeyFormat, KeyUsage } from "./key.ts";
import type { OkpAlgorithm } from "./okp-keys.ts";
import type { CryptoKeyPair } from "./registry.ts";
import { type Result, Sliced } from "./slices.ts";

type AnyCryptoKey = globalThis.CryptoKey;

const methods = () => loadAlgorithms().methods;

export class SubtleCryptoSync {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  encrypt(algorithm: AlgorithmIdentifier, key: AnyCryptoKey, data: BufferSource): ArrayBuffer {
    requireArguments(arguments.length, 3, "encrypt");
    return finish(methods().encrypt(this.#context, algorithm, key, data));
  }

  decrypt(algorithm: AlgorithmIdentifier, key: AnyCryptoKey, data: BufferSource): ArrayBuffer {
    requireArguments(arguments.length, 3, "decrypt");
    return finish(methods().decrypt(this.#context, algorithm, key, data));
  }

  sign(algorithm: AlgorithmIdentifier, key: AnyCryptoKey, data: BufferSource): ArrayBuffer {
    requireArguments(arguments.length, 3, "sign");
    return finish(methods().sign(this.#context, algorithm, key, data));
  }

  verify(
    algorithm: AlgorithmIdentifier,
    key: AnyCryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): boolean {
    requireArguments(arguments.length, 4, "verify");
    return finish(methods().verify(this.#context, algorithm, key, signature, data));
  }

  /** Takes a message whole, or in pieces: see digest-sequence.ts. */
  digest(algorithm: AlgorithmIdentifier, data: BufferSource | Iterable<BufferSource>): ArrayBuffer {
    requireArguments(arguments.length, 2, "digest");
    if (isObject(data) && !isBufferSource(data)) {
      const identifier = AlgorithmIdentifier(algorithm, "digest: algorithm");
      const sequence = syncSequence(data, "digest: data");
      if (sequence) return digestSequence(this.#context, identifier, sequence);
    }
    return finish(digest(this.#context, algorithm, data));
  }

  generateKey(
    algorithm: RsaHashedKeyGenParams | EcKeyGenParams | OkpAlgorithm,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKeyPair;
  generateKey(
    algorithm: AesKeyGenParams | HmacKeyGenParams,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKey;
  generateKey(
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKey | CryptoKeyPair;
  generateKey(
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKey | CryptoKeyPair {
    requireArguments(arguments.length, 3, "generateKey");
    return finish(methods().generateKey(this.#context, algorithm, extractable, keyUsages));
  }

  deriveKey(
    algorithm: AlgorithmIdentifier,
    baseKey: AnyCryptoKey,
    derivedKeyType: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKey {
    requireArguments(arguments.length, 5, "deriveKey");
    return finish(
      methods().deriveKey(this.#context, algorithm, baseKey, derivedKeyType, extractable, keyUsages),
    );
  }

  deriveBits(
    algorithm: AlgorithmIdentifier,
    baseKey: AnyCryptoKey,
    length: number | null = null,
  ): ArrayBuffer {
    requireArguments(arguments.length, 2, "deriveBits");
    return finish(methods().deriveBits(this.#context, algorithm, baseKey, length));
  }

  importKey(
    format: KeyFormat,
    keyData: BufferSource | JsonWebKey,
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKey {
    requireArguments(arguments.length, 5, "importKey");
    return finish(methods().importKey(this.#context, format, keyData, algorithm, extractable, keyUsages));
  }

  exportKey(format: "jwk", key: AnyCryptoKey): JsonWebKey;
  exportKey(format: Exclude<KeyFormat, "jwk">, key: AnyCryptoKey): ArrayBuffer;
  exportKey(format: KeyFormat, key: AnyCryptoKey): ArrayBuffer | JsonWebKey;
  exportKey(format: KeyFormat, key: AnyCryptoKey): ArrayBuffer | JsonWebKey {
    requireArguments(arguments.length, 2, "exportKey");
    return methods().exportKey(this.#context, format, key);
  }

  wrapKey(
    format: KeyFormat,
    key: AnyCryptoKey,
    wrappingKey: AnyCryptoKey,
    wrapAlgorithm: AlgorithmIdentifier,
  ): ArrayBuffer {
    requireArguments(arguments.length, 4, "wrapKey");
    return finish(methods().wrapKey(this.#context, format, key, wrappingKey, wrapAlgorithm));
  }

  unwrapKey(
    format: KeyFormat,
    wrappedKey: BufferSource,
    unwrappingKey: AnyCryptoKey,
    unwrapAlgorithm: AlgorithmIdentifier,
    unwrappedKeyAlgorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): CryptoKey {
    requireArguments(arguments.length, 7, "unwrapKey");
    return finish(
      methods().unwrapKey(
        this.#context,
        format,
        wrappedKey,
        unwrappingKey,
        unwrapAlgorithm,
        unwrappedKeyAlgorithm,
        extractable,
        keyUsages,
      ),
    );
  }

  /** The public key of a private one, whether that may be exported or not. */
  getPublicKey(key: AnyCryptoKey, keyUsages: Iterable<KeyUsage>): CryptoKey {
    requireArguments(arguments.length, 2, "getPublicKey");
    return methods().getPublicKey(this.#context, key, keyUsages);
  }
}
shapeInterface(SubtleCryptoSync, "SubtleCryptoSync");

function finish<T>(result: Result<T>): T {
  return result instanceof Sliced ? result.finish() : result;
}
