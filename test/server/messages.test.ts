/**
 * What a server's Request and Response promise beside the standard's interfaces (test/suites/messages.ts compares those
 * with the engine's): URLs, other fetches, and what is asked for late.
 */
import {
  createRuntime,
  type Listener,
  type ListenOptions,
  memoryHost,
  type Socket,
  type SocketHandler,
} from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../support/core.ts";
import { type Client, eventually, inMemory, onSockets, pattern, turn } from "./support.ts";

const SEED = Number(process.env.SEED ?? 1);

test("url is what the URL standard makes of the target and Host", async () => {
  const next = random(SEED);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!;
  const pieces = [
    "/",
    "a",
    "B9",
    ".",
    "..",
    "%2e",
    "%41",
    "~",
    "'",
    "!$&()*+,;=:@",
    "-_",
    "[",
    "]",
    "|",
    "^",
    "`",
    "{",
    "}",
    '"',
    "<",
    ">",
    "\\",
  ];
  const hosts = [
    "nano.test",
    "NANO.test",
    "nano.test:80",
    "nano.test:443",
    "nano.test:8080",
    "127.1",
    "[::1]:9",
    "1.2.3.4",
  ];
  const text = () => Array.from({ length: Math.floor(next() * 6) }, () => pick(pieces)).join("");
  let seen = "";
  const app = ({ url }: Request) => {
    seen = url;
    return new Response();
  };
  await inMemory({ app }, async (server) => {
    for (let round = 0; round < 600; round++) {
      const target = `/${text()}${next() < 0.5 ? `?${text()}${pick(["", "?", "/."])}` : ""}`;
      const host = pick(hosts);
      const [answer] = await server.ask(
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      if (answer!.status === 200)
        assert.is(seen, new URL(`http://${host}${target}`).href, `SEED=${SEED} ${host} ${target}`);
      else assert.is(answer!.status, 400, `SEED=${SEED} ${target}`);
    }
  });
});

test("a host that no URL can have is refused, also after one that it can", () =>
  inMemory({ app: () => new Response("fine") }, async (server) => {
    const statuses: number[] = [];
    for (const host of ["nano.test", "1.2.3.999", "nano.test", "xn--a"]) {
      const [answer] = await server.ask(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      statuses.push(answer!.status);
    }
    assert.equal(statuses, [200, 400, 200, 400]);
  }));

/** Two servers: what comes to the one is fetched from the other. */
async function proxied(onward: (request: Request, origin: string) => Promise<Response>): Promise<void> {
  const upstream = async (request: Request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    return Response.json({ method: request.method, sent: request.headers.get("x-sent"), bytes: body.length });
  };
  await onSockets({ app: upstream }, ({ server: { url } }) =>
    onSockets({ app: (request: Request) => onward(request, url) }, async ({ server, errors }) => {
      for (const length of [0, 10, 200_000]) {
        const body = pattern(length);
        const answer = await fetch(server.url, { method: "POST", headers: { "x-sent": "yes" }, body });
        assert.equal(errors, []);
        assert.equal(await answer.json(), { method: "POST", sent: "yes", bytes: length });
      }
    }),
  );
}

const ONWARD: Record<string, (request: Request, origin: string) => Promise<Response>> = {
  "a Request made of it": (request, origin) => fetch(new Request(new Request(origin, request))),
  "it as an init": (request, origin) => fetch(origin, request as RequestInit),
  "its clone": (request, origin) => fetch(new Request(origin, request.clone() as RequestInit)),
};

for (const [how, onward] of Object.entries(ONWARD)) {
  test(`fetch takes ${how}`, () => proxied(onward));
  test(`fetch takes ${how}, installed`, async () => {
    const nano = await createRuntime();
    const uninstall = nano.install(globalThis, { only: ["fetch"] });
    try {
      await proxied(onward);
    } finally {
      uninstall();
      await nano.close();
    }
  });
}

const HELD = "GET / HTTP/1.1\r\nHost: nano.test\r\n\r\n";

/** A server whose app never answers; `use` gets the request, and the client that sent it. */
async function held(use: (request: Request, client: Client) => Promise<void>): Promise<void> {
  let request: Request | undefined;
  let answer = (_: Response) => {};
  const app = (given: Request) => {
    request = given;
    return new Promise<Response>((resolve) => {
      answer = resolve;
    });
  };
  await onSockets({ app }, async (server) => {
    const client = await server.connect();
    client.send(HELD);
    await eventually(() => request !== undefined);
    await use(request!, client);
    answer(new Response());
    await turn();
  });
}

test("the signal tells that the client has left, to who asked before", () =>
  held(async ({ signal }, client) => {
    let heard: unknown;
    signal.addEventListener("abort", () => {
      heard = signal.reason;
    });
    assert.not(signal.aborted);
    client.socket.destroy();
    await eventually(() => signal.aborted);
    assert.is((heard as DOMException).name, "AbortError");
  }));

test("the signal tells that the client has left, to who asks after", () =>
  held(async (request, client) => {
    client.socket.destroy();
    await client.closed();
    await eventually(() => request.signal.aborted);
    assert.is(request.signal.reason.name, "AbortError");
    assert.is(request.signal, request.signal);
  }));

test("the signal of a Request made of it follows", () =>
  held(async (request, client) => {
    const { signal } = new Request(request);
    client.socket.destroy();
    await eventually(() => signal.aborted);
    assert.ok(request.signal.aborted);
  }));

test("content that has come can be read after the response, what has not is gone", async () => {
  let late: Promise<string> | undefined;
  const app = (request: Request) => {
    late = turn().then(() => request.text());
    late.catch(() => {});
    return new Response("early");
  };
  await onSockets({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: nano.test\r\nContent-Length: 5\r\n\r\nhello");
    await client.answered(1);
    assert.is(await late, "hello");
    client.send("POST / HTTP/1.1\r\nHost: nano.test\r\nContent-Length: 500000\r\n\r\nhello");
    await client.answered(2);
    const error = await late!.catch((error: Error) => error);
    assert.match((error as Error).message, /before the body of the request was read/);
  });
});

const WAYS: Record<string, (request: Request) => Promise<string>> = {
  text: (request) => request.text(),
  json: async (request) => JSON.stringify(await request.json()),
  arrayBuffer: async (request) => new TextDecoder().decode(await request.arrayBuffer()),
  blob: async (request) => (await request.blob()).text(),
  "the text of a clone": (request) => request.clone().text(),
  "the text of a Request made of it": (request) => new Request(request).text(),
  "the text of its stream": (request) => new Response(request.body).text(),
};

for (const [way, read] of Object.entries(WAYS)) {
  test(`bytes that the host takes back are the app's as they came: ${way}`, async () => {
    let client!: SocketHandler;
    const network = {
      ...memoryHost().network!,
      async listen(_: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
        const nothing = () => {};
        const calls = { pause: nothing, resume: nothing, end: nothing, destroy: nothing };
        client = accept({ remoteAddress: "", write: () => true, ...calls });
        return { port: 1, hostname: "127.0.0.1", close: async () => {} };
      },
    };
    const whens: (() => Promise<void> | undefined)[] = [() => undefined, () => Promise.resolve(), turn];
    const got: string[] = [];
    const app = async (request: Request) => {
      const wait = whens[got.length]!();
      if (wait) await wait;
      got.push(await read(request));
      return new Response();
    };
    const nano = await createRuntime({ host: { ...memoryHost(), network } });
    await nano.serve({ app });
    for (let sent = 1; sent <= whens.length; sent++) {
      // Behind it an empty line, which is no content of this one's.
      const text = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n{"a":"gr\u00fcn"}\r\n`;
      const lent = new TextEncoder().encode(text);
      client.data(lent);
      lent.fill(0x21);
      await eventually(() => got.length === sent);
    }
    assert.equal(got, ['{"a":"gr\u00fcn"}', '{"a":"gr\u00fcn"}', '{"a":"gr\u00fcn"}']);
    client.close();
    await nano.close();
  });
}

test("a body is collected however it comes, and fails with its connection", async () => {
  const read: string[] = [];
  const app = async (request: Request) => {
    read.push(await request.text().catch((error: Error) => error.name));
    return new Response(`${request.bodyUsed}`);
  };
  await onSockets({ app }, async (server) => {
    const client = await server.connect();
    client.send("POST / HTTP/1.1\r\nHost: nano.test\r\nContent-Length: 3000\r\n\r\n");
    for (let sent = 0; sent < 3000; sent++) client.send("x");
    const [answer] = await client.answered(1);
    assert.is(answer!.body, "true");
    assert.is(read[0], "x".repeat(3000));
    client.send("POST / HTTP/1.1\r\nHost: nano.test\r\nContent-Length: 5\r\n\r\nhe");
    await turn();
    client.socket.destroy();
    await eventually(() => read.length === 2);
    assert.is(read[1], "AbortError");
  });
});

test("content is had in a buffer that holds nothing of others", async () => {
  const ways: ((request: Request) => Promise<ArrayBufferLike>)[] = [
    (request) => request.arrayBuffer(),
    async (request) => (await (request as Request & { bytes(): Promise<Uint8Array> }).bytes()).buffer,
    async ({ body }) => (await body!.getReader().read()).value!.buffer,
    async (request) => (await request.clone().body!.getReader().read()).value!.buffer,
    (request) => new Request(request).arrayBuffer(),
  ];
  let way = ways[0]!;
  const app = async (request: Request) => new Response(new Uint8Array((await way(request)) as ArrayBuffer));
  await inMemory({ app }, async (server) => {
    for (const each of ways) {
      way = each;
      for (const content of ["secret", "hello"]) {
        const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${content.length}\r\n\r\n`;
        const [answer] = await server.ask(head + content);
        assert.is(answer!.body, content, String(way));
      }
    }
  });
});

test("an answer that cannot even be looked at is no Response", async () => {
  const answer = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy as Response;
  };
  const hostile = () => Object.defineProperty({}, Symbol.toStringTag, { get: () => assert.unreachable() });
  const apps = [answer, () => hostile() as Response, async () => hostile() as Response];
  for (const app of apps) {
    await onSockets({ app }, async (server) => {
      const [refused] = await server.ask("GET / HTTP/1.1\r\nHost: nano.test\r\nConnection: close\r\n\r\n");
      assert.is(refused!.status, 500);
      assert.is(server.errors.length, 1);
    });
  }
});

test("requests sent ahead are answered in order, in turns", async () => {
  const counts: number[] = [];
  const app = ({ url }: Request) => new Response(new URL(url).search);
  await onSockets({ app }, async (server) => {
    const client = await server.connect();
    const many = Array.from({ length: 500 }, (_, n) => `GET /?${n} HTTP/1.1\r\nHost: nano.test\r\n\r\n`).join(
      "",
    );
    client.send(many);
    const counting = (async () => {
      while (counts.at(-1) !== 500) {
        await turn();
        counts.push(client.answers().length);
      }
    })();
    const answers = await client.answered(500);
    assert.equal(
      answers.map(({ body }) => body),
      Array.from({ length: 500 }, (_, n) => `?${n}`),
    );
    await counting;
  });
});

test.run();
