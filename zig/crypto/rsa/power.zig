//! Powers modulo N, in steps: an exponent of thousands of bits takes longer than an event loop may be held.
//!
//! For a public exponent, squarings and multiplications from left to right, which show it. For a secret one, windows
//! of five bits, each a multiplication with an entry of a table that is read whole: constant time in base, exponent
//! and modulus. Both keep their place in memory that the caller keeps, and end a step when its budget is spent.

const std = @import("std");
const limbs = @import("limbs.zig");
const modulus_module = @import("modulus.zig");
const Area = @import("area.zig").Area;
const Modulus = modulus_module.Modulus;
const Number = modulus_module.Number;
const Scratch = modulus_module.Scratch;

/// Work that is left to a step, in tiles of 16 x 16 limbs to multiply; what else takes time is counted as so many.
pub const Budget = struct {
    tiles: u64,

    /// A product modulo n blocks of limbs has 2 n^2.
    pub fn spend(budget: *Budget, blocks: usize) void {
        budget.spendTiles(2 * blocks * blocks);
    }

    pub fn spendTiles(budget: *Budget, tiles: usize) void {
        budget.tiles -|= tiles;
    }

    pub fn isSpent(budget: *const Budget) bool {
        return budget.tiles == 0;
    }
};

/// x^e for a public odd e > 1.
pub const PublicPower = struct {
    /// x R, and then the power on its way.
    base: Number,
    result: Number,

    pub fn at(area: *Area, blocks: usize) PublicPower {
        return .{ .base = .at(area, blocks), .result = .at(area, blocks) };
    }

    /// Takes x, less than 2 N in magnitude. Gives the place to begin from.
    pub fn begin(
        power: *const PublicPower,
        modulus: *const Modulus,
        scratch: *const Scratch,
        x: [*]const i16,
        exponent: []const u8,
    ) u32 {
        const count = modulus.limbCount();
        @memcpy(power.base.digits[0..count], x[0..count]);
        modulus.enter(scratch, power.base);
        @memcpy(power.result.digits[0..count], power.base.digits[0..count]);
        limbs.pair(power.result.digits, modulus.divisor.blocks, power.result.pairs);
        return @intCast(bitLength(exponent) - 1);
    }

    /// Works on; the power is in `result`, not times R, when this gives true. `place` counts the bits left.
    pub fn step(
        power: *const PublicPower,
        modulus: *const Modulus,
        scratch: *const Scratch,
        x: [*]const i16,
        exponent: []const u8,
        place: *u32,
        budget: *Budget,
    ) bool {
        while (place.* > 0) {
            place.* -= 1;
            modulus.square(scratch, power.result, power.result);
            budget.spend(modulus.divisor.blocks);
            if (bitAt(exponent, place.*) == 1) {
                // e is odd, so this is the last step too; there the factor R leaves with x itself.
                const factor = if (place.* == 0) x else power.base.digits;
                modulus.multiply(scratch, power.result, factor, power.result.pairs);
                budget.spend(modulus.divisor.blocks);
            }
            if (budget.isSpent()) break;
        }
        return place.* == 0;
    }
};

const window_bits = 5;
const table_entries = 1 << window_bits;

/// x^d for a secret d no longer than N.
pub const SecretPower = struct {
    base: Number,
    result: Number,
    selected: [*]i16,
    table: [*]i16,

    /// How far it is: entries of the table that are made, then windows left.
    pub const Place = extern struct { entries: u32, windows: u32 };

    pub fn at(area: *Area, blocks: usize) SecretPower {
        const count = limbs.block_limbs * blocks;
        return .{
            .base = .at(area, blocks),
            .result = .at(area, blocks),
            .selected = area.take(i16, count),
            .table = area.take(i16, table_entries * count),
        };
    }

    /// Takes x R in the digits of `base`, whose modulus has so many bits: the exponent is as long.
    pub fn begin(power: *const SecretPower, modulus: *const Modulus, scratch: *const Scratch) Place {
        const count = modulus.limbCount();
        limbs.pair(power.base.digits, modulus.divisor.blocks, power.base.pairs);
        modulus.divisor.remainderOfPower(scratch, power.table, count);
        @memcpy((power.table + count)[0..count], power.base.digits[0..count]);
        const windows = std.math.divCeil(usize, modulus.divisor.bits, window_bits) catch unreachable;
        return .{ .entries = 2, .windows = @intCast(windows) };
    }

    /// Whether a place is one that a power modulo this can be in.
    pub fn isPlace(modulus: *const Modulus, place: Place) bool {
        const windows = std.math.divCeil(usize, modulus.divisor.bits, window_bits) catch unreachable;
        const is_begun = place.entries == table_entries or place.windows > 0;
        return place.entries >= 2 and place.entries <= table_entries and is_begun and place.windows <= windows;
    }

    /// Works on; the power times R is in `result` when this gives true.
    pub fn step(
        power: *const SecretPower,
        modulus: *const Modulus,
        scratch: *const Scratch,
        exponent: []const u8,
        place: *Place,
        budget: *Budget,
    ) bool {
        const blocks = modulus.divisor.blocks;
        const count = modulus.limbCount();
        while (place.entries < table_entries) {
            if (budget.isSpent()) return false;
            const entry = place.entries;
            const before = power.table + count * (if (entry % 2 == 0) entry / 2 else entry - 1);
            limbs.pair(before, blocks, power.result.pairs);
            if (entry % 2 == 0) {
                modulus.square(scratch, power.result, .{ .digits = before, .pairs = power.result.pairs });
            } else {
                modulus.multiply(scratch, power.result, power.base.digits, power.result.pairs);
            }
            @memcpy((power.table + count * entry)[0..count], power.result.digits[0..count]);
            budget.spend(blocks);
            place.entries += 1;
            if (place.entries == table_entries) {
                place.windows -= 1;
                power.select(count, windowAt(exponent, place.windows));
                @memcpy(power.result.digits[0..count], power.selected[0..count]);
                limbs.pair(power.result.digits, blocks, power.result.pairs);
            }
        }
        while (place.windows > 0) {
            if (budget.isSpent()) return false;
            place.windows -= 1;
            for (0..window_bits) |_| modulus.square(scratch, power.result, power.result);
            power.select(count, windowAt(exponent, place.windows));
            modulus.multiply(scratch, power.result, power.selected, power.result.pairs);
            for (0..window_bits + 1) |_| budget.spend(blocks);
        }
        return true;
    }

    /// Copies an entry of the table by reading all of it, so many vectors at a time.
    noinline fn select(power: *const SecretPower, count: usize, index: u32) void {
        var place: usize = 0;
        inline for (.{ 5, 1 }) |vectors| {
            while (place + vectors * lanes <= count) : (place += vectors * lanes) {
                var selected: [vectors]Vector = @splat(@splat(0));
                var from = power.table + place;
                for (0..table_entries) |entry| {
                    const different = index ^ @as(u32, @intCast(entry));
                    const mask: Vector = @splat(@truncate(@as(i32, @bitCast(different -% 1)) >> 31));
                    inline for (&selected, 0..) |*digits, v| {
                        digits.* |= @as(*align(2) const Vector, @ptrCast(from + lanes * v)).* & mask;
                    }
                    from += count;
                }
                inline for (selected, 0..) |digits, v| {
                    @as(*align(2) Vector, @ptrCast(power.selected + place + lanes * v)).* = digits;
                }
            }
        }
    }
};

const lanes = 8;
const Vector = @Vector(lanes, i16);

/// Five bits of a big-endian exponent; beyond its bytes there are zeros.
fn windowAt(exponent: []const u8, window: u32) u32 {
    const bit = window_bits * window;
    const two = byteAt(exponent, bit / 8) | @as(u32, byteAt(exponent, bit / 8 + 1)) << 8;
    return two >> @intCast(bit % 8) & (table_entries - 1);
}

fn byteAt(bytes: []const u8, index: usize) u8 {
    return if (index < bytes.len) bytes[bytes.len - 1 - index] else 0;
}

pub fn bitAt(bytes: []const u8, bit: usize) u1 {
    return @truncate(byteAt(bytes, bit / 8) >> @intCast(bit % 8));
}

/// Whether a public big-endian integer can be e: odd, and 3 at least.
pub fn isExponent(bytes: []const u8) bool {
    return bytes[bytes.len - 1] & 1 == 1 and bitLength(bytes) >= 2;
}

/// Of a public big-endian integer.
pub fn bitLength(bytes: []const u8) usize {
    for (bytes, 0..) |byte, i| {
        if (byte != 0) return 8 * (bytes.len - i) - @clz(byte);
    }
    return 0;
}
