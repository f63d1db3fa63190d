/**
 * One instance of nano.wasm: its raw exports, views of its memory, and arenas. The files beside this one give each
 * room of the core a typed face; nobody outside this folder sees an address.
 */
import type { CoreExports } from "./exports.ts";
import { instantiateCore } from "./load.ts";
import { CoreMemory } from "./memory.ts";
import { wipeSecrets } from "./secrets.ts";
import { CoreError, check, checkAddress, Status } from "./status.ts";

/** What the core's memory is doing, in bytes and counts. */
export interface MemoryStatistics {
  /** Arenas open now: one for each operation under way and each connection in the middle of a request. */
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
    this.requireOpen();
    return new Arena(this, check(this.raw["arena.open"]()));
  }

  /** @throws DOMException InvalidStateError after `close`: everything was wiped and taken back then. */
  requireOpen(): void {
    if (this.#closed) throw new DOMException("this runtime is closed", "InvalidStateError");
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

  /** Wipes every arena that is open, and every key; no arena can be opened afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    wipeSecrets(this);
    check(this.raw["arena.close_all"]());
  }
}

/** What crosses the boundary is taken modulo 2^32, so a longer length would become a short one. */
const LENGTH_MAX = 0xffff_ffff;

/** Memory for one operation. Closing wipes it and gives it back; an operation that closes twice is refused. */
export class Arena {
  readonly #core: Core;
  readonly #handle: number;
  #closed = false;

  constructor(core: Core, handle: number) {
    this.#core = core;
    this.#handle = handle;
  }

  /**
   * Room for `length` bytes. Its contents are undefined. Memory may grow, so views taken before are dead.
   *
   * @returns its address, for use inside ts/core only.
   * @throws RangeError when memory has run out; the arena stays usable. Otherwise as `requireOpen`.
   */
  alloc(length: number, alignment = 16): number {
    this.requireOpen();
    if (!(length >= 0 && length <= LENGTH_MAX)) {
      throw new RangeError(`nano.wasm: a length must be 0 to ${LENGTH_MAX} bytes, not ${length}`);
    }
    return checkAddress(this.#core.raw["arena.alloc"](this.#handle, length, alignment));
  }

  /** A copy of `bytes` in core memory; its address. */
  place(bytes: Uint8Array): number {
    const address = this.alloc(bytes.length);
    this.#core.memory.bytes.set(bytes, address);
    return address;
  }

  /**
   * What an operation asks before it reads or writes what it allocated earlier: after closing, that memory is another
   * operation's.
   *
   * @throws DOMException InvalidStateError when the core was closed; CoreError when this arena was.
   */
  requireOpen(): void {
    this.#core.requireOpen();
    if (this.#closed) throw new CoreError(Status.INVALID_HANDLE);
  }

  /** Closing after the core itself was closed is allowed and does nothing: everything was wiped then. */
  close(): void {
    if (this.#core.closed) return;
    this.requireOpen();
    this.#closed = true;
    check(this.#core.raw["arena.close"](this.#handle));
  }
}
