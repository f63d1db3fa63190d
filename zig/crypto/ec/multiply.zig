//! Multiples of points: of the generator by a secret number, and of the generator and another point by public ones.
//!
//! The secret one is a signed comb (Lim and Lee 1994; Hamburg 2012, "Fast and compact elliptic-curve cryptography",
//! section 3.3). Its table is computed at first use and kept, in about the time of ten signatures; so is that of the
//! generator's odd multiples, in the time of one verification. They take 37 KB, 43 KB and 69 KB of static memory.

const std = @import("std");
const points = @import("point.zig");
const secret = @import("secret.zig");

pub fn Multiples(comptime Curve: type) type {
    return struct {
        const F = Curve.Field;
        const Scalar = Curve.Scalar;
        const Points = points.Points(Curve);
        const Affine = Points.Affine;
        const Jacobian = Points.Jacobian;

        // ---- the generator's, constant time ----

        // A number k is written as the sum of 2^i or -2^i for every i below comb_bits. (There are no zeros, so no step
        // is left out.) The signs are the bits of h = (k + 2^comb_bits - 1) / 2 modulo the order. `teeth` digits that
        // are `spacing` apart make an index into the table of their block; the same table serves `spacing` times,
        // shifted by doublings.
        const teeth = 6;
        const spacing = Curve.comb_spacing;
        const blocks = (Scalar.bits + teeth * spacing - 1) / (teeth * spacing);
        const comb_bits = blocks * teeth * spacing;
        /// The sign of the highest tooth is taken out.
        const block_entries = 1 << teeth - 1;

        /// A point in 32-bit limbs: a vector holds two of x and two of y, in turns.
        const Entry = [(F.limbs + 1) / 2]@Vector(4, i32);

        var comb: [blocks][block_entries]Entry = undefined;
        var comb_ready = false;

        /// k * generator, for k in the Montgomery form and not 0.
        pub fn ofGenerator(k: *const Scalar.Element) Jacobian {
            if (!comb_ready) prepareComb();
            var h = Scalar.numberOfMean(k, &Scalar.constant((1 << comb_bits) - 1));
            defer std.crypto.secureZero(i64, &h);
            var sum: Jacobian = undefined;
            for (0..spacing) |step| {
                if (step != 0) sum.double();
                for (0..blocks) |block| {
                    var digits: u32 = 0;
                    for (0..teeth) |tooth| {
                        const i = (block * teeth + tooth) * spacing + (spacing - 1 - step);
                        digits |= bitOf(&h, i) << @intCast(tooth);
                    }
                    const point = select(&comb[block], digits);
                    if (step == 0 and block == 0) sum = .of(&point) else sum.add(&point);
                }
            }
            // A sum of equal or opposite points along the way would have left 0 in z. For each curve that happens to a
            // few dozen numbers of all, which anybody can find: about them there is nothing to hide.
            if (secret.declassified(sum.isInfinity())) return ofGeneratorPublic(k);
            return sum;
        }

        /// The point for a group of digits, the highest being the last tooth's.
        inline fn select(entries: *const [block_entries]Entry, digits: u32) Affine {
            // Without the highest digit, the others are inverted and the point negated.
            const negative = secret.hidden((digits >> teeth - 1) -% 1);
            const index = (digits ^ negative) & block_entries - 1;
            var chosen: Entry = @splat(@splat(0));
            for (entries, 0..) |*entry, i| {
                const difference: i32 = @bitCast(index ^ @as(u32, @intCast(i)));
                const mask: @Vector(4, i32) = @splat(secret.hidden((difference - 1) >> 31));
                for (&chosen, entry) |*vector, other| vector.* |= other & mask;
            }
            const sign: i32 = @bitCast(negative);
            const signs: @Vector(4, i32) = .{ 0, sign, 0, sign };
            var point: Affine = undefined;
            inline for (&point.xy.limbs, 0..) |*limb, i| {
                const both = (chosen[i / 2] ^ signs) - signs;
                limb.* = @as(@Vector(2, i32), @shuffle(i32, both, undefined, [2]i32{ 2 * (i % 2), 2 * (i % 2) + 1 }));
            }
            return point;
        }

        // ---- of public points, by public numbers: variable time ----

        // Numbers are written with odd digits between -2^(window - 1) and 2^(window - 1), at least window - 1 zeros
        // between any two (the width-w NAF of Solinas 2000). Tables hold the odd multiples for the positive digits.
        const generator_window = 8;
        const window = 5;

        var generator_multiples: [1 << generator_window - 2]Affine = undefined;
        var generator_multiples_ready = false;

        /// u * generator + v * p
        pub fn ofGeneratorAndPoint(u: *const Scalar.Element, v: *const Scalar.Element, p: *const Affine) Jacobian {
            prepareGeneratorMultiples();
            const u_digits: Digits = .of(generator_window, u);
            const v_digits: Digits = .of(window, v);
            var multiples: [1 << window - 2]Affine = undefined;
            oddMultiples(p, &multiples);
            var sum: Jacobian = .infinity;
            var i: usize = @max(u_digits.count, v_digits.count);
            while (i > 0) {
                i -= 1;
                sum.double();
                addMultiple(&sum, &multiples, v_digits.digits[i]);
                addMultiple(&sum, &generator_multiples, u_digits.digits[i]);
            }
            return sum;
        }

        fn ofGeneratorPublic(k: *const Scalar.Element) Jacobian {
            prepareGeneratorMultiples();
            const digits: Digits = .of(generator_window, k);
            var sum: Jacobian = .infinity;
            var i: usize = digits.count;
            while (i > 0) {
                i -= 1;
                sum.double();
                addMultiple(&sum, &generator_multiples, digits.digits[i]);
            }
            return sum;
        }

        noinline fn addMultiple(sum: *Jacobian, multiples: []const Affine, digit: i8) void {
            if (digit > 0) {
                sum.addPublic(&multiples[@as(u8, @intCast(digit)) >> 1]);
            } else if (digit < 0) {
                sum.addPublic(&multiples[@as(u8, @intCast(-digit)) >> 1].negated());
            }
        }

        const Digits = struct {
            /// One more than bits: the last carry.
            digits: [Scalar.bits + 1]i8,
            /// Beyond these there are only zeros.
            count: usize,

            noinline fn of(width: u5, k: *const Scalar.Element) Digits {
                const h = Scalar.number(k);
                var result: Digits = .{ .digits = @splat(0), .count = 0 };
                var carried: u32 = 0;
                var i: usize = 0;
                while (i <= Scalar.bits) {
                    if (bitOf(&h, i) == carried) {
                        i += 1;
                        continue;
                    }
                    var digit: i32 = @intCast(carried);
                    for (0..width) |bit| digit += @intCast(bitOf(&h, i + bit) << @intCast(bit));
                    carried = @intFromBool(digit >= @as(i32, 1) << width - 1);
                    if (carried != 0) digit -= @as(i32, 1) << width;
                    result.digits[i] = @intCast(digit);
                    result.count = i + 1;
                    i += width;
                }
                return result;
            }
        };

        /// p, 3p, 5p and so on.
        noinline fn oddMultiples(p: *const Affine, multiples: []Affine) void {
            var twice: Jacobian = .of(p);
            twice.double();
            // On the isomorphic curve whose points are (x * z^2, y * z^3) for this z, 2p has the z of 1, which `add`
            // asks for; and `add` is the same on both. None of the sums is of equals, the order being large and prime.
            const z = twice.zz();
            const x_z3 = F.mul(&F.sqr(&z), F.lanes(&p.xy, 0, &z, 0));
            const y = F.mul(F.lanes(&p.xy, 1, &p.xy, 1), F.lanes(&x_z3, 1, &x_z3, 1));
            const step: Affine = .of(&twice.x, &twice.yz);
            var sum: Jacobian = .of(&.of(&x_z3, &y));
            var sums: [Points.normalize_max]Jacobian = undefined;
            for (sums[0..multiples.len], 0..) |*entry, i| {
                if (i != 0) sum.add(&step);
                entry.* = .{ .x = sum.x, .yz = F.mul(&sum.yz, F.lanes(&F.ones, 0, &z, 0)) };
            }
            Points.normalize(sums[0..multiples.len], multiples);
        }

        // ---- tables ----

        noinline fn prepareGeneratorMultiples() void {
            if (generator_multiples_ready) return;
            oddMultiples(&.generator, &generator_multiples);
            generator_multiples_ready = true;
        }

        noinline fn prepareComb() void {
            var power: Jacobian = .of(&.generator);
            for (&comb) |*entries| fillBlock(entries, &power);
            comb_ready = true;
        }

        /// Fills the table of a block whose first digit stands for power, and moves power on to the next block's.
        fn fillBlock(entries: *[block_entries]Entry, power: *Jacobian) void {
            // What each tooth stands for, and then the double of it, but for the last.
            var powers: [2 * teeth - 1]Jacobian = undefined;
            for (0..teeth) |tooth| {
                powers[tooth] = power.*;
                power.double();
                if (tooth < teeth - 1) powers[teeth + tooth] = power.*;
                for (1..spacing) |_| power.double();
            }
            var bases: [powers.len]Affine = undefined;
            Points.normalize(&powers, &bases);

            // From all digits negative but the last, one digit changes at a time: Gray's order.
            var sums: [block_entries]Jacobian = undefined;
            var sum: Jacobian = .of(&bases[teeth - 1]);
            for (bases[0 .. teeth - 1]) |*base| sum.add(&base.negated());
            sums[0] = sum;
            var digits: usize = 0;
            for (1..block_entries) |i| {
                const tooth = @ctz(i);
                digits ^= @as(usize, 1) << @intCast(tooth);
                const double = &bases[teeth + tooth];
                sum.add(if (digits >> @intCast(tooth) & 1 != 0) double else &double.negated());
                sums[digits] = sum;
            }
            var points_of_block: [block_entries]Affine = undefined;
            Points.normalize(&sums, &points_of_block);
            for (entries, points_of_block) |*entry, point| {
                const pairs: *[2 * @typeInfo(Entry).array.len][2]i32 = @ptrCast(entry);
                pairs.* = @splat(@splat(0));
                for (pairs[0..F.limbs], point.xy.limbs) |*to, limb| to.* = .{ @intCast(limb[0]), @intCast(limb[1]) };
            }
        }

        /// A bit of a number, 0 beyond its end.
        inline fn bitOf(digits: *const Scalar.Limbs, i: usize) u32 {
            const limb = i / Scalar.limb_bits;
            if (limb >= Scalar.limbs) return 0;
            return @intCast(digits[limb] >> @intCast(i % Scalar.limb_bits) & 1);
        }
    };
}

const testing = std.testing;
const curves = @import("curves.zig");

/// k * generator by doubling and adding: slow, and for every k.
fn slowMultiple(comptime C: type, k: @Int(.unsigned, 8 * C.Scalar.bytes)) points.Points(C).Jacobian {
    const P = points.Points(C);
    var sum: P.Jacobian = .infinity;
    var bit: usize = 8 * C.Scalar.bytes;
    while (bit > 0) {
        bit -= 1;
        sum.double();
        if (k >> @intCast(bit) & 1 != 0) sum.addPublic(&.generator);
    }
    return sum;
}

fn expectSame(comptime C: type, a: points.Points(C).Jacobian, b: points.Points(C).Jacobian) !void {
    const P = points.Points(C);
    try testing.expectEqual(a.isInfinity(), b.isInfinity());
    if (a.isInfinity()) return;
    var a_bytes: [P.uncompressed_bytes]u8 = undefined;
    var b_bytes: [P.uncompressed_bytes]u8 = undefined;
    P.encode(&a, &a_bytes);
    P.encode(&b, &b_bytes);
    try testing.expectEqualSlices(u8, &a_bytes, &b_bytes);
}

fn scalar(comptime C: type, k: @Int(.unsigned, 8 * C.Scalar.bytes)) C.Scalar.Element {
    var bytes: [C.Scalar.bytes]u8 = undefined;
    std.mem.writeInt(@TypeOf(k), &bytes, k, .big);
    return C.Scalar.enter(&bytes);
}

test "multiples of the generator: small ones, those next to the order, and random ones" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const M = Multiples(C);
        const Int = @Int(.unsigned, 8 * C.Scalar.bytes);
        const n: Int = C.Scalar.modulus;
        for (0..30) |i| {
            const small: Int = i % 10 + 1;
            const k = if (i < 10) small else if (i < 20) n - small else prng.random().int(Int) % n;
            if (k == 0) continue;
            const expected = slowMultiple(C, k);
            try expectSame(C, expected, M.ofGenerator(&scalar(C, k)));
            try expectSame(C, expected, M.ofGeneratorPublic(&scalar(C, k)));
        }
    }
}

test "multiples for which the comb meets equal or opposite points" {
    // At the last addition the sum so far must be the entry: k is twice the entry, and the digits of k in the last
    // block, which k itself decides, are the entry's. Or at the last but one.
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const M = Multiples(C);
        const Wide = i1280;
        const n: Wide = C.Scalar.modulus;
        var found: usize = 0;
        var digits: Wide = 0;
        while (digits < 1 << M.teeth) : (digits += 1) {
            var entry: Wide = 0;
            for (0..M.teeth) |tooth| {
                const power = @as(Wide, 1) << @intCast(((M.blocks - 1) * M.teeth + tooth) * M.spacing);
                entry += if (digits >> @intCast(tooth) & 1 != 0) power else -power;
            }
            const k = @mod(2 * entry, n);
            const half = @divExact(n + 1, 2);
            const h = @mod(@mod(k + (1 << M.comb_bits) - 1, n) * half, n);
            var same = true;
            for (0..M.teeth) |tooth| {
                const i = ((M.blocks - 1) * M.teeth + tooth) * M.spacing;
                if ((h >> @intCast(i) & 1) != (digits >> @intCast(tooth) & 1)) same = false;
            }
            if (!same) continue;
            found += 1;
            try expectSame(C, slowMultiple(C, @intCast(k)), M.ofGenerator(&scalar(C, @intCast(k))));
        }
        try testing.expect(found > 0);
    }
}

test "sums of two multiples, where either number or the sum is 0, and where the parts are equal or opposite" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const M = Multiples(C);
        const Int = @Int(.unsigned, 8 * C.Scalar.bytes);
        const n: Int = C.Scalar.modulus;
        // p = d * generator, and so u * generator + v * p is (u + v * d) * generator.
        for ([_]Int{ 1, n - 1, 2, prng.random().int(Int) % (n - 1) + 1 }) |d| {
            var base: [1]M.Affine = undefined;
            points.Points(C).normalize(&.{slowMultiple(C, d)}, &base);
            const p = base[0];
            const numbers = [_]Int{ 0, 1, 2, 15, 16, n - 1, n / 2, prng.random().int(Int) % n };
            for (numbers) |u| for (numbers) |v| {
                const Wide = @Int(.unsigned, 16 * C.Scalar.bytes + 8);
                const k: Int = @intCast((@as(Wide, v) * d + u) % n);
                const sum = M.ofGeneratorAndPoint(&scalar(C, u), &scalar(C, v), &p);
                try expectSame(C, M.ofGeneratorPublic(&scalar(C, k)), sum);
            };
        }
    }
}
