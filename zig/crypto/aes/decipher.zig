//! AES backwards: INVCIPHER() of FIPS 197 (updated May 2023), section 5.3, with the schedule and the keys of cipher.zig.
//!
//! Eight blocks at a time, bitsliced, as there: after round r is undone the planes hold the state after r - 1 times
//! INVSHIFTROWS(), which is what the round keys hold too, so that no rows are ever shifted. INVSUBBYTES() is a circuit, or
//! for a block alone swizzles of registers (s_box.zig).
//!
//! Constant time in key and blocks, as cipher.zig is.

const std = @import("std");
const cipher = @import("cipher.zig");
const s_box = @import("s_box.zig");
const vector = @import("vector.zig");

const Block = vector.Block;
const Planes = cipher.Planes;
const splat = vector.splat;

/// INVCIPHER() of eight blocks.
pub inline fn decrypt(blocks: *[8]Block, key: *const cipher.Key) void {
    // Ten and fourteen times INVSHIFTROWS() is twice, twelve times is nothing.
    if (key.rounds != 12) {
        inline for (blocks) |*block| block.* = vector.permute(block.*, cipher.inv_shift_rows[2]);
    }
    cipher.transpose(blocks);
    const planes: *Planes = blocks;
    cipher.addRoundKey(planes, &key.planes[key.rounds - 1]);
    var r = key.rounds;
    while (true) {
        if (r % 4 == 2) { // 128 and 256 bits begin here, all end here.
            undoRound(1, planes, &key.planes[r - 2]);
            if (r == 2) break;
            undoRound(0, planes, &key.planes[r - 3]);
            r -= 2;
        }
        undoRound(3, planes, &key.planes[r - 2]);
        undoRound(2, planes, &key.planes[r - 3]);
        r -= 2;
    }
    s_box.invSubBytes(planes);
    cipher.transpose(blocks);
    inline for (blocks) |*block| block.* ^= key.first;
}

/// INVCIPHER() of one block: less than the time of eight, and no Key is needed.
pub noinline fn decryptBlock(schedule: *const cipher.Schedule, block: Block) Block {
    const rounds = schedule.Nr();
    var state = vector.swizzle(block, cipher.inv_shift_rows[rounds % 4]) ^ schedule.round_keys[rounds];
    var r = rounds - 1;
    while (r > 0) : (r -= 1) {
        const a = s_box.lookUp(&s_box.inverse, state) ^ schedule.round_keys[r];
        // As in `invMixColumns` below.
        const sum = a ^ vector.swizzle(a, cipher.one_down[r % 4]);
        const once = a ^ cipher.double(sum);
        const own = sum ^ cipher.double(cipher.double(once));
        state = own ^ once ^ vector.swizzle(own, cipher.two_down[r % 4]);
    }
    return s_box.lookUp(&s_box.inverse, state) ^ schedule.round_keys[0];
}

/// Undoes MIXCOLUMNS() and all of the next round but its key: turn and round_key are of the round that was reached.
inline fn undoRound(comptime turn: usize, planes: *Planes, round_key: *const Planes) void {
    s_box.invSubBytes(planes);
    cipher.addRoundKey(planes, round_key);
    invMixColumns(turn, planes);
}

/// Section 5.3.3: with a byte's lower neighbours in its column b, c and d, a becomes 14a + 11b + 13c + 9d. What a and b
/// give to the byte two rows up is 13a + 9b = 9(a + b) + 4a, and what they give to their own is that, 2(a + b) and a.
inline fn invMixColumns(comptime turn: usize, planes: *Planes) void {
    var sums: Planes = undefined; // a + b
    inline for (&sums, planes) |*sum, a| sum.* = a ^ vector.permute(a, cipher.one_down[turn]);
    var once: Planes = planes.*; // a + 2(a + b). Doubling moves each bit up, and bit 7 comes back as x^8 = 0x1b.
    inline for (&once, 0..) |*plane, k| {
        plane.* ^= sums[(k + 7) % 8];
        if (k == 1 or k == 3 or k == 4) plane.* ^= sums[7];
    }
    const six, const seven = .{ once[6], once[7] };
    const both = six ^ seven;
    const carried = Planes{
        six,
        both,
        once[0] ^ seven,
        once[1] ^ six,
        once[2] ^ both,
        once[3] ^ seven,
        once[4],
        once[5],
    }; // 4 once
    inline for (planes, 0..) |*plane, k| {
        const own = sums[k] ^ carried[k];
        plane.* = own ^ once[k] ^ vector.permute(own, cipher.two_down[turn]);
    }
}

const testing = std.testing;

fn decryptBlocks(key_bytes: []const u8, blocks: *[8]Block) !void {
    var schedule: cipher.Schedule = undefined;
    try cipher.expandKey(key_bytes, &schedule);
    var key: cipher.Key = undefined;
    key.init(&schedule);
    decrypt(blocks, &key);
}

test "FIPS 197 appendix C: the three example vectors, backwards" {
    var key: [32]u8 = undefined;
    for (&key, 0..) |*byte, i| byte.* = @intCast(i);
    var plain: [16]u8 = undefined;
    for (&plain, 0..) |*byte, i| byte.* = @intCast(0x11 * i);
    inline for (.{ 16, 24, 32 }, .{
        "69c4e0d86a7b0430d8cdb78070b4c55a",
        "dda97ca4864cdfe06eaf70a0ec0d7191",
        "8ea2b7ca516745bfeafc49904b496089",
    }) |key_bytes, hex| {
        var ciphertext: [16]u8 = undefined;
        _ = try std.fmt.hexToBytes(&ciphertext, hex);
        var blocks: [8]Block = @splat(splat(0));
        blocks[3] = ciphertext;
        try decryptBlocks(key[0..key_bytes], &blocks);
        try testing.expectEqual(plain, @as([16]u8, blocks[3]));
        try testing.expectEqual(blocks[0], blocks[7]);
        var schedule: cipher.Schedule = undefined;
        try cipher.expandKey(key[0..key_bytes], &schedule);
        try testing.expectEqual(plain, @as([16]u8, decryptBlock(&schedule, ciphertext)));
    }
}

test "what the cipher makes of random blocks is undone, with every key length" {
    var prng: std.Random.DefaultPrng = .init(197);
    for (0..100) |_| for ([_]usize{ 16, 24, 32 }) |key_bytes| {
        var key: [32]u8 = undefined;
        var bytes: [8][16]u8 = undefined;
        prng.random().bytes(&key);
        prng.random().bytes(std.mem.asBytes(&bytes));
        var schedule: cipher.Schedule = undefined;
        try cipher.expandKey(key[0..key_bytes], &schedule);
        var blocks: [8]Block = undefined;
        for (&blocks, bytes) |*block, plain| {
            block.* = cipher.encryptBlock(&schedule, plain);
            try testing.expectEqual(plain, @as([16]u8, decryptBlock(&schedule, block.*)));
        }
        try decryptBlocks(key[0..key_bytes], &blocks);
        for (blocks, bytes) |block, plain| try testing.expectEqual(plain, @as([16]u8, block));
    };
}
