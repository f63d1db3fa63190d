/** `install`: the runtime's functions as the engine's own globals, and the engine's again. */
import { CryptoKey, createRuntime } from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Suite } from "./suite.ts";
import { errorOf, hex, utf8 } from "./support.ts";

const NAMES = [
  ...["crypto", "Crypto", "CryptoKey", "SubtleCrypto", "atob", "btoa"],
  ...["setTimeout", "setInterval", "clearTimeout", "clearInterval", "queueMicrotask"],
  "structuredClone",
];

const properties = () => NAMES.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));

export const installation: Suite = {
  name: "install",
  tests: {
    "what the platform's names mean is NANO's until it is uninstalled": async ({ nativeSubtle }) => {
      const nano = await createRuntime();
      const before = properties();
      const native = globalThis.crypto;
      assert.is(native.subtle !== undefined, nativeSubtle);
      const uninstall = nano.install(globalThis);
      try {
        assert.is(crypto, nano.crypto as unknown);
        assert.is(
          hex(await crypto.subtle.digest("SHA-1", utf8("abc"))),
          "a9993e364706816aba3e25717850c26c9cd0d89d",
        );
        const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
        assert.ok(key instanceof globalThis.CryptoKey && key instanceof CryptoKey);
        assert.match(crypto.randomUUID(), /^[0-9a-f-]{36}$/);
        const order: string[] = [];
        await new Promise<void>((done) => {
          setTimeout(() => order.push("task"), 0);
          setTimeout(() => done(), 0);
          queueMicrotask(() => order.push("microtask"));
        });
        assert.equal(order, ["microtask", "task"]);
        assert.is(atob(btoa("NANO")), "NANO");
        assert.is(structuredClone, nano.structuredClone);
        assert.equal(structuredClone({ set: new Set([key]) }).set.size, 1);
      } finally {
        uninstall();
      }
      assert.is(globalThis.crypto, native);
      assert.equal(properties(), before);
      await nano.close();
    },

    "properties have the same attributes on every engine": async () => {
      const nano = await createRuntime();
      const uninstall = nano.install(globalThis);
      const seen = NAMES.map((name) => {
        const { get, set, ...rest } = Object.getOwnPropertyDescriptor(globalThis, name)!;
        const { value, ...attributes } = rest;
        return `${name}: ${value?.name} ${value?.length} ${get?.name} ${set} ${JSON.stringify(attributes)}`;
      });
      uninstall();
      await nano.close();
      return seen;
    },

    "fetch goes on working on the timers that are installed, and with Request and Response too": async ({
      capabilities,
    }) => {
      if (!capabilities.includes("sockets")) return new Absent("no listening, and nobody to fetch from");
      const nano = await createRuntime();
      const server = await nano.serve({ app: async (request) => new Response(await request.text()) });
      const echoed = async (text: string) =>
        (await fetch(new Request(server.url, { method: "POST", body: text }))).text();
      const uninstall = nano.install(globalThis);
      assert.is(await echoed("by timers"), "by timers");
      nano.install(globalThis, { only: ["fetch"] });
      assert.is(fetch, nano.fetch as unknown);
      assert.is(await echoed("by all"), "by all");
      const response = await fetch(`data:,whole`);
      assert.ok(response instanceof Response);
      assert.is(await response.text(), "whole");
      uninstall();
      assert.is(await echoed("as before"), "as before");
      await server.close({ timeout: 0 });
      await nano.close();
    },

    "timers have the methods that the engine's own have, and clear as numbers too": async () => {
      const nano = await createRuntime();
      const own = setTimeout(() => {}, 0) as unknown;
      clearTimeout(own as number);
      const uninstall = nano.install(globalThis);
      const timer = setTimeout(() => assert.unreachable(), 0) as unknown;
      const { dispose } = Symbol as { dispose?: symbol };
      const methods = ["ref", "unref", "hasRef", "refresh", "close", ...(dispose ? [dispose] : [])] as const;
      const methodsOf = (each: unknown) =>
        methods.filter((name) => typeof (each as Record<PropertyKey, unknown>)[name] === "function");
      const promisified = Symbol.for("nodejs.util.promisify.custom");
      const ofFunctions = () =>
        [setTimeout, setInterval].map((each) => (each as { [promisified]?: unknown })[promisified]);
      const seen = [typeof timer, methodsOf(timer), ofFunctions()];
      clearTimeout(Number(timer));
      uninstall();
      assert.equal(seen, [typeof own, methodsOf(own), ofFunctions()]);
      await nano.idle();
      await nano.close();
    },

    "what the engine's own fetch has under way goes on": async ({ capabilities }) => {
      if (!capabilities.includes("sockets")) return new Absent("no listening, and nobody to fetch from");
      const nano = await createRuntime();
      const server = await nano.serve({
        app: async () => {
          await new Promise<void>((resolve) => nano.setTimeout(resolve, 20));
          return new Response("at last");
        },
      });
      const texts = Array.from({ length: 3 }, async () => (await fetch(server.url)).text());
      const uninstall = nano.install(globalThis);
      assert.equal(await Promise.all(texts), ["at last", "at last", "at last"]);
      // Its connections rest now, and it sets timers for them.
      await new Promise<void>((resolve) => nano.setTimeout(resolve, 20));
      uninstall();
      await server.close({ timeout: 0 });
      await nano.close();
    },

    "close takes the globals back": async () => {
      const nano = await createRuntime();
      const before = properties();
      nano.install();
      await nano.close();
      assert.equal(properties(), before);
    },

    "a second runtime is refused": async () => {
      const [first, second] = [await createRuntime(), await createRuntime()];
      const uninstall = first.install(globalThis);
      const error = await errorOf(() => second.install(globalThis));
      uninstall();
      await first.close();
      await second.close();
      return [`${error.name}: ${error.message}`];
    },

    "a property that cannot be replaced is named": async () => {
      const nano = await createRuntime();
      const error = await errorOf(() => nano.install(Object.freeze({ btoa })));
      await nano.close();
      return [`${error.name}: ${error.message}`];
    },
  },
};
