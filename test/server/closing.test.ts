/** What a server that begins to close tells the requests under way, and what it does about streams that never end. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { memoryHost } from "../../ts/host/memory.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import { type AppContext, type FetchHandler, loadApp } from "../../ts/server/app.ts";
import { type Client, inMemory, onSockets, turn } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const encoder = new TextEncoder();

/** An app whose stream says one thing, then waits for who speaks by `say`. */
function channel(type: string, headers: Record<string, string> = {}) {
  const cancelled: unknown[] = [];
  let say!: (text: string) => void;
  let end!: () => void;
  const app: FetchHandler = () => {
    const body = new ReadableStream({
      start(controller) {
        say = (text) => controller.enqueue(encoder.encode(text));
        end = () => controller.close();
        say("data: 1\n\n");
      },
      cancel: (reason) => void cancelled.push(reason),
    });
    return new Response(body, { headers: { "content-type": type, ...headers } });
  };
  return { app, cancelled, say: (text: string) => say(text), end: () => end() };
}

const bodyOf = (client: Client) => client.answers()[0]?.body ?? "";

test("a stream of events ends when its server begins to close, and is whole", () => {
  const { app, cancelled } = channel("text/event-stream; charset=utf-8");
  return onSockets({ app }, async (server) => {
    const [client, old] = [await server.connect(), await server.connect()];
    client.send(GET);
    old.send("GET / HTTP/1.0\r\n\r\n");
    await Promise.all([client, old].map((each) => each.until(() => bodyOf(each) === "data: 1\n\n")));
    await server.server.close({ timeout: 10_000 });
    await Promise.all([client.closed(), old.closed()]);
    for (const { truncated, body } of [client.answers()[0]!, old.answers()[0]!]) {
      assert.equal([truncated, body], [false, "data: 1\n\n"]);
    }
    assert.equal(cancelled.map(String), Array(2).fill("AbortError: the server is about to close"));
    assert.equal(server.errors, []);
  });
});

for (const [title, type, request, headers] of [
  ["a stream of something else", "text/plain", GET, {}],
  ["the answer to POST", "text/event-stream", GET.replace("GET", "POST"), {}],
  ["what the app has encoded", "text/event-stream", GET, { "content-encoding": "x-mine" }],
  ["what says how long it is", "text/event-stream", GET, { "content-length": "18" }],
] as const) {
  test(`${title} is waited for`, () => {
    const { app, cancelled, say, end } = channel(type, headers);
    return inMemory({ app }, async (server) => {
      const client = await server.connect();
      client.send(request);
      await client.until(() => bodyOf(client) === "data: 1\n\n");
      const closed = server.server.close();
      for (let turns = 0; turns < 20; turns++) await turn();
      say("data: 2\n\n");
      end();
      await closed;
      assert.is(bodyOf(client), "data: 1\n\ndata: 2\n\n");
      assert.equal(cancelled, []);
    });
  });
}

test("what a stream of events says at once when it hears that the server closes is sent", () => {
  const { app, say, end } = channel("text/event-stream");
  const told: FetchHandler = (request, env, ctx) => {
    const response = app(request, env, ctx);
    ctx.closing.addEventListener("abort", () => {
      for (const text of ["data: 2\n\n", "data: 3\n\n"]) say(text);
      end();
    });
    return response;
  };
  return inMemory({ app: told }, async (server) => {
    const client = await server.connect();
    client.send(GET);
    await client.until(() => bodyOf(client) === "data: 1\n\n");
    await server.server.close();
    assert.is(bodyOf(client), "data: 1\n\ndata: 2\n\ndata: 3\n\n");
  });
});

test("a client that does not read holds up the end of its stream, not what others get", () => {
  const waiting: ReadableStreamDefaultController[] = [];
  const piece = encoder.encode(`data: ${"x".repeat(100_000)}\n\n`);
  const app = () => {
    const pull = (controller: ReadableStreamDefaultController) => {
      if (waiting.length < 1000) controller.enqueue(piece);
      waiting.push(controller);
    };
    return new Response(new ReadableStream({ pull }), { headers: { "content-type": "text/event-stream" } });
  };
  return inMemory({ app }, async (server, clock) => {
    const client = await server.connect();
    client.socket.pause();
    client.send(GET);
    for (let turns = 0; turns < 50; turns++) await turn();
    assert.ok(waiting.length < 100, `${waiting.length} pieces were asked for`);
    const closed = server.server.close({ timeout: 1000 });
    await clock.advance(1000);
    await closed;
    assert.is(client.isClosed, true);
  });
});

test("ctx.closing is aborted when the server begins to close, for requests under way and for one that comes last", () => {
  const contexts: AppContext[] = [];
  let answer!: (response: Response) => void;
  const app: FetchHandler = (_request, _env, ctx) => {
    contexts.push(ctx);
    return new Promise<Response>((resolve) => {
      answer = resolve;
    });
  };
  return inMemory({ app }, async (server) => {
    const [first, last] = [await server.connect(), await server.connect()];
    first.send(GET);
    last.send(GET.slice(0, 10));
    for (let turns = 0; turns < 20; turns++) await turn();
    const { closing } = contexts[0]!;
    assert.is(closing, contexts[0]!.closing);
    assert.is(closing.aborted, false);
    const closed = server.server.close();
    assert.is(closing.aborted, true);
    assert.is(String(closing.reason), "AbortError: the server is about to close");
    answer(new Response("first"));
    await first.closed();
    last.send(GET.slice(10));
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.is(contexts[1]!.closing.aborted, true);
    answer(new Response("last"));
    await closed;
    assert.equal([bodyOf(first), bodyOf(last)], ["first", "last"]);
  });
});

test("ctx.closing is aborted for a request whose client has left, too, and nobody waits for it", () => {
  const contexts: AppContext[] = [];
  const app: FetchHandler = (_request, _env, ctx) => {
    contexts.push(ctx);
    return new Promise<Response>((resolve) => {
      ctx.closing.addEventListener("abort", () => resolve(new Response()));
    });
  };
  return inMemory({ app }, async (server) => {
    const [gone, refused] = [await server.connect(), await server.connect()];
    gone.send(GET);
    refused.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    for (let turns = 0; turns < 20; turns++) await turn();
    gone.socket.destroy();
    refused.socket.end();
    await Promise.all([gone.closed(), refused.closed()]);
    assert.is(server.server.connections, 0);
    const closed = server.server.close();
    assert.equal(
      contexts.map(({ closing }) => closing.aborted),
      [true, true],
    );
    await closed;
  });
});

test("without a server, ctx.closing is aborted when the app is closed; each request under way has its own", async () => {
  const contexts: AppContext[] = [];
  const answers: ((response: Response) => void)[] = [];
  const handler: FetchHandler = (_request, _env, ctx) => {
    contexts.push(ctx);
    return new Promise<Response>((resolve) => answers.push(resolve));
  };
  const app = await loadApp(new EventLoop(memoryHost().clock, () => {}), handler);
  const fetched = ["a", "b", "c"].map(() => app.fetch(new Request("http://a/")));
  const [first, second, late] = contexts;
  assert.is(first!.closing, first!.closing);
  assert.is.not(first!.closing, second!.closing);
  answers[0]!(new Response());
  await fetched[0];
  const closed = app.close();
  // The first has been answered already.
  assert.equal(
    [first!, second!, late!].map(({ closing }) => closing.aborted),
    [false, true, true],
  );
  assert.is(String(second!.closing.reason), "AbortError: the app is about to close");
  for (const answer of answers) answer(new Response());
  await closed;
});

test.run();
