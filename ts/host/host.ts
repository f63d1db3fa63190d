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
   * @returns a function that cancels it; after it ran, calling that does nothing.
   */
  schedule(task: () => void, delay: number): () => void;

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

  /** Opens a stream connection. Rejects with an Error with a `code` such as ECONNREFUSED. */
  connect(options: ConnectOptions, handler: (socket: Socket) => SocketHandler): Promise<Socket>;
}

export interface ListenOptions {
  /** 0 takes any free port. */
  port: number;
  /** A name or address of this machine. */
  hostname: string;
}

export interface ConnectOptions {
  port: number;
  hostname: string;
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
