/**
 * One request and its response, from a whole head to the last byte of both: makes the Request, calls the app, sends
 * what it answers, and says what went wrong.
 *
 * Core memory: only a chunked body has any. It is given back when the body is complete or, by `#finish` or `#breakOff`,
 * one of which ends every exchange, when it never will be.
 */
import type { Core } from "../core/core.ts";
import { ChunkedReader, type RequestHead } from "../core/http.ts";
import { keepContent } from "../web/messages/request.ts";
import { Response as OurResponse } from "../web/messages/response.ts";
import { type Caller, isResponse, notAResponse, type ServedApp } from "./app.ts";
import { discardBody } from "./body-reading.ts";
import { sharedCopyOf } from "./bytes.ts";
import { HttpError, refusalOf } from "./http-error.ts";
import type { ServeLimits } from "./limits.ts";
import { createRequest, type ListenerOrigin } from "./request.ts";
import { type BodySource, RequestBody } from "./request-body.ts";
import { type ResponseOutput, ResponseSender } from "./response-sender.ts";

/** The connection, as an exchange sees it. */
export interface ExchangeConnection extends ListenerOrigin {
  readonly app: ServedApp;
  readonly core: Core;
  readonly limits: ServeLimits;
  readonly remoteAddress: string;
  /** The server is on its way out, or the client has said its last. */
  readonly closing: boolean;
  /** The app is at work, and whoever closes it or the server waits; until it has answered, client or no client. */
  handlerBegins(): void;
  handlerEnds(exchange: Exchange): void;
  /** The exchange is over before the app has answered, and hears of the server's end all the same. */
  leftBehind(exchange: Exchange): void;
  write(data: Uint8Array | string): boolean;
  drained(): Promise<void>;
  othersTurn(): Promise<void>;
  date(): string;
  pause(paused: boolean): void;
  /** Calls `timedOut` of the exchange unless it is set again, or cleared by Infinity. */
  expectInput(milliseconds: number): void;
  /** The exchange is over; `reuse` if another may follow. */
  exchanged(reuse: boolean): void;
  /** Answers by the server itself, as the last thing on this connection. */
  refuse(error: HttpError, headOnly: boolean): void;
  /** Drops it, since what was begun cannot be finished. */
  destroy(): void;
}

export class Exchange implements BodySource, ResponseOutput, Caller {
  readonly #connection: ExchangeConnection;
  readonly #head: RequestHead;
  readonly #sender: ResponseSender;
  /** Made for whoever asks for the request's signal; some engines take long over one. */
  #abort: AbortController | undefined;
  #abortReason: DOMException | undefined;
  /** Likewise, for whoever asks whether the server is about to close. */
  #closing: AbortController | undefined;
  #retired = false;
  /** Content that is still arriving, or has arrived in pieces. */
  #body: RequestBody | null = null;
  #continued = false;
  /** The app is at work. */
  #handling = false;
  #responded = false;
  /** What the app had read of the body when a deadline was set for its reading on. */
  #readBytes = 0;
  #over = false;

  constructor(connection: ExchangeConnection, head: RequestHead) {
    this.#connection = connection;
    this.#head = head;
    this.#sender = new ResponseSender(this, head);
  }

  /**
   * Begins, with the bytes that came behind the head.
   *
   * @returns how many of them belong to this request.
   */
  begin(bytes: Uint8Array): number {
    try {
      const { limits, app, core } = this.#connection;
      const { contentLength, chunked, method } = this.#head;
      if (app.closed) throw new HttpError(503, "the app is closed");
      if (this.#head.expectUnknown) throw new HttpError(417, "the only expectation met here is 100-continue");
      if (contentLength !== null && contentLength > limits.bodyBytes) {
        throw new HttpError(413, `the body is longer than ${limits.bodyBytes} bytes`);
      }
      // A Request of either method cannot have a body; RFC 9110 section 9.3.1 gives it no meaning.
      const bodiless = method === "GET" || method === "HEAD";

      let taken = 0;
      let content: Uint8Array<ArrayBuffer> | RequestBody | null = null;
      if (!bodiless && contentLength && contentLength <= bytes.length) {
        // Lent. It is a part of its buffer, in which the head came as well, so who takes it away takes a copy.
        content = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, contentLength);
        taken = contentLength;
      } else if (chunked || contentLength) {
        this.#body = new RequestBody(
          chunked ? new ChunkedReader(core) : contentLength!,
          limits.bodyBytes,
          this,
        );
        if (bodiless) this.#body.drop();
        else content = this.#body;
        taken = this.#body.feed(bytes);
      }
      const request = createRequest(this.#head, this.#connection, content, this);
      this.#run(request);
      if (content instanceof Uint8Array) keepContent(request, sharedCopyOf);
      return taken;
    } catch (error) {
      this.#refuse(error);
      return bytes.length;
    }
  }

  /** The request's signal: aborted when the client has left. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#abortReason) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  /** Aborted when the server begins to close. */
  get closing(): AbortSignal {
    if (!this.#closing) {
      this.#closing = new AbortController();
      if (this.#retired) this.#closing.abort(serverCloses());
    }
    return this.#closing.signal;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  /** What is asked. */
  get head(): RequestHead {
    return this.#head;
  }

  /** Of the response as it went out; 0 as long as none did. */
  get status(): number {
    return this.#sender.status;
  }

  /** The body of the request is not all here yet. */
  get expectsInput(): boolean {
    return this.#body !== null && !this.#body.complete;
  }

  /** Bytes for the body; returns how many belonged to it. */
  feed(bytes: Uint8Array): number {
    const body = this.#body!;
    try {
      const taken = body.feed(bytes);
      if (this.#responded) this.#continueRest();
      return taken;
    } catch (error) {
      this.#refuse(error);
      return bytes.length;
    }
  }

  /** The server begins to close: tells whoever wants to know. */
  retire(): void {
    this.#retired = true;
    this.#closing?.abort(serverCloses());
  }

  /** The client sent nothing of the body for too long, or the app, after its response, read nothing. */
  timedOut(): void {
    const { wanted, dropping, readBytes } = this.#body!;
    if (wanted || dropping) this.#refuse(new HttpError(408, "the body did not arrive in time"));
    else if (readBytes > this.#readBytes) this.#expectReading();
    else this.#refuse(new HttpError(408, "the body was not read in time"));
  }

  /** The client has said its last. It may still read: the answer is sent, if the app has one. */
  clientEnded(): void {
    if (this.expectsInput) this.#refuse(new HttpError(400, "the connection ended before the body did"));
    else if (!this.#responded)
      this.#signalAbort(new DOMException("the client has closed its side", "AbortError"));
  }

  /** The connection is gone, and with it everything that is not finished. */
  clientGone(): void {
    if (!this.#over) this.#breakOff(new DOMException("the client has closed the connection", "AbortError"));
  }

  /** Calls the app. What answers at once is sent at once. */
  #run(request: Request): void {
    const { app } = this.#connection;
    this.#handling = true;
    this.#connection.handlerBegins();
    let answer: unknown;
    try {
      answer = app.call(request, this);
      // A promise is seen at one look, while what is no Response takes several.
      if (answer instanceof Promise || !isResponse(answer)) {
        Promise.resolve(answer).then(
          (answer) => this.#answered(answer),
          (error) => this.#failed(error),
        );
        return;
      }
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#answered(answer);
  }

  #answered(answer: unknown): void {
    try {
      if (!isResponse(answer)) throw notAResponse(answer);
    } catch (error) {
      // Also of what throws when it is looked at.
      this.#failed(error);
      return;
    }
    this.#handlerEnds();
    this.#respond(answer);
  }

  #failed(error: unknown): void {
    this.#report(error);
    this.#handlerEnds();
    this.#respond(internalServerError());
  }

  #handlerEnds(): void {
    this.#handling = false;
    this.#connection.handlerEnds(this);
  }

  #respond(response: Response): void {
    try {
      if (this.#over) {
        discardBody(response);
        return;
      }
      const sending = this.#sender.send(response);
      if (sending) {
        sending.then(
          () => this.#afterResponse(),
          (error) => this.#notSent(error),
        );
        return;
      }
    } catch (error) {
      this.#notSent(error);
      return;
    }
    this.#afterResponse();
  }

  #notSent(error: unknown): void {
    if (this.#over) return;
    this.#report(error);
    // What has been begun can only be broken off: a wrong end must not look like a right one.
    if (this.#sender.started) this.#connection.destroy();
    else this.#respond(internalServerError());
  }

  /** The response is sent. Somebody may still be reading the request, in `waitUntil`; else its rest is dropped. */
  #afterResponse(): void {
    if (this.#over) return;
    const body = this.#body;
    if (body && !body.complete && !body.locked) body.abandon();
    this.#responded = true;
    this.#continueRest();
    if (!this.#over && !body!.wanted && !body!.dropping) this.#expectReading();
  }

  /** After the response: is there more of this request, and is it worth waiting for? */
  #continueRest(): void {
    const { limits } = this.#connection;
    const { persistent } = this.#sender;
    const body = this.#body;
    if (!body || body.complete) {
      this.#finish(persistent);
    } else if (body.dropping && (!persistent || body.unreadBytes > limits.unreadBodyBytes)) {
      this.#finish(false);
    } else if (body.dropping) {
      this.#connection.expectInput(limits.bodyTimeout);
    }
  }

  /** After the response: the app has a reader, which may be slow, but must go on. */
  #expectReading(): void {
    this.#readBytes = this.#body!.readBytes;
    this.#connection.expectInput(this.#connection.limits.unreadBodyTimeout);
  }

  #finish(reuse: boolean): void {
    this.#over = true;
    if (this.#body && !this.#body.complete) {
      this.#body.fail(new TypeError("the connection was closed before the body was read"));
    }
    this.#connection.exchanged(reuse);
  }

  /** The server answers in the app's place, or, where the app has begun to answer, breaks off. */
  #refuse(error: unknown): void {
    if (this.#over) return;
    const refusal = refusalOf(error, this.#connection.app);
    this.#breakOff(new DOMException(refusal.message, refusal.status === 408 ? "TimeoutError" : "AbortError"));
    if (this.#responded) this.#connection.exchanged(false);
    else if (this.#sender.started) this.#connection.destroy();
    else this.#connection.refuse(refusal, this.#head.method === "HEAD");
  }

  /** Tells everybody who is still at it, by the signal, the request's body and the response's. */
  #breakOff(reason: DOMException): void {
    this.#over = true;
    if (this.#handling) this.#connection.leftBehind(this);
    this.#body?.fail(reason);
    this.#sender.cancel(reason);
    this.#signalAbort(reason);
  }

  #signalAbort(reason: DOMException): void {
    if (this.#abortReason) return;
    this.#abortReason = reason;
    this.#abort?.abort(reason);
  }

  /** Tells whoever runs the app: method and path, without the query, which may hold what no log should. */
  #report(error: unknown): void {
    if (this.#comesFromUs(error)) return;
    const { method, target } = this.#head;
    this.#connection.app.reportFrom(`${method} ${target.split("?", 1)[0]}`, error);
  }

  /** An app that gives up because its client did has nothing to explain. */
  #comesFromUs(error: unknown): boolean {
    const reason = this.#abortReason;
    if (!reason) return false;
    try {
      for (let cause = error, depth = 0; depth < 8; depth++) {
        if (cause === reason) return true;
        if (!(cause instanceof Error)) return false;
        cause = cause.cause;
      }
    } catch {
      // One that cannot even be looked at is the app's own.
    }
    return false;
  }

  // BodySource: what the request's body asks of the connection.

  wanted(): void {
    if (this.#over) return;
    if (this.#waitsForContinue && !this.#sender.started) {
      this.#continued = true;
      this.#connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    this.#connection.expectInput(this.#connection.limits.bodyTimeout);
  }

  served(): void {
    if (this.#responded) this.#expectReading();
    else this.#connection.expectInput(Number.POSITIVE_INFINITY);
  }

  dropped(): void {
    if (this.#over) return;
    if (this.#responded) this.#continueRest();
    else this.#connection.expectInput(Number.POSITIVE_INFINITY);
  }

  pause(paused: boolean): void {
    this.#connection.pause(paused);
  }

  /** RFC 9110 section 10.1.1: the client may be holding the body back until it is told to go on. */
  get #waitsForContinue(): boolean {
    return this.#head.expectContinue && this.#head.minorVersion === 1 && !this.#continued;
  }

  // ResponseOutput: what the response asks of the connection.

  write(data: Uint8Array | string): boolean {
    return this.#connection.write(data);
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  othersTurn(): Promise<void> {
    return this.#connection.othersTurn();
  }

  date(): string {
    return this.#connection.date();
  }

  persistent(): boolean {
    if (!this.#head.keepAlive || this.#connection.closing) return false;
    const body = this.#body;
    if (!body || body.complete) return true;
    // What comes next may be the body or, since the client was not told to go on, another request.
    if (this.#waitsForContinue) return false;
    // The rest comes before the next request, and is dropped: not if that is too much.
    return body.locked || body.unreadBytes <= this.#connection.limits.unreadBodyBytes;
  }
}

const serverCloses = () => new DOMException("the server is about to close", "AbortError");

function internalServerError(): Response {
  return new OurResponse("Internal Server Error\n", { status: 500 }) as unknown as Response;
}
