/**
 * What engines with Node's `util` can tell of an object that the language cannot: https://nodejs.org/api/util.html.
 * Nothing here runs any code of the object's. Node, Deno and Bun have it; the others do without.
 */
import type { Introspection, SlotKind } from "./host.ts";

/** The part of node:util that is used here. */
export interface Util {
  readonly types: { readonly [name in `is${TypeName}`]: (value: unknown) => boolean };
  inspect(value: unknown, options: object): string;
}

type TypeName =
  | ("Proxy" | "Map" | "Set" | "AnyArrayBuffer" | "ArrayBuffer" | "Date" | "RegExp" | "NativeError")
  | ("BoxedPrimitive" | "BooleanObject" | "NumberObject" | "StringObject" | "BigIntObject")
  | ("Promise" | "WeakMap" | "WeakSet" | "GeneratorObject" | "MapIterator" | "SetIterator")
  | ("ArgumentsObject" | "ModuleNamespaceObject");

/** Elements are counted in the result, and not looked at; everything else that there is shows up in it. */
const UNSEEN_ELEMENTS = {
  ...{ maxArrayLength: 0, depth: 0, breakLength: Number.POSITIVE_INFINITY },
  ...{ customInspect: false, getters: false, showHidden: false, showProxy: false, colors: false },
};

/** @param load gives the module; called once, when it is first needed. */
export function introspection(load: () => Util): Introspection {
  let loaded: Introspection | undefined;
  const all = (): Introspection => {
    loaded ??= introspectionBy(load());
    return loaded;
  };
  return {
    get isProxy() {
      return all().isProxy;
    },
    get slotKind() {
      return all().slotKind;
    },
    get hasElementsOnly() {
      return all().hasElementsOnly;
    },
  };
}

function introspectionBy({ types, inspect }: Util): Introspection {
  const { isMap, isSet, isAnyArrayBuffer, isArrayBuffer, isPromise, isBoxedPrimitive } = types;
  const { isWeakMap, isWeakSet, isGeneratorObject, isMapIterator, isSetIterator } = types;
  const { isDate, isRegExp, isNativeError, isArgumentsObject, isModuleNamespaceObject } = types;
  return {
    isProxy: types.isProxy,

    // The rarer a kind, the later: what is asked about has none of these as a rule, and comes to the end.
    slotKind(object) {
      if (isMap(object)) return "Map";
      if (isSet(object)) return "Set";
      if (isAnyArrayBuffer(object)) return isArrayBuffer(object) ? "ArrayBuffer" : "SharedArrayBuffer";
      if (isBoxedPrimitive(object)) return boxedKind(types, object);
      if (isDate(object)) return "Date";
      if (isRegExp(object)) return "RegExp";
      if (isNativeError(object)) return "Error";
      if (isPromise(object) || isWeakMap(object) || isWeakSet(object)) return "other";
      if (isGeneratorObject(object) || isMapIterator(object) || isSetIterator(object)) return "other";
      return isArgumentsObject(object) || isModuleNamespaceObject(object) ? "other" : undefined;
    },

    hasElementsOnly: (array) => inspect(array, UNSEEN_ELEMENTS) === `[ ... ${array.length} more items ]`,
  };
}

function boxedKind(types: Util["types"], object: object): SlotKind {
  if (types.isNumberObject(object)) return "Number";
  if (types.isStringObject(object)) return "String";
  if (types.isBooleanObject(object)) return "Boolean";
  return types.isBigIntObject(object) ? "BigInt" : "other";
}
