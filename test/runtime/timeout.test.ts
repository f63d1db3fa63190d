// Timers as objects, as Node, Deno and Bun have them: https://nodejs.org/api/timers.html#class-timeout
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Clock } from "../../ts/host/host.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { objectTimers } from "../../ts/runtime/timeout.ts";
import { virtualClock } from "../../ts/runtime/virtual-clock.ts";

/** A loop with its timers on a virtual clock, what ran at which time, and whether the host's last timer is of no account. */
function setUp() {
  const virtual = virtualClock();
  let inBackground: boolean | undefined;
  const clock: Clock = {
    timeOrigin: virtual.timeOrigin,
    now: () => virtual.now(),
    postTask: (task) => virtual.postTask(task),
    schedule(task, delay, background) {
      inBackground = background;
      return virtual.schedule(task, delay, background);
    },
  };
  const log: string[] = [];
  const loop = new EventLoop(clock, (error) => {
    throw error;
  });
  const say = (word: string) => void log.push(`${virtual.now()} ${word}`);
  return { clock: virtual, loop, log, say, ...objectTimers(loop), inBackground: () => inBackground };
}

test("they run as timers do, with their arguments, and as a number they are their ids", async () => {
  const { clock, loop, log, say, setTimeout, setInterval } = setUp();
  const [timeout, interval] = [setTimeout(say, 10, "once"), setInterval(say, 15, "again")];
  assert.is(Number.isInteger(+timeout), true);
  assert.is.not(+timeout, +interval);
  await clock.advance(40);
  assert.equal(log, ["10 once", "15 again", "30 again"]);
  loop.clearTimeout(interval as never);
  await loop.idle();
  assert.throws(() => setTimeout("code" as never, 0), /^setTimeout: argument 1 \(handler\) is a string/);
});

test("close, clearTimeout and clearInterval clear them, by object or by number", async () => {
  const { loop, log, clock, say, setTimeout } = setUp();
  const timers = Array.from({ length: 4 }, (_, at) => setTimeout(say, 1, `${at}`));
  assert.is(timers[0]!.close(), timers[0]);
  loop.clearTimeout(timers[1] as never);
  loop.clearInterval(+timers[2]!);
  await clock.advance(1);
  assert.equal(log, ["1 3"]);
  await loop.idle();
});

test("neither idle nor the host waits for those that are of no account, until they are again", async () => {
  const { clock, loop, log, say, setTimeout, inBackground } = setUp();
  const timer = setTimeout(say, 10, "a");
  assert.is(timer.hasRef(), true);
  assert.is(timer.unref().unref(), timer);
  assert.is(timer.hasRef(), false);
  await loop.idle();
  assert.is(inBackground(), true);

  const awaited = setTimeout(say, 20, "b");
  await clock.advance(0);
  assert.is(inBackground(), false, "there is one that counts, though it comes later");
  let idle = false;
  loop.idle().then(() => {
    idle = true;
  });
  await clock.advance(10);
  assert.equal([log, idle], [["10 a"], false]);
  awaited.unref();
  await clock.advance(0);
  assert.equal([inBackground(), idle], [true, true]);
  awaited.ref();
  await clock.advance(0);
  assert.is(inBackground(), false);
  await clock.advance(10);
  assert.equal(log, ["10 a", "20 b"]);
  await loop.idle();
});

test("what becomes of one that has run, or was cleared, changes no count", async () => {
  const { clock, loop, say, setTimeout, setInterval } = setUp();
  const [over, cleared, interval] = [setTimeout(say, 1), setTimeout(say, 1), setInterval(say, 5)];
  cleared.close().unref().ref();
  await clock.advance(1);
  over.unref().ref().unref();
  let idle = false;
  loop.idle().then(() => {
    idle = true;
  });
  await clock.advance(20);
  assert.is(idle, false);
  interval.unref();
  await clock.advance(20);
  assert.is(idle, true);
  interval.close();
  await clock.advance(0);
  assert.is(clock.pendingTasks, 0);
});

test("refresh begins anew, also when it has run, and keeps its account", async () => {
  const { clock, loop, log, say, setTimeout } = setUp();
  const timer = setTimeout(say, 10, "a").unref();
  await clock.advance(6);
  assert.is(timer.refresh(), timer);
  await clock.advance(6);
  assert.equal(log, []);
  await clock.advance(4);
  assert.equal(log, ["16 a"]);
  timer.refresh();
  await loop.idle();
  await clock.advance(10);
  assert.equal(log, ["16 a", "26 a"]);
  // From its own handler.
  const again = setTimeout(() => {
    say("b");
    if (log.length < 5) again.refresh();
  }, 10);
  await clock.advance(100);
  assert.equal(log.slice(2), ["36 b", "46 b", "56 b"]);
  loop.close();
  assert.is(timer.refresh(), timer);
  assert.is(clock.pendingTasks, 0);
});

test("refresh does not bring back what was cleared, however that was said", async () => {
  const { clock, loop, log, say, setTimeout, setInterval, clearTimeout } = setUp();
  const ways: ((timer: ReturnType<typeof setTimeout>) => unknown)[] = [
    (timer) => timer.close(),
    (timer) => clearTimeout(timer),
    (timer) => clearTimeout(+timer),
    (timer) => clearTimeout(`${+timer}`),
    (timer) => loop.clearTimeout(+timer),
  ];
  for (const clear of ways) {
    for (const timer of [setTimeout(say, 10, "never"), setInterval(say, 10, "never")]) {
      clear(timer);
      timer.refresh();
    }
  }
  const itself = setTimeout(() => clearTimeout(+itself), 10);
  const [over, interval] = [setTimeout(say, 10, "once"), setInterval(say, 10, "once")];
  await clock.advance(10);
  clearTimeout(over);
  clearTimeout(+interval);
  for (const timer of [itself, over, interval]) timer.refresh();
  await clock.advance(100);
  assert.equal(log, ["10 once", "10 once"]);
  await loop.idle();
});

test("the engine's own timers are cleared as such, never as the numbers that they are", async () => {
  const { clock, log, say, setTimeout, clearTimeout } = setUp();
  const own = globalThis.setTimeout(() => assert.unreachable(), 20);
  // The same number, as far as anybody can tell.
  let timer = setTimeout(say, 10, "ours");
  while (+timer < +own) {
    timer.close();
    timer = setTimeout(say, 10, "ours");
  }
  clearTimeout(own);
  await new Promise((resolve) => globalThis.setTimeout(resolve, 30));
  await clock.advance(10);
  assert.equal(log, ["10 ours"]);
});

test("what else is cleared is a number to the standard", async () => {
  const { clock, log, say, setTimeout, clearTimeout, clearInterval } = setUp();
  const [first, second, third] = [
    setTimeout(say, 10, "1"),
    setTimeout(say, 10, "2"),
    setTimeout(say, 10, "3"),
  ];
  for (const nothing of [undefined, null, Number.NaN, {}, "", "x", [], -1, 2 ** 40, false])
    clearTimeout(nothing);
  clearTimeout({ valueOf: () => +first });
  clearInterval(2 ** 32 + +third);
  assert.throws(() => clearTimeout(Symbol("id")), TypeError);
  assert.throws(() => clearTimeout(1n), TypeError);
  await clock.advance(10);
  assert.equal(log, ["10 2"]);
  second.close();
});

test.run();
