//! Generation of RSA key pairs: FIPS 186-5 (February 2023), appendix A.1.1 with the probable primes of A.1.3, and d of
//! least size, modulo lcm(p - 1, q - 1), as section A.1.1 wants it.
//!
//! - Each candidate is drawn afresh, of the bits that the host hands in: its highest and lowest bit are set, and it is
//!   refused below sqrt(2) 2^(bits - 1), so that every odd number of the interval is equally likely. A modulus of odd
//!   length gives its extra bit to p.
//! - p and q differ in their first 96 bits (A.1.3 asks for 100), d has more than half the bits of n.
//! - A generator of random bytes that is stuck ends it: after 20 nlen candidates for a prime, or a row of numbers that are
//!   not in their interval. A.1.3 gives up after 5 nlen and 10 nlen, which happens to one key in 2^41, and with e = 3, that
//!   half of all primes do not suit, to one in two millions.
//! - The greater prime is p, as most other software has it.
//!
//! Shorter moduli than the standard's 2048 bits are made too, for those who need them, and lengths that are odd.
//!
//! In steps. Time depends on how many candidates are refused and at which test, not on those that stay; prime.zig says
//! more. Everything here is secret but the lengths, e and n.

const std = @import("std");
const limbs = @import("limbs.zig");
const modulus_module = @import("modulus.zig");
const key_module = @import("key.zig");
const power = @import("power.zig");
const prime = @import("prime.zig");
const declassified = @import("../ec/secret.zig").declassified;
const Area = @import("area.zig").Area;
const bytesOf = @import("area.zig").bytesOf;
const Steps = @import("inverse.zig").Steps;
const Budget = power.Budget;
const Divisor = modulus_module.Divisor;
const Modulus = modulus_module.Modulus;
const Number = modulus_module.Number;
const Scratch = modulus_module.Scratch;

const block_limbs = limbs.block_limbs;

pub const modulus_bits_min = key_module.modulus_bits_min;
pub const modulus_bits_max = 8192;
/// Appendix A.1.1: 2^16 < e < 2^256; smaller ones are in use too.
const exponent_bytes_max = 32;

comptime {
    std.debug.assert(limbs.blocksFor(modulus_bits_max / 2) * block_limbs <= prime.SmallPrimes.digits_max);
}

/// The size is out of range, or e is even, less than 3, more than 2^256 or longer than a prime.
pub const SizeError = error{InvalidKey};
/// The memory holds no generation, or one that is not done.
pub const StateError = key_module.StateError;
/// Fewer random bytes than a modulus has; or bytes that are not random: no prime is among them.
pub const StepError = StateError || error{ InvalidLength, NotRandom };

/// Small primes are made, then the two are sought, then what follows from both: d, then dp and dq, then qi.
const Stage = enum(u32) { small_primes, candidate, tests, private_exponent, exponents, coefficient, done };

pub const Header = extern struct {
    tag: u32 align(16),
    sizes: key_module.Sizes,
    stage: u32,
    /// How many small primes there are.
    filled: u32,
    /// 0 while p is sought, 1 for q.
    which: u32,
    /// How many of the random bytes at hand have been used.
    used: u32,
    /// Candidates for this prime so far that were in their interval.
    tried: u32,
    /// Numbers in a row that were not: each is with a chance of one half or so.
    refused: u32,
    place: prime.Tests.Place,

    pub fn bytes(header: *const Header) StateError!usize {
        if (header.tag != generation_tag) return error.InvalidState;
        checkSizes(header.sizes) catch return error.InvalidState;
        return generationBytes(header.sizes);
    }
};

const generation_tag = 0x25a9e300;

/// What a key of so many bits consists of.
pub fn sizesOf(modulus_bits: u32, exponent_bytes: u32) SizeError!key_module.Sizes {
    const sizes: key_module.Sizes = .{
        .modulus_bits = modulus_bits,
        .exponent_bytes = exponent_bytes,
        .p_bits = modulus_bits - modulus_bits / 2,
        .q_bits = modulus_bits / 2,
    };
    try checkSizes(sizes);
    return sizes;
}

fn checkSizes(sizes: key_module.Sizes) SizeError!void {
    const bits = sizes.modulus_bits;
    if (bits < modulus_bits_min or bits > modulus_bits_max) return error.InvalidKey;
    if (sizes.exponent_bytes == 0 or sizes.exponent_bytes > exponent_bytes_max) return error.InvalidKey;
    if (8 * sizes.exponent_bytes > bits / 2) return error.InvalidKey;
    if (sizes.q_bits != bits / 2 or sizes.p_bits != bits - bits / 2) return error.InvalidKey;
}

pub fn generationBytes(sizes: key_module.Sizes) usize {
    return bytesOf(Generation, .{sizes});
}

/// Takes e big-endian, its first byte not zero, and memory of `generationBytes`.
pub fn begin(header: *Header, sizes: key_module.Sizes, exponent: []const u8) SizeError!void {
    if (!power.isExponent(exponent)) return error.InvalidKey;
    var area: Area = .of(header);
    const generation: Generation = .at(&area, sizes);
    @memcpy(generation.e, exponent);
    header.* = .{
        .tag = generation_tag,
        .sizes = sizes,
        .stage = @intFromEnum(Stage.small_primes),
        .filled = 0,
        .which = 0,
        .used = 0,
        .tried = 0,
        .refused = 0,
        .place = undefined,
    };
    @memset(std.mem.asBytes(&header.place), 0);
}

const refused_max = 128;
/// Times the bits of n.
const tried_max = 20;

pub const Answer = enum(u32) { more = 0, done = 1, needs_random = 2 };

/// Works until the key is made, the budget is spent, or the random bytes are used up: then new ones must be in the same
/// place, as many as before, at the next step. At least as many as n has.
pub fn step(header: *Header, random: []const u8, budget: *Budget) StepError!Answer {
    if (random.len < header.sizes.modulusBytes()) return error.InvalidLength;
    var area: Area = .of(header);
    const generation: Generation = .at(&area, header.sizes);
    // What a host changed may be any numbers, but leads nowhere.
    if (header.used > random.len or header.which > 1) return error.InvalidState;
    if (header.filled > prime.SmallPrimes.primes_count) return error.InvalidState;
    if (!power.isExponent(generation.e)) return error.InvalidState;
    if (!header.place.isOf(&generation.primes[header.which])) return error.InvalidState;
    return generation.step(random, budget);
}

/// The parts of a key that is made, as `key.Parts` has them, and how long they are.
pub fn finish(header: *Header, output: []u8) StateError!void {
    if (header.stage != @intFromEnum(Stage.done)) return error.InvalidState;
    var area: Area = .of(header);
    const generation: Generation = .at(&area, header.sizes);
    @memcpy(output, generation.parts);
}

const Generation = struct {
    header: *Header,
    sizes: key_module.Sizes,
    scratch: Scratch,
    small: prime.SmallPrimes,
    tests: prime.Tests,
    /// Big-endian.
    e: []u8,
    candidates: [2][]u8,
    primes: [2]Modulus,
    exponent: Divisor,
    /// For numbers modulo a prime, and modulo e.
    steps: Steps,
    exponent_steps: Steps,
    a: Number,
    b: Number,
    bytes: [3][]u8,
    parts: []u8,

    pub fn at(area: *Area, sizes: key_module.Sizes) Generation {
        const header: *Header = @ptrCast(area.take(Header, 1));
        const blocks = limbs.blocksFor(sizes.modulus_bits);
        const prime_blocks = limbs.blocksFor(sizes.p_bits);
        const p_bytes, const q_bytes = .{ key_module.byteLength(sizes.p_bits), key_module.byteLength(sizes.q_bits) };
        const n_bytes = sizes.modulusBytes();
        const parts_bytes = key_module.Parts.bytesOfAll(sizes);
        return .{
            .header = header,
            .sizes = sizes,
            .scratch = .at(area, blocks),
            .small = .at(area, prime_blocks),
            .tests = .at(area, prime_blocks),
            .e = area.take(u8, sizes.exponent_bytes)[0..sizes.exponent_bytes],
            .candidates = .{ area.take(u8, p_bytes)[0..p_bytes], area.take(u8, q_bytes)[0..q_bytes] },
            .primes = .{ .at(area, sizes.p_bits), .at(area, sizes.q_bits) },
            .exponent = .at(area, 8 * sizes.exponent_bytes),
            .steps = .at(area, sizes.p_bits),
            .exponent_steps = .at(area, 8 * sizes.exponent_bytes),
            .a = .at(area, blocks),
            .b = .at(area, blocks),
            .bytes = .{
                area.take(u8, n_bytes)[0..n_bytes],
                area.take(u8, n_bytes)[0..n_bytes],
                area.take(u8, n_bytes)[0..n_bytes],
            },
            .parts = area.take(u8, parts_bytes)[0..parts_bytes],
        };
    }

    fn step(generation: *const Generation, random: []const u8, budget: *Budget) StepError!Answer {
        const header = generation.header;
        while (true) {
            const stage = std.enums.fromInt(Stage, header.stage) orelse return error.InvalidState;
            if (stage != .done and budget.isSpent()) return .more;
            const next: Stage = switch (stage) {
                .small_primes => if (generation.small.fill(&header.filled, budget)) .candidate else return .more,
                .candidate => try generation.tryCandidate(random, budget) orelse return .needs_random,
                .tests => try generation.testCandidate(random, budget) orelse return .needs_random,
                .private_exponent => if (generation.findPrivateExponent(budget)) .exponents else {
                    generation.seekAnother();
                    continue;
                },
                .exponents => generation.findExponents(budget),
                .coefficient => generation.findCoefficient(budget),
                .done => return .done,
            };
            header.stage = @intFromEnum(next);
        }
    }

    /// Draws a number, and begins to test it unless it is out of its interval or easily told to be no prime.
    fn tryCandidate(generation: *const Generation, random: []const u8, budget: *Budget) StepError!?Stage {
        const header = generation.header;
        const w = &generation.primes[header.which];
        const bytes = generation.candidates[header.which];
        generation.draw(random, bytes) orelse return null;
        budget.spend(w.divisor.blocks);
        if (!generation.isInInterval(w, bytes)) {
            try generation.refuse();
            return .candidate;
        }
        header.refused = 0;
        if (header.tried >= tried_max * header.sizes.modulus_bits) return error.NotRandom;
        header.tried += 1;
        if (!generation.passesSieve(w, bytes, budget)) return .candidate;
        w.prepare(&generation.scratch);
        header.place = generation.tests.begin(w, &generation.scratch, bytes);
        budget.spend(2 * w.divisor.blocks);
        return .tests;
    }

    fn testCandidate(generation: *const Generation, random: []const u8, budget: *Budget) StepError!?Stage {
        const header = generation.header;
        const w = &generation.primes[header.which];
        const bytes = generation.candidates[header.which];
        switch (generation.tests.step(w, &generation.scratch, bytes, &header.place, budget)) {
            .more => return .tests,
            .composite => return .candidate,
            .needs_base => {
                const base = generation.bytes[0][0..bytes.len];
                generation.draw(random, base) orelse return null;
                budget.spend(w.divisor.blocks);
                const taken = generation.tests.takeBase(w, &generation.scratch, base, &header.place);
                if (taken) header.refused = 0 else try generation.refuse();
                return .tests;
            },
            .probably_prime => {
                if (header.which == 1) return .private_exponent;
                header.which = 1;
                header.tried = 0;
                return .candidate;
            },
        }
    }

    /// For the one key in very many whose d is too small. Not a value of the switch above: LLVM would select it, and the
    /// stage would be a secret.
    noinline fn seekAnother(generation: *const Generation) void {
        generation.header.stage = @intFromEnum(Stage.candidate);
    }

    fn refuse(generation: *const Generation) error{NotRandom}!void {
        const refused = &generation.header.refused;
        if (refused.* >= refused_max) return error.NotRandom;
        refused.* += 1;
    }

    /// As many random bytes, if there are.
    fn draw(generation: *const Generation, random: []const u8, output: []u8) ?void {
        const used = &generation.header.used;
        if (random.len - used.* < output.len) {
            used.* = 0;
            return null;
        }
        @memcpy(output, random[used.*..][0..output.len]);
        used.* += @intCast(output.len);
    }

    /// Appendix A.1.3, steps 4.2 to 4.4, and 5.2 to 5.5: makes a candidate of random bytes.
    fn isInInterval(generation: *const Generation, w: *const Modulus, bytes: []u8) bool {
        const top: u3 = @intCast((w.divisor.bits - 1) % 8);
        bytes[0] &= @truncate((@as(u16, 2) << top) - 1);
        bytes[0] |= @as(u8, 1) << top;
        bytes[bytes.len - 1] |= 1;
        // The first 64 bits of the square root of 2: one candidate in 2^64 that it does not judge is refused.
        const first_64 = (@as(u128, std.mem.readInt(u64, bytes[0..8], .big)) << 8 | bytes[8]) >> (@as(u7, top) + 1);
        if (!declassified(@as(u64, @truncate(first_64)) > 0xb504_f333_f9de_6484)) return false;
        return generation.header.which == 0 or declassified(generation.areApart());
    }

    /// What can be told quickly, step 4.5 or 5.6 among it. Leaves the candidate in the modulus.
    fn passesSieve(generation: *const Generation, w: *const Modulus, bytes: []const u8, budget: *Budget) bool {
        const blocks = w.divisor.blocks;
        const digits = w.divisor.number.digits;
        modulus_module.fromBytes(digits, blocks, bytes);
        if (generation.small.divide(digits, budget)) return false;
        if (!generation.isCoprimeToExponent(digits, block_limbs * blocks)) return false;
        w.divisor.prepare();
        return true;
    }

    /// |p - q| > 2^(nlen/2 - 100): there is a one in its first 96 bits.
    fn areApart(generation: *const Generation) bool {
        const p, const q = .{ generation.candidates[0], generation.candidates[1] };
        if (generation.sizes.p_bits != generation.sizes.q_bits) return true; // p > sqrt(2) q.
        const difference = generation.bytes[0][0..p.len];
        var borrow: u16 = 0;
        var i = p.len;
        while (i > 0) {
            i -= 1;
            const value = @as(u16, p[i]) -% q[i] -% borrow;
            difference[i] = @truncate(value);
            borrow = value >> 15;
        }
        // Of a negative difference the complement, which is one less than its magnitude.
        const mask: u8 = @truncate(0 -% borrow);
        var ones: u8 = 0;
        for (difference[0..12]) |byte| ones |= byte ^ mask;
        return ones != 0;
    }

    /// gcd(w - 1, e) = 1, for an odd w.
    fn isCoprimeToExponent(generation: *const Generation, digits: [*]i16, count: usize) bool {
        digits[0] -%= 1;
        defer digits[0] +%= 1;
        return declassified(generation.invertModuloExponent(digits, count) != 0);
    }

    /// 1/x modulo e in the first of `bytes`; all ones, or zero if there is none.
    fn invertModuloExponent(generation: *const Generation, x: [*]const i16, count: usize) u32 {
        const exponent = generation.exponent;
        const e = generation.e;
        // The length of e is public, and only now exact.
        var divisor = exponent;
        divisor.bits = power.bitLength(e);
        divisor.blocks = limbs.blocksFor(divisor.bits);
        divisor.init(e);
        divisor.remainder(&generation.scratch, generation.b.digits, x, count);
        const rest = generation.bytes[0][0..e.len];
        divisor.toBytes(&generation.scratch, generation.b.digits, rest);
        return generation.exponent_steps.invert(e, rest, rest);
    }

    /// FIPS 186-5, section A.1.1: d = 1/e modulo lcm(p - 1, q - 1). Not if it is too small; then another q is sought.
    fn findPrivateExponent(generation: *const Generation, budget: *Budget) bool {
        const sizes, const scratch = .{ generation.sizes, &generation.scratch };
        const blocks = limbs.blocksFor(sizes.modulus_bits);
        const count = block_limbs * blocks;
        generation.orderPrimes();
        const p, const q = generation.candidates;
        const a, const b = .{ generation.a, generation.b };
        const parts: key_module.Parts = .of(sizes, generation.parts);

        // The lcm is (p - 1) / 2^c * (q - 1) / g, where 2^c and g are what they share of two, and of odd numbers: g is a
        // divisor of the odd part of p - 1.
        const odd, const other, const shared = generation.bytes;
        const p_minus_1, const q_minus_1 = .{ odd[0..p.len], other[0..p.len] };
        @memcpy(p_minus_1, p);
        widenBytes(q_minus_1, q);
        p_minus_1[p.len - 1] -%= 1;
        q_minus_1[p.len - 1] -%= 1;
        _ = prime.shiftOutZeros(p_minus_1, p_minus_1);
        generation.steps.gcd(p_minus_1, q_minus_1, shared[0..p.len]);
        // Zeros of both: those of p - 1 or q - 1, bit by bit.
        @memcpy(p_minus_1, p);
        p_minus_1[p.len - 1] -%= 1;
        const either = generation.parts[0..p.len]; // These are written below.
        for (either, p_minus_1, q_minus_1) |*byte, x, y| byte.* = x | y;
        _ = prime.shiftOutZeros(p_minus_1, either);
        generation.multiplyBytes(p_minus_1, q_minus_1);
        modulus_module.fromBytes(b.digits, blocks, shared[0..p.len]);
        generation.divideExactly(b);

        generation.invertExponent(@constCast(parts.d));
        generation.multiplyBytes(p, q);
        modulus_module.digitsToBytes(scratch, a.digits[0..count], @constCast(parts.n));
        budget.spendTiles(generation.tilesOfSteps() + 4 * blocks * blocks);

        // Criterion 3: 2^(nlen/2) < d.
        var upper: u8 = 0;
        for (parts.d[0 .. parts.d.len - sizes.modulus_bits / 16 - 1]) |byte| upper |= byte;
        return declassified(upper != 0);
    }

    /// RFC 8017, section 3.2: dP and dQ.
    fn findExponents(generation: *const Generation, budget: *Budget) Stage {
        const blocks = limbs.blocksFor(generation.sizes.modulus_bits);
        const parts: key_module.Parts = .of(generation.sizes, generation.parts);
        for (generation.candidates, [_][]const u8{ parts.dp, parts.dq }) |number, exponent| {
            modulus_module.fromBytes(generation.a.digits, blocks, number);
            generation.a.digits[0] -%= 1;
            generation.invertExponent(@constCast(exponent));
        }
        budget.spendTiles(4 * blocks * blocks);
        return .coefficient;
    }

    /// And qInv.
    fn findCoefficient(generation: *const Generation, budget: *Budget) Stage {
        const p, const q = generation.candidates;
        const parts: key_module.Parts = .of(generation.sizes, generation.parts);
        @memcpy(@constCast(parts.e), generation.e);
        @memcpy(@constCast(parts.p), p);
        @memcpy(@constCast(parts.q), q);
        const q_wide = generation.bytes[0][0..p.len];
        widenBytes(q_wide, q);
        _ = generation.steps.invert(p, q_wide, @constCast(parts.qi));
        budget.spendTiles(generation.tilesOfSteps());
        return .done;
    }

    /// What division steps cost as much as.
    fn tilesOfSteps(generation: *const Generation) usize {
        return generation.steps.bits * generation.steps.count / 8;
    }

    /// The greater prime becomes p.
    fn orderPrimes(generation: *const Generation) void {
        const p, const q = generation.candidates;
        if (p.len != q.len) return;
        const mask: u8 = @truncate(key_module.isLess(p, q));
        for (p, q) |*x, *y| {
            const difference = (x.* ^ y.*) & mask;
            x.* ^= difference;
            y.* ^= difference;
        }
    }

    /// The product of two big-endian numbers, in a; b holds the second.
    fn multiplyBytes(generation: *const Generation, x: []const u8, y: []const u8) void {
        const blocks = limbs.blocksFor(generation.sizes.modulus_bits);
        const columns = generation.scratch.columns;
        modulus_module.fromBytes(generation.a.digits, blocks, x);
        modulus_module.fromBytes(generation.b.digits, blocks, y);
        limbs.pair(generation.b.digits, blocks, generation.b.pairs);
        limbs.multiplyLow(columns, generation.a.digits, generation.b.pairs, blocks);
        _ = limbs.normalize(.carries, columns, blocks, generation.a.digits, null);
    }

    /// 1/e modulo the number m in a, as bytes: (1 + m k) / e with k = -1/m modulo e.
    fn invertExponent(generation: *const Generation, output: []u8) void {
        const blocks = limbs.blocksFor(generation.sizes.modulus_bits);
        const count = block_limbs * blocks;
        const scratch = &generation.scratch;
        const a, const b = .{ generation.a, generation.b };
        const e = generation.e;
        _ = generation.invertModuloExponent(a.digits, count);
        const k = generation.bytes[0][0..e.len];
        var borrow: u16 = 0;
        var i = k.len;
        while (i > 0) {
            i -= 1;
            const value = @as(u16, e[i]) -% k[i] -% borrow;
            k[i] = @truncate(value);
            borrow = value >> 15;
        }
        modulus_module.fromBytes(b.digits, blocks, k);
        limbs.pair(b.digits, blocks, b.pairs);
        limbs.multiplyLow(scratch.columns, a.digits, b.pairs, blocks);
        scratch.columns[0] +%= 1;
        _ = limbs.normalize(.carries, scratch.columns, blocks, a.digits, null);
        modulus_module.fromBytes(b.digits, blocks, e);
        generation.divideExactly(b);
        modulus_module.digitsToBytes(scratch, a.digits[0..count], output);
    }

    /// a / b, an odd number that divides a: modulo R, so it may be done by multiplying with 1/b.
    fn divideExactly(generation: *const Generation, b: Number) void {
        const scratch = &generation.scratch;
        const blocks = limbs.blocksFor(generation.sizes.modulus_bits);
        const digits = generation.a.digits[0 .. block_limbs * blocks];
        modulus_module.negatedInverse(scratch, b.digits, blocks, scratch.number);
        limbs.multiplyLow(scratch.columns, digits.ptr, scratch.number.pairs, blocks);
        _ = limbs.normalize(.carries, scratch.columns, blocks, digits.ptr, null);
        for (digits) |*digit| digit.* = -%digit.*;
    }
};

/// The same number, with zeros before it.
fn widenBytes(to: []u8, from: []const u8) void {
    @memset(to[0 .. to.len - from.len], 0);
    @memcpy(to[to.len - from.len ..], from);
}

const testing = std.testing;

test "keys of many sizes and exponents fit together" {
    var prng: std.Random.DefaultPrng = .init(0x67656e31);
    const random = prng.random();
    for ([_]u32{ 256, 257, 264, 384 }) |bits| {
        for ([_][]const u8{ &.{3}, &.{ 1, 0, 1 }, &(.{0xff} ** 16), &(.{0xfe} ** 31 ++ .{0x0f}) }) |e| {
            const sizes = sizesOf(bits, @intCast(e.len)) catch {
                try testing.expect(16 * e.len > bits);
                continue;
            };
            const memory = try testing.allocator.alignedAlloc(u8, .@"16", generationBytes(sizes));
            defer testing.allocator.free(memory);
            @memset(memory, 0xaa);
            const header: *Header = @ptrCast(memory.ptr);
            try begin(header, sizes, e);
            var pool: [400]u8 = undefined;
            random.bytes(&pool);
            while (true) {
                var budget: Budget = .{ .tiles = random.uintLessThan(u64, 10_000) + 1 };
                switch (try step(header, &pool, &budget)) {
                    .more => {},
                    .done => break,
                    .needs_random => random.bytes(&pool),
                }
            }
            const all = try testing.allocator.alloc(u8, key_module.Parts.bytesOfAll(sizes));
            defer testing.allocator.free(all);
            try finish(header, all);
            const parts: key_module.Parts = .of(sizes, all);
            const key = try testing.allocator.alignedAlloc(u8, .@"16", sizes.privateBytes());
            defer testing.allocator.free(key);
            const scratch = try testing.allocator.alignedAlloc(u8, .@"16", sizes.scratchBytes());
            defer testing.allocator.free(scratch);
            try key_module.PrivateKey.prepare(@ptrCast(key.ptr), scratch.ptr, sizes, parts);
        }
    }
}

test "random bytes that are not random give no key, and the search for one ends" {
    const sizes = try sizesOf(256, 1);
    const memory = try testing.allocator.alignedAlloc(u8, .@"16", generationBytes(sizes));
    defer testing.allocator.free(memory);
    const header: *Header = @ptrCast(memory.ptr);
    // 2^128 - 159 is a prime, whose predecessor has no factor 7: it becomes p, and q would be the same.
    const prime_bytes = [_]u8{0xff} ** 15 ++ [_]u8{0x61};
    const zeros: [16]u8 = @splat(0);
    const ones: [16]u8 = @splat(0xff);
    const stuck = [_][2][16]u8{
        .{ zeros, zeros },
        .{ ones, ones },
        .{ @splat(0x80), @splat(0xb7) },
        .{ prime_bytes, prime_bytes }, // Which is no base.
        .{ prime_bytes, @splat(0x77) },
    };
    for (stuck, [_]u32{ 0, 0, 0, 0, 1 }) |bytes, which| {
        try begin(header, sizes, &.{7});
        const pool: [5][2][16]u8 = @splat(bytes);
        const failed = while (true) {
            var budget: Budget = .{ .tiles = 100_000 };
            const answer = step(header, std.mem.asBytes(&pool), &budget) catch |err| break err;
            try testing.expect(answer != .done);
        };
        try testing.expectEqual(error.NotRandom, failed);
        try testing.expectEqual(which, header.which);
    }
}

test "the sieve, and every stage, is paid for" {
    const sizes = try sizesOf(512, 3);
    const memory = try testing.allocator.alignedAlloc(u8, .@"16", generationBytes(sizes));
    defer testing.allocator.free(memory);
    const header: *Header = @ptrCast(memory.ptr);
    try begin(header, sizes, &.{ 1, 0, 1 });
    var prng: std.Random.DefaultPrng = .init(0x70616964);
    var pool: [64]u8 = undefined;
    var stages: std.EnumSet(Stage) = .initEmpty();
    while (true) {
        const stage: Stage = @enumFromInt(header.stage);
        stages.insert(stage);
        // With a tile at a time, no step does more than one thing: one candidate is drawn, or one stage passed.
        var budget: Budget = .{ .tiles = 1 };
        const used, const tried, const filled = .{ header.used, header.tried, header.filled };
        switch (try step(header, &pool, &budget)) {
            .needs_random => prng.random().bytes(&pool),
            .done => break,
            .more => {
                try testing.expectEqual(0, budget.tiles);
                if (stage == .small_primes) try testing.expect(header.filled <= filled + 1);
                try testing.expect(header.used <= used + 32 and (header.tried <= tried + 1));
            },
        }
    }
    try testing.expectEqual(6, stages.count());
}
