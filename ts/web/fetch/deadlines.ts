/**
 * The deadlines of all fetches of a runtime, by one task of its clock. Most are never met, so what was scheduled for a
 * fetch that is over stays, and finds out when it runs for whom it has come; only when no fetch is under way, and none has
 * begun by the next turn, is it called off.
 */
import type { Clock } from "../../host/host.ts";

/** Who has a deadline. */
export interface Due {
  /** By the clock, in milliseconds; Infinity for none. Whoever brings it nearer says so by `Deadlines.moved`. */
  readonly deadline: number;
  /** It has come. */
  expire(now: number): void;
}

export class Deadlines<Fetch extends Due> {
  readonly #clock: Clock;
  /** Under way. */
  readonly #fetches = new Set<Fetch>();
  /** When the task runs. */
  #at = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | null = null;
  /** Whether a look is on its way at whether the task is still needed. */
  #looking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those who may have deadlines. */
  get fetches(): ReadonlySet<Fetch> {
    return this.#fetches;
  }

  now(): number {
    return this.#clock.now();
  }

  add(fetch: Fetch): void {
    this.#fetches.add(fetch);
    this.#by(fetch.deadline);
  }

  delete(fetch: Fetch): void {
    this.#fetches.delete(fetch);
    if (this.#fetches.size > 0 || this.#looking || !this.#cancel) return;
    this.#looking = true;
    this.#clock.postTask(() => {
      this.#looking = false;
      if (this.#fetches.size === 0) this.close();
    });
  }

  /** A deadline has come nearer. */
  moved({ deadline }: Fetch): void {
    this.#by(deadline);
  }

  #by(at: number): void {
    if (at >= this.#at) return;
    this.#cancel?.();
    this.#at = at;
    this.#cancel = this.#clock.schedule(this.#run, at - this.#clock.now());
  }

  /** Calls the task off. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#at = Number.POSITIVE_INFINITY;
  }

  readonly #run = (): void => {
    this.#cancel = null;
    this.#at = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    try {
      for (const fetch of [...this.#fetches]) if (fetch.deadline <= now) fetch.expire(now);
    } finally {
      // Whoever reports errors may throw; the others' deadlines hold all the same.
      let next = Number.POSITIVE_INFINITY;
      for (const { deadline } of this.#fetches) next = Math.min(next, deadline);
      this.#by(next);
    }
  };
}

/** The same where tasks end with requests: those of one fetch are no use to another. */
export class SeparateDeadlines<Fetch extends Due> {
  readonly #clock: Clock;
  readonly #each = new Map<Fetch, Deadlines<Fetch>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get fetches(): ReadonlySet<Fetch> {
    return new Set(this.#each.keys());
  }

  now(): number {
    return this.#clock.now();
  }

  add(fetch: Fetch): void {
    const own = new Deadlines<Fetch>(this.#clock);
    this.#each.set(fetch, own);
    own.add(fetch);
  }

  delete(fetch: Fetch): void {
    const own = this.#each.get(fetch);
    own?.close();
    own?.delete(fetch);
    this.#each.delete(fetch);
  }

  moved(fetch: Fetch): void {
    this.#each.get(fetch)?.moved(fetch);
  }

  close(): void {
    for (const own of this.#each.values()) own.close();
  }
}
