import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../support/core.ts";
import { nano } from "./support.ts";

const { atob, btoa } = nano;
const fails = (call: () => unknown): DOMException => {
  try {
    call();
  } catch (error) {
    return error as DOMException;
  }
  throw new Error("it returned");
};

test("btoa and atob agree with Buffer for every byte and at many lengths", () => {
  const next = random(64);
  for (const length of [0, 1, 2, 3, 4, 15, 16, 17, 1023, 1024, 65_537, 3 * 1024 * 1024 + 1]) {
    const bytes = Buffer.from(Array.from({ length }, () => next() * 256));
    const text = bytes.toString("latin1");
    assert.is(btoa(text), bytes.toString("base64"));
    assert.is(atob(btoa(text)), text);
  }
});

test("atob forgives ASCII whitespace and missing padding, and nothing else", () => {
  const forgiven: [string, string][] = [
    ["", ""],
    [" \t\n\f\r", ""],
    ["YWI=", "ab"],
    ["YWI", "ab"],
    ["Y W\tI\n=", "ab"],
    ["YQ==", "a"],
    ["YQ", "a"],
    ["YR", "a"], // stray bits are dropped
    ["\u002b/+/", "\xfb\xff\xbf"],
  ];
  for (const [text, decoded] of forgiven) assert.is(atob(text), decoded, JSON.stringify(text));
  for (const text of [
    "a",
    "=",
    "==",
    "YQ=",
    "YQ===",
    "YWI==",
    "YQ=a",
    "ab-_",
    "\vYWI=",
    "\u00a0",
    "YWI\u0141",
    "\0",
    "YWJj=",
  ]) {
    const error = fails(() => atob(text));
    assert.is(error.name, "InvalidCharacterError", JSON.stringify(text));
    assert.is(error.code, 5);
    assert.is(error.constructor, DOMException);
    assert.match(error.message, /^atob: data /);
  }
  assert.match(fails(() => atob("YW!j")).message, /index 2/);
});

test("btoa refuses code units above 255, and says which and where", () => {
  assert.is(btoa("\xff"), "/w==");
  assert.match(fails(() => btoa("ab\u0100")).message, /U\+0100 at index 2/);
  for (const text of ["\u0100", "\uffff", "😀", "\ud800"])
    assert.is(fails(() => btoa(text)).name, "InvalidCharacterError");
});

test("arguments are converted as DOMString, one is required, and no receiver", () => {
  assert.is((btoa as (data: unknown) => string)(null), "bnVsbA==");
  assert.is((btoa as (data: unknown) => string)(undefined), "dW5kZWZpbmVk");
  assert.is((btoa as (data: unknown) => string)({ toString: () => "a" }), "YQ==");
  assert.is((atob as (data: unknown) => string)(1234), "×mø");
  for (const convert of [atob, btoa] as unknown as ((...args: unknown[]) => string)[]) {
    assert.instance(
      fails(() => convert()),
      TypeError,
    );
    assert.instance(
      fails(() => convert(Symbol("YQ=="))),
      TypeError,
    );
    assert.is(convert.length, 1);
    assert.is(convert.call({}, "YQ=="), convert("YQ=="));
  }
  assert.is(
    fails(() =>
      atob({
        toString: () => {
          throw new RangeError("mine");
        },
      } as never),
    ).name,
    "RangeError",
  );
});

test("a closed runtime converts no more", async () => {
  const runtime = createRuntimeSync();
  await runtime.close();
  assert.is(fails(() => runtime.btoa("a")).name, "InvalidStateError");
  assert.is(fails(() => runtime.atob("YQ==")).name, "InvalidStateError");
});

test.run();
