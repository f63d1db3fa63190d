/**
 * Requests a second, and the slowest hundredth, of a server that says hello and sends back what it gets: NANO with its own
 * Request and Response installed, and with the engine's; against node:http and against a bare socket, in turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { summarize, type Table } from "./lib.ts";

const CONNECTIONS = 64;
const ROUND_MS = 1500;
const ROUNDS = 5;

const nano = (prepare: string) => `
    const { createRuntime } = await import("nanort");
    const nano = await createRuntime();
    ${prepare}
    const app = async (request) => {
      if (request.method === "GET") return new Response("Hello, world!");
      return new Response(await request.text());
    };
    const server = await nano.serve({ app, port: 0 });
    console.log(server.port);`;

/** Each prints its port. */
const SERVERS: Record<string, string> = {
  "nano, installed": nano('nano.install(globalThis, { only: ["fetch"] });'),
  "nano, the engine's Response": nano(""),
  "node:http": `
    const { createServer } = await import("node:http");
    const answer = (response, text) => {
      const headers = { "content-type": "text/plain;charset=UTF-8", "content-length": Buffer.byteLength(text) };
      response.writeHead(200, headers);
      response.end(text);
    };
    const server = createServer((request, response) => {
      if (request.method === "GET") return answer(response, "Hello, world!");
      const pieces = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => answer(response, Buffer.concat(pieces).toString()));
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
  "bare socket (ceiling)": `
    const { createServer } = await import("node:net");
    const head = "HTTP/1.1 200 OK\\r\\ncontent-type: text/plain;charset=UTF-8\\r\\ncontent-length: ";
    const answer = (text) => head + text.length + "\\r\\n\\r\\n" + text;
    const server = createServer((socket) => {
      socket.on("data", (bytes) => {
        const request = bytes.latin1Slice();
        const body = request.slice(request.indexOf("\\r\\n\\r\\n") + 4);
        socket.write(answer(body || "Hello, world!"), "latin1");
      });
      socket.on("error", () => {});
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
};

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n";
const POST = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n${"x".repeat(1023)}!`;

export async function serveTables(): Promise<Table[]> {
  const servers = await Promise.all(
    Object.entries(SERVERS).map(async ([name, program]) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(child.stdout!, "data")) as [Buffer];
      return { name, child, port: Number(line.toString()), gets: [] as Load[], posts: [] as Load[] };
    }),
  );
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const server of servers) {
        const gets = await load(server.port, GET);
        const posts = await load(server.port, POST);
        if (round < 0) continue; // The first round warms up.
        server.gets.push(gets);
        server.posts.push(posts);
      }
    }
  } finally {
    for (const { child } of servers) stop(child);
  }
  const loads = { "GET, hello": "gets", "POST 1 KiB, echo": "posts" } as const;
  const rows = (of: (load: Load) => number, best: (...values: number[]) => number) =>
    Object.entries(loads).map(([name, list]) => ({
      name,
      measurements: servers.map((server) => {
        const values = server[list].map(of);
        return { ...summarize(server.name, values), best: best(...values) };
      }),
    }));
  const title = `HTTP/1.1, ${CONNECTIONS} connections, client in another process`;
  return [
    { title, unit: "per second", rows: rows(({ rate }) => rate, Math.max) },
    { title: `${title}, 99th percentile`, unit: "ms", rows: rows(({ p99 }) => p99, Math.min) },
  ];
}

function stop(child: ChildProcess): void {
  child.kill("SIGKILL");
}

interface Load {
  /** Answers a second. */
  rate: number;
  /** Milliseconds that 99 of 100 answers took at the most. */
  p99: number;
}

/** Every connection sends its next request when an answer has arrived, which is seen by its body's end. */
async function load(port: number, request: string): Promise<Load> {
  const times: number[] = [];
  let running = true;
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  for (const socket of sockets) {
    let sent = performance.now();
    socket.on("data", (bytes: Buffer) => {
      if (bytes[bytes.length - 1] !== 0x21) return; // The body ends in "!".
      const now = performance.now();
      times.push(now - sent);
      sent = now;
      if (running) socket.write(request, "latin1");
    });
    socket.write(request, "latin1");
  }
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  const rate = (times.length * 1000) / (performance.now() - started);
  running = false;
  for (const socket of sockets) socket.destroy();
  times.sort((a, b) => a - b);
  return { rate, p99: times[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
