/** Requests a second of a hello server: NANO against node:http and against a bare socket, in turns. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { summarize, type Table } from "./lib.ts";

const CONNECTIONS = 64;
const ROUND_MS = 1500;
const ROUNDS = 5;

/** Each prints its port. */
const SERVERS: Record<string, string> = {
  nano: `
    const { createRuntime } = await import("nanort");
    const nano = await createRuntime();
    const app = { fetch: () => new Response("Hello, world!") };
    const server = await nano.serve({ app, port: 0 });
    console.log(server.port);`,
  "node:http": `
    const { createServer } = await import("node:http");
    const server = createServer((request, response) => {
      response.writeHead(200, { "content-type": "text/plain;charset=UTF-8", "content-length": 13 });
      response.end("Hello, world!");
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
  "bare socket (ceiling)": `
    const { createServer } = await import("node:net");
    const answer = "HTTP/1.1 200 OK\\r\\ncontent-type: text/plain;charset=UTF-8\\r\\ncontent-length: 13\\r\\n\\r\\nHello, world!";
    const server = createServer((socket) => {
      socket.on("data", () => socket.write(answer, "latin1"));
      socket.on("error", () => {});
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
};

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n";
const POST = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n${"x".repeat(1024)}`;

export async function serveTables(): Promise<Table[]> {
  const servers = await Promise.all(
    Object.entries(SERVERS).map(async ([name, program]) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(child.stdout!, "data")) as [Buffer];
      return { name, child, port: Number(line.toString()), gets: [] as number[], posts: [] as number[] };
    }),
  );
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const server of servers) {
        const gets = await requestsPerSecond(server.port, GET);
        const posts = await requestsPerSecond(server.port, POST);
        if (round < 0) continue; // The first round warms up.
        server.gets.push(gets);
        server.posts.push(posts);
      }
    }
  } finally {
    for (const { child } of servers) stop(child);
  }
  const row = (name: string, values: (server: (typeof servers)[number]) => number[]) => ({
    name,
    measurements: servers.map((server) => {
      const { median } = summarize(server.name, values(server));
      return { contender: server.name, best: Math.max(...values(server)), median };
    }),
  });
  return [
    {
      title: `Hello over HTTP/1.1, ${CONNECTIONS} connections, client in another process`,
      unit: "per second",
      rows: [row("GET", (server) => server.gets), row("POST 1 KiB", (server) => server.posts)],
    },
  ];
}

function stop(child: ChildProcess): void {
  child.kill("SIGKILL");
}

/** Every connection sends its next request when an answer has arrived; answers are counted by their body's end. */
async function requestsPerSecond(port: number, request: string): Promise<number> {
  let answers = 0;
  let running = true;
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  for (const socket of sockets) {
    socket.on("data", (bytes: Buffer) => {
      if (bytes[bytes.length - 1] !== 0x21) return; // The body ends in "!".
      answers++;
      if (running) socket.write(request, "latin1");
    });
    socket.write(request, "latin1");
  }
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  const rate = (answers * 1000) / (performance.now() - started);
  running = false;
  for (const socket of sockets) socket.destroy();
  return rate;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
