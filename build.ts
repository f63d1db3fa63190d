// The build: short, named steps, each runnable alone.
//
//   npm run build                  core, bundle and types, whatever is out of date
//   npm run build -- core safe     the steps named, in this order
//   npm run build -- --force core  again, though nothing changed
//
// A step runs only when its inputs changed since it last succeeded; its stamp in wasm-out/ remembers their digest.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";

interface Step {
  /** What it makes, for the list of steps. */
  makes: string;
  /** Files and folders whose contents decide whether it must run; none: it always runs. */
  inputs: string[];
  /** What must exist afterwards. */
  outputs: string[];
  /** Does the work; what it returns is printed behind the step's name. */
  run(): string | Promise<string>;
}

const OUT = "wasm-out";
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

/** WebAssembly features that every supported engine has: see docs/architecture.md. */
const FEATURES = "mvp+simd128+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals";
const STACK_BYTES = 128 * 1024;
/** The whole address space but its last page, so that no address looks like a status (zig/abi/status.zig). */
const MAX_MEMORY_BYTES = 2 ** 32 - 2 ** 16;

const STEPS: Record<string, Step> = {
  core: {
    makes: "wasm-out/nano.wasm, the core that is shipped",
    inputs: ["zig"],
    outputs: [`${OUT}/nano.wasm`],
    run: () => compileCore("ReleaseFast", `${OUT}/nano.wasm`),
  },
  safe: {
    makes: "wasm-out/nano.safe.wasm, the same core with every safety check",
    inputs: ["zig"],
    outputs: [`${OUT}/nano.safe.wasm`],
    run: () => compileCore("ReleaseSafe", `${OUT}/nano.safe.wasm`),
  },
  bundle: {
    makes: "wasm-out/js, the library and the command",
    inputs: ["ts", "package.json"],
    outputs: [`${OUT}/js/index.js`, `${OUT}/js/cli.js`],
    run: async () => {
      rmSync(`${OUT}/js`, { recursive: true, force: true });
      const outputs = await bundle({
        entryPoints: {
          index: "ts/index.ts",
          cli: "ts/cli/main.ts",
          "typescript-hooks": "ts/cli/typescript-hooks.ts",
        },
        outdir: `${OUT}/js`,
        splitting: true,
      });
      return sizes(outputs.filter((file) => file.endsWith(".js")));
    },
  },
  types: {
    makes: "wasm-out/types, the declarations",
    inputs: ["ts", "tsconfig.json", "package.json"],
    outputs: [`${OUT}/types/index.d.ts`],
    run: () => {
      rmSync(`${OUT}/types`, { recursive: true, force: true });
      const project = `${OUT}/tsconfig.types.json`;
      const emit = {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rewriteRelativeImportExtensions: true,
      };
      const compilerOptions = { ...emit, rootDir: "../ts", outDir: "types" };
      writeFileSync(
        project,
        JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: ["../ts/index.ts"] }),
      );
      tool("typescript", "tsc", ["-p", project]);
      const declarations = files(`${OUT}/types`);
      for (const file of declarations) {
        // The compiler keeps the sources' .ts in declarations, where not every resolver takes it.
        const text = readFileSync(file, "utf8").replace(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"');
        writeFileSync(file, text);
      }
      return `${declarations.length} files`;
    },
  },
  "zig-tests": {
    makes: "wasm-out/zig-tests, the core's own tests for this machine",
    inputs: ["zig"],
    outputs: [`${OUT}/zig-tests`],
    run: () => {
      zig(["test", "zig/test.zig", "--test-no-exec", `-femit-bin=${OUT}/zig-tests`]);
      return "compiled";
    },
  },
  tests: {
    makes: "wasm-out/tests, one file a test file, and their runner",
    inputs: ["ts", "test", "package.json"],
    outputs: [`${OUT}/tests/run.js`],
    run: async () => {
      rmSync(`${OUT}/tests`, { recursive: true, force: true });
      const sources = files("test").filter((file) => file.endsWith(".test.ts"));
      const entryPoints = [...sources, "test/run.ts", "test/support/safe-core.ts"];
      await bundle({ entryPoints, outbase: "test", outdir: `${OUT}/tests` });
      return `${sources.length} test files`;
    },
  },
  bench: {
    makes: "wasm-out/bench, the benchmarks",
    inputs: ["ts", "test/bench", "package.json"],
    outputs: [`${OUT}/bench/run.js`],
    run: async () => {
      rmSync(`${OUT}/bench`, { recursive: true, force: true });
      installPeers("test/bench");
      const sources = readdirSync("test/bench").filter((file) => file.endsWith(".ts"));
      const entryPoints = sources.map((file) => `test/bench/${file}`);
      await bundle({ entryPoints, outbase: "test/bench", outdir: `${OUT}/bench` });
      return `${sources.length} files`;
    },
  },
  check: {
    makes: "nothing: zig fmt --check, the type checker, the linter and formatter",
    inputs: [],
    outputs: [],
    run: () => {
      zig(["fmt", "--check", "zig"]);
      tool("typescript", "tsc", ["-p", "tsconfig.json"]);
      tool("@biomejs/biome", "biome", ["check", "--error-on-warnings"]);
      return "zig fmt, tsc and biome have nothing to say";
    },
  },
};

const DEFAULT_STEPS = ["core", "bundle", "types"];

/** Compiles zig/exports.zig and everything below it to one module. */
function compileCore(mode: "ReleaseFast" | "ReleaseSafe", output: string): string {
  zig([
    ...["build-exe", "zig/exports.zig", "-target", "wasm32-freestanding", "-mcpu", FEATURES],
    ...["-O", mode, "-fno-entry", "-rdynamic", "-fstrip"],
    ...["--stack", String(STACK_BYTES), `--max-memory=${MAX_MEMORY_BYTES}`, `-femit-bin=${output}`],
  ]);
  return sizes([output]);
}

/** Runs the compiler out of its npm package, without the package's wrapper script. */
function zig(args: string[]): void {
  const platform = `@zigc/${process.platform}-${process.arch}`;
  const executable = process.platform === "win32" ? "zig.exe" : "zig";
  let binary: string;
  try {
    binary = createRequire(import.meta.url).resolve(`${platform}/bin/${executable}`);
  } catch {
    throw new Error(`no Zig compiler for this machine: ${platform} is not installed (npm ci installs it)`);
  }
  execute(binary, args);
}

/** Runs a command that an npm package brings. */
function tool(packageName: string, command: string, args: string[]): void {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = require(manifest) as { bin: Record<string, string> };
  execute(process.execPath, [join(manifest, "..", bin[command]!), ...args]);
}

function execute(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command.split(/[\\/]/).pop()} ${args[0]} ended with code ${status}`);
}

/** Bundles for Node; returns the paths of what it wrote. */
async function bundle(options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    chunkNames: "[name]-[hash]",
    external: ["nanort", "esbuild"],
    alias: { "#host": "./ts/host/node.ts" },
    define: { NANO_VERSION: JSON.stringify(version) },
    logLevel: "warning",
    ...options,
    metafile: true,
  });
  return Object.keys(metafile.outputs);
}

/** Installs the packages of a folder that has a lockfile of its own, unless they are there. */
function installPeers(folder: string): void {
  const installed = `${folder}/node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${folder}/package-lock.json`).mtimeMs)
    return;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execute(npm, ["ci", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** Every file below a path, sorted; build results and installed packages are not sources. */
function files(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name !== "node_modules" && !name.startsWith("."))
    .sort()
    .flatMap((name) => files(join(path, name)));
}

function digestOf(inputs: string[]): string {
  const hash = createHash("sha256")
    .update(readFileSync("build.ts"))
    .update(readFileSync("package-lock.json"));
  for (const file of inputs.flatMap(files)) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

/** Raw, gzip and brotli size of some files, taken together. */
function sizes(paths: string[]): string {
  const contents = paths.map((path) => readFileSync(path));
  const total = (size: (bytes: Buffer) => number) => contents.reduce((sum, bytes) => sum + size(bytes), 0);
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  const name = paths.length === 1 ? paths[0]!.slice(OUT.length + 1) : `${paths.length} files`;
  return `${name}: ${kib(total((bytes) => bytes.length))}, gzip ${kib(total((bytes) => gzipSync(bytes).length))}, brotli ${kib(total((bytes) => brotliCompressSync(bytes).length))}`;
}

async function main(args: string[]): Promise<void> {
  const force = args.includes("--force");
  const names = args.filter((arg) => !arg.startsWith("-"));
  for (const name of names.length > 0 ? names : DEFAULT_STEPS) {
    const step = STEPS[name];
    if (!step) {
      const list = Object.entries(STEPS).map(([key, { makes }]) => `  ${key.padEnd(11)}${makes}`);
      throw new Error(`no step named ${name}. The steps:\n${list.join("\n")}`);
    }
    await runStep(name, step, force);
  }
}

async function runStep(name: string, step: Step, force: boolean): Promise<void> {
  const stamp = `${OUT}/.${name}.stamp`;
  const digest = step.inputs.length > 0 ? digestOf(step.inputs) : undefined;
  const fresh = digest !== undefined && existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (fresh && !force && step.outputs.every((output) => existsSync(output))) return;

  const started = performance.now();
  mkdirSync(OUT, { recursive: true });
  rmSync(stamp, { force: true });
  const summary = await step.run();
  if (digest !== undefined) writeFileSync(stamp, digest);
  console.log(
    `${name.padEnd(11)}${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${summary}`,
  );
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
});
