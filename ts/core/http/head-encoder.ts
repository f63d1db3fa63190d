/**
 * Request heads, written: RFC 9112 sections 3 to 5, by zig/http/head_encoder.zig, which lets no part of a head pass for two,
 * whatever it holds.
 */
import type { Core } from "../core.ts";
import { check, Status } from "../status.ts";
import type { Field } from "./head.ts";

/** How the content is framed: Content-Length, Transfer-Encoding, or neither: no content, or all until the end. */
export type Framing = number | "chunked" | null;

export interface RequestHeadParts {
  method: string;
  /** In any of the four forms, visible ASCII. */
  target: string;
  /** The value of Host, which is the first field (RFC 9110 section 7.2). */
  host: string;
  /**
   * In their order, names as they are to be sent. Those by which a sender frames a message or speaks of its connection
   * are refused: Content-Length, Transfer-Encoding, Connection, Keep-Alive, Proxy-Connection, Host, Expect, Upgrade, TE,
   * Trailer and HTTP2-Settings.
   */
  headers: Iterable<Field>;
  framing: Framing;
  connection?: "close" | "keep-alive" | undefined;
}

/** The text that the core takes: each part ended by LF, counted. */
class Parts {
  text: string;
  fieldCount = 0;

  constructor(first: string, second: string) {
    this.text = `${first}\n${second}\n`;
  }

  add(name: string, value: string): void {
    this.text += `${name}\n${value}\n`;
    this.fieldCount++;
  }
}

/**
 * The bytes of a request's head, and of `body` behind it.
 *
 * @throws TypeError that names the part which cannot be sent; RangeError when memory has run out.
 */
export function encodeRequestHead(
  core: Core,
  { method, target, host, headers, framing, connection }: RequestHeadParts,
  body?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const head = new Parts(method, target);
  head.add("host", host);
  if (framing === "chunked") head.add("transfer-encoding", "chunked");
  else if (framing !== null) head.add("content-length", lengthText(framing));
  if (connection !== undefined) head.add("connection", connection);
  const ownCount = head.fieldCount;
  for (const [name, value] of headers) head.add(name, value);

  const arena = core.openArena();
  try {
    // What can be sent takes 2 bytes a code unit in UTF-8, and where there is more, the core meets it before the text
    // ends for lack of room. An even number of units keeps the output aligned.
    const textBytesMax = 4 * Math.ceil(head.text.length / 2);
    const headBytesMax = textBytesMax + EXTRA_FIELD_BYTES * head.fieldCount + EXTRA_BYTES;
    const input = arena.alloc(textBytesMax + headBytesMax);
    const output = input + textBytesMax;
    const { bytes } = core.memory;
    const textBytes = utf8.encodeInto(head.text, bytes.subarray(input, output)).written;
    const encodeHead = core.raw["http.encode_request_head"];
    const length = encodeHead(input, textBytes, ownCount, head.fieldCount, output, headBytesMax);
    if (length === Status.INVALID_PART) throw refusal(head, core.memory.words[output >>> 2]!);
    const end = output + check(length);
    if (body === undefined) return bytes.slice(output, end);
    const message = new Uint8Array(length + body.length);
    message.set(bytes.subarray(output, end));
    message.set(body, length);
    return message;
  } finally {
    arena.close();
  }
}

/** What the head has that its text has not. */
const EXTRA_BYTES = 32;
const EXTRA_FIELD_BYTES = 4;

const utf8 = new TextEncoder();

function lengthText(bytes: number): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new TypeError(`Content-Length ${bytes} is not a number of bytes`);
  }
  return String(bytes);
}

/** @param part the number of the one that is to blame. */
function refusal(head: Parts, part: number): TypeError {
  const parts = head.text.split("\n");
  // Where one part has become two, their numbers say nothing any more.
  if (parts.length !== 3 + 2 * head.fieldCount) {
    return new TypeError("a line feed in the first line or in a header cannot be sent");
  }
  if (part < 2) {
    const name = part === 0 ? "the method" : "the request target";
    return new TypeError(`${name} ${quoted(parts[part]!)} cannot be sent`);
  }
  const name = quoted(parts[part & ~1]!);
  return new TypeError(
    part % 2 === 1
      ? `header ${name}: its value holds a character that cannot be sent`
      : `header ${name}: it is no name, or one that only the sender may give`,
  );
}

/** In ASCII, on one line. */
function quoted(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[^ -~]/g, escaped);
}
