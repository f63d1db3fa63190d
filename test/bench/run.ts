// Runs the benchmarks: `npm run bench`, or `npm run bench -- hash serve` for some of them. Prints tables, and writes
// them as a page of bars.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { cloneTables } from "./clone.ts";
import { aesTables } from "./crypto-aes.ts";
import { curvesTables } from "./crypto-curves.ts";
import { ecdsaTables } from "./crypto-ecdsa.ts";
import { importTables } from "./crypto-import.ts";
import { rsaTables } from "./crypto-rsa.ts";
import { symmetricTables } from "./crypto-symmetric.ts";
import { densityTables } from "./density.ts";
import { fetchTables } from "./fetch.ts";
import { hashTables } from "./hash.ts";
import { format, type Table } from "./lib.ts";
import { memoryTables } from "./memory.ts";
import { page } from "./page.ts";
import { serveTables } from "./serve.ts";
import { startupTables } from "./startup.ts";
import { timing } from "./timing.ts";

const TOPICS: Record<string, () => Table[] | Promise<Table[]>> = {
  hash: hashTables,
  aes: aesTables,
  symmetric: symmetricTables,
  ecdsa: ecdsaTables,
  curves: curvesTables,
  rsa: rsaTables,
  import: importTables,
  clone: cloneTables,
  memory: memoryTables,
  serve: serveTables,
  fetch: fetchTables,
  startup: startupTables,
  density: densityTables,
  timing,
};

const words = process.argv.slice(2);
const unknown = words.find((word) => !(word in TOPICS));
if (unknown) {
  console.error(`no benchmark named ${unknown}; there are ${Object.keys(TOPICS).join(", ")}`);
  process.exit(2);
}

const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? process.arch}`;
console.log(`${machine}\nRatios within a table count; absolute figures move with the machine.`);
const tables: Table[] = [];
for (const topic of words.length > 0 ? words : Object.keys(TOPICS)) {
  for (const table of await TOPICS[topic]!()) {
    console.log(format(table));
    tables.push(table);
  }
}

mkdirSync("wasm-out/bench", { recursive: true });
writeFileSync("wasm-out/bench/report.html", page(machine, tables));
console.log(`\nThe same as bars: ${resolve("wasm-out/bench/report.html")}`);
