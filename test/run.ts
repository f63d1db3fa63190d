// Runs the tests: Zig's own, natively; the check for secrets that steer the core, under valgrind; every test file in a
// process of its own, once with the core that is shipped and once with the safe build of it; the suites of test/suites
// on each engine (test/engines), and the package as npm packs it. The last line is `N passed, N failed`.
//
//   npm test                 everything
//   npm test -- server http  only the test files whose path holds one of these words

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Contender, PROCESSES } from "./engines/engines.ts";
import { compare, printMatrix, type Run, runOn, tally } from "./engines/results.ts";

interface Result {
  passed: number;
  failed: number;
  skipped: number;
  output: string;
}

/** A test file that takes longer hangs. */
const FILE_LIMIT_MS = 180_000;
/** The core's own tests are one program, in which every sum is checked. */
const ZIG_LIMIT_MS = 600_000;
const TESTS = "wasm-out/tests";
const SAFE_CORE = pathToFileURL(resolve(TESTS, "support/safe-core.js")).href;

const words = process.argv.slice(2);
const wanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));
const tasks: { name: string; run: () => Promise<Result> }[] = [];

if (wanted("zig")) tasks.push({ name: "zig, native", run: runZigTests });
if (wanted("constant-time")) {
  tasks.push({ name: "constant-time, natively", run: runMemcheck });
  tasks.push({ name: "constant-time, nano.wasm", run: () => runCounting("constant-time/run.js") });
}
for (const core of ["shipped", "safe"] as const) {
  for (const file of testFiles(TESTS).filter(wanted)) {
    const name = `${file.slice(TESTS.length + 1, -".test.js".length)}, ${core} core`;
    tasks.push({ name, run: () => runTestFile(file, core) });
  }
}

// What is observed on this very Node is what the other engines are compared with.
const engineRuns = new Map<string, Run>();
let reference: Promise<Run> | undefined;
for (const contender of PROCESSES) {
  const name = `suites, ${contender.name}`;
  if (wanted(name)) tasks.push({ name, run: () => runSuites(contender) });
}
if (wanted("pack")) tasks.push({ name: "pack", run: () => runCounting("engines/pack.js") });

const results: Result[] = [];
const started = performance.now();
const lanes = Math.max(1, Math.min(availableParallelism(), tasks.length));
const queue = [...tasks];
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let task = queue.shift(); task; task = queue.shift()) {
      const begun = performance.now();
      const result = await task.run();
      results.push(result);
      print(task.name, result, performance.now() - begun);
    }
  }),
);

const sum = (key: "passed" | "failed" | "skipped") =>
  results.reduce((total, result) => total + result[key], 0);
const inOrder = PROCESSES.flatMap(({ name }) => engineRuns.get(name) ?? []);
if (inOrder.length > 0) printMatrix(inOrder);
if (results.length === 0) console.log(`no test file is named like ${words.join(", ")}`);
console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s, ${sum("skipped")} skipped`);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;

function print(name: string, { passed, failed, skipped, output }: Result, ms: number): void {
  const counts = `${String(passed).padStart(5)} passed${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`;
  console.log(`${failed ? "✘" : "•"} ${name.padEnd(44)}${counts}  ${(ms / 1000).toFixed(1)} s`);
  if (failed) console.log(output.replace(/^/gm, "    "));
  else for (const line of output.match(/^.*skipped: .*$/gm) ?? []) console.log(`    ${line}`);
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.js"))
    .sort()
    .map((path) => join(folder, path));
}

/** The runner of Zig's test binary says, at the end, `All 3 tests passed.` or `2 passed; 0 skipped; 1 failed.` */
async function runZigTests(): Promise<Result> {
  const { code, output } = await execute(resolve("wasm-out/zig-tests"), [], {}, ZIG_LIMIT_MS);
  const all = /All (\d+) tests passed/.exec(output);
  const some = /(\d+) passed; (\d+) skipped; (\d+) failed/.exec(output);
  const passed = Number(all?.[1] ?? some?.[1] ?? 0);
  return {
    passed,
    failed: Math.max(Number(some?.[3] ?? 0), code === 0 && passed > 0 ? 0 : 1),
    skipped: 0,
    output,
  };
}

/** zig/constant_time.zig prints its own counts. The build says why there may be no program. */
async function runMemcheck(): Promise<Result> {
  const program = resolve("wasm-out/constant-time");
  if (!existsSync(program) && !process.env.CI) {
    return { passed: 0, failed: 0, skipped: 1, output: "skipped: valgrind is not on this machine" };
  }
  const options = ["--quiet", "--error-limit=no", "--suppressions=zig/constant_time.supp"];
  const { code, output } = await execute("valgrind", [...options, program], {});
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return {
    passed: Number(passed ?? 0),
    failed: Math.max(Number(failed ?? 0), code === 0 && Number(passed) > 0 ? 0 : 1),
    skipped: 0,
    output,
  };
}

/** uvu ends with `Total:`, `Passed:` and `Skipped:`; a file that crashed, hung or ran no test counts as failed. */
async function runTestFile(file: string, core: "shipped" | "safe"): Promise<Result> {
  // Processes that the test starts run on the same core.
  const env = core === "safe" ? { NODE_OPTIONS: `--import=${SAFE_CORE}` } : {};
  const { code, output } = await execute(process.execPath, ["--expose-gc", file], env);
  const count = (word: string) =>
    Number(new RegExp(`^\\s*${word}:\\s+(\\d+)\\s*$`, "m").exec(output)?.[1] ?? 0);
  const [total, passed, skipped] = [count("Total"), count("Passed"), count("Skipped")];
  return { passed, failed: Math.max(total - passed, code === 0 && total > 0 ? 0 : 1), skipped, output };
}

async function runSuites(contender: Contender): Promise<Result> {
  reference ??= runOn(PROCESSES[0]!);
  const run = contender === PROCESSES[0] ? await reference : await runOn(contender);
  compare(run, await reference);
  engineRuns.set(contender.name, run);
  return tally(run);
}

/** A program that prints its own counts. */
async function runCounting(program: string): Promise<Result> {
  const { code, output } = await execute(process.execPath, [join(TESTS, program)], {});
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  const skipped = /^(\d+) skipped$/m.exec(output)?.[1];
  return {
    passed: Number(passed ?? 0),
    failed: Math.max(Number(failed ?? 0), code === 0 && Number(passed) > 0 ? 0 : 1),
    skipped: Number(skipped ?? 0),
    output,
  };
}

function execute(command: string, args: string[], env: Record<string, string>, limit = FILE_LIMIT_MS) {
  return new Promise<{ code: number | null; output: string }>((done) => {
    const child = spawn(command, args, {
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const timer = setTimeout(() => {
      output += `\nkilled after ${limit / 1000} s\n`;
      child.kill("SIGKILL");
    }, limit);
    child.on("error", (error) => {
      output += `${error.message}\n`;
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      done({ code, output });
    });
  });
}
