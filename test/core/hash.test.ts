import { createHash, createHmac } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Core } from "../../ts/core/core.ts";
import { digest, HASHES, Hasher, WINDOW_BYTES } from "../../ts/core/hash.ts";
import { HmacSlot } from "../../ts/core/hmac.ts";
import { makeCore, random } from "../support/core.ts";

const EDGES = [0, 1, 55, 56, 57, 63, 64, 65, 111, 112, 113, 127, 128, 129, 8191, 8192, 8193];
const LENGTHS = [...EDGES, WINDOW_BYTES - 1, WINDOW_BYTES, WINDOW_BYTES + 1, 3 * WINDOW_BYTES + 17];
const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex");
const message = (length: number) => new Uint8Array(length).map((_, i) => (i * 31 + length) & 0xff);

for (const hash of Object.values(HASHES)) {
  const node = hash.name.replace("-", "").toLowerCase();

  test(`${hash.name} equals the host's at every edge, and leaves no arena`, () => {
    const core = makeCore();
    for (const length of LENGTHS) {
      const input = message(length);
      assert.is(
        hex(digest(core, hash, input)),
        createHash(node).update(input).digest("hex"),
        `${length} bytes`,
      );
    }
    assert.is(core.statistics().liveArenas, 0);
  });

  test(`${hash.name} in pieces equals ${hash.name} at once, whatever the pieces and the window`, () => {
    const core = makeCore();
    const next = random(hash.id);
    for (const windowBytes of [1, 63, 64, 4096, WINDOW_BYTES]) {
      const input = message(10_000);
      const hasher = new Hasher(core, hash, windowBytes);
      for (let at = 0; at < input.length; ) {
        const piece = Math.floor(next() ** 2 * 400);
        hasher.update(input.subarray(at, at + piece));
        at += piece;
      }
      assert.is(hex(hasher.final()), createHash(node).update(input).digest("hex"));
      assert.throws(() => hasher.final(), /finished/);
      hasher.close();
    }
    assert.is(core.statistics().liveArenas, 0);
  });

  test(`HMAC-${hash.name} equals the host's for keys around the block and messages around the window`, () => {
    const core = makeCore();
    const { blockBytes } = hash;
    for (const keyBytes of [1, 20, blockBytes - 1, blockBytes, blockBytes + 1, 5000]) {
      const key = message(keyBytes);
      const slot = new HmacSlot(core, hash, key);
      for (const length of [0, 1, 64, 8193, WINDOW_BYTES, WINDOW_BYTES + 1]) {
        const input = message(length);
        const expected = createHmac(node, key).update(input).digest();
        assert.is(hex(slot.sign(input)), expected.toString("hex"));
        assert.is(slot.verify(input, expected), true);
        expected[length % expected.length]! ^= 1;
        assert.is(slot.verify(input, expected), false);
        assert.is(slot.verify(input, expected.subarray(1)), false);
        assert.is(slot.verify(input, new Uint8Array(0)), false);
      }
    }
    assert.is(core.statistics().liveArenas, 0);
  });
}

test("a key slot keeps no copy of its key", () => {
  const core = makeCore();
  const key = new TextEncoder().encode("correct horse battery staple, and more than that");
  new HmacSlot(core, HASHES["SHA-256"], key);
  assert.is(Buffer.from(core.memory.bytes.buffer).indexOf("battery staple"), -1);
});

/** What is left of an operation when it should have ended: a digest in pieces, and a MAC in pieces. */
function underWay(core: Core): { name: string; close(): void; calls: (() => unknown)[] }[] {
  const hash = HASHES["SHA-256"];
  const hasher = new Hasher(core, hash);
  const signer = new HmacSlot(core, hash, message(20)).begin();
  const piece = new Uint8Array(100).fill(0xee);
  return [
    {
      name: "hasher",
      close: () => hasher.close(),
      calls: [() => hasher.update(piece), () => hasher.final()],
    },
    {
      name: "signer",
      close: () => signer.close(),
      calls: [() => signer.update(piece), () => signer.final(), () => signer.verify(piece.subarray(0, 32))],
    },
  ];
}

test("after its close an operation in pieces is refused, and writes into nobody's memory", () => {
  const core = makeCore();
  for (const { name, close, calls } of underWay(core)) {
    close();
    const bytes = core.memory.bytes.slice();
    for (const call of calls) assert.throws(call, /arena that is closed/, name);
    assert.ok(Buffer.from(bytes).equals(core.memory.bytes), name);
  }
});

test("after the core's close an operation in pieces is refused with an InvalidStateError", () => {
  const core = makeCore();
  const operations = underWay(core);
  core.close();
  const bytes = core.memory.bytes.slice();
  for (const { name, close, calls } of operations) {
    for (const call of calls) {
      assert.throws(call, (error: unknown) => (error as DOMException).name === "InvalidStateError", name);
    }
    close();
  }
  assert.ok(Buffer.from(bytes).equals(core.memory.bytes));
});

test.run();
