//! AES: FIPS 197 (updated May 2023). CIPHER() and KEYEXPANSION() for keys of 128, 192 and 256 bits.
//!
//! Eight blocks at a time, bitsliced (Käsper and Schwabe, 2009): plane k holds bit k of all 128 bytes, byte i of
//! the plane for byte i of the blocks, its bit b for block b. SUBBYTES() is the circuit of Boyar and Peralta
//! (2011), SHIFTROWS() is left out and made up for by what MIXCOLUMNS() shuffles ("fixslicing", Adomnicai and
//! Peyrin, 2020): after round r the planes hold the state after r times INVSHIFTROWS(), and so do its round keys.
//! A block alone takes the S-box from registers, by swizzles.
//!
//! Constant time in key and blocks: no branch, no memory index depends on them. Key length is public.

const std = @import("std");
const vector = @import("vector.zig");

const Block = vector.Block;
const Order = vector.Order;
const splat = vector.splat;

/// What KEYEXPANSION() gives, in the order of bytes that the rounds have. As secret as the key; its owner wipes it.
pub const Schedule = extern struct {
    /// From r = 1 on they hold the constant of the S-box's affine map too, which SUBBYTES() leaves out here. (A block
    /// of equal bytes passes MIXCOLUMNS() unchanged.)
    round_keys: [rounds_max + 1]Block,
    /// Nr: 10, 12 or 14.
    rounds: u32,

    /// Nr, whatever memory a schedule was said to be in: a number that the loops below come to an end with.
    pub fn Nr(schedule: *const Schedule) u32 {
        return switch (schedule.rounds) {
            10, 12 => |rounds| rounds,
            else => rounds_max,
        };
    }
};

pub const rounds_max = 14;

/// A key that is not 16, 24 or 32 bytes long.
pub const KeyError = error{InvalidLength};

/// Section 5.2.
pub fn expandKey(key: []const u8, schedule: *Schedule) KeyError!void {
    switch (key.len) {
        16, 24, 32 => {},
        else => return error.InvalidLength,
    }
    const Nk = key.len / 4;
    const rounds = Nk + 6;
    schedule.rounds = @intCast(rounds);
    const words: *[4 * (rounds_max + 1)]u32 = @ptrCast(&schedule.round_keys);
    for (words[0..Nk], 0..) |*word, i| word.* = std.mem.readInt(u32, key[4 * i ..][0..4], .little);
    var rcon: u8 = 1;
    var place: usize = 0; // i mod Nk.
    for (Nk..4 * (rounds + 1)) |i| {
        var word = words[i - 1];
        if (place == 0) {
            // RotWord on a little-endian word: its first byte is the lowest.
            word = subWord(std.math.rotr(u32, word, 8)) ^ rcon;
            rcon = xTimes(rcon);
        } else if (Nk > 6 and place == 4) {
            word = subWord(word);
        }
        words[i] = words[i - Nk] ^ word;
        place = if (place + 1 == Nk) 0 else place + 1;
    }
    for (schedule.round_keys[1 .. rounds + 1], 1..) |*round_key, r| {
        round_key.* = vector.swizzle(round_key.* ^ splat(s_box_constant), inv_shift_rows[r % 4]);
    }
}

comptime {
    std.debug.assert(@import("builtin").cpu.arch.endian() == .little);
}

/// Not inlined: it is long, and called twice.
noinline fn subWord(word: u32) u32 {
    const four: Block = @bitCast(@as(@Vector(4, u32), @splat(word)));
    const substituted: @Vector(4, u32) = @bitCast(substitute(four) ^ splat(s_box_constant));
    return substituted[0];
}

/// CIPHER() (section 5.1) of one block: half the time of eight, and no Key is needed.
pub noinline fn encryptBlock(schedule: *const Schedule, block: Block) Block {
    var state = block ^ schedule.round_keys[0];
    const rounds = schedule.Nr();
    for (1..rounds) |r| {
        // 2a + 3b + c + d, as in `mixColumns` below.
        const a = substitute(state);
        const b = vector.swizzle(a, one_down[r % 4]);
        const sum = a ^ b;
        const doubled = sum +% sum ^ (splat(0x1b) & -%(sum >> splat(7)));
        state = doubled ^ b ^ vector.swizzle(sum, two_down[r % 4]) ^ schedule.round_keys[r];
    }
    state = substitute(state) ^ schedule.round_keys[rounds];
    return vector.swizzle(state, inv_shift_rows[rounds % 4]);
}

/// SUBBYTES() without its constant: of each row a swizzle picks what is its own. All are read, whatever the block.
inline fn substitute(block: Block) Block {
    var found = splat(0);
    inline for (0..4) |quarter| {
        // Other operations in the quarter than between quarters, or the compiler makes one long chain of all.
        var picked = splat(0);
        inline for (s_box[4 * quarter ..][0..4], 4 * quarter..) |row, high| {
            picked |= vector.swizzle(row, block ^ splat(high << 4));
        }
        found ^= picked;
    }
    return found;
}

/// Eight blocks, by bits.
pub const Planes = [8]Block;

/// The round keys as planes: what many blocks are encrypted with. As secret as the key; its owner wipes it.
pub const Key = struct {
    /// For ADDROUNDKEY() before the first round.
    first: Block,
    /// For round r, at r - 1.
    planes: [rounds_max]Planes,
    rounds: u32,

    pub fn init(key: *Key, schedule: *const Schedule) void {
        key.first = schedule.round_keys[0];
        key.rounds = schedule.Nr();
        for (key.planes[0..key.rounds], schedule.round_keys[1..][0..key.rounds]) |*planes, round_key| {
            planes.* = repeat(round_key);
        }
    }
};

/// Eight times the same block.
pub inline fn repeat(block: Block) Planes {
    var planes: Planes = undefined;
    inline for (&planes, 0..) |*plane, k| {
        const bit = splat(1 << k);
        plane.* = @select(u8, block & bit == bit, splat(0xff), splat(0));
    }
    return planes;
}

/// From eight planes to eight blocks, or the reverse: bit b of byte i in vector k changes places with bit k of
/// byte i in vector b.
pub inline fn transpose(vectors: *[8]Block) void {
    inline for (.{ 1, 2, 4 }, .{ 0x55, 0x33, 0x0f }) |distance, low_bits| {
        inline for (0..8) |i| {
            if (i & distance != 0) continue;
            const a: @Vector(2, u64) = @bitCast(vectors[i]);
            const b: @Vector(2, u64) = @bitCast(vectors[i + distance]);
            const mask: @Vector(2, u64) = @splat(@as(u64, 0x0101010101010101) * low_bits);
            const shift: @Vector(2, u6) = @splat(distance);
            const moved = ((a >> shift) ^ b) & mask;
            vectors[i] = @bitCast(a ^ (moved << shift));
            vectors[i + distance] = @bitCast(b ^ moved);
        }
    }
}

/// CIPHER() (section 5.1) but for its first ADDROUNDKEY(), which the caller has done, on eight blocks in planes.
/// The result is eight blocks: transposed already, because the last permutation is cheaper there or nowhere.
pub inline fn encrypt(planes: *Planes, key: *const Key) void {
    var done: usize = 0;
    while (true) : (done += 4) {
        round(1, planes, &key.planes[done]);
        if (done + 2 == key.rounds) break; // 128 and 256 bits.
        round(2, planes, &key.planes[done + 1]);
        round(3, planes, &key.planes[done + 2]);
        if (done + 4 == key.rounds) break; // 192 bits.
        round(0, planes, &key.planes[done + 3]);
    }
    subBytes(planes);
    addRoundKey(planes, &key.planes[key.rounds - 1]);
    transpose(planes);
    // Ten and fourteen rounds leave two times ShiftRows() to do, twelve four times, which is nothing.
    if (key.rounds != 12) {
        inline for (planes) |*block| block.* = vector.permute(block.*, inv_shift_rows[2]);
    }
}

/// Round r of those before the last, where r mod 4 = turn.
inline fn round(comptime turn: usize, planes: *Planes, round_key: *const Planes) void {
    subBytes(planes);
    mixColumns(turn, planes);
    addRoundKey(planes, round_key);
}

pub inline fn addRoundKey(planes: *Planes, round_key: *const Planes) void {
    inline for (planes, round_key) |*plane, key| plane.* ^= key;
}

/// Section 5.1.3: with a byte's lower neighbours in its column b, c and d, a becomes
/// 2a + 3b + c + d = 2(a + b) + b + (c + d), and c + d is a + b two rows down.
inline fn mixColumns(comptime turn: usize, planes: *Planes) void {
    var sums: Planes = undefined;
    var rest: Planes = undefined;
    inline for (&sums, &rest, planes) |*sum, *other, a| {
        const b = vector.permute(a, one_down[turn]);
        sum.* = a ^ b;
        other.* = b ^ vector.permute(sum.*, two_down[turn]);
    }
    // Doubling moves each bit up; bit 7 comes back as x^8 = x^4 + x^3 + x + 1.
    inline for (planes, 0..) |*plane, k| {
        plane.* = rest[k] ^ sums[(k + 7) % 8];
        if (k == 1 or k == 3 or k == 4) plane.* ^= sums[7];
    }
}

/// Where the byte is that lies one or two rows down its column, by how many times ShiftRows() have been left out.
pub const one_down = rowsDown(1);
pub const two_down = rowsDown(2);

/// Each ShiftRows() moves row i by i columns of four bytes: a row further down is one byte on, and that many columns.
fn rowsDown(rows: u8) [4]Order {
    @setEvalBranchQuota(2000);
    var orders: [4]Order = undefined;
    for (&orders, 0..) |*order, turn| for (order, 0..) |*from, i| {
        const down = (i + rows) % 4 -% i % 4;
        from.* = (i +% down *% (1 + 4 * turn)) % 16;
    };
    return orders;
}

/// So many times INVSHIFTROWS() (section 5.3.1): row i moves i columns of four bytes to the right.
pub const inv_shift_rows = blk: {
    var orders: [4]Order = undefined;
    for (&orders, 0..) |*order, times| for (order, 0..) |*from, i| {
        from.* = (i -% 4 * times * (i % 4)) % 16;
    };
    break :blk orders;
};

/// Section 5.1.1, without the constant: J. Boyar and R. Peralta, "A depth-16 circuit for the AES S-box", 2011, in
/// its form of 115 gates. Names are theirs, where bit 0 is the highest.
inline fn subBytes(planes: *Planes) void {
    const x0, const x1, const x2, const x3, const x4, const x5, const x6, const x7 =
        .{ planes[7], planes[6], planes[5], planes[4], planes[3], planes[2], planes[1], planes[0] };

    // Top linear layer.
    const y14 = x3 ^ x5;
    const y13 = x0 ^ x6;
    const y9 = x0 ^ x3;
    const y8 = x0 ^ x5;
    const t0 = x1 ^ x2;
    const y1 = t0 ^ x7;
    const y4 = y1 ^ x3;
    const y12 = y13 ^ y14;
    const y2 = y1 ^ x0;
    const y5 = y1 ^ x6;
    const y3 = y5 ^ y8;
    const t1 = x4 ^ y12;
    const y15 = t1 ^ x5;
    const y20 = t1 ^ x1;
    const y6 = y15 ^ x7;
    const y10 = y15 ^ t0;
    const y11 = y20 ^ y9;
    const y7 = x7 ^ y11;
    const y17 = y10 ^ y11;
    const y19 = y10 ^ y8;
    const y16 = t0 ^ y11;
    const y21 = y13 ^ y16;
    const y18 = x0 ^ y16;

    // Inversion in GF(2^8), by way of GF(2^4).
    const t2 = y12 & y15;
    const t3 = y3 & y6;
    const t4 = t3 ^ t2;
    const t5 = y4 & x7;
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
    const z2 = t33 & x7;
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

    // Bottom linear layer.
    const t46 = z15 ^ z16;
    const t47 = z10 ^ z11;
    const t48 = z5 ^ z13;
    const t49 = z9 ^ z10;
    const t50 = z2 ^ z12;
    const t51 = z2 ^ z5;
    const t52 = z7 ^ z8;
    const t53 = z0 ^ z3;
    const t54 = z6 ^ z7;
    const t55 = z16 ^ z17;
    const t56 = z12 ^ t48;
    const t57 = t50 ^ t53;
    const t58 = z4 ^ t46;
    const t59 = z3 ^ t54;
    const t60 = t46 ^ t57;
    const t61 = z14 ^ t57;
    const t62 = t52 ^ t58;
    const t63 = t49 ^ t58;
    const t64 = z4 ^ t59;
    const t65 = t61 ^ t62;
    const t66 = z1 ^ t63;
    const s0 = t59 ^ t63;
    const s6 = t56 ^ t62;
    const s7 = t48 ^ t60;
    const t67 = t64 ^ t65;
    const s3 = t53 ^ t66;
    const s4 = t51 ^ t66;
    const s5 = t47 ^ t65;
    const s1 = t64 ^ s3;
    const s2 = t55 ^ t67;
    planes.* = .{ s7, s6, s5, s4, s3, s2, s1, s0 };
}

/// c of section 5.1.1, equation 5.3.
const s_box_constant = 0x63;

/// Table 4 without the constant, derived as section 5.1.1 defines it: the inverse in GF(2^8), then the linear map.
pub const s_box: [16]Block = blk: {
    @setEvalBranchQuota(20_000);
    // Powers of x + 1, which generates the field's multiplicative group, and of its inverse.
    var bytes: [256]u8 = undefined;
    var power: u8 = 1;
    var inverse: u8 = 1;
    for (0..255) |_| {
        bytes[power] = linear(inverse);
        power ^= xTimes(power);
        // Division by x + 1: multiplication by its inverse, x^7 + x^6 + x^5 + x^4 + x^2 + x.
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        if (inverse & 0x80 != 0) inverse ^= 0x09;
    }
    bytes[0] = linear(0);
    break :blk @bitCast(bytes);
};

fn linear(b: u8) u8 {
    const rotl = std.math.rotl;
    return b ^ rotl(u8, b, 1) ^ rotl(u8, b, 2) ^ rotl(u8, b, 3) ^ rotl(u8, b, 4);
}

/// XTIMES() of section 4.2. Only for what is public: it branches.
fn xTimes(b: u8) u8 {
    return b << 1 ^ if (b & 0x80 != 0) @as(u8, 0x1b) else 0;
}

const testing = std.testing;

test "the derived S-box is table 4's" {
    const bytes: [256]u8 = @bitCast(s_box);
    for ([_]u8{ 0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5 }, bytes[0..8]) |expected, byte| {
        try testing.expectEqual(expected, byte ^ s_box_constant);
    }
    try testing.expectEqual(0xed, bytes[0x53] ^ s_box_constant);
    try testing.expectEqual(0x16, bytes[0xff] ^ s_box_constant);
}

test "the circuit is the S-box, but for the constant, on every byte" {
    const bytes: [256]u8 = @bitCast(s_box);
    for (0..2) |half| {
        var blocks: [8]Block = undefined;
        for (&blocks, 0..) |*block, b| {
            var bytes_of_block: [16]u8 = undefined;
            for (&bytes_of_block, 0..) |*byte, i| byte.* = @intCast(128 * half + 16 * b + i);
            block.* = bytes_of_block;
        }
        transpose(&blocks);
        subBytes(&blocks);
        transpose(&blocks);
        for (blocks, 0..) |block, b| for (@as([16]u8, block), 0..) |byte, i| {
            try testing.expectEqual(bytes[128 * half + 16 * b + i], byte);
        };
    }
}

/// Eight blocks, encrypted by what this file has.
fn encryptBlocks(key_bytes: []const u8, blocks: *[8]Block) !void {
    var schedule: Schedule = undefined;
    try expandKey(key_bytes, &schedule);
    var key: Key = undefined;
    key.init(&schedule);
    for (blocks) |*block| block.* ^= key.first;
    transpose(blocks);
    encrypt(blocks, &key);
}

test "FIPS 197 appendix C: the three example vectors" {
    var key: [32]u8 = undefined;
    for (&key, 0..) |*byte, i| byte.* = @intCast(i);
    inline for (.{ 16, 24, 32 }, .{
        "69c4e0d86a7b0430d8cdb78070b4c55a",
        "dda97ca4864cdfe06eaf70a0ec0d7191",
        "8ea2b7ca516745bfeafc49904b496089",
    }) |key_bytes, hex| {
        var expected: [16]u8 = undefined;
        _ = try std.fmt.hexToBytes(&expected, hex);
        var blocks: [8]Block = @splat(splat(0));
        var plain: [16]u8 = undefined;
        for (&plain, 0..) |*byte, i| byte.* = @intCast(0x11 * i);
        blocks[5] = plain;
        try encryptBlocks(key[0..key_bytes], &blocks);
        try testing.expectEqual(expected, @as([16]u8, blocks[5]));
        try testing.expectEqual(blocks[0], blocks[7]);
        var schedule: Schedule = undefined;
        try expandKey(key[0..key_bytes], &schedule);
        try testing.expectEqual(expected, @as([16]u8, encryptBlock(&schedule, plain)));
    }
}

test "random keys and blocks are encrypted as by std" {
    var prng: std.Random.DefaultPrng = .init(197);
    for (0..50) |_| inline for (.{ std.crypto.core.aes.Aes128, std.crypto.core.aes.Aes256 }) |Aes| {
        var key: [Aes.key_bits / 8]u8 = undefined;
        var bytes: [8][16]u8 = undefined;
        prng.random().bytes(&key);
        prng.random().bytes(std.mem.asBytes(&bytes));
        var blocks: [8]Block = @bitCast(bytes);
        try encryptBlocks(&key, &blocks);
        var schedule: Schedule = undefined;
        try expandKey(&key, &schedule);
        const other = Aes.initEnc(key);
        for (blocks, bytes) |block, plain| {
            var expected: [16]u8 = undefined;
            other.encrypt(&expected, &plain);
            try testing.expectEqual(expected, @as([16]u8, block));
            try testing.expectEqual(expected, @as([16]u8, encryptBlock(&schedule, plain)));
        }
    };
}

test "a key of any other length is refused" {
    const key = [_]u8{0} ** 65;
    var schedule: Schedule = undefined;
    for (0..key.len + 1) |key_bytes| {
        if (key_bytes == 16 or key_bytes == 24 or key_bytes == 32) continue;
        try testing.expectError(error.InvalidLength, expandKey(key[0..key_bytes], &schedule));
    }
}
