/**
 * The engines that the suites run on as processes: where each comes from, what it can do, how it is started and made to
 * report. Binaries are taken out of the packages that npm installed in test/engines, without the packages' own wrappers.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { resolve } from "node:path";
import type { Capability, Engine, Report } from "../suites/suite.ts";
import { certificates } from "../support/certificates.ts";

export type Given = Omit<Engine, "core">;

/** An engine, or a kind of global scope in one. */
export interface Contender {
  /** A word for the command line, and a column's heading. */
  name: string;
  given: Given;
  /** Runs all suites. Rejects with `MissingEngine` when it is not on this machine. */
  run(given: Given): Promise<Finished>;
}

export interface Finished {
  version: string;
  report: Report;
}

export class MissingEngine extends Error {}

const STAGE = resolve("wasm-out/engines");
const RUN_LIMIT_MS = 120_000;
const REPORT = /^REPORT (.*)$/m;

const EVERYTHING: Capability[] = [
  "sockets",
  "compile",
  "load synchronously",
  "import source text",
  "label text",
];
const everything: Given = { capabilities: EVERYTHING, nativeSubtle: true };

const { platform, arch } = process;
const system = platform === "win32" ? "windows" : platform;
const exe = platform === "win32" ? ".exe" : "";

/** Where the engines' executables are. */
export const BINARIES = {
  node: (line: string) => binary(`node-${line}`, `bin/node${exe}`),
  deno: () => binary(`@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`, `deno${exe}`),
  bun: () => binary(`@oven/bun-${system}-${arch === "arm64" ? "aarch64" : arch}`, `bin/bun${exe}`),
  workerd: () => binary(`@cloudflare/workerd-${system}-${arch === "x64" ? "64" : arch}`, `bin/workerd${exe}`),
};

export const PROCESSES: Contender[] = [
  {
    name: "node",
    given: everything,
    run: (given) => runProcess(process.execPath, [], given),
  },
  // The oldest that package.json allows, and each line that is maintained.
  ...["20.0", "22", "24", "26"].map((line) => ({
    name: `node-${line}`,
    given: everything,
    run: (given: Given) => runProcess(BINARIES.node(line), [], given),
  })),
  {
    name: "deno",
    given: everything,
    // NANO needs the network only; uvu's assertions look for colours in the environment.
    run: (given) => runProcess(BINARIES.deno(), ["run", "--no-prompt", "--allow-net", "--allow-env"], given),
  },
  {
    name: "bun",
    given: { ...everything, capabilities: EVERYTHING.filter((capability) => capability !== "label text") },
    run: (given) => runProcess(BINARIES.bun(), [], given),
  },
  {
    name: "workerd",
    given: { capabilities: ["load synchronously", "label text"], nativeSubtle: true },
    run: (given) => runWorkerd(BINARIES.workerd(), given),
  },
];

/** A file of a package of test/engines. Packages' own wrappers are not used: npm may have blocked their set-up. */
export function binary(packageName: string, path: string): string {
  const file = resolve("test/engines/node_modules", packageName, path);
  if (existsSync(file)) return file;
  throw new MissingEngine(`${packageName} is not installed in test/engines, or not made for this machine`);
}

/** Starts test/engines/process.ts, which reports and is to end by itself. */
async function runProcess(command: string, args: string[], given: Given): Promise<Finished> {
  const { code, output } = await withEcho((echoPort) => {
    const run = [...args, "process.js", JSON.stringify({ ...given, echoPort, certificates: certificates() })];
    return finished(start(command, run), "it did not end by itself");
  });
  const report = REPORT.exec(output)?.[1];
  if (code !== 0 || !report) throw new Error(`exit code ${code}\n${output.replace(REPORT, "")}`);
  return { version: await versionOf(command), report: JSON.parse(report) as Report };
}

/** Starts workerd with test/engines/workerd.capnp, and asks it for the report. */
async function runWorkerd(command: string, given: Given): Promise<Finished> {
  const workerd = start(command, ["serve", "workerd.capnp", "--control-fd=3"]);
  const ended = finished(workerd, "it did not answer");
  try {
    const port = await Promise.race([portOf(workerd), ended.then(({ output }) => Promise.reject(output))]);
    const text = await withEcho(async (echoPort) => {
      const body = JSON.stringify({ ...given, echoPort });
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
      if (!response.ok) throw new Error(await response.text());
      return response.text();
    });
    return { version: await versionOf(command), report: JSON.parse(text) as Report };
  } finally {
    workerd.kill();
    await ended.catch(() => undefined);
  }
}

/** Runs `use` with the port of a server that sends back what it gets. */
async function withEcho<Result>(use: (port: number) => Promise<Result>): Promise<Result> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

/** What workerd says on its control descriptor once it listens. */
function portOf(workerd: ChildProcess): Promise<number> {
  return new Promise((found) => {
    workerd.stdio[3]!.on("data", (chunk: Buffer) =>
      found(Number(/"port":(\d+)/.exec(chunk.toString())?.[1])),
    );
  });
}

function start(command: string, args: string[]): ChildProcess {
  return spawn(command, args, {
    cwd: STAGE,
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
}

function finished(child: ChildProcess, hung: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout!.on("data", collect);
    child.stderr!.on("data", collect);
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(new Error(`${hung} within ${RUN_LIMIT_MS / 1000} s\n${output.replace(REPORT, "")}`));
    }, RUN_LIMIT_MS);
    child.on("error", fail);
    child.on("close", (code) => {
      clearTimeout(timer);
      done({ code, output });
    });
  });
}

/** The first number in what the engine says of itself. */
async function versionOf(command: string): Promise<string> {
  const { output } = await finished(start(command, ["--version"]), "it did not tell its version");
  return /\d+(?:[.-]\d+)+/.exec(output)?.[0] ?? "of unknown version";
}
