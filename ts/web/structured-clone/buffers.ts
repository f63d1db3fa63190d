/**
 * ArrayBuffers and views of them in the structured clone algorithm, through the built-in getters alone: subclasses and
 * own properties may shadow them. https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal, steps 13 and 14.
 */
import { typedArrayName } from "../webidl.ts";
import { getterIfAny, getterOf } from "./intrinsics.ts";

const { apply } = Reflect;
const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

const byteLengthOf = getterOf<number>(ArrayBuffer.prototype, "byteLength");
const resizableOf = getterIfAny<boolean>(ArrayBuffer.prototype, "resizable");
const maxByteLengthOf = getterIfAny<number>(ArrayBuffer.prototype, "maxByteLength");
const { resize } = ArrayBuffer.prototype as { resize?: (length: number) => void };
const sharedByteLengthOf =
  typeof SharedArrayBuffer === "function"
    ? getterOf<number>(SharedArrayBuffer.prototype, "byteLength")
    : undefined;
const growableOf =
  typeof SharedArrayBuffer === "function"
    ? getterIfAny<boolean>(SharedArrayBuffer.prototype, "growable")
    : undefined;

const typedBufferOf = getterOf<ArrayBufferLike>(TypedArrayPrototype, "buffer");
const typedOffsetOf = getterOf<number>(TypedArrayPrototype, "byteOffset");
const typedLengthOf = getterOf<number>(TypedArrayPrototype, "length");
const { at, set } = TypedArrayPrototype;

const viewBufferOf = getterOf<ArrayBufferLike>(DataView.prototype, "buffer");
const viewOffsetOf = getterOf<number>(DataView.prototype, "byteOffset");
const viewLengthOf = getterOf<number>(DataView.prototype, "byteLength");

type ViewConstructor = {
  new (buffer: ArrayBufferLike, byteOffset: number, length?: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
};

/** By name; without those that the engine does not have. */
const CONSTRUCTORS: Record<string, ViewConstructor> = { __proto__: null as never };
for (const name of [
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array"],
  ...["Uint32Array", "BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array"],
]) {
  const Constructor = (globalThis as Record<string, unknown>)[name] as ViewConstructor | undefined;
  if (Constructor) CONSTRUCTORS[name] = Constructor;
}

/** Whether an object is an ArrayBuffer, of whatever realm, and not a SharedArrayBuffer. */
export function isArrayBuffer(object: object): object is ArrayBuffer {
  try {
    apply(byteLengthOf, object, []);
    return true;
  } catch {
    return false;
  }
}

export function isDetached(buffer: ArrayBuffer): boolean {
  if ((apply(byteLengthOf, buffer, []) as number) > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/**
 * A copy of a buffer and its bytes, resizable if it is.
 *
 * @throws RangeError where there is no memory for it.
 */
export function copyArrayBuffer(buffer: ArrayBuffer): ArrayBuffer {
  const bytes = new Uint8Array(buffer);
  if (!resizableOf || !apply(resizableOf, buffer, [])) return new Uint8Array(bytes).buffer;
  const maxByteLength = apply(maxByteLengthOf!, buffer, []) as number;
  const Resizable = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  const copy = new Resizable(apply(byteLengthOf, buffer, []) as number, { maxByteLength });
  apply(set, new Uint8Array(copy), [bytes]);
  return copy;
}

/** What it takes to make the same view of another buffer. */
export interface ViewShape {
  readonly buffer: ArrayBufferLike;
  readonly Constructor: ViewConstructor;
  readonly byteOffset: number;
  /** In elements; undefined for a view that follows the length of its buffer. */
  readonly length: number | undefined;
}

/** Undefined for a view that is out of bounds, or whose buffer is detached. */
export function shapeOf(view: ArrayBufferView): ViewShape | undefined {
  const name = typedArrayName(view);
  return name === undefined ? shapeOfDataView(view as DataView) : shapeOfTypedArray(view, name);
}

/**
 * A getter may have resized the buffer after it was copied, or after one of its views was met: then the copy is a view that
 * is out of bounds, as the standard has it, which can be made while the buffer is long enough for it.
 */
export function makeView(
  { Constructor, byteOffset, length }: ViewShape,
  buffer: ArrayBufferLike,
): ArrayBufferView {
  const end = byteOffset + (length ?? 0) * (Constructor.BYTES_PER_ELEMENT ?? 1);
  if (end <= buffer.byteLength) return construct();
  const { byteLength } = buffer;
  apply(resize!, buffer, [end]);
  const view = construct();
  apply(resize!, buffer, [byteLength]);
  return view;

  function construct() {
    return length === undefined
      ? new Constructor(buffer, byteOffset)
      : new Constructor(buffer, byteOffset, length);
  }
}

function shapeOfTypedArray(view: ArrayBufferView, name: string): ViewShape | undefined {
  const length = apply(typedLengthOf, view, []) as number;
  if (length === 0) {
    try {
      apply(at, view, [0]); // It throws where the getters give 0.
    } catch {
      return undefined;
    }
  }
  const buffer = apply(typedBufferOf, view, []) as ArrayBufferLike;
  const byteOffset = apply(typedOffsetOf, view, []) as number;
  const Constructor = CONSTRUCTORS[name]!;
  const lengthNow = () => apply(typedLengthOf, view, []) as number;
  const follows = followsBuffer(buffer, byteOffset, length, Constructor.BYTES_PER_ELEMENT!, lengthNow);
  return { buffer, Constructor, byteOffset, length: follows ? undefined : length };
}

function shapeOfDataView(view: DataView): ViewShape | undefined {
  const lengthNow = () => apply(viewLengthOf, view, []) as number;
  try {
    const length = lengthNow();
    const byteOffset = apply(viewOffsetOf, view, []) as number;
    const buffer = apply(viewBufferOf, view, []) as ArrayBufferLike;
    const follows = followsBuffer(buffer, byteOffset, length, 1, lengthNow);
    return {
      buffer,
      Constructor: DataView as ViewConstructor,
      byteOffset,
      length: follows ? undefined : length,
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether a view's length follows that of its buffer, which nothing tells: such a view ends where its buffer does, and
 * still does when the buffer is an element longer, or shorter. What is cut off meanwhile is put back. A buffer that is
 * shared cannot be made shorter, and others would see it grow; one of a WebAssembly.Memory grows by whole pages, for
 * ever: there, a view to the end is taken to follow it.
 */
function followsBuffer(
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
  elementBytes: number,
  lengthNow: () => number,
): boolean {
  if (!isArrayBuffer(buffer)) {
    if (!growableOf || !apply(growableOf, buffer, [])) return false;
    const total = apply(sharedByteLengthOf!, buffer, []) as number;
    return Math.floor((total - byteOffset) / elementBytes) === length;
  }
  if (!resizableOf || !apply(resizableOf, buffer, [])) return false;
  const total = apply(byteLengthOf, buffer, []) as number;
  if (Math.floor((total - byteOffset) / elementBytes) !== length) return false;
  try {
    return total + elementBytes <= (apply(maxByteLengthOf!, buffer, []) as number)
      ? growsWith(buffer, total + elementBytes, lengthNow)
      : shrinksWith(buffer, total - elementBytes, lengthNow);
  } catch {
    return true;
  }
}

function growsWith(buffer: ArrayBuffer, longer: number, lengthNow: () => number): boolean {
  const [total, length] = [apply(byteLengthOf, buffer, []) as number, lengthNow()];
  apply(resize!, buffer, [longer]);
  const follows = lengthNow() !== length;
  apply(resize!, buffer, [total]);
  return follows;
}

function shrinksWith(buffer: ArrayBuffer, shorter: number, lengthNow: () => number): boolean {
  const [total, length] = [apply(byteLengthOf, buffer, []) as number, lengthNow()];
  if (length === 0) return true; // Nor can it ever be longer.
  const tail = new Uint8Array(new Uint8Array(buffer, shorter));
  apply(resize!, buffer, [shorter]);
  let follows: boolean;
  try {
    follows = lengthNow() === length - 1;
  } catch {
    follows = false; // A DataView of fixed length is out of bounds.
  }
  apply(resize!, buffer, [total]);
  apply(set, new Uint8Array(buffer, shorter), [tail]);
  return follows;
}
