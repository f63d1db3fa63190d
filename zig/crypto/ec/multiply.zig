//! Multiples of points: of the generator, or of another point, by a secret number; and of both by public ones.
//!
//! Those of the generator by secrets are a signed comb (Lim and Lee 1994; Hamburg 2012, "Fast and compact elliptic-curve
//! cryptography", section 3.3), those of another point a sum over the digits of a fixed window, from a table of odd
//! multiples that is read whole for each. The public ones are sums over such tables too. A public key can be prepared for
//! many verifications: then most of the doublings are in its table.
//!
//! Tables of the generator are computed at first use and kept: the comb's in about the time of twenty-five signatures, that
//! of the odd multiples in half the time of a verification, and the rest of these, in the time of five, when they first
//! meet a prepared key. They have 82, 114 and 185 KB of static memory.

const std = @import("std");
const ct = @import("../ct.zig");
const digits = @import("digits.zig");
const lanes = @import("lanes.zig");
const lookup = @import("lookup.zig");
const points = @import("point.zig");
const secret = @import("secret.zig");
const hidden = secret.hidden;

/// How many digits of a number make an index into a table of the comb.
pub const teeth = 8;

/// The sign of the highest tooth is taken out.
const block_entries = 1 << teeth - 1;

/// The indices for so many groups of `teeth` digits, one group to a lane: a byte for each digit, 1 for the positive ones,
/// those of a group `spacing` apart. Without its highest digit, the others are inverted and the point negated.
pub noinline fn indicesOf(positive: [*]const u8, spacing: usize, negative: *[lookup.lanes]i8) lookup.Indices {
    const one_each: lookup.Indices = @splat(1);
    const highest: lookup.Indices = positive[(teeth - 1) * spacing ..][0..lookup.lanes].*;
    const inverted = lanes.hidden(highest -% one_each);
    negative.* = @as(@Vector(lookup.lanes, i8), @bitCast(inverted));
    var indices: lookup.Indices = @splat(0);
    for (1..teeth) |from_last| {
        const digit: lookup.Indices = positive[(teeth - 1 - from_last) * spacing ..][0..lookup.lanes].*;
        indices = indices +% indices +% ((digit ^ inverted) & one_each);
    }
    return indices;
}

pub fn Multiples(comptime Curve: type) type {
    return struct {
        const F = Curve.Field;
        const Scalar = Curve.Scalar;
        const Points = points.Points(Curve);
        const Affine = Points.Affine;
        const Jacobian = Points.Jacobian;
        const Extended = Points.Extended;

        /// A point of a table.
        pub const Entry = extern struct {
            xy: F.Packed,

            noinline fn set(entry: *Entry, given: *const Affine) void {
                entry.xy = F.pack(&given.xy);
            }

            /// The point, or its negative if `negative` is -1 rather than 0.
            inline fn point(entry: *const Entry, negative: i32) Affine {
                const signs: @Vector(4, i32) = .{ 0, negative, 0, negative };
                var signed: F.Packed = undefined;
                inline for (&signed, entry.xy) |*words, given| words.* = (given ^ signs) - signs;
                return .{ .xy = F.unpack(&signed) };
            }
        };

        // ---- the generator's, constant time ----

        // A number k is written as the sum of 2^i or -2^i for every i below comb_bits. (There are no zeros, so no step
        // is left out.) The signs are the bits of h = (k + 2^comb_bits - 1) / 2 modulo the order. `teeth` digits that
        // are `spacing` apart make an index into the table of their block; the same table serves `spacing` times,
        // shifted by doublings, and is looked up in for all of them at once.
        const spacing = Curve.comb_spacing;
        const blocks = (Scalar.bits + teeth * spacing - 1) / (teeth * spacing);
        const comb_bits = blocks * teeth * spacing;

        comptime {
            std.debug.assert(block_entries == lookup.entries and spacing <= lookup.lanes);
            std.debug.assert(@sizeOf(Entry) % @sizeOf(lookup.Indices) == 0);
        }

        var comb: [blocks][@sizeOf(Entry)]lookup.Row = undefined;
        var comb_ready = false;

        /// What a number takes of the comb.
        const Chosen = struct {
            /// For each block, lane i for the digits that stand for 2^i and 2^(i + spacing) and so on.
            entries: [blocks][spacing]Entry,
            /// -1 for those to be subtracted, else 0.
            negative: [blocks][lookup.lanes]i8,
        };

        /// k * generator, for k in the Montgomery form and not 0.
        pub fn ofGenerator(k: *const Scalar.Element) Extended {
            if (!comb_ready) prepareComb();
            var chosen: Chosen = undefined;
            defer ct.wipe(std.mem.asBytes(&chosen));
            choose(k, &chosen);
            var sum: Extended = undefined;
            var step: usize = spacing;
            while (step > 0) {
                step -= 1;
                for (&chosen.entries, &chosen.negative, 0..) |*entries, negative, block| {
                    const point = entries[step].point(negative[step]);
                    if (block > 0) {
                        sum.add(&point);
                    } else if (step < spacing - 1) {
                        sum.doubleAdd(&point);
                    } else {
                        sum = .of(&point);
                    }
                }
            }
            // A sum of equal or opposite points along the way would have left zeros, and so would -2 times a point where
            // that is doubled and added to. For each curve that happens to a few dozen numbers of all, which anybody can
            // find: about them there is nothing to hide.
            if (secret.declassified(sum.isInfinity())) return .ofJacobian(&ofPublic(k, &Scalar.zero, &.generator));
            return sum;
        }

        fn choose(k: *const Scalar.Element, chosen: *Chosen) void {
            var h = Scalar.numberOfMean(k, &Scalar.constant((1 << comb_bits) - 1));
            defer ct.wipe(std.mem.asBytes(&h));
            // 1 for the positive digits; and what is read with the last of them.
            var positive: [comb_bits + lookup.lanes]u8 = undefined;
            defer ct.wipe(&positive);
            digits.toBits(&positive, Scalar.limb_bits, &h);
            for (&comb, &chosen.entries, &chosen.negative, 0..) |*rows, *entries, *negative, block| {
                const indices = indicesOf(positive[block * teeth * spacing ..].ptr, spacing, negative);
                lookup.find(rows, indices, @ptrCast(entries));
            }
        }

        /// A bit of a number, 0 beyond its end.
        inline fn bitOf(number: *const Scalar.Limbs, i: usize) u32 {
            const limb = i / Scalar.limb_bits;
            if (limb >= Scalar.limbs) return 0;
            return @intCast(number[limb] >> @intCast(i % Scalar.limb_bits) & 1);
        }

        /// How often a loop runs, where LLVM shall not unroll it: tables take a lot of code and little time.
        inline fn rolled(count: usize) usize {
            return hidden(count);
        }

        noinline fn prepareComb() void {
            var power: Jacobian = .of(&.generator);
            for (&comb) |*rows| fillBlock(rows, &power);
            comb_ready = true;
        }

        /// Fills the table of a block whose first digit stands for power, and moves power on to the next block's.
        fn fillBlock(rows: *[@sizeOf(Entry)]lookup.Row, power: *Jacobian) void {
            // What each tooth stands for, and the double of it.
            var powers: [2 * teeth]Extended = undefined;
            for (0..rolled(teeth)) |tooth| {
                powers[2 * tooth] = .ofJacobian(power);
                power.double();
                powers[2 * tooth + 1] = .ofJacobian(power);
                for (1..rolled(spacing)) |_| power.double();
            }
            var bases: [powers.len]Affine = undefined;
            Points.normalize(&powers, &bases);

            // All digits negative but the last; then each other one positive, which is the double of it more. Some of
            // the teeth count the parts of the table, which are filled one after another, to take less of the stack.
            const part_teeth = 5;
            var sums: [1 << part_teeth]Extended = undefined;
            var lowest: Extended = .of(&bases[2 * (teeth - 1)]);
            for (0..rolled(teeth - 1)) |tooth| lowest.add(&bases[2 * tooth].negated());
            for (0..rolled(block_entries / sums.len)) |part| {
                sums[0] = lowest;
                for (part_teeth..teeth - 1) |tooth| {
                    if (part >> @intCast(tooth - part_teeth) & 1 != 0) sums[0].add(&bases[2 * tooth + 1]);
                }
                for (0..rolled(part_teeth)) |tooth| {
                    const count = @as(usize, 1) << @intCast(tooth);
                    for (sums[0..count], sums[count..][0..count]) |*sum, *next| {
                        next.* = sum.*;
                        next.add(&bases[2 * tooth + 1]);
                    }
                }
                var entries: [sums.len]Entry = undefined;
                fill(&entries, &sums);
                for (&entries, part * sums.len..) |*entry, index| lookup.set(rows, index, std.mem.asBytes(entry));
            }
        }

        /// Writes points into a table.
        noinline fn fill(entries: []Entry, sums: []const Extended) void {
            var normalized: [Points.normalize_max]Affine = undefined;
            Points.normalize(sums, &normalized);
            for (entries, normalized[0..entries.len]) |*entry, *point| entry.set(point);
        }

        // ---- of another point, which is public, by a secret number: constant time ----

        // The number is written as for the comb, for every i below window_bits. `secret_window` digits next to each other
        // are an odd number, and the sign of the highest of them is that number's.
        const secret_window = 5;
        const windows = (Scalar.bits + secret_window - 1) / secret_window;
        const window_bits = windows * secret_window;
        const odd_multiples = 1 << secret_window - 1;

        /// k * p, for k in the Montgomery form and not 0.
        pub fn ofPoint(k: *const Scalar.Element, p: *const Affine) Jacobian {
            var multiples: [odd_multiples]Entry = undefined;
            oddMultiples(p, &multiples);
            var h = Scalar.numberOfMean(k, &Scalar.constant((1 << window_bits) - 1));
            defer ct.wipe(std.mem.asBytes(&h));
            var positive: [window_bits]u8 = undefined;
            defer ct.wipe(&positive);
            digits.toBits(&positive, Scalar.limb_bits, &h);
            var sum: Jacobian = undefined;
            var window: usize = windows;
            while (window > 0) {
                window -= 1;
                const point = oddMultiple(&multiples, positive[window * secret_window ..][0..secret_window]);
                if (window == windows - 1) {
                    sum = .of(&point);
                } else {
                    for (0..rolled(secret_window)) |_| sum.double();
                    sum.add(&point);
                }
            }
            // As in the comb, and the same numbers for every point: all but infinity have the same order.
            if (secret.declassified(sum.isInfinity())) return ofPublic(&Scalar.zero, k, p);
            return sum;
        }

        noinline fn oddMultiple(multiples: *const [odd_multiples]Entry, positive: *const [secret_window]u8) Affine {
            const negative = hidden(@as(i32, positive[secret_window - 1]) - 1);
            var index: i32 = 0;
            for (positive[0 .. secret_window - 1], 0..) |bit, i| index |= ((bit ^ negative) & 1) << @intCast(i);
            var entry: Entry = undefined;
            defer ct.wipe(std.mem.asBytes(&entry));
            lookup.pickOf(odd_multiples, @ptrCast(multiples), index, &entry.xy);
            return entry.point(negative);
        }

        // ---- of public points, by public numbers: variable time ----

        // Numbers are written with odd digits between -2^(window - 1) and 2^(window - 1), at least window - 1 zeros
        // between any two (the width-w NAF of Solinas 2000). Tables hold the odd multiples for the positive digits.
        //
        // One run over a number takes a doubling for each of its digits. Where there are tables of 2^(i * run_digits) * p
        // for i below `runs`, the parts of the number, run_digits each, are summed up side by side, in a run over one.
        const number_digits = Scalar.bits + 1; // The last carry.
        const runs = 8;
        const run_digits = (number_digits + runs - 1) / runs;
        const generator_window = 8;
        const point_window = 5;
        const key_window = 6;

        fn Multiple(comptime window: comptime_int) type {
            return [1 << window - 2]Entry;
        }

        /// What makes verification with a public key faster: the odd multiples of 2^(i * run_digits) times its point.
        pub const Key = [runs]Multiple(key_window);

        var generator_multiples: [runs]Multiple(generator_window) = undefined;
        /// How many of them are there: none, one or all.
        var generator_runs: usize = 0;

        /// u * generator + v * p
        pub fn ofGeneratorAndPoint(u: *const Scalar.Element, v: *const Scalar.Element, p: *const Affine) Jacobian {
            if (generator_runs == 0) {
                oddMultiples(&.generator, &generator_multiples[0]);
                generator_runs = 1;
            }
            var multiples: Multiple(point_window) = undefined;
            oddMultiples(p, &multiples);
            const sum = ofTables(number_digits, u, v, point_window, &multiples);
            return if (sum.isInfinity()) ofPublic(u, v, p) else sum;
        }

        /// u * generator + v * p, p being the point of a prepared key.
        pub fn ofGeneratorAndKey(u: *const Scalar.Element, v: *const Scalar.Element, key: *const Key) Jacobian {
            if (generator_runs != runs) {
                fillRuns(&.generator, generator_window, @ptrCast(&generator_multiples));
                generator_runs = runs;
            }
            const sum = ofTables(run_digits, u, v, key_window, @ptrCast(key));
            return if (sum.isInfinity()) ofPublic(u, v, &key[0][0].point(0)) else sum;
        }

        pub fn prepareKey(p: *const Affine, key: *Key) void {
            fillRuns(p, key_window, @ptrCast(key));
        }

        /// The sum, p being what the multiples are of; or infinity, if the sum is that, or an addition met equal or opposite
        /// points.
        noinline fn ofTables(
            doublings: usize,
            u: *const Scalar.Element,
            v: *const Scalar.Element,
            window: u4,
            multiples: []const Entry,
        ) Jacobian {
            const u_digits = digitsOf(u, generator_window);
            const v_digits = digitsOf(v, window);
            const generator_entries: []const Entry = @ptrCast(&generator_multiples);
            var sum: ?Jacobian = null;
            var i = doublings;
            while (i > 0) {
                i -= 1;
                if (sum) |*begun| begun.double();
                var at = i;
                var run: usize = 0;
                while (at < number_digits) : (at += doublings) {
                    addMultiple(&sum, generator_entries, run << generator_window - 2, u_digits[at]);
                    addMultiple(&sum, multiples, run << (window - 2), v_digits[at]);
                    run += 1;
                }
            }
            return sum orelse .infinity;
        }

        inline fn addMultiple(sum: *?Jacobian, multiples: []const Entry, first: usize, digit: i8) void {
            if (digit != 0) addEntry(sum, &multiples[first + (@abs(digit) >> 1)], digit >> 7);
        }

        noinline fn addEntry(sum: *?Jacobian, entry: *const Entry, negative: i32) void {
            const point = entry.point(negative);
            if (sum.*) |*begun| begun.add(&point) else sum.* = .of(&point);
        }

        /// u * generator + v * p for all numbers and points, and slow.
        noinline fn ofPublic(u: *const Scalar.Element, v: *const Scalar.Element, p: *const Affine) Jacobian {
            const u_number = Scalar.number(u);
            const v_number = Scalar.number(v);
            var sum: Jacobian = .infinity;
            var i: usize = Scalar.bits;
            while (i > 0) {
                i -= 1;
                sum.double();
                if (bitOf(&u_number, i) != 0) sum.addPublic(&.generator);
                if (bitOf(&v_number, i) != 0) sum.addPublic(p);
            }
            return sum;
        }

        fn digitsOf(k: *const Scalar.Element, window: u4) [number_digits]i8 {
            var result: [number_digits]i8 = @splat(0);
            digits.nonAdjacent(&result, window, &Scalar.leave(k));
            return result;
        }

        /// The tables of p, 2^run_digits * p and so on.
        noinline fn fillRuns(p: *const Affine, window: u4, entries: []Entry) void {
            var powers: [runs]Extended = undefined;
            var power: Jacobian = .of(p);
            for (powers[0..rolled(runs)]) |*to| {
                to.* = .ofJacobian(&power);
                for (0..rolled(run_digits)) |_| power.double();
            }
            var bases: [runs]Affine = undefined;
            Points.normalize(&powers, &bases);
            const count = @as(usize, 1) << (window - 2);
            for (bases[0..rolled(runs)], 0..) |*base, run| oddMultiples(base, entries[run * count ..][0..count]);
        }

        /// p, 3p, 5p and so on.
        noinline fn oddMultiples(p: *const Affine, entries: []Entry) void {
            var twice: Jacobian = .of(p);
            twice.double();
            // On the isomorphic curve whose points are (x * z^2, y * z^3) for this z, 2p has the z of 1, which `add`
            // asks for; and `add` is the same on both. None of the sums is of equals, the order being large and prime.
            const zz_zzz = Extended.ofJacobian(&twice).zz_zzz;
            const step: Affine = .{ .xy = F.computed(F.lanes(&twice.x, 0, &twice.yz, 0)) };
            var sum: Extended = .of(&.{ .xy = F.mul(&p.xy, &zz_zzz) });
            var sums: [Points.normalize_max]Extended = undefined;
            for (sums[0..entries.len], 0..) |*entry, i| {
                if (i != 0) sum.add(&step);
                entry.xy = sum.xy;
                F.storeMul(&entry.zz_zzz, &sum.zz_zzz, &zz_zzz);
            }
            fill(entries, sums[0..entries.len]);
        }
    };
}

const testing = std.testing;
const curves = @import("curves.zig");

/// k * generator by doubling and adding: slow, and for every k.
fn slowMultiple(comptime C: type, k: @Int(.unsigned, 8 * C.Scalar.bytes)) points.Points(C).Extended {
    const P = points.Points(C);
    var sum: P.Jacobian = .infinity;
    var bit: usize = 8 * C.Scalar.bytes;
    while (bit > 0) {
        bit -= 1;
        sum.double();
        if (k >> @intCast(bit) & 1 != 0) sum.addPublic(&.generator);
    }
    return .ofJacobian(&sum);
}

fn expectSame(comptime C: type, a: points.Points(C).Extended, b: points.Points(C).Extended) !void {
    const P = points.Points(C);
    try testing.expectEqual(a.isInfinity(), b.isInfinity());
    if (a.isInfinity()) return;
    var a_bytes: [P.uncompressed_bytes]u8 = undefined;
    var b_bytes: [P.uncompressed_bytes]u8 = undefined;
    P.encode(&a, &a_bytes);
    P.encode(&b, &b_bytes);
    try testing.expectEqualSlices(u8, &a_bytes, &b_bytes);
}

/// k * generator as the comb finds it, which a test below finds right.
fn affineMultiple(comptime C: type, k: @Int(.unsigned, 8 * C.Scalar.bytes)) points.Points(C).Affine {
    var encoded: [points.Points(C).uncompressed_bytes]u8 = undefined;
    points.Points(C).encode(&Multiples(C).ofGenerator(&scalar(C, k)), &encoded);
    return points.Points(C).enter(&encoded);
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
        for (0..18) |i| {
            const small: Int = i % 6 + 1;
            const k = if (i < 6) small else if (i < 12) n - small else prng.random().int(Int) % n;
            if (k == 0) continue;
            const expected = slowMultiple(C, k);
            try expectSame(C, expected, M.ofGenerator(&scalar(C, k)));
            try expectSame(C, expected, .ofJacobian(&M.ofPublic(&scalar(C, k), &C.Scalar.zero, &.generator)));
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
        var group: Wide = 0;
        while (group < 1 << teeth) : (group += 1) {
            var entry: Wide = 0;
            for (0..teeth) |tooth| {
                const power = @as(Wide, 1) << @intCast(((M.blocks - 1) * teeth + tooth) * M.spacing);
                entry += if (group >> @intCast(tooth) & 1 != 0) power else -power;
            }
            const k = @mod(2 * entry, n);
            const half = @divExact(n + 1, 2);
            const h = @mod(@mod(k + (1 << M.comb_bits) - 1, n) * half, n);
            var same = true;
            for (0..teeth) |tooth| {
                const i = ((M.blocks - 1) * teeth + tooth) * M.spacing;
                if ((h >> @intCast(i) & 1) != (group >> @intCast(tooth) & 1)) same = false;
            }
            if (!same) continue;
            found += 1;
            try expectSame(C, slowMultiple(C, @intCast(k)), M.ofGenerator(&scalar(C, @intCast(k))));
        }
        try testing.expect(found > 0);
    }
}

test "multiples of a point: by small numbers, those next to the order, random ones, and where the last sum has exceptions" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    inline for (.{ curves.P256, curves.P384, curves.P521 }) |C| {
        const M = Multiples(C);
        const Int = @Int(.unsigned, 8 * C.Scalar.bytes);
        const n: Int = C.Scalar.modulus;
        // p = d * generator, and so k * p = (k * d) * generator.
        for ([_]Int{ 1, n - 1, prng.random().int(Int) % (n - 1) + 1 }) |d| {
            const p = affineMultiple(C, d);
            for (0..8) |i| {
                const small: Int = i % 3 + 1;
                const k = if (i < 3) small else if (i < 6) n - small else prng.random().int(Int) % (n - 1) + 1;
                const Wide = @Int(.unsigned, 16 * C.Scalar.bytes);
                const product: Int = @intCast(@as(Wide, k) * d % n);
                const found: points.Points(C).Extended = .ofJacobian(&M.ofPoint(&scalar(C, k), &p));
                try testing.expect(found.is(&affineMultiple(C, product)));
            }
        }
        // At the last addition the sum so far is the multiple to be added, d: 32 times what it was is that and some
        // of the order, and k is twice d. The digits of k itself must be such, which they are for some.
        var found: usize = 0;
        const Wide = i1280;
        for (0..1 << M.secret_window) |group| {
            const d = 2 * @as(Wide, @intCast(group)) - ((1 << M.secret_window) - 1);
            const k = @mod(2 * d, n);
            const h = @mod(@mod(k + (1 << M.window_bits) - 1, n) * @divExact(@as(Wide, n) + 1, 2), n);
            if (h & (1 << M.secret_window) - 1 != group) continue;
            found += 1;
            const multiple: points.Points(C).Extended = .ofJacobian(&M.ofPoint(&scalar(C, @intCast(k)), &.generator));
            try testing.expect(multiple.is(&affineMultiple(C, @intCast(k))));
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
        for ([_]Int{ 1, n - 1, prng.random().int(Int) % (n - 1) + 1 }, 0..) |d, i| {
            const p = affineMultiple(C, d);
            var key: M.Key = undefined;
            M.prepareKey(&p, &key);
            const numbers = [_]Int{ 0, if (i < 2) 1 else n - 1, prng.random().int(Int) % n };
            for (numbers) |u| for (numbers) |v| {
                const Wide = @Int(.unsigned, 16 * C.Scalar.bytes + 8);
                const k: Int = @intCast((@as(Wide, v) * d + u) % n);
                const sums = [_]points.Points(C).Jacobian{
                    M.ofGeneratorAndPoint(&scalar(C, u), &scalar(C, v), &p),
                    M.ofGeneratorAndKey(&scalar(C, u), &scalar(C, v), &key),
                };
                for (&sums) |*sum| try testing.expectEqual(k == 0, sum.isInfinity());
                if (k == 0) continue;
                const expected = affineMultiple(C, k);
                for (&sums) |*sum| try testing.expect(points.Points(C).Extended.ofJacobian(sum).is(&expected));
            };
        }
    }
}
