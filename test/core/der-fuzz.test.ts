/**
 * The reader of key files on the built modules, against files mutated at random, a million or more a run: it never
 * traps, answers with a status of its own, and what it accepts it says of bytes that are in the file. Whether it accepts
 * what it should is tested against a second reader in zig/der/key_fuzz.zig.
 *
 * FUZZ_SEED repeats a run, FUZZ_ROUNDS, in thousands, makes it longer.
 */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Status } from "../../ts/core/status.ts";
import { makeCore } from "../support/core.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
const rounds = Number(process.env.FUZZ_ROUNDS ?? 1500) * 1000;

const files = (JSON.parse(readFileSync("test/vectors/keys.json", "utf8")) as { file: string }[])
  .map(({ file }) => new Uint8Array(Buffer.from(file, "hex")))
  .sort((a, b) => a.length - b.length);

/** What mutations put in: lengths, tags, small values, and what tells one kind of key from another. */
const PIECES = [
  ...["00", "01", "7f", "80", "81", "82", "ff", "02", "03", "04", "05", "06", "30", "31", "a0", "a1"],
  ...["0500", "3000", "3080", "020100", "020101", "020180", "02020001", "030100", "8101", "8181"],
  ...["820001", "82ffff", "84ffffffff", "8500ffffffff", "308400000000", "0603", "06032a0304"],
  ...["06052b81040022", "06052b81040023", "06082a8648ce3d030107", "06072a8648ce3d0201"],
  ...["06092a864886f70d010101", "300d06092a864886f70d0101010500", "a000", "a1440342", "8142"],
  ...["300506032b656e", "300506032b656f", "300506032b6570", "300506032b6571", "0420", "0439", "812100"],
].map((piece) => new Uint8Array(Buffer.from(piece, "hex")));

/** Whether a refusal says what it may. */
const REFUSALS = new Set<number>([
  ...[Status.INVALID_DER, Status.UNKNOWN_KEY_ALGORITHM, Status.UNKNOWN_CURVE, Status.MULTI_PRIME_KEY],
]);

const TABLE_BYTES = 72;
const ROOM_BYTES = 4096;
const UNTOUCHED = 0x5a5a5a5a;

test("mutated files never trap the reader, and whatever it accepts is in the file and is written again", () => {
  const core = makeCore();
  const { raw, memory } = core;
  const arena = core.openArena();
  const table = arena.alloc(TABLE_BYTES);
  const input = arena.alloc(ROOM_BYTES);
  const output = arena.alloc(ROOM_BYTES);
  const again = arena.alloc(TABLE_BYTES);
  const { bytes, words } = memory;
  const at = table >>> 2;

  // Xorshift: most of the time would go into a better generator.
  let state = (seed | 1) >>> 0;
  const below = (limit: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };

  /** Changes the file in the core's memory in one place; its new length. */
  const mutate = (length: number): number => {
    const where = below(length + 1);
    const way = below(6);
    if (way === 0 && where < length) bytes[input + where]! ^= 1 << below(8);
    else if (way === 1 && where < length) bytes[input + where] = below(256);
    else if (way === 2)
      return where; // cut
    else {
      const piece =
        way === 3 ? bytes.slice(input + below(length + 1), input + length) : PIECES[below(PIECES.length)]!;
      const gone = Math.min(length - where, way === 4 ? piece.length : below(4));
      const after = length + piece.length - gone;
      if (after > ROOM_BYTES) return length;
      bytes.copyWithin(input + where + piece.length, input + where + gone, input + length);
      bytes.set(piece, input + where);
      return after;
    }
    return length;
  };

  let accepted = 0;
  for (let round = 0; round < rounds; round++) {
    // The square prefers short files, where a mutation hits what matters.
    const file = files[Math.floor((below(files.length) * below(files.length)) / files.length)]!;
    bytes.set(file, input);
    let { length } = file;
    for (let times = below(4); times >= 0; times--) length = mutate(length);
    const format = below(2) === 0 ? "spki" : "pkcs8";
    words.fill(UNTOUCHED, at, at + TABLE_BYTES / 4);
    const status = raw[`der.parse_${format}`](input, length, table);
    if (REFUSALS.has(status) && words[at] === UNTOUCHED && words[at + 17] === UNTOUCHED) continue;

    const context = () => {
      const hex = Buffer.from(bytes.subarray(input, input + length)).toString("hex");
      return `FUZZ_SEED=${seed}, round ${round}: ${format} ${hex}`;
    };
    assert.is(status, 0, context());
    accepted++;
    for (let part = 0; part < 8; part++) {
      const [offset, size] = [words[at + 2 + 2 * part]!, words[at + 3 + 2 * part]!];
      assert.ok(offset <= length && size <= length - offset, context());
    }
    const written = raw[`der.write_${format}`](input, length, table, output, ROOM_BYTES);
    if (written === Status.INVALID_KEY_PARTS) continue; // A point of another form: what it is, its curve will say.
    assert.ok(written > 0, context());
    assert.is(raw[`der.parse_${format}`](output, written, again), 0, context());
    const part = (from: number, table: number, index: number) => {
      const [offset, size] = memory.words.subarray((table >>> 2) + 2 + 2 * index);
      return Buffer.from(bytes.buffer, from + offset!, size!);
    };
    for (let index = 0; index < 8; index++) {
      assert.ok(part(input, table, index).equals(part(output, again, index)), context());
    }
  }
  arena.close();
  assert.is(core.statistics().liveArenas, 0);
  console.log(`${rounds} files, ${accepted} of them accepted; FUZZ_SEED=${seed}`);
});

test.run();
