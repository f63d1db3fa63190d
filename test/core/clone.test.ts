import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SerializedError, scanSerialized } from "../../ts/core/clone.ts";
import { ERROR_TAG, PROCESS_TAGS, TAG, VERSION, VERSION_MIN } from "../../ts/web/serialize/format.ts";
import { makeCore } from "../support/core.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex"));

/** The members of an enum in zig/clone/format.zig: their names in TypeScript's case, and their values. */
function zigEnum(name: string): Record<string, number> {
  const text = readFileSync("zig/clone/format.zig", "utf8");
  const body = new RegExp(`pub const ${name} = enum\\(u8\\) \\{([^}]*?)\\n\\s+_,`).exec(text)![1]!;
  const members = [...body.matchAll(/(\w+) = (?:0x(\w\w)|'(\\?.)'),/g)];
  return Object.fromEntries(
    members.map(([, member, hex, character]) => [
      member!.toUpperCase(),
      hex ? Number.parseInt(hex, 16) : character!.charCodeAt(character!.length - 1),
    ]),
  );
}

test("both tables have the same tags", () => {
  const { ERROR_OBJECT, ...tags } = zigEnum("Tag");
  assert.equal({ ...tags, ERROR: ERROR_OBJECT }, { ...TAG });
  assert.equal(zigEnum("ErrorTag"), { ...ERROR_TAG });
  const all = [...Object.values(TAG), ...PROCESS_TAGS.keys()];
  assert.is(new Set(all).size, all.length);
  const text = readFileSync("zig/clone/format.zig", "utf8");
  assert.match(text, new RegExp(`version_min = ${VERSION_MIN};\\npub const version_max = ${VERSION};`));
});

test("records say what stands where", () => {
  const core = makeCore();
  const records = [...scanSerialized(core, bytes("ff0f 6f 2201 61 00 6304 e565 2c67 7b01"))];
  assert.equal(
    records.map(({ offset, end, depth, role, number, payload, object }) => [
      offset,
      end,
      depth,
      role,
      number,
      payload,
      object,
    ]),
    [
      [0, 2, 0, "version", 15, 0, undefined],
      [2, 3, 0, "value", 0, 0, 0],
      [3, 6, 1, "name", 1, 5, undefined],
      [7, 13, 1, "value", 4, 9, undefined],
      [13, 15, 0, "end", 1, 0, undefined],
    ],
  );
  assert.is(core.statistics().liveArenas, 0);
});

test("what comes before a mistake is told, then the mistake; nothing is left behind", () => {
  const core = makeCore();
  const roles: string[] = [];
  try {
    for (const { role } of scanSerialized(core, bytes("ff0f 41 02 30 2101"))) roles.push(role);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, SerializedError);
    assert.is((error as SerializedError).offset, 5);
    assert.is((error as SerializedError).message, "byte 5: expected a value");
  }
  for (const _ of scanSerialized(core, bytes("ff0f 41 02 30 30 2400 02"))) break;
  assert.is(core.statistics().liveArenas, 0);
});

test("a hundred thousand objects inside each other are scanned, however often room runs out", () => {
  const core = makeCore();
  const depth = 100_000;
  const input = bytes(`ff0f ${"4101".repeat(depth)} 30 ${"240001".repeat(depth)}`);
  let deepest = 0;
  let count = 0;
  for (const { depth } of scanSerialized(core, input)) {
    deepest = Math.max(deepest, depth);
    count++;
  }
  assert.equal([deepest, count], [depth, 2 * depth + 2]);
  assert.is(core.statistics().liveArenas, 0);
});

test("what a host writes over the scanner's state, or lays over it, is answered and never trapped", () => {
  const core = makeCore();
  const arena = core.openArena();
  const input = bytes(
    "ff0f 41 03 49 02 3b 30 30 3a02 72 52 6d 2201 61 63 42 01 07 56 42 00 01 00 2e 2400 03",
  );
  const wordsOf = { scanner: core.raw["clone.scanner_bytes"]() / 4, frames: 4 * 8 };
  const at = {
    input: arena.place(input),
    scanner: arena.alloc(4 * wordsOf.scanner),
    frames: arena.alloc(4 * wordsOf.frames),
    records: arena.alloc(36 * 16),
  };
  const scanOn = (records: number, count: number) => {
    for (let calls = 0; calls < 40; calls++) {
      const given = core.raw["clone.scan"](at.scanner, at.input, input.length, at.frames, 8, records, count);
      assert.ok(given <= count);
      if (given <= 0) return;
    }
  };
  for (const part of ["scanner", "frames"] as const) {
    for (let word = 0; word < wordsOf[part]; word++) {
      for (const value of [0, 1, 2, 3, 8, 30, 0x7fff_ffff, 0xffff_ffff]) {
        for (const before of [1, 4, 7, 11]) {
          core.raw["clone.begin"](at.scanner);
          core.raw["clone.scan"](at.scanner, at.input, input.length, at.frames, 8, at.records, before);
          core.memory.words[(at[part] >>> 2) + word] = value;
          scanOn(at.records, 3);
        }
      }
    }
  }
  for (const records of [at.scanner, at.frames, at.input & ~3]) {
    core.memory.bytes.set(input, at.input);
    core.raw["clone.begin"](at.scanner);
    scanOn(records, 3);
  }
  arena.close();
});

test.run();
