/** How much fits into a process: resident memory for each runtime, and for each connection that waits. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { summarize, type Table } from "./lib.ts";

const RUNTIMES = 2000;
const CONNECTIONS = 2000;
const ROUNDS = 3;

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
    const server = await nano.serve({ app: { fetch: () => new Response("Hello, world!") }, port: 0 });
    console.log(server.port);
    process.stdin.on("data", tell);`,
  "node:http": `${RESIDENT}
    const { createServer } = await import("node:http");
    const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => response.end("Hello, world!"));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
    process.stdin.on("data", tell);`,
};

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

export async function densityTables(): Promise<Table[]> {
  const runtimes: number[] = [];
  const connections = new Map(Object.keys(SERVERS).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    runtimes.push(await bytesPerRuntime());
    for (const [name, program] of Object.entries(SERVERS)) {
      connections.get(name)!.push(await bytesPerConnection(program));
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
      ],
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
