/**
 * What becomes of a fetch that fails: a TypeError, as Fetch has it, whose message says what happened and whose cause can
 * be looked at by a program; a DOMException TimeoutError for a deadline; the signal's reason for an abort.
 */

/** The cause of a TypeError of the network. */
export interface NetworkCause extends Error {
  /** The system's, such as ECONNREFUSED, or that of TLS; UND where it is this runtime's own. */
  readonly code: string;
  readonly host: string;
  readonly port: number;
  /** Every address that was tried, with what came of it. */
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly address: string;
  readonly port: number;
  readonly code: string;
  readonly message: string;
}

export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/**
 * @param step what was attempted: "connect", "resolve".
 * @param cause the host's error, with its code.
 */
export function networkFailure(
  step: string,
  { hostname, port }: Endpoint,
  cause: Error,
  attempts: readonly Attempt[] = [],
): TypeError {
  const code = codeOf(cause);
  const last = attempts.at(-1);
  const where = last ? authority(last.address, last.port) : authority(hostname, port);
  const others = attempts.length > 1 ? ` (${attempts.length} addresses were tried)` : "";
  const message = `${[step, code, where].filter(Boolean).join(" ")}: ${cause.message}${others}`;
  const detail = Object.assign(new Error(cause.message, { cause }), { code, host: hostname, port, attempts });
  return new TypeError(message, { cause: detail });
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

export function authority(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
