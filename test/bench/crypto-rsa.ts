/**
 * RSA with SHA-256: signatures of RSA-PSS and RSASSA-PKCS1-v1_5, encryption of RSA-OAEP, and generation of keys: how long
 * it takes, and how long it holds the event loop.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as nodeSign,
  verify as nodeVerify,
  privateDecrypt,
  publicEncrypt,
  webcrypto,
} from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { mgf1, PSS } from "micro-rsa-dsa-dh/rsa.js";
import { createRuntime, type Runtime } from "nanort";
import { forge } from "./commonjs-peers.ts";
import { awaited, type Case, measure, summarize, sync, type Table } from "./lib.ts";

const SALT_BYTES = 32;
const SCHEME = { name: "RSA-PSS", hash: "SHA-256" };
const EXPONENT = Uint8Array.of(1, 0, 1);

export async function rsaTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const { subtle } = webcrypto;
  const data = webcrypto.getRandomValues(new Uint8Array(64));
  const pss = { name: "RSA-PSS", saltLength: SALT_BYTES };
  const micro = PSS(sha256, mgf1(sha256), SALT_BYTES);
  const signing: Case[] = [];
  const verifying: Case[] = [];
  for (const modulusLength of [2048, 4096]) {
    const parameters = { ...SCHEME, modulusLength, publicExponent: EXPONENT };
    const pair = await subtle.generateKey(parameters, true, ["sign", "verify"]);
    const pkcs8 = await subtle.exportKey("pkcs8", pair.privateKey);
    const spki = await subtle.exportKey("spki", pair.publicKey);
    const jwk = await subtle.exportKey("jwk", pair.privateKey);

    const privateKey = await nano.crypto.subtle.importKey("pkcs8", pkcs8, SCHEME, false, ["sign"]);
    const publicKey = await nano.crypto.subtle.importKey("spki", spki, SCHEME, false, ["verify"]);
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES };
    const nodePrivate = {
      key: createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }),
      ...padding,
    } as const;
    const nodePublic = {
      key: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
      ...padding,
    } as const;
    const [n, d] = [integer(jwk.n!), integer(jwk.d!)];
    const signature = new Uint8Array(nano.subtleSync.sign(pss, privateKey, data));

    signing.push({
      name: `${modulusLength} bits`,
      contenders: [
        sync("nano sync", () => nano.subtleSync.sign(pss, privateKey, data)),
        awaited("nano", () => nano.crypto.subtle.sign(pss, privateKey, data)),
        awaited("native", () => subtle.sign(pss, pair.privateKey, data)),
        sync("node:crypto", () => nodeSign("sha256", data, nodePrivate)),
        sync("micro-rsa-dsa-dh", () => micro.sign({ n, d }, data)),
      ],
    });
    verifying.push({
      name: `${modulusLength} bits`,
      contenders: [
        sync("nano sync", () => nano.subtleSync.verify(pss, publicKey, signature, data)),
        awaited("nano", () => nano.crypto.subtle.verify(pss, publicKey, signature, data)),
        awaited("native", () => subtle.verify(pss, pair.publicKey, signature, data)),
        sync("node:crypto", () => nodeVerify("sha256", data, nodePublic, signature)),
        sync("micro-rsa-dsa-dh", () => micro.verify({ n, e: 65537n }, data, signature)),
      ],
    });
  }
  const tables = [
    await measure("RSA-PSS sign", signing),
    await measure("RSA-PSS verify", verifying),
    ...(await pkcs1Tables(nano)),
    ...(await oaepTables(nano)),
    ...(await generation(nano)),
  ];
  await nano.close();
  return tables;
}

/** RSA keys for another scheme, as each contender takes them. */
async function keysFor(nano: Runtime, name: string, usages: ["sign", "verify"] | ["encrypt", "decrypt"]) {
  const { subtle } = webcrypto;
  const scheme = { name, hash: "SHA-256" };
  const parameters = { ...scheme, modulusLength: 2048, publicExponent: EXPONENT };
  const pair = await subtle.generateKey(parameters, true, usages);
  const pkcs8 = await subtle.exportKey("pkcs8", pair.privateKey);
  const spki = await subtle.exportKey("spki", pair.publicKey);
  const forPublic = usages[0] === "sign" ? "verify" : "encrypt";
  const forPrivate = usages[0] === "sign" ? "sign" : "decrypt";
  return {
    pair,
    publicKey: nano.subtleSync.importKey("spki", spki, scheme, false, [forPublic]),
    privateKey: nano.subtleSync.importKey("pkcs8", pkcs8, scheme, false, [forPrivate]),
    nodePublic: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
    nodePrivate: createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }),
  };
}

async function pkcs1Tables(nano: Runtime): Promise<Table[]> {
  const { subtle } = webcrypto;
  const name = "RSASSA-PKCS1-v1_5";
  const { pair, publicKey, privateKey, nodePublic, nodePrivate } = await keysFor(nano, name, [
    "sign",
    "verify",
  ]);
  const data = webcrypto.getRandomValues(new Uint8Array(64));
  const signature = new Uint8Array(nano.subtleSync.sign(name, privateKey, data));
  const signing = [
    sync("nano sync", () => nano.subtleSync.sign(name, privateKey, data)),
    awaited("nano", () => nano.crypto.subtle.sign(name, privateKey, data)),
    awaited("native", () => subtle.sign(name, pair.privateKey, data)),
    sync("node:crypto", () => nodeSign("sha256", data, nodePrivate)),
  ];
  const verifying = [
    sync("nano sync", () => nano.subtleSync.verify(name, publicKey, signature, data)),
    awaited("nano", () => nano.crypto.subtle.verify(name, publicKey, signature, data)),
    awaited("native", () => subtle.verify(name, pair.publicKey, signature, data)),
    sync("node:crypto", () => nodeVerify("sha256", data, nodePublic, signature)),
  ];
  return [
    await measure(name, [
      { name: "2048 bits, sign", contenders: signing },
      { name: "2048 bits, verify", contenders: verifying },
    ]),
  ];
}

async function oaepTables(nano: Runtime): Promise<Table[]> {
  const { subtle } = webcrypto;
  const name = "RSA-OAEP";
  const keys = await keysFor(nano, name, ["encrypt", "decrypt"]);
  const { pair, publicKey, privateKey } = keys;
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const nodePublic = { key: keys.nodePublic, ...padding };
  const nodePrivate = { key: keys.nodePrivate, ...padding };
  const data = webcrypto.getRandomValues(new Uint8Array(32));
  const sealed = new Uint8Array(nano.subtleSync.encrypt({ name }, publicKey, data));
  const encrypting = [
    sync("nano sync", () => nano.subtleSync.encrypt({ name }, publicKey, data)),
    awaited("nano", () => nano.crypto.subtle.encrypt({ name }, publicKey, data)),
    awaited("native", () => subtle.encrypt({ name }, pair.publicKey, data)),
    sync("node:crypto", () => publicEncrypt(nodePublic, data)),
  ];
  const decrypting = [
    sync("nano sync", () => nano.subtleSync.decrypt({ name }, privateKey, sealed)),
    awaited("nano", () => nano.crypto.subtle.decrypt({ name }, privateKey, sealed)),
    awaited("native", () => subtle.decrypt({ name }, pair.privateKey, sealed)),
    sync("node:crypto", () => privateDecrypt(nodePrivate, sealed)),
  ];
  return [
    await measure(name, [
      { name: "2048 bits, encrypt 32 bytes", contenders: encrypting },
      { name: "2048 bits, decrypt", contenders: decrypting },
    ]),
  ];
}

const GENERATIONS = 24;

/** How many candidates it takes is luck: look at the median. */
async function generation(nano: Runtime): Promise<Table[]> {
  const parameters = { ...SCHEME, modulusLength: 2048, publicExponent: EXPONENT };
  const usages = ["sign", "verify"] as const;
  const contenders: Record<string, () => unknown> = {
    "nano sync": () => nano.subtleSync.generateKey(parameters, false, [...usages]),
    nano: () => nano.crypto.subtle.generateKey(parameters, false, [...usages]),
    native: () => webcrypto.subtle.generateKey(parameters, false, [...usages]),
    "node:crypto": () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    "node-forge": () => forge.pki.rsa.generateKeyPair({ bits: 2048, e: 65537 }),
  };
  const runs = Object.entries(contenders).map(([name, generate]) => {
    return { name, generate, times: [] as number[], holds: [] as number[] };
  });
  for (let round = -1; round < GENERATIONS; round++) {
    for (const { generate, times, holds } of runs) {
      const started = performance.now();
      const longest = longestHold();
      await generate();
      const elapsed = performance.now() - started;
      const held = await longest.end();
      if (round < 0) continue; // The first one warms up.
      times.push(elapsed);
      holds.push(held);
    }
  }
  const row = (pick: (run: (typeof runs)[number]) => number[]) => [
    { name: "2048 bits", measurements: runs.map((run) => summarize(run.name, pick(run))) },
  ];
  return [
    { title: "RSA generateKey", unit: "ms", rows: row(({ times }) => times) },
    { title: "RSA generateKey, longest hold of the event loop", unit: "ms", rows: row(({ holds }) => holds) },
  ];
}

/** How long at most, from now to `end`, the event loop did not turn. In milliseconds. */
function longestHold(): { end(): Promise<number> } {
  let last = performance.now();
  let longest = 0;
  let ended = false;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    async end() {
      await new Promise(setImmediate);
      ended = true;
      return longest;
    },
  };
}

const integer = (base64url: string) => BigInt(`0x${Buffer.from(base64url, "base64url").toString("hex")}`);
