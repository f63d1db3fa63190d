// Timers as the HTML Standard has them, observed on a virtual clock: exact times, and the same order every run.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { virtualClock } from "../../ts/runtime/virtual-clock.ts";
import { isA } from "../support/tools.ts";

const isTypeError = (message: RegExp) => (error: Error) =>
  error instanceof TypeError && message.test(error.message);

/** A loop, its clock, a log of what happened at which time, and the errors that were reported. */
function setUp() {
  const clock = virtualClock();
  const errors: unknown[] = [];
  const log: string[] = [];
  const loop = new EventLoop(clock, (error) => void errors.push(error));
  return { clock, errors, log, loop, say: (word: string) => void log.push(`${clock.now()} ${word}`) };
}

test("a timer runs at its time, not before", async () => {
  const { clock, log, loop, say } = setUp();
  loop.setTimeout(say, 100, "a");
  await clock.advance(99);
  assert.equal(log, []);
  await clock.advance(1);
  assert.equal(log, ["100 a"]);
});

test("timers run in the order of their deadlines, and of equal deadlines the one set first goes first", async () => {
  const { clock, log, loop, say } = setUp();
  loop.setTimeout(say, 20, "d");
  loop.setTimeout(say, 10, "a");
  loop.setTimeout(say, 10, "b");
  loop.setTimeout(say, 0, "zero");
  loop.setTimeout(say, 10, "c");
  loop.setTimeout(() => loop.setTimeout(say, 15, "also at 20, but set later"), 5);
  await clock.advance(20);
  assert.equal(log, ["0 zero", "10 a", "10 b", "10 c", "20 d", "20 also at 20, but set later"]);
});

test("a negative timeout is one of zero: it does not go before those", async () => {
  const { clock, log, loop, say } = setUp();
  loop.setTimeout(say, 0, "zero");
  loop.setTimeout(say, -5, "negative");
  loop.setTimeout(say, 0, "zero again");
  await clock.advance(0);
  assert.equal(log, ["0 zero", "0 negative", "0 zero again"]);
});

test("a zero delay runs in a task of its own, behind the script and its microtasks", async () => {
  const { clock, log, loop, say } = setUp();
  loop.setTimeout(say, 0, "timer");
  loop.queueMicrotask(() => say("microtask"));
  Promise.resolve().then(() => say("promise"));
  say("script");
  await clock.advance(0);
  assert.equal(log, ["0 script", "0 microtask", "0 promise", "0 timer"]);
});

test("microtasks are drained between two timers that are due together, however long their chain", async () => {
  const { clock, log, loop, say } = setUp();
  loop.setTimeout(async () => {
    say("first");
    for (let i = 0; i < 1000; i++) await null;
    say("end of the chain");
  }, 1);
  loop.setTimeout(say, 1, "second");
  await clock.advance(1);
  assert.equal(log, ["1 first", "1 end of the chain", "1 second"]);
});

test("a timer that is set in a callback and due at once runs behind those already due", async () => {
  const { clock, log, loop, say } = setUp();
  loop.setTimeout(() => {
    say("a");
    loop.setTimeout(say, 0, "set by a");
  }, 1);
  loop.setTimeout(say, 1, "b");
  await clock.advance(1);
  assert.equal(log, ["1 a", "1 b", "1 set by a"]);
});

test("from the seventh level of nesting on, a timeout is at least 4 ms", async () => {
  const { clock, loop } = setUp();
  const times: number[] = [];
  const again = () => {
    times.push(clock.now());
    if (times.length < 10) loop.setTimeout(again, 0);
  };
  loop.setTimeout(again, 0);
  await clock.runAll();
  assert.equal(times, [0, 0, 0, 0, 0, 0, 4, 8, 12, 16]);
});

test("an interval nests in itself: its seventh round and those behind it are 4 ms apart", async () => {
  const { clock, loop } = setUp();
  const times: number[] = [];
  const id = loop.setInterval(() => {
    times.push(clock.now());
    if (times.length === 10) loop.clearInterval(id);
  }, 1);
  await clock.runAll();
  assert.equal(times, [1, 2, 3, 4, 5, 6, 10, 14, 18, 22]);
});

test("a timeout inside an interval inherits its nesting", async () => {
  const { clock, log, loop, say } = setUp();
  let round = 0;
  const id = loop.setInterval(() => {
    if (++round < 6) return;
    loop.clearInterval(id);
    loop.setTimeout(say, 0, "clamped");
  }, 1);
  await clock.runAll();
  assert.equal(log, ["10 clamped"]);
});

test("a microtask is a task of its own: timers that it sets do not nest", async () => {
  const { clock, loop } = setUp();
  const times: number[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void loop.setTimeout(resolve, ms));
  const run = async () => {
    for (let i = 0; i < 10; i++) {
      await sleep(0);
      times.push(clock.now());
    }
  };
  run();
  await clock.runAll();
  assert.equal(times, Array(10).fill(0));
});

test("a clamped timeout above 4 ms stays as it is", async () => {
  const { clock, loop } = setUp();
  let depth = 0;
  const again = () => {
    if (++depth < 9) loop.setTimeout(again, 5);
  };
  loop.setTimeout(again, 5);
  await clock.runAll();
  assert.is(clock.now(), 45);
});

test("extra arguments reach the callback, every round of an interval, and `this` is the global object", async () => {
  const { clock, loop } = setUp();
  const calls: unknown[][] = [];
  function callback(this: unknown, ...args: unknown[]) {
    calls.push([this === globalThis, ...args]);
    if (calls.length === 3) loop.clearInterval(interval);
  }
  const argument = {};
  loop.setTimeout(callback, 1, 1, "two", argument);
  const interval = loop.setInterval(callback, 2, undefined, null);
  await clock.runAll();
  assert.equal(calls, [
    [true, 1, "two", argument],
    [true, undefined, null],
    [true, undefined, null],
  ]);
  assert.is(calls[0]![3], argument);
});

test("functions need no receiver", async () => {
  const { clock, log, loop, say } = setUp();
  const { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask } = loop;
  setTimeout(say, 1, "timeout");
  clearTimeout(setTimeout(say, 1, "cancelled"));
  const id = setInterval(() => {
    say("interval");
    clearInterval(id);
  }, 1);
  queueMicrotask(() => say("microtask"));
  await clock.runAll();
  assert.equal(log, ["0 microtask", "1 timeout", "1 interval"]);
});

test("functions have the names and lengths of their WebIDL operations", () => {
  const { loop } = setUp();
  const { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask } = loop;
  const shapes = [setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask].map(
    ({ name, length }) => `${name}/${length}`,
  );
  assert.equal(shapes, [
    "setTimeout/1",
    "setInterval/1",
    "clearTimeout/0",
    "clearInterval/0",
    "queueMicrotask/1",
  ]);
});

test("a cleared timer does not run, even when it was due already", async () => {
  const { clock, log, loop, say } = setUp();
  const due = loop.setTimeout(() => {
    say("a");
    loop.clearTimeout(other);
  }, 1);
  const other = loop.setTimeout(say, 1, "b");
  loop.setTimeout(say, 2, "c");
  await clock.advance(5);
  assert.equal(log, ["1 a", "2 c"]);
  loop.clearTimeout(due);
});

test("clearTimeout and clearInterval clear timers of both kinds", async () => {
  const { clock, log, loop, say } = setUp();
  loop.clearInterval(loop.setTimeout(say, 1, "timeout"));
  loop.clearTimeout(loop.setInterval(say, 1, "interval"));
  await clock.advance(10);
  assert.equal(log, []);
  assert.is(clock.pendingTasks, 0);
});

test("an interval that clears itself in its callback or in a microtask behind it does not run again", async () => {
  const { clock, log, loop, say } = setUp();
  const inside = loop.setInterval(() => {
    say("inside");
    loop.clearInterval(inside);
  }, 1);
  const behind = loop.setInterval(async () => {
    say("behind");
    await null;
    await null;
    loop.clearInterval(behind);
  }, 1);
  await clock.advance(10);
  assert.equal(log, ["1 inside", "1 behind"]);
  assert.is(clock.pendingTasks, 0);
});

test("an interval is set again when its callback and its microtasks have run, so timers set there go first", async () => {
  const { clock, log, loop, say } = setUp();
  const id: number = loop.setInterval(async () => {
    say("interval");
    if (clock.now() === 20) return loop.clearInterval(id);
    loop.setTimeout(say, 10, "set in the callback");
    for (let i = 0; i < 20; i++) await null;
    loop.setTimeout(say, 10, "set in a microtask");
  }, 10);
  await clock.runAll();
  assert.equal(log, ["10 interval", "20 set in the callback", "20 set in a microtask", "20 interval"]);
});

test("clear ignores what is no timer's id, and converts ids as WebIDL converts to long", async () => {
  const { clock, log, loop, say } = setUp();
  const id = loop.setTimeout(say, 1, "stays");
  const clear = loop.clearTimeout as (id?: unknown) => void;
  for (const nothing of [0, -1, id + 1, 2 ** 40, NaN, Infinity, undefined, null, "", "x", {}, [], false]) {
    clear(nothing);
  }
  clear();
  await clock.advance(1);
  assert.equal(log, ["1 stays"]);

  for (const convert of [String, (n: number) => n + 0.9, (n: number) => n + 2 ** 32, (n: number) => [n]]) {
    clear(convert(loop.setTimeout(say, 1, "cleared")));
  }
  clear({ valueOf: () => loop.setTimeout(say, 1, "cleared by its own conversion") });
  await clock.advance(10);
  assert.equal(log, ["1 stays"]);
  assert.throws(() => clear(Symbol()), isA(TypeError));
  assert.throws(() => clear(1n), isA(TypeError));
});

test("timeouts are converted as WebIDL converts to long", async () => {
  const table: [unknown, number][] = [
    [undefined, 0],
    [null, 0],
    [NaN, 0],
    [Infinity, 0],
    [-Infinity, 0],
    [-1, 0],
    [-(2 ** 31), 0],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 0],
    [2 ** 32, 0],
    [2 ** 32 + 7, 7],
    [7.999, 7],
    [0.9, 0],
    ["12", 12],
    ["0x10", 16],
    [" 3 ", 3],
    ["soon", 0],
    ["", 0],
    [true, 1],
    [[25], 25],
    [[], 0],
    [{}, 0],
    [{ valueOf: () => 30 }, 30],
    [{ toString: () => "40" }, 40],
    [new Date(50), 50],
  ];
  for (const [timeout, expected] of table) {
    const { clock, loop } = setUp();
    let ranAt: number | undefined;
    loop.setTimeout(() => (ranAt = clock.now()), timeout as number);
    assert.is(await clock.runNext(), true);
    assert.is(ranAt, expected, `a timeout of ${JSON.stringify(timeout) ?? String(timeout)}`);
  }
  const { loop } = setUp();
  const set = loop.setTimeout as (handler: unknown, timeout: unknown) => number;
  assert.throws(() => set(() => {}, Symbol()), isA(TypeError));
  assert.throws(() => set(() => {}, 5n), isA(TypeError));
  const failing = {
    valueOf() {
      throw new Error("no number");
    },
  };
  assert.throws(() => set(() => {}, failing), "no number");
});

test("handlers that are strings are refused with the reason, and other non-functions too", () => {
  const { clock, loop } = setUp();
  for (const set of [loop.setTimeout, loop.setInterval] as ((handler?: unknown) => number)[]) {
    assert.throws(() => set("log()"), isTypeError(/^set(Timeout|Interval): .* strings are not run as code/));
    for (const handler of [undefined, null, 1, {}, [], Symbol(), { handleEvent() {} }]) {
      assert.throws(() => set(handler), isTypeError(/^set(Timeout|Interval): .* is not a function$/));
    }
    assert.throws(() => set(), isA(TypeError));
  }
  const queueMicrotask = loop.queueMicrotask as (callback?: unknown) => void;
  for (const callback of [undefined, null, "log()", {}]) {
    assert.throws(() => queueMicrotask(callback), isA(TypeError));
  }
  assert.is(clock.pendingTasks, 0);
});

test("callable objects of every kind are handlers", async () => {
  const { clock, loop } = setUp();
  const calls: string[] = [];
  loop.setTimeout(new Proxy(() => calls.push("proxy"), {}));
  loop.setTimeout((() => calls.push("bound")).bind(null));
  loop.setTimeout(async () => calls.push("async"));
  const own = Object.assign(() => calls.push("own apply"), { apply: () => calls.push("wrong"), call: null });
  loop.setTimeout(own);
  await clock.runAll();
  assert.equal(calls, ["proxy", "bound", "async", "own apply"]);
});

test("ids are positive integers, each new", async () => {
  const { clock, loop } = setUp();
  const ids = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const id = i % 2 ? loop.setTimeout(() => {}, 1) : loop.setInterval(() => {}, 1);
    assert.ok(Number.isInteger(id) && id > 0);
    ids.add(id);
    if (i % 3) loop.clearTimeout(id);
  }
  assert.is(ids.size, 1000);
  await clock.advance(1);
  loop.close();
});

test("an error in a callback is reported, and everything else runs on", async () => {
  const { clock, errors, log, loop, say } = setUp();
  const failure = (value: unknown) => {
    throw value;
  };
  loop.setTimeout(say, 1, "before");
  loop.setTimeout(failure, 1, "thrown by a timeout");
  loop.setTimeout(say, 1, "between");
  const id = loop.setInterval(() => {
    say("interval");
    if (clock.now() === 3) loop.clearInterval(id);
    throw new Error(`thrown by an interval at ${clock.now()}`);
  }, 1);
  loop.queueMicrotask(() => failure(undefined));
  loop.setTimeout(say, 5, "after");
  await clock.runAll();
  assert.equal(log, ["1 before", "1 between", "1 interval", "2 interval", "3 interval", "5 after"]);
  assert.equal(
    errors.map((error) => (error instanceof Error ? error.message : error)),
    [
      undefined,
      "thrown by a timeout",
      "thrown by an interval at 1",
      "thrown by an interval at 2",
      "thrown by an interval at 3",
    ],
  );
});

test("when the error hook throws too, its error leaves the task, and no timer is lost", async () => {
  const clock = virtualClock();
  const ran: string[] = [];
  const loop = new EventLoop(clock, (error) => {
    throw error;
  });
  const id = loop.setInterval(() => {
    ran.push("interval");
    throw new Error("uncaught");
  }, 10);
  loop.setTimeout(() => ran.push("timeout"), 15);
  const failed = await clock.advance(12).catch((error: Error) => error);
  assert.is(failed?.message, "uncaught");
  assert.is(clock.now(), 10);
  await clock.advance(5);
  assert.equal(ran, ["interval", "timeout"]);
  loop.clearInterval(id);
});

test("an interval and chained timeouts interleave the same way every run", async () => {
  const run = async () => {
    const { clock, log, loop, say } = setUp();
    loop.setInterval(say, 7, "interval of 7");
    loop.setInterval(say, 3, "interval of 3");
    const chain = (n: number) => {
      say(`chain ${n}`);
      loop.setTimeout(chain, (n * 5) % 11, n + 1);
    };
    chain(0);
    await clock.advance(500);
    loop.close();
    return log;
  };
  const first = await run();
  assert.ok(first.length > 200);
  assert.equal(await run(), first);
});

test("100,000 timers can be set and cleared; the cleared ones leave nothing in the host's queue", async () => {
  const { clock, loop } = setUp();
  let ran = 0;
  const ids = Array.from({ length: 100_000 }, (_, i) => loop.setTimeout(() => ran++, (i * 7919) % 10_000));
  for (const id of ids) if (id % 1000 !== 0) loop.clearTimeout(id);
  await clock.runAll();
  assert.is(ran, 100);
  assert.is(clock.pendingTasks, 0);
  await loop.idle();
});

test.run();
