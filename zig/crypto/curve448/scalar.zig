//! Arithmetic modulo L, the order of edwards448's base point (RFC 8032, section 5.2): 446 bits, in the Montgomery form
//! of ec/modular.zig. Numbers come and go as little-endian integers.
//!
//! Constant time, but for `isCanonical`. Nothing is wiped here: who knows that a value is secret wipes it.

const std = @import("std");
const modular = @import("../ec/modular.zig");

/// What RFC 8032 takes for a scalar: one byte more than L has, always 0 in a canonical one.
pub const bytes = 57;

pub const Order = modular.Order(.{
    .modulus = order,
    .bits = 446,
    .limbs = 16,
    .limb_bits = 28,
});

pub const order = (1 << 446) - 0x8335dc163bb124b65129c96fde933d8d723a70aadc873d6d54a7bb0d;

/// Integers enter in parts of so many bytes, which are below L.
const part_bytes = 55;

/// An integer of up to 114 bytes modulo L.
pub noinline fn enter(integer: []const u8) Order.Sum(3) {
    const shifts = [_]Order.Element{
        Order.one,
        Order.constant(1 << 8 * part_bytes),
        Order.constant(1 << 16 * part_bytes),
    };
    var sum: Order.Sum(3) = .{ .limbs = @splat(0) };
    std.debug.assert(integer.len <= shifts.len * part_bytes);
    var rest = integer;
    for (&shifts) |*shift| {
        if (rest.len == 0) break;
        var part: [Order.bytes]u8 = @splat(0);
        const taken = rest[0..@min(rest.len, part_bytes)];
        for (taken, 0..) |byte, i| part[part.len - 1 - i] = byte;
        rest = rest[taken.len..];
        const shifted = Order.mul(&Order.enter(&part), shift);
        for (&sum.limbs, shifted.limbs) |*to, limb| to.* += limb;
    }
    return sum;
}

fn leave(a: anytype, result: *[bytes]u8) void {
    var integer = Order.leave(&Order.mul(a, &Order.one));
    std.mem.reverse(u8, &integer);
    result.* = integer ++ .{0};
}

/// wide modulo L.
pub noinline fn reduce(wide: *const [2 * bytes]u8, result: *[bytes]u8) void {
    leave(&enter(wide), result);
}

/// a * b + c modulo L, for integers of any size. The result may be where any of them is.
pub noinline fn mulAdd(
    a: *const [bytes]u8,
    b: *const [bytes]u8,
    c: *const [bytes]u8,
    result: *[bytes]u8,
) void {
    const product = Order.mul(&enter(a), &enter(b));
    const sum: Order.Sum(4) = .{ .limbs = @as(Vector, enter(c).limbs) + @as(Vector, product.limbs) };
    leave(&sum, result);
}

const Vector = @Vector(Order.limbs, i64);

/// Whether s is below L: for public numbers.
pub fn isCanonical(s: *const [bytes]u8) bool {
    return std.mem.readInt(u456, s, .little) < order;
}

/// s, which is below L, big-endian, as ec/digits.zig takes it.
pub fn bigEndian(s: *const [bytes]u8) [Order.bytes]u8 {
    var integer = s[0..Order.bytes].*;
    std.mem.reverse(u8, &integer);
    return integer;
}

/// (k + c) / 2 modulo L: the digits of ec/modular.zig.
pub fn mean(k: *const [bytes]u8, comptime c: comptime_int) Order.Limbs {
    return Order.numberOfMean(&Order.mul(&enter(k), &Order.one), &Order.constant(c));
}

const testing = std.testing;

fn someNumber(comptime Int: type, i: usize, random: std.Random) Int {
    const most = std.math.maxInt(Int);
    const n = order;
    const edges = [_]Int{ 0, 1, n - 1, n, n + 1, 2 * n - 1, 4 * n, 1 << 440, (1 << 440) - 1, most, most - 1 };
    return if (i < edges.len) edges[i] else random.int(Int) >> @intCast(random.int(u8));
}

test "numbers of all sizes modulo the order, their products and sums" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    for (0..200) |i| {
        const wide = someNumber(u912, i, random);
        var wide_bytes: [2 * bytes]u8 = undefined;
        std.mem.writeInt(u912, &wide_bytes, wide, .little);
        var result: [bytes]u8 = undefined;
        reduce(&wide_bytes, &result);
        try testing.expectEqual(wide % order, std.mem.readInt(u456, &result, .little));
        try testing.expect(isCanonical(&result));

        var numbers: [3]u456 = undefined;
        for (&numbers, 1..) |*number, every| number.* = someNumber(u456, i / every, random);
        var integers: [3][bytes]u8 = undefined;
        for (&integers, numbers) |*integer, number| std.mem.writeInt(u456, integer, number, .little);
        const expected = (@as(u1024, numbers[0]) * numbers[1] + numbers[2]) % order;
        mulAdd(&integers[0], &integers[1], &integers[2], &result);
        try testing.expectEqual(expected, std.mem.readInt(u456, &result, .little));
        for (0..3) |at| {
            var same = integers;
            mulAdd(&same[0], &same[1], &same[2], &same[at]);
            try testing.expectEqual(result, same[at]);
        }
        try testing.expectEqual(numbers[0] < order, isCanonical(&integers[0]));
    }
}
