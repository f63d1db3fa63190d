//! Tables that are looked up in by secret numbers. The whole table is read, whatever the numbers are, and no index depends
//! on them.
//!
//! In tables of 128 entries sixteen numbers are looked up at a time: a swizzle finds one byte of each of sixteen entries,
//! in registers. So such a table is kept by bytes: a row holds one byte of every entry, in their order. What is looked up
//! comes out by bytes too, and is transposed. Small tables are kept as they are, and masked.

const std = @import("std");
const vector = @import("../aes/vector.zig");
const hidden = @import("secret.zig").hidden;

const Block = vector.Block;
const splat = vector.splat;

pub const entries = 128;
/// How many numbers are looked up at a time.
pub const lanes = vector.block_bytes;

/// One byte of every entry.
pub const Row = [entries / lanes]Block;

/// Numbers below `entries`.
pub const Indices = Block;

/// Writes an entry of as many bytes as there are rows.
pub fn set(rows: []Row, index: usize, entry: []const u8) void {
    for (rows, entry) |*row, byte| @as(*[entries]u8, @ptrCast(row))[index] = byte;
}

/// The entries that the first so many indices name, one after another, in vectors. Their bytes are a multiple of
/// sixteen. Not inlined: one copy serves all tables.
pub noinline fn find(rows: []const Row, indices: Indices, found: []Block) void {
    const entry_vectors = rows.len / lanes;
    // In each lane, the place within one of the row's vectors, and an index beyond all places in the others.
    var places: [entries / lanes]Indices = undefined;
    for (&places, 0..) |*place, i| place.* = indices ^ splat(@intCast(i * lanes));
    for (0..entry_vectors) |at| {
        var square: [lanes]Block = undefined;
        for (&square, rows[at * lanes ..][0..lanes]) |*bytes, *row| bytes.* = pick(row, &places);
        transpose(&square);
        var to = at;
        for (&square) |entry| {
            if (to >= found.len) break;
            found[to] = entry;
            to += entry_vectors;
        }
    }
}

/// One entry of a small table by a secret number: so many of any length, one after another. Not inlined: one copy serves
/// all tables.
pub noinline fn pickOf(comptime count: comptime_int, table: [*]const Words, index: i32, entry: []Words) void {
    const number = hidden(index);
    var masks: [count]Words = undefined;
    for (&masks, 0..) |*mask, i| mask.* = @splat(hidden(((number ^ @as(i32, @intCast(i))) -% 1) >> 31));
    for (entry, 0..) |*to, at| {
        var found: Words = @splat(0);
        inline for (&masks, 0..) |*mask, i| found |= table[i * entry.len + at] & mask.*;
        to.* = found;
    }
}

pub const Words = @Vector(4, i32);

/// Of all places in a lane one is in a vector: the sum of what is found is what is found there.
inline fn pick(row: *const Row, places: *const [entries / lanes]Indices) Block {
    var sums: [2]Block = undefined;
    inline for (row, places, 0..) |part, place, i| {
        const picked = vector.swizzle(part, place);
        sums[i % 2] = if (i < 2) picked else vector.hidden(sums[i % 2] ^ picked);
    }
    return sums[0] ^ sums[1];
}

/// Byte i of vector k changes places with byte k of vector i. Each step moves the highest bit of k behind the others, where
/// the highest bit of i was before it came to the end of k: after four, the bits have changed places.
inline fn transpose(square: *[lanes]Block) void {
    for (0..vector.hidden(@as(usize, 4))) |_| {
        const before = square.*;
        inline for (0..lanes / 2) |k| {
            square[2 * k] = @shuffle(u8, before[k], before[k + lanes / 2], lower);
            square[2 * k + 1] = @shuffle(u8, before[k], before[k + lanes / 2], upper);
        }
    }
}

/// Bytes of two vectors in turns, from the beginning, or from the middle.
const lower = inTurns(0);
const upper = inTurns(lanes / 2);

fn inTurns(first: comptime_int) [lanes]i32 {
    var order: [lanes]i32 = undefined;
    for (&order, 0..) |*from, i| {
        const at: i32 = first + i / 2;
        from.* = if (i % 2 == 0) at else ~at;
    }
    return order;
}

test "every entry is found, in every lane, for one number and for sixteen" {
    const entry_bytes = 48;
    var rows: [entry_bytes]Row = undefined;
    var expected: [entries][entry_bytes]u8 = undefined;
    var prng: std.Random.DefaultPrng = .init(std.testing.random_seed);
    prng.random().bytes(std.mem.asBytes(&expected));
    for (&expected, 0..) |*entry, i| set(&rows, i, entry);
    for (0..entries) |first| {
        var indices: [lanes]u8 = undefined;
        for (&indices, 0..) |*index, lane| index.* = @intCast((first + 37 * lane) % entries);
        for ([_]usize{ 1, 5, lanes }) |count| {
            var found: [lanes * entry_bytes / lanes]Block = undefined;
            find(&rows, indices, found[0 .. count * entry_bytes / lanes]);
            const bytes = std.mem.asBytes(&found);
            for (indices[0..count], 0..) |index, i| {
                try std.testing.expectEqualSlices(u8, &expected[index], bytes[i * entry_bytes ..][0..entry_bytes]);
            }
        }
    }
}

test "every entry of a small table is found" {
    var table: [16][3]Words = undefined;
    for (&table, 0..) |*entry, i| {
        for (entry, 0..) |*words, at| words.* = @splat(@intCast(100 * i + at + 1));
    }
    for (&table, 0..) |*entry, index| {
        var found: [3]Words = undefined;
        pickOf(table.len, @ptrCast(&table), @intCast(index), &found);
        for (entry, found) |expected, words| try std.testing.expectEqual(expected, words);
    }
}
