/**
 * The globals that scripts and apps find under `nanort run` and `nanort serve`, beside all that the host has: what
 * `install` makes global (../install.ts lists it), and `nano`, the runtime itself, which goes by the environment.
 */
import {
  createRuntime,
  type InstallOptions,
  proxiesFromEnvironment,
  type Runtime,
  type RuntimeOptions,
} from "../index.ts";

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

/**
 * The runtime of scripts and apps, which fetches by the proxies that the environment names. One that cannot be used is told
 * of, and done without.
 */
export async function createEnvironmentRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  // Mostly there is none; then nothing is loaded for it.
  const named = Object.keys(process.env).some((name) => /^(http|https|all)_proxy$/i.test(name));
  if (!named) return createRuntime(options);
  try {
    return await createRuntime({ ...options, fetch: { proxy: proxiesFromEnvironment(process.env) } });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`nanort: the environment's proxy cannot be used: ${error.message}`);
    return createRuntime(options);
  }
}
