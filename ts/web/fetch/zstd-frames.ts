/**
 * Where Zstandard frames end: RFC 8878 section 3.1. Decoders of some engines (Node 22's and Bun's) take a stream that is cut
 * short for one that has ended, or (Node 22's and 24's) drop what they are given behind a frame together with its end. So
 * this follows the frames beside them: their headers, the sizes of their blocks, nothing else. What is wrong in any other
 * way is the decoder's to find.
 */

const SKIPPABLE = 0x184d2a50;

/** Bytes of the Dictionary_ID and of the Frame_Content_Size, by their flags. */
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

const RLE_BLOCK = 1;
const CHECKSUM_BYTES = 4;

type Step = "magic" | "skippable" | "descriptor" | "block";

export class ZstdFrames {
  #step: Step = "magic";
  /** Of the field that is being read: what it says so far, little-endian, and its bytes, read and in all. */
  #value = 0;
  #read = 0;
  #size = 4;
  /** Still to be passed over before that. */
  #skipBytes = 0;
  #checksum = false;

  /** No frame has begun that has not ended. */
  get complete(): boolean {
    return this.#step === "magic" && this.#read === 0 && this.#skipBytes === 0;
  }

  /**
   * Reads on, and no further than the end of a frame.
   *
   * @param bytes one or more.
   * @returns how many of them it read.
   */
  feed(bytes: Uint8Array): number {
    let at = 0;
    do {
      if (this.#skipBytes > 0) {
        const skipped = Math.min(this.#skipBytes, bytes.length - at);
        this.#skipBytes -= skipped;
        at += skipped;
      } else {
        this.#value += bytes[at++]! * 2 ** (8 * this.#read++);
        if (this.#read === this.#size) this.#field(this.#value);
      }
    } while (at < bytes.length && !this.complete);
    return at;
  }

  /** What the field that is now whole leads to. */
  #field(value: number): void {
    switch (this.#step) {
      case "magic":
        // All sixteen of them.
        if (value - (value % 16) === SKIPPABLE) this.#expect("skippable", 4);
        else this.#expect("descriptor", 1);
        break;
      case "skippable":
        this.#expect("magic", 4, value);
        break;
      case "descriptor": {
        const singleSegment = (value & 0x20) !== 0;
        const sizeFlag = value >>> 6;
        const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag]!;
        this.#checksum = (value & 0x04) !== 0;
        this.#expect("block", 3, (singleSegment ? 0 : 1) + DICTIONARY_BYTES[value & 3]! + sizeBytes);
        break;
      }
      case "block": {
        const last = (value & 1) === 1;
        const contentBytes = ((value >>> 1) & 3) === RLE_BLOCK ? 1 : value >>> 3;
        if (last) this.#expect("magic", 4, contentBytes + (this.#checksum ? CHECKSUM_BYTES : 0));
        else this.#expect("block", 3, contentBytes);
      }
    }
  }

  #expect(step: Step, size: number, skipBytes = 0): void {
    this.#step = step;
    this.#size = size;
    this.#value = 0;
    this.#read = 0;
    this.#skipBytes = skipBytes;
  }
}
