// Runs the suites on engines, prints an engine x suite matrix, and `N passed, N failed` last.
//
//   node wasm-out/tests/engines/run.js                   every engine, browsers included
//   node wasm-out/tests/engines/run.js browsers          npm run test:browsers
//   node wasm-out/tests/engines/run.js deno workerd      some, by name or its beginning
//   node wasm-out/tests/engines/run.js --write           and writes the tables of docs/engines.md: npm run docs:engines

import { BROWSERS } from "./browsers.ts";
import { writeTables } from "./document.ts";
import { PROCESSES } from "./engines.ts";
import { compare, printMatrix, type Run, runOn, tally } from "./results.ts";

const args = process.argv.slice(2);
const words = args.filter((arg) => !arg.startsWith("-"));
const isWanted = (name: string, group: string) =>
  words.length === 0 || words.some((word) => name.startsWith(word) || word === group);
const contenders = [
  ...PROCESSES.filter(({ name }) => isWanted(name, "processes")),
  ...BROWSERS.filter(({ name }) => isWanted(name, "browsers")),
];

// What is observed on this very Node is what the others are compared with.
const reference = await runOn(PROCESSES[0]!);
const runs: Run[] = [];
for (const contender of contenders) {
  const started = performance.now();
  const run = contender === PROCESSES[0] ? reference : await runOn(contender);
  compare(run, reference);
  runs.push(run);
  const { passed, failed, output } = tally(run);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = `${String(passed).padStart(5)} passed${failed ? `, ${failed} failed` : ""}`;
  console.log(
    `${failed ? "✘" : "•"} ${`${run.name} ${run.version ?? ""}`.padEnd(44)}${counts}  ${seconds} s`,
  );
  if (output) console.log(output.replace(/^/gm, "    "));
}

printMatrix(runs);
if (args.includes("--write")) writeTables("docs/engines.md", runs);

const tallies = runs.map(tally);
const sum = (key: "passed" | "failed" | "skipped") => tallies.reduce((total, each) => total + each[key], 0);
console.log(`\n${sum("skipped")} skipped`);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") > 0 || (sum("passed") === 0 && sum("skipped") === 0) ? 1 : 0;
