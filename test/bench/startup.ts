/** A whole process, from spawn to exit: the engine alone, and the engine with a library's first digest. */
import { spawnSync } from "node:child_process";
import { summarize, type Table } from "./lib.ts";

const RUNS = 15;

const PROGRAMS: Record<string, string> = {
  "node -e 0": "0",
  "nano, first digest": `
    const { createRuntime } = await import("nanort");
    const nano = await createRuntime();
    nano.subtleSync.digest("SHA-256", new Uint8Array(64));`,
  "@noble/hashes": `
    const { sha256 } = await import("@noble/hashes/sha2.js");
    sha256(new Uint8Array(64));`,
  "hash-wasm": `
    const { sha256 } = await import("hash-wasm");
    await sha256(new Uint8Array(64));`,
  "native subtle": "await crypto.subtle.digest('SHA-256', new Uint8Array(64));",
};

export function startupTables(): Table[] {
  const times = new Map(Object.keys(PROGRAMS).map((name) => [name, [] as number[]]));
  for (let run = -1; run < RUNS; run++) {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      // "nanort" is found from the repository's root, the peers from their own folder.
      const cwd = name.startsWith("nano") ? "." : "test/bench";
      const started = performance.now();
      const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd });
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      if (run >= 0) times.get(name)!.push(performance.now() - started); // The first run warms the disk's cache.
    }
  }
  const rows = [
    { name: "process", measurements: [...times].map(([name, values]) => summarize(name, values)) },
  ];
  return [{ title: "Start-up, spawn to exit", unit: "ms", rows }];
}
