/**
 * What kind of object a value is, by its internal slots and not by what it says of itself: a Map is what
 * `Map.prototype.size` can be read of. That a check may be worth its cost is told by the prototype chain, or by
 * `Object.prototype.toString`; so a Map whose prototype was taken from it passes for a plain object.
 */

export type BuiltInKind =
  | "Map"
  | "Set"
  | "Date"
  | "RegExp"
  | "Error"
  | "ArrayBuffer"
  | "Boolean"
  | "Number"
  | "BigInt"
  | "String"
  | "uncloneable";

/** A check by a getter or method that throws for any other kind of object. */
function slotOf(prototype: object, name: string, kind: BuiltInKind, ...args: unknown[]): Check {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  const read = (descriptor.get ?? descriptor.value) as (this: unknown, ...args: unknown[]) => unknown;
  const has = (object: object) => {
    try {
      read.apply(object, args);
      return true;
    } catch {
      return false;
    }
  };
  return { prototype, kind, has };
}

interface Check {
  readonly prototype: object;
  readonly kind: BuiltInKind;
  has(object: object): boolean;
}

const { prototype: objectPrototype, getPrototypeOf } = Object;
const tagOf = objectPrototype.toString;
const comesBefore = objectPrototype.isPrototypeOf as (this: object, object: object) => boolean;

/** Prototypes of objects without slots, and without a tag: those of most classes. */
const plainPrototypes = new WeakSet<object>();

const isErrorByEngine = (Error as { isError?: (object: object) => boolean }).isError;

/** Before engines had `Error.isError`: errors are told by toString, and those with a tag of their own by their stack. */
function isError(object: object): boolean {
  if (isErrorByEngine) return isErrorByEngine(object);
  if (!(Symbol.toStringTag in object)) return tagOf.call(object) === "[object Error]";
  return Object.hasOwn(object, "stack") && !(object instanceof DOMException);
}

/** By what `Object.prototype.toString` says, unless somebody sees to it that it says something else. */
const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["[object Map]", slotOf(Map.prototype, "size", "Map")],
  ["[object Set]", slotOf(Set.prototype, "size", "Set")],
  ["[object Date]", slotOf(Date.prototype, "getTime", "Date")],
  ["[object RegExp]", slotOf(RegExp.prototype, "hasIndices", "RegExp")],
  ["[object Error]", { prototype: Error.prototype, kind: "Error", has: isError }],
  ["[object ArrayBuffer]", slotOf(ArrayBuffer.prototype, "byteLength", "ArrayBuffer")],
  ["[object Boolean]", slotOf(Boolean.prototype, "valueOf", "Boolean")],
  ["[object Number]", slotOf(Number.prototype, "valueOf", "Number")],
  ["[object BigInt]", slotOf(BigInt.prototype, "valueOf", "BigInt")],
  ["[object String]", slotOf(String.prototype, "valueOf", "String")],
  ["[object Symbol]", slotOf(Symbol.prototype, "valueOf", "uncloneable")],
  ["[object WeakMap]", slotOf(WeakMap.prototype, "has", "uncloneable", {})],
  ["[object WeakSet]", slotOf(WeakSet.prototype, "has", "uncloneable", {})],
  ["[object WeakRef]", slotOf(WeakRef.prototype, "deref", "uncloneable")],
  ["[object Promise]", { prototype: Promise.prototype, kind: "uncloneable", has: () => true }],
  ...(typeof SharedArrayBuffer === "function"
    ? [
        [
          "[object SharedArrayBuffer]",
          slotOf(SharedArrayBuffer.prototype, "byteLength", "uncloneable"),
        ] as const,
      ]
    : []),
]);

/** Kinds of which `Object.prototype.toString` is exact, where no tag is found. */
const TOLD_BY_STRING: ReadonlyMap<string, BuiltInKind> = new Map(
  (["Date", "RegExp", "Error", "Boolean", "Number", "String"] as const).map((kind) => [
    `[object ${kind}]`,
    kind,
  ]),
);

/** Kinds whose slots nothing can be asked for, told by their tag alone. */
const UNCLONEABLE_TAG =
  /^\[object (?:Arguments|Module|FinalizationRegistry|(?:Async)?Generator|.* Iterator|Iterator Helper|Intl\..*|WebAssembly\..*)\]$/;

/** Of the kinds above, modules alone have a tag of their own, and no prototype. */
function isTaggedByItself(object: object, prototype: object | null): boolean {
  return prototype !== null && Object.hasOwn(object, Symbol.toStringTag);
}

/** The kind of an object that is neither an array nor a view of a buffer; undefined for one without slots. */
export function builtInKind(object: object): BuiltInKind | undefined {
  const tag = tagOf.call(object);
  const untagged = tag === "[object Object]";
  const told = untagged ? undefined : TOLD_BY_STRING.get(tag);
  // Asked once more: a getter may have taken away the tag that it gave.
  if (told !== undefined && !(Symbol.toStringTag in object) && tagOf.call(object) === tag) return told;
  const prototype = getPrototypeOf(object);
  if (untagged && (prototype === objectPrototype || prototype === null || plainPrototypes.has(prototype))) {
    return undefined;
  }
  const named = CHECKS.get(tag);
  if (named?.has(object)) return named.kind;
  let related = named !== undefined;
  for (const check of CHECKS.values()) {
    if (check === named || !comesBefore.call(check.prototype, object)) continue;
    if (check.has(object)) return check.kind;
    related = true;
  }
  if (UNCLONEABLE_TAG.test(tag) && !isTaggedByItself(object, prototype)) return "uncloneable";
  if (untagged && !related) plainPrototypes.add(prototype);
  return undefined;
}
