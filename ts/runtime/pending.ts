/**
 * What a runtime has still to do, counted: timers, servers, requests, promises given to `waitUntil`. Idle is when
 * the count is zero and has been for one whole turn of the host's loop, so that a promise that the last piece of
 * work settled has had its time to begin another.
 */
export class PendingWork {
  readonly #postTask: (task: () => void) => void;
  #count = 0;
  #waiters: (() => void)[] = [];
  /** Whether a task is on its way that will look whether this turn added nothing. */
  #watching = false;
  #addedThisTurn = false;
  #closed = false;

  constructor(postTask: (task: () => void) => void) {
    this.#postTask = postTask;
  }

  add(): void {
    this.#count++;
    this.#addedThisTurn = true;
  }

  remove(): void {
    this.#count--;
    this.#watch();
  }

  /** Resolves when idle, or closed. */
  idle(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#watch();
    });
  }

  /** Whoever waits need not wait longer. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #watch(): void {
    if (this.#watching || this.#count > 0 || this.#waiters.length === 0) return;
    this.#watching = true;
    this.#addedThisTurn = false;
    this.#postTask(() => {
      this.#watching = false;
      if (this.#count > 0) return;
      if (this.#addedThisTurn) this.#watch();
      else this.#release();
    });
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
