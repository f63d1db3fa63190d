/**
 * The globals that scripts and apps find under `nanort run` and `nanort serve`, beside all that the host has:
 *
 *   crypto, Crypto, CryptoKey, SubtleCrypto         computed in nano.wasm
 *   setTimeout, setInterval and their clear twins   the runtime's event loop; ids are numbers, as in browsers
 *   queueMicrotask
 *   atob, btoa
 *   nano                                            the runtime itself
 *
 * `performance` stays the host's: on the real clock both tell the same time, and the host's can do more.
 */
import { Crypto, CryptoKey, type Runtime, SubtleCrypto } from "../index.ts";

declare global {
  /** The runtime that this script or app runs in. */
  var nano: Runtime;
}

export function installGlobals(runtime: Runtime): void {
  const { crypto, setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, atob, btoa } =
    runtime;
  define({ setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, atob, btoa }, true);
  // As WebIDL has it, interfaces are not enumerable; `crypto` is, like the functions.
  define({ crypto }, true);
  define({ Crypto, CryptoKey, SubtleCrypto, nano: runtime }, false);
}

function define(globals: Record<string, unknown>, enumerable: boolean): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, enumerable, writable: true, configurable: true });
  }
}
