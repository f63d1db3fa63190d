import type { EventLoop } from "../runtime/loop.ts";

/**
 * A deadline that is moved often and passes seldom. Moving it later is an assignment: the timer that is set already
 * finds out when it fires, and waits for the rest.
 */
export class Deadline {
  readonly #loop: EventLoop;
  readonly #passed: () => void;
  /** When it passes, by the loop's clock; Infinity while there is none. */
  #at = Number.POSITIVE_INFINITY;
  #timer = 0;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(loop: EventLoop, passed: () => void) {
    this.#loop = loop;
    this.#passed = passed;
  }

  /** Passes `milliseconds` from now, unless it is set again or cleared before. Infinity clears it. */
  set(milliseconds: number): void {
    this.#at = this.#loop.performance.now() + milliseconds;
    if (this.#at < this.#timerAt) this.#setTimer(milliseconds);
  }

  clear(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** For good: leaves no timer behind. */
  dispose(): void {
    this.clear();
    this.#loop.clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #setTimer(milliseconds: number): void {
    this.#loop.clearTimeout(this.#timer);
    this.#timerAt = this.#at;
    this.#timer = this.#loop.setTimeout(this.#fired, Math.ceil(milliseconds));
  }

  readonly #fired = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const left = this.#at - this.#loop.performance.now();
    if (left > 0) {
      if (left < Number.POSITIVE_INFINITY) this.#setTimer(left);
      return;
    }
    this.clear();
    this.#passed();
  };
}
