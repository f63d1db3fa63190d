/** `nanort serve`: a Workers-style app over HTTP, or a folder of files, until it is told to stop. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { App, AppSource, Runtime, ServeOptions } from "../index.ts";
import { LOG_FORMATS, type LogFormat } from "../server/access-log.ts";
import { parse, UsageError } from "./command.ts";
import { appIn, findApp } from "./find-app.ts";
import { createEnvironmentRuntime, installGlobals } from "./globals.ts";
import { FRAME, importFile, tidy, tidyUncaughtErrors } from "./import.ts";
import { styleOf } from "./terminal.ts";
import { isWorker, readWorkers, serveAsWorker, startWorkers, workerAddress } from "./workers.ts";

const DEFAULT_PORT = 8080;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
/** What makes files of a folder that has no app. */
const INDEX = "index.html";
/** How long running requests may take once the server has been told to stop. */
const DRAIN_TIMEOUT_S = 30;
const DRAIN_TIMEOUT_MAX_S = 2 ** 31 / 1000;

const HELP = `Usage: nanort serve APP [--port PORT] [--hostname NAME] [--workers N] [--log [FORMAT]] [--compress]
                    [--tls-cert FILE --tls-key FILE] [--drain SECONDS]

Serves an app: a module whose default export has fetch(request, env, ctx), in JavaScript or TypeScript.
APP is its file, or its folder (package.json's "main", or else app, index or main with .ts .js or .mjs).
env is the process's environment; crypto, timers, atob, btoa, structuredClone, fetch, Request and Response
are NANO's; globalThis.nano is the runtime. HTTP_PROXY, HTTPS_PROXY and NO_PROXY count.
A folder that has no app but an index.html is served as files.

  --port PORT      where to listen: 0 takes any free port (default: $PORT, or ${DEFAULT_PORT})
  --hostname NAME  the address to listen on (default: 127.0.0.1, this machine only)
  --workers N      as many processes behind the one port, "auto" for one a core; they share nothing (default: 1)
  --log [FORMAT]   a line for each request: text, json, or apache (default: text)
  --compress       compresses responses, for clients that accept it
  --tls-cert FILE  https: the certificate, and those between it and its root, in PEM
  --tls-key FILE   its private key, in PEM
  --drain SECONDS  how long running requests may take once it is stopped (default: ${DRAIN_TIMEOUT_S})

SIGINT (Ctrl+C) or SIGTERM stops it: no new connections, running requests have their time to finish.
A second one stops it at once.`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("serve", withLogFormat(args), {
    port: { type: "string", short: "p" },
    hostname: { type: "string" },
    workers: { type: "string" },
    log: { type: "string" },
    compress: { type: "boolean" },
    "tls-cert": { type: "string" },
    "tls-key": { type: "string" },
    drain: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("serve needs an APP; see nanort serve --help");
  if (more.length > 0) throw new UsageError(`serve takes one APP, not also ${more.join(" ")}`);

  const files = existsSync(join(name, INDEX)) && appIn(resolve(name)) === undefined;
  const file = files ? join(resolve(name), INDEX) : findApp(name);
  const appName = basename(dirname(file));
  const port = readPort(values.port);
  const drainTimeout = readDrain(values.drain);
  const hostname = values.hostname ?? "127.0.0.1";
  const settings: Omit<ServeOptions, "app"> = {
    ...{ hostname, drainTimeout, compression: values.compress === true },
    ...readTls(values["tls-cert"], values["tls-key"]),
    ...readLog(values.log),
  };
  const count = readWorkers(values.workers ?? "1");
  if (count > 1 && !isWorker) {
    const workers = await startWorkers(count, port);
    onStopSignal(workers.stop);
    return console.log(greeting(workers.url, file, count));
  }

  tidyUncaughtErrors();
  const uncaught = (error: unknown) => report(error, appName);
  const nano = await createEnvironmentRuntime({ onError: uncaught });
  installGlobals(nano, { only: ["crypto", "timers", "base64", "cloning", "fetch"] });
  const precompressed = values.compress === true;
  const source = files ? await nano.staticFiles(resolve(name), { precompressed }) : file;
  const app = await load(nano, name, appName, source);
  // From here on, one mistake in the app must not take the server down.
  process.on("uncaughtException", uncaught).on("unhandledRejection", uncaught);

  const server = await nano
    .serve({ app, ...settings, ...workerAddress(port), onError: report })
    .catch((error) => {
      if (error.code === undefined) throw error;
      throw new UsageError(error.message.replace(/^TLS .*?: /, "--tls-cert and --tls-key cannot be used: "));
    });
  const stop = async () => {
    const patience = new Promise<void>((resolve) => nano.setTimeout(resolve, drainTimeout));
    await server.close();
    await Promise.race([app.close(), patience]);
  };
  if (isWorker) return serveAsWorker(server.url, stop);
  onStopSignal(stop);
  console.log(greeting(server.url, file, 1));
}

async function load(nano: Runtime, name: string, appName: string, source: AppSource | string): Promise<App> {
  const module = typeof source === "string" ? ((await importFile(source)) as AppSource) : source;
  const options = { env: process.env, name: appName, onError: report };
  return nano.load(module, options).catch((error: Error) => {
    throw new UsageError(`${name} is no app: ${error.message}`);
  });
}

/** `--log` may stand alone: what follows it is a form only if it is one. */
function withLogFormat(args: string[]): string[] {
  const isFormat = (arg: string | undefined) => LOG_FORMATS.includes(arg as LogFormat);
  return args.map((arg, at) => (arg === "--log" && !isFormat(args[at + 1]) ? "--log=text" : arg));
}

function readLog(format: string | undefined): { log?: LogFormat } {
  if (format === undefined) return {};
  if (LOG_FORMATS.includes(format as LogFormat)) return { log: format as LogFormat };
  throw new UsageError(`--log must be one of ${LOG_FORMATS.join(", ")}, not ${JSON.stringify(format)}`);
}

function readTls(cert: string | undefined, key: string | undefined): Pick<ServeOptions, "tls"> {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) {
    throw new UsageError("--tls-cert and --tls-key are needed together");
  }
  return { tls: { certificate: readPem("--tls-cert", cert), key: readPem("--tls-key", key) } };
}

function readPem(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

function readDrain(option: string | undefined): number {
  const seconds = Number(option ?? DRAIN_TIMEOUT_S);
  if (option === "" || !(seconds >= 0 && seconds <= DRAIN_TIMEOUT_MAX_S)) {
    throw new UsageError(`--drain must be a number of seconds, not ${JSON.stringify(option)}`);
  }
  return Math.min(Math.round(seconds * 1000), 2 ** 31 - 1);
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

/**
 * Shows on standard error what the app did not catch; the server goes on.
 *
 * @param name the app's, if the error does not say.
 */
function report(error: unknown, name?: string): void {
  tidy(error);
  // The runtime says what it was doing, and gives what was thrown, with its stack, as the cause.
  const { message, cause, stack } = error instanceof Error ? error : ({} as Partial<Error>);
  if (cause instanceof Error && !FRAME.test(stack ?? ""))
    console.error("%s", message, cause); // Not as a format: clients wrote in it.
  else if (name !== undefined) console.error("%s:", name, error);
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
