/** Deno: https://docs.deno.com/api/deno/ */
import type { ConnectOptions, Host, Listener, ListenOptions, Network } from "./host.ts";
import { introspection, type Util } from "./introspection.ts";
import { networkError } from "./network-error.ts";
import { pullSocket } from "./pull-socket.ts";
import { fillRandom, reportError, webClock } from "./web.ts";

/** What of Deno's namespace is used here. */
declare const Deno: {
  listen(options: ListenOptions): DenoListener;
  connect(options: ConnectOptions): Promise<DenoConn>;
};

interface DenoListener {
  readonly addr: { hostname: string; port: number };
  accept(): Promise<DenoConn>;
  close(): void;
}

interface DenoConn {
  readonly remoteAddr: { hostname: string };
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay(): void;
}

/** Bound by build.ts, with `import source`, which TypeScript does not know yet; unlike a file, it needs no permission. */
declare const packagedCore: WebAssembly.Module;

/** Node's, which Deno has too. */
declare const process: { getBuiltinModule(name: string): unknown };

const { setImmediate } = globalThis;

/** Read at first; once as much came at a time, the larger one. */
const SMALL_READ_BYTES = 8 * 1024;
const LARGE_READ_BYTES = 64 * 1024;

/** After an error of `accept`, which file descriptors running out may be, before it is called again. */
const ACCEPT_RETRY_MS = 50;

const network: Network = {
  async listen(options, accept): Promise<Listener> {
    let listener: DenoListener;
    try {
      listener = Deno.listen(options);
    } catch (error) {
      throw networkError(error as Error, (error as { code?: string }).code, options, "listen");
    }
    let closed = false;
    const acceptAll = async () => {
      while (!closed) {
        try {
          pullSocket(streamOf(await listener.accept()), accept);
        } catch {
          // A listener that was closed, or a single connection that could not be had: the others go on.
          if (!closed) await new Promise<void>((resolve) => clock.schedule(resolve, ACCEPT_RETRY_MS));
        }
      }
    };
    const accepting = acceptAll();
    return {
      port: listener.addr.port,
      hostname: options.hostname || listener.addr.hostname,
      async close() {
        if (!closed) listener.close();
        closed = true;
        // Deno lets go of the port once the pending `accept` is gone, a turn after its rejection.
        await accepting;
        await new Promise<void>((resolve) => clock.postTask(resolve));
      },
    };
  },

  async connect(options, handler) {
    let conn: DenoConn;
    try {
      conn = await Deno.connect(options);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      // The only errors without a code are those of the resolver.
      const unknown = message.includes("lookup") ? "ENOTFOUND" : undefined;
      throw networkError(error as Error, code ?? unknown, options, "connect");
    }
    return pullSocket(streamOf(conn), handler);
  },
};

function streamOf(conn: DenoConn) {
  conn.setNoDelay();
  let buffer = new Uint8Array(SMALL_READ_BYTES);
  return {
    remoteAddress: conn.remoteAddr.hostname,
    async read() {
      const length = await conn.read(buffer);
      if (length === null) return null;
      const bytes = buffer.subarray(0, length);
      if (length === SMALL_READ_BYTES && length === buffer.length) buffer = new Uint8Array(LARGE_READ_BYTES);
      return bytes;
    },
    async write(bytes: Uint8Array) {
      for (let at = 0; at < bytes.length; ) at += await conn.write(bytes.subarray(at));
    },
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

// Half the time of a MessageChannel, and a thousandth of setTimeout's.
const clock = webClock((task) => void setImmediate(task));

export const defaultHost: Host = {
  name: "deno",
  clock,
  network,
  loadCore: () => packagedCore,
  fillRandom,
  reportError,
  introspection: introspection(() => process.getBuiltinModule("util") as Util),
};
