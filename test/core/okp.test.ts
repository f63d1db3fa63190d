import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../ts/core/core.ts";
import { coreModule } from "../support/core.ts";

/** RFC 7748, section 5.2: what the key and the point come to after so many rounds. */
const ITERATED = [
  {
    name: "X25519",
    curve: 1,
    bytes: 32,
    base: 9,
    once: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
    thousand: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
  },
  {
    name: "X448",
    curve: 2,
    bytes: 56,
    base: 5,
    once: "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf4113",
    thousand:
      "aa3b4749d55b9daf1e5b00288826c467274ce3ebbdd5c17b975e09d4af6c67cf10d087202db88286e2b79fceea3ec353ef54faa26e219f38",
  },
];

for (const { name, curve, bytes, base, once, thousand } of ITERATED) {
  test(`${name}: a thousand rounds, each with the results of the last two`, () => {
    const core = new Core(coreModule());
    const { memory, raw } = core;
    const arena = core.openArena();
    const start = Uint8Array.from({ length: bytes }, (_, i) => (i === 0 ? base : 0));
    let [key, point, result] = [arena.place(start), arena.place(start), arena.place(start)];
    const text = (at: number) => Buffer.from(memory.bytes.slice(at, at + bytes)).toString("hex");
    for (let round = 1; round <= 1000; round++) {
      assert.is(raw["xdh.derive"](curve, key, point, result), 1);
      [key, point, result] = [result, key, point];
      if (round === 1) assert.is(text(key), once);
    }
    assert.is(text(key), thousand);
    arena.close();
  });
}

test.run();
