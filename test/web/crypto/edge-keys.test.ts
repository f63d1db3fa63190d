/**
 * Keys at the edges: private keys of 0, 1, n - 1, n and p; points that are infinity, off the curve, on it with a
 * coordinate beyond p, or in forms that nobody asks for; RSA keys with one number or the other that cannot be. What a
 * key is, is computed here once more, with BigInt.
 */
import { createPublicKey, generateKeyPairSync, verify as hostVerify } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hex, nano, pattern, refusal } from "../support.ts";

const { subtleSync } = nano;
const both: ["sign", "verify"] = ["sign", "verify"];

const modulo = (a: bigint, m: bigint) => ((a % m) + m) % m;

function power(base: bigint, exponent: bigint, m: bigint): bigint {
  let result = 1n;
  for (let b = modulo(base, m), e = exponent; e > 0n; e >>= 1n, b = (b * b) % m)
    if (e & 1n) result = (result * b) % m;
  return result;
}

/** Euclid's, extended; a and m have no common divisor. */
function inverse(a: bigint, m: bigint): bigint {
  let [r, s] = [modulo(a, m), m];
  let [u, v] = [1n, 0n];
  while (r > 1n) {
    const quotient = s / r;
    [r, s] = [s - quotient * r, r];
    [u, v] = [v - quotient * u, u];
  }
  return modulo(u, m);
}

/** SP 800-186, section 3.2.1; a is -3. */
const CURVES = {
  "P-256": {
    bytes: 32,
    identifier: "06082a8648ce3d030107",
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
  "P-384": {
    bytes: 48,
    identifier: "06052b81040022",
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: BigInt(`0x${"ff".repeat(24)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`),
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
  "P-521": {
    bytes: 66,
    identifier: "06052b81040023",
    p: 2n ** 521n - 1n,
    n: BigInt(`0x1${"ff".repeat(32)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    x: 0xc6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    y: 0x11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
  },
} as const;

type Point = readonly [x: bigint, y: bigint];

for (const [namedCurve, { bytes, identifier, p, n, b, x, y }] of Object.entries(CURVES)) {
  const algorithm = { name: "ECDSA", namedCurve };
  /** SEC 1, section 2.2.1; neither sum is infinity. */
  const sum = ([x1, y1]: Point, [x2, y2]: Point): Point => {
    const slope = x1 === x2 ? 3n * (x1 * x1 - 1n) * inverse(2n * y1, p) : (y2 - y1) * inverse(x2 - x1, p);
    const x3 = modulo(slope * slope - x1 - x2, p);
    return [x3, modulo(slope * (x1 - x3) - y1, p)];
  };
  const multiple = (k: bigint): Point => {
    let result: Point | undefined;
    for (let at: Point = [x, y], rest = k; rest > 0n; rest >>= 1n, at = sum(at, at)) {
      if (rest & 1n) result = result ? sum(result, at) : at;
    }
    return result!;
  };
  /** The root of x^3 - 3x + b, if it has one: p is 3 modulo 4. */
  const rootAt = (x: bigint): bigint | undefined => {
    const square = modulo(x * x * x - 3n * x + b, p);
    const root = power(square, (p + 1n) / 4n, p);
    return (root * root) % p === square ? root : undefined;
  };

  const octets = (value: bigint) => Buffer.from(value.toString(16).padStart(2 * bytes, "0"), "hex");
  const uncompressed = (x: bigint, y: bigint) => Buffer.concat([Buffer.of(4), octets(x), octets(y)]);
  const wrap = (tag: number, ...contents: Uint8Array[]): Buffer => {
    const whole = Buffer.concat(contents);
    const length =
      whole.length < 128
        ? [whole.length]
        : whole.length < 256
          ? [0x81, whole.length]
          : [0x82, whole.length >> 8, whole.length & 255];
    return Buffer.concat([Buffer.of(tag, ...length), whole]);
  };
  const identified = wrap(0x30, Buffer.from("06072a8648ce3d0201", "hex"), Buffer.from(identifier, "hex"));
  const pkcs8 = (scalar: Uint8Array, point?: Uint8Array) => {
    const publicKey = point ? [wrap(0xa1, wrap(3, Buffer.of(0), point))] : [];
    const key = wrap(0x30, Buffer.of(2, 1, 1), wrap(4, scalar), ...publicKey);
    return wrap(0x30, Buffer.of(2, 1, 0), identified, wrap(4, key));
  };
  const spki = (point: Uint8Array) => wrap(0x30, identified, wrap(3, Buffer.of(0), point));
  const jwkOf = (x: Uint8Array, y: Uint8Array, d?: Uint8Array): JsonWebKey => {
    const text = (value: Uint8Array) => Buffer.from(value).toString("base64url");
    return { kty: "EC", crv: namedCurve, x: text(x), y: text(y), ...(d && { d: text(d) }) };
  };
  const refused = async (format: string, keyData: unknown, usages: string[], what: string) => {
    const error = await refusal("importKey", () => [format, keyData, algorithm, true, usages]);
    assert.is(error.name, "DataError", what);
  };

  test(`${namedCurve}: 1, 2 and n - 1 are private keys, and have the public keys that they should`, () => {
    for (const d of [1n, 2n, 3n, n >> 1n, n - 2n, n - 1n]) {
      const [x, y] = d > n >> 1n ? multiple(n - d) : multiple(d);
      const point = uncompressed(x, d > n >> 1n ? p - y : y);
      const jwk = jwkOf(point.subarray(1, 1 + bytes), point.subarray(1 + bytes), octets(d));
      for (const [format, keyData] of [
        ["pkcs8", pkcs8(octets(d))],
        ["pkcs8", pkcs8(octets(d), point)],
        ["pkcs8", pkcs8(octets(d), Buffer.of(2 + (point.at(-1)! & 1), ...point.subarray(1, 1 + bytes)))],
        ["jwk", jwk],
      ] as const) {
        const key = subtleSync.importKey(format as "pkcs8", keyData as Buffer, algorithm, true, ["sign"]);
        const { ext: _, key_ops: __, ...exported } = { ...subtleSync.exportKey("jwk", key) };
        assert.equal(exported, jwk, `${d}`);
        assert.is(hex(subtleSync.exportKey("pkcs8", key)), hex(pkcs8(octets(d), point)));
        const signature = subtleSync.sign({ name: "ECDSA", hash: "SHA-256" }, key, pattern(9));
        const there = createPublicKey({ key: spki(point), format: "der", type: "spki" });
        const given = { key: there, dsaEncoding: "ieee-p1363" } as const;
        assert.ok(hostVerify("sha256", pattern(9), given, new Uint8Array(signature)), `${d}`);
      }
    }
  });

  test(`${namedCurve}: 0, n and what is above are none, nor are other lengths`, async () => {
    const point = uncompressed(x, y);
    const [px, py] = [octets(x), octets(y)];
    const top = 256n ** BigInt(bytes) - 1n;
    for (const d of [0n, n, n + 1n, p, p + 1n, 2n * n, top]) {
      if (d > top) continue;
      await refused("pkcs8", pkcs8(octets(d)), ["sign"], `${d}`);
      await refused("pkcs8", pkcs8(octets(d), point), ["sign"], `${d}`);
      await refused("jwk", jwkOf(px, py, octets(d)), ["sign"], `${d}`);
    }
    for (const d of [
      Buffer.of(),
      Buffer.of(1),
      octets(1n).subarray(1),
      Buffer.concat([Buffer.of(0), octets(1n)]),
    ]) {
      await refused("pkcs8", pkcs8(d, point), ["sign"], hex(d));
      await refused("jwk", jwkOf(px, py, d), ["sign"], hex(d));
    }
  });

  test(`${namedCurve}: a public key of another private key, and its own with the other sign, are refused`, async () => {
    for (const [x, y] of [multiple(5n), [multiple(7n)[0], p - multiple(7n)[1]] as const]) {
      await refused("pkcs8", pkcs8(octets(7n), uncompressed(x, y)), ["sign"], "pkcs8");
      await refused(
        "pkcs8",
        pkcs8(octets(7n), Buffer.of(2 + Number(y & 1n), ...octets(x))),
        ["sign"],
        "compressed",
      );
      await refused("jwk", jwkOf(octets(x), octets(y), octets(7n)), ["sign"], "jwk");
    }
  });

  test(`${namedCurve}: infinity, points off the curve, coordinates from p on and hybrid forms are no public keys`, async () => {
    // The first x for which there is a y, and, beyond p, the same x again where it fits.
    let small = 0n;
    while (rootAt(small) === undefined) small++;
    const root = rootAt(small)!;
    assert.is(hex(exportedPoint(uncompressed(small, root))), hex(uncompressed(small, root)));
    assert.is(hex(exportedPoint(uncompressed(small, p - root))), hex(uncompressed(small, p - root)));
    let without = small + 1n;
    while (rootAt(without) !== undefined) without++;
    const bad: [string, Uint8Array][] = [
      ["nothing", Buffer.of()],
      ["infinity", Buffer.of(0)],
      ["infinity, long", Buffer.alloc(1 + 2 * bytes)],
      ["zeros", uncompressed(0n, 0n)],
      ["y + 1", uncompressed(x, y + 1n)],
      ["y of 0", uncompressed(x, 0n)],
      ["swapped", uncompressed(y, x)],
      ["x + p", uncompressed(small + p, root)],
      ["x + p, compressed", Buffer.concat([Buffer.of(2), octets(small + p)])],
      ["x of p", uncompressed(p, root)],
      ["y of p", uncompressed(x, p)],
      ["no y", Buffer.concat([Buffer.of(2), octets(without)])],
      ["hybrid", Buffer.concat([Buffer.of(6 + Number(y & 1n)), octets(x), octets(y)])],
      ["5", Buffer.concat([Buffer.of(5), octets(x), octets(y)])],
      ["compressed, with y", Buffer.concat([Buffer.of(2 + Number(y & 1n)), octets(x), octets(y)])],
      ["uncompressed, without y", Buffer.concat([Buffer.of(4), octets(x)])],
      ["a byte short", uncompressed(x, y).subarray(0, -1)],
      ["a byte long", Buffer.concat([uncompressed(x, y), Buffer.of(0)])],
    ];
    if (root + p < 256n ** BigInt(bytes)) bad.push(["y + p", uncompressed(small, root + p)]);
    for (const [what, point] of bad) {
      await refused("raw", point, ["verify"], `raw: ${what}`);
      await refused("spki", spki(point), ["verify"], `spki: ${what}`);
      await refused("pkcs8", pkcs8(octets(1n), point), ["sign"], `pkcs8: ${what}`);
      if (point.length !== 1 + 2 * bytes || point[0] !== 4) continue;
      const [px, py] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
      await refused("jwk", jwkOf(px, py), ["verify"], `jwk: ${what}`);
      await refused("jwk", jwkOf(px, py, octets(1n)), ["sign"], `jwk, private: ${what}`);
    }
  });

  function exportedPoint(point: Uint8Array<ArrayBuffer>): ArrayBuffer {
    return subtleSync.exportKey("raw", subtleSync.importKey("raw", point, algorithm, true, ["verify"]));
  }

  test(`${namedCurve}: no bit of a signature may be another`, () => {
    const params = { name: "ECDSA", hash: "SHA-256" };
    const pair = subtleSync.generateKey(algorithm, true, both);
    const signature = new Uint8Array(subtleSync.sign(params, pair.privateKey, pattern(20)));
    for (let bit = 0; bit < 16 * bytes; bit++) {
      signature[bit >> 3]! ^= 1 << (bit & 7);
      assert.is(subtleSync.verify(params, pair.publicKey, signature, pattern(20)), false, `bit ${bit}`);
      signature[bit >> 3]! ^= 1 << (bit & 7);
    }
    assert.is(subtleSync.verify(params, pair.publicKey, signature, pattern(20)), true);
  });
}

type Numbers = Record<"n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi", bigint>;
const RSA = { name: "RSA-PSS", hash: "SHA-1" };

/** RFC 7518, section 6.3: as few bytes as the number takes. */
const text = (number: bigint) => {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length & 1), "0"), "hex").toString("base64url");
};

test("RSA: a private key with one number that cannot be is refused, whatever number, and so is each half of none", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
  const { kty: _, ...members } = privateKey.export({ format: "jwk" }) as Record<string, string>;
  const good = Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      BigInt(`0x${Buffer.from(value, "base64url").toString("hex")}`),
    ]),
  ) as Numbers;
  const { n, e, d, p, q, dp, dq, qi } = good;
  const jwkOf = (numbers: Numbers) => ({
    kty: "RSA",
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, text(value)])),
  });
  const sign = (numbers: Numbers) => {
    const key = subtleSync.importKey("jwk", jwkOf(numbers), RSA, true, ["sign"]);
    const signature = subtleSync.sign({ name: "RSA-PSS", saltLength: 5 }, key, pattern(7));
    const there = subtleSync.importKey("jwk", { kty: "RSA", n: text(n), e: text(e) }, RSA, true, ["verify"]);
    return subtleSync.verify({ name: "RSA-PSS", saltLength: 5 }, there, signature, pattern(7));
  };
  assert.ok(sign(good));
  // The same key, its primes the other way round: then it is p's inverse modulo q that is asked for.
  assert.ok(sign({ n, e, d, p: q, q: p, dp: dq, dq: dp, qi: inverse(p, q) }));

  const wrong: [string, Partial<Numbers>][] = [
    ["primes swapped, and nothing else", { p: q, q: p }],
    ["both primes p", { q: p }],
    ["p, and 1", { p: n, q: 1n }],
    ["a factor that is none", { p: p + 2n }],
    ["n + 2", { n: n + 2n }],
    ["2 n", { n: 2n * n }],
    ["p for n", { n: p }],
    ["e of 1", { e: 1n, d: 1n, dp: 1n, dq: 1n }],
    ["e of 0", { e: 0n }],
    ["even e", { e: e + 1n }],
    ["another e", { e: e + 2n }],
    ["e of n", { e: n }],
    ["d of 0", { d: 0n }],
    ["d + 1", { d: d + 1n }],
    ["d + 2", { d: d + 2n }],
    ["dp of 0", { dp: 0n }],
    ["dp + 1", { dp: dp + 1n }],
    ["dp + p - 1", { dp: dp + p - 1n }],
    ["dq - 1", { dq: dq - 1n }],
    ["dp for dq", { dq: dp }],
    ["qi of 0", { qi: 0n }],
    ["-qi", { qi: p - qi }],
    ["qi + 1", { qi: qi + 1n }],
    ["qi + p", { qi: qi + p }],
  ];
  for (const [what, numbers] of wrong) {
    const jwk = jwkOf({ ...good, ...numbers });
    const error = await refusal("importKey", () => ["jwk", jwk, RSA, true, ["sign"]]);
    assert.is(error.name, "DataError", what);
    for (const secret of Object.values(members)) assert.not(error.message.includes(secret), what);
  }
});

test("RSA: what n and e cannot be is refused in a public key", async () => {
  const n = 2n ** 511n + 187n;
  const jwkOf = (n: bigint, e: bigint) => ({ kty: "RSA", n: text(n), e: text(e) });
  const key = subtleSync.importKey("jwk", jwkOf(n, 3n), RSA, true, ["verify"]);
  assert.is((key.algorithm as RsaHashedKeyAlgorithm).modulusLength, 512);
  for (const [what, modulus, exponent] of [
    ["n of 0", 0n, 3n],
    ["even n", n + 1n, 3n],
    ["255 bits", 2n ** 254n + 1n, 3n],
    ["16385 bits", 2n ** 16384n + 1n, 3n],
    ["e of 0", n, 0n],
    ["e of 1", n, 1n],
    ["even e", n, 65536n],
    ["e of n", n, n],
    ["e above n", n, n + 2n],
  ] as const) {
    const error = await refusal("importKey", () => ["jwk", jwkOf(modulus, exponent), RSA, true, ["verify"]]);
    assert.is(error.name, "DataError", what);
  }
  for (const bits of [256, 16_384]) {
    const edge = jwkOf(2n ** BigInt(bits - 1) + 1n, 65537n);
    const key = subtleSync.importKey("jwk", edge, RSA, true, ["verify"]);
    assert.is((key.algorithm as RsaHashedKeyAlgorithm).modulusLength, bits);
  }
});

test("a member longer than any key's, and a file longer than any, are refused unread", async () => {
  const long = "A".repeat(70_000);
  const calls: [string, unknown, object, RegExp][] = [
    [
      "jwk",
      { kty: "EC", crv: "P-256", x: long, y: long },
      { name: "ECDSA", namedCurve: "P-256" },
      /keyData\.x has 70000/,
    ],
    ["jwk", { kty: "RSA", n: long, e: "AQAB" }, RSA, /keyData\.n has 70000 characters; 65536 is the most/],
    ["spki", new Uint8Array(70_000), RSA, /keyData has 70000 bytes; 65536 is the most/],
  ];
  for (const [format, keyData, algorithm, message] of calls) {
    const error = await refusal("importKey", () => [format, keyData, algorithm, true, []]);
    assert.is(error.name, "DataError");
    assert.match(error.message, message);
  }
  // A key for HMAC may be of any length.
  const jwk = { kty: "oct", k: "_".repeat(4 * 70_000) };
  const key = await nano.crypto.subtle.importKey("jwk", jwk, { name: "HMAC", hash: "SHA-256" }, true, [
    "sign",
  ]);
  assert.is((key.algorithm as HmacKeyAlgorithm).length, 8 * 3 * 70_000);
});

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
