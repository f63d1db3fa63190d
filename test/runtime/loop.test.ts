import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "#host";
import type { Clock } from "../../ts/host/host.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { virtualClock } from "../../ts/runtime/virtual-clock.ts";

const newLoop = (clock: Clock) =>
  new EventLoop(clock, (error) => {
    throw error;
  });

/** Whether a promise has settled by now, and in the host's turn that is under way. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.finally(() => {
    settled = true;
  });
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  return settled;
}

const nextTurn = () => new Promise<void>((resolve) => defaultHost.clock.postTask(resolve));

/** What a promise rejects with. */
const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => assert.unreachable("it resolved") as never,
    (error) => error,
  );

const isInvalidState = (error: unknown) =>
  error instanceof DOMException && error.name === "InvalidStateError" && /closed/.test(error.message);

test("an empty loop is idle", async () => {
  await newLoop(virtualClock()).idle();
});

test("a timer keeps a loop from being idle until it has run or is cleared", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  loop.setTimeout(() => {}, 10);
  const cleared = loop.setTimeout(() => {}, 20);
  const idle = loop.idle();
  assert.is(await isSettled(idle), false);
  await clock.advance(10);
  assert.is(await isSettled(idle), false);
  loop.clearTimeout(cleared);
  await idle;
});

test("an interval keeps a loop from being idle until it is cleared", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  const id = loop.setInterval(() => {}, 10);
  const idle = loop.idle();
  await clock.advance(100);
  assert.is(await isSettled(idle), false);
  loop.clearInterval(id);
  await idle;
});

test("held work keeps a loop from being idle until each piece is released once", async () => {
  const loop = newLoop(virtualClock());
  const first = loop.hold();
  const second = loop.hold();
  const idle = loop.idle();
  first();
  first();
  assert.is(await isSettled(idle), false);
  second();
  await idle;
});

test("work that the last piece's promise chain begins is waited for too", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  const log: string[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void loop.setTimeout(resolve, ms));
  const program = async () => {
    for (let i = 1; i <= 3; i++) {
      await sleep(10);
      for (let j = 0; j < 100; j++) await null;
      log.push(`step ${i}`);
    }
  };
  program();
  const idle = loop.idle().then(() => log.push("idle"));
  await clock.advance(100);
  await idle;
  assert.equal(log, ["step 1", "step 2", "step 3", "idle"]);
});

test("idle waits for a whole turn in which nothing was added, not for a moment in which nothing is left", async () => {
  const loop = newLoop(virtualClock());
  const log: string[] = [];
  defaultHost.clock.postTask(() => {
    loop.hold()();
    defaultHost.clock.postTask(() => log.push("the turn after"));
  });
  await loop.idle();
  log.push("idle");
  assert.equal(log, ["the turn after", "idle"]);
});

test("all who wait for idle are told, and a loop can become busy and idle again", async () => {
  const loop = newLoop(virtualClock());
  const release = loop.hold();
  const waiting = [loop.idle(), loop.idle(), loop.idle()];
  release();
  await Promise.all(waiting);
  const again = loop.hold();
  const idle = loop.idle();
  assert.is(await isSettled(idle), false);
  again();
  await idle;
});

test("yield resolves in a task of its own, and takes no time of a virtual clock", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  const log: string[] = [];
  const yielded = loop.yield().then(() => log.push(`yielded at ${clock.now()}`));
  const chain = async () => {
    for (let i = 0; i < 100; i++) await null;
    log.push("microtasks");
  };
  chain();
  await yielded;
  assert.equal(log, ["microtasks", "yielded at 0"]);
});

test("a virtual clock stands still while long work yields, so timers behind it have exact times", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  const log: string[] = [];
  loop.setTimeout(async () => {
    for (let slice = 0; slice < 50; slice++) await loop.yield();
    log.push(`work done at ${clock.now()}`);
    loop.setTimeout(() => log.push(`timer behind it at ${clock.now()}`), 10);
  }, 10);
  loop.setTimeout(() => log.push(`timer set before at ${clock.now()}`), 11);
  await clock.advance(1000);
  assert.equal(log, ["work done at 10", "timer set before at 11", "timer behind it at 20"]);
});

test("close cancels every timer, and leaves none with the clock", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  let ran = 0;
  for (let i = 0; i < 10; i++) loop.setTimeout(() => ran++, i);
  loop.setInterval(() => ran++, 1);
  await clock.advance(0);
  assert.is(ran, 1);
  loop.close();
  assert.is(clock.pendingTasks, 0);
  await clock.advance(100);
  assert.is(ran, 1);
});

test("close in a callback is the last thing that runs; twice is the same as once", async () => {
  const clock = virtualClock();
  const loop = newLoop(clock);
  const log: string[] = [];
  loop.setInterval(() => {
    log.push("closing");
    loop.close();
    loop.close();
  }, 5);
  loop.setTimeout(() => log.push("not run"), 5);
  await clock.advance(100);
  assert.equal(log, ["closing"]);
  assert.is(clock.pendingTasks, 0);
  assert.is(loop.closed, true);
});

test("close resolves idle, whatever was pending; releases afterwards do nothing", async () => {
  const loop = newLoop(virtualClock());
  const release = loop.hold();
  loop.setInterval(() => {}, 1);
  const idle = loop.idle();
  loop.close();
  await idle;
  release();
  await loop.idle();
});

test("a closed loop refuses new work with InvalidStateError, and still clears and tells the time", async () => {
  const clock = virtualClock({ now: 5 });
  const loop = newLoop(clock);
  const id = loop.setTimeout(() => {}, 1);
  const working = rejection(loop.yield());
  loop.close();
  assert.throws(() => loop.setTimeout(() => {}), isInvalidState);
  assert.throws(() => loop.setInterval(() => {}), isInvalidState);
  assert.throws(() => loop.queueMicrotask(() => {}), isInvalidState);
  assert.throws(() => loop.hold(), isInvalidState);
  assert.ok(isInvalidState(await working));
  assert.ok(isInvalidState(await rejection(loop.yield())));
  loop.clearTimeout(id);
  loop.clearInterval(id);
  assert.is(loop.performance.now(), 5);
});

test("performance shows the clock's time and origin", async () => {
  const clock = virtualClock({ timeOrigin: 1_700_000_000_000, now: 0.25 });
  const { performance } = newLoop(clock);
  assert.is(performance.timeOrigin, 1_700_000_000_000);
  assert.is(performance.now(), 0.25);
  await clock.advance(1.5);
  assert.is(performance.now(), 1.75);
  assert.is(JSON.stringify(performance), '{"timeOrigin":1700000000000}');
  assert.is(Object.prototype.toString.call(performance), "[object Performance]");
});

test("its functions can be made the globals and go on working", async () => {
  const loop = newLoop(defaultHost.clock);
  const { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask } = globalThis;
  const engine = { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask };
  const log: string[] = [];
  const { setTimeout: set, setInterval: repeat, clearTimeout: clear, queueMicrotask: queue } = loop;
  Object.assign(globalThis, {
    setTimeout: set,
    setInterval: repeat,
    clearTimeout: clear,
    clearInterval: clear,
    queueMicrotask: queue,
  });
  try {
    globalThis.queueMicrotask(() => log.push("microtask"));
    globalThis.setTimeout(() => log.push("timeout"), 1);
    await loop.idle();
  } finally {
    Object.assign(globalThis, engine);
  }
  assert.equal(log, ["microtask", "timeout"]);
});

test("on a clock that runs a task before the microtasks ahead of it, a cleared timer stays cleared", async () => {
  const wakes: (() => void)[] = [];
  const schedule = (task: () => void) => {
    wakes.push(task);
    return () => {};
  };
  const loop = newLoop({ timeOrigin: 0, now: () => 0, postTask: defaultHost.clock.postTask, schedule });
  const log: string[] = [];
  const id = loop.setTimeout(() => log.push("cleared"), 5);
  await null;
  loop.clearTimeout(id);
  loop.setTimeout(() => log.push("later"), 6);
  wakes.shift()!();
  assert.equal(log, []);
  await null;
  wakes.shift()!();
  assert.equal(log, ["later"]);
});

test("an interval's next round begins before any other timer runs, even where the host posts tasks late", async () => {
  const wakes: (() => void)[] = [];
  const posted: (() => void)[] = [];
  const schedule = (task: () => void) => {
    wakes.push(task);
    return () => void wakes.splice(wakes.indexOf(task), 1);
  };
  const loop = newLoop({ timeOrigin: 0, now: () => 0, postTask: (task) => void posted.push(task), schedule });
  const log: string[] = [];
  loop.setInterval(() => {
    log.push("interval");
    loop.clearTimeout(loop.setTimeout(() => {}));
  }, 10);
  loop.setTimeout(() => {
    log.push("timeout");
    loop.setTimeout(() => log.push("set by the timeout"), 10);
  }, 10);
  for (let task = 0; task < 6; task++) {
    await null;
    (wakes.shift() ?? posted.shift())!();
  }
  loop.close();
  assert.equal(log, ["interval", "timeout", "interval", "set by the timeout"]);
});

test("two loops on one clock share its time and nothing else", async () => {
  const clock = virtualClock();
  const [a, b] = [newLoop(clock), newLoop(clock)];
  const log: string[] = [];
  const id = a.setTimeout(() => log.push(`a at ${clock.now()}`), 5);
  assert.is(
    b.setTimeout(() => log.push(`b at ${clock.now()}`), 5),
    id,
  );
  b.clearTimeout(id);
  await clock.advance(10);
  assert.equal(log, ["a at 5"]);
  a.close();
  b.setTimeout(() => log.push(`b at ${clock.now()}`), 5);
  await clock.advance(10);
  assert.equal(log, ["a at 5", "b at 15"]);
});

test("on the host's own clock: order, arguments, microtasks, intervals, errors, idle", async () => {
  const errors: unknown[] = [];
  const loop = new EventLoop(defaultHost.clock, (error) => void errors.push(error));
  const log: string[] = [];
  const say = (word: string) => void log.push(word);
  // Set in the order in which the standard lets them run, however long this process is kept waiting in between.
  loop.setTimeout(say, 0, "zero");
  loop.clearTimeout(loop.setTimeout(say, 1, "cleared"));
  loop.setTimeout(say, 2, "two");
  loop.setTimeout(() => {
    say("two again");
    Promise.resolve().then(() => say("microtask"));
    throw new Error("reported");
  }, 2);
  loop.setTimeout(say, 2, "two, the third");
  loop.setTimeout(say, 12, "twelve");
  let rounds = 0;
  const id = loop.setInterval(() => {
    if (++rounds === 3) loop.clearInterval(id);
  }, 1);
  await loop.idle();
  assert.equal(log, ["zero", "two", "two again", "microtask", "two, the third", "twelve"]);
  assert.is(rounds, 3);
  assert.is(errors.length, 1);
});

test("on the host's own clock: one timer at most is outstanding, and none once the loop is closed", async () => {
  const outstanding = () =>
    process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name === "Immediate").length;
  const before = outstanding();
  const loop = newLoop(defaultHost.clock);
  for (let i = 0; i < 100; i++) loop.setTimeout(() => {}, 3_600_000 - i);
  loop.setInterval(() => {}, 3_600_000);
  await null;
  assert.is(outstanding(), before + 1);
  loop.close();
  assert.is(outstanding(), before);
});

test("on the host's own clock: a thousand zero delays run in order, each behind the other's microtasks", async () => {
  const loop = newLoop(defaultHost.clock);
  const log: number[] = [];
  const expected: number[] = [];
  for (let i = 0; i < 1000; i++) {
    expected.push(i, -i);
    loop.setTimeout(async () => {
      log.push(i);
      await null;
      log.push(-i);
    });
  }
  await loop.idle();
  assert.equal(log, expected);
});

test.run();
