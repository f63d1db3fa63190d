/** Starting and closing a server: addresses, what is refused, and in what words. */
import { createRuntime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Network } from "../../ts/host/host.ts";
import { memoryHost } from "../../ts/host/memory.ts";
import { defaultHost } from "../../ts/host/node.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { LoadedApp, loadApp } from "../../ts/server/app.ts";
import { type ServeOptions, startServer } from "../../ts/server/server.ts";
import { coreModule, makeCore } from "../support/core.ts";
import { turn } from "./support.ts";

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
