/** data: URLs: https://fetch.spec.whatwg.org/#data-url-processor */

import { trimmed } from "./whitespace.ts";

const { atob } = globalThis;

export interface DataUrl {
  /** The MIME type, as Content-Type has it. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws TypeError for what is no data: URL of a body. */
export function parseDataUrl(url: URL): DataUrl {
  const text = url.href.slice("data:".length, url.hash ? -url.hash.length : undefined).replace(/#$/, "");
  const comma = text.indexOf(",");
  if (comma < 0) throw new TypeError("fetch: the data: URL has no comma");
  let type = trimmed(text.slice(0, comma), ASCII_WHITESPACE);
  let bytes = percentDecode(text.slice(comma + 1));
  const encoded = /; *base64$/i;
  if (encoded.test(type)) {
    type = type.replace(encoded, "");
    bytes = fromBase64(bytes);
  }
  if (type.startsWith(";")) type = `text/plain${type}`;
  // https://mimesniff.spec.whatwg.org/#parsing-a-mime-type: a type and a subtype, or it is none.
  const [essence = ""] = type.split(";", 1);
  const name = trimmed(essence, ASCII_WHITESPACE);
  const valid = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
  return {
    type: valid ? `${name.toLowerCase()}${type.slice(essence.length)}` : "text/plain;charset=US-ASCII",
    bytes,
  };
}

const ASCII_WHITESPACE = "\t\n\f\r ";

/** https://url.spec.whatwg.org/#string-percent-decode; a URL is ASCII. */
export function percentDecode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const hex = text.charCodeAt(at) === 0x25 ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16);
      at += 2;
    } else bytes[length++] = text.charCodeAt(at);
  }
  return bytes.slice(0, length);
}

/** https://infra.spec.whatwg.org/#forgiving-base64-decode */
function fromBase64(ascii: Uint8Array): Uint8Array<ArrayBuffer> {
  let text = "";
  for (const unit of ascii) text += String.fromCharCode(unit);
  let decoded: string;
  try {
    decoded = atob(text);
  } catch {
    throw new TypeError("fetch: the data: URL is not base64, as it says it is");
  }
  return Uint8Array.from(decoded, (unit) => unit.charCodeAt(0));
}
