/**
 * What is sent: the bodies that Fetch takes (https://fetch.spec.whatwg.org/#bodyinit), as one shape.
 *
 * Whatever is there already (text, bytes, Blob, FormData, URLSearchParams) has a length, and can be sent again for a
 * redirect or on another connection. A stream has neither, unless it is a Request's and turns out to be at hand
 * as a whole.
 */
import { settlesSoon } from "../messages/settles-soon.ts";
import { type BufferSource, bytesOf, isBufferSource, isObject } from "../webidl.ts";

/** Anything that Fetch takes, and async iterables of bytes. */
export type BodySource = BodyInit | AsyncIterable<Uint8Array>;

export interface RequestBody {
  /** In bytes; null where nobody knows: it is sent in chunks. */
  readonly length: number | null;
  /** All of it, where it is at hand; it is not changed by anybody. */
  readonly bytes: Uint8Array | null;
  /** It can be sent more than once. */
  readonly replayable: boolean;
  /** For the header, unless the caller has set it. */
  readonly type: string | null;
  /** The bytes piece by piece, when `bytes` is null; again, if it is replayable. */
  open(): BodyReader;
}

/** As a ReadableStreamDefaultReader, which is one. */
export interface BodyReader {
  read(): Promise<{ done: boolean; value?: unknown }>;
  /** Tells the source that nobody reads on. */
  cancel(reason?: unknown): Promise<unknown>;
}

/**
 * https://fetch.spec.whatwg.org/#concept-bodyinit-extract
 *
 * @throws TypeError for a stream that is in use.
 */
export function extractBody(source: BodySource): RequestBody {
  if (typeof source === "string") return wholeBody(utf8.encode(source), "text/plain;charset=UTF-8");
  if (isBufferSource(source)) return wholeBody(new Uint8Array(bytesOf(source as BufferSource)), null);
  if (source instanceof URLSearchParams)
    return wholeBody(utf8.encode(String(source)), "application/x-www-form-urlencoded;charset=UTF-8");
  if (source instanceof Blob) return blobBody(source, source.type || null);
  if (source instanceof FormData) return formDataBody(source);
  if (source instanceof ReadableStream) return streamBody(source);
  if (isObject(source) && Symbol.asyncIterator in source)
    return { length: null, bytes: null, replayable: false, type: null, open: () => iterableReader(source) };
  return wholeBody(utf8.encode(String(source)), "text/plain;charset=UTF-8");
}

/** A stream's body is sent as it comes, so the standard wants to be told `duplex: "half"`. */
export function needsDuplex(source: unknown): boolean {
  if (!isObject(source) || source instanceof Blob || source instanceof FormData) return false;
  return source instanceof ReadableStream || Symbol.asyncIterator in source;
}

/** Tells the source of a body that is never sent; whatever it says to that is not heard. */
export function giveUp(body: RequestBody | null, reason: unknown): void {
  if (body === null || body.replayable) return;
  try {
    body
      .open()
      .cancel(reason)
      .catch(() => {});
  } catch {
    // Somebody else reads it by now.
  }
}

const utf8 = new TextEncoder();

export function wholeBody(bytes: Uint8Array, type: string | null): RequestBody {
  return { length: bytes.length, bytes, replayable: true, type, open: () => NO_PIECES };
}

const NO_PIECES: BodyReader = { read: async () => ({ done: true }), cancel: async () => undefined };

function blobBody(blob: Blob, type: string | null): RequestBody {
  return { length: blob.size, bytes: null, replayable: true, type, open: () => blob.stream().getReader() };
}

/** @throws TypeError for one that is in use. */
export function streamBody(stream: ReadableStream, length: number | null = null): RequestBody {
  if (stream.locked) throw new TypeError("fetch: the body is a stream that somebody else reads");
  return { length, bytes: null, replayable: false, type: null, open: () => stream.getReader() };
}

function iterableReader(iterable: AsyncIterable<unknown>): BodyReader {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    async read() {
      const { done = false, value } = await iterator.next();
      return { done, value };
    },
    cancel: async () => iterator.return?.(),
  };
}

/** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function formDataBody(form: FormData): RequestBody {
  const boundary = `----formdata-nanort-${crypto.getRandomValues(new BigUint64Array(2)).join("")}`;
  const parts: BlobPart[] = [];
  for (const [name, value] of form) {
    const start = `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(withCRLF(name))}`;
    if (typeof value === "string") {
      parts.push(`${start}\r\n\r\n${withCRLF(value)}\r\n`);
    } else {
      const type = value.type || "application/octet-stream";
      parts.push(`${start}; filename=${quoted(value.name)}\r\nContent-Type: ${type}\r\n\r\n`, value, "\r\n");
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return blobBody(new Blob(parts), `multipart/form-data; boundary=${boundary}`);
}

const quoted = (text: string) => `"${text.replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/"/g, "%22")}"`;
const withCRLF = (text: string) => text.replace(/\r\n?|\n/g, "\r\n");

/**
 * The body of a Request: its stream or, where that ends within a few turns of the microtask queue, as those do that
 * engines make of text and bytes, all of it. More than one piece is not waited for.
 */
export async function requestBody(stream: ReadableStream, length: number | null): Promise<RequestBody> {
  const reader = stream.getReader();
  let next = reader.read();
  const early: unknown[] = [];
  if (await settlesSoon(next)) {
    const { done, value } = await next;
    if (done) return wholeBody(new Uint8Array(0), null);
    early.push(value);
    next = reader.read();
    const whole = (await settlesSoon(next)) && (await next).done;
    // A copy, since whoever made the stream may use its buffer again.
    if (whole && value instanceof Uint8Array) return wholeBody(new Uint8Array(value), null);
  }
  const opened: BodyReader = {
    async read() {
      if (early.length > 0) return { done: false, value: early.shift() };
      const result = await next;
      if (!result.done) {
        next = reader.read();
        // Whoever reads on is told; perhaps nobody does.
        next.catch(() => {});
      }
      return result;
    },
    cancel: (reason) => reader.cancel(reason),
  };
  return { length, bytes: null, replayable: false, type: null, open: () => opened };
}
