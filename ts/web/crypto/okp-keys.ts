/**
 * Keys of Ed25519, Ed448, X25519 and X448: generated, and read and written as "raw" (by its newer name "raw-public"),
 * "spki", "pkcs8" and "jwk". https://w3c.github.io/webcrypto/#ed25519-operations, #x25519-operations, from "Generate Key"
 * on, and the same for the curve 448: https://wicg.github.io/webcrypto-secure-curves/. (That says that a "raw" key of Ed448
 * has 448 bits, where RFC 8032 and the engines have 57 bytes.)
 */
import { encodeBase64url } from "../../core/base64url.ts";
import type { Core } from "../../core/core.ts";
import { type OkpCurveName, writePkcs8, writeSpki } from "../../core/der.ts";
import { OKP_CURVES, type OkpCurve, OkpPrivateSlot, OkpPublicKey } from "../../core/okp.ts";
import { domException } from "../dom-exception.ts";
import type { Algorithm, Context } from "./algorithm.ts";
import { type JsonWebKey, requireJwkAlgorithm, requireJwkCurve } from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyFormat,
  type KeySlots,
  type KeyUsage,
  normalizeUsages,
  requireType,
  requireUsage,
  requireUsages,
} from "./key.ts";
import {
  closingUnlessMade,
  divideUsages,
  fixedJwkBytes,
  type KeyPairUse,
  type KeyRequest,
  readJwkKind,
  readPkcs8,
  readSpki,
  unsupportedFormat,
} from "./key-pair.ts";

/** What names one of the four. */
export type OkpAlgorithm = OkpCurveName | { readonly name: OkpCurveName };

const SIGNATURES = { publicUsages: ["verify"], privateUsages: ["sign"], jwkUse: "sig" } as const;
const AGREEMENT = { publicUsages: [], privateUsages: ["deriveKey", "deriveBits"], jwkUse: "enc" } as const;

const USES: Record<OkpCurveName, KeyPairUse> = {
  Ed25519: { name: "Ed25519", ...SIGNATURES },
  Ed448: { name: "Ed448", ...SIGNATURES },
  X25519: { name: "X25519", ...AGREEMENT },
  X448: { name: "X448", ...AGREEMENT },
};

/** What the standard writes into `alg` of a JSON Web Key, by RFC 9864; X25519 and X448 do not look at it. */
const JWK_ALGORITHMS: Record<string, string> = { Ed25519: "Ed25519", Ed448: "Ed448" };

/** RFC 8037, section 3.1: what `alg` said of either curve before RFC 9864. */
const EDDSA = "EdDSA";

export function generateKey(
  { core, fillRandom }: Context,
  { name }: Algorithm,
  extractable: boolean,
  usages: readonly KeyUsage[],
): { privateKey: CryptoKey; publicKey: CryptoKey } {
  const { privateUsages, publicUsages } = divideUsages(useOf(name), usages);
  requireUsage("private", privateUsages); // Before the work, not after it.
  return closingUnlessMade(OkpPrivateSlot.generate(core, curveOf(name), fillRandom), (slot) => ({
    privateKey: keyOf(slot, { extractable, usages: privateUsages }),
    publicKey: keyOf(slot.publicKey(), { extractable: true, usages: publicUsages }),
  }));
}

export function importKey(
  { core }: Context,
  { name }: Algorithm,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  const use = useOf(name);
  const curve = curveOf(name);
  const request = { extractable, usages };
  switch (format) {
    case "spki": {
      const key = readSpki(core, use, "OKP", keyData as Uint8Array, usages);
      requireCurve(key.curve, name);
      return keyOf(new OkpPublicKey(core, curve, key.publicKey), request);
    }
    case "pkcs8": {
      const key = readPkcs8(core, use, "OKP", keyData as Uint8Array, usages);
      requireCurve(key.curve, name);
      return importPrivateKey(core, curve, key.privateKey, key.publicKey, request);
    }
    case "jwk":
      return importJwk(core, use, curve, keyData as JsonWebKey, request);
    case "raw":
    case "raw-public": {
      const bytes = keyData as Uint8Array;
      requireUsages(usages, use.publicUsages, `${name} in "${format}"`);
      if (bytes.length === curve.keyBytes) return keyOf(new OkpPublicKey(core, curve, bytes), request);
      const message = `importKey: keyData has ${bytes.length} bytes; ${name} keys have ${curve.keyBytes}`;
      throw domException("DataError", message);
    }
    default:
      throw unsupportedFormat("importKey", use, FORMATS, format);
  }
}

/** RFC 8037, section 2: a private key comes with its public one. */
function importJwk(
  core: Core,
  use: KeyPairUse,
  curve: OkpCurve,
  jwk: JsonWebKey,
  request: KeyRequest,
): CryptoKey {
  const isPrivate = readJwkKind(jwk, use, "OKP", request);
  requireJwkCurve(jwk, curve.name);
  const alg = JWK_ALGORITHMS[curve.name];
  if (alg !== undefined && jwk.alg !== EDDSA) requireJwkAlgorithm(jwk, alg);
  const [x, d] = fixedJwkBytes(core, jwk, isPrivate ? ["x", "d"] : ["x"], curve.keyBytes, curve.name);
  try {
    return d
      ? importPrivateKey(core, curve, d, x!, request)
      : keyOf(new OkpPublicKey(core, curve, x!), request);
  } finally {
    d?.fill(0);
  }
}

/** The public key is checked where there is one; where there is none, it is computed when it is asked for. */
function importPrivateKey(
  core: Core,
  curve: OkpCurve,
  privateKey: Uint8Array,
  publicKey: Uint8Array | null,
  request: KeyRequest,
): CryptoKey {
  return closingUnlessMade(new OkpPrivateSlot(core, curve, privateKey), (slot) => {
    const isPair = publicKey === null || isSame(slot.publicKey().exportBytes(), publicKey);
    if (isPair) return keyOf(slot, request);
    throw domException("DataError", "importKey: keyData holds a private key, and what is not its public key");
  });
}

export function exportKey({ core }: Context, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
  const curve = key.algorithm.name as OkpCurveName;
  switch (format) {
    case "spki":
    case "raw":
    case "raw-public": {
      requireType(key, "public", format);
      const publicKey = (key.handle as OkpPublicKey).exportBytes();
      return format === "spki" ? writeSpki(core, { algorithm: "OKP", curve, publicKey }) : publicKey.buffer;
    }
    case "pkcs8":
      requireType(key, "private", format);
      return withPrivateKey(key.handle as OkpPrivateSlot, (privateKey) =>
        writePkcs8(core, { algorithm: "OKP", curve, privateKey, publicKey: null }),
      );
    case "jwk":
      return exportJwk(core, key, curve);
    default:
      throw unsupportedFormat("exportKey", useOf(curve), FORMATS, format);
  }
}

export function getPublicKey(
  _: Context,
  { algorithm, handle }: KeySlots,
  usages: readonly KeyUsage[],
): CryptoKey {
  const { name, publicUsages } = useOf(algorithm.name);
  requireUsages(usages, publicUsages, `public keys for ${name}`);
  return keyOf((handle as OkpPrivateSlot).publicKey(), { extractable: true, usages });
}

/** Members in the order that WebIDL gives them. */
function exportJwk(core: Core, { handle, extractable, usages }: KeySlots, crv: OkpCurveName): JsonWebKey {
  const alg = JWK_ALGORITHMS[crv];
  const named = alg === undefined ? { crv } : { alg, crv };
  const common = { ext: extractable, key_ops: [...usages], kty: "OKP" };
  if (handle instanceof OkpPrivateSlot) {
    const x = encodeBase64url(core, handle.publicKey().exportBytes());
    return withPrivateKey(handle, (bytes) => ({ ...named, d: encodeBase64url(core, bytes), ...common, x }));
  }
  return { ...named, ...common, x: encodeBase64url(core, (handle as OkpPublicKey).exportBytes()) };
}

/** What is made of a private key, of which a copy is lent. */
function withPrivateKey<T>(slot: OkpPrivateSlot, make: (bytes: Uint8Array<ArrayBuffer>) => T): T {
  const bytes = slot.exportBytes();
  try {
    return make(bytes);
  } finally {
    bytes.fill(0);
  }
}

function keyOf(handle: OkpPublicKey | OkpPrivateSlot, { extractable, usages }: KeyRequest): CryptoKey {
  const type = handle instanceof OkpPrivateSlot ? "private" : "public";
  const algorithm = { name: handle.curve.name };
  return createKey({ type, extractable, algorithm, usages: normalizeUsages(usages), handle });
}

const FORMATS = `"raw", "raw-public", "spki", "pkcs8" and "jwk"`;

/** By an algorithm's name, which is one of the four; and so below. */
function useOf(name: string): KeyPairUse {
  return USES[name as OkpCurveName];
}

function curveOf(name: string): OkpCurve {
  return OKP_CURVES[name as OkpCurveName];
}

function requireCurve(found: OkpCurveName, expected: string): void {
  if (found === expected) return;
  throw domException("DataError", `importKey: keyData is a key for ${found}, not ${expected}`);
}

/** Public keys. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
