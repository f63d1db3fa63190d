/**
 * A runtime's event loop: its timers, its microtasks, its clock, and the count of what it has still to do. The tasks
 * themselves run on the host's loop, between the host's own; this decides which runs when, and knows when none is left.
 *
 * Its functions are those of WindowOrWorkerGlobalScope (https://html.spec.whatwg.org/multipage/webappapis.html),
 * converted as WebIDL says, and need no receiver: `const { setTimeout } = nano` works.
 */
import type { Clock } from "../host/host.ts";
import { engineMicrotask } from "./microtask.ts";
import { PendingWork } from "./pending.ts";
import { Performance } from "./performance.ts";
import { type Handler, Timers } from "./timers.ts";

export class EventLoop {
  readonly performance: Performance;

  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #pending: PendingWork;
  readonly #timers: Timers;
  #closed = false;

  /** @param onError told of every exception that nobody caught. What it throws itself is the host's to deal with. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
    this.#pending = new PendingWork((task) => clock.postTask(task));
    this.#timers = new Timers(clock, this.reportError, this.#pending);
    this.performance = new Performance(clock);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** HTML's "report an exception": hands it to whoever the runtime was told to tell. */
  readonly reportError = (error: unknown): void => {
    const onError = this.#onError;
    onError(error);
  };

  /**
   * Calls `handler` with `args` once `timeout` milliseconds have passed.
   *
   * @returns the timer's id, for `clearTimeout`.
   * @throws TypeError unless `handler` is a function; DOMException InvalidStateError after `close`.
   */
  readonly setTimeout = (handler: Handler, timeout = 0, ...args: unknown[]): number =>
    this.#setTimer("setTimeout", handler, timeout, args, false);

  /** As `setTimeout`, again and again: the time until the next call begins to run when the last one has returned. */
  readonly setInterval = (handler: Handler, timeout = 0, ...args: unknown[]): number =>
    this.#setTimer("setInterval", handler, timeout, args, true);

  /** Cancels a timer, an interval as well. What is no timer's id is ignored. */
  readonly clearTimeout = (id = 0): void => this.#timers.clear(toLong(id));

  /** Cancels a timer, a timeout as well. What is no timer's id is ignored. */
  readonly clearInterval = (id = 0): void => this.#timers.clear(toLong(id));

  /** An active timer, which tells later whether it was cleared. */
  timer(id: number): { readonly cleared: boolean } | undefined {
    return this.#timers.get(id);
  }

  /** Whether `idle` and the engine's process wait for an active timer, as they do at first. */
  setTimerAwaited(id: number, awaited: boolean): void {
    this.#timers.setAwaited(id, awaited);
  }

  /**
   * Calls `callback` when the running script is done, before any other task.
   *
   * @throws TypeError unless `callback` is a function; DOMException InvalidStateError after `close`.
   */
  readonly queueMicrotask = (callback: () => unknown): void => {
    if (typeof callback !== "function")
      throw new TypeError("queueMicrotask: argument 1 (callback) is not a function");
    this.#requireOpen("queueMicrotask");
    engineMicrotask(() => {
      try {
        callback();
      } catch (error) {
        this.reportError(error);
      }
    });
  };

  /**
   * Counts one piece of work, which keeps `idle` waiting until it is released.
   *
   * @returns the release; calling it again does nothing.
   * @throws DOMException InvalidStateError after `close`.
   */
  hold(): () => void {
    this.#requireOpen("hold");
    let held = true;
    this.#pending.add();
    return () => {
      if (!held) return;
      held = false;
      this.#pending.remove();
    };
  }

  /**
   * Resolves when no timer is set and no work is held, and a whole turn of the host's loop has added none. An
   * interval is work until it is cleared; on a virtual clock, timers are until somebody advances it. A closed loop
   * is idle.
   */
  idle(): Promise<void> {
    return this.#pending.idle();
  }

  /**
   * For work that takes long: resolves in a task of its own, soon, so that others get their turn. It takes no time
   * of a virtual clock.
   *
   * @throws DOMException InvalidStateError (as a rejection) once the loop is closed: the work is to stop.
   */
  async yield(): Promise<void> {
    const release = this.hold();
    await new Promise<void>((resolve) => this.#clock.postTask(resolve));
    release();
    this.#requireOpen("yield");
  }

  /**
   * Cancels all timers and lets go of whoever waits for `idle`. What would begin new work fails from here on with
   * InvalidStateError; clearing timers and reading the clock go on working. Microtasks queued before still run.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clearAll();
    this.#pending.close();
  }

  #setTimer(name: string, handler: Handler, timeout: number, args: unknown[], repeat: boolean): number {
    if (typeof handler === "string") {
      throw new TypeError(
        `${name}: argument 1 (handler) is a string, and strings are not run as code: pass a function`,
      );
    }
    if (typeof handler !== "function") throw new TypeError(`${name}: argument 1 (handler) is not a function`);
    const milliseconds = toLong(timeout);
    this.#requireOpen(name);
    return this.#timers.set(handler, milliseconds, args, repeat);
  }

  #requireOpen(name: string): void {
    if (this.#closed) throw new DOMException(`${name}: this runtime is closed`, "InvalidStateError");
  }
}

/** WebIDL's conversion to `long`: https://webidl.spec.whatwg.org/#es-long. Throws TypeError for symbols and BigInts. */
function toLong(value: unknown): number {
  return +(value as number) | 0;
}
