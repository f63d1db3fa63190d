import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../../ts/runtime/loop.ts";
import { virtualClock } from "../../../ts/runtime/virtual-clock.ts";
import { SLICE_BYTES, Sliced, type Slices, throughSlices } from "../../../ts/web/crypto/slices.ts";

const newLoop = () =>
  new EventLoop(virtualClock(), (error) => {
    throw error;
  });

/** Work of so many slices that says what becomes of it. */
function work(slices: number): { sliced: Sliced<string>; log: string[] } {
  const log: string[] = [];
  function* work() {
    try {
      for (let i = 0; i < slices; i++) {
        if (i > 0) yield;
        log.push(`slice ${i}`);
      }
      return "result";
    } finally {
      log.push("cleaned up");
    }
  }
  return { sliced: new Sliced(work()), log };
}

function* failing(slices: number): Slices<never> {
  for (let i = 1; i < slices; i++) yield;
  throw new Error(`slice ${slices}`);
}

test("the first slice is done at the call, and work of one slice needs no loop, and no promise", () => {
  const loop = newLoop();
  loop.close();
  const { sliced, log } = work(1);
  assert.is(sliced.run(loop), "result");
  assert.equal(log, ["slice 0", "cleaned up"]);
});

test("what fails in the first slice is thrown, and in a later one rejects", async () => {
  const loop = newLoop();
  assert.throws(() => new Sliced(failing(1)).run(loop), /slice 1/);
  const running = new Sliced(failing(2)).run(loop) as Promise<never>;
  assert.is(await running.catch((error) => error.message), "slice 2");
  await loop.idle();
});

test("all slices give the result, on a loop and at once", async () => {
  const steps = ["slice 0", "slice 1", "slice 2", "cleaned up"];
  const loop = newLoop();
  const { sliced, log } = work(3);
  assert.is(await sliced.run(loop), "result");
  assert.equal(log, steps);
  await loop.idle();
  const other = work(3);
  assert.is(other.sliced.finish(), "result");
  assert.equal(other.log, steps);
});

test("work that a closed loop refuses, before the second slice or later, cleans up after itself", async () => {
  for (const closing of ["before", "meanwhile"]) {
    const loop = newLoop();
    const { sliced, log } = work(100);
    if (closing === "before") loop.close();
    const running = async () => sliced.run(loop);
    const refused = running().catch((error) => error);
    loop.close();
    const error = await refused;
    assert.is(error.name, "InvalidStateError");
    assert.equal(log, ["slice 0", "cleaned up"], closing);
  }
});

test("several inputs share a slice, and each is given whole and in order", () => {
  const lengths = [0, 5, SLICE_BYTES - 5, 1, 2 * SLICE_BYTES, 0, 7];
  const given: [input: number, at: number, length: number][] = [];
  const inputs = lengths.map(
    (length, input) =>
      [
        new Uint8Array(length),
        (piece: Uint8Array, at: number) => given.push([input, at, piece.length]),
      ] as const,
  );
  const perSlice: number[] = [];
  for (const work = throughSlices(...inputs); ; ) {
    const before = given.length;
    const { done } = work.next();
    perSlice.push(given.slice(before).reduce((sum, [, , length]) => sum + length, 0));
    if (done) break;
  }
  assert.equal(perSlice, [SLICE_BYTES, SLICE_BYTES, SLICE_BYTES, 8]);
  for (const [input, length] of lengths.entries()) {
    let end = 0;
    for (const [of, at, bytes] of given) {
      if (of !== input) continue;
      assert.is(at, end);
      end += bytes;
    }
    assert.is(end, length);
  }
});

test.run();
