/**
 * Content codings undone: RFC 9110 section 8.4, https://fetch.spec.whatwg.org/#handle-content-codings. The decoders are
 * the engine's; what is added is that they stop. A few kilobytes can decode to gigabytes, so what comes out is counted
 * as it comes, against a size and against what went in.
 */
import type { ByteTransform, Coding, Host } from "../../host/host.ts";
import type { ArrivingContent } from "../messages/content.ts";
import { codingsUndone } from "../messages/undone-codings.ts";
import { Collected } from "./collected.ts";
import type { FetchLimits } from "./options.ts";
import type { ResponseBody } from "./response-body.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Encoding twice gains nothing, and each round multiplies what a few bytes can become. */
const CODINGS_MAX = 2;

/** Below this, a ratio says nothing. */
const RATIO_FROM_BYTES = 1024 * 1024;

/** What is this short, and becomes no longer than that, is decoded at once: a stream takes ten times as long. */
const AT_ONCE_BYTES = 16 * 1024;
const AT_ONCE_DECODED_BYTES = 256 * 1024;

const NAMES: Readonly<Record<string, Coding>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "br",
  zstd: "zstd",
};

/** What this engine can undo. */
export const decodable = ({ codings }: Host): Coding[] =>
  (["gzip", "deflate", "br", "zstd"] as const).filter((coding) => codings?.decoder(coding));

/**
 * What a Content-Encoding names, in the order of undoing; nothing where any of it is not among `known`: then the body is
 * handed on as it is, as Fetch has it.
 */
export function codingsToUndo(contentEncoding: string, known: readonly Coding[]): Coding[] {
  const codings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
    .map((name) => NAMES[name]);
  const isKnown = (coding: Coding | undefined) => coding !== undefined && known.includes(coding);
  return codings.every(isKnown) ? (codings.reverse() as Coding[]) : [];
}

/** A decoder of Zstandard that takes no stream for whole which is cut short, and gets each frame by itself. */
function untilItsEnd({ readable, writable }: ByteTransform): ByteTransform {
  const frames = new ZstdFrames();
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      for (let rest = bytes; rest.length > 0; ) {
        const read = frames.feed(rest);
        controller.enqueue(rest.subarray(0, read));
        rest = rest.subarray(read);
      }
    },
    flush() {
      if (!frames.complete) throw new TypeError("the zstd frame is cut short");
    },
  });
  // Its failure comes out at the other end.
  guard.readable.pipeTo(writable).catch(() => {});
  return { readable, writable: guard.writable };
}

/** Content without its codings, which are undone one after the other once somebody reads. */
export class DecodedContent implements ArrivingContent {
  readonly #encoded: ResponseBody;
  readonly #codings: readonly Coding[];
  readonly #host: Host;
  readonly #limits: FetchLimits;

  /** @throws TypeError for more codings than anybody needs. */
  constructor(encoded: ResponseBody, codings: readonly Coding[], host: Host, limits: FetchLimits) {
    if (codings.length > CODINGS_MAX)
      throw new TypeError(
        `fetch: the body is encoded ${codings.length} times, and ${CODINGS_MAX} are the most`,
      );
    this.#encoded = encoded;
    this.#codings = codings;
    this.#host = host;
    this.#limits = limits;
  }

  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#decoded(this.#encoded.stream);
  }

  async collect(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#encoded.lengthMax > AT_ONCE_BYTES) return collected(this.stream);
    const bytes = await this.#encoded.collect();
    return this.#atOnce(bytes) ?? collected(this.#decoded(streamOf(bytes)));
  }

  /** Undefined where that cannot be. */
  #atOnce(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const [coding, second] = this.#codings;
    if (bytes.length === 0 || second !== undefined) return undefined;
    try {
      const bytesMax = Math.min(AT_ONCE_DECODED_BYTES, this.#limits.decodedBytes);
      return this.#host.codings!.decode?.(coding!, bytes, bytesMax);
    } catch (error) {
      throw explained(error);
    }
  }

  #decoded(encoded: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
    const decoders = this.#codings.map((coding) => {
      const decoder = this.#host.codings!.decoder(coding)!;
      return coding === "zstd" ? untilItsEnd(decoder) : decoder;
    });
    return codingsUndone(decoded(encoded, decoders, this.#limits));
  }
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

async function collected(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Collected(Number.POSITIVE_INFINITY);
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return bytes.whole();
      bytes.add(value);
    }
  } catch (error) {
    // Memory may have run out, and then nobody reads the rest.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** The stream that is left when `decoders` have done their work, one after the other. */
function decoded(
  encoded: ReadableStream<Uint8Array<ArrayBuffer>>,
  decoders: readonly ByteTransform[],
  { decodedBytes, decodedRatio }: FetchLimits,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let [bytesIn, bytesOut] = [0, 0];
  let complete = false;
  /** What the network or whoever aborted it has said, which needs no explanation. */
  let broken: { readonly reason: unknown } | undefined;
  const source = encoded.getReader();
  const counted = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await source.read();
          complete = done;
          if (done) return controller.close();
          bytesIn += value.length;
          controller.enqueue(value);
        } catch (reason) {
          broken = { reason };
          throw reason;
        }
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  let stream = counted;
  for (const decoder of decoders)
    stream = stream.pipeThrough(decoder as ReadableWritablePair<Uint8Array<ArrayBuffer>>);
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          bytesOut += value.length;
          if (bytesOut > decodedBytes)
            throw new LimitError(`fetch: the body decodes to more than ${decodedBytes} bytes`);
          if (bytesOut > RATIO_FROM_BYTES && bytesOut > bytesIn * decodedRatio)
            throw new LimitError(`fetch: the body decodes to more than ${decodedRatio} times its size`);
          controller.enqueue(value);
        } catch (error) {
          // Nothing is nothing in every coding, though some decoders miss a header in it.
          if (complete && bytesIn === 0) return controller.close();
          reader.cancel(error).catch(() => {});
          // Decoders may say it in words of their own.
          throw broken ? broken.reason : explained(error);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Decoders have errors of many kinds, and little to say. */
function explained(error: unknown): unknown {
  if (error instanceof LimitError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TypeError(`fetch: the body is not what its Content-Encoding says: ${message}`, { cause: error });
}

class LimitError extends TypeError {}
Object.defineProperty(LimitError.prototype, "constructor", { value: TypeError });
