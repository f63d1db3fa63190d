/**
 * Request and Response as NANO makes them, beside the engine's own: every probe is put to both, and both answer alike.
 * Errors are compared by name, since their messages are each engine's own.
 */
import { createRuntime, memoryHost } from "nanort";
import * as assert from "uvu/assert";
import { Absent, type Suite } from "./suite.ts";
import { exchange, hex, pattern, utf8 } from "./support.ts";

const EngineRequest = globalThis.Request;
const EngineResponse = globalThis.Response;
type Classes = { Request: typeof Request; Response: typeof Response };
type Probe<Subject> = (subject: Subject, classes: Classes) => unknown;

const ENGINE: Classes = { Request: EngineRequest, Response: EngineResponse };

/** NANO's classes, installed while `use` runs. */
async function installed<Result>(use: (ours: Classes) => Promise<Result>): Promise<Result> {
  const nano = await createRuntime();
  const uninstall = nano.install(globalThis, { only: ["fetch"] });
  try {
    const { Request, Response } = globalThis;
    assert.is.not(Request, EngineRequest);
    assert.is.not(Response, EngineResponse);
    return await use({ Request, Response });
  } finally {
    uninstall();
    await nano.close();
  }
}

/** What a probe found: its result, or the name of what it threw. */
async function outcome(probe: () => unknown): Promise<unknown> {
  try {
    return await probe();
  } catch (error) {
    return `throws ${(error as Error).name}`;
  }
}

const entries = (headers: Headers) => [...headers].map(([name, value]) => `${name}: ${value}`);

async function drained(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (!body) return "no body";
  const pieces: string[] = [];
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) pieces.push(hex(read.value));
  return pieces.join("");
}

/** Names that `for in` finds: attributes and methods of an interface are enumerable. */
function enumerated(object: object): string[] {
  const names: string[] = [];
  for (const name in object) names.push(name);
  return names.sort();
}

/** What Request and Response have in common. */
const BODY_PROBES: Record<string, Probe<Request | Response>> = {
  "text, twice": async (it) => [
    await it.text(),
    it.bodyUsed,
    await outcome(() => it.text()),
    it.body === null,
    it.body?.locked === true && (await outcome(() => it.body!.getReader())),
  ],
  json: (it) => it.json(),
  "text, then json": async (it) => [await it.text(), await outcome(() => it.json())],
  arrayBuffer: async (it) => hex(await it.arrayBuffer()),
  "arrayBuffer is one's own": async (it) => {
    const buffer = await it.arrayBuffer();
    return buffer.byteLength === 0 || structuredClone(buffer, { transfer: [buffer] }).byteLength;
  },
  bytes: async (it) => ("bytes" in it ? hex(await it.bytes()) : "no bytes"),
  blob: async (it) => {
    const blob = await it.blob();
    return [blob.size, blob.type, it.bodyUsed];
  },
  formData: async (it) => [...(await it.formData())].join(),
  "used as soon as it is read": (it) => {
    const reading = it.text();
    const { bodyUsed } = it;
    return reading.then((text) => [bodyUsed, text.length]);
  },
  body: async (it) => [
    Object.is(it.body, it.body),
    await drained(it.body),
    it.bodyUsed,
    await outcome(() => it.text()),
  ],
  "body looked at, not read": async (it) => [it.body?.locked, it.bodyUsed, await it.text()],
  "body locked": async (it) => {
    it.body?.getReader();
    return [it.bodyUsed, await outcome(() => it.text()), await outcome(() => typeof it.clone())];
  },
  "body cancelled": async (it) => [
    await it.body?.cancel("enough"),
    it.bodyUsed,
    await outcome(() => it.text()),
  ],
  clone: async (it) => {
    const clone = it.clone();
    return [entries(clone.headers), await clone.text(), it.bodyUsed, clone.bodyUsed, await it.text()];
  },
  "clone of what is used": async (it) => [await it.text(), await outcome(() => typeof it.clone())],
  "clone, read first": async (it) => {
    const clone = it.clone();
    return [await it.text(), clone.bodyUsed, await drained(clone.body)];
  },
  "headers are one object": (it) => Object.is(it.headers, it.headers),
  "headers change it and its clones": (it) => {
    it.headers.set("x-new", "1");
    it.headers.append("x-new", "2");
    it.headers.delete("content-type");
    const clone = it.clone();
    clone.headers.set("x-clone", "yes");
    return [entries(it.headers), entries(clone.headers)];
  },
  "headers change after a clone": (it) => {
    it.clone();
    it.headers.set("x-late", "1");
    return [entries(it.headers), entries(it.clone().headers)];
  },
  "headers refuse what is none": (it) => outcome(() => it.headers.set("a b", "c")),
  "what it is": (it) => [
    Object.prototype.toString.call(it),
    `${it}`,
    JSON.stringify(it),
    Object.keys(it),
    enumerated(it),
    typeof it,
  ],
};

const REQUEST_PROBES: Record<string, Probe<Request>> = {
  ...(BODY_PROBES as Record<string, Probe<Request>>),
  attributes: (request) =>
    enumerated(EngineRequest.prototype)
      .filter((name) => !["headers", "signal", "body"].includes(name))
      .map((name) => [name, request[name as "url"]])
      .filter(([, value]) => typeof value !== "function"),
  headers: (request) => [
    entries(request.headers),
    request.headers.get("X-Sent"),
    request.headers.has("nothing"),
  ],
  classes: (request, { Request }) => [
    request instanceof Request,
    request instanceof EngineRequest,
    Request.name,
    Request.length,
  ],
  signal: (request) => [
    request.signal instanceof AbortSignal,
    request.signal.aborted,
    Object.is(request.signal, request.signal),
  ],
  "a Request of it": async (request, { Request }) => {
    const copy = new Request(request);
    const { method, url, headers, bodyUsed } = copy;
    const said = [method, url, entries(headers), bodyUsed, request.bodyUsed];
    return [...said, await copy.text(), copy instanceof Request, await outcome(() => request.text())];
  },
  "a Request of it, by the engine's class if it is changed": async (request, { Request }) => {
    const headers = { "x-other": "1" };
    const copy = new Request(request, { method: "PUT", headers, body: "other" });
    return [copy.method, copy.url, copy.headers.get("x-other"), await copy.text(), request.bodyUsed];
  },
  "a Request of it after its headers changed": (request, { Request }) => {
    request.headers.set("x-new", "1");
    const once = new Request(request.clone());
    request.headers.set("x-new", "2");
    const twice = new Request(request);
    return [entries(once.headers), entries(twice.headers)];
  },
  "a Request of what is used": async (request, { Request }) => [
    await request.text(),
    await outcome(() => new Request(request).method),
  ],
  "a Request at another URL": async (request, { Request }) => {
    const init = request as RequestInit;
    const copy = await outcome(() => new Request("http://other.test/", init).method);
    return [copy, request.bodyUsed];
  },
  "a class that extends it": (request, { Request }) => {
    class Special extends Request {
      get special(): string {
        return this.url.toUpperCase();
      }
    }
    const special = new Special(request);
    return [
      special instanceof Special,
      special instanceof Request,
      special.special,
      request instanceof Special,
    ];
  },
  "a Response of its body": (request, { Response }) => new Response(request.body).text(),
  "methods and attributes of another object": async (_, { Request }) => {
    const { prototype } = Request;
    const names = ["text", "json", "arrayBuffer", "blob", "formData", "clone"] as const;
    const called = names.map((name) => outcome(() => (prototype[name] as () => unknown).call({})));
    const read = ["url", "method", "headers", "signal", "body", "bodyUsed", "mode"].map((name) =>
      outcome(() => Reflect.get(prototype, name, {})),
    );
    return Promise.all([...called, ...read]);
  },
};

interface Sent {
  method: string;
  body: Uint8Array<ArrayBuffer> | null;
  type?: string;
  /** As pieces of this size, in chunks; the content arrives while the app is at work. */
  pieceBytes?: number;
}

const JSON_TEXT = '{"a":[1,"\u20ac"]}';
const REQUESTS: Record<string, Sent> = {
  GET: { method: "GET", body: null },
  "DELETE without content": { method: "DELETE", body: null },
  "POST of JSON": { method: "POST", body: utf8(JSON_TEXT), type: "application/json" },
  "POST of a form": { method: "POST", body: utf8("a=1&b=%20"), type: "application/x-www-form-urlencoded" },
  "PUT with a byte order mark": { method: "PUT", body: Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff) },
  "POST in pieces": { method: "POST", body: utf8(JSON_TEXT.repeat(20)), pieceBytes: 50 },
};

/** The request as bytes, and the engine's own Request of the same. */
function written({ method, body, type, pieceBytes }: Sent) {
  const fields: [string, string][] = [
    ["host", "nano.test"],
    ["x-sent", "one"],
    ["x-sent", "two"],
    ["connection", "close"],
  ];
  if (type) fields.push(["content-type", type]);
  if (body && pieceBytes) fields.push(["transfer-encoding", "chunked"]);
  else if (body) fields.push(["content-length", `${body.length}`]);
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = body ? String.fromCharCode(...body) : "";
  const content = body && pieceBytes ? `${body.length.toString(16)}\r\n${text}\r\n0\r\n\r\n` : text;
  const latin1 = `${method} /a/%20b?c=d HTTP/1.1\r\n${head}\r\n${content}`;
  const bytes = Uint8Array.from(latin1, (character) => character.charCodeAt(0));
  const init = { method, headers: fields, body, signal: new AbortController().signal };
  return { bytes, engine: () => new EngineRequest("http://nano.test/a/%20b?c=d", init) };
}

type Ask = (probe: (request: Request) => unknown) => Promise<unknown>;

/** Runs `use` with what tells what a probe finds in the Request that a server gives its app. */
async function serving(sent: Sent, use: (ask: Ask) => Promise<void>): Promise<void> {
  const host = memoryHost(sent.pieceBytes ? { pieceBytes: sent.pieceBytes } : {});
  const nano = await createRuntime({ host });
  let app: (request: Request) => Promise<Response>;
  const { port } = await nano.serve({ app: (request) => app(request) });
  await use(async (probe) => {
    let found: unknown;
    app = async (request) => {
      found = await outcome(() => probe(request));
      return new Response();
    };
    assert.match(await exchange(host, port, written(sent).bytes), /^HTTP\/1.1 200 /);
    return found;
  });
  assert.is(nano.memory().liveArenas, 0);
  await nano.close();
}

const BYTES = pattern(300);

/** Arguments of a Response, made anew for each. */
const RESPONSES: Record<string, () => ConstructorParameters<typeof Response>> = {
  nothing: () => [],
  "null and an empty init": () => [null, {}],
  text: () => ["hello \u20ac"],
  "empty text": () => [""],
  "text with half a character, and a byte order mark": () => ["\ufeffa\ud800b"],
  json: () => ['{"a":[1]}', { headers: { "Content-Type": "application/json", "X-A": "1" } }],
  "a status and its text": () => ["made", { status: 201, statusText: "Made it" }],
  "no content": () => [null, { status: 204, headers: { "x-a": "b" } }],
  "content where there is none": () => ["text", { status: 204 }],
  bytes: () => [BYTES.slice()],
  "part of a buffer": () => [BYTES.slice().subarray(10, 20), { headers: { "content-type": "image/png" } }],
  "a buffer": () => [BYTES.slice().buffer],
  "other views": () => [new DataView(BYTES.slice().buffer, 1, 5)],
  "a Blob": () => [new Blob(["blob"], { type: "text/x-blob" })],
  parameters: () => [new URLSearchParams({ a: "1 2" })],
  "a stream": () => [new Blob(["streamed"]).stream()],
  "an object": () => [{} as string],
  "a number": () => [5 as unknown as string],
  "headers as pairs": () => [
    "x",
    {
      headers: [
        ["a", "1"],
        ["A", "2"],
        ["set-cookie", "a=b"],
        ["set-cookie", "c=d"],
      ],
    },
  ],
  "headers as Headers": () => ["x", { headers: new Headers({ "x-a": "1", "set-cookie": "a=b" }) }],
  "names that are the same": () => ["x", { headers: { A: "1", a: "2" } }],
  "values with space around them": () => ["x", { headers: new Headers({ a: " b\t", c: "" }) }],
  "an empty value": () => ["x", { headers: { a: "" } }],
  "values that are no text": () => ["x", { headers: { a: 1, b: null } as unknown as HeadersInit }],
  "a name that is none": () => ["x", { headers: { "a b": "c" } }],
  "a value of two lines": () => ["x", { headers: { a: "b\r\nc: d" } }],
  "a value beyond Latin-1": () => ["x", { headers: { a: "\u20ac" } }],
  "a value in Latin-1": () => ["x", { headers: { a: "\u00e9" } }],
  "headers that are a number": () => ["x", { headers: 5 as unknown as HeadersInit }],
  "a status too low": () => ["x", { status: 199 }],
  "a status too high": () => ["x", { status: 600 }],
  "a status in text": () => ["x", { status: "201" as unknown as number }],
  "a broken status": () => ["x", { status: 200.9 }],
  "a status text of two lines": () => ["x", { statusText: "a\nb" }],
  "an init that is null": () => ["x", null as unknown as ResponseInit],
  "an init that is a number": () => ["x", 5 as ResponseInit],
  "an init that is a Response": () => ["x", new EngineResponse("y", { status: 202, headers: { a: "b" } })],
};

const RESPONSE_PROBES: Record<string, Probe<Response>> = {
  ...(BODY_PROBES as Record<string, Probe<Response>>),
  attributes: ({ status, ok, statusText, type, url, redirected, bodyUsed, body }) => [
    status,
    ok,
    statusText,
    type,
    url,
    redirected,
    bodyUsed,
    body === null,
  ],
  headers: ({ headers }) => [entries(headers), headers.getSetCookie()],
  classes: (response, { Response }) => [
    response instanceof Response,
    response instanceof EngineResponse,
    Response.name,
    Response.length,
    Object.keys(Response).sort(),
  ],
  "a Response of it": async (response, { Response }) => {
    const copy = new Response(response.body, response);
    return [copy.status, entries(copy.headers), await copy.text(), response.bodyUsed];
  },
  "a class that extends it": async (response, { Response }) => {
    class Special extends Response {
      get special(): string {
        return `${this.status} ${this.headers.get("a")}`;
      }
    }
    const special = new Special("special", { headers: { a: "b" } });
    const said = [special instanceof Special, special instanceof Response, special.special];
    return [...said, response instanceof Special, await special.text()];
  },
  "methods and attributes of another object": async (_, { Response }) => {
    const { prototype } = Response;
    const names = ["text", "json", "arrayBuffer", "blob", "formData", "clone"] as const;
    const called = names.map((name) => outcome(() => (prototype[name] as () => unknown).call({})));
    const read = ["status", "ok", "statusText", "headers", "body", "bodyUsed", "type"].map((name) =>
      outcome(() => Reflect.get(prototype, name, {})),
    );
    return Promise.all([...called, ...read]);
  },
};

const STATICS: Record<string, (Class: typeof Response) => Response> = {
  json: (Class) => Class.json({ a: ["\u20ac"] }),
  "json with an init": (Class) => Class.json(1, { status: 400, headers: { "x-a": "b" } }),
  "json with a type": (Class) => Class.json(null, { headers: { "content-type": "text/x" } }),
  "json of nothing": (Class) => Class.json(undefined),
  "json of a circle": (Class) => {
    const circle: unknown[] = [];
    circle.push(circle);
    return Class.json(circle);
  },
  "json without content": (Class) => Class.json(1, { status: 204 }),
  redirect: (Class) => Class.redirect("http://nano.test/there", 301),
  "redirect with a wrong status": (Class) => Class.redirect("http://nano.test/", 200),
  error: (Class) => Class.error(),
};

/** Whether the engine's own classes go by the letter of the standard, of a server's: those of others tell nothing of ours. */
async function byTheLetter(): Promise<boolean> {
  const { headers } = new EngineRequest("http://nano.test/", { headers: { host: "nano.test" } });
  const labelled = new EngineResponse("", { headers: {} });
  const badName = await outcome(() => new EngineResponse("", { headers: { "a b": "c" } }).status);
  return (
    headers.has("host") &&
    labelled.headers.has("content-type") &&
    (await labelled.blob()).type !== "" &&
    badName === "throws TypeError" &&
    (await new EngineResponse("\ufeff\ud800").text()) === "\ufffd" &&
    EngineRequest.length === 1
  );
}

async function compared(use: (ours: Classes) => Promise<void>): Promise<unknown> {
  if (await byTheLetter()) return installed(use);
  return new Absent("this engine's own Request and Response depart from the standard");
}

export const messages: Suite = {
  name: "Request and Response",
  tests: {
    "a request of a connection is what the engine's Request is": () =>
      compared(async (ours) => {
        for (const [name, sent] of Object.entries(REQUESTS)) {
          await serving(sent, async (ask) => {
            for (const [title, probe] of Object.entries(REQUEST_PROBES)) {
              const expected = await outcome(() => probe(written(sent).engine(), ENGINE));
              assert.equal(await ask((request) => probe(request, ours)), expected, `${name}: ${title}`);
            }
          });
        }
      }),

    "a Request that an app makes is the engine's, of NANO's class": () =>
      compared(async (ours) => {
        const make = ({ Request }: Classes) =>
          new Request("http://nano.test/x", {
            method: "POST",
            body: JSON_TEXT,
            headers: { "x-sent": "yes" },
          });
        for (const [title, probe] of Object.entries(REQUEST_PROBES)) {
          const expected = await outcome(() => probe(make(ENGINE), ENGINE));
          assert.equal(await outcome(() => probe(make(ours), ours)), expected, title);
        }
        for (const args of [
          [],
          ["no url at all"],
          ["http://nano.test/", { method: "a b" }],
          ["http://a:b@c/"],
        ]) {
          const make = ({ Request }: Classes) => outcome(() => Reflect.construct(Request, args).url);
          assert.equal(await make(ours), await make(ENGINE), `${args}`);
        }
      }),

    "a Response is what the engine's Response is": () =>
      compared(async (ours) => {
        for (const [name, args] of Object.entries(RESPONSES)) {
          for (const [title, probe] of Object.entries(RESPONSE_PROBES)) {
            const of = (classes: Classes) => outcome(() => probe(new classes.Response(...args()), classes));
            assert.equal(await of(ours), await of(ENGINE), `${name}: ${title}`);
          }
        }
      }),

    "json, redirect and error are what the engine's are": () =>
      compared(async (ours) => {
        for (const [name, make] of Object.entries(STATICS)) {
          const { classes: _, ...probes } = RESPONSE_PROBES;
          for (const [title, probe] of Object.entries(probes)) {
            const of = (classes: Classes) => outcome(() => probe(make(classes.Response), classes));
            assert.equal(await of(ours), await of(ENGINE), `${name}: ${title}`);
          }
        }
      }),

    "a server sends either the same": () =>
      compared(async (ours) => {
        const host = memoryHost();
        const nano = await createRuntime({ host, onError: () => undefined });
        let answer: () => Response;
        const { port } = await nano.serve({ app: () => answer() });
        for (const method of ["GET", "HEAD"]) {
          for (const [name, args] of Object.entries(RESPONSES)) {
            const sent = async ({ Response }: Classes) => {
              answer = () => new Response(...args());
              const request = `${method} / HTTP/1.1\r\nHost: nano.test\r\nConnection: close\r\n\r\n`;
              const [head = "", ...body] = (await exchange(host, port, request)).split("\r\n\r\n");
              const lines = head.split("\r\n");
              return [lines.filter((line) => !/^date:/.test(line)).sort(), body];
            };
            assert.equal(await sent(ours), await sent(ENGINE), `${method} ${name}`);
          }
        }
        await nano.close();
      }),

    "a Response is sent once": () =>
      installed(async ({ Response }) => {
        const host = memoryHost();
        const errors: string[] = [];
        const nano = await createRuntime({ host, onError: (error) => errors.push((error as Error).message) });
        const same = new Response("once");
        const { port } = await nano.serve({ app: () => same });
        const request = "GET / HTTP/1.1\r\nHost: nano.test\r\nConnection: close\r\n\r\n";
        assert.match(await exchange(host, port, request), /\r\n\r\nonce$/);
        assert.is(same.bodyUsed, true);
        assert.match(await exchange(host, port, request), /^HTTP\/1.1 500 /);
        assert.match(errors.join(), /has been used already/);
        await nano.close();
      }),
  },
};
