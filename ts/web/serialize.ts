/**
 * `serialize` and `deserialize`: values as bytes, in V8's value-serializer format, version 15, as `v8.serialize` and
 * `v8.deserialize` of Node have it. Everything is in TypeScript, as measured best: what crosses to the core has to be
 * written first, and what was written is the result already.
 */
import type { Introspection } from "../host/host.ts";
import { Reader, type ReadOptions } from "./serialize/reader.ts";
import { told } from "./serialize/uncloneable.ts";
import { type WriteOptions, Writer } from "./serialize/writer.ts";

export type { ReadLimits, ReadOptions } from "./serialize/reader.ts";
export type { HostObject, WriteOptions } from "./serialize/writer.ts";

export type SerializeOptions = WriteOptions;
export type DeserializeOptions = ReadOptions;

export interface Serializer {
  /**
   * The bytes of a value: what `v8.serialize` gives.
   *
   * @throws DOMException DataCloneError, naming what cannot be carried and where it is; and whatever getters throw.
   */
  serialize(value: unknown, options?: SerializeOptions): Uint8Array<ArrayBuffer>;

  /**
   * As `serialize`, in chunks of 64 KiB or so, made as they are asked for: memory holds one at a time. A string or buffer
   * that is longer is in one.
   */
  serializeChunks(value: unknown, options?: SerializeOptions): Generator<Uint8Array, void>;

  /** How many bytes `serialize` would give. Getters run. */
  serializedSize(value: unknown, options?: SerializeOptions): number;

  /**
   * The value that bytes hold.
   *
   * @throws DOMException DataCloneError for bytes that hold none, naming the offset and what was expected there;
   *   RangeError for what goes beyond a limit.
   */
  deserialize(bytes: ArrayBufferView | ArrayBufferLike, options?: DeserializeOptions): unknown;

  /** As `deserialize`, from chunks that come as they come: memory holds one, and what of a token came before it. */
  deserializeChunks(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: DeserializeOptions,
  ): Promise<unknown>;
}

const BUFFER_TAG = /^\[object (?:Shared)?ArrayBuffer\]$/;

/** @param introspection the host's, if it has it. */
export function createSerializer(introspection?: Introspection): Serializer {
  return {
    serialize(value, options = {}) {
      const writer = new Writer(options, introspection);
      try {
        writer.write(value);
      } catch (error) {
        throw told(error);
      }
      return writer.finish();
    },

    *serializeChunks(value, options = {}) {
      try {
        yield* new Writer(options, introspection).writeChunks(value);
      } catch (error) {
        throw told(error);
      }
    },

    serializedSize(value, options = {}) {
      const writer = new Writer(options, introspection, false);
      try {
        writer.write(value);
      } catch (error) {
        throw told(error);
      }
      const { length } = writer;
      writer.close();
      return length;
    },

    deserialize(bytes, options = {}) {
      if (!ArrayBuffer.isView(bytes) && !BUFFER_TAG.test(Object.prototype.toString.call(bytes))) {
        throw new TypeError("deserialize: bytes is not an ArrayBuffer or a view of one");
      }
      const input = ArrayBuffer.isView(bytes)
        ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        : new Uint8Array(bytes);
      // What another thread can change must not be changed between a check and its use.
      return Reader.read(input.buffer instanceof ArrayBuffer ? input : input.slice(), options);
    },

    async deserializeChunks(chunks, options = {}) {
      const reader = new Reader(options);
      for await (const chunk of chunks) {
        if (!(chunk instanceof Uint8Array))
          throw new TypeError("deserializeChunks: a chunk is not a Uint8Array");
        reader.push(chunk);
      }
      return reader.finish();
    },
  };
}
