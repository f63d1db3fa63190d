/** An empty project with the packed package installed in it, and how to run things there. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export interface PackedProject {
  folder: string;
  tarball: string;
  files: string[];
  /** Size and number of files, for people. */
  summary: string;
  /** Writes files below a folder of their own; its path. */
  write(name: string, files: Record<string, string>): string;
  remove(): void;
}

interface PackReport {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

export async function packInto(): Promise<PackedProject> {
  const folder = mkdtempSync(join(tmpdir(), "nanort-pack-"));
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const packed = await execute(
    npm,
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    resolve("."),
  );
  // npm 11 gives a list, npm 12 an object by names.
  const [report] = Object.values(
    JSON.parse(packed.slice(packed.search(/[[{]/))) as Record<string, PackReport>,
  );
  const tarball = join(folder, report!.filename.split("/").at(-1)!);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await execute(npm, ["install", tarball, "--prefer-offline", "--no-audit", "--no-fund"], folder);

  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  const files = report!.files.map(({ path }) => path).sort();
  return {
    folder,
    tarball,
    files,
    summary: `${report!.filename}: ${kib(report!.size)}, unpacked ${kib(report!.unpackedSize)}, ${files.length} files`,
    write(name, contents) {
      const below = join(folder, name);
      for (const [path, text] of Object.entries(contents)) {
        mkdirSync(dirname(join(below, path)), { recursive: true });
        writeFileSync(join(below, path), text);
      }
      return below;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const LIMIT_MS = 120_000;

/** Runs a command to its end; what it printed. Rejects with that when the exit code is another than expected. */
export function execute(command: string, args: string[], cwd: string, expectedCode = 0): Promise<string> {
  return new Promise((done, fail) => {
    const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", FORCE_COLOR: "0" };
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MS });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
    child.on("error", fail);
    child.on("close", (code) => {
      if (code === expectedCode) done(expectedCode === 0 ? output : output + errors);
      else fail(new Error(`${command} ${args.join(" ")}: exit code ${code}\n${output}${errors}`));
    });
  });
}

export function copy(from: string, to: string): void {
  cpSync(from, to);
}

export function textOf(path: string): string {
  return readFileSync(path, "utf8");
}
