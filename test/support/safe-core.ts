// Preloaded (`node --import`) where tests shall run against the safe build: whoever in this process, or in one that
// it starts, reads the packaged nano.wasm gets nano.safe.wasm instead. The code under test cannot tell.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";

const safe = fileURLToPath(new URL("../../nano.safe.wasm", import.meta.url));
const read = fs.readFileSync;

fs.readFileSync = ((path: fs.PathOrFileDescriptor, ...rest: []) =>
  read(String(path).endsWith("/nano.wasm") ? safe : path, ...rest)) as typeof fs.readFileSync;
syncBuiltinESMExports();
