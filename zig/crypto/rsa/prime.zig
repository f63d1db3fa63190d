//! Whether a random number is a prime: division by small primes, a test by the base 2 that is cheap and sorts out all
//! but a few composites, and the Miller-Rabin test with random bases (FIPS 186-5, February 2023, appendix B.3.1).
//!
//! Constant time in a number that turns out to be prime: what is told of it is that it passed each test. Of those
//! that did not, which test they failed, and by which small prime.

const std = @import("std");
const limbs = @import("limbs.zig");
const modulus_module = @import("modulus.zig");
const power = @import("power.zig");
const declassified = @import("../ec/secret.zig").declassified;
const Area = @import("area.zig").Area;
const Budget = power.Budget;
const Modulus = modulus_module.Modulus;
const Number = modulus_module.Number;
const Scratch = modulus_module.Scratch;
const SecretPower = power.SecretPower;

const block_limbs = limbs.block_limbs;

/// How often the Miller-Rabin test is done, for primes of so many bits. From 1024 bits on, table B.1 of FIPS 186-5,
/// its columns for p and q with error probabilities of 2^-112, 2^-128 and 2^-144 (appendix C.1 computes them for
/// numbers drawn at random, as here); for shorter primes, which it does not allow, by the same formula 8 rounds from
/// 512 bits on, and below that so many that no number whatsoever passes with more than 2^-128.
pub fn rounds(bits: usize) u32 {
    return if (bits >= 1536) 4 else if (bits >= 1024) 5 else if (bits >= 512) 8 else 64;
}

/// The remainders of powers of 2^13 modulo every odd prime below 2^13: a number is divided by one of them with one
/// multiplication for each digit. Some hundred kilobytes, made in half a millisecond.
pub const SmallPrimes = struct {
    count: usize,
    /// 1/prime modulo 2^64.
    inverses: [*]u64,
    /// 2^33 / prime.
    bounds: [*]u32,
    /// For each prime, as many as a number has digits, between -2^12 and 2^12.
    powers: [*]i16,

    const limit = 1 << 13;
    pub const primes_count = 1027;
    /// A lane adds up to this many products of digits and remainders before it could overflow.
    pub const digits_max = 500;

    comptime {
        std.debug.assert(digits_max / 4 * limbs.limb_max * (limit / 2) < 1 << 31);
    }

    pub fn at(area: *Area, blocks: usize) SmallPrimes {
        const count = block_limbs * blocks;
        return .{
            .count = count,
            .inverses = area.take(u64, primes_count),
            .bounds = area.take(u32, primes_count),
            .powers = area.take(i16, primes_count * count),
        };
    }

    /// Makes what is missing of them, `filled` being there, as long as the budget lasts; whether all are there then.
    pub fn fill(small: *const SmallPrimes, filled: *u32, budget: *Budget) bool {
        var is_composite: [limit]bool = @splat(false);
        var found: u32 = 0;
        var candidate: usize = 3;
        while (candidate < limit) : (candidate += 2) {
            if (is_composite[candidate]) continue;
            var multiple = candidate * candidate;
            while (multiple < limit) : (multiple += 2 * candidate) is_composite[multiple] = true;
            defer found += 1;
            if (found < filled.*) continue;
            if (budget.isSpent()) return false;
            small.fillPrime(found, @intCast(candidate));
            filled.* += 1;
            budget.spendTiles(small.count / 2);
        }
        std.debug.assert(found == primes_count);
        return true;
    }

    fn fillPrime(small: *const SmallPrimes, index: usize, prime: u32) void {
        small.bounds[index] = @intCast((1 << 33) / @as(u64, prime));
        var inverse: u64 = prime;
        for (0..5) |_| inverse *%= 2 -% prime *% inverse;
        small.inverses[index] = inverse;
        var rest: u32 = 1;
        for ((small.powers + small.count * index)[0..small.count]) |*entry| {
            const least: i32 = @intCast(rest);
            entry.* = @intCast(if (2 * rest > prime) least - @as(i32, @intCast(prime)) else least);
            rest = (rest << limbs.limb_bits) % prime;
        }
    }

    /// Whether one of the primes divides the number. Each that is tried costs a tile for 128 digits, and another.
    pub fn divide(small: *const SmallPrimes, digits: [*]const i16, budget: *Budget) bool {
        for (0..primes_count) |index| {
            budget.spendTiles(1 + small.count / 128);
            const sum = limbs.sumOfProducts(digits, small.powers + small.count * index, small.count);
            // The sum is less than 2^33. A multiple of the prime times 1/prime modulo 2^64 is its quotient, which is small;
            // what is no multiple becomes something larger.
            const bound: u64 = small.bounds[index];
            const quotient = @as(u64, @bitCast(sum)) *% small.inverses[index];
            if (declassified(quotient +% bound <= 2 * bound)) return true;
        }
        return false;
    }
};

/// Tests of one odd number after another, in steps. Takes a modulus that is prepared for products and has R^2.
pub const Tests = struct {
    power: SecretPower,
    one: [*]i16,
    minus_one: [*]i16,
    /// Of w - 1 = 2^a m, m; big-endian.
    odd_part: [*]u8,

    pub const Place = extern struct {
        /// Bits left of the test by the base 2.
        bits: u32,
        /// Miller-Rabin rounds left.
        rounds: u32,
        /// A round has begun, with a base.
        has_base: u32,
        /// The a of w - 1 = 2^a m: as secret as w.
        twos: u32,
        secret: SecretPower.Place,

        /// Whether a test of a number this long could be there.
        pub fn isOf(place: Place, w: *const Modulus) bool {
            if (place.bits > w.divisor.bits or place.rounds > rounds(w.divisor.bits)) return false;
            return place.has_base == 0 or SecretPower.isPlace(w, place.secret);
        }
    };

    /// Numbers w with more twos in w - 1 than this are given up, one in 2^31: so the squarings of a round have a
    /// fixed number that is small.
    const twos_max = 31;

    pub const Answer = enum { more, needs_base, composite, probably_prime };

    pub fn at(area: *Area, blocks: usize) Tests {
        const count = block_limbs * blocks;
        return .{
            .power = .at(area, blocks),
            .one = area.take(i16, count),
            .minus_one = area.take(i16, count),
            .odd_part = area.take(u8, 2 * count),
        };
    }

    /// Begins with a number w of as many bits as the modulus, big-endian.
    pub fn begin(tests: *const Tests, w: *const Modulus, scratch: *const Scratch, bytes: []const u8) Place {
        const count = w.limbCount();
        w.divisor.remainderOfPower(scratch, tests.one, count);
        for (tests.minus_one[0..count], tests.one) |*digit, one| digit.* = -%one;
        const odd_part = tests.odd_part[0..bytes.len];
        @memcpy(odd_part, bytes);
        odd_part[odd_part.len - 1] &= 0xfe;
        const twos = shiftOutZeros(odd_part, odd_part);
        @memcpy(tests.power.result.digits[0..count], tests.one);
        limbs.pair(tests.power.result.digits, w.divisor.blocks, tests.power.result.pairs);
        return .{
            .bits = @intCast(w.divisor.bits),
            .rounds = rounds(w.divisor.bits),
            .has_base = 0,
            .twos = twos,
            .secret = .{ .entries = 0, .windows = 0 },
        };
    }

    /// Works on. After `needs_base`, which comes before each round, `takeBase` is called first.
    pub fn step(
        tests: *const Tests,
        w: *const Modulus,
        scratch: *const Scratch,
        bytes: []const u8,
        place: *Place,
        budget: *Budget,
    ) Answer {
        if (place.bits > 0) {
            if (!tests.powerOfTwo(w, scratch, bytes, place, budget)) return .more;
            if (declassified(w.same(scratch, tests.power.result.digits, tests.one) == 0)) return .composite;
            if (declassified(place.twos > twos_max)) return .composite;
        }
        while (place.rounds > 0) {
            if (place.has_base == 0) return .needs_base;
            if (budget.isSpent()) return .more;
            const odd_part = tests.odd_part[0..bytes.len];
            if (!tests.power.step(w, scratch, odd_part, &place.secret, budget)) return .more;
            if (!declassified(tests.endRound(w, scratch, place.twos))) return .composite;
            for (0..twos_max) |_| budget.spend(w.divisor.blocks);
            place.has_base = 0;
            place.rounds -= 1;
        }
        return .probably_prime;
    }

    /// Steps 4.1 and 4.2: takes b, random and as long as w, or refuses it: another is needed then.
    pub fn takeBase(
        tests: *const Tests,
        w: *const Modulus,
        scratch: *const Scratch,
        base: []u8,
        place: *Place,
    ) bool {
        base[0] &= @as(u8, 0xff) >> @intCast(8 * base.len - w.divisor.bits);
        const digits = tests.power.base.digits;
        const count = w.limbCount();
        modulus_module.fromBytes(digits, w.divisor.blocks, base);
        // 1 < b < w - 1.
        digits[0] +%= 1;
        const is_below = declassified(w.divisor.isAbove(scratch, digits));
        digits[0] -%= 1;
        const is_small = modulus_module.isZero(digits[1..count]) & modulus_module.isZero(&.{digits[0] & ~@as(i16, 1)});
        if (!is_below or declassified(is_small != 0)) return false;
        w.enter(scratch, tests.power.base);
        place.secret = tests.power.begin(w, scratch);
        place.has_base = 1;
        return true;
    }

    /// 2^(w-1) modulo w. Powers of two need no table: between squarings, shifts by a few bits do, which R has room for.
    fn powerOfTwo(
        tests: *const Tests,
        w: *const Modulus,
        scratch: *const Scratch,
        bytes: []const u8,
        place: *Place,
        budget: *Budget,
    ) bool {
        const blocks = w.divisor.blocks;
        const result = tests.power.result;
        // Shifted by s bits a number is below 2^s N, and its square must stay below 0.49 R N: 16 bits for 7, 4 for 1.
        const has_room = w.limbCount() * limbs.limb_bits >= w.divisor.bits + 16;
        const width: u32 = if (has_room) 3 else 1;
        while (place.bits > 0) {
            if (budget.isSpent()) return false;
            const window = if (place.bits % width == 0) width else place.bits % width;
            for (0..window) |_| {
                w.square(scratch, result, result);
                budget.spend(blocks);
            }
            place.bits -= window;
            // Bits of w - 1: those of w, but for the lowest.
            var shift: u32 = 0;
            for (0..window) |i| {
                const bit = place.bits + window - 1 - i;
                shift = shift << 1 | if (bit == 0) 0 else @as(u32, power.bitAt(bytes, bit));
            }
            limbs.shiftLeft(scratch.columns, blocks, result.digits, result.pairs, @intCast(shift));
        }
        return true;
    }

    /// Steps 4.4 to 4.7, for z = b^m in the result: z is 1 or -1, or becomes -1 when it is squared up to a - 1 times.
    fn endRound(tests: *const Tests, w: *const Modulus, scratch: *const Scratch, twos: u32) bool {
        const z = tests.power.result;
        var passes = w.same(scratch, z.digits, tests.one) | w.same(scratch, z.digits, tests.minus_one);
        for (1..twos_max) |j| {
            w.square(scratch, z, z);
            const within: u32 = (@as(u32, @intCast(j)) -% twos) >> 31; // j < a
            passes |= w.same(scratch, z.digits, tests.minus_one) & (0 -% within);
        }
        return passes != 0;
    }
};

/// Shifts a big-endian number right until it is odd, and gives by how many bits; 63 at most. `zeros_of` is the number
/// whose zeros count; it is shifted too, and may be the same.
pub fn shiftOutZeros(number: []u8, zeros_of: []u8) u32 {
    var total: u32 = 0;
    for ([_]u6{ 32, 16, 8, 4, 2, 1 }) |bits| {
        var low: u64 = 0;
        for (0..4) |i| low |= @as(u64, zeros_of[zeros_of.len - 1 - i]) << @intCast(8 * i);
        low &= (@as(u64, 1) << bits) - 1;
        const mask: u8 = @truncate((low -% 1) >> 56); // All ones if the low bits are zeros.
        shiftRightIf(mask, number, bits);
        if (zeros_of.ptr != number.ptr) shiftRightIf(mask, zeros_of, bits);
        total += bits & @as(u32, mask);
    }
    return total;
}

/// By so many bits if the mask is all ones.
noinline fn shiftRightIf(mask: u8, number: []u8, bits: u6) void {
    var i = number.len;
    while (i > 0) {
        i -= 1;
        const bytes: usize = bits / 8;
        const right: u16 = if (i >= bytes) number[i - bytes] else 0;
        const left: u16 = if (i >= bytes + 1) number[i - bytes - 1] else 0;
        const shifted: u8 = @truncate((left << 8 | right) >> @intCast(bits % 8));
        number[i] = (number[i] & ~mask) | (shifted & mask);
    }
}

const testing = std.testing;

test "small primes divide their multiples, and nothing else" {
    var memory: [1 << 19]u8 align(16) = undefined;
    for ([_]usize{ 1, 5 }) |blocks| {
        var area: Area = .of(&memory);
        const small: SmallPrimes = .at(&area, blocks);
        var filled: u32 = 0;
        var rounds_count: usize = 0;
        while (true) : (rounds_count += 1) {
            var budget: Budget = .{ .tiles = 1000 };
            if (small.fill(&filled, &budget)) break;
        }
        try testing.expectEqual(SmallPrimes.primes_count, filled);
        try testing.expect(rounds_count > 5);
        const number: Number = .at(&area, blocks);
        var prng: std.Random.DefaultPrng = .init(blocks);
        for (0..20_000) |_| {
            const value = prng.random().int(u64) | 1;
            var bytes: [8]u8 = undefined;
            std.mem.writeInt(u64, &bytes, value, .big);
            modulus_module.fromBytes(number.digits, blocks, &bytes);
            var budget: Budget = .{ .tiles = 0 };
            var divisor: u64 = 3;
            while (divisor < SmallPrimes.limit and value % divisor != 0) divisor += 2;
            const has_divisor = divisor < SmallPrimes.limit;
            try testing.expectEqual(has_divisor, small.divide(number.digits, &budget));
        }
    }
}

test "zeros are shifted out, up to 63" {
    for (0..64) |zeros| {
        var bytes: [16]u8 = undefined;
        std.mem.writeInt(u128, &bytes, @as(u128, 0x1234_5678_9abc_def1) << @intCast(zeros), .big);
        try testing.expectEqual(@as(u32, @intCast(zeros)), shiftOutZeros(&bytes, &bytes));
        try testing.expectEqual(0x1234_5678_9abc_def1, std.mem.readInt(u128, &bytes, .big));
    }
}
