/**
 * Makes a runtime's functions the globals of an object, `globalThis` as a rule, so that code written for the
 * platform's names, such as a library that calls `crypto.subtle` on a page that has none, finds NANO behind them:
 *
 *   crypto   crypto, Crypto, CryptoKey, SubtleCrypto
 *   timers   setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask. Where the engine's timers are objects
 *            (Node, Deno, Bun), these are, too. On Node fetch as well, whose own goes by the timers that are the globals
 *   base64   atob, btoa
 *   cloning  structuredClone
 *   fetch    fetch, with Request and Response of web/messages, which take the engine's place for objects that come and go
 *            with each request. Only where it is named, since an engine's own server or service worker takes no Response
 *            but its own
 *
 * Properties have the attributes that WebIDL gives them: https://webidl.spec.whatwg.org/#js-interfaces for interface
 * objects, #js-attributes for `crypto`, #js-operations for functions. `performance` and `Date` stay the engine's: on the
 * real clock they tell the same time, and the engine's `performance` can do more. `serialize` and `deserialize` are no
 * platform's names, and stay the runtime's.
 *
 * Either all of it happens or nothing, and undoing it brings back the very properties that were there before.
 */
import { defaultHost as engineHost } from "#host";
import { loadMessages } from "#parts";
import type { EventLoop } from "./runtime/loop.ts";
import { objectTimers } from "./runtime/timeout.ts";
import { Crypto } from "./web/crypto/crypto.ts";
import { CryptoKey } from "./web/crypto/key.ts";
import { SubtleCrypto } from "./web/crypto/subtle.ts";
import { domException } from "./web/dom-exception.ts";
import { keepEngineGlobal } from "./web/engine-globals.ts";
import { isObject } from "./web/webidl.ts";

/** What is installed together, because it works only together. */
export type GlobalGroup = "crypto" | "timers" | "base64" | "cloning" | "fetch";

export interface InstallOptions {
  /** The groups to install; by default all but fetch. */
  only?: readonly GlobalGroup[];
}

/** A runtime, as far as it can be installed. */
export interface Installable {
  readonly crypto: Crypto;
  readonly atob: unknown;
  readonly btoa: unknown;
  readonly structuredClone: unknown;
  readonly fetch: unknown;
}

/** Made when they are asked for, since the runtime itself makes some of them then. */
function globalsOf(runtime: Installable, loop: EventLoop): Record<GlobalGroup, () => PropertyDescriptorMap> {
  const { crypto, atob, btoa } = runtime;
  const timers = engineHost.timersAreObjects ? objectTimers(loop) : loop;
  const { setTimeout, setInterval, clearTimeout, clearInterval } = timers;
  const { queueMicrotask } = loop;
  const fetch = () => loadedLater("fetch", true, () => runtime.fetch);
  return {
    crypto: () => ({
      ...readonlyAttributes({
        get crypto() {
          return crypto;
        },
      }),
      ...interfaceObjects({ Crypto, CryptoKey, SubtleCrypto }),
    }),
    timers: () => ({
      ...operations({ setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask }),
      ...(engineHost.fetchStandsOnTimers && fetch()),
    }),
    base64: () => operations({ atob, btoa }),
    cloning: () => operations({ structuredClone: runtime.structuredClone }),
    fetch: () => ({
      ...loadedLater("Request", false, () => loadMessages().Request),
      ...loadedLater("Response", false, () => loadMessages().Response),
      ...fetch(),
    }),
  };
}

/** Accessors that are enumerable, configurable and without a setter: what an object literal makes of a getter. */
const readonlyAttributes = Object.getOwnPropertyDescriptors;
const operations = (functions: object) => dataProperties(functions, true);
const interfaceObjects = (interfaces: object) => dataProperties(interfaces, false);

/**
 * An accessor, as engines have it too for what takes long to load, in place of a data property: assigning makes it one.
 */
function loadedLater(
  name: "Request" | "Response" | "fetch",
  enumerable: boolean,
  load: () => unknown,
): PropertyDescriptorMap {
  keepEngineGlobal(name);
  const property = {
    get [name](): unknown {
      return load();
    },
    set [name](value: unknown) {
      Object.defineProperty(this, name, { value, enumerable, writable: true, configurable: true });
    },
  };
  return { [name]: { ...Object.getOwnPropertyDescriptor(property, name)!, enumerable } };
}

function dataProperties(values: object, enumerable: boolean): PropertyDescriptorMap {
  const descriptors: PropertyDescriptorMap = {};
  for (const [name, value] of Object.entries(values)) {
    descriptors[name] = { value, enumerable, writable: true, configurable: true };
  }
  return descriptors;
}

/** What is installed where: one runtime's at most, since nobody could tell whose `crypto` made which key. */
const installations = new WeakMap<object, Installation>();

/**
 * Installs the globals of a runtime, whose loop that is. Those that it has installed on this object before stay as they are.
 *
 * @returns what takes them back. Calling it again does nothing.
 * @throws TypeError for a target that is no object, an unknown group, or a property that cannot be replaced;
 *   DOMException InvalidStateError where another runtime is installed. Nothing has changed then.
 */
export function install(
  runtime: Installable,
  loop: EventLoop,
  target: unknown,
  { only }: InstallOptions = {},
): () => void {
  if (!isObject(target)) throw new TypeError("install: target is not an object");
  const groups = globalsOf(runtime, loop);
  const wanted = Object.assign({}, ...groupsOf(groups, only)) as PropertyDescriptorMap;

  const installation = installations.get(target) ?? new Installation(runtime, target);
  if (installation.runtime !== runtime) {
    throw domException("InvalidStateError", "install: another runtime is installed here; uninstall it first");
  }
  installation.add(wanted);
  installations.set(target, installation);
  return installation.undo;
}

function groupsOf(
  groups: Record<GlobalGroup, () => PropertyDescriptorMap>,
  only: Iterable<GlobalGroup> = ["crypto", "timers", "base64", "cloning"],
): PropertyDescriptorMap[] {
  return [...only].map((name) => {
    if (Object.hasOwn(groups, name)) return groups[name]();
    throw new TypeError(
      `install: only: ${String(name)} is no group; there are ${Object.keys(groups).join(", ")}`,
    );
  });
}

/** A property as it was before, and as it was put there. */
interface Replaced {
  readonly before: PropertyDescriptor | undefined;
  readonly ours: PropertyDescriptor;
}

/** One runtime's globals on one object. */
class Installation {
  readonly runtime: Installable;
  readonly #target: object;
  readonly #replaced = new Map<string, Replaced>();

  constructor(runtime: Installable, target: object) {
    this.runtime = runtime;
    this.#target = target;
  }

  /** Defines what is not yet defined, all of it or nothing. */
  add(wanted: PropertyDescriptorMap): void {
    const target = this.#target;
    const added: [string, Replaced][] = [];
    for (const [name, ours] of Object.entries(wanted)) {
      if (this.#replaced.has(name)) continue;
      const before = Reflect.getOwnPropertyDescriptor(target, name);
      if (before?.configurable === false) {
        throw new TypeError(`install: ${name} cannot be replaced: the property is not configurable`);
      }
      if (!before && !Reflect.isExtensible(target)) {
        throw new TypeError(`install: ${name} cannot be added: the object is not extensible`);
      }
      added.push([name, { before, ours }]);
    }
    try {
      for (const [name, replaced] of added) {
        this.#replaced.set(name, replaced);
        Object.defineProperty(target, name, replaced.ours);
      }
    } catch (error) {
      // A proxy, or a host's own object, may refuse what its attributes allow.
      for (const [name] of added) this.#restore(name);
      throw error;
    }
  }

  /**
   * Brings back what was there before. What somebody else has replaced in the meantime is theirs, and stays.
   *
   * @throws TypeError when the target has been frozen since.
   */
  readonly undo = (): void => {
    const stuck = [...this.#replaced.keys()].filter((name) => !this.#restore(name));
    if (installations.get(this.#target) === this) installations.delete(this.#target);
    if (stuck.length === 0) return;
    throw new TypeError(`uninstall: the object has been frozen, and keeps ${stuck.join(", ")}`);
  };

  /** @returns false where it cannot be done. */
  #restore(name: string): boolean {
    const target = this.#target;
    const { before, ours } = this.#replaced.get(name) ?? {};
    this.#replaced.delete(name);
    const now = Reflect.getOwnPropertyDescriptor(target, name);
    if (!ours || !now || now.value !== ours.value || now.get !== ours.get) return true;
    return before ? Reflect.defineProperty(target, name, before) : Reflect.deleteProperty(target, name);
  }
}
