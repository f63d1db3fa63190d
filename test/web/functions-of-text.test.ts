import { execFileSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { functionOfText } from "../../ts/web/functions-of-text.ts";

test("a function does what its text says", () => {
  const sum = functionOfText<(a: number, b: number) => number>(["a", "b"], "return a + b;");
  assert.is(sum?.(2, 3), 5);
});

test("where the call stack ends none is made, and elsewhere they are made as before", () => {
  let tries = 0;
  const dive = (): unknown => {
    let made: unknown;
    try {
      made = dive();
    } catch {
      // Not even the next call was possible.
    }
    if (made !== undefined) return made;
    tries++;
    return functionOfText([], "return 1;");
  };
  assert.ok(dive());
  assert.ok(tries > 1);
  assert.ok(functionOfText([], "return 1;"));
});

test("where making code from text is forbidden, values are read and copied without", () => {
  const program = `
    import { deepStrictEqual, throws } from "node:assert";
    import v8 from "node:v8";
    import { createRuntimeSync } from "nanort";
    throws(() => new Function("return 1"), EvalError);
    const { deserialize, structuredClone } = createRuntimeSync();
    const value = Array.from({ length: 1500 }, (_, i) => ({ id: i, text: "fifteen letters", in: { at: i / 8 } }));
    for (let i = 0; i < 3; i++) {
      deepStrictEqual(deserialize(v8.serialize(value)), value);
      deepStrictEqual(structuredClone(value), value);
    }
    console.log("alike");
  `;
  const args = ["--disallow-code-generation-from-strings", "--input-type=module", "-e", program];
  assert.is(execFileSync(process.execPath, args, { encoding: "utf8" }), "alike\n");
});

test.run();
