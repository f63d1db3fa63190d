import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import v8 from "node:v8";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nanort } from "./nanort.ts";

const folder = mkdtempSync(join(tmpdir(), "nanort-inspect-"));
test.after(() => rmSync(folder, { recursive: true }));

test("a file that v8.serialize wrote is told part by part", async () => {
  const file = join(folder, "values.bin");
  writeFileSync(
    file,
    v8.serialize({ list: [1, "日本"], seen: new Map([["k", new Set([2n])]]), when: new Date(0) }),
  );
  const { code, stdout, stderr } = await nanort(["inspect", file]);
  assert.is(stderr, "");
  assert.is(code, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.is(lines[0], "       0  ff 0f                      version 15");
  assert.is(lines[1], "       2  6f                         object #0");
  assert.is(lines[2], '       3  22 04 6c 69 73 74            string "list"');
  assert.is(lines[3], "       9  41 02                        array, length 2 #1");
  assert.is(lines[4], "      11  49 02                          integer 1");
  assert.match(stdout, /UTF-16 string "日本"/);
  assert.match(stdout, /BigInt "2"/);
  assert.match(stdout, /Date "1970-01-01T00:00:00.000Z" #4/);
});

test("--json gives an object a line, from standard input too", async () => {
  const input = v8.serialize([true, -0, /a/g, new Float64Array(1), new Error("e").message]);
  const { code, stdout } = await nanort(["inspect", "--json"], { input });
  assert.is(code, 0);
  const parts = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(parts[0], { offset: 0, end: 2, depth: 0, role: "version", type: "version", value: 15 });
  assert.is(parts.at(-1).end, input.length);
  assert.equal(parts.map(({ type, value }) => [type, value]).slice(2, 7), [
    ["true", undefined],
    ["double", "-0"],
    ["RegExp", undefined],
    ["string", "a"],
    ["flags", "g"],
  ]);
});

test("text does nothing to a terminal, and depth does not fill it", async () => {
  let deep: unknown[] = [];
  for (let i = 0; i < 1000; i++) deep = [deep];
  const input = v8.serialize(["\x1b[2J", "\x9b2J", "\u202egnp.exe", "\u{e0041}", deep]);
  for (const args of [["inspect"], ["inspect", "--json"]]) {
    const { code, stdout } = await nanort(args, { input });
    assert.is(code, 0);
    assert.not.match(stdout, /(?!\n)[\p{Cc}\p{Cf}]/u);
    assert.match(stdout, /\\u009b2J/);
    assert.match(stdout, /\\udb40\\udc41/);
    assert.ok(stdout.split("\n").every((line) => line.length < 200));
  }
});

test("what is malformed is told in one line, behind what was in order before it", async () => {
  const { code, stdout, stderr } = await nanort(["inspect"], {
    input: new Uint8Array([0xff, 0x0f, 0x41, 0x02, 0x30, 0x21]),
  });
  assert.is(code, 1);
  assert.is(stdout.trimEnd().split("\n").length, 3);
  assert.is(stderr, "nanort: standard input: byte 5: expected a value\n");
});

test("more than one file, or one that is missing, is a mistake of usage", async () => {
  assert.is((await nanort(["inspect", "a", "b"])).code, 2);
  const { code, stderr } = await nanort(["inspect", join(folder, "none")]);
  assert.is(code, 2);
  assert.match(stderr, /^nanort: .*none/);
});

test.run();
