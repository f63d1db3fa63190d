/** ISO-8859-1, as sockets take text: a byte a code unit (https://infra.spec.whatwg.org/#isomorphic-encode). */

const encoder = new TextEncoder();

/** @throws TypeError for what is above U+00FF: the caller's mistake, which would be sent as something else. */
export function isomorphicEncode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  isomorphicEncodeInto(text, bytes);
  return bytes;
}

/** As `isomorphicEncode`, into bytes that are as many as the text has code units. */
export function isomorphicEncodeInto(text: string, bytes: Uint8Array): void {
  // Where all of it finds room as UTF-8, all of it is ASCII. Engines write that several times as fast as a loop does.
  if (encoder.encodeInto(text, bytes).read === text.length) return;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0xff) throw new TypeError(`Socket.write: code unit ${unit} at ${at} is not a byte`);
    bytes[at] = unit;
  }
}
