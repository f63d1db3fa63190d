/** From a package to a runtime: every form in which the core can be had. */
import { createRuntime, createRuntimeSync, type Runtime, version } from "nanort";
import * as inline from "nanort/inline";
import * as assert from "uvu/assert";
import { Absent, type Engine, type Suite } from "./suite.ts";
import { errorOf, hex, utf8 } from "./support.ts";

const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

async function works(nano: Runtime): Promise<void> {
  assert.is(hex(nano.subtleSync.digest("SHA-256", utf8("abc"))), ABC);
  await nano.close();
}

/** Tests a form that needs bytes to be compiled, or how it is refused where bytes are not. */
async function compiles(engine: Engine, make: (core: Uint8Array<ArrayBuffer>) => Runtime | Promise<Runtime>) {
  if (engine.core instanceof WebAssembly.Module) {
    const error = await errorOf(() => make(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
    assert.instance(error, WebAssembly.CompileError);
    assert.match(error.message, /^nano\.wasm: .* pass it as wasm$/);
    return new Absent(error.message);
  }
  return works(await make(engine.core));
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const loading: Suite = {
  name: "loading",
  tests: {
    "createRuntime() finds the packaged core": async () => works(await createRuntime()),

    "createRuntimeSync() finds the packaged core": async (engine) => {
      if (engine.capabilities.includes("load synchronously")) return works(createRuntimeSync());
      const error = await errorOf(() => createRuntimeSync({ host: { ...coldHost } }));
      assert.instance(error, TypeError);
      assert.is(
        error.message,
        'host "cold" cannot load the core synchronously; use createRuntime, or pass wasm',
      );
      return new Absent("the core comes by fetch: use createRuntime first, or pass wasm, or nanort/inline");
    },

    "createRuntime takes bytes": (engine) => compiles(engine, (wasm) => createRuntime({ wasm })),
    "createRuntime takes an ArrayBuffer": (engine) =>
      compiles(engine, ({ buffer, byteOffset, length }) =>
        createRuntime({ wasm: buffer.slice(byteOffset, byteOffset + length) }),
      ),
    "createRuntime takes a Response": (engine) =>
      compiles(engine, (core) => createRuntime({ wasm: new Response(core) })),
    "createRuntime takes a promise of one": (engine) =>
      compiles(engine, (core) => createRuntime({ wasm: Promise.resolve(new Response(core)) })),
    "createRuntime takes a URL": (engine) =>
      compiles(engine, (core) =>
        createRuntime({ wasm: new URL(`data:application/wasm;base64,${base64(core)}`) }),
      ),
    "createRuntime takes a URL as text": (engine) =>
      compiles(engine, (core) => createRuntime({ wasm: `data:application/wasm;base64,${base64(core)}` })),
    "createRuntimeSync takes bytes": (engine) => compiles(engine, (wasm) => createRuntimeSync({ wasm })),

    "both take a WebAssembly.Module": async ({ core }) => {
      const wasm = core instanceof WebAssembly.Module ? core : await WebAssembly.compile(core);
      await works(await createRuntime({ wasm }));
      await works(createRuntimeSync({ wasm }));
    },

    "nanort/inline needs no file": async () => {
      await works(await inline.createRuntime());
      await works(inline.createRuntimeSync());
      assert.is(inline.version, version);
    },

    "a Response that is no success is a TypeError": async () => {
      const error = await errorOf(() => createRuntime({ wasm: new Response("gone", { status: 404 }) }));
      assert.instance(error, TypeError);
      assert.match(error.message, /^nano\.wasm: .*answered 404$/);
    },

    "bytes that are no module are a CompileError": async () => {
      assert.instance(
        await errorOf(() => createRuntime({ wasm: utf8("<!doctype html>") })),
        WebAssembly.CompileError,
      );
    },

    "createRuntimeSync refuses what it would have to wait for": async () => {
      const error = await errorOf(() => createRuntimeSync({ wasm: new Response("") as never }));
      assert.instance(error, TypeError);
      assert.match(error.message, /for a Response or URL use createRuntime$/);
    },
  },
};

/** As a browser's host before its first runtime: the core is to be fetched. */
const coldHost = {
  name: "cold",
  clock: { timeOrigin: 0, now: () => 0, schedule: () => () => undefined, postTask: () => undefined },
  loadCore: () => Promise.resolve(new Uint8Array()),
  fillRandom: () => undefined,
  reportError: () => undefined,
};
