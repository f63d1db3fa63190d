/**
 * The start of a bundle for browsers: a service worker, which answers whatever its pages ask of their own origin.
 * https://w3c.github.io/ServiceWorker/
 */
import "./globals.ts";

import app from "nanort:app";
import { answering } from "./answer.ts";

/** What of a service worker's global scope is used here: TypeScript has it in a library of its own. */
declare function skipWaiting(): Promise<void>;
declare const clients: { claim(): Promise<void> };
interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

// Not awaited: a service worker is ready when its first task ends.
const answer = answering(nano.load(app));

addEventListener("install", () => void skipWaiting());
addEventListener("activate", (event) => (event as ExtendableEvent).waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  if (new URL(request.url).origin !== location.origin) return;
  const waitUntil = (promise: Promise<unknown>) => (event as FetchEvent).waitUntil(promise);
  const response = answer(request, { waitUntil });
  // Elsewhere a server takes the body off an answer to HEAD.
  (event as FetchEvent).respondWith(request.method === "HEAD" ? response.then(headOf) : response);
});

function headOf(response: Response): Response {
  return new Response(null, response);
}
