/**
 * Requests a second, the processor's time for each, and the slowest hundredth, of a server that says hello and sends back
 * what it gets. On Node: NANO with its own Request and Response installed, and with the engine's; against node:http,
 * @hono/node-server and a bare socket. On Bun and Deno against their own servers. In turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BINARIES, MissingEngine } from "../engines/engines.ts";
import { summarize, type Table } from "./lib.ts";

const CONNECTIONS = 64;
const ROUND_MS = 1000;
const ROUNDS = 5;

/** The app of all that take a handler. */
const HANDLER = `async (request) => {
  if (request.method === "GET") return new Response("Hello, world!");
  return new Response(await request.text());
}`;

const nano = (module: string, prepare = "") => `
  const { createRuntime } = await import(${JSON.stringify(module)});
  const nano = await createRuntime();
  ${prepare}
  const server = await nano.serve({ app: ${HANDLER}, port: 0 });
  console.log(server.port);`;

const INSTALLED = 'nano.install(globalThis, { only: ["fetch"] });';
/** The package as it is installed, for engines that do not find it from within. */
const STAGED = pathToFileURL(resolve("wasm-out/engines/node_modules/nanort/wasm-out/js/index.js")).href;

/** What runs, in each engine; each program prints its port. */
const ENGINES: Record<string, { command(): string; flags: string[]; servers: Record<string, string> }> = {
  Node: {
    command: () => process.execPath,
    flags: ["--input-type=module", "-e"],
    servers: {
      "nano, installed": nano("nanort", INSTALLED),
      "nano, the engine's Response": nano("nanort"),
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
      "@hono/node-server": `
        const { createRequire } = await import("node:module");
        const { serve } = createRequire(${JSON.stringify(resolve("test/bench/package.json"))})("@hono/node-server");
        serve({ fetch: ${HANDLER}, port: 0, hostname: "127.0.0.1" }, ({ port }) => console.log(port));`,
      "bare socket (ceiling)": `
        const { createServer } = await import("node:net");
        const head = "HTTP/1.1 200 OK\\r\\ncontent-type: text/plain;charset=UTF-8\\r\\ncontent-length: ";
        const answer = (text) => head + text.length + "\\r\\n\\r\\n" + text;
        const server = createServer({ noDelay: true }, (socket) => {
          socket.on("data", (bytes) => {
            const request = bytes.latin1Slice();
            const body = request.slice(request.indexOf("\\r\\n\\r\\n") + 4);
            socket.write(answer(body || "Hello, world!"), "latin1");
          });
          socket.on("error", () => {});
        });
        server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
    },
  },
  Bun: {
    command: BINARIES.bun,
    flags: ["-e"],
    servers: {
      "nano, installed": nano(STAGED, INSTALLED),
      "nano, the engine's Response": nano(STAGED),
      "Bun.serve": `console.log(Bun.serve({ fetch: ${HANDLER}, port: 0, hostname: "127.0.0.1" }).port);`,
    },
  },
  Deno: {
    command: BINARIES.deno,
    flags: ["eval"],
    servers: {
      "nano, installed": nano(STAGED, INSTALLED),
      "nano, the engine's Response": nano(STAGED),
      "Deno.serve": `
        const onListen = ({ port }) => console.log(port);
        // Of clients that leave in the middle, as they do when a round is over.
        const onError = () => new Response(null, { status: 500 });
        Deno.serve({ port: 0, hostname: "127.0.0.1", onListen, onError }, ${HANDLER});`,
    },
  },
};

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n";
const POST = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n${"x".repeat(1023)}!`;

export async function serveTables(): Promise<Table[]> {
  const tables: Table[] = [];
  for (const [engine, { command, flags, servers }] of Object.entries(ENGINES)) {
    try {
      tables.push(...(await tablesOf(engine, [command(), ...flags], servers)));
    } catch (error) {
      if (!(error instanceof MissingEngine)) throw error;
      console.log(`\n${engine}: ${error.message}`);
    }
  }
  return tables;
}

async function tablesOf(
  engine: string,
  [command, ...flags]: string[],
  programs: Record<string, string>,
): Promise<Table[]> {
  const servers = await Promise.all(
    Object.entries(programs).map(async ([name, program]) => {
      const child = spawn(command!, [...flags, program], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = (await once(child.stdout!, "data")) as [Buffer];
      return { name, child, port: Number(line.toString()), gets: [] as Load[], posts: [] as Load[] };
    }),
  );
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const server of servers) {
        const gets = await load(server, GET);
        const posts = await load(server, POST);
        if (round < 0) continue; // The first round warms up.
        server.gets.push(gets);
        server.posts.push(posts);
      }
    }
  } finally {
    for (const { child } of servers) child.kill("SIGKILL");
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
  const title = `HTTP/1.1 on ${engine}, ${CONNECTIONS} connections, client in another process`;
  const tables: Table[] = [
    { title, unit: "per second", rows: rows(({ rate }) => rate, Math.max) },
    { title: `${title}, 99th percentile`, unit: "ms", rows: rows(({ p99 }) => p99, Math.min) },
  ];
  if (existsSync("/proc/self/stat")) {
    tables.push({
      title: `${title}, the processor's time for a request`,
      unit: "ns",
      rows: rows(({ busy }) => busy, Math.min),
    });
  }
  return tables;
}

interface Load {
  /** Answers a second. */
  rate: number;
  /** Milliseconds that 99 of 100 answers took at the most. */
  p99: number;
  /** Nanoseconds that the server's process kept a processor busy for each answer, in the system too. */
  busy: number;
}

/** Every connection sends its next request when an answer has arrived, which is seen by its body's end. */
async function load({ port, child }: { port: number; child: ChildProcess }, request: string): Promise<Load> {
  const times: number[] = [];
  let running = true;
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  const busyBefore = busyTime(child);
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
  const busy = (busyTime(child) - busyBefore) / times.length;
  running = false;
  for (const socket of sockets) socket.destroy();
  times.sort((a, b) => a - b);
  return { rate, p99: times[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY, busy };
}

/** Nanoseconds, by proc(5): user and system time, in hundredths of a second. */
function busyTime({ pid }: ChildProcess): number {
  if (!existsSync(`/proc/${pid}/stat`)) return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name before them may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1e7;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
