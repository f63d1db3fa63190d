/**
 * `#parts` for Node: files beside the bundle, when they are first needed, since a process that does without them starts
 * sooner. Node requires ES modules since 20.19 and 22.12, and finds this build by the condition `module-sync`, which came
 * with it.
 *
 * All are required, also where there is time for an import: what an import is still linking cannot be required meanwhile,
 * and parts have files in common.
 */
import { builtin } from "#builtin";

/** What loads a file, once. */
function part<T>(file: string): () => T {
  let loaded: T | undefined;
  return () => {
    loaded ??= (builtin("node:module") as Module).createRequire(import.meta.url)(file) as T;
    return loaded;
  };
}

type Module = typeof import("node:module");

export const loadAlgorithms = part<typeof import("./web/crypto/key-algorithms.ts")>("./key-algorithms.js");
export const loadCloning = part<typeof import("./web/cloning.ts")>("./cloning.js");
export const loadFetching = part<typeof import("./web/fetch/fetch.ts")>("./fetching.js");
export const loadInstalling = part<typeof import("./install.ts")>("./installing.js");
export const loadMessages = part<typeof import("./web/messages.ts")>("./messages.js");
export const loadSimulation = part<typeof import("./simulation.ts")>("./simulation.js");
export const loadApps = part<typeof import("./server/app.ts")>("./apps.js");
export const loadServer = part<typeof import("./server/server.ts")>("./server.js");
export const loadStaticFiles = part<typeof import("./server/static-files.ts")>("./static-files.js");
