/**
 * Imports a script or an app by its path, after teaching Node what that needs and does not have: TypeScript, and
 * where "nanort" is. Both are module hooks (typescript-hooks.ts), which on Node 20 live in a thread that takes some
 * 40 ms to start; so they are registered only for files that want them.
 */
import { readFileSync } from "node:fs";
import nodeModule from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isInstalledFor } from "./own-package.ts";

const TYPESCRIPT = new Set([".ts", ".mts", ".tsx"]);

/** A frame, as a stack has it. */
export const FRAME = /^ +at /m;

/** Where this package's own code is, for leaving it out of stacks. */
const OWN_CODE = new URL("./", import.meta.url);

/** Imports the file at an absolute path; its namespace. A file that cannot be loaded ends the process. */
export async function importFile(path: string): Promise<Record<string, unknown>> {
  const typescript = TYPESCRIPT.has(extname(path));
  if (typescript) process.setSourceMapsEnabled(true);
  if (typescript || importsThisPackage(path)) await registerHooks();
  return import(pathToFileURL(path).href).catch(tellUnloadable);
}

/**
 * Such errors come from Node or esbuild, before the file's first line has run: their message tells all, and Node
 * would print its own source around it. Everything else is thrown on.
 */
function tellUnloadable(error: Error & { code?: string }): never {
  if (!error?.code?.startsWith("ERR_")) throw error;
  tidy(error);
  if (FRAME.test(error.stack!)) throw error;
  console.error(error.stack);
  process.exit(1);
}

/** Whether a file speaks of "nanort" where no such package is installed. Files that it imports are not looked at. */
function importsThisPackage(path: string): boolean {
  return readFileSync(path, "utf8").includes("nanort") && !isInstalledFor(path);
}

/** `module.registerHooks` came with Node 22.15 and works in this thread; `module.register` is deprecated in 26. */
async function registerHooks(): Promise<void> {
  const hooks = new URL("./typescript-hooks.js", import.meta.url);
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: object) => void };
  if (!registerHooks) return nodeModule.register(hooks);
  const { resolve, loadSync } = await import(hooks.href);
  registerHooks({ resolve, load: loadSync });
}

/**
 * From now on, an error that nobody catches is shown with the frames of its author's code alone: those of Node and
 * of this package are taken out before Node prints it.
 */
export function tidyUncaughtErrors(): void {
  process.on("uncaughtExceptionMonitor", tidy);
}

/** Takes the frames of Node and of this package out of an error's stack, and out of its causes'. */
export function tidy(error: unknown): void {
  const internal = [" (node:", " node:", OWN_CODE.href, fileURLToPath(OWN_CODE)];
  const isInternal = (line: string) => FRAME.test(line) && internal.some((mark) => line.includes(mark));
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const lines = at.stack?.split("\n");
    // Unlike an assignment, this does not throw where an error is frozen.
    if (lines) Reflect.set(at, "stack", lines.filter((line) => !isInternal(line)).join("\n"));
  }
}
