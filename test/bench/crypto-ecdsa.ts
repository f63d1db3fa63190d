/** ECDSA on its three curves: signatures of 64 bytes with SHA-256, and key generation; and ECDH on the same. */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  sign as nodeSign,
  verify as nodeVerify,
  webcrypto,
} from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { createRuntime, type Runtime } from "nanort";
import { awaited, type Case, measure, sync, type Table } from "./lib.ts";

const CURVES = { "P-256": p256, "P-384": p384, "P-521": p521 };

type Curve = keyof typeof CURVES;

const SECRET_BITS: Record<Curve, number> = { "P-256": 256, "P-384": 384, "P-521": 528 };

export async function ecdsaTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const { subtle } = webcrypto;
  const data = webcrypto.getRandomValues(new Uint8Array(64));
  const hash = { name: "ECDSA", hash: "SHA-256" };
  const cases: Record<"sign" | "verify" | "generateKey", Case[]> = { sign: [], verify: [], generateKey: [] };
  for (const [namedCurve, noble] of Object.entries(CURVES)) {
    const ec = { name: "ECDSA", namedCurve };
    const pair = await subtle.generateKey(ec, true, ["sign", "verify"]);
    const pkcs8 = await subtle.exportKey("pkcs8", pair.privateKey);
    const spki = await subtle.exportKey("spki", pair.publicKey);
    const point = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
    const scalar = Buffer.from((await subtle.exportKey("jwk", pair.privateKey)).d!, "base64url");

    const privateKey = await nano.crypto.subtle.importKey("pkcs8", pkcs8, ec, false, ["sign"]);
    const publicKey = await nano.crypto.subtle.importKey("spki", spki, ec, false, ["verify"]);
    const nodePrivate = {
      key: createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }),
      dsaEncoding: "ieee-p1363",
    } as const;
    const nodePublic = {
      key: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
      dsaEncoding: "ieee-p1363",
    } as const;
    const signature = new Uint8Array(nano.subtleSync.sign(hash, privateKey, data));

    cases.sign.push({
      name: namedCurve,
      contenders: [
        sync("nano sync", () => nano.subtleSync.sign(hash, privateKey, data)),
        awaited("nano", () => nano.crypto.subtle.sign(hash, privateKey, data)),
        awaited("native", () => subtle.sign(hash, pair.privateKey, data)),
        sync("node:crypto", () => nodeSign("sha256", data, nodePrivate)),
        sync("noble", () => noble.sign(sha256(data), scalar, { prehash: false })),
      ],
    });
    cases.verify.push({
      name: namedCurve,
      contenders: [
        sync("nano sync", () => nano.subtleSync.verify(hash, publicKey, signature, data)),
        awaited("nano", () => nano.crypto.subtle.verify(hash, publicKey, signature, data)),
        awaited("native", () => subtle.verify(hash, pair.publicKey, signature, data)),
        sync("node:crypto", () => nodeVerify("sha256", data, nodePublic, signature)),
        sync("noble", () => noble.verify(signature, sha256(data), point, { prehash: false, lowS: false })),
      ],
    });
    cases.generateKey.push({
      name: namedCurve,
      contenders: [
        sync("nano sync", () => nano.subtleSync.generateKey(ec, false, ["sign"])),
        awaited("nano", () => nano.crypto.subtle.generateKey(ec, false, ["sign"])),
        awaited("native", () => subtle.generateKey(ec, false, ["sign"])),
        sync("node:crypto", () => generateKeyPairSync("ec", { namedCurve })),
        sync("noble", () => noble.keygen()),
      ],
    });
  }
  const tables: Table[] = [];
  for (const [operation, of] of Object.entries(cases)) tables.push(await measure(`ECDSA ${operation}`, of));
  const agreements = await Promise.all(Object.keys(CURVES).map((name) => agreementOn(nano, name as Curve)));
  tables.push(await measure("ECDH deriveBits", agreements));
  await nano.close();
  return tables;
}

async function agreementOn(nano: Runtime, namedCurve: Curve): Promise<Case> {
  const { subtle } = webcrypto;
  const ec = { name: "ECDH", namedCurve };
  const bits = SECRET_BITS[namedCurve];
  const own = await subtle.generateKey(ec, true, ["deriveBits"]);
  const { publicKey: other } = await subtle.generateKey(ec, true, ["deriveBits"]);
  const pkcs8 = await subtle.exportKey("pkcs8", own.privateKey);
  const spki = await subtle.exportKey("spki", other);
  const point = new Uint8Array(await subtle.exportKey("raw", other));
  const scalar = Buffer.from((await subtle.exportKey("jwk", own.privateKey)).d!, "base64url");

  const privateKey = nano.subtleSync.importKey("pkcs8", pkcs8, ec, false, ["deriveBits"]);
  const publicKey = nano.subtleSync.importKey("spki", spki, ec, false, []);
  const nodeKeys = {
    privateKey: createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }),
    publicKey: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
  };
  const ours = { name: "ECDH", public: publicKey };
  const theirs = { name: "ECDH", public: other };
  return {
    name: namedCurve,
    contenders: [
      sync("nano sync", () => nano.subtleSync.deriveBits(ours, privateKey, bits)),
      awaited("nano", () => nano.crypto.subtle.deriveBits(ours, privateKey, bits)),
      awaited("native", () => subtle.deriveBits(theirs, own.privateKey, bits)),
      sync("node:crypto", () => diffieHellman(nodeKeys)),
      sync("noble", () => CURVES[namedCurve].getSharedSecret(scalar, point)),
    ],
  };
}
