//! AES backwards: INVCIPHER() of FIPS 197 (updated May 2023), section 5.3, with the schedule and the keys of cipher.zig.
//!
//! Eight blocks at a time, bitsliced, as there: after round r is undone the planes hold the state after r - 1 times
//! INVSHIFTROWS(), which is what the round keys hold too, so that no rows are ever shifted. INVSUBBYTES() is the circuit
//! of Boyar and Peralta (2011) between the inverse affine map and itself, both of which are made one with the circuit's
//! linear layers: 117 gates. A block alone takes the inverse S-box from registers, by swizzles.
//!
//! Constant time in key and blocks, as cipher.zig is.

const std = @import("std");
const cipher = @import("cipher.zig");
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
    invSubBytes(planes);
    cipher.transpose(blocks);
    inline for (blocks) |*block| block.* ^= key.first;
}

/// INVCIPHER() of one block: less than the time of eight, and no Key is needed.
pub noinline fn decryptBlock(schedule: *const cipher.Schedule, block: Block) Block {
    const rounds = schedule.Nr();
    var state = vector.swizzle(block, cipher.inv_shift_rows[rounds % 4]) ^ schedule.round_keys[rounds];
    var r = rounds - 1;
    while (r > 0) : (r -= 1) {
        const a = substitute(state) ^ schedule.round_keys[r];
        // As in `invMixColumns` below.
        const sum = a ^ vector.swizzle(a, cipher.one_down[r % 4]);
        const once = a ^ double(sum);
        const own = sum ^ double(double(once));
        state = own ^ once ^ vector.swizzle(own, cipher.two_down[r % 4]);
    }
    return substitute(state) ^ schedule.round_keys[0];
}

/// INVSUBBYTES(): of each row a swizzle picks what is its own. All are read, whatever the block.
inline fn substitute(block: Block) Block {
    var found = splat(0);
    inline for (0..4) |quarter| {
        // Other operations in the quarter than between quarters, as in cipher.zig.
        var picked = splat(0);
        inline for (inv_s_box[4 * quarter ..][0..4], 4 * quarter..) |row, high| {
            picked |= vector.swizzle(row, block ^ splat(high << 4));
        }
        found ^= picked;
    }
    return found;
}

/// XTIMES() of section 4.2, of each byte.
inline fn double(block: Block) Block {
    return block +% block ^ (splat(0x1b) & -%(block >> splat(7)));
}

/// Undoes MIXCOLUMNS() and all of the next round but its key: turn and round_key are of the round that was reached.
inline fn undoRound(comptime turn: usize, planes: *Planes, round_key: *const Planes) void {
    invSubBytes(planes);
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

/// Section 5.3.2. The linear layers were found by searching for short programs; between them stands the inversion of
/// cipher.zig's circuit, with the names that it has there. Bit 0 is the highest.
inline fn invSubBytes(planes: *Planes) void {
    const x0, const x1, const x2, const x3, const x4, const x5, const x6, const x7 =
        .{ planes[7], planes[6], planes[5], planes[4], planes[3], planes[2], planes[1], planes[0] };

    // Top linear layer, after the inverse affine map. y0 is what is x7 in the circuit for SUBBYTES().
    const r0 = x7 ^ x6;
    const r1 = x5 ^ x0;
    const y5 = x3 ^ x1;
    const y9 = x4 ^ x3;
    const y8 = x1 ^ x0;
    const y3 = x3 ^ x0;
    const y19 = x7 ^ x4;
    const y4 = y5 ^ r0;
    const y12 = r0 ^ y8;
    const y0 = x2 ^ r1;
    const y1 = x7 ^ y9;
    const y18 = x2 ^ y9;
    const y6 = x3 ^ y8;
    const y7 = x2 ^ y4;
    const y11 = y4 ^ r1;
    const y10 = y1 ^ y6;
    const y13 = x6 ^ y1;
    const y14 = x4 ^ y6;
    const y15 = y6 ^ y0;
    const y16 = y7 ^ y1;
    const y21 = x6 ^ y7;
    const y20 = y9 ^ y11;
    const y17 = y11 ^ y10;
    const y2 = y5 ^ y13;

    // Inversion in GF(2^8), by way of GF(2^4).
    const t2 = y12 & y15;
    const t3 = y3 & y6;
    const t4 = t3 ^ t2;
    const t5 = y4 & y0;
    const t6 = t5 ^ t2;
    const t7 = y13 & y16;
    const t8 = y5 & y1;
    const t9 = t8 ^ t7;
    const t10 = y2 & y7;
    const t11 = t10 ^ t7;
    const t12 = y9 & y11;
    const t13 = y14 & y17;
    const t14 = t13 ^ t12;
    const t15 = y8 & y10;
    const t16 = t15 ^ t12;
    const t17 = t4 ^ t14;
    const t18 = t6 ^ t16;
    const t19 = t9 ^ t14;
    const t20 = t11 ^ t16;
    const t21 = t17 ^ y20;
    const t22 = t18 ^ y19;
    const t23 = t19 ^ y21;
    const t24 = t20 ^ y18;
    const t25 = t21 ^ t22;
    const t26 = t21 & t23;
    const t27 = t24 ^ t26;
    const t28 = t25 & t27;
    const t29 = t28 ^ t22;
    const t30 = t23 ^ t24;
    const t31 = t22 ^ t26;
    const t32 = t31 & t30;
    const t33 = t32 ^ t24;
    const t34 = t23 ^ t33;
    const t35 = t27 ^ t33;
    const t36 = t24 & t35;
    const t37 = t36 ^ t34;
    const t38 = t27 ^ t36;
    const t39 = t29 & t38;
    const t40 = t25 ^ t39;
    const t41 = t40 ^ t37;
    const t42 = t29 ^ t33;
    const t43 = t29 ^ t40;
    const t44 = t33 ^ t37;
    const t45 = t42 ^ t41;
    const z0 = t44 & y15;
    const z1 = t37 & y6;
    const z2 = t33 & y0;
    const z3 = t43 & y16;
    const z4 = t40 & y1;
    const z5 = t29 & y7;
    const z6 = t42 & y11;
    const z7 = t45 & y17;
    const z8 = t41 & y10;
    const z9 = t44 & y12;
    const z10 = t37 & y3;
    const z11 = t33 & y4;
    const z12 = t43 & y13;
    const z13 = t40 & y5;
    const z14 = t29 & y2;
    const z15 = t42 & y9;
    const z16 = t45 & y14;
    const z17 = t41 & y8;

    // Bottom linear layer, before the inverse affine map.
    const v0 = z2 ^ z10;
    const v1 = z6 ^ z8 ^ z13 ^ z15;
    const v2 = z11 ^ z17;
    const v3 = z4 ^ z7 ^ z8;
    const v4 = z12 ^ z16 ^ v1;
    const v5 = z9 ^ v2;
    const v6 = z1 ^ z4;
    const v7 = z0 ^ v4;
    const v8 = z3 ^ v4;
    const v9 = z5 ^ v7;
    const v10 = z3 ^ z11 ^ z14 ^ v0 ^ v6;
    const s7 = z15 ^ v5;
    const s6 = v3 ^ v8;
    const s5 = v6 ^ v9;
    const s4 = z16 ^ v0 ^ v2 ^ v3 ^ v9;
    const s3 = z2 ^ v7;
    const s2 = z13 ^ v4 ^ v10;
    const s1 = v1 ^ v5 ^ v10;
    const s0 = z5 ^ v8;
    planes.* = .{ s7, s6, s5, s4, s3, s2, s1, s0 };
}

/// Table 6, but that what is looked up lacks the constant which the round keys have: the inverse of cipher.zig's.
const inv_s_box: [16]Block = blk: {
    const s_box: [256]u8 = @bitCast(cipher.s_box);
    var inverse: [256]u8 = undefined;
    for (s_box, 0..) |substituted, byte| inverse[substituted] = byte;
    break :blk @bitCast(inverse);
};

const testing = std.testing;

test "the derived inverse S-box is table 6's" {
    const bytes: [256]u8 = @bitCast(inv_s_box);
    for ([_]u8{ 0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38 }, 0..) |expected, i| {
        try testing.expectEqual(expected, bytes[i ^ 0x63]);
    }
    try testing.expectEqual(0x7d, bytes[0xff ^ 0x63]);
}

test "the circuit is the inverse S-box, but for the constant, on every byte" {
    const bytes: [256]u8 = @bitCast(inv_s_box);
    for (0..2) |half| {
        var blocks: [8]Block = undefined;
        for (&blocks, 0..) |*block, b| {
            var bytes_of_block: [16]u8 = undefined;
            for (&bytes_of_block, 0..) |*byte, i| byte.* = @intCast(128 * half + 16 * b + i);
            block.* = bytes_of_block;
        }
        cipher.transpose(&blocks);
        invSubBytes(&blocks);
        cipher.transpose(&blocks);
        for (blocks, 0..) |block, b| for (@as([16]u8, block), 0..) |byte, i| {
            try testing.expectEqual(bytes[128 * half + 16 * b + i], byte);
        };
    }
}

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
