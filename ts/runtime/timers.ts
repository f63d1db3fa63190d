/**
 * Timers: https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timers
 *
 * The "timer initialization steps" on a clock of any kind. What the standard leaves open is settled so: timers run
 * in the order of their deadlines, and of equal deadlines the one set earlier first, never as the host's jitter
 * would have it; and handlers given as strings are refused, as under a Content Security Policy without 'unsafe-eval'.
 *
 * Every callback runs in a host task of its own, so that microtasks are drained between two of them, and at most one
 * host timer is outstanding, the one for the earliest deadline.
 */
import type { Clock } from "../host/host.ts";
import { DeadlineQueue, Due } from "./deadline-queue.ts";
import { engineMicrotask } from "./microtask.ts";
import type { PendingWork } from "./pending.ts";

/** Deeper than this, a timeout is at least `CLAMPED_TIMEOUT_MS` (timer initialization steps, step 5). */
const MAX_UNCLAMPED_NESTING = 5;
const CLAMPED_TIMEOUT_MS = 4;

/** Ids are WebIDL `long`s. */
const MAX_ID = 2 ** 31 - 1;

// biome-ignore lint/suspicious/noExplicitAny: the arguments are the caller's, and so are their types.
export type Handler = (...args: any[]) => unknown;

class Timer extends Due {
  readonly id: number;
  readonly handler: Handler;
  readonly args: unknown[];
  readonly repeat: boolean;
  /** Of the last setting, in milliseconds; intervals are set again with it. */
  timeout: number;
  /** The "timer nesting level" of the task that runs the handler. */
  nestingLevel = 0;
  /** Whether it is work that somebody waits for. */
  awaited = true;
  /** Whether somebody has cleared it before it was over. */
  cleared = false;

  constructor(id: number, handler: Handler, timeout: number, args: unknown[], repeat: boolean) {
    super();
    this.id = id;
    this.handler = handler;
    this.timeout = timeout;
    this.args = args;
    this.repeat = repeat;
  }
}

export class Timers {
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #pending: PendingWork;

  /** The standard's "map of setTimeout and setInterval IDs". */
  readonly #active = new Map<number, Timer>();
  /** How many of them are awaited. */
  #awaitedCount = 0;
  /** Those of them whose deadline is still to come. */
  readonly #queue = new DeadlineQueue<Timer>();
  #lastId = 0;
  /** Of the running task; zero outside timers, and in microtasks, which are tasks of their own to the standard. */
  #nestingLevel = 0;

  /** Whether an interval's handler has run and its next round has not begun: until then no other timer runs. */
  #betweenRounds = false;
  /** Whether a microtask is on its way that will bring the host's timer in line with the queue. */
  #aligning = false;
  #armedDeadline: number | undefined;
  /** Whether the host's timer keeps no process alive. */
  #armedInBackground = false;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, report: (error: unknown) => void, pending: PendingWork) {
    this.#clock = clock;
    this.#report = report;
    this.#pending = pending;
  }

  /**
   * Sets a timer.
   *
   * @param timeout in milliseconds, a WebIDL `long` already; a negative one is zero.
   * @returns its id, a positive integer that no active timer has.
   */
  set(handler: Handler, timeout: number, args: unknown[], repeat: boolean): number {
    do {
      this.#lastId = this.#lastId === MAX_ID ? 1 : this.#lastId + 1;
    } while (this.#active.has(this.#lastId));
    const id = this.#lastId;
    const timer = new Timer(id, handler, timeout, args, repeat);
    this.#active.set(id, timer);
    this.#awaitedCount++;
    this.#pending.add();
    this.#start(timer, this.#nestingLevel);
    return id;
  }

  /**
   * Whether an active timer is work that is waited for, by `idle` and by the engine's process; at first it is. An id that
   * is no active timer's is ignored.
   */
  setAwaited(id: number, awaited: boolean): void {
    const timer = this.#active.get(id);
    if (!timer || timer.awaited === awaited) return;
    timer.awaited = awaited;
    if (awaited) {
      this.#awaitedCount++;
      this.#pending.add();
    } else this.#leave();
    this.#align();
  }

  /** An active timer. */
  get(id: number): Timer | undefined {
    return this.#active.get(id);
  }

  /** Forgets a timer, of either kind; an id that is no active timer's is ignored. */
  clear(id: number): void {
    const timer = this.#active.get(id);
    if (!timer) return;
    timer.cleared = true;
    this.#queue.remove(timer);
    this.#forget(timer);
    this.#align();
  }

  clearAll(): void {
    this.#queue.clear();
    for (const timer of this.#active.values()) this.#forget(timer);
    this.#arm();
  }

  /** Steps 4 to 14, from a task of the given nesting level. */
  #start(timer: Timer, nestingLevel: number): void {
    const least = nestingLevel > MAX_UNCLAMPED_NESTING ? CLAMPED_TIMEOUT_MS : 0;
    timer.timeout = Math.max(timer.timeout, least);
    timer.nestingLevel = nestingLevel + 1;
    this.#queue.add(timer, this.#clock.now(), timer.timeout);
    this.#align();
  }

  #forget(timer: Timer): void {
    this.#active.delete(timer.id);
    if (timer.awaited) this.#leave();
  }

  /** One is awaited no more. */
  #leave(): void {
    this.#awaitedCount--;
    this.#pending.remove();
  }

  /** Arms the host's timer once this task's script is done, however many timers it sets and clears. */
  #align(): void {
    if (this.#aligning) return;
    this.#aligning = true;
    engineMicrotask(() => {
      this.#aligning = false;
      this.#arm();
    });
  }

  #arm(): void {
    const first = this.#queue.first;
    const inBackground = this.#awaitedCount === 0;
    if (this.#betweenRounds) return;
    if (first?.deadline === this.#armedDeadline && inBackground === this.#armedInBackground) return;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedDeadline = first?.deadline;
    if (!first) return;
    const delay = Math.max(0, first.deadline - this.#clock.now());
    this.#armedInBackground = inBackground;
    this.#disarm = this.#clock.schedule(() => this.#wake(), delay, inBackground);
  }

  /**
   * The host's task at the armed deadline: a timer of that deadline is due, however `now` is rounded. It may be gone
   * again where a clock's task came before the microtask that would have disarmed it.
   */
  #wake(): void {
    const deadline = this.#armedDeadline!;
    this.#armedDeadline = undefined;
    this.#disarm = undefined;
    const timer = this.#queue.first;
    if (timer && timer.deadline <= deadline) {
      this.#queue.remove(timer);
      this.#run(timer);
    } else this.#arm();
  }

  /** Step 9: the timer's task. */
  #run(timer: Timer): void {
    this.#nestingLevel = timer.nestingLevel;
    try {
      Reflect.apply(timer.handler, globalThis, timer.args);
    } catch (error) {
      this.#report(error);
    } finally {
      this.#nestingLevel = 0;
      this.#finish(timer);
    }
  }

  /** The end of step 9. An interval is set again after the microtasks of its handler, so in a task behind them. */
  #finish(timer: Timer): void {
    if (this.#active.get(timer.id) !== timer) this.#arm();
    else if (timer.repeat) {
      this.#betweenRounds = true;
      this.#clock.postTask(() => {
        this.#betweenRounds = false;
        if (this.#active.get(timer.id) === timer) this.#start(timer, timer.nestingLevel);
        else this.#arm();
      });
    } else {
      this.#forget(timer);
      this.#arm();
    }
  }
}
