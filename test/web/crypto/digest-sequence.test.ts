import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { hex, nano, pattern } from "../support.ts";

const { subtle } = nano.crypto;
const { subtleSync } = nano;
const message = pattern(300_000);
const expected = createHash("sha256").update(message).digest("hex");

function* pieces(): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const next = random(390);
  for (let at = 0; at < message.length; ) {
    const end = Math.min(message.length, at + Math.floor(next() ** 3 * 100_000));
    yield message.subarray(at, end);
    at = end;
  }
}

/** An iterator that tells what was done with it. */
function observed(values: unknown[]) {
  const log: string[] = [];
  const iterator = {
    next: () => {
      log.push("next");
      return values.length > 0 ? { done: false, value: values.shift() } : { done: true, value: undefined };
    },
    return: () => {
      log.push("return");
      return { done: true, value: undefined };
    },
  };
  return { log, iterator };
}

const fails = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.unreachable("it was fulfilled"),
    (error: Error) => error,
  ) as Promise<Error>;

test("an async iterable, an iterable, a ReadableStream and a host's stream give the digest of their pieces", async () => {
  async function* slowly() {
    for (const piece of pieces()) {
      await undefined;
      yield piece;
    }
  }
  assert.is(hex(await subtle.digest("SHA-256", slowly())), expected);
  assert.is(hex(await subtle.digest("SHA-256", pieces())), expected);
  assert.is(hex(await subtle.digest("SHA-256", [...pieces()])), expected);
  assert.is(hex(await subtle.digest("SHA-256", new Blob([message]).stream())), expected);
  assert.is(
    hex(await subtle.digest("SHA-256", createReadStream("test/vectors/sha.json"))),
    hex(await subtle.digest("SHA-256", createReadStream("test/vectors/sha.json", { highWaterMark: 7 }))),
  );
  assert.is(hex(subtleSync.digest("SHA-256", pieces())), expected);
  assert.is(hex(subtleSync.digest("SHA-256", [...pieces()])), expected);
});

test("an iterable may hold promises of its pieces", async () => {
  const promised = [...pieces()].map((piece) => Promise.resolve(piece));
  assert.is(hex(await subtle.digest("SHA-256", promised as never)), expected);
});

test("no pieces, and empty ones, make the empty message", async () => {
  const empty = createHash("sha512").digest("hex");
  assert.is(hex(await subtle.digest("SHA-512", [])), empty);
  assert.is(hex(await subtle.digest("SHA-512", [new Uint8Array(0), new ArrayBuffer(0)])), empty);
  assert.is(hex(subtleSync.digest("SHA-512", new Set<Uint8Array>())), empty);
});

test("pieces may be of any kind of buffer source", async () => {
  const parts = [
    message.buffer.slice(0, 10),
    new DataView(message.buffer, 10, 5),
    new Uint16Array(message.buffer, 16, 4),
  ];
  const flat = Buffer.concat([message.subarray(0, 15), message.subarray(16, 24)]);
  assert.is(hex(await subtle.digest("SHA-1", parts)), createHash("sha1").update(flat).digest("hex"));
});

test("a buffer source is a message, though it is iterable", async () => {
  const array = Uint8Array.of(1, 2, 3);
  assert.is(hex(await subtle.digest("SHA-1", array)), createHash("sha1").update(array).digest("hex"));
  Object.defineProperty(array, Symbol.asyncIterator, { value: () => assert.unreachable("iterated") });
  assert.is(hex(await subtle.digest("SHA-1", array)), createHash("sha1").update(array).digest("hex"));
});

test("strings, objects that are no iterables, and pieces that are no buffers are TypeErrors", async () => {
  for (const data of ["abc", new String("abc"), 7, {}, null, undefined, [1], ["a"], [null], [[message]]]) {
    assert.instance(await fails(subtle.digest("SHA-256", data as never)), TypeError, String(data));
    assert.throws(
      () => subtleSync.digest("SHA-256", data as never),
      (error: Error) => error instanceof TypeError,
    );
  }
  assert.match(
    (await fails(subtle.digest("SHA-256", [message, "x"] as never))).message,
    /^digest: piece 1 of data is a string/,
  );
  // What must be awaited cannot be read synchronously.
  const stream = new Blob([message]).stream();
  assert.throws(
    () => subtleSync.digest("SHA-256", stream as never),
    (error: Error) => error instanceof TypeError,
  );
});

test("whoever gives the pieces is told when one is refused, and is not when he failed himself", async () => {
  const asynchronous = observed([message, "no buffer", message]);
  await fails(subtle.digest("SHA-256", { [Symbol.asyncIterator]: () => asynchronous.iterator } as never));
  assert.equal(asynchronous.log, ["next", "next", "return"]);

  const synchronous = observed([message, 5]);
  assert.throws(() =>
    subtleSync.digest("SHA-256", { [Symbol.iterator]: () => synchronous.iterator } as never),
  );
  assert.equal(synchronous.log, ["next", "next", "return"]);

  let cancelled = false;
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue("text"),
    cancel: () => {
      cancelled = true;
    },
  });
  assert.instance(await fails(subtle.digest("SHA-256", stream as never)), TypeError);
  assert.ok(cancelled);

  const broken = observed([]);
  broken.iterator.next = () => {
    throw new RangeError("broken");
  };
  assert.is(
    (await fails(subtle.digest("SHA-256", { [Symbol.asyncIterator]: () => broken.iterator } as never)))
      .message,
    "broken",
  );
  assert.equal(broken.log, []);
  assert.is(nano.memory().liveArenas, 0);
});

test("an unknown algorithm leaves the sequence unopened; the first piece is read in a microtask", async () => {
  const unopened = { [Symbol.asyncIterator]: () => assert.unreachable("opened") };
  assert.is((await fails(subtle.digest("MD5", unopened as never))).name, "NotSupportedError");

  const { log, iterator } = observed([message]);
  const source = {
    [Symbol.asyncIterator]: () => {
      log.push("open");
      return iterator;
    },
  };
  const digest = subtle.digest("SHA-256", source as never);
  assert.equal(log, ["open"]);
  assert.is(hex(await digest), expected);
  assert.equal(log, ["open", "next", "next"]);
});

test("a piece is what it was when it was given, and a long one is kept from change", async () => {
  const long = pattern(3 << 20);
  const digestOfLong = createHash("sha256").update(long).digest("hex");
  const digest = subtle.digest("SHA-256", [long]);
  setImmediate(() => long.fill(0));
  assert.is(hex(await digest), digestOfLong);

  const reused = new Uint8Array(100_000);
  function* reusing() {
    for (let at = 0; at < message.length; at += reused.length) {
      reused.set(message.subarray(at, at + reused.length));
      yield reused;
    }
  }
  assert.is(hex(subtleSync.digest("SHA-256", reusing())), expected);
  assert.is(hex(await subtle.digest("SHA-256", reusing())), expected);
});

test("memory does not grow with the message, and the loop turns although all pieces are there", async () => {
  const piece = pattern(1 << 16);
  function* endless() {
    for (let i = 0; i < 256; i++) yield piece;
  }
  await subtle.digest("SHA-256", [piece]);
  const before = nano.memory();
  let turns = 0;
  let immediate = setImmediate(function turn() {
    turns++;
    immediate = setImmediate(turn);
  });
  const digest = await subtle.digest("SHA-256", endless());
  clearImmediate(immediate);
  assert.is(
    hex(digest),
    createHash("sha256")
      .update(Buffer.concat([...endless()]))
      .digest("hex"),
  );
  assert.is(nano.memory().poolBytes, before.poolBytes);
  assert.is(nano.memory().peakBytesInUse, before.peakBytesInUse);
  assert.ok(turns >= 15, `${turns} turns in 16 slices`);
});

test("closing the runtime ends a digest that waits for its next piece, and the stream is told", async () => {
  const runtime = createRuntimeSync();
  let cancelled = false;
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      cancelled = true;
    },
  });
  controller.enqueue(message);
  const digest = fails(runtime.crypto.subtle.digest("SHA-256", stream));
  await new Promise((resolve) => setImmediate(resolve));
  await runtime.close();
  controller.enqueue(message);
  assert.is((await digest).name, "InvalidStateError");
  assert.ok(cancelled);
  assert.is((await fails(runtime.crypto.subtle.digest("SHA-256", pieces()))).name, "InvalidStateError");
});

test.run();
