/**
 * The digest of a message that comes in pieces, which the next edition of the standard is to have
 * (https://github.com/w3c/webcrypto/pull/390): `digest` takes an async iterable of buffers too, such as a
 * ReadableStream, or an iterable. Memory is constant: each piece is hashed when it comes, and let go.
 *
 * Beyond that text: whoever gives the pieces is told when they are no longer wanted (a stream is cancelled, an
 * iterator's `return` called) if one of them is no buffer or the runtime is closed.
 */
import type { EventLoop } from "../../runtime/loop.ts";
import { type AsyncSequence, bufferSource, bytesOf, type SyncSequence } from "../webidl.ts";
import type { AlgorithmIdentifier, Context } from "./algorithm.ts";
import { normalize } from "./normalize.ts";
import { registry } from "./registry.ts";
import { SLICE_BYTES } from "./slices.ts";

/** For the promise-returning interface: rejects with what reading the sequence throws, a TypeError for no buffer. */
export async function digestAsyncSequence(
  context: Context,
  loop: EventLoop,
  identifier: AlgorithmIdentifier,
  data: AsyncSequence,
): Promise<ArrayBuffer> {
  const { perform: begin, algorithm } = normalize(registry.digestSequence, identifier, "digest: algorithm");
  const release = loop.hold();
  try {
    const hasher = begin(context, algorithm);
    try {
      const pieces = data.open();
      await undefined; // The text reads the first piece in a microtask of its own.
      let count = 0;
      let bytesInTask = 0;
      for await (const piece of pieces) {
        const bytes = bytesOf(bufferSource(piece, `digest: piece ${count++} of data`));
        const kept = bytes.length > SLICE_BYTES ? context.keep(bytes) : bytes;
        for (let at = 0; at < kept.length; at += SLICE_BYTES) {
          const slice = kept.subarray(at, at + SLICE_BYTES);
          hasher.update(slice);
          // A sequence that is there already would never let the loop turn.
          bytesInTask += slice.length;
          if (bytesInTask < SLICE_BYTES) continue;
          await loop.yield();
          bytesInTask = 0;
        }
      }
      return hasher.final();
    } finally {
      hasher.close();
    }
  } finally {
    release();
  }
}

/** For the synchronous interface. */
export function digestSequence(
  context: Context,
  identifier: AlgorithmIdentifier,
  data: SyncSequence,
): ArrayBuffer {
  const { perform: begin, algorithm } = normalize(registry.digestSequence, identifier, "digest: algorithm");
  const hasher = begin(context, algorithm);
  try {
    let count = 0;
    for (const piece of data.open()) {
      hasher.update(bytesOf(bufferSource(piece, `digest: piece ${count++} of data`)));
    }
    return hasher.final();
  } finally {
    hasher.close();
  }
}
