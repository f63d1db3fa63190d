/** A server in memory: HTTP/1.1 as RFC 9112 has it, byte by byte the same answers everywhere. */
import { type AppSource, createRuntime, memoryHost, type Runtime } from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Suite } from "./suite.ts";
import { answersIn, errorOf, exchange, pattern, utf8 } from "./support.ts";

interface Served {
  nano: Runtime;
  errors: unknown[];
  /** Sends bytes on a connection of their own; the answers, as `answersIn` gives them. */
  ask(request: string | Uint8Array): Promise<string>;
}

async function serving(
  app: AppSource,
  use: (served: Served) => Promise<unknown>,
  options: { pieceBytes?: number } = {},
): Promise<unknown> {
  const host = memoryHost(options);
  const errors: unknown[] = [];
  const nano = await createRuntime({ host, onError: (error) => void errors.push(error) });
  const { port } = await nano.serve({ app });
  const ask = async (request: string | Uint8Array) =>
    answersIn(await exchange(host, port, request)).join("\n");
  const result = await use({ nano, errors, ask });
  assert.is(nano.memory().liveArenas, 0);
  await nano.close();
  return result;
}

const LAST = "Host: nano.test\r\nConnection: close\r\n";
const echo = async (request: Request) => {
  const { pathname, search } = new URL(request.url);
  const body = await request.text();
  const text = `${request.method} ${pathname}${search} ${body.length} ${body.slice(0, 20)}`;
  const headers = { "content-type": "text/plain", "x-seen": request.headers.get("x-sent") ?? "" };
  return new Response(text, { headers });
};

export const http: Suite = {
  name: "HTTP in memory",
  tests: {
    "answers a request": () =>
      serving(echo, async ({ ask }) => [
        await ask(`GET /a/b?c=d HTTP/1.1\r\nX-Sent: yes\r\n${LAST}\r\n`),
        await ask(`POST / HTTP/1.1\r\n${LAST}Content-Length: 5\r\n\r\nhello`),
        await ask(`HEAD / HTTP/1.1\r\n${LAST}\r\n`),
      ]),

    "receives bodies whole, however they come": async () => {
      for (const length of [0, 1, 8191, 8192, 8193, 300_000]) {
        const body = "x".repeat(length);
        for (const pieceBytes of length < 10_000 ? [1, 1000] : [10_000]) {
          const request = `PUT / HTTP/1.1\r\n${LAST}Content-Length: ${length}\r\n\r\n${body}`;
          await serving(
            echo,
            async ({ ask }) => assert.match(await ask(request), new RegExp(`\n\nPUT / ${length} x*$`)),
            { pieceBytes },
          );
        }
      }
    },

    "decodes a chunked body": () =>
      serving(echo, async ({ ask }) => {
        const chunks = "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n";
        return [await ask(`POST / HTTP/1.1\r\n${LAST}Transfer-Encoding: chunked\r\n\r\n${chunks}`)];
      }),

    "a body that streams in can be read, cloned and looked at": () =>
      serving(
        async (request: Request) => {
          const copy = request.clone();
          const streamed = request.body instanceof ReadableStream;
          const { length } = await request.text();
          const again = await copy.json();
          return new Response(`${streamed} ${length} ${again[0]} ${request.bodyUsed}`);
        },
        async ({ ask }) => {
          const head = `POST / HTTP/1.1\r\n${LAST}Transfer-Encoding: chunked\r\n\r\n`;
          assert.match(await ask(`${head}3\r\n[7,\r\n2\r\n8]\r\n0\r\n\r\n`), /true 5 7 true$/);
        },
      ),

    "sends what streams as it comes": async () => {
      const host = memoryHost();
      const nano = await createRuntime({ host });
      const body = () =>
        new ReadableStream({
          async start(controller) {
            for (const piece of ["hello", " ", "world"]) {
              controller.enqueue(utf8(piece));
              await new Promise((resolve) => setTimeout(resolve, 2));
            }
            controller.close();
          },
        });
      const { port } = await nano.serve({ app: () => new Response(body()) });
      const received = await exchange(host, port, `GET / HTTP/1.1\r\n${LAST}\r\n`);
      await nano.close();
      assert.match(received, /\r\n\r\n5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n$/);
    },

    "labels text, whatever other headers the app gives": ({ capabilities }) => {
      const app = () => new Response("text", { headers: { "x-app": "yes" } });
      return serving(app, async ({ ask }) => {
        const answer = await ask(`GET / HTTP/1.1\r\n${LAST}\r\n`);
        if (capabilities.includes("label text"))
          assert.match(answer, /\ncontent-type: text\/plain;charset=utf-8\n/i);
        else assert.not.match(answer, /content-type/);
        return capabilities.includes("label text")
          ? []
          : new Absent("a Response that is given headers has no content-type, unless they hold one");
      });
    },

    "answers several requests on one connection, in order": () =>
      serving(echo, async ({ ask }) => {
        const first = "POST /1 HTTP/1.1\r\nHost: nano.test\r\nContent-Length: 3\r\n\r\none";
        const answers = await ask(`${first}GET /2 HTTP/1.1\r\n${LAST}\r\n`);
        assert.equal(answers.match(/(?:POST|GET) \/\d/g), ["POST /1", "GET /2"]);
      }),

    "refuses what RFC 9112 does not allow": () =>
      serving(echo, async ({ ask }) => {
        const bad = [
          "GET / HTTP/1.1\r\n\r\n",
          `GET  / HTTP/1.1\r\n${LAST}\r\n`,
          `GET / HTTP/1.1\n${LAST}\r\n`,
          `GET / HTTP/2.0\r\n${LAST}\r\n`,
          `GET / HTTP/1.1\r\nHost: a\r\n${LAST}\r\n`,
          `GET / HTTP/1.1\r\nA : b\r\n${LAST}\r\n`,
          `POST / HTTP/1.1\r\n${LAST}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`,
          `POST / HTTP/1.1\r\n${LAST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na`,
          `POST / HTTP/1.1\r\n${LAST}Transfer-Encoding: gzip\r\n\r\na`,
          `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${LAST}\r\n`,
          `GET / HTTP/1.1\r\nA: ${"b".repeat(200_000)}\r\n${LAST}\r\n`,
        ];
        const answers: string[] = [];
        for (const request of bad) answers.push(await ask(request));
        for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 (4\d\d|50[15]) /);
        return answers;
      }),

    "an app that throws answers 500, is reported, and goes on": () =>
      serving(
        (request: Request) => {
          if (request.url.endsWith("/bad")) throw new Error("the app's own");
          return new Response("good");
        },
        async ({ ask, errors }) => {
          const answer = await ask(`GET /bad HTTP/1.1\r\n${LAST}\r\n`);
          assert.match(answer, /^HTTP\/1\.1 500 /);
          assert.not.match(answer, /the app's own/);
          assert.is(errors.length, 1);
          assert.match(await ask(`GET /good HTTP/1.1\r\n${LAST}\r\n`), /good$/);
        },
      ),

    "a client that goes away in the middle leaves nothing behind": () =>
      serving(echo, async ({ nano, ask }) => {
        const answer = await ask(`POST / HTTP/1.1\r\n${LAST}Content-Length: 5\r\n\r\nhello`);
        assert.match(answer, /hello$/);
        assert.is(nano.memory().bytesInUse, 0);
      }),

    "an app is called without a server, too": async () => {
      const nano = await createRuntime({ host: memoryHost() });
      const app = await nano.load({ fetch: echo });
      const request = new Request("http://nano.test/x?y", { method: "POST", body: utf8("body") });
      assert.is(await (await app.fetch(request)).text(), "POST /x?y 4 body");
      await app.close();
      assert.is((await errorOf(() => app.fetch(request))).name, "InvalidStateError");
      await nano.close();
    },

    "an app is made of its source text": async ({ capabilities }) => {
      const nano = await createRuntime();
      const source =
        "export default { fetch: (request, env) => new Response(env.greeting + request.method) }";
      const load = () => nano.load(source, { env: { greeting: "hello " } });
      if (!capabilities.includes("import source text")) {
        const error = await errorOf(load);
        await nano.close();
        assert.instance(error, TypeError);
        assert.match(error.message, /^this engine imports no source text/);
        return new Absent(error.message);
      }
      // What is wrong with a text is told in the engine's words.
      assert.not.match(
        (await errorOf(() => nano.load("export default {"))).message,
        /imports no source text/,
      );
      const app = await load();
      const response = await app.fetch(new Request("http://nano.test/"));
      assert.is(await response.text(), "hello GET");
      await app.close();
      await nano.close();
    },

    "a body of bytes arrives as it was sent": () => {
      const bytes = pattern(100_000);
      return serving(
        async (request: Request) => {
          const received = new Uint8Array(await request.arrayBuffer());
          const same = received.length === bytes.length && received.every((byte, i) => byte === bytes[i]);
          return new Response(String(same));
        },
        async ({ ask }) => {
          const head = utf8(`POST / HTTP/1.1\r\n${LAST}Content-Length: ${bytes.length}\r\n\r\n`);
          const request = new Uint8Array(head.length + bytes.length);
          request.set(head);
          request.set(bytes, head.length);
          assert.match(await ask(request), /true$/);
        },
      );
    },
  },
};
