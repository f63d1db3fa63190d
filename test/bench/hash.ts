/** Digests and HMAC, synchronous and awaited, against the host's own and against wasm and JavaScript libraries. */
import { createHash, createHmac, webcrypto } from "node:crypto";
import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { sha1 as nobleSha1 } from "@noble/hashes/legacy.js";
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { createHMAC, createSHA1, createSHA256, createSHA512 } from "hash-wasm";
import { createRuntime } from "nanort";
import { awaited, type Case, measure, sync, type Table } from "./lib.ts";

const SIZES: [string, number][] = [
  ["64 B", 64],
  ["1 KiB", 1024],
  ["64 KiB", 64 * 1024],
  ["1 MiB", 1024 * 1024],
];

export async function hashTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const peers = {
    "SHA-1": { wasm: await createSHA1(), noble: nobleSha1, node: "sha1" },
    "SHA-256": { wasm: await createSHA256(), noble: nobleSha256, node: "sha256" },
    "SHA-512": { wasm: await createSHA512(), noble: nobleSha512, node: "sha512" },
  };

  const digests: Case[] = Object.entries(peers).flatMap(([algorithm, { wasm, noble, node }]) =>
    SIZES.map(([label, bytes]) => {
      const input = webcrypto.getRandomValues(new Uint8Array(Math.min(bytes, 65536)));
      const data = new Uint8Array(bytes).map((_, i) => input[i % input.length]!);
      return {
        name: `${algorithm} ${label}`,
        bytes,
        contenders: [
          sync("nano sync", () => nano.subtleSync.digest(algorithm, data)),
          awaited("nano", () => nano.crypto.subtle.digest(algorithm, data)),
          awaited("native", () => webcrypto.subtle.digest(algorithm, data)),
          sync("node:crypto", () => createHash(node).update(data).digest()),
          sync("hash-wasm", () => wasm.init().update(data).digest("binary")),
          sync("noble", () => noble(data)),
        ],
      };
    }),
  );

  const key = new Uint8Array(32).fill(7);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const ours = await nano.crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const native = await webcrypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const wasm = await createHMAC(createSHA256(), key);
  const macs: Case[] = SIZES.map(([label, bytes]) => {
    const data = new Uint8Array(bytes).fill(3);
    return {
      name: `HMAC-SHA-256 ${label}`,
      bytes,
      contenders: [
        sync("nano sync", () => nano.subtleSync.sign("HMAC", ours, data)),
        awaited("nano", () => nano.crypto.subtle.sign("HMAC", ours, data)),
        awaited("native", () => webcrypto.subtle.sign("HMAC", native, data)),
        sync("node:crypto", () => createHmac("sha256", key).update(data).digest()),
        sync("hash-wasm", () => wasm.init().update(data).digest("binary")),
        sync("noble", () => nobleHmac(nobleSha256, key, data)),
      ],
    };
  });
  const tables = [await measure("Digest", digests), await measure("HMAC", macs)];
  await nano.close();
  return tables;
}
