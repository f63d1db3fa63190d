/**
 * Status codes of the core, as zig/abi/status.zig numbers them, and what becomes of them here.
 * A status that a caller can cause is turned into the standard's own error before it gets this far; what is left
 * is memory running out (a RangeError, as engines throw for a buffer that is too large) and programming errors.
 */

export const Status = {
  OUT_OF_MEMORY: -1,
  OUT_OF_BOUNDS: -2,
  INVALID_HANDLE: -3,
  TOO_MANY_ARENAS: -4,
  INVALID_ALIGNMENT: -5,
  UNKNOWN_ALGORITHM: -6,
  INVALID_STATE: -7,
  NO_SPACE: -8,
  INVALID_LENGTH: -9,
  AUTHENTICATION_FAILED: -10,
  INVALID_PRIVATE_KEY: -11,
  INVALID_PUBLIC_KEY: -12,
  INVALID_REQUEST_LINE: -20,
  INVALID_TARGET: -21,
  INVALID_FIELD_LINE: -22,
  INVALID_HOST: -23,
  INVALID_CONTENT_LENGTH: -24,
  INVALID_TRANSFER_ENCODING: -25,
  TARGET_TOO_LONG: -26,
  HEAD_TOO_LARGE: -27,
  TOO_MANY_FIELDS: -28,
  METHOD_TOO_LONG: -29,
  UNKNOWN_TRANSFER_CODING: -30,
  UNSUPPORTED_VERSION: -31,
  INVALID_CHUNK_SIZE: -32,
  INVALID_CHUNK_EXTENSION: -33,
  INVALID_CHUNK_END: -34,
  INVALID_TRAILER: -35,
  CHUNK_EXTENSIONS_TOO_LARGE: -36,
  TRAILERS_TOO_LARGE: -37,
  INVALID_STATUS_LINE: -38,
  INVALID_PART: -39,
  INVALID_DER: -40,
  UNKNOWN_KEY_ALGORITHM: -41,
  UNKNOWN_CURVE: -42,
  MULTI_PRIME_KEY: -43,
  INVALID_KEY_PARTS: -44,
  INVALID_BASE64URL: -45,
  INVALID_RSA_KEY: -50,
  REPRESENTATIVE_OUT_OF_RANGE: -51,
  PRIVATE_OPERATION_FAILED: -52,
  ENCODING_TOO_LONG: -53,
  NOT_RANDOM: -54,
  INVALID_SERIALIZED_VALUE: -60,
} as const;

/** No address, seen as an i32, lies between this and zero. */
const LOWEST_CODE = -255;

const MESSAGES: Record<number, string> = {
  [Status.OUT_OF_MEMORY]: "the core is out of memory",
  [Status.OUT_OF_BOUNDS]: "an address outside the core's heap",
  [Status.INVALID_HANDLE]: "an arena that is closed or was never open",
  [Status.TOO_MANY_ARENAS]: "more arenas open at once than the core can hold",
  [Status.INVALID_ALIGNMENT]: "an alignment that is no power of two, or too large",
  [Status.UNKNOWN_ALGORITHM]: "an algorithm that the core does not have",
  [Status.INVALID_STATE]: "a state that is finished or was never begun",
  [Status.NO_SPACE]: "an output area that is too small",
  [Status.INVALID_LENGTH]: "a key, IV, tag or message of a length that the algorithm does not have",
  [Status.AUTHENTICATION_FAILED]: "a ciphertext that is not authentic",
  [Status.INVALID_PRIVATE_KEY]: "a private key that is out of range",
  [Status.INVALID_PUBLIC_KEY]: "a public key that is no point of its curve",
  [Status.INVALID_KEY_PARTS]: "parts that no key can be made of",
  [Status.INVALID_BASE64URL]: "text that is no base64url",
  [Status.INVALID_RSA_KEY]: "numbers that are no RSA key, or not one that is supported",
  [Status.REPRESENTATIVE_OUT_OF_RANGE]: "a ciphertext or signature that is not less than the modulus",
  [Status.PRIVATE_OPERATION_FAILED]: "an RSA result that did not pass its check",
  [Status.ENCODING_TOO_LONG]: "a modulus too short for what is to be encoded",
  [Status.NOT_RANDOM]: "random bytes that are not random",
  [Status.INVALID_SERIALIZED_VALUE]: "bytes that are no serialized value",
};

/** The core refused a call that this host should never have made. */
export class CoreError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`nano.wasm: ${MESSAGES[status] ?? `status ${status}`}`);
    this.name = "CoreError";
    this.status = status;
  }
}

export function isStatus(result: number): boolean {
  return result < 0 && result >= LOWEST_CODE;
}

/** A length or handle as it is; a status thrown. */
export function check(result: number): number {
  if (result < 0) throw errorOf(result);
  return result;
}

/** An address, made unsigned; a status thrown. */
export function checkAddress(result: number): number {
  if (isStatus(result)) throw errorOf(result);
  return result >>> 0;
}

function errorOf(status: number): Error {
  const exhausted = status === Status.OUT_OF_MEMORY || status === Status.TOO_MANY_ARENAS;
  return exhausted ? new RangeError(`nano.wasm: ${MESSAGES[status]}`) : new CoreError(status);
}
