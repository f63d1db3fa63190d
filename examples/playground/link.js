/**
 * The page's state as the fragment of its address, which is sent to no server: JSON, deflated (RFC 1951), base64url
 * (RFC 4648 section 5).
 *
 * @typedef {object} State
 * @property {string} code
 * @property {string} method
 * @property {string} path
 * @property {string} headers
 * @property {string} body
 */

const VERSION = "1.";
/** What a link may unpack to. */
const MAX_BYTES = 4 * 1024 * 1024;

/** @returns {Promise<string>} begins with `#` */
export async function toFragment({ code, method, path, headers, body }) {
  const text = JSON.stringify({ code, method, path, headers, body });
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  return `#${VERSION}${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/**
 * @returns {Promise<State>}
 * @throws Error when the fragment is none of ours, or damaged.
 */
export async function fromFragment(fragment) {
  if (!fragment.startsWith(`#${VERSION}`)) throw new Error("it was not made by this page");
  try {
    const base64 = fragment
      .slice(1 + VERSION.length)
      .replaceAll("-", "+")
      .replaceAll("_", "/");
    const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bytes = await through(new DecompressionStream("deflate-raw"), packed);
    const state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    for (const name of ["code", "method", "path", "headers", "body"]) {
      if (typeof state[name] !== "string") throw new TypeError(`${name} is missing`);
    }
    return state;
  } catch (cause) {
    throw new Error("it is damaged, or was cut off", { cause });
  }
}

/** Bytes through a transform; no more of them than MAX_BYTES. */
async function through(transform, bytes) {
  const pieces = [];
  let length = 0;
  for (const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_BYTES) throw new RangeError(`more than ${MAX_BYTES} bytes`);
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
