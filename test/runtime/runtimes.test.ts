// Many runtimes in one process, through the public face.
import { createRuntime, createRuntimeSync, memoryHost, virtualClock } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const MIB = 1024 * 1024;

/** Resident bytes once what can be collected is. The test runner starts Node with --expose-gc. */
async function residentBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}

test("creating, using and closing 10,000 runtimes leaves resident memory where it was", async () => {
  const useOne = async () => {
    const nano = createRuntimeSync();
    nano.setTimeout(() => {}, 3_600_000);
    nano.setInterval(() => {}, 1000);
    nano.subtleSync.digest("SHA-256", new Uint8Array(100));
    const idle = nano.idle();
    await nano.close();
    await idle;
  };
  for (let i = 0; i < 2000; i++) await useOne();
  const before = await residentBytes();
  for (let i = 0; i < 8000; i++) await useOne();
  const grown = (await residentBytes()) - before;
  assert.ok(grown < 32 * MIB, `8,000 more runtimes took ${(grown / MIB).toFixed(1)} MiB`);
});

test("runtimes side by side keep their timers, clocks and errors apart", async () => {
  const log: string[] = [];
  const clocks = [virtualClock(), virtualClock({ now: 1000 })];
  const runtimes = await Promise.all(
    clocks.map((clock, i) =>
      createRuntime({ clock, onError: (error) => void log.push(`${i} reports ${(error as Error).message}`) }),
    ),
  );
  for (const [i, nano] of runtimes.entries()) {
    nano.setTimeout(() => log.push(`${i} at ${nano.performance.now()}`), 10);
    nano.setTimeout(() => {
      throw new Error("an error");
    }, 20);
  }
  await clocks[1]!.advance(15);
  await clocks[0]!.advance(30);
  await runtimes[0]!.close();
  await clocks[1]!.advance(15);
  assert.equal(log, ["1 at 1010", "0 at 10", "0 reports an error", "1 reports an error"]);
  await runtimes[1]!.idle();
  await runtimes[1]!.close();
});

test("on a memory host, a seed settles everything: entropy, time and order", async () => {
  const run = async () => {
    const host = memoryHost({ seed: 5 });
    const nano = await createRuntime({ host });
    const log: string[] = [];
    const walk = (steps: number) => {
      const [byte] = nano.crypto.getRandomValues(new Uint8Array(1));
      log.push(`${nano.performance.now()} ${byte} ${nano.crypto.randomUUID()}`);
      if (steps > 0) nano.setTimeout(walk, byte! * 1000, steps - 1);
      else throw new Error("the end");
    };
    nano.setTimeout(walk, 0, 20);
    await host.clock.runAll();
    await nano.idle();
    await nano.close();
    assert.equal(
      host.errors.map((error) => (error as Error).message),
      ["the end"],
    );
    return log;
  };
  const log = await run();
  assert.is(log.length, 21);
  assert.equal(await run(), log);
});

test.run();
