import { type AppContext, createRuntime, type Runtime } from "nanort";

/** RFC 9110 section 7.6.1: what is said between two neighbours is not passed on. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

interface Env {
  UPSTREAM?: string;
}

let runtime: Promise<Runtime> | undefined;

export default {
  async fetch(request: Request, env: Env, ctx: AppContext): Promise<Response> {
    const upstream = new URL(env.UPSTREAM || "https://example.com");
    runtime ??= createRuntime({
      fetch: { allow: (_address, url) => url.origin === upstream.origin, timeout: { head: 10_000 } },
    });
    const { fetch } = await runtime;

    const { pathname, search } = new URL(request.url);
    const url = new URL(upstream);
    Object.assign(url, { pathname, search });
    const headers = new Headers(request.headers);
    // What comes back encoded is decoded on the way, so only what this engine can decode is asked for.
    for (const name of ["host", "accept-encoding"]) headers.delete(name);
    headers.append("x-forwarded-for", ctx.remoteAddress);
    try {
      const answer = await fetch(url, {
        method: request.method,
        headers,
        body: request.body,
        duplex: "half",
        redirect: "manual",
        signal: request.signal,
      });
      return passOn(answer);
    } catch (error) {
      const { name, message } = error as Error;
      return new Response(`${message}\n`, { status: name === "TimeoutError" ? 504 : 502 });
    }
  },
};

/** The answer as it comes; its body was decoded on the way, if it was encoded. */
function passOn({ status, statusText, headers: given, body }: Response): Response {
  const headers = new Headers(given);
  for (const name of HOP_BY_HOP) headers.delete(name);
  if (headers.has("content-encoding")) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  headers.append("via", "1.1 nanort");
  return new Response(body, { status, statusText, headers });
}
