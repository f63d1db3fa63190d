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

  "hkdf.extract"(
    algorithm: number,
    salt: number,
    saltLength: number,
    ikm: number,
    ikmLength: number,
    prk: number,
  ): number;
  "hkdf.expand"(prk: number, info: number, infoLength: number, output: number, outputLength: number): number;
  "pbkdf2.iterate"(
    prepared: number,
    us: number,
    usLength: number,
    sums: number,
    iterationCount: number,
  ): number;

  "aes_gcm.prepared_bytes"(): number;
  "aes_gcm.prepare"(key: number, keyLength: number, prepared: number): number;
  "aes_gcm.seal"(
    prepared: number,
    iv: number,
    ivLength: number,
    aad: number,
    aadLength: number,
    input: number,
    inputLength: number,
    output: number,
    tag: number,
    tagLength: number,
  ): number;
  "aes_gcm.open"(
    prepared: number,
    iv: number,
    ivLength: number,
    aad: number,
    aadLength: number,
    input: number,
    inputLength: number,
    output: number,
    tag: number,
    tagLength: number,
  ): number;
  "aes_gcm.state_bytes"(): number;
  "aes_gcm.init"(prepared: number, iv: number, ivLength: number, state: number): number;
  "aes_gcm.update_iv"(state: number, input: number, inputLength: number): number;
  "aes_gcm.update_aad"(state: number, input: number, inputLength: number): number;
  "aes_gcm.seal_update"(state: number, input: number, inputLength: number, output: number): number;
  "aes_gcm.seal_final"(state: number, tag: number, tagLength: number): number;
  "aes_gcm.verify_update"(state: number, input: number, inputLength: number): number;
  "aes_gcm.verify_final"(state: number, tag: number, tagLength: number): number;
  "aes_gcm.open_update"(state: number, input: number, inputLength: number, output: number): number;

  "aes.prepared_bytes"(): number;
  "aes.prepare"(key: number, keyLength: number, prepared: number): number;
  "aes_cbc.encrypt"(
    prepared: number,
    chain: number,
    input: number,
    inputLength: number,
    output: number,
  ): number;
  "aes_cbc.decrypt"(
    prepared: number,
    chain: number,
    input: number,
    inputLength: number,
    output: number,
  ): number;
  "aes_cbc.padding_bytes"(last: number): number;
  "aes_ctr.crypt"(
    prepared: number,
    counter: number,
    counterBits: number,
    input: number,
    inputLength: number,
    output: number,
  ): number;
  "aes_kw.wrap"(
    prepared: number,
    data: number,
    dataLength: number,
    firstStep: number,
    lastStep: number,
  ): number;
  "aes_kw.unwrap"(
    prepared: number,
    data: number,
    dataLength: number,
    firstStep: number,
    lastStep: number,
  ): number;

  "ec.generate_private_key"(curve: number, input: number, output: number): number;
  "ec.public_key"(curve: number, key: number, output: number): number;
  "ec.check_private_key"(curve: number, key: number): number;
  "ec.decode_public_key"(curve: number, input: number, inputLength: number, output: number): number;
  "ec.is_key_pair"(curve: number, key: number, input: number, inputLength: number, output: number): number;

  "ecdsa.sign"(
    curve: number,
    algorithm: number,
    key: number,
    hashed: number,
    hashedLength: number,
    entropy: number,
    entropyLength: number,
    output: number,
  ): number;
  "ecdsa.verify"(
    curve: number,
    key: number,
    hashed: number,
    hashedLength: number,
    signature: number,
    signatureLength: number,
  ): number;
  "ecdsa.prepared_bytes"(curve: number): number;
  "ecdsa.prepare"(curve: number, key: number, prepared: number): number;
  "ecdsa.verify_prepared"(
    curve: number,
    prepared: number,
    hashed: number,
    hashedLength: number,
    signature: number,
    signatureLength: number,
  ): number;

  "ecdh.derive"(curve: number, key: number, publicKey: number, output: number): number;

  "eddsa.prepared_bytes"(curve: number): number;
  "eddsa.prepare"(curve: number, key: number, prepared: number): number;
  "eddsa.sign"(
    curve: number,
    prepared: number,
    context: number,
    contextLength: number,
    input: number,
    inputLength: number,
    output: number,
  ): number;
  "eddsa.verify"(
    curve: number,
    key: number,
    context: number,
    contextLength: number,
    signature: number,
    input: number,
    inputLength: number,
  ): number;
  "eddsa.state_bytes"(curve: number): number;
  "eddsa.begin_sign"(
    curve: number,
    prepared: number,
    context: number,
    contextLength: number,
    state: number,
  ): number;
  "eddsa.update"(curve: number, state: number, input: number, inputLength: number): number;
  "eddsa.commit"(curve: number, state: number): number;
  "eddsa.finish_sign"(curve: number, state: number, output: number): number;
  "eddsa.begin_verify"(
    curve: number,
    key: number,
    context: number,
    contextLength: number,
    signature: number,
    state: number,
  ): number;
  "eddsa.finish_verify"(curve: number, state: number): number;

  "xdh.public_key"(curve: number, key: number, output: number): number;
  "xdh.derive"(curve: number, key: number, publicKey: number, output: number): number;

  "rsa.prepared_bytes"(modulusBits: number, exponentLength: number, pBits: number, qBits: number): number;
  "rsa.scratch_bytes"(modulusBits: number, exponentLength: number, pBits: number, qBits: number): number;
  "rsa.prepare"(
    modulusBits: number,
    exponentLength: number,
    pBits: number,
    qBits: number,
    input: number,
    prepared: number,
    scratch: number,
  ): number;
  "rsa.operation_bytes"(prepared: number): number;
  "rsa.begin_public"(prepared: number, input: number, operation: number): number;
  "rsa.begin_private"(prepared: number, input: number, entropy: number, operation: number): number;
  "rsa.step"(prepared: number, operation: number, tilesMax: number): number;
  "rsa.finish"(prepared: number, operation: number, output: number): number;
  "rsa.generation_bytes"(modulusBits: number, exponentLength: number): number;
  "rsa.begin_generation"(modulusBits: number, input: number, inputLength: number, generation: number): number;
  "rsa.step_generation"(generation: number, entropy: number, entropyLength: number, tilesMax: number): number;
  "rsa.finish_generation"(generation: number, output: number): number;

  "pss.encode"(
    algorithm: number,
    hashed: number,
    hashedLength: number,
    salt: number,
    saltLength: number,
    modulusBits: number,
    output: number,
  ): number;
  "pss.verify"(
    algorithm: number,
    hashed: number,
    hashedLength: number,
    saltBytes: number,
    modulusBits: number,
    output: number,
  ): number;

  "oaep.encode"(
    algorithm: number,
    hashed: number,
    hashedLength: number,
    entropy: number,
    entropyLength: number,
    input: number,
    inputLength: number,
    modulusBits: number,
    output: number,
  ): number;
  "oaep.decode"(
    algorithm: number,
    hashed: number,
    hashedLength: number,
    modulusBits: number,
    output: number,
  ): number;

  "der.parse_spki"(input: number, inputLength: number, table: number): number;
  "der.parse_pkcs8"(input: number, inputLength: number, table: number): number;
  "der.spki_bytes"(input: number, inputLength: number, table: number): number;
  "der.write_spki"(
    input: number,
    inputLength: number,
    table: number,
    output: number,
    outputLength: number,
  ): number;
  "der.pkcs8_bytes"(input: number, inputLength: number, table: number): number;
  "der.write_pkcs8"(
    input: number,
    inputLength: number,
    table: number,
    output: number,
    outputLength: number,
  ): number;

  "base64url.decode"(input: number, inputLength: number, output: number): number;
  "base64url.encode"(input: number, inputLength: number, output: number): number;

  "http.parse_request_head"(
    input: number,
    inputLength: number,
    head: number,
    headBytesMax: number,
    fieldCountMax: number,
    targetBytesMax: number,
  ): number;
  "http.parse_response_head"(
    input: number,
    inputLength: number,
    head: number,
    method: number,
    headBytesMax: number,
    fieldCountMax: number,
  ): number;
  "http.encode_request_head"(
    input: number,
    inputLength: number,
    ownCount: number,
    fieldCount: number,
    output: number,
    outputLength: number,
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

  "clone.scanner_bytes"(): number;
  "clone.begin"(scanner: number): number;
  "clone.scan"(
    scanner: number,
    input: number,
    inputLength: number,
    frames: number,
    framesMax: number,
    records: number,
    recordsMax: number,
  ): number;

  __new(length: number, id: number): number;
  __pin(address: number): number;
  __unpin(address: number): void;
  __collect(): void;
}

/** The version of this contract: a module that answers another is refused. */
export const ABI_VERSION = 1;
