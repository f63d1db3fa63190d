/** Tests that need what not every machine has. */
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
