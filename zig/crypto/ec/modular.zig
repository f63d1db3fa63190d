//! Arithmetic modulo the two primes of a curve: that of its field, and the order of its group.
//!
//! Montgomery multiplication on limbs of 28 or 29 bits, each signed and alone in an i64, so that sums and differences
//! need no carries before the next multiplication. A field works on two elements at a time, in the two lanes of a
//! vector; its prime is -1 modulo 2^limb_bits and has few other bits, so that each step of the reduction is a few
//! shifts. Orders take a row of multiplications, one element at a time.
//!
//! Constant time: no branch, index or division depends on a value. How far limbs may grow is counted in types (`Sum`),
//! so that what could overflow does not compile. Nothing is wiped here: who knows that a value is secret wipes it.

const std = @import("std");
const digits = @import("digits.zig");
const inversion = @import("inversion.zig");
const sums_ = @import("sums.zig");
const vector = @import("lanes.zig");
const secret = @import("secret.zig");

const Factors = vector.Factors;
const Lanes = vector.Lanes;
const hidden = vector.hidden;
const multiplied = vector.multiplied;
const shifted = vector.shifted;

pub const Parameters = struct {
    modulus: comptime_int,
    bits: comptime_int,
    limbs: comptime_int,
    limb_bits: comptime_int,
};

/// Plus or minus 2^exponent.
pub const Power = struct { sign: comptime_int, exponent: comptime_int };

/// Modulo a prime that is `powers` minus 1, the exponents and their rests modulo limb_bits both ascending, each
/// exponent in a limb of its own.
pub fn Field(comptime parameters: Parameters, comptime powers: []const Power) type {
    comptime {
        var sum = -1;
        for (powers) |power| sum += power.sign << power.exponent;
        std.debug.assert(sum == parameters.modulus);
        std.debug.assert(powers[0].exponent >= parameters.limb_bits);
        std.debug.assert(powers[powers.len - 1].exponent == parameters.bits);
        // What folding adds to a limb is less than 7 * 2^(limb_bits - 8), and so than a 16th of `half`.
        for (powers[0 .. powers.len - 1], powers[1..]) |power, next| {
            std.debug.assert(power.exponent % parameters.limb_bits <= parameters.limb_bits - 8);
            std.debug.assert(power.exponent / parameters.limb_bits < next.exponent / parameters.limb_bits);
        }
    }
    return struct {
        const numbers = Numbers(parameters);
        pub const modulus = parameters.modulus;
        pub const bytes = numbers.bytes;
        pub const limbs = parameters.limbs;
        pub const limb_bits = parameters.limb_bits;
        pub const R = numbers.R;
        pub const limb_max = numbers.limb_max;
        pub const last_bits = numbers.last_bits;
        pub const subtrahend_max = numbers.subtrahend_max;
        const half: Lanes = @splat(numbers.half);
        const mask: Lanes = @splat(numbers.mask);

        const sums = sums_.Sums(Lanes, limbs);
        pub const Limbs = sums.Limbs;
        pub const Sum = sums.Sum;
        pub const plus = sums.plus;
        pub const minus = sums.minus;
        pub const lanes = sums.lanes;
        pub const quick = sums.quick;
        pub const computed = sums.computed;
        pub const store = sums.store;

        /// Two elements in the Montgomery form, x * R. No limb exceeds `limb_max`, and neither 9/16 of the modulus.
        pub const Pair = Sum(1, 1);

        pub const zeros: Pair = constants(0, 0);
        pub const ones: Pair = constants(1, 1);

        /// Two constants in the Montgomery form.
        pub fn constants(comptime first: comptime_int, comptime second: comptime_int) Pair {
            return comptime pairOf(
                numbers.balanced(numbers.residue(first * R)),
                numbers.balanced(numbers.residue(second * R)),
            );
        }

        fn pairOf(first: numbers.Limbs, second: numbers.Limbs) Pair {
            var pair: Pair = undefined;
            for (&pair.limbs, first, second) |*limb, a, b| limb.* = .{ a, b };
            return pair;
        }

        /// The first element, and the negative of the second.
        pub noinline fn secondNegated(a: *const Pair) Pair {
            return .{ .limbs = computed(lanes(a, 0, minus(&zeros, a), 1)).limbs };
        }

        // ---- in tables ----

        /// Limbs in 32 bits: a vector holds two of the first element and two of the second, in turns.
        pub const Packed = [(limbs + 1) / 2]Factors;

        pub fn pack(a: *const Pair) Packed {
            var result: Packed = undefined;
            const words: *[2 * result.len][2]i32 = @ptrCast(&result);
            words[words.len - 1] = @splat(0);
            const count = secret.hidden(@as(usize, limbs)); // LLVM shall not unroll it.
            for (words[0..count], a.limbs[0..count]) |*to, limb| to.* = .{ @intCast(limb[0]), @intCast(limb[1]) };
            return result;
        }

        pub inline fn unpack(given: *const Packed) Pair {
            var result: Pair = undefined;
            inline for (&result.limbs, 0..) |*limb, i| {
                const words = given[i / 2];
                limb.* = @as(@Vector(2, i32), @shuffle(i32, words, undefined, [2]i32{ 2 * (i % 2), 2 * (i % 2) + 1 }));
            }
            return result;
        }

        // ---- products ----

        // A product fits if all columns are below 2^63, carries from the one below included. (Those of Karatsuba's may
        // wrap around on the way: they are sums modulo 2^64, and the last of them fits.) In a column there are
        //
        // - `limbs` products of limbs, each at most m * n * limb_max^2 for sums of m and of n elements;
        // - for each power one m[i] below 2^limb_bits, shifted by the rest of its exponent;
        // - the carry, at most 2^(63 - limb_bits), and as much again for the limb of c and the rounding of `keep`.

        /// The most that m * n may be.
        pub const product_max = blk: {
            const rest = 1 << 63 - limb_bits;
            std.debug.assert(rest >= numbers.subtrahend_max * limb_max + numbers.half);
            var added = rest + rest;
            for (powers) |power| added += 1 << limb_bits + power.exponent % limb_bits;
            const most = ((1 << 63) - added) / (limbs * limb_max * limb_max);
            std.debug.assert(numbers.quotientMax(most) <= 7);
            break :blk most;
        };

        /// The most that m and n may be: factors are 32 bits, and Karatsuba's are sums of two limbs.
        pub const factor_max = ((1 << 31) - 1) / ((if (karatsuba) 2 else 1) * limb_max);

        pub inline fn mul(a: anytype, b: anytype) Pair {
            return mulSub(a, b, &zeros);
        }

        pub inline fn sqr(a: anytype) Pair {
            return sqrSub(a, &zeros);
        }

        /// a * b - c. Subtracting costs nothing but loading c, and it carries c.
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

        // Stored where they belong: an assignment would copy them there. That may be where a factor is.

        pub inline fn storeMul(result: *Pair, a: anytype, b: anytype) void {
            storeMulSub(result, a, b, &zeros);
        }

        pub inline fn storeMulSub(result: *Pair, a: anytype, b: anytype, c: anytype) void {
            comptime requireFit(sums.countsOf(@TypeOf(a)), sums.countsOf(@TypeOf(b)), sums.countsOf(@TypeOf(c)));
            var storage: [3]Limbs = undefined;
            const x = sums.operand(a, &storage[0]);
            const y = sums.operand(b, &storage[1]);
            mulLimbs(&result.limbs, x, y, sums.operand(c, &storage[2]));
        }

        pub inline fn storeSqrSub(result: *Pair, a: anytype, c: anytype) void {
            comptime requireFit(sums.countsOf(@TypeOf(a)), sums.countsOf(@TypeOf(a)), sums.countsOf(@TypeOf(c)));
            var storage: [2]Limbs = undefined;
            sqrLimbs(&result.limbs, sums.operand(a, &storage[0]), sums.operand(c, &storage[1]));
        }

        fn requireFit(comptime a: sums_.Counts, comptime b: sums_.Counts, comptime c: sums_.Counts) void {
            for (a, b, c) |m, n, subtrahend| {
                std.debug.assert(m * n <= product_max and @max(m, n) <= factor_max);
                std.debug.assert(subtrahend <= numbers.subtrahend_max);
            }
        }

        /// A sum that is too long to be multiplied, carried.
        pub inline fn settle(a: anytype) Pair {
            comptime for (sums.countsOf(@TypeOf(a))) |count| std.debug.assert(count <= numbers.subtrahend_max);
            var storage: Limbs = undefined;
            var result: Pair = undefined;
            carry(&result.limbs, sums.operand(a, &storage));
            return result;
        }

        noinline fn carry(out: *Limbs, a: *const Limbs) void {
            var carried: Lanes = @splat(0);
            inline for (0..limbs - 1) |i| carried = keep(out, i, a[i] + carried);
            fold(out, a[limbs - 1] + carried);
        }

        // ---- the two functions in which most of the time goes ----
        //
        // Column by column, so that few values are alive at a time. `hidden` keeps LLVM from reordering the sums, and
        // from writing shifts that WebAssembly has but x86 has not.

        /// out = a * b / R - c
        noinline fn mulLimbs(out: *Limbs, a: *const Limbs, b: *const Limbs, c: *const Limbs) void {
            @setEvalBranchQuota(100_000);
            const x = factors(a);
            const y = factors(b);
            var m: Limbs = undefined;
            var carried: Lanes = @splat(0);
            if (!karatsuba) {
                inline for (0..2 * limbs - 1) |index| {
                    const k: comptime_int = index;
                    const sum = contributions(&m, k) +% products(limbs, &x, &y, k);
                    carried = column(out, &m, k, hidden(sum) +% carried, c);
                }
            } else {
                // With u = x_low * y_low - B * x_high * y_high, B = 2^(limb_bits * h), the product is
                // u - B * u + B * (x_low + x_high) * (y_low + y_high). Columns may wrap around on the way to a sum
                // that fits.
                const h = limbs / 2;
                const x_sum = halvesSum(&x);
                const y_sum = halvesSum(&y);
                var u: [3 * h - 1]Lanes = undefined;
                inline for (0..2 * limbs - 1) |index| {
                    const k: comptime_int = index;
                    var sum = contributions(&m, k);
                    if (k < u.len) {
                        u[k] = hidden(products(h, x[0..h], y[0..h], k) -% products(h, x[h..], y[h..], k - h));
                        sum +%= u[k];
                    }
                    if (k >= h) sum -%= u[k - h];
                    sum +%= products(h, &x_sum, &y_sum, k - h);
                    carried = column(out, &m, k, hidden(sum) +% carried, c);
                }
            }
            fold(out, carried - c[limbs - 1]);
        }

        /// out = a * a / R - c
        noinline fn sqrLimbs(out: *Limbs, a: *const Limbs, c: *const Limbs) void {
            @setEvalBranchQuota(100_000);
            const x = factors(a);
            var m: Limbs = undefined;
            var carried: Lanes = @splat(0);
            inline for (0..2 * limbs - 1) |index| {
                const k: comptime_int = index;
                var sum: Lanes = @splat(0);
                inline for (@max(0, k - (limbs - 1))..(k + 1) / 2) |i| sum +%= multiplied(x[i], x[k - i]);
                sum = sum +% sum +% contributions(&m, k);
                if (k % 2 == 0) sum +%= multiplied(x[k / 2], x[k / 2]);
                carried = column(out, &m, k, hidden(sum) +% carried, c);
            }
            fold(out, carried - c[limbs - 1]);
        }

        const karatsuba = limbs % 2 == 0;

        inline fn factors(a: *const Limbs) [limbs]Factors {
            var result: [limbs]Factors = undefined;
            inline for (&result, a) |*to, from| to.* = vector.factors(from, 0, 1);
            return result;
        }

        /// Column k of a product of n limbs each; zero outside of it.
        inline fn products(
            comptime n: comptime_int,
            x: *const [n]Factors,
            y: *const [n]Factors,
            comptime k: comptime_int,
        ) Lanes {
            var sum: Lanes = @splat(0);
            const first = @max(0, k - (n - 1));
            inline for (first..@max(first, @min(n, k + 1))) |i| sum +%= multiplied(x[i], y[k - i]);
            return sum;
        }

        inline fn halvesSum(x: *const [limbs]Factors) [limbs / 2]Factors {
            var sum: [limbs / 2]Factors = undefined;
            inline for (&sum, x[0 .. limbs / 2], x[limbs / 2 ..]) |*limb, low, high| limb.* = hidden(low + high);
            return sum;
        }

        /// What the multiples of the modulus chosen so far, m[i] * modulus * 2^(limb_bits * i), add to column k but
        /// for the -1. By Horner's rule, which takes an instruction less for each power than shifting one by one.
        inline fn contributions(m: *const Limbs, comptime k: comptime_int) Lanes {
            var sum: Lanes = @splat(0);
            comptime var shift = limb_bits;
            inline for (0..powers.len) |from_last| {
                const power = powers[powers.len - 1 - from_last];
                const i = k - power.exponent / limb_bits;
                if (i >= 0 and i < limbs) {
                    sum = hidden(sum << @splat(shift - power.exponent % limb_bits));
                    shift = power.exponent % limb_bits;
                    if (power.sign > 0) sum += m[i] else sum -= m[i];
                }
            }
            return sum << @splat(shift % limb_bits);
        }

        /// Finishes column k: in the lower half it chooses the multiple of the modulus that clears the column, in
        /// the upper half it gives a limb of the result. Gives the carry.
        inline fn column(out: *Limbs, m: *Limbs, comptime k: comptime_int, sum: Lanes, c: *const Limbs) Lanes {
            if (k >= limbs) return keep(out, k - limbs, sum - c[k - limbs]);
            m[k] = sum & mask;
            return shifted(sum, limb_bits);
        }

        /// Keeps the balanced lowest digit of sum as a limb, and gives the rest.
        inline fn keep(out: *Limbs, comptime i: comptime_int, sum: Lanes) Lanes {
            const raised = hidden(sum + half);
            out[i] = (raised & mask) - half;
            return shifted(raised, limb_bits);
        }

        /// The highest limb, less q * 2^bits, so that the whole is down to half the modulus, or little more; and q times
        /// what 2^bits is modulo the modulus: 1, less the other powers.
        inline fn fold(out: *Limbs, last: Lanes) void {
            const q = (last + @as(Lanes, @splat(1 << last_bits - 1))) >> @splat(last_bits);
            out[limbs - 1] = last - (q << @splat(last_bits));
            out[0] += q;
            inline for (powers[0 .. powers.len - 1]) |power| {
                const multiple = q << @splat(power.exponent % limb_bits);
                const limb = &out[power.exponent / limb_bits];
                if (power.sign > 0) limb.* -= multiple else limb.* += multiple;
            }
        }

        // ---- in and out ----

        /// From two big-endian integers of at most `bits` bits.
        pub noinline fn enter(first: *const [bytes]u8, second: *const [bytes]u8) Pair {
            var both: [2]numbers.Limbs = undefined;
            digits.fromBytes(&both[0], limb_bits, first);
            digits.fromBytes(&both[1], limb_bits, second);
            const sum: Sum(2, 2) = .{ .limbs = pairOf(both[0], both[1]).limbs }; // Not balanced: to twice `half`.
            return mul(&sum, &constants(R, R));
        }

        /// To big-endian integers below the modulus.
        pub noinline fn leave(a: *const Pair) [2][bytes]u8 {
            const plain = mul(a, &comptime pairOf(numbers.balanced(1), numbers.balanced(1)));
            var integers: [2][bytes]u8 = undefined;
            inline for (&integers, 0..) |*integer, lane| {
                const result = numbers.canonical(&limbsOf(&plain, lane));
                digits.toBytes(integer, limb_bits, &result);
            }
            return integers;
        }

        /// 1 / a, and 0 for 0, of the first lane, in both.
        pub noinline fn inverse(a: *const Pair) Pair {
            var number = numbers.canonical(&limbsOf(a, 0));
            inversion.invert(&for_inversion, limb_bits, &number);
            return inverted(&number);
        }

        const for_inversion: inversion.Modulus = .of(modulus, parameters.bits);

        /// From the inverse of what is in the Montgomery form.
        fn inverted(number: *const numbers.Limbs) Pair {
            const sum: Sum(2, 2) = .{ .limbs = pairOf(number.*, number.*).limbs };
            return mul(&sum, &constants(R * R, R * R));
        }

        /// `inverse` of an element, and of one modulo the order of the same curve.
        pub noinline fn inverses(comptime S: type, a: *const Pair, b: *const S.Element) struct { Pair, S.Element } {
            var number = numbers.canonical(&limbsOf(a, 0));
            var other = S.numbers.canonical(&b.limbs);
            inversion.invertBoth(&.{ for_inversion, S.for_inversion }, limb_bits, &number, &other);
            return .{ inverted(&number), S.inverted(&other) };
        }

        fn limbsOf(a: *const Pair, comptime lane: comptime_int) numbers.Limbs {
            var result: numbers.Limbs = undefined;
            for (&result, a.limbs) |*limb, both| limb.* = both[lane];
            return result;
        }

        /// Whether the element in a lane is 0. Of the multiples of the modulus an element can only be 0 itself, and of
        /// the ways to write that with limbs below 2^limb_bits only the plain one: nothing cancels a lowest limb.
        pub fn isZero(a: *const Pair, comptime lane: comptime_int) bool {
            return bitsOf(a)[lane] == 0;
        }

        /// Whether both elements are 0.
        pub fn isZeros(a: *const Pair) bool {
            const set = bitsOf(a);
            return set[0] | set[1] == 0;
        }

        fn bitsOf(a: *const Pair) Lanes {
            var set: Lanes = @splat(0);
            for (a.limbs) |both| set |= both;
            return set;
        }
    };
}

/// Modulo any prime. A few multiplications are enough for a signature: they are loops.
pub fn Order(comptime parameters: Parameters) type {
    return struct {
        pub const numbers = Numbers(parameters);
        pub const modulus = parameters.modulus;
        pub const bits = parameters.bits;
        pub const bytes = numbers.bytes;
        pub const limbs = parameters.limbs;
        pub const limb_bits = parameters.limb_bits;
        pub const R = numbers.R;
        pub const limb_max = numbers.limb_max;
        pub const last_bits = numbers.last_bits;
        pub const Limbs = numbers.Limbs;
        const mask = numbers.mask;
        const modulus_limbs: Limbs = numbers.balanced(modulus);
        /// -1 / modulus modulo 2^limb_bits.
        const negative_inverse: i64 = blk: {
            var x = 1;
            for (0..5) |_| x = @mod(x * (2 - modulus * x), mask + 1);
            std.debug.assert(@mod(modulus * x, mask + 1) == 1);
            break :blk mask + 1 - x;
        };

        /// In the Montgomery form, x * R. No limb is beyond `limb_max`, the whole not beyond 9/16 of the modulus.
        pub const Element = Sum(1);
        pub const zero = constant(0);
        pub const one = constant(1);

        /// A sum of `count` elements, not carried.
        pub fn Sum(comptime count_: comptime_int) type {
            return extern struct {
                limbs: Limbs,

                const Self = @This();
                pub const count = count_;

                pub fn plus(a: *const Self, b: *const Element) Sum(count + 1) {
                    var sum: Sum(count + 1) = undefined;
                    for (&sum.limbs, a.limbs, b.limbs) |*limb, x, y| limb.* = x + y;
                    return sum;
                }
            };
        }

        /// See `Field`'s. On its way down the rows, a sum takes in `limbs` products of limbs, as many of a digit and a
        /// limb of the modulus, which is at most half + 1, and carries from below.
        pub const product_max = blk: {
            const added = limbs * mask * (numbers.half + 1) + (1 << 63 - limb_bits + 1);
            const most = ((1 << 63) - added) / (limbs * limb_max * limb_max);
            std.debug.assert(numbers.quotientMax(most) <= 7);
            break :blk most;
        };

        /// A constant in the Montgomery form.
        pub fn constant(comptime value: comptime_int) Element {
            return comptime .{ .limbs = numbers.balanced(numbers.residue(value * R)) };
        }

        /// A constant as it is, which takes what it is multiplied by out of the Montgomery form.
        pub fn plain(comptime value: comptime_int) Element {
            return comptime .{ .limbs = numbers.balanced(numbers.residue(value)) };
        }

        /// a * b
        pub inline fn mul(a: anytype, b: anytype) Element {
            comptime std.debug.assert(@TypeOf(a.*).count * @TypeOf(b.*).count <= product_max);
            var result: Element = undefined;
            mulLimbs(&result.limbs, &a.limbs, &b.limbs);
            return result;
        }

        /// out = a * b / R. Row by row, and in each row the sums are variables.
        noinline fn mulLimbs(out: *Limbs, a: *const Limbs, b: *const Limbs) void {
            var sums: Limbs = @splat(0);
            var row: usize = 0;
            while (row < secret.hidden(@as(usize, limbs))) : (row += 1) {
                const digit = a[row];
                inline for (&sums, b) |*sum, limb| sum.* += secret.hidden(digit *% limb);
                const m = (sums[0] *% negative_inverse) & mask;
                const carried = (sums[0] + m * modulus_limbs[0]) >> limb_bits;
                inline for (1..limbs) |i| sums[i - 1] = sums[i] + secret.hidden(m *% modulus_limbs[i]);
                sums[0] += carried;
                sums[limbs - 1] = 0;
            }
            out.* = sums;
            balance(out, &modulus_limbs, limb_bits, last_bits);
        }

        /// From a big-endian integer of at most `bits` bits.
        pub noinline fn enter(integer: *const [bytes]u8) Element {
            var sum: Sum(2) = undefined; // Not balanced: limbs to twice `half`.
            digits.fromBytes(&sum.limbs, limb_bits, integer);
            return mul(&sum, &constant(R));
        }

        /// To a big-endian integer below the modulus.
        pub noinline fn leave(a: *const Element) [bytes]u8 {
            const result = number(a);
            var integer: [bytes]u8 = undefined;
            digits.toBytes(&integer, limb_bits, &result);
            return integer;
        }

        /// Out of the Montgomery form, from 0 to the modulus less 1: digits in base 2^limb_bits.
        pub fn number(a: *const Element) Limbs {
            return numbers.canonical(&mul(a, &plain(1)).limbs);
        }

        /// (a + b) / 2, as `number` gives it.
        pub fn numberOfMean(a: *const Element, b: *const Element) Limbs {
            return numbers.canonical(&mul(&a.plus(b), &plain((modulus + 1) / 2)).limbs);
        }

        /// 1 / a, and 0 for 0.
        pub noinline fn inverse(a: *const Element) Element {
            var result = numbers.canonical(&a.limbs);
            inversion.invert(&for_inversion, limb_bits, &result);
            return inverted(&result);
        }

        pub const for_inversion: inversion.Modulus = .of(modulus, bits);

        pub fn inverted(digits_: *const Limbs) Element {
            const sum: Sum(2) = .{ .limbs = digits_.* };
            return mul(&sum, &constant(R * R));
        }

        /// See `Field`'s.
        pub fn isZero(a: *const Element) bool {
            var set: i64 = 0;
            for (a.limbs) |limb| set |= limb;
            return set == 0;
        }
    };
}

/// Carries, so that limbs are balanced, and subtracts the multiple of the modulus that brings the whole down to about
/// half of it.
noinline fn balance(sums: []i64, modulus: []const i64, limb_bits: u6, last_bits: u6) void {
    carryBalanced(sums, limb_bits);
    const q = (sums[sums.len - 1] + (@as(i64, 1) << last_bits - 1)) >> last_bits;
    for (sums, modulus) |*sum, limb| sum.* -= secret.hidden(q *% limb);
    carryBalanced(sums, limb_bits);
}

fn carryBalanced(sums: []i64, limb_bits: u6) void {
    const half = @as(i64, 1) << limb_bits - 1;
    for (sums[0 .. sums.len - 1], sums[1..]) |*sum, *next| {
        const carried = (sum.* + half) >> limb_bits;
        sum.* -= carried << limb_bits;
        next.* += carried;
    }
}

/// What both kinds have in common: the limbs of one number.
pub fn Numbers(comptime parameters: Parameters) type {
    return struct {
        pub const modulus = parameters.modulus;
        const limbs = parameters.limbs;
        const limb_bits = parameters.limb_bits;
        pub const bytes = (parameters.bits + 7) / 8;
        pub const Limbs = [limbs]i64;
        const mask = (1 << limb_bits) - 1;
        const half = 1 << limb_bits - 1;
        /// Bits of the modulus in the highest limb.
        pub const last_bits = parameters.bits - limb_bits * (limbs - 1);
        /// A product a * b is a * b / R.
        pub const R = 1 << limbs * limb_bits;

        /// Carries leave at most `half` in a limb, and folding adds less than a 16th of it.
        pub const limb_max = half + half / 16;
        /// How many elements may be subtracted from a product, or carried.
        pub const subtrahend_max = 6;

        /// The most that 2^bits can be contained in what a multiplication leaves, rounded: the product of two sums over
        /// R, m * n being at most product_max, and each element within 9/16 of the modulus; a digit string below R
        /// times the modulus, over R; and what is subtracted. In 16ths, each rounded up.
        fn quotientMax(comptime product_max: comptime_int) comptime_int {
            const product = (product_max * 81 * modulus + 16 * R - 1) / (16 * R);
            return (product + 16 + 9 * subtrahend_max + 8) / 16;
        }

        /// A constant between half the modulus and its negative.
        pub fn residue(comptime value: comptime_int) comptime_int {
            const least = @mod(value, modulus);
            return if (least > modulus / 2) least - modulus else least;
        }

        pub fn balanced(comptime value: comptime_int) Limbs {
            @setEvalBranchQuota(10_000);
            var result: Limbs = undefined;
            var rest = value;
            for (result[0 .. limbs - 1]) |*limb| {
                const lowest = @mod(rest + half, mask + 1) - half;
                limb.* = lowest;
                rest = (rest - lowest) >> limb_bits;
            }
            result[limbs - 1] = rest;
            return result;
        }

        /// a modulo the modulus: digits in base 2^limb_bits.
        pub fn canonical(a: *const Limbs) Limbs {
            const modulus_digits = comptime blk: {
                var result: Limbs = undefined;
                for (&result, 0..) |*digit, i| digit.* = modulus >> limb_bits * i & mask;
                break :blk result;
            };
            var result: Limbs = undefined;
            digits.reduce(&result, limb_bits, a, &modulus_digits);
            return result;
        }
    };
}
