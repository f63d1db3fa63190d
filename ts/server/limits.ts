/**
 * What a stranger may take of a server. Every row has a name, a default and a clear answer, and can be set in
 * `ServeOptions.limits`; Infinity lifts any of those that are counted or timed here.
 *
 * Times are milliseconds of the runtime's clock.
 */
export interface ServeLimits {
  /** From the first byte of a request to the empty line that ends its head. 431 beyond it. */
  headBytes: number;
  /** Field lines in a request head. 431 beyond it. */
  headerCount: number;
  /** The request target, as it stands in the request line. 414 beyond it. */
  targetBytes: number;
  /** The content of a request. 413 beyond it. Unlimited by default: bodies stream, and an app reads what it wants. */
  bodyBytes: number;
  /** How much of a body that the app left unread is read and dropped to save the connection; else it is closed. */
  unreadBodyBytes: number;
  /**
   * What a client may send ahead of its turn before the server stops reading. While it does not read, here or since
   * the app leaves a long body unread, it cannot see the client go: `request.signal` is late then.
   */
  pipelinedBytes: number;
  /** Connections open at once. 503 beyond it. */
  connections: number;
  /** From the first byte of a request to the end of its head. 408 beyond it. */
  headTimeout: number;
  /** Without a byte of the body while the app waits for it. 408 beyond it, or the end of the connection. */
  bodyTimeout: number;
  /** After the response, without the app reading on in a body that is not all here. The connection is closed. */
  unreadBodyTimeout: number;
  /**
   * Without room for more of a response, because the client does not read; and for the last piece of the last response
   * to leave. The connection is dropped.
   */
  sendTimeout: number;
  /** Between requests. The connection is closed. */
  idleTimeout: number;
  /**
   * From when the last response has left until the client has closed its side too; or, when the client has closed its
   * side first, without a byte of the response. The connection is dropped.
   *
   * A client that closes its side before its answer is there may be waiting for it, or may be gone: so the app is told
   * by `request.signal`, and its answer is sent all the same.
   */
  lingerTimeout: number;
}

export const DEFAULT_LIMITS: Readonly<ServeLimits> = {
  headBytes: 16 * 1024,
  headerCount: 256,
  targetBytes: 8 * 1024,
  bodyBytes: Number.POSITIVE_INFINITY,
  unreadBodyBytes: 256 * 1024,
  pipelinedBytes: 64 * 1024,
  connections: 10_000,
  headTimeout: 30_000,
  bodyTimeout: 30_000,
  unreadBodyTimeout: 60_000,
  sendTimeout: 60_000,
  idleTimeout: 75_000,
  lingerTimeout: 5_000,
};

/** What the core counts in 32 bits and keeps in memory; it cannot be without a limit. */
const HELD_IN_CORE: readonly (keyof ServeLimits)[] = ["headBytes", "headerCount", "targetBytes"];
const HELD_IN_CORE_MAX = 2 ** 24;

/** The longest time that a timer can be set for. */
const TIMEOUT_MAX = 2 ** 31 - 1;

/**
 * The defaults, overridden by what was given.
 *
 * @throws TypeError for an unknown name, RangeError for a value out of its range.
 */
export function resolveLimits(given: Partial<ServeLimits> = {}): ServeLimits {
  const limits: ServeLimits = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(given) as [keyof ServeLimits, number | undefined][]) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new TypeError(
        `limits.${name}: no such limit; there are ${Object.keys(DEFAULT_LIMITS).join(", ")}`,
      );
    }
    if (value === undefined) continue;
    const timed = name.endsWith("Timeout");
    const unlimited = value === Number.POSITIVE_INFINITY && !HELD_IN_CORE.includes(name);
    const most = timed
      ? TIMEOUT_MAX
      : HELD_IN_CORE.includes(name)
        ? HELD_IN_CORE_MAX
        : Number.MAX_SAFE_INTEGER;
    const least = name === "bodyBytes" || name === "unreadBodyBytes" ? 0 : 1;
    if (!unlimited && !(Number.isInteger(value) && value >= least && value <= most)) {
      const range = `an integer from ${least} to ${most}${HELD_IN_CORE.includes(name) ? "" : ", or Infinity"}`;
      throw new RangeError(`limits.${name}: ${String(value)} is not ${range}`);
    }
    limits[name] = value;
  }
  return limits;
}
