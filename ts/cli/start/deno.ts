/**
 * The start of a bundle for Deno: what `deno serve`, and Deno Deploy, call for each request. The server is Deno's own.
 * https://docs.deno.com/api/deno/~/Deno.ServeDefaultExport
 */
import "./globals.ts";

import app from "nanort:app";
import { answering } from "./answer.ts";

declare const Deno: { env: { toObject(): Record<string, string> } };

/** One mistake in the app must not take the server down, as it would by default. */
for (const type of ["error", "unhandledrejection"]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    const { error, reason } = event as { error?: unknown; reason?: unknown };
    console.error(error ?? reason);
  });
}

const answer = answering(await nano.load(app, { env: Deno.env.toObject() }));

export default {
  fetch: (request: Request, { remoteAddr }: { remoteAddr: { hostname?: string } }): Promise<Response> =>
    answer(request, { remoteAddress: remoteAddr.hostname ?? "" }),
};
