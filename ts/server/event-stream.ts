/**
 * Server-sent events: https://html.spec.whatwg.org/#server-sent-events
 *
 * A stream of events goes on for as long as both sides like, and would hold up a server that is to close for all of its
 * time. It may end between any two bytes: who listens comes back, says which event was the last, and is heard by whoever
 * serves then. So it ends when the server begins to close. Only as the answer to GET, which is what EventSource sends, and
 * without a Content-Length: answers in this form to other methods mostly have an end of their own, and what says how long
 * it is surely has; that is worth waiting for.
 */
import { settlesSoon } from "../web/messages/settles-soon.ts";
import { cancelQuietly } from "./body-reading.ts";

/** @param type the value of Content-Type. */
export function isEventStream(type: string): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(type);
}

/** @param contentLength as the app gave it; null if it did not. */
export function endsWithServer(method: string, type: string, contentLength: number | string | null): boolean {
  return method === "GET" && contentLength === null && isEventStream(type);
}

/** The same, until `closing` is aborted: then what is there already is the last. The source is told by `cancel`. */
export function endingWith(
  closing: AbortSignal,
  events: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const reader = events.getReader();
  let reading: ReturnType<typeof reader.read> | undefined;
  const end = async () => {
    if (reading && !(await settlesSoon(reading))) cancelQuietly(reader, closing.reason);
  };
  closing.addEventListener("abort", end);
  return new ReadableStream(
    {
      async pull(controller) {
        reading = reader.read();
        if (closing.aborted) end();
        const { done, value } = await reading;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
