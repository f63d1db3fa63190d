/** For engines that cannot give up what they have begun to open. */

/**
 * `opening`; or, once `signal` is aborted, a rejection with its reason: then `close` is called with what is opened all the
 * same.
 */
export function untilAborted<Opened>(
  signal: AbortSignal | undefined,
  opening: Promise<Opened>,
  close: (opened: Opened) => void,
): Promise<Opened> {
  if (!signal) return opening;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    opening
      .then((opened) => {
        if (signal.aborted) close(opened);
        else resolve(opened);
      }, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
