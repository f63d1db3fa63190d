/**
 * RSA in the core against node:crypto, in both directions. Keys and messages are random but for a seed, which is printed
 * when a case fails; signatures and generated keys take their randomness from the same seed.
 */
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Core } from "../../ts/core/core.ts";
import { HASHES, type HashAlgorithm } from "../../ts/core/hash.ts";
import {
  generateRsaKey,
  type RsaPrivateParts,
  RsaPrivateSlot,
  RsaPublicSlot,
  type RsaSlices,
} from "../../ts/core/rsa.ts";
import { makeCore, random } from "../support/core.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_007);
const next = random(SEED);
const fillRandom = (bytes: Uint8Array<ArrayBuffer>): void => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = next() * 256;
};
const randomBytes = (length: number) => {
  const bytes = new Uint8Array(length);
  fillRandom(bytes);
  return bytes;
};
const check = (title: string, body: () => void) =>
  test(title, () => {
    try {
      body();
    } catch (error) {
      console.error(`SEED=${SEED}`);
      throw error;
    }
  });

/** All slices at once, and how many there were. */
function finish<T>(slices: RsaSlices<T>): { value: T; count: number } {
  for (let count = 1; ; count++) {
    const step = slices.next();
    if (step.done) return { value: step.value, count };
  }
}

const nodeName = (hash: HashAlgorithm) => hash.name.replace("-", "").toLowerCase();
const digestOf = (hash: HashAlgorithm, message: Uint8Array) =>
  createHash(nodeName(hash)).update(message).digest();
const hex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("hex");
const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

function partsOf(key: KeyObject): RsaPrivateParts {
  const jwk = key.export({ format: "jwk" }) as Record<string, string>;
  const part = (name: string) => new Uint8Array(Buffer.from(jwk[name] ?? "", "base64url"));
  return {
    n: part("n"),
    e: part("e"),
    d: part("d"),
    p: part("p"),
    q: part("q"),
    dp: part("dp"),
    dq: part("dq"),
    qi: part("qi"),
  };
}

function jwkOf(parts: RsaPrivateParts): { kty: string } & Record<string, string> {
  const members = Object.entries(parts).map(([name, bytes]: [string, Uint8Array]) => {
    let zeros = 0;
    while (bytes[zeros] === 0) zeros++;
    return [name, Buffer.from(bytes.subarray(zeros)).toString("base64url")];
  });
  return { kty: "RSA", ...(Object.fromEntries(members) as Record<string, string>) };
}

interface Vectors {
  keys: Record<string, Record<keyof RsaPrivateParts, string>>;
  vectors: {
    source: string;
    key: string;
    hash: keyof typeof HASHES;
    message: string;
    saltBytes: number;
    /** Where the private key is published too. */
    salt?: string;
    signature: string;
    valid: boolean;
  }[];
}
const { keys, vectors } = JSON.parse(readFileSync("test/vectors/rsa_pss.json", "utf8")) as Vectors;
const numbersOf = (name: string) =>
  Object.fromEntries(
    Object.entries(keys[name]!).map(([part, text]) => [part, unhex(text)]),
  ) as unknown as RsaPrivateParts;

interface Pair {
  bits: number;
  privateKey: KeyObject;
  publicKey: KeyObject;
  parts: RsaPrivateParts;
}

function pairOf(privateKey: KeyObject): Pair {
  const parts = partsOf(privateKey);
  const bits = 8 * parts.n.length - Math.clz32(parts.n[0]!) + 24;
  return { bits, privateKey, publicKey: createPublicKey(privateKey), parts };
}

function makePair(modulusLength: number, publicExponent = 65_537): Pair {
  return pairOf(generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey);
}

/** Sizes of every kind: whole and odd bytes, whole and partial blocks of limbs; exponents short and long. */
const PAIRS = [
  makePair(512),
  makePair(768, 3),
  ...Object.keys(keys)
    .filter((name) => keys[name]!.d)
    .map((name) => pairOf(createPrivateKey({ key: jwkOf(numbersOf(name)), format: "jwk" }))),
];
const pairWith = (wanted: number) => PAIRS.find(({ bits }) => bits === wanted)!;

const raw = (key: KeyObject) => ({ key, padding: constants.RSA_NO_PADDING });
const pss = (key: KeyObject, saltLength: number) => ({
  key,
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength,
});

function withSlots(core: Core, { parts }: Pair, use: (secret: RsaPrivateSlot, open: RsaPublicSlot) => void) {
  const secret = new RsaPrivateSlot(core, parts, false);
  use(secret, new RsaPublicSlot(core, parts));
  secret.close();
  assert.is(core.statistics().liveArenas, 0);
}

for (const pair of PAIRS) {
  const { bits, privateKey, publicKey } = pair;
  const nBytes = Math.ceil(bits / 8);

  check(
    `${bits} bits: raising to e and to d is what the host computes, for random numbers and 0, 1, n - 1`,
    () => {
      withSlots(makeCore(), pair, (secret, open) => {
        const { n } = pair.parts;
        const small = (value: number) =>
          Uint8Array.from({ length: nBytes }, (_, i) => (i === nBytes - 1 ? value : 0));
        const nMinus1 = n.slice();
        nMinus1[nBytes - 1]! -= 1;
        const cases = [small(0), small(1), small(2), nMinus1];
        for (let i = 0; i < 6; i++) {
          const number = randomBytes(nBytes);
          number[0] = 0;
          cases.push(number);
        }
        for (const x of cases) {
          const power = finish(open.raise(x)).value!;
          assert.is(hex(power), publicEncrypt(raw(publicKey), x).toString("hex"));
          const root = finish(secret.raise(x, fillRandom)).value!;
          assert.is(hex(root), privateDecrypt(raw(privateKey), x).toString("hex"));
          assert.is(hex(finish(open.raise(root)).value!), hex(x));
        }
      });
    },
  );

  check(
    `${bits} bits: PSS signatures are verified by the host, and the host's here, for all hashes and salts`,
    () => {
      withSlots(makeCore(), pair, (secret, open) => {
        for (const hash of Object.values(HASHES)) {
          const saltMax = Math.ceil((bits - 1) / 8) - hash.digestBytes - 2;
          const usual = [hash.digestBytes, saltMax];
          const salts = new Set(bits > 3000 ? usual : [...usual, 0, 1, Math.floor(next() * saltMax)]);
          for (const saltBytes of salts) {
            if (saltBytes < 0 || saltBytes > saltMax) continue;
            const message = randomBytes(Math.floor(next() * 300));
            const digest = digestOf(hash, message);
            const ours = finish(secret.signPss(hash, digest, saltBytes, fillRandom)).value;
            const name = nodeName(hash);
            assert.ok(nodeVerify(name, message, pss(publicKey, saltBytes), new Uint8Array(ours)));
            const theirs = nodeSign(name, message, pss(privateKey, saltBytes));
            assert.ok(finish(open.verifyPss(hash, digest, saltBytes, theirs)).value);
            assert.not(finish(open.verifyPss(hash, digest, saltBytes + 1, theirs)).value);
            if (saltBytes > 0) assert.not(finish(open.verifyPss(hash, digest, saltBytes - 1, theirs)).value);
          }
          if (saltMax >= 0) {
            const tooLong = () =>
              finish(secret.signPss(hash, digestOf(hash, new Uint8Array()), saltMax + 1, fillRandom));
            assert.throws(tooLong, (error: DOMException) => error.name === "OperationError");
          }
          const theirs = new Uint8Array(nBytes);
          assert.not(finish(open.verifyPss(hash, digestOf(hash, theirs), 2 ** 40, theirs)).value);
        }
      });
    },
  );
}

check("no flipped bit, shorter or longer signature, or one of n and more, is verified", () => {
  const core = makeCore();
  const pair = pairWith(1024);
  withSlots(core, pair, (secret, open) => {
    const hash = HASHES["SHA-256"];
    const digest = digestOf(hash, unhex("6d"));
    const signature = new Uint8Array(finish(secret.signPss(hash, digest, 32, fillRandom)).value);
    const verify = (bytes: Uint8Array, of: Uint8Array = digest) =>
      finish(open.verifyPss(hash, of, 32, bytes)).value;
    assert.ok(verify(signature));
    for (let bit = 0; bit < 8 * signature.length; bit++) {
      const flipped = signature.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      assert.not(verify(flipped), `bit ${bit}`);
    }
    for (let bit = 0; bit < 256; bit += 7) {
      const flipped = Uint8Array.from(digest);
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      assert.not(verify(signature, flipped));
    }
    for (const length of [0, 1, 127, 129, 256]) {
      const cut = new Uint8Array(length);
      cut.set(signature.subarray(0, length));
      assert.not(verify(cut), `${length} bytes`);
      assert.is(finish(open.raise(cut)).value, null);
      assert.is(finish(secret.raise(cut, fillRandom)).value, null);
    }
    // s + n is the same number modulo n, and is refused, wherever it fits.
    const asNumber = (bytes: Uint8Array) => BigInt(`0x${hex(bytes)}`);
    const n = asNumber(pair.parts.n);
    for (const number of [n, n + 1n, (1n << 1024n) - 1n, asNumber(signature) + n]) {
      const text = number.toString(16).padStart(256, "0");
      if (text.length > 256) continue;
      assert.not(verify(unhex(text)));
      assert.is(finish(open.raise(unhex(text))).value, null);
      assert.is(finish(secret.raise(unhex(text), fillRandom)).value, null);
    }
  });
});

check("numbers of n and more are refused too where they fill every bit of the limbs", () => {
  const core = makeCore();
  // 208 bits to a block of limbs, of which n leaves 4 to 7 free, and its bytes none.
  for (const bits of [1033, 1036]) {
    const pair = makePair(bits);
    withSlots(core, pair, (secret, open) => {
      const hash = HASHES["SHA-256"];
      const digest = digestOf(hash, unhex("6d"));
      const signature = number(new Uint8Array(finish(secret.signPss(hash, digest, 32, fillRandom)).value));
      const n = number(pair.parts.n);
      const end = 1n << 1040n;
      for (const x of [n, end - n, end - n + signature, end - 1n, end / 2n]) {
        const given = bytes(x);
        assert.not(finish(open.verifyPss(hash, digest, 32, given)).value);
        assert.is(finish(open.raise(given)).value, null);
        assert.is(finish(secret.raise(given, fillRandom)).value, null);
      }
    });
  }
});

check("published signatures are verified or not, as they should be, and made again with their salts", () => {
  const core = makeCore();
  assert.ok(vectors.length > 100);
  for (const { source, key, hash: name, message, saltBytes, salt, signature, valid } of vectors) {
    const hash = HASHES[name];
    const digest = digestOf(hash, unhex(message));
    const open = new RsaPublicSlot(core, numbersOf(key));
    assert.is(finish(open.verifyPss(hash, digest, saltBytes, unhex(signature))).value, valid, source);
    if (salt === undefined) continue;
    const secret = new RsaPrivateSlot(core, numbersOf(key), false);
    const drawn = [unhex(salt)]; // The salt is drawn before what blinds.
    const made = secret.signPss(hash, digest, saltBytes, (bytes) => {
      const next = drawn.pop();
      if (next) bytes.set(next);
      else fillRandom(bytes);
    });
    assert.is(hex(finish(made).value), signature, source);
    secret.close();
  }
  assert.is(core.statistics().liveArenas, 0);
});

check("keys whose numbers do not fit together are refused", () => {
  const core = makeCore();
  for (const pair of [PAIRS[0]!, pairWith(1025)]) {
    const refuse = (parts: Partial<Record<keyof RsaPrivateParts, Uint8Array>>, why: string) =>
      assert.throws(
        () => new RsaPrivateSlot(core, { ...pair.parts, ...parts }, true),
        (error: DOMException) => error.name === "DataError",
        why,
      );
    for (const name of Object.keys(pair.parts) as (keyof RsaPrivateParts)[]) {
      const part = pair.parts[name];
      for (let i = 0; i < 24; i++) {
        const spoilt = part.slice();
        spoilt[Math.floor(next() * part.length)]! ^= 1 << Math.floor(next() * 8);
        // Another e may fit, if d happens to; none does here.
        refuse({ [name]: spoilt }, `${name} ${hex(spoilt)}`);
      }
      refuse({ [name]: new Uint8Array(0) }, `no ${name}`);
      refuse({ [name]: new Uint8Array(part.length) }, `${name} is 0`);
      refuse({ [name]: Uint8Array.of(1) }, `${name} is 1`);
      refuse({ [name]: new Uint8Array(part.length).fill(255) }, `${name} is all ones`);
      refuse({ [name]: Uint8Array.from([1, ...part]) }, `a longer ${name}`);
    }
    const { p, q, dp, dq } = pair.parts;
    refuse({ p: q, q: p, dp: dq, dq: dp }, "qi of the primes the other way round");
    // Numbers that are right but for a multiple of what they are modulo.
    const grow = (name: "dp" | "qi", by: Uint8Array) => {
      const sum = (BigInt(`0x${hex(pair.parts[name])}`) + BigInt(`0x${hex(by)}`)).toString(16);
      refuse({ [name]: unhex(sum.length % 2 ? `0${sum}` : sum) }, `${name} plus p`);
    };
    grow("qi", p);
    const pMinus1 = p.slice();
    pMinus1[p.length - 1]! -= 1;
    const twice = (BigInt(`0x${hex(pMinus1)}`) * 2n).toString(16);
    grow("dp", unhex(twice.length % 2 ? `0${twice}` : twice));
  }
  for (const [n, e] of [
    [new Uint8Array(0), Uint8Array.of(3)],
    [new Uint8Array(31).fill(255), Uint8Array.of(3)],
    [new Uint8Array(2049).fill(255), Uint8Array.of(3)],
    [new Uint8Array(64).fill(254), Uint8Array.of(3)],
    [new Uint8Array(64).fill(255), Uint8Array.of(1)],
    [new Uint8Array(64).fill(255), Uint8Array.of(0)],
    [new Uint8Array(64).fill(255), Uint8Array.of(4)],
    [new Uint8Array(64).fill(255), new Uint8Array(64).fill(255)],
    [new Uint8Array(64).fill(255), new Uint8Array(65).fill(255)],
  ] as const) {
    assert.throws(
      () => new RsaPublicSlot(core, { n, e }),
      (error: DOMException) => error.name === "DataError",
    );
  }
  assert.is(core.statistics().liveArenas, 0);
});

check(
  "zeros before the numbers change nothing, and numbers are exported without, or as long as the primes",
  () => {
    const core = makeCore();
    const { parts } = pairWith(1024);
    const longer = Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, Uint8Array.of(0, 0, ...part)]),
    );
    const secret = new RsaPrivateSlot(core, longer as never, true);
    const exported = secret.exportParts();
    assert.equal(jwkOf(exported), jwkOf(parts));
    assert.is(exported.d.length, 128);
    for (const part of [exported.p, exported.q, exported.dp, exported.dq, exported.qi])
      assert.is(part.length, 64);
    const open = new RsaPublicSlot(core, longer as never);
    assert.is(hex(open.exportParts().n), hex(parts.n));
    assert.is(hex(open.exportParts().e), "010001");
    core.close();
    assert.throws(
      () => secret.exportParts(),
      (error: DOMException) => error.name === "InvalidStateError",
    );
  },
);

const number = (bytes: Uint8Array) => BigInt(`0x${hex(bytes)}`);
const bytes = (value: bigint) => {
  const text = value.toString(16);
  return unhex(text.length % 2 ? `0${text}` : text);
};
const power = (base: bigint, exponent: bigint, modulus: bigint) => {
  let result = 1n;
  let square = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
};
/** By Euclid; 0 if there is none. */
const invert = (value: bigint, modulus: bigint) => {
  let [a, b, x, y] = [modulus, value % modulus, 0n, 1n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return a === 1n ? ((x % modulus) + modulus) % modulus : 0n;
};

check("e as long as n, and primes of very different lengths, are no obstacle", () => {
  const core = makeCore();
  const short = number(PAIRS[0]!.parts.q); // 256 bits
  const long = number(pairWith(2049).parts.p); // 1025 bits
  for (const [p, q] of [
    [long, short],
    [short, long],
    [long, 2n ** 64n + 13n],
    [2n ** 64n + 13n, long],
  ] as const) {
    const n = p * q;
    const phi = (p - 1n) * (q - 1n);
    let d = (1n << 200n) + 1n;
    while (invert(d, phi) === 0n) d += 2n;
    const e = invert(d, phi); // As long as n, or nearly.
    const parts = [n, e, d, p, q, d % (p - 1n), d % (q - 1n), invert(q, p)].map(bytes);
    const [nB, eB, dB, pB, qB, dpB, dqB, qiB] = parts as [Uint8Array, ...Uint8Array[]] as Uint8Array[];
    const given = { n: nB!, e: eB!, d: dB!, p: pB!, q: qB!, dp: dpB!, dq: dqB!, qi: qiB! };
    const secret = new RsaPrivateSlot(core, given, false);
    const open = new RsaPublicSlot(core, given);
    const x = randomBytes(nB!.length);
    x[0] = 0;
    const root = finish(secret.raise(x, fillRandom)).value!;
    assert.is(number(root), power(number(x), d, n));
    assert.is(hex(finish(open.raise(root)).value!), hex(x));
  }
});

check("a prime of less than 64 bits, which blinding would meet now and then, is refused", () => {
  const core = makeCore();
  const long = number(PAIRS[0]!.parts.p);
  for (const [short, isTaken] of [
    [2n ** 64n - 59n, true],
    [2n ** 63n - 25n, false],
    [251n, false],
    [3n, false],
  ] as const) {
    for (const [p, q] of [
      [long, short],
      [short, long],
    ] as const) {
      let e = 17n;
      while (invert(e, (p - 1n) * (q - 1n)) === 0n) e += 2n;
      const d = invert(e, (p - 1n) * (q - 1n));
      const [n, dp, dq, qi] = [p * q, d % (p - 1n), d % (q - 1n), invert(q, p)];
      const given = {
        ...{ n: bytes(n), e: bytes(e), d: bytes(d), p: bytes(p) },
        ...{ q: bytes(q), dp: bytes(dp), dq: bytes(dq), qi: bytes(qi) },
      };
      const make = () => new RsaPrivateSlot(core, given, false);
      if (isTaken) make();
      else assert.throws(make, (error: DOMException) => error.name === "DataError", `${short}`);
    }
  }
  assert.is(core.statistics().liveArenas, 0);
});

check("a private operation on a key with a composite prime fails, and gives nothing", () => {
  const core = makeCore();
  // All numbers fit together, as if p were a prime and its group of order p - 1.
  const q = BigInt(`0x${hex(PAIRS[0]!.parts.p)}`);
  const p = 35n * (2n ** 64n + 13n);
  const find = (holds: (k: bigint) => boolean) => {
    for (let k = 1n; ; k++) if (holds(k)) return k;
  };
  const e = 65_537n;
  const inverse = (modulus: bigint) => (1n + modulus * find((k) => (1n + modulus * k) % e === 0n)) / e;
  const phi = (p - 1n) * (q - 1n);
  const given = {
    n: bytes(p * q),
    e: bytes(e),
    d: bytes(inverse(phi)),
    p: bytes(p),
    q: bytes(q),
    dp: bytes(inverse(p - 1n)),
    dq: bytes(inverse(q - 1n)),
    qi: bytes(invert(q, p)),
  };
  const secret = new RsaPrivateSlot(core, given, false);
  const open = new RsaPublicSlot(core, { n: given.n, e: given.e });
  // Nearly all of the powers come out wrong; those that do not must be right. 256 right ones in a row do not happen.
  let failed = 0;
  for (let i = 0; i < 256 && failed < 20; i++) {
    const x = randomBytes(given.n.length);
    x[0] = 0;
    let root: Uint8Array;
    try {
      root = finish(secret.raise(x, fillRandom)).value!;
    } catch (error) {
      assert.is((error as DOMException).name, "OperationError");
      failed++;
      continue;
    }
    assert.is(hex(finish(open.raise(root)).value!), hex(x));
  }
  assert.ok(failed > 0, "no operation failed");
  assert.is(core.statistics().liveArenas, 0);
});

check("what the slot's owner draws for blinding does not change the result", () => {
  const core = makeCore();
  withSlots(core, pairWith(1024), (secret) => {
    const x = randomBytes(128);
    x[0] = 0;
    const expected = hex(finish(secret.raise(x, fillRandom)).value!);
    for (const byte of [0, 1, 127, 255]) {
      assert.is(hex(finish(secret.raise(x, (bytes) => bytes.fill(byte))).value!), expected);
    }
  });
});

for (const [bits, exponent] of [
  [512, [3]],
  [1024, [1, 0, 1]],
  [1025, [0, 0, 17]],
  [1536, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd]],
  [2048, [1, 0, 1]],
] as const) {
  check(`a generated key of ${bits} bits is one to the host, in slices, and signs`, () => {
    const core = makeCore();
    const { value: parts, count } = finish(generateRsaKey(core, bits, Uint8Array.from(exponent), fillRandom));
    assert.is(core.statistics().liveArenas, 0);
    assert.ok(count > 2, "beginning, seeking primes, and using them, at least");
    assert.is(number(parts.n).toString(2).length, bits);
    const [p, q, d] = [number(parts.p), number(parts.q), number(parts.d)];
    assert.ok(p > q);
    assert.ok(p * p * 2n > 1n << BigInt(bits + (bits & 1)), "p > sqrt(2) 2^(nlen/2 - 1)");
    const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
    const lcm = ((p - 1n) * (q - 1n)) / gcd(p - 1n, q - 1n);
    assert.is((d * number(parts.e)) % lcm, 1n);
    assert.ok(d < lcm && d > 1n << BigInt(bits >> 1));
    const privateKey = createPrivateKey({ key: jwkOf(parts), format: "jwk" });
    const secret = new RsaPrivateSlot(core, parts, false);
    const open = new RsaPublicSlot(core, parts);
    const hash = HASHES["SHA-256"];
    const message = randomBytes(100);
    const digest = digestOf(hash, message);
    const ours = new Uint8Array(finish(secret.signPss(hash, digest, 20, fillRandom)).value);
    assert.ok(nodeVerify("sha256", message, pss(createPublicKey(privateKey), 20), ours));
    assert.ok(
      finish(open.verifyPss(hash, digest, 20, nodeSign("sha256", message, pss(privateKey, 20)))).value,
    );
  });
}

check("generation refuses sizes and exponents it does not have", () => {
  const core = makeCore();
  for (const [bits, exponent] of [
    [0, [3]],
    [255, [3]],
    [8193, [3]],
    [2 ** 32 - 1, [3]],
    [1024, []],
    [1024, [0]],
    [1024, [1]],
    [1024, [2]],
    [1024, [1, 0, 0]],
    [1024, Array.from({ length: 33 }, () => 255)],
    [256, Array.from({ length: 17 }, () => 255)],
  ] as const) {
    assert.throws(
      () => finish(generateRsaKey(core, bits, Uint8Array.from(exponent), fillRandom)),
      (error: DOMException) => error.name === "OperationError",
      `${bits} ${exponent}`,
    );
  }
  assert.is(core.statistics().liveArenas, 0);
});

/** Little-endian digits of 13 bits, balanced, as zig/crypto/rsa/modulus.zig makes them of bytes. */
function digitsOf(number: Uint8Array): Uint8Array {
  const digits: number[] = [];
  let carry = 0n;
  for (let left = BigInt(`0x${hex(number)}`); left > 0n; left >>= 13n) {
    const value = (left & 8191n) + carry;
    carry = (value + 4095n) >> 13n;
    digits.push(Number(value - (carry << 13n)));
  }
  return new Uint8Array(Int16Array.from(digits).buffer);
}

check("signing and generating leave nothing of the private numbers in the core's memory", () => {
  const core = makeCore();
  const { value: parts } = finish(generateRsaKey(core, 1024, Uint8Array.of(1, 0, 1), fillRandom));
  const slot = new RsaPrivateSlot(core, parts, true);
  finish(slot.signPss(HASHES["SHA-256"], new Uint8Array(32), 32, fillRandom));
  const secrets = new Map<number, { name: string; window: Uint8Array }>();
  for (const name of ["d", "p", "q", "dp", "dq", "qi"] as const) {
    const big = parts[name];
    const digits = digitsOf(big);
    for (const bytes of [big, big.slice().reverse(), digits]) {
      for (let at = 0; at + 16 <= bytes.length; at++) {
        const window = bytes.slice(at, at + 16);
        const view = new DataView(window.buffer);
        const key = view.getUint32(0, true) * 2 ** 20 + (view.getUint32(4, true) & 0xfffff);
        secrets.set(key, { name, window });
      }
    }
  }
  secrets.delete(0);
  const search = () => {
    const { words, bytes } = core.memory;
    const found = new Set<string>();
    for (let at = 0; at + 3 < words.length; at++) {
      const low = words[at]!;
      const secret = low === 0 ? undefined : secrets.get(low * 2 ** 20 + (words[at + 1]! & 0xfffff));
      if (secret?.window.every((byte, i) => byte === bytes[4 * at + i])) found.add(secret.name);
    }
    return [...found];
  };
  assert.equal(search(), []);
  const arena = core.openArena();
  arena.place(digitsOf(parts.p));
  arena.place(parts.qi);
  assert.equal(search(), ["p", "qi"]);
  arena.close();
  slot.close();
});

check("a closed slot gives nothing more; what was begun before ends as it should", () => {
  const core = makeCore();
  const pair = pairWith(1024);
  const slot = new RsaPrivateSlot(core, pair.parts, true);
  const x = randomBytes(128);
  x[0] = 0;
  const begun = slot.raise(x, fillRandom);
  assert.is(begun.next().done, false);
  slot.close();
  assert.is(hex(finish(begun).value!), privateDecrypt(raw(pair.privateKey), x).toString("hex"));
  for (const use of [
    () => slot.exportParts(),
    () => finish(slot.raise(x, fillRandom)),
    () => finish(slot.signPss(HASHES["SHA-256"], new Uint8Array(32), 32, fillRandom)),
  ]) {
    assert.throws(use, (error: DOMException) => error.name === "InvalidStateError");
  }
  assert.is(core.statistics().liveArenas, 0);
});

check("generation of which random bytes are always the same ends with an OperationError", () => {
  const core = makeCore();
  for (const byte of [0, 1, 0x7f, 0xff]) {
    assert.throws(
      () => finish(generateRsaKey(core, 512, Uint8Array.of(1, 0, 1), (bytes) => bytes.fill(byte))),
      (error: DOMException) => error.name === "OperationError" && /not random/.test(error.message),
      `${byte}`,
    );
  }
  assert.is(core.statistics().liveArenas, 0);
});

check(
  "what a generation has made waits for a slice of its own, and is not given once the core is closed",
  () => {
    const core = makeCore();
    const generating = generateRsaKey(core, 512, Uint8Array.of(1, 0, 1), fillRandom);
    do assert.is(generating.next().done, false);
    while (core.statistics().liveArenas > 0);
    core.close();
    assert.throws(
      () => generating.next(),
      (error: DOMException) => error.name === "InvalidStateError",
    );
  },
);

check("a private key of 16,384 bits, and an e of any length below n's, are imported", () => {
  const core = makeCore();
  // Odd numbers do for primes: whether they are is not tested.
  const odd = (length: number) => {
    const bytes = randomBytes(length);
    bytes[0]! |= 0xc0;
    bytes[length - 1]! |= 1;
    return number(bytes);
  };
  const makeParts = (primeBytes: number, eBytes: number): RsaPrivateParts => {
    for (;;) {
      const [p, q, e] = [odd(primeBytes), odd(primeBytes), odd(eBytes)];
      const d = invert(e, (p - 1n) * (q - 1n));
      const qi = invert(q, p);
      if (d === 0n || qi === 0n) continue;
      const [n, dp, dq] = [p * q, d % (p - 1n), d % (q - 1n)];
      return {
        ...{ n: bytes(n), e: bytes(e), d: bytes(d), p: bytes(p) },
        ...{ q: bytes(q), dp: bytes(dp), dq: bytes(dq), qi: bytes(qi) },
      };
    }
  };
  const cases = Array.from({ length: 31 }, (_, i) => [16, i + 1] as const);
  for (const [primeBytes, eBytes] of [[1024, 3] as const, ...cases]) {
    const parts = makeParts(primeBytes, eBytes);
    const slot = new RsaPrivateSlot(core, parts, true);
    assert.equal(jwkOf(slot.exportParts()), jwkOf(parts), `${primeBytes} ${eBytes}`);
    for (const name of ["d", "dp", "dq", "e"] as const) {
      const spoilt = { ...parts, [name]: bytes(number(parts[name]) + 2n) };
      assert.throws(
        () => new RsaPrivateSlot(core, spoilt, true),
        (error: DOMException) => error.name === "DataError",
        `${name} of ${primeBytes} ${eBytes}`,
      );
    }
  }
});

check("work that is given up, or whose core is closed, leaves nothing and goes no further", () => {
  const core = makeCore();
  const slot = new RsaPrivateSlot(core, pairWith(4096).parts, false);
  const x = new Uint8Array(512);
  x[511] = 2;
  const given = slot.raise(x, fillRandom);
  assert.is(given.next().done, false, "4096 bits take several slices");
  assert.is(core.statistics().liveArenas, 1);
  given.return(undefined as never);
  assert.is(core.statistics().liveArenas, 0);

  const raising = slot.raise(x, fillRandom);
  const generating = generateRsaKey(core, 2048, Uint8Array.of(1, 0, 1), fillRandom);
  assert.is(raising.next().done, false);
  assert.is(generating.next().done, false);
  core.close();
  for (const slices of [raising, generating]) {
    assert.throws(
      () => slices.next(),
      (error: DOMException) => error.name === "InvalidStateError",
    );
  }
  assert.throws(
    () => finish(slot.raise(x, fillRandom)),
    (error: DOMException) => error.name === "InvalidStateError",
  );
});

test.run();
