import { constants, gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "#host";
import type { Coding, Codings } from "../../ts/host/host.ts";
import { memoryHost } from "../../ts/host/memory.ts";
import { webCodings } from "../../ts/host/web-codings.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import type { FetchHandler } from "../../ts/server/app.ts";
import { type ServeOptions, type Server, startServer } from "../../ts/server/server.ts";
import { Response as OurResponse } from "../../ts/web/messages/response.ts";
import { makeCore } from "../support/core.ts";
import { testIf } from "../support/tools.ts";
import { type Answer, Client, eventually, turn } from "./support.ts";

const LONG = "a line that repeats\n".repeat(200);
const page = (headers: Record<string, string> = {}, body: BodyInit | null = LONG, status = 200) =>
  new Response(body, { status, headers: { "content-type": "text/html;charset=utf-8", ...headers } });

/** What the app did wrong. */
let errors: unknown[] = [];

/** Runs `use` with a server in memory, and its `ask`: the answer to one request for a path. */
async function compressing(
  app: FetchHandler,
  options: Pick<ServeOptions, "compression">,
  use: (
    ask: (fields: string, method?: string) => Promise<Answer>,
    connect: () => Promise<Client>,
    server: Server,
  ) => Promise<void>,
  codings: Codings = defaultHost.codings!,
): Promise<void> {
  const host = { ...memoryHost(), codings };
  errors = [];
  const onError = (error: unknown) => void errors.push(error);
  const loop = new EventLoop(host.clock, onError);
  const server = await startServer({ core: makeCore(), loop, host }, { app, onError, ...options });
  const connect = () => Client.connect(host, server.port);
  const ask = async (fields: string, method = "GET") => {
    const client = await connect();
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`);
    await client.closed();
    return client.answers()[0]!;
  };
  await use(ask, connect, server);
  await server.close();
  loop.close();
}

async function decode(coding: Coding, bytes: Uint8Array): Promise<string> {
  const transform = defaultHost.codings!.decoder(coding)! as ReadableWritablePair;
  return new Response(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(transform)).text();
}

test("nothing is compressed unless it is asked for", () =>
  compressing(
    () => page(),
    {},
    async (ask) => {
      const { headers, body } = await ask("Accept-Encoding: gzip, br\r\n");
      assert.equal(
        [headers.has("content-encoding"), headers.has("vary"), body === LONG],
        [false, false, true],
      );
    },
  ));

for (const coding of ["gzip", "deflate", "br", "zstd"] as const) {
  const able = defaultHost.codings!.encoder(coding) !== undefined;
  testIf(able, `this engine has no encoder for ${coding}`)(
    `${coding}: what was encoded is what the app said`,
    () =>
      compressing(
        () => page(),
        { compression: { codings: [coding] } },
        async (ask) => {
          const { headers, bytes } = await ask(`Accept-Encoding: ${coding}\r\n`);
          assert.is(headers.get("content-encoding"), coding);
          assert.is(headers.get("vary"), "Accept-Encoding");
          assert.ok(bytes.length < 300);
          assert.ok((await decode(coding, bytes)) === LONG);
        },
      ),
  );
}

test("a client that accepts nothing gets it as it is, and caches learn that others may not", () =>
  compressing(
    () => page({ vary: "Origin" }),
    { compression: true },
    async (ask) => {
      for (const fields of ["", "Accept-Encoding: compress\r\n", "Accept-Encoding: *;q=0\r\n"]) {
        const { headers, body } = await ask(fields);
        assert.equal(
          [headers.has("content-encoding"), headers.get("vary"), body === LONG],
          [false, "Origin, Accept-Encoding", true],
        );
      }
    },
  ));

const UNTOUCHED: [string, () => Response][] = [
  ["encoded already", () => page({ "content-encoding": "br" })],
  ["partial", () => page({ "content-range": "bytes 0-3999/8000" }, LONG, 206)],
  ["not to be transformed", () => page({ "cache-control": "public, no-transform" })],
  ["known by a digest of its bytes", () => page({ "content-digest": "sha-256=:AAAA:" })],
  ["a picture", () => page({ "content-type": "image/png" })],
  ["of no type", () => new Response(new TextEncoder().encode(LONG))],
  ["short", () => page({}, "short")],
  ["short by its own account", () => page({ "content-length": "5" }, new Blob(["short"]).stream())],
  ["empty", () => page({}, "")],
  ["without a body", () => page({}, null)],
  ["a redirect without a body", () => page({ location: "/" }, null, 302)],
];
for (const [what, make] of UNTOUCHED) {
  test(`what is ${what} stays as it is`, () =>
    compressing(make, { compression: true }, async (ask) => {
      const compressed = await ask("Accept-Encoding: gzip\r\n");
      const plain = make();
      assert.is(compressed.headers.get("content-encoding"), plain.headers.get("content-encoding"));
      assert.is(compressed.body, await plain.text());
      assert.is(compressed.headers.get("transfer-encoding"), null);
    }));
}

test("fields that spoke of the bytes before change with them", () => {
  const fields = {
    etag: '"v1"',
    "content-length": String(LONG.length),
    "accept-ranges": "bytes",
    "set-cookie": "a=b",
  };
  return compressing(
    () => page(fields),
    { compression: true },
    async (ask) => {
      for (const method of ["GET", "HEAD"]) {
        const { headers, bytes } = await ask("Accept-Encoding: gzip\r\n", method);
        assert.is(headers.get("content-encoding"), "gzip");
        assert.is(headers.get("etag"), 'W/"v1"');
        const length = method === "GET" ? String(bytes.length) : null;
        assert.equal([headers.get("content-length"), headers.has("accept-ranges")], [length, false]);
        assert.is(headers.get("set-cookie"), "a=b");
        assert.is(bytes.length > 0, method === "GET");
      }
    },
  );
});

test("a client that has it encoded is told so by the name that it knows", () => {
  const unchanged = () => new Response(null, { status: 304, headers: { etag: '"v1"' } });
  return compressing(unchanged, { compression: true }, async (ask) => {
    const encoded = await ask('If-None-Match: W/"v1"\r\n');
    assert.equal([encoded.status, encoded.headers.get("etag")], [304, 'W/"v1"']);
    assert.is(encoded.headers.get("vary"), "Accept-Encoding");
    const plain = await ask('If-None-Match: "v1"\r\n');
    assert.equal([plain.headers.get("etag"), plain.headers.get("vary")], ['"v1"', "Accept-Encoding"]);
  });
});

test("If-Range with a date gets all of what may have been sent encoded; else a part is a part", async () => {
  const DATE = "Tue, 15 Nov 1994 12:45:26 GMT";
  const app = (request: Request) =>
    request.headers.has("range") ? page({ "content-range": "bytes 0-4/4000" }, "a lin", 206) : page();
  await compressing(app, { compression: true }, async (ask) => {
    const asked = async (fields: string) => {
      const { status, headers, body } = await ask(`Range: bytes=0-4\r\n${fields}`);
      return [status, headers.get("content-encoding"), headers.has("content-encoding") || body.length];
    };
    assert.equal(await asked(`If-Range: ${DATE}\r\nAccept-Encoding: gzip\r\n`), [200, "gzip", true]);
    assert.equal(await asked(`If-Range: ${DATE}\r\n`), [206, null, 5]);
    assert.equal(await asked('If-Range: "v1"\r\nAccept-Encoding: gzip\r\n'), [206, null, 5]);
    assert.equal(await asked("Accept-Encoding: gzip\r\n"), [206, null, 5]);
  });
});

test("what was asked by another method than GET is asked once", async () => {
  let asked = 0;
  const app = async (request: Request) => {
    asked++;
    await request.text();
    return page({ "content-range": "bytes 0-4/4000" }, "a lin", 206);
  };
  await compressing(app, { compression: true }, async (ask) => {
    const fields = "Range: bytes=0-4\r\nIf-Range: Tue, 15 Nov 1994 12:45:26 GMT\r\nAccept-Encoding: gzip\r\n";
    const { status, body } = await ask(`${fields}Content-Length: 0\r\n`, "POST");
    assert.equal([status, body, asked], [206, "a lin", 1]);
  });
});

test("what is all here is encoded in one step, and its length is told; what is long comes piece by piece", async () => {
  const LONGER = "a line that repeats\n".repeat(20_000);
  for (const Class of [Response, OurResponse as unknown as typeof Response]) {
    for (const [text, length] of [
      [LONG, true],
      [LONGER, false],
    ] as const) {
      const app = () => new Class(text, { headers: { "content-type": "text/plain" } });
      await compressing(app, { compression: true }, async (ask) => {
        const { headers, bytes } = await ask("Accept-Encoding: gzip\r\n");
        assert.is(headers.get("content-length"), length ? String(bytes.length) : null);
        assert.ok((await decode("gzip", bytes)) === text);
      });
    }
  }
});

test("a response of the runtime's own class is compressed as well", () =>
  compressing(
    () => new OurResponse(LONG, { headers: { "content-type": "text/html" } }) as unknown as Response,
    { compression: true },
    async (ask) => {
      const { headers, bytes } = await ask("Accept-Encoding: gzip\r\n");
      assert.is(headers.get("content-encoding"), "gzip");
      assert.ok((await decode("gzip", bytes)) === LONG);
      const plain = await ask("");
      assert.equal([plain.headers.get("vary"), plain.body === LONG], ["Accept-Encoding", true]);
    },
  ));

test("types that are text by another name are compressed, too", async () => {
  for (const type of [
    "application/json",
    "image/svg+xml",
    "application/javascript",
    "font/ttf",
    "TEXT/PLAIN",
  ]) {
    await compressing(
      () => page({ "content-type": type }),
      { compression: true },
      async (ask) => {
        assert.is((await ask("Accept-Encoding: gzip\r\n")).headers.get("content-encoding"), "gzip", type);
      },
    );
  }
});

test("pieces of a body that streams come out when they come", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  const events = () => page({ "content-type": "text/event-stream" }, body);
  await compressing(events, { compression: true }, async (_, connect) => {
    const client = await connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    const soFar = () => {
      const [answer] = client.answers();
      if (!answer || answer.bytes.length < 10) return "";
      return gunzipSync(answer.bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    };
    for (const text of ["data: 1\n\n", "data: 1\n\ndata: 2\n\n"]) {
      await eventually(() => client.answers()[0]?.status === 200);
      controller.enqueue(new TextEncoder().encode(text.slice(-9)));
      await client.until(() => soFar() === text);
    }
    controller.close();
    await client.closed();
    assert.is(client.answers()[0]!.truncated, false);
  });
});

test("a stream of events ends with its server, and is whole", async () => {
  const events = () => {
    const start = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
    return page({ "content-type": "text/event-stream" }, new ReadableStream({ start }));
  };
  await compressing(events, { compression: true }, async (_, connect, server) => {
    const client = await connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    await client.until(() => (client.answers()[0]?.bytes.length ?? 0) > 10);
    server.close();
    await client.closed();
    const [answer] = client.answers();
    assert.is(answer!.truncated, false);
    assert.is(gunzipSync(answer!.bytes).toString(), "data: 1\n\n");
  });
});

test("one that says how long it is has an end, which is waited for", async () => {
  let controller!: ReadableStreamDefaultController;
  const events = () => {
    const start = (given: ReadableStreamDefaultController) => {
      controller = given;
    };
    return page(
      { "content-type": "text/event-stream", "content-length": "2000" },
      new ReadableStream({ start }),
    );
  };
  await compressing(events, { compression: true }, async (_, connect, server) => {
    const client = await connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    await client.until(() => client.answers().length > 0);
    const closed = server.close();
    for (let turns = 0; turns < 20; turns++) await turn();
    controller.enqueue(new Uint8Array(2000).fill(0x0a));
    controller.close();
    await closed;
    assert.is(gunzipSync(client.answers()[0]!.bytes).length, 2000);
  });
});

test("where the engine cannot let pieces out, an event stream is left alone, and a page is not", async () => {
  for (const [type, coding] of [
    ["text/event-stream", null],
    ["text/html", "gzip"],
  ] as const) {
    await compressing(
      () => page({ "content-type": type }),
      { compression: true },
      async (ask) => {
        for (const method of ["GET", "POST"]) {
          assert.is((await ask("Accept-Encoding: gzip\r\n", method)).headers.get("content-encoding"), coding);
        }
      },
      webCodings,
    );
  }
});

test("a client that leaves ends the source of a stream", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(65536))),
    cancel: () => {
      cancelled = true;
    },
  });
  await compressing(
    () => page({}, body),
    { compression: true },
    async (_, connect) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
      await client.until(() => client.bytes().length > 100_000);
      client.socket.destroy();
      await eventually(() => cancelled);
    },
  );
});

test("a body that breaks breaks the response; one that was used already is the app's mistake", async () => {
  const broken = () => {
    let pieces = 0;
    return page(
      {},
      new ReadableStream({
        async pull(controller) {
          if (pieces++ === 3) throw new Error("the source dried up");
          await turn();
          controller.enqueue(new TextEncoder().encode(LONG));
        },
      }),
    );
  };
  await compressing(broken, { compression: true }, async (ask) => {
    const { status, truncated } = await ask("Accept-Encoding: gzip\r\n");
    assert.equal([status, truncated], [200, true]);
  });
  assert.match(String(errors[0]), "the source dried up");
  const used = page();
  await used.text();
  const streamed = page({}, new Blob([LONG, LONG]).stream());
  const reader = streamed.body!.getReader();
  await reader.read();
  reader.releaseLock();
  const locked = page({}, new Blob([LONG]).stream());
  locked.body!.getReader();
  for (const response of [used, streamed, locked]) {
    await compressing(
      () => response,
      { compression: true },
      async (ask) => {
        assert.is((await ask("Accept-Encoding: gzip\r\n")).status, 500);
      },
    );
    assert.match(String(errors[0]), "the body of the response has been used already");
  }
});

test("a chunk that is no bytes is the app's mistake, whatever an encoder would make of it", async () => {
  for (const chunk of [LONG, 12, null, new ArrayBuffer(2000)]) {
    for (const late of [false, true]) {
      let cancelled = false;
      const body = new ReadableStream({
        async pull(controller) {
          if (late) await turn();
          controller.enqueue(chunk);
        },
        cancel: () => {
          cancelled = true;
        },
      });
      await compressing(
        () => page({}, body),
        { compression: true },
        async (ask) => {
          const { status, truncated } = await ask("Accept-Encoding: gzip\r\n");
          assert.ok(truncated || status === 500, String(chunk));
        },
      );
      assert.match(String(errors[0]), "a chunk that is no Uint8Array");
      assert.ok(cancelled);
    }
  }
});

test("options out of range are refused by name", async () => {
  const refused = (compression: unknown, codings?: Codings) =>
    compressing(
      () => page(),
      { compression } as ServeOptions,
      async () => {},
      codings,
    ).then(
      () => "accepted",
      (error) => String(error),
    );
  assert.match(
    await refused({ codings: ["lzma"] }),
    "RangeError: compression.codings: lzma is none of br, zstd, gzip, deflate",
  );
  assert.match(
    await refused({ minBytes: -1 }),
    "RangeError: compression.minBytes: -1 is not an integer from 0",
  );
  const none: Codings = { encoder: () => undefined, decoder: () => undefined };
  assert.match(await refused(true, none), "TypeError: compression: this host has no encoder");
  assert.match(await refused({ codings: ["br"] }, none), "this host has no encoder for br");
});

test.run();
