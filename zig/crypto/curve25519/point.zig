//! Points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2: RFC 8032 (January 2017), sections 5.1.2 to 5.1.4 and 5.1.7.
//!
//! Extended coordinates, and formulas that hold for every two points: Hisil, Wong, Carter and Dawson, "Twisted
//! Edwards Curves Revisited" (2008), sections 3.1, 3.3 and 4. Both are two rounds of four multiplications side by
//! side.
//!
//! Multiples of the base point by secret numbers are a signed comb (see ec/multiply.zig), in constant time.
//! Signatures are verified in variable time. Tables of the base point are computed at first use, in about the time of
//! ten signatures, and have 50 KB of static memory.

const std = @import("std");
const ct = @import("../ct.zig");
const digits = @import("../ec/digits.zig");
const field = @import("field.zig");
const lookup = @import("../ec/lookup.zig");
const multiply = @import("../ec/multiply.zig");
const scalar = @import("scalar.zig");

const Four = field.Four;
const Halves = field.Halves;
const bytes = field.bytes;

const d = -121665 * reciprocal(121666);
const base_x = 15112221349535400772501151409588531511454012693041857206046113283949847762202;
const base_y = 46316835694926478169428394003475163141307993866256225615783033603165251855960;

fn reciprocal(comptime value: comptime_int) comptime_int {
    return power(value, field.modulus - 2);
}

fn power(comptime value: comptime_int, comptime exponent: comptime_int) comptime_int {
    @setEvalBranchQuota(10_000);
    var result = 1;
    var square = value;
    var rest = exponent;
    while (rest > 0) : (rest >>= 1) {
        if (rest & 1 != 0) result = @mod(result * square, field.modulus);
        square = @mod(square * square, field.modulus);
    }
    return result;
}

/// x = X / Z, y = Y / Z, x y = T / Z.
pub const Point = extern struct {
    /// X, Y, Z, T.
    xyzt: Four,

    pub const identity: Point = .{ .xyzt = field.constants(.{ 0, 1, 1, 0 }) };
    pub const base: Point = .{ .xyzt = field.constants(.{ base_x, base_y, 1, base_x * base_y }) };

    /// p = 2p
    pub noinline fn double(p: *Point) void {
        // X^2, Y^2, 2 Z^2, 2 X Y
        const left = p.xyzt.permuted(.{ 0, 1, 2, 0 }).times(.{ 1, 1, 2, 2 });
        const right = p.xyzt.permuted(.{ 0, 1, 2, 1 });
        const squares = field.mul(&left, &right);
        // E = 2 X Y, G = Y^2 - X^2, F = X^2 - Y^2 + 2 Z^2, H = X^2 + Y^2: the negatives of F and H, and so of all.
        var egfh: field.Sum(.{ 1, 2, 3, 2 }) = undefined;
        const keep: Halves = .{ 0, 0, 0, 0, -1, -1, 0, 0 };
        const signs: Halves = .{ 0, 0, -1, -1, -1, -1, 1, 1 };
        for (0..field.rolled()) |i| {
            const all = squares.vectors[i];
            const sums = field.order(all, .{ 3, 1, 0, 0 }) + field.order(all, .{ 0, 0, 1, 1 }) * signs;
            egfh.vectors[i] = sums + (all & keep);
        }
        p.finish(&egfh);
    }

    /// p = p + q
    pub noinline fn add(p: *Point, q: *const Addend) void {
        // (Y1 - X1) (Y2 - X2), (Y1 + X1) (Y2 + X2), T1 2 d T2, Z1 2 Z2
        const products = field.mul(&p.differenceAndSum(), &q.factors);
        // E = B - A, G = D + C, F = D - C, H = B + A
        var egfh: field.Sum(.{ 2, 2, 2, 2 }) = undefined;
        const signs: Halves = .{ -1, -1, 1, 1, -1, -1, 1, 1 };
        for (0..field.rolled()) |i| {
            const all = products.vectors[i];
            egfh.vectors[i] = field.order(all, .{ 1, 3, 3, 1 }) + field.order(all, .{ 0, 2, 2, 0 }) * signs;
        }
        p.finish(&egfh);
    }

    /// E F, G H, F G, E H
    inline fn finish(p: *Point, egfh: anytype) void {
        const left = egfh.permuted(.{ 0, 1, 2, 0 });
        const right = egfh.permuted(.{ 2, 3, 1, 3 });
        field.storeProducts(&p.xyzt, &left, &right);
    }

    /// Y - X, Y + X, T, Z
    inline fn differenceAndSum(p: *const Point) field.Sum(.{ 2, 2, 1, 1 }) {
        var result: field.Sum(.{ 2, 2, 1, 1 }) = undefined;
        const signs: Halves = .{ -1, -1, 1, 1, 0, 0, 0, 0 };
        for (0..field.rolled()) |i| {
            const all = p.xyzt.vectors[i];
            result.vectors[i] = field.order(all, .{ 1, 1, 3, 2 }) + field.order(all, .{ 0, 0, 0, 0 }) * signs;
        }
        return result;
    }

    pub fn negated(p: *const Point) Point {
        return .{ .xyzt = p.xyzt.times(.{ -1, 1, 1, -1 }) };
    }

    /// Whether 8p is the identity. Of all points with an x of 0, the other one is no multiple of eight.
    pub fn isOfSmallOrder(p: *const Point) bool {
        var multiple = p.*;
        for (0..3) |_| multiple.double();
        return field.isZero(&multiple.xyzt, 0);
    }

    /// RFC 8032, section 5.1.2.
    pub noinline fn encode(p: *const Point, encoded: *[bytes]u8) void {
        const affine = field.mul(&p.xyzt, &field.inverse(&p.xyzt, 2));
        const x = field.leave(&affine, 0);
        encoded.* = field.leave(&affine, 1);
        encoded[bytes - 1] |= x[0] << 7;
    }

    /// RFC 8032, section 5.1.3. Variable time.
    pub noinline fn decode(encoded: *const [bytes]u8) ?Point {
        var integer = encoded.*;
        integer[bytes - 1] &= 0x7f;
        if (std.mem.readInt(u256, &integer, .little) >= field.modulus) return null;
        const y = field.enter(@splat(&integer));
        const one = comptime field.constants(.{ 1, 1, 1, 1 });
        // x^2 = u / v
        const yy = field.mul(&y, &y);
        const u = field.settled(&yy.minus(&one));
        const dyy = field.mul(&yy, &comptime field.constants(@splat(d)));
        const v = field.settled(&dyy.plus(&one));
        const v3 = field.mul(&field.mul(&v, &v), &v);
        const uv3 = field.mul(&u, &v3);
        const uv7 = field.mul(&field.mul(&uv3, &v3), &v);
        var x = field.mul(&uv3, &field.powerForRoot(&uv7));
        const vxx = field.mul(&field.mul(&x, &x), &v);
        if (!isSame(&vxx, &u)) {
            if (!isSame(&vxx, &u.times(@splat(-1)))) return null;
            x = field.mul(&x, &comptime field.constants(@splat(power(2, (field.modulus - 1) / 4))));
        }
        const sign = encoded[bytes - 1] >> 7;
        const least = field.leave(&x, 0);
        if (std.mem.allEqual(u8, &least, 0) and sign == 1) return null;
        if (least[0] & 1 != sign) x = x.times(@splat(-1));
        var left: Four = undefined;
        var right: Four = undefined;
        // x 1, y 1, 1 1, x y
        for (0..field.rolled()) |i| {
            const xy = field.blended(x.vectors[i], y.vectors[i], 0b0010);
            left.vectors[i] = field.blended(xy, one.vectors[i], 0b0100);
            right.vectors[i] = field.blended(one.vectors[i], y.vectors[i], 0b1000);
        }
        return .{ .xyzt = field.mul(&left, &right) };
    }
};

fn isSame(a: *const Four, b: *const Four) bool {
    return std.mem.eql(u8, &field.leave(a, 0), &field.leave(b, 0));
}

/// A point as it is added to others.
pub const Addend = extern struct {
    /// Y - X, Y + X, 2 d T, 2 Z
    factors: Four,

    pub noinline fn of(p: *const Point) Addend {
        return .{ .factors = field.mul(&p.differenceAndSum(), &comptime field.constants(.{ 1, 1, 2 * d, 2 })) };
    }

    /// The point, or its negative if `negative` is -1 rather than 0.
    inline fn negatedIf(addend: *const Addend, negative: i16) Addend {
        const signs: Halves = .{ 1, 1, 1, 1, -1, -1, 1, 1 };
        const negate: Halves = @splat(negative);
        var result: Addend = undefined;
        for (0..field.rolled()) |i| {
            const all = addend.factors.vectors[i];
            const other = field.order(all, .{ 1, 0, 2, 3 }) * signs;
            result.factors.vectors[i] = all ^ ((all ^ other) & negate);
        }
        return result;
    }
};

// ---- multiples of the base point by secret numbers ----

// A number k is written as the sum of 2^i or -2^i for every i below 256. The signs are the bits of h = (k + 2^256 -
// 1) / 2 modulo the order. Eight digits that are `spacing` apart make an index into the table of their block; the
// same table serves `spacing` times, shifted by doublings, and is looked up in for all of them at once.
const teeth = multiply.teeth;
const spacing = lookup.lanes;
const comb_bits = 256;
const blocks = comb_bits / (teeth * spacing);

comptime {
    std.debug.assert(lookup.entries == 1 << teeth - 1);
    std.debug.assert(@sizeOf(Addend) % @sizeOf(lookup.Indices) == 0);
}

var comb: [blocks][@sizeOf(Addend)]lookup.Row = undefined;
var comb_ready = false;

/// What a number takes of the comb.
const Chosen = struct {
    /// For each block, lane i for the digits that stand for 2^i and 2^(i + spacing) and so on.
    entries: [blocks][spacing]Addend,
    /// -1 for those to be subtracted, else 0.
    negative: [blocks][lookup.lanes]i8,
};

/// The encoding of k times the base point, for a secret k. Not inlined, for the broom in ec/secret.zig to reach what
/// it leaves.
pub noinline fn encodeMultipleOfBase(k: *const [bytes]u8, encoded: *[bytes]u8) void {
    multipleOfBase(k).encode(encoded);
}

pub noinline fn multipleOfBase(k: *const [bytes]u8) Point {
    if (!comb_ready) prepareComb();
    var chosen: Chosen = undefined;
    defer ct.wipe(std.mem.asBytes(&chosen));
    choose(k, &chosen);
    var sum: Point = .identity;
    var step: usize = spacing;
    while (step > 0) {
        step -= 1;
        if (step != spacing - 1) sum.double();
        for (&chosen.entries, &chosen.negative) |*entries, *negative| {
            const addend = entries[step].negatedIf(negative[step]);
            sum.add(&addend);
        }
    }
    return sum;
}

fn choose(k: *const [bytes]u8, chosen: *Chosen) void {
    const Order = scalar.Order;
    var h = Order.numberOfMean(&scalar.enter(k), &Order.constant((1 << comb_bits) - 1));
    defer ct.wipe(std.mem.asBytes(&h));
    // 1 for the positive digits; and what is read with the last of them.
    var positive: [comb_bits]u8 = undefined;
    defer ct.wipe(&positive);
    digits.toBits(&positive, Order.limb_bits, &h);
    for (&comb, &chosen.entries, &chosen.negative, 0..) |*rows, *entries, *negative, block| {
        const indices = multiply.indicesOf(positive[block * teeth * spacing ..].ptr, spacing, negative);
        lookup.find(rows, indices, @ptrCast(entries));
    }
}

noinline fn prepareComb() void {
    var tooth_point: Point = .base;
    for (&comb) |*rows| {
        // What each tooth stands for, and twice that.
        var once: [teeth]Addend = undefined;
        var twice: [teeth]Addend = undefined;
        for (&once, &twice) |*addend, *doubled| {
            addend.* = .of(&tooth_point);
            tooth_point.double();
            doubled.* = .of(&tooth_point);
            for (1..spacing) |_| tooth_point.double();
        }
        // All digits negative but the last; then one after another changes its sign, in the order of a Gray code,
        // which is twice of it more, or less.
        var sum: Point = .identity;
        sum.add(&once[teeth - 1]);
        for (once[0 .. teeth - 1]) |*addend| sum.add(&addend.negatedIf(-1));
        for (0..lookup.entries) |count| {
            const index = count ^ count >> 1;
            if (count > 0) {
                const tooth = @ctz(count);
                const negative = @as(i16, @intCast(index >> @intCast(tooth) & 1)) - 1;
                sum.add(&twice[tooth].negatedIf(negative));
            }
            lookup.set(rows, index, std.mem.asBytes(&Addend.of(&sum)));
        }
    }
    comb_ready = true;
}

// ---- verification: variable time, for public numbers and points ----

const base_window = 8;
const point_window = 5;

fn Multiples(comptime window: comptime_int) type {
    return [1 << window - 2]Addend;
}

var base_multiples: Multiples(base_window) = undefined;
var base_multiples_ready = false;

/// p, 3p, 5p and so on.
noinline fn oddMultiples(p: *const Point, multiples: []Addend) void {
    var twice = p.*;
    twice.double();
    const step: Addend = .of(&twice);
    var multiple = p.*;
    for (multiples, 0..) |*addend, i| {
        if (i > 0) multiple.add(&step);
        addend.* = .of(&multiple);
    }
}

/// Section 5.1.7 for a hash k that is reduced. The second half of the signature must be below the order; neither
/// point may be of small order; and [S]B = R + [k]A, without the cofactor: W3C Web Cryptography API, Level 2,
/// Ed25519.
pub noinline fn verify(public_key: *const [bytes]u8, k: *const [bytes]u8, signature: *const [2 * bytes]u8) bool {
    if (!scalar.isCanonical(signature[bytes..])) return false;
    const a = Point.decode(public_key) orelse return false;
    if (a.isOfSmallOrder()) return false;
    const r = sumOfMultiples(signature[bytes..], k, &a.negated());
    if (r.isOfSmallOrder()) return false;
    // Encodings of points are unique, so R need not be decoded.
    var encoded: [bytes]u8 = undefined;
    r.encode(&encoded);
    return std.mem.eql(u8, &encoded, signature[0..bytes]);
}

/// s times the base point and k times p.
fn sumOfMultiples(s: *const [bytes]u8, k: *const [bytes]u8, p: *const Point) Point {
    if (!base_multiples_ready) {
        oddMultiples(&.base, &base_multiples);
        base_multiples_ready = true;
    }
    var multiples: Multiples(point_window) = undefined;
    oddMultiples(p, &multiples);
    var s_digits: [8 * bytes + 1]i8 = undefined;
    var k_digits: [8 * bytes + 1]i8 = undefined;
    digits.nonAdjacent(&s_digits, base_window, &scalar.reversed(s));
    digits.nonAdjacent(&k_digits, point_window, &scalar.reversed(k));
    var i: usize = s_digits.len;
    while (i > 0 and s_digits[i - 1] | k_digits[i - 1] == 0) i -= 1;
    var sum: Point = .identity;
    while (i > 0) {
        i -= 1;
        sum.double();
        addMultiple(&sum, &base_multiples, s_digits[i]);
        addMultiple(&sum, &multiples, k_digits[i]);
    }
    return sum;
}

fn addMultiple(sum: *Point, multiples: []const Addend, digit: i8) void {
    if (digit == 0) return;
    const addend = &multiples[@abs(digit) >> 1];
    if (digit > 0) sum.add(addend) else sum.add(&addend.negatedIf(-1));
}

const testing = std.testing;
const Edwards25519 = std.crypto.ecc.Edwards25519;

fn number(value: u256) [bytes]u8 {
    var encoded: [bytes]u8 = undefined;
    std.mem.writeInt(u256, &encoded, value, .little);
    return encoded;
}

fn expectPoint(expected: *const [bytes]u8, p: *const Point) !void {
    var encoded: [bytes]u8 = undefined;
    p.encode(&encoded);
    try testing.expectEqual(expected.*, encoded);
    // T is what it is to be: a product of its own makes no difference.
    const product = field.mul(&p.xyzt.permuted(.{ 0, 2, 0, 2 }), &p.xyzt.permuted(.{ 1, 3, 1, 3 }));
    try testing.expectEqual(field.leave(&product, 0), field.leave(&product, 1));
}

test "multiples of the base point: small numbers, those about the order, clamped and random ones" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const edges = [_]u256{
        1,                2,              3,        7,        8,              scalar.order - 1,
        scalar.order - 2, (1 << 252) - 1, 1 << 252, 1 << 254, (1 << 255) - 8, scalar.order / 2,
    };
    for (0..24) |round| {
        const k = if (round < edges.len) edges[round] else prng.random().int(u256) % scalar.order;
        const expected = try Edwards25519.basePoint.mul(number(k));
        try expectPoint(&expected.toBytes(), &multipleOfBase(&number(k)));
    }
    try expectPoint(&Edwards25519.identityElement.toBytes(), &multipleOfBase(&number(0)));
    try expectPoint(&Edwards25519.identityElement.toBytes(), &multipleOfBase(&number(scalar.order)));
}

/// Points of all kinds: of small order, of the base point's, and sums of both.
fn somePoints(random: std.Random) ![12]Point {
    // An x of 0, 1 and -1, y of 0, and points of order eight: Wycheproof's, and others' "small order" lists.
    const order_eight = [bytes]u8{
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    };
    const generator_of_small = Point.decode(&order_eight) orelse return error.NotDecoded;
    var points: [12]Point = undefined;
    points[0] = .identity;
    for (points[1..8], points[0..7]) |*next, before| {
        next.* = before;
        next.add(&.of(&generator_of_small));
    }
    for (points[8..], 0..) |*point, i| {
        point.* = multipleOfBase(&number(random.int(u256) % scalar.order));
        if (i >= 2) point.add(&.of(&points[i]));
    }
    return points;
}

test "every sum of two points, and every double, is std.crypto's" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const points = try somePoints(prng.random());
    var theirs: [points.len]Edwards25519 = undefined;
    for (&points, &theirs) |*point, *other| {
        var encoded: [bytes]u8 = undefined;
        point.encode(&encoded);
        other.* = try .fromBytes(encoded);
    }
    for (&points, theirs) |*p, p_std| {
        var double = p.*;
        double.double();
        try expectPoint(&p_std.dbl().toBytes(), &double);
        try expectPoint(&p_std.neg().toBytes(), &p.negated());
        for (&points, theirs) |*q, q_std| {
            var sum = p.*;
            sum.add(&.of(q));
            try expectPoint(&p_std.add(q_std).toBytes(), &sum);
            var difference = p.*;
            difference.add(&Addend.of(q).negatedIf(-1));
            try expectPoint(&p_std.sub(q_std).toBytes(), &difference);
        }
    }
    for (&points, 0..) |*point, i| try testing.expectEqual(i < 8, point.isOfSmallOrder());
}

test "points are decoded from what they are encoded to, and from nothing else" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (try somePoints(prng.random())) |point| {
        var encoded: [bytes]u8 = undefined;
        point.encode(&encoded);
        try expectPoint(&encoded, &Point.decode(&encoded).?);
    }
    // y of the prime and above, and an x of 0 that is said to be odd.
    for (0..19) |above| {
        try testing.expectEqual(null, Point.decode(&number(@as(u256, field.modulus) + above)));
        try testing.expectEqual(null, Point.decode(&number((1 << 255) + @as(u256, field.modulus) + above)));
    }
    try testing.expectEqual(null, Point.decode(&number((1 << 255) + 1)));
    try testing.expectEqual(null, Point.decode(&number((1 << 255) + field.modulus - 1)));
    // Every other y has no x.
    for (0..30) |_| {
        var encoded = number(prng.random().int(u256));
        encoded[bytes - 1] &= 0xbf; // Below the prime, but for the sign.
        const expected = Edwards25519.fromBytes(encoded) catch null;
        const decoded = Point.decode(&encoded);
        try testing.expectEqual(expected == null, decoded == null);
        if (decoded) |point| try expectPoint(&encoded, &point);
    }
}

test "sums of multiples by public numbers" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    for (0..12) |round| {
        const p_number = random.int(u256) % scalar.order;
        const p = multipleOfBase(&number(p_number));
        const s: u256 = if (round % 5 == 0) 0 else random.int(u256) % scalar.order;
        const k: u256 = if (round % 7 == 0) scalar.order - 1 else random.int(u256) % scalar.order;
        const sum = sumOfMultiples(&number(s), &number(k), &p);
        const total: u256 = @intCast((@as(u512, k) * p_number + s) % scalar.order);
        var expected: [bytes]u8 = undefined;
        encodeMultipleOfBase(&number(total), &expected);
        try expectPoint(&expected, &sum);
    }
}
