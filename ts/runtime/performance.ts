/**
 * `performance`, as far as High Resolution Time goes: https://w3c.github.io/hr-time/#sec-performance
 * Times are the clock's own, neither coarsened nor shifted: isolation is not a runtime's business but its host's.
 */
import type { Clock } from "../host/host.ts";

export class Performance {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Unix time in milliseconds at which `now()` was zero. */
  get timeOrigin(): number {
    return this.#clock.timeOrigin;
  }

  /** Milliseconds since `timeOrigin`. It never goes back. */
  now(): number {
    return this.#clock.now();
  }

  toJSON(): { timeOrigin: number } {
    return { timeOrigin: this.timeOrigin };
  }

  get [Symbol.toStringTag](): string {
    return "Performance";
  }
}
