/** `digest`: FIPS 180-4, through WebCrypto's promise, its synchronous twin, and streams. */
import * as assert from "uvu/assert";
import vectors from "../vectors/sha.json" with { type: "json" };
import type { Suite } from "./suite.ts";
import { fromHex, hex, pattern, runtime } from "./support.ts";

interface Vector {
  algorithm: string;
  message: string;
  repeat?: number;
  digest: string;
}

const NAMES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

/** Around the ends of blocks, windows and slices. */
const LENGTHS = [0, 1, 55, 56, 57, 63, 64, 65, 111, 112, 113, 127, 128, 129, 8191, 8192, 8193].concat([
  65_535,
  65_536,
  65_537,
  (1 << 20) - 1,
  1 << 20,
  (1 << 20) + 1,
]);

function messageOf({ message, repeat = 1 }: Vector): Uint8Array<ArrayBuffer> {
  const unit = fromHex(message);
  const bytes = new Uint8Array(unit.length * repeat);
  for (let i = 0; i < repeat; i++) bytes.set(unit, i * unit.length);
  return bytes;
}

export const digest: Suite = {
  name: "digest",
  tests: {
    "NIST's vectors, by promise and at once": async () => {
      const nano = await runtime();
      for (const vector of vectors as Vector[]) {
        const message = messageOf(vector);
        assert.is(hex(await nano.crypto.subtle.digest(vector.algorithm, message)), vector.digest);
        assert.is(hex(nano.subtleSync.digest(vector.algorithm, message)), vector.digest);
      }
    },

    "the same bytes at every awkward length": async () => {
      const { subtleSync } = await runtime();
      return NAMES.map((name) => {
        const all = LENGTHS.map((length) => hex(subtleSync.digest(name, pattern(length))));
        return `${name} ${hex(subtleSync.digest(name, new TextEncoder().encode(all.join(""))))}`;
      });
    },

    "the engine's own crypto.subtle, where there is one, agrees": async ({ nativeSubtle }) => {
      assert.is(typeof globalThis.crypto.subtle === "object", nativeSubtle);
      const { subtleSync } = await runtime();
      for (const name of nativeSubtle ? NAMES : []) {
        for (const length of LENGTHS) {
          const message = pattern(length);
          assert.is(hex(subtleSync.digest(name, message)), hex(await crypto.subtle.digest(name, message)));
        }
      }
    },

    "a stream and an async iterable are digested as they come": async () => {
      const { crypto } = await runtime();
      const message = pattern(300_000);
      async function* pieces() {
        for (let at = 0; at < message.length; at += 12_345) yield message.subarray(at, at + 12_345);
      }
      const expected = hex(await crypto.subtle.digest("SHA-512", message));
      assert.is(hex(await crypto.subtle.digest("SHA-512", pieces())), expected);
      const stream = new Response(message).body!;
      assert.is(hex(await crypto.subtle.digest("SHA-512", stream)), expected);
    },

    "a long digest leaves the event loop to others": async () => {
      const nano = await runtime();
      const log: string[] = [];
      const done = nano.crypto.subtle
        .digest("SHA-256", new Uint8Array(16 << 20))
        .then(() => log.push("digest"));
      await new Promise<void>((resolve) => nano.setTimeout(resolve, 0)).then(() => log.push("timer"));
      await done;
      assert.equal(log, ["timer", "digest"]);
    },

    "input that changes after the call does not change the digest": async () => {
      const { crypto, subtleSync } = await runtime();
      const message = pattern(3 << 20);
      const expected = hex(subtleSync.digest("SHA-256", message));
      const promise = crypto.subtle.digest("SHA-256", message);
      message.fill(0);
      assert.is(hex(await promise), expected);
    },
  },
};
