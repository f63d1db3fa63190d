/** Bytes that come in pieces and are wanted in one, in a buffer of their own. */

/**
 * What is made room for at first, however much is announced: what a server says is not yet there. Beyond it, room is
 * doubled as bytes come.
 */
const ANNOUNCED_BYTES_MAX = 1024 * 1024;

/** Room at first where nothing is announced. */
const FIRST_ROOM_BYTES = 64 * 1024;

export class Collected {
  readonly #expectedBytes: number;
  #room: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param expectedBytes how many will come; Infinity where that is unknown. */
  constructor(expectedBytes: number) {
    this.#expectedBytes = expectedBytes;
    const known = Number.isFinite(expectedBytes);
    this.#room = new Uint8Array(known ? Math.min(expectedBytes, ANNOUNCED_BYTES_MAX) : FIRST_ROOM_BYTES);
  }

  /** Takes a copy. @throws RangeError when memory has run out. */
  add(piece: Uint8Array): void {
    const end = this.#length + piece.length;
    if (end > this.#room.length) {
      const room = new Uint8Array(Math.max(end, Math.min(2 * this.#room.length, this.#expectedBytes)));
      room.set(this.#room.subarray(0, this.#length));
      this.#room = room;
    }
    this.#room.set(piece, this.#length);
    this.#length = end;
  }

  /** All of it; what collected it is done with. */
  whole(): Uint8Array<ArrayBuffer> {
    return this.#length === this.#room.length ? this.#room : this.#room.slice(0, this.#length);
  }
}
