/** Apps: the shapes they come in, what they are called with, and work that goes on behind the response. */
import { format } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { memoryHost } from "../../ts/host/memory.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { type AppContext, type AppSource, errorFrom, loadApp, logError } from "../../ts/server/app.ts";
import { startServer } from "../../ts/server/server.ts";
import { makeCore } from "../support/core.ts";
import { Client, inMemory, TestServer, turn } from "./support.ts";

const errors: Error[] = [];
const onError = (error: unknown) => void errors.push(error as Error);
const loop = new EventLoop(memoryHost().clock, onError);
const request = () => new Request("http://a/path");
const hello = () => new Response("hello");

const answerOf = async (source: AppSource) => {
  const app = await loadApp(loop, source, { onError });
  return (await app.fetch(request())).text();
};

test.before.each(() => {
  errors.length = 0;
});

test("an app is a function, an object with fetch, a module of either, its URL, or its source text", async () => {
  const text = "export default { fetch: (request) => new Response('hello') }";
  const sources: AppSource[] = [
    hello,
    { fetch: hello },
    { default: hello },
    { default: { fetch: hello } },
    text,
    new URL(`data:text/javascript,${encodeURIComponent("export default () => new Response('hello')")}`),
    "export const fetch = () => new Response('hello')",
  ];
  for (const source of sources) assert.is(await answerOf(source), "hello");
});

test("fetch is called on its object, with the request, env and ctx", async () => {
  const env = { KEY: "value" };
  const object = {
    name: "object",
    fetch(given: Request, givenEnv: unknown, ctx: AppContext) {
      assert.is(givenEnv, env);
      return new Response(`${this.name} ${given.url} ${ctx.remoteAddress}`);
    },
  };
  const app = await loadApp(loop, object, { env });
  const response = await app.fetch(request(), { remoteAddress: "10.0.0.1" });
  assert.is(await response.text(), "object http://a/path 10.0.0.1");
});

test("env is an empty object unless it is given, and ctx.remoteAddress is empty without a connection", async () => {
  const app = (_request: Request, env: unknown, ctx: AppContext) => Response.json([env, ctx.remoteAddress]);
  assert.is(await answerOf(app), '[{},""]');
});

test("two apps of one source text share no state", async () => {
  const text = "let count = 0; export default () => new Response(String(++count))";
  const [one, other] = [await loadApp(loop, text), await loadApp(loop, text)];
  await one.fetch(request());
  assert.is(await (await one.fetch(request())).text(), "2");
  assert.is(await (await other.fetch(request())).text(), "1");
});

test("what has no fetch is refused in words", async () => {
  const refused = async (source: unknown) => {
    try {
      await loadApp(loop, source as AppSource);
    } catch (error) {
      assert.instance(error, TypeError);
      return (error as Error).message;
    }
    return "accepted";
  };
  const shape = "it must be a function (request, env, ctx), or have one named fetch";
  assert.is(await refused({}), `the app is [object Object]: ${shape}`);
  assert.is(await refused({ fetch: 1 }), `the app is [object Object]: ${shape}`);
  assert.is(await refused(null), `the app is null: ${shape}`);
  assert.is(await refused({ default: 5 }), `the module's default export is a number: ${shape}`);
  assert.is(await refused("export const x = 1"), `the app is [object Module]: ${shape}`);
});

test("source text that does not parse rejects with the engine's own error", async () => {
  let error: unknown;
  await loadApp(loop, "export default {").catch((given) => {
    error = given;
  });
  assert.is((error as Error).name, "SyntaxError");
});

test("fetch rejects with what the app throws, and with TypeError for an answer that is no Response", async () => {
  const thrown = new Error("thrown");
  const throwing = await loadApp(loop, () => {
    throw thrown;
  });
  assert.is(await throwing.fetch(request()).catch((error) => error), thrown);
  for (const [answer, name] of [
    [undefined, "undefined"],
    ["text", "a string"],
    [{ status: 200 }, "[object Object]"],
  ] as const) {
    const app = await loadApp(loop, () => answer as unknown as Response);
    const error = await app.fetch(request()).catch((given) => given);
    assert.instance(error, TypeError);
    assert.is(error.message, `fetch answered with ${name}, which is no Response`);
  }
});

test("waitUntil keeps the loop busy after the response, and reports a rejection", async () => {
  const host = memoryHost();
  const own = new EventLoop(host.clock, onError);
  const app = await loadApp(
    own,
    (_request, _env, ctx: AppContext) => {
      ctx.waitUntil(new Promise<void>((resolve) => own.setTimeout(() => resolve(), 1000)));
      ctx.waitUntil(Promise.reject(new Error("lost")));
      return hello();
    },
    { onError },
  );
  await app.fetch(request());
  let idle = false;
  own.idle().then(() => {
    idle = true;
  });
  await turn();
  await turn();
  assert.not(idle);
  assert.equal(
    errors.map(({ message }) => message),
    ["waitUntil: lost"],
  );
  await host.clock.advance(1000);
  for (let turns = 0; turns < 10; turns++) await turn();
  assert.ok(idle);
});

test("a closed app takes no more requests, and is closed when its work is done", async () => {
  let finish!: () => void;
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const app = await loadApp(loop, (_request: Request, _env: unknown, ctx: AppContext) => {
    ctx.waitUntil(work);
    return hello();
  });
  await app.fetch(request());
  let closed = false;
  const closing = app.close().then(() => {
    closed = true;
  });
  const error = await app.fetch(request()).catch((given) => given);
  assert.is(error.name, "InvalidStateError");
  await turn();
  assert.not(closed);
  finish();
  await closing;
});

test("a server waits for waitUntil of the app that it loaded", () => {
  let finish!: () => void;
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const app = (_request: Request, _env: unknown, ctx: AppContext) => {
    ctx.waitUntil(work);
    return new Response(ctx.remoteAddress);
  };
  return inMemory({ app, env: {} }, async (server) => {
    const [answer] = await server.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.is(answer!.body, "127.0.0.1");
    let closed = false;
    const closing = server.server.close().then(() => {
      closed = true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.not(closed);
    finish();
    await closing;
  });
});

test("a closed app answers 503 by a server, and is closed when its handlers have answered", async () => {
  const host = memoryHost();
  const on = { core: makeCore(), loop: new EventLoop(host.clock, onError), host };
  let finish!: (response: Response) => void;
  const handler = () =>
    new Promise<Response>((resolve) => {
      finish = resolve;
    });
  const loaded = await loadApp(on.loop, handler);
  const server = await startServer(on, { app: loaded });
  const [running, late] = [await Client.connect(host, server.port), await Client.connect(host, server.port)];
  running.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let turns = 0; turns < 20; turns++) await turn();

  let closed = false;
  const closing = loaded.close().then(() => {
    closed = true;
  });
  late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await late.closed();
  assert.is(late.answers()[0]!.status, 503);
  assert.is(late.answers()[0]!.headers.get("connection"), "close");
  assert.not(closed);
  finish(hello());
  await closing;
  assert.is((await running.answered(1))[0]!.body, "hello");
  await server.close();
});

for (const owner of ["the server", "somebody else"]) {
  test(`a server waits for handlers whose client has left, for as long as it drains; the app is ${owner}'s`, async () => {
    const host = memoryHost();
    const on = { core: makeCore(), loop: new EventLoop(host.clock, onError), host };
    const finish: ((response: Response) => void)[] = [];
    const handler = () => new Promise<Response>((resolve) => finish.push(resolve));
    const app = owner === "the server" ? handler : await loadApp(on.loop, handler);
    for (const answers of [true, false]) {
      const server = await startServer(on, { app });
      const client = await Client.connect(host, server.port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      for (let turns = 0; turns < 20; turns++) await turn();
      client.socket.destroy();
      await client.closed();

      const ended: string[] = [];
      const closing = server.close({ timeout: 1000 }).then(() => ended.push("closed"));
      const idle = on.loop.idle().then(() => ended.push("idle"));
      await host.clock.advance(999);
      assert.is(server.connections, 0);
      assert.equal(ended, []);
      if (answers) finish.pop()!(hello());
      else await host.clock.advance(1);
      await Promise.all([closing, idle]);
      assert.equal(errors, []);
    }
  });
}

test("what onError throws goes to the loop, and stops nothing", async () => {
  const own = new EventLoop(memoryHost().clock, onError);
  const handler = (_request: Request, _env: unknown, ctx: AppContext) => {
    ctx.waitUntil(Promise.reject(Object.create(null)));
    return hello();
  };
  const app = await loadApp(own, handler, {
    onError(error) {
      throw new Error(`onError: ${(error as Error).message}`);
    },
  });
  await app.fetch(request());
  await app.close();
  await own.idle();
  assert.equal(
    errors.map(({ message }) => message),
    ["onError: waitUntil: an object that cannot be made a string"],
  );
});

test("what is printed is what was thrown, and no format of the client's or the app's", async () => {
  const printed: string[] = [];
  const { error } = console;
  console.error = (...args: unknown[]) => void printed.push(format(...args));
  try {
    logError(errorFrom("GET /%c%s", new Error("%d")));
    logError(errorFrom("GET /%o", "text"));
  } finally {
    console.error = error;
  }
  assert.match(printed[0]!, /^nanort: GET \/%c%s: %d\nError: %d\n {4}at /);
  assert.is(printed[1], "nanort: GET /%o: text");
});

test("serving without an app, on a bad port, or without sockets is refused in words", async () => {
  const failure = (host: Parameters<typeof TestServer.start>[0], setup: object) =>
    TestServer.start(host, setup as Parameters<typeof TestServer.start>[1]).then(
      () => "started",
      (error) => `${error.name}: ${error.message}`,
    );
  const host = memoryHost();
  assert.match(await failure(host, {}), /^TypeError: the app is undefined: /);
  const { network: _, ...deaf } = host;
  assert.match(await failure(deaf, { app: hello }), /^TypeError: host "memory" has no sockets to serve on/);
});

test.run();
