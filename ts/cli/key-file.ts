/**
 * Keys as files: JSON Web Keys (RFC 7517), or PEM (RFC 7468) around what WebCrypto calls pkcs8 and spki. What a key is for
 * goes by its name in RFC 7518: ES256, PS256, HS256, A256GCM; or in RFC 8037 and RFC 9864: EdDSA, Ed25519.
 */
import type { Runtime } from "../index.ts";
import { UsageError } from "./command.ts";
import { readWhole } from "./files.ts";
import { didYouMean } from "./suggest.ts";

export type Subtle = Runtime["crypto"]["subtle"];
export type KeyFileFormat = "jwk" | "pem";

/** What any operation of WebCrypto takes for an algorithm: each reads the members that it knows. */
interface Parameters {
  name: "ECDSA" | "Ed25519" | "Ed448" | "RSA-PSS" | "HMAC" | "AES-GCM";
  namedCurve?: string;
  hash?: string;
  /** In bytes. */
  saltLength?: number;
  /** In bits. */
  length?: number;
}

/** RFC 7518, sections 3.1 and 5.1; RFC 9864, section 2.2. EdDSA is an older name for both of its algorithms. */
export const ALGORITHMS: Record<string, Parameters> = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  ES512: { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" },
  EdDSA: { name: "Ed25519" },
  Ed25519: { name: "Ed25519" },
  Ed448: { name: "Ed448" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  PS384: { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 },
  PS512: { name: "RSA-PSS", hash: "SHA-512", saltLength: 64 },
  HS256: { name: "HMAC", hash: "SHA-256" },
  HS384: { name: "HMAC", hash: "SHA-384" },
  HS512: { name: "HMAC", hash: "SHA-512" },
  A128GCM: { name: "AES-GCM", length: 128 },
  A192GCM: { name: "AES-GCM", length: 192 },
  A256GCM: { name: "AES-GCM", length: 256 },
};

/** @throws UsageError for a name that is not among those of ALGORITHMS. */
export function requireAlgorithm(name: string): void {
  const names = Object.keys(ALGORITHMS);
  if (names.includes(name)) return;
  const guess = didYouMean(name, names);
  throw new UsageError(`no algorithm named ${name}; ${guess ?? `there are ${names.join(", ")}`}`);
}

/** A key that was read, and what it is for. */
export interface Key {
  algorithm: string;
  parameters: Parameters;
  key: CryptoKey;
}

/** An RSA key of 16384 bits, in JSON, has 13 KB. */
const KEY_FILE_BYTES_MAX = 64 * 1024;

/**
 * Reads a key for one use.
 *
 * @param algorithm for a file that does not say it, such as an RSA key in PEM.
 */
export async function readKey(
  subtle: Subtle,
  path: string,
  usage: "sign" | "verify" | "encrypt" | "decrypt",
  algorithm?: string,
): Promise<Key> {
  const text = (await readWhole(path, KEY_FILE_BYTES_MAX)).toString();
  const jwk = text.includes("-----BEGIN ") ? await jwkOfPem(subtle, path, text) : parseJwk(path, text);
  const name = algorithmOf(path, jwk, algorithm);
  const parameters = ALGORITHMS[name]!;
  const signs = parameters.name !== "AES-GCM";
  if (signs !== (usage === "sign" || usage === "verify")) {
    throw new UsageError(`${path} is for ${name}, which does not ${usage}`);
  }
  if (usage === "sign" && jwk.kty !== "oct" && jwk.d === undefined) {
    throw new UsageError(`${path} is a public key; what signs is the private one`);
  }
  const half = usage === "verify" && jwk.d !== undefined ? publicHalf(jwk) : jwk;
  // A secret is extractable, for those who derive other keys of it.
  const imported = subtle.importKey("jwk", half, parameters, jwk.kty === "oct", [usage]);
  const key = await imported.catch((error: Error) => {
    throw new UsageError(`${path}: ${error.message.replace(/^importKey: keyData[. ]/, "")}`);
  });
  return { algorithm: name, parameters, key };
}

/** A key as the text of a file. */
export async function encodeKey(
  subtle: Subtle,
  key: CryptoKey,
  algorithm: string,
  format: KeyFileFormat,
): Promise<string> {
  if (format === "jwk") {
    const { kty, alg: _alg, ext: _ext, ...members } = await subtle.exportKey("jwk", key);
    return `${JSON.stringify({ kty, alg: algorithm, ...members }, null, 2)}\n`;
  }
  const der = await subtle.exportKey(key.type === "private" ? "pkcs8" : "spki", key);
  const label = key.type === "private" ? "PRIVATE KEY" : "PUBLIC KEY";
  const lines = Buffer.from(der)
    .toString("base64")
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function parseJwk(path: string, text: string): JsonWebKey {
  try {
    const jwk: unknown = JSON.parse(text);
    if (typeof jwk === "object" && jwk !== null) return jwk;
  } catch {
    // Told below. What JSON.parse complains of would be a part of the key.
  }
  throw new UsageError(`${path} is no key: neither a JSON Web Key nor PEM`);
}

/** What a PEM file can hold. The key itself says which. */
const PEM_ALGORITHMS = ["ES256", "ES384", "ES512", "Ed25519", "Ed448", "PS256"];

async function jwkOfPem(subtle: Subtle, path: string, pem: string): Promise<JsonWebKey> {
  const [, label, base64] =
    /-----BEGIN ((?:PRIVATE|PUBLIC) KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(pem) ?? [];
  if (label === undefined || base64 === undefined) {
    const [, other] = /-----BEGIN ([^-\n]*)-----/.exec(pem) ?? [];
    throw new UsageError(`${path} holds no PRIVATE KEY or PUBLIC KEY, but ${other ?? "something else"}`);
  }
  const der = new Uint8Array(Buffer.from(base64, "base64"));
  const [format, usage] =
    label === "PRIVATE KEY" ? (["pkcs8", "sign"] as const) : (["spki", "verify"] as const);
  for (const name of PEM_ALGORITHMS) {
    const key = await subtle.importKey(format, der, ALGORITHMS[name]!, true, [usage]).catch(() => undefined);
    if (!key) continue;
    const { alg: _alg, key_ops: _keyOps, ...jwk } = await subtle.exportKey("jwk", key);
    return jwk;
  }
  throw new UsageError(`${path} holds no RSA key, and none for P-256, P-384, P-521, Ed25519 or Ed448`);
}

/** The name of what a key is for. A curve has one only (RFC 7518, section 3.4), but for EdDSA, which stands for two. */
function algorithmOf(path: string, { alg, crv }: JsonWebKey, wanted: string | undefined): string {
  if (wanted !== undefined) requireAlgorithm(wanted);
  const names = Object.keys(ALGORITHMS);
  const exact = (name: string | undefined) => (name === "EdDSA" && crv !== undefined ? crv : name);
  const given = exact(wanted);
  const said = exact(alg) ?? names.find((name) => crv === (ALGORITHMS[name]!.namedCurve ?? name));
  if (said === undefined) {
    if (given !== undefined) return given;
    throw new UsageError(`${path} does not say what it is for; add --algorithm, such as PS256`);
  }
  if (!names.includes(said)) {
    throw new UsageError(`${path} is for ${JSON.stringify(said)}, which is none of ${names.join(", ")}`);
  }
  if (given !== undefined && given !== said) throw new UsageError(`${path} is for ${said}, not for ${given}`);
  return said;
}

/** What of a private key may be known to all, without what it says of its own use (RFC 7517, section 4). */
function publicHalf({ kty, crv, x, y, n, e, alg }: JsonWebKey): JsonWebKey {
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e, alg }).filter(([, value]) => value !== undefined),
  );
}
