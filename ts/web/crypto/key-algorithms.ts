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
import * as ecdsa from "./ecdsa.ts";
import * as hkdf from "./hkdf.ts";
import * as hmac from "./hmac.ts";
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
  HMAC: [Algorithm, hmac.sign],
  "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.sign],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.sign],
};

export const verify: Algorithms<Verify> = {
  ECDSA: [ecdsa.EcdsaParams, ecdsa.verify],
  HMAC: [Algorithm, hmac.verify],
  "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.verify],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.verify],
};

export const deriveBits: Algorithms<DeriveBits> = {
  HKDF: [hkdf.HkdfParams, hkdf.deriveBits, hkdf.requireLength],
  PBKDF2: [pbkdf2.Pbkdf2Params, pbkdf2.deriveBits, pbkdf2.requireLength],
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
  ECDSA: [EcKeyGenParams, ecdsa.generateKey, requireNamedCurve],
  HMAC: [hmac.HmacKeyGenParams, hmac.generateKey, hmac.requireLength],
  "RSA-OAEP": [RsaHashedKeyGenParams, rsaOaep.generateKey, requireGenerated],
  "RSA-PSS": [RsaHashedKeyGenParams, rsaPss.generateKey, requireGenerated],
  "RSASSA-PKCS1-v1_5": [RsaHashedKeyGenParams, rsassaPkcs1.generateKey, requireGenerated],
};

export const importKey: Algorithms<ImportKey> = {
  "AES-CBC": [Algorithm, aesCbc.importKey],
  "AES-CTR": [Algorithm, aesCtr.importKey],
  "AES-GCM": [Algorithm, aesGcm.importKey],
  "AES-KW": [Algorithm, aesKw.importKey],
  ECDSA: [EcKeyImportParams, ecdsa.importKey],
  HKDF: [Algorithm, kdf.importKey],
  HMAC: [hmac.HmacImportParams, hmac.importKey],
  PBKDF2: [Algorithm, kdf.importKey],
  "RSA-OAEP": [RsaHashedImportParams, rsaOaep.importKey],
  "RSA-PSS": [RsaHashedImportParams, rsaPss.importKey],
  "RSASSA-PKCS1-v1_5": [RsaHashedImportParams, rsassaPkcs1.importKey],
};

/** Looked up by a key's own algorithm; there is nothing to normalize. */
export const exportKey: Algorithms<ExportKey> = {
  "AES-CBC": [Algorithm, aesCbc.exportKey],
  "AES-CTR": [Algorithm, aesCtr.exportKey],
  "AES-GCM": [Algorithm, aesGcm.exportKey],
  "AES-KW": [Algorithm, aesKw.exportKey],
  ECDSA: [Algorithm, ecdsa.exportKey],
  HMAC: [Algorithm, hmac.exportKey],
  "RSA-OAEP": [Algorithm, rsaOaep.exportKey],
  "RSA-PSS": [Algorithm, rsaPss.exportKey],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.exportKey],
};

export const getPublicKey: Algorithms<GetPublicKey> = {
  ECDSA: [Algorithm, ecdsa.getPublicKey],
  "RSA-OAEP": [Algorithm, rsaOaep.getPublicKey],
  "RSA-PSS": [Algorithm, rsaPss.getPublicKey],
  "RSASSA-PKCS1-v1_5": [Algorithm, rsassaPkcs1.getPublicKey],
};
