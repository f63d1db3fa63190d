/**
 * The contract between NANO and the engine it runs in. An adapter is a plain object of a page or two; everything
 * above it is the same on every engine. What an engine cannot do is absent, and the runtime says so by name.
 */

export interface Host {
  /** The engine, for people to read: "node", "memory". */
  readonly name: string;

  /** The engine's own clock. A runtime may be given another (`virtualClock`). */
  readonly clock: Clock;

  /** Raw sockets; absent where the engine has none (browsers). */
  readonly network?: Network;

  /** The packaged core: its bytes or, where run-time compilation is refused, its module. Called once a process. */
  loadCore(): BufferSource | WebAssembly.Module | Promise<BufferSource | WebAssembly.Module>;

  /** Fills all of `bytes`, of any length, from the engine's cryptographic random number generator. */
  fillRandom(bytes: Uint8Array): void;

  /** HTML's "report an exception": the engine's way of saying that nobody caught this. */
  reportError(error: unknown): void;

  /** Content codings; absent where the engine has none. */
  readonly codings?: Codings;

  /** Files to read; absent where the engine has none. */
  readonly files?: Files;

  /** The engine's timers are objects, with methods that its programs call. */
  readonly timersAreObjects?: boolean;

  /** Tasks and sockets belong to the request that a program answers, end with it, and are of no use to another. */
  readonly tasksEndWithRequests?: boolean;

  /** The engine's own fetch sets its timers by the globals, whoever they are. */
  readonly fetchStandsOnTimers?: boolean;

  /** What the engine can tell of objects; absent where it tells no more than the language does. */
  readonly introspection?: Introspection;
}

/**
 * What an engine can tell of an object beyond what the language can. None of it runs any code of the object's, a
 * proxy's traps included.
 */
export interface Introspection {
  readonly isProxy: (object: object) => boolean;

  /**
   * What an object's internal slots make of it, whatever its prototype has become; "other" for slots that cannot be
   * copied. Undefined for an ordinary object, a platform object, and slots that the engine has no test for.
   */
  readonly slotKind: (object: object) => SlotKind | undefined;

  /** Whether an array has elements and no other enumerable property, in a time that does not grow with its length. */
  readonly hasElementsOnly: (array: readonly unknown[]) => boolean;
}

export type SlotKind =
  | ("Boolean" | "Number" | "BigInt" | "String" | "Date" | "RegExp")
  | ("ArrayBuffer" | "SharedArrayBuffer" | "Map" | "Set" | "Error" | "other");

/** Those of RFC 9110 section 8.4.1 and of its registry that are in use; "deflate" is the zlib format. */
export type Coding = "gzip" | "deflate" | "br" | "zstd";

/**
 * For streams of bytes. With backpressure from end to end, but where the engine's own CompressionStream is all there is
 * (browsers, workerd). What is not well coded is an error at both ends; but a stream that is cut off ends well with zstd
 * on Node 22, Deno and Bun.
 */
export interface Codings {
  /**
   * Undefined where the engine has no such encoder.
   *
   * @param options with `flush`, each piece comes out when it has been written, at the cost of some bytes.
   */
  encoder(coding: Coding, options?: { flush?: boolean }): ByteTransform | undefined;
  /**
   * All of it at once, for less than a stream takes. Undefined where the engine has no such encoder, absent where it has none
   * of this kind.
   */
  encode?(coding: Coding, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> | undefined;
  /** Undefined where the engine has no such decoder. */
  decoder(coding: Coding): ByteTransform | undefined;
  /**
   * All of it at once, holding the engine up meanwhile: for what is small. Undefined where that would be more than
   * `bytesMax`, and where the engine has no such decoder, or none that looks for the end; absent where it has none of this
   * kind.
   *
   * @throws where the bytes are not well coded, or not all there.
   */
  decode?(coding: Coding, bytes: Uint8Array, bytesMax: number): Uint8Array<ArrayBuffer> | undefined;
}

/** For `pipeThrough`. */
export interface ByteTransform {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

export interface Files {
  /**
   * Opens what lies below a folder, to be read; or the folder itself, without names. Null when there is no such thing, or
   * when it lies elsewhere once links have been followed. Rejects when it may not be opened, and when there is no such
   * folder.
   *
   * @param root a path, as the engine writes paths; or a file: URL.
   * @param names of folders and of what is in the last of them, each a plain name, neither "." nor "..".
   */
  open(root: string | URL, names: readonly string[]): Promise<OpenFile | null>;
}

/** To be closed once. */
export interface OpenFile {
  /** What follows is of files only. */
  readonly kind: "file" | "folder" | "other";
  /** Its length, when it was opened. */
  readonly bytes: number;
  /** Unix time in milliseconds at which it was last changed. */
  readonly modified: number;
  /** Another when it was changed: ASCII letters, digits and hyphens. */
  readonly version: string;
  /** Reads from byte `at` on; resolves with how many bytes there were, 0 at the end. */
  read(into: Uint8Array, at: number): Promise<number>;
  close(): Promise<void>;
}

/** Time, and tasks in time. */
export interface Clock {
  /** Unix time in milliseconds at which `now()` was zero (High Resolution Time, "time origin"). */
  readonly timeOrigin: number;

  /** Milliseconds since `timeOrigin`, monotonic, with a fraction. */
  now(): number;

  /**
   * Runs `task` in a task of its own (microtasks are drained before and after it), not before `delay` milliseconds
   * have passed. Tasks that are due at the same time run in the order in which they were scheduled.
   *
   * @param background keeps no process alive, where an engine's process ends when nothing is left to do.
   * @returns a function that cancels it; after it ran, calling that does nothing.
   */
  schedule(task: () => void, delay: number, background?: boolean): () => void;

  /**
   * Runs `task` in a task of its own, as soon as the engine comes to it; tasks posted run in the order of posting.
   * This takes none of the clock's time: a virtual clock stands still, moved by nobody, until the task has run. So
   * long work that goes on in slices, or bytes that travel in memory, need no time to pass.
   */
  postTask(task: () => void): void;
}

export interface Network {
  /**
   * Listens for stream connections.
   *
   * @throws when the address cannot be had: an Error with a `code` such as EADDRINUSE and a readable message.
   */
  listen(options: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener>;

  /**
   * Opens a stream connection. Rejects with an Error with a `code` such as ECONNREFUSED; or, when it is given up, with
   * the signal's reason, and without having called `handler`.
   */
  connect(options: ConnectOptions, handler: (socket: Socket) => SocketHandler): Promise<Socket>;

  /**
   * All addresses of a name, in the order in which the engine's resolver would try them; an address is its own. Rejects
   * with an Error with a `code` such as ENOTFOUND. Absent where the engine resolves names by itself as it connects.
   */
  resolve?(hostname: string): Promise<Address[]>;
}

export interface Address {
  /** As text, such as "192.0.2.1" or "2001:db8::1", without brackets. */
  address: string;
  family: 4 | 6;
}

export interface ListenOptions {
  /** 0 takes any free port. */
  port: number;
  /** A name or address of this machine. */
  hostname: string;
  /**
   * What is accepted speaks TLS. A connection is accepted when it is open, before the handshake: what is written waits
   * for that, and a handshake that fails closes it. In memory, where nothing is secret, this changes nothing.
   */
  tls?: ServerTls;
  /**
   * Other listeners that ask for it, of other processes too, may have the same port; the system deals connections out.
   * Linux has that, with Node from 22.12 on, Bun, and Deno under --unstable-net; elsewhere the second listener fails.
   */
  reusePort?: boolean;
}

/** Whom clients are to take this server for. */
export interface ServerTls {
  /** The server's certificate, and those between it and a root that clients trust, in PEM. */
  certificate: string;
  /** Its private key, in PEM, not encrypted. */
  key: string;
}

export interface ConnectOptions {
  port: number;
  /** A name, or an address without brackets. */
  hostname: string;
  /** The socket is to have `startTls`. */
  startTls?: boolean;
  /** Gives the attempt up. */
  signal?: AbortSignal;
}

/** Whom a client takes the server for, and what it says of itself. */
export interface ClientTls {
  /** The name or address that the server's certificate must be for. A name is told to the server, too (SNI). */
  serverName: string;
  /** Certificates of authorities to trust, in PEM; by default the engine's. Deno trusts its own beside them. */
  ca?: string | readonly string[];
  /** The client's own certificate, with those between it and its root, in PEM; and its private key. */
  certificate?: string;
  key?: string;
  /** What is to be spoken (ALPN, RFC 7301), such as "http/1.1", the dearest first; by default nothing is said. */
  protocols?: readonly string[];
  /** Gives the handshake up. */
  signal?: AbortSignal;
}

export interface Listener {
  readonly port: number;
  readonly hostname: string;
  /** Stops accepting; connections that are open stay so. Resolves when the port is free again. */
  close(): Promise<void>;
}

/** One end of a stream. Nothing here throws: what goes wrong comes as `SocketHandler.close`. */
export interface Socket {
  /** The peer's address; empty where there is none. */
  readonly remoteAddress: string;

  /**
   * Queues bytes; the caller leaves them alone afterwards. A string is ISO-8859-1, a byte a code unit.
   *
   * @returns false when much is queued: wait for `SocketHandler.drain` before writing more.
   */
  write(data: Uint8Array | string): boolean;

  /** Stops `SocketHandler.data` until `resume`; what is on its way may still arrive. */
  pause(): void;
  resume(): void;

  /** Sends what is queued, then says that nothing more will come. `SocketHandler.drain` tells when that is done. */
  end(): void;

  /** Drops the connection and what is queued; after `end` and its `drain`, all that was written still arrives. */
  destroy(): void;

  /**
   * Lets the process end although the connection is open, or keeps it alive again; at first a connection does. Absent
   * where nothing of the kind is to be decided.
   */
  unref?(): void;
  ref?(): void;

  /**
   * Begins TLS, as its client. From here on this socket and its handler are done with: the connection is that of the
   * socket which this resolves with. Nothing may be queued, nor come, between the call and what led to it: call it right
   * after `connect`, or within `data`.
   *
   * Rejects, and the connection is gone: with an Error with a `code` such as CERT_HAS_EXPIRED and a readable message;
   * or with the signal's reason. `handler` has not been called then.
   *
   * Present if `connect` was asked for it, and the engine has it.
   */
  startTls?(tls: ClientTls, handler: (socket: Socket) => SocketHandler): Promise<Socket>;
}

/** What a socket tells. `close` comes exactly once, last. */
export interface SocketHandler {
  /** Bytes arrived. They are the host's: valid until this returns, so copy what you keep. */
  data(bytes: Uint8Array): void;
  /** The peer will send nothing more. */
  end(): void;
  /**
   * What was queued is mostly sent: there is room again where `write` had answered false. After `end`, called once for
   * all of it: the last byte and the end are handed to the system, unless the connection is gone before.
   */
  drain(): void;
  /** The connection is gone, both ways; with an error when it broke. */
  close(error?: Error): void;
}
