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
    this.#prepared = prepare(core, sizesOf(this.#parts), [this.#parts.n, this.#parts.e]);
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
}

/**
 * A key slot for a private key: the prepared key, and, where it may be exported, its numbers. All is wiped when the slot
 * is closed or collected, or the core closed.
 */
export class RsaPrivateSlot {
  readonly modulusBits: number;
  readonly #core: Core;
  readonly #modulusBytes: number;
  readonly #prepared: Uint8Array;
  readonly #parts: RsaPrivateParts | undefined;

  /**
   * The numbers are checked against each other; that p and q are primes is not.
   *
   * @param exportable whether `exportParts` shall give the numbers.
   * @throws DOMException DataError for what is no key, or too short or too long.
   */
  constructor(core: Core, given: RsaPrivateParts, exportable: boolean) {
    this.#core = core;
    const sizes = sizesOf(given);
    if (sizes.pBits === 0) throw noKey();
    this.modulusBits = sizes.modulusBits;
    this.#modulusBytes = bytesOf(sizes.modulusBits);
    const parts = fixLengths(given, sizes);
    const all = [parts.n, parts.e, parts.d, parts.p, parts.q, parts.dp, parts.dq, parts.qi];
    try {
      this.#prepared = prepare(core, sizes, all);
    } catch (error) {
      for (const part of all) part.fill(0);
      throw error;
    }
    keepSecret(core, this, this.#prepared);
    if (exportable) {
      this.#parts = parts;
      for (const part of all) keepSecret(core, this, part);
    } else {
      for (const part of all) part.fill(0);
    }
  }

  /** Copies of the numbers, for a slot that may give them: d as long as n, dp and qi as p, and dq as q. */
  exportParts(): RsaPrivateParts {
    this.#core.requireOpen();
    const { n, e, d, p, q, dp, dq, qi } = this.#parts!;
    return {
      n: n.slice(),
      e: e.slice(),
      d: d.slice(),
      p: p.slice(),
      q: q.slice(),
      dp: dp.slice(),
      dq: dq.slice(),
      qi: qi.slice(),
    };
  }

  /**
   * RSADP and RSASP1 (sections 5.1.2 and 5.2.1): x^d modulo n, blinded and checked. Null unless x has as many bytes as n,
   * and is less.
   *
   * @throws DOMException OperationError if the result was not right; it is not given then.
   */
  *raise(x: Uint8Array, fillRandom: FillRandom): RsaSlices<Uint8Array<ArrayBuffer> | null> {
    if (x.length !== this.#modulusBytes) return null;
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
      return this.#core.memory.copy(operation!.finish(), this.#modulusBytes);
    } finally {
      operation!.close();
    }
  }

  /** Wipes the key now; what is asked of the slot afterwards is refused. */
  close(): void {
    this.#prepared.fill(0);
    for (const part of Object.values(this.#parts ?? {})) (part as Uint8Array).fill(0);
  }

  #encodePss(hash: HashAlgorithm, digest: Uint8Array, salt: Uint8Array): Uint8Array {
    const { raw, memory } = this.#core;
    const arena = this.#core.openArena();
    try {
      const output = arena.alloc(this.#modulusBytes);
      const digestAt = arena.place(digest);
      const saltAt = arena.place(salt);
      const { length } = salt;
      check(raw["pss.encode"](hash.id, digestAt, digest.length, saltAt, length, this.modulusBits, output));
      return new Uint8Array(memory.copy(output, this.#modulusBytes));
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
 *   even, 1, longer than 256 bits or than half of the modulus.
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
  try {
    const generation = arena.alloc(
      checkGeneration(raw["rsa.generation_bytes"](modulusBits, e.length), modulusBits),
    );
    const begun = raw["rsa.begin_generation"](modulusBits, arena.place(e), e.length, generation);
    checkGeneration(begun, modulusBits);
    const random = new Uint8Array(Math.min(64 * bytesOf(modulusBits), 16_384));
    const randomAt = arena.alloc(random.length);
    let answer = NEEDS_RANDOM;
    for (let begun = false; answer !== DONE; begun = true) {
      if (begun) {
        yield;
        arena.requireOpen();
      }
      if (answer === NEEDS_RANDOM) {
        fillRandom(random);
        memory.bytes.set(random, randomAt);
        random.fill(0);
      }
      answer = check(
        runSlice(core, (tiles) => raw["rsa.step_generation"](generation, randomAt, random.length, tiles)),
      );
    }
    yield; // What comes is a slice of its own.
    arena.requireOpen();
    return takeParts(core, arena, generation, modulusBits, e.length);
  } finally {
    arena.close();
  }
}

/** What `rsa.step` and `rsa.step_generation` answer, and the latter alone. */
const MORE = 0;
const DONE = 1;
const NEEDS_RANDOM = 2;

/**
 * How much is multiplied in a slice, in tiles of 16 x 16 limbs, is learnt from the time that the one before took: an
 * engine's first code is some eight times as slow, and machines differ more. 100 tiles take a microsecond where this was
 * measured. A clock that stands still while code runs, as some hosts have it, leads to the greatest number.
 */
const SLICE_MS = 4;
const FIRST_SLICE_TILES = 40_000;
const SLICE_TILES_MIN = 10_000;
const SLICE_TILES_MAX = 400_000;
const sliceTiles = new WeakMap<Core, number>();

function runSlice(core: Core, step: (tiles: number) => number): number {
  const tiles = sliceTiles.get(core) ?? FIRST_SLICE_TILES;
  const started = performance.now();
  const answer = step(tiles);
  if (answer !== MORE) return answer; // It may have ended early.
  const fitting = (tiles * SLICE_MS) / (performance.now() - started);
  sliceTiles.set(core, Math.max(SLICE_TILES_MIN, Math.min(fitting, 4 * tiles, SLICE_TILES_MAX)));
  return answer;
}

function checkGeneration(result: number, modulusBits: number): number {
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
  const nBytes = bytesOf(modulusBits);
  const pBytes = bytesOf(modulusBits - (modulusBits >>> 1));
  const qBytes = bytesOf(modulusBits >>> 1);
  const output = arena.alloc(2 * nBytes + eBytes + 3 * pBytes + 2 * qBytes);
  check(core.raw["rsa.finish_generation"](generation, output));
  let at = output;
  const cut = (length: number) => {
    at += length;
    return new Uint8Array(core.memory.copy(at - length, length));
  };
  return {
    n: cut(nBytes),
    e: cut(eBytes),
    d: cut(nBytes),
    p: cut(pBytes),
    q: cut(qBytes),
    dp: cut(pBytes),
    dq: cut(qBytes),
    qi: cut(pBytes),
  };
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

/** The numbers as the core takes them: zeros before them cut off, or put before them, until they are as long. */
function fixLengths(parts: RsaPrivateParts, { modulusBits, pBits, qBits }: Sizes): RsaPrivateParts {
  return {
    n: trim(parts.n).slice(),
    e: trim(parts.e).slice(),
    d: fixLength(parts.d, bytesOf(modulusBits)),
    p: trim(parts.p).slice(),
    q: trim(parts.q).slice(),
    dp: fixLength(parts.dp, bytesOf(pBits)),
    dq: fixLength(parts.dq, bytesOf(qBits)),
    qi: fixLength(parts.qi, bytesOf(pBits)),
  };
}

function fixLength(number: Uint8Array, length: number): Uint8Array {
  const fixed = new Uint8Array(length);
  const excess = number.length - length;
  if (excess <= 0) {
    fixed.set(number, -excess);
    return fixed;
  }
  let over = 0;
  for (const byte of number.subarray(0, excess)) over |= byte;
  if (over !== 0) throw noKey();
  fixed.set(number.subarray(excess));
  return fixed;
}

/** The prepared key, as bytes. */
function prepare(core: Core, { modulusBits, eBytes, pBits, qBits }: Sizes, parts: Uint8Array[]): Uint8Array {
  const { raw, memory } = core;
  const arena = core.openArena();
  try {
    const preparedBytes = checkKey(raw["rsa.prepared_bytes"](modulusBits, eBytes, pBits, qBits));
    const scratchBytes = checkKey(raw["rsa.scratch_bytes"](modulusBits, eBytes, pBits, qBits));
    const prepared = arena.alloc(preparedBytes);
    const scratch = arena.alloc(scratchBytes);
    let at = arena.alloc(parts.reduce((sum, { length }) => sum + length, 0));
    const input = at;
    for (const part of parts) {
      memory.bytes.set(part, at);
      at += part.length;
    }
    checkKey(raw["rsa.prepare"](modulusBits, eBytes, pBits, qBits, input, prepared, scratch));
    return new Uint8Array(memory.copy(prepared, preparedBytes));
  } finally {
    arena.close();
  }
}

function checkKey(result: number): number {
  if (result === Status.INVALID_RSA_KEY) throw noKey();
  return check(result);
}

function noKey(): DOMException {
  const message = `numbers that are no RSA key, or one of less than ${RSA_MODULUS_BITS_MIN} or more than ${RSA_MODULUS_BITS_MAX} bits`;
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
