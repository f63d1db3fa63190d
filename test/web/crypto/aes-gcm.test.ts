import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AesGcmParams } from "../../../ts/web/crypto/aes-gcm.ts";
import { DOMString, dictionary, heldBytes, octet } from "../../../ts/web/webidl.ts";
import { random } from "../../support/core.ts";
import { fromHex, hex, nano, pattern, refusal } from "../support.ts";

const MIB = 1024 * 1024;
const { subtle } = nano.crypto;
const { subtleSync } = nano;
const both: ["encrypt", "decrypt"] = ["encrypt", "decrypt"];
const wrapping: ["wrapKey", "unwrapKey"] = ["wrapKey", "unwrapKey"];
const importRaw = (bytes: Uint8Array, extractable = true) =>
  subtleSync.importKey("raw", bytes, "AES-GCM", extractable, both);
const gcm = (iv: Uint8Array = pattern(12), more = {}) => ({ name: "AES-GCM", iv, ...more });

interface Vector {
  source: string;
  key: string;
  iv: string;
  aad: string;
  plaintext: string;
  ciphertext: string;
  tag: string;
}
const vectors = JSON.parse(readFileSync("test/vectors/aes_gcm.json", "utf8")) as Vector[];

test("every published vector is met, in both forms", async () => {
  for (const { source, key, iv, aad, plaintext, ciphertext, tag } of vectors) {
    const slot = importRaw(fromHex(key));
    const algorithm = gcm(fromHex(iv), { additionalData: fromHex(aad) });
    const sealed = fromHex(ciphertext + tag);
    assert.is(hex(subtleSync.encrypt(algorithm, slot, fromHex(plaintext))), hex(sealed), source);
    assert.is(hex(await subtle.encrypt(algorithm, slot, fromHex(plaintext))), hex(sealed), source);
    assert.is(hex(subtleSync.decrypt(algorithm, slot, sealed)), plaintext, source);
    assert.is(hex(await subtle.decrypt(algorithm, slot, sealed)), plaintext, source);
  }
});

test("ciphertexts equal the host's, for keys, IVs, additional data, texts and tags of every length", async () => {
  const next = random(4711);
  const upTo = (max: number) => Math.floor(next() * (max + 1));
  const lengths = [
    0,
    1,
    15,
    16,
    17,
    31,
    4095,
    8191,
    8192,
    8193,
    65_535,
    65_536,
    65_537,
    MIB - 12,
    MIB,
    3 * MIB + 5,
  ];
  for (let round = 0; round < 150; round++) {
    const raw = pattern([16, 24, 32][round % 3]!).map(() => upTo(255));
    const tagLength = [32, 64, 96, 104, 112, 120, 128][round % 7]!;
    const length = lengths[round] ?? upTo(2000);
    // The host takes no IV of less than 12 bytes.
    const algorithm = gcm(pattern(12 + upTo(40)), { additionalData: pattern(upTo(100)), tagLength });
    const plaintext = pattern(length);
    const host = await webcrypto.subtle.importKey("raw", raw, "AES-GCM", false, both);
    const own = importRaw(raw);
    const expected = Buffer.from(await webcrypto.subtle.encrypt(algorithm, host, plaintext));
    const sealed = Buffer.from(subtleSync.encrypt(algorithm, own, plaintext));
    assert.ok(sealed.equals(expected), `${length} bytes, round ${round}`);
    assert.ok(sealed.equals(Buffer.from(await subtle.encrypt(algorithm, own, plaintext))));
    assert.ok(Buffer.from(plaintext).equals(Buffer.from(await subtle.decrypt(algorithm, own, sealed))));
    assert.ok(Buffer.from(plaintext).equals(Buffer.from(subtleSync.decrypt(algorithm, own, sealed))));
  }
});

test("IVs and additional data of every length give what the host gives, in both forms", async () => {
  const raw = pattern(32);
  const host = await webcrypto.subtle.importKey("raw", raw, "AES-GCM", false, both);
  const own = importRaw(raw);
  const lengths = [0, 1, 16, 8191, 8192, 8193, 65_535, 65_536, 65_537, MIB + 4096, MIB + 4097, 3 * MIB + 1];
  const cases: [ivBytes: number, aadBytes: number][] = [
    ...lengths.map((length): [number, number] => [12, length]),
    ...lengths.slice(1).map((length): [number, number] => [length, 5]),
    [2 * MIB, 2 * MIB],
  ];
  for (const [ivBytes, aadBytes] of cases) {
    const algorithm = gcm(pattern(ivBytes), { additionalData: pattern(aadBytes) });
    const sealed = Buffer.from(subtleSync.encrypt(algorithm, own, pattern(333)));
    const what = `${ivBytes} and ${aadBytes} bytes`;
    assert.ok(sealed.equals(Buffer.from(await subtle.encrypt(algorithm, own, pattern(333)))), what);
    assert.is(hex(await subtle.decrypt(algorithm, own, sealed)), hex(pattern(333)), what);
    assert.is(hex(subtleSync.decrypt(algorithm, own, sealed)), hex(pattern(333)), what);
    // OpenSSL takes no IV of less than 12 bytes, and none of more than 128.
    if (ivBytes < 12 || ivBytes > 128) continue;
    assert.ok(
      sealed.equals(Buffer.from(await webcrypto.subtle.encrypt(algorithm, host, pattern(333)))),
      what,
    );
  }
});

test("a bit flipped anywhere, a byte less or more, and other parameters, all fail with one and the same error", async () => {
  const key = importRaw(pattern(32));
  const algorithm = gcm(pattern(12), { additionalData: pattern(5) });
  const seen = new Set<string>();
  const refused = async (bytes: Uint8Array, given: object = algorithm, slot = key) => {
    const error = await refusal("decrypt", () => [given, slot, bytes]);
    assert.is(error.name, "OperationError");
    seen.add(error.message);
  };
  const sealed = new Uint8Array(subtleSync.encrypt(algorithm, key, pattern(19)));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const wrong = sealed.slice();
    wrong[bit >> 3]! ^= 1 << (bit & 7);
    await refused(wrong);
  }
  for (let length = 0; length < sealed.length; length++) await refused(sealed.subarray(0, length));
  await refused(Uint8Array.of(...sealed, 0));
  await refused(sealed, gcm(pattern(13), { additionalData: pattern(5) }));
  await refused(sealed, gcm(pattern(12), { additionalData: pattern(6) }));
  await refused(sealed, gcm());
  await refused(sealed, { ...algorithm, tagLength: 120 });
  await refused(sealed, algorithm, importRaw(pattern(16)));
  const long = new Uint8Array(subtleSync.encrypt(algorithm, key, pattern(2 * MIB)));
  long[MIB + 1]! ^= 1;
  await refused(long);
  await refused(new Uint8Array(15), gcm(pattern(12), { additionalData: new Uint8Array(2 * MIB) }));
  assert.is(seen.size, 1);
});

test("all that is given is what it was at the call", async () => {
  const key = importRaw(pattern(16));
  for (const length of [100, MIB, MIB + 4097, 3 * MIB]) {
    const inputs = [pattern(12), pattern(20), pattern(length)] as const;
    const algorithm = gcm(inputs[0], { additionalData: inputs[1] });
    const sealed = subtleSync.encrypt(algorithm, key, inputs[2]);
    const expected = [hex(sealed), hex(inputs[2])];
    const encrypting = subtle.encrypt(algorithm, key, inputs[2]);
    const decrypting = subtle.decrypt(algorithm, key, sealed);
    for (const input of inputs) input.fill(1);
    new Uint8Array(sealed).fill(1);
    assert.equal([hex(await encrypting), hex(await decrypting)], expected);
  }
});

const long = () => new Uint8Array(16 * MIB);
const LONG: [what: string, algorithm: () => ReturnType<typeof gcm>, text: () => Uint8Array][] = [
  ["text", () => gcm(), long],
  ["additional data", () => gcm(pattern(12), { additionalData: long() }), () => pattern(9)],
  ["IV", () => gcm(long()), () => pattern(9)],
];

for (const [what, algorithm, text] of LONG) {
  test(`the event loop turns while a message with a long ${what} is encrypted and decrypted`, async () => {
    const key = importRaw(pattern(16));
    const given = algorithm();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const sealed = await subtle.encrypt(given, key, text());
    const turnsBefore = turns;
    const opened = await subtle.decrypt(given, key, sealed);
    clearInterval(timer);
    assert.ok(turnsBefore > 1 && turns > turnsBefore + 1, `${turnsBefore} turns, and ${turns - turnsBefore}`);
    assert.is(Buffer.compare(new Uint8Array(opened), text()), 0);
    assert.is(
      Buffer.compare(new Uint8Array(sealed), new Uint8Array(subtleSync.encrypt(given, key, text()))),
      0,
    );
  });

  test(`closing the runtime ends what is under way with a long ${what}, however far it has come`, async () => {
    const sealed = subtleSync.encrypt(algorithm(), importRaw(pattern(16)), text());
    for (const turns of [0, 2, 25]) {
      const other = createRuntimeSync();
      const key = other.subtleSync.importKey("raw", pattern(16), "AES-GCM", true, both);
      const under = (["encrypt", "decrypt"] as const).map((method) =>
        other.crypto.subtle[method](algorithm(), key, method === "encrypt" ? text() : sealed).then(
          () => "done",
          (error: Error) => error.name,
        ),
      );
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await other.close();
      const outcomes = await Promise.all(under);
      for (const outcome of outcomes) assert.ok(["InvalidStateError", "done"].includes(outcome), outcome);
      if (turns === 0) assert.equal(outcomes, ["InvalidStateError", "InvalidStateError"]);
      assert.is(other.memory().liveArenas, 0);
    }
  });
}

test("of a long plaintext nothing is left in copies, whether the work is done or the runtime closed midway", async () => {
  const { slice, subarray } = Uint8Array.prototype;
  const text = new Uint8Array(3 * MIB).fill(0x77);
  for (const closing of [false, true]) {
    const other = createRuntimeSync();
    const key = other.subtleSync.importKey("raw", pattern(16), "AES-GCM", true, both);
    const sealed = other.subtleSync.encrypt(gcm(), key, text);
    // Copies come of `slice`, and the result of a decryption is written by way of `subarray`.
    const seen = new Set<Uint8Array>();
    Uint8Array.prototype.slice = function (...range) {
      const copy = slice.apply(this, range);
      seen.add(copy);
      return copy;
    };
    Uint8Array.prototype.subarray = function (...range) {
      if (this.length === text.length && this.buffer !== text.buffer) seen.add(this);
      return subarray.apply(this, range);
    };
    try {
      const encrypting = other.crypto.subtle.encrypt(gcm(), key, text).catch(() => undefined);
      const copies = [...seen].filter((bytes) => bytes.length === text.length);
      assert.is(copies.length, 1);
      if (closing) await other.close();
      await encrypting;
      assert.is(Buffer.compare(copies[0]!, new Uint8Array(text.length)), 0);
      if (!closing) {
        seen.clear();
        const decrypting = other.crypto.subtle.decrypt(gcm(), key, sealed).catch(() => undefined);
        const isOpening = () => [...seen].some((bytes) => bytes.length === text.length && bytes[0] === 0x77);
        while (!isOpening()) await new Promise((resolve) => setImmediate(resolve));
        await other.close();
        assert.is(await decrypting, undefined);
        assert.not.ok(isOpening());
      }
    } finally {
      // They are inherited.
      Reflect.deleteProperty(Uint8Array.prototype, "slice");
      Reflect.deleteProperty(Uint8Array.prototype, "subarray");
    }
  }
});

test("parameters are read as WebIDL has it: in order, each once, and the name once more to find the algorithm", async () => {
  const key = importRaw(pattern(16));
  for (const method of ["encrypt", "decrypt"] as const) {
    const log: string[] = [];
    const algorithm = new Proxy(gcm(pattern(12), { additionalData: pattern(3), tagLength: 96 }), {
      get(target, name) {
        log.push(String(name));
        return Reflect.get(target, name);
      },
    });
    const data = method === "decrypt" ? subtleSync.encrypt({ ...algorithm }, key, pattern(9)) : pattern(9);
    log.length = 0;
    subtleSync[method](algorithm, key, data);
    assert.equal(log, ["name", "additionalData", "iv", "tagLength"]);
  }
});

test("parameters are converted as any dictionary is, whatever they are", () => {
  const Generic = dictionary(
    "AesGcmParams",
    [{ name: "name", type: DOMString, required: true }],
    [
      { name: "iv", type: heldBytes, required: true },
      { name: "additionalData", type: heldBytes },
      { name: "tagLength", type: octet },
    ],
  );
  const seed = Date.now() >>> 0;
  const next = random(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  const buffers = [pattern(12), new ArrayBuffer(3), new DataView(new ArrayBuffer(4)), new Float32Array(2)];
  const values = [undefined, null, "text", 5, -1, 1.5, 255, 256, 7n, Symbol("s"), {}, [], shared, ...buffers];
  for (let i = 0; i < 3000; i++) {
    // What is given, with a log of what was read of it, and getters and conversions that may throw.
    const members = ["name", "iv", "additionalData", "tagLength", "other"].map((name) => {
      const usual = { name: "AES-GCM", iv: buffers[0], additionalData: buffers[3], tagLength: 128 }[name];
      return [name, next() < 0.7 ? usual : pick(values), next() < 0.04, next() < 0.04] as const;
    });
    const convert = (conversion: (value: unknown, where: string) => unknown) => {
      const log: unknown[] = [];
      const given = {};
      for (const [name, value, throws, converts] of members) {
        const get = () => {
          log.push(`get ${name}`);
          if (throws) throw new RangeError(name);
          if (!converts) return value;
          const convert = () => {
            log.push(`convert ${name}`);
            return "64";
          };
          return { toString: convert, valueOf: convert };
        };
        Object.defineProperty(given, name, { get, enumerable: true });
      }
      try {
        const result = conversion(given, "encrypt: algorithm") as Record<string, unknown>;
        const bytes = [result.iv, result.additionalData] as (Uint8Array | undefined)[];
        log.push(...bytes.flatMap((view) => [view?.buffer, view?.byteOffset, view?.length]));
        log.push(result.name, result.tagLength);
      } catch (error) {
        log.push((error as Error).constructor, (error as Error).message);
      }
      return log;
    };
    const [own, generic] = [convert(AesGcmParams), convert(Generic)];
    assert.is(own.length, generic.length, `seed ${seed}, case ${i}`);
    for (const [step, each] of own.entries())
      assert.ok(Object.is(each, generic[step]), `seed ${seed}, case ${i}`);
  }
  for (const value of [undefined, null, 5, "AES-GCM", true, 1n, Symbol("s")]) {
    const messageOf = (conversion: typeof Generic) => {
      try {
        return conversion(value, "where");
      } catch (error) {
        return String(error);
      }
    };
    assert.is(messageOf(AesGcmParams as typeof Generic), messageOf(Generic));
  }
});

test("keys are generated at random, and travel in every format, to the host and back", async () => {
  for (const length of [128, 192, 256]) {
    const key = await subtle.generateKey({ name: "aes-gcm", length }, true, [
      ...wrapping,
      ...both,
      "encrypt",
    ]);
    assert.is(key.type, "secret");
    assert.equal(key.algorithm, { name: "AES-GCM", length });
    assert.equal(key.usages, [...both, ...wrapping]);
    const raw = subtleSync.exportKey("raw", key);
    assert.is(raw.byteLength * 8, length);
    const jwk = await subtle.exportKey("jwk", key);
    assert.equal(jwk, {
      alg: `A${length}GCM`,
      ext: true,
      k: Buffer.from(raw).toString("base64url"),
      key_ops: [...both, ...wrapping],
      kty: "oct",
    });
    const sealed = await subtle.encrypt(gcm(), key, pattern(99));
    for (const host of [
      await webcrypto.subtle.importKey("raw", raw, "AES-GCM", true, both),
      await webcrypto.subtle.importKey("jwk", jwk as JsonWebKey, "AES-GCM", true, both),
    ]) {
      assert.is(hex(await webcrypto.subtle.decrypt(gcm(), host, sealed)), hex(pattern(99)));
      const back = await subtle.importKey(
        "jwk",
        await webcrypto.subtle.exportKey("jwk", host),
        "AES-GCM",
        true,
        both,
      );
      assert.is(hex(subtleSync.exportKey("raw-secret", back)), hex(raw));
    }
  }
  const keys = [1, 2, 3].map(() => subtleSync.generateKey({ name: "AES-GCM", length: 128 }, true, both));
  assert.is(new Set(keys.map((key) => hex(subtleSync.exportKey("raw", key)))).size, 3);
});

test("what is wrong is refused, each thing with its own error", async () => {
  const key = importRaw(pattern(16));
  const data = pattern(32);
  const calls: [Parameters<typeof refusal>[0], unknown[], string, RegExp?][] = [
    ["encrypt", ["AES-GCM", key, data], "TypeError", /algorithm\.iv is missing/],
    ["encrypt", [{ name: "AES-GCM", iv: "text" }, key, data], "TypeError"],
    ["encrypt", [gcm(pattern(12), { additionalData: null }), key, data], "TypeError"],
    ["encrypt", [gcm(pattern(12), { tagLength: 256 }), key, data], "TypeError", /0 to 255/],
    ["encrypt", [gcm(pattern(12), { tagLength: -1 }), key, data], "TypeError"],
    ["encrypt", [gcm(pattern(0)), key, data], "OperationError", /algorithm\.iv is empty/],
    ["decrypt", [gcm(pattern(0)), key, data], "OperationError", /algorithm\.iv is empty/],
    ...[0, 8, 31, 33, 95, 127, 129, 255].flatMap((tagLength): typeof calls => [
      ["encrypt", [gcm(pattern(12), { tagLength }), key, data], "OperationError", /32, 64, 96/],
      ["decrypt", [gcm(pattern(12), { tagLength }), key, data], "OperationError", /32, 64, 96/],
    ]),
    ["sign", ["AES-GCM", key, data], "NotSupportedError"],
    ["generateKey", ["AES-GCM", true, both], "TypeError"],
    ["generateKey", [{ name: "AES-GCM", length: 65_536 }, true, both], "TypeError", /0 to 65535/],
    ["generateKey", [{ name: "AES-GCM", length: 127 }, true, both], "OperationError", /128, 192 or 256/],
    ["generateKey", [{ name: "AES-GCM", length: 127 }, true, ["sign"]], "SyntaxError"],
    ["generateKey", [{ name: "AES-GCM", length: 127 }, true, []], "OperationError"],
    ["generateKey", [{ name: "AES-GCM", length: 128 }, true, []], "SyntaxError"],
    ["importKey", ["raw", pattern(15), "AES-GCM", true, both], "DataError", /120 bits/],
    ["importKey", ["raw", pattern(0), "AES-GCM", true, []], "DataError"],
    ["importKey", ["raw", pattern(16), "AES-GCM", true, []], "SyntaxError"],
    ["importKey", ["raw", pattern(15), "AES-GCM", true, ["verify"]], "SyntaxError"],
    ["importKey", ["spki", pattern(16), "AES-GCM", true, both], "NotSupportedError"],
    ["exportKey", ["pkcs8", key], "NotSupportedError"],
    ["exportKey", ["raw", importRaw(pattern(16), false)], "InvalidAccessError"],
  ];
  for (const [method, args, name, message] of calls) {
    const error = await refusal(method, () => args);
    assert.is(error.name, name, error.message);
    if (message) assert.match(error.message, message);
  }
  const decryptOnly = subtleSync.importKey("raw", pattern(16), "AES-GCM", true, ["decrypt", "wrapKey"]);
  assert.is((await refusal("encrypt", () => [gcm(), decryptOnly, data])).name, "InvalidAccessError");
});

test("a JSON Web Key must be one of this algorithm, its length and its use", async () => {
  const k = "AAECAwQFBgcICQoLDA0ODw";
  const good = { kty: "oct", k, alg: "A128GCM", use: "enc", key_ops: ["encrypt", "decrypt"], ext: true };
  subtleSync.importKey("jwk", good, "AES-GCM", true, both);
  for (const [wrong, member] of [
    [{ kty: "RSA" }, "kty"],
    [{ k: undefined }, "k"],
    [{ k: `${k}=` }, "k"],
    [{ k: "AAEC" }, "24 bits"],
    [{ alg: "A256GCM" }, "alg"],
    [{ alg: "A128CBC" }, "alg"],
    [{ use: "sig" }, "use"],
    [{ key_ops: ["encrypt"] }, "key_ops"],
    [{ ext: false }, "ext"],
  ] as const) {
    const error = await refusal("importKey", () => ["jwk", { ...good, ...wrong }, "AES-GCM", true, both]);
    assert.is(error.name, "DataError");
    assert.ok(error.message.includes(member), error.message);
  }
});

test("keys are wrapped and unwrapped, as the host does it", async () => {
  const raw = pattern(32);
  const own = await subtle.importKey("raw", raw, "AES-GCM", false, wrapping);
  const host = await webcrypto.subtle.importKey("raw", raw, "AES-GCM", false, wrapping);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  for (const length of [64, 3 * MIB]) {
    const key = subtleSync.importKey("raw", pattern(length), hmac, true, ["sign", "verify"]);
    for (const format of ["raw", "jwk"] as const) {
      const wrapped = await subtle.wrapKey(format, key, own, gcm());
      assert.is(hex(subtleSync.wrapKey(format, key, own, gcm())), hex(wrapped));
      const theirs = await webcrypto.subtle.unwrapKey(format, wrapped, host, gcm(), hmac, true, ["sign"]);
      assert.is(hex(await webcrypto.subtle.exportKey("raw", theirs)), hex(pattern(length)));
      const rewrapped = await webcrypto.subtle.wrapKey(format, theirs, host, gcm());
      for (const unwrapped of [
        await subtle.unwrapKey(format, rewrapped, own, gcm(), hmac, true, ["sign"]),
        subtleSync.unwrapKey(format, rewrapped, own, gcm(), hmac, true, ["sign"]),
      ]) {
        assert.is(hex(subtleSync.exportKey("raw", unwrapped)), hex(pattern(length)));
        assert.equal(unwrapped.usages, ["sign"]);
      }
    }
  }
});

test("wrapping and unwrapping ask for the usage, and for a key that may leave", async () => {
  const own = subtleSync.importKey("raw", pattern(16), "AES-GCM", true, wrapping);
  const cipher = importRaw(pattern(16));
  const shut = importRaw(pattern(16), false);
  const name = async (...[method, args]: Parameters<typeof refusal>) => (await refusal(method, args)).name;
  assert.is(await name("wrapKey", () => ["raw", cipher, cipher, gcm()]), "InvalidAccessError");
  assert.is(await name("wrapKey", () => ["raw", shut, own, gcm()]), "InvalidAccessError");
  assert.is(await name("wrapKey", () => ["spki", cipher, own, gcm()]), "NotSupportedError");
  assert.is(await name("wrapKey", () => ["raw", cipher, own, gcm(pattern(0))]), "OperationError");
  assert.is(await name("encrypt", () => [gcm(), own, pattern(1)]), "InvalidAccessError");
  const wrapped = subtleSync.wrapKey("raw", cipher, own, gcm());
  const unwrap = (...more: unknown[]) => name("unwrapKey", () => ["raw", wrapped, ...more]);
  assert.is(await unwrap(cipher, gcm(), "AES-GCM", true, both), "InvalidAccessError");
  assert.is(await unwrap(own, gcm(pattern(13)), "AES-GCM", true, both), "OperationError");
  assert.is(await unwrap(own, gcm(), "SHA-1", true, both), "NotSupportedError");
  assert.is(await unwrap(own, gcm(), "AES-GCM", true, []), "SyntaxError");
  for (const text of ["", "{", "5", "null", "[]", "{}", '{"kty":"oct"}', '{"kty":"oct","k":"A"}']) {
    const sealing = subtleSync.importKey("raw", pattern(16), "AES-GCM", true, both);
    const sealed = subtleSync.encrypt(gcm(), sealing, new TextEncoder().encode(text));
    const args = ["jwk", sealed, own, gcm(), "AES-GCM", true, both];
    assert.is(await name("unwrapKey", () => args), "DataError", text);
  }
});

test("a script's changes to prototypes do not reach a key being wrapped", async () => {
  const own = subtleSync.importKey("raw", pattern(16), "AES-GCM", true, wrapping);
  const key = importRaw(pattern(16));
  const stolen: unknown[] = [];
  const descriptor = {
    configurable: true,
    value(this: unknown) {
      stolen.push(this);
      return this;
    },
  };
  Object.defineProperty(Object.prototype, "toJSON", descriptor);
  try {
    const wrapped = subtleSync.wrapKey("jwk", key, own, gcm());
    subtleSync.unwrapKey("jwk", wrapped, own, gcm(), "AES-GCM", true, both);
  } finally {
    Reflect.deleteProperty(Object.prototype, "toJSON");
  }
  assert.equal(stolen, []);
});

test("nothing is left in the core", () => {
  assert.is(nano.memory().liveArenas, 0);
});

test.run();
