import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Status } from "../../ts/core/status.ts";
import { coreModule, makeCore } from "../support/core.ts";

interface Signature {
  name: string;
  parameters: number;
}

const zig = readFileSync("zig/exports.zig", "utf8");

/** `export fn @"arena.alloc"(handle: u32, len: u32, alignment: u32) i32` */
function zigSignatures(): Signature[] {
  const pattern = /^export fn (?:@"([^"]+)"|(\w+))\(([^)]*)\)/gm;
  return [...zig.matchAll(pattern)].map(([, quoted, plain, list]) => ({
    name: quoted ?? plain!,
    parameters: list!.split(",").filter((parameter) => parameter.trim()).length,
  }));
}

/** `"arena.alloc"(arena: number, length: number, alignment: number): number;` */
function hostSignatures(): Signature[] {
  const source = readFileSync("ts/core/exports.ts", "utf8");
  const body = source.slice(source.indexOf("interface CoreExports"));
  return [...body.matchAll(/^ {2}(?:"([^"]+)"|(\w+))\(([^)]*)\): (?:number|void);/gm)].map(
    ([, quoted, plain, list]) => ({
      name: quoted ?? plain!,
      parameters: list!.split(",").filter((parameter) => parameter.trim()).length,
    }),
  );
}

test("the host's mirror names the exports of zig/exports.zig, in its order, with as many parameters", () => {
  assert.ok(zigSignatures().length > 20);
  assert.equal(hostSignatures(), zigSignatures());
});

test("the module exports these functions and its memory, and nothing else", () => {
  const { raw } = makeCore();
  const built = Object.entries(raw)
    .filter(([, value]) => typeof value === "function")
    .map(([name, value]) => ({ name, parameters: (value as () => unknown).length }));
  const byName = (a: Signature, b: Signature) => (a.name < b.name ? -1 : 1);
  assert.equal(built.sort(byName), zigSignatures().sort(byName));
  assert.equal(
    Object.keys(raw).filter((name) => typeof raw[name as keyof typeof raw] !== "function"),
    ["memory"],
  );
});

test("the module imports nothing but abort", () => {
  assert.equal(WebAssembly.Module.imports(coreModule()), [
    { module: "env", name: "abort", kind: "function" },
  ]);
});

test("every export has a contract", () => {
  const pattern = /^((?:\/\/\/.*\n)*)export fn (?:@"([^"]+)"|(\w+))/gm;
  for (const [, comment, quoted, plain] of zig.matchAll(pattern)) {
    assert.ok(comment!.length > 0, `${quoted ?? plain} has no comment`);
  }
});

test("the status codes are those of zig/abi/status.zig", () => {
  const source = readFileSync("zig/abi/status.zig", "utf8");
  const codes = [...source.matchAll(/^ {4}(\w+) = (-\d+),$/gm)].map(([, name, code]) => [
    name!.toUpperCase(),
    Number(code),
  ]);
  assert.ok(codes.length > 5);
  assert.equal(Object.entries(Status), codes);
});

test("addresses outside memory, null and unaligned ones are refused by every export that takes one", () => {
  const { raw, memory } = makeCore();
  const end = memory.bytes.length;
  for (const address of [0, end, end - 8, 0xffffffff, 0xfffffff0]) {
    assert.is(raw["hash.digest"](2, address, 16, 1024), Status.OUT_OF_BOUNDS, `input ${address}`);
    assert.is(raw["hash.digest"](2, 1024, 16, address), Status.OUT_OF_BOUNDS, `output ${address}`);
    assert.is(raw["hash.init"](2, address), Status.OUT_OF_BOUNDS);
    assert.is(raw["hash.update"](address, 1024, 1), Status.OUT_OF_BOUNDS);
    assert.is(raw["hash.final"](address, 1024), Status.OUT_OF_BOUNDS);
    assert.is(raw["hmac.prepare"](2, address, 16, 1024), Status.OUT_OF_BOUNDS);
    assert.is(raw["hmac.prepare"](2, 1024, 16, address), Status.OUT_OF_BOUNDS);
    assert.is(raw["hmac.sign"](address, 1024, 1, 2048), Status.OUT_OF_BOUNDS);
    assert.is(raw["hmac.verify"](address, 1024, 1, 2048, 32), Status.OUT_OF_BOUNDS);
    assert.is(raw["hmac.init"](address, 1024), Status.OUT_OF_BOUNDS);
  }
  assert.is(raw["hash.init"](2, 1025), Status.OUT_OF_BOUNDS, "unaligned");
  assert.is(raw["hash.digest"](2, 1024, 0xffffffff, 2048), Status.OUT_OF_BOUNDS, "too long");
});

test("an algorithm that does not exist, and a state that was never begun, are refused", () => {
  const core = makeCore();
  const { raw } = core;
  for (const algorithm of [0, 5, 255, 0xffffffff]) {
    assert.is(raw["hash.digest"](algorithm, 1024, 1, 2048), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hash.state_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.prepared_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
  }
  const arena = core.openArena();
  const state = arena.alloc(1024);
  core.memory.bytes.fill(0xa5, state, state + 1024);
  assert.is(raw["hash.update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["hash.final"](state, state + 512), Status.INVALID_STATE);
  assert.is(raw["hmac.sign"](state, state, 1, state + 512), Status.INVALID_STATE);
  assert.is(raw["hmac.update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["hash.init"](2, state), 0);
  assert.is(raw["hmac.update"](state, state, 1), Status.INVALID_STATE, "a digest is no MAC");
  assert.is(raw["hash.final"](state, state + 512), 32);
  assert.is(raw["hash.final"](state, state + 512), Status.INVALID_STATE, "a state ends once");
  arena.close();
});

test.run();
