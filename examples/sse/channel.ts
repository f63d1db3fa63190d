/** What is said, to all who listen: each a stream of text/event-stream. */

/** How much of what was said is kept for those who come back. */
const KEPT_MAX = 100;
/** Events that may wait for a listener who does not read; beyond that, it is let go, and may come back. */
const WAITING_MAX = 1000;

type Listener = ReadableStreamDefaultController<Uint8Array>;

const encoder = new TextEncoder();

export class Channel {
  readonly #listeners = new Set<Listener>();
  /** The oldest first. */
  #kept: { id: number; event: Uint8Array }[] = [];
  #lastId = 0;

  /** @param last the event that this listener has heard last; NaN for a new one. */
  listen(last: number): ReadableStream<Uint8Array> {
    let self: Listener;
    return new ReadableStream({
      start: (listener) => {
        self = listener;
        // How long to wait before coming back; and something to see at once.
        listener.enqueue(encoder.encode("retry: 1000\n\n"));
        for (const { id, event } of this.#kept) if (id > last) listener.enqueue(event);
        this.#listeners.add(listener);
      },
      // Called when the listener has left.
      cancel: () => void this.#listeners.delete(self),
    });
  }

  /** @returns how many hear it. */
  say(text: string): number {
    const id = ++this.#lastId;
    // What has several lines is sent as several, and comes together again.
    const data = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
    const event = encoder.encode(`id: ${id}\n${data.join("")}\n`);
    this.#kept = [...this.#kept, { id, event }].slice(-KEPT_MAX);
    this.#send(event);
    return this.#listeners.size;
  }

  /** A comment, which listeners do not notice. */
  beat(): void {
    this.#send(encoder.encode(":\n\n"));
  }

  #send(bytes: Uint8Array): void {
    for (const listener of this.#listeners) {
      if (listener.desiredSize! > -WAITING_MAX) {
        listener.enqueue(bytes);
      } else {
        listener.close();
        this.#listeners.delete(listener);
      }
    }
  }
}
