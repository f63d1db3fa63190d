/**
 * One instance of nano.wasm: its raw exports, views of its memory, and arenas. The files beside this one give each
 * room of the core a typed face; nobody outside this folder sees an address.
 */
import type { CoreExports } from "./exports.ts";
import { instantiateCore } from "./load.ts";
import { CoreMemory } from "./memory.ts";
import { check, checkAddress } from "./status.ts";

/** What the core's memory is doing, in bytes and counts. */
export interface MemoryStatistics {
  /** Arenas open now: one for each running operation, connection and key. */
  liveArenas: number;
  /** Objects made by the loader's `__new` and not collected; NANO itself makes none. */
  liveObjects: number;
  /** Bytes that those hold, with what keeping them costs. */
  bytesInUse: number;
  /** The largest `bytesInUse` so far. */
  peakBytesInUse: number;
  /** Bytes under the pool's management, in use or free. It never shrinks. */
  poolBytes: number;
}

export class Core {
  readonly raw: CoreExports;
  readonly memory: CoreMemory;
  #closed = false;

  constructor(module: WebAssembly.Module) {
    this.raw = instantiateCore(module);
    this.memory = new CoreMemory(this.raw.memory);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Opens an arena. Whoever opens it closes it, on every path.
   *
   * @throws RangeError when memory or handles have run out; DOMException InvalidStateError after `close`.
   */
  openArena(): Arena {
    if (this.#closed) throw new DOMException("this runtime is closed", "InvalidStateError");
    return new Arena(this, check(this.raw["arena.open"]()));
  }

  statistics(): MemoryStatistics {
    const at = checkAddress(this.raw["arena.statistics"]()) >>> 2;
    const words = this.memory.words;
    return {
      liveArenas: words[at]!,
      liveObjects: words[at + 1]!,
      bytesInUse: words[at + 2]!,
      peakBytesInUse: words[at + 3]!,
      poolBytes: words[at + 4]!,
    };
  }

  /** Wipes and returns whatever is still open, keys included; no arena can be opened afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    check(this.raw["arena.close_all"]());
  }
}

/** Memory for one operation. Closing wipes it and gives it back; an operation that closes twice is refused. */
export class Arena {
  readonly #core: Core;
  readonly #handle: number;

  constructor(core: Core, handle: number) {
    this.#core = core;
    this.#handle = handle;
  }

  /**
   * Room for `length` bytes. Its contents are undefined. Memory may grow, so views taken before are dead.
   *
   * @returns its address, for use inside ts/core only.
   * @throws RangeError when memory has run out; the arena stays usable.
   */
  alloc(length: number, alignment = 16): number {
    return checkAddress(this.#core.raw["arena.alloc"](this.#handle, length, alignment));
  }

  /** A copy of `bytes` in core memory; its address. */
  place(bytes: Uint8Array): number {
    const address = this.alloc(bytes.length);
    this.#core.memory.bytes.set(bytes, address);
    return address;
  }

  /** Closing after the core itself was closed is allowed and does nothing: everything was wiped then. */
  close(): void {
    if (!this.#core.closed) check(this.#core.raw["arena.close"](this.#handle));
  }
}
