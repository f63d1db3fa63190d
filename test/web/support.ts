/** What the tests of ts/web share: bytes as text, and a call made in both forms. */
import { createRuntimeSync } from "nanort";
import * as assert from "uvu/assert";

export type Runtime = ReturnType<typeof createRuntimeSync>;
export type Method = Exclude<keyof Runtime["subtleSync"], symbol>;

export const nano: Runtime = createRuntimeSync();

export const hex = (bytes: ArrayBuffer | Uint8Array): string =>
  Buffer.from(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes).toString("hex");

export const fromHex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, "hex"));

/** Bytes that differ from one another, the same each time. */
export const pattern = (length: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 167 + (i >> 8)) & 0xff;
  return bytes;
};

type Outcome = { value: unknown } | { error: Error };

/** Calls a method of `crypto.subtle`, which must not throw. */
export async function call(runtime: Runtime, method: Method, args: unknown[]): Promise<Outcome> {
  const promise = (runtime.crypto.subtle[method] as (...args: unknown[]) => Promise<unknown>)(...args);
  assert.instance(promise, Promise);
  try {
    return { value: await promise };
  } catch (error) {
    return { error: error as Error };
  }
}

/** Calls a method of `subtleSync`. */
export function callSync(runtime: Runtime, method: Method, args: unknown[]): Outcome {
  try {
    return { value: (runtime.subtleSync[method] as (...args: unknown[]) => unknown)(...args) };
  } catch (error) {
    return { error: error as Error };
  }
}

/** Makes a call that fails in both forms, with the same error; the arguments are made anew for each. */
export async function refusal(method: Method, args: () => unknown[], runtime = nano): Promise<Error> {
  const rejected = await call(runtime, method, args());
  const thrown = callSync(runtime, method, args());
  if (!("error" in rejected)) throw new Error(`${method} was fulfilled`);
  if (!("error" in thrown)) throw new Error(`${method} returned`);
  assert.is(thrown.error.name, rejected.error.name);
  assert.is(thrown.error.message, rejected.error.message);
  assert.is(thrown.error.constructor, rejected.error.constructor);
  return rejected.error;
}
