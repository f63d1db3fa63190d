/** Every limit and every deadline: its answer, and that what is below it passes. Time is the virtual clock's. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { memoryHost } from "../../ts/host/memory.ts";
import type { AppContext } from "../../ts/server/app.ts";
import { DEFAULT_LIMITS, resolveLimits } from "../../ts/server/limits.ts";
import { type Client, inMemory, onSockets, pattern, TestServer, turn } from "./support.ts";

const hello = () => new Response("hello");
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** The status of the only answer, or 0 if there is none. */
async function statusOf(client: Client): Promise<number> {
  await client.closed();
  const answers = client.answers();
  assert.ok(answers.length <= 1);
  return answers[0]?.status ?? 0;
}

const settled = async () => {
  for (let turns = 0; turns < 30; turns++) await turn();
};

test("limits are the defaults, overridden by what is given", () => {
  assert.equal(resolveLimits(), DEFAULT_LIMITS);
  assert.equal(resolveLimits({ headBytes: 100 }), { ...DEFAULT_LIMITS, headBytes: 100 });
  assert.is(resolveLimits({ idleTimeout: Number.POSITIVE_INFINITY }).idleTimeout, Number.POSITIVE_INFINITY);
});

test("limits that are none are refused by name and range", () => {
  const refused = (limits: Record<string, unknown>) => {
    try {
      resolveLimits(limits);
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return "accepted";
  };
  assert.match(
    refused({ headByte: 1 }),
    /^TypeError: limits\.headByte: no such limit; there are headBytes, /,
  );
  assert.match(
    refused({ headBytes: 0 }),
    /^RangeError: limits\.headBytes: 0 is not an integer from 1 to 16777216$/,
  );
  assert.match(refused({ toString: 1 }), /^TypeError: limits\.toString: no such limit/);
  assert.match(refused({ headBytes: Number.POSITIVE_INFINITY }), /^RangeError/);
  assert.match(refused({ bodyBytes: -1 }), /from 0 to 9007199254740991, or Infinity$/);
  assert.match(refused({ idleTimeout: 2 ** 31 }), /from 1 to 2147483647, or Infinity$/);
  assert.match(refused({ idleTimeout: "1" }), /^RangeError/);
  assert.match(refused({ connections: Number.NaN }), /^RangeError/);
});

for (const [limit, value, status, within, beyond] of [
  ["headBytes", 100, 431, GET, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100)}\r\n\r\n`],
  [
    "headerCount",
    2,
    431,
    "GET / HTTP/1.1\r\nHost: a\r\nB: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nB: b\r\nC: c\r\n\r\n",
  ],
  ["targetBytes", 5, 414, "GET /1234 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /12345 HTTP/1.1\r\nHost: a\r\n\r\n"],
] as const) {
  test(`${limit}: ${status} beyond it`, () =>
    inMemory({ app: hello, limits: { [limit]: value } }, async (server) => {
      const [answer] = await server.ask(beyond);
      assert.is(answer!.status, status);
      const client = await server.connect();
      client.send(within);
      assert.is((await client.answered(1))[0]!.status, 200);
      client.socket.end();
    }));
}

test("bodyBytes: 413 before the app is asked when Content-Length tells, else when the body reaches it", () => {
  let asked = 0;
  const app = async (request: Request) => {
    asked++;
    return new Response(`${(await request.arrayBuffer()).byteLength}`);
  };
  return inMemory({ app, limits: { bodyBytes: 10 } }, async (server) => {
    const post = (rest: string) => server.ask(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}`);
    assert.is((await post("Content-Length: 10\r\n\r\n0123456789"))[0]!.body, "10");
    assert.is((await post("Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"))[0]!.body, "10");
    assert.is(asked, 2);
    assert.is((await post("Content-Length: 11\r\n\r\n01234567890"))[0]!.status, 413);
    assert.is(asked, 2);

    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n");
    await settled();
    client.send("5\r\n67890\r\n0\r\n\r\n");
    assert.is(await statusOf(client), 413);
    assert.equal(server.errors, []);
  });
});

test("connections: 503 beyond it, and room again when one has left", () =>
  inMemory({ app: hello, limits: { connections: 2 } }, async (server) => {
    const [first, second] = [await server.connect(), await server.connect()];
    const third = await server.connect();
    assert.is(await statusOf(third), 503);
    for (const client of [first, second]) {
      client.send(GET);
      assert.is((await client.answered(1))[0]!.status, 200);
    }
    first.socket.end();
    await first.closed();
    const fourth = await server.connect();
    fourth.send(GET);
    assert.is((await fourth.answered(1))[0]!.status, 200);
    for (const client of [second, fourth]) client.socket.end();
  }));

test("a thousand connections that send their heads byte by byte take little, end at their deadline, and hold up nobody", () =>
  onSockets({ app: hello, limits: { headTimeout: 300 } }, async (server) => {
    const slow = await Promise.all(Array.from({ length: 1000 }, () => server.connect()));
    for (const client of slow) client.send("G");
    for (const client of slow) client.send("E");
    const normal = await server.connect();
    for (let count = 1; count <= 20; count++) {
      normal.send(GET);
      assert.is((await normal.answered(count)).at(-1)!.status, 200);
    }
    assert.ok(server.core.statistics().peakBytesInUse < 1001 * 16 * 1024);
    for (const client of slow) assert.is(await statusOf(client), 408);
    assert.is(server.core.statistics().liveArenas, 0);
    normal.socket.end();
  }));

test("headTimeout: 408 when the head is not whole, counted from its first byte", () =>
  inMemory({ app: hello, limits: { headTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    await clock.advance(5000);
    client.send("GET / HTTP/1.1\r\n");
    await clock.advance(900);
    client.send("Host: a\r\n");
    await clock.advance(99);
    assert.is(client.text(), "");
    await clock.advance(1);
    assert.is(await statusOf(client), 408);
  }));

test("idleTimeout: closed without a word, counted from the last response", () =>
  inMemory({ app: hello, limits: { idleTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    await clock.advance(900);
    client.send(GET);
    await client.answered(1);
    await clock.advance(999);
    assert.not(client.isClosed);
    await clock.advance(1);
    await client.closed();
    assert.is(client.answers().length, 1);
    const silent = await server.connect();
    await clock.advance(1000);
    assert.is(await statusOf(silent), 0);
  }));

test("bodyTimeout: 408 when the app waits and nothing comes, counted from the last byte", () => {
  const reasons: unknown[] = [];
  const app = async (request: Request) => {
    try {
      return new Response(await request.text());
    } catch (error) {
      reasons.push((error as Error).name, request.signal.reason.name);
      throw error;
    }
  };
  return inMemory({ app, limits: { bodyTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel");
    await clock.advance(999);
    client.send("lo");
    await clock.advance(999);
    assert.is(client.text(), "");
    await clock.advance(1);
    assert.is(await statusOf(client), 408);
    assert.equal(reasons, ["TimeoutError", "TimeoutError"]);
    assert.equal(server.errors, []);
  });
});

test("bodyTimeout does not count while the app has no use for more", () => {
  let read!: () => void;
  const wanted = new Promise<void>((resolve) => {
    read = resolve;
  });
  const app = async (request: Request) => {
    await wanted;
    return new Response(await request.text());
  };
  return inMemory({ app, limits: { bodyTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    await clock.advance(100_000);
    read();
    await settled();
    client.send("lo");
    assert.is((await client.answered(1))[0]!.body, "hello");
    client.socket.end();
  });
});

test("sendTimeout: a client that does not read is dropped, one that reads slowly is not", () => {
  const app = () => new Response(pattern(1_000_000));
  return inMemory({ app, limits: { sendTimeout: 1000 } }, async (server, clock) => {
    const [slow, stuck] = [await server.connect(), await server.connect()];
    for (const client of [slow, stuck]) {
      client.socket.pause();
      client.send(GET);
    }
    while (!slow.answers()[0] || slow.answers()[0]!.truncated) {
      assert.not(slow.isClosed);
      await clock.advance(500);
      slow.socket.resume();
      for (let turns = 0; turns < 3; turns++) await turn();
      slow.socket.pause();
    }
    assert.ok(stuck.isClosed);
    assert.equal(server.errors, []);
    slow.socket.resume();
    slow.socket.end();
  });
});

test("lingerTimeout: what the client sends after the last answer is dropped, and then the client is", () =>
  inMemory({ app: hello, limits: { lingerTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    // A client that does not close its side in turn.
    client.end = () => {};
    client.send("GET / HTTP/2.0\r\n\r\n");
    await client.answered(1);
    for (let more = 0; more < 10; more++) {
      client.send(pattern(10_000));
      await clock.advance(99);
    }
    assert.not(client.isClosed);
    await clock.advance(11);
    assert.ok(client.isClosed);
    assert.is(client.answers()[0]!.status, 505);
  }));

test("a client that ended its side and gets no answer is given up after lingerTimeout", () => {
  let signal!: AbortSignal;
  let giveUp!: (reason: unknown) => void;
  const app = (request: Request) => {
    signal = request.signal;
    return new Promise<Response>((_resolve, reject) => {
      giveUp = reject;
    });
  };
  return inMemory({ app, limits: { lingerTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    client.send(GET);
    client.socket.end();
    await settled();
    assert.ok(signal.aborted);
    await clock.advance(999);
    assert.not(client.isClosed);
    await clock.advance(1);
    assert.ok(client.isClosed);
    giveUp(signal.reason);
  });
});

test("so is one whose request, and its body in pieces, waited for their turn", () => {
  let text = "";
  const answers: ((response: Response) => void)[] = [];
  const app = async (request: Request) => {
    text += await request.text();
    return new Promise<Response>((resolve) => answers.push(resolve));
  };
  return inMemory({ app, limits: { lingerTimeout: 1000 } }, async (server, clock) => {
    const client = await server.connect();
    client.send(GET);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    client.send("lo");
    client.socket.end();
    await settled();
    answers[0]!(hello());
    await settled();
    assert.is(text, "hello");
    await clock.advance(999);
    assert.not(client.isClosed);
    await clock.advance(1);
    assert.ok(client.isClosed);
    answers[1]!(hello());
  });
});

test("a client that ended its side and reads slowly has sendTimeout to do so", () => {
  const app = () => new Response(pattern(1_000_000));
  const limits = { lingerTimeout: 1000, sendTimeout: 5000 };
  return inMemory({ app, limits }, async (server, clock) => {
    const client = await server.connect();
    client.socket.pause();
    client.send(GET);
    client.socket.end();
    await clock.advance(4999);
    client.socket.resume();
    await client.closed();
    assert.is(client.answers()[0]!.bytes.length, 1_000_000);
  });
});

test("lingerTimeout is counted from when the last answer has left, and sendTimeout until then", () => {
  const app = () => new Response(pattern(10_000));
  const limits = { lingerTimeout: 1000, sendTimeout: 5000 };
  return inMemory({ app, limits }, async (server, clock) => {
    const [slow, stuck] = [await server.connect(), await server.connect()];
    for (const client of [slow, stuck]) {
      client.end = () => {};
      client.socket.pause();
      client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    await clock.advance(4999);
    slow.socket.resume();
    await clock.advance(1);
    assert.ok(stuck.isClosed);
    assert.is(slow.answers()[0]!.bytes.length, 10_000);
    await clock.advance(998);
    assert.not(slow.isClosed);
    await clock.advance(1);
    assert.ok(slow.isClosed);
  });
});

const READ_LATER = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n";

/** Answers at once, and goes on reading: `reads` times, with `pauseMs` of the clock in between. */
function readingLater(clock: { wait(ms: number): Promise<void> }, reads: number, pauseMs: number) {
  const seen = { bytes: 0, end: "" };
  const app = (request: Request, _env: unknown, ctx: AppContext) => {
    const reader = request.body!.getReader({ mode: "byob" });
    const work = async () => {
      for (let count = 0; count < reads; count++) {
        const { done, value } = await reader.read(new Uint8Array(10_000));
        seen.bytes += value?.length ?? 0;
        if (done) break;
        await clock.wait(pauseMs);
      }
      seen.end = "read";
    };
    ctx.waitUntil(
      work().catch((error: Error) => {
        seen.end = error.name;
      }),
    );
    return new Response(null, { status: 202 });
  };
  return { app, seen };
}

test("bodyTimeout is the client's: a slow reader after the response does not use it up", () => {
  let server!: TestServer;
  const wait = (ms: number) => new Promise<void>((resolve) => server.loop.setTimeout(() => resolve(), ms));
  const { app, seen } = readingLater({ wait }, 100, 400);
  const limits = { bodyTimeout: 300, unreadBodyTimeout: 500 };
  return inMemory({ app, limits }, async (given, clock) => {
    server = given;
    const client = await server.connect();
    client.send(READ_LATER);
    client.send(pattern(300_000));
    await clock.advance(400 * 40);
    assert.equal(seen, { bytes: 300_000, end: "read" });
    assert.not(client.isClosed);
    client.socket.end();
  });
});

test("bodyTimeout counts after the response too, when the reader waits for the client", () => {
  const { app, seen } = readingLater({ wait: async () => {} }, 100, 0);
  return inMemory({ app, limits: { bodyTimeout: 300 } }, async (server, clock) => {
    const client = await server.connect();
    client.send(READ_LATER);
    client.send(pattern(20_000));
    await clock.advance(299);
    assert.not(client.isClosed);
    await clock.advance(1);
    await client.closed();
    assert.equal(seen, { bytes: 20_000, end: "TimeoutError" });
  });
});

for (const reads of [0, 3]) {
  test(`unreadBodyTimeout: an app that reads ${reads} times after its response, and keeps the body, loses it`, () => {
    const { app, seen } = readingLater({ wait: async () => {} }, reads, 0);
    const limits = { bodyTimeout: 300, unreadBodyTimeout: 1000 };
    return inMemory({ app, limits }, async (server, clock) => {
      const client = await server.connect();
      client.send(READ_LATER);
      client.send(pattern(40_000));
      await clock.advance(999);
      assert.not(client.isClosed);
      // A byte of the client's is not what is waited for.
      client.send("x");
      // What was read since the deadline was set puts it off, once.
      await clock.advance(reads === 0 ? 1 : 1001);
      await client.closed();
      assert.equal(seen, { bytes: reads * 10_000, end: "read" });
      assert.equal(server.errors, []);
    });
  });
}

test("who cancels the body after the response leaves the rest to be dropped, within bodyTimeout", () => {
  let cancel!: () => Promise<void>;
  const app = (request: Request) => {
    const reader = request.body?.getReader();
    if (reader) cancel = () => reader.cancel();
    return new Response(null, { status: 202 });
  };
  return inMemory({ app, limits: { bodyTimeout: 300 } }, async (server, clock) => {
    const [diligent, silent] = [await server.connect(), await server.connect()];
    for (const client of [diligent, silent]) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
      await client.answered(1);
      await cancel();
    }
    diligent.send(`lo${GET}`);
    assert.is((await diligent.answered(2)).length, 2);
    await clock.advance(299);
    assert.not(silent.isClosed);
    await clock.advance(1);
    await silent.closed();
    diligent.socket.end();
  });
});

test("a closed server leaves no timer behind", async () => {
  const host = memoryHost();
  const server = await TestServer.start(host, { app: hello });
  const client = await server.connect();
  client.send(GET);
  await client.answered(1);
  await server.stop();
  await settled();
  assert.is(host.clock.pendingTasks, 0);
});

test.run();
