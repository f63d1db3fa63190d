/** `nanort run`: a script, from its first line until nothing is left to do. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parse, partAtName, UsageError } from "./command.ts";
import { createEnvironmentRuntime, installGlobals } from "./globals.ts";
import { importFile, tidyUncaughtErrors } from "./import.ts";

const HELP = `Usage: nanort run FILE [arguments]

Runs a script: an ECMAScript module, in JavaScript or TypeScript (.js .mjs .ts .mts .tsx).

  - crypto, timers, queueMicrotask, atob, btoa, structuredClone and fetch are NANO's; globalThis.nano
    is the runtime. Everything else is Node's, its modules included. HTTP_PROXY, HTTPS_PROXY and
    NO_PROXY count.
  - process.argv is as under node; what stands behind FILE belongs to the script.
  - import ... from "nanort" needs no installation.
  - The script ends when no timer, server, request or other work is left. An error that nobody
    catches ends it at once, with its stack and exit code 1.`;

export async function run(args: string[]): Promise<void> {
  const { own, name: file, rest } = partAtName(args);
  const { values } = parse("run", own, { help: { type: "boolean", short: "h" } });
  if (values.help) return console.log(HELP);
  if (file === undefined) throw new UsageError("run needs a FILE; see nanort run --help");
  await runScript(file, rest);
}

/** Runs a script in this process. Resolves when its module has been evaluated; it may go on after that. */
export async function runScript(file: string, args: string[]): Promise<void> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`no such file: ${file}`);
  const isFolder = statSync(path).isDirectory();
  if (isFolder) throw new UsageError(`${file} is a folder; to serve it: nanort serve ${file}`);

  tidyUncaughtErrors();
  const nano = await createEnvironmentRuntime();
  installGlobals(nano);
  process.argv = [process.execPath, path, ...args];

  let evaluated = false;
  // Comes when Node has nothing left to wait for, and so neither has the runtime, whose timers and sockets are
  // Node's: nothing that the script still needs can be closed under it.
  process.once("beforeExit", () => {
    if (!evaluated) {
      console.error(`${file} awaits something that can no longer happen (a top-level await never settled)`);
      process.exitCode = 13; // Node's own code for it.
    }
    void nano.close();
  });
  await importFile(path);
  evaluated = true;
}
