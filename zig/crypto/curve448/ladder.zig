//! X448: RFC 7748, section 5, the Montgomery ladder on curve448.
//!
//! Constant time in key and u: every step does the same, and what changes places does so by masks.

const std = @import("std");
const ct = @import("../ct.zig");
const field = @import("field.zig");
const hidden = @import("../ec/secret.zig").hidden;
const point = @import("point.zig");

const Pair = field.Pair;

pub const bytes = 56;

/// The u-coordinate of `key` times the point with this u; 0 where that is infinity. The key is clamped, and u taken
/// modulo p. The result may be where either is.
pub noinline fn multiply(key: *const [bytes]u8, u: *const [bytes]u8, result: *[bytes]u8) void {
    var k = clamped(key);
    defer ct.wipe(&k);
    var state: State = undefined;
    defer ct.wipe(std.mem.asBytes(&state));
    var coordinate: Pair = undefined;
    field.enter(&coordinate, u, u);
    state.points = .{ field.constants(1, 0), field.lanes(&coordinate, 0, &field.ones, 1) };
    state.a24_u = field.lanes(&field.constants(-a24, 0), 0, &coordinate, 1);
    var previous: u8 = 0;
    var bit: usize = 8 * bytes;
    while (bit > 0) {
        bit -= 1;
        const digit = k[bit / 8] >> @intCast(bit % 8) & 1;
        state.step(previous ^ digit);
        previous = digit;
    }
    // The lowest bit of a clamped key is 0: the points are where they belong.
    const z = field.swapped(&state.points[0]);
    field.invert(&state.points[1], &z);
    field.mul(&state.points[0], &state.points[0], &state.points[1]);
    var other: [bytes]u8 = undefined;
    defer ct.wipe(&other);
    field.leave(&state.points[0], result, &other);
}

/// `multiply` for the base point, whose u is 5.
pub noinline fn multiplyBase(key: *const [bytes]u8, result: *[bytes]u8) void {
    var k = clamped(key) ++ .{0};
    defer ct.wipe(&k);
    point.montgomeryMultipleOfBase(&k, result);
}

fn clamped(key: *const [bytes]u8) [bytes]u8 {
    var k = key.*;
    k[0] &= 0xfc;
    k[bytes - 1] |= 0x80;
    return k;
}

/// (A - 2) / 4, A being the curve's coefficient.
const a24 = (156326 - 2) / 4;

const State = struct {
    /// (x_2, z_2) and (x_3, z_3), as the RFC names them: two multiples whose difference is the point.
    points: [2]Pair,
    /// -a24, and the u of the point.
    a24_u: Pair,

    /// One bit of the key, the points changing places first if `swap` is 1. Not inlined: an engine that has optimized
    /// it uses it in the next step.
    noinline fn step(state: *State, swap: u8) void {
        const p2 = &state.points[0];
        const p3 = &state.points[1];
        const all = hidden(-@as(i32, swap));
        for (&p2.limbs, &p3.limbs) |*x, *y| {
            const changed = (x.* ^ y.*) & @as(field.Vector, @splat(all));
            x.* ^= changed;
            y.* ^= changed;
        }
        const a_b = sumAndDifference(p2);
        var da_cb: Pair = undefined;
        field.mul(&da_cb, &a_b, &differenceAndSum(p3));
        var aa_bb: Pair = undefined;
        field.sqr(&aa_bb, &a_b);
        // x_3 = (da + cb)^2, and (da - cb)^2.
        var squares: Pair = undefined;
        field.sqr(&squares, &sumAndDifference(&da_cb));
        // -e and e = aa - bb; a24 * e, and z_3 = u * (da - cb)^2.
        const bb_aa = field.swapped(&aa_bb);
        const e = field.minus(&bb_aa, &aa_bb);
        var a24e_z: Pair = undefined;
        field.mul(&a24e_z, &field.lanes(&e, 0, &squares, 1), &state.a24_u);
        p3.* = field.lanes(&squares, 0, &a24e_z, 1);
        // x_2 = aa * bb, z_2 = e * (aa + a24 * e)
        const sums = field.plus(&bb_aa, &field.swapped(&a24e_z));
        field.mul(p2, &field.lanes(&aa_bb, 0, &e, 1), &field.lanes(&bb_aa, 0, &sums, 1));
    }

    /// (x + z, x - z)
    inline fn sumAndDifference(xz: *const Pair) field.Sum(2) {
        const zx = field.swapped(xz);
        return field.lanes(&field.plus(xz, &zx), 0, &field.minus(&zx, xz), 1);
    }

    /// (x - z, x + z)
    inline fn differenceAndSum(xz: *const Pair) field.Sum(2) {
        const zx = field.swapped(xz);
        return field.lanes(&field.minus(xz, &zx), 0, &field.plus(xz, &zx), 1);
    }
};

const testing = std.testing;

fn bytesOf(comptime hex: []const u8) [hex.len / 2]u8 {
    var result: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&result, hex) catch unreachable;
    return result;
}

fn expectMultiple(comptime key: []const u8, comptime u: []const u8, comptime expected: []const u8) !void {
    @setEvalBranchQuota(100_000);
    var result: [bytes]u8 = undefined;
    multiply(&comptime bytesOf(key), &comptime bytesOf(u), &result);
    try testing.expectEqual(comptime bytesOf(expected), result);
}

test "RFC 7748, section 5.2: two multiplications" {
    try expectMultiple(
        "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
        "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
        "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f",
    );
    try expectMultiple(
        "203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c538345dd77c3e4806e25f46d3315c44e0a5b4371282dd2c8d5be3095f",
        "0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b165d015894e56c4d3570bee52fe205e28a78b91cdfbde71ce8d157db",
        "884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7ad1b3ee3a5700df34321d62077e63633c575c1c954514e99da7c179d",
    );
}

test "RFC 7748, section 5.2: one iteration" {
    var k: [bytes]u8 = .{5} ++ .{0} ** (bytes - 1);
    multiply(&k, &k, &k);
    try testing.expectEqual(comptime bytesOf(
        "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf4113",
    ), k);
}

test "RFC 7748, section 6.2: Diffie-Hellman" {
    const a = bytesOf("9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b");
    const b = bytesOf("1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d");
    const a_public = bytesOf("9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0");
    const b_public = bytesOf("3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609");
    const shared = bytesOf("07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d");
    var result: [bytes]u8 = undefined;
    multiplyBase(&a, &result);
    try testing.expectEqual(a_public, result);
    multiplyBase(&b, &result);
    try testing.expectEqual(b_public, result);
    multiply(&a, &b_public, &result);
    try testing.expectEqual(shared, result);
    multiply(&b, &a_public, &result);
    try testing.expectEqual(shared, result);
}

test "the comb and the ladder agree on the base point" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const base: [bytes]u8 = .{5} ++ .{0} ** (bytes - 1);
    for (0..20) |i| {
        var key: [bytes]u8 = undefined;
        prng.random().bytes(&key);
        if (i < 2) @memset(&key, if (i == 0) 0 else 0xff);
        // Four times the order of the base point, which is clamped as it is.
        if (i == 2) std.mem.writeInt(u448, &key, 4 * @import("scalar.zig").order, .little);
        var expected: [bytes]u8 = undefined;
        multiply(&key, &base, &expected);
        var result: [bytes]u8 = undefined;
        multiplyBase(&key, &result);
        try testing.expectEqual(expected, result);
    }
}

test "points of small order give 0, and u is taken modulo p" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..5) |_| {
        var key: [bytes]u8 = undefined;
        prng.random().bytes(&key);
        const p = field.modulus;
        // 0 and 1, of order 2 and 4 on the curve, -1 on its twist; and how else they may be written.
        inline for (.{ 0, 1, p - 1, p, p + 1 }) |number| {
            var u: [bytes]u8 = undefined;
            std.mem.writeInt(u448, &u, number, .little);
            multiply(&key, &u, &u);
            try testing.expectEqual(@as([bytes]u8, @splat(0)), u);
        }
        inline for (.{ 2, 3, 5, (1 << 224) - 1, (1 << 224) }) |number| {
            var canonical: [bytes]u8 = undefined;
            std.mem.writeInt(u448, &canonical, number, .little);
            multiply(&key, &canonical, &canonical);
            var other: [bytes]u8 = undefined;
            std.mem.writeInt(u448, &other, p + number, .little);
            multiply(&key, &other, &other);
            try testing.expectEqual(canonical, other);
        }
    }
}
