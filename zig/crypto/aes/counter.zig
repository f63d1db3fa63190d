//! AES-CTR: NIST SP 800-38A (December 2001), section 6.5, with the standard incrementing function of appendix B.1, which
//! counts in the last 1 to 128 bits of a block, and in these wraps. In pieces, all but the last of whole blocks.
//!
//! No more blocks than the counter has values (appendix B.1 again): the keystream would come once more, and give both
//! texts away. More in one piece are refused; over several pieces the caller counts.
//!
//! Constant time in key and text; counter blocks and lengths are public. Scratch is wiped.

const std = @import("std");
const cipher = @import("cipher.zig");
const ct = @import("../ct.zig");
const ctr = @import("ctr.zig");
const key_module = @import("key.zig");
const vector = @import("vector.zig");

const LengthError = key_module.LengthError;
const Prepared = key_module.Prepared;
const StateError = key_module.StateError;
const batch_bytes = ctr.batch_bytes;
const block_bytes = vector.block_bytes;

/// Encrypts or decrypts input into output, which is as long, and where it is or apart. `counter_block` is that of the
/// first block of input, and moves past its last.
pub fn crypt(
    prepared: *const Prepared,
    counter_block: *[block_bytes]u8,
    counter_bits: u32,
    input: []const u8,
    output: []u8,
) (StateError || LengthError)!void {
    const schedule = try prepared.scheduleOf();
    if (counter_bits < 1 or counter_bits > 128) return error.InvalidLength;
    const blocks = input.len / block_bytes + @intFromBool(input.len % block_bytes != 0);
    if (counter_bits < @bitSizeOf(usize) and blocks > @as(usize, 1) << @intCast(counter_bits)) return error.InvalidLength;
    var counter: Counter = .init(counter_block.*, counter_bits);
    defer std.mem.writeInt(u128, counter_block, counter.value, .big);
    var key: cipher.Key = undefined;
    const needs_key = blocks > blocks_alone_max;
    if (needs_key) key.init(schedule);
    defer if (needs_key) ct.wipe(std.mem.asBytes(&key));

    var at: usize = 0;
    while (at < input.len) {
        const rest = input[at..];
        const run_bytes = @min(rest.len, counter.beforeWrap() *| block_bytes);
        // Whole batches; or the last of them, of which a part is used; or blocks one by one, up to where the counter wraps.
        const bytes = if (run_bytes <= blocks_alone_max * block_bytes)
            @min(run_bytes, block_bytes)
        else if (run_bytes < batch_bytes)
            run_bytes
        else
            @min(part_bytes, run_bytes / batch_bytes * batch_bytes);
        var block: vector.Block = std.mem.toBytes(std.mem.nativeToBig(u128, counter.value));
        if (run_bytes >= batch_bytes) {
            ctr.addKeystream(&key, &block, @ptrCast(rest[0..bytes]), @ptrCast(output[at..][0..bytes]));
        } else {
            var keystream: ctr.Batch align(block_bytes) = undefined;
            defer ct.wipe(&keystream);
            if (bytes > block_bytes) {
                ctr.keystream(&key, &block, &keystream);
            } else {
                keystream[0..block_bytes].* = cipher.encryptBlock(schedule, block);
            }
            for (output[at..][0..bytes], rest[0..bytes], keystream[0..bytes]) |*sum, byte, mask| sum.* = byte ^ mask;
        }
        counter.add(bytes / block_bytes + @intFromBool(bytes % block_bytes != 0));
        at += bytes;
    }
}

/// So few blocks are encrypted faster one by one.
const blocks_alone_max = 2;

/// An engine swaps in optimised code between calls, never within one: a long message makes many calls.
const part_bytes = 4096;

/// A counter block, of which the last bits are counted.
const Counter = struct {
    value: u128,
    mask: u128,

    fn init(block: [block_bytes]u8, bits: u32) Counter {
        return .{
            .value = std.mem.readInt(u128, &block, .big),
            .mask = @as(u128, std.math.maxInt(u128)) >> @intCast(128 - bits),
        };
    }

    /// How many blocks there are, this one with them, until the counter wraps or the last 32 bits of the block do, which
    /// is as far as ctr.zig counts.
    fn beforeWrap(counter: Counter) usize {
        const in_counter = counter.mask - (counter.value & counter.mask);
        const in_word = std.math.maxInt(u32) - @as(u32, @truncate(counter.value));
        return @as(usize, @intCast(@min(in_counter, in_word))) +| 1;
    }

    fn add(counter: *Counter, blocks: usize) void {
        counter.value = (counter.value & ~counter.mask) | ((counter.value +% blocks) & counter.mask);
    }
};

const testing = std.testing;

fn unhex(comptime hex: []const u8) [hex.len / 2]u8 {
    var bytes: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, hex) catch unreachable;
    return bytes;
}

test "SP 800-38A, appendix F.5: CTR with the three lengths of key" {
    const plaintext = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" ++
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    inline for (.{
        .{ "2b7e151628aed2a6abf7158809cf4f3c", "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff" ++
            "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee" },
        .{
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94" ++
                "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
        },
        .{
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5" ++
                "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
        },
    }) |vectors| {
        var prepared: Prepared = undefined;
        try key_module.prepare(&unhex(vectors[0]), &prepared);
        var counter = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        var output: [plaintext.len]u8 = undefined;
        try crypt(&prepared, &counter, 128, &plaintext, &output);
        try testing.expectEqual(unhex(vectors[1]), output);
        try testing.expectEqual(unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdff03"), counter);
    }
}

/// The definition, block by block.
fn slowCrypt(key: [16]u8, counter_block: *[16]u8, bits: u32, text: []u8) void {
    const aes = std.crypto.core.aes.Aes128.initEnc(key);
    var at: usize = 0;
    while (at < text.len) : (at += 16) {
        var keystream: [16]u8 = undefined;
        aes.encrypt(&keystream, counter_block);
        const bytes = @min(16, text.len - at);
        for (text[at..][0..bytes], keystream[0..bytes]) |*byte, mask| byte.* ^= mask;
        // The bits counted, from the last on, until one does not carry.
        for (0..bits) |i| {
            const byte = &counter_block[15 - i / 8];
            byte.* ^= @as(u8, 1) << @intCast(i % 8);
            if (byte.* >> @intCast(i % 8) & 1 == 1) break;
        }
    }
}

test "counters of every length wrap where they should, whatever stands before them" {
    var prng: std.Random.DefaultPrng = .init(65);
    const random = prng.random();
    var plaintext: [50 * block_bytes]u8 = undefined;
    random.bytes(&plaintext);
    const key = plaintext[0..16].*;
    var prepared: Prepared = undefined;
    try key_module.prepare(&key, &prepared);
    for (1..129) |bits| for (0..12) |round| {
        var counter: [16]u8 = undefined;
        random.bytes(&counter);
        const wide: u128 = (@as(u128, 1) << @intCast(bits - 1)) *% 2;
        const value = std.mem.readInt(u128, &counter, .big);
        const fixed = if (bits == 128) 0 else value / wide * wide;
        // So many before the end of the counter, of the last 32 bits, or anywhere.
        const before = random.uintLessThan(u8, 40);
        const near = switch (round % 3) {
            0 => (wide -% 1) -% before,
            1 => @as(u128, 0xffff_ffff) -% before,
            else => value,
        };
        std.mem.writeInt(u128, &counter, fixed | (near & (wide -% 1)), .big);
        const most = if (bits < 6) @as(usize, 1) << @intCast(bits) else 50;
        const length = random.uintAtMost(usize, most * block_bytes);
        const cut = random.uintAtMost(usize, length / block_bytes) * block_bytes;
        var expected = plaintext;
        var expected_counter = counter;
        slowCrypt(key, &expected_counter, @intCast(bits), expected[0..length]);
        var text = plaintext;
        try crypt(&prepared, &counter, @intCast(bits), text[0..cut], text[0..cut]);
        try crypt(&prepared, &counter, @intCast(bits), text[cut..length], text[cut..length]);
        try testing.expectEqual(expected, text);
        try testing.expectEqual(expected_counter, counter);
    };
}

test "more blocks than the counter has values are refused, and nothing is written" {
    var prepared: Prepared = undefined;
    try key_module.prepare("0123456789abcdef", &prepared);
    var text: [1025 * block_bytes]u8 = @splat(0xa5);
    for (1..11) |bits| {
        var counter: [block_bytes]u8 = @splat(7);
        const most = @as(usize, 1) << @intCast(bits);
        const refused = crypt(&prepared, &counter, @intCast(bits), text[0 .. most * block_bytes + 1], text[0 .. most * block_bytes + 1]);
        try testing.expectError(error.InvalidLength, refused);
        try testing.expect(std.mem.allEqual(u8, &text, 0xa5));
        const block = text[0 .. most * block_bytes];
        try crypt(&prepared, &counter, @intCast(bits), block, block);
        try testing.expect(std.mem.allEqual(u8, &counter, 7));
        try crypt(&prepared, &counter, @intCast(bits), block, block);
        try testing.expect(std.mem.allEqual(u8, &text, 0xa5));
    }
    var counter: [block_bytes]u8 = @splat(7);
    for ([_]u32{ 0, 129, 0xffff_ffff }) |bits| {
        try testing.expectError(error.InvalidLength, crypt(&prepared, &counter, bits, &text, &text));
    }
    @memset(std.mem.asBytes(&prepared), 0xa5);
    try testing.expectError(error.InvalidState, crypt(&prepared, &counter, 128, &text, &text));
}
