/**
 * `#parts` for Node: files beside the bundle, when they are first needed, since a process that does without them starts
 * sooner. Node requires ES modules since 20.19 and 22.12, and finds this build by the condition `module-sync`, which came
 * with it.
 */
import { createRequire } from "node:module";

const load = (file: string) => createRequire(import.meta.url)(file);

export const loadAlgorithms = (): typeof import("../web/crypto/key-algorithms.ts") =>
  load("./key-algorithms.js");
export const loadCloning = (): typeof import("../web/cloning.ts") => load("./cloning.js");
