import { test } from "uvu";
import * as assert from "uvu/assert";
import { evaluateConditions, mayBePartial } from "../../ts/server/conditions.ts";

const MODIFIED = "Tue, 15 Nov 1994 12:45:26 GMT";
const EARLIER = "Tue, 15 Nov 1994 12:45:25 GMT";
const LATER = "Tue, 15 Nov 1994 12:45:27 GMT";
/** Files know fractions of the second that a date names. */
const validators = { etag: '"a"', modified: Date.parse(MODIFIED) + 900 };

for (const [fields, status] of [
  [{}, null],
  [{ "if-match": '"a"' }, null],
  [{ "if-match": "*" }, null],
  [{ "if-match": '"b", "a"' }, null],
  [{ "if-match": '"b"' }, 412],
  [{ "if-match": 'W/"a"' }, 412],
  [{ "if-match": "a" }, 412],
  [{ "if-unmodified-since": MODIFIED }, null],
  [{ "if-unmodified-since": LATER }, null],
  [{ "if-unmodified-since": EARLIER }, 412],
  [{ "if-unmodified-since": "yesterday" }, null],
  // RFC 9110 section 13.2.2: the tag goes before the date.
  [{ "if-match": '"a"', "if-unmodified-since": EARLIER }, null],
  [{ "if-none-match": '"a"' }, 304],
  [{ "if-none-match": 'W/"a"' }, 304],
  [{ "if-none-match": '"b" , W/"a"' }, 304],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": '"b"' }, null],
  [{ "if-modified-since": MODIFIED }, 304],
  [{ "if-modified-since": LATER }, 304],
  [{ "if-modified-since": EARLIER }, null],
  [{ "if-modified-since": "Tuesday, 15-Nov-94 12:45:26 GMT" }, 304],
  [{ "if-modified-since": "Tue Nov 15 12:45:26 1994" }, 304],
  [{ "if-modified-since": "Tue Nov 15 12:45:25 1994" }, null],
  [{ "if-modified-since": "1994-11-15T12:45:26Z" }, null],
  [{ "if-none-match": '"b"', "if-modified-since": LATER }, null],
  [{ "if-match": '"b"', "if-none-match": '"a"' }, 412],
  [{ "if-match": '"a"', "if-none-match": '"a"' }, 304],
] as [Record<string, string>, number | null][]) {
  test(`${JSON.stringify(fields)} comes to ${status ?? "going on"}`, () => {
    assert.is(evaluateConditions(new Headers(fields), validators), status);
  });
}

test("a part is sent when If-Range is absent, or names what there is, strongly", () => {
  const later = validators.modified + 1000;
  const may = (field: string | null, now: number | null = later, etag = '"a"') =>
    mayBePartial(new Headers(field === null ? {} : { "if-range": field }), { ...validators, etag }, now);
  assert.is(may(null), true);
  assert.is(may('"a"'), true);
  assert.is(may('"b"'), false);
  assert.is(may('W/"a"'), false);
  assert.is(may('W/"a"', later, 'W/"a"'), false);
  assert.is(may(MODIFIED), true);
  assert.is(may(LATER), false);
  assert.is(may(EARLIER), false);
  assert.is(may("nonsense"), false);
  assert.is(may(MODIFIED, validators.modified + 999), false, "it may change again within that second");
  assert.is(may(MODIFIED, null), false, "another may have the same date");
  assert.is(may('"a"', null), true);
});

test.run();
