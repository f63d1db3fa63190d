// The milestone's memory criteria: operations far over 8 KB succeed; memory use is stable under load; no leaks.
// And the first of the ancestor's mistakes: it hashed only the first 8 KiB of a longer input.
import { createHash, createHmac } from "node:crypto";
import { createRuntime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const KIB = 1024;
const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex");

test("bytes past the first 8 KiB count, in a digest and in a MAC", async () => {
  const nano = await createRuntime();
  const { subtle } = nano.crypto;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await subtle.importKey("raw", new Uint8Array(32), algorithm, false, ["sign"]);
  for (const length of [8 * KIB + 1, 64 * KIB + 1, 1024 * KIB + 1, 20 * 1024 * KIB]) {
    const input = new Uint8Array(length);
    const digests = new Set<string>();
    const macs = new Set<string>();
    for (const last of [0, 1]) {
      input[length - 1] = last;
      const digest = hex(await subtle.digest("SHA-256", input));
      const mac = hex(await subtle.sign("HMAC", key, input));
      assert.is(digest, createHash("sha256").update(input).digest("hex"));
      assert.is(mac, createHmac("sha256", new Uint8Array(32)).update(input).digest("hex"));
      digests.add(digest);
      macs.add(mac);
    }
    assert.is(digests.size, 2);
    assert.is(macs.size, 2);
  }
  assert.is(nano.memory().liveArenas, 0);
  await nano.close();
});

test("under steady load of mixed sizes, memory is a plateau, and nothing stays behind", async () => {
  const nano = await createRuntime();
  const server = await nano.serve({ app: async (request: Request) => new Response(await request.blob()) });
  const body = new Uint8Array(200 * KIB).fill(7);
  const load = async () => {
    for (let i = 0; i < 200; i++)
      nano.subtleSync.digest("SHA-512", body.subarray(0, (i * 997) % body.length));
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const sent = body.subarray(0, (i * 10_007) % body.length);
        const response = await fetch(server.url, { method: "POST", body: sent });
        assert.is((await response.arrayBuffer()).byteLength, sent.length);
      }),
    );
  };
  for (let round = 0; round < 3; round++) await load();
  const { poolBytes } = nano.memory();
  for (let round = 0; round < 20; round++) await load();
  assert.is(nano.memory().poolBytes, poolBytes);
  await server.close();
  assert.is(nano.memory().liveArenas, 0);
  assert.is(nano.memory().bytesInUse, 0);
  await nano.close();
});

test.run();
