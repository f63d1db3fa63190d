/** Timers on the engine's own clock: https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html */
import { createRuntime, type Runtime } from "nanort";
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf } from "./support.ts";

/** Runs `use` with a runtime whose uncaught errors are collected. */
async function withRuntime(use: (nano: Runtime, errors: unknown[]) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  const nano = await createRuntime({ onError: (error) => void errors.push(error) });
  await use(nano, errors);
  await nano.close();
}

export const timers: Suite = {
  name: "timers",
  tests: {
    "run in the order of their deadlines, equal ones in the order of setting": () =>
      withRuntime(async (nano) => {
        const log: string[] = [];
        nano.setTimeout(() => log.push("500"), 500);
        nano.setTimeout(() => log.push("0"), 0);
        nano.setTimeout(() => log.push("10, first"), 10);
        nano.setTimeout(() => log.push("10, second"), 10);
        nano.queueMicrotask(() => log.push("microtask"));
        await nano.idle();
        assert.equal(log, ["microtask", "0", "10, first", "10, second", "500"]);
      }),

    "are never early by the runtime's clock": () =>
      withRuntime(async (nano) => {
        for (const timeout of [0, 1, 3, 7, 20]) {
          const due = nano.performance.now() + timeout;
          await new Promise<void>((resolve) => void nano.setTimeout(resolve, timeout));
          assert.ok(nano.performance.now() >= due);
        }
      }),

    "pass arguments, have numbers for ids, and are forgotten when cleared": () =>
      withRuntime(async (nano) => {
        const log: unknown[] = [];
        const id = nano.setTimeout(() => log.push("cleared"), 1);
        assert.type(id, "number");
        nano.setTimeout((...args: unknown[]) => log.push(args), 1, "a", 2, null);
        nano.clearTimeout(id);
        nano.clearTimeout(12_345);
        await nano.idle();
        assert.equal(log, [["a", 2, null]]);
      }),

    "drain microtasks between two of them": () =>
      withRuntime(async (nano) => {
        const log: string[] = [];
        for (const name of ["a", "b"]) {
          nano.setTimeout(() => {
            log.push(name);
            Promise.resolve().then(() => log.push(`after ${name}`));
          }, 1);
        }
        await nano.idle();
        assert.equal(log, ["a", "after a", "b", "after b"]);
      }),

    "repeat until cleared": () =>
      withRuntime(async (nano) => {
        let count = 0;
        const id = nano.setInterval(() => ++count === 5 && nano.clearInterval(id), 1);
        await nano.idle();
        assert.is(count, 5);
      }),

    "nested deeper than five, take 4 ms at least": () =>
      withRuntime(async (nano) => {
        const times: number[] = [];
        const step = () => {
          times.push(nano.performance.now());
          if (times.length < 9) nano.setTimeout(step, 0);
        };
        nano.setTimeout(step, 0);
        await nano.idle();
        for (let i = 6; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! >= 4);
      }),

    "that throw are reported, and the others go on": () =>
      withRuntime(async (nano, errors) => {
        const log: string[] = [];
        const thrown = new Error("thrown by a timer");
        nano.setTimeout(() => {
          throw thrown;
        }, 1);
        nano.setTimeout(() => log.push("next"), 2);
        nano.queueMicrotask(() => {
          throw thrown;
        });
        await nano.idle();
        assert.equal(log, ["next"]);
        assert.is(errors.length, 2);
        assert.ok(errors.every((error) => error === thrown));
      }),

    "refuse strings, and what is no function": () =>
      withRuntime(async (nano) => {
        for (const handler of ["alert(1)", undefined, {}, 5]) {
          assert.instance(await errorOf(() => nano.setTimeout(handler as never)), TypeError);
        }
        assert.match(
          (await errorOf(() => nano.setTimeout("x" as never))).message,
          /strings are not run as code/,
        );
      }),

    "give others their turn, however many are due": () =>
      withRuntime(async (nano) => {
        let turns = 0;
        let running = true;
        const spin = () => {
          if (running) nano.setTimeout(spin, 0);
          turns++;
        };
        spin();
        await new Promise<void>((resolve) => setTimeout(resolve, 30));
        running = false;
        await nano.idle();
        assert.ok(turns > 1);
      }),
  },
};
