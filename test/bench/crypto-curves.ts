/** The curves of RFC 8032 and RFC 7748: signatures of 64 bytes, key agreement, and key generation. */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
  webcrypto,
} from "node:crypto";
import { ed448, x448 } from "@noble/curves/ed448.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { createRuntime } from "nanort";
import { awaited, type Case, measure, sync, type Table } from "./lib.ts";

const SIGNING = { Ed25519: ed25519, Ed448: ed448 };
const AGREEING = { X25519: x25519, X448: x448 };

/** Both forms of both keys, which every contender reads. */
function keyPair(name: "Ed25519" | "Ed448" | "X25519" | "X448") {
  const { privateKey, publicKey } = generateKeyPairSync(name.toLowerCase() as "ed25519");
  return {
    privateKey,
    publicKey,
    pkcs8: new Uint8Array(privateKey.export({ format: "der", type: "pkcs8" })),
    spki: new Uint8Array(publicKey.export({ format: "der", type: "spki" })),
    scalar: memberOf(privateKey, "d"),
    point: memberOf(publicKey, "x"),
  };
}

const memberOf = (key: KeyObject, member: "d" | "x") =>
  new Uint8Array(Buffer.from(key.export({ format: "jwk" })[member]!, "base64url"));

export async function curvesTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const { subtle } = webcrypto;
  const data = webcrypto.getRandomValues(new Uint8Array(64));
  const cases: Record<"sign" | "verify" | "deriveBits" | "generateKey", Case[]> = {
    sign: [],
    verify: [],
    deriveBits: [],
    generateKey: [],
  };

  for (const name of ["Ed25519", "Ed448"] as const) {
    const noble = SIGNING[name];
    const keys = keyPair(name);
    const privateKey = nano.subtleSync.importKey("pkcs8", keys.pkcs8, name, false, ["sign"]);
    const publicKey = nano.subtleSync.importKey("spki", keys.spki, name, false, ["verify"]);
    const nativePrivate = await subtle.importKey("pkcs8", keys.pkcs8, name, false, ["sign"]);
    const nativePublic = await subtle.importKey("spki", keys.spki, name, false, ["verify"]);
    const nodePrivate = createPrivateKey({ key: Buffer.from(keys.pkcs8), format: "der", type: "pkcs8" });
    const nodePublic = createPublicKey({ key: Buffer.from(keys.spki), format: "der", type: "spki" });
    const signature = new Uint8Array(nano.subtleSync.sign(name, privateKey, data));
    cases.sign.push({
      name,
      contenders: [
        sync("nano sync", () => nano.subtleSync.sign(name, privateKey, data)),
        awaited("nano", () => nano.crypto.subtle.sign(name, privateKey, data)),
        awaited("native", () => subtle.sign(name, nativePrivate, data)),
        sync("node:crypto", () => nodeSign(null, data, nodePrivate)),
        sync("noble", () => noble.sign(data, keys.scalar)),
      ],
    });
    cases.verify.push({
      name,
      contenders: [
        sync("nano sync", () => nano.subtleSync.verify(name, publicKey, signature, data)),
        awaited("nano", () => nano.crypto.subtle.verify(name, publicKey, signature, data)),
        awaited("native", () => subtle.verify(name, nativePublic, signature, data)),
        sync("node:crypto", () => nodeVerify(null, data, nodePublic, signature)),
        sync("noble", () => noble.verify(signature, data, keys.point)),
      ],
    });
  }

  for (const name of ["X25519", "X448"] as const) {
    const noble = AGREEING[name];
    const [own, other] = [keyPair(name), keyPair(name)];
    const bits = 8 * own.scalar.length;
    const privateKey = nano.subtleSync.importKey("pkcs8", own.pkcs8, name, false, ["deriveBits"]);
    const params = { name, public: nano.subtleSync.importKey("spki", other.spki, name, false, []) };
    const nativePrivate = await subtle.importKey("pkcs8", own.pkcs8, name, false, ["deriveBits"]);
    const nativeParams = { name, public: await subtle.importKey("spki", other.spki, name, false, []) };
    const nodeKeys = { privateKey: own.privateKey, publicKey: other.publicKey };
    cases.deriveBits.push({
      name,
      contenders: [
        sync("nano sync", () => nano.subtleSync.deriveBits(params, privateKey, bits)),
        awaited("nano", () => nano.crypto.subtle.deriveBits(params, privateKey, bits)),
        awaited("native", () => subtle.deriveBits(nativeParams, nativePrivate, bits)),
        sync("node:crypto", () => diffieHellman(nodeKeys)),
        sync("noble", () => noble.getSharedSecret(own.scalar, other.point)),
      ],
    });
  }

  for (const name of ["Ed25519", "X25519"] as const) {
    const [noble, usage] = name === "Ed25519" ? [ed25519, "sign" as const] : [x25519, "deriveBits" as const];
    cases.generateKey.push({
      name,
      contenders: [
        sync("nano sync", () => nano.subtleSync.generateKey(name, false, [usage])),
        awaited("nano", () => nano.crypto.subtle.generateKey(name, false, [usage])),
        awaited("native", () => subtle.generateKey(name, false, [usage])),
        sync("node:crypto", () => generateKeyPairSync(name.toLowerCase() as "ed25519")),
        sync("noble", () => noble.keygen()),
      ],
    });
  }

  const tables: Table[] = [];
  for (const [operation, of] of Object.entries(cases)) tables.push(await measure(`Curves: ${operation}`, of));
  await nano.close();
  return tables;
}
