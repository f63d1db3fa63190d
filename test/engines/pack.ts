// Packs the package as `npm publish` would, installs it into an empty project, and uses it there as programs do: by each
// engine, by bundlers, by type checkers. Prints a table, the package's size, and `N passed, N failed` last.
//
//   node wasm-out/tests/engines/pack.js             everything
//   node wasm-out/tests/engines/pack.js vite types  the rows whose name holds one of these words

import { MissingEngine } from "./engines.ts";
import { packRows } from "./pack-rows.ts";
import { type PackedProject, packInto } from "./packed-project.ts";

const words = process.argv.slice(2);
const project: PackedProject = await packInto();
const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  console.log(`\n${project.summary}\n`);
  for (const { name, run } of packRows(project)) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    const started = performance.now();
    const { mark, text } = await run().then(
      (found) => ({ mark: "•", text: found }),
      (error) => {
        const skipped = error instanceof MissingEngine && !process.env.CI;
        return {
          mark: skipped ? "-" : "✘",
          text: `${skipped ? "skipped: " : ""}${(error as Error).message}`,
        };
      },
    );
    counts[mark === "•" ? "passed" : mark === "-" ? "skipped" : "failed"]++;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${mark} ${name.padEnd(44)}${seconds.padStart(5)} s  ${text.trim().replace(/\n/g, "\n    ")}`,
    );
  }
} finally {
  project.remove();
}
console.log(`\n${counts.skipped} skipped\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
