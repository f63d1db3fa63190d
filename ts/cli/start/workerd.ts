/**
 * The start of a bundle for workerd: what it calls for each request, with the bindings that its configuration names.
 * https://developers.cloudflare.com/workers/runtime-apis/handlers/fetch/
 */
import "./workerd-globals.ts";

import app from "nanort:app";
import { answering } from "./answer.ts";

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

const answer = answering(await nano.load(app));

export default {
  fetch(request: Request & { cf?: unknown }, env: unknown, ctx: ExecutionContext): Promise<Response> {
    // Cloudflare's network says who asks; a workerd of one's own does not know, and anybody could send this header.
    const remoteAddress = request.cf ? (request.headers.get("cf-connecting-ip") ?? "") : "";
    return answer(request, { env, remoteAddress, waitUntil: (promise) => ctx.waitUntil(promise) });
  },
};
