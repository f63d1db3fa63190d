import { once } from "node:events";
import { connect } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort, type Served, serving } from "./nanort.ts";

const APP = `export default { fetch: (request) => new Response("served " + new URL(request.url).pathname) };`;

async function stops(served: Served): Promise<void> {
  const { code, stderr } = await served.stop();
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
}

for (const [files, what] of [
  [{ "app.ts": APP.replace("(request)", "(request: Request)") }, "app.ts"],
  [{ "index.js": APP, "package.json": `{ "type": "module" }` }, "index.js"],
  [{ "main.mjs": APP }, "main.mjs"],
  [{ "other.mjs": APP, "app.mjs": "", "package.json": `{ "main": "other.mjs" }` }, "package.json's main"],
] as [Record<string, string>, string][]) {
  test(`serves a folder by its ${what}`, async () => {
    const served = await serving(["serve", folderWith(files)]);
    assert.is(await (await fetch(`${served.url}/x`)).text(), "served /x");
    await stops(served);
  });
}

test("an app gets the environment, its globals and its runtime", async () => {
  const folder = folderWith({
    "app.ts": `
      import type { AppContext } from "nanort";
      import { createRuntime } from "nanort";
      export default {
        async fetch(_: Request, env: { GREETING: string }, ctx: AppContext) {
          ctx.waitUntil(Promise.resolve());
          const own = crypto === nano.crypto && setTimeout === nano.setTimeout && typeof createRuntime;
          return new Response([env.GREETING, own, ctx.remoteAddress].join(" "));
        },
      };`,
  });
  const served = await serving(["serve", `${folder}/app.ts`], { env: { GREETING: "hello" } });
  assert.is(await (await fetch(served.url)).text(), "hello function 127.0.0.1");
  await stops(served);
});

test("it says where, and what to try: the curl lines of the README", async () => {
  const folder = folderWith({
    "app.mjs": APP,
    "README.md": "# App\n\n    curl -i http://127.0.0.1:8080/try/this\n    unrelated\n",
  });
  const served = await serving(["serve", folder]);
  assert.match(served.printed(), `curl -i ${served.url}/try/this\n`);
  assert.not.match(served.printed(), "unrelated");
  await stops(served);
});

test("PORT says where to listen; --port goes before it", async () => {
  const app = folderWith({ "app.mjs": APP });
  const [byFlag, byEnvironment] = await Promise.all([
    serving(["serve", app], { env: { PORT: "1" } }),
    nanort(["serve", app], { env: { PORT: "99999" } }),
  ]);
  assert.is.not(new URL(byFlag.url).port, "1");
  assert.match(byEnvironment.stderr, 'PORT must be a whole number from 0 to 65535, not "99999"');
  await stops(byFlag);
});

test("--log prints a line for each request, and nothing does without it", async () => {
  const app = folderWith({ "app.mjs": APP });
  const [logging, quiet] = await Promise.all([serving(["serve", app, "--log"]), serving(["serve", app])]);
  const greeting = quiet.printed();
  for (const { url } of [logging, quiet]) await (await fetch(`${url}/a?b=c`, { method: "POST" })).text();
  const [logged, unlogged] = await Promise.all([logging.stop(), quiet.stop()]);
  assert.match(logged.stdout, /^POST \/a\?b=c 200 [\d.]+ ms$/m);
  assert.is(unlogged.stdout, greeting);
});

test("an app's mistakes are logged with the lines of its code, and the server goes on", async () => {
  const folder = folderWith({
    "app.ts": `
      export default {
        fetch(request: Request): Response {
          const { pathname } = new URL(request.url);
          if (pathname === "/throws") throw new Error("thrown");
          if (pathname === "/floats") Promise.reject(new Error("floated"));
          if (pathname === "/ticks") setTimeout(() => { throw new Error("ticked"); });
          return new Response("fine");
        },
      };`,
  });
  const served = await serving(["serve", folder]);
  const statuses: number[] = [];
  for (const path of ["/throws", "/floats", "/ticks", "/"]) {
    const response = await fetch(served.url + path);
    statuses.push(response.status);
    assert.not.match(await response.text(), "thrown");
  }
  assert.equal(statuses, [500, 200, 200, 200]);
  const { code, stderr } = await served.stop();
  assert.is(code, 0);
  for (const [line, word] of ["thrown", "floated", "ticked"].entries()) {
    assert.match(stderr, `Error: ${word}`);
    assert.match(stderr, new RegExp(`app\\.ts:${line + 5}:`));
  }
});

test("an app that fails while it is loaded is uncaught: a stack and exit code 1", async () => {
  const folder = folderWith({ "app.ts": `\nconst a: string = "no app today";\nthrow new Error(a);` });
  const { code, stdout, stderr } = await nanort(["serve", folder]);
  assert.equal({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, /app\.ts:3/);
  assert.match(stderr, "Error: no app today");
});

/** Answers once it has been told to stop, and then some. */
const SLOW = `
  export default {
    async fetch() {
      console.log("began");
      await new Promise((resolve) => process.once("SIGTERM", () => setTimeout(resolve, 50)));
      return new Response("whole");
    },
  };`;

test("SIGTERM: running requests finish, no new connection is taken, exit code 0", async () => {
  const served = await serving(["serve", folderWith({ "app.mjs": SLOW })]);
  const { hostname, port } = new URL(served.url);
  const idle = connect(Number(port), hostname);
  await once(idle, "connect");
  const began = once(served.process.stdout!, "data");
  const answer = fetch(served.url);
  await began;

  served.process.kill("SIGTERM");
  await once(idle.resume(), "close");
  const [refused] = await once(connect(Number(port), hostname), "error");
  assert.is(refused.code, "ECONNREFUSED");
  assert.is(await (await answer).text(), "whole");
  assert.is((await served.ended).code, 0);
});

test("a second signal stops at once", async () => {
  const served = await serving(["serve", folderWith({ "app.mjs": SLOW })]);
  const { hostname, port } = new URL(served.url);
  const idle = connect(Number(port), hostname);
  await once(idle, "connect");
  const began = once(served.process.stdout!, "data");
  const answer = fetch(served.url).catch((error: Error) => error);
  await began;

  served.process.kill("SIGINT");
  await once(idle.resume(), "close");
  served.process.kill("SIGINT");
  assert.is((await served.ended).code, 130);
  assert.instance(await answer, Error);
});

test.run();
