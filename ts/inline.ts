/**
 * `nanort/inline`: the same runtime with the core inside the code, for places where no file can lie beside it. The
 * core is decoded when the first runtime is made, and compiled once.
 */
import coreBase64 from "../wasm-out/nano.wasm";
import { compileCore, compileCoreSync } from "./core/load.ts";
import * as nanort from "./index.ts";

export * from "./index.ts";

let compiled: WebAssembly.Module | undefined;

/** As `createRuntime` of "nanort". */
export async function createRuntime(options: nanort.RuntimeOptions = {}): Promise<nanort.Runtime> {
  if (options.wasm === undefined) compiled ??= await compileCore(embeddedCore());
  return nanort.createRuntime({ wasm: compiled!, ...options });
}

/** As `createRuntimeSync` of "nanort". It works in browsers too, as far as they compile so large a module at once. */
export function createRuntimeSync(options: nanort.SyncRuntimeOptions = {}): nanort.Runtime {
  if (options.wasm === undefined) compiled ??= compileCoreSync(embeddedCore());
  return nanort.createRuntimeSync({ wasm: compiled!, ...options });
}

function embeddedCore(): Uint8Array<ArrayBuffer> {
  const text = atob(coreBase64 as string);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
