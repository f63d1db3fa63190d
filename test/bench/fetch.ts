/** What a fetch takes: NANO against the engine's own, node:http and a bare socket, from a server in another process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { createRuntime } from "nanort";
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
    return [await compare(Number(line.toString()))];
  } finally {
    stop(child);
  }
}

async function compare(port: number): Promise<Table> {
  const url = `http://127.0.0.1:${port}/`;
  const nano = await createRuntime();
  const agent = new Agent({ keepAlive: true });
  const contenders: Record<string, Fetch> = {
    nano: async (bytes) => (await nano.fetch(url + bytes)).arrayBuffer(),
    "global fetch": async (bytes) => (await fetch(url + bytes)).arrayBuffer(),
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
  const rows: Table["rows"] = [];
  for (const { name, bytes, atOnce, count } of ROWS) {
    const times = new Map(Object.keys(contenders).map((contender) => [contender, [] as number[]]));
    for (let round = -1; round < ROUNDS; round++) {
      for (const [contender, one] of Object.entries(contenders)) {
        const time = await timeEach(() => one(bytes), atOnce, count);
        if (round >= 0) times.get(contender)!.push(time); // The first round warms up.
      }
    }
    rows.push({ name, measurements: [...times].map(([contender, values]) => summarize(contender, values)) });
  }
  await nano.close();
  agent.destroy();
  return { title: "Fetching over loopback, from node:http in another process", unit: "ns", rows };
}

/** Nanoseconds for each of `count`, so many at once. */
async function timeEach(one: () => Promise<unknown>, atOnce: number, count: number): Promise<number> {
  let begun = 0;
  const work = async () => {
    while (begun++ < count) await one();
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, work));
  return ((performance.now() - started) * 1e6) / count;
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

function stop(child: ChildProcess): void {
  child.kill("SIGKILL");
}
