/**
 * Base 64 with URL and filename safe alphabet, without padding, in the core: RFC 4648, section 5, as JSON Web Keys use
 * it (RFC 7515, section 2). Strict, and constant time in what is encoded: zig/encoding/base64url.zig.
 */
import type { Core } from "./core.ts";
import { check, Status } from "./status.ts";

/**
 * Longer texts pass through the core in windows: its memory never shrinks again. In whole groups of four characters, or
 * three bytes, so that a window's text is the same as in the whole.
 */
const WINDOW_CHARACTERS = 64 * 1024;
const WINDOW_BYTES = (WINDOW_CHARACTERS / 4) * 3;

/**
 * The bytes of each text, those of short ones side by side in one ArrayBuffer; undefined for what is no base64url.
 *
 * A key has up to eight: what they cost is calls and copies, not characters.
 */
export function decodeBase64url(
  core: Core,
  texts: readonly string[],
): (Uint8Array<ArrayBuffer> | undefined)[] {
  const { raw, memory } = core;
  let characters = 0;
  let longest = 0;
  for (const { length } of texts) {
    characters += length;
    longest = Math.max(longest, length);
  }
  if (characters > WINDOW_CHARACTERS) return texts.map((text) => decodeInWindows(core, text));
  const arena = core.openArena();
  try {
    // One after another in the same place: a view of it takes about as long as all that is done with it.
    const input = arena.alloc(longest);
    const output = arena.alloc(Math.floor((characters * 3) / 4));
    const window = memory.bytes.subarray(input, input + longest);
    let end = output;
    const lengths = texts.map((text) => {
      // What is not in ASCII takes more bytes than it has characters.
      const { read, written } = encoder.encodeInto(text, window);
      if (read !== text.length || written !== text.length) return -1;
      const length = raw["base64url.decode"](input, text.length, end);
      if (length === Status.INVALID_BASE64URL) return -1;
      end += check(length);
      return length;
    });
    const bytes = memory.copy(output, end - output);
    let at = 0;
    return lengths.map((length) => {
      if (length < 0) return undefined;
      at += length;
      return new Uint8Array(bytes, at - length, length);
    });
  } finally {
    arena.close();
  }
}

function decodeInWindows(core: Core, text: string): Uint8Array<ArrayBuffer> | undefined {
  const { raw, memory } = core;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  const arena = core.openArena();
  let isDecoded = false;
  try {
    const input = arena.alloc(WINDOW_CHARACTERS);
    const output = arena.alloc(WINDOW_BYTES);
    let end = 0;
    for (let at = 0; at < text.length; at += WINDOW_CHARACTERS) {
      const piece = text.slice(at, at + WINDOW_CHARACTERS);
      const { read } = encoder.encodeInto(piece, memory.bytes.subarray(input, input + piece.length));
      if (read !== piece.length) return undefined;
      const length = raw["base64url.decode"](input, piece.length, output);
      if (length === Status.INVALID_BASE64URL) return undefined;
      bytes.set(memory.bytes.subarray(output, output + check(length)), end);
      end += length;
    }
    isDecoded = true;
    return bytes;
  } finally {
    if (!isDecoded) bytes.fill(0);
    arena.close();
  }
}

export function encodeBase64url(core: Core, bytes: Uint8Array): string {
  const { raw, memory } = core;
  const arena = core.openArena();
  try {
    const windowBytes = Math.min(bytes.length, WINDOW_BYTES);
    const input = arena.alloc(windowBytes);
    const output = arena.alloc(Math.ceil((windowBytes * 4) / 3));
    let text = "";
    for (let at = 0; at < bytes.length; at += WINDOW_BYTES) {
      const piece = bytes.subarray(at, at + WINDOW_BYTES);
      memory.bytes.set(piece, input);
      const length = check(raw["base64url.encode"](input, piece.length, output));
      text += decoder.decode(memory.bytes.subarray(output, output + length));
    }
    return text;
  } finally {
    arena.close();
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
