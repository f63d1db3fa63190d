/** structuredClone, serialize and deserialize, against the engine's own and against the libraries that do the same. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import v8 from "node:v8";
import { deserialize, serialize } from "@ungap/structured-clone";
import coreJs from "core-js-pure/actual/structured-clone.js";
import { klona } from "klona/full";
import { createRuntime } from "nanort";
import makeRfdc from "rfdc";
import { values } from "./clone-values.ts";
import { msgpackr } from "./commonjs-peers.ts";
import { type Case, type Contender, measure, summarize, sync, type Table } from "./lib.ts";

export async function cloneTables(): Promise<Table[]> {
  const nano = await createRuntime();
  const engineClone = globalThis.structuredClone;
  const rfdc = makeRfdc({ circles: true });
  // With what it has for identity, Map, Set, Error and RegExp.
  const packr = new msgpackr.Packr({ structuredClone: true, moreTypes: true });

  const cloning: Case[] = [];
  const writing: Case[] = [];
  const reading: Case[] = [];
  for (const [name, value, bytes] of values()) {
    const size = bytes === undefined ? {} : { bytes };
    const circular = name.startsWith("circular");
    cloning.push({
      name,
      ...size,
      contenders: [
        sync("nano", () => nano.structuredClone(value)),
        sync("native", () => engineClone(value)),
        sync("@ungap", () => deserialize(serialize(value))),
        sync("core-js", () => coreJs(value)),
        // Of this graph neither comes to an end.
        ...(circular
          ? []
          : [sync("klona/full", () => klona(value)), sync("rfdc", () => rfdc(value))].filter(takesTurns)),
      ],
    });
    const serialized = v8.serialize(value);
    const packed = packr.pack(value);
    writing.push({
      name,
      ...size,
      contenders: [
        sync("nano", () => nano.serialize(value)),
        sync("node:v8", () => v8.serialize(value)),
        sync("msgpackr", () => packr.pack(value)),
      ],
    });
    reading.push({
      name,
      ...size,
      contenders: [
        sync("nano", () => nano.deserialize(serialized)),
        sync("node:v8", () => v8.deserialize(serialized)),
        sync("msgpackr", () => packr.unpack(packed)),
      ],
    });
  }
  const tables = [
    await measure("structuredClone", cloning),
    await measure("serialize", writing),
    await measure("deserialize", reading),
  ];
  await nano.close();
  return existsSync("/proc/self/clear_refs") ? [...tables, memoryTable()] : tables;
}

/** A contender whose operation takes half a second would hold up all others. */
function takesTurns(contender: Contender): boolean {
  const started = performance.now();
  void contender.run(1);
  return performance.now() - started < 500;
}

const PROCESSES = 3;

/** Linux tells a process the most memory that it has had, and forgets it when asked to: see clone-memory.ts. */
function memoryTable(): Table {
  const peak = (contender: string, operation: string) => {
    const file = resolve("wasm-out/bench/clone-memory.js");
    return Number(execFileSync(process.execPath, ["--expose-gc", file, contender, operation]));
  };
  const rows = ["serialize", "deserialize"].map((operation) => ({
    name: operation,
    measurements: ["nano", "node:v8"].map((contender) =>
      summarize(
        contender,
        Array.from({ length: PROCESSES }, () => peak(contender, operation)),
      ),
    ),
  }));
  return {
    title: "Most memory taken for each MiB of small records, their bytes included",
    unit: "KiB",
    rows,
  };
}
