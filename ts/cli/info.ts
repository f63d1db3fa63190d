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
import { styleOf } from "./terminal.ts";

const HELP = `Usage: nanort info [--json]

Shows version, engine, core and features, and tests the core with known answers. Exit code 1 if a test fails.`;

interface Check {
  name: string;
  /** Where its known answer is printed. */
  source: string;
  passes(nano: Runtime): boolean | Promise<boolean>;
}

const CHECK_TIMEOUT_MS = 10_000;

type Result = Pick<Check, "name" | "source"> & { ok: boolean };

/** FIPS 180-4's example message is "abc"; the digests are from NIST's file of example values. */
const DIGESTS_OF_ABC: Record<string, string> = {
  "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
  "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  "SHA-384":
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  "SHA-512":
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

/** RFC 4231, test case 2. */
const MACS_OF_JEFE: Record<string, string> = {
  "SHA-256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  "SHA-384":
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
  "SHA-512":
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
};

const CHECKS: Check[] = [
  ...Object.entries(DIGESTS_OF_ABC).map(([name, digest]) => ({
    name,
    source: "FIPS 180-4",
    passes: (nano: Runtime) => hex(nano.subtleSync.digest(name, bytes("abc"))) === digest,
  })),
  ...Object.entries(MACS_OF_JEFE).map(([hash, mac]) => ({
    name: `HMAC ${hash}`,
    source: "RFC 4231, case 2",
    passes: (nano: Runtime) => {
      const { subtleSync } = nano;
      const key = subtleSync.importKey("raw", bytes("Jefe"), { name: "HMAC", hash }, false, ["sign"]);
      return hex(subtleSync.sign("HMAC", key, bytes("what do ya want for nothing?"))) === mac;
    },
  })),
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
  const row = (name: string, text: string) => `  ${name.padEnd(14)}${text}`;
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

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("hex");
}
