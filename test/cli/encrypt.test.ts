import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testWith } from "../support/tools.ts";
import { folderWith, nanort, type Outcome } from "./nanort.ts";

const CLI = resolve("wasm-out/js/cli.js");
const QUIET: Outcome = { code: 0, stdout: "", stderr: "" };
const CHUNK = 64 * 1024;

const folder = folderWith({});
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => nanort(args, { cwd: folder });

const plaintext = randomBytes(10 * CHUNK + 5);
writeFileSync(at("plain"), plaintext);

/** A command in a pipe, whose output is bytes. */
function piped(args: string[], input: Uint8Array) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, input });
  return { code: status, stdout, stderr: String(stderr) };
}

test("a file is encrypted and decrypted, with a key that keygen made", async () => {
  const [own, other] = [
    run("keygen", "-a", "A256GCM", "--out", "key"),
    run("keygen", "-a", "A256GCM", "--out", "other"),
  ];
  assert.equal(await Promise.all([own, other]), [QUIET, QUIET]);
  assert.equal(await run("encrypt", "--key", "key", "plain", "sealed"), QUIET);
  assert.is(statSync(at("sealed")).size, 88 + plaintext.length + 11 * 16);
  assert.not.ok(readFileSync(at("sealed")).includes(plaintext.subarray(0, 16)));
  assert.equal(await run("decrypt", "--key", "key", "sealed", "opened"), QUIET);
  assert.ok(readFileSync(at("opened")).equals(plaintext));
});

test("in a pipe it is the same, and with files on one side only", async () => {
  const sealed = piped(["encrypt", "-k", "key"], plaintext);
  assert.equal([sealed.code, sealed.stderr], [0, ""]);
  const opened = piped(["decrypt", "-k", "key"], sealed.stdout);
  assert.equal([opened.code, opened.stderr], [0, ""]);
  assert.ok(opened.stdout.equals(plaintext));
  assert.ok(piped(["decrypt", "-k", "key", "sealed"], Buffer.of()).stdout.equals(plaintext));
  assert.is(piped(["decrypt", "-k", "key", "-", "from a pipe"], sealed.stdout).code, 0);
  assert.ok(readFileSync(at("from a pipe")).equals(plaintext));
});

test("an empty file is encrypted too", () => {
  const sealed = piped(["encrypt", "-k", "key"], Buffer.of());
  assert.is(sealed.stdout.length, 88 + 16);
  assert.equal(piped(["decrypt", "-k", "key"], sealed.stdout), { code: 0, stdout: Buffer.of(), stderr: "" });
});

test("what was tampered with is refused in one line, with exit code 1, and leaves no file behind", async () => {
  const sealed = readFileSync(at("sealed"));
  const changed = Buffer.from(sealed);
  changed[88 + 5 * (CHUNK + 16)]! ^= 1;
  writeFileSync(at("changed"), changed);
  writeFileSync(at("cut"), sealed.subarray(0, 88 + 10 * (CHUNK + 16)));
  writeFileSync(at("header"), sealed.subarray(0, 88));
  const before = readdirSync(folder);
  const refusals: [key: string, file: string, complaint: string][] = [
    [
      "key",
      "changed",
      `changed is damaged, or cut off, somewhere after its first ${88 + 5 * (CHUNK + 16)} bytes`,
    ],
    ["key", "cut", `cut is damaged, or cut off, somewhere after its first ${88 + 9 * (CHUNK + 16)} bytes`],
    ["key", "header", "header is cut off"],
    ["key", "plain", "plain is no encrypted file"],
    ["other", "sealed", "sealed was encrypted with another key, or its beginning is damaged"],
  ];
  for (const [key, file, complaint] of refusals) {
    const outcome = await run("decrypt", "--key", key, file, "out");
    assert.equal(outcome, { code: 1, stdout: "", stderr: `nanort: ${complaint}\n` });
  }
  assert.equal(readdirSync(folder), before);
});

test("to standard output goes what was verified before the damage, and the exit code is 1", () => {
  const { code, stdout, stderr } = piped(["decrypt", "-k", "key", "changed"], Buffer.of());
  assert.is(code, 1);
  assert.ok(stdout.equals(plaintext.subarray(0, 5 * CHUNK)));
  assert.match(stderr, /^nanort: changed is damaged/);
});

const unfinished = () => readdirSync(folder).filter((name) => /^out\..*\.part$/.test(name));

/** A command that waits for more input, once some of what it writes to `out` is there, under its other name. */
async function halfWay(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CLI, "decrypt", "-k", "key", "-", "out"], { cwd: folder });
  child.stdin.write(readFileSync(at("sealed")).subarray(0, 3 * CHUNK));
  while (unfinished().length === 0 || statSync(at(unfinished()[0]!)).size === 0) {
    assert.is(child.exitCode, null);
    await sleep(5);
  }
  return child;
}

test("a signal ends it without leaving an unfinished file", async () => {
  if (process.platform === "win32") return;
  const before = readdirSync(folder);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const child = await halfWay();
    child.kill(signal);
    assert.equal(await once(child, "exit"), [null, signal]);
    assert.equal(readdirSync(folder), before);
  }
});

test("a file that came to be meanwhile is left alone", async () => {
  const before = readdirSync(folder);
  const child = await halfWay();
  writeFileSync(at("out"), "precious");
  const told = text(child.stderr!);
  child.stdin!.end(readFileSync(at("sealed")).subarray(3 * CHUNK));
  assert.equal(await once(child, "exit"), [2, null]);
  assert.is(await told, "nanort: out: file already exists\n");
  assert.is(readFileSync(at("out"), "utf8"), "precious");
  rmSync(at("out"));
  assert.equal(readdirSync(folder), before);
});

test("a mistake gives one line on standard error and exit code 2", async () => {
  assert.equal(await run("keygen", "-a", "A128GCM", "--out", "short"), QUIET);
  assert.equal(await run("keygen", "-a", "ES256", "--out", "signs"), QUIET);
  const before = readdirSync(folder);
  const mistakes: [args: string[], complaint: RegExp][] = [
    [["encrypt", "plain", "out"], /encrypt needs a --key FILE; see nanort encrypt --help/],
    [["decrypt", "sealed", "out"], /decrypt needs a --key FILE/],
    [["encrypt", "-k", "key", "plain", "out", "more"], /encrypt takes IN and OUT, not also more/],
    [["encrypt", "-k", "missing", "plain", "out"], /missing: no such file or directory/],
    [["encrypt", "-k", "short", "plain", "out"], /short is for A128GCM, and encrypt takes A256GCM/],
    [["encrypt", "-k", "signs", "plain", "out"], /signs is for ES256, which does not encrypt/],
    [["encrypt", "-k", "key", "missing", "out"], /missing: no such file or directory/],
    [["encrypt", "-k", "key", ".", "out"], /\.: illegal operation on a directory/],
    [["encrypt", "-k", "key", "plain", "no/folder"], /no\/folder: no such file or directory/],
    [["encrypt", "-k", "key", "plain", "plain"], /plain exists already, and is left as it is/],
    [["decrypt", "-k", "key", "sealed", "plain"], /plain exists already/],
  ];
  const outcomes = await Promise.all(mistakes.map(([args]) => run(...args)));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    const [args, complaint] = mistakes[i]!;
    assert.match(stderr, /^nanort: [^\n]+\n$/, args.join(" "));
    assert.match(stderr, complaint);
    assert.equal({ code, stdout }, { code: 2, stdout: "" }, args.join(" "));
  }
  assert.equal(readdirSync(folder), before);
});

// util-linux's script(1) gives a process a terminal.
testWith("script")("a terminal shows how far it is, is left clean, and gets no bytes", () => {
  const onTerminal = (args: string, before = "") => {
    const command = `${before} ${process.execPath} ${CLI} ${args}`;
    return spawnSync("script", ["-qec", command, "/dev/null"], { cwd: folder, encoding: "utf8" });
  };
  const { stdout } = onTerminal("encrypt -k key plain shown");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence that erases a line.
  assert.match(stdout, /^(\r[█░]{40} \d+ %)+\r\x1b\[K$/);
  // How long a pipe is, nobody knows.
  assert.is(onTerminal("encrypt -k key /dev/stdin piped", "cat plain |").stdout, "");
  assert.match(
    onTerminal("encrypt -k key plain").stdout,
    /encrypted bytes are nothing for a terminal: name OUT/,
  );
});

test.run();
