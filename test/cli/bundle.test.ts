// What `nanort bundle` writes, and what it refuses. Started on every engine it is in test/engines/bundle.test.ts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort } from "./nanort.ts";

const APP = `export default { fetch: () => new Response("hello") };`;

const FILES: Record<string, string[]> = {
  workerd: ["config.capnp", "main.js", "nano.wasm", "wrangler.toml"],
  deno: ["deno.json", "main.js", "nano.wasm"],
  bun: ["main.js", "nano.wasm", "package.json"],
  node: ["main.js", "nano.wasm", "package.json"],
  browser: ["index.html", "service-worker.js"],
};

test("each target gets its files, with their sizes, and the command that starts it", async () => {
  const app = folderWith({ "app.mjs": APP });
  for (const [target, files] of Object.entries(FILES)) {
    const out = join(folderWith({}), "out");
    const { code, stdout, stderr } = await nanort(["bundle", app, "--target", target, "--out", out]);
    assert.equal({ code, stderr }, { code: 0, stderr: "" });
    assert.equal(readdirSync(out).sort(), files);
    for (const file of files) assert.match(stdout, new RegExp(`^ {2}${file} +[\\d.]+ KiB  gzip`, "m"));
    assert.match(stdout.trim().split("\n").at(-1)!, out);
  }
});

test("the folder is dist by default; a bundle that is there makes way for the next", async () => {
  const cwd = folderWith({ "app.mjs": APP });
  for (const target of ["workerd", "node"]) await nanort(["bundle", "app.mjs", "-t", target], { cwd });
  assert.equal(readdirSync(join(cwd, "dist")).sort(), FILES.node);
});

test("workerd: the app's variables are bound, and modules of Node are asked for where they are used", async () => {
  const app = folderWith({ "My App.mjs": `import "node:path"; ${APP}`, "plain.mjs": APP });
  const bundle = async (file: string, ...args: string[]) => {
    const out = join(folderWith({}), "out");
    await nanort(["bundle", `${app}/${file}`, "--target", "workerd", "--out", out, ...args]);
    const [capnp, toml] = ["config.capnp", "wrangler.toml"].map((name) =>
      readFileSync(join(out, name), "utf8"),
    );
    return { capnp: capnp!, toml: toml! };
  };
  const { capnp, toml } = await bundle("My App.mjs", "--env", "ONE", "--env=TWO");
  assert.match(capnp, '(name = "ONE", fromEnvironment = "ONE")');
  assert.match(capnp, '(name = "TWO", fromEnvironment = "TWO")');
  assert.match(capnp, 'compatibilityFlags = ["nodejs_compat"]');
  assert.match(toml, 'name = "my-app"\n');
  assert.match(toml, 'compatibility_flags = ["nodejs_compat"]');
  const plain = await bundle("plain.mjs");
  assert.not.match(plain.capnp + plain.toml, /bindings|nodejs_compat|secret/);
});

test("node: packages in CommonJS, JSON and neighbours in TypeScript go in; the bundle needs nothing else", async () => {
  const folder = folderWith({
    "package.json": `{ "main": "server.ts", "type": "module" }`,
    "server.ts": `
      import { join } from "legacy";
      import data from "./data.json" with { type: "json" };
      import { shout } from "./neighbour";
      export default (request: Request, env: { WHO: string }): Response =>
        new Response(shout(join(data.greeting, env.WHO)));`,
    "neighbour.ts": "export const shout = (text: string): string => text.toUpperCase();",
    "data.json": `{ "greeting": "hello" }`,
    // A project's settings do not change what code means, here as little as under nanort serve.
    "tsconfig.json": `{ "compilerOptions": { "paths": { "legacy": ["./nowhere.ts"] } } }`,
  });
  mkdirSync(join(folder, "node_modules/legacy"), { recursive: true });
  writeFileSync(join(folder, "node_modules/legacy/package.json"), `{ "name": "legacy" }`);
  writeFileSync(
    join(folder, "node_modules/legacy/index.js"),
    `const path = require("path"); exports.join = (...parts) => parts.join(path.posix.sep);`,
  );
  const out = join(folderWith({}), "out");
  const { code, stderr } = await nanort(["bundle", folder, "--target", "node", "--out", out]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });

  const child = spawn(process.execPath, ["main.js"], {
    cwd: out,
    env: { ...process.env, PORT: "0", WHO: "world" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString().match(/http:\S+/)![0];
  assert.is(await (await fetch(url)).text(), "HELLO/WORLD");
  child.kill("SIGTERM");
  assert.equal(await once(child, "exit"), [0, null]);
});

test("what cannot be bundled is told in one line, with exit code 2, and nothing is written", async () => {
  const folder = folderWith({
    "app.mjs": APP,
    "no-default.mjs": "export const fetch = 1;",
    "typo.ts": `import { missing } from "./nowhere.ts";\nexport default missing;`,
    "syntax.ts": "export default {\n  fetch( { };\n",
    "await.mjs": `await 0;\n${APP}`,
    "files.mjs": `import "node:fs";\n${APP}`,
  });
  const mistakes: [args: string[], complaint: RegExp][] = [
    [[], /bundle needs an APP/],
    [["app.mjs"], /bundle needs a --target: workerd, deno, bun, node, browser/],
    [["app.mjs", "more", "--target", "node"], /takes one APP, not also more/],
    [["app.mjs", "--target", "denno"], /no target named denno; did you mean deno\?/],
    [["app.mjs", "--target", "toString"], /no target named toString/],
    [["missing.mjs", "--target", "node"], /no such file or folder: missing\.mjs/],
    [
      ["app.mjs", "--target", "node", "--env", "ONE"],
      /--env is for workerd: node gives the whole environment/,
    ],
    [["app.mjs", "--target", "workerd", "--env", "A=1"], /name of an environment variable, not "A=1"/],
    [["app.mjs", "--target", "node", "--out", "."], /\. has other files, such as app\.mjs: give a folder/],
    [["app.mjs", "--target", "node", "--out", "app.mjs/x"], /cannot be written: ENOTDIR/],
    [["no-default.mjs", "--target", "node"], /no-default\.mjs is no app: it has no default export/],
    [["typo.ts", "--target", "deno"], /typo\.ts:1:25: Could not resolve "\.\/nowhere\.ts"/],
    [["syntax.ts", "--target", "bun"], /syntax\.ts:2:\d+: Expected/],
    [["await.mjs", "--target", "browser"], /await\.mjs:1:1: a service worker allows no top-level await/],
    [["files.mjs", "--target", "browser"], /files\.mjs:1:8: node:fs is a module of Node, which browsers/],
  ];
  const outcomes = await Promise.all(mistakes.map(([args]) => nanort(["bundle", ...args], { cwd: folder })));
  for (const [at, { code, stdout, stderr }] of outcomes.entries()) {
    const [args, complaint] = mistakes[at]!;
    assert.match(stderr, /^nanort: [^\n]+\n$/, args.join(" "));
    assert.match(stderr, complaint);
    assert.equal({ code, stdout }, { code: 2, stdout: "" });
  }
  assert.not(existsSync(join(folder, "dist")));
});

test("an app that lies where the bundle would go is left alone, whatever it is named", async () => {
  const folder = folderWith({ "main.js": APP, "package.json": `{ "type": "module" }` });
  const { code, stderr } = await nanort(["bundle", folder, "--target", "node", "--out", folder]);
  assert.is(code, 2);
  assert.match(stderr, "has other files, such as main.js");
  assert.is(readFileSync(join(folder, "main.js"), "utf8"), APP);
});

test.run();
