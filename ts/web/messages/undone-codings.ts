/**
 * Bodies whose content codings fetch has undone, while the header still tells of them, as the Fetch standard has it. Who
 * sends such a body on has to leave out what the header says of its bytes.
 *
 * A property tells: a WeakSet would be another one in each copy of this library, and an app may fetch by one while it is
 * served by another.
 */
const UNDONE = Symbol.for("nanort: content codings are undone");

/** Fields that speak of a body's bytes as they are with their content coding. */
export const OF_CODED_BYTES: ReadonlySet<string> = new Set([
  ...["content-encoding", "content-length", "content-range", "accept-ranges"],
  ...["content-digest", "repr-digest", "digest", "content-md5"],
]);

/** RFC 9110 section 8.8.3.3: other bytes go by the same tag, which therefore is a weak one. */
export function weakened(etag: string): string {
  return etag.startsWith("W/") ? etag : `W/${etag}`;
}

/** What the fields of such a response say of it without its codings. */
export function fieldsWithoutCodings(fields: Headers): Headers {
  const headers = new Headers(fields);
  for (const name of OF_CODED_BYTES) headers.delete(name);
  const etag = headers.get("etag");
  if (etag !== null) headers.set("etag", weakened(etag));
  return headers;
}

/** Marks a stream, or a response without one, as being without the codings that the header tells of. */
export function codingsUndone<Marked extends object>(marked: Marked): Marked {
  return Object.defineProperty(marked, UNDONE, { value: true });
}

/** Of a response: by itself, or by its body. */
export function areCodingsUndone(response: Response): boolean {
  if (UNDONE in response) return true;
  // Null, and with what only looks like a Response perhaps undefined.
  const body: object | null | undefined = response.body;
  return body ? UNDONE in body : false;
}
