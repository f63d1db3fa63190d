/** `atob` and `btoa`: https://html.spec.whatwg.org/multipage/webappapis.html#atob */
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf, runtime } from "./support.ts";

/** RFC 4648, section 10. */
const VECTORS = [
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
] as const;

export const base64: Suite = {
  name: "base64",
  tests: {
    "RFC 4648's examples, both ways": async () => {
      const { atob, btoa } = await runtime();
      for (const [text, encoded] of VECTORS) {
        assert.is(btoa(text), encoded);
        assert.is(atob(encoded), text);
      }
    },

    "every byte, and a megabyte, come back": async () => {
      const { atob, btoa } = await runtime();
      const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
      for (const text of [bytes, bytes.repeat(4096)]) assert.is(atob(btoa(text)), text);
    },

    "whitespace and missing padding are forgiven": async () => {
      const { atob } = await runtime();
      for (const text of ["YWI=", "YWI", " Y\tW\nI\f\r= "]) assert.is(atob(text), "ab");
    },

    "all else is an InvalidCharacterError": async () => {
      const { atob, btoa } = await runtime();
      const seen: string[] = [];
      for (const text of ["a", "=", "YQ=", "YQ===", "YQ=a", "ab-_", "\u00a0", "\0", "YWJj="]) {
        const error = await errorOf(() => atob(text));
        assert.instance(error, DOMException);
        seen.push(`${JSON.stringify(text)} ${error.name}: ${error.message}`);
      }
      const error = await errorOf(() => btoa("€"));
      assert.is(error.name, "InvalidCharacterError");
      return [...seen, error.message];
    },
  },
};
