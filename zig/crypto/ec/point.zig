//! Points of the curves y^2 = x^3 - 3x + b: their sums, in coordinates without divisions, and their encodings (SEC 1,
//! version 2.0, sections 2.3.3 and 2.3.4).
//!
//! Both kinds of coordinates keep x and y in the lanes of one vector of field elements, and what they are divided by in
//! another. Jacobian ones are best doubled, extended ones added to. They are often not carried: see `Xy`.
//!
//! Constant time but for what says otherwise.

const std = @import("std");
const secret = @import("secret.zig");

/// What should be a public key is no encoding of a point of the curve, or of infinity.
pub const DecodeError = error{InvalidPublicKey};

pub fn Points(comptime Curve: type) type {
    return struct {
        const F = Curve.Field;
        const Pair = F.Pair;

        /// Any point but infinity.
        pub const Affine = extern struct {
            xy: Pair,

            pub const generator: Affine = .{ .xy = F.constants(Curve.x, Curve.y) };

            pub fn negated(p: *const Affine) Affine {
                return .{ .xy = F.secondNegated(&p.xy) };
            }
        };

        /// (x, y, z) is the point (x / z^2, y / z^3); infinity has a z of 0.
        pub const Jacobian = extern struct {
            /// In the first lane; the second has something else.
            x: Pair,
            /// y in the first lane, z in the second.
            yz: Pair,

            pub const infinity: Jacobian = .{ .x = F.ones, .yz = F.constants(1, 0) };

            pub fn of(p: *const Affine) Jacobian {
                return .{ .x = p.xy, .yz = F.computed(F.lanes(&p.xy, 1, &F.ones, 1)) };
            }

            pub fn isInfinity(p: *const Jacobian) bool {
                return F.isZero(&p.yz, 1);
            }

            /// p = 2p, for infinity too. (Bernstein and Lange's dbl-2001-b, with 4beta for beta, and z = 2yz.)
            pub noinline fn double(p: *Jacobian) void {
                const x = &p.x;
                const yz = &p.yz;
                const xx = F.lanes(x, 0, x, 0);
                const gamma_delta = F.sqr(yz); // y^2, z^2
                // 2x * 2gamma = 4beta, and (x - delta) * (x + delta), a third of alpha.
                const factors = F.lanes(F.plus(x, x), 0, F.minus(xx, &gamma_delta), 1);
                const beta_third = F.mul(
                    &(if (F.product_max >= 4) F.computed(factors) else F.settle(factors)),
                    F.lanes(F.plus(&gamma_delta, &gamma_delta), 0, F.plus(xx, &gamma_delta), 1),
                );
                const third_gamma = F.lanes(&beta_third, 1, &gamma_delta, 0);
                const twice = F.plus(third_gamma, third_gamma);
                const thrice = F.computed(F.lanes(F.plus(twice, third_gamma), 0, twice, 1));
                const alpha_gamma2 = if (F.product_max >= 9) thrice else F.settle(&thrice); // alpha, 2gamma
                // x = alpha^2 - 8beta, and 4gamma^2.
                F.storeSqrSub(x, &alpha_gamma2, F.lanes(F.plus(&beta_third, &beta_third), 0, &F.zeros, 0));
                // y = alpha * (4beta - x) - 8gamma^2, and z = 2y * z.
                F.storeMulSub(
                    yz,
                    F.lanes(&alpha_gamma2, 0, F.plus(yz, yz), 0),
                    F.lanes(F.minus(&beta_third, x), 0, yz, 1),
                    F.lanes(F.plus(x, x), 1, &F.zeros, 0),
                );
            }

            /// p = p + q, unless p is infinity, q or -q: then z becomes 0, which it stays in all further sums.
            /// (Bernstein and Lange's madd-2004-hmv.)
            pub noinline fn add(p: *Jacobian, q: *const Affine) void {
                const x = &p.x;
                const yz = &p.yz;
                const z2 = F.sqr(F.lanes(yz, 1, yz, 1));
                // h = q.x * z^2 - x, and z^3.
                const h_z3 = F.mulSub(&z2, F.lanes(&q.xy, 0, yz, 1), F.lanes(x, 0, &F.zeros, 0));
                // h^2, and r = q.y * z^3 - y.
                const h2_r = F.mulSub(&h_z3, F.lanes(&h_z3, 0, &q.xy, 1), F.lanes(&F.zeros, 0, yz, 0));
                // h^3, and v = x * h^2.
                const h3_v = F.mul(F.lanes(&h2_r, 0, &h2_r, 0), F.lanes(&h_z3, 0, x, 0));
                const v = F.lanes(&h3_v, 1, &h3_v, 1);
                // x = r^2 - h^3 - 2v, and y * h^3.
                F.storeMulSub(
                    x,
                    F.lanes(&h2_r, 1, yz, 0),
                    F.lanes(&h2_r, 1, &h3_v, 0),
                    F.lanes(F.plus(&h3_v, F.plus(v, v)), 0, &F.zeros, 0),
                );
                // y = r * (v - x) - y * h^3, and z = z * h.
                F.storeMulSub(
                    yz,
                    F.lanes(&h2_r, 1, yz, 1),
                    F.lanes(F.minus(v, x), 0, &h_z3, 0),
                    F.lanes(x, 1, &F.zeros, 0),
                );
            }

            /// p = p + q for all points. Variable time: for public points.
            pub noinline fn addPublic(p: *Jacobian, q: *const Affine) void {
                if (p.isInfinity()) {
                    p.* = .of(q);
                    return;
                }
                const before = p.*;
                p.add(q);
                // If they have the same x, their sum is infinity, unless they have the same y too.
                if (!p.isInfinity() or !Extended.ofJacobian(&before).is(q)) return;
                p.* = before;
                p.double();
            }
        };

        /// (x, y, zz, zzz) is the point (x / zz, y / zzz), zz and zzz being z^2 and z^3 for some z; infinity has zeros there.
        pub const Extended = extern struct {
            xy: Xy,
            zz_zzz: Pair,

            pub fn of(p: *const Affine) Extended {
                return .{ .xy = .{ .limbs = p.xy.limbs }, .zz_zzz = F.ones };
            }

            pub fn ofJacobian(p: *const Jacobian) Extended {
                var result: Extended = undefined;
                result.takeJacobian(p);
                return result;
            }

            noinline fn takeJacobian(p: *Extended, jacobian: *const Jacobian) void {
                const yz = &jacobian.yz;
                const zz = F.sqr(F.lanes(yz, 1, yz, 1));
                const zzz = F.mul(&zz, yz); // The second lane.
                F.store(&p.xy, F.lanes(&jacobian.x, 0, yz, 0));
                F.store(&p.zz_zzz, F.lanes(&zz, 0, &zzz, 1));
            }

            pub fn isInfinity(p: *const Extended) bool {
                return F.isZero(&p.zz_zzz, 0);
            }

            /// p = p + q, unless p is infinity, q or -q: then zz and zzz become 0, which they stay in all further sums.
            /// (Bernstein and Lange's madd-2008-s.)
            pub noinline fn add(p: *Extended, q: *const Affine) void {
                var products: Products = undefined;
                p.addKeeping(q, &products);
            }

            /// p = 2p + q, as (p + q) + p. The first sum gives p over its own zz and zzz too, and points that have these in
            /// common are cheap to add (Meloni 2007). Zeros are left as `add` leaves them, and by a q of -2p.
            pub noinline fn doubleAdd(p: *Extended, q: *const Affine) void {
                var products: Products = undefined;
                p.addKeeping(q, &products);
                const x_y = F.lanes(&products.h3_v, 1, &products.yh3_rvx, 0);
                const h_r = F.settle(F.minus(&p.xy, x_y));
                F.store(&p.xy, x_y);
                p.finish(&h_r, &products);
            }

            /// Of an addition: v and y * h^3 are x and y of what p was, over the zz and zzz of the sum.
            const Products = struct { h3_v: Pair, yh3_rvx: Pair };

            inline fn addKeeping(p: *Extended, q: *const Affine, products: *Products) void {
                // h = q.x * zz - x, r = q.y * zzz - y
                const h_r = F.mulSub(&q.xy, &p.zz_zzz, &p.xy);
                p.finish(&h_r, products);
            }

            /// p plus the point that is (x + h, y + r) over the same zz and zzz.
            noinline fn finish(p: *Extended, h_r: *const Pair, products: *Products) void {
                const xy = &p.xy;
                const zz_zzz = &p.zz_zzz;
                const h2_r2 = F.sqr(h_r);
                // h^3, and v = x * h^2.
                const h3_v = &products.h3_v;
                F.storeMul(h3_v, F.quick(F.lanes(h_r, 0, xy, 0)), F.quick(F.lanes(&h2_r2, 0, &h2_r2, 0)));
                const v = F.lanes(h3_v, 1, h3_v, 1);
                // x = r^2 - h^3 - 2v, in both lanes.
                const x_long = F.quick(F.minus(
                    F.lanes(&h2_r2, 1, &h2_r2, 1),
                    F.plus(F.lanes(h3_v, 0, h3_v, 0), F.plus(v, v)),
                ));
                const x = if (carried_x) F.settle(x_long) else F.computed(x_long);
                // y = r * (v - x) - y * h^3
                const yh3_rvx = &products.yh3_rvx;
                F.storeMul(
                    yh3_rvx,
                    F.quick(F.lanes(xy, 1, h_r, 1)),
                    F.quick(F.lanes(h3_v, 0, F.minus(v, &x), 1)),
                );
                const y = F.minus(F.lanes(yh3_rvx, 1, yh3_rvx, 1), yh3_rvx);
                F.store(xy, F.quick(F.lanes(&x, 0, y, 0)));
                F.storeMul(zz_zzz, zz_zzz, F.quick(F.lanes(&h2_r2, 0, h3_v, 0)));
            }

            /// Whether p, which is not infinity, is q: x = q.x * zz, and y = q.y * zzz.
            pub fn is(p: *const Extended, q: *const Affine) bool {
                return F.isZeros(&F.mulSub(&q.xy, &p.zz_zzz, &p.xy));
            }
        };

        /// x and y as additions leave them: not carried, where the field has room for the four elements in x and the two
        /// in y.
        const Xy = F.Sum(if (carried_x) 1 else 4, 2);
        /// Else x is carried. In the addition that follows, x - v is a factor.
        const carried_x = F.factor_max < 5 or F.product_max < 5;

        /// The most points that `normalize` takes.
        pub const normalize_max = 64;

        /// Public points, none of them infinity. One inversion serves all (Montgomery's trick).
        pub noinline fn normalize(given: []const Extended, normalized: []Affine) void {
            // The product of the zzz up to each, in the second lane.
            var products: [normalize_max]Pair = undefined;
            products[0] = given[0].zz_zzz;
            for (1..given.len) |i| {
                F.storeMul(&products[i], &products[i - 1], &given[i].zz_zzz);
            }
            var inverse = F.inverse(&both(&products[given.len - 1], 1));
            var i = given.len;
            while (i > 0) {
                i -= 1;
                const point = &given[i];
                const previous = if (i == 0) &F.ones else &products[i - 1];
                // 1 / zzz, and 1 / the product of the zzz before it.
                const inverses = F.mul(&inverse, F.lanes(previous, 1, &point.zz_zzz, 1));
                inverse = both(&inverses, 1);
                normalized[i] = divided(point, &both(&inverses, 0));
            }
        }

        /// A point by 1 / zzz, which is in both lanes.
        noinline fn divided(p: *const Extended, zzz_inverse: *const Pair) Affine {
            const z_inverse = F.mul(&p.zz_zzz, zzz_inverse);
            const zz_inverse = F.sqr(&z_inverse);
            return .{ .xy = F.mul(&p.xy, F.lanes(&zz_inverse, 0, zzz_inverse, 1)) };
        }

        /// One lane of a pair, in both.
        pub fn both(a: *const Pair, comptime lane: comptime_int) Pair {
            return F.computed(F.lanes(a, lane, a, lane));
        }

        pub const uncompressed_bytes = 1 + 2 * F.bytes;
        pub const compressed_bytes = 1 + F.bytes;
        const Tag = enum(u8) { compressed_even = 2, compressed_odd = 3, uncompressed = 4, _ };

        /// SEC 1, section 2.3.4: both forms, infinity refused, and everything that is not a point of the curve. The
        /// order of the group is prime, and so every point of the curve is in the group. For public points.
        pub fn decode(encoded: []const u8) DecodeError!Affine {
            if (encoded.len == 0) return error.InvalidPublicKey;
            switch (@as(Tag, @enumFromInt(encoded[0]))) {
                .uncompressed => {
                    if (!isUncompressed(encoded)) return error.InvalidPublicKey;
                    const point = enter(encoded[0..uncompressed_bytes]);
                    const difference = F.sqrSub(&point.xy, &rightSide(&both(&point.xy, 0)));
                    if (!F.isZero(&difference, 1)) return error.InvalidPublicKey;
                    return point;
                },
                .compressed_even, .compressed_odd => {
                    if (encoded.len != compressed_bytes) return error.InvalidPublicKey;
                    const x_bytes = encoded[1..][0..F.bytes];
                    if (!isCoordinate(x_bytes)) return error.InvalidPublicKey;
                    const x = F.enter(x_bytes, x_bytes);
                    const y2 = rightSide(&x);
                    const y = squareRoot(&y2);
                    if (!F.isZero(&F.sqrSub(&y, &y2), 0)) return error.InvalidPublicKey;
                    // y is not 0: then 2 would divide the order of the group.
                    const point: Affine = .{ .xy = F.computed(F.lanes(&x, 0, &y, 0)) };
                    const parity = F.leave(&y)[1][F.bytes - 1] & 1;
                    return if (parity == encoded[0] & 1) point else point.negated();
                },
                _ => return error.InvalidPublicKey,
            }
        }

        /// Whether this is an uncompressed form: of a point of the curve or of none.
        pub fn isUncompressed(encoded: []const u8) bool {
            return encoded.len == uncompressed_bytes and encoded[0] == @intFromEnum(Tag.uncompressed) and
                isCoordinate(encoded[1..][0..F.bytes]) and isCoordinate(encoded[1 + F.bytes ..][0..F.bytes]);
        }

        /// A point from its uncompressed form.
        pub fn enter(encoded: *const [uncompressed_bytes]u8) Affine {
            return .{ .xy = F.enter(encoded[1..][0..F.bytes], encoded[1 + F.bytes ..]) };
        }

        fn isCoordinate(bytes: *const [F.bytes]u8) bool {
            return secret.isBelow(bytes, &modulus_bytes);
        }

        const modulus_bytes: [F.bytes]u8 = blk: {
            var bytes: [F.bytes]u8 = undefined;
            std.mem.writeInt(@Int(.unsigned, 8 * F.bytes), &bytes, F.modulus, .big);
            break :blk bytes;
        };

        /// x^3 - 3x + b
        fn rightSide(x: *const Pair) Pair {
            const minus_b = -Curve.b;
            return F.mulSub(x, &F.sqrSub(x, &F.constants(3, 3)), &F.constants(minus_b, minus_b));
        }

        /// A square root of a, if it has one: a^((p + 1) / 4), since p is 3 modulo 4.
        noinline fn squareRoot(a: *const Pair) Pair {
            comptime std.debug.assert(F.modulus % 4 == 3);
            const exponent = (F.modulus + 1) / 4;
            const bits = std.math.log2(exponent);
            const words = comptime blk: {
                var words: [bits / 32 + 1]u32 = undefined;
                for (&words, 0..) |*word, i| word.* = exponent >> 32 * i & 0xffff_ffff;
                break :blk words;
            };
            var power = a.*;
            var i: usize = bits;
            while (i > 0) {
                i -= 1;
                power = F.sqr(&power);
                if (words[i / 32] >> @intCast(i % 32) & 1 != 0) power = F.mul(&power, a);
            }
            return power;
        }

        /// The uncompressed form of a point that is not infinity.
        pub fn encode(p: *const Extended, encoded: *[uncompressed_bytes]u8) void {
            encodeAffine(&divided(p, &F.inverse(&both(&p.zz_zzz, 1))), encoded);
        }

        pub fn encodeAffine(p: *const Affine, encoded: *[uncompressed_bytes]u8) void {
            const x, const y = F.leave(&p.xy);
            encoded[0] = @intFromEnum(Tag.uncompressed);
            encoded[1..][0..F.bytes].* = x;
            encoded[1 + F.bytes ..].* = y;
        }
    };
}

const testing = std.testing;
const curves = @import("curves.zig");

test "the sum of a point and itself, its negative, or infinity, in all coordinates" {
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const P = Points(C);
        var twice: P.Jacobian = .of(&.generator);
        twice.double();
        var sum: P.Jacobian = .of(&.generator);
        sum.addPublic(&.generator);
        try expectSame(P, &twice, &sum);
        // Another z, the same point: 2 + 1 - 1, then again 1.
        sum.addPublic(&.generator);
        sum.addPublic(&P.Affine.generator.negated());
        try expectSame(P, &twice, &sum);
        sum.addPublic(&P.Affine.generator.negated());
        try testing.expect(!sum.isInfinity());
        var other = sum;
        other.addPublic(&.generator);
        try expectSame(P, &twice, &other);
        other = sum;
        other.addPublic(&P.Affine.generator.negated());
        try testing.expect(other.isInfinity());
        other.double();
        try testing.expect(other.isInfinity());
        other.addPublic(&.generator);
        try expectSame(P, &sum, &other);
        // Without the checks, z tells.
        sum.add(&.generator);
        try testing.expect(sum.isInfinity());
        sum.double();
        sum.add(&.generator);
        try testing.expect(sum.isInfinity());
    }
}

test "the sums of extended coordinates are those of Jacobian ones, and their exceptions leave zeros" {
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const P = Points(C);
        var encoded: [P.uncompressed_bytes]u8 = undefined;
        var jacobian: P.Jacobian = .of(&.generator);
        jacobian.double();
        var extended: P.Extended = .ofJacobian(&jacobian);
        for (0..20) |i| {
            P.encode(&extended, &encoded);
            try testing.expect(extended.is(&try P.decode(&encoded)));
            try testing.expect(!extended.is(&(try P.decode(&encoded)).negated()));
            try testing.expect(!extended.is(&.generator));
            try expectSame(P, &jacobian, &.of(&try P.decode(&encoded)));
            // The sum of a point and itself or its negative, and of infinity and anything.
            const same = P.enter(&encoded);
            var twice = jacobian;
            twice.double();
            P.encode(&.ofJacobian(&twice), &encoded);
            for ([_]P.Affine{ same, same.negated(), P.enter(&encoded).negated() }, 0..) |other, case| {
                var sum = extended;
                if (case < 2) {
                    sum.add(&other);
                    try testing.expect(sum.isInfinity());
                    sum.add(&.generator);
                    try testing.expect(sum.isInfinity());
                    sum = extended;
                }
                sum.doubleAdd(&other);
                try testing.expect(sum.isInfinity());
                sum.doubleAdd(&.generator);
                try testing.expect(sum.isInfinity());
            }
            if (i % 3 == 1) {
                extended.doubleAdd(&.generator);
                jacobian.double();
            } else {
                extended.add(&.generator);
            }
            jacobian.add(&.generator);
        }
    }
}

fn expectSame(comptime P: type, a: *const P.Jacobian, b: *const P.Jacobian) !void {
    var a_bytes: [P.uncompressed_bytes]u8 = undefined;
    var b_bytes: [P.uncompressed_bytes]u8 = undefined;
    P.encode(&.ofJacobian(a), &a_bytes);
    P.encode(&.ofJacobian(b), &b_bytes);
    try testing.expectEqualSlices(u8, &a_bytes, &b_bytes);
}

test "points are encoded and decoded, compressed too" {
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const P = Points(C);
        var point: P.Jacobian = .of(&.generator);
        for (0..20) |i| {
            var encoded: [P.uncompressed_bytes]u8 = undefined;
            P.encode(&.ofJacobian(&point), &encoded);
            const affine = try P.decode(&encoded);
            try expectSame(P, &point, &.of(&affine));
            var compressed: [P.compressed_bytes]u8 = encoded[0..P.compressed_bytes].*;
            compressed[0] = 2 + (encoded[encoded.len - 1] & 1);
            try expectSame(P, &point, &.of(&try P.decode(&compressed)));
            compressed[0] ^= 1;
            try expectSame(P, &.of(&affine.negated()), &.of(&try P.decode(&compressed)));
            point.double();
            if (i % 3 == 0) point.addPublic(&.generator);
        }
    }
}

test "infinity, points of no curve or another, coordinates not below the prime, and other lengths are refused" {
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const P = Points(C);
        const bytes = C.Field.bytes;
        var good: [P.uncompressed_bytes]u8 = undefined;
        P.encodeAffine(&.generator, &good);
        _ = try P.decode(&good);
        for (0..good.len) |length| try testing.expectError(error.InvalidPublicKey, P.decode(good[0..length]));
        try testing.expectError(error.InvalidPublicKey, P.decode(&(good ++ .{0})));
        try testing.expectError(error.InvalidPublicKey, P.decode(&.{0}));
        for (0..256) |tag| {
            if (tag == 4) continue;
            try testing.expectError(error.InvalidPublicKey, P.decode(&(.{@as(u8, @intCast(tag))} ++ good[1..].*)));
        }
        for (8..8 * good.len) |bit| {
            var bad = good;
            bad[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
            try testing.expectError(error.InvalidPublicKey, P.decode(&bad));
        }
        const Int = @Int(.unsigned, 8 * bytes);
        inline for (.{ 0, C.Field.modulus, C.Field.modulus + 1, (1 << 8 * bytes) - 1 }) |coordinate| {
            var bad = good;
            std.mem.writeInt(Int, bad[1..][0..bytes], coordinate, .big);
            try testing.expectError(error.InvalidPublicKey, P.decode(&bad));
            bad = good;
            std.mem.writeInt(Int, bad[1 + bytes ..], coordinate, .big);
            try testing.expectError(error.InvalidPublicKey, P.decode(&bad));
            if (coordinate != 0) {
                std.mem.writeInt(Int, bad[1..][0..bytes], coordinate, .big);
                bad[0] = 2;
                try testing.expectError(error.InvalidPublicKey, P.decode(bad[0..P.compressed_bytes]));
            }
        }
        // An x on the curve, plus the prime where that has room, is not another way to write it.
        inline for (0..30) |index| {
            const x: comptime_int = index;
            var compressed: [P.compressed_bytes]u8 = @splat(0);
            compressed[0] = 2;
            compressed[P.compressed_bytes - 1] = x;
            if (P.decode(&compressed)) |_| {
                std.mem.writeInt(Int, compressed[1..], C.Field.modulus + x, .big);
                try testing.expectError(error.InvalidPublicKey, P.decode(&compressed));
            } else |_| {}
        }
    }
}
