import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { link, open, rename, writeFile } from "node:fs/promises";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Writes a file that is there only when it is whole. Until its last byte is on the disk it has another name, beside its
 * own; if the pieces end with an error, or the process by a signal, nothing is left.
 *
 * @param options.replace whether a file that is there by then is replaced, or left alone, which is an error. Default: true
 * @param options.mode who may read and write it, less what the process's mask takes. Default: everybody
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { replace = true, mode = 0o666 }: { replace?: boolean; mode?: number } = {},
): Promise<void> {
  const unfinished = `${path}.${randomBytes(4).toString("hex")}.part`;
  const abandon = () => rmSync(unfinished, { force: true });
  const end = (signal: NodeJS.Signals) => {
    abandon();
    process.kill(process.pid, signal); // Nobody listens any more, so this ends the process.
  };
  const file = await open(unfinished, "wx", mode);
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    await writeFile(file, pieces);
    await file.sync();
    await file.close();
    if (replace) await rename(unfinished, path);
    else await nameAnew(unfinished, path);
  } catch (error) {
    await file.close();
    abandon();
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** Gives a file a name that no other has: a link, unlike a rename, takes none away. */
async function nameAnew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // Some file systems have no links.
    if ((error as NodeJS.ErrnoException).code === "EEXIST" || existsSync(to)) throw error;
    return rename(from, to);
  }
  rmSync(from);
}
