/**
 * What nano.wasm exports, in the order of zig/exports.zig, whose comments are the contract: takes, gives, owns,
 * fails, grows. Addresses and lengths are unsigned 32-bit numbers; results are signed, negative ones a `Status`.
 * A test compares this list with the Zig source and with the built module.
 */
export interface CoreExports {
  memory: WebAssembly.Memory;
  abi_version(): number;

  "arena.open"(): number;
  "arena.alloc"(arena: number, length: number, alignment: number): number;
  "arena.close"(arena: number): number;
  "arena.close_all"(): number;
  "arena.statistics"(): number;

  "hash.digest"(algorithm: number, input: number, inputLength: number, output: number): number;
  "hash.state_bytes"(algorithm: number): number;
  "hash.init"(algorithm: number, state: number): number;
  "hash.update"(state: number, input: number, inputLength: number): number;
  "hash.final"(state: number, output: number): number;

  "hmac.prepared_bytes"(algorithm: number): number;
  "hmac.prepare"(algorithm: number, key: number, keyLength: number, prepared: number): number;
  "hmac.sign"(prepared: number, input: number, inputLength: number, output: number): number;
  "hmac.verify"(prepared: number, input: number, inputLength: number, mac: number, macLength: number): number;
  "hmac.state_bytes"(algorithm: number): number;
  "hmac.init"(prepared: number, state: number): number;
  "hmac.update"(state: number, input: number, inputLength: number): number;
  "hmac.final"(state: number, output: number): number;
  "hmac.verify_final"(state: number, mac: number, macLength: number): number;

  "http.parse_request_head"(
    input: number,
    inputLength: number,
    head: number,
    fieldsMax: number,
    headBytesMax: number,
    targetBytesMax: number,
  ): number;
  "http.init_chunked"(
    decoder: number,
    extensionBytesMax: number,
    extensionBytesTotalMax: number,
    trailerBytesMax: number,
  ): number;
  "http.feed_chunked"(
    decoder: number,
    input: number,
    inputLength: number,
    pieceLength: number,
    segments: number,
    segmentsMax: number,
  ): number;

  __new(length: number, id: number): number;
  __pin(address: number): number;
  __unpin(address: number): void;
  __collect(): void;
}

/** The version of this contract: a module that answers another is refused. */
export const ABI_VERSION = 1;
