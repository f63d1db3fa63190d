/**
 * The globals that scripts and apps find under `nanort run` and `nanort serve`, beside all that the host has: what
 * `install` makes global (../install.ts lists it), and `nano`, the runtime itself.
 */
import type { InstallOptions, Runtime } from "../index.ts";

declare global {
  /** The runtime that this script or app runs in. */
  var nano: Runtime;
}

export function installGlobals(runtime: Runtime, options?: InstallOptions): void {
  runtime.install(globalThis, options);
  Object.defineProperty(globalThis, "nano", {
    value: runtime,
    enumerable: false,
    writable: true,
    configurable: true,
  });
}
