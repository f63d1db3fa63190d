import { createReadStream, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { withProgress } from "./progress.ts";

/** Read in larger pieces than Node's 64 KiB, a file waits less on the way. */
const PIECE_BYTES = 1024 * 1024;

const { values, positionals } = parseArgs({
  options: { algorithm: { type: "string", short: "a", default: "SHA-256" } },
  allowPositionals: true,
});

for (const path of positionals.length > 0 ? positionals : ["-"]) {
  try {
    const digest = await nano.crypto.subtle.digest(values.algorithm, open(path));
    console.log(`${Buffer.from(digest).toString("hex")}  ${path}`);
  } catch (error) {
    console.error(`hash-file: ${path}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

/** The pieces of a file, or of standard input. */
function open(path: string): AsyncIterable<Uint8Array> {
  if (path === "-") return process.stdin;
  const { size } = statSync(path);
  return withProgress(createReadStream(path, { highWaterMark: PIECE_BYTES }), size);
}
