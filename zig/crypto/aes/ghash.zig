//! GHASH: NIST SP 800-38D (November 2007), sections 6.3 and 6.4. Y := (Y + X) * H for each block X, in GF(2^128)
//! modulo x^128 + x^7 + x^2 + x + 1, where the highest bit of a block's first byte is the coefficient of x^0.
//!
//! Constant time in H and data: products are looked up by swizzles, in registers. (An index into memory that
//! depends on data would show it in the cache.)
//!
//! The product of a block and K is the sum of byte i times K times x^8i. Byte i times K has 17 bytes; a table that
//! holds byte j of m * K for the nibbles m gives byte j of all sixteen products at once. These are added up by
//! Horner's rule, from j = 16 down to 0, in 32 bytes that move by one byte in each step.
//!
//! Eight blocks at once share the moving and the reduction, and look up less. They are four pairs; what is first in
//! its pair and what is second are hashed apart, each by H^2, so that the two of a pair have the same factor:
//! H^8 for the first pair, H^2 for the last. A product of halves then takes eight lanes of a lookup, the other block's
//! the other eight, and three products of halves make one of blocks (Karatsuba and Ofman, 1962).

const std = @import("std");
const ct = @import("../ct.zig");
const vector = @import("vector.zig");

const Block = vector.Block;
const Halves = @Vector(2, u64);
const block_bytes = vector.block_bytes;
const splat = vector.splat;

/// How many blocks are hashed at once where there are enough of them.
pub const group_blocks = 2 * pairs;
const pairs = 4;

/// H^2, H^4, H^6, H^8: as secret as the key.
pub const Powers = [pairs]Block;

/// The powers of H.
pub fn raise(table: *const Table, h: Block, powers: *Powers) void {
    var power: Sum = .{ .even = h, .odd = splat(0) };
    defer ct.wipe(std.mem.asBytes(&power));
    for (powers, 0..) |*even, i| {
        for (0..if (i == 0) 1 else 2) |_| multiply(table, &power);
        even.* = power.even;
    }
}

/// Y, in two sums: Y = even + odd / H. After a block that is hashed alone `odd` is zero.
pub const Sum = extern struct {
    even: Block,
    odd: Block,

    pub const zero: Sum = .{ .even = splat(0), .odd = splat(0) };
};

/// A byte times a block has one byte more.
const table_rows = block_bytes + 1;

/// Products of H.
pub const Table = extern struct {
    /// Byte j, in rows from 16 down to 0, of m * H for the nibbles m = 0 to 15 that are a byte's high bits, and for
    /// those that are its low bits.
    rows: [table_rows][2]Block,

    pub noinline fn init(table: *Table, h: Block) void {
        // H times x^s, as a big-endian number: shifted to the right. Bytes 15 to 0 in a vector; byte 16, which bits were
        // shifted into, in the first lane of another.
        const k: Halves = @bitCast(reverse(h));
        const above = @shuffle(u64, k, @as(Halves, @splat(0)), [2]i32{ 1, -1 });
        var bytes: [8]Block = undefined;
        var overflow: [8]Block = undefined;
        inline for (0..8) |s| {
            const carried = if (s == 0) @as(Halves, @splat(0)) else above << @splat(64 - s);
            bytes[s] = @bitCast(k >> @splat(s) ^ carried);
            overflow[s] = @bitCast(k << @splat(8 - s));
        }
        table.rows[0] = .{ nibbleMultiples(overflow[0..4], 0), nibbleMultiples(overflow[4..8], 0) };
        for (table.rows[1..]) |*row| {
            row.* = .{ nibbleMultiples(bytes[0..4], 0), nibbleMultiples(bytes[4..8], 0) };
            inline for (&bytes) |*byte| byte.* = vector.swizzle(byte.*, next_lane);
        }
    }
};

/// Products of H^8, H^6, H^4, H^2, in this order, by halves.
pub const GroupTable = extern struct {
    /// For the halves of lower degree, for those of higher degree, and for their sums.
    parts: [3]Rows align(64),

    /// Byte j, from 8 down to 0, of m times half of a power for the nibbles m that are a byte's high bits. What low bits
    /// add is the same four bits on.
    const Rows = [half_rows][pairs]Block;
    const half_rows = block_bytes / 2 + 1;

    pub noinline fn init(group: *GroupTable, powers: *const Powers) void {
        for (powers, 1..) |power, i| {
            // As above, but that each half is shifted alone.
            const k: Halves = @bitCast(reverse(power));
            var bytes: [4]Block = undefined;
            var next: [4]Halves = undefined;
            inline for (&bytes, &next, 0..) |*byte, *whole, s| {
                byte.* = @bitCast(k << @splat(8 - s));
                whole.* = k >> @splat(s);
            }
            for (0..half_rows) |row| {
                const higher = nibbleMultiples(&bytes, 0);
                const lower = nibbleMultiples(&bytes, block_bytes / 2);
                group.parts[0][row][pairs - i] = lower;
                group.parts[1][row][pairs - i] = higher;
                group.parts[2][row][pairs - i] = lower ^ higher;
                inline for (&bytes, &next) |*byte, *whole| {
                    byte.* = @bitCast(whole.*);
                    whole.* >>= @splat(8);
                }
            }
        }
    }
};

/// In lane m, the sum of those lanes of four vectors that the bits of m pick, from its highest on.
inline fn nibbleMultiples(bytes: *const [4]Block, comptime from: u8) Block {
    var sum = splat(0);
    inline for (bytes, 0..) |byte, s| {
        const picked = comptime blk: {
            var lanes: [16]u8 = undefined;
            for (&lanes, 0..) |*lane, m| lane.* = if (m & 8 >> s != 0) from else no_lane;
            break :blk lanes;
        };
        sum ^= vector.swizzle(byte, picked);
    }
    return sum;
}

/// Hashes blocks one by one. Not inlined: one copy serves every caller.
pub noinline fn absorb(table: *const Table, y: *Sum, blocks: []const [block_bytes]u8) void {
    var sum = reverse(y.even);
    var odd = reverse(y.odd);
    for (blocks) |*block| {
        const first, const last = nibbles(sum ^ reverse(vector.load(block)));
        var product = splat(0);
        var above = splat(0);
        for (&table.rows) |*row| {
            above = @shuffle(u8, above, product, next_lane_of_two);
            const added = vector.swizzle(row[0], first) ^ vector.swizzle(row[1], last);
            product = vector.swizzle(product, next_lane) ^ vector.hidden(added);
        }
        sum = reduce(product, above) ^ odd;
        odd = splat(0);
    }
    y.even = reverse(sum);
    y.odd = reverse(odd);
}

/// Hashes whole groups. Not inlined: one copy serves every caller.
pub noinline fn absorbGroups(table: *const GroupTable, y: *Sum, groups: []const [group_blocks * block_bytes]u8) void {
    // The halves of lower degree of both sums, and those of higher degree.
    var lower, var higher = halves(y.even, y.odd);
    for (groups) |*group| {
        var x: [3][pairs]Halves = undefined;
        inline for (0..pairs) |i| {
            const pair = group[2 * i * block_bytes ..][0 .. 2 * block_bytes];
            x[0][i], x[1][i] = halves(vector.load(pair[0..block_bytes]), vector.load(pair[block_bytes..]));
        }
        x[0][0] ^= lower;
        x[1][0] ^= higher;
        inline for (&x[2], x[0], x[1]) |*both, low, high| both.* = low ^ high;

        const low = multiplyHalves(&table.parts[0], x[0]);
        const high = multiplyHalves(&table.parts[1], x[1]);
        const both = multiplyHalves(&table.parts[2], x[2]);
        // Four halves, from the lowest degree on: x^128 = x^7 + x^2 + x + 1 for the last two.
        const middle = [2]Halves{ both[0] ^ low[0] ^ high[0], both[1] ^ low[1] ^ high[1] };
        const third = high[0] ^ middle[1] ^ spilled(high[1]);
        lower = low[0] ^ third ^ shifted(third);
        higher = low[1] ^ middle[0] ^ high[1] ^ shifted(high[1]) ^ spilled(third);
    }
    y.even = reverse(@bitCast(@shuffle(u64, higher, lower, [2]i32{ 0, ~@as(i32, 0) })));
    y.odd = reverse(@bitCast(@shuffle(u64, higher, lower, [2]i32{ 1, ~@as(i32, 1) })));
}

/// Hashes two to eight blocks as a group, in the time of one.
pub noinline fn absorbShortGroup(table: *const GroupTable, y: *Sum, blocks: []const [block_bytes]u8) void {
    // Zeros before all others count for nothing; Y goes where it would be added.
    var group: [group_blocks]Block = @splat(splat(0));
    defer ct.wipe(std.mem.asBytes(&group));
    const last = group[group_blocks - blocks.len ..];
    @memcpy(std.mem.sliceAsBytes(last), std.mem.sliceAsBytes(blocks));
    last[0] ^= y.even;
    last[1] ^= y.odd;
    y.* = .zero;
    absorbGroups(table, y, @ptrCast(&group));
}

/// Of two blocks, as numbers in big-endian order: the halves of lower degree, which are the higher numbers, and the others.
inline fn halves(even: Block, odd: Block) [2]Halves {
    const a: Halves = @bitCast(reverse(even));
    const b: Halves = @bitCast(reverse(odd));
    return .{
        @shuffle(u64, a, b, [2]i32{ 1, ~@as(i32, 1) }),
        @shuffle(u64, a, b, [2]i32{ 0, ~@as(i32, 0) }),
    };
}

/// The sum of the products of pairs of halves, each 128 bits: a half of lower, and one of higher degree.
inline fn multiplyHalves(rows: *const GroupTable.Rows, x: [pairs]Halves) [2]Halves {
    var high: [pairs]Block = undefined;
    var low: [pairs]Block = undefined;
    inline for (&high, &low, x) |*first, *last, half| first.*, last.* = nibbles(@bitCast(half));
    var product: Halves = @splat(0);
    var above: Halves = @splat(0);
    for (rows) |*row| {
        const address = vector.hidden(@intFromPtr(row));
        // The rows wait for one another, so what a row adds is summed up on the side.
        var added: [2]Block = undefined;
        inline for (high, low, 0..) |first, last, i| {
            const entries: *const Block = @ptrFromInt(address + i * block_bytes);
            const looked_up = [2]Block{ vector.swizzle(entries.*, first), vector.swizzle(entries.*, last) };
            inline for (&added, looked_up) |*sum, one| sum.* = if (i == 0) one else sum.* ^ one;
        }
        const whole: Halves = @bitCast(vector.hidden(added[0]));
        const half: Halves = @bitCast(vector.hidden(added[1]));
        above = above >> @splat(8) ^ (product << @splat(56) ^ half << @splat(60));
        product = product >> @splat(8) ^ vector.hidden(whole ^ half >> @splat(4));
    }
    return .{ product, above };
}

/// The high and the low four bits of bytes.
inline fn nibbles(x: Block) [2]Block {
    // Whole words are shifted in one instruction, bytes in five.
    const high: Block = @bitCast(@as(Halves, @bitCast(x)) >> @splat(4));
    return .{ high & splat(0x0f), x & splat(0x0f) };
}

/// y * H: what a block of zeros does.
pub fn multiply(table: *const Table, y: *Sum) void {
    absorb(table, y, &.{@as([block_bytes]u8, @splat(0))});
}

/// From 32 bytes, last byte first, to 16: x^128 = x^7 + x^2 + x + 1, twice, as `above` times that is longer than
/// sixteen bytes itself.
inline fn reduce(product: Block, above_: Block) Block {
    const above: Halves = @bitCast(above_);
    const carried = @shuffle(u64, spilled(above), undefined, [2]i32{ 1, 0 });
    const whole = above ^ (carried & Halves{ 0, std.math.maxInt(u64) });
    return product ^ @as(Block, @bitCast(above ^ carried ^ shifted(whole)));
}

/// Times x^7 + x^2 + x: what stays in a half, and what goes over into the next.
inline fn shifted(half: Halves) Halves {
    return half >> @splat(1) ^ half >> @splat(2) ^ half >> @splat(7);
}

inline fn spilled(half: Halves) Halves {
    return half << @splat(63) ^ half << @splat(62) ^ half << @splat(57);
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

test "blocks alone and groups, in any order, are hashed as bit by bit" {
    var prng: std.Random.DefaultPrng = .init(38);
    const random = prng.random();
    const cuts = [_][5]usize{ .{ 0, 8, 16, 24, 24 }, .{ 24, 24, 24, 24, 24 }, .{ 3, 11, 12, 20, 24 }, .{ 8, 9, 17, 18, 24 } };
    for (0..20) |round| {
        var h: [16]u8 = undefined;
        var data: [24][16]u8 = undefined;
        random.bytes(&h);
        random.bytes(std.mem.asBytes(&data));
        if (round < 3) @memset(&h, ([_]u8{ 0x00, 0xff, 0x80 })[round]);
        if (round < 6) @memset(std.mem.asBytes(&data), ([_]u8{ 0xff, 0x01 })[round % 2]);
        var expected: u128 = 0;
        for (&data) |*block| {
            expected ^= std.mem.readInt(u128, block, .big);
            expected = slowMultiply(expected, std.mem.readInt(u128, &h, .big));
        }
        expected = slowMultiply(expected, std.mem.readInt(u128, &h, .big));
        var expected_bytes: [16]u8 = undefined;
        std.mem.writeInt(u128, &expected_bytes, expected, .big);

        var table: Table = undefined;
        table.init(h);
        var group: GroupTable = undefined;
        var powers: Powers = undefined;
        raise(&table, h, &powers);
        group.init(&powers);
        for (cuts) |ends| {
            var y: Sum = .zero;
            var at: usize = 0;
            for (ends) |end| {
                if (end - at == group_blocks) {
                    absorbGroups(&group, &y, @ptrCast(data[at..end]));
                } else absorb(&table, &y, data[at..end]);
                at = end;
            }
            multiply(&table, &y);
            try testing.expectEqual(expected_bytes, @as([16]u8, y.even));
            try testing.expectEqual(splat(0), y.odd);
        }
    }
}
