//! Points of edwards448, x^2 + y^2 = 1 + d * x^2 * y^2, where d is -39081: RFC 8032, section 5.2. Their sums, multiples
//! of the base point, encodings, and the equation that Ed448 verifies.
//!
//! d is no square, so that one formula adds any two points (Hisil, Wong, Carter and Dawson 2008, section 3.1), whatever
//! they are: there are no exceptions to look for.
//!
//! Multiples of the base point are a signed comb, as in ec/multiply.zig, constant time in the number. Its table is
//! computed at first use, in about the time of twenty signatures, and has 98 KB of static memory. Verification takes
//! variable time.

const std = @import("std");
const ct = @import("../ct.zig");
const digits = @import("../ec/digits.zig");
const field = @import("field.zig");
const lookup = @import("../ec/lookup.zig");
const multiply = @import("../ec/multiply.zig");
const scalar = @import("scalar.zig");
const hidden = @import("../ec/secret.zig").hidden;

const Pair = field.Pair;
const Order = scalar.Order;

/// An encoded point, or a number.
pub const bytes = 57;

const d = -39081;
const base_x = 0x4f1970c66bed0ded221d15a622bf36da9e146570470f1767ea6de324a3d3a46412ae1af72ab66511433b80e18b00938e2626a82bc70cc05e;
const base_y = 0x693f46716eb6bc248876203756c9c7624bea73736ca3984087789c1e05a0c2d73ad3ff1ce67c39c4fdbd132c4ed7c8ad9808795bf230fa14;

/// (x, y, t, z) is the point (x / z, y / z), and t is x * y / z.
const Point = extern struct {
    xy: Pair,
    tz: Pair,

    const neutral: Point = .{ .xy = field.constants(0, 1), .tz = field.constants(0, 1) };

    /// p = 2p (dbl-2008-hwcd).
    noinline fn double(p: *Point) void {
        const xy = &p.xy;
        // x^2, y^2; (x + y)^2, z^2
        var xx_yy: Pair = undefined;
        field.sqr(&xx_yy, xy);
        const x_and_y = field.plus(xy, &field.swapped(xy));
        var ss_zz: Pair = undefined;
        field.sqr(&ss_zz, &field.lanes(&x_and_y, 0, &p.tz, 1));
        // g = x^2 + y^2, e = (x + y)^2 - g, f = g - 2 * z^2, h = x^2 - y^2
        const yy_xx = field.swapped(&xx_yy);
        const zz_ss = field.swapped(&ss_zz);
        const g = field.plus(&xx_yy, &yy_xx);
        const e = field.minus(&ss_zz, &g);
        const f = field.settle(&field.minus(&g, &field.plus(&zz_ss, &zz_ss)));
        const h = field.minus(&yy_xx, &xx_yy);
        p.finish(&field.lanes(&e, 0, &g, 1), &field.lanes(&f, 0, &h, 1));
    }

    /// p = p + q, or p - q if `negative` is -1 rather than 0 (madd-2008-hwcd).
    noinline fn add(p: *Point, entry: *const Entry, negative: i32) void {
        const xy = &p.xy;
        const tz = &p.tz;
        const q = entry.operands(negative);
        // a = x * q.x, b = y * q.y; c = t * d * q.t, s = (x + y) * (q.x + q.y)
        var a_b: Pair = undefined;
        field.mul(&a_b, xy, &q.xy);
        const x_and_y = field.plus(xy, &field.swapped(xy));
        var c_s: Pair = undefined;
        field.mul(&c_s, &field.lanes(tz, 0, &x_and_y, 1), &q.dt_sum);
        // e = s - (a + b), g = z + c, f = z - c, h = b - a
        const b_a = field.swapped(&a_b);
        const s_c = field.swapped(&c_s);
        const e = field.minus(&s_c, &field.plus(&a_b, &b_a));
        const g = field.plus(tz, &s_c);
        const f = field.minus(&field.swapped(tz), &c_s);
        const h = field.minus(&a_b, &b_a);
        p.finish(&field.lanes(&e, 0, &g, 1), &field.lanes(&f, 0, &h, 1));
    }

    /// x = e * f, y = g * h, t = e * h, z = g * f.
    inline fn finish(p: *Point, e_g: anytype, f_h: anytype) void {
        field.mul(&p.xy, e_g, f_h);
        field.mul(&p.tz, e_g, &field.swapped(f_h));
    }

    /// x and y, divided by z: of a point with any z but 0, which they all have.
    noinline fn affine(p: *const Point) Pair {
        const z = field.swapped(&p.tz);
        var result: Pair = undefined;
        field.invert(&result, &z);
        field.mul(&result, &p.xy, &result);
        return result;
    }

    /// RFC 8032, section 5.2.2.
    noinline fn encode(p: *const Point, encoded: *[bytes]u8) void {
        var x: [field.bytes]u8 = undefined;
        defer ct.wipe(&x);
        field.leave(&p.affine(), &x, encoded[0..field.bytes]);
        encoded[field.bytes] = x[0] << 7;
    }
};

/// A point of a table: x and y, and d * x * y, four limbs of it in a vector.
const Entry = extern struct {
    xy: Pair,
    dt: [4]field.Vector,

    noinline fn set(entry: *Entry, xy: *const Pair) void {
        var dt: Pair = undefined;
        field.mul(&dt, xy, &field.swapped(xy));
        field.mul(&dt, &dt, &field.constants(d, d));
        entry.* = .of(xy, &dt);
    }

    fn of(xy: *const Pair, dt: *const Pair) Entry {
        var entry: Entry = .{ .xy = xy.*, .dt = undefined };
        for (&entry.dt, dt.limbs[0..4], dt.limbs[4..]) |*to, low, high| {
            to.* = @shuffle(i32, low, high, [4]i32{ 0, -1, 2, -3 });
        }
        return entry;
    }

    const Operands = struct {
        xy: Pair,
        /// d * x * y, and x + y.
        dt_sum: field.Sum(2),
    };

    /// Of the point, or its negative.
    inline fn operands(entry: *const Entry, negative: i32) Operands {
        const signs: field.Vector = .{ negative, 0, negative, 0 };
        const all: field.Vector = @splat(negative);
        var xy: Pair = undefined;
        inline for (&xy.limbs, entry.xy.limbs) |*to, limb| to.* = (limb ^ signs) - signs;
        var dt: Pair = undefined;
        inline for (dt.limbs[0..4], dt.limbs[4..], entry.dt) |*low, *high, limb| {
            low.* = (limb ^ all) - all;
            high.* = @shuffle(i32, low.*, undefined, [4]i32{ 1, 0, 3, 2 });
        }
        return .{ .xy = xy, .dt_sum = field.lanes(&dt, 0, &field.plus(&xy, &field.swapped(&xy)), 1) };
    }
};

const base: Entry = .of(&field.constants(base_x, base_y), &field.constants(d * base_x * base_y, 0));

// ---- multiples of the base point: constant time ----

// A number k is written as the sum of 2^i or -2^i for every i below comb_bits, as in ec/multiply.zig.
const teeth = multiply.teeth;
const spacing = 14;
const blocks = 4;
const comb_bits = blocks * teeth * spacing;

comptime {
    std.debug.assert(comb_bits >= Order.bits and spacing <= lookup.lanes);
    std.debug.assert(lookup.entries == 1 << teeth - 1 and @sizeOf(Entry) % @sizeOf(lookup.Indices) == 0);
}

var comb: [blocks][@sizeOf(Entry)]lookup.Row = undefined;
var comb_ready = false;

/// What a number takes of the comb.
const Chosen = struct {
    entries: [blocks][spacing]Entry,
    /// -1 for those to be subtracted, else 0.
    negative: [blocks][lookup.lanes]i8,
};

/// The encoding of k times the base point.
pub noinline fn encodeMultipleOfBase(k: *const [bytes]u8, encoded: *[bytes]u8) void {
    var sum: Point = undefined;
    defer ct.wipe(std.mem.asBytes(&sum));
    multipleOfBase(k, &sum);
    sum.encode(encoded);
}

/// The u-coordinate on curve448 of k times its base point: (y / x)^2, by the isogeny of RFC 7748, section 4.2.
pub noinline fn montgomeryMultipleOfBase(k: *const [bytes]u8, u: *[field.bytes]u8) void {
    var sum: Point = undefined;
    defer ct.wipe(std.mem.asBytes(&sum));
    multipleOfBase(k, &sum);
    field.invert(&sum.tz, &sum.xy);
    field.mul(&sum.tz, &sum.tz, &field.swapped(&sum.xy));
    field.sqr(&sum.tz, &sum.tz);
    var other: [field.bytes]u8 = undefined;
    defer ct.wipe(&other);
    field.leave(&sum.tz, u, &other);
}

noinline fn multipleOfBase(k: *const [bytes]u8, sum: *Point) void {
    if (!comb_ready) prepareComb();
    var chosen: Chosen = undefined;
    defer ct.wipe(std.mem.asBytes(&chosen));
    choose(k, &chosen);
    sum.* = .neutral;
    var step: usize = spacing;
    while (step > 0) {
        step -= 1;
        if (step != spacing - 1) sum.double();
        for (&chosen.entries, &chosen.negative) |*entries, *negative| sum.add(&entries[step], negative[step]);
    }
}

noinline fn choose(k: *const [bytes]u8, chosen: *Chosen) void {
    var h = scalar.mean(k, (1 << comb_bits) - 1);
    defer ct.wipe(std.mem.asBytes(&h));
    // 1 for the positive digits; and what is read with the last of them.
    var positive: [comb_bits + lookup.lanes]u8 = undefined;
    defer ct.wipe(&positive);
    digits.toBits(&positive, Order.limb_bits, &h);
    for (&comb, &chosen.entries, &chosen.negative, 0..) |*rows, *entries, *negative, block| {
        const indices = multiply.indicesOf(positive[block * teeth * spacing ..].ptr, spacing, negative);
        lookup.find(rows, indices, @ptrCast(entries));
    }
}

noinline fn prepareComb() void {
    var power: Point = .neutral;
    power.add(&base, 0);
    for (&comb) |*rows| fillBlock(rows, &power);
    comb_ready = true;
}

/// Fills the table of a block whose first digit stands for power, and moves power on to the next block's.
noinline fn fillBlock(rows: *[@sizeOf(Entry)]lookup.Row, power: *Point) void {
    // What each tooth stands for, and the double of it.
    var powers: [2 * teeth]Point = undefined;
    for (0..hidden(@as(usize, teeth))) |tooth| {
        powers[2 * tooth] = power.*;
        power.double();
        powers[2 * tooth + 1] = power.*;
        for (1..spacing) |_| power.double();
    }
    var bases: [powers.len]Entry = undefined;
    normalize(&powers, &bases);

    // All digits negative but the last; then each other one positive, which is the double of it more. Two of the teeth
    // count the parts of the table, which are filled one after another, to take less of the stack.
    const part_teeth = 5;
    var sums: [1 << part_teeth]Point = undefined;
    for (0..lookup.entries / sums.len) |part| {
        sums[0] = .neutral;
        sums[0].add(&bases[2 * (teeth - 1)], 0);
        for (0..teeth - 1) |tooth| {
            const positive = tooth >= part_teeth and part >> @intCast(tooth - part_teeth) & 1 != 0;
            sums[0].add(&bases[2 * tooth], if (positive) 0 else -1);
        }
        for (0..part_teeth) |tooth| {
            const count = @as(usize, 1) << @intCast(tooth);
            for (sums[0..count], sums[count..][0..count]) |*sum, *next| {
                next.* = sum.*;
                next.add(&bases[2 * tooth + 1], 0);
            }
        }
        var entries: [sums.len]Entry = undefined;
        normalize(&sums, &entries);
        for (&entries, part * sums.len..) |*entry, index| lookup.set(rows, index, std.mem.asBytes(entry));
    }
}

/// Public points, as many as 32. One inversion serves all (Montgomery's trick).
noinline fn normalize(given: []const Point, entries: []Entry) void {
    // The product of the z up to each, in the second element.
    var products: [32]Pair = undefined;
    products[0] = given[0].tz;
    for (1..given.len) |i| field.mul(&products[i], &products[i - 1], &given[i].tz);
    var inverse: Pair = undefined;
    field.invert(&inverse, &field.swapped(&products[given.len - 1]));
    var i = given.len;
    while (i > 0) {
        i -= 1;
        // 1 / z, and 1 / the product of the z before it.
        const previous = if (i == 0) &field.ones else &products[i - 1];
        var inverses: Pair = undefined;
        field.mul(&inverses, &inverse, &field.lanes(&field.swapped(previous), 0, &given[i].tz, 1));
        inverse = field.lanes(&field.swapped(&inverses), 0, &inverses, 1);
        var xy: Pair = undefined;
        field.mul(&xy, &given[i].xy, &field.lanes(&inverses, 0, &field.swapped(&inverses), 1));
        entries[i].set(&xy);
    }
}

// ---- verification: variable time ----

// Numbers are written with odd digits, `window` - 1 zeros at least between any two (ec/digits.zig). Tables hold the odd
// multiples for the positive digits.
const number_digits = Order.bits + 1; // The last carry.
const base_window = 7;
const key_window = 5;
const multiples_max = 1 << base_window - 2;

var base_multiples: [1 << base_window - 2]Entry = undefined;
var base_multiples_ready = false;

/// p, 3p, 5p and so on.
noinline fn oddMultiples(p: *const Entry, entries: []Entry) void {
    var multiples: [2 * multiples_max]Point = undefined;
    var odd: [multiples_max]Point = undefined;
    multiples[0] = .neutral;
    multiples[1] = .neutral;
    multiples[1].add(p, 0);
    odd[0] = multiples[1];
    for (1..entries.len) |i| {
        const even = &multiples[2 * i];
        even.* = multiples[i];
        even.double();
        multiples[2 * i + 1] = even.*;
        multiples[2 * i + 1].add(p, 0);
        odd[i] = multiples[2 * i + 1];
    }
    normalize(odd[0..entries.len], entries);
}

/// Whether S * B = R + k * A, for A the public key, and R and S the halves of the signature: RFC 8032, section 5.2.7,
/// step 3, without the cofactor. k is below L, the order of B. False too if A or R is not the encoding of a point, or of
/// one of small order, or S not below L.
pub noinline fn verify(public_key: *const [bytes]u8, k: *const [bytes]u8, signature: *const [2 * bytes]u8) bool {
    const r = signature[0..bytes];
    const s = signature[bytes..];
    if (hasSmallOrder(public_key) or hasSmallOrder(r) or !scalar.isCanonical(s)) return false;
    var key: Entry = undefined;
    if (!decode(public_key, &key)) return false;
    var key_multiples: [1 << key_window - 2]Entry = undefined;
    oddMultiples(&key, &key_multiples);
    if (!base_multiples_ready) {
        oddMultiples(&base, &base_multiples);
        base_multiples_ready = true;
    }
    var s_digits: [number_digits]i8 = undefined;
    digits.nonAdjacent(&s_digits, base_window, &scalar.bigEndian(s));
    var k_digits: [number_digits]i8 = undefined;
    digits.nonAdjacent(&k_digits, key_window, &scalar.bigEndian(k));
    var sum: Point = .neutral;
    var i: usize = number_digits;
    while (i > 0) {
        i -= 1;
        sum.double();
        addMultiple(&sum, &base_multiples, s_digits[i]);
        addMultiple(&sum, &key_multiples, -k_digits[i]);
    }
    // If it is R, then R is a point, encoded as it should be.
    var encoded: [bytes]u8 = undefined;
    sum.encode(&encoded);
    return std.mem.eql(u8, &encoded, r);
}

inline fn addMultiple(sum: *Point, multiples: []const Entry, digit: i8) void {
    if (digit != 0) sum.add(&multiples[@abs(digit) >> 1], digit >> 7);
}

/// Whether y is 1, -1 or 0, as it is for the four points of order 1, 2 and 4.
fn hasSmallOrder(encoded: *const [bytes]u8) bool {
    const y = std.mem.readInt(u448, encoded[0..field.bytes], .little);
    return y <= 1 or y == field.modulus - 1;
}

/// RFC 8032, section 5.2.3. False for what is no point, or not in its only encoding. y is not 1 or -1.
noinline fn decode(encoded: *const [bytes]u8, entry: *Entry) bool {
    const y_bytes = encoded[0..field.bytes];
    if (encoded[field.bytes] & 0x7f != 0 or std.mem.readInt(u448, y_bytes, .little) >= field.modulus) return false;
    var y: Pair = undefined;
    field.enter(&y, y_bytes, y_bytes);
    // x^2 = u / v, where u = y^2 - 1 and v = d * y^2 - 1.
    var u_v: Pair = undefined;
    field.sqr(&u_v, &y);
    field.mul(&u_v, &u_v, &field.constants(1, d));
    u_v = field.settle(&field.minus(&u_v, &field.ones));
    const v_u = field.swapped(&u_v);
    // x = u^3 * v * (u^5 * v^3)^((p - 3) / 4)
    var uu_vv: Pair = undefined;
    field.sqr(&uu_vv, &u_v);
    var u3v: Pair = undefined;
    field.mul(&u3v, &u_v, &v_u);
    field.mul(&u3v, &u3v, &uu_vv);
    var x: Pair = undefined;
    field.mul(&x, &uu_vv, &field.swapped(&uu_vv));
    field.mul(&x, &x, &u3v);
    var root: Pair = undefined;
    field.pow(&root, &x);
    field.mul(&x, &root, &u3v);
    // Whether v * x^2 is u.
    var u: Pair = undefined;
    field.sqr(&u, &x);
    field.mul(&u, &u, &v_u);
    u = field.settle(&field.minus(&u, &u_v));
    if (!field.isZero(&u)) return false;
    const xy = field.lanes(&x, 0, &y, 1);
    entry.set(&xy);
    var x_bytes: [field.bytes]u8 = undefined;
    var other: [field.bytes]u8 = undefined;
    field.leave(&x, &x_bytes, &other);
    if (x_bytes[0] & 1 != encoded[field.bytes] >> 7) entry.set(&entry.operands(-1).xy);
    return true;
}

const testing = std.testing;

fn bytesOf(comptime hex: []const u8) [hex.len / 2]u8 {
    var result: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&result, hex) catch unreachable;
    return result;
}

/// k * p by doubling and adding.
fn slowMultiple(k: u448, p: *const Entry) Point {
    var sum: Point = .neutral;
    var bit: usize = 448;
    while (bit > 0) {
        bit -= 1;
        sum.double();
        if (k >> @intCast(bit) & 1 != 0) sum.add(p, 0);
    }
    return sum;
}

fn encodedOf(p: *const Point) [bytes]u8 {
    var encoded: [bytes]u8 = undefined;
    p.encode(&encoded);
    return encoded;
}

fn scalarOf(k: u456) [bytes]u8 {
    var result: [bytes]u8 = undefined;
    std.mem.writeInt(u456, &result, k, .little);
    return result;
}

const neutral_encoded = scalarOf(1);

test "multiples of the base point: small ones, those next to the order, clamped and random ones" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const n = scalar.order;
    for (0..40) |i| {
        const small: u448 = @intCast(i % 10);
        const random = prng.random().int(u448);
        const k = if (i < 10) small else if (i < 20) n - small else if (i < 30) random % n else random | 1 << 447;
        var encoded: [bytes]u8 = undefined;
        encodeMultipleOfBase(&scalarOf(k), &encoded);
        try testing.expectEqual(encodedOf(&slowMultiple(k, &base)), encoded);
    }
    try testing.expectEqual(neutral_encoded, encodedOf(&slowMultiple(n, &base)));
}

test "sums and doubles of any points: the neutral one, equal, opposite and of small order" {
    // (1, 0) is of order 4, and (0, -1) of order 2.
    var order_4: Entry = undefined;
    order_4.set(&field.constants(1, 0));
    var order_2: Entry = undefined;
    order_2.set(&field.constants(0, -1));
    for ([_]*const Entry{ &base, &order_4, &order_2 }) |entry| {
        var sum: Point = .neutral;
        sum.double();
        try testing.expectEqual(neutral_encoded, encodedOf(&sum));
        sum.add(entry, 0);
        var twice = sum;
        twice.double();
        sum.add(entry, 0);
        try testing.expectEqual(encodedOf(&twice), encodedOf(&sum));
        sum.add(entry, -1);
        sum.add(entry, -1);
        try testing.expectEqual(neutral_encoded, encodedOf(&sum));
        sum.add(entry, -1);
        twice.double();
        sum.add(entry, 0);
        try testing.expectEqual(neutral_encoded, encodedOf(&sum));
        // t = x * y / z throughout.
        var product: Pair = undefined;
        field.mul(&product, &twice.xy, &field.swapped(&twice.xy));
        var other: Pair = undefined;
        field.mul(&other, &twice.tz, &field.swapped(&twice.tz));
        const difference = field.minus(&product, &other);
        product = field.settle(&difference);
        try testing.expect(field.isZero(&product));
    }
    try testing.expectEqual(neutral_encoded, encodedOf(&slowMultiple(4, &order_4)));
    try testing.expectEqual(scalarOf(field.modulus - 1), encodedOf(&slowMultiple(2, &order_4)));
    try testing.expectEqual(neutral_encoded, encodedOf(&slowMultiple(2, &order_2)));
}

test "points are decoded, and what is no point is refused" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..20) |_| {
        var encoded: [bytes]u8 = undefined;
        encodeMultipleOfBase(&scalarOf(prng.random().int(u448)), &encoded);
        for (0..2) |_| {
            var entry: Entry = undefined;
            try testing.expect(decode(&encoded, &entry));
            try testing.expectEqual(encoded, encodedOf(&slowMultiple(1, &entry)));
            encoded[field.bytes] ^= 0x80;
        }
        for (0..7) |bit| {
            var entry: Entry = undefined;
            encoded[field.bytes] ^= @as(u8, 1) << @intCast(bit);
            try testing.expect(!decode(&encoded, &entry));
            encoded[field.bytes] ^= @as(u8, 1) << @intCast(bit);
        }
    }
    // Of the small y some are those of points, about half. With p added, they are none.
    var points: usize = 0;
    for (2..100) |y| {
        var entry: Entry = undefined;
        const good = scalarOf(y);
        points += @intFromBool(decode(&good, &entry));
        const long = scalarOf(field.modulus + @as(u456, y));
        try testing.expect(!decode(&long, &entry));
    }
    try testing.expect(points > 20 and points < 80);
}

test "the equation holds, for points with a part of small order too, and for nothing else" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    const n = scalar.order;
    var order_4: Entry = undefined;
    order_4.set(&field.constants(1, 0));
    for (0..24) |i| {
        // A = a * B + i * P and R = r * B + j * P, P being of order 4. With S = r + k * a the equation holds if
        // 0 = (j + k * i) * P.
        const a = random.int(u448) % n;
        const r = random.int(u448) % n;
        const k: u448 = if (i == 23) 0 else random.int(u448) % n;
        var a_point = slowMultiple(a, &base);
        for (0..i % 4) |_| a_point.add(&order_4, 0);
        var r_point = slowMultiple(r, &base);
        const j = i / 4 % 4;
        for (0..j) |_| r_point.add(&order_4, 0);
        const expected = (j + k * (i % 4)) % 4 == 0;
        const public_key = encodedOf(&a_point);
        const s: u456 = @intCast((@as(u1024, k) * a + r) % n);
        var signature = encodedOf(&r_point) ++ scalarOf(s);
        try testing.expectEqual(expected, verify(&public_key, &scalarOf(k), &signature));
        if (!expected) continue;
        signature[bytes..].* = scalarOf(s + n);
        try testing.expect(!verify(&public_key, &scalarOf(k), &signature));
        signature[bytes..].* = scalarOf(s ^ 1);
        try testing.expect(!verify(&public_key, &scalarOf(k), &signature));
        signature[bytes..].* = scalarOf(s);
        try testing.expect(!verify(&public_key, &scalarOf(k ^ 2), &signature) or k == 0);
        for ([_]usize{ 0, 20, 56 }) |at| {
            signature[at] ^= 0x80;
            try testing.expect(!verify(&public_key, &scalarOf(k), &signature));
            signature[at] ^= 0x80;
        }
    }
}

test "keys and R of small order are refused, in every encoding" {
    const zero: [bytes]u8 = @splat(0);
    const p = field.modulus;
    var good: [bytes]u8 = undefined;
    encodeMultipleOfBase(&scalarOf(7), &good);
    inline for (.{ 0, 1, p - 1, p, p + 1 }) |y| for ([_]u8{ 0, 0x80 }) |sign| {
        var small = scalarOf(y);
        small[field.bytes] ^= sign;
        // [0]B = R + [0]A for the neutral R; and [7]B = R + [7]A for R = [7]B and A of order 1.
        try testing.expect(!verify(&good, &zero, &(small ++ zero)));
        try testing.expect(!verify(&small, &zero, &(good ++ scalarOf(7))));
        try testing.expect(!verify(&small, &zero, &(small ++ zero)));
    };
    try testing.expect(verify(&good, &zero, &(good ++ scalarOf(7))));
}
