/**
 * The head of a response: RFC 9112 section 4 and section 6, from the standard's Response.
 *
 * The app says what, the server says how it is framed: Content-Length is kept if it is one, Transfer-Encoding and
 * Keep-Alive are dropped, and of Connection only what names other fields is kept.
 */
import { reasonPhrase } from "./http-error.ts";

export interface ResponseHead {
  /** Status line and fields as far as the app decides them; each line ends in CRLF. A byte a code unit. */
  text: string;
  /** Content-Length as the app gave it. */
  contentLength: number | null;
  /** The app asked for the connection to be closed. */
  close: boolean;
  /** The app gave a Date. */
  dated: boolean;
}

/** No CR, LF or NUL; and nothing above U+00FF, which an engine would cut down to one of those. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** @throws TypeError for what cannot be sent as a head. */
export function describeHead(response: Response): ResponseHead {
  const { status, statusText } = response;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new TypeError(`a response with status ${status} cannot be sent`);
  }
  if (!FIELD_VALUE.test(statusText)) throw new TypeError("statusText holds a character that cannot be sent");

  const head: ResponseHead = {
    text: `HTTP/1.1 ${status} ${statusText || reasonPhrase(status)}\r\n`,
    contentLength: null,
    close: false,
    dated: false,
  };
  // The iteration gives every Set-Cookie on its own, and everything else combined; in lower case, unless the app has
  // made a Response of its own.
  for (const [name, value] of response.headers) addField(head, name.toLowerCase(), value);
  return head;
}

function addField(head: ResponseHead, name: string, value: string): void {
  switch (name) {
    case "content-length":
      head.contentLength = parseContentLength(value);
      return; // Sent by whoever knows whether it is true.
    case "transfer-encoding":
    case "keep-alive":
      return;
    case "connection": {
      const options = value.split(",").map((option) => option.trim());
      head.close = options.some((option) => option.toLowerCase() === "close");
      const kept = options.filter((option) => !/^(close|keep-alive|)$/i.test(option));
      if (kept.length === 0) return;
      value = kept.join(", ");
      break;
    }
    case "date":
      head.dated = true;
  }
  if (!TOKEN.test(name) || !FIELD_VALUE.test(value))
    throw new TypeError(`header ${name} holds a character that cannot be sent`);
  head.text += `${name}: ${value}\r\n`;
}

function parseContentLength(value: string): number {
  const length = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(length)) {
    throw new TypeError(`Content-Length "${value}" is not a number of bytes`);
  }
  return length;
}
