/**
 * One connection, as a state machine pushed along by its socket: RFC 9112 section 9.
 *
 *     state     what it waits for                        deadline        then
 *     idle      the first byte of a request              idleTimeout     head; linger when it passes
 *     head      the rest of the head                     headTimeout     exchange; linger after a 4xx or 5xx
 *     exchange  the app, the body, the response's exit   bodyTimeout,    idle; linger if this was the last request;
 *                                                        sendTimeout,    closed if it cannot be finished
 *                                                        lingerTimeout
 *     linger    the client's end, dropping what comes    lingerTimeout   closed
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
import type { LoadedApp } from "./app.ts";
import { Deadline } from "./deadline.ts";
import { Exchange, type ExchangeConnection } from "./exchange.ts";
import { HttpError, refusalOf, refusalText } from "./http-error.ts";
import type { ServeLimits } from "./limits.ts";
import { copyOf } from "./request-body.ts";

type State = "idle" | "head" | "exchange" | "linger" | "closed";

/** The server, as a connection sees it. */
export interface ConnectionServer {
  readonly app: LoadedApp;
  readonly core: Core;
  readonly loop: EventLoop;
  readonly limits: ServeLimits;
  /** Host and port of the listener. */
  readonly authority: string;
  /** No connection is to take another request. */
  readonly draining: boolean;
  /** The value of Date, now. */
  date(): string;
  /** This connection is gone. */
  left(connection: Connection): void;
}

const ROOM = Promise.resolve();

/** More pieces than this are joined into one: a client may send single bytes, and a piece costs more than a byte. */
const EARLY_PIECES_MAX = 64;

export class Connection implements SocketHandler, ExchangeConnection {
  readonly app: LoadedApp;
  readonly core: Core;
  readonly limits: ServeLimits;
  readonly remoteAddress: string;

  readonly #server: ConnectionServer;
  readonly #socket: Socket;
  readonly #inputDeadline: Deadline;
  readonly #outputDeadline: Deadline;

  #state: State = "idle";
  /** Holds memory in state head only. */
  readonly #reader: RequestHeadReader;
  /** In state exchange. */
  #exchange: Exchange | undefined;
  /** What came before its turn. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  /** `#consume` is at work, and looks after what follows. */
  #consuming = false;
  #clientEnded = false;
  #paused = false;
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
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // What the socket tells.

  data(bytes: Uint8Array): void {
    const taken = this.#early.length === 0 ? this.#consume(bytes) : 0;
    if (taken < bytes.length) this.#keepEarly(copyOf(bytes.subarray(taken)));
  }

  end(): void {
    this.#clientEnded = true;
    if (this.#state === "exchange") {
      this.#expectProgress();
      this.#exchange!.clientEnded();
    } else {
      this.#settle();
    }
  }

  drain(): void {
    this.#outputDeadline.clear();
    this.#blocked?.resolve();
    this.#blocked = undefined;
  }

  close(): void {
    const exchange = this.#exchange;
    this.#become("closed");
    this.#inputDeadline.dispose();
    this.#outputDeadline.dispose();
    exchange?.clientGone();
    this.drain();
    this.#server.left(this);
  }

  // What an exchange asks for.

  get authority(): string {
    return this.#server.authority;
  }

  get closing(): boolean {
    return this.#server.draining || (this.#clientEnded && this.#earlyBytes === 0);
  }

  write(data: Uint8Array | string): boolean {
    this.#expectProgress();
    if (this.#socket.write(data)) return true;
    if (!this.#blocked) {
      let resolve!: () => void;
      const promise = new Promise<void>((room) => {
        resolve = room;
      });
      this.#blocked = { promise, resolve };
      this.#outputDeadline.set(this.limits.sendTimeout);
    }
    return false;
  }

  drained(): Promise<void> {
    return this.#blocked?.promise ?? ROOM;
  }

  date(): string {
    return this.#server.date();
  }

  pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  expectInput(milliseconds: number): void {
    if (milliseconds === Number.POSITIVE_INFINITY) this.#inputDeadline.clear();
    else this.#inputDeadline.set(milliseconds);
  }

  exchanged(reuse: boolean): void {
    if (reuse) {
      this.#become("idle");
      if (!this.#consuming) this.#takeEarly();
    } else {
      this.#linger();
    }
  }

  refuse(error: HttpError, headOnly: boolean): void {
    this.#socket.write(refusalText(error, this.date(), headOnly));
    this.#linger();
  }

  // The machine.

  /**
   * A client that has closed its side may be waiting for its answer, or may be gone: those look the same until
   * something is written. So the answer is awaited, but not for long.
   */
  #expectProgress(): void {
    if (this.#clientEnded && this.#state === "exchange") this.#inputDeadline.set(this.limits.lingerTimeout);
  }

  #become(state: State): void {
    this.#state = state;
    this.#exchange = undefined;
    this.#inputDeadline.clear();
    if (state === "linger" || state === "closed") {
      this.#reader.close();
      this.#early = [];
      this.#earlyBytes = 0;
    }
  }

  /** Takes what it can of `bytes`; the rest is early. */
  #consume(bytes: Uint8Array): number {
    let taken = 0;
    this.#consuming = true;
    while (taken < bytes.length) {
      const rest = taken === 0 ? bytes : bytes.subarray(taken);
      if (this.#state === "idle" || this.#state === "head") taken += this.#readHead(rest);
      else if (this.#state !== "exchange") taken = bytes.length;
      else if (this.#exchange!.expectsInput) taken += this.#exchange!.feed(rest);
      else break;
    }
    this.#consuming = false;
    this.#settle();
    return taken;
  }

  /** Goes on with what came early, as far as it goes. */
  #takeEarly(): void {
    while (this.#early.length > 0) {
      const first = this.#early.shift()!;
      this.#earlyBytes -= first.length;
      const taken = this.#consume(first);
      if (taken < first.length) {
        this.#early.unshift(first.subarray(taken));
        this.#earlyBytes += first.length - taken;
        break;
      }
    }
    if (this.#state !== "exchange" || this.#earlyBytes < this.limits.pipelinedBytes) this.pause(false);
    this.#settle();
  }

  #keepEarly(bytes: Uint8Array): void {
    this.#early.push(bytes);
    if (this.#early.length > EARLY_PIECES_MAX) this.#early = [concatenate(this.#early)];
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes >= this.limits.pipelinedBytes) this.pause(true);
  }

  /** All that came has been looked at: what follows from there being no more, for now or for good. */
  #settle(): void {
    if (this.#early.length > 0) return;
    if (this.#state === "idle") {
      if (this.#clientEnded || this.#server.draining) this.#linger();
      else this.#inputDeadline.set(this.limits.idleTimeout);
    } else if (this.#state === "head" && this.#clientEnded) {
      this.refuse(new HttpError(400, "the connection ended before the request did"), false);
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
      const exchange = new Exchange(this, head);
      this.#become("exchange");
      this.#exchange = exchange;
      this.#expectProgress();
      return taken + exchange.begin(bytes.subarray(taken));
    }
    if (this.#state === "idle") {
      this.#become("head");
      this.#inputDeadline.set(this.limits.headTimeout);
    }
    return taken;
  }

  /** The last word has been said: waits for the client's. */
  #linger(): void {
    this.#become("linger");
    this.#socket.end();
    this.pause(false);
    this.#inputDeadline.set(this.limits.lingerTimeout);
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

function concatenate(pieces: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
