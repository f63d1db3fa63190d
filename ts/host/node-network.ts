/**
 * Node's half of the network: stream sockets by node:net (https://nodejs.org/api/net.html).
 *
 * Node's sockets are half-open here (`allowHalfOpen`), since each side of a connection ends by itself in the
 * contract; and without Nagle's delay, since whoever writes has put together what belongs together.
 */
import { type AddressInfo, createServer, type Socket as NetSocket, connect as netConnect } from "node:net";
import type { ConnectOptions, Listener, ListenOptions, Network, Socket, SocketHandler } from "./host.ts";
import { networkError } from "./network-error.ts";

export const network: Network = { listen, connect };

function listen(options: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      attach(socket, accept);
    });
    // Rejects while the port is being had. Afterwards it is a single connection that could not be accepted, as when
    // file descriptors run out: its peer is told by the system, and the others go on.
    server.on("error", (error: NodeJS.ErrnoException) =>
      reject(networkError(error, error.code, options, "listen")),
    );
    server.listen({ port: options.port, host: options.hostname }, () => {
      const { port, address } = server.address() as AddressInfo;
      // The port is free at once; what Node would call back for is that the connections are gone as well.
      const close = async () => void server.close();
      resolve({ port, hostname: options.hostname || address, close });
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
    const refused = (error: NodeJS.ErrnoException) =>
      reject(networkError(error, error.code, options, "connect"));
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
  socket.on("finish", () => handler.drain());
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
