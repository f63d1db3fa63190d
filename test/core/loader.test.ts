import { createHash } from "node:crypto";
import * as loader from "@assemblyscript/loader";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coreModule, makeCore } from "../support/core.ts";

/** The core as somebody has it who knows nothing but the loader. */
function load() {
  const { exports } = loader.instantiateSync(coreModule(), {});
  return exports as typeof exports &
    Required<loader.ASUtil> & {
      arena: {
        open(): number;
        alloc(arena: number, length: number, alignment: number): number;
        close(arena: number): number;
        statistics(): number;
      };
    };
}

test("dotted export names become nested objects", () => {
  const { arena } = load();
  assert.is(arena.close(arena.open()), 0);
});

test("strings go in and come out, lone surrogates included", () => {
  const { __newString, __getString, __collect } = load();
  for (const text of ["", "a", "grüße, 世界 🌍", "\ud800 alone", "x".repeat(100_000)]) {
    assert.is(__getString(__newString(text)), text);
  }
  __collect();
});

test("buffers go in and come out", () => {
  const { __newArrayBuffer, __getArrayBuffer } = load();
  for (const length of [0, 1, 15, 16, 17, 8191, 8192, 8193, 1 << 20]) {
    const bytes = new Uint8Array(length).map((_, i) => i * 7);
    assert.equal(new Uint8Array(__getArrayBuffer(__newArrayBuffer(bytes.buffer))), bytes);
  }
});

test("a pinned object outlives a collection, an unpinned one is wiped", () => {
  const { __newString, __getString, __pin, __unpin, __collect, memory } = load();
  const kept = __pin(__newString("kept"));
  const lost = __newString("lost");
  __collect();
  assert.is(__getString(kept), "kept");
  assert.equal(
    [...new Uint8Array(memory.buffer, lost, 8)].filter((byte) => byte === 0x6c),
    [],
  );
  __unpin(kept);
  __collect();
});

test("misuse aborts with a readable message instead of harming memory", () => {
  const { __new, __pin, __unpin, __newString } = load();
  const object = __newString("x");
  assert.throws(() => __pin(object + 16), /not a live object/);
  assert.throws(() => __unpin(object), /not pinned/);
  __pin(object);
  assert.throws(() => __pin(object), /already pinned/);
  assert.throws(() => __new(0xfffffff0, 1), /out of memory/);
});

test("misuse that the host catches, twenty thousand times, leaves the core its whole stack", () => {
  const { raw, memory } = makeCore();
  const misuses = [() => raw.__new(0xfffffff0, 1), () => raw.__pin(16), () => raw.__unpin(16)];
  for (const misuse of misuses) {
    for (let i = 0; i < 20_000; i++) assert.throws(misuse, /out of memory|not a live object/);
  }
  const address = raw.__new(64, 1) >>> 0;
  assert.is(raw["hash.digest"](4, address, 64, address), 64);
  const expected = createHash("sha512").update(new Uint8Array(64)).digest("hex");
  assert.is(Buffer.from(memory.bytes.subarray(address, address + 64)).toString("hex"), expected);
});

test("an object that would lie at 2 GiB or above is refused, since the loader takes such addresses for negative", () => {
  const { arena, __newString, __getString, __newArrayBuffer, __pin } = load();
  const below = __pin(__newString("below"));
  const hog = arena.open();
  // Nobody touches it, so no memory is really taken.
  for (let i = 0; i < 3; i++) assert.ok(arena.alloc(hog, 768 * 2 ** 20, 16) !== -1);
  assert.throws(() => __newString("x".repeat(100_000)), /out of memory below 2 GiB/);
  assert.throws(() => __newArrayBuffer(new ArrayBuffer(100_000)), /out of memory below 2 GiB/);
  assert.is(__getString(below), "below");
});

test.run();
