/**
 * A vault: secrets by name, in a file of JSON, under a password.
 *
 *   format      "nanort vault 1"
 *   iterations  \  of PBKDF2 with SHA-256, which makes a wrapping key of 256 bits of the password,
 *   salt        /  in Unicode's form NFC, as UTF-8
 *   wrappedKey     the vault's own key, of 256 bits, wrapped by that one: AES-KW (RFC 3394)
 *   iv          \  of the contents: AES-256-GCM with the vault's key, the format being the additional data;
 *   sealed      /  JSON, an object with a member for each secret
 *
 * Bytes are in base64url. AES-KW tells a wrong password, and AES-GCM contents that were changed. An older copy of the
 * whole file is as good as any: who can put it there can undo changes.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** What of WebCrypto is needed. */
interface WebCrypto extends Pick<Crypto, "getRandomValues"> {
  readonly subtle: Pick<
    SubtleCrypto,
    "importKey" | "deriveKey" | "wrapKey" | "unwrapKey" | "encrypt" | "decrypt"
  >;
}

export interface VaultFile {
  readonly format: typeof FORMAT;
  readonly iterations: number;
  readonly salt: string;
  readonly wrappedKey: string;
  readonly iv: string;
  readonly sealed: string;
}

/** What is wrong with a vault, or the password, in words to follow its name. */
export class VaultError extends Error {}

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2 */
const ITERATIONS = 600_000;
/** A file that asks for more keeps whoever opens it waiting for minutes. */
const ITERATIONS_MAX = 100_000_000;

const FORMAT = "nanort vault 1";
const SALT_BYTES = 32;
const IV_BYTES = 12;
const KEY_BYTES = 32;

/** A new vault, with nothing in it. */
export async function createVault(
  crypto: WebCrypto,
  password: string,
  iterations = ITERATIONS,
): Promise<VaultFile> {
  const bits = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const key = await crypto.subtle.importKey("raw", bits, "AES-GCM", true, ["encrypt"]);
  bits.fill(0);
  return { ...(await wrap(crypto, key, password, iterations)), ...(await seal(crypto, key, new Map())) };
}

/**
 * The secrets in a vault, and what writes others in their place.
 *
 * @throws VaultError
 */
export async function openVault(crypto: WebCrypto, file: VaultFile, password: string) {
  const key = await unwrap(crypto, file, password, false);
  return {
    secrets: await open(crypto, key, file),
    replaceSecrets: async (secrets: ReadonlyMap<string, string>): Promise<VaultFile> => {
      return { ...file, ...(await seal(crypto, key, secrets)) };
    },
  };
}

/** The same vault, under another password. @throws VaultError */
export async function changePassword(
  crypto: WebCrypto,
  file: VaultFile,
  password: string,
  newPassword: string,
  iterations = ITERATIONS,
): Promise<VaultFile> {
  const key = await unwrap(crypto, file, password, true);
  await open(crypto, key, file);
  return { ...file, ...(await wrap(crypto, key, newPassword, iterations)) };
}

/** @throws VaultError for a text that is no vault. */
export function parseVault(text: string): VaultFile {
  let file: Partial<VaultFile> | null;
  try {
    file = JSON.parse(text);
  } catch {
    file = null;
  }
  if (typeof file !== "object" || file?.format !== FORMAT) throw new VaultError("is no vault");
  const { iterations, salt, wrappedKey, iv, sealed } = file;
  const isWhole = [salt, wrappedKey, iv, sealed].every(isBase64url);
  if (!isWhole || !Number.isInteger(iterations)) throw new VaultError("is damaged");
  if (iterations! >= 1 && iterations! <= ITERATIONS_MAX) return file as VaultFile;
  throw new VaultError(`asks for ${iterations} iterations; 1 to ${ITERATIONS_MAX} are allowed`);
}

async function wrap(crypto: WebCrypto, key: CryptoKey, password: string, iterations: number) {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const wrapping = await deriveKey(crypto, password, salt, iterations);
  const wrapped = await crypto.subtle.wrapKey("raw", key, wrapping, "AES-KW");
  return { iterations, salt: toText(salt), wrappedKey: toText(new Uint8Array(wrapped)) };
}

async function unwrap(crypto: WebCrypto, file: VaultFile, password: string, extractable: boolean) {
  const wrapping = await deriveKey(crypto, password, toBytes(file.salt), file.iterations);
  try {
    return await crypto.subtle.unwrapKey(
      "raw",
      toBytes(file.wrappedKey),
      wrapping,
      "AES-KW",
      "AES-GCM",
      extractable,
      ["encrypt", "decrypt"],
    );
  } catch (error) {
    throw refusal(error, "does not open: the password is wrong, or the file is damaged");
  }
}

async function deriveKey({ subtle }: WebCrypto, password: string, salt: Bytes, iterations: number) {
  const bytes = new TextEncoder().encode(password.normalize("NFC")) as Bytes;
  const key = await subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveKey"]);
  bytes.fill(0);
  const pbkdf2 = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  const target = { name: "AES-KW", length: 8 * KEY_BYTES };
  return subtle.deriveKey(pbkdf2, key, target, false, ["wrapKey", "unwrapKey"]);
}

/** With an IV of its own each time: of 96 random bits, which do not come again in a few thousand million. */
async function seal(crypto: WebCrypto, key: CryptoKey, secrets: ReadonlyMap<string, string>) {
  const contents = new TextEncoder().encode(JSON.stringify(Object.fromEntries(secrets))) as Bytes;
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(parametersOf(iv), key, contents);
  contents.fill(0);
  return { format: FORMAT, iv: toText(iv), sealed: toText(new Uint8Array(sealed)) } as const;
}

async function open(crypto: WebCrypto, key: CryptoKey, file: VaultFile): Promise<Map<string, string>> {
  try {
    const contents = await crypto.subtle.decrypt(parametersOf(toBytes(file.iv)), key, toBytes(file.sealed));
    return new Map(Object.entries(JSON.parse(new TextDecoder().decode(contents))));
  } catch (error) {
    throw refusal(error, "is damaged: its contents are not those that were sealed");
  }
}

function parametersOf(iv: Bytes): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(FORMAT) as Bytes };
}

/** WebCrypto has one error for all that is wrong with what was wrapped, or sealed. */
function refusal(error: unknown, message: string): unknown {
  return (error as Error).name === "OperationError" ? new VaultError(message) : error;
}

/** Strictly: there is one text for any bytes (RFC 4648, section 3.5). */
function isBase64url(text: unknown): boolean {
  if (typeof text !== "string" || !/^[\w-]+$/.test(text) || text.length % 4 === 1) return false;
  return toText(toBytes(text)) === text;
}

function toText(bytes: Bytes): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function toBytes(text: string): Bytes {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
