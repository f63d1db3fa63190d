import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRuntime, createRuntimeSync, memoryHost, type Runtime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coreBytes, coreModule } from "../support/core.ts";

/** SHA-256 of nothing: FIPS 180-4. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

async function works(nano: Runtime): Promise<void> {
  const digest = nano.subtleSync.digest("SHA-256", new Uint8Array(0));
  assert.is(Buffer.from(digest).toString("hex"), EMPTY);
  await nano.close();
}

test("a runtime is made from the packaged core, a module, bytes, a view, a Response, or a promise of one", async () => {
  await works(await createRuntime());
  await works(await createRuntime({ wasm: coreModule() }));
  await works(await createRuntime({ wasm: coreBytes() }));
  await works(await createRuntime({ wasm: new Uint8Array(coreBytes()).buffer }));
  await works(await createRuntime({ wasm: new Response(coreBytes()) }));
  await works(await createRuntime({ wasm: Promise.resolve(coreModule()) }));
});

test("a runtime is made from a URL, whatever type its server gives, and a missing one is told", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/nano.wasm")
      response.writeHead(200, { "content-type": "text/plain" }).end(coreBytes());
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await works(await createRuntime({ wasm: `${base}/nano.wasm` }));
    await works(await createRuntime({ wasm: new URL("/nano.wasm", base) }));
    await works(await createRuntime({ wasm: fetch(`${base}/nano.wasm`) }));
    const error = await createRuntime({ wasm: `${base}/other.wasm` }).catch((error: unknown) => error);
    assert.instance(error, TypeError);
    assert.match((error as TypeError).message, /other\.wasm answered 404/);
  } finally {
    server.close();
  }
});

test("a runtime is made at once from the packaged core, a module or bytes, and from nothing that must be waited for", async () => {
  await works(createRuntimeSync());
  await works(createRuntimeSync({ wasm: coreModule() }));
  await works(createRuntimeSync({ wasm: coreBytes() }));
  await works(createRuntimeSync({ host: memoryHost() }));
  assert.throws(
    () => createRuntimeSync({ wasm: new Response(coreBytes()) }),
    (error: unknown) => error instanceof TypeError && /createRuntime/.test(error.message),
  );
});

test("what is no core is refused: broken bytes, and a module of something else", async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(100), coreBytes().subarray(0, 1000)]) {
    const error = await createRuntime({ wasm: bytes }).catch((error: unknown) => error);
    assert.instance(error, WebAssembly.CompileError);
    assert.throws(() => createRuntimeSync({ wasm: bytes }), WebAssembly.CompileError);
  }
  const empty = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  assert.throws(() => createRuntimeSync({ wasm: empty }), /nano\.wasm/);
});

test("everything that a closed runtime is asked fails with InvalidStateError, and closing twice is closing once", async () => {
  const nano = await createRuntime();
  const key = nano.subtleSync.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]) as CryptoKey;
  await nano.close();
  await nano.close();
  const refused = (error: unknown) => error instanceof DOMException && error.name === "InvalidStateError";
  assert.throws(() => nano.subtleSync.digest("SHA-1", new Uint8Array(1)), refused);
  assert.throws(() => nano.subtleSync.sign("HMAC", key, new Uint8Array(1)), refused);
  assert.throws(() => nano.setTimeout(() => {}, 1), refused);
  for (const promise of [
    nano.crypto.subtle.digest("SHA-1", new Uint8Array(1)),
    nano.crypto.subtle.sign("HMAC", key, new Uint8Array(1)),
    nano.serve({ app: () => new Response() }),
  ]) {
    assert.ok(
      refused(
        await promise.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
  }
});

test("a server that comes up while its runtime closes does not outlive it", async () => {
  const nano = await createRuntime();
  const coming = nano.serve({ app: () => new Response("too late") }).catch((error: unknown) => error);
  await nano.close();
  const error = await coming;
  assert.ok(error instanceof DOMException && error.name === "InvalidStateError");
});

test("a runtime closes with its servers, and a timeout that is no number closes nothing", async () => {
  const nano = await createRuntime();
  const server = await nano.serve({ app: () => new Response("here") });
  const error = await nano.close({ timeout: -1 }).catch((error: unknown) => error);
  assert.instance(error, RangeError);
  assert.is(await (await fetch(server.url)).text(), "here");
  await nano.close({ timeout: 1000 });
  await server.closed;
  assert.ok((await fetch(server.url).catch((error: unknown) => error)) instanceof TypeError);
});

test.run();
