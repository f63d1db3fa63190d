import { createHmac } from "node:crypto";
import { type Claims, InvalidToken, sign, verify } from "./jwt.ts";
import { exportPem, importPem } from "./pem.ts";

const ES256 = { name: "ECDSA", namedCurve: "P-256" };
const PS256 = { name: "RSA-PSS", hash: "SHA-256" };
const RSA_KEY = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };

const now = Math.floor(Date.now() / 1000);
const claims: Claims = { sub: "ada", scope: "read", exp: now + 3600 };

// ES256, with keys as JSON Web Keys. The issuer keeps the private one; whoever verifies has the public one.
const ec = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
const privateJwk = await crypto.subtle.exportKey("jwk", ec.privateKey);
const publicJwk = await crypto.subtle.exportKey("jwk", ec.publicKey);

const ecIssuer = await crypto.subtle.importKey("jwk", privateJwk, ES256, false, ["sign"]);
const ecVerifier = await crypto.subtle.importKey("jwk", publicJwk, ES256, false, ["verify"]);
const token = await sign(claims, ecIssuer);
console.log("ES256, keys as JWK");
await tell("a token", token, ecVerifier);

// PS256, with keys as PEM.
const rsa = await crypto.subtle.generateKey({ ...PS256, ...RSA_KEY }, true, ["sign", "verify"]);
const privatePem = await exportPem("pkcs8", rsa.privateKey);
const publicPem = await exportPem("spki", rsa.publicKey);

const rsaIssuer = await importPem("pkcs8", privatePem, PS256, ["sign"]);
const rsaVerifier = await importPem("spki", publicPem, PS256, ["verify"]);
console.log("\nPS256, keys as PEM");
await tell("a token", await sign(claims, rsaIssuer), rsaVerifier);

// What must not get through.
const [header, , signature] = token.split(".");
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const elevated = part({ ...claims, scope: "admin" });
// The attack of the confused algorithm: the public key, which everybody has, taken for the secret of an HMAC.
const confused = `${part({ alg: "HS256", typ: "JWT" })}.${elevated}`;
const hmac = createHmac("sha256", publicPem).update(confused).digest("base64url");

console.log("\nRefused");
await tell("a changed payload", `${header}.${elevated}.${signature}`, ecVerifier);
await tell("no signature", `${part({ alg: "none" })}.${elevated}.`, ecVerifier);
await tell("another algorithm", `${confused}.${hmac}`, rsaVerifier);
await tell("a foreign token", token, rsaVerifier);
await tell("an expired token", await sign({ ...claims, exp: now - 60 }, ecIssuer), ecVerifier);
await tell(
  "tomorrow's token",
  await sign({ ...claims, nbf: now + 86_400, exp: now + 90_000 }, ecIssuer),
  ecVerifier,
);

/** Prints what a token claims, or why it is refused. */
async function tell(what: string, given: string, publicKey: CryptoKey): Promise<void> {
  const answer = await verify(given, publicKey).then(
    ({ sub, scope }) => `valid, for ${sub} to ${scope}`,
    (error: unknown) => {
      if (!(error instanceof InvalidToken)) throw error;
      return `refused: ${error.message}`;
    },
  );
  console.log(`  ${what.padEnd(21)}${answer}`);
}
