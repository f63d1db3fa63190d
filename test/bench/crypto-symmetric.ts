/** AES-CTR, AES-CBC, AES-KW, HKDF and PBKDF2, synchronous and awaited, against the host's own and its fastest peers. */
import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2Sync, webcrypto } from "node:crypto";
import { cbc, ctr } from "@noble/ciphers/aes.js";
import { createSHA256, createSHA512, pbkdf2 } from "hash-wasm";
import { createRuntime, type Runtime } from "nanort";
import { awaited, type Case, measure, sync, type Table } from "./lib.ts";

const SIZES: [string, number][] = [
  ["64 B", 64],
  ["1 KiB", 1024],
  ["64 KiB", 64 * 1024],
  ["1 MiB", 1024 * 1024],
];
const BOTH: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];

export async function symmetricTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const tables = [
    await measure("AES-CTR", await ctrCases(nano)),
    ...(await cbcTables(nano)),
    await measure("AES-KW, a key of 32 bytes", await wrapCases(nano)),
    await measure("HKDF to 32 bytes", await hkdfCases(nano)),
    await measure("PBKDF2", await pbkdf2Cases(nano)),
  ];
  await nano.close();
  return tables;
}

/** The same key here and at the host. */
async function keysOf(nano: Runtime, name: string, raw: Uint8Array<ArrayBuffer>, usages: KeyUsage[]) {
  return {
    ours: nano.subtleSync.importKey("raw", raw, name, false, usages),
    native: await webcrypto.subtle.importKey("raw", raw, name, false, usages),
  };
}

async function ctrCases(nano: Runtime): Promise<Case[]> {
  const cases: Case[] = [];
  for (const bits of [128, 256]) {
    const raw = webcrypto.getRandomValues(new Uint8Array(bits / 8));
    const counter = webcrypto.getRandomValues(new Uint8Array(16));
    const algorithm = { name: "AES-CTR", counter, length: 128 };
    const { ours, native } = await keysOf(nano, "AES-CTR", raw, BOTH);
    for (const [label, bytes] of SIZES) {
      const data = new Uint8Array(bytes).map((_, i) => i);
      cases.push({
        name: `AES-${bits} ${label}`,
        bytes,
        contenders: [
          sync("nano sync", () => nano.subtleSync.encrypt(algorithm, ours, data)),
          awaited("nano", () => nano.crypto.subtle.encrypt(algorithm, ours, data)),
          awaited("native", () => webcrypto.subtle.encrypt(algorithm, native, data)),
          sync("node:crypto", () => createCipheriv(`aes-${bits}-ctr`, raw, counter).update(data)),
          sync("noble", () => ctr(raw, counter).encrypt(data)),
        ],
      });
    }
  }
  return cases;
}

async function cbcTables(nano: Runtime): Promise<Table[]> {
  const encrypting: Case[] = [];
  const decrypting: Case[] = [];
  for (const bits of [128, 256]) {
    const raw = webcrypto.getRandomValues(new Uint8Array(bits / 8));
    const iv = webcrypto.getRandomValues(new Uint8Array(16));
    const algorithm = { name: "AES-CBC", iv };
    const { ours, native } = await keysOf(nano, "AES-CBC", raw, BOTH);
    for (const [label, bytes] of SIZES) {
      const data = new Uint8Array(bytes).map((_, i) => i);
      const sealed = new Uint8Array(nano.subtleSync.encrypt(algorithm, ours, data));
      const common = { name: `AES-${bits} ${label}`, bytes };
      encrypting.push({
        ...common,
        contenders: [
          sync("nano sync", () => nano.subtleSync.encrypt(algorithm, ours, data)),
          awaited("nano", () => nano.crypto.subtle.encrypt(algorithm, ours, data)),
          awaited("native", () => webcrypto.subtle.encrypt(algorithm, native, data)),
          sync("node:crypto", () => {
            const cipher = createCipheriv(`aes-${bits}-cbc`, raw, iv);
            return Buffer.concat([cipher.update(data), cipher.final()]);
          }),
          sync("noble", () => cbc(raw, iv).encrypt(data)),
        ],
      });
      decrypting.push({
        ...common,
        contenders: [
          sync("nano sync", () => nano.subtleSync.decrypt(algorithm, ours, sealed)),
          awaited("nano", () => nano.crypto.subtle.decrypt(algorithm, ours, sealed)),
          awaited("native", () => webcrypto.subtle.decrypt(algorithm, native, sealed)),
          sync("node:crypto", () => {
            const cipher = createDecipheriv(`aes-${bits}-cbc`, raw, iv);
            return Buffer.concat([cipher.update(sealed), cipher.final()]);
          }),
          sync("noble", () => cbc(raw, iv).decrypt(sealed)),
        ],
      });
    }
  }
  return [await measure("AES-CBC encrypt", encrypting), await measure("AES-CBC decrypt", decrypting)];
}

async function wrapCases(nano: Runtime): Promise<Case[]> {
  const raw = webcrypto.getRandomValues(new Uint8Array(32));
  const { ours, native } = await keysOf(nano, "AES-KW", raw, ["wrapKey", "unwrapKey"]);
  const gcm = [{ name: "AES-GCM" }, true, ["encrypt"] as KeyUsage[]] as const;
  const key = nano.subtleSync.importKey("raw", raw, ...gcm);
  const nativeKey = await webcrypto.subtle.importKey("raw", raw, "AES-GCM", true, ["encrypt"]);
  const wrapped = nano.subtleSync.wrapKey("raw", key, ours, "AES-KW");
  return [
    {
      name: "wrapKey",
      contenders: [
        sync("nano sync", () => nano.subtleSync.wrapKey("raw", key, ours, "AES-KW")),
        awaited("nano", () => nano.crypto.subtle.wrapKey("raw", key, ours, "AES-KW")),
        awaited("native", () => webcrypto.subtle.wrapKey("raw", nativeKey, native, "AES-KW")),
      ],
    },
    {
      name: "unwrapKey",
      contenders: [
        sync("nano sync", () => nano.subtleSync.unwrapKey("raw", wrapped, ours, "AES-KW", ...gcm)),
        awaited("nano", () => nano.crypto.subtle.unwrapKey("raw", wrapped, ours, "AES-KW", ...gcm)),
        awaited("native", () =>
          webcrypto.subtle.unwrapKey("raw", wrapped, native, "AES-KW", "AES-GCM", true, ["encrypt"]),
        ),
      ],
    },
  ];
}

async function hkdfCases(nano: Runtime): Promise<Case[]> {
  const raw = webcrypto.getRandomValues(new Uint8Array(32));
  const { ours, native } = await keysOf(nano, "HKDF", raw, ["deriveBits"]);
  return ["SHA-256", "SHA-512"].map((hash) => {
    const algorithm = { name: "HKDF", hash, salt: raw, info: raw };
    return {
      name: hash,
      contenders: [
        sync("nano sync", () => nano.subtleSync.deriveBits(algorithm, ours, 256)),
        awaited("nano", () => nano.crypto.subtle.deriveBits(algorithm, ours, 256)),
        awaited("native", () => webcrypto.subtle.deriveBits(algorithm, native, 256)),
        sync("node:crypto", () => hkdfSync(hash.replace("-", ""), raw, raw, raw, 32)),
      ],
    };
  });
}

const ITERATIONS = 20_000;

async function pbkdf2Cases(nano: Runtime): Promise<Case[]> {
  const password = webcrypto.getRandomValues(new Uint8Array(16));
  const { ours, native } = await keysOf(nano, "PBKDF2", password, ["deriveBits"]);
  return [
    { hash: "SHA-256", create: createSHA256, bytes: 32 },
    { hash: "SHA-256", create: createSHA256, bytes: 128 },
    { hash: "SHA-512", create: createSHA512, bytes: 64 },
  ].map(({ hash, create, bytes }) => {
    const algorithm = { name: "PBKDF2", hash, salt: password, iterations: ITERATIONS };
    return {
      name: `${hash}, ${ITERATIONS} iterations, ${bytes} bytes`,
      contenders: [
        sync("nano sync", () => nano.subtleSync.deriveBits(algorithm, ours, 8 * bytes)),
        awaited("nano", () => nano.crypto.subtle.deriveBits(algorithm, ours, 8 * bytes)),
        awaited("native", () => webcrypto.subtle.deriveBits(algorithm, native, 8 * bytes)),
        sync("node:crypto", () => pbkdf2Sync(password, password, ITERATIONS, bytes, hash.replace("-", ""))),
        awaited("hash-wasm", () =>
          pbkdf2({
            password,
            salt: password,
            iterations: ITERATIONS,
            hashLength: bytes,
            hashFunction: create(),
            outputType: "binary",
          }),
        ),
      ],
    };
  });
}
