/**
 * Request and Response that cost little where engines' cost much. A part of its own, for who serves or installs them.
 * `#parts` is how a build comes by it: ts/parts.ts, or ts/parts-node.ts.
 */
import { Request as OurRequest } from "./messages/request.ts";
import { Response as OurResponse } from "./messages/response.ts";

export const Request = OurRequest as unknown as typeof globalThis.Request;
export const Response = OurResponse as unknown as typeof globalThis.Response;
