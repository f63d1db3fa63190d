import { test } from "uvu";
import * as assert from "uvu/assert";
import { memoryHost } from "../../ts/host/memory.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import type { VirtualClock } from "../../ts/runtime/virtual-clock.ts";
import {
  apacheLine,
  jsonLine,
  type LogRecord,
  type LogTarget,
  textLine,
} from "../../ts/server/access-log.ts";
import { startServer } from "../../ts/server/server.ts";
import { makeCore } from "../support/core.ts";
import { Client, eventually } from "./support.ts";

const RECORD: LogRecord = {
  time: Date.UTC(2000, 9, 10, 13, 55, 36, 123),
  remoteAddress: "192.0.2.7",
  method: "GET",
  target: "/apache_pb.gif?x=1",
  protocol: "HTTP/1.0",
  host: "example.com",
  referer: "http://www.example.com/start.html",
  userAgent: "Mozilla/4.08 [en] (Win98; I ;Nav)",
  status: 200,
  bytes: 2326,
  milliseconds: 1.25,
  whole: true,
};
const NOTHING: LogRecord = {
  ...{ ...RECORD, method: "", target: "", protocol: "", host: "", referer: null, userAgent: null },
  ...{ remoteAddress: "", status: 0, bytes: 0, milliseconds: 0, whole: false },
};

test("text: method, target, status and time", () => {
  assert.is(textLine(RECORD), "GET /apache_pb.gif?x=1 200 1.3 ms");
  assert.is(textLine(NOTHING), "- - - 0.0 ms, broken off");
});

test("json: an object a line, with its time as text", () => {
  assert.equal(JSON.parse(jsonLine(RECORD)), { ...RECORD, time: "2000-10-10T13:55:36.123Z" });
  assert.equal(JSON.parse(jsonLine(NOTHING)), { ...NOTHING, time: "2000-10-10T13:55:36.123Z" });
});

test("apache: the combined form", () => {
  assert.is(
    apacheLine(RECORD),
    '192.0.2.7 - - [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif?x=1 HTTP/1.0" 200 2326 ' +
      '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"',
  );
  assert.is(apacheLine(NOTHING), '- - - [10/Oct/2000:13:55:36 +0000] "-" - - "-" "-"');
});

test("what a client wrote is no line of its own, and steers no terminal", () => {
  const evil = { ...RECORD, target: '/"\\\n\x1b[2J\x9b\xff', userAgent: 'a" 200 "b\r\n' };
  for (const line of [textLine, jsonLine, apacheLine]) assert.match(line(evil), /^[ -~]+$/);
  assert.match(apacheLine(evil), '"GET /\\"\\\\\\x0a\\x1b[2J\\x9b\\xff HTTP/1.0"');
  assert.match(apacheLine(evil), '"a\\" 200 \\"b\\x0d\\x0a"');
  const { target, userAgent } = JSON.parse(jsonLine(evil));
  assert.equal([target, userAgent], [evil.target, evil.userAgent]);
});

/** Requests that take long, and have begun. */
let slow = 0;

async function logging(
  log: LogTarget,
  use: (connect: () => Promise<Client>, clock: VirtualClock) => Promise<void>,
) {
  const host = memoryHost();
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const loop = new EventLoop(host.clock, onError);
  const app = async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") slow++;
    if (pathname === "/slow") await new Promise((resolve) => loop.setTimeout(() => resolve(null), 1000));
    if (pathname === "/broken") throw new Error("the app's own");
    return new Response(await request.text());
  };
  const server = await startServer(
    { core: makeCore(), loop, host },
    { app, log, onError, limits: { headTimeout: 100 } },
  );
  await use(() => Client.connect(host, server.port), host.clock);
  await server.close();
  loop.close();
  return errors;
}

test("a record for each request, in order, after its response; and for what was no request", async () => {
  const batches: (readonly LogRecord[])[] = [];
  await logging(
    (records) => void batches.push(records),
    async (connect, clock) => {
      const client = await connect();
      client.send(
        "POST /a?b HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\nUser-Agent: test\r\n\r\nhello",
      );
      client.send("GET /broken HTTP/1.1\r\nHost: example.com\r\nReferer: /a\r\n\r\n");
      client.send("GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n");
      await client.answered(2);
      await eventually(() => batches.flat().length === 2);
      await clock.advance(1000);
      const [first] = await client.answered(3);
      assert.is(batches.flat()[0]!.bytes, client.text().indexOf("HTTP/1.1 500"), "of the whole response");
      assert.is(first!.body, "hello");

      const leaving = await connect();
      leaving.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      await eventually(() => slow === 2);
      leaving.socket.destroy();
      const stranger = await connect();
      stranger.send("nonsense\r\n\r\n");
      await stranger.closed();
      const silent = await connect();
      silent.send("GET ");
      await clock.advance(100);
      await silent.closed();
      await clock.advance(1000);
    },
  );
  const seen = batches
    .flat()
    .map(({ method, target, protocol, status, whole, milliseconds }) => [
      ...[method, target, protocol, status, whole, milliseconds],
    ]);
  assert.equal(seen.slice(0, 3), [
    ["POST", "/a?b", "HTTP/1.1", 200, true, 0],
    ["GET", "/broken", "HTTP/1.1", 500, true, 0],
    ["GET", "/slow", "HTTP/1.1", 200, true, 1000],
  ]);
  assert.equal(
    seen.slice(3).map((record) => record.slice(0, 5)),
    [
      ["GET", "/slow", "HTTP/1.1", 0, false],
      ["", "", "", 400, true],
      ["", "", "", 408, true],
    ],
  );
  const [post, broken] = batches.flat();
  assert.equal([post!.host, post!.userAgent, post!.referer], ["example.com", "test", null]);
  assert.equal([broken!.referer, broken!.remoteAddress], ["/a", "127.0.0.1"]);
});

test("requests that are answered in one task are told together", async () => {
  const counts: number[] = [];
  await logging(
    (records) => void counts.push(records.length),
    async (connect) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20));
      await client.answered(20);
      await eventually(() => counts.reduce((sum, count) => sum + count, 0) === 20);
    },
  );
  assert.ok(counts.length < 20, counts.join(" "));
});

test("what is left when the server is closed is told before it has closed", async () => {
  let records: readonly LogRecord[] = [];
  await logging(
    (told) => {
      records = told;
    },
    async (connect) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await client.closed();
    },
  );
  assert.is(records.length, 1);
});

test("a log that throws is the app's error; a form that is none is refused", async () => {
  const failure = new Error("the disk is full");
  const errors = await logging(
    () => {
      throw failure;
    },
    async (connect) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.is((await client.answered(1))[0]!.status, 200);
    },
  );
  assert.equal(errors, [failure]);
  const rejected = await logging(
    async () => {
      throw failure;
    },
    async (connect) => {
      const client = await connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.answered(1);
    },
  );
  assert.equal(rejected, [failure]);
  const refused = await logging("xml" as LogTarget, async () => {}).catch((error) => error);
  assert.match(String(refused), 'RangeError: log: "xml" is none of text, json, apache');
});

test.run();
