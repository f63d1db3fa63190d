/** The bytes of a value that is being written: chunks of them, and what numbers and strings become. */
import { TAG, VERSION } from "./format.ts";
import { giveBack, setAside, unfilled } from "./memory.ts";
import { DOUBLE_BYTES, isInteger, putDouble, putInteger } from "./numbers.ts";
import { isTwoByte, writeOneByte, writeTwoByte } from "./text.ts";

/** The first chunk, which most values fit in; and what chunks grow to, those to be put together and those to be taken. */
const CHUNK_BYTES_MIN = 16 * 1024;
const CHUNK_BYTES_MAX = 2 * 1024 * 1024;
const TAKEN_CHUNK_BYTES_MAX = 64 * 1024;
const SPARE_BYTES_MAX = 256 * 1024;

/** A tag and the longest number behind it. */
export const TOKEN_BYTES_MAX = 16;

/** Text up to here is written unit by unit, right after a length that takes one byte. */
export const SHORT_TEXT_UNITS = 24;

/** A chunk, between one writer and the next, and a view of it. */
let spare: Uint8Array<ArrayBuffer> | undefined;
let spareView: DataView<ArrayBuffer> | undefined;

const NOTHING = new Uint8Array(0);

/** Fewer bytes are copied and wiped faster one by one than by a call into the engine. */
const FEW_BYTES = 128;

function copyOf(chunk: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length > FEW_BYTES) return chunk.slice(0, length);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = chunk[i]!;
  return bytes;
}

/** Keeps a chunk for the next writer, wiped, unless it is very large or another one is kept already. */
function keep(chunk: Uint8Array<ArrayBuffer>, view: DataView<ArrayBuffer>, used: number): void {
  const { length } = chunk;
  if (length > SPARE_BYTES_MAX || length <= (spare?.length ?? 0)) return;
  if (used <= FEW_BYTES) for (let i = 0; i < used; i++) chunk[i] = 0;
  else chunk.fill(0, 0, used);
  spare = chunk;
  spareView = view;
}

/** How many bytes a varint takes. */
function varintBytes(number: number): number {
  return number < 1 << 7 ? 1 : number < 1 << 14 ? 2 : number < 1 << 21 ? 3 : number < 1 << 28 ? 4 : 5;
}

export class Output {
  protected chunk: Uint8Array<ArrayBuffer>;
  protected view: DataView<ArrayBuffer>;
  protected at = 0;
  /** Chunks before this one, and their bytes. */
  protected full: Uint8Array<ArrayBuffer>[] = [];
  protected fullBytes = 0;
  protected chunkBytesMax = CHUNK_BYTES_MAX;
  protected areTaken = false;
  protected readonly keepsChunks: boolean;

  /** @param keepsChunks false to count only. */
  constructor(keepsChunks: boolean) {
    this.keepsChunks = keepsChunks;
    this.chunk = spare ?? new Uint8Array(CHUNK_BYTES_MIN);
    this.view = spareView ?? new DataView(this.chunk.buffer);
    spare = undefined;
    spareView = undefined;
    this.chunk[this.at++] = TAG.VERSION;
    this.chunk[this.at++] = VERSION;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.fullBytes + this.at;
  }

  /** Chunks are to be taken, and are shorter. */
  protected beTaken(): void {
    this.areTaken = true;
    this.chunkBytesMax = TAKEN_CHUNK_BYTES_MAX;
    // The spare chunk may be longer.
    if (this.chunk.length > TAKEN_CHUNK_BYTES_MAX) this.chunk = this.chunk.subarray(0, TAKEN_CHUNK_BYTES_MAX);
  }

  /** There are chunks to be taken, by somebody who takes them. */
  protected get hasTakable(): boolean {
    return this.areTaken && this.full.length > 0;
  }

  /** What was written, in memory of its own; the writer is of no more use. */
  finish(): Uint8Array<ArrayBuffer> {
    try {
      if (this.fullBytes > 0) return this.joined();
      const { chunk, at } = this;
      if (at < chunk.buffer.byteLength) return copyOf(chunk, at);
      this.chunk = NOTHING;
      return chunk;
    } finally {
      this.close();
    }
  }

  /** All chunks in one. Of many, which were set aside, one at a time is there twice. */
  private joined(): Uint8Array<ArrayBuffer> {
    const bytes = unfilled(this.length);
    let at = 0;
    for (const full of this.full) {
      bytes.set(full, at);
      at += full.length;
      giveBack(full);
    }
    bytes.set(this.chunk.subarray(0, this.at), at);
    return bytes;
  }

  /** Keeps the last chunk for the next writer, and gives those before it back. */
  close(): void {
    for (const full of this.full) giveBack(full);
    this.full = [];
    keep(this.chunk, this.view, this.fullBytes > 0 ? this.chunk.length : this.at);
    this.chunk = NOTHING;
    this.at = 0;
  }

  // ---- bytes ----

  /** Makes room for a number of bytes in a row. */
  protected room(bytes: number): void {
    if (this.at + bytes > this.chunk.length) this.nextChunk(bytes);
  }

  protected nextChunk(bytes: number): void {
    const { chunk: old, at } = this;
    if (this.isJustBegun) {
      this.moveTo(new Uint8Array(Math.max(at + bytes + TOKEN_BYTES_MAX, 2 * old.length)));
      return;
    }
    const isFree = bytes <= old.length && this.freesChunk();
    this.fullBytes += at;
    this.at = 0;
    if (isFree) return;
    if (this.keepsChunks && at > 0) this.full.push(old.subarray(0, at));
    this.use(new Uint8Array(Math.max(bytes + TOKEN_BYTES_MAX, Math.min(2 * old.length, this.chunkBytesMax))));
  }

  /** Whether the chunk may be written over: if nobody wants it, or if it is as long as any, and set aside. */
  private freesChunk(): boolean {
    if (!this.keepsChunks) return true;
    if (this.areTaken || this.chunk.length !== CHUNK_BYTES_MAX) return false;
    const aside = setAside(this.chunk.subarray(0, this.at));
    if (aside) this.full.push(aside);
    return aside !== undefined;
  }

  /** There is so little yet that it can as well move to another chunk. */
  private get isJustBegun(): boolean {
    return this.fullBytes === 0 && this.at <= TOKEN_BYTES_MAX && this.keepsChunks && !this.areTaken;
  }

  /** Has what there is in the first chunk be in another one. */
  private moveTo(chunk: Uint8Array<ArrayBuffer>): void {
    const { chunk: old, view, at } = this;
    this.use(chunk);
    if (at <= TOKEN_BYTES_MAX) for (let i = 0; i < at; i++) chunk[i] = old[i]!;
    else chunk.set(old.subarray(0, at));
    keep(old, view, at);
  }

  private use(chunk: Uint8Array<ArrayBuffer>): void {
    this.chunk = chunk;
    this.view = new DataView(chunk.buffer);
  }

  protected byte(byte: number): void {
    this.room(1);
    this.chunk[this.at++] = byte;
  }

  /** A varint of 32 bits; there is room. */
  protected varint(number: number): void {
    const chunk = this.chunk;
    let at = this.at;
    let rest = number >>> 0;
    while (rest > 0x7f) {
      chunk[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    chunk[at++] = rest;
    this.at = at;
  }

  protected tagged(tag: number, number: number): void {
    this.room(TOKEN_BYTES_MAX);
    this.chunk[this.at++] = tag;
    this.varint(number);
  }

  protected taggedTwice(tag: number, number: number, other: number): void {
    this.tagged(tag, number);
    this.varint(other);
  }

  protected taggedDouble(tag: number, number: number): void {
    this.room(TOKEN_BYTES_MAX);
    this.chunk[this.at] = tag;
    this.view.setFloat64(this.at + 1, number, true);
    this.at += 9;
  }

  /** Writes numbers that are doubles with their tags in a view: as such, or each that is one as an integer. */
  protected writeNumbers(doubles: DataView, from: number, to: number, areDoubles: boolean): void {
    for (let i = from; i < to; ) {
      this.room(DOUBLE_BYTES);
      const { chunk, view } = this;
      const last = chunk.length - DOUBLE_BYTES;
      let { at } = this;
      for (; i < to && at <= last; i++) {
        const number = doubles.getFloat64(i * DOUBLE_BYTES + 1, true);
        if (areDoubles || !isInteger(number)) at = putDouble(view, at, number);
        else at = putInteger(chunk, at, number);
      }
      this.at = at;
    }
  }

  /**
   * Makes room for an array's numbers as doubles, and for what ends the array. Those that are there already, behind what
   * is written, come along.
   */
  protected roomForNumbers(count: number, there: number): void {
    const { chunk, at } = this;
    const bytes = count * DOUBLE_BYTES + 2 + varintBytes(count);
    if (!this.fits(bytes)) this.room(bytes);
    if (this.chunk !== chunk || this.at !== at) {
      const numbers = chunk.subarray(at, at + there * DOUBLE_BYTES);
      this.chunk.set(numbers, this.at);
      // The chunk that they were in may be kept for the next writer.
      if (this.chunk !== chunk) numbers.fill(0);
    }
  }

  /** Ends a dense array that has elements only. Takes no more room than that. */
  protected endElements(length: number): void {
    this.room(2 + varintBytes(length));
    this.chunk[this.at++] = TAG.END_DENSE_ARRAY;
    this.chunk[this.at++] = 0;
    this.varint(length);
  }

  /** Doubles with their tags stand behind what is written: those that are not to be doubles become integers. */
  protected keepNumbers(count: number, areDoubles: boolean): void {
    const { chunk, view, at } = this;
    const end = at + count * DOUBLE_BYTES;
    if (areDoubles) {
      this.at = end;
      return;
    }
    let to = at;
    for (let from = at; from < end; from += DOUBLE_BYTES) {
      // An integer takes less, and so is not written over what is still to be read.
      const number = view.getFloat64(from + 1, true);
      to = isInteger(number) ? putInteger(chunk, to, number) : putDouble(view, to, number);
    }
    chunk.fill(0, to, end);
    this.at = to;
  }

  protected bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (!this.fits(length)) this.room(length);
    this.chunk.set(bytes, this.at);
    this.at += length;
  }

  /**
   * Has the first chunk end behind as many bytes, if they are many: if nothing follows, it is what was written, and is not
   * copied again. Otherwise false.
   */
  private fits(bytes: number): boolean {
    const isFirst = this.fullBytes === 0 && this.at <= CHUNK_BYTES_MIN;
    if (bytes <= SPARE_BYTES_MAX || !isFirst || !this.keepsChunks || this.areTaken) return false;
    // It is too long to be kept, and so nobody sees what is in it beside what is written.
    this.moveTo(unfilled(this.at + bytes));
    return true;
  }

  // ---- numbers and strings ----

  protected number(number: number): void {
    this.room(TOKEN_BYTES_MAX);
    if (isInteger(number)) this.at = putInteger(this.chunk, this.at, number);
    else this.taggedDouble(TAG.DOUBLE, number);
  }

  protected string(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT_UNITS) {
      this.longString(text);
      return;
    }
    this.room(2 + SHORT_TEXT_UNITS);
    const chunk = this.chunk;
    const at = this.at;
    chunk[at] = TAG.ONE_BYTE_STRING;
    chunk[at + 1] = length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 255) {
        this.twoByteString(text);
        return;
      }
      chunk[at + 2 + i] = unit;
    }
    this.at = at + 2 + length;
  }

  protected longString(text: string): void {
    if (isTwoByte(text)) {
      this.twoByteString(text);
      return;
    }
    const { length } = text;
    this.tagged(TAG.ONE_BYTE_STRING, length);
    if (!this.fits(length)) this.room(length);
    writeOneByte(text, this.chunk, this.at);
    this.at += length;
  }

  protected twoByteString(text: string): void {
    const bytes = 2 * text.length;
    if ((this.length + 1 + varintBytes(bytes)) % 2 === 1) this.byte(TAG.PADDING);
    this.tagged(TAG.TWO_BYTE_STRING, bytes);
    if (!this.fits(bytes)) this.room(bytes);
    writeTwoByte(text, this.chunk, this.at);
    this.at += bytes;
  }

  protected bigint(tag: number, bigint: bigint): void {
    const sign = bigint < 0n ? 1 : 0;
    const magnitude = sign ? -bigint : bigint;
    if (magnitude === BigInt.asUintN(64, magnitude)) {
      const length = magnitude === 0n ? 0 : 8;
      this.tagged(tag, (length << 1) | sign);
      this.room(8);
      this.view.setBigUint64(this.at, magnitude, true);
      this.at += length;
      return;
    }
    // Hexadecimal digits are the one form of a long BigInt that is had in linear time.
    const hex = magnitude.toString(16);
    const length = Math.ceil(hex.length / 16) * 8;
    this.tagged(tag, length * 2 + sign);
    this.room(length);
    const digits = hex.padStart(2 * length, "0");
    for (let at = digits.length; at > 0; at -= 8) {
      this.view.setUint32(this.at, Number.parseInt(digits.slice(at - 8, at), 16), true);
      this.at += 4;
    }
  }
}
