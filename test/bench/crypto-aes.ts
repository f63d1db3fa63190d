/** AES-GCM, synchronous and awaited, against the host's own and against the fastest JavaScript. */
import { createCipheriv, createDecipheriv, webcrypto } from "node:crypto";
import { gcm } from "@noble/ciphers/aes.js";
import { createRuntime } from "nanort";
import { awaited, type Case, measure, sync, type Table } from "./lib.ts";

const SIZES: [string, number][] = [
  ["64 B", 64],
  ["1 KiB", 1024],
  ["64 KiB", 64 * 1024],
  ["1 MiB", 1024 * 1024],
];
const TAG_BYTES = 16;

export async function aesTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const encrypting: Case[] = [];
  const decrypting: Case[] = [];
  for (const bits of [128, 256] as const) {
    const raw = webcrypto.getRandomValues(new Uint8Array(bits / 8));
    const iv = webcrypto.getRandomValues(new Uint8Array(12));
    const algorithm = { name: "AES-GCM", iv };
    const usages = ["encrypt", "decrypt"] as const;
    const ours = await nano.crypto.subtle.importKey("raw", raw, "AES-GCM", false, [...usages]);
    const native = await webcrypto.subtle.importKey("raw", raw, "AES-GCM", false, [...usages]);
    const cipher = `aes-${bits}-gcm` as const;
    for (const [label, bytes] of SIZES) {
      const data = new Uint8Array(bytes).map((_, i) => i);
      const sealed = new Uint8Array(nano.subtleSync.encrypt(algorithm, ours, data));
      encrypting.push({
        name: `AES-${bits} ${label}`,
        bytes,
        contenders: [
          sync("nano sync", () => nano.subtleSync.encrypt(algorithm, ours, data)),
          awaited("nano", () => nano.crypto.subtle.encrypt(algorithm, ours, data)),
          awaited("native", () => webcrypto.subtle.encrypt(algorithm, native, data)),
          sync("node:crypto", () => {
            const encryption = createCipheriv(cipher, raw, iv);
            return Buffer.concat([encryption.update(data), encryption.final(), encryption.getAuthTag()]);
          }),
          sync("noble", () => gcm(raw, iv).encrypt(data)),
        ],
      });
      decrypting.push({
        name: `AES-${bits} ${label}`,
        bytes,
        contenders: [
          sync("nano sync", () => nano.subtleSync.decrypt(algorithm, ours, sealed)),
          awaited("nano", () => nano.crypto.subtle.decrypt(algorithm, ours, sealed)),
          awaited("native", () => webcrypto.subtle.decrypt(algorithm, native, sealed)),
          sync("node:crypto", () => {
            const decryption = createDecipheriv(cipher, raw, iv);
            decryption.setAuthTag(sealed.subarray(-TAG_BYTES));
            return Buffer.concat([decryption.update(sealed.subarray(0, -TAG_BYTES)), decryption.final()]);
          }),
          sync("noble", () => gcm(raw, iv).decrypt(sealed)),
        ],
      });
    }
  }
  const tables = [await measure("AES-GCM encrypt", encrypting), await measure("AES-GCM decrypt", decrypting)];
  await nano.close();
  return tables;
}
