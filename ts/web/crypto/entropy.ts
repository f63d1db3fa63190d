/** Random bytes by the few: asking the host for sixteen takes about as long as asking for a thousand. */
import { keepSecret } from "../../core/secrets.ts";
import type { Context } from "./algorithm.ts";

const BATCH_BYTES = 1024;

class EntropyPool {
  readonly #fillRandom: Context["fillRandom"];
  readonly #bytes = new Uint8Array(BATCH_BYTES);
  #at = BATCH_BYTES;

  constructor({ core, fillRandom }: Context) {
    this.#fillRandom = fillRandom;
    keepSecret(core, this, this.#bytes);
  }

  take(length: number): Uint8Array {
    if (this.#at + length > BATCH_BYTES) {
      this.#fillRandom(this.#bytes);
      this.#at = 0;
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}

const pools = new WeakMap<Context, EntropyPool>();

/** `length` random bytes, 1024 at most, never given out again. Whoever takes them wipes them, in place. */
export function takeEntropy(context: Context, length: number): Uint8Array {
  let pool = pools.get(context);
  if (!pool) {
    pool = new EntropyPool(context);
    pools.set(context, pool);
  }
  return pool.take(length);
}
