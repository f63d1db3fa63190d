/**
 * Key slots: what holds a key between operations, and wipes it when the slot is collected or the core is closed. Those of
 * ciphers and MACs extend `PreparedSlot`; a `SecretSlot` is for what is no such key yet.
 */
import type { Core } from "./core.ts";
import { keepSecret } from "./secrets.ts";
import { check } from "./status.ts";

/** What the core made of a slot's key, not a copy: for the slot's own file. */
export let preparedOf: (slot: PreparedSlot) => Uint8Array;

/** What the core makes of a key once, for all that is done with it, and, where the key may be exported, its bits. */
export class PreparedSlot {
  protected readonly core: Core;
  readonly #prepared: Uint8Array;
  readonly #bits: Uint8Array<ArrayBuffer> | undefined;

  static {
    preparedOf = (slot) => slot.#prepared;
  }

  /**
   * @param preparedBytes how many they are, as the core answered.
   * @param prepare has the core prepare the key at an address, of a length, into room at another.
   * @param bits what `exportBits` shall give; they belong to the slot from here on. Absent: never exported.
   */
  constructor(
    core: Core,
    key: Uint8Array,
    preparedBytes: number,
    prepare: (key: number, keyBytes: number, prepared: number) => number,
    bits?: Uint8Array<ArrayBuffer>,
  ) {
    this.core = core;
    const arena = core.openArena();
    try {
      const room = arena.alloc(check(preparedBytes));
      check(prepare(arena.place(key), key.length, room));
      this.#prepared = new Uint8Array(core.memory.copy(room, preparedBytes));
    } finally {
      arena.close();
    }
    this.#bits = bits;
    keepSecret(core, this, this.#prepared);
    if (bits) keepSecret(core, this, bits);
  }

  /** A copy of the key's bits, for a slot that was given them. */
  exportBits(): Uint8Array<ArrayBuffer> {
    this.core.requireOpen();
    return this.#bits!.slice();
  }
}

/** The bytes themselves: of passwords, and of material that keys are derived from. */
export class SecretSlot {
  readonly #core: Core;
  readonly #bytes: Uint8Array;

  /**
   * @param bytes are copied.
   * @throws DOMException InvalidStateError after the core's `close`: nobody would wipe them.
   */
  constructor(core: Core, bytes: Uint8Array) {
    core.requireOpen();
    this.#core = core;
    this.#bytes = bytes.slice();
    keepSecret(core, this, this.#bytes);
  }

  /** Not a copy. */
  get bytes(): Uint8Array {
    this.#core.requireOpen();
    return this.#bytes;
  }
}
