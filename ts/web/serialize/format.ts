/**
 * V8's value-serializer format: its tags, as they stand in v8/src/objects/value-serializer.cc, and the numbers that
 * Node's `v8.serialize` adds. zig/clone/format.zig has the same table, with what follows each tag; a test compares
 * the two.
 *
 * A serialized value is `FF 0F`, the version, and one value. A value is a tag, of one byte, and what the tag asks for:
 * unsigned numbers are varints, base 128 and least significant group first; signed ones are zigzag varints; doubles
 * are IEEE 754, little-endian. Objects are numbered in the order in which they begin, from 0, for back references.
 */
export const TAG = {
  VERSION: 0xff,
  /** Before a tag, any number of times: keeps UTF-16 at even offsets. */
  PADDING: 0x00,
  /** A count that V8 once checked and now reads over, and the value. */
  VERIFY_OBJECT_COUNT: 0x3f, // ?
  HOLE: 0x2d, // -
  UNDEFINED: 0x5f, // _
  NULL: 0x30, // 0
  TRUE: 0x54, // T
  FALSE: 0x46, // F
  INT32: 0x49, // I zigzag
  UINT32: 0x55, // U varint
  DOUBLE: 0x4e, // N 8 bytes
  /** Bit 0 is the sign, the rest the length of the digits in bytes; then the digits, least significant first. */
  BIGINT: 0x5a, // Z
  UTF8_STRING: 0x53, // S length in bytes, bytes
  ONE_BYTE_STRING: 0x22, // " length, ISO 8859-1
  TWO_BYTE_STRING: 0x63, // c length in bytes, UTF-16 little-endian
  REFERENCE: 0x5e, // ^ number of the object
  OBJECT: 0x6f, // o keys and values
  END_OBJECT: 0x7b, // { how many properties
  SPARSE_ARRAY: 0x61, // a length, keys and values
  END_SPARSE_ARRAY: 0x40, // @ how many properties, length again
  DENSE_ARRAY: 0x41, // A length, that many values or holes, keys and values of other properties
  END_DENSE_ARRAY: 0x24, // $ how many properties, length again
  DATE: 0x44, // D double, ms since 1970
  TRUE_OBJECT: 0x79, // y
  FALSE_OBJECT: 0x78, // x
  NUMBER_OBJECT: 0x6e, // n double
  BIGINT_OBJECT: 0x7a, // z as BIGINT
  STRING_OBJECT: 0x73, // s a string with its tag
  REGEXP: 0x52, // R a string with its tag, flags
  MAP: 0x3b, // ; keys and values
  END_MAP: 0x3a, // : keys and values together
  SET: 0x27, // ' values
  END_SET: 0x2c, // , how many
  ARRAY_BUFFER: 0x42, // B length, bytes
  RESIZABLE_ARRAY_BUFFER: 0x7e, // ~ length, greatest length, bytes
  /** Stands behind the ArrayBuffer that it views, or a reference to it. VIEW_TAG, offset, length, VIEW_FLAG. */
  VIEW: 0x56, // V
  ERROR: 0x72, // r ERROR_TAG and what it asks for, until ERROR_TAG.END
  /** What the embedder makes of it. In Node, and here: a number, a length in bytes, bytes. */
  HOST_OBJECT: 0x5c, // \
} as const;

/** What is in the format, but means something only to the process that wrote it. */
export const PROCESS_TAGS: ReadonlyMap<number, string> = new Map([
  [0x74, "a transferred ArrayBuffer"], // t
  [0x75, "a SharedArrayBuffer"], // u
  [0x70, "a shared object"], // p
  [0x77, "a WebAssembly.Module"], // w
  [0x6d, "a WebAssembly.Memory"], // m
]);

/** The version that is written. From 14 on, a view has flags; 13 is the oldest whose data is still found. */
export const VERSION = 15;
export const VERSION_MIN = 13;
export const VERSION_WITH_VIEW_FLAGS = 14;

export const VIEW_FLAG = { LENGTH_TRACKING: 1, RESIZABLE: 2 } as const;

export const ERROR_TAG = {
  EVAL_ERROR: 0x45, // E
  RANGE_ERROR: 0x52, // R
  REFERENCE_ERROR: 0x46, // F
  SYNTAX_ERROR: 0x53, // S
  TYPE_ERROR: 0x54, // T
  URI_ERROR: 0x55, // U
  MESSAGE: 0x6d, // m a string
  CAUSE: 0x63, // c any value
  STACK: 0x73, // s a string
  END: 0x2e, // .
} as const;

/** The bits of a RegExp's flags. Bit 6 is V8's own `l`, an experiment. */
export const REGEXP_FLAGS: readonly (readonly [flag: string, bit: number])[] = [
  ["d", 1 << 7],
  ["g", 1 << 0],
  ["i", 1 << 1],
  ["m", 1 << 2],
  ["s", 1 << 5],
  ["u", 1 << 4],
  ["v", 1 << 8],
  ["y", 1 << 3],
];

/** ArrayBuffer views, by `Symbol.toStringTag`: their VIEW_TAG, and Node's number for them as a host object. */
export interface ViewKind {
  readonly name: string;
  readonly tag: number;
  /** Node has none for Float16Array, and writes it in no way. */
  readonly hostNumber: number | undefined;
  readonly elementBytes: number;
}

const view = (name: string, tag: string, hostNumber: number | undefined, elementBytes: number): ViewKind => ({
  name,
  tag: tag.charCodeAt(0),
  hostNumber,
  elementBytes,
});

export const VIEW_KINDS: readonly ViewKind[] = [
  view("Int8Array", "b", 0, 1),
  view("Uint8Array", "B", 1, 1),
  view("Uint8ClampedArray", "C", 2, 1),
  view("Int16Array", "w", 3, 2),
  view("Uint16Array", "W", 4, 2),
  view("Int32Array", "d", 5, 4),
  view("Uint32Array", "D", 6, 4),
  view("Float32Array", "f", 7, 4),
  view("Float64Array", "F", 8, 8),
  view("DataView", "?", 9, 1),
  view("BigInt64Array", "q", 11, 8),
  view("BigUint64Array", "Q", 12, 8),
  view("Float16Array", "h", undefined, 2),
];

/** Node's number for its own `Buffer`, a Uint8Array. */
export const HOST_NUMBER_BUFFER = 10;

/** Numbers up to here are Node's; an application's own host objects have those above. */
export const HOST_NUMBER_APPLICATION_MIN = 16;
export const HOST_NUMBER_MAX = 0xffff_ffff;
