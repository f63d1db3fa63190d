/** What tests of both directions of the HTTP codec have in common. */
import * as assert from "uvu/assert";
import type { Core } from "../../ts/core/core.ts";
import { ChunkedReader, HttpParseError } from "../../ts/core/http.ts";

/** One byte a code unit. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (unit) => unit.charCodeAt(0));

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Names and values by turns, as node:http's rawHeaders are: the names in lower case. */
export const lowerNames = (fields: readonly string[]): string[] =>
  fields.map((part, i) => (i % 2 === 0 ? part.toLowerCase() : part));

export interface ReadBody {
  /** Null if it is not whole, or malformed. */
  body: string | null;
  /** There is more behind it. */
  surplus: boolean;
}

/** The body at the beginning of `rest`, by its length. */
export function readSized(length: number, rest: Uint8Array): ReadBody {
  const body = rest.length < length ? null : textOf(rest.subarray(0, length));
  return { body, surplus: rest.length > length };
}

/** The same in the chunked coding. */
export function readChunked(core: Core, rest: Uint8Array): ReadBody {
  const reader = new ChunkedReader(core);
  try {
    const { segments, done, consumed } = reader.feed(rest);
    return { body: done ? segments.map(textOf).join("") : null, surplus: consumed < rest.length };
  } catch (error) {
    assert.instance(error, HttpParseError);
    return { body: null, surplus: false };
  } finally {
    reader.close();
  }
}

/** What a mutation is likely to trip over. */
const SPLINTERS = [
  "\r\n",
  "\r",
  "\n",
  " ",
  "\t",
  ":",
  ",",
  "0",
  "5",
  "\0",
  "\xff",
  "a",
  "Content-Length: 5\r\n",
];
const SPOILED_MESSAGES = 1500;

/** Each message as it is; then many times one of them, with a bit of it replaced. */
export function* spoiledMessages(
  golden: readonly string[],
  next: () => number,
): Generator<{ input: string; spoiled: boolean }> {
  for (const input of golden) yield { input, spoiled: false };
  const pick = (from: readonly string[]) => from[Math.floor(next() * from.length)]!;
  for (let round = 0; round < SPOILED_MESSAGES; round++) {
    const message = pick(golden);
    const at = Math.floor(next() * message.length);
    const rest = message.slice(at + Math.floor(next() * 3));
    yield { input: message.slice(0, at) + pick(SPLINTERS) + rest, spoiled: true };
  }
}

/** Why only one of two readers takes a message for whole: what such messages have. */
export interface Differences {
  onlyCore: readonly RegExp[];
  onlyNode: readonly RegExp[];
}

/**
 * Both readers take a message for whole, or neither does, unless there is a reason for it. A reader that refuses the head
 * gives null. Returns whether both do.
 */
export function assertLikewise(
  input: string,
  ours: ReadBody | null,
  theirs: Pick<ReadBody, "body"> | null,
  { onlyCore, onlyNode }: Differences,
  label: string,
): boolean {
  const because = (reasons: readonly RegExp[]) =>
    assert.ok(
      reasons.some((reason) => reason.test(input)),
      label,
    );
  const oursWhole = ours !== null && ours.body !== null && !ours.surplus;
  const theirsWhole = theirs !== null && theirs.body !== null;
  if (oursWhole && !theirsWhole) because(onlyCore);
  if (theirsWhole && !ours?.surplus && !oursWhole) because(onlyNode);
  return oursWhole && theirsWhole;
}

const SPOILED_INPUTS = 4000;

/** Random bytes, and messages of which three bytes were replaced; in a piece or in many. */
export function* spoiledInputs(messages: readonly string[], next: () => number): Generator<Uint8Array[]> {
  const golden = messages.map(bytesOf);
  for (let round = 0; round < SPOILED_INPUTS; round++) {
    const isRandom = round % 8 < 2;
    const bytes = isRandom ? new Uint8Array(next() * 300) : golden[round % golden.length]!.slice();
    if (isRandom) for (let at = 0; at < bytes.length; at++) bytes[at] = next() * 256;
    for (let edit = 0; edit < 3; edit++) bytes[Math.floor(next() * bytes.length)] = next() * 256;
    const pieceBytes = 1 + Math.floor(next() ** 3 * bytes.length);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
    yield pieces;
  }
}
