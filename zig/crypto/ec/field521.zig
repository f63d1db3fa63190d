//! Arithmetic modulo p = 2^521 - 1, the prime of P-521 (SP 800-186, section 3.2.1.5).
//!
//! Eighteen signed limbs of 29 bits, the highest of 28, for two elements at a time. A vector holds two limbs of both:
//! limb i, and limb i + 9, which is worth t = 2^261 times as much. Since t^2 is 2 modulo p, for halves a, b, c and d
//!
//!     (a + b * t) * (c + d * t) = a * c + 2 * b * d + ((a + b) * (c + d) - a * c - b * d) * t,
//!
//! three products of half the length, and nothing else to reduce by. That of the lower halves is what i64x2.extmul_low
//! makes of two vectors, that of the upper halves what extmul_high makes of the same two.
//!
//! Used as a `modular.Field` is; elements are not in the Montgomery form, or R is 1.
//!
//! Constant time: no branch, index or division depends on a value. How far limbs may grow is counted in types (`Sum`),
//! so that what could overflow does not compile. Nothing is wiped here: who knows that a value is secret wipes it.

const std = @import("std");
const digits = @import("digits.zig");
const inversion = @import("inversion.zig");
const modular = @import("modular.zig");
const sums_ = @import("sums.zig");
const vector = @import("lanes.zig");

const Counts = sums_.Counts;
const Lanes = vector.Lanes;
const hidden = vector.hidden;

const numbers = modular.Numbers(.{ .modulus = (1 << bits) - 1, .bits = bits, .limbs = limbs, .limb_bits = limb_bits });
const bits = 521;
pub const modulus = numbers.modulus;
pub const bytes = numbers.bytes;
pub const limbs = 18;
pub const limb_bits = 29;
pub const last_bits = numbers.last_bits;
pub const R = 1;

/// How many vectors there are, and so limbs in half an element.
const half = limbs / 2;

/// Limb i of two elements, and limb i + 9 of both.
const Vector = @Vector(4, i32);
const sums = sums_.Sums(Vector, half);
pub const Limbs = sums.Limbs;

/// Carries leave at most 2^28 in a limb. To some they add less than 2^8 in the end.
pub const limb_max = (1 << limb_bits - 1) + (1 << 8);

/// Two elements. No limb exceeds `limb_max`, and neither 9/16 of the modulus.
pub const Pair = Sum(1, 1);
pub const Sum = sums.Sum;
pub const plus = sums.plus;
pub const minus = sums.minus;
pub const lanes = sums.lanes;
pub const quick = sums.quick;
pub const computed = sums.computed;
pub const store = sums.store;

pub const zeros: Pair = constants(0, 0);
pub const ones: Pair = constants(1, 1);

/// Two constants.
pub fn constants(comptime first: comptime_int, comptime second: comptime_int) Pair {
    return comptime pairOf(&numbers.balanced(numbers.residue(first)), &numbers.balanced(numbers.residue(second)));
}

fn pairOf(first: *const numbers.Limbs, second: *const numbers.Limbs) Pair {
    var pair: Pair = undefined;
    for (&pair.limbs, first[0..half], second[0..half], first[half..], second[half..]) |*limb, a, b, c, d| {
        limb.* = .{ @intCast(a), @intCast(b), @intCast(c), @intCast(d) };
    }
    return pair;
}

/// The first element, and the negative of the second.
pub noinline fn secondNegated(a: *const Pair) Pair {
    return .{ .limbs = computed(lanes(a, 0, minus(&zeros, a), 1)).limbs };
}

// ---- in tables ----

/// A pair as tables have it: as it is.
pub const Packed = Limbs;

pub fn pack(a: *const Pair) Packed {
    return a.limbs;
}

pub inline fn unpack(given: *const Packed) Pair {
    return .{ .limbs = given.* };
}

// ---- products ----

/// The most that m * n may be, for factors that are sums of m and of n elements. In a column there are at most 35 products
/// of limbs, a carry below 2^35, and the rounding.
pub const product_max = ((1 << 63) - (1 << 36)) / (35 * limb_max * limb_max);
/// The most that m and n may be: factors are 32 bits, and Karatsuba's are sums of two limbs.
pub const factor_max = ((1 << 31) - 1) / (2 * limb_max);
/// How many elements may be subtracted from a product: with it they are six, and 32 bits have room for the rounding.
pub const subtrahend_max = settled_max - 1;
const settled_max = ((1 << 31) - 1 - rounding(limb_bits)) / limb_max;

/// a * b
pub inline fn mul(a: anytype, b: anytype) Pair {
    var result: Pair = undefined;
    storeMul(&result, a, b);
    return result;
}

/// a * a
pub inline fn sqr(a: anytype) Pair {
    comptime requireFit(sums.countsOf(@TypeOf(a)), sums.countsOf(@TypeOf(a)));
    var storage: Limbs = undefined;
    var result: Pair = undefined;
    sqrLimbs(&result.limbs, sums.operand(a, &storage));
    return result;
}

/// a * b - c
pub inline fn mulSub(a: anytype, b: anytype, c: anytype) Pair {
    var result: Pair = undefined;
    storeMulSub(&result, a, b, c);
    return result;
}

/// a * a - c
pub inline fn sqrSub(a: anytype, c: anytype) Pair {
    var result: Pair = undefined;
    storeSqrSub(&result, a, c);
    return result;
}

// Stored where they belong: an assignment would copy them there. That may be where an operand is.

pub inline fn storeMul(result: *Pair, a: anytype, b: anytype) void {
    comptime requireFit(sums.countsOf(@TypeOf(a)), sums.countsOf(@TypeOf(b)));
    var storage: [2]Limbs = undefined;
    mulLimbs(&result.limbs, sums.operand(a, &storage[0]), sums.operand(b, &storage[1]));
}

pub inline fn storeMulSub(result: *Pair, a: anytype, b: anytype, c: anytype) void {
    const product = mul(a, b);
    storeDifference(result, &product, c);
}

pub inline fn storeSqrSub(result: *Pair, a: anytype, c: anytype) void {
    const square = sqr(a);
    storeDifference(result, &square, c);
}

fn requireFit(comptime a: Counts, comptime b: Counts) void {
    for (a, b) |m, n| std.debug.assert(m * n <= product_max and @max(m, n) <= factor_max);
}

/// A sum that is too long to be multiplied, carried.
pub inline fn settle(a: anytype) Pair {
    comptime for (sums.countsOf(@TypeOf(a))) |count| std.debug.assert(count <= settled_max);
    var storage: Limbs = undefined;
    var result: Pair = undefined;
    carry(&result.limbs, sums.operand(a, &storage), &zeros.limbs);
    return result;
}

/// A product less c, carried.
inline fn storeDifference(result: *Pair, product: *const Pair, c: anytype) void {
    comptime for (sums.countsOf(@TypeOf(c))) |count| std.debug.assert(count <= subtrahend_max);
    var storage: Limbs = undefined;
    carry(&result.limbs, &product.limbs, sums.operand(c, &storage));
}

/// out = a - c. Carries are at most the sum's count: each limb passes on its own, and none waits for the one below.
noinline fn carry(out: *Limbs, a: *const Limbs, c: *const Limbs) void {
    // The highest limb has a bit less. What is carried out of it is worth 1, and out of the lower half t.
    const last = a[half - 1] - c[half - 1];
    const last_carried = bothOf(carried(last, limb_bits), carried(last, last_bits));
    var passed = @shuffle(i32, last_carried, undefined, [4]i32{ 2, 3, 0, 1 });
    inline for (0..half - 1) |i| {
        const sum = a[i] - c[i];
        const passed_on = carried(sum, limb_bits);
        out[i] = sum - (passed_on << @splat(limb_bits)) + passed;
        passed = passed_on;
    }
    const low = last_carried << @splat(limb_bits);
    const high = last_carried << @splat(last_bits);
    out[half - 1] = last - bothOf(low, high) + passed;
}

inline fn carried(sum: Vector, comptime count: comptime_int) Vector {
    return hidden((sum + @as(Vector, @splat(rounding(count)))) >> @splat(count));
}

/// The lower limbs of one vector, and the higher ones of another.
inline fn bothOf(low: Vector, high: Vector) Vector {
    return @shuffle(i32, low, high, [4]i32{ 0, 1, ~@as(i32, 2), ~@as(i32, 3) });
}

fn rounding(comptime count: comptime_int) comptime_int {
    return 1 << count - 1;
}

// ---- the two functions in which most of the time goes ----
//
// With A, B and C for the columns of a * c, b * d and (a + b) * (c + d), seventeen of each, the columns of the result are,
// for k below 9,
//
//     low[k]  = A[k] + 2 * (B[k] + C[k + 9] - A[k + 9] - B[k + 9])
//     high[k] = C[k] - A[k] - B[k] + A[k + 9] + 2 * B[k + 9].
//
// In products of limbs that is at most 35 - k and 26 - k. On the way sums may wrap around, modulo 2^64; the last fits.

/// Columns A[k], B[k] and C[k], or those at k + 9.
const Three = struct {
    a: Lanes,
    b: Lanes,
    c: Lanes,

    const none: Three = .{ .a = @splat(0), .b = @splat(0), .c = @splat(0) };

    inline fn add(three: *Three, x: Vector, y: Vector, x_sum: Vector, y_sum: Vector) void {
        three.a = hidden(three.a +% low2(x, y));
        three.b = hidden(three.b +% high2(x, y));
        three.c = hidden(three.c +% low2(x_sum, y_sum));
    }
};

/// The columns k and k + 9 of a result.
inline fn columnsOf(k: Three, k9: Three) [2]Lanes {
    const ab = k.a +% k.b;
    const ab9 = k9.a +% k9.b;
    const rest = k9.c -% ab9;
    return .{ hidden(rest +% rest +% ab +% k.b), hidden(k.c -% ab +% ab9 +% k9.b) };
}

/// False, since no address of limbs is odd; but a branch, which ends a basic block. V8 puts the instructions of a block
/// into an order of its own, in which those of several columns, or of both halves of one, have far more values alive than
/// there are registers: multiplying takes a sixth longer then. Each has a number of its own, or V8 would keep but one.
inline fn fence(out: *Limbs, comptime i: usize) bool {
    return hidden(@intFromPtr(out)) == 2 * i + 1;
}

/// out = a * b
noinline fn mulLimbs(out: *Limbs, a: *const Limbs, b: *const Limbs) void {
    @setEvalBranchQuota(10_000);
    const x = a.*;
    const y = b.*;
    const x_sum = halvesSum(&x);
    const y_sum = halvesSum(&y);
    var columns: Columns = .{ .out = out };
    inline for (0..half) |k| {
        var lower: Three = .none;
        var upper: Three = .none;
        inline for (0..half) |i| {
            const j = if (i <= k) k - i else k + half - i;
            const three = if (i <= k) &lower else &upper;
            three.add(x[i], y[j], x_sum[i], y_sum[j]);
            if (i == k) if (fence(out, 2 * k + 1)) return;
        }
        columns.take(k, columnsOf(lower, upper));
        if (fence(out, 2 * k)) return;
    }
    columns.fold();
}

/// out = a * a
noinline fn sqrLimbs(out: *Limbs, a: *const Limbs) void {
    @setEvalBranchQuota(10_000);
    const x = a.*;
    const x_sum = halvesSum(&x);
    var columns: Columns = .{ .out = out };
    inline for (0..half) |k| {
        var lower: Three = .none;
        var upper: Three = .none;
        inline for (0..half) |i| {
            const j = if (i <= k) k - i else k + half - i;
            if (i < j) (if (i <= k) &lower else &upper).add(x[i], x[j], x_sum[i], x_sum[j]);
            if (i == k / 2) if (fence(out, 2 * k + 1)) return;
        }
        var both = columnsOf(lower, upper);
        inline for (&both) |*column| column.* = hidden(column.* +% column.*);
        // The square in the middle.
        lower = .none;
        upper = .none;
        const middle = if (k % 2 == 0) k / 2 else (k + half) / 2;
        (if (k % 2 == 0) &lower else &upper).add(x[middle], x[middle], x_sum[middle], x_sum[middle]);
        inline for (&both, columnsOf(lower, upper)) |*column, square| column.* = column.* +% square;
        columns.take(k, both);
        if (fence(out, 2 * k)) return;
    }
    columns.fold();
}

/// The sums of limbs i and i + 9, in the first two lanes.
inline fn halvesSum(x: *const Limbs) Limbs {
    var sum: Limbs = undefined;
    inline for (&sum, x) |*to, limb| to.* = hidden(limb +% @shuffle(i32, limb, undefined, [4]i32{ 2, 3, 0, 1 }));
    return sum;
}

// Factors are hidden each time: LLVM would extend them once for all blocks, and then not find the instructions.

/// i64x2.extmul_low_i32x4_s
inline fn low2(x: Vector, y: Vector) Lanes {
    return vector.multiplied(hidden(x), hidden(y));
}

/// i64x2.extmul_high_i32x4_s
inline fn high2(x: Vector, y: Vector) Lanes {
    const x_high: @Vector(2, i32) = @shuffle(i32, hidden(x), undefined, [2]i32{ 2, 3 });
    const y_high: @Vector(2, i32) = @shuffle(i32, hidden(y), undefined, [2]i32{ 2, 3 });
    return @as(Lanes, x_high) *% @as(Lanes, y_high);
}

/// Columns of a result as they are carried, from k = 0 up, those of both halves side by side.
///
/// Carries are shifts of signed numbers, which x86 has not for 64 bits. So a column is raised by 2^63 and its carry is
/// unsigned, and 2^34 too much; where it goes is raised by that much less.
const Columns = struct {
    out: *Limbs,
    low_carry: Lanes = undefined,
    high_carry: Lanes = undefined,

    const raised: i64 = std.math.minInt(i64);

    /// How much too much a carry of `count` bits down is.
    fn carryRaised(comptime count: comptime_int) comptime_int {
        return 1 << 63 - count;
    }

    inline fn take(columns: *Columns, comptime k: usize, both: [2]Lanes) void {
        const low, const high = both;
        const high_bits = if (k == half - 1) last_bits else limb_bits;
        const already = if (k == 0) 0 else carryRaised(limb_bits);
        const low_sum = rounded(if (k == 0) low else low +% columns.low_carry, limb_bits, already);
        const high_sum = rounded(if (k == 0) high else high +% columns.high_carry, high_bits, already);
        columns.out[k] = balanced(low_sum, high_sum, high_bits);
        columns.low_carry = carriedFrom(low_sum, limb_bits);
        columns.high_carry = carriedFrom(high_sum, high_bits);
    }

    /// A sum raised and rounded, in which a carry is `already` too much.
    inline fn rounded(sum: Lanes, comptime count: comptime_int, comptime already: comptime_int) Lanes {
        return hidden(sum +% @as(Lanes, @splat(raised +% (rounding(count) - already))));
    }

    inline fn carriedFrom(sum: Lanes, comptime count: comptime_int) Lanes {
        const unsigned: @Vector(2, u64) = @bitCast(sum);
        return @bitCast(unsigned >> @splat(count));
    }

    /// The lowest digits of two sums that are rounded.
    inline fn balanced(low: Lanes, high: Lanes, comptime high_bits: comptime_int) Vector {
        const low_mask = (1 << limb_bits) - 1;
        const high_mask = (1 << high_bits) - 1;
        const low_rounding = rounding(limb_bits);
        const high_rounding = rounding(high_bits);
        return (lowWords(low, high) & Vector{ low_mask, low_mask, high_mask, high_mask }) -
            Vector{ low_rounding, low_rounding, high_rounding, high_rounding };
    }

    inline fn lowWords(low: Lanes, high: Lanes) Vector {
        return @shuffle(i32, @as(Vector, @bitCast(low)), @as(Vector, @bitCast(high)), [4]i32{ 0, 2, -1, -3 });
    }

    /// What is carried out of the highest limb is worth 1, and out of the lower half t.
    inline fn fold(columns: *Columns) void {
        const out = columns.out;
        const lowest = out[0];
        const low_digits: @Vector(2, i32) = @shuffle(i32, lowest, undefined, [2]i32{ 0, 1 });
        const high_digits: @Vector(2, i32) = @shuffle(i32, lowest, undefined, [2]i32{ 2, 3 });
        const low_sum = rounded(low_digits + columns.high_carry, limb_bits, carryRaised(last_bits));
        const high_sum = rounded(high_digits + columns.low_carry, limb_bits, carryRaised(limb_bits));
        out[0] = balanced(low_sum, high_sum, limb_bits);
        // What is left of these carries in 32 bits is what they are without the 2^34.
        out[1] += lowWords(carriedFrom(low_sum, limb_bits), carriedFrom(high_sum, limb_bits));
    }
};

// ---- in and out ----

/// From two big-endian integers of at most 521 bits.
pub noinline fn enter(first: *const [bytes]u8, second: *const [bytes]u8) Pair {
    var both: [2]numbers.Limbs = undefined;
    digits.fromBytes(&both[0], limb_bits, first);
    digits.fromBytes(&both[1], limb_bits, second);
    return ofDigits(&both[0], &both[1]);
}

/// Digits reach to 2^29: they are carried.
noinline fn ofDigits(first: *const numbers.Limbs, second: *const numbers.Limbs) Pair {
    const sum: Sum(2, 2) = .{ .limbs = pairOf(first, second).limbs };
    return settle(&sum);
}

/// To big-endian integers below the modulus.
pub noinline fn leave(a: *const Pair) [2][bytes]u8 {
    var integers: [2][bytes]u8 = undefined;
    for (&integers, 0..) |*integer, lane| {
        const result = canonical(a, lane);
        digits.toBytes(integer, limb_bits, &result);
    }
    return integers;
}

noinline fn canonical(a: *const Pair, lane: usize) numbers.Limbs {
    const words: *const [half][4]i32 = @ptrCast(&a.limbs);
    var result: numbers.Limbs = undefined;
    for (result[0..half], result[half..], words) |*low, *high, *limb| {
        low.* = limb[lane];
        high.* = limb[lane + 2];
    }
    return numbers.canonical(&result);
}

/// 1 / a, and 0 for 0, of the first lane, in both.
pub noinline fn inverse(a: *const Pair) Pair {
    var number = canonical(a, 0);
    inversion.invert(&for_inversion, limb_bits, &number);
    return ofDigits(&number, &number);
}

const for_inversion: inversion.Modulus = .of(modulus, bits);

/// `inverse` of an element, and of one modulo the order of the same curve.
pub noinline fn inverses(comptime S: type, a: *const Pair, b: *const S.Element) struct { Pair, S.Element } {
    var number = canonical(a, 0);
    var other = S.numbers.canonical(&b.limbs);
    inversion.invertBoth(&.{ for_inversion, S.for_inversion }, limb_bits, &number, &other);
    return .{ ofDigits(&number, &number), S.inverted(&other) };
}

/// Whether the element in a lane is 0. Of the multiples of the modulus an element can only be 0 itself, and of the ways to
/// write that with limbs below 2^limb_bits only the plain one: nothing cancels a lowest limb.
pub fn isZero(a: *const Pair, comptime lane: comptime_int) bool {
    const set = bitsOf(a);
    return set[lane] | set[lane + 2] == 0;
}

/// Whether both elements are 0.
pub fn isZeros(a: *const Pair) bool {
    return @reduce(.Or, bitsOf(a)) == 0;
}

fn bitsOf(a: *const Pair) Vector {
    var set: Vector = @splat(0);
    for (a.limbs) |limb| set |= limb;
    return set;
}
