/**
 * Encrypted files, of any size, in pieces: AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár:
 * Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015), with the nonces that age gives it
 * (https://age-encryption.org/v1).
 *
 *   header   magic     24 bytes   "nanort encrypted file 1\n"
 *            salt      32         random, another in each file
 *            check     32         tells whether header and key belong together
 *   chunks   each 64 KiB of plaintext, sealed, 16 bytes longer; the last may be shorter, and is there in any case
 *
 * The nonce of a chunk is its number, and whether it is the last. So it opens in its own place alone: chunks that were
 * changed, swapped, repeated or left out are refused, and so is a file that was cut off or added to.
 *
 * The key itself seals nothing: 96 bits are too few to draw nonces at random for file after file. From it and the salt
 * come a key for this file, whose chunks count from 0, and the check (SP 800-108, counter mode, one step of
 * HMAC-SHA-512). Where the salt is another, so are both.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** What of WebCrypto is needed. */
interface WebCrypto extends Pick<Crypto, "getRandomValues"> {
  readonly subtle: Pick<SubtleCrypto, "importKey" | "sign" | "encrypt" | "decrypt">;
}

const KEY_BYTES = 32;

const MAGIC = new TextEncoder().encode("nanort encrypted file 1\n");
const SALT_BYTES = 32;
const CHECK_BYTES = 32;
const HEADER_BYTES = MAGIC.length + SALT_BYTES + CHECK_BYTES;
const CHUNK_BYTES = 64 * 1024;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + 16;

/** What is wrong with a file, in words to follow its name. */
export class DecryptionError extends Error {}

/** @param key of 32 bytes. */
export async function* encrypt(
  crypto: WebCrypto,
  key: Bytes,
  plaintext: AsyncIterable<Uint8Array>,
): AsyncGenerator<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const { fileKey, check } = await deriveFileKey(crypto, key, salt);
  yield concatenate(MAGIC, salt, check);

  let index = 0;
  for await (const { bytes, isLast } of chunksOf(plaintext, CHUNK_BYTES)) {
    const sealed = await crypto.subtle.encrypt(parametersOf(index, isLast), fileKey, bytes);
    yield new Uint8Array(sealed);
    index++;
  }
}

/**
 * Gives each piece of plaintext when it is verified. That nothing is missing is known at the end alone: what came before
 * an error is to be thrown away.
 *
 * @param key of 32 bytes.
 * @throws DecryptionError
 */
export async function* decrypt(
  crypto: WebCrypto,
  key: Bytes,
  encrypted: AsyncIterable<Uint8Array>,
): AsyncGenerator<Bytes> {
  let fileKey: CryptoKey | undefined;
  let index = 0;
  for await (const { bytes, isLast } of chunksOf(encrypted, SEALED_CHUNK_BYTES, HEADER_BYTES)) {
    if (!fileKey) {
      if (!equal(bytes.subarray(0, MAGIC.length), MAGIC)) throw new DecryptionError("is no encrypted file");
      if (isLast) throw new DecryptionError("is cut off");
      fileKey = await openHeader(crypto, key, bytes);
      continue;
    }
    const opened = crypto.subtle.decrypt(parametersOf(index, isLast), fileKey, bytes);
    yield new Uint8Array(await opened.catch((error: Error) => refuse(error, index)));
    index++;
  }
}

async function openHeader(crypto: WebCrypto, key: Bytes, header: Bytes): Promise<CryptoKey> {
  const salt = header.subarray(MAGIC.length, -CHECK_BYTES);
  const { fileKey, check } = await deriveFileKey(crypto, key, salt);
  if (equal(header.subarray(-CHECK_BYTES), check)) return fileKey;
  throw new DecryptionError("was encrypted with another key, or its beginning is damaged");
}

/** WebCrypto has one error for all that is wrong with a chunk. */
function refuse(error: Error, index: number): never {
  if (error.name !== "OperationError") throw error;
  const offset = HEADER_BYTES + index * SEALED_CHUNK_BYTES;
  throw new DecryptionError(`is damaged, or cut off, somewhere after its first ${offset} bytes`);
}

/** SP 800-108r1, section 4.1: PRF(key, [1] || Label || 0x00 || Context || [L]), with L, in bits, as 32 bits. */
async function deriveFileKey({ subtle }: WebCrypto, key: Bytes, salt: Bytes) {
  if (key.length !== KEY_BYTES) throw new RangeError(`the key has ${key.length} bytes, not ${KEY_BYTES}`);
  const hmac = { name: "HMAC", hash: "SHA-512" };
  const prfKey = await subtle.importKey("raw", key, hmac, false, ["sign"]);
  const input = concatenate(
    Uint8Array.of(0, 0, 0, 1),
    MAGIC,
    Uint8Array.of(0),
    salt,
    Uint8Array.of(0, 0, 2, 0),
  );
  const derived = new Uint8Array(await subtle.sign(hmac, prfKey, input));
  const bits = derived.subarray(0, KEY_BYTES);
  const fileKey = await subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
  bits.fill(0);
  return { fileKey, check: derived.subarray(KEY_BYTES) };
}

/** The nonce has 96 bits: 88 for the chunk's number, big-endian, and 8 that are 1 for the last chunk. */
function parametersOf(index: number, isLast: boolean): AesGcmParams {
  const iv = new DataView(new ArrayBuffer(12));
  iv.setBigUint64(3, BigInt(index));
  iv.setUint8(11, isLast ? 1 : 0);
  return { name: "AES-GCM", iv };
}

/**
 * Pieces of any size as chunks of one, but for the first, which may be of another, and the last, which may be shorter
 * and is empty only if there is nothing at all. A chunk's bytes are to be used before the next is asked for.
 */
async function* chunksOf(pieces: AsyncIterable<Uint8Array>, chunkBytes: number, firstBytes = chunkBytes) {
  const buffer = new Uint8Array(chunkBytes);
  let chunk = buffer.subarray(0, firstBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      // Only now it is known that the chunk is not the last.
      if (filled === chunk.length) {
        yield { bytes: chunk, isLast: false };
        chunk = buffer;
        filled = 0;
      }
      const part = piece.subarray(at, at + chunk.length - filled);
      chunk.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  yield { bytes: chunk.subarray(0, filled), isLast: true };
}

function concatenate(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Takes its time by what differs: for what stands in a file for all to read. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
