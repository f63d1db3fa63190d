// Runs the suites in a process of Node, Deno or Bun. Its argument is JSON: what `Engine` has beside the core. It prints
// the report, and is to end by itself: what keeps it alive after that was left behind by a suite.
import { suites } from "../suites/index.ts";
import { type Engine, runSuites } from "../suites/suite.ts";
import { embeddedCore } from "./embedded-core.ts";

const given = JSON.parse(process.argv[2]!) as Omit<Engine, "core">;
console.log(`REPORT ${JSON.stringify(await runSuites(suites, { ...given, core: embeddedCore() }))}`);
