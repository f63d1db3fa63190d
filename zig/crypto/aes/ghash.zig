//! GHASH: NIST SP 800-38D (November 2007), sections 6.3 and 6.4. Y := (Y + X) * H for each block X, in GF(2^128)
//! modulo x^128 + x^7 + x^2 + x + 1, where the highest bit of a block's first byte is the coefficient of x^0.
//!
//! Constant time in H and data: products are looked up by swizzles, in registers. (An index into memory that
//! depends on data would show it in the cache.)
//!
//! The product of a block and K is the sum of byte i times K times x^8i. Byte i times K has 17 bytes; a table that
//! holds byte j of m * K for the nibbles m gives byte j of all sixteen products at once. These are added up by
//! Horner's rule, from j = 16 down to 0, in 32 bytes that move by one byte in each step. Several blocks, with
//! powers of H for K, share the moving and the reduction: ((Y + A) * H + B) * H = (Y + A) * H^2 + B * H.

const std = @import("std");
const vector = @import("vector.zig");

const Block = vector.Block;
const Halves = @Vector(2, u64);
const block_bytes = vector.block_bytes;
const splat = vector.splat;

/// H, H^2, H^3, H^4: as secret as the key.
pub const Powers = [group_blocks]Block;

/// How many blocks are hashed at once where there are enough of them.
pub const group_blocks = 4;

/// From the first power the others.
pub fn raise(tables: *const Tables(1), powers: *Powers) void {
    for (powers[1..], powers[0 .. powers.len - 1]) |*power, previous| {
        power.* = previous;
        multiply(tables, power);
    }
}

/// A byte times a block has one byte more.
const table_rows = block_bytes + 1;

/// Products of the first n powers of H.
pub fn Tables(comptime n: usize) type {
    return extern struct {
        /// Byte j, in rows from 16 down to 0, of m * H^n for the nibbles m = 0 to 15 that are a byte's high bits, and
        /// for those that are its low bits; then of m * H^(n - 1), and so on to H.
        rows: [table_rows][2 * n]Block,

        pub fn init(tables: *@This(), powers: *const Powers) void {
            const vectors: *[table_rows * 2 * n]Block = @ptrCast(&tables.rows);
            for (0..n) |i| fill(vectors[2 * i ..], 2 * n, powers[n - 1 - i]);
        }
    };
}

/// Two columns of a table whose rows are so many vectors long.
noinline fn fill(table: []Block, row_vectors: usize, power: Block) void {
    // K times x^s: the block as a big-endian number, shifted to the right. Its bytes 15 to 0 in a vector; byte 16,
    // which bits were shifted into, in the first lane of another.
    const k: Halves = @bitCast(reverse(power));
    const above = @shuffle(u64, k, @as(Halves, @splat(0)), [2]i32{ 1, -1 });
    var bytes: [8]Block = undefined;
    var overflow: [8]Block = undefined;
    inline for (0..8) |s| {
        const carried = if (s == 0) @as(Halves, @splat(0)) else above << @splat(64 - s);
        bytes[s] = @bitCast(k >> @splat(s) ^ carried);
        overflow[s] = @bitCast(k << @splat(8 - s));
    }
    table[0] = nibbleMultiples(overflow[0..4]);
    table[1] = nibbleMultiples(overflow[4..8]);
    for (1..table_rows) |row| {
        table[row * row_vectors] = nibbleMultiples(bytes[0..4]);
        table[row * row_vectors + 1] = nibbleMultiples(bytes[4..8]);
        inline for (&bytes) |*byte| byte.* = vector.swizzle(byte.*, next_lane);
    }
}

/// In lane m, the sum of those first lanes of four vectors that the bits of m pick, from its highest on.
inline fn nibbleMultiples(bytes: *const [4]Block) Block {
    var sum = splat(0);
    inline for (bytes, 0..) |byte, s| {
        const picked = comptime blk: {
            var lanes: [16]u8 = undefined;
            for (&lanes, 0..) |*lane, m| lane.* = if (m & 8 >> s != 0) 0 else no_lane;
            break :blk lanes;
        };
        sum ^= vector.swizzle(byte, picked);
    }
    return sum;
}

/// Hashes whole groups of n blocks into y. Not inlined: one copy of each serves every caller.
pub noinline fn absorb(
    comptime n: usize,
    tables: *const Tables(n),
    y: *Block,
    groups: []const [n * block_bytes]u8,
) void {
    var sum = reverse(y.*);
    for (groups) |*group| {
        var high: [n]Block = undefined;
        var low: [n]Block = undefined;
        inline for (&high, &low, 0..) |*first, *last, i| {
            var x = reverse(vector.load(group[i * block_bytes ..][0..block_bytes]));
            if (i == 0) x ^= sum;
            // Whole words are shifted in one instruction, bytes in five.
            first.* = @as(Block, @bitCast(@as(Halves, @bitCast(x)) >> @splat(4))) & splat(0x0f);
            last.* = x & splat(0x0f);
        }
        var product = splat(0);
        var above = splat(0);
        for (&tables.rows) |*row| {
            const address = vector.hidden(@intFromPtr(row));
            above = @shuffle(u8, above, product, next_lane_of_two);
            // The rows wait for one another, so what a row adds is summed up on the side.
            var added: [n]Block = undefined;
            inline for (&added, high, low, 0..) |*looked_up, first, last, i| {
                const entries: [2]*const Block = .{
                    @ptrFromInt(address + 2 * i * block_bytes),
                    @ptrFromInt(address + (2 * i + 1) * block_bytes),
                };
                looked_up.* = vector.swizzle(entries[0].*, first) ^ vector.swizzle(entries[1].*, last);
            }
            product = vector.swizzle(product, next_lane) ^ vector.hidden(total(n, added));
        }
        sum = reduce(product, above);
    }
    y.* = reverse(sum);
}

/// As a tree: an engine keeps the order of additions.
inline fn total(comptime n: usize, blocks: [n]Block) Block {
    if (n == 1) return blocks[0];
    return total(n / 2, blocks[0 .. n / 2].*) ^ total(n / 2, blocks[n / 2 ..].*);
}

/// y * H: what a block of zeros does.
pub fn multiply(tables: *const Tables(1), y: *Block) void {
    absorb(1, tables, y, &.{splat(0)});
}

/// From 32 bytes, last byte first, to 16: x^128 = x^7 + x^2 + x + 1, twice, as `above` times that is longer than
/// sixteen bytes itself.
inline fn reduce(product: Block, above_: Block) Block {
    const above: Halves = @bitCast(above_);
    const spilled = above << @splat(63) ^ above << @splat(62) ^ above << @splat(57);
    const carried = @shuffle(u64, spilled, undefined, [2]i32{ 1, 0 });
    const whole = above ^ (carried & Halves{ 0, std.math.maxInt(u64) });
    const shifted = whole >> @splat(1) ^ whole >> @splat(2) ^ whole >> @splat(7);
    return product ^ @as(Block, @bitCast(above ^ carried ^ shifted));
}

/// Between a block and the number that it is in big-endian order, its last byte in the first lane.
inline fn reverse(block: Block) Block {
    return vector.permute(block, .{ 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 });
}

/// Lane i + 1 moves to lane i, zero to the last. As an index of a swizzle this is one instruction, where engines
/// take several for the shuffle of two vectors.
const next_lane: Block = .{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, no_lane };
const no_lane = 0x80;
const next_lane_of_two = [16]i32{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ~@as(i32, 0) };

const testing = std.testing;

/// X * Y bit by bit, as section 6.3 has it. The second implementation, for tests.
pub fn slowMultiply(x: u128, y: u128) u128 {
    var z: u128 = 0;
    var v = y;
    for (0..128) |i| {
        if (x >> @intCast(127 - i) & 1 != 0) z ^= v;
        v = v >> 1 ^ if (v & 1 != 0) @as(u128, 0xe1 << 120) else 0;
    }
    return z;
}

test "groups of one and of four blocks are hashed as bit by bit" {
    var prng: std.Random.DefaultPrng = .init(38);
    const random = prng.random();
    for (0..20) |round| {
        var h: [16]u8 = undefined;
        var data: [8 * 16]u8 = undefined;
        random.bytes(&h);
        random.bytes(&data);
        if (round < 3) @memset(&h, ([_]u8{ 0x00, 0xff, 0x80 })[round]);
        if (round < 6) @memset(&data, ([_]u8{ 0xff, 0x01 })[round % 2]);
        var expected: u128 = 0;
        for (0..8) |i| {
            expected ^= std.mem.readInt(u128, data[16 * i ..][0..16], .big);
            expected = slowMultiply(expected, std.mem.readInt(u128, &h, .big));
        }
        var expected_bytes: [16]u8 = undefined;
        std.mem.writeInt(u128, &expected_bytes, expected, .big);

        var powers: Powers = undefined;
        powers[0] = h;
        var first: Tables(1) = undefined;
        first.init(&powers);
        raise(&first, &powers);
        inline for (.{ 1, 4 }) |n| {
            var tables: Tables(n) = undefined;
            tables.init(&powers);
            var y = splat(0);
            absorb(n, &tables, &y, @ptrCast(&data));
            try testing.expectEqual(expected_bytes, @as([16]u8, y));
        }
    }
}
