/**
 * Servers that send nonsense, stop in the middle, or go on for ever: a fetch says so, or gives the whole answer; it never
 * hangs, never gives half of it for the whole, and never leaves anything behind.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { answer, eventually, OK, type Rig, rigged, settled } from "./support.ts";

/** What comes of a fetch: the text of the response, or the error. */
async function outcome(promise: Promise<Response>): Promise<string | Error> {
  try {
    return await (await promise).text();
  } catch (error) {
    return error as Error;
  }
}

/** A fetch whose server sends `data` and is gone: with an end, or a reset. */
async function truncated(rig: Rig, data: string, reset: boolean): Promise<string | Error> {
  const index = rig.peers.length;
  const result = outcome(rig.fetch("http://a/"));
  const peer = await rig.peer(index);
  await peer.request();
  if (data) peer.send(data);
  await settled();
  if (reset) peer.socket.destroy();
  else peer.socket.end();
  return result;
}

const WHOLE: Record<string, string> = {
  "with Content-Length": answer("body", "x-one: two\r\n"),
  "in chunks":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbod\r\n1;a=b\r\ny\r\n0\r\nx: y\r\n\r\n",
  "behind an interim response": `HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n${answer("body")}`,
};

for (const [title, whole] of Object.entries(WHOLE)) {
  for (const reset of [false, true]) {
    test(`a response ${title}, cut off at every byte by ${reset ? "a reset" : "an end"}, is a network error`, () =>
      rigged(async (rig) => {
        for (let length = 0; length < whole.length; length++) {
          const result = await truncated(rig, whole.slice(0, length), reset);
          assert.instance(result, TypeError, `${length} bytes gave ${result}`);
          const { cause, message } = result as Error & {
            cause: { code: string; host: string; port: number };
          };
          assert.equal([cause.host, cause.port, cause.code], ["a", 80, "ECONNRESET"], message);
          assert.match(message, /^read ECONNRESET a:80: /);
        }
        assert.is(await truncated(rig, whole, reset), "body");
      }));
  }

  test(`a response ${title} is the same in pieces of every size`, async () => {
    for (const pieceBytes of [1, 2, 3, 5, 7, 11, 64]) {
      await rigged(
        async (rig) => {
          const result = outcome(rig.fetch("http://a/"));
          (await rig.peer()).send(whole);
          assert.is(await result, "body");
        },
        { pieceBytes },
      );
    }
  });
}

test("a body until the connection's end is whole by an end, and not by a reset", () =>
  rigged(async (rig) => {
    const head = "HTTP/1.1 200 OK\r\n\r\n";
    assert.is(await truncated(rig, `${head}body`, false), "body");
    assert.is(await truncated(rig, head, false), "");
    assert.instance(await truncated(rig, `${head}body`, true), TypeError);
  }));

const NONSENSE: Record<string, string> = {
  "not HTTP": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
  "a request": "GET / HTTP/1.1\r\n\r\n",
  "another version": "HTTP/2.0 200 OK\r\n\r\n",
  "no status": "HTTP/1.1 OK\r\n\r\n",
  "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
  "a line that is no field": "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
  "a space before the colon": "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
  "a bare LF": "HTTP/1.1 200 OK\nx: y\n\n",
  "a NUL": "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
  "two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
  "a negative length": "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
  "a length of 2^64": "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n",
  "a length and chunks":
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "a coding nobody knows": "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nx",
  "a chunk size that is none": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
  "another protocol": "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "a status no Response has": "HTTP/1.1 999 Request Denied\r\ncontent-length: 0\r\n\r\n",
};

for (const [title, nonsense] of Object.entries(NONSENSE)) {
  test(`refused: ${title}`, () =>
    rigged(async (rig) => {
      const result = outcome(rig.fetch("http://a/"));
      const peer = (await rig.peer()).send(nonsense);
      assert.instance(await result, TypeError);
      assert.match((await result) as string, /^TypeError: /);
      await eventually(() => peer.closed);
    }));
}

test("a head without an end is refused when it is too long, and one with too many lines", () =>
  rigged(
    async (rig) => {
      for (const line of ["x: ".padEnd(400, "y"), "x: y"]) {
        const index = rig.peers.length;
        const result = outcome(rig.fetch("http://a/"));
        const peer = await rig.peer(index);
        peer.send(`HTTP/1.1 200 OK\r\n${`${line}\r\n`.repeat(2000)}`);
        assert.match(String(await result), /^TypeError: read a:80: .*(too large|too many)/);
        await eventually(() => peer.closed);
      }
    },
    { fetch: { limits: { headBytes: 20_000, headerCount: 100 } } },
  ));

test("interim responses without end are refused", () =>
  rigged(async (rig) => {
    const result = outcome(rig.fetch("http://a/"));
    (await rig.peer()).send("HTTP/1.1 100 Continue\r\n\r\n".repeat(40));
    assert.match(String(await result), /the server sent more than 32 interim responses$/);
  }));

test("a server that sends one byte a second is waited for as long as the deadlines say", () =>
  rigged(async (rig) => {
    const whole = answer("slowly", "connection: close\r\n");
    const slow = async (timeout: number) => {
      const index = rig.peers.length;
      const result = outcome(rig.fetch("http://a/", { timeout }));
      const peer = await rig.peer(index);
      for (const byte of whole) {
        if (peer.closed) break;
        peer.send(byte);
        await rig.host.clock.advance(1000);
      }
      return result;
    };
    assert.is(await slow(90_000), "slowly");
    assert.match(
      String(await slow(20_000)),
      /^TimeoutError: fetch: the deadline total of 20000 ms passed in state head, after 20 bytes/,
    );
  }));

test("bytes behind a response belong to nobody: the connection is not used again", () =>
  rigged(async (rig) => {
    for (const late of [false, true]) {
      const index = rig.peers.length;
      const result = outcome(rig.fetch("http://a/"));
      const peer = await rig.peer(index);
      peer.send(late ? OK : `${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`);
      assert.is(await result, "ok");
      if (late) peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
      await eventually(() => peer.closed);
    }
  }));

test("random bytes in a response are an error or an answer, and leave nothing behind", async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  console.log(`SEED=${seed}`);
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const sources = Object.values(WHOLE);
  await rigged(async (rig) => {
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(sources[below(sources.length)]!, "latin1");
      for (let changes = 1 + below(4); changes > 0; changes--) bytes[below(bytes.length)] = below(256);
      const cut = below(4) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
      const result = await truncated(rig, cut.toString("latin1"), below(2) === 0);
      assert.ok(typeof result === "string" || result instanceof TypeError, String(result));
    }
  });
});

test("a server that closes its side after a response is not asked again on that connection", () =>
  rigged(async (rig) => {
    const first = outcome(rig.fetch("http://a/"));
    const peer = (await rig.peer()).send(OK);
    assert.is(await first, "ok");
    peer.socket.end();
    await eventually(() => peer.closed);
    const second = outcome(rig.fetch("http://a/"));
    (await rig.peer(1)).send(OK);
    assert.is(await second, "ok");
  }));

test.run();
