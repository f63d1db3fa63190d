/**
 * Node: https://nodejs.org/api/
 *
 * Globals are taken once, at import, so that whoever replaces them later (fake timers, a runtime's own functions made
 * global) does not replace them here.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Clock, Host, Network } from "./host.ts";

const { setTimeout, clearTimeout, setImmediate, clearImmediate, queueMicrotask } = globalThis;
const { timeOrigin } = performance;
const now = performance.now.bind(performance);

/** Node takes a longer delay for 1 ms. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** `crypto.randomFillSync` refuses to fill more at a time. */
const MAX_FILL_BYTES = 2 ** 31 - 1;

const clock: Clock = {
  timeOrigin,
  now,

  schedule(task, delay) {
    if (delay <= 0) {
      const immediate = setImmediate(task);
      return () => clearImmediate(immediate);
    }
    const due = now() + delay;
    let timer: NodeJS.Timeout;
    // Node's timers count whole milliseconds from the start of a turn, so one can be early by `now`.
    const wait = (left: number) => {
      timer = setTimeout(
        () => (now() < due ? wait(due - now()) : task()),
        Math.min(Math.ceil(left), MAX_DELAY_MS),
      );
    };
    wait(delay);
    return () => clearTimeout(timer);
  },

  postTask(task) {
    setImmediate(task);
  },
};

/** In a file of its own: loading node:net takes milliseconds, which a program without sockets need not wait for. */
const loadNetwork = async (): Promise<Network> => (await import("./node-network.ts")).network;

export const defaultHost: Host = {
  name: "node",
  clock,

  network: {
    listen: async (options, accept) => (await loadNetwork()).listen(options, accept),
    connect: async (options, handler) => (await loadNetwork()).connect(options, handler),
  },

  /** The bundle is in wasm-out/js, the core in wasm-out. */
  loadCore: () => readFileSync(new URL("../nano.wasm", import.meta.url)),

  fillRandom(bytes) {
    for (let at = 0; at < bytes.length; at += MAX_FILL_BYTES) {
      nodeCrypto().randomFillSync(bytes, at, Math.min(MAX_FILL_BYTES, bytes.length - at));
    }
  },

  /** An uncaught exception of the process, before its next task: without a listener, it prints the stack and exits. */
  reportError(error) {
    queueMicrotask(() => {
      throw error;
    });
  },
};

/** Loaded late for the same reason, and by `require`, since `fillRandom` cannot wait for a promise. */
let loadedCrypto: typeof import("node:crypto") | undefined;
function nodeCrypto(): typeof import("node:crypto") {
  loadedCrypto ??= createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  return loadedCrypto;
}
