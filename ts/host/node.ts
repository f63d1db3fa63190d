/**
 * Node: https://nodejs.org/api/
 *
 * Globals are taken once, at import, so that whoever replaces them later (fake timers, a runtime's own functions made
 * global) does not replace them here.
 */
import { builtin } from "#builtin";
import type { Clock, Host, Network } from "./host.ts";
import { introspection } from "./introspection.ts";
import { nodeCodings } from "./node-codings.ts";
import { nodeFiles } from "./node-files.ts";

const { setTimeout, clearTimeout, setImmediate, clearImmediate, queueMicrotask } = globalThis;

/** Each of these costs a program that does without it a millisecond or more of its start. */
const nodeFs = () => builtin("node:fs") as typeof import("node:fs");
const nodePerformance = () => (builtin("node:perf_hooks") as typeof import("node:perf_hooks")).performance;

let performance: ReturnType<typeof nodePerformance> | undefined;
const now = (): number => {
  performance ??= nodePerformance();
  return performance.now();
};

let crypto: typeof import("node:crypto") | undefined;

/** Node takes a longer delay for 1 ms. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** `crypto.randomFillSync` refuses to fill more at a time. */
const MAX_FILL_BYTES = 2 ** 31 - 1;

const clock: Clock = {
  get timeOrigin() {
    return nodePerformance().timeOrigin;
  },
  now,

  schedule(task, delay, background = false) {
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
      // Absent where another runtime's timers are the process's globals.
      if (background) (timer as Partial<NodeJS.Timeout>).unref?.();
    };
    wait(delay);
    return () => clearTimeout(timer);
  },

  postTask(task) {
    setImmediate(task);
  },
};

let network: Promise<Required<Network>> | undefined;
const loadNetwork = (): Promise<Required<Network>> => {
  network ??= import("./node-network.ts").then((module) =>
    module.nodeNetwork(module.networkModules(builtin)),
  );
  return network;
};

export const defaultHost: Host = {
  name: "node",
  clock,

  network: {
    listen: async (options, accept) => (await loadNetwork()).listen(options, accept),
    connect: async (options, handler) => (await loadNetwork()).connect(options, handler),
    resolve: async (hostname) => (await loadNetwork()).resolve(hostname),
  },

  /** The bundle is in wasm-out/js, the core in wasm-out. */
  loadCore: () => new WebAssembly.Module(nodeFs().readFileSync(new URL("../nano.wasm", import.meta.url))),

  fillRandom(bytes) {
    crypto ??= builtin("node:crypto") as typeof import("node:crypto");
    for (let at = 0; at < bytes.length; at += MAX_FILL_BYTES) {
      crypto.randomFillSync(bytes, at, Math.min(MAX_FILL_BYTES, bytes.length - at));
    }
  },

  /** An uncaught exception of the process, before its next task: without a listener, it prints the stack and exits. */
  reportError(error) {
    queueMicrotask(() => {
      throw error;
    });
  },

  timersAreObjects: true,
  fetchStandsOnTimers: true,
  codings: nodeCodings(builtin),
  files: nodeFiles(builtin),
  introspection: introspection(() => builtin("node:util") as typeof import("node:util")),
};
