import * as nanort from "nanort";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const CRYPTO = ["crypto", "Crypto", "CryptoKey", "SubtleCrypto"];
const TIMERS = ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "queueMicrotask", "fetch"];
/** Of these, what Node has returns or takes objects, and so does what is installed. */
const OF_OBJECTS = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"];
const BASE64 = ["atob", "btoa"];
const CLONING = ["structuredClone"];
const FETCH = ["Request", "Response", "fetch"];
/** By default. */
const ALL = [...CRYPTO, ...TIMERS, ...BASE64, ...CLONING];

const nano = createRuntimeSync();
const descriptors = (target: object) => Object.getOwnPropertyDescriptors(target);
/** A page's window, as far as it goes: a few globals of other kinds, `crypto` inherited from a prototype. */
const page = () =>
  Object.assign(Object.create({ crypto: "inherited" }), { atob: "its own", location: "http://nano.test/" });

function refuses(action: () => unknown, name: string, message: string): void {
  assert.throws(action, (error: Error) => {
    assert.is(error.name, name);
    assert.is(error.message, message);
    return true;
  });
}

test("install makes the runtime's functions and interfaces the globals, and uninstall brings back what was", () => {
  // Which has Node load its Response, and that leaves a symbol on globalThis.
  void nano.fetch;
  const before = descriptors(globalThis);
  const uninstall = nano.install(globalThis);
  assert.is(crypto, nano.crypto as unknown);
  assert.is(CryptoKey, nanort.CryptoKey as unknown);
  assert.is(Crypto, nanort.Crypto as unknown);
  assert.is(SubtleCrypto, nanort.SubtleCrypto as unknown);
  for (const name of [...TIMERS, ...BASE64, ...CLONING] as ["setTimeout"])
    if (!OF_OBJECTS.includes(name)) assert.is(globalThis[name], nano[name] as unknown);
  uninstall();
  assert.equal(Reflect.ownKeys(descriptors(globalThis)), Reflect.ownKeys(before));
  const after = descriptors(globalThis) as Record<string, unknown>;
  for (const [name, descriptor] of Object.entries(before)) assert.equal(after[name], descriptor, name);
});

test("globalThis is the default", () => {
  const native = globalThis.setTimeout;
  const uninstall = nano.install();
  assert.is.not(globalThis.setTimeout, native);
  assert.is(globalThis.queueMicrotask, nano.queueMicrotask);
  uninstall();
  assert.is(globalThis.setTimeout, native);
});

test("only what it names is replaced", () => {
  const target = page();
  const before = descriptors(target);
  nano.install(target);
  const { location } = descriptors(target);
  assert.equal(location, before.location);
  assert.equal(Object.keys(descriptors(target)).sort(), [...ALL, "location"].sort());
});

test("properties have the attributes that WebIDL gives them", () => {
  const target = {} as Record<string, unknown>;
  nano.install(target);
  nano.install(target, { only: ["fetch"] });
  for (const name of [...ALL, ...FETCH]) {
    const { value, get, set, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(
      target,
      name,
    )!;
    assert.is(configurable, true, name);
    assert.is(enumerable, !/^[A-Z]/.test(name), name);
    if (name === "crypto") {
      assert.is(get!.name, "get crypto");
      assert.is(set, undefined);
    } else if (FETCH.includes(name)) {
      // Loaded when they are first read; assigning makes them what the others are.
      assert.type(get, "function");
      assert.type(set, "function");
    } else {
      assert.is(writable, true, name);
      assert.is((value as () => void).name, name);
    }
  }
  const { crypto: before } = target;
  assert.not.ok(Reflect.set(target, "crypto", "another"));
  assert.is(target.crypto, before);
});

test("Node's own globals have the same attributes, accessors for values aside", () => {
  const target = {};
  nano.install(target);
  for (const [name, ours] of Object.entries(descriptors(target))) {
    const node = Object.getOwnPropertyDescriptor(globalThis, name)!;
    assert.is(ours.enumerable, node.enumerable, name);
    assert.is(ours.configurable, node.configurable, name);
  }
});

test("what the platform inherits is shadowed, and seen again afterwards", () => {
  const target = page();
  const uninstall = nano.install(target);
  assert.is(target.crypto, nano.crypto);
  uninstall();
  assert.is(target.crypto, "inherited");
  assert.not.ok(Object.hasOwn(target, "crypto"));
});

test("accessors come back as accessors, and hidden or unwritable properties as such", () => {
  const target = Object.defineProperties(
    {},
    {
      crypto: { get: () => "lazy", set: () => undefined, enumerable: false, configurable: true },
      btoa: { value: "fixed", writable: false, enumerable: false, configurable: true },
    },
  );
  const before = descriptors(target);
  const uninstall = nano.install(target);
  uninstall();
  assert.equal(descriptors(target), before);
});

test("Request, Response and fetch can be replaced, and read anew", () => {
  const target: Record<string, unknown> = {};
  const uninstall = nano.install(target, { only: ["fetch"] });
  assert.equal(
    FETCH.map((name) => (target[name] as { name: string }).name),
    FETCH,
  );
  assert.is(target.Request, target.Request);
  target.Request = "another";
  assert.is(target.Request, "another");
  assert.is(Object.getOwnPropertyDescriptor(target, "Request")!.writable, true);
  uninstall();
  assert.equal(Reflect.ownKeys(target), ["Request"]);
});

test("only some groups are installed where only they are named", () => {
  const groups = { crypto: CRYPTO, timers: TIMERS, base64: BASE64, cloning: CLONING, fetch: FETCH };
  for (const [group, names] of Object.entries(groups) as ["crypto", string[]][]) {
    const target = {};
    nano.install(target, { only: [group] });
    assert.equal(Object.keys(descriptors(target)).sort(), [...names].sort());
  }
  const target = {};
  nano.install(target, { only: [] });
  assert.equal(descriptors(target), {});
  refuses(
    () => nano.install(target, { only: ["clocks" as "timers"] }),
    "TypeError",
    "install: only: clocks is no group; there are crypto, timers, base64, cloning, fetch",
  );
});

test("installing twice is the same as once, and may add groups", () => {
  const target = page();
  const before = descriptors(target);
  nano.install(target, { only: ["base64"] });
  const once = descriptors(target);
  nano.install(target, { only: ["base64"] });
  assert.equal(descriptors(target), once);
  const uninstall = nano.install(target);
  uninstall();
  assert.equal(descriptors(target), before);
  uninstall();
  assert.equal(descriptors(target), before);
});

test("an old uninstall leaves a newer installation alone", () => {
  const target = page();
  const first = nano.install(target);
  first();
  const second = nano.install(target);
  first();
  assert.is(target.crypto, nano.crypto);
  second();
  assert.is(target.crypto, "inherited");
});

test("a second runtime is refused until the first is uninstalled", async () => {
  const other = createRuntimeSync();
  const target = page();
  const uninstall = nano.install(target);
  const installed = descriptors(target);
  const message = "install: another runtime is installed here; uninstall it first";
  refuses(() => other.install(target), "InvalidStateError", message);
  assert.equal(descriptors(target), installed);
  uninstall();
  other.install(target);
  assert.is(target.crypto, other.crypto);
  await other.close();
});

test("what somebody else has replaced in the meantime is theirs", () => {
  const target = page();
  const uninstall = nano.install(target);
  target.setTimeout = "a fake timer";
  uninstall();
  assert.is(target.setTimeout, "a fake timer");
  assert.is(target.atob, "its own");
});

test("a target that cannot be changed is refused with the property's name, before anything has changed", () => {
  const fixed = Object.defineProperty(page(), "clearTimeout", { value: "fixed", configurable: false });
  const before = descriptors(fixed);
  refuses(
    () => nano.install(fixed),
    "TypeError",
    "install: clearTimeout cannot be replaced: the property is not configurable",
  );
  assert.equal(descriptors(fixed), before);

  const sealed = Object.preventExtensions(page());
  refuses(
    () => nano.install(sealed),
    "TypeError",
    "install: crypto cannot be added: the object is not extensible",
  );
  assert.equal(Object.keys(sealed).sort(), ["atob", "location"]);

  const frozen = Object.freeze(Object.assign(page(), { crypto: "its own" }));
  refuses(
    () => nano.install(frozen),
    "TypeError",
    "install: crypto cannot be replaced: the property is not configurable",
  );
  for (const target of [null, 1, "window"]) {
    refuses(() => nano.install(target as never), "TypeError", "install: target is not an object");
  }
});

test("a target that refuses halfway gets back what it had", () => {
  const target = page();
  const before = descriptors(target);
  const stubborn = new Proxy(target, {
    defineProperty: (object, name, descriptor) =>
      name !== "setInterval" && Reflect.defineProperty(object, name, descriptor),
  });
  assert.throws(() => nano.install(stubborn), /'setInterval'/);
  assert.equal(descriptors(target), before);
});

test("a target that was frozen since is told of", () => {
  const target = page();
  const uninstall = nano.install(target);
  Object.freeze(target);
  refuses(uninstall, "TypeError", `uninstall: the object has been frozen, and keeps ${ALL.join(", ")}`);
});

test("close takes back the globals, and a closed runtime installs none", async () => {
  const runtime = createRuntimeSync();
  const [first, second] = [page(), page()];
  const before = descriptors(first);
  runtime.install(first);
  runtime.install(second, { only: ["timers"] });
  await runtime.close();
  assert.equal(descriptors(first), before);
  assert.equal(descriptors(second), before);
  refuses(() => runtime.install(first), "InvalidStateError", "this runtime is closed");
  assert.equal(descriptors(first), before);
});

test("code that knows nothing of NANO finds it behind the platform's names", async () => {
  const uninstall = nano.install(globalThis);
  try {
    const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    assert.instance(key, CryptoKey);
    assert.instance(key, nanort.CryptoKey);
    const order: string[] = [];
    await new Promise<void>((done) => {
      setTimeout(() => order.push("task"), 0);
      const interval = setInterval(() => {
        clearInterval(interval);
        done();
      }, 1);
      queueMicrotask(() => order.push("microtask"));
    });
    assert.equal(order, ["microtask", "task"]);
    assert.is(atob(btoa("NANO")), "NANO");
  } finally {
    uninstall();
  }
});

test.run();
