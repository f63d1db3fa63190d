/**
 * Compressed responses: content codings by RFC 9110 section 8.4, negotiated by section 12.5.3.
 *
 * A response is left as it is when it has a coding already, is partial, must not be changed (Cache-Control: no-transform),
 * says by a digest what its bytes are, is of a media type that does not get shorter, or is too short itself. Else it
 * gets Vary: Accept-Encoding, for what is sent depends on it; and if it is encoded, its ETag becomes weak, since other
 * bytes go by the same one (section 8.8.3.3), and Content-Length and Accept-Ranges, which spoke of the bytes before, go.
 *
 * Pieces of a body that streams come out when they come, where the engine's encoder can do that; where it cannot,
 * text/event-stream is left as it is.
 */
import type { Coding, Codings } from "../host/host.ts";
import { wholeResponse } from "../web/messages/response.ts";
import { chooseCoding } from "./accept-encoding.ts";
import { isResponse, type ServedApp } from "./app.ts";
import { cancelQuietly, chunkOf, settlesSoon } from "./response-sender.ts";

export interface CompressionOptions {
  /** What may be sent, the dearest first. By default br, zstd and gzip, as far as the engine has them. */
  codings?: readonly Coding[];
  /** Shorter bodies are left as they are, if that much is known before the first byte goes out. 1024 by default. */
  minBytes?: number;
}

const CODINGS: readonly Coding[] = ["br", "zstd", "gzip", "deflate"];
const DEFAULT_CODINGS: readonly Coding[] = ["br", "zstd", "gzip"];
const DEFAULT_MIN_BYTES = 1024;

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
    call(request, remoteAddress) {
      const answer = app.call(request, remoteAddress);
      const respond = (answer: unknown) => (isResponse(answer) ? encoding.respond(request, answer) : answer);
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

  /** The response that is to be sent in the place of the app's. */
  respond(request: Request, response: Response): Response | Promise<Response> {
    const { headers } = response;
    if (response.status === 304) return notModified(request, response);
    const headOnly = request.method === "HEAD";
    // Of a response of ours it is known what it holds, as long as nobody asks for its stream.
    const whole = wholeResponse(response);
    const body = whole ? whole.content : response.body;
    if (body === null && !headOnly) return response;
    // Used already: whoever is to send it says so.
    if (whole ? whole.used : response.bodyUsed || response.body?.locked) return response;
    if ((whole?.content?.length ?? Number.POSITIVE_INFINITY) < this.#minBytes) return response;
    if (this.#isShort(headers) || !isCompressible(response)) return response;

    const coding = chooseCoding(request.headers.get("accept-encoding"), this.#available);
    if (!coding) return varying(response);
    if (!this.#flushing.includes(coding) && mediaType(headers) === "text/event-stream")
      return varying(response);
    if (!headOnly) return this.#encode(response, coding);
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers: encoded(headers, coding) });
  }

  async #encode(response: Response, coding: Coding): Promise<Response> {
    const { status, statusText, headers } = response;
    const begun = await begin(response.body!);
    if (begun instanceof Uint8Array && begun.length < this.#minBytes) {
      return varying(new Response(begun, { status, statusText, headers }));
    }
    const stream = begun instanceof Uint8Array ? streamOf(begun) : begun;
    const encoder = this.#codings.encoder(coding, { flush: this.#flushing.includes(coding) })!;
    const through = stream.pipeThrough(encoder as ReadableWritablePair<Uint8Array, Uint8Array>);
    const init = { status, statusText, headers: encoded(headers, coding) };
    return new Response(through as BodyInit, init);
  }

  #isShort(headers: Headers): boolean {
    const length = headers.get("content-length");
    return length !== null && Number(length) < this.#minBytes;
  }
}

function isCompressible({ status, headers }: Response): boolean {
  if (UNTOUCHED_STATUS.has(status) || headers.has("content-encoding")) return false;
  if (headers.has("content-digest") || headers.has("repr-digest")) return false;
  if (/(?:^|[\s,])no-transform(?:$|[\s,])/i.test(headers.get("cache-control") ?? "")) return false;
  const type = mediaType(headers);
  const [, application] = /^application\/(.+)$/.exec(type) ?? [];
  return COMPRESSIBLE.test(type) || (application !== undefined && COMPRESSIBLE_APPLICATIONS.has(application));
}

function mediaType(headers: Headers): string {
  const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
  return type.trim().toLowerCase();
}

/** To a client that has it encoded, it goes by the name that it had then: RFC 9111 section 4.3.4. */
function notModified(request: Request, response: Response): Response {
  const etag = response.headers.get("etag");
  const weak = `W/${etag}`;
  if (!etag?.startsWith('"') || !request.headers.get("if-none-match")?.includes(weak)) return response;
  const headers = new Headers(response.headers);
  headers.set("etag", weak);
  addToVary(headers);
  return new Response(null, { status: 304, statusText: response.statusText, headers });
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
