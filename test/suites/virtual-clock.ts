/** `virtualClock()`: an hour of timers in milliseconds, in the same order on every engine. */
import { createRuntime, memoryHost, virtualClock } from "nanort";
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf, hex } from "./support.ts";

export const virtual: Suite = {
  name: "virtual clock",
  tests: {
    "a day of timers passes at once, in order": async () => {
      const clock = virtualClock();
      const nano = await createRuntime({ clock });
      const log: string[] = [];
      const every = (name: string, ms: number) =>
        nano.setInterval(() => log.push(`${clock.now()} ${name}`), ms);
      every("hour", 3_600_000);
      every("day", 86_400_000);
      nano.setTimeout(() => log.push(`${clock.now()} once`), 3_600_000);
      await clock.advance(86_400_000);
      assert.is(nano.performance.now(), 86_400_000);
      assert.is(log.length, 26);
      assert.equal(log.slice(0, 2), ["3600000 hour", "3600000 once"]);
      await nano.close();
      return log;
    },

    "promise chains are followed to their end between two tasks": async () => {
      const clock = virtualClock({ timeOrigin: 1e12, now: 500 });
      const nano = await createRuntime({ clock });
      const sleep = (ms: number) => new Promise<void>((resolve) => void nano.setTimeout(resolve, ms));
      const times: number[] = [];
      const walk = async () => {
        for (let i = 0; i < 5; i++) {
          await sleep(i);
          await nano.crypto.subtle.digest("SHA-256", new Uint8Array(3 << 20));
          times.push(nano.performance.now());
        }
      };
      const done = walk();
      assert.is(await clock.runAll(), 5);
      await done;
      assert.equal(times, [500, 501, 503, 506, 510]);
      assert.is(nano.performance.timeOrigin, 1e12);
      await nano.close();
    },

    "what never ends is told, not waited for": async () => {
      const clock = virtualClock();
      const nano = await createRuntime({ clock });
      nano.setInterval(() => undefined, 1);
      assert.instance(await errorOf(() => clock.runAll({ limit: 1000 })), RangeError);
      assert.instance(await errorOf(() => clock.advance(Number.NaN)), RangeError);
      await nano.close();
      assert.is(clock.pendingTasks, 0);
    },

    "a seed decides what is random, the same on every engine": async () => {
      const nano = await createRuntime({ host: memoryHost({ seed: 7 }) });
      const again = await createRuntime({ host: memoryHost({ seed: 7 }) });
      const other = await createRuntime({ host: memoryHost({ seed: 8 }) });
      const [a, b, c] = [nano, again, other].map(({ crypto }) =>
        hex(crypto.getRandomValues(new Uint8Array(24))),
      );
      assert.is(a, b);
      assert.is.not(a, c);
      const seen = [a!, nano.crypto.randomUUID()];
      for (const each of [nano, again, other]) await each.close();
      return seen;
    },
  },
};
