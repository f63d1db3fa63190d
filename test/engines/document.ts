/** The tables of docs/engines.md: written from the results of a run, between two marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { LEGEND, matrix, type Run, tally } from "./results.ts";

const BEGIN = "<!-- written by npm run docs:engines -->";
const END = "<!-- until here -->";

export function writeTables(path: string, runs: Run[]): void {
  const unfit = runs
    .filter((run) => tally(run).passed === 0 || tally(run).failed > 0)
    .map(({ name }) => name);
  if (unfit.length > 0)
    throw new Error(`${path} needs a good run on every engine; not so: ${unfit.join(", ")}`);
  const { before, after } = partsOf(path);
  writeFileSync(path, `${before}${BEGIN}\n\n${tables(runs)}\n\n${END}${after}`);
}

/** The generated part of the document, as it is. */
export function readTables(path: string): string {
  return partsOf(path).between;
}

function partsOf(path: string): { before: string; between: string; after: string } {
  const text = readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has lost its marks, ${BEGIN} and ${END}`);
  const between = text.slice(begin + BEGIN.length, end);
  return { before: text.slice(0, begin), between, after: text.slice(end + END.length) };
}

function tables(runs: Run[]): string {
  const versions = runs.map(({ name, version }) => `${name} ${version}`).join(", ");
  return [
    `Run on ${versions}. ${LEGEND}.`,
    markdown(matrix(runs)),
    "What an engine cannot do is refused by a clear error, which the same suites test:",
    markdown(absences(runs)),
  ].join("\n\n");
}

/** What is refused: with which words, by whom, and how much of which suites. */
function absences(runs: Run[]): string[][] {
  const rows = new Map<string, { engines: Set<string>; tests: Map<string, Set<string>> }>();
  for (const { name, report } of runs) {
    for (const [suite, outcomes] of Object.entries(report!)) {
      for (const { title, result, message } of outcomes) {
        if (result !== "absent") continue;
        const row = rows.get(message!) ?? { engines: new Set(), tests: new Map() };
        rows.set(message!, row);
        row.engines.add(name);
        row.tests.set(suite, (row.tests.get(suite) ?? new Set()).add(title));
      }
    }
  }
  const lines = [...rows].map(([message, { engines, tests }]) => {
    const asked = [...tests].map(([suite, titles]) =>
      titles.size === 1 ? `${suite}: ${[...titles][0]}` : `${suite}: ${titles.size} tests`,
    );
    return [message, [...engines].join(", "), asked.join(", ")];
  });
  return [["what is said", "by", "to"], ...lines];
}

function markdown([head, ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head!), line(head!.map(() => "---")), ...rows.map(line)].join("\n");
}
