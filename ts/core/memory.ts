/**
 * Views of the core's memory. Growing memory detaches every view of it, so views are asked for here, each time:
 * the same one comes back until memory has grown.
 */
export class CoreMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Uint32Array<ArrayBuffer>;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
  }

  /** All of memory as bytes: valid until a call that may grow. */
  get bytes(): Uint8Array<ArrayBuffer> {
    // A detached view has length zero; memory itself never has.
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  /** All of memory as 32-bit words, for tables: index by address / 4. */
  get words(): Uint32Array<ArrayBuffer> {
    if (this.#words.length === 0) this.#words = new Uint32Array(this.#memory.buffer);
    return this.#words;
  }

  /** A copy of `length` bytes, in an ArrayBuffer of their own. */
  copy(address: number, length: number): ArrayBuffer {
    // V8 does this in half the time that ArrayBuffer.prototype.slice takes: for a digest, most of the call.
    return this.bytes.slice(address, address + length).buffer;
  }
}
