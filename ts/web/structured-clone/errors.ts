/**
 * Error objects in the structured clone algorithm. Beside what the standard has engines copy, name, message and stack, a
 * copy gets what it calls interesting accompanying data: `cause`, `errors` of an AggregateError, and where in a file
 * the error was made, in engines that say so by properties.
 */

const { defineProperty, getOwnPropertyDescriptor, hasOwn } = Object;
const { __lookupGetter__: lookupGetter } = Object.prototype as unknown as { __lookupGetter__: () => unknown };
const { apply } = Reflect;

export type Constructor = new (message?: string) => Error;

const AggregateErrorConstructor = AggregateError;

const CONSTRUCTORS: Readonly<Record<string, Constructor | undefined>> = {
  __proto__: null as never,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError: EmptyAggregateError as unknown as Constructor,
};

/** To be called with `new`, as the others are. */
function EmptyAggregateError(message?: string): Error {
  return new AggregateErrorConstructor([], message);
}

// An accessor of each error, or Error.prototype.stack, or, where neither is found, a value of each.
const ownStackAccessor = getOwnPropertyDescriptor(new Error(), "stack");
const stackAccessor = ownStackAccessor?.get
  ? ownStackAccessor
  : getOwnPropertyDescriptor(Error.prototype, "stack");

const hasStackValue =
  ownStackAccessor !== undefined && "value" in ownStackAccessor && typeof lookupGetter === "function";
const STACK: [string] = ["stack"];

/** Of JavaScriptCore. */
const POSITIONS = ["line", "column", "sourceURL"] as const;
export const hasPositions = hasOwn(new Error(), "line");

/**
 * A copy of an error, and what accompanies it: names and values in turn, of which the values are still to be cloned and
 * both to be given to `accompany`. Getters of the error's name run, as the standard has it.
 */
export function copyError(error: Error): { copy: Error; accompanying: unknown[] } {
  const name: unknown = error.name;
  const message = getOwnPropertyDescriptor(error, "message");
  const text = message && "value" in message ? toText(message.value) : undefined;
  const Kind = typeof name === "string" ? CONSTRUCTORS[name] : undefined;
  const copy = newError(Kind ?? Error, text, stackOf(error));
  if (name === "AggregateError") delete (copy as { errors?: unknown }).errors;
  if (hasPositions) for (const position of POSITIONS) copyData(error, copy, position);
  const cause = dataOf(error, "cause");
  return { copy, accompanying: name === "AggregateError" ? [...cause, ...dataOf(error, "errors")] : cause };
}

const NOTHING: unknown[] = [];

/** The name and value of a property, unless it is an accessor or there is none. */
function dataOf(error: Error, key: string): unknown[] {
  if (!hasOwn(error, key)) return NOTHING;
  const descriptor = getOwnPropertyDescriptor(error, key)!;
  return "value" in descriptor ? [key, descriptor.value] : NOTHING;
}

/** As constructors define them: not enumerable. */
export function accompany(copy: object, name: string, value: unknown): void {
  defineProperty(copy, name, { value, writable: true, enumerable: false, configurable: true });
}

/** ECMAScript's ToString, which `String` is for all but symbols. */
function toText(value: unknown): string {
  return `${value as string}`;
}

/** Firefox, whose errors inherit their stacks, gives them one of their own, and enumerable, where the limit is no number. */
const NO_STACK = stackAccessor !== undefined && stackAccessor !== ownStackAccessor ? 0 : undefined;

/**
 * A new error, with the stack that is given and not its own. V8 looks through the call stack for each error that it makes,
 * here in vain: without a limit that is a number it does not, nor does it keep what it would need to write a stack. Where
 * somebody has made `Error.stackTraceLimit` other than a plain property, it is left alone.
 */
export function newError(Kind: Constructor, message: string | undefined, stack: string | undefined): Error {
  const limit = getOwnPropertyDescriptor(Error, "stackTraceLimit");
  const isLimited = limit !== undefined && limit.writable === true;
  let error: Error;
  if (isLimited) (Error as { stackTraceLimit: unknown }).stackTraceLimit = NO_STACK;
  try {
    error = new Kind(message);
  } finally {
    if (isLimited) Error.stackTraceLimit = limit.value as number;
  }
  setStack(error, stack);
  return error;
}

/** The stack of an error, or of a DOMException, as a string; undefined where it has none that can be had. */
export function stackOf(error: object): string | undefined {
  try {
    // Asking for the descriptor of a stack takes longer than the stack.
    if (hasStackValue && hasOwn(error, "stack") && apply(lookupGetter, error, STACK) === undefined) {
      const { stack } = error as { stack?: unknown };
      return typeof stack === "string" ? stack : undefined;
    }
    const own = getOwnPropertyDescriptor(error, "stack");
    if (!own && stackAccessor === ownStackAccessor) return undefined;
    const stack: unknown =
      own && "value" in own ? own.value : stackAccessor?.get && apply(stackAccessor.get, error, []);
    return typeof stack === "string" ? stack : undefined;
  } catch {
    return undefined; // Engines that write it when it is first read may find a name there that is no text.
  }
}

/** Gives a new error, or DOMException, the stack of its original. */
export function setStack(copy: object, stack: string | undefined): void {
  if (hasOwn(copy, "stack")) {
    // The engine has just made it, whatever it is.
    if (stack === undefined) delete (copy as { stack?: unknown }).stack;
    else (copy as { stack: string }).stack = stack;
  } else if (stack !== undefined) {
    // The setter of Firefox would make it enumerable.
    defineProperty(copy, "stack", { value: stack, writable: true, enumerable: false, configurable: true });
  }
}

function copyData(from: object, to: object, key: string): void {
  const descriptor = getOwnPropertyDescriptor(from, key);
  if (descriptor && "value" in descriptor) defineProperty(to, key, descriptor);
  else delete (to as Record<string, unknown>)[key];
}
