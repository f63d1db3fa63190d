/** Memory for the bytes of a value: had without zeros in it where it is to be written anyway, and given back at once. */

type Allocate = (bytes: number) => Uint8Array<ArrayBuffer>;
type Resize = (this: ArrayBuffer, bytes: number) => void;

/** Node's, Deno's and Bun's. */
const allocate = (globalThis as { Buffer?: { allocUnsafeSlow?: Allocate } }).Buffer?.allocUnsafeSlow;

const Resizable = ArrayBuffer as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;
const { resize } = ArrayBuffer.prototype as { resize?: Resize };

/** To fill fewer bytes takes less time than to ask for memory that is not. */
const FILLED_BYTES_MAX = 16 * 1024;

/** Holds whatever there was before, where the engine has such memory: all of it is to be written, or never to be seen. */
export function unfilled(bytes: number): Uint8Array<ArrayBuffer> {
  if (allocate === undefined || bytes <= FILLED_BYTES_MAX) return new Uint8Array(bytes);
  return new Uint8Array(allocate(bytes).buffer);
}

/** A copy that `giveBack` can give back; undefined where the engine has no resizable buffers. */
export function setAside(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (resize === undefined) return undefined;
  const { length } = bytes;
  const copy = new Uint8Array(new Resizable(length, { maxByteLength: length }));
  copy.set(bytes);
  return copy;
}

/** Engines keep resizable buffers in pages of their own, which are the system's again at once. */
export function giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
  if ((buffer as { resizable?: boolean }).resizable) resize!.call(buffer, 0);
}
