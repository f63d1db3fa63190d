/**
 * Keys mutated at random. JSON Web Keys, with members that are missing, of other types, lengths and alphabets, or copied
 * from one another, with getters, proxies and iterators that throw; the JSON of such keys, as unwrapKey reads it; and
 * key files, which zig/der/key_fuzz.zig and der-fuzz.test.ts test for themselves. What comes of importing one is a key
 * that is what it said, or the error that the standard has for it; never anything else.
 *
 * FUZZ_SEED repeats a run, FUZZ_ROUNDS, in thousands, makes it longer.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { random } from "../../support/core.ts";
import { call, callSync, nano } from "../support.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
const rounds = Number(process.env.FUZZ_ROUNDS ?? 24) * 1000;
const { subtleSync } = nano;

const next = random(seed);
const below = (limit: number) => Math.floor(next() * limit);
const oneOf = <T>(items: readonly T[]): T => items[below(items.length)]!;

type Members = Record<string, unknown>;
interface Base {
  algorithm: { name: string };
  jwk: Members;
  usages: string[];
}

function bases(): Base[] {
  const found: Base[] = [];
  const add = (algorithm: { name: string }, key: CryptoKey, usages: string[]) =>
    found.push({ algorithm, jwk: { ...subtleSync.exportKey("jwk", key) }, usages });
  for (const length of [128, 192, 256]) {
    const algorithm = { name: "AES-GCM", length };
    add(algorithm, subtleSync.generateKey(algorithm, true, ["encrypt"]), ["encrypt"]);
  }
  for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
    const algorithm = { name: "HMAC", hash };
    add(algorithm, subtleSync.generateKey(algorithm, true, ["verify"]) as CryptoKey, ["verify"]);
  }
  const pairs = [
    ...["P-256", "P-384", "P-521"].map((namedCurve) => ({ name: "ECDSA", namedCurve })),
    { name: "RSA-PSS", hash: "SHA-256", modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1) },
    { name: "RSA-PSS", hash: "SHA-512", modulusLength: 515, publicExponent: Uint8Array.of(3) },
    ...["Ed25519", "Ed448", "X25519", "X448"].map((name) => ({ name })),
  ];
  for (const algorithm of pairs) {
    const agrees = algorithm.name.startsWith("X");
    const pair = subtleSync.generateKey(algorithm, true, agrees ? ["deriveBits"] : ["sign", "verify"]);
    const { privateKey, publicKey } = pair as CryptoKeyPair;
    add(algorithm, privateKey, privateKey.usages);
    add(algorithm, publicKey, publicKey.usages);
  }
  return found;
}

/** What only the script's own code throws: it comes back as it is. */
class Thrown extends Error {}
const thrower = (): never => {
  throw new Thrown();
};

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ALIEN = [
  "=",
  "+",
  "/",
  " ",
  "\n",
  "\0",
  "\u00e9",
  "\u0141",
  "\uff21",
  "\ud83d",
  "\u{1f511}",
  "~",
  "[",
  "`",
];
const BYTES = ["k", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi"];

/** Text that differs a little. */
function edited(text: string): string {
  const at = below(text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (below(9)) {
    case 0:
      return before + oneOf([...ALPHABET]) + after.slice(1);
    case 1:
      return before + oneOf(ALIEN) + after.slice(1);
    case 2:
      return before + oneOf([...ALPHABET]) + after;
    case 3:
      return before + after.slice(1 + below(4));
    case 4:
      return before;
    case 5:
      return text + oneOf(["A", "AA", "AAAA", "=", "=="]);
    case 6:
      return oneOf(["A", "AAAA", "AAAAAAAA"]) + text;
    case 7:
      return text + text;
    default:
      return oneOf(["", "A", "AA", "AQ", "AAA", "A".repeat(70_000), "_".repeat(300)]);
  }
}

/** What is no string, with whether its conversion to one throws. */
function otherType(text: unknown): unknown {
  return oneOf([
    ...[undefined, null, true, 0, 5, 7n, Number.NaN, {}, [], [text], Object(text), () => text],
    ...[Symbol("member"), { toString: () => text }, { toString: thrower }, { [Symbol.toPrimitive]: () => 1 }],
    ...[{ toString: null, valueOf: null }, Object.create(null)],
  ]);
}

const VALUES: Record<string, () => unknown> = {
  kty: () => oneOf(["EC", "RSA", "oct", "OKP", "ec", "OCT", "", "EC\0"]),
  crv: () =>
    oneOf([
      ...["P-256", "P-384", "P-521", "p-256", "secp256k1", "", "__proto__"],
      ...["Ed25519", "Ed448", "X25519", "X448", "ed25519"],
    ]),
  alg: () =>
    oneOf([
      ...["A128GCM", "A256GCM", "HS256", "HS512", "ES256", "ES512", "PS256", "PS512", "RS256", ""],
      ...["EdDSA", "Ed25519", "Ed448", "ECDH-ES"],
    ]),
  use: () => oneOf(["sig", "enc", "SIG", "", "other"]),
  ext: () => oneOf([true, false, 0, 1, "", "false", null, undefined, {}, Symbol("ext")]),
  key_ops: () =>
    oneOf<unknown>([
      ...[
        [],
        ["sign"],
        ["verify"],
        ["encrypt"],
        ["sign", "sign"],
        ["sign", "verify"],
        ["encrypt", "decrypt"],
      ],
      ...[
        new Set(["sign", "encrypt", "verify"]),
        "sign",
        5,
        {},
        [Symbol("op")],
        [{ toString: thrower }],
        ["x", "x"],
      ],
      ...[
        { [Symbol.iterator]: thrower },
        { [Symbol.iterator]: 1 },
        { [Symbol.iterator]: () => ({ next: thrower }) },
      ],
      ...[{ [Symbol.iterator]: () => 5 }, null, undefined, Array(3), ["sign", undefined], new Uint8Array(3)],
    ]),
  oth: () =>
    oneOf<unknown>([
      [],
      [{}],
      [{ r: "AQ", d: "AQ", t: "AQ" }],
      [null],
      [5],
      5,
      {},
      [{ r: thrower }],
      undefined,
    ]),
};

/** A member that throws when it is read. */
const throws = Symbol("throws");

/** Changes one member. */
function change(members: Map<string, unknown>): void {
  const names = [...members.keys()];
  const name = next() < 0.8 && names.length > 0 ? oneOf(names) : oneOf([...Object.keys(VALUES), ...BYTES]);
  const value = members.get(name);
  const way = below(10);
  if (way === 0) members.delete(name);
  else if (way === 1) members.set(name, otherType(value));
  else if (way === 2) members.set(name, members.get(oneOf([name, ...names])));
  else if (way === 3) members.set(name, throws);
  else if (name in VALUES) members.set(name, VALUES[name]!());
  else members.set(name, edited(typeof value === "string" ? value : ""));
}

function objectOf(members: Map<string, unknown>): Members {
  const jwk: Members = {};
  for (const [name, value] of members) {
    if (value === throws) Object.defineProperty(jwk, name, { get: thrower, enumerable: true });
    else jwk[name] = value;
  }
  return jwk;
}

/** The same members, in an object of another kind, or none. */
function wrapped(jwk: Members): unknown {
  const target = oneOf(["kty", "k", "d", "x", "alg", "use", "key_ops", "n", "oth"]);
  switch (below(24)) {
    case 0:
      return Object.create(jwk);
    case 1:
      return Object.create(null, Object.getOwnPropertyDescriptors(jwk));
    case 2:
      return new Proxy(jwk, { get: (from, name) => (name === target ? thrower() : Reflect.get(from, name)) });
    case 3:
      return new Proxy(jwk, {
        has: thrower,
        ownKeys: thrower,
        getPrototypeOf: thrower,
        getOwnPropertyDescriptor: thrower,
      });
    case 4:
      return Object.defineProperties(() => {}, Object.getOwnPropertyDescriptors(jwk));
    case 5:
      return oneOf([
        null,
        undefined,
        "",
        JSON.stringify({ kty: "oct" }),
        5,
        5n,
        true,
        Symbol("jwk"),
        [],
        new Map(),
      ]);
    case 6:
      return Object.defineProperties([], Object.getOwnPropertyDescriptors(jwk));
    case 7:
      return oneOf([new ArrayBuffer(8), new Uint8Array(8), new DataView(new ArrayBuffer(1))]);
    default:
      return jwk;
  }
}

/** An integer's bytes without zeros before them. */
const integer = (text: unknown) =>
  Buffer.from(String(text), "base64url")
    .toString("hex")
    .replace(/^(00)+/, "");

/** What was accepted is what the members said, as they read now that they were converted. */
function requireSame(given: Members, key: CryptoKey, name: string): void {
  const exported = { ...subtleSync.exportKey("jwk", key) } as Members;
  for (const member of BYTES) {
    if (exported[member] === undefined) continue;
    if (name === "RSA-PSS") assert.is(integer(exported[member]), integer(given[member]), member);
    else assert.is(exported[member], String(given[member]), member);
  }
  assert.is(exported.kty, String(given.kty));
  // RFC 8037's name for both of its curves is taken, and RFC 9864's given.
  if (given.alg !== undefined && String(given.alg) !== "EdDSA") {
    assert.is(exported.alg ?? String(given.alg), String(given.alg));
  }
}

test("importing a JSON Web Key gives a key that is what it said, or the error that the standard has for it", async () => {
  const counts: Record<string, number> = {};
  const all = bases();
  for (let round = 0; round < rounds; round++) {
    const { algorithm, jwk: base, usages } = oneOf(all);
    const members = new Map(Object.entries(base));
    for (let times = below(3); times >= 0; times--) change(members);
    const given = wrapped(objectOf(members));
    const extractable = next() < 0.9;
    const args = ["jwk", given, algorithm, extractable, next() < 0.95 ? usages : []];
    try {
      const outcome = callSync(nano, "importKey", args);
      const kind = "error" in outcome ? outcome.error.name : "key";
      counts[kind] = (counts[kind] ?? 0) + 1;
      if ("error" in outcome) {
        const { error } = outcome;
        if (error instanceof DOMException)
          assert.ok(["DataError", "SyntaxError"].includes(error.name), error.name);
        else assert.ok(error instanceof Thrown || error instanceof TypeError, String(error));
        if (!(error instanceof Thrown))
          assert.match(
            error.message,
            /^importKey: keyData|^keyUsages|^Cannot convert|iterator|not an object|not a function/,
          );
      } else if (extractable) {
        requireSame(given as Members, outcome.value as CryptoKey, algorithm.name);
      }
      if (round % 16 !== 0) continue;
      const promised = await call(nano, "importKey", args);
      assert.is("error" in promised, "error" in outcome);
      if ("error" in promised && "error" in outcome) {
        assert.is(promised.error.constructor, outcome.error.constructor);
        assert.is(promised.error.message, outcome.error.message);
      }
    } catch (error) {
      console.log(`FUZZ_SEED=${seed}, round ${round}: ${algorithm.name}`, given);
      throw error;
    }
  }
  assert.is(nano.memory().liveArenas, 0);
  console.log(`${rounds} keys: ${JSON.stringify(counts)}; FUZZ_SEED=${seed}`);
});

/** An error is one of these. */
function requireError(error: Error, names: readonly string[]): void {
  assert.instance(error, DOMException);
  assert.ok(names.includes(error.name), `${error.name}: ${error.message}`);
}

/** Bytes that differ a little. */
function altered(bytes: Uint8Array): Uint8Array {
  const at = below(bytes.length + 1);
  const inserted = oneOf([
    [],
    [below(256)],
    [0, 0],
    [...bytes.subarray(at, at + below(8))],
    [0x80],
    [0x22, 0x2c],
  ]);
  const gone = oneOf([0, inserted.length, below(4)]);
  return Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at + gone));
}

test("unwrapping a JSON Web Key gives a key that is what it said, or one of two errors, which tell nothing of it", async () => {
  const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };
  const wrapping = subtleSync.generateKey({ ...gcm, length: 128 }, false, ["encrypt", "unwrapKey"]);
  const counts: Record<string, number> = {};
  const all = bases();
  for (let round = 0; round < rounds / 4; round++) {
    const { algorithm, jwk, usages } = oneOf(all);
    let bytes: Uint8Array = new TextEncoder().encode(JSON.stringify(jwk));
    for (let times = below(3); times >= 0; times--) bytes = altered(bytes);
    try {
      const wrapped = subtleSync.encrypt(gcm, wrapping, bytes as Uint8Array<ArrayBuffer>);
      const outcome = callSync(nano, "unwrapKey", ["jwk", wrapped, wrapping, gcm, algorithm, true, usages]);
      const kind = "error" in outcome ? outcome.error.name : "key";
      counts[kind] = (counts[kind] ?? 0) + 1;
      if ("error" in outcome) requireError(outcome.error, ["DataError", "SyntaxError"]);
      else
        requireSame(JSON.parse(new TextDecoder().decode(bytes)), outcome.value as CryptoKey, algorithm.name);
    } catch (error) {
      console.log(
        `FUZZ_SEED=${seed}, round ${round}: ${algorithm.name}`,
        Buffer.from(bytes).toString("latin1"),
      );
      throw error;
    }
  }
  assert.is(nano.memory().liveArenas, 0);
  console.log(`${rounds / 4} texts: ${JSON.stringify(counts)}; FUZZ_SEED=${seed}`);
});

test("importing a key file gives a key that is exported as it came, or a DataError", async () => {
  const counts: Record<string, number> = {};
  const all = bases().filter(({ jwk }) => jwk.kty !== "oct");
  const files = all.map(({ algorithm, jwk, usages }) => {
    const key = subtleSync.importKey("jwk", jwk, algorithm, true, usages as KeyUsage[]);
    const format = key.type === "private" ? ("pkcs8" as const) : ("spki" as const);
    return { algorithm, usages, format, file: new Uint8Array(subtleSync.exportKey(format, key)) };
  });
  for (let round = 0; round < rounds / 4; round++) {
    const { algorithm, usages, format, file } = oneOf(files);
    let bytes: Uint8Array = file;
    for (let times = below(3); times >= 0; times--) bytes = altered(bytes);
    const given = `${format} ${Buffer.from(bytes).toString("hex")}`;
    try {
      const before = bytes.slice();
      const outcome = callSync(nano, "importKey", [format, bytes, algorithm, true, usages]);
      const kind = "error" in outcome ? outcome.error.name : "key";
      counts[kind] = (counts[kind] ?? 0) + 1;
      assert.equal(bytes, before); // The caller's own bytes are not ours to wipe.
      if ("error" in outcome) {
        requireError(outcome.error, ["DataError"]);
        continue;
      }
      const exported = new Uint8Array(subtleSync.exportKey(format, outcome.value as CryptoKey));
      if (exported.length === bytes.length) assert.equal(exported, bytes);
    } catch (error) {
      console.log(`FUZZ_SEED=${seed}, round ${round}: ${algorithm.name}, ${given}`);
      throw error;
    }
  }
  assert.is(nano.memory().liveArenas, 0);
  console.log(`${rounds / 4} files: ${JSON.stringify(counts)}; FUZZ_SEED=${seed}`);
});

test.run();
