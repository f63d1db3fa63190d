/**
 * Keys on P-256, P-384 and P-521, which ECDSA and ECDH have alike: generated, and read and written as "raw" (by its newer
 * name "raw-public"), "spki", "pkcs8" and "jwk". https://w3c.github.io/webcrypto/#ecdsa-operations, from "Generate Key" on.
 */
import { encodeBase64url } from "../../core/base64url.ts";
import type { Core } from "../../core/core.ts";
import { type CurveName, writePkcs8, writeSpki } from "../../core/der.ts";
import { CURVES, type Curve, EcPrivateSlot, EcPublicKey } from "../../core/ec.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, DOMString, dictionary } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import { type JsonWebKey, requireJwkAlgorithm, requireJwkCurve } from "./jwk.ts";
import {
  type CryptoKey,
  createKey,
  type KeyAlgorithm,
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

/** What an algorithm does with its keys. */
interface EcKeyUse extends KeyPairUse {
  /** What `alg` of a JSON Web Key is, by curve; absent where the standard does not look at it. */
  readonly jwkAlgorithms?: Record<CurveName, string>;
}

/** The operations of an algorithm that are about its keys. */
export function ecKeys(use: EcKeyUse) {
  return {
    generateKey(
      context: Context,
      params: EcKeyParams,
      extractable: boolean,
      usages: readonly KeyUsage[],
    ): { privateKey: CryptoKey; publicKey: CryptoKey } {
      return generatePair(context, use, params, extractable, usages);
    },

    importKey(
      { core }: Context,
      { namedCurve }: EcKeyParams,
      format: KeyFormat,
      keyData: Uint8Array | JsonWebKey,
      extractable: boolean,
      usages: readonly KeyUsage[],
    ): CryptoKey {
      return importAs(core, use, namedCurve, format, keyData, { extractable, usages });
    },

    exportKey({ core }: Context, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
      return exportAs(core, use, key, format);
    },

    getPublicKey(_: Context, { handle }: KeySlots, usages: readonly KeyUsage[]): CryptoKey {
      requireUsages(usages, use.publicUsages, `public keys for ${use.name}`);
      return keyOf(use, (handle as EcPrivateSlot).publicKey(), { extractable: true, usages });
    },
  };
}

function generatePair(
  { core, fillRandom }: Context,
  use: EcKeyUse,
  params: EcKeyParams,
  extractable: boolean,
  usages: readonly KeyUsage[],
): { privateKey: CryptoKey; publicKey: CryptoKey } {
  const { privateUsages, publicUsages } = divideUsages(use, usages);
  const curve = requireNamedCurve(params);
  requireUsage("private", privateUsages); // Before the work, not after it.
  return closingUnlessMade(EcPrivateSlot.generate(core, curve, fillRandom), (slot) => ({
    privateKey: keyOf(use, slot, { extractable, usages: privateUsages }),
    publicKey: keyOf(use, slot.publicKey(), { extractable: true, usages: publicUsages }),
  }));
}

/** @throws DOMException NotSupportedError for a curve that keys are not generated on. */
export function requireNamedCurve({ namedCurve }: EcKeyParams): Curve {
  const curve = curveNamed(namedCurve);
  if (curve) return curve;
  const message = `generateKey: algorithm.namedCurve is ${JSON.stringify(namedCurve)}, not ${CURVE_NAMES}`;
  throw domException("NotSupportedError", message);
}

function importAs(
  core: Core,
  use: EcKeyUse,
  namedCurve: string,
  format: KeyFormat,
  keyData: Uint8Array | JsonWebKey,
  request: KeyRequest,
): CryptoKey {
  const { usages } = request;
  switch (format) {
    case "spki": {
      const { curve, point } = readSpki(core, use, "EC", keyData as Uint8Array, usages);
      return importPublicKey(core, use, requireCurve(curve, namedCurve), point, request);
    }
    case "pkcs8": {
      const { curve, scalar, point } = readPkcs8(core, use, "EC", keyData as Uint8Array, usages);
      return importPrivateKey(core, use, requireCurve(curve, namedCurve), scalar, point, request);
    }
    case "jwk":
      return importJwk(core, use, namedCurve, keyData as JsonWebKey, request);
    case "raw":
    case "raw-public": {
      const curve = curveNamed(namedCurve) ?? unknownCurve(namedCurve);
      requireUsages(usages, use.publicUsages, `${use.name} in "${format}"`);
      return importPublicKey(core, use, curve, keyData as Uint8Array, request);
    }
    default:
      throw unsupportedFormat("importKey", use, FORMATS, format);
  }
}

function importJwk(
  core: Core,
  use: EcKeyUse,
  namedCurve: string,
  jwk: JsonWebKey,
  request: KeyRequest,
): CryptoKey {
  const isPrivate = readJwkKind(jwk, use, "EC", request);
  requireJwkCurve(jwk, namedCurve);
  const curve = curveNamed(namedCurve) ?? unknownCurve(namedCurve);
  if (use.jwkAlgorithms) requireJwkAlgorithm(jwk, use.jwkAlgorithms[curve.name as CurveName]);
  const members = isPrivate ? (["x", "y", "d"] as const) : (["x", "y"] as const);
  const [x, y, d] = fixedJwkBytes(core, jwk, members, curve.scalarBytes, curve.name);
  try {
    const point = new Uint8Array(1 + 2 * curve.scalarBytes);
    point[0] = UNCOMPRESSED;
    point.set(x!, 1);
    point.set(y!, 1 + curve.scalarBytes);
    if (!d) return importPublicKey(core, use, curve, point, request);
    return importPrivateKey(core, use, curve, d, point, request);
  } finally {
    d?.fill(0);
  }
}

function importPublicKey(
  core: Core,
  use: EcKeyUse,
  curve: Curve,
  point: Uint8Array,
  request: KeyRequest,
): CryptoKey {
  const key = EcPublicKey.decode(core, curve, point);
  if (key) return keyOf(use, key, request);
  throw domException("DataError", `importKey: keyData is no point of ${curve.name}, or infinity`);
}

/** The public part is checked where there is one; where there is none, it is computed when it is asked for. */
function importPrivateKey(
  core: Core,
  use: EcKeyUse,
  curve: Curve,
  scalar: Uint8Array,
  point: Uint8Array | null,
  request: KeyRequest,
): CryptoKey {
  const slot = point
    ? EcPrivateSlot.fromPair(core, curve, scalar, point)
    : EcPrivateSlot.from(core, curve, scalar);
  if (slot) return closingUnlessMade(slot, () => keyOf(use, slot, request));
  const what =
    slot === undefined
      ? `a private key outside the range 1 to n - 1 of ${curve.name}`
      : "a private key, and what is not its public key";
  throw domException("DataError", `importKey: keyData holds ${what}`);
}

function exportAs(core: Core, use: EcKeyUse, key: KeySlots, format: KeyFormat): ArrayBuffer | JsonWebKey {
  const { namedCurve } = key.algorithm as EcKeyAlgorithm;
  const curve = namedCurve as CurveName;
  switch (format) {
    case "spki":
    case "raw":
    case "raw-public": {
      requireType(key, "public", format);
      const point = (key.handle as EcPublicKey).exportPoint();
      return format === "spki" ? writeSpki(core, { algorithm: "EC", curve, point }) : point.buffer;
    }
    case "pkcs8":
      requireType(key, "private", format);
      return withScalar(key.handle as EcPrivateSlot, (scalar, point) =>
        writePkcs8(core, { algorithm: "EC", curve, scalar, point }),
      );
    case "jwk":
      return exportJwk(core, key, curve);
    default:
      throw unsupportedFormat("exportKey", use, FORMATS, format);
  }
}

/** Members in the order that WebIDL gives them. */
function exportJwk(core: Core, { handle, extractable, usages }: KeySlots, crv: CurveName): JsonWebKey {
  const common = { ext: extractable, key_ops: [...usages], kty: "EC" };
  const coordinates = (point: Uint8Array) => {
    const half = (point.length + 1) / 2;
    return {
      x: encodeBase64url(core, point.subarray(1, half)),
      y: encodeBase64url(core, point.subarray(half)),
    };
  };
  if (handle instanceof EcPrivateSlot) {
    return withScalar(handle, (scalar, point) => {
      return { crv, d: encodeBase64url(core, scalar), ...common, ...coordinates(point) };
    });
  }
  return { crv, ...common, ...coordinates((handle as EcPublicKey).exportPoint()) };
}

/** What is made of a private key and its public one, of which copies are lent. */
function withScalar<T>(
  slot: EcPrivateSlot,
  make: (scalar: Uint8Array<ArrayBuffer>, point: Uint8Array<ArrayBuffer>) => T,
): T {
  const scalar = slot.exportScalar();
  try {
    return make(scalar, slot.publicKey().exportPoint());
  } finally {
    scalar.fill(0);
  }
}

function keyOf(
  { name }: EcKeyUse,
  handle: EcPublicKey | EcPrivateSlot,
  { extractable, usages }: KeyRequest,
): CryptoKey {
  const type = handle instanceof EcPrivateSlot ? "private" : "public";
  const algorithm: EcKeyAlgorithm = { name, namedCurve: handle.curve.name };
  return createKey({ type, extractable, algorithm, usages: normalizeUsages(usages), handle });
}

/** SEC 1, section 2.3.3: what a point with both coordinates begins with. */
const UNCOMPRESSED = 4;

const FORMATS = `"raw", "raw-public", "spki", "pkcs8" and "jwk"`;
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
