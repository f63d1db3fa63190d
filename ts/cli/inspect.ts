/**
 * `nanort inspect`: what stands in a serialized file, byte by byte. The core reads it, and makes no value of anything, so
 * that files of unknown origin can be looked at.
 */
import { SerializedError, type SerializedRecord, scanSerialized } from "../core/clone.ts";
import { Core } from "../core/core.ts";
import { compileCore } from "../core/load.ts";
import { defaultHost } from "../index.ts";
import { ERROR_TAG, HOST_NUMBER_BUFFER, REGEXP_FLAGS, TAG, VIEW_KINDS } from "../web/serialize/format.ts";
import { readOneByte, readTwoByte, readUtf8 } from "../web/serialize/text.ts";
import { Failure, parse, UsageError } from "./command.ts";
import { inputName, readWhole } from "./files.ts";
import { type Style, styleOf } from "./terminal.ts";

const HELP = `Usage: nanort inspect [--json] [FILE]

Prints what a file holds that nanort, or v8.serialize of Node, has serialized, as a tree: the offset of
each part, its bytes, and what they mean. Standard input is read if no FILE is named.
Exit code 1 if the file is malformed; what comes before that is printed.

  --json  one object a line: offset, end, depth, role, type, and what it holds`;

/** The core takes the file as a whole. */
const FILE_BYTES_MAX = 1024 ** 3;

/** How much of a long part is shown. */
const SHOWN_BYTES = 8;
const SHOWN_UNITS = 60;
const SHOWN_DIGIT_BYTES = 64;
const INDENTED_DEPTH = 40;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("inspect", args, {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  const [file, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`inspect takes one FILE, not also ${more.join(" ")}`);

  const bytes = await readWhole(file, FILE_BYTES_MAX);
  const core = new Core(await compileCore(await defaultHost.loadCore()));
  const style = styleOf(process.stdout);
  try {
    for (const record of scanSerialized(core, bytes)) {
      const part = { ...record, ...describe(record, bytes) };
      console.log(values.json ? json(part) : line(part, bytes, style));
    }
  } catch (error) {
    if (error instanceof SerializedError) throw new Failure(`${inputName(file)}: ${error.message}`);
    throw error;
  } finally {
    core.close();
  }
}

interface Description {
  /** In words. */
  type: string;
  /** What it holds, if it can be said in a line. */
  value?: string | number | boolean | null;
}

type Part = SerializedRecord & Description;

function json({ offset, end, depth, role, type, value, object }: Part): string {
  return visible(JSON.stringify({ offset, end, depth, role, type, value, object }));
}

function line(part: Part, bytes: Uint8Array, { bold, cyan, dim, green }: Style): string {
  const { offset, end, depth, role, type, value, object } = part;
  const shown = Buffer.from(bytes.subarray(offset, Math.min(end, offset + SHOWN_BYTES)));
  const hex = shown.toString("hex").replace(/..(?=.)/g, "$& ") + (end - offset > SHOWN_BYTES ? " .." : "");
  const text =
    value === undefined ? "" : ` ${role === "name" ? cyan(shortened(value)) : green(shortened(value))}`;
  const number = object === undefined ? "" : dim(` #${object}`);
  const words = role === "name" ? type : bold(type);
  return `${dim(String(offset).padStart(8))}  ${dim(hex.padEnd(3 * SHOWN_BYTES + 3))}${indent(depth)}${words}${text}${number}`;
}

/** Files may hold objects inside each other a million deep: without an end to it, indentation would be all output. */
function indent(depth: number): string {
  return depth <= INDENTED_DEPTH ? "  ".repeat(depth) : `${"  ".repeat(INDENTED_DEPTH)}(${depth}) `;
}

/** JSON with what JSON leaves as it is, though a terminal would do something: controls, and what turns text around. */
function visible(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

function shortened(value: NonNullable<Description["value"]> | null): string {
  if (typeof value !== "string") return String(value);
  const { length } = value;
  if (length <= SHOWN_UNITS) return visible(JSON.stringify(value));
  return `${visible(JSON.stringify(value.slice(0, SHOWN_UNITS)))}.. ${length} units`;
}

const VALUE_TYPES: ReadonlyMap<number, string> = new Map([
  [TAG.UNDEFINED, "undefined"],
  [TAG.NULL, "null"],
  [TAG.TRUE, "true"],
  [TAG.FALSE, "false"],
  [TAG.OBJECT, "object"],
  [TAG.MAP, "Map"],
  [TAG.SET, "Set"],
  [TAG.REGEXP, "RegExp"],
  [TAG.STRING_OBJECT, "String object"],
  [TAG.ERROR, "error"],
  [TAG.TRUE_OBJECT, "Boolean object true"],
  [TAG.FALSE_OBJECT, "Boolean object false"],
]);

const ERROR_PARTS: ReadonlyMap<number, string> = new Map([
  [ERROR_TAG.EVAL_ERROR, "EvalError"],
  [ERROR_TAG.RANGE_ERROR, "RangeError"],
  [ERROR_TAG.REFERENCE_ERROR, "ReferenceError"],
  [ERROR_TAG.SYNTAX_ERROR, "SyntaxError"],
  [ERROR_TAG.TYPE_ERROR, "TypeError"],
  [ERROR_TAG.URI_ERROR, "URIError"],
  [ERROR_TAG.MESSAGE, "message"],
  [ERROR_TAG.CAUSE, "cause"],
  [ERROR_TAG.STACK, "stack"],
  [ERROR_TAG.END, "end"],
]);

function describe(record: SerializedRecord, bytes: Uint8Array): Description {
  const { role, tag, number, other } = record;
  switch (role) {
    case "version":
      return { type: "version", value: number };
    case "hole":
      return { type: "hole" };
    case "flags":
      return { type: "flags", value: flagsOf(number) };
    case "error part":
      return { type: ERROR_PARTS.get(tag)! };
    case "view": {
      const { name } = VIEW_KINDS.find((kind) => kind.tag === bytes[record.payload])!;
      return { type: `${name} of it, ${other} bytes from ${number} on` };
    }
    case "end": {
      if (tag === TAG.END_MAP) return { type: `end, ${number / 2} entries` };
      if (tag === TAG.END_SET) return { type: `end, ${number} values` };
      return { type: `end, ${number} properties` };
    }
    default:
      return describeValue(record, bytes);
  }
}

function describeValue(
  { tag, number, other, payload, end }: SerializedRecord,
  bytes: Uint8Array,
): Description {
  const named = VALUE_TYPES.get(tag);
  if (named) return { type: named };
  const double = () => new DataView(bytes.buffer, bytes.byteOffset).getFloat64(payload, true);
  switch (tag) {
    case TAG.INT32:
      return { type: "integer", value: (number >>> 1) ^ -(number & 1) };
    case TAG.UINT32:
      return { type: "integer", value: number };
    case TAG.DOUBLE:
      return { type: "double", value: textOf(double()) };
    case TAG.NUMBER_OBJECT:
      return { type: "Number object", value: textOf(double()) };
    case TAG.DATE:
      return { type: "Date", value: dateOf(double()) };
    case TAG.BIGINT:
      return { type: "BigInt", value: bigintOf(number, bytes.subarray(payload, end)) };
    case TAG.BIGINT_OBJECT:
      return { type: "BigInt object", value: bigintOf(number, bytes.subarray(payload, end)) };
    case TAG.ONE_BYTE_STRING:
      return { type: "string", value: readOneByte(bytes, payload, end) };
    case TAG.TWO_BYTE_STRING:
      return { type: "UTF-16 string", value: readTwoByte(bytes, payload, end) };
    case TAG.UTF8_STRING:
      return { type: "UTF-8 string", value: readUtf8(bytes, payload, end) };
    case TAG.REFERENCE:
      return { type: `the object #${number} again` };
    case TAG.DENSE_ARRAY:
      return { type: `array, length ${number}` };
    case TAG.SPARSE_ARRAY:
      return { type: `sparse array, length ${number}` };
    case TAG.ARRAY_BUFFER:
      return { type: `ArrayBuffer, ${number} bytes` };
    case TAG.RESIZABLE_ARRAY_BUFFER:
      return { type: `resizable ArrayBuffer, ${number} of ${other} bytes` };
    default:
      return { type: `${hostName(number)}, ${other} bytes` };
  }
}

function hostName(number: number): string {
  if (number === HOST_NUMBER_BUFFER) return "Buffer";
  return VIEW_KINDS.find(({ hostNumber }) => hostNumber === number)?.name ?? `host object of kind ${number}`;
}

/** JSON has neither NaN nor infinities nor -0. */
function textOf(double: number): number | string {
  return Number.isFinite(double) && !Object.is(double, -0)
    ? double
    : Object.is(double, -0)
      ? "-0"
      : String(double);
}

function dateOf(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "Invalid Date" : date.toISOString();
}

function bigintOf(bits: number, digits: Uint8Array): string {
  if (digits.length > SHOWN_DIGIT_BYTES) return `${8 * digits.length} bits`;
  const magnitude = BigInt(`0x0${Buffer.from(digits).reverse().toString("hex")}`);
  return String(bits & 1 ? -magnitude : magnitude);
}

function flagsOf(bits: number): string {
  return REGEXP_FLAGS.map(([flag, bit]) => (bits & bit ? flag : "")).join("");
}
