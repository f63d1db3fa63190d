// biome-ignore-all lint/complexity/noArguments: WebIDL counts the arguments given; rest parameters would change `length`.
/**
 * SubtleCrypto: https://w3c.github.io/webcrypto/#subtlecrypto-interface. Every method returns a promise and never
 * throws; short work is done at the call, so that its promise is settled already (slices.ts).
 */
import { loadAlgorithms } from "#parts";
import type { EventLoop } from "../../runtime/loop.ts";
import {
  asyncSequence,
  type BufferSource,
  isBufferSource,
  isObject,
  requireArguments,
  shapeInterface,
} from "../webidl.ts";
import { AlgorithmIdentifier, type Context } from "./algorithm.ts";
import { digest } from "./digest.ts";
import { digestAsyncSequence } from "./digest-sequence.ts";
import type { JsonWebKey } from "./jwk.ts";
import type { CryptoKey, KeyFormat, KeyUsage } from "./key.ts";
import type { OkpAlgorithm } from "./okp-keys.ts";
import type { CryptoKeyPair } from "./registry.ts";
import { type Result, Sliced } from "./slices.ts";

/** As lib.dom has it: keys of this runtime are checked when they are used. */
type AnyCryptoKey = globalThis.CryptoKey;

const methods = () => loadAlgorithms().methods;

/** What only this module can show the constructor. */
const ours = Symbol("SubtleCrypto");

export class SubtleCrypto {
  readonly #context: Context;
  readonly #loop: EventLoop;

  /** There is one for each runtime: `crypto.subtle`. */
  constructor(...args: unknown[]) {
    if (args[0] !== ours) throw new TypeError("Illegal constructor");
    this.#context = args[1] as Context;
    this.#loop = args[2] as EventLoop;
  }

  async encrypt(algorithm: AlgorithmIdentifier, key: AnyCryptoKey, data: BufferSource): Promise<ArrayBuffer> {
    requireArguments(arguments.length, 3, "encrypt");
    return this.#settle(methods().encrypt(this.#context, algorithm, key, data));
  }

  async decrypt(algorithm: AlgorithmIdentifier, key: AnyCryptoKey, data: BufferSource): Promise<ArrayBuffer> {
    requireArguments(arguments.length, 3, "decrypt");
    return this.#settle(methods().decrypt(this.#context, algorithm, key, data));
  }

  async sign(algorithm: AlgorithmIdentifier, key: AnyCryptoKey, data: BufferSource): Promise<ArrayBuffer> {
    requireArguments(arguments.length, 3, "sign");
    return this.#settle(methods().sign(this.#context, algorithm, key, data));
  }

  async verify(
    algorithm: AlgorithmIdentifier,
    key: AnyCryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean> {
    requireArguments(arguments.length, 4, "verify");
    return this.#settle(methods().verify(this.#context, algorithm, key, signature, data));
  }

  /** Takes a message whole, or in pieces: see digest-sequence.ts. */
  async digest(
    algorithm: AlgorithmIdentifier,
    data: BufferSource | AsyncIterable<BufferSource> | Iterable<BufferSource>,
  ): Promise<ArrayBuffer> {
    requireArguments(arguments.length, 2, "digest");
    if (isObject(data) && !isBufferSource(data)) {
      const identifier = AlgorithmIdentifier(algorithm, "digest: algorithm");
      const sequence = asyncSequence(data, "digest: data");
      if (sequence) return await digestAsyncSequence(this.#context, this.#loop, identifier, sequence);
    }
    return this.#settle(digest(this.#context, algorithm, data));
  }

  async generateKey(
    algorithm: RsaHashedKeyGenParams | EcKeyGenParams | OkpAlgorithm,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKeyPair>;
  async generateKey(
    algorithm: AesKeyGenParams | HmacKeyGenParams,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKey>;
  async generateKey(
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKey | CryptoKeyPair>;
  async generateKey(
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKey | CryptoKeyPair> {
    requireArguments(arguments.length, 3, "generateKey");
    return this.#settle(methods().generateKey(this.#context, algorithm, extractable, keyUsages));
  }

  async deriveKey(
    algorithm: AlgorithmIdentifier,
    baseKey: AnyCryptoKey,
    derivedKeyType: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKey> {
    requireArguments(arguments.length, 5, "deriveKey");
    return this.#settle(
      methods().deriveKey(this.#context, algorithm, baseKey, derivedKeyType, extractable, keyUsages),
    );
  }

  async deriveBits(
    algorithm: AlgorithmIdentifier,
    baseKey: AnyCryptoKey,
    length: number | null = null,
  ): Promise<ArrayBuffer> {
    requireArguments(arguments.length, 2, "deriveBits");
    return this.#settle(methods().deriveBits(this.#context, algorithm, baseKey, length));
  }

  async importKey(
    format: KeyFormat,
    keyData: BufferSource | JsonWebKey,
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKey> {
    requireArguments(arguments.length, 5, "importKey");
    return this.#settle(
      methods().importKey(this.#context, format, keyData, algorithm, extractable, keyUsages),
    );
  }

  async exportKey(format: "jwk", key: AnyCryptoKey): Promise<JsonWebKey>;
  async exportKey(format: Exclude<KeyFormat, "jwk">, key: AnyCryptoKey): Promise<ArrayBuffer>;
  async exportKey(format: KeyFormat, key: AnyCryptoKey): Promise<ArrayBuffer | JsonWebKey>;
  async exportKey(format: KeyFormat, key: AnyCryptoKey): Promise<ArrayBuffer | JsonWebKey> {
    requireArguments(arguments.length, 2, "exportKey");
    return methods().exportKey(this.#context, format, key);
  }

  async wrapKey(
    format: KeyFormat,
    key: AnyCryptoKey,
    wrappingKey: AnyCryptoKey,
    wrapAlgorithm: AlgorithmIdentifier,
  ): Promise<ArrayBuffer> {
    requireArguments(arguments.length, 4, "wrapKey");
    return this.#settle(methods().wrapKey(this.#context, format, key, wrappingKey, wrapAlgorithm));
  }

  async unwrapKey(
    format: KeyFormat,
    wrappedKey: BufferSource,
    unwrappingKey: AnyCryptoKey,
    unwrapAlgorithm: AlgorithmIdentifier,
    unwrappedKeyAlgorithm: AlgorithmIdentifier,
    extractable: boolean,
    keyUsages: Iterable<KeyUsage>,
  ): Promise<CryptoKey> {
    requireArguments(arguments.length, 7, "unwrapKey");
    return this.#settle(
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
  async getPublicKey(key: AnyCryptoKey, keyUsages: Iterable<KeyUsage>): Promise<CryptoKey> {
    requireArguments(arguments.length, 2, "getPublicKey");
    return methods().getPublicKey(this.#context, key, keyUsages);
  }

  /**
   * Whether an operation is there for an algorithm with these parameters, as far as that can be told without key and data.
   *
   * @param lengthOrAlgorithm the bits to be derived; or of which algorithm the key is that is derived, wrapped or unwrapped.
   */
  static supports(
    operation: string,
    algorithm: AlgorithmIdentifier,
    lengthOrAlgorithm: number | null | AlgorithmIdentifier = null,
  ): boolean {
    requireArguments(arguments.length, 2, "supports");
    return loadAlgorithms().supports(operation, algorithm, lengthOrAlgorithm);
  }

  #settle<T>(result: Result<T>): T | Promise<T> {
    return result instanceof Sliced ? result.run(this.#loop) : result;
  }
}
shapeInterface(SubtleCrypto, "SubtleCrypto");

export function createSubtleCrypto(context: Context, loop: EventLoop): SubtleCrypto {
  return new SubtleCrypto(ours, context, loop);
}
