/**
 * A clock that stands still until it is told to move: an hour of timers runs in milliseconds, in the same order every
 * time.
 *
 * Between two tasks the clock lets the engine take a turn, and further turns while work is in flight that the runtime
 * itself does (slices of a long digest, bytes in the in-memory network). So promise chains of any length are followed
 * to their end, and a timer that one of them sets counts from the moment at which the chain ran; work of that kind
 * without an end lets no time pass. Other asynchronous work, such as a file that the host is reading, takes an unknown
 * number of turns: the clock does not wait for it. Await it before advancing.
 *
 * `Date` belongs to the engine and shows real time; `performance.now` shows this clock's.
 */
import { defaultHost } from "#host";
import type { Clock } from "../host/host.ts";
import { DeadlineQueue, Due } from "./deadline-queue.ts";

/** Unless told otherwise, `runAll` takes it that a program with more tasks than this never ends. */
const DEFAULT_TASK_LIMIT = 100_000;

export interface VirtualClockOptions {
  /** Unix time in milliseconds at which `now()` was zero; by default 0, the first of January 1970. */
  timeOrigin?: number;
  /** Where `now()` begins, in milliseconds; by default 0. */
  now?: number;
}

/**
 * The methods that move it run one after the other, in the order of the calls, awaited or not. When a task throws,
 * the promise of the call that ran it rejects, and the tasks behind it stay scheduled.
 */
export interface VirtualClock extends Clock {
  /**
   * Tasks that are scheduled and have not run: zero when nothing was left behind. However many timers a runtime has,
   * it schedules the next one only, when the script that sets or clears them has run.
   */
  readonly pendingTasks: number;

  /** Moves on by `duration` milliseconds, running on its way each task that falls due, at its time. */
  advance(duration: number): Promise<void>;

  /** Moves on to the next task and runs it. Resolves with false if there is none. */
  runNext(): Promise<boolean>;

  /**
   * Runs task after task until none is left.
   *
   * @returns how many ran.
   * @throws RangeError (as a rejection) when that takes more than `limit` tasks, 100,000 by default: an interval, or
   *     timers that set timers, would go on forever.
   */
  runAll(options?: { limit?: number }): Promise<number>;
}

export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new ManualClock(finite("timeOrigin", options.timeOrigin ?? 0), finite("now", options.now ?? 0));
}

class Task extends Due {
  readonly run: () => void;

  constructor(run: () => void) {
    super();
    this.run = run;
  }
}

class ManualClock implements VirtualClock {
  readonly timeOrigin: number;
  #now: number;
  readonly #tasks = new DeadlineQueue<Task>();
  /** Tasks posted to the engine that have not run. */
  #posted = 0;
  /** Settles when the last of the calls so far that move the clock is done. */
  #moved: Promise<unknown> = Promise.resolve();

  constructor(timeOrigin: number, now: number) {
    this.timeOrigin = timeOrigin;
    this.#now = now;
  }

  get pendingTasks(): number {
    return this.#tasks.size;
  }

  now(): number {
    return this.#now;
  }

  schedule(run: () => void, delay: number): () => void {
    const task = new Task(run);
    this.#tasks.add(task, this.#now, Math.max(0, delay));
    return () => this.#tasks.remove(task);
  }

  postTask(task: () => void): void {
    this.#posted++;
    defaultHost.clock.postTask(() => {
      this.#posted--;
      task();
    });
  }

  async advance(duration: number): Promise<void> {
    if (!(duration >= 0 && duration < Infinity)) {
      throw new RangeError(
        `advance: duration must be a finite number of milliseconds, 0 or more, not ${duration}`,
      );
    }
    await this.#move(async () => {
      const end = this.#now + duration;
      while (await this.#runNextUntil(end));
      this.#now = end;
    });
  }

  runNext(): Promise<boolean> {
    return this.#move(() => this.#runNextUntil(Infinity));
  }

  runAll({ limit = DEFAULT_TASK_LIMIT }: { limit?: number } = {}): Promise<number> {
    return this.#move(async () => {
      let count = 0;
      while (await this.#runNextUntil(Infinity)) {
        if (!(++count < limit) && this.#tasks.size > 0) {
          throw new RangeError(
            `runAll: after ${limit} tasks more are left; if something repeats, clear it or use advance`,
          );
        }
      }
      return count;
    });
  }

  #move<Result>(motion: () => Promise<Result>): Promise<Result> {
    const result = this.#moved.then(() => this.#settle()).then(motion);
    this.#moved = result.catch(() => undefined);
    return result;
  }

  /** Runs the next task, if there is one by `end`, and everything that follows from it. */
  async #runNextUntil(end: number): Promise<boolean> {
    const task = this.#tasks.first;
    if (!task || task.deadline > end) return false;
    this.#tasks.remove(task);
    this.#now = Math.max(this.#now, task.deadline);
    task.run();
    await this.#settle();
    return true;
  }

  /** Lets the engine take turns until no posted task is left; each turn drains its microtasks. */
  async #settle(): Promise<void> {
    do await new Promise<void>((resolve) => defaultHost.clock.postTask(resolve));
    while (this.#posted > 0);
  }
}

function finite(name: string, value: number): number {
  if (!Number.isFinite(value))
    throw new RangeError(`virtualClock: ${name} must be a finite number, not ${value}`);
  return value;
}
