/** RSASSA-PKCS1-v1_5: https://w3c.github.io/webcrypto/#rsassa-pkcs1. */
import type { HashAlgorithm } from "../../core/hash.ts";
import type { FillRandom, RsaPrivateSlot, RsaPublicSlot } from "../../core/rsa.ts";
import { domException } from "../dom-exception.ts";
import type { Algorithm, Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type RsaHashedKeyAlgorithm, rsaKeys } from "./rsa-keys.ts";
import { digest, hashOf } from "./sha.ts";
import { after, type Result, SLICE_BYTES, Sliced, type Slices } from "./slices.ts";

export function sign(
  context: Context,
  _algorithm: Algorithm,
  key: KeySlots,
  message: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as RsaPrivateSlot; // Only private keys have the usage.
  const { hash } = key.algorithm as RsaHashedKeyAlgorithm;
  return after(digest(context, hash, message), (hashed) => {
    const encoded = encode(hashOf(hash), new Uint8Array(hashed), slot.modulusBits);
    if (encoded) return new Sliced(signInSlices(slot, encoded, context.fillRandom));
    const reason = `a modulus of ${slot.modulusBits} bits has no room for a signature with ${hash.name}`;
    throw domException("OperationError", `sign: ${reason}`);
  });
}

export function verify(
  context: Context,
  _algorithm: Algorithm,
  key: KeySlots,
  signature: Uint8Array,
  message: Uint8Array,
): Result<boolean> {
  const slot = key.handle as RsaPublicSlot; // Only public keys have the usage.
  const { hash } = key.algorithm as RsaHashedKeyAlgorithm;
  const given = message.length > SLICE_BYTES ? context.keep(signature) : signature;
  return after(digest(context, hash, message), (hashed) => {
    const encoded = encode(hashOf(hash), new Uint8Array(hashed), slot.modulusBits);
    return encoded ? new Sliced(verifyInSlices(slot, encoded, given)) : false;
  });
}

export const { generateKey, importKey, exportKey, getPublicKey } = rsaKeys({
  name: "RSASSA-PKCS1-v1_5",
  publicUsages: ["verify"],
  privateUsages: ["sign"],
  jwkUse: "sig",
  /** RFC 7518, section 3.3; RS1 is the standard's own. */
  jwkAlgorithms: { "SHA-1": "RS1", "SHA-256": "RS256", "SHA-384": "RS384", "SHA-512": "RS512" },
});

/** What DigestInfo has before the digest (RFC 8017, section 9.2, note 1). */
const PREFIXES: Record<string, string> = {
  "SHA-1": "3021300906052b0e03021a05000414",
  "SHA-256": "3031300d060960864801650304020105000420",
  "SHA-384": "3041300d060960864801650304020205000430",
  "SHA-512": "3051300d060960864801650304020305000440",
};

/** Bytes of the encoding that are neither DigestInfo nor padding, of which there are eight at least. */
const FRAME_BYTES = 3;
const PADDING_BYTES_MIN = 8;

/** EMSA-PKCS1-v1_5 (RFC 8017, section 9.2); undefined where the modulus is too short for it. */
function encode(hash: HashAlgorithm, hashed: Uint8Array, modulusBits: number): Uint8Array | undefined {
  const prefix = Uint8Array.from(PREFIXES[hash.name]!.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  const encoded = new Uint8Array(Math.ceil(modulusBits / 8)).fill(0xff);
  const digestAt = encoded.length - hashed.length;
  const prefixAt = digestAt - prefix.length;
  if (prefixAt < FRAME_BYTES + PADDING_BYTES_MIN) return undefined;
  encoded.set([0x00, 0x01]);
  encoded[prefixAt - 1] = 0x00;
  encoded.set(prefix, prefixAt);
  encoded.set(hashed, digestAt);
  return encoded;
}

/** RSASP1 (section 5.2.1). */
function* signInSlices(
  slot: RsaPrivateSlot,
  encoded: Uint8Array,
  fillRandom: FillRandom,
): Slices<ArrayBuffer> {
  const signature = yield* slot.raise(encoded, fillRandom);
  return signature!.buffer; // An encoding begins with a zero, and so is less than the modulus.
}

/** RSAVP1 (section 5.2.2), and then the whole encoding compared: nothing of it is parsed. */
function* verifyInSlices(slot: RsaPublicSlot, encoded: Uint8Array, signature: Uint8Array): Slices<boolean> {
  const recovered = yield* slot.raise(signature);
  return recovered?.every((byte, i) => byte === encoded[i]) ?? false;
}
