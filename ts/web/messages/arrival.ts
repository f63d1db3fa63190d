/** A request as it came in: all that a Request says of itself, before there is one. */
import type { ArrivingContent } from "./content.ts";
import { EngineRequest } from "./engine-class.ts";
import { giveBody, requestTakesStreams } from "./streamed-request.ts";

type Field = readonly [name: string, value: string];

/** Fields that are looked up when they are asked for. */
interface Fields {
  readonly headers: readonly Field[];
}

/** Whoever sent it, with a signal that is made when it is asked for, and tells when they have left. */
interface Client {
  readonly signal: AbortSignal;
}

export class Arrival implements Fields, Client {
  /** As the standard's Request has it. */
  readonly method: string;
  /** As the URL standard serializes it. */
  readonly url: string;
  /** Bytes may be lent for a while: see `keepContent`. */
  content: Uint8Array<ArrayBuffer> | ArrivingContent | null;
  readonly #head: Fields;
  readonly #client: Client;

  /** @param head has the fields, names and values, one code unit a byte. */
  constructor(
    method: string,
    url: string,
    head: Fields,
    content: Uint8Array<ArrayBuffer> | ArrivingContent | null,
    client: Client,
  ) {
    this.method = method;
    this.url = url;
    this.content = content;
    this.#head = head;
    this.#client = client;
  }

  get headers(): readonly Field[] {
    return this.#head.headers;
  }

  get signal(): AbortSignal {
    return this.#client.signal;
  }
}

/** The same without its content, which somebody has taken. */
export function emptied(arrival: Arrival): Arrival {
  return new Arrival(arrival.method, arrival.url, arrival, new Uint8Array(0), arrival);
}

/**
 * The engine's own Request of what arrived.
 *
 * @param headers in place of those that arrived.
 * @throws TypeError for what the engine's Request does not take.
 */
export function engineRequest(arrival: Arrival, headers?: Headers): EngineRequest {
  const { method, url, content, signal } = arrival;
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers: headers ?? (arrival.headers as [string, string][]),
    signal,
  };
  if (content === null) return new EngineRequest(url, init);
  const whole = content instanceof Uint8Array;
  if (!whole && !requestTakesStreams()) return giveBody(new EngineRequest(url, init), content.stream);
  init.body = whole ? content : content.stream;
  init.duplex = "half";
  return new EngineRequest(url, init);
}
