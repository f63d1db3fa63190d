//! modular.zig, field521.zig and inversion.zig against integers of 1280 bits, with limbs up to the bounds that types give them.

const std = @import("std");
const curves = @import("curves.zig");
const testing = std.testing;

/// A signed integer wide enough for every product below.
const Wide = i1280;

fn valueOf(comptime F: type, limbs: []const i64) Wide {
    var value: Wide = 0;
    var i = limbs.len;
    while (i > 0) {
        i -= 1;
        value = (value << F.limb_bits) + limbs[i];
    }
    return value;
}

fn expectCongruent(comptime F: type, a: Wide, b: Wide) !void {
    try testing.expectEqual(@as(Wide, 0), @rem(a - b, @as(Wide, F.modulus)));
}

/// Within what a sum of `count` elements may be, often at its edges.
fn randomLimbs(comptime F: type, count: i64, random: std.Random) [F.limbs]i64 {
    var limbs: [F.limbs]i64 = undefined;
    const style = random.uintLessThan(u8, 6);
    for (&limbs, 0..) |*limb, i| {
        // The highest limb of 9/16 of the modulus, with a bit to spare.
        const max = count * if (i == F.limbs - 1) (@as(i64, 9) << F.last_bits) >> 4 else F.limb_max;
        limb.* = switch (style) {
            0 => max,
            1 => -max,
            2 => if (random.boolean()) max else -max,
            3 => if (i % 2 == 0) max else -max,
            4 => random.intRangeAtMost(i64, -1, 1),
            else => random.intRangeAtMost(i64, -max, max),
        };
    }
    return limbs;
}

fn expectElement(comptime F: type, limbs: *const [F.limbs]i64) !void {
    for (limbs[0 .. F.limbs - 1]) |limb| try testing.expect(@abs(limb) <= F.limb_max);
    try testing.expect(@abs(valueOf(F, limbs)) * 16 <= @as(Wide, F.modulus) * 9);
}

/// Two sums of so many elements, of either kind, in the lanes of a field's.
fn Two(comptime F: type, comptime first: comptime_int, comptime second: comptime_int) type {
    return struct {
        numbers: [2][F.limbs]i64,
        pair: F.Sum(first, second),

        fn init(random: std.Random) @This() {
            const numbers = [2][F.limbs]i64{ randomLimbs(F, first, random), randomLimbs(F, second, random) };
            var pair: F.Sum(first, second) = undefined;
            for (&numbers, 0..) |number, element| {
                for (number, 0..) |limb, i| limbOf(F, &pair, element, i).* = @intCast(limb);
            }
            return .{ .numbers = numbers, .pair = pair };
        }
    };
}

fn Limb(comptime F: type) type {
    return @typeInfo(@typeInfo(F.Limbs).array.child).vector.child;
}

/// Where limb i of an element is in a field's vectors: they hold one of each element, or two that are half the limbs apart.
fn limbOf(comptime F: type, pair: anytype, element: usize, i: usize) *Limb(F) {
    const vectors = @typeInfo(F.Limbs).array.len;
    const words: *[vectors][2 * F.limbs / vectors]Limb(F) = @ptrCast(&pair.limbs);
    return &words[i % vectors][element + 2 * (i / vectors)];
}

fn lane(comptime F: type, pair: *const F.Pair, comptime element: usize) [F.limbs]i64 {
    var limbs: [F.limbs]i64 = undefined;
    for (&limbs, 0..) |*limb, i| limb.* = limbOf(F, @constCast(pair), element, i).*;
    return limbs;
}

test "products, squares and carries of a field, with limbs at their bounds" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const F = C.Field;
        const R: Wide = F.R % F.modulus;
        const most = @min(F.product_max, F.factor_max);
        for (0..400) |_| {
            inline for (.{
                .{ 1, 1, 1 },
                .{ 1, most, F.subtrahend_max },
                .{ 2, F.product_max / 2, F.subtrahend_max },
                .{ 3, F.product_max / 3, 3 },
            }) |counts| {
                const a: Two(F, counts[0], 1) = .init(random);
                const b: Two(F, @min(counts[1], F.factor_max), most) = .init(random);
                const c: Two(F, counts[2], F.subtrahend_max) = .init(random);
                const result = F.mulSub(&a.pair, &b.pair, &c.pair);
                inline for (0..2) |i| {
                    const limbs = lane(F, &result, i);
                    try expectElement(F, &limbs);
                    const product = valueOf(F, &a.numbers[i]) * valueOf(F, &b.numbers[i]);
                    try expectCongruent(F, valueOf(F, &limbs) * R, product - valueOf(F, &c.numbers[i]) * R);
                }
            }
            inline for (.{ 1, @min(std.math.sqrt(F.product_max), F.factor_max) }) |count| {
                const a: Two(F, count, count) = .init(random);
                const c: Two(F, F.subtrahend_max, F.subtrahend_max) = .init(random);
                const result = F.sqrSub(&a.pair, &c.pair);
                const long: Two(F, 3, 6) = .init(random);
                const settled = F.settle(&long.pair);
                inline for (0..2) |i| {
                    const limbs = lane(F, &result, i);
                    try expectElement(F, &limbs);
                    const square = valueOf(F, &a.numbers[i]) * valueOf(F, &a.numbers[i]);
                    try expectCongruent(F, valueOf(F, &limbs) * R, square - valueOf(F, &c.numbers[i]) * R);
                    const carried = lane(F, &settled, i);
                    try expectElement(F, &carried);
                    try expectCongruent(F, valueOf(F, &carried), valueOf(F, &long.numbers[i]));
                }
            }
        }
    }
}

test "products modulo an order, with limbs at their bounds" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const S = C.Scalar;
        const R: Wide = S.R % S.modulus;
        for (0..400) |_| {
            inline for (.{ .{ 1, 1 }, .{ 1, S.product_max }, .{ 2, S.product_max / 2 } }) |counts| {
                const a: S.Sum(counts[0]) = .{ .limbs = randomLimbs(S, counts[0], random) };
                const b: S.Sum(counts[1]) = .{ .limbs = randomLimbs(S, counts[1], random) };
                const result = S.mul(&a, &b);
                try expectElement(S, &result.limbs);
                try expectCongruent(S, valueOf(S, &result.limbs) * R, valueOf(S, &a.limbs) * valueOf(S, &b.limbs));
            }
        }
    }
}

/// Numbers below a modulus: those where carries and signs turn, and random ones.
fn someNumber(comptime F: type, i: usize, random: std.Random) @Int(.unsigned, 8 * F.bytes) {
    const n = F.modulus;
    const edges = [_]@Int(.unsigned, 8 * F.bytes){
        0,        1,             2,                n - 1,          n - 2,
        n / 2,    n / 2 + 1,     1 << F.limb_bits, 1 << 255,       (1 << 255) - 1,
        1 << 128, 0x5555 << 200, n - (1 << 100),   (1 << 224) - 1, (1 << 29) - 1,
    };
    return if (i < edges.len) edges[i] else random.int(@Int(.unsigned, 8 * F.bytes)) % n;
}

test "numbers go in and out, and inverses are inverse" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const F = C.Field;
        const S = C.Scalar;
        for (0..100) |i| {
            var bytes: [F.bytes]u8 = undefined;
            const a = someNumber(F, i, random);
            std.mem.writeInt(@TypeOf(a), &bytes, a, .big);
            const one: [F.bytes]u8 = .{0} ** (F.bytes - 1) ++ .{@intFromBool(a != 0)};
            const pair = F.enter(&bytes, &one);
            try testing.expectEqual([2][F.bytes]u8{ bytes, one }, F.leave(&pair));
            try testing.expectEqual(a == 0, F.isZero(&pair, 0));
            try testing.expectEqual(a == 0, F.isZero(&pair, 1));
            const inverse = F.inverse(&pair);
            try testing.expectEqual([2][F.bytes]u8{ one, F.leave(&inverse)[0] }, F.leave(&F.mul(&pair, &inverse)));

            const b = someNumber(S, i, random);
            std.mem.writeInt(@TypeOf(b), &bytes, b, .big);
            const number = S.enter(&bytes);
            try testing.expectEqual(bytes, S.leave(&number));
            try testing.expectEqual(b == 0, S.isZero(&number));
            const product = S.leave(&S.mul(&number, &S.inverse(&number)));
            try testing.expectEqual(@as([F.bytes]u8, .{0} ** (F.bytes - 1) ++ .{@intFromBool(b != 0)}), product);

            const together = F.inverses(S, &pair, &number);
            try testing.expectEqual(F.leave(&inverse), F.leave(&together[0]));
            try testing.expectEqual(S.leave(&S.inverse(&number)), S.leave(&together[1]));
        }
    }
}
