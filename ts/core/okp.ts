/**
 * Octet key pairs in the core, RFC 8410's and RFC 8037's: Ed25519 and Ed448, which sign (RFC 8032), X25519 and X448, which
 * agree on a secret (RFC 7748). Any bytes of the right number are a key; what public keys are of no use shows in the use.
 */
import type { Arena, Core } from "./core.ts";
import type { OkpCurveName } from "./der.ts";
import { WINDOW_BYTES } from "./hash.ts";
import { keepSecret } from "./secrets.ts";
import { check } from "./status.ts";

export interface OkpCurve {
  /** The name WebCrypto gives it. */
  readonly name: OkpCurveName;
  /** What it is for. */
  readonly scheme: "eddsa" | "xdh";
  /** Its number in zig/crypto/edwards/eddsa.zig or xdh.zig. */
  readonly id: number;
  /** Of a private key, of a public one, of a shared secret, and of half a signature. */
  readonly keyBytes: number;
}

export const OKP_CURVES = {
  Ed25519: { name: "Ed25519", scheme: "eddsa", id: 1, keyBytes: 32 },
  Ed448: { name: "Ed448", scheme: "eddsa", id: 2, keyBytes: 57 },
  X25519: { name: "X25519", scheme: "xdh", id: 1, keyBytes: 32 },
  X448: { name: "X448", scheme: "xdh", id: 2, keyBytes: 56 },
} as const satisfies Record<OkpCurveName, OkpCurve>;

export class OkpPublicKey {
  readonly curve: OkpCurve;
  readonly #core: Core;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** @param bytes `curve.keyBytes` of them, which are copied. */
  constructor(core: Core, curve: OkpCurve, bytes: Uint8Array) {
    core.requireOpen();
    this.curve = curve;
    this.#core = core;
    this.#bytes = bytes.slice();
  }

  /** A copy of the key. */
  exportBytes(): Uint8Array<ArrayBuffer> {
    this.#core.requireOpen();
    return this.#bytes.slice();
  }

  /**
   * Whether `signature` is one of a message by the holder of the private key.
   *
   * @param context what the message was signed in: 0 to 255 bytes, none for Ed25519.
   * @param signature of twice as many bytes as a key.
   * @param message of at most `WINDOW_BYTES`.
   */
  verify(context: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
    const { raw } = this.#core;
    const arena = this.#core.openArena();
    try {
      const key = arena.place(this.#bytes);
      const given = arena.place(context);
      const signed = arena.place(signature);
      const input = arena.place(message);
      const { id } = this.curve;
      const verdict = raw["eddsa.verify"](id, key, given, context.length, signed, input, message.length);
      return check(verdict) === 1;
    } finally {
      arena.close();
    }
  }

  /** `verify` of a message in pieces: any number of `update`, one `verify`. */
  beginVerify(context: Uint8Array, signature: Uint8Array): EddsaState {
    return new EddsaState(this.#core, this.curve, (arena, state) =>
      this.#core.raw["eddsa.begin_verify"](
        this.curve.id,
        arena.place(this.#bytes),
        arena.place(context),
        context.length,
        arena.place(signature),
        state,
      ),
    );
  }
}

/** A key slot: a private key, wiped when the slot is closed or collected, or the core is closed. */
export class OkpPrivateSlot {
  readonly curve: OkpCurve;
  readonly #core: Core;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Of a key that signs, once it is needed: what RFC 8032 expands it to, beginning with the public key. */
  #prepared: Uint8Array | undefined;
  /** Computed when it is first asked for. */
  #publicKey: OkpPublicKey | undefined;
  #closed = false;

  /** @param bytes `curve.keyBytes` of them, which are copied. */
  constructor(core: Core, curve: OkpCurve, bytes: Uint8Array) {
    core.requireOpen(); // Nobody would wipe them.
    this.curve = curve;
    this.#core = core;
    this.#bytes = bytes.slice();
    keepSecret(core, this, this.#bytes);
  }

  /** A new private key. */
  static generate(core: Core, curve: OkpCurve, fillRandom: (bytes: Uint8Array) => void): OkpPrivateSlot {
    const random = new Uint8Array(curve.keyBytes);
    try {
      fillRandom(random);
      return new OkpPrivateSlot(core, curve, random);
    } finally {
      random.fill(0);
    }
  }

  publicKey(): OkpPublicKey {
    this.#requireOpen();
    this.#publicKey ??= new OkpPublicKey(this.#core, this.curve, this.#computePublicKey());
    return this.#publicKey;
  }

  /** A copy of the private key. */
  exportBytes(): Uint8Array<ArrayBuffer> {
    this.#requireOpen();
    return this.#bytes.slice();
  }

  /**
   * The signature of a message: R and S, as RFC 8032 encodes them.
   *
   * @param context what the message is signed in: 0 to 255 bytes, none for Ed25519.
   * @param message of at most `WINDOW_BYTES`.
   */
  sign(context: Uint8Array, message: Uint8Array): ArrayBuffer {
    const prepared = this.#prepare();
    const { raw, memory } = this.#core;
    const { id, keyBytes } = this.curve;
    const arena = this.#core.openArena();
    try {
      const signature = arena.alloc(2 * keyBytes);
      const key = arena.place(prepared);
      const given = arena.place(context);
      const input = arena.place(message);
      check(raw["eddsa.sign"](id, key, given, context.length, input, message.length, signature));
      return memory.copy(signature, 2 * keyBytes);
    } finally {
      arena.close();
    }
  }

  /** `sign` of a message in pieces: all of it by `update`, `commit`, all of it again, one `sign`. */
  beginSign(context: Uint8Array): EddsaState {
    const prepared = this.#prepare();
    return new EddsaState(this.#core, this.curve, (arena, state) =>
      this.#core.raw["eddsa.begin_sign"](
        this.curve.id,
        arena.place(prepared),
        arena.place(context),
        context.length,
        state,
      ),
    );
  }

  /**
   * The secret that is shared with the holder of another private key, for the caller to wipe.
   *
   * @returns undefined where it is all zero: `publicKey` is a point of small order then.
   */
  derive(publicKey: OkpPublicKey): Uint8Array<ArrayBuffer> | undefined {
    this.#requireOpen();
    const { raw, memory } = this.#core;
    const { id, keyBytes } = this.curve;
    const arena = this.#core.openArena();
    try {
      const secret = arena.alloc(keyBytes);
      const other = arena.place(publicKey.exportBytes());
      if (check(raw["xdh.derive"](id, arena.place(this.#bytes), other, secret)) === 0) return undefined;
      return new Uint8Array(memory.copy(secret, keyBytes));
    } finally {
      arena.close();
    }
  }

  #computePublicKey(): Uint8Array {
    const { scheme, id, keyBytes } = this.curve;
    if (scheme === "eddsa") return this.#prepare().subarray(0, keyBytes);
    const { raw, memory } = this.#core;
    const arena = this.#core.openArena();
    try {
      const publicKey = arena.alloc(keyBytes);
      check(raw["xdh.public_key"](id, arena.place(this.#bytes), publicKey));
      return new Uint8Array(memory.copy(publicKey, keyBytes));
    } finally {
      arena.close();
    }
  }

  #prepare(): Uint8Array {
    this.#requireOpen();
    if (this.#prepared) return this.#prepared;
    const { raw, memory } = this.#core;
    const { id } = this.curve;
    const arena = this.#core.openArena();
    try {
      const length = check(raw["eddsa.prepared_bytes"](id));
      const prepared = arena.alloc(length);
      check(raw["eddsa.prepare"](id, arena.place(this.#bytes), prepared));
      this.#prepared = new Uint8Array(memory.copy(prepared, length));
      keepSecret(this.#core, this, this.#prepared);
      return this.#prepared;
    } finally {
      arena.close();
    }
  }

  /** Wipes the key now; what is asked of the slot afterwards is refused. */
  close(): void {
    this.#closed = true;
    this.#bytes.fill(0);
    this.#prepared?.fill(0);
  }

  /** @throws DOMException InvalidStateError after `close`, and after the core's. */
  #requireOpen(): void {
    this.#core.requireOpen();
    if (this.#closed) throw new DOMException("this key is closed", "InvalidStateError");
  }
}

/** A signature or a verification in pieces; `close` on every path. */
export class EddsaState {
  readonly #core: Core;
  readonly #curve: OkpCurve;
  readonly #arena: Arena;
  readonly #state: number;
  readonly #window: number;

  /** @param begin begins it in the state, with what it places in the arena; gives a status. */
  constructor(core: Core, curve: OkpCurve, begin: (arena: Arena, state: number) => number) {
    this.#core = core;
    this.#curve = curve;
    this.#arena = core.openArena();
    try {
      this.#state = this.#arena.alloc(check(core.raw["eddsa.state_bytes"](curve.id)));
      this.#window = this.#arena.alloc(WINDOW_BYTES);
      check(begin(this.#arena, this.#state));
    } catch (error) {
      this.#arena.close();
      throw error;
    }
  }

  /** @throws as Arena.requireOpen does, after `close` or the core's, here and below. */
  update(bytes: Uint8Array): void {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    for (let at = 0; at < bytes.length; at += WINDOW_BYTES) {
      const piece = bytes.subarray(at, at + WINDOW_BYTES);
      memory.bytes.set(piece, this.#window);
      check(raw["eddsa.update"](this.#curve.id, this.#state, this.#window, piece.length));
    }
  }

  /** Between the two passes over a message that is signed. */
  commit(): void {
    this.#arena.requireOpen();
    check(this.#core.raw["eddsa.commit"](this.#curve.id, this.#state));
  }

  sign(): ArrayBuffer {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    check(raw["eddsa.finish_sign"](this.#curve.id, this.#state, this.#window));
    return memory.copy(this.#window, 2 * this.#curve.keyBytes);
  }

  verify(): boolean {
    this.#arena.requireOpen();
    return check(this.#core.raw["eddsa.finish_verify"](this.#curve.id, this.#state)) === 1;
  }

  close(): void {
    this.#arena.close();
  }
}
