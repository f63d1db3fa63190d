/**
 * What follows from secrets and is public by design: the lines that decide by it. A finding in any other line is a leak.
 * Lines are named by a piece of their text, so that they are found again when others come before them.
 */
import type { Finding } from "./machine.ts";

interface PublicLine {
  file: string;
  text: string;
  /** Where nothing is said, it decides: by a branch or a `select`. */
  kinds?: readonly Finding["kind"][];
  why: string;
}

export const DECISIONS: readonly Finding["kind"][] = ["branch", "select"];

const TOLD = "the caller is told so, and no more";
const REFUSED =
  "of a candidate that is thrown away, which test it failed; those that stay pass all, in the same time";
const IS_KEY = "the caller is told whether the numbers make a key: of a key none of these conditions fails";

export const PUBLIC: PublicLine[] = [
  { file: "crypto/ec/", text: "declassified(", why: "the core says there why it is public" },
  { file: "crypto/ec/", text: "PrivateKey(", why: `whether a private key is in range: ${TOLD}` },
  { file: "exports.zig", text: "if (generated)", why: "whether a draw gave a private key" },
  {
    file: "crypto/ec/ecdsa.zig",
    text: "if (signWith(",
    why: "whether r or s is 0, when another nonce is drawn",
  },
  { file: "crypto/aes/gcm.zig", text: "hasTag(", why: `whether a message is authentic: ${TOLD}` },
  {
    file: "crypto/aes/kw.zig",
    text: "error.AuthenticationFailed",
    why: `whether a key was wrapped: ${TOLD}`,
  },
  { file: "encoding/base64url.zig", text: "error.Invalid", why: `whether a text is base64url: ${TOLD}` },
  { file: "crypto/rsa/key.zig", text: "return above == 1", why: IS_KEY },
  { file: "crypto/rsa/key.zig", text: "return error.InvalidKey", why: IS_KEY },
  {
    file: "crypto/rsa/inverse.zig",
    text: "(others | (0 -% others))",
    why: "whether there is an inverse: of keys there is",
  },
  {
    file: "crypto/rsa/operation.zig",
    text: "takeRepresentative(",
    why: "a signature's encoding is always below n",
  },
  {
    file: "crypto/rsa/operation.zig",
    text: "n.same(",
    why: "a result that does not pass the check is never released",
  },
  {
    file: "crypto/rsa/modulus.zig",
    text: "carrySerially(difference",
    why: "random bases at or above a candidate are refused",
  },
  { file: "crypto/rsa/prime.zig", text: "!is_below", why: "the same" },
  { file: "crypto/rsa/generation.zig", text: "isInInterval(", why: REFUSED },
  { file: "crypto/rsa/generation.zig", text: "return false", why: REFUSED },
  { file: "crypto/rsa/prime.zig", text: "return true", why: REFUSED },
  { file: "crypto/rsa/prime.zig", text: "return .composite", why: REFUSED },
  {
    file: "crypto/rsa/generation.zig",
    text: "findPrivateExponent(",
    why: "d has more than half the bits of n, or another q is sought",
  },
  {
    file: "crypto/rsa/modulus.zig",
    text: "",
    kinds: ["float"],
    why: "quotients are estimated in floating point, of integers and their reciprocals: never subnormal, never infinite",
  },
];
