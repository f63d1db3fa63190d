//! What @assemblyscript/loader asks of a module: `__new`, `__pin`, `__unpin`, `__collect`, as AssemblyScript's
//! runtime interface shows them to a host, so that the loader's string and buffer helpers work on the core.
//! (https://www.assemblyscript.org/runtime.html#interface. Arrays need type information, which is not offered.)
//!
//! An object is what lies before and after the address that the host gets:
//!
//!     address - 16  u32  index     its place in the table of objects
//!             - 12  u32  pinned    0 or 1
//!             -  8  u32  id        as given to `__new`: 1 an ArrayBuffer, 2 a String (UTF-16)
//!             -  4  u32  length    in bytes, as given to `__new`
//!             +  0       contents  16-aligned, zero at first
//!
//! The core itself refers to no object. One lives until a `__collect` finds it unpinned; nothing is collected
//! in between, so a host that makes an object, uses it, and then collects need not pin it. Collecting wipes.
//!
//! Every address is checked against the table, which no host address can forge: pinning or unpinning anything
//! but a live object is an error and touches nothing. The four words above are the host's to read; one that writes
//! to them spoils that object at worst, because `index` is confirmed by the table, and `length` never relied on.
//! The loader takes addresses for signed numbers, so an object begins below 2 GiB or is refused.
//!
//! Where AssemblyScript would trap (out of memory, pinned twice, not pinned), so must the exports over these
//! functions, by way of the `abort` import: the loader's helpers write to whatever address `__new` returns.

const std = @import("std");
const pool_module = @import("../mem/pool.zig");
const Address = pool_module.Address;
const Pool = pool_module.Pool;

pub const Error = NewError || PinError || UnpinError;
pub const NewError = error{
    /// No memory for an object of this length.
    OutOfMemory,
    /// What memory there is lies where the loader does not reach.
    OutOfReach,
};
pub const PinError = error{
    /// Not the address of a live object.
    NotAnObject,
    AlreadyPinned,
};
pub const UnpinError = error{ NotAnObject, NotPinned };

/// The objects of this core.
var core: ObjectsIn(&pool_module.core) = .{};

pub fn new(length: u32, id: u32) NewError!Address {
    return core.new(length, id);
}

/// Gives the address back, as `__pin` does; 0 is let through.
pub fn pin(address: Address) PinError!Address {
    return core.pin(address);
}

/// 0 is let through.
pub fn unpin(address: Address) UnpinError!void {
    return core.unpin(address);
}

pub fn collect() void {
    core.collect();
}

/// The text to pass to the `abort` import: a String object's contents, as the loader reads it.
pub fn message(err: Error) *const anyopaque {
    return switch (err) {
        error.OutOfMemory => text("out of memory"),
        error.OutOfReach => text("out of memory below 2 GiB, where objects must lie"),
        error.NotAnObject => text("not a live object"),
        error.AlreadyPinned => text("object already pinned"),
        error.NotPinned => text("object not pinned"),
    };
}

/// An ASCII text as a String object in static memory, which is no object to `pin` and `unpin`.
fn text(comptime ascii: []const u8) *const anyopaque {
    const Text = extern struct { header: Header, units: [ascii.len]u16 align(16) };
    const static = struct {
        const string: Text = .{
            .header = .{ .index = 0, .pinned = 0, .id = string_id, .length = @sizeOf([ascii.len]u16) },
            .units = std.unicode.utf8ToUtf16LeStringLiteral(ascii).*,
        };
    };
    return &static.string.units;
}

const string_id = 2;

const Header = extern struct {
    index: u32,
    pinned: u32,
    id: u32,
    length: u32,
};

comptime {
    std.debug.assert(@sizeOf(Header) == 16);
}

const table_entries_min = 64;

/// Addresses from here on are negative to the loader.
const address_end = 1 << 31;

pub fn ObjectsIn(comptime pool: *Pool) type {
    return struct {
        const Objects = @This();

        /// The addresses of all live objects, in a chunk that grows by doubling; 0 without objects.
        table: Address = 0,

        pub fn new(objects: *Objects, length: u32, id: u32) NewError!Address {
            const bytes = std.math.add(u32, length, @sizeOf(Header)) catch return error.OutOfMemory;
            const live = &pool.statistics.live_objects;
            // Before the table grows, so that a refusal leaves it as it was.
            const chunk = try pool.take(bytes);
            errdefer pool.give(chunk);
            const address = chunk + @sizeOf(Header);
            if (address >= address_end) return error.OutOfReach;
            if (live.* == objects.tableEntriesMax()) try objects.growTable();
            @memset(pool.slice(chunk, bytes), 0);
            header(address).* = .{ .index = live.*, .pinned = 0, .id = id, .length = length };
            objects.entry(live.*).* = address;
            live.* += 1;
            return address;
        }

        pub fn pin(objects: *Objects, address: Address) PinError!Address {
            if (address == 0) return 0;
            const object = objects.lookup(address) orelse return error.NotAnObject;
            if (object.pinned != 0) return error.AlreadyPinned;
            object.pinned = 1;
            return address;
        }

        pub fn unpin(objects: *Objects, address: Address) UnpinError!void {
            if (address == 0) return;
            const object = objects.lookup(address) orelse return error.NotAnObject;
            if (object.pinned == 0) return error.NotPinned;
            object.pinned = 0;
        }

        pub fn collect(objects: *Objects) void {
            const live = pool.statistics.live_objects;
            var kept: u32 = 0;
            for (0..live) |i| {
                const address = objects.entry(@intCast(i)).*;
                const object = header(address);
                if (object.pinned != 0) {
                    object.index = kept;
                    objects.entry(kept).* = address;
                    kept += 1;
                } else {
                    const chunk = address - @sizeOf(Header);
                    std.crypto.secureZero(u8, pool.slice(chunk, pool.usableBytes(chunk)));
                    pool.give(chunk);
                }
            }
            pool.statistics.live_objects = kept;
            objects.dropEmptyTable();
        }

        /// The header of a live object, found by its own word and confirmed by the table.
        fn lookup(objects: *Objects, address: Address) ?*Header {
            if (objects.table == 0 or address % 16 != 0 or address < @sizeOf(Header)) return null;
            if (!pool.contains(address - @sizeOf(Header), @sizeOf(Header))) return null;
            const object = header(address);
            if (object.index >= pool.statistics.live_objects) return null;
            return if (objects.entry(object.index).* == address) object else null;
        }

        fn growTable(objects: *Objects) NewError!void {
            const entries_max = objects.tableEntriesMax();
            if (entries_max == 0) {
                objects.table = try pool.take(table_entries_min * @sizeOf(Address));
                return;
            }
            const bytes = entries_max * @sizeOf(Address);
            const larger = try pool.take(2 * bytes);
            @memcpy(pool.slice(larger, bytes), pool.slice(objects.table, bytes));
            pool.give(objects.table);
            objects.table = larger;
        }

        fn dropEmptyTable(objects: *Objects) void {
            if (objects.table == 0 or pool.statistics.live_objects != 0) return;
            pool.give(objects.table);
            objects.table = 0;
        }

        fn tableEntriesMax(objects: *Objects) u32 {
            return if (objects.table == 0) 0 else pool.usableBytes(objects.table) / @sizeOf(Address);
        }

        fn entry(objects: *Objects, index: u32) *Address {
            return pool.pointer(Address, objects.table + index * @sizeOf(Address));
        }

        fn header(address: Address) *Header {
            return pool.pointer(Header, address - @sizeOf(Header));
        }
    };
}

const testing = std.testing;

var test_pool: Pool = .{};
const TestObjects = ObjectsIn(&test_pool);

fn usePool(pages_limit: u32) void {
    test_pool = .{ .memory = .{ .pages_limit = pages_limit } };
}

fn wordAt(address: Address) u32 {
    return test_pool.pointer(u32, address).*;
}

test "an object has its id and length before it, zeros in it, and 16-byte alignment" {
    usePool(64);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    for ([_]u32{ 0, 1, 2, 15, 16, 17, 1000, 65_536, 100_001 }) |length| {
        const address = try objects.new(length, length + 7);
        try testing.expect(address != 0 and address % 16 == 0);
        try testing.expectEqual(length + 7, wordAt(address - 8));
        try testing.expectEqual(length, wordAt(address - 4));
        try testing.expect(std.mem.allEqual(u8, test_pool.slice(address, length), 0));
        @memset(test_pool.slice(address, length), 0xC7);
    }
    objects.collect();
    _ = try objects.new(100_001, 1);
    const all = test_pool.slice(test_pool.begin, test_pool.end - test_pool.begin);
    try testing.expectEqual(null, std.mem.find(u8, all, "\xC7\xC7"));
}

test "collecting takes the unpinned and keeps the pinned, wherever they stand" {
    usePool(256);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    var prng: std.Random.DefaultPrng = .init(0x6f626a73);
    const random = prng.random();
    const Pinned = struct { address: Address, length: u32, mark: u8 };
    var pinned: [300]Pinned = undefined;
    var count: u32 = 0;
    for (0..40) |_| {
        for (0..random.uintLessThan(u32, 200)) |_| {
            const length = random.uintLessThan(u32, 3000);
            const mark = random.int(u8);
            const address = try objects.new(length, 1);
            @memset(test_pool.slice(address, length), mark);
            if (count == pinned.len or random.boolean()) continue;
            try testing.expectEqual(address, try objects.pin(address));
            pinned[count] = .{ .address = address, .length = length, .mark = mark };
            count += 1;
        }
        for (0..random.uintAtMost(u32, count)) |_| {
            count -= 1;
            const index = random.uintAtMost(u32, count);
            try objects.unpin(pinned[index].address);
            pinned[index] = pinned[count];
        }
        objects.collect();
        _ = try test_pool.audit();
        try testing.expectEqual(count, test_pool.statistics.live_objects);
        for (pinned[0..count]) |one| {
            try testing.expectEqual(one.length, wordAt(one.address - 4));
            try testing.expect(std.mem.allEqual(u8, test_pool.slice(one.address, one.length), one.mark));
        }
    }
    for (pinned[0..count]) |one| try objects.unpin(one.address);
    objects.collect();
    try testing.expectEqual(0, test_pool.statistics.live_objects);
    try testing.expectEqual(0, test_pool.statistics.bytes_in_use);
}

test "pinning twice, unpinning the unpinned, and collected objects are errors; 0 is let through" {
    usePool(16);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    try testing.expectEqual(0, try objects.pin(0));
    try objects.unpin(0);
    const address = try objects.new(10, 1);
    try testing.expectError(error.NotPinned, objects.unpin(address));
    _ = try objects.pin(address);
    try testing.expectError(error.AlreadyPinned, objects.pin(address));
    try objects.unpin(address);
    objects.collect();
    try testing.expectError(error.NotAnObject, objects.pin(address));
    try testing.expectError(error.NotAnObject, objects.unpin(address));
}

test "forged addresses touch nothing, not even those of a well-made copy of a header" {
    usePool(64);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    const real = try objects.new(64, 1);
    const forger = try objects.new(64, 1);
    @memcpy(test_pool.slice(forger + 16, 16), test_pool.slice(real - 16, 16));
    try testing.expectError(error.NotAnObject, objects.pin(forger + 32));

    var prng: std.Random.DefaultPrng = .init(0x61646472);
    const random = prng.random();
    const memory_before = try testing.allocator.dupe(u8, test_pool.slice(0, test_pool.end));
    defer testing.allocator.free(memory_before);
    for (0..1_000_000) |i| {
        const any = random.int(u32);
        const forged = switch (i % 4) {
            0 => any,
            1 => any & ~@as(u32, 15),
            2 => any % (test_pool.end + 64) & ~@as(u32, 15),
            else => real +% any % 256 -% 128,
        };
        if (forged == 0 or forged == real or forged == forger) continue;
        try testing.expectError(error.NotAnObject, objects.pin(forged));
        try testing.expectError(error.NotAnObject, objects.unpin(forged));
    }
    try testing.expectEqualSlices(u8, memory_before, test_pool.slice(0, test_pool.end));
}

test "whatever a host writes before an object, collecting takes that object, wipes it, and harms no other" {
    usePool(64);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    var prng: std.Random.DefaultPrng = .init(0x68656164);
    const random = prng.random();
    for (0..200) |_| {
        const before = try objects.new(100, 1);
        const spoilt = try objects.new(200, 1);
        const after = try objects.new(100, 1);
        for ([_]Address{ before, after }) |address| _ = try objects.pin(address);
        @memset(test_pool.slice(before, 100), 0xA5);
        @memset(test_pool.slice(spoilt, 200), 0xC7);
        @memset(test_pool.slice(after, 100), 0xA5);
        for ([_]Address{ spoilt - 16, spoilt - 12, spoilt - 8, spoilt - 4 }) |address| {
            const any = random.int(u32);
            if (random.boolean()) test_pool.pointer(u32, address).* = if (random.boolean()) any else any % 4;
        }
        _ = objects.pin(spoilt) catch 0;
        objects.unpin(spoilt) catch {};
        test_pool.pointer(u32, spoilt - 12).* = 0; // `pinned`
        objects.collect();
        _ = try test_pool.audit();
        try testing.expectEqual(2, test_pool.statistics.live_objects);
        try testing.expect(!std.mem.containsAtLeastScalar(u8, test_pool.slice(spoilt, 200), 1, 0xC7));
        for ([_]Address{ before, after }) |address| {
            try testing.expect(std.mem.allEqual(u8, test_pool.slice(address, 100), 0xA5));
            try objects.unpin(address);
        }
        objects.collect();
        try testing.expectEqual(0, test_pool.statistics.bytes_in_use);
    }
}

/// A refusal may have raised the peak and grown memory, and nothing else.
fn expectAsBefore(before: pool_module.Statistics) !void {
    var now = test_pool.statistics;
    now.peak_bytes_in_use = before.peak_bytes_in_use;
    now.pool_bytes = before.pool_bytes;
    try testing.expectEqual(before, now);
    _ = try test_pool.audit();
}

test "an object that would begin at 2 GiB or above is refused, and nothing is kept" {
    usePool(40_000);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    const below = objects.new(100, 1) catch return error.SkipZigTest; // The system grants no such reservation.
    const filling = try test_pool.take(address_end);
    const before = test_pool.statistics;
    for ([_]u32{ 2000, 1 << 20 }) |length| {
        try testing.expectError(error.OutOfReach, objects.new(length, 1));
        try expectAsBefore(before);
    }
    test_pool.give(filling);
    try testing.expect(try objects.new(1 << 20, 1) < address_end);
    try testing.expectEqual(below, try objects.pin(below));
}

test "out of memory is an error that leaves all objects, and memory, as they were" {
    usePool(16);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    for ([_]u32{ 0xFFFF_FFFF, 0xFFFF_FFF0, 0xFFFF_0000, 16 * 65_536 }) |length| {
        try testing.expectError(error.OutOfMemory, objects.new(length, 1));
    }
    try testing.expectEqual(0, test_pool.statistics.bytes_in_use);
    var made: u32 = 0;
    var before = test_pool.statistics;
    while (objects.new(100, 1)) |address| : (made += 1) {
        _ = try objects.pin(address);
        before = test_pool.statistics;
    } else |err| try testing.expectEqual(error.OutOfMemory, err);
    try expectAsBefore(before);
    try testing.expectEqual(made, test_pool.statistics.live_objects);
    objects.collect();
    try testing.expectEqual(made, test_pool.statistics.live_objects);
}

test "without memory for a larger table an object is refused whole" {
    usePool(16);
    defer test_pool.memory.release();
    var objects: TestObjects = .{};
    _ = try objects.new(0, 1);
    while (test_pool.statistics.live_objects < objects.tableEntriesMax()) _ = try objects.new(0, 1);
    const room = try test_pool.take(@sizeOf(Header));
    while (test_pool.take(256)) |_| {} else |err| try testing.expectEqual(error.OutOfMemory, err);
    test_pool.give(room);
    const before = test_pool.statistics;
    try testing.expectError(error.OutOfMemory, objects.new(0, 1));
    try expectAsBefore(before);
}

test "messages are Strings as the loader reads them" {
    const units: [*]const u16 = @ptrCast(@alignCast(message(error.OutOfMemory)));
    const words: [*]const u32 = @ptrCast(@alignCast(units));
    try testing.expectEqual(string_id, (words - 2)[0]);
    try testing.expectEqual(2 * "out of memory".len, (words - 1)[0]);
    for ("out of memory", units) |expected, unit| try testing.expectEqual(expected, unit);
}
