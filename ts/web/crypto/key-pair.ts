/**
 * What algorithms with keys in pairs have in common, on curves and RSA: which usages and JSON Web Keys they take, the
 * steps with which "Generate Key" and "Import Key" begin, and reading the formats that both have.
 */
import type { Core } from "../../core/core.ts";
import {
  KeyFileError,
  type PrivateKeyParts,
  type PublicKeyParts,
  parsePkcs8,
  parseSpki,
} from "../../core/der.ts";
import { domException } from "../dom-exception.ts";
import { type JsonWebKey, type JwkBytesMember, jwkBytes, requireJwk } from "./jwk.ts";
import { type KeyFormat, type KeyUsage, requireUsages } from "./key.ts";

/** What an algorithm does with its keys. */
export interface KeyPairUse {
  readonly name: string;
  readonly publicUsages: readonly KeyUsage[];
  readonly privateUsages: readonly KeyUsage[];
  readonly jwkUse: "sig" | "enc";
}

/**
 * Which usages either key of a new pair has.
 *
 * @throws DOMException SyntaxError if one is for neither.
 */
export function divideUsages(
  { name, publicUsages, privateUsages }: KeyPairUse,
  usages: readonly KeyUsage[],
): { publicUsages: KeyUsage[]; privateUsages: KeyUsage[] } {
  requireUsages(usages, [...privateUsages, ...publicUsages], name);
  const among = (allowed: readonly KeyUsage[]) => usages.filter((usage) => allowed.includes(usage));
  return { publicUsages: among(publicUsages), privateUsages: among(privateUsages) };
}

type Family = "EC" | "OKP" | "RSA";

/** What an import is asked for, beside the key: `extractable` and the usages that the key shall have. */
export interface KeyRequest {
  readonly extractable: boolean;
  readonly usages: readonly KeyUsage[];
}

/**
 * The parts of a public key, views of the file.
 *
 * @throws DOMException SyntaxError for usages that are not a public key's; DataError for what is no such file.
 */
export function readSpki<F extends Family>(
  core: Core,
  { name, publicUsages }: KeyPairUse,
  family: F,
  file: Uint8Array,
  usages: readonly KeyUsage[],
): Extract<PublicKeyParts, { algorithm: F }> {
  requireUsages(usages, publicUsages, `${name} in "spki"`);
  return ofFamily(
    family,
    readKeyFile(() => parseSpki(core, file)),
  );
}

/** The same for a private key. */
export function readPkcs8<F extends Family>(
  core: Core,
  { name, privateUsages }: KeyPairUse,
  family: F,
  file: Uint8Array,
  usages: readonly KeyUsage[],
): Extract<PrivateKeyParts, { algorithm: F }> {
  requireUsages(usages, privateUsages, `${name} in "pkcs8"`);
  return ofFamily(
    family,
    readKeyFile(() => parsePkcs8(core, file)),
  );
}

/** @throws DOMException DataError for a file that is no key, or none that is known. */
function readKeyFile<Parts>(read: () => Parts): Parts {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw domException("DataError", `importKey: keyData ${error.message}`);
  }
}

const FAMILIES: Record<Family, string> = {
  EC: "a key on P-256, P-384 or P-521",
  OKP: "a key for Ed25519, Ed448, X25519 or X448",
  RSA: "an RSA key",
};

function ofFamily<F extends Family, Parts extends { algorithm: Family }>(
  family: F,
  parts: Parts,
): Extract<Parts, { algorithm: F }> {
  const { algorithm } = parts;
  if (algorithm === family) return parts as Extract<Parts, { algorithm: F }>;
  throw domException("DataError", `importKey: keyData is ${FAMILIES[algorithm]}, not ${FAMILIES[family]}`);
}

/**
 * Whether a JSON Web Key is a private one, once the members that both kinds have were checked.
 *
 * @throws DOMException SyntaxError for usages that are not this kind's; DataError for members that are not as required.
 */
export function readJwkKind(
  jwk: JsonWebKey,
  use: KeyPairUse,
  family: Family,
  { extractable, usages }: KeyRequest,
): boolean {
  const isPrivate = jwk.d !== undefined;
  const allowed = isPrivate ? use.privateUsages : use.publicUsages;
  requireUsages(usages, allowed, `${use.name} in "jwk" ${isPrivate ? "with" : "without"} d`);
  requireJwk(jwk, { kty: family, use: use.jwkUse, usages, extractable });
  return isPrivate;
}

/**
 * The bytes of members that have a fixed number of them, for the caller to wipe where they are secret: RFC 7518, sections
 * 6.2.1.2 and on, coordinates and private keys of a curve; RFC 8037, section 2, either key.
 *
 * @throws DOMException DataError for a member that is missing, no base64url, or of another length.
 */
export function fixedJwkBytes(
  core: Core,
  jwk: JsonWebKey,
  members: readonly JwkBytesMember[],
  bytes: number,
  curveName: string,
): readonly Uint8Array[] {
  const parts = jwkBytes(core, jwk, members);
  const wrong = parts.findIndex(({ length }) => length !== bytes);
  if (wrong < 0) return parts;
  wipeParts(parts);
  const found = `keyData.${members[wrong]} has ${parts[wrong]!.length} bytes`;
  throw domException("DataError", `importKey: ${found}; keys on ${curveName} have ${bytes}`);
}

/** What is made with a slot, which is closed if nothing comes of it: no key has it then. */
export function closingUnlessMade<Slot extends { close(): void }, Key>(
  slot: Slot,
  make: (slot: Slot) => Key,
): Key {
  try {
    return make(slot);
  } catch (error) {
    slot.close();
    throw error;
  }
}

/** Wipes whatever of an object is bytes. */
export function wipeParts(parts: object): void {
  for (const part of Object.values(parts)) if (part instanceof Uint8Array) part.fill(0);
}

/** @param formats that there are, as a list of quoted names. */
export function unsupportedFormat(
  method: string,
  { name }: KeyPairUse,
  formats: string,
  format: KeyFormat,
): DOMException {
  const message = `${method}: format is ${JSON.stringify(format)}; ${name} keys have ${formats}`;
  return domException("NotSupportedError", message);
}
