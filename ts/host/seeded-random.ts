/**
 * Random numbers that anybody can predict who knows the seed: for tests that must run the same way every time.
 * **Not for keys, nonces or tokens of any kind.**
 *
 * xoshiro128++ 1.0 (Blackman and Vigna, https://prng.di.unimi.it), its state filled from the seed by SplitMix64, as
 * its authors advise.
 */

const WORD_BYTES = 4;

export class Xoshiro128 {
  readonly #state: Uint32Array;

  constructor(state: Uint32Array) {
    this.#state = state;
  }

  /** The next number, unsigned, of 32 bits. */
  next(): number {
    const s = this.#state;
    const result = (rotateLeft(s[0]! + s[3]!, 7) + s[0]!) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }
}

/**
 * Makes a source of random bytes: each number's four bytes, lowest first. A call begins with a number of its own, so
 * that what one caller gets does not hang on whether another asked for an odd length.
 *
 * @param seed an integer; only its lowest 64 bits count.
 */
export function seededRandom(seed: bigint): (bytes: Uint8Array) => void {
  const generator = new Xoshiro128(expandSeed(seed));
  return (bytes) => {
    for (let at = 0; at < bytes.length; at += WORD_BYTES) {
      const word = generator.next();
      for (let i = 0; i < WORD_BYTES && at + i < bytes.length; i++) bytes[at + i] = word >>> (8 * i);
    }
  };
}

/** Two numbers of SplitMix64, which never give the state of zeros that xoshiro cannot leave. */
function expandSeed(seed: bigint): Uint32Array {
  const words = new BigUint64Array(2);
  for (let i = 0n; i < 2n; i++) {
    let z = BigInt.asUintN(64, seed + (i + 1n) * 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    words[Number(i)] = z ^ (z >> 31n);
  }
  return Uint32Array.of(...[...words].flatMap((word) => [Number(word & 0xffffffffn), Number(word >> 32n)]));
}

function rotateLeft(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}
