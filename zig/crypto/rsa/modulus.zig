//! Arithmetic modulo N on the signed limbs of limbs.zig: remainders for any N, Montgomery products for odd ones.
//!
//! With n limbs, R = 2^(13 n) is at least 16 N. Integers modulo N stand for themselves plus or minus N, or so:
//! a product of a and b, each below 2.8 N in magnitude, is below N (2.8^2 N^2 / R < 0.49 N, and the multiplier's part,
//! 0.504 N). So products, and sums of two of them, may go into the next. `toBytes` alone makes them least residues.
//!
//! Montgomery's reduction (Math. Comp. 44, 1985) in the form that has no chain of limbs: of T = a * b, the lower half
//! times -1/N modulo R gives a multiplier m, and T + m N is a multiple of R; its upper half is the result. The lower
//! half of m N is not computed: it carries what four columns tell.
//!
//! Constant time in all values, N's too. Public: its length in bits, and so the number of limbs.

const std = @import("std");
const limbs = @import("limbs.zig");
const Area = @import("area.zig").Area;
const assert = std.debug.assert;

const limb_bits = limbs.limb_bits;
const block_limbs = limbs.block_limbs;
const limb_mask = (1 << limb_bits) - 1;

/// An integer in both layouts that products read.
pub const Number = struct {
    digits: [*]i16,
    pairs: [*]i32,

    pub noinline fn at(area: *Area, blocks: usize) Number {
        return .{
            .digits = area.take(i16, block_limbs * blocks),
            .pairs = area.take(i32, block_limbs * blocks + 2 * limbs.pairs_margin) + limbs.pairs_margin,
        };
    }
};

/// Memory that operations modulo anything of up to so many blocks use, one at a time. It holds no value between
/// them, but what it held: whoever owns it wipes it.
pub const Scratch = struct {
    /// Of a product, or a dividend: up to 2 n + 1 columns, with a margin on either side.
    columns: [*]i32,
    low: [*]i16,
    multiplier: [*]i16,
    number: Number,

    const margin = 16;

    pub noinline fn at(area: *Area, blocks: usize) Scratch {
        return .{
            .columns = area.take(i32, 2 * block_limbs * blocks + 3 * margin) + margin,
            .low = area.take(i16, block_limbs * blocks),
            .multiplier = area.take(i16, block_limbs * blocks),
            .number = .at(area, blocks),
        };
    }
};

/// What remainders need to know about N, which may be even.
pub const Divisor = struct {
    bits: usize,
    blocks: usize,
    number: Number,
    /// 2^(13 (L - 1)) / N, L the limbs that N fills, with a relative error below 2^-48.
    reciprocal: *f64,

    pub noinline fn at(area: *Area, bits: usize) Divisor {
        const blocks = limbs.blocksFor(bits);
        return .{
            .bits = bits,
            .blocks = blocks,
            .number = .at(area, blocks),
            .reciprocal = @ptrCast(area.take(f64, 1)),
        };
    }

    /// Limbs that N fills: 2^(13 (L - 1) - 1) <= N < 2^(13 L - 1).
    fn filled(divisor: *const Divisor) usize {
        return divisor.bits / limb_bits + 1;
    }

    /// Takes N big-endian, of `bits` bits exactly.
    pub fn init(divisor: *const Divisor, bytes: []const u8) void {
        fromBytes(divisor.number.digits, divisor.blocks, bytes);
        divisor.prepare();
    }

    /// For whose digits have been written.
    pub noinline fn prepare(divisor: *const Divisor) void {
        const digits = divisor.number.digits;
        limbs.pair(digits, divisor.blocks, divisor.number.pairs);
        // N as a fraction of 2^bits, in [1/2, 1): no exponent, and so no secret, steers the steps of Newton's method.
        // Division might take longer for some numbers.
        const top = divisor.filled() - 1;
        var fraction: f64 = 0;
        for (0..@min(top + 1, 6)) |i| {
            const exponent = limb_bits * (@as(i32, @intCast(top - i))) - @as(i32, @intCast(divisor.bits));
            fraction += @as(f64, @floatFromInt(digits[top - i])) * powerOf2(exponent);
        }
        var x = 48.0 / 17.0 - 32.0 / 17.0 * fraction;
        inline for (0..5) |_| x += x * (1 - fraction * x);
        const exponent = limb_bits * @as(i32, @intCast(top)) - @as(i32, @intCast(divisor.bits));
        divisor.reciprocal.* = x * powerOf2(exponent);
    }

    /// The remainder of x, at most 0.51 N in magnitude. x is up to twice as many digits as the scratch is for.
    pub noinline fn remainder(
        divisor: *const Divisor,
        scratch: *const Scratch,
        output: [*]i16,
        x: [*]const i16,
        count: usize,
    ) void {
        divisor.clearColumns(scratch, count);
        for (scratch.columns, x[0..count]) |*column, digit| column.* = digit;
        divisor.divide(scratch.columns, count);
        _ = limbs.normalize(.keeps, scratch.columns, divisor.blocks, output, null);
    }

    /// The remainder of a product that lies in the scratch's columns.
    pub fn remainderOfColumns(divisor: *const Divisor, scratch: *const Scratch, output: [*]i16, count: usize) void {
        // So that columns take what division adds to them.
        limbs.settle(scratch.columns, count);
        @memset((scratch.columns - Scratch.margin)[0..Scratch.margin], 0);
        @memset((scratch.columns + count)[0..Scratch.margin], 0);
        divisor.divide(scratch.columns, count);
        _ = limbs.normalize(.keeps, scratch.columns, divisor.blocks, output, null);
    }

    /// The remainder of 2^(13 count).
    pub noinline fn remainderOfPower(
        divisor: *const Divisor,
        scratch: *const Scratch,
        output: [*]i16,
        count: usize,
    ) void {
        divisor.clearColumns(scratch, count + 1);
        scratch.columns[count] = 1;
        divisor.divide(scratch.columns, count + 1);
        _ = limbs.normalize(.keeps, scratch.columns, divisor.blocks, output, null);
    }

    fn clearColumns(divisor: *const Divisor, scratch: *const Scratch, count: usize) void {
        const used = @max(count, block_limbs * divisor.blocks);
        @memset((scratch.columns - Scratch.margin)[0 .. used + 2 * Scratch.margin], 0);
    }

    /// x, |x| < N, big-endian and not negative: `bytes` must have room for N.
    pub noinline fn toBytes(divisor: *const Divisor, scratch: *const Scratch, x: [*]const i16, bytes: []u8) void {
        const count = block_limbs * divisor.blocks;
        const least = scratch.low[0..count];
        const sign = carrySerially(least, x[0..count], null, 0);
        _ = carrySerially(least, least, divisor.number.digits, sign);
        writeBytes(least, bytes);
    }

    /// Whether x, which is not negative, is less than N.
    pub fn isAbove(divisor: *const Divisor, scratch: *const Scratch, x: [*]const i16) bool {
        const count = block_limbs * divisor.blocks;
        const difference = scratch.low[0..count];
        for (difference, x[0..count], divisor.number.digits) |*digit, a, b| digit.* = a -% b;
        return carrySerially(difference, difference, null, 0) < 0;
    }

    /// Two limbs of the quotient at a time, rounded to nearest, so that what is left never exceeds 0.51 N. Each
    /// subtraction adds to columns without carrying; 48 of them fit.
    noinline fn divide(divisor: *const Divisor, columns: [*]i32, count: usize) void {
        const steps_max = 48;
        comptime assert((steps_max + 1) * (4096 + 4200) * limbs.limb_max < 1 << 31);
        const filled_limbs = divisor.filled();
        const vectors = std.math.divCeil(usize, filled_limbs + 1, 4) catch unreachable;
        const window = 4 * (std.math.divCeil(usize, filled_limbs, 4) catch unreachable);
        var steps: usize = 0;
        var s = std.mem.alignForward(usize, count -| filled_limbs, 2) + 2;
        while (s != 0) {
            s -= 2;
            const top = columns + s + filled_limbs - 1; // N's uppermost limb.
            const limb: f64 = 1 << limb_bits;
            const below = float(top - 1) + (float(top - 2) + float(top - 3) / limb) / limb;
            const value = (float(top + 2) * limb + float(top + 1)) * limb + float(top) + below / limb;
            const quotient = roundToInt(value * divisor.reciprocal.*);
            const low = ((quotient +% 4096) & 8191) -% 4096;
            const high = (quotient -% low) >> limb_bits;
            limbs.subtractMultiple(columns + s, divisor.number.pairs, vectors, .{ low, high });
            // What is left fits the uppermost limb and those beneath; the two above only balance them.
            top[0] +%= (top[1] << limb_bits) +% (top[2] << 2 * limb_bits);
            top[1] = 0;
            top[2] = 0;
            steps += 1;
            if (steps % steps_max == 0) limbs.settle(top + 1 - window, window);
        }
    }
};

/// An odd N, with what Montgomery products need. Of one block at least.
pub const Modulus = struct {
    divisor: Divisor,
    /// The pairs of -1/N modulo R.
    inverse: [*]i32,
    /// R^2 modulo N: multiplying by it takes x to x R.
    r_squared: [*]i16,

    pub noinline fn at(area: *Area, bits: usize) Modulus {
        const divisor: Divisor = .at(area, bits);
        return .{
            .divisor = divisor,
            .inverse = area.take(i32, block_limbs * divisor.blocks + 2 * limbs.pairs_margin) + limbs.pairs_margin,
            .r_squared = area.take(i16, block_limbs * divisor.blocks),
        };
    }

    /// Takes N big-endian, of `bits` bits exactly.
    pub fn init(modulus: *const Modulus, scratch: *const Scratch, bytes: []const u8) void {
        modulus.divisor.init(bytes);
        modulus.prepare(scratch);
    }

    /// For whose divisor has been made.
    pub noinline fn prepare(modulus: *const Modulus, scratch: *const Scratch) void {
        modulus.prepareInverse(scratch);
        modulus.divisor.remainderOfPower(scratch, modulus.r_squared, 2 * modulus.limbCount());
    }

    /// Enough for products, if R^2 is not needed.
    pub fn prepareInverse(modulus: *const Modulus, scratch: *const Scratch) void {
        const number = modulus.divisor.number;
        negatedInverse(scratch, number.digits, modulus.divisor.blocks, scratch.number);
        limbs.pair(scratch.number.digits, modulus.divisor.blocks, modulus.inverse);
    }

    pub fn limbCount(modulus: *const Modulus) usize {
        return block_limbs * modulus.divisor.blocks;
    }

    /// a b / R. `output` may be an operand.
    pub fn multiply(
        modulus: *const Modulus,
        scratch: *const Scratch,
        output: Number,
        a: [*]const i16,
        b: [*]const i32,
    ) void {
        limbs.multiply(scratch.columns, a, b, modulus.divisor.blocks);
        modulus.reduce(scratch, output);
    }

    /// a^2 / R.
    pub fn square(modulus: *const Modulus, scratch: *const Scratch, output: Number, a: Number) void {
        limbs.square(scratch.columns, a.digits, a.pairs, modulus.divisor.blocks);
        modulus.reduce(scratch, output);
    }

    /// The product in the scratch's columns, divided by R.
    noinline fn reduce(modulus: *const Modulus, scratch: *const Scratch, output: Number) void {
        const blocks = modulus.divisor.blocks;
        const columns = scratch.columns;
        const upper = columns + block_limbs * blocks;
        upper[0] +%= limbs.normalize(.carries, columns, blocks, scratch.low, null);
        limbs.settleForProduct(upper, blocks);
        limbs.multiplyLow(columns, scratch.low, modulus.inverse, blocks);
        _ = limbs.normalize(.carries, columns, blocks, scratch.multiplier, null);
        const pairs = modulus.divisor.number.pairs;
        limbs.addProductHigh(columns, scratch.multiplier, pairs, blocks);
        upper[0] +%= limbs.carryOfLow(scratch.multiplier, pairs, scratch.low, blocks);
        _ = limbs.normalize(.keeps, upper, blocks, output.digits, output.pairs);
    }

    /// Takes x, |x| < 2 N, to x R modulo N.
    pub fn enter(modulus: *const Modulus, scratch: *const Scratch, x: Number) void {
        limbs.pair(x.digits, modulus.divisor.blocks, x.pairs);
        modulus.multiply(scratch, x, modulus.r_squared, x.pairs);
    }

    /// Takes x R to x modulo N.
    pub fn leave(modulus: *const Modulus, scratch: *const Scratch, x: Number) void {
        limbs.clear(scratch.columns, 2 * modulus.divisor.blocks);
        for (scratch.columns, x.digits[0..modulus.limbCount()]) |*column, digit| column.* = digit;
        modulus.reduce(scratch, x);
    }

    /// Whether a and b, |a - b| < 4 N, are the same modulo N: all ones or zero. Their difference divided by R is
    /// less than N in magnitude, and zero has one form only.
    pub fn same(modulus: *const Modulus, scratch: *const Scratch, a: [*]const i16, b: [*]const i16) u32 {
        limbs.clear(scratch.columns, 2 * modulus.divisor.blocks);
        const count = modulus.limbCount();
        for (scratch.columns, a[0..count], b[0..count]) |*column, x, y| column.* = @as(i32, x) - y;
        modulus.reduce(scratch, scratch.number);
        return isZero(scratch.number.digits[0..count]);
    }
};

/// -1/N modulo 2^(13 n) for odd N: by Hensel's lifting, x (2 + N x) doubles the limbs for which N x = -1.
pub noinline fn negatedInverse(scratch: *const Scratch, n: [*]const i16, blocks: usize, output: Number) void {
    var low: u64 = 0;
    for (0..5) |i| low +%= @as(u64, @bitCast(@as(i64, n[i]))) << @intCast(limb_bits * i);
    var x: u64 = low; // Right modulo 8, as the square of an odd number is 1.
    inline for (0..5) |_| x *%= 2 -% low *% x;
    @memset(output.digits[0 .. block_limbs * blocks], 0);
    var seed: [8]u8 = undefined;
    std.mem.writeInt(u64, &seed, -%x & ((1 << 4 * limb_bits) - 1), .big);
    fromBytes(output.digits, 1, &seed);
    std.crypto.secureZero(u8, &seed);

    var right: usize = 4;
    while (right < block_limbs * blocks) {
        const lifted = @min(2 * right, block_limbs * blocks);
        const part = std.math.divCeil(usize, lifted, block_limbs) catch unreachable;
        limbs.pair(output.digits, part, output.pairs);
        limbs.multiplyLow(scratch.columns, n, output.pairs, part);
        scratch.columns[0] +%= 2;
        _ = limbs.normalize(.carries, scratch.columns, part, scratch.low, null);
        limbs.multiplyLow(scratch.columns, scratch.low, output.pairs, part);
        _ = limbs.normalize(.carries, scratch.columns, part, output.digits, null);
        right = lifted;
    }
    limbs.pair(output.digits, blocks, output.pairs);
}

// ---- bytes ----

/// The digits of a big-endian integer, which must be less than 2^(13 n - 1): -4095 to 4097 each. There are no more of
/// them than `Divisor.filled` says, as a limb of 12 bits carries nothing.
pub noinline fn fromBytes(digits: [*]i16, blocks: usize, bytes: []const u8) void {
    var waiting: u64 = 0;
    var waiting_bits: u32 = 0;
    var left = bytes.len;
    var carry: i32 = 0;
    for (digits[0 .. block_limbs * blocks]) |*digit| {
        if (waiting_bits < limb_bits) {
            if (left >= 4) {
                left -= 4;
                waiting |= @as(u64, std.mem.readInt(u32, bytes[left..][0..4], .big)) << @intCast(waiting_bits);
            } else {
                for (0..4) |i| {
                    if (left == 0) break;
                    left -= 1;
                    waiting |= @as(u64, bytes[left]) << @intCast(waiting_bits + 8 * i);
                }
            }
            waiting_bits += 32;
        }
        const limb: i32 = @intCast(waiting & limb_mask);
        waiting >>= limb_bits;
        waiting_bits -= limb_bits;
        const next_carry = (limb + 4095) >> limb_bits;
        digit.* = @intCast(limb - (next_carry << limb_bits) + carry);
        carry = next_carry;
    }
}

/// From digits to limbs of 0 to 8191, which may be the same memory; gives the carry, -1 for a negative integer.
/// Adds another integer if the mask is all ones.
noinline fn carrySerially(output: []i16, digits: []const i16, other: ?[*]const i16, mask: i32) i32 {
    var carry: i32 = 0;
    for (output, digits, 0..) |*limb, digit, i| {
        const value = digit + carry + if (other) |added| added[i] & mask else 0;
        limb.* = @intCast(value & limb_mask);
        carry = value >> limb_bits;
    }
    return carry;
}

/// Limbs of 0 to 8191 as big-endian bytes; what does not fit is zero.
noinline fn writeBytes(from: []const i16, bytes: []u8) void {
    var waiting: u64 = 0;
    var waiting_bits: u32 = 0;
    var at = bytes.len;
    for (from) |limb| {
        waiting |= @as(u64, @intCast(limb)) << @intCast(waiting_bits);
        waiting_bits += limb_bits;
        if (waiting_bits < 32) continue;
        if (at < 4) break;
        at -= 4;
        std.mem.writeInt(u32, bytes[at..][0..4], @truncate(waiting), .big);
        waiting >>= 32;
        waiting_bits -= 32;
    }
    while (at > 0) {
        at -= 1;
        bytes[at] = @truncate(waiting);
        waiting >>= 8;
    }
}

/// The big-endian bytes of an integer that is not negative.
pub fn digitsToBytes(scratch: *const Scratch, digits: []const i16, bytes: []u8) void {
    const least = scratch.low[0..digits.len];
    _ = carrySerially(least, digits, null, 0);
    writeBytes(least, bytes);
}

/// All ones if every digit is zero, or else zero.
pub fn isZero(digits: []const i16) u32 {
    var all: u32 = 0;
    for (digits) |digit| all |= @as(u16, @bitCast(digit));
    return @bitCast(@as(i32, @bitCast(all -% 1)) >> 31);
}

// ---- floating point ----

inline fn float(column: [*]const i32) f64 {
    return @floatFromInt(column[0]);
}

fn powerOf2(exponent: i32) f64 {
    return @bitCast(@as(u64, @intCast(exponent + 1023)) << 52);
}

/// To nearest, for less than 2^31 in magnitude: 1.5 * 2^52 pushes all but the integer out of the mantissa.
inline fn roundToInt(x: f64) i32 {
    const bits: u64 = @bitCast(x + 0x1.8p52);
    return @bitCast(@as(u32, @truncate(bits)));
}

const testing = std.testing;
const Big = std.math.big.int.Managed;

/// What the tests compare with, and memory for what they test.
const Fixture = struct {
    arena: std.heap.ArenaAllocator,

    fn init() Fixture {
        return .{ .arena = .init(testing.allocator) };
    }

    fn deinit(fixture: *Fixture) void {
        fixture.arena.deinit();
    }

    fn make(fixture: *Fixture, comptime T: type, arguments: anytype) !T {
        const length = @import("area.zig").bytesOf(T, arguments);
        const memory = try fixture.arena.allocator().alignedAlloc(u8, .@"16", length);
        @memset(memory, 0xaa);
        var area: Area = .of(memory.ptr);
        return @call(.auto, T.at, .{&area} ++ arguments);
    }

    fn big(fixture: *Fixture, value: anytype) !Big {
        return Big.initSet(fixture.arena.allocator(), value);
    }

    fn fromBytes(fixture: *Fixture, bytes: []const u8) !Big {
        var total = try fixture.big(0);
        for (bytes) |byte| {
            try total.shiftLeft(&total, 8);
            try total.addScalar(&total, byte);
        }
        return total;
    }

    fn fromDigits(fixture: *Fixture, digits: []const i16) !Big {
        var total = try fixture.big(0);
        var i = digits.len;
        while (i > 0) {
            i -= 1;
            try total.shiftLeft(&total, limb_bits);
            try total.addScalar(&total, digits[i]);
        }
        return total;
    }

    fn modulo(fixture: *Fixture, a: *const Big, n: *const Big) !Big {
        var quotient = try fixture.big(0);
        var rest = try fixture.big(0);
        try quotient.divFloor(&rest, a, n);
        return rest;
    }

    /// Whether a b = c modulo n.
    fn expectProduct(fixture: *Fixture, a: *const Big, b: *const Big, c: *const Big, n: *const Big) !void {
        var product = try fixture.big(0);
        try product.mul(a, b);
        try product.sub(&product, c);
        try testing.expect((try fixture.modulo(&product, n)).eqlZero());
    }
};

const sizes = [_]usize{ 204, 205, 256, 511, 512, 1021, 1024, 1032, 1536, 2048, 2049, 3072, 4096 };

/// An odd number of so many bits: random, least or greatest.
fn oddNumber(random: std.Random, kind: usize, bits: usize, bytes: []u8) []u8 {
    const used = bytes[0 .. (bits + 7) / 8];
    switch (kind % 4) {
        0 => @memset(used, 0),
        1 => @memset(used, 0xff),
        else => random.bytes(used),
    }
    const top: u3 = @intCast((bits - 1) % 8);
    used[0] &= @truncate((@as(u16, 2) << top) - 1);
    used[0] |= @as(u8, 1) << top;
    used[used.len - 1] |= 1;
    return used;
}

test "remainders are std's, for every size of divisor and dividend, odd or even, least and greatest" {
    var prng: std.Random.DefaultPrng = .init(0x64697631);
    const random = prng.random();
    for ([_]usize{ 2, 3, 12, 13, 14, 25, 26, 27, 64, 128, 200, 256, 1024 }, 0..) |bits, round| {
        var fixture: Fixture = .init();
        defer fixture.deinit();
        for (0..6) |kind| {
            var storage: [1024]u8 = undefined;
            const n_bytes = oddNumber(random, kind, bits, &storage);
            if (kind == 5) n_bytes[n_bytes.len - 1] &= 0xfe;
            const divisor = try fixture.make(Divisor, .{bits});
            const scratch_blocks = 10;
            const scratch = try fixture.make(Scratch, .{@as(usize, scratch_blocks)});
            divisor.init(n_bytes);
            const n = try fixture.fromBytes(n_bytes);
            var x: [2 * block_limbs * scratch_blocks]i16 = undefined;
            const output = try fixture.make(Number, .{divisor.blocks});
            for ([_]usize{ 1, 2, 16, 31, 32, 160, 320 }) |count| {
                for (x[0..count]) |*digit| digit.* = switch ((kind + round) % 3) {
                    0 => limbs.limb_max,
                    1 => -limbs.limb_max,
                    else => random.intRangeAtMost(i16, -limbs.limb_max, limbs.limb_max),
                };
                divisor.remainder(&scratch, output.digits, &x, count);
                const rest = try fixture.fromDigits(output.digits[0 .. block_limbs * divisor.blocks]);
                var difference = try fixture.fromDigits(x[0..count]);
                try difference.sub(&difference, &rest);
                try testing.expect((try fixture.modulo(&difference, &n)).eqlZero());
                var doubled = try fixture.big(0);
                var limit = try fixture.big(102);
                try doubled.mul(&rest, &(try fixture.big(200)));
                try limit.mul(&limit, &n);
                try testing.expect(doubled.orderAbs(limit) != .gt);
            }
            divisor.remainderOfPower(&scratch, output.digits, 320);
            var power = try fixture.big(1);
            try power.shiftLeft(&power, limb_bits * 320);
            const rest = try fixture.fromDigits(output.digits[0 .. block_limbs * divisor.blocks]);
            try power.sub(&power, &rest);
            try testing.expect((try fixture.modulo(&power, &n)).eqlZero());
        }
    }
}

test "Montgomery products and squares are std's, with all digits at their greatest and at random" {
    var prng: std.Random.DefaultPrng = .init(0x6d6f6e74);
    const random = prng.random();
    for (sizes, 0..) |bits, round| for (0..4) |kind| {
        var fixture: Fixture = .init();
        defer fixture.deinit();
        var storage: [1024]u8 = undefined;
        const n_bytes = oddNumber(random, kind + round, bits, &storage);
        const modulus = try fixture.make(Modulus, .{bits});
        const blocks = modulus.divisor.blocks;
        const count = block_limbs * blocks;
        const scratch = try fixture.make(Scratch, .{blocks});
        modulus.init(&scratch, n_bytes);
        const n = try fixture.fromBytes(n_bytes);
        var r = try fixture.big(1);
        try r.shiftLeft(&r, limb_bits * count);

        const a = try fixture.make(Number, .{blocks});
        const b = try fixture.make(Number, .{blocks});
        const output = try fixture.make(Number, .{blocks});
        for (0..4) |filling| {
            // The greatest digits make a number larger than is allowed: the top limb is left to the bound of 2.8 N.
            for ([_]Number{ a, b }, 0..) |number, which| {
                for (number.digits[0..count]) |*digit| digit.* = switch (filling) {
                    0 => limbs.limb_max,
                    1 => if (which == 0) -limbs.limb_max else limbs.limb_max,
                    else => random.intRangeAtMost(i16, -limbs.limb_max, limbs.limb_max),
                };
                const top = bits / limb_bits;
                for (number.digits[top..count]) |*digit| digit.* = 0;
                const bits_left = bits % limb_bits;
                if (bits_left > 0) number.digits[top] = @intCast((@as(u16, 1) << @intCast(bits_left)) / 2);
                limbs.pair(number.digits, blocks, number.pairs);
            }
            const a_big = try fixture.fromDigits(a.digits[0..count]);
            const b_big = try fixture.fromDigits(b.digits[0..count]);
            modulus.multiply(&scratch, output, a.digits, b.pairs);
            const product = try fixture.fromDigits(output.digits[0..count]);
            try fixture.expectProduct(&product, &r, &(try mul(&fixture, &a_big, &b_big)), &n);
            try testing.expect(product.orderAbs(n) == .lt);

            modulus.square(&scratch, output, a);
            const squared = try fixture.fromDigits(output.digits[0..count]);
            try fixture.expectProduct(&squared, &r, &(try mul(&fixture, &a_big, &a_big)), &n);
            var digit_max: u16 = 0;
            for (output.digits[0..count]) |digit| digit_max = @max(digit_max, @abs(digit));
            try testing.expect(digit_max <= limbs.limb_max);

            // Back and forth, as bytes.
            modulus.enter(&scratch, output);
            modulus.leave(&scratch, output);
            var bytes: [1024]u8 = undefined;
            const room = bytes[0 .. n_bytes.len + 1];
            modulus.divisor.toBytes(&scratch, output.digits, room);
            const residue = try fixture.fromBytes(room);
            try testing.expect(residue.order(n) == .lt);
            try fixture.expectProduct(&residue, &r, &(try mul(&fixture, &a_big, &a_big)), &n);
            const parsed = try fixture.make(Number, .{blocks});
            fromBytes(parsed.digits, blocks, room);
            try testing.expect((try fixture.fromDigits(parsed.digits[0..count])).eql(residue));
            try testing.expectEqual(~@as(u32, 0), modulus.same(&scratch, parsed.digits, output.digits));
            parsed.digits[0] += 1;
            try testing.expectEqual(0, modulus.same(&scratch, parsed.digits, output.digits));
        }
    };
}

fn mul(fixture: *Fixture, a: *const Big, b: *const Big) !Big {
    var product = try fixture.big(0);
    try product.mul(a, b);
    return product;
}
