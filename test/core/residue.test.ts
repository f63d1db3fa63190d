/**
 * What a secret leaves behind: nothing. After each operation, and the closing of its arena, all of the core's memory
 * (stack, static data, heap) is searched for pieces of the key, of everything that is derived from it, and of the
 * message, as bytes and as the words that the compression functions work on.
 */
import { createCipheriv, createHash, createHmac, generateKeyPairSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AesGcmSlot } from "../../ts/core/aes.ts";
import { AesSlot, type KeyWrap } from "../../ts/core/aes-modes.ts";
import { Core } from "../../ts/core/core.ts";
import { digest, HASHES, Hasher } from "../../ts/core/hash.ts";
import { HmacSlot } from "../../ts/core/hmac.ts";
import { hkdf, Pbkdf2 } from "../../ts/core/kdf.ts";
import { type EddsaState, OKP_CURVES, OkpPrivateSlot, OkpPublicKey } from "../../ts/core/okp.ts";
import { RsaPrivateSlot, RsaPublicSlot } from "../../ts/core/rsa.ts";
import { coreModule, random } from "../support/core.ts";

/** Eight bytes of a secret, as two words. Zeros, and one byte repeated, are no secret: padding looks like that. */
const isTelling = (low: number, high: number) =>
  low !== 0 && high !== 0 && !(low === high && low === (low & 0xff) * 0x01010101);

/** Remembers every piece of eight bytes of what shall not be found. */
class Secrets {
  readonly #names = new Map<number, Map<number, string>>();

  constructor(secrets: Record<string, Uint8Array>, wordBytes: number) {
    for (const [name, bytes] of Object.entries(secrets)) {
      this.#add(name, bytes);
      const words = Uint8Array.from(bytes.subarray(0, bytes.length - (bytes.length % wordBytes)));
      for (let at = 0; at < words.length; at += wordBytes) words.subarray(at, at + wordBytes).reverse();
      this.#add(`${name}, as words`, words);
    }
  }

  #add(name: string, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 8 <= bytes.length; at++) {
      const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      if (!isTelling(low, high)) continue;
      const highs = this.#names.get(low) ?? new Map<number, string>();
      this.#names.set(low, highs.set(high, `${name}, byte ${at}`));
    }
  }

  /** Which secrets are in memory, and where. Eleven bytes anywhere hold an aligned piece of eight. */
  in(words: Uint32Array): string[] {
    const found: string[] = [];
    for (let at = 0; at + 1 < words.length; at++) {
      const low = words[at]!;
      const name = low === 0 ? undefined : this.#names.get(low)?.get(words[at + 1]!);
      if (name !== undefined) found.push(`${name}, at ${4 * at}`);
    }
    return found;
  }
}

const module = coreModule();
const next = random(0x7265);
const randomBytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256));

for (const hash of Object.values(HASHES)) {
  const node = hash.name.replace("-", "").toLowerCase();
  const { blockBytes } = hash;

  /** Everything that must not be found: FIPS 198-1 section 4 names what lies between key and MAC. */
  function secretsOf(key: Uint8Array, message: Uint8Array): Secrets {
    const sha = (...parts: Uint8Array[]) => createHash(node).update(Buffer.concat(parts)).digest();
    const k0 = new Uint8Array(blockBytes);
    k0.set(key.length > blockBytes ? sha(key) : key);
    const ipad = k0.map((byte) => byte ^ 0x36);
    const opad = k0.map((byte) => byte ^ 0x5c);
    const inner = sha(ipad, message);
    const secrets = {
      key,
      message,
      "message digest": sha(message),
      K0: k0,
      "K0 ^ ipad": ipad,
      "K0 ^ opad": opad,
      "prepared key": prepare(key),
      "inner digest": inner,
      MAC: sha(opad, inner),
    };
    // A block has sixteen words.
    return new Secrets(secrets, blockBytes / 16);
  }

  /** What the core makes of a key, which is as secret as the key; in another core, because it stays there. */
  function prepare(key: Uint8Array): Uint8Array {
    const { raw, memory } = new Core(module);
    const arena = raw["arena.open"]();
    const length = raw["hmac.prepared_bytes"](hash.id);
    const prepared = raw["arena.alloc"](arena, length, 16);
    const address = raw["arena.alloc"](arena, key.length, 1);
    memory.bytes.fill(0, prepared, prepared + length);
    memory.bytes.set(key, address);
    assert.is(raw["hmac.prepare"](hash.id, address, key.length, prepared), 0);
    return new Uint8Array(memory.copy(prepared, length));
  }

  test(`${hash.name} and HMAC-${hash.name} leave no piece of key, message or digest in the core's memory`, () => {
    for (const keyBytes of [16, blockBytes, blockBytes + 37]) {
      for (const messageBytes of [11, 60, 3 * blockBytes + 17]) {
        const core = new Core(module);
        const key = randomBytes(keyBytes);
        const message = randomBytes(messageBytes);
        const mac = createHmac(node, key).update(message).digest();
        const secrets = secretsOf(key, message);
        const found = () => secrets.in(core.memory.words);
        const leavesNothing = <Result>(name: string, operation: () => Result): Result => {
          const result = operation();
          assert.equal(found(), [], `${name}, key of ${keyBytes} bytes, message of ${messageBytes}`);
          return result;
        };

        leavesNothing("an arena", () => {
          const arena = core.openArena();
          for (const secret of [key, message, mac]) {
            arena.place(secret);
            assert.ok(found().length > 0, "what is there is found");
          }
          arena.close();
        });
        leavesNothing("digest", () => digest(core, hash, message));
        leavesNothing("a digest in pieces", () => {
          const hasher = new Hasher(core, hash);
          hasher.update(message.subarray(0, 3));
          hasher.update(message.subarray(3));
          hasher.final();
          hasher.close();
        });
        const slot = leavesNothing("prepare", () => new HmacSlot(core, hash, key));
        assert.equal(new Uint8Array(leavesNothing("sign", () => slot.sign(message))), Uint8Array.from(mac));
        assert.ok(leavesNothing("verify", () => slot.verify(message, mac)));
        for (const finish of ["final", "verify"] as const) {
          leavesNothing(`a MAC in pieces, ${finish}`, () => {
            const signer = slot.begin();
            signer.update(message.subarray(0, 3));
            signer.update(message.subarray(3));
            assert.ok(signer[finish](mac));
            signer.close();
          });
        }
      }
    }
  });
}

const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ b[i]!);

/** Whatever `operation` gives, of these secrets nothing is in memory afterwards. */
function leavesNothing<Result>(core: Core, what: string, secrets: Secrets, operation: () => Result): Result {
  const result = operation();
  assert.equal(secrets.in(core.memory.words), [], what);
  return result;
}

/** The round keys, in another core, because they stay there. */
function roundKeys(key: Uint8Array): Uint8Array {
  const { raw, memory } = new Core(module);
  const arena = raw["arena.open"]();
  const length = raw["aes.prepared_bytes"]();
  const prepared = raw["arena.alloc"](arena, length, 16);
  const address = raw["arena.alloc"](arena, key.length, 1);
  memory.bytes.fill(0, prepared, prepared + length);
  memory.bytes.set(key, address);
  assert.is(raw["aes.prepare"](address, key.length, prepared), 0);
  return new Uint8Array(memory.copy(prepared, length));
}

for (const keyBytes of [16, 24, 32]) {
  test(`AES-CBC, AES-CTR and AES-KW leave no piece of text, of keys, or of round keys: ${8 * keyBytes} bits`, () => {
    for (const blocks of [1, 3, 4, 11, 70]) {
      const core = new Core(module);
      const [key, iv, text] = [keyBytes, 16, 16 * blocks - 5].map(randomBytes) as Uint8Array[];
      const cipher = (mode: string, input: Uint8Array) =>
        createCipheriv(`aes-${8 * keyBytes}-${mode}`, key!, iv!).update(input);
      const before = Buffer.concat([iv!, cipher("cbc", text!)]);
      const secrets = new Secrets(
        {
          key: key!,
          "round keys": roundKeys(key!),
          text: text!,
          "what CBC encrypts": xor(text!.subarray(0, before.length), before),
          keystream: cipher("ctr", new Uint8Array(text!.length)),
        },
        4,
      );
      const nothing = <Result>(what: string, operation: () => Result) =>
        leavesNothing(core, `${what}, ${blocks} blocks`, secrets, operation);

      const slot = nothing("preparing a key", () => new AesSlot(core, key!));
      const sealed = new Uint8Array(16 * blocks);
      nothing("CBC, encrypting", () => {
        const message = slot.beginCbc(iv!, text!.length);
        message.encryptLast(text!, sealed);
        message.close();
      });
      const opened = new Uint8Array(text!.length);
      nothing("CBC, decrypting", () => {
        const message = slot.beginCbc(iv!, sealed.length);
        assert.is(message.paddingBytes(sealed, iv!), 5);
        message.decrypt(sealed, opened);
        message.close();
      });
      assert.equal(opened, text);
      nothing("CBC, wrong padding", () => {
        const message = slot.beginCbc(iv!, sealed.length);
        sealed[sealed.length - 1]! ^= 1;
        message.paddingBytes(sealed, iv!);
        message.close();
      });
      nothing("CTR", () => {
        const message = slot.beginCtr(iv!, 128, text!.length);
        message.crypt(text!, opened);
        message.close();
      });

      const given = randomBytes(16 * blocks);
      const wrapping = new Secrets({ key: key!, "round keys": roundKeys(key!), given }, 4);
      const all = (keyWrap: KeyWrap) => {
        const steps = 6 * 2 * blocks;
        for (const count of [5, steps - 5]) if (keyWrap.step(count) === null) break;
        const result = new Uint8Array(keyWrap.result());
        keyWrap.close();
        return result;
      };
      const wrapped = leavesNothing(core, "wrapping", wrapping, () => all(slot.beginWrap(given)));
      assert.equal(
        leavesNothing(core, "unwrapping", wrapping, () => all(slot.beginUnwrap(wrapped))),
        given,
      );
      wrapped[3]! ^= 1;
      leavesNothing(core, "unwrapping what was not wrapped", wrapping, () => all(slot.beginUnwrap(wrapped)));
    }
  });
}

/** H, H^2 and so on (SP 800-38D, section 6.3), of which any gives H. */
function powersOf(h: Uint8Array, count: number): Uint8Array {
  const factor = BigInt(`0x${Buffer.from(h).toString("hex")}`);
  const timesFactor = (x: bigint) => {
    let product = 0n;
    let shifted = factor;
    for (let bit = 127n; bit >= 0n; bit--) {
      if ((x >> bit) & 1n) product ^= shifted;
      shifted = (shifted >> 1n) ^ (shifted & 1n ? 0xe1n << 120n : 0n);
    }
    return product;
  };
  const powers = [factor];
  while (powers.length < count) powers.push(timesFactor(powers.at(-1)!));
  return Buffer.from(powers.map((power) => power.toString(16).padStart(32, "0")).join(""), "hex");
}

for (const keyBytes of [16, 24, 32]) {
  test(`AES-GCM leaves no piece of text, of keys, of keystream, or of the hash key's powers: ${8 * keyBytes} bits`, () => {
    for (const textBytes of [11, 100, 300, 5000]) {
      const core = new Core(module);
      const [key, iv, additional, text] = [keyBytes, 12, 200, textBytes].map(randomBytes) as Uint8Array[];
      const first = Buffer.concat([iv!, Buffer.of(0, 0, 0, 1)]);
      const ctr = createCipheriv(`aes-${8 * keyBytes}-ctr`, key!, first);
      const h = createCipheriv(`aes-${8 * keyBytes}-ecb`, key!, null).update(new Uint8Array(16));
      const keystream = ctr.update(new Uint8Array(16 + textBytes));
      const ofText = new Secrets({ key: key!, "round keys": roundKeys(key!), text: text!, keystream }, 4);
      const ofHash = new Secrets({ "powers of H": powersOf(h, 9) }, 8);
      const nothing = <Result>(what: string, operation: () => Result) =>
        leavesNothing(core, what, ofText, () =>
          leavesNothing(core, `${what}, ${textBytes} bytes`, ofHash, operation),
        );

      const slot = nothing("preparing a key", () => new AesGcmSlot(core, key!));
      const sealed = new Uint8Array(nothing("sealing", () => slot.seal(iv!, additional!, text!, 128)));
      const opened = nothing("opening", () => slot.open(iv!, additional!, sealed, 128));
      assert.equal(new Uint8Array(opened!), text);
      const [ciphertext, tag] = [sealed.subarray(0, textBytes), sealed.subarray(textBytes)];
      nothing("sealing in pieces", () => {
        const sealer = slot.beginSeal();
        sealer.updateIv(iv!);
        sealer.updateAad(additional!);
        sealer.update(text!, new Uint8Array(textBytes));
        sealer.final(new Uint8Array(16));
        sealer.close();
      });
      const opening = (given: Uint8Array) => () => {
        const opener = slot.beginOpen();
        opener.updateIv(iv!);
        opener.updateAad(additional!);
        opener.verify(ciphertext);
        const isAuthentic = opener.final(given);
        if (isAuthentic) opener.open(ciphertext, new Uint8Array(textBytes));
        opener.close();
        return isAuthentic;
      };
      assert.ok(nothing("opening in pieces", opening(tag)));
      const forged = tag.map((byte) => byte ^ 1);
      assert.not(nothing("refusing in pieces", opening(forged)));
      sealed[0]! ^= 1;
      assert.is(
        nothing("refusing", () => slot.open(iv!, additional!, sealed, 128)),
        null,
      );
    }
  });
}

for (const hash of Object.values(HASHES)) {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
    createHmac(hash.name.replace("-", ""), key).update(Buffer.concat(parts)).digest();

  test(`HKDF and PBKDF2 with ${hash.name} leave no piece of what they derive from, or give, or have between`, () => {
    for (const length of [11, hash.digestBytes, 200]) {
      const core = new Core(module);
      const [material, salt, info] = [40, 20, 30].map(randomBytes) as Uint8Array[];
      const prk = hmac(salt!, material!);
      const first = hmac(prk, info!, Uint8Array.of(1));
      const blocks = [first, hmac(prk, first, info!, Uint8Array.of(2))];
      const expanded = new Secrets(
        { material: material!, prk, blocks: Buffer.concat(blocks) },
        hash.blockBytes / 16,
      );
      const derived = leavesNothing(core, `HKDF, ${length} bytes`, expanded, () =>
        hkdf(core, hash, material!, salt!, info!, length),
      );
      assert.equal(new Uint8Array(derived.slice(0, 11)), new Uint8Array(first.subarray(0, 11)));

      const us = [hmac(material!, salt!, Uint8Array.of(0, 0, 0, 1))];
      for (let i = 1; i < 4; i++) us.push(hmac(material!, us[i - 1]!));
      const sums = us.map((_, i) => us.slice(0, i + 1).reduce((sum, u) => Buffer.from(xor(sum, u))));
      const iterated = new Secrets(
        { password: material!, us: Buffer.concat(us), sums: Buffer.concat(sums) },
        hash.blockBytes / 16,
      );
      const output = new Uint8Array(length);
      leavesNothing(core, `PBKDF2, ${length} bytes`, iterated, () => {
        const count = Math.ceil(length / hash.digestBytes);
        const pbkdf2 = new Pbkdf2(core, hash, material!, salt!.length, count);
        pbkdf2.updateSalt(salt!);
        assert.is(pbkdf2.begin(0, count), count);
        pbkdf2.iterate(1);
        pbkdf2.iterate(2);
        pbkdf2.take(output);
        pbkdf2.close();
      });
      assert.equal(output.slice(0, 11), new Uint8Array(sums[3]!.subarray(0, 11)));
    }
  });
}

/** RFC 8032, sections 5.1 and 5.2: what a key is hashed to, and the nonce of a message. */
const EDDSA = {
  Ed25519: {
    hash: (bytes: Uint8Array) => createHash("sha512").update(bytes).digest(),
    domain: "",
    order: 2n ** 252n + 27742317777372353535851937790883648493n,
    clamp: (s: Uint8Array) => s.with(0, s[0]! & 0xf8).with(31, (s[31]! & 0x7f) | 0x40),
  },
  Ed448: {
    hash: (bytes: Uint8Array) => createHash("shake256", { outputLength: 114 }).update(bytes).digest(),
    domain: "SigEd448\0\0",
    order: 2n ** 446n - 13818066809895115352007386748515426880336692474882178609894547503885n,
    clamp: (s: Uint8Array) =>
      s
        .with(0, s[0]! & 0xfc)
        .with(55, s[55]! | 0x80)
        .with(56, 0),
  },
} as const;

const littleEndian = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);

for (const name of ["Ed25519", "Ed448"] as const) {
  const { hash, domain, order, clamp } = EDDSA[name];
  const curve = OKP_CURVES[name];
  const { keyBytes } = curve;

  test(`${name} leaves no piece of keys, nonces or messages`, () => {
    for (const messageBytes of [60, 700]) {
      const core = new Core(module);
      const [key, message] = [keyBytes, messageBytes].map(randomBytes) as [Uint8Array, Uint8Array];
      const expanded = new Uint8Array(hash(key));
      const prefix = expanded.subarray(keyBytes);
      const nonceDigest = new Uint8Array(hash(Buffer.concat([Buffer.from(domain), prefix, message])));
      const number = littleEndian(nonceDigest) % order;
      const nonce = Buffer.from(number.toString(16).padStart(2 * keyBytes, "0"), "hex").reverse();
      const scalar = clamp(expanded.subarray(0, keyBytes));
      const secrets = new Secrets({ key, scalar, prefix, nonceDigest, nonce, message }, 8);
      const nothing = <Result>(what: string, operation: () => Result) =>
        leavesNothing(core, `${what}, ${messageBytes} bytes`, secrets, operation);
      const none = new Uint8Array(0);

      const slot = nothing("generating a key", () =>
        OkpPrivateSlot.generate(core, curve, (bytes) => bytes.set(key)),
      );
      const publicKey = nothing("computing the public key", () => slot.publicKey());
      const signature = new Uint8Array(nothing("signing", () => slot.sign(none, message)));
      // The nonce is the one that was used, or it would not be missed.
      const [r, s] = [signature.subarray(0, keyBytes), signature.subarray(keyBytes)];
      const challenge = hash(Buffer.concat([Buffer.from(domain), r, publicKey.exportBytes(), message]));
      assert.is((number + littleEndian(challenge) * littleEndian(scalar)) % order, littleEndian(s));
      assert.ok(nothing("verifying", () => publicKey.verify(none, signature, message)));
      const twoPieces = (state: EddsaState) => {
        state.update(message.subarray(0, 33));
        state.update(message.subarray(33));
      };
      const inPieces = nothing("signing in pieces", () => {
        const state = slot.beginSign(none);
        twoPieces(state);
        state.commit();
        twoPieces(state);
        const result = state.sign();
        state.close();
        return result;
      });
      assert.equal(new Uint8Array(inPieces), signature);
      nothing("verifying in pieces", () => {
        const state = publicKey.beginVerify(none, signature);
        twoPieces(state);
        assert.ok(state.verify());
        state.close();
      });
      for (const isCommitted of [false, true]) {
        nothing("giving up between", () => {
          const state = slot.beginSign(none);
          twoPieces(state);
          if (isCommitted) state.commit();
          state.close();
        });
      }
    }
  });
}

for (const name of ["X25519", "X448"] as const) {
  test(`${name} leaves no piece of keys and secrets`, () => {
    const core = new Core(module);
    const curve = OKP_CURVES[name];
    const [key, other] = [curve.keyBytes, curve.keyBytes].map(randomBytes) as [Uint8Array, Uint8Array];
    const elsewhere = new Core(module);
    const publicKey = new OkpPrivateSlot(elsewhere, curve, other).publicKey();
    const secret = new OkpPrivateSlot(elsewhere, curve, key).derive(publicKey)!;
    const secrets = new Secrets({ key, secret }, 8);
    const slot = leavesNothing(core, "a new key", secrets, () => new OkpPrivateSlot(core, curve, key));
    leavesNothing(core, "computing the public key", secrets, () => slot.publicKey());
    const here = new OkpPublicKey(core, curve, publicKey.exportBytes());
    assert.equal(
      leavesNothing(core, "deriving", secrets, () => slot.derive(here)),
      secret,
    );
    const small = new OkpPublicKey(core, curve, new Uint8Array(curve.keyBytes));
    assert.is(
      leavesNothing(core, "deriving nothing", secrets, () => slot.derive(small)),
      undefined,
    );
  });
}

for (const hash of Object.values(HASHES)) {
  const node = hash.name.replace("-", "").toLowerCase();

  test(`RSA-OAEP with ${hash.name} leaves no piece of message, seed, masks and encoding, nor of the key's numbers`, () => {
    const core = new Core(module);
    const jwk = generateKeyPairSync("rsa", { modulusLength: 1536 }).privateKey.export({ format: "jwk" });
    const number = (name: "n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi") =>
      Uint8Array.from(Buffer.from(jwk[name]!, "base64url"));
    const [d, p, q] = [number("d"), number("p"), number("q")];
    const [dp, dq, qi] = [number("dp"), number("dq"), number("qi")];
    const parts = { n: number("n"), e: number("e"), d, p, q, dp, dq, qi };
    const mgf1 = (seed: Uint8Array, length: number) => {
      const count = Math.ceil(length / hash.digestBytes);
      const blocks = Array.from({ length: count }, (_, i) =>
        createHash(node)
          .update(seed)
          .update(Uint8Array.of(0, 0, 0, i))
          .digest(),
      );
      return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
    };
    const [labelDigest, seed, message] = [hash.digestBytes, hash.digestBytes, 40].map(randomBytes);
    const db = new Uint8Array(parts.n.length - 1 - hash.digestBytes);
    db.set(labelDigest!);
    db.set([1, ...message!], db.length - 41);
    const dbMask = mgf1(seed!, db.length);
    const maskedDb = xor(db, dbMask);
    const seedMask = mgf1(maskedDb, hash.digestBytes);
    const secrets = new Secrets(
      { message: message!, seed: seed!, dbMask, maskedDb, seedMask, d, p, q, dp, dq, qi },
      hash.blockBytes / 16,
    );
    /** All slices, at once. */
    const all = <T>(slices: Generator<undefined, T, undefined>): T => {
      for (;;) {
        const step = slices.next();
        if (step.done) return step.value;
      }
    };
    const publicSlot = new RsaPublicSlot(core, parts);
    const slot = leavesNothing(core, "preparing", secrets, () => new RsaPrivateSlot(core, parts, true));
    const encrypted = leavesNothing(core, "encrypting", secrets, () =>
      all(publicSlot.encryptOaep(hash, labelDigest!, message!, (bytes) => bytes.set(seed!))),
    );
    const sealed = new Uint8Array(encrypted!);
    const decrypt = (label: Uint8Array) =>
      all(slot.decryptOaep(hash, label, sealed, (bytes) => bytes.set(randomBytes(bytes.length))));
    const decrypted = leavesNothing(core, "decrypting", secrets, () => decrypt(labelDigest!));
    assert.equal(new Uint8Array(decrypted!), message);
    const refused = leavesNothing(core, "decrypting with another label", secrets, () => decrypt(seed!));
    assert.is(refused, null);
  });
}

test.run();
