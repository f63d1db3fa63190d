/**
 * As globals.ts, but timers stay workerd's. There a timer belongs to the request that set it, and runs within it; the
 * runtime's loop has one timer of the host at a time for all of its own, which would be some other request's.
 */
import { createRuntimeSync } from "nanort";

const nano = createRuntimeSync();
nano.install(globalThis, { only: ["crypto", "base64"] });
Object.defineProperty(globalThis, "nano", { value: nano, writable: true, configurable: true });
