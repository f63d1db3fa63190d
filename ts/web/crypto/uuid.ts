/** Version 4 UUIDs: RFC 9562, section 5.4, written as section 4 says. */

/** Each request for entropy costs about as much as a few hundred UUIDs, so it fetches enough for this many. */
const BATCH = 128;
const UUID_BYTES = 16;

/** Every byte as two digits. A UUID is made to be shown, so the lookups need not hide which one they read. */
let hexOf: readonly string[] | undefined;

export class UuidSource {
  readonly #fillRandom: (bytes: Uint8Array) => void;
  readonly #entropy = new Uint8Array(BATCH * UUID_BYTES);
  #at = this.#entropy.length;

  constructor(fillRandom: (bytes: Uint8Array) => void) {
    this.#fillRandom = fillRandom;
  }

  next(): `${string}-${string}-${string}-${string}-${string}` {
    const bytes = this.#entropy;
    if (this.#at === bytes.length) {
      this.#fillRandom(bytes);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += UUID_BYTES;
    hexOf ??= Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
    const digits = hexOf;
    const hex = (i: number) => digits[bytes[at + i]!]!;
    const version = digits[(bytes[at + 6]! & 0x0f) | 0x40]!;
    const variant = digits[(bytes[at + 8]! & 0x3f) | 0x80]!;
    const timeLow = hex(0) + hex(1) + hex(2) + hex(3);
    const node = hex(10) + hex(11) + hex(12) + hex(13) + hex(14) + hex(15);
    const uuid = `${timeLow}-${hex(4)}${hex(5)}-${version}${hex(7)}-${variant}${hex(9)}-${node}` as const;
    bytes.fill(0, at, this.#at); // No UUID can be read after it was given out.
    return uuid;
  }
}
