/** What the system says of sockets, names and certificates, as sentences for people. */

/**
 * An Error with `code` and a readable message; the engine's own error is its cause.
 *
 * @param code the system's, such as EADDRINUSE, or OpenSSL's, such as CERT_HAS_EXPIRED; undefined where the engine gives
 *   none.
 */
export function networkError(
  cause: Error,
  code: string | undefined,
  { hostname, port }: { hostname: string; port: number },
  verb: "listen" | "connect" | "TLS",
): Error {
  const otherName = `the certificate of ${hostname} is for other names`;
  const untrusted = `the certificate of ${hostname} is not signed by anyone who is trusted`;
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
    CERT_HAS_EXPIRED: `the certificate of ${hostname} has expired`,
    CERT_NOT_YET_VALID: `the certificate of ${hostname} is not valid yet`,
    ERR_TLS_CERT_ALTNAME_INVALID: otherName,
    DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
    SELF_SIGNED_CERT_IN_CHAIN: untrusted,
    UNABLE_TO_GET_ISSUER_CERT: untrusted,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  };
  // OpenSSL's messages name its own source; what it means is beside them.
  const { reason = cause.message } = cause as { reason?: string };
  const message = sentences[code ?? ""] ?? `${verb} ${hostname}:${port}: ${reason}`;
  return Object.assign(new Error(message, { cause }), { code: code ?? "" });
}
