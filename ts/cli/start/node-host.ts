/** Node's host, as the bundle's `#host`: the core lies beside the bundle, not above it as in the package. */

import { defaultHost as packaged } from "nanort:host";
import { readFileSync } from "node:fs";
import type { Host } from "nanort";

export const defaultHost: Host = {
  ...packaged,
  loadCore: () => new WebAssembly.Module(readFileSync(new URL("./nano.wasm", import.meta.url))),
};
