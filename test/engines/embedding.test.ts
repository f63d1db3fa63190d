// The programs of docs/embedding are written to files, started as the page says, and print what the page prints.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith } from "../cli/nanort.ts";
import { digestInPage, executableOf, KINDS } from "./browsers.ts";
import { BINARIES, binary } from "./engines.ts";
import { execute } from "./packed-project.ts";
import { engineOrSkip, start } from "./started.ts";

interface Page {
  /** A folder with the files that the page has, and with the package installed. */
  folder: string;
  /** Its commands, without `npm install`. */
  commands: string[];
  /** What it says is printed or shown. */
  prints: string;
}

/** Takes a page apart: a file is a fenced block behind a line that ends in its name, as in "`worker.js`:". */
function readPage(name: string): Page {
  const text = readFileSync(`docs/embedding/${name}`, "utf8");
  const folder = folderWith({});
  for (const [, path, code] of text.matchAll(/`([\w.-]+)`[^`]*:\n\n```\w+\n(.*?)^```/gms)) {
    writeFileSync(join(folder, path!), code!);
  }
  const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(text)![1]!;
  install(folder);
  const commands = block("sh").trim().split("\n");
  assert.match(commands[0]!, /^npm install nanort/);
  return { folder, commands: commands.slice(1), prints: block("text") };
}

/** As npm would install the package, as far as programs need it: engines look at more than at a link's target. */
function install(folder: string): void {
  writeFileSync(join(folder, "package.json"), `{ "dependencies": { "nanort": "*" } }`);
  const into = join(folder, "node_modules/nanort");
  const bundles = readdirSync("wasm-out").filter((name) => name.endsWith(".js"));
  for (const path of [
    "package.json",
    ...["nano.wasm", "js", "node", ...bundles].map((name) => `wasm-out/${name}`),
  ]) {
    cpSync(path, join(into, path), { recursive: true });
  }
}

const SCRIPTS: Record<string, () => string> = {
  node: () => process.execPath,
  deno: BINARIES.deno,
  bun: BINARIES.bun,
};

for (const [name, find] of Object.entries(SCRIPTS)) {
  const engine = engineOrSkip(name, find);
  (engine ? test : test.skip)(`${name}.md`, async () => {
    const { folder, commands, prints } = readPage(`${name}.md`);
    const [command, ...args] = commands[0]!.split(" ");
    assert.is(command, name);
    assert.is(await execute(engine!, args, folder), prints);
  });
}

const workerd = engineOrSkip("workerd", BINARIES.workerd);
(workerd ? test : test.skip)("workerd.md", async () => {
  const { folder, commands, prints } = readPage("workerd.md");
  const [serve, curl] = commands;
  assert.is(serve, "npx workerd serve config.capnp");
  const args = ["serve", "config.capnp", "--socket-addr", "http=127.0.0.1:0", "--control-fd=3"];
  const started = await start(workerd!, args, { cwd: folder });
  try {
    const [, body] = /^curl http:\/\/127\.0\.0\.1:8080\/ -d (\w+)$/.exec(curl!)!;
    assert.is(await (await fetch(started.url, { method: "POST", body: body! })).text(), prints);
  } finally {
    await started.stop();
  }
});

const [chromium] = KINDS;
const hasChromium = engineOrSkip("chromium", () => executableOf(chromium!)) !== undefined;
const inBrowser = hasChromium ? test : test.skip;

const vite = engineOrSkip("vite", () => binary("vite", "bin/vite.js"));
(vite ? inBrowser : test.skip)("bundler.md", async () => {
  const { folder, commands, prints } = readPage("bundler.md");
  assert.equal(commands, ["npx vite build"]);
  await execute(process.execPath, [vite!, "build"], folder);
  assert.is(`${await digestInPage(join(folder, "dist"))}\n`, prints);
});

inBrowser("browser.md", async () => {
  const { folder, commands, prints } = readPage("browser.md");
  for (const command of commands) await execute("sh", ["-c", command], folder);
  assert.is(`${await digestInPage(folder)}\n`, prints);
});

inBrowser("http-pages.md", async () => {
  const { folder, commands, prints } = readPage("http-pages.md");
  assert.equal(commands, ["node server.mjs"]);
  const started = await start(process.execPath, ["server.mjs"], { cwd: folder, env: { PORT: "0" } });
  try {
    const printed = await digestInPage(started.url.replace("127.0.0.1", "nano.test"));
    assert.is(`${printed}\n`, prints);
  } finally {
    await started.stop();
  }
});

test("every page is in the index, and is tested", () => {
  const pages = readdirSync("docs/embedding").filter((name) => name !== "README.md");
  const index = readFileSync("docs/embedding/README.md", "utf8");
  for (const page of pages) assert.match(index, `[${page}](${page})`);
  const tested = readFileSync("test/engines/embedding.test.ts", "utf8");
  for (const page of pages) assert.ok(tested.includes(page) || page.slice(0, -3) in SCRIPTS, page);
});

test.run();
