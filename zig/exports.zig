//! Every export of nano.wasm and its contract, and nothing else: check, call a room, translate the error.
//!
//! Addresses and lengths are u32, in bytes; results are i32: zero or more is the result, below zero a `Status`. An
//! address is a result too, told from a status by lying outside -255..-1 (abi/status.zig). Only the loader's own
//! functions, at the end, answer in their own way, and abort where others would give a status.
//!
//! What is passed as an address lies in the heap, as all that `arena.alloc` and `__new` give does: the core's stack
//! and static data are out_of_bounds. A length of zero is allowed with any address. Where a contract is silent: areas
//! may not overlap; nothing is owned by the call after it returns; memory does not grow, so that views live on.
//!
//! Each comment answers, where there is something to say: Takes, Gives, Owns, Fails, Grows.
//! ts/core/exports.ts mirrors this file in the same order; a test compares both with the built module.

const std = @import("std");
const abort = @import("abi/abort.zig");
const loader = @import("abi/loader.zig");
const slice = @import("abi/slice.zig");
const Status = @import("abi/status.zig").Status;
const arena = @import("mem/arena.zig");
const hash = @import("crypto/hash.zig");
const hmac = @import("crypto/hmac.zig");
const hkdf = @import("crypto/hkdf.zig");
const pbkdf2 = @import("crypto/pbkdf2.zig");
const gcm = @import("crypto/aes/gcm.zig");
const aes_key = @import("crypto/aes/key.zig");
const cbc = @import("crypto/aes/cbc.zig");
const counter_mode = @import("crypto/aes/counter.zig");
const key_wrap = @import("crypto/aes/kw.zig");
const ec_key = @import("crypto/ec/key.zig");
const ecdh = @import("crypto/ec/ecdh.zig");
const ecdsa = @import("crypto/ec/ecdsa.zig");
const eddsa = @import("crypto/edwards/eddsa.zig");
const xdh = @import("crypto/edwards/xdh.zig");
const der_writer = @import("der/writer.zig");
const key_table = @import("der/table.zig");
const pkcs8 = @import("der/pkcs8.zig");
const spki = @import("der/spki.zig");
const base64url = @import("encoding/base64url.zig");
const rsa_key = @import("crypto/rsa/key.zig");
const rsa_operation = @import("crypto/rsa/operation.zig");
const rsa_power = @import("crypto/rsa/power.zig");
const rsa_generation = @import("crypto/rsa/generation.zig");
const pss = @import("crypto/rsa/pss.zig");
const oaep = @import("crypto/rsa/oaep.zig");
const clone = @import("clone/scanner.zig");
const chunked = @import("http/chunked.zig");
const head_encoder = @import("http/head_encoder.zig");
const request_head = @import("http/request_head.zig");
const response_head = @import("http/response_head.zig");

pub const std_options: std.Options = .{ .side_channels_mitigations = .full };
pub const panic = std.debug.FullPanic(abort.panic);

/// Raised by one whenever a contract below changes: a host refuses a module of another version.
export fn abi_version() i32 {
    return 1;
}

// ---- arenas ----

/// Gives: a handle, above 0. Owns: the host, until `arena.close`. Fails: out_of_memory, too_many_arenas.
/// Grows: yes.
export fn @"arena.open"() i32 {
    const handle = arena.open() catch |err| return fail(err);
    return @intCast(handle);
}

/// Takes: an arena, and an alignment, a power of two up to 64 KiB.
/// Gives: the address of `len` bytes, undefined. Owns: the arena. Fails: invalid_handle, invalid_alignment,
/// out_of_memory; the arena stays as it was. Grows: yes.
export fn @"arena.alloc"(handle: u32, len: u32, alignment: u32) i32 {
    const address = arena.alloc(handle, len, alignment) catch |err| return fail(err);
    return @bitCast(address);
}

/// Wipes all that was allocated, and takes it back. Gives: 0. Fails: invalid_handle.
export fn @"arena.close"(handle: u32) i32 {
    arena.close(handle) catch |err| return fail(err);
    return 0;
}

/// Closes every arena that is open. Gives: how many there were.
export fn @"arena.close_all"() i32 {
    return @intCast(arena.closeAll());
}

/// Gives: the address of the statistics, u32 each: live arenas, live objects of the loader, bytes in use, the most
/// bytes in use so far, and bytes in the pool. It never changes, and the numbers are always current. Owns: the core.
export fn @"arena.statistics"() i32 {
    return addressOf(arena.statistics());
}

// ---- digests ----

/// Takes: an algorithm's number (crypto/hash.zig), the message, and room for the digest; they may overlap.
/// Gives: the digest, and its length. Fails: unknown_algorithm, out_of_bounds.
export fn @"hash.digest"(algorithm: u32, input: u32, input_len: u32, output: u32) i32 {
    return answer(digest(algorithm, input, input_len, output));
}

fn digest(number: u32, input: u32, input_len: u32, output: u32) Error!u32 {
    const algorithm = try hash.Algorithm.fromInt(number);
    const room = try slice.output(output, hash.digestBytes(algorithm));
    return hash.digest(algorithm, try slice.input(input, input_len), room);
}

/// Gives: how many bytes a state of the algorithm takes, at an address aligned to 16. Fails: unknown_algorithm.
export fn @"hash.state_bytes"(algorithm: u32) i32 {
    return answer(hashStateBytes(algorithm));
}

fn hashStateBytes(number: u32) Error!u32 {
    return hash.stateBytes(try hash.Algorithm.fromInt(number));
}

/// Begins a digest in `state`. Gives: 0. Fails: unknown_algorithm, out_of_bounds.
export fn @"hash.init"(algorithm: u32, state: u32) i32 {
    return done(hashInit(algorithm, state));
}

fn hashInit(number: u32, state: u32) Error!void {
    hash.init(try hash.Algorithm.fromInt(number), try slice.pointer(hash.State, state));
}

/// Gives: 0. Fails: out_of_bounds; invalid_state for a state that was not begun, or is finished.
export fn @"hash.update"(state: u32, input: u32, input_len: u32) i32 {
    return done(hashUpdate(state, input, input_len));
}

fn hashUpdate(state: u32, input: u32, input_len: u32) Error!void {
    try hash.update(try slice.pointer(hash.State, state), try slice.input(input, input_len));
}

/// Takes: room for the algorithm's digest. Gives: the digest, and its length; the state is wiped.
/// Fails: out_of_bounds, invalid_state; the state is as it was then.
export fn @"hash.final"(state: u32, output: u32) i32 {
    return answer(hashFinal(state, output));
}

fn hashFinal(state_address: u32, output: u32) Error!u32 {
    const state = try slice.pointer(hash.State, state_address);
    const algorithm = try hash.algorithmOf(state);
    return hash.final(state, try slice.output(output, hash.digestBytes(algorithm)));
}

// ---- HMAC ----

/// Gives: how many bytes a prepared key takes, at an address aligned to 16. Fails: unknown_algorithm.
export fn @"hmac.prepared_bytes"(algorithm: u32) i32 {
    return answer(hmacPreparedBytes(algorithm));
}

fn hmacPreparedBytes(number: u32) Error!u32 {
    return hmac.preparedBytes(try hash.Algorithm.fromInt(number));
}

/// Takes: a hash algorithm's number, a key of any length, and room for the prepared key, which is as secret as the
/// key. Gives: 0. Fails: unknown_algorithm, out_of_bounds.
export fn @"hmac.prepare"(algorithm: u32, key: u32, key_len: u32, prepared: u32) i32 {
    return done(hmacPrepare(algorithm, key, key_len, prepared));
}

fn hmacPrepare(number: u32, key: u32, key_len: u32, prepared: u32) Error!void {
    const algorithm = try hash.Algorithm.fromInt(number);
    hmac.prepare(algorithm, try slice.input(key, key_len), try slice.pointer(hmac.Prepared, prepared));
}

/// Takes: a prepared key, the message, and room for a digest; message and room may overlap.
/// Gives: the MAC, and its length. Fails: out_of_bounds; invalid_state for a key that was not prepared.
export fn @"hmac.sign"(prepared: u32, input: u32, input_len: u32, output: u32) i32 {
    return answer(hmacSign(prepared, input, input_len, output));
}

fn hmacSign(prepared_address: u32, input: u32, input_len: u32, output: u32) Error!u32 {
    const prepared = try slice.pointer(hmac.Prepared, prepared_address);
    const room = try slice.output(output, hash.digestBytes(try hmac.algorithmOf(prepared)));
    return hmac.sign(prepared, try slice.input(input, input_len), room);
}

/// Gives: 1 if `mac` is the MAC of the message, 0 if not, in time that does not depend on where they differ.
/// Fails: out_of_bounds, invalid_state.
export fn @"hmac.verify"(prepared: u32, input: u32, input_len: u32, mac: u32, mac_len: u32) i32 {
    return truth(hmacVerify(prepared, input, input_len, mac, mac_len));
}

fn hmacVerify(prepared: u32, input: u32, input_len: u32, mac: u32, mac_len: u32) Error!bool {
    const key = try slice.pointer(hmac.Prepared, prepared);
    return hmac.verify(key, try slice.input(input, input_len), try slice.input(mac, mac_len));
}

/// Gives: how many bytes a state takes, at an address aligned to 16. Fails: unknown_algorithm.
export fn @"hmac.state_bytes"(algorithm: u32) i32 {
    return answer(hmacStateBytes(algorithm));
}

fn hmacStateBytes(number: u32) Error!u32 {
    return hmac.stateBytes(try hash.Algorithm.fromInt(number));
}

/// Begins a MAC in `state`, which does not need the prepared key afterwards. Gives: 0.
/// Fails: out_of_bounds, invalid_state.
export fn @"hmac.init"(prepared: u32, state: u32) i32 {
    return done(hmacInit(prepared, state));
}

fn hmacInit(prepared: u32, state: u32) Error!void {
    try hmac.init(try slice.pointer(hmac.Prepared, prepared), try slice.pointer(hmac.State, state));
}

/// Gives: 0. Fails: out_of_bounds; invalid_state for a state that was not begun, or is finished.
export fn @"hmac.update"(state: u32, input: u32, input_len: u32) i32 {
    return done(hmacUpdate(state, input, input_len));
}

fn hmacUpdate(state: u32, input: u32, input_len: u32) Error!void {
    try hmac.update(try slice.pointer(hmac.State, state), try slice.input(input, input_len));
}

/// Takes: room for a digest. Gives: the MAC, and its length; the state is wiped.
/// Fails: out_of_bounds, invalid_state; the state is as it was then.
export fn @"hmac.final"(state: u32, output: u32) i32 {
    return answer(hmacFinal(state, output));
}

fn hmacFinal(state_address: u32, output: u32) Error!u32 {
    const state = try slice.pointer(hmac.State, state_address);
    const algorithm = try hmac.algorithmOfState(state);
    return hmac.final(state, try slice.output(output, hash.digestBytes(algorithm)));
}

/// `hmac.final` that compares, as `hmac.verify` does. Gives: 1 or 0; the state is wiped.
/// Fails: out_of_bounds, invalid_state; the state is as it was then.
export fn @"hmac.verify_final"(state: u32, mac: u32, mac_len: u32) i32 {
    return truth(hmacVerifyFinal(state, mac, mac_len));
}

fn hmacVerifyFinal(state: u32, mac: u32, mac_len: u32) Error!bool {
    return hmac.verifyFinal(try slice.pointer(hmac.State, state), try slice.input(mac, mac_len));
}

// ---- HKDF, PBKDF2 ----

/// Takes: a hash algorithm's number, the salt, the input keying material, and room for a prepared key of HMAC, at an
/// address aligned to 16. Gives: 0, and the pseudorandom key, prepared. Fails: unknown_algorithm, out_of_bounds.
export fn @"hkdf.extract"(algorithm: u32, salt: u32, salt_len: u32, ikm: u32, ikm_len: u32, prk: u32) i32 {
    return done(hkdfExtract(algorithm, salt, salt_len, ikm, ikm_len, prk));
}

fn hkdfExtract(number: u32, salt: u32, salt_len: u32, ikm: u32, ikm_len: u32, prk: u32) Error!void {
    const algorithm = try hash.Algorithm.fromInt(number);
    const room = try slice.pointer(hmac.Prepared, prk);
    hkdf.extract(algorithm, try slice.input(salt, salt_len), try slice.input(ikm, ikm_len), room);
}

/// Takes: a pseudorandom key, prepared; the info; and room for the output, at most 255 digests.
/// Gives: 0, and the output. Fails: out_of_bounds, invalid_state, invalid_length for more output.
export fn @"hkdf.expand"(prk: u32, info: u32, info_len: u32, output: u32, output_len: u32) i32 {
    return done(hkdfExpand(prk, info, info_len, output, output_len));
}

fn hkdfExpand(prk: u32, info: u32, info_len: u32, output: u32, output_len: u32) Error!void {
    const room = try slice.output(output, output_len);
    try hkdf.expand(try slice.pointer(hmac.Prepared, prk), try slice.input(info, info_len), room);
}

/// Takes: the password, prepared for HMAC; for some blocks of the output U_j, a digest each; and, as long as these, the
/// sums of U_1 to U_j. Gives: 0, and both after so many more iterations.
/// Fails: out_of_bounds, invalid_state, invalid_length for what is no whole number of digests.
export fn @"pbkdf2.iterate"(prepared: u32, us: u32, us_len: u32, sums: u32, iteration_count: u32) i32 {
    return done(pbkdf2Iterate(prepared, us, us_len, sums, iteration_count));
}

fn pbkdf2Iterate(prepared: u32, us: u32, us_len: u32, sums: u32, iteration_count: u32) Error!void {
    const key = try slice.pointer(hmac.Prepared, prepared);
    try pbkdf2.iterate(key, try slice.output(us, us_len), try slice.output(sums, us_len), iteration_count);
}

// ---- AES-GCM ----

/// Gives: how many bytes a prepared key takes, at an address aligned to 16.
export fn @"aes_gcm.prepared_bytes"() i32 {
    return @sizeOf(gcm.Prepared);
}

/// Takes: a key of 16, 24 or 32 bytes, and room for the prepared key, which is as secret as the key.
/// Gives: 0. Fails: out_of_bounds, invalid_length.
export fn @"aes_gcm.prepare"(key: u32, key_len: u32, prepared: u32) i32 {
    return done(gcmPrepare(key, key_len, prepared));
}

fn gcmPrepare(key: u32, key_len: u32, prepared: u32) Error!void {
    try gcm.prepare(try slice.input(key, key_len), try slice.pointer(gcm.Prepared, prepared));
}

/// Takes: a prepared key, an IV, additional data, a plaintext, room for as long a ciphertext, which may be where the
/// plaintext is, and room for a tag of 4, 8 or 12 to 16 bytes. Gives: 0, ciphertext and tag.
/// Fails: out_of_bounds; invalid_state for a key that was not prepared; invalid_length for an IV without bytes, or a
/// tag of another length.
export fn @"aes_gcm.seal"(
    prepared: u32,
    iv: u32,
    iv_len: u32,
    aad: u32,
    aad_len: u32,
    input: u32,
    input_len: u32,
    output: u32,
    tag: u32,
    tag_len: u32,
) i32 {
    return done(gcmSeal(prepared, iv, iv_len, aad, aad_len, input, input_len, output, tag, tag_len));
}

fn gcmSeal(
    prepared: u32,
    iv: u32,
    iv_len: u32,
    aad: u32,
    aad_len: u32,
    input: u32,
    input_len: u32,
    output: u32,
    tag: u32,
    tag_len: u32,
) Error!void {
    try gcm.seal(
        try slice.pointer(gcm.Prepared, prepared),
        try slice.input(iv, iv_len),
        try slice.input(aad, aad_len),
        try slice.input(input, input_len),
        try slice.output(output, input_len),
        try slice.output(tag, tag_len),
    );
}

/// The same backwards. Gives: 0, and the plaintext. Fails: as `aes_gcm.seal`; authentication_failed if the tag is not
/// that of ciphertext, additional data, IV and key, and then nothing was written.
export fn @"aes_gcm.open"(
    prepared: u32,
    iv: u32,
    iv_len: u32,
    aad: u32,
    aad_len: u32,
    input: u32,
    input_len: u32,
    output: u32,
    tag: u32,
    tag_len: u32,
) i32 {
    return done(gcmOpen(prepared, iv, iv_len, aad, aad_len, input, input_len, output, tag, tag_len));
}

fn gcmOpen(
    prepared: u32,
    iv: u32,
    iv_len: u32,
    aad: u32,
    aad_len: u32,
    input: u32,
    input_len: u32,
    output: u32,
    tag: u32,
    tag_len: u32,
) Error!void {
    try gcm.open(
        try slice.pointer(gcm.Prepared, prepared),
        try slice.input(iv, iv_len),
        try slice.input(aad, aad_len),
        try slice.input(input, input_len),
        try slice.output(output, input_len),
        try slice.input(tag, tag_len),
    );
}

/// Gives: how many bytes a state takes, at an address aligned to 16.
export fn @"aes_gcm.state_bytes"() i32 {
    return @sizeOf(gcm.State);
}

/// Begins a message in `state`, which does not need the prepared key afterwards, with an IV or its first bytes.
/// Gives: 0. Fails: out_of_bounds, invalid_state; invalid_length for no bytes.
export fn @"aes_gcm.init"(prepared: u32, iv: u32, iv_len: u32, state: u32) i32 {
    return done(gcmInit(prepared, iv, iv_len, state));
}

fn gcmInit(prepared: u32, iv: u32, iv_len: u32, state: u32) Error!void {
    const key = try slice.pointer(gcm.Prepared, prepared);
    try gcm.init(key, try slice.input(iv, iv_len), try slice.pointer(gcm.State, state));
}

/// Takes: more of the IV, all of which comes first. Gives: 0. Fails: out_of_bounds; invalid_state once there was
/// anything else, and for what is no state.
export fn @"aes_gcm.update_iv"(state: u32, input: u32, input_len: u32) i32 {
    return done(gcmUpdateIv(state, input, input_len));
}

fn gcmUpdateIv(state: u32, input: u32, input_len: u32) Error!void {
    try gcm.updateIv(try slice.pointer(gcm.State, state), try slice.input(input, input_len));
}

/// Takes: more of the additional data, all of which comes before the text. Gives: 0.
/// Fails: out_of_bounds; invalid_state once there was text, and for what is no state.
export fn @"aes_gcm.update_aad"(state: u32, input: u32, input_len: u32) i32 {
    return done(gcmUpdateAad(state, input, input_len));
}

fn gcmUpdateAad(state: u32, input: u32, input_len: u32) Error!void {
    try gcm.updateAad(try slice.pointer(gcm.State, state), try slice.input(input, input_len));
}

/// Encrypts more. Takes: room for as many bytes, which may be where the input is. Gives: 0.
/// Fails: out_of_bounds; invalid_state if this message is being decrypted; invalid_length beyond 2^36 - 32 bytes.
export fn @"aes_gcm.seal_update"(state: u32, input: u32, input_len: u32, output: u32) i32 {
    return done(gcmSealUpdate(state, input, input_len, output));
}

fn gcmSealUpdate(state: u32, input: u32, input_len: u32, output: u32) Error!void {
    const room = try slice.output(output, input_len);
    try gcm.sealUpdate(try slice.pointer(gcm.State, state), try slice.input(input, input_len), room);
}

/// Gives: 0, and the tag; the state is wiped. Fails: out_of_bounds, invalid_state, invalid_length; the state is as it
/// was then.
export fn @"aes_gcm.seal_final"(state: u32, tag: u32, tag_len: u32) i32 {
    return done(gcmSealFinal(state, tag, tag_len));
}

fn gcmSealFinal(state: u32, tag: u32, tag_len: u32) Error!void {
    try gcm.sealFinal(try slice.pointer(gcm.State, state), try slice.output(tag, tag_len));
}

/// Takes: more of a ciphertext, all of which is looked at before any of it is decrypted. Gives: 0.
/// Fails: out_of_bounds; invalid_state if this message is being encrypted, or was verified already; invalid_length
/// beyond 2^36 - 32 bytes.
export fn @"aes_gcm.verify_update"(state: u32, input: u32, input_len: u32) i32 {
    return done(gcmVerifyUpdate(state, input, input_len));
}

fn gcmVerifyUpdate(state: u32, input: u32, input_len: u32) Error!void {
    try gcm.verifyUpdate(try slice.pointer(gcm.State, state), try slice.input(input, input_len));
}

/// Gives: 0; the ciphertext may now be decrypted from its beginning. Fails: authentication_failed if the tag is wrong,
/// and the state is wiped; out_of_bounds, invalid_state, invalid_length, and the state is as it was.
export fn @"aes_gcm.verify_final"(state: u32, tag: u32, tag_len: u32) i32 {
    return done(gcmVerifyFinal(state, tag, tag_len));
}

fn gcmVerifyFinal(state: u32, tag: u32, tag_len: u32) Error!void {
    try gcm.verifyFinal(try slice.pointer(gcm.State, state), try slice.input(tag, tag_len));
}

/// Decrypts more. Takes: more of the ciphertext that was verified, and room for as many bytes, which may be where the
/// input is. Gives: 0. Owns: the host wipes the state when it has what it wants, by closing its arena.
/// Fails: out_of_bounds; invalid_state before verification; invalid_length for more than was verified.
export fn @"aes_gcm.open_update"(state: u32, input: u32, input_len: u32, output: u32) i32 {
    return done(gcmOpenUpdate(state, input, input_len, output));
}

fn gcmOpenUpdate(state: u32, input: u32, input_len: u32, output: u32) Error!void {
    const room = try slice.output(output, input_len);
    try gcm.openUpdate(try slice.pointer(gcm.State, state), try slice.input(input, input_len), room);
}

// ---- AES-CBC, AES-CTR, AES-KW ----

/// Gives: how many bytes a prepared key takes, at an address aligned to 16.
export fn @"aes.prepared_bytes"() i32 {
    return @sizeOf(aes_key.Prepared);
}

/// Takes: a key of 16, 24 or 32 bytes, and room for the prepared key, which is as secret as the key.
/// Gives: 0. Fails: out_of_bounds, invalid_length.
export fn @"aes.prepare"(key: u32, key_len: u32, prepared: u32) i32 {
    return done(aesPrepare(key, key_len, prepared));
}

fn aesPrepare(key: u32, key_len: u32, prepared: u32) Error!void {
    try aes_key.prepare(try slice.input(key, key_len), try slice.pointer(aes_key.Prepared, prepared));
}

/// Takes: a prepared key; 16 bytes, the IV or the last block of the ciphertext before; whole blocks of plaintext; and room
/// for as much ciphertext, which may be where the plaintext is. Gives: 0, the ciphertext, and its last block in place of
/// the one before. Fails: out_of_bounds, invalid_state, invalid_length for what is no whole number of blocks.
export fn @"aes_cbc.encrypt"(prepared: u32, chain: u32, input: u32, input_len: u32, output: u32) i32 {
    return done(cbcCrypt(cbc.encrypt, prepared, chain, input, input_len, output));
}

/// The same backwards; the last block of the ciphertext comes in place of the one before here too.
export fn @"aes_cbc.decrypt"(prepared: u32, chain: u32, input: u32, input_len: u32, output: u32) i32 {
    return done(cbcCrypt(cbc.decrypt, prepared, chain, input, input_len, output));
}

fn cbcCrypt(
    comptime crypt: @TypeOf(cbc.decrypt),
    prepared: u32,
    chain: u32,
    input: u32,
    input_len: u32,
    output: u32,
) Error!void {
    try crypt(
        try slice.pointer(aes_key.Prepared, prepared),
        try slice.pointer([16]u8, chain),
        try slice.input(input, input_len),
        try slice.output(output, input_len),
    );
}

/// Takes: the last 16 bytes of a plaintext. Gives: how many of them are its padding, 1 to 16; or 0 if they do not end in
/// padding. Fails: out_of_bounds.
export fn @"aes_cbc.padding_bytes"(last: u32) i32 {
    return answer(cbcPaddingBytes(last));
}

fn cbcPaddingBytes(last: u32) Error!u32 {
    return cbc.paddingBytes(try slice.pointer([16]u8, last));
}

/// Takes: a prepared key; 16 bytes, the counter block; how many of its last bits are counted, 1 to 128; text; and room
/// for as much, which may be where the text is. Gives: 0, the text encrypted or decrypted, and the next counter block.
/// Fails: out_of_bounds, invalid_state; invalid_length for no such counter, and for more blocks than it has values.
export fn @"aes_ctr.crypt"(
    prepared: u32,
    counter: u32,
    counter_bits: u32,
    input: u32,
    input_len: u32,
    output: u32,
) i32 {
    return done(ctrCrypt(prepared, counter, counter_bits, input, input_len, output));
}

fn ctrCrypt(
    prepared: u32,
    counter: u32,
    counter_bits: u32,
    input: u32,
    input_len: u32,
    output: u32,
) Error!void {
    try counter_mode.crypt(
        try slice.pointer(aes_key.Prepared, prepared),
        try slice.pointer([16]u8, counter),
        counter_bits,
        try slice.input(input, input_len),
        try slice.output(output, input_len),
    );
}

/// Takes: a prepared key, and a key to be wrapped behind eight bytes, all of which is a multiple of eight, and 24 at least.
/// Gives: 0, and the data after some steps, of which there are six for each eight bytes of the key: they begin with 1, and
/// after the last the data are the wrapped key. Fails: out_of_bounds, invalid_state; invalid_length for other data, or steps that
/// there are not.
export fn @"aes_kw.wrap"(prepared: u32, data: u32, data_len: u32, first_step: u32, last_step: u32) i32 {
    return done(kwWrap(prepared, data, data_len, .{ .from = first_step, .to = last_step }));
}

fn kwWrap(prepared: u32, data: u32, data_len: u32, range: key_wrap.Steps) Error!void {
    const key = try slice.pointer(aes_key.Prepared, prepared);
    try key_wrap.wrap(key, try slice.output(data, data_len), range);
}

/// The same backwards, from a wrapped key and its last step down to 1, when the key stands behind eight bytes.
/// Fails: as `aes_kw.wrap`; authentication_failed after step 1 if the wrapped key is none of this key's: the host throws
/// away what is there then.
export fn @"aes_kw.unwrap"(prepared: u32, data: u32, data_len: u32, first_step: u32, last_step: u32) i32 {
    return done(kwUnwrap(prepared, data, data_len, .{ .from = first_step, .to = last_step }));
}

fn kwUnwrap(prepared: u32, data: u32, data_len: u32, range: key_wrap.Steps) Error!void {
    const key = try slice.pointer(aes_key.Prepared, prepared);
    try key_wrap.unwrap(key, try slice.output(data, data_len), range);
}

// ---- keys of elliptic curves ----
//
// Curves have their numbers in crypto/ec/key.zig. The curve says how long private keys are (32, 48 or 66 bytes), and
// public keys, uncompressed points (65, 97 or 133 bytes). The first call that needs a curve's tables computes them.

/// Takes: a curve's number, as many random bytes as a private key has, and room for the private key.
/// Gives: the private key, and its length; or 0, if others are needed, which of P-256 happens once in 2^32 times.
/// Fails: unknown_algorithm, out_of_bounds.
export fn @"ec.generate_private_key"(curve: u32, input: u32, output: u32) i32 {
    return answer(ecGeneratePrivateKey(curve, input, output));
}

fn ecGeneratePrivateKey(number: u32, input: u32, output: u32) Error!u32 {
    const curve = try ec_key.Curve.fromInt(number);
    const length = ec_key.privateKeyBytes(curve);
    const generated = ec_key.generate(curve, try slice.input(input, length), try slice.output(output, length));
    return if (generated) length else 0;
}

/// Takes: a curve's number, a private key, and room for the public key. Gives: the public key, and its length.
/// Fails: unknown_algorithm, out_of_bounds, invalid_private_key.
export fn @"ec.public_key"(curve: u32, key: u32, output: u32) i32 {
    return answer(ecPublicKey(curve, key, output));
}

fn ecPublicKey(number: u32, key: u32, output: u32) Error!u32 {
    const curve = try ec_key.Curve.fromInt(number);
    const room = try slice.output(output, ec_key.publicKeyBytes(curve));
    return ec_key.publicKey(curve, try slice.input(key, ec_key.privateKeyBytes(curve)), room);
}

/// Takes: a curve's number, and what should be a private key. Gives: 1 if it is from 1 to the order of the group less 1,
/// 0 if not. Fails: unknown_algorithm, out_of_bounds.
export fn @"ec.check_private_key"(curve: u32, key: u32) i32 {
    return truth(ecCheckPrivateKey(curve, key));
}

fn ecCheckPrivateKey(number: u32, key: u32) Error!bool {
    const curve = try ec_key.Curve.fromInt(number);
    return ec_key.isPrivateKey(curve, try slice.input(key, ec_key.privateKeyBytes(curve)));
}

/// Takes: a curve's number, a point in either form of SEC 1, and room for the public key, which may be where the point
/// is. Gives: the public key, and its length. Fails: unknown_algorithm, out_of_bounds, invalid_public_key.
export fn @"ec.decode_public_key"(curve: u32, input: u32, input_len: u32, output: u32) i32 {
    return answer(ecDecodePublicKey(curve, input, input_len, output));
}

fn ecDecodePublicKey(number: u32, input: u32, input_len: u32, output: u32) Error!u32 {
    const curve = try ec_key.Curve.fromInt(number);
    const room = try slice.output(output, ec_key.publicKeyBytes(curve));
    return ec_key.decodePublicKey(curve, try slice.input(input, input_len), room);
}

/// Takes: a curve's number, a private key, a point in either form of SEC 1, and room for the public key.
/// Gives: the point as a public key, and 1 if that is the private key's, 0 if not.
/// Fails: unknown_algorithm, out_of_bounds, invalid_private_key, invalid_public_key.
export fn @"ec.is_key_pair"(curve: u32, key: u32, input: u32, input_len: u32, output: u32) i32 {
    return truth(ecIsKeyPair(curve, key, input, input_len, output));
}

fn ecIsKeyPair(number: u32, key: u32, input: u32, input_len: u32, output: u32) Error!bool {
    const curve = try ec_key.Curve.fromInt(number);
    const room = try slice.output(output, ec_key.publicKeyBytes(curve));
    const private_key = try slice.input(key, ec_key.privateKeyBytes(curve));
    return ec_key.isPair(curve, private_key, try slice.input(input, input_len), room);
}

// ---- ECDSA ----

/// Takes: the numbers of a curve and of the hash algorithm that nonces are made with, a private key, a digest of any
/// length, random bytes, 16 at least, and room for twice the private key's length.
/// Gives: the signature, r and s, and its length. Fails: unknown_algorithm, out_of_bounds, invalid_private_key.
export fn @"ecdsa.sign"(
    curve: u32,
    algorithm: u32,
    key: u32,
    hashed: u32,
    hashed_len: u32,
    entropy: u32,
    entropy_len: u32,
    output: u32,
) i32 {
    return answer(ecdsaSign(curve, algorithm, key, hashed, hashed_len, entropy, entropy_len, output));
}

fn ecdsaSign(
    number: u32,
    algorithm: u32,
    key: u32,
    hashed: u32,
    hashed_len: u32,
    entropy: u32,
    entropy_len: u32,
    output: u32,
) Error!u32 {
    const curve = try ec_key.Curve.fromInt(number);
    const length = ec_key.privateKeyBytes(curve);
    return ecdsa.sign(
        curve,
        try hash.Algorithm.fromInt(algorithm),
        try slice.input(key, length),
        try slice.input(hashed, hashed_len),
        try slice.input(entropy, entropy_len),
        try slice.output(output, 2 * length),
    );
}

/// Takes: a curve's number, a public key, a digest, and what should be a signature.
/// Gives: 1 if the digest was signed so by the holder of the private key, 0 if not.
/// Fails: unknown_algorithm, out_of_bounds, invalid_public_key.
export fn @"ecdsa.verify"(
    curve: u32,
    key: u32,
    hashed: u32,
    hashed_len: u32,
    signature: u32,
    signature_len: u32,
) i32 {
    return truth(ecdsaVerify(curve, key, hashed, hashed_len, signature, signature_len));
}

fn ecdsaVerify(
    number: u32,
    key: u32,
    hashed: u32,
    hashed_len: u32,
    signature: u32,
    signature_len: u32,
) Error!bool {
    const curve = try ec_key.Curve.fromInt(number);
    return ecdsa.verify(
        curve,
        try slice.input(key, ec_key.publicKeyBytes(curve)),
        try slice.input(hashed, hashed_len),
        try slice.input(signature, signature_len),
    );
}

/// Takes: a curve's number. Gives: how many bytes a prepared public key has. Fails: unknown_algorithm.
export fn @"ecdsa.prepared_bytes"(curve: u32) i32 {
    return answer(ecdsaPreparedBytes(curve));
}

fn ecdsaPreparedBytes(number: u32) Error!u32 {
    return @sizeOf(ecdsa.Unit) * ecdsa.preparedUnits(try ec_key.Curve.fromInt(number));
}

/// Takes: a curve's number, a public key, and aligned room for the prepared one.
/// Gives: what makes verification faster, for a key that verifies more than a few signatures. It is the host's, and
/// the core never changes it. Fails: unknown_algorithm, out_of_bounds, invalid_public_key.
export fn @"ecdsa.prepare"(curve: u32, key: u32, prepared: u32) i32 {
    return done(ecdsaPrepare(curve, key, prepared));
}

fn ecdsaPrepare(number: u32, key: u32, prepared: u32) Error!void {
    const curve = try ec_key.Curve.fromInt(number);
    const units = try slice.elements(ecdsa.Unit, prepared, ecdsa.preparedUnits(curve));
    try ecdsa.prepare(curve, try slice.input(key, ec_key.publicKeyBytes(curve)), units);
}

/// As `ecdsa.verify`, with a public key that `ecdsa.prepare` has written; with anything else the answer means nothing, and
/// the safe build stops at a number out of range. Fails: unknown_algorithm, out_of_bounds.
export fn @"ecdsa.verify_prepared"(
    curve: u32,
    prepared: u32,
    hashed: u32,
    hashed_len: u32,
    signature: u32,
    signature_len: u32,
) i32 {
    return truth(ecdsaVerifyPrepared(curve, prepared, hashed, hashed_len, signature, signature_len));
}

fn ecdsaVerifyPrepared(
    number: u32,
    prepared: u32,
    hashed: u32,
    hashed_len: u32,
    signature: u32,
    signature_len: u32,
) Error!bool {
    const curve = try ec_key.Curve.fromInt(number);
    return ecdsa.verifyPrepared(
        curve,
        try slice.elements(ecdsa.Unit, prepared, ecdsa.preparedUnits(curve)),
        try slice.input(hashed, hashed_len),
        try slice.input(signature, signature_len),
    );
}

// ---- ECDH ----

/// Takes: a curve's number, a private key, another's public key, and room for as many bytes as the private key has.
/// Gives: the shared secret, the coordinate x of their product, and its length.
/// Fails: unknown_algorithm, out_of_bounds, invalid_private_key, invalid_public_key.
export fn @"ecdh.derive"(curve: u32, key: u32, public_key: u32, output: u32) i32 {
    return answer(ecdhDerive(curve, key, public_key, output));
}

fn ecdhDerive(number: u32, key: u32, public_key: u32, output: u32) Error!u32 {
    const curve = try ec_key.Curve.fromInt(number);
    const length = ec_key.privateKeyBytes(curve);
    return ecdh.derive(
        curve,
        try slice.input(key, length),
        try slice.input(public_key, ec_key.publicKeyBytes(curve)),
        try slice.output(output, length),
    );
}

// ---- EdDSA ----
//
// Curves have their numbers in crypto/edwards/eddsa.zig. The curve says how long private keys and public keys are (32 or 57
// bytes), and signatures, twice as long. All bytes are private keys. Contexts are empty for Ed25519, and of 255 bytes at
// most for Ed448. The first call that needs a curve's tables computes them.

/// Takes: a curve's number. Gives: how many bytes a prepared private key has. Fails: unknown_algorithm.
export fn @"eddsa.prepared_bytes"(curve: u32) i32 {
    return answer(eddsaPreparedBytes(curve));
}

fn eddsaPreparedBytes(number: u32) Error!u32 {
    return switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| @sizeOf(eddsa.Eddsa(curve).Prepared),
    };
}

/// Takes: a curve's number, a private key, and aligned room for the prepared one.
/// Gives: what signs with it. It begins with the public key; the rest is secret, and the host's to wipe.
/// Fails: unknown_algorithm, out_of_bounds.
export fn @"eddsa.prepare"(curve: u32, key: u32, prepared: u32) i32 {
    return done(eddsaPrepare(curve, key, prepared));
}

fn eddsaPrepare(number: u32, key: u32, prepared: u32) Error!void {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            const room = try slice.pointer(E.Prepared, prepared);
            E.prepare((try slice.input(key, E.bytes))[0..E.bytes], room);
        },
    }
}

/// Takes: a curve's number, a prepared private key, a context, a message, and room for the signature.
/// Gives: the signature, and its length. Fails: unknown_algorithm, out_of_bounds, invalid_length (a context too long).
export fn @"eddsa.sign"(
    curve: u32,
    prepared: u32,
    context: u32,
    context_len: u32,
    input: u32,
    input_len: u32,
    output: u32,
) i32 {
    return answer(eddsaSign(curve, prepared, context, context_len, input, input_len, output));
}

fn eddsaSign(
    number: u32,
    prepared: u32,
    context: u32,
    context_len: u32,
    input: u32,
    input_len: u32,
    output: u32,
) Error!u32 {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            const room = try slice.output(output, E.signature_bytes);
            const message = try slice.input(input, input_len);
            const key = try slice.pointer(E.Prepared, prepared);
            try E.sign(key, try slice.input(context, context_len), message, room[0..E.signature_bytes]);
            return E.signature_bytes;
        },
    }
}

/// Takes: a curve's number, a public key, which may be any bytes, a context, what should be a signature, and a message.
/// Gives: 1 if the message was signed so by the holder of the private key, 0 if not.
/// Fails: unknown_algorithm, out_of_bounds, invalid_length (a context too long).
export fn @"eddsa.verify"(
    curve: u32,
    key: u32,
    context: u32,
    context_len: u32,
    signature: u32,
    input: u32,
    input_len: u32,
) i32 {
    return truth(eddsaVerify(curve, key, context, context_len, signature, input, input_len));
}

fn eddsaVerify(
    number: u32,
    key: u32,
    context: u32,
    context_len: u32,
    signature: u32,
    input: u32,
    input_len: u32,
) Error!bool {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            const public_key = (try slice.input(key, E.bytes))[0..E.bytes];
            const signed = (try slice.input(signature, E.signature_bytes))[0..E.signature_bytes];
            const message = try slice.input(input, input_len);
            return E.verify(public_key, try slice.input(context, context_len), signed, message);
        },
    }
}

/// Takes: a curve's number. Gives: how many bytes the state of a signature or a verification in pieces has.
/// Fails: unknown_algorithm.
export fn @"eddsa.state_bytes"(curve: u32) i32 {
    return answer(eddsaStateBytes(curve));
}

fn eddsaStateBytes(number: u32) Error!u32 {
    return switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| @sizeOf(eddsa.Eddsa(curve).State),
    };
}

/// Begins a signature in pieces: the whole message goes through `eddsa.update`, and once more, the very same, after
/// `eddsa.commit`. Another message would give the private key away.
/// Takes: a curve's number, a prepared private key, a context, and aligned room for the state.
/// Owns: the host, which wipes a state that it does not finish. Fails: as `eddsa.sign`.
export fn @"eddsa.begin_sign"(curve: u32, prepared: u32, context: u32, context_len: u32, state: u32) i32 {
    return done(eddsaBeginSign(curve, prepared, context, context_len, state));
}

fn eddsaBeginSign(number: u32, prepared: u32, context: u32, context_len: u32, state: u32) Error!void {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            const begun = try slice.pointer(E.State, state);
            const key = try slice.pointer(E.Prepared, prepared);
            try E.beginSign(key, try slice.input(context, context_len), begun);
        },
    }
}

/// Takes: a curve's number, a state that was begun, and the next piece of the message.
/// Fails: unknown_algorithm, out_of_bounds, invalid_state.
export fn @"eddsa.update"(curve: u32, state: u32, input: u32, input_len: u32) i32 {
    return done(eddsaUpdate(curve, state, input, input_len));
}

fn eddsaUpdate(number: u32, state: u32, input: u32, input_len: u32) Error!void {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            try E.update(try slice.pointer(E.State, state), try slice.input(input, input_len));
        },
    }
}

/// After the message has gone through for the first time, before the second. Fails: unknown_algorithm, out_of_bounds,
/// invalid_state (no signature, or one that is committed to).
export fn @"eddsa.commit"(curve: u32, state: u32) i32 {
    return done(eddsaCommit(curve, state));
}

fn eddsaCommit(number: u32, state: u32) Error!void {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            try E.commit(try slice.pointer(E.State, state));
        },
    }
}

/// Takes: a curve's number, the state of a signature that is committed to, and room for the signature.
/// Gives: the signature, and its length; the state is wiped. Fails: unknown_algorithm, out_of_bounds, invalid_state.
export fn @"eddsa.finish_sign"(curve: u32, state: u32, output: u32) i32 {
    return answer(eddsaFinishSign(curve, state, output));
}

fn eddsaFinishSign(number: u32, state: u32, output: u32) Error!u32 {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            const room = try slice.output(output, E.signature_bytes);
            try E.finishSign(try slice.pointer(E.State, state), room[0..E.signature_bytes]);
            return E.signature_bytes;
        },
    }
}

/// Begins a verification in pieces: the message goes through `eddsa.update`, once.
/// Takes: a curve's number, a public key, a context, what should be a signature, and aligned room for the state.
/// Fails: as `eddsa.verify`.
export fn @"eddsa.begin_verify"(
    curve: u32,
    key: u32,
    context: u32,
    context_len: u32,
    signature: u32,
    state: u32,
) i32 {
    return done(eddsaBeginVerify(curve, key, context, context_len, signature, state));
}

fn eddsaBeginVerify(
    number: u32,
    key: u32,
    context: u32,
    context_len: u32,
    signature: u32,
    state: u32,
) Error!void {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            const begun = try slice.pointer(E.State, state);
            const public_key = (try slice.input(key, E.bytes))[0..E.bytes];
            const signed = (try slice.input(signature, E.signature_bytes))[0..E.signature_bytes];
            try E.beginVerify(public_key, try slice.input(context, context_len), signed, begun);
        },
    }
}

/// Takes: a curve's number, and the state of a verification. Gives: 1 if the message was signed so, 0 if not; the state
/// is wiped. Fails: unknown_algorithm, out_of_bounds, invalid_state.
export fn @"eddsa.finish_verify"(curve: u32, state: u32) i32 {
    return truth(eddsaFinishVerify(curve, state));
}

fn eddsaFinishVerify(number: u32, state: u32) Error!bool {
    switch (try eddsa.Curve.fromInt(number)) {
        inline else => |curve| {
            const E = eddsa.Eddsa(curve);
            return E.finishVerify(try slice.pointer(E.State, state));
        },
    }
}

// ---- X25519 and X448 ----
//
// Curves have their numbers in crypto/edwards/xdh.zig. The curve says how long private keys, public keys and shared secrets
// are (32 or 56 bytes). All bytes are private keys, and public keys too.

/// Takes: a curve's number, a private key, and room for the public key. Gives: the public key, and its length.
/// Fails: unknown_algorithm, out_of_bounds.
export fn @"xdh.public_key"(curve: u32, key: u32, output: u32) i32 {
    return answer(xdhPublicKey(curve, key, output));
}

fn xdhPublicKey(number: u32, key: u32, output: u32) Error!u32 {
    switch (try xdh.Curve.fromInt(number)) {
        inline else => |curve| {
            const X = xdh.Xdh(curve);
            const room = try slice.output(output, X.bytes);
            X.publicKey((try slice.input(key, X.bytes))[0..X.bytes], room[0..X.bytes]);
            return X.bytes;
        },
    }
}

/// Takes: a curve's number, a private key, the other side's public key, and room for the shared secret.
/// Gives: the shared secret, and 1; or 0 if it is all zero, as those of points of small order are.
/// Fails: unknown_algorithm, out_of_bounds.
export fn @"xdh.derive"(curve: u32, key: u32, public_key: u32, output: u32) i32 {
    return truth(xdhDerive(curve, key, public_key, output));
}

fn xdhDerive(number: u32, key: u32, public_key: u32, output: u32) Error!bool {
    switch (try xdh.Curve.fromInt(number)) {
        inline else => |curve| {
            const X = xdh.Xdh(curve);
            const room = try slice.output(output, X.bytes);
            const other = try slice.input(public_key, X.bytes);
            return X.derive((try slice.input(key, X.bytes))[0..X.bytes], other[0..X.bytes], room[0..X.bytes]);
        },
    }
}

// ---- RSA ----

/// Takes: the bits of n, the bytes of e, and the bits of p and q, 0 both for a public key.
/// Gives: how many bytes the prepared key takes, at an address aligned to 16.
/// Fails: invalid_rsa_key for sizes that no key has, or that are not supported (crypto/rsa/key.zig).
export fn @"rsa.prepared_bytes"(modulus_bits: u32, exponent_len: u32, p_bits: u32, q_bits: u32) i32 {
    return answer(rsaPreparedBytes(rsaSizes(modulus_bits, exponent_len, p_bits, q_bits)));
}

fn rsaPreparedBytes(sizes: rsa_key.Sizes) Error!u32 {
    try sizes.check();
    return @intCast(if (sizes.p_bits == 0) sizes.publicBytes() else sizes.privateBytes());
}

/// Gives: how many bytes `rsa.prepare` takes as scratch, at an address aligned to 16. Takes and fails as above.
export fn @"rsa.scratch_bytes"(modulus_bits: u32, exponent_len: u32, p_bits: u32, q_bits: u32) i32 {
    return answer(rsaScratchBytes(rsaSizes(modulus_bits, exponent_len, p_bits, q_bits)));
}

fn rsaScratchBytes(sizes: rsa_key.Sizes) Error!u32 {
    try sizes.check();
    return @intCast(sizes.scratchBytes());
}

/// Prepares a key, which is as secret as its parts. Takes: the sizes; the parts, big-endian, one after another: n and
/// e, and for a private key d, p, q, dp, dq and qi, as long as n, p, q, p, q and p; room for the key, and the scratch.
/// Gives: 0. Fails: invalid_rsa_key for sizes and parts that are not those of a key; out_of_bounds.
export fn @"rsa.prepare"(
    modulus_bits: u32,
    exponent_len: u32,
    p_bits: u32,
    q_bits: u32,
    input: u32,
    prepared: u32,
    scratch: u32,
) i32 {
    return done(rsaPrepare(rsaSizes(modulus_bits, exponent_len, p_bits, q_bits), input, prepared, scratch));
}

fn rsaPrepare(sizes: rsa_key.Sizes, input: u32, prepared: u32, scratch: u32) Error!void {
    const key_bytes = try rsaPreparedBytes(sizes);
    const header = try slice.pointer(rsa_key.Header, prepared);
    _ = try slice.output(prepared, key_bytes);
    const room = try slice.pointer(u128, scratch);
    _ = try slice.output(scratch, @intCast(sizes.scratchBytes()));
    if (sizes.p_bits != 0) {
        const all = try slice.input(input, @intCast(rsa_key.Parts.bytesOfAll(sizes)));
        return rsa_key.PrivateKey.prepare(header, room, sizes, .of(sizes, all));
    }
    const modulus_bytes = sizes.modulusBytes();
    const both = try slice.input(input, @intCast(modulus_bytes + sizes.exponent_bytes));
    return rsa_key.PublicKey.prepare(header, room, sizes, both[0..modulus_bytes], both[modulus_bytes..]);
}

fn rsaSizes(modulus_bits: u32, exponent_len: u32, p_bits: u32, q_bits: u32) rsa_key.Sizes {
    return .{ .modulus_bits = modulus_bits, .exponent_bytes = exponent_len, .p_bits = p_bits, .q_bits = q_bits };
}

/// A prepared key that lies in memory whole.
fn rsaKey(prepared: u32) Error!*rsa_key.Header {
    const header = try slice.pointer(rsa_key.Header, prepared);
    _ = try slice.output(prepared, @intCast(try header.bytes()));
    return header;
}

/// Gives: how many bytes an operation takes that uses all of this key, at an address aligned to 16.
/// Fails: out_of_bounds; invalid_state for a key that was not prepared.
export fn @"rsa.operation_bytes"(prepared: u32) i32 {
    return answer(rsaOperationBytes(prepared));
}

fn rsaOperationBytes(prepared: u32) Error!u32 {
    return @intCast(rsa_operation.operationBytes(try rsaKey(prepared)));
}

/// Begins RSAEP or RSAVP1 with a prepared key of either kind. Takes: a representative as long as n, and room for an
/// operation. Gives: 0. Fails: out_of_bounds, invalid_state; representative_out_of_range if it is not less than n.
export fn @"rsa.begin_public"(prepared: u32, input: u32, operation: u32) i32 {
    return done(rsaBeginPublic(prepared, input, operation));
}

fn rsaBeginPublic(prepared: u32, input: u32, operation: u32) Error!void {
    const key = try rsaKey(prepared);
    const representative = try slice.input(input, @intCast(key.sizes.modulusBytes()));
    const header = try slice.pointer(rsa_operation.Header, operation);
    _ = try slice.output(operation, @intCast(rsa_operation.operationBytes(key)));
    try rsa_operation.beginPublic(key, header, representative);
}

/// Begins RSADP or RSASP1. Takes: a prepared private key, a representative as long as n, 16 random bytes that are used
/// for nothing else, and room for an operation. Gives and fails: as `rsa.begin_public`.
export fn @"rsa.begin_private"(prepared: u32, input: u32, entropy: u32, operation: u32) i32 {
    return done(rsaBeginPrivate(prepared, input, entropy, operation));
}

fn rsaBeginPrivate(prepared: u32, input: u32, entropy: u32, operation: u32) Error!void {
    const key = try rsaKey(prepared);
    const representative = try slice.input(input, @intCast(key.sizes.modulusBytes()));
    const blinding = try slice.input(entropy, rsa_operation.blinding_bytes);
    const header = try slice.pointer(rsa_operation.Header, operation);
    _ = try slice.output(operation, @intCast(rsa_operation.operationBytes(key)));
    try rsa_operation.beginPrivate(key, header, representative, blinding[0..rsa_operation.blinding_bytes]);
}

/// Works on an operation. Takes: the key it was begun with, and how many tiles of 16 x 16 limbs may be multiplied, some
/// 100 a microsecond. Gives: 1 if the operation is done, or 0. Fails: out_of_bounds, invalid_state;
/// private_operation_failed if the result did not pass its check: there is none then.
export fn @"rsa.step"(prepared: u32, operation: u32, tiles_max: u32) i32 {
    return truth(rsaStep(prepared, operation, tiles_max));
}

fn rsaStep(prepared: u32, operation: u32, tiles_max: u32) Error!bool {
    const key = try rsaKey(prepared);
    var budget: rsa_power.Budget = .{ .tiles = tiles_max };
    return rsa_operation.step(key, try rsaOperation(operation), &budget);
}

fn rsaOperation(operation: u32) Error!*rsa_operation.Header {
    const header = try slice.pointer(rsa_operation.Header, operation);
    _ = try slice.output(operation, @intCast(try header.bytes()));
    return header;
}

/// Takes: room for as many bytes as n has. Gives: the result of an operation that is done, and its length.
/// Fails: out_of_bounds, invalid_state.
export fn @"rsa.finish"(prepared: u32, operation: u32, output: u32) i32 {
    return answer(rsaFinish(prepared, operation, output));
}

fn rsaFinish(prepared: u32, operation: u32, output: u32) Error!u32 {
    const key = try rsaKey(prepared);
    const room = try slice.output(output, @intCast(key.sizes.modulusBytes()));
    try rsa_operation.finish(key, try rsaOperation(operation), room);
    return @intCast(room.len);
}

/// Takes: the bits of n, 256 to 8192, and the bytes of e, 32 at most. Gives: how many bytes the generation of such a
/// key takes, at an address aligned to 16. Fails: invalid_rsa_key for other sizes.
export fn @"rsa.generation_bytes"(modulus_bits: u32, exponent_len: u32) i32 {
    return answer(rsaGenerationBytes(modulus_bits, exponent_len));
}

fn rsaGenerationBytes(modulus_bits: u32, exponent_len: u32) Error!u32 {
    return @intCast(rsa_generation.generationBytes(try rsa_generation.sizesOf(modulus_bits, exponent_len)));
}

/// Begins the generation of a key. Takes: the bits of n; e, big-endian, its first byte not zero; and room for a
/// generation. Gives: 0. Fails: out_of_bounds; invalid_rsa_key for the sizes, and an e that is even or 1.
export fn @"rsa.begin_generation"(modulus_bits: u32, input: u32, input_len: u32, generation: u32) i32 {
    return done(rsaBeginGeneration(modulus_bits, input, input_len, generation));
}

fn rsaBeginGeneration(modulus_bits: u32, input: u32, input_len: u32, generation: u32) Error!void {
    const exponent = try slice.input(input, input_len);
    const header = try slice.pointer(rsa_generation.Header, generation);
    const sizes = try rsa_generation.sizesOf(modulus_bits, input_len);
    _ = try slice.output(generation, @intCast(rsa_generation.generationBytes(sizes)));
    try rsa_generation.begin(header, sizes, exponent);
}

/// Works on a generation. Takes: random bytes, as many as n has at least: the same area each time, filled anew before
/// the first call and whenever this gives 2; and the tiles of `rsa.step`.
/// Gives: 0 for more to do, 1 for done, 2 for new random bytes. Fails: out_of_bounds, invalid_state; invalid_length for
/// fewer random bytes; not_random if no prime is found among them.
export fn @"rsa.step_generation"(generation: u32, entropy: u32, entropy_len: u32, tiles_max: u32) i32 {
    return answer(rsaStepGeneration(generation, entropy, entropy_len, tiles_max));
}

fn rsaStepGeneration(generation: u32, entropy: u32, entropy_len: u32, tiles_max: u32) Error!u32 {
    const header = try rsaGeneration(generation);
    var budget: rsa_power.Budget = .{ .tiles = tiles_max };
    return @intFromEnum(try rsa_generation.step(header, try slice.input(entropy, entropy_len), &budget));
}

fn rsaGeneration(generation: u32) Error!*rsa_generation.Header {
    const header = try slice.pointer(rsa_generation.Header, generation);
    _ = try slice.output(generation, @intCast(try header.bytes()));
    return header;
}

/// Takes: room for the parts of a private key, as `rsa.prepare` has them, with p as long as half of n, rounded up.
/// Gives: them, and their length. Fails: out_of_bounds; invalid_state unless the generation is done.
export fn @"rsa.finish_generation"(generation: u32, output: u32) i32 {
    return answer(rsaFinishGeneration(generation, output));
}

fn rsaFinishGeneration(generation: u32, output: u32) Error!u32 {
    const header = try rsaGeneration(generation);
    const room = try slice.output(output, @intCast(rsa_key.Parts.bytesOfAll(header.sizes)));
    try rsa_generation.finish(header, room);
    return @intCast(room.len);
}

/// EMSA-PSS-ENCODE. Takes: a hash algorithm's number, the digest of the message, the salt, the bits of n, and room for
/// as many bytes as n has. Gives: the encoded message, for `rsa.begin_private`, and its length.
/// Fails: out_of_bounds, unknown_algorithm; invalid_rsa_key for bits that no key has; invalid_length for a digest of
/// another length; encoding_too_long if n is too short for digest and salt.
export fn @"pss.encode"(
    algorithm: u32,
    hashed: u32,
    hashed_len: u32,
    salt: u32,
    salt_len: u32,
    modulus_bits: u32,
    output: u32,
) i32 {
    return answer(pssEncode(algorithm, hashed, hashed_len, salt, salt_len, modulus_bits, output));
}

fn pssEncode(
    number: u32,
    hashed: u32,
    hashed_len: u32,
    salt: u32,
    salt_len: u32,
    modulus_bits: u32,
    output: u32,
) Error!u32 {
    const algorithm = try hash.Algorithm.fromInt(number);
    const message_digest = try slice.input(hashed, hashed_len);
    if (modulus_bits < rsa_key.modulus_bits_min or modulus_bits > rsa_key.modulus_bits_max) return error.InvalidKey;
    const room = try slice.output(output, @intCast(rsa_key.byteLength(modulus_bits)));
    try pss.encode(algorithm, message_digest, try slice.input(salt, salt_len), modulus_bits, room);
    return @intCast(room.len);
}

/// EMSA-PSS-VERIFY. Takes: a hash algorithm's number, the digest of the message, the length of the salt, the bits of n,
/// and what `rsa.begin_public` made of the signature, as long as n; it is decoded in place. Gives: 1 if that is an
/// encoding of the digest, or 0. Fails: out_of_bounds, unknown_algorithm, invalid_length, invalid_rsa_key.
export fn @"pss.verify"(
    algorithm: u32,
    hashed: u32,
    hashed_len: u32,
    salt_bytes: u32,
    modulus_bits: u32,
    output: u32,
) i32 {
    return truth(pssVerify(algorithm, hashed, hashed_len, salt_bytes, modulus_bits, output));
}

fn pssVerify(
    number: u32,
    hashed: u32,
    hashed_len: u32,
    salt_bytes: u32,
    modulus_bits: u32,
    output: u32,
) Error!bool {
    const algorithm = try hash.Algorithm.fromInt(number);
    const message_digest = try slice.input(hashed, hashed_len);
    if (modulus_bits < rsa_key.modulus_bits_min or modulus_bits > rsa_key.modulus_bits_max) return error.InvalidKey;
    const encoded = try slice.output(output, @intCast(rsa_key.byteLength(modulus_bits)));
    return pss.verify(algorithm, message_digest, salt_bytes, modulus_bits, encoded);
}

// ---- RSAES-OAEP: what is encrypted, and what comes of decrypting ----

/// Takes: a hash algorithm's number, the digest of the label, as many random bytes, a message, the bits of the modulus,
/// and room for the encoded message, which is as long as the modulus. Gives: the encoded message, and its length.
/// Fails: unknown_algorithm, out_of_bounds, invalid_rsa_key for such a modulus; encoding_too_long if the modulus is too
/// short; invalid_length for a digest or random bytes of another length.
export fn @"oaep.encode"(
    algorithm: u32,
    hashed: u32,
    hashed_len: u32,
    entropy: u32,
    entropy_len: u32,
    input: u32,
    input_len: u32,
    modulus_bits: u32,
    output: u32,
) i32 {
    return answer(oaepEncode(
        algorithm,
        hashed,
        hashed_len,
        entropy,
        entropy_len,
        input,
        input_len,
        modulus_bits,
        output,
    ));
}

fn oaepEncode(
    number: u32,
    hashed: u32,
    hashed_len: u32,
    entropy: u32,
    entropy_len: u32,
    input: u32,
    input_len: u32,
    modulus_bits: u32,
    output: u32,
) Error!u32 {
    const algorithm = try hash.Algorithm.fromInt(number);
    const label_digest = try slice.input(hashed, hashed_len);
    const seed = try slice.input(entropy, entropy_len);
    if (modulus_bits < rsa_key.modulus_bits_min or modulus_bits > rsa_key.modulus_bits_max) return error.InvalidKey;
    const room = try slice.output(output, @intCast(rsa_key.byteLength(modulus_bits)));
    try oaep.encode(algorithm, label_digest, seed, try slice.input(input, input_len), room);
    return @intCast(room.len);
}

/// Takes: a hash algorithm's number, the digest of the label, the bits of the modulus, and what decrypting gave, as long as
/// the modulus, which is decoded in place. Gives: where in it the message begins, which goes on to the end; or 0 if it was
/// not encoded with this label, in time that does not depend on why. Fails: as `oaep.encode`.
export fn @"oaep.decode"(algorithm: u32, hashed: u32, hashed_len: u32, modulus_bits: u32, output: u32) i32 {
    return answer(oaepDecode(algorithm, hashed, hashed_len, modulus_bits, output));
}

fn oaepDecode(number: u32, hashed: u32, hashed_len: u32, modulus_bits: u32, output: u32) Error!u32 {
    const algorithm = try hash.Algorithm.fromInt(number);
    const label_digest = try slice.input(hashed, hashed_len);
    if (modulus_bits < rsa_key.modulus_bits_min or modulus_bits > rsa_key.modulus_bits_max) return error.InvalidKey;
    const encoded = try slice.output(output, @intCast(rsa_key.byteLength(modulus_bits)));
    return oaep.decode(algorithm, label_digest, encoded);
}

// ---- key files: strict DER ----

/// Reads SubjectPublicKeyInfo. Takes: the file, and a table (der/table.zig), aligned to 4.
/// Gives: 0, and the table, whose parts lie in the input. Fails: out_of_bounds, invalid_der, unknown_key_algorithm,
/// unknown_curve; the table is as it was then.
export fn @"der.parse_spki"(input: u32, input_len: u32, table: u32) i32 {
    return done(parseKey(spki.PublicKey, input, input_len, table));
}

/// Reads PrivateKeyInfo, or OneAsymmetricKey. Takes and gives what `der.parse_spki` does. Fails: as that, and
/// multi_prime_key.
export fn @"der.parse_pkcs8"(input: u32, input_len: u32, table: u32) i32 {
    return done(parseKey(pkcs8.PrivateKey, input, input_len, table));
}

fn parseKey(comptime Key: type, input: u32, input_len: u32, table: u32) Error!void {
    const bytes = try slice.input(input, input_len);
    const room = try slice.pointer(key_table.Table, table);
    room.* = .of(try Key.parse(bytes), bytes);
}

/// Takes: a table, and the area in which its parts lie. Gives: how many bytes `der.write_spki` will give.
/// Fails: out_of_bounds, invalid_key_parts, no_space.
export fn @"der.spki_bytes"(input: u32, input_len: u32, table: u32) i32 {
    return answer(keyBytes(spki.PublicKey, input, input_len, table));
}

/// Writes SubjectPublicKeyInfo. Takes: what `der.spki_bytes` does, and room for so many bytes.
/// Gives: the file, and its length. Fails: out_of_bounds, invalid_key_parts, no_space; the room is as it was then.
export fn @"der.write_spki"(input: u32, input_len: u32, table: u32, output: u32, output_len: u32) i32 {
    return answer(writeKey(spki.PublicKey, input, input_len, table, output, output_len));
}

/// `der.spki_bytes` for `der.write_pkcs8`.
export fn @"der.pkcs8_bytes"(input: u32, input_len: u32, table: u32) i32 {
    return answer(keyBytes(pkcs8.PrivateKey, input, input_len, table));
}

/// Writes PrivateKeyInfo, as `der.write_spki` does SubjectPublicKeyInfo.
export fn @"der.write_pkcs8"(input: u32, input_len: u32, table: u32, output: u32, output_len: u32) i32 {
    return answer(writeKey(pkcs8.PrivateKey, input, input_len, table, output, output_len));
}

fn keyBytes(comptime Key: type, input: u32, input_len: u32, table: u32) Error!u32 {
    return der_writer.encodedBytes(try keyIn(Key, input, input_len, table));
}

fn writeKey(comptime Key: type, input: u32, input_len: u32, table: u32, output: u32, output_len: u32) Error!u32 {
    const room = try slice.output(output, output_len);
    return der_writer.encode(try keyIn(Key, input, input_len, table), room);
}

fn keyIn(comptime Key: type, input: u32, input_len: u32, table: u32) Error!Key {
    return (try slice.pointer(key_table.Table, table)).key(Key, try slice.input(input, input_len));
}

// ---- JSON Web Keys: base64url ----

/// Takes: text, and room for the bytes, three for four characters, rounded down. Gives: how many they are. Fails:
/// out_of_bounds, invalid_length for 2 GiB of them or more; invalid_base64url, and the room is undefined then.
export fn @"base64url.decode"(input: u32, input_len: u32, output: u32) i32 {
    return answer(decodeBase64url(input, input_len, output));
}

fn decodeBase64url(input: u32, input_len: u32, output: u32) Error!u32 {
    const text = try slice.input(input, input_len);
    const len = std.math.cast(u31, base64url.decodedBytes(text.len)) orelse return error.InvalidLength;
    try base64url.decode(text, try slice.output(output, len));
    return len;
}

/// Takes: bytes, and room for their text, four characters for three bytes, rounded up. Gives: the length of the text.
/// Fails: out_of_bounds, invalid_length for 2 GiB of it or more.
export fn @"base64url.encode"(input: u32, input_len: u32, output: u32) i32 {
    return answer(encodeBase64url(input, input_len, output));
}

fn encodeBase64url(input: u32, input_len: u32, output: u32) Error!u32 {
    const bytes = try slice.input(input, input_len);
    const len = std.math.cast(u31, base64url.encodedBytes(bytes.len)) orelse return error.InvalidLength;
    base64url.encode(bytes, try slice.output(output, len));
    return len;
}

// ---- HTTP/1.1 ----

/// Takes: the bytes from the first of a request head on, as many as have come; and a head (http/request_head.zig),
/// aligned to 8, all zero before the first call. Both are left alone between calls.
/// Gives: the length of the head, which is then read, its field names now in lower case; or 0 if more bytes are needed.
/// Fails: out_of_bounds, invalid_state; and for what the input says, the codes of http/request_head.zig.
export fn @"http.parse_request_head"(
    input: u32,
    input_len: u32,
    head: u32,
    head_bytes_max: u32,
    field_count_max: u32,
    target_bytes_max: u32,
) i32 {
    return answer(parseRequestHead(input, input_len, head, .{
        .head_bytes = head_bytes_max,
        .field_count = field_count_max,
        .target_bytes = target_bytes_max,
    }));
}

fn parseRequestHead(input: u32, input_len: u32, head: u32, limits: request_head.Limits) Error!u32 {
    const request = try slice.pointer(request_head.RequestHead, head);
    return try request_head.parse(try slice.output(input, input_len), request, limits) orelse 0;
}

/// The same for the head of a response (http/response_head.zig). Takes: what the request's method was, by the numbers
/// there. Where a field line was folded, the input holds spaces afterwards.
export fn @"http.parse_response_head"(
    input: u32,
    input_len: u32,
    head: u32,
    method: u32,
    head_bytes_max: u32,
    field_count_max: u32,
) i32 {
    return answer(parseResponseHead(input, input_len, head, @enumFromInt(method), .{
        .head_bytes = head_bytes_max,
        .field_count = field_count_max,
    }));
}

fn parseResponseHead(
    input: u32,
    input_len: u32,
    head: u32,
    method: response_head.Method,
    limits: response_head.Limits,
) Error!u32 {
    const response = try slice.pointer(response_head.ResponseHead, head);
    return try response_head.parse(try slice.output(input, input_len), response, method, limits) orelse 0;
}

/// Takes: the parts of a request's head (http/head_encoder.zig), `field_count` fields among them, the first `own_count`
/// the sender's own, each part in UTF-8 and ended by LF; and room for the parts, 4 bytes a field and 32.
/// Gives: the head, and its length.
/// Fails: out_of_bounds, no_space; invalid_part for a part that cannot be sent, whose number is then at `output`, as a
/// u32.
export fn @"http.encode_request_head"(
    input: u32,
    input_len: u32,
    own_count: u32,
    field_count: u32,
    output: u32,
    output_len: u32,
) i32 {
    return answer(encodeRequestHead(input, input_len, own_count, field_count, output, output_len));
}

fn encodeRequestHead(
    input: u32,
    input_len: u32,
    own_count: u32,
    field_count: u32,
    output: u32,
    output_len: u32,
) Error!u32 {
    const room = try slice.output(output, output_len);
    var encoder: head_encoder.Encoder = .{ .parts = try slice.input(input, input_len), .output = room };
    return encoder.encode(own_count, field_count) catch |err| {
        if (err == error.InvalidPart) std.mem.writeInt(u32, room[0..4], encoder.part, .little);
        return err;
    };
}

/// Begins a chunked body in `decoder` (http/chunked.zig), which is aligned to 8. Takes: its limits. Gives: 0.
/// Fails: out_of_bounds.
export fn @"http.init_chunked"(
    decoder: u32,
    extension_bytes_max: u32,
    extension_bytes_total_max: u32,
    trailer_bytes_max: u32,
) i32 {
    return done(initChunked(decoder, .{
        .extension_bytes = extension_bytes_max,
        .extension_bytes_total = extension_bytes_total_max,
        .trailer_bytes = trailer_bytes_max,
    }));
}

fn initChunked(decoder: u32, limits: chunked.Limits) Error!void {
    (try slice.pointer(chunked.Decoder, decoder)).* = .init(limits);
}

/// Takes: the beginning, `input_len` bytes, of a piece of `piece_len`; and room for `segments_max` segments, one at
/// least. Gives: how many segments of data were found; the last one may reach beyond the input. How much of the
/// piece was consumed, and whether the body is done, the decoder says.
/// Fails: out_of_bounds, invalid_state, no_space; and for what the input says, the codes of http/chunked.zig.
export fn @"http.feed_chunked"(
    decoder: u32,
    input: u32,
    input_len: u32,
    piece_len: u32,
    segments: u32,
    segments_max: u32,
) i32 {
    return answer(feedChunked(decoder, input, input_len, piece_len, segments, segments_max));
}

fn feedChunked(
    decoder_address: u32,
    input: u32,
    input_len: u32,
    piece_len: u32,
    segments: u32,
    segments_max: u32,
) Error!u32 {
    const decoder = try slice.pointer(chunked.Decoder, decoder_address);
    const room = try slice.elements(chunked.Segment, segments, segments_max);
    return decoder.feed(try slice.input(input, input_len), piece_len, room);
}

// ---- serialized values ----

/// Gives: how many bytes a scanner takes, at an address aligned to 4.
export fn @"clone.scanner_bytes"() i32 {
    return @sizeOf(clone.Scanner);
}

/// Makes a scanner that begins. Gives: 0. Fails: out_of_bounds.
export fn @"clone.begin"(scanner: u32) i32 {
    return done(cloneBegin(scanner));
}

fn cloneBegin(address: u32) Error!void {
    const scanner = try slice.pointer(clone.Scanner, address);
    scanner.* = .{};
}

/// Takes: a scanner, all of the input, the same in each call; room for as many frames, 16 bytes each, as objects may be
/// inside each other, holding those of the last call; and room for records, 36 bytes each (clone/scanner.zig). Frames
/// and records are aligned to 4. Gives: how many records there are now; no more come when the scanner says that it is
/// done, or needs frames. Fails: out_of_bounds; invalid_serialized_value, where and why says the scanner.
export fn @"clone.scan"(
    scanner: u32,
    input: u32,
    input_len: u32,
    frames: u32,
    frames_max: u32,
    records: u32,
    records_max: u32,
) i32 {
    return answer(cloneScan(scanner, input, input_len, frames, frames_max, records, records_max));
}

fn cloneScan(
    scanner_address: u32,
    input: u32,
    input_len: u32,
    frames: u32,
    frames_max: u32,
    records: u32,
    records_max: u32,
) Error!u32 {
    const scanner = try slice.pointer(clone.Scanner, scanner_address);
    const frames_room = try slice.elements(clone.Frame, frames, frames_max);
    const records_room = try slice.elements(clone.Record, records, records_max);
    const input_bytes = try slice.input(input, input_len);
    // Records may lie over the scanner: what is in use while they are written is a copy.
    var state = scanner.*;
    defer scanner.* = state;
    return state.scan(input_bytes, frames_room, records_room);
}

// ---- the loader's own: see abi/loader.zig ----

/// Takes: a length, and an id: 1 for an ArrayBuffer, 2 for a String. Gives: the object's address, below 2 GiB,
/// because the loader takes addresses for signed numbers; its bytes are zero. Owns: the host, until a `__collect`
/// that finds it unpinned. Aborts when memory, or memory below 2 GiB, is out. Grows: yes.
export fn __new(len: u32, id: u32) u32 {
    return loader.new(len, id) catch |err| abort.withString(loader.message(err));
}

/// Keeps an object through `__collect`. Gives: its address. Aborts for what is no object, and on a second pin.
export fn __pin(address: u32) u32 {
    return loader.pin(address) catch |err| abort.withString(loader.message(err));
}

/// Aborts for what is no pinned object.
export fn __unpin(address: u32) void {
    loader.unpin(address) catch |err| abort.withString(loader.message(err));
}

/// Wipes and takes back every object that is not pinned.
export fn __collect() void {
    loader.collect();
}

// ---- from Zig's results to the boundary's ----

/// Every error that a room may answer with; each is a status.
const Error = slice.Error || hash.StateError || hash.OutputError || chunked.Error ||
    request_head.Error || response_head.Error || head_encoder.Error ||
    gcm.LengthError || gcm.OpenError ||
    pkcs8.Error || key_table.Error || base64url.Error ||
    ec_key.PrivateKeyError || ec_key.PublicKeyError || eddsa.ContextError || eddsa.StateError ||
    rsa_key.KeyError || rsa_operation.BeginError || rsa_operation.StepError || rsa_generation.StepError ||
    pss.EncodeError ||
    clone.Error || error{UnknownAlgorithm};

fn answer(result: Error!u32) i32 {
    return @intCast(result catch |err| return fail(err));
}

fn truth(result: Error!bool) i32 {
    return @intFromBool(result catch |err| return fail(err));
}

fn done(result: Error!void) i32 {
    result catch |err| return fail(err);
    return 0;
}

/// Not inlined: a copy in each export would make the module 8 KB larger.
noinline fn fail(err: (Error || arena.OpenError || arena.AllocError || arena.CloseError)) i32 {
    const status: Status = switch (err) {
        error.OutOfMemory => .out_of_memory,
        error.OutOfBounds => .out_of_bounds,
        error.InvalidHandle => .invalid_handle,
        error.TooManyArenas => .too_many_arenas,
        error.InvalidAlignment => .invalid_alignment,
        error.UnknownAlgorithm => .unknown_algorithm,
        error.InvalidState => .invalid_state,
        error.InvalidLength => .invalid_length,
        error.AuthenticationFailed => .authentication_failed,
        error.InvalidPrivateKey => .invalid_private_key,
        error.InvalidPublicKey => .invalid_public_key,
        error.OutputTooShort, error.NoSpace => .no_space,
        error.InvalidKey => .invalid_rsa_key,
        error.RepresentativeOutOfRange => .representative_out_of_range,
        error.PrivateOperationFailed => .private_operation_failed,
        error.EncodingTooLong => .encoding_too_long,
        error.NotRandom => .not_random,
        error.InvalidRequestLine => .invalid_request_line,
        error.InvalidTarget => .invalid_target,
        error.InvalidFieldLine => .invalid_field_line,
        error.InvalidHost => .invalid_host,
        error.InvalidContentLength => .invalid_content_length,
        error.InvalidTransferEncoding => .invalid_transfer_encoding,
        error.TargetTooLong => .target_too_long,
        error.HeadTooLarge => .head_too_large,
        error.TooManyFields => .too_many_fields,
        error.MethodTooLong => .method_too_long,
        error.UnknownTransferCoding => .unknown_transfer_coding,
        error.UnsupportedVersion => .unsupported_version,
        error.InvalidChunkSize => .invalid_chunk_size,
        error.InvalidChunkExtension => .invalid_chunk_extension,
        error.InvalidChunkEnd => .invalid_chunk_end,
        error.InvalidTrailer => .invalid_trailer,
        error.ChunkExtensionsTooLarge => .chunk_extensions_too_large,
        error.TrailersTooLarge => .trailers_too_large,
        error.InvalidStatusLine => .invalid_status_line,
        error.InvalidPart => .invalid_part,
        error.InvalidDer => .invalid_der,
        error.UnknownKeyAlgorithm => .unknown_key_algorithm,
        error.UnknownCurve => .unknown_curve,
        error.MultiPrimeKey => .multi_prime_key,
        error.InvalidKeyParts => .invalid_key_parts,
        error.InvalidBase64url => .invalid_base64url,
        error.InvalidSerializedValue => .invalid_serialized_value,
    };
    return status.code();
}

fn addressOf(pointer: *const anyopaque) i32 {
    return @bitCast(@as(u32, @intFromPtr(pointer)));
}
