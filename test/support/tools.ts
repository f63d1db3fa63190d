/** Tests that need a program which not every machine has. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";

/**
 * `test` where the program is installed; elsewhere one that skips, its reason printed once, for the runner to repeat.
 *
 * @param probe arguments with which the program does nothing.
 */
export function testWith(program: string, probe = "--version"): (title: string, run: () => unknown) => void {
  if (spawnSync(program, [probe]).error === undefined)
    return (title, run) => test(title, async () => void (await run()));
  console.log(`skipped: ${program} is not on this machine`);
  return (title) => test.skip(title);
}
