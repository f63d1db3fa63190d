/**
 * Apps in Workers, and an end to those that go on for too long. A Worker that is blocked cannot be asked to stop, but it
 * can be terminated: it is when it is told to, when it has not answered for BLOCKED_PINGS seconds, or when a request is
 * not done after REQUEST_LIMIT_MS.
 */

const PING_MS = 1000;
export const BLOCKED_PINGS = 5;
export const REQUEST_LIMIT_MS = 30_000;

/** What a Worker imports: each of these may import those above it. */
const MODULES = ["nanort/browser.js", "inspect.js", "client.js", "worker.js"];

/**
 * Fetches all that Workers need, so that they can be started where there is no server any more.
 *
 * @returns {Promise<{ core: WebAssembly.Module, script: string }>}
 */
export async function loadParts() {
  const get = async (path) => {
    const response = await fetch(new URL(path, import.meta.url));
    if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
    return response;
  };
  const core = get("nanort/nano.wasm").then(async (response) => {
    return WebAssembly.compile(await response.arrayBuffer());
  });
  const texts = await Promise.all(MODULES.map(async (path) => (await get(path)).text()));
  const urls = [];
  for (const text of texts) {
    // A blob has no neighbours: what it imports is named in full.
    const linked = urls.reduce((code, url, i) => code.replaceAll(`"./${MODULES[i]}"`, `"${url}"`), text);
    urls.push(URL.createObjectURL(new Blob([linked], { type: "text/javascript" })));
  }
  return { core: await core, script: urls.at(-1) };
}

/** One app at a time, and one request at a time. What its Worker posts (worker.js) goes to `told`, by type. */
export class Sandbox {
  #parts;
  #told;
  #worker;
  #pings;
  #unanswered = 0;
  #requestLimit;

  /**
   * @param parts what `loadParts` gives
   * @param told a function for each type of message, and `stopped(reason)` for when the Worker has been ended
   */
  constructor(parts, told) {
    this.#parts = parts;
    this.#told = told;
  }

  /** Begins anew with an app's source text; `started` or `unloadable` follows. */
  start(source) {
    this.#end();
    const worker = new Worker(this.#parts.script, { type: "module", name: "app" });
    worker.onmessage = ({ data }) => {
      if (worker === this.#worker) this.#receive(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.stop(`The Worker failed: ${event.message ?? "it could not be started"}.`);
    };
    worker.postMessage({ type: "start", core: this.#parts.core, source });
    this.#worker = worker;
    this.#unanswered = 0;
    this.#pings = setInterval(() => this.#ping(), PING_MS);
  }

  /** Sends a request, as its bytes; `head`, `body` and `end` follow. */
  request(method, bytes) {
    this.#worker.postMessage({ type: "request", method, bytes });
    const seconds = REQUEST_LIMIT_MS / 1000;
    this.#requestLimit = setTimeout(() => {
      this.stop(`Stopped: the response was not complete after ${seconds} s.`);
    }, REQUEST_LIMIT_MS);
  }

  stop(reason) {
    if (!this.#worker) return;
    this.#end();
    this.#told.stopped(reason);
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = undefined;
    clearInterval(this.#pings);
    clearTimeout(this.#requestLimit);
  }

  #ping() {
    if (this.#unanswered >= BLOCKED_PINGS) {
      this.stop(`Stopped: the app was busy for ${BLOCKED_PINGS} s without a pause.`);
      return;
    }
    this.#unanswered++;
    this.#worker.postMessage({ type: "ping" });
  }

  #receive({ type, ...message }) {
    if (type === "pong") this.#unanswered = 0;
    if (type === "end") clearTimeout(this.#requestLimit);
    // The app may post messages too: what is none of ours is nobody's.
    if (Object.hasOwn(this.#told, type)) this.#told[type](message);
  }
}
