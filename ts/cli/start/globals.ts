/**
 * The runtime, and the globals that an app finds under `nanort serve`. A start module imports this before the app, which
 * may take `crypto` when its first line runs.
 */
import { createRuntimeSync } from "nanort";

const nano = createRuntimeSync();
nano.install(globalThis);
Object.defineProperty(globalThis, "nano", { value: nano, writable: true, configurable: true });
