/** The core's memory: used while an operation runs, given back when it is done, the same size under a steady load. */
import { createRuntime } from "nanort";
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf, pattern } from "./support.ts";

export const memory: Suite = {
  name: "memory",
  tests: {
    "an operation gives back what it took": async () => {
      const nano = await createRuntime();
      for (const length of [0, 1, 100, 70_000, 3_000_000]) {
        await nano.crypto.subtle.digest("SHA-512", new Uint8Array(length));
        const { liveArenas, liveObjects, bytesInUse } = nano.memory();
        assert.equal(
          { liveArenas, liveObjects, bytesInUse },
          { liveArenas: 0, liveObjects: 0, bytesInUse: 0 },
        );
      }
      await nano.close();
    },

    "ten thousand operations of different sizes need no more memory than the first hundred": async () => {
      const nano = await createRuntime();
      const bytes = pattern(20_000);
      const round = (i: number) => nano.subtleSync.digest("SHA-256", bytes.subarray(0, (i * 7919) % 20_000));
      for (let i = 0; i < 100; i++) round(i);
      const { poolBytes } = nano.memory();
      for (let i = 0; i < 10_000; i++) round(i);
      assert.is(nano.memory().poolBytes, poolBytes);
      await nano.close();
    },

    "64 MiB are digested in a window of memory": async () => {
      const nano = await createRuntime();
      nano.subtleSync.digest("SHA-1", new Uint8Array(64 << 20));
      assert.ok(nano.memory().poolBytes < 1 << 20);
      await nano.close();
    },

    "runtimes have memory of their own": async () => {
      const [a, b] = [await createRuntime(), await createRuntime()];
      await a.close();
      assert.is(b.subtleSync.digest("SHA-256", new Uint8Array(9)).byteLength, 32);
      await b.close();
    },

    "a closed runtime refuses work with InvalidStateError": async () => {
      const nano = await createRuntime();
      await nano.close();
      const errors = [
        await errorOf(() => nano.subtleSync.digest("SHA-1", new Uint8Array(1))),
        await errorOf(() => nano.crypto.subtle.digest("SHA-1", new Uint8Array(1))),
        await errorOf(() => nano.crypto.getRandomValues(new Uint8Array(1))),
        await errorOf(() => nano.crypto.randomUUID()),
      ];
      for (const error of errors) {
        assert.instance(error, DOMException);
        assert.is(error.name, "InvalidStateError");
        assert.is(error.message, "this runtime is closed");
      }
    },
  },
};
