import { type AppContext, createRuntime, type Runtime } from "nanort";

/** What is said between two neighbours, and not passed on; to these, a message adds what its Connection names. */
const HOP_BY_HOP = [
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
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
    removeHops(headers);
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

/** The answer as it comes. Where its body was decoded on the way, the server leaves out what it said of the coded bytes. */
function passOn(answer: Response): Response {
  removeHops(answer.headers);
  answer.headers.append("via", "1.1 nanort");
  return answer;
}

/** RFC 9110 section 7.6.1. */
function removeHops(headers: Headers): void {
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim());
  for (const name of [...HOP_BY_HOP, ...named]) if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) headers.delete(name);
}
