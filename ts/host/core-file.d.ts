/**
 * The packaged core, where an engine has it imported: its path is seen from the bundle, which build.ts puts beside or
 * below it. What the import gives is the engine's choice: a WebAssembly.Module in workerd, a path in Bun.
 */
declare module "*/nano.wasm" {
  const core: unknown;
  export default core;
}
