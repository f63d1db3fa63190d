//! Integers in signed limbs of 13 bits, and their products by the one SIMD instruction that multiplies and adds
//! eight pairs at a time, i32x4.dot_i16x8_s. modulus.zig builds Montgomery arithmetic on it.
//!
//! An integer is the sum of digit[i] * 2^(13 i), its digits at most 4128 in magnitude: one value has several such
//! forms, which is what lets carries run in parallel. Zero and one have a single form each. Three layouts:
//!
//! - *digits*: i16 each, in whole blocks of 16. A product broadcasts two at a time, (a[2s], a[2s+1]).
//! - *pairs*: i32 each, pair[j] = (digit[j], digit[j-1]) in its low and high half, sixteen more on either side of the
//!   integer, which the products read: pair[n] = (0, digit[n-1]), all others zero. The pointer is to pair[0].
//! - *columns*: i32 each, column[k] the sum of all a[i] * b[k - i]; four lanes of columns take
//!   dot((a[2s], a[2s+1]) in each lane, pair[k - 2s ...]).
//!
//! Columns overflow beyond 125 rows of largest digits, so products stop every 7 blocks (112 rows) to carry once.
//!
//! Constant time: branches and addresses depend on sizes only.

const std = @import("std");
const builtin = @import("builtin");
const assert = std.debug.assert;

pub const limb_bits = 13;
pub const block_limbs = 16;
pub const limb_max = 4128;
/// Pairs before and behind an integer's own.
pub const pairs_margin = block_limbs;
/// Rows of a product between two rounds of carries.
const row_blocks_max = 7;
/// Of the longest modulus, 16,384 bits.
const blocks_max = 79;

comptime {
    const half_limb = 1 << (limb_bits - 1);
    // A round of carries leaves less than half a limb, and what came from the right.
    const settled_max = half_limb - 1 + (1 << (31 - limb_bits));
    assert(half_limb + ((settled_max + half_limb) >> limb_bits) == limb_max);
    // To a column that is settled, or never has more rows, go so many of them; what a round carries to it from the left,
    // each time; and to one column what `carryOfLow` gives. No sum of column and half wraps.
    const rounds_max = blocks_max / row_blocks_max + 2;
    const carry_of_low_max = (blocks_max * block_limbs * limb_max * limb_max >> limb_bits) + limb_max;
    const room = (1 << 31) - rounds_max * settled_max - carry_of_low_max - half_limb;
    assert(row_blocks_max * block_limbs * limb_max * limb_max < room);
    // Those of a square are settled before they are doubled, if they have more than half as many rows. To them go at
    // most three doubled pairs of rows, and one whose digits are doubled in part: as much as a block of rows.
    assert(2 * settled_max + block_limbs * limb_max * limb_max < room);
}

const Lanes = @Vector(4, i32);
const Halves = @Vector(8, i16);
const block_lanes = block_limbs / 4;
const Block = [block_lanes]Lanes;

/// From the first block to before the last.
const Range = struct { from: usize, to: usize };

/// How many blocks hold an integer of so many bits, and four bits more: see modulus.zig.
pub fn blocksFor(bits: usize) usize {
    return std.math.divCeil(usize, bits + 4, limb_bits * block_limbs) catch unreachable;
}

// ---- products ----

/// All 2n columns of a * b.
pub fn multiply(columns: [*]i32, a: [*]const i16, b: [*]const i32, blocks: usize) void {
    clear(columns, 2 * blocks);
    accumulate(columns, a, b, blocks, .{ .from = 0, .to = 2 * blocks });
}

/// The lower n columns of a * b: all that a product modulo 2^(13 n) needs. The last one is never carried from, and may
/// wrap: it is right modulo 2^32, and so is its digit modulo 2^13.
pub fn multiplyLow(columns: [*]i32, a: [*]const i16, b: [*]const i32, blocks: usize) void {
    clear(columns, blocks);
    accumulate(columns, a, b, blocks, .{ .from = 0, .to = blocks });
}

/// Adds the upper n columns of a * b to the upper n of `columns`, which are settled.
pub fn addProductHigh(columns: [*]i32, a: [*]const i16, b: [*]const i32, blocks: usize) void {
    accumulate(columns, a, b, blocks, .{ .from = blocks, .to = 2 * blocks });
}

/// What the lower n columns of a * b, added to `below`, n digits, carry into column n: exact where that sum is a
/// multiple of 2^(13 n). Four columns tell: those beneath are less than 2^-7 of the last one's unit.
pub noinline fn carryOfLow(a: [*]const i16, b: [*]const i32, below: [*]const i16, blocks: usize) i32 {
    const n = block_limbs * blocks;
    const top = below + (n - 4);
    var total = weigh(.{ top[0], top[1], top[2], top[3] });
    var from: usize = 0;
    while (from < blocks) : (from += row_blocks_max) {
        var even: Lanes = @splat(0);
        var odd: Lanes = @splat(0);
        var s = from * (block_limbs / 2);
        const to = @min(from + row_blocks_max, blocks) * (block_limbs / 2);
        while (s < to) : (s += 2) {
            const pairs = b + n - 4 - 2 * s;
            even +%= dot(twoRows(a, 2 * s), load(pairs));
            odd +%= dot(twoRows(a, 2 * s + 2), load(pairs - 2));
        }
        total += weigh(even +% odd);
    }
    return @intCast((total + (1 << 2 * limb_bits - 1)) >> 2 * limb_bits);
}

/// Four neighbouring columns, in units of the first one's 2^13rd.
inline fn weigh(columns: Lanes) i64 {
    const lowest = @as(i64, columns[1]) + (columns[0] >> limb_bits);
    return (@as(i64, columns[3]) << limb_bits) + columns[2] + (lowest >> limb_bits);
}

/// Adds columns of a * b, stopping every so many rows to carry once.
fn accumulate(columns: [*]i32, a: [*]const i16, b: [*]const i32, blocks: usize, range: Range) void {
    var from: usize = 0;
    while (from < blocks) : (from += row_blocks_max) {
        const to = @min(from + row_blocks_max, blocks);
        if (from != 0) settleLong(columns, blocks, .{ .from = @max(range.from, from), .to = range.to });
        addRows(columns, a, b, blocks, .{ .from = from, .to = to }, range);
    }
}

/// Settles, of so many columns, those to which more rows go than fit, all in all: the first and the last of a product
/// have fewer.
fn settleLong(columns: [*]i32, blocks: usize, range: Range) void {
    const from = @max(range.from, row_blocks_max);
    const to = @min(range.to, 2 * blocks - row_blocks_max);
    if (from < to) settle(columns + from * block_limbs, (to - from) * block_limbs);
}

/// Adds so many rows to so many columns, by blocks of columns and half blocks of rows. Of the rows that meet nothing but
/// the end of b, or its beginning, no more is multiplied than there is.
noinline fn addRows(columns: [*]i32, a: [*]const i16, b: [*]const i32, blocks: usize, rows: Range, range: Range) void {
    const half_block = block_limbs / 2;
    var k = range.from;
    while (k < range.to) : (k += 1) {
        const first = @max(rows.from, k -| blocks);
        const end = @min(rows.to, k + 1);
        if (first >= end) continue;
        const block: *Block = @ptrCast(@alignCast(columns + block_limbs * k));
        var sums = block.*;
        var from = 2 * first;
        var to = 2 * end;
        if (first + blocks == k) {
            addEnd(&sums, a + half_block * from, b + block_limbs * blocks);
            from += 1;
        }
        if (end == k + 1) {
            to -= 1;
            addBeginning(&sums, a + half_block * to, b);
        }
        addTiles(half_block, &sums, a + half_block * from, b + block_limbs * k - half_block * from, to - from);
        block.* = sums;
    }
}

/// All 2n columns of a^2: of two products that are equal one is computed, and doubled.
pub noinline fn square(columns: [*]i32, a: [*]const i16, b: [*]const i32, blocks: usize) void {
    clear(columns, 2 * blocks);
    const all: Range = .{ .from = 0, .to = 2 * blocks };
    const none: Range = .{ .from = 0, .to = 0 };
    if (blocks <= row_blocks_max) return addSquareRows(columns, a, b, blocks, .{ .from = 0, .to = blocks }, all, none);
    // To a column, both halves of a square contribute equally: it has half as many products as that of a product. Where
    // all rows can be added before anything is doubled, the columns of `settleLong` alone wait for it.
    const at_once = blocks <= 2 * row_blocks_max;
    const long: Range = if (at_once) .{ .from = row_blocks_max, .to = 2 * blocks - row_blocks_max } else all;
    const step = if (at_once) blocks else row_blocks_max;
    var from: usize = 0;
    while (from < blocks) : (from += step) {
        const range: Range = .{ .from = 2 * from, .to = 2 * blocks };
        addSquareRows(columns, a, b, blocks, .{ .from = from, .to = @min(from + step, blocks) }, range, long);
        settleLong(columns, blocks, range);
    }
    addSquareRows(columns, a, b, blocks, .{ .from = blocks, .to = blocks }, long, none);
}

/// Rows of these blocks, to these columns, with what is to the right of the diagonal. Columns that do not wait for more
/// are doubled then, and get the diagonal and what is next to it.
noinline fn addSquareRows(
    columns: [*]i32,
    a: [*]const i16,
    b: [*]const i32,
    blocks: usize,
    rows: Range,
    range: Range,
    waiting: Range,
) void {
    const half_block = block_limbs / 2;
    var k = range.from;
    while (k < range.to) : (k += 1) {
        const block: *Block = @ptrCast(@alignCast(columns + block_limbs * k));
        var sums = block.*;
        // The diagonal goes through the rows of half block k in these columns.
        const from = 2 * @max(rows.from, k -| blocks);
        const to = @min(2 * rows.to, k);
        if (from < to) {
            addTiles(half_block, &sums, a + half_block * from, b + block_limbs * k - half_block * from, to - from);
        }
        if (k < waiting.from or k >= waiting.to) addDiagonal(&sums, a + half_block * k, b + half_block * k);
        block.* = sums;
    }
}

// The tiles. Engines reorder what does not touch memory, and spill what they cannot hold in 15 registers; loop ends
// alone keep them from it. So even rows and odd ones, whose windows are four lanes apart and share their loads, are
// two passes of one loop.

/// `count` times so many rows from `a` on, each 16 columns from b on: against the pairs up to b + 15, then those up to
/// b + 15 - rows_count, and so on. One time at least.
inline fn addTiles(comptime rows_count: usize, sums: *Block, a: [*]const i16, b: [*]const i32, count: usize) void {
    const steps = rows_count / 4;
    var passes: Passes = .over(a, b);
    while (passes.next()) {
        var rows = passes.a;
        // Row 4 i meets four vectors of pairs, from -4 i on: three of them were the last row's.
        var pairs = passes.b - 4 * (steps - 1);
        var window: [block_lanes]Halves = undefined;
        inline for (1..block_lanes) |v| window[v - 1] = load(pairs + 4 * (steps - 1 + v));
        var left = count;
        while (true) {
            inline for (0..steps) |i| {
                inline for (1..block_lanes) |v| window[block_lanes - v] = window[block_lanes - v - 1];
                window[0] = load(pairs + 4 * (steps - 1 - i));
                addRow(sums, twoRows(rows, 4 * i), window);
            }
            left -= 1;
            if (left == 0) break;
            rows += rows_count;
            pairs -= rows_count;
        }
    }
}

inline fn addRow(sums: *Block, rows: Halves, window: [block_lanes]Halves) void {
    inline for (sums, window) |*sum, pairs| sum.* +%= dot(rows, pairs);
}

/// 8 rows from `a` on against the pairs before b, beginning where b ends.
inline fn addEnd(sums: *Block, a: [*]const i16, b: [*]const i32) void {
    inline for (.{ 1, 1, 2, 2 }, 0..) |vectors, t| {
        const rows = twoRows(a, 2 * t);
        inline for (0..vectors) |v| sums[v] +%= dot(rows, load(b + 4 * v - 2 * t));
    }
}

/// 8 rows from `a` on against the pairs from b on, in the columns that are 8 before b and more.
inline fn addBeginning(sums: *Block, a: [*]const i16, b: [*]const i32) void {
    inline for (.{ 2, 2, 3, 3 }, 0..) |first, t| {
        const rows = twoRows(a, 2 * t);
        inline for (first..block_lanes) |v| sums[v] +%= dot(rows, load(b + 4 * v - 8 - 2 * t));
    }
}

/// Doubles what there is, and adds what 8 rows of a square from `a` on, and those right of the diagonal, add to these
/// columns: rows 2 t and 2 t + 1 reach it in the columns from 4 t on. There, in
/// (a0, 0) (a1, a0) (2 a2, a1) (2 a3, 2 a2), what is left of it is left out, what is on it counts once.
inline fn addDiagonal(sums: *Block, a: [*]const i16, b: [*]const i32) void {
    const low: i32 = 0xffff;
    inline for (0..block_lanes) |t| {
        const rows = twoRows(a, 2 * t);
        inline for (t + 1..block_lanes) |v| sums[v] +%= dot(rows, load(b + 4 * v - 2 * t));
        sums[t] +%= sums[t];
        const pairs: Lanes = @bitCast(load(b + 2 * t));
        const once: Halves = @bitCast(pairs & Lanes{ low, -1, -1, -1 });
        const again: Halves = @bitCast(pairs & Lanes{ 0, 0, low, -1 });
        sums[t] +%= dot(rows, once +% again);
    }
}

/// Over the rows with even s, and then those with odd s, whose pairs are two further to the left.
const Passes = struct {
    a: [*]const i16,
    b: [*]const i32,
    left: u32,

    inline fn over(a: [*]const i16, b: [*]const i32) Passes {
        // Hidden, or LLVM would unroll what is to be a loop.
        const two = asm volatile (""
            : [two] "=r" (-> u32),
            : [value] "0" (@as(u32, 2)),
        );
        return .{ .a = a - 2, .b = b + 2, .left = two };
    }

    inline fn next(passes: *Passes) bool {
        if (passes.left == 0) return false;
        passes.left -= 1;
        passes.a += 2;
        passes.b -= 2;
        return true;
    }
};

/// Subtracts (q[0] + 2^13 q[1]) b from columns, so many vectors of them: q is at most 13 bits each, or a little more.
pub fn subtractMultiple(columns: [*]i32, b: [*]const i32, vectors: usize, q: [2]i32) void {
    const low, const high = .{ @as(i16, @truncate(-%q[0])), @as(i16, @truncate(-%q[1])) };
    const rows: Halves = .{ low, high, low, high, low, high, low, high };
    for (0..vectors) |v| {
        const column: Lanes = @bitCast(load(columns + 4 * v));
        store(columns + 4 * v, column +% dot(rows, load(b + 4 * v)));
    }
}

/// The sum of a[i] * b[i], whose lanes may not overflow.
pub noinline fn sumOfProducts(a: [*]const i16, b: [*]const i16, count: usize) i64 {
    var sums: Lanes = @splat(0);
    var i: usize = 0;
    while (i < count) : (i += 8) sums +%= dot(loadHalves(a + i), loadHalves(b + i));
    return @as(i64, sums[0]) + sums[1] + sums[2] + sums[3];
}

// ---- carries ----

/// A round of carries in place: each column keeps less than half a limb and what came from its right. The last keeps
/// all of its own: no more rows go to it than fit.
pub noinline fn settle(columns: [*]i32, count: usize) void {
    var before: Lanes = @splat(0);
    var i: usize = 0;
    while (i + 4 < count) : (i += 4) {
        const raised = @as(Lanes, @bitCast(load(columns + i))) +% half;
        const carry = raised >> @splat(limb_bits);
        store(columns + i, (raised & low_bits) +% shiftIn(before, carry) -% half);
        before = carry;
    }
    const column: Lanes = @bitCast(load(columns + i));
    const carry = ((column +% half) >> @splat(limb_bits)) & Lanes{ -1, -1, -1, 0 };
    store(columns + i, column -% (carry << @splat(limb_bits)) +% shiftIn(before, carry));
}

/// Settles the upper columns of one product as far as those of another could make them overflow. Column k of these n
/// has n - 1 - k rows: 112 of both together always fit.
pub fn settleForProduct(columns: [*]i32, blocks: usize) void {
    const rows_max = row_blocks_max * block_limbs / 2;
    if (block_limbs * blocks > rows_max) settle(columns, block_limbs * blocks - rows_max);
}

/// What becomes of the carry out of the last digit: given back, or kept in that digit, which it fits if the integer
/// is less than 2^(13 n - 1) in magnitude.
pub const Last = enum { carries, keeps };

/// Two rounds of carries: from columns to digits, and to pairs if those are asked for. Gives the carry.
pub fn normalize(comptime last: Last, columns: [*]const i32, blocks: usize, digits: [*]i16, pairs: ?[*]i32) i32 {
    if (pairs) |to| return carryTwice(last, true, columns, blocks, digits, to);
    return carryTwice(last, false, columns, blocks, digits, undefined);
}

noinline fn carryTwice(
    comptime last: Last,
    comptime with_pairs: bool,
    columns: [*]const i32,
    blocks: usize,
    digits: [*]i16,
    pairs: [*]i32,
) i32 {
    var first: Lanes = @splat(0);
    var second: Halves = @splat(0);
    var before: Halves = @splat(0);
    if (with_pairs) clearMargin(pairs - pairs_margin);
    const count = block_limbs * blocks;
    var i: usize = 0;
    while (i + 8 < count) : (i += 8) {
        var left: [2]Lanes = undefined;
        var carries: [2]Lanes = undefined;
        inline for (&left, &carries, 0..) |*low, *carry_again, v| {
            // Half a limb more makes the lower bits what is left, and half a limb more again.
            const raised = @as(Lanes, @bitCast(load(columns + i + 4 * v))) +% half;
            const carry = raised >> @splat(limb_bits);
            const once = (raised & low_bits) +% shiftIn(first, carry);
            carry_again.* = once >> @splat(limb_bits);
            low.* = once & low_bits;
            first = carry;
        }
        const these = withCarries(left, second, carries);
        second = narrow(carries[0], carries[1]);
        storeHalves(digits + i, these);
        if (with_pairs) storePairs(pairs + i, before, these);
        before = these;
    }
    var left: [2]Lanes = undefined;
    var carries: [2]Lanes = undefined;
    inline for (&left, &carries, 0..) |*low, *carry_again, v| {
        const mask: Lanes = if (last == .keeps and v == 1) .{ -1, -1, -1, 0 } else @splat(-1);
        const column: Lanes = @bitCast(load(columns + i + 4 * v));
        const carry = ((column +% half) >> @splat(limb_bits)) & mask;
        const once = column -% (carry << @splat(limb_bits)) +% shiftIn(first, carry) +% half;
        carry_again.* = (once >> @splat(limb_bits)) & mask;
        low.* = once -% (carry_again.* << @splat(limb_bits));
        first = carry;
    }
    const these = withCarries(left, second, carries);
    second = narrow(carries[0], carries[1]);
    storeHalves(digits + i, these);
    if (with_pairs) {
        storePairs(pairs + i, before, these);
        endPairs(pairs + count, these);
    }
    return first[3] +% second[7];
}

/// Digits of what the second round left, which is half a limb more than they are, and its carries.
inline fn withCarries(left: [2]Lanes, before: Halves, carries: [2]Lanes) Halves {
    const moved = @shuffle(i16, before, narrow(carries[0], carries[1]), [8]i32{ 7, -1, -2, -3, -4, -5, -6, -7 });
    return narrow(left[0], left[1]) +% moved -% @as(Halves, @splat(1 << (limb_bits - 1)));
}

/// The pairs of an integer, margins included.
pub noinline fn pair(digits: [*]const i16, blocks: usize, pairs: [*]i32) void {
    clearMargin(pairs - pairs_margin);
    var before: Halves = @splat(0);
    const count = block_limbs * blocks;
    var i: usize = 0;
    while (i < count) : (i += 8) {
        const these = loadHalves(digits + i);
        storePairs(pairs + i, before, these);
        before = these;
    }
    endPairs(pairs + count, before);
}

inline fn clearMargin(pairs: [*]i32) void {
    inline for (0..pairs_margin / 4) |v| store(pairs + 4 * v, @splat(0));
}

/// Eight pairs of eight digits and the one before them.
inline fn storePairs(pairs: [*]i32, before: Halves, these: Halves) void {
    const left = @shuffle(i16, before, these, [8]i32{ 7, -1, -2, -3, -4, -5, -6, -7 });
    store(pairs, @bitCast(@shuffle(i16, these, left, [8]i32{ 0, -1, 1, -2, 2, -3, 3, -4 })));
    store(pairs + 4, @bitCast(@shuffle(i16, these, left, [8]i32{ 4, -5, 5, -6, 6, -7, 7, -8 })));
}

/// The margin behind an integer, which begins with its last digit.
inline fn endPairs(pairs: [*]i32, last: Halves) void {
    clearMargin(pairs);
    pairs[0] = @as(i32, last[7]) << 16;
}

/// Digits times 2^bits, in place, and their pairs; bits are at most 7, and as secret as the digits.
pub fn shiftLeft(columns: [*]i32, blocks: usize, digits: [*]i16, pairs: [*]i32, bits: u3) void {
    for (columns, digits[0 .. block_limbs * blocks]) |*column, digit| column.* = @as(i32, digit) << bits;
    _ = normalize(.keeps, columns, blocks, digits, pairs);
}

const half: Lanes = @splat(1 << (limb_bits - 1));
const low_bits: Lanes = @splat((1 << limb_bits) - 1);

/// The carries of one vector, moved to the columns they belong to.
inline fn shiftIn(before: Lanes, carry: Lanes) Lanes {
    return @shuffle(i32, before, carry, [4]i32{ 3, ~@as(i32, 0), ~@as(i32, 1), ~@as(i32, 2) });
}

// ---- lanes ----

pub fn clear(columns: [*]i32, blocks: usize) void {
    for (0..block_lanes * blocks) |i| store(columns + 4 * i, @as(Lanes, @splat(0)));
}

inline fn load(pairs: [*]const i32) Halves {
    return @bitCast(@as(*align(4) const Lanes, @ptrCast(pairs)).*);
}

inline fn storeHalves(to: [*]i16, halves: Halves) void {
    @as(*align(2) Halves, @ptrCast(to)).* = halves;
}

inline fn loadHalves(digits: [*]const i16) Halves {
    return @as(*align(2) const Halves, @ptrCast(digits)).*;
}

inline fn store(to: [*]i32, lanes: Lanes) void {
    @as(*align(4) Lanes, @ptrCast(to)).* = lanes;
}

/// (a[i], a[i+1]) in every lane; i is even.
inline fn twoRows(a: [*]const i16, i: usize) Halves {
    const two: i32 = @as(*align(2) const i32, @ptrCast(a + i)).*;
    return @bitCast(@as(Lanes, @splat(two)));
}

extern fn @"llvm.wasm.dot"(Halves, Halves) Lanes;

extern fn @"llvm.wasm.narrow.signed.v8i16.v4i32"(Lanes, Lanes) Halves;

/// Lanes that fit halves, as those.
inline fn narrow(low: Lanes, high: Lanes) Halves {
    if (builtin.cpu.arch == .wasm32) return @"llvm.wasm.narrow.signed.v8i16.v4i32"(low, high);
    return @truncate(std.simd.join(low, high));
}

inline fn dot(x: Halves, y: Halves) Lanes {
    if (builtin.cpu.arch == .wasm32) return @"llvm.wasm.dot"(x, y);
    const products = @as(@Vector(8, i32), x) *% @as(@Vector(8, i32), y);
    const even = @shuffle(i32, products, undefined, [4]i32{ 0, 2, 4, 6 });
    const odd = @shuffle(i32, products, undefined, [4]i32{ 1, 3, 5, 7 });
    return even +% odd;
}

const testing = std.testing;

/// What a product is, computed limb by limb: least limbs, the last with whatever is left.
fn multiplySlowly(output: []i64, a: []const i16, b: []const i16) void {
    @memset(output, 0);
    for (a, 0..) |x, i| for (b, 0..) |y, j| {
        output[i + j] += @as(i64, x) * y;
    };
    carrySlowly(output);
}

fn carrySlowly(columns: []i64) void {
    for (columns[0 .. columns.len - 1], columns[1..]) |*column, *next| {
        next.* += column.* >> limb_bits;
        column.* &= (1 << limb_bits) - 1;
    }
}

fn expectColumns(expected: []const i64, columns: []const i32, room: []i64) !void {
    for (room[0..columns.len], columns) |*wide, column| wide.* = column;
    carrySlowly(room[0..columns.len]);
    try testing.expectEqualSlices(i64, expected, room[0..columns.len]);
}

const Filling = enum { greatest, opposite, alternating, random };

fn fill(digits: []i16, filling: Filling, which: usize, random: std.Random) void {
    for (digits, 0..) |*digit, i| digit.* = switch (filling) {
        .greatest => limb_max,
        .opposite => if (which == 0) limb_max else -limb_max,
        .alternating => if ((i + which) % 2 == 0) limb_max else -limb_max,
        .random => random.intRangeAtMost(i16, -limb_max, limb_max),
    };
}

test "products and squares of sizes to 16,384 bits are exact when all digits are at their greatest" {
    const n_max = block_limbs * blocks_max;
    var prng: std.Random.DefaultPrng = .init(0x6c696d62);
    const State = struct {
        var digits: [2][n_max]i16 align(16) = undefined;
        var pairs: [2][n_max + 2 * pairs_margin]i32 align(16) = undefined;
        var columns: [2 * n_max]i32 align(16) = undefined;
        var expected: [2 * n_max]i64 = undefined;
        var room: [2 * n_max]i64 = undefined;
        var normal: [2 * n_max]i16 align(16) = undefined;
    };
    for ([_]usize{ 1, 2, 3, 5, 6, 7, 8, 10, 13, 14, 15, 20, 21, 22, 40, 77, blocks_max }) |blocks| {
        comptime assert(blocksFor(16_384) == blocks_max);
        const n = block_limbs * blocks;
        for (std.enums.values(Filling)) |filling| {
            for (0..2) |i| {
                fill(State.digits[i][0..n], filling, i, prng.random());
                pair(&State.digits[i], blocks, State.pairs[i][pairs_margin..]);
            }
            const a, const b = .{ State.digits[0][0..n], State.digits[1][0..n] };
            const b_pairs = State.pairs[1][pairs_margin..].ptr;
            const columns = State.columns[0 .. 2 * n];
            const expected = State.expected[0 .. 2 * n];
            multiplySlowly(expected, a, b);
            multiply(columns.ptr, a.ptr, b_pairs, blocks);
            try expectColumns(expected, columns, &State.room);

            // Digits come out in range, and stand for the same.
            const last = normalize(.carries, columns.ptr, 2 * blocks, &State.normal, null);
            for (State.room[0 .. 2 * n], State.normal[0 .. 2 * n]) |*wide, digit| {
                try testing.expect(@abs(digit) <= limb_max);
                wide.* = digit;
            }
            carrySlowly(State.room[0 .. 2 * n]);
            State.room[2 * n - 1] += @as(i64, last) << limb_bits;
            try testing.expectEqualSlices(i64, expected, State.room[0 .. 2 * n]);

            // The lower half alone, and the upper half onto settled columns with what the lower one carries.
            multiplyLow(columns.ptr, a.ptr, b_pairs, blocks);
            for (State.room[0..n], columns[0..n]) |*wide, column| wide.* = column;
            carrySlowly(State.room[0..n]);
            State.room[n - 1] &= (1 << limb_bits) - 1;
            try testing.expectEqualSlices(i64, expected[0..n], State.room[0..n]);

            // The upper half twice, as Montgomery's reduction adds a product to another.
            multiply(columns.ptr, a.ptr, b_pairs, blocks);
            settleForProduct(columns.ptr + n, blocks);
            addProductHigh(columns.ptr, a.ptr, b_pairs, blocks);
            @memset(expected, 0);
            for (a, 0..) |x, i| for (b, i..) |y, k| {
                expected[k] += @as(i64, x) * y * @as(i64, if (k < n) 1 else 2);
            };
            carrySlowly(expected);
            try expectColumns(expected, columns, &State.room);

            const a_pairs = State.pairs[0][pairs_margin..].ptr;
            multiplySlowly(expected, a, a);
            square(columns.ptr, a.ptr, a_pairs, blocks);
            try expectColumns(expected, columns, &State.room);
        }
    }
}

test "the carry of a lower half is exact where it is a multiple of R" {
    const n_max = block_limbs * blocks_max;
    var prng: std.Random.DefaultPrng = .init(0x63617272);
    const random = prng.random();
    const State = struct {
        var digits: [2][n_max]i16 align(16) = undefined;
        var pairs: [n_max + 2 * pairs_margin]i32 align(16) = undefined;
        var product: [2 * n_max]i64 = undefined;
        var below: [n_max]i16 = undefined;
    };
    for ([_]usize{ 1, 3, 7, 8, 10, 21, blocks_max }) |blocks| for (std.enums.values(Filling)) |filling| for (0..10) |_| {
        const n = block_limbs * blocks;
        for (0..2) |i| fill(State.digits[i][0..n], filling, i, random);
        pair(&State.digits[1], blocks, State.pairs[pairs_margin..]);
        @memset(&State.product, 0);
        for (State.digits[0][0..n], 0..) |x, i| for (State.digits[1][0 .. n - i], 0..) |y, j| {
            State.product[i + j] += @as(i64, x) * y;
        };
        // What makes the lower columns a multiple of R, in digits: their negative.
        var carry: i64 = 0;
        var sum: i64 = 0;
        for (State.below[0..n], State.product[0..n]) |*digit, column| {
            const value = carry - column;
            carry = (value + 4096) >> limb_bits;
            digit.* = @intCast(value - (carry << limb_bits));
        }
        for (State.below[0..n], State.product[0..n]) |digit, column| {
            sum += digit + column;
            try testing.expectEqual(0, sum & ((1 << limb_bits) - 1));
            sum >>= limb_bits;
        }
        const found = carryOfLow(&State.digits[0], State.pairs[pairs_margin..].ptr, &State.below, blocks);
        try testing.expectEqual(sum, found);
    };
}
