import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("two builds of the core, in different folders with empty caches, give the same bytes", () => {
  const build = () => {
    const folder = mkdtempSync(join(tmpdir(), "nano-build-"));
    try {
      for (const name of ["zig", "build.ts", "package.json", "package-lock.json"]) {
        cpSync(name, join(folder, name), { recursive: true });
      }
      symlinkSync(resolve("node_modules"), join(folder, "node_modules"), "junction");
      execFileSync(process.execPath, [resolve("wasm-out/build.mjs"), "core"], {
        cwd: folder,
        env: {
          ...process.env,
          NODE_OPTIONS: "",
          ZIG_LOCAL_CACHE_DIR: join(folder, "local"),
          ZIG_GLOBAL_CACHE_DIR: join(folder, "global"),
        },
        stdio: "pipe",
      });
      return readFileSync(join(folder, "wasm-out", "nano.wasm"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const first = build();
  assert.ok(first.length > 10_000);
  assert.ok(first.equals(build()));
});

/** Who may import whom: see docs/architecture.md. A room may always import itself. */
const ZIG_ARROWS: Record<string, string[]> = {
  "": ["abi", "mem", "crypto", "der", "encoding", "clone", "http"],
  abi: ["mem"],
  mem: [],
  crypto: ["mem"],
  der: ["mem"],
  encoding: ["mem"],
  clone: ["mem"],
  http: ["mem"],
};
const TS_ARROWS: Record<string, string[]> = {
  "": ["core", "runtime", "web", "server", "host", "#host"],
  core: [],
  runtime: ["core", "#host"],
  web: ["runtime", "core"],
  server: ["web", "runtime", "core"],
  host: ["runtime", "core", "#host"],
  // Commands are made of examples where there is one that does the work.
  cli: ["", "server", "web", "runtime", "core", "host", "examples"],
};

function sources(folder: string): { path: string; room: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(zig|ts)$/.test(path))
    .map((path) => path.replaceAll("\\", "/"))
    .map((path) => ({
      path: `${folder}/${path}`,
      room: path.includes("/") ? path.split("/")[0]! : "",
      text: readFileSync(join(folder, path), "utf8"),
    }));
}

test("zig: rooms import only the rooms below them, and nobody imports exports.zig", () => {
  for (const { path, room, text } of sources("zig")) {
    if (path === "zig/test.zig") continue;
    for (const [, target] of text.matchAll(/@import\("([^"]+\.zig)"\)/g)) {
      const [found] = join(dirname(path), target!).replaceAll("\\", "/").split("/").slice(1, -1);
      if (found === room) continue;
      assert.ok(found !== undefined && ZIG_ARROWS[room]!.includes(found), `${path} imports ${target}`);
    }
  }
});

test("ts: rooms import only the rooms below them; types of the host contract are everybody's", () => {
  for (const { path, room, text } of sources("ts")) {
    for (const [, , typeOnly, , target] of text.matchAll(
      /^(import|export) (type )?([^;]*?from )?"([^"]+)"/gm,
    )) {
      if (target === "#host") {
        assert.ok(TS_ARROWS[room]!.includes("#host"), `${path} imports #host`);
      } else if (target!.startsWith(".") && !target!.endsWith("/nano.wasm")) {
        const [top, ...parts] = join(dirname(path), target!).replaceAll("\\", "/").split("/");
        const found = top !== "ts" ? top! : parts.length > 1 ? parts[0]! : "";
        if (found === room || (typeOnly && parts.join("/") === "host/host.ts")) continue;
        assert.ok(TS_ARROWS[room]!.includes(found), `${path} imports ${target}`);
      }
    }
  }
});

test("ts: only the command, and what is for Node and Bun, which documents it as its own, say node:", () => {
  for (const { path, room, text } of sources("ts")) {
    if (room === "cli" || /^ts\/(host\/(node|bun)\b|parts-node)/.test(path)) continue;
    assert.not.match(text, /["']node:/, path);
  }
});

test("only ts/core/load.ts touches the loader", () => {
  const users = sources("ts").filter(({ text }) => text.includes('"@assemblyscript/loader"'));
  assert.equal(
    users.map(({ path }) => path),
    ["ts/core/load.ts"],
  );
});

const nodeFile = (file: string) => readFileSync(join("wasm-out/node", file), "utf8");
const importsOf = (file: string) =>
  [...nodeFile(file).matchAll(/\b(?:from|import)"([^"]+)"/g)].map(([, from]) => from!);

test("Node reads one file to import the library, and no module of its own", () => {
  assert.equal(importsOf("index.js"), []);
  assert.equal(importsOf("needed.js"), ["./index.js"]);
});

test("importing the library and making a runtime loads nothing of Node's but what reads a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "nano-start-"));
  const program = `
    const before = new Set(process.moduleLoadList);
    const { createRuntime } = await import(${JSON.stringify(pathToFileURL(resolve("wasm-out/node/index.js")))});
    const nano = await createRuntime();
    await nano.crypto.subtle.digest("SHA-256", new Uint8Array(64));
    const loaded = process.moduleLoadList.filter((name) => !before.has(name));
    process.stdout.write(JSON.stringify(loaded));`;
  try {
    writeFileSync(join(folder, "program.mjs"), program);
    const options = { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } } as const;
    const loaded = JSON.parse(execFileSync(process.execPath, [join(folder, "program.mjs")], options));
    const internal = /^(Internal Binding |NativeModule internal\/)/;
    assert.equal(
      (loaded as string[]).filter((name) => !internal.test(name)),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what Node imports later has no file in common with what it requires, which cannot be while an import links it", () => {
  const reached = (file: string): string[] => [
    file,
    ...importsOf(file).flatMap((from) => (from.startsWith("./") ? reached(from) : [])),
  ];
  const later = [...nodeFile("index.js").matchAll(/\bimport\("([^"]+)"\)/g)].map(([, file]) => file!);
  const parts = [...nodeFile("index.js").matchAll(/\("(\.\/[a-z-]+\.js)"\)/g)].map(([, file]) => file!);
  assert.is(later.length, 1, later.join(", "));
  const required = parts.filter((file) => !later.includes(file));
  assert.ok(required.length >= 9, required.join(", "));
  const common = new Set(later.flatMap(reached));
  for (const file of ["./needed.js", "./index.js"]) common.delete(file);
  for (const file of required.flatMap(reached)) assert.not.ok(common.has(file), file);
});

test("package.json and CHANGELOG.md speak of the same version", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.match(
    readFileSync("CHANGELOG.md", "utf8"),
    new RegExp(`^## .*${version.replaceAll(".", "\\.")}`, "m"),
  );
});

test.run();
