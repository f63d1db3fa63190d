/**
 * Which proxy a URL goes through. There is no standard for this; what is here is what the environment variables
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY mean to curl: a proxy a scheme, and a list of hosts that are reached directly.
 *
 * The runtime itself looks at no environment: `proxiesFromEnvironment` makes an option of it, for the command and
 * whoever wants the same.
 */
import { parseAddress } from "./addresses.ts";
import { percentDecode } from "./data-url.ts";
import { hostnameOf, parseURL, portOf } from "./url.ts";

export interface ProxyOptions {
  /** For URLs of scheme http: `http://user:password@host:port`. */
  http?: string | URL | undefined;
  /** For URLs of scheme https, which go through it in a tunnel (CONNECT). */
  https?: string | URL | undefined;
  /**
   * Who is reached directly: hosts with or without a port, each with all of its subdomains; addresses; `*` for everybody.
   * A list, or names with commas in between.
   */
  no?: readonly string[] | string | undefined;
}

export interface ProxyServer {
  /** Whether the proxy itself is talked to by TLS. */
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The value of Proxy-Authorization; null without credentials. */
  readonly authorization: string | null;
}

/** The proxies of an environment, as `FetchOptions.proxy` takes them. HTTP_PROXY in capitals is for nobody who runs CGI. */
export function proxiesFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyOptions {
  const inCgi = env.REQUEST_METHOD !== undefined;
  const all = env.all_proxy || env.ALL_PROXY || undefined;
  return {
    http: env.http_proxy || (inCgi ? undefined : env.HTTP_PROXY) || all,
    https: env.https_proxy || env.HTTPS_PROXY || all,
    no: env.no_proxy || env.NO_PROXY || undefined,
  };
}

export class Proxies {
  readonly #http: ProxyServer | null;
  readonly #https: ProxyServer | null;
  readonly #direct: readonly string[];

  /** @throws TypeError for what is no URL of an HTTP proxy. */
  constructor(given: string | URL | ProxyOptions | undefined) {
    const options: ProxyOptions =
      given === undefined || typeof given === "string" || given instanceof URL
        ? { http: given, https: given }
        : given;
    this.#http = parseProxy(options.http);
    this.#https = parseProxy(options.https);
    const direct = typeof options.no === "string" ? options.no.split(",") : (options.no ?? []);
    this.#direct = direct
      .map((entry) =>
        entry
          .trim()
          .toLowerCase()
          .replace(/^\*?\./, ""),
      )
      .filter(Boolean);
  }

  get none(): boolean {
    return this.#http === null && this.#https === null;
  }

  /** The proxy for a URL, or null for a direct connection. */
  for(url: URL): ProxyServer | null {
    const proxy = url.protocol === "https:" ? this.#https : this.#http;
    if (proxy === null) return null;
    const [hostname, port] = [hostnameOf(url), String(portOf(url))];
    const direct = this.#direct.some((entry) => entry === "*" || covers(entry, hostname, port));
    return direct ? null : proxy;
  }
}

/** An entry of NO_PROXY: the host itself, or one above it; with a port, that port alone. */
function covers(entry: string, hostname: string, port: string): boolean {
  const [, name, only] = /^\[?([^[\]]*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  // An IPv6 address without brackets has colons, too, and no port.
  const [host, wanted] =
    entry.split(":").length > 2 && !entry.startsWith("[") ? [entry, undefined] : [name, only];
  if (wanted !== undefined && wanted !== port) return false;
  return hostname === host || (parseAddress(hostname) === null && hostname.endsWith(`.${host}`));
}

function parseProxy(given: string | URL | undefined): ProxyServer | null {
  if (given === undefined) return null;
  const text = String(given);
  // curl takes a proxy without a scheme for one of http.
  const whole = text.includes("://") ? text : `http://${text}`;
  const url = parseURL(whole);
  if (url === null) throw new TypeError("fetch.proxy is not a URL");
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:")
    throw new TypeError(`fetch.proxy: ${url.protocol} is no scheme of a proxy; http: and https: are`);
  const { username, password } = url;
  return {
    secure,
    hostname: hostnameOf(url),
    port: portOf(url),
    authorization: username || password ? `Basic ${base64(percentDecode(`${username}:${password}`))}` : null,
  };
}

/** RFC 7617 section 2.1: user and password are UTF-8, as a URL has them. */
function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
