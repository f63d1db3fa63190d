//! Generation of RSA key pairs: FIPS 186-5 (February 2023), appendix A.1.1 with the probable primes of A.1.3, and d of
//! least size, modulo lcm(p - 1, q - 1), as section A.1.1 wants it.
//!
//! - Each candidate is drawn afresh, of the bits that the host hands in: its highest and lowest bit are set, and it is
//!   refused below sqrt(2) 2^(bits - 1), so that every odd number of the interval is equally likely. A modulus of odd
//!   length gives its extra bit to p.
//! - p and q differ in their first 96 bits (A.1.3 asks for 100), d has more than half the bits of n.
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
/// Fewer random bytes than a modulus has.
pub const StepError = StateError || error{InvalidLength};

const Stage = enum(u32) { candidate, tests, done };

pub const Header = extern struct {
    tag: u32 align(16),
    sizes: key_module.Sizes,
    stage: u32,
    /// 0 while p is sought, 1 for q.
    which: u32,
    /// How many of the random bytes at hand have been used.
    used: u32,
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
    if (exponent[exponent.len - 1] & 1 == 0 or power.bitLength(exponent) < 2) return error.InvalidKey;
    var area: Area = .of(header);
    const generation: Generation = .at(&area, sizes);
    @memcpy(generation.e, exponent);
    generation.small.fill();
    header.* = .{
        .tag = generation_tag,
        .sizes = sizes,
        .stage = @intFromEnum(Stage.candidate),
        .which = 0,
        .used = 0,
        .place = undefined,
    };
    @memset(std.mem.asBytes(&header.place), 0);
}

pub const Answer = enum(u32) { more = 0, done = 1, needs_random = 2 };

/// Works until the key is made, the budget is spent, or the random bytes are used up: then new ones must be in the same
/// place, as many as before, at the next step. At least as many as n has.
pub fn step(header: *Header, random: []const u8, budget: *Budget) StepError!Answer {
    if (random.len < header.sizes.modulusBytes()) return error.InvalidLength;
    var area: Area = .of(header);
    const generation: Generation = .at(&area, header.sizes);
    const stage = std.enums.fromInt(Stage, header.stage) orelse return error.InvalidState;
    if (stage == .done) return .done;
    if (header.used > random.len or header.which > 1) return error.InvalidState;
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
    steps: Steps,
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
            .steps = .at(area, @max(sizes.p_bits, 8 * sizes.exponent_bytes)),
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

    fn step(generation: *const Generation, random: []const u8, budget: *Budget) StateError!Answer {
        const header = generation.header;
        while (true) {
            const w = &generation.primes[header.which];
            const bytes = generation.candidates[header.which];
            if (header.stage == @intFromEnum(Stage.candidate)) {
                if (budget.isSpent()) return .more;
                generation.draw(random, bytes) orelse return .needs_random;
                budget.spend(1);
                if (!generation.passesSieve(w, bytes)) continue;
                w.prepare(&generation.scratch);
                budget.spend(2 * w.divisor.blocks);
                header.place = generation.tests.begin(w, &generation.scratch, bytes);
                header.stage = @intFromEnum(Stage.tests);
            }
            switch (generation.tests.step(w, &generation.scratch, bytes, &header.place, budget)) {
                .more => return .more,
                .composite => header.stage = @intFromEnum(Stage.candidate),
                .needs_base => {
                    const base = generation.bytes[0][0..bytes.len];
                    generation.draw(random, base) orelse return .needs_random;
                    _ = generation.tests.takeBase(w, &generation.scratch, base, &header.place);
                },
                .probably_prime => {
                    header.stage = @intFromEnum(Stage.candidate);
                    if (header.which == 0) {
                        header.which = 1;
                    } else if (generation.derive()) {
                        header.stage = @intFromEnum(Stage.done);
                        return .done;
                    }
                },
            }
        }
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

    /// Appendix A.1.3, steps 4.2 to 4.5, and 5.2 to 5.6, up to the test of primality. Takes random bytes, and leaves a
    /// candidate in the modulus's digits.
    fn passesSieve(generation: *const Generation, w: *const Modulus, bytes: []u8) bool {
        const top: u3 = @intCast((w.divisor.bits - 1) % 8);
        bytes[0] &= @truncate((@as(u16, 2) << top) - 1);
        bytes[0] |= @as(u8, 1) << top;
        bytes[bytes.len - 1] |= 1;
        // The first 64 bits of the square root of 2: one candidate in 2^64 that it does not judge is refused.
        const first_64 = (@as(u128, std.mem.readInt(u64, bytes[0..8], .big)) << 8 | bytes[8]) >> (@as(u7, top) + 1);
        if (@as(u64, @truncate(first_64)) <= 0xb504_f333_f9de_6484) return false;
        if (generation.header.which == 1 and !generation.areApart()) return false;

        const blocks = w.divisor.blocks;
        const digits = w.divisor.number.digits;
        modulus_module.fromBytes(digits, blocks, bytes);
        if (generation.small.divide(digits)) return false;
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
        digits[0] -= 1;
        defer digits[0] += 1;
        return generation.invertModuloExponent(digits, count) != 0;
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
        return generation.steps.invert(e, rest, rest);
    }

    /// Sections A.1.1 and 3.2 of RFC 8017: all parts of the key. Not if d is too small; then another q is sought.
    fn derive(generation: *const Generation) bool {
        const sizes, const scratch = .{ generation.sizes, &generation.scratch };
        const blocks = limbs.blocksFor(sizes.modulus_bits);
        const count = block_limbs * blocks;
        generation.orderPrimes();
        const p, const q = generation.candidates;
        const a, const b = .{ generation.a, generation.b };
        const parts: key_module.Parts = .of(sizes, generation.parts);

        // n = p q.
        generation.multiplyBytes(p, q);
        modulus_module.digitsToBytes(scratch, a.digits[0..count], @constCast(parts.n));

        // lcm(p - 1, q - 1) = (p - 1) / 2^c * (q - 1) / g, where 2^c and g are what they share of two, and of odd
        // numbers: g is a divisor of the odd part of p - 1.
        const odd, const other, const shared = generation.bytes;
        const p_minus_1, const q_minus_1 = .{ odd[0..p.len], other[0..p.len] };
        @memcpy(p_minus_1, p);
        @memset(q_minus_1, 0);
        @memcpy(q_minus_1[p.len - q.len ..], q);
        p_minus_1[p.len - 1] -= 1;
        q_minus_1[p.len - 1] -= 1;
        _ = prime.shiftOutZeros(p_minus_1, p_minus_1);
        generation.steps.gcd(p_minus_1, q_minus_1, shared[0..p.len]);
        // Zeros of both: those of p - 1 or q - 1, bit by bit.
        @memcpy(p_minus_1, p);
        p_minus_1[p.len - 1] -= 1;
        const either = generation.parts[0..p.len]; // n is written anew below.
        for (either, p_minus_1, q_minus_1) |*byte, x, y| byte.* = x | y;
        _ = prime.shiftOutZeros(p_minus_1, either);
        generation.multiplyBytes(p_minus_1, q_minus_1);
        modulus_module.fromBytes(b.digits, blocks, shared[0..p.len]);
        modulus_module.negatedInverse(scratch, b.digits, blocks, scratch.number);
        limbs.multiplyLow(scratch.columns, a.digits, scratch.number.pairs, blocks);
        _ = limbs.normalize(.carries, scratch.columns, blocks, a.digits, null);
        for (a.digits[0..count]) |*digit| digit.* = -digit.*;

        generation.invertExponent(@constCast(parts.d));
        modulus_module.fromBytes(a.digits, blocks, p);
        a.digits[0] -= 1;
        generation.invertExponent(@constCast(parts.dp));
        modulus_module.fromBytes(a.digits, blocks, q);
        a.digits[0] -= 1;
        generation.invertExponent(@constCast(parts.dq));
        @memcpy(@constCast(parts.e), generation.e);
        @memcpy(@constCast(parts.p), p);
        @memcpy(@constCast(parts.q), q);
        const q_wide = other[0..p.len];
        @memset(q_wide, 0);
        @memcpy(q_wide[p.len - q.len ..], q);
        _ = generation.steps.invert(p, q_wide, @constCast(parts.qi));
        generation.multiplyBytes(p, q);
        modulus_module.digitsToBytes(scratch, a.digits[0..count], @constCast(parts.n));

        // Section A.1.1, criterion 3: 2^(nlen/2) < d.
        var upper: u8 = 0;
        for (parts.d[0 .. parts.d.len - sizes.modulus_bits / 16 - 1]) |byte| upper |= byte;
        return upper != 0;
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

    /// 1/e modulo the number m in a, as bytes: (1 + m k) / e with k = -1/m modulo e. Exact, so it may be done modulo R.
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
        scratch.columns[0] += 1;
        _ = limbs.normalize(.carries, scratch.columns, blocks, a.digits, null);
        modulus_module.fromBytes(b.digits, blocks, e);
        modulus_module.negatedInverse(scratch, b.digits, blocks, scratch.number);
        limbs.multiplyLow(scratch.columns, a.digits, scratch.number.pairs, blocks);
        _ = limbs.normalize(.carries, scratch.columns, blocks, a.digits, null);
        for (a.digits[0..count]) |*digit| digit.* = -digit.*;
        modulus_module.digitsToBytes(scratch, a.digits[0..count], output);
    }
};

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
