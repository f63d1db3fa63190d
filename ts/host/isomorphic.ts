/** ISO-8859-1, as sockets take text: a byte a code unit (https://infra.spec.whatwg.org/#isomorphic-encode). */

/** @throws TypeError for what is above U+00FF: the caller's mistake, which would be sent as something else. */
export function isomorphicEncode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0xff) throw new TypeError(`Socket.write: code unit ${unit} at ${at} is not a byte`);
    bytes[at] = unit;
  }
  return bytes;
}
