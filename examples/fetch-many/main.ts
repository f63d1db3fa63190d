import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { Progress } from "./progress.ts";
import { serveSamples } from "./samples.ts";

const { values, positionals } = parseArgs({
  options: {
    "at-once": { type: "string", default: "16" },
    timeout: { type: "string", default: "30" },
    output: { type: "string", short: "o" },
  },
  allowPositionals: true,
});
if (values.output !== undefined) mkdirSync(values.output, { recursive: true });

const samples = positionals.length === 0 ? await serveSamples() : undefined;
const urls = samples?.urls ?? positionals;
const progress = new Progress(urls.length);
const waiting = [...urls.entries()];

/** Takes one URL after the other; as many of these run at once as were asked for. */
async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [index, url] = next;
    const started = performance.now();
    try {
      const bytes = await download(url, values.output && join(values.output, fileName(index, url)));
      const milliseconds = (performance.now() - started).toFixed(0);
      progress.done(`${String(bytes).padStart(9)} B ${milliseconds.padStart(6)} ms  ${url}`);
    } catch (error) {
      progress.done(`${url}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
}

/** Streams a URL to a file, or to nowhere; resolves with its length in bytes. Rejects when it cannot be written, too. */
async function download(url: string, path: string | undefined): Promise<number> {
  const response = await nano.fetch(url, { timeout: Number(values.timeout) * 1000 });
  if (!response.ok) {
    // Unread, it would keep its connection.
    await response.body?.cancel();
    throw new Error(`${response.status} ${response.statusText}`);
  }
  let bytes = 0;
  async function* counted() {
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      progress.add(piece.length);
      yield piece;
    }
  }
  if (path !== undefined) await pipeline(counted, createWriteStream(path));
  else for await (const _ of counted());
  return bytes;
}

/** The last part of the path, behind a number, since two may be alike. */
function fileName(index: number, url: string): string {
  const last = new URL(url).pathname.split("/").at(-1)!;
  return `${index + 1}-${decodeURIComponent(last).replace(/[^\w.-]/g, "_") || "index"}`;
}

await Promise.all(Array.from({ length: Number(values["at-once"]) }, work));
progress.end();
await samples?.close();
