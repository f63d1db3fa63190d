/** `nanort fetch`: a URL, its headers, and where the time went. */

import { once } from "node:events";
import { createWriteStream, existsSync, openSync, readFileSync } from "node:fs";
import { createRuntime, type FetchInit, type FetchState, proxiesFromEnvironment } from "../index.ts";
import { Failure, parse, UsageError } from "./command.ts";
import { harmless, styleOf } from "./terminal.ts";

const HELP = `Usage: nanort fetch URL [options]

Fetches a URL by NANO's own fetch. The body goes to standard output; what the server said, and how long each
state took, to standard error.

  --method M, -X M       GET, or POST where there is --data
  --header "N: V", -H    a header; any number of them
  --data TEXT, -d TEXT   a body; @FILE sends a file
  --output FILE, -o      where the body goes
  --timeout SECONDS      in all: 30
  --no-follow            show a redirect instead of following it
  --proxy URL            by default HTTP_PROXY, HTTPS_PROXY and NO_PROXY decide
  --ca FILE              certificates of authorities to trust, in PEM
  --quiet, -q            the body alone
  --json                 all of it as one JSON object on standard output, the body as text`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("fetch", args, {
    method: { type: "string", short: "X" },
    header: { type: "string", short: "H", multiple: true },
    data: { type: "string", short: "d" },
    output: { type: "string", short: "o" },
    timeout: { type: "string" },
    "no-follow": { type: "boolean" },
    proxy: { type: "string" },
    ca: { type: "string" },
    quiet: { type: "boolean", short: "q" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  const [given, ...more] = positionals;
  if (given === undefined) throw new UsageError("fetch needs a URL; see nanort fetch --help");
  if (more.length > 0) throw new UsageError(`fetch takes one URL, not also ${more.join(" ")}`);

  const proxy = values.proxy ?? proxiesFromEnvironment(process.env);
  const tls = values.ca === undefined ? {} : { ca: readFile(values.ca, "utf8") };
  const nano = await asUsage(() => createRuntime({ fetch: { proxy, tls } }));
  const timing = new Timing();
  const init: FetchInit = {
    method: values.method ?? (values.data === undefined ? "GET" : "POST"),
    headers: (values.header ?? []).map(headerOf),
    redirect: values["no-follow"] ? "manual" : "follow",
    onState: timing.note,
    ...(values.data !== undefined && { body: bodyOf(values.data) }),
    ...(values.timeout !== undefined && { timeout: millisecondsOf(values.timeout) }),
  };
  try {
    // As browsers and curl have it, a host alone is one of http.
    const response = await nano.fetch(given.includes("://") ? given : `http://${given}`, init);
    if (values.json) await printJson(response, timing);
    else {
      if (!values.quiet) printHead(response);
      await writeBody(response, values.output);
      if (!values.quiet) console.error(styleOf(process.stderr).dim(timing.toString()));
    }
  } catch (error) {
    throw new Failure(harmless(error instanceof Error ? error.message : String(error)));
  } finally {
    await nano.close();
  }
}

/** How long each state took; one that comes several times, as with redirects, counts together. */
class Timing {
  readonly milliseconds: Partial<Record<FetchState, number>> = {};
  #state: FetchState | undefined;
  #since = 0;

  readonly note = (state: FetchState): void => {
    const now = performance.now();
    const last = this.#state;
    if (last) this.milliseconds[last] = (this.milliseconds[last] ?? 0) + now - this.#since;
    this.#state = state;
    this.#since = now;
  };

  toString(): string {
    const states = Object.entries(this.milliseconds).map(([state, ms]) => `${state} ${ms.toFixed(1)} ms`);
    return states.join(", ");
  }
}

function printHead({ status, statusText, headers, url, redirected }: Response): void {
  const { bold, cyan } = styleOf(process.stderr);
  const from = redirected ? ` from ${url}` : "";
  console.error(`${bold(`${status} ${harmless(statusText)}`.trimEnd())}${from}`);
  for (const [name, value] of headers) console.error(`${cyan(name)}: ${harmless(value)}`);
  console.error("");
}

async function printJson(response: Response, timing: Timing): Promise<void> {
  const { status, statusText, url, redirected, headers } = response;
  const body = await response.text();
  const milliseconds = Object.fromEntries(
    Object.entries(timing.milliseconds).map(([state, ms]) => [state, Number(ms.toFixed(3))]),
  );
  const all = { url, redirected, status, statusText, headers: [...headers], milliseconds, body };
  console.log(JSON.stringify(all, null, 2));
}

/** As fast as it is taken. */
async function writeBody({ body }: Response, path: string | undefined): Promise<void> {
  if (!body) return;
  // Opened at once, so that a path that cannot be written to is a failure like any other.
  const output = path === undefined ? process.stdout : createWriteStream(path, { fd: openSync(path, "w") });
  // Whoever reads standard output may have seen enough.
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    if (!output.write(read.value)) await once(output, "drain");
  }
  if (path === undefined) return;
  output.end();
  await once(output, "finish");
}

function headerOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  if (colon < 1) throw new UsageError(`--header takes "NAME: VALUE", not ${JSON.stringify(line)}`);
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function bodyOf(data: string): BodyInit {
  return data.startsWith("@") ? new Uint8Array(readFile(data.slice(1))) : data;
}

function readFile(path: string): Buffer<ArrayBuffer>;
function readFile(path: string, encoding: "utf8"): string;
function readFile(path: string, encoding?: "utf8"): string | Buffer {
  if (!existsSync(path)) throw new UsageError(`no such file: ${path}`);
  return readFileSync(path, encoding);
}

function millisecondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds * 1000 <= 2 ** 31 - 1) return Math.ceil(seconds * 1000);
  throw new UsageError(`--timeout takes seconds, more than 0, not ${text}`);
}

/** A proxy that is no URL is a mistake made at the keyboard. */
async function asUsage<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
