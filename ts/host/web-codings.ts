/** Content codings by the Compression Standard (https://compression.spec.whatwg.org), as far as the engine has them. */
import type { ByteTransform, Coding, Codings } from "./host.ts";

const FORMATS: Record<Coding, string> = { gzip: "gzip", deflate: "deflate", br: "brotli", zstd: "zstd" };

/** It encodes whole bodies well; what is to be flushed piece by piece, it cannot. */
export const webCodings: Codings = {
  encoder: (coding, { flush = false } = {}) =>
    flush ? undefined : transformOf(globalThis.CompressionStream, coding),
  decoder: (coding) => transformOf(globalThis.DecompressionStream, coding),
};

function transformOf(
  Stream: typeof CompressionStream | typeof DecompressionStream | undefined,
  coding: Coding,
): ByteTransform | undefined {
  if (!Stream) return undefined;
  try {
    return new Stream(FORMATS[coding] as CompressionFormat) as ByteTransform;
  } catch {
    // TypeError: not a format of this engine's.
    return undefined;
  }
}
