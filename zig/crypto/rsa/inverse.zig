//! Inverses modulo any odd number, and greatest common divisors, by division steps: Bernstein and Yang, "Fast
//! constant-time gcd computation and modular inversion" (TCHES 2019/3), in batches of 30 on limbs of 30 bits, as
//! libsecp256k1's modinv32 has them.
//!
//! Constant time in all values; their greatest length is public.

const std = @import("std");
const hidden = @import("../ec/secret.zig").hidden;
const Area = @import("area.zig").Area;

const limb_bits = 30;
const limb_mask = (1 << limb_bits) - 1;

/// Memory for numbers of up to so many bits; `invert` and `gcd` use all of it, and leave secrets in it.
pub const Steps = struct {
    bits: usize,
    count: usize,
    f: [*]i32,
    g: [*]i32,
    d: [*]i32,
    e: [*]i32,
    modulus: [*]i32,

    pub fn at(area: *Area, bits: usize) Steps {
        const count = (bits + 2) / limb_bits + 1; // d and e reach down to -2 N.
        return .{
            .bits = bits,
            .count = count,
            .f = area.take(i32, count),
            .g = area.take(i32, count),
            .d = area.take(i32, count),
            .e = area.take(i32, count),
            .modulus = area.take(i32, count),
        };
    }

    /// 1/x modulo an odd N > x, both big-endian; `output` is as long as N. Gives all ones, or zero if there is none:
    /// the output means nothing then.
    pub fn invert(steps: *const Steps, modulus: []const u8, x: []const u8, output: []u8) u32 {
        steps.start(modulus, x);
        const count = steps.count;
        @memset(steps.d[0..count], 0);
        @memset(steps.e[0..count], 0);
        steps.e[0] = 1;
        steps.run(true);
        const sign = steps.f[count - 1] >> 31;
        steps.addModulus(steps.d[count - 1] >> 31);
        negateIf(steps.d[0..count], sign);
        steps.addModulus(steps.d[count - 1] >> 31);
        toBytes(steps.d[0..count], output);
        return steps.takeGcd(null);
    }

    /// The greatest common divisor of an odd f and a g no longer than it, big-endian.
    pub fn gcd(steps: *const Steps, f: []const u8, g: []const u8, output: []u8) void {
        steps.start(f, g);
        steps.run(false);
        _ = steps.takeGcd(output);
    }

    fn start(steps: *const Steps, f: []const u8, g: []const u8) void {
        fromBytes(steps.modulus[0..steps.count], f);
        @memcpy(steps.f[0..steps.count], steps.modulus[0..steps.count]);
        fromBytes(steps.g[0..steps.count], g);
    }

    /// Whether |f|, which is the divisor once g is zero, is 1.
    fn takeGcd(steps: *const Steps, output: ?[]u8) u32 {
        const f = steps.f[0..steps.count];
        negateIf(f, f[f.len - 1] >> 31);
        if (output) |bytes| toBytes(f, bytes);
        var others: u32 = @as(u32, @bitCast(f[0])) ^ 1;
        for (f[1..]) |limb| others |= @bitCast(limb);
        return @bitCast(@as(i32, @bitCast((others | (0 -% others)) ^ 0x8000_0000)) >> 31);
    }

    fn run(steps: *const Steps, comptime inverse: bool) void {
        const low: u32 = @bitCast(steps.modulus[0]);
        var modulus_inverse = low; // 1/N modulo 2^30: right modulo 8 to begin with.
        inline for (0..4) |_| modulus_inverse *%= 2 -% low *% modulus_inverse;
        // Theorem 11.2; its other case, of 46 bits or more, asks for one or two fewer.
        const total = (49 * steps.bits + 80) / 17;
        var delta: i32 = 1;
        var taken: usize = 0;
        while (taken < total) : (taken += limb_bits) {
            const matrix = batch(&delta, @bitCast(steps.f[0]), @bitCast(steps.g[0]));
            steps.transformFG(matrix);
            if (inverse) steps.transformDE(matrix, modulus_inverse);
        }
    }

    /// f, g <- (u f + v g, q f + r g) / 2^30, which is exact.
    noinline fn transformFG(steps: *const Steps, m: Matrix) void {
        var f_carry: i64 = 0;
        var g_carry: i64 = 0;
        for (0..steps.count) |i| {
            const f, const g = .{ steps.f[i], steps.g[i] };
            f_carry += wide(m.u, f) + wide(m.v, g);
            g_carry += wide(m.q, f) + wide(m.r, g);
            if (i > 0) {
                steps.f[i - 1] = @intCast(f_carry & limb_mask);
                steps.g[i - 1] = @intCast(g_carry & limb_mask);
            }
            f_carry >>= limb_bits;
            g_carry >>= limb_bits;
        }
        steps.f[steps.count - 1] = @truncate(f_carry);
        steps.g[steps.count - 1] = @truncate(g_carry);
    }

    /// d, e <- (u d + v e, q d + r e) / 2^30 modulo N: such multiples of N are added that it is exact, and that both
    /// stay between -2 N and N.
    noinline fn transformDE(steps: *const Steps, m: Matrix, modulus_inverse: u32) void {
        const last = steps.count - 1;
        const d_sign, const e_sign = .{ steps.d[last] >> 31, steps.e[last] >> 31 };
        var d_times = (m.u & d_sign) + (m.v & e_sign);
        var e_times = (m.q & d_sign) + (m.r & e_sign);
        d_times -= clearing(modulus_inverse, wide(m.u, steps.d[0]) + wide(m.v, steps.e[0]), d_times);
        e_times -= clearing(modulus_inverse, wide(m.q, steps.d[0]) + wide(m.r, steps.e[0]), e_times);
        var d_carry: i64 = 0;
        var e_carry: i64 = 0;
        for (0..steps.count) |i| {
            const d, const e, const n = .{ steps.d[i], steps.e[i], steps.modulus[i] };
            d_carry += wide(m.u, d) + wide(m.v, e) + wide(n, d_times);
            e_carry += wide(m.q, d) + wide(m.r, e) + wide(n, e_times);
            if (i > 0) {
                steps.d[i - 1] = @intCast(d_carry & limb_mask);
                steps.e[i - 1] = @intCast(e_carry & limb_mask);
            }
            d_carry >>= limb_bits;
            e_carry >>= limb_bits;
        }
        steps.d[last] = @truncate(d_carry);
        steps.e[last] = @truncate(e_carry);
    }

    /// d + N if the mask is all ones.
    fn addModulus(steps: *const Steps, mask: i32) void {
        var carry: i32 = 0;
        for (steps.d[0 .. steps.count - 1], steps.modulus) |*limb, n| {
            const sum = limb.* + (n & mask) + carry;
            limb.* = sum & limb_mask;
            carry = sum >> limb_bits;
        }
        steps.d[steps.count - 1] +%= (steps.modulus[steps.count - 1] & mask) +% carry;
    }
};

/// 2^30 times what 30 division steps do to (f, g).
const Matrix = struct { u: i32, v: i32, q: i32, r: i32 };

/// Thirty division steps, for which the lowest 30 bits of f and g suffice: if delta > 0 and g is odd,
/// (delta, f, g) <- (1 - delta, g, (g - f) / 2), or else (1 + delta, f, (g + (g mod 2) f) / 2).
noinline fn batch(delta_: *i32, f_: u32, g_: u32) Matrix {
    var delta, var f, var g = .{ delta_.*, f_, g_ };
    var u: u32, var v: u32, var q: u32, var r: u32 = .{ 1, 0, 0, 1 };
    for (0..limb_bits) |_| {
        const odd = hidden(0 -% (g & 1));
        const positive: u32 = @bitCast((0 -% delta) >> 31);
        const swap = odd & hidden(positive);
        swapAndNegate(swap, &f, &g);
        swapAndNegate(swap, &u, &q);
        swapAndNegate(swap, &v, &r);
        const swap_signed: i32 = @bitCast(swap);
        delta = ((delta ^ swap_signed) -% swap_signed) +% 1;
        g +%= f & odd;
        q +%= u & odd;
        r +%= v & odd;
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    delta_.* = delta;
    return .{ .u = @bitCast(u), .v = @bitCast(v), .q = @bitCast(q), .r = @bitCast(r) };
}

/// (x, y) <- (y, -x) if the mask is all ones.
inline fn swapAndNegate(mask: u32, x: *u32, y: *u32) void {
    const difference = (x.* ^ y.*) & mask;
    x.* ^= difference;
    y.* = ((y.* ^ difference) ^ mask) -% mask;
}

/// What to take off a multiplier of N so that sum + N * multiplier becomes a multiple of 2^30.
inline fn clearing(modulus_inverse: u32, sum: i64, times: i32) i32 {
    const low: u32 = @truncate(@as(u64, @bitCast(sum)));
    return @intCast((modulus_inverse *% low +% @as(u32, @bitCast(times))) & limb_mask);
}

inline fn wide(a: i32, b: i32) i64 {
    return @as(i64, a) * b;
}

fn negateIf(number: []i32, mask: i32) void {
    var carry: i32 = 0;
    for (number[0 .. number.len - 1]) |*limb| {
        const value = ((limb.* ^ mask) - mask) + carry;
        limb.* = value & limb_mask;
        carry = value >> limb_bits;
    }
    const last = &number[number.len - 1];
    last.* = ((last.* ^ mask) -% mask) +% carry;
}

fn fromBytes(number: []i32, bytes: []const u8) void {
    var waiting: u64 = 0;
    var waiting_bits: u6 = 0;
    var left = bytes.len;
    for (number) |*limb| {
        while (waiting_bits < limb_bits and left > 0) {
            left -= 1;
            waiting |= @as(u64, bytes[left]) << waiting_bits;
            waiting_bits += 8;
        }
        limb.* = @intCast(waiting & limb_mask);
        waiting >>= limb_bits;
        waiting_bits -|= limb_bits;
    }
}

fn toBytes(number: []const i32, bytes: []u8) void {
    var waiting: u64 = 0;
    var waiting_bits: u6 = 0;
    var next: usize = 0;
    var at = bytes.len;
    while (at > 0) {
        at -= 1;
        if (waiting_bits < 8 and next < number.len) {
            waiting |= @as(u64, @intCast(number[next] & limb_mask)) << waiting_bits;
            waiting_bits += limb_bits;
            next += 1;
        }
        bytes[at] = @truncate(waiting);
        waiting >>= 8;
        waiting_bits -|= 8;
    }
}

const testing = std.testing;

test "inverses multiply to one, and there are none for what shares a factor" {
    var prng: std.Random.DefaultPrng = .init(0x696e7665);
    const random = prng.random();
    var memory: [8192]u8 align(16) = undefined;
    inline for (.{ 8, 24, 32, 64, 128, 256, 512 }) |bits| {
        const Wide = std.meta.Int(.unsigned, 2 * bits);
        const Number = std.meta.Int(.unsigned, bits);
        var area: Area = .of(&memory);
        const steps: Steps = .at(&area, bits);
        for (0..300) |round| {
            const n = switch (round) {
                0 => 3,
                1 => std.math.maxInt(Number),
                else => random.int(Number) | 3,
            };
            const x = switch (round % 5) {
                0 => 0,
                1 => 1,
                2 => n - 1,
                else => random.uintLessThan(Number, n),
            };
            var n_bytes: [bits / 8]u8 = undefined;
            var x_bytes: [bits / 8]u8 = undefined;
            std.mem.writeInt(Number, &n_bytes, n, .big);
            std.mem.writeInt(Number, &x_bytes, x, .big);
            var output: [bits / 8]u8 = undefined;
            steps.gcd(&n_bytes, &x_bytes, &output);
            const divisor = std.mem.readInt(Number, &output, .big);
            try testing.expectEqual(std.math.gcd(n, x), divisor);
            const exists = steps.invert(&n_bytes, &x_bytes, &output);
            try testing.expectEqual(if (divisor == 1) ~@as(u32, 0) else 0, exists);
            const inverse = std.mem.readInt(Number, &output, .big);
            if (divisor == 1) try testing.expectEqual(1, @as(Wide, inverse) * x % n);
        }
    }
}
