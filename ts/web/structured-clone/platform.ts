/**
 * Platform objects in the structured clone algorithm: those of interfaces that are [Serializable], some of which engines
 * copy wrongly or not at all, and the many that are not. https://html.spec.whatwg.org/multipage/structured-data.html#serializable-objects
 */
import { type CryptoKey, cloneOf, slotsOf as cryptoKeySlotsOf } from "../crypto/key.ts";
import { setStack, stackOf } from "./errors.ts";
import { engineStructuredClone, getterIfAny, getterOf } from "./intrinsics.ts";

const {
  getPrototypeOf,
  getOwnPropertyDescriptor,
  getOwnPropertyDescriptors,
  prototype: ObjectPrototype,
} = Object;
const { toStringTag } = Symbol;
const { apply } = Reflect;
const functionToString = Function.prototype.toString;

const DOMExceptionPrototype = DOMException.prototype;
const nameOf = getterOf(DOMExceptionPrototype, "name");
const messageOf = getterOf(DOMExceptionPrototype, "message");
const hasMessageGetter = getterIfAny(DOMExceptionPrototype, "message") !== undefined;

/**
 * Interfaces without [Serializable]. Some engines take their objects for ordinary ones, since they are made in
 * JavaScript there, and would copy nothing of them.
 */
export const NOT_SERIALIZABLE: ReadonlySet<string> = new Set([
  ...["EventTarget", "Event", "CustomEvent", "MessageEvent", "CloseEvent", "ErrorEvent", "ProgressEvent"],
  ...["AbortController", "AbortSignal", "MessageChannel", "MessagePort", "BroadcastChannel", "Worker"],
  ...["URL", "URLSearchParams", "URLPattern", "Headers", "Request", "Response", "FormData", "FileReader"],
  ...["ReadableStream", "WritableStream", "TransformStream", "ByteLengthQueuingStrategy"],
  ...["ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "WritableStreamDefaultWriter"],
  ...["CompressionStream", "DecompressionStream", "TextDecoderStream", "TextEncoderStream"],
  ...["CountQueuingStrategy", "TextDecoder", "TextEncoder", "WebSocket", "EventSource", "XMLHttpRequest"],
  ...["Crypto", "SubtleCrypto", "Performance", "PerformanceEntry", "PerformanceObserver", "Storage"],
]);

/**
 * The name of the class in an object's prototype chain that is a global one, or one of `Intl`, `Temporal` or
 * `WebAssembly`, and says so by its tag or constructor. Globals are not read for another reason than that an object has
 * their name: engines load many of them when they are.
 */
export function interfaceOf(object: object): string | undefined {
  for (let prototype = getPrototypeOf(object); prototype !== null; prototype = getPrototypeOf(prototype)) {
    for (const name of [dataOf(prototype, toStringTag), dataOf(dataOf(prototype, "constructor"), "name")]) {
      if (typeof name === "string" && globalClass(name)?.prototype === prototype) return name;
    }
  }
  return undefined;
}

/** The value of an own property that is no accessor, of what may be no object. */
function dataOf(holder: unknown, key: PropertyKey): unknown {
  return holder === undefined ? undefined : getOwnPropertyDescriptor(holder, key)?.value;
}

type Class = { readonly prototype: object };

function globalClass(name: string): Class | undefined {
  let value: unknown = globalThis;
  for (const part of name.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return typeof value === "function" ? (value as unknown as Class) : undefined;
}

/** Whether a global class is the engine's, and not written in JavaScript. */
export function isNative(name: string): boolean {
  return (apply(functionToString, globalClass(name), []) as string).includes("[native code]");
}

/** Those of the language that have no getter, and a method that looks at nothing else. */
const LOOKING: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never,
  ...{ WeakMap: "has", WeakSet: "has", WeakRef: "deref", FinalizationRegistry: "unregister" },
};

/**
 * Whether an object inherits from a global class, but is none of its: getters of the class throw. False where nothing
 * tells.
 */
export function lacksSlots(object: object, name: string): boolean {
  const properties = getOwnPropertyDescriptors(globalClass(name)!.prototype) as PropertyDescriptorMap;
  const method = name.startsWith("Intl.") ? "resolvedOptions" : LOOKING[name];
  const look: unknown = method
    ? properties[method]?.value
    : Object.values(properties).find((property) => property.get)?.get;
  if (typeof look !== "function") return false;
  try {
    apply(look as () => unknown, object, [{}]);
    return false;
  } catch {
    return true;
  }
}

export function isDOMException(object: object): object is DOMException {
  return (
    apply(ObjectPrototype.isPrototypeOf, DOMExceptionPrototype, [object]) && hasDOMExceptionSlots(object)
  );
}

/** The same without looking at what it inherits from, where there is a getter that tells. */
export function hasDOMExceptionSlots(object: object): object is DOMException {
  if (!hasMessageGetter) return apply(ObjectPrototype.isPrototypeOf, DOMExceptionPrototype, [object]);
  try {
    apply(messageOf, object, []);
    return true;
  } catch {
    return false;
  }
}

/** Whether an object is what its interface's name says; some engines clone neither, or make a Blob of a File. */
export function isFileOrBlob(object: object, name: string): object is Blob {
  if (name !== "File" && name !== "Blob") return false;
  try {
    apply(getterOf(Blob.prototype, "size"), object, []);
    return true;
  } catch {
    return false;
  }
}

/**
 * A copy of an object that `kindOf` told to be a platform object.
 *
 * @throws whatever the engine throws for one that it does not copy.
 */
export function copyPlatformObject(object: object): object {
  if (cryptoKeySlotsOf(object)) return cloneOf(object as CryptoKey);
  if (hasDOMExceptionSlots(object)) return copyDOMException(object);
  const name = interfaceOf(object);
  if (name === "File") return copyFile(object as File);
  if (name === "Blob")
    return new Blob([object as Blob], { type: apply(getterOf(Blob.prototype, "type"), object, []) });
  return engineStructuredClone(object);
}

/** https://webidl.spec.whatwg.org/#js-DOMException-serialization, and of QuotaExceededError where it is an interface. */
function copyDOMException(exception: DOMException): DOMException {
  const name = apply(nameOf, exception, []) as string;
  const message = apply(messageOf, exception, []) as string;
  const copy =
    interfaceOf(exception) === "QuotaExceededError"
      ? copyQuotaExceededError(exception as Quota, message)
      : new DOMException(message, name);
  setStack(copy, stackOf(exception));
  return copy;
}

type Quota = DOMException & { readonly quota: number | null; readonly requested: number | null };

function copyQuotaExceededError(exception: Quota, message: string): DOMException {
  const Interface = globalClass("QuotaExceededError") as unknown as new (
    message: string,
    options: { quota?: number; requested?: number },
  ) => Quota;
  const { prototype } = Interface;
  const quota = apply(getterOf(prototype, "quota"), exception, []) as number | null;
  const requested = apply(getterOf(prototype, "requested"), exception, []) as number | null;
  return new Interface(message, {
    ...(quota !== null && { quota }),
    ...(requested !== null && { requested }),
  });
}

/** https://w3c.github.io/FileAPI/#file-section */
function copyFile(file: File): File {
  const { prototype } = File;
  const name = apply(getterOf(prototype, "name"), file, []) as string;
  const lastModified = apply(getterOf(prototype, "lastModified"), file, []) as number;
  const type = apply(getterOf(Blob.prototype, "type"), file, []) as string;
  return new File([file], name, { type, lastModified });
}
