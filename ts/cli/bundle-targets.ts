/**
 * What `nanort bundle` writes for each engine: which of the package's builds goes in, how it begins, and the few lines of
 * configuration that the engine asks for.
 */
import { join } from "node:path";
import type { BuildOptions } from "esbuild";

/** The core's file, beside the bundle. */
export const CORE = "nano.wasm";

export interface Target {
  /** The start module, in js/start. */
  start: string;
  /** The package's own build for the engine. */
  library: string;
  /** What that build's `#host` is, if it asks. */
  host?: string;
  /** The bundle's file. */
  output: string;
  /** Whether the core lies beside the bundle; if not, it is inside. */
  separateCore: boolean;
  /** Whether the engine has Node's modules. */
  hasNode: boolean;
  options: BuildOptions;
  /** The files of configuration, by name. */
  configuration(app: Facts): Record<string, string>;
  /** The command that starts it. */
  command(folder: string): string;
}

/** What a configuration may have to know. */
export interface Facts {
  /** Of the app, in lower-case letters, digits and hyphens. */
  name: string;
  /** Names of environment variables that the app is to find in `env`. */
  env: string[];
  /** Whether modules of Node are imported. */
  usesNode: boolean;
}

/** Packages in CommonJS call `require` for what Node has; an ES module has to make its own. */
const REQUIRE = `import { createRequire as createBundleRequire } from "node:module";
const require = createBundleRequire(import.meta.url);`;

const SERVER: BuildOptions = { format: "esm", platform: "node", banner: { js: REQUIRE } };

export const TARGETS: Record<string, Target> = {
  workerd: {
    start: "workerd.ts",
    library: "workerd.js",
    output: "main.js",
    separateCore: true,
    hasNode: true,
    options: { format: "esm", platform: "browser", target: "esnext", conditions: ["workerd", "worker"] },
    configuration: (app) => ({ "config.capnp": workerdConfig(app), "wrangler.toml": wranglerConfig(app) }),
    command: (folder) => `npx workerd serve ${join(folder, "config.capnp")}`,
  },
  deno: {
    start: "deno.ts",
    library: "js/index.js",
    host: "js/host-deno.js",
    output: "main.js",
    separateCore: true,
    hasNode: true,
    options: { ...SERVER, target: "esnext", conditions: ["deno"] },
    configuration: () => ({ "deno.json": json({ tasks: { start: denoCommand("main.js") } }) }),
    command: (folder) => denoCommand(join(folder, "main.js")),
  },
  bun: {
    start: "bun.ts",
    library: "js/index.js",
    host: "js/host-bun.js",
    output: "main.js",
    separateCore: true,
    hasNode: true,
    options: { ...SERVER, target: "esnext", conditions: ["bun"] },
    configuration: (app) => ({ "package.json": packageJson(app, "bun main.js") }),
    command: (folder) => `bun ${join(folder, "main.js")}`,
  },
  node: {
    start: "node.ts",
    library: "js/index.js",
    host: "js/start/node-host.ts",
    output: "main.js",
    separateCore: true,
    hasNode: true,
    options: { ...SERVER, target: "node20", conditions: [] },
    configuration: (app) => ({ "package.json": packageJson(app, "node main.js") }),
    command: (folder) => `node ${join(folder, "main.js")}`,
  },
  browser: {
    start: "service-worker.ts",
    library: "inline.js",
    output: "service-worker.js",
    separateCore: false,
    hasNode: false,
    // Firefox takes modules as service workers since version 147 only.
    options: { format: "iife", platform: "browser", target: "es2022", minify: true, keepNames: true },
    configuration: ({ name }) => ({ "index.html": installPage(name) }),
    command: (folder) => `python3 -m http.server 8080 --bind 127.0.0.1 --directory ${folder}`,
  },
};

/** The names of all files that any bundle has. */
export function fileNames(): Set<string> {
  const facts: Facts = { name: "", env: [], usesNode: false };
  const targets = Object.values(TARGETS);
  return new Set([
    CORE,
    ...targets.flatMap((target) => [target.output, ...Object.keys(target.configuration(facts))]),
  ]);
}

/**
 * The last day whose changes to workerd apply: https://developers.cloudflare.com/workers/configuration/compatibility-dates/
 * This is the one that NANO is tested with.
 */
const COMPATIBILITY_DATE = "2025-05-05";

/** https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
function workerdConfig({ name, env, usesNode }: Facts): string {
  const bindings = env.map((variable) => `    (name = "${variable}", fromEnvironment = "${variable}"),\n`);
  return `# workerd serve config.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "${name}", worker = .app) ],
  sockets = [ (name = "http", address = "127.0.0.1:8080", http = (), service = "${name}") ],
);

const app :Workerd.Worker = (
  compatibilityDate = "${COMPATIBILITY_DATE}",
${usesNode ? '  compatibilityFlags = ["nodejs_compat"],\n' : ""}  modules = [
    (name = "main.js", esModule = embed "main.js"),
    (name = "${CORE}", wasm = embed "${CORE}"),
  ],
${bindings.length > 0 ? `  bindings = [\n${bindings.join("")}  ],\n` : ""});
`;
}

/** https://developers.cloudflare.com/workers/wrangler/configuration/ */
function wranglerConfig({ name, env, usesNode }: Facts): string {
  const secrets = env.map((variable) => `# env.${variable}: npx wrangler secret put ${variable}\n`);
  return `# npx wrangler deploy
name = "${name}"
main = "main.js"
compatibility_date = "${COMPATIBILITY_DATE}"
${usesNode ? 'compatibility_flags = ["nodejs_compat"]\n' : ""}# It is a bundle already: wrangler takes the files as they are.
no_bundle = true
${secrets.join("")}`;
}

function denoCommand(file: string): string {
  return `deno serve --host 127.0.0.1 --port 8080 --allow-env --allow-net ${file}`;
}

function packageJson({ name }: Facts, start: string): string {
  return json({ name, private: true, type: "module", scripts: { start } });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** What a visitor gets before the service worker is there: it installs it, and comes again. */
function installPage(name: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${name}</title>
<p>Starting…</p>
<script type="module">
  const say = (text) => (document.querySelector("p").textContent = text);
  if (!("serviceWorker" in navigator)) {
    say("This page needs a service worker, which browsers allow on https and on localhost only.");
  } else {
    try {
      await navigator.serviceWorker.register("service-worker.js");
      await navigator.serviceWorker.ready;
      location.reload();
    } catch (error) {
      say("The service worker cannot be started: " + error.message);
    }
  }
</script>
</html>
`;
}
