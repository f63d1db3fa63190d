import { once } from "node:events";
import { closeSync, constants, copyFileSync, openSync, renameSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { brotliCompressSync, gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BINARIES } from "../engines/engines.ts";
import { engineOrSkip } from "../engines/started.ts";
import { certificates } from "../support/certificates.ts";
import { testWith } from "../support/tools.ts";
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
          const own = crypto === nano.crypto && queueMicrotask === nano.queueMicrotask && typeof createRuntime;
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

test("--log json and --log apache say more; what is no form is refused", async () => {
  const app = folderWith({ "app.mjs": APP });
  const [json, apache, refused] = await Promise.all([
    serving(["serve", app, "--log", "json"]),
    serving(["serve", "--log=apache", app]),
    nanort(["serve", app, "--log=xml"]),
  ]);
  for (const { url } of [json, apache])
    await fetch(`${url}/a?b=c`, { headers: { "user-agent": 'my "own"' } });
  const [inJson, inApache] = await Promise.all([json.stop(), apache.stop()]);
  const record = JSON.parse(inJson.stdout.split("\n").find((line) => line.startsWith("{"))!);
  assert.equal(
    [record.method, record.target, record.status, record.userAgent, record.remoteAddress],
    ["GET", "/a?b=c", 200, 'my "own"', "127.0.0.1"],
  );
  assert.match(
    inApache.stdout,
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a\?b=c HTTP\/1\.1" 200 \d+ "-" "my \\"own\\""$/m,
  );
  assert.equal(
    [refused.code, refused.stderr],
    [2, 'nanort: --log must be one of text, json, apache, not "xml"\n'],
  );
});

testWith("openssl", "version")("--tls-cert and --tls-key serve https", async () => {
  const { ca, certificate, key } = certificates()!;
  const folder = folderWith({ "app.mjs": APP, "cert.pem": certificate, "key.pem": key, "no.pem": "none" });
  const cert = ["--tls-cert", join(folder, "cert.pem")];
  const served = await serving(["serve", folder, ...cert, "--tls-key", join(folder, "key.pem")]);
  assert.match(served.url, /^https:/);
  const text = await new Promise<string>((resolve, reject) => {
    get(`${served.url}/x`, { ca, agent: false }, (response) => {
      response.setEncoding("utf8").on("data", resolve);
    }).on("error", reject);
  });
  assert.is(text, "served /x");
  const outcomes = await Promise.all([
    nanort(["serve", folder, ...cert]),
    nanort(["serve", folder, ...cert, "--tls-key", join(folder, "missing.pem")]),
    nanort(["serve", folder, ...cert, "--tls-key", join(folder, "no.pem"), "--port", "0"]),
  ]);
  for (const [index, complaint] of [
    "--tls-cert and --tls-key are needed together",
    "--tls-key: ENOENT",
    "--tls-cert and --tls-key cannot be used: ",
  ].entries()) {
    assert.is(outcomes[index]!.code, 2);
    assert.match(outcomes[index]!.stderr, `nanort: ${complaint}`);
  }
  await stops(served);
});

test("--compress compresses; a folder of files is served as such", async () => {
  const folder = folderWith({ "index.html": `<p>${"text ".repeat(1000)}</p>`, "style.css": "a{}" });
  const served = await serving(["serve", folder, "--compress"]);
  const response = await fetch(served.url, { headers: { "accept-encoding": "gzip" } });
  assert.is(response.headers.get("content-encoding"), "gzip");
  assert.match(await response.text(), "text text");
  writeFileSync(join(folder, "style.css.br"), brotliCompressSync("b{}"));
  const style = await fetch(`${served.url}/style.css`, { headers: { "accept-encoding": "br" } });
  assert.equal([style.headers.get("content-encoding"), await style.text()], ["br", "b{}"]);
  assert.is((await fetch(`${served.url}/style.css`)).headers.get("content-type"), "text/css;charset=utf-8");
  assert.is((await fetch(`${served.url}/missing`)).status, 404);
  await stops(served);
});

test("--drain says how long running requests may take", async () => {
  const app = `export default { fetch() { console.log("began"); return new Promise(() => {}); } };`;
  const folder = folderWith({ "app.mjs": app });
  const served = await serving(["serve", folder, "--drain", "0.2"]);
  const began = once(served.process.stdout!, "data");
  const answer = fetch(served.url).catch((error: Error) => error);
  await began;
  served.process.kill("SIGTERM");
  assert.is((await served.ended).code, 0);
  assert.instance(await answer, Error);
  const { code, stderr } = await nanort(["serve", folder, "--drain", "soon"]);
  assert.equal([code, stderr], [2, 'nanort: --drain must be a number of seconds, not "soon"\n']);
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
    assert.match(stderr, new RegExp(`^${basename(folder)}: .*${word}`, "m"));
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

for (const [name, flags] of [
  ["deno", ["run", "-A", "--no-prompt"]],
  ["bun", []],
] as const) {
  const binary = engineOrSkip(name, BINARIES[name]);
  const engine = { command: binary!, flags: [...flags] };
  const onEngine = binary ? test : test.skip;
  onEngine(`--workers on ${name}: each listens by itself, on one port`, async () => {
    const served = await serving(["serve", folderWith({ "app.mjs": PID }), "--workers", "2"], { engine });
    assert.match(served.printed(), "by 2 processes");
    let pids = new Set<string>();
    for (let tries = 0; pids.size < 2 && tries < 50; tries++) {
      pids = new Set([...pids, ...(await processesOf(served, 4))]);
    }
    assert.is(pids.size, 2);
    assert.is((await served.stop()).code, 0);
    for (const pid of pids) assert.throws(() => process.kill(Number(pid), 0), /ESRCH/);
  });

  (binary ? testWith("openssl", "version") : test.skip)(
    `files on ${name}, by https, compressed and in parts`,
    async () => {
      const { ca, certificate, key } = certificates()!;
      const large = "text ".repeat(100_000);
      const pem = folderWith({ cert: certificate, key });
      const served = await serving(
        [
          ...["serve", folderWith({ "index.html": large }), "--compress", "--log"],
          ...["--tls-cert", join(pem, "cert"), "--tls-key", join(pem, "key")],
        ],
        { engine },
      );
      const ask = (headers: Record<string, string>) =>
        new Promise<{ response: IncomingMessage; bytes: Buffer }>((resolve, reject) => {
          get(served.url, { ca, headers, agent: false }, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk) => chunks.push(chunk));
            response.on("end", () => resolve({ response, bytes: Buffer.concat(chunks) }));
          }).on("error", reject);
        });
      assert.ok((await ask({})).bytes.toString() === large);
      const { response, bytes } = await ask({ "accept-encoding": "gzip" });
      assert.is(response.headers["content-encoding"], "gzip");
      assert.ok(gunzipSync(bytes).toString() === large);
      const part = await ask({ range: "bytes=-5" });
      assert.equal([part.response.statusCode, part.bytes.toString()], [206, "text "]);
      const { stdout } = await served.stop();
      assert.equal(stdout.match(/^GET \/ \d+/gm), ["GET / 200", "GET / 200", "GET / 206"]);
    },
  );
}

test("--workers: what an app says to the process that started it is not taken for the workers' own", async () => {
  const app = `${PID} for (const message of [null, "ready", { url: "?" }]) process.send?.(message);`;
  const served = await serving(["serve", folderWith({ "app.mjs": app }), "--workers", "2"]);
  assert.is((await processesOf(served, 8)).size, 2);
  await stops(served);
});

test("--workers: one that has hung up is stopped, too", async () => {
  const app = `${PID} process.on("SIGUSR2", () => {
    process.removeAllListeners("disconnect").disconnect();
    console.log("hung up");
  });`;
  const served = await serving(["serve", folderWith({ "app.mjs": app }), "--workers", "2"]);
  const pids = [...(await processesOf(served, 8))].map(Number);
  const hungUp = once(served.process.stdout!, "data");
  process.kill(pids[0]!, "SIGUSR2");
  assert.match(String(await hungUp), "hung up");
  await stops(served);
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), /ESRCH/);
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

test("--workers: one that cannot be started is told of in a line, and another attempt follows", async () => {
  const engine = join(folderWith({}), "node");
  copyFileSync(process.execPath, engine, constants.COPYFILE_FICLONE);
  const args = ["serve", folderWith({ "app.mjs": PID }), "--workers", "2"];
  const served = await serving(args, { engine: { command: engine, flags: [] } });
  let told = "";
  served.process.stderr!.on("data", (text) => {
    told += text;
  });
  const tells = async (line: RegExp) => {
    while (!line.test(told)) await once(served.process.stderr!, "data");
  };
  renameSync(engine, `${engine}-away`);
  await (await fetch(`${served.url}/end`)).text();
  await tells(/^a worker cannot be started: spawn .* ENOENT; another attempt follows$/m);
  if (process.platform === "linux") {
    // While somebody writes it; Node throws this one.
    const written = openSync(engine, "w", 0o755);
    await tells(/^a worker cannot be started: .*ETXTBSY.*; another attempt follows$/m);
    closeSync(written);
  }
  renameSync(`${engine}-away`, engine);
  let pids = new Set<string>();
  while (pids.size < 2) pids = await processesOf(served, 4);
  assert.is((await served.stop()).code, 0);
});

test("--workers: running requests finish; a second signal stops all at once", async () => {
  const slow = SLOW.replace("SIGTERM", "message");
  for (const [signals, code] of [
    [1, 0],
    [2, 130],
  ] as const) {
    // The one that is stopped at once had better not be done by then.
    const app = signals === 1 ? slow : slow.replace("50", "10_000");
    const served = await serving(["serve", folderWith({ "app.mjs": app }), "--workers", "2"]);
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
