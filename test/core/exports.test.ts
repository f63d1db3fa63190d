import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Arena, Core } from "../../ts/core/core.ts";
import { ABI_VERSION, type CoreExports } from "../../ts/core/exports.ts";
import { instantiateCore } from "../../ts/core/load.ts";
import { isStatus, Status } from "../../ts/core/status.ts";
import { coreModule, makeCore } from "../support/core.ts";

interface Signature {
  name: string;
  parameters: number;
}

const zig = readFileSync("zig/exports.zig", "utf8");

/** `export fn @"arena.alloc"(handle: u32, len: u32, alignment: u32) i32`: names of exports and parameters. */
function zigDeclarations(): { name: string; parameters: string[] }[] {
  const pattern = /^export fn (?:@"([^"]+)"|(\w+))\(([^)]*)\)/gm;
  return [...zig.matchAll(pattern)].map(([, quoted, plain, list]) => ({
    name: quoted ?? plain!,
    parameters: [...list!.matchAll(/(\w+): u32/g)].map(([, parameter]) => parameter!),
  }));
}

const zigSignatures = (): Signature[] =>
  zigDeclarations().map(({ name, parameters }) => ({ name, parameters: parameters.length }));

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
  const lowest = Number(/^pub const lowest_code = (-\d+);$/m.exec(source)?.[1]);
  assert.equal([lowest - 1, lowest, -1, 0].map(isStatus), [false, true, true, false]);
});

/** A module with but one function: `abi_version`, which answers so. */
const moduleOfVersion = (version: number) =>
  new WebAssembly.Module(
    new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
      ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f], // types: one, () -> i32
      ...[0x03, 0x02, 0x01, 0x00], // functions: one, of type 0
      ...[0x07, 0x0f, 0x01, 0x0b, ...new TextEncoder().encode("abi_version"), 0x00, 0x00], // exports: function 0
      ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, version, 0x0b], // code: no locals, i32.const, end
    ]),
  );

test("a module of another version of the interface is refused, and so is one that is no core", () => {
  assert.is(instantiateCore(moduleOfVersion(ABI_VERSION)).abi_version(), ABI_VERSION);
  for (const version of [0, ABI_VERSION + 1, 63]) {
    const namesBoth = new RegExp(`speaks version ${version} .* this host version ${ABI_VERSION}$`);
    assert.throws(() => instantiateCore(moduleOfVersion(version)), namesBoth);
  }
  const empty = new WebAssembly.Module(new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]));
  assert.throws(() => instantiateCore(empty), /speaks version undefined/);
});

const SHA_256 = 2;

/** What calls are made with, in an arena of its own: each area 16 bytes or more, states live, `room` zero. */
function furnish({ raw }: Core, arena: Arena) {
  const room = () => arena.place(new Uint8Array(512));
  const text = (content: string) => arena.place(new TextEncoder().encode(content));
  const at = {
    line: text("GET / HTTP/1.1\r\n"),
    chunk: text("d\r\nthirteen byte"),
    room: room(),
    digest: room(),
    key: room(),
    mac: room(),
    decoder: room(),
  };
  assert.is(raw["hash.init"](SHA_256, at.digest), 0);
  assert.is(raw["hmac.prepare"](SHA_256, at.line, 16, at.key), 0);
  assert.is(raw["hmac.init"](at.key, at.mac), 0);
  assert.is(raw["http.init_chunked"](at.decoder, 100, 100, 100), 0);
  return at;
}

/** Arguments, all of them good, for every export that takes an address. */
const GOOD: Record<string, (at: ReturnType<typeof furnish>) => number[]> = {
  "hash.digest": (at) => [SHA_256, at.line, 16, at.room],
  "hash.init": (at) => [SHA_256, at.room],
  "hash.update": (at) => [at.digest, at.line, 16],
  "hash.final": (at) => [at.digest, at.room],
  "hmac.prepare": (at) => [SHA_256, at.line, 16, at.room],
  "hmac.sign": (at) => [at.key, at.line, 16, at.room],
  "hmac.verify": (at) => [at.key, at.line, 16, at.room, 32],
  "hmac.init": (at) => [at.key, at.room],
  "hmac.update": (at) => [at.mac, at.line, 16],
  "hmac.final": (at) => [at.mac, at.room],
  "hmac.verify_final": (at) => [at.mac, at.room, 32],
  "http.parse_request_head": (at) => [at.line, 16, at.room, 8, 1000, 1000],
  "http.init_chunked": (at) => [at.room, 100, 100, 100],
  "http.feed_chunked": (at) => [at.decoder, at.chunk, 16, 16, at.room, 8],
};

/** These abort, for they have no status to give: loader.test.ts. */
const ABORTING = ["__pin", "__unpin"];

/** Every parameter is one of these numbers, or else an address: of bytes, or of a struct, which has an alignment. */
const isNumber = (name: string) => /^(algorithm|handle|len|alignment|id)$|_(len|max)$/.test(name);
const isOfBytes = (name: string) => /^(input|output|key|mac)$/.test(name);

/** What an export answers to good arguments, but for those replaced. */
function call(core: Core, name: string, replace: (good: number[]) => void = () => {}): number {
  const arena = core.openArena();
  try {
    const values = GOOD[name]!(furnish(core, arena));
    replace(values);
    return (core.raw[name as keyof CoreExports] as (...values: number[]) => number)(...values);
  } finally {
    arena.close();
  }
}

const takingAddresses = () =>
  zigDeclarations().filter(({ name, parameters }) => !ABORTING.includes(name) && !parameters.every(isNumber));

test("every export that takes an address is tested below, and succeeds with good arguments", () => {
  assert.equal(
    Object.keys(GOOD),
    takingAddresses().map(({ name }) => name),
  );
  const core = makeCore();
  for (const name of Object.keys(GOOD)) assert.ok(call(core, name) >= 0, name);
});

test("addresses in the core's stack or static data, outside memory and unaligned ones are refused everywhere", () => {
  const core = makeCore();
  for (const name of Object.keys(GOOD)) call(core, name); // Memory does not grow from here on.
  const end = core.memory.bytes.length;
  const stack = [16, 64 * 1024, 128 * 1024 - 16];
  const staticData = core.raw["arena.statistics"]() & ~15;
  const beyond = [end - 8, end, 0x8000_0000, 0xffff_0000, 0xffff_fff0, 0xffff_ffff];
  const bad = [0, ...stack, staticData, ...beyond];
  for (const { name, parameters } of takingAddresses()) {
    for (const [index, parameter] of parameters.entries()) {
      if (isNumber(parameter)) continue;
      for (const address of bad) {
        const answer = call(core, name, (good) => good.splice(index, 1, address));
        assert.is(answer, Status.OUT_OF_BOUNDS, `${name}, ${parameter} at ${address}`);
      }
      for (const offset of isOfBytes(parameter) ? [] : [1, 2]) {
        const answer = call(core, name, (good) => good.splice(index, 1, good[index]! + offset));
        assert.is(answer, Status.OUT_OF_BOUNDS, `${name}, ${parameter} unaligned`);
      }
    }
  }
  assert.is(core.memory.bytes.length, end);
});

test("a length or count beyond memory is refused, one of zero allowed with any address", () => {
  const core = makeCore();
  for (const { name, parameters } of takingAddresses()) {
    for (const [index, parameter] of parameters.entries()) {
      const [, area] =
        /^(input|key|mac)_len$/.exec(parameter) ?? /^(fields|segments)_max$/.exec(parameter) ?? [];
      if (area === undefined) continue;
      // Times the 16 bytes of a field, or the 8 of a segment, the first two are 0 modulo 2^32.
      for (const count of [0x1000_0000, 0x2000_0000, 0xffff_ffff]) {
        const answer = call(core, name, (good) => good.splice(index, 1, count));
        assert.is(answer, Status.OUT_OF_BOUNDS, `${name}, ${parameter} of ${count}`);
      }
      const address = parameters.indexOf(area);
      if (!isOfBytes(area)) continue;
      for (const anywhere of [0, 16, 0xffff_ffff]) {
        const answer = call(core, name, (good) => {
          good[address] = anywhere;
          good[index] = 0;
        });
        assert.ok(answer >= 0, `${name}, no bytes of ${area} at ${anywhere}`);
      }
    }
  }
});

test("a finished state is wiped, one whose output was refused is as it was", () => {
  const core = makeCore();
  const arena = core.openArena();
  const at = furnish(core, arena);
  const { raw } = core;
  const finals = [
    { state: at.digest, final: (output: number) => raw["hash.final"](at.digest, output) },
    { state: at.mac, final: (output: number) => raw["hmac.final"](at.mac, output) },
    { state: at.mac, final: (mac: number) => raw["hmac.verify_final"](at.mac, mac, 32) },
  ];
  for (const { state, final } of finals) {
    const bytes = () => core.memory.bytes.slice(state, state + 512);
    raw["hmac.init"](at.key, at.mac);
    const before = bytes();
    assert.is(final(16), Status.OUT_OF_BOUNDS);
    assert.equal(bytes(), before);
    assert.ok(final(at.room) >= 0);
    assert.equal(bytes(), new Uint8Array(512));
  }
  arena.close();
});

test("an algorithm that does not exist, and a state that was never begun, are refused", () => {
  const core = makeCore();
  const { raw } = core;
  const arena = core.openArena();
  const state = arena.alloc(1024);
  const output = state + 512;
  for (const algorithm of [0, 5, 255, 0xffffffff]) {
    assert.is(raw["hash.digest"](algorithm, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hash.state_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hash.init"](algorithm, state), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.prepared_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.prepare"](algorithm, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.state_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
  }
  core.memory.bytes.fill(0xa5, state, state + 1024);
  assert.is(raw["hash.update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["hash.final"](state, output), Status.INVALID_STATE);
  assert.is(raw["hmac.sign"](state, state, 1, output), Status.INVALID_STATE);
  assert.is(raw["hmac.verify"](state, state, 1, output, 32), Status.INVALID_STATE);
  assert.is(raw["hmac.init"](state, output), Status.INVALID_STATE);
  assert.is(raw["hmac.update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["hmac.final"](state, output), Status.INVALID_STATE);
  assert.is(raw["hmac.verify_final"](state, output, 32), Status.INVALID_STATE);
  assert.is(raw["http.feed_chunked"](state, state, 1, 1, output, 8), Status.INVALID_STATE);
  assert.is(raw["hash.init"](SHA_256, state), 0);
  assert.is(raw["hmac.update"](state, state, 1), Status.INVALID_STATE, "a digest is no MAC");
  assert.is(raw["hash.final"](state, output), 32);
  assert.is(raw["hash.final"](state, output), Status.INVALID_STATE, "a state ends once");
  arena.close();
});

test.run();
