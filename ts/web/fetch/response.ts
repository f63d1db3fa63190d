/**
 * What a fetch resolves with: a Response, which says in addition where it came from. (A Response that a script makes has
 * no URL, and the engine's constructor takes none.)
 *
 * It is a Response of ours (web/messages), of the body that is here already or of one that is collected when somebody asks
 * for the whole; the engine's own comes behind it when somebody asks for what only that can do, such as a stream.
 *
 * Different from a Response of the engine's own fetch: its headers can be changed, and `type` is "basic" always, since
 * there is no origin that it could be foreign to.
 */
import type { ResponseHead } from "../../core/http.ts";
import type { Coding, Host } from "../../host/host.ts";
import type { ArrivingContent } from "../messages/content.ts";
import { EngineResponse } from "../messages/engine-class.ts";
import { PARTS, Response, type ResponseParts, wholeResponse } from "../messages/response.ts";
import { areCodingsUndone, codingsUndone } from "../messages/undone-codings.ts";
import { codingsToUndo, DecodedContent } from "./decoding.ts";
import type { FetchSettings } from "./options.ts";
import type { ResponseBody } from "./response-body.ts";

/** https://fetch.spec.whatwg.org/#null-body-status, as far as a response that is not interim can have it. */
const NULL_BODY_STATUS = new Set([204, 205, 304]);

/** The statuses that a Response can be made with. */
const STATUS_MIN = 200;
const STATUS_MAX = 599;

/** Where a response came from. */
export interface Provenance {
  readonly url: URL;
  readonly redirected: boolean;
}

/** The standard's `Response`, of a fetch. */
class FetchedResponse extends Response {
  readonly #from: Provenance;

  constructor(content: BodyInit | Received | null, init: ResponseInit | undefined, from: Provenance) {
    super(content, init);
    this.#from = from;
  }

  /** Without the fragment. */
  get url(): string {
    return this.#from.url.href.split("#", 1)[0]!;
  }

  get redirected(): boolean {
    return this.#from.redirected;
  }

  get type(): ResponseType {
    return "basic";
  }

  override clone(): Response {
    // From here on they are the Headers; what they were made of is not copied.
    const { status, statusText, headers } = this;
    const decoded = areCodingsUndone(this as unknown as globalThis.Response);
    const copy = super.clone();
    const whole = wholeResponse(copy);
    const clone = whole
      ? new FetchedResponse(whole.content, { status, statusText, headers: copy.headers }, this.#from)
      : new FetchedResponse(copy.body, { status, statusText, headers }, this.#from);
    if (decoded) for (const marked of [clone, clone.body, this.body]) if (marked) codingsUndone(marked);
    return clone;
  }
}
// To whoever asks for its class, it is a Response.
Object.defineProperty(FetchedResponse.prototype, "constructor", { value: EngineResponse });

/** What a response that came is made of. Its fields are cut when somebody looks at them. */
class Received implements ResponseParts {
  readonly [PARTS] = true;
  readonly status: number;
  readonly statusText: string;
  readonly content: Uint8Array<ArrayBuffer> | ArrivingContent | null;
  readonly decoded: boolean;
  headers: Headers | undefined = undefined;
  used = false;
  readonly #head: ResponseHead;

  constructor(
    head: ResponseHead,
    content: Uint8Array<ArrayBuffer> | ArrivingContent | null,
    decoded: boolean,
  ) {
    this.status = head.status;
    this.statusText = head.reason;
    this.content = content;
    this.decoded = decoded;
    this.#head = head;
  }

  get fields(): string[] {
    return this.#head.headers.flat();
  }
}

/** What all responses of a runtime share. */
export interface ResponseContext {
  readonly host: Host;
  readonly settings: FetchSettings;
  /** Codings that can be undone here. */
  readonly decodable: readonly Coding[];
}

/**
 * The Response to a request, from its head and what has come of its body.
 *
 * @throws TypeError for a status that no Response can have.
 */
export function createResponse(
  head: ResponseHead,
  body: ResponseBody,
  method: string,
  from: Provenance,
  context: ResponseContext,
): globalThis.Response {
  const { status } = head;
  if (status < STATUS_MIN || status > STATUS_MAX)
    throw new TypeError(`fetch: the status is ${status}, and no Response can have it`);
  const { host, decodable, settings } = context;
  const codings =
    head.get("content-encoding") === null ? [] : codingsToUndo(allOf(head, "content-encoding"), decodable);
  let content: Uint8Array<ArrayBuffer> | ArrivingContent | null;
  if (hasNoBody(method, status)) content = null;
  else if (codings.length > 0 && !(body.complete && body.receivedBytes === 0))
    content = new DecodedContent(body, codings, host, settings.limits);
  else content = body.complete ? body.whole() : body;
  const received = new Received(head, content, codings.length > 0);
  const response = new FetchedResponse(received, undefined, from) as unknown as globalThis.Response;
  return codings.length > 0 ? codingsUndone(response) : response;
}

/** What comes behind the head of such a response, if anything does, is nobody's. */
export const hasNoBody = (method: string, status: number): boolean =>
  method === "HEAD" || NULL_BODY_STATUS.has(status);

/** The values of all fields of that name as one list: RFC 9110 section 5.3. */
function allOf(head: ResponseHead, name: string): string {
  return head.headers
    .filter((field) => field[0] === name)
    .map(([, value]) => value)
    .join(",");
}

/** Of a URL that needs no network, such as `data:`. */
export function localResponse(body: Uint8Array | null, type: string, from: Provenance): globalThis.Response {
  const init = { status: 200, statusText: "OK", headers: { "content-type": type } };
  return new FetchedResponse(body as BodyInit | null, init, from) as unknown as globalThis.Response;
}
