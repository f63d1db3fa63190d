/** Deno: https://docs.deno.com/api/deno/ */
import type { Host, Listener, Network } from "./host.ts";
import { introspection, type Util } from "./introspection.ts";
import { networkError } from "./network-error.ts";
import { nodeCodings } from "./node-codings.ts";
import { nodeFiles } from "./node-files.ts";
import { networkModules, nodeNetwork } from "./node-network.ts";
import { type PullStream, pullSocket } from "./pull-socket.ts";
import { fillRandom, reportError, webClock } from "./web.ts";

/** What of Deno's namespace is used here. */
declare const Deno: {
  unrefTimer(id: number): void;
  listen(options: DenoListenOptions): DenoListener;
  listenTls(options: DenoListenOptions & { cert: string; key: string }): DenoListener;
  connect(options: { hostname: string; port: number; signal?: AbortSignal }): Promise<DenoConn>;
};

interface DenoListenOptions {
  hostname: string;
  port: number;
  reusePort?: true;
}

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
  /** Absent with TLS. */
  setNoDelay?(): void;
  /** Absent with TLS. */
  unref?(): void;
  ref?(): void;
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

const builtin = (name: string) => process.getBuiltinModule(name);
const { resolve, connect: connectByNode } = nodeNetwork(networkModules(builtin));

const network: Network = {
  async listen(options, accept): Promise<Listener> {
    const { hostname, port, tls, reusePort } = options;
    const address: DenoListenOptions = { hostname, port, ...(reusePort && { reusePort }) };
    let listener: DenoListener;
    try {
      listener = tls
        ? Deno.listenTls({ ...address, cert: tls.certificate, key: tls.key })
        : Deno.listen(address);
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
    // Deno's own would begin TLS on a connection only while nobody reads from it, and without a client's certificate.
    if (options.startTls) return connectByNode(options, handler);
    const { hostname, port, signal } = options;
    signal?.throwIfAborted();
    let conn: DenoConn;
    try {
      conn = await Deno.connect({ hostname, port, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      const { code, message } = error as Error & { code?: string };
      // The only errors without a code are those of the resolver.
      const unknown = message.includes("lookup") ? "ENOTFOUND" : undefined;
      throw networkError(error as Error, code ?? unknown, options, "connect");
    }
    if (signal?.aborted) conn.close();
    signal?.throwIfAborted();
    return pullSocket(streamOf(conn), handler);
  },

  resolve,
};

function streamOf(conn: DenoConn): PullStream {
  conn.setNoDelay?.();
  let buffer = new Uint8Array(SMALL_READ_BYTES);
  const stream: PullStream = {
    remoteAddress: conn.remoteAddr.hostname,
    read(came, broken) {
      conn.read(buffer).then((length) => {
        if (length === null) return came(null);
        const bytes = buffer.subarray(0, length);
        if (length === SMALL_READ_BYTES && length === buffer.length)
          buffer = new Uint8Array(LARGE_READ_BYTES);
        came(bytes);
      }, broken);
    },
    write(bytes, sent, broken) {
      conn.write(bytes).then((length) => {
        if (length === bytes.length) sent();
        else stream.write(bytes.subarray(length), sent, broken);
      }, broken);
    },
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
    unref: () => conn.unref?.(),
    ref: () => conn.ref?.(),
  };
  return stream;
}

// Half the time of a MessageChannel, and a thousandth of setTimeout's.
const clock = webClock(
  (task) => void setImmediate(task),
  (timer) => Deno.unrefTimer(Number(timer)),
);

export const defaultHost: Host = {
  name: "deno",
  clock,
  network,
  loadCore: () => packagedCore,
  fillRandom,
  reportError,
  timersAreObjects: true,
  codings: nodeCodings(builtin, true),
  files: nodeFiles(builtin),
  introspection: introspection(() => process.getBuiltinModule("util") as Util),
};
