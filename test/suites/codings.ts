/** The contract of Codings (ts/host/host.ts): what an engine encodes and decodes. */
import { type ByteTransform, type Coding, type Codings, defaultHost } from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Suite, type Test } from "./suite.ts";
import { errorOf, hex, pattern } from "./support.ts";

const CODINGS: Coding[] = ["gzip", "deflate", "br", "zstd"];

async function through(transform: ByteTransform, ...pieces: Uint8Array[]): Promise<Uint8Array> {
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Uint8Array(await new Response(source.pipeThrough(transform) as BodyInit).arrayBuffer());
}

/** For each coding that the engine decodes; Absent where it has none. */
function each(use: (codings: Codings, coding: Coding) => Promise<void>): Test {
  return async () => {
    const { codings } = defaultHost;
    if (!codings) return new Absent("no codings");
    for (const coding of CODINGS) if (codings.decoder(coding)) await use(codings, coding);
  };
}

const ENGINES_OWN = new Absent(
  "the engine's own CompressionStream: whole bodies only, and taken as they come",
);

/** "hello" in each coding, by Python's gzip and zlib, brotli of Node, and zstd 1.5. */
const HELLO: Record<Coding, string> = {
  gzip: "1f8b0800000000000203cb48cdc9c9070086a6103605000000",
  deflate: "789ccb48cdc9c90700062c0215",
  br: "0b028068656c6c6f03",
  zstd: "28b52ffd045829000068656c6c6fa36d9f88",
};

export const codings: Suite = {
  name: "codings",
  tests: {
    "gzip and deflate are everywhere": () => {
      const { codings } = defaultHost;
      for (const coding of ["gzip", "deflate"] as const) {
        assert.ok(codings?.encoder(coding));
        assert.ok(codings?.decoder(coding));
      }
    },

    "what others encoded is decoded, however it is cut": each(async ({ decoder }, coding) => {
      const bytes = Uint8Array.from(HELLO[coding].match(/../g)!, (pair) => Number.parseInt(pair, 16));
      const whole = await through(decoder(coding)!, bytes);
      assert.is(hex(whole), "68656c6c6f", coding);
      const singly = await through(decoder(coding)!, ...Array.from(bytes, (byte) => Uint8Array.of(byte)));
      assert.is(hex(singly), "68656c6c6f", coding);
    }),

    "what is encoded is decoded again": each(async ({ encoder, decoder }, coding) => {
      for (const length of [0, 1, 1_000_000]) {
        const bytes = pattern(length);
        const encoded = await through(encoder(coding)!, bytes.slice(0, length / 3), bytes.slice(length / 3));
        if (length > 1) assert.ok(encoded.length < length, `${coding} makes it shorter`);
        assert.ok(hex(await through(decoder(coding)!, encoded)) === hex(bytes), `${coding} ${length}`);
      }
    }),

    "what is no coding at all, or no longer one in the middle, is an error": each(async (engine, coding) => {
      const broken = await through(engine.encoder(coding)!, pattern(100_000));
      broken.fill(0x55, broken.length / 2);
      for (const bad of [broken, pattern(1000)]) {
        assert.instance(await errorOf(() => through(engine.decoder(coding)!, bad)), Error, coding);
      }
    }),

    "gzip, deflate and br that are cut off are an error": each(async ({ encoder, decoder }, coding) => {
      if (coding === "zstd") return;
      const encoded = await through(encoder(coding)!, pattern(10_000));
      for (const length of [1, 2, 20, encoded.length - 5, encoded.length - 1]) {
        const bad = encoded.slice(0, length);
        assert.instance(await errorOf(() => through(decoder(coding)!, bad)), Error, `${coding} ${length}`);
      }
    }),

    "at once, the same comes of it, unless that is too much": each(async ({ encoder, decode }, coding) => {
      if (!decode) return;
      const bytes = pattern(10_000);
      const encoded = await through(encoder(coding)!, bytes);
      const whole = decode(coding, encoded, bytes.length);
      if (whole === undefined) return;
      assert.is(hex(whole), hex(bytes), coding);
      assert.is(whole.buffer.byteLength, bytes.length);
      assert.is(decode(coding, encoded, bytes.length - 1), undefined);
      for (let length = 0; length < encoded.length; length++) {
        const cut = encoded.slice(0, length);
        assert.throws(() => decode(coding, cut, bytes.length), undefined, `${coding} ${length}`);
      }
      assert.throws(() => decode(coding, pattern(1000), bytes.length), undefined, coding);
    }),

    "a bomb goes off no faster than somebody reads": (engine) => {
      // Elsewhere it is the engine's own, which may take all that it is given.
      if (!defaultHost.codings?.encoder("gzip", { flush: true })) return ENGINES_OWN;
      return each(async ({ encoder, decoder }, coding) => {
        const bomb = await through(
          encoder(coding)!,
          ...Array.from({ length: 64 }, () => new Uint8Array(1 << 20)),
        );
        const { readable, writable } = decoder(coding)!;
        const writer = writable.getWriter();
        let written = false;
        const done = writer.write(bomb).then(
          () => {
            written = true;
          },
          () => {},
        );
        const reader = readable.getReader();
        let count = 0;
        for (let reads = 0; reads < 3; reads++) count += (await reader.read()).value!.length;
        await new Promise<void>((resolve) => setTimeout(resolve, 2));
        assert.ok(count < 4 << 20);
        assert.is(written, false, "not all of it has been taken");
        await reader.cancel();
        await done;
      })(engine);
    },

    "with flush, each piece comes out when it has been written": async () => {
      const { codings } = defaultHost;
      const able = CODINGS.filter((coding) => codings?.encoder(coding, { flush: true }));
      if (able.length === 0) return ENGINES_OWN;
      for (const coding of able) {
        const { readable, writable } = codings!.encoder(coding, { flush: true })!;
        const texts: string[] = [];
        const decoded = readable.pipeThrough(
          codings!.decoder(coding)! as never,
        ) as ReadableStream<Uint8Array>;
        const reader = decoded.getReader();
        const writer = writable.getWriter();
        for (const text of ["one", "two", "three"]) {
          writer.write(new TextEncoder().encode(text));
          texts.push(new TextDecoder().decode((await reader.read()).value));
        }
        assert.equal(texts, ["one", "two", "three"], coding);
        const [end] = await Promise.all([reader.read(), writer.close()]);
        assert.is(end.done, true);
      }
    },
  },
};
