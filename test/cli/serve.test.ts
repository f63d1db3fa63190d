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

/** Says which process answers; /end ends it. */
const PID = `
  export default {
    fetch(request) {
      if (request.url.endsWith("/end")) setImmediate(() => process.exit(3));
      return new Response(String(process.pid));
    },
  };`;

/** Who answers, over some connections. */
async function processesOf(served: Served, connections: number): Promise<Set<string>> {
  const pids = new Set<string>();
  for (let i = 0; i < connections; i++) {
    const answer = await fetch(served.url, { headers: { connection: "close" } });
    pids.add(await answer.text());
  }
  return pids;
}

test("--workers: several processes answer on one port, and stop together", async () => {
  const served = await serving(["serve", folderWith({ "app.mjs": PID }), "--workers", "2"]);
  assert.match(served.printed(), "by 2 processes");
  const pids = await processesOf(served, 8);
  assert.is(pids.size, 2);
  assert.not.ok(pids.has(String(served.process.pid)));
  await stops(served);
  for (const pid of pids) assert.throws(() => process.kill(Number(pid), 0), /ESRCH/);
});

test("--workers: what an app says to the process that started it is not taken for the workers' own", async () => {
  const app = `${PID} for (const message of [null, "ready", { url: "?" }]) process.send?.(message);`;
  const served = await serving(["serve", folderWith({ "app.mjs": app }), "--workers", "2"]);
  assert.is((await processesOf(served, 8)).size, 2);
  await stops(served);
});

test("--workers: another takes the place of one that ended", async () => {
  const served = await serving(["serve", folderWith({ "app.mjs": PID }), "--workers", "2"]);
  const told = once(served.process.stderr!, "data");
  const before = await processesOf(served, 4);
  const gone = await (await fetch(`${served.url}/end`)).text();
  assert.match(String(await told), `worker ${gone} ended (exit code 3); another takes its place`);
  let after = new Set<string>();
  while (after.size < 2) after = await processesOf(served, 4);
  assert.not.ok(after.has(gone));
  assert.is([...after].filter((pid) => before.has(pid)).length, 1);
  assert.is((await served.stop()).code, 0);
});

test("--workers: running requests finish; a second signal stops all at once", async () => {
  const slow = SLOW.replace("SIGTERM", "message");
  for (const [signals, code] of [
    [1, 0],
    [2, 130],
  ] as const) {
    const served = await serving(["serve", folderWith({ "app.mjs": slow }), "--workers", "2"]);
    const began = once(served.process.stdout!, "data");
    const answer = fetch(served.url).then(
      (response) => response.text(),
      (error: Error) => error,
    );
    await began;
    const { hostname, port } = new URL(served.url);
    const idle = connect(Number(port), hostname);
    await once(idle, "connect");
    served.process.kill("SIGINT");
    await once(idle.resume(), "close");
    if (signals === 2) served.process.kill("SIGINT");
    assert.is((await served.ended).code, code);
    if (signals === 1) assert.is(await answer, "whole");
    else assert.instance(await answer, Error);
  }
});

test("--workers: what is wrong is told once, in a line", async () => {
  const taken = await serving(["serve", folderWith({ "app.mjs": PID })]);
  const { port } = new URL(taken.url);
  const app = folderWith({ "app.mjs": PID });
  const outcomes = await Promise.all([
    nanort(["serve", app, "--workers", "2", "--port", port]),
    nanort(["serve", folderWith({ "app.mjs": "export default 1" }), "--workers", "2", "--port", "0"]),
    nanort(["serve", app, "--workers", "0"]),
    nanort(["serve", app, "--workers", "many"]),
  ]);
  for (const { code, stderr } of outcomes) {
    assert.is(code, 2);
    assert.is(stderr.trim().split("\n").length, 1, stderr);
  }
  assert.match(outcomes[3]!.stderr, /--workers must be "auto" or a whole number from 1 to 256, not "many"/);
  await stops(taken);
});

test.run();
