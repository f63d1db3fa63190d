//! Cuts one area of memory into slices: how the parts of a key or of an operation, whose sizes follow from the
//! modulus, lie in memory that the caller gave. What is laid out holds no addresses: it can be copied elsewhere and
//! laid out again.

const std = @import("std");

pub const Area = struct {
    next: usize,

    /// Every part is aligned so, and so is the area.
    pub const alignment = 16;

    pub fn of(memory: *align(alignment) anyopaque) Area {
        return .{ .next = @intFromPtr(memory) };
    }

    pub fn take(area: *Area, comptime T: type, count: usize) [*]align(alignment) T {
        const address = area.next;
        area.next = std.mem.alignForward(usize, address + count * @sizeOf(T), alignment);
        return @ptrFromInt(address);
    }
};

/// How many bytes a layout takes: `T.at(area, ...)` is run on an area that is nowhere.
pub fn bytesOf(comptime T: type, arguments: anytype) usize {
    var area: Area = .{ .next = Area.alignment };
    _ = @call(.auto, T.at, .{&area} ++ arguments);
    return area.next - Area.alignment;
}
