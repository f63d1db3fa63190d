/** An app that uses what a bundle must carry along, and what is asked of it. */

export const BUNDLED_APP: Record<string, string> = {
  "app.ts": `
    import type { AppContext } from "nanort";
    import { createRuntime, virtualClock } from "nanort";
    import { hex } from "./hex.js";

    interface Env { GREETING?: string }

    // Taken when the module is evaluated: NANO's must be there by then.
    const { subtle } = crypto;
    let finished = 0;

    const ROUTES: Record<string, (request: Request, env: Env, ctx: AppContext) => unknown> = {
      "/globals": () =>
        Response.json({
          crypto: crypto === nano.crypto,
          subtle: crypto.subtle instanceof SubtleCrypto,
          base64: atob === nano.atob,
          early: subtle === nano.crypto.subtle,
        }),
      "/digest": async (request) => hex(await subtle.digest("SHA-512", await request.arrayBuffer())),
      "/digest-stream": async (request) => hex(await nano.crypto.subtle.digest("SHA-256", request.body!)),
      "/sign": async (request) => {
        const algorithm = { name: "HMAC", hash: "SHA-384" };
        const key = await subtle.importKey("raw", new TextEncoder().encode("Jefe"), algorithm, false, ["sign"]);
        return hex(await subtle.sign("HMAC", key, await request.arrayBuffer()));
      },
      "/unknown": () => subtle.digest("SHA-257", new Uint8Array()).catch((error) => error.name + ": " + error.message),
      "/base64": () => btoa(atob(" Zm9v YmFy ")),
      "/echo": ({ body, headers }) => new Response(body, { headers: { "content-type": headers.get("content-type")! } }),
      "/slow-echo": async (request) => {
        const text = await request.text();
        await new Promise((resolve) => setTimeout(resolve, 20));
        await subtle.digest("SHA-256", new TextEncoder().encode(text));
        return text;
      },
      "/count": () => {
        let left = 3;
        const pull = async (controller: ReadableStreamDefaultController) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (left === 0) return controller.close();
          controller.enqueue(new TextEncoder().encode(left-- + "\\n"));
        };
        return new Response(new ReadableStream({ pull }));
      },
      "/env": (_, env) => String(env.GREETING),
      "/wait": (_, _env, ctx) => {
        ctx.waitUntil(new Promise<void>((resolve) => setTimeout(() => { finished++; resolve(); }, 100)));
        return String(finished);
      },
      "/finished": () => String(finished),
      "/clock": async () => {
        const clock = virtualClock();
        const simulated = await createRuntime({ clock });
        let ticks = 0;
        simulated.setInterval(() => ticks++, 1000);
        await clock.advance(3_600_000);
        await simulated.close();
        return String(ticks);
      },
      "/redirect": () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
      "/empty": () => new Response(null, { status: 204 }),
      "/headers": () => {
        const headers = { "content-type": "text/x-tea", "x-app": "nano", "cache-control": "no-store" };
        return new Response("short and stout", { status: 418, headers });
      },
      "/throws": () => { throw new Error("thrown on purpose"); },
      "/nothing": () => undefined,
      "/throws-nothing": () => { throw Object.create(null); }, // Nothing can make a string of it.
    };

    export default {
      async fetch(request: Request, env: Env, ctx: AppContext): Promise<Response> {
        const { pathname } = new URL(request.url);
        const answer = await (ROUTES[pathname] ?? (() => new Response("not here", { status: 404 })))(request, env, ctx);
        return typeof answer === "string" ? new Response(answer) : (answer as Response);
      },
    };
  `,
  "hex.ts": `
    export const hex = (buffer: ArrayBuffer): string =>
      [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  `,
};

/** As JSON has it, so that a page can be told to ask. */
export interface Question {
  path: string;
  method?: string;
  /** A text, sent this many times over. */
  body?: string;
  times?: number;
  type?: string;
}

const post = (path: string, body: string, times = 1): Question => ({ path, method: "POST", body, times });

export const QUESTIONS: Question[] = [
  ...["/globals", "/unknown", "/base64", "/count", "/env", "/clock", "/redirect", "/empty"].map(get),
  ...["/headers", "/throws", "/nothing", "/throws-nothing", "/nowhere"].map(get),
  { path: "/headers", method: "HEAD" },
  post("/digest", "abc"),
  post("/digest", "0123456789abcdef", 200_000), // 3.2 MB: in slices.
  post("/digest-stream", "0123456789abcdef", 200_000),
  post("/sign", "what do ya want for nothing?"),
  { ...post("/echo", "a body of some length, ", 50_000), type: "text/x-echo" },
  // What is given to waitUntil outlasts the response.
  get("/wait"),
  { path: "/finished", method: "POST" },
];

function get(path: string): Question {
  return { path };
}

export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string | null>;
}

export const HEADERS = ["content-type", "location", "x-app", "cache-control"];

/** Asks one after the other. The answers by method, path and size, GET by path alone. */
export async function answersOf(url: string, questions: Question[]): Promise<Record<string, Answer>> {
  return ask(url, questions, HEADERS);
}

/** Runs anywhere, a page included: it uses nothing but its arguments and the platform. */
export async function ask(
  url: string,
  questions: Question[],
  headers: string[],
): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  for (const { path, method = "GET", body, times = 1, type } of questions) {
    if (path === "/finished") await new Promise((resolve) => setTimeout(resolve, 400));
    const response = await fetch(url + path, {
      method,
      redirect: "manual",
      ...(body === undefined ? {} : { body: body.repeat(times) }),
      ...(type === undefined ? {} : { headers: { "content-type": type } }),
    });
    const key = method === "GET" ? path : `${method} ${path}${times > 1 ? ` x ${times}` : ""}`;
    answers[key] = {
      status: response.status,
      body: await response.text(),
      // The engine's own Response writes the type of text and JSON: "charset=UTF-8" or not, or in lower case.
      headers: Object.fromEntries(
        headers.map((name) => [name, response.headers.get(name)?.replace(/;\s*charset=utf-8$/i, "") ?? null]),
      ),
    };
  }
  return answers;
}
