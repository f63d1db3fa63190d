/** A body's bytes, and what its methods make of them: https://fetch.spec.whatwg.org/#body-mixin */

/** Content that is not all here yet. It is had in one of two ways, once. */
export interface ArrivingContent {
  /** As it comes. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** When all of it has come. Rejects with what would break the stream. */
  collect(): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a body is made of. Text is what its UTF-8 is made of; null is no body, which reads as an empty one. */
export type Content = Uint8Array<ArrayBuffer> | ArrivingContent | string | null;

const encoder = new TextEncoder();
/** "UTF-8 decode" of the Encoding standard: without a byte order mark, and with U+FFFD for what is none. */
const decoder = new TextDecoder();

export const encode = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** Text up to this length is looked at character by character, which takes longer for more. */
const SHORT = 64;
const ASCII = /^[\0-\x7f]*$/;
const room = new Uint8Array(64 * 1024);

/** Whether text of up to 65536 characters is its own UTF-8. */
export function isAscii(text: string): boolean {
  if (text.length <= SHORT) return ASCII.test(text);
  const { read, written } = encoder.encodeInto(text, room);
  return read === text.length && written === text.length;
}

export const asText = (bytes: Uint8Array<ArrayBuffer>): string => decoder.decode(bytes);
export const asJson = (bytes: Uint8Array<ArrayBuffer>): unknown => JSON.parse(decoder.decode(bytes));
/** What is small may lie in a buffer with others, which nobody else is to see. */
export const asBytes = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
export const asArrayBuffer = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer => asBytes(bytes).buffer;

/** What `as` makes of all the bytes. */
export async function convert<Result>(
  content: Content,
  as: (bytes: Uint8Array<ArrayBuffer>) => Result,
): Promise<Result> {
  if (content === null) return as(new Uint8Array(0));
  if (typeof content === "string") return as(encode(content));
  return as(content instanceof Uint8Array ? content : await content.collect());
}
