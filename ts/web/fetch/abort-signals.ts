/**
 * Who waits for a signal's abort, with one listener a signal: programs give the same one to hundreds of fetches, and
 * Node warns of a leak when the eleventh listens.
 */
const waiting = new WeakMap<AbortSignal, Waiting>();

class Waiting {
  readonly callbacks = new Set<() => void>();

  /** A copy, since a callback may take others away. */
  readonly listener = (): void => {
    for (const callback of [...this.callbacks]) if (this.callbacks.has(callback)) callback();
  };
}

/** Calls `callback` when the signal is aborted, unless `offAbort` comes first. */
export function onAbort(signal: AbortSignal, callback: () => void): void {
  let found = waiting.get(signal);
  if (!found) {
    found = new Waiting();
    waiting.set(signal, found);
  }
  if (found.callbacks.size === 0) signal.addEventListener("abort", found.listener);
  found.callbacks.add(callback);
}

export function offAbort(signal: AbortSignal, callback: () => void): void {
  const found = waiting.get(signal);
  if (found?.callbacks.delete(callback) && found.callbacks.size === 0)
    signal.removeEventListener("abort", found.listener);
}
