/**
 * Values as text, for the console: strings as they are, everything else much as browsers' own consoles show it. Getters
 * are not called, and what is deep, long or cyclic is cut short, so that it ends whatever it is given.
 */

const MAX_DEPTH = 4;
/** Of one object, and of all objects in one value. */
const MAX_ENTRIES = 100;
const MAX_ENTRIES_IN_ALL = 2000;
const MAX_CHARACTERS = 10_000;

/** What `console.log(...values)` prints. */
export function inspectAll(values) {
  const text = values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ");
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… ${text.length} characters` : text;
}

let entriesLeft = 0;

export function inspect(value) {
  entriesLeft = MAX_ENTRIES_IN_ALL;
  try {
    return describe(value, 0, []);
  } catch (error) {
    return `[a value that cannot be shown: ${error}]`; // Proxies may throw whatever is done to them.
  }
}

/** An error with its stack; the frames are those of the app alone. */
export function inspectError(error) {
  if (!(error instanceof Error)) return `uncaught ${inspect(error)}`;
  const title = `${error.name}: ${error.message}`;
  const stack = (error.stack ?? "").split("\n").filter((line) => line.includes("app-"));
  const cause = error.cause === undefined ? [] : [`caused by ${inspectError(error.cause)}`];
  return [title, ...stack.map((line) => `  ${line.trim()}`), ...cause].join("\n");
}

function describe(value, depth, parents) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function ${value.name || "(anonymous)"}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return inspectError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (parents.includes(value)) return "[Circular]";

  const name = nameOf(value);
  if (depth === MAX_DEPTH) return `[${name}]`;
  const inner = (item) => describe(item, depth + 1, [...parents, value]);

  if (value instanceof ArrayBuffer) return `${name} { ${hex(new Uint8Array(value))} }`;
  if (value instanceof DataView) return `${name} { ${value.byteLength} bytes }`;
  if (ArrayBuffer.isView(value)) return `${name}(${value.length}) ${list(value, String, "[", "]")}`;
  if (Array.isArray(value)) return list(value, inner, "[", "]");
  if (value instanceof Map) {
    return `Map(${value.size}) ${list(value, ([key, item]) => `${inner(key)} => ${inner(item)}`)}`;
  }
  if (value instanceof Set) return `Set(${value.size}) ${list(value, inner)}`;
  if (value instanceof URL) return value.href;
  if (value instanceof Headers || value instanceof URLSearchParams) {
    return `${name} ${list(value, ([key, item]) => `${key}: ${JSON.stringify(item)}`)}`;
  }
  if (value instanceof Request) return `Request { ${value.method} ${value.url} }`;
  if (value instanceof Response) return `Response { ${value.status} ${value.statusText} }`;

  const properties = Object.entries(Object.getOwnPropertyDescriptors(value));
  const text = list(properties, ([key, property]) => {
    return `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: ${property.get ? "[Getter]" : inner(property.value)}`;
  });
  return name === "Object" ? text : `${name} ${text}`;
}

function nameOf(value) {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag !== "Object") return tag;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null ? "[no prototype]" : (prototype.constructor?.name ?? "Object");
}

/** At most MAX_ENTRIES of what can be iterated; on one line when that is short. */
function list(items, describeItem, open = "{", close = "}") {
  const texts = [];
  for (const item of items) {
    if (texts.length === MAX_ENTRIES || entriesLeft === 0) {
      texts.push("…");
      break;
    }
    entriesLeft--;
    texts.push(describeItem(item));
  }
  if (texts.length === 0) return open + close;
  const line = texts.join(", ");
  const gap = open === "[" ? "" : " ";
  if (line.length <= 80 && !line.includes("\n")) return open + gap + line + gap + close;
  return `${open}\n${texts.join(",\n").replace(/^/gm, "  ")}\n${close}`;
}

function hex(bytes) {
  const digits = Array.from(bytes.subarray(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 64 ? `${digits} … ${bytes.length} bytes` : digits;
}
