/**
 * JSON Web Keys: the dictionary of https://w3c.github.io/webcrypto/#JsonWebKey-dictionary, and what every import
 * checks of one (RFC 7517, section 4; RFC 7518, section 6.4 for symmetric keys).
 */
import { domException } from "../dom-exception.ts";
import { boolean, type Dictionary, DOMString, dictionary, type Member, sequence } from "../webidl.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import type { KeySlots, KeyUsage } from "./key.ts";

export interface JsonWebKey {
  kty?: string;
  use?: string;
  key_ops?: string[];
  alg?: string;
  ext?: boolean;
  crv?: string;
  x?: string;
  y?: string;
  d?: string;
  n?: string;
  e?: string;
  p?: string;
  q?: string;
  dp?: string;
  dq?: string;
  qi?: string;
  oth?: { r?: string; d?: string; t?: string }[];
  k?: string;
  pub?: string;
  priv?: string;
}

const strings = (...names: string[]): Member[] => names.map((name) => ({ name, type: DOMString }));

const RsaOtherPrimesInfo = dictionary("RsaOtherPrimesInfo", strings("r", "d", "t"));

export const JsonWebKey: Dictionary<JsonWebKey> = dictionary("JsonWebKey", [
  ...strings("kty", "use", "alg"),
  { name: "key_ops", type: sequence(DOMString) },
  { name: "ext", type: boolean },
  ...strings("crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi"),
  { name: "oth", type: sequence(RsaOtherPrimesInfo) },
  ...strings("k", "pub", "priv"),
]);

/** What an import asks of a JSON Web Key, beside its key material. */
export interface JwkRequirements {
  kty: "oct";
  /** The only value that `alg` may have, where it is present. */
  alg: string;
  /** The only value that `use` may have, where it is present and there are usages. */
  use: "sig" | "enc";
  usages: readonly KeyUsage[];
  extractable: boolean;
}

/** @throws DOMException DataError for a key that is not as required. */
export function requireJwk(jwk: JsonWebKey, { kty, alg, use, usages, extractable }: JwkRequirements): void {
  if (jwk.kty !== kty) throw wrong("kty", jwk.kty, kty);
  if (jwk.alg !== undefined && jwk.alg !== alg) throw wrong("alg", jwk.alg, alg);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) throw wrong("use", jwk.use, use);
  if (jwk.key_ops) requireKeyOps(jwk.key_ops, jwk.use, usages);
  if (jwk.ext === false && extractable) {
    throw domException(
      "DataError",
      "importKey: keyData.ext is false, so the key cannot be imported as extractable",
    );
  }
}

/** The bytes of `k`, for the caller to wipe. */
export function secretOf({ k }: JsonWebKey): Uint8Array<ArrayBuffer> {
  const bytes = k === undefined ? undefined : decodeBase64url(k);
  if (bytes) return bytes;
  const message = k === undefined ? "is missing" : "is not base64url, strictly and without padding";
  throw domException("DataError", `importKey: keyData.k ${message}`);
}

/** A symmetric key, its members in the order that WebIDL gives them. */
export function jwkOfSecret(bytes: Uint8Array, alg: string, { extractable, usages }: KeySlots): JsonWebKey {
  return { alg, ext: extractable, k: encodeBase64url(bytes), key_ops: [...usages], kty: "oct" };
}

const SIGNATURES = ["sign", "verify"];
const ENCRYPTION = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"];

/** RFC 7517, section 4.3: no value twice, and none that `use` contradicts; and all of the usages asked for. */
function requireKeyOps(keyOps: string[], use: string | undefined, usages: readonly KeyUsage[]): void {
  const twice = keyOps.find((operation, i) => keyOps.indexOf(operation) !== i);
  if (twice !== undefined) throw wrongKeyOps(`has ${JSON.stringify(twice)} twice`);
  const excluded = use === "sig" ? ENCRYPTION : use === "enc" ? SIGNATURES : [];
  const alien = keyOps.find((operation) => excluded.includes(operation));
  if (alien !== undefined)
    throw wrongKeyOps(`has ${JSON.stringify(alien)}, but keyData.use is ${JSON.stringify(use)}`);
  const lacking = usages.find((usage) => !keyOps.includes(usage));
  if (lacking !== undefined)
    throw wrongKeyOps(`lacks ${JSON.stringify(lacking)}, a usage that was asked for`);
}

function wrongKeyOps(what: string): DOMException {
  return domException("DataError", `importKey: keyData.key_ops ${what}`);
}

function wrong(member: string, given: string | undefined, expected: string): DOMException {
  const found = given === undefined ? "missing" : JSON.stringify(given);
  return domException(
    "DataError",
    `importKey: keyData.${member} is ${found}, not ${JSON.stringify(expected)}`,
  );
}
