// biome-ignore-all lint/complexity/noArguments: WebIDL counts the arguments given; rest parameters would change `length`.
/**
 * atob and btoa: https://html.spec.whatwg.org/multipage/webappapis.html#atob. The coding itself is the host's: every
 * engine's passes the Web Platform Tests, and none written for the core can win, because strings would have to go
 * in and come out. Measured on Node 20 in microseconds, best of eleven:
 *
 *     bytes               16    1 KiB  64 KiB   1 MiB
 *     host's btoa       0.09     0.37    12.5    2500
 *     host's atob       0.11     0.44    12.2     890
 *     string in alone   0.09     0.18     6.6     110   TextEncoder.encodeInto, of ASCII
 *     text out alone    0.14     0.32     8.7     890   TextDecoder, of ASCII: the end of a btoa
 *     bytes out alone   0.36     1.08     110    2600   TextDecoder, from UTF-16: the end of an atob
 *
 * What is added here is one behaviour everywhere: the same conversions, errors and messages, and no receiver.
 */
import type { Core } from "../core/core.ts";
import { domException } from "./dom-exception.ts";
import { DOMString, requireArguments } from "./webidl.ts";

const { atob: decode, btoa: encode } = globalThis;

export interface Base64 {
  /** @throws DOMException InvalidCharacterError for what forgiving-base64 decode does not forgive. */
  atob(data: string): string;
  /** @throws DOMException InvalidCharacterError for a code unit above 255. */
  btoa(data: string): string;
}

export function createBase64(core: Core): Base64 {
  return {
    atob(data: string): string {
      core.requireOpen();
      requireArguments(arguments.length, 1, "atob");
      const string = DOMString(data, "atob: data");
      try {
        return decode(string);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error; // too long for a string of this engine
        throw domException("InvalidCharacterError", `atob: data ${whyNotBase64(string)}`);
      }
    },
    btoa(data: string): string {
      core.requireOpen();
      requireArguments(arguments.length, 1, "btoa");
      const string = DOMString(data, "btoa: data");
      try {
        return encode(string);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        const at = string.search(/[\u0100-\uffff]/);
        const unit = string.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
        const message = `btoa: data has U+${unit} at index ${at}; U+00FF is the last that can be encoded`;
        throw domException("InvalidCharacterError", message);
      }
    },
  };
}

function whyNotBase64(data: string): string {
  const at = data.search(/[^A-Za-z0-9+/=\t\n\f\r ]/);
  if (at >= 0) return `has a character at index ${at} that is not base64`;
  return "ends where base64 cannot, or is padded wrongly";
}
