/**
 * The engine's own `queueMicrotask`, taken at import: once a runtime's functions are made the globals, the name leads
 * back to the runtime.
 */
export const engineMicrotask: (callback: () => void) => void = globalThis.queueMicrotask;
