/**
 * DOMExceptions by name (https://webidl.spec.whatwg.org/#idl-DOMException), and QuotaExceededError, which is an
 * interface of its own since 2025 (https://webidl.spec.whatwg.org/#quotaexceedederror).
 */

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

/** Both members are null where a specification gives none. */
interface QuotaExceededErrorShape extends DOMException {
  readonly quota: number | null;
  readonly requested: number | null;
}

type QuotaExceededErrorConstructor = new (message?: string) => QuotaExceededErrorShape;

/** For engines without the interface: they still know the name, and its code 22. */
class OwnQuotaExceededError extends DOMException {
  constructor(message = "") {
    super(message, "QuotaExceededError");
  }

  get quota(): number | null {
    return null;
  }

  get requested(): number | null {
    return null;
  }
}
Object.defineProperty(OwnQuotaExceededError, "name", { value: "QuotaExceededError", configurable: true });

/** The engine's own where it has one, so that `instanceof` holds for its users. */
export const QuotaExceededError: QuotaExceededErrorConstructor =
  (globalThis as { QuotaExceededError?: QuotaExceededErrorConstructor }).QuotaExceededError ??
  OwnQuotaExceededError;
