//! AES-CBC: NIST SP 800-38A (December 2001), section 6.2, in pieces of whole blocks; and the padding of PKCS #7
//! (RFC 2315, section 10.3, step 2), as the last piece has it.
//!
//! Encryption makes each block from the one before, so it goes block by block; decryption takes eight at a time.
//!
//! Constant time in key and text; lengths are public. So is, once a message is decrypted, whether it ends in padding, and
//! if so how long that is. A message that nobody vouches for tells its plaintext to whoever may ask that often enough:
//! what is decrypted in this mode has to be authenticated before. Scratch is wiped.

const std = @import("std");
const cipher = @import("cipher.zig");
const ct = @import("../ct.zig");
const ctr = @import("ctr.zig");
const decipher = @import("decipher.zig");
const key_module = @import("key.zig");
const vector = @import("vector.zig");

const Batch = ctr.Batch;
const Block = vector.Block;
const LengthError = key_module.LengthError;
const Prepared = key_module.Prepared;
const StateError = key_module.StateError;
const batch_bytes = ctr.batch_bytes;
const block_bytes = vector.block_bytes;

/// Encrypts whole blocks into output, which is as long as input, and where it is or apart. `chain` is the IV, or the
/// last block of the ciphertext so far, and becomes that.
pub fn encrypt(
    prepared: *const Prepared,
    chain: *[block_bytes]u8,
    input: []const u8,
    output: []u8,
) (StateError || LengthError)!void {
    const schedule = try prepared.scheduleOf();
    if (input.len % block_bytes != 0) return error.InvalidLength;
    var state = vector.load(chain);
    var at: usize = 0;
    while (at < input.len) : (at += block_bytes) {
        state = cipher.encryptBlock(schedule, state ^ vector.load(input[at..][0..block_bytes]));
        vector.store(output[at..][0..block_bytes], state);
    }
    vector.store(chain, state);
}

/// The same backwards; `chain` is the IV, or the last block of the ciphertext so far.
pub fn decrypt(
    prepared: *const Prepared,
    chain: *[block_bytes]u8,
    input: []const u8,
    output: []u8,
) (StateError || LengthError)!void {
    const schedule = try prepared.scheduleOf();
    if (input.len % block_bytes != 0) return error.InvalidLength;
    var previous = vector.load(chain);
    defer vector.store(chain, previous);
    if (input.len < batch_bytes_min) {
        var at: usize = 0;
        while (at < input.len) : (at += block_bytes) {
            const block = vector.load(input[at..][0..block_bytes]);
            vector.store(output[at..][0..block_bytes], decipher.decryptBlock(schedule, block) ^ previous);
            previous = block;
        }
        return;
    }
    var key: cipher.Key = undefined;
    defer ct.wipe(std.mem.asBytes(&key));
    key.init(schedule);
    const whole = input.len / batch_bytes * batch_bytes;
    var at: usize = 0;
    while (at < whole) {
        const end = at + @min(part_bytes, whole - at);
        decryptBatches(&key, &previous, @ptrCast(input[at..end]), @ptrCast(output[at..end]));
        at = end;
    }
    if (at == input.len) return;
    var last: [1]Batch = .{@splat(0)};
    defer ct.wipe(&last[0]);
    const rest = input[at..];
    @memcpy(last[0][0..rest.len], rest);
    const next = vector.load(last[0][rest.len - block_bytes ..][0..block_bytes]);
    decryptBatches(&key, &previous, &last, &last);
    @memcpy(output[at..], last[0][0..rest.len]);
    previous = next;
}

/// From here on, eight blocks at a time are faster, with what their key takes.
const batch_bytes_min = 4 * block_bytes;

/// An engine swaps in optimised code between calls, never within one: a long message makes many calls.
const part_bytes = 4096;

/// Not inlined: one copy serves every caller.
noinline fn decryptBatches(key: *const cipher.Key, previous: *Block, input: []const Batch, output: []Batch) void {
    std.debug.assert(input.len == output.len);
    for (input, output) |*from, *to| {
        var blocks: [8]Block = undefined;
        inline for (&blocks, 0..) |*block, i| block.* = vector.load(from[i * block_bytes ..][0..block_bytes]);
        const last = blocks[7];
        decipher.decrypt(&blocks, key);
        // From the end, as output may be where input is.
        comptime var i = 7;
        inline while (i > 0) : (i -= 1) {
            const before = vector.load(from[(i - 1) * block_bytes ..][0..block_bytes]);
            vector.store(to[i * block_bytes ..][0..block_bytes], blocks[i] ^ before);
        }
        vector.store(to[0..block_bytes], blocks[0] ^ previous.*);
        previous.* = last;
    }
}

/// How many bytes of the last block of a plaintext are padding: 1 to 16, each of which says so; or 0 if they do not, and
/// no more is said.
pub fn paddingBytes(last: *const [block_bytes]u8) u32 {
    const length = last[block_bytes - 1];
    const from_end: Block = comptime std.simd.reverseOrder(std.simd.iota(u8, block_bytes));
    const is_padding = @select(u8, from_end < vector.splat(length), vector.splat(0xff), vector.splat(0));
    const wrong = @reduce(.Or, is_padding & (vector.load(last) ^ vector.splat(length)));
    const out_of_range = (length -% 1) & 0xf0;
    return length & ct.maskOfZero(wrong | out_of_range);
}

const testing = std.testing;

fn unhex(comptime hex: []const u8) [hex.len / 2]u8 {
    var bytes: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, hex) catch unreachable;
    return bytes;
}

test "SP 800-38A, appendix F.2: CBC with the three lengths of key" {
    const plaintext = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" ++
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    const iv = unhex("000102030405060708090a0b0c0d0e0f");
    inline for (.{
        .{ "2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" ++
            "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
        .{
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a" ++
                "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
        },
        .{
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" ++
                "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
        },
    }) |vectors| {
        var prepared: Prepared = undefined;
        try key_module.prepare(&unhex(vectors[0]), &prepared);
        var output: [plaintext.len]u8 = undefined;
        var chain = iv;
        try encrypt(&prepared, &chain, &plaintext, &output);
        try testing.expectEqual(unhex(vectors[1]), output);
        try testing.expectEqualSlices(u8, output[48..], &chain);
        chain = iv;
        try decrypt(&prepared, &chain, &output, &output);
        try testing.expectEqual(plaintext, output);
        try testing.expectEqualSlices(u8, unhex(vectors[1])[48..], &chain);
    }
}

test "messages of up to 40 blocks come back, cut in two anywhere, in place and apart" {
    var prng: std.Random.DefaultPrng = .init(38);
    var plaintext: [40 * block_bytes]u8 = undefined;
    prng.random().bytes(&plaintext);
    const iv = plaintext[5..][0..block_bytes].*;
    for ([_]usize{ 16, 24, 32 }) |key_bytes| {
        var prepared: Prepared = undefined;
        try key_module.prepare(plaintext[0..key_bytes], &prepared);
        var whole: [plaintext.len]u8 = undefined;
        var chain = iv;
        try encrypt(&prepared, &chain, &plaintext, &whole);
        // How blocks are batched does not depend on the key's length: every length of message with one of them.
        const blocks_min: usize = if (key_bytes == 16) 0 else 40;
        for (blocks_min..41) |blocks| for (0..blocks + 1) |first| {
            const text = plaintext[0 .. blocks * block_bytes];
            const sealed = whole[0..text.len];
            const cut = first * block_bytes;
            var apart: [plaintext.len]u8 = undefined;
            if (blocks == 40) {
                chain = iv;
                try encrypt(&prepared, &chain, text[0..cut], apart[0..cut]);
                try encrypt(&prepared, &chain, text[cut..], apart[cut..]);
                try testing.expectEqualSlices(u8, sealed, &apart);
            }
            chain = iv;
            try decrypt(&prepared, &chain, sealed[0..cut], apart[0..cut]);
            try decrypt(&prepared, &chain, sealed[cut..], apart[cut..text.len]);
            try testing.expectEqualSlices(u8, text, apart[0..text.len]);
            @memcpy(apart[0..text.len], sealed);
            chain = iv;
            try decrypt(&prepared, &chain, apart[0..text.len], apart[0..text.len]);
            try testing.expectEqualSlices(u8, text, apart[0..text.len]);
        };
    }
}

test "of all last blocks whose end is a length and as many copies of it, those alone are padding that have them all" {
    var block: [block_bytes]u8 = @splat(0xa5);
    for (0..256) |length| {
        @memset(&block, 0xa5);
        const bytes: usize = @min(length, block_bytes);
        @memset(block[block_bytes - bytes ..], @intCast(length));
        block[block_bytes - 1] = @intCast(length);
        if (length == 0 or length > block_bytes) {
            try testing.expectEqual(0, paddingBytes(&block));
            continue;
        }
        try testing.expectEqual(length, paddingBytes(&block));
        for (0..block_bytes - 1) |i| for (0..8) |bit| {
            const mask = @as(u8, 1) << @intCast(bit);
            block[i] ^= mask;
            defer block[i] ^= mask;
            const is_padding = i >= block_bytes - length;
            if (is_padding) {
                try testing.expectEqual(0, paddingBytes(&block));
            } else {
                try testing.expectEqual(length, paddingBytes(&block));
            }
        };
    }
}

test "what is no whole number of blocks, or no prepared key, is refused" {
    var prepared: Prepared = undefined;
    try testing.expectError(error.InvalidLength, key_module.prepare("short", &prepared));
    try key_module.prepare("0123456789abcdef", &prepared);
    var chain: [block_bytes]u8 = @splat(0);
    var text: [33]u8 = @splat(0);
    for (1..text.len + 1) |length| {
        if (length % block_bytes == 0) continue;
        try testing.expectError(error.InvalidLength, encrypt(&prepared, &chain, text[0..length], text[0..length]));
        try testing.expectError(error.InvalidLength, decrypt(&prepared, &chain, text[0..length], text[0..length]));
    }
    @memset(std.mem.asBytes(&prepared), 0xa5);
    try testing.expectError(error.InvalidState, encrypt(&prepared, &chain, text[0..16], text[0..16]));
    try testing.expectError(error.InvalidState, decrypt(&prepared, &chain, text[0..16], text[0..16]));
}
