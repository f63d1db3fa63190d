/** What `createRuntime({ fetch })` takes, and that it says what it does not. */

import { createRuntime, memoryHost, proxiesFromEnvironment, publicAddressesOnly } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FetchOptions, resolveOptions, resolveTimeouts } from "../../../ts/web/fetch/options.ts";

const FOREVER = Number.POSITIVE_INFINITY;

test("the defaults", () => {
  const { timeouts, maxRedirects, maxConnectionsPerOrigin, idleTimeout, limits, allow } = resolveOptions();
  assert.equal(timeouts, { connect: 10_000, head: 30_000, bodyIdle: 30_000, total: 30_000 });
  assert.equal([maxRedirects, maxConnectionsPerOrigin, idleTimeout, allow], [20, 256, 4000, null]);
  assert.equal(limits, { headBytes: 65_536, headerCount: 1000, decodedBytes: 2 ** 30, decodedRatio: 200 });
});

test("head and bodyIdle are as long as total, or 30 s where that has no end; what is named, stays", () => {
  const own = (given: FetchOptions["timeout"]) => resolveTimeouts("t", given);
  assert.equal(own(5000), { connect: 10_000, head: 5000, bodyIdle: 5000, total: 5000 });
  assert.equal(own(FOREVER), { connect: 10_000, head: 30_000, bodyIdle: 30_000, total: FOREVER });
  assert.equal(own({ head: 1, total: 9 }), { connect: 10_000, head: 1, bodyIdle: 9, total: 9 });
  const runtime = own({ connect: 7, total: 50_000 });
  assert.equal(resolveTimeouts("t", { head: 3 }, runtime), {
    connect: 7,
    head: 3,
    bodyIdle: 50_000,
    total: 50_000,
  });
  assert.is(resolveTimeouts("t", undefined, runtime), runtime);
});

const REFUSED: [options: unknown, name: string, message: string][] = [
  [1, "TypeError", "fetch is not an object"],
  [
    { timeouts: 1 },
    "TypeError",
    "fetch.timeouts: no such option; there are timeout, maxRedirects, maxConnectionsPerOrigin, idleTimeout, limits, allow, proxy, tls",
  ],
  [
    { timeout: { all: 1 } },
    "TypeError",
    "fetch.timeout.all: no such option; there are connect, head, bodyIdle, total",
  ],
  [
    { timeout: 0 },
    "RangeError",
    "fetch.timeout.total: 0 is not an integer from 1 to 2147483647, or Infinity",
  ],
  [
    { timeout: { head: 1.5 } },
    "RangeError",
    "fetch.timeout.head: 1.5 is not an integer from 1 to 2147483647, or Infinity",
  ],
  [
    { maxRedirects: -1 },
    "RangeError",
    "fetch.maxRedirects: -1 is not an integer from 0 to 9007199254740991, or Infinity",
  ],
  [
    { maxConnectionsPerOrigin: 0 },
    "RangeError",
    "fetch.maxConnectionsPerOrigin: 0 is not an integer from 1 to 9007199254740991, or Infinity",
  ],
  [
    { idleTimeout: Number.NaN },
    "RangeError",
    "fetch.idleTimeout: NaN is not an integer from 1 to 2147483647, or Infinity",
  ],
  [
    { limits: { headBytes: FOREVER } },
    "RangeError",
    "fetch.limits.headBytes: Infinity is not an integer from 1 to 16777216",
  ],
  [
    { limits: { bodyBytes: 1 } },
    "TypeError",
    "fetch.limits.bodyBytes: no such option; there are headBytes, headerCount, decodedBytes, decodedRatio",
  ],
  [{ allow: true }, "TypeError", "fetch.allow is not a function"],
  [{ proxy: "ftp://x" }, "TypeError", "fetch.proxy: ftp: is no scheme of a proxy; http: and https: are"],
  [
    { tls: { rejectUnauthorized: false } },
    "TypeError",
    "fetch.tls.rejectUnauthorized: no such option; there are ca, certificate, key",
  ],
];

for (const [options, name, message] of REFUSED) {
  test(`refused when the runtime is made: ${message}`, async () => {
    try {
      await createRuntime({ host: memoryHost(), fetch: options as FetchOptions });
    } catch (error) {
      assert.equal([(error as Error).name, (error as Error).message], [name, message]);
      return;
    }
    throw new Error("nothing was thrown");
  });
}

test("publicAddressesOnly and proxiesFromEnvironment are there for embedders", async () => {
  assert.is(publicAddressesOnly("10.0.0.1", new URL("http://a/")), false);
  assert.equal(proxiesFromEnvironment({ http_proxy: "http://p" }).http, "http://p");
  const host = memoryHost();
  const nano = await createRuntime({ host, fetch: { allow: publicAddressesOnly } });
  const error = await nano.fetch("http://localhost/").catch((error: Error) => error);
  assert.match((error as Error).message, /^fetch: localhost \(127.0.0.1\) may not be connected to/);
  await nano.close();
});

test.run();
