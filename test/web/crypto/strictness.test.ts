/**
 * Every key has one encoding, and each departure from it is a DataError: key files in BER that is no DER (ITU-T X.690,
 * section 10 and 11), with anything left out, added, or of another type, at every place in them; curves that are
 * other ones, or spelled out as parameters (RFC 5480, section 2.1.1); members of JSON Web Keys that are base64url only to
 * the lenient, or numbers with zeros before them (RFC 7518, section 2).
 */
import { generateKeyPairSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { callSync, hex, nano, refusal } from "../support.ts";

const { subtleSync } = nano;

interface Algorithm {
  name: string;
  [parameter: string]: unknown;
}

const RSA = { name: "RSA-PSS", hash: "SHA-256", modulusLength: 512, publicExponent: Uint8Array.of(1, 0, 1) };
const ALGORITHMS: Algorithm[] = [
  RSA,
  ...["P-256", "P-384", "P-521"].map((namedCurve) => ({ name: "ECDSA", namedCurve })),
  { name: "ECDH", namedCurve: "P-256" },
  ...["Ed25519", "Ed448", "X25519", "X448"].map((name) => ({ name })),
];
const titleOf = ({ name, namedCurve }: Algorithm) => (namedCurve ? `${name} on ${namedCurve}` : name);

const agrees = ({ name }: Algorithm) => name === "ECDH" || name.startsWith("X");
const usagesOf = (algorithm: Algorithm): KeyUsage[] => [agrees(algorithm) ? "deriveBits" : "sign"];

const generate = (algorithm: Algorithm) =>
  subtleSync.generateKey(algorithm, true, usagesOf(algorithm)) as CryptoKeyPair;

function requireRefused(format: string, keyData: unknown, algorithm: Algorithm, what: string): void {
  const usages =
    format === "pkcs8" || (format === "jwk" && "d" in (keyData as object)) ? usagesOf(algorithm) : [];
  const outcome = callSync(nano, "importKey", [format, keyData, algorithm, true, usages]);
  const given = keyData instanceof Uint8Array ? hex(keyData) : JSON.stringify(keyData);
  if (!("error" in outcome)) throw new Error(`${what} was imported: ${given}`);
  assert.is(outcome.error.name, "DataError", `${what}: ${outcome.error}: ${given}`);
}

/** A value of ASN.1: what is in it are other values, behind some bytes of its own, or bytes. */
interface Value {
  tag: number;
  before: Buffer;
  content: Value[] | Buffer;
}

const SEQUENCE = 0x30;
const OCTET_STRING = 4;
const BIT_STRING = 3;
const INTEGER = 2;

/** @param depth of the file's values; some of the second level hold DER in turn. */
function parse(bytes: Buffer, isRsa: boolean, depth = 0): Value[] {
  const values: Value[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!;
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      length = bytes.readUIntBE(at, octets);
      at += octets;
    }
    const content = bytes.subarray(at, at + length);
    at += length;
    const holdsDer = depth === 1 && (tag === OCTET_STRING || (tag === BIT_STRING && isRsa));
    const before = content.subarray(0, holdsDer && tag === BIT_STRING ? 1 : 0);
    const inner = holdsDer || tag & 0x20;
    values.push({
      tag,
      before,
      content: inner ? parse(content.subarray(before.length), isRsa, depth + 1) : content,
    });
  }
  return values;
}

function lengthOf(bytes: number): number[] {
  if (bytes < 0x80) return [bytes];
  return bytes < 0x100 ? [0x81, bytes] : [0x82, bytes >> 8, bytes & 0xff];
}

function encode(tag: number, content: Uint8Array, length = lengthOf(content.length)): Buffer {
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

/** A value in other words, none of which are its own. */
function* departures({ tag }: Value, content: Buffer): Generator<[what: string, encoding: Buffer]> {
  const { length } = content;
  const short = lengthOf(length);
  const octets = short.length === 1 ? short : short.slice(1);
  yield [
    "a length with an octet more",
    encode(tag, content, [
      0x80 + octets.length + (short.length > 1 ? 1 : 0),
      ...(short.length > 1 ? [0] : []),
      ...octets,
    ]),
  ];
  yield ["a length in five octets", encode(tag, content, [0x84, 0, 0, length >> 8, length & 0xff])];
  yield ["an indefinite length", encode(tag, Buffer.concat([content, Buffer.of(0, 0)]), [0x80])];
  yield ["the other form, constructed or primitive", encode(tag ^ 0x20, content)];
  yield [
    "a tag in the long form",
    Buffer.concat([Buffer.of(tag | 0x1f, tag & 0x1f), encode(tag, content).subarray(1)]),
  ];
  yield ["a byte behind the content", encode(tag, Buffer.concat([content, Buffer.of(0)]))];
  yield ["a NULL behind the content", encode(tag, Buffer.concat([content, Buffer.of(5, 0)]))];
  if (length > 0) yield ["nothing in it", encode(tag, Buffer.alloc(0))];
  // Of a number, that is another number.
  if (length > 0 && tag !== INTEGER) yield ["its last byte missing", encode(tag, content.subarray(0, -1))];
  yield ["twice", Buffer.concat([encode(tag, content), encode(tag, content)])];
  yield ["a NULL instead", tag === 5 ? encode(5, Buffer.of(0)) : encode(5, Buffer.alloc(0))];
  if (tag === INTEGER) {
    yield ["a zero before the number", encode(tag, Buffer.concat([Buffer.of(0), content]))];
    yield [
      "a negative number",
      encode(tag, Buffer.concat([Buffer.of(content[0]! | 0x80), content.subarray(1)])),
    ];
  }
  if (tag === BIT_STRING) {
    yield ["bits unused", encode(tag, Buffer.concat([Buffer.of(1), content.subarray(1)]))];
    yield [
      "more bits unused than there are in a byte",
      encode(tag, Buffer.concat([Buffer.of(8), content.subarray(1)])),
    ];
  }
  // The public key beside an EC private key may be missing.
  if (tag !== 0xa1) yield ["nothing", Buffer.alloc(0)];
}

/** Each file that departs from this one at one place. */
function* departing(values: Value[], path: string): Generator<[what: string, encoding: Buffer]> {
  const encodings = values.map(encodingOf);
  for (const [i, value] of values.entries()) {
    const others = (encoding: Buffer) => Buffer.concat(encodings.with(i, encoding));
    const place = `${path}/${i}`;
    const content = contentOf(value);
    for (const [what, encoding] of departures(value, content)) yield [`${place}: ${what}`, others(encoding)];
    if (!Array.isArray(value.content)) continue;
    for (const [what, inner] of departing(value.content, place)) {
      yield [what, others(encode(value.tag, Buffer.concat([value.before, inner])))];
    }
  }
}

function contentOf({ before, content }: Value): Buffer {
  return Array.isArray(content) ? Buffer.concat([before, ...content.map(encodingOf)]) : content;
}

function encodingOf(value: Value): Buffer {
  return encode(value.tag, contentOf(value));
}

for (const algorithm of ALGORITHMS) {
  test(`${titleOf(algorithm)}: a key file that departs from its encoding anywhere is refused`, async () => {
    const { publicKey, privateKey } = generate(algorithm);
    for (const [format, key] of [
      ["spki", publicKey],
      ["pkcs8", privateKey],
    ] as const) {
      const file = Buffer.from(subtleSync.exportKey(format, key));
      const values = parse(file, algorithm.name === RSA.name);
      assert.is(hex(Buffer.concat(values.map(encodingOf))), hex(file), "read as it was written");
      assert.is(values[0]!.tag, SEQUENCE);
      let count = 0;
      for (const [what, encoding] of departing(values, format)) {
        requireRefused(format, new Uint8Array(encoding), algorithm, what);
        count++;
      }
      assert.ok(count > 40);
    }
  });

  test(`${titleOf(algorithm)}: a JSON Web Key's members are base64url as it should be, and nothing like it`, async () => {
    const { publicKey, privateKey } = generate(algorithm);
    for (const key of [publicKey, privateKey]) {
      const jwk = subtleSync.exportKey("jwk", key) as Record<string, unknown>;
      for (const [member, value] of Object.entries(jwk)) {
        if (typeof value !== "string" || ["kty", "crv", "alg"].includes(member)) continue;
        const bytes = Buffer.from(value, "base64url");
        const spare = (value.length * 6) % 8;
        const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const others: [what: string, text: unknown][] = [
          ["a pad behind it", `${value}=`],
          ["a space before it", ` ${value}`],
          ["a line in it", `${value.slice(0, 4)}\n${value.slice(4)}`],
          ["+ for -", `+${value.slice(1)}`],
          ["/ for _", `/${value.slice(1)}`],
          ["a letter that is none", `é${value.slice(1)}`],
          ["a zero before it", Buffer.concat([Buffer.of(0), bytes]).toString("base64url")],
          ["a zero behind it", Buffer.concat([bytes, Buffer.of(0)]).toString("base64url")],
          [
            "one digit more",
            `${value}${"A".repeat(value.length % 4 === 0 ? 1 : 4 - (value.length % 4) + 1)}`,
          ],
          ["nothing", ""],
          ["missing", undefined],
          ["a number", 7],
          ["a list of bytes", [...bytes]],
        ];
        if (spare) {
          const last = digits.indexOf(value.at(-1)!);
          others.push(["bits behind its last byte", value.slice(0, -1) + digits[last | 1]]);
        }
        for (const [what, text] of others) {
          // Without d it is a public key, which has other usages.
          if (member === "d" && text === undefined) continue;
          requireRefused("jwk", { ...jwk, [member]: text }, algorithm, `${member}: ${what}`);
        }
      }
    }
  });
}

test("a curve spelled out as parameters is refused, though it is the one asked for, and so are other curves", async () => {
  for (const [there, namedCurve] of [
    ["prime256v1", "P-256"],
    ["secp384r1", "P-384"],
    ["secp521r1", "P-521"],
    ["secp256k1", "P-256"],
    ["brainpoolP256r1", "P-256"],
    ["secp384r1", "P-256"],
  ] as const) {
    const algorithm = { name: "ECDSA", namedCurve };
    const isCurve = there.endsWith({ "P-256": "256v1", "P-384": "384r1", "P-521": "521r1" }[namedCurve]);
    for (const paramEncoding of ["named", "explicit"] as const) {
      const pair = generateKeyPairSync("ec", { namedCurve: there, paramEncoding });
      for (const [format, file] of [
        ["spki", pair.publicKey.export({ format: "der", type: "spki" })],
        ["pkcs8", pair.privateKey.export({ format: "der", type: "pkcs8" })],
      ] as const) {
        const usages = format === "spki" ? ["verify"] : ["sign"];
        if (isCurve && paramEncoding === "named") {
          subtleSync.importKey(format, new Uint8Array(file), algorithm, true, usages as KeyUsage[]);
          continue;
        }
        const args = [format, new Uint8Array(file), algorithm, true, usages];
        const error = await refusal("importKey", () => args);
        assert.is(error.name, "DataError", `${there}, ${paramEncoding}, ${format}`);
      }
    }
  }
});

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
