//! Natural numbers as digits, the lowest first, in bases that are powers of two: between bytes and limbs, and to the
//! least of all numbers that are the same modulo another. One copy of each function serves all curves.
//!
//! Constant time but for what says otherwise: what happens depends on lengths and bases only.

const std = @import("std");
const hidden = @import("secret.zig").hidden;

/// The digits of a big-endian integer, which must fit.
pub noinline fn fromBytes(digits: []i64, digit_bits: u6, integer: []const u8) void {
    var waiting: u64 = 0;
    var count: u32 = 0;
    var at = integer.len;
    for (digits) |*digit| {
        while (count < digit_bits and at > 0) {
            at -= 1;
            waiting |= @as(u64, integer[at]) << @intCast(count);
            count += 8;
        }
        digit.* = @intCast(waiting & mask(digit_bits));
        waiting >>= digit_bits;
        count -|= digit_bits;
    }
}

/// A number as a big-endian integer, which it must fit in.
pub noinline fn toBytes(integer: []u8, digit_bits: u6, digits: []const i64) void {
    var waiting: u64 = 0;
    var count: u32 = 0;
    var next: usize = 0;
    var at = integer.len;
    while (at > 0) {
        at -= 1;
        if (count < 8 and next < digits.len) {
            waiting |= @as(u64, @intCast(digits[next])) << @intCast(count);
            count += digit_bits;
            next += 1;
        }
        integer[at] = @truncate(waiting);
        waiting >>= 8;
        count -|= 8;
    }
}

/// The bits of a number, the lowest first, a byte for each.
pub noinline fn toBits(bits: []u8, digit_bits: u6, digits: []const i64) void {
    var rest = bits;
    for (digits) |digit| {
        const count = @min(digit_bits, rest.len);
        for (rest[0..count], 0..) |*bit, i| bit.* = @intCast(digit >> @intCast(i) & 1);
        rest = rest[count..];
    }
    @memset(rest, 0);
}

/// A number in another base.
pub noinline fn convert(to: []i64, to_bits: u6, from: []const i64, from_bits: u6) void {
    var waiting: u64 = 0;
    var count: u32 = 0;
    var next: usize = 0;
    for (to) |*digit| {
        if (count < to_bits and next < from.len) {
            waiting |= @as(u64, @intCast(from[next])) << @intCast(count);
            count += from_bits;
            next += 1;
        }
        // Bases are close to each other, but the second of two larger digits may be needed for one smaller.
        if (count < to_bits and next < from.len) {
            waiting |= @as(u64, @intCast(from[next])) << @intCast(count);
            count += from_bits;
            next += 1;
        }
        digit.* = @intCast(waiting & mask(to_bits));
        waiting >>= to_bits;
        count -|= to_bits;
    }
}

/// The least number that is the same as a modulo `modulus`. a is between -modulus and modulus, its limbs of any size
/// and sign.
pub noinline fn reduce(digits: []i64, digit_bits: u6, a: []const i64, modulus: []const i64) void {
    var carried: i64 = 0;
    for (digits, a, modulus) |*digit, limb, other| {
        const sum = limb + other + carried;
        digit.* = sum & @as(i64, @intCast(mask(digit_bits)));
        carried = sum >> digit_bits;
    }
    // Now from 1 to twice the modulus less 1. Whether a second modulus is in it, the borrow of subtracting it says.
    carried = 0;
    for (digits, modulus) |digit, other| carried = (digit - other + carried) >> digit_bits;
    const keep = hidden(~carried);
    carried = 0;
    for (digits, modulus) |*digit, other| {
        const sum = digit.* - (other & keep) + carried;
        digit.* = sum & @as(i64, @intCast(mask(digit_bits)));
        carried = sum >> digit_bits;
    }
}

/// A big-endian integer as odd digits below 2^(window - 1) and their negatives, at least window - 1 zeros between any
/// two: digits[i] stands for digits[i] * 2^i. There is one digit more than the integer has bits, for the last carry.
/// Variable time: for public numbers.
pub noinline fn nonAdjacent(digits: []i8, window: u4, integer: []const u8) void {
    @memset(digits, 0);
    var carried: u32 = 0;
    var i: usize = 0;
    while (i < digits.len) {
        // The next bits, eight at least.
        var bits: u32 = 0;
        for (0..2) |byte| {
            const from_end = i / 8 + byte + 1;
            if (from_end <= integer.len) bits |= @as(u32, integer[integer.len - from_end]) << @intCast(8 * byte);
        }
        bits >>= @intCast(i % 8);
        if (bits & 1 == carried) {
            i += 1;
            continue;
        }
        const digit: i32 = @intCast((bits & mask(window)) + carried);
        carried = @intFromBool(digit >= @as(i32, 1) << window - 1);
        digits[i] = @intCast(if (carried != 0) digit - (@as(i32, 1) << window) else digit);
        i += window;
    }
}

inline fn mask(bits: u6) u64 {
    return (@as(u64, 1) << bits) - 1;
}

test "bits, a byte for each, and zeros beyond them" {
    var bits: [70]u8 = undefined;
    toBits(&bits, 29, &.{ 0x1234_5678, 0x1fff_0001 });
    const number = 0x1fff_0001 << 29 | 0x1234_5678;
    for (bits, 0..) |bit, i| try std.testing.expectEqual(@as(u128, number) >> @intCast(i) & 1, bit);
    toBits(bits[0..40], 29, &.{ 0x1234_5678, 0x1fff_0001 });
    for (bits[0..40], 0..) |bit, i| try std.testing.expectEqual(@as(u128, number) >> @intCast(i) & 1, bit);
}

test "odd digits, zeros between them, add up to the integer" {
    var prng: std.Random.DefaultPrng = .init(std.testing.random_seed);
    for (0..400) |round| {
        var integer: [16]u8 = undefined;
        prng.random().bytes(&integer);
        if (round < 64) @memset(&integer, if (round % 2 == 0) 0xff else 0); // Carries to the end, and nothing at all.
        if (round >= 32 and round < 64) integer[round % 16] = 0x80;
        for ([_]u4{ 2, 5, 6, 8 }) |window| {
            var digits: [8 * integer.len + 1]i8 = undefined;
            nonAdjacent(&digits, window, &integer);
            var sum: i256 = 0;
            for (digits, 0..) |digit, i| {
                sum += @as(i256, digit) << @intCast(i);
                if (digit == 0) continue;
                try std.testing.expect(@abs(digit) % 2 == 1 and @abs(digit) < @as(u8, 1) << @intCast(window - 1));
                for (digits[i + 1 .. @min(i + window, digits.len)]) |next| try std.testing.expectEqual(0, next);
            }
            try std.testing.expectEqual(std.mem.readInt(u128, &integer, .big), sum);
        }
    }
}
