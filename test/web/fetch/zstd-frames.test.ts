/** Where Zstandard frames end: frames of zstd 1.5, whole and cut short at every byte. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ZstdFrames } from "../../../ts/web/fetch/zstd-frames.ts";

const FRAMES: Record<string, string> = {
  "one segment": "28b52ffd 20 2d ad0000 7846657463682c20756e646f6e652e20010022ce3a",
  "with a checksum": "28b52ffd 24 2d ad0000 7846657463682c20756e646f6e652e20010022ce3a e43762fa",
  "zeros of unknown length": "28b52ffd 00 48 540000 1000000100fbff39c002 020010 00 039f04 00",
  nothing: "28b52ffd 20 00 010000",
  "flushed in between": "28b52ffd 00 58 180000 616263 190000 646566",
  skippable: "5f2a4d18 03000000 616263",
};

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

for (const [name, hex] of Object.entries(FRAMES)) {
  test(`${name}: complete at its end, and nowhere before`, () => {
    const frame = bytesOf(hex);
    for (let length = 1; length <= frame.length; length++) {
      const frames = new ZstdFrames();
      frames.feed(frame.subarray(0, length));
      assert.is(frames.complete, length === frame.length, `${length} bytes`);
    }
  });
}

test("frames one behind the other, in pieces of every length", () => {
  const all = bytesOf(Object.values(FRAMES).join(""));
  for (let pieceBytes = 1; pieceBytes <= all.length; pieceBytes++) {
    const frames = new ZstdFrames();
    let ends = 0;
    for (let at = 0; at < all.length; at += pieceBytes) {
      for (let rest = all.subarray(at, at + pieceBytes); rest.length > 0; ) {
        rest = rest.subarray(frames.feed(rest));
        if (frames.complete) ends++;
        else assert.is(rest.length, 0);
      }
    }
    assert.ok(frames.complete, `pieces of ${pieceBytes} bytes`);
    assert.is(ends, Object.keys(FRAMES).length);
  }
});

test("no bytes are no frame, and complete", () => {
  assert.ok(new ZstdFrames().complete);
});

test.run();
