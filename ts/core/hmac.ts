/** HMAC in the core (FIPS 198-1): a key slot that holds the prepared key, and what is done with it. */
import type { Arena, Core } from "./core.ts";
import { type HashAlgorithm, WINDOW_BYTES } from "./hash.ts";
import { PreparedSlot, preparedOf } from "./secret-slot.ts";
import { check } from "./status.ts";

/** A key slot: the states after the inner and the outer key block. */
export class HmacSlot extends PreparedSlot {
  readonly hash: HashAlgorithm;

  /**
   * @param key of any length. For one longer than a block its digest will do (FIPS 198-1, section 4, step 2).
   * @param bits as PreparedSlot takes them.
   */
  constructor(core: Core, hash: HashAlgorithm, key: Uint8Array, bits?: Uint8Array<ArrayBuffer>) {
    const { raw } = core;
    const prepare = (...args: [number, number, number]) => raw["hmac.prepare"](hash.id, ...args);
    super(core, key, raw["hmac.prepared_bytes"](hash.id), prepare, bits);
    this.hash = hash;
  }

  /** The MAC of `message`: as many bytes as the hash gives. */
  sign(message: Uint8Array): ArrayBuffer {
    if (message.length > WINDOW_BYTES) return this.#inPieces(message, (signer) => signer.final());
    const { raw, memory } = this.core;
    const { digestBytes } = this.hash;
    const arena = this.core.openArena();
    try {
      const prepared = arena.alloc(preparedOf(this).length + digestBytes + message.length);
      const output = prepared + preparedOf(this).length;
      const input = output + digestBytes;
      memory.bytes.set(preparedOf(this), prepared);
      memory.bytes.set(message, input);
      check(raw["hmac.sign"](prepared, input, message.length, output));
      return memory.copy(output, digestBytes);
    } finally {
      arena.close();
    }
  }

  /** Whether `mac` is the MAC of `message`, in time that does not depend on where they differ. */
  verify(message: Uint8Array, mac: Uint8Array): boolean {
    if (message.length > WINDOW_BYTES) return this.#inPieces(message, (signer) => signer.verify(mac));
    this.core.requireOpen();
    if (mac.length !== this.hash.digestBytes) return false;
    const { raw, memory } = this.core;
    const arena = this.core.openArena();
    try {
      const prepared = arena.alloc(preparedOf(this).length + mac.length + message.length);
      const given = prepared + preparedOf(this).length;
      const input = given + mac.length;
      memory.bytes.set(preparedOf(this), prepared);
      memory.bytes.set(mac, given);
      memory.bytes.set(message, input);
      return check(raw["hmac.verify"](prepared, input, message.length, given, mac.length)) === 1;
    } finally {
      arena.close();
    }
  }

  /** A MAC in pieces. */
  begin(): HmacSigner {
    return new HmacSigner(this.core, this.hash, preparedOf(this));
  }

  #inPieces<Result>(message: Uint8Array, finish: (signer: HmacSigner) => Result): Result {
    const signer = this.begin();
    try {
      signer.update(message);
      return finish(signer);
    } finally {
      signer.close();
    }
  }
}

/** A MAC in pieces: any number of `update`, one `final` or `verify`, and `close` on every path. */
export class HmacSigner {
  readonly #core: Core;
  readonly #hash: HashAlgorithm;
  readonly #arena: Arena;
  readonly #state: number;
  readonly #window: number;

  constructor(core: Core, hash: HashAlgorithm, prepared: Uint8Array) {
    this.#core = core;
    this.#hash = hash;
    this.#arena = core.openArena();
    try {
      this.#state = this.#arena.alloc(check(core.raw["hmac.state_bytes"](hash.id)));
      this.#window = this.#arena.alloc(WINDOW_BYTES);
      check(core.raw["hmac.init"](this.#arena.place(prepared), this.#state));
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
      check(raw["hmac.update"](this.#state, this.#window, piece.length));
    }
  }

  final(): ArrayBuffer {
    this.#arena.requireOpen();
    const length = check(this.#core.raw["hmac.final"](this.#state, this.#window));
    return this.#core.memory.copy(this.#window, length);
  }

  verify(mac: Uint8Array): boolean {
    this.#arena.requireOpen();
    if (mac.length !== this.#hash.digestBytes) return false;
    this.#core.memory.bytes.set(mac, this.#window);
    return check(this.#core.raw["hmac.verify_final"](this.#state, this.#window, mac.length)) === 1;
  }

  close(): void {
    this.#arena.close();
  }
}
