/**
 * Apps in the shape that Workers gave them: a module whose default export has `fetch(request, env, ctx)`, or is that
 * function itself. `loadApp` makes one of a module, of its URL or of its source text.
 */
import type { EventLoop } from "../runtime/loop.ts";

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
}

/** A handler; an object with one, as a module's default export; a module; a module's URL; or its source text. */
export type AppSource = FetchHandler | AppObject | { default: FetchHandler | AppObject } | URL | string;

export interface AppObject {
  fetch: FetchHandler;
}

export interface LoadOptions {
  /** What `fetch` gets as `env`; an empty object by default. */
  env?: unknown;
  /** Told of what the app throws where nobody can answer for it. By default it is printed with `console.error`. */
  onError?: (error: unknown) => void;
}

export interface App {
  /**
   * Answers a request.
   *
   * @throws what the app throws; TypeError when it answers with anything but a Response; DOMException
   * InvalidStateError after `close`.
   */
  fetch(request: Request, info?: { remoteAddress?: string }): Promise<Response>;

  /** Takes no more requests. Resolves when those under way and what was given to `waitUntil` are done. */
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
  if (typeof source === "string") found = await import(sourceTextUrl(source));
  else if (source instanceof URL) found = await import(source.href);
  return new LoadedApp(loop, fetchFunctionOf(found), options);
}

/** An app, ready to be called. The server calls it by `call`, everybody else by `fetch`. */
export class LoadedApp implements App {
  readonly #loop: EventLoop;
  readonly #fetch: FetchHandler;
  readonly #env: unknown;
  readonly #onError: (error: unknown) => void;
  #running = 0;
  #closed: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(loop: EventLoop, handler: FetchHandler, { env = {}, onError = logError }: LoadOptions) {
    this.#loop = loop;
    this.#fetch = handler;
    this.#env = env;
    this.#onError = onError;
  }

  async fetch(request: Request, { remoteAddress = "" } = {}): Promise<Response> {
    if (this.#closed) throw new DOMException("this app is closed", "InvalidStateError");
    const done = this.begin();
    try {
      const response = await this.call(request, remoteAddress);
      if (!isResponse(response)) throw notAResponse(response);
      return response;
    } finally {
      done();
    }
  }

  /** The handler's own answer, unchecked; throws what it throws. */
  call(request: Request, remoteAddress: string): unknown {
    return this.#fetch(request, this.#env, new Context(this, remoteAddress));
  }

  /** Counts one piece of the app's work, for the loop and for `close`; returns what ends it. */
  begin(): () => void {
    const release = this.#loop.hold();
    this.#running++;
    return () => {
      release();
      this.#running--;
      if (this.#running === 0) this.#closed?.resolve();
    };
  }

  report(error: unknown): void {
    const onError = this.#onError;
    onError(error);
  }

  close(): Promise<void> {
    if (!this.#closed) {
      let resolve!: () => void;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closed = { promise, resolve };
      if (this.#running === 0) resolve();
    }
    return this.#closed.promise;
  }
}

class Context implements AppContext {
  readonly remoteAddress: string;
  readonly #app: LoadedApp;

  constructor(app: LoadedApp, remoteAddress: string) {
    this.#app = app;
    this.remoteAddress = remoteAddress;
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    const app = this.#app;
    const done = app.begin();
    Promise.resolve(promise).then(done, (error) => {
      app.report(errorFrom("waitUntil", error));
      done();
    });
  }
}

/** By brand rather than by class alone: an app may bring a Response of another realm, or its own. */
export function isResponse(value: unknown): value is Response {
  return value instanceof Response || Object.prototype.toString.call(value) === "[object Response]";
}

export function notAResponse(value: unknown): TypeError {
  return new TypeError(`fetch answered with ${describe(value)}, which is no Response`);
}

/** What happened, and while doing what: the thing thrown is the cause. */
export function errorFrom(doing: string, cause: unknown): Error {
  return new Error(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/** One line for what happened, then the stack of what was thrown. */
export function logError(error: unknown): void {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  console.error(`nanort: ${message}`, ...(cause instanceof Error ? [`\n${cause.stack}`] : []));
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

/** A module of its own for each call: engines keep modules by URL, and two apps of one text must not share state. */
function sourceTextUrl(source: string): string {
  sourceTexts++;
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(`${source}\n//# sourceURL=app-${sourceTexts}.js`)}`;
}
