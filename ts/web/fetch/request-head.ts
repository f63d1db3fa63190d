/**
 * The head of a request as it goes out: RFC 9112 section 3, RFC 9110 section 7.2. What the caller gave was checked when the
 * request was made; what is added here says how the message is framed, and what this client can read. The core writes it
 * (core/http/head-encoder.ts), and lets no part of it pass for two.
 */
import type { Field, Framing, RequestHeadParts } from "../../core/http.ts";
import type { ProxyServer } from "./proxy.ts";
import type { FetchRequest } from "./request.ts";
import { pathOf } from "./url.ts";

declare const NANO_VERSION: string;

/** https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step 8.23 and others: unless the caller said otherwise. */
const DEFAULTS: readonly Field[] = [
  ["accept", "*/*"],
  ["user-agent", `nanort/${NANO_VERSION}`],
];

export function requestHead(
  request: FetchRequest,
  proxy: ProxyServer | null,
  acceptEncoding: string | null,
): RequestHeadParts {
  const { method, url, headers: given, body, keepAlive } = request;
  const tunnelled = proxy === null || url.protocol === "https:";
  const path = pathOf(url);
  // RFC 9112 section 3.2.2: a proxy is told the whole URL.
  const target = tunnelled ? path : `http://${url.host}${path}`;
  const headers: Field[] = given.filter(([name]) => name !== "host");
  const isGiven = (name: string) => given.some((field) => field[0] === name);
  if (!tunnelled && proxy.authorization !== null && !isGiven("proxy-authorization"))
    headers.push(["proxy-authorization", proxy.authorization]);
  for (const field of DEFAULTS) if (!isGiven(field[0])) headers.push(field);
  if (!isGiven("accept-encoding")) {
    // RFC 9110 section 12.5.3; a part of a body that is encoded as a whole cannot be decoded.
    const coding = isGiven("range") ? "identity" : acceptEncoding;
    if (coding !== null) headers.push(["accept-encoding", coding]);
  }
  const host = given.find(([name]) => name === "host")?.[1] ?? url.host;
  const connection = keepAlive ? undefined : "close";
  return { method, target, host, headers, framing: framing(method, body), connection };
}

/** RFC 9110 section 8.6: methods that usually have a body say so when there is none. */
function framing(method: string, body: FetchRequest["body"]): Framing {
  if (body === null) return method === "POST" || method === "PUT" ? 0 : null;
  return body.length ?? "chunked";
}
