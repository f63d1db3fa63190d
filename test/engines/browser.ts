// Runs the suites in a window or a dedicated worker, as a module; or in a service worker, as a classic script. A message
// asks for a run, and is answered with the report; a window has `runInWindow` instead.
import { suites } from "../suites/index.ts";
import { type Engine, type Report, runSuites } from "../suites/suite.ts";
import { embeddedCore } from "./embedded-core.ts";

type Given = Omit<Engine, "core">;

const run = (given: Given): Promise<Report> => runSuites(suites, { ...given, core: embeddedCore() });

if (typeof document === "object") {
  Object.assign(globalThis, { runInWindow: run });
} else {
  addEventListener("message", async ({ data, source, ports: [port] }: MessageEvent<Given>) => {
    (port ?? source ?? self).postMessage(await run(data));
  });
}
