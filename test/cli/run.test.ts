import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort } from "./nanort.ts";

const folder = folderWith({
  "globals.mjs": `
    const { digest } = crypto.subtle;
    import * as timers from "node:timers";
    const names = ["queueMicrotask", "atob", "btoa"];
    console.log(names.filter((name) => globalThis[name] !== nano[name]), crypto === nano.crypto);
    console.log(["setTimeout", "setInterval"].filter((name) => globalThis[name] === timers[name]));
    console.log([...new Uint8Array(await crypto.subtle.digest("SHA-1", new Uint8Array()))].slice(0, 2));
    console.log(Object.keys(globalThis).includes("nano"), setInterval(() => {}, 60_000).unref().hasRef());
  `,
  "arguments.mjs": `console.log(JSON.stringify(process.argv.slice(2)), import.meta.url.endsWith(process.argv[1]));`,
  "work.mjs": `
    let left = 3;
    const interval = setInterval(() => {
      console.log(left);
      if (--left === 0) clearInterval(interval);
    }, 1);
  `,
  "fails.ts": `
    interface Reason {
      text: string;
    }
    function fail(reason: Reason): never {
      throw new TypeError(reason.text, { cause: new Error("the cause") });
    }
    const reason: Reason = { text: "on purpose" };
    const [, , how] = process.argv;
    if (how === "at once") fail(reason);
    if (how === "in a timer") setTimeout(() => fail(reason), 1);
    if (how === "in a microtask") queueMicrotask(() => fail(reason));
    if (how === "in a promise") Promise.resolve().then(() => fail(reason));
    setTimeout(() => console.log("went on"), 10_000);
  `,
  "exits.mjs": `process.exitCode = 7;`,
  "never.mjs": `await new Promise(() => {});`,
  "handled.mjs": `
    process.on("uncaughtException", (error) => console.log("handled", error.message));
    setTimeout(() => { throw new Error("first"); }, 1);
    setTimeout(() => console.log("went on"), 2);
  `,
  "syntax.ts": `const a: number = 1;\nconst b: = 2;\n`,
  "syntax.mjs": `const a = 1;\nconst = 2;\n`,
  "missing.ts": `import "./nowhere.ts";`,
  "host.mjs": `
    import { createServer } from "node:http";
    const server = createServer(async (request, response) => {
      const digest = await crypto.subtle.digest("SHA-256", new Uint8Array());
      response.end(String(digest.byteLength), () => server.close());
    });
    server.listen(0, async () => {
      await nano.idle();
      const response = await fetch("http://127.0.0.1:" + server.address().port, { headers: { connection: "close" } });
      console.log(await response.text());
    });
  `,
  "proxied.mjs": `
    console.log(fetch === nano.fetch, await (await fetch("http://elsewhere.invalid/x")).text());
  `,
  "main.ts": `
    import { helper } from "./helper";
    import { other } from "./other.js";
    import * as library from "nanort";
    enum Kind { A = "kind A" }
    console.log(helper<string>("extensionless"), other satisfies string, Kind.A);
    console.log(nano instanceof library.Runtime);
  `,
  "helper.ts": `export const helper = <T>(value: T): T => value;`,
  "other.ts": `export const other: string = ".js for .ts";`,
  "library.mjs": `
    import { createRuntime, Runtime } from "nanort";
    const own = await createRuntime();
    console.log(own instanceof Runtime, nano instanceof Runtime, own !== nano);
    await own.close();
  `,
});

const run = (file: string, ...args: string[]) => nanort(["run", `${folder}/${file}`, ...args]);

test("a script finds NANO's functions as globals", async () => {
  const { stdout, stderr } = await run("globals.mjs");
  assert.is(stdout, "[] true\n[]\n[ 218, 57 ]\nfalse false\n");
  assert.is(stderr, "");
});

test("fetch is NANO's, and goes by the proxies of the environment", async () => {
  const proxy = createServer(({ url }, response) => response.end(url));
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const env = { http_proxy: `http://127.0.0.1:${port}`, no_proxy: "" };
  const { stdout, stderr } = await nanort(["run", `${folder}/proxied.mjs`], { env });
  assert.equal([stdout, stderr], ["true http://elsewhere.invalid/x\n", ""]);
  proxy.close();
});

test("a proxy that cannot be used is told of, and done without", async () => {
  const env = { http_proxy: "", HTTP_PROXY: "", https_proxy: "", HTTPS_PROXY: "", all_proxy: "socks5://x" };
  const { stdout, stderr } = await nanort(["run", `${folder}/globals.mjs`], { env });
  assert.match(stdout, /^\[\] true\n/);
  assert.match(stderr, /^nanort: the environment's proxy cannot be used: fetch\.proxy: socks5: is no scheme/);
});

test("what stands behind the file is the script's own", async () => {
  const { code, stdout } = await run("arguments.mjs", "a b", "--help", "--", "-x");
  assert.is(stdout, '["a b","--help","--","-x"] true\n');
  assert.is(code, 0);
});

test("a script ends when its timers have", async () => {
  assert.equal(await run("work.mjs"), { code: 0, stdout: "3\n2\n1\n", stderr: "" });
});

test("the exit code is the script's", async () => {
  assert.is((await run("exits.mjs")).code, 7);
});

for (const how of ["at once", "in a timer", "in a microtask", "in a promise"]) {
  test(`an error that nobody catches ends the script ${how}, and its stack names the TypeScript lines`, async () => {
    const { code, stdout, stderr } = await run("fails.ts", how);
    assert.is(code, 1);
    assert.is(stdout, "");
    assert.match(stderr, "TypeError: on purpose");
    assert.match(stderr, /at fail \(.*fails\.ts:6:\d+\)/);
    assert.match(stderr, "[cause]: Error: the cause");
    assert.not.match(stderr, /^ +at .*(node:|wasm-out)/m, "no frames of Node or of the runtime");
  });
}

test("a script that handles uncaught errors itself goes on", async () => {
  assert.equal(await run("handled.mjs"), { code: 0, stdout: "handled first\nwent on\n", stderr: "" });
});

test("a script that waits for what cannot happen is told so", async () => {
  const { code, stderr } = await run("never.mjs");
  assert.is(code, 13);
  assert.match(stderr, /never\.mjs awaits something that can no longer happen/);
});

test("a syntax error is shown with its place", async () => {
  const [typescript, javascript] = await Promise.all([run("syntax.ts"), run("syntax.mjs")]);
  assert.is(typescript.code, 1);
  assert.match(typescript.stderr, /syntax\.ts:2\nconst b: = 2;\n +\^\n\nSyntaxError/);
  assert.is(javascript.code, 1);
  assert.match(javascript.stderr, /syntax\.mjs:2\nconst = 2;\n +\^/);
});

test("an import that leads nowhere is one line", async () => {
  const { code, stderr } = await run("missing.ts");
  assert.is(code, 1);
  assert.match(
    stderr,
    /^Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module '.*nowhere\.ts' imported from .*\n$/,
  );
});

test("the runtime stays open while the script holds something of the host's", async () => {
  assert.equal(await run("host.mjs"), { code: 0, stdout: "32\n", stderr: "" });
});

test("TypeScript: neighbours without extension or with .js, enums, and nanort itself", async () => {
  const { code, stdout, stderr } = await run("main.ts");
  assert.is(stderr, "");
  assert.is(stdout, "extensionless .js for .ts kind A\ntrue\n");
  assert.is(code, 0);
});

test("nanort needs no installation, and is the command's own", async () => {
  assert.equal(await run("library.mjs"), { code: 0, stdout: "true true true\n", stderr: "" });
});

test.run();
