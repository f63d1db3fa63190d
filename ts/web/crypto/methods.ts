/**
 * The methods of SubtleCrypto, step by step: https://w3c.github.io/webcrypto/#subtlecrypto-interface. Arguments come
 * as the caller gave them and are converted in order, then the algorithm is normalized, then buffers are read;
 * whatever a getter of the caller's does happens before that. What is wrong is thrown; what takes long comes back
 * as `Sliced`. subtle.ts makes promises of all this, subtle-sync.ts plain returns.
 *
 * Where no algorithm has an operation, normalizing always throws, and there the method ends.
 */
import { domException } from "../dom-exception.ts";
import {
  boolean,
  bufferSource,
  bytesOf,
  enumeration,
  isBufferSource,
  sequence,
  unsignedLong,
} from "../webidl.ts";
import { AlgorithmIdentifier, type Context } from "./algorithm.ts";
import { JsonWebKey } from "./jwk.ts";
import { type CryptoKey, KEY_FORMATS, KEY_USAGES, type KeySlots, type KeyUsage, slotsOf } from "./key.ts";
import { normalize } from "./normalize.ts";
import { type CryptoKeyPair, registry } from "./registry.ts";
import type { Result } from "./slices.ts";

export function encrypt(_: Context, algorithm: unknown, key: unknown, data: unknown): never {
  const identifier = AlgorithmIdentifier(algorithm, "encrypt: algorithm");
  keySlots(key, "encrypt: key");
  bufferSource(data, "encrypt: data");
  return normalize(registry.encrypt, identifier, "encrypt: algorithm");
}

export function decrypt(_: Context, algorithm: unknown, key: unknown, data: unknown): never {
  const identifier = AlgorithmIdentifier(algorithm, "decrypt: algorithm");
  keySlots(key, "decrypt: key");
  bufferSource(data, "decrypt: data");
  return normalize(registry.decrypt, identifier, "decrypt: algorithm");
}

export function sign(context: Context, algorithm: unknown, key: unknown, data: unknown): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "sign: algorithm");
  const slots = keySlots(key, "sign: key");
  const message = bufferSource(data, "sign: data");
  const normalized = normalize(registry.sign, identifier, "sign: algorithm");
  requireKey(slots, normalized.name, "sign", "sign: key");
  return normalized.perform(context, normalized.algorithm, slots, bytesOf(message));
}

export function verify(
  context: Context,
  algorithm: unknown,
  key: unknown,
  signature: unknown,
  data: unknown,
): Result<boolean> {
  const identifier = AlgorithmIdentifier(algorithm, "verify: algorithm");
  const slots = keySlots(key, "verify: key");
  const mac = bufferSource(signature, "verify: signature");
  const message = bufferSource(data, "verify: data");
  const normalized = normalize(registry.verify, identifier, "verify: algorithm");
  requireKey(slots, normalized.name, "verify", "verify: key");
  return normalized.perform(context, normalized.algorithm, slots, bytesOf(mac), bytesOf(message));
}

export function digest(context: Context, algorithm: unknown, data: unknown): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "digest: algorithm");
  const message = bufferSource(data, "digest: data");
  const normalized = normalize(registry.digest, identifier, "digest: algorithm");
  return normalized.perform(context, normalized.algorithm, bytesOf(message));
}

export function generateKey(
  context: Context,
  algorithm: unknown,
  extractable: unknown,
  keyUsages: unknown,
): Result<CryptoKey | CryptoKeyPair> {
  const identifier = AlgorithmIdentifier(algorithm, "generateKey: algorithm");
  const mayExport = boolean(extractable, "generateKey: extractable");
  const usages = keyUsageSequence(keyUsages, "generateKey: keyUsages");
  const normalized = normalize(registry.generateKey, identifier, "generateKey: algorithm");
  return normalized.perform(context, normalized.algorithm, mayExport, usages);
}

export function deriveKey(
  _: Context,
  algorithm: unknown,
  baseKey: unknown,
  derivedKeyType: unknown,
  extractable: unknown,
  keyUsages: unknown,
): never {
  const identifier = AlgorithmIdentifier(algorithm, "deriveKey: algorithm");
  keySlots(baseKey, "deriveKey: baseKey");
  AlgorithmIdentifier(derivedKeyType, "deriveKey: derivedKeyType");
  boolean(extractable, "deriveKey: extractable");
  keyUsageSequence(keyUsages, "deriveKey: keyUsages");
  return normalize(registry.deriveBits, identifier, "deriveKey: algorithm");
}

export function deriveBits(_: Context, algorithm: unknown, baseKey: unknown, length: unknown): never {
  const identifier = AlgorithmIdentifier(algorithm, "deriveBits: algorithm");
  keySlots(baseKey, "deriveBits: baseKey");
  if (length !== null && length !== undefined) unsignedLong(length, "deriveBits: length");
  return normalize(registry.deriveBits, identifier, "deriveBits: algorithm");
}

export function importKey(
  context: Context,
  format: unknown,
  keyData: unknown,
  algorithm: unknown,
  extractable: unknown,
  keyUsages: unknown,
): Result<CryptoKey> {
  const keyFormat = KeyFormat(format, "importKey: format");
  const source = isBufferSource(keyData)
    ? bufferSource(keyData, "importKey: keyData")
    : JsonWebKey(keyData, "importKey: keyData");
  const identifier = AlgorithmIdentifier(algorithm, "importKey: algorithm");
  const mayExport = boolean(extractable, "importKey: extractable");
  const usages = keyUsageSequence(keyUsages, "importKey: keyUsages");
  const normalized = normalize(registry.importKey, identifier, "importKey: algorithm");
  const bytes = isBufferSource(source);
  if (bytes === (keyFormat === "jwk")) {
    const [given, due] = bytes ? ["bytes", "a JSON Web Key"] : ["no ArrayBuffer or view of one", "bytes"];
    throw new TypeError(
      `importKey: keyData is ${given}, but format ${JSON.stringify(keyFormat)} takes ${due}`,
    );
  }
  const material = bytes ? bytesOf(source) : source;
  return normalized.perform(context, normalized.algorithm, keyFormat, material, mayExport, usages);
}

export function exportKey(_: Context, format: unknown, key: unknown): ArrayBuffer | JsonWebKey {
  const keyFormat = KeyFormat(format, "exportKey: format");
  const slots = keySlots(key, "exportKey: key");
  const { perform } = normalize(registry.exportKey, slots.algorithm.name, "exportKey: key");
  if (!slots.extractable) throw domException("InvalidAccessError", "exportKey: key is not extractable");
  return perform(slots, keyFormat);
}

export function wrapKey(
  _: Context,
  format: unknown,
  key: unknown,
  wrappingKey: unknown,
  wrapAlgorithm: unknown,
): never {
  KeyFormat(format, "wrapKey: format");
  keySlots(key, "wrapKey: key");
  keySlots(wrappingKey, "wrapKey: wrappingKey");
  const identifier = AlgorithmIdentifier(wrapAlgorithm, "wrapKey: wrapAlgorithm");
  try {
    return normalize(registry.wrapKey, identifier, "wrapKey: wrapAlgorithm");
  } catch {
    return normalize(registry.encrypt, identifier, "wrapKey: wrapAlgorithm");
  }
}

export function unwrapKey(
  _: Context,
  format: unknown,
  wrappedKey: unknown,
  unwrappingKey: unknown,
  unwrapAlgorithm: unknown,
  unwrappedKeyAlgorithm: unknown,
  extractable: unknown,
  keyUsages: unknown,
): never {
  KeyFormat(format, "unwrapKey: format");
  bufferSource(wrappedKey, "unwrapKey: wrappedKey");
  keySlots(unwrappingKey, "unwrapKey: unwrappingKey");
  const identifier = AlgorithmIdentifier(unwrapAlgorithm, "unwrapKey: unwrapAlgorithm");
  AlgorithmIdentifier(unwrappedKeyAlgorithm, "unwrapKey: unwrappedKeyAlgorithm");
  boolean(extractable, "unwrapKey: extractable");
  keyUsageSequence(keyUsages, "unwrapKey: keyUsages");
  try {
    return normalize(registry.unwrapKey, identifier, "unwrapKey: unwrapAlgorithm");
  } catch {
    return normalize(registry.decrypt, identifier, "unwrapKey: unwrapAlgorithm");
  }
}

const KeyFormat = enumeration("KeyFormat", KEY_FORMATS);
const keyUsageSequence = sequence(enumeration("KeyUsage", KEY_USAGES));

/** The checks that every method makes before it uses a key for the operation that the usage is named after. */
function requireKey(key: KeySlots, algorithmName: string, usage: KeyUsage, where: string): void {
  if (key.algorithm.name !== algorithmName) {
    const message = `${where} is for ${key.algorithm.name}, but algorithm is ${algorithmName}`;
    throw domException("InvalidAccessError", message);
  }
  if (!key.usages.includes(usage)) {
    throw domException("InvalidAccessError", `${where} lacks the usage ${JSON.stringify(usage)}`);
  }
}

/** WebIDL's conversion to CryptoKey, and straight to its slots. */
function keySlots(value: unknown, where: string): KeySlots {
  const slots = slotsOf(value);
  if (!slots) throw new TypeError(`${where} is not a CryptoKey of this runtime`);
  return slots;
}
