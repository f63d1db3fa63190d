import { test } from "uvu";
import * as assert from "uvu/assert";
import { suites } from "../suites/index.ts";
import { BROWSERS } from "./browsers.ts";
import { readTables } from "./document.ts";
import { PROCESSES } from "./engines.ts";

/** The first table: a row of cells each. */
const rows = readTables("docs/engines.md")
  .trim()
  .split("\n\n")[1]!
  .split("\n")
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("docs/engines.md has a column for each engine, written by npm run docs:engines", () => {
  assert.equal(
    rows[0]!.slice(1),
    [...PROCESSES, ...BROWSERS].map(({ name }) => name),
  );
});

test("docs/engines.md has a row for each suite, with as many tests as it has now, and none failed", () => {
  for (const { name, tests } of suites) {
    const row = rows.find(([suite]) => suite === name);
    assert.ok(row, `no row for ${name}: npm run docs:engines writes it`);
    for (const cell of row.slice(1)) {
      const [passed, absent = "0"] = cell.split(" –");
      assert.is(Number(passed) + Number(absent), Object.keys(tests).length, `${name}: ${cell}`);
    }
  }
});

test.run();
