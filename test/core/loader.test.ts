import * as loader from "@assemblyscript/loader";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coreModule } from "../support/core.ts";

/** The core as somebody has it who knows nothing but the loader. */
function load() {
  const { exports } = loader.instantiateSync(coreModule(), {});
  return exports as typeof exports &
    Required<loader.ASUtil> & {
      arena: { open(): number; close(arena: number): number; statistics(): number };
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

test.run();
