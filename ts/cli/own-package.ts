/** Whether "nanort" means an installed package, or this very one. */
import { createRequire } from "node:module";

/** @param from the path or file: URL of the importing file. */
export function isInstalledFor(from: string): boolean {
  try {
    createRequire(from).resolve("nanort/package.json");
    return true;
  } catch {
    return false;
  }
}
