// biome-ignore-all lint/complexity/noArguments: WebIDL counts the arguments given; rest parameters would change `length`.
/**
 * structuredClone: https://html.spec.whatwg.org/multipage/structured-data.html#structured-cloning
 *
 *   structured-clone/walk.ts      the graph: objects, arrays, maps, sets, whatever their depth
 *   structured-clone/kinds.ts     what an object is, by its internal slots
 *   structured-clone/buffers.ts   ArrayBuffers and views
 *   structured-clone/errors.ts    errors and their stacks
 *   structured-clone/platform.ts  Blob, DOMException, CryptoKey, and what the engine has beside
 *   structured-clone/path.ts      what a DataCloneError says
 *
 * It is written in JavaScript for JavaScript's objects: handing each value to the core and taking it back would cost more
 * than copying it.
 */
import type { Core } from "../core/core.ts";
import type { Introspection } from "../host/host.ts";
import { transferAll, transferables } from "./structured-clone/transfer.ts";
import { isPrimitive, Walk } from "./structured-clone/walk.ts";
import { type Conversion, dictionaryObject, isObject, requireArguments, sequence } from "./webidl.ts";

/** https://html.spec.whatwg.org/multipage/web-messaging.html#structuredserializeoptions */
export interface StructuredSerializeOptions {
  /** What is moved to the copy instead of being copied: ArrayBuffers, MessagePorts, streams. */
  transfer?: Iterable<object>;
}

export type StructuredClone = <Value>(value: Value, options?: StructuredSerializeOptions) => Value;

const transferSequence = sequence<object>(((value, where) => {
  if (isObject(value)) return value;
  throw new TypeError(`${where} is not an object`);
}) as Conversion<object>);

/** @param introspection the host's, if it has it. */
export function createStructuredClone(core: Core, introspection?: Introspection): StructuredClone {
  const operations = {
    structuredClone(value: unknown, options: unknown = undefined): unknown {
      core.requireOpen();
      requireArguments(arguments.length, 1, "structuredClone");
      const transfer = options === undefined ? [] : transferOf(options);
      if (transfer.length === 0 && isPrimitive(value)) return value;
      const walk = new Walk(introspection);
      if (transfer.length === 0) return walk.clone(value);
      const transferring = transferables(walk, transfer);
      const copy = walk.clone(value);
      transferAll(transferring);
      return walk.settle(copy);
    },
  };
  return operations.structuredClone as StructuredClone;
}

function transferOf(options: unknown): object[] {
  const { transfer } = dictionaryObject(options, "StructuredSerializeOptions", "structuredClone: options");
  return transfer === undefined ? [] : transferSequence(transfer, "structuredClone: options.transfer");
}
