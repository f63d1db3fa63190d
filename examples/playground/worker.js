/**
 * The Worker that an app runs in: a runtime, a server on a network in memory, and a client that sends it what the
 * visitor typed. An app that never returns holds up this Worker alone, and the page ends it from outside.
 *
 *   from the page                                 to the page
 *   start     core: WebAssembly.Module, source    started | unloadable  text
 *   request   method, bytes: the whole request    head      status, reason, headers, ms
 *                                                 body      bytes, up to SHOWN_BYTES in all
 *                                                 end       ms, length in bytes; error, if it broke off
 *   ping      every second                        pong
 *                                                 console   level, text: at any time
 */
import { send } from "./client.js";
import { inspectAll, inspectError } from "./inspect.js";
import { createRuntime, defaultHost, memoryHost } from "./nanort/browser.js";

const ADDRESS = { hostname: "playground.test", port: 80 };

/** How many lines the console takes from one ping to the next: an endless loop must not drown the page in them. */
const LINES_PER_PING = 500;
/** How much of a response's content the page is shown. */
const SHOWN_BYTES = 1024 * 1024;

const post = (type, message = {}) => postMessage({ type, ...message });

let linesLeft = LINES_PER_PING;
function print(level, text) {
  linesLeft--;
  if (linesLeft >= 0) post("console", { level, text });
}
function ping() {
  if (linesLeft < 0) post("console", { level: "warn", text: `… and ${-linesLeft} lines more` });
  linesLeft = LINES_PER_PING;
  post("pong");
}
const printError = (error) => print("error", inspectError(error));

for (const level of ["debug", "log", "info", "warn", "error"]) {
  console[level] = (...values) => print(level, inspectAll(values));
}
addEventListener("error", (event) => {
  event.preventDefault();
  printError(event.error);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  printError(event.reason);
});

// This browser's clock and entropy, and a network in memory instead of the one that it does not have.
const { network } = memoryHost({ clock: defaultHost.clock });
const host = { ...defaultHost, network, reportError: printError };

async function start({ core, source }) {
  try {
    const nano = await createRuntime({ host, wasm: core });
    nano.install(globalThis);
    globalThis.nano = nano;
    const app = await nano.load(source, { onError: printError });
    await nano.serve({ app, ...ADDRESS });
    post("started");
  } catch (error) {
    post("unloadable", { text: inspectError(error) });
  }
}

async function request({ method, bytes }) {
  const begun = performance.now();
  const ms = () => performance.now() - begun;
  let length = 0;
  await send(network, ADDRESS, bytes, method === "HEAD", {
    head: (head) => post("head", { ...head, ms: ms() }),
    body(content) {
      const shown = content.slice(0, Math.max(0, SHOWN_BYTES - length));
      length += content.length;
      if (shown.length > 0) post("body", { bytes: shown });
    },
    end: (error) => post("end", { ms: ms(), length, error: error?.message }),
  });
}

const HANDLERS = { start, request, ping };

addEventListener("message", ({ data }) => HANDLERS[data.type](data));
