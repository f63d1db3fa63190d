import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseCoding } from "../../ts/server/accept-encoding.ts";

const ALL = ["br", "zstd", "gzip"] as const;

for (const [field, chosen] of [
  [null, null],
  ["", null],
  ["gzip", "gzip"],
  ["GZip", "gzip"],
  ["x-gzip", "gzip"],
  ["compress", null],
  ["gzip, deflate, br", "br"],
  ["gzip, deflate, br, zstd", "br"],
  ["gzip;q=1.0, br;q=0.9", "gzip"],
  ["gzip ; q=0.5 , br ; q=0.501", "br"],
  ["br;q=0, gzip", "gzip"],
  ["br;q=0.000, gzip;q=0", null],
  ["*", "br"],
  ["*;q=0", null],
  ["gzip, *;q=0", "gzip"],
  ["br;q=0, *", "zstd"],
  ["identity", null],
  ["identity;q=1, gzip;q=0.5", null],
  ["identity;q=0.5, gzip;q=0.5", "gzip"],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  // Not well formed, so that it counts for nothing.
  ["gzip;q=2", null],
  ["gzip;q=0.1234", null],
  ["gzip;q=", null],
  ["gzip;level=9", null],
  ["gzip;q=1;q=0", null],
  ["g zip, br", "br"],
  [", ,gzip,", "gzip"],
] as const) {
  test(`Accept-Encoding: ${field ?? "(absent)"} gets ${chosen ?? "none"}`, () => {
    assert.is(chooseCoding(field, ALL), chosen);
  });
}

test("what a client likes as well as another is chosen by the server's order", () => {
  assert.is(chooseCoding("br, gzip", ["gzip", "br"]), "gzip");
  assert.is(chooseCoding("br, gzip", []), null);
});

test.run();
