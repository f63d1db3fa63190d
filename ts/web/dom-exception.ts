/**
 * DOMExceptions by name (https://webidl.spec.whatwg.org/#idl-DOMException), and QuotaExceededError, which is an
 * interface of its own since 2025 (https://webidl.spec.whatwg.org/#quotaexceedederror).
 */
import { dictionary, double, shapeInterface } from "./webidl.ts";

/** The names that Web Cryptography, HTML's base64 and this runtime throw. */
export type DOMExceptionName =
  | "DataCloneError"
  | "DataError"
  | "InvalidAccessError"
  | "InvalidCharacterError"
  | "InvalidStateError"
  | "NotSupportedError"
  | "OperationError"
  | "SyntaxError"
  | "TypeMismatchError";

export function domException(name: DOMExceptionName, message: string): DOMException {
  return new DOMException(message, name);
}

interface QuotaExceededErrorOptions {
  quota?: number;
  requested?: number;
}
const QuotaExceededErrorOptions = dictionary<QuotaExceededErrorOptions>("QuotaExceededErrorOptions", [
  { name: "quota", type: double },
  { name: "requested", type: double },
]);

/** Both members are null where a specification gives none. */
interface QuotaExceededErrorShape extends DOMException {
  readonly quota: number | null;
  readonly requested: number | null;
}

type QuotaExceededErrorConstructor = new (
  message?: string,
  options?: QuotaExceededErrorOptions,
) => QuotaExceededErrorShape;

/** For engines without the interface: they still know the name, and its code 22. */
class OwnQuotaExceededError extends DOMException {
  readonly #quota: number | null;
  readonly #requested: number | null;

  /** @throws RangeError for numbers below 0, and a request that is no more than the quota allows. */
  constructor(message = "", options?: QuotaExceededErrorOptions) {
    super(message, "QuotaExceededError");
    const where = "QuotaExceededError: options";
    const { quota = null, requested = null } = QuotaExceededErrorOptions(options, where);
    if (quota !== null && quota < 0) throw new RangeError(`${where}.quota is ${quota}, less than 0`);
    if (requested !== null && requested < 0) {
      throw new RangeError(`${where}.requested is ${requested}, less than 0`);
    }
    if (quota !== null && requested !== null && requested < quota) {
      throw new RangeError(`${where}.requested is ${requested}, less than quota, ${quota}`);
    }
    this.#quota = quota;
    this.#requested = requested;
  }

  get quota(): number | null {
    return this.#quota;
  }

  get requested(): number | null {
    return this.#requested;
  }
}
shapeInterface(OwnQuotaExceededError, "QuotaExceededError");

/** The engine's own where it has one, so that `instanceof` holds for its users. */
export const QuotaExceededError: QuotaExceededErrorConstructor =
  (globalThis as { QuotaExceededError?: QuotaExceededErrorConstructor }).QuotaExceededError ??
  OwnQuotaExceededError;
