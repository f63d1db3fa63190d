// Evidence that no secret steers the core as it is shipped: nano.wasm itself, run by a machine that follows secrets
// (machine.ts). What Valgrind's memcheck finds in the native build of the same code (zig/constant_time.zig) is found here
// in the module, after LLVM has made what it likes of it, and divisions and `select` too, which memcheck lets pass.
//
//   npm run build -- core debug constant-time tests && node wasm-out/tests/run.js constant-time
//
// One line for each check. Controls leak on purpose, and have to be found. The last line is `N passed, N failed`.
import {
  checkPrimeSync,
  constants,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { readLines } from "./lines.ts";
import type { Finding } from "./machine.ts";
import { DECISIONS, PUBLIC } from "./public.ts";
import { Twin } from "./twin.ts";

const WASM = "wasm-out/nano.wasm";
/** The same module with its names and its lines. */
const NAMED = "wasm-out/nano.debug.wasm";

const named = readFileSync(NAMED);
const lineOf = readLines(named);
const twin = new Twin(new Uint8Array(readFileSync(WASM)), named);

interface Check {
  name: string;
  run(): void;
  /** What a control must be found to do. */
  leaks?: Finding["kind"][];
}

// ---- what is secret ----

/** Bytes that look random and are the same in each run. */
function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed * 2654435761;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}

const secret = (length: number, seed = 1) => twin.placeSecret(bytesOf(length, seed));
const given = (length: number, seed = 2) => twin.place(bytesOf(length, seed));

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}

// ---- symmetric ----

const HASHES = [1, 2, 3, 4] as const;
const SHA_256 = 2;

const symmetric: Check[] = [
  {
    name: "digests of a secret message, at once and in pieces",
    run() {
      const output = twin.alloc(64);
      for (const hash of HASHES) {
        for (const length of [0, 55, 64, 111, 300])
          twin.do("hash.digest", hash, secret(length), length, output);
        const state = twin.alloc(twin.do("hash.state_bytes", hash));
        twin.do("hash.init", hash, state);
        twin.do("hash.update", state, secret(100), 100);
        twin.do("hash.update", state, secret(100), 100);
        twin.do("hash.final", state, output);
      }
      expect(twin.isSecret(output, 64), "a digest depends on its message");
    },
  },
  {
    name: "HMAC: key, message, right and wrong MACs",
    run() {
      for (const hash of HASHES) {
        for (const length of [1, 64, 200]) {
          const prepared = twin.alloc(twin.do("hmac.prepared_bytes", hash));
          twin.do("hmac.prepare", hash, secret(length), length, prepared);
          const message = secret(100, 2);
          const mac = twin.alloc(64);
          const macBytes = twin.do("hmac.sign", prepared, message, 100, mac);
          expect(twin.do("hmac.verify", prepared, message, 100, mac, macBytes) === 1, "the MAC is right");
          expect(twin.do("hmac.verify", prepared, message, 99, mac, macBytes) === 0, "the MAC is wrong");
          const state = twin.alloc(twin.do("hmac.state_bytes", hash));
          for (const isRight of [1, 0]) {
            twin.do("hmac.init", prepared, state);
            twin.do("hmac.update", state, message, 33);
            twin.do("hmac.update", state, message + 33, 66 + isRight);
            expect(twin.do("hmac.verify_final", state, mac, macBytes) === isRight, "the MAC is judged");
          }
        }
      }
    },
  },
  {
    name: "AES-GCM: key set-up, sealing, opening, forged tags",
    run() {
      for (const keyBytes of [16, 24, 32]) {
        const prepared = twin.alloc(twin.do("aes_gcm.prepared_bytes"));
        twin.do("aes_gcm.prepare", secret(keyBytes), keyBytes, prepared);
        for (const length of [0, 1, 64, 113, 1000]) {
          const [iv, ivBytes] = length % 2 ? [secret(20, 3), 20] : [secret(12, 3), 12];
          const text = secret(length, 4);
          const aad = secret(30, 5);
          const tag = twin.alloc(16);
          twin.do("aes_gcm.seal", prepared, iv, ivBytes, aad, 30, text, length, text, tag, 16);
          expect(twin.isSecret(tag, 16), "a tag depends on the message");
          twin.do("aes_gcm.open", prepared, iv, ivBytes, aad, 30, text, length, text, tag, 16);
          const forged = twin.call(
            "aes_gcm.open",
            prepared,
            iv,
            ivBytes,
            aad,
            29,
            text,
            length,
            text,
            tag,
            16,
          );
          expect(forged < 0, "a forged message is refused");
        }
      }
    },
  },
  {
    name: "AES-GCM in pieces: sealing, opening, a forged tag",
    run() {
      const prepared = twin.alloc(twin.do("aes_gcm.prepared_bytes"));
      const state = twin.alloc(twin.do("aes_gcm.state_bytes"));
      const [text, aad, tag] = [secret(500, 4), secret(30, 5), twin.alloc(16)];
      for (const [keyBytes, ivBytes] of [
        [16, 12],
        [24, 21],
        [32, 12],
      ] as const) {
        twin.do("aes_gcm.prepare", secret(keyBytes), keyBytes, prepared);
        const iv = secret(ivBytes, 3);
        const begin = () => {
          twin.do("aes_gcm.init", prepared, iv, 5, state);
          twin.do("aes_gcm.update_iv", state, iv + 5, ivBytes - 5);
          twin.do("aes_gcm.update_aad", state, aad, 7);
          twin.do("aes_gcm.update_aad", state, aad + 7, 23);
        };
        begin();
        twin.do("aes_gcm.seal_update", state, text, 33, text);
        twin.do("aes_gcm.seal_update", state, text + 33, 467, text + 33);
        twin.do("aes_gcm.seal_final", state, tag, 16);
        expect(twin.isSecret(tag, 16), "a tag depends on the message");
        begin();
        twin.do("aes_gcm.verify_update", state, text, 499);
        expect(twin.call("aes_gcm.verify_final", state, tag, 16) < 0, "a cut message is refused");
        begin();
        twin.do("aes_gcm.verify_update", state, text, 150);
        twin.do("aes_gcm.verify_update", state, text + 150, 350);
        twin.do("aes_gcm.verify_final", state, tag, 16);
        twin.do("aes_gcm.open_update", state, text, 40, text);
        twin.do("aes_gcm.open_update", state, text + 40, 460, text + 40);
      }
    },
  },
  {
    name: "AES-CBC and AES-CTR: key set-up, there and back, right and wrong padding",
    run() {
      const prepared = twin.alloc(twin.do("aes.prepared_bytes"));
      const text = secret(400, 4);
      for (const keyBytes of [16, 24, 32]) {
        twin.do("aes.prepare", secret(keyBytes), keyBytes, prepared);
        for (const length of [32, 400]) {
          twin.do("aes_cbc.encrypt", prepared, secret(16, 3), text, length, text);
          twin.do("aes_cbc.decrypt", prepared, secret(16, 3), text, length, text);
          twin.do("aes_ctr.crypt", prepared, given(16, 3), 64, text, length - 7, text);
        }
        expect(twin.isSecret(text, 400), "a text depends on the key");
      }
      for (let length = 0; length < 20; length++) {
        const block = bytesOf(16, 5).fill(length, 16 - Math.min(length, 16));
        block[15] = length;
        const found = twin.do("aes_cbc.padding_bytes", twin.placeSecret(block));
        expect(found === (length >= 1 && length <= 16 ? length : 0), "padding is judged");
      }
    },
  },
  {
    name: "AES-KW: wrapping, unwrapping, a wrong key",
    run() {
      const prepared = twin.alloc(twin.do("aes.prepared_bytes"));
      for (const keyBytes of [16, 24, 32]) {
        twin.do("aes.prepare", secret(keyBytes), keyBytes, prepared);
        const data = secret(40, 4);
        twin.do("aes_kw.wrap", prepared, data, 40, 1, 24);
        expect(twin.isSecret(data, 40), "a wrapped key depends on the key");
        twin.do("aes_kw.unwrap", prepared, data, 40, 24, 1);
        expect(twin.call("aes_kw.unwrap", prepared, data, 40, 24, 1) < 0, "what was not wrapped is refused");
      }
    },
  },
  {
    name: "HKDF and PBKDF2: secret password, material, salt and info",
    run() {
      for (const hash of HASHES) {
        const prk = twin.alloc(twin.do("hmac.prepared_bytes", hash));
        twin.do("hkdf.extract", hash, secret(20, 3), 20, secret(40, 4), 40, prk);
        const output = twin.alloc(150);
        twin.do("hkdf.expand", prk, secret(30, 5), 30, output, 150);
        expect(twin.isSecret(output, 150), "what is derived depends on the secret");
        const digests = 2 * twin.do("hash.digest", hash, secret(3), 3, output);
        twin.do("pbkdf2.iterate", prk, secret(digests), digests, secret(digests), 3);
      }
    },
  },
  {
    name: "base64url, read and written",
    run() {
      const bytes = secret(50);
      const text = twin.alloc(80);
      const length = twin.do("base64url.encode", bytes, 50, text);
      expect(twin.do("base64url.decode", text, length, twin.alloc(50)) === 50, "the text is read again");
    },
  },
];

// ---- elliptic curves ----

const CURVES = [
  { id: 1, name: "P-256", bytes: 32 },
  { id: 2, name: "P-384", bytes: 48 },
  { id: 3, name: "P-521", bytes: 66 },
];

/** A private key that is secret. */
function privateKeyOn({ id, bytes }: (typeof CURVES)[number]): number {
  const random = bytesOf(bytes, id);
  random[0] = 0; // Small enough for each curve.
  const key = twin.alloc(bytes);
  expect(twin.do("ec.generate_private_key", id, twin.placeSecret(random), key) === bytes, "a key was drawn");
  return key;
}

const curves: Check[] = CURVES.map((curve) => ({
  name: `EC keys on ${curve.name}: private key, public key, nonce, signature, shared secret`,
  run() {
    const { id, bytes } = curve;
    const key = privateKeyOn(curve);
    const point = twin.alloc(2 * bytes + 1);
    // The tables are computed at first use, out of nothing secret.
    const one = twin.place(Uint8Array.from({ length: bytes }, (_, i) => +(i === bytes - 1)));
    twin.prepare((engine) => engine["ec.public_key"](id, one, point));
    twin.do("ec.public_key", id, key, point);
    expect(twin.isSecret(point, 2 * bytes + 1), "a public key depends on the private one");
    expect(twin.do("ec.check_private_key", id, key) === 1, "the private key is in range");
    const encoded = twin.place(twin.read(point, 2 * bytes + 1));
    const pair = twin.do("ec.is_key_pair", id, key, encoded, 2 * bytes + 1, twin.alloc(2 * bytes + 1));
    expect(pair === 1, "the keys belong together");
    const shared = twin.alloc(bytes);
    expect(twin.do("ecdh.derive", id, key, encoded, shared) === bytes, "a secret is shared");
    expect(twin.isSecret(shared, bytes), "a shared secret depends on the private key");
    const signature = twin.alloc(2 * bytes);
    const digest = secret(32);
    twin.do("ecdsa.sign", id, SHA_256, key, digest, 32, secret(32, 2), 32, signature);
    twin.publish(point, 2 * bytes + 1);
    twin.publish(signature, 2 * bytes);
    twin.publish(digest, 32);
    twin.prepare((engine) => {
      const isRight = engine["ecdsa.verify"](id, point, digest, 32, signature, 2 * bytes);
      expect(isRight === 1, "the signature is right");
    });
  },
}));

const EDDSA_CURVES = [
  { id: 1, name: "Ed25519", bytes: 32, contextBytes: 0 },
  { id: 2, name: "Ed448", bytes: 57, contextBytes: 255 },
];

const signatures: Check[] = EDDSA_CURVES.map(({ id, name, bytes, contextBytes }) => ({
  name: `${name}: public key, signature at once and in pieces`,
  run() {
    const prepared = twin.alloc(twin.do("eddsa.prepared_bytes", id));
    // The tables are computed at first use, out of nothing secret.
    const other = given(bytes);
    twin.prepare((engine) => engine["eddsa.prepare"](id, other, prepared));
    twin.do("eddsa.prepare", id, secret(bytes), prepared);
    expect(twin.isSecret(prepared, bytes), "a public key depends on the private one");
    twin.publish(prepared, bytes);
    const message = secret(200, 2);
    const context = secret(contextBytes, 3);
    const signature = twin.alloc(2 * bytes);
    twin.do("eddsa.sign", id, prepared, context, contextBytes, message, 200, signature);
    const state = twin.alloc(twin.do("eddsa.state_bytes", id));
    twin.do("eddsa.begin_sign", id, prepared, context, contextBytes, state);
    twin.do("eddsa.update", id, state, message, 77);
    twin.do("eddsa.update", id, state, message + 77, 123);
    twin.do("eddsa.commit", id, state);
    twin.do("eddsa.update", id, state, message, 200);
    const again = twin.alloc(2 * bytes);
    twin.do("eddsa.finish_sign", id, state, again);
    expect(twin.isSecret(signature, 2 * bytes), "a signature depends on the key");
    expect(
      Buffer.compare(twin.read(signature, 2 * bytes), twin.read(again, 2 * bytes)) === 0,
      "both are the same",
    );
    const publicKey = twin.place(twin.read(prepared, bytes));
    twin.publish(signature, 2 * bytes);
    twin.publish(message, 200);
    twin.publish(context, contextBytes);
    twin.prepare((engine) => {
      const isRight = engine["eddsa.verify"](id, publicKey, context, contextBytes, signature, message, 200);
      expect(isRight === 1, "the signature is right");
    });
  },
}));

const XDH_CURVES = [
  { id: 1, name: "X25519", bytes: 32 },
  { id: 2, name: "X448", bytes: 56 },
];

const agreements: Check[] = XDH_CURVES.map(({ id, name, bytes }) => ({
  name: `${name}: public key, shared secret, a point of small order`,
  run() {
    const publicKey = twin.alloc(bytes);
    const other = given(bytes);
    twin.prepare((engine) => engine["xdh.public_key"](id, other, publicKey));
    const key = secret(bytes);
    twin.do("xdh.public_key", id, key, publicKey);
    expect(twin.isSecret(publicKey, bytes), "a public key depends on the private one");
    const shared = twin.alloc(bytes);
    expect(twin.do("xdh.derive", id, key, publicKey, shared) === 1, "a secret is shared");
    expect(twin.isSecret(shared, bytes), "a shared secret depends on the private key");
    const zeros = twin.place(new Uint8Array(bytes));
    expect(twin.do("xdh.derive", id, key, zeros, shared) === 0, "nothing is shared with infinity");
  },
}));

// ---- RSA ----

const MODULUS_BITS = 1024;
const MODULUS_BYTES = MODULUS_BITS / 8;
const PRIME_BITS = MODULUS_BITS / 2;
const PRIME_BYTES = PRIME_BITS / 8;
const EXPONENT_BYTES = 3;
const TILES_A_STEP = 40_000;

const rsaPair = generateKeyPairSync("rsa", { modulusLength: MODULUS_BITS });
const rsaParts = partsOf(rsaPair.privateKey);

/** The numbers of a key, each as long as the core has it. */
function partsOf(key: KeyObject) {
  const jwk = key.export({ format: "jwk" });
  const part = (text: string | undefined, length: number) => {
    const bytes = Buffer.from(text!, "base64url");
    return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
  };
  return {
    n: part(jwk.n, MODULUS_BYTES),
    e: part(jwk.e, EXPONENT_BYTES),
    d: part(jwk.d, MODULUS_BYTES),
    p: part(jwk.p, PRIME_BYTES),
    q: part(jwk.q, PRIME_BYTES),
    dp: part(jwk.dp, PRIME_BYTES),
    dq: part(jwk.dq, PRIME_BYTES),
    qi: part(jwk.qi, PRIME_BYTES),
  };
}

/** Candidates for primes that a small prime divides, and two that no prime below 2^13 does. */
const COMPOSITES = ["multiple", "none", "none"].map((divisor, seed) => {
  for (let at = 1000 * seed; ; at++) {
    const bytes = bytesOf(PRIME_BYTES, at).fill(0xff, 0, 1);
    bytes[PRIME_BYTES - 1]! |= 1;
    const value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
    let hasDivisor = false;
    for (let odd = 3n; odd < 8192n && !hasDivisor; odd += 2n) hasDivisor = value % odd === 0n;
    if (hasDivisor === (divisor === "multiple") && !checkPrimeSync(value)) return bytes;
  }
});

/** Prepares a private key; gives its address, or a status. */
function prepareRsa({ n, e, ...secrets }: typeof rsaParts): number {
  const publicBytes = MODULUS_BYTES + EXPONENT_BYTES;
  const input = twin.placeSecret(Buffer.concat([n, e, ...Object.values(secrets)]));
  twin.publish(input, publicBytes);
  const sizes = [MODULUS_BITS, EXPONENT_BYTES, PRIME_BITS, PRIME_BITS] as const;
  const prepared = twin.alloc(twin.do("rsa.prepared_bytes", ...sizes));
  const scratch = twin.alloc(twin.do("rsa.scratch_bytes", ...sizes));
  const status = twin.call("rsa.prepare", ...sizes, input, prepared, scratch);
  return status < 0 ? status : prepared;
}

const rsa: Check[] = [
  {
    name: "RSA: import checks of a key, and of one that does not fit together",
    run() {
      expect(prepareRsa(rsaParts) > 0, "the key is one");
      const dp = Buffer.from(rsaParts.dp);
      dp[20]! ^= 4;
      expect(prepareRsa({ ...rsaParts, dp }) < 0, "the spoilt key is refused");
    },
  },
  {
    name: "RSA: PSS signature, blinded, by CRT and checked",
    run() {
      const key = prepareRsa(rsaParts);
      const message = bytesOf(40, 1);
      const digest = twin.alloc(32);
      twin.do("hash.digest", SHA_256, twin.placeSecret(message), message.length, digest);
      const encoded = twin.alloc(MODULUS_BYTES);
      twin.do("pss.encode", SHA_256, digest, 32, secret(32), 32, MODULUS_BITS, encoded);
      const operation = twin.alloc(twin.do("rsa.operation_bytes", key));
      twin.do("rsa.begin_private", key, encoded, secret(16), operation);
      while (twin.do("rsa.step", key, operation, TILES_A_STEP) === 0);
      twin.do("rsa.finish", key, operation, encoded);
      expect(twin.isSecret(encoded, MODULUS_BYTES), "a signature depends on the key");
      const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      const publicKey = { key: createPublicKey(rsaPair.privateKey), ...pss };
      expect(
        verify("sha256", message, publicKey, twin.read(encoded, MODULUS_BYTES)),
        "the signature is right",
      );
    },
  },
  {
    name: "OAEP: a message encoded and decoded, and what is wrong with others",
    run() {
      const label = given(32);
      const encoded = twin.alloc(MODULUS_BYTES);
      const encode = () =>
        twin.do("oaep.encode", SHA_256, label, 32, secret(32), 32, secret(20, 3), 20, MODULUS_BITS, encoded);
      const decode = () => twin.do("oaep.decode", SHA_256, label, 32, MODULUS_BITS, encoded);
      encode();
      expect(twin.isSecret(encoded, MODULUS_BYTES), "an encoding depends on the message");
      expect(decode() === MODULUS_BYTES - 20, "the message is found");
      expect(decode() === 0, "what is no encoding is refused");
    },
  },
  {
    name: "RSA: generation of a key, from random bytes that hold two primes",
    run() {
      const exponent = twin.place(rsaParts.e);
      const generation = twin.alloc(twin.do("rsa.generation_bytes", MODULUS_BITS, EXPONENT_BYTES));
      twin.do("rsa.begin_generation", MODULUS_BITS, exponent, EXPONENT_BYTES, generation);
      // Each draw takes as many bytes as a prime has: candidates, and for those that may be primes, bases for the tests
      // of Miller and Rabin, which are less than the candidate if they begin with a zero. A whole search takes too long.
      const bases = Array.from({ length: 8 }, (_, i) => bytesOf(PRIME_BYTES, 10 + i).fill(0, 0, 1));
      const draws = [...COMPOSITES, rsaParts.p, ...bases, ...COMPOSITES, rsaParts.q, ...bases];
      const random = Buffer.concat(draws);
      const randomAt = twin.placeSecret(random);
      let answer = 0;
      while (answer === 0)
        answer = twin.do("rsa.step_generation", generation, randomAt, random.length, TILES_A_STEP);
      expect(answer === 1, "the key is made of the primes that were there");
      const output = twin.alloc(2 * MODULUS_BYTES + EXPONENT_BYTES + 5 * PRIME_BYTES);
      twin.do("rsa.finish_generation", generation, output);
      expect(Buffer.compare(twin.read(output, MODULUS_BYTES), rsaParts.n) === 0, "n is their product");
    },
  },
];

// ---- controls ----

const controls: Check[] = [
  {
    name: "control: multiples of points meant for verification",
    leaks: ["branch", "address"],
    run() {
      const [curve] = CURVES;
      const key = privateKeyOn(curve!);
      const point = twin.alloc(65);
      twin.do("ec.public_key", 1, key, point);
      twin.publish(point, 65);
      const signature = twin.alloc(64);
      const digest = secret(32);
      twin.do("ecdsa.sign", 1, SHA_256, key, digest, 32, given(32), 32, signature);
      twin.publish(signature, 64);
      twin.do("ecdsa.verify", 1, point, digest, 32, signature, 64);
    },
  },
  {
    name: "control: a private exponent where the public one belongs",
    leaks: ["branch"],
    run() {
      const sizes = [MODULUS_BITS, MODULUS_BYTES, 0, 0] as const;
      const input = twin.place(Buffer.concat([rsaParts.n, rsaParts.d]));
      const prepared = twin.alloc(twin.do("rsa.prepared_bytes", ...sizes));
      const scratch = twin.alloc(twin.do("rsa.scratch_bytes", ...sizes));
      twin.do("rsa.prepare", ...sizes, input, prepared, scratch);
      // The exponent is somewhere in the prepared key; what lies before it takes no part in branches.
      twin.classify(prepared + HEADER_BYTES, twin.do("rsa.prepared_bytes", ...sizes) - HEADER_BYTES);
      const operation = twin.alloc(twin.do("rsa.operation_bytes", prepared));
      twin.do("rsa.begin_public", prepared, given(MODULUS_BYTES), operation);
      twin.do("rsa.step", prepared, operation, TILES_A_STEP);
    },
  },
  {
    name: "control: a length that is secret",
    leaks: ["division"],
    run() {
      twin.doSecretly("rsa.generation_bytes", MODULUS_BITS, EXPONENT_BYTES);
    },
  },
  {
    name: "control: a key file whose every byte is secret",
    leaks: ["branch", "select"],
    run() {
      const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const file = publicKey.export({ format: "der", type: "spki" });
      twin.do("der.parse_spki", twin.placeSecret(file), file.length, twin.alloc(TABLE_BYTES));
    },
  },
];

/** zig/crypto/rsa/key.zig's Header, which is public, and zig/der/table.zig's Table. */
const HEADER_BYTES = 32;
const TABLE_BYTES = 72;

// ---- the run ----

let [passed, failed] = [0, 0];
const used = new Set<unknown>();
for (const check of [...symmetric, ...curves, ...signatures, ...agreements, ...rsa, ...controls]) {
  const started = performance.now();
  let problem: string | undefined;
  try {
    check.run();
    const findings = twin.takeFindings();
    const leaks = findings.filter((finding) => !isPublic(finding));
    if (check.leaks) {
      const missing = check.leaks.filter((kind) => !leaks.some((leak) => leak.kind === kind));
      if (missing.length > 0) problem = `not found: ${missing.join(", ")}`;
    } else if (leaks.length > 0) problem = leaks.map(describe).join("\n");
  } catch (error) {
    twin.startOver();
    problem = (error as Error).stack ?? String(error);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problem ? "failed" : "ok    "}  ${check.name}  ${seconds} s`);
  if (problem) console.log(problem.replace(/^/gm, "        "));
  if (problem) failed++;
  else passed++;
}
for (const line of PUBLIC) {
  if (!used.has(line))
    console.log(`nothing was found in ${line.file} where it says ${JSON.stringify(line.text)}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** The file below zig/, the line's number and its text. */
function source({ offset }: Finding): { file: string; line: number; text: string } {
  const { file, line } = lineOf(offset) ?? { file: "", line: 0 };
  const short = file.replace(/^.*\/zig\/|^\//, "");
  try {
    const text = readFileSync(`zig/${short}`, "utf8").split("\n")[line - 1] ?? "";
    return { file: short, line, text: text.trim() };
  } catch {
    return { file, line, text: "" }; // Zig's own library.
  }
}

function isPublic(finding: Finding): boolean {
  const { file, text } = source(finding);
  const found = PUBLIC.find(
    (line) =>
      file.startsWith(line.file) &&
      text.includes(line.text) &&
      (line.kinds ?? DECISIONS).includes(finding.kind),
  );
  used.add(found);
  return found !== undefined;
}

function describe(finding: Finding): string {
  const { file, line, text } = source(finding);
  return `${finding.kind} × ${finding.count}  zig/${file}:${line}  ${text}  (${finding.function})`;
}
