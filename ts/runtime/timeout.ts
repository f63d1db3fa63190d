/**
 * Timers as Node, Deno and Bun have them: objects, with methods that programs for those engines call, and the engine's own
 * fetch too; as a number, one is its timer's id. https://nodejs.org/api/timers.html#class-timeout
 */
import type { EventLoop } from "./loop.ts";
import type { Handler } from "./timers.ts";

/** As they were at import: see host/web.ts. */
const engine = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
const { clearTimeout: clearOfEngine } = globalThis;

/** What `promisify` of node:util makes of the engine's timers stays the engine's, as node:timers/promises does. */
const PROMISIFIED = Symbol.for("nodejs.util.promisify.custom");

/** A loop's timers, but for what is returned by those that set one, and taken by those that clear it. */
export function objectTimers(loop: EventLoop) {
  const timers = {
    setTimeout: (handler: Handler, timeout = 0, ...args: unknown[]): Timeout =>
      new Timeout(loop, () => loop.setTimeout(handler, timeout, ...args)),
    setInterval: (handler: Handler, timeout = 0, ...args: unknown[]): Timeout =>
      new Timeout(loop, () => loop.setInterval(handler, timeout, ...args)),
    clearTimeout: (timer: unknown = 0): void => clear(loop, timer),
    clearInterval: (timer: unknown = 0): void => clear(loop, timer),
  };
  for (const name of ["setTimeout", "setInterval"] as const) {
    const promisified = Object.getOwnPropertyDescriptor(engine[name], PROMISIFIED);
    if (promisified) Object.defineProperty(timers[name], PROMISIFIED, promisified);
  }
  return timers;
}

function clear(loop: EventLoop, timer: unknown): void {
  if (timer instanceof Timeout) timer.close();
  // As a number it would be another's id here: programs set some before these were the globals, and by node:timers.
  else if (isOfEngine(timer)) clearOfEngine(timer);
  else loop.clearTimeout(timer as number);
}

function isOfEngine(timer: unknown): timer is ReturnType<typeof setTimeout> {
  return typeof timer === "object" && timer !== null && "refresh" in timer && Symbol.toPrimitive in timer;
}

class Timeout {
  readonly #loop: EventLoop;
  readonly #set: () => number;
  #id: number;
  /** As the loop knows it. */
  #timer: ReturnType<EventLoop["timer"]>;
  #closed = false;
  #awaited = true;

  /** @param set sets the timer, now and again; the first time, it may throw. */
  constructor(loop: EventLoop, set: () => number) {
    this.#loop = loop;
    this.#set = set;
    this.#id = set();
    this.#timer = loop.timer(this.#id);
  }

  /** The process, and `idle`, wait for it, as at first. */
  ref(): this {
    return this.#setAwaited(true);
  }

  /** Neither the process nor `idle` waits for it. */
  unref(): this {
    return this.#setAwaited(false);
  }

  hasRef(): boolean {
    return this.#awaited;
  }

  /** Sets it again, from now on, whether it has run or not. Does nothing once it was cleared, or the loop is closed. */
  refresh(): this {
    if (this.#loop.closed || this.#closed || this.#timer!.cleared) return this;
    this.#loop.clearTimeout(this.#id);
    this.#id = this.#set();
    this.#timer = this.#loop.timer(this.#id);
    return this.#setAwaited(this.#awaited);
  }

  /** Clears it. */
  close(): this {
    this.#closed = true;
    this.#loop.clearTimeout(this.#id);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  #setAwaited(awaited: boolean): this {
    this.#awaited = awaited;
    this.#loop.setTimerAwaited(this.#id, awaited);
    return this;
  }
}

/** For `using`, where the engine knows it. */
const { dispose } = Symbol as { readonly dispose?: symbol };
if (dispose) {
  Object.defineProperty(Timeout.prototype, dispose, {
    value(this: Timeout) {
      this.close();
    },
    writable: true,
    configurable: true,
  });
}
