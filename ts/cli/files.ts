/** Where a command's bytes come from and go to: files, or standard input and output where none is named, or `-`. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { writeWhole } from "../../examples/encrypt-file/whole-file.ts";
import { withProgress } from "../../examples/hash-file/progress.ts";
import { UsageError } from "./command.ts";

/** Read in larger pieces than Node's 64 KiB, a file waits less on the way. */
const PIECE_BYTES = 1024 * 1024;
const MESSAGE_BYTES_MAX = 1024 ** 3;

/** What messages call that which is read. */
export function inputName(path: string | undefined): string {
  return isFile(path) ? path : "standard input";
}

/** Standard input has an end, and nothing behind it: whoever reads it twice gets nothing the second time. */
let inputIsTaken = false;

/** The bytes of a file as they come; if wanted, a terminal shows how far they are. */
export async function* readPieces(
  path: string | undefined,
  options: { progress?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  try {
    if (!isFile(path)) {
      if (inputIsTaken) throw new UsageError("standard input cannot be read for two things at once");
      inputIsTaken = true;
      return yield* process.stdin;
    }
    const { size } = statSync(path);
    const pieces = createReadStream(path, { highWaterMark: PIECE_BYTES });
    yield* options.progress ? withProgress(pieces, size) : pieces;
  } catch (error) {
    throw explained(error, inputName(path));
  }
}

/** All bytes of a file, if they are no more than `maxBytes`. */
export async function readWhole(path: string | undefined, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const tooLong = () => new UsageError(`${inputName(path)} has more than ${maxBytes} bytes`);
  if (isFile(path) && existsSync(path) && statSync(path).size > maxBytes) throw tooLong();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of readPieces(path)) {
    length += piece.length;
    if (length > maxBytes) throw tooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** A message to be signed or verified. WebCrypto takes it as a whole, so it has to be in memory. */
export function readMessage(path: string | undefined): Promise<Buffer<ArrayBuffer>> {
  return readWhole(path, MESSAGE_BYTES_MAX);
}

/** Writes a new file, which is there only if the pieces end without an error; or standard output. */
export async function writePieces(
  path: string | undefined,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    if (isFile(path)) await writeWhole(path, pieces, { replace: false });
    else await pipeline(pieces, process.stdout);
  } catch (error) {
    throw explained(error, isFile(path) ? path : "standard output");
  }
}

/** Refuses the name of a file that exists. */
export function requireNew(path: string | undefined): void {
  if (isFile(path) && existsSync(path)) throw new UsageError(`${path} exists already, and is left as it is`);
}

/** Whether a path names a file, not standard input or output. */
export function isFile(path: string | undefined): path is string {
  return path !== undefined && path !== "-";
}

/** What the system says of a file, such as "ENOENT: no such file or directory, open 'key'", as a person wants it. */
export function explained(error: unknown, name: string): unknown {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const [, what = message] = /^[A-Z]+: (.+?), \w+/.exec(message) ?? [];
  return new UsageError(`${name}: ${what}`);
}
