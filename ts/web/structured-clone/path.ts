/** What a DataCloneError says: what could not be cloned, and where in the graph it is, as an expression has it. */
import { domException } from "../dom-exception.ts";
import type { Shape, Walk } from "./walk.ts";

const { getPrototypeOf, getOwnPropertyDescriptor } = Object;
const { apply } = Reflect;
const stringOf = Object.prototype.toString;

/** Deeper ones begin with an ellipsis. */
const STEPS_MAX = 16;
const NAME_LENGTH_MAX = 64;

/** @param what what the value is, if it is not to be found out here. */
export function uncloneable(value: unknown, walk: Walk, what = nameOf(value, walk)): DOMException {
  const path = pathTo(walk);
  const article = /^[aeio]/i.test(what) ? "an" : "a"; // a Uint8Array, a URL
  const message = `structuredClone: ${article} ${what} cannot be cloned${path && `, at ${path}`}`;
  return domException("DataCloneError", message);
}

/** The path to where a walk is; empty at the beginning. */
function pathTo(walk: Walk): string {
  let steps = "";
  let count = 0;
  const add = (step: string) => {
    if (++count <= STEPS_MAX) steps = step + steps;
    else if (count === STEPS_MAX + 1) steps = `…${steps}`;
  };
  for (let { level } = walk; level?.up; level = level.up) add(step(level.shape, level.list, level.place));
  for (let { frame } = walk; frame && count <= STEPS_MAX; frame = frame.up) {
    const { shape, list, at } = frame;
    add(step(shape, list, shape === "object" ? (list[at] as string) : at));
  }
  return steps;
}

function step(shape: Shape, list: readonly unknown[], place: string | number): string {
  const at = Number(place);
  switch (shape) {
    case "object":
      return property(place as string);
    case "elements":
      return `[${at}]`;
    case "map":
      return at % 2 === 0 ? `.keys()[${at / 2}]` : `.get(${literal(list[at - 1], (at - 1) / 2)})`;
    case "set":
      return `.values()[${at}]`;
    case "error":
      return `.${list[at - 1]}`;
  }
}

function property(key: string): string {
  if (/^\d+$/.test(key)) return `[${key}]`;
  const short = shorten(key);
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(short) ? `.${short}` : `[${JSON.stringify(short)}]`;
}

/** A key of a Map, or which of them it is. */
function literal(key: unknown, index: number): string {
  if (typeof key === "string") return JSON.stringify(shorten(key));
  return typeof key === "object" ? `key ${index}` : String(key);
}

function shorten(text: string): string {
  return text.length > NAME_LENGTH_MAX ? `${text.slice(0, NAME_LENGTH_MAX - 1)}…` : text;
}

/** "function", "symbol", or the name of an object's class, without running any code of its own. */
function nameOf(value: unknown, { isProxy }: Walk): string {
  if (typeof value !== "object" || value === null) return typeof value;
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder) as object | null) {
    if (isProxy?.(holder)) return "object of this kind";
    const tag: unknown = getOwnPropertyDescriptor(holder, Symbol.toStringTag)?.value;
    if (typeof tag === "string" && tag !== "") return shorten(tag);
    const Class: unknown = getOwnPropertyDescriptor(holder, "constructor")?.value;
    if (typeof Class !== "function" || Class === Object) continue;
    const name: unknown = getOwnPropertyDescriptor(Class, "name")?.value;
    if (typeof name === "string" && name !== "") return shorten(name);
  }
  return apply(stringOf, value, []) === "[object Arguments]" ? "arguments object" : "object of this kind";
}
