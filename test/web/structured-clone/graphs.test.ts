// Thousands of generated graphs, cloned by NANO and by the engine: the results must be the same, and so must what getters
// saw that logged, threw, or changed the graph while it was cloned. A failure names the seed that makes it again.
import { test } from "uvu";
import { random } from "../../support/core.ts";
import { Generator, type Log } from "./generator.ts";
import { assertSame, BOTH, outcome } from "./support.ts";

const GRAPHS = Number(process.env.GRAPHS ?? 1500);
// The same graphs each time, unless told otherwise: SEED=$RANDOM makes others.
const seed = Number(process.env.SEED ?? 20_261_122);

/** V8 before 12 does not read back what it wrote of an error that is among its own causes. */
const isOfOldV8 = (error: unknown) => (error as Error).message === "Unable to deserialize cloned data.";

for (const [name, clone] of BOTH) {
  test(`what has no getters is cloned as the engine does, ${name}`, () => {
    for (let at = 0; at < GRAPHS; at++) {
      const graph = new Generator(random(seed + at)).graph();
      const theirs = outcome(structuredClone, graph);
      if ("error" in theirs && isOfOldV8(theirs.error)) continue;
      assertSame({ value: clone(graph) }, theirs, `SEED=${seed + at}`);
    }
  });

  test(`getters run as the engine runs them, whatever they do, ${name}`, () => {
    for (let at = 0; at < GRAPHS; at++) {
      const [ours, theirs] = [clone, structuredClone].map((operation) => {
        const log: Log = [];
        const graph = new Generator(random(seed + at), log, name === "with introspection").graph();
        return { log, result: outcome(operation, graph) };
      });
      const where = `SEED=${seed + at}`;
      if ("error" in theirs!.result && isOfOldV8(theirs!.result.error)) continue;
      assertSame(ours!.log, theirs!.log, `${where}: log`);
      assertSame("error" in ours!.result, "error" in theirs!.result, `${where}: failure`);
      if ("value" in ours!.result) {
        assertSame(ours!.result.value, (theirs!.result as { value: unknown }).value, `${where}: it`);
      } else {
        const [a, b] = [ours!, theirs!].map(({ result }) => (result as { error: Error }).error);
        assertSame([a!.name, a instanceof DOMException], [b!.name, b instanceof DOMException], where);
      }
    }
  });
}

test.run();
