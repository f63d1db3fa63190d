/** fetch on real loopback sockets: against node:http and node:https, our own server, a CONNECT proxy of node:http's. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, createServer as createSocketServer } from "node:net";
import { createRuntime, defaultHost, type RuntimeOptions } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { certificates } from "../../support/certificates.ts";
import { testIf } from "../../support/tools.ts";
import { rejection } from "./support.ts";

type Runtime = Awaited<ReturnType<typeof createRuntime>>;

/** Runs `use` with a runtime, and sees to it that it ends, and leaves no memory behind. */
async function withRuntime(
  use: (nano: Runtime) => Promise<void>,
  fetch: RuntimeOptions["fetch"] = {},
): Promise<void> {
  const nano = await createRuntime({ fetch });
  try {
    await use(nano);
    await nano.idle();
    assert.is(nano.memory().liveArenas, 0);
    assert.is(nano.memory().bytesInUse, 0);
  } finally {
    await nano.close();
  }
}

async function listening(server: {
  listen(port: number, host: string): unknown;
  address(): unknown;
}): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server as Server, "listening");
  return (server.address() as AddressInfo).port;
}

async function withNode(
  listener: RequestListener,
  use: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  const port = await listening(server);
  try {
    await use(`http://127.0.0.1:${port}`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const pattern = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7) ^ (at >> 8));

test("bodies of all sizes, both ways, from a server of node:http", () =>
  withNode(
    (request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => response.end(Buffer.concat(pieces)));
    },
    (url) =>
      withRuntime(async (nano) => {
        for (const size of [0, 1, 1000, 65_535, 65_536, 65_537, 3_000_000]) {
          const bytes = pattern(size);
          for (const body of [bytes, new Blob([bytes]), new Blob([bytes]).stream()]) {
            const response = await nano.fetch(url, { method: "POST", body, duplex: "half" });
            assert.equal(new Uint8Array(await response.arrayBuffer()), bytes);
          }
        }
      }),
  ));

test("fifty at a time are all under way before the first is answered", () => {
  const waiting: ServerResponse[] = [];
  return withNode(
    (_, response) => {
      // Nobody is answered before all are there.
      if (waiting.push(response) === 50) for (const each of waiting) each.end("ok");
    },
    (url) =>
      withRuntime(async (nano) => {
        const texts = Array.from({ length: 50 }, async () => (await nano.fetch(url)).text());
        assert.equal(await Promise.all(texts), Array(50).fill("ok"));
      }),
  );
});

const openSockets = () => process.getActiveResourcesInfo().filter((resource) => /^TCP/.test(resource)).length;

/** What the tests before have left takes a moment to go. */
async function noSockets(): Promise<void> {
  for (let turns = 0; openSockets() > 0 && turns < 2000; turns++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  assert.is(openSockets(), 0);
}

test("ten thousand at once, on the connections that there may be, leave nothing behind", async () => {
  await noSockets();
  const nano = await createRuntime();
  const server = await nano.serve({ app: ({ url }) => new Response(url.slice(url.lastIndexOf("/"))) });
  let most = 0;
  const texts = Array.from({ length: 10_000 }, async (_, at) => {
    const text = await (await nano.fetch(`${server.url}/${at}`)).text();
    if (at % 1000 === 0) most = Math.max(most, openSockets());
    return text;
  });
  assert.equal(
    await Promise.all(texts),
    Array.from({ length: 10_000 }, (_, at) => `/${at}`),
  );
  // Both ends of 256 connections, and who listens.
  assert.ok(most <= 2 * 256 + 1, `${most} sockets`);
  const { liveArenas, bytesInUse } = nano.memory();
  assert.equal({ liveArenas, bytesInUse }, { liveArenas: 0, bytesInUse: 0 });
  await nano.close();
  await noSockets();
});

test("localhost is found, by IPv6 or IPv4, whichever answers", () =>
  withNode(
    (_, response) => response.end("ok"),
    (url) =>
      withRuntime(async (nano) => {
        assert.is(await (await nano.fetch(url.replace("127.0.0.1", "localhost"))).text(), "ok");
      }),
  ));

test("connections are kept, and what the server closes meanwhile is not used", () => {
  let connections = 0;
  return withNode(
    (_, response) => response.end("ok"),
    async (url, server) => {
      server.on("connection", () => connections++);
      await withRuntime(async (nano) => {
        for (let count = 0; count < 10; count++) await (await nano.fetch(url)).text();
        assert.is(connections, 1);
        server.closeAllConnections();
        for (let count = 0; count < 10; count++) await (await nano.fetch(url)).text();
        assert.is(connections, 2);
      });
    },
  );
});

test("the network's failures say what happened", () =>
  withRuntime(async (nano) => {
    const probe = createSocketServer();
    const port = await listening(probe);
    probe.close();
    const refused = (await rejection(nano.fetch(`http://127.0.0.1:${port}/`))) as Error & {
      cause: Record<string, unknown>;
    };
    assert.instance(refused, TypeError);
    assert.is(
      refused.message,
      `connect ECONNREFUSED 127.0.0.1:${port}: nobody listens on port ${port} of 127.0.0.1`,
    );
    const { code, host, attempts } = refused.cause;
    assert.equal([code, host, (attempts as unknown[]).length], ["ECONNREFUSED", "127.0.0.1", 1]);
    const unknown = await rejection(nano.fetch("http://nowhere.invalid/"));
    assert.match(
      unknown.message,
      /^resolve (ENOTFOUND|EAI_AGAIN) nowhere\.invalid:80: no address is known for nowhere\.invalid/,
    );
  }));

test("a peer that resets, ends early, or half-closes", async () => {
  const ROWS: [respond: string | null, reset: boolean, message: RegExp | null][] = [
    [null, true, /^read ECONNRESET/],
    [null, false, /^read ECONNRESET .*: the connection ended before a response came$/],
    ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", true, /^read ECONNRESET/],
    [
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
      false,
      /^read ECONNRESET .* after 2 bytes of the body/,
    ],
    ["HTTP/1.1 200 OK\r\n\r\nall of it", false, null],
  ];
  for (const [respond, reset, message] of ROWS) {
    const server = createSocketServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        const leave = () => (reset ? socket.resetAndDestroy() : socket.end());
        if (respond) socket.write(respond, () => setTimeout(leave, 5));
        else leave();
      });
    });
    const port = await listening(server);
    await withRuntime(async (nano) => {
      const text = nano.fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
      if (message) assert.match((await rejection(text)).message, message);
      else assert.is(await text, "all of it");
    });
    server.close();
  }
});

test("a program that is done with fetching ends, though connections are kept", () =>
  withNode(
    (_, response) => response.end("ok"),
    async (url) => {
      const { spawn } = await import("node:child_process");
      const program = `import { createRuntime } from ${JSON.stringify(new URL("../../../../wasm-out/node/index.js", import.meta.url))};
        const nano = await createRuntime({ fetch: { idleTimeout: 60_000 } });
        console.log(await (await nano.fetch(${JSON.stringify(url)})).text());`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (bytes) => {
        output += bytes;
      });
      const killed = setTimeout(() => child.kill(), 20_000);
      const [code, signal] = await once(child, "exit");
      clearTimeout(killed);
      assert.equal([output, code, signal], ["ok\n", 0, null]);
    },
  ));

test("our own server: fetch and serve in one process, streaming both ways", () =>
  withRuntime(async (nano) => {
    const server = await nano.serve({
      app: async (request) =>
        new Response(request.body?.pipeThrough(new TransformStream()) ?? "none", {
          headers: { "x-url": request.url },
        }),
    });
    const sent = pattern(500_000);
    const response = await nano.fetch(`${server.url}/echo`, {
      method: "POST",
      body: new Blob([sent]).stream(),
      duplex: "half",
    });
    assert.is(response.headers.get("x-url"), `${server.url}/echo`);
    assert.equal(new Uint8Array(await response.arrayBuffer()), sent);
    await server.close();
  }));

const trusted = certificates();
const secureTest = testIf(trusted !== undefined, "openssl is not on this machine");

/** A server of node:https, with or without a demand for the client's own certificate. */
async function withSecure(options: object, use: (port: number) => Promise<void>): Promise<void> {
  const { certificate, key, ca } = trusted!;
  const server = createSecureServer({ cert: certificate, key, ca, ...options }, (request, response) => {
    const socket = request.socket as import("node:tls").TLSSocket;
    response.end(JSON.stringify([socket.servername || "", socket.authorized, socket.alpnProtocol]));
  });
  const port = await listening(server);
  try {
    await use(port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

secureTest("https: the name is told and checked, and a CA of the embedder's is trusted", () =>
  withSecure({}, (port) =>
    withRuntime(
      async (nano) => {
        for (const [host, name] of [
          ["localhost", "localhost"],
          ["127.0.0.1", ""],
        ]) {
          const response = await nano.fetch(`https://${host}:${port}/`);
          assert.equal(await response.json(), [name, false, "http/1.1"]);
        }
      },
      { tls: { ca: trusted!.ca } },
    ),
  ),
);

secureTest("https: a certificate that nobody vouches for, is for another name, or is over", async () => {
  const fail = (port: number, host: string, tls?: { ca: string }) => {
    let failure: Error | undefined;
    return withRuntime(
      async (nano) => {
        failure = await rejection(nano.fetch(`https://${host}:${port}/`));
      },
      tls ? { tls } : {},
    ).then(() => failure as Error & { cause: { code: string } });
  };
  await withSecure({}, async (port) => {
    const unknown = await fail(port, "localhost");
    assert.instance(unknown, TypeError);
    assert.match(unknown.message, /^tls [A-Z_]+ localhost:\d+: /);
    assert.match(unknown.cause.code, /SELF_SIGNED|UNABLE_TO_/);
  });
  await withSecure({ cert: trusted!.expired }, async (port) => {
    assert.is((await fail(port, "localhost", { ca: trusted!.ca })).cause.code, "CERT_HAS_EXPIRED");
  });
  const server = createServer((_, response) => response.end("plain"));
  const port = await listening(server);
  assert.match((await fail(port, "localhost", { ca: trusted!.ca })).message, /^tls /);
  server.close();
});

secureTest("https: the client's own certificate", () =>
  withSecure({ requestCert: true, rejectUnauthorized: true }, async (port) => {
    const { ca, certificate, key } = trusted!;
    await withRuntime(
      async (nano) => {
        assert.equal(await (await nano.fetch(`https://localhost:${port}/`)).json(), [
          "localhost",
          true,
          "http/1.1",
        ]);
      },
      { tls: { ca, certificate, key } },
    );
    await withRuntime(
      async (nano) => {
        assert.instance(await rejection(nano.fetch(`https://localhost:${port}/`)), TypeError);
      },
      { tls: { ca } },
    );
  }),
);

secureTest("https through a proxy of node:http's, which sees the name and nothing else", () =>
  withSecure({}, async (port) => {
    const seen: string[] = [];
    await withNode(
      (request, response) => {
        seen.push(`${request.method} ${request.url}`);
        response.end("by proxy");
      },
      async (url, proxy) => {
        proxy.on("connect", (request, socket) => {
          seen.push(`CONNECT ${request.url}`);
          const upstream = connect(port, "127.0.0.1", () => {
            socket.write("HTTP/1.1 200 OK\r\n\r\n");
            upstream.pipe(socket).pipe(upstream);
          });
          upstream.on("error", () => socket.destroy());
          socket.on("error", () => upstream.destroy());
        });
        await withRuntime(
          async (nano) => {
            const response = await nano.fetch(`https://localhost:${port}/secret`);
            assert.is((await response.json())[0], "localhost");
            assert.is(await (await nano.fetch("http://elsewhere.example/x")).text(), "by proxy");
          },
          { tls: { ca: trusted!.ca }, proxy: url },
        );
        assert.equal(seen, [`CONNECT localhost:${port}`, "GET http://elsewhere.example/x"]);
      },
    );
  }),
);

secureTest("https through a proxy that is talked to by https: TLS within TLS", () =>
  withSecure({}, async (port) => {
    const seen: string[] = [];
    const proxy = createSecureServer({ cert: trusted!.certificate, key: trusted!.key });
    proxy.on("connect", (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      const upstream = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.destroy());
    });
    const proxyPort = await listening(proxy);
    try {
      await withRuntime(
        async (nano) => {
          for (let count = 0; count < 2; count++) {
            const response = await nano.fetch(`https://localhost:${port}/secret`);
            assert.is((await response.json())[0], "localhost");
          }
        },
        { tls: { ca: trusted!.ca }, proxy: `https://localhost:${proxyPort}` },
      );
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
    assert.equal(seen, [`CONNECT localhost:${port}`]);
  }),
);

test("slow peers by the dozen hold nobody up", () => {
  const slow = createSocketServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"));
  });
  return withNode(
    (_, response) => response.end("ok"),
    async (url) => {
      const port = await listening(slow);
      const controller = new AbortController();
      await withRuntime(async (nano) => {
        const waiting = Array.from({ length: 100 }, () =>
          nano
            .fetch(`http://127.0.0.1:${port}/`, { signal: controller.signal })
            .then((response) => response.text()),
        ).map(rejection);
        for (let count = 0; count < 50; count++) assert.is(await (await nano.fetch(url)).text(), "ok");
        controller.abort("enough");
        assert.equal(new Set(await Promise.all(waiting)), new Set(["enough"]));
      });
      slow.close();
    },
  );
});

assert.ok(defaultHost.network);
test.run();
