/**
 * The server: an app behind a listening socket of the host. Connections answer by themselves (connection.ts); here
 * they are accepted, counted, and at the end brought in.
 */
import type { Core } from "../core/core.ts";
import type { Host, ListenOptions, Network, ServerTls, Socket, SocketHandler } from "../host/host.ts";
import type { EventLoop } from "../runtime/loop.ts";
import { type AccessLog, accessLog, type LogTarget } from "./access-log.ts";
import { type App, type AppSource, LoadedApp, loadApp, type ServedApp } from "./app.ts";
import { type CompressionOptions, compressing } from "./compression.ts";
import { Connection, type ConnectionServer } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { HttpError } from "./http-error.ts";
import { resolveLimits, type ServeLimits } from "./limits.ts";

export type { LogFormat, LogRecord, LogTarget } from "./access-log.ts";
export type { CompressionOptions } from "./compression.ts";
export type { ServeLimits } from "./limits.ts";

export interface ServeOptions {
  /** What answers: anything that `load` takes, or what it returned. An app that was loaded before stays its owner's. */
  app: App | AppSource;
  /** 0, the default, takes any free port. */
  port?: number;
  /** The address to listen on; by default 127.0.0.1, which only this machine can reach. */
  hostname?: string;
  /** Speaks https, with this certificate. What the handshake takes counts as `idleTimeout`. */
  tls?: ServerTls;
  /** Lets other listeners have the same port; see `ListenOptions`. */
  reusePort?: boolean;
  /** What the app gets as `env`, if it is loaded here. */
  env?: unknown;
  /** What reports of the app's errors begin with, if it is loaded here; by default nothing. */
  name?: string;
  /** What a stranger may take; see `ServeLimits` for names and defaults. */
  limits?: Partial<ServeLimits>;
  /** Compresses what gets shorter by it, for clients that accept that. By default nothing is compressed. */
  compression?: boolean | CompressionOptions;
  /** Told of each request when its response has left; or how to print that, "text", "json" or "apache". By default nobody. */
  log?: LogTarget;
  /** How long requests that have begun may take once `close` was called, in milliseconds; 30 s by default. */
  drainTimeout?: number;
  /** Told of what the app throws, if it is loaded here. By default it is printed with `console.error`. */
  onError?: (error: unknown) => void;
}

export interface Server {
  /** `http://hostname:port`, or https, without a slash at the end. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  /** How many are open now. */
  readonly connections: number;
  /** Resolves when the port is free again, no connection is left, and the app has come to rest. */
  readonly closed: Promise<void>;

  /**
   * Drains: takes no new connection, closes idle ones, lets those finish whose request has begun, and waits until the
   * app has answered even those requests whose client has left. What is left after `timeout` milliseconds is dropped.
   * Resolves as `closed` does; a second call sets the time anew. Rejects with RangeError for a timeout that is no number
   * from 0 to 2147483647.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  /** Milliseconds; by default the server's `drainTimeout`. */
  timeout?: number;
  /**
   * Goes on listening until all have finished, and answers whoever connects with 503 (Service Unavailable), so that a load
   * balancer sees that the server is going rather than gone. By default the port is free at once.
   */
  refuse?: boolean;
}

/** What a server stands on. */
export interface ServerRuntime {
  readonly core: Core;
  readonly loop: EventLoop;
  readonly host: Host;
  /** Told of each server that is about to listen, so that it can be closed, too, from then on. */
  readonly listening?: (server: Promise<Server>) => void;
}

const DRAIN_TIMEOUT = 30_000;
const TIMEOUT_MAX = 2 ** 31 - 1;

/** Beyond the limit, this many more connections are told so; any after that are dropped without a word. */
const REFUSALS_MAX = 64;

/**
 * Listens, and answers.
 *
 * @throws TypeError for an app without fetch, or a host without sockets; RangeError for a port or limit out of range;
 * an Error with a `code` such as EADDRINUSE when the address cannot be had.
 */
export async function startServer(runtime: ServerRuntime, options: ServeOptions): Promise<Server> {
  const { host, loop } = runtime;
  const { port = 0, hostname = "127.0.0.1", tls, reusePort, env, name, onError } = options;
  const { compression = false, log, drainTimeout = DRAIN_TIMEOUT } = options;
  if (!host.network) {
    throw new TypeError(`host "${host.name}" has no sockets to serve on; memoryHost() serves in memory`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`port ${String(port)} is not an integer from 0 to 65535`);
  }
  if (!isTimeout(drainTimeout)) throw notATimeout("drainTimeout", drainTimeout);
  const limits = resolveLimits(options.limits);
  const given = options.app;
  const app =
    given instanceof LoadedApp
      ? given
      : await loadApp(loop, given as AppSource, {
          ...{ env, ...(onError && { onError }), ...(name !== undefined && { name }) },
        });
  const served = compression ? compressing(app, host.codings, compression === true ? {} : compression) : app;

  const server = listen(runtime, host.network, {
    ...{ app, served, ownsApp: app !== given, limits, drainTimeout },
    ...(log && { log: accessLog(loop, log, (error) => app.report(error)) }),
    address: { port, hostname, ...(tls && { tls }), ...(reusePort && { reusePort }) },
  });
  runtime.listening?.(server);
  return server;
}

interface Listening {
  app: LoadedApp;
  /** The app, and what is around it. */
  served: ServedApp;
  /** The app was loaded for this server, and ends with it. */
  ownsApp: boolean;
  address: ListenOptions;
  limits: ServeLimits;
  log?: AccessLog;
  drainTimeout: number;
}

async function listen(
  { core, loop }: ServerRuntime,
  network: Network,
  { app, served, ownsApp, limits, address, log, drainTimeout }: Listening,
): Promise<Server> {
  const connections = new Set<Connection>();
  /** Some of them, for whose leaving somebody waits. */
  let leaving: Set<Connection> | undefined;
  let allLeft = () => {};
  const left = (those: Set<Connection>) =>
    new Promise<void>((resolve) => {
      leaving = those;
      allLeft = resolve;
      if (those.size === 0) resolve();
    });
  /** Requests that the app is at work on. */
  let handlers = 0;
  /** Those of them that no connection holds any more. */
  const leftBehind = new Set<Exchange>();
  const lastHandled = signal();
  const shared: { -readonly [Name in keyof ConnectionServer]: ConnectionServer[Name] } = {
    app: served,
    core,
    loop,
    limits,
    scheme: address.tls ? "https" : "http",
    authority: "",
    draining: false,
    date: httpDate(loop),
    ...(log && { log: log.log }),
    handlerBegins() {
      handlers++;
      app.begin();
    },
    leftBehind(exchange: Exchange) {
      leftBehind.add(exchange);
    },
    handlerEnds(exchange: Exchange) {
      if (leftBehind.size > 0) leftBehind.delete(exchange);
      handlers--;
      app.end();
      if (shared.draining && handlers === 0) lastHandled.set();
    },
    left(connection: Connection) {
      connections.delete(connection);
      leaving?.delete(connection);
      if (leaving?.size === 0) allLeft();
    },
  };

  const accept = (socket: Socket): SocketHandler => {
    const connection = new Connection(shared, socket);
    connections.add(connection);
    if (connections.size > limits.connections + REFUSALS_MAX) connection.destroy();
    else if (connections.size > limits.connections) connection.refuse(TOO_MANY_CONNECTIONS, false);
    else if (shared.draining) connection.refuse(GOING, false);
    return connection;
  };

  const release = loop.hold();
  const listener = await network.listen(address, accept).catch((error) => {
    release();
    throw error;
  });
  const { hostname, port } = listener;
  shared.authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;

  const draining = signal();
  const dropped = signal();
  /** Null once there is nothing left to drop. */
  let dropTimer: number | null = 0;
  const drop = () => {
    dropTimer = null;
    dropped.set();
    for (const connection of connections) connection.destroy();
  };

  /** Told to go on listening, and to refuse, until all have finished. */
  let refusing = false;
  const closed = draining.promise.then(async () => {
    const handled = () => {
      if (handlers === 0) lastHandled.set();
      return Promise.race([lastHandled.promise, dropped.promise]);
    };
    if (refusing) {
      await left(new Set(connections));
      await handled();
    }
    await Promise.all([listener.close(), left(connections)]);
    await (ownsApp ? Promise.race([app.close(), dropped.promise]) : handled());
    if (dropTimer !== null) loop.clearTimeout(dropTimer);
    dropTimer = null;
    log?.flush();
    release();
  });

  return {
    hostname,
    port,
    url: `${shared.scheme}://${shared.authority}`,
    closed,
    get connections() {
      return connections.size;
    },
    close({ timeout = drainTimeout, refuse = false } = {}) {
      if (!isTimeout(timeout)) return Promise.reject(notATimeout("timeout", timeout));
      if (dropTimer !== null) {
        loop.clearTimeout(dropTimer);
        dropTimer = loop.setTimeout(drop, timeout);
      }
      if (!shared.draining) {
        shared.draining = true;
        refusing = refuse;
        draining.set();
        for (const connection of connections) connection.retire();
        for (const exchange of leftBehind) exchange.retire();
      }
      return closed;
    },
  };
}

const isTimeout = (milliseconds: number) => milliseconds >= 0 && milliseconds <= TIMEOUT_MAX;

function notATimeout(name: string, given: unknown): RangeError {
  return new RangeError(`${name} ${String(given)} is not a number from 0 to ${TIMEOUT_MAX}`);
}

const GOING = new HttpError(503, "the server is shutting down");
const TOO_MANY_CONNECTIONS = new HttpError(503, "too many connections");

/** The value of Date, made anew each second: RFC 9110 section 5.6.7. */
function httpDate(loop: EventLoop): () => string {
  const { performance } = loop;
  let madeUntil = Number.NEGATIVE_INFINITY;
  let value = "";
  return () => {
    const now = performance.now();
    if (now >= madeUntil) {
      const time = performance.timeOrigin + now;
      value = new Date(time).toUTCString();
      madeUntil = now + 1000 - (time % 1000);
    }
    return value;
  };
}

/** Something that happens once, and whoever waits for it. */
function signal(): { readonly promise: Promise<void>; readonly set: () => void } {
  let set!: () => void;
  const promise = new Promise<void>((resolve) => {
    set = resolve;
  });
  return { promise, set };
}
