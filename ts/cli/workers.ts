/**
 * One app in several processes that share a port, by Node's cluster (https://nodejs.org/api/cluster.html): the first process
 * accepts connections and hands them round; the workers, which run the same command, serve them. They share nothing else.
 */
import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { UsageError } from "./command.ts";

const WORKERS_MAX = 256;
/** An app that ends its process as soon as it serves does not keep the machine busy with starting it. */
const RESTART_INTERVAL_MS = 1000;

/** How many processes `--workers` asks for. */
export function readWorkers(option: string): number {
  if (option === "auto") return availableParallelism();
  const count = Number(option);
  if (!/^\d+$/.test(option) || count < 1 || count > WORKERS_MAX) {
    const range = `"auto" or a whole number from 1 to ${WORKERS_MAX}`;
    throw new UsageError(`--workers must be ${range}, not ${JSON.stringify(option)}`);
  }
  return count;
}

/** What a worker says once it serves. Apps may send messages too, such as the "ready" that some process managers want. */
interface Serving {
  nanort: "serving";
  url: string;
}

/** What workers are told. */
const STOP = "stop";

/** What the first process knows of its workers. */
export interface Workers {
  /** What they serve. */
  url: string;
  /** Tells all to stop; resolves when all have ended. */
  stop(): Promise<void>;
}

/**
 * Starts workers, and another for each that ends before it was told to. Resolves when all of them serve. The first starts
 * alone, so that what is wrong with the app or the port is told once: when it cannot serve, it has said why, and this
 * process ends with its exit code.
 */
export async function startWorkers(count: number): Promise<Workers> {
  let served = false;
  let stopped: (() => void) | undefined;
  const leave = () => {
    if (Object.keys(cluster.workers!).length === 0) stopped!();
  };
  process.once("exit", () => {
    for (const worker of Object.values(cluster.workers!)) worker!.process.kill("SIGKILL");
  });
  const start = (): Promise<string> =>
    new Promise((resolve) => {
      const started = performance.now();
      const worker = cluster.fork();
      worker.on("message", (message: Partial<Serving> | null) => {
        if (message?.nanort === "serving") resolve(message.url!);
      });
      worker.once("exit", (code, signal) => {
        if (stopped) return leave();
        if (!served) process.exit(code ?? 1);
        const reason = signal ?? `exit code ${code}`;
        console.error(`worker ${worker.process.pid} ended (${reason}); another takes its place`);
        const wait = started + RESTART_INTERVAL_MS - performance.now();
        setTimeout(() => !stopped && start(), Math.max(0, wait));
      });
    });
  const url = await start();
  await Promise.all(Array.from({ length: count - 1 }, start));
  served = true;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        stopped = resolve;
        for (const worker of Object.values(cluster.workers!)) worker!.send(STOP);
        leave();
      }),
  };
}

/** Whether this process is a worker; it is to call `serveAsWorker` then. */
export const isWorker: boolean = cluster.isWorker;

/**
 * Says that this worker serves. From now on it stops when the first process says so, or on a SIGTERM of its own; not on a
 * SIGINT, which a terminal sends to all. When the first process is gone, Node ends it.
 */
export function serveAsWorker(url: string, stop: () => Promise<void>): void {
  let stopping = false;
  const stopOnce = async () => {
    if (stopping) return;
    stopping = true;
    await stop();
    process.exit(0);
  };
  process
    .on("message", (message) => message === STOP && stopOnce())
    .on("SIGTERM", stopOnce)
    .on("SIGINT", () => {});
  process.send!({ nanort: "serving", url } satisfies Serving);
}
