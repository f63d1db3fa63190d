/**
 * One connection, as a state machine pushed along by its socket: RFC 9112 section 9.
 *
 *     state     what it waits for                       deadline            then
 *     idle      a request's first byte, or its turn     idleTimeout         head; linger when it passes
 *     head      the rest of the head                    headTimeout         exchange; linger after a 4xx or 5xx
 *     exchange  the app, the body, the response's exit  bodyTimeout,        idle; linger after the last request;
 *                                                       unreadBodyTimeout,  closed if it cannot be finished
 *                                                       sendTimeout,
 *                                                       lingerTimeout
 *     linger    the last response's exit, then the      sendTimeout,        closed
 *               client's end; what comes is dropped     lingerTimeout
 *     closed    nothing
 *
 * The socket leads to `closed` from every state. Requests are answered one after the other; what comes early waits
 * in `#early`, and stops the socket when it grows too long. `linger` is RFC 9112 section 9.6: closing while the
 * client still sends would reset the connection, and the client might never see the answer.
 */
import type { Core } from "../core/core.ts";
import { type RequestHead, RequestHeadReader } from "../core/http.ts";
import type { Socket, SocketHandler } from "../host/host.ts";
import type { EventLoop } from "../runtime/loop.ts";
import type { ServedApp } from "./app.ts";
import { copyOf, joined } from "./bytes.ts";
import { Deadline } from "./deadline.ts";
import { Exchange, type ExchangeConnection } from "./exchange.ts";
import { HttpError, refusalOf, refusalText } from "./http-error.ts";
import type { ServeLimits } from "./limits.ts";
import type { ListenerOrigin } from "./request.ts";

type State = "idle" | "head" | "exchange" | "linger" | "closed";

/** The server, as a connection sees it. */
export interface ConnectionServer extends ListenerOrigin {
  readonly app: ServedApp;
  readonly core: Core;
  readonly loop: EventLoop;
  readonly limits: ServeLimits;
  /** No connection is to take another request. */
  readonly draining: boolean;
  /** The value of Date, now. */
  date(): string;
  /** The app begins to work on a request, or has answered one. */
  handlerBegins(): void;
  handlerEnds(exchange: Exchange): void;
  /** It is over, but the app is still at work on it: it is to be told when the server begins to close. */
  leftBehind(exchange: Exchange): void;
  /** Told how each request ended, if there is a log. */
  readonly log?: (ended: EndedRequest) => void;
  /** This connection is gone. */
  left(connection: Connection): void;
}

/** What came of a request. */
export interface EndedRequest {
  /** Null for one that was refused before its head was whole. */
  head: RequestHead | null;
  remoteAddress: string;
  /** When the head was there, and when the response had left, by the loop's clock. */
  began: number;
  ended: number;
  /** Of the response; 0 if there was none. */
  status: number;
  /** Of the response, with its head. */
  sentBytes: number;
  /** If not, the client left early, or the app failed in the middle. */
  whole: boolean;
}

const ROOM = Promise.resolve();
const NOTHING = new Uint8Array(0);

/** More pieces than this are joined into one: a client may send single bytes, and a piece costs more than a byte. */
const EARLY_PIECES_MAX = 64;

/** So many requests of a connection are begun in one task at the most: other connections wait meanwhile. */
const REQUESTS_A_TASK = 64;

export class Connection implements SocketHandler, ExchangeConnection {
  readonly app: ServedApp;
  readonly core: Core;
  readonly limits: ServeLimits;
  readonly remoteAddress: string;

  readonly #server: ConnectionServer;
  readonly #socket: Socket;
  readonly #inputDeadline: Deadline;
  readonly #outputDeadline: Deadline;

  #state: State = "idle";
  /** Holds memory in state head, and in state idle if empty lines came. */
  readonly #reader: RequestHeadReader;
  /** In state exchange. */
  #exchange: Exchange | undefined;
  /** What came before its turn. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  /** How many requests began since other connections had their turn. */
  #begun = 0;
  /** The app is too far behind with the body. */
  #bodyFull = false;
  /** `#consume` is at work, and looks after what follows. */
  #consuming = false;
  #clientEnded = false;
  #paused = false;
  /** For the log: when the request in hand began, and what was sent since. */
  #began = 0;
  #sentBytes = 0;
  /** While the socket holds as much as it likes to: what waits for room. */
  #blocked: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(server: ConnectionServer, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    this.app = server.app;
    this.core = server.core;
    this.limits = server.limits;
    this.remoteAddress = socket.remoteAddress;
    this.#reader = new RequestHeadReader(server.core, server.limits);
    this.#inputDeadline = new Deadline(server.loop, () => this.#inputTimedOut());
    this.#outputDeadline = new Deadline(server.loop, () => this.destroy());
    this.#inputDeadline.set(this.limits.idleTimeout);
  }

  /** The server is on its way out: a request that has begun is answered, and is the last. */
  retire(): void {
    if (this.#state === "idle") this.#linger();
    this.#exchange?.retire();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // What the socket tells.

  data(bytes: Uint8Array): void {
    let taken = 0;
    if (this.#early.length === 0) {
      this.#begun = 0;
      taken = this.#consume(bytes);
    }
    if (taken === bytes.length) return;
    this.#keepEarly(copyOf(bytes.subarray(taken)));
    if (this.#state === "idle" && taken > 0) this.#takeEarly();
  }

  end(): void {
    this.#clientEnded = true;
    this.#expectProgress();
    if (this.#state === "exchange") this.#exchange!.clientEnded();
    else this.#settle();
  }

  drain(): void {
    this.#outputDeadline.clear();
    this.#blocked?.resolve();
    this.#blocked = undefined;
    if (this.#state === "linger") this.#inputDeadline.set(this.limits.lingerTimeout);
    else this.#expectProgress();
  }

  close(): void {
    const exchange = this.#exchange;
    if (exchange) this.#log(exchange.head, exchange.status, false);
    this.#become("closed");
    this.#inputDeadline.dispose();
    this.#outputDeadline.dispose();
    exchange?.clientGone();
    this.drain();
    this.#server.left(this);
  }

  // What an exchange asks for.

  get scheme(): "http" | "https" {
    return this.#server.scheme;
  }

  get authority(): string {
    return this.#server.authority;
  }

  get closing(): boolean {
    return this.#server.draining || (this.#clientEnded && this.#earlyBytes === 0);
  }

  write(data: Uint8Array | string): boolean {
    const room = this.#socket.write(data);
    this.#sentBytes += data.length;
    if (!room && !this.#blocked) {
      let resolve!: () => void;
      const promise = new Promise<void>((room) => {
        resolve = room;
      });
      this.#blocked = { promise, resolve };
      this.#outputDeadline.set(this.limits.sendTimeout);
    }
    this.#expectProgress();
    return room;
  }

  drained(): Promise<void> {
    return this.#blocked?.promise ?? ROOM;
  }

  othersTurn(): Promise<void> {
    // Rejected when the runtime is closed, and this connection with it.
    return this.#server.loop.yield().catch(() => {});
  }

  date(): string {
    return this.#server.date();
  }

  handlerBegins(): void {
    this.#server.handlerBegins();
  }

  handlerEnds(exchange: Exchange): void {
    this.#server.handlerEnds(exchange);
  }

  leftBehind(exchange: Exchange): void {
    this.#server.leftBehind(exchange);
  }

  pause(paused: boolean): void {
    this.#bodyFull = paused;
    this.#steer();
  }

  expectInput(milliseconds: number): void {
    // Then there is none to expect, and `#expectProgress` has set a deadline for something else.
    if (this.#clientEnded) return;
    if (milliseconds === Number.POSITIVE_INFINITY) this.#inputDeadline.clear();
    else this.#inputDeadline.set(milliseconds);
  }

  exchanged(reuse: boolean): void {
    this.#log(this.#exchange!.head, this.#exchange!.status, true);
    if (reuse) {
      this.#become("idle");
      if (!this.#consuming) this.#takeEarly();
    } else {
      this.#linger();
    }
  }

  refuse(error: HttpError, headOnly: boolean): void {
    const text = refusalText(error, this.date(), headOnly);
    this.#socket.write(text);
    this.#sentBytes += text.length;
    this.#log(this.#exchange?.head ?? null, error.status, true);
    this.#linger();
  }

  // The machine.

  /**
   * A client that has closed its side may be waiting for its answer, or may be gone: those look the same until
   * something is written. So the answer is awaited, but not for long. (What does not leave has a deadline of its own.)
   */
  #expectProgress(): void {
    if (!this.#clientEnded || this.#state !== "exchange") return;
    if (this.#blocked) this.#inputDeadline.clear();
    else this.#inputDeadline.set(this.limits.lingerTimeout);
  }

  /** Reads on, unless one who is to take the bytes is too far behind. */
  #steer(): void {
    const paused = this.#bodyFull || this.#earlyBytes >= this.limits.pipelinedBytes;
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  #become(state: State): void {
    this.#state = state;
    this.#exchange = undefined;
    this.#bodyFull = false;
    this.#inputDeadline.clear();
    if (state === "linger" || state === "closed") {
      this.#reader.close();
      this.#early = [];
      this.#earlyBytes = 0;
    }
    this.#steer();
  }

  /** Takes what it can of `bytes`; the rest is early: it waits for an answer, or for other connections' turn. */
  #consume(bytes: Uint8Array): number {
    let taken = 0;
    this.#consuming = true;
    while (taken < bytes.length) {
      const rest = taken === 0 ? bytes : bytes.subarray(taken);
      if (this.#state === "idle" && this.#begun >= REQUESTS_A_TASK) break;
      if (this.#state === "idle" || this.#state === "head") taken += this.#readHead(rest);
      else if (this.#state !== "exchange") taken = bytes.length;
      else if (this.#exchange!.expectsInput) taken += this.#exchange!.feed(rest);
      else break;
    }
    this.#consuming = false;
    if (taken === bytes.length) this.#settle();
    return taken;
  }

  /** Goes on with what came early, as far as it goes; after many requests, when others have had their turn. */
  #takeEarly(): void {
    while (this.#early.length > 0) {
      if (this.#state === "idle" && this.#begun >= REQUESTS_A_TASK) {
        this.#takeEarlyLater();
        return;
      }
      const first = this.#early.shift()!;
      this.#earlyBytes -= first.length;
      const taken = this.#consume(first);
      if (taken < first.length) {
        this.#early.unshift(first.subarray(taken));
        this.#earlyBytes += first.length - taken;
        if (this.#state !== "idle") break;
      }
    }
    this.#steer();
    this.#settle();
  }

  #takeEarlyLater(): void {
    this.#steer();
    const goOn = () => {
      this.#begun = 0;
      this.#takeEarly();
    };
    // Rejected when the runtime is closed, and this connection with it.
    this.#server.loop.yield().then(goOn, () => {});
  }

  #keepEarly(bytes: Uint8Array): void {
    this.#early.push(bytes);
    if (this.#early.length > EARLY_PIECES_MAX) this.#early = [joined(this.#early)];
    this.#earlyBytes += bytes.length;
    this.#steer();
  }

  /** All that came has been looked at: what follows from there being no more, for now or for good. */
  #settle(): void {
    if (this.#early.length > 0) return;
    if (this.#state === "idle") {
      if (this.#clientEnded || this.#server.draining) this.#linger();
      else this.#inputDeadline.set(this.limits.idleTimeout);
    } else if (this.#state === "head" && this.#clientEnded) {
      this.refuse(new HttpError(400, "the connection ended before the request did"), false);
    } else if (this.#state === "exchange" && this.#clientEnded) {
      this.#exchange!.clientEnded();
    }
  }

  /** Bytes of a head, and of the body behind it if the head ends here; returns how many of them it took. */
  #readHead(bytes: Uint8Array): number {
    let head: RequestHead | null;
    try {
      head = this.#reader.read(bytes);
    } catch (error) {
      this.refuse(refusalOf(error, this.app), false);
      return bytes.length;
    }
    const taken = this.#reader.consumed;
    if (head) {
      this.#begun++;
      const exchange = new Exchange(this, head);
      if (this.#server.draining) exchange.retire();
      if (this.#server.log) this.#began = this.#server.loop.performance.now();
      this.#become("exchange");
      this.#exchange = exchange;
      this.#expectProgress();
      return taken + exchange.begin(taken === bytes.length ? NOTHING : bytes.subarray(taken));
    }
    if (this.#state === "idle" && !isEmptyLines(bytes)) {
      this.#become("head");
      this.#inputDeadline.set(this.limits.headTimeout);
    }
    return taken;
  }

  #log(head: RequestHead | null, status: number, whole: boolean): void {
    const { log, loop } = this.#server;
    if (!log) return;
    const ended = loop.performance.now();
    const began = head ? this.#began : ended;
    const { remoteAddress } = this;
    log({ head, remoteAddress, began, ended, status, sentBytes: this.#sentBytes, whole });
    this.#sentBytes = 0;
  }

  /** The last word has been said: waits for the client's. */
  #linger(): void {
    this.#become("linger");
    this.#outputDeadline.set(this.limits.sendTimeout);
    this.#socket.end();
  }

  #inputTimedOut(): void {
    switch (this.#state) {
      case "idle":
        this.#linger();
        break;
      case "head":
        this.refuse(new HttpError(408, "the request did not arrive in time"), false);
        break;
      case "exchange":
        if (this.#clientEnded) this.destroy();
        else this.#exchange!.timedOut();
        break;
      case "linger":
        this.destroy();
    }
  }
}

/** RFC 9112 section 2.2: what may precede a request, and some clients send behind one. */
function isEmptyLines(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x0d || byte === 0x0a);
}
