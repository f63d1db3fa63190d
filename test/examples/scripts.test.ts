import { spawnSync } from "node:child_process";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort } from "../cli/nanort.ts";
import { testWith } from "../support/tools.ts";

test("nanort examples lists every folder with a sentence of its README", async () => {
  const { code, stdout } = await nanort(["examples"]);
  assert.is(code, 0);
  const listed = [...stdout.matchAll(/^ {2}([\w-]+) +([A-Z].*)$/gm)].map(([, name]) => name);
  assert.equal(listed, readdirSync("examples").sort());
});

test("embed: two runtimes side by side, each with its own clock and keys", async () => {
  const signature = createHmac("sha256", "a secret").update("a message").digest("base64url");
  const { code, stdout, stderr } = await nanort(["examples", "embed"]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(stdout.split("\n"), [
    "simulated: a day later",
    "real: ten milliseconds later",
    `signed: ${signature}`,
    `signed: ${signature}`,
    `signed: ${signature}`,
    "refused: InvalidStateError",
    "",
  ]);
});

test("virtual-clock: an hour's schedule, the same every time", async () => {
  const { code, stdout, stderr } = await nanort(["examples", "virtual-clock"]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
  const events = stdout.split("\n").map((line) => line.trim());
  assert.equal(events.slice(0, 8), [
    "15 min  quarter-hourly bell",
    "20 min  kettle on",
    "23 min  tea steeping",
    "27 min  tea is ready",
    "30 min  quarter-hourly bell",
    "45 min  quarter-hourly bell",
    "59 min  almost done",
    "60 min  quarter-hourly bell",
  ]);
  assert.match(events[9]!, /^An hour went by in [\d.]+ ms\.$/);
});

const folder = folderWith({ empty: "", small: "abc" });
writeFileSync(`${folder}/large`, randomBytes(10 * 1024 * 1024));
const FILES = ["empty", "small", "large"].map((name) => `${folder}/${name}`);

function lineOf(path: string, algorithm: string): string {
  return `${createHash(algorithm).update(readFileSync(path)).digest("hex")}  ${path}\n`;
}

test("hash-file: files of 0 B, 3 B and 10 MiB, by each algorithm, as sha256sum prints them", async () => {
  const byDefault = await nanort(["examples", "hash-file", ...FILES]);
  const expected = FILES.map((path) => lineOf(path, "sha256")).join("");
  assert.equal(byDefault, { code: 0, stdout: expected, stderr: "" });
  for (const algorithm of ["SHA-1", "SHA-384", "SHA-512"]) {
    const { stdout } = await nanort(["examples", "hash-file", "--algorithm", algorithm, FILES[2]!]);
    assert.is(stdout, lineOf(FILES[2]!, algorithm.replace("-", "").toLowerCase()));
  }
});

test("hash-file: standard input", async () => {
  const input = new Uint8Array(randomBytes(300_000));
  const { stdout } = await nanort(["examples", "hash-file"], { input });
  assert.is(stdout, `${createHash("sha256").update(input).digest("hex")}  -\n`);
});

test("hash-file: a file that cannot be read is told, the others are hashed, and the exit code is 1", async () => {
  const { code, stdout, stderr } = await nanort(["examples", "hash-file", `${folder}/missing`, FILES[1]!]);
  assert.is(code, 1);
  assert.is(stdout, lineOf(FILES[1]!, "sha256"));
  assert.match(stderr, /^hash-file: .*missing: ENOENT.*\n$/);
});

test("hash-file: an algorithm that does not exist is told", async () => {
  const { code, stdout, stderr } = await nanort(["examples", "hash-file", "-a", "SHA-3", FILES[1]!]);
  assert.equal({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, "SHA-3");
});

// util-linux's script(1) gives a process a terminal.
testWith("script")("hash-file: a terminal shows how far it is, and is left clean", () => {
  const command = `${process.execPath} wasm-out/js/cli.js examples hash-file ${FILES[2]}`;
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], { encoding: "utf8" });
  assert.match(stdout, /\r[█░]{40} \d+ %/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence that erases a line.
  assert.match(stdout, /\r\x1b\[K[0-9a-f]{64} {2}/);
});

test.run();
