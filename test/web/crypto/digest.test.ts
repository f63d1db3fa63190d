import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync, virtualClock } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { fromHex, hex, nano, pattern } from "../support.ts";

const NAMES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;

interface Vector {
  algorithm: string;
  source: string;
  message: string;
  repeat?: number;
  digest: string;
}
const vectors = JSON.parse(readFileSync("test/vectors/sha.json", "utf8")) as Vector[];

test("every published vector is met, in both forms", async () => {
  for (const { algorithm, source, message, repeat = 1, digest } of vectors) {
    const bytes = fromHex(message.repeat(repeat));
    assert.is(hex(subtleSync.digest(algorithm, bytes)), digest, source);
    assert.is(hex(await subtle.digest({ name: algorithm }, bytes)), digest, source);
  }
});

test("digests equal the host's at the edges of blocks, windows and slices, and at random lengths", async () => {
  const next = random(20_26);
  const edges = [
    0, 1, 55, 56, 57, 63, 64, 65, 111, 112, 113, 127, 128, 129, 8191, 8192, 8193, 65_535, 65_536, 65_537,
  ];
  const lengths = [
    ...edges,
    MIB - 1,
    MIB,
    MIB + 1,
    5 * MIB,
    ...Array.from({ length: 20 }, () => Math.floor(next() * 70_000)),
  ];
  const input = pattern(5 * MIB + 7);
  for (const length of lengths) {
    const message = input.subarray(7, 7 + length);
    for (const name of length > MIB ? ["SHA-256"] : NAMES) {
      const expected = hex(await webcrypto.subtle.digest(name, message));
      assert.is(hex(subtleSync.digest(name, message)), expected, `${name}, ${length} bytes`);
      assert.is(hex(await subtle.digest(name, message)), expected, `${name}, ${length} bytes, by promise`);
    }
  }
});

test("every byte counts, far beyond the first 8 KiB", () => {
  const message = pattern(100_000);
  const digests = new Set([hex(subtleSync.digest("SHA-256", message))]);
  for (const at of [8191, 8192, 8193, 50_000, 99_999]) {
    message[at]! ^= 1;
    digests.add(hex(subtleSync.digest("SHA-256", message)));
  }
  assert.is(digests.size, 6);
});

test("names are matched without regard to ASCII case, and only there", async () => {
  const expected = hex(subtleSync.digest("SHA-256", pattern(3)));
  assert.is(hex(subtleSync.digest("sha-256", pattern(3))), expected);
  assert.is(hex(await subtle.digest({ name: "ShA-256" }, pattern(3))), expected);
  assert.throws(
    () => subtleSync.digest("\u017fHA-256", pattern(3)),
    (error: Error) => error.name === "NotSupportedError",
  );
});

test("any buffer source is taken: its own bytes, and no others", () => {
  const all = pattern(64);
  const { buffer } = all;
  const expected = hex(subtleSync.digest("SHA-1", all.slice(8, 24)));
  for (const View of [Uint8Array, Int8Array, Uint8ClampedArray]) {
    assert.is(hex(subtleSync.digest("SHA-1", new View(buffer, 8, 16))), expected, View.name);
  }
  assert.is(hex(subtleSync.digest("SHA-1", new DataView(buffer, 8, 16))), expected);
  assert.is(hex(subtleSync.digest("SHA-1", new Uint16Array(buffer, 8, 8))), expected);
  assert.is(hex(subtleSync.digest("SHA-1", new BigInt64Array(buffer, 8, 2))), expected);
  assert.is(hex(subtleSync.digest("SHA-1", Buffer.from(buffer, 8, 16))), expected);
  assert.is(hex(subtleSync.digest("SHA-1", buffer.slice(8, 24))), expected);
});

test("a view that lies about itself is read for what it is", () => {
  const honest = pattern(32);
  const expected = hex(subtleSync.digest("SHA-256", honest));
  class Liar extends Uint8Array {
    override get length(): number {
      return 1e9;
    }
    override get byteLength(): number {
      return 1e9;
    }
    override get buffer(): ArrayBuffer {
      return new ArrayBuffer(4);
    }
  }
  assert.is(hex(subtleSync.digest("SHA-256", new Liar(honest))), expected);
  const own = pattern(32);
  Object.defineProperty(own, "length", { value: 5 });
  Object.defineProperty(own, "buffer", { value: new ArrayBuffer(4) });
  assert.is(hex(subtleSync.digest("SHA-256", own)), expected);
  assert.is(nano.memory().liveArenas, 0);
});

test("a detached buffer has no bytes", async () => {
  const empty = hex(subtleSync.digest("SHA-256", new Uint8Array(0)));
  const bytes = pattern(10);
  const view = new DataView(bytes.buffer);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assert.is(hex(subtleSync.digest("SHA-256", bytes)), empty);
  assert.is(hex(subtleSync.digest("SHA-256", view)), empty);
  assert.is(hex(await subtle.digest("SHA-256", bytes.buffer)), empty);
});

test("the message is what it was at the call, however long: altering or transferring it later changes nothing", async () => {
  for (const length of [16, 65_537, 3 * MIB]) {
    const message = pattern(length);
    const expected = hex(subtleSync.digest("SHA-512", message));
    const altered = subtle.digest("SHA-512", message);
    message.fill(0xff);
    assert.is(hex(await altered), expected);

    const other = pattern(length);
    const transferred = subtle.digest("SHA-512", other);
    structuredClone(other.buffer, { transfer: [other.buffer] });
    assert.is(hex(await transferred), expected);
  }
});

test("the message is read after the algorithm's getters have run", async () => {
  const message = pattern(16);
  const algorithm = {
    get name() {
      message[0] = 0xaa;
      return "SHA-256";
    },
  };
  const digest = hex(await subtle.digest(algorithm, message));
  assert.is(digest, hex(subtleSync.digest("SHA-256", message)));
  assert.is(message[0], 0xaa);
});

test("a short digest's promise is settled when it is given", async () => {
  const order: string[] = [];
  const digest = subtle.digest("SHA-256", pattern(64)).then(() => order.push("digest"));
  await Promise.resolve().then(() => order.push("microtask"));
  await digest;
  assert.equal(order, ["digest", "microtask"]);
});

test("the loop turns while a long message is digested, and idle waits for it", async () => {
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  let done = false;
  const digest = subtle.digest("SHA-256", pattern(8 * MIB)).then((result) => {
    done = true;
    return result;
  });
  await nano.idle();
  assert.ok(done);
  running = false;
  assert.ok(turns >= 7, `${turns} turns in 8 slices`);
  assert.is(hex(await digest), hex(subtleSync.digest("SHA-256", pattern(8 * MIB))));
});

test("a long digest needs nobody to advance a virtual clock", async () => {
  const runtime = createRuntimeSync({ clock: virtualClock() });
  const message = pattern(2 * MIB);
  assert.is(
    hex(await runtime.crypto.subtle.digest("SHA-1", message)),
    hex(subtleSync.digest("SHA-1", message)),
  );
  await runtime.close();
});

const unexpected = () => assert.unreachable("it was fulfilled");

test("closing the runtime rejects what is running, and all that comes after", async () => {
  const runtime = createRuntimeSync();
  const running = runtime.crypto.subtle.digest("SHA-256", pattern(4 * MIB));
  const closed = runtime.close();
  const isClosed = (error: Error) => error instanceof DOMException && error.name === "InvalidStateError";
  await running.then(unexpected, (error) => assert.ok(isClosed(error), String(error)));
  await closed;
  for (const length of [1, 100_000, 2 * MIB]) {
    assert.throws(() => runtime.subtleSync.digest("SHA-256", pattern(length)), isClosed);
    await runtime.crypto.subtle
      .digest("SHA-256", pattern(length))
      .then(unexpected, (error) => assert.ok(isClosed(error), String(error)));
  }
  assert.is(runtime.memory().liveArenas, 0);
});

test("results are ArrayBuffers of this realm, one for each call", () => {
  const one = subtleSync.digest("SHA-256", pattern(1));
  const two = subtleSync.digest("SHA-256", pattern(1));
  assert.is(Object.getPrototypeOf(one), ArrayBuffer.prototype);
  assert.is(one.byteLength, 32);
  new Uint8Array(one).fill(0);
  assert.is.not(hex(two), hex(one));
});

test("no arena is left open", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
