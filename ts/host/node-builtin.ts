/**
 * `#builtin`: Node's own modules, each loaded when it is first asked for. By `require`, which is synchronous and makes no ES
 * module of what it loads: the one of node:fs touches every export, some of which load much more. From where they are
 * required makes no difference; not from `import.meta.url`, which a bundle in CommonJS does not have.
 *
 * The build for the newer Nodes has node-builtin-newer.ts in its place.
 */
import { createRequire } from "node:module";

export const builtin: (name: string) => unknown = createRequire(process.execPath);
