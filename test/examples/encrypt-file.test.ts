import { createDecipheriv, createHmac, randomBytes, webcrypto } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DecryptionError, decrypt, encrypt } from "../../examples/encrypt-file/encrypted-file.ts";
import { writeWhole } from "../../examples/encrypt-file/whole-file.ts";
import { folderWith, nanort } from "../cli/nanort.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const nano = createRuntimeSync();
const HEADER = 24 + 32 + 32;
const CHUNK = 64 * 1024;
const SEALED = CHUNK + 16;
const key = random(32);

function random(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}

/** Bytes in pieces of some length. */
async function* pieces(bytes: Bytes, length = 100_000): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

async function gather(given: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const all: Uint8Array[] = [];
  for await (const piece of given) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

const seal = (plaintext: Bytes) => gather(encrypt(nano.crypto, key, pieces(plaintext)));
const open = (encrypted: Bytes) => gather(decrypt(nano.crypto, key, pieces(encrypted)));

async function errorOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error("it did not fail"),
    (error) => error,
  );
}

/** Why bytes are refused. Nothing else may be thrown. */
async function refusal(encrypted: Bytes, by = key): Promise<string> {
  const error = await errorOf(gather(decrypt(nano.crypto, by, pieces(encrypted))));
  assert.instance(error, DecryptionError);
  return error.message;
}

/** The format as its description has it, by node:crypto, for files that are whole. */
function read(encrypted: Bytes): Buffer {
  const bytes = Buffer.from(encrypted);
  assert.is(bytes.toString("latin1", 0, 24), "nanort encrypted file 1\n");
  const derived = createHmac("sha512", key)
    .update(
      Buffer.concat([Buffer.of(0, 0, 0, 1), bytes.subarray(0, 24), Buffer.of(0), bytes.subarray(24, 56)]),
    )
    .update(Buffer.of(0, 0, 2, 0))
    .digest();
  assert.is(bytes.toString("hex", 56, 88), derived.toString("hex", 32));
  const opened: Buffer[] = [];
  for (let at = HEADER, index = 0; at < bytes.length; at += SEALED, index++) {
    const sealed = bytes.subarray(at, at + SEALED);
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(index, 5, 6);
    nonce[11] = at + SEALED >= bytes.length ? 1 : 0;
    const decipher = createDecipheriv("aes-256-gcm", derived.subarray(0, 32), nonce);
    decipher.setAuthTag(sealed.subarray(-16));
    opened.push(decipher.update(sealed.subarray(0, -16)), decipher.final());
  }
  return Buffer.concat(opened);
}

const LENGTHS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7];

test("files of any length come back, in pieces of any length, and are as long as the format says", async () => {
  for (const length of LENGTHS) {
    const plaintext = random(length);
    const encrypted = await seal(plaintext);
    const chunks = Math.max(1, Math.ceil(length / CHUNK));
    assert.is(encrypted.length, HEADER + length + 16 * chunks);
    for (const size of length > 1000 ? [997, SEALED, encrypted.length] : [1, 100]) {
      const opened = await gather(decrypt(nano.crypto, key, pieces(encrypted, size)));
      assert.ok(Buffer.from(opened).equals(plaintext), `${length} bytes in pieces of ${size}`);
    }
  }
});

test("the format is the one described: node:crypto reads it, and so does this code with the host's WebCrypto", async () => {
  const host = webcrypto as unknown as Parameters<typeof encrypt>[0];
  for (const length of LENGTHS) {
    const plaintext = random(length);
    assert.ok(read(await seal(plaintext)).equals(plaintext), `${length} bytes`);
    const sealedByHost = await gather(encrypt(host, key, pieces(plaintext)));
    assert.ok(Buffer.from(await open(sealedByHost)).equals(plaintext), `${length} bytes`);
  }
});

test("the same file is never encrypted to the same bytes", async () => {
  const [first, second] = [await seal(random(0)), await seal(random(0))];
  assert.not.equal(first.subarray(24, 56), second.subarray(24, 56));
  assert.not.equal(first.subarray(56, 88), second.subarray(56, 88));
  assert.not.equal(first.subarray(88), second.subarray(88));
});

test("a file with any bit changed is refused", async () => {
  const encrypted = await seal(random(3));
  for (let bit = 0; bit < encrypted.length * 8; bit++) {
    const changed = encrypted.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    const why = await refusal(changed);
    const expected =
      bit < 24 * 8 ? /no encrypted file/ : bit < HEADER * 8 ? /another key/ : /damaged, or cut off/;
    assert.match(why, expected, `bit ${bit}`);
  }
});

test("a file cut off anywhere, or with anything added, is refused", async () => {
  const short = await seal(random(3));
  for (let length = 0; length < short.length; length++) await refusal(short.slice(0, length));
  const long = await seal(random(2 * CHUNK));
  const ends = [HEADER, HEADER + SEALED, long.length].flatMap((end) => [end - 1, end, end + 1]);
  for (const end of ends.filter((end) => end < long.length)) await refusal(long.slice(0, end));
  for (const added of [1, 16, SEALED]) {
    await refusal(new Uint8Array([...short, ...random(added)]));
    await refusal(new Uint8Array(Buffer.concat([long, random(added)])));
  }
  const sealedNothing = (await seal(random(0))).subarray(HEADER);
  await refusal(new Uint8Array(Buffer.concat([long, sealedNothing])));
});

test("chunks that are swapped, repeated, left out, or of another file are refused, and it says from where on", async () => {
  const plaintext = random(4 * CHUNK);
  const encrypted = await seal(plaintext);
  const other = await seal(plaintext);
  const chunk = (file: Bytes, index: number) =>
    file.subarray(HEADER + index * SEALED, HEADER + (index + 1) * SEALED);
  const withChunks = (...chunks: Bytes[]) =>
    new Uint8Array(Buffer.concat([encrypted.subarray(0, HEADER), ...chunks]));
  const [a, b, c, d] = [0, 1, 2, 3].map((index) => chunk(encrypted, index)) as [Bytes, Bytes, Bytes, Bytes];

  assert.equal(await open(withChunks(a, b, c, d)), plaintext);
  const wrong: [from: number, file: Bytes][] = [
    [0, withChunks(b, a, c, d)],
    [1, withChunks(a, c, b, d)],
    [1, withChunks(a, a, b, c, d)],
    [1, withChunks(a, c, d)],
    [2, withChunks(a, b, d)],
    [2, withChunks(a, b, c)],
    [3, withChunks(a, b, c, d, d)],
    [0, withChunks(d)],
    [1, withChunks(a, chunk(other, 1), c, d)],
    [3, withChunks(a, b, c, chunk(other, 3))],
  ];
  for (const [from, file] of wrong) {
    assert.is(
      await refusal(file),
      `is damaged, or cut off, somewhere after its first ${HEADER + from * SEALED} bytes`,
    );
  }
});

test("what is damaged is not given, only what was verified before it", async () => {
  const plaintext = random(3 * CHUNK);
  const encrypted = await seal(plaintext);
  encrypted[HEADER + SEALED + 5]! ^= 1;
  const given: Uint8Array[] = [];
  const take = async () => {
    for await (const piece of decrypt(nano.crypto, key, pieces(encrypted))) given.push(piece);
  };
  assert.instance(await errorOf(take()), DecryptionError);
  assert.ok(Buffer.concat(given).equals(plaintext.subarray(0, CHUNK)));
});

test("another key is refused before anything is given, and a key of another length is an error", async () => {
  const encrypted = await seal(random(10));
  assert.is(
    await refusal(encrypted, random(32)),
    "was encrypted with another key, or its beginning is damaged",
  );
  for (const length of [0, 16, 31, 33]) {
    const sealed = gather(encrypt(nano.crypto, random(length), pieces(random(1))));
    assert.instance(await errorOf(sealed), RangeError);
  }
});

test("it takes in no more than the chunk that it works on, however long the file", async () => {
  const piece = random(10_000);
  let taken = 0;
  async function* endless() {
    for (;;) {
      taken += piece.length;
      yield piece;
    }
  }
  let given = 0;
  for await (const opened of decrypt(nano.crypto, key, encrypt(nano.crypto, key, endless()))) {
    given += opened.length;
    assert.ok(taken - given <= 2 * CHUNK + 2 * piece.length, `${taken} bytes for ${given}`);
    if (given > 20 * CHUNK) break;
  }
  const { bytesInUse, poolBytes } = nano.memory();
  assert.ok(poolBytes < 1024 * 1024, `${poolBytes} bytes, of which ${bytesInUse} in use`);
});

test("writeWhole: a file is replaced when the new one is whole, and left as it was when that fails", async () => {
  const folder = folderWith({ file: "before" });
  const file = join(folder, "file");
  async function* failing() {
    yield random(100_000);
    assert.is(readdirSync(folder).length, 2);
    throw new RangeError("on purpose");
  }
  assert.instance(await errorOf(writeWhole(file, failing())), RangeError);
  assert.equal([readdirSync(folder), readFileSync(file, "utf8")], [["file"], "before"]);
  const bytes = random(300_000);
  await writeWhole(file, pieces(bytes));
  assert.equal(readdirSync(folder), ["file"]);
  assert.ok(readFileSync(file).equals(bytes));
});

const SECRET = { kty: "oct", alg: "A256GCM", k: Buffer.from(key).toString("base64url") };

test("the example encrypts a file and decrypts it again", async () => {
  const folder = folderWith({ key: JSON.stringify(SECRET) });
  const run = (...args: string[]) => nanort(["examples", "encrypt-file", ...args], { cwd: folder });
  const plaintext = random(1_000_000);
  writeFileSync(join(folder, "in"), plaintext);
  assert.equal(await run("encrypt", "key", "in", "sealed"), { code: 0, stdout: "", stderr: "" });
  assert.ok(read(new Uint8Array(readFileSync(join(folder, "sealed")))).equals(plaintext));
  assert.equal(await run("decrypt", "key", "sealed", "out"), { code: 0, stdout: "", stderr: "" });
  assert.ok(readFileSync(join(folder, "out")).equals(plaintext));
});

test("the example refuses a damaged file in a line, with exit code 1, and leaves none behind", async () => {
  const sealed = await seal(random(200_000));
  sealed[100_000]! ^= 1;
  const folder = folderWith({ key: JSON.stringify(SECRET), "other.key": JSON.stringify({ kty: "EC" }) });
  writeFileSync(join(folder, "sealed"), sealed);
  const run = (...args: string[]) => nanort(["examples", "encrypt-file", ...args], { cwd: folder });
  const [damaged, otherKey, missing, usage] = await Promise.all([
    run("decrypt", "key", "sealed", "out"),
    run("decrypt", "other.key", "sealed", "out"),
    run("encrypt", "key", "missing", "out"),
    run("encrypt", "key"),
  ]);
  const from = HEADER + SEALED;
  assert.is(
    damaged.stderr,
    `encrypt-file: sealed is damaged, or cut off, somewhere after its first ${from} bytes\n`,
  );
  assert.is(otherKey.stderr, "encrypt-file: other.key holds no key for A256GCM\n");
  assert.match(missing.stderr, /^encrypt-file: ENOENT: .*missing.*\n$/);
  assert.match(usage.stderr, /^usage: nanort examples encrypt-file encrypt\|decrypt KEY IN OUT\n$/);
  assert.equal(
    [damaged, otherKey, missing, usage].map(({ code }) => code),
    [1, 1, 1, 2],
  );
  assert.equal(readdirSync(folder).sort(), ["key", "other.key", "sealed"]);
});

test.run();
