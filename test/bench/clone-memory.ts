/** One process of clone.ts: prints how much memory one call takes at most, in KiB for each MiB of serialized bytes. */
import { readFileSync, writeFileSync } from "node:fs";
import v8 from "node:v8";
import { createRuntime } from "nanort";
import { records } from "./clone-values.ts";

const [contender, operation] = process.argv.slice(2);
const { serialize, deserialize } = contender === "nano" ? await createRuntime() : v8;
const collect = (globalThis as { gc?: () => void }).gc!;

/** A line of /proc/self/status, in KiB. */
function memory(line: "VmHWM" | "VmRSS"): number {
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))![1]);
}

const value = records();
const bytes = v8.serialize(value);
collect();
// https://docs.kernel.org/filesystems/proc.html: 5 makes the most memory so far what there is now.
writeFileSync("/proc/self/clear_refs", "5");
const before = memory("VmRSS");
const result = operation === "serialize" ? serialize(value) : deserialize(bytes);
console.log(Math.round((memory("VmHWM") - before) / (bytes.length / 2 ** 20)));
if (!result) process.exit(1);
process.exit();
