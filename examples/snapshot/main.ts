import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { makeState, type State } from "./state.ts";

const ROUNDS = 20;

const [kept] = process.argv.slice(2);
const folder = kept === undefined ? mkdtempSync(join(tmpdir(), "snapshot-")) : undefined;
const file = kept ?? join(folder!, "state.bin");

const state = makeState();
writeFileSync(file, nano.serialize(state));
const restored = nano.deserialize(readFileSync(file)) as State;

console.log(`${state.users.size} users, ${state.orders.length} orders`);
console.log("               bytes   write ms    read ms   restored");
report("nano", nano.serialize, nano.deserialize);
report(
  "JSON",
  (value) => Buffer.from(JSON.stringify(value, bigintsAsText)),
  (bytes) => JSON.parse(String(bytes)),
);

const [first] = restored.orders;
console.log(`an order's user is the one in the Map: ${first!.user === restored.users.get(first!.user.id)}`);
console.log(
  `readings are still a ${restored.readings.constructor.name}, and began on ${restored.started.toISOString()}`,
);

if (folder) rmSync(folder, { recursive: true });
else console.log(`the snapshot is in ${file}`);

/** The best of some rounds: what the machine does beside comes on top. */
function report(
  name: string,
  write: (value: State) => Uint8Array,
  read: (bytes: Uint8Array) => unknown,
): void {
  const bytes = write(state);
  const writeMs = bestOf(() => write(state));
  const readMs = bestOf(() => read(bytes));
  const same = isDeepStrictEqual(read(bytes), state) ? "all of it" : "not all of it";
  const number = (value: number, digits = 0) => value.toFixed(digits).padStart(11);
  console.log(`${name.padEnd(9)}${number(bytes.length)}${number(writeMs, 2)}${number(readMs, 2)}   ${same}`);
}

function bestOf(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
