/**
 * What a call of `fetch` asks for: the Request constructor (https://fetch.spec.whatwg.org/#dom-request), without the
 * Request. A URL, headers and a body are looked at once, here; nothing that cannot be sent gets any further.
 *
 * What is different on a server, where no origin protects anybody: `mode`, `credentials`, `cache`, `referrer` and
 * `keepalive` change nothing; headers such as Cookie and Origin are the caller's; Host is, when it is in `init.headers`.
 * What belongs to the connection (Connection, Transfer-Encoding, Upgrade, ...) is left out, as the standard leaves out
 * forbidden headers, so that a request that came in can be handed on; but `connection: close` in `init.headers` is heeded.
 */
import { isObject } from "../webidl.ts";
import type { State } from "./operation.ts";
import { type FetchTimeouts, resolveTimeouts } from "./options.ts";
import {
  type BodySource,
  extractBody,
  needsDuplex,
  type RequestBody,
  requestBody,
  streamBody,
} from "./request-body.ts";
import type { ParsedURLs } from "./url.ts";
import { trimmed } from "./whitespace.ts";

/** As RequestInit, and what NANO adds. */
export interface FetchInit extends Omit<RequestInit, "body"> {
  /** Async iterables of bytes, too, with `duplex: "half"` as for streams. */
  body?: BodySource | null;
  duplex?: "half";
  /** Deadlines of this fetch alone, over those of the runtime; a number sets `total`. */
  timeout?: number | Partial<FetchTimeouts>;
  /** Told of each state as it begins; what it throws is reported. See operation.ts for what they are. */
  onState?: (state: State) => void;
}

export type Redirect = "follow" | "error" | "manual";

export interface FetchRequest {
  readonly method: string;
  /** With its fragment, which stays here. It is not changed by anybody. */
  readonly url: URL;
  /** Names in lower case; values as they are sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: RequestBody | null;
  readonly redirect: Redirect;
  /** Whether the connection may be used again afterwards. */
  readonly keepAlive: boolean;
  readonly signal: AbortSignal | null;
  readonly integrity: string;
  readonly timeouts: FetchTimeouts;
  readonly onState: ((state: State) => void) | null;
}

/**
 * https://fetch.spec.whatwg.org/#dom-request
 *
 * @returns a promise only where the body of a Request has to be looked at.
 * @throws TypeError for what cannot be sent; RangeError for a deadline out of its range.
 */
export function createRequest(
  input: unknown,
  init: FetchInit | undefined,
  timeouts: FetchTimeouts,
  urls: ParsedURLs,
): FetchRequest | Promise<FetchRequest> {
  const given = isRequest(input) ? input : null;
  const text = given ? given.url : input instanceof URL ? input.href : `${input as string}`;
  const url = urls.parse(text);
  if (url === null) throw new TypeError(`fetch: ${JSON.stringify(text.slice(0, 200))} is no absolute URL`);
  if (url.username !== "" || url.password !== "")
    throw new TypeError("fetch: the URL holds credentials; send them in the header Authorization");
  if (init === undefined && given === null) {
    return {
      ...{ method: "GET", url, headers: NO_HEADERS, body: null, redirect: "follow" },
      ...{ keepAlive: true, signal: null, integrity: "", timeouts, onState: null },
    };
  }
  return fromInit(url, given, init ?? {}, timeouts);
}

/** Of a fetch of which nothing is said but the URL. */
export const NO_HEADERS: FetchRequest["headers"] = [];

function fromInit(
  url: URL,
  given: Request | null,
  init: FetchInit,
  timeouts: FetchTimeouts,
): FetchRequest | Promise<FetchRequest> {
  if (!isObject(init)) throw new TypeError("fetch: argument 2 (init) is not an object");
  const method = methodOf(init.method === undefined ? (given?.method ?? "GET") : init.method);
  const headers: [string, string][] = [];
  let length: number | null = null;
  let keepAlive = true;
  const add = (name: string, value: string, inherited: boolean) => {
    if (name === "content-length") length = contentLengthOf(value);
    else if (name === "connection" && !inherited) keepAlive &&= !CLOSE.test(value);
    else if (!OF_THE_CONNECTION.has(name) && !(inherited && name === "host")) headers.push([name, value]);
  };
  const inherited = init.headers === undefined;
  for (const [name, value] of headerPairs(init.headers ?? given?.headers)) {
    add(fieldName(name), fieldValue(name, value), inherited);
  }
  const redirect = init.redirect ?? given?.redirect ?? "follow";
  if (!REDIRECTS.has(redirect)) throw new TypeError(`fetch: init.redirect: ${String(redirect)} is no mode`);
  const signal = init.signal === undefined ? (given?.signal ?? null) : init.signal;
  if (signal !== null && !isSignal(signal)) throw new TypeError("fetch: init.signal is no AbortSignal");
  const onState = init.onState ?? null;
  if (onState !== null && typeof onState !== "function")
    throw new TypeError("fetch: init.onState is not a function");
  const integrity = String(init.integrity ?? given?.integrity ?? "");

  const request = (body: RequestBody | null): FetchRequest => {
    if (body?.type && !headers.some(([name]) => name === "content-type")) {
      headers.push(["content-type", body.type]);
    }
    return {
      ...{ method, url, headers, body, redirect, keepAlive, signal, integrity, onState },
      timeouts: resolveTimeouts("fetch: init.timeout", init.timeout, timeouts),
    };
  };
  const source = init.body;
  if (source === undefined || source === null) {
    // `body: null` takes away the body of a Request.
    if (!given || source === null) return request(null);
    if (given.bodyUsed) throw new TypeError("fetch: the body of the Request has been used already");
    const body = given.body as ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;
    if (body === undefined) return bodyInOnePiece(given).then(request);
    if (!body) return request(null);
    requireBodied(method);
    if (body.locked) throw new TypeError("fetch: the body of the Request is being read by somebody else");
    return requestBody(body, length).then(request);
  }
  requireBodied(method);
  if (needsDuplex(source)) {
    if (init.duplex !== "half")
      throw new TypeError('fetch: a body that is a stream needs init.duplex: "half"');
    const body = extractBody(source);
    return request(source instanceof ReadableStream ? streamBody(source, length) : { ...body, length });
  }
  return request(extractBody(source));
}

/** Firefox (https://bugzilla.mozilla.org/show_bug.cgi?id=1387483) shows no stream of a Request's body. */
async function bodyInOnePiece(given: Request): Promise<RequestBody | null> {
  const bytes = new Uint8Array(await given.arrayBuffer());
  return bytes.length > 0 ? extractBody(bytes) : null;
}

function requireBodied(method: string): void {
  if (method === "GET" || method === "HEAD") throw new TypeError(`fetch: ${method} has no body`);
}

const REDIRECTS = new Set(["follow", "error", "manual"]);

/** Of this realm, or of another one's, or of a library that looks alike. */
function isRequest(input: unknown): input is Request {
  if (typeof input !== "object" || input === null || input instanceof URL) return false;
  return (
    input instanceof Request ||
    (Object.prototype.toString.call(input) === "[object Request]" && "url" in input)
  );
}

function isSignal(signal: object): signal is AbortSignal {
  return "aborted" in signal && "addEventListener" in signal;
}

/** https://fetch.spec.whatwg.org/#concept-method-normalize and #forbidden-method */
function methodOf(given: string): string {
  const method = String(given);
  if (!TOKEN.test(method)) throw new TypeError("fetch: init.method is no token");
  const upper = method.toUpperCase();
  if (upper === "CONNECT" || upper === "TRACE" || upper === "TRACK")
    throw new TypeError(`fetch: ${upper} is a method that cannot be fetched with`);
  return NORMALIZED.has(upper) ? upper : method;
}

const NORMALIZED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 section 5.5, and nothing above U+00FF, which would be cut down to who knows what. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** RFC 9110 section 7.6.1, and what says how a message is framed. */
const OF_THE_CONNECTION = new Set([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"],
  ...["expect", "http2-settings"],
]);

/** RFC 9112 section 9.6: the option, in the list that Connection is. */
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** https://fetch.spec.whatwg.org/#typedefdef-headersinit */
function headerPairs(given: unknown): Iterable<readonly [string, string]> {
  if (given === undefined || given === null) return [];
  if (!isObject(given)) throw new TypeError("fetch: init.headers is not an object");
  if (!(Symbol.iterator in given)) return Object.entries(given);
  return pairsOf(given as Iterable<unknown>);
}

function* pairsOf(given: Iterable<unknown>): Generator<readonly [string, string]> {
  for (const pair of given) {
    const [name, value, ...rest] =
      isObject(pair) && Symbol.iterator in pair ? (pair as Iterable<string>) : [];
    if (name === undefined || value === undefined || rest.length > 0)
      throw new TypeError("fetch: init.headers holds something that is no pair of name and value");
    yield [name, value];
  }
}

function fieldName(given: string): string {
  const name = `${given}`;
  if (!TOKEN.test(name))
    throw new TypeError(`fetch: ${JSON.stringify(name.slice(0, 100))} is no header name`);
  return name.toLowerCase();
}

/** https://fetch.spec.whatwg.org/#concept-header-value-normalize */
function fieldValue(name: string, given: unknown): string {
  const value = trimmed(`${given as string}`, "\t\n\r ");
  if (FIELD_VALUE.test(value)) return value;
  throw new TypeError(`fetch: header ${name} holds a character that cannot be sent`);
}

/** @throws TypeError for what is no number of bytes. */
function contentLengthOf(value: string): number {
  const length = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(length)) return length;
  throw new TypeError(`fetch: Content-Length ${JSON.stringify(value)} is no number of bytes`);
}
