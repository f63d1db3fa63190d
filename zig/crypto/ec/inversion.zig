//! Inversion modulo an odd number in constant time: Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion" (2019), in the variant of Wuille that begins with delta = 1/2.
//!
//! A division step looks at the lowest bits of f and g only. So `batch_steps` of them run on one word of each, and
//! give a matrix that is then applied to the whole numbers: f and g, and d and e, for which f = d * x and g = e * x
//! modulo the modulus. When g has become 0, f is 1 or -1, and d the inverse but for that sign.
//!
//! Each step waits for the one before. So the rows (f, u, v) and (g, q, r) of numbers and matrix are vectors, and two
//! inversions are computed side by side in little more than the time of one.
//!
//! The number of steps is fixed, and no branch or index depends on the numbers. `hidden` keeps LLVM from branching on
//! masks, and from pairing multiplications into i64x2.mul, which costs more than two of them.

const std = @import("std");
const ct = @import("../ct.zig");
const digits = @import("digits.zig");
const lanes = @import("lanes.zig");
const hidden = @import("secret.zig").hidden;

const Factors = lanes.Factors;
const Lanes = lanes.Lanes;

/// How many steps a word of 30 bits decides.
const batch_steps = 30;
const limb_bits = batch_steps;
const mask = (1 << limb_bits) - 1;
const limbs_max = 18;

pub const Modulus = struct {
    limbs: [limbs_max]i32,
    count: usize,
    /// 1 / modulus modulo 2^30.
    inverse: i32,
    /// How many batches of steps are enough for every number below it.
    batches: usize,

    pub fn of(comptime modulus: comptime_int, comptime bits: comptime_int) Modulus {
        const count = (bits + 1) / limb_bits + 1; // One bit more, since d and e reach to -2 * modulus.
        var result: Modulus = .{ .limbs = @splat(0), .count = count, .inverse = undefined, .batches = undefined };
        for (result.limbs[0..count], 0..) |*limb, i| limb.* = modulus >> limb_bits * i & mask;
        var x = 1;
        for (0..5) |_| x = @mod(x * (2 - modulus * x), 1 << limb_bits);
        std.debug.assert(@mod(modulus * x, 1 << limb_bits) == 1);
        result.inverse = x;
        // https://github.com/sipa/safegcd-bounds, "hddivsteps": computed there for every modulus up to 4096 bits.
        const steps = (3787 * bits + 2166) / 1644;
        result.batches = (steps + batch_steps - 1) / batch_steps;
        return result;
    }
};

/// x = 1 / x, or 0 for 0. x is digits of a number below the modulus, in base 2^digit_bits.
pub noinline fn invert(modulus: *const Modulus, digit_bits: u6, x: []i64) void {
    var state: State = undefined;
    defer state.wipe();
    state.begin(modulus, digit_bits, x);
    for (0..modulus.batches) |_| divide(1, .{&state});
    state.finish(digit_bits, x);
}

/// The same for two numbers modulo different moduli of as many bits.
pub noinline fn invertBoth(moduli: *const [2]Modulus, digit_bits: u6, x: []i64, y: []i64) void {
    var states: [2]State = undefined;
    defer for (&states) |*state| state.wipe();
    std.debug.assert(moduli[0].batches == moduli[1].batches);
    for (&states, moduli, [_][]i64{ x, y }) |*state, *modulus, number| state.begin(modulus, digit_bits, number);
    for (0..moduli[0].batches) |_| divide(2, .{ &states[0], &states[1] });
    for (&states, [_][]i64{ x, y }) |*state, number| state.finish(digit_bits, number);
}

const State = struct {
    modulus: *const Modulus,
    /// f and g.
    fg: [limbs_max]Lanes,
    /// d and e.
    de: [limbs_max]Lanes,
    /// -(delta + 1/2)
    zeta: i32,

    fn wipe(state: *State) void {
        ct.wipe(std.mem.asBytes(state));
    }

    noinline fn begin(state: *State, modulus: *const Modulus, digit_bits: u6, x: []const i64) void {
        state.modulus = modulus;
        var g: [limbs_max]i64 = @splat(0);
        digits.convert(g[0..modulus.count], limb_bits, x, digit_bits);
        for (&state.fg, modulus.limbs, g) |*both, f_limb, g_limb| both.* = .{ f_limb, g_limb };
        state.de = @splat(@splat(0));
        state.de[0] = .{ 0, 1 };
        state.zeta = -1;
    }

    noinline fn finish(state: *State, digit_bits: u6, x: []i64) void {
        const count = state.modulus.count;
        const m = state.modulus.limbs[0..count];
        var storage: [limbs_max]i64 = undefined;
        const d = storage[0..count];
        for (d, state.de[0..count]) |*limb, both| limb.* = both[0];
        // d is between -2 * modulus and modulus, and to be negated if f is -1.
        addIfNegative(d, m);
        const negate = hidden(state.fg[count - 1][0] >> 63);
        for (d) |*limb| limb.* = (limb.* ^ negate) - negate;
        carry(d);
        addIfNegative(d, m);
        digits.convert(x, digit_bits, d, limb_bits);
    }

    /// (d, e) = matrix * (d, e) / 2^30 modulo the modulus. Both stay between -2 * modulus and modulus.
    /// (f, g) = matrix * (f, g) / 2^30, which is exact.
    noinline fn apply(state: *State, matrix: *const Matrix) void {
        const count = state.modulus.count;
        const m = state.modulus.limbs[0..count];
        const fg = state.fg[0..count];
        const de = state.de[0..count];

        // As many of the modulus as bring d and e, where they are negative, above zero; and as many as make the sums
        // divisible by 2^30.
        const signs = de[count - 1] >> @splat(63);
        var sums = product(matrix, de[0]);
        var multiples = product(matrix, -signs);
        const inverse = splat(state.modulus.inverse);
        multiples -= (lanes.hidden(lanes.multiplied(inverse, lanes.factors(sums, 0, 1))) +% multiples) & low_bits;
        const multiple_factors = lanes.factors(multiples, 0, 1);
        sums = lanes.shifted(sums + lanes.multiplied(multiple_factors, splat(m[0])), limb_bits);
        var exact = lanes.shifted(product(matrix, fg[0]), limb_bits);
        for (1..count) |i| {
            sums += product(matrix, de[i]) + lanes.multiplied(lanes.hidden(multiple_factors), splat(m[i]));
            de[i - 1] = sums & low_bits;
            sums = lanes.shifted(sums, limb_bits);
            exact += product(matrix, fg[i]);
            fg[i - 1] = exact & low_bits;
            exact = lanes.shifted(exact, limb_bits);
        }
        de[count - 1] = sums;
        fg[count - 1] = exact;
    }
};

// Bounds: after i steps |u| + |v| and |q| + |r| are at most 2^i, so 2^30 in the matrix. Every limb but the highest is
// from 0 to 2^30 - 1. So a sum of two products is within 2^60; a multiple of the modulus is above -2^31 and at most
// 2^30, which is 32 bits, and its product with a limb within 2^61; and the carry is within 2^32.

/// (u, q) and (v, r), the columns of 2^30 times what the steps did to (f, g).
const Matrix = [2]Factors;

/// matrix * (x, y), each of 32 bits.
inline fn product(matrix: *const Matrix, xy: Lanes) Lanes {
    const first = lanes.hidden(matrix[0]);
    const second = lanes.hidden(matrix[1]);
    return lanes.multiplied(first, lanes.factors(xy, 0, 0)) + lanes.multiplied(second, lanes.factors(xy, 1, 1));
}

inline fn splat(number: i32) Factors {
    return lanes.hidden(@as(Factors, @splat(number)));
}

const low_bits: Lanes = @splat(mask);

/// A number's lowest 32 bits, and its line of the matrix.
const Row = @Vector(4, i32);

/// A batch of division steps for each state.
fn divide(comptime n: comptime_int, states: [n]*State) void {
    // Instead of halving g at each step, f and the first line of the matrix are doubled: step i looks at bit i of g.
    var f: [n]Row = undefined;
    var g: [n]Row = undefined;
    var zeta: [n]Row = undefined;
    inline for (states, 0..) |state, k| {
        f[k] = .{ @truncate(state.fg[0][0]), 1, 0, 0 };
        g[k] = .{ @truncate(state.fg[0][1]), 0, 1, 0 };
        zeta[k] = @splat(state.zeta);
    }
    const none: Row = @splat(0);
    const all: Row = @splat(-1);
    var bit: Row = @splat(1);
    for (0..batch_steps) |_| {
        inline for (0..n) |k| {
            // If delta > 0 and g is odd: (f, g) = (g, (g - f) / 2), delta = 1 - delta. Else g = (g + (g odd) * f) / 2.
            const positive = zeta[k] >> @splat(31);
            const lowest = @shuffle(i32, g[k], undefined, @as(Row, @splat(0)));
            const odd = @select(i32, lowest & bit == bit, all, none);
            const swap = positive & odd;
            const difference = g[k] -% f[k];
            g[k] +%= ((f[k] ^ positive) -% positive) & odd;
            f[k] = (f[k] +% f[k]) +% ((difference +% difference) & swap);
            zeta[k] = (zeta[k] ^ swap) -% @as(Row, @splat(1));
        }
        bit +%= bit;
    }
    inline for (states, 0..) |state, k| {
        state.zeta = zeta[k][0];
        state.apply(&.{
            @shuffle(i32, f[k], g[k], [4]i32{ 1, ~@as(i32, 1), 1, ~@as(i32, 1) }),
            @shuffle(i32, f[k], g[k], [4]i32{ 2, ~@as(i32, 2), 2, ~@as(i32, 2) }),
        });
    }
}

fn addIfNegative(x: []i64, modulus: []const i32) void {
    const negative = hidden(x[x.len - 1] >> 63);
    for (x, modulus) |*limb, other| limb.* += other & negative;
    carry(x);
}

fn carry(x: []i64) void {
    for (x[0 .. x.len - 1], x[1..]) |*limb, *next| {
        next.* += limb.* >> limb_bits;
        limb.* &= mask;
    }
}
