/**
 * Functions that read an object of one layout, made of text for the layouts that are read most often. Such a function
 * compares the names with those that it was made for, reads the values in between, and makes the object of all of them at
 * once. From a name on that is another one, it leaves the object to its reader. It gives up wherever the input has a form that
 * is rare, or wrong: then reader.ts goes back to where the object begins, and reads it in the way that knows all forms, and
 * what is wrong about those that are none.
 */
import { functionOfText } from "../functions-of-text.ts";
import { type Layout, namesOf, rootLayout } from "../layouts.ts";
import { TAG } from "./format.ts";

/** In place of a value: what is there has another form. No value is a symbol. */
export const GAVE_UP = Symbol("gave up");

/**
 * Reads from where `reader`, a Reader, is: behind the tag of an object that is the value of the last property of `around`, or
 * in it. Gives the object, behind its end; or GAVE_UP.
 */
export type ObjectReader = (reader: object, around: Layout) => unknown;

/** How many objects of a layout are worth a function that reads them, and that an engine has to compile. */
export const OBJECTS_BEFORE_READER = 1024;

/**
 * How many properties the layout of a function may have, and those of all functions together. One takes some 4 KB, of text and
 * code. When layouts are forgotten (layouts.ts), so are their functions.
 */
const PROPERTIES_MAX = 32;
const PROPERTIES_IN_ALL_MAX = 2048;

/** How many they are, by the root of their layouts. */
const propertiesBelow = new WeakMap<Layout, number>();

const WORD_BYTES = 4;

const { stringify: quoted } = JSON;

/** Undefined for a layout that is too long, when there are enough, and where engines or pages forbid to make code from text. */
export function newObjectReader(
  layout: Layout,
  values: readonly unknown[],
  from: number,
): ObjectReader | undefined {
  if (layout.count === 0 || layout.count > PROPERTIES_MAX) return undefined;
  const root = rootLayout();
  const propertiesInAll = (propertiesBelow.get(root) ?? 0) + layout.count;
  if (propertiesInAll > PROPERTIES_IN_ALL_MAX) return undefined;
  propertiesBelow.set(root, propertiesInAll);
  const path: Layout[] = [];
  for (let at = layout; at.parent; at = at.parent) path[at.count - 1] = at;
  const lines = [
    "const { bytes, view, end } = r;",
    "const number = r.begin();",
    "if (number < 0) return GAVE_UP;",
    "let at = r.at;",
    "let byte;",
  ];
  for (let i = 0; i < path.length; i++) {
    lines.push(`let v${i};`, ...nameLines(path[i]!, i), ...valueLines(values[from + i], i));
  }
  const properties = namesOf(layout).map((name, i) => `${quoted(name)}: v${i}`);
  lines.push(
    `if (end - at < 2 || bytes[at] !== ${TAG.END_OBJECT} || bytes[at + 1] !== ${layout.count}) ${goingOn(layout.count)}`,
    "r.at = at + 2;",
    `return r.made(number, { ${properties.join(", ")} });`,
  );
  const body = `return (r, around) => {\n${lines.join("\n")}\n};`;
  return functionOfText<MakeReader>(["path", "GAVE_UP"], body)?.(path, GAVE_UP);
}

type MakeReader = (path: readonly Layout[], gaveUp: symbol) => ObjectReader;

/** Leaves the rest of an object to the reader, with the first `count` of its properties. */
function goingOn(count: number): string {
  const values = Array.from({ length: count }, (_, i) => `v${i}`).join(", ");
  return `return r.goOn(around, number, at, path[${count - 1}], [${values}]);`;
}

/** Reads over a name. Behind it there are three bytes at least: of its value, and of the object's end. */
function nameLines({ bytes, mask, words }: Layout, i: number): string[] {
  const differences: string[] = [];
  const last = words.length - 1;
  for (let i = 0; i < last; i++) {
    differences.push(`view.getInt32(at + ${WORD_BYTES * i}, true) !== ${words[i]}`);
  }
  const word = `view.getInt32(at + ${WORD_BYTES * last}, true)`;
  differences.push(`${mask === -1 ? word : `(${word} & ${mask})`} !== ${words[last]}`);
  return [`if (end - at < ${bytes + 3} || ${differences.join(" || ")}) ${goingOn(i)}`, `at += ${bytes};`];
}

/** Reads a value; at once, if it is of the type that another object had there. */
function valueLines(sample: unknown, i: number): string[] {
  const value = `v${i}`;
  const any = `{ r.at = at; ${value} = r.quick(path[${i}]); if (${value} === GAVE_UP) return GAVE_UP; at = r.at; }`;
  if (typeof sample === "string") {
    return [
      `if (bytes[at] === ${TAG.ONE_BYTE_STRING} && (byte = bytes[at + 1]) < 128 && end - at - 2 >= byte) {`,
      `${value} = r.oneByte(at + 2, byte); at += 2 + byte;`,
      `} else ${any}`,
    ];
  }
  if (typeof sample === "boolean") {
    return [
      `if (bytes[at] === ${TAG.TRUE}) { ${value} = true; at++; }`,
      `else if (bytes[at] === ${TAG.FALSE}) { ${value} = false; at++; }`,
      `else ${any}`,
    ];
  }
  if (typeof sample !== "number") return [any];
  if (!Number.isInteger(sample)) {
    return [
      `if (bytes[at] === ${TAG.DOUBLE} && end - at >= 9) { ${value} = view.getFloat64(at + 1, true); at += 9; }`,
      `else ${any}`,
    ];
  }
  return [
    `if (bytes[at] === ${TAG.INT32} && (byte = bytes[at + 1]) < 128) { ${value} = (byte >>> 1) ^ -(byte & 1); at += 2; }`,
    // That the end is not so near was looked at with the name.
    `else if (bytes[at] === ${TAG.INT32} && bytes[at + 2] < 128) {`,
    `byte = byte & 127 | bytes[at + 2] << 7; ${value} = (byte >>> 1) ^ -(byte & 1); at += 3;`,
    `} else ${any}`,
  ];
}
