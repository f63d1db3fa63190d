/**
 * Module hooks for scripts and apps (https://nodejs.org/api/module.html#customization-hooks): TypeScript is
 * transformed by esbuild as it is loaded, with an inline source map; imports of neighbours are found the way
 * TypeScript writes them; and "nanort" is this very package, where no other is installed.
 *
 * Bundled to a file of its own, because Node 20 runs hooks in a thread of their own.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type TransformFailure, type TransformOptions, transform, transformSync } from "esbuild";
import { isInstalledFor } from "./own-package.ts";

type Next<Context, Result> = (url: string, context: Context) => Result;
interface ResolveContext {
  parentURL?: string;
}
interface Source {
  format: "module";
  source: string;
  shortCircuit: true;
}

const TYPESCRIPT = /\.(?:ts|mts|tsx)$/;

/** What may be meant by a neighbour's name that is no file: the extension left out, or that of its compiled form. */
const REPLACEMENTS: [RegExp, string[]][] = [
  [/\.js$/, [".ts", ".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/$/, [".ts", ".tsx", ".mts", ".js", ".mjs", "/index.ts", "/index.js"]],
];

export function resolve<Result>(
  specifier: string,
  context: ResolveContext,
  next: Next<ResolveContext, Result>,
): Result | { url: string; shortCircuit: true } {
  const { parentURL } = context;
  if (parentURL?.startsWith("file:")) {
    if (specifier === "nanort" && !isInstalledFor(parentURL)) {
      return { url: new URL("./index.js", import.meta.url).href, shortCircuit: true };
    }
    if (/^\.{1,2}\//.test(specifier)) return next(neighbour(specifier, parentURL), context);
  }
  return next(specifier, context);
}

/** Node 20's form of the hook. */
export async function load<Context, Result>(
  url: string,
  context: Context,
  next: Next<Context, Promise<Result>>,
): Promise<Result | Source> {
  if (!isTypeScript(url)) return next(url, context);
  return asModule(await transform(text(url), options(url)).catch(rethrow));
}

/** The form for `module.registerHooks`. */
export function loadSync<Context, Result>(
  url: string,
  context: Context,
  next: Next<Context, Result>,
): Result | Source {
  if (!isTypeScript(url)) return next(url, context);
  try {
    return asModule(transformSync(text(url), options(url)));
  } catch (error) {
    return rethrow(error);
  }
}

/** The file that a relative specifier means; the specifier itself where Node's own rules find it, or nothing does. */
function neighbour(specifier: string, parentURL: string): string {
  const { href } = new URL(specifier, parentURL);
  if (isFile(href)) return specifier;
  for (const [pattern, replacements] of REPLACEMENTS) {
    if (!pattern.test(href)) continue;
    const found = replacements.map((replacement) => href.replace(pattern, replacement)).find(isFile);
    if (found) return found;
  }
  return specifier;
}

function isFile(href: string): boolean {
  const path = fileURLToPath(href);
  return existsSync(path) && statSync(path).isFile();
}

function isTypeScript(url: string): boolean {
  return url.startsWith("file:") && TYPESCRIPT.test(new URL(url).pathname);
}

function text(url: string): string {
  return readFileSync(fileURLToPath(url), "utf8");
}

function options(url: string): TransformOptions {
  return {
    loader: url.includes(".tsx") ? "tsx" : "ts",
    format: "esm",
    target: `node${process.versions.node}`,
    sourcemap: "inline",
    sourcefile: fileURLToPath(url),
    logLevel: "silent",
  };
}

function asModule({ code }: { code: string }): Source {
  return { format: "module", source: code, shortCircuit: true };
}

/** esbuild's first complaint as a SyntaxError, told the way Node tells one: where, the line, and what. */
function rethrow(error: unknown): never {
  const [first] = (error as Partial<TransformFailure>).errors ?? [];
  if (!first?.location) throw error;
  const { file, line, column, lineText } = first.location;
  const complaint = Object.assign(new SyntaxError(first.text), { code: "ERR_INVALID_TYPESCRIPT_SYNTAX" });
  complaint.stack = `${file}:${line}\n${lineText}\n${" ".repeat(column)}^\n\nSyntaxError: ${first.text}`;
  throw complaint;
}
