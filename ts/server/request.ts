/** From a request head to the standard's Request: https://fetch.spec.whatwg.org/#request-class */
import type { RequestHead } from "../core/http.ts";
import { Arrival, engineRequest } from "../web/messages/arrival.ts";
import type { ArrivingContent } from "../web/messages/content.ts";
import { Request as OurRequest, requestsMayBeOurs } from "../web/messages/request.ts";
import { HttpError } from "./http-error.ts";

/** Where requests come to. */
export interface ListenerOrigin {
  readonly scheme: "http" | "https";
  /** Host and port. */
  readonly authority: string;
}

/** Methods that a Request cannot have: https://fetch.spec.whatwg.org/#forbidden-method */
const FORBIDDEN_METHODS = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Methods that every Request takes as they are. */
const PLAIN_METHODS = new Set(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** Path and query as they may stand in a URL, which would change dot segments, and encode what is missing here. */
const PLAIN_TARGET = /^\/[\w\-~!$&'()*+,;=:@/.]*(?:\?[\w\-.~!$&()*+,;=:@/?%]*)?$/;
const DOT_SEGMENT = "/.";

/**
 * The target URI of a request: RFC 9112 section 3.3.
 *
 * Host and the target have been parsed, so that neither can hold what would make a URL parser see another authority;
 * what the URL parser still refuses is a 400.
 *
 * @param listener its authority is for HTTP/1.0 requests that come without Host.
 */
export function targetUri(head: RequestHead, listener: ListenerOrigin): string {
  const { target, targetForm } = head;
  if (targetForm === "absolute") {
    // RFC 9110 section 7.4: an https URI does not belong on a connection that is not secured, nor the other way round.
    const secured = target.slice(0, 6).toLowerCase() === "https:";
    if (secured !== (listener.scheme === "https")) {
      throw new HttpError(
        421,
        `an ${secured ? "https" : "http"} target on a connection ${secured ? "without" : "with"} TLS`,
      );
    }
    return target;
  }
  return `${originUri(head, listener)}${targetForm === "asterisk" ? "" : target}`;
}

/** @throws HttpError */
function originUri({ authority }: RequestHead, listener: ListenerOrigin): string {
  if (authority === "" || authority?.startsWith(":")) throw new HttpError(400, "Host is empty");
  return `${listener.scheme}://${authority ?? listener.authority}`;
}

/** The target URI, as the URL standard serializes it. */
function requestUrl(head: RequestHead, listener: ListenerOrigin): string {
  const { target, targetForm } = head;
  if (targetForm === "origin" && PLAIN_TARGET.test(target) && !target.includes(DOT_SEGMENT)) {
    return `${originOf(head, listener)}${target}`;
  }
  return serialized(targetUri(head, listener));
}

/** @throws HttpError for what is no URL, or none that a Request can have. */
function serialized(uri: string): string {
  try {
    const { href, username, password } = new URL(uri);
    if (username === "" && password === "") return href;
  } catch {}
  throw notForRequest();
}

const notForRequest = () =>
  new HttpError(400, "the request target or a field cannot be part of a URL or a Request");

/** The origin that was asked for last, which is mostly the one that is asked for next. */
let lastScheme: string | undefined;
let lastAuthority: string | undefined;
let lastOrigin = "";

function originOf(head: RequestHead, listener: ListenerOrigin): string {
  const { scheme } = listener;
  const authority = head.authority ?? listener.authority;
  if (authority !== lastAuthority || scheme !== lastScheme) {
    lastOrigin = serialized(originUri(head, listener)).slice(0, -1);
    lastAuthority = authority;
    lastScheme = scheme;
  }
  return lastOrigin;
}

/** RFC 9112 section 3.2.2: a target that names the host makes Host, which may name another, count for nothing. */
function withFields(head: RequestHead): Pick<RequestHead, "headers"> {
  if (head.targetForm !== "absolute") return head;
  const others = head.headers.filter(([name]) => name !== "host");
  return { headers: [["host", head.authority!], ...others] };
}

/**
 * The Request that the app gets: ours, if everything here that takes a Request takes it for one, or else the engine's.
 *
 * @param content what it may have of it: bytes that are here already, or those to come.
 * @param client has a signal that tells when the client has left.
 * @throws HttpError when the standard's Request does not take what HTTP allows.
 */
export function createRequest(
  head: RequestHead,
  listener: ListenerOrigin,
  content: Uint8Array<ArrayBuffer> | ArrivingContent | null,
  client: { readonly signal: AbortSignal },
): Request {
  const { method } = head;
  if (FORBIDDEN_METHODS.has(method)) throw new HttpError(501, `method ${method} is not served here`);
  const arrival = new Arrival(method, requestUrl(head, listener), withFields(head), content, client);
  if (PLAIN_METHODS.has(method) && requestsMayBeOurs()) return new OurRequest(arrival) as unknown as Request;

  let request: Request;
  try {
    request = engineRequest(arrival);
  } catch {
    throw notForRequest();
  }
  // Request takes "get" for GET. Methods are case-sensitive (RFC 9110 section 9.1): nobody implements that one.
  if (request.method !== method) throw new HttpError(501, `method ${method} is not served here`);
  return request;
}
