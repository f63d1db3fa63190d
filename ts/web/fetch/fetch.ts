/**
 * fetch: https://fetch.spec.whatwg.org/, as far as it means anything outside a browser, over the host's sockets.
 *
 *     request.ts         what a call asks for: URL, method, headers, body; nothing else gets any further
 *     operation.ts       one fetch as a state machine, with its deadlines
 *     pool.ts, dial.ts   connections: kept, queued for, made
 *     response-body.ts, decoding.ts, response.ts    what comes back
 *     redirects.ts, proxy.ts, addresses.ts, options.ts    the rules
 *
 * A part of its own, loaded when `fetch` is first asked for. Where the host has no sockets, its own fetch does the work
 * (host-fetch.ts).
 */
import type { Core } from "../../core/core.ts";
import type { Clock, Host } from "../../host/host.ts";
import type { EventLoop } from "../../runtime/loop.ts";
import { engineGlobal } from "../engine-globals.ts";
import { parseDataUrl } from "./data-url.ts";
import { Deadlines, SeparateDeadlines } from "./deadlines.ts";
import { decodable } from "./decoding.ts";
import { hostFetch } from "./host-fetch.ts";
import { type Digest, requireIntegrity } from "./integrity.ts";
import { Operation, type OperationContext } from "./operation.ts";
import { type FetchOptions, resolveOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { createRequest, type FetchInit, type FetchRequest } from "./request.ts";
import { giveUp } from "./request-body.ts";
import { localResponse } from "./response.ts";
import { ParsedURLs, requireFetchable } from "./url.ts";

export { publicAddressesOnly } from "./addresses.ts";
export { proxiesFromEnvironment } from "./proxy.ts";

export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

/** What fetching stands on. */
export interface FetchRuntime {
  readonly core: Core;
  readonly loop: EventLoop;
  readonly host: Host;
  /** The loop's. */
  readonly clock: Clock;
  readonly digest: Digest;
}

export interface Fetcher {
  readonly fetch: Fetch;
  /** Fetches under way, and connections to all origins together. */
  statistics(): { fetches: number; active: number; idle: number };
  /** Aborts what is under way, and drops the connections that are kept. */
  close(): void;
}

const engineFetch = engineGlobal("fetch");

/** @throws TypeError or RangeError for options that cannot be. */
export function createFetcher(runtime: FetchRuntime, options: FetchOptions | undefined): Fetcher {
  const { core, loop, host, clock, digest } = runtime;
  const { network, tasksEndWithRequests = false } = host;
  const given = resolveOptions(options);
  // A runtime may be shared by requests: then no connection is kept, and none is waited for.
  const unshared = { idleTimeout: 0, maxConnectionsPerOrigin: Number.POSITIVE_INFINITY };
  const settings = tasksEndWithRequests ? { ...given, ...unshared } : given;
  if (!network) return hostFetch(loop, settings);
  const known = decodable(host);
  const urls = new ParsedURLs();
  const base = { core, loop, host, network, settings };
  const context: OperationContext = {
    ...base,
    pool: new Pool(base, clock),
    decodable: known,
    acceptEncoding: known.length > 0 ? known.join(", ") : null,
    plainHeads: new WeakMap(),
    deadlines: tasksEndWithRequests ? new SeparateDeadlines(clock) : new Deadlines(clock),
  };

  const start = (request: FetchRequest): Promise<Response> => {
    const { signal, body, url, integrity } = request;
    if (signal?.aborted) {
      giveUp(body, signal.reason);
      throw signal.reason;
    }
    if (url.protocol === "data:") return fromDataUrl(request);
    if (url.protocol === "blob:") return engineFetch(url, { ...(signal && { signal }) });
    requireFetchable(url);
    const { response } = new Operation(context, request);
    return integrity === "" ? response : response.then((whole) => requireIntegrity(digest, whole, integrity));
  };

  return {
    fetch(input, init) {
      try {
        core.requireOpen();
        const request = createRequest(input, init, settings.timeouts, urls);
        return request instanceof Promise ? request.then(start) : start(request);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    statistics: () => {
      const { active, idle } = context.pool.connections;
      return { fetches: context.deadlines.fetches.size, active, idle };
    },
    close() {
      const reason = new DOMException("fetch: the runtime was closed", "AbortError");
      for (const operation of [...context.deadlines.fetches]) operation.abort(reason);
      context.deadlines.close();
      context.pool.close();
    },
  };
}

/** https://fetch.spec.whatwg.org/#scheme-fetch */
async function fromDataUrl({ method, url }: FetchRequest): Promise<Response> {
  const { type, bytes } = parseDataUrl(url);
  return localResponse(method === "HEAD" ? null : bytes, type, { url, redirected: false });
}
