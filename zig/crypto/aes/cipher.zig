//! AES: FIPS 197 (updated May 2023). CIPHER() and KEYEXPANSION() for keys of 128, 192 and 256 bits.
//!
//! Eight blocks at a time, bitsliced (Käsper and Schwabe, 2009): plane k holds bit k of all 128 bytes, byte i of
//! the plane for byte i of the blocks, its bit b for block b. SUBBYTES() is a circuit (s_box.zig), SHIFTROWS() is
//! left out and made up for by what MIXCOLUMNS() shuffles ("fixslicing", Adomnicai and Peyrin, 2020): after round r
//! the planes hold the state after r times INVSHIFTROWS(), and so do its round keys. A block alone takes the S-box
//! from registers, by swizzles.
//!
//! Constant time in key and blocks: no branch, no memory index depends on them. Key length is public.

const std = @import("std");
const s_box = @import("s_box.zig");
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
            rcon = s_box.xTimes(rcon);
        } else if (Nk > 6 and place == 4) {
            word = subWord(word);
        }
        words[i] = words[i - Nk] ^ word;
        place = if (place + 1 == Nk) 0 else place + 1;
    }
    for (schedule.round_keys[1 .. rounds + 1], 1..) |*round_key, r| {
        round_key.* = vector.swizzle(round_key.* ^ splat(s_box.constant), inv_shift_rows[r % 4]);
    }
}

comptime {
    std.debug.assert(@import("builtin").cpu.arch.endian() == .little);
}

/// Not inlined: it is long, and called twice.
noinline fn subWord(word: u32) u32 {
    const four: Block = @bitCast(@as(@Vector(4, u32), @splat(word)));
    const substituted: @Vector(4, u32) = @bitCast(s_box.lookUp(&s_box.forward, four) ^ splat(s_box.constant));
    return substituted[0];
}

/// CIPHER() (section 5.1) of one block: half the time of eight, and no Key is needed.
pub noinline fn encryptBlock(schedule: *const Schedule, block: Block) Block {
    var state = block ^ schedule.round_keys[0];
    const rounds = schedule.Nr();
    for (1..rounds) |r| {
        // 2a + 3b + c + d, as in `mixColumns` below.
        const a = s_box.lookUp(&s_box.forward, state);
        const b = vector.swizzle(a, one_down[r % 4]);
        const sum = a ^ b;
        state = double(sum) ^ b ^ vector.swizzle(sum, two_down[r % 4]) ^ schedule.round_keys[r];
    }
    state = s_box.lookUp(&s_box.forward, state) ^ schedule.round_keys[rounds];
    return vector.swizzle(state, inv_shift_rows[rounds % 4]);
}

/// XTIMES() of section 4.2, of each byte.
pub inline fn double(block: Block) Block {
    return block +% block ^ (splat(0x1b) & -%(block >> splat(7)));
}

/// Eight blocks, by bits.
pub const Planes = s_box.Planes;

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
    s_box.subBytes(planes);
    addRoundKey(planes, &key.planes[key.rounds - 1]);
    transpose(planes);
    // Ten and fourteen rounds leave two times ShiftRows() to do, twelve four times, which is nothing.
    if (key.rounds != 12) {
        inline for (planes) |*block| block.* = vector.permute(block.*, inv_shift_rows[2]);
    }
}

/// Round r of those before the last, where r mod 4 = turn.
inline fn round(comptime turn: usize, planes: *Planes, round_key: *const Planes) void {
    s_box.subBytes(planes);
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

const testing = std.testing;

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
