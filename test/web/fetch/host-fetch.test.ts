/** Where there are no sockets, as in browsers: the engine's own fetch, under this runtime's deadlines and its loop. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRuntime, defaultHost, type RuntimeOptions } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { rejection } from "./support.ts";

async function withServer(
  use: (url: string, nano: Awaited<ReturnType<typeof createRuntime>>) => Promise<void>,
  fetch: RuntimeOptions["fetch"] = {},
) {
  const { network: _, ...host } = defaultHost;
  const nano = await createRuntime({ host, fetch });
  const server = createServer((request, response) => {
    if (request.url === "/never") return;
    response.setHeader("x-method", request.method!);
    response.flushHeaders();
    if (request.url === "/half") response.write("half");
    else response.end("whole");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, nano);
    await nano.idle();
    await nano.close();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a response, its body and where it came from", () =>
  withServer(async (url, nano) => {
    const response = await nano.fetch(`${url}/x`, { method: "POST", body: "b" });
    assert.instance(response, Response);
    assert.equal(
      [
        response.status,
        response.headers.get("x-method"),
        response.url,
        response.redirected,
        await response.text(),
      ],
      [200, "POST", `${url}/x`, false, "whole"],
    );
    const request = new Request(`${url}/y`);
    assert.is(await (await nano.fetch(request)).text(), "whole");
  }));

test("deadlines of the head, of the silence in the body, and of all", () =>
  withServer(async (url, nano) => {
    const head = await rejection(nano.fetch(`${url}/never`, { timeout: { head: 20 } }));
    assert.equal(
      [head.name, head.message],
      [
        "TimeoutError",
        "fetch: the deadline head of 20 ms passed in state head, after 0 bytes of the response",
      ],
    );
    const response = await nano.fetch(`${url}/half`, { timeout: { bodyIdle: 20 } });
    assert.is(
      (await rejection(response.text())).message,
      "fetch: the deadline bodyIdle of 20 ms passed in state body, after 4 bytes of the response",
    );
    const total = await rejection(nano.fetch(`${url}/never`, { timeout: 20 }));
    assert.match(total.message, /^fetch: the deadline (total|head) of 20 ms passed/);
  }));

test("the signal's reason, before and after the head", () =>
  withServer(async (url, nano) => {
    const controller = new AbortController();
    const before = rejection(nano.fetch(`${url}/never`, { signal: controller.signal }));
    const response = await nano.fetch(`${url}/half`, { signal: controller.signal });
    const after = rejection(response.text());
    const reason = new Error("enough");
    controller.abort(reason);
    assert.is(await before, reason);
    assert.is(await after, reason);
    assert.is(await rejection(nano.fetch(url, { signal: AbortSignal.abort(reason) })), reason);
  }));

test("a body that is given up is over, and closing aborts the rest", () =>
  withServer(async (url, nano) => {
    const response = await nano.fetch(`${url}/half`);
    await response.body!.cancel();
    await nano.idle();
    const failure = rejection(nano.fetch(`${url}/never`));
    await nano.close();
    assert.equal(
      [(await failure).name, (await failure).message],
      ["AbortError", "fetch: the runtime was closed"],
    );
  }));

for (const [name, value] of [
  ["allow", () => true],
  ["proxy", "http://p"],
  ["tls", { ca: "x" }],
] as const) {
  test(`fetch.${name} is refused, since nobody could keep it`, async () => {
    const error = await rejection(withServer(async () => {}, { [name]: value }));
    assert.instance(error, TypeError);
    assert.is(error.message, `fetch.${name}: this host has no sockets, and its own fetch cannot honour it`);
  });
}

test("a body that nobody reads is over when its time is, and when the runtime is closed", () =>
  withServer(async (url, nano) => {
    const response = await nano.fetch(`${url}/half`, { timeout: 500 });
    await nano.idle();
    assert.match((await rejection(response.text())).message, /^fetch: the deadline total of 500 ms passed/);
    const other = await nano.fetch(`${url}/half`);
    await nano.close();
    assert.is((await rejection(other.text())).message, "fetch: the runtime was closed");
  }));

test.run();
