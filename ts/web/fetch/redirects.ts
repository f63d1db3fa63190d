/**
 * Redirects: https://fetch.spec.whatwg.org/#http-redirect-fetch. What a response makes of the request that it answers.
 *
 *     status    method and body                                     a body that can be sent once only
 *     301, 302  POST becomes GET without a body                     an error
 *     303       all but GET and HEAD become GET without a body      dropped
 *     307, 308  stay                                                an error
 */
import type { FetchRequest } from "./request.ts";
import { parseURL, requireFetchable } from "./url.ts";

/** https://fetch.spec.whatwg.org/#redirect-status */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** https://fetch.spec.whatwg.org/#request-body-header-name: they describe a body that is not sent again. */
const BODY_HEADERS = new Set(["content-encoding", "content-language", "content-location", "content-type"]);

/** What is meant for one server is not told to another. The standard names the first; the others are no secret less. */
const CREDENTIAL_HEADERS = new Set(["authorization", "cookie", "proxy-authorization", "host"]);

/**
 * The request that follows.
 *
 * @throws TypeError when there is none: for a Location that is no URL to fetch or has credentials in it, or a body that
 * cannot be sent again.
 */
export function redirected(request: FetchRequest, status: number, location: string): FetchRequest {
  const url = parseURL(isomorphicToUtf8(location), request.url);
  if (url === null) throw new TypeError(`fetch: the redirect's Location is no URL`);
  if (url.hash === "") url.hash = request.url.hash;
  requireFetchable(url);
  const sameOrigin = url.origin === request.url.origin;
  if (!sameOrigin && (url.username !== "" || url.password !== ""))
    throw new TypeError("fetch: the redirect's Location holds credentials");
  if (status !== 303 && request.body !== null && !request.body.replayable)
    throw new TypeError(
      `fetch: a redirect with status ${status} asks for the body again, which was a stream`,
    );

  const { method } = request;
  const rewritten =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  const headers = request.headers.filter(
    ([name]) => !(rewritten && BODY_HEADERS.has(name)) && (sameOrigin || !CREDENTIAL_HEADERS.has(name)),
  );
  return { ...request, url, headers, ...(rewritten && { method: "GET", body: null }) };
}

/** https://fetch.spec.whatwg.org/#concept-response-location-url: servers send UTF-8 where ASCII is meant. */
function isomorphicToUtf8(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  return new TextDecoder().decode(Uint8Array.from(value, (unit) => unit.charCodeAt(0)));
}
