/**
 * A host that lives in memory: time that stands still until it is advanced, entropy from a seed, sockets between its
 * own runtimes, reported errors in an array. What runs on it runs the same way every time. It is for tests and
 * playgrounds, and the contract's example.
 *
 * **Its random numbers are predictable.** Keys made on it protect nothing.
 */
import { defaultHost } from "#host";
import { type VirtualClock, virtualClock } from "../runtime/virtual-clock.ts";
import type { Clock, Host, Network } from "./host.ts";
import { type MemoryNetworkOptions, memoryNetwork } from "./memory-network.ts";
import { seededRandom } from "./seeded-random.ts";

export interface MemoryHostOptions<HostClock extends Clock = VirtualClock> extends MemoryNetworkOptions {
  /** By default a new `virtualClock()`. */
  clock?: HostClock;
  /** What the random numbers follow from, a safe integer; by default 0. */
  seed?: number;
  /** The core; by default the packaged one, loaded in the engine's way. */
  wasm?: BufferSource | WebAssembly.Module;
}

export interface MemoryHost<HostClock extends Clock = VirtualClock> extends Host {
  readonly clock: HostClock;
  /** Its own: nothing on it reaches another host. */
  readonly network: Network;
  /** Every error reported so far, the oldest first. Emptying it is allowed. */
  readonly errors: unknown[];
}

/** @throws TypeError when `seed` is no safe integer. */
export function memoryHost(options?: MemoryHostOptions): MemoryHost;
export function memoryHost<HostClock extends Clock>(
  options: MemoryHostOptions<HostClock> & { clock: HostClock },
): MemoryHost<HostClock>;
export function memoryHost(options: MemoryHostOptions<Clock> = {}): MemoryHost<Clock> {
  const { clock = virtualClock(), seed = 0, wasm, ...networkOptions } = options;
  if (!Number.isSafeInteger(seed))
    throw new TypeError(`memoryHost: seed must be a safe integer, not ${String(seed)}`);
  const errors: unknown[] = [];
  return {
    name: "memory",
    clock,
    network: memoryNetwork(clock, networkOptions),
    errors,
    loadCore: wasm === undefined ? defaultHost.loadCore : () => wasm,
    fillRandom: seededRandom(BigInt(seed)),
    reportError: (error) => void errors.push(error),
    ...(defaultHost.codings && { codings: defaultHost.codings }),
  };
}
