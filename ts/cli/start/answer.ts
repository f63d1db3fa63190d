/** For engines that have a server of their own and call a function for each request: answers as `nanort serve` does. */
import type { App, FetchInfo } from "nanort";

export function answering(app: App | Promise<App>) {
  return async (request: Request, info: FetchInfo): Promise<Response> => {
    try {
      return await (await app).fetch(request, info);
    } catch (error) {
      console.error("%s %s:", request.method, new URL(request.url).pathname, error);
      const headers = { "content-type": "text/plain;charset=UTF-8" };
      return new Response("Internal Server Error\n", { status: 500, headers });
    }
  };
}
