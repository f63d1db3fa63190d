/**
 * One app in several processes that share a port; they share nothing else. In Node by its cluster
 * (https://nodejs.org/api/cluster.html): the first process accepts connections and hands them round; the workers, which
 * run the same command, serve them. In Deno and Bun each worker listens by itself, and the system deals connections out
 * (SO_REUSEPORT, which Linux has).
 */
import { type ChildProcess, spawn } from "node:child_process";
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

/** Where a worker that listens by itself finds the port; 0 lets it choose. An app does not get to see it. */
const WORKER_PORT = "NANORT_WORKER_PORT";
const workerPort = process.env[WORKER_PORT];
delete process.env[WORKER_PORT];

/** Starts this command again, as a worker. */
function startWorker(port: number): ChildProcess {
  const engine = engineName();
  if (engine === "node") {
    const worker = cluster.fork();
    // It says again what its process says.
    return worker.on("error", () => {}).process;
  }
  const [script, ...args] = process.argv.slice(1) as [string, ...string[]];
  // Deno tells nobody which permissions it has; but who may start processes may start this one.
  const flags = engine === "deno" ? ["run", "-A", "--unstable-net"] : [];
  return spawn(process.execPath, [...flags, script, ...args], {
    env: { ...process.env, [WORKER_PORT]: String(port) },
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
}

function engineName(): "node" | "deno" | "bun" {
  const { deno, bun } = process.versions;
  return deno !== undefined ? "deno" : bun !== undefined ? "bun" : "node";
}

/**
 * Starts workers, and another for each that ends before it was told to. Resolves when all of them serve. The first starts
 * alone, so that what is wrong with the app or the port is told once: when it cannot serve, it has said why, and this
 * process ends with its exit code.
 *
 * @param wanted the port, or 0 for any that is free.
 */
export async function startWorkers(count: number, wanted: number): Promise<Workers> {
  const workers = new Set<ChildProcess>();
  let port = wanted;
  let served = false;
  let stopped: (() => void) | undefined;
  const leave = () => {
    if (workers.size === 0) stopped!();
  };
  process.once("exit", () => {
    for (const worker of workers) worker.kill("SIGKILL");
  });
  const start = (): Promise<string> =>
    new Promise((resolve) => {
      const started = performance.now();
      const gone = (what: string, exitCode: number) => {
        if (stopped) return leave();
        if (!served) process.exit(exitCode);
        console.error(what);
        const wait = started + RESTART_INTERVAL_MS - performance.now();
        setTimeout(() => !stopped && start(), Math.max(0, wait));
      };
      const notStarted = (error: unknown) => {
        const what = `a worker cannot be started: ${(error as Error).message}`;
        if (!served) console.error(`nanort: ${what}`);
        gone(`${what}; another attempt follows`, 1);
      };
      let worker: ChildProcess;
      try {
        worker = startWorker(port);
      } catch (error) {
        // Some of what the system answers Node emits, some it throws.
        notStarted(error);
        return;
      }
      workers.add(worker);
      worker.on("message", (message: Partial<Serving> | null) => {
        if (message?.nanort === "serving") resolve(message.url!);
      });
      worker.once("exit", (code, signal) => {
        workers.delete(worker);
        const reason = signal ?? `exit code ${code}`;
        gone(`worker ${worker.pid} ended (${reason}); another takes its place`, code ?? 1);
      });
      worker.on("error", (error) => {
        // One that runs ends as well, whatever went wrong with it.
        if (worker.pid !== undefined) return;
        workers.delete(worker);
        notStarted(error);
      });
    });
  const url = await start();
  port = Number(new URL(url).port);
  await Promise.all(Array.from({ length: count - 1 }, start));
  served = true;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        stopped = resolve;
        for (const worker of workers) {
          // One that hangs up, or has done so, may never hear it.
          worker.once("disconnect", () => worker.kill());
          worker.send(STOP, (error) => error && worker.kill());
        }
        leave();
      }),
  };
}

/** Whether this process is a worker; it is to call `serveAsWorker` then. */
export const isWorker: boolean = cluster.isWorker || workerPort !== undefined;

/** Where a worker is to listen: by itself, or as the first process does it for all. */
export function workerAddress(port: number): { port: number; reusePort?: true } {
  return workerPort === undefined ? { port } : { port: Number(workerPort), reusePort: true };
}

/**
 * Says that this worker serves. From now on it stops when the first process says so, or on a SIGTERM of its own; not on a
 * SIGINT, which a terminal sends to all. When the first process is gone, it ends.
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
    .on("SIGINT", () => {})
    .on("disconnect", () => process.exit(0));
  process.send!({ nanort: "serving", url } satisfies Serving);
}
