/**
 * A request with a body, onto its connection: in one write where the body is at hand and short, else piece by piece as
 * the connection takes them; framed by Content-Length, or in chunks (RFC 9112 section 7.1) where the length is unknown.
 */
import type { Core } from "../../core/core.ts";
import { chunkSizeLine, encodeRequestHead, LAST_CHUNK, type RequestHeadParts } from "../../core/http.ts";
import type { ClientConnection } from "./connection.ts";
import type { BodyReader, RequestBody } from "./request-body.ts";

/** More than this is not joined with the head, and is written in pieces of this size. */
const PIECE_BYTES = 64 * 1024;

/** Whoever waits for it. After `sent` or `failed`, or a call of `cancel`, nothing comes. */
export interface SenderOwner {
  sent(): void;
  /** Something has left, or is about to. */
  progress(): void;
  /** The source of the body is broken, or not as long as it said. */
  failed(error: unknown): void;
}

export class RequestSender {
  readonly #connection: ClientConnection;
  readonly #body: RequestBody;
  readonly #owner: SenderOwner;
  #cancelled = false;
  #reader: BodyReader | null = null;
  #drained: (() => void) | null = null;

  constructor(connection: ClientConnection, body: RequestBody, owner: SenderOwner) {
    this.#connection = connection;
    this.#body = body;
    this.#owner = owner;
  }

  send(core: Core, head: RequestHeadParts): void {
    const { bytes } = this.#body;
    if (bytes !== null && bytes.length <= PIECE_BYTES) {
      this.#connection.write(encodeRequestHead(core, head, bytes));
      this.#owner.sent();
      return;
    }
    this.#connection.write(encodeRequestHead(core, head));
    this.#sendRest().then(
      () => {
        if (!this.#cancelled) this.#owner.sent();
      },
      (error: unknown) => {
        if (this.#cancelled) return;
        this.cancel(error);
        this.#owner.failed(error);
      },
    );
  }

  /** The connection has room again. */
  drained(): void {
    this.#drained?.();
    this.#drained = null;
  }

  /** Nothing more is to be sent: the source is told, and whatever it says to that is not heard. */
  cancel(reason: unknown): void {
    this.#cancelled = true;
    this.#reader?.cancel(reason).catch(() => {});
    this.drained();
  }

  async #sendRest(): Promise<void> {
    const { bytes, length } = this.#body;
    if (bytes !== null) return this.#write(bytes);
    this.#reader = this.#body.open();
    let sentBytes = 0;
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (this.#cancelled) return;
      if (done) break;
      const piece = pieceOf(value);
      sentBytes += piece.length;
      if (length !== null && sentBytes > length)
        throw new TypeError(`it is longer than its Content-Length, ${length}`);
      // An empty chunk would end the body.
      if (piece.length === 0) continue;
      if (length === null) this.#connection.write(chunkSizeLine(piece.length));
      await this.#write(piece);
      if (this.#cancelled) return;
      if (length === null) this.#connection.write("\r\n");
    }
    this.#reader = null;
    if (length === null) this.#connection.write(LAST_CHUNK);
    else if (sentBytes < length)
      throw new TypeError(`it has ${sentBytes} bytes, and its Content-Length says ${length}`);
  }

  /** @param bytes nobody changes, since the socket may keep them for a while. */
  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#cancelled; at += PIECE_BYTES) {
      this.#owner.progress();
      const room = this.#connection.write(bytes.subarray(at, at + PIECE_BYTES));
      if (room) continue;
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    this.#owner.progress();
  }
}

/** A copy: whoever made the body may use its buffer again, and what is announced as so long has to stay so long. */
function pieceOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new TypeError("it holds a piece that is no Uint8Array");
}
