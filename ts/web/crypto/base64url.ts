/**
 * Base 64 with URL and filename safe alphabet, without padding: RFC 4648, section 5, as JSON Web Keys use it (RFC
 * 7515, section 2). Strict: nothing but the alphabet, no length that encodes no bytes, no stray bits at the end.
 *
 * Constant time in what is encoded: characters are computed, never looked up. Lengths are public.
 */

/** The bytes, or undefined for what is no base64url. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let wrong = 0;
  let bits = 0;
  let bitCount = 0;
  for (let i = 0, at = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const value = placeOf(unit & 0x7f);
    wrong |= (unit >> 7) | (value >> 6); // outside ASCII, or outside the alphabet
    bits = ((bits << 6) | (value & 0x3f)) & 0xfff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[at++] = bits >> bitCount;
  }
  wrong |= bitCount === 6 ? 1 : bits & ((1 << bitCount) - 1); // a lone character, or stray bits
  if (wrong === 0) return bytes;
  bytes.fill(0);
  return undefined;
}

export function encodeBase64url(bytes: Uint8Array): string {
  const units = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0x3fff;
    bitCount += 8;
    while (bitCount >= 6) {
      bitCount -= 6;
      units[at++] = characterOf((bits >> bitCount) & 0x3f);
    }
  }
  if (bitCount > 0) units[at] = characterOf((bits << (6 - bitCount)) & 0x3f);
  const text = new TextDecoder().decode(units);
  units.fill(0);
  return text;
}

/** A character's place in the alphabet, or -1. Each line adds to -1 if the character is between two others. */
function placeOf(unit: number): number {
  return (
    -1 +
    ((((0x40 - unit) & (unit - 0x5b)) >> 8) & (unit - 0x40)) + // A to Z: 0 to 25
    ((((0x60 - unit) & (unit - 0x7b)) >> 8) & (unit - 0x46)) + // a to z: 26 to 51
    ((((0x2f - unit) & (unit - 0x3a)) >> 8) & (unit + 5)) + // 0 to 9: 52 to 61
    ((((0x2c - unit) & (unit - 0x2e)) >> 8) & 63) + // -: 62
    ((((0x5e - unit) & (unit - 0x60)) >> 8) & 64) // _: 63
  );
}

/** The character at a place of the alphabet. Each line corrects the distance where a new range has begun. */
function characterOf(value: number): number {
  let distance = 0x41; // A to Z
  distance += ((25 - value) >> 8) & 6; // a to z
  distance -= ((51 - value) >> 8) & 75; // 0 to 9
  distance -= ((61 - value) >> 8) & 13; // -
  distance += ((62 - value) >> 8) & 49; // _
  return value + distance;
}
