/**
 * Content codings undone: RFC 9110 section 8.4, https://fetch.spec.whatwg.org/#handle-content-codings. The decoders are
 * the engine's; what is added is that they stop. A few kilobytes can decode to gigabytes, so what comes out is counted
 * as it comes, against a size and against what went in.
 */
import type { ByteTransform, Coding, Host } from "../../host/host.ts";
import type { FetchLimits } from "./options.ts";

/** Encoding twice gains nothing, and each round multiplies what a few bytes can become. */
const CODINGS_MAX = 2;

/** Below this, a ratio says nothing. */
const RATIO_FROM_BYTES = 1024 * 1024;

const NAMES: Readonly<Record<string, Coding>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "br",
  zstd: "zstd",
};

/** The value of Accept-Encoding: what this engine can undo; null for nothing. */
export function acceptEncoding({ codings }: Host): string | null {
  const known = (["gzip", "deflate", "br", "zstd"] as const).filter((coding) => codings?.decoder(coding));
  return known.length > 0 ? known.join(", ") : null;
}

/**
 * What undoes a Content-Encoding, in the order of undoing; nothing where any of its codings is unknown here: then the
 * body is handed on as it is, as Fetch has it.
 *
 * @throws TypeError for more codings than anybody needs.
 */
export function decodings(contentEncoding: string, { codings }: Host): ByteTransform[] {
  const names = contentEncoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > CODINGS_MAX)
    throw new TypeError(`fetch: the body is encoded ${names.length} times, and ${CODINGS_MAX} are the most`);
  const transforms = names.map((name) => NAMES[name] && codings?.decoder(NAMES[name]));
  return transforms.every((transform) => transform !== undefined) ? transforms.reverse() : [];
}

/** The stream that is left when `decoders` have done their work, one after the other. */
export function decoded(
  encoded: ReadableStream<Uint8Array<ArrayBuffer>>,
  decoders: readonly ByteTransform[],
  { decodedBytes, decodedRatio }: FetchLimits,
): ReadableStream<Uint8Array> {
  let [bytesIn, bytesOut] = [0, 0];
  let complete = false;
  /** What the network or whoever aborted it has said, which needs no explanation. */
  let broken: unknown;
  const source = encoded.getReader();
  const counted = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await source.read();
          complete = done;
          if (done) return controller.close();
          bytesIn += value.length;
          controller.enqueue(value);
        } catch (error) {
          broken = error;
          throw error;
        }
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  let stream = counted;
  for (const decoder of decoders)
    stream = stream.pipeThrough(decoder as ReadableWritablePair<Uint8Array, Uint8Array>);
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
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
          throw error === broken ? error : explained(error);
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
