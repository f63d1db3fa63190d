/**
 * What a secret leaves behind: nothing. After each operation, and the closing of its arena, all of the core's memory
 * (stack, static data, heap) is searched for pieces of the key, of everything that is derived from it, and of the
 * message, as bytes and as the words that the compression functions work on.
 */
import { createHash, createHmac } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../ts/core/core.ts";
import { digest, HASHES, Hasher } from "../../ts/core/hash.ts";
import { HmacSlot } from "../../ts/core/hmac.ts";
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

test.run();
