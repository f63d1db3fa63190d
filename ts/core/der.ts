/**
 * Key files in the core: "spki", SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), and "pkcs8", PrivateKeyInfo and
 * OneAsymmetricKey (RFC 5208, RFC 5958), for RSA keys (RFC 8017 appendix A.1), for keys on P-256, P-384 and P-521
 * (RFC 5480, RFC 5915), and for those of X25519, X448, Ed25519 and Ed448 (RFC 8410). Strict DER (X.690), whole.
 *
 * What a file says is taken apart, no more: whether a point lies on its curve, or an RSA key's integers belong
 * together, is for those to find out who compute with them.
 */
import type { Core } from "./core.ts";
import { check, Status } from "./status.ts";

export type CurveName = keyof typeof CURVES;
export type OkpCurveName = keyof typeof OKP_CURVES;

/** Big-endian integers above zero, as RFC 7518 section 6.3 names them. Those that are read have no zeros in front. */
export interface RsaPublicKeyParts {
  readonly algorithm: "RSA";
  readonly n: Uint8Array;
  readonly e: Uint8Array;
}

export interface RsaPrivateKeyParts extends RsaPublicKeyParts {
  readonly d: Uint8Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  readonly dp: Uint8Array;
  readonly dq: Uint8Array;
  readonly qi: Uint8Array;
}

export interface EcPublicKeyParts {
  readonly algorithm: "EC";
  readonly curve: CurveName;
  /** SEC 1 section 2.3.3. What is written is uncompressed; what is read may be anything but empty. */
  readonly point: Uint8Array;
}

export interface EcPrivateKeyParts {
  readonly algorithm: "EC";
  readonly curve: CurveName;
  /** Null in files that leave it out. */
  readonly point: Uint8Array | null;
  /** Big-endian, as many bytes as the curve's order has: 32, 48 or 66. */
  readonly scalar: Uint8Array;
}

/** Keys as long as their curve's: 32 bytes, 56 for X448, 57 for Ed448. */
export interface OkpPublicKeyParts {
  readonly algorithm: "OKP";
  readonly curve: OkpCurveName;
  readonly publicKey: Uint8Array;
}

export interface OkpPrivateKeyParts {
  readonly algorithm: "OKP";
  readonly curve: OkpCurveName;
  /** Null in files that leave it out. It is not written. */
  readonly publicKey: Uint8Array | null;
  readonly privateKey: Uint8Array;
}

export type PublicKeyParts = RsaPublicKeyParts | EcPublicKeyParts | OkpPublicKeyParts;
export type PrivateKeyParts = RsaPrivateKeyParts | EcPrivateKeyParts | OkpPrivateKeyParts;

/** A file that is no key, or none of those above. The message is what to say of it: "is not ...". */
export class KeyFileError extends Error {
  /** Of the core: which of those below it was. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "KeyFileError";
    this.status = status;
  }
}

const REFUSALS: Record<number, string> = {
  [Status.UNKNOWN_KEY_ALGORITHM]:
    "is a key of another algorithm than rsaEncryption, id-ecPublicKey and the four of RFC 8410",
  [Status.UNKNOWN_CURVE]:
    "is a key on another curve than P-256, P-384 and P-521, or on one that is not named",
  [Status.MULTI_PRIME_KEY]: "is an RSA key of more than two primes",
};

/** RSA keys of 16384 bits take some 10 KiB; the rest is for attributes, which nobody reads. */
export const KEY_FILE_BYTES_MAX = 65_536;

// As zig/der/oids.zig and table.zig number and lay them out, in words of 32 bits.
const ALGORITHMS = { RSA: 1, EC: 2, OKP: 3 } as const;
const CURVES = { "P-256": 1, "P-384": 2, "P-521": 3 } as const;
const CURVE_NAMES = ["P-256", "P-384", "P-521"] as const satisfies CurveName[];
const OKP_CURVES = { X25519: 1, X448: 2, Ed25519: 3, Ed448: 4 } as const;
const OKP_CURVE_NAMES = ["X25519", "X448", "Ed25519", "Ed448"] as const satisfies OkpCurveName[];
const TABLE_BYTES = 72;
const ALGORITHM = 0;
const CURVE = 1;
const PARTS = 2;

/**
 * What a "spki" file holds: its parts are views of the file.
 *
 * @throws KeyFileError
 */
export function parseSpki(core: Core, file: Uint8Array): PublicKeyParts {
  return parse(core, "der.parse_spki", "a SubjectPublicKeyInfo", file, (table) => {
    switch (table.algorithm) {
      case ALGORITHMS.RSA:
        return { algorithm: "RSA", n: table.part(0), e: table.part(1) };
      case ALGORITHMS.EC:
        return { algorithm: "EC", curve: CURVE_NAMES[table.curve - 1]!, point: table.part(0) };
      default:
        return { algorithm: "OKP", curve: OKP_CURVE_NAMES[table.curve - 1]!, publicKey: table.part(0) };
    }
  });
}

/**
 * What a "pkcs8" file holds: its parts are views of the file, and nothing is copied that would have to be wiped.
 *
 * @throws KeyFileError
 */
export function parsePkcs8(core: Core, file: Uint8Array): PrivateKeyParts {
  return parse(core, "der.parse_pkcs8", "a PrivateKeyInfo", file, (table) => {
    if (table.algorithm !== ALGORITHMS.RSA) {
      const given = table.part(0);
      const publicKey = given.length > 0 ? given : null;
      const privateKey = table.part(1);
      if (table.algorithm === ALGORITHMS.OKP) {
        return { algorithm: "OKP", curve: OKP_CURVE_NAMES[table.curve - 1]!, publicKey, privateKey };
      }
      const curve = CURVE_NAMES[table.curve - 1]!;
      return { algorithm: "EC", curve, point: publicKey, scalar: privateKey };
    }
    return {
      algorithm: "RSA",
      n: table.part(0),
      e: table.part(1),
      d: table.part(2),
      p: table.part(3),
      q: table.part(4),
      dp: table.part(5),
      dq: table.part(6),
      qi: table.part(7),
    };
  });
}

/** The "spki" file of a key. */
export function writeSpki(core: Core, key: PublicKeyParts): ArrayBuffer {
  switch (key.algorithm) {
    case "RSA":
      return write(core, "spki", key, [key.n, key.e]);
    case "EC":
      return write(core, "spki", key, [key.point]);
    default:
      return write(core, "spki", key, [key.publicKey]);
  }
}

/** The "pkcs8" file of a key: PrivateKeyInfo, without attributes. A point that is null is left out. */
export function writePkcs8(core: Core, key: PrivateKeyParts): ArrayBuffer {
  switch (key.algorithm) {
    case "RSA":
      return write(core, "pkcs8", key, [key.n, key.e, key.d, key.p, key.q, key.dp, key.dq, key.qi]);
    case "EC":
      return write(core, "pkcs8", key, [key.point ?? NONE, key.scalar]);
    default:
      return write(core, "pkcs8", key, [NONE, key.privateKey]);
  }
}

const NONE = new Uint8Array(0);

interface Table {
  readonly algorithm: number;
  readonly curve: number;
  /** A view; empty if there is none. */
  part(index: number): Uint8Array;
}

function parse<Key>(
  core: Core,
  parser: "der.parse_spki" | "der.parse_pkcs8",
  expected: string,
  file: Uint8Array,
  take: (table: Table) => Key,
): Key {
  if (file.length > KEY_FILE_BYTES_MAX) {
    const message = `has ${file.length} bytes; ${KEY_FILE_BYTES_MAX} is the most for a key file`;
    throw new KeyFileError(Status.INVALID_DER, message);
  }
  const { raw, memory } = core;
  const arena = core.openArena();
  try {
    const table = arena.alloc(TABLE_BYTES + file.length);
    const input = table + TABLE_BYTES;
    memory.bytes.set(file, input);
    const status = raw[parser](input, file.length, table);
    if (status === Status.INVALID_DER) throw new KeyFileError(status, `is not ${expected} in DER`);
    const refusal = REFUSALS[status];
    if (refusal) throw new KeyFileError(status, refusal);
    check(status);

    const { words } = memory;
    const at = table >>> 2;
    return take({
      algorithm: words[at + ALGORITHM]!,
      curve: words[at + CURVE]!,
      part: (index) => {
        const offset = words[at + PARTS + 2 * index]!;
        const length = words[at + PARTS + 2 * index + 1]!;
        return new Uint8Array(file.buffer, file.byteOffset + offset, length);
      },
    });
  } finally {
    arena.close();
  }
}

function write(
  core: Core,
  format: "spki" | "pkcs8",
  key: PublicKeyParts | PrivateKeyParts,
  parts: Uint8Array[],
): ArrayBuffer {
  const { raw, memory } = core;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const arena = core.openArena();
  try {
    const table = arena.alloc(TABLE_BYTES + length);
    const input = table + TABLE_BYTES;
    const { bytes, words } = memory;
    const at = table >>> 2;
    words.fill(0, at, at + TABLE_BYTES / 4);
    words[at + ALGORITHM] = ALGORITHMS[key.algorithm];
    words[at + CURVE] = numberOf(key);
    let offset = 0;
    for (const [index, part] of parts.entries()) {
      bytes.set(part, input + offset);
      words[at + PARTS + 2 * index] = offset;
      words[at + PARTS + 2 * index + 1] = part.length;
      offset += part.length;
    }
    const outputLength = check(raw[`der.${format}_bytes`](input, length, table));
    const output = arena.alloc(outputLength);
    check(raw[`der.write_${format}`](input, length, table, output, outputLength));
    return memory.copy(output, outputLength);
  } finally {
    arena.close();
  }
}

/** Of the curve; 0 for RSA, which has none. */
function numberOf(key: PublicKeyParts | PrivateKeyParts): number {
  if (key.algorithm === "RSA") return 0;
  return key.algorithm === "EC" ? CURVES[key.curve] : OKP_CURVES[key.curve];
}
