/**
 * RSA in the core (RFC 8017): key slots that hold prepared keys, the primitives, EMSA-PSS, and key generation
 * (FIPS 186-5). What may take long is a generator that yields between slices of some milliseconds.
 */
import type { Arena, Core } from "./core.ts";
import type { HashAlgorithm } from "./hash.ts";
import { keepSecret } from "./secrets.ts";
import { check, Status } from "./status.ts";

/** What can be imported; what is generated has 8192 bits at most, and e no more bits than 256 or half of n. */
export const RSA_MODULUS_BITS_MIN = 256;
export const RSA_MODULUS_BITS_MAX = 16_384;
export const RSA_GENERATED_BITS_MAX = 8192;
const RSA_PRIME_BITS_MIN = 64;

/** The numbers of a public key, big-endian; zeros may come first. */
export interface RsaPublicParts {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
}

/** Those of a private key (section 3.2, with two primes), all of them. */
export interface RsaPrivateParts extends RsaPublicParts {
  readonly d: Uint8Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  readonly dp: Uint8Array;
  readonly dq: Uint8Array;
  readonly qi: Uint8Array;
}

/** Work in slices, as a promise may run it with the event loop served in between, or a loop at once. */
export type RsaSlices<T> = Generator<undefined, T, undefined>;

/** Fills an array with random bytes. */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Random bytes that blind a private operation. */
const BLINDING_BYTES = 16;

/** A key slot for a public key. Nothing of it is secret. */
export class RsaPublicSlot {
  readonly modulusBits: number;
  readonly #core: Core;
  readonly #prepared: Uint8Array;
  readonly #parts: RsaPublicParts;

  /** @throws DOMException DataError for what is no key, or too short or too long. */
  constructor(core: Core, { n, e }: RsaPublicParts) {
    this.#core = core;
    this.#parts = { n: trim(n).slice(), e: trim(e).slice() };
    this.modulusBits = bitLength(this.#parts.n);
    [this.#prepared] = prepare(core, sizesOf(this.#parts), [n, e], false);
  }

  /** Copies of n and e, without zeros before them. */
  exportParts(): RsaPublicParts {
    return { n: this.#parts.n.slice(), e: this.#parts.e.slice() };
  }

  /** RSAEP and RSAVP1 (sections 5.1.1 and 5.2.2): x^e modulo n. Null unless x has as many bytes as n, and is less. */
  *raise(x: Uint8Array): RsaSlices<Uint8Array<ArrayBuffer> | null> {
    if (x.length !== this.#parts.n.length) return null;
    const operation = RsaOperation.begin(this.#core, this.#prepared, x);
    if (operation === null) return null;
    try {
      yield* operation.run();
      return new Uint8Array(this.#core.memory.copy(operation.finish(), x.length));
    } finally {
      operation.close();
    }
  }

  /** RSASSA-PSS-VERIFY (section 8.1.2) from the digest of the message on. */
  *verifyPss(
    hash: HashAlgorithm,
    digest: Uint8Array,
    saltBytes: number,
    signature: Uint8Array,
  ): RsaSlices<boolean> {
    if (signature.length !== this.#parts.n.length) return false;
    const operation = RsaOperation.begin(this.#core, this.#prepared, signature);
    if (operation === null) return false;
    try {
      yield* operation.run();
      const encoded = operation.finish();
      const at = operation.arena.place(digest);
      const salt = Math.min(saltBytes, 0xffff_ffff);
      const verify = this.#core.raw["pss.verify"];
      return check(verify(hash.id, at, digest.length, salt, this.modulusBits, encoded)) === 1;
    } finally {
      operation.close();
    }
  }

  /**
   * RSAES-OAEP-ENCRYPT (section 7.1.1) from the digest of the label on.
   *
   * @returns undefined if the modulus is too short for this hash and message.
   */
  *encryptOaep(
    hash: HashAlgorithm,
    labelDigest: Uint8Array,
    message: Uint8Array,
    fillRandom: FillRandom,
  ): RsaSlices<ArrayBuffer | undefined> {
    if (message.length > this.#parts.n.length - 2 * hash.digestBytes - 2) return undefined;
    const encoded = this.#encodeOaep(hash, labelDigest, message, fillRandom);
    try {
      return (yield* this.raise(encoded))!.buffer; // An encoding begins with a zero, and so is less than n.
    } finally {
      encoded.fill(0);
    }
  }

  #encodeOaep(
    hash: HashAlgorithm,
    labelDigest: Uint8Array,
    message: Uint8Array,
    fillRandom: FillRandom,
  ): Uint8Array {
    const { raw, memory } = this.#core;
    const arena = this.#core.openArena();
    const seed = new Uint8Array(hash.digestBytes);
    try {
      fillRandom(seed);
      const encodedBytes = bytesOf(this.modulusBits);
      const output = arena.alloc(encodedBytes);
      const label = arena.place(labelDigest);
      const seedAt = arena.place(seed);
      const messageAt = arena.place(message);
      const { length } = message;
      const encode = raw["oaep.encode"];
      check(
        encode(
          hash.id,
          label,
          labelDigest.length,
          seedAt,
          seed.length,
          messageAt,
          length,
          this.modulusBits,
          output,
        ),
      );
      return new Uint8Array(memory.copy(output, encodedBytes));
    } finally {
      seed.fill(0);
      arena.close();
    }
  }
}

/**
 * A key slot for a private key: the prepared key, and, where it may be exported, its numbers. Both are wiped when the slot
 * is closed or collected, or the core closed.
 */
export class RsaPrivateSlot {
  readonly modulusBits: number;
  readonly #core: Core;
  readonly #sizes: Sizes;
  readonly #public: RsaPublicParts;
  readonly #prepared: Uint8Array;
  /** As the core takes them, one after another. */
  readonly #numbers: Uint8Array | undefined;
  #closed = false;

  /**
   * The numbers are checked against each other; that p and q are primes is not. They are not kept: whoever gave them
   * wipes them. With 2048 bits this takes some 20 microseconds; with 16,384 a millisecond, or three in the code that an
   * engine begins with, so it is not in slices.
   *
   * @param exportable whether `exportParts` shall give the numbers.
   * @throws DOMException DataError for what is no key, or too short or too long.
   */
  constructor(core: Core, given: RsaPrivateParts, exportable: boolean) {
    const sizes = sizesOf(given);
    if (sizes.pBits === 0) throw noKey();
    this.#core = core;
    this.#sizes = sizes;
    this.#public = { n: trim(given.n).slice(), e: trim(given.e).slice() };
    this.modulusBits = sizes.modulusBits;
    const numbers = NUMBERS.map((name) => given[name]);
    [this.#prepared, this.#numbers] = prepare(core, sizes, numbers, exportable);
    keepSecret(core, this, this.#prepared);
    if (this.#numbers) keepSecret(core, this, this.#numbers);
  }

  /** Copies of n and e, without zeros before them, for any slot. */
  publicParts(): RsaPublicParts {
    this.#requireOpen();
    return { n: this.#public.n.slice(), e: this.#public.e.slice() };
  }

  /** Copies of the numbers, for a slot that may give them: d as long as n, dp and qi as p, and dq as q. */
  exportParts(): RsaPrivateParts {
    this.#requireOpen();
    return cutParts(this.#numbers!.slice(), this.#sizes);
  }

  /**
   * RSADP and RSASP1 (sections 5.1.2 and 5.2.1): x^d modulo n, blinded and checked. Null unless x has as many bytes as n,
   * and is less.
   *
   * @throws DOMException OperationError if the result was not right; it is not given then.
   */
  *raise(x: Uint8Array, fillRandom: FillRandom): RsaSlices<Uint8Array<ArrayBuffer> | null> {
    this.#requireOpen();
    if (x.length !== bytesOf(this.modulusBits)) return null;
    const operation = RsaOperation.begin(this.#core, this.#prepared, x, fillRandom);
    if (operation === null) return null;
    try {
      yield* operation.run();
      return new Uint8Array(this.#core.memory.copy(operation.finish(), x.length));
    } finally {
      operation.close();
    }
  }

  /**
   * RSASSA-PSS-SIGN (section 8.1.1) from the digest of the message on, with a random salt.
   *
   * @throws DOMException OperationError if the modulus is too short for this digest and salt, or as `raise`.
   */
  *signPss(
    hash: HashAlgorithm,
    digest: Uint8Array,
    saltBytes: number,
    fillRandom: FillRandom,
  ): RsaSlices<ArrayBuffer> {
    this.#requireOpen();
    const saltMax = bytesOf(this.modulusBits - 1) - hash.digestBytes - 2;
    if (!(saltBytes <= saltMax)) {
      const room = saltMax < 0 ? "none" : `${saltMax} bytes at most`;
      const message = `a modulus of ${this.modulusBits} bits has room for ${hash.name} and a salt of ${room}, not ${saltBytes}`;
      throw new DOMException(message, "OperationError");
    }
    const salt = new Uint8Array(saltBytes);
    fillRandom(salt);
    const encoded = this.#encodePss(hash, digest, salt);
    const operation = RsaOperation.begin(this.#core, this.#prepared, encoded, fillRandom);
    try {
      yield* operation!.run(); // An encoding has one bit less than n.
      return this.#core.memory.copy(operation!.finish(), encoded.length);
    } finally {
      operation!.close();
    }
  }

  /**
   * RSAES-OAEP-DECRYPT (section 7.1.2) from the digest of the label on. Null for what is no ciphertext of this key, hash and
   * label, in time that does not depend on why.
   *
   * @throws DOMException OperationError as `raise`.
   */
  *decryptOaep(
    hash: HashAlgorithm,
    labelDigest: Uint8Array,
    ciphertext: Uint8Array,
    fillRandom: FillRandom,
  ): RsaSlices<ArrayBuffer | null> {
    this.#requireOpen();
    const { length } = ciphertext;
    if (length !== bytesOf(this.modulusBits) || length < 2 * hash.digestBytes + 2) return null;
    const operation = RsaOperation.begin(this.#core, this.#prepared, ciphertext, fillRandom);
    if (operation === null) return null;
    try {
      yield* operation.run();
      const encoded = operation.finish();
      const label = operation.arena.place(labelDigest);
      const decode = this.#core.raw["oaep.decode"];
      const at = check(decode(hash.id, label, labelDigest.length, this.modulusBits, encoded));
      return at === 0 ? null : this.#core.memory.copy(encoded + at, length - at);
    } finally {
      operation.close();
    }
  }

  /** Wipes the key now. What is asked of the slot afterwards is refused; work that has begun has a copy, and ends. */
  close(): void {
    this.#closed = true;
    this.#prepared.fill(0);
    this.#numbers?.fill(0);
  }

  /** @throws DOMException InvalidStateError: the key was wiped. */
  #requireOpen(): void {
    this.#core.requireOpen();
    if (this.#closed) throw new DOMException("this RSA key is closed", "InvalidStateError");
  }

  #encodePss(hash: HashAlgorithm, digest: Uint8Array, salt: Uint8Array): Uint8Array {
    const { raw, memory } = this.#core;
    const arena = this.#core.openArena();
    try {
      const encodedBytes = bytesOf(this.modulusBits);
      const output = arena.alloc(encodedBytes);
      const digestAt = arena.place(digest);
      const saltAt = arena.place(salt);
      const { length } = salt;
      check(raw["pss.encode"](hash.id, digestAt, digest.length, saltAt, length, this.modulusBits, output));
      return new Uint8Array(memory.copy(output, encodedBytes));
    } finally {
      arena.close();
    }
  }
}

/**
 * A new key (FIPS 186-5, appendix A.1.3), in slices: for 2048 bits some dozens, a few times as many at times.
 *
 * @param exponent e, odd and 3 at least.
 * @throws DOMException OperationError for a modulus of less than 256 or more than 8192 bits, or an exponent that is
 *   even, 1, longer than 256 bits or than half of the modulus; and when no prime is found, as random bytes are not random.
 */
export function* generateRsaKey(
  core: Core,
  modulusBits: number,
  exponent: Uint8Array,
  fillRandom: FillRandom,
): RsaSlices<RsaPrivateParts> {
  const e = trim(exponent);
  const { raw, memory } = core;
  const arena = core.openArena();
  let parts: RsaPrivateParts;
  try {
    const generation = arena.alloc(
      checkGeneration(raw["rsa.generation_bytes"](modulusBits, e.length), modulusBits),
    );
    const begun = raw["rsa.begin_generation"](modulusBits, arena.place(e), e.length, generation);
    checkGeneration(begun, modulusBits);
    const random = new Uint8Array(Math.min(64 * bytesOf(modulusBits), 16_384));
    const randomAt = arena.alloc(random.length);
    let answer = NEEDS_RANDOM;
    while (answer !== DONE) {
      yield;
      arena.requireOpen();
      if (answer === NEEDS_RANDOM) {
        fillRandom(random);
        memory.bytes.set(random, randomAt);
        random.fill(0);
      }
      answer = checkGeneration(
        runSlice(core, (tiles) => raw["rsa.step_generation"](generation, randomAt, random.length, tiles)),
        modulusBits,
      );
    }
    parts = takeParts(core, arena, generation, modulusBits, e.length);
  } finally {
    arena.close();
  }
  let isTaken = false;
  try {
    yield; // What is made of them is a slice of its own.
    core.requireOpen();
    isTaken = true;
    return parts;
  } finally {
    if (!isTaken) for (const part of Object.values(parts)) part.fill(0);
  }
}

/** What `rsa.step` and `rsa.step_generation` answer, and the latter alone. */
const MORE = 0;
const DONE = 1;
const NEEDS_RANDOM = 2;

/**
 * How much is multiplied in a slice, in tiles of 16 x 16 limbs, is learnt from the time that the one before took: an
 * engine's first code is some eight times as slow, and machines differ more. 100 tiles take a microsecond where this was
 * measured. The first slice, which waits for code too, is the shortest. A clock that stands still while code runs, as some
 * hosts have it, leads to the greatest number.
 */
const SLICE_MS = 4;
const SLICE_TILES_MIN = 10_000;
const SLICE_TILES_MAX = 400_000;
const sliceTiles = new WeakMap<Core, number>();

function runSlice(core: Core, step: (tiles: number) => number): number {
  const tiles = sliceTiles.get(core) ?? SLICE_TILES_MIN;
  const started = performance.now();
  const answer = step(tiles);
  if (answer !== MORE) return answer; // It may have ended early.
  const fitting = (tiles * SLICE_MS) / (performance.now() - started);
  sliceTiles.set(core, Math.max(SLICE_TILES_MIN, Math.min(fitting, 4 * tiles, SLICE_TILES_MAX)));
  return answer;
}

function checkGeneration(result: number, modulusBits: number): number {
  if (result === Status.NOT_RANDOM) {
    throw new DOMException("no prime was found: random bytes are not random", "OperationError");
  }
  if (result !== Status.INVALID_RSA_KEY) return check(result);
  const message = `an RSA modulus of ${modulusBits} bits and this exponent: modulusLength must be ${RSA_MODULUS_BITS_MIN} to ${RSA_GENERATED_BITS_MAX}, publicExponent odd, 3 at least, and no longer than 256 bits and half of the modulus`;
  throw new DOMException(message, "OperationError");
}

function takeParts(
  core: Core,
  arena: Arena,
  generation: number,
  modulusBits: number,
  eBytes: number,
): RsaPrivateParts {
  const qBits = modulusBits >>> 1;
  const sizes = { modulusBits, eBytes, pBits: modulusBits - qBits, qBits };
  const length = lengthsOf(sizes).reduce((sum, length) => sum + length);
  const output = arena.alloc(length);
  check(core.raw["rsa.finish_generation"](generation, output));
  return cutParts(new Uint8Array(core.memory.copy(output, length)), sizes);
}

/** One use of a key, in an arena of its own: `run`, `finish`, and `close` on every path. */
class RsaOperation {
  readonly arena: Arena;
  readonly #core: Core;
  readonly #prepared: number;
  readonly #state: number;
  readonly #room: number;

  /**
   * @param x as long as the modulus.
   * @param fillRandom for a private operation.
   * @returns null if x is not less than the modulus.
   */
  static begin(
    core: Core,
    prepared: Uint8Array,
    x: Uint8Array,
    fillRandom?: FillRandom,
  ): RsaOperation | null {
    const arena = core.openArena();
    try {
      const operation = new RsaOperation(core, arena, prepared, x.length);
      if (operation.#begin(x, fillRandom)) return operation;
    } catch (error) {
      arena.close();
      throw error;
    }
    arena.close();
    return null;
  }

  private constructor(core: Core, arena: Arena, prepared: Uint8Array, length: number) {
    this.#core = core;
    this.arena = arena;
    this.#prepared = arena.place(prepared);
    this.#state = arena.alloc(check(core.raw["rsa.operation_bytes"](this.#prepared)));
    this.#room = arena.alloc(length + BLINDING_BYTES);
  }

  #begin(x: Uint8Array, fillRandom?: FillRandom): boolean {
    const { raw, memory } = this.#core;
    let begun: number;
    if (fillRandom) {
      const blinding = new Uint8Array(BLINDING_BYTES);
      fillRandom(blinding);
      const blindingAt = this.#room + x.length;
      memory.bytes.set(x, this.#room);
      memory.bytes.set(blinding, blindingAt);
      blinding.fill(0);
      begun = raw["rsa.begin_private"](this.#prepared, this.#room, blindingAt, this.#state);
    } else {
      memory.bytes.set(x, this.#room);
      begun = raw["rsa.begin_public"](this.#prepared, this.#room, this.#state);
    }
    if (begun === Status.REPRESENTATIVE_OUT_OF_RANGE) return false;
    check(begun);
    return true;
  }

  *run(): RsaSlices<void> {
    const step = this.#core.raw["rsa.step"];
    for (;;) {
      const answer = runSlice(this.#core, (tiles) => step(this.#prepared, this.#state, tiles));
      if (answer === Status.PRIVATE_OPERATION_FAILED) {
        throw new DOMException("the result of an RSA operation did not pass its check", "OperationError");
      }
      if (check(answer) === DONE) return;
      yield;
      this.arena.requireOpen();
    }
  }

  /** The address of the result, as long as the modulus. */
  finish(): number {
    check(this.#core.raw["rsa.finish"](this.#prepared, this.#state, this.#room));
    return this.#room;
  }

  close(): void {
    this.arena.close();
  }
}

interface Sizes {
  readonly modulusBits: number;
  readonly eBytes: number;
  readonly pBits: number;
  readonly qBits: number;
}

function sizesOf({ n, e, p, q }: RsaPublicParts & Partial<RsaPrivateParts>): Sizes {
  const sizes = {
    modulusBits: bitLength(n),
    eBytes: trim(e).length,
    pBits: p ? bitLength(p) : 0,
    qBits: q ? bitLength(q) : 0,
  };
  // Checked here: across the boundary a size is taken modulo 2^32.
  const { modulusBits, eBytes, pBits, qBits } = sizes;
  if (Math.max(modulusBits, pBits, qBits, 8 * eBytes - 7) > RSA_MODULUS_BITS_MAX) throw noKey();
  return sizes;
}

/** In the order in which the core has them; a public key has the first two. */
const NUMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"] as const;

/** How long it has each of them, in bytes. */
function lengthsOf({ modulusBits, eBytes, pBits, qBits }: Sizes): number[] {
  const [n, p, q] = [bytesOf(modulusBits), bytesOf(pBits), bytesOf(qBits)];
  return pBits === 0 ? [n, eBytes] : [n, eBytes, n, p, q, p, q, p];
}

/** The numbers of a private key that lie one after another: parts of `all`. */
function cutParts(all: Uint8Array, sizes: Sizes): RsaPrivateParts {
  let at = 0;
  const numbers = lengthsOf(sizes).map((length) => {
    at += length;
    return all.subarray(at - length, at);
  }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const [n, e, d, p, q, dp, dq, qi] = numbers;
  return { n, e, d, p, q, dp, dq, qi };
}

/** The prepared key, and, if they are wanted, its numbers as the core takes them. */
function prepare(
  core: Core,
  sizes: Sizes,
  numbers: readonly Uint8Array[],
  wantsNumbers: boolean,
): [prepared: Uint8Array, numbers: Uint8Array | undefined] {
  const { raw, memory } = core;
  const { modulusBits, eBytes, pBits, qBits } = sizes;
  const arena = core.openArena();
  try {
    const preparedBytes = checkKey(raw["rsa.prepared_bytes"](modulusBits, eBytes, pBits, qBits));
    const scratchBytes = checkKey(raw["rsa.scratch_bytes"](modulusBits, eBytes, pBits, qBits));
    const prepared = arena.alloc(preparedBytes);
    const scratch = arena.alloc(scratchBytes);
    const lengths = lengthsOf(sizes);
    const length = lengths.reduce((sum, length) => sum + length);
    const input = arena.alloc(length);
    let at = input;
    for (const [i, number] of numbers.entries()) {
      placeNumber(memory.bytes, at, lengths[i]!, number);
      at += lengths[i]!;
    }
    checkKey(raw["rsa.prepare"](modulusBits, eBytes, pBits, qBits, input, prepared, scratch));
    return [
      new Uint8Array(memory.copy(prepared, preparedBytes)),
      wantsNumbers ? new Uint8Array(memory.copy(input, length)) : undefined,
    ];
  } finally {
    arena.close();
  }
}

/** Zeros before the number are cut off, or put there, until it is as long. */
function placeNumber(memory: Uint8Array, at: number, length: number, number: Uint8Array): void {
  const excess = number.length - length;
  if (excess <= 0) {
    memory.fill(0, at, at - excess);
    memory.set(number, at - excess);
    return;
  }
  let over = 0;
  for (let i = 0; i < excess; i++) over |= number[i]!;
  if (over !== 0) throw noKey();
  memory.set(number.subarray(excess), at);
}

function checkKey(result: number): number {
  if (result === Status.INVALID_RSA_KEY) throw noKey();
  return check(result);
}

function noKey(): DOMException {
  const message = `numbers that are no RSA key, or one of less than ${RSA_MODULUS_BITS_MIN} or more than ${RSA_MODULUS_BITS_MAX} bits, or with a prime of less than ${RSA_PRIME_BITS_MIN}`;
  return new DOMException(message, "DataError");
}

const bytesOf = (bits: number): number => (bits + 7) >>> 3;

/** Without the zeros before it. */
function trim(number: Uint8Array): Uint8Array {
  let zeros = 0;
  while (number[zeros] === 0) zeros++;
  return number.subarray(zeros);
}

function bitLength(number: Uint8Array): number {
  const bytes = trim(number);
  return bytes.length === 0 ? 0 : 8 * bytes.length - Math.clz32(bytes[0]!) + 24;
}
