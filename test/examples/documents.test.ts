// What the README and docs/ print is run as it is printed.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, serving } from "../cli/nanort.ts";

function codeOf(document: string, language: string): string {
  const [, code] =
    readFileSync(document, "utf8").match(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms")) ?? [];
  if (code === undefined) throw new Error(`${document}: no code in ${language}`);
  return code;
}

test("the README's program runs under node, with the package installed", () => {
  const folder = folderWith({ "program.mjs": codeOf("README.md", "js") });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules", "nanort"), "dir");
  const { stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  assert.is(stderr, "");
  assert.is(stdout, "Uint8Array(4) [ 186, 120, 22, 191 ]\nan hour later\n");
});

test("the app in docs/cli.md answers", async () => {
  const served = await serving(["serve", folderWith({ "app.ts": codeOf("docs/cli.md", "ts") })], {
    env: { GREETING: "Good day" },
  });
  assert.is(await (await fetch(`${served.url}/reader`)).text(), "Good day, reader\n");
  const { code, stderr } = await served.stop();
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
});

test("links between documents lead somewhere", () => {
  const docs = readdirSync("docs", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  const documents = ["README.md", "CHANGELOG.md", ...docs.map((name) => join("docs", name))];
  const links = documents.flatMap((document) =>
    [...readFileSync(document, "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to]) =>
      join(dirname(document), to!),
    ),
  );
  assert.ok(links.length > 3);
  for (const link of links) assert.ok(readdirSync(dirname(link)).includes(link.split("/").at(-1)!), link);
});

test("the files and folders that docs/architecture.md names exist", () => {
  const architecture = readFileSync("docs/architecture.md", "utf8");
  const paths = [...architecture.matchAll(/`((?:zig|ts)\/[\w/.-]+)`/g)].map(([, path]) => path!);
  assert.ok(paths.length > 20);
  for (const path of paths) assert.ok(readdirSync(dirname(path)).includes(path.split("/").at(-1)!), path);
});

test.run();
