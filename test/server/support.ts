/**
 * What the server's tests share: a server on real loopback sockets or in memory, and a client that writes bytes as
 * they are given and reads answers by a parser of its own.
 */
import type { Core } from "../../ts/core/core.ts";
import type { Host, Socket, SocketHandler } from "../../ts/host/host.ts";
import { memoryHost } from "../../ts/host/memory.ts";
import type { MemoryNetworkOptions } from "../../ts/host/memory-network.ts";
import { defaultHost } from "../../ts/host/node.ts";
import { EventLoop } from "../../ts/runtime/loop.ts";
import type { VirtualClock } from "../../ts/runtime/virtual-clock.ts";
import type { AppSource } from "../../ts/server/app.ts";
import { type ServeLimits, type ServeOptions, type Server, startServer } from "../../ts/server/server.ts";
import { makeCore } from "../support/core.ts";

export interface Setup extends Pick<ServeOptions, "env" | "tls" | "name" | "log" | "drainTimeout" | "port"> {
  app: AppSource;
  limits?: Partial<ServeLimits>;
}

/** A server, what it stands on, and what its app did wrong. */
export class TestServer {
  readonly host: Host;
  readonly core: Core;
  readonly loop: EventLoop;
  readonly server: Server;
  readonly errors: Error[];

  private constructor(host: Host, core: Core, loop: EventLoop, server: Server, errors: Error[]) {
    this.host = host;
    this.core = core;
    this.loop = loop;
    this.server = server;
    this.errors = errors;
  }

  static async start(host: Host, { app, limits = {}, ...options }: Setup): Promise<TestServer> {
    const core = makeCore();
    const errors: Error[] = [];
    const onError = (error: unknown) => void errors.push(error as Error);
    const loop = new EventLoop(host.clock, onError);
    const server = await startServer({ core, loop, host }, { app, limits, ...options, onError });
    return new TestServer(host, core, loop, server, errors);
  }

  connect(): Promise<Client> {
    return Client.connect(this.host, this.server.port);
  }

  /** Sends `request` on a connection of its own; what comes back until the server closes it. */
  async ask(request: string | Uint8Array): Promise<Answer[]> {
    const client = await this.connect();
    client.send(request);
    await client.closed();
    return client.answers();
  }

  /** Runs `use`, then ends the server; at once if `use` failed, so that the test file can go on. */
  async run(use: () => Promise<void>): Promise<void> {
    try {
      await use();
    } catch (error) {
      this.server.close({ timeout: 0 });
      throw error;
    }
    await this.stop();
  }

  /** Ends it, and says if anything was left behind. */
  async stop(): Promise<void> {
    await this.server.close({ timeout: 2000 });
    await this.loop.idle();
    const { liveArenas, bytesInUse } = this.core.statistics();
    const left = { connections: this.server.connections, liveArenas, bytesInUse };
    this.loop.close();
    if (left.connections + left.liveArenas + left.bytesInUse > 0) {
      throw new Error(`left behind: ${JSON.stringify(left)}`);
    }
  }
}

/** Runs `use` with a server on loopback sockets. */
export async function onSockets(setup: Setup, use: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await TestServer.start(defaultHost, setup);
  await server.run(() => use(server));
}

/** Runs `use` with a server in memory, on a clock that stands still until it is advanced. */
export async function inMemory(
  setup: Setup & MemoryNetworkOptions,
  use: (server: TestServer, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const host = memoryHost(setup);
  const server = await TestServer.start(host, setup);
  await server.run(() => use(server, host.clock));
}

export interface Answer {
  status: number;
  reason: string;
  headers: Headers;
  /** Each byte a code unit. */
  body: string;
  bytes: Uint8Array;
  /** The connection ended before the answer did. */
  truncated: boolean;
}

export class Client implements SocketHandler {
  socket!: Socket;
  received: Uint8Array = new Uint8Array(0);
  ended = false;
  drained = false;
  error: Error | undefined;
  #closed = false;
  #changed: (() => void)[] = [];
  /** It sends HEAD requests, whose answers have no body. */
  #headOnly = false;
  #chunks: Uint8Array[] = [];

  static async connect(host: Host, port: number): Promise<Client> {
    const client = new Client();
    client.socket = await host.network!.connect({ port, hostname: "127.0.0.1" }, () => client);
    return client;
  }

  /** Text is ISO-8859-1. */
  send(data: string | Uint8Array): void {
    if (typeof data === "string" && data.startsWith("HEAD ")) this.#headOnly = true;
    this.socket.write(data);
  }

  data(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    this.#notify();
  }

  end(): void {
    this.ended = true;
    this.socket.end();
    this.#notify();
  }

  drain(): void {
    this.drained = true;
    this.#notify();
  }

  close(error?: Error): void {
    this.error = error;
    this.#closed = true;
    this.#notify();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Resolves when the connection is gone. */
  closed(): Promise<void> {
    return this.until(() => this.#closed);
  }

  /** Resolves with the answers when there are `count` whole ones. */
  async answered(count: number): Promise<Answer[]> {
    await this.until(
      () => this.answers().filter(({ truncated }) => !truncated).length >= count || this.#closed,
    );
    return this.answers();
  }

  /** Resolves when `condition` holds; it is asked whenever something happens on the connection. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  /** Everything received so far. */
  text(): string {
    return Buffer.from(this.bytes()).toString("latin1");
  }

  bytes(): Uint8Array {
    if (this.#chunks.length > 0) {
      this.received = Buffer.concat([this.received, ...this.#chunks]);
      this.#chunks = [];
    }
    return this.received;
  }

  /** The answers in what was received, 1xx included; the last may be truncated. */
  answers(): Answer[] {
    const answers: Answer[] = [];
    let rest = this.bytes();
    while (rest.length > 0) {
      const { answer, length } = parseAnswer(rest, this.#headOnly, this.ended || this.#closed);
      answers.push(answer);
      rest = rest.subarray(length);
    }
    return answers;
  }

  #notify(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }
}

/** Strict enough to notice a wrong frame: what does not parse is thrown. */
function parseAnswer(
  bytes: Uint8Array,
  headOnly: boolean,
  atEnd: boolean,
): { answer: Answer; length: number } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const headEnd = text.indexOf("\r\n\r\n");
  const unfinished = {
    status: 0,
    reason: "",
    headers: new Headers(),
    body: "",
    bytes: bytes.slice(0, 0),
    truncated: true,
  };
  if (headEnd < 0) return { answer: unfinished, length: bytes.length };
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const match = /^HTTP\/1\.1 (\d{3}) ([^\r\n]*)$/.exec(statusLine);
  if (!match) throw new Error(`no status line: ${JSON.stringify(text.slice(0, 80))}`);
  const headers = new Headers();
  for (const line of lines) {
    const field = /^([^\s:]+): ?(.*)$/.exec(line);
    if (!field) throw new Error(`no field line: ${JSON.stringify(line)}`);
    headers.append(field[1]!, field[2]!);
  }
  const status = Number(match[1]);
  const start = headEnd + 4;
  let body: Uint8Array;
  let end: number;
  let whole = true;
  if (headOnly || status < 200 || status === 204 || status === 304) {
    [body, end] = [new Uint8Array(0), start];
  } else if (headers.get("transfer-encoding") === "chunked") {
    const parsed = parseChunks(text, start);
    [body, end, whole] = [parsed.body, parsed.end, parsed.whole];
  } else if (headers.has("content-length")) {
    end = start + Number(headers.get("content-length"));
    whole = end <= bytes.length;
    end = Math.min(end, bytes.length);
    body = bytes.slice(start, end);
  } else {
    end = bytes.length;
    whole = atEnd;
    body = bytes.slice(start);
  }
  const answer = {
    status,
    reason: match[2]!,
    headers,
    body: Buffer.from(body).toString("latin1"),
    bytes: body,
  };
  return { answer: { ...answer, truncated: !whole }, length: end };
}

function parseChunks(text: string, start: number): { body: Uint8Array; end: number; whole: boolean } {
  const chunks: string[] = [];
  const body = () => Buffer.from(chunks.join(""), "latin1");
  for (let at = start; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return { body: body(), end: text.length, whole: false };
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line.slice(0, 40))}`);
    const size = Number.parseInt(line, 16);
    const dataEnd = lineEnd + 2 + size;
    if (text.length < dataEnd + 2) return { body: body(), end: text.length, whole: false };
    if (text.slice(dataEnd, dataEnd + 2) !== "\r\n") throw new Error("a chunk without CRLF behind it");
    if (size === 0) return { body: body(), end: dataEnd + 2, whole: true };
    chunks.push(text.slice(lineEnd + 2, dataEnd));
    at = dataEnd + 2;
  }
}

/** A turn of the host's loop, with everything that real sockets deliver in it. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for `condition`, which events outside a connection bring about. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 10_000) throw new Error(`still not so: ${condition}`);
    await (turns < 200 ? turn() : new Promise((resolve) => setTimeout(resolve, 1)));
  }
}

/** Bytes that repeat only after a long time, so that lost, doubled or swapped pieces show. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}
