/**
 * How much fits into a process: resident memory for each runtime, and for each connection that waits; and what is left of
 * clients that begin many requests and end none.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { summarize, type Table } from "./lib.ts";

const RUNTIMES = 2000;
const CONNECTIONS = 2000;
const SLOW_CONNECTIONS = 1000;
const ROUNDS = 3;

/** After so many milliseconds, servers give up on a head that is not whole. */
const HEAD_TIMEOUT_MS = 1500;

/** What every program below has: answers each line on standard input with its resident bytes, after collecting. */
const RESIDENT = `
  const resident = async () => {
    for (let i = 0; i < 4; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    return process.memoryUsage.rss();
  };
  const tell = async () => console.log(await resident());`;

const RUNTIME = (count: number) => `${RESIDENT}
  const { createRuntime } = await import("nanort");
  const message = new Uint8Array(100);
  const use = (nano) => {
    const key = nano.subtleSync.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    nano.subtleSync.sign("HMAC", key, message);
  };
  for (let i = 0; i < 50; i++) { const nano = await createRuntime(); use(nano); await nano.close(); }
  await tell();
  const held = [];
  for (let i = 0; i < ${count}; i++) { held.push(await createRuntime()); use(held[i]); }
  await tell();
  process.exit(held.length === ${count} ? 0 : 1); // Used once more, or they could have been collected.`;

const SERVERS: Record<string, string> = {
  nano: `${RESIDENT}
    const { createRuntime } = await import("nanort");
    const nano = await createRuntime();
    const limits = { headTimeout: ${HEAD_TIMEOUT_MS} };
    const server = await nano.serve({ app: () => new Response("Hello, world!"), port: 0, limits });
    console.log(server.port);
    process.stdin.on("data", tell);`,
  "node:http": `${RESIDENT}
    const { createServer } = await import("node:http");
    const times = { keepAliveTimeout: 75_000, headersTimeout: ${HEAD_TIMEOUT_MS}, connectionsCheckingInterval: 250 };
    const server = createServer(times, (request, response) => response.end("Hello, world!"));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
    process.stdin.on("data", tell);`,
};

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

export async function densityTables(): Promise<Table[]> {
  const runtimes: number[] = [];
  const perServer = () => new Map(Object.keys(SERVERS).map((name) => [name, [] as number[]]));
  const [connections, during, after, left] = [perServer(), perServer(), perServer(), perServer()];
  for (let round = 0; round < ROUNDS; round++) {
    runtimes.push(await bytesPerRuntime());
    for (const [name, program] of Object.entries(SERVERS)) {
      connections.get(name)!.push(await bytesPerConnection(program));
      const slow = await slowloris(program);
      during.get(name)!.push(slow.bytesDuring);
      after.get(name)!.push(slow.bytesAfter);
      left.get(name)!.push(slow.socketsLeft);
    }
  }
  const measured = (name: string, bytes: number[]) =>
    summarize(
      name,
      bytes.map((each) => each / 1024),
    );
  return [
    {
      title: "Resident memory",
      unit: "KiB",
      rows: [
        { name: `a runtime, of ${RUNTIMES}`, measurements: [measured("nano", runtimes)] },
        {
          name: `an idle connection, of ${CONNECTIONS}`,
          measurements: [...connections].map(([name, bytes]) => measured(name, bytes)),
        },
        {
          name: `one of ${SLOW_CONNECTIONS} that send half a head`,
          measurements: [...during].map(([name, bytes]) => measured(name, bytes)),
        },
        {
          name: `${SLOW_CONNECTIONS} more of those, when they are gone`,
          measurements: [...after].map(([name, bytes]) => measured(name, bytes)),
        },
      ],
    },
    {
      title: `Open files after ${SLOW_CONNECTIONS} that sent half a head, above those before`,
      unit: "count",
      rows: [{ name: "", measurements: [...left].map(([name, counts]) => summarize(name, counts)) }],
    },
  ];
}

async function bytesPerRuntime(): Promise<number> {
  const { child, line } = start(RUNTIME(RUNTIMES));
  const before = await line();
  const after = await line();
  await once(child, "exit");
  return (after - before) / RUNTIMES;
}

/** Each connection has had an answer, and is kept. The first ones warm up, and are closed again. */
async function bytesPerConnection(program: string): Promise<number> {
  const { child, line } = start(program);
  const port = await line();
  const ask = () => {
    child.stdin!.write("\n");
    return line();
  };
  const warm = await Promise.all(Array.from({ length: 100 }, () => open(port)));
  for (const socket of warm) socket.destroy();
  const before = await ask();
  const sockets: Socket[] = [];
  while (sockets.length < CONNECTIONS) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(port)))));
  }
  const after = await ask();
  for (const socket of sockets) socket.destroy();
  child.kill("SIGKILL");
  return (after - before) / CONNECTIONS;
}

/**
 * Many clients that begin a request and leave it at that, until the server gives up on them: what each takes meanwhile, and
 * what is left of as many again. While they are there, others are answered.
 */
async function slowloris(
  program: string,
): Promise<{ bytesDuring: number; bytesAfter: number; socketsLeft: number }> {
  const { child, line } = start(program);
  const port = await line();
  const ask = () => {
    child.stdin!.write("\n");
    return line();
  };
  const files = () => (existsSync("/proc/self/fd") ? readdirSync(`/proc/${child.pid}/fd`).length : 0);
  const attack = async () => {
    const sockets = await Promise.all(Array.from({ length: SLOW_CONNECTIONS }, () => begin(port)));
    const bytes = await ask();
    (await open(port)).destroy();
    await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, "close")));
    return bytes;
  };
  for (let warm = 0; warm < 100; warm++) (await open(port)).destroy();
  const before = await ask();
  const bytesDuring = ((await attack()) - before) / SLOW_CONNECTIONS;
  const [bytesBetween, filesBefore] = [await ask(), files()];
  await attack();
  const bytesAfter = (await ask()) - bytesBetween;
  const socketsLeft = files() - filesBefore;
  child.kill("SIGKILL");
  return { bytesDuring, bytesAfter, socketsLeft };
}

/** A connection on which a request has begun. It closes when the server does. */
async function begin(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  socket.write(GET.slice(0, -10));
  return socket;
}

/** A connection on which a request has been answered. */
async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.write(GET);
  await once(socket, "data");
  return socket;
}

function start(program: string): { child: ChildProcess; line(): Promise<number> } {
  const args = ["--expose-gc", "--input-type=module", "-e", program];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, line: async () => Number((await lines.next()).value) };
}
