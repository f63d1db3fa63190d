/** nano.wasm in the code, for suites that are given the core without a file or a request. */
import coreBase64 from "../../wasm-out/nano.wasm";

export function embeddedCore(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(coreBase64 as string), (character) => character.charCodeAt(0));
}
