/** Response heads, as a client reads them: RFC 9112 sections 4 to 6, as zig/http/response_head.zig does. */
import type { Core } from "../core.ts";
import { Status } from "../status.ts";
import { Head, HeadReader } from "./head.ts";
import { checkInput, type ParseErrors } from "./parse-error.ts";

export interface ResponseHeadLimits {
  /** From the first byte of a head to the empty line that ends it. */
  headBytes: number;
  /** Field lines. */
  headerCount: number;
}

const FRAMINGS = ["none", "length", "chunked", "close", "tunnel"] as const;

/**
 * What follows a response's head (RFC 9112 section 6.3): nothing, after HEAD and with 1xx, 204 and 304; as many bytes as
 * Content-Length says; content in the chunked coding; all that comes until the connection ends; or what is not HTTP any
 * more, after 2xx to CONNECT and after 101.
 */
export type ResponseFraming = (typeof FRAMINGS)[number];

/** A gateway that can do nothing with what it got answers so (RFC 9110 section 15.6.3). */
const BAD_GATEWAY = 502;

const ERRORS: ParseErrors = {
  [Status.INVALID_STATUS_LINE]: [
    BAD_GATEWAY,
    "the status line is not HTTP version, status from 100 to 999 and reason between single spaces",
  ],
  [Status.INVALID_FIELD_LINE]: [
    BAD_GATEWAY,
    "a header line of the response is not a name, a colon and a value, ended by CRLF",
  ],
  [Status.INVALID_CONTENT_LENGTH]: [
    BAD_GATEWAY,
    "the response's Content-Length is not one number from 0 to 9007199254740991, without Transfer-Encoding",
  ],
  [Status.INVALID_TRANSFER_ENCODING]: [
    BAD_GATEWAY,
    "the response's Transfer-Encoding is not chunked, given once, without Content-Length, in HTTP/1.1",
  ],
  [Status.UNKNOWN_TRANSFER_CODING]: [
    BAD_GATEWAY,
    "the response's Transfer-Encoding names a coding other than chunked",
  ],
  [Status.UNSUPPORTED_VERSION]: [BAD_GATEWAY, "the response's HTTP version is not 1.0 or 1.1"],
  [Status.HEAD_TOO_LARGE]: [BAD_GATEWAY, "the response head is too large"],
  [Status.TOO_MANY_FIELDS]: [BAD_GATEWAY, "the response has too many header lines"],
};

// What zig/http/response_head.zig calls ResponseHead, as words of 32 bits.
const STATE_BYTES = 56;
const STATUS = 8;
const FRAMING = 9;
const REASON = 10;
const KEEP_ALIVE_TIMEOUT = 12;

export class ResponseHead extends Head {
  /** 100 to 999. */
  readonly status: number;
  /** One code unit a byte; may be empty. */
  readonly reason: string;
  /** `contentLength` frames the message only where this is "length". */
  readonly framing: ResponseFraming;
  /** How long the server keeps an idle connection, in seconds; null if it does not say. */
  readonly keepAliveTimeout: number | null;

  /** @param at of the core's ResponseHead in `words`. */
  constructor(text: string, words: Uint32Array, at: number) {
    super(text, words, at);
    const start = words[at + REASON]!;
    const timeout = words[at + KEEP_ALIVE_TIMEOUT]!;
    this.status = words[at + STATUS]!;
    this.reason = text.substring(start, start + words[at + REASON + 1]!);
    this.framing = FRAMINGS[words[at + FRAMING]!]!;
    this.keepAliveTimeout = timeout === 0 ? null : timeout - 1;
  }
}

/** Of the request's method: what matters for the framing, as the core numbers it. */
const methodNumber = (method: string) => (method === "HEAD" ? 0 : method === "CONNECT" ? 1 : 2);

/**
 * Reads the heads of one connection's responses, one after the other, those of 1xx among them: a response follows each
 * of these.
 */
export class ResponseHeadReader extends HeadReader<ResponseHead> {
  readonly #limits: Readonly<ResponseHeadLimits>;
  #method = 0;

  constructor(core: Core, limits: Readonly<ResponseHeadLimits>) {
    super(core, STATE_BYTES, limits.headBytes);
    this.#limits = limits;
  }

  /**
   * Reads on.
   *
   * @param method of the request that is being answered.
   * @returns the head, or null if it is not whole yet: then all bytes were consumed.
   * @throws HttpParseError for input that is refused; RangeError when memory has run out.
   */
  read(bytes: Uint8Array, method: string): ResponseHead | null {
    this.#method = methodNumber(method);
    return this.readOn(bytes);
  }

  protected parse(core: Core, input: number, inputBytes: number, state: number): number {
    const { headBytes, headerCount } = this.#limits;
    const parse = core.raw["http.parse_response_head"];
    return checkInput(parse(input, inputBytes, state, this.#method, headBytes, headerCount), ERRORS);
  }

  protected head(text: string, words: Uint32Array, at: number): ResponseHead {
    return new ResponseHead(text, words, at);
  }
}
