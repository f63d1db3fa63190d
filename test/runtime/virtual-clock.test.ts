import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "#host";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { virtualClock } from "../../ts/runtime/virtual-clock.ts";

const loopOn = (clock: ReturnType<typeof virtualClock>) =>
  new EventLoop(clock, (error) => {
    throw error;
  });

/** What a promise rejects with. */
const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => assert.unreachable("it resolved") as never,
    (error) => error,
  );

test("it begins at zero, or where told, and stands still", async () => {
  assert.equal([virtualClock().timeOrigin, virtualClock().now()], [0, 0]);
  const clock = virtualClock({ timeOrigin: 1e12, now: 250 });
  await new Promise<void>((resolve) => void defaultHost.clock.schedule(resolve, 3));
  assert.equal([clock.timeOrigin, clock.now()], [1e12, 250]);
});

test("options that are no finite numbers are refused by name", () => {
  assert.throws(() => virtualClock({ now: NaN }), /^virtualClock: now must be a finite number, not NaN$/);
  assert.throws(() => virtualClock({ timeOrigin: Infinity }), /timeOrigin must be a finite number/);
});

test("advance runs what falls due on the way, at its own time, and what that schedules within the span", async () => {
  const clock = virtualClock({ now: 1000 });
  const log: string[] = [];
  const say = (word: string) => () => void log.push(`${clock.now()} ${word}`);
  clock.schedule(say("b"), 20);
  clock.schedule(() => {
    say("a")();
    clock.schedule(say("a, 15 later"), 15);
    clock.schedule(say("too late"), 100);
  }, 10);
  clock.schedule(say("b too"), 20);
  await clock.advance(50);
  assert.equal(log, ["1010 a", "1020 b", "1020 b too", "1025 a, 15 later"]);
  assert.is(clock.now(), 1050);
  assert.is(clock.pendingTasks, 1);
});

test("a cancelled task does not run; cancelling it again or after it ran does nothing", async () => {
  const clock = virtualClock();
  let ran = 0;
  const cancelFirst = clock.schedule(() => ran++, 1);
  const cancelSecond = clock.schedule(() => ran++, 1);
  cancelFirst();
  cancelFirst();
  await clock.advance(1);
  cancelSecond();
  assert.is(ran, 1);
  assert.is(clock.pendingTasks, 0);
});

test("advance(0) lets promises and zero delays run, and time stays", async () => {
  const clock = virtualClock();
  const loop = loopOn(clock);
  const log: string[] = [];
  Promise.resolve().then(() => loop.setTimeout(() => log.push("zero delay"), 0));
  await clock.advance(0);
  assert.equal(log, ["zero delay"]);
  assert.is(clock.now(), 0);
});

test("calls that are not awaited run one after the other", async () => {
  const clock = virtualClock();
  const log: number[] = [];
  for (const delay of [5, 15, 25]) clock.schedule(() => log.push(clock.now()), delay);
  const both = Promise.all([clock.advance(10), clock.advance(10)]);
  assert.is(clock.now(), 0);
  await both;
  assert.equal(log, [5, 15]);
  assert.is(clock.now(), 20);
});

test("a task that advances the clock does so behind the call that runs it", async () => {
  const clock = virtualClock();
  let inner: Promise<void> | undefined;
  clock.schedule(() => {
    inner = clock.advance(100);
  }, 5);
  await clock.advance(10);
  assert.is(clock.now(), 10);
  await inner;
  assert.is(clock.now(), 110);
});

test("durations that are negative, infinite or no numbers are refused, and time stays", async () => {
  const clock = virtualClock();
  for (const duration of [-1, NaN, Infinity, undefined as unknown as number]) {
    assert.instance(await rejection(clock.advance(duration)), RangeError);
  }
  assert.is(clock.now(), 0);
});

test("runNext goes to the next task and says whether there was one", async () => {
  const clock = virtualClock();
  const log: number[] = [];
  clock.schedule(() => log.push(clock.now()), 1e9);
  clock.schedule(() => log.push(clock.now()), 7);
  assert.is(await clock.runNext(), true);
  assert.equal(log, [7]);
  assert.is(await clock.runNext(), true);
  assert.is(await clock.runNext(), false);
  assert.equal(log, [7, 1e9]);
  assert.is(clock.now(), 1e9);
});

test("runAll runs until none is left and says how many ran", async () => {
  const clock = virtualClock();
  const loop = loopOn(clock);
  const countDown = (n: number) => {
    if (n > 0) loop.setTimeout(countDown, 1000, n - 1);
  };
  loop.setTimeout(countDown, 1000, 9);
  assert.is(await clock.runAll(), 10);
  assert.is(clock.now(), 10_000);
  assert.is(await clock.runAll(), 0);
});

test("runAll stops at its limit with an error that says what to do", async () => {
  const clock = virtualClock();
  const loop = loopOn(clock);
  let rounds = 0;
  loop.setInterval(() => rounds++, 10);
  const error = await rejection(clock.runAll({ limit: 25 }));
  assert.instance(error, RangeError);
  assert.match(error.message, /25 tasks/);
  assert.is(rounds, 25);
  loop.close();
  assert.is(await clock.runAll({ limit: 0 }), 0);
});

test("what a task throws rejects the call that ran it, and the rest stays scheduled", async () => {
  const clock = virtualClock();
  const log: number[] = [];
  clock.schedule(() => {
    throw new Error("thrown at 5");
  }, 5);
  clock.schedule(() => log.push(clock.now()), 6);
  assert.is((await rejection(clock.advance(10))).message, "thrown at 5");
  assert.is(clock.now(), 5);
  await clock.advance(10);
  assert.equal(log, [6]);
});

test("an hour of timers, three thousand six hundred of them with promises between, ends on the second", async () => {
  const clock = virtualClock();
  const loop = loopOn(clock);
  const sleep = (ms: number) => new Promise<void>((resolve) => void loop.setTimeout(resolve, ms));
  let seconds = 0;
  let minutes = 0;
  const interval = loop.setInterval(() => seconds++, 1000);
  const program = async () => {
    for (; minutes < 60; minutes++) await sleep(60_000);
    loop.clearInterval(interval);
    return clock.now();
  };
  const ended = program();
  await clock.advance(3_600_000);
  assert.is(await ended, 3_600_000);
  assert.equal([seconds, minutes], [3600 - 1, 60]);
  assert.is(clock.now(), 3_600_000);
  await loop.idle();
});

test("fractions of a millisecond neither stall it nor lose a task", async () => {
  const clock = virtualClock({ now: 0.1 });
  const loop = loopOn(clock);
  let ran = 0;
  for (let i = 0; i < 100; i++) {
    loop.setTimeout(() => ran++, i % 7);
    await clock.advance(0.1);
  }
  await clock.runAll();
  assert.is(ran, 100);
});

test.run();
