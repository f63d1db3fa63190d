/** What the system says of sockets, as sentences for people. */

/**
 * An Error with `code` and a readable message; the engine's own error is its cause.
 *
 * @param code the system's, such as EADDRINUSE; undefined where the engine gives none.
 */
export function networkError(
  cause: Error,
  code: string | undefined,
  { hostname, port }: { hostname: string; port: number },
  verb: "listen" | "connect",
): Error {
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${hostname} is already in use`,
    EADDRNOTAVAIL: `${hostname} is not an address of this machine`,
    EACCES: `not allowed to ${verb === "listen" ? "listen on" : "connect to"} port ${port} of ${hostname}`,
    ENOTFOUND: `no address is known for ${hostname}`,
    EAI_AGAIN: `no address is known for ${hostname} at the moment`,
    ECONNREFUSED: `nobody listens on port ${port} of ${hostname}`,
    ECONNRESET: `${hostname} dropped the connection to port ${port}`,
    ETIMEDOUT: `${hostname} did not answer on port ${port} in time`,
    EHOSTUNREACH: `${hostname} cannot be reached from here`,
    ENETUNREACH: `${hostname} cannot be reached from here`,
  };
  const message = sentences[code ?? ""] ?? `${verb} ${hostname}:${port}: ${cause.message}`;
  return Object.assign(new Error(message, { cause }), { code: code ?? "" });
}
