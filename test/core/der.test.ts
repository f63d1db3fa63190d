/**
 * Key files through the core, against the host's OpenSSL and published ones. The reader's strictness is tested against
 * a second reader in zig/der/key_fuzz.zig; here, on the built modules, by what writing makes of whatever is accepted.
 *
 * FUZZ_SEED repeats a run, FUZZ_ROUNDS makes it longer: the last test, in thousands of mutated files.
 */
import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Core } from "../../ts/core/core.ts";
import {
  type CurveName,
  type EcPrivateKeyParts,
  KEY_FILE_BYTES_MAX,
  KeyFileError,
  type OkpPrivateKeyParts,
  type PrivateKeyParts,
  type PublicKeyParts,
  parsePkcs8,
  parseSpki,
  type RsaPrivateKeyParts,
  writePkcs8,
  writeSpki,
} from "../../ts/core/der.ts";
import { Status } from "../../ts/core/status.ts";
import { makeCore, random } from "../support/core.ts";

type Key = PublicKeyParts | PrivateKeyParts;
type Format = "spki" | "pkcs8";

interface Vector {
  source: string;
  format: Format;
  file: string;
  /** What it holds, in hexadecimal; or else the status that refuses it. */
  key?: Record<string, string | null>;
  refused?: keyof typeof Status;
}

const vectors = JSON.parse(readFileSync("test/vectors/keys.json", "utf8")) as Vector[];
const core = makeCore();
const unhex = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("hex");
const unbase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
/** OpenSSL's JWK has RSA's integers in their shortest form, but for zeros that fill up d's length and the like. */
const shortest = (text: string) => unbase64(text).subarray(unbase64(text).findIndex((byte) => byte !== 0));

const parse = (format: Format, file: Uint8Array, on: Core = core): Key =>
  format === "spki" ? parseSpki(on, file) : parsePkcs8(on, file);
const write = (format: Format, key: Key, on: Core = core): Uint8Array =>
  new Uint8Array(
    format === "spki" ? writeSpki(on, key as PublicKeyParts) : writePkcs8(on, key as PrivateKeyParts),
  );

/** The key, or null if the file was refused as a file. */
function tryParse(format: Format, file: Uint8Array): Key | null {
  try {
    return parse(format, file);
  } catch (error) {
    if (error instanceof KeyFileError) return null;
    throw error;
  }
}

function refuses(format: Format, file: Uint8Array, status: number, what?: string): void {
  assert.throws(
    () => parse(format, file),
    (error: Error) => error instanceof KeyFileError && error.status === status,
    what,
  );
}

/** A key's parts in hexadecimal, to compare. */
const inHex = (key: Key) =>
  Object.fromEntries(
    Object.entries(key).map(([name, part]) => [name, part instanceof Uint8Array ? hex(part) : part]),
  );

test("published key files are read, and written as they were; wrong ones are refused for what is wrong", () => {
  assert.ok(vectors.length > 20);
  for (const { source, format, file, key, refused } of vectors) {
    if (refused !== undefined) {
      refuses(format, unhex(file), Status[refused], source);
      continue;
    }
    const parts = parse(format, unhex(file));
    assert.equal(inHex(parts), key, source);
    assert.is(hex(write(format, parts)), file, source);
  }
});

const rsaSizes = [
  [512, 3],
  [1000, 17],
  [1024, 65537],
  [1025, 0xffff_ffff],
  [1536, 65537],
  [2048, 65537],
] as const;

for (const [modulusLength, publicExponent] of rsaSizes) {
  test(`RSA keys of ${modulusLength} bits are read and written as OpenSSL does`, () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
    const jwk = privateKey.export({ format: "jwk" }) as Record<string, string>;
    const integers = Object.entries(jwk).filter(([name]) => name !== "kty");
    const parts = Object.fromEntries(integers.map(([name, text]) => [name, shortest(text)]));
    const key = { algorithm: "RSA", ...parts } as unknown as RsaPrivateKeyParts;
    const { algorithm, n, e } = key;

    const spki = publicKey.export({ format: "der", type: "spki" });
    assert.equal(parseSpki(core, spki), { algorithm, n, e });
    assert.is(hex(writeSpki(core, { algorithm, n, e })), hex(spki));
    const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" });
    assert.equal(inHex(parsePkcs8(core, pkcs8)), inHex(key));
    assert.is(hex(writePkcs8(core, key)), hex(pkcs8));

    // Zeros in front are no part of a number.
    const padded = Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, Uint8Array.of(0, 0, ...part)]),
    );
    assert.is(hex(writePkcs8(core, { ...key, ...padded })), hex(pkcs8));
  });
}

const curves = [
  { curve: "P-256", namedCurve: "prime256v1", bytes: 32 },
  { curve: "P-384", namedCurve: "secp384r1", bytes: 48 },
  { curve: "P-521", namedCurve: "secp521r1", bytes: 66 },
] as const;

/** A key with this number, and what OpenSSL says is its point. */
function ecKey(curve: CurveName, namedCurve: string, scalar: Uint8Array): EcPrivateKeyParts {
  const ecdh = createECDH(namedCurve);
  ecdh.setPrivateKey(scalar);
  return {
    algorithm: "EC",
    curve,
    point: new Uint8Array(ecdh.getPublicKey()),
    scalar: new Uint8Array(scalar),
  };
}

for (const { curve, namedCurve, bytes } of curves) {
  test(`keys on ${curve} are read and written as OpenSSL does, small ones in full length`, () => {
    const scalars = Array.from({ length: 20 }, () => {
      const jwk = generateKeyPairSync("ec", { namedCurve }).privateKey.export({ format: "jwk" });
      return unbase64(jwk.d!);
    });
    for (const small of [1, 0x80, 0xffff]) {
      const scalar = new Uint8Array(bytes);
      new DataView(scalar.buffer).setUint16(bytes - 2, small);
      scalars.push(scalar);
    }
    for (const scalar of scalars) {
      const key = ecKey(curve, namedCurve, scalar);
      const publicKey = { algorithm: key.algorithm, curve, point: key.point! };
      const pkcs8 = new Uint8Array(writePkcs8(core, key));
      const node = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
      assert.is(hex(node.export({ format: "der", type: "pkcs8" })), hex(pkcs8));
      assert.equal(unbase64(node.export({ format: "jwk" }).d!), scalar);
      assert.equal(parsePkcs8(core, pkcs8), key);

      const spki = createPublicKey(node).export({ format: "der", type: "spki" });
      assert.is(hex(writeSpki(core, publicKey)), hex(spki));
      assert.equal(parseSpki(core, spki), publicKey);
    }
  });
}

const okpCurves = [
  { curve: "X25519", type: "x25519", bytes: 32 },
  { curve: "X448", type: "x448", bytes: 56 },
  { curve: "Ed25519", type: "ed25519", bytes: 32 },
  { curve: "Ed448", type: "ed448", bytes: 57 },
] as const;

for (const { curve, type, bytes } of okpCurves) {
  test(`keys for ${curve} are read and written as OpenSSL does`, () => {
    const { publicKey, privateKey } = generateKeyPairSync(type as "ed25519");
    const jwk = privateKey.export({ format: "jwk" });
    const open = { algorithm: "OKP", curve, publicKey: unbase64(jwk.x!) } as const;
    const secret = { algorithm: "OKP", curve, publicKey: null, privateKey: unbase64(jwk.d!) } as const;
    assert.is(open.publicKey.length, bytes);
    const spki = publicKey.export({ format: "der", type: "spki" });
    assert.equal(parseSpki(core, spki), open);
    assert.is(hex(writeSpki(core, open)), hex(spki));
    const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" });
    assert.equal(parsePkcs8(core, pkcs8), secret);
    assert.is(hex(writePkcs8(core, { ...secret, publicKey: open.publicKey })), hex(pkcs8));
  });
}

test("RFC 8410's private key with attributes and its public key has both halves", () => {
  const file = unbase64(
    "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp-K06_nwoy_HU--CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJz" +
      "gSEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE",
  );
  const [open, secret] = vectors
    .filter(({ source }) => source.startsWith("RFC 8410"))
    .map(({ format, file }) => parse(format, unhex(file)) as OkpPrivateKeyParts);
  const key = parsePkcs8(core, file) as OkpPrivateKeyParts;
  assert.equal(inHex(key), inHex({ ...secret!, publicKey: open!.publicKey }));
  assert.is(hex(writePkcs8(core, key)), hex(writePkcs8(core, secret!)));
});

const rsaIntegers =
  "020300a5b6" + "020103" + "02021234" + "020200c5" + "02017b" + "020111" + "020122" + "020133";
const rsaEncryption = "300d06092a864886f70d0101010500";

/** Small files of each kind; the contents of none of their parts matter to a reader. */
const small: { format: Format; file: Uint8Array }[] = [
  { format: "spki", file: unhex(`301c${rsaEncryption}030b003008020300a5b6020103`) },
  { format: "pkcs8", file: unhex(`3035020100${rsaEncryption}0421301f020100${rsaIntegers}`) },
  ...vectors
    .filter(({ key }) => key?.curve === "P-256" || key?.curve === "Ed25519")
    .map(({ format, file }) => ({ format, file: unhex(file) })),
];

/** What is accepted is written with the same meaning, and, if as long as before, with the same bytes. */
function isReadAsItIsWritten(format: Format, file: Uint8Array): boolean {
  const key = tryParse(format, file);
  if (key === null) return false;
  // What a point is, the curve's own code finds out; only whole and uncompressed ones are written.
  if (key.algorithm === "EC" && key.point !== null) {
    const coordinate = curves.find(({ curve }) => curve === key.curve)!.bytes;
    if (key.point[0] !== 4 || key.point.length !== 1 + 2 * coordinate) return true;
  }
  const written = write(format, key);
  if (written.length === file.length) assert.is(hex(written), hex(file));
  assert.equal(parse(format, written), key, hex(file));
  return true;
}

test("a file cut anywhere is refused, and one with anything behind it", () => {
  for (const { format, file } of small) {
    for (let length = 0; length < file.length; length++) {
      refuses(format, file.subarray(0, length), Status.INVALID_DER, `${length} bytes of ${hex(file)}`);
    }
    for (const more of [[0], [0, 0], [5, 0], file]) {
      refuses(format, Uint8Array.of(...file, ...more), Status.INVALID_DER);
    }
  }
});

test("a file with any byte replaced by any other is refused, or means what it says", () => {
  let accepted = 0;
  for (const { format, file } of small) {
    const bytes = file.slice();
    for (const [at, original] of file.entries()) {
      for (let value = 0; value < 256; value++) {
        bytes[at] = value;
        if (isReadAsItIsWritten(format, bytes)) accepted++;
      }
      bytes[at] = original;
    }
  }
  assert.ok(accepted > 1000);
});

test("a compressed point is passed on as it stands", () => {
  const point = unhex(`02${"5a".repeat(32)}`);
  const header = unhex("3039301306072a8648ce3d020106082a8648ce3d030107032200");
  assert.equal(parseSpki(core, Uint8Array.of(...header, ...point)), {
    algorithm: "EC",
    curve: "P-256",
    point,
  });
});

test("a file of the other kind is none", () => {
  for (const { format, file } of small) {
    refuses(format === "spki" ? "pkcs8" : "spki", file, Status.INVALID_DER);
  }
});

test("keys of other algorithms and curves, and of more than two primes, are told apart", () => {
  const export_ = (key: { export(options: { format: "der"; type: Format }): Buffer }, type: Format) =>
    key.export({ format: "der", type });
  for (const [type, options, status] of [
    ["dh", { group: "modp14" }, Status.UNKNOWN_KEY_ALGORITHM],
    ["rsa-pss", { modulusLength: 512 }, Status.UNKNOWN_KEY_ALGORITHM],
    ["ec", { namedCurve: "secp256k1" }, Status.UNKNOWN_CURVE],
    ["ec", { namedCurve: "prime256v1", paramEncoding: "explicit" }, Status.UNKNOWN_CURVE],
  ] as const) {
    const { publicKey, privateKey } = generateKeyPairSync(type as "ec", options as { namedCurve: string });
    refuses("spki", export_(publicKey, "spki"), status, type);
    refuses("pkcs8", export_(privateKey, "pkcs8"), status, type);
  }
  const others = "300b3009020101020102020103";
  const multiPrime = unhex(`3042020100${rsaEncryption}042e302c020101${rsaIntegers}${others}`);
  refuses("pkcs8", multiPrime, Status.MULTI_PRIME_KEY);
  assert.throws(() => parsePkcs8(core, multiPrime), /^is an RSA key of more than two primes$/);
  assert.throws(() => parseSpki(core, new Uint8Array(0)), /^is not a SubjectPublicKeyInfo in DER$/);
});

test("a file may have attributes of any size that the longest file has; longer ones are refused unread", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
  const plain = privateKey.export({ format: "der", type: "pkcs8" });
  const wrap = (tag: number, contents: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(contents.length);
    const octets = length.subarray(length.findIndex((byte) => byte !== 0));
    return Buffer.concat([
      Buffer.of(tag, ...(contents.length < 128 ? [contents.length] : [0x80 + octets.length, ...octets])),
      contents,
    ]);
  };
  const withAttribute = (length: number) => {
    const value = wrap(0x0c, Buffer.alloc(length, "a"));
    const attributes = wrap(0xa0, wrap(0x30, Buffer.concat([unhex("06032a0304"), wrap(0x31, value)])));
    return wrap(0x30, Buffer.concat([plain.subarray(4), attributes]));
  };
  const around = withAttribute(60_000).length - 60_000;
  for (const length of [1, 200, 300, 60_000, KEY_FILE_BYTES_MAX - around]) {
    const file = withAttribute(length);
    assert.equal(parsePkcs8(core, file), parsePkcs8(core, plain));
    refuses("pkcs8", file.subarray(0, -1), Status.INVALID_DER);
  }
  const pool = core.statistics().poolBytes;
  for (const file of [withAttribute(KEY_FILE_BYTES_MAX - around + 1), new Uint8Array(1 << 28)]) {
    for (const format of ["pkcs8", "spki"] as const) {
      assert.throws(() => parse(format, file), /^has \d+ bytes; 65536 is the most for a key file$/);
    }
  }
  assert.is(core.statistics().poolBytes, pool);
  assert.is(core.statistics().liveArenas, 0);
});

test("no file is written of parts that make none", () => {
  const { algorithm, n, e } = parseSpki(core, small[0]!.file) as RsaPrivateKeyParts;
  const ec = parsePkcs8(core, small.at(-3)!.file) as EcPrivateKeyParts;
  const okp = parsePkcs8(core, small.at(-1)!.file) as OkpPrivateKeyParts;
  const point = ecKey("P-256", "prime256v1", ec.scalar).point!;
  const cases: Key[] = [
    { algorithm, n: new Uint8Array(0), e },
    { algorithm, n, e: new Uint8Array(3) },
    { ...ec, point, scalar: ec.scalar.slice(1) },
    { ...ec, point, scalar: Uint8Array.of(0, ...ec.scalar) },
    { ...ec, point, curve: "P-384" },
    { ...ec, point: point.slice(1) },
    { ...ec, point: Uint8Array.of(2, ...point.subarray(1, 33)) },
    { ...ec, point: Uint8Array.of(2, ...point.subarray(1)) },
    { ...okp, privateKey: okp.privateKey.slice(1) },
    { ...okp, privateKey: Uint8Array.of(...okp.privateKey, 0) },
    { ...okp, curve: "Ed448" },
    { algorithm: "OKP", curve: "X25519", publicKey: new Uint8Array(0) },
    { algorithm: "OKP", curve: "X448", publicKey: new Uint8Array(57) },
  ];
  for (const key of cases) {
    const format = "scalar" in key || "privateKey" in key ? "pkcs8" : "spki";
    assert.throws(() => write(format, key), /parts that no key can be made of/);
  }
  assert.throws(
    () => writeSpki(core, { algorithm: "EC", curve: "P-256", point: new Uint8Array(0) }),
    /parts that no key can be made of/,
  );
  assert.is(core.statistics().liveArenas, 0);
});

/** A table for RSA's eight integers, `length` bytes each, one behind the other. */
const tableOf = (length: number) =>
  Uint32Array.of(1, 0, ...Array.from({ length: 8 }, (_, i) => [i * length, length]).flat());

test("parts outside their area, unknown numbers and too little room are refused", () => {
  const { raw, memory } = core;
  const arena = core.openArena();
  const table = arena.alloc(72);
  const input = arena.place(new Uint8Array(80).fill(0x55));
  const output = arena.place(new Uint8Array(256));
  const set = (words: Uint32Array) => memory.words.set(words, table >>> 2);
  set(tableOf(10));
  const length = raw["der.pkcs8_bytes"](input, 80, table);
  assert.is(length, 2 + 3 + 15 + 2 + 2 + 3 + 8 * 12);
  assert.is(raw["der.write_pkcs8"](input, 80, table, output, length - 1), Status.NO_SPACE);
  assert.equal(memory.bytes.slice(output, output + 256), new Uint8Array(256));
  assert.is(raw["der.write_pkcs8"](input, 80, table, output, 256), length);
  for (const size of [0, 1, 79]) {
    assert.is(raw["der.pkcs8_bytes"](input, size, table), Status.INVALID_KEY_PARTS);
  }
  for (const [word, value] of [
    [0, 0],
    [0, 4],
    [0, 0xffff_ffff],
    [2, 0xffff_fff8],
    [3, 0xffff_ffff],
    [16, 81],
    [17, 0],
  ] as const) {
    set(tableOf(10).fill(value, word, word + 1));
    assert.is(raw["der.pkcs8_bytes"](input, 80, table), Status.INVALID_KEY_PARTS, `word ${word}: ${value}`);
  }
  for (const curve of [0, 4, 0xffff_ffff]) {
    set(Uint32Array.of(2, curve, 0, 0, 0, 32));
    assert.is(raw["der.pkcs8_bytes"](input, 80, table), Status.INVALID_KEY_PARTS);
  }
  for (const curve of [0, 5, 0xffff_ffff]) {
    set(Uint32Array.of(3, curve, 0, 0, 0, 32));
    assert.is(raw["der.pkcs8_bytes"](input, 80, table), Status.INVALID_KEY_PARTS);
  }
  arena.close();
});

test("parts that name the same bytes a thousand times over, or more than there is, are counted right", () => {
  const { raw, memory } = core;
  const arena = core.openArena();
  const table = arena.alloc(72);
  const length = 300 << 20;
  const input = arena.alloc(length);
  memory.bytes.fill(1, input, input + length);
  memory.words.set(
    tableOf(length).map((word, i) => (i > 1 && i % 2 === 0 ? 0 : word)),
    table >>> 2,
  );
  assert.is(raw["der.pkcs8_bytes"](input, length, table), Status.NO_SPACE);
  arena.close();
});

test("room that overlaps what is written spoils nothing beyond it", () => {
  const { raw, memory } = core;
  const next = random(0x6f76);
  const arena = core.openArena();
  const area = arena.alloc(1024);
  for (let round = 0; round < 2000; round++) {
    const table = arena.alloc(72);
    const input = area + 256 + Math.floor(next() * 64);
    const output = area + 256 + Math.floor(next() * 64);
    memory.words.set(tableOf(10), table >>> 2);
    for (let at = 0; at < 1024; at++) memory.bytes[area + at] = next() < 0.5 ? 0 : 0xff;
    const before = memory.bytes.slice(area, area + 1024);
    const length = raw["der.pkcs8_bytes"](input, 80, table);
    if (length === Status.INVALID_KEY_PARTS) continue;
    assert.is(raw["der.write_pkcs8"](input, 80, table, output, length), length);
    const from = output - area;
    assert.equal(memory.bytes.slice(area, output), before.subarray(0, from));
    assert.equal(memory.bytes.slice(output + length, area + 1024), before.subarray(from + length));
  }
  arena.close();
});

function secretsOf(key: PrivateKeyParts): Uint8Array[] {
  if (key.algorithm === "RSA") return [key.d, key.p, key.q, key.dp, key.dq, key.qi];
  return [key.algorithm === "EC" ? key.scalar : key.privateKey];
}

test("no piece of a private key stays in the core's memory", () => {
  const secretive = makeCore();
  const left = (key: PrivateKeyParts) => {
    const memory = Buffer.from(secretive.memory.bytes.buffer);
    return secretsOf(key).some((secret) => {
      for (let at = 0; at + 8 <= secret.length; at += 8)
        if (memory.includes(Buffer.from(secret.subarray(at, at + 8)))) return true;
      return false;
    });
  };
  const pairs = [
    generateKeyPairSync("rsa", { modulusLength: 1024 }),
    generateKeyPairSync("ec", { namedCurve: "P-521" }),
    generateKeyPairSync("ed448"),
  ];
  for (const { privateKey } of pairs) {
    const file = privateKey.export({ format: "der", type: "pkcs8" });
    const key = parsePkcs8(secretive, file);
    assert.not(left(key));
    assert.is(hex(writePkcs8(secretive, key)), hex(file));
    assert.not(left(key));
    const arena = secretive.openArena();
    arena.place(file);
    assert.ok(left(key), "what is there is found");
    arena.close();
  }
});

test("a closed core reads and writes no more", () => {
  const closed = makeCore();
  const { format, file } = small[0]!;
  const key = parse(format, file, closed);
  closed.close();
  for (const use of [() => parse(format, file, closed), () => write(format, key, closed)]) {
    assert.throws(use, (error: DOMException) => error.name === "InvalidStateError");
  }
});

test("mutated files are refused, or mean what they say", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
  const rounds = Number(process.env.FUZZ_ROUNDS ?? 60) * 1000;
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const splinters = [
    "00",
    "80",
    "ff",
    "0500",
    "3000",
    "3080",
    "020100",
    "8101",
    "820001",
    "84ffffffff",
    "a000",
  ];
  const pieces = splinters.map((piece) => unhex(piece));
  const room = new Uint8Array(512);
  for (let round = 0; round < rounds; round++) {
    const { format, file } = small[below(small.length)]!;
    room.set(file);
    let { length } = file;
    for (let times = 1 + below(3); times > 0; times--) {
      const at = below(length + 1);
      const piece = next() < 0.3 ? Uint8Array.of(below(256)) : pieces[below(pieces.length)]!;
      const gone = next() < 0.7 ? Math.min(piece.length, length - at) : Math.min(below(4), length - at);
      room.copyWithin(at + piece.length, at + gone, length);
      room.set(piece, at);
      length += piece.length - gone;
    }
    try {
      isReadAsItIsWritten(format, room.subarray(0, length));
    } catch (error) {
      console.log(`FUZZ_SEED=${seed}, round ${round}: ${hex(room.subarray(0, length))}`);
      throw error;
    }
  }
});

test("nothing is left open", () => {
  assert.is(core.statistics().liveArenas, 0);
});

test.run();
