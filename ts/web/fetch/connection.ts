/**
 * One connection of the pool, between the socket and whoever uses it now: one operation at a time, since HTTP/1.1
 * pipelining gains little and goes wrong often. What a server says while nobody uses its connection belongs to no response,
 * and ends it.
 */
import type { Core } from "../../core/core.ts";
import { ResponseHeadReader } from "../../core/http.ts";
import type { Socket, SocketHandler } from "../../host/host.ts";
import type { FetchLimits } from "./options.ts";

/** Whoever uses a connection. `gone` comes last; after `detach`, nothing comes. */
export interface ConnectionUser {
  data(bytes: Uint8Array): void;
  /** The server will send nothing more. */
  ended(): void;
  /** There is room for more after `write` had answered false. */
  drained(): void;
  /** The connection is gone, with an error when it broke. */
  gone(error: Error | undefined): void;
}

export class ClientConnection implements SocketHandler {
  /** Of the server or proxy, as it was connected to; a name where the engine resolved it. */
  readonly address: string;
  readonly reader: ResponseHeadReader;
  /** It has carried a response before. */
  reused = false;
  /** By the clock, when it has been without work for too long. */
  idleUntil = 0;
  /** By the pool's count of turns, when it may be used again. */
  settledIn = 0;
  /** How long it may be without work, where the server has said so. */
  idleTimeout = Number.POSITIVE_INFINITY;

  #socket!: Socket;
  #user: ConnectionUser | null = null;
  #closed = false;
  #paused = false;
  /** Told when the connection goes while nobody uses it. */
  readonly #lost: (connection: ClientConnection) => void;

  constructor(
    core: Core,
    limits: Readonly<FetchLimits>,
    address: string,
    lost: (connection: ClientConnection) => void,
  ) {
    this.reader = new ResponseHeadReader(core, limits);
    this.address = address;
    this.#lost = lost;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Binds it to its socket: the first, or the one that TLS makes of it. */
  readonly bind = (socket: Socket): SocketHandler => {
    this.#socket = socket;
    return this;
  };

  get socket(): Socket {
    return this.#socket;
  }

  attach(user: ConnectionUser): void {
    this.#user = user;
  }

  detach(): void {
    this.#user = null;
  }

  /** Without work, it keeps no process alive. */
  rest(resting: boolean): void {
    if (resting) this.#socket.unref?.();
    else this.#socket.ref?.();
  }

  write(data: Uint8Array | string): boolean {
    return this.#socket.write(data);
  }

  pause(paused: boolean): void {
    if (paused === this.#paused || this.#closed) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Drops it. Its user is told nothing more. */
  destroy(): void {
    this.#user = null;
    this.reader.close();
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
  }

  // What the socket tells.

  data(bytes: Uint8Array): void {
    if (this.#user) this.#user.data(bytes);
    else this.#lose();
  }

  end(): void {
    if (this.#user) this.#user.ended();
    else this.#lose();
  }

  drain(): void {
    this.#user?.drained();
  }

  close(error?: Error): void {
    const user = this.#user;
    const lost = !this.#closed;
    this.#closed = true;
    this.#user = null;
    this.reader.close();
    if (user) user.gone(error);
    else if (lost) this.#lost(this);
  }

  #lose(): void {
    if (this.#closed) return;
    this.destroy();
    this.#lost(this);
  }
}
