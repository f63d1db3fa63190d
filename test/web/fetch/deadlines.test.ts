/** The deadlines of all fetches, by one task of the clock. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { virtualClock } from "../../../ts/runtime/virtual-clock.ts";
import { Deadlines, SeparateDeadlines } from "../../../ts/web/fetch/deadlines.ts";

function setUp(separate = false) {
  const clock = virtualClock();
  const log: string[] = [];
  class Fetch {
    readonly name: string;
    deadline: number;

    constructor(name: string, deadline: number) {
      this.name = name;
      this.deadline = deadline;
      deadlines.add(this);
    }

    /** It is over, as each is whose deadline has come. */
    expire(now: number): void {
      log.push(`${now} ${this.name}`);
      deadlines.delete(this);
    }

    by(deadline: number): void {
      this.deadline = deadline;
      deadlines.moved(this);
    }
  }
  const deadlines = separate ? new SeparateDeadlines<Fetch>(clock) : new Deadlines<Fetch>(clock);
  return { clock, log, deadlines, Fetch };
}

test("each expires at its time, and one task is scheduled for all", async () => {
  const { clock, log, Fetch } = setUp();
  for (const deadline of [30, 10, 20, 10, 1e9, Number.POSITIVE_INFINITY])
    new Fetch(`of ${deadline}`, deadline);
  assert.is(clock.pendingTasks, 1);
  await clock.advance(9);
  assert.equal(log, []);
  await clock.advance(21);
  assert.equal(log, ["10 of 10", "10 of 10", "20 of 20", "30 of 30"]);
  assert.is(clock.pendingTasks, 1);
});

test("a deadline that is moved nearer holds, and one that is moved away does not", async () => {
  const { clock, log, Fetch } = setUp();
  const [near, far] = [new Fetch("near", 50), new Fetch("far", 50)];
  near.by(5);
  far.by(500);
  await clock.advance(499);
  assert.equal(log, ["5 near"]);
  await clock.advance(1);
  assert.equal(log, ["5 near", "500 far"]);
});

test("of a thousand, one each millisecond, none is late, though each looks at all", async () => {
  const { clock, log, Fetch } = setUp();
  for (let at = 1; at <= 1000; at++) new Fetch("each", at);
  await clock.advance(1000);
  assert.equal(
    log,
    Array.from({ length: 1000 }, (_, at) => `${at + 1} each`),
  );
});

test("without any under way, the task is called off a turn later, unless another has begun", async () => {
  const { clock, log, deadlines, Fetch } = setUp();
  const first = new Fetch("first", 10);
  deadlines.delete(first);
  const second = new Fetch("second", 20);
  await clock.advance(15);
  assert.is(clock.pendingTasks, 1);
  deadlines.delete(second);
  await clock.advance(0);
  assert.equal([clock.pendingTasks, clock.now()], [0, 15]);
  new Fetch("third", 17);
  await clock.advance(2);
  assert.equal(log, ["17 third"]);
  await clock.advance(0);
  assert.is(clock.pendingTasks, 0);
  deadlines.delete(new Fetch("fourth", 100));
  deadlines.close();
  assert.is(clock.pendingTasks, 0);
});

test("what one throws when it expires keeps nobody else waiting", () => {
  const scheduled: (() => void)[] = [];
  const schedule = (task: () => void) => {
    scheduled.push(task);
    return () => {};
  };
  const clock = { timeOrigin: 0, now: () => 10, schedule, postTask: () => {} };
  const deadlines = new Deadlines<{ deadline: number; expire(): void }>(clock);
  const log: string[] = [];
  for (const name of ["before", "broken", "behind"]) {
    const fetch = {
      deadline: 10,
      expire() {
        log.push(name);
        deadlines.delete(fetch);
        if (name === "broken") throw new Error(name);
      },
    };
    deadlines.add(fetch);
  }
  assert.throws(() => scheduled[0]!(), /^broken$/);
  assert.equal([log, scheduled.length], [["before", "broken"], 2]);
  scheduled[1]!();
  assert.equal(log, ["before", "broken", "behind"]);
});

test("where tasks end with requests, each has its own, which goes with it", async () => {
  const { clock, log, deadlines, Fetch } = setUp(true);
  const [, near, gone] = [new Fetch("at 10", 10), new Fetch("near", 10), new Fetch("gone", 10)];
  assert.is(clock.pendingTasks, 3);
  near!.by(5);
  deadlines.delete(gone!);
  assert.is(clock.pendingTasks, 2);
  await clock.advance(100);
  assert.equal(log, ["5 near", "10 at 10"]);
  new Fetch("closed", 200);
  deadlines.close();
  assert.equal([clock.pendingTasks, deadlines.fetches.size], [0, 1]);
});

test.run();
