/**
 * The head of a response: RFC 9112 section 4 and section 6, from the standard's Response.
 *
 * The app says what, the server says how it is framed: Content-Length is kept if it is one, Transfer-Encoding and
 * Keep-Alive are dropped, and of Connection only what names other fields is kept. Of a response that came by fetch, which
 * has undone its content codings, no field is sent that speaks of the coded bytes.
 */
import { FIELD_VALUE, TOKEN, valueIn } from "../web/messages/fields.ts";
import type { WholeResponse } from "../web/messages/response.ts";
import { areCodingsUndone, OF_CODED_BYTES, weakened } from "../web/messages/undone-codings.ts";
import { reasonPhrase } from "./http-error.ts";

export interface ResponseHead {
  status: number;
  /** Status line and fields as far as the app decides them; each line ends in CRLF. A byte a code unit. */
  text: string;
  /** Content-Length as the app gave it. */
  contentLength: number | null;
  /** The app asked for the connection to be closed. */
  close: boolean;
  /** What else the app says in Connection: names of fields. */
  connection: string;
  /** The app gave a Date. */
  dated: boolean;
  /** Content-Type; empty without one. */
  type: string;
  /** The body has a content coding. */
  encoded: boolean;
  /** It had one, of which the fields still tell. */
  decoded: boolean;
}

/** @throws TypeError for what cannot be sent as a head. */
export function describeHead(response: Response): ResponseHead {
  const { status, statusText, headers } = response;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new TypeError(`a response with status ${status} cannot be sent`);
  }
  if (!FIELD_VALUE.test(statusText)) throw new TypeError("statusText holds a character that cannot be sent");

  const decoded = areCodingsUndone(response);
  const head =
    decoded && status === 206
      ? headOfAll(headers.get("content-range"))
      : emptyHead(status, statusText, decoded);
  // The iteration gives every Set-Cookie on its own, and everything else combined; in lower case, unless the app has
  // made a Response of its own.
  for (const [name, value] of headers) addCheckedField(head, name.toLowerCase(), value);
  return head;
}

/** The same, of a response of ours, which checked its fields when it was made; what may have come later is in `headers`. */
export function describeWholeHead(whole: WholeResponse): ResponseHead {
  const { status, statusText, fields, headers, decoded = false } = whole;
  const head =
    decoded && status === 206
      ? headOfAll(headers ? headers.get("content-range") : valueIn(fields, "content-range"))
      : emptyHead(status, statusText, decoded);
  if (headers) for (const [name, value] of headers) addCheckedField(head, name, value);
  else for (let at = 0; at < fields.length; at += 2) addField(head, fields[at]!, fields[at + 1]!);
  return head;
}

const OK = "HTTP/1.1 200 OK\r\n";

function emptyHead(status: number, statusText: string, decoded: boolean): ResponseHead {
  const usual = status === 200 && statusText === "";
  const text = usual ? OK : `HTTP/1.1 ${status} ${statusText || reasonPhrase(status)}\r\n`;
  return {
    status,
    text,
    contentLength: null,
    close: false,
    connection: "",
    dated: false,
    type: "",
    encoded: false,
    decoded,
  };
}

/**
 * A part of coded bytes is no part of what they stand for; but all of them, as a part, are what 200 sends.
 *
 * @throws TypeError for less.
 */
function headOfAll(contentRange: string | null | undefined): ResponseHead {
  const [, last, length] = /^bytes 0-(\d+)\/(\d+)$/i.exec(contentRange ?? "") ?? [];
  if (length === undefined || Number(last) + 1 !== Number(length))
    throw new TypeError(
      "the response is a part whose content coding was undone: no Content-Range can tell of it",
    );
  return emptyHead(200, "", true);
}

function addCheckedField(head: ResponseHead, name: string, value: string): void {
  if (!TOKEN.test(name) || !FIELD_VALUE.test(value))
    throw new TypeError(`header ${name} holds a character that cannot be sent`);
  addField(head, name, value);
}

function addField(head: ResponseHead, name: string, value: string): void {
  if (head.decoded) {
    if (OF_CODED_BYTES.has(name)) return;
    if (name === "etag") value = weakened(value);
  }
  switch (name) {
    case "content-length":
      head.contentLength = parseContentLength(value);
      return; // Sent by whoever knows whether it is true.
    case "transfer-encoding":
    case "keep-alive":
      return;
    case "connection": {
      const options = value.split(",").map((option) => option.trim());
      const kept = options.filter((option) => !/^(close|keep-alive|)$/i.test(option)).join(", ");
      head.close ||= options.some((option) => option.toLowerCase() === "close");
      head.connection += head.connection !== "" && kept !== "" ? `, ${kept}` : kept;
      return; // Sent with what the server itself says there.
    }
    case "date":
      head.dated = true;
      break;
    case "content-type":
      head.type = value;
      head.text += typeLine(value);
      return;
    case "content-encoding":
      head.encoded = true;
  }
  head.text += `${name}: ${value}\r\n`;
}

/** Of the Content-Type that came last, which mostly comes next as well. */
let lastType: string | undefined;
let lastTypeLine = "";

function typeLine(type: string): string {
  if (type !== lastType) {
    lastType = type;
    lastTypeLine = `content-type: ${type}\r\n`;
  }
  return lastTypeLine;
}

function parseContentLength(value: string): number {
  const length = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(length)) {
    throw new TypeError(`Content-Length "${value}" is not a number of bytes`);
  }
  return length;
}
