// Each bundle, started on its real engine by the command that was printed, answers as `nanort serve` does.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort, serving } from "../cli/nanort.ts";
import { executableOf, KINDS, type Page, withBrowser } from "./browsers.ts";
import { type Answer, answersOf, ask, BUNDLED_APP, HEADERS, QUESTIONS } from "./bundled-app.ts";
import { BINARIES } from "./engines.ts";
import { answerFiles, engineOrSkip, start } from "./started.ts";

const ENV = { GREETING: "good day" };
const app = folderWith(BUNDLED_APP);

const served = await serving(["serve", app], { env: ENV });
const expected = await answersOf(served.url, QUESTIONS);
const { stderr } = await served.stop();

test("under nanort serve, the app does what it is for", () => {
  const { "/globals": globals, "/env": env, "/throws": thrown, "POST /finished": finished } = expected;
  assert.equal(JSON.parse(globals!.body), { crypto: true, subtle: true, base64: true, early: true });
  assert.equal([env!.body, thrown!.status, finished!.body], ["good day", 500, "1"]);
  assert.match(stderr, "GET /throws: thrown on purpose");
});

/** Bundles the app; the folder, and the command that was printed for starting it. */
async function bundleFor(target: string): Promise<{ folder: string; args: string[] }> {
  const folder = join(folderWith({}), "dist");
  const env = target === "workerd" ? ["--env", "GREETING"] : [];
  const { code, stdout, stderr } = await nanort(["bundle", app, "--target", target, "--out", folder, ...env]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
  const command = stdout.trim().split("\n").at(-1)!;
  return { folder, args: command.trim().split(" ") };
}

/** How each engine is told, behind the printed command's first word, to take any free port. */
const PROCESSES: Record<string, { find(): string; anyPort(args: string[]): string[] }> = {
  node: { find: () => process.execPath, anyPort: (args) => args },
  bun: { find: BINARIES.bun, anyPort: (args) => args },
  deno: { find: BINARIES.deno, anyPort: (args) => args.map((arg) => (arg === "8080" ? "0" : arg)) },
  workerd: {
    find: BINARIES.workerd,
    anyPort: ([, ...args]) => [...args, "--socket-addr", "http=127.0.0.1:0", "--control-fd=3"],
  },
};

for (const [target, { find, anyPort }] of Object.entries(PROCESSES)) {
  const engine = engineOrSkip(target, find);
  if (!engine) {
    test.skip(target, () => undefined);
    continue;
  }
  const [, ...args] = (await bundleFor(target)).args;
  const started = await start(engine, anyPort(args), { env: { ...ENV, PORT: "0", NODE_OPTIONS: "" } });

  test(`${target}: answers as nanort serve does`, async () => {
    const answers = await answersOf(started.url, QUESTIONS);
    for (const path of Object.keys(expected)) assert.equal(answers[path], expected[path], path);
    assert.match(started.output(), /GET \/throws:.*thrown on purpose/s);
  });

  test(`${target}: fifty requests at a time do not disturb each other`, async () => {
    const echo = async (index: number) => {
      const body = `${index} `.repeat(index * 1000);
      const response = await fetch(`${started.url}/slow-echo`, { method: "POST", body });
      assert.is(await response.text(), body);
    };
    await Promise.all(Array.from({ length: 50 }, (_, index) => echo(index)));
  });

  test(`${target}: stops when it is told to, with exit code 0`, async () => {
    assert.is(await started.stop(), 0);
  });
}

const FETCHING_APP = `
  export default {
    async fetch(request: Request) {
      const target = new URL(request.url).searchParams.get("target")!;
      try {
        return new Response(await (await nano.fetch(target, { timeout: 200 })).text());
      } catch (error) {
        return new Response((error as Error).name);
      }
    },
  };`;

const workerd = engineOrSkip("workerd", BINARIES.workerd);
(workerd ? test : test.skip)(
  "workerd: requests share a runtime that fetches, and each has its own deadlines",
  async () => {
    const upstream = createServer((request, response) => {
      if (request.url !== "/never") response.end(request.url);
    }).listen(0, "127.0.0.1");
    await new Promise((listening) => upstream.once("listening", listening));
    const folder = join(folderWith({}), "dist");
    await nanort(["bundle", folderWith({ "app.ts": FETCHING_APP }), "--target", "workerd", "--out", folder]);
    const config = join(folder, "config.capnp");
    const reaching = 'services = [ (name = "internet", network = (allow = ["private"])),';
    writeFileSync(config, readFileSync(config, "utf8").replace("services = [", reaching));
    const args = ["serve", config, "--socket-addr", "http=127.0.0.1:0", "--control-fd=3"];
    const started = await start(workerd!, args);
    const fetched = async (path: string) => {
      const target = encodeURIComponent(
        `http://127.0.0.1:${(upstream.address() as AddressInfo).port}${path}`,
      );
      return (await fetch(`${started.url}/?target=${target}`)).text();
    };
    try {
      for (const path of ["/one", "/two", "/never", "/never", "/three"])
        assert.is(await fetched(path), path === "/never" ? "TimeoutError" : path);
      const paths = Array.from({ length: 8 }, (_, at) => (at % 4 === 0 ? "/never" : `/${at}`));
      const expected = paths.map((path) => (path === "/never" ? "TimeoutError" : path));
      assert.equal(await Promise.all(paths.map(fetched)), expected);
    } finally {
      await started.stop();
      upstream.closeAllConnections();
      upstream.close();
    }
  },
);

/** What a browser cannot do: it has no environment, and shows a page no redirection. */
const NOWHERE = ["/env", "/redirect"];
const UNLIKE: Record<string, string[]> = {
  chromium: NOWHERE,
  // https://bugzilla.mozilla.org/show_bug.cgi?id=1387483: a Request has no stream for its body.
  firefox: [...NOWHERE, "POST /echo x 50000", "POST /digest-stream x 200000"],
};

for (const kind of KINDS) {
  const executable = engineOrSkip(kind.name, () => executableOf(kind));

  (executable ? test : test.skip)(
    `${kind.name}: the service worker answers as nanort serve does`,
    async () => {
      const { folder } = await bundleFor("browser");
      const server = createServer(answerFiles(folder)).listen(0, "127.0.0.1");
      await new Promise((listening) => server.once("listening", listening));
      const { port } = server.address() as AddressInfo;
      try {
        await withBrowser(kind, async (browser) => {
          const page = await browser.newPage();
          await page.goto(`http://localhost:${port}/`);
          await appAnswers(page);
          const answers = await page.evaluate<Record<string, Answer>>(
            `(${ask})("", ${JSON.stringify(QUESTIONS)}, ${JSON.stringify(HEADERS)})`,
          );
          assert.is(answers["/env"]!.body, "undefined");
          for (const path of Object.keys(expected)) {
            if (!UNLIKE[kind.name]!.includes(path)) assert.equal(answers[path], expected[path], path);
          }
        });
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  );
}

/** The page installs the worker, then comes again; from then on the app answers in its place. */
async function appAnswers(page: Page): Promise<void> {
  for (let text = ""; text !== "not here"; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    text = await page.evaluate<string>("document.body.textContent").catch(() => "");
  }
}

test.run();
