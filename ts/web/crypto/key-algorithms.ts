/**
 * The algorithms of the registry that are for keys beyond HMAC's: AES-GCM, ECDSA and RSA-PSS, by operation. A part of its
 * own, loaded when one of them is first asked for. `#parts` is how a build comes by it: ts/web/parts-inside.ts, or
 * ts/host/node-parts.ts.
 */
import * as aesGcm from "./aes-gcm.ts";
import { Algorithm } from "./algorithm.ts";
import { EcKeyGenParams, EcKeyImportParams } from "./ec-keys.ts";
import * as ecdsa from "./ecdsa.ts";
import type { Algorithms, Cipher, ExportKey, GenerateKey, ImportKey, Sign, Verify } from "./registry.ts";
import { RsaHashedImportParams, RsaHashedKeyGenParams } from "./rsa-keys.ts";
import * as rsaPss from "./rsa-pss.ts";

export const encrypt: Algorithms<Cipher> = {
  "AES-GCM": [aesGcm.AesGcmParams, aesGcm.encrypt],
};

export const decrypt: Algorithms<Cipher> = {
  "AES-GCM": [aesGcm.AesGcmParams, aesGcm.decrypt],
};

export const sign: Algorithms<Sign> = {
  ECDSA: [ecdsa.EcdsaParams, ecdsa.sign],
  "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.sign],
};

export const verify: Algorithms<Verify> = {
  ECDSA: [ecdsa.EcdsaParams, ecdsa.verify],
  "RSA-PSS": [rsaPss.RsaPssParams, rsaPss.verify],
};

export const generateKey: Algorithms<GenerateKey> = {
  "AES-GCM": [aesGcm.AesKeyGenParams, aesGcm.generateKey],
  ECDSA: [EcKeyGenParams, ecdsa.generateKey],
  "RSA-PSS": [RsaHashedKeyGenParams, rsaPss.generateKey],
};

export const importKey: Algorithms<ImportKey> = {
  "AES-GCM": [Algorithm, aesGcm.importKey],
  ECDSA: [EcKeyImportParams, ecdsa.importKey],
  "RSA-PSS": [RsaHashedImportParams, rsaPss.importKey],
};

/** Looked up by a key's own algorithm; there is nothing to normalize. */
export const exportKey: Algorithms<ExportKey> = {
  "AES-GCM": [Algorithm, aesGcm.exportKey],
  ECDSA: [Algorithm, ecdsa.exportKey],
  "RSA-PSS": [Algorithm, rsaPss.exportKey],
};
