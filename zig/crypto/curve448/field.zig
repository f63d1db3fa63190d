//! Arithmetic modulo p = 2^448 - 2^224 - 1, the prime of curve448 and edwards448 (RFC 7748, section 4.2).
//!
//! Sixteen signed limbs of 28 bits, for two elements at a time. A vector holds two limbs of both: limb i, and limb
//! i + 8, which is worth 2^224 times as much. With t = 2^224, p is t^2 - t - 1; so for halves a, b, c and d
//!
//!     (a + b * t) * (c + d * t) = a * c + b * d + ((a + b) * (c + d) - a * c) * t,
//!
//! three products of half the length, and nothing else to reduce by (Hamburg 2015, "Ed448-Goldilocks, a new elliptic
//! curve"). That of the lower halves is what i64x2.extmul_low makes of two vectors, that of the upper halves what
//! extmul_high makes of the same two.
//!
//! Constant time: no branch, index or division depends on a value. How far limbs may grow is counted in types (`Sum`),
//! so that what could overflow does not compile. Nothing is wiped here: who knows that a value is secret wipes it.

const std = @import("std");
const inversion = @import("../ec/inversion.zig");
const lanes_ = @import("../ec/lanes.zig");

const Lanes = lanes_.Lanes;
const hidden = lanes_.hidden;

pub const modulus = (1 << 448) - (1 << 224) - 1;
pub const bytes = 56;
pub const limb_bits = 28;
const limbs = 16;
/// How many vectors there are, and so limbs in half an element.
const half = limbs / 2;
const quarter = half / 2;

/// Limb i of two elements, and limb i + 8 of both.
pub const Vector = @Vector(4, i32);
pub const Limbs = [half]Vector;

const mask = (1 << limb_bits) - 1;
/// Carries leave at most 2^27 in a limb. To those next to the lowest of each half they add less than 2^9 in the end.
pub const limb_max = (1 << limb_bits - 1) + (1 << 9);

/// Two elements. No limb exceeds `limb_max`, and so neither element the modulus.
pub const Pair = Sum(1);

/// Two sums or differences, not carried, of so many elements.
pub fn Sum(comptime count_: comptime_int) type {
    std.debug.assert(count_ * limb_max < 1 << 31);
    return extern struct {
        limbs: Limbs,
        const count = count_;
    };
}

fn countOf(comptime Pointer: type) comptime_int {
    return @typeInfo(Pointer).pointer.child.count;
}

pub const zeros = constants(0, 0);
pub const ones = constants(1, 1);

pub fn constants(comptime first: comptime_int, comptime second: comptime_int) Pair {
    return comptime blk: {
        @setEvalBranchQuota(10_000);
        var result: Pair = undefined;
        for (&.{ first, second }, 0..) |value, element| {
            const least = @mod(value, modulus);
            var rest = if (least > modulus / 2) least - modulus else least;
            for (0..limbs) |i| {
                const balanced = @mod(rest + (1 << limb_bits - 1), 1 << limb_bits) - (1 << limb_bits - 1);
                const lowest = if (i == limbs - 1) rest else balanced;
                result.limbs[i % half][element + 2 * (i / half)] = lowest;
                rest = (rest - lowest) >> limb_bits;
            }
        }
        break :blk result;
    };
}

// ---- sums and lanes: limb by limb ----

/// a + b
pub inline fn plus(a: anytype, b: anytype) Sum(countOf(@TypeOf(a)) + countOf(@TypeOf(b))) {
    var sum: Sum(countOf(@TypeOf(a)) + countOf(@TypeOf(b))) = undefined;
    inline for (&sum.limbs, a.limbs, b.limbs) |*limb, x, y| limb.* = x +% y;
    return sum;
}

/// a - b
pub inline fn minus(a: anytype, b: anytype) Sum(countOf(@TypeOf(a)) + countOf(@TypeOf(b))) {
    var difference: Sum(countOf(@TypeOf(a)) + countOf(@TypeOf(b))) = undefined;
    inline for (&difference.limbs, a.limbs, b.limbs) |*limb, x, y| limb.* = x -% y;
    return difference;
}

/// Element i of a, and element j of b.
pub inline fn lanes(
    a: anytype,
    comptime i: comptime_int,
    b: anytype,
    comptime j: comptime_int,
) Sum(@max(countOf(@TypeOf(a)), countOf(@TypeOf(b)))) {
    var both: Sum(@max(countOf(@TypeOf(a)), countOf(@TypeOf(b)))) = undefined;
    const order = [4]i32{ i, ~@as(i32, j), i + 2, ~@as(i32, j + 2) };
    inline for (&both.limbs, a.limbs, b.limbs) |*limb, x, y| limb.* = @shuffle(i32, x, y, order);
    return both;
}

/// The second element, and the first.
pub inline fn swapped(a: anytype) Sum(countOf(@TypeOf(a))) {
    return lanes(a, 1, a, 0);
}

// ---- the two functions in which most of the time goes ----
//
// With A, B and C for the columns of a * c, b * d and (a + b) * (c + d), eight and seven of each, and t^2 = t + 1, the
// columns of the result are, for k below 8,
//
//     low[k]  = A[k] + B[k] + C[k + 8] - A[k + 8]
//     high[k] = C[k] - A[k] + C[k + 8] + B[k + 8].
//
// In products of limbs that is at most 23 - k and 38 - 2 * k. On the way sums may wrap around, modulo 2^64; the last
// fits.

/// How much m * n may be, for factors that are sums of m and of n elements.
pub const product_max = ((1 << 63) - (1 << 40)) / (38 * limb_max * limb_max);
/// How much m and n may be: factors are 32 bits, and Karatsuba's are sums of four limbs.
pub const factor_max = ((1 << 31) - 1) / (4 * limb_max);

/// result = a * b. The result may be where a factor is.
pub inline fn mul(result: *Pair, a: anytype, b: anytype) void {
    const m = countOf(@TypeOf(a));
    const n = countOf(@TypeOf(b));
    comptime std.debug.assert(m * n <= product_max and @max(m, n) <= factor_max);
    mulLimbs(&result.limbs, &a.limbs, &b.limbs);
}

/// result = a * a
pub inline fn sqr(result: *Pair, a: anytype) void {
    const n = countOf(@TypeOf(a));
    comptime std.debug.assert(n * n <= product_max and n <= factor_max);
    sqrLimbs(&result.limbs, &a.limbs);
}

noinline fn mulLimbs(out: *Limbs, a: *const Limbs, b: *const Limbs) void {
    @setEvalBranchQuota(10_000);
    const A, const B = products(a, b, 2);
    const C = products(&halvesSum(a), &halvesSum(b), 1)[0];
    var columns: Columns = undefined;
    inline for (0..half) |k| {
        var low = A[k] +% B[k];
        var high = C[k] -% A[k];
        if (k + half < A.len) {
            low = low +% C[k + half] -% A[k + half];
            high = high +% C[k + half] +% B[k + half];
        }
        columns.take(k, low, high);
    }
    columns.fold(out);
}

/// The columns of the product of the lower halves, and, if `count` is 2, of the upper ones. Karatsuba once more: where l,
/// h and s are the products of the lower and of the upper quarters and of their sums, it is
/// l + (s - l - h) * 2^112 + h * 2^224.
inline fn products(x: *const Limbs, y: *const Limbs, comptime count: comptime_int) [count][2 * half - 1]Lanes {
    const l = quarterProducts(x[0..quarter], y[0..quarter], count);
    const h = quarterProducts(x[quarter..], y[quarter..], count);
    var x_sum: [quarter]Vector = undefined;
    var y_sum: [quarter]Vector = undefined;
    inline for (&x_sum, x[0..quarter], x[quarter..]) |*sum, low, high| sum.* = hidden(low +% high);
    inline for (&y_sum, y[0..quarter], y[quarter..]) |*sum, low, high| sum.* = hidden(low +% high);
    const s = quarterProducts(&x_sum, &y_sum, count);
    var result: [count][2 * half - 1]Lanes = @splat(@splat(@splat(0)));
    inline for (&result, l, h, s) |*columns, low, high, sums| {
        inline for (0..2 * quarter - 1) |k| {
            columns[k] = low[k];
            columns[k + half] = high[k];
        }
        inline for (0..2 * quarter - 1) |k| {
            columns[k + quarter] = hidden(columns[k + quarter] +% hidden(sums[k] -% low[k] -% high[k]));
        }
    }
    return result;
}

inline fn quarterProducts(
    x: *const [quarter]Vector,
    y: *const [quarter]Vector,
    comptime count: comptime_int,
) [count][2 * quarter - 1]Lanes {
    var columns: [count][2 * quarter - 1]Lanes = undefined;
    inline for (0..2 * quarter - 1) |k| {
        const first = k - @min(k, quarter - 1);
        inline for (first..@min(quarter, k + 1)) |i| {
            inline for (&columns, 0..) |*column, are_upper| {
                const product = if (are_upper == 0) low2(x[i], y[k - i]) else high2(x[i], y[k - i]);
                column[k] = hidden(if (i == first) product else column[k] +% product);
            }
        }
    }
    return columns;
}

noinline fn sqrLimbs(out: *Limbs, a: *const Limbs) void {
    @setEvalBranchQuota(10_000);
    const x = a.*;
    const x_sum = halvesSum(&x);
    var columns: Columns = undefined;
    inline for (0..half) |k| {
        var a_low: Lanes = @splat(0);
        var c_high: Lanes = @splat(0);
        var low: Lanes = @splat(0);
        var high: Lanes = @splat(0);
        inline for (0..half) |i| {
            if (2 * i < k) {
                const j = k - i;
                a_low = hidden(a_low +% hiddenLow2(x[i], x[j]));
                low = hidden(low +% hiddenHigh2(x[i], x[j]));
                high = hidden(high +% hiddenLow2(x_sum[i], x_sum[j]));
            } else if (i > k and 2 * i < k + half) {
                const j = k + half - i;
                low = hidden(low -% hiddenLow2(x[i], x[j]));
                high = hidden(high +% hiddenHigh2(x[i], x[j]));
                c_high = hidden(c_high +% hiddenLow2(x_sum[i], x_sum[j]));
            }
        }
        low = low +% a_low +% c_high;
        high = high -% a_low +% c_high;
        low = hidden(low +% low);
        high = hidden(high +% high);
        if (k % 2 == 0) {
            const i = k / 2;
            const j = i + half / 2;
            const a_square = hiddenLow2(x[i], x[i]);
            const c_square = hiddenLow2(x_sum[j], x_sum[j]);
            low = low +% a_square +% hiddenHigh2(x[i], x[i]) +% c_square -% hiddenLow2(x[j], x[j]);
            high = high +% hiddenLow2(x_sum[i], x_sum[i]) -% a_square +% c_square +% hiddenHigh2(x[j], x[j]);
        }
        columns.take(k, low, high);
    }
    columns.fold(out);
}

/// A sum that is too long to be a factor, carried.
pub inline fn settle(a: anytype) Pair {
    comptime std.debug.assert(countOf(@TypeOf(a)) <= 14);
    var result: Pair = undefined;
    carry(&result.limbs, &a.limbs);
    return result;
}

/// Carries are at most the sum's count: each limb passes on its own, and none waits for the one below.
noinline fn carry(out: *Limbs, a: *const Limbs) void {
    var carried: Limbs = undefined;
    inline for (&carried, a) |*to, sum| to.* = (sum + @as(Vector, @splat(1 << limb_bits - 1))) >> @splat(limb_bits);
    // What is carried out of the upper half is worth t^2 = t + 1, and out of the lower one t.
    const last = carried[half - 1];
    const upper = @shuffle(i32, last, undefined, [4]i32{ 2, 3, 2, 3 });
    const lower = @shuffle(i32, last, @as(Vector, @splat(0)), [4]i32{ -1, -1, 0, 1 });
    inline for (out, a, carried, 0..) |*limb, sum, passed_on, i| {
        const passed = if (i == 0) upper + lower else carried[i - 1];
        limb.* = sum - (passed_on << @splat(limb_bits)) + passed;
    }
}

/// The sums of limbs i and i + 8, in the first two lanes.
inline fn halvesSum(x: *const Limbs) Limbs {
    var sum: Limbs = undefined;
    inline for (&sum, x) |*to, limb| to.* = hidden(limb +% @shuffle(i32, limb, undefined, [4]i32{ 2, 3, 0, 1 }));
    return sum;
}

/// i64x2.extmul_low_i32x4_s
inline fn low2(x: Vector, y: Vector) Lanes {
    return lanes_.multiplied(x, y);
}

/// i64x2.extmul_high_i32x4_s
inline fn high2(x: Vector, y: Vector) Lanes {
    const x_high: @Vector(2, i32) = @shuffle(i32, x, undefined, [2]i32{ 2, 3 });
    const y_high: @Vector(2, i32) = @shuffle(i32, y, undefined, [2]i32{ 2, 3 });
    return @as(Lanes, x_high) *% @as(Lanes, y_high);
}

// The same for squaring. LLVM orders products of hidden factors otherwise, and V8 spills half as many values in an order
// like this, which makes a square an eighth faster. Multiplication loses as much by it.

inline fn hiddenLow2(x: Vector, y: Vector) Lanes {
    return low2(hidden(x), hidden(y));
}

inline fn hiddenHigh2(x: Vector, y: Vector) Lanes {
    return high2(hidden(x), hidden(y));
}

/// Columns of a result as they are carried, from k = 0 up, those of both halves side by side.
///
/// Carries are shifts of signed numbers, which x86 has not for 64 bits. So a column is raised by 2^63 and its carry is
/// unsigned, and 2^35 too much; where it goes is raised by that much less.
const Columns = struct {
    digits: Limbs,
    low_carry: Lanes,
    high_carry: Lanes,

    const raised: i64 = std.math.minInt(i64);
    const carry_raised = 1 << 63 - limb_bits;
    const rounding = 1 << limb_bits - 1;

    inline fn take(columns: *Columns, comptime k: usize, low: Lanes, high: Lanes) void {
        const carries = if (k == 0) 0 else 1;
        const low_sum = rounded(if (k == 0) low else low +% columns.low_carry, carries);
        const high_sum = rounded(if (k == 0) high else high +% columns.high_carry, carries);
        columns.digits[k] = balanced(low_sum, high_sum);
        columns.low_carry = carriedFrom(low_sum);
        columns.high_carry = carriedFrom(high_sum);
    }

    /// A sum with so many carries in it, raised and rounded.
    inline fn rounded(sum: Lanes, comptime carries: comptime_int) Lanes {
        return hidden(sum +% @as(Lanes, @splat(raised +% (rounding - carries * carry_raised))));
    }

    inline fn carriedFrom(sum: Lanes) Lanes {
        const unsigned: @Vector(2, u64) = @bitCast(sum);
        return @bitCast(unsigned >> @splat(limb_bits));
    }

    /// The lowest digits of two sums that are rounded.
    inline fn balanced(low: Lanes, high: Lanes) Vector {
        return (lowWords(low, high) & @as(Vector, @splat(mask))) - @as(Vector, @splat(rounding));
    }

    inline fn lowWords(low: Lanes, high: Lanes) Vector {
        return @shuffle(i32, @as(Vector, @bitCast(low)), @as(Vector, @bitCast(high)), [4]i32{ 0, 2, -1, -3 });
    }

    /// What is carried out of the upper half is worth t^2 = t + 1, and out of the lower one t.
    inline fn fold(columns: *Columns, out: *Limbs) void {
        const digits = columns.digits[0];
        const low_digits: @Vector(2, i32) = @shuffle(i32, digits, undefined, [2]i32{ 0, 1 });
        const high_digits: @Vector(2, i32) = @shuffle(i32, digits, undefined, [2]i32{ 2, 3 });
        const low_sum = rounded(low_digits + columns.high_carry, 1);
        const high_sum = rounded(high_digits + columns.low_carry +% columns.high_carry, 2);
        out.* = columns.digits;
        out[0] = balanced(low_sum, high_sum);
        // What is left of these carries in 32 bits is what they are without the 2^35.
        out[1] += lowWords(carriedFrom(low_sum), carriedFrom(high_sum));
    }
};

// ---- powers ----

/// The power 2^n, in place.
noinline fn sqrTimes(a: *Pair, n: usize) void {
    for (0..n) |_| sqr(a, a);
}

/// a^((p - 3) / 4), which is a^(2^446 - 2^222 - 1).
pub noinline fn pow(result: *Pair, a: *const Pair) void {
    // Each has as many ones as its name says: x6 is a^(2^6 - 1).
    const x3 = joined(1, a, &joined(1, a, a));
    const x9 = joined(3, &x3, &joined(3, &x3, &x3));
    const x18 = joined(9, &x9, &x9);
    const x37 = joined(18, &x18, &joined(1, a, &x18));
    const x111 = joined(37, &x37, &joined(37, &x37, &x37));
    const x222 = joined(111, &x111, &x111);
    result.* = joined(223, &x222, &joined(1, a, &x222));
}

/// b^(2^n) * a: the ones of a behind those of b, if they are n.
noinline fn joined(n: usize, a: *const Pair, b: *const Pair) Pair {
    var result = b.*;
    sqrTimes(&result, n);
    mul(&result, &result, a);
    return result;
}

/// 1 / a, and 0 for 0, of the first element, in both.
pub noinline fn invert(result: *Pair, a: *const Pair) void {
    var number = canonical(a, 0);
    inversion.invert(&for_inversion, limb_bits, &number);
    // Its digits reach to 2^28: they are carried.
    var sum: Sum(2) = undefined;
    for (0..half) |i| {
        const low: i32 = @intCast(number[i]);
        const high: i32 = @intCast(number[i + half]);
        sum.limbs[i] = .{ low, low, high, high };
    }
    mul(result, &sum, &ones);
}

const for_inversion: inversion.Modulus = .of(modulus, 448);

// ---- in and out ----

fn wordsOf(a: *const Limbs) *const [half][4]i32 {
    return @ptrCast(a);
}

/// From two little-endian integers of any size.
pub noinline fn enter(result: *Pair, first: *const [bytes]u8, second: *const [bytes]u8) void {
    var sum: Sum(2) = undefined;
    for (0..half / 2) |i| {
        var words: [4]u64 = undefined;
        for (&words, [_]*const [bytes]u8{ first, second, first, second }, 0..) |*word, integer, at| {
            const from = 7 * (i + half / 2 * (at / 2));
            word.* = std.mem.readInt(u56, integer[from..][0..7], .little);
        }
        inline for (0..4) |at| {
            sum.limbs[2 * i][at] = @intCast(words[at] & mask);
            sum.limbs[2 * i + 1][at] = @intCast(words[at] >> limb_bits);
        }
    }
    mul(result, &sum, &ones);
}

/// To little-endian integers below the modulus.
pub noinline fn leave(a: *const Pair, first: *[bytes]u8, second: *[bytes]u8) void {
    for ([_]*[bytes]u8{ first, second }, 0..) |integer, element| {
        const number = canonical(a, element);
        for (0..half) |i| {
            const word: u56 = @intCast(number[2 * i] | number[2 * i + 1] << limb_bits);
            std.mem.writeInt(u56, integer[7 * i ..][0..7], word, .little);
        }
    }
}

/// An element as the digits of the least natural number that it is.
noinline fn canonical(a: *const Pair, element: usize) [limbs]i64 {
    var result: [limbs]i64 = undefined;
    for (wordsOf(&a.limbs), 0..) |words, i| {
        result[i] = words[element];
        result[i + half] = words[element + 2];
    }
    // It is between -p and p, and what is carried out of the highest limb is its sign.
    var carried: i64 = 0;
    for (result) |limb| carried = (limb + carried) >> limb_bits;
    const negative = hidden(carried);
    carried = 0;
    for (&result, 0..) |*limb, i| {
        const digit: i64 = if (i == half) mask - 1 else mask;
        const sum = limb.* + (digit & negative) + carried;
        limb.* = sum & mask;
        carried = sum >> limb_bits;
    }
    return result;
}

/// Whether the first element is 0.
pub fn isZero(a: *const Pair) bool {
    var set: i64 = 0;
    for (canonical(a, 0)) |digit| set |= digit;
    return set == 0;
}

const testing = std.testing;
const Wide = i1024;

fn valueOf(a: anytype, comptime element: comptime_int) Wide {
    var value: Wide = 0;
    for (0..limbs) |i| {
        const limb: Wide = wordsOf(&a.limbs)[i % half][element + 2 * (i / half)];
        value += limb << @intCast(limb_bits * i);
    }
    return value;
}

fn expectElement(a: *const Pair) !void {
    for (wordsOf(&a.limbs)) |words| for (words) |word| try testing.expect(@abs(word) <= limb_max);
}

/// Sums of so many elements: at the bounds of all limbs, or at random.
fn someSum(comptime count: comptime_int, random: std.Random) Sum(count) {
    const bound = count * limb_max;
    var sum: Sum(count) = undefined;
    const kind = random.int(u8);
    for (&sum.limbs, 0..) |*vector, i| {
        var words: [4]i32 = undefined;
        for (&words, 0..) |*word, lane| {
            const sign: i32 = if (random.boolean()) 1 else -1;
            word.* = switch (kind % 8) {
                0 => bound,
                1 => -bound,
                2 => sign * bound,
                3 => if (i % 2 == 0) bound else -bound,
                4 => if (lane < 2) bound else -bound,
                5 => if (random.int(u4) == 0) sign * bound else 0,
                else => random.intRangeAtMost(i32, -bound, bound),
            };
        }
        vector.* = words;
    }
    return sum;
}

test "products and squares of sums, with limbs at their bounds" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    for (0..2000) |_| {
        inline for (.{ .{ 1, 1 }, .{ 2, 2 }, .{ 3, 3 }, .{ 1, 3 }, .{ 3, 1 }, .{ 2, 3 } }) |counts| {
            const a = someSum(counts[0], random);
            const b = someSum(counts[1], random);
            var product: Pair = undefined;
            mul(&product, &a, &b);
            var square: Pair = undefined;
            sqr(&square, &a);
            try expectElement(&product);
            inline for (0..2) |element| {
                const expected = valueOf(&a, element) * valueOf(&b, element);
                try testing.expectEqual(0, @mod(valueOf(&product, element) - expected, modulus));
                try expectElement(&square);
                const squared = valueOf(&a, element) * valueOf(&a, element);
                try testing.expectEqual(0, @mod(valueOf(&square, element) - squared, modulus));
            }
        }
    }
}

test "sums are settled, with limbs at their bounds" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..500) |_| {
        inline for (.{ 1, 2, 4, 7, 14 }) |count| {
            const a = someSum(count, prng.random());
            const settled = settle(&a);
            try expectElement(&settled);
            inline for (0..2) |element| {
                try testing.expectEqual(0, @mod(valueOf(&settled, element) - valueOf(&a, element), modulus));
            }
        }
    }
}

test "results may be where factors are" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const a = someSum(1, prng.random());
    const b = someSum(1, prng.random());
    var product: Pair = undefined;
    mul(&product, &a, &b);
    var left = a;
    mul(&left, &left, &b);
    var right = b;
    mul(&right, &a, &right);
    try testing.expectEqual(product, left);
    try testing.expectEqual(product, right);
    mul(&product, &a, &a);
    left = a;
    sqr(&left, &left);
    try testing.expectEqual(product, left);
}

/// Numbers of 448 bits: those where carries, signs and the modulus turn, and random ones.
fn someNumber(i: usize, random: std.Random) u448 {
    const p = modulus;
    const edges = [_]u448{
        0,        1,              2,        p - 1,          p - 2,
        p,        p + 1,          1 << 447, (1 << 448) - 1, (1 << 448) - (1 << 224),
        p / 2,    p / 2 + 1,      1 << 27,  1 << 28,        (1 << 28) - 1,
        1 << 224, (1 << 224) - 1, 1 << 223, p - (1 << 224), 0x5555 << 300,
        39081,    p - 39081,
    };
    return if (i < edges.len) edges[i] else random.int(u448);
}

test "numbers go in and out, and inverses and powers are right" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    for (0..60) |i| {
        const numbers = [2]u448{ someNumber(i, random), random.int(u448) };
        var integers: [2][bytes]u8 = undefined;
        for (&integers, numbers) |*integer, number| std.mem.writeInt(u448, integer, number, .little);
        var pair: Pair = undefined;
        enter(&pair, &integers[0], &integers[1]);
        try expectElement(&pair);
        var out: [2][bytes]u8 = undefined;
        leave(&pair, &out[0], &out[1]);
        for (out, numbers) |integer, number| {
            try testing.expectEqual(number % modulus, std.mem.readInt(u448, &integer, .little));
        }
        try testing.expectEqual(numbers[0] % modulus == 0, isZero(&pair));

        var inverse: Pair = undefined;
        invert(&inverse, &pair);
        try testing.expectEqual(@mod(valueOf(&inverse, 0), modulus), @mod(valueOf(&inverse, 1), modulus));
        const one = @mod(valueOf(&inverse, 0) * numbers[0], modulus);
        try testing.expectEqual(@intFromBool(numbers[0] % modulus != 0), one);

        var power: Pair = undefined;
        pow(&power, &pair);
        inline for (0..2) |element| {
            const exponent: u448 = (modulus - 3) / 4;
            var expected: Wide = 1;
            var bit: usize = 446;
            while (bit > 0) {
                bit -= 1;
                expected = @mod(expected * expected, modulus);
                if (exponent >> @intCast(bit) & 1 != 0) expected = @mod(expected * numbers[element], modulus);
            }
            try testing.expectEqual(expected, @mod(valueOf(&power, element), modulus));
        }
    }
}

test "lanes, sums and constants" {
    const a = constants(3, -5);
    const b = constants(1 << 300, modulus - 1);
    try testing.expectEqual(constants(-5, 3), swapped(&a));
    try testing.expectEqual(constants(3, modulus - 1), lanes(&a, 0, &b, 1));
    try testing.expectEqual(constants(-5, 1 << 300), lanes(&a, 1, &b, 0));
    try testing.expectEqual(3 + (1 << 300), valueOf(&plus(&a, &b), 0));
    try testing.expectEqual(-4, valueOf(&minus(&a, &b), 1));
    try testing.expectEqual(-(1 << 446) + 1, valueOf(&constants(1, -(1 << 446) + 1), 1));
}
