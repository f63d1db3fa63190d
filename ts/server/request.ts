/** From a request head to the standard's Request: https://fetch.spec.whatwg.org/#request-class */
import type { RequestHead } from "../core/http.ts";
import { HttpError } from "./http-error.ts";
import { giveBody, requestTakesStreams } from "./streamed-request.ts";

/** Methods that a Request cannot have: https://fetch.spec.whatwg.org/#forbidden-method */
const FORBIDDEN_METHODS = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * The target URI of a request: RFC 9112 section 3.3.
 *
 * Host and the target have been parsed, so that neither can hold what would make a URL parser see another authority;
 * what the URL parser still refuses is a 400.
 *
 * @param authority of the listener, for HTTP/1.0 requests that come without Host.
 */
export function targetUri({ target, targetForm, authority }: RequestHead, listener: string): string {
  if (targetForm === "absolute") {
    // RFC 9110 section 7.4: an https URI does not belong on a connection that is not secured.
    if (target.slice(0, 6).toLowerCase() === "https:") {
      throw new HttpError(421, "an https target on a connection without TLS");
    }
    return target;
  }
  if (authority === "" || authority?.startsWith(":")) throw new HttpError(400, "Host is empty");
  return `http://${authority ?? listener}${targetForm === "asterisk" ? "" : target}`;
}

/** RFC 9112 section 3.2.2: a target that names the host makes Host, which may name another, count for nothing. */
function fieldsOf({ headers, targetForm, authority }: RequestHead): [string, string][] {
  if (targetForm !== "absolute") return headers as [string, string][];
  const others = headers.filter(([name]) => name.toLowerCase() !== "host") as [string, string][];
  return [["host", authority!], ...others];
}

/**
 * The Request that the app gets.
 *
 * @param body its content, if it may have any: bytes that are here already, or a stream of those to come.
 * @throws HttpError when the standard's Request does not take what HTTP allows.
 */
export function createRequest(
  head: RequestHead,
  listener: string,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Request {
  const { method } = head;
  if (FORBIDDEN_METHODS.has(method)) throw new HttpError(501, `method ${method} is not served here`);
  const url = targetUri(head, listener);
  const headers = fieldsOf(head);
  const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
  const givenLater = body instanceof ReadableStream && !requestTakesStreams();
  if (body !== null && !givenLater) {
    init.body = body as BodyInit;
    init.duplex = "half";
  }
  let request: Request;
  try {
    request = new Request(url, init);
  } catch {
    throw new HttpError(400, "the request target or a field cannot be part of a URL or a Request");
  }
  // Request takes "get" for GET. Methods are case-sensitive (RFC 9110 section 9.1): nobody implements that one.
  if (request.method !== method) throw new HttpError(501, `method ${method} is not served here`);
  return givenLater ? giveBody(request, body) : request;
}
