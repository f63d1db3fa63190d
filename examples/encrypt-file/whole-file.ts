import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { open, rename, writeFile } from "node:fs/promises";

/**
 * Writes a file that is there only when it is whole. Until its last byte is on the disk it has another name, beside its
 * own; if the pieces end with an error, or the process by a signal, nothing is left. A file that was there is replaced.
 */
export async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.${randomBytes(4).toString("hex")}.part`;
  const abandon = () => rmSync(unfinished, { force: true });
  const end = (signal: NodeJS.Signals) => {
    abandon();
    process.kill(process.pid, signal); // Nobody listens any more, so this ends the process.
  };
  const file = await open(unfinished, "wx");
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    await writeFile(file, pieces);
    await file.sync();
    await file.close();
    await rename(unfinished, path);
  } catch (error) {
    await file.close();
    abandon();
    throw error;
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
  }
}
