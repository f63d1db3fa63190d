/** Crypto as an interface, in secure contexts and others: https://w3c.github.io/webcrypto/#crypto-interface */
import { Crypto, CryptoKey, SubtleCrypto } from "nanort";
import * as assert from "uvu/assert";
import type { Suite } from "./suite.ts";
import { errorOf, runtime } from "./support.ts";

export const interfaces: Suite = {
  name: "interfaces",
  tests: {
    "crypto.subtle exists, whether the context is secure or not": async () => {
      const { crypto } = await runtime();
      assert.instance(crypto, Crypto);
      assert.instance(crypto.subtle, SubtleCrypto);
    },

    "random values fill a view and nothing around it": async () => {
      const { crypto } = await runtime();
      const around = new Uint8Array(65_538);
      assert.is(crypto.getRandomValues(around.subarray(1, -1)).length, 65_536);
      assert.equal([around[0], around.at(-1)], [0, 0]);
      assert.is(new Set(around).size, 256);
    },

    "UUIDs are of version 4, and differ": async () => {
      const { crypto } = await runtime();
      const uuids = Array.from({ length: 1000 }, () => crypto.randomUUID());
      assert.is(new Set(uuids).size, 1000);
      for (const uuid of uuids) {
        assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }
    },

    "interfaces have the shape that WebIDL prescribes": async () => {
      const seen: string[] = [];
      for (const Interface of [Crypto, SubtleCrypto, CryptoKey]) {
        const error = await errorOf(() => new (Interface as new () => object)());
        assert.instance(error, TypeError);
        const { prototype } = Interface;
        seen.push(`${Interface.name}: ${error.message}; ${Object.prototype.toString.call(prototype)}`);
        for (const name of Object.getOwnPropertyNames(prototype).sort()) {
          const { enumerable, value } = Object.getOwnPropertyDescriptor(prototype, name)!;
          seen.push(`${name} ${enumerable} ${typeof value === "function" ? value.length : "attribute"}`);
        }
      }
      return seen;
    },
  },
};
