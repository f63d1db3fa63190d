/**
 * How a class of ours stands in for one of the engine's, whose objects it makes only when somebody needs them.
 *
 * Its prototype inherits from the engine's, so that `instanceof` holds for either class, and each member it lacks is the
 * engine's, called on the engine's object. What an engine keeps in properties named by symbols, as undici (in Node 20 and
 * 22) and Deno do, is had from that object too: there the engine's own functions take an object of ours for one of theirs.
 */

import { engineGlobal } from "../engine-globals.ts";

/** The engine's own, whatever the globals are by now. */
export const EngineHeaders = globalThis.Headers;
export const EngineRequest = engineGlobal("Request");
export const EngineResponse = engineGlobal("Response");
export type EngineRequest = globalThis.Request;
export type EngineResponse = globalThis.Response;

interface EngineClass<Instance extends object> {
  // biome-ignore lint/suspicious/noExplicitAny: each class has arguments of its own.
  new (...args: any[]): Instance;
  readonly name: string;
  readonly prototype: Instance;
}

/**
 * Makes `ours` stand in for `engines`.
 *
 * @param sample an object of the engine's, for the symbols on it.
 * @param engineOf the engine's object behind one of ours; what is none of ours is returned as it is.
 */
export function standIn<Instance extends object>(
  ours: { readonly prototype: object },
  engines: EngineClass<Instance>,
  sample: Instance,
  engineOf: (object: Instance) => Instance,
): void {
  const { prototype } = ours;
  const { prototype: theirs } = engines;
  for (const key of Reflect.ownKeys(prototype)) {
    if (!(key in theirs)) Reflect.deleteProperty(prototype, key);
  }
  for (const [key, member] of membersOf(theirs)) {
    const own =
      Object.getOwnPropertyDescriptor(prototype, key) ??
      // Where the engine's class is that of another copy of this library, which was installed, it has such slots already.
      (typeof key === "symbol" && member.set
        ? slot(key, theirs, engineOf)
        : delegate(member, key, theirs, engineOf));
    if (own) Object.defineProperty(prototype, key, { ...own, enumerable: member.enumerable === true });
  }
  for (const symbol of Object.getOwnPropertySymbols(sample)) {
    Object.defineProperty(prototype, symbol, slot(symbol, theirs, engineOf));
  }
  for (const key of ["name", "length", ...Object.keys(engines)]) {
    const member = Object.getOwnPropertyDescriptor(engines, key)!;
    const own = Object.getOwnPropertyDescriptor(ours, key);
    const { value } = typeof member.value === "function" && own ? own : member;
    Object.defineProperty(ours, key, { ...member, value });
  }
  Object.setPrototypeOf(prototype, theirs);
  Object.setPrototypeOf(ours, engines);
  // What the engine makes is an instance of ours as well; classes that extend ours decide for themselves.
  Object.defineProperty(ours, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return Function.prototype[Symbol.hasInstance].call(this === ours ? engines : this, value);
    },
    configurable: true,
  });
}

/** Those of a prototype, and of those that it inherits from: workerd has what Request and Response share in a class Body. */
function membersOf(prototype: object): Map<string | symbol, PropertyDescriptor> {
  const members = new Map<string | symbol, PropertyDescriptor>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      const member = Object.getOwnPropertyDescriptor(at, key)!;
      if (key !== "constructor" && !members.has(key)) members.set(key, member);
    }
  }
  return members;
}

/** The engine's object in place of one of ours; of a class that extends ours, if its constructor was called. */
export function constructed<Ours extends object>(
  ours: new (...args: never[]) => Ours,
  target: new (...args: never[]) => Ours,
  engines: EngineClass<object>,
  args: unknown[],
): Ours {
  return Reflect.construct(engines, args, target === ours ? engines : target) as Ours;
}

/** A member that is called on the engine's object; undefined for a constant, which is inherited. */
function delegate<Instance extends object>(
  { get, set, value }: PropertyDescriptor,
  key: string | symbol,
  theirs: Instance,
  engineOf: (object: Instance) => Instance,
): PropertyDescriptor | undefined {
  if (get) {
    const attribute = {
      get [key](): unknown {
        return Reflect.get(theirs, key, engineOf(this as Instance));
      },
      set [key](value: unknown) {
        Reflect.set(theirs, key, value, engineOf(this as Instance));
      },
    };
    const property = Object.getOwnPropertyDescriptor(attribute, key)!;
    if (!set) delete property.set;
    return property;
  }
  if (typeof value !== "function") return undefined;
  const methods = {
    [key](this: Instance, ...args: unknown[]): unknown {
      return Reflect.apply(value, engineOf(this), args);
    },
  };
  return Object.getOwnPropertyDescriptor(methods, key);
}

/** What the engine keeps under a symbol. An object that it makes of one of our classes has a property of its own. */
function slot<Instance extends object>(
  symbol: symbol,
  theirs: Instance,
  engineOf: (object: Instance) => Instance,
): PropertyDescriptor {
  return {
    get(this: Instance): unknown {
      const engine = engineOf(this);
      return engine === this ? Reflect.get(theirs, symbol, this) : Reflect.get(engine, symbol);
    },
    set(this: Instance, value: unknown): void {
      const engine = engineOf(this);
      if (engine !== this) Reflect.set(engine, symbol, value);
      else
        Object.defineProperty(this, symbol, { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
  };
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Brings the headers of the engine's object to what they have become on ours since. */
export function overwrite(headers: Headers, by: Headers): void {
  if (headers === by) return;
  for (const name of [...headers.keys()]) headers.delete(name);
  for (const [name, value] of by) headers.append(name, value);
}
