/** A key slot for what is no cipher's or MAC's key yet: passwords, and material that keys are derived from. */
import type { Core } from "./core.ts";
import { keepSecret } from "./secrets.ts";

/** Bytes that are wiped when the slot is collected, or the core closed. */
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

  /** The bytes themselves, not a copy. */
  get bytes(): Uint8Array {
    this.#core.requireOpen();
    return this.#bytes;
  }
}
