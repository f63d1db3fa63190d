/**
 * Keys on P-256, P-384 and P-521, as ECDSA has them: generated, and read and written as "raw" (by its newer name
 * "raw-public"), "spki", "pkcs8" and "jwk". https://w3c.github.io/webcrypto/#ecdsa-operations, from "Generate Key" on.
 */
import { type CurveName, parsePkcs8, parseSpki, writePkcs8, writeSpki } from "../../core/der.ts";
import { CURVES, type Curve, EcPrivateSlot, EcPublicKey } from "../../core/ec.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, DOMString, dictionary } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import { encodeBase64url } from "./base64url.ts";
import {
  type JsonWebKey,
  type JwkBytesMember,
  jwkBytes,
  requireJwk,
  requireJwkAlgorithm,
  requireJwkCurve,
} from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyAlgorithm,
  type KeyFormat,
  type KeySlots,
  type KeyUsage,
  normalizeUsages,
  readKeyFile,
  requireType,
  requireUsages,
} from "./key.ts";

/** EcKeyGenParams and EcKeyImportParams: the same member. */
export interface EcKeyParams extends Algorithm {
  readonly namedCurve: string;
}
const MEMBERS = [{ name: "namedCurve", type: DOMString, required: true }] as const;
export const EcKeyGenParams: Dictionary<EcKeyParams> = dictionary(
  "EcKeyGenParams",
  ALGORITHM_MEMBERS,
  MEMBERS,
);
export const EcKeyImportParams: Dictionary<EcKeyParams> = dictionary(
  "EcKeyImportParams",
  ALGORITHM_MEMBERS,
  MEMBERS,
);

export interface EcKeyAlgorithm extends KeyAlgorithm {
  readonly namedCurve: string;
}

/** What an algorithm with such keys does with them. */
export interface EcKeyUse {
  readonly name: string;
  readonly publicUsages: readonly KeyUsage[];
  readonly privateUsages: readonly KeyUsage[];
  readonly jwkUse: "sig" | "enc";
  /** What `alg` of a JSON Web Key may be, by curve. */
  readonly jwkAlgorithms: Record<CurveName, string>;
}

export function generateEcKeyPair(
  { core, fillRandom }: Context,
  use: EcKeyUse,
  { namedCurve }: EcKeyParams,
  extractable: boolean,
  usages: readonly KeyUsage[],
): { privateKey: CryptoKey; publicKey: CryptoKey } {
  requireUsages(usages, [...use.privateUsages, ...use.publicUsages], use.name);
  const curve = curveNamed(namedCurve);
  if (!curve) {
    const message = `generateKey: algorithm.namedCurve is ${JSON.stringify(namedCurve)}, not ${CURVE_NAMES}`;
    throw domException("NotSupportedError", message);
  }
  const slot = EcPrivateSlot.generate(core, curve, fillRandom);
  const privateUsages = usages.filter((usage) => use.privateUsages.includes(usage));
  const publicUsages = usages.filter((usage) => use.publicUsages.includes(usage));
  return {
    privateKey: keyOf(use, slot, extractable, privateUsages),
    publicKey: keyOf(use, slot.publicKey(), true, publicUsages),
  };
}

export function importEcKey(
  { core }: Context,
  use: EcKeyUse,
  { namedCurve }: EcKeyParams,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  const importing = (handle: EcPublicKey | EcPrivateSlot) => keyOf(use, handle, extractable, usages);
  if (format === "spki") {
    requireUsages(usages, use.publicUsages, `${use.name} in "spki"`);
    const parts = readKeyFile(() => parseSpki(core, keyData as Uint8Array));
    if (parts.algorithm !== "EC") throw otherAlgorithm();
    return importing(publicKey(requireCurve(parts.curve, namedCurve), parts.point));
  }
  if (format === "pkcs8") {
    requireUsages(usages, use.privateUsages, `${use.name} in "pkcs8"`);
    const parts = readKeyFile(() => parsePkcs8(core, keyData as Uint8Array));
    try {
      if (parts.algorithm !== "EC") throw otherAlgorithm();
      return importing(privateKey(requireCurve(parts.curve, namedCurve), parts.scalar, parts.point));
    } finally {
      for (const part of Object.values(parts)) if (part instanceof Uint8Array) part.fill(0);
    }
  }
  if (format === "jwk") {
    const jwk = keyData as JsonWebKey;
    const isPrivate = jwk.d !== undefined;
    requireUsages(
      usages,
      isPrivate ? use.privateUsages : use.publicUsages,
      `${use.name} in "jwk" ${isPrivate ? "with" : "without"} d`,
    );
    requireJwk(jwk, { kty: "EC", use: use.jwkUse, usages, extractable });
    requireJwkCurve(jwk, namedCurve);
    const curve = curveNamed(namedCurve) ?? unknownCurve(namedCurve);
    requireJwkAlgorithm(jwk, use.jwkAlgorithms[curve.name as CurveName]);
    const point = Uint8Array.of(4, ...fixedBytes(jwk, "x", curve), ...fixedBytes(jwk, "y", curve));
    if (!isPrivate) return importing(publicKey(curve, point));
    const scalar = fixedBytes(jwk, "d", curve);
    try {
      return importing(privateKey(curve, scalar, point));
    } finally {
      scalar.fill(0);
    }
  }
  if (format === "raw" || format === "raw-public") {
    const curve = curveNamed(namedCurve) ?? unknownCurve(namedCurve);
    requireUsages(usages, use.publicUsages, `${use.name} in "${format}"`);
    return importing(publicKey(curve, keyData as Uint8Array));
  }
  throw unsupportedFormat("importKey", use, format);

  function publicKey(curve: Curve, point: Uint8Array): EcPublicKey {
    const key = EcPublicKey.decode(core, curve, point);
    if (key) return key;
    throw domException("DataError", `importKey: keyData is no point of ${curve.name}, or infinity`);
  }

  /** The public part is checked where there is one; where there is none, it is computed when it is asked for. */
  function privateKey(curve: Curve, scalar: Uint8Array, point: Uint8Array | null): EcPrivateSlot {
    const key = EcPrivateSlot.from(core, curve, scalar);
    if (!key) {
      const range = `the range 1 to n - 1 of ${curve.name}`;
      throw domException("DataError", `importKey: keyData holds a private key outside ${range}`);
    }
    if (point === null) return key;
    const given = publicKey(curve, point).exportPoint();
    if (
      key
        .publicKey()
        .exportPoint()
        .every((byte, i) => byte === given[i])
    )
      return key;
    key.close();
    throw domException("DataError", "importKey: keyData holds a private key and another's public key");
  }
}

export function exportEcKey(
  { core }: Context,
  use: EcKeyUse,
  key: KeySlots,
  format: KeyFormat,
): ArrayBuffer | JsonWebKey {
  const { namedCurve } = key.algorithm as EcKeyAlgorithm;
  const curve = namedCurve as CurveName;
  if (format === "spki" || format === "raw" || format === "raw-public") {
    requireType(key, "public", format);
    const point = (key.handle as EcPublicKey).exportPoint();
    return format === "spki" ? writeSpki(core, { algorithm: "EC", curve, point }) : point.buffer;
  }
  if (format === "pkcs8") {
    requireType(key, "private", format);
    const slot = key.handle as EcPrivateSlot;
    const scalar = slot.exportScalar();
    const point = slot.publicKey().exportPoint();
    const file = writePkcs8(core, { algorithm: "EC", curve, scalar, point });
    scalar.fill(0);
    return file;
  }
  if (format === "jwk") return jwkOf(key, namedCurve);
  throw unsupportedFormat("exportKey", use, format);
}

/** Members in the order that WebIDL gives them. */
function jwkOf({ handle, extractable, usages }: KeySlots, crv: string): JsonWebKey {
  const scalar = handle instanceof EcPrivateSlot ? handle.exportScalar() : undefined;
  const point = (
    handle instanceof EcPrivateSlot ? handle.publicKey() : (handle as EcPublicKey)
  ).exportPoint();
  const half = (point.length + 1) / 2;
  const jwk: JsonWebKey = {
    crv,
    ...(scalar && { d: encodeBase64url(scalar) }),
    ext: extractable,
    key_ops: [...usages],
    kty: "EC",
    x: encodeBase64url(point.subarray(1, half)),
    y: encodeBase64url(point.subarray(half)),
  };
  scalar?.fill(0);
  return jwk;
}

function keyOf(
  { name }: EcKeyUse,
  handle: EcPublicKey | EcPrivateSlot,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  const type = handle instanceof EcPrivateSlot ? "private" : "public";
  const algorithm: EcKeyAlgorithm = { name, namedCurve: handle.curve.name };
  return createKey({ type, extractable, algorithm, usages: normalizeUsages(usages), handle });
}

const CURVE_NAMES = "P-256, P-384 or P-521";

/** Names are case-sensitive. */
function curveNamed(name: string): Curve | undefined {
  return Object.hasOwn(CURVES, name) ? CURVES[name as CurveName] : undefined;
}

function unknownCurve(name: string): never {
  const message = `importKey: algorithm.namedCurve is ${JSON.stringify(name)}, not ${CURVE_NAMES}`;
  throw domException("DataError", message);
}

function requireCurve(name: CurveName, expected: string): Curve {
  if (name === expected) return CURVES[name];
  const message = `importKey: keyData is a key on ${name}, but algorithm.namedCurve is ${JSON.stringify(expected)}`;
  throw domException("DataError", message);
}

/** RFC 7518, sections 6.2.1.2 and on: exactly as many bytes as the curve's coordinates, or its order, have. */
function fixedBytes(jwk: JsonWebKey, member: JwkBytesMember, { name, scalarBytes }: Curve): Uint8Array {
  const bytes = jwkBytes(jwk, member);
  if (bytes.length === scalarBytes) return bytes;
  const { length } = bytes;
  bytes.fill(0);
  const message = `importKey: keyData.${member} has ${length} bytes; keys on ${name} have ${scalarBytes}`;
  throw domException("DataError", message);
}

function otherAlgorithm(): DOMException {
  return domException("DataError", "importKey: keyData is an RSA key, not one on an elliptic curve");
}

function unsupportedFormat(method: string, { name }: EcKeyUse, format: KeyFormat): DOMException {
  const formats = `"raw", "raw-public", "spki", "pkcs8" and "jwk"`;
  const message = `${method}: format is ${JSON.stringify(format)}; ${name} keys have ${formats}`;
  return domException("NotSupportedError", message);
}
