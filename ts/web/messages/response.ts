/**
 * Response whose body is text, bytes or nothing, or is still to come: https://fetch.spec.whatwg.org/#response-class
 *
 * It keeps what it was given, for the server to send at once, or to be collected in one piece. The engine's own Response,
 * which comes with a stream and takes some engines longer than all the rest of a small request, is made when somebody asks
 * for what only that can do, and in place of this one for bodies of other kinds and for what is not as simple as it mostly
 * is, errors included.
 */
import {
  type ArrivingContent,
  asArrayBuffer,
  asBytes,
  asJson,
  asText,
  type Content,
  convert,
  encode,
} from "./content.ts";
import { constructed, EngineHeaders, EngineResponse, isObject, overwrite, standIn } from "./engine-class.ts";
import { FIELD_VALUE, fieldsOf, hasField, pairsOf } from "./fields.ts";

/** Marks what a Response can be made of at once, given in place of a body by who has its parts. */
export const PARTS: unique symbol = Symbol("parts of a response");

/** What a response is made of. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /**
   * Names in lower case and values in turn, of which nothing but what may be sent: a server looks no more. They count
   * until somebody has asked for `headers`.
   */
  readonly fields: readonly string[];
  readonly headers: Headers | undefined;
  readonly content: Content;
  /** Fetch has undone the content codings that the fields tell of. */
  readonly decoded?: boolean;
  /** Its content was given away. */
  used: boolean;
}

/** A response that is all here. */
export interface WholeResponse extends ResponseParts {
  readonly content: Exclude<Content, ArrivingContent>;
}

/** The engine's object behind one of ours, made for it if need be; what is none of ours as it is. */
export let engineResponseOf: <Given>(response: Given) => Given | EngineResponse;

/** What a response of ours holds, unless the engine has it already, or not all of it is here. */
export let wholeResponse: (response: unknown) => WholeResponse | undefined;

/** https://fetch.spec.whatwg.org/#null-body-status */
const NULL_BODY_STATUS = new Set([101, 103, 204, 205, 304]);

const TEXT_TYPE = "text/plain;charset=UTF-8";
const JSON_TYPE = "application/json";

const NO_INIT: ResponseInit = {};

const { prototype } = EngineResponse;

export class Response {
  #parts!: { -readonly [Name in keyof ResponseParts]: ResponseParts[Name] };
  #engine: EngineResponse | undefined;

  constructor(
    body: BodyInit | (ResponseParts & { readonly [PARTS]: true }) | null = null,
    init: ResponseInit = NO_INIT,
  ) {
    const parts = isObject(body) && PARTS in body ? body : wholeOf(body, init, TEXT_TYPE);
    if (!parts) {
      const given = init === NO_INIT ? [body] : [body, init];
      // biome-ignore lint/correctness/noConstructorReturn: what is not whole is the engine's.
      return constructed(Response, new.target, EngineResponse, given);
    }
    this.#parts = parts;
  }

  static json(data?: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data);
    const whole = text === undefined ? undefined : wholeOf(text, init, JSON_TYPE);
    if (!whole) return EngineResponse.json(data, init) as unknown as Response;
    const response = new Response();
    response.#parts = whole;
    return response;
  }

  get status(): number {
    return #parts in this ? this.#parts.status : Reflect.get(prototype, "status", this);
  }

  get ok(): boolean {
    return #parts in this
      ? this.#parts.status >= 200 && this.#parts.status <= 299
      : Reflect.get(prototype, "ok", this);
  }

  get statusText(): string {
    return #parts in this ? this.#parts.statusText : Reflect.get(prototype, "statusText", this);
  }

  get headers(): Headers {
    if (!(#parts in this)) return Reflect.get(prototype, "headers", this);
    this.#parts.headers ??= this.#engine?.headers ?? new EngineHeaders(pairsOf(this.#parts.fields));
    return this.#parts.headers;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (#parts in this && this.#parts.content === null) return null;
    return Reflect.get(prototype, "body", engineResponseOf(this));
  }

  get bodyUsed(): boolean {
    if (#parts in this && !this.#engine) return this.#parts.used;
    return Reflect.get(prototype, "bodyUsed", engineResponseOf(this));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Response.#read(this, asArrayBuffer) ?? prototype.arrayBuffer.call(engineResponseOf(this));
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return Response.#read(this, asBytes) ?? prototype.bytes.call(engineResponseOf(this));
  }

  json(): Promise<unknown> {
    return Response.#read(this, asJson) ?? prototype.json.call(engineResponseOf(this));
  }

  text(): Promise<string> {
    return Response.#read(this, asText) ?? prototype.text.call(engineResponseOf(this));
  }

  clone(): Response {
    const whole = wholeResponse(this);
    if (!whole || whole.used) return prototype.clone.call(engineResponseOf(this)) as unknown as Response;
    const { fields, content, headers } = whole;
    const clone = new Response();
    clone.#parts = {
      ...whole,
      fields,
      headers: headers && new EngineHeaders(headers),
      content: content instanceof Uint8Array ? content.slice() : content,
    };
    return clone;
  }

  /** Reads without the engine; undefined where only the engine can, or can say why not. */
  static #read<Result>(
    response: unknown,
    as: (bytes: Uint8Array<ArrayBuffer>) => Result,
  ): Promise<Result> | undefined {
    if (!isObject(response) || !(#parts in response) || response.#engine) return undefined;
    const parts = response.#parts;
    if (parts.used) return undefined;
    parts.used = parts.content !== null;
    return convert(parts.content, as);
  }

  static {
    wholeResponse = (response) => {
      if (!isObject(response) || !(#parts in response) || response.#engine) return undefined;
      return isWhole(response.#parts) ? response.#parts : undefined;
    };

    engineResponseOf = (response) => {
      if (!isObject(response) || !(#parts in response)) return response;
      const { status, statusText, fields, headers, content, used } = response.#parts;
      if (!response.#engine) {
        response.#engine = new EngineResponse(used ? new Uint8Array(0) : untyped(content), {
          status,
          statusText,
          headers: headers ?? pairsOf(fields),
        });
        if (used) response.#engine.arrayBuffer();
      } else if (headers) {
        overwrite(response.#engine.headers, headers);
      }
      return response.#engine;
    };
  }
}

/** What the engine takes, without making a Content-Type as it would of text: somebody may have taken that away. */
function untyped(content: Content): Uint8Array<ArrayBuffer> | ReadableStream | null {
  if (typeof content === "string") return encode(content);
  return content === null || content instanceof Uint8Array ? content : content.stream;
}

function isWhole(parts: ResponseParts): parts is WholeResponse {
  const { content } = parts;
  return typeof content === "string" || content === null || content instanceof Uint8Array;
}

standIn(Response, EngineResponse, new EngineResponse(), engineResponseOf);

/** @returns undefined for what the engine is to make, or to refuse. */
function wholeOf(body: BodyInit | null, init: ResponseInit, type: string): WholeResponse | undefined {
  let content: string | Uint8Array<ArrayBuffer> | null;
  if (body === null || typeof body === "string") content = body;
  else if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) content = new Uint8Array(body);
  else if (body instanceof ArrayBuffer) content = new Uint8Array(body.slice(0));
  else return undefined;

  if (typeof init !== "object" || init === null) return undefined;
  const { headers: given, status = 200, statusText = "" } = init;
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) return undefined;
  if (content !== null && NULL_BODY_STATUS.has(status)) return undefined;
  if (typeof statusText !== "string" || !FIELD_VALUE.test(statusText)) return undefined;

  const typed = typeof content === "string";
  let headers: Headers | undefined;
  let fields: readonly string[] | undefined;
  if (given === undefined) {
    fields = typed ? ["content-type", type] : [];
  } else {
    if (!isObject(given)) return undefined;
    const known = fieldsOf(given);
    if (!known) {
      headers = new EngineHeaders(given);
      if (typed && !headers.has("content-type")) headers.append("content-type", type);
    } else if (typed && !hasField(known, "content-type")) {
      known.push("content-type", type);
    }
    fields = known ?? [];
  }
  return { status, statusText, fields, headers, content, used: false };
}
