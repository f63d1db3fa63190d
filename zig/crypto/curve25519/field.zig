//! Arithmetic modulo 2^255 - 19, the prime of curve25519: RFC 7748 (January 2016), section 4.1. Four elements at a
//! time, in the four lanes of vectors.
//!
//! An element has 20 limbs of 13 bits, signed, as 16-bit numbers: two to a 32-bit lane, so that i32x4.dot_i16x8_s
//! gives two products in each of four lanes. Sums and differences need no carries before the next multiplication.
//!
//! Constant time: no branch, index or division depends on a value. How far limbs may grow is counted in types
//! (`Sum`), so that what could overflow does not compile. Nothing is wiped here: who knows that a value is secret
//! wipes it.

const builtin = @import("builtin");
const std = @import("std");
const inversion = @import("../ec/inversion.zig");
const digits = @import("../ec/digits.zig");
const vector = @import("../aes/vector.zig");
const hidden = vector.hidden;

pub const modulus = (1 << 255) - 19;
pub const bytes = 32;
pub const limbs = 20;
pub const limb_bits = 13;

/// Limbs 2 j and 2 j + 1 of four elements: of element i in the lanes 2 i and 2 i + 1.
pub const Halves = @Vector(8, i16);
pub const Lanes = @Vector(4, i32);
pub const vectors = limbs / 2;

const half = 1 << limb_bits - 1;
const mask: Lanes = @splat((1 << limb_bits) - 1);
/// 2^260 modulo the prime.
const fold_factor = 19 << limb_bits * limbs - 255;
/// Bits of the prime in the highest limb.
const last_bits = 255 - limb_bits * (limbs - 1);

/// Carries leave at most `half` in a limb, and a few units more in the third.
pub const limb_max = half + 8;

/// Four elements, each within 2^254 + 2^248 of zero, and no limb beyond `limb_max`.
pub const Four = Sum(.{ 1, 1, 1, 1 });

/// How many elements are summed up in each lane.
pub const Counts = [4]comptime_int;

/// Four sums or differences, not carried.
pub fn Sum(comptime counts_: Counts) type {
    comptime for (counts_) |count| std.debug.assert(count * limb_max < 1 << 15);
    return extern struct {
        vectors: Vectors,

        const counts = counts_;
        const This = @This();

        pub inline fn plus(a: *const This, b: anytype) Sum(total(counts, countsOf(@TypeOf(b)))) {
            var sum: Sum(total(counts, countsOf(@TypeOf(b)))) = undefined;
            for (0..rolled()) |i| sum.vectors[i] = a.vectors[i] + b.vectors[i];
            return sum;
        }

        pub inline fn minus(a: *const This, b: anytype) Sum(total(counts, countsOf(@TypeOf(b)))) {
            var sum: Sum(total(counts, countsOf(@TypeOf(b)))) = undefined;
            for (0..rolled()) |i| sum.vectors[i] = a.vectors[i] - b.vectors[i];
            return sum;
        }

        /// The elements in the order given.
        pub inline fn permuted(a: *const This, comptime of: [4]i32) Sum(permutedCounts(counts, of)) {
            var result: Sum(permutedCounts(counts, of)) = undefined;
            for (0..rolled()) |i| result.vectors[i] = order(a.vectors[i], of);
            return result;
        }

        /// Each element times a small number.
        pub inline fn times(a: *const This, comptime factors: [4]i16) Sum(scaled(counts, factors)) {
            const f = factors;
            const both: Halves = .{ f[0], f[0], f[1], f[1], f[2], f[2], f[3], f[3] };
            var result: Sum(scaled(counts, factors)) = undefined;
            for (0..rolled()) |i| result.vectors[i] = a.vectors[i] * both;
            return result;
        }
    };
}

fn countsOf(comptime Pointer: type) Counts {
    return @typeInfo(Pointer).pointer.child.counts;
}

fn total(comptime a: Counts, comptime b: Counts) Counts {
    return .{ a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3] };
}

fn permutedCounts(comptime a: Counts, comptime of: [4]i32) Counts {
    return .{ a[of[0]], a[of[1]], a[of[2]], a[of[3]] };
}

fn scaled(comptime a: Counts, comptime factors: [4]i16) Counts {
    var result: Counts = undefined;
    for (&result, a, factors) |*to, count, factor| to.* = count * @max(1, @abs(factor));
    return result;
}

pub const Vectors = [vectors]Halves;

/// The limbs of four elements in the order given.
pub inline fn order(all: Halves, comptime of: [4]i32) Halves {
    return @bitCast(@shuffle(i32, @as(Lanes, @bitCast(all)), undefined, of));
}

/// The limbs of four elements in the order that bytes say, which may be secret.
pub inline fn reordered(all: Halves, of: Order) Halves {
    return @bitCast(vector.swizzle(@bitCast(all), of));
}

/// For each byte, where it is taken from.
pub const Order = vector.Block;

pub fn bytesOf(comptime of: [4]u8) Order {
    var result: [vector.block_bytes]u8 = undefined;
    for (&result, 0..) |*byte, i| byte.* = 4 * of[i / 4] + i % 4;
    return result;
}

/// Elements of b where the bit is 1, of a where it is 0; the lowest bit is the first element's.
pub inline fn blended(a: Halves, b: Halves, comptime of_b: u4) Halves {
    comptime var choice: [4]i32 = undefined;
    inline for (&choice, 0..) |*lane, i| lane.* = if (of_b >> i & 1 != 0) ~@as(i32, i) else i;
    return @bitCast(@shuffle(i32, @as(Lanes, @bitCast(a)), @as(Lanes, @bitCast(b)), choice));
}

/// How many vectors four elements have, for loops that LLVM shall not unroll: they would hardly be faster, and many.
pub inline fn rolled() usize {
    return hidden(@as(usize, vectors));
}

// A product fits if all columns are within 2^31. In a column there are
//
// - 20 products of limbs, each at most m * n * limb_max^2 for sums of m and of n elements;
// - in the lower half, `fold_factor` times a digit of the upper half, and what takes the place of its sign;
// - the carry, at most 2^(31 - limb_bits), and the rounding.

/// The most that m * n may be.
pub const product_max = blk: {
    const added = (fold_factor << limb_bits) + (1 << 31 - limb_bits) + half;
    break :blk ((1 << 31) - added) / (limbs * limb_max * limb_max);
};

comptime {
    std.debug.assert(product_max == 6);
}

/// Four products.
pub inline fn mul(a: anytype, b: anytype) Four {
    var result: Four = undefined;
    storeProducts(&result, a, b);
    return result;
}

pub inline fn storeProducts(result: *Four, a: anytype, b: anytype) void {
    comptime for (countsOf(@TypeOf(a)), countsOf(@TypeOf(b))) |m, n| std.debug.assert(m * n <= product_max);
    mulVectors(&result.vectors, &a.vectors, &b.vectors);
}

/// Sums, carried.
pub inline fn settled(a: anytype) Four {
    return mul(a, &comptime constants(.{ 1, 1, 1, 1 }));
}

/// Where most of the time goes. Columns are summed up one group after another, so that few values are alive at a
/// time.
noinline fn mulVectors(out: *Vectors, a: *const Vectors, b: *const Vectors) void {
    @setEvalBranchQuota(100_000);
    // Pair m of b is its limbs m and m - 1; none has index -1 or 20.
    var pairs: [limbs + 1]Halves = undefined;
    const none: Halves = @splat(0);
    const of_both: [8]i32 = .{ 0, ~@as(i32, 1), 2, ~@as(i32, 3), 4, ~@as(i32, 5), 6, ~@as(i32, 7) };
    inline for (0..vectors + 1) |i| {
        const before = if (i == 0) none else b[i - 1];
        const these = if (i == vectors) none else b[i];
        pairs[2 * i] = @shuffle(i16, these, before, of_both);
        if (i < vectors) pairs[2 * i + 1] = @shuffle(i16, these, undefined, [8]i32{ 1, 0, 3, 2, 5, 4, 7, 6 });
    }
    // The upper half, in digits from 0 to 2^13 - 1 but for the last.
    var high: [limbs]Lanes = undefined;
    var carried: Lanes = @splat(0);
    comptime var from = limbs;
    inline while (from < 2 * limbs - 1) : (from += group) {
        const count = @min(group, 2 * limbs - 1 - from);
        const sums = columns(a, &pairs, from, count);
        inline for (sums, from - limbs..) |products, k| {
            const sum = products + carried;
            high[k] = sum & mask;
            carried = sum >> @splat(limb_bits);
        }
    }
    high[limbs - 1] = carried;
    // The lower half, and `fold_factor` times the upper one.
    var low: [limbs]Lanes = undefined;
    carried = @splat(half);
    from = 0;
    inline while (from < limbs) : (from += group) {
        const count = @min(group, limbs - from);
        const sums = columns(a, &pairs, from, count);
        inline for (sums, from..) |products, k| {
            const folded = dot(@bitCast(high[k]), @bitCast(@as(Lanes, @splat(fold_factor))));
            const sum = hidden(products + folded) + carried;
            low[k] = sum;
            if (k < limbs - 1) {
                low[k] = sum & mask;
                carried = (sum >> @splat(limb_bits)) + @as(Lanes, @splat(half));
            }
        }
    }
    finish(out, &low);
}

/// How many columns are computed side by side: what they share is loaded once.
const group = 4;

/// So many columns of the product, from one of them on.
inline fn columns(
    a: *const Vectors,
    pairs: *const [limbs + 1]Halves,
    comptime from: comptime_int,
    comptime count: comptime_int,
) [count]Lanes {
    var sums: [count]Lanes = @splat(@splat(0));
    inline for (0..vectors) |j| {
        inline for (&sums, from..) |*sum, k| {
            const m = @as(comptime_int, k) - 2 * @as(comptime_int, j);
            if (m >= 0 and m <= limbs) sum.* = hidden(sum.* + dot(a[j], pairs[m]));
        }
    }
    return sums;
}

/// Takes limbs that are `half` too large, the highest one of any size; brings the whole down to about half the prime.
inline fn finish(out: *Vectors, low: *[limbs]Lanes) void {
    const halves: Lanes = @splat(half);
    const last = low[limbs - 1] - halves;
    const q = (last + @as(Lanes, @splat(1 << last_bits - 1))) >> @splat(last_bits);
    low[limbs - 1] = last - (q << @splat(last_bits)) + halves;
    const first = low[0] + q * @as(Lanes, @splat(19));
    low[0] = first & mask;
    const second = low[1] + (first >> @splat(limb_bits));
    low[1] = second & mask;
    low[2] += second >> @splat(limb_bits);
    inline for (out, 0..) |*to, j| {
        const both: Halves = @bitCast((low[2 * j] & @as(Lanes, @splat(0xffff))) | (low[2 * j + 1] << @splat(16)));
        to.* = both - @as(Halves, @splat(half));
    }
}

// ---- in and out ----

/// Four constants.
pub fn constants(comptime values: [4]comptime_int) Four {
    comptime {
        @setEvalBranchQuota(10_000);
        var result: Four = undefined;
        for (values, 0..) |value, lane| {
            var rest = @mod(value, modulus);
            if (rest > modulus / 2) rest -= modulus;
            for (0..limbs) |i| {
                const lowest = if (i == limbs - 1) rest else @mod(rest + half, 2 * half) - half;
                result.vectors[i / 2][2 * lane + i % 2] = lowest;
                rest = (rest - lowest) >> limb_bits;
            }
        }
        return result;
    }
}

/// From little-endian integers of 256 bits.
pub noinline fn enter(integers: [4]*const [bytes]u8) Four {
    var sum: Sum(.{ 2, 2, 2, 2 }) = undefined; // Not balanced: limbs to twice `half`.
    for (integers, 0..) |integer, lane| {
        var number: [limbs]i64 = undefined;
        digits.fromBytes(&number, limb_bits, &reversed(integer));
        for (number, 0..) |digit, i| limbOf(&sum.vectors, lane, i).* = @intCast(digit);
    }
    return settled(&sum);
}

/// The element in a lane, as a little-endian integer below the prime.
pub noinline fn leave(a: *const Four, lane: usize) [bytes]u8 {
    return reversed(&canonical(a, lane));
}

/// A big-endian integer below the prime.
fn canonical(a: *const Four, lane: usize) [bytes]u8 {
    const modulus_digits = comptime blk: {
        var result: [limbs]i64 = undefined;
        for (&result, 0..) |*digit, i| digit.* = modulus >> limb_bits * i & 2 * half - 1;
        break :blk result;
    };
    var copy = a.vectors;
    var number: [limbs]i64 = undefined;
    for (&number, 0..) |*digit, i| digit.* = limbOf(&copy, lane, i).*;
    var least: [limbs]i64 = undefined;
    digits.reduce(&least, limb_bits, &number, &modulus_digits);
    var integer: [bytes]u8 = undefined;
    digits.toBytes(&integer, limb_bits, &least);
    return integer;
}

fn limbOf(four: *Vectors, lane: usize, i: usize) *i16 {
    const halves: *[vectors][4][2]i16 = @ptrCast(four);
    return &halves[i / 2][lane][i % 2];
}

fn reversed(integer: *const [bytes]u8) [bytes]u8 {
    const both: @Vector(bytes, u8) = integer.*;
    return std.simd.reverseOrder(both);
}

/// 1 / a, and 0 for 0, of the element in a lane, in all lanes.
pub noinline fn inverse(a: *const Four, lane: usize) Four {
    var number: [9]i64 = undefined;
    digits.fromBytes(&number, 30, &canonical(a, lane));
    inversion.invert(&for_inversion, 30, &number);
    var integer: [bytes]u8 = undefined;
    digits.toBytes(&integer, 30, &number);
    integer = reversed(&integer);
    return enter(@splat(&integer));
}

const for_inversion: inversion.Modulus = .of(modulus, 255);

/// Whether the element in a lane is 0.
pub fn isZero(a: *const Four, lane: usize) bool {
    return std.mem.allEqual(u8, &canonical(a, lane), 0);
}

/// a^(2^252 - 3), the exponent being (p - 5) / 8.
pub noinline fn powerForRoot(a: *const Four) Four {
    // Exponents are 2^n - 1: (2^n - 1) * 2^m + (2^m - 1) = 2^(n + m) - 1.
    const x2 = mul(&squared(a, 1), a);
    const x4 = mul(&squared(&x2, 2), &x2);
    const x5 = mul(&squared(&x4, 1), a);
    const x10 = mul(&squared(&x5, 5), &x5);
    const x20 = mul(&squared(&x10, 10), &x10);
    const x40 = mul(&squared(&x20, 20), &x20);
    const x50 = mul(&squared(&x40, 10), &x10);
    const x100 = mul(&squared(&x50, 50), &x50);
    const x200 = mul(&squared(&x100, 100), &x100);
    const x250 = mul(&squared(&x200, 50), &x50);
    return mul(&squared(&x250, 2), a);
}

noinline fn squared(a: *const Four, times: usize) Four {
    var power = a.*;
    for (0..times) |_| storeProducts(&power, &power, &power);
    return power;
}

extern fn @"llvm.wasm.dot"(Halves, Halves) Lanes;

pub inline fn dot(x: Halves, y: Halves) Lanes {
    if (builtin.cpu.arch == .wasm32) return @"llvm.wasm.dot"(x, y);
    const products = @as(@Vector(8, i32), x) *% @as(@Vector(8, i32), y);
    const even = @shuffle(i32, products, undefined, [4]i32{ 0, 2, 4, 6 });
    const odd = @shuffle(i32, products, undefined, [4]i32{ 1, 3, 5, 7 });
    return even +% odd;
}

const testing = std.testing;

fn valueOf(a: anytype, lane: usize) i512 {
    var value: i512 = 0;
    var i: usize = limbs;
    while (i > 0) {
        i -= 1;
        value = (value << limb_bits) + limbOf(@constCast(&a.vectors), lane, i).*;
    }
    return value;
}

fn expectElement(a: *const Four, lane: usize) !void {
    for (0..limbs) |i| try testing.expect(@abs(limbOf(@constCast(&a.vectors), lane, i).*) <= limb_max);
    try testing.expect(@abs(valueOf(a, lane)) <= (1 << 254) + (1 << 248));
}

/// Within what a sum of `count` elements may be, often at its edges.
fn someSum(comptime count: comptime_int, random: std.Random) Sum(@splat(count)) {
    var sum: Sum(@splat(count)) = undefined;
    for (0..4) |lane| {
        const style = random.uintLessThan(u8, 6);
        for (0..limbs) |i| {
            const max: i16 = count * @as(i16, if (i == limbs - 1) (1 << last_bits - 1) + 1 else limb_max);
            limbOf(&sum.vectors, lane, i).* = switch (style) {
                0 => max,
                1 => -max,
                2 => if (random.boolean()) max else -max,
                3 => if (i % 2 == 0) max else -max,
                4 => random.intRangeAtMost(i16, -1, 1),
                else => random.intRangeAtMost(i16, -max, max),
            };
        }
    }
    return sum;
}

test "products, with limbs at their bounds, against integers" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..2000) |_| {
        inline for (.{ .{ 1, 1 }, .{ 1, 6 }, .{ 2, 3 }, .{ 6, 1 } }) |counts| {
            const a = someSum(counts[0], prng.random());
            const b = someSum(counts[1], prng.random());
            const result = mul(&a, &b);
            for (0..4) |lane| {
                try expectElement(&result, lane);
                const difference = valueOf(&a, lane) * valueOf(&b, lane) - valueOf(&result, lane);
                try testing.expectEqual(0, @rem(difference, modulus));
            }
        }
    }
}

test "integers go in and out, inverses are inverse, and powers are roots" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const edges = [_]u256{
        0,                1,                2,
        modulus - 1,      modulus,          modulus + 1,
        2 * modulus,      2 * modulus + 37, std.math.maxInt(u256),
        modulus / 2,      modulus / 2 + 1,  std.math.maxInt(u255),
        0x1000,           0x1fff,           0x2000,
        modulus - 0x1000, 1 << 254,         1 << 255,
    };
    for (0..100) |round| {
        var encoded: [4][bytes]u8 = undefined;
        var numbers: [4]u256 = undefined;
        for (&encoded, &numbers, 0..) |*integer, *number, lane| {
            number.* = if (round < edges.len) edges[(round + lane) % edges.len] else prng.random().int(u256);
            std.mem.writeInt(u256, integer, number.*, .little);
        }
        const four = enter(.{ &encoded[0], &encoded[1], &encoded[2], &encoded[3] });
        for (numbers, 0..) |number, lane| {
            const left = leave(&four, lane);
            try testing.expectEqual(number % modulus, std.mem.readInt(u256, &left, .little));
            try testing.expectEqual(number % modulus == 0, isZero(&four, lane));
            const product = mul(&four, &inverse(&four, lane));
            const one = leave(&product, lane);
            try testing.expectEqual(@intFromBool(number % modulus != 0), std.mem.readInt(u256, &one, .little));
        }
        // a^((p - 1) / 2) = a^(4 (p - 5) / 8 + 2) is 0, 1 or -1.
        const power = powerForRoot(&four);
        const legendre = mul(&squared(&power, 2), &squared(&four, 1));
        for (0..4) |lane| {
            const left = leave(&legendre, lane);
            const value = std.mem.readInt(u256, &left, .little);
            try testing.expect(value <= 1 or value == modulus - 1);
        }
    }
}
