import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseRange } from "../../ts/server/ranges.ts";

const range = (first: number, last: number) => ({ first, last });

for (const [field, ranges] of [
  [null, null],
  ["bytes=0-0", [range(0, 0)]],
  ["bytes=0-", [range(0, 99)]],
  ["bytes=0-1000", [range(0, 99)]],
  ["bytes=99-", [range(99, 99)]],
  ["bytes=-1", [range(99, 99)]],
  ["bytes=-1000", [range(0, 99)]],
  ["BYTES=5-6", [range(5, 6)]],
  ["bytes= 5-6 , 8-9 ", [range(5, 6), range(8, 9)]],
  ["bytes=8-9,5-6", [range(8, 9), range(5, 6)]],
  ["bytes=,5-6,", [range(5, 6)]],
  ["bytes=100-", []],
  ["bytes=-0", []],
  ["bytes=100-,-0", []],
  ["bytes=100-,1-2", [range(1, 2)]],
  ["bytes=99999999999999999999-", []],
  ["bytes=6-5", null],
  ["bytes=", null],
  ["bytes=-", null],
  ["bytes=a-b", null],
  ["bytes=1-2-3", null],
  ["bytes=1 - 2", null],
  ["bytes=1", null],
  ["items=0-5", null],
  ["0-5", null],
  // More than the whole, and too many.
  ["bytes=0-99,0-99", null],
  [`bytes=${"0-0,".repeat(17)}`, null],
] as [string | null, ReturnType<typeof parseRange>][]) {
  test(`Range: ${field} of 100 bytes`, () => assert.equal(parseRange(field, 100), ranges));
}

test("of nothing, no byte is there, and its end is the whole of it", () => {
  assert.equal(parseRange("bytes=0-", 0), []);
  assert.equal(parseRange("bytes=-5", 0), null);
});

test.run();
