//! Inversion modulo an odd number in constant time: Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion" (2019), in the variant of Wuille that begins with delta = 1/2.
//!
//! A division step looks at the lowest bits of f and g only. So `batch_steps` of them run on one word of each, and
//! give a matrix that is then applied to the whole numbers: f and g, and d and e, for which f = d * x and g = e * x
//! modulo the modulus. When g has become 0, f is 1 or -1, and d the inverse but for that sign.
//!
//! The number of steps is fixed, and no branch or index depends on the numbers. `hidden` keeps LLVM from branching on
//! masks, and from pairing multiplications into i64x2.mul, which costs more than two of them.

const std = @import("std");
const ct = @import("../ct.zig");
const digits = @import("digits.zig");
const hidden = @import("secret.zig").hidden;

/// How many steps a word of 30 bits decides.
const batch_steps = 30;
const limb_bits = batch_steps;
const mask = (1 << limb_bits) - 1;
const limbs_max = 18;

pub const Modulus = struct {
    limbs: [limbs_max]i64,
    count: usize,
    /// 1 / modulus modulo 2^30.
    inverse: i64,
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
    var numbers: [4][limbs_max]i64 = @splat(@splat(0));
    defer ct.wipe(std.mem.asBytes(&numbers));
    const m = modulus.limbs[0..modulus.count];
    const f = numbers[0][0..modulus.count];
    const g = numbers[1][0..modulus.count];
    const d = numbers[2][0..modulus.count];
    const e = numbers[3][0..modulus.count];
    @memcpy(f, m);
    digits.convert(g, limb_bits, x, digit_bits);
    e[0] = 1;
    var zeta: i64 = -1;
    for (0..modulus.batches) |_| {
        const matrix = divisionSteps(&zeta, f[0], g[0]);
        applyModulo(d, e, &matrix, m, modulus.inverse);
        apply(f, g, &matrix);
    }
    // d is between -2 * modulus and modulus, and to be negated if f is -1.
    addIfNegative(d, m);
    const negate = hidden(f[f.len - 1] >> 63);
    for (d) |*limb| limb.* = (limb.* ^ negate) - negate;
    carry(d);
    addIfNegative(d, m);
    digits.convert(x, digit_bits, d, limb_bits);
}

/// (d, e) = matrix * (d, e) / 2^30 modulo the modulus. Both stay between -2 * modulus and modulus.
fn applyModulo(d: []i64, e: []i64, t: *const Matrix, modulus: []const i64, modulus_inverse: i64) void {
    const last = modulus.len - 1;
    // As many of the modulus as bring d and e, where they are negative, above zero.
    const d_sign = hidden(d[last] >> 63);
    const e_sign = hidden(e[last] >> 63);
    var d_multiple = (t.u & d_sign) + (t.v & e_sign);
    var e_multiple = (t.q & d_sign) + (t.r & e_sign);
    var d_sum = t.u * d[0] + t.v * e[0];
    var e_sum = t.q * d[0] + t.r * e[0];
    // And as many as make the sums divisible by 2^30.
    d_multiple -= (modulus_inverse *% d_sum +% d_multiple) & mask;
    e_multiple -= (modulus_inverse *% e_sum +% e_multiple) & mask;
    d_sum = (d_sum + modulus[0] * d_multiple) >> limb_bits;
    e_sum = (e_sum + modulus[0] * e_multiple) >> limb_bits;
    for (1..modulus.len) |i| {
        d_sum += hidden(t.u *% d[i]) + hidden(t.v *% e[i]) + hidden(modulus[i] *% d_multiple);
        e_sum += hidden(t.q *% d[i]) + hidden(t.r *% e[i]) + hidden(modulus[i] *% e_multiple);
        d[i - 1] = d_sum & mask;
        e[i - 1] = e_sum & mask;
        d_sum >>= limb_bits;
        e_sum >>= limb_bits;
    }
    d[last] = d_sum;
    e[last] = e_sum;
}

/// (f, g) = matrix * (f, g) / 2^30, which is exact.
fn apply(f: []i64, g: []i64, t: *const Matrix) void {
    const last = f.len - 1;
    var f_sum = (t.u * f[0] + t.v * g[0]) >> limb_bits;
    var g_sum = (t.q * f[0] + t.r * g[0]) >> limb_bits;
    for (1..f.len) |i| {
        f_sum += hidden(t.u *% f[i]) + hidden(t.v *% g[i]);
        g_sum += hidden(t.q *% f[i]) + hidden(t.r *% g[i]);
        f[i - 1] = f_sum & mask;
        g[i - 1] = g_sum & mask;
        f_sum >>= limb_bits;
        g_sum >>= limb_bits;
    }
    f[last] = f_sum;
    g[last] = g_sum;
}

fn addIfNegative(x: []i64, modulus: []const i64) void {
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

/// (u v; q r): 2^30 times what the steps did to (f, g).
const Matrix = struct { u: i64, v: i64, q: i64, r: i64 };

/// A batch of division steps on the lowest limbs of f and g. zeta is -(delta + 1/2).
fn divisionSteps(zeta: *i64, f_lowest: i64, g_lowest: i64) Matrix {
    var z = zeta.*;
    var f = f_lowest;
    var g = g_lowest;
    // The rows of the matrix, each as first + 2^32 * second: they go through the same sums and shifts.
    var uv: i64 = 1;
    var qr: i64 = 1 << 32;
    for (0..batch_steps) |_| {
        // If delta > 0 and g is odd: (f, g) = (g, (g - f) / 2), delta = 1 - delta. Else g = (g + (g odd) * f) / 2.
        const positive = z >> 63;
        const odd = -(g & 1);
        g += ((f ^ positive) - positive) & odd;
        qr +%= ((uv ^ positive) -% positive) & odd;
        const swap = positive & odd;
        z = (z ^ swap) - 1;
        f += g & swap;
        uv +%= qr & swap;
        g >>= 1;
        uv <<= 1;
    }
    zeta.* = z;
    const u, const v = unpacked(uv);
    const q, const r = unpacked(qr);
    return .{ .u = u, .v = v, .q = q, .r = r };
}

inline fn unpacked(row: i64) struct { i64, i64 } {
    const first: i64 = @as(i32, @truncate(row));
    return .{ first, (row -% first) >> 32 };
}
