/**
 * `nanort bundle`: an app as a folder that another engine, or a fleet of them, runs as it is. The app, what it imports
 * and the runtime go into one file, by esbuild; beside it lie the core and the configuration that the engine needs.
 *
 * What each engine begins with is a module of start/: it makes the runtime, then imports the app. What else it needs is in
 * bundle-targets.ts.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type BuildFailure, type BuildResult, build, type Plugin } from "esbuild";
import { CORE, fileNames, TARGETS, type Target } from "./bundle-targets.ts";
import { parse, UsageError } from "./command.ts";
import { findApp } from "./find-app.ts";
import { didYouMean } from "./suggest.ts";
import { styleOf } from "./terminal.ts";

/** wasm-out, seen from wasm-out/js, where this file is once it is built. */
const PACKAGE = fileURLToPath(new URL("../", import.meta.url));

const HELP = `Usage: nanort bundle APP --target ${Object.keys(TARGETS).join("|")} [--out DIR] [--env NAME]...

Writes an app, as nanort serve takes it, with all that it imports and with NANO, to a folder that is
ready to be deployed. Nothing is installed or fetched; the app is not run.

  --target T  workerd  Cloudflare's engine: for workerd itself, or for wrangler deploy
              deno     for deno serve, and Deno Deploy
              bun      a server by itself
              node     a server by itself, for Node 20 and newer
              browser  a service worker, for any web server that has https, or on localhost
  --out DIR   the folder; by default dist. It is emptied if a bundle is there, and left alone if
              anything else is
  --env NAME  for workerd: an environment variable that the app finds in env; may be repeated.
              Deno, Bun and Node give the whole environment, browsers none

Under node and bun, PORT and HOST say where to listen (default: 8080 on 127.0.0.1).`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("bundle", args, {
    target: { type: "string", short: "t" },
    out: { type: "string", short: "o", default: "dist" },
    env: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("bundle needs an APP; see nanort bundle --help");
  if (more.length > 0) throw new UsageError(`bundle takes one APP, not also ${more.join(" ")}`);
  const target = readTarget(values.target);
  readEnv(values.env, values.target!);
  const file = findApp(name);
  requireOwnFolder(values.out, file);

  const { code, usesNode } = await bundle(name, file, target);
  const facts = { name: nameOf(file), env: values.env, usesNode };
  const files = new Map<string, string | Uint8Array>([[target.output, code]]);
  if (target.separateCore) files.set(CORE, readFileSync(join(PACKAGE, CORE)));
  for (const [path, text] of Object.entries(target.configuration(facts))) files.set(path, text);

  write(values.out, files);
  console.log(report(facts.name, values.target!, values.out, files));
}

function readTarget(name: string | undefined): Target {
  const names = Object.keys(TARGETS);
  if (name === undefined) throw new UsageError(`bundle needs a --target: ${names.join(", ")}`);
  if (Object.hasOwn(TARGETS, name)) return TARGETS[name]!;
  throw new UsageError(
    `no target named ${name}; ${didYouMean(name, names) ?? `there are ${names.join(", ")}`}`,
  );
}

function readEnv(names: string[], target: string): void {
  if (names.length > 0 && target !== "workerd") {
    throw new UsageError(
      `--env is for workerd: ${target} gives ${target === "browser" ? "no" : "the whole"} environment`,
    );
  }
  const wrong = names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (wrong !== undefined) {
    throw new UsageError(`--env must be the name of an environment variable, not ${JSON.stringify(wrong)}`);
  }
}

/** Refuses a folder in which anything lies that is not of a bundle, the app above all. Hidden files do not count. */
function requireOwnFolder(folder: string, app: string): void {
  if (!existsSync(folder)) return;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new UsageError(`${folder}: ${(error as Error).message}`);
  }
  const foreign = names.find((name) => !name.startsWith(".") && !fileNames().has(name));
  const inside = dirname(app) === resolve(folder) ? basename(app) : foreign;
  if (inside === undefined) return;
  throw new UsageError(`${folder} has other files, such as ${inside}: give a folder of its own with --out`);
}

/** After what Cloudflare takes for the name of a Worker, which fits everybody else. */
function nameOf(file: string): string {
  const [, folder = "", stem = ""] = /([^\\/]*)[\\/]([^\\/]*?)(?:\.\w+)?$/.exec(file) ?? [];
  const name = /^(?:app|index|main)$/.test(stem) ? folder : stem;
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "app"
  );
}

async function bundle(name: string, file: string, target: Target) {
  const result = await build({
    entryPoints: [join(PACKAGE, "js/start", target.start)],
    outfile: target.output,
    bundle: true,
    write: false,
    metafile: true,
    charset: "utf8",
    logLevel: "silent",
    // As `nanort serve` has it: the same neighbours are found, and no project's tsconfig.json changes what code means.
    resolveExtensions: [".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".json"],
    tsconfigRaw: {},
    plugins: [resolver(target, file)],
    ...target.options,
  }).catch((failure: BuildFailure) => {
    throw new UsageError(complaint(name, file, failure));
  });
  const imports = Object.values((result as BuildResult<{ metafile: true }>).metafile.outputs)[0]!.imports;
  return { code: result.outputFiles![0]!.contents, usesNode: imports.some(({ path }) => isBuiltin(path)) };
}

/** esbuild's first complaint, in a line: where, and what. */
function complaint(name: string, file: string, { errors, message }: BuildFailure): string {
  const [first] = errors ?? [];
  if (!first) return `${name} cannot be bundled: ${message}`;
  if (first.text.startsWith("No matching export") && first.text.includes('import "default"')) {
    return `${name} is no app: it has no default export`;
  }
  const { location } = first;
  const text = /^Top-level await/.test(first.text)
    ? "a service worker allows no top-level await"
    : first.text;
  const where = location
    ? `${relative(".", resolve(location.file))}:${location.line}:${location.column + 1}`
    : file;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return `${where}: ${text.replace(/\s+/g, " ")}${rest}`;
}

/** Finds what a bundle is made of: the app, this very package, and modules of Node where there are such. */
function resolver(target: Target, app: string): Plugin {
  const own = (path: string) => ({ path: join(PACKAGE, path) });
  return {
    name: "nanort",
    setup({ onResolve }) {
      onResolve({ filter: /^nanort:app$/ }, () => ({ path: app, sideEffects: true }));
      // The package says that importing it does nothing; of these modules it is not true.
      onResolve({ filter: /globals\.ts$/ }, ({ path, importer }) => {
        if (!importer.startsWith(PACKAGE)) return undefined;
        return { path: join(dirname(importer), path), sideEffects: true };
      });
      onResolve({ filter: /^nanort:host$/ }, () => own("js/host-node.js"));
      // One runtime in a bundle: whatever the app has installed under that name, it gets what serves it.
      onResolve({ filter: /^nanort(?:\/inline)?$/ }, () => own(target.library));
      onResolve({ filter: /^#host$|nano\.wasm$|^cloudflare:/ }, ({ path, importer }) => {
        if (!importer.startsWith(PACKAGE)) return undefined;
        if (path === "#host") return own(target.host!);
        return { path: path.endsWith(CORE) ? `./${CORE}` : path, external: true };
      });
      onResolve({ filter: /^(?:node:)?[a-z/_]+$/ }, ({ path }) => {
        if (!isBuiltin(path)) return undefined;
        if (target.hasNode) return { path: path.startsWith("node:") ? path : `node:${path}`, external: true };
        if (!path.startsWith("node:")) return undefined; // Perhaps a package that does the same in a browser.
        return { errors: [{ text: `${path} is a module of Node, which browsers do not have` }] };
      });
    },
  };
}

/** Puts the files in place of whatever bundle was there. */
function write(folder: string, files: Map<string, string | Uint8Array>): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of fileNames()) rmSync(join(folder, name), { force: true });
    for (const [name, contents] of files) writeFileSync(join(folder, name), contents);
  } catch (error) {
    throw new UsageError(`${folder} cannot be written: ${(error as Error).message}`);
  }
}

/** What was written, how large it is, and how it is started. */
function report(
  app: string,
  target: string,
  folder: string,
  files: Map<string, string | Uint8Array>,
): string {
  const { bold, dim, cyan } = styleOf(process.stdout);
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(10);
  const rows = [...files].map(([name, contents]) => {
    const bytes = Buffer.from(contents as Uint8Array);
    return `  ${name.padEnd(18)}${kib(bytes.length)}  ${dim(`gzip ${kib(gzipSync(bytes).length).trim()}`)}`;
  });
  return [
    `${bold(app)} for ${bold(target)} is in ${bold(folder)}:`,
    "",
    ...rows,
    "",
    `  ${cyan(TARGETS[target]!.command(folder))}`,
  ].join("\n");
}
