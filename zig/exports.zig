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
const chunked = @import("http/chunked.zig");
const http_head = @import("http/head.zig");

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

// ---- HTTP/1.1 ----

/// Takes: the bytes from the first of a request head on, as many as have come; and a head (http/head.zig) with room
/// for `fields_max` fields behind it, aligned to 8, all zero before the first call and left alone between calls.
/// Gives: the length of the head, which is then read, its fields too; or 0 if more bytes are needed.
/// Fails: out_of_bounds, invalid_state; and for what the input says, the codes of http/head.zig.
export fn @"http.parse_request_head"(
    input: u32,
    input_len: u32,
    head: u32,
    fields_max: u32,
    head_bytes_max: u32,
    target_bytes_max: u32,
) i32 {
    const limits: http_head.Limits = .{ .head_bytes = head_bytes_max, .target_bytes = target_bytes_max };
    return answer(parseRequestHead(input, input_len, head, fields_max, limits));
}

fn parseRequestHead(input: u32, input_len: u32, head: u32, fields_max: u32, limits: http_head.Limits) Error!u32 {
    const head_end = std.math.add(u32, head, @sizeOf(http_head.Head)) catch return error.OutOfBounds;
    const fields = try slice.elements(http_head.Field, head_end, fields_max);
    const bytes = try slice.input(input, input_len);
    return try http_head.parse(bytes, try slice.pointer(http_head.Head, head), fields, limits) orelse 0;
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
const Error = slice.Error || hash.StateError || hash.OutputError || http_head.Error || chunked.Error ||
    error{UnknownAlgorithm};

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

fn fail(err: (Error || arena.OpenError || arena.AllocError || arena.CloseError)) i32 {
    const status: Status = switch (err) {
        error.OutOfMemory => .out_of_memory,
        error.OutOfBounds => .out_of_bounds,
        error.InvalidHandle => .invalid_handle,
        error.TooManyArenas => .too_many_arenas,
        error.InvalidAlignment => .invalid_alignment,
        error.UnknownAlgorithm => .unknown_algorithm,
        error.InvalidState => .invalid_state,
        error.OutputTooShort, error.NoSpace => .no_space,
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
    };
    return status.code();
}

fn addressOf(pointer: *const anyopaque) i32 {
    return @bitCast(@as(u32, @intFromPtr(pointer)));
}
