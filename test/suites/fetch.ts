/** fetch, in memory on every engine, and on the engine's own sockets; observations are the same everywhere. */
import {
  createRuntime,
  type FetchOptions,
  memoryHost,
  publicAddressesOnly,
  type Runtime,
  type Socket,
  type SocketHandler,
} from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Suite, type Test } from "./suite.ts";
import { errorOf, pattern, utf8 } from "./support.ts";

const makeHost = () => memoryHost();
type Host = ReturnType<typeof makeHost>;

/** Runs `use` with a runtime in memory, its clock standing still, and a server of its own on port 80. */
function inMemory(use: (nano: Runtime, host: Host) => Promise<unknown>, fetch: FetchOptions = {}): Test {
  return async () => {
    const host = makeHost();
    const nano = await createRuntime({ host, fetch });
    await nano.serve({ app: echo, port: 80 });
    const observed = await use(nano, host);
    const { liveArenas, bytesInUse } = nano.memory();
    assert.equal([liveArenas, bytesInUse], [0, 0]);
    const closed = nano.close({ timeout: 0 });
    await host.clock.advance(1);
    await closed;
    return observed;
  };
}

const bytesOf = (digits: string) =>
  Uint8Array.from(digits.match(/../g)!.map((byte) => Number.parseInt(byte, 16)));

/** "hello", by zstd 1.5, with a checksum; and by Python's gzip. */
const HELLO_BY_ZSTD = bytesOf("28b52ffd045829000068656c6c6fa36d9f88");
const HELLO_BY_GZIP = bytesOf("1f8b0800000000000203cb48cdc9c9070086a6103605000000");
/** By brotli of Node. */
const HELLO_BY_BROTLI = bytesOf("0b028068656c6c6f03");

/** Says what it was asked, and sends back what it got. */
async function echo(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/never") return new Promise<Response>(() => {});
  if (pathname === "/moved") return new Response("moved", { status: 307, headers: { location: "/here" } });
  if (pathname === "/gzip") return new Response(HELLO_BY_GZIP, { headers: { "content-encoding": "gzip" } });
  if (pathname === "/zstd") {
    const frames = new Uint8Array([...HELLO_BY_ZSTD, ...HELLO_BY_ZSTD]);
    return new Response(frames.slice(0, Number(search.slice(1))), {
      headers: { "content-encoding": "zstd" },
    });
  }
  if (pathname === "/br") {
    const cut = HELLO_BY_BROTLI.slice(0, Number(search.slice(1)));
    return new Response(cut, { headers: { "content-encoding": "br" } });
  }
  if (pathname === "/loop") return new Response("", { status: 302, headers: { location: "/loop" } });
  const body = new Uint8Array(await request.arrayBuffer());
  const headers = { "x-asked": `${request.method} ${pathname}${search}`, "x-bytes": String(body.length) };
  return new Response(body.length > 0 ? body : "nothing", { headers });
}

/** Plays a server that answers each connection's first bytes with these, and is gone. */
async function played(host: Host, port: number, answer: string): Promise<void> {
  await host.network.listen({ port, hostname: "a" }, (socket: Socket): SocketHandler => {
    return {
      data() {
        socket.write(answer);
        socket.end();
      },
      end: () => socket.end(),
      drain() {},
      close() {},
    };
  });
}

const describe = (error: unknown): string => {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  return `${name}: ${message}${cause?.code ? ` [${cause.code}]` : ""}`;
};

export const fetchInMemory: Suite = {
  name: "fetch in memory",
  tests: {
    "methods, headers and bodies of every kind are sent and come back": inMemory(async (nano) => {
      const observed: string[] = [];
      const form = new FormData();
      form.append("name", "value");
      const bodies: [RequestInit["body"] | AsyncIterable<Uint8Array>, string?][] = [
        ["text \u00fc"],
        [pattern(100_000)],
        [pattern(10).buffer],
        [new Blob([pattern(1000)])],
        [new URLSearchParams({ a: "b c" })],
        [form],
        [new Blob([pattern(200_000)]).stream(), "half"],
        [
          (async function* () {
            yield pattern(3);
            yield pattern(4);
          })(),
          "half",
        ],
      ];
      for (const [body, duplex] of bodies) {
        const init = {
          method: "POST",
          body: body as RequestInit["body"] & object,
          ...(duplex && { duplex: "half" as const }),
        };
        const response = await nano.fetch("http://a/path?query#fragment", init);
        assert.instance(response, Response);
        const { status, url, redirected, type, headers } = response;
        const length = (await response.arrayBuffer()).byteLength;
        assert.is(String(length), headers.get("x-bytes"));
        if (body !== form)
          observed.push([status, url, redirected, type, headers.get("x-asked"), length].join(" "));
      }
      return observed;
    }),

    "a Request, and init over it": inMemory(async (nano) => {
      const request = new Request("http://a/r", { method: "PUT", body: "body", headers: { "x-own": "1" } });
      const response = await nano.fetch(request);
      return [response.headers.get("x-asked"), await response.text()];
    }),

    "json, text, blob, stream and clone of what came": inMemory(async (nano) => {
      const post = (body: string) => nano.fetch("http://a/", { method: "POST", body });
      const reader = (await post("streamed")).body!.getReader();
      const response = await post("twice");
      const copy = response.clone();
      return [
        JSON.stringify(await (await post('{"a":[1]}')).json()),
        await (await (await post("blob")).blob()).text(),
        new TextDecoder().decode((await reader.read()).value),
        await copy.text(),
        await response.text(),
        String(response.bodyUsed),
        copy.url,
      ];
    }),

    "redirects are followed, refused, or handed over": inMemory(async (nano) => {
      const followed = await nano.fetch("http://a/moved", { method: "POST", body: "again" });
      const manual = await nano.fetch("http://a/moved", { redirect: "manual" });
      return [
        `${followed.url} ${followed.redirected} ${await followed.text()}`,
        `${manual.status} ${manual.headers.get("location")}`,
        describe(await errorOf(() => nano.fetch("http://a/moved", { redirect: "error" }))),
        describe(await errorOf(() => nano.fetch("http://a/loop"))),
      ];
    }),

    "what goes wrong is told alike": inMemory(async (nano, host) => {
      const observed: string[] = [];
      const answers = [
        "SSH-2.0\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc",
        "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
        "",
      ];
      for (const [index, answer] of answers.entries()) await played(host, 8000 + index, answer);
      for (const url of [
        ...answers.map((_, index) => `http://a:${8000 + index}/`),
        ...[
          "http://a:81/",
          "http://nowhere.invalid/",
          "http://a:25/",
          "ftp://a/",
          "nonsense",
          "http://u:p@a/",
        ],
      ]) {
        // By a reader: Chromium's text() has an error of its own for a body that fails.
        const readAll = async () => {
          const reader = (await nano.fetch(url)).body!.getReader();
          while (!(await reader.read()).done);
        };
        observed.push(describe(await errorOf(readAll)));
      }
      return observed;
    }),

    "a timeout rejects after 30 seconds, and an abort with its reason": inMemory(async (nano, host) => {
      const late = errorOf(() =>
        nano.fetch("http://a/never", { timeout: { head: Number.POSITIVE_INFINITY } }),
      );
      await host.clock.advance(29_999);
      const controller = new AbortController();
      const aborted = errorOf(() => nano.fetch("http://a/never", { signal: controller.signal }));
      controller.abort(new Error("enough"));
      await host.clock.advance(1);
      return [describe(await late), describe(await aborted)];
    }),

    "gzip and deflate are undone": inMemory(async (nano, host) => {
      const listening = await createRuntime({ host });
      await listening.serve({
        port: 8080,
        app: () =>
          new Response("again and again ".repeat(1000), { headers: { "content-type": "text/plain" } }),
        compression: {},
      });
      const response = await nano.fetch("http://a:8080/");
      const text = await response.text();
      const closed = listening.close({ timeout: 0 });
      await host.clock.advance(1);
      await closed;
      // Whether a body that comes by a stream is encoded, depends on whether the engine's encoders can be flushed.
      return [`${text.length}`];
    }),

    "allow keeps a tenant off the inside": inMemory(
      async (nano) => [describe(await errorOf(() => nano.fetch("http://localhost/")))],
      { allow: publicAddressesOnly },
    ),

    "data: URLs": inMemory(async (nano) => {
      const response = await nano.fetch("data:text/x;base64,aGVsbG8=");
      return [`${response.headers.get("content-type")} ${await response.text()}`];
    }),

    "a hundred at a time": inMemory(async (nano) => {
      const texts = Array.from({ length: 100 }, async (_, at) =>
        (await nano.fetch("http://a/", { method: "POST", body: `${at}` })).text(),
      );
      assert.equal(
        await Promise.all(texts),
        Array.from({ length: 100 }, (_, at) => `${at}`),
      );
    }),
  },
};

/** On the engine's own sockets; where there are none to listen on, by its own fetch, which is tested elsewhere. */
function onSockets(use: (nano: Runtime, url: string) => Promise<unknown>): Test {
  return async ({ capabilities }) => {
    if (!capabilities.includes("sockets")) return NOWHERE;
    const nano = await createRuntime();
    const server = await nano.serve({ app: echo });
    const observed = await use(nano, server.url);
    await server.close({ timeout: 0 });
    await nano.idle();
    assert.equal(nano.memory().liveArenas, 0);
    await nano.close();
    return observed;
  };
}

async function assertCut(read: () => Promise<unknown>): Promise<void> {
  const { message } = await errorOf(read);
  assert.match(message, /^fetch: the body is not what its Content-Encoding says: /);
}

const NOWHERE = new Absent("no listening: fetch in memory is the same");

export const fetching: Suite = {
  name: "fetch",
  tests: {
    "bodies of all sizes, both ways": onSockets(async (nano, url) => {
      for (const size of [1, 8191, 65_536, 65_537, 2_000_000]) {
        const bytes = pattern(size);
        for (const body of [bytes, new Blob([bytes]).stream()]) {
          const response = await nano.fetch(url, { method: "POST", body, duplex: "half" });
          assert.equal(new Uint8Array(await response.arrayBuffer()), bytes);
        }
      }
    }),

    "fifty at a time, one after the other on each connection": onSockets(async (nano, url) => {
      const loop = async (from: number) => {
        for (let at = from; at < from + 4; at++) {
          const response = await nano.fetch(`${url}/${at}`);
          assert.is(response.headers.get("x-asked"), `GET /${at}`);
          await response.text();
        }
      };
      await Promise.all(Array.from({ length: 50 }, (_, at) => loop(at * 4)));
    }),

    "zstd is undone where the engine has it, and an error when it is cut short anywhere": onSockets(
      async (nano, url) => {
        const whole = await nano.fetch(`${url}/zstd?${HELLO_BY_ZSTD.length}`);
        if ((await whole.text()) !== "hello") return new Absent("no zstd: the body is handed on as it is");
        const two = await nano.fetch(`${url}/zstd?${2 * HELLO_BY_ZSTD.length}`);
        assert.is(await two.text(), "hellohello");
        for (let length = 1; length < HELLO_BY_ZSTD.length; length++) {
          const cut = await nano.fetch(`${url}/zstd?${length}`);
          await assertCut(() => cut.text());
        }
      },
    ),

    "br is undone where the engine has it, and an error when it is cut short anywhere": onSockets(
      async (nano, url) => {
        const whole = await nano.fetch(`${url}/br?${HELLO_BY_BROTLI.length}`);
        if ((await whole.text()) !== "hello") return new Absent("no br: the body is handed on as it is");
        for (let length = 1; length < HELLO_BY_BROTLI.length; length++) {
          for (const read of [
            (cut: Response) => cut.text(),
            (cut: Response) => new Response(cut.body).text(),
          ]) {
            const cut = await nano.fetch(`${url}/br?${length}`);
            await assertCut(() => read(cut));
          }
        }
      },
    ),

    "what came coded is handed on without its coding": onSockets(async (nano, url) => {
      const app = async (request: Request) => {
        const response = await nano.fetch(`${url}/gzip`);
        return request.url.endsWith("/new") ? new Response(response.body, response) : response;
      };
      const server = await nano.serve({ app });
      const observed: string[] = [];
      for (const path of ["/same", "/new"]) {
        const response = await nano.fetch(server.url + path);
        observed.push(`${response.headers.get("content-encoding")} ${await response.text()}`);
      }
      await server.close({ timeout: 0 });
      return observed;
    }),

    "refused and unknown are explained": onSockets(async (nano) => {
      const refused = describe(await errorOf(() => nano.fetch("http://127.0.0.1:2/")));
      assert.match(refused, /^TypeError: connect ECONNREFUSED 127\.0\.0\.1:2: .* \[ECONNREFUSED\]$/);
      const unknown = describe(await errorOf(() => nano.fetch("http://host.invalid/")));
      assert.match(
        unknown,
        /^TypeError: (resolve|connect) (ENOTFOUND|EAI_AGAIN) host\.invalid:80: no address is known/,
      );
    }),

    "an abort and a timeout in the middle of it": onSockets(async (nano, url) => {
      const controller = new AbortController();
      const aborted = errorOf(() => nano.fetch(`${url}/never`, { signal: controller.signal }));
      const late = await errorOf(() => nano.fetch(`${url}/never`, { timeout: { head: 20 } }));
      controller.abort(new Error("enough"));
      return [describe(late), describe(await aborted)];
    }),

    "https, with an authority of one's own": async ({ capabilities, certificates }) => {
      if (!capabilities.includes("sockets")) return NOWHERE;
      if (!certificates) return new Absent("openssl is not on this machine");
      const { ca, certificate, key } = certificates;
      const nano = await createRuntime({ fetch: { tls: { ca } } });
      const server = await nano.serve({ app: echo, tls: { certificate, key } });
      const url = `https://localhost:${server.port}`;
      const response = await nano.fetch(`${url}/secret`, { method: "POST", body: utf8("sealed") });
      const observed = [response.headers.get("x-asked")!, await response.text()];
      const doubtful = await createRuntime();
      const error = await errorOf(() => doubtful.fetch(url));
      assert.instance(error, TypeError);
      assert.match(error.message, /^tls .*localhost:\d+: /);
      await doubtful.close();
      await server.close({ timeout: 0 });
      await nano.close();
      return observed;
    },
  },
};
