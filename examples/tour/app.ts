import { createRuntime, virtualClock } from "nanort";
import { fromHex, toHex } from "./hex.ts";
import { page } from "./page.ts";

type Route = (request: Request, query: URLSearchParams) => Response | Promise<Response>;

const ROUTES: Record<string, Route> = {
  "GET /": () => new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } }),
  "POST /digest": digest,
  "POST /sign": sign,
  "POST /verify": verify,
  "POST /echo": echo,
  "GET /uuid": () => Response.json({ uuid: crypto.randomUUID() }),
  "GET /clock": clock,
  "GET /memory": () => Response.json(nano.memory()),
};

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const route = ROUTES[`${request.method} ${pathname}`];
    if (!route) return Response.json({ error: "not found", routes: Object.keys(ROUTES) }, { status: 404 });
    try {
      return await route(request, searchParams);
    } catch (error) {
      // WebCrypto's own errors say what is wrong with the request, such as an unknown algorithm.
      if (error instanceof DOMException) return Response.json({ error: error.message }, { status: 400 });
      throw error;
    }
  },
};

/** The digest of a body of any size, computed while it arrives. */
async function digest(request: Request, query: URLSearchParams): Promise<Response> {
  const algorithm = query.get("algorithm") ?? "SHA-256";
  let bytes = 0;
  async function* pieces() {
    for await (const piece of request.body ?? []) {
      bytes += piece.length;
      yield piece;
    }
  }
  const result = await nano.crypto.subtle.digest(algorithm, pieces());
  return Response.json({ algorithm, bytes, digest: toHex(result) });
}

/** A key that lives as long as the app, and that nobody can export. Some engines give no entropy before a request. */
let key: Promise<CryptoKey> | undefined;
function appKey(): Promise<CryptoKey> {
  key ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  return key;
}

async function sign(request: Request): Promise<Response> {
  const mac = await crypto.subtle.sign("HMAC", await appKey(), await request.arrayBuffer());
  return Response.json({ mac: toHex(mac) });
}

async function verify(request: Request, query: URLSearchParams): Promise<Response> {
  const mac = fromHex(query.get("mac") ?? "");
  const valid = await crypto.subtle.verify("HMAC", await appKey(), mac, await request.arrayBuffer());
  return Response.json({ valid });
}

/** Sends the body back, piece by piece, each as soon as it has arrived. */
function echo(request: Request): Response {
  const type = request.headers.get("Content-Type") ?? "application/octet-stream";
  return new Response(request.body, { headers: { "Content-Type": type } });
}

/** An hour of timers, in a runtime whose clock moves only when it is told to. */
async function clock(): Promise<Response> {
  const HOUR_MS = 60 * 60 * 1000;
  const time = virtualClock();
  const simulated = await createRuntime({ clock: time });
  const started = performance.now();
  let ticks = 0;
  simulated.setInterval(() => ticks++, 1000);
  await time.advance(HOUR_MS);
  const realMs = performance.now() - started;
  await simulated.close();
  return Response.json({ simulatedMs: HOUR_MS, ticks, realMs: Math.round(realMs * 100) / 100 });
}
