/**
 * What engines of the web platform have in common: time, entropy and the reporting of errors, by the globals that all
 * of them share (WinterTC's Minimum Common Web API, https://min-common-api.proposal.wintertc.org). An adapter adds
 * what is the engine's own: how a task is posted, where the core is, which sockets there are.
 *
 * Globals are taken once, at import, so that whoever replaces them later (fake timers, a runtime's own functions made
 * global) does not replace them here. Nothing else happens at import: workerd allows neither timers nor entropy then.
 */
import type { Clock } from "./host.ts";

const { setTimeout, clearTimeout, performance, crypto } = globalThis;

/** What engines take for a delay: a WebIDL `long`. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** https://w3c.github.io/webcrypto/#Crypto-method-getRandomValues fills no more at a time. */
const MAX_FILL_BYTES = 65_536;

/**
 * The engine's own clock, on the engine's way of posting a task.
 *
 * @param unref lets the process end although a timer is set; absent where there is no process.
 */
export function webClock(
  postTask: Clock["postTask"],
  unref?: (timer: ReturnType<typeof setTimeout>) => void,
): Clock {
  const now = () => performance.now();
  return {
    get timeOrigin() {
      return performance.timeOrigin;
    },
    now,

    schedule(task, delay, background = false) {
      // Not setTimeout, which counts a delay of zero as a millisecond or, nested, as four.
      if (delay <= 0) {
        let cancelled = false;
        postTask(() => {
          if (!cancelled) task();
        });
        return () => {
          cancelled = true;
        };
      }
      const due = now() + delay;
      let timer: ReturnType<typeof setTimeout>;
      // Timers count whole milliseconds, some engines from the start of a turn, so one can be early by `now`.
      const wait = (left: number) => {
        timer = setTimeout(
          () => (now() < due ? wait(due - now()) : task()),
          Math.min(Math.ceil(left), MAX_DELAY_MS),
        );
        if (background) unref?.(timer);
      };
      wait(delay);
      return () => clearTimeout(timer);
    },

    postTask,
  };
}

export function fillRandom(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += MAX_FILL_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + MAX_FILL_BYTES) as Uint8Array<ArrayBuffer>);
  }
}

/**
 * https://html.spec.whatwg.org/multipage/webappapis.html#report-the-exception: an `error` event of the global. Without
 * a listener, Deno and Bun print the stack and exit; browsers and workerd print it.
 */
export const reportError: (error: unknown) => void = globalThis.reportError;
