/** Files by node:fs (https://nodejs.org/api/fs.html) and node:path, which Deno and Bun have, too. */
import type { FileHandle } from "node:fs/promises";
import type { Files, OpenFile } from "./host.ts";

interface FileModules {
  readonly fs: typeof import("node:fs");
  readonly path: typeof import("node:path");
}

/** @param builtin gives a module of Node; called when it is first needed. */
export function nodeFiles(builtin: (name: string) => unknown): Files {
  const modules: FileModules = {
    get fs() {
      return builtin("node:fs") as FileModules["fs"];
    },
    get path() {
      return builtin("node:path") as FileModules["path"];
    },
  };
  return { open: (root, names) => open(modules, root, names) };
}

async function open(
  { fs, path }: FileModules,
  root: string | URL,
  names: readonly string[],
): Promise<OpenFile | null> {
  const { realpath, stat, open } = fs.promises;
  if (path.sep === "\\" && names.some((name) => SHORT_NAME.test(name))) return null;
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = fs.constants;
  const folder = await realpath(root);
  try {
    const found = await realpath(path.join(folder, ...names));
    if (found !== folder && !found.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep))
      return null;
    const about = await stat(found);
    // Opening another thing may wait for somebody, or do something.
    if (!about.isFile()) return notToBeRead(about.isDirectory() ? "folder" : "other");
    // What it is by now, and not through a link that came since.
    const handle = await open(found, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    return await fileOf(handle).catch(async (error) => {
      await handle.close();
      throw error;
    });
  } catch (error) {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

async function fileOf(handle: FileHandle): Promise<OpenFile> {
  const { size, mtimeNs, mtimeMs, ino } = await handle.stat({ bigint: true });
  return {
    kind: "file",
    bytes: Number(size),
    modified: Number(mtimeMs),
    version: [mtimeNs, size, ino].map((number) => number.toString(36)).join("-"),
    async read(into, at) {
      return (await handle.read(into, 0, into.length, at)).bytesRead;
    },
    close: () => handle.close(),
  };
}

function notToBeRead(kind: "folder" | "other"): OpenFile {
  return { kind, bytes: 0, modified: 0, version: "", read: async () => 0, close: async () => {} };
}

/**
 * Windows has second names of this form for what has long ones, or begins with a dot: GIT~1 is .git. Who judges by names
 * would not know what is meant.
 */
const SHORT_NAME = /~\d/;

/** Nothing is there; or a file stands where a folder should; or links go round in a circle; or a name is too long. */
const NOT_THERE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);
