/**
 * Request and Response that cost little where engines' cost much, and the fetch to use them with. A part of its own, for
 * who serves or installs them. `#parts` is how a build comes by it: ts/parts.ts, or ts/parts-node.ts.
 */
import { engineGlobal } from "./engine-globals.ts";
import { engineRequestOf, Request as OurRequest } from "./messages/request.ts";
import { Response as OurResponse } from "./messages/response.ts";

const engineFetch = engineGlobal("fetch");

export const Request = OurRequest as unknown as typeof globalThis.Request;
export const Response = OurResponse as unknown as typeof globalThis.Response;

/** The engine's, which takes Requests of ours as well. */
export async function fetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<globalThis.Response> {
  return engineFetch(engineRequestOf(input), init);
}
