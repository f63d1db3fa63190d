/** What is read of bodies here and there: what it is, and what to say when nobody wants it. */

/** A body that nobody will read. */
export function discardBody({ body }: Response): void {
  if (body && !body.locked) cancelQuietly(body);
}

/** Tells the source of a body, whose complaints nobody hears; not even those of a body that an app made by itself. */
export async function cancelQuietly(
  body: Pick<ReadableStreamDefaultReader, "cancel">,
  reason?: unknown,
): Promise<void> {
  try {
    await body.cancel(reason);
  } catch {}
}

/** @throws TypeError for one that is no bytes. */
export function chunkOf({ done, value }: ReadableStreamReadResult<Uint8Array>): Uint8Array | undefined {
  if (done) return undefined;
  if (!(value instanceof Uint8Array))
    throw new TypeError("the body of the response holds a chunk that is no Uint8Array");
  return value;
}
