/** What fetch has brought, sent on by a server as it is: its coding undone, its head without what spoke of the coded bytes. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { createRuntime, type Runtime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const TEXT = "handed on, ".repeat(20_000);
const CODED: Record<string, Buffer> = { gzip: gzipSync(TEXT), br: brotliCompressSync(TEXT) };

/** Parts by their names, of so many bytes in all: the value of Content-Range. */
const RANGES: Record<string, (length: number) => string> = {
  all: (length) => `bytes 0-${length - 1}/${length}`,
  unknown: (length) => `bytes 0-${length - 1}/*`,
  some: (length) => `bytes 0-${length - 1}/${length + 1}`,
  later: (length) => `bytes 1-${length}/${length + 1}`,
  none: () => "",
};

/** Answers /CODING[/STATUS[/RANGE]] with the text in that coding. */
function upstream({ url = "/", method }: IncomingMessage, response: ServerResponse): void {
  const [, coding = "", status = "200", range = "none"] = url.split("/");
  const body = CODED[coding] ?? Buffer.from(TEXT);
  const contentRange = RANGES[range]!(body.length);
  response.writeHead(Number(status), {
    ...{ "content-encoding": coding, "content-length": body.length, "accept-ranges": "bytes" },
    ...{ "content-type": "text/plain", etag: '"strong"', "content-digest": "sha-256=:AA==:" },
    ...{ vary: "accept-encoding", connection: "close, x-hop", "x-hop": "1" },
    ...(contentRange && { "content-range": contentRange }),
  });
  response.end(method === "HEAD" || status === "304" ? undefined : body);
}

interface Seen {
  status: number;
  headers: IncomingMessage["headers"];
  connectionLines: number;
  text: string;
  /** What the app was told that it did wrong. */
  errors: string[];
}

/** What a client is told by a server whose app hands on what `handle` makes of the upstream's response. */
async function handedOn(
  path: string,
  handle: (response: Response, nano: Runtime) => Response | Promise<Response>,
  { method = "GET", compression = false, accepted = "identity" } = {},
): Promise<Seen> {
  const nano = await createRuntime();
  const origin = createServer(upstream).listen(0, "127.0.0.1");
  await once(origin, "listening");
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}${path}`;
  const app = async (asked: Request) => handle(await nano.fetch(url, { method: asked.method }), nano);
  const errors: string[] = [];
  const onError = (error: unknown) => void errors.push((error as Error).message);
  const server = await nano.serve({ app, compression, onError });
  try {
    const asked = request(server.url, { method, headers: { "accept-encoding": accepted } }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    return {
      status: response.statusCode!,
      headers: response.headers,
      connectionLines: response.rawHeaders.filter((name) => name.toLowerCase() === "connection").length,
      text: decodedText(Buffer.concat(pieces), response.headers["content-encoding"]),
      errors,
    };
  } finally {
    await nano.close({ timeout: 0 });
    origin.close();
  }
}

function decodedText(bytes: Buffer, coding?: string): string {
  if (bytes.length === 0) return "";
  return String(
    coding === "gzip" ? gunzipSync(bytes) : coding === "br" ? brotliDecompressSync(bytes) : bytes,
  );
}

const OF_CODED_BYTES = ["content-encoding", "accept-ranges", "content-digest"];

/** @param coding that of what the client was sent. */
function assertDecoded({ headers }: Seen, coding?: string): void {
  for (const name of OF_CODED_BYTES)
    assert.is(headers[name], name === "content-encoding" ? coding : undefined, name);
  assert.is(headers.etag, 'W/"strong"');
  assert.is(headers["content-type"], "text/plain");
  assert.is(headers.vary, "accept-encoding");
}

for (const coding of Object.keys(CODED)) {
  const ways: Record<string, (response: Response) => Response> = {
    "as it came": (response) => response,
    "in a new Response": (response) => new Response(response.body, response),
    "as its clone": (response) => {
      const copy = response.clone();
      response.body!.cancel().catch(() => {});
      return copy;
    },
    "with other headers": (response) => {
      response.headers.set("x-added", "1");
      return response;
    },
  };
  for (const [way, handle] of Object.entries(ways)) {
    for (const compression of [false, true]) {
      test(`${coding}, ${way}${compression ? ", by a server that compresses" : ""}`, async () => {
        const seen = await handedOn(`/${coding}`, handle, { compression });
        assert.is(seen.text, TEXT);
        assert.is(seen.headers["content-length"], undefined);
        assertDecoded(seen);
      });
    }
  }

  for (const [way, handle] of Object.entries(ways)) {
    for (const accepted of Object.keys(CODED)) {
      test(`${coding}, ${way}, compressed again with ${accepted}`, async () => {
        const seen = await handedOn(`/${coding}`, handle, { compression: true, accepted });
        assert.is(seen.text, TEXT);
        assertDecoded(seen, accepted);
      });
    }
  }

  for (const accepted of ["identity", "br"]) {
    const settings = { compression: accepted !== "identity", accepted };
    const sent = settings.compression ? ", by a server that compresses" : "";
    test(`${coding}, asked for its head, or not modified${sent}`, async () => {
      const head = await handedOn(`/${coding}`, (response) => response, { method: "HEAD", ...settings });
      assertDecoded(head, settings.compression ? accepted : undefined);
      assert.is(head.headers["content-length"], undefined);
      const same = await handedOn(`/${coding}/304`, (response) => response, settings);
      assert.is(same.status, 304);
      assertDecoded(same);
    });

    test(`${coding}, as a part that is all of it, goes on as the whole${sent}`, async () => {
      const seen = await handedOn(`/${coding}/206/all`, (response) => response, settings);
      assert.equal([seen.status, seen.text, seen.headers["content-range"]], [200, TEXT, undefined]);
      assertDecoded(seen);
    });

    for (const range of ["some", "later", "unknown", "none"]) {
      test(`${coding}, as a part (${range}), does not go on as if it had not been coded${sent}`, async () => {
        const seen = await handedOn(`/${coding}/206/${range}`, (response) => response, settings);
        assert.equal([seen.status, seen.text], [500, "Internal Server Error\n"]);
        assert.match(seen.errors.join(), /^GET \/: the response is a part whose content coding was undone/);
      });
    }
  }
}

test("what is seen to be short without its coding is not compressed again, nor said to be coded", async () => {
  const text = "short";
  const body = gzipSync(text);
  const seen = await handedOn(
    "/gzip",
    async (_, nano) => {
      const origin = createServer((_, response) =>
        response.writeHead(200, { "content-encoding": "gzip", "content-type": "text/plain" }).end(body),
      ).listen(0, "127.0.0.1");
      await once(origin, "listening");
      const response = await nano.fetch(`http://127.0.0.1:${(origin.address() as AddressInfo).port}`);
      origin.close();
      // What the app has looked at is all here.
      await response.clone().text();
      return response;
    },
    { compression: true, accepted: "gzip" },
  );
  assert.equal([seen.text, seen.headers["content-encoding"]], [text, undefined]);
  assert.match(seen.headers.vary ?? "", /accept-encoding/i);
});

test("to the app, the headers are those that came", async () => {
  let seen: (string | null)[] = [];
  await handedOn("/gzip", (response) => {
    seen = [...OF_CODED_BYTES, "content-length", "etag"].map((name) => response.headers.get(name));
    return response;
  });
  assert.equal(seen, ["gzip", "bytes", "sha-256=:AA==:", String(CODED.gzip!.length), '"strong"']);
});

test("a coding that nobody here can undo goes on with all that is said of it", async () => {
  const { text, headers } = await handedOn("/unknown", (response) => response);
  assert.is(text, TEXT);
  assert.equal(
    [headers["content-encoding"], headers["content-length"], headers.etag],
    ["unknown", String(TEXT.length), '"strong"'],
  );
});

test("what the app made of the body is the app's, and so are its headers", async () => {
  const { text, headers } = await handedOn("/gzip", async (response) => {
    const upper = (await response.text()).toUpperCase();
    return new Response(upper, { headers: { etag: '"mine"', "accept-ranges": "bytes" } });
  });
  assert.is(text, TEXT.toUpperCase());
  assert.equal([headers.etag, headers["accept-ranges"]], ['"mine"', "bytes"]);
});

test("there is one Connection line, of what the upstream's names and what this server says", async () => {
  const { headers, connectionLines } = await handedOn("/gzip", (response) => response);
  assert.is(connectionLines, 1);
  assert.is(headers.connection, "x-hop, close");
});

test.run();
