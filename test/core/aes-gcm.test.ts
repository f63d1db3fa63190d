import { type CipherGCMTypes, createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AesGcmOpener, type AesGcmSealer, AesGcmSlot } from "../../ts/core/aes.ts";
import { WINDOW_BYTES } from "../../ts/core/hash.ts";
import { makeCore, random } from "../support/core.ts";

interface Vector {
  source: string;
  key: string;
  iv: string;
  aad: string;
  plaintext: string;
  ciphertext: string;
  tag: string;
}

const KEY_BYTES = [16, 24, 32];
const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];
const NONE = new Uint8Array(0);
const unhex = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (bytes: ArrayBuffer | Uint8Array | null) =>
  bytes && Buffer.from(bytes as Uint8Array).toString("hex");
const filled = (length: number) => new Uint8Array(length).map((_, i) => (i * 31 + length) & 0xff);

/** Ciphertext and tag as the host's OpenSSL gives them. */
function hostSeal(
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  tagBits: number,
): Buffer {
  if (iv.length > HOST_IV_BYTES_MAX) return hostSealLong(key, iv, aad, plaintext, tagBits);
  const cipher = createCipheriv(`aes-${key.length * 8}-gcm` as CipherGCMTypes, key, iv, {
    authTagLength: tagBits / 8,
  });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** OpenSSL takes no longer IV. */
const HOST_IV_BYTES_MAX = 128;

/** The same out of its parts: AES, its counter mode, and GHASH, which is a tag without its mask. */
function hostSealLong(
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  tagBits: number,
): Buffer {
  const name = `aes-${key.length * 8}`;
  const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ b[i]!);
  const block = (bytes: Uint8Array) => createCipheriv(`${name}-ecb`, key, null).update(bytes);
  const ghash = (additional: Uint8Array, ciphertext: Uint8Array) => {
    const [shortIv, j0] = [filled(12), Buffer.concat([filled(12), Buffer.from([0, 0, 0, 1])])];
    const cipher = hostSeal(key, shortIv, NONE, new Uint8Array(ciphertext.length), 128);
    const sealed = hostSeal(key, shortIv, additional, xor(ciphertext, cipher), 128);
    return xor(sealed.subarray(ciphertext.length), block(j0));
  };
  const j0 = ghash(NONE, iv);
  const counter = Buffer.from(j0);
  counter.writeUInt32BE(counter.readUInt32BE(12) + 1, 12);
  const ciphertext = createCipheriv(`${name}-ctr`, key, counter).update(plaintext);
  return Buffer.concat([ciphertext, xor(ghash(aad, ciphertext), block(j0)).subarray(0, tagBits / 8)]);
}

function hostOpen(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array, tagBits: number) {
  const decipher = createDecipheriv(`aes-${key.length * 8}-gcm` as CipherGCMTypes, key, iv, {
    authTagLength: tagBits / 8,
  });
  const length = sealed.length - tagBits / 8;
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(length));
  return Buffer.concat([decipher.update(sealed.subarray(0, length)), decipher.final()]);
}

test("the published vectors, and counters that wrap", () => {
  const core = makeCore();
  const vectors = JSON.parse(readFileSync("test/vectors/aes_gcm.json", "utf8")) as Vector[];
  assert.is(vectors.length, 22);
  for (const { source, key, iv, aad, plaintext, ciphertext, tag } of vectors) {
    const slot = new AesGcmSlot(core, unhex(key));
    assert.is(hex(slot.seal(unhex(iv), unhex(aad), unhex(plaintext), 128)), ciphertext + tag, source);
    assert.is(hex(slot.open(unhex(iv), unhex(aad), unhex(ciphertext + tag), 128)), plaintext, source);
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("what the host encrypts is decrypted, and the reverse: random keys, IVs, data, tag lengths", () => {
  const core = makeCore();
  const seed = Date.now() >>> 0;
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const bytes = (length: number) => new Uint8Array(length).map(() => below(256));
  for (let i = 0; i < 1500; i++) {
    const what = `seed ${seed}, case ${i}`;
    const key = bytes(KEY_BYTES[below(3)]!);
    const iv = bytes(below(2) ? 12 : 1 + below(200));
    const aad = bytes(below(3) ? 0 : below(200));
    const plaintext = bytes(i < 300 ? i : below(next() < 0.1 ? 9000 : 400));
    const tagBits = TAG_BITS[below(7)]!;
    const slot = new AesGcmSlot(core, key);
    const sealed = slot.seal(iv, aad, plaintext, tagBits);
    assert.is(hex(sealed), hex(hostSeal(key, iv, aad, plaintext, tagBits)), what);
    assert.is(hex(slot.open(iv, aad, new Uint8Array(sealed), tagBits)), hex(plaintext), what);
    if (iv.length > HOST_IV_BYTES_MAX) continue;
    assert.is(hex(hostOpen(key, iv, aad, new Uint8Array(sealed), tagBits)), hex(plaintext), what);
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("plaintexts, additional data and IVs of every length are as the host has them, at once and in pieces", () => {
  const core = makeCore();
  const key = filled(32);
  const slot = new AesGcmSlot(core, key);
  const around = (bytes: number) => [bytes - 1, bytes, bytes + 1];
  const lengths = [1, 16, ...around(8192), ...around(WINDOW_BYTES), 3 * 1024 * 1024 + 5];
  const cases: [number, number, number][] = [
    ...[0, ...lengths, ...around(4096), WINDOW_BYTES - 12].map((length): [number, number, number] => [
      12,
      0,
      length,
    ]),
    ...[0, ...lengths].map((length): [number, number, number] => [12, length, 100]),
    ...lengths.map((length): [number, number, number] => [length, 3, 100]),
    [3 * 1024 * 1024, 1024 * 1024 + 1, WINDOW_BYTES],
  ];
  for (const [ivBytes, aadBytes, length] of cases) {
    const [iv, aad, plaintext] = [filled(ivBytes), filled(aadBytes), filled(length)];
    const what = `${ivBytes}, ${aadBytes} and ${length} bytes`;
    const sealed = new Uint8Array(slot.seal(iv, aad, plaintext, 128));
    assert.is(Buffer.compare(sealed, hostSeal(key, iv, aad, plaintext, 128)), 0, what);
    assert.is(Buffer.compare(Buffer.from(slot.open(iv, aad, sealed, 128)!), plaintext), 0, what);

    const inPieces = new Uint8Array(length + 16);
    const sealer = slot.beginSeal();
    sealer.updateIv(iv.subarray(0, 1));
    sealer.updateIv(iv.subarray(1));
    sealer.updateAad(aad.subarray(0, aadBytes >> 1));
    sealer.updateAad(aad.subarray(aadBytes >> 1));
    sealer.update(plaintext, inPieces);
    sealer.final(inPieces.subarray(length));
    sealer.close();
    assert.is(Buffer.compare(inPieces, sealed), 0, `${what}, in pieces`);

    sealed[length >> 1]! ^= 1;
    assert.is(slot.open(iv, aad, sealed, 128), null, what);
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("every flipped bit of a small message is found, and every cut", () => {
  const core = makeCore();
  for (const keyBytes of KEY_BYTES) {
    const slot = new AesGcmSlot(core, filled(keyBytes));
    for (const tagBits of TAG_BITS) {
      const iv = filled(12);
      const sealed = new Uint8Array(slot.seal(iv, NONE, filled(21), tagBits));
      assert.is(hex(slot.open(iv, NONE, sealed, tagBits)), hex(filled(21)));
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        sealed[bit >> 3]! ^= 1 << (bit & 7);
        assert.is(slot.open(iv, NONE, sealed, tagBits), null);
        sealed[bit >> 3]! ^= 1 << (bit & 7);
      }
      for (let length = 0; length < sealed.length; length++) {
        assert.is(slot.open(iv, NONE, sealed.subarray(0, length), tagBits), null);
      }
    }
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("keys, IVs and tags of other lengths are refused", () => {
  const core = makeCore();
  for (const length of [0, 1, 15, 17, 23, 25, 31, 33, 64]) {
    assert.throws(() => new AesGcmSlot(core, filled(length)), /length/);
  }
  const slot = new AesGcmSlot(core, filled(16));
  assert.throws(() => slot.seal(NONE, NONE, NONE, 128), /length/);
  assert.throws(() => slot.open(NONE, NONE, filled(16), 128), /length/);
  const sealer = slot.beginSeal();
  assert.throws(() => sealer.updateIv(NONE), /length/);
  assert.throws(() => sealer.updateAad(filled(1)), /finished or was never begun/);
  assert.throws(() => sealer.final(filled(16)), /finished or was never begun/);
  sealer.close();
  for (const tagBits of [0, 8, 40, 72, 136, 256]) {
    assert.throws(() => slot.seal(filled(12), NONE, NONE, tagBits), /length/);
    assert.throws(() => slot.open(filled(12), NONE, filled(32), tagBits), /length/);
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("a message in pieces, whatever the pieces, takes as much memory as a short one", () => {
  const core = makeCore();
  const next = random(38);
  const key = filled(24);
  const slot = new AesGcmSlot(core, key);
  const [iv, aad, plaintext] = [filled(12), filled(333), filled(2 * 1024 * 1024)];
  const expected = hostSeal(key, iv, aad, plaintext, 96);
  const text = plaintext.slice();
  const tag = new Uint8Array(12);
  const eachPiece = (use: (piece: Uint8Array) => void) => {
    for (let at = 0, end = 0; at < text.length; at = end) {
      end = Math.min(text.length, at + Math.floor(next() ** 4 * 300_000));
      use(text.subarray(at, end));
    }
  };
  const begun = <State extends AesGcmSealer | AesGcmOpener>(state: State): State => {
    state.updateIv(iv);
    state.updateAad(aad);
    return state;
  };
  const sealer = begun(slot.beginSeal());
  const peak = core.statistics().peakBytesInUse;
  eachPiece((piece) => sealer.update(piece, piece));
  assert.throws(() => sealer.updateAad(aad), /finished or was never begun/);
  assert.throws(() => sealer.updateIv(iv), /finished or was never begun/);
  sealer.final(tag);
  assert.throws(() => sealer.final(tag), /finished/);
  sealer.close();
  assert.is(Buffer.compare(Buffer.concat([text, tag]), expected), 0);

  const opener = begun(slot.beginOpen());
  assert.throws(() => opener.open(text, text), /finished or was never begun/);
  eachPiece((piece) => opener.verify(piece));
  assert.is(opener.final(tag), true);
  eachPiece((piece) => opener.open(piece, piece));
  assert.throws(() => opener.open(text.subarray(0, 1), text), /length/);
  opener.close();
  assert.is(Buffer.compare(text, plaintext), 0);
  assert.is(core.statistics().peakBytesInUse, peak);
  assert.is(core.statistics().liveArenas, 0);
});

test("a wrong tag ends decryption in pieces before it gives anything", () => {
  const slot = new AesGcmSlot(makeCore(), filled(16));
  const sealed = new Uint8Array(slot.seal(filled(12), NONE, filled(50), 128));
  const opener = slot.beginOpen();
  opener.updateIv(filled(12));
  opener.verify(sealed.subarray(0, 50));
  assert.is(opener.final(filled(16)), false);
  const output = new Uint8Array(50);
  assert.throws(() => opener.open(sealed.subarray(0, 50), output), /finished or was never begun/);
  assert.equal(output, new Uint8Array(50));
  opener.close();
});

test("what was done with other keys and other messages cannot be told from the core's memory afterwards", () => {
  // An image after each operation: a later one may wipe what an earlier one left.
  const imagesOf = (secret: number) => {
    const core = makeCore();
    const images: Buffer[] = [];
    const take = () => images.push(Buffer.from(core.memory.bytes));
    for (const keyBytes of KEY_BYTES) {
      const slot = new AesGcmSlot(core, filled(keyBytes).fill(secret, 1));
      for (const [ivBytes, length] of [
        [12, 20],
        [12, 300],
        [7, 2000],
        [12, 70_000],
      ] as const) {
        const iv = filled(ivBytes);
        const aad = filled(300).fill(secret, 5);
        const sealed = new Uint8Array(slot.seal(iv, aad, filled(length).fill(secret, 3), 128));
        take();
        slot.open(iv, aad, sealed, 128);
        take();
        sealed[0]! ^= 1;
        slot.open(iv, aad, sealed, 128);
        take();
      }
    }
    return images;
  };
  const [ones, others] = [imagesOf(0x6b), imagesOf(0xd2)];
  for (const [i, one] of ones.entries()) assert.is(Buffer.compare(one, others[i]!), 0, `operation ${i}`);
});

test("tags of absurd lengths are refused before they reach the core's memory", () => {
  const core = makeCore();
  const grown = core.openArena();
  grown.alloc(4 << 20); // Room behind every window, so that writing past one would go unnoticed.
  grown.close();
  const slot = new AesGcmSlot(core, filled(32));
  const other = core.openArena();
  const address = other.place(filled(100_000));
  const opener = slot.beginOpen();
  opener.updateIv(filled(12));
  assert.throws(() => opener.final(filled(300_000)), /length/);
  opener.close();
  assert.throws(() => slot.open(filled(12), NONE, filled(470_000), 8 * 300_000), /length/);
  for (const tagBits of [-8, 1, 33, 39, 97, 100, 127, 129, 136, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => slot.seal(filled(12), NONE, filled(50), tagBits), /length/, `${tagBits}`);
    assert.throws(() => slot.open(filled(12), NONE, filled(50), tagBits), /length/, `${tagBits}`);
  }
  assert.equal(core.memory.bytes.slice(address, address + 100_000), filled(100_000));
  other.close();
  assert.is(core.statistics().liveArenas, 0);
});

test("a slot gives its bits if it was given them, and ends with the core", () => {
  const core = makeCore();
  const slot = new AesGcmSlot(core, filled(32), filled(32));
  assert.is(hex(slot.exportBits()), hex(filled(32)));
  const sealed = new Uint8Array(slot.seal(filled(12), NONE, filled(50), 128));
  core.close();
  for (const use of [
    () => slot.exportBits(),
    () => slot.seal(filled(12), NONE, filled(50), 128),
    () => slot.open(filled(12), NONE, sealed, 128),
    () => slot.beginSeal(),
    () => slot.beginOpen(),
  ]) {
    assert.throws(use, /closed/);
  }
});

test("a message under way ends with the core", () => {
  const core = makeCore();
  const slot = new AesGcmSlot(core, filled(32));
  const sealed = new Uint8Array(slot.seal(filled(12), NONE, filled(50), 128));
  const [begun, sealer, opener] = [slot.beginSeal(), slot.beginSeal(), slot.beginOpen()];
  for (const state of [sealer, opener]) state.updateIv(filled(12));
  opener.verify(sealed.subarray(0, 50));
  assert.is(opener.final(sealed.subarray(50)), true);
  core.close();
  const output = new Uint8Array(50);
  for (const use of [
    () => begun.updateIv(filled(12)),
    () => sealer.updateAad(filled(1)),
    () => sealer.update(filled(50), output),
    () => sealer.final(output),
    () => opener.open(sealed.subarray(0, 50), output),
  ]) {
    assert.throws(use, /closed/);
  }
  assert.equal(output, new Uint8Array(50));
  for (const state of [begun, sealer, opener]) state.close();
});

test.run();
