/**
 * Work that may take long, in slices. The event loop is never held: an operation of more than about 10 ms gives
 * `Sliced` instead of its result; the promise-returning interface then lets the loop turn between slices, and the
 * synchronous one runs them in one go. The algorithm is written once.
 */
import type { EventLoop } from "../../runtime/loop.ts";

/** A result, or the work that will give it. */
export type Result<T> = T | Sliced<T>;

/**
 * How much of an input a slice takes: 3 ms of SHA-256 where this was measured, 10 ms on a machine a third as fast.
 * Shorter inputs are used at the call and never copied; longer ones are, since the caller may change them meanwhile.
 */
export const SLICE_BYTES = 1024 * 1024;

/** What is made of a result, when it is there. */
export function after<T, U>(result: Result<T>, next: (value: T) => Result<U>): Result<U> {
  if (!(result instanceof Sliced)) return next(result);
  return new Sliced(chain(result, next));
}

function* chain<T, U>(result: Result<T>, next: (value: T) => Result<U>): Slices<U> {
  return yield* slicesOf(next(yield* slicesOf(result)));
}

/** For work that is part of a longer one. */
export function* slicesOf<T>(result: Result<T>): Slices<T> {
  return result instanceof Sliced ? yield* result.slices : result;
}

/** A generator that yields between slices, cleans up in `finally`, and returns the result. */
export type Slices<T> = Generator<undefined, T, undefined>;

export class Sliced<T> {
  readonly slices: Slices<T>;

  constructor(slices: Slices<T>) {
    this.slices = slices;
  }

  /** All slices, at once. */
  finish(): T {
    for (;;) {
      const step = this.slices.next();
      if (step.done) return step.value;
    }
  }

  /**
   * The first slice at once, each further one in a task of its own. The work counts as pending on the loop. What fails at
   * once is thrown: a promise that is rejected when it is made, and handled when an async function takes it over, workerd
   * calls unhandled.
   *
   * @throws DOMException InvalidStateError (as a rejection, too) when the runtime is closed meanwhile.
   */
  run(loop: EventLoop): T | Promise<T> {
    const { slices } = this;
    let rest: Promise<T> | undefined;
    try {
      const first = slices.next();
      if (first.done) return first.value;
      rest = finishOn(loop, slices, loop.hold());
      return rest;
    } finally {
      if (!rest) slices.return(undefined as never);
    }
  }
}

async function finishOn<T>(loop: EventLoop, slices: Slices<T>, release: () => void): Promise<T> {
  try {
    for (;;) {
      await loop.yield();
      const step = slices.next();
      if (step.done) return step.value;
    }
  } finally {
    release();
    // What was begun cleans up after itself, wherever it was.
    slices.return(undefined as never);
  }
}

/**
 * Work on one input after the other, each from its beginning: as much of them in a slice as SLICE_BYTES says, all
 * together.
 */
export function* throughSlices(
  ...inputs: readonly (readonly [bytes: Uint8Array, use: (piece: Uint8Array, at: number) => void])[]
): Slices<void> {
  let taken = 0;
  for (const [bytes, use] of inputs) {
    for (let at = 0; at < bytes.length; ) {
      if (taken === SLICE_BYTES) {
        yield;
        taken = 0;
      }
      const piece = bytes.subarray(at, at + SLICE_BYTES - taken);
      use(piece, at);
      at += piece.length;
      taken += piece.length;
    }
  }
}
