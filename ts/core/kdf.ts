/** Key derivation in the core: HKDF (RFC 5869) at once, and PBKDF2 (RFC 8018, section 5.2) in as many pieces as wanted. */
import type { Arena, Core } from "./core.ts";
import { type HashAlgorithm, WINDOW_BYTES } from "./hash.ts";
import { check } from "./status.ts";

/** HKDF, both steps. @param length in bytes, at most 255 digests. */
export function hkdf(
  core: Core,
  hash: HashAlgorithm,
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): ArrayBuffer {
  const { raw, memory } = core;
  const arena = core.openArena();
  try {
    const prk = arena.alloc(check(raw["hmac.prepared_bytes"](hash.id)));
    const saltAt = arena.place(salt);
    const ikmAt = arena.place(ikm);
    check(raw["hkdf.extract"](hash.id, saltAt, salt.length, ikmAt, ikm.length, prk));
    const infoAt = arena.place(info);
    const output = arena.alloc(length);
    check(raw["hkdf.expand"](prk, infoAt, info.length, output, length));
    return memory.copy(output, length);
  } finally {
    arena.close();
  }
}

/** Blocks of output that PBKDF2 works on at the same time, at most. */
const GROUP_BLOCKS = 64;

/** Of a block's number. */
const NUMBER_BYTES = 4;

/**
 * PBKDF2 under way: the salt, in any number of pieces; then for each group of blocks `begin`, the iterations, in any
 * number of pieces, and `take`. `close` on every path.
 *
 * All throw as Arena.requireOpen does, after `close` or the core's.
 */
export class Pbkdf2 {
  readonly #core: Core;
  readonly #hash: HashAlgorithm;
  readonly #arena: Arena;
  readonly #prepared: number;
  /** Of HMAC, after the salt; and a copy of it for each block. */
  readonly #salted: number;
  readonly #state: number;
  readonly #stateBytes: number;
  /** U_j of each block, the sums of U_1 to U_j, and the window that the salt passes through. */
  readonly #us: number;
  readonly #sums: number;
  readonly #window: number;
  readonly #windowBytes: number;
  #blocks = 0;

  /**
   * Takes no more memory than it needs: many may be under way at the same time, and for long.
   *
   * @param password of any length. For one longer than a block its digest will do (FIPS 198-1, section 4, step 2).
   * @param saltBytes how long the salt is, if not longer than a window.
   * @param blocks of output, all together.
   */
  constructor(core: Core, hash: HashAlgorithm, password: Uint8Array, saltBytes: number, blocks: number) {
    this.#core = core;
    this.#hash = hash;
    this.#arena = core.openArena();
    try {
      const { raw } = core;
      this.#prepared = this.#arena.alloc(check(raw["hmac.prepared_bytes"](hash.id)));
      this.#stateBytes = check(raw["hmac.state_bytes"](hash.id));
      this.#salted = this.#arena.alloc(this.#stateBytes);
      this.#state = this.#arena.alloc(this.#stateBytes);
      const groupBytes = Math.min(blocks, GROUP_BLOCKS) * hash.digestBytes;
      this.#us = this.#arena.alloc(groupBytes);
      this.#sums = this.#arena.alloc(groupBytes);
      this.#windowBytes = Math.max(NUMBER_BYTES, Math.min(saltBytes, WINDOW_BYTES));
      this.#window = this.#arena.alloc(this.#windowBytes);
      check(raw["hmac.prepare"](hash.id, this.#arena.place(password), password.length, this.#prepared));
      check(raw["hmac.init"](this.#prepared, this.#salted));
    } catch (error) {
      this.#arena.close();
      throw error;
    }
  }

  updateSalt(salt: Uint8Array): void {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    for (let at = 0; at < salt.length; at += this.#windowBytes) {
      const piece = salt.subarray(at, at + this.#windowBytes);
      memory.bytes.set(piece, this.#window);
      check(raw["hmac.update"](this.#salted, this.#window, piece.length));
    }
  }

  /**
   * The first iteration of a group of blocks.
   *
   * @param first the number of its first block, counted from 0.
   * @param blocks that there still are.
   * @returns how many of them the group has.
   */
  begin(first: number, blocks: number): number {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    const { digestBytes } = this.#hash;
    this.#blocks = Math.min(blocks, GROUP_BLOCKS);
    const { bytes } = memory;
    for (let block = 0; block < this.#blocks; block++) {
      bytes.copyWithin(this.#state, this.#salted, this.#salted + this.#stateBytes);
      const number = first + block + 1;
      for (let i = 0; i < NUMBER_BYTES; i++) bytes[this.#window + i] = number >>> (24 - 8 * i);
      check(raw["hmac.update"](this.#state, this.#window, NUMBER_BYTES));
      check(raw["hmac.final"](this.#state, this.#us + block * digestBytes));
    }
    bytes.copyWithin(this.#sums, this.#us, this.#us + this.#blocks * digestBytes);
    return this.#blocks;
  }

  /** So many further iterations, of all blocks of the group. */
  iterate(count: number): void {
    this.#arena.requireOpen();
    const length = this.#blocks * this.#hash.digestBytes;
    check(this.#core.raw["pbkdf2.iterate"](this.#prepared, this.#us, length, this.#sums, count));
  }

  /** What the group gives, as much of it as `output` takes. */
  take(output: Uint8Array): void {
    this.#arena.requireOpen();
    const length = Math.min(this.#blocks * this.#hash.digestBytes, output.length);
    output.set(this.#core.memory.bytes.subarray(this.#sums, this.#sums + length));
  }

  close(): void {
    this.#arena.close();
  }
}
