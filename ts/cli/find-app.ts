/** From an APP on the command line, a folder or a file, to the module that has it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "./command.ts";

/** The absolute path of the app's file. */
export function findApp(app: string): string {
  const path = resolve(app);
  if (!existsSync(path)) throw new UsageError(`no such file or folder: ${app}`);
  if (!statSync(path).isDirectory()) return path;

  const found = appIn(path);
  if (found !== undefined) return found;
  throw new UsageError(`${app}: no app here: no "main" in package.json, no app, index or main .ts .js .mjs`);
}

/** The path of the app's file in a folder, if there is an app. */
export function appIn(folder: string): string | undefined {
  const names = ["app", "index", "main"].flatMap((name) => [`${name}.ts`, `${name}.js`, `${name}.mjs`]);
  const found = [mainOf(folder), ...names].find(
    (name) => name !== undefined && existsSync(join(folder, name)),
  );
  return found && join(folder, found);
}

/** What the package.json in a folder names as its entry. */
function mainOf(folder: string): string | undefined {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return undefined;
  try {
    const { main } = JSON.parse(readFileSync(manifest, "utf8")) as { main?: string };
    return main;
  } catch (error) {
    throw new UsageError(`${manifest}: ${(error as Error).message}`);
  }
}
