/** The built module, for tests of what lies below the public face. */
import { readFileSync } from "node:fs";
import { Core } from "../../ts/core/core.ts";

/** Tests run from the repository's root; the runner may put the safe build in the packaged module's place. */
export const coreBytes = (): Buffer<ArrayBuffer> => readFileSync("wasm-out/nano.wasm") as Buffer<ArrayBuffer>;

export const coreModule = (): WebAssembly.Module => new WebAssembly.Module(coreBytes());

export const makeCore = (): Core => new Core(coreModule());

/** A small generator with a seed (mulberry32), so that a random test can be run again. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
