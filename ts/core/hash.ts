/** Digests in the core: SHA-1, SHA-256, SHA-384 and SHA-512 (FIPS 180-4). */
import type { Arena, Core } from "./core.ts";
import { check } from "./status.ts";

export interface HashAlgorithm {
  /** The name WebCrypto gives it. */
  readonly name: string;
  /** Its number in zig/crypto/hash.zig. */
  readonly id: number;
  readonly digestBytes: number;
  readonly blockBytes: number;
}

export const HASHES = {
  "SHA-1": { name: "SHA-1", id: 1, digestBytes: 20, blockBytes: 64 },
  "SHA-256": { name: "SHA-256", id: 2, digestBytes: 32, blockBytes: 64 },
  "SHA-384": { name: "SHA-384", id: 3, digestBytes: 48, blockBytes: 128 },
  "SHA-512": { name: "SHA-512", id: 4, digestBytes: 64, blockBytes: 128 },
} as const satisfies Record<string, HashAlgorithm>;

/** Longer input passes through the core in windows of this size: memory stays small, and the cache warm. */
export const WINDOW_BYTES = 64 * 1024;

/** The digest of `input`, whole and at once. */
export function digest(core: Core, algorithm: HashAlgorithm, input: Uint8Array): ArrayBuffer {
  const length = input.length;
  const { digestBytes } = algorithm;
  if (length > WINDOW_BYTES) {
    const hasher = new Hasher(core, algorithm);
    try {
      hasher.update(input);
      return hasher.final();
    } finally {
      hasher.close();
    }
  }
  const arena = core.openArena();
  try {
    const output = arena.alloc(digestBytes + length);
    const address = output + digestBytes;
    core.memory.bytes.set(input, address);
    check(core.raw["hash.digest"](algorithm.id, address, length, output));
    return core.memory.copy(output, digestBytes);
  } finally {
    arena.close();
  }
}

/** A digest in pieces: any number of `update`, one `final`, and `close` on every path. */
export class Hasher {
  readonly #core: Core;
  readonly #algorithm: HashAlgorithm;
  readonly #arena: Arena;
  readonly #state: number;
  readonly #window: number;
  readonly #windowBytes: number;

  /** @param windowBytes how much of an update is in core memory at a time. */
  constructor(core: Core, algorithm: HashAlgorithm, windowBytes = WINDOW_BYTES) {
    this.#core = core;
    this.#algorithm = algorithm;
    this.#windowBytes = windowBytes;
    this.#arena = core.openArena();
    try {
      this.#state = this.#arena.alloc(check(core.raw["hash.state_bytes"](algorithm.id)));
      this.#window = this.#arena.alloc(Math.max(windowBytes, algorithm.digestBytes));
      check(core.raw["hash.init"](algorithm.id, this.#state));
    } catch (error) {
      this.#arena.close();
      throw error;
    }
  }

  /** @throws as Arena.requireOpen does, after `close` or the core's, here and in `final`. */
  update(bytes: Uint8Array): void {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    for (let at = 0; at < bytes.length; at += this.#windowBytes) {
      const piece = bytes.subarray(at, at + this.#windowBytes);
      memory.bytes.set(piece, this.#window);
      check(raw["hash.update"](this.#state, this.#window, piece.length));
    }
  }

  final(): ArrayBuffer {
    this.#arena.requireOpen();
    check(this.#core.raw["hash.final"](this.#state, this.#window));
    return this.#core.memory.copy(this.#window, this.#algorithm.digestBytes);
  }

  close(): void {
    this.#arena.close();
  }
}
