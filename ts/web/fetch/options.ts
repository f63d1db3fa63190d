/**
 * What whoever embeds the runtime decides about `fetch`, once, in `createRuntime({ fetch })`. Every row has a name, a
 * default and a range, and a value outside of it is refused when the runtime is made. Times are milliseconds of the
 * runtime's clock; Infinity lifts whatever is timed or counted, but what the core keeps in memory.
 */
import type { ClientTls } from "../../host/host.ts";
import { isObject } from "../webidl.ts";
import type { Allow } from "./addresses.ts";
import { Proxies, type ProxyOptions } from "./proxy.ts";

export interface FetchOptions {
  /** The deadlines of each fetch; a number sets `total`. */
  timeout?: number | Partial<FetchTimeouts>;
  /** How many redirects are followed, 20 by default: one more is an error. */
  maxRedirects?: number;
  /** Connections to one origin at once, 256 by default: further fetches wait for their turn, first come, first served. */
  maxConnectionsPerOrigin?: number;
  /** How long a connection without work is kept, 4 seconds by default, or less where the server says so. */
  idleTimeout?: number;
  /** What a server may take; see `FetchLimits`. */
  limits?: Partial<FetchLimits>;
  /** Asked for each address before a connection to it is used: see `Allow`. By default all are allowed. */
  allow?: Allow;
  /** The proxy to go through, for all URLs or by their scheme; by default none. */
  proxy?: string | URL | ProxyOptions;
  /** How servers are trusted, and what this client shows them. */
  tls?: FetchTls;
}

export type FetchTls = Pick<ClientTls, "ca" | "certificate" | "key">;

export interface FetchTimeouts {
  /** From the beginning of name resolution until the connection is there, TLS and proxy included: 10 s by default. */
  connect: number;
  /** From the last byte of the request to the last byte of the response's head: by default as long as `total`. */
  head: number;
  /** Without a byte of the body, one way or the other, while somebody waits for it: by default as long as `total`. */
  bodyIdle: number;
  /** From the call to the last byte of the response, redirects and all: 30 s by default. */
  total: number;
}

export interface FetchLimits {
  /** From the first byte of a response to the empty line that ends its head. */
  headBytes: number;
  /** Header lines of a response. */
  headerCount: number;
  /** What a body may grow to when its Content-Encoding is undone. */
  decodedBytes: number;
  /** How many times its size a body may grow by that, beyond the first MiB. */
  decodedRatio: number;
}

/** `FetchOptions`, checked and whole. */
export interface FetchSettings {
  readonly timeouts: FetchTimeouts;
  readonly maxRedirects: number;
  readonly maxConnectionsPerOrigin: number;
  readonly idleTimeout: number;
  readonly limits: FetchLimits;
  readonly allow: Allow | null;
  readonly proxies: Proxies;
  readonly tls: FetchTls;
}

const DEFAULT_TOTAL = 30_000;
const DEFAULT_CONNECT = 10_000;

const DEFAULT_LIMITS: Readonly<FetchLimits> = {
  headBytes: 64 * 1024,
  headerCount: 1000,
  decodedBytes: 1024 ** 3,
  decodedRatio: 200,
};

/** What the core counts in 32 bits and keeps in memory. */
const HELD_IN_CORE_MAX = 2 ** 24;

/** The longest time that a timer can be set for. */
const TIMEOUT_MAX = 2 ** 31 - 1;

const OPTIONS: readonly (keyof FetchOptions)[] = [
  ...(["timeout", "maxRedirects", "maxConnectionsPerOrigin", "idleTimeout", "limits"] as const),
  ...(["allow", "proxy", "tls"] as const),
];
const TIMEOUTS: readonly (keyof FetchTimeouts)[] = ["connect", "head", "bodyIdle", "total"];

/** @throws TypeError for an unknown name or a value of the wrong kind, RangeError for one out of its range. */
export function resolveOptions(given: FetchOptions = {}): FetchSettings {
  requireNames("fetch", given, OPTIONS);
  const { allow = null, proxy, tls = {} } = given;
  if (allow !== null && typeof allow !== "function") throw new TypeError("fetch.allow is not a function");
  requireNames("fetch.tls", tls, ["ca", "certificate", "key"]);
  return {
    timeouts: resolveTimeouts("fetch.timeout", given.timeout),
    maxRedirects: count("fetch.maxRedirects", given.maxRedirects ?? 20, 0),
    maxConnectionsPerOrigin: count("fetch.maxConnectionsPerOrigin", given.maxConnectionsPerOrigin ?? 256, 1),
    idleTimeout: milliseconds("fetch.idleTimeout", given.idleTimeout ?? 4_000),
    limits: resolveLimits(given.limits),
    allow,
    proxies: new Proxies(proxy),
    tls,
  };
}

/**
 * Deadlines as somebody gave them, over others.
 *
 * @throws as `resolveOptions`.
 */
export function resolveTimeouts(
  where: string,
  given: number | Partial<FetchTimeouts> | undefined,
  defaults?: FetchTimeouts,
): FetchTimeouts {
  if (given === undefined && defaults) return defaults;
  const named: Partial<FetchTimeouts> = typeof given === "number" ? { total: given } : (given ?? {});
  requireNames(where, named, TIMEOUTS);
  const total = milliseconds(`${where}.total`, named.total ?? defaults?.total ?? DEFAULT_TOTAL);
  const least = total === Number.POSITIVE_INFINITY ? DEFAULT_TOTAL : total;
  const time = (name: keyof FetchTimeouts, otherwise: number) =>
    milliseconds(`${where}.${name}`, named[name] ?? otherwise);
  return {
    connect: time("connect", defaults?.connect ?? DEFAULT_CONNECT),
    head: time("head", least),
    bodyIdle: time("bodyIdle", least),
    total,
  };
}

function resolveLimits(given: Partial<FetchLimits> = {}): FetchLimits {
  requireNames("fetch.limits", given, Object.keys(DEFAULT_LIMITS));
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const name of ["headBytes", "headerCount"] as const) {
    requireInteger(`fetch.limits.${name}`, limits[name], 1, HELD_IN_CORE_MAX, "");
  }
  for (const name of ["decodedBytes", "decodedRatio"] as const)
    count(`fetch.limits.${name}`, limits[name], 1);
  return limits;
}

function requireNames(where: string, given: unknown, names: readonly string[]): void {
  if (!isObject(given)) throw new TypeError(`${where} is not an object`);
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      throw new TypeError(`${where}.${name}: no such option; there are ${names.join(", ")}`);
  }
}

const count = (where: string, value: number, least: number): number =>
  value === Number.POSITIVE_INFINITY
    ? value
    : requireInteger(where, value, least, Number.MAX_SAFE_INTEGER, ", or Infinity");

const milliseconds = (where: string, value: number): number =>
  value === Number.POSITIVE_INFINITY ? value : requireInteger(where, value, 1, TIMEOUT_MAX, ", or Infinity");

function requireInteger(where: string, value: number, least: number, most: number, or: string): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${where}: ${String(value)} is not an integer from ${least} to ${most}${or}`);
}
