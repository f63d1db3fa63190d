/**
 * From a module to its raw exports. This file alone touches `@assemblyscript/loader`: the loader instantiates, but
 * wraps every export in a call with rest arguments, so everything past this file calls the instance's own exports.
 */
import { instantiateSync } from "@assemblyscript/loader";
import { ABI_VERSION, type CoreExports } from "./exports.ts";

/** What a core can be made from. A string is taken as a URL. */
export type CoreSource = WebAssembly.Module | BufferSource | Response | URL | string;

/** Compiles the core from any source; a URL is fetched by the host. */
export async function compileCore(source: CoreSource | PromiseLike<CoreSource>): Promise<WebAssembly.Module> {
  const given = await source;
  if (given instanceof WebAssembly.Module) return given;
  if (isBufferSource(given)) return WebAssembly.compile(given).catch(retell);
  const response = given instanceof Response ? given : await fetch(given);
  if (!response.ok) throw new TypeError(`nano.wasm: ${response.url} answered ${response.status}`);
  // Not compileStreaming: servers that do not know application/wasm are common, and the module is small.
  return WebAssembly.compile(await response.arrayBuffer()).catch(retell);
}

/** Compiles the core from what is at hand already: a module, or bytes where the engine compiles synchronously. */
export function compileCoreSync(source: CoreSource): WebAssembly.Module {
  if (source instanceof WebAssembly.Module) return source;
  if (isBufferSource(source)) {
    try {
      return new WebAssembly.Module(source);
    } catch (error) {
      retell(error as Error);
    }
  }
  throw new TypeError(
    "createRuntimeSync takes a WebAssembly.Module or bytes; for a Response or URL use createRuntime",
  );
}

/** An engine that was told not to compile says so in words of its own; this says what to do about it. */
function retell(error: Error): never {
  const told = (message: string) =>
    Object.assign(new WebAssembly.CompileError(`nano.wasm: ${message}`), { cause: error });
  if (/content.security.policy|\bCSP\b/i.test(error.message)) {
    throw told("the Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src");
  }
  if (/disallowed by embedder/.test(error.message)) {
    throw told(
      'this engine compiles no WebAssembly at run time; import the module ("nanort/nano.wasm") and pass it as wasm',
    );
  }
  throw error;
}

/** Makes an instance of the core: its own memory, its own exports. */
export function instantiateCore(module: WebAssembly.Module): CoreExports {
  let memory: WebAssembly.Memory | undefined;
  const env = {
    // The message is an AssemblyScript string: UTF-16, its length in bytes before it. What calls this is a check of
    // the safe build that failed, a bug in the core; or a misuse of the loader's own functions.
    abort(message: number): never {
      const length = new Uint32Array(memory!.buffer, (message >>> 0) - 4, 1)[0]!;
      const units = new Uint16Array(memory!.buffer, message >>> 0, length >>> 1);
      throw new WebAssembly.RuntimeError(`nano.wasm: ${String.fromCharCode(...units)}`);
    },
  };
  const exports = instantiateSync(module, { env }).instance.exports as unknown as CoreExports;
  memory = exports.memory;
  const found = exports.abi_version?.();
  if (found !== ABI_VERSION) {
    throw new TypeError(
      `nano.wasm speaks version ${found} of its interface, this host version ${ABI_VERSION}`,
    );
  }
  return exports;
}

function isBufferSource(value: unknown): value is BufferSource {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}
