/** What came of the runs: counted, compared between engines, and shown as a matrix. */
import type { Outcome, Report } from "../suites/suite.ts";
import { type Contender, MissingEngine } from "./engines.ts";

export interface Run {
  name: string;
  version?: string;
  report?: Report;
  /** Why there is no report: the engine is not here, which is a failure in CI only. */
  missing?: string;
  /** Why there is no report: the engine broke down. */
  broken?: string;
}

/** Runs the suites on one engine; whatever goes wrong is in what comes back. */
export async function runOn({ name, given, run }: Contender): Promise<Run> {
  try {
    return { name, ...(await run(given)) };
  } catch (error) {
    if (error instanceof MissingEngine) return { name, missing: error.message };
    return { name, broken: String((error as Error)?.stack ?? error) };
  }
}

/** What a test observed must be the same on every engine: where it is not, the test has failed. */
export function compare(run: Run, reference: Run): void {
  for (const [suite, outcomes] of Object.entries(run.report ?? {})) {
    for (const outcome of outcomes) {
      const other = reference.report?.[suite]?.find(({ title }) => title === outcome.title);
      const difference = differenceOf(outcome, other);
      if (difference) {
        outcome.result = "failed";
        outcome.message = `not as on ${reference.name}: ${difference}`;
      }
    }
  }
}

function differenceOf({ result, observed = [] }: Outcome, other: Outcome | undefined): string | undefined {
  if (result !== "passed" || !other?.observed) return;
  const at = observed.findIndex((line, i) => line !== other.observed![i]);
  if (at >= 0) return `\n  ${observed[at]}\n  ${other.observed[at]}`;
  if (observed.length !== other.observed.length)
    return `${observed.length} lines, not ${other.observed.length}`;
}

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** Failures with their reasons, and `skipped: ` lines. */
  output: string;
}

/** A refusal that is as documented counts as passed. */
export function tally({ name, report, missing, broken }: Run): Tally {
  if (broken) return { passed: 0, failed: 1, skipped: 0, output: broken };
  if (missing !== undefined) {
    const output = `skipped: ${name}: ${missing}`;
    return process.env.CI
      ? { passed: 0, failed: 1, skipped: 0, output }
      : { passed: 0, failed: 0, skipped: 1, output };
  }
  const outcomes = Object.entries(report!).flatMap(([suite, list]) =>
    list.map((outcome) => ({ suite, ...outcome })),
  );
  const failures = outcomes.filter(({ result }) => result === "failed");
  const output = failures.map(({ suite, title, message }) => `${suite}: ${title}\n${message}`).join("\n\n");
  return { passed: outcomes.length - failures.length, failed: failures.length, skipped: 0, output };
}

/** A table of strings: suites down, engines across; each cell says how many passed, were refused and failed. */
export function matrix(runs: Run[]): string[][] {
  const suites = [...new Set(runs.flatMap(({ report = {} }) => Object.keys(report)))];
  const rows = suites.map((suite) => [suite, ...runs.map(({ report }) => cell(report?.[suite]))]);
  return [["", ...runs.map(({ name }) => name)], ...rows];
}

/** `12`: all passed. `12 –3`: three more were refused as documented. `12 ✘1`: one failed. */
function cell(outcomes: Outcome[] | undefined): string {
  if (!outcomes) return "";
  const count = (result: Outcome["result"]) => outcomes.filter((outcome) => outcome.result === result).length;
  const parts = [String(count("passed"))];
  if (count("absent") > 0) parts.push(`–${count("absent")}`);
  if (count("failed") > 0) parts.push(`✘${count("failed")}`);
  return parts.join(" ");
}

export const LEGEND = "12: tests passed; –3: the engine cannot, and says so as documented; ✘1: failed";

export function printMatrix(runs: Run[]): void {
  const rows = matrix(runs);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  "),
  );
  console.log(`\n${lines.join("\n")}\n${LEGEND}`);
}
