/**
 * Apps in the shape that Workers gave them: a module whose default export has `fetch(request, env, ctx)`, or is that
 * function itself. `loadApp` makes one of a module, of its URL or of its source text.
 */
import type { EventLoop } from "../runtime/loop.ts";
import { engineMicrotask } from "../runtime/microtask.ts";
import { EngineResponse } from "../web/messages/engine-class.ts";

/** Answers a request. `this` is the object that the app exports. */
export type FetchHandler = (
  request: Request,
  // biome-ignore lint/suspicious/noExplicitAny: an app gives its own environment whatever type it has.
  env: any,
  ctx: AppContext,
) => Response | PromiseLike<Response>;

export interface AppContext {
  /** Keeps the runtime busy (`idle()` waits) until `promise` settles, after the response too. A rejection is reported. */
  waitUntil(promise: PromiseLike<unknown>): void;
  /** The client's address as text, such as "127.0.0.1" or "::1"; empty where there is none. */
  readonly remoteAddress: string;
  /**
   * Aborted when the server begins to close while this request is being answered: time to end what would go on for long.
   * Without a server, when the app is closed meanwhile.
   */
  readonly closing: AbortSignal;
}

/** A handler; an object with one, as a module's default export; a module; a module's URL; or its source text. */
export type AppSource = FetchHandler | AppObject | { default: FetchHandler | AppObject } | URL | string;

export interface AppObject {
  fetch: FetchHandler;
}

export interface LoadOptions {
  /** What reports of its errors begin with; by default nothing. */
  name?: string;
  /** What `fetch` gets as `env`; an empty object by default. */
  env?: unknown;
  /**
   * Told of what the app throws where nobody can answer for it. By default it is printed with `console.error`. What it
   * throws itself goes to the runtime's own.
   */
  onError?: (error: unknown) => void;
}

/** What an engine knows of a request beside it. */
export interface FetchInfo {
  /** The client's address as text; by default empty: there is none. */
  remoteAddress?: string;
  /** In place of the `env` that the app was loaded with: workerd brings its own with each request. */
  env?: unknown;
  /**
   * Told of each promise given to `ctx.waitUntil`, as one that never rejects. Engines that end a request's work with its
   * response (workerd, service workers) are told by a function of that name to wait.
   */
  waitUntil?: (promise: Promise<void>) => void;
}

export interface App {
  /**
   * Answers a request.
   *
   * @throws what the app throws; TypeError when it answers with anything but a Response; DOMException
   * InvalidStateError after `close`.
   */
  fetch(request: Request, info?: FetchInfo): Promise<Response>;

  /**
   * Takes no more requests: servers answer 503. Resolves when its handlers have answered those under way, and what was
   * given to `waitUntil` is done.
   */
  close(): Promise<void>;
}

/**
 * Makes an app.
 *
 * @throws TypeError when the source has no fetch function; what importing it throws.
 */
export async function loadApp(
  loop: EventLoop,
  source: AppSource,
  options: LoadOptions = {},
): Promise<LoadedApp> {
  let found: unknown = source;
  if (typeof source === "string") found = await importSourceText(source);
  else if (source instanceof URL) found = await import(source.href);
  return new LoadedApp(loop, fetchFunctionOf(found), options);
}

/** Whoever hands a request on to an app, as the app's handler sees it by `ctx`. */
export interface Caller {
  readonly remoteAddress: string;
  /** Made when it is asked for. */
  readonly closing: AbortSignal;
}

/** An app, as a connection sees it. */
export interface ServedApp {
  /** It takes no more requests. */
  readonly closed: boolean;
  /** The handler's own answer, unchecked; throws what it throws. */
  call(request: Request, caller: Caller): unknown;
  /** Tells whoever runs it. Neither throws. */
  report(error: unknown): void;
  /** With what it was doing, and its name. */
  reportFrom(doing: string, cause: unknown): void;
}

/** An app, ready to be called. The server calls it by `call`, between `begin` and `end`; everybody else by `fetch`. */
export class LoadedApp implements App, ServedApp {
  readonly #name: string;
  readonly #loop: EventLoop;
  readonly #fetch: FetchHandler;
  readonly #env: unknown;
  readonly #onError: (error: unknown) => void;
  #running = 0;
  /** Who waits for an answer of `fetch`. */
  readonly #callers = new Set<DirectCaller>();
  #closed: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(loop: EventLoop, handler: FetchHandler, options: LoadOptions) {
    const { env = {}, onError = logError, name = "" } = options;
    this.#name = name;
    this.#loop = loop;
    this.#fetch = handler;
    this.#env = env;
    this.#onError = onError;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  async fetch(request: Request, info: FetchInfo = {}): Promise<Response> {
    if (this.#closed) throw new DOMException("this app is closed", "InvalidStateError");
    const { remoteAddress = "", env = this.#env, waitUntil } = info;
    const caller = new DirectCaller(remoteAddress);
    this.#callers.add(caller);
    return this.#during(async () => {
      const response = await this.#fetch(request, env, new Context(this, caller, waitUntil));
      if (!isResponse(response)) throw notAResponse(response);
      return response;
    }).finally(() => this.#callers.delete(caller));
  }

  call(request: Request, caller: Caller): unknown {
    return this.#fetch(request, this.#env, new Context(this, caller));
  }

  /** Counts one piece of the app's work, which `close` waits for. */
  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    if (this.#running === 0) this.#closed?.resolve();
  }

  report(error: unknown): void {
    const onError = this.#onError;
    try {
      onError(error);
    } catch (thrown) {
      // By itself, since what comes of that is not for whoever reports here.
      engineMicrotask(() => this.#loop.reportError(thrown));
    }
  }

  reportFrom(doing: string, cause: unknown): void {
    this.report(errorFrom(this.#name === "" ? doing : `${this.#name}: ${doing}`, cause));
  }

  /** Keeps the loop busy and `close` waiting until `promise` settles; a rejection is reported. Never rejects. */
  waitUntil(promise: PromiseLike<unknown>): Promise<void> {
    return this.#during(async () => {
      try {
        await promise;
      } catch (error) {
        this.reportFrom("waitUntil", error);
      }
    });
  }

  close(): Promise<void> {
    if (!this.#closed) {
      let resolve!: () => void;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closed = { promise, resolve };
      for (const caller of this.#callers) caller.retire();
      if (this.#running === 0) resolve();
    }
    return this.#closed.promise;
  }

  #during<Result>(work: () => Promise<Result>): Promise<Result> {
    const release = this.#loop.hold();
    this.begin();
    return work().finally(() => {
      release();
      this.end();
    });
  }
}

/**
 * Who calls `fetch`, without a server: then it is the app that closes. Its signal is its own, since what listens to one of
 * the app's would be kept as long as that, and since workerd keeps what belongs to one request from others.
 */
class DirectCaller implements Caller {
  readonly remoteAddress: string;
  #closing: AbortController | undefined;
  #retired = false;

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
  }

  get closing(): AbortSignal {
    if (!this.#closing) {
      this.#closing = new AbortController();
      if (this.#retired) this.#closing.abort(appCloses());
    }
    return this.#closing.signal;
  }

  /** The app begins to close. */
  retire(): void {
    this.#retired = true;
    this.#closing?.abort(appCloses());
  }
}

class Context implements AppContext {
  readonly remoteAddress: string;
  readonly #app: LoadedApp;
  readonly #caller: Caller;
  readonly #waitUntil: FetchInfo["waitUntil"];

  constructor(app: LoadedApp, caller: Caller, waitUntil?: FetchInfo["waitUntil"]) {
    this.#app = app;
    this.#caller = caller;
    this.remoteAddress = caller.remoteAddress;
    this.#waitUntil = waitUntil;
  }

  get closing(): AbortSignal {
    return this.#caller.closing;
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    const settled = this.#app.waitUntil(promise);
    const waitUntil = this.#waitUntil;
    waitUntil?.(settled);
  }
}

const appCloses = () => new DOMException("the app is about to close", "AbortError");

/** By brand rather than by class alone: an app may bring a Response of another realm, or its own. */
export function isResponse(value: unknown): value is Response {
  return value instanceof EngineResponse || Object.prototype.toString.call(value) === "[object Response]";
}

export function notAResponse(value: unknown): TypeError {
  return new TypeError(`fetch answered with ${describe(value)}, which is no Response`);
}

/** What happened, and while doing what: the thing thrown is the cause. */
export function errorFrom(doing: string, cause: unknown): Error {
  return new Error(`${doing}: ${textOf(cause)}`, { cause });
}

/** For people to read. Anything can be thrown, even what throws when it is looked at. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return `${typeof thrown === "function" ? "a function" : "an object"} that cannot be made a string`;
  }
}

/** One line for what happened, then the stack of what was thrown. */
export function logError(error: unknown): void {
  const cause = error instanceof Error ? error.cause : undefined;
  const stack = cause instanceof Error ? `\n${cause.stack}` : "";
  // One argument: of several, the first would be a format, and this one holds what clients and apps wrote.
  console.error(`nanort: ${textOf(error)}${stack}`);
}

/** The function to call, bound to the object that has it. `default` is what an ES module exports without a name. */
function fetchFunctionOf(found: unknown): FetchHandler {
  const exported = hasProperty(found, "fetch")
    ? found
    : hasProperty(found, "default")
      ? found.default
      : found;
  if (typeof exported === "function" && !hasProperty(exported, "fetch")) return exported as FetchHandler;
  if (hasProperty(exported, "fetch") && typeof exported.fetch === "function") {
    return exported.fetch.bind(exported) as FetchHandler;
  }
  const where = hasProperty(found, "default") ? "the module's default export" : "the app";
  throw new TypeError(
    `${where} is ${describe(exported)}: it must be a function (request, env, ctx), or have one named fetch`,
  );
}

function hasProperty<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return ((typeof value === "object" && value !== null) || typeof value === "function") && name in value;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return Object.prototype.toString.call(value);
}

let sourceTexts = 0;

/** @throws what the text throws; TypeError where the engine imports no text at all (workerd, service workers). */
async function importSourceText(source: string): Promise<unknown> {
  try {
    return await import(sourceTextUrl(source));
  } catch (error) {
    const importsNone = await import(sourceTextUrl("")).then(
      () => false,
      () => true,
    );
    if (!importsNone) throw error;
    const message = "this engine imports no source text: give load a module, or an object with fetch";
    throw new TypeError(message, { cause: error });
  }
}

/** A module of its own for each call: engines keep modules by URL, and two apps of one text must not share state. */
function sourceTextUrl(source: string): string {
  sourceTexts++;
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(`${source}\n//# sourceURL=app-${sourceTexts}.js`)}`;
}
