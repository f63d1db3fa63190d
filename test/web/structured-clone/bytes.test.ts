// structuredClone copies directly; the standard has two steps, of which the first gives something like bytes. Here both ways
// are gone over the same generated graphs: what is copied must be what is read back of what was written.
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import { random } from "../../support/core.ts";
import { Generator, type Log } from "./generator.ts";
import { assertSame, clone, type Outcome, outcome } from "./support.ts";

const GRAPHS = Number(process.env.GRAPHS ?? 3000);
const seed = Number(process.env.SEED ?? 20_261_122);

const { serialize, deserialize } = createRuntimeSync();

/** Views of one buffer go on sharing it. */
const throughBytes = (value: unknown) => deserialize(serialize(value, { views: "shared" }));

test("what has no getters is the same by bytes and without", () => {
  for (let at = 0; at < GRAPHS; at++) {
    const graph = new Generator(random(seed + at)).graph();
    assertSame(throughBytes(graph), clone(graph), `SEED=${seed + at}`);
  }
});

test("getters run in the same order for bytes and without, whatever they do", () => {
  for (let at = 0; at < GRAPHS; at++) {
    const [bytes, direct] = [throughBytes, clone].map((operation): { log: Log; result: Outcome } => {
      const log: Log = [];
      const graph = new Generator(random(seed + at), log).graph();
      return { log, result: outcome(operation, graph) };
    });
    const where = `SEED=${seed + at}`;
    assertSame(bytes!.log.join(), direct!.log.join(), `${where}: log`);
    assertSame(nameIfError(bytes!.result), nameIfError(direct!.result), `${where}: it`);
  }
});

/** Messages say which of both it was. */
function nameIfError(result: Outcome): unknown {
  return "error" in result ? (result.error as Error).name : result;
}

test.run();
