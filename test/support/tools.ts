/** Tests that need what not every machine has; and what uvu lacks. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";

export type Test = (title: string, run: () => unknown) => void;

/** `test` where `able`; elsewhere one that skips, and says once why, for the runner to repeat. */
export function testIf(able: boolean, reason: string): Test {
  if (able) return (title, run) => test(title, async () => void (await run()));
  console.log(`skipped: ${reason}`);
  return (title) => test.skip(title);
}

/**
 * `test` where the program is installed.
 *
 * @param probe arguments with which the program does nothing.
 */
export function testWith(program: string, probe = "--version"): Test {
  return testIf(spawnSync(program, [probe]).error === undefined, `${program} is not on this machine`);
}

/** For `assert.throws`, which takes a class for a function that judges, and is then content with any error. */
export function isA(kind: abstract new (...args: never[]) => Error): (error: unknown) => boolean {
  return (error) => error instanceof kind;
}
