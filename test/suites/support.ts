/** What the suites share: bytes as text, errors as values, and a raw client for a server in memory. */
import { createRuntime, type memoryHost, type Runtime, type Socket, type SocketHandler } from "nanort";

let shared: Promise<Runtime> | undefined;

/** A runtime for tests that need none of their own. */
export function runtime(): Promise<Runtime> {
  shared ??= createRuntime();
  return shared;
}

export function hex(bytes: ArrayBuffer | Uint8Array): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Bytes that differ from one another, the same each time. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 167 + (i >> 8)) & 0xff;
  return bytes;
}

const RSA_MEMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"] as const;

/** What vectors have of a key, in hexadecimal. */
export type RsaNumbers = Partial<Record<(typeof RSA_MEMBERS)[number], string>>;

/** RFC 7518 section 6.3: a key by its numbers, with as many of them as there are. */
export function rsaJwkOf(key: RsaNumbers): JsonWebKey {
  const jwk: JsonWebKey = { kty: "RSA" };
  for (const member of RSA_MEMBERS) {
    const digits = key[member]?.replace(/^(00)+/, "");
    if (digits === undefined) continue;
    const binary = String.fromCharCode(...fromHex(digits.length % 2 ? `0${digits}` : digits));
    jwk[member] = btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  }
  return jwk;
}

/** The error that `action` throws or rejects with. */
export async function errorOf(action: () => unknown): Promise<Error> {
  try {
    await action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** Sends `request` on a connection of its own; what came back by the time the server had closed it. */
export function exchange(
  host: ReturnType<typeof memoryHost>,
  port: number,
  request: string | Uint8Array,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const received: string[] = [];
    const decoder = new TextDecoder();
    const client = (socket: Socket): SocketHandler => {
      socket.write(request);
      return {
        data: (bytes) => void received.push(decoder.decode(bytes, { stream: true })),
        end: () => socket.end(),
        drain: () => undefined,
        close: (error) => (error ? reject(error) : resolve(received.join(""))),
      };
    };
    host.network.connect({ port, hostname: "127.0.0.1" }, client).catch(reject);
  });
}

/**
 * The answers in what a server sent, each as text: the head without what may differ (the date; how the body was framed,
 * which hangs on whether the engine hands out a body at once), an empty line, the body.
 */
export function answersIn(received: string): string[] {
  const answers: string[] = [];
  for (let rest = received; rest.length > 0; ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`no whole head: ${rest}`);
    const lines = rest.slice(0, end).split("\r\n");
    const framing = lines
      .map((line) => /^(content-length|transfer-encoding): (.*)$/.exec(line))
      .find(Boolean);
    rest = rest.slice(end + 4);
    let body = "";
    if (framing?.[1] === "transfer-encoding") [body, rest] = dechunk(rest);
    else [body, rest] = [rest.slice(0, Number(framing?.[2] ?? 0)), rest.slice(Number(framing?.[2] ?? 0))];
    const head = lines.filter((line) => !/^(content-length|transfer-encoding|date): /.test(line));
    answers.push(`${head.join("\n")}\n\n${body}`);
  }
  return answers;
}

/** The content of a chunked body, and what follows it. */
function dechunk(text: string): [body: string, rest: string] {
  let body = "";
  for (let at = 0; ; ) {
    const [line, digits] = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20))!;
    const length = Number.parseInt(digits!, 16);
    at += line.length;
    if (length === 0) return [body, text.slice(at + 2)];
    body += text.slice(at, at + length);
    at += length + 2;
  }
}
