/**
 * The methods of SubtleCrypto that are about keys, step by step: https://w3c.github.io/webcrypto/#subtlecrypto-interface.
 * (digest.ts has the one that is not.) They are loaded with the algorithms of keys. Arguments come as the caller gave them and are converted in order, then the algorithm is normalized, then buffers are read;
 * whatever a getter of the caller's does happens before that. What is wrong is thrown; what takes long comes back
 * as `Sliced`. subtle.ts makes promises of all this, subtle-sync.ts plain returns.
 *
 * Where no algorithm has an operation, normalizing always throws, and there the method ends.
 */
import { domException } from "../dom-exception.ts";
import {
  type BufferSource,
  boolean,
  bufferSource,
  bytesOf,
  enumeration,
  heldBytes,
  isBufferSource,
  sequence,
  stillHeld,
  unsignedLongModulo,
} from "../webidl.ts";
import { AlgorithmIdentifier, type Context } from "./algorithm.ts";
import { encodeJwk, JsonWebKey, parseJwk } from "./jwk.ts";
import {
  type CryptoKey,
  KEY_FORMATS,
  KEY_USAGES,
  type KeyFormat,
  type KeySlots,
  type KeyUsage,
  keySlots,
} from "./key.ts";
import { normalize } from "./normalize.ts";
import { type CryptoKeyPair, type Normalized, type Operation, registry } from "./registry.ts";
import { after, type Result, Sliced, type Slices } from "./slices.ts";

export function encrypt(
  context: Context,
  algorithm: unknown,
  key: unknown,
  data: unknown,
): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "encrypt: algorithm");
  const slots = keySlots(key, "encrypt: key");
  const plaintext = heldBytes(data, "encrypt: data");
  const normalized = normalize(registry.encrypt, identifier, "encrypt: algorithm");
  requireKey(slots, normalized.name, "encrypt", "encrypt: key");
  return normalized.perform(context, normalized.algorithm, slots, stillHeld(plaintext));
}

export function decrypt(
  context: Context,
  algorithm: unknown,
  key: unknown,
  data: unknown,
): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "decrypt: algorithm");
  const slots = keySlots(key, "decrypt: key");
  const ciphertext = heldBytes(data, "decrypt: data");
  const normalized = normalize(registry.decrypt, identifier, "decrypt: algorithm");
  requireKey(slots, normalized.name, "decrypt", "decrypt: key");
  return normalized.perform(context, normalized.algorithm, slots, stillHeld(ciphertext));
}

export function sign(context: Context, algorithm: unknown, key: unknown, data: unknown): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "sign: algorithm");
  const slots = keySlots(key, "sign: key");
  const message = heldBytes(data, "sign: data");
  const normalized = normalize(registry.sign, identifier, "sign: algorithm");
  requireKey(slots, normalized.name, "sign", "sign: key");
  return normalized.perform(context, normalized.algorithm, slots, stillHeld(message));
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
  const mac = heldBytes(signature, "verify: signature");
  const message = heldBytes(data, "verify: data");
  const normalized = normalize(registry.verify, identifier, "verify: algorithm");
  requireKey(slots, normalized.name, "verify", "verify: key");
  return normalized.perform(context, normalized.algorithm, slots, stillHeld(mac), stillHeld(message));
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
  context: Context,
  algorithm: unknown,
  baseKey: unknown,
  derivedKeyType: unknown,
  extractable: unknown,
  keyUsages: unknown,
): Result<CryptoKey> {
  const identifier = AlgorithmIdentifier(algorithm, "deriveKey: algorithm");
  const slots = keySlots(baseKey, "deriveKey: baseKey");
  const keyIdentifier = AlgorithmIdentifier(derivedKeyType, "deriveKey: derivedKeyType");
  const mayExport = boolean(extractable, "deriveKey: extractable");
  const usages = keyUsageSequence(keyUsages, "deriveKey: keyUsages");
  const normalized = normalize(registry.deriveBits, identifier, "deriveKey: algorithm");
  const forImport = normalize(registry.importKey, keyIdentifier, "deriveKey: derivedKeyType");
  const forLength = normalize(registry.getKeyLength, keyIdentifier, "deriveKey: derivedKeyType");
  requireKey(slots, normalized.name, "deriveKey", "deriveKey: baseKey");
  const length = forLength.perform(forLength.algorithm);
  const derived = normalized.perform(context, normalized.algorithm, slots, length);
  return after(derived, (buffer) => {
    const bits = new Uint8Array(buffer);
    return wiping(bits, () =>
      forImport.perform(owning(context, bits), forImport.algorithm, "raw", bits, mayExport, usages),
    );
  });
}

export function deriveBits(
  context: Context,
  algorithm: unknown,
  baseKey: unknown,
  length: unknown,
): Result<ArrayBuffer> {
  const identifier = AlgorithmIdentifier(algorithm, "deriveBits: algorithm");
  const slots = keySlots(baseKey, "deriveBits: baseKey");
  const isNull = length === null || length === undefined;
  const bits = isNull ? null : unsignedLongModulo(length, "deriveBits: length");
  const normalized = normalize(registry.deriveBits, identifier, "deriveBits: algorithm");
  requireKey(slots, normalized.name, "deriveBits", "deriveBits: baseKey");
  return normalized.perform(context, normalized.algorithm, slots, bits);
}

export function importKey(
  context: Context,
  format: unknown,
  keyData: unknown,
  algorithm: unknown,
  extractable: unknown,
  keyUsages: unknown,
): Result<CryptoKey> {
  const keyFormat = keyFormatName(format, "importKey: format");
  const source = keyDataOf(keyData, keyFormat);
  const identifier = AlgorithmIdentifier(algorithm, "importKey: algorithm");
  const mayExport = boolean(extractable, "importKey: extractable");
  const usages = keyUsageSequence(keyUsages, "importKey: keyUsages");
  const normalized = normalize(registry.importKey, identifier, "importKey: algorithm");
  const isJwk = "jwk" in source;
  if (isJwk !== (keyFormat === "jwk")) {
    const [given, due] = !isJwk ? ["bytes", "a JSON Web Key"] : ["no ArrayBuffer or view of one", "bytes"];
    throw new TypeError(
      `importKey: keyData is ${given}, but format ${JSON.stringify(keyFormat)} takes ${due}`,
    );
  }
  const material = isJwk ? source.jwk : bytesOf(source.bytes);
  return normalized.perform(context, normalized.algorithm, keyFormat, material, mayExport, usages);
}

/**
 * WebIDL's conversion to (BufferSource or JsonWebKey). That an object is no ArrayBuffer takes an exception to find out,
 * many times what reading its members takes: where a JSON Web Key is due, what has a `kty` is one.
 */
function keyDataOf(keyData: unknown, format: KeyFormat): { bytes: BufferSource } | { jwk: JsonWebKey } {
  const where = "importKey: keyData";
  const isView = ArrayBuffer.isView(keyData);
  if (format !== "jwk" || isView) {
    return isView || isBufferSource(keyData)
      ? { bytes: bufferSource(keyData, where) }
      : { jwk: JsonWebKey(keyData, where) };
  }
  const jwk = JsonWebKey(keyData, where);
  return jwk.kty === undefined && isBufferSource(keyData) ? { bytes: bufferSource(keyData, where) } : { jwk };
}

export function exportKey(context: Context, format: unknown, key: unknown): ArrayBuffer | JsonWebKey {
  const keyFormat = keyFormatName(format, "exportKey: format");
  const slots = keySlots(key, "exportKey: key");
  return exported(context, slots, keyFormat, "exportKey: key");
}

export function wrapKey(
  context: Context,
  format: unknown,
  key: unknown,
  wrappingKey: unknown,
  wrapAlgorithm: unknown,
): Result<ArrayBuffer> {
  const keyFormat = keyFormatName(format, "wrapKey: format");
  const slots = keySlots(key, "wrapKey: key");
  const wrapping = keySlots(wrappingKey, "wrapKey: wrappingKey");
  const identifier = AlgorithmIdentifier(wrapAlgorithm, "wrapKey: wrapAlgorithm");
  const { wrapKey, encrypt } = registry;
  const normalized = normalizeEither(wrapKey, encrypt, identifier, "wrapKey: wrapAlgorithm");
  requireKey(wrapping, normalized.name, "wrapKey", "wrapKey: wrappingKey");
  const material = exported(context, slots, keyFormat, "wrapKey: key");
  const bytes =
    material instanceof ArrayBuffer ? new Uint8Array(material) : encodeJwk(material, normalized.name);
  return wiping(bytes, () =>
    normalized.perform(owning(context, bytes), normalized.algorithm, wrapping, bytes),
  );
}

export function unwrapKey(
  context: Context,
  format: unknown,
  wrappedKey: unknown,
  unwrappingKey: unknown,
  unwrapAlgorithm: unknown,
  unwrappedKeyAlgorithm: unknown,
  extractable: unknown,
  keyUsages: unknown,
): Result<CryptoKey> {
  const keyFormat = keyFormatName(format, "unwrapKey: format");
  const wrapped = bufferSource(wrappedKey, "unwrapKey: wrappedKey");
  const unwrapping = keySlots(unwrappingKey, "unwrapKey: unwrappingKey");
  const identifier = AlgorithmIdentifier(unwrapAlgorithm, "unwrapKey: unwrapAlgorithm");
  const keyIdentifier = AlgorithmIdentifier(unwrappedKeyAlgorithm, "unwrapKey: unwrappedKeyAlgorithm");
  const mayExport = boolean(extractable, "unwrapKey: extractable");
  const usages = keyUsageSequence(keyUsages, "unwrapKey: keyUsages");
  const { unwrapKey, decrypt } = registry;
  const normalized = normalizeEither(unwrapKey, decrypt, identifier, "unwrapKey: unwrapAlgorithm");
  const normalizedKey = normalize(registry.importKey, keyIdentifier, "unwrapKey: unwrappedKeyAlgorithm");
  requireKey(unwrapping, normalized.name, "unwrapKey", "unwrapKey: unwrappingKey");
  const unwrapped = normalized.perform(context, normalized.algorithm, unwrapping, bytesOf(wrapped));
  return after(unwrapped, (buffer) => {
    const bytes = new Uint8Array(buffer);
    return wiping(bytes, () => {
      const material = keyFormat === "jwk" ? parseJwk(bytes) : bytes;
      const { algorithm, perform } = normalizedKey;
      return perform(owning(context, bytes), algorithm, keyFormat, material, mayExport, usages);
    });
  });
}

/** https://wicg.github.io/webcrypto-modern-algos/#SubtleCrypto-method-getPublicKey */
export function getPublicKey(context: Context, key: unknown, keyUsages: unknown): CryptoKey {
  const slots = keySlots(key, "getPublicKey: key");
  const usages = keyUsageSequence(keyUsages, "getPublicKey: keyUsages");
  const { perform } = normalize(registry.getPublicKey, slots.algorithm.name, "getPublicKey: key");
  if (slots.type !== "private") {
    throw domException("InvalidAccessError", `getPublicKey: key is a ${slots.type} key, not a private one`);
  }
  return perform(context, slots, usages);
}

const keyFormatName = enumeration("KeyFormat", KEY_FORMATS);
const keyUsageSequence = sequence(enumeration("KeyUsage", KEY_USAGES));

/** Normalizing for one operation, or else for the other. */
function normalizeEither<P>(
  operation: Operation<P>,
  other: Operation<P>,
  identifier: AlgorithmIdentifier,
  where: string,
): Normalized<P> {
  try {
    return normalize(operation, identifier, where);
  } catch {
    return normalize(other, identifier, where);
  }
}

/** A key in a format: the last steps of exportKey, which are wrapKey's too. */
function exported(
  context: Context,
  slots: KeySlots,
  format: KeyFormat,
  where: string,
): ArrayBuffer | JsonWebKey {
  const { perform } = normalize(registry.exportKey, slots.algorithm.name, where);
  if (!slots.extractable) throw domException("InvalidAccessError", `${where} is not extractable`);
  return perform(context, slots, format);
}

/** For work on bytes that no caller has: these need no copy, which would not be wiped. */
function owning(context: Context, bytes: Uint8Array): Context {
  return { ...context, keep: (given) => (given === bytes ? given : context.keep(given)) };
}

/** Work on secret bytes, which are wiped when it is done. */
function wiping<T>(bytes: Uint8Array, work: () => Result<T>): Result<T> {
  let result: Result<T> | undefined;
  try {
    result = work();
    return result instanceof Sliced ? new Sliced(wipingSlices(bytes, result)) : result;
  } finally {
    if (!(result instanceof Sliced)) bytes.fill(0);
  }
}

function* wipingSlices<T>(bytes: Uint8Array, work: Sliced<T>): Slices<T> {
  try {
    return yield* work.slices;
  } finally {
    bytes.fill(0);
  }
}

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
