/** Starts what serves HTTP, in any engine, on a free port of this machine; and stops it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { extname, join } from "node:path";
import { MissingEngine } from "./engines.ts";

export interface Started {
  url: string;
  process: ChildProcess;
  /** What it has written so far, to standard output and standard error. */
  output(): string;
  /** Tells it to stop by SIGTERM, and resolves with its exit code when it has ended; null: by the signal. */
  stop(): Promise<number | null>;
}

const START_LIMIT_MS = 60_000;

/** What runs: none may outlast this process, however it ends. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface StartOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/** Resolves when it has printed where it listens or, as workerd does, told its port on descriptor 3. */
export function start(command: string, args: string[], { cwd, env }: StartOptions = {}): Promise<Started> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve)).finally(() =>
    running.delete(child),
  );
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`not started within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`${command} ${args.join(" ")}: ${reason}\n${output}`));
    };
    const found = (port: string | undefined) => {
      if (port === undefined) return;
      clearTimeout(timer);
      const stop = () => {
        child.kill("SIGTERM");
        return ended;
      };
      resolve({ url: `http://127.0.0.1:${port}`, process: child, output: () => output, stop });
    };
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
        found(/https?:\/\/[\w.[\]:]+?:(\d+)[/\s]/.exec(output)?.[1]);
      });
    }
    child.stdio[3]!.on("data", (chunk: Buffer) => found(/"port":(\d+)/.exec(chunk.toString())?.[1]));
    child.on("error", (error) => fail(error.message));
    ended.then((code) => fail(`ended with code ${code}`));
  });
}

/** An engine, if it is here; in CI it must be. If it is not, a line says so, for test/run.ts to repeat. */
export function engineOrSkip<Engine>(name: string, find: () => Engine): Engine | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof MissingEngine) || process.env.CI) throw error;
    console.log(`skipped: ${name}: ${error.message}`);
    return undefined;
  }
}

const TYPES: Record<string, string> = {
  ".html": "text/html;charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** For `createServer`: a folder's files by their paths, as any web server would. */
export function answerFiles(folder: string): RequestListener {
  return ({ url }, response) => {
    const { pathname } = new URL(url!, "http://localhost");
    const file = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (existsSync(file)) {
      response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  };
}
