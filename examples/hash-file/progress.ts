const WIDTH = 40;
const PERIOD_MS = 50;

/**
 * Passes pieces on, and draws on standard error, if that is a terminal, how much of the total has passed. A total of 0 is
 * one that is not known, as a pipe's is not.
 */
export async function* withProgress(
  pieces: AsyncIterable<Uint8Array>,
  totalBytes: number,
): AsyncGenerator<Uint8Array> {
  if (!process.stderr.isTTY || totalBytes === 0) return yield* pieces;

  let doneBytes = 0;
  let drawn = 0;
  try {
    for await (const piece of pieces) {
      yield piece;
      doneBytes += piece.length;
      if (performance.now() - drawn < PERIOD_MS) continue;
      drawn = performance.now();
      process.stderr.write(`\r${bar(Math.min(doneBytes / totalBytes, 1))}`);
    }
  } finally {
    process.stderr.write("\r\x1b[K"); // Erases the line.
  }
}

function bar(share: number): string {
  const full = Math.round(share * WIDTH);
  return `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${Math.floor(share * 100)} %`;
}
