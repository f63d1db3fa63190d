/**
 * Bodies whose content codings fetch has undone, while the header still tells of them, as the Fetch standard has it. Who
 * sends such a body on has to leave out what the header says of its bytes.
 *
 * A property tells: a WeakSet would be another one in each copy of this library, and an app may fetch by one while it is
 * served by another.
 */
const UNDONE = Symbol.for("nanort: content codings are undone");

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
