/**
 * Browsers, in windows and workers: https://developer.mozilla.org/en-US/docs/Web/API
 *
 * There is no network: a page has no sockets. `memoryHost()` serves and connects in memory.
 */
import type { Host } from "./host.ts";
import { fillRandom, reportError, webClock } from "./web.ts";
import { webCodings } from "./web-codings.ts";

const { MessageChannel, fetch } = globalThis;

const tasks: (() => void)[] = [];
let port: MessagePort | undefined;

/** A message is a task. Timers would be clamped to 4 ms once nested, and to a second in a page that nobody sees. */
function postTask(task: () => void): void {
  if (!port) {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => tasks.shift()!();
    port = channel.port2;
  }
  tasks.push(task);
  port.postMessage(null);
}

export const defaultHost: Host = {
  name: "browser",
  clock: webClock(postTask),

  /** The module lies beside the bundle. Bundlers know this form, and take the file along. */
  async loadCore() {
    const response = await fetch(new URL("./nano.wasm", import.meta.url));
    if (!response.ok) throw new TypeError(`nano.wasm: ${response.url} answered ${response.status}`);
    return response.arrayBuffer();
  },

  fillRandom,
  reportError,
  codings: webCodings,
};
