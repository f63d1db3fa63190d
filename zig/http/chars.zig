//! Character classes of HTTP (RFC 9110 section 5.6, RFC 3986 section 2) and the search for the first byte that
//! falls out of one, sixteen bytes at a time.
//!
//! Promises: no search reads beyond its slice, whatever the bytes; the scalar and the vector form of a class
//! come from one table and so cannot disagree.

const std = @import("std");
const builtin = @import("builtin");

/// Sixteen bytes of input.
pub const Block = @Vector(16, u8);

/// One bit for each byte of a block, the first byte lowest.
pub const Mask = u16;

/// Answers for each lane of a block whether a search stops there.
pub const Search = fn (Block) callconv(.@"inline") Mask;

/// token characters: the names of methods, fields, chunk extensions (RFC 9110 section 5.6.2).
pub const tchar: AsciiSet = .of(isTchar);

/// The characters of a registered name besides percent escapes: unreserved and sub-delims (RFC 3986 section 3.2.2).
pub const reg_name: AsciiSet = .of(isRegName);

fn isTchar(byte: u8) bool {
    return std.ascii.isAlphanumeric(byte) or std.mem.indexOfScalar(u8, "!#$%&'*+-.^_`|~", byte) != null;
}

fn isRegName(byte: u8) bool {
    return std.ascii.isAlphanumeric(byte) or std.mem.indexOfScalar(u8, "-._~!$&'()*+,;=", byte) != null;
}

/// HTAB, SP and every visible or obs-text byte: what a field value may hold (RFC 9110 section 5.5).
pub fn isFieldText(byte: u8) bool {
    return (byte >= ' ' and byte != 0x7f) or byte == '\t';
}

/// Lanes that field text may not hold: control characters, of which CR is the one that ends a line properly.
pub inline fn notFieldText(block: Block) Mask {
    return mask(block < splat(' ')) & ~mask(block == splat('\t')) | mask(block == splat(0x7f));
}

/// Lanes that a request line may not hold: anything but SP and the visible ASCII characters.
pub inline fn notRequestLineText(block: Block) Mask {
    return mask(block -% splat(' ') > splat('~' - ' '));
}

/// Lanes that a request target may not hold: anything but visible ASCII characters without "#".
pub inline fn notTarget(block: Block) Mask {
    return mask(block -% splat('!') > splat('~' - '!')) | mask(block == splat('#'));
}

/// Lanes outside `tchar`.
pub inline fn notTchar(block: Block) Mask {
    return tchar.missing(block);
}

/// A set of ASCII characters as a table of 8 rows (high nibble) by 16 columns (low nibble): character 16r + c
/// belongs when bit r of `columns[c]` is set. Two swizzles look a whole block up.
pub const AsciiSet = struct {
    columns: [16]u8,

    pub fn of(comptime belongs: fn (u8) bool) AsciiSet {
        @setEvalBranchQuota(20_000);
        var set: AsciiSet = .{ .columns = @splat(0) };
        for (0..128) |byte| {
            if (belongs(byte)) set.columns[byte & 15] |= 1 << (byte >> 4);
        }
        return set;
    }

    pub fn has(set: AsciiSet, byte: u8) bool {
        return byte < 0x80 and set.columns[byte & 15] >> @intCast(byte >> 4) & 1 == 1;
    }

    inline fn missing(comptime set: AsciiSet, block: Block) Mask {
        // Rows 8 to 15 are not ASCII: their bit is zero, so that nothing there belongs.
        const row_bits: Block = .{ 1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0 };
        const rows = swizzle(row_bits, block >> @splat(4));
        const columns = swizzle(set.columns, block & splat(15));
        return mask(rows & columns == splat(0));
    }
};

/// The offset of the first byte at or after `from` for which `stops` answers, or `bytes.len`.
pub inline fn indexOfFirst(comptime stops: Search, bytes: []const u8, from: usize) usize {
    var at = from;
    while (bytes.len - at >= 16) : (at += 16) {
        const found = stops(bytes[at..][0..16].*);
        if (found != 0) return at + @ctz(found);
    }
    if (bytes.len < 16) {
        while (at < bytes.len and stops(@splat(bytes[at])) == 0) at += 1;
        return at;
    }
    // The last block overlaps what has been looked at; those lanes are shifted out.
    const rest = bytes.len - at;
    if (rest == 0) return at;
    const found = stops(bytes[bytes.len - 16 ..][0..16].*) >> @intCast(16 - rest);
    return if (found != 0) at + @ctz(found) else bytes.len;
}

/// Makes the letters of `bytes[from..to]` lower case.
pub inline fn lowerCase(bytes: []u8, from: usize, to: usize) void {
    var at = from;
    while (at < to) : (at += 16) {
        if (bytes.len - at < 16) {
            for (bytes[at..to]) |*byte| byte.* = std.ascii.toLower(byte.*);
            return;
        }
        const block: Block = bytes[at..][0..16].*;
        const inside = std.simd.iota(u8, 16) < splat(@intCast(@min(to - at, 16)));
        const upper = mask(block -% splat('A') < splat(26)) & mask(inside);
        if (upper == 0) continue;
        const lanes: @Vector(16, bool) = @bitCast(upper);
        bytes[at..][0..16].* = block | @select(u8, lanes, splat(0x20), splat(0));
    }
}

pub fn isAscii(bytes: []const u8) bool {
    return indexOfFirst(notAscii, bytes, 0) == bytes.len;
}

pub inline fn notAscii(block: Block) Mask {
    return mask(block >= splat(0x80));
}

inline fn splat(byte: u8) Block {
    return @splat(byte);
}

inline fn mask(lanes: @Vector(16, bool)) Mask {
    return @bitCast(lanes);
}

/// `table[index]` in each lane; all indices here are below 16.
inline fn swizzle(table: Block, indices: Block) Block {
    if (builtin.cpu.arch.isWasm()) {
        const wasm = struct {
            extern fn @"llvm.wasm.swizzle"(Block, Block) Block;
        };
        return wasm.@"llvm.wasm.swizzle"(table, indices);
    }
    // The native tests' stand-in: no portable form compiles to a shuffle by variable indices.
    const entries: [16]u8 = table;
    var lanes: [16]u8 = indices;
    for (&lanes) |*lane| lane.* = entries[lane.*];
    return lanes;
}

const testing = std.testing;

test "every class answers alike for a byte and for a block" {
    for (0..256) |value| {
        const byte: u8 = @intCast(value);
        const block: Block = @splat(byte);
        const all: Mask = std.math.maxInt(Mask);
        try testing.expectEqual(if (isTchar(byte)) 0 else all, notTchar(block));
        try testing.expectEqual(isTchar(byte), tchar.has(byte));
        try testing.expectEqual(isRegName(byte), reg_name.has(byte));
        try testing.expectEqual(if (isFieldText(byte)) 0 else all, notFieldText(block));
        try testing.expectEqual(if (byte >= ' ' and byte <= '~') 0 else all, notRequestLineText(block));
        try testing.expectEqual(if (byte > ' ' and byte <= '~' and byte != '#') 0 else all, notTarget(block));
        try testing.expectEqual(if (byte < 0x80) 0 else all, notAscii(block));
    }
}

test "a search finds the first stop at every offset of every length, and no byte past the end" {
    var bytes: [70]u8 = @splat('a');
    for (0..bytes.len) |len| {
        for (0..len + 1) |from| {
            try testing.expectEqual(len, indexOfFirst(notTchar, bytes[0..len], from));
            for (from..bytes.len) |stop| {
                bytes[stop] = ' ';
                defer bytes[stop] = 'a';
                try testing.expectEqual(@min(stop, len), indexOfFirst(notTchar, bytes[0..len], from));
            }
        }
    }
}

test "letters between two offsets become lower case, and nothing else changes" {
    var before: [80]u8 = undefined;
    for (&before, 0..) |*byte, index| byte.* = @intCast(index % 64 + '0' + 1);
    for ([_]usize{ 0, 1, 15, 16, 17, 40, 80 }) |len| {
        for (0..len + 1) |from| {
            for (from..len + 1) |to| {
                var bytes = before;
                lowerCase(bytes[0..len], from, to);
                for (bytes, before, 0..) |now, was, at| {
                    const expected = if (at >= from and at < to) std.ascii.toLower(was) else was;
                    try testing.expectEqual(expected, now);
                }
            }
        }
    }
    for (0..256) |value| {
        var block: [16]u8 = @splat(@intCast(value));
        lowerCase(&block, 0, 16);
        try testing.expectEqual(@as([16]u8, @splat(std.ascii.toLower(@intCast(value)))), block);
    }
}
