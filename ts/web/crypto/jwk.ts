/**
 * JSON Web Keys: the dictionary of https://w3c.github.io/webcrypto/#JsonWebKey-dictionary, and what every import
 * checks of one (RFC 7517, section 4; RFC 7518, section 6.4 for symmetric keys).
 */
import { decodeBase64url, encodeBase64url } from "../../core/base64url.ts";
import type { Core } from "../../core/core.ts";
import { domException } from "../dom-exception.ts";
import {
  boolean,
  type Conversion,
  DOMString,
  dictionary,
  dictionaryObject,
  isObject,
  optionalMember,
  sequence,
  type Where,
} from "../webidl.ts";
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

const RsaOtherPrimesInfos = sequence(
  dictionary(
    "RsaOtherPrimesInfo",
    ["r", "d", "t"].map((name) => ({ name, type: DOMString })),
  ),
);
const keyOperations = sequence(DOMString);

/**
 * Written out, since engines read so many members faster by names that stand in the code: in lexicographical order.
 * What is missing is there as undefined, so that nothing is inherited: what scripts have put on Object.prototype adds no
 * members, and no setter there sees those of a key that was unwrapped.
 */
export const JsonWebKey: Conversion<JsonWebKey> = (value, where) => {
  const given = dictionaryObject(value, "JsonWebKey", where);
  return {
    alg: textMember(given.alg, "alg", where),
    crv: textMember(given.crv, "crv", where),
    d: textMember(given.d, "d", where),
    dp: textMember(given.dp, "dp", where),
    dq: textMember(given.dq, "dq", where),
    e: textMember(given.e, "e", where),
    ext: optionalMember(given.ext, boolean, "ext", where),
    k: textMember(given.k, "k", where),
    key_ops: optionalMember(given.key_ops, keyOperations, "key_ops", where),
    kty: textMember(given.kty, "kty", where),
    n: textMember(given.n, "n", where),
    oth: optionalMember(given.oth, RsaOtherPrimesInfos, "oth", where),
    p: textMember(given.p, "p", where),
    priv: textMember(given.priv, "priv", where),
    pub: textMember(given.pub, "pub", where),
    q: textMember(given.q, "q", where),
    qi: textMember(given.qi, "qi", where),
    use: textMember(given.use, "use", where),
    x: textMember(given.x, "x", where),
    y: textMember(given.y, "y", where),
  } as JsonWebKey;
};

function textMember(given: unknown, name: string, where: Where): string | undefined {
  return typeof given === "string" ? given : optionalMember(given, DOMString, name, where);
}

/** What an import asks of a JSON Web Key, beside its key material. */
export interface JwkRequirements {
  kty: "oct" | "EC" | "OKP" | "RSA";
  /** The only value that `use` may have, where it is present and there are usages. */
  use: "sig" | "enc";
  usages: readonly KeyUsage[];
  extractable: boolean;
}

/** @throws DOMException DataError for a key that is not as required. */
export function requireJwk(jwk: JsonWebKey, { kty, use, usages, extractable }: JwkRequirements): void {
  if (jwk.kty !== kty) throw wrong("kty", jwk.kty, kty);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) throw wrong("use", jwk.use, use);
  if (jwk.key_ops) requireKeyOps(jwk.key_ops, jwk.use, usages);
  if (jwk.ext === false && extractable) {
    throw domException(
      "DataError",
      "importKey: keyData.ext is false, so the key cannot be imported as extractable",
    );
  }
}

/** @throws DOMException DataError if `alg` is present, and not the one given. */
export function requireJwkAlgorithm(jwk: JsonWebKey, alg: string): void {
  if (jwk.alg !== undefined && jwk.alg !== alg) throw wrong("alg", jwk.alg, alg);
}

/** @throws DOMException DataError unless `crv` is the one given. */
export function requireJwkCurve(jwk: JsonWebKey, crv: string): void {
  if (jwk.crv !== crv) throw wrong("crv", jwk.crv, crv);
}

/** The members that hold bytes, big-endian where they are integers. */
export type JwkBytesMember = "k" | "x" | "y" | "d" | "n" | "e" | "p" | "q" | "dp" | "dq" | "qi";

/** Of integers and coordinates, in characters: beyond any key's, and looked at no further. Keys for HMAC have no limit. */
const NUMBER_LENGTH_MAX = 65_536;

/**
 * The bytes of members, for the caller to wipe where they are secret.
 *
 * @throws DOMException DataError for a member that is missing or no base64url.
 */
export function jwkBytes<const Members extends readonly JwkBytesMember[]>(
  core: Core,
  jwk: JsonWebKey,
  members: Members,
): { [Index in keyof Members]: Uint8Array<ArrayBuffer> } {
  const texts = members.map((member) => {
    const text = jwk[member];
    if (text === undefined) throw wrongBytes(member, "is missing");
    if (text.length <= NUMBER_LENGTH_MAX || member === "k") return text;
    throw wrongBytes(member, `has ${text.length} characters; ${NUMBER_LENGTH_MAX} is the most`);
  });
  const parts = decodeBase64url(core, texts);
  const wrong = parts.indexOf(undefined);
  if (wrong < 0) return parts as { [Index in keyof Members]: Uint8Array<ArrayBuffer> };
  for (const part of parts) part?.fill(0);
  throw wrongBytes(members[wrong]!, "is not base64url, strictly and without padding");
}

/**
 * The same for numbers, as short as can be: RFC 7518, section 2, "Base64urlUInt".
 *
 * @throws DOMException DataError for one with zeros before it, too.
 */
export function jwkNumbers<const Members extends readonly JwkBytesMember[]>(
  core: Core,
  jwk: JsonWebKey,
  members: Members,
): { [Index in keyof Members]: Uint8Array<ArrayBuffer> } {
  const numbers = jwkBytes(core, jwk, members);
  const parts = numbers as readonly unknown[] as Uint8Array[];
  const long = parts.findIndex((number) => number.length > 1 && number[0] === 0);
  if (long < 0) return numbers;
  for (const part of parts) part.fill(0);
  throw wrongBytes(members[long]!, "is a number with zeros before it");
}

function wrongBytes(member: JwkBytesMember, what: string): DOMException {
  return domException("DataError", `importKey: keyData.${member} ${what}`);
}

/** The bytes of `k`, for the caller to wipe. */
export function secretOf(core: Core, jwk: JsonWebKey): Uint8Array<ArrayBuffer> {
  return jwkBytes(core, jwk, ["k"])[0];
}

/** A symmetric key, its members in the order that WebIDL gives them. */
export function jwkOfSecret(
  core: Core,
  bytes: Uint8Array,
  alg: string,
  { extractable, usages }: KeySlots,
): JsonWebKey {
  return { alg, ext: extractable, k: encodeBase64url(core, bytes), key_ops: [...usages], kty: "oct" };
}

/**
 * A key as a wrapped key holds it: JSON, encoded as UTF-8, for the caller to wipe. Without prototypes, so that no
 * `toJSON` of a script's sees it.
 *
 * @param wrapping the name of the algorithm that wraps it. AES-KW takes multiples of 8 bytes, for which spaces follow, as
 *   the standard allows. (All before them is ASCII: names and base64url.)
 */
export function encodeJwk(jwk: JsonWebKey, wrapping: string): Uint8Array<ArrayBuffer> {
  const bare: JsonWebKey = Object.assign(Object.create(null), jwk);
  if (jwk.key_ops) bare.key_ops = Object.setPrototypeOf([...jwk.key_ops], null);
  const text = JSON.stringify(bare);
  const spaces = wrapping === "AES-KW" ? " ".repeat(-text.length & 7) : "";
  return new TextEncoder().encode(text + spaces) as Uint8Array<ArrayBuffer>;
}

/**
 * https://w3c.github.io/webcrypto/#concept-parse-a-jwk. Members are the text's own alone.
 *
 * @throws DOMException DataError for what is no JSON Web Key.
 */
export function parseJwk(bytes: Uint8Array): JsonWebKey {
  let jwk: JsonWebKey;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isObject(value)) Object.setPrototypeOf(value, null);
    jwk = JsonWebKey(value, "unwrapKey: the unwrapped key");
  } catch {
    // What is wrong with it would tell of its contents.
    throw domException("DataError", "unwrapKey: the unwrapped key is no JSON Web Key");
  }
  if (jwk.kty !== undefined) return jwk;
  throw domException("DataError", "unwrapKey: the unwrapped key's kty is missing");
}

const SIGNATURES = ["sign", "verify"];
const ENCRYPTION = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"];

/** RFC 7517, section 4.3: no value twice, and none that `use` contradicts; and all of the usages asked for. */
function requireKeyOps(keyOps: string[], use: string | undefined, usages: readonly KeyUsage[]): void {
  const seen = new Set<string>();
  const twice = keyOps.find((operation) => seen.size === seen.add(operation).size);
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
