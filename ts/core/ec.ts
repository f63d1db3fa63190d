/**
 * Keys of elliptic curves (SP 800-186), ECDSA (FIPS 186-5) and ECDH (SP 800-56A) in the core: a key slot, and public
 * keys.
 */
import type { Arena, Core } from "./core.ts";
import type { HashAlgorithm } from "./hash.ts";
import { keepSecret } from "./secrets.ts";
import { check, Status } from "./status.ts";

export interface Curve {
  /** The name WebCrypto gives it. */
  readonly name: string;
  /** Its number in zig/crypto/ec/key.zig. */
  readonly id: number;
  /** Of a private key, of a coordinate, and of half a signature. */
  readonly scalarBytes: number;
}

export const CURVES = {
  "P-256": { name: "P-256", id: 1, scalarBytes: 32 },
  "P-384": { name: "P-384", id: 2, scalarBytes: 48 },
  "P-521": { name: "P-521", id: 3, scalarBytes: 66 },
} as const satisfies Record<string, Curve>;

/** The digest of a message of at most `WINDOW_BYTES`; its address. */
function digestIn({ raw, memory }: Core, arena: Arena, hash: HashAlgorithm, message: Uint8Array): number {
  const digest = arena.alloc(hash.digestBytes + message.length);
  const input = digest + hash.digestBytes;
  memory.bytes.set(message, input);
  check(raw["hash.digest"](hash.id, input, message.length, digest));
  return digest;
}

/** Preparing a key takes as long as two verifications, and each that follows a good third of one. */
const PREPARED_AT = 3;

/** A point of the curve that is not infinity. */
export class EcPublicKey {
  readonly curve: Curve;
  readonly #core: Core;
  readonly #point: Uint8Array<ArrayBuffer>;
  #verifications = 0;
  /** Multiples of the point, 10 to 18 KB of them, once the key has verified often enough. */
  #prepared: Uint8Array | undefined;

  private constructor(core: Core, curve: Curve, point: Uint8Array<ArrayBuffer>) {
    this.curve = curve;
    this.#core = core;
    this.#point = point;
  }

  /**
   * @param encoded in either form of SEC 1, section 2.3.3: 4, x, y; or 2 or 3, x.
   * @returns undefined for what is no point of the curve, or infinity.
   */
  static decode(core: Core, curve: Curve, encoded: Uint8Array): EcPublicKey | undefined {
    const { raw, memory } = core;
    const { scalarBytes } = curve;
    if (encoded.length !== 1 + scalarBytes && encoded.length !== 1 + 2 * scalarBytes) return undefined;
    const arena = core.openArena();
    try {
      const point = arena.alloc(1 + 2 * curve.scalarBytes);
      const length = raw["ec.decode_public_key"](curve.id, arena.place(encoded), encoded.length, point);
      if (length === Status.INVALID_PUBLIC_KEY) return undefined;
      return new EcPublicKey(core, curve, new Uint8Array(memory.copy(point, check(length))));
    } finally {
      arena.close();
    }
  }

  /**
   * The public key of a private key.
   *
   * @param scalar a private key that has been checked.
   */
  static of(core: Core, curve: Curve, scalar: Uint8Array): EcPublicKey {
    const { raw, memory } = core;
    const arena = core.openArena();
    try {
      const point = arena.alloc(1 + 2 * curve.scalarBytes);
      const length = check(raw["ec.public_key"](curve.id, arena.place(scalar), point));
      return new EcPublicKey(core, curve, new Uint8Array(memory.copy(point, length)));
    } finally {
      arena.close();
    }
  }

  /**
   * A public key, if it is that of a private key.
   *
   * @param encoded as `decode` takes it.
   * @returns undefined for a scalar that `EcPrivateSlot.from` refuses; false for what is not its public key.
   */
  static decodeFor(
    core: Core,
    curve: Curve,
    encoded: Uint8Array,
    scalar: Uint8Array,
  ): EcPublicKey | false | undefined {
    const { raw, memory } = core;
    const { id, scalarBytes } = curve;
    if (scalar.length !== scalarBytes) return undefined;
    const arena = core.openArena();
    try {
      const length = 1 + 2 * scalarBytes;
      const point = arena.alloc(length);
      const verdict = raw["ec.is_key_pair"](
        id,
        arena.place(scalar),
        arena.place(encoded),
        encoded.length,
        point,
      );
      if (verdict === Status.INVALID_PRIVATE_KEY) return undefined;
      if (verdict === Status.INVALID_PUBLIC_KEY || check(verdict) === 0) return false;
      return new EcPublicKey(core, curve, new Uint8Array(memory.copy(point, length)));
    } finally {
      arena.close();
    }
  }

  /**
   * A copy of the point, uncompressed: 4, x, y.
   *
   * @throws DOMException InvalidStateError after the core's `close`.
   */
  exportPoint(): Uint8Array<ArrayBuffer> {
    this.#core.requireOpen();
    return this.#point.slice();
  }

  /** Whether `signature`, r and s, is one of `digest` by the holder of the private key. */
  verify(digest: Uint8Array, signature: Uint8Array): boolean {
    const arena = this.#core.openArena();
    try {
      return this.#verify(arena, arena.place(digest), digest.length, signature);
    } finally {
      arena.close();
    }
  }

  /** `verify` of a short message's digest, in one go. */
  verifyMessage(hash: HashAlgorithm, message: Uint8Array, signature: Uint8Array): boolean {
    const arena = this.#core.openArena();
    try {
      return this.#verify(arena, digestIn(this.#core, arena, hash, message), hash.digestBytes, signature);
    } finally {
      arena.close();
    }
  }

  #verify(arena: Arena, hashed: number, hashedBytes: number, signature: Uint8Array): boolean {
    const { raw } = this.#core;
    const { id } = this.curve;
    const given = arena.place(signature);
    if (this.#prepared === undefined && ++this.#verifications === PREPARED_AT) this.#prepare(arena);
    const [verify, key] =
      this.#prepared === undefined
        ? (["ecdsa.verify", this.#point] as const)
        : (["ecdsa.verify_prepared", this.#prepared] as const);
    return check(raw[verify](id, arena.place(key), hashed, hashedBytes, given, signature.length)) === 1;
  }

  #prepare(arena: Arena): void {
    const { raw, memory } = this.#core;
    const length = check(raw["ecdsa.prepared_bytes"](this.curve.id));
    const prepared = arena.alloc(length);
    check(raw["ecdsa.prepare"](this.curve.id, arena.place(this.#point), prepared));
    this.#prepared = new Uint8Array(memory.copy(prepared, length));
  }
}

/** P-521 refuses half of the draws at most; so many in a row are refused once in 2^128 runs. */
const DRAWS_MAX = 128;

/** A key slot: a private key, wiped when the slot is closed or collected, or the core is closed. */
export class EcPrivateSlot {
  readonly curve: Curve;
  readonly #core: Core;
  readonly #scalar: Uint8Array<ArrayBuffer>;
  /** Computed when it is first asked for, unless it was given. */
  #publicKey: EcPublicKey | undefined;
  #closed = false;

  private constructor(core: Core, curve: Curve, scalar: Uint8Array<ArrayBuffer>) {
    this.curve = curve;
    this.#core = core;
    this.#scalar = scalar;
    keepSecret(core, this, scalar);
  }

  /** A new private key (FIPS 186-5, section A.2.2). */
  static generate(core: Core, curve: Curve, fillRandom: (bytes: Uint8Array) => void): EcPrivateSlot {
    const { raw, memory } = core;
    const arena = core.openArena();
    // Not in core memory: the embedder's function shall see no more than what it fills.
    const random = new Uint8Array(curve.scalarBytes);
    try {
      const randomAt = arena.alloc(curve.scalarBytes);
      const scalar = arena.alloc(curve.scalarBytes);
      let isDrawn = false;
      for (let draws = 0; !isDrawn; draws++) {
        if (draws === DRAWS_MAX)
          throw new DOMException("the random numbers are not random", "OperationError");
        fillRandom(random);
        memory.bytes.set(random, randomAt);
        isDrawn = check(raw["ec.generate_private_key"](curve.id, randomAt, scalar)) !== 0;
      }
      return new EcPrivateSlot(core, curve, new Uint8Array(memory.copy(scalar, curve.scalarBytes)));
    } finally {
      random.fill(0);
      arena.close();
    }
  }

  /** @returns undefined for a scalar of another length than the curve's, of 0, or not below the order of the group. */
  static from(core: Core, curve: Curve, scalar: Uint8Array): EcPrivateSlot | undefined {
    if (scalar.length !== curve.scalarBytes) return undefined;
    const arena = core.openArena();
    try {
      if (check(core.raw["ec.check_private_key"](curve.id, arena.place(scalar))) === 0) return undefined;
      return new EcPrivateSlot(core, curve, scalar.slice());
    } finally {
      arena.close();
    }
  }

  /**
   * The same with its public key, which is known to be so sooner than it is computed.
   *
   * @param encoded as `EcPublicKey.decode` takes it.
   * @returns undefined where `from` does; false for what is not its public key.
   */
  static fromPair(
    core: Core,
    curve: Curve,
    scalar: Uint8Array,
    encoded: Uint8Array,
  ): EcPrivateSlot | false | undefined {
    const publicKey = EcPublicKey.decodeFor(core, curve, encoded, scalar);
    if (!publicKey) return publicKey;
    const slot = new EcPrivateSlot(core, curve, scalar.slice());
    slot.#publicKey = publicKey;
    return slot;
  }

  publicKey(): EcPublicKey {
    this.#requireOpen();
    this.#publicKey ??= EcPublicKey.of(this.#core, this.curve, this.#scalar);
    return this.#publicKey;
  }

  /** A copy of the private key: a big-endian integer, as long as the order of the group. */
  exportScalar(): Uint8Array<ArrayBuffer> {
    this.#requireOpen();
    return this.#scalar.slice();
  }

  /**
   * The signature of `digest`: r and s.
   *
   * @param hash what nonces are made with (RFC 6979), commonly what made the digest.
   * @param entropy random bytes, 16 at least, which make the nonces hedged; without any they follow from key and digest.
   */
  sign(hash: HashAlgorithm, digest: Uint8Array, entropy: Uint8Array): ArrayBuffer {
    this.#requireOpen();
    const arena = this.#core.openArena();
    try {
      return this.#sign(arena, hash, arena.place(digest), digest.length, entropy);
    } finally {
      arena.close();
    }
  }

  /** The signature of a short message's digest: in one go, which is worth a microsecond. */
  signMessage(hash: HashAlgorithm, message: Uint8Array, entropy: Uint8Array): ArrayBuffer {
    this.#requireOpen();
    const arena = this.#core.openArena();
    try {
      const hashed = digestIn(this.#core, arena, hash, message);
      return this.#sign(arena, hash, hashed, hash.digestBytes, entropy);
    } finally {
      arena.close();
    }
  }

  #sign(
    arena: Arena,
    hash: HashAlgorithm,
    hashed: number,
    hashedBytes: number,
    entropy: Uint8Array,
  ): ArrayBuffer {
    const { raw, memory } = this.#core;
    const { id, scalarBytes } = this.curve;
    const signature = arena.alloc(2 * scalarBytes);
    const scalar = arena.place(this.#scalar);
    const random = arena.place(entropy);
    check(raw["ecdsa.sign"](id, hash.id, scalar, hashed, hashedBytes, random, entropy.length, signature));
    return memory.copy(signature, 2 * scalarBytes);
  }

  /**
   * The secret shared with the holder of another key on the same curve, for the caller to wipe: the coordinate x of the
   * product.
   */
  deriveSecret(publicKey: EcPublicKey): Uint8Array<ArrayBuffer> {
    const { raw, memory } = this.#core;
    const { id, scalarBytes } = this.curve;
    const point = publicKey.exportPoint();
    this.#requireOpen();
    const arena = this.#core.openArena();
    try {
      const secret = arena.alloc(scalarBytes);
      check(raw["ecdh.derive"](id, arena.place(this.#scalar), arena.place(point), secret));
      return new Uint8Array(memory.copy(secret, scalarBytes));
    } finally {
      arena.close();
    }
  }

  /** Wipes the key now; what is asked of the slot afterwards is refused. */
  close(): void {
    this.#closed = true;
    this.#scalar.fill(0);
  }

  /** @throws DOMException InvalidStateError after `close`, and after the core's. */
  #requireOpen(): void {
    this.#core.requireOpen();
    if (this.#closed) throw new DOMException("this key is closed", "InvalidStateError");
  }
}
