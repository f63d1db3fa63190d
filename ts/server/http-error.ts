import { HttpParseError } from "../core/http.ts";

/** A request that is refused before, or instead of, an answer by the app. */
export class HttpError extends Error {
  /** Of the response: 4xx or 5xx. */
  readonly status: number;

  /** @param message the body of the response: one line, which says nothing about the server. */
  constructor(status: number, message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
  }
}

/** The answer to whatever stopped a request; what is nobody's doing but ours goes to `reporter` too. */
export function refusalOf(error: unknown, reporter: { report(error: unknown): void }): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof HttpParseError) return new HttpError(error.status, error.message);
  reporter.report(error);
  // Memory, or the handles for it, have run out: RangeError, as engines throw for a buffer that is too large.
  if (error instanceof RangeError) return new HttpError(503, "the server has no memory for this request");
  return new HttpError(500, "Internal Server Error");
}

/** A whole response, after which the connection is closed. */
export function refusalText({ status, message }: HttpError, date: string, headOnly: boolean): string {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    "content-type: text/plain;charset=UTF-8",
    `content-length: ${body.length}`,
    `date: ${date}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${headOnly ? "" : body}`;
}

/** Reason phrases, as the IANA registry of HTTP status codes has them. */
const REASON_PHRASES: Record<number, string> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  511: "Network Authentication Required",
};

/** May be empty: RFC 9112 section 4 lets it be, and tells clients to ignore it. */
export function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? "";
}
