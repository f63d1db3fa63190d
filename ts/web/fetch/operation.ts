/**
 * One fetch, from the call to the last byte of the response, as a state machine:
 *
 *     state     what it waits for                          deadline       then
 *     queue     its turn for a connection                  -              resolve; send on one that is there already
 *     resolve   the addresses of the name                  connect        connect
 *     connect   a connection to one of them                connect        tls; send
 *     tls       the handshake                              connect        send
 *     send      the request's exit                         bodyIdle       head; body, done or queue as from head
 *     head      the response's head, past any 1xx          head           body; done, where all came with the head;
 *                                                                         queue, for a redirect, or once more since the
 *                                                                         connection had been closed before
 *     body      the rest of the response                   bodyIdle       done
 *     done      nothing: all has arrived, or nobody wants the rest
 *     failed    nothing: the promise or the body is rejected with what went wrong
 *
 * Every state but the last two leads to `failed`, by an abort, by the deadline called total, or by whatever breaks.
 * The promise is settled when the head is there, in `body` or `done`; what fails later fails the body.
 *
 * Core memory: one arena at a time, for a head as long as it is in the middle of it, then for a chunked body; closed by
 * whoever reads it last, at the latest on the way into `done` or `failed`.
 */
import {
  encodeRequestHead,
  HttpParseError,
  type RequestHeadParts,
  type ResponseHead,
} from "../../core/http.ts";
import { offAbort, onAbort } from "./abort-signals.ts";
import type { ClientConnection, ConnectionUser } from "./connection.ts";
import type { Deadlines, Due, SeparateDeadlines } from "./deadlines.ts";
import type { FetchContext } from "./dial.ts";
import { type Endpoint, networkFailure } from "./failure.ts";
import type { FetchTimeouts } from "./options.ts";
import type { Pool, Waiter } from "./pool.ts";
import { isRedirect, redirected } from "./redirects.ts";
import { type FetchRequest, NO_HEADERS } from "./request.ts";
import { giveUp } from "./request-body.ts";
import { requestHead } from "./request-head.ts";
import { RequestSender } from "./request-sender.ts";
import { createResponse, hasNoBody, type ResponseContext } from "./response.ts";
import { type BodyOwner, ResponseBody } from "./response-body.ts";
import { hostnameOf, portOf } from "./url.ts";

export type State = "queue" | "resolve" | "connect" | "tls" | "send" | "head" | "body" | "done" | "failed";

/** Where each state may lead. */
export const TRANSITIONS: Readonly<Record<State, readonly State[]>> = {
  queue: ["resolve", "send", "failed"],
  resolve: ["connect", "failed"],
  connect: ["tls", "send", "failed"],
  tls: ["tls", "send", "failed"],
  send: ["head", "body", "done", "queue", "failed"],
  head: ["body", "done", "queue", "failed"],
  body: ["done", "failed"],
  done: [],
  failed: [],
};

/** Interim responses that are skipped for one request: nobody sends more than a few. */
const INTERIM_RESPONSES_MAX = 32;

/** RFC 9110 section 9.2.2: asking twice is asking once. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What all fetches of a runtime share. */
export interface OperationContext extends FetchContext, ResponseContext {
  readonly pool: Pool;
  /** The value of Accept-Encoding; null for none. */
  readonly acceptEncoding: string | null;
  /** The heads of requests of which nothing is said but the URL, as they were sent: they are the same each time. */
  readonly plainHeads: WeakMap<URL, Uint8Array>;
  /** Of those that are under way. */
  readonly deadlines: Deadlines<Operation> | SeparateDeadlines<Operation>;
}

export class Operation implements Waiter, ConnectionUser, BodyOwner, Due {
  readonly response: Promise<Response>;
  readonly #context: OperationContext;
  /** Of the last redirect. */
  #request: FetchRequest;
  #state: State = "queue";
  #resolve!: (response: Response) => void;
  #reject!: (reason: unknown) => void;
  readonly #release: () => void;
  #connection: ClientConnection | null = null;
  #sender: RequestSender | null = null;
  #body: ResponseBody | null = null;
  /** Whether the connection can be used again after this response. */
  #keepAlive = false;
  #redirects = 0;
  #interim = 0;
  /** Of the response, by the connection that carries it now. */
  #receivedBytes = 0;
  /** It has been sent on a connection that turned out closed, and is sent once more. */
  #retried = false;
  /** The body of the request is the sender's, or was. */
  #bodyTaken = false;

  /** When the deadlines pass, by the clock. */
  readonly #totalAt: number;
  #stateAt = Number.POSITIVE_INFINITY;
  #stateDeadline: keyof FetchTimeouts = "total";

  /** Begins. @throws DOMException InvalidStateError once the loop is closed. */
  constructor(context: OperationContext, request: FetchRequest) {
    this.#context = context;
    this.#request = request;
    this.#release = context.loop.hold();
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#totalAt = context.deadlines.now() + request.timeouts.total;
    context.deadlines.add(this);
    if (request.signal) onAbort(request.signal, this.#aborted);
    if (this.#become("queue")) context.pool.acquire(this, false);
  }

  get state(): State {
    return this.#state;
  }

  get url(): URL {
    return this.#request.url;
  }

  /** Ends it, whatever it is at. */
  abort(reason: unknown): void {
    this.#fail(reason);
  }

  readonly #aborted = (): void => this.#fail(this.#request.signal!.reason);

  // Waiter: what the pool tells.

  dialing(step: "resolve" | "connect" | "tls"): void {
    if (step === "resolve") this.#setDeadline("connect");
    this.#become(step);
  }

  refused(error: unknown): void {
    this.#fail(error);
  }

  ready(connection: ClientConnection): void {
    this.#connection = connection;
    connection.attach(this);
    this.#receivedBytes = 0;
    this.#interim = 0;
    if (!this.#become("send")) return;
    try {
      this.#send(connection);
    } catch (error) {
      // The head cannot be sent, or there is no memory to write it in.
      this.#fail(error);
    }
  }

  #send(connection: ClientConnection): void {
    const { body, headers } = this.#request;
    const { core } = this.#context;
    if (body === null) {
      connection.write(headers === NO_HEADERS ? this.#plainHead() : encodeRequestHead(core, this.#head()));
      this.#requestSent();
      return;
    }
    this.#setDeadline("bodyIdle");
    const sender = new RequestSender(connection, body, {
      sent: () => this.#requestSent(),
      progress: () => this.#sendProgress(),
      failed: (error) => this.#fail(sendFailure(error)),
    });
    this.#sender = sender;
    this.#bodyTaken = true;
    sender.send(core, this.#head());
  }

  #plainHead(): Uint8Array {
    const { core, plainHeads } = this.#context;
    let head = plainHeads.get(this.url);
    if (!head) {
      head = encodeRequestHead(core, this.#head());
      plainHeads.set(this.url, head);
    }
    return head;
  }

  #head(): RequestHeadParts {
    const { acceptEncoding, settings } = this.#context;
    return requestHead(this.#request, settings.proxies.for(this.url), acceptEncoding);
  }

  // ConnectionUser: what the connection tells.

  data(bytes: Uint8Array): void {
    try {
      this.#receivedBytes += bytes.length;
      let rest = bytes;
      while (rest.length > 0 && (this.#state === "send" || this.#state === "head")) {
        const { reader } = this.#connection!;
        const head = reader.read(rest, this.#request.method);
        if (head === null) return;
        rest = rest.subarray(reader.consumed);
        if (head.status >= 200) {
          this.#takeHead(head, rest);
          return;
        }
        this.#skip(head);
      }
      if (this.#state === "body") this.#feed(rest);
    } catch (error) {
      // What the server sent is no HTTP; or there is a rule against it, which says so itself.
      this.#fail(error instanceof HttpParseError ? networkFailure("read", this.#endpoint, error) : error);
    }
  }

  ended(): void {
    if (this.#state === "body" && this.#body!.ended()) this.#finish();
    else this.#closedEarly(undefined);
  }

  drained(): void {
    this.#sender?.drained();
  }

  gone(error: Error | undefined): void {
    this.#closedEarly(error);
  }

  // BodyOwner: what the stream of the body asks for.

  bodyWanted(wanted: boolean): void {
    if (this.#state !== "body") return;
    if (wanted) this.#setDeadline("bodyIdle");
    else this.#clearDeadline();
  }

  bodyFull(full: boolean): void {
    this.#connection?.pause(full);
  }

  bodyCancelled(): void {
    if (this.#state === "body") this.#finish();
  }

  // The machine.

  /** Whether it is still so when everybody knows: whoever is told may abort. */
  #become(state: State): boolean {
    this.#state = state;
    if (this.#request.onState !== null) this.#tell();
    return this.#state === state;
  }

  #tell(): void {
    try {
      this.#request.onState?.(this.#state);
    } catch (error) {
      // Later: an `onError` that throws as well keeps no fetch from coming to its end.
      void Promise.resolve().then(() => this.#context.loop.reportError(error));
    }
  }

  #sendProgress(): void {
    if (this.#state === "send") this.#setDeadline("bodyIdle");
  }

  /** The last byte of the request is on its way. The response may be there already. */
  #requestSent(): void {
    this.#sender = null;
    if (this.#state !== "send") return;
    if (this.#become("head")) this.#setDeadline("head");
  }

  /** RFC 9110 section 15.2: interim responses come before the real one, and say nothing that is needed here. */
  #skip(head: ResponseHead): void {
    if (head.framing === "tunnel")
      throw new TypeError(
        `fetch: the server switched to another protocol with status ${head.status}, which nobody asked for`,
      );
    if (++this.#interim > INTERIM_RESPONSES_MAX)
      throw new TypeError(`fetch: the server sent more than ${INTERIM_RESPONSES_MAX} interim responses`);
  }

  /** @param rest what came behind the head. */
  #takeHead(head: ResponseHead, rest: Uint8Array): void {
    const { redirect } = this.#request;
    if (isRedirect(head.status) && redirect === "error")
      throw new TypeError(`fetch: the response is a redirect (${head.status}), and init.redirect is "error"`);

    const location = isRedirect(head.status) ? head.get("location") : null;
    this.#keepAlive = head.keepAlive && this.#request.keepAlive;
    if (head.keepAliveTimeout !== null) {
      // A little less: the server's time began when it sent this.
      this.#connection!.idleTimeout = Math.max(0, head.keepAliveTimeout * 1000 - 1000);
    }
    const body = new ResponseBody(this.#context.core, head, this);
    this.#body = body;
    const taken = body.complete ? 0 : body.feed(rest);
    if (body.complete && taken < rest.length) this.#keepAlive = false;
    if (location !== null && redirect === "follow") {
      this.#follow(head.status, location);
      return;
    }
    if (!body.complete) {
      this.#clearDeadline();
      if (!this.#become("body")) return;
    }
    const { method, url } = this.#request;
    const from = { url, redirected: this.#redirects > 0 };
    const response = createResponse(head, body, method, from, this.#context);
    if (body.complete || hasNoBody(method, head.status)) this.#finish();
    this.#resolve(response);
  }

  #feed(bytes: Uint8Array): void {
    const body = this.#body!;
    const taken = body.feed(bytes);
    if (!body.complete) return;
    if (taken < bytes.length) this.#keepAlive = false;
    this.#finish();
  }

  #follow(status: number, location: string): void {
    const { maxRedirects } = this.#context.settings;
    if (this.#redirects >= maxRedirects)
      throw new TypeError(`fetch: more than ${maxRedirects} redirects; the last is ${status}`);
    const next = redirected(this.#request, status, location);
    this.#redirects++;
    this.#retried = false;
    this.#letGo();
    this.#request = next;
    this.#again(false);
  }

  /** The connection has ended before the response did. */
  #closedEarly(error: Error | undefined): void {
    const { begun } = this.#connection!.reader;
    const unheard = (this.#state === "send" || this.#state === "head") && this.#receivedBytes === 0 && !begun;
    if (unheard && this.#canRetry()) {
      this.#retried = true;
      this.#letGo();
      this.#again(true);
      return;
    }
    const happened =
      error ?? Object.assign(new Error(this.#whatIsMissing()), { code: "ECONNRESET" as const });
    this.#fail(networkFailure("read", this.#endpoint, happened));
  }

  /** RFC 9112 section 9.3.1: a connection that was kept may be closed by the server just when it is used again. */
  #canRetry(): boolean {
    const { method, body } = this.#request;
    return (
      this.#connection!.reused &&
      !this.#retried &&
      IDEMPOTENT.has(method) &&
      (body === null || body.replayable)
    );
  }

  #whatIsMissing(): string {
    if (this.#state === "body")
      return `the connection ended after ${this.#body!.receivedBytes} bytes of the body, which is not all of it`;
    return this.#receivedBytes === 0
      ? "the connection ended before a response came"
      : "the connection ended within the head of the response";
  }

  /** From the beginning, with another URL or another connection. */
  #again(fresh: boolean): void {
    this.#clearDeadline();
    if (this.#become("queue")) this.#context.pool.acquire(this, fresh);
  }

  /** Nothing more is to come. */
  #finish(): void {
    this.#become("done");
    this.#letGo();
    this.#end();
  }

  #fail(reason: unknown): void {
    if (this.#state === "done" || this.#state === "failed") return;
    const waiting = this.#connection === null;
    this.#become("failed");
    if (waiting) this.#context.pool.abandon(this, reason);
    const body = this.#body;
    this.#keepAlive = false;
    this.#letGo(reason);
    this.#end();
    if (!this.#bodyTaken) giveUp(this.#request.body, reason);
    body?.fail(reason);
    this.#reject(reason);
  }

  /** Gives the connection back; or drops it, where it is in the middle of something. */
  #letGo(reason?: unknown): void {
    const connection = this.#connection;
    const reusable = this.#keepAlive && this.#sender === null && this.#body?.complete === true;
    this.#sender?.cancel(reason);
    this.#sender = null;
    this.#body?.close();
    this.#body = null;
    this.#connection = null;
    if (connection === null) return;
    if (reusable) this.#context.pool.release(connection);
    else this.#context.pool.discard(connection);
  }

  #end(): void {
    const { signal } = this.#request;
    if (signal) offAbort(signal, this.#aborted);
    this.#context.deadlines.delete(this);
    this.#release();
  }

  get #endpoint(): Endpoint {
    return { hostname: hostnameOf(this.url), port: portOf(this.url) };
  }

  // Due: the nearer of two deadlines, that of the whole and that of the state.

  get deadline(): number {
    return Math.min(this.#totalAt, this.#stateAt);
  }

  expire(now: number): void {
    this.#timedOut(now >= this.#totalAt ? "total" : this.#stateDeadline);
  }

  #setDeadline(name: keyof FetchTimeouts): void {
    const { deadlines } = this.#context;
    this.#stateDeadline = name;
    this.#stateAt = deadlines.now() + this.#request.timeouts[name];
    deadlines.moved(this);
  }

  #clearDeadline(): void {
    this.#stateAt = Number.POSITIVE_INFINITY;
  }

  #timedOut(name: keyof FetchTimeouts): void {
    const milliseconds = this.#request.timeouts[name];
    this.#fail(
      new DOMException(
        `fetch: the deadline ${name} of ${milliseconds} ms passed in state ${this.#state}, ` +
          `after ${this.#receivedBytes} bytes of the response`,
        "TimeoutError",
      ),
    );
  }
}

/** A body that fails is the caller's own. */
function sendFailure(error: unknown): TypeError {
  const message = error instanceof Error ? error.message : String(error);
  return new TypeError(`fetch: the body of the request failed: ${message}`, { cause: error });
}
