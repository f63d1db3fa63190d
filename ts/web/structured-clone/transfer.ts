/**
 * Transferring objects: StructuredSerializeWithTransfer, steps 2 and 5, and StructuredDeserializeWithTransfer, step 3.
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializewithtransfer
 *
 * The engine moves them, all with one call of its own structuredClone. What it would refuse is found out before, where it
 * can be, so that nothing has been detached then.
 */
import { domException } from "../dom-exception.ts";
import { isArrayBuffer, isDetached } from "./buffers.ts";
import { engineStructuredClone } from "./intrinsics.ts";
import { interfaceOf } from "./platform.ts";
import { Placeholder, type Walk } from "./walk.ts";

/** Interfaces with [Transferable]; which of them an engine transfers is its affair. */
const TRANSFERABLE: ReadonlySet<string> = new Set([
  ...["MessagePort", "ReadableStream", "WritableStream", "TransformStream"],
  ...["ImageBitmap", "OffscreenCanvas", "VideoFrame", "AudioData", "RTCDataChannel", "MIDIAccess"],
  ...["MediaSourceHandle", "MediaStreamTrack", "WebTransportReceiveStream", "WebTransportSendStream"],
]);

/** An object that is to be transferred; `moved` is set by `transferAll`. */
interface Transferable {
  readonly object: object;
  moved: object | undefined;
}

/**
 * Has the objects of a transfer list stand for themselves in a walk.
 *
 * @throws DOMException DataCloneError for one that cannot be transferred, or is there twice.
 */
export function transferables(walk: Walk, list: readonly object[]): Transferable[] {
  return list.map((object, index) => {
    if (!isArrayBuffer(object) && !TRANSFERABLE.has(interfaceOf(object) ?? "")) {
      throw refusal(index, "cannot be transferred");
    }
    const transferable: Transferable = { object, moved: undefined };
    if (walk.transfer(object, new Placeholder(() => transferable.moved!))) return transferable;
    throw refusal(index, "is in the list twice");
  });
}

/**
 * Transfers all, or none.
 *
 * @throws DOMException DataCloneError for one that is detached, or that the engine does not transfer.
 */
export function transferAll(list: readonly Transferable[]): void {
  const objects = list.map(({ object }) => object);
  const detached = objects.findIndex((object) => isArrayBuffer(object) && isDetached(object));
  if (detached >= 0) throw refusal(detached, "is detached");
  let moved: object[];
  try {
    moved = engineStructuredClone(objects, { transfer: objects as Transferable_[] });
  } catch (error) {
    throw domException("DataCloneError", `structuredClone: options.transfer: ${(error as Error).message}`);
  }
  for (const [index, transferable] of list.entries()) transferable.moved = moved[index];
  // Some engines copy what they cannot transfer, such as a WebAssembly.Memory's buffer.
  const kept = objects.findIndex((object) => isArrayBuffer(object) && !isDetached(object));
  if (kept >= 0) throw refusal(kept, "cannot be detached");
}

type Transferable_ = globalThis.Transferable;

function refusal(index: number, why: string): DOMException {
  return domException("DataCloneError", `structuredClone: options.transfer[${index}] ${why}`);
}
