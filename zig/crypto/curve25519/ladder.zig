//! X25519: RFC 7748 (January 2016), section 5. Constant time in the key and the point.
//!
//! A step of the ladder is three rounds of four multiplications side by side, the last of which also carries the
//! coordinates that need none.

const std = @import("std");
const ct = @import("../ct.zig");
const field = @import("field.zig");
const point = @import("point.zig");
const hidden = @import("../ec/secret.zig").hidden;

const Four = field.Four;
const Halves = field.Halves;

pub const bytes = field.bytes;

/// (486662 - 2) / 4
const a24 = 121665;

/// The u coordinate of as many times a point with this one as the key says. u may be any 32 bytes: the highest bit is
/// ignored, and what is not below the prime is reduced.
pub noinline fn multiply(key: *const [bytes]u8, u: *const [bytes]u8, result: *[bytes]u8) void {
    var k = clamped(key);
    defer ct.wipe(&k);
    var integer = u.*;
    integer[bytes - 1] &= 0x7f;
    const x1 = field.enter(@splat(&integer));
    // x2, z2, x3, z3, and the factors of the last round
    var p = comptime field.constants(.{ 1, 0, 0, 1 });
    var last = comptime field.constants(.{ 1, 0, 1, 0 });
    for (0..field.rolled()) |i| {
        p.vectors[i] = field.blended(p.vectors[i], x1.vectors[i], 0b0100);
        last.vectors[i] = field.blended(last.vectors[i], x1.vectors[i], 0b1000);
    }
    var swapped: i8 = 0;
    var i: usize = 255;
    while (i > 0) {
        i -= 1;
        const bit = -@as(i8, @intCast(k[i / 8] >> @intCast(i % 8) & 1));
        step(&p, &.of(hidden(bit ^ swapped)), &last);
        swapped = bit;
    }
    // The lowest bit of a clamped key is 0, as is the highest: nothing has to change places once more.
    const quotient = field.mul(&p, &field.inverse(&p, 1));
    result.* = field.leave(&quotient, 0);
}

noinline fn step(p: *Four, orders: *const Orders, last: *const Four) void {
    // A = x2 + z2, B = x2 - z2, C = x3 + z3, D = x3 - z3
    var left: field.Sum(.{ 2, 2, 2, 2 }) = undefined;
    var right: field.Sum(.{ 2, 2, 2, 2 }) = undefined;
    const signs: Halves = .{ 1, 1, -1, -1, 1, 1, -1, -1 };
    for (0..field.rolled()) |i| {
        const abcd = field.reordered(p.vectors[i], orders.x) + field.reordered(p.vectors[i], orders.z) * signs;
        left.vectors[i] = field.order(abcd, .{ 0, 1, 3, 2 });
        right.vectors[i] = field.order(abcd, .{ 0, 1, 0, 1 });
    }
    // AA, BB, DA, CB
    const products = field.mul(&left, &right);
    // AA, E = AA - BB, DA + CB, DA - CB times BB, a24, DA + CB, DA - CB
    const minus: Halves = .{ 0, 0, -1, -1, 1, 1, -1, -1 };
    const constants = comptime field.constants(.{ 0, a24, 0, 0 });
    var others: field.Sum(.{ 1, 1, 2, 2 }) = undefined;
    for (0..field.rolled()) |i| {
        const all = products.vectors[i];
        const second = field.order(all, .{ 1, 1, 3, 3 });
        const sums = field.order(all, .{ 0, 0, 2, 2 }) + second * minus;
        left.vectors[i] = sums;
        others.vectors[i] = field.blended(field.blended(second, constants.vectors[i], 0b0010), sums, 0b1100);
    }
    const next = field.mul(&left, &others);
    // x2, E, x3, (DA - CB)^2 times 1, AA + a24 E, 1, x1
    var factors: field.Sum(.{ 1, 2, 1, 1 }) = undefined;
    for (0..field.rolled()) |i| {
        const sums = next.vectors[i] + field.order(products.vectors[i], .{ 0, 0, 0, 0 });
        left.vectors[i] = field.blended(next.vectors[i], left.vectors[i], 0b0010);
        factors.vectors[i] = field.blended(last.vectors[i], sums, 0b0010);
    }
    field.storeProducts(p, &left, &factors);
}

/// x2, x2, x3, x3, and z2, z2, z3, z3, where (x2, z2) and (x3, z3) may change places.
const Orders = struct {
    x: field.Order,
    z: field.Order,

    /// They change places if `swapping` is -1 rather than 0.
    fn of(swapping: i8) Orders {
        const x = comptime field.bytesOf(.{ 0, 0, 2, 2 });
        const z = comptime field.bytesOf(.{ 1, 1, 3, 3 });
        const eight: field.Order = @splat(8 & @as(u8, @bitCast(swapping)));
        return .{ .x = x ^ eight, .z = z ^ eight };
    }
};

/// As many times the point with a u coordinate of 9, on the birationally equivalent Edwards curve, where u is
/// (1 + y) / (1 - y): RFC 7748, section 4.1.
pub noinline fn multiplyBase(key: *const [bytes]u8, result: *[bytes]u8) void {
    var k = clamped(key);
    defer ct.wipe(&k);
    const p = point.multipleOfBase(&k);
    // In all lanes: (Z + Y) / (Z - Y)
    const y = p.xyzt.permuted(@splat(1));
    const z = p.xyzt.permuted(@splat(2));
    const inverse = field.inverse(&field.settled(&z.minus(&y)), 0);
    result.* = field.leave(&field.mul(&z.plus(&y), &inverse), 0);
}

fn clamped(key: *const [bytes]u8) [bytes]u8 {
    var k = key.*;
    k[0] &= 0xf8;
    k[bytes - 1] = k[bytes - 1] & 0x7f | 0x40;
    return k;
}

const testing = std.testing;

fn fromHex(comptime hex: *const [2 * bytes]u8) [bytes]u8 {
    var result: [bytes]u8 = undefined;
    _ = std.fmt.hexToBytes(&result, hex) catch unreachable;
    return result;
}

test "RFC 7748, section 5.2: two vectors" {
    const vectors = [_][3][bytes]u8{ .{
        fromHex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        fromHex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
        fromHex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
    }, .{
        fromHex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
        fromHex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
        fromHex("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"),
    } };
    for (vectors) |vector| {
        var result: [bytes]u8 = undefined;
        multiply(&vector[0], &vector[1], &result);
        try testing.expectEqual(vector[2], result);
    }
}

test "RFC 7748, section 5.2: iterated once" {
    // A thousand times in test/core/okp.test.ts.
    const nine: [bytes]u8 = .{9} ++ .{0} ** (bytes - 1);
    var result: [bytes]u8 = undefined;
    multiply(&nine, &nine, &result);
    try testing.expectEqual(fromHex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"), result);
}

test "multiples of the base point are the ladder's" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..12) |round| {
        var key: [bytes]u8 = undefined;
        prng.random().bytes(&key);
        if (round == 0) key = @splat(0);
        if (round == 1) key = @splat(0xff);
        var expected: [bytes]u8 = undefined;
        multiply(&key, &(.{9} ++ .{0} ** (bytes - 1)), &expected);
        var result: [bytes]u8 = undefined;
        multiplyBase(&key, &result);
        try testing.expectEqual(expected, result);
    }
}

test "std.crypto comes to the same, for points of the curve and of its twist, and what is not below the prime" {
    const X25519 = std.crypto.dh.X25519;
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..30) |round| {
        var key: [bytes]u8 = undefined;
        var u: [bytes]u8 = undefined;
        prng.random().bytes(&key);
        prng.random().bytes(&u);
        if (round < 22) std.mem.writeInt(u256, &u, @as(u256, field.modulus - 3) + round, .little);
        if (round % 4 == 0) u[bytes - 1] |= 0x80;
        var masked = u;
        masked[bytes - 1] &= 0x7f;
        var result: [bytes]u8 = undefined;
        multiply(&key, &u, &result);
        const expected = X25519.scalarmult(key, masked) catch @as([bytes]u8, @splat(0));
        try testing.expectEqual(expected, result);
    }
}

test "points of small order give 0" {
    inline for (.{
        0,
        1,
        field.modulus - 1,
        field.modulus,
        field.modulus + 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }) |u| {
        var encoded: [bytes]u8 = undefined;
        std.mem.writeInt(u256, &encoded, u, .little);
        var result: [bytes]u8 = undefined;
        multiply(&@as([bytes]u8, @splat(0x5a)), &encoded, &result);
        try testing.expect(std.mem.allEqual(u8, &result, 0));
    }
}
