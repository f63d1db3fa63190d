/**
 * Fetching, by the milestone's criteria: fetch returns its promise at once; concurrent fetches run in parallel; network
 * errors reject; a timeout rejects after 30 s. And of many: ten thousand at a time complete, with memory back at its level.
 */

import { createRuntime, type Host, memoryHost, type Runtime, type VirtualClock } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

async function withServer(
  use: (nano: Runtime, url: string) => Promise<void>,
  host?: Host & { clock: VirtualClock },
): Promise<void> {
  const nano = await createRuntime(host ? { host } : {});
  const waiting: (() => void)[] = [];
  const server = await nano.serve({
    app: async ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === "/never") return new Promise<Response>(() => {});
      if (pathname === "/gather") {
        // Nobody is answered before all ten are there.
        await new Promise<void>((resolve) => {
          if (waiting.push(resolve) === 10) for (const each of waiting) each();
        });
      }
      return new Response(`answer to ${pathname}`);
    },
  });
  try {
    await use(nano, server.url);
  } finally {
    const closed = server.close({ timeout: 0 });
    await host?.clock.advance(1);
    await closed;
    await nano.close();
  }
}

test("fetch returns its promise at once: nothing has been resolved, connected or sent", () =>
  withServer(async (nano, url) => {
    let turn = "first";
    const promise = nano.fetch(`${url}/`).then(() => turn);
    assert.instance(promise, Promise);
    turn = "later";
    assert.is(await promise, "later");
  }));

test("concurrent fetches run in parallel: ten that wait for one another are all answered", () =>
  withServer(async (nano, url) => {
    const texts = Array.from({ length: 10 }, async () => (await nano.fetch(`${url}/gather`)).text());
    assert.equal(await Promise.all(texts), Array(10).fill("answer to /gather"));
  }));

test("network errors reject: refused, unknown, reset", () =>
  withServer(async (nano, url) => {
    const refused = await nano.fetch("http://127.0.0.1:2/").catch((error: Error) => error);
    assert.instance(refused, TypeError);
    assert.match((refused as Error).message, /^connect ECONNREFUSED 127\.0\.0\.1:2: /);
    const unknown = await nano.fetch("http://host.invalid/").catch((error: Error) => error);
    assert.instance(unknown, TypeError);
    assert.is(await (await nano.fetch(`${url}/still`)).text(), "answer to /still");
  }));

test("a timeout rejects after 30 seconds, not before, and says so", () => {
  const host = memoryHost();
  return withServer(async (nano, url) => {
    let settled: unknown;
    nano.fetch(`${url}/never`).catch((error: unknown) => {
      settled = error;
    });
    await host.clock.advance(29_999);
    assert.is(settled, undefined);
    await host.clock.advance(1);
    assert.instance(settled, DOMException);
    const { name, message } = settled as DOMException;
    assert.is(name, "TimeoutError");
    assert.match(
      message,
      /^fetch: the deadline (total|head) of 30000 ms passed in state head, after 0 bytes/,
    );
  }, host);
});

test("ten thousand at a time complete, and memory is back at its level", () =>
  withServer(async (nano, url) => {
    const fetchAll = async (count: number) => {
      const lengths = Array.from(
        { length: count },
        async (_, at) => (await (await nano.fetch(`${url}/${at}`)).text()).length,
      );
      return (await Promise.all(lengths)).reduce((sum, length) => sum + length, 0);
    };
    await fetchAll(1000);
    const { poolBytes } = nano.memory();
    const digits = Array.from({ length: 10_000 }, (_, at) => `answer to /${at}`.length).reduce(
      (a, b) => a + b,
      0,
    );
    assert.is(await fetchAll(10_000), digits);
    const after = nano.memory();
    assert.equal([after.liveArenas, after.bytesInUse], [0, 0]);
    assert.ok(
      after.poolBytes <= Math.max(4 * poolBytes, 4 * 1024 * 1024),
      `${poolBytes} bytes became ${after.poolBytes}`,
    );
  }));

test.run();
