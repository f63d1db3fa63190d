/**
 * The server: an app behind a listening socket of the host. Connections answer by themselves (connection.ts); here
 * they are accepted, counted, and at the end brought in.
 */
import type { Core } from "../core/core.ts";
import type { Host, Network, Socket, SocketHandler } from "../host/host.ts";
import type { EventLoop } from "../runtime/loop.ts";
import { type App, type AppSource, LoadedApp, loadApp } from "./app.ts";
import { Connection, type ConnectionServer } from "./connection.ts";
import { HttpError } from "./http-error.ts";
import { resolveLimits, type ServeLimits } from "./limits.ts";

export type { ServeLimits } from "./limits.ts";

export interface ServeOptions {
  /** What answers: anything that `load` takes, or what it returned. An app that was loaded before stays its owner's. */
  app: App | AppSource;
  /** 0, the default, takes any free port. */
  port?: number;
  /** The address to listen on; by default 127.0.0.1, which only this machine can reach. */
  hostname?: string;
  /** What the app gets as `env`, if it is loaded here. */
  env?: unknown;
  /** What a stranger may take; see `ServeLimits` for names and defaults. */
  limits?: Partial<ServeLimits>;
  /** Told of what the app throws, if it is loaded here. By default it is printed with `console.error`. */
  onError?: (error: unknown) => void;
}

export interface Server {
  /** `http://hostname:port`, without a slash at the end. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  /** How many are open now. */
  readonly connections: number;
  /** Resolves when the port is free again, no connection is left, and the app has come to rest. */
  readonly closed: Promise<void>;

  /**
   * Drains: takes no new connection, closes idle ones, lets those finish whose request has begun, and waits until the
   * app has answered even those requests whose client has left. What is left
   * after `timeout` milliseconds (30 s by default) is dropped. Resolves as `closed` does; a second call sets
   * the time anew. Rejects with RangeError for a timeout that is no number from 0 to 2147483647.
   */
  close(options?: { timeout?: number }): Promise<void>;
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
  const { port = 0, hostname = "127.0.0.1", env, onError } = options;
  if (!host.network) {
    throw new TypeError(`host "${host.name}" has no sockets to serve on; memoryHost() serves in memory`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`port ${String(port)} is not an integer from 0 to 65535`);
  }
  const limits = resolveLimits(options.limits);
  const given = options.app;
  const app =
    given instanceof LoadedApp
      ? given
      : await loadApp(loop, given as AppSource, { env, ...(onError && { onError }) });

  const server = listen(runtime, host.network, { app, ownsApp: app !== given, port, hostname, limits });
  runtime.listening?.(server);
  return server;
}

interface Listening {
  app: LoadedApp;
  /** The app was loaded for this server, and ends with it. */
  ownsApp: boolean;
  port: number;
  hostname: string;
  limits: ServeLimits;
}

async function listen(
  { core, loop }: ServerRuntime,
  network: Network,
  { app, ownsApp, limits, ...address }: Listening,
): Promise<Server> {
  const connections = new Set<Connection>();
  const lastLeft = signal();
  /** Requests that the app is at work on. */
  let handlers = 0;
  const lastHandled = signal();
  const shared: { -readonly [Name in keyof ConnectionServer]: ConnectionServer[Name] } = {
    app,
    core,
    loop,
    limits,
    authority: "",
    draining: false,
    date: httpDate(loop),
    handlerBegins() {
      handlers++;
      app.begin();
    },
    handlerEnds() {
      handlers--;
      app.end();
      if (shared.draining && handlers === 0) lastHandled.set();
    },
    left(connection: Connection) {
      connections.delete(connection);
      if (shared.draining && connections.size === 0) lastLeft.set();
    },
  };

  const accept = (socket: Socket): SocketHandler => {
    const connection = new Connection(shared, socket);
    connections.add(connection);
    if (connections.size > limits.connections + REFUSALS_MAX) connection.destroy();
    else if (connections.size > limits.connections) connection.refuse(TOO_MANY_CONNECTIONS, false);
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

  const closed = draining.promise.then(async () => {
    await Promise.all([listener.close(), lastLeft.promise]);
    if (handlers === 0) lastHandled.set();
    await Promise.race([ownsApp ? app.close() : lastHandled.promise, dropped.promise]);
    if (dropTimer !== null) loop.clearTimeout(dropTimer);
    dropTimer = null;
    release();
  });

  return {
    hostname,
    port,
    url: `http://${shared.authority}`,
    closed,
    get connections() {
      return connections.size;
    },
    close({ timeout = DRAIN_TIMEOUT } = {}) {
      if (!(timeout >= 0 && timeout <= TIMEOUT_MAX)) {
        return Promise.reject(
          new RangeError(`timeout ${String(timeout)} is not a number from 0 to ${TIMEOUT_MAX}`),
        );
      }
      if (dropTimer !== null) {
        loop.clearTimeout(dropTimer);
        dropTimer = loop.setTimeout(drop, timeout);
      }
      if (!shared.draining) {
        shared.draining = true;
        draining.set();
        for (const connection of connections) connection.retire();
        if (connections.size === 0) lastLeft.set();
      }
      return closed;
    },
  };
}

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
