/**
 * What copies values, and what makes bytes of them and back. A part of its own: most programs do without, and reading it
 * takes an engine a while. `#parts` is how a build comes by it: ts/parts.ts, or ts/parts-node.ts.
 */
export { createSerializer } from "./serialize.ts";
export { createStructuredClone } from "./structured-clone.ts";
