/** Content codings by node:zlib (https://nodejs.org/api/zlib.html), which Deno and Bun have, too. */
import type { Transform } from "node:stream";
import type { ByteTransform, Codings } from "./host.ts";

type Zlib = typeof import("node:zlib");

/** What newer Nodes have beside. */
interface Zstd {
  createZstdCompress?(options: object): Transform;
  createZstdDecompress?(): Transform;
  zstdCompress?(bytes: Uint8Array, done: Done): void;
}

type Done = (error: Error | null, bytes: Buffer) => void;

/** The default, 11, takes a hundred times as long; this is about gzip's own time, and smaller. */
const BROTLI_QUALITY = 4;

/**
 * @param builtin gives a module of Node; called when it is needed.
 * @param brotliEndsQuietly whether this zlib takes Brotli that is cut short for whole.
 */
export function nodeCodings(builtin: (name: string) => unknown, brotliEndsQuietly = false): Codings {
  const load = () => builtin("node:zlib") as Zlib & Zstd;
  return {
    encoder(coding, { flush = false } = {}) {
      const zlib = load();
      const { constants } = zlib;
      const gzipOptions = flush ? { flush: constants.Z_SYNC_FLUSH } : {};
      const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
      const brotliOptions = flush ? { params, flush: constants.BROTLI_OPERATION_FLUSH } : { params };
      // ZSTD_e_flush
      const zstdOptions = flush ? { flush: 1 } : {};
      switch (coding) {
        case "gzip":
          return pairOf(zlib.createGzip(gzipOptions));
        case "deflate":
          return pairOf(zlib.createDeflate(gzipOptions));
        case "br":
          return pairOf(zlib.createBrotliCompress(brotliOptions));
        case "zstd":
          return zlib.createZstdCompress && pairOf(zlib.createZstdCompress(zstdOptions));
      }
    },

    encode(coding, bytes) {
      const { constants, gzip, deflate, brotliCompress, zstdCompress } = load();
      const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
      switch (coding) {
        case "gzip":
          return outcome((done) => gzip(bytes, done));
        case "deflate":
          return outcome((done) => deflate(bytes, done));
        case "br":
          return outcome((done) => brotliCompress(bytes, { params }, done));
        case "zstd":
          return zstdCompress && outcome((done) => zstdCompress(bytes, done));
      }
    },

    decoder(coding) {
      const zlib = load();
      switch (coding) {
        case "gzip":
          return pairOf(zlib.createGunzip());
        case "deflate":
          return pairOf(zlib.createInflate());
        case "br":
          return pairOf(zlib.createBrotliDecompress(), brotliEndsQuietly);
        case "zstd":
          return zlib.createZstdDecompress && pairOf(zlib.createZstdDecompress());
      }
    },

    decode(coding, bytes, bytesMax) {
      const { gunzipSync, inflateSync, brotliDecompressSync } = load();
      const options = { maxOutputLength: bytesMax };
      try {
        switch (coding) {
          case "gzip":
            return bytesOf(gunzipSync(bytes, options));
          case "deflate":
            return bytesOf(inflateSync(bytes, options));
          case "br":
            return brotliEndsQuietly ? undefined : bytesOf(brotliDecompressSync(bytes, options));
          case "zstd":
            // Some engines decode the first of several frames alone, and some look for no end.
            return undefined;
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
        throw error;
      }
    },
  };
}

/** In a buffer of their own. */
const bytesOf = (buffer: Buffer) => new Uint8Array(buffer);

function outcome(begin: (done: Done) => void): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    begin((error, bytes) => (error ? reject(error) : resolve(bytesOf(bytes))));
  });
}

/**
 * What is written has been taken only when what came of it has been read, but for what the transform holds itself.
 *
 * @param endsQuietly whether the transform takes what is cut short for whole: then it is asked for its end, by one byte
 *   more, which it takes only if it has not come to it.
 */
function pairOf(
  transform: Transform & { readonly bytesWritten?: number },
  endsQuietly = false,
): ByteTransform {
  /** What waits for the transform to have taken something, and for how it ends. */
  let giveUp: ((error: unknown) => void) | undefined;
  let end: unknown = new TypeError("nobody reads what is coded");
  const taken = (begin: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      giveUp = reject;
      begin((error) => (error ? reject(error) : resolve()));
    });

  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        transform
          .on("data", (bytes: Buffer) => {
            controller.enqueue(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
            transform.pause();
          })
          .on("end", () => controller.close())
          .on("error", (error: Error) => {
            end = error;
            controller.error(error);
          })
          .pause();
      },
      pull: () => void transform.resume(),
      cancel: () => void transform.destroy(),
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      // Node emits it last, also after a good end; then nobody waits, and nothing is left to be in error.
      transform.on("close", () => {
        giveUp?.(end);
        controller.error(end);
      });
    },
    write: (bytes) => taken((done) => transform.write(bytes, done)),
    async close() {
      if (endsQuietly) {
        const before = transform.bytesWritten!;
        await taken((done) => transform.write(Uint8Array.of(0), done));
        if (transform.bytesWritten! > before) {
          const error = new Error("unexpected end of file");
          transform.destroy(error);
          throw error;
        }
      }
      await taken((done) => transform.end(done));
    },
    abort: (reason) => void transform.destroy(reason instanceof Error ? reason : new Error(String(reason))),
  });
  return { readable, writable };
}
