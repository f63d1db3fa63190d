/**
 * Start-up on every engine that is here: the engine alone, and with a library's first digest. Processes are measured from
 * spawn to exit; the others are in startup-web.ts. The package is the one staged in wasm-out/engines, resolved as a program's dependency is.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { KINDS } from "../engines/browsers.ts";
import { BINARIES, MissingEngine } from "../engines/engines.ts";
import { summarize, type Table } from "./lib.ts";
import { type Timed, withBrowserPrograms, workerdPrograms } from "./startup-web.ts";

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

export async function startupTables(): Promise<Table[]> {
  const rows: Table["rows"] = [];
  const measureRow = async (name: string, programs: Timed[]) => {
    const times = programs.map(() => [] as number[]);
    for (let run = -1; run < RUNS; run++) {
      for (const [at, program] of programs.entries()) {
        const elapsed = await program.run();
        if (run >= 0) times[at]!.push(elapsed); // The first run warms the disk's cache.
      }
    }
    rows.push({ name, measurements: programs.map(({ name }, at) => summarize(name, times[at]!)) });
  };
  for (const [name, find, args] of ENGINES) {
    await unlessMissing(name, () => measureRow(name, processPrograms(name, find(), args)));
  }
  await unlessMissing("workerd", async () => measureRow("workerd", await workerdPrograms()));
  for (const kind of KINDS) {
    const measurePrograms = (programs: Timed[]) => measureRow(kind.name, programs);
    await unlessMissing(kind.name, () => withBrowserPrograms(kind, measurePrograms));
  }
  const title =
    "Start-up: processes from spawn to exit, workerd to its first answer, pages from navigation to the digest";
  return [{ title, unit: "ms", rows }];
}

function processPrograms(engine: string, command: string, args: string[]): Timed[] {
  const folder = "wasm-out/engines/startup";
  mkdirSync(folder, { recursive: true });
  return Object.entries(PROGRAMS).map(([name, program], at) => {
    const file = join(folder, `${at}.mjs`);
    writeFileSync(file, program);
    const run = async () => {
      const started = performance.now();
      const { status, stderr } = spawnSync(command, [...args, file]);
      if (status !== 0) throw new Error(`${engine}: ${stderr}`);
      return performance.now() - started;
    };
    return { name, run };
  });
}

async function unlessMissing(name: string, measure: () => Promise<void>): Promise<void> {
  try {
    await measure();
  } catch (error) {
    if (!(error instanceof MissingEngine)) throw error;
    console.log(`skipped: start-up on ${name}: ${error.message}`);
  }
}
