/**
 * Keys as PEM (RFC 7468): the bytes that WebCrypto calls "pkcs8" or "spki", in base64 between two lines. `openssl` and
 * most servers read and write the same.
 */

const LABELS = { pkcs8: "PRIVATE KEY", spki: "PUBLIC KEY" };

type Format = keyof typeof LABELS;

export async function exportPem(format: Format, key: CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey(format, key)).toString("base64");
  const lines = base64.match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${LABELS[format]}-----\n${lines}\n-----END ${LABELS[format]}-----\n`;
}

export function importPem(
  format: Format,
  pem: string,
  algorithm: EcKeyImportParams | RsaHashedImportParams,
  usages: KeyUsage[],
): Promise<CryptoKey> {
  const label = LABELS[format];
  const [, base64] = new RegExp(`-----BEGIN ${label}-----([^-]*)-----END ${label}-----`).exec(pem) ?? [];
  if (base64 === undefined) throw new TypeError(`no ${label} in this PEM`);
  const der = new Uint8Array(Buffer.from(base64, "base64"));
  return crypto.subtle.importKey(format, der, algorithm, false, usages);
}
