/**
 * Serialized values as the core reads them, without making any: what stands at which offset, or where they stop being
 * well formed. zig/clone/format.zig describes the format, zig/clone/scanner.zig what is checked.
 */
import type { Arena, Core } from "./core.ts";
import { check, Status } from "./status.ts";

/** What a record is about, in the order of zig/clone/scanner.zig. */
const ROLES = ["version", "value", "name", "end", "view", "flags", "error part", "hole"] as const;

export type SerializedRole = (typeof ROLES)[number];

/** What stands at an offset. */
export interface SerializedRecord {
  /** Of the tag, behind padding. */
  readonly offset: number;
  /** Of the first byte behind this. */
  readonly end: number;
  readonly tag: number;
  readonly role: SerializedRole;
  /** How many objects it is in. */
  readonly depth: number;
  /** The first number behind the tag, and the second. */
  readonly number: number;
  readonly other: number;
  /** Where the bytes begin that it holds. */
  readonly payload: number;
  /** Its number among all objects, if it is one. */
  readonly object: number | undefined;
}

/** Where bytes stop being a serialized value, and what was expected there. */
export class SerializedError extends Error {
  readonly offset: number;

  constructor(offset: number, expected: string) {
    super(`byte ${offset}: expected ${expected}`);
    this.name = "SerializedError";
    this.offset = offset;
  }
}

/** In the order of `Expected` in zig/clone/scanner.zig. */
const EXPECTED = [
  "nothing",
  "the version's tag, 0xff",
  "a version from 13 to 15",
  "a value",
  "a property's name, or the end of the object",
  "a value, or the end of the collection",
  "an element or a hole",
  "a string",
  "a number of 32 bits",
  "as many bytes as the length says",
  "an even number of bytes",
  "the count of what was read",
  "the length that the array began with",
  "the number of an object that was there before",
  "the kind of a view",
  "a view within its buffer",
  "a view's flags to be those of its buffer",
  "a length that is at most the greatest length",
  "the number of a kind of view",
  "an offset and a length of whole elements",
  "flags that are known",
  "a part of an error",
  "the end of the input",
];

/** The bytes of a frame and of a record in the core. */
const FRAME_BYTES = 16;
const RECORD_BYTES = 36;

const FRAMES_MIN = 64;
const RECORDS_A_CALL = 256;
const NO_OBJECT = 0xffff_ffff;

/**
 * Everything in `input`, from its first byte to its last.
 *
 * @throws SerializedError at the first byte that is not as the format has it; RangeError when memory runs out.
 */
export function* scanSerialized(core: Core, input: Uint8Array): Generator<SerializedRecord, void> {
  const arena = core.openArena();
  try {
    const scan = new Scan(core, arena, input);
    while (!scan.done) yield* scan.next();
  } finally {
    arena.close();
  }
}

class Scan {
  readonly #core: Core;
  readonly #arena: Arena;
  readonly #scanner: number;
  readonly #input: number;
  readonly #inputLength: number;
  readonly #records: number;
  #framesMax = FRAMES_MIN;
  #frames: number;

  constructor(core: Core, arena: Arena, input: Uint8Array) {
    this.#core = core;
    this.#arena = arena;
    this.#scanner = arena.alloc(check(core.raw["clone.scanner_bytes"]()));
    this.#records = arena.alloc(RECORD_BYTES * RECORDS_A_CALL);
    this.#frames = arena.alloc(FRAME_BYTES * this.#framesMax);
    this.#input = arena.place(input);
    this.#inputLength = input.length;
    check(core.raw["clone.begin"](this.#scanner));
  }

  get done(): boolean {
    return this.#field(5) !== 0;
  }

  next(): SerializedRecord[] {
    this.#arena.requireOpen();
    const count = this.#core.raw["clone.scan"](
      this.#scanner,
      this.#input,
      this.#inputLength,
      this.#frames,
      this.#framesMax,
      this.#records,
      RECORDS_A_CALL,
    );
    if (count === Status.INVALID_SERIALIZED_VALUE) {
      throw new SerializedError(this.#field(0), EXPECTED[this.#field(1)]!);
    }
    check(count);
    const records = Array.from({ length: count }, (_, i) => this.#record(this.#records + i * RECORD_BYTES));
    if (this.#field(6) !== 0) this.#growFrames();
    return records;
  }

  /** A field of the scanner: where it is, what it expected, ..., done, whether it needs frames. */
  #field(index: number): number {
    return this.#core.memory.words[(this.#scanner >>> 2) + index]!;
  }

  #record(address: number): SerializedRecord {
    const at = address >>> 2;
    const [offset, end, tag, role, depth, number, other, payload, object] = this.#core.memory.words.subarray(
      at,
      at + RECORD_BYTES / 4,
    ) as unknown as [number, number, number, number, number, number, number, number, number];
    return {
      offset,
      end,
      tag,
      role: ROLES[role]!,
      depth,
      number,
      other,
      payload,
      object: object === NO_OBJECT ? undefined : object,
    };
  }

  #growFrames(): void {
    const frames = this.#arena.alloc(2 * FRAME_BYTES * this.#framesMax);
    this.#core.memory.bytes.copyWithin(frames, this.#frames, this.#frames + FRAME_BYTES * this.#framesMax);
    this.#frames = frames;
    this.#framesMax *= 2;
  }
}
