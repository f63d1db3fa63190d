/**
 * Connections, kept for the next request of the same origin: RFC 9112 section 9.3. An origin has at most so many at once;
 * who comes when all are at work waits in a queue, first come, first served. Of connections without work the one that
 * worked last is used first, so that those that are not needed come to their end.
 *
 * Connections without work are no work of the runtime's: `idle()` does not wait for them, and their end is on the clock
 * itself.
 *
 * A server that says more than its response, by mistake or because somebody has made two of one, may say it a moment
 * later, and the next request on that connection would have it for an answer. So a connection is used again only when the
 * engine has looked at its sockets once more: what comes until then ends it.
 */
import type { Clock } from "../../host/host.ts";
import type { ClientConnection } from "./connection.ts";
import { dial, type FetchContext, requireAllowed } from "./dial.ts";
import { networkFailure } from "./failure.ts";
import type { ProxyServer } from "./proxy.ts";
import { hostnameOf, portOf } from "./url.ts";

/** The turn in which a connection comes back may have looked at its socket already, so it waits for all of the next. */
const SETTLING_TURNS = 2;

/** Who waits for a connection. Of the last two, one is called, once; neither after `Pool.abandon`. */
export interface Waiter {
  readonly url: URL;
  /** A connection is being made: what happens now. */
  dialing(step: "resolve" | "connect" | "tls"): void;
  ready(connection: ClientConnection): void;
  refused(error: unknown): void;
}

/** What goes on for a waiter, so that it can be given up. */
interface Errand {
  abandon(reason: unknown): void;
}

/** One origin, by way of one proxy or none. */
interface Origin {
  readonly key: string;
  readonly proxy: ProxyServer | null;
  /** Without work, the one that worked last at the end. */
  readonly idle: ClientConnection[];
  /** At work, without it, or being made. */
  connections: number;
  /** In the order of their coming; a Set, since any of them may leave. */
  readonly queue: Set<Waiter>;
}

export class Pool {
  readonly #context: FetchContext;
  readonly #clock: Clock;
  readonly #origins = new Map<string, Origin>();
  readonly #originOf = new WeakMap<ClientConnection, Origin>();
  readonly #errands = new Map<Waiter, Errand>();
  /** Of the engine's, counted while connections wait to be used again: in each, it looks at all sockets once. */
  #turn = 0;
  #turnPosted = false;
  /** Whose connections wait. */
  readonly #settling = new Set<Origin>();
  /** Cancels the task that ends connections without work. */
  #cancelSweep: (() => void) | null = null;
  /** When that task runs, by the clock. */
  #sweepsAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(context: FetchContext, clock: Clock) {
    this.#context = context;
    this.#clock = clock;
  }

  /** Connections at work, being made, and without work. */
  get connections(): { active: number; idle: number } {
    let [all, idle] = [0, 0];
    for (const origin of this.#origins.values()) {
      all += origin.connections;
      idle += origin.idle.length;
    }
    return { active: all - idle, idle };
  }

  /** Finds a connection for `waiter`, one that has not been used before if `fresh`. */
  acquire(waiter: Waiter, fresh: boolean): void {
    const origin = this.#originFor(waiter.url);
    if (fresh && origin.connections >= this.#context.settings.maxConnectionsPerOrigin) {
      const oldest = origin.idle.shift();
      if (oldest) this.#drop(oldest);
    }
    const connection = fresh ? undefined : this.#lastIdle(origin);
    if (connection) this.#give(origin, connection, waiter);
    // One that has just come back is there sooner than one that is made.
    else if (!fresh && origin.queue.size < this.#unsettled(origin)) origin.queue.add(waiter);
    else if (origin.connections < this.#context.settings.maxConnectionsPerOrigin) this.#dial(origin, waiter);
    else origin.queue.add(waiter);
  }

  /** A waiter has given up: what is under way for it is undone. */
  abandon(waiter: Waiter, reason: unknown): void {
    this.#errands.get(waiter)?.abandon(reason);
    this.#errands.delete(waiter);
    this.#origins.get(waiter.url.origin)?.queue.delete(waiter);
  }

  /** A connection has done its work, and can do more. */
  release(connection: ClientConnection): void {
    connection.detach();
    if (connection.closed || this.#closed) {
      this.#drop(connection);
      return;
    }
    connection.reused = true;
    connection.pause(false);
    const origin = this.#originOf.get(connection)!;
    const timeout = Math.min(this.#context.settings.idleTimeout, connection.idleTimeout);
    connection.idleUntil = this.#clock.now() + timeout;
    connection.settledIn = this.#turn + SETTLING_TURNS;
    origin.idle.push(connection);
    connection.rest(true);
    if (timeout <= 0) {
      this.#retire(connection);
      return;
    }
    this.#sweepBy(connection.idleUntil);
    this.#settling.add(origin);
    this.#postTurn();
  }

  /** A connection is of no more use: it is dropped, if it is not gone already. */
  discard(connection: ClientConnection): void {
    this.#drop(connection);
  }

  close(): void {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#cancelSweep = null;
    this.#sweepsAt = Number.POSITIVE_INFINITY;
    for (const { idle } of [...this.#origins.values()]) for (const each of [...idle]) this.#retire(each);
  }

  /** The connection without work that worked last, unless it should have been ended by now. */
  #lastIdle(origin: Origin): ClientConnection | undefined {
    const { idle } = origin;
    const now = this.#clock.now();
    const settled = idle.length - this.#unsettled(origin);
    for (let at = settled - 1; at >= 0; at--) {
      const last = idle[at]!;
      if (last.idleUntil <= now) continue;
      last.rest(false);
      idle.splice(at, 1);
      return last;
    }
    // Only now, since each that ends makes room for the first who waits, to whom no other may be given as well.
    for (const each of idle.slice(0, settled)) this.#retire(each);
    return undefined;
  }

  /** How many connections without work have come back just now: the last ones. */
  #unsettled({ idle }: Origin): number {
    let count = 0;
    while (count < idle.length && idle[idle.length - 1 - count]!.settledIn > this.#turn) count++;
    return count;
  }

  #postTurn(): void {
    if (this.#turnPosted) return;
    this.#turnPosted = true;
    this.#clock.postTask(this.#nextTurn);
  }

  /** Connections that have settled go to who waits for one. */
  readonly #nextTurn = (): void => {
    this.#turnPosted = false;
    this.#turn++;
    for (const origin of this.#settling) {
      for (let [next] = origin.queue; next; [next] = origin.queue) {
        const connection = this.#lastIdle(origin);
        if (!connection) break;
        origin.queue.delete(next);
        this.#give(origin, connection, next);
      }
      if (this.#unsettled(origin) === 0) this.#settling.delete(origin);
    }
    if (this.#settling.size > 0) this.#postTurn();
  };

  #originFor(url: URL): Origin {
    const key = url.origin;
    let origin = this.#origins.get(key);
    if (!origin) {
      const proxy = this.#context.settings.proxies.for(url);
      origin = { key, proxy, idle: [], connections: 0, queue: new Set() };
      this.#origins.set(key, origin);
    }
    return origin;
  }

  /** Hands over a connection that has been used before; `allow` is asked for its address once more. */
  #give(origin: Origin, connection: ClientConnection, waiter: Waiter): void {
    const { allow } = this.#context.settings;
    if (!allow) {
      waiter.ready(connection);
      return;
    }
    let abandoned = false;
    this.#errands.set(waiter, {
      abandon: () => {
        abandoned = true;
        this.release(connection);
      },
    });
    const address = origin.proxy ? hostnameOf(waiter.url) : connection.address;
    requireAllowed(allow, address, waiter.url).then(
      () => {
        if (abandoned) return;
        this.#errands.delete(waiter);
        if (!connection.closed) return waiter.ready(connection);
        this.#drop(connection);
        this.acquire(waiter, false);
      },
      (error: unknown) => {
        if (abandoned) return;
        this.#errands.delete(waiter);
        this.release(connection);
        waiter.refused(error);
      },
    );
  }

  #dial(origin: Origin, waiter: Waiter): void {
    origin.connections++;
    // It may have left with its last connection, just now.
    this.#origins.set(origin.key, origin);
    const attempt = new AbortController();
    this.#errands.set(waiter, { abandon: (reason) => attempt.abort(reason) });
    dial(this.#context, {
      url: waiter.url,
      proxy: origin.proxy,
      lost: (connection) => this.#retire(connection),
      signal: attempt.signal,
      progress: (step) => {
        if (!attempt.signal.aborted) waiter.dialing(step);
        // Perhaps by whoever has been told.
        attempt.signal.throwIfAborted();
      },
    }).then(
      (connection) => {
        this.#originOf.set(connection, origin);
        if (attempt.signal.aborted) return this.release(connection);
        this.#errands.delete(waiter);
        if (!connection.closed) return waiter.ready(connection);
        this.#drop(connection);
        const endpoint = { hostname: hostnameOf(waiter.url), port: portOf(waiter.url) };
        waiter.refused(networkFailure("connect", endpoint, new Error("the connection was closed at once")));
      },
      (error: unknown) => {
        this.#left(origin);
        if (attempt.signal.aborted) return;
        this.#errands.delete(waiter);
        waiter.refused(error);
      },
    );
  }

  /** Ends a connection without work, unless it has some by now, or has gone. */
  #retire(connection: ClientConnection): void {
    const idle = this.#originOf.get(connection)?.idle;
    const at = idle ? idle.indexOf(connection) : -1;
    if (at < 0) return;
    idle!.splice(at, 1);
    this.#drop(connection);
  }

  /** Ends a connection that is in no list. */
  #drop(connection: ClientConnection): void {
    connection.destroy();
    const origin = this.#originOf.get(connection);
    this.#originOf.delete(connection);
    if (origin) this.#left(origin);
  }

  /** There is room for one connection more: for who has waited longest. */
  #left(origin: Origin): void {
    origin.connections--;
    const [next] = origin.queue;
    if (next && !this.#closed) {
      origin.queue.delete(next);
      this.#dial(origin, next);
    } else if (origin.connections === 0 && origin.queue.size === 0) {
      this.#origins.delete(origin.key);
    }
  }

  #sweepBy(at: number): void {
    if (at >= this.#sweepsAt) return;
    this.#cancelSweep?.();
    this.#sweepsAt = at;
    this.#cancelSweep = this.#clock.schedule(() => this.#sweep(), at - this.#clock.now(), true);
  }

  #sweep(): void {
    this.#cancelSweep = null;
    this.#sweepsAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { idle } of [...this.#origins.values()]) {
      for (const connection of [...idle]) {
        if (connection.idleUntil <= now) this.#retire(connection);
        else next = Math.min(next, connection.idleUntil);
      }
    }
    this.#sweepBy(next);
  }
}
