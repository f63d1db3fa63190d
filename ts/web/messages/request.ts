/**
 * Request of what arrived on a connection: https://fetch.spec.whatwg.org/#request-class
 *
 * It answers from that as long as it can. The engine's own Request, which takes some engines longer than all the rest of
 * a small request, is made when somebody asks for what only that can do: a body as a stream, a clone, a Request made of
 * this one, and whatever else is rarely asked for.
 *
 * As a constructor this makes the engine's Requests: also of its own, which an engine that keeps its state in private
 * fields (Node since 24) would not take.
 */
import { Arrival, emptied, engineRequest } from "./arrival.ts";
import { asArrayBuffer, asBytes, asJson, asText, convert } from "./content.ts";
import { constructed, EngineHeaders, EngineRequest, isObject, overwrite, standIn } from "./engine-class.ts";

/** The engine's object behind one of ours, made for it if need be; what is none of ours as it is. */
export let engineRequestOf: <Given>(request: Given) => Given | EngineRequest;

/** To be called when bytes that were lent as a request's content are about to go: copies what nobody has taken of them. */
export let keepContent: (request: object, copyOf: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>) => void;

const { prototype } = EngineRequest;

export class Request {
  readonly #arrival!: Arrival;
  /** Once somebody has asked for them. */
  #headers: Headers | undefined;
  /** The content was given away, and not by the engine. */
  #used = false;
  #engine: EngineRequest | undefined;

  /** @param input as the standard has it; or what arrived. */
  constructor(input: RequestInfo | URL | Arrival, ...init: [RequestInit?]) {
    if (!(input instanceof Arrival)) {
      const given = [engineRequestOf(input), ...init];
      // biome-ignore lint/correctness/noConstructorReturn: what came by no connection is the engine's.
      return constructed(Request, new.target, EngineRequest, given);
    }
    this.#arrival = input;
  }

  get method(): string {
    return #arrival in this ? this.#arrival.method : Reflect.get(prototype, "method", this);
  }

  get url(): string {
    return #arrival in this ? this.#arrival.url : Reflect.get(prototype, "url", this);
  }

  get headers(): Headers {
    if (!(#arrival in this)) return Reflect.get(prototype, "headers", this);
    this.#headers ??= this.#engine?.headers ?? new EngineHeaders(this.#arrival.headers as [string, string][]);
    return this.#headers;
  }

  get signal(): AbortSignal {
    return #arrival in this ? this.#arrival.signal : Reflect.get(prototype, "signal", this);
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (#arrival in this && this.#arrival.content === null) return null;
    return Reflect.get(prototype, "body", engineRequestOf(this));
  }

  get bodyUsed(): boolean {
    if (#arrival in this && !this.#engine) return this.#used;
    return Reflect.get(prototype, "bodyUsed", engineRequestOf(this));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Request.#read(this, asArrayBuffer) ?? prototype.arrayBuffer.call(engineRequestOf(this));
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return Request.#read(this, asBytes) ?? prototype.bytes.call(engineRequestOf(this));
  }

  json(): Promise<unknown> {
    return Request.#read(this, asJson) ?? prototype.json.call(engineRequestOf(this));
  }

  text(): Promise<string> {
    return Request.#read(this, asText) ?? prototype.text.call(engineRequestOf(this));
  }

  /** Reads without the engine; undefined where only the engine can, or can say why not. */
  static #read<Result>(
    request: unknown,
    as: (bytes: Uint8Array<ArrayBuffer>) => Result,
  ): Promise<Result> | undefined {
    if (!isObject(request) || !(#arrival in request) || request.#engine || request.#used) return undefined;
    const { content } = request.#arrival;
    request.#used = content !== null;
    return convert(content, as);
  }

  static {
    keepContent = (request, copyOf) => {
      if (!(#arrival in request) || request.#used || request.#engine) return;
      const { content } = request.#arrival;
      if (content instanceof Uint8Array) request.#arrival.content = copyOf(content);
    };

    engineRequestOf = (request) => {
      if (!isObject(request) || !(#arrival in request)) return request;
      if (!request.#engine) {
        const arrival = request.#used ? emptied(request.#arrival) : request.#arrival;
        request.#engine = engineRequest(arrival, request.#headers);
        if (request.#used) request.#engine.arrayBuffer();
      } else if (request.#headers) {
        overwrite(request.#engine.headers, request.#headers);
      }
      return request.#engine;
    };
  }
}

standIn(Request, EngineRequest, new EngineRequest("http://nano.test/"), engineRequestOf);

let known: boolean | undefined;

/**
 * Whether all that takes a Request takes one of ours: the engine's own functions, where it keeps its state under symbols;
 * or else those that have taken their place.
 */
export function requestsMayBeOurs(): boolean {
  known ??= engineTakesOurs();
  return known || (globalThis.Request as unknown) === Request;
}

function engineTakesOurs(): boolean {
  const url = "http://nano.test/";
  try {
    const { signal } = new AbortController();
    const ours = new Request(
      new Arrival("POST", url, { headers: [["x-test", "1"]] }, new Uint8Array(1), { signal }),
    );
    const theirs = new EngineRequest(ours as unknown as EngineRequest);
    const taken = theirs.method === "POST" && theirs.url === url && theirs.headers.has("x-test");
    return taken && theirs.body !== null && ours.bodyUsed && Reflect.get(prototype, "url", ours) === url;
  } catch {
    return false; // Private fields, which no other object has.
  }
}
