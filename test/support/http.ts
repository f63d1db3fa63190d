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
