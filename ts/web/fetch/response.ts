/**
 * What a fetch resolves with: a Response, which says in addition where it came from. (A Response that a script makes has
 * no URL, and the engine's constructor takes none.)
 *
 * A body that is all here already makes a Response of ours (web/messages), and the engine's own when somebody asks for
 * what only that can do; one that streams is the engine's from the beginning. Both are instances of the engine's class.
 *
 * Different from a Response of the engine's own fetch: its headers can be changed, and `type` is "basic" always, since
 * there is no origin that it could be foreign to.
 */
import type { ResponseHead } from "../../core/http.ts";
import type { Host } from "../../host/host.ts";
import { EngineResponse } from "../messages/engine-class.ts";
import { Response, WHOLE, type WholeResponse, wholeResponse } from "../messages/response.ts";
import { decoded, decodings } from "./decoding.ts";
import type { FetchLimits } from "./options.ts";
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
    const copy = super.clone();
    const whole = wholeResponse(copy);
    if (whole)
      return new FetchedResponse(whole.content, { status, statusText, headers: copy.headers }, this.#from);
    return new FetchedResponse(copy.body, { status, statusText, headers }, this.#from);
  }
}
// To whoever asks for its class, it is a Response.
Object.defineProperty(FetchedResponse.prototype, "constructor", { value: EngineResponse });

/** A response that came as a whole. Its fields are cut when somebody looks at them. */
class Received implements WholeResponse {
  readonly [WHOLE] = true;
  readonly status: number;
  readonly statusText: string;
  readonly content: Uint8Array<ArrayBuffer> | null;
  headers: Headers | undefined = undefined;
  used = false;
  readonly #head: ResponseHead;

  constructor(head: ResponseHead, content: Uint8Array<ArrayBuffer> | null) {
    this.status = head.status;
    this.statusText = head.reason;
    this.content = content;
    this.#head = head;
  }

  get fields(): string[] {
    return this.#head.headers.flat();
  }
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
  host: Host,
  limits: FetchLimits,
): globalThis.Response {
  const { status, reason } = head;
  if (status < STATUS_MIN || status > STATUS_MAX)
    throw new TypeError(`fetch: the status is ${status}, and no Response can have it`);
  const content = contentOf(head, body, method, host, limits);
  const response =
    content instanceof ReadableStream
      ? new FetchedResponse(content, { status, statusText: reason, headers: pairsOf(head) }, from)
      : new FetchedResponse(new Received(head, content), undefined, from);
  return response as unknown as globalThis.Response;
}

const pairsOf = (head: ResponseHead) => head.headers as [name: string, value: string][];

function contentOf(
  head: ResponseHead,
  body: ResponseBody,
  method: string,
  host: Host,
  limits: FetchLimits,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (NULL_BODY_STATUS.has(head.status) || method === "HEAD") return null;
  const codings =
    head.get("content-encoding") === null ? [] : decodings(allOf(head, "content-encoding"), host);
  if (codings.length > 0 && !(body.complete && body.receivedBytes === 0))
    return decoded(body.stream(), codings, limits);
  return body.complete ? body.whole() : body.stream();
}

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
