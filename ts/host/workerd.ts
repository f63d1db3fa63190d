/**
 * workerd, Cloudflare's engine: https://developers.cloudflare.com/workers/runtime-apis/
 *
 * It compiles no WebAssembly at run time, so the core is imported as a module. A program does not listen: workerd does,
 * and calls the `fetch` that it exports, which may be that of an app of `load`. Timers and sockets belong to the request
 * in which they were made, and end with it.
 */

import { untilAborted } from "./giving-up.ts";
import type { ClientTls, ConnectOptions, Host, Network } from "./host.ts";
import coreModule from "./nano.wasm";
import { networkError } from "./network-error.ts";
import { type PullStream, pullSocket } from "./pull-socket.ts";
import { fillRandom, reportError, webClock } from "./web.ts";
import { webCodings } from "./web-codings.ts";

/** https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/ */
interface Sockets {
  connect(
    address: { hostname: string; port: number },
    options: { allowHalfOpen: boolean; secureTransport: "off" | "starttls" },
  ): WorkerdSocket;
}

interface WorkerdSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  close(): Promise<void>;
  startTls(options: { expectedServerHostname: string }): WorkerdSocket;
}

const { setTimeout } = globalThis;

const network: Network = {
  async listen() {
    throw new TypeError(
      'host "workerd" cannot listen: export a fetch that hands on to an app of load(), with { env, waitUntil }, or serve on memoryHost()',
    );
  },

  async connect(options, handler) {
    const { hostname, port, signal, startTls = false } = options;
    signal?.throwIfAborted();
    // @ts-expect-error: only workerd has this module.
    const { connect } = (await import("cloudflare:sockets")) as Sockets;
    const secureTransport = startTls ? "starttls" : "off";
    const socket = connect({ hostname, port }, { allowHalfOpen: true, secureTransport });
    const opening = socket.opened.catch((error) => {
      throw networkError(error, "ECONNREFUSED", options, "connect");
    });
    await untilAborted(signal, opening, () => close(socket));
    return pullSocket(streamOf(socket, startTls ? options : undefined), handler);
  },
};

/** @param connected if TLS may follow: to what. */
function streamOf(socket: WorkerdSocket, connected?: ConnectOptions): PullStream {
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  const stream: PullStream = {
    remoteAddress: "",
    read: (came, broken) => void reader.read().then(({ value, done }) => came(done ? null : value), broken),
    write: (bytes, sent, broken) => void writer.write(bytes).then(sent, broken),
    closeWrite: () => writer.close(),
    close: () => close(socket),
  };
  if (connected) {
    stream.startTls = (tls) => {
      reader.releaseLock();
      writer.releaseLock();
      return startTls(socket, tls, connected);
    };
  }
  return stream;
}

/** workerd trusts the authorities that its configuration names, tells of no certificate of the client's, and no protocol. */
async function startTls(
  socket: WorkerdSocket,
  tls: ClientTls,
  { port }: ConnectOptions,
): Promise<PullStream> {
  const { serverName } = tls;
  const unknown = (["ca", "certificate", "key"] as const).find((name) => tls[name] !== undefined);
  if (unknown) {
    close(socket);
    throw new TypeError(`host "workerd" takes no ${unknown}: its configuration says whom to trust`);
  }
  const secured = socket.startTls({ expectedServerHostname: serverName });
  try {
    await secured.opened;
  } catch (error) {
    throw networkError(error as Error, undefined, { hostname: serverName, port }, "TLS");
  }
  return streamOf(secured);
}

function close(socket: WorkerdSocket): void {
  socket.close().catch(() => undefined);
}

export const defaultHost: Host = {
  name: "workerd",
  // Here timers are not clamped, and other ways of posting a task hang on the compatibility date.
  clock: webClock((task) => void setTimeout(task, 0)),
  network,
  loadCore: () => coreModule as WebAssembly.Module,
  fillRandom,
  reportError,
  tasksEndWithRequests: true,
  codings: webCodings,
};
