/**
 * A request is read whole, however long it is and however it is cut into pieces. NANO's ancestor called `read` once,
 * into a buffer of 8,192 bytes: a longer request, or one that came in two packets, lost its rest.
 */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { onSockets, pattern, turn } from "../server/support.ts";

const BUFFER_BYTES = 8192;

const app = async (request: Request) => {
  const body = new Uint8Array(await request.arrayBuffer());
  const digest = createHash("sha256").update(body).digest("hex");
  return Response.json([request.headers.get("x-long")?.length ?? 0, body.length, digest]);
};

/** A request whose head is filled up to `headBytes`. */
function requestOf(headBytes: number, body: Uint8Array): { bytes: Uint8Array; expected: string } {
  const start = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\nX-Long: `;
  const long = "x".repeat(headBytes - start.length - 4);
  const digest = createHash("sha256").update(body).digest("hex");
  return {
    bytes: Buffer.concat([Buffer.from(`${start}${long}\r\n\r\n`), body]),
    expected: JSON.stringify([long.length, body.length, digest]),
  };
}

for (const headBytes of [1000, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 15_000]) {
  for (const bodyBytes of [0, BUFFER_BYTES, 1_000_000]) {
    test(`a head of ${headBytes} bytes and a body of ${bodyBytes} are read whole, in one piece and in two`, () =>
      onSockets({ app }, async (server) => {
        const { bytes, expected } = requestOf(headBytes, pattern(bodyBytes));
        assert.is((await server.ask(bytes))[0]!.body, expected);

        for (const cut of [100, headBytes - 1, headBytes, Math.min(bytes.length - 1, BUFFER_BYTES)]) {
          const client = await server.connect();
          client.send(bytes.slice(0, cut));
          // Time for the first piece to arrive by itself.
          for (let turns = 0; turns < 5; turns++) await turn();
          client.send(bytes.slice(cut));
          await client.closed();
          assert.is(client.answers()[0]!.body, expected);
        }
      }));
  }
}

test.run();
