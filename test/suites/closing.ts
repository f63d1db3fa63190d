/** The end of a runtime: nothing is left, and nothing more is taken. */
import { createRuntime, memoryHost } from "nanort";
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf } from "./support.ts";

export const closing: Suite = {
  name: "closing",
  tests: {
    "cancels timers, and lets go of whoever waits for idle()": async () => {
      const nano = await createRuntime();
      let ran = false;
      nano.setTimeout(() => {
        ran = true;
      }, 5);
      const idle = nano.idle();
      await nano.close();
      await idle;
      await new Promise<void>((resolve) => setTimeout(resolve, 15));
      assert.is(ran, false);
    },

    "drains a server": async () => {
      const nano = await createRuntime({ host: memoryHost() });
      const server = await nano.serve({ app: () => new Response("") });
      await nano.close();
      await server.closed;
      assert.is(server.connections, 0);
    },

    "twice is the same as once": async () => {
      const nano = await createRuntime();
      await nano.close();
      await nano.close();
      assert.is(nano.memory().liveArenas, 0);
      assert.is(nano.memory().bytesInUse, 0);
    },

    "refuses what would begin new work": async () => {
      const nano = await createRuntime();
      await nano.close();
      for (const begin of [
        () => nano.setTimeout(() => undefined),
        () => nano.queueMicrotask(() => undefined),
      ]) {
        assert.is((await errorOf(begin)).name, "InvalidStateError");
      }
    },

    "three hundred runtimes come and go": async () => {
      for (let i = 0; i < 300; i++) {
        const nano = await createRuntime();
        nano.subtleSync.digest("SHA-256", new Uint8Array(100));
        nano.setTimeout(() => undefined, 1000);
        await nano.close();
      }
    },
  },
};
