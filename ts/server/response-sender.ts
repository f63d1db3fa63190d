/**
 * A response, onto the connection: RFC 9112 sections 6 and 7.
 *
 * How a body is framed:
 *
 *     no body by the method or status        nothing; Content-Length as the app gave it (never with 204)
 *     the app gave Content-Length            that many bytes; any other number is an error
 *     whole at once (text, bytes, ...)       Content-Length, in one write with the head
 *     else, to HTTP/1.1                      chunked
 *     else, to HTTP/1.0                      until the connection is closed
 *
 * A Response of ours tells what its body is made of, and is sent within the call. An engine's does not say how long its
 * body is: there, "whole at once" is a stream that ends within a few turns of the microtask queue, as those do that
 * engines make of text and bytes. What takes longer is sent as it comes, the head first of all.
 */
import { encode, isAscii } from "../web/messages/content.ts";
import { wholeResponse } from "../web/messages/response.ts";
import { settlesSoon } from "../web/messages/settles-soon.ts";
import { cancelQuietly, chunkOf, discardBody } from "./body-reading.ts";
import { copyOf } from "./bytes.ts";
import { endingWith, endsWithServer } from "./event-stream.ts";
import { describeHead, describeWholeHead, type ResponseHead } from "./response-head.ts";

/** The connection, as a response sees it. */
export interface ResponseOutput {
  /** As `Socket.write`. */
  write(data: Uint8Array | string): boolean;
  /** Resolves when more may be written, or the connection is gone. */
  drained(): Promise<void>;
  /** Resolves in a task of its own: other connections have had their turn. */
  othersTurn(): Promise<void>;
  /** Asked once, when the head goes out: may another request follow on this connection? */
  persistent(): boolean;
  /** The value of Date. */
  date(): string;
  /** Aborted when the server begins to close. Made when it is asked for. */
  readonly closing: AbortSignal;
}

/** More than this is not joined with its framing, and is written in pieces of this size. */
const PIECE_BYTES = 64 * 1024;

/** So many chunks of a stream are sent at a time, however soon they come: other connections wait meanwhile. */
const CHUNKS_AT_A_TIME = 64;

/** RFC 9110 section 15.4.5 and section 15.3.5; a 205 says that it is empty, by Content-Length: 0. */
const NULL_BODY_STATUS = new Set([204, 205, 304]);

export class ResponseSender {
  readonly #output: ResponseOutput;
  readonly #method: string;
  readonly #minorVersion: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #started = false;
  #status = 0;
  #persistent = false;
  #cancelled = false;

  constructor(output: ResponseOutput, request: { method: string; minorVersion: number }) {
    this.#output = output;
    this.#method = request.method;
    this.#minorVersion = request.minorVersion;
  }

  /** The head is out: nothing else can be answered any more. */
  get started(): boolean {
    return this.#started;
  }

  /** Of the head that is out; 0 until then. */
  get status(): number {
    return this.#status;
  }

  get #headOnly(): boolean {
    return this.#method === "HEAD";
  }

  /** Once sent: whether the client was told that the connection stays open. */
  get persistent(): boolean {
    return this.#persistent;
  }

  /**
   * Sends all of it, or until `cancel`.
   *
   * @returns undefined when it is sent already, with room for another; else what resolves then.
   * @throws (or rejects with) TypeError for a response that cannot be sent, or whose body is not as long as it says;
   * what its body throws. Whether another response can take its place is told by `started`.
   */
  send(response: Response): Promise<void> | undefined {
    const whole = wholeResponse(response);
    if (!whole) return this.#send(response);
    const head = describeWholeHead(whole);
    const { content, status } = whole;
    if (this.#headOnly || NULL_BODY_STATUS.has(status)) return this.#flush(this.#sendHead(head, status));
    if (content === null) return this.#flush(this.#sendEmpty(head));
    if (whole.used) throw usedAlready();
    whole.used = true;
    if (typeof content === "string" && content.length <= PIECE_BYTES && isAscii(content)) {
      requireLength(head, content.length);
      return this.#flush(this.#write(this.#begin(head, contentLength(content.length)) + content));
    }
    const bytes = typeof content === "string" ? encode(content) : content;
    requireLength(head, bytes.length);
    const begin = this.#begin(head, contentLength(bytes.length));
    if (bytes.length <= PIECE_BYTES) return this.#flush(this.#write(join(begin, bytes, "")));
    return this.#sendPieces(begin, bytes, "").then(() => this.#output.drained());
  }

  async #send(response: Response): Promise<void> {
    const head = headOf(response);
    const { body, status } = response;
    if (this.#headOnly || NULL_BODY_STATUS.has(status)) {
      this.#sendHead(head, status);
      discardBody(response);
    } else if (body === null) {
      this.#sendEmpty(head);
    } else {
      if (response.bodyUsed || body.locked) throw usedAlready();
      // One that is encoded may not end anywhere; who encodes sees to that.
      const ends = !head.encoded && endsWithServer(this.#method, head.type, head.contentLength);
      await this.#sendBody(head, (ends ? endingWith(this.#output.closing, body) : body).getReader());
    }
    await this.#output.drained();
  }

  /** @param room is there for more; what has not left yet is not followed by more. */
  #flush(room: boolean): Promise<void> | undefined {
    return room ? undefined : this.#output.drained();
  }

  #sendHead(head: ResponseHead, status: number): boolean {
    const length = status === 204 ? null : status === 205 ? 0 : head.contentLength;
    return this.#write(this.#begin(head, length === null ? "" : contentLength(length)));
  }

  #sendEmpty(head: ResponseHead): boolean {
    requireLength(head, 0);
    return this.#write(this.#begin(head, contentLength(0)));
  }

  /** Nobody wants the rest: tells the source of the body. */
  cancel(reason: unknown): void {
    this.#cancelled = true;
    if (this.#reader) cancelQuietly(this.#reader, reason);
  }

  async #sendBody(head: ResponseHead, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    this.#reader = reader;
    try {
      let read = reader.read();
      let first: Uint8Array | undefined;
      if (await settlesSoon(read)) {
        first = chunkOf(await read);
        if (first) read = reader.read();
        if (!first || ((await settlesSoon(read)) && (await read).done)) {
          const whole = first ?? new Uint8Array(0);
          requireLength(head, whole.length);
          await this.#sendPieces(this.#begin(head, contentLength(whole.length)), whole, "");
          return;
        }
      }
      await this.#sendStream(head, first, read);
    } catch (error) {
      // The body is broken, or we gave it up: either way its source is told.
      cancelQuietly(reader, error);
      throw error;
    }
  }

  /** @param first has been read already; `read` is under way. */
  async #sendStream(
    head: ResponseHead,
    first: Uint8Array | undefined,
    read: Promise<ReadableStreamReadResult<Uint8Array>>,
  ): Promise<void> {
    const chunked = head.contentLength === null && this.#minorVersion === 1;
    let framing = "transfer-encoding: chunked\r\n";
    if (head.contentLength !== null) framing = contentLength(head.contentLength);
    else if (!chunked) {
      framing = "";
      head.close = true;
    }

    let sentBytes = 0;
    const sendChunk = (before: string, chunk: Uint8Array) => {
      sentBytes += chunk.length;
      requireAtMost(head, sentBytes);
      // An empty chunk would end the body.
      if (!chunked || chunk.length === 0) return this.#sendPieces(before, chunk, "");
      return this.#sendPieces(`${before}${chunk.length.toString(16)}\r\n`, chunk, "\r\n");
    };

    // Before the head is out, a 500 can still take its place.
    requireAtMost(head, first?.length ?? 0);
    await sendChunk(this.#begin(head, framing), first ?? new Uint8Array(0));
    for (let chunks = 1; ; chunks++) {
      const chunk = chunkOf(await read);
      if (this.#cancelled) return;
      if (!chunk) break;
      await sendChunk("", chunk);
      // A socket that takes all at once never makes us wait.
      if (chunks % CHUNKS_AT_A_TIME === 0) await this.#output.othersTurn();
      read = this.#reader!.read();
    }
    requireLength(head, sentBytes);
    if (chunked) this.#write("0\r\n\r\n");
  }

  /** The head as it goes out. From here on, there is no other answer. */
  #begin(head: ResponseHead, framing: string): string {
    this.#started = true;
    this.#status = head.status;
    this.#persistent = !head.close && this.#output.persistent();
    const date = head.dated ? "" : dateLine(this.#output.date());
    // RFC 9112 section 9.3: persistence is what HTTP/1.1 assumes, and what HTTP/1.0 must be told.
    const persistence = !this.#persistent ? "close" : this.#minorVersion === 0 ? "keep-alive" : "";
    return `${head.text}${framing}${date}${connectionLine(head.connection, persistence)}\r\n`;
  }

  #write(data: Uint8Array | string): boolean {
    return this.#cancelled || data.length === 0 || this.#output.write(data);
  }

  /** Bytes and what goes around them: in one write if they are few, else in pieces, each when the last is on its way. */
  async #sendPieces(before: string, bytes: Uint8Array, after: string): Promise<void> {
    if (bytes.length <= PIECE_BYTES) {
      if (!this.#write(join(before, bytes, after))) await this.#output.drained();
      return;
    }
    this.#write(before);
    for (let at = 0; at < bytes.length && !this.#cancelled; at += PIECE_BYTES) {
      // A copy, since the socket may keep it for a while, and whoever made the body may use its buffer again.
      if (!this.#write(copyOf(bytes.subarray(at, at + PIECE_BYTES)))) await this.#output.drained();
    }
    this.#write(after);
  }
}

/** @throws as `describeHead`; then nobody will read the body. */
function headOf(response: Response): ResponseHead {
  try {
    return describeHead(response);
  } catch (error) {
    discardBody(response);
    throw error;
  }
}

const usedAlready = () => new TypeError("the body of the response has been used already");

function connectionLine(names: string, persistence: string): string {
  if (names === "" && persistence === "") return "";
  const and = names !== "" && persistence !== "" ? ", " : "";
  return `connection: ${names}${and}${persistence}\r\n`;
}

/** That of the last response, which is that of all in the same second. */
let lastDate: string | undefined;
let lastDateLine = "";

function dateLine(date: string): string {
  if (date !== lastDate) {
    lastDate = date;
    lastDateLine = `date: ${date}\r\n`;
  }
  return lastDateLine;
}

function contentLength(bytes: number): string {
  return `content-length: ${bytes}\r\n`;
}

/** A whole body is as long as the app said. */
function requireLength({ contentLength }: ResponseHead, bytes: number): void {
  if (contentLength === null || contentLength === bytes) return;
  throw new TypeError(`the response says Content-Length ${contentLength}, but its body has ${bytes} bytes`);
}

/** A body that goes on is not longer already than the app said. */
function requireAtMost({ contentLength }: ResponseHead, bytes: number): void {
  if (contentLength === null || contentLength >= bytes) return;
  throw new TypeError(`the response says Content-Length ${contentLength}, but its body goes on beyond that`);
}

/** One piece to write, of text and bytes: the text is ISO-8859-1. */
function join(before: string, bytes: Uint8Array, after: string): Uint8Array {
  const joined = new Uint8Array(before.length + bytes.length + after.length);
  for (let at = 0; at < before.length; at++) joined[at] = before.charCodeAt(at);
  joined.set(bytes, before.length);
  for (let at = 0; at < after.length; at++) joined[before.length + bytes.length + at] = after.charCodeAt(at);
  return joined;
}
