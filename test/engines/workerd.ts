// Runs the suites in workerd, once for each request; the answer is the report.

import { suites } from "../suites/index.ts";
import { type Engine, runSuites } from "../suites/suite.ts";
import core from "./nano.wasm";

export default {
  async fetch(request: Request): Promise<Response> {
    const given = (await request.json()) as Omit<Engine, "core">;
    return Response.json(await runSuites(suites, { ...given, core: core as WebAssembly.Module }));
  },
};
