/**
 * fetch where there are no sockets, in browsers: the engine's own, under the same options as far as a page can honour
 * them. The deadlines `head`, `bodyIdle` and `total` hold; `idle()` waits; `close()` aborts. What only a connection could
 * tell is left to the browser (the deadline `connect`, the pool, redirects, decoding and their limits), and what would
 * be wrong to ignore is refused: `allow`, `proxy` and `tls`.
 */
import type { EventLoop } from "../../runtime/loop.ts";
import { engineGlobal } from "../engine-globals.ts";
import { engineRequestOf } from "../messages/request.ts";
import { offAbort, onAbort } from "./abort-signals.ts";
import type { Fetcher } from "./fetch.ts";
import { type FetchSettings, type FetchTimeouts, resolveTimeouts } from "./options.ts";
import type { FetchInit } from "./request.ts";

const engineFetch = engineGlobal("fetch");

/** @throws TypeError for options that nobody could keep here. */
export function hostFetch(loop: EventLoop, settings: FetchSettings): Fetcher {
  const refused = [
    ...(settings.allow ? ["allow"] : []),
    ...(settings.proxies.none ? [] : ["proxy"]),
    ...(Object.keys(settings.tls).length > 0 ? ["tls"] : []),
  ];
  if (refused.length > 0)
    throw new TypeError(`fetch.${refused[0]}: this host has no sockets, and its own fetch cannot honour it`);
  const exchanges = new Set<Exchange>();
  return {
    async fetch(input, init = {}) {
      const timeouts = resolveTimeouts("fetch: init.timeout", init.timeout, settings.timeouts);
      return new Exchange(loop, exchanges, timeouts).run(input, init);
    },
    statistics: () => ({ fetches: exchanges.size, active: exchanges.size, idle: 0 }),
    close() {
      const reason = new DOMException("fetch: the runtime was closed", "AbortError");
      for (const exchange of [...exchanges]) exchange.abort(reason);
    },
  };
}

/** One fetch of the engine's. */
class Exchange {
  readonly #loop: EventLoop;
  readonly #exchanges: Set<Exchange>;
  readonly #timeouts: FetchTimeouts;
  readonly #abort = new AbortController();
  readonly #release: () => void;
  readonly #timers = new Map<keyof FetchTimeouts, number>();
  #signal: AbortSignal | null = null;
  /** Of the body, until it is over. */
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #state = "head";
  #receivedBytes = 0;

  constructor(loop: EventLoop, exchanges: Set<Exchange>, timeouts: FetchTimeouts) {
    this.#loop = loop;
    this.#exchanges = exchanges;
    this.#timeouts = timeouts;
    this.#release = loop.hold();
    exchanges.add(this);
    this.#setDeadline("total");
    this.#setDeadline("head");
  }

  async run(input: string | URL | Request, init: FetchInit): Promise<Response> {
    try {
      const { timeout: _, signal, ...rest } = init;
      this.#signal = signal ?? (input instanceof Request ? input.signal : null);
      if (this.#signal) onAbort(this.#signal, this.#aborted);
      if (this.#signal?.aborted) this.#aborted();
      const options = { ...rest, signal: this.#abort.signal } as RequestInit;
      const response = await engineFetch(engineRequestOf(input), options);
      this.#abort.signal.throwIfAborted();
      this.#clearDeadline("head");
      this.#state = "body";
      if (response.body) return this.#watched(response, response.body);
      this.#end();
      return response;
    } catch (error) {
      this.#end();
      throw this.#abort.signal.aborted ? this.#abort.signal.reason : error;
    }
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
    // Perhaps nobody reads, who would find out.
    this.#controller?.error(reason);
    this.#end();
  }

  readonly #aborted = (): void => this.abort(this.#signal!.reason);

  /** The same Response, whose body keeps the deadlines and says when it is over. */
  #watched(response: Response, body: ReadableStream<Uint8Array>): Response {
    const reader = body.getReader();
    const watched = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: async (controller) => {
          this.#setDeadline("bodyIdle");
          try {
            const { done, value } = await reader.read();
            this.#clearDeadline("bodyIdle");
            if (this.#controller === null) return;
            if (!done) {
              this.#receivedBytes += value.length;
              return controller.enqueue(value);
            }
            this.#end();
            controller.close();
          } catch (error) {
            this.#end();
            throw this.#abort.signal.aborted ? this.#abort.signal.reason : error;
          }
        },
        cancel: (reason) => {
          this.#end();
          return reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
    const { status, statusText, headers, url, redirected, type } = response;
    const copy = new Response(watched, { status, statusText, headers });
    return Object.defineProperties(copy, {
      url: { value: url },
      redirected: { value: redirected },
      type: { value: type },
    });
  }

  #end(): void {
    this.#controller = null;
    if (this.#signal) offAbort(this.#signal, this.#aborted);
    for (const timer of this.#timers.values()) this.#loop.clearTimeout(timer);
    this.#timers.clear();
    this.#exchanges.delete(this);
    this.#release();
  }

  #setDeadline(name: keyof FetchTimeouts): void {
    this.#clearDeadline(name);
    const milliseconds = this.#timeouts[name];
    if (milliseconds === Number.POSITIVE_INFINITY) return;
    const passed = () =>
      this.abort(
        new DOMException(
          `fetch: the deadline ${name} of ${milliseconds} ms passed in state ${this.#state}, ` +
            `after ${this.#receivedBytes} bytes of the response`,
          "TimeoutError",
        ),
      );
    this.#timers.set(name, this.#loop.setTimeout(passed, milliseconds));
  }

  #clearDeadline(name: keyof FetchTimeouts): void {
    this.#loop.clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
