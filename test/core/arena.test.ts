import { test } from "uvu";
import * as assert from "uvu/assert";
import { digest, HASHES, Hasher } from "../../ts/core/hash.ts";
import { HmacSlot } from "../../ts/core/hmac.ts";
import { CoreError, Status } from "../../ts/core/status.ts";
import { makeCore, random } from "../support/core.ts";
import { isA } from "../support/tools.ts";

const isClosedArena = (error: unknown) =>
  error instanceof CoreError && error.status === Status.INVALID_HANDLE;
const isClosedCore = (error: unknown) => error instanceof DOMException && error.name === "InvalidStateError";

test("a closed arena's bytes are wiped, and given out again", () => {
  const core = makeCore();
  const arena = core.openArena();
  const address = arena.place(new Uint8Array(500).fill(0xee));
  arena.close();
  assert.ok(core.memory.bytes.subarray(address, address + 500).every((byte) => byte !== 0xee));
  const { poolBytes } = core.statistics();
  const next = core.openArena();
  assert.is(next.alloc(500), address);
  next.close();
  assert.is(core.statistics().poolBytes, poolBytes);
});

test("a million rounds of open, alloc, close leave memory where it was", () => {
  const core = makeCore();
  const { raw } = core;
  const round = (bytes: number) => {
    const arena = raw["arena.open"]();
    raw["arena.alloc"](arena, bytes, 16);
    raw["arena.close"](arena);
  };
  for (let bytes = 0; bytes < 5000; bytes++) round(bytes);
  const before = { ...core.statistics(), memory: core.memory.bytes.length };
  for (let i = 0; i < 1_000_000; i++) round(i % 5000);
  const after = { ...core.statistics(), memory: core.memory.bytes.length };
  assert.equal(after, before);
  assert.is(after.liveArenas, 0);
  assert.is(after.bytesInUse, 0);
});

test("allocations do not overlap, keep their contents, and have the alignment asked for", () => {
  const core = makeCore();
  const next = random(1);
  const arenas = Array.from({ length: 20 }, () => core.openArena());
  const blocks: { address: number; length: number; mark: number }[] = [];
  for (let i = 0; i < 2000; i++) {
    const length = Math.floor(next() ** 4 * 100_000);
    const alignment = 1 << Math.floor(next() * 9);
    const address = arenas[i % arenas.length]!.alloc(length, alignment);
    assert.is(address % alignment, 0);
    core.memory.bytes.fill(i & 0xff, address, address + length);
    blocks.push({ address, length, mark: i & 0xff });
  }
  for (const { address, length, mark } of blocks) {
    assert.ok(core.memory.bytes.subarray(address, address + length).every((byte) => byte === mark));
  }
  for (const arena of arenas) arena.close();
  assert.is(core.statistics().bytesInUse, 0);
});

test("a stale, forged or absurd handle is an error, and harms nothing", () => {
  const core = makeCore();
  const { raw } = core;
  const live = raw["arena.open"]();
  const stale = raw["arena.open"]();
  assert.is(raw["arena.close"](stale), 0);
  const next = random(2);
  for (let i = 0; i < 100_000; i++) {
    const forged = i === 0 ? stale : Math.floor(next() * 2 ** 32);
    if (forged === live) continue;
    assert.is(raw["arena.alloc"](forged, 16, 16), Status.INVALID_HANDLE);
    assert.is(raw["arena.close"](forged), Status.INVALID_HANDLE);
  }
  assert.is(core.statistics().liveArenas, 1);
  assert.ok(raw["arena.alloc"](live, 16, 16) > 0);
  assert.is(raw["arena.close"](live), 0);
});

test("closing an arena twice is refused, and so is allocating from one that is closed", () => {
  const core = makeCore();
  const arena = core.openArena();
  arena.requireOpen();
  arena.close();
  assert.throws(() => arena.close(), isClosedArena);
  assert.throws(() => arena.alloc(1), isClosedArena);
  assert.throws(() => arena.place(new Uint8Array(1)), isClosedArena);
  assert.throws(() => arena.requireOpen(), isClosedArena);
});

test("alignments that are no power of two, or too large, are refused", () => {
  const core = makeCore();
  const { raw } = core;
  const arena = raw["arena.open"]();
  for (const alignment of [0, 3, 24, 1 << 17, 0x80000000, 0xffffffff]) {
    assert.is(raw["arena.alloc"](arena, 16, alignment), Status.INVALID_ALIGNMENT, `${alignment}`);
  }
  raw["arena.close"](arena);
});

test("an allocation that memory cannot hold fails with a RangeError, and everything still works", () => {
  const core = makeCore();
  const arena = core.openArena();
  const kept = arena.place(new Uint8Array([1, 2, 3]));
  const before = core.statistics();
  const outOfMemory = (error: unknown) => error instanceof RangeError && /out of memory/.test(error.message);
  for (const length of [0xffffffff, 0xfffffff0, 0xffff0000]) {
    assert.throws(() => arena.alloc(length), outOfMemory);
  }
  for (const length of [2 ** 32, 2 ** 32 + 1, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN, -1]) {
    const namesIt = (error: unknown) =>
      error instanceof RangeError && error.message.includes(`0 to 4294967295 bytes, not ${length}`);
    assert.throws(() => arena.alloc(length), namesIt);
  }
  assert.equal(core.statistics(), before);
  assert.equal([...core.memory.bytes.subarray(kept, kept + 3)], [1, 2, 3]);
  assert.ok(arena.alloc(1 << 20) > 0);
  arena.close();
});

test("memory beyond 2 GiB has addresses like any other, and ends with a RangeError", () => {
  const core = makeCore();
  const arena = core.openArena();
  const step = 768 * 2 ** 20; // Five fit below 4 GiB. Nobody touches them, so no memory is really taken.
  const addresses = Array.from({ length: 5 }, () => arena.alloc(step));
  assert.throws(() => arena.alloc(step), isA(RangeError));
  assert.ok(Math.max(...addresses) > 2 ** 31);
  for (const address of addresses) core.memory.bytes[address + step - 1] = 7;
  for (const address of addresses) assert.is(core.memory.bytes[address + step - 1], 7);
  assert.ok(arena.alloc(1000) > 0, "small ones still fit");
  // The arena stays open: closing it would wipe, and so take, 4 GiB.
});

test("views are made anew after memory has grown", () => {
  const core = makeCore();
  const before = core.memory.bytes;
  const arena = core.openArena();
  arena.alloc(32 << 20);
  assert.is(before.length, 0, "the old view is detached");
  assert.ok(core.memory.bytes.length > 32 << 20);
  assert.is(core.memory.words.length, core.memory.bytes.length / 4);
  arena.close();
});

test("closing the core wipes every arena, refuses new ones, and lets old ones be closed", () => {
  const core = makeCore();
  const arena = core.openArena();
  const address = arena.place(new Uint8Array(100).fill(0xee));
  core.close();
  assert.ok(core.memory.bytes.subarray(address, address + 100).every((byte) => byte !== 0xee));
  assert.is(core.statistics().liveArenas, 0);
  assert.throws(() => core.openArena(), isClosedCore);
  assert.throws(() => core.requireOpen(), isClosedCore);
  assert.throws(() => arena.requireOpen(), isClosedCore);
  assert.throws(() => arena.alloc(1), isClosedCore);
  arena.close();
  core.close();
});

test("closing the core wipes the keys that JavaScript holds", () => {
  const core = makeCore();
  const bits = new Uint8Array(16).fill(0xee);
  const slot = new HmacSlot(core, HASHES["SHA-256"], bits.slice(), bits);
  assert.equal(slot.exportBits(), new Uint8Array(16).fill(0xee));
  core.close();
  assert.equal(bits, new Uint8Array(16));
});

test("an operation that finds no memory for its second allocation gives back its first", () => {
  const core = makeCore();
  const { raw } = core;
  const hash = HASHES["SHA-256"];
  const slot = new HmacSlot(core, hash, new Uint8Array(16));
  // All memory but some 32 KiB: room for a state, none for a window. Nobody touches it, so it is never really taken.
  const hog = raw["arena.open"]();
  for (let bytes = 2 ** 30; bytes >= 2 ** 15; bytes /= 2) {
    while (raw["arena.alloc"](hog, bytes, 16) !== Status.OUT_OF_MEMORY);
  }
  const before = core.statistics();
  const long = new Uint8Array(2 ** 17);
  const operations: Record<string, () => unknown> = {
    "a hasher": () => new Hasher(core, hash),
    "a digest": () => digest(core, hash, long),
    "a digest at once": () => digest(core, hash, long.subarray(0, 2 ** 16)),
    "a signer": () => slot.begin(),
    "a MAC": () => slot.sign(long),
    "a MAC at once": () => slot.sign(long.subarray(0, 2 ** 16)),
    "a verification": () => slot.verify(long, new Uint8Array(32)),
    "a key": () => new HmacSlot(core, hash, long),
  };
  for (const [name, operation] of Object.entries(operations)) {
    assert.throws(operation, (error: unknown) => error instanceof RangeError, name);
    assert.equal({ ...core.statistics(), peakBytesInUse: 0 }, { ...before, peakBytesInUse: 0 }, name);
  }
  assert.is(digest(core, hash, long.subarray(0, 100)).byteLength, 32, "a short one still fits");
});

test.run();
