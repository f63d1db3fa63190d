/**
 * Stream sockets by Node's modules: node:net, node:tls, node:dns (https://nodejs.org/api/net.html, tls.html, dns.html).
 * This is Node's network; Deno and Bun, which have those modules as well, take names and a client's TLS from here.
 *
 * Node's sockets are half-open here (`allowHalfOpen`), since each side of a connection ends by itself in the
 * contract; and without Nagle's delay, since whoever writes has put together what belongs together.
 */
import type {
  AddressInfo,
  ListenOptions as NetListenOptions,
  Socket as NetSocket,
  OnReadOpts,
  Server,
} from "node:net";
import type {
  Address,
  ClientTls,
  ConnectOptions,
  Listener,
  ListenOptions,
  Network,
  Socket,
  SocketHandler,
} from "./host.ts";
import { networkError } from "./network-error.ts";

/**
 * SSL_OP_NO_RENEGOTIATION of OpenSSL: with TLS 1.2 a client could have the server shake hands again and again. What Node
 * has against that is its tls.Server's.
 */
const NO_RENEGOTIATION = 2 ** 30;

/** The modules, each loaded when it is first asked for. */
export interface NetworkModules {
  readonly net: typeof import("node:net");
  readonly tls: typeof import("node:tls");
  readonly dns: typeof import("node:dns");
}

/** @param builtin gives a module of Node. */
export function networkModules(builtin: (name: string) => unknown): NetworkModules {
  return {
    get net() {
      return builtin("node:net") as typeof import("node:net");
    },
    get tls() {
      return builtin("node:tls") as typeof import("node:tls");
    },
    get dns() {
      return builtin("node:dns") as typeof import("node:dns");
    },
  };
}

export function nodeNetwork(modules: NetworkModules): Required<Network> {
  return {
    listen: (options, accept) => listen(modules, options, accept),
    connect: (options, handler) => connect(modules, options, handler),
    resolve: (hostname) => resolve(modules, hostname),
  };
}

type Accept = (socket: Socket) => SocketHandler;

function listen(modules: NetworkModules, options: ListenOptions, accept: Accept): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer(modules, options, accept);
    // Rejects while the port is being had. Afterwards it is a single connection that could not be accepted, as when
    // file descriptors run out: its peer is told by the system, and the others go on.
    server.on("error", (error: NodeJS.ErrnoException) =>
      reject(networkError(error, error.code, options, "listen")),
    );
    const { port, hostname, reusePort } = options;
    const address: NetListenOptions & { reusePort?: boolean } = { port, host: hostname };
    if (reusePort) address.reusePort = true;
    server.listen(address, () => {
      const { port, address } = server.address() as AddressInfo;
      // The port is free at once; what Node would call back for is that the connections are gone as well.
      const close = async () => void server.close();
      resolve({ port, hostname: options.hostname || address, close });
    });
  });
}

/** @throws when the certificate or its key cannot be used. */
function createServer(modules: NetworkModules, { tls, ...address }: ListenOptions, accept: Accept): Server {
  const options = { allowHalfOpen: true, noDelay: true };
  if (!tls) return modules.net.createServer(options, (socket) => bound(new NodeSocket(socket), accept));
  const { createSecureContext, TLSSocket } = modules.tls;
  try {
    const secureContext = createSecureContext({
      cert: tls.certificate,
      key: tls.key,
      secureOptions: NO_RENEGOTIATION,
    });
    // Not by tls.Server, which tells of a connection only when its handshake is done: until then nobody would count it.
    return modules.net.createServer(options, (socket) => {
      bound(new NodeSocket(new TLSSocket(socket, { isServer: true, secureContext })), accept);
    });
  } catch (error) {
    throw networkError(error as Error, (error as NodeJS.ErrnoException).code, address, "TLS");
  }
}

function connect(modules: NetworkModules, options: ConnectOptions, handler: Accept): Promise<Socket> {
  const { port, hostname, signal, startTls } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let adapter: NodeSocket | undefined;
    const socket = modules.net.connect({
      ...{ port, host: hostname, allowHalfOpen: true, noDelay: true },
      // What is to speak TLS is read by that.
      ...(!startTls && { onread: readingTogether((bytes) => adapter?.received(bytes)) }),
    });
    opening(socket, "connect", signal, (error) => {
      if (error !== undefined)
        return reject(signal?.aborted ? signal.reason : networkError(error, error.code, options, "connect"));
      adapter = startTls ? new SecurableSocket(socket, modules, options) : new NodeSocket(socket);
      resolve(bound(adapter, handler));
    });
  });
}

/** How much is read at a time: what the system holds for a socket is mostly less. */
const READ_BYTES = 256 * 1024;

let room: Uint8Array | undefined;

/**
 * Reads into memory that all sockets have together, since what arrives is looked at, or copied, before the next read;
 * left to itself, Node allocates 64 KiB for each.
 */
function readingTogether(received: (bytes: Uint8Array) => void): OnReadOpts {
  room ??= new Uint8Array(READ_BYTES);
  const buffer = room;
  const callback = (length: number) => {
    received(new Uint8Array(buffer.buffer, 0, length));
    return true;
  };
  return { buffer, callback };
}

/** Tells once how it goes: without an error when `event` has come, and nothing is left behind. */
function opening(
  socket: NetSocket,
  event: "connect" | "secureConnect",
  signal: AbortSignal | undefined,
  done: (error?: NodeJS.ErrnoException) => void,
): void {
  const settle = (error?: NodeJS.ErrnoException) => {
    socket.off("error", settle).off(event, opened);
    signal?.removeEventListener("abort", abort);
    if (error) socket.on("error", () => {}).destroy();
    done(error);
  };
  const opened = () => settle();
  const abort = () => settle(signal!.reason instanceof Error ? signal!.reason : new Error("aborted"));
  socket.on("error", settle).on(event, opened);
  signal?.addEventListener("abort", abort);
}

function resolve({ dns }: NetworkModules, hostname: string): Promise<Address[]> {
  return new Promise((resolve, reject) => {
    dns.lookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
      if (error) reject(networkError(error, error.code, { hostname, port: 0 }, "connect"));
      else resolve(addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })));
    });
  });
}

/** Binds a socket and its handler to each other. */
function bound(socket: NodeSocket, accept: Accept): Socket {
  socket.tell(accept(socket));
  return socket;
}

class NodeSocket implements Socket {
  readonly remoteAddress: string;
  protected readonly socket: NetSocket;
  #handler: SocketHandler | undefined;

  constructor(socket: NetSocket) {
    this.socket = socket;
    this.remoteAddress = socket.remoteAddress ?? "";
  }

  /** From now on, what happens is told to `handler`; until the function that comes back is called. */
  tell(handler: SocketHandler): () => void {
    this.#handler = handler;
    let broken: Error | undefined;
    const listeners = Object.entries({
      data: (bytes: Buffer) => handler.data(bytes),
      end: () => handler.end(),
      drain: () => handler.drain(),
      finish: () => handler.drain(),
      error(error: Error) {
        broken = error;
      },
      // Node emits it once, last, whatever came before.
      close: () => handler.close(broken),
    }) as [string, () => void][];
    for (const [event, listener] of listeners) this.socket.on(event, listener);
    return () => {
      for (const [event, listener] of listeners) this.socket.off(event, listener);
    };
  }

  /** Bytes that Node does not tell of by `data`. */
  received(bytes: Uint8Array): void {
    this.#handler?.data(bytes);
  }

  write(data: Uint8Array | string): boolean {
    // Writing to a socket that is gone changes nothing, and `close` says that it is; after `end` Node would object.
    if (!this.socket.writable) return true;
    return typeof data === "string" ? this.socket.write(data, "latin1") : this.socket.write(data);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  unref(): void {
    this.socket.unref();
  }

  ref(): void {
    this.socket.ref();
  }
}

class SecurableSocket extends NodeSocket {
  readonly #modules: NetworkModules;
  readonly #connected: ConnectOptions;
  #untell: (() => void) | undefined;

  constructor(socket: NetSocket, modules: NetworkModules, connected: ConnectOptions) {
    super(socket);
    this.#modules = modules;
    this.#connected = connected;
  }

  override tell(handler: SocketHandler): () => void {
    this.#untell = super.tell(handler);
    return this.#untell;
  }

  startTls(tls: ClientTls, handler: Accept): Promise<Socket> {
    const { serverName, ca, certificate, key, protocols, signal } = tls;
    const modules = this.#modules;
    const plain = this.socket;
    this.#untell?.();
    // What breaks it is told by the one that speaks TLS over it.
    plain.on("error", () => {});
    const failure = (error: NodeJS.ErrnoException) =>
      networkError(error, error.code, { hostname: serverName, port: this.#connected.port }, "TLS");
    return new Promise((resolve, reject) => {
      let secured: NetSocket;
      try {
        signal?.throwIfAborted();
        secured = modules.tls.connect({
          socket: plain,
          host: serverName,
          // An address is not told to the server: RFC 6066 section 3.
          ...(modules.net.isIP(serverName) === 0 && { servername: serverName }),
          ...(ca !== undefined && { ca: ca as string | string[] }),
          ...(certificate !== undefined && { cert: certificate }),
          ...(key !== undefined && { key }),
          ...(protocols && { ALPNProtocols: [...protocols] }),
        });
      } catch (error) {
        plain.destroy();
        return reject(signal?.aborted ? signal.reason : failure(error as Error));
      }
      opening(secured, "secureConnect", signal, (error) => {
        if (error === undefined)
          resolve(bound(new SecurableSocket(secured, modules, this.#connected), handler));
        else reject(signal?.aborted ? signal.reason : failure(error));
        if (error) plain.destroy();
      });
    });
  }
}
