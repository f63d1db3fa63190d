/** importKey, of every format that the algorithms have. */
import { createPrivateKey, createPublicKey, createSecretKey, type JsonWebKey, webcrypto } from "node:crypto";
import { createRuntime } from "nanort";
import { forge, jsrsasign } from "./commonjs-peers.ts";
import { awaited, type Case, type Contender, measure, sync, type Table } from "./lib.ts";

const RSA = { name: "RSA-PSS", hash: "SHA-256" };

export async function importTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const { subtle } = webcrypto;

  const contendersOf = (
    format: "raw" | "spki" | "pkcs8" | "jwk",
    data: ArrayBuffer | webcrypto.JsonWebKey,
    algorithm: { name: string; namedCurve: string } | { name: string; hash: string } | "AES-GCM",
    usage: "sign" | "verify" | "encrypt",
    peers: Contender[],
  ): Contender[] => {
    const key = data as ArrayBuffer & globalThis.JsonWebKey;
    return [
      sync("nano sync", () => nano.subtleSync.importKey(format, key, algorithm, true, [usage])),
      awaited("nano", () => nano.crypto.subtle.importKey(format as "jwk", key, algorithm, true, [usage])),
      awaited("native", () => subtle.importKey(format as "jwk", key, algorithm, true, [usage])),
      ...peers,
    ];
  };

  const ec: Case[] = [];
  for (const namedCurve of ["P-256", "P-384", "P-521"]) {
    const algorithm = { name: "ECDSA", namedCurve };
    const { privateKey, publicKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const pkcs8 = await subtle.exportKey("pkcs8", privateKey);
    const spki = await subtle.exportKey("spki", publicKey);
    const raw = await subtle.exportKey("raw", publicKey);
    const privateJwk = await subtle.exportKey("jwk", privateKey);
    const publicJwk = await subtle.exportKey("jwk", publicKey);
    const { KEYUTIL } = jsrsasign;
    ec.push(
      {
        name: `${namedCurve} pkcs8`,
        contenders: contendersOf("pkcs8", pkcs8, algorithm, "sign", [
          sync("node:crypto", () => createPrivateKey(derFile(pkcs8, "pkcs8"))),
          sync("jsrsasign", () => KEYUTIL.getKey(hex(pkcs8), null, "pkcs8prv")),
        ]),
      },
      {
        name: `${namedCurve} spki`,
        contenders: contendersOf("spki", spki, algorithm, "verify", [
          sync("node:crypto", () => createPublicKey(derFile(spki, "spki"))),
          sync("jsrsasign", () => KEYUTIL.getKey(hex(spki), null, "pkcs8pub")),
        ]),
      },
      { name: `${namedCurve} raw`, contenders: contendersOf("raw", raw, algorithm, "verify", []) },
      {
        name: `${namedCurve} jwk, private`,
        contenders: contendersOf("jwk", privateJwk, algorithm, "sign", [
          sync("node:crypto", () => createPrivateKey(jwkFile(privateJwk))),
          sync("jsrsasign", () => KEYUTIL.getKey(privateJwk)),
        ]),
      },
      {
        name: `${namedCurve} jwk, public`,
        contenders: contendersOf("jwk", publicJwk, algorithm, "verify", [
          sync("node:crypto", () => createPublicKey(jwkFile(publicJwk))),
          sync("jsrsasign", () => KEYUTIL.getKey(publicJwk)),
        ]),
      },
    );
  }

  const rsa: Case[] = [];
  for (const modulusLength of [2048, 4096]) {
    const parameters = { ...RSA, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
    const { privateKey, publicKey } = await subtle.generateKey(parameters, true, ["sign", "verify"]);
    const pkcs8 = await subtle.exportKey("pkcs8", privateKey);
    const spki = await subtle.exportKey("spki", publicKey);
    const privateJwk = await subtle.exportKey("jwk", privateKey);
    const publicJwk = await subtle.exportKey("jwk", publicKey);
    const { asn1, pki, util } = forge;
    const read = (file: ArrayBuffer) => asn1.fromDer(util.createBuffer(file));
    rsa.push(
      {
        name: `${modulusLength} pkcs8`,
        contenders: contendersOf("pkcs8", pkcs8, RSA, "sign", [
          sync("node:crypto", () => createPrivateKey(derFile(pkcs8, "pkcs8"))),
          sync("node-forge", () => pki.privateKeyFromAsn1(read(pkcs8))),
        ]),
      },
      {
        name: `${modulusLength} spki`,
        contenders: contendersOf("spki", spki, RSA, "verify", [
          sync("node:crypto", () => createPublicKey(derFile(spki, "spki"))),
          sync("node-forge", () => pki.publicKeyFromAsn1(read(spki))),
        ]),
      },
      {
        name: `${modulusLength} jwk, private`,
        contenders: contendersOf("jwk", privateJwk, RSA, "sign", [
          sync("node:crypto", () => createPrivateKey(jwkFile(privateJwk))),
        ]),
      },
      {
        name: `${modulusLength} jwk, public`,
        contenders: contendersOf("jwk", publicJwk, RSA, "verify", [
          sync("node:crypto", () => createPublicKey(jwkFile(publicJwk))),
        ]),
      },
    );
  }

  const secret = webcrypto.getRandomValues(new Uint8Array(32));
  const secretJwk = { kty: "oct", k: Buffer.from(secret).toString("base64url") };
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const symmetric: Case[] = [
    {
      name: "AES-256 raw",
      contenders: contendersOf("raw", secret.buffer, "AES-GCM", "encrypt", [
        sync("node:crypto", () => createSecretKey(secret)),
      ]),
    },
    { name: "AES-256 jwk", contenders: contendersOf("jwk", secretJwk, "AES-GCM", "encrypt", []) },
    {
      name: "HMAC raw",
      contenders: contendersOf("raw", secret.buffer, hmac, "sign", [
        sync("node:crypto", () => createSecretKey(secret)),
      ]),
    },
    { name: "HMAC jwk", contenders: contendersOf("jwk", secretJwk, hmac, "sign", []) },
  ];

  const tables = [
    await measure("importKey, ECDSA", ec),
    await measure("importKey, RSA-PSS", rsa),
    await measure("importKey, secret keys", symmetric),
  ];
  await nano.close();
  return tables;
}

/** What node:crypto takes as a file. */
function derFile<Type extends "pkcs8" | "spki">(file: ArrayBuffer, type: Type) {
  return { key: Buffer.from(file), format: "der" as const, type };
}

function jwkFile(key: webcrypto.JsonWebKey) {
  return { key: key as JsonWebKey, format: "jwk" as const };
}

const hex = (file: ArrayBuffer) => Buffer.from(file).toString("hex");
