import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomInt,
  sign,
  verify,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CURVES, type Curve, EcPrivateSlot, EcPublicKey } from "../../ts/core/ec.ts";
import { HASHES } from "../../ts/core/hash.ts";
import { makeCore, random } from "../support/core.ts";

const SEED = Number(process.env.SEED ?? randomInt(2 ** 32));
console.log(`seed ${SEED}`);

const OPENSSL = { "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" } as const;
const ORDERS = {
  "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  "P-384":
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  "P-521":
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
} as const;
const PRIMES = {
  "P-256": 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  "P-384": 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  "P-521": 2n ** 521n - 1n,
} as const;

type CurveName = keyof typeof CURVES;
const NAMES = Object.keys(CURVES) as CurveName[];
const hex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("hex");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const integer = (value: bigint, curve: Curve) =>
  bytesOf(value.toString(16).padStart(2 * curve.scalarBytes, "0"));
const NO_ENTROPY = new Uint8Array(0);

function randomBytes(next: () => number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map(() => next() * 256);
}

/** The host's view of our keys. */
function hostPublicKey(curve: Curve, point: Uint8Array): KeyObject {
  const coordinate = (index: number) =>
    Buffer.from(point.subarray(1 + index * curve.scalarBytes).subarray(0, curve.scalarBytes)).toString(
      "base64url",
    );
  const key = { kty: "EC", crv: curve.name, x: coordinate(0), y: coordinate(1) };
  return createPublicKey({ format: "jwk", key });
}

function hostPrivateKey(curve: Curve, point: Uint8Array, scalar: Uint8Array): KeyObject {
  const d = Buffer.from(scalar).toString("base64url");
  const key = { ...hostPublicKey(curve, point).export({ format: "jwk" }), d };
  return createPrivateKey({ format: "jwk", key });
}

interface Vector {
  curve: CurveName;
  hash: keyof typeof HASHES;
  source: string;
  privateKey: string;
  publicKey?: string;
  message: string;
  signature: string;
}

test("the signatures of RFC 6979 are made, and those of NIST's CAVP verified", () => {
  const core = makeCore();
  const vectors = JSON.parse(readFileSync("test/vectors/ecdsa.json", "utf8")) as Vector[];
  assert.is(vectors.length, 42);
  for (const vector of vectors) {
    const slot = EcPrivateSlot.from(core, CURVES[vector.curve], bytesOf(vector.privateKey))!;
    const publicKey = slot.publicKey();
    if (vector.publicKey) assert.is(hex(publicKey.exportPoint()), vector.publicKey, vector.source);
    const digest = createHash(vector.hash.replace("-", "")).update(bytesOf(vector.message)).digest();
    if (vector.source.startsWith("RFC 6979")) {
      assert.is(hex(slot.sign(HASHES[vector.hash], digest, NO_ENTROPY)), vector.signature, vector.source);
    }
    const signature = bytesOf(vector.signature);
    assert.ok(publicKey.verify(digest, signature), vector.source);
    signature[randomInt(signature.length)]! ^= 1 << randomInt(8);
    assert.not(publicKey.verify(digest, signature), vector.source);
  }
  assert.is(core.statistics().liveArenas, 0);
});

for (const name of NAMES) {
  const curve = CURVES[name];
  const order = ORDERS[name];

  test(`${name}: what we sign the host verifies, and the reverse`, () => {
    const core = makeCore();
    const next = random(SEED);
    for (let round = 0; round < 25; round++) {
      const slot = EcPrivateSlot.generate(core, curve, (bytes) => bytes.set(randomBytes(next, bytes.length)));
      const publicKey = slot.publicKey();
      const point = publicKey.exportPoint();
      const theirPublic = hostPublicKey(curve, point);
      const theirPrivate = hostPrivateKey(curve, point, slot.exportScalar());
      for (const hash of Object.values(HASHES)) {
        const node = hash.name.replace("-", "");
        const message = randomBytes(next, Math.floor(next() * 300));
        const digest = createHash(node).update(message).digest();
        const entropy = randomBytes(next, Math.floor(next() * 65));
        const ours = slot.sign(hash, digest, entropy);
        assert.equal(slot.signMessage(hash, message, entropy), ours);
        const where = `seed ${SEED}, round ${round}, ${hash.name}`;
        const format = { dsaEncoding: "ieee-p1363" } as const;
        assert.ok(verify(node, message, { key: theirPublic, ...format }, Buffer.from(ours)), where);
        assert.ok(publicKey.verify(digest, new Uint8Array(ours)), where);
        const theirs = sign(node, message, { key: theirPrivate, ...format });
        assert.ok(publicKey.verify(digest, theirs), where);
        theirs[Math.floor(next() * theirs.length)]! ^= 1 << Math.floor(next() * 8);
        assert.not(publicKey.verify(digest, theirs), where);
        digest[Math.floor(next() * digest.length)]! ^= 1 << Math.floor(next() * 8);
        const truncated = digest.length > curve.scalarBytes;
        if (!truncated) assert.not(publicKey.verify(digest, new Uint8Array(ours)), where);
      }
      slot.close();
    }
    assert.is(core.statistics().liveArenas, 0);
  });

  test(`${name}: public keys are the host's, compressed ones are taken`, () => {
    const core = makeCore();
    const next = random(SEED + 1);
    const edges = [
      1n,
      2n,
      3n,
      order - 1n,
      order - 2n,
      order / 2n,
      order / 2n + 1n,
      2n ** 255n,
      2n ** 128n - 1n,
    ];
    const randoms = Array.from({ length: 30 }, () => {
      const scalar = randomBytes(next, curve.scalarBytes);
      return (BigInt(`0x${hex(scalar)}`) % (order - 1n)) + 1n;
    });
    for (const scalar of [...edges, ...randoms]) {
      const slot = EcPrivateSlot.from(core, curve, integer(scalar, curve))!;
      const ecdh = createECDH(OPENSSL[name]);
      ecdh.setPrivateKey(slot.exportScalar());
      const point = slot.publicKey().exportPoint();
      assert.is(hex(point), ecdh.getPublicKey("hex"), `${scalar}`);
      const compressed = new Uint8Array(ecdh.getPublicKey(null, "compressed"));
      assert.equal(EcPublicKey.decode(core, curve, compressed)!.exportPoint(), point);
      assert.equal(EcPublicKey.decode(core, curve, point)!.exportPoint(), point);
    }
  });

  test(`${name}: a key verifies the tenth signature like the first, and refuses what it refused`, () => {
    const core = makeCore();
    const next = random(SEED + 4);
    const slot = EcPrivateSlot.generate(core, curve, (bytes) => bytes.set(randomBytes(next, bytes.length)));
    const point = slot.publicKey().exportPoint();
    const host = hostPrivateKey(curve, point, slot.exportScalar());
    const often = EcPublicKey.decode(core, curve, point)!;
    for (let round = 0; round < 10; round++) {
      const where = `seed ${SEED}, round ${round}`;
      const message = randomBytes(next, 50);
      const digest = createHash("sha384").update(message).digest();
      const once = EcPublicKey.decode(core, curve, point)!;
      const signature = sign("sha384", message, { key: host, dsaEncoding: "ieee-p1363" });
      assert.ok(often.verify(digest, signature), where);
      assert.ok(often.verifyMessage(HASHES["SHA-384"], message, signature), where);
      assert.ok(once.verify(digest, signature), where);
      signature[Math.floor(next() * signature.length)]! ^= 1 << Math.floor(next() * 8);
      assert.not(often.verify(digest, signature), where);
      assert.not(once.verify(digest, signature), where);
      for (const bad of [new Uint8Array(0), new Uint8Array(2 * curve.scalarBytes), signature.subarray(1)]) {
        assert.not(often.verify(digest, bad), where);
      }
    }
    assert.equal(often.exportPoint(), point);
    assert.is(core.statistics().liveArenas, 0);
  });

  test(`${name}: a private key knows its public key, and that of another`, () => {
    const core = makeCore();
    const slotOf = (scalar: bigint) => EcPrivateSlot.from(core, curve, integer(scalar, curve))!;
    const point = slotOf(77n).publicKey().exportPoint();
    const ecdh = createECDH(OPENSSL[name]);
    ecdh.setPrivateKey(slotOf(77n).exportScalar());
    const pairOf = (encoded: Uint8Array, scalar = 77n) =>
      EcPrivateSlot.fromPair(core, curve, integer(scalar, curve), encoded);
    for (const encoded of [point, new Uint8Array(ecdh.getPublicKey(null, "compressed"))]) {
      const slot = pairOf(encoded);
      assert.ok(slot);
      assert.equal(slot.publicKey().exportPoint(), point);
      assert.equal(slot.exportScalar(), integer(77n, curve));
    }
    for (const other of [78n, order - 77n, 1n]) {
      assert.is(pairOf(slotOf(other).publicKey().exportPoint()), false);
    }
    const off = point.slice();
    off[off.length - 1]! ^= 1;
    for (const bad of [off, point.subarray(1), new Uint8Array([0]), new Uint8Array(0), new Uint8Array(200)]) {
      assert.is(pairOf(bad), false);
    }
    for (const scalar of [0n, order]) assert.is(pairOf(point, scalar), undefined);
    assert.is(EcPrivateSlot.fromPair(core, curve, integer(77n, curve).subarray(1), point), undefined);
    assert.is(core.statistics().liveArenas, 0);
  });

  test(`${name}: private keys out of range are refused`, () => {
    const core = makeCore();
    for (const scalar of [0n, order, order + 1n, 2n ** BigInt(8 * curve.scalarBytes) - 1n]) {
      assert.is(EcPrivateSlot.from(core, curve, integer(scalar, curve)), undefined);
    }
    for (const length of [0, curve.scalarBytes - 1, curve.scalarBytes + 1]) {
      assert.is(EcPrivateSlot.from(core, curve, new Uint8Array(length).fill(1)), undefined);
    }
  });

  test(`${name}: what is no point of the curve is refused`, () => {
    const core = makeCore();
    const prime = PRIMES[name];
    const good = EcPrivateSlot.from(core, curve, integer(7n, curve))!.publicKey().exportPoint();
    const refuse = (encoded: Uint8Array, why: string) =>
      assert.is(EcPublicKey.decode(core, curve, encoded), undefined, why);
    refuse(new Uint8Array(0), "nothing");
    refuse(new Uint8Array([0]), "infinity");
    for (let length = 0; length < good.length; length++) refuse(good.subarray(0, length), `${length} bytes`);
    refuse(new Uint8Array([...good, 0]), "a byte more");
    for (const tag of [0, 1, 2, 3, 5, 6, 7, 0x84])
      refuse(new Uint8Array([tag, ...good.subarray(1)]), `tag ${tag}`);
    for (let bit = 0; bit < 8 * (good.length - 1); bit++) {
      const bad = good.slice();
      bad[1 + (bit >> 3)]! ^= 1 << (bit & 7);
      refuse(bad, `bit ${bit} flipped`);
    }
    const x = BigInt(`0x${hex(good.subarray(1, 1 + curve.scalarBytes))}`);
    const y = BigInt(`0x${hex(good.subarray(1 + curve.scalarBytes))}`);
    const zero = integer(0n, curve);
    refuse(new Uint8Array([4, ...zero, ...zero]), "the point of zeros");
    for (const [bad, why] of [
      [prime, "the prime"],
      [prime + 1n, "the prime and 1"],
      [2n ** BigInt(8 * curve.scalarBytes) - 1n, "all ones"],
    ] as const) {
      refuse(new Uint8Array([4, ...integer(bad, curve), ...integer(y, curve)]), `x is ${why}`);
      refuse(new Uint8Array([4, ...integer(x, curve), ...integer(bad, curve)]), `y is ${why}`);
      refuse(new Uint8Array([2, ...integer(bad, curve)]), `compressed, x is ${why}`);
    }
    let refused = 0;
    for (let candidate = 1n; candidate <= 40n; candidate++) {
      const compressed = new Uint8Array([3, ...integer(candidate, curve)]);
      if (!EcPublicKey.decode(core, curve, compressed)) refused++;
    }
    assert.ok(refused > 5 && refused < 35, `of 40 x coordinates ${refused} are not on the curve`);
  });

  test(`${name}: r and s from 1 to the order less 1, each as long as it, and no others, make a signature`, () => {
    const core = makeCore();
    const slot = EcPrivateSlot.from(core, curve, integer(12345n, curve))!;
    const publicKey = slot.publicKey();
    const digest = new Uint8Array(32).fill(0xab);
    const signature = new Uint8Array(slot.sign(HASHES["SHA-256"], digest, NO_ENTROPY));
    const half = curve.scalarBytes;
    const [r, s] = [signature.subarray(0, half), signature.subarray(half)];
    const accepts = (...parts: Uint8Array[]) =>
      publicKey.verify(digest, new Uint8Array(Buffer.concat(parts)));
    assert.ok(accepts(r, s));
    assert.ok(accepts(r, integer(order - BigInt(`0x${hex(s)}`), curve)), "-s is the same x");
    const max = 2n ** BigInt(8 * half);
    for (const bad of [0n, order, order + 1n, max - 1n]) {
      assert.not(accepts(integer(bad, curve), s), `r = ${bad}`);
      assert.not(accepts(r, integer(bad, curve)), `s = ${bad}`);
    }
    for (const other of [1n, order - 1n]) {
      assert.not(accepts(integer(other, curve), s));
      assert.not(accepts(r, integer(other, curve)));
    }
    const [r_plus, s_plus] = [r, s].map((part) => BigInt(`0x${hex(part)}`) + order);
    if (r_plus! < max) assert.not(accepts(integer(r_plus!, curve), s));
    if (s_plus! < max) assert.not(accepts(r, integer(s_plus!, curve)));
    for (let length = 0; length < 2 * half; length++) assert.not(accepts(signature.subarray(0, length)));
    assert.not(accepts(signature, new Uint8Array(1)));
    assert.not(accepts(new Uint8Array(1), signature));
  });
}

test("a digest longer than the order counts as its leftmost bits", () => {
  const core = makeCore();
  const next = random(SEED + 2);
  for (const curve of Object.values(CURVES)) {
    const slot = EcPrivateSlot.from(core, curve, integer(99n, curve))!;
    for (const length of [0, 1, 31, 32, 33, 47, 48, 49, 64, 65, 66, 67, 200]) {
      const digest = randomBytes(next, length);
      const signature = new Uint8Array(slot.sign(HASHES["SHA-1"], digest, NO_ENTROPY));
      assert.ok(slot.publicKey().verify(digest, signature));
      const longer = new Uint8Array([...digest, 1, 2, 3]);
      assert.is(slot.publicKey().verify(longer, signature), length >= curve.scalarBytes, `${length} bytes`);
    }
    // Of 66 bytes, P-521 takes all but 7 bits.
    const digest = randomBytes(next, curve.scalarBytes);
    const signature = new Uint8Array(slot.sign(HASHES["SHA-1"], digest, NO_ENTROPY));
    digest[curve.scalarBytes - 1]! ^= 0x40;
    assert.is(slot.publicKey().verify(digest, signature), curve === CURVES["P-521"]);
    digest[curve.scalarBytes - 1]! ^= 0xc0;
    assert.not(slot.publicKey().verify(digest, signature));
  }
});

test("entropy makes another signature, the same entropy the same", () => {
  const core = makeCore();
  const slot = EcPrivateSlot.from(core, CURVES["P-256"], integer(5n, CURVES["P-256"]))!;
  const digest = new Uint8Array(32);
  const signatures = [0, 1, 2].map((byte) => {
    const entropy = new Uint8Array(byte === 0 ? 0 : 32).fill(byte);
    const signature = hex(slot.sign(HASHES["SHA-256"], digest, entropy));
    assert.is(hex(slot.sign(HASHES["SHA-256"], digest, entropy)), signature);
    return signature;
  });
  assert.is(new Set(signatures).size, 3);
});

test("generating asks for other random bytes when the first will not do", () => {
  for (const name of NAMES) {
    const core = makeCore();
    const curve = CURVES[name];
    // One less than the order would become the order itself; above the bits of the order random bits are ignored.
    const inputs = [ORDERS[name] - 1n, ORDERS[name], ORDERS[name] - 2n].map((value) => integer(value, curve));
    let asked = 0;
    const slot = EcPrivateSlot.generate(core, curve, (bytes) => bytes.set(inputs[asked++]!));
    assert.is(asked, 3);
    assert.equal(slot.exportScalar(), integer(ORDERS[name] - 1n, curve));
    const zeros = EcPrivateSlot.generate(core, curve, (bytes) => bytes.fill(0));
    assert.equal(zeros.exportScalar(), integer(1n, curve));
    if (name !== "P-521") continue;
    const high = EcPrivateSlot.generate(core, curve, (bytes) => bytes.fill(0).set([0xfe]));
    assert.equal(high.exportScalar(), integer(1n, curve));
  }
});

test("no private key, nonce or random byte stays in the core's memory", () => {
  const core = makeCore();
  const next = random(SEED + 3);
  for (const curve of Object.values(CURVES)) {
    const scalar = randomBytes(next, curve.scalarBytes);
    scalar[0] = 0;
    const slot = EcPrivateSlot.from(core, curve, scalar)!;
    const entropy = randomBytes(next, 32);
    EcPrivateSlot.fromPair(core, curve, scalar, slot.publicKey().exportPoint());
    slot.sign(HASHES["SHA-256"], new Uint8Array(32), entropy);
    slot.signMessage(HASHES["SHA-256"], new Uint8Array(32), entropy);
    slot.deriveSecret(slot.publicKey());
    const memory = Buffer.from(core.memory.bytes.buffer);
    for (let at = 1; at + 8 <= scalar.length; at++) {
      assert.is(
        memory.indexOf(scalar.subarray(at, at + 8)),
        -1,
        `${curve.name}, private key from byte ${at}`,
      );
    }
    for (let at = 0; at + 8 <= entropy.length; at++)
      assert.is(memory.indexOf(entropy.subarray(at, at + 8)), -1);
  }
});

test("signing leaves nothing on the core's stack", () => {
  const core = makeCore();
  // The stack lies below all else, and ends where static data begins; what was not touched since is still 0xaa.
  const stack = () => core.memory.bytes.subarray(0, 128 * 1024);
  for (const curve of Object.values(CURVES)) {
    const slot = EcPrivateSlot.from(core, curve, integer(0x1234567n ** 8n, curve))!;
    const point = slot.publicKey().exportPoint();
    const uses = [
      () => EcPublicKey.of(core, curve, slot.exportScalar()),
      () => EcPrivateSlot.fromPair(core, curve, slot.exportScalar(), point),
      () => slot.sign(HASHES["SHA-512"], new Uint8Array(64), new Uint8Array(32)),
      () => slot.signMessage(HASHES["SHA-512"], new Uint8Array(64), new Uint8Array(32)),
    ];
    for (const use of uses) {
      use(); // Tables are computed on the stack too, once.
      stack().fill(0xaa);
      use();
      const left = stack().filter((byte) => byte !== 0xaa && byte !== 0);
      assert.ok(left.length < 64, `${curve.name}: ${left.length} bytes`); // Those of the calls themselves: addresses.
    }
  }
});

test("deriving a secret leaves nothing on the core's stack, nor elsewhere, that depends on the private key", () => {
  const core = makeCore();
  for (const curve of Object.values(CURVES)) {
    const other = EcPublicKey.of(core, curve, integer(0x1234567n ** 4n, curve));
    const left = [0x7654321n ** 8n, 0x3456789n ** 8n].map((scalar) => {
      const slot = EcPrivateSlot.from(core, curve, integer(scalar, curve))!;
      const stack = core.memory.bytes.subarray(0, 128 * 1024);
      stack.fill(0xaa);
      const secret = slot.deriveSecret(other);
      const memory = Buffer.from(core.memory.bytes.buffer);
      for (let at = 0; at + 8 <= secret.length; at++) {
        assert.is(memory.indexOf(secret.subarray(at, at + 8)), -1, `${curve.name}, secret from byte ${at}`);
      }
      return stack.slice();
    });
    const different = left[0]!.filter((byte, at) => byte !== left[1]![at]);
    assert.ok(different.length < 64, `${curve.name}: ${different.length} bytes`);
  }
});

test("a slot that was closed, or whose core was, is of no more use", () => {
  const core = makeCore();
  const curve = CURVES["P-256"];
  const slots = [0, 1].map(() => EcPrivateSlot.from(core, curve, integer(5n, curve))!);
  const [closed, open] = slots as [EcPrivateSlot, EcPrivateSlot];
  const publicKey = closed.publicKey(); // Which it keeps.
  const usesOf = (slot: EcPrivateSlot) => [
    () => slot.sign(HASHES["SHA-256"], new Uint8Array(32), NO_ENTROPY),
    () => slot.publicKey(),
    () => slot.exportScalar(),
    () => slot.deriveSecret(publicKey),
  ];
  const refuse = (use: () => unknown) =>
    assert.throws(use, (error: unknown) => (error as Error).name === "InvalidStateError");
  closed.close();
  for (const use of usesOf(closed)) refuse(use);
  for (const use of usesOf(open)) use();
  publicKey.verify(new Uint8Array(32), new Uint8Array(64));
  core.close();
  for (const use of usesOf(open)) refuse(use);
  refuse(() => publicKey.verify(new Uint8Array(32), new Uint8Array(64)));
  refuse(() => publicKey.exportPoint());
});

test.run();
