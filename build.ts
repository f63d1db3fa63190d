// The build: short, named steps, each runnable alone.
//
//   npm run build                  core, bundle and types, whatever is out of date
//   npm run build -- core safe     the steps named, in this order
//   npm run build -- --force core  again, though nothing changed
//
// A step runs only when its inputs changed since it last succeeded; its stamp in wasm-out/ remembers their digest.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import {
  type BuildOptions,
  build,
  type Metafile,
  type Plugin,
  type TransformOptions,
  transform,
} from "esbuild";

type Outputs = Metafile["outputs"];

interface Step {
  /** What it makes, for the list of steps. */
  makes: string;
  /** Steps whose outputs are among its inputs: they run before it, as far as they are out of date. */
  needs?: string[];
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

/** Names stay, for stacks and for `Crypto.name`; without spaces an engine reads a third less before it starts. */
const SMALLER = { minifyWhitespace: true };

/** The core as text, for the library that has it inside: one file for all engines that have files. */
const CORE_TEXT = `${OUT}/core.js`;
const SHARED_CORE_TEXT: Plugin = {
  name: "shared core text",
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/nano\.wasm$/ }, ({ importer }) =>
      importer.endsWith("inline.ts") ? { path: "../core.js", external: true } : undefined,
    ),
};

/** Where nothing can be loaded later at once; and where Node may be older than what finds its build. */
const PARTS_INSIDE = { "#builtin": "./ts/host/node-builtin.ts", "#parts": "./ts/parts.ts" };

/**
 * What the loader does in advance and nobody here asks for, it does when it is asked for: a decoder of strings, as it is
 * imported, and a wrapper for each export, as it instantiates. That is a tenth of what a first digest takes in Node.
 */
const LOADER_LATER: [text: string, later: string][] = [
  [
    'const utf16 = new TextDecoder("utf-16le", { fatal: true });',
    'const utf16 = { decode: (units) => new TextDecoder("utf-16le", { fatal: true }).decode(units) };',
  ],
  [
    "const exports = postInstantiate(extended, instance);\n  return { module, instance, exports };",
    "return { module, instance, get exports() { return postInstantiate(extended, instance); } };",
  ],
];
const LOADER: Plugin = {
  name: "the loader, later",
  setup: ({ onLoad }) =>
    onLoad({ filter: /@assemblyscript[\\/]loader[\\/]index\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [text, later] of LOADER_LATER) {
        if (!contents.includes(text)) throw new Error(`${path} is not the loader that was known`);
        contents = contents.replaceAll(text, later);
      }
      return { contents };
    }),
};

const SERVER: BuildOptions = { splitting: true, plugins: [SHARED_CORE_TEXT], ...SMALLER };

/**
 * Deno, Bun and the command run the same files, in wasm-out/js. What differs is a file for each, which the package's own
 * import `#host` chooses (package.json, "imports").
 */
const SERVER_BUNDLE: BuildOptions = {
  ...SERVER,
  entryPoints: {
    index: "ts/index.ts",
    inline: "ts/inline.ts",
    cli: "ts/cli/main.ts",
    "typescript-hooks": "ts/cli/typescript-hooks.ts",
    "host-node": "ts/host/node.ts",
  },
  outdir: `${OUT}/js`,
  alias: PARTS_INSIDE,
  external: ["nanort", "esbuild", "#host"],
};

/**
 * For Node, where what is loaded counts in a process's start, there is a build with its host inside, what every program
 * needs in one file (`mergeNeeded`), and what few need in a file of its own.
 */
const NODE_BUNDLE: BuildOptions = {
  ...SERVER,
  entryPoints: {
    index: "ts/index.ts",
    inline: "ts/inline.ts",
    apps: "ts/server/app.ts",
    cloning: "ts/web/cloning.ts",
    fetching: "ts/web/fetch/fetch.ts",
    installing: "ts/install.ts",
    "key-algorithms": "ts/web/crypto/key-algorithms.ts",
    messages: "ts/web/messages.ts",
    server: "ts/server/server.ts",
    simulation: "ts/simulation.ts",
    "static-files": "ts/server/static-files.ts",
  },
  outdir: `${OUT}/node`,
  alias: {
    "#builtin": "./ts/host/node-builtin-newer.ts",
    "#host": "./ts/host/node.ts",
    "#parts": "./ts/parts-node.ts",
  },
};

const SERVER_HOSTS: BuildOptions[] = [
  {
    ...SMALLER,
    entryPoints: { "host-deno": "ts/host/deno.ts" },
    outdir: `${OUT}/js`,
    target: "esnext",
    banner: { js: 'import source packagedCore from "../nano.wasm";' },
  },
  {
    ...SMALLER,
    entryPoints: { "host-bun": "ts/host/bun.ts" },
    outdir: `${OUT}/js`,
    target: "esnext",
    external: ["../nano.wasm"],
  },
];

/** The other engines get a file each, which needs no other but `nano.wasm` beside it: service workers cannot `import()`. */
const WEB_BUNDLES = [
  { host: "./ts/host/browser.ts", entryPoints: ["ts/index.ts"], output: `${OUT}/browser.js` },
  { host: "./ts/host/browser.ts", entryPoints: ["ts/inline.ts"], output: `${OUT}/inline.js` },
  {
    host: "./ts/host/workerd.ts",
    entryPoints: ["ts/index.ts"],
    output: `${OUT}/workerd.js`,
    external: ["./nano.wasm", "cloudflare:sockets"],
  },
];
const WEB: BuildOptions = { platform: "browser", target: "es2022", ...SMALLER };

const STEPS: Record<string, Step> = {
  core: {
    makes: "wasm-out/nano.wasm, the core that is shipped",
    inputs: ["zig"],
    outputs: [`${OUT}/nano.wasm`],
    run: () => compileCore("ReleaseFast", `${OUT}/nano.wasm`),
  },
  debug: {
    makes: "wasm-out/nano.debug.wasm, the core that is shipped with its names and lines",
    inputs: ["zig"],
    outputs: [`${OUT}/nano.debug.wasm`],
    run: () => compileCore("ReleaseFast", `${OUT}/nano.debug.wasm`, []),
  },
  safe: {
    makes: "wasm-out/nano.safe.wasm, the same core with every safety check",
    inputs: ["zig"],
    outputs: [`${OUT}/nano.safe.wasm`],
    run: () => compileCore("ReleaseSafe", `${OUT}/nano.safe.wasm`),
  },
  bundle: {
    makes: "wasm-out/*.js and wasm-out/js, the library for each engine, and the command",
    needs: ["core"],
    inputs: ["ts", "examples", "package.json", `${OUT}/nano.wasm`],
    outputs: [
      `${OUT}/node/index.js`,
      `${OUT}/js/cli.js`,
      CORE_TEXT,
      ...WEB_BUNDLES.map(({ output }) => output),
    ],
    run: async () => {
      for (const folder of ["js", "node"]) rmSync(`${OUT}/${folder}`, { recursive: true, force: true });
      const coreText = readFileSync(`${OUT}/nano.wasm`, "base64");
      writeFileSync(CORE_TEXT, `export default "${coreText}";\n`);
      const report: string[] = [];
      report.push(await finish(Object.keys(await bundle(SERVER_BUNDLE))));
      report.push(await finish(await mergeNeeded(await bundle(NODE_BUNDLE))));
      for (const options of SERVER_HOSTS) report.push(await finish(Object.keys(await bundle(options))));
      copyFileSync("ts/require.cjs", `${OUT}/node/require.cjs`);
      // Else npm pack goes by the .gitignore beside it, and packs nothing that was built.
      writeFileSync(`${OUT}/.npmignore`, "");
      cpSync("ts/cli/start", `${OUT}/js/start`, { recursive: true });
      for (const { host, output, ...options } of WEB_BUNDLES) {
        const bundled = await bundle({
          ...WEB,
          ...options,
          outfile: output,
          alias: { "#host": host, ...PARTS_INSIDE },
        });
        report.push(await finish(Object.keys(bundled)));
      }
      return report.join(`\n${" ".repeat(23)}`);
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
        JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: TYPED }),
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
  "constant-time": {
    makes: "wasm-out/constant-time, the core natively, for valgrind to look for secrets that steer it",
    inputs: ["zig"],
    outputs: [`${OUT}/constant-time`],
    run: () => {
      rmSync(`${OUT}/constant-time`, { force: true });
      if (spawnSync("valgrind", ["--version"]).status !== 0) {
        if (process.env.CI)
          throw new Error("valgrind is not on this machine, and its checks are not optional");
        return "skipped: valgrind is not on this machine";
      }
      // Memcheck does not know every instruction of the newest processors.
      const cpu = process.arch === "x64" ? "x86_64_v2" : "baseline";
      zig([
        ...["build-exe", "zig/constant_time.zig", "-O", "ReleaseFast", "-fvalgrind", "-mcpu", cpu],
        `-femit-bin=${OUT}/constant-time`,
      ]);
      return "compiled";
    },
  },
  tests: {
    makes: "wasm-out/tests, one file a test file, and their runner",
    inputs: ["ts", "examples", "test", "package.json"],
    outputs: [`${OUT}/tests/run.js`],
    run: async () => {
      rmSync(`${OUT}/tests`, { recursive: true, force: true });
      const sources = files("test").filter((file) => file.endsWith(".test.ts"));
      const runners = [
        "test/run.ts",
        "test/constant-time/run.ts",
        "test/engines/run.ts",
        "test/engines/pack.ts",
      ];
      const entryPoints = [...sources, ...runners, "test/support/safe-core.ts"];
      await bundle({ entryPoints, outbase: "test", outdir: `${OUT}/tests` });
      return `${sources.length} test files`;
    },
  },
  engines: {
    makes: "wasm-out/engines, the suites and the package as each engine takes them",
    needs: ["bundle"],
    inputs: ["ts", "test/suites", "test/vectors", "test/engines", "package.json", `${OUT}/nano.wasm`],
    outputs: [`${OUT}/engines/process.js`],
    run: async () => {
      rmSync(ENGINES, { recursive: true, force: true });
      stagePackage(`${ENGINES}/node_modules/nanort`);
      const served = { nanort: "/nanort/browser.js", "nanort/inline": "/nanort/inline.js" };
      const suites: BuildOptions[] = [
        { entryPoints: ["test/engines/process.ts"], external: ["nanort"], alias: {} },
        { entryPoints: ["test/engines/workerd.ts"], external: ["nanort", "./nano.wasm"], alias: {}, ...WEB },
        { entryPoints: ["test/engines/browser.ts"], alias: served, external: ["/nanort/*"], ...WEB },
        {
          entryPoints: { "service-worker": "test/engines/browser.ts" },
          alias: { nanort: "./wasm-out/inline.js", "nanort/inline": "./wasm-out/inline.js" },
          ...WEB,
          format: "iife",
          logLevel: "error", // A classic script has no import.meta, and this one does without.
        },
      ];
      cpSync("test/engines/workerd.capnp", `${ENGINES}/workerd.capnp`);
      for (const options of suites) await bundle({ ...options, outdir: ENGINES });
      const missing = installOrExplain("test/engines");
      if (missing) return missing;
      const libraries = {
        entryPoints: ["test/engines/libraries.ts"],
        alias: served,
        external: ["/nanort/*"],
      };
      await bundle({ ...libraries, ...WEB, outdir: ENGINES });
      return `${suites.length + 1} bundles`;
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

/** What has declarations: the package's two entry points, and what declares the core for one of them. */
const TYPED = ["../ts/index.ts", "../ts/inline.ts", "../ts/host/core-file.d.ts"];

const DEFAULT_STEPS = ["core", "bundle", "types"];

const ENGINES = `${OUT}/engines`;

/** The package as npm would unpack it, as far as programs need it: engines look at more than at a link's target. */
function stagePackage(folder: string): void {
  const bundles = readdirSync(OUT).filter((name) => name.endsWith(".js"));
  for (const path of [
    "package.json",
    ...["nano.wasm", "js", "node", ...bundles].map((name) => `${OUT}/${name}`),
  ]) {
    cpSync(path, join(folder, path), { recursive: true });
  }
  const manifest = { private: true, type: "module", dependencies: { nanort: version } };
  writeFileSync(`${ENGINES}/package.json`, JSON.stringify(manifest));
  // Bun would go by the paths of the next one above, which lead to the sources.
  writeFileSync(`${ENGINES}/tsconfig.json`, "{}");
}

/** Compiles zig/exports.zig and everything below it to one module. */
function compileCore(mode: "ReleaseFast" | "ReleaseSafe", output: string, options = ["-fstrip"]): string {
  zig([
    ...["build-exe", "zig/exports.zig", "-target", "wasm32-freestanding", "-mcpu", FEATURES],
    ...["-O", mode, "-fno-entry", "-rdynamic", ...options],
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

/** Under which the Node build's index.js shows needed.js what it has inside: see `mergeNeeded`. */
const INSIDE = 'Symbol.for("nanort inside")';

/**
 * Puts all the chunks that index.js imports before anything runs into index.js itself: a file more is a file later, at the
 * start of every process. What it does not export, the other outputs import from needed.js, which takes it out of there
 * when one of them is loaded.
 *
 * @returns the paths of what is there now.
 */
async function mergeNeeded(outputs: Outputs): Promise<string[]> {
  const index = Object.keys(outputs).find((path) => path.endsWith("/index.js"))!;
  const folder = dirname(index);
  const needed = new Set<string>();
  const collect = (path: string) => {
    for (const { path: other, kind, external } of outputs[path]!.imports) {
      if (external || kind !== "import-statement" || needed.has(other)) continue;
      needed.add(other);
      collect(other);
    }
  };
  collect(index);

  // What two of them export by the same name has another one where it comes from needed.js.
  const specifier = (path: string) => `./${basename(path)}`;
  const names = new Map<string, Map<string, string>>();
  const taken = new Set<string>();
  for (const path of needed) {
    const renamed = new Map<string, string>();
    for (const name of outputs[path]!.exports) {
      let free = name;
      for (let count = 2; taken.has(free); count++) free = `${name}$${count}`;
      taken.add(free);
      renamed.set(name, free);
    }
    names.set(specifier(path), renamed);
  }
  const listed = (pairs: Iterable<[string, string]>) =>
    [...pairs].map(([name, as]) => (name === as ? name : `${name} as ${as}`)).join(",");
  const imports = [...names].map(([from, renamed]) => `import {${listed(renamed)}} from "${from}";`);
  const rest: Plugin = {
    name: "the rest is found later",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.{1,2}\// }, ({ path }) =>
        path === "./index.js" || names.has(path)
          ? { path: resolve(folder, path), sideEffects: true }
          : { path, external: true },
      ),
  };
  const show = `Object.defineProperty(Runtime, ${INSIDE}, { value: () => ({ ${[...taken].join(", ")} }) });`;
  await bundle({
    ...SMALLER,
    stdin: { contents: ['export * from "./index.js";', ...imports, show].join("\n"), resolveDir: folder },
    outfile: index,
    allowOverwrite: true,
    plugins: [rest],
  });
  for (const path of needed) rmSync(path);
  const others = Object.keys(outputs).filter((path) => path !== index && !needed.has(path));
  for (const path of others) {
    const imported: [string, string][] = [];
    const text = readFileSync(path, "utf8").replace(
      /import(?:\{([^}]*)\}from)?"(\.\/[^"]+)";/g,
      (statement, members: string | undefined, from: string) => {
        const renamed = names.get(from);
        if (!renamed) return statement;
        for (const member of members?.split(",") ?? []) {
          const [name, as = name] = member.split(" as ") as [string, string?];
          imported.push([renamed.get(name)!, as]);
        }
        return "";
      },
    );
    for (const from of names.keys())
      if (text.includes(from)) throw new Error(`${path} imports ${from} unseen`);
    const shebang = /^(#!.*\n)?/.exec(text)![0];
    const fromNeeded = imported.length > 0 ? `import{${listed(imported)}}from"./needed.js";` : "";
    writeFileSync(path, shebang + fromNeeded + text.slice(shebang.length));
  }
  const stub = `import{Runtime as index}from"./index.js";export const{${[...taken].join(",")}}=index[${INSIDE}]();\n`;
  writeFileSync(`${folder}/needed.js`, stub);
  return [index, `${folder}/needed.js`, ...others];
}

/** Bundles, for Node unless told otherwise; returns what it wrote, by path. */
async function bundle(options: BuildOptions): Promise<Outputs> {
  const { metafile } = await build({
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    chunkNames: "[name]-[hash]",
    external: ["nanort", "esbuild"],
    alias: { "#host": "./ts/host/node.ts", ...PARTS_INSIDE },
    loader: { ".wasm": "base64" },
    define: { NANO_VERSION: JSON.stringify(version) },
    logLevel: "warning",
    ...options,
    plugins: [LOADER, ...(options.plugins ?? [])],
    metafile: true,
  });
  return metafile.outputs;
}

/** Makes files that are shipped what they are to be; returns their sizes. */
async function finish(paths: string[]): Promise<string> {
  for (const path of paths) await makeConstants(path);
  return sizes(paths);
}

/**
 * Makes constants again of what was one before esbuild made bundles of it, in which all that modules declare are variables:
 * V8 compiles what it knows to be constant into code, and asks for a variable at each use. What something is assigned to
 * is found by esbuild's warnings, and stays. Statements are put together only then, so that each declares one thing.
 */
async function makeConstants(path: string): Promise<void> {
  const shared: TransformOptions = { charset: "utf8", format: "esm", logLevel: "silent" };
  const { code } = await transform(readFileSync(path, "utf8"), shared);
  const variables = new Set<string>();
  for (;;) {
    const constant = code.replace(/^var (?:([\w$]+) =|(?=\{))/gm, (declaration, name: string | undefined) =>
      name !== undefined && variables.has(name) ? declaration : `const${declaration.slice("var".length)}`,
    );
    const result = await transform(constant, { ...shared, ...SMALLER, minifySyntax: true });
    const warnings = result.warnings.filter(({ id }) => id === "assign-to-constant");
    if (warnings.length === 0) {
      writeFileSync(path, result.code);
      return;
    }
    const assigned = new Set(warnings.map(({ text }) => /"(.+)" is a constant/.exec(text)![1]!));
    for (const name of assigned) {
      if (variables.has(name)) throw new Error(`${path}: ${name} is assigned to, and declared among others`);
      variables.add(name);
    }
  }
}

/** Installs the packages of a folder that has a lockfile of its own, unless they are there. */
function installPeers(folder: string): void {
  const installed = `${folder}/node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${folder}/package-lock.json`).mtimeMs)
    return;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execute(npm, ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** As `installPeers`; but who has no registry at hand, and is not CI, gets a sentence and goes on without. */
function installOrExplain(folder: string): string | undefined {
  try {
    installPeers(folder);
  } catch (error) {
    if (process.env.CI) throw error;
    return `the packages of ${folder} are missing: ${(error as Error).message}`;
  }
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
      const list = Object.entries(STEPS).map(([key, { makes }]) => `  ${key.padEnd(14)}${makes}`);
      throw new Error(`no step named ${name}. The steps:\n${list.join("\n")}`);
    }
    await runStep(name, step, force);
  }
}

async function runStep(name: string, step: Step, force: boolean): Promise<void> {
  for (const needed of step.needs ?? []) await runStep(needed, STEPS[needed]!, false);
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
    `${name.padEnd(14)}${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${summary}`,
  );
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
});
