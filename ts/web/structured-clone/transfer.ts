/**
 * Transferring objects: StructuredSerializeWithTransfer, steps 2 and 5, and StructuredDeserializeWithTransfer, step 3.
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializewithtransfer
 *
 * The engine moves them, by its own structuredClone. What it would refuse is found out before, where it can be, and buffers,
 * of which that is known, are moved last, so that none has been detached then. Some versions of Node do not say that they
 * keep the buffer of a WebAssembly.Memory; there, it is found out at the end.
 */
import { domException } from "../dom-exception.ts";
import { isArrayBuffer, isDetached } from "./buffers.ts";
import { engineStructuredClone, getterOf } from "./intrinsics.ts";
import { interfaceOf } from "./platform.ts";
import { Placeholder, type Walk } from "./walk.ts";

const { apply } = Reflect;

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
  const locked = objects.findIndex((object) => !isArrayBuffer(object) && isLocked(object));
  if (locked >= 0) throw refusal(locked, "is locked");
  move(list.filter(({ object }) => !isArrayBuffer(object)));
  move(list.filter(({ object }) => isArrayBuffer(object)));
  // Some engines copy what they cannot transfer, such as a WebAssembly.Memory's buffer.
  const kept = objects.findIndex((object) => isArrayBuffer(object) && !isDetached(object));
  if (kept >= 0) throw refusal(kept, "cannot be detached");
}

function move(list: readonly Transferable[]): void {
  if (list.length === 0) return;
  const objects = list.map(({ object }) => object) as Transferable_[];
  let moved: object[];
  try {
    moved = engineStructuredClone(objects, { transfer: objects });
  } catch (error) {
    throw domException("DataCloneError", `structuredClone: options.transfer: ${(error as Error).message}`);
  }
  for (const [index, transferable] of list.entries()) transferable.moved = moved[index];
}

type Transferable_ = globalThis.Transferable;

/** Whether an object is a stream that somebody reads from or writes to. */
function isLocked(object: object): boolean {
  const name = interfaceOf(object);
  const attribute = (of: { readonly prototype: object }, name: string) =>
    apply(getterOf(of.prototype, name), object, []);
  try {
    if (name === "ReadableStream") return attribute(ReadableStream, "locked") as boolean;
    if (name === "WritableStream") return attribute(WritableStream, "locked") as boolean;
    if (name !== "TransformStream") return false;
    const sides = [attribute(TransformStream, "readable"), attribute(TransformStream, "writable")];
    return (sides as object[]).some(isLocked);
  } catch {
    return false; // It is none, as the engine will say.
  }
}

function refusal(index: number, why: string): DOMException {
  return domException("DataCloneError", `structuredClone: options.transfer[${index}] ${why}`);
}
