import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "#host";
import { memoryHost } from "../../ts/host/memory.ts";
import { seededRandom, Xoshiro128 } from "../../ts/host/seeded-random.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";

function bytesOf(fill: (bytes: Uint8Array) => void, length: number): string {
  const bytes = new Uint8Array(length);
  fill(bytes);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

test("the generator is xoshiro128++: the value that php-src expects after 102,400 others", () => {
  // php/php-src, ext/random/tests/02_engine/user_xoshiro128plusplus.phpt, which packs it lowest byte first.
  const generator = new Xoshiro128(Uint32Array.of(1, 2, 3, 4));
  for (let i = 0; i < 102_400; i++) generator.next();
  assert.is(generator.next(), 0x2c873cfa);
});

test("the same seed gives the same bytes, another seed others", () => {
  const [a, b, c] = [memoryHost({ seed: 7 }), memoryHost({ seed: 7 }), memoryHost({ seed: 8 })];
  assert.is(bytesOf(a.fillRandom, 32), bytesOf(b.fillRandom, 32));
  assert.is.not(bytesOf(a.fillRandom, 32), bytesOf(c.fillRandom, 32));
  assert.is(bytesOf(memoryHost().fillRandom, 16), bytesOf(memoryHost({ seed: 0 }).fillRandom, 16));
});

test("negative and large seeds are seeds of their own", () => {
  const outputs = [-1, 1, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER].map((seed) =>
    bytesOf(memoryHost({ seed }).fillRandom, 16),
  );
  assert.is(new Set(outputs).size, outputs.length);
});

test("all of an array is filled, whatever its length, and nothing around it", () => {
  const fill = seededRandom(99n);
  for (const length of [0, 1, 3, 4, 5, 65_537]) {
    const around = new Uint8Array(length + 2);
    fill(around.subarray(1, length + 1));
    assert.equal([around[0], around.at(-1)], [0, 0]);
    if (length > 16) assert.ok(around.subarray(1, -1).some((byte) => byte !== 0));
  }
  const counts = new Uint32Array(256);
  const many = new Uint8Array(256 * 1024);
  fill(many);
  for (const byte of many) counts[byte]!++;
  assert.ok(
    counts.every((count) => count > 850 && count < 1200),
    "every byte value comes up about equally often",
  );
});

test("a seed that is no safe integer is refused by name", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 53, "7", 7n] as number[]) {
    assert.throws(() => memoryHost({ seed }), /^memoryHost: seed must be a safe integer/);
  }
});

test("its clock is virtual unless another is given", async () => {
  const host = memoryHost();
  await host.clock.advance(5);
  assert.is(host.clock.now(), 5);
  assert.is(memoryHost({ clock: defaultHost.clock }).clock, defaultHost.clock);
});

test("reported errors are collected in order", () => {
  const host = memoryHost();
  const error = new Error("first");
  host.reportError(error);
  host.reportError(undefined);
  assert.is(host.errors[0], error);
  assert.equal(host.errors.slice(1), [undefined]);
});

test("the core is the one given", () => {
  const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  assert.is(memoryHost({ wasm }).loadCore(), wasm);
});

test("two runs with the same seed leave the same log: times, order and entropy", async () => {
  const run = async (seed: number) => {
    const host = memoryHost({ seed });
    const loop = new EventLoop(host.clock, host.reportError);
    const log: string[] = [];
    const random = () => Number.parseInt(bytesOf(host.fillRandom, 2), 16);
    const walk = (name: string, steps: number) => {
      log.push(`${host.clock.now()} ${name} ${steps}`);
      if (steps % 5 === 0) throw new Error(`${name} stumbled`);
      if (steps > 1) loop.setTimeout(walk, random() % 100, name, steps - 1);
    };
    for (const name of ["a", "b", "c"]) loop.setTimeout(walk, random() % 10, name, random() % 30);
    await host.clock.runAll();
    return [...log, ...host.errors.map(String)];
  };
  const log = await run(42);
  assert.ok(log.length > 3);
  assert.equal(await run(42), log);
  assert.not.equal(await run(43), log);
});

test.run();
