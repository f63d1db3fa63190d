/**
 * Files of a folder as an app: GET and HEAD, with entity tags, conditions (RFC 9110 section 13) and ranges (section 14).
 *
 * What is served lies below the folder, once links have been followed, and no name on the way to it begins with a dot,
 * unless that is asked for; but for .well-known (RFC 8615). A path is taken apart at its slashes and then decoded, once:
 * what holds an encoded slash, a backslash, a colon or a control character names nothing here.
 *
 * With `precompressed`, `app.js.br`, `app.js.zst` or `app.js.gz` is sent in the place of `app.js` to who accepts the coding,
 * unless it is older: then it was made of another.
 */
import type { Coding, Files, OpenFile } from "../host/host.ts";
import { chooseCoding } from "./accept-encoding.ts";
import type { FetchHandler } from "./app.ts";
import { evaluateConditions, httpDate, mayBePartial, wholeSeconds } from "./conditions.ts";
import { mediaTypeOf } from "./media-types.ts";
import { type ByteRange, contentRange, parseRange } from "./ranges.ts";

export interface StaticFilesOptions {
  /** What stands for a folder that is asked for; null for nothing. "index.html" by default. */
  index?: string | null;
  /** The path at which the folder is served, such as "/assets"; by default all paths. */
  prefix?: string;
  /** The value of Cache-Control; by default "no-cache": kept, but asked about each time. Null for none. */
  cacheControl?: string | null | ((path: string) => string | null);
  /** Serves what begins with a dot, too. */
  hidden?: boolean;
  /** Values of Content-Type by the ends of names, in small letters, without the dot; they go before those known here. */
  types?: Readonly<Record<string, string>>;
  /** Sends what lies beside a file, compressed beforehand, to who accepts it. By default it does not. */
  precompressed?: boolean;
  /** Answers in place of 404. */
  fallback?: FetchHandler;
}

/** Read at a time. What is not longer is read at once, and goes out with its head. */
const PIECE_BYTES = 64 * 1024;

/** How the name of what was compressed beforehand ends; the dearest first. */
const ENDINGS: readonly (readonly [Coding, string])[] = [
  ["br", ".br"],
  ["zstd", ".zst"],
  ["gzip", ".gz"],
];

/** What the system answers when it knows, but does not let us. */
const NOT_ALLOWED = new Set(["EACCES", "EPERM"]);

/** What may hold a name in no path of ours: separators of some system, streams of NTFS, controls. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant.
const NO_NAME = /[\x00-\x1f\x7f/\\:]/;

/**
 * @param host a name for messages; `files` is what it reads with.
 * @throws TypeError for a host that reads no files, and for a prefix without a slash at its begin or with one at its end.
 */
export function serveFiles(
  host: { readonly name: string; readonly files?: Files },
  folder: string | URL,
  options: StaticFilesOptions = {},
): FetchHandler {
  const { files } = host;
  const { prefix = "" } = options;
  if (!files) throw new TypeError(`host "${host.name}" reads no files`);
  if (prefix !== "" && !/^\/.*[^/]$/.test(prefix)) {
    throw new TypeError(`prefix ${JSON.stringify(prefix)} must begin with a slash and not end with one`);
  }
  const { fallback = notFound } = options;
  return async (request, env, ctx) =>
    (await answer(files, folder, options, prefix, request)) ?? fallback(request, env, ctx);
}

/** Null when there is no such file. */
async function answer(
  files: Files,
  root: string | URL,
  options: StaticFilesOptions,
  prefix: string,
  request: Request,
): Promise<Response | null> {
  const { index = "index.html", hidden = false } = options;
  const { pathname, search } = new URL(request.url);
  if (!pathname.startsWith(`${prefix}/`)) return null;
  const names = namesOf(pathname.slice(prefix.length + 1), hidden);
  if (!names) return null;
  const asFolder = pathname.endsWith("/");
  if (asFolder && index === null) return null;

  const path = asFolder ? [...names, index!] : names;
  let file: OpenFile | null;
  try {
    file = await files.open(root, path);
  } catch (error) {
    if (!NOT_ALLOWED.has((error as { code?: string }).code ?? "")) throw error;
    return new Response("Forbidden\n", { status: 403 });
  }
  if (!file) return null;
  let body: Body | undefined;
  let coding: Coding | null = null;
  try {
    if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed();
    if (file.kind === "folder" && !asFolder && index !== null) {
      return await toFolder(files, root, [...path, index], `${pathname}/${search}`);
    }
    if (file.kind !== "file") return null;
    const encoded = options.precompressed ? await openEncoded(files, root, path, file, request) : null;
    if (encoded) {
      await file.close();
      [coding, file] = encoded;
    }
    body = await respond(request, file, path.join("/"), options, coding);
    return body.response;
  } finally {
    if (!body?.holdsFile) await file.close();
  }
}

interface Body {
  response: Response;
  /** The body will be read from the file, and closes it. */
  holdsFile: boolean;
}

/** The names that a path is made of, the last of which is gone if it was empty; null for what names nothing. */
function namesOf(path: string, hidden: boolean): string[] | null {
  const names: string[] = [];
  const parts = path.split("/");
  if (parts.at(-1) === "") parts.pop();
  for (const part of parts) {
    let name: string;
    try {
      name = decodeURIComponent(part);
    } catch {
      return null;
    }
    if (name === "" || name === "." || name === ".." || NO_NAME.test(name)) return null;
    if (name.startsWith(".") && !hidden && name !== ".well-known") return null;
    names.push(name);
  }
  return names;
}

/** A folder is asked for by a path that ends in a slash: links in its index are relative to that. */
async function toFolder(
  files: Files,
  root: string | URL,
  index: string[],
  location: string,
): Promise<Response | null> {
  const file = await files.open(root, index);
  await file?.close();
  return file?.kind === "file" ? new Response(null, { status: 308, headers: { location } }) : null;
}

/** What may be sent in the place of `file`, and its coding. */
async function openEncoded(
  files: Files,
  root: string | URL,
  path: string[],
  file: OpenFile,
  request: Request,
): Promise<[Coding, OpenFile] | null> {
  const accepted = request.headers.get("accept-encoding");
  let left = ENDINGS;
  for (;;) {
    const names = left.map(([coding]) => coding);
    const coding = chooseCoding(accepted, names);
    if (!coding) return null;
    const [, ending] = left[names.indexOf(coding)]!;
    const beside = [...path.slice(0, -1), path.at(-1)! + ending];
    // What cannot be opened is not there: the file itself is.
    const encoded = await files.open(root, beside).catch(() => null);
    if (encoded?.kind === "file" && wholeSeconds(encoded.modified) >= wholeSeconds(file.modified)) {
      return [coding, encoded];
    }
    await encoded?.close();
    left = left.filter(([other]) => other !== coding);
  }
}

async function respond(
  request: Request,
  file: OpenFile,
  path: string,
  options: StaticFilesOptions,
  coding: Coding | null,
): Promise<Body> {
  const { cacheControl = "no-cache", types = {}, precompressed = false } = options;
  const { bytes, modified } = file;
  const validators = { etag: `"${file.version}"`, modified };
  const headers = new Headers({ etag: validators.etag, "last-modified": httpDate(modified) });
  const caching = typeof cacheControl === "function" ? cacheControl(path) : cacheControl;
  if (caching !== null) headers.set("cache-control", caching);
  if (precompressed) headers.set("vary", "Accept-Encoding");
  const withoutBody = (status: number) => ({
    response: new Response(null, { status, headers }),
    holdsFile: false,
  });

  const status = evaluateConditions(request.headers, validators);
  if (status) return withoutBody(status);
  headers.set("accept-ranges", "bytes");
  const now = precompressed ? null : Date.now();
  const partial = request.method === "GET" && mayBePartial(request.headers, validators, now);
  let ranges = partial ? parseRange(request.headers.get("range"), bytes) : null;
  // Content-Encoding would speak of the multipart body as a whole, which has no coding: section 8.4.
  if (coding && ranges && ranges.length > 1) ranges = null;
  if (ranges?.length === 0) {
    headers.set("content-range", `bytes */${bytes}`);
    return withoutBody(416);
  }

  const type = mediaTypeOf(path, types);
  headers.set("content-type", type);
  if (coding) headers.set("content-encoding", coding);
  // Bytes are not taken for what they look like: https://fetch.spec.whatwg.org/#x-content-type-options-header
  headers.set("x-content-type-options", "nosniff");
  if (request.method === "HEAD") {
    headers.set("content-length", String(bytes));
    return withoutBody(200);
  }
  let pieces: Piece[] = [{ first: 0, last: bytes - 1 }];
  if (ranges?.length === 1) {
    pieces = ranges;
    headers.set("content-range", contentRange(ranges[0]!, bytes));
  } else if (ranges) {
    const boundary = `${file.version}-${Math.random().toString(36).slice(2)}`;
    pieces = multipart(ranges, boundary, type, bytes);
    headers.set("content-type", `multipart/byteranges; boundary=${boundary}`);
  }
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  headers.set("content-length", String(length));
  const init = { status: ranges ? 206 : 200, headers };
  if (length > PIECE_BYTES) return { response: new Response(streamOf(file, pieces), init), holdsFile: true };
  const whole = new Uint8Array(length);
  let at = 0;
  for await (const content of contentOf(file, pieces)) {
    whole.set(content, at);
    at += content.length;
  }
  return { response: new Response(whole, init), holdsFile: false };
}

/** Of a body: a part of the file, or text in between, in ASCII. */
type Piece = ByteRange | string;

const lengthOf = (piece: Piece) => (typeof piece === "string" ? piece.length : piece.last - piece.first + 1);

/** multipart/byteranges: section 14.6. */
function multipart(ranges: ByteRange[], boundary: string, type: string, bytes: number): Piece[] {
  const parts = ranges.flatMap((range): Piece[] => {
    const fields = `content-type: ${type}\r\ncontent-range: ${contentRange(range, bytes)}\r\n`;
    return [`\r\n--${boundary}\r\n${fields}\r\n`, range];
  });
  return [...parts, `\r\n--${boundary}--\r\n`];
}

/** @throws Error when the file ends too early. */
async function* contentOf(file: OpenFile, pieces: Piece[]): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for (const piece of pieces) {
    if (typeof piece === "string") {
      yield new TextEncoder().encode(piece);
      continue;
    }
    for (let at = piece.first; at <= piece.last; ) {
      const into = new Uint8Array(Math.min(PIECE_BYTES, piece.last - at + 1));
      const count = await file.read(into, at);
      if (count === 0) throw new Error("the file has become shorter while it was read");
      at += count;
      yield into.subarray(0, count);
    }
  }
}

/** The file is closed when all was read, or it is given up. */
function streamOf(file: OpenFile, pieces: Piece[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const content = contentOf(file, pieces);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= file.close();
    return closed;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await content.next();
          if (closed) return;
          if (!done) return controller.enqueue(value);
        } catch (error) {
          await close();
          throw error;
        }
        await close();
        controller.close();
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}

function methodNotAllowed(): Response {
  return new Response("only GET and HEAD are answered here\n", {
    status: 405,
    headers: { allow: "GET, HEAD" },
  });
}

function notFound(): Response {
  return new Response("Not Found\n", { status: 404 });
}
