/** Request heads: RFC 9112 sections 2 to 6, as zig/http/request_head.zig reads them. */
import type { Core } from "../core.ts";
import { Status } from "../status.ts";
import { Head, HeadReader } from "./head.ts";
import { checkInput, type ParseErrors } from "./parse-error.ts";

const TARGET_FORMS = ["origin", "absolute", "authority", "asterisk"] as const;

export type TargetForm = (typeof TARGET_FORMS)[number];

export interface HeadLimits {
  /** From the first byte to the empty line that ends the head: 431 beyond it. */
  headBytes: number;
  /** Field lines: 431 beyond it. */
  headerCount: number;
  /** 414 beyond it. */
  targetBytes: number;
}

const ERRORS: ParseErrors = {
  [Status.INVALID_REQUEST_LINE]: [
    400,
    "the request line is not method, target and HTTP version between single spaces",
  ],
  [Status.INVALID_TARGET]: [
    400,
    "the request target is malformed, or of a form that its method does not take",
  ],
  [Status.INVALID_FIELD_LINE]: [400, "a header line is not a name, a colon and a value, ended by CRLF"],
  [Status.INVALID_HOST]: [400, "Host is not given once, as a host with or without a port from 0 to 65535"],
  [Status.INVALID_CONTENT_LENGTH]: [
    400,
    "Content-Length is not given once, without Transfer-Encoding, as a number from 0 to 9007199254740991",
  ],
  [Status.INVALID_TRANSFER_ENCODING]: [
    400,
    "Transfer-Encoding is not chunked, given once, without Content-Length, in HTTP/1.1",
  ],
  [Status.TARGET_TOO_LONG]: [414, "the request target is too long"],
  [Status.HEAD_TOO_LARGE]: [431, "the request head is too large"],
  [Status.TOO_MANY_FIELDS]: [431, "the request has too many header lines"],
  [Status.METHOD_TOO_LONG]: [501, "the method is longer than any that exists"],
  [Status.UNKNOWN_TRANSFER_CODING]: [501, "Transfer-Encoding names a coding other than chunked"],
  [Status.UNSUPPORTED_VERSION]: [505, "the HTTP version is not 1.0 or 1.1"],
};

// What zig/http/request_head.zig calls RequestHead, as words of 32 bits.
const STATE_BYTES = 64;
const FLAGS = 2;
const METHOD = 8;
const TARGET = 10;
const TARGET_FORM = 12;
const AUTHORITY = 14;

const EXPECT_CONTINUE = 1 << 4;
const EXPECT_UNKNOWN = 1 << 5;
const UPGRADE = 1 << 6;
const HAS_HOST = 1 << 7;

export class RequestHead extends Head {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** `/path?query`; `http://host/path?query`; `host:port`, with CONNECT; `*`, with OPTIONS. */
  readonly targetForm: TargetForm;
  /** Host and port that the request is for: the target's own, or else Host's; null if there are neither (HTTP/1.0). */
  readonly authority: string | null;
  /** The client waits for 100 (Continue). */
  readonly expectContinue: boolean;
  /** The client expects something else, for which the answer is 417. */
  readonly expectUnknown: boolean;
  /** The client offers another protocol, by Upgrade and Connection. */
  readonly upgrade: boolean;

  /** @param at of the core's RequestHead in `words`. */
  constructor(text: string, words: Uint32Array, at: number) {
    super(text, words, at);
    const flags = words[at + FLAGS]!;
    const hasAuthority = (flags & HAS_HOST) !== 0 || words[at + AUTHORITY + 1] !== 0;
    this.method = cutMethod(text, words[at + METHOD]!, words[at + METHOD + 1]!);
    this.target = cut(text, words, at + TARGET);
    this.targetForm = TARGET_FORMS[words[at + TARGET_FORM]!]!;
    this.authority = hasAuthority ? cut(text, words, at + AUTHORITY) : null;
    this.expectContinue = (flags & EXPECT_CONTINUE) !== 0;
    this.expectUnknown = (flags & EXPECT_UNKNOWN) !== 0;
    this.upgrade = (flags & UPGRADE) !== 0;
  }
}

/** Those that come often, each as the same string each time: engines then know its hash, which sets of methods ask for. */
const COMMON_METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"];

function cutMethod(text: string, start: number, length: number): string {
  for (const method of COMMON_METHODS) {
    if (method.length === length && text.startsWith(method, start)) return method;
  }
  return text.substring(start, start + length);
}

function cut(text: string, words: Uint32Array, span: number): string {
  const start = words[span]!;
  return text.substring(start, start + words[span + 1]!);
}

/** Reads the heads of one connection's requests, one after the other. */
export class RequestHeadReader extends HeadReader<RequestHead> {
  readonly #limits: Readonly<HeadLimits>;

  constructor(core: Core, limits: Readonly<HeadLimits>) {
    super(core, STATE_BYTES, limits.headBytes);
    this.#limits = limits;
  }

  /**
   * Reads on.
   *
   * @returns the head, or null if it is not whole yet: then all bytes were consumed.
   * @throws HttpParseError for input that is refused; RangeError when memory has run out.
   */
  read(bytes: Uint8Array): RequestHead | null {
    return this.readOn(bytes);
  }

  protected parse(core: Core, input: number, inputBytes: number, state: number): number {
    const { headBytes, headerCount, targetBytes } = this.#limits;
    const parse = core.raw["http.parse_request_head"];
    return checkInput(parse(input, inputBytes, state, headBytes, headerCount, targetBytes), ERRORS);
  }

  protected head(text: string, words: Uint32Array, at: number): RequestHead {
    return new RequestHead(text, words, at);
  }
}
