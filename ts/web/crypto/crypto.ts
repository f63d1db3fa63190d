/** Crypto: https://w3c.github.io/webcrypto/#crypto-interface; and how a runtime comes by its own. */
import type { Core } from "../../core/core.ts";
import type { EventLoop } from "../../runtime/loop.ts";
import { domException, QuotaExceededError } from "../dom-exception.ts";
import { arrayBufferView, bytesOf, shapeInterface, typedArrayName } from "../webidl.ts";
import type { Context } from "./algorithm.ts";
import { createSubtleCrypto, type SubtleCrypto } from "./subtle.ts";
import { SubtleCryptoSync } from "./subtle-sync.ts";
import { UuidSource } from "./uuid.ts";

/** The types that hold integers, for which every bit pattern is a value. */
const INTEGER_ARRAYS: ReadonlySet<string | undefined> = new Set([
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array"],
  ...["Int32Array", "Uint32Array", "BigInt64Array", "BigUint64Array"],
]);
const RANDOM_BYTES_MAX = 65_536;

/** What only this module can show the constructor. */
const ours = Symbol("Crypto");

export class Crypto {
  readonly #context: Context;
  readonly #subtle: SubtleCrypto;
  readonly #uuids: UuidSource;

  /** There is one for each runtime. */
  constructor(...args: unknown[]) {
    if (args[0] !== ours) throw new TypeError("Illegal constructor");
    this.#context = args[1] as Context;
    this.#subtle = args[2] as SubtleCrypto;
    this.#uuids = new UuidSource(this.#context.fillRandom);
  }

  get subtle(): SubtleCrypto {
    return this.#subtle;
  }

  /**
   * Fills a view of integers with random bytes, at most 65,536 of them.
   *
   * @returns the same view.
   * @throws DOMException TypeMismatchError for other views; QuotaExceededError for longer ones.
   */
  getRandomValues<View extends ArrayBufferView>(array: View): View {
    const { core, fillRandom } = this.#context;
    core.requireOpen();
    arrayBufferView(array, "getRandomValues: array");
    const type = typedArrayName(array);
    if (!INTEGER_ARRAYS.has(type)) {
      const message = `getRandomValues: array is a ${type ?? "DataView"}, not a view of integers`;
      throw domException("TypeMismatchError", message);
    }
    const bytes = bytesOf(array);
    if (bytes.length > RANDOM_BYTES_MAX) {
      const message = `getRandomValues: array has ${bytes.length} bytes, and ${RANDOM_BYTES_MAX} is the most for one call`;
      throw new QuotaExceededError(message);
    }
    fillRandom(bytes);
    return array;
  }

  /** A version 4 UUID (RFC 9562, section 5.4): 122 random bits, in lower case. */
  randomUUID(): `${string}-${string}-${string}-${string}-${string}` {
    this.#context.core.requireOpen();
    return this.#uuids.next();
  }
}
shapeInterface(Crypto, "Crypto");

/** The `crypto` and `subtleSync` of one runtime. */
export function createCrypto(
  core: Core,
  loop: EventLoop,
  fillRandom: (bytes: Uint8Array) => void,
): { crypto: Crypto; subtleSync: SubtleCryptoSync } {
  const subtle = createSubtleCrypto({ core, fillRandom, keep: (bytes) => bytes.slice() }, loop);
  const synchronous: Context = { core, fillRandom, keep: (bytes) => bytes };
  return {
    crypto: new Crypto(ours, synchronous, subtle),
    subtleSync: new SubtleCryptoSync(synchronous),
  };
}
