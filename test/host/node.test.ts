import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "#host";

const { clock } = defaultHost;
const turn = () => new Promise<void>((resolve) => clock.postTask(resolve));

test("its clock is performance's: monotonic, with an origin in Unix time", () => {
  assert.is(clock.timeOrigin, performance.timeOrigin);
  const before = performance.now();
  const now = clock.now();
  assert.ok(before <= now && now <= performance.now());
});

test("a scheduled task is never early by the clock that scheduled it", async () => {
  for (let i = 0; i < 30; i++) {
    const delay = i / 7;
    const due = clock.now() + delay;
    await new Promise<void>((resolve) => void clock.schedule(resolve, delay));
    assert.ok(clock.now() >= due);
  }
});

test("tasks of no delay run in order, behind the microtasks, and can be cancelled", async () => {
  const log: string[] = [];
  clock.schedule(() => log.push("first"), 0);
  const cancel = clock.schedule(() => log.push("cancelled"), 0);
  clock.schedule(() => log.push("second"), -5);
  clock.postTask(() => log.push("posted"));
  cancel();
  Promise.resolve().then(() => log.push("microtask"));
  await turn();
  assert.equal(log, ["microtask", "first", "second", "posted"]);
  cancel();
});

test("a delay that Node's timers cannot take is waited for, not cut to a millisecond", async () => {
  let ran = false;
  const cancel = clock.schedule(() => {
    ran = true;
  }, 2 ** 40);
  await new Promise<void>((resolve) => void clock.schedule(resolve, 5));
  cancel();
  assert.is(ran, false);
});

test("fake timers that replace the globals do not reach it", async () => {
  const real = { setTimeout, setImmediate };
  const fake = () => assert.unreachable("a replaced global was called");
  Object.assign(globalThis, { setTimeout: fake, setImmediate: fake });
  try {
    await turn();
    await new Promise<void>((resolve) => void clock.schedule(resolve, 1));
  } finally {
    Object.assign(globalThis, real);
  }
});

test("random bytes fill arrays of any length, and nothing around them", () => {
  defaultHost.fillRandom(new Uint8Array(0));
  const around = new Uint8Array(200_002);
  defaultHost.fillRandom(around.subarray(1, 200_001));
  assert.equal([around[0], around.at(-1)], [0, 0]);
  assert.is(new Set(around).size, 256);
  const again = new Uint8Array(32);
  defaultHost.fillRandom(again);
  assert.not.equal(again, around.subarray(1, 33));
});

test("a reported error is an uncaught exception of the process, before its next task", async () => {
  const error = new Error("reported");
  const log: unknown[] = [];
  const listener = (caught: unknown) => log.push(caught);
  process.on("uncaughtException", listener);
  try {
    clock.postTask(() => log.push("next task"));
    defaultHost.reportError(error);
    await turn();
  } finally {
    process.off("uncaughtException", listener);
  }
  assert.is(log[0], error);
  assert.equal(log.slice(1), ["next task"]);
});

test.run();
