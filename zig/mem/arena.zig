//! Arenas by handle: an operation opens one, allocates from it, and closes it; closing wipes all that was
//! allocated and gives it back. Allocation is a bump of a cursor through chunks from the pool.
//!
//! - Up to 65,536 arenas live at a time. One without allocations holds no chunk; the first chunk takes 1 KiB,
//!   each further one twice the last, up to 64 KiB. A request larger than that step gets a chunk of its own.
//! - Closing wipes every byte that was allocated, gaps of alignment included, before the pool sees it again.
//!   What is allocated is not cleared: it may hold the pool's old tags, but never what an arena held.
//! - A handle is the arena's index (low 16 bits) and a generation (15 bits above), below 2^31 and never 0.
//!   Any u32 may be passed as one; all but the handles of live arenas are refused. Closed handles stay
//!   refused until their index has been through all generations. Indices are reused in the order they were
//!   closed, and at least 128 wait, so no handle returns within 4 million openings. Fewer wait, and handles
//!   return sooner, while more than 65,408 arenas live at once, or memory for more slots is out.
//! - A refused allocation leaves the arena, and all else, as it was.

const std = @import("std");
const pool_module = @import("pool.zig");
const assert = std.debug.assert;
const Address = pool_module.Address;
const Pool = pool_module.Pool;

pub const Handle = u32;
pub const Statistics = pool_module.Statistics;

pub const OpenError = error{
    OutOfMemory,
    /// 65,536 arenas are live.
    TooManyArenas,
};
pub const AllocError = error{
    OutOfMemory,
    /// Never opened, or closed.
    InvalidHandle,
    /// Not a power of two, or over 64 KiB.
    InvalidAlignment,
};
pub const CloseError = error{InvalidHandle};

pub const arenas_max = 65_536;
pub const alignment_max = 64 * 1024;

/// The arenas of this core.
var core: ArenasIn(&pool_module.core) = .{};

pub fn open() OpenError!Handle {
    return core.open();
}

/// The address of so many bytes, undefined but for being there; never 0, and valid until `close`.
/// For no bytes, an address that must not be written to.
pub fn alloc(handle: Handle, bytes: u32, alignment: u32) AllocError!Address {
    return core.alloc(handle, bytes, alignment);
}

/// The same for rooms of the core: n values of a type, undefined.
pub fn allocSlice(comptime T: type, handle: Handle, n: usize) AllocError![]T {
    return core.allocSlice(T, handle, n);
}

pub fn close(handle: Handle) CloseError!void {
    return core.close(handle);
}

/// Closes every live arena; how many there were.
pub fn closeAll() u32 {
    return core.closeAll();
}

/// Always the same address; the counters are always current.
pub fn statistics() *const Statistics {
    return &pool_module.core.statistics;
}

const chunk_block_bytes_min = pool_module.quick_block_bytes;
const chunk_block_bytes_max = 64 * 1024;

/// The last bytes of a chunk. Those before it are what is allocated from.
const Footer = extern struct {
    /// Footer of the chunk that came before in this arena; 0 if none.
    previous: Address,
    start: Address,
    /// End of what was allocated from this chunk; for the arena's current chunk, its cursor says it.
    used_end: Address,
};

/// One arena, or, in a waiting slot, the place of one.
const Slot = extern struct {
    /// While live, its handle. While waiting, the complement of its next handle: the low half of that is the
    /// complement of this slot's index, so nothing that is looked up here can equal it.
    handle: Handle,
    /// First byte not yet allocated in the current chunk. While waiting, the index of the next slot to wait.
    cursor: Address,
    /// Footer of the current chunk, where allocation ends; 0 if there is none. Below the cursor then.
    footer: Address,
    /// Block size of the next chunk.
    step_bytes: u32,
};

const slots_per_block = 256;
const waiting_min = 128;
const first_generation = 1 << 16;

comptime {
    // Chunks are multiples of 16 with 4 bytes taken off, so what lies before the footer is a multiple of 16.
    assert(@sizeOf(Footer) + pool_module.overhead_bytes == 16);
    assert(@sizeOf(Slot) == 16);
    assert(arenas_max % slots_per_block == 0);
}

/// The pool is a comptime pointer, so that all state has static addresses.
pub fn ArenasIn(comptime pool: *Pool) type {
    return struct {
        const Arenas = @This();

        /// Blocks of slots, made as they are needed; 0 where there is none yet.
        slot_blocks: [arenas_max / slots_per_block]Address = @splat(0),
        slots: u32 = 0,
        /// Both ends of the queue of waiting slots, by index; meaningful when there are any.
        first_waiting: u32 = 0,
        last_waiting: u32 = 0,

        pub fn open(arenas: *Arenas) OpenError!Handle {
            const live = &pool.statistics.live_arenas;
            if (arenas.slots - live.* < waiting_min) try arenas.addSlots();
            const slot = arenas.slotAt(arenas.first_waiting);
            arenas.first_waiting = slot.cursor;
            slot.* = .{ .handle = ~slot.handle, .cursor = 1, .footer = 0, .step_bytes = chunk_block_bytes_min };
            live.* += 1;
            return slot.handle;
        }

        pub fn alloc(arenas: *Arenas, handle: Handle, bytes: u32, alignment: u32) AllocError!Address {
            const slot = arenas.lookup(handle) orelse return error.InvalidHandle;
            if (alignment -% 1 >= alignment_max or alignment & (alignment - 1) != 0) return error.InvalidAlignment;
            const address = (slot.cursor + (alignment - 1)) & ~(alignment - 1);
            const end = @as(u64, address) + bytes;
            if (end <= slot.footer) {
                slot.cursor = @intCast(end);
                return address;
            }
            const elsewhere = allocFromNewChunk(slot, bytes, alignment);
            if (elsewhere == 0) return error.OutOfMemory;
            return elsewhere;
        }

        pub fn allocSlice(arenas: *Arenas, comptime T: type, handle: Handle, n: usize) AllocError![]T {
            const bytes = std.math.mul(usize, n, @sizeOf(T)) catch return error.OutOfMemory;
            const bytes_u32 = std.math.cast(u32, bytes) orelse return error.OutOfMemory;
            const address = try arenas.alloc(handle, bytes_u32, @alignOf(T));
            return @as([*]T, @ptrCast(pool.pointer(T, address)))[0..n];
        }

        pub fn close(arenas: *Arenas, handle: Handle) CloseError!void {
            const slot = arenas.lookup(handle) orelse return error.InvalidHandle;
            var used_end = slot.cursor;
            var footer_address = slot.footer;
            while (footer_address != 0) {
                const footer = footerAt(footer_address);
                const start = footer.start;
                footer_address = footer.previous;
                wipe(start, used_end);
                pool.give(start);
                if (footer_address != 0) used_end = footerAt(footer_address).used_end;
            }
            const next_handle = (handle +% first_generation) & 0x7FFF_FFFF;
            slot.handle = ~(if (next_handle < first_generation) next_handle + first_generation else next_handle);
            arenas.wait(handle & 0xFFFF);
        }

        pub fn closeAll(arenas: *Arenas) u32 {
            const live_before = pool.statistics.live_arenas;
            for (0..arenas.slots) |index| {
                const handle = arenas.slotAt(@intCast(index)).handle;
                const is_live = handle >> 31 == 0;
                if (is_live) arenas.close(handle) catch unreachable; // Just read from its slot.
            }
            return live_before;
        }

        /// 0 when out of memory. Apart from `alloc`, so that its few instructions carry no frame.
        noinline fn allocFromNewChunk(slot: *Slot, bytes: u32, alignment: u32) Address {
            // A chunk is 16-aligned; stricter alignment may cost the difference.
            const need = @as(u64, bytes) + (@max(alignment, 16) - 16) + @sizeOf(Footer);
            const need_bytes = std.math.cast(u32, need) orelse return 0;
            const step_bytes = slot.step_bytes - pool_module.overhead_bytes;
            const fits_step = need_bytes <= step_bytes;
            const wanted_bytes = if (fits_step) step_bytes else need_bytes;
            // When memory runs short, as much as is needed must do.
            const start = pool.take(wanted_bytes) catch pool.take(need_bytes) catch return 0;
            const footer_address = start + pool.usableBytes(start) - @sizeOf(Footer);
            const footer = footerAt(footer_address);
            const address = std.mem.alignForward(u32, start, alignment);
            const end = address + bytes;
            slot.step_bytes = @min(2 * slot.step_bytes, chunk_block_bytes_max);
            if (slot.footer == 0 or fits_step) {
                if (slot.footer != 0) footerAt(slot.footer).used_end = slot.cursor;
                footer.* = .{ .previous = slot.footer, .start = start, .used_end = end };
                slot.footer = footer_address;
                slot.cursor = end;
            } else {
                // The current chunk goes on serving small requests; the large one stands behind it.
                const current = footerAt(slot.footer);
                footer.* = .{ .previous = current.previous, .start = start, .used_end = end };
                current.previous = footer_address;
            }
            return address;
        }

        /// Another block of slots joins the queue. Without memory or numbers for it, the waiting slots must do.
        fn addSlots(arenas: *Arenas) OpenError!void {
            @branchHint(.cold);
            const any_waiting = arenas.slots != pool.statistics.live_arenas;
            if (arenas.slots == arenas_max) {
                if (any_waiting) return;
                return error.TooManyArenas;
            }
            const block = pool.keep(slots_per_block * @sizeOf(Slot)) catch |err| {
                if (any_waiting) return;
                return err;
            };
            arenas.slot_blocks[arenas.slots / slots_per_block] = block;
            for (arenas.slots..arenas.slots + slots_per_block) |i| {
                const index: u32 = @intCast(i);
                const slot = arenas.slotAt(index);
                slot.handle = ~(index | first_generation);
                slot.cursor = index + 1;
            }
            if (any_waiting) {
                arenas.slotAt(arenas.last_waiting).cursor = arenas.slots;
            } else {
                arenas.first_waiting = arenas.slots;
            }
            arenas.slots += slots_per_block;
            arenas.last_waiting = arenas.slots - 1;
        }

        /// A closed slot goes to the end of the queue.
        fn wait(arenas: *Arenas, index: u32) void {
            const live = &pool.statistics.live_arenas;
            if (arenas.slots == live.*) {
                arenas.first_waiting = index;
            } else {
                arenas.slotAt(arenas.last_waiting).cursor = index;
            }
            arenas.last_waiting = index;
            live.* -= 1;
        }

        fn lookup(arenas: *Arenas, handle: Handle) ?*Slot {
            const index = handle & 0xFFFF;
            if (arenas.slot_blocks[index / slots_per_block] == 0) return null;
            const slot = arenas.slotAt(index);
            return if (slot.handle == handle) slot else null;
        }

        fn slotAt(arenas: *Arenas, index: u32) *Slot {
            const block = arenas.slot_blocks[index / slots_per_block];
            return pool.pointer(Slot, block + index % slots_per_block * @sizeOf(Slot));
        }

        fn footerAt(address: Address) *Footer {
            return pool.pointer(Footer, address);
        }

        /// Zeroes what was allocated from a chunk, by stores that can't be optimised away. Rounding up to 16 bytes
        /// stays before the footer. Below some hundred bytes, stores in place beat the engine's memory.fill.
        fn wipe(start: Address, end: Address) void {
            const bytes = std.mem.alignForward(u32, end - start, 16);
            if (bytes > 256) return std.crypto.secureZero(u8, pool.slice(start, bytes));
            var offset: u32 = 0;
            while (offset < bytes) : (offset += 16) {
                const lane: *volatile @Vector(16, u8) = pool.pointer(@Vector(16, u8), start + offset);
                lane.* = @splat(0);
            }
        }
    };
}

const testing = std.testing;

var test_pool: Pool = .{};
const TestArenas = ArenasIn(&test_pool);

fn usePool(pages_limit: u32) void {
    test_pool = .{ .memory = .{ .pages_limit = pages_limit } };
}

fn expectNothingInUse() !void {
    try testing.expectEqual(0, test_pool.statistics.live_arenas);
    try testing.expectEqual(0, test_pool.statistics.bytes_in_use);
    _ = try test_pool.audit();
}

test "every size and alignment: aligned, apart from the others, contents kept until close" {
    usePool(1024);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const handle = try arenas.open();
    const around_chunks = [_]u32{ 1008, 1009, 4096, 8191, 8193, 65_519, 65_520, 65_537 };
    const sizes = [_]u32{ 0, 1, 15, 16, 17, 63, 100, 991 } ++ around_chunks ++ [_]u32{300_000};
    const Piece = struct { address: Address, bytes: u32 };
    var pieces: [sizes.len * 17]Piece = undefined;
    var count: u8 = 0;
    for (sizes) |bytes| {
        for (0..17) |log2| {
            if (bytes > 9000 and log2 % 4 != 0) continue;
            const alignment = @as(u32, 1) << @intCast(log2);
            const address = try arenas.alloc(handle, bytes, alignment);
            try testing.expect(address != 0 and address % alignment == 0);
            @memset(test_pool.slice(address, bytes), count);
            pieces[count] = .{ .address = address, .bytes = bytes };
            count += 1;
        }
    }
    for (pieces[0..count], 0..) |piece, mark| {
        try testing.expect(std.mem.allEqual(u8, test_pool.slice(piece.address, piece.bytes), @intCast(mark)));
    }
    try arenas.close(handle);
    try expectNothingInUse();
}

test "alignments that are no power of two up to 64 KiB are refused" {
    usePool(16);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const handle = try arenas.open();
    for ([_]u32{ 0, 3, 6, 24, 65_535, 65_537, 131_072, 0x8000_0000, 0xFFFF_FFFF }) |alignment| {
        try testing.expectError(error.InvalidAlignment, arenas.alloc(handle, 8, alignment));
    }
    try testing.expectEqual(0, test_pool.statistics.bytes_in_use);
    try arenas.close(handle);
}

test "an arena without allocations holds no chunk, one with a small allocation 1 KiB" {
    usePool(1024);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    var handles: [10_000]Handle = undefined;
    for (&handles) |*handle| handle.* = try arenas.open();
    try testing.expectEqual(handles.len, test_pool.statistics.live_arenas);
    try testing.expectEqual(0, test_pool.statistics.bytes_in_use);
    for (handles) |handle| _ = try arenas.alloc(handle, 64, 8);
    try testing.expectEqual(handles.len * 1024, test_pool.statistics.bytes_in_use);
    try testing.expect(test_pool.statistics.pool_bytes < handles.len * 1200);
    for (handles) |handle| try arenas.close(handle);
    try testing.expectEqual(handles.len * 1024, test_pool.statistics.peak_bytes_in_use);
    try expectNothingInUse();
}

test "chunks double up to 64 KiB; a large request leaves the current chunk in service" {
    usePool(1024);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const handle = try arenas.open();
    var expected: u32 = 0;
    for ([_]u32{ 1, 2, 4, 8, 16, 32, 64, 64, 64 }) |kib| {
        expected += kib * 1024;
        _ = try arenas.alloc(handle, kib * 1024 - 16, 1);
        try testing.expectEqual(expected, test_pool.statistics.bytes_in_use);
    }
    const small = try arenas.alloc(handle, 100, 1);
    expected = test_pool.statistics.bytes_in_use;
    _ = try arenas.alloc(handle, 100_000, 1);
    try testing.expectEqual(small + 100, try arenas.alloc(handle, 100, 1));
    try testing.expectEqual(expected + 100_016, test_pool.statistics.bytes_in_use);
    try arenas.close(handle);
    try expectNothingInUse();
}

test "closing leaves nothing of what was written, anywhere in memory" {
    usePool(256);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    var prng: std.Random.DefaultPrng = .init(0x77697065);
    const random = prng.random();
    for (0..200) |_| {
        const handle = try arenas.open();
        for (0..random.intRangeAtMost(u32, 1, 20)) |_| {
            const bytes = 2 + (random.int(u32) >> random.intRangeAtMost(u5, 15, 31));
            const alignment = @as(u32, 1) << random.intRangeAtMost(u5, 0, 8);
            @memset(test_pool.slice(try arenas.alloc(handle, bytes, alignment), bytes), 0xC7);
        }
        try arenas.close(handle);
    }
    // Tags, links and slots never have the byte twice running.
    const all = test_pool.slice(test_pool.begin, test_pool.end - test_pool.begin);
    try testing.expectEqual(null, std.mem.find(u8, all, "\xC7\xC7"));
}

test "closed, forged and random handles are refused, and harm nothing" {
    usePool(64);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    try testing.expectError(error.InvalidHandle, arenas.close(0));
    try testing.expectError(error.InvalidHandle, arenas.alloc(0x1_0000, 8, 8));

    var live: [40]Handle = undefined;
    for (&live) |*handle| handle.* = try arenas.open();
    const closed = live[20..].*;
    for (closed) |handle| try arenas.close(handle);
    for (closed) |handle| {
        try testing.expectError(error.InvalidHandle, arenas.close(handle));
        try testing.expectError(error.InvalidHandle, arenas.alloc(handle, 8, 8));
    }
    const address = try arenas.alloc(live[0], 64, 16);
    @memset(test_pool.slice(address, 64), 0x42);

    var prng: std.Random.DefaultPrng = .init(0x666f7267);
    const random = prng.random();
    const before = test_pool.statistics;
    for (0..2_000_000) |i| {
        // Any u32, and ones near the handles in use: wrong bits above, wrong generations, complements.
        const any = random.int(u32);
        const forged = switch (i % 4) {
            0 => any,
            1 => live[any % live.len] ^ @as(u32, 1) << @truncate(any >> 8),
            2 => any & 0xFFFF_0000 | live[any % live.len] & 0xFFFF,
            else => ~live[any % live.len],
        };
        if (std.mem.findScalar(u32, live[0..20], forged) != null) continue;
        try testing.expectError(error.InvalidHandle, arenas.close(forged));
        try testing.expectError(error.InvalidHandle, arenas.alloc(forged, 8, 8));
    }
    try testing.expectEqual(before, test_pool.statistics);
    try testing.expect(std.mem.allEqual(u8, test_pool.slice(address, 64), 0x42));
    for (live[0..20]) |handle| try arenas.close(handle);
    try expectNothingInUse();
}

test "a closed handle comes back with its index's last generation, and not within 4 million openings" {
    usePool(16);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    for (0..slots_per_block - waiting_min) |_| _ = try arenas.open();
    const stale = try arenas.open();
    try arenas.close(stale);
    var came_back: u32 = 0;
    for (0..4_400_000) |opening| {
        const handle = try arenas.open();
        if (handle < first_generation or handle >= 1 << 31) return error.HandleOutOfRange;
        if (handle == stale) {
            if (opening < 4_000_000) return error.StaleHandleIsBack;
            came_back += 1;
        }
        try arenas.close(handle);
    }
    try testing.expectEqual(1, came_back);
}

test "a million rounds leave memory where it was" {
    usePool(64);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    var pool_bytes: u32 = 0;
    for (0..1_000_000) |round| {
        const handle = try arenas.open();
        _ = try arenas.alloc(handle, @intCast(round % 1000), 16);
        if (round % 16 == 0) _ = try arenas.alloc(handle, @intCast(round % 100_000), 64);
        try arenas.close(handle);
        if (round == 100_000) pool_bytes = test_pool.statistics.pool_bytes;
    }
    try testing.expectEqual(pool_bytes, test_pool.statistics.pool_bytes);
    try expectNothingInUse();
}

test "65,536 arenas live at once; one more is refused until one is closed" {
    usePool(64);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const handles = try testing.allocator.alloc(Handle, arenas_max);
    defer testing.allocator.free(handles);
    for (handles) |*handle| handle.* = try arenas.open();
    try testing.expectError(error.TooManyArenas, arenas.open());
    try arenas.close(handles[40_000]);
    handles[40_000] = try arenas.open();
    try testing.expectError(error.TooManyArenas, arenas.open());
    for (handles) |handle| try arenas.close(handle);
    try expectNothingInUse();
}

test "out of memory: the arena and its contents stay, smaller requests succeed, closing recovers all" {
    usePool(32);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const handle = try arenas.open();
    const first = try arenas.alloc(handle, 500, 16);
    @memset(test_pool.slice(first, 500), 0x33);
    const before = test_pool.statistics;
    for ([_]u32{ 0xFFFF_FFFF, 0xFFFF_FFF0, 0xFFFE_0000, 0x8000_0000, 32 * 65_536 }) |bytes| {
        for ([_]u32{ 1, 16, 65_536 }) |alignment| {
            try testing.expectError(error.OutOfMemory, arenas.alloc(handle, bytes, alignment));
        }
    }
    try testing.expectError(error.OutOfMemory, arenas.allocSlice(u64, handle, 1 << 62));
    try testing.expectError(error.OutOfMemory, arenas.allocSlice(u64, handle, 1 << 30));
    try testing.expectEqual(before, test_pool.statistics);

    // To the last byte, in ever smaller pieces.
    var bytes: u32 = 64 * 1024;
    while (bytes != 0) : (bytes /= 2) {
        while (arenas.alloc(handle, bytes, 1)) |_| {} else |err| try testing.expectEqual(error.OutOfMemory, err);
    }
    try testing.expect(test_pool.statistics.pool_bytes - test_pool.statistics.bytes_in_use < 5000);
    try testing.expect(std.mem.allEqual(u8, test_pool.slice(first, 500), 0x33));

    // Waiting slots need no memory.
    const empty = try arenas.open();
    try testing.expectError(error.OutOfMemory, arenas.alloc(empty, 1, 1));
    try arenas.close(handle);
    _ = try arenas.alloc(empty, 1_000_000, 16);
    try arenas.close(empty);
    try expectNothingInUse();
}

test "without memory for another block of slots, waiting ones are used up first" {
    usePool(3);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const hog = try arenas.open();
    var bytes: u32 = 64 * 1024;
    while (bytes != 0) : (bytes /= 2) {
        while (arenas.alloc(hog, bytes, 1)) |_| {} else |_| {}
    }
    for (1..slots_per_block) |_| _ = try arenas.open();
    try testing.expectError(error.OutOfMemory, arenas.open());
    try arenas.close(hog);
    _ = try arenas.open();
}

test "closing all closes what is live, once" {
    usePool(64);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    try testing.expectEqual(0, arenas.closeAll());
    var handles: [600]Handle = undefined;
    for (&handles) |*handle| handle.* = try arenas.open();
    for (handles, 0..) |handle, i| {
        if (i % 3 != 0) _ = try arenas.alloc(handle, @intCast(i * 10), 8);
        if (i % 2 != 0) try arenas.close(handle);
    }
    try testing.expectEqual(300, arenas.closeAll());
    try expectNothingInUse();
    for (handles) |handle| try testing.expectError(error.InvalidHandle, arenas.close(handle));
    try testing.expectEqual(0, arenas.closeAll());
}

test "a slice of any type" {
    usePool(16);
    defer test_pool.memory.release();
    var arenas: TestArenas = .{};
    const handle = try arenas.open();
    const Vector = @Vector(4, u32);
    const vectors = try arenas.allocSlice(Vector, handle, 100);
    const bytes = try arenas.allocSlice(u8, handle, 3);
    const words = try arenas.allocSlice(u64, handle, 5);
    @memset(vectors, @splat(7));
    @memset(bytes, 8);
    @memset(words, 9);
    try testing.expectEqual(@as(Vector, @splat(7)), vectors[99]);
    try testing.expectEqual(@as(u8, 8), bytes[2]);
    try arenas.close(handle);
    try testing.expectError(error.InvalidHandle, arenas.allocSlice(u8, handle, 1));
}
