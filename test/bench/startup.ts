/**
 * A whole process, from spawn to exit, on each engine that test/engines has: the engine alone, and with a library's
 * first digest. The package is the one staged in wasm-out/engines, resolved as a program's dependency is.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BINARIES, MissingEngine } from "../engines/engines.ts";
import { summarize, type Table } from "./lib.ts";

const RUNS = 15;

const peer = (path: string) => pathToFileURL(resolve("test/bench/node_modules", path)).href;

const PROGRAMS: Record<string, string> = {
  "engine alone": "",
  "nano, first digest": `
    import { createRuntime } from "nanort";
    const nano = await createRuntime();
    nano.subtleSync.digest("SHA-256", new Uint8Array(64));`,
  "@noble/hashes": `
    import { sha256 } from "${peer("@noble/hashes/sha2.js")}";
    sha256(new Uint8Array(64));`,
  "hash-wasm": `
    import { sha256 } from "${peer("hash-wasm/dist/index.esm.js")}";
    await sha256(new Uint8Array(64));`,
  "native subtle": 'await crypto.subtle.digest("SHA-256", new Uint8Array(64));',
};

const ENGINES: [name: string, command: () => string, args: string[]][] = [
  ["node", () => process.execPath, []],
  ["deno", BINARIES.deno, ["run", "--no-prompt"]],
  ["bun", BINARIES.bun, []],
];

export function startupTables(): Table[] {
  const folder = "wasm-out/engines/startup";
  mkdirSync(folder, { recursive: true });
  const programs = Object.entries(PROGRAMS).map(([name, program], at) => {
    const file = join(folder, `${at}.mjs`);
    writeFileSync(file, program);
    return { name, file, times: [] as number[] };
  });
  const rows = ENGINES.flatMap(([name, find, args]) => {
    const command = findOrSkip(name, find);
    if (!command) return [];
    for (const { times } of programs) times.length = 0;
    for (let run = -1; run < RUNS; run++) {
      for (const { name, file, times } of programs) {
        const started = performance.now();
        const { status, stderr } = spawnSync(command, [...args, file]);
        if (status !== 0) throw new Error(`${name}: ${stderr}`);
        if (run >= 0) times.push(performance.now() - started); // The first run warms the disk's cache.
      }
    }
    return [{ name, measurements: programs.map(({ name, times }) => summarize(name, [...times])) }];
  });
  return [{ title: "Start-up, spawn to exit", unit: "ms", rows }];
}

function findOrSkip(name: string, find: () => string): string | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof MissingEngine)) throw error;
    console.log(`skipped: start-up on ${name}: ${error.message}`);
  }
}
