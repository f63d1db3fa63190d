/** https by the host's TLS, with a throw-away authority: node:https and curl as clients, and some that are none. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { type Socket, connect as tcpConnect } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "#host";
import { folderWith } from "../cli/nanort.ts";
import { certificates } from "../support/certificates.ts";
import { testWith } from "../support/tools.ts";
import { eventually, pattern, type Setup, TestServer } from "./support.ts";

const tlsTest = testWith("openssl", "version");

const echo = async (request: Request) =>
  new Response(request.method === "POST" ? request.body : request.url, { headers: { "x-url": request.url } });

async function onTls(setup: Partial<Setup>, use: (server: TestServer, ca: string) => Promise<void>) {
  const { ca, certificate, key } = certificates()!;
  const server = await TestServer.start(defaultHost, { app: echo, ...setup, tls: { certificate, key } });
  await server.run(() => use(server, ca));
}

interface Answer {
  status: number;
  url: string;
  body: Buffer;
  reused: boolean;
}

function ask(port: number, agent: Agent, path: string, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: "127.0.0.1", servername: "localhost", port, path };
    const request = httpsRequest({ ...options, method: body ? "POST" : "GET" }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          url: String(response.headers["x-url"]),
          body: Buffer.concat(chunks),
          reused: request.reusedSocket,
        }),
      );
    });
    request.on("error", reject).end(body);
  });
}

tlsTest("node:https: requests of all sizes on one connection, whose URLs say https", () =>
  onTls({}, async ({ server }, ca) => {
    assert.is(server.url, `https://127.0.0.1:${server.port}`);
    const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 });
    const first = await ask(server.port, agent, "/a?b");
    assert.is(first.body.toString(), `https://127.0.0.1:${server.port}/a?b`);
    for (const size of [1, 100, 16_384, 16_385, 3_000_000]) {
      const body = pattern(size);
      const answer = await ask(server.port, agent, "/", body);
      assert.ok(answer.body.equals(body), String(size));
      assert.is(answer.reused, true);
    }
    agent.destroy();
  }),
);

tlsTest("node:https: fifty connections at once", () =>
  onTls({}, async ({ server }, ca) => {
    const agent = new Agent({ ca });
    const paths = Array.from({ length: 50 }, (_, n) => `/${n}`);
    const answers = await Promise.all(paths.map((path) => ask(server.port, agent, path)));
    assert.equal(
      answers.map(({ url }) => new URL(url).pathname),
      paths,
    );
  }),
);

(certificates() ? testWith("curl") : tlsTest)("curl: https, and http on the same port, which is none", () =>
  onTls({}, async ({ server }, ca) => {
    const file = join(folderWith({}), "ca.pem");
    writeFileSync(file, ca);
    const curl = (...args: string[]) =>
      new Promise<string>((resolve) => {
        execFile("curl", ["-sS", "--max-time", "20", "--cacert", file, ...args], (_, stdout, stderr) =>
          resolve(stdout + stderr),
        );
      });
    const { port } = server;
    assert.is(await curl(`https://localhost:${port}/x`), `https://localhost:${port}/x`);
    assert.is(
      await curl("--tlsv1.2", "--tls-max", "1.2", `https://localhost:${port}/y`),
      `https://localhost:${port}/y`,
    );
    assert.match(await curl(`https://localhost:${port}/`, "-d", "text"), /^text$/);
    assert.match(await curl(`http://localhost:${port}/`), /^curl: /);
    assert.match(await curl("--cacert", "/dev/null", `https://localhost:${port}/`), /^curl: /);
    assert.is(await curl(`https://localhost:${port}/still`), `https://localhost:${port}/still`);
  }),
);

tlsTest("an http target on a connection with TLS is misdirected", () =>
  onTls({}, async (server, ca) => {
    const { port } = server.server;
    const socket = await server.host.network!.connect(
      { port, hostname: "127.0.0.1", startTls: true },
      () => SILENT,
    );
    let text = "";
    const secured = await socket.startTls!({ serverName: "localhost", ca }, () => ({
      ...SILENT,
      data: (bytes) => {
        text += Buffer.from(bytes).toString("latin1");
      },
    }));
    secured.write("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(() => text.includes("421"));
    secured.destroy();
  }),
);

const SILENT = { data() {}, end() {}, drain() {}, close() {} };

tlsTest("who connects and shakes no hands is counted, and given up like one who is idle", () =>
  onTls({ limits: { idleTimeout: 200, connections: 3 } }, async ({ server }, ca) => {
    const silent = Array.from({ length: 3 }, () => tcpConnect({ port: server.port, host: "127.0.0.1" }));
    const closed = silent.map((socket) => new Promise((resolve) => socket.on("close", resolve).resume()));
    await eventually(() => server.connections === 3);
    const agent = new Agent({ ca });
    assert.is((await ask(server.port, agent, "/")).status, 503);
    await Promise.all(closed);
    await eventually(() => server.connections === 0);
    assert.is((await ask(server.port, agent, "/")).status, 200);
  }),
);

/** The first bytes of a client that means it. */
const HELLO = Buffer.from("1603010200010001fc0303", "hex");

tlsTest("a handshake that breaks, in whichever way, leaves nothing behind, and disturbs nobody", () =>
  onTls({}, async ({ server }, ca) => {
    const ways: ((socket: Socket) => void)[] = [
      (socket) => void socket.end(),
      (socket) => void socket.destroy(),
      (socket) => void socket.resetAndDestroy(),
    ];
    for (const bytes of [new Uint8Array(0), HELLO.subarray(0, 3), HELLO, pattern(5), pattern(500)]) {
      for (const leave of ways) {
        const socket = tcpConnect({ port: server.port, host: "127.0.0.1" });
        socket.on("error", () => {});
        const closed = new Promise((resolve) => socket.on("close", resolve).resume());
        socket.on("connect", () => socket.write(bytes, () => leave(socket)));
        await closed;
      }
    }
    await eventually(() => server.connections === 0);
    assert.is((await ask(server.port, new Agent({ ca }), "/")).status, 200);
  }),
);

tlsTest("a client that goes while it is answered breaks nothing", () =>
  onTls({ app: () => new Response(pattern(5_000_000)) }, async ({ server }, ca) => {
    for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
      const tcp = tcpConnect({ port: server.port, host: "127.0.0.1" });
      tcp.on("error", () => {});
      const client = tlsConnect({ socket: tcp, ca, servername: "localhost" });
      client.on("error", () => {});
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await new Promise((resolve) => client.once("data", resolve));
      if (leave === "end") client.end();
      tcp[leave]();
      client.resume();
      await eventually(() => server.connections === 0);
    }
  }),
);

tlsTest("a client cannot have hands shaken again and again", () =>
  onTls({}, async ({ server }, ca) => {
    const client = tlsConnect({
      ...{ port: server.port, host: "127.0.0.1", servername: "localhost", ca, maxVersion: "TLSv1.2" },
    });
    await new Promise((resolve) => client.once("secureConnect", resolve));
    const outcome = await new Promise((resolve) => {
      client.on("error", resolve);
      client.renegotiate({}, resolve);
    });
    assert.match(String(outcome), /no renegotiation/i);
    client.destroy();
  }),
);

test("a certificate that is none is refused before anybody connects", async () => {
  const failure = await TestServer.start(defaultHost, {
    app: echo,
    tls: { certificate: "no", key: "no" },
  }).then(
    () => "started",
    (error) => error.message,
  );
  assert.match(failure, /^TLS 127\.0\.0\.1:0: /);
});

test.run();
