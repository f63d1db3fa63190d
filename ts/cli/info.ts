/** `nanort info`: which NANO this is, what it stands on, and whether it computes what the standards print. */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createRuntime,
  memoryHost,
  type Runtime,
  type Socket,
  type SocketHandler,
  version,
} from "../index.ts";
import { parse, UsageError } from "./command.ts";
import { type Check, KNOWN_ANSWERS } from "./known-answers.ts";
import { styleOf } from "./terminal.ts";

const HELP = `Usage: nanort info [--json]

Shows version, engine, core and features, and tests the core with known answers. Exit code 1 if a test fails.`;

const CHECK_TIMEOUT_MS = 10_000;

type Result = Pick<Check, "name" | "source"> & { ok: boolean };

const CHECKS: Check[] = [
  ...KNOWN_ANSWERS,
  {
    name: "Base64",
    source: "RFC 4648, section 10",
    passes: (nano) => nano.btoa("foobar") === "Zm9vYmFy" && nano.atob("Zm9v YmFy") === "foobar",
  },
  {
    name: "memory",
    source: "an operation gives back what it took",
    passes: (nano) => {
      const before = nano.memory();
      nano.subtleSync.digest("SHA-256", new Uint8Array(1 << 20));
      const after = nano.memory();
      return after.liveArenas === before.liveArenas && after.bytesInUse === before.bytesInUse;
    },
  },
  { name: "HTTP/1.1", source: "a request to a server of its own, in memory", passes: answersRequest },
];

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("info", args, {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length > 0) throw new UsageError(`info takes no arguments, such as ${positionals[0]}`);

  const nano = await createRuntime();
  const facts = factsOf(nano);
  const results: Result[] = [];
  for (const check of CHECKS) {
    results.push({ name: check.name, source: check.source, ok: await succeeds(check, nano) });
  }
  await nano.close();

  console.log(values.json ? JSON.stringify({ ...facts, checks: results }, null, 2) : table(facts, results));
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

/** A check that throws has failed, and so has one that does not end. */
function succeeds({ passes }: Check, nano: Runtime): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = nano.setTimeout(resolve, CHECK_TIMEOUT_MS, false);
    Promise.resolve(nano)
      .then(passes)
      .catch(() => false)
      .then(resolve)
      .finally(() => nano.clearTimeout(timer));
  });
}

interface Facts {
  version: string;
  engine: string;
  core: { path: string; bytes: number };
  features: string[];
}

function factsOf(nano: Runtime): Facts {
  const { node, v8 } = process.versions;
  const path = fileURLToPath(new URL("../nano.wasm", import.meta.url));
  const own = Object.keys(nano);
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(nano)).filter(
    (name) => name !== "constructor",
  );
  return {
    version,
    engine: `Node.js ${node}, V8 ${v8}, ${process.platform} ${process.arch}`,
    core: { path, bytes: statSync(path).size },
    features: [...own, ...methods],
  };
}

function table({ version, engine, core, features }: Facts, results: Result[]): string {
  const { bold, dim, green, red } = styleOf(process.stdout);
  const columns = Math.max(...results.map(({ name }) => name.length)) + 2;
  const row = (name: string, text: string) => `  ${name.padEnd(columns)}${text}`;
  return [
    `${bold("nanort")} ${version}`,
    "",
    row("engine", engine),
    row("core", `${(core.bytes / 1024).toFixed(1)} KiB  ${dim(core.path)}`),
    ...wrap(features, 64).map((line, at) => row(at === 0 ? "features" : "", line)),
    "",
    ...results.map(({ name, source, ok }) =>
      row(name, `${ok ? green("ok") : red("FAILED")}  ${dim(source)}`),
    ),
  ].join("\n");
}

/** Names on as few lines as they fit, each of at most `width` columns. */
function wrap(names: string[], width: number): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${name}`.length <= width) lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(name);
  }
  return lines;
}

/** A server and a client in memory: the request's head is parsed in the core, its body answered by an app. */
async function answersRequest(): Promise<boolean> {
  const host = memoryHost();
  const nano = await createRuntime({ host });
  const fetch = async (request: Request) => new Response((await request.text()).toUpperCase());
  const { port, hostname } = await nano.serve({ app: { fetch } });
  const received: string[] = [];
  const decoder = new TextDecoder();
  await new Promise<void>((resolve, reject) => {
    const client = (socket: Socket): SocketHandler => {
      socket.write(
        "POST / HTTP/1.1\r\nHost: nano.test\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
      );
      return {
        data: (bytes) => void received.push(decoder.decode(bytes, { stream: true })),
        end: () => socket.end(),
        drain: () => undefined,
        close: (error) => (error ? reject(error) : resolve()),
      };
    };
    host.network.connect({ port, hostname }, client).catch(reject);
  });
  await nano.close();
  const response = received.join("");
  return response.startsWith("HTTP/1.1 200 ") && response.endsWith("\r\n\r\nHELLO");
}
