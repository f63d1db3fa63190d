/** Bodies of requests and responses: of every size, framed and cut in every way, received whole. */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inMemory, onSockets, pattern, turn } from "./support.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [0, 1, 8 * KIB - 1, 8 * KIB, 8 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1];

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Answers with what it received: how much, and its digest. */
const measure = async (request: Request) => {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return new Response(`${bytes.length} ${digest(bytes)}`);
};

const head = (fields: string) => `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n\r\n`;

function withContentLength(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}`)), body]);
}

function chunked(body: Uint8Array, chunkBytes: number): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(head("Transfer-Encoding: chunked"))];
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

const FRAMINGS: [string, (body: Uint8Array) => Uint8Array, inSingleBytes: number[]][] = [
  ["Content-Length", withContentLength, SIZES.filter((size) => size !== 64 * KIB)],
  [
    "one chunk",
    (body) => chunked(body, Math.max(1, body.length)),
    [0, 8 * KIB - 1, 8 * KIB + 1, 64 * KIB + 1],
  ],
  ["chunks of 1000 bytes", (body) => chunked(body, 1000), [8 * KIB + 1]],
];

for (const [framing, frame, inSingleBytes] of FRAMINGS) {
  test(`a body by ${framing} is received whole from a socket, whatever its size`, () =>
    onSockets({ app: measure }, async (server) => {
      for (const size of [...SIZES, 10 * MIB]) {
        const body = pattern(size);
        const [answer] = await server.ask(frame(body));
        assert.is(answer!.body, `${size} ${digest(body)}`);
      }
    }));

  test(`a body by ${framing} is received whole when it comes one byte at a time`, () =>
    inMemory({ app: measure, pieceBytes: 1 }, async (server) => {
      for (const size of inSingleBytes) {
        const body = pattern(size);
        const [answer] = await server.ask(frame(body));
        assert.is(answer!.body, `${size} ${digest(body)}`);
      }
    }));
}

test("a body may be read by a BYOB reader, to its end", () => {
  const app = async (request: Request) => {
    const reader = request.body!.getReader({ mode: "byob" });
    const pieces: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(100));
      if (value) pieces.push(value);
      if (done) return new Response(digest(Buffer.concat(pieces)));
    }
  };
  return inMemory({ app, pieceBytes: 777 }, async (server) => {
    const body = pattern(5000);
    const [answer] = await server.ask(chunked(body, 300));
    assert.is(answer!.body, digest(body));
  });
});

const STREAMED: Record<string, (request: Request) => Promise<ArrayBuffer>> = {
  "its stream": (request) => new Response(request.body).arrayBuffer(),
  "a clone": (request) => request.clone().arrayBuffer(),
  blob: async (request) => (await request.blob()).arrayBuffer(),
};

for (const [way, read] of Object.entries(STREAMED)) {
  test(`a body of which several pieces came before anybody asked is had whole by ${way}`, async () => {
    const body = pattern(1000);
    for (const message of [withContentLength(body), chunked(body, 90)]) {
      for (const lateBytes of [0, 400]) {
        let ask!: () => void;
        const asked = new Promise<void>((resolve) => {
          ask = resolve;
        });
        const app = async (request: Request) => {
          await asked;
          return new Response(digest(new Uint8Array(await read(request))));
        };
        await inMemory({ app, pieceBytes: 100 }, async (server) => {
          const client = await server.connect();
          client.send(message.subarray(0, message.length - lateBytes));
          for (let turns = 0; turns < 40; turns++) await turn();
          ask();
          client.send(message.subarray(message.length - lateBytes));
          await client.closed();
          assert.equal(server.errors, []);
          assert.is(client.answers()[0]!.body, digest(body));
        });
      }
    }
  });
}

test("an empty body is null with Content-Length: 0 and without any, and an empty stream when chunked", () => {
  const app = async (request: Request) =>
    new Response(`${request.body === null} ${(await request.text()) === ""}`);
  return inMemory({ app }, async (server) => {
    assert.is((await server.ask(head("Content-Length: 0")))[0]!.body, "true true");
    assert.is((await server.ask(head("X: y")))[0]!.body, "true true");
    assert.is((await server.ask(chunked(new Uint8Array(0), 1)))[0]!.body, "false true");
  });
});

test("the content of a GET is dropped, and what follows is the next request", () => {
  const app = (request: Request) => new Response(`${request.method} ${request.url} ${request.body}`);
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    client.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    const answers = await client.answered(3);
    assert.equal(
      answers.map(({ body }) => body),
      ["GET http://a/1 null", "GET http://a/2 null", "GET http://a/3 null"],
    );
    client.socket.end();
  });
});

test("a stream answered as it is read goes through in both directions at once", () => {
  const app = (request: Request) => new Response(request.body);
  return onSockets({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let expected = "";
    for (const word of ["one", "two", "three"]) {
      client.send(`${word.length}\r\n${word}\r\n`);
      expected += word;
      await client.until(() => client.answers()[0]?.body === expected);
    }
    client.send("0\r\n\r\n");
    const [answer] = await client.answered(1);
    assert.is(answer!.body, "onetwothree");
    client.socket.end();
  });
});

test("a client that writes much and reads late gets all of it back, and is held up meanwhile", () => {
  let readBytes = 0;
  const app = (request: Request) => {
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        readBytes += chunk.length;
        controller.enqueue(chunk);
      },
    });
    return new Response(request.body!.pipeThrough(counted));
  };
  return inMemory({ app }, async (server) => {
    const body = pattern(8 * MIB);
    const client = await server.connect();
    client.socket.pause();
    client.send(head(`Content-Length: ${body.length}`));
    for (let at = 0; at < body.length; at += 64 * KIB) client.send(body.subarray(at, at + 64 * KIB));
    for (let turns = 0; turns < 500; turns++) await turn();
    // The queues of both sockets and of the streams between them: far less than the body.
    assert.ok(readBytes < MIB, `${readBytes} bytes are on their way`);
    client.socket.resume();
    await client.closed();
    assert.is(digest(client.answers()[0]!.bytes), digest(body));
  });
});

test("a client that sends single bytes is held up by their number, when the app does not read", () => {
  let read!: () => void;
  const wanted = new Promise<void>((resolve) => {
    read = resolve;
  });
  const app = async (request: Request) => {
    await wanted;
    return measure(request);
  };
  return inMemory({ app, pieceBytes: 1, queueBytes: 1000 }, async (server) => {
    const body = pattern(10_000);
    const client = await server.connect();
    client.send(withContentLength(body));
    for (let turns = 0; turns < 20_000; turns++) await turn();
    assert.not(client.drained, "most of the body is still with the client");
    read();
    await client.closed();
    assert.ok(client.drained);
    assert.is(client.answers()[0]!.body, `${body.length} ${digest(body)}`);
  });
});

test("many small chunks that come together are one piece of the stream", () => {
  const app = async (request: Request) => {
    const pieces: number[] = [];
    for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) pieces.push(piece.length);
    return Response.json(pieces);
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send(head("Transfer-Encoding: chunked"));
    for (let turns = 0; turns < 10; turns++) await turn();
    client.send("1\r\nx\r\n".repeat(5000));
    for (let turns = 0; turns < 10; turns++) await turn();
    client.send("1\r\nx\r\n0\r\n\r\n");
    await client.closed();
    assert.is(client.answers()[0]!.body, "[5000,1]");
  });
});

test("a response of every size is sent whole: text, bytes, Blob, and streams of many chunks", () => {
  const kinds: Record<string, (bytes: Uint8Array<ArrayBuffer>) => BodyInit> = {
    bytes: (bytes) => bytes,
    blob: (bytes) => new Blob([bytes]),
    stream: (bytes) =>
      new ReadableStream({
        async start(controller) {
          for (let at = 0; at < bytes.length; at += 5000) {
            controller.enqueue(bytes.slice(at, at + 5000));
            if (at % 20_000 === 0) await null;
          }
          controller.close();
        },
      }),
  };
  const app = (request: Request) => {
    const [, kind, size] = new URL(request.url).pathname.split("/");
    return new Response(kinds[kind!]!(pattern(Number(size))));
  };
  return onSockets({ app }, async (server) => {
    for (const kind of Object.keys(kinds)) {
      for (const size of [...SIZES, MIB]) {
        const [answer] = await server.ask(
          `GET /${kind}/${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        );
        assert.is(digest(answer!.bytes), digest(pattern(size)), `${kind} of ${size} bytes`);
        assert.not(answer!.truncated);
      }
    }
  });
});

test("a body that is whole at once has a Content-Length, and one that is not is chunked", () => {
  const stream = () =>
    new ReadableStream({
      async pull(controller) {
        await turn();
        controller.enqueue(new TextEncoder().encode("late"));
        controller.close();
      },
    });
  const bodies: [BodyInit | null | typeof stream, string | null][] = [
    [null, "0"],
    ["", "0"],
    ["text", "4"],
    ["\u20ac", "3"],
    [new Uint8Array(5), "5"],
    [new URLSearchParams({ a: "b" }), "3"],
    [stream, null],
  ];
  const app = (request: Request) => {
    const [body] = bodies[Number(request.url.at(-1))]!;
    return new Response(typeof body === "function" ? body() : body);
  };
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    for (const [index, [, length]] of bodies.entries()) {
      client.send(`GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const answer = (await client.answered(index + 1))[index]!;
      assert.is(answer.headers.get("content-length"), length);
      assert.is(answer.headers.get("transfer-encoding"), length === null ? "chunked" : null);
    }
    client.socket.end();
  });
});

test("a stream's head is sent before its first chunk, and each chunk when it comes", () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  const encoder = new TextEncoder();
  return inMemory({ app: () => new Response(stream) }, async (server) => {
    const client = await server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(() => client.answers().length > 0 && client.text().endsWith("\r\n\r\n"));
    assert.is(client.answers()[0]!.status, 200);
    controller.enqueue(encoder.encode("one"));
    await client.until(() => client.text().endsWith("3\r\none\r\n"));
    // An empty chunk would be the end, if it were sent.
    controller.enqueue(new Uint8Array(0));
    controller.enqueue(encoder.encode("two"));
    await client.until(() => client.text().endsWith("3\r\ntwo\r\n"));
    controller.close();
    const [answer] = await client.answered(1);
    assert.is(answer!.body, "onetwo");
    client.socket.end();
  });
});

test("Content-Length given by the app is kept when it is true", () => {
  const app = () =>
    new Response(new Blob(["a".repeat(100_000)]).stream(), { headers: { "content-length": "100000" } });
  return onSockets({ app }, async (server) => {
    const [answer] = await server.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.is(answer!.headers.get("content-length"), "100000");
    assert.is(answer!.headers.get("transfer-encoding"), null);
    assert.is(answer!.bytes.length, 100_000);
  });
});

test("a stream whose response cannot be sent is given up", () => {
  let cancelled = false;
  const cancel = () => {
    cancelled = true;
  };
  const app = () => new Response(new ReadableStream({ cancel }), { headers: { "content-length": "x" } });
  return inMemory({ app }, async (server) => {
    const client = await server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const [answer] = await client.answered(1);
    assert.equal([answer!.status, cancelled], [500, true]);
    client.socket.end();
  });
});

for (const [title, length] of [
  ["too small", "3"],
  ["too large", "50"],
  ["no number", "x"],
] as const) {
  test(`Content-Length given by the app that is ${title} is a 500, since nothing has been sent yet`, () => {
    const app = () => new Response("hello", { headers: { "content-length": length } });
    return inMemory({ app }, async (server) => {
      const client = await server.connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const [answer] = await client.answered(1);
      assert.is(answer!.status, 500);
      assert.is(server.errors.length, 1);
      assert.match(server.errors[0]!.message, /^GET \/: .*Content-Length/);
      client.socket.end();
    });
  });

  if (title === "no number") continue;
  test(`Content-Length that a stream turns out to make ${title} ends the connection, not the frame`, () => {
    const app = () => {
      const slow = new ReadableStream({
        async pull(controller) {
          await turn();
          controller.enqueue(new TextEncoder().encode("he"));
          await turn();
          controller.enqueue(new TextEncoder().encode("llo"));
          controller.close();
        },
      });
      return new Response(slow, { headers: { "content-length": length } });
    };
    return inMemory({ app }, async (server) => {
      const answers = await server.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.is(answers.length, 1);
      assert.ok(answers[0]!.truncated);
      assert.is(server.errors.length, 1);
    });
  });
}

test("a body whose pieces are all there leaves others their turn", () => {
  const PIECES = 20_000;
  let pieces = 0;
  let inOneTask = 0;
  let mostInOneTask = 0;
  const pull = (controller: ReadableStreamDefaultController) => {
    mostInOneTask = Math.max(mostInOneTask, ++inOneTask);
    if (pieces++ === PIECES) controller.close();
    else controller.enqueue(new Uint8Array(1));
  };
  return onSockets({ app: () => new Response(new ReadableStream({ pull })) }, async (server) => {
    const task = () => {
      inOneTask = 0;
      if (pieces <= PIECES) setImmediate(task);
    };
    setImmediate(task);
    const [answer] = await server.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.is(answer!.bytes.length, PIECES);
    assert.ok(mostInOneTask < 1000, `${mostInOneTask} pieces were sent in one task`);
  });
});

test.run();
