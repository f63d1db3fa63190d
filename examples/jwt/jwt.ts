/**
 * JSON Web Tokens (RFC 7519), signed by ES256 or PS256 (RFC 7518, section 3), as RFC 7515 writes them: three parts in
 * base64url, joined by dots. Of the mistakes that RFC 8725 warns of, two cannot be made here: the algorithm is that of the
 * key, whatever a token says, and nothing that a token claims is looked at before its signature.
 */

export interface Claims {
  /** When the token expires, in seconds since 1970. */
  exp: number;
  /** When it begins to be valid. */
  nbf?: number;
  [name: string]: unknown;
}

/** Why a token is refused, in a sentence. */
export class InvalidToken extends Error {}

export async function sign(claims: Claims, privateKey: CryptoKey): Promise<string> {
  const { alg, parameters } = algorithmOf(privateKey);
  const signed = `${encodeJson({ alg, typ: "JWT" })}.${encodeJson(claims)}`;
  const signature = await crypto.subtle.sign(parameters, privateKey, utf8(signed));
  return `${signed}.${encode(new Uint8Array(signature))}`;
}

/** @throws InvalidToken unless the token was signed with the other half of this key, and is valid now. */
export async function verify(token: string, publicKey: CryptoKey): Promise<Claims> {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (more.length > 0) throw new InvalidToken("it has more than three parts");

  const { alg, parameters } = algorithmOf(publicKey);
  const said = decodeJson(header);
  if (said.alg !== alg)
    throw new InvalidToken(`it says ${JSON.stringify(said.alg)}, and the key is for ${alg}`);
  if (said.crit !== undefined) throw new InvalidToken("it asks for an extension that is not known here");

  const signed = utf8(`${header}.${payload}`);
  const valid = await crypto.subtle.verify(parameters, publicKey, decode(signature), signed);
  if (!valid) throw new InvalidToken("its signature is wrong");

  const claims = decodeJson(payload);
  const now = Date.now() / 1000;
  if (typeof claims.exp !== "number") throw new InvalidToken("it does not say when it expires");
  if (claims.exp <= now) throw new InvalidToken(`it expired ${Math.round(now - claims.exp)} s ago`);
  if (claims.nbf !== undefined && !(Number(claims.nbf) <= now)) throw new InvalidToken("it is not valid yet");
  return claims as Claims;
}

/** A key knows what it is for. */
function algorithmOf({ algorithm }: CryptoKey) {
  const { name, namedCurve, hash } = algorithm as EcKeyAlgorithm & RsaHashedKeyAlgorithm;
  if (name === "ECDSA" && namedCurve === "P-256")
    return { alg: "ES256", parameters: { name, hash: "SHA-256" } };
  if (name === "RSA-PSS" && hash.name === "SHA-256")
    return { alg: "PS256", parameters: { name, saltLength: 32 } };
  throw new TypeError("the key must be one for ES256 or PS256");
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function decode(part: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Buffer.from(part, "base64url"));
  // Buffer skips what is not base64url. There is one way to write some bytes, and this must be it.
  if (encode(bytes) !== part) throw new InvalidToken("it is not base64url");
  return bytes;
}

function encodeJson(value: object): string {
  return encode(utf8(JSON.stringify(value)));
}

function decodeJson(part: string): Record<string, unknown> {
  const bytes = decode(part);
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, like JSON that is no object.
  }
  throw new InvalidToken("it is not JSON");
}
