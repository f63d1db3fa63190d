/** How programs use the installed package, row by row. Each row does it for real, and checks the digest that comes out. */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { digestInPage } from "./browsers.ts";
import { BINARIES, binary, MissingEngine } from "./engines.ts";
import { copy, execute, type PackedProject, textOf } from "./packed-project.ts";

export interface Row {
  name: string;
  /** What there is to say; rejects when it does not work. */
  run(): Promise<string>;
}

/** SHA-256 of "abc" begins so: FIPS 180-4's example. */
const ABC = "ba7816bf";

const digest = (how: string) => `
const digest = ${how}.subtleSync.digest("SHA-256", new TextEncoder().encode("abc"));
console.log([...new Uint8Array(digest, 0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
`;
const asynchronous = (from: string) =>
  `import { createRuntime } from "${from}";${digest("(await createRuntime())")}`;
const synchronous = (from: string) =>
  `import { createRuntimeSync } from "${from}";${digest("createRuntimeSync()")}`;
const required = `const { createRuntimeSync } = require("nanort");${digest("createRuntimeSync()")}`;
/** With an icon, since browsers ask for one, and print that it is missing. */
const html =
  '<!doctype html><title>NANO</title><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>';

/** What else than the package's own documents may be in it. */
const SHIPPED =
  /^(?:examples\/|wasm-out\/(?:nano\.wasm|(?:browser|inline|workerd|core)\.js|js\/|node\/|types\/.*\.d\.ts$))/;
const DOCUMENTS = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];

export function packRows({ folder, tarball, files, write }: PackedProject): Row[] {
  const programs = write("programs", {
    "async.mjs": asynchronous("nanort"),
    "sync.mjs": synchronous("nanort"),
    "inline.mjs": synchronous("nanort/inline"),
    "wasm.mjs": `import { createRuntime } from "nanort";
      import { readFileSync } from "node:fs";
      const wasm = readFileSync(new URL(import.meta.resolve("nanort/nano.wasm")));${digest("(await createRuntime({ wasm }))")}`,
    "require.cjs": required,
    // What a bundler starts from: the same program, without an await at the top.
    "main.js": `import { createRuntime } from "nanort";
      createRuntime().then((nano) => {${digest("nano")}});`,
    "main-inline.js": synchronous("nanort/inline"),
    "worker.js": `import { createRuntimeSync } from "nanort";
      const nano = createRuntimeSync();
      export default { async fetch(request) {
        const app = await nano.load({ fetch: (request) => new Response(nano.btoa(request.url)) });
        return app.fetch(request);
      } };`,
    "index.html": html,
    "use.ts": TYPED_PROGRAM,
  });

  const runs = (name: string, command: () => string, args: string[]): Row => ({
    name,
    run: async () => expectDigest(await execute(command(), args, programs)),
  });
  const node = () => process.execPath;
  const { deno, bun, workerd } = BINARIES;
  const line = (version: string) => () => BINARIES.node(version);

  return [
    {
      name: "the tarball holds the library and nothing else",
      run: async () => {
        const others = files.filter((path) => !SHIPPED.test(path) && !DOCUMENTS.includes(path));
        if (others.length > 0) throw new Error(`not meant to be shipped: ${others.join(", ")}`);
        const missing = DOCUMENTS.filter((path) => !files.includes(path));
        if (missing.length > 0) throw new Error(`not in it: ${missing.join(", ")}`);
        return "";
      },
    },

    runs("node: import", node, ["async.mjs"]),
    runs("node: import, createRuntimeSync", node, ["sync.mjs"]),
    runs("node: import nanort/inline", node, ["inline.mjs"]),
    runs("node: nanort/nano.wasm by hand", node, ["wasm.mjs"]),
    runs("node: require", node, ["require.cjs"]),
    runs("node 20.0: import", line("20.0"), ["async.mjs"]),
    {
      name: "node 20.0: require says what to do",
      run: async () => {
        const output = await execute(line("20.0")(), ["require.cjs"], programs, 1);
        const said = /nanort is an ES module: .*await import\("nanort"\)/.exec(output)?.[0];
        if (!said) throw new Error(output);
        return said;
      },
    },
    runs("node 22: require", line("22"), ["require.cjs"]),
    runs("node 26: require", line("26"), ["require.cjs"]),
    {
      name: "node: the command",
      run: async () => {
        const cli = join(folder, "node_modules/nanort/wasm-out/js/cli.js");
        const { checks } = JSON.parse(await execute(node(), [cli, "info", "--json"], folder)) as {
          checks: { name: string; ok: boolean }[];
        };
        const failed = checks.filter(({ ok }) => !ok);
        if (checks.length === 0 || failed.length > 0) throw new Error(JSON.stringify(failed));
        return `${checks.length} checks`;
      },
    },

    runs("deno: without any permission", deno, ["run", "--no-prompt", "async.mjs"]),
    runs("deno: createRuntimeSync", deno, ["run", "--no-prompt", "sync.mjs"]),
    runs("bun: import", bun, ["async.mjs"]),
    runs("bun: require", bun, ["require.cjs"]),
    {
      name: "bun build",
      run: async () => {
        await execute(bun(), ["build", "--target=bun", "--outdir=bun-build", "sync.mjs"], programs);
        return expectDigest(await execute(bun(), ["bun-build/sync.js"], programs));
      },
    },

    {
      name: "esbuild: one file for node, nanort/inline",
      run: async () => {
        const outfile = write("esbuild-node", {});
        await esbuild({
          entryPoints: [join(programs, "main-inline.js")],
          outfile: `${outfile}/main.cjs`,
          platform: "node",
        });
        return expectDigest(await execute(node(), ["main.cjs"], outfile));
      },
    },
    {
      name: "esbuild: browser, nano.wasm copied beside",
      run: async () => {
        const outdir = write("esbuild-browser", { "index.html": html });
        await esbuild({ entryPoints: [join(programs, "main.js")], outdir, format: "esm" });
        copy(join(folder, "node_modules/nanort/wasm-out/nano.wasm"), join(outdir, "nano.wasm"));
        return digestInPage(outdir);
      },
    },
    {
      name: "no bundler: a page and an import map",
      run: async () => {
        const map = '<script type="importmap">{"imports":{"nanort":"./nanort/browser.js"}}</script>';
        const site = write("plain", {
          "index.html": map + html,
          "main.js": textOf(join(programs, "main.js")),
        });
        const from = join(folder, "node_modules/nanort/wasm-out");
        for (const name of ["browser.js", "nano.wasm"]) copy(join(from, name), join(site, "nanort", name));
        return digestInPage(site);
      },
    },
    {
      name: "vite build",
      run: async () => {
        const { build } = await peer<{ build(options: object): Promise<unknown> }>("vite");
        await build({ root: programs, logLevel: "error", build: { outDir: "vite-build" } });
        return digestInPage(join(programs, "vite-build"));
      },
    },
    {
      name: "vite dev",
      run: async () => {
        const { createServer } = await peer<{ createServer(options: object): Promise<ViteServer> }>("vite");
        const server = await createServer({
          root: programs,
          logLevel: "error",
          server: { port: 0, hmr: false },
        });
        try {
          await server.listen();
          return await digestInPage(server.resolvedUrls!.local[0]!);
        } finally {
          await server.close();
        }
      },
    },
    {
      name: "webpack",
      run: async () => {
        const { default: webpack } = await peer<{ default: Webpack }>("webpack");
        const path = write("webpack", { "index.html": html.replace(' type="module"', "") });
        const output = { path, filename: "main.js" };
        await new Promise<void>((done, fail) => {
          webpack({ mode: "production", context: programs, entry: "./main.js", output }, (error, stats) => {
            if (error || stats!.hasErrors()) fail(error ?? new Error(stats!.toString()));
            else done();
          });
        });
        return digestInPage(path);
      },
    },
    {
      name: "workerd, bundled by esbuild",
      run: async () => {
        const outdir = write("workerd", { "config.capnp": WORKERD_CONFIG });
        await esbuild({
          entryPoints: [join(programs, "worker.js")],
          outdir,
          format: "esm",
          conditions: ["workerd", "worker", "browser"],
          loader: { ".wasm": "copy" },
          assetNames: "[name]",
          external: ["cloudflare:sockets"],
        });
        const server = spawn(workerd(), ["serve", "config.capnp", "--control-fd=3"], {
          cwd: outdir,
          stdio: ["ignore", "ignore", "inherit", "pipe"],
        });
        try {
          const url = `http://127.0.0.1:${await workerdPort(server)}/`;
          const answer = await (await fetch(url)).text();
          if (answer !== btoa(url)) throw new Error(answer);
          return answer;
        } finally {
          server.kill();
        }
      },
    },

    ...["--module nodenext", "--module esnext --moduleResolution bundler"].map((options) => ({
      name: `types: ${options}`,
      run: async () => {
        const tsc = join(
          dirname(createRequire(resolve("build.ts")).resolve("typescript/package.json")),
          "bin/tsc",
        );
        return execute(
          node(),
          [tsc, "--noEmit", "--strict", "--target", "es2022", ...options.split(" "), "use.ts"],
          programs,
        );
      },
    })),
    {
      name: "types: publint",
      run: async () => {
        const cli = binary("publint", "src/cli.js");
        const output = await execute(node(), [cli, join(folder, "node_modules/nanort"), "--strict"], folder);
        return output.trim().split("\n").at(-1)!;
      },
    },
    {
      name: "types: are the types wrong",
      run: async () => {
        const cli = binary("@arethetypeswrong/cli", "dist/index.js");
        const args = [
          cli,
          tarball,
          "--profile",
          "esm-only",
          "--ignore-rules",
          "false-esm",
          "--exclude-entrypoints",
          "./nano.wasm",
          "--format",
          "ascii",
        ];
        await execute(node(), args, folder);
        return "no problems (profile esm-only)";
      },
    },
  ];
}

function expectDigest(output: string): string {
  if (output.trim() !== ABC) throw new Error(output);
  return ABC;
}

interface ViteServer {
  listen(): Promise<unknown>;
  close(): Promise<void>;
  resolvedUrls: { local: string[] } | null;
}

type Webpack = (
  options: object,
  done: (error: Error | null, stats?: { hasErrors(): boolean; toString(): string }) => void,
) => void;

/** A package of test/engines, imported. */
async function peer<Module>(name: string): Promise<Module> {
  const require = createRequire(resolve("test/engines/package.json"));
  let path: string;
  try {
    path = require.resolve(name);
  } catch {
    throw new MissingEngine(`${name} is not installed in test/engines`);
  }
  return (await import(pathToFileURL(path).href)) as Module;
}

async function esbuild(options: object): Promise<void> {
  const { build } = await import("esbuild");
  await build({ bundle: true, logLevel: "error", ...options });
}

function workerdPort(server: ChildProcess): Promise<number> {
  return new Promise((found, fail) => {
    server.stdio[3]!.on("data", (chunk: Buffer) => found(Number(/"port":(\d+)/.exec(chunk.toString())?.[1])));
    server.on("exit", (code) => fail(new Error(`workerd ended with code ${code}`)));
  });
}

const WORKERD_CONFIG = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .main) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);
const main :Workerd.Worker = (
  compatibilityDate = "2025-05-05",
  modules = [ (name = "worker.js", esModule = embed "worker.js"), (name = "nano.wasm", wasm = embed "nano.wasm") ],
);
`;

const TYPED_PROGRAM = `
import { type AppContext, createRuntime, createRuntimeSync, memoryHost, type Runtime, virtualClock } from "nanort";
import { createRuntime as createInline } from "nanort/inline";

const nano: Runtime = await createRuntime({ clock: virtualClock(), host: memoryHost({ seed: 1 }) });
export const digest: ArrayBuffer = nano.subtleSync.digest("SHA-256", new Uint8Array(3));
const app = {
  fetch(request: Request, _env: unknown, ctx: AppContext): Response {
    ctx.waitUntil(Promise.resolve());
    return new Response(request.url);
  },
};
export const server = await nano.serve({ app, port: 0 });
export const others: Runtime[] = [createRuntimeSync(), await createInline()];
`;
