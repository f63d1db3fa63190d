/**
 * workerd, Cloudflare's engine: https://developers.cloudflare.com/workers/runtime-apis/
 *
 * It compiles no WebAssembly at run time, so the core is imported as a module. A program does not listen: workerd does,
 * and calls the `fetch` that it exports, which may be that of an app of `load`. Timers and sockets belong to the request
 * in which they were made, and end with it.
 */

import type { ConnectOptions, Host, Network } from "./host.ts";
import coreModule from "./nano.wasm";
import { networkError } from "./network-error.ts";
import { pullSocket } from "./pull-socket.ts";
import { fillRandom, reportError, webClock } from "./web.ts";

/** https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/ */
interface Sockets {
  connect(address: ConnectOptions, options: { allowHalfOpen: boolean }): WorkerdSocket;
}

interface WorkerdSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  close(): Promise<void>;
}

const { setTimeout } = globalThis;

const network: Network = {
  async listen() {
    throw new TypeError(
      'host "workerd" cannot listen: export a fetch that hands on to an app of load(), with { env, waitUntil }, or serve on memoryHost()',
    );
  },

  async connect(options, handler) {
    // @ts-expect-error: only workerd has this module.
    const { connect } = (await import("cloudflare:sockets")) as Sockets;
    const socket = connect(options, { allowHalfOpen: true });
    try {
      await socket.opened;
    } catch (error) {
      throw networkError(error as Error, "ECONNREFUSED", options, "connect");
    }
    return pullSocket(streamOf(socket), handler);
  },
};

function streamOf(socket: WorkerdSocket) {
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  return {
    remoteAddress: "",
    async read() {
      const { value, done } = await reader.read();
      return done ? null : value;
    },
    write: (bytes: Uint8Array) => writer.write(bytes),
    closeWrite: () => writer.close(),
    close() {
      socket.close().catch(() => undefined);
    },
  };
}

export const defaultHost: Host = {
  name: "workerd",
  // Here timers are not clamped, and other ways of posting a task hang on the compatibility date.
  clock: webClock((task) => void setTimeout(task, 0)),
  network,
  loadCore: () => coreModule as WebAssembly.Module,
  fillRandom,
  reportError,
};
