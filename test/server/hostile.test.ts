/** Peers that leave, in every way and at every point, on real sockets; and one that asks much. */
import { execFile } from "node:child_process";
import { connect, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testWith } from "../support/tools.ts";
import { eventually, inMemory, onSockets, turn } from "./support.ts";

const CONVERSATION =
  "GET /a HTTP/1.1\r\nHost: a\r\n\r\n" +
  "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\n...\r\n0\r\nA: b\r\n\r\n" +
  "POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

/** After so many bytes, another request is whole. */
const ENDS = [28, 118, 171];

const echo = async (request: Request) => new Response(await request.text());

const LEAVING: [string, (socket: Socket) => void][] = [
  ["closes its side", (socket) => void socket.end()],
  ["goes", (socket) => void socket.destroy()],
  ["resets the connection", (socket) => void socket.resetAndDestroy()],
];

for (const [how, leave] of LEAVING) {
  test(`a client that ${how} at any byte leaves nothing behind, and disturbs nobody`, () =>
    onSockets({ app: echo }, async (server) => {
      const { port } = server.server;
      const stays = await server.connect();
      let left = 0;
      for (let length = 0; length <= CONVERSATION.length; length++) {
        const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
        // What the server answers ends the connection, if nothing else did.
        socket
          .on("error", () => {})
          .on("end", () => socket.end())
          .on("close", () => left++)
          .resume();
        socket.on("connect", () => {
          socket.write(CONVERSATION.slice(0, length));
          leave(socket);
        });
        if (length % 25 === 0) {
          stays.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
          await stays.answered(length / 25 + 1);
        }
      }
      await eventually(() => left === CONVERSATION.length + 1 && server.server.connections === 1);
      assert.is(server.core.statistics().liveArenas, 0);
      assert.equal(server.errors, []);
      assert.ok(stays.answers().every(({ status }) => status === 200));
      stays.socket.end();
    }));
}

test("a client that closes its side gets the answers to all that it asked for, and a word on what it did not finish", async () => {
  for (let length = 1; length <= CONVERSATION.length; length++) {
    await inMemory({ app: echo }, async (server) => {
      const client = await server.connect();
      client.send(CONVERSATION.slice(0, length));
      client.socket.end();
      await client.closed();
      const statuses = client.answers().map(({ status }) => status);
      const whole = ENDS.filter((end) => end <= length).length;
      const unfinished = !ENDS.includes(length);
      assert.equal(statuses, [...Array(whole).fill(200), ...(unfinished ? [400] : [])], `${length} bytes`);
      assert.equal(server.errors, []);
    });
  }
});

test("a client that reads nothing and goes on asking is held up, and takes little memory", () => {
  let asked = 0;
  const app = () => {
    asked++;
    return new Response("x".repeat(100_000));
  };
  return onSockets({ app }, async (server) => {
    const socket = connect({ port: server.server.port, host: "127.0.0.1" });
    socket.pause();
    let taken = true;
    const more = () => {
      while (taken && !socket.destroyed)
        taken = socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
    };
    socket.on("drain", () => {
      taken = true;
      more();
    });
    more();
    let before = -1;
    for (let still = 0; still < 50; still = asked === before ? still + 1 : 0) {
      before = asked;
      await turn();
    }
    assert.ok(asked < 500, `${asked} answers for somebody who reads none`);
    assert.is(taken, false, "the client's own bytes pile up at the client");
    socket.destroy();
    await eventually(() => server.server.connections === 0);
  });
});

testWith("wrk", "-v")("wrk: many connections, no answer but 200", () =>
  onSockets({ app: () => new Response("hello") }, async ({ server }) => {
    const output = await new Promise<string>((resolve, reject) => {
      const args = ["-t1", "-c64", "-d1s", server.url];
      execFile("wrk", args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
    assert.match(output, /\d+ requests in/);
    assert.not.match(output, /Non-2xx|Socket errors/);
  }),
);

test.run();
