/** Runs the built command, wasm-out/js/cli.js, as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const CLI = resolve("wasm-out/js/cli.js");
/** Within the package as it is installed: Bun goes by the tsconfig.json of the checkout otherwise. */
const STAGED_CLI = resolve("wasm-out/engines/node_modules/nanort/wasm-out/js/cli.js");

export interface Options {
  env?: Record<string, string>;
  cwd?: string;
  /** What is sent to standard input; by default nothing, and it is closed. */
  input?: string | Uint8Array;
  /** What runs it: by default this Node. */
  engine?: { command: string; flags: string[] };
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it to its end. */
export function nanort(args: string[], options: Options = {}): Promise<Outcome> {
  return outcomeOf(launch(args, options));
}

export interface Served {
  url: string;
  process: ChildProcess;
  /** What it has printed so far. */
  printed(): string;
  /** Resolves when it has ended. */
  ended: Promise<Outcome>;
  /** Tells it to stop, and waits until it has. */
  stop(): Promise<Outcome>;
}

/** Runs something that serves, on a free port, and resolves when it has said where. */
export async function serving(args: string[], options: Options = {}): Promise<Served> {
  const process = launch([...args, "--port", "0"], options);
  const ended = outcomeOf(process);
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    process.stdout!.on("data", (text: string) => {
      printed += text;
      const [address] = printed.match(/https?:\/\/[\w.]+:\d+/) ?? [];
      // The address is on the first line; the greeting is whole when its last line has come.
      if (address && printed.includes("stops it")) resolve(address);
    });
    ended.then(({ code, stderr }) => reject(new Error(`ended with code ${code}: ${stderr}`)));
  });
  const stop = () => {
    process.kill("SIGTERM");
    return ended;
  };
  return { url, process, printed: () => printed, ended, stop };
}

const running = new Set<ChildProcess>();

/** Ends what a test that failed has left running; for `test.after`. */
export function endAll(): void {
  for (const process of running) process.kill("SIGKILL");
}

const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder with these files in it, outside of any project; removed when this process ends. */
export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "nanort-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function launch(args: string[], { env = {}, cwd, input, engine }: Options): ChildProcess {
  const { PORT: _, ...inherited } = process.env;
  const command = engine ? [engine.command, ...engine.flags, STAGED_CLI] : [process.execPath, CLI];
  const child = spawn(command[0]!, [...command.slice(1), ...args], {
    cwd: cwd ?? process.cwd(),
    env: { ...inherited, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  child.stdin.end(input);
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  return child;
}

function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (text: string) => {
    stdout += text;
  });
  child.stderr!.on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
