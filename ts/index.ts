/**
 * NANO's public face: `createRuntime` and what a runtime is made of. See docs/ for a guide; the rooms behind this
 * file are core (nano.wasm), runtime (the event loop), web (the standards' interfaces), server and host.
 */

import { defaultHost as engineHost } from "#host";
import {
  loadApps,
  loadCloning,
  loadFetching,
  loadInstalling,
  loadServer,
  loadSimulation,
  loadStaticFiles,
} from "#parts";
import { Core, type MemoryStatistics } from "./core/core.ts";
import { type CoreSource, compileCore, compileCoreSync } from "./core/load.ts";
import type { Clock, Host } from "./host/host.ts";
import type { MemoryHostOptions } from "./host/memory.ts";
import type { InstallOptions } from "./install.ts";
import { EventLoop } from "./runtime/loop.ts";
import type { VirtualClock, VirtualClockOptions } from "./runtime/virtual-clock.ts";
import type { App, AppSource, FetchHandler, LoadOptions } from "./server/app.ts";
import type { ServeOptions, Server } from "./server/server.ts";
import type { StaticFilesOptions } from "./server/static-files.ts";
import { createBase64 } from "./web/base64.ts";
import { createCrypto } from "./web/crypto/crypto.ts";
import type { Allow } from "./web/fetch/addresses.ts";
import type { Fetch, Fetcher } from "./web/fetch/fetch.ts";
import type { Digest } from "./web/fetch/integrity.ts";
import type { FetchOptions } from "./web/fetch/options.ts";
import type { ProxyOptions } from "./web/fetch/proxy.ts";
import type { Serializer } from "./web/serialize.ts";
import type { StructuredClone } from "./web/structured-clone.ts";

export type { MemoryStatistics } from "./core/core.ts";
export type { CoreSource } from "./core/load.ts";
export type * from "./host/host.ts";
export type { GlobalGroup, InstallOptions } from "./install.ts";
export type { VirtualClock } from "./runtime/virtual-clock.ts";
export type { App, AppContext, AppSource, FetchHandler, FetchInfo, LoadOptions } from "./server/app.ts";
export type {
  CloseOptions,
  CompressionOptions,
  LogFormat,
  LogRecord,
  LogTarget,
  ServeLimits,
  ServeOptions,
  Server,
} from "./server/server.ts";
export type { StaticFilesOptions } from "./server/static-files.ts";
export { Crypto } from "./web/crypto/crypto.ts";
export { CryptoKey } from "./web/crypto/key.ts";
export type { CryptoKeyPair } from "./web/crypto/registry.ts";
export { SubtleCrypto } from "./web/crypto/subtle.ts";
export type { SubtleCryptoSync } from "./web/crypto/subtle-sync.ts";
export type { Allow } from "./web/fetch/addresses.ts";
export type { Attempt, NetworkCause } from "./web/fetch/failure.ts";
export type { Fetch } from "./web/fetch/fetch.ts";
export type { State as FetchState } from "./web/fetch/operation.ts";
export type { FetchLimits, FetchOptions, FetchTimeouts, FetchTls } from "./web/fetch/options.ts";
export type { ProxyOptions } from "./web/fetch/proxy.ts";
export type { FetchInit } from "./web/fetch/request.ts";
export type {
  DeserializeOptions,
  HostObject,
  ReadLimits,
  SerializeOptions,
  Serializer,
} from "./web/serialize.ts";
export type { StructuredClone, StructuredSerializeOptions } from "./web/structured-clone.ts";

declare const NANO_VERSION: string;
export const version: string = NANO_VERSION;

/** The engine that this package was resolved for. Others are made of it: `{ ...defaultHost, network }`. */
export const defaultHost: Host = engineHost;

/**
 * For `fetch.allow`: public addresses alone, none of this machine, of a private network, or of any other block that the
 * IANA registries of special-purpose addresses call not globally reachable.
 */
export const publicAddressesOnly: Allow = (address, url) => loadFetching().publicAddressesOnly(address, url);

/** For `fetch.proxy`: what HTTP_PROXY, HTTPS_PROXY and NO_PROXY of an environment say, as curl reads them. */
export function proxiesFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyOptions {
  return loadFetching().proxiesFromEnvironment(env);
}

/** A host that lives in memory, for tests and playgrounds: see `MemoryHostOptions`. **Its random numbers are predictable.** */
export const memoryHost = ((options?: MemoryHostOptions) =>
  loadSimulation().memoryHost(options)) as typeof import("./host/memory.ts").memoryHost;

/** A clock that stands still until it is told to move: see `VirtualClock`. */
export function virtualClock(options?: VirtualClockOptions): VirtualClock {
  return loadSimulation().virtualClock(options);
}

export interface RuntimeOptions {
  /** The engine to stand on; by default the one this package was resolved for. */
  host?: Host;
  /** The core; by default the packaged nano.wasm. */
  wasm?: CoreSource | Promise<CoreSource>;
  /** The clock that timers and `performance` go by; by default the host's. See `virtualClock`. */
  clock?: Clock;
  /** What `fetch` may do, how long it may take, and which way it goes: see `FetchOptions`. */
  fetch?: FetchOptions;
  /**
   * Told of every exception that nobody caught. By default, one of a timer or microtask is reported in the host's way
   * (in Node, an uncaught exception of the process), and one of an app is printed, since its server goes on.
   */
  onError?: (error: unknown) => void;
}

export interface SyncRuntimeOptions extends RuntimeOptions {
  wasm?: WebAssembly.Module | BufferSource;
}

/** The packaged core, compiled once a process for each way of loading it, which hosts may share. */
const packagedCores = new WeakMap<Host["loadCore"], WebAssembly.Module>();

/**
 * Makes a runtime.
 *
 * @throws TypeError when the core cannot be had or is of another version; WebAssembly.CompileError when it is none.
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const host = options.host ?? defaultHost;
  if (options.wasm !== undefined) return new Runtime(host, await compileCore(options.wasm), options);
  let module = packagedCores.get(host.loadCore);
  if (!module) {
    module = await compileCore(await host.loadCore());
    packagedCores.set(host.loadCore, module);
  }
  return new Runtime(host, module, options);
}

/**
 * Makes a runtime at once, where the engine can read and compile the core synchronously. Node, Deno and Bun can;
 * a browser's main thread cannot compile a module of this size from bytes, but takes a WebAssembly.Module.
 */
export function createRuntimeSync(options: SyncRuntimeOptions = {}): Runtime {
  const host = options.host ?? defaultHost;
  if (options.wasm !== undefined) return new Runtime(host, compileCoreSync(options.wasm), options);
  let module = packagedCores.get(host.loadCore);
  if (!module) {
    const source = host.loadCore();
    if (source instanceof Promise) {
      throw new TypeError(
        `host "${host.name}" cannot load the core synchronously; use createRuntime, or pass wasm`,
      );
    }
    module = compileCoreSync(source);
    packagedCores.set(host.loadCore, module);
  }
  return new Runtime(host, module, options);
}

/** One runtime: a core of its own, an event loop of its own, and the standards' interfaces over both. */
export class Runtime {
  /** `crypto`, as the Web Cryptography API has it. */
  readonly crypto: import("./web/crypto/crypto.ts").Crypto;
  /** The same operations, answered at once instead of by a promise. */
  readonly subtleSync: import("./web/crypto/subtle-sync.ts").SubtleCryptoSync;
  readonly performance: EventLoop["performance"];
  readonly setTimeout: EventLoop["setTimeout"];
  readonly setInterval: EventLoop["setInterval"];
  readonly clearTimeout: EventLoop["clearTimeout"];
  readonly clearInterval: EventLoop["clearInterval"];
  readonly queueMicrotask: EventLoop["queueMicrotask"];
  readonly atob: (data: string) => string;
  readonly btoa: (data: string) => string;

  /** Made when they are asked for. */
  #cloners: (Serializer & { structuredClone: StructuredClone }) | undefined;
  #fetcher: Fetcher | undefined;
  readonly #fetchOptions: FetchOptions | undefined;
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #core: Core;
  readonly #loop: EventLoop;
  /** Those that listen, or are about to. */
  readonly #servers = new Set<Promise<Server>>();
  /** What takes back the globals that are installed. */
  readonly #uninstalls = new Set<() => void>();
  #closed: Promise<void> | undefined;
  readonly #appDefaults: Pick<RuntimeOptions, "onError">;

  /** For `createRuntime` and `createRuntimeSync`. */
  constructor(host: Host, module: WebAssembly.Module, options: RuntimeOptions) {
    this.#host = host;
    this.#core = new Core(module);
    this.#clock = options.clock ?? host.clock;
    const loop = new EventLoop(this.#clock, options.onError ?? host.reportError);
    this.#loop = loop;
    this.#appDefaults = options.onError ? { onError: options.onError } : {};
    const { crypto, subtleSync } = createCrypto(this.#core, loop, host.fillRandom);
    this.crypto = crypto;
    this.subtleSync = subtleSync;
    this.performance = loop.performance;
    this.setTimeout = loop.setTimeout;
    this.setInterval = loop.setInterval;
    this.clearTimeout = loop.clearTimeout;
    this.clearInterval = loop.clearInterval;
    this.queueMicrotask = loop.queueMicrotask;
    const { atob, btoa } = createBase64(this.#core);
    this.atob = atob;
    this.btoa = btoa;
    this.#fetchOptions = options.fetch;
    // Who gives options is told at once when they cannot be.
    if (options.fetch) this.#requireFetcher();
  }

  /** A deep copy, as HTML has it: https://html.spec.whatwg.org/multipage/structured-data.html#dom-structuredclone */
  get structuredClone(): StructuredClone {
    return this.#requireCloners().structuredClone;
  }

  /** A value as bytes, in the format of V8 and `node:v8`: see `Serializer`, for this and what follows. */
  get serialize(): Serializer["serialize"] {
    return this.#requireCloners().serialize;
  }

  get serializeChunks(): Serializer["serializeChunks"] {
    return this.#requireCloners().serializeChunks;
  }

  get serializedSize(): Serializer["serializedSize"] {
    return this.#requireCloners().serializedSize;
  }

  get deserialize(): Serializer["deserialize"] {
    return this.#requireCloners().deserialize;
  }

  get deserializeChunks(): Serializer["deserializeChunks"] {
    return this.#requireCloners().deserializeChunks;
  }

  /**
   * fetch, as https://fetch.spec.whatwg.org/ has it, over the host's sockets. Returns its promise at once; rejects with
   * TypeError when the network fails, TimeoutError when a deadline has passed, the signal's reason when it is aborted.
   */
  get fetch(): Fetch {
    return this.#requireFetcher().fetch;
  }

  /** Makes an app of a module, its URL, or its source text. */
  async load(source: AppSource, options: LoadOptions = {}): Promise<App> {
    const { loadApp } = await loadApps();
    return loadApp(this.#loop, source, { ...this.#appDefaults, ...options });
  }

  /** Serves an app over HTTP/1.1 on the host's sockets. Resolves when it listens. */
  async serve(options: ServeOptions): Promise<Server> {
    // Loaded when it is asked for: who only computes digests starts sooner.
    const { startServer } = await loadServer();
    this.#requireOpen("serve");
    const listening = (server: Promise<Server>) => {
      this.#servers.add(server);
      const gone = () => this.#servers.delete(server);
      server.then(({ closed }) => closed).then(gone, gone);
    };
    const runtime = { core: this.#core, loop: this.#loop, host: this.#host, listening };
    const server = await startServer(runtime, { ...this.#appDefaults, ...options });
    if (this.#closed) await server.close({ timeout: 0 });
    this.#requireOpen("serve");
    return server;
  }

  /**
   * Files of a folder as an app, or for an app to hand requests on to.
   *
   * @param folder a path, as the engine writes paths; or a file: URL.
   * @throws TypeError for a host that reads no files, and for a prefix that is none.
   */
  async staticFiles(folder: string | URL, options: StaticFilesOptions = {}): Promise<FetchHandler> {
    const { serveFiles } = await loadStaticFiles();
    return serveFiles(this.#host, folder, options);
  }

  /**
   * Makes this runtime's functions the globals of an object: `crypto` and its interfaces, timers and `queueMicrotask` (on
   * Node `fetch` as well), `atob` and `btoa`, `structuredClone`; or the groups that `only` names.
   *
   * @returns what brings back the globals that were there before, as `close` does too.
   * @throws TypeError for a property that cannot be replaced; DOMException InvalidStateError where another runtime is
   *   installed, or after `close`. Nothing has changed then.
   */
  install(target: object = globalThis, options: InstallOptions = {}): () => void {
    this.#core.requireOpen();
    const uninstall = loadInstalling().install(this, this.#loop, target, options);
    this.#uninstalls.add(uninstall);
    return () => {
      uninstall();
      this.#uninstalls.delete(uninstall);
    };
  }

  /** Resolves when nothing is left to do: no timer, no server, no request, no fetch, no promise given to `waitUntil`. */
  idle(): Promise<void> {
    return this.#loop.idle();
  }

  /** What the core's memory is doing. */
  memory(): MemoryStatistics {
    return this.#core.statistics();
  }

  /**
   * Ends the runtime: drains its servers, for as long as `Server.close` says, cancels its timers, wipes and frees its
   * memory, keys included, and takes back the globals that it installed. What is called afterwards fails with
   * InvalidStateError. Closing twice is the same as once.
   */
  close(options: { timeout?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(options).catch((error: unknown) => {
      this.#closed = undefined; // A timeout that is no number: nothing was closed.
      throw error;
    });
    return this.#closed;
  }

  #requireCloners() {
    if (!this.#cloners) {
      const { createSerializer, createStructuredClone } = loadCloning();
      const { introspection } = this.#host;
      const structuredClone = createStructuredClone(this.#core, introspection);
      this.#cloners = { structuredClone, ...createSerializer(introspection) };
    }
    return this.#cloners;
  }

  #requireFetcher(): Fetcher {
    if (!this.#fetcher) {
      const digest: Digest = (algorithm, data) => this.subtleSync.digest(algorithm, data);
      const runtime = { core: this.#core, loop: this.#loop, host: this.#host, clock: this.#clock, digest };
      this.#fetcher = loadFetching().createFetcher(runtime, this.#fetchOptions);
    }
    return this.#fetcher;
  }

  #requireOpen(method: string): void {
    if (this.#closed) throw new DOMException(`${method}: this runtime is closed`, "InvalidStateError");
  }

  async #close(options: { timeout?: number }): Promise<void> {
    // Others may come to listen meanwhile. Those that cannot are nothing to close.
    const closeServer = (server: Promise<Server>) =>
      server.then(
        (server) => server.close(options),
        () => {},
      );
    while (this.#servers.size > 0) await Promise.all([...this.#servers].map(closeServer));
    this.#fetcher?.close();
    this.#loop.close();
    this.#core.close();
    for (const uninstall of this.#uninstalls) uninstall();
  }
}
