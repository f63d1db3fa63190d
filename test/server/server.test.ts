/** Starting and closing a server: addresses, what is refused, and in what words. */
import { createRuntime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Network } from "../../ts/host/host.ts";
import { memoryHost } from "../../ts/host/memory.ts";
import { defaultHost } from "../../ts/host/node.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { type AppContext, LoadedApp, loadApp } from "../../ts/server/app.ts";
import { type ServeOptions, startServer } from "../../ts/server/server.ts";
import { coreModule, makeCore } from "../support/core.ts";
import { inMemory, onSockets, turn } from "./support.ts";

const app = () => new Response("hello");

function runtime(host = memoryHost() as typeof defaultHost) {
  const loop = new EventLoop(host.clock, host.reportError);
  return { core: makeCore(), loop, host };
}

const failure = (options: Partial<ServeOptions>, on = runtime()) =>
  startServer(on, { app, ...options }).then(
    () => "started",
    (error) => `${error.code ?? error.name}: ${error.message}`,
  );

test("port 0 takes a free one, and the URL says which", async () => {
  const server = await startServer(runtime(defaultHost), { app });
  assert.ok(server.port > 0);
  assert.is(server.hostname, "127.0.0.1");
  assert.is(server.url, `http://127.0.0.1:${server.port}`);
  assert.is(await (await fetch(server.url)).text(), "hello");
  await server.close();
});

test("an IPv6 address has brackets in the URL, and in that of a request without Host", async () => {
  const { core, loop, host } = runtime();
  const echo = (request: Request) => new Response(request.url);
  const server = await startServer({ core, loop, host }, { app: echo, hostname: "::1", port: 8080 });
  assert.is(server.url, "http://[::1]:8080");
  let answer = "";
  await new Promise<void>((resolve) => {
    host.network!.connect({ port: 8080, hostname: "::1" }, (socket) => {
      socket.write("GET /x HTTP/1.0\r\n\r\n");
      return {
        data: (bytes) => {
          answer += new TextDecoder().decode(bytes);
        },
        end: () => socket.end(),
        drain() {},
        close: () => resolve(),
      };
    });
  });
  assert.match(answer, /\r\n\r\nhttp:\/\/\[::1\]:8080\/x$/);
  await server.close();
});

test("a port that is taken, or none, is refused in one line", async () => {
  const server = await startServer(runtime(defaultHost), { app });
  const { port } = server;
  const taken = await failure({ port }, runtime(defaultHost));
  assert.is(taken, `EADDRINUSE: port ${port} on 127.0.0.1 is already in use`);
  await server.close();
  for (const port of [-1, 65536, 1.5, Number.NaN, "80" as unknown as number]) {
    assert.is(await failure({ port }), `RangeError: port ${port} is not an integer from 0 to 65535`);
  }
});

test("a server that could not start leaves its loop idle", async () => {
  const on = runtime();
  assert.match(await failure({ limits: { headBytes: -1 } }, on), /^RangeError: limits\.headBytes/);
  assert.match(await failure({ app: {} as ServeOptions["app"] }, on), /^TypeError: the app is /);
  await on.loop.idle();
});

test("closing twice is closing once, and a timeout that is none is refused", async () => {
  const server = await startServer(runtime(), { app });
  const refused = await server.close({ timeout: -1 }).catch((error) => error.message);
  assert.is(refused, "timeout -1 is not a number from 0 to 2147483647");
  await Promise.all([server.close(), server.close({ timeout: 0 }), server.closed]);
  await server.close();
});

test("drainTimeout is how long close() waits, unless it is told otherwise", () => {
  const wait = () => new Promise<Response>(() => {});
  return inMemory({ app: wait, drainTimeout: 1000 }, async (server, clock) => {
    const client = await server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let turns = 0; turns < 20; turns++) await turn();
    const closed = server.server.close();
    await clock.advance(999);
    assert.is(server.server.connections, 1);
    await clock.advance(1);
    await closed;
    assert.is(client.isClosed, true);
  });
});

test("a drainTimeout that is none is refused", async () => {
  assert.is(
    await failure({ drainTimeout: -1 }),
    "RangeError: drainTimeout -1 is not a number from 0 to 2147483647",
  );
});

test("close({ refuse: true }) goes on listening, and says 503, until all have finished", () => {
  const { promise, open } = gate();
  const slow = () => promise.then(app);
  return onSockets({ app: slow }, async (server) => {
    const [idle, running] = [await server.connect(), await server.connect()];
    running.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let turns = 0; turns < 20; turns++) await turn();
    const closed = server.server.close({ refuse: true });
    await idle.closed();
    for (let times = 0; times < 3; times++) {
      const late = await server.connect();
      await late.closed();
      assert.equal(
        late.answers().map(({ status, body }) => [status, body]),
        [[503, "the server is shutting down\n"]],
      );
      assert.is(late.answers()[0]!.headers.get("connection"), "close");
    }
    open();
    await running.closed();
    assert.is(running.answers()[0]!.body, "hello");
    await closed;
    const refused = await server.connect().catch((error) => error.code);
    assert.is(refused, "ECONNREFUSED");
  });
});

test("close({ refuse: true }) ends when its time is up, too", () => {
  const wait = () => new Promise<Response>(() => {});
  return inMemory({ app: wait }, async (server, clock) => {
    const client = await server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let turns = 0; turns < 20; turns++) await turn();
    const closed = server.server.close({ refuse: true, timeout: 1000 });
    const late = await server.connect();
    await late.closed();
    assert.is(late.answers()[0]!.status, 503);
    await clock.advance(1000);
    await closed;
    assert.is(client.isClosed, true);
  });
});

test("reports of an app's errors begin with its name", () => {
  const fails = async (request: Request, _env: unknown, ctx: AppContext) => {
    ctx.waitUntil(Promise.reject(new Error("too late")));
    if (request.url.endsWith("/stream")) {
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(1)),
          pull: () => turn().then(() => Promise.reject(new Error("dried up"))),
        }),
      );
    }
    throw new Error("no");
  };
  return inMemory({ app: fails, name: "shop" }, async (server) => {
    await server.ask("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await server.ask("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const messages = server.errors.map(({ message }) => message).sort();
    assert.equal(messages, [
      ...["shop: GET /a: no", "shop: GET /stream: dried up"],
      ...["shop: waitUntil: too late", "shop: waitUntil: too late"],
    ]);
  });
});

/** A promise to settle from outside. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** A runtime whose servers begin to listen, and come up when `up` is opened. */
async function slowRuntime() {
  const { network, ...host } = memoryHost();
  const [begun, up] = [gate(), gate()];
  const listen: Network["listen"] = async (options, accept) => {
    begun.open();
    await up.promise;
    return network!.listen(options, accept);
  };
  const nano = await createRuntime({
    host: { ...host, network: { ...network!, listen } },
    wasm: coreModule(),
  });
  return { nano, network: network!, begun, up };
}

const refusal = ({ code, name, message }: { code?: unknown; name: string; message: string }) =>
  typeof code === "string" ? code : `${name}: ${message}`;
const CLOSED = "InvalidStateError: serve: this runtime is closed";
const nobody = (): never => {
  throw new Error("somebody connected");
};

test("a runtime that is closed while its server comes up gives the port back", async () => {
  const { nano, network, begun, up } = await slowRuntime();
  const serving = nano.serve({ app, port: 80 }).catch(refusal);
  await begun.promise;
  const closing = nano.close();
  up.open();
  assert.is(await serving, CLOSED);
  await closing;
  assert.is(await network.connect({ port: 80, hostname: "" }, nobody).catch(refusal), "ECONNREFUSED");
});

test("a runtime that is being closed serves nothing new, and a server that cannot come up holds up nobody", async () => {
  const { nano, network, begun, up } = await slowRuntime();
  const other = await network.listen({ port: 80, hostname: "" }, nobody);
  const failing = nano.serve({ app, port: 80 }).catch(refusal);
  await begun.promise;
  const closing = nano.close();
  assert.is(await nano.serve({ app, port: 81 }).catch(refusal), CLOSED);
  up.open();
  assert.is(await failing, "EADDRINUSE");
  await closing;
  await other.close();
});

test("an app that is never loaded does not keep its runtime from closing", async () => {
  const nano = await createRuntime({ host: memoryHost(), wasm: coreModule() });
  const source = "await new Promise((load) => { globalThis.loadLate = load; }); export default () => {};";
  const serving = nano.serve({ app: source }).catch((error) => error.name);
  while (!("loadLate" in globalThis)) await turn();
  await nano.close();
  (globalThis as unknown as { loadLate(): void }).loadLate();
  assert.is(await serving, "InvalidStateError");
});

test("an app that was loaded before stays its owner's when the server closes", async () => {
  const on = runtime();
  const loaded = await loadApp(on.loop, app);
  assert.instance(loaded, LoadedApp);
  const server = await startServer(on, { app: loaded });
  await server.close();
  assert.is(await (await loaded.fetch(new Request("http://a/"))).text(), "hello");
});

test.run();
