/**
 * What a fetch takes: NANO against the engine's own, undici.request, node:http and a bare socket, from a server in another
 * process: how long it is until the whole body is there, and how much of that this process computes. And what ten thousand
 * fetches at once take, while they are under way and when they are done.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { createRuntime } from "nanort";
import { undici } from "./commonjs-peers.ts";
import { summarize, type Table } from "./lib.ts";

const ROUNDS = 8;

/** Size of the body, how many fetches at once, and how many a round. */
const ROWS: { name: string; bytes: number; atOnce: number; count: number }[] = [
  { name: "12 B, 50 at once", bytes: 12, atOnce: 50, count: 2000 },
  { name: "12 B, one at a time", bytes: 12, atOnce: 1, count: 500 },
  { name: "100 KB, 10 at once", bytes: 100_000, atOnce: 10, count: 300 },
  { name: "1 MiB, 4 at once", bytes: 1024 * 1024, atOnce: 4, count: 60 },
];

/** Answers /N with N bytes. */
const SERVER = `
  const { createServer } = await import("node:http");
  const server = createServer(({ url }, response) => {
    const bytes = Buffer.alloc(Number(url.slice(1)), "x");
    response.writeHead(200, { "content-type": "text/plain", "content-length": bytes.length });
    response.end(bytes);
  });
  server.keepAliveTimeout = 60000;
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

type Fetch = (bytes: number) => Promise<unknown>;

export async function fetchTables(): Promise<Table[]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(line.toString());
    return [...(await compare(port)), ...(await crowds(port))];
  } finally {
    stop(child);
  }
}

async function compare(port: number): Promise<Table[]> {
  const url = `http://127.0.0.1:${port}/`;
  const nano = await createRuntime();
  const agent = new Agent({ keepAlive: true });
  const dispatcher = new undici.Agent();
  const contenders: Record<string, Fetch> = {
    nano: async (bytes) => (await nano.fetch(url + bytes)).arrayBuffer(),
    "global fetch": async (bytes) => (await fetch(url + bytes)).arrayBuffer(),
    "undici.request": async (bytes) => (await undici.request(url + bytes, { dispatcher })).body.arrayBuffer(),
    "node:http": (bytes) =>
      new Promise((resolve, reject) => {
        const request = get(url + bytes, { agent }, (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("end", () => resolve(Buffer.concat(pieces)));
        });
        request.on("error", reject);
      }),
    "bare socket (floor)": bareSockets(port),
  };
  const tables: Table[] = [
    { title: "Fetching over loopback, from node:http in another process", unit: "ns", rows: [] },
    { title: "The same, in processor time of the process that fetches", unit: "ns", rows: [] },
  ];
  for (const { name, bytes, atOnce, count } of ROWS) {
    const slices = Object.keys(contenders).map((contender) => ({ contender, times: [[], []] as number[][] }));
    for (let round = -1; round < ROUNDS; round++) {
      for (const { contender, times } of slices) {
        const taken = await timeEach(() => contenders[contender]!(bytes), atOnce, count);
        // The first round warms up.
        if (round >= 0) for (const [at, time] of taken.entries()) times[at]!.push(time);
      }
    }
    for (const [at, table] of tables.entries()) {
      const measurements = slices.map(({ contender, times }) => summarize(contender, times[at]!));
      table.rows.push({ name, measurements });
    }
  }
  await nano.close();
  await dispatcher.close();
  agent.destroy();
  return tables;
}

/** Nanoseconds for each of `count`, so many at once: of the clock, and of processor time. */
async function timeEach(one: () => Promise<unknown>, atOnce: number, count: number): Promise<number[]> {
  let begun = 0;
  const work = async () => {
    while (begun++ < count) await one();
  };
  const started = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: atOnce }, work));
  const { user, system } = process.cpuUsage(before);
  return [((performance.now() - started) * 1e6) / count, ((user + system) * 1e3) / count];
}
/** What no client can do without: the same bytes to and from a socket that is there, the length looked at once. */
function bareSockets(port: number): Fetch {
  const idle: Socket[] = [];
  return (bytes) =>
    new Promise((resolve, reject) => {
      const socket = idle.pop() ?? connect({ port, host: "127.0.0.1", noDelay: true });
      let missing = -1;
      const onData = (piece: Buffer) => {
        if (missing < 0) missing = piece.indexOf("\r\n\r\n") + 4 + bytes;
        missing -= piece.length;
        if (missing > 0) return;
        socket.off("data", onData).off("error", reject);
        idle.push(socket);
        resolve(undefined);
      };
      socket.on("data", onData).on("error", reject);
      socket.write(`GET /${bytes} HTTP/1.1\r\nHost: localhost\r\n\r\n`, "latin1");
    });
}

const CROWD = 10_000;
const CROWD_CONNECTIONS = 256;
const CROWD_ROUNDS = 3;

/** A client in a process of its own, which says what it holds: before, with all fetches under way, and after. */
const crowd = (prepare: string) => `
  import { readdirSync } from "node:fs";
  const [url] = process.argv.slice(1);
  ${prepare}
  const tell = (name) => {
    const files = readdirSync("/proc/self/fd").length;
    console.log(JSON.stringify({ name, files, bytes: process.memoryUsage.rss() }));
  };
  const settle = async () => {
    for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 100)); }
  };
  const all = (count) => Promise.all(Array.from({ length: count }, one));
  await all(1000);
  await settle();
  tell("before");
  const done = all(${CROWD});
  let highest = 0;
  const watch = setInterval(() => { highest = Math.max(highest, process.memoryUsage.rss()); }, 1);
  await done;
  clearInterval(watch);
  console.log(JSON.stringify({ name: "during", files: 0, bytes: highest }));
  await settle();
  tell("after");
  await end();
  await settle();
  tell("closed");
  process.exit();`;

const CROWDS: Record<string, string> = {
  nano: `
    const { createRuntime } = await import("nanort");
    const nano = await createRuntime({ fetch: { maxConnectionsPerOrigin: ${CROWD_CONNECTIONS} } });
    const one = async () => (await nano.fetch(url)).arrayBuffer();
    const end = () => nano.close();`,
  "undici.request": `
    import { createRequire } from "node:module";
    const { Agent, request } = createRequire(process.cwd() + "/test/bench/package.json")("undici");
    const dispatcher = new Agent({ connections: ${CROWD_CONNECTIONS} });
    const one = async () => (await request(url, { dispatcher })).body.arrayBuffer();
    const end = () => dispatcher.close();`,
  "node:http": `
    import { Agent, get } from "node:http";
    import { buffer } from "node:stream/consumers";
    const agent = new Agent({ keepAlive: true, maxSockets: ${CROWD_CONNECTIONS} });
    const one = () => new Promise((resolve, reject) =>
      get(url, { agent }, (response) => resolve(buffer(response))).on("error", reject));
    const end = () => agent.destroy();`,
};

async function crowds(port: number): Promise<Table[]> {
  if (!existsSync("/proc/self/fd")) return [];
  const seen = Object.keys(CROWDS).map((contender) => ({ contender, runs: [] as Record<string, Held>[] }));
  for (let round = 0; round < CROWD_ROUNDS; round++) {
    for (const { contender, runs } of seen) {
      const args = ["--expose-gc", "--input-type=module", "-e", crowd(CROWDS[contender]!)];
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...args,
        `http://127.0.0.1:${port}/1000`,
      ]);
      const lines = stdout.trim().split("\n");
      runs.push(Object.fromEntries(lines.map((line) => [JSON.parse(line).name, JSON.parse(line) as Held])));
    }
  }
  const row = (name: string, value: (run: Record<string, Held>) => number) => ({
    name,
    measurements: seen.map(({ contender, runs }) => summarize(contender, runs.map(value))),
  });
  const kibibytes = (name: string) => (run: Record<string, Held>) =>
    (run[name]!.bytes - run.before!.bytes) / 1024;
  return [
    {
      title: `${CROWD} fetches of 1 KB at once, on ${CROWD_CONNECTIONS} connections: memory above that before`,
      unit: "KiB",
      rows: [
        row("at most, under way", kibibytes("during")),
        row("when they are done", kibibytes("after")),
        row("when the client is closed", kibibytes("closed")),
      ],
    },
    {
      title: "Open files of the same",
      unit: "count",
      rows: ["before", "after", "closed"].map((name) => row(name, (run) => run[name]!.files)),
    },
  ];
}

/** What a process holds. */
interface Held {
  files: number;
  bytes: number;
}

function stop(child: ChildProcess): void {
  child.kill("SIGKILL");
}
