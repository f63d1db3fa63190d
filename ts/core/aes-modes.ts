/** AES-CBC and AES-CTR (NIST SP 800-38A) and AES-KW (RFC 3394) in the core: a key slot for each of them, and messages. */
import type { Arena, Core } from "./core.ts";
import { WINDOW_BYTES } from "./hash.ts";
import { PreparedSlot, preparedOf } from "./secret-slot.ts";
import { check, Status } from "./status.ts";

export const AES_BLOCK_BYTES = 16;

/** What AES-KW puts before the key that is wrapped. */
export const KEY_WRAP_BYTES = 8;

/** A key slot: the round keys. */
export class AesSlot extends PreparedSlot {
  /**
   * @param key of 16, 24 or 32 bytes.
   * @param bits as PreparedSlot takes them.
   */
  constructor(core: Core, key: Uint8Array, bits?: Uint8Array<ArrayBuffer>) {
    super(core, key, core.raw["aes.prepared_bytes"](), core.raw["aes.prepare"], bits);
  }

  /** A message in CBC under way, padded. @param iv of 16 bytes. */
  beginCbc(iv: Uint8Array, bytesMax: number): CbcMessage {
    return new CbcMessage(this.core, preparedOf(this), iv, bytesMax);
  }

  /** A message in CTR under way. @param counter of 16 bytes, of which the last `counterBits` bits are counted. */
  beginCtr(counter: Uint8Array, counterBits: number, bytesMax: number): CtrMessage {
    return new CtrMessage(this.core, preparedOf(this), counter, counterBits, bytesMax);
  }

  /** The wrapping of a key of 16 bytes or more, a multiple of 8, under way. */
  beginWrap(key: Uint8Array): KeyWrap {
    return new KeyWrap(this.core, preparedOf(this), "aes_kw.wrap", key);
  }

  /** The unwrapping of what `beginWrap` gave: 8 bytes more than the key. */
  beginUnwrap(wrapped: Uint8Array): KeyWrap {
    return new KeyWrap(this.core, preparedOf(this), "aes_kw.unwrap", wrapped);
  }
}

/**
 * A message in pieces that pass through a window of the core, and the block that leads from one to the next. `close` on
 * every path.
 *
 * All throw as Arena.requireOpen does, after `close` or the core's.
 */
class Message {
  protected readonly core: Core;
  protected readonly arena: Arena;
  protected readonly prepared: number;
  protected readonly block: number;
  protected readonly window: number;
  readonly #windowBytes: number;

  /** @param bytesMax how long the pieces are at most. */
  constructor(core: Core, prepared: Uint8Array, block: Uint8Array, bytesMax: number) {
    this.core = core;
    this.#windowBytes = Math.min(bytesMax, WINDOW_BYTES);
    this.arena = core.openArena();
    try {
      this.prepared = this.arena.alloc(prepared.length + 2 * AES_BLOCK_BYTES + this.#windowBytes);
      this.block = this.prepared + prepared.length;
      this.window = this.block + AES_BLOCK_BYTES;
      core.memory.bytes.set(prepared, this.prepared);
      core.memory.bytes.set(block, this.block);
    } catch (error) {
      this.arena.close();
      throw error;
    }
  }

  close(): void {
    this.arena.close();
  }

  /** Puts a piece into the window, part by part, has each part worked on there, and copies what comes of it. */
  protected pass(input: Uint8Array, output: Uint8Array, work: (length: number) => void): void {
    this.arena.requireOpen();
    const { memory } = this.core;
    for (let at = 0; at < input.length; at += this.#windowBytes) {
      const part = input.subarray(at, at + this.#windowBytes);
      memory.bytes.set(part, this.window);
      work(part.length);
      const length = Math.min(part.length, output.length - at);
      output.set(memory.bytes.subarray(this.window, this.window + length), at);
    }
  }
}

/** A message in CBC, in pieces of whole blocks; the last piece of a plaintext ends anywhere. */
export class CbcMessage extends Message {
  /** Encrypts into the first bytes of `output`. */
  encrypt(input: Uint8Array, output: Uint8Array): void {
    this.pass(input, output, (length) => this.#crypt("aes_cbc.encrypt", length));
  }

  /** The same for the last piece, which is padded to a whole number of blocks, by a byte at least. */
  encryptLast(input: Uint8Array, output: Uint8Array): void {
    const rest = input.length > WINDOW_BYTES ? input.length % WINDOW_BYTES : input.length;
    const before = input.length - rest;
    if (before > 0) this.encrypt(input.subarray(0, before), output);
    this.arena.requireOpen();
    const { bytes } = this.core.memory;
    const end = this.window + rest;
    const padding = AES_BLOCK_BYTES - (rest % AES_BLOCK_BYTES);
    bytes.set(before > 0 ? input.subarray(before) : input, this.window);
    bytes.fill(padding, end, end + padding);
    this.#crypt("aes_cbc.encrypt", rest + padding);
    output.set(bytes.subarray(this.window, end + padding), before);
  }

  /** Decrypts as much as `output` takes, at most as much as `input` has. */
  decrypt(input: Uint8Array, output: Uint8Array): void {
    this.pass(input, output, (length) => this.#crypt("aes_cbc.decrypt", length));
  }

  /**
   * How many bytes of a ciphertext are padding, looked up in its last block; null if it does not end in padding, in time
   * that does not depend on how. Of a message that is decrypted it is the first question: where the answer is null there
   * never is a plaintext.
   *
   * @param ciphertext a whole number of blocks, one at least, with the IV that the message began with.
   */
  paddingBytes(ciphertext: Uint8Array, iv: Uint8Array): number | null {
    this.arena.requireOpen();
    const { raw, memory } = this.core;
    const last = ciphertext.length - AES_BLOCK_BYTES;
    const before = last === 0 ? iv : ciphertext.subarray(last - AES_BLOCK_BYTES, last);
    memory.bytes.set(before, this.block);
    memory.bytes.set(ciphertext.subarray(last), this.window);
    this.#crypt("aes_cbc.decrypt", AES_BLOCK_BYTES);
    const padding = check(raw["aes_cbc.padding_bytes"](this.window));
    memory.bytes.set(iv, this.block);
    return padding || null;
  }

  #crypt(mode: "aes_cbc.encrypt" | "aes_cbc.decrypt", length: number): void {
    check(this.core.raw[mode](this.prepared, this.block, this.window, length, this.window));
  }
}

/** A message in CTR, in pieces of whole blocks; the last one ends anywhere. Encryption and decryption are the same. */
export class CtrMessage extends Message {
  readonly #counterBits: number;

  constructor(core: Core, prepared: Uint8Array, counter: Uint8Array, counterBits: number, bytesMax: number) {
    super(core, prepared, counter, bytesMax);
    this.#counterBits = counterBits;
  }

  /** Into the first bytes of `output`. */
  crypt(input: Uint8Array, output: Uint8Array): void {
    const { raw } = this.core;
    this.pass(input, output, (length) => {
      const { prepared, block, window } = this;
      check(raw["aes_ctr.crypt"](prepared, block, this.#counterBits, window, length, window));
    });
  }
}

/** A key being wrapped or unwrapped, in steps of which there are six for each eight bytes. `close` on every path. */
export class KeyWrap {
  readonly #core: Core;
  readonly #mode: "aes_kw.wrap" | "aes_kw.unwrap";
  readonly #arena: Arena;
  readonly #prepared: number;
  readonly #data: number;
  readonly #dataBytes: number;
  readonly #steps: number;
  #done = 0;

  constructor(core: Core, prepared: Uint8Array, mode: "aes_kw.wrap" | "aes_kw.unwrap", input: Uint8Array) {
    this.#core = core;
    this.#mode = mode;
    const before = mode === "aes_kw.wrap" ? KEY_WRAP_BYTES : 0;
    this.#dataBytes = before + input.length;
    this.#steps = 6 * (this.#dataBytes / KEY_WRAP_BYTES - 1);
    this.#arena = core.openArena();
    try {
      this.#prepared = this.#arena.place(prepared);
      this.#data = this.#arena.alloc(this.#dataBytes);
      core.memory.bytes.set(input, this.#data + before);
    } catch (error) {
      this.#arena.close();
      throw error;
    }
  }

  /**
   * Goes on by so many steps. Gives whether there are more; null if what was unwrapped had not been wrapped by this key.
   *
   * @throws as Arena.requireOpen does, here and in `result`.
   */
  step(count: number): boolean | null {
    this.#arena.requireOpen();
    const from = this.#done + 1;
    const to = Math.min(this.#done + count, this.#steps);
    // Unwrapping counts backwards.
    const range = this.#mode === "aes_kw.wrap" ? [from, to] : [this.#steps + 1 - from, this.#steps + 1 - to];
    const result = this.#core.raw[this.#mode](
      this.#prepared,
      this.#data,
      this.#dataBytes,
      range[0]!,
      range[1]!,
    );
    if (result === Status.AUTHENTICATION_FAILED) return null;
    check(result);
    this.#done = to;
    return to < this.#steps;
  }

  /** The wrapped key, or the unwrapped one, after the last step. */
  result(): ArrayBuffer {
    this.#arena.requireOpen();
    const before = this.#mode === "aes_kw.wrap" ? 0 : KEY_WRAP_BYTES;
    return this.#core.memory.copy(this.#data + before, this.#dataBytes - before);
  }

  close(): void {
    this.#arena.close();
  }
}
