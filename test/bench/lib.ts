/**
 * A small benchmark harness for shared, noisy machines. Contenders take turns in short slices, so that a busy
 * neighbour slows all of them alike; what counts is the ratio within a table, never an absolute figure.
 */

/** One timed slice of a contender. */
const SLICE_MS = 25;
const ROUNDS = 24;

export interface Contender {
  name: string;
  /** Runs `count` operations and returns, or resolves, when they are done. */
  run(count: number): void | Promise<void>;
}

export interface Case {
  name: string;
  /** Bytes that one operation processes, where a throughput is worth showing. */
  bytes?: number;
  contenders: Contender[];
}

export interface Measurement {
  contender: string;
  /** Nanoseconds an operation: the fastest slice, and the median of all. */
  best: number;
  median: number;
}

export interface Table {
  title: string;
  /** What the numbers are, and which way is better. */
  unit: "ns" | "per second" | "ms" | "KiB" | "count";
  rows: { name: string; bytes?: number; measurements: Measurement[] }[];
}

/** A contender of synchronous operations. */
export function sync(name: string, operation: () => unknown): Contender {
  return {
    name,
    run(count) {
      for (let i = 0; i < count; i++) sink = operation();
    },
  };
}

/** A contender of asynchronous operations, awaited one at a time. */
export function awaited(name: string, operation: () => Promise<unknown>): Contender {
  return {
    name,
    async run(count) {
      for (let i = 0; i < count; i++) sink = await operation();
    },
  };
}

/** Results go here, so that no engine finds them unused. */
export let sink: unknown;

/** Measures every case; contenders of a case take turns. */
export async function measure(title: string, cases: Case[]): Promise<Table> {
  const rows: Table["rows"] = [];
  for (const { name, bytes, contenders } of cases) {
    const slices = contenders.map(() => [] as number[]);
    const counts: number[] = [];
    for (const contender of contenders) counts.push(await operationsPerSlice(contender));
    for (let round = 0; round < ROUNDS; round++) {
      // There and back, so that nobody always pays for what the same one before has left to the collector.
      const turns = [...contenders.entries()];
      for (const [index, contender] of round % 2 === 0 ? turns : turns.reverse()) {
        const count = counts[index]!;
        const started = performance.now();
        const pending = contender.run(count);
        if (pending) await pending;
        slices[index]!.push(((performance.now() - started) * 1e6) / count);
      }
    }
    const measurements = contenders.map((contender, index) => summarize(contender.name, slices[index]!));
    rows.push({ name, ...(bytes === undefined ? {} : { bytes }), measurements });
  }
  return { title, unit: "ns", rows };
}

export function summarize(contender: string, values: number[]): Measurement {
  const sorted = values.toSorted((a, b) => a - b);
  return { contender, best: sorted[0]!, median: sorted[sorted.length >> 1]! };
}

/** Warms a contender up, and finds how many operations fill a slice. */
async function operationsPerSlice(contender: Contender): Promise<number> {
  let count = 1;
  let elapsed = 0;
  for (const deadline = performance.now() + 4 * SLICE_MS; performance.now() < deadline; ) {
    const started = performance.now();
    await contender.run(count);
    elapsed = performance.now() - started;
    if (elapsed < SLICE_MS / 2) count *= 2;
  }
  return Math.max(1, Math.round((count * SLICE_MS) / Math.max(elapsed, 0.001)));
}

/** A table as text: the fastest slice, the median in brackets, and what multiple that is of the row's first contender. */
export function format(table: Table): string {
  const { unit } = table;
  const names = [...new Set(table.rows.flatMap((row) => row.measurements.map((m) => m.contender)))];
  const lines = table.rows.map((row) => [
    row.name,
    ...names.map((name) => {
      const found = row.measurements.find((m) => m.contender === name);
      if (!found) return "–";
      const text = `${figure(found.best, unit, row.bytes)} (${figure(found.median, unit)})`;
      const multiple = telling(found, unit) / telling(row.measurements[0]!, unit);
      return found === row.measurements[0] || Number.isNaN(multiple)
        ? text
        : `${text} ×${multiple < 99.5 ? multiple.toPrecision(2) : multiple.toFixed(0)}`;
    }),
  ]);
  const cells = [["", ...names], ...lines];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const text = cells.map((row) =>
    row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))),
  );
  return `\n${table.title}: ${EXPLAIN[table.unit]}\n${text.map((row) => row.join("  ")).join("\n")}`;
}

/** The figure to compare by: of slices the fastest, of whole runs the median. */
export function telling({ best, median }: Measurement, unit: Table["unit"]): number {
  return unit === "ns" ? best : median;
}

const EXPLAIN = {
  ns: "time an operation, fastest slice (median); less is better",
  "per second": "a second, best round (median); more is better",
  ms: "milliseconds, best run (median); less is better",
  KiB: "KiB of resident memory, least (median); less is better",
  count: "least (median); less is better",
};

function figure(value: number, unit: Table["unit"], bytes?: number): string {
  if (unit !== "ns") return value >= 1000 ? `${(value / 1000).toFixed(1)}k` : value.toFixed(1);
  const time =
    value < 1000
      ? `${value.toPrecision(3)} ns`
      : value < 1e6
        ? `${(value / 1e3).toPrecision(3)} µs`
        : `${(value / 1e6).toPrecision(3)} ms`;
  return bytes !== undefined && bytes >= 1024 ? `${time} ${((bytes / value) * 1000).toFixed(0)} MB/s` : time;
}
