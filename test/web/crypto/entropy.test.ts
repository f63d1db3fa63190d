import { randomFillSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Context } from "../../../ts/web/crypto/algorithm.ts";
import { takeEntropy } from "../../../ts/web/crypto/entropy.ts";
import { makeCore } from "../../support/core.ts";

/** A context whose random bytes are remembered, batch by batch, with the views that were filled. */
function remembering() {
  const batches: Buffer[] = [];
  const filled: Uint8Array[] = [];
  const core = makeCore();
  const context: Context = {
    core,
    fillRandom(bytes) {
      randomFillSync(bytes);
      batches.push(Buffer.from(bytes));
      filled.push(bytes);
    },
    keep: (bytes) => bytes,
  };
  return { context, core, batches, filled };
}

test("each random byte of the host's is given out once, in order, and the host asked for many at a time", () => {
  const { context, batches } = remembering();
  const taken: Buffer[] = [];
  for (let round = 0; round < 640; round++) taken.push(Buffer.from(takeEntropy(context, 16)));
  assert.is(batches.length, 10);
  assert.equal(Buffer.concat(taken), Buffer.concat(batches));
});

test("of a batch whose rest is too short nothing more is given out", () => {
  const { context, batches } = remembering();
  takeEntropy(context, 1000);
  assert.equal(Buffer.from(takeEntropy(context, 25)), batches[1]!.subarray(0, 25));
  assert.is(batches.length, 2);
});

test("bytes are wiped in place by who took them, and the rest when the core is closed", () => {
  const { context, core, filled } = remembering();
  const [first, second] = [takeEntropy(context, 16), takeEntropy(context, 16)];
  assert.ok(second.some((byte) => byte !== 0));
  first.fill(0);
  const [pool] = filled;
  assert.ok(pool!.subarray(0, 16).every((byte) => byte === 0));
  assert.equal(pool!.subarray(16, 32), second);
  core.close();
  assert.ok(pool!.every((byte) => byte === 0));
});

test("contexts share nothing", () => {
  const [one, other] = [remembering(), remembering()];
  takeEntropy(one.context, 16);
  assert.is(other.batches.length, 0);
  assert.equal(Buffer.from(takeEntropy(other.context, 16)), other.batches[0]!.subarray(0, 16));
});

test.run();
