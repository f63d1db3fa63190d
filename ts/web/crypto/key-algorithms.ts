/**
 * The methods that are about keys, and the algorithms of the registry that they find, by operation. A part of its own,
 * loaded when one of them is first asked for, since many programs digest and no more. `#parts` is how a build comes by it:
 * ts/parts.ts, or ts/parts-node.ts.
 */
import * as aesCbc from "./aes-cbc.ts";
import * as aesCtr from "./aes-ctr.ts";
import * as aesGcm from "./aes-gcm.ts";
import {
  AesDerivedKeyParams,
  AesKeyGenParams,
  getKeyLength as aesKeyLength,
  requireLength,
} from "./aes-keys.ts";
import * as aesKw from "./aes-kw.ts";
import { Algorithm } from "./algorithm.ts";
import * as kdf from "./derive.ts";
import { EcKeyGenParams, EcKeyImportParams, requireNamedCurve } from "./ec-keys.ts";
import * as ecdh from "./ecdh.ts";
import * as ecdsa from "./ecdsa.ts";
import * as eddsa from "./eddsa.ts";
import * as hkdf from "./hkdf.ts";
import * as hmac from "./hmac.ts";
import { EcdhKeyDeriveParams } from "./key-agreement.ts";
import * as okp from "./okp-keys.ts";
import * as pbkdf2 from "./pbkdf2.ts";
import type {
  Algorithms,
  Cipher,
  DeriveBits,
  ExportKey,
  GenerateKey,
  GetKeyLength,
  GetPublicKey,
  ImportKey,
  Sign,
  Verify,
} from "./registry.ts";
import { RsaHashedImportParams, RsaHashedKeyGenParams, requireGenerated } from "./rsa-keys.ts";
import * as rsaOaep from "./rsa-oaep.ts";
import * as rsaPss from "./rsa-pss.ts";
import * as rsassaPkcs1 from "./rsassa-pkcs1.ts";
import * as xdh from "./xdh.ts";

export * as methods from "./methods.ts";
export { supports } from "./supports.ts";

export const encrypt: Algorithms<Cipher> = {
  "AES-CBC": [aesCbc.AesCbcParams, aesCbc.encrypt, aesCbc.requireIv],
  "AES-CTR": [aesCtr.AesCtrParams, aesCtr.encrypt, aesCtr.requireCounter],
  "AES-GCM": [aesGcm.AesGcmParams, aesGcm.encrypt, aesGcm.requireInputs],
  "RSA-OAEP": [rsaOaep.RsaOaepParams, rsaOaep.encrypt],
};

export const decrypt: Algorithms<Cipher> = {
  "AES-CBC": [aesCbc.AesCbcParams, aesCbc.decrypt, aesCbc.requireIv],
  "AES-CTR": [aesCtr.AesCtrParams, aesCtr.decrypt, aesCtr.requireCounter],
  "AES-GCM": [aesGcm.AesGcmParams, aesGcm.decrypt, aesGcm.requireInputs],
  "RSA-OAEP": [rsaOaep.RsaOaepParams, rsaOaep.decrypt],
};

export const wrapKey: Algorithms<Cipher> = {
  "AES-KW": [Algorithm, aesKw.wrapKey],
};

export const unwrapKey: Algorithms<Cipher> = {
  "AES-KW": [Algorithm, aesKw.unwrapKey],
};

export const sign: Algorithms<Sign> = {
  ECDSA: [ecdsa.EcdsaParams, ecdsa.sign],
  Ed25519: [Algorithm, eddsa.sign],
  Ed448: [eddsa.Ed448Params, eddsa.sign, eddsa.requireContext],
  HMAC: [Algorithm, hmac.sign],
  "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.sign],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.sign],
};

export const verify: Algorithms<Verify> = {
  ECDSA: [ecdsa.EcdsaParams, ecdsa.verify],
  Ed25519: [Algorithm, eddsa.verify],
  Ed448: [eddsa.Ed448Params, eddsa.verify, eddsa.requireContext],
  HMAC: [Algorithm, hmac.verify],
  "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.verify],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.verify],
};

export const deriveBits: Algorithms<DeriveBits> = {
  ECDH: [EcdhKeyDeriveParams, ecdh.deriveBits, ecdh.requireLength],
  HKDF: [hkdf.HkdfParams, hkdf.deriveBits, hkdf.requireLength],
  PBKDF2: [pbkdf2.Pbkdf2Params, pbkdf2.deriveBits, pbkdf2.requireLength],
  X25519: [EcdhKeyDeriveParams, xdh.deriveBits, xdh.requireInputs],
  X448: [EcdhKeyDeriveParams, xdh.deriveBits, xdh.requireInputs],
};

export const getKeyLength: Algorithms<GetKeyLength> = {
  "AES-CBC": [AesDerivedKeyParams, aesKeyLength, aesKeyLength],
  "AES-CTR": [AesDerivedKeyParams, aesKeyLength, aesKeyLength],
  "AES-GCM": [AesDerivedKeyParams, aesKeyLength, aesKeyLength],
  "AES-KW": [AesDerivedKeyParams, aesKeyLength, aesKeyLength],
  HKDF: [Algorithm, kdf.getKeyLength],
  HMAC: [hmac.HmacImportParams, hmac.getKeyLength, hmac.getKeyLength],
  PBKDF2: [Algorithm, kdf.getKeyLength],
};

export const generateKey: Algorithms<GenerateKey> = {
  "AES-CBC": [AesKeyGenParams, aesCbc.generateKey, requireLength],
  "AES-CTR": [AesKeyGenParams, aesCtr.generateKey, requireLength],
  "AES-GCM": [AesKeyGenParams, aesGcm.generateKey, requireLength],
  "AES-KW": [AesKeyGenParams, aesKw.generateKey, requireLength],
  ECDH: [EcKeyGenParams, ecdh.generateKey, requireNamedCurve],
  ECDSA: [EcKeyGenParams, ecdsa.generateKey, requireNamedCurve],
  Ed25519: [Algorithm, okp.generateKey],
  Ed448: [Algorithm, okp.generateKey],
  HMAC: [hmac.HmacKeyGenParams, hmac.generateKey, hmac.requireLength],
  "RSA-OAEP": [RsaHashedKeyGenParams, rsaOaep.generateKey, requireGenerated],
  "RSA-PSS": [RsaHashedKeyGenParams, rsaPss.generateKey, requireGenerated],
  "RSASSA-PKCS1-v1_5": [RsaHashedKeyGenParams, rsassaPkcs1.generateKey, requireGenerated],
  X25519: [Algorithm, okp.generateKey],
  X448: [Algorithm, okp.generateKey],
};

export const importKey: Algorithms<ImportKey> = {
  "AES-CBC": [Algorithm, aesCbc.importKey],
  "AES-CTR": [Algorithm, aesCtr.importKey],
  "AES-GCM": [Algorithm, aesGcm.importKey],
  "AES-KW": [Algorithm, aesKw.importKey],
  ECDH: [EcKeyImportParams, ecdh.importKey],
  ECDSA: [EcKeyImportParams, ecdsa.importKey],
  Ed25519: [Algorithm, okp.importKey],
  Ed448: [Algorithm, okp.importKey],
  HKDF: [Algorithm, kdf.importKey],
  HMAC: [hmac.HmacImportParams, hmac.importKey],
  PBKDF2: [Algorithm, kdf.importKey],
  "RSA-OAEP": [RsaHashedImportParams, rsaOaep.importKey],
  "RSA-PSS": [RsaHashedImportParams, rsaPss.importKey],
  "RSASSA-PKCS1-v1_5": [RsaHashedImportParams, rsassaPkcs1.importKey],
  X25519: [Algorithm, okp.importKey],
  X448: [Algorithm, okp.importKey],
};

/** Looked up by a key's own algorithm; there is nothing to normalize. */
export const exportKey: Algorithms<ExportKey> = {
  "AES-CBC": [Algorithm, aesCbc.exportKey],
  "AES-CTR": [Algorithm, aesCtr.exportKey],
  "AES-GCM": [Algorithm, aesGcm.exportKey],
  "AES-KW": [Algorithm, aesKw.exportKey],
  ECDH: [Algorithm, ecdh.exportKey],
  ECDSA: [Algorithm, ecdsa.exportKey],
  Ed25519: [Algorithm, okp.exportKey],
  Ed448: [Algorithm, okp.exportKey],
  HMAC: [Algorithm, hmac.exportKey],
  "RSA-OAEP": [Algorithm, rsaOaep.exportKey],
  "RSA-PSS": [Algorithm, rsaPss.exportKey],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.exportKey],
  X25519: [Algorithm, okp.exportKey],
  X448: [Algorithm, okp.exportKey],
};

export const getPublicKey: Algorithms<GetPublicKey> = {
  ECDH: [Algorithm, ecdh.getPublicKey],
  ECDSA: [Algorithm, ecdsa.getPublicKey],
  Ed25519: [Algorithm, okp.getPublicKey],
  Ed448: [Algorithm, okp.getPublicKey],
  "RSA-OAEP": [Algorithm, rsaOaep.getPublicKey],
  "RSA-PSS": [Algorithm, rsaPss.getPublicKey],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.getPublicKey],
  X25519: [Algorithm, okp.getPublicKey],
  X448: [Algorithm, okp.getPublicKey],
};
