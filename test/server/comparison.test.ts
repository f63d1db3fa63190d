/**
 * Requests that servers answer in different ways, and how: the status, "drop" for a connection that is closed without an
 * answer, "reset" for one that is torn down while the client still sends. What other servers were seen to answer stands
 * beside what this one must. No other is strict in every row.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultHost } from "../../ts/host/node.ts";
import { TestServer } from "./support.ts";

type Answer = number | "drop" | "reset";

interface Row {
  title: string;
  /** Of Node 24, and of Deno, Bun and workerd as they were when this was written. */
  others: [node: Answer, deno: Answer, bun: Answer, workerd: Answer];
  ours: number;
  request: string;
}

const START = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

const ROWS: Row[] = [
  {
    title: "Content-Length + Transfer-Encoding",
    others: [400, 400, 400, 200],
    ours: 400,
    request: `${START}Content-Length: 5\r\n${CHUNKED}\r\n0\r\n\r\n`,
  },
  {
    title: "Transfer-Encoding twice",
    others: [400, 400, 400, 200],
    ours: 400,
    request: `${START}${CHUNKED}${CHUNKED}\r\n0\r\n\r\n`,
  },
  {
    title: "Content-Length repeated, same",
    others: [400, 200, 200, 200],
    ours: 400,
    request: `${START}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
  },
  {
    title: "bare LF line ends",
    others: [400, 200, 505, 200],
    ours: 400,
    request: "GET / HTTP/1.1\nHost: a\n\n",
  },
  {
    title: "chunk extension ended by LF",
    others: [400, "drop", 400, "drop"],
    ours: 400,
    request: `${START}${CHUNKED}\r\n5;a\nhello\r\n0\r\n\r\n`,
  },
  {
    title: "17-digit chunk size",
    others: [200, 200, 200, 200],
    ours: 400,
    request: `${START}${CHUNKED}\r\n00000000000000005\r\nhello\r\n0\r\n\r\n`,
  },
  {
    title: "no Host",
    others: [400, 200, 400, 400],
    ours: 400,
    request: "GET / HTTP/1.1\r\n\r\n",
  },
  {
    title: "two Hosts",
    others: [200, 400, 200, 500],
    ours: 400,
    request: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  },
  {
    title: "two spaces in the request line",
    others: [200, 400, 400, 400],
    ours: 400,
    request: "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    title: "a header of 200 KB",
    others: ["reset", "reset", 431, 200],
    ours: 431,
    request: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(200_000)}\r\n\r\n`,
  },
  {
    title: "3,000 headers",
    others: [431, 400, 431, 200],
    ours: 431,
    request: `GET / HTTP/1.1\r\nHost: a\r\n${"X: a\r\n".repeat(3000)}\r\n`,
  },
];

/** What all of them refuse. */
const REFUSED_BY_ALL: [title: string, lines: string][] = [
  ["space before a colon", "X : b\r\n"],
  ["a folded line", "X: b\r\n c\r\n"],
  ["a bare CR", "X: b\rc\r\n"],
  ["NUL", "X: b\0c\r\n"],
  ["CRLF, CR and another byte", "X: b\r\n\rX: c\r\n"],
  ["Content-Length: +3", "Content-Length: +3\r\n"],
  ["Content-Length: 0x3", "Content-Length: 0x3\r\n"],
  ["Transfer-Encoding: xchunked", "Transfer-Encoding: xchunked\r\n"],
  ["Content-Lengths that differ", "Content-Length: 3\r\nContent-Length: 4\r\n"],
];

let server: TestServer;

test.before(async () => {
  server = await TestServer.start(defaultHost, {
    app: async (request) => new Response(await request.text()),
  });
});

async function assertAnswered(request: string, status: number): Promise<void> {
  const answers = await server.ask(request);
  assert.equal(
    answers.map((answer) => answer.status),
    [status],
  );
  assert.is(answers[0]!.headers.get("connection"), "close");
}

for (const { title, others, ours, request } of ROWS) {
  const [node, deno, bun, workerd] = others;
  test(`${title}: ${ours} (Node ${node}, Deno ${deno}, Bun ${bun}, workerd ${workerd})`, () =>
    assertAnswered(request, ours));
}

for (const [title, lines] of REFUSED_BY_ALL) {
  test(`${title}: 400 (refused by all)`, () => assertAnswered(`${START}${lines}\r\nabcd`, 400));
}

test.after(() => server.stop());

test.run();
