/** Subresource Integrity: https://www.w3.org/TR/SRI/, of a whole response before anybody sees it. */

/** WebCrypto's, at once. */
export type Digest = (algorithm: string, data: Uint8Array<ArrayBuffer>) => ArrayBuffer;

/** The stronger, the later. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** @throws TypeError (as a rejection) for a response that is not the one that was meant. */
export async function requireIntegrity(
  digest: Digest,
  response: Response,
  metadata: string,
): Promise<Response> {
  const known = metadata
    .split(/[\t\n\f\r ]+/)
    .map((item) => /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(\?.*)?$/.exec(item))
    .filter((match) => match !== null);
  // What nobody knows is no condition: SRI section 3.3.4.
  if (known.length === 0) return response;
  const strength = (name: string) => Object.keys(ALGORITHMS).indexOf(name);
  const [strongest = ""] = known.map(([, name = ""]) => name).sort((a, b) => strength(b) - strength(a));
  const bytes = new Uint8Array(await response.clone().arrayBuffer());
  const found = btoa(String.fromCharCode(...new Uint8Array(digest(ALGORITHMS[strongest]!, bytes))));
  const matches = known.some(
    ([, name, value = ""]) => name === strongest && value.replace(/-/g, "+").replace(/_/g, "/") === found,
  );
  if (matches) return response;
  throw new TypeError(`fetch: the body is not the one that integrity asks for: it is ${strongest}-${found}`);
}
