//! The chunk pool: all core memory that is not static comes from here and returns here.
//!
//! Two-level segregated fit (M. Masmano, I. Ripoll, A. Crespo, J. Real: "TLSF: a New Dynamic Memory Allocator
//! for Real-Time Systems", ECRTS 2004) over boundary tags (D. Knuth, The Art of Computer Programming, vol. 1,
//! section 2.5). What it promises:
//!
//! - `take` and `give` run in constant time, whatever the sizes and however many chunks are out (but for
//!   growing, and a last search before a refusal);
//! - free neighbours are joined at once, but for up to 64 blocks of 1 KiB that wait for the next taker; they are
//!   joined before memory grows, so a pool whose chunks have all come back serves as one piece;
//! - no chunk is too large for it short of the memory itself, and the memory grows only when the request's own
//!   size class has no fit among its first four blocks and no larger class has any: then by what is missing
//!   (large pools an eighth ahead, because engines make growing dear);
//! - a refusal changes nothing: the pool is as it was, and smaller requests still succeed.
//!
//! Addresses are 32-bit offsets into linear memory, and 0 is none. All lie below 0xFFFF0000, so that read as
//! i32 they can't be mistaken for a status from -1 to -255. Native tests run on the same layout: there an
//! address is an offset into a reservation. Contents are not cleared; whoever gives a chunk back wipes it.
//!
//! A region of memory is a row of blocks, closed by a block of size 0 that is always in use:
//!
//!     block + 0   u32  before     address of the block before, valid only while that one is free
//!           + 4   u32  tag        size of this block in bytes, a multiple of 16; bit 0: this block is free;
//!                                 bit 1: the block before is free
//!           + 8        chunk      16-aligned; in use, it ends 4 bytes into the next block, over `before`
//!           + 8   u32  next_free  \  only while free: the list of its size class
//!           + 12  u32  prev_free  /

const std = @import("std");
const builtin = @import("builtin");
const assert = std.debug.assert;

/// The one pool of this core.
pub var core: Pool = .{};

pub const Address = u32;
pub const Error = error{OutOfMemory};

/// What a chunk costs beyond its own bytes, before rounding up to a multiple of 16.
pub const overhead_bytes = 4;

/// Blocks of this size skip the size classes: a few that came back wait here, unjoined, for the next taker.
/// It is the size of an arena's first chunk.
pub const quick_block_bytes = 1024;
const quick_blocks_max = 64;

const granule_bytes = 16;
const block_bytes_min = 16;
const block_bytes_max = 0xFFFF_0000 - granule_bytes;
const header_bytes = 8;

/// A region starts 8 bytes after a multiple of 16, and its closing block takes 8 more.
const region_overhead_bytes = 2 * header_bytes;

/// Blocks of the request's own size class that are looked at before a larger class is asked.
const probes_max = 4;

const page_bytes = 64 * 1024;
const pages_max = 65_535;

/// Bounds the growth ahead of need.
const ahead_bytes_max = 16 * 1024 * 1024;

/// Counters of the core's memory, for the host to read in place.
pub const Statistics = extern struct {
    live_arenas: u32 = 0,
    /// Objects made by the loader's `__new` and not collected yet.
    live_objects: u32 = 0,
    /// Bytes out with arenas and objects, tags and rounding included; 0 when there are none.
    bytes_in_use: u32 = 0,
    peak_bytes_in_use: u32 = 0,
    /// Bytes that the pool manages, in use or not. Never shrinks: linear memory can't.
    pool_bytes: u32 = 0,
};

const Block = extern struct {
    before: Address,
    tag: u32,
    next_free: Address,
    prev_free: Address,

    const this_is_free: u32 = 1;
    const before_is_free: u32 = 2;
    const flags: u32 = 15;

    fn bytes(block: *const Block) u32 {
        return block.tag & ~flags;
    }

    fn isFree(block: *const Block) bool {
        return block.tag & this_is_free != 0;
    }

    fn followsFree(block: *const Block) bool {
        return block.tag & before_is_free != 0;
    }
};

comptime {
    assert(@sizeOf(Block) == block_bytes_min);
    assert(@offsetOf(Block, "next_free") == header_bytes);
    assert(Block.flags == granule_bytes - 1);
}

/// Where a block size belongs: rows are powers of two, each cut into 16 columns; below 256 bytes every size
/// has a column of its own in row 0.
const Class = struct {
    row: u5,
    column: u4,

    const rows = 25;
    const columns = 16;

    fn of(bytes: u32) Class {
        if (bytes < 256) return .{ .row = 0, .column = @intCast(bytes >> 4) };
        const log2: u5 = @intCast(31 - @clz(bytes));
        return .{ .row = log2 - 7, .column = @truncate(bytes >> (log2 - 4)) };
    }
};

pub const Pool = struct {
    memory: Memory = .{},
    statistics: Statistics = .{},

    /// First block, and the address after the closing block, of the region that can still grow.
    begin: Address = 0,
    end: Address = 0,
    /// Whether the memory that the linker left has been taken in.
    started: bool = false,

    row_bits: u32 = 0,
    column_bits: [Class.rows]u32 = @splat(0),
    free: [Class.rows][Class.columns]Address = @splat(@splat(0)),

    quick: Address = 0,
    quick_blocks: u32 = 0,

    /// A chunk of at least so many bytes, aligned to 16. Its owner gives it back with `give`.
    pub fn take(pool: *Pool, bytes: u32) Error!Address {
        const block = pool.obtain(bytes);
        if (block == 0) return error.OutOfMemory;
        const statistics = &pool.statistics;
        statistics.bytes_in_use += pool.at(block).bytes();
        statistics.peak_bytes_in_use = @max(statistics.peak_bytes_in_use, statistics.bytes_in_use);
        return block + header_bytes;
    }

    /// Like `take`, for tables that stay as long as the core does: not counted as in use, and never given back.
    pub fn keep(pool: *Pool, bytes: u32) Error!Address {
        const block = pool.obtain(bytes);
        return if (block == 0) error.OutOfMemory else block + header_bytes;
    }

    pub fn give(pool: *Pool, chunk: Address) void {
        const block = chunk - header_bytes;
        const bytes = pool.at(block).bytes();
        assert(!pool.at(block).isFree());
        pool.statistics.bytes_in_use -= bytes;
        if (bytes == quick_block_bytes and pool.quick_blocks < quick_blocks_max) {
            pool.at(block).next_free = pool.quick;
            pool.quick = block;
            pool.quick_blocks += 1;
        } else {
            pool.join(block);
        }
    }

    /// How many bytes a chunk really has: those asked for or more.
    pub fn usableBytes(pool: *Pool, chunk: Address) u32 {
        return pool.at(chunk - header_bytes).bytes() - overhead_bytes;
    }

    /// The memory at an address, seen as a T.
    pub fn pointer(pool: *Pool, comptime T: type, address: Address) *T {
        return @ptrCast(@alignCast(pool.memory.at(address)));
    }

    pub fn slice(pool: *Pool, address: Address, bytes: u32) []u8 {
        return pool.memory.at(address)[0..bytes];
    }

    /// Whether all these bytes lie in memory, which an address from outside must show before it is read.
    pub fn contains(pool: *Pool, address: Address, bytes: u32) bool {
        const end = pool.memory.end();
        return bytes <= end and address <= end - bytes;
    }

    fn at(pool: *Pool, block: Address) *Block {
        return pool.pointer(Block, block);
    }

    /// A block with room for so many bytes, cut to size and in use; 0 when out of memory. (An address comes back
    /// in a register, an optional or an error union by way of the stack, which allocating would feel.)
    fn obtain(pool: *Pool, chunk_bytes: u32) Address {
        if (chunk_bytes > block_bytes_max - overhead_bytes) return 0;
        const bytes = std.mem.alignForward(u32, @max(chunk_bytes + overhead_bytes, block_bytes_min), granule_bytes);
        if (bytes == quick_block_bytes and pool.quick != 0) {
            const block = pool.quick;
            pool.quick = pool.at(block).next_free;
            pool.quick_blocks -= 1;
            return block;
        }
        var block = pool.find(bytes, probes_max);
        if (block == 0) block = pool.extend(bytes);
        if (block == 0) return 0;
        pool.unlink(block);
        pool.cut(block, bytes);
        return block;
    }

    /// A free block of at least so many bytes, or 0. In the request's own class only the first `probes` blocks are
    /// looked at; every block of a larger class is large enough.
    fn find(pool: *Pool, bytes: u32, probes: u32) Address {
        const class: Class = .of(bytes);
        var candidate = pool.free[class.row][class.column];
        var probe: u32 = 0;
        while (candidate != 0 and probe < probes) : (probe += 1) {
            if (pool.at(candidate).bytes() >= bytes) return candidate;
            candidate = pool.at(candidate).next_free;
        }
        const columns_above = pool.column_bits[class.row] & (@as(u32, 0xFFFF_FFFE) << class.column);
        if (columns_above != 0) return pool.free[class.row][@ctz(columns_above)];
        const rows_above = pool.row_bits & (@as(u32, 0xFFFF_FFFE) << class.row);
        if (rows_above == 0) return 0;
        const row = @ctz(rows_above);
        return pool.free[row][@ctz(pool.column_bits[row])];
    }

    /// Marks an unlinked block as in use, keeping so many bytes of it and freeing the rest.
    fn cut(pool: *Pool, block: Address, bytes: u32) void {
        const surplus_bytes = pool.at(block).bytes() - bytes;
        pool.at(block).tag = bytes; // Neither neighbour of a free block is free.
        const next = block + bytes;
        if (surplus_bytes == 0) {
            pool.at(next).tag &= ~Block.before_is_free;
        } else {
            pool.at(next).tag = surplus_bytes;
            pool.markFree(next);
        }
    }

    /// Frees a block in use, together with the free blocks beside it.
    fn join(pool: *Pool, given: Address) void {
        var block = given;
        var bytes = pool.at(given).bytes();
        const next = block + bytes;
        if (pool.at(next).isFree()) {
            pool.unlink(next);
            bytes += pool.at(next).bytes();
        }
        if (pool.at(given).followsFree()) {
            block = pool.at(given).before;
            pool.unlink(block);
            bytes += pool.at(block).bytes();
        }
        pool.at(block).tag = bytes;
        pool.markFree(block);
    }

    /// Sets the tags on both sides of a block whose size is final, and links it into its class.
    fn markFree(pool: *Pool, block: Address) void {
        const header = pool.at(block);
        const bytes = header.bytes();
        header.tag |= Block.this_is_free;
        pool.at(block + bytes).before = block;
        pool.at(block + bytes).tag |= Block.before_is_free;

        const class: Class = .of(bytes);
        const first = &pool.free[class.row][class.column];
        header.next_free = first.*;
        header.prev_free = 0;
        if (first.* != 0) pool.at(first.*).prev_free = block;
        first.* = block;
        pool.column_bits[class.row] |= @as(u32, 1) << class.column;
        pool.row_bits |= @as(u32, 1) << class.row;
    }

    fn unlink(pool: *Pool, block: Address) void {
        const header = pool.at(block);
        assert(header.isFree());
        if (header.next_free != 0) pool.at(header.next_free).prev_free = header.prev_free;
        if (header.prev_free != 0) {
            pool.at(header.prev_free).next_free = header.next_free;
            return;
        }
        const class: Class = .of(header.bytes());
        pool.free[class.row][class.column] = header.next_free;
        if (header.next_free != 0) return;
        pool.column_bits[class.row] &= ~(@as(u32, 1) << class.column);
        if (pool.column_bits[class.row] == 0) pool.row_bits &= ~(@as(u32, 1) << class.row);
    }

    /// A free block of at least so many bytes, or 0, after the pool has given all it has: from waiting blocks,
    /// from fresh pages, and when there are none, from a search of the whole size class.
    fn extend(pool: *Pool, bytes: u32) Address {
        @branchHint(.cold);
        if (!pool.started) pool.start() catch return 0;
        pool.joinWaiting();
        const joined = pool.find(bytes, probes_max);
        if (joined != 0) return joined;

        // Pages that someone else has grown meanwhile lie between, and are left alone.
        const memory_end = pool.memory.end();
        const adjacent = memory_end == pool.end;
        const last = if (adjacent) pool.lastFree() else 0;
        const last_bytes = if (last != 0) pool.at(last).bytes() else 0;
        if (last_bytes >= bytes) return last;

        const missing_bytes = bytes - last_bytes + @as(u32, if (adjacent) 0 else region_overhead_bytes);
        const pages = (missing_bytes - 1) / page_bytes + 1;
        const pages_ahead = @min(pool.statistics.pool_bytes / 8, ahead_bytes_max) / page_bytes;
        if (pool.memory.grow(@max(pages, pages_ahead)) or pool.memory.grow(pages)) {
            if (adjacent) pool.stretch() else pool.addRegion(memory_end);
            return pool.lastFree();
        }
        return pool.find(bytes, std.math.maxInt(u32));
    }

    /// Takes in what lies between the linker's data and the end of the initial memory.
    fn start(pool: *Pool) Error!void {
        const heap_base = try pool.memory.begin();
        pool.started = true;
        if (pool.memory.end() - heap_base >= granule_bytes + region_overhead_bytes + block_bytes_min) {
            pool.addRegion(heap_base);
        }
    }

    fn joinWaiting(pool: *Pool) void {
        while (pool.quick != 0) {
            const block = pool.quick;
            pool.quick = pool.at(block).next_free;
            pool.join(block);
        }
        pool.quick_blocks = 0;
    }

    /// The free block before the end of the region that can grow, or 0.
    fn lastFree(pool: *Pool) Address {
        const closing = pool.at(pool.end - header_bytes);
        return if (closing.followsFree()) closing.before else 0;
    }

    /// Makes a region of all memory from an address on: one free block and the closing block.
    fn addRegion(pool: *Pool, address: Address) void {
        const first_chunk = std.mem.alignForward(u32, address, granule_bytes) + granule_bytes;
        pool.begin = first_chunk - header_bytes;
        pool.end = pool.begin + header_bytes;
        pool.at(pool.begin).tag = 0;
        pool.stretch();
        pool.statistics.pool_bytes += region_overhead_bytes;
    }

    /// The closing block becomes the head of a free block that reaches to a new closing block at the memory's end.
    fn stretch(pool: *Pool) void {
        const block = pool.end - header_bytes;
        const closing = pool.memory.end() - header_bytes;
        pool.at(block).tag += closing - block;
        pool.at(closing).tag = 0;
        pool.statistics.pool_bytes += closing - block;
        pool.end = pool.memory.end();
        pool.join(block);
    }

    /// For tests: walks the growing region and all lists, and fails if anything contradicts anything else.
    /// Gives the number of blocks in use and of free blocks in that region.
    pub fn audit(pool: *Pool) error{PoolIsCorrupt}!struct { in_use: u32, free: u32 } {
        var in_use: u32 = 0;
        var free: u32 = 0;
        var follows_free = false;
        var block = pool.begin;
        while (block != pool.end - header_bytes) : (block += pool.at(block).bytes()) {
            const header = pool.at(block);
            if (header.bytes() < block_bytes_min or block > pool.end) return error.PoolIsCorrupt;
            if (header.followsFree() != follows_free) return error.PoolIsCorrupt;
            if (header.isFree() and follows_free) return error.PoolIsCorrupt;
            follows_free = header.isFree();
            if (!follows_free) {
                in_use += 1;
                continue;
            }
            free += 1;
            if (pool.at(block + header.bytes()).before != block) return error.PoolIsCorrupt;
            const class: Class = .of(header.bytes());
            if (header.prev_free == 0 and pool.free[class.row][class.column] != block) return error.PoolIsCorrupt;
            if (header.prev_free != 0 and pool.at(header.prev_free).next_free != block) return error.PoolIsCorrupt;
        }
        for (pool.free, pool.column_bits, 0..) |row, bits, r| {
            if ((bits != 0) != (pool.row_bits >> @intCast(r) & 1 != 0)) return error.PoolIsCorrupt;
            for (row, 0..) |first, c| {
                if ((first != 0) != (bits >> @intCast(c) & 1 != 0)) return error.PoolIsCorrupt;
            }
        }
        return .{ .in_use = in_use, .free = free };
    }
};

const Memory = if (builtin.target.cpu.arch.isWasm()) WasmMemory else ReservedMemory;

const WasmMemory = struct {
    extern const __heap_base: u8;

    fn begin(_: WasmMemory) Error!Address {
        return @intFromPtr(&__heap_base);
    }

    fn end(_: WasmMemory) Address {
        const pages: u32 = @min(@wasmMemorySize(0), pages_max);
        return pages * page_bytes;
    }

    fn grow(_: WasmMemory, pages: u32) bool {
        if (@wasmMemorySize(0) + pages > pages_max) return false;
        return @wasmMemoryGrow(0, pages) >= 0;
    }

    fn at(_: WasmMemory, address: Address) [*]u8 {
        return @ptrFromInt(address);
    }
};

/// Linear memory for native builds: one reservation, whose pages the system supplies as they are touched.
pub const ReservedMemory = struct {
    reserved: ?[]u8 = null,
    pages: u32 = pages_initial,
    /// How far it may grow.
    pages_limit: u32 = 4096,

    /// As if the linker had filled the first page and some of the second.
    const pages_initial = 2;
    const heap_base = page_bytes + 40;

    fn begin(memory: *ReservedMemory) Error!Address {
        const bytes = @as(usize, memory.pages_limit) * page_bytes;
        // The raw call: alloc() would fill all of it in a debug build.
        const start = std.heap.page_allocator.rawAlloc(bytes, .fromByteUnits(page_bytes), @returnAddress());
        memory.reserved = (start orelse return error.OutOfMemory)[0..bytes];
        return heap_base;
    }

    fn end(memory: *const ReservedMemory) Address {
        return memory.pages * page_bytes;
    }

    fn grow(memory: *ReservedMemory, pages: u32) bool {
        if (pages > memory.pages_limit - memory.pages) return false;
        memory.pages += pages;
        return true;
    }

    fn at(memory: *const ReservedMemory, address: Address) [*]u8 {
        return memory.reserved.?[address..].ptr;
    }

    pub fn release(memory: *ReservedMemory) void {
        const reserved = memory.reserved orelse return;
        std.heap.page_allocator.rawFree(reserved, .fromByteUnits(page_bytes), @returnAddress());
        memory.reserved = null;
    }
};

const testing = std.testing;

fn testPool(pages_limit: u32) Pool {
    return .{ .memory = .{ .pages_limit = pages_limit } };
}

test "a chunk is 16-aligned, as large as asked for, and its own" {
    var pool = testPool(64);
    defer pool.memory.release();
    var chunks: [300]Address = undefined;
    for (&chunks, 0..) |*chunk, bytes| {
        chunk.* = try pool.take(@intCast(bytes));
        try testing.expect(chunk.* % 16 == 0 and chunk.* >= ReservedMemory.heap_base);
        try testing.expect(pool.usableBytes(chunk.*) >= bytes);
        @memset(pool.slice(chunk.*, pool.usableBytes(chunk.*)), @truncate(bytes));
    }
    for (chunks, 0..) |chunk, bytes| {
        const expected: u8 = @truncate(bytes);
        for (pool.slice(chunk, pool.usableBytes(chunk))) |byte| try testing.expectEqual(expected, byte);
    }
    for (chunks) |chunk| pool.give(chunk);
    try expectWhole(&pool);
}

fn expectWhole(pool: *Pool) !void {
    try testing.expectEqual(0, pool.statistics.bytes_in_use);
    pool.joinWaiting();
    const blocks = try pool.audit();
    try testing.expectEqual(0, blocks.in_use);
    try testing.expectEqual(1, blocks.free);
}

test "size classes ascend with the size, and a larger class holds only larger blocks" {
    var previous: u32 = 0;
    var bytes: u32 = block_bytes_min;
    while (bytes < block_bytes_max - (1 << 26)) : (bytes += @max(16, (bytes >> 6) & ~@as(u32, 15))) {
        const class: Class = .of(bytes);
        const place = @as(u32, class.row) * Class.columns + class.column;
        try testing.expect(place >= previous and place <= previous + 1);
        previous = place;
    }
    try testing.expect(Class.of(block_bytes_max).row == Class.rows - 1);
}

test "random sizes against a model: no overlap, contents intact, counters exact, one piece at the end" {
    var pool = testPool(1024);
    defer pool.memory.release();
    var prng: std.Random.DefaultPrng = .init(0x706f6f6c);
    const random = prng.random();

    const Held = struct { chunk: Address, bytes: u32, mark: u8 };
    var held: [500]Held = undefined;
    var held_count: u32 = 0;
    var in_use: u32 = 0;
    for (0..60_000) |round| {
        // Waves, so that the pool is now nearly empty, now full of holes.
        const wave = 250 + 240 * @as(i32, @intFromBool(round / 3000 % 2 == 0));
        if (held_count < wave and (held_count == 0 or random.boolean())) {
            const bytes = random.int(u32) >> random.intRangeAtMost(u5, 15, 31);
            const chunk = try pool.take(bytes);
            const mark = random.int(u8);
            const usable = pool.usableBytes(chunk);
            @memset(pool.slice(chunk, @min(usable, 64)), mark);
            @memset(pool.slice(chunk + usable - @min(usable, 64), @min(usable, 64)), mark);
            held[held_count] = .{ .chunk = chunk, .bytes = bytes, .mark = mark };
            held_count += 1;
            in_use += usable + overhead_bytes;
        } else {
            const index = random.uintLessThan(u32, held_count);
            const one = held[index];
            const usable = pool.usableBytes(one.chunk);
            try testing.expect(usable >= one.bytes);
            for (pool.slice(one.chunk, @min(usable, 64))) |byte| try testing.expectEqual(one.mark, byte);
            for (pool.slice(one.chunk + usable - @min(usable, 64), @min(usable, 64))) |byte| {
                try testing.expectEqual(one.mark, byte);
            }
            pool.give(one.chunk);
            held_count -= 1;
            held[index] = held[held_count];
            in_use -= usable + overhead_bytes;
        }
        try testing.expectEqual(in_use, pool.statistics.bytes_in_use);
        if (round % 500 == 0) {
            const blocks = try pool.audit();
            try testing.expectEqual(held_count, blocks.in_use - pool.quick_blocks);
            std.mem.sort(Held, held[0..held_count], {}, struct {
                fn before(_: void, a: Held, b: Held) bool {
                    return a.chunk < b.chunk;
                }
            }.before);
            for (held[0..held_count -| 1], 1..) |one, next| {
                try testing.expect(one.chunk + pool.usableBytes(one.chunk) < held[next].chunk);
            }
        }
    }
    for (held[0..held_count]) |one| pool.give(one.chunk);
    try expectWhole(&pool);
    try testing.expect(pool.statistics.peak_bytes_in_use < pool.statistics.pool_bytes);
}

test "a refusal changes nothing, and what was given back can be taken again" {
    var pool = testPool(16);
    defer pool.memory.release();
    const small = try pool.take(100);
    const before = pool;
    const too_large = block_bytes_max - overhead_bytes + 1;
    for ([_]u32{ 16 * page_bytes, too_large - 1, too_large, 0xFFFF_FFF0, 0xFFFF_FFFF }) |bytes| {
        try testing.expectError(error.OutOfMemory, pool.take(bytes));
        try testing.expectError(error.OutOfMemory, pool.keep(bytes));
        try testing.expectEqualDeep(before, pool);
    }

    var taken: [1000]Address = undefined;
    var count: u32 = 0;
    while (pool.take(4000)) |chunk| : (count += 1) taken[count] = chunk else |_| {}
    try testing.expectEqual(16, pool.memory.pages);
    try testing.expect(count > 14 * page_bytes / 4016 - 2);
    const full = pool.statistics;
    try testing.expectError(error.OutOfMemory, pool.take(4000));
    try testing.expectEqual(full, pool.statistics);

    pool.give(taken[7]);
    try testing.expectEqual(taken[7], try pool.take(4000));
    for (taken[0..count]) |chunk| pool.give(chunk);
    pool.give(small);
    try expectWhole(&pool);
}

test "memory grows by what is missing, the free end counted" {
    var pool = testPool(64);
    defer pool.memory.release();
    const most_of_a_page = try pool.take(40_000);
    try testing.expectEqual(2, pool.memory.pages);
    const wide = try pool.take(page_bytes + 20_000);
    try testing.expectEqual(3, pool.memory.pages);
    pool.give(wide);
    const exact = pool.pointer(Block, pool.lastFree()).bytes();
    pool.give(most_of_a_page);
    const whole = try pool.take(exact);
    try testing.expectEqual(3, pool.memory.pages);
    pool.give(whole);
    try expectWhole(&pool);
}

test "a repeated size finds the block it left, though its class holds smaller ones too" {
    var pool = testPool(1024);
    defer pool.memory.release();
    var bytes: u32 = 1000;
    while (bytes < 2_000_000) : (bytes = bytes * 5 / 4 + 4) {
        pool.give(try pool.take(bytes));
        const fence = try pool.take(1);
        const pool_bytes = pool.statistics.pool_bytes;
        for (0..100) |_| pool.give(try pool.take(bytes));
        try testing.expectEqual(pool_bytes, pool.statistics.pool_bytes);
        pool.give(fence);
    }
    try expectWhole(&pool);
}

test "pages that someone else has grown are left alone" {
    var pool = testPool(64);
    defer pool.memory.release();
    const first = try pool.take(100_000);
    try testing.expect(pool.memory.grow(1));
    const foreign = pool.memory.end() - page_bytes;
    @memset(pool.slice(foreign, page_bytes), 0x5A);
    const second = try pool.take(100_000);
    const third = try pool.take(200_000);
    for ([_]Address{ first, second, third }) |chunk| @memset(pool.slice(chunk, 100_000), 0xFF);
    try testing.expect(second >= foreign + page_bytes and third > second);
    pool.give(second);
    pool.give(first);
    pool.give(third);
    for (pool.slice(foreign, page_bytes)) |byte| try testing.expectEqual(0x5A, byte);
    try expectWhole(&pool);
}

test "memory of 65,535 pages: addresses near the end, and one chunk of nearly all" {
    var pool = testPool(pages_max);
    defer pool.memory.release();
    pool.start() catch return error.SkipZigTest; // The system grants no such reservation.

    const nearly_all = pages_max * page_bytes - header_bytes - pool.begin - overhead_bytes;
    try testing.expectError(error.OutOfMemory, pool.take(nearly_all + 1));
    const chunk = try pool.take(nearly_all);
    try testing.expectEqual(pages_max, pool.memory.pages);
    try testing.expectError(error.OutOfMemory, pool.take(page_bytes));
    const end = chunk + pool.usableBytes(chunk);
    try testing.expectEqual(0xFFFF_0000 - header_bytes + overhead_bytes, end);
    pool.pointer(u8, end - 1).* = 0xFF;
    pool.give(chunk);

    const half = try pool.take(0x8000_0000);
    const rest = try pool.take(0x7000_0000);
    try testing.expectError(error.OutOfMemory, pool.take(0x2000_0000));
    pool.give(half);
    pool.give(rest);
    try expectWhole(&pool);
}

test "a search for a last resort finds the one block that fits among many of its class" {
    var pool = testPool(16);
    defer pool.memory.release();
    // Blocks of one class, each behind a fence; the only one that is large enough is freed first, so it is last.
    var chunks: [12]Address = undefined;
    var fences: [12]Address = undefined;
    for (&chunks, &fences, 0..) |*chunk, *fence, i| {
        chunk.* = try pool.take(if (i == 0) 33_700 else 33_000);
        fence.* = try pool.take(1);
    }
    var rest: [1000]Address = undefined;
    var count: u32 = 0;
    for ([_]u32{ 32_000, 2000, 1 }) |bytes| {
        while (pool.take(bytes)) |chunk| : (count += 1) rest[count] = chunk else |_| {}
    }
    for (chunks) |chunk| pool.give(chunk);
    try testing.expectEqual(chunks[0], try pool.take(33_700));
    for (chunks[1..]) |chunk| _ = try pool.take(pool.usableBytes(chunk));
    try testing.expectError(error.OutOfMemory, pool.take(1));
}
