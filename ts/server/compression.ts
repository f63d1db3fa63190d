/**
 * Compressed responses: content codings by RFC 9110 section 8.4, negotiated by section 12.5.3.
 *
 * A response is left as it is when it has a coding already (other than one that fetch has undone), is partial, must not
 * be changed (Cache-Control: no-transform), says by a digest what its bytes are, is of a media type that does not get
 * shorter, or is too short itself. Else it gets Vary: Accept-Encoding, for what is sent depends on it; and if it is
 * encoded, its ETag becomes weak, since other bytes go by the same one (section 8.8.3.3), and Content-Length and
 * Accept-Ranges, which spoke of the bytes before, go.
 *
 * Pieces of a body that streams come out when they come, where the engine's encoder can do that; where it cannot,
 * text/event-stream is left as it is.
 *
 * A date tells an encoded response from the same one as it is no better than a weak ETag does: so If-Range with a date
 * (section 13.1.5) gets all of what could have been sent encoded, for which the app is asked again, without Range.
 */
import type { Coding, Codings } from "../host/host.ts";
import { encode } from "../web/messages/content.ts";
import { Response as OurResponse, wholeResponse } from "../web/messages/response.ts";
import { settlesSoon } from "../web/messages/settles-soon.ts";
import { areCodingsUndone, fieldsWithoutCodings } from "../web/messages/undone-codings.ts";
import { chooseCoding } from "./accept-encoding.ts";
import { type Caller, isResponse, type ServedApp } from "./app.ts";
import { cancelQuietly, chunkOf, discardBody } from "./body-reading.ts";
import { endingWith, endsWithServer, isEventStream } from "./event-stream.ts";

export interface CompressionOptions {
  /** What may be sent, the dearest first. By default br, zstd and gzip, as far as the engine has them. */
  codings?: readonly Coding[];
  /** Shorter bodies are left as they are, if that much is known before the first byte goes out. 1024 by default. */
  minBytes?: number;
}

const CODINGS: readonly Coding[] = ["br", "zstd", "gzip", "deflate"];
const DEFAULT_CODINGS: readonly Coding[] = ["br", "zstd", "gzip"];
const DEFAULT_MIN_BYTES = 1024;
/** What is not longer, and all here, is encoded in one step, and gets a Content-Length. */
const AT_ONCE_BYTES = 256 * 1024;

/** What is written as text, or is not compressed by itself. */
const COMPRESSIBLE =
  /^text\/|\+(?:json|xml|text|yaml)$|^font\/(?:ttf|otf|collection)$|^image\/(?:bmp|x-icon)$/;
const COMPRESSIBLE_APPLICATIONS = new Set(
  "json javascript x-javascript ecmascript xml x-ndjson wasm rtf sql toml yaml x-yaml x-sh graphql".split(
    " ",
  ),
);

/** RFC 9110 section 15.3.7, and those that have no body. */
const UNTOUCHED_STATUS = new Set([204, 205, 206]);

/**
 * The app, with its responses compressed.
 *
 * @throws TypeError for a host without codings, or without one that was asked for; RangeError for options out of range.
 */
export function compressing(
  app: ServedApp,
  codings: Codings | undefined,
  options: CompressionOptions,
): ServedApp {
  const { minBytes = DEFAULT_MIN_BYTES } = options;
  if (!Number.isSafeInteger(minBytes) || minBytes < 0) {
    throw new RangeError(`compression.minBytes: ${String(minBytes)} is not an integer from 0`);
  }
  const available = availableCodings(codings, options.codings);
  const encoding = new Encoding(codings!, available, minBytes);
  return {
    get closed() {
      return app.closed;
    },
    call(request, caller) {
      const respond = (answer: unknown): unknown => {
        if (!isResponse(answer)) return answer;
        if (!encoding.partOfAnother(request, answer)) return encoding.respond(request, answer, caller);
        discardBody(answer);
        return this.call(withoutRange(request), caller);
      };
      const answer = app.call(request, caller);
      return isResponse(answer) ? respond(answer) : Promise.resolve(answer).then(respond);
    },
    report: (error) => app.report(error),
    reportFrom: (doing, cause) => app.reportFrom(doing, cause),
  };
}

function availableCodings(codings: Codings | undefined, wanted?: readonly Coding[]): readonly Coding[] {
  for (const coding of wanted ?? []) {
    if (!CODINGS.includes(coding)) {
      throw new RangeError(`compression.codings: ${String(coding)} is none of ${CODINGS.join(", ")}`);
    }
    if (!canEncode(codings, coding)) {
      throw new TypeError(`compression.codings: this host has no encoder for ${coding}`);
    }
  }
  const available = wanted ?? DEFAULT_CODINGS.filter((coding) => canEncode(codings, coding));
  if (available.length === 0) throw new TypeError("compression: this host has no encoder");
  return available;
}

/** By making one, which holds memory until it is told that it has no use. */
function canEncode(codings: Codings | undefined, coding: Coding, flush = false): boolean {
  const encoder = codings?.encoder(coding, { flush });
  encoder?.writable.abort().catch(() => {});
  return encoder !== undefined;
}

class Encoding {
  readonly #codings: Codings;
  readonly #available: readonly Coding[];
  /** Those of which each piece can be let out at once: a body may be a conversation. */
  readonly #flushing: readonly Coding[];
  readonly #minBytes: number;

  constructor(codings: Codings, available: readonly Coding[], minBytes: number) {
    this.#codings = codings;
    this.#available = available;
    this.#flushing = available.filter((coding) => canEncode(codings, coding, true));
    this.#minBytes = minBytes;
  }

  /** Whether this is a part of a response of which the client may have others that were encoded. */
  partOfAnother(request: Request, response: Response): boolean {
    // RFC 9110 section 14.2: Range is for GET. What else an app does, it does once.
    if (response.status !== 206 || request.method !== "GET") return false;
    const validator = request.headers.get("if-range");
    if (validator === null || /^(?:W\/)?"/.test(validator)) return false;
    return mayBeChanged(response.headers) && this.#choose(request) !== null;
  }

  /** The response that is to be sent in the place of the app's. */
  respond(request: Request, response: Response, caller: Caller): Response | Promise<Response> {
    // Of a response of ours it is known what it holds, as long as nobody asks for its stream.
    const whole = wholeResponse(response);
    const undone = whole ? whole.decoded === true : areCodingsUndone(response);
    const headers = undone ? fieldsWithoutCodings(response.headers) : response.headers;
    if (response.status === 304) return notModified(request, response, headers);
    const headOnly = request.method === "HEAD";
    const body = whole ? whole.content : response.body;
    if (body === null && !headOnly) return response;
    // Used already: whoever is to send it says so.
    if (whole ? whole.used : response.bodyUsed || response.body?.locked) return response;
    if ((whole?.content?.length ?? Number.POSITIVE_INFINITY) < this.#minBytes) return response;
    if (this.#isShort(headers) || !isCompressible(response.status, headers)) return response;

    const coding = this.#choose(request);
    if (!coding) return varying(response);
    const type = headers.get("content-type")!;
    if (isEventStream(type) && !this.#flushing.includes(coding)) return varying(response);
    const { status, statusText } = response;
    const init = { status, statusText, headers: encoded(headers, coding) };
    if (headOnly) return new Response(response.body, init);
    if (whole) {
      whole.used = true;
      const bytes = typeof whole.content === "string" ? encode(whole.content) : whole.content!;
      return this.#encode(bytes, coding, init);
    }
    const ends = endsWithServer(request.method, type, headers.get("content-length"));
    const closing = ends ? caller.closing : null;
    return this.#encodeStream(response.body!, headers, closing, coding, init);
  }

  #choose(request: Request): Coding | null {
    return chooseCoding(request.headers.get("accept-encoding"), this.#available);
  }

  async #encodeStream(
    body: ReadableStream<Uint8Array>,
    headers: Headers,
    closing: AbortSignal | null,
    coding: Coding,
    init: ResponseInit,
  ): Promise<Response> {
    const begun = await begin(closing ? endingWith(closing, body) : body);
    if (!(begun instanceof Uint8Array)) return this.#through(begun, coding, init);
    if (begun.length >= this.#minBytes) return this.#encode(begun, coding, init);
    return varying(new Response(begun, { ...init, headers }));
  }

  async #encode(bytes: Uint8Array<ArrayBuffer>, coding: Coding, init: ResponseInit): Promise<Response> {
    const encoded = bytes.length <= AT_ONCE_BYTES ? this.#codings.encode?.(coding, bytes) : undefined;
    if (!encoded) return this.#through(streamOf(bytes), coding, init);
    return new OurResponse(await encoded, init) as unknown as Response;
  }

  #through(stream: ReadableStream<Uint8Array>, coding: Coding, init: ResponseInit): Response {
    const encoder = this.#codings.encoder(coding, { flush: this.#flushing.includes(coding) })!;
    const through = stream.pipeThrough(encoder as ReadableWritablePair<Uint8Array, Uint8Array>);
    return new Response(through as BodyInit, init);
  }

  #isShort(headers: Headers): boolean {
    const length = headers.get("content-length");
    return length !== null && Number(length) < this.#minBytes;
  }
}

function isCompressible(status: number, headers: Headers): boolean {
  if (UNTOUCHED_STATUS.has(status) || !mayBeChanged(headers)) return false;
  const type = mediaType(headers);
  const [, application] = /^application\/(.+)$/.exec(type) ?? [];
  return COMPRESSIBLE.test(type) || (application !== undefined && COMPRESSIBLE_APPLICATIONS.has(application));
}

function mayBeChanged(headers: Headers): boolean {
  if (headers.has("content-encoding") || headers.has("content-digest") || headers.has("repr-digest"))
    return false;
  return !/(?:^|[\s,])no-transform(?:$|[\s,])/i.test(headers.get("cache-control") ?? "");
}

function mediaType(headers: Headers): string {
  const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
  return type.trim().toLowerCase();
}

/**
 * To a client that has it encoded, it goes by the name that it had then: RFC 9111 section 4.3.4. It says by Vary what the
 * whole would have said (RFC 9110 section 15.4.5), or may have: it has no Content-Type to tell.
 */
function notModified(request: Request, response: Response, fields: Headers): Response {
  if (!mayBeChanged(fields)) return response;
  const headers = new Headers(fields);
  addToVary(headers);
  const etag = headers.get("etag");
  const weak = `W/${etag}`;
  if (etag?.startsWith('"') && request.headers.get("if-none-match")?.includes(weak))
    headers.set("etag", weak);
  return new Response(null, { status: 304, statusText: response.statusText, headers });
}

function withoutRange(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.delete("range");
  headers.delete("if-range");
  return new Request(request, { headers });
}

/** It would have been another for another client: RFC 9110 section 12.5.5. */
function varying(response: Response): Response {
  try {
    addToVary(response.headers);
    return response;
  } catch {
    // The fields of what came from elsewhere, by fetch, cannot be changed.
    const { status, statusText, body } = response;
    const headers = new Headers(response.headers);
    addToVary(headers);
    return new Response(body, { status, statusText, headers });
  }
}

function addToVary(headers: Headers): void {
  const names = (headers.get("vary") ?? "").split(",").map((name) => name.trim().toLowerCase());
  if (!names.includes("*") && !names.includes("accept-encoding")) headers.append("vary", "Accept-Encoding");
}

/** What the fields say once the body is encoded. */
function encoded(fields: Headers, coding: Coding): Headers {
  const headers = new Headers(fields);
  addToVary(headers);
  headers.set("content-encoding", coding);
  headers.delete("content-length");
  headers.delete("accept-ranges");
  const etag = headers.get("etag");
  if (etag?.startsWith('"')) headers.set("etag", `W/${etag}`);
  return headers;
}

/**
 * A body that is there at once, in one piece; or a stream of it all.
 *
 * @throws (and so does the stream) TypeError for a chunk that is no bytes, of which encoders make what they like; what the
 * body throws.
 */
async function begin(
  body: ReadableStream<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const bytesOf = async (read: ReturnType<typeof reader.read>) => {
    try {
      return chunkOf(await read);
    } catch (error) {
      cancelQuietly(reader, error);
      throw error;
    }
  };
  const reads = [reader.read()];
  if (await settlesSoon(reads[0]!)) {
    const first = await bytesOf(reads[0]!);
    if (!first) return new Uint8Array(0);
    reads.push(reader.read());
    if ((await settlesSoon(reads[1]!)) && (await reads[1]!).done) return first as Uint8Array<ArrayBuffer>;
  }
  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = await bytesOf(reads.shift() ?? reader.read());
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
