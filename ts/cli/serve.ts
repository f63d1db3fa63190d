/** `nanort serve`: a Workers-style app over HTTP, until it is told to stop. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type App, type AppSource, createRuntime, type FetchHandler } from "../index.ts";
import { parse, UsageError } from "./command.ts";
import { findApp } from "./find-app.ts";
import { installGlobals } from "./globals.ts";
import { FRAME, importFile, tidy, tidyUncaughtErrors } from "./import.ts";
import { styleOf } from "./terminal.ts";
import { isWorker, readWorkers, serveAsWorker, startWorkers } from "./workers.ts";

const DEFAULT_PORT = 8080;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
/** How long running requests may take once the server has been told to stop. */
const DRAIN_TIMEOUT_MS = 30_000;

const HELP = `Usage: nanort serve APP [--port PORT] [--hostname NAME] [--workers N] [--log]

Serves an app: a module whose default export has fetch(request, env, ctx), in JavaScript or TypeScript.
APP is its file, or its folder (package.json's "main", or else app, index or main with .ts .js or .mjs).
env is the process's environment; crypto, timers, atob and btoa are NANO's; globalThis.nano is the runtime.

  --port PORT      where to listen: 0 takes any free port (default: $PORT, or ${DEFAULT_PORT})
  --hostname NAME  the address to listen on (default: 127.0.0.1, this machine only)
  --workers N      as many processes behind the one port, "auto" for one a core; they share nothing (default: 1)
  --log            a line for each request

SIGINT (Ctrl+C) or SIGTERM stops it: no new connections, running requests have ${DRAIN_TIMEOUT_MS / 1000} s to finish.
A second one stops it at once.`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("serve", args, {
    port: { type: "string", short: "p" },
    hostname: { type: "string" },
    workers: { type: "string" },
    log: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("serve needs an APP; see nanort serve --help");
  if (more.length > 0) throw new UsageError(`serve takes one APP, not also ${more.join(" ")}`);

  const file = findApp(name);
  const port = readPort(values.port);
  const hostname = values.hostname ?? "127.0.0.1";
  const count = readWorkers(values.workers ?? "1");
  if (count > 1 && !isWorker) {
    const workers = await startWorkers(count);
    onStopSignal(workers.stop);
    return console.log(greeting(workers.url, file, count));
  }

  tidyUncaughtErrors();
  const nano = await createRuntime({ onError: report });
  installGlobals(nano);
  const source = (await importFile(file)) as AppSource;
  const app = await nano.load(source, { env: process.env, onError: report }).catch((error: Error) => {
    throw new UsageError(`${name} is no app: ${error.message}`);
  });
  // From here on, one mistake in the app must not take the server down.
  process.on("uncaughtException", report).on("unhandledRejection", report);

  const options = { port, hostname, onError: report };
  const server = await nano.serve({ app: values.log ? logged(app) : app, ...options }).catch((error) => {
    throw error.code === undefined ? error : new UsageError(error.message);
  });
  const stop = async () => {
    const patience = new Promise<void>((resolve) => nano.setTimeout(resolve, DRAIN_TIMEOUT_MS));
    await server.close({ timeout: DRAIN_TIMEOUT_MS });
    await Promise.race([app.close(), patience]);
  };
  if (isWorker) return serveAsWorker(server.url, stop);
  onStopSignal(stop);
  console.log(greeting(server.url, file, 1));
}

function readPort(option: string | undefined): number {
  const [name, text] =
    option === undefined ? ["PORT", process.env.PORT || String(DEFAULT_PORT)] : ["--port", option];
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new UsageError(`${name} must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`);
  }
  return port;
}

/** What is running where, and what to try: the curl lines of the README beside the app, for this very address. */
function greeting(url: string, file: string, workers: number): string {
  const { bold, cyan, dim } = styleOf(process.stdout);
  const folder = dirname(file);
  const suggestions = curlLines(join(folder, "README.md"), url);
  const processes = workers > 1 ? ` by ${workers} processes` : "";
  return [
    `${bold(basename(folder))} is served at ${bold(cyan(url))}${processes}`,
    "",
    ...(suggestions.length > 0 ? suggestions : [`curl -i ${url}/`]).map((line) => `  ${line}`),
    "",
    dim("Ctrl+C stops it."),
  ].join("\n");
}

function curlLines(readme: string, url: string): string[] {
  if (!existsSync(readme)) return [];
  const lines = readFileSync(readme, "utf8").split(/\r?\n/);
  return lines
    .map((line) => line.trim())
    .filter((line) => /\bcurl /.test(line) && line.includes(DEFAULT_URL))
    .map((line) => line.replaceAll(DEFAULT_URL, url));
}

/** The app, with a line on standard output for each request, once its response begins. */
function logged(app: App): FetchHandler {
  return async (request, _env, { remoteAddress }) => {
    const started = performance.now();
    let status = 500;
    try {
      const response = await app.fetch(request, { remoteAddress });
      status = response.status;
      return response;
    } finally {
      const { pathname, search } = new URL(request.url);
      const elapsed = (performance.now() - started).toFixed(1);
      console.log(`${request.method} ${pathname}${search} ${status} ${elapsed} ms`);
    }
  };
}

/** Shows on standard error what the app did not catch; the server goes on. */
function report(error: unknown): void {
  tidy(error);
  // The runtime says what it was doing, and gives what was thrown, with its stack, as the cause.
  const { message, cause, stack } = error instanceof Error ? error : ({} as Partial<Error>);
  if (cause instanceof Error && !FRAME.test(stack ?? ""))
    console.error("%s", message, cause); // Not as a format: clients wrote in it.
  else console.error(error);
}

/** The first SIGINT or SIGTERM stops, and ends the process with exit code 0; the second ends it as the signal would. */
function onStopSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const signalled = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
    stopping = true;
    await stop();
    process.exit(0);
  };
  process.on("SIGINT", signalled).on("SIGTERM", signalled);
}
