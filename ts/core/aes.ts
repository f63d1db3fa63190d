/** AES-GCM in the core (NIST SP 800-38D): a key slot that holds the prepared key, and what is done with it. */
import type { Arena, Core } from "./core.ts";
import { WINDOW_BYTES } from "./hash.ts";
import { PreparedSlot, preparedOf } from "./secret-slot.ts";
import { CoreError, check, Status } from "./status.ts";

/** How long a plaintext may be (section 5.2.1.1: 2^39 - 256 bits). A longer one is refused by the core, at the latest when it has come so far. */
export const AES_GCM_TEXT_BYTES_MAX = 2 ** 36 - 32;

const TAG_BYTES_MAX = 16;

/**
 * A key slot: the round keys and powers of H.
 *
 * In all that follows an IV has one byte at least, and a tag 32, 64, 96, 104, 112, 120 or 128 bits.
 */
export class AesGcmSlot extends PreparedSlot {
  /**
   * @param key of 16, 24 or 32 bytes.
   * @param bits as PreparedSlot takes them.
   */
  constructor(core: Core, key: Uint8Array, bits?: Uint8Array<ArrayBuffer>) {
    super(core, key, core.raw["aes_gcm.prepared_bytes"](), core.raw["aes_gcm.prepare"], bits);
  }

  /** The ciphertext, and behind it the tag. */
  seal(iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, tagBits: number): ArrayBuffer {
    const tagBytes = tagBytesOf(tagBits);
    const length = plaintext.length;
    if (iv.length + aad.length + length > WINDOW_BYTES) {
      const sealer = this.beginSeal();
      try {
        sealer.updateIv(iv);
        sealer.updateAad(aad);
        const result = new Uint8Array(length + tagBytes);
        sealer.update(plaintext, result);
        sealer.final(result.subarray(length));
        return result.buffer;
      } finally {
        sealer.close();
      }
    }
    const { raw, memory } = this.core;
    const arena = this.core.openArena();
    try {
      const prepared = this.#place(arena, plaintext, length + tagBytes, iv, aad);
      const text = prepared + preparedOf(this).length;
      const tag = text + length;
      const ivAt = tag + tagBytes;
      const aadAt = ivAt + iv.length;
      check(
        raw["aes_gcm.seal"](prepared, ivAt, iv.length, aadAt, aad.length, text, length, text, tag, tagBytes),
      );
      return memory.copy(text, length + tagBytes);
    } finally {
      arena.close();
    }
  }

  /**
   * The plaintext of a ciphertext with its tag behind it; null if that is not authentic. `sealed` is read twice where
   * it is long, so it must not lie in memory that another thread can change.
   */
  open(iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array, tagBits: number): ArrayBuffer | null {
    const tagBytes = tagBytesOf(tagBits);
    const length = sealed.length - tagBytes;
    this.core.requireOpen();
    if (length < 0) return null;
    if (iv.length + aad.length + length > WINDOW_BYTES) {
      const ciphertext = sealed.subarray(0, length);
      const opener = this.beginOpen();
      try {
        opener.updateIv(iv);
        opener.updateAad(aad);
        opener.verify(ciphertext);
        if (!opener.final(sealed.subarray(length))) return null;
        const result = new Uint8Array(length);
        opener.open(ciphertext, result);
        return result.buffer;
      } finally {
        opener.close();
      }
    }
    const { raw, memory } = this.core;
    const arena = this.core.openArena();
    try {
      const prepared = this.#place(arena, sealed, sealed.length, iv, aad);
      const text = prepared + preparedOf(this).length;
      const tag = text + length;
      const ivAt = tag + tagBytes;
      const aadAt = ivAt + iv.length;
      const isAuthentic = authentic(
        raw["aes_gcm.open"](prepared, ivAt, iv.length, aadAt, aad.length, text, length, text, tag, tagBytes),
      );
      return isAuthentic ? memory.copy(text, length) : null;
    } finally {
      arena.close();
    }
  }

  /** Places the prepared key; behind it the text, in so many bytes; IV; additional data. Gives the key's address. */
  #place(arena: Arena, text: Uint8Array, textBytes: number, iv: Uint8Array, aad: Uint8Array): number {
    const textAt = preparedOf(this).length;
    const prepared = arena.alloc(textAt + textBytes + iv.length + aad.length);
    const { bytes } = this.core.memory;
    bytes.set(preparedOf(this), prepared);
    bytes.set(text, prepared + textAt);
    bytes.set(iv, prepared + textAt + textBytes);
    if (aad.length > 0) bytes.set(aad, prepared + textAt + textBytes + iv.length);
    return prepared;
  }

  /** Encryption in pieces. */
  beginSeal(): AesGcmSealer {
    return new AesGcmSealer(this.core, preparedOf(this));
  }

  /** Decryption in pieces. */
  beginOpen(): AesGcmOpener {
    return new AesGcmOpener(this.core, preparedOf(this));
  }
}

/** @throws CoreError for what is no whole number of bytes; the core refuses lengths that GCM does not have. */
function tagBytesOf(tagBits: number): number {
  const bytes = tagBits / 8;
  if (!(Number.isInteger(bytes) && bytes >= 0 && bytes <= TAG_BYTES_MAX))
    throw new CoreError(Status.INVALID_LENGTH);
  return bytes;
}

/**
 * A message in pieces, of which there may be any number: those of the IV first, one byte at least; then those of the
 * additional data; then the text. `close` on every path.
 *
 * All throw as Arena.requireOpen does, after `close` or the core's, and CoreError for what comes out of turn.
 */
class Message {
  readonly #core: Core;
  readonly #prepared: Uint8Array;
  readonly #arena: Arena;
  /** Of the core, and the window through which input and output pass. */
  readonly #state: number;
  readonly #window: number;
  #begun = false;

  constructor(core: Core, prepared: Uint8Array) {
    this.#core = core;
    this.#prepared = prepared;
    this.#arena = core.openArena();
    try {
      this.#state = this.#arena.alloc(check(core.raw["aes_gcm.state_bytes"]()));
      this.#window = this.#arena.alloc(WINDOW_BYTES);
    } catch (error) {
      this.#arena.close();
      throw error;
    }
  }

  updateIv(iv: Uint8Array): void {
    const first = iv.subarray(0, this.#begun ? 0 : WINDOW_BYTES);
    if (!this.#begun) this.#begin(first);
    this.#absorb("aes_gcm.update_iv", iv.subarray(first.length));
  }

  updateAad(aad: Uint8Array): void {
    this.#absorb("aes_gcm.update_aad", aad);
  }

  close(): void {
    this.#arena.close();
  }

  protected hash(ciphertext: Uint8Array): void {
    this.#absorb("aes_gcm.verify_update", ciphertext);
  }

  /** Encrypts or decrypts into the first bytes of `output`. */
  protected crypt(
    update: "aes_gcm.seal_update" | "aes_gcm.open_update",
    input: Uint8Array,
    output: Uint8Array,
  ): void {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    for (let at = 0; at < input.length; at += WINDOW_BYTES) {
      const piece = input.subarray(at, at + WINDOW_BYTES);
      memory.bytes.set(piece, this.#window);
      check(raw[update](this.#state, this.#window, piece.length, this.#window));
      output.set(memory.bytes.subarray(this.#window, this.#window + piece.length), at);
    }
  }

  protected writeTag(tag: Uint8Array): void {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    check(raw["aes_gcm.seal_final"](this.#state, this.#window, tag.length));
    tag.set(memory.bytes.subarray(this.#window, this.#window + tag.length));
  }

  protected hasTag(tag: Uint8Array): boolean {
    this.#arena.requireOpen();
    if (tag.length > TAG_BYTES_MAX) throw new CoreError(Status.INVALID_LENGTH);
    const { raw, memory } = this.#core;
    memory.bytes.set(tag, this.#window);
    return authentic(raw["aes_gcm.verify_final"](this.#state, this.#window, tag.length));
  }

  #begin(iv: Uint8Array): void {
    const { raw, memory } = this.#core;
    const arena = this.#core.openArena();
    try {
      this.#arena.requireOpen();
      const prepared = arena.place(this.#prepared);
      memory.bytes.set(iv, this.#window);
      check(raw["aes_gcm.init"](prepared, this.#window, iv.length, this.#state));
      this.#begun = true;
    } finally {
      arena.close();
    }
  }

  #absorb(
    update: "aes_gcm.update_iv" | "aes_gcm.update_aad" | "aes_gcm.verify_update",
    input: Uint8Array,
  ): void {
    this.#arena.requireOpen();
    const { raw, memory } = this.#core;
    for (let at = 0; at < input.length; at += WINDOW_BYTES) {
      const piece = input.subarray(at, at + WINDOW_BYTES);
      memory.bytes.set(piece, this.#window);
      check(raw[update](this.#state, this.#window, piece.length));
    }
  }
}

/** Encryption in pieces: IV, additional data, plaintext, and one `final`. */
export class AesGcmSealer extends Message {
  /** Encrypts into the first bytes of `output`, which is no shorter than `input`, and is `input` itself or apart from it. */
  update(input: Uint8Array, output: Uint8Array): void {
    this.crypt("aes_gcm.seal_update", input, output);
  }

  /** Writes a tag as long as `tag`. */
  final(tag: Uint8Array): void {
    this.writeTag(tag);
  }
}

/**
 * Decryption in pieces: IV, additional data, the whole ciphertext through `verify`, one `final`; if that says that it is
 * authentic, the ciphertext once more through `open`, which is refused before.
 */
export class AesGcmOpener extends Message {
  verify(input: Uint8Array): void {
    this.hash(input);
  }

  /** Whether `tag` is that of the ciphertext. */
  final(tag: Uint8Array): boolean {
    return this.hasTag(tag);
  }

  /** Decrypts as `AesGcmSealer.update` encrypts. The caller sees to it that the ciphertext is still the same. */
  open(input: Uint8Array, output: Uint8Array): void {
    this.crypt("aes_gcm.open_update", input, output);
  }
}

/** What `open` and `verify_final` found. */
function authentic(result: number): boolean {
  if (result === Status.AUTHENTICATION_FAILED) return false;
  check(result);
  return true;
}
