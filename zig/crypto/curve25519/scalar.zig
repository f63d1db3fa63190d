//! Numbers modulo the order of curve25519's base point, 2^252 + 27742317777372353535851937790883648493: RFC 8032
//! (January 2017), section 5.1. They are little-endian integers.
//!
//! Constant time but for what says otherwise.

const std = @import("std");
const digits = @import("../ec/digits.zig");
const modular = @import("../ec/modular.zig");

pub const order = (1 << 252) + 27742317777372353535851937790883648493;
pub const bytes = 32;

/// In the Montgomery form.
pub const Order = modular.Order(.{ .modulus = order, .bits = 252, .limbs = 9, .limb_bits = 29 });

/// A number of twice the length, as digests are.
pub noinline fn reduce(wide: *const [2 * bytes]u8, result: *[bytes]u8) void {
    const upper = Order.mul(&enter(wide[bytes..]), &Order.constant(1 << 8 * bytes));
    leave(&enter(wide[0..bytes]).plus(&upper), result);
}

/// a * b + c, for numbers of any size. The result may be where one of them is.
pub noinline fn mulAdd(
    a: *const [bytes]u8,
    b: *const [bytes]u8,
    c: *const [bytes]u8,
    result: *[bytes]u8,
) void {
    const product = Order.mul(&enter(a), &enter(b));
    leave(&product.plus(&enter(c)), result);
}

pub noinline fn enter(integer: *const [bytes]u8) Order.Element {
    return Order.enter(&reversed(integer));
}

fn leave(sum: *const Order.Sum(2), result: *[bytes]u8) void {
    const integer = Order.leave(&Order.mul(sum, &Order.one));
    result.* = reversed(&integer);
}

pub fn reversed(integer: *const [bytes]u8) [bytes]u8 {
    const both: @Vector(bytes, u8) = integer.*;
    return std.simd.reverseOrder(both);
}

/// Whether a public number is below the order.
pub fn isCanonical(s: *const [bytes]u8) bool {
    return std.mem.readInt(u256, s, .little) < order;
}

const testing = std.testing;

test "numbers of twice the length, and sums of products, against integers" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    const edges = [_]u256{
        0,         1,        2,        order - 1,      order,                 order + 1,
        2 * order, 1 << 252, 1 << 255, (1 << 255) - 1, std.math.maxInt(u256),
    };
    for (0..300) |round| {
        var numbers: [3]u256 = undefined;
        for (&numbers) |*number| {
            number.* = if (round % 3 == 0) random.int(u256) else edges[random.uintLessThan(usize, edges.len)];
        }
        var encoded: [3][bytes]u8 = undefined;
        for (&encoded, numbers) |*to, number| std.mem.writeInt(u256, to, number, .little);
        var result: [bytes]u8 = undefined;
        mulAdd(&encoded[0], &encoded[1], &encoded[2], &result);
        const expected = (@as(u1024, numbers[0]) * numbers[1] + numbers[2]) % order;
        try testing.expectEqual(expected, std.mem.readInt(u256, &result, .little));
        try testing.expectEqual(numbers[0] < order, isCanonical(&encoded[0]));

        const wide = encoded[0] ++ encoded[1];
        reduce(&wide, &result);
        const rest = std.mem.readInt(u512, &wide, .little) % order;
        try testing.expectEqual(rest, std.mem.readInt(u256, &result, .little));
        var in_place = encoded[1];
        mulAdd(&in_place, &in_place, &in_place, &in_place);
        const square = (@as(u1024, numbers[1]) * numbers[1] + numbers[1]) % order;
        try testing.expectEqual(square, std.mem.readInt(u256, &in_place, .little));
    }
}
