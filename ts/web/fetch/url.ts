/** URLs as a connection needs them: https://url.spec.whatwg.org/. The parser is the engine's. */

/** Null for what is no absolute URL, or does not become one with `base`. */
export function parseURL(text: string, base?: URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/** More than these are not kept, and longer ones neither. */
const KEPT_URLS_MAX = 64;
const KEPT_CHARACTERS_MAX = 1024;

/** URLs that have been parsed lately: programs fetch the same again and again. What comes of one is not to be changed. */
export class ParsedURLs {
  readonly #urls = new Map<string, URL>();

  /** As `parseURL`. */
  parse(text: string): URL | null {
    const kept = this.#urls.get(text);
    if (kept) return kept;
    const url = parseURL(text);
    if (url === null || text.length > KEPT_CHARACTERS_MAX) return url;
    if (this.#urls.size === KEPT_URLS_MAX) this.#urls.clear();
    // Text may have been cut out of a whole page, which it would keep.
    this.#urls.set(text === url.href ? url.href : text, url);
    return url;
  }
}

/** The host without the brackets of an IPv6 address. */
export function hostnameOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

/** Path and query as they are sent: an empty query is one, too. For a URL without credentials. */
export function pathOf({ href, protocol }: URL): string {
  const start = href.indexOf("/", protocol.length + 2);
  const hash = href.indexOf("#", start);
  return href.slice(start, hash < 0 ? undefined : hash);
}

export function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/** https://fetch.spec.whatwg.org/#port-blocking: ports at which other protocols listen, which a request could be taken for. */
const BAD_PORTS = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103],
  ...[104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513],
  ...[514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720],
  ...[1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697],
  ...[10080],
]);

/** @throws TypeError for a URL that a request over HTTP may not go to. */
export function requireFetchable(url: URL): void {
  if (!isHttp(url)) throw new TypeError(`fetch: ${url.protocol} is no scheme that can be fetched`);
  if (url.port !== "" && BAD_PORTS.has(Number(url.port)))
    throw new TypeError(`fetch: port ${url.port} is blocked: another protocol's server listens there`);
}
