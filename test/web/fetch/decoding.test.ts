/** Content codings, undone as they come, and no further than the limits say. */
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { memoryHost } from "../../../ts/host/memory.ts";
import { eventually, type Peer, type Rig, rejection, rigged, settled } from "./support.ts";

/** At a quality that is not slow. */
const brotli = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });

const ENCODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gzipSync,
  "x-gzip": gzipSync,
  GZIP: gzipSync,
  deflate: deflateSync,
  br: brotli,
};

const content = new TextEncoder().encode("Fetch, undone. ".repeat(5000));

function response(peer: Peer, encoding: string, body: Uint8Array, length = body.length): void {
  peer
    .send(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${length}\r\n\r\n`)
    .send(body);
}

const bytesOf = async (promise: Promise<Response>) => new Uint8Array(await (await promise).arrayBuffer());

for (const [encoding, encode] of Object.entries(ENCODERS)) {
  for (const pieceBytes of [undefined, 7]) {
    test(`${encoding}${pieceBytes ? ", in small pieces" : ""}`, () =>
      rigged(
        async (rig) => {
          const body = bytesOf(rig.fetch("http://a/"));
          response(await rig.peer(), encoding, encode(content));
          assert.equal(await body, content);
        },
        pieceBytes ? { pieceBytes } : {},
      ));
  }
}

/** In chunks, whose number nobody knows before, and read as a stream. */
for (const [encoding, encode] of Object.entries(ENCODERS)) {
  test(`${encoding}, in chunks, and as a stream`, () =>
    rigged(async (rig) => {
      const encoded = encode(content);
      const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\n`;
      const collected = bytesOf(rig.fetch("http://a/"));
      const peer = await rig.peer();
      peer.send(`${head}transfer-encoding: chunked\r\n\r\n`);
      await settled();
      for (let at = 0; at < encoded.length; at += 50) {
        const piece = encoded.subarray(at, at + 50);
        peer
          .send(`${piece.length.toString(16)}\r\n`)
          .send(piece)
          .send("\r\n");
      }
      peer.send("0\r\n\r\n");
      assert.equal(await collected, content);

      const response = rig.fetch("http://a/");
      await rig.asked(2);
      peer.send(`${head}content-length: ${encoded.length}\r\n\r\n`).send(encoded);
      const streamed = new Response((await response).body);
      assert.equal(new Uint8Array(await streamed.arrayBuffer()), content);
    }));
}

test("what is small and becomes large is decoded all the same", () =>
  rigged(async (rig) => {
    const large = new Uint8Array(900_000);
    for (const [at, encode] of [gzipSync, deflateSync, brotli].entries()) {
      const body = bytesOf(rig.fetch("http://a/"));
      response(await rig.asked(at + 1), ["gzip", "deflate", "br"][at]!, encode(large));
      assert.equal(await body, large);
    }
  }));

test("several codings are undone from the last to the first; identity is none", () =>
  rigged(async (rig) => {
    const body = bytesOf(rig.fetch("http://a/"));
    response(await rig.peer(), "gzip, identity, br", brotli(gzipSync(content)));
    assert.equal(await body, content);
  }));

test("the headers stay as they were", () =>
  rigged(async (rig) => {
    const given = rig.fetch("http://a/");
    const encoded = gzipSync(content);
    response(await rig.peer(), "gzip", encoded);
    const { headers } = await given;
    assert.equal(
      [headers.get("content-encoding"), headers.get("content-length")],
      ["gzip", String(encoded.length)],
    );
    await bytesOf(given);
  }));

test("a coding that nobody here knows leaves the body as it is", () =>
  rigged(async (rig) => {
    for (const [at, encoding] of ["unknown", "gzip, unknown"].entries()) {
      const body = bytesOf(rig.fetch("http://a/"));
      response(await rig.asked(at + 1), encoding, gzipSync(content));
      assert.equal(await body, new Uint8Array(gzipSync(content)));
    }
  }));

test("more codings than anybody needs are an error", () =>
  rigged(async (rig) => {
    const failure = rejection(rig.fetch("http://a/"));
    response(await rig.peer(), "gzip, gzip, gzip", gzipSync(content));
    assert.match((await failure).message, /the body is encoded 3 times, and 2 are the most$/);
  }));

test("no content is no coded content", () =>
  rigged(async (rig) => {
    const body = bytesOf(rig.fetch("http://a/"));
    response(await rig.peer(), "gzip", new Uint8Array(0));
    assert.is((await body).length, 0);
  }));

test("what is not coded as it says, or ends too early, is an error", () =>
  rigged(async (rig) => {
    const whole = gzipSync(content);
    const bodies = [content, whole.subarray(0, whole.length - 1), whole.subarray(0, 5)];
    for (const [at, body] of bodies.entries()) {
      const failure = rejection(bytesOf(rig.fetch("http://a/")));
      response(await rig.asked(at + 1), "gzip", body);
      const error = await failure;
      assert.instance(error, TypeError);
      assert.match(error.message, /^fetch: the body is not what its Content-Encoding says: /);
    }
  }));

test("a connection that ends within a coded body is the network's error, not the decoder's", () =>
  rigged(async (rig) => {
    const failure = rejection(bytesOf(rig.fetch("http://a/")));
    const peer = await rig.peer();
    response(peer, "gzip", gzipSync(content).subarray(0, 100), 1000);
    peer.socket.end();
    assert.match(
      (await failure).message,
      /^read ECONNRESET a:80: the connection ended after 100 bytes of the body/,
    );
  }));

test("whoever aborts within a coded body has their own reason again, whatever it is", () =>
  rigged(async (rig) => {
    const reasons = ["enough", 0, null, { code: 1 }, new RangeError("enough"), undefined];
    const codings = Object.entries(ENCODERS);
    for (const [at, reason] of reasons.entries()) {
      const controller = new AbortController();
      const fetched = rig.fetch("http://a/", { signal: controller.signal });
      const [encoding, encode] = codings[at % codings.length]!;
      response(await rig.peer(at), encoding, encode(content).subarray(0, 20), 1000);
      const given = (await fetched).arrayBuffer().catch((error: unknown) => error);
      await settled();
      controller.abort(reason);
      assert.is(await given, controller.signal.reason);
    }
  }));

/** Feeds a bomb until the fetch gives up. */
async function explode(rig: Rig, encoding: string, bomb: Uint8Array): Promise<Error> {
  const requests = () => rig.peers.flatMap((peer) => peer.requests()).length;
  const before = requests();
  const failure = rejection(bytesOf(rig.fetch("http://a/")));
  await eventually(() => requests() > before);
  response(rig.peers.find(({ closed }) => !closed)!, encoding, bomb);
  return failure;
}

test("a decoder that is out of memory ends the fetch", () => {
  const huge = Object.defineProperty(new Uint8Array(1), "length", { value: 2 ** 52 });
  const decoder = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (_, controller) => controller.enqueue(huge),
    });
  const { codings } = memoryHost();
  return rigged(
    async (rig) => {
      const failure = rejection(bytesOf(rig.fetch("http://a/")));
      response(await rig.peer(), "gzip", gzipSync(content), 1_000_000);
      assert.instance(await failure, RangeError);
    },
    {
      fetch: { limits: { decodedBytes: Number.MAX_SAFE_INTEGER, decodedRatio: 2 ** 52 } },
      codings: { ...codings!, decoder },
    },
  );
});

test("a bomb goes off at the limits, in whatever coding", () =>
  rigged(async (rig) => {
    const zeros = new Uint8Array(32 * 1024 * 1024);
    for (const [encoding, bomb] of [
      ["gzip", gzipSync(zeros)],
      ["br", brotli(zeros)],
      ["gzip, gzip", gzipSync(gzipSync(zeros))],
    ] as const) {
      const error = await explode(rig, encoding, bomb);
      assert.instance(error, TypeError);
      assert.match(error.message, /^fetch: the body decodes to more than 200 times its size$/);
    }
  }));

test("limits are options", () =>
  rigged(
    async (rig) => {
      const zeros = new Uint8Array(4_000_000);
      const failure = await explode(rig, "gzip", gzipSync(zeros));
      assert.is(failure.message, "fetch: the body decodes to more than 3000000 bytes");
      const body = bytesOf(rig.fetch("http://a/"));
      response(await rig.asked(2), "gzip", gzipSync(zeros.subarray(0, 2_999_999)));
      assert.is((await body).length, 2_999_999);
    },
    { fetch: { limits: { decodedBytes: 3_000_000, decodedRatio: Number.POSITIVE_INFINITY } } },
  ));

test("who reads slowly is sent slowly, through the decoder too", () =>
  rigged(async (rig) => {
    const random = new Uint8Array(8_000_000);
    for (let at = 0; at < random.length; at += 65_536)
      crypto.getRandomValues(random.subarray(at, at + 65_536));
    const encoded = gzipSync(random, { level: 1 });
    const given = rig.fetch("http://a/");
    const peer = await rig.peer();
    peer.send(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${encoded.length}\r\n\r\n`);
    const received = await given;
    let written = 0;
    while (written < encoded.length && peer.socket.write(encoded.subarray(written, written + 50_000))) {
      written += 50_000;
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(written < 2_000_000, `${written} bytes were taken, though nobody reads`);
    peer.socket.write(encoded.subarray(written + 50_000));
    assert.equal(new Uint8Array(await received.arrayBuffer()), random);
  }));

test("a body that nobody wants stops its decoder and its connection", () =>
  rigged(async (rig) => {
    const given = rig.fetch("http://a/");
    const peer = await rig.peer();
    response(peer, "gzip", gzipSync(content).subarray(0, 50), 1000);
    await (await given).body!.cancel();
    await eventually(() => peer.closed);
  }));

test("what the engine can undo is what is asked for", () =>
  rigged(async (rig) => {
    const { codings } = memoryHost();
    const known = (["gzip", "deflate", "br", "zstd"] as const).filter((coding) => codings?.decoder(coding));
    const given = rig.fetch("http://a/");
    const peer = await rig.peer();
    assert.ok((await peer.request()).includes(`\r\naccept-encoding: ${known.join(", ")}\r\n`));
    response(peer, "gzip", gzipSync(content));
    await bytesOf(given);
  }));

test("codings in several fields are one list", () =>
  rigged(async (rig) => {
    const body = bytesOf(rig.fetch("http://a/"));
    response(await rig.peer(), "gzip\r\nContent-Encoding: br", brotli(gzipSync(content)));
    assert.equal(await body, content);
  }));

test("an empty body is empty in every coding, whenever its end comes", () =>
  rigged(async (rig) => {
    for (const encoding of ["gzip", "deflate", "br"]) {
      const given = rig.fetch("http://a/");
      const peer = await rig.peer();
      await peer.request(peer.requests().length + 1);
      peer.send(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ntransfer-encoding: chunked\r\n\r\n`);
      const body = (await given).text();
      peer.send("0\r\n\r\n");
      assert.is(await body, "", encoding);
    }
  }));

test.run();
