/** The engine's own sockets, by the runtime's server and the engine's own `fetch`. */
import { type AppSource, createRuntime, type Runtime, type Server } from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Suite, type Test } from "./suite.ts";
import { errorOf } from "./support.ts";

/** Tests a server on this machine; or, where there are no sockets to serve on, that the refusal names the alternative. */
function serving(app: AppSource, use: (server: Server, nano: Runtime) => Promise<void>): Test {
  return async ({ capabilities }) => {
    const nano = await createRuntime();
    if (!capabilities.includes("sockets")) {
      const error = await errorOf(() => nano.serve({ app }));
      await nano.close();
      assert.instance(error, TypeError);
      assert.match(error.message, /^host "\w+" .*memoryHost\(\)/);
      return new Absent(error.message);
    }
    const server = await nano.serve({ app });
    await use(server, nano);
    await nano.close();
    assert.is(server.connections, 0);
  };
}

const length = async (request: Request) => new Response(`${(await request.arrayBuffer()).byteLength}`);

export const sockets: Suite = {
  name: "sockets",
  tests: {
    "bodies of all sizes come whole": serving(length, async ({ url }) => {
      for (const size of [0, 1, 8191, 8192, 8193, 65_535, 65_536, 65_537, 5_000_000]) {
        const response = await fetch(url, { method: "POST", body: new Uint8Array(size) });
        assert.is(await response.text(), String(size));
      }
    }),

    "bodies of all sizes are sent whole": serving(
      (request) => new Response(new Uint8Array(Number(new URL(request.url).pathname.slice(1))).fill(7)),
      async ({ url }) => {
        for (const size of [0, 1, 8191, 65_537, 5_000_000]) {
          const bytes = new Uint8Array(await (await fetch(`${url}/${size}`)).arrayBuffer());
          assert.is(bytes.length, size);
          assert.ok(bytes.every((byte) => byte === 7));
        }
      },
    ),

    "fifty requests at once are all answered": serving(
      async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return new Response(new URL(request.url).pathname);
      },
      async ({ url }) => {
        const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
        const bodies = await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()));
        assert.equal(bodies, paths);
      },
    ),

    "what streams arrives while it streams": serving(
      () => {
        let sent = 0;
        const body = new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(new TextEncoder().encode(`${sent}\n`));
            if (++sent === 5) controller.close();
          },
        });
        return new Response(body);
      },
      async ({ url }) => assert.is(await (await fetch(url)).text(), "0\n1\n2\n3\n4\n"),
    ),

    "a client that aborts is noticed, and the others are served": serving(
      (request) =>
        request.url.endsWith("/slow")
          ? new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536)) }))
          : new Response("fast"),
      async (server) => {
        const controller = new AbortController();
        const response = await fetch(`${server.url}/slow`, { signal: controller.signal });
        await response.body!.getReader().read();
        controller.abort();
        assert.is(await (await fetch(server.url)).text(), "fast");
      },
    ),

    "a port that is taken is EADDRINUSE, by name": serving(length, async ({ port }, nano) => {
      const error = (await errorOf(() => nano.serve({ app: length, port }))) as Error & { code: string };
      assert.is(error.code, "EADDRINUSE");
      assert.is(error.message, `port ${port} on 127.0.0.1 is already in use`);
    }),

    "closing frees the port": serving(length, async (server, nano) => {
      await server.close();
      assert.ok(await errorOf(() => fetch(server.url)));
      const again = await nano.serve({ app: length, port: server.port });
      assert.is(await (await fetch(again.url)).text(), "0");
    }),
  },
};
