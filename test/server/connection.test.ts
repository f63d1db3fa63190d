/** Connections: keep-alive, pipelining, HEAD, expectations, HTTP/1.0, and clients that leave. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { eventually, inMemory, onSockets, pattern, turn } from "./support.ts";

const hello = () => new Response("hello");
const get = (path: string, fields = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const wait = () => new Promise<never>(() => {});

/** A promise to settle from outside. */
function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test("a connection serves one request after the other, and says nothing about it", () =>
  onSockets({ app: hello }, async (server) => {
    const client = await server.connect();
    for (let count = 1; count <= 3; count++) {
      client.send(get("/"));
      const answers = await client.answered(count);
      assert.is(answers.length, count);
      assert.is(answers[count - 1]!.headers.get("connection"), null);
    }
    assert.is(server.server.connections, 1);
    client.socket.end();
  }));

test("Connection: close ends it, on the client's word or the app's", () =>
  onSockets(
    {
      app: (request) =>
        new Response("bye", { headers: request.url.endsWith("/app") ? { connection: "close" } : {} }),
    },
    async (server) => {
      for (const request of [get("/client", "Connection: close\r\n"), get("/app")]) {
        const answers = await server.ask(request);
        assert.is(answers[0]!.body, "bye");
        assert.is(answers[0]!.headers.get("connection"), "close");
      }
    },
  ));

test("pipelined requests are answered in order, however long each takes", () => {
  const app = async (request: Request) => {
    const { pathname } = new URL(request.url);
    for (let turns = Number(pathname.slice(1)); turns > 0; turns--) await turn();
    return new Response(`${pathname} ${await request.text()}`);
  };
  return onSockets({ app }, async (server) => {
    const client = await server.connect();
    const body = "POST /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    const chunks = "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    client.send(get("/20") + body + get("/0") + chunks + get("/1"));
    const answers = await client.answered(5);
    assert.equal(
      answers.map(({ body }) => body),
      ["/20 ", "/5 body", "/0 ", "/3 body", "/1 "],
    );
    client.socket.end();
  });
});

test("pipelined requests are answered in order when they come byte by byte", () => {
  const app = async (request: Request) =>
    new Response(`${new URL(request.url).pathname} ${await request.text()}`);
  return inMemory({ app, pieceBytes: 1 }, async (server) => {
    const client = await server.connect();
    client.send(`${get("/1")}POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody${get("/3")}`);
    const answers = await client.answered(3);
    assert.equal(
      answers.map(({ body }) => body),
      ["/1 ", "/2 body", "/3 "],
    );
    client.socket.end();
  });
});

test("however a conversation is cut into pieces, the answers are the same, byte by byte", async () => {
  const app = async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/throws") throw new Error("thrown");
    if (pathname === "/echo") return new Response(request.body);
    if (pathname === "/unread") return new Response("unread");
    return new Response(`${request.method} ${pathname} ${await request.text()}`);
  };
  const chunks = "5;ext=1\r\nhello\r\n06\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  const conversation = [
    get("/"),
    "\r\n",
    `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 700\r\n\r\n${"x".repeat(700)}`,
    `POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    `POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    `POST /throws HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`,
    "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /bad HTTP/1.1\r\nHost : a\r\n\r\n",
    get("/never"),
  ].join("");
  let expected: string | undefined;
  for (const pieceBytes of [100_000, 1, 2, 3, 5, 7, 11, 64, 333]) {
    await inMemory({ app, pieceBytes }, async (server) => {
      const client = await server.connect();
      client.send(conversation);
      await client.closed();
      expected ??= client.text();
      assert.is(client.text(), expected, `in pieces of ${pieceBytes}`);
      assert.is(server.errors.length, 1);
    });
  }
  const statuses = expected!.match(/(?<=HTTP\/1\.1 )\d{3}/g)!;
  assert.is(statuses.join(" "), "200 200 200 200 500 200 200 400");
});

test("a thousand pipelined requests, answered at once by an app without a promise, overflow nothing", () =>
  onSockets({ app: () => new Response(null, { status: 204 }) }, async (server) => {
    const answers = await server.ask(get("/").repeat(999) + get("/", "Connection: close\r\n"));
    assert.is(answers.length, 1000);
  }));

test("what a client sends far ahead of its turn stays with the client", () => {
  let begun = 0;
  const { promise, open } = gate();
  const app = async () => {
    begun++;
    await promise;
    return new Response(null, { status: 204 });
  };
  return inMemory({ app, limits: { pipelinedBytes: 1000 }, queueBytes: 1000 }, async (server) => {
    const client = await server.connect();
    const request = get("/", `X: ${"x".repeat(900)}\r\n`);
    let refused = false;
    for (let count = 0; count < 20; count++) {
      if (!client.socket.write(request)) refused = true;
      await turn();
    }
    assert.ok(refused, "the client's socket is full");
    assert.is(begun, 1);
    open();
    assert.is((await client.answered(20)).length, 20);
    client.socket.end();
  });
});

test("a body that came early, and that the app does not read, stays with the client", () => {
  const { promise, open } = gate();
  const app = async (request: Request) => {
    if (request.method === "POST") return wait();
    await promise;
    return hello();
  };
  return inMemory({ app }, async (server, clock) => {
    const client = await server.connect();
    client.send(get("/"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
    // As much as a body may keep, before its turn.
    client.send(pattern(60_000));
    client.send(pattern(60_000));
    for (let turns = 0; turns < 20; turns++) await turn();
    open();
    await client.answered(1);
    client.drained = false;
    for (let count = 0; count < 20; count++) client.send(pattern(60_000));
    for (let turns = 0; turns < 100; turns++) await turn();
    assert.not(client.drained);
    client.socket.destroy();
    const closing = server.server.close({ timeout: 0 });
    await clock.advance(0);
    await closing;
  });
});

test("a flood of pipelined requests lets other connections have their turn", () => {
  let answered = 0;
  const app = (request: Request) => new Response(new URL(request.url).pathname + answered++);
  return inMemory({ app }, async (server) => {
    const [greedy, modest] = [await server.connect(), await server.connect()];
    greedy.send(get("/greedy").repeat(299) + get("/greedy", "Connection: close\r\n"));
    modest.send(get("/modest"));
    const [answer] = await modest.answered(1);
    const before = Number(answer!.body.slice("/modest".length));
    assert.ok(before < 150, `${before} requests were answered first`);
    await greedy.closed();
    assert.is(greedy.answers().length, 300);
    modest.socket.end();
  });
});

test("a request that comes early byte by byte, while another is answered, is kept together", () => {
  const { promise, open } = gate();
  const app = async (request: Request) => {
    await promise;
    return new Response(`${request.url} ${await request.text()}`);
  };
  return inMemory({ app, pieceBytes: 1 }, async (server) => {
    const client = await server.connect();
    client.send(get("/1"));
    client.send(`POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n${"x".repeat(300)}${get("/3")}`);
    for (let turns = 0; turns < 1000; turns++) await turn();
    open();
    const answers = await client.answered(3);
    assert.equal(
      answers.map(({ body }) => body),
      ["http://a/1 ", `http://a/2 ${"x".repeat(300)}`, "http://a/3 "],
    );
    client.socket.end();
  });
});

test("HEAD has the fields and no body, and 204, 205 and 304 have none either", () => {
  const app = (request: Request) => {
    const status = Number(new URL(request.url).pathname.slice(1));
    if (status !== 200) return new Response(null, { status, headers: { etag: '"a"' } });
    return new Response("hello", { headers: { "content-length": "5" } });
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
    const [head] = await client.answered(1);
    assert.is(head!.headers.get("content-length"), "5");
    assert.ok(client.text().endsWith("\r\n\r\n"));
    client.socket.end();
    await client.closed();

    const other = await server.connect();
    for (const status of [204, 205, 304]) other.send(get(`/${status}`));
    other.send(get("/200", "Connection: close\r\n"));
    await other.closed();
    const answers = other.answers();
    assert.equal(
      answers.map(({ status, headers }) => [status, headers.get("content-length")]),
      [
        [204, null],
        [205, "0"],
        [304, null],
        [200, "5"],
      ],
    );
    assert.equal(
      answers.map(({ body }) => body),
      ["", "", "", "hello"],
    );
  });
});

test("a HEAD whose response has a body cancels it", () => {
  let cancelled = 0;
  const app = () =>
    new Response(
      new ReadableStream({
        cancel() {
          cancelled++;
        },
      }),
    );
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.answered(1);
    assert.is(cancelled, 1);
    client.socket.end();
  });
});

test("every response has a Date, the app's own if it gave one", () =>
  inMemory(
    { app: (request) => new Response("", { headers: request.url.endsWith("/own") ? { date: "then" } : {} }) },
    async (server, clock) => {
      await clock.advance(90_061_000);
      const client = await server.connect();
      client.send(get("/") + get("/own"));
      const [first, own] = await client.answered(2);
      // The clock began with 1970.
      assert.is(first!.headers.get("date"), "Fri, 02 Jan 1970 01:01:01 GMT");
      assert.is(own!.headers.get("date"), "then");
      client.socket.end();
    },
  ));

test("Set-Cookie lines stay apart, and bytes above ASCII pass both ways", () => {
  const app = (request: Request) => {
    const headers = new Headers({ "x-back": request.headers.get("x-there")! });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response("", { headers });
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send(get("/", "X-There: gr\xfc\xdfe\x80\xff\r\n"));
    const [answer] = await client.answered(1);
    assert.is(answer!.headers.get("x-back"), "gr\xfc\xdfe\x80\xff");
    assert.equal(answer!.headers.getSetCookie(), ["a=1", "b=2"]);
    client.socket.end();
  });
});

test("framing is the server's: Transfer-Encoding, Keep-Alive and the like from an app are not sent", () => {
  const headers = {
    "transfer-encoding": "gzip",
    "keep-alive": "timeout=5",
    connection: "keep-alive, upgrade",
    upgrade: "h2c",
  };
  return inMemory({ app: () => new Response("hello", { headers }) }, async (server) => {
    const client = await server.connect();
    client.send(get("/"));
    const [answer] = await client.answered(1);
    assert.is(answer!.headers.get("transfer-encoding"), null);
    assert.is(answer!.headers.get("keep-alive"), null);
    assert.is(answer!.headers.get("connection"), "upgrade");
    assert.is(answer!.body, "hello");
    client.socket.end();
  });
});

test("100 (Continue) is sent when the app begins to read, and not before", () => {
  const { promise, open } = gate();
  const app = async (request: Request) => {
    await promise;
    return new Response(await request.text());
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.is(client.text(), "");
    open();
    await client.answered(1);
    assert.is(client.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    const [, answer] = await client.answered(2);
    assert.is(answer!.body, "hello");
    client.socket.end();
  });
});

test("an answer without 100 (Continue) closes the connection, since the body may or may not follow", () =>
  inMemory({ app: () => new Response("no", { status: 403 }) }, async (server) => {
    const answers = await server.ask(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    );
    assert.is(answers.length, 1);
    assert.is(answers[0]!.status, 403);
    assert.is(answers[0]!.headers.get("connection"), "close");
  }));

test("an answer without 100 (Continue) closes it as well when the app holds on to the body", () => {
  const seen: string[] = [];
  const app = (request: Request) => {
    seen.push(request.method);
    request.clone();
    return new Response("no", { status: 403 });
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n");
    const [answer] = await client.answered(1);
    assert.is(answer!.headers.get("connection"), "close");
    client.send(get("/next"));
    client.socket.end();
    await client.closed();
    assert.equal(seen, ["POST"]);
  });
});

test("HTTP/1.0: closed unless asked otherwise, never chunked, Host not needed", () => {
  const app = (request: Request) => {
    if (!request.url.endsWith("/stream")) return new Response(request.url);
    const stream = new ReadableStream({
      async pull(controller) {
        await turn();
        controller.enqueue(new TextEncoder().encode("stream"));
        controller.close();
      },
    });
    return new Response(stream);
  };
  return inMemory({ app }, async (server) => {
    const [plain] = await server.ask("GET / HTTP/1.0\r\n\r\n");
    assert.is(plain!.body, `${server.server.url}/`);
    assert.is(plain!.headers.get("connection"), "close");

    const [stream] = await server.ask("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.is(stream!.body, "stream");
    assert.is(stream!.headers.get("connection"), "close");
    assert.is(stream!.headers.get("transfer-encoding"), null);

    const client = await server.connect();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const [kept] = await client.answered(1);
    assert.is(kept!.headers.get("connection"), "keep-alive");
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.is((await client.answered(2)).length, 2);
    client.socket.end();
  });
});

test("the URL is the target's: Host, an absolute target before it, * without a path, // in a path", () => {
  const rows: [request: string, url: string][] = [
    [get("/a?b"), "http://a/a?b"],
    ["GET / HTTP/1.1\r\nHost: example.org:8080\r\n\r\n", "http://example.org:8080/"],
    ["GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "http://[::1]/"],
    ["GET http://other/x HTTP/1.1\r\nhOst: a\r\n\r\n", "http://other/x"],
    ["GET http://other:81?y HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "http://other:81/?y"],
    ["OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/"],
    [get("//evil.example/x"), "http://a//evil.example/x"],
    [get("/\\evil"), "http://a//evil"],
    [get("/@evil:80/"), "http://a/@evil:80/"],
  ];
  return inMemory({ app: (request) => new Response(request.url) }, async (server) => {
    const client = await server.connect();
    for (const [request] of rows) client.send(request);
    const answers = await client.answered(rows.length);
    assert.equal(
      answers.map(({ body }) => body),
      rows.map(([, url]) => url),
    );
    client.socket.end();
  });
});

test("the Host field is an absolute target's, whatever came as Host", () => {
  const app = ({ headers }: Request) => new Response(`${headers.get("host")} ${headers.get("x")}`);
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("GET http://other:81/x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    client.send("GET http://other HTTP/1.1\r\nX: y\r\nhost: a\r\n\r\n");
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    assert.equal(
      (await client.answered(3)).map(({ body }) => body),
      ["other:81 y", "other y", "a y"],
    );
    client.socket.end();
  });
});

test("empty lines behind a body begin no request: the connection is idle", () => {
  const app = async (request: Request) => new Response(await request.text());
  const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\n";
  return inMemory({ app, limits: { headTimeout: 100 } }, async (server, clock) => {
    const [next, ended, drained] = [await server.connect(), await server.connect(), await server.connect()];
    for (const client of [next, ended, drained]) {
      client.send(post);
      assert.is((await client.answered(1))[0]!.body, "hello");
    }
    await clock.advance(200);
    next.send(`\r\n${get("/")}`);
    assert.is((await next.answered(2))[1]!.status, 200);
    ended.socket.end();
    await ended.closed();
    const closing = server.server.close();
    await drained.closed();
    await closing;
    for (const client of [ended, drained]) assert.is(client.answers().length, 1);
  });
});

test("a body that the app does not read is dropped, up to the limit", () => {
  const limits = { unreadBodyBytes: 100_000 };
  return onSockets({ app: hello, limits }, async (server) => {
    const client = await server.connect();
    const upload = (body: Uint8Array) =>
      Buffer.concat([
        Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`),
        body,
      ]);
    client.send(upload(pattern(99_000)));
    client.send(get("/"));
    assert.equal(
      (await client.answered(2)).map(({ status }) => status),
      [200, 200],
    );
    client.send(upload(pattern(300_000)));
    await client.closed();
    const answers = client.answers();
    assert.is(answers.length, 3);
    assert.is(answers[2]!.headers.get("connection"), "close");
  });
});

test("a chunked body that the app does not read is dropped up to the limit, then the connection ends", () =>
  inMemory({ app: hello, limits: { unreadBodyBytes: 1000 } }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await client.answered(1);
    for (let chunk = 0; chunk < 20; chunk++) client.send(`64\r\n${"x".repeat(100)}\r\n`);
    await client.closed();
    assert.is(client.answers().length, 1);
  }));

test("a body may be read after the response, by work given to waitUntil", () => {
  const { promise, open } = gate<string>();
  const app = (request: Request, _env: unknown, ctx: { waitUntil(promise: Promise<unknown>): void }) => {
    if (request.method === "POST") ctx.waitUntil(request.text().then(open));
    return new Response(null, { status: 202 });
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await client.answered(1);
    client.send(`world${get("/next")}`);
    assert.is(await promise, "helloworld");
    await client.answered(2);
    client.socket.end();
  });
});

test("reading a body after the response, too late, is an error and not a wait", () => {
  let request!: Request;
  const app = (given: Request) => {
    request ??= given;
    return new Response("done");
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await client.answered(1);
    client.send(`world${get("/next")}`);
    await client.answered(2);
    let message = "";
    await request.text().catch((error: Error) => {
      message = error.message;
    });
    assert.match(message, /response was sent before the body/);
    client.socket.end();
  });
});

test("an app that throws, rejects or answers with something else gives 500, a report, and the next answer", () => {
  const app = (request: Request) => {
    switch (new URL(request.url).pathname) {
      case "/throws":
        throw new Error("secret one");
      case "/rejects":
        return Promise.reject(new Error("secret two"));
      case "/nothing":
        return undefined as unknown as Response;
      case "/error":
        return Response.error();
      case "/used": {
        const used = new Response("x");
        used.text();
        return used;
      }
      case "/broken":
        return new Response(
          new ReadableStream({
            pull() {
              throw new Error("secret three");
            },
          }),
        );
    }
    return hello();
  };
  return onSockets({ app }, async (server) => {
    const client = await server.connect();
    const paths = ["/throws", "/rejects", "/nothing", "/error", "/used", "/broken"];
    for (const path of paths) client.send(get(`${path}?token=1`));
    client.send(get("/fine"));
    const answers = await client.answered(paths.length + 1);
    for (const [index, path] of paths.entries()) {
      assert.is(answers[index]!.status, 500, path);
      assert.is(answers[index]!.body, "Internal Server Error\n");
      assert.match(server.errors[index]!.message, new RegExp(`^GET ${path}: `));
      assert.not.match(server.errors[index]!.message, /token/);
    }
    assert.is(answers.at(-1)!.body, "hello");
    assert.is(server.errors.length, paths.length);
    assert.match((server.errors[0]!.cause as Error).message, /secret one/);
    client.socket.end();
  });
});

test("anything can be thrown, even what cannot be made a string: 500, a report, and the next answer", () => {
  const unprintable = [
    Object.create(null),
    {
      toString() {
        throw new Error("toString");
      },
    },
    Object.assign(new Error(), { message: Symbol("message") }),
    new Proxy(() => {}, {
      getPrototypeOf() {
        throw new Error("getPrototypeOf");
      },
    }),
    null,
    Symbol("thrown"),
  ];
  const app = (request: Request) => {
    throw unprintable[Number(request.url.at(-1))];
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    for (const index of unprintable.keys()) client.send(get(`/${index}`));
    const answers = await client.answered(unprintable.length);
    assert.ok(answers.every(({ status }) => status === 500));
    assert.equal(
      server.errors.map(({ message }) => message),
      [
        "GET /0: an object that cannot be made a string",
        "GET /1: an object that cannot be made a string",
        "GET /2: Symbol(message)",
        "GET /3: a function that cannot be made a string",
        "GET /4: null",
        "GET /5: Symbol(thrown)",
      ],
    );
    assert.is(server.errors[0]!.cause, unprintable[0]);
    client.socket.end();
  });
});

test("a Response of the app's own making may break in every way, and breaks nothing else", () => {
  const own = (parts: object) => ({
    [Symbol.toStringTag]: "Response",
    status: 200,
    statusText: "",
    bodyUsed: false,
    headers: new Map(),
    body: null,
    ...parts,
  });
  const throwing = () => {
    throw new Error("broken");
  };
  const framing = { "Transfer-Encoding": "gzip", "Content-Length": "5", CONNECTION: "keep-alive" };
  const responses: Record<string, () => object> = {
    "/own": () => own({ headers: new Map(Object.entries(framing)), body: new Response("hello").body }),
    "/getter": () => Object.defineProperty(own({}), "body", { get: throwing }),
    "/cancel": () => own({ body: { locked: false, cancel: throwing } }),
    "/reader": () =>
      own({ body: { locked: false, getReader: () => ({ read: throwing, cancel: throwing }) } }),
  };
  const app = (request: Request) => responses[new URL(request.url).pathname]!() as Response;
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    for (const path of Object.keys(responses)) client.send(get(path));
    client.send(get("/own"));
    const answers = await client.answered(5);
    assert.equal(
      answers.map(({ status }) => status),
      [200, 500, 500, 500, 200],
    );
    assert.equal([...answers[0]!.headers.keys()], ["content-length", "date"]);
    assert.is(answers[0]!.body, "hello");
    client.socket.end();
    await client.closed();
    assert.is(
      (await server.ask("HEAD /cancel HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))[0]!.status,
      200,
    );
  });
});

test("a stream that breaks after the head breaks the connection, so that nobody takes it for whole", () => {
  const app = () => {
    let chunks = 0;
    const stream = new ReadableStream({
      async pull(controller) {
        await turn();
        if (++chunks === 3) controller.error(new Error("broken"));
        else controller.enqueue(new TextEncoder().encode("chunk"));
      },
    });
    return new Response(stream);
  };
  return onSockets({ app }, async (server) => {
    const answers = await server.ask(get("/stream"));
    assert.is(answers.length, 1);
    assert.is(answers[0]!.status, 200);
    assert.ok(answers[0]!.truncated);
    assert.is(server.errors.length, 1);
    assert.match(server.errors[0]!.message, /^GET \/stream: broken/);
  });
});

test("a chunk that is no Uint8Array is an error of the app", () => {
  const app = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue("text");
          controller.close();
        },
      }),
    );
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send(get("/"));
    const [answer] = await client.answered(1);
    assert.is(answer!.status, 500);
    client.socket.end();
  });
});

// Clients that leave, at every state of a connection.

for (const [state, sent] of [
  ["before its first byte", ""],
  ["in the middle of a head", "GET / HT"],
  ["in the middle of a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel"],
  ["in the middle of a chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhel"],
] as const) {
  for (const how of ["destroy", "end"] as const) {
    test(`a client that leaves by ${how} ${state} leaves nothing behind`, () => {
      const app = async (request: Request) => new Response(await request.text());
      return onSockets({ app }, async (server) => {
        const client = await server.connect();
        if (sent) client.send(sent);
        await eventually(() => server.server.connections === 1);
        for (let turns = 0; turns < 5; turns++) await turn();
        client.socket[how]();
        await eventually(() => server.server.connections === 0);
        assert.is(server.core.statistics().liveArenas, 0);
        assert.equal(server.errors, []);
        if (how === "end" && sent) assert.is(client.answers()[0]!.status, 400);
      });
    });
  }
}

for (const how of ["destroy", "end"] as const) {
  test(`request.signal is aborted when the client leaves by ${how} while the app works`, () => {
    let signal!: AbortSignal;
    const app = (request: Request) => {
      signal = request.signal;
      return new Promise<Response>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    };
    return onSockets({ app }, async (server) => {
      const client = await server.connect();
      client.send(get("/"));
      await eventually(() => signal !== undefined);
      assert.not(signal.aborted);
      client.socket[how]();
      await eventually(() => signal.aborted);
      assert.is(signal.reason.name, "AbortError");
      await eventually(() => server.server.connections === 0);
      // Giving up because of the signal is nothing to report.
      assert.equal(server.errors, []);
    });
  });
}

test("request.signal is not aborted when all went well", () => {
  let signal!: AbortSignal;
  const app = (request: Request) => {
    signal = request.signal;
    return hello();
  };
  return onSockets({ app }, async (server) => {
    await server.ask(get("/", "Connection: close\r\n"));
    await eventually(() => server.server.connections === 0);
    assert.not(signal.aborted);
  });
});

test("a client that ends its side still gets its answers, all that it asked for", () => {
  const app = async (request: Request) => {
    for (let turns = 0; turns < 10; turns++) await turn();
    return new Response(request.url);
  };
  return onSockets({ app }, async (server) => {
    const client = await server.connect();
    client.send(get("/1") + get("/2"));
    client.socket.end();
    await client.closed();
    assert.equal(
      client.answers().map(({ body }) => body),
      ["http://a/1", "http://a/2"],
    );
  });
});

for (const [kind, last, text] of [
  ["half a body", "POST /last HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel", "the body"],
  [
    "half a chunk",
    "POST /last HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "the body",
  ],
  ["half a head", "GET /last HTTP/1.1\r\nHost: a\r\n", "the request"],
] as const) {
  test(`a client that ended its side, with ${kind} behind a request, is told so in its turn`, () => {
    const { promise, open } = gate();
    let signal: AbortSignal | undefined;
    const app = async (request: Request) => {
      if (request.url.endsWith("/first")) await promise;
      else signal = request.signal;
      return new Response(await request.text());
    };
    return inMemory({ app }, async (server) => {
      const client = await server.connect();
      client.send(get("/first") + last);
      client.socket.end();
      for (let turns = 0; turns < 20; turns++) await turn();
      open();
      await client.closed();
      assert.equal(
        client.answers().map(({ status, body }) => `${status} ${body}`),
        ["200 ", `400 the connection ended before ${text} did\n`],
      );
      assert.is(signal?.aborted, kind === "half a head" ? undefined : true);
      assert.equal(server.errors, []);
    });
  });
}

test("request.signal tells an app that works on a pipelined request that its client has ended", () => {
  const { promise, open } = gate();
  const app = async (request: Request) => {
    if (request.url.endsWith("/first")) {
      await promise;
      return hello();
    }
    if (!request.signal.aborted)
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
    return new Response(request.signal.reason.message);
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send(get("/first") + get("/second"));
    client.socket.end();
    for (let turns = 0; turns < 20; turns++) await turn();
    open();
    await client.closed();
    assert.is(client.answers()[1]!.body, "the client has closed its side");
  });
});

test("the response's stream is cancelled when the client leaves, also while it does not read", () => {
  const cancelled: unknown[] = [];
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(pattern(100_000));
      },
      cancel(reason) {
        cancelled.push(reason);
      },
    });
  const silent = () =>
    new ReadableStream({
      cancel(reason) {
        cancelled.push(reason);
      },
    });
  const app = (request: Request) => new Response(request.url.endsWith("/endless") ? endless() : silent());
  return onSockets({ app, limits: { lingerTimeout: 20 } }, async (server) => {
    for (const path of ["/endless", "/silent"]) {
      const client = await server.connect();
      if (path === "/endless") client.socket.pause();
      client.send(get(path));
      await eventually(() => server.server.connections === 1);
      for (let turns = 0; turns < 20; turns++) await turn();
      client.socket.destroy();
      await eventually(() => server.server.connections === 0);
    }
    await eventually(() => cancelled.length === 2);
    assert.is((cancelled[0] as DOMException).name, "AbortError");
    assert.equal(server.errors, []);
  });
});

test("an app that answers after its client has left is not listened to, and its stream is cancelled", () => {
  const { promise, open } = gate();
  let cancelled = false;
  let started = false;
  const app = async () => {
    started = true;
    await promise;
    return new Response(
      new ReadableStream({
        cancel() {
          cancelled = true;
        },
      }),
    );
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send(get("/"));
    await eventually(() => started);
    client.socket.destroy();
    await eventually(() => server.server.connections === 0);
    open();
    await eventually(() => cancelled);
    assert.equal(server.errors, []);
  });
});

// Drain.

test("close() ends idle connections at once, and lets running requests finish as the last of theirs", () => {
  const { promise, open } = gate();
  const app = async () => {
    await promise;
    return hello();
  };
  return onSockets({ app }, async (server) => {
    const idle = await server.connect();
    const running = await server.connect();
    const halfway = await server.connect();
    running.send(get("/"));
    halfway.send("GET / HTTP/1.1\r\n");
    await eventually(() => server.server.connections === 3);
    for (let turns = 0; turns < 20; turns++) await turn();
    const closed = server.server.close();
    await idle.closed();
    halfway.send("Host: a\r\n\r\n");
    let done = false;
    closed.then(() => {
      done = true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.not(done);
    await server.connect().then(
      () => assert.unreachable(),
      (error) => assert.is(error.code, "ECONNREFUSED"),
    );
    open();
    for (const client of [running, halfway]) {
      await client.closed();
      assert.is(client.answers()[0]!.body, "hello");
      assert.is(client.answers()[0]!.headers.get("connection"), "close");
    }
    await closed;
    await server.server.closed;
    assert.is(server.server.connections, 0);
  });
});

test("close() drops what does not finish in time", () =>
  inMemory({ app: wait }, async (server, clock) => {
    const client = await server.connect();
    client.send(get("/"));
    for (let turns = 0; turns < 20; turns++) await turn();
    const closed = server.server.close({ timeout: 1000 });
    await clock.advance(999);
    assert.is(server.server.connections, 1);
    await clock.advance(1);
    await closed;
    assert.ok(client.isClosed);
  }));

test("a server that listens is work, and one that is closed is none", () =>
  inMemory({ app: hello }, async (server) => {
    let idle = false;
    server.loop.idle().then(() => {
      idle = true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.not(idle);
    await server.server.close();
    await eventually(() => idle);
  }));

test.run();
