// What depends on V8 most, on every line of Node that is in test/engines: bytes as its own `v8.serialize` writes them, and
// clones as its own structuredClone makes them.
import { spawn } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testIf } from "../support/tools.ts";
import { BINARIES, PROCESSES } from "./engines.ts";
import { engineOrSkip } from "./started.ts";

const FILES = ["serialize", "structured-clone/graphs", "structured-clone/bytes"];
const LINES = PROCESSES.flatMap(({ name }) => /^node-(.+)$/.exec(name)?.[1] ?? []);

const title = (line: string) => `bytes and clones are those of Node ${line}`;

const isSafeCore = process.env.NODE_OPTIONS?.includes("safe-core") ?? false;

function run(command: string, file: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(command, ["--no-warnings", `wasm-out/tests/web/${file}.test.js`], {
      env: { ...process.env, GRAPHS: "300" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    child.on("error", fail).on("close", (code) => done({ code, output }));
  });
}

for (const line of LINES) {
  const binary = engineOrSkip(`node-${line}`, () => BINARIES.node(line));
  if (!binary) {
    test.skip(title(line));
    continue;
  }
  testIf(!isSafeCore, "the core has no part in it, so that once is enough")(title(line), async () => {
    for (const file of FILES) {
      const { code, output } = await run(binary, file);
      assert.is(code, 0, output);
    }
  });
}

test("every line of Node that the suites run on is one of these", () => {
  assert.ok(LINES.length >= 4);
});

test.run();
