/**
 * What an object is to the structured clone algorithm, which goes by internal slots: a Map is what has [[MapData]],
 * whatever its prototype, its constructor and its `Symbol.toStringTag` say. Slots are seen through
 *
 *   Array.isArray, ArrayBuffer.isView     for arrays and views (walk.ts asks for them first)
 *   Object.prototype.toString             for Date, RegExp, Error, Boolean, Number, String and arguments objects,
 *                                         exact wherever no `Symbol.toStringTag` is found
 *   a getter or method that demands them  for all others: it throws for objects without the slot
 *   host.introspection                    for the same, where the engine has it, and for proxies
 *   the engine's own structuredClone      for its platform objects, and slots that nothing else tells of
 *
 * None of these runs code of the object's, save that of a proxy, be it the object or one that it inherits from, where the
 * engine cannot tell of proxies. One case passes for what it looks like: a Map, a buffer or an object with slots that
 * cannot be copied, whose prototype was replaced by one without a tag, and that has been given enumerable properties of
 * its own.
 */
import type { Introspection, SlotKind } from "../../host/host.ts";
import { slotsOf as cryptoKeySlotsOf } from "../crypto/key.ts";
import { engineStructuredClone, getterOf } from "./intrinsics.ts";
import {
  hasDOMExceptionSlots,
  interfaceOf,
  isDOMException,
  isFileOrBlob,
  isNative,
  lacksSlots,
  NOT_SERIALIZABLE,
} from "./platform.ts";

export type Kind =
  | Exclude<SlotKind, "other">
  | ("Object" | "heir of a proxy" | "platform object" | "uncloneable");

const { getPrototypeOf, getOwnPropertyDescriptor, isExtensible, prototype: ObjectPrototype } = Object;
const { toStringTag } = Symbol;
const { apply } = Reflect;
const stringOf = ObjectPrototype.toString;

/** Whether calling a getter or method on an object does not throw: whether the object has the slots it demands. */
function passes(check: (...args: never[]) => unknown, object: object): boolean {
  try {
    apply(check, object, []);
    return true;
  } catch {
    return false;
  }
}

const { prototype: MapPrototype } = Map;
const { prototype: SetPrototype } = Set;
const { prototype: DatePrototype } = Date;
const { prototype: RegExpPrototype } = RegExp;
const { prototype: ErrorPrototype } = Error;
const timeOf = Date.prototype.getTime;
const hasMapData = getterOf(Map.prototype, "size");
const hasSetData = getterOf(Set.prototype, "size");
const hasArrayBufferData = getterOf(ArrayBuffer.prototype, "byteLength");
const hasSharedData =
  typeof SharedArrayBuffer === "function" ? getterOf(SharedArrayBuffer.prototype, "byteLength") : undefined;

/** RegExp.prototype passes too, and is none: its getters give undefined. */
const regExpFlag = getterOf(RegExp.prototype, "global");
const hasRegExpMatcher = function (this: RegExp): void {
  if (apply(regExpFlag, this, []) === undefined) throw new TypeError("RegExp.prototype is no RegExp");
};

const isErrorByEngine = (Error as { isError?: (object: object) => boolean }).isError;

/** In the standard's order; errors come after platform objects, some of which are errors inside. */
const CHECKS: readonly [Kind, (...args: never[]) => unknown][] = [
  ["Boolean", Boolean.prototype.valueOf],
  ["Number", Number.prototype.valueOf],
  ["BigInt", BigInt.prototype.valueOf],
  ["String", String.prototype.valueOf],
  ["Date", timeOf],
  ["RegExp", hasRegExpMatcher],
  ["ArrayBuffer", hasArrayBufferData],
  ...(hasSharedData ? [["SharedArrayBuffer", hasSharedData] as [Kind, typeof hasSharedData]] : []),
  ["Map", hasMapData],
  ["Set", hasSetData],
  ["uncloneable", Symbol.prototype.valueOf],
];

/**
 * The kind of an object that is neither an array, nor a view, nor known to be a proxy. "Object" is to be confirmed by
 * `kindOfEmpty` if it turns out to have no enumerable property of its own.
 */
export function kindOf(object: object, introspection: Introspection | undefined): Kind {
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype === MapPrototype && passes(hasMapData, object)) return "Map";
  if (prototype === SetPrototype && passes(hasSetData, object)) return "Set";
  if (prototype === DatePrototype && passes(timeOf, object)) return "Date";
  if (prototype === RegExpPrototype && passes(regExpFlag, object)) return "RegExp";
  if (introspection !== undefined && inheritsFromProxy(prototype, introspection)) {
    return kindOfHeir(object, introspection);
  }
  if (!(toStringTag in object)) return kindOfUntagged(apply(stringOf, object, []));
  return kindOfTagged(object, prototype, introspection);
}

/** Whether a proxy is in a prototype chain, so that looking for anything there would run its code. */
function inheritsFromProxy(from: object | null, introspection: Introspection): boolean {
  for (
    let prototype = from;
    prototype !== null &&
    prototype !== ObjectPrototype &&
    prototype !== DatePrototype &&
    prototype !== RegExpPrototype &&
    prototype !== ErrorPrototype;
    prototype = getPrototypeOf(prototype) as object | null
  ) {
    if (introspection.isProxy(prototype)) return true;
  }
  return false;
}

/** By slots alone. */
function kindOfHeir(object: object, introspection: Introspection): Kind {
  if (cryptoKeySlotsOf(object) || hasDOMExceptionSlots(object)) return "platform object";
  const kind = introspection.slotKind(object);
  if (kind) return kind === "other" ? "uncloneable" : kind;
  if (hasNoKeys(object) && kindByEngine(object) === "uncloneable") return "uncloneable";
  return "heir of a proxy";
}

/** By what `Object.prototype.toString` says of an object without a tag. */
function kindOfUntagged(string: string): Kind {
  switch (string) {
    case "[object Object]":
      return "Object";
    case "[object Date]":
      return "Date";
    case "[object Error]":
      return "Error";
    case "[object RegExp]":
      return "RegExp";
    case "[object Boolean]":
      return "Boolean";
    case "[object Number]":
      return "Number";
    case "[object String]":
      return "String";
    default:
      return "uncloneable"; // [object Arguments]
  }
}

function kindOfTagged(
  object: object,
  prototype: object | null,
  introspection: Introspection | undefined,
): Kind {
  if (cryptoKeySlotsOf(object) || isDOMException(object)) return "platform object";
  const kind = kindBySlots(object, introspection);
  if (kind) return kind;
  if (prototype === null && isModule(object)) return "uncloneable";
  const name = interfaceOf(object);
  if (name !== undefined && NOT_SERIALIZABLE.has(name)) return "uncloneable";
  if (name !== undefined && isFileOrBlob(object, name)) return "platform object";
  if (hasNoKeys(object)) return kindByEngine(object);
  // Of what only inherits from a class, the engine would read the properties.
  if (name === undefined || !isNative(name) || lacksSlots(object, name)) return "Object";
  return introspection && name === "Promise" ? "Object" : kindByEngine(object);
}

/**
 * Whether an object without prototype is a module's namespace, whose exports are writable as they are described, though
 * nothing can write them. Of one that is not initialized yet, they cannot even be described.
 */
function isModule(object: object): boolean {
  if (isExtensible(object) || getOwnPropertyDescriptor(object, toStringTag)?.value !== "Module") return false;
  try {
    const [name] = Object.keys(object);
    return name === undefined || getOwnPropertyDescriptor(object, name)!.writable === true;
  } catch {
    return true;
  }
}

/** The kind of an object that looks ordinary, and has no enumerable properties that would have to be read. */
export function kindOfEmpty(object: object, introspection: Introspection | undefined): Kind {
  const kind = introspection?.slotKind(object);
  if (kind) return kind === "other" ? "uncloneable" : kind;
  if (introspection && getPrototypeOf(object) === ObjectPrototype) return "Object";
  return kindByEngine(object);
}

/** Undefined for an ordinary object, and for what nothing here can tell from one. */
function kindBySlots(object: object, introspection: Introspection | undefined): Kind | undefined {
  if (introspection) {
    const kind = introspection.slotKind(object);
    return kind === "other" ? "uncloneable" : kind;
  }
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype && slotless.has(prototype)) return undefined;
  for (const [kind, check] of CHECKS) if (passes(check, object)) return kind;
  if (isErrorByEngine ? isErrorByEngine(object) : isLikelyError(object)) return "Error";
  if (prototype) slotless.add(prototype);
  return undefined;
}

/** Prototypes with a tag, of objects without slots: a dozen exceptions are worth remembering what came of them. */
const slotless = new WeakSet<object>();

function isLikelyError(object: object): boolean {
  return apply(ObjectPrototype.isPrototypeOf, Error.prototype, [object]) && Object.hasOwn(object, "stack");
}

/**
 * What the engine's own structuredClone makes of an object. For one without enumerable properties of its own that
 * takes no time, and runs none of its code.
 */
function kindByEngine(object: object): Kind {
  let copy: object;
  try {
    copy = engineStructuredClone(object);
  } catch {
    return "uncloneable";
  }
  if (getPrototypeOf(copy) === ObjectPrototype && !(toStringTag in copy)) return "Object";
  for (const [kind, check] of CHECKS) if (passes(check, object)) return kind;
  return "platform object";
}

function hasNoKeys(object: object): boolean {
  return Object.keys(object).length === 0;
}
