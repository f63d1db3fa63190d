/** What memory costs: an arena for each operation, the loader's objects, and JavaScript's own buffers. */
import { readFileSync } from "node:fs";
import { Core } from "../../ts/core/core.ts";
import { measure, sync, type Table } from "./lib.ts";

export async function memoryTables(): Promise<Table[]> {
  const core = new Core(new WebAssembly.Module(readFileSync("wasm-out/nano.wasm")));
  const { raw } = core;
  const table = await measure(
    "Memory",
    [64, 4096, 65536].map((bytes) => ({
      name: `${bytes} B`,
      contenders: [
        sync("arena open, alloc, close", () => {
          const arena = raw["arena.open"]();
          raw["arena.alloc"](arena, bytes, 16);
          raw["arena.close"](arena);
        }),
        sync("the same, as class Arena", () => {
          const arena = core.openArena();
          arena.alloc(bytes);
          arena.close();
        }),
        sync("__new, __collect", () => {
          raw.__new(bytes, 1);
          raw.__collect();
        }),
        sync("new Uint8Array", () => new Uint8Array(bytes)),
        sync("a call into wasm", () => raw.abi_version()),
      ],
    })),
  );
  core.close();
  return [table];
}
