/**
 * Node's half of the network: stream sockets by node:net (https://nodejs.org/api/net.html).
 *
 * Node's sockets are half-open here (`allowHalfOpen`), since each side of a connection ends by itself in the
 * contract; and without Nagle's delay, since whoever writes has put together what belongs together.
 */
import { type AddressInfo, createServer, type Socket as NetSocket, connect as netConnect } from "node:net";
import type { ConnectOptions, Listener, ListenOptions, Network, Socket, SocketHandler } from "./host.ts";

export const network: Network = { listen, connect };

function listen(options: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      attach(socket, accept);
    });
    // Rejects while the port is being had. Afterwards it is a single connection that could not be accepted, as when
    // file descriptors run out: its peer is told by the system, and the others go on.
    server.on("error", (error) => reject(explained(error, options, "listen")));
    server.listen({ port: options.port, host: options.hostname }, () => {
      const { port, address } = server.address() as AddressInfo;
      const close = () => new Promise<void>((closed) => server.close(() => closed()));
      resolve({ port, hostname: options.hostname || address, close: onceOnly(close) });
    });
  });
}

function connect(options: ConnectOptions, handler: (socket: Socket) => SocketHandler): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({
      port: options.port,
      host: options.hostname,
      allowHalfOpen: true,
      noDelay: true,
    });
    const refused = (error: Error) => reject(explained(error, options, "connect"));
    socket.once("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      resolve(attach(socket, handler));
    });
  });
}

/** Binds a socket and its handler to each other. */
function attach(socket: NetSocket, accept: (socket: Socket) => SocketHandler): Socket {
  const adapter = new NodeSocket(socket);
  const handler = accept(adapter);
  let broken: Error | undefined;
  socket.on("data", (bytes: Buffer) => handler.data(bytes));
  socket.on("end", () => handler.end());
  socket.on("drain", () => handler.drain());
  socket.on("error", (error) => {
    broken = error;
  });
  // Node emits it once, last, whatever came before.
  socket.on("close", () => handler.close(broken));
  return adapter;
}

class NodeSocket implements Socket {
  readonly remoteAddress: string;
  readonly #socket: NetSocket;

  constructor(socket: NetSocket) {
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress ?? "";
  }

  write(data: Uint8Array | string): boolean {
    // Writing to a socket that is gone changes nothing, and `close` says that it is; after `end` Node would object.
    if (!this.#socket.writable) return true;
    return typeof data === "string" ? this.#socket.write(data, "latin1") : this.#socket.write(data);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Node's error codes, as sentences for people. The error keeps its code and gains Node's own as its cause. */
function explained(error: NodeJS.ErrnoException, { hostname, port }: ListenOptions, verb: string): Error {
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${hostname} is already in use`,
    EADDRNOTAVAIL: `${hostname} is not an address of this machine`,
    EACCES: `not allowed to ${verb === "listen" ? "listen on" : "connect to"} port ${port} of ${hostname}`,
    ENOTFOUND: `no address is known for ${hostname}`,
    EAI_AGAIN: `no address is known for ${hostname} at the moment`,
    ECONNREFUSED: `nobody listens on port ${port} of ${hostname}`,
    ECONNRESET: `${hostname} dropped the connection to port ${port}`,
    ETIMEDOUT: `${hostname} did not answer on port ${port} in time`,
    EHOSTUNREACH: `${hostname} cannot be reached from here`,
    ENETUNREACH: `${hostname} cannot be reached from here`,
  };
  const code = error.code ?? "";
  const message = sentences[code] ?? `${verb} ${hostname}:${port}: ${error.message}`;
  return Object.assign(new Error(message, { cause: error }), { code });
}

function onceOnly<T>(action: () => T): () => T {
  let result: { value: T } | undefined;
  return () => {
    result ??= { value: action() };
    return result.value;
  };
}
