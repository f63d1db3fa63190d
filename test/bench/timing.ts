/**
 * Whether secrets show in the time that operations take: the method of "Dude, is my code constant time?" (Reparaz,
 * Balasch and Verbauwhede, DATE 2017). Calls whose secret is one fixed value and calls whose secret is random take
 * turns, in random order, and Welch's t-test asks whether the two classes' times have the same mean: once for all
 * times, once for each of a number of croppings, because interruptions make long tails, and once for the squares of the
 * distances from the mean. |t| above 10 is a leak. Above 4.5 is suspicious: of a leak it grows with the root of the
 * number of measurements, of chance, the greatest of all croppings being shown, it does not. Below, this many measurements
 * on this machine and engine showed nothing, which is no proof.
 *
 * Measured is the public interface, as shipped, engine and all. Every call gets objects of its own, made before the
 * clock runs and used once, so that a cached key does not look like a leak. Controls leak, and have to be seen.
 */
import { createECDH, webcrypto } from "node:crypto";
import { createRuntime } from "nanort";

/** Measuring time for each experiment, and before it, time to let the engine optimise. */
const SECONDS = Number(process.env.TIMING_SECONDS ?? 3);
const WARM_UP_SECONDS = 0.5;
/** What is slow is measured for up to three times as long, to come to so many; what is fast, no more than so often. */
const MEASUREMENTS_MIN = 4000;
const MEASUREMENTS_MAX = 400_000;
const BATCH = 128;
const SUSPICIOUS = 4.5;
const LEAK = 10;

type Class = 0 | 1;

interface Experiment<R = unknown> {
  name: string;
  /** What the two classes are. */
  classes: string;
  /** A call of this class, ready to be timed. */
  prepare(which: Class): () => R;
  /** For what cannot be chosen: the class that the call turned out to be of; undefined for neither. */
  classify?(result: R): Class | undefined;
  leaks?: true;
}

/** Prints a table of its own: no times to compare with, but what they tell. */
export async function timing(): Promise<[]> {
  const nano = await createRuntime();
  const rows: string[][] = [["", "classes", "measurements", "median", "|t|", "|t| 2nd", ""]];
  let unexpected = 0;
  for (const experiment of await experiments(nano)) {
    const samples = await run(experiment);
    const t = evaluate(samples);
    const worst = Math.max(t.first, t.second);
    const isLeak = worst > LEAK;
    // Of too few, or of times that are all the same, there is no t.
    const isJudged = Math.min(...samples.times.map(({ length }) => length)) >= SAMPLES_MIN && worst >= 0;
    const seen = isLeak ? "leaks" : worst > SUSPICIOUS ? "suspicious" : "nothing seen";
    const verdict = isJudged ? seen : "not judged";
    if (!isJudged || isLeak !== (experiment.leaks ?? false)) unexpected++;
    rows.push([
      experiment.name,
      experiment.classes,
      `${samples.times[0].length} + ${samples.times[1].length}`,
      `${(t.median * 1000).toPrecision(3)} µs`,
      t.first.toFixed(1),
      t.second.toFixed(1),
      experiment.leaks && isLeak ? `${verdict}, as it should` : verdict,
    ]);
    process.stderr.write(".");
  }
  await nano.close();
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  console.log(
    `\n\nTiming: does the secret's class show? |t| below ${SUSPICIOUS}: no sign of it; above ${LEAK}: it does`,
  );
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      i < 2 || i === 6 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!),
    );
    console.log(cells.join("  ").trimEnd());
  }
  console.log(
    unexpected === 0 ? "\nall as expected" : `\n${unexpected} not as expected: run it again, longer`,
  );
  return [];
}

// ---- experiments ----

type Nano = Awaited<ReturnType<typeof createRuntime>>;
type Bytes = Uint8Array<ArrayBuffer>;

const random = (length: number): Bytes => webcrypto.getRandomValues(new Uint8Array(length));
const zeros = (length: number): Bytes => new Uint8Array(length);
/** The fixed class has zeros where the other has random bytes, in memory that was written just as lately. */
const zerosOrRandom = (which: Class, length: number): Bytes => {
  const bytes = random(length);
  return which === 0 ? bytes.fill(0) : bytes;
};
const ZEROS = "zeros / random";

async function experiments(nano: Nano): Promise<Experiment[]> {
  const { subtleSync } = nano;
  return [
    ...controls(subtleSync),
    ...symmetric(subtleSync),
    ...ecdsa(subtleSync),
    ...(await rsaPss(subtleSync)),
  ];
}

function controls(subtleSync: Nano["subtleSync"]): Experiment[] {
  const expected = random(64);
  const exponents = [0x10001, 0x1ffff].map((e) => {
    const n = random(256);
    n[0]! |= 0x80;
    n[255]! |= 1;
    const jwk = { kty: "RSA", n: base64url(n), e: base64url(Uint8Array.of(e >> 16, e >> 8, e)) };
    return () => subtleSync.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"]);
  });
  const signature = zeros(256);
  return [
    {
      name: "control: comparison with an early exit",
      classes: "differs in byte 0 / 63",
      leaks: true,
      prepare: (which) => {
        const given = expected.slice();
        given[which === 0 ? 0 : 63]! ^= 1;
        return () => {
          for (let i = 0; i < expected.length; i++) if (expected[i] !== given[i]) return false;
          return true;
        };
      },
    },
    {
      name: "control: RSA-PSS 2048 verify, in the core",
      classes: "e has 2 ones / 17 ones",
      leaks: true,
      prepare: (which) => {
        const key = exponents[which]!();
        return () => subtleSync.verify({ name: "RSA-PSS", saltLength: 0 }, key, signature, signature);
      },
    },
  ];
}

function symmetric(subtleSync: Nano["subtleSync"]): Experiment[] {
  const gcmKey = (bits: Bytes) => subtleSync.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const hmacKey = (bits: Bytes) => subtleSync.importKey("raw", bits, hmac, false, ["sign", "verify"]);
  const wrongByte = (which: Class, bytes: Bytes, length: number) => {
    bytes[which === 0 ? bytes.length - length : bytes.length - 1]! ^= 1;
    return bytes;
  };
  return [
    ...[128, 256].flatMap((bits): Experiment[] => [
      {
        name: `AES-${bits}-GCM encrypt, key`,
        classes: ZEROS,
        prepare: (which) => {
          const key = gcmKey(zerosOrRandom(which, bits / 8));
          const [iv, data] = [random(12), random(256)];
          return () => subtleSync.encrypt({ name: "AES-GCM", iv }, key, data);
        },
      },
      {
        name: `AES-${bits}-GCM encrypt, plaintext`,
        classes: ZEROS,
        prepare: (which) => {
          const key = gcmKey(random(bits / 8));
          const [iv, data] = [random(12), zerosOrRandom(which, 256)];
          return () => subtleSync.encrypt({ name: "AES-GCM", iv }, key, data);
        },
      },
      {
        name: `AES-${bits}-GCM decrypt, forged tag`,
        classes: "wrong byte 0 / 15",
        prepare: (which) => {
          const key = gcmKey(random(bits / 8));
          const algorithm = { name: "AES-GCM", iv: random(12) };
          const sealed = new Uint8Array(subtleSync.encrypt(algorithm, key, random(64)));
          const forged = wrongByte(which, sealed, 16);
          return () => refusal(() => subtleSync.decrypt(algorithm, key, forged));
        },
      },
    ]),
    {
      name: "HMAC-SHA-256 sign, key",
      classes: ZEROS,
      prepare: (which) => {
        const key = hmacKey(zerosOrRandom(which, 32));
        const data = random(64);
        return () => subtleSync.sign("HMAC", key, data);
      },
    },
    {
      name: "HMAC-SHA-256 verify, wrong MAC",
      classes: "wrong byte 0 / 31",
      prepare: (which) => {
        const key = hmacKey(random(32));
        const data = random(64);
        const mac = wrongByte(which, new Uint8Array(subtleSync.sign("HMAC", key, data)), 32);
        return () => subtleSync.verify("HMAC", key, mac, data);
      },
    },
    {
      name: "importKey AES jwk, key",
      classes: ZEROS,
      prepare: (which) => {
        const jwk = { kty: "oct", k: base64url(zerosOrRandom(which, 32)) };
        return () => subtleSync.importKey("jwk", jwk, "AES-GCM", true, ["encrypt"]);
      },
    },
  ];
}

/** What a call that must fail says. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).name;
  }
  throw new Error("a forged tag was taken for authentic");
}

function ecdsa(subtleSync: Nano["subtleSync"]): Experiment[] {
  const algorithm = { name: "ECDSA", hash: "SHA-512" };
  const data = random(64);
  const digest = new Uint8Array(subtleSync.digest("SHA-512", data));
  return CURVES.flatMap(({ namedCurve, node, bytes, order }): Experiment[] => {
    const ec = { name: "ECDSA", namedCurve };
    const one = pkcs8Of(
      subtleSync,
      namedCurve,
      node,
      Uint8Array.from({ length: bytes }, (_, i) => +(i === bytes - 1)),
    );
    // Making each public key would take longer than signing.
    const files = Array.from({ length: 64 }, () => pkcs8Of(subtleSync, namedCurve, node));
    const drawn = () => files[random(1)[0]! % files.length]!;
    const load = (file: Bytes) => subtleSync.importKey("pkcs8", file, ec, true, ["sign"]);
    const known = load(drawn());
    const d = integer(fromBase64url((subtleSync.exportKey("jwk", known) as { d: string }).d));
    const e = integer(digest.subarray(0, Math.min(bytes, digest.length)));
    const nonce: Experiment<ArrayBuffer> = {
      name: `ECDSA ${namedCurve} sign, nonce`,
      classes: "below n / 8 / above n / 2",
      prepare: () => () => subtleSync.sign(algorithm, known, data),
      // Who knows d learns the nonce from the signature. That its leading zeros show in the time is what Minerva
      // (Jancar and others, 2020) found in a dozen libraries.
      classify: (signature) => {
        const r = integer(new Uint8Array(signature, 0, bytes));
        const s = integer(new Uint8Array(signature, bytes));
        const k = (inverse(s, order) * (e + r * d)) % order;
        return 8n * k < order ? 0 : 2n * k > order ? 1 : undefined;
      },
    };
    return [
      {
        name: `ECDSA ${namedCurve} sign, d`,
        classes: "1 / random",
        prepare: (which) => {
          const key = load(which === 0 ? one : drawn());
          return () => subtleSync.sign(algorithm, key, data);
        },
      },
      nonce as Experiment,
      {
        name: `importKey ECDSA ${namedCurve} pkcs8, d`,
        classes: "1 / random",
        prepare: (which) => {
          const file = (which === 0 ? one : drawn()).slice();
          return () => load(file);
        },
      },
    ];
  });
}

const CURVES = [
  {
    namedCurve: "P-256",
    node: "prime256v1",
    bytes: 32,
    order: BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
  },
  {
    namedCurve: "P-384",
    node: "secp384r1",
    bytes: 48,
    order: BigInt(`0x${"f".repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`),
  },
  {
    namedCurve: "P-521",
    node: "secp521r1",
    bytes: 66,
    order: BigInt(`0x1${"f".repeat(64)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
  },
];

/** A private key, given or random, as a file. */
function pkcs8Of(subtleSync: Nano["subtleSync"], crv: string, node: string, scalar?: Bytes): Bytes {
  const ecdh = createECDH(node);
  if (scalar) ecdh.setPrivateKey(scalar);
  else ecdh.generateKeys();
  const point = new Uint8Array(ecdh.getPublicKey());
  const bytes = (point.length - 1) / 2;
  const padded = zeros(bytes); // Node leaves zeros in front out.
  const d = ecdh.getPrivateKey();
  padded.set(d, bytes - d.length);
  const jwk = {
    kty: "EC",
    crv,
    d: base64url(padded),
    x: base64url(point.subarray(1, 1 + bytes)),
    y: base64url(point.subarray(1 + bytes)),
  };
  const key = subtleSync.importKey("jwk", jwk, { name: "ECDSA", namedCurve: crv }, true, ["sign"]);
  return new Uint8Array(subtleSync.exportKey("pkcs8", key) as ArrayBuffer);
}

async function rsaPss(subtleSync: Nano["subtleSync"]): Promise<Experiment[]> {
  const rsa = { name: "RSA-PSS", hash: "SHA-256" };
  const files: Bytes[] = [];
  for (let i = 0; i < 9; i++) {
    const parameters = { ...rsa, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
    const { privateKey } = await webcrypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
    files.push(new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", privateKey)));
  }
  const drawn = () => files[1 + (random(1)[0]! % (files.length - 1))]!;
  const load = (file: Bytes) => subtleSync.importKey("pkcs8", file, rsa, true, ["sign"]);
  const known = load(files[0]!);
  // Without a salt the message alone decides what is raised to the private exponent.
  const algorithm = { name: "RSA-PSS", saltLength: 0 };
  return [
    {
      name: "RSA-PSS 2048 sign, key",
      classes: "one / eight others",
      prepare: (which) => {
        const key = load(which === 0 ? files[0]! : drawn());
        const data = random(64);
        return () => subtleSync.sign(algorithm, key, data);
      },
    },
    {
      name: "RSA-PSS 2048 sign, message",
      classes: ZEROS,
      prepare: (which) => {
        const data = zerosOrRandom(which, 64);
        return () => subtleSync.sign(algorithm, known, data);
      },
    },
    {
      name: "importKey RSA 2048 pkcs8, key",
      classes: "one / eight others",
      prepare: (which) => {
        const file = (which === 0 ? files[0]! : drawn()).slice();
        return () => load(file);
      },
    },
  ];
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const fromBase64url = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

/** By the extended Euclidean algorithm. */
function inverse(x: bigint, modulus: bigint): bigint {
  let [a, b, u, v] = [modulus, x, 0n, 1n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b, u, v] = [b, a - quotient * b, v, u - quotient * v];
  }
  return ((u % modulus) + modulus) % modulus;
}

// ---- measuring ----

interface Samples {
  /** Milliseconds, for each class. */
  times: [number[], number[]];
}

async function run({ prepare, classify }: Experiment): Promise<Samples> {
  const times: [number[], number[]] = [[], []];
  const calls: (() => unknown)[] = new Array(BATCH);
  const elapsed = new Float64Array(BATCH);
  const results: unknown[] = new Array(BATCH);
  let measured = -WARM_UP_SECONDS * 1000;
  while (!isEnough(measured / 1000, times[0].length + times[1].length)) {
    const classes = random(BATCH).map((byte) => byte & 1);
    for (let i = 0; i < BATCH; i++) calls[i] = prepare(classes[i] as Class);
    // What the preparation left to be collected is not to be collected between two clock readings.
    await new Promise(setImmediate);
    const wasWarm = measured >= 0;
    for (let i = 0; i < BATCH; i++) {
      const call = calls[i]!;
      const started = performance.now();
      results[i] = call();
      elapsed[i] = performance.now() - started;
      measured += elapsed[i]!;
    }
    if (!wasWarm) continue;
    for (let i = 0; i < BATCH; i++) {
      const which = classify ? classify(results[i]) : (classes[i] as Class);
      if (which !== undefined) times[which].push(elapsed[i]!);
    }
  }
  return { times };
}

function isEnough(seconds: number, measurements: number): boolean {
  if (measurements > MEASUREMENTS_MAX || seconds > 3 * SECONDS) return true;
  return seconds > SECONDS && measurements > MEASUREMENTS_MIN;
}

// ---- statistics ----

/** The greatest |t| of all croppings, that of the squares, and the median time in milliseconds. */
function evaluate({ times }: Samples): { first: number; second: number; median: number } {
  const sorted = Float64Array.from([...times[0], ...times[1]]).sort();
  let first = Math.abs(welch(times[0], times[1]));
  for (let i = 1; i <= CROPPINGS; i++) {
    const limit = sorted[Math.floor(sorted.length * (1 - 0.5 ** ((10 * i) / CROPPINGS)))]!;
    const [a, b] = times.map((class_) => class_.filter((time) => time < limit)) as [number[], number[]];
    if (Math.min(a.length, b.length) >= SAMPLES_MIN) first = Math.max(first, Math.abs(welch(a, b)));
  }
  // Without the longest hundredth: a square lets one interruption outweigh everything.
  const limit = sorted[Math.floor(sorted.length * 0.99)]!;
  const squares = times.map((class_) => {
    const cropped = class_.filter((time) => time < limit);
    const mean = cropped.reduce((sum, time) => sum + time, 0) / cropped.length;
    return cropped.map((time) => (time - mean) ** 2);
  }) as [number[], number[]];
  return { first, second: Math.abs(welch(...squares)), median: sorted[sorted.length >> 1]! };
}

/** At 1 - 2^(-10 i / croppings) of all times, as the authors' program has it. */
const CROPPINGS = 20;
const SAMPLES_MIN = 200;

/** Welch's t: the difference of the means, in standard errors. */
function welch(a: number[], b: number[]): number {
  const [x, y] = [moments(a), moments(b)];
  return (x.mean - y.mean) / Math.sqrt(x.variance / a.length + y.variance / b.length);
}

function moments(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}
