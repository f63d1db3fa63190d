/**
 * Requests whose body is a stream, for engines whose Request takes none: Firefox and Safari make the text
 * "[object ReadableStream]" of it (https://developer.mozilla.org/en-US/docs/Web/API/Request/body). Their Response does
 * take streams, and has the same methods.
 */

const READERS = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const;

let supported: boolean | undefined;

/** Whether this engine's Request takes a stream: text would have given it a Content-Type. */
export function requestTakesStreams(): boolean {
  if (supported === undefined) {
    const init = { method: "POST", body: new ReadableStream(), duplex: "half" };
    supported = !new Request("http://nano.test/", init).headers.has("content-type");
  }
  return supported;
}

/** Gives `request`, which was made without a body, this one. What is made of it by `new Request` has none. */
export function giveBody(request: Request, body: ReadableStream<Uint8Array> | null): Request {
  // The type decides what `formData` and `blob` make of the bytes.
  const holder = new Response(body, {
    headers: { "content-type": request.headers.get("content-type") ?? "" },
  });
  const cloneHead = request.clone.bind(request);
  const properties: PropertyDescriptorMap = {
    body: { get: () => holder.body },
    bodyUsed: { get: () => holder.bodyUsed },
    clone: { value: () => giveBody(cloneHead(), holder.clone().body as ReadableStream<Uint8Array>) },
  };
  for (const reader of READERS) properties[reader] = { value: () => holder[reader]() };
  return Object.defineProperties(request, properties);
}
