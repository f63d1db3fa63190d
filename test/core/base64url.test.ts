import { randomBytes } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeBase64url, encodeBase64url } from "../../ts/core/base64url.ts";
import { makeCore } from "../support/core.ts";

const core = makeCore();
const decode = (text: string) => decodeBase64url(core, [text])[0];

test("bytes of every length become the text that the host makes of them, and bytes again", () => {
  const window = 48 * 1024;
  const atWindows = [1, 2, 5].flatMap((windows) => [-1, 0, 1, 2].map((more) => windows * window + more));
  for (const length of [...Array(200).keys(), ...atWindows, 1_000_003]) {
    const bytes = randomBytes(length);
    const text = bytes.toString("base64url");
    assert.is(encodeBase64url(core, bytes), text);
    assert.ok(bytes.equals(decode(text)!), text);
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("only the alphabet, only lengths that encode bytes, only zero bits at the end", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let unit = 0; unit < 0x300; unit++) {
    const character = String.fromCharCode(unit);
    for (const text of [`${character}AAA`, `AAA${character}`, `${character}${"A".repeat(19)}`]) {
      assert.is(decode(text) !== undefined, alphabet.includes(character), text);
    }
  }
  for (const before of ["", "A".repeat(12), "A".repeat(16)]) {
    for (const [i, character] of [...alphabet].entries()) {
      assert.is(decode(`${before}A${character}`) !== undefined, i % 16 === 0);
      assert.is(decode(`${before}AA${character}`) !== undefined, i % 4 === 0);
    }
    for (const text of ["A", "AAAAA", "AA==", "AAA=", "AA\n", "\uff21AAA", "AAA\ud83d", "\ud83d\ude00AA"]) {
      assert.is(decode(before + text), undefined, text);
    }
  }
  assert.is(core.statistics().liveArenas, 0);
});

test("texts that are decoded together are decoded as each alone, and what is wrong in one spoils no other", () => {
  const pieces = [0, 1, 2, 3, 12, 15, 16, 17, 48, 255].map((length) => randomBytes(length));
  const texts = pieces.map((piece) => piece.toString("base64url"));
  const wrong = ["=", "A", "\u00e9", "\ud83d\ude00", "AA\u0141", "AAAB", "B".repeat(41)];
  for (let at = 0; at <= texts.length; at++) {
    for (const text of ["", ...wrong]) {
      const decoded = decodeBase64url(core, [...texts.slice(0, at), text, ...texts.slice(at)]);
      const [found] = decoded.splice(at, 1);
      assert.equal(found && [...found], text === "" ? [] : text === "AAAB" ? [0, 0, 1] : undefined, text);
      assert.equal(
        decoded.map((bytes) => Buffer.from(bytes!).toString("hex")),
        pieces.map((piece) => piece.toString("hex")),
      );
    }
  }
  assert.equal(decodeBase64url(core, []), []);
  assert.is(core.statistics().liveArenas, 0);
});

test("long texts pass in windows: what is wrong anywhere is found, and the core's memory stays small", () => {
  const long = makeCore();
  const bytes = randomBytes(3_000_000);
  const text = encodeBase64url(long, bytes);
  assert.ok(bytes.equals(decodeBase64url(long, [text])[0]!));
  const [first, second] = decodeBase64url(long, [text, "AAAB"]);
  assert.ok(bytes.equals(first!) && Buffer.of(0, 0, 1).equals(second!));
  for (const at of [0, 65_535, 65_536, 131_071, text.length - 1]) {
    for (const wrong of ["=", "\u00e9", "\ud83d", "\ud83d\ude00"]) {
      const spoilt = text.slice(0, at) + wrong + text.slice(at + wrong.length);
      assert.equal(decodeBase64url(long, [spoilt]), [undefined], `${wrong} at ${at}`);
    }
  }
  for (const end of ["A", "AB", "AAB", "AA=="])
    assert.equal(decodeBase64url(long, [text + end]), [undefined]);
  const { liveArenas, poolBytes } = long.statistics();
  assert.is(liveArenas, 0);
  assert.ok(poolBytes < 512 * 1024, `${poolBytes} bytes`);
});

test("neither bytes nor text stay in the core's memory", () => {
  const secret = randomBytes(48);
  const text = encodeBase64url(core, secret);
  const left = () => {
    const memory = Buffer.from(core.memory.bytes.buffer);
    const found = (piece: Buffer | string) => memory.includes(piece);
    for (let at = 0; at + 8 <= secret.length; at += 8) if (found(secret.subarray(at, at + 8))) return true;
    for (let at = 0; at + 8 <= text.length; at += 8) if (found(text.slice(at, at + 8))) return true;
    return false;
  };
  assert.not(left());
  assert.ok(secret.equals(decode(text)!));
  assert.is(decode(`${text.slice(0, -1)}!`), undefined);
  assert.not(left());
  // Ends that are no whole block take a way of their own.
  for (const length of [1, 9, 13, 21, 31]) {
    assert.ok(secret.subarray(0, length).equals(decode(encodeBase64url(core, secret.subarray(0, length)))!));
    assert.not(left(), `${length} bytes`);
  }
  const arena = core.openArena();
  arena.place(secret);
  assert.ok(left(), "what is there is found");
  arena.close();
});

test.run();
