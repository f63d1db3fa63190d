/**
 * What runs the same way every time: a clock that is told to move, and a host in memory. A part of its own, for tests and
 * playgrounds: see parts.ts.
 */
export { memoryHost } from "./host/memory.ts";
export { virtualClock } from "./runtime/virtual-clock.ts";
