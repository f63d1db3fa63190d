/**
 * The head of a response: RFC 9112 section 4 and section 6, from the standard's Response.
 *
 * The app says what, the server says how it is framed: Content-Length is kept if it is one, Transfer-Encoding and
 * Keep-Alive are dropped, and of Connection only what names other fields is kept.
 */
import { FIELD_VALUE, TOKEN } from "../web/messages/fields.ts";
import type { WholeResponse } from "../web/messages/response.ts";
import { reasonPhrase } from "./http-error.ts";

export interface ResponseHead {
  status: number;
  /** Status line and fields as far as the app decides them; each line ends in CRLF. A byte a code unit. */
  text: string;
  /** Content-Length as the app gave it. */
  contentLength: number | null;
  /** The app asked for the connection to be closed. */
  close: boolean;
  /** The app gave a Date. */
  dated: boolean;
}

/** @throws TypeError for what cannot be sent as a head. */
export function describeHead(response: Response): ResponseHead {
  const { status, statusText } = response;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new TypeError(`a response with status ${status} cannot be sent`);
  }
  if (!FIELD_VALUE.test(statusText)) throw new TypeError("statusText holds a character that cannot be sent");

  const head = emptyHead(status, statusText);
  // The iteration gives every Set-Cookie on its own, and everything else combined; in lower case, unless the app has
  // made a Response of its own.
  for (const [name, value] of response.headers) addCheckedField(head, name.toLowerCase(), value);
  return head;
}

/** The same, of a response of ours, which checked its fields when it was made; what may have come later is in `headers`. */
export function describeWholeHead({ status, statusText, fields, headers }: WholeResponse): ResponseHead {
  const head = emptyHead(status, statusText);
  if (headers) for (const [name, value] of headers) addCheckedField(head, name, value);
  else for (let at = 0; at < fields.length; at += 2) addField(head, fields[at]!, fields[at + 1]!);
  return head;
}

const OK = "HTTP/1.1 200 OK\r\n";

function emptyHead(status: number, statusText: string): ResponseHead {
  const usual = status === 200 && statusText === "";
  const text = usual ? OK : `HTTP/1.1 ${status} ${statusText || reasonPhrase(status)}\r\n`;
  return { status, text, contentLength: null, close: false, dated: false };
}

function addCheckedField(head: ResponseHead, name: string, value: string): void {
  if (!TOKEN.test(name) || !FIELD_VALUE.test(value))
    throw new TypeError(`header ${name} holds a character that cannot be sent`);
  addField(head, name, value);
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
  head.text += `${name}: ${value}\r\n`;
}

function parseContentLength(value: string): number {
  const length = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(length)) {
    throw new TypeError(`Content-Length "${value}" is not a number of bytes`);
  }
  return length;
}
