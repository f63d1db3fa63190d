/**
 * The start of a bundle for Bun. The server is Bun's own, https://bun.com/docs/runtime/http/server: it alone knows that
 * a body was text, and sends the Content-Type for it, which Bun's Response does not have.
 */
import "./globals.ts";

import app from "nanort:app";
import { answering } from "./answer.ts";
import { address, goOnAfterErrors, onStopSignal, refuse } from "./process.ts";

/** What of Bun's namespace is used here. */
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    fetch(request: Request, server: BunServer): Promise<Response>;
  }): BunServer;
};

interface BunServer {
  readonly url: URL;
  requestIP(request: Request): { address: string } | null;
  /** Resolves when running requests are done. */
  stop(): Promise<void>;
}

goOnAfterErrors();
const loaded = await nano.load(app, { env: process.env }).catch(refuse);
const answer = answering(loaded);
const serve = async () =>
  Bun.serve({
    ...address,
    fetch: (request, server) => answer(request, { remoteAddress: server.requestIP(request)?.address ?? "" }),
  });
const server = await serve().catch(refuse);
onStopSignal(() => server.stop().then(() => loaded.close()));
console.log(`serving at ${server.url.origin}`);
